/* gate.h - lets tests of threads wait for each other instead of sleeping. */
#ifndef TESTS_BASE_GATE_H
#define TESTS_BASE_GATE_H

#include "base/lock.h"

/* A counter that can be waited for. */
struct gate {
	struct lock lock;
	struct cond cond;
	int count;
};

static inline void gate_init(struct gate *g)
{
	lock_init(&g->lock, RANK_LEAF, "gate");
	cond_init(&g->cond);
	g->count = 0;
}

static inline void gate_fini(struct gate *g)
{
	cond_fini(&g->cond);
	lock_fini(&g->lock);
}

static inline void gate_add(struct gate *g)
{
	lock_take(&g->lock);
	g->count++;
	cond_broadcast(&g->cond);
	lock_release(&g->lock);
}

static inline int gate_count(struct gate *g)
{
	int n;

	lock_take(&g->lock);
	n = g->count;
	lock_release(&g->lock);
	return n;
}

static inline void gate_wait(struct gate *g, int count)
{
	lock_take(&g->lock);
	while (g->count < count)
		lock_wait(&g->lock, &g->cond);
	lock_release(&g->lock);
}

#endif
