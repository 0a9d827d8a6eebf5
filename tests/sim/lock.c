/* lock.c - base/lock.h for fibers: the same ranks and the same deaths, waiting in virtual time.
 *
 * The memory of the mutex and of the condition holds the list of the fibers that wait.
 */
#include "base/lock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "fiber.h"

static_assert(sizeof(struct list) <= sizeof(pthread_mutex_t), "a list fits into a mutex");
static_assert(sizeof(struct list) <= sizeof(pthread_cond_t), "a list fits into a condition");

static struct list *lock_waiters(struct lock *l)
{
	return (struct list *)(void *)&l->mutex;
}

static struct list *cond_waiters(struct cond *c)
{
	return (struct list *)(void *)&c->cond;
}

static NORETURN void lock_die(const struct lock *l, const char *what, const char *other)
{
	(void)fprintf(stderr, "lock %s (rank %d): %s%s\n", l->name, (int)l->rank, what, other);
	abort();
}

void lock_init(struct lock *l, enum lock_rank rank, const char *name)
{
	l->name = name;
	l->rank = rank;
	l->held = false;
	l->owner = 0;
	list_init(lock_waiters(l));
}

void lock_fini(struct lock *l)
{
	if (l->held)
		lock_die(l, "destroyed while held", "");
}

static int find_held(const struct lock *l)
{
	struct fiber *f = fiber_self();

	for (int i = f ? f->held_n - 1 : -1; i >= 0; i--)
		if (f->held[i] == l)
			return i;
	return -1;
}

static void acquire(struct lock *l)
{
	while (l->held)
		(void)fiber_wait(lock_waiters(l), INT64_MAX);
	l->held = true;
	l->owner = (pthread_t)(uintptr_t)fiber_self();
}

void lock_take(struct lock *l)
{
	struct fiber *f = fiber_self();

	if (f && f->held_n > 0 && f->held[f->held_n - 1]->rank >= l->rank)
		lock_die(l, "taken while holding ", f->held[f->held_n - 1]->name);
	if (f && f->held_n == FIBER_HELD_MAX)
		lock_die(l, "too many locks held", "");
	fiber_maybe_yield();
	acquire(l);
	if (f)
		f->held[f->held_n++] = l;
}

static void hand_on(struct lock *l)
{
	l->held = false;
	if (!list_empty(lock_waiters(l)))
		fiber_wake(list_first(lock_waiters(l), struct fiber, link));
}

void lock_release(struct lock *l)
{
	struct fiber *f = fiber_self();
	int i = find_held(l);

	if (f && i < 0)
		lock_die(l, "released but not held", "");
	if (f)
		for (f->held_n--; i < f->held_n; i++)
			f->held[i] = f->held[i + 1];
	hand_on(l);
}

void lock_assert_held(const struct lock *l)
{
	if (find_held(l) < 0)
		lock_die(l, "not held by this thread", "");
}

void cond_init(struct cond *c)
{
	list_init(cond_waiters(c));
}

void cond_fini(struct cond *c)
{
	assert(list_empty(cond_waiters(c)));
}

void cond_signal(struct cond *c)
{
	if (!list_empty(cond_waiters(c)))
		fiber_wake(list_first(cond_waiters(c), struct fiber, link));
}

void cond_broadcast(struct cond *c)
{
	fiber_wake_all(cond_waiters(c));
}

void lock_wait(struct lock *l, struct cond *c)
{
	(void)lock_wait_until(l, c, INT64_MAX);
}

bool lock_wait_until(struct lock *l, struct cond *c, int64_t deadline_mono_ms)
{
	bool in_time;

	lock_assert_held(l);
	hand_on(l);
	in_time = fiber_wait(cond_waiters(c), deadline_mono_ms);
	acquire(l);
	return in_time;
}
