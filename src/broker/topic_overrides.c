/* topic_overrides.c - see topic_overrides.h. */
#include "broker/topic_overrides.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "base/table.h"

struct topic {
	char *name;
	struct properties overrides;
	UT_hash_handle hh;
};

struct topic_overrides {
	struct lock lock; /* guards what follows */
	struct topic *topics;
	uint64_t generation; /* counts announcements */
};

struct topic_overrides *topic_overrides_new(void)
{
	struct topic_overrides *t = xcalloc(1, sizeof(*t));

	lock_init(&t->lock, RANK_LEAF, "topic overrides");
	return t;
}

static void topic_drop(struct topic_overrides *t, struct topic *topic)
{
	HASH_DEL(t->topics, topic);
	properties_fini(&topic->overrides);
	free(topic->name);
	free(topic);
}

struct topic_overrides *topic_overrides_free(struct topic_overrides *t)
{
	struct topic *topic, *next;

	if (!t)
		return NULL;
	HASH_ITER (hh, t->topics, topic, next)
		topic_drop(t, topic);
	lock_fini(&t->lock);
	free(t);
	return NULL;
}

/* Locks: t->lock held. */
static struct topic *find(struct topic_overrides *t, const char *name)
{
	struct topic *topic;

	HASH_FIND_STR(t->topics, name, topic);
	return topic;
}

static void copy(const struct properties *from, struct properties *to)
{
	for (size_t i = 0; i < from->n; i++)
		properties_set(to, from->v[i].key, from->v[i].value, 0);
}

static void replace(struct topic *topic, const struct properties *p)
{
	properties_fini(&topic->overrides);
	topic->overrides = (struct properties)PROPERTIES_INIT;
	copy(p, &topic->overrides);
}

uint64_t topic_overrides_generation(struct topic_overrides *t)
{
	uint64_t generation;

	lock_take(&t->lock);
	generation = t->generation;
	lock_release(&t->lock);
	return generation;
}

bool topic_overrides_put(struct topic_overrides *t, const char *name, const struct properties *p,
	uint64_t generation)
{
	struct topic *topic;
	bool current;

	lock_take(&t->lock);
	current = generation == t->generation;
	topic = find(t, name);
	if (current && !topic) {
		topic = xcalloc(1, sizeof(*topic));
		topic->name = xstrdup(name);
		HASH_ADD_KEYPTR(hh, t->topics, topic->name, strlen(topic->name), topic);
	}
	if (current)
		replace(topic, p);
	lock_release(&t->lock);
	return current;
}

bool topic_overrides_announce(struct topic_overrides *t, const char *name, const struct properties *p)
{
	struct topic *topic;

	lock_take(&t->lock);
	t->generation++;
	topic = find(t, name);
	if (topic)
		replace(topic, p);
	lock_release(&t->lock);
	return topic != NULL;
}

void topic_overrides_get(struct topic_overrides *t, const char *name, struct properties *ret)
{
	struct topic *topic;

	lock_take(&t->lock);
	topic = find(t, name);
	if (topic)
		copy(&topic->overrides, ret);
	lock_release(&t->lock);
}

static bool same(const struct properties *a, const struct properties *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const char *other = properties_get(b, a->v[i].key);

		if (!other || strcmp(other, a->v[i].value) != 0)
			return false;
	}
	return true;
}

bool topic_overrides_are(struct topic_overrides *t, const char *name, const struct properties *p)
{
	struct topic *topic;
	bool yes;

	lock_take(&t->lock);
	topic = find(t, name);
	yes = topic && same(&topic->overrides, p);
	lock_release(&t->lock);
	return yes;
}

void topic_overrides_forget(struct topic_overrides *t, const char *name)
{
	struct topic *topic;

	lock_take(&t->lock);
	topic = find(t, name);
	if (topic)
		topic_drop(t, topic);
	lock_release(&t->lock);
}

char **topic_overrides_names(struct topic_overrides *t, size_t *ret_n)
{
	struct topic *topic, *next;
	char **names;
	size_t n = 0;

	lock_take(&t->lock);
	names = xcalloc(HASH_COUNT(t->topics) + 1, sizeof(*names));
	HASH_ITER (hh, t->topics, topic, next)
		names[n++] = xstrdup(topic->name);
	lock_release(&t->lock);
	*ret_n = n;
	return names;
}
