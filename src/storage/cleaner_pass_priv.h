/* cleaner_pass_priv.h - one run of a pass, for cleaner_pass.c, cleaner_map.c and cleaner_copy.c. */
#ifndef STORAGE_CLEANER_PASS_PRIV_H
#define STORAGE_CLEANER_PASS_PRIV_H

#include "storage/cleaner_pass.h"
#include "storage/cleaner_txns.h"
#include "storage/log_cleaning.h"

#define CLEANER_CLASS "kafka.log.LogCleaner"

struct log_config;

struct cleaner_run {
	struct cleaner_pass *p;
	struct log *log;
	const char *name; /* topic-partition */
	const struct log_config *config;
	const struct log_dirt *dirt;
	struct cleaner_stats *stats;
	int64_t now_ms;
	int64_t legacy_horizon_ms; /* old tombstones in segments modified by then go */
	struct cleaner_txns txns;  /* of the current read */
};

static inline int cleaner_check(const struct cleaner_run *run)
{
	return run->p->check(run->p->arg);
}

/* Answers for damage that a lower layer reports as an errno. */
int cleaner_damage(int r);

/* Tells run->txns of the aborted transactions that reach into [from, below). */
int cleaner_note_aborted(struct cleaner_run *run, int64_t from, int64_t below) MUST_CHECK;

/* cleaner_map.c: fills the map from the segments of `dirty`; its latest offset says how far it came. */
int cleaner_map_build(struct cleaner_run *run, const struct segment_list *dirty) MUST_CHECK;

/* cleaner_copy.c: replaces n neighbours by one segment with what is left of them. `next_base`: of the segment behind
 * them, where a segment that must be split has to end. */
int cleaner_copy_group(struct cleaner_run *run, struct segment *const *v, size_t n, int64_t next_base) MUST_CHECK;

#endif
