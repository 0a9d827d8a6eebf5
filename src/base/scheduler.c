/* scheduler.c - timers: a thread with a heap that hands what is due to a pool.
 *
 *   WAITING   in the heap                        due: timer thread -> QUEUED
 *   QUEUED    on the pool, not begun             begun: -> RUNNING; cancelled: forgotten, freed there
 *   RUNNING   its function runs                  end: periodic -> WAITING, once -> freed
 *
 * A cancelled timer is freed at once (WAITING), by the job that finds it cancelled (QUEUED), or by the
 * canceller after the function has ended (RUNNING). Jobs on the pool outlive scheduler_free, therefore the
 * scheduler's memory is counted: one for its owner, one for each job.
 */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/worker.h"

enum timer_state { TIMER_WAITING, TIMER_QUEUED, TIMER_RUNNING, TIMER_ENDED };

struct timer {
	struct job job;
	struct scheduler *scheduler;
	const char *name;
	void (*run)(void *arg);
	void *arg;
	int64_t due_ms, period_ms;
	uint64_t serial; /* equal times: first come, first served */
	size_t at;	 /* index in the heap while WAITING */
	enum timer_state state;
	bool cancelled;
	pthread_t runner; /* while RUNNING */
};

struct scheduler {
	struct lock lock; /* guards all below and the timers */
	struct cond wake; /* for the timer thread */
	struct cond ended; /* for cancellers: a cancelled timer has ended */
	struct worker_pool *pool;
	struct timer **heap; /* smallest due first */
	size_t n, cap;
	uint64_t serial;
	int refs;
	bool stopping;
	pthread_t thread;
};

static bool before(const struct timer *a, const struct timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->serial < b->serial;
}

static void heap_put(struct scheduler *s, size_t at, struct timer *t)
{
	s->heap[at] = t;
	t->at = at;
}

/* Moves t from index `at` to its place, upward or downward. */
static void heap_settle(struct scheduler *s, size_t at, struct timer *t)
{
	while (at > 0 && before(t, s->heap[(at - 1) / 2])) {
		heap_put(s, at, s->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < s->n && before(s->heap[child + 1], s->heap[child]))
			child++;
		if (child >= s->n || !before(s->heap[child], t))
			break;
		heap_put(s, at, s->heap[child]);
		at = child;
	}
	heap_put(s, at, t);
}

/* Locks: s->lock held. */
static void heap_push(struct scheduler *s, struct timer *t)
{
	s->heap = grow_array(s->heap, &s->cap, s->n + 1, sizeof(struct timer *));
	t->state = TIMER_WAITING;
	t->serial = s->serial++;
	heap_settle(s, s->n++, t);
	if (t->at == 0)
		cond_signal(&s->wake);
}

/* Locks: s->lock held. */
static void heap_remove(struct scheduler *s, struct timer *t)
{
	struct timer *last = s->heap[--s->n];

	assert(t->state == TIMER_WAITING);
	if (last != t)
		heap_settle(s, t->at, last);
}

static void scheduler_destroy(struct scheduler *s)
{
	free(s->heap);
	cond_fini(&s->ended);
	cond_fini(&s->wake);
	lock_fini(&s->lock);
	free(s);
}

/* Releases the lock and one reference. */
static void release_unref(struct scheduler *s)
{
	bool last = --s->refs == 0;

	lock_release(&s->lock);
	if (last)
		scheduler_destroy(s);
}

static int64_t after_ms(int64_t delay_ms)
{
	int64_t due;

	if (__builtin_add_overflow(clock_mono_ms(&clock_real), delay_ms > 0 ? delay_ms : 0, &due))
		return INT64_MAX;
	return due;
}

/* The function has ended, or was not to run. Locks: s->lock held. */
static void timer_end(struct scheduler *s, struct timer *t, bool ran)
{
	if (t->cancelled && ran) {
		t->state = TIMER_ENDED; /* the canceller waits for this and frees it */
		cond_broadcast(&s->ended);
	} else if (t->cancelled || s->stopping || t->period_ms == 0) {
		free(t);
	} else {
		t->due_ms = after_ms(t->period_ms);
		heap_push(s, t);
	}
}

