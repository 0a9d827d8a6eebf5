/* preferred_election_priv.h - kafka-preferred-replica-election.sh: what its two files share.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_PREFERRED_ELECTION_PRIV_H
#define TOOLS_PREFERRED_ELECTION_PRIV_H

#include "base/arena.h"
#include "base/attr.h"
#include "tools/election_file.h"

/* Has the controller elect preferred leaders by the znode for it; `partitions` NULL: all. Returns the exit code; errors
 * have been printed. */
int preferred_election_zookeeper(const char *connect, const struct election_partitions *partitions,
	struct arena *arena) MUST_CHECK;

/* Puts partitions in the order of Scala's immutable set of them. */
void preferred_election_order(struct election_partitions *p);

#endif
