/* fetch_session_priv.h - sessions and their cache, for fetch_session.c, fetch_session_cache.c and their tests. */
#ifndef REPLICA_FETCH_SESSION_PRIV_H
#define REPLICA_FETCH_SESSION_PRIV_H

#include <stdatomic.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/table.h"
#include "replica/fetch_session.h"

enum {
	SESSION_SHARDS = 8,
	SESSION_ID_RANGE = INT32_MAX / SESSION_SHARDS, /* ids per shard */
	SESSION_EVICTION_MS = 120000,
};

/* A topic of a session; its name is stored once for all its partitions. */
struct session_topic {
	UT_hash_handle hh; /* by the id, or by the name where that is zero */
	struct uuid id;
	char *name; /* owned; NULL: not known yet */
	int32_t refs; /* partitions */
	uint64_t copy_stamp; /* `copy` is of the fetch with this stamp */
	struct str copy;
};

struct session_partition_key {
	struct session_topic *topic;
	int64_t partition; /* wide, so that the key has no padding */
};

struct session_partition {
	UT_hash_handle hh;
	struct list link; /* session order */
	struct session_partition_key key;
	int32_t leader_epoch, last_fetched_epoch, max_bytes;
	int64_t offset, log_start;	      /* as asked */
	int64_t high_watermark, leader_start; /* as last answered */
	struct partition *quiet;	      /* counted; NULL: it has to be read */
	bool skipped;			      /* by the fetch under way */
};

struct fetch_session {
	atomic_int refs;
	int32_t id;
	bool privileged; /* made by a follower */
	bool topic_ids;
	int64_t created_ms;
	struct fetch_sessions *fs;

	struct lock lock; /* RANK_SESSION: guards what follows */
	int32_t epoch; /* expected next */
	struct session_topic *topics;
	struct session_partition *partitions;
	struct list order;
	uint64_t stamp;
	int64_t bytes;

	/* the shard's lock */
	UT_hash_handle hh; /* by id */
	struct list lru;
	int64_t used_ms;
	int32_t cached_size; /* partitions when last used */
	bool cached;
};

struct session_shard {
	struct lock lock; /* RANK_TABLE */
	struct fetch_session *by_id;
	struct list lru; /* least recently used first */
	int64_t partitions;
};

struct fetch_sessions {
	const struct clock *clock;
	int32_t slots_per_shard;
	struct session_shard shards[SESSION_SHARDS];
	atomic_uint next_shard;
	atomic_llong evictions, bytes;
};

struct fetch_session *fetch_session_new(struct fetch_sessions *fs, bool privileged, bool topic_ids, int64_t now_ms);
struct fetch_session *fetch_session_unref(struct fetch_session *s); /* accepts NULL, returns NULL */

/* The session, with a reference; NULL: none. */
struct fetch_session *session_cache_get(struct fetch_sessions *fs, int32_t id);
void session_cache_remove(struct fetch_sessions *fs, int32_t id);
/* Puts the session under a new id if there is room or something may be evicted. The cache takes its own reference. */
bool session_cache_add(struct fetch_sessions *fs, struct fetch_session *s, int32_t size, int64_t now_ms);
void session_cache_touch(struct fetch_sessions *fs, struct fetch_session *s, int32_t size, int64_t now_ms);

#endif
