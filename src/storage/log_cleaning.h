/* log_cleaning.h - what the cleaner asks of a log: what is dirty, which segments, and to put new ones in their place.
 *
 * Owner: the log. Thread: a cleaner thread, which has claimed the partition (cleaner_table.h); no lock is held by the
 * caller. Files: log_cleaning.c, log_swap.c.
 * Rules: storage.md 15.
 */
#ifndef STORAGE_LOG_CLEANING_H
#define STORAGE_LOG_CLEANING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "storage/producers.h"
#include "storage/txn_index.h"

struct log;
struct log_config;
struct segment;

/* What could be cleaned now (Kafka 3.9, LogToClean). */
struct log_dirt {
	int64_t first_dirty;	   /* offset */
	int64_t first_uncleanable; /* a segment's base: the last stable offset, the active segment, the lag */
	int64_t decided_by;	   /* the high watermark: markers that decided on what is cleaned lie below it */
	int64_t clean_bytes, cleanable_bytes;
	int64_t overdue_ms; /* by how much max.compaction.lag.ms is exceeded; 0: it is not */
	enum { DIRT_AS_CHECKPOINTED, DIRT_BELOW_START, DIRT_ABOVE_END } checkpoint; /* unless the first: reset */
	double min_ratio;     /* the topic's min.cleanable.dirty.ratio */
	uint64_t truncations; /* of the log so far: after another one nothing that was found out counts any more */
};
/* `checkpoint`: the first dirty offset as recorded, -1 none.
 *   0 | KERR_KAFKA_STORAGE_ERROR the log is closed | -errno */
int log_dirt(struct log *log, int64_t checkpoint, int64_t now_ms, struct log_dirt *ret) MUST_CHECK;

/* Some of the log's segments in order, counted. */
struct segment_list {
	struct segment **v;
	size_t n;
};
/* Those with a base below `offset`, without the active one. */
void log_segments_below(struct log *log, int64_t offset, struct segment_list *ret);
void segment_list_fini(struct segment_list *l);

/* Aborted transactions that end at or after `from` and begin below `below`, told to fn. 0 | -errno. */
int log_aborted_between(struct log *log, int64_t from, int64_t below,
    void (*fn)(void *arg, const struct txn_index_entry *e), void *arg) MUST_CHECK;

/* A segment of its own for the caller to fill and to swap in: base `base`, files named .cleaned. */
int log_new_cleaned(struct log *log, int64_t base, const struct log_config *config, struct segment **ret) MUST_CHECK;

/* Where each active producer ends, by producer id; owned by the caller. */
size_t log_producer_ends(struct log *log, struct producer_end **ret);

bool log_was_truncated(struct log *log, const struct log_dirt *since);

/* Puts segments v, complete, synced and with the suffix .cleaned, in the place of `old`, which are neighbours and not
 * active. Afterwards the log holds references of its own, and the old files wait for their removal.
 *   0
 *   -ECANCELED  the log was truncated or closed, or `old` is not in it any more: v is removed from the disk
 *   -errno      the disk failed: the directory must go offline. A start finishes or undoes the swap       */
int log_swap(struct log *log, const struct log_dirt *since, struct segment *const *v, size_t n,
    struct segment *const *old, size_t old_n) MUST_CHECK;

#endif
