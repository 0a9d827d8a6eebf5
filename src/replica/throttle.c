/* throttle.c - see throttle.h (ReplicationQuotaManager.scala of 3.9). */
#include "replica/throttle.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/sampled_rate.h"
#include "base/table.h"
#include "replica/partition.h"
#include "storage/log_config.h"

#define LISTS (THROTTLE_FOLLOWER + 1) /* the kinds that have them */

/* The partitions of a topic whose replica here is listed. */
struct list_of {
	bool all;
	int32_t *v; /* owned; sorted */
	size_t n;
};

struct listing {
	char *topic;
	struct list_of lists[LISTS];
	UT_hash_handle hh;
};

struct quota {
	struct lock lock; /* RANK_LEAF: guards the two */
	struct sampled_rate rate;
	int64_t bound;
};

struct throttle {
	struct throttle_config config;
	struct quota quotas[THROTTLE_KINDS];
	atomic_int used[LISTS]; /* topics that list something */
	struct lock lock;	/* RANK_LEAF: guards the table */
	struct listing *topics;
};

/* --- life --- */

struct throttle *throttle_new(const struct throttle_config *c)
{
	struct throttle *t = xcalloc(1, sizeof(*t));

	t->config = *c;
	lock_init(&t->lock, RANK_LEAF, "throttle");
	for (int k = 0; k < LISTS; k++)
		atomic_init(&t->used[k], 0);
	for (int k = 0; k < THROTTLE_KINDS; k++) {
		const struct throttle_window *w = k == THROTTLE_MOVES ? &c->moves : &c->replication;

		lock_init(&t->quotas[k].lock, RANK_LEAF, "quota");
		sampled_rate_init(&t->quotas[k].rate, w->samples, w->window_ms);
		t->quotas[k].bound = INT64_MAX;
	}
	return t;
}

static void listing_free(struct throttle *t, struct listing *l)
{
	HASH_DEL(t->topics, l);
	for (int k = 0; k < LISTS; k++)
		free(l->lists[k].v);
	free(l->topic);
	free(l);
}

struct throttle *throttle_free(struct throttle *t)
{
	struct listing *l, *tmp;

	if (!t)
		return NULL;
	HASH_ITER(hh, t->topics, l, tmp)
		listing_free(t, l);
	for (int k = 0; k < THROTTLE_KINDS; k++) {
		sampled_rate_fini(&t->quotas[k].rate);
		lock_fini(&t->quotas[k].lock);
	}
	lock_fini(&t->lock);
	free(t);
	return NULL;
}

/* --- lists --- */

static int compare(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct list_of list_of(const struct throttled_replicas *from, int32_t broker)
{
	struct list_of l = { .all = from->all };

	l.v = xcalloc((size_t)from->n + 1, sizeof(*l.v));
	for (int32_t i = 0; i < from->n; i++)
		if (from->v[i].broker == broker)
			l.v[l.n++] = from->v[i].partition;
	qsort(l.v, l.n, sizeof(*l.v), compare);
	return l;
}

static bool list_says(const struct list_of *l)
{
	return l->all || l->n > 0;
}

/* Locks: t->lock held. */
static struct listing *find(struct throttle *t, const char *topic)
{
	struct listing *l;

	HASH_FIND_STR(t->topics, topic, l);
	return l;
}

/* Locks: t->lock held. */
static void count(struct throttle *t, const struct listing *l, int by)
{
	for (int k = 0; k < LISTS; k++)
		if (list_says(&l->lists[k]))
			atomic_fetch_add(&t->used[k], by);
}

static struct listing *listing_new(const char *topic, const struct log_config *settings, int32_t broker)
{
	struct listing *l = xcalloc(1, sizeof(*l));

	l->topic = xstrdup(topic);
	l->lists[THROTTLE_LEADER] = list_of(&settings->leader_throttled, broker);
	l->lists[THROTTLE_FOLLOWER] = list_of(&settings->follower_throttled, broker);
	return l;
}

void throttle_set_topic(struct throttle *t, const char *topic, const struct log_config *settings)
{
	bool says = settings && (settings->leader_throttled.all || settings->leader_throttled.n > 0 ||
				    settings->follower_throttled.all || settings->follower_throttled.n > 0);
	struct listing *l = says ? listing_new(topic, settings, t->config.broker_id) : NULL, *old;

	lock_take(&t->lock);
	old = find(t, topic);
	if (l)
		count(t, l, 1); /* before the old ones go: never 0 in between */
	if (old) {
		count(t, old, -1);
		listing_free(t, old);
	}
	if (l)
		HASH_ADD_KEYPTR(hh, t->topics, l->topic, strlen(l->topic), l);
	lock_release(&t->lock);
}

bool throttle_is_used(const struct throttle *t, enum throttle_kind kind)
{
	assert(kind < LISTS);
	/* relaxed: a list that is set just now may count from the next fetch on */
	return t && atomic_load_explicit(&t->used[kind], memory_order_relaxed) > 0;
}

bool throttle_lists(struct throttle *t, enum throttle_kind kind, const struct partition *p)
{
	const struct list_of *list;
	struct listing *l;
	bool listed = false;
	int32_t index;

	if (!throttle_is_used(t, kind))
		return false;
	index = partition_index(p);
	lock_take(&t->lock);
	l = find(t, partition_topic(p));
	if (l) {
		list = &l->lists[kind];
		listed = list->all || bsearch(&index, list->v, list->n, sizeof(index), compare) != NULL;
	}
	lock_release(&t->lock);
	return listed;
}

/* --- rates --- */

void throttle_set_rate(struct throttle *t, enum throttle_kind kind, int64_t rate)
{
	struct quota *q = &t->quotas[kind];

	lock_take(&q->lock);
	q->bound = rate;
	lock_release(&q->lock);
}

bool throttle_is_exceeded(struct throttle *t, enum throttle_kind kind)
{
	struct quota *q;
	bool exceeded;

	if (!t)
		return false;
	q = &t->quotas[kind];
	lock_take(&q->lock);
	exceeded = q->bound < INT64_MAX &&
		   sampled_rate_simple_per_second(&q->rate, clock_mono_ms(t->config.clock)) > (double)q->bound;
	lock_release(&q->lock);
	return exceeded;
}

void throttle_record(struct throttle *t, enum throttle_kind kind, size_t bytes)
{
	struct quota *q;

	if (!t)
		return;
	q = &t->quotas[kind];
	lock_take(&q->lock);
	sampled_rate_record(&q->rate, (double)bytes, clock_mono_ms(t->config.clock));
	lock_release(&q->lock);
}
