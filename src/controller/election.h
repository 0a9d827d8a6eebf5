/* election.h - who leads a partition next: the four strategies of zookeeper.md 4.8.
 *
 * Pure: an assignment, the ISR as stored, and which replicas are online go in; leader and ISR come out.
 */
#ifndef CONTROLLER_ELECTION_H
#define CONTROLLER_ELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "zk/znode.h"

enum election_strategy {
	ELECT_OFFLINE,		   /* the leader is gone */
	ELECT_REASSIGN,		   /* a reassignment is being completed */
	ELECT_PREFERRED_LEADER,	   /* the first replica is to lead again */
	ELECT_CONTROLLED_SHUTDOWN, /* a broker is about to stop */
};
const char *election_strategy_name(enum election_strategy s, bool unclean);

struct election_input {
	const struct znode_assignment *assignment;
	const struct znode_state *stored; /* as read from ZooKeeper */
	bool unclean;			  /* ELECT_OFFLINE: a replica outside of the ISR may lead */
	bool recovery;			  /* ... which is marked in the state (KIP-704) */
	/* Is the replica's broker live and its log directory fine? `shutting_down`: brokers that leave count too. */
	bool (*online)(void *arg, int32_t broker, bool shutting_down);
	bool (*shutting_down)(void *arg, int32_t broker);
	void *arg;
};

struct election_result {
	struct znode_state state; /* to be written: leader epoch + 1, expected version as stored; owned by the caller */
	struct int_list recipients; /* of LeaderAndIsr; owned by the caller */
};

/* True: somebody can lead, *ret is set. */
bool election_run(enum election_strategy s, const struct election_input *in, struct election_result *ret);
void election_result_fini(struct election_result *r);
/* No ISR member is online: only an unclean election could help. */
bool election_needs_unclean(const struct election_input *in);

#endif
