/* group_pool.h - what the groups of one partition of __consumer_offsets have in common: settings, the random source,
 * topic names (each held once), and which producers have transactional commits pending in which groups.
 *
 * Owner: the shell's shard (`groups`), one pool per partition. The pool lives as long as the shard, over loads and
 * unloads, so that append ids never come again. Nothing here reads a clock, does I/O or calls back.
 * Locks: the shard's lock is held for every call on a pool and on everything made from it (groups, commits, loads).
 * Layer: coordinator; knows protocol.
 */
#ifndef COORDINATOR_GROUP_POOL_H
#define COORDINATOR_GROUP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct group_pool;

/* Read only once, at group_pool_new; times are in milliseconds. */
struct group_settings {
	int32_t broker_id;		  /* for log lines */
	int32_t min_session_timeout_ms;	  /* group.min.session.timeout.ms */
	int32_t max_session_timeout_ms;	  /* group.max.session.timeout.ms */
	int32_t max_size;		  /* group.max.size */
	int32_t initial_rebalance_delay_ms; /* group.initial.rebalance.delay.ms; negative counts as 0 */
	int32_t offset_metadata_max;	  /* offset.metadata.max.bytes: in fact UTF-16 units (coordinators.md 8) */
	int64_t offsets_retention_ms;	  /* offsets.retention.minutes */
	/* By inter.broker.protocol.version (coordinators.md 2.2): offsets 1 below 2.1-IV0, 2 below 2.1-IV1, else 3;
	 * groups 0 below 0.10.1-IV0, 1 below 2.1-IV0, 2 below 2.3-IV0, else 3. */
	int16_t offset_value_version, group_value_version;
};

/* What Kafka 3.9 has without a configuration. */
#define GROUP_SETTINGS_INIT                                                                        \
	{                                                                                          \
		.min_session_timeout_ms = 6000, .max_session_timeout_ms = 1800000,                 \
		.max_size = INT32_MAX, .initial_rebalance_delay_ms = 3000,                         \
		.offset_metadata_max = 4096, .offsets_retention_ms = INT64_C(604800000),           \
		.offset_value_version = 3, .group_value_version = 3,                               \
	}

/* The time of a call: timers run on `mono_ms`, records and state timestamps carry `wall_ms`. */
struct group_now {
	int64_t mono_ms, wall_ms;
};

/* Fills n bytes with random ones: random_bytes, or a seeded generator in tests. Makes member ids. */
typedef void group_random_fn(void *arg, void *p, size_t n);

/* `partition` is the one of __consumer_offsets, for log lines. */
struct group_pool *group_pool_new(const struct group_settings *s, int32_t partition, group_random_fn *random,
				  void *arg);
/* All its groups and loads are gone. Accepts NULL, returns NULL. */
struct group_pool *group_pool_free(struct group_pool *pool);

/* A transaction marker of `producer_id` stands at `marker_offset` of this partition's log and is replicated: what
 * the producer committed in any group before it is installed, or forgotten (coordinators.md 2.15). Call it before the
 * marker is acknowledged to the transaction coordinator. */
void group_pool_marker(struct group_pool *pool, int64_t producer_id, int64_t marker_offset, bool commit);

/* Counted as it changes, for metrics. States by enum group_state (group.h). */
struct group_pool_counts {
	size_t groups[5];
	size_t offsets;		     /* committed offsets held */
	size_t memory;		     /* bytes held for committed offsets, their metadata and topic names */
	uint64_t rebalances_completed; /* assignments received from a leader */
};
const struct group_pool_counts *group_pool_counts(const struct group_pool *pool);

#endif
