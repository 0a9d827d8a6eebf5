/* worker.h - a pool of threads for work that may wait, and timers for background work.
 *
 * A job is embedded in its owner's struct and stays valid until its function has run; it runs exactly once
 * per submit. Thread: submit from any; functions run on a pool thread.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct worker_pool;

struct job {
	struct list link;
	void (*run)(struct job *job);
};

/* `name` (at most 10 characters) names the threads. */
struct worker_pool *worker_pool_new(const char *name, int threads);
void worker_pool_submit(struct worker_pool *p, struct job *job);
/* Changes the number of threads, at least 1 (num.io.threads and background.threads are dynamic). */
void worker_pool_resize(struct worker_pool *p, int threads);
/* Runs what is queued, then joins the threads. Accepts NULL, returns NULL. */
struct worker_pool *worker_pool_free(struct worker_pool *p);

/* Timers whose functions run on a pool. */
struct scheduler;
struct timer;

struct scheduler *scheduler_new(struct worker_pool *pool);
/* Stops the timer thread; functions already queued on the pool still run, so free the pool before what they
 * use. All timers are gone. Free the scheduler before the pool. Accepts NULL, returns NULL. */
struct scheduler *scheduler_free(struct scheduler *s);
/* First after delay_ms, then every period_ms after the end of the previous run; period_ms 0: once.
 * `name` lives as long as the timer (it is for debuggers).
 * The timer is owned by the scheduler until cancelled (or, once-timers, until run). */
struct timer *scheduler_add(struct scheduler *s, const char *name, int64_t delay_ms, int64_t period_ms,
    void (*run)(void *arg), void *arg);
/* After it returns the function is not running and will not run. Not from within the function itself.
 * Not for once-timers that may have run. */
void scheduler_cancel(struct scheduler *s, struct timer *t);

#endif
