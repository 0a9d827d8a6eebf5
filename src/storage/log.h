/* log.h - one partition's log: segments, indexes, producer state, leader epochs.
 *
 * Owner: struct log_dirs (log_dirs.h), which opens, recovers, deletes; partitions hold a counted reference.
 * Thread: any. One lock per log (RANK_LOG) guards changes: append, roll, truncate, delete, high watermark.
 * Reads take it only to find the segment and its bound, never while touching record bytes.
 * Layer: knows records and files; nothing of replicas or requests. Errors: storage failures are -errno
 * (the caller reports them through log_dirs_fail), answers of the protocol are > 0 (enum kerr).
 * Format and rules: storage.md sections 2 to 12.
 */
#ifndef STORAGE_LOG_H
#define STORAGE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/file.h"
#include "base/str.h"
#include "base/uuid.h"
#include "record/validate.h"

struct buf;
struct clock;
struct log;
struct log_config; /* storage/log_config.h: the typed topic configuration, counted, immutable */

struct log *log_ref(struct log *log);
struct log *log_unref(struct log *log);

/* --- identity and state (each a consistent single value; any thread) --- */
const char *log_topic(const struct log *log);
int32_t log_partition(const struct log *log);
const char *log_dir_path(const struct log *log);	/* the replica directory */
const char *log_parent_dir(const struct log *log);	/* the log directory it is in */
int64_t log_start_offset(struct log *log);		/* first offset visible to clients */
int64_t log_end_offset(struct log *log);		/* next offset to assign */
int64_t log_high_watermark(struct log *log);
int64_t log_last_stable_offset(struct log *log);
int64_t log_recovery_point(struct log *log);
int64_t log_size(struct log *log);			/* bytes of all .log files */
int32_t log_latest_epoch(struct log *log);		/* -1 when none */
struct uuid log_topic_id(struct log *log);		/* zero when no partition.metadata */
/* Writes partition.metadata (durably, before the first append). KERR_INCONSISTENT_TOPIC_ID when another is there. */
int log_set_topic_id(struct log *log, struct uuid id) MUST_CHECK;
/* Replaces the configuration; takes a reference of its own. In effect from the next append on. */
void log_set_config(struct log *log, struct log_config *config);
/* producer.id.expiration.ms and transaction.partition.verification.enable, which belong to the broker, not the topic. */
void log_set_producer_rules(struct log *log, int64_t expiration_ms, bool verify_transactions);
/* The configuration in effect: a new reference. */
struct log_config *log_get_config(struct log *log);

/* --- append --- */

struct log_append_info {
	int64_t first_offset;	   /* of the appended set; of the original for a duplicate; -1: nothing */
	int64_t last_offset;
	int64_t max_timestamp;
	int64_t log_append_time;   /* -1 unless LogAppendTime */
	int64_t log_start_offset;  /* -1 where protocol.md 8.5 says so */
	bool duplicate;
	bool high_watermark_may_move; /* the log end offset moved */
	/* for INVALID_RECORD and INVALID_TIMESTAMP: one entry per bad record, and a summary, in the arena */
	struct record_error *errors; /* record/validate.h */
	int32_t errors_n;
	struct str error_message;
};

/* A leader's append: analyses, validates, assigns offsets, patches `data` in place (or rewrites it), checks
 * sequences, rolls, writes with one call. `data` must stay unshared until it returns. `arena` receives
 * record errors.
 *   0       appended, or recognised as a duplicate
 *   > 0     refused, nothing written: CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_RECORD,
 *           INVALID_TIMESTAMP, UNSUPPORTED_COMPRESSION_TYPE, OUT_OF_ORDER_SEQUENCE_NUMBER,
 *           INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, TRANSACTION_COORDINATOR_FENCED, ...
 *   -errno  the disk failed: the log directory must go offline                                        */
int log_append_as_leader(struct log *log, uint8_t *data, size_t len, int32_t leader_epoch,
    enum append_origin origin, int16_t produce_version, struct arena *arena,
    struct log_append_info *ret) MUST_CHECK;

/* The same for a transactional append that presents the guard of its verification (KIP-890; 0: none). A
 * transaction that begins without it is INVALID_TXN_STATE when transaction.partition.verification.enable is set. */
int log_append_verified(struct log *log, uint8_t *data, size_t len, int32_t leader_epoch,
    enum append_origin origin, int16_t produce_version, uint64_t guard, struct arena *arena,
    struct log_append_info *ret) MUST_CHECK;
/* The guard for a verification with the transaction coordinator; 0: none is needed. */
uint64_t log_start_verification(struct log *log, int64_t producer_id, int32_t sequence, int16_t epoch);
bool log_has_ongoing_txn(struct log *log, int64_t producer_id);

