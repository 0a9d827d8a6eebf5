/* topic_map.c - the trie: root (64 children), middle (64 children), bucket (a small unsorted array).
 *
 * With 100,000 topics a bucket holds about 25 entries, compared by their stored hash first. `own` makes a node
 * safe to change: it is already when nobody else holds it; else a copy takes its place. Ownership is top-down:
 * a node below a shared one is never changed in place, because the copy of its parent took a reference.
 */
#include "metadata/topic_map.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "metadata/image_priv.h"

enum { FANOUT = 64, DEPTH = 2 };

struct topic_entry {
	uint64_t hash;
	struct image_topic *topic; /* counted */
};

struct topic_node {
	atomic_int refs;
	int depth; /* 0 root .. DEPTH: bucket */
	struct topic_node *child[FANOUT]; /* counted; not in a bucket */
};

struct topic_bucket {
	struct topic_node node; /* children unused; first */
	size_t n, cap;
	struct topic_entry *entries;
};

/* FNV-1a, finished with a multiply-shift so that the top bits, which choose the path, are mixed too. */
static uint64_t hash_bytes(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	return h * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t hash_name(struct str name)
{
	return hash_bytes(name.p, name.len > 0 ? (size_t)name.len : 0);
}

static uint64_t hash_of(const struct topic_map *m, const struct image_topic *t)
{
	if (m->key == TOPIC_MAP_BY_ID)
		return hash_bytes(t->id.b, sizeof(t->id.b));
	return hash_name(str_of(t->name));
}

static bool same_key(const struct topic_map *m, const struct image_topic *a, const struct image_topic *b)
{
	if (m->key == TOPIC_MAP_BY_ID)
		return uuid_eq(a->id, b->id);
	return strcmp(a->name, b->name) == 0;
}

static size_t slot_of(uint64_t hash, int depth)
{
	return (size_t)(hash >> (58 - 6 * depth)) & (FANOUT - 1);
}

static struct topic_bucket *bucket_of(struct topic_node *n)
{
	assert(n->depth == DEPTH);
	return (struct topic_bucket *)(void *)n;
}

static struct topic_node *node_new(int depth)
{
	struct topic_node *n;

	if (depth == DEPTH)
		n = xcalloc(1, sizeof(struct topic_bucket));
	else
		n = xcalloc(1, sizeof(*n));
	atomic_init(&n->refs, 1);
	n->depth = depth;
	return n;
}

static struct topic_node *node_ref(struct topic_node *n)
{
	if (n)
		atomic_fetch_add_explicit(&n->refs, 1, memory_order_relaxed);
	return n;
}

static void node_unref(struct topic_node *n)
{
	/* release: our reads come before the free of whoever drops the last; acquire: that one sees them. */
	if (!n || atomic_fetch_sub_explicit(&n->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (n->depth == DEPTH) {
		struct topic_bucket *b = bucket_of(n);

		for (size_t i = 0; i < b->n; i++)
			image_topic_unref(b->entries[i].topic);
		free(b->entries);
	} else {
		for (size_t i = 0; i < FANOUT; i++)
			node_unref(n->child[i]);
	}
	free(n);
}

/* Makes *at changeable: an empty node where there is none, a copy where others hold it too. */
static struct topic_node *own(struct topic_node **at, int depth)
{
	struct topic_node *old = *at, *n;

	if (!old)
		return *at = node_new(depth);
	if (atomic_load_explicit(&old->refs, memory_order_acquire) == 1)
		return old;
	n = node_new(depth);
	if (depth == DEPTH) {
		struct topic_bucket *b = bucket_of(n), *from = bucket_of(old);

		b->entries = grow_array(NULL, &b->cap, from->n + 1, sizeof(*b->entries));
		b->n = from->n;
		for (size_t i = 0; i < b->n; i++) {
			b->entries[i] = from->entries[i];
			image_topic_ref(b->entries[i].topic);
		}
	} else {
		for (size_t i = 0; i < FANOUT; i++)
			n->child[i] = node_ref(old->child[i]);
	}
	node_unref(old);
	return *at = n;
}

static struct topic_bucket *own_bucket(struct topic_map *m, uint64_t hash)
{
	struct topic_node **at = &m->root;

	for (int depth = 0; depth < DEPTH; depth++)
		at = &own(at, depth)->child[slot_of(hash, depth)];
	return bucket_of(own(at, DEPTH));
}

static struct topic_bucket *find_bucket(const struct topic_map *m, uint64_t hash)
{
	struct topic_node *n = m->root;

	for (int depth = 0; n && depth < DEPTH; depth++)
		n = n->child[slot_of(hash, depth)];
	return n ? bucket_of(n) : NULL;
}

void topic_map_init(struct topic_map *m, enum topic_map_key key)
{
	*m = (struct topic_map){ .key = key };
}

void topic_map_fini(struct topic_map *m)
{
	node_unref(m->root);
	m->root = NULL;
	m->n = 0;
}

void topic_map_share(struct topic_map *m, const struct topic_map *from)
{
	*m = (struct topic_map){ .key = from->key, .root = node_ref(from->root), .n = from->n };
}

void topic_map_put(struct topic_map *m, struct image_topic *t)
{
	uint64_t hash = hash_of(m, t);
	struct topic_bucket *b = own_bucket(m, hash);

	image_topic_ref(t);
	for (size_t i = 0; i < b->n; i++) {
		if (b->entries[i].hash == hash && same_key(m, b->entries[i].topic, t)) {
			image_topic_unref(b->entries[i].topic);
			b->entries[i].topic = t;
			return;
		}
	}
	b->entries = grow_array(b->entries, &b->cap, b->n + 1, sizeof(*b->entries));
	b->entries[b->n++] = (struct topic_entry){ hash, t };
	m->n++;
}

void topic_map_remove(struct topic_map *m, const struct image_topic *t)
{
	uint64_t hash = hash_of(m, t);
	struct topic_bucket *b = find_bucket(m, hash);
	size_t i = 0;

	while (b && i < b->n && !(b->entries[i].hash == hash && same_key(m, b->entries[i].topic, t)))
		i++;
	if (!b || i == b->n)
		return;
	b = own_bucket(m, hash); /* a copy keeps the order */
	image_topic_unref(b->entries[i].topic);
	b->entries[i] = b->entries[--b->n];
	m->n--;
}

struct image_topic *topic_map_by_name(const struct topic_map *m, struct str name)
{
	uint64_t hash = hash_name(name);
	struct topic_bucket *b = find_bucket(m, hash);

	assert(m->key == TOPIC_MAP_BY_NAME);
	for (size_t i = 0; b && i < b->n; i++) {
		if (b->entries[i].hash == hash && str_is(name, b->entries[i].topic->name))
			return b->entries[i].topic;
	}
	return NULL;
}

struct image_topic *topic_map_by_id(const struct topic_map *m, struct uuid id)
{
	uint64_t hash = hash_bytes(id.b, sizeof(id.b));
	struct topic_bucket *b = find_bucket(m, hash);

	assert(m->key == TOPIC_MAP_BY_ID);
	for (size_t i = 0; b && i < b->n; i++) {
		if (b->entries[i].hash == hash && uuid_eq(b->entries[i].topic->id, id))
			return b->entries[i].topic;
	}
	return NULL;
}

static size_t list_node(struct topic_node *n, const struct image_topic **out)
{
	size_t at = 0;

	if (!n)
		return 0;
	if (n->depth == DEPTH) {
		for (; at < bucket_of(n)->n; at++)
			out[at] = bucket_of(n)->entries[at].topic;
		return at;
	}
	for (size_t i = 0; i < FANOUT; i++)
		at += list_node(n->child[i], out + at);
	return at;
}

void topic_map_list(const struct topic_map *m, const struct image_topic **out)
{
	size_t n = list_node(m->root, out);

	assert(n == m->n);
	(void)n;
}
