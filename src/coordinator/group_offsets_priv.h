/* group_offsets_priv.h - the layout of a pool and of a group's offsets; for the files named in group_priv.h.
 *
 * A topic name is held by reference from every entry of every table, so that it goes with the last of them.
 */
#ifndef COORDINATOR_GROUP_OFFSETS_PRIV_H
#define COORDINATOR_GROUP_OFFSETS_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"
#include "base/str.h"
#include "base/table.h"
#include "coordinator/group_offsets.h"
#include "coordinator/group_pool.h"
#include "coordinator/partition_map.h"

/* --- the pool --- */

struct topic_name {
	UT_hash_handle hh;
	size_t refs; /* one per entry of any map, and per item of a commit */
	struct str text; /* points behind the struct */
};

/* What one producer has pending in one group. */
struct group_txn {
	struct list of_producer, of_group;
	struct group_offsets *offsets;
	struct producer *producer;
	struct partition_map map; /* of struct txn_offset */
	size_t in_flight;	  /* commits that are not yet ended */
};

struct producer {
	UT_hash_handle hh;
	int64_t id;
	struct list txns;
};

struct group_pool {
	struct group_settings settings;
	int32_t partition;
	group_random_fn *random;
	void *random_arg;
	int64_t append_ids;
	struct topic_name *topics;
	struct producer *producers;
	struct group_pool_counts counts;
};

/* The name with a reference; NULL when memory is short. */
struct topic_name *topic_name_ref(struct group_pool *pool, struct str text) MUST_CHECK;
struct topic_name *topic_name_find(const struct group_pool *pool, struct str text); /* no reference; NULL: none */
void topic_name_unref(struct group_pool *pool, struct topic_name *t);

/* --- offsets --- */

/* An offset's less usual belongings. */
struct offset_extra {
	int64_t expire_timestamp; /* -1: none */
	int32_t len;		  /* of the metadata */
	char metadata[];
};

/* The first two members of these are a struct partition_key. */
struct committed {
	struct topic_name *topic;
	int32_t partition;
	int32_t leader_epoch;
	int64_t offset;
	int64_t commit_timestamp;
	int64_t base;
	struct offset_extra *extra; /* NULL: no metadata and no expiry of its own */
};

struct txn_offset {
	struct topic_name *topic;
	int32_t partition;
	int32_t leader_epoch;
	int64_t offset;
	int64_t commit_timestamp;
	int64_t base;
	struct offset_extra *extra;
};

/* Is a partition waited for? Transactional: entries in producers' maps and items not yet written. */
struct pending {
	struct topic_name *topic;
	int32_t partition;
	uint32_t plain, txn;
};

struct group_offsets {
	struct group_pool *pool;
	struct partition_map committed, pending;
	struct list txns;    /* struct group_txn of_group */
	struct list commits; /* struct group_commit */
	size_t expiring;     /* committed ones with an expiry of their own */
};

void offsets_init(struct group_offsets *o, struct group_pool *pool);
void offsets_fini(struct group_offsets *o);
/* Loading. The first one is what a plain record says, the second what a transactional one says; v NULL: a
 * tombstone. 0 | -ENOMEM. */
struct offset_commit_value;
int offsets_load(struct group_offsets *o, struct str topic, int32_t partition, int64_t base,
		 const struct offset_commit_value *v) MUST_CHECK;
int offsets_load_txn(struct group_offsets *o, int64_t producer_id, struct str topic, int32_t partition, int64_t base,
		     const struct offset_commit_value *v) MUST_CHECK;
bool offsets_any(const struct group_offsets *o);
struct pending *offsets_pending(const struct group_offsets *o, const struct topic_name *t, int32_t partition);
/* Takes the entry out of the table; its name's reference stays with the caller. */
void offsets_forget(struct group_offsets *o, struct committed *e);
/* Nothing that is pending for the partition will be installed. `e` is its entry, gone afterwards. */
void offsets_drop_pending(struct group_offsets *o, struct pending *e);
/* The log's error as the client gets it (coordinators.md 2.3): for a group's metadata, or for a commit. */
int append_error(int error, bool commit);

#endif
