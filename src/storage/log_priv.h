/* log_priv.h - layout of a log, and what log*.c and recovery.c share.
 *
 * log.c: identity, state, segment list, rolling, flushing, closing. log_append.c: both kinds of append.
 * log_read.c: slices. log_times.c: look-ups by time. log_truncate.c: truncation, start offset, deletion of segments.
 * log_retention.c: which segments go. log_cleaning.c, log_swap.c: for the cleaner. recovery.c: log_open.
 */
#ifndef STORAGE_LOG_PRIV_H
#define STORAGE_LOG_PRIV_H

#include <stdatomic.h>

#include "base/lock.h"
#include "storage/chores.h"
#include "storage/leader_epochs.h"
#include "storage/log.h"
#include "storage/log_config.h"
#include "storage/log_open.h"
#include "storage/producers.h"
#include "storage/replica_dir.h"
#include "storage/segment.h"

#define RECENT_APPENDS 8

/* A place in the log: an offset and where its batch begins. */
struct log_place {
	int64_t offset;
	int64_t segment; /* base offset; -1: the place is not known */
	int64_t position;
};

/* The first batch of a recent append to the active segment: reads near the end find it without a look-up. */
struct recent_append {
	int64_t first, last;
	int64_t position;
	size_t size;
};

struct log {
	atomic_int refs;
	struct replica_dir dir;
	char *topic, *label; /* label: topic-partition */
	int32_t partition;
	const struct clock *clock;
	struct chores *chores;
	void (*on_failure)(void *arg, const char *parent_dir, int r);
	void *failure_arg;

	struct lock lock; /* RANK_LOG: guards what follows; the four offsets are read without it */
	_Atomic int64_t start, end, hw, recovery_point;
	struct cond cond; /* `flushing`, `writing_epochs` or `swapping` ended */
	bool flushing, writing_epochs;
	bool swapping; /* files of some segments are between two names: nobody may cut the log (log_swap.c) */
	bool closed;
	int failed;   /* the first -errno of a failed write or sync: nothing is written any more */
	bool verify_transactions;
	bool without_topic_id;
	struct log_config *config;
	struct uuid topic_id;
	struct segment **segments; /* by base offset; at least one while open; the last is active */
	size_t segments_n, segments_cap;
	struct producers *producers;
	struct leader_epochs epochs;
	int64_t first_unstable; /* -1 none; never below start */
	int64_t data_end;	/* after the last batch; below `end` only when a truncation cut a batch */
	struct log_place hw_place, unstable_place;
	struct recent_append recent[RECENT_APPENDS];
	unsigned recent_n;    /* in use */
	unsigned recent_next; /* slot to overwrite */
	int64_t lowest_cut;   /* offset of the lowest truncation since log_take_cut; INT64_MAX: none */
	uint64_t cuts;	      /* counts truncations, deletions and swaps of segments: whoever overlaps one looks again */
	uint64_t truncations; /* of these alone */
	int64_t last_flush_ms;
	struct chore flush_chore; /* holds a reference while queued */
	bool flush_queued;
};

/* Records of formats 0 and 1 carry no leader epoch, so nothing is known of them. Locks: the log's, or while it opens. */
static inline bool log_has_epochs(const struct log *log)
{
	return log->config->record_format >= 2;
}

static inline struct segment *log_active(const struct log *log)
{
	return log->segments[log->segments_n - 1];
}

/* Lock held for all of these. */
int log_check_writable(const struct log *log); /* 0 | KERR_KAFKA_STORAGE_ERROR closed | -EIO failed before */
int log_note_failure(struct log *log, int r);  /* remembers r < 0; returns it */
size_t log_floor(const struct log *log, int64_t offset); /* index of the segment; segments_n when none */
void log_insert_segment(struct log *log, struct segment *s);
void log_remove_segments(struct log *log, size_t from, size_t n); /* from the list only; references are dropped */
int64_t log_stable_offset(const struct log *log);
void log_update_unstable(struct log *log);
void log_forget_places(struct log *log); /* after a truncation */
void log_await_swap(struct log *log);	 /* before anything that cuts, renames or closes */
void log_move_hw(struct log *log, int64_t hw);
int log_roll(struct log *log, int64_t base) MUST_CHECK;
void log_queue_flush(struct log *log);
/* Unlinks a segment that is renamed already after file.delete.delay.ms; takes over the caller's reference. */
int log_unlink_later(struct log *log, struct segment *s) MUST_CHECK;
/* The same with the renaming to .deleted. */
int log_doom_segment(struct log *log, struct segment *s) MUST_CHECK;
int log_doom_snapshot(struct log *log, int64_t offset) MUST_CHECK; /* also when there is none */
/* Takes segments [from, from + n) out of the log and dooms them, with the snapshots at their bases. */
int log_doom_segments(struct log *log, size_t from, size_t n) MUST_CHECK;
void log_raise_start(struct log *log, int64_t offset);

/* Lock not held. */
int log_write_epochs(struct log *log) MUST_CHECK;
/* Flushes up to the log end; `all`: also an empty active segment and the directory. */
int log_flush_all(struct log *log, bool all) MUST_CHECK;

/* recovery.c */
int log_rebuild_producers(struct log *log, int64_t end, bool clean) MUST_CHECK;

#endif
