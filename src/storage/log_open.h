/* log_open.h - a log's life as its directory sees it: open and recover, close, rename, delete, checkpoint.
 *
 * The other half of log.h: only log_dirs (and tests, through tests/storage/log_fixture.h) calls these.
 * Thread: any; open, close and delete of one log are never called at the same time.
 * Rules: storage.md 10.3, 12.3 to 12.6, 13.
 */
#ifndef STORAGE_LOG_OPEN_H
#define STORAGE_LOG_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct chores;
struct clock;
struct log;
struct log_config;

struct log_open_args {
	const char *parent_dir; /* the log directory, for log_parent_dir and messages */
	const char *name;	/* of the replica directory in it: t-0, t-0.<32 hex>-future, ... */
	const char *topic;	/* as parsed from the name */
	int32_t partition;
	struct log_config *config;	   /* the log takes a reference of its own */
	const struct clock *clock;	   /* outlives the log */
	struct chores *chores;		   /* of the log directory; outlives the open log (log_close) */
	int64_t recovery_point;		   /* as checkpointed, 0 without an entry */
	int64_t log_start_offset;	   /* as checkpointed, 0 without an entry */
	int64_t first_dirty;		   /* cleaner checkpoint, 0 without an entry: all below was rewritten and synced */
	bool clean;			   /* the clean marker was there */
	bool deleted;			   /* a ...-delete directory: load, do not recover */
	int64_t producer_id_expiration_ms; /* <= 0: never */
	bool verify_transactions;	   /* transaction.partition.verification.enable */
	bool without_topic_id;		   /* inter.broker.protocol.version below 2.8: it has none, partition.metadata goes */
	/* A chore or a background flush of this log failed with r (< 0): the directory must go offline. No lock is
	 * held. NULL: ignored. */
	void (*on_failure)(void *arg, const char *parent_dir, int r);
	void *arg;
};

/* Creates the directory when absent, else loads it, recovers when unclean, rebuilds producer state.
 *   0         *ret has one reference
 *   -EUCLEAN  the directory holds what no broker writes (a .log with a foreign name, a transaction index of a
 *             future version): logged, the start fails (storage-fixtures.md S12, S16)
 *   -errno    the disk failed or a checkpoint is damaged: the log directory goes offline               */
int log_open(const struct log_open_args *args, struct log **ret) MUST_CHECK;

/* Orderly end: flushes everything (also an empty active segment and the directory), writes the snapshot at the
 * log end offset, trims indexes, closes. After it the log answers KERR_KAFKA_STORAGE_ERROR to appends and reads;
 * the reference stays the caller's. -errno: the clean marker must not be written. */
int log_close_clean(struct log *log) MUST_CHECK;
/* The directory failed or the replica is dropped: closes files without writing. Slices in flight stay valid. */
void log_close_dirty(struct log *log);

/* Renames the replica directory within its log directory (to ...-delete, or from ...-future) and syncs the
 * parent. All paths of the log follow, also of chores that wait. */
int log_rename_dir(struct log *log, const char *name) MUST_CHECK;
/* Closes dirty and removes the directory with all in it. 0 also when it is gone. */
int log_delete_files(struct log *log) MUST_CHECK;

/* What the checkpoints record: one consistent set. */
struct log_offsets {
	int64_t recovery_point;
	int64_t start, end;
	int64_t high_watermark;
	int64_t first_segment; /* base offset: log-start-offset-checkpoint lists logs with start > first_segment */
	int64_t last_segment;  /* base offset of the active one: the cleaner's checkpoint never lies above it */
};
void log_offsets(struct log *log, struct log_offsets *ret);

/* Wall time of the last flush, for flush.ms: log_flush when now - last >= config's flush_ms. */
int64_t log_last_flush_ms(struct log *log);
struct log_config *log_get_config(struct log *log); /* a new reference */
int32_t log_segments_n(struct log *log);

#endif
