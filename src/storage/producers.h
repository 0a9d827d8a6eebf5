/* producers.h - what a log remembers of idempotent and transactional producers, and its snapshots.
 *
 * An append goes through three steps: producers_stage for each batch (checks, on copies), then the write, then
 * producers_commit (or producers_abort when something refused). Completed transactions are handed out after
 * the commit, so that the log can write its transaction index before producers_complete forgets them.
 *
 * Owner: struct log. Locks: the log's lock held for every call.
 * Rules: storage.md 2.5, 6, 8.3.
 */
#ifndef STORAGE_PRODUCERS_H
#define STORAGE_PRODUCERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "record/validate.h"

struct batch;
struct producers;
struct replica_dir;

struct completed_txn {
	int64_t producer_id;
	int64_t first_offset;
	int64_t last_offset; /* of the marker */
	bool aborted;
};

/* `label` (topic-partition) for log lines and `dir` are borrowed. expiration_ms <= 0: never expire. */
struct producers *producers_new(const struct replica_dir *dir, const char *label, int64_t expiration_ms);
void producers_set_expiration(struct producers *p, int64_t expiration_ms);
struct producers *producers_free(struct producers *p);

/* --- appends --- */

/* The same batch among the last five of its producer: its offsets and timestamp. */
struct producer_duplicate {
	int64_t first_offset, last_offset, timestamp;
};
bool producers_find_duplicate(const struct producers *p, const struct batch *b, struct producer_duplicate *ret);
bool producers_has_ongoing_txn(const struct producers *p, int64_t producer_id);

/* Checks a batch that has a producer id (its bytes complete, its offsets assigned) as if those staged before were
 * applied.
 *   0 | KERR_OUT_OF_ORDER_SEQUENCE_NUMBER | KERR_INVALID_PRODUCER_EPOCH | KERR_INVALID_TXN_STATE
 *   KERR_TRANSACTION_COORDINATOR_FENCED | KERR_INVALID_RECORD a marker that is none                  */
int producers_stage(struct producers *p, const struct batch *b, enum append_origin origin) MUST_CHECK;
/* Makes what was staged the state. Then producers_completed(p, i) are the transactions that ended, in order. */
void producers_commit(struct producers *p);
void producers_abort(struct producers *p);
const struct completed_txn *producers_completed(const struct producers *p, size_t i); /* NULL: no more */
/* The last stable offset right after `t` ended: where the oldest open transaction of another producer begins. */
int64_t producers_stable_after(const struct producers *p, const struct completed_txn *t);
void producers_complete(struct producers *p, const struct completed_txn *t);

/* --- guard of transactional appends, KIP-890 part 1 (storage.md 6.5) --- */

/* The guard a transactional append must present: > 0, or 0 when a transaction is open already. */
uint64_t producers_verification_start(struct producers *p, int64_t producer_id, int32_t sequence, int16_t epoch,
    int64_t now_ms);
/* Whether `guard` is that of the running verification. */
bool producers_verified(const struct producers *p, int64_t producer_id, uint64_t guard);

/* --- offsets --- */
int64_t producers_map_end(const struct producers *p); /* state is that before this offset */
void producers_set_map_end(struct producers *p, int64_t offset);
/* First offset that is not yet decided, or decided above the high watermark; -1 none. */
int64_t producers_first_unstable(const struct producers *p);
void producers_on_high_watermark(struct producers *p, int64_t hw);
void producers_on_start_offset(struct producers *p, int64_t start);
void producers_expire(struct producers *p, int64_t now_ms);
size_t producers_count(const struct producers *p);
bool producers_empty(const struct producers *p); /* no producer and no undecided transaction */

/* What the cleaner must not take away from a producer: its last data batch, or without one its last marker. */
struct producer_end {
	int64_t id;
	int64_t last_offset; /* of the last data batch; -1 none */
	int16_t epoch;
};
/* All producers, in no order; owned by the caller. Returns how many. */
size_t producers_ends(const struct producers *p, struct producer_end **ret);

/* --- snapshots --- */

/* Finds the snapshot files of the directory. */
int producers_scan(struct producers *p) MUST_CHECK;
/* <map end>.snapshot, unless there is no news since the last one. */
int producers_snapshot(struct producers *p, bool sync) MUST_CHECK;
/* State as of `end`: snapshots above it or <= start go; unless the state is that already, everything is forgotten
 * and the newest good snapshot loaded (map end says how far it reaches; `start` without one). */
int producers_truncate(struct producers *p, int64_t start, int64_t end, int64_t now_ms) MUST_CHECK;
/* Forgets everything, deletes all snapshots, map end = offset. */
int producers_reset(struct producers *p, int64_t offset) MUST_CHECK;
/* Deletes snapshots that belong to no segment base, except the largest if it is >= the largest base. */
int producers_remove_strays(struct producers *p, const int64_t *bases, size_t n) MUST_CHECK;
int64_t producers_latest_snapshot(const struct producers *p); /* -1 none */
/* Takes the snapshot out of the list and renames it to .deleted; *ret: there was one. */
int producers_doom_snapshot(struct producers *p, int64_t offset, bool *ret) MUST_CHECK;

#endif
