/* java_order.c - HashMap walks its buckets in order, and the keys of a bucket in order of insertion, which growing keeps
 * (java.util.HashMap, resize). */
#include "tools/java_order.h"

#include <stdlib.h>

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
