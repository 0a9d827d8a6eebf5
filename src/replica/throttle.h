/* throttle.h - the bounds on replication traffic: how much, and which replicas they are for (KIP-73, KIP-113).
 *
 * Three quotas: what a leader sends to followers that are behind, what a follower fetches while it is behind, what moves
 * between log directories copy. The first two are for the replicas that their topic lists, in sync or not, but hold back only
 * those that are not (replication.md 12); the third is for all. A quota is exceeded when the bytes of the last
 * `samples` windows come faster than the bound; nothing is delayed, the caller leaves data out meanwhile.
 *
 * Owner: broker. Thread: any. Locks: RANK_LEAF inside. Layer: replica. While no topic lists anything, asking costs one relaxed load.
 */
#ifndef REPLICA_THROTTLE_H
#define REPLICA_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock;
struct log_config;
struct partition;
struct throttle;

enum throttle_kind { THROTTLE_LEADER, THROTTLE_FOLLOWER, THROTTLE_MOVES };
#define THROTTLE_KINDS (THROTTLE_MOVES + 1)

struct throttle_config {
	const struct clock *clock;
	int32_t broker_id;
	struct throttle_window {
		int32_t samples;   /* (alter.log.dirs.)replication.quota.window.num */
		int64_t window_ms; /* ....window.size.seconds */
	} replication, moves;
};

/* Without bounds and lists. */
struct throttle *throttle_new(const struct throttle_config *c);
struct throttle *throttle_free(struct throttle *t); /* accepts NULL, returns NULL */

/* --- what the configuration says --- */

/* Bytes per second; INT64_MAX: no bound. What was counted stays counted. */
void throttle_set_rate(struct throttle *t, enum throttle_kind kind, int64_t rate);
/* The replicas of this broker that a topic lists, by its settings; NULL: none. */
void throttle_set_topic(struct throttle *t, const char *topic, const struct log_config *settings);

/* --- what traffic asks; `t` may be NULL: nothing is throttled. Kinds with lists: LEADER, FOLLOWER --- */

/* Is anything listed at all? */
bool throttle_is_used(const struct throttle *t, enum throttle_kind kind);
bool throttle_lists(struct throttle *t, enum throttle_kind kind, const struct partition *p);
bool throttle_is_exceeded(struct throttle *t, enum throttle_kind kind);
/* Bytes of listed replicas (or of moves), whether or not there is room for them. */
void throttle_record(struct throttle *t, enum throttle_kind kind, size_t bytes);

#endif
