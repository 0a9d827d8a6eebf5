/* fetch_session.h - incremental fetches (KIP-227): what a fetcher asked for lives here, its requests carry changes.
 *
 * A fetch begins with fetch_context_begin, which turns the request, and the session it names, into the list of
 * partitions to read; it ends with fetch_context_end, which makes or updates the session and says which partitions
 * the answer carries (protocol.md section 11). Between the two nothing is locked, so a fetch may wait as long as it
 * likes; a second request of the same session meanwhile makes the first one's end fail with 71.
 *
 * A follower's session has thousands of partitions of which a few move. Those that were quiet at the last fetch, and still
 * are, are not read: the list goes without them (`quiet`). While the fetch waits, fetch_context_has_news looks at them, and
 * after the wait fetch_context_join puts those that moved on the list.
 *
 * The cache has `slots` sessions in 8 shards; a full shard evicts by age, then by privilege (followers) and size.
 * Memory is bounded beyond that: past FETCH_SESSIONS_BYTES_MAX no session is made or grows, the fetches still work.
 *
 * Owner: broker/startup. Sessions are counted: the cache and each fetch under way hold one.
 * Thread: any. Locks: RANK_TABLE per shard, RANK_SESSION per session.
 */
#ifndef REPLICA_FETCH_SESSION_H
#define REPLICA_FETCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "base/uuid.h"
#include "replica/partition_quiet.h"

struct clock;
struct fetch_request;
struct fetch_session;
struct fetch_sessions;
struct image;
struct session_partition;

#define FETCH_SESSIONS_BYTES_MAX (256u << 20)

/* slots: max.incremental.fetch.session.cache.slots */
struct fetch_sessions *fetch_sessions_new(const struct clock *clock, int32_t slots);
struct fetch_sessions *fetch_sessions_free(struct fetch_sessions *fs); /* accepts NULL, returns NULL */

/* For metrics: IncrementalFetchSession's NumIncrementalFetchSessions, ...PartitionsCached, ...EvictionsPerSec. */
struct fetch_sessions_stats {
	int64_t sessions, partitions, evictions, bytes;
};
void fetch_sessions_stats(struct fetch_sessions *fs, struct fetch_sessions_stats *ret);

/* One partition to read, as asked for now or in an earlier request of the session. */
struct fetch_want {
	struct str topic;     /* null: the id is not known (v13+) */
	struct uuid topic_id; /* zero below v13 */
	int32_t partition;
	int32_t leader_epoch, last_fetched_epoch; /* -1: not given */
	int32_t max_bytes;
	int64_t offset, log_start; /* log_start: a follower's */
};

/* What reading it gave, as far as sessions care. */
struct fetch_got {
	bool include; /* set by fetch_context_end: goes into the answer */
	bool has_records, has_preferred_replica, diverging;
	int16_t error;
	int64_t high_watermark, log_start;
	struct partition *quiet; /* borrowed; NULL: there was something to answer, or there will be */
};

/* A partition of the session that is not on the list. */
struct fetch_quiet {
	struct partition *p; /* counted */
	struct session_partition *part;
	struct quiet_point point;
};

enum fetch_context_kind { FETCH_SESSIONLESS, FETCH_FULL, FETCH_INCREMENTAL };

/* One fetch. Memory is the request's arena. */
struct fetch_context {
	enum fetch_context_kind kind;
	struct fetch_sessions *fs;
	struct fetch_session *session;	  /* counted; incremental only */
	struct session_partition **parts; /* per want; valid while the session's epoch is `epoch` */
	bool follower, topic_ids;
	bool skips; /* quiet partitions */
	struct quiet_fetcher by;
	int32_t epoch; /* incremental: what the session expects next */
	struct fetch_want *v;
	int32_t n;
	struct fetch_quiet *quiet;
	int32_t quiet_n;
};

/* Decides what to read. Strings of `v` are borrowed from the request or in the arena. `connection`: the serial number of the
 * one that the request came over.
 *   0
 *   KERR_FETCH_SESSION_ID_NOT_FOUND, KERR_INVALID_FETCH_SESSION_EPOCH, KERR_FETCH_SESSION_TOPIC_ID_ERROR
 *                                    the answer has session id 0 and no partitions
 *   -ENOMEM                          the arena is full
 * On 0 fetch_context_fini must follow. */
int fetch_context_begin(struct fetch_sessions *fs, const struct fetch_request *req, int16_t version,
    uint64_t connection, const struct image *image, struct arena *a, struct fetch_context *ret) MUST_CHECK;

/* While it waits: has something happened to a quiet partition that the answer should tell at once? Thread: any. */
bool fetch_context_has_news(const struct fetch_context *c);
/* Quiet partitions that are quiet no more join `v`, behind what it has. -ENOMEM: the arena is full. */
int fetch_context_join(struct fetch_context *c, const struct image *image, struct arena *a) MUST_CHECK;

/* After reading: got[i] describes v[i]. Sets got[i].include.
 *   0                                  *ret_session is the answer's session id, 0: none
 *   KERR_INVALID_FETCH_SESSION_EPOCH   another request of the session came between: no partitions, *ret_session set */
int fetch_context_end(struct fetch_context *c, struct fetch_got *got, int32_t *ret_session) MUST_CHECK;
void fetch_context_fini(struct fetch_context *c);

#endif