/* A follower's append: bytes verbatim, CRC checked, offsets ascending from the log end offset (else
 * KERR_OFFSET_OUT_OF_RANGE: the caller compares with log_end_offset). */
int log_append_as_follower(struct log *log, uint8_t *data, size_t len, struct log_append_info *ret) MUST_CHECK;

/* --- read --- */

enum fetch_isolation { FETCH_LOG_END, FETCH_HIGH_WATERMARK, FETCH_COMMITTED };

struct aborted_txn {
	int64_t producer_id, first_offset;
};

/* A run of record bytes in one segment file. Holds a reference of the file; release with log_slice_fini. */
struct log_slice {
	struct file *file; /* NULL: nothing to read */
	int64_t at;
	size_t len;
	int64_t first_offset;	     /* offset of the fetch */
	bool first_batch_incomplete; /* limit < size of the first batch */
	int64_t high_watermark, last_stable_offset, log_start_offset, log_end_offset; /* at the time of the read */
	struct aborted_txn *aborted; /* FETCH_COMMITTED only, in the arena */
	int32_t aborted_n;
};

/* Where `offset` is and how many bytes up to the isolation's bound (storage.md 5.1). Fills the four offsets
 * on every outcome. 0 | KERR_OFFSET_OUT_OF_RANGE | KERR_CORRUPT_MESSAGE stored bytes are damaged |
 * KERR_KAFKA_STORAGE_ERROR the log was closed | -errno. */
int log_read(struct log *log, int64_t offset, size_t max_bytes, bool min_one_message,
    enum fetch_isolation isolation, struct arena *arena, struct log_slice *ret) MUST_CHECK;
void log_slice_fini(struct log_slice *s);

/* How many bytes lie between `offset` and the isolation's bound, at most `enough`; cheap (no file access in the
 * common case). For delayed fetches. */
int64_t log_bytes_available(struct log *log, int64_t offset, enum fetch_isolation isolation, int64_t enough);

struct offset_and_timestamp {
	int64_t offset, timestamp; /* -1 when there is none */
	int32_t leader_epoch;	   /* -1 when unknown */
};

/* ListOffsets: timestamp >= 0, or -1 latest, -2 earliest, -3 max timestamp, -4 earliest local (storage.md 5.5).
 * KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT: all but -1 and -2, when the topic's records have no time stamps.
 * May read the disk: for a worker thread. */
int log_offset_for_timestamp(struct log *log, int64_t timestamp, struct offset_and_timestamp *ret) MUST_CHECK;

/* ListOffsets v0 (protocol.md section 12): at most `max` offsets, descending, of segments last modified at or before
 * `timestamp` (-1: all, with the log end offset first when the last segment is not empty; -2: only the log start).
 * Returns how many were written to `out`, or -errno. May read the disk: for a worker thread. */
int32_t log_offsets_before(struct log *log, int64_t timestamp, int64_t *out, int32_t max);

/* OffsetForLeaderEpoch: the end offset of the largest epoch <= `epoch`; epoch -1 and offset -1 when unknown. */
void log_end_offset_for_epoch(struct log *log, int32_t epoch, int32_t *ret_epoch, int64_t *ret_end_offset);

/* --- high watermark, start, truncation, retention --- */

/* Raises or sets the high watermark, clamped to [log start, log end]. True when it moved. */
bool log_set_high_watermark(struct log *log, int64_t hw);
/* DeleteRecords: moves the log start offset up to `offset` (<= high watermark). KERR_OFFSET_OUT_OF_RANGE above it. */
int log_advance_start_offset(struct log *log, int64_t offset) MUST_CHECK;
/* For logs that log_dirs has: through log_dirs_truncate_to, which also sees to checkpoints and cleaners. */
int log_truncate_to(struct log *log, int64_t offset) MUST_CHECK;
int log_truncate_fully_and_start_at(struct log *log, int64_t offset) MUST_CHECK;
/* For the one who copies a log without epochs: how far down it was truncated since the last call (INT64_MAX: not at all),
 * and whether it was. */
int64_t log_take_cut(struct log *log);
bool log_has_cut(struct log *log);
/* A new leader epoch begins at the log end offset (become leader). */
int log_assign_epoch(struct log *log, int32_t epoch, int64_t start_offset) MUST_CHECK;
/* Deletes segments by time, size and log start offset; returns the number deleted or -errno. */
int log_apply_retention(struct log *log);
/* Flushes up to the log end offset and moves the recovery point. */
int log_flush(struct log *log) MUST_CHECK;
/* Expires idle producer ids; called every producer.id.expiration.check.interval.ms. */
void log_expire_producers(struct log *log, int64_t now_ms);

#endif
