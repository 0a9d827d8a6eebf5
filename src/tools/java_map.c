/* java_map.c - see java_map.h. Facts: java.util.HashMap and ConcurrentHashMap of OpenJDK 17. */
#include "tools/java_map.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "tools/java_order.h"

size_t java_buckets_from(size_t capacity, size_t n)
{
	size_t buckets = 1;

	while (buckets < capacity)
		buckets *= 2;
	while (n > buckets * 3 / 4)
		buckets *= 2;
	return buckets;
}

size_t *java_map_order(const int32_t *hashes, size_t n, size_t capacity)
{
	size_t *ret = xcalloc(n + 1, sizeof(*ret));

	java_order(hashes, n, java_buckets_from(capacity, n), ret);
	return ret;
}

/* Puts keys that are in `order` into another map. */
static void pass_on(const int32_t *hashes, size_t n, size_t buckets, size_t *order)
{
	int32_t *h = xcalloc(n + 1, sizeof(*h));
	size_t *before = xcalloc(n + 1, sizeof(*before)), *next = xcalloc(n + 1, sizeof(*next));

	for (size_t i = 0; i < n; i++) {
		before[i] = order[i];
		h[i] = hashes[order[i]];
	}
	java_order(h, n, buckets, next);
	for (size_t i = 0; i < n; i++)
		order[i] = before[next[i]];
	free(h);
	free(before);
	free(next);
}

size_t *java_result_order(const int32_t *hashes, size_t n)
{
	size_t *ret = java_map_order(hashes, n, n);

	pass_on(hashes, n, java_buckets_from(n * 4 / 3 + 1, n), ret);
	pass_on(hashes, n, java_buckets_from(n, n), ret);
	return ret;
}

/* ---- Properties are a ConcurrentHashMap ---- */

#define NONE SIZE_MAX

/* Keys are numbered; each is in the list of its bucket. */
struct table {
	size_t buckets;
	size_t *head; /* of a bucket's list; NONE: it is empty */
	size_t *next;
	const uint32_t *hashes;
};

static size_t *empty_heads(size_t n)
{
	size_t *head = xcalloc(n, sizeof(*head));

	for (size_t i = 0; i < n; i++)
		head[i] = NONE;
	return head;
}

/* A new key goes to the end of its list. */
static void append(struct table *t, size_t key)
{
	size_t *at = &t->head[t->hashes[key] & (t->buckets - 1)];

	while (*at != NONE)
		at = &t->next[*at];
	*at = key;
	t->next[key] = NONE;
}

/* Splits a list among two buckets. The keys at its end that go to the same bucket stay together as they are; those
 * before them are put in front, one after the other, so they turn round. */
static void split(struct table *t, size_t first, size_t *low, size_t *high)
{
	size_t bit = t->buckets, last_run = first;
	size_t *ends[2] = {low, high};

	for (size_t key = first; key != NONE; key = t->next[key])
		if ((t->hashes[key] & bit) != (t->hashes[last_run] & bit))
			last_run = key;
	*ends[(t->hashes[last_run] & bit) != 0] = last_run;
	for (size_t key = first, next; key != last_run; key = next) {
		size_t *end = ends[(t->hashes[key] & bit) != 0];

		next = t->next[key];
		t->next[key] = *end;
		*end = key;
	}
}

static void grow(struct table *t)
{
	size_t *head = empty_heads(2 * t->buckets);

	for (size_t i = 0; i < t->buckets; i++)
		if (t->head[i] != NONE)
			split(t, t->head[i], &head[i], &head[i + t->buckets]);
	free(t->head);
	t->head = head;
	t->buckets *= 2;
}

void java_properties_sort(struct properties *p)
{
	struct property *v = xcalloc(p->n + 1, sizeof(*v));
	uint32_t *hashes = xcalloc(p->n + 1, sizeof(*hashes));
	struct table t = {.buckets = JAVA_MAP_DEFAULT, .hashes = hashes};
	size_t n = 0;

	t.head = empty_heads(t.buckets);
	t.next = xcalloc(p->n + 1, sizeof(*t.next));
	for (size_t i = 0; i < p->n; i++) {
		uint32_t h = (uint32_t)str_java_hash(str_of(p->v[i].key));

		v[i] = p->v[i];
		hashes[i] = h ^ h >> 16;
		append(&t, i);
		if (i + 1 >= t.buckets / 4 * 3)
			grow(&t);
	}
	for (size_t i = 0; i < t.buckets; i++)
		for (size_t key = t.head[i]; key != NONE; key = t.next[key])
			p->v[n++] = v[key];
	free(t.next);
	free(t.head);
	free(hashes);
	free(v);
}
