/* lock.c - ranked mutexes.
 *
 * Each thread remembers the locks it holds in the order taken. Because they are taken in rising rank, the
 * last one has the highest, so one comparison checks a new one; releasing in any order keeps that true.
 */
#include "base/lock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/attr.h"

#define HELD_MAX 16

static _Thread_local struct {
	const struct lock *v[HELD_MAX];
	int n;
} held;

static NORETURN void lock_die(const struct lock *l, const char *what, const char *other)
{
	(void)fprintf(stderr, "lock %s (rank %d): %s%s\n", l->name, (int)l->rank, what, other);
	abort();
}

static void must(const struct lock *l, const char *call, int r)
{
	if (r != 0)
		lock_die(l, call, " failed");
}

static int find_held(const struct lock *l)
{
	for (int i = held.n - 1; i >= 0; i--)
		if (held.v[i] == l)
			return i;
	return -1;
}

void lock_init(struct lock *l, enum lock_rank rank, const char *name)
{
	l->name = name;
	l->rank = rank;
	l->held = false;
	must(l, "pthread_mutex_init", pthread_mutex_init(&l->mutex, NULL));
}

void lock_fini(struct lock *l)
{
	must(l, "pthread_mutex_destroy", pthread_mutex_destroy(&l->mutex));
}

static void set_owner(struct lock *l)
{
	l->owner = pthread_self();
	l->held = true;
}

void lock_take(struct lock *l)
{
	if (UNLIKELY(held.n > 0 && held.v[held.n - 1]->rank >= l->rank))
		lock_die(l, "taken while holding ", held.v[held.n - 1]->name);
	if (UNLIKELY(held.n == HELD_MAX))
		lock_die(l, "too many locks held", "");
	must(l, "pthread_mutex_lock", pthread_mutex_lock(&l->mutex));
	held.v[held.n++] = l;
	set_owner(l);
}

void lock_release(struct lock *l)
{
	int i = find_held(l);

	if (UNLIKELY(i < 0))
		lock_die(l, "released but not held", "");
	for (held.n--; i < held.n; i++)
		held.v[i] = held.v[i + 1];
	l->held = false;
	must(l, "pthread_mutex_unlock", pthread_mutex_unlock(&l->mutex));
}

void lock_assert_held(const struct lock *l)
{
	if (UNLIKELY(find_held(l) < 0))
		lock_die(l, "not held by this thread", "");
}

void cond_init(struct cond *c)
{
	pthread_condattr_t attr;
	int r = pthread_condattr_init(&attr);

	assert(r == 0);
	r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	assert(r == 0);
	r = pthread_cond_init(&c->cond, &attr);
	assert(r == 0);
	(void)r;
	(void)pthread_condattr_destroy(&attr);
}

void cond_fini(struct cond *c)
{
	(void)pthread_cond_destroy(&c->cond);
}

void cond_signal(struct cond *c)
{
	(void)pthread_cond_signal(&c->cond);
}

void cond_broadcast(struct cond *c)
{
	(void)pthread_cond_broadcast(&c->cond);
}

void lock_wait(struct lock *l, struct cond *c)
{
	lock_assert_held(l);
	l->held = false;
	must(l, "pthread_cond_wait", pthread_cond_wait(&c->cond, &l->mutex));
	set_owner(l);
}

/* "Never" (INT64_MAX) must stay a time that the kernel accepts: 30 years of uptime. */
#define DEADLINE_MAX_S 1000000000

bool lock_wait_until(struct lock *l, struct cond *c, int64_t deadline_mono_ms)
{
	int64_t ms = deadline_mono_ms > 0 ? deadline_mono_ms : 0;
	struct timespec ts = { .tv_sec = DEADLINE_MAX_S };
	int r;

	if (ms / 1000 < DEADLINE_MAX_S)
		ts = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	lock_assert_held(l);
	l->held = false;
	r = pthread_cond_timedwait(&c->cond, &l->mutex, &ts);
	set_owner(l);
	if (r != ETIMEDOUT)
		must(l, "pthread_cond_timedwait", r);
	return r != ETIMEDOUT;
}
