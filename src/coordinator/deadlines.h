/* deadlines.h - a heap of points in time, each embedded in what it belongs to.
 *
 * Owner: whoever embeds the heap. Thread: as the owner says. Layer: coordinator.
 */
#ifndef COORDINATOR_DEADLINES_H
#define COORDINATOR_DEADLINES_H

#include <stddef.h>
#include <stdint.h>

#define NO_DEADLINE INT64_MAX

struct deadline {
	int64_t at;  /* NO_DEADLINE: not in a heap */
	size_t slot;
};

#define DEADLINE_INIT ((struct deadline){ .at = NO_DEADLINE })

struct deadlines {
	struct deadline **v;
	size_t n, cap;
};

void deadlines_fini(struct deadlines *h); /* {0} is valid and empty; the deadlines in it are forgotten */
/* Puts `d` in, moves it, or with NO_DEADLINE takes it out. */
void deadlines_set(struct deadlines *h, struct deadline *d, int64_t at);
/* The earliest; NULL: none. */
static inline struct deadline *deadlines_first(const struct deadlines *h)
{
	return h->n ? h->v[0] : NULL;
}
static inline int64_t deadlines_next(const struct deadlines *h)
{
	return h->n ? h->v[0]->at : NO_DEADLINE;
}

#endif
