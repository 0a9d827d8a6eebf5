/* chores.c - see chores.h. */
#include "storage/chores.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/worker.h"

/* How often a scheduler looks: a flush after a roll is not urgent, deletion even less. */
#define PERIOD_MS 250

struct chores {
	const struct clock *clock;
	struct scheduler *scheduler;
	struct timer *timer;
	struct lock lock;
	struct list list; /* by due time */
};

static void on_timer(void *arg)
{
	while (chores_run(arg))
		continue;
}

struct chores *chores_new(const struct clock *clock, struct scheduler *scheduler)
{
	struct chores *c = xcalloc(1, sizeof(*c));

	c->clock = clock;
	c->scheduler = scheduler;
	lock_init(&c->lock, RANK_QUEUE, "chores");
	list_init(&c->list);
	if (scheduler)
		c->timer = scheduler_add(scheduler, "log-chores", PERIOD_MS, PERIOD_MS, on_timer, c);
	return c;
}

struct chores *chores_free(struct chores *c)
{
	struct chore *chore, *tmp;

	if (!c)
		return NULL;
	if (c->timer)
		scheduler_cancel(c->scheduler, c->timer);
	list_foreach_safe(chore, tmp, &c->list, link) {
		list_remove(&chore->link);
		chore->drop(chore);
	}
	lock_fini(&c->lock);
	free(c);
	return NULL;
}

void chores_add(struct chores *c, struct chore *chore, int64_t delay_ms)
{
	int64_t now = clock_mono_ms(c->clock);
	struct list *at;

	if (__builtin_add_overflow(now, delay_ms, &chore->due_ms))
		chore->due_ms = INT64_MAX;
	lock_take(&c->lock);
	at = c->list.prev; /* delays are mostly alike: the place is near the end */
	while (at != &c->list && list_entry(at, struct chore, link)->due_ms > chore->due_ms)
		at = at->prev;
	list_insert(at, &chore->link);
	lock_release(&c->lock);
}

bool chores_run(struct chores *c)
{
	int64_t now = clock_mono_ms(c->clock);
	struct chore *chore;

	lock_take(&c->lock);
	chore = list_first(&c->list, struct chore, link);
	if (chore && chore->due_ms <= now)
		list_remove(&chore->link);
	else
		chore = NULL;
	lock_release(&c->lock);
	if (chore)
		chore->run(chore);
	return chore != NULL;
}

bool chores_empty(struct chores *c)
{
	bool empty;

	lock_take(&c->lock);
	empty = list_empty(&c->list);
	lock_release(&c->lock);
	return empty;
}
