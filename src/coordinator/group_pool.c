/* group_pool.c - the names and producers that groups share. */
#include "coordinator/group_pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "coordinator/group_offsets_priv.h"

struct group_pool *group_pool_new(const struct group_settings *s, int32_t partition, group_random_fn *random, void *arg)
{
	struct group_pool *pool = xcalloc(1, sizeof(*pool));

	pool->settings = *s;
	pool->settings.initial_rebalance_delay_ms = MAX(s->initial_rebalance_delay_ms, 0);
	pool->partition = partition;
	pool->random = random;
	pool->random_arg = arg;
	return pool;
}

struct group_pool *group_pool_free(struct group_pool *pool)
{
	if (!pool)
		return NULL;
	assert(!pool->topics);
	assert(!pool->producers);
	free(pool);
	return NULL;
}

const struct group_pool_counts *group_pool_counts(const struct group_pool *pool)
{
	return &pool->counts;
}

struct topic_name *topic_name_find(const struct group_pool *pool, struct str text)
{
	struct topic_name *t = NULL;

	if (text.len > 0)
		HASH_FIND(hh, pool->topics, text.p, (size_t)text.len, t);
	else
		HASH_FIND(hh, pool->topics, "", 0, t);
	return t;
}

static size_t topic_name_size(const struct topic_name *t)
{
	return sizeof(*t) + (size_t)t->text.len;
}

struct topic_name *topic_name_ref(struct group_pool *pool, struct str text)
{
	struct topic_name *t = topic_name_find(pool, text);
	int32_t len = MAX(text.len, 0);
	char *p;

	if (!t) {
		t = try_array(sizeof(*t) + (size_t)len, 1, SIZE_MAX / 2);
		if (!t)
			return NULL;
		p = (char *)(t + 1);
		if (len)
			memcpy(p, text.p, (size_t)len);
		t->text = (struct str){ p, len };
		HASH_ADD_KEYPTR(hh, pool->topics, t->text.p, (size_t)len, t);
		pool->counts.memory += topic_name_size(t);
	}
	t->refs++;
	return t;
}

void topic_name_unref(struct group_pool *pool, struct topic_name *t)
{
	assert(t->refs > 0);
	if (--t->refs > 0)
		return;
	pool->counts.memory -= topic_name_size(t);
	HASH_DEL(pool->topics, t);
	free(t);
}
