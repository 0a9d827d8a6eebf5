/* producer_ids.c - see producer_ids.h.
 *
 * `current` is used up, then `next` takes its place. The next block is asked for when less than a tenth of the current
 * one is left; `asking` is true from the request to its answer. The callback runs without the lock: it may answer at
 * once.
 */
#include "coordinator/producer_ids.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lock.h"
#include "protocol/errors.h"

#define RETRY_MS       50 /* after an error */
#define PREFETCH_TENTH 10

struct block {
	int64_t first, count, used;
};

struct producer_ids {
	struct producer_ids_config config;
	struct lock lock;
	struct block current, next;
	bool asking;
	int64_t not_before_ms;
};

struct producer_ids *producer_ids_new(const struct producer_ids_config *c)
{
	struct producer_ids *p = xcalloc(1, sizeof(*p));

	p->config = *c;
	lock_init(&p->lock, RANK_LEAF, "producer ids");
	return p;
}

struct producer_ids *producer_ids_free(struct producer_ids *p)
{
	if (!p)
		return NULL;
	lock_fini(&p->lock);
	free(p);
	return NULL;
}

/* `got`: an id was just found. Locks: p->lock held. */
static bool must_ask(struct producer_ids *p, bool got)
{
	const struct block *b = &p->current;

	if (p->asking || p->next.count > 0 || (b->count - b->used) * PREFETCH_TENTH > b->count)
		return false;
	if (got && p->config.late)
		return false;
	if (clock_mono_ms(p->config.clock) < p->not_before_ms)
		return false;
	p->asking = true;
	return true;
}

/* Locks: p->lock held. */
static bool take(struct producer_ids *p, int64_t *ret)
{
	if (p->current.used == p->current.count && p->next.count > 0) {
		p->current = p->next;
		p->next = (struct block){ .count = 0 };
	}
	if (p->current.used == p->current.count)
		return false;
	*ret = p->current.first + p->current.used++;
	return true;
}

void producer_ids_start(struct producer_ids *p)
{
	bool ask;

	lock_take(&p->lock);
	ask = must_ask(p, false);
	lock_release(&p->lock);
	if (ask)
		p->config.request(p->config.arg, p);
}

int producer_ids_next(struct producer_ids *p, int64_t *ret)
{
	bool got, ask;

	lock_take(&p->lock);
	got = take(p, ret);
	ask = must_ask(p, got);
	lock_release(&p->lock);
	if (ask)
		p->config.request(p->config.arg, p);
	if (!got && ask) { /* the answer may have come at once */
		lock_take(&p->lock);
		got = take(p, ret);
		lock_release(&p->lock);
	}
	return got ? 0 : KERR_COORDINATOR_LOAD_IN_PROGRESS;
}

void producer_ids_block(struct producer_ids *p, int r, int64_t first, int32_t count)
{
	lock_take(&p->lock);
	p->asking = false;
	if (r == 0 && first >= 0 && count > 0)
		p->next = (struct block){ .first = first, .count = count };
	else
		p->not_before_ms = clock_mono_ms(p->config.clock) + RETRY_MS;
	lock_release(&p->lock);
}
