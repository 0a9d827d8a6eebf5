/* deadlines.c - a binary heap that knows where everything is. */
#include "coordinator/deadlines.h"

#include <stdlib.h>

#include "base/alloc.h"

void deadlines_fini(struct deadlines *h)
{
	free(h->v);
	*h = (struct deadlines){ NULL, 0, 0 };
}

static void put(struct deadlines *h, size_t slot, struct deadline *d)
{
	h->v[slot] = d;
	d->slot = slot;
}

static void rise(struct deadlines *h, struct deadline *d)
{
	size_t i = d->slot;

	while (i > 0 && h->v[(i - 1) / 2]->at > d->at) {
		put(h, i, h->v[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(h, i, d);
}

static void sink(struct deadlines *h, struct deadline *d)
{
	size_t i = d->slot, child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && h->v[child + 1]->at < h->v[child]->at)
			child++;
		if (h->v[child]->at >= d->at)
			break;
		put(h, i, h->v[child]);
		i = child;
	}
	put(h, i, d);
}

static void take_out(struct deadlines *h, struct deadline *d)
{
	struct deadline *last = h->v[--h->n];

	d->at = NO_DEADLINE;
	if (last == d)
		return;
	put(h, d->slot, last);
	rise(h, last);
	sink(h, last);
}

void deadlines_set(struct deadlines *h, struct deadline *d, int64_t at)
{
	if (at == NO_DEADLINE) {
		if (d->at != NO_DEADLINE)
			take_out(h, d);
		return;
	}
	if (d->at == NO_DEADLINE) {
		h->v = grow_array(h->v, &h->cap, h->n + 1, sizeof(struct deadline *));
		put(h, h->n++, d);
	}
	d->at = at;
	rise(h, d);
	sink(h, d);
}
