/* partition_states.h - the states of partitions and what entering one does (zookeeper.md 4.7).
 *
 *	NonExistent -> New -> Online <-> Offline -> NonExistent
 *
 * New: assigned, no leader chosen yet. Online: a leader was chosen and stored. Offline: the leader is gone and no other
 * could be chosen. Only partitions_move changes a state. A partition that cannot move stays what it is; that is logged.
 *
 * Thread: the controller's. Results: 0 | KERR_STALE_CONTROLLER_EPOCH | -errno, as machine.h.
 */
#ifndef CONTROLLER_PARTITION_STATES_H
#define CONTROLLER_PARTITION_STATES_H

#include "controller/election.h"
#include "controller/machine.h"

const char *partition_state_name(enum partition_state s);
bool partition_may_move(enum partition_state from, enum partition_state to);

/* One batch of requests. `ret_errors` (may be NULL) has n places: 0, or for a partition that did not come online
 * KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE, KERR_PREFERRED_LEADER_NOT_AVAILABLE, KERR_UNKNOWN_TOPIC_OR_PARTITION.
 * `unclean` is for ELECT_OFFLINE: whatever the topic's configuration says. */
int partitions_move(struct machine *m, const struct partition_set *s, enum partition_state to,
    enum election_strategy strategy, bool unclean, int *ret_errors) MUST_CHECK;
/* All New and Offline partitions (of `topic`, NULL: of all) but those being deleted try to come online. */
int partitions_trigger_online(struct machine *m, const struct ctl_topic *topic) MUST_CHECK;
/* At failover: states by what is known, then trigger_online. */
int partitions_start(struct machine *m) MUST_CHECK;

#endif
