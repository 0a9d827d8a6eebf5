/* cleaner_filter.h - what compaction leaves of each batch: bytes in, bytes out.
 *
 * A record stays when it is the last one of its key below the end of the cleaned range, or lies behind that. A
 * tombstone stays until the delete horizon of its batch, which the first pass that finds it sets. Batches of aborted
 * transactions go at once; markers when nothing of their transaction is left and their horizon has passed. The last
 * batch of each active producer stays, if need be without records, and so does the last batch of the range.
 * Batches keep their offsets, sequences and epochs; unchanged ones are copied as they are.
 *
 * Owner and thread: one pass. Layer: bytes; no I/O, no clock.
 * Rules: storage.md 15.5 (Kafka 3.9, LogCleaner.scala and MemoryRecords.filterTo).
 */
#ifndef STORAGE_CLEANER_FILTER_H
#define STORAGE_CLEANER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "record/reader.h"
#include "storage/producers.h"
#include "storage/txn_index.h"

struct batch;
struct buf;
struct cleaner_txns;
struct offset_map;

/* The largest record that is taken out of a compressed batch; a batch with a larger one is left as it is. */
#define CLEANER_RECORD_MAX ((size_t)128 << 20)
extern const struct reader_limits cleaner_limits;

/* How many keys are hashed ahead of their look-up. */
#define CLEANER_AHEAD 16u

struct cleaner_filter {
	/* what decides; borrowed, set by the caller */
	const struct offset_map *map;
	struct cleaner_txns *txns;
	const struct producer_end *producers; /* by id */
	size_t producers_n;
	int64_t now_ms, delete_retention_ms;
	bool keep_legacy_deletes; /* tombstones of magic 0 and 1 in this segment */
	int64_t round_end;	  /* where the cleaned range ends; -1 unknown */
	size_t max_message_bytes; /* for `oversized` */

	/* what comes out */
	struct buf *out;		/* borrowed */
	int64_t last_kept;		/* last offset of the last batch that went there */
	struct txn_index_entry *aborted; /* transactions to be indexed for the segment; owned */
	size_t aborted_n, aborted_cap;
	int64_t messages_read, messages_kept;
	int64_t keyless;   /* records without key, dropped */
	int64_t oversized; /* batches that grew beyond max_message_bytes */

	/* between batches */
	int64_t previous; /* last offset seen; -1 none */
	uint64_t *keep;	  /* one bit a record of the current batch; owned */
	size_t keep_cap;
	bool keep_all;	  /* instead */
};

void cleaner_filter_fini(struct cleaner_filter *f); /* {0} is fine */

/* Filters the whole batches in p[0 .. n) until `out` holds out_limit bytes or more; *ret_used bytes were looked at.
 *   0
 *   KERR_CORRUPT_MESSAGE, KERR_INVALID_RECORD  a batch is damaged: nothing may be concluded about the log
 *   -ENOMEM                                                                                            */
int cleaner_filter_run(struct cleaner_filter *f, const uint8_t *p, size_t n, size_t out_limit,
    size_t *ret_used) MUST_CHECK;

/* Whether a batch of a log file may be looked into: checksum, and offsets that rise from the last one's on. */
bool cleaner_batch_ok(const struct batch *b, int64_t previous);

#endif
