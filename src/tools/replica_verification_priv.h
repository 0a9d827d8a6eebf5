/* replica_verification_priv.h - kafka-replica-verification.sh: what its files share.
 *
 * Owner: the tool. Thread: main. Layer: tools.
 */
#ifndef TOOLS_REPLICA_VERIFICATION_PRIV_H
#define TOOLS_REPLICA_VERIFICATION_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "base/uuid.h"
#include "tools/replica_compare.h"

struct wire; /* tools/wire.h */

/* A topic that is verified; its partitions are ascending. */
struct verified_topic {
	struct str name;
	struct uuid id; /* zero: the cluster has no topic ids */
	struct replica_partition *partitions;
	size_t n;
};

/* A broker that has replicas. */
struct verified_broker {
	int32_t id;
	const char *host;
	int port;
	struct wire *wire; /* NULL: not connected */
	int version;       /* of the request that it has not answered; -1: none */
	bool away;         /* and that has been said */
	int64_t retry_ms, pause_ms;
};

struct replica_fetch {
	struct verified_topic *topics; /* by name */
	size_t topics_n;
	struct verified_broker *brokers;
	size_t brokers_n;
	int32_t fetch_size, max_wait_ms;
	size_t first; /* the partition that the next round's requests begin with */
};

/* Asks all brokers for the records behind the offsets of their partitions, and has replica_take keep what they answer.
 * Those that do not answer have nothing in this round. */
void replica_fetch_round(struct replica_fetch *f);
void replica_fetch_close(struct replica_fetch *f);

#endif
