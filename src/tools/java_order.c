/* java_order.c - HashMap walks its buckets in order, and the keys of a bucket in order of insertion, which growing keeps
 * (java.util.HashMap, resize). */
#include "tools/java_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"

#define BUCKETS_MIN 16

struct place {
	size_t bucket, index;
};

int32_t java_hash_partition(struct str topic, int32_t partition)
{
	uint32_t h = 31 * (31 + (uint32_t)partition) + (uint32_t)str_java_hash(topic);

	return (int32_t)h;
}

size_t java_buckets(size_t n)
{
	size_t buckets = BUCKETS_MIN;

	while (n > buckets / 4 * 3)
		buckets *= 2;
	return buckets;
}

size_t java_buckets_at_once(size_t n)
{
	size_t room = MAX(n * 4 / 3 + 1, BUCKETS_MIN), buckets = BUCKETS_MIN;

	while (buckets < room)
		buckets *= 2;
	return buckets;
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void java_order(const int32_t *hashes, size_t n, size_t buckets, size_t *ret)
{
	struct place *places = xcalloc(n + 1, sizeof(*places));

	for (size_t i = 0; i < n; i++) {
		uint32_t h = (uint32_t)hashes[i];

		places[i] = (struct place){(h ^ h >> 16) & (buckets - 1), i};
	}
	qsort(places, n, sizeof(*places), by_place);
	for (size_t i = 0; i < n; i++)
		ret[i] = places[i].index;
	free(places);
}

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

/* Properties are a ConcurrentHashMap, which grows as soon as it is three quarters full. */
void java_properties_sort(struct properties *p)
{
	struct property *v = xcalloc(p->n + 1, sizeof(*v));
	int32_t *hashes = xcalloc(p->n + 1, sizeof(*hashes));
	size_t *order = xcalloc(p->n + 1, sizeof(*order));

	for (size_t i = 0; i < p->n; i++) {
		v[i] = p->v[i];
		hashes[i] = str_java_hash(str_of(v[i].key));
	}
	java_order(hashes, p->n, java_buckets_from(BUCKETS_MIN, p->n + 1), order);
	for (size_t i = 0; i < p->n; i++)
		p->v[i] = v[order[i]];
	free(order);
	free(hashes);
	free(v);
}
