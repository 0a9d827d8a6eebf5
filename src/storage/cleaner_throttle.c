/* cleaner_throttle.c - see cleaner_throttle.h. */
#include "storage/cleaner_throttle.h"

#include "base/attr.h"

#define BURST_MS   300.0
#define FOREVER_MS 1e15 /* a rate of nothing: until the rate changes */

void cleaner_throttle_init(struct cleaner_throttle *t, double rate)
{
	lock_init(&t->lock, RANK_LEAF, "cleaner_throttle");
	t->rate = rate;
	t->free_ms = 0;
}

void cleaner_throttle_fini(struct cleaner_throttle *t)
{
	lock_fini(&t->lock);
}

void cleaner_throttle_set(struct cleaner_throttle *t, double rate)
{
	lock_take(&t->lock);
	t->rate = rate;
	t->free_ms = 0;
	lock_release(&t->lock);
}

int64_t cleaner_throttle_charge(struct cleaner_throttle *t, size_t bytes, int64_t now_ms)
{
	double cost;
	int64_t ms;

	lock_take(&t->lock);
	cost = t->rate > 0 ? (double)bytes * 1000 / t->rate : FOREVER_MS;
	t->free_ms = MIN(MAX(t->free_ms, (double)now_ms - BURST_MS) + cost, FOREVER_MS);
	ms = (int64_t)t->free_ms;
	lock_release(&t->lock);
	return ms;
}

int64_t cleaner_throttle_free_ms(struct cleaner_throttle *t)
{
	int64_t ms;

	lock_take(&t->lock);
	ms = (int64_t)t->free_ms;
	lock_release(&t->lock);
	return ms;
}
