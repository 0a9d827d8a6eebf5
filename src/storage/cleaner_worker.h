/* cleaner_worker.h - one cleaner thread's work, without the thread: choose a log, clean it, say what came of it.
 *
 * Owner: struct cleaner, or a test. Thread: one at a time, but several workers share a struct cleaner_shared.
 */
#ifndef STORAGE_CLEANER_WORKER_H
#define STORAGE_CLEANER_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/lock.h"
#include "storage/cleaner_pass.h"
#include "storage/cleaner_throttle.h"

struct log_dirs;

/* What all workers have in common. */
struct cleaner_shared {
	struct log_dirs *dirs;
	const struct clock *clock;
	struct cleaner_throttle throttle;
	atomic_bool stop;
	_Atomic int64_t backoff_ms;
	_Atomic int64_t last_run_ms; /* wall time */
	atomic_int dirtiest_percent;

	struct lock lock; /* RANK_LEAF: guards what follows */
	struct cond changed; /* `stop`, the rate, the backoff, or `choosing` */
	bool choosing;	     /* one worker at a time compares logs */
};

void cleaner_shared_init(struct cleaner_shared *s, struct log_dirs *dirs, const struct clock *clock, double rate);
void cleaner_shared_fini(struct cleaner_shared *s);
void cleaner_shared_wake(struct cleaner_shared *s);

struct cleaner_worker {
	struct cleaner_shared *shared;
	struct cleaner_pass pass;
	const char *key;	/* of the log in work; NULL: none */
	const char *parent_dir; /* of it */

	struct lock lock; /* RANK_LEAF: of the last cleaning, for metrics */
	struct cleaner_stats stats;
	int64_t overdue_ms;
};

/* As cleaner_pass_init. */
int cleaner_worker_init(struct cleaner_worker *w, struct cleaner_shared *shared,
    const struct cleaner_pass_config *config) MUST_CHECK;
void cleaner_worker_fini(struct cleaner_worker *w);

/* Cleans the dirtiest log if there is one to clean, and applies retention to compacted logs. True when a log was
 * taken up, whatever came of it. */
bool cleaner_worker_once(struct cleaner_worker *w);

#endif
