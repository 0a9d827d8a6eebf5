/* group_load.h - the groups of a partition of __consumer_offsets, built from its log (coordinators.md 2.4).
 *
 * Feed it every batch from the log start offset to the log end offset in order, then take the groups out. A record
 * that cannot be understood is left out and counted; Apache Kafka gives the whole partition up at one.
 *
 * Owner: the shell, per load. Thread: any one; the shard is not owned while it loads, so nobody else uses the pool
 * and no lock is needed until the first group_load_next. Layer: coordinator, over record.
 */
#ifndef COORDINATOR_GROUP_LOAD_H
#define COORDINATOR_GROUP_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "coordinator/group_effects.h"
#include "coordinator/group_pool.h"

struct batch;
struct group;
struct group_load;

struct group_load_stats {
	size_t batches, records;
	size_t unknown_keys; /* of records that a later Kafka wrote: ignored */
	size_t damaged;	     /* records and batches that were left out */
	int64_t damaged_at;  /* offset of the first of them, -1 */
	int unknown_version; /* the first such key version */
};

struct group_load *group_load_new(struct group_pool *pool);
/* Also in the middle: what was not taken out is freed. Accepts NULL, returns NULL. */
struct group_load *group_load_free(struct group_load *l);

/* One batch of any magic: records, or a transaction marker.
 *   0 | -ENOMEM: the load cannot go on                                                                  */
int group_load_batch(struct group_load *l, const struct batch *b) MUST_CHECK;

/* The parts of it, for tests: `base` is the offset of the first record of the batch, producer -1 for a plain batch.
 * key and value as in the record. 0 (a bad record was counted) | -ENOMEM. */
int group_load_record(struct group_load *l, int64_t base, int64_t producer_id, struct bytes key, struct bytes value)
	MUST_CHECK;
void group_load_marker(struct group_load *l, int64_t producer_id, int64_t offset, bool commit);

const struct group_load_stats *group_load_stats(const struct group_load *l);

/* The next group, started: Stable with members, whose session timers run from now, else Empty; with more members than
 * the settings allow it rebalances. Ownership goes to the caller; NULL: that was the last. */
struct group *group_load_next(struct group_load *l, struct group_now now, struct group_effects *fx);

#endif
