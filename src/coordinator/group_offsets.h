/* group_offsets.h - the offsets that a group has committed, and commits on their way.
 *
 * A commit goes: group_commit_begin (checks, pending from now on) - the caller appends the records -
 * group_commit_written (they stand in the local log) - group_commit_end (acknowledged or failed). A plain commit is
 * installed at its end, a transactional one when its marker comes (group_pool_marker). Installed is what has the
 * larger batch base, whatever order the ends come in: a committed offset does not go back by itself.
 *
 * A committed offset is 48 bytes; with room to grow and, above 8 in a group, an index it costs 65 on average and 80 at
 * most, plus its metadata if it has any. Topic names are held once per pool.
 * Owner: the group. Locks: the shard's. Layer: coordinator.
 */
#ifndef COORDINATOR_GROUP_OFFSETS_H
#define COORDINATOR_GROUP_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "coordinator/group_pool.h"

struct group;
struct group_commit;

/* --- commit --- */

/* One partition of a request, in the caller's memory. */
struct group_commit_item {
	struct str topic;
	int32_t partition;
	int64_t offset;
	int32_t leader_epoch;	  /* -1: none */
	struct str metadata;	  /* null is "" */
	int64_t commit_timestamp; /* wall; -1: now, and set to it by group_commit_begin */
	int64_t expire_timestamp; /* -1: none, as but in OffsetCommit v2-4 with a retention time */
	int error;		  /* set: 0, to be written; or OFFSET_METADATA_TOO_LARGE */
};

struct group_commit_request {
	struct str member_id, instance_id; /* instance id null: none */
	int32_t generation;
	int64_t producer_id;		   /* -1: OffsetCommit; else TxnOffsetCommit */
	struct group_commit_item *items;
	size_t items_n;
};

/* Checks as in 2.12 (2.13 for a producer) and, for a plain one by a member, restarts its session timer.
 *   0        *ret: write the items whose error is 0, in one batch, with offset_record_put_key and _put_value
 *            *ret NULL: nothing is to be written, each item has its error
 *   > 0      the answer for every partition: COORDINATOR_NOT_AVAILABLE, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID,
 *            ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS
 *   -ENOMEM                                                                                              */
int group_commit_begin(struct group *g, struct group_now now, struct group_commit_request *req,
		       struct group_commit **ret) MUST_CHECK;
/* The batch stands in the local log at `base`; call it under the lock under which it was appended. */
void group_commit_written(struct group_commit *c, int64_t base);
/* The log's final answer; frees `c`. Returns the error for every item that had none (0, mapped as in 2.3). Fine
 * after the group was unloaded, deleted or freed: then nothing is installed. */
int group_commit_end(struct group_commit *c, int error);

/* --- reading --- */

struct group_offset {
	struct str topic;
	int32_t partition;
	int64_t offset;	      /* -1: none */
	int32_t leader_epoch; /* -1: none */
	struct str metadata;  /* never null; borrowed until the next call on the group */
	int64_t commit_timestamp, expire_timestamp; /* expire -1: none */
	int64_t batch_base;
};

/* OffsetFetch of one partition. 0: ret->offset is the committed one, or -1 for none (leader epoch -1, metadata "").
 * KERR_UNSTABLE_OFFSET_COMMIT: asked for stable ones and a commit of the partition is pending; *ret as for none. A
 * Dead group has none. */
int group_offset_fetch(const struct group *g, struct str topic, int32_t partition, bool require_stable,
		       struct group_offset *ret);
/* All committed offsets: i in [0, group_offsets_n), in no order that means anything. */
size_t group_offsets_n(const struct group *g);
void group_offset_at(const struct group *g, size_t i, struct group_offset *ret);
/* Anything committed or pending? A group without it may be removed when Empty. */
bool group_has_offsets(const struct group *g);

/* --- removal --- */

/* Offsets taken away, for which tombstones are to be written (acks 0; split them over batches that the log takes, or
 * they are lost: coordinators.md 8). Owner: the caller; reused. */
struct group_removal {
	struct {
		struct str topic;
		int32_t partition;
	} *v;
	size_t n, cap;
	bool dead;	      /* the group became Dead: take it out of the table */
	bool group_tombstone; /* and write one for it too (its generation was above 0) */
	struct arena arena;   /* topic names */
};

void group_removal_init(struct group_removal *r);
void group_removal_reset(struct group_removal *r);
void group_removal_fini(struct group_removal *r);

/* Forgets the partition's offset and what is pending for it. */
void group_offset_remove(struct group *g, struct str topic, int32_t partition, struct group_removal *out);
/* Forgets what has expired (2.16); group_clean comes after it. Looks at every offset, unless none can expire. */
void group_expire_offsets(struct group *g, struct group_now now, struct group_removal *out);

#endif
