/* replica_states.h - the states of replicas and what entering one does (zookeeper.md 4.6).
 *
 *	NonExistent -> New -> Online <-> Offline -> DeletionStarted -> DeletionSuccessful -> NonExistent
 *	                                   ^               |
 *	                                   +-- DeletionIneligible
 *
 * Offline takes the replica out of the stored ISR. Only replicas_move changes a state; a replica that cannot move stays
 * what it is, which is logged. One call is one batch of requests.
 *
 * Thread: the controller's. Results: 0 | KERR_STALE_CONTROLLER_EPOCH | -errno, as machine.h.
 */
#ifndef CONTROLLER_REPLICA_STATES_H
#define CONTROLLER_REPLICA_STATES_H

#include "controller/machine.h"

const char *replica_state_name(enum replica_state s);
bool replica_may_move(enum replica_state from, enum replica_state to);

int replicas_move(struct machine *m, const struct replica_set *s, enum replica_state to) MUST_CHECK;
/* At failover: Online where the broker is, else DeletionIneligible; then all online ones -> Online, the others ->
 * Offline. */
int replicas_start(struct machine *m) MUST_CHECK;

#endif