static void timer_job(struct job *job)
{
	struct timer *t = CONTAINER_OF(job, struct timer, job);
	struct scheduler *s = t->scheduler;
	bool run;

	lock_take(&s->lock);
	run = !t->cancelled;
	if (run) {
		t->state = TIMER_RUNNING;
		t->runner = pthread_self();
		lock_release(&s->lock);
		t->run(t->arg);
		lock_take(&s->lock);
	}
	timer_end(s, t, run);
	release_unref(s);
}

/* Takes the timers that are due off the heap. Locks: s->lock held. */
static void take_due(struct scheduler *s, int64_t now_ms, struct list *due)
{
	while (s->n > 0 && s->heap[0]->due_ms <= now_ms) {
		struct timer *t = s->heap[0];

		heap_remove(s, t);
		t->state = TIMER_QUEUED;
		s->refs++;
		list_append(due, &t->job.link);
	}
}

/* The pool's lock has the same rank as ours, so nothing is submitted with ours held. */
static void submit_all(struct scheduler *s, struct list *due)
{
	struct job *job, *tmp;

	lock_release(&s->lock);
	list_foreach_safe(job, tmp, due, link)
	{
		list_remove(&job->link);
		worker_pool_submit(s->pool, job);
	}
	lock_take(&s->lock);
}

static void *scheduler_main(void *arg)
{
	struct scheduler *s = arg;
	struct list due = LIST_INIT(due);

	lock_take(&s->lock);
	while (!s->stopping) {
		take_due(s, clock_mono_ms(&clock_real), &due);
		if (!list_empty(&due))
			submit_all(s, &due);
		else
			(void)lock_wait_until(&s->lock, &s->wake, s->n > 0 ? s->heap[0]->due_ms : INT64_MAX);
	}
	lock_release(&s->lock);
	return NULL;
}

struct scheduler *scheduler_new(struct worker_pool *pool)
{
	struct scheduler *s = xcalloc(1, sizeof(*s));
	sigset_t all, old;
	int r;

	lock_init(&s->lock, RANK_QUEUE, "scheduler");
	cond_init(&s->wake);
	cond_init(&s->ended);
	s->pool = pool;
	s->refs = 1;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&s->thread, NULL, scheduler_main, s);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0) {
		(void)fprintf(stderr, "cannot start the timer thread\n");
		abort();
	}
	(void)pthread_setname_np(s->thread, "scheduler");
	return s;
}

struct scheduler *scheduler_free(struct scheduler *s)
{
	if (!s)
		return NULL;
	lock_take(&s->lock);
	s->stopping = true;
	cond_signal(&s->wake);
	lock_release(&s->lock);
	(void)pthread_join(s->thread, NULL);
	lock_take(&s->lock);
	while (s->n > 0)
		free(s->heap[--s->n]);
	release_unref(s);
	return NULL;
}

struct timer *scheduler_add(struct scheduler *s, const char *name, int64_t delay_ms, int64_t period_ms,
    void (*run)(void *arg), void *arg)
{
	struct timer *t = xcalloc(1, sizeof(*t));

	assert(period_ms >= 0);
	t->scheduler = s;
	t->job.run = timer_job;
	t->name = name;
	t->run = run;
	t->arg = arg;
	t->due_ms = after_ms(delay_ms);
	t->period_ms = period_ms;
	lock_take(&s->lock);
	heap_push(s, t);
	lock_release(&s->lock);
	return t;
}

void scheduler_cancel(struct scheduler *s, struct timer *t)
{
	lock_take(&s->lock);
	assert(!t->cancelled);
	t->cancelled = true;
	switch (t->state) {
	case TIMER_WAITING:
		heap_remove(s, t);
		free(t);
		break;
	case TIMER_QUEUED:
		break; /* its job finds it cancelled and frees it */
	case TIMER_RUNNING:
	case TIMER_ENDED:
		assert(!pthread_equal(t->runner, pthread_self()));
		while (t->state != TIMER_ENDED)
			lock_wait(&s->lock, &s->ended);
		free(t);
		break;
	}
	lock_release(&s->lock);
}
