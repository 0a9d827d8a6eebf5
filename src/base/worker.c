/* worker.c - the pool: one queue, a number of threads that may change.
 *
 * A thread that is too many leaves before it takes its next job and moves its record to `gone`, from where
 * the next resize or the end of the pool joins it; nobody waits for it before.
 */
#include "base/worker.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"

struct worker {
	struct list link; /* in pool->live or pool->gone */
	struct worker_pool *pool;
	pthread_t thread;
};

struct worker_pool {
	struct lock lock; /* guards all below */
	struct cond wake;
	struct list queue; /* of struct job */
	struct list live, gone;
	int n_live, target, serial;
	bool stopping;
	char name[11];
};

/* Locks: pool->lock held. */
static bool must_leave(const struct worker_pool *p)
{
	return p->n_live > p->target || (p->stopping && list_empty(&p->queue));
}

/* Waits for a job; NULL when the thread has to leave. Locks: pool->lock held. */
static struct job *next_job(struct worker_pool *p)
{
	struct job *job;

	while (!must_leave(p) && list_empty(&p->queue))
		lock_wait(&p->lock, &p->wake);
	if (must_leave(p))
		return NULL;
	job = list_first(&p->queue, struct job, link);
	list_remove(&job->link);
	return job;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct worker_pool *p = w->pool;
	struct job *job;

	lock_take(&p->lock);
	while ((job = next_job(p))) {
		lock_release(&p->lock);
		job->run(job); /* may free or submit itself again: not touched afterwards */
		lock_take(&p->lock);
	}
	list_remove(&w->link);
	list_append(&p->gone, &w->link);
	p->n_live--;
	/* A signal meant for a job may have woken this thread; hand it on. */
	cond_signal(&p->wake);
	lock_release(&p->lock);
	return NULL;
}

/* Starts a thread that takes no signals: those are the main thread's. Locks: pool->lock held. */
static bool add_worker(struct worker_pool *p)
{
	struct worker *w = xcalloc(1, sizeof(*w));
	sigset_t all, before;
	char name[16];
	int r;

	w->pool = p;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&w->thread, NULL, worker_main, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0) {
		free(w);
		return false;
	}
	(void)snprintf(name, sizeof(name), "%s-%d", p->name, p->serial++ % 1000);
	(void)pthread_setname_np(w->thread, name);
	list_append(&p->live, &w->link);
	p->n_live++;
	return true;
}

static void join_gone(struct list *gone)
{
	struct worker *w, *tmp;

	list_foreach_safe(w, tmp, gone, link)
	{
		(void)pthread_join(w->thread, NULL);
		list_remove(&w->link);
		free(w);
	}
}

struct worker_pool *worker_pool_new(const char *name, int threads)
{
	struct worker_pool *p = xcalloc(1, sizeof(*p));

	lock_init(&p->lock, RANK_QUEUE, "worker pool");
	cond_init(&p->wake);
	list_init(&p->queue);
	list_init(&p->live);
	list_init(&p->gone);
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	worker_pool_resize(p, threads);
	return p;
}

void worker_pool_submit(struct worker_pool *p, struct job *job)
{
	lock_take(&p->lock);
	list_append(&p->queue, &job->link);
	cond_signal(&p->wake);
	lock_release(&p->lock);
}

/* When the system refuses a thread the pool works with those it has; one is needed to work at all. */
void worker_pool_resize(struct worker_pool *p, int threads)
{
	struct list gone = LIST_INIT(gone);

	assert(threads > 0);
	lock_take(&p->lock);
	if (p->stopping) { /* called by one of the last jobs: the records are worker_pool_free's now */
		lock_release(&p->lock);
		return;
	}
	p->target = threads;
	while (p->n_live < p->target && add_worker(p))
		;
	if (p->n_live == 0) {
		(void)fprintf(stderr, "cannot start a thread of pool %s\n", p->name);
		abort();
	}
	cond_broadcast(&p->wake); /* those that are too many */
	list_splice(&gone, &p->gone);
	lock_release(&p->lock);
	join_gone(&gone);
}

/* Joins one thread after the other, those that have left first. A record is in one of the two lists until it
 * is freed here. */
struct worker_pool *worker_pool_free(struct worker_pool *p)
{
	if (!p)
		return NULL;
	lock_take(&p->lock);
	p->stopping = true;
	cond_broadcast(&p->wake);
	while (!list_empty(&p->live) || !list_empty(&p->gone)) {
		struct list *from = list_empty(&p->gone) ? &p->live : &p->gone;
		struct worker *w = list_first(from, struct worker, link);
		pthread_t thread = w->thread;

		lock_release(&p->lock);
		(void)pthread_join(thread, NULL);
		lock_take(&p->lock);
		list_remove(&w->link);
		free(w);
	}
	assert(p->n_live == 0);
	assert(list_empty(&p->queue));
	lock_release(&p->lock);
	cond_fini(&p->wake);
	lock_fini(&p->lock);
	free(p);
	return NULL;
}
