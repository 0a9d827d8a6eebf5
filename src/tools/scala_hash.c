/* scala_hash.c - elements come bucket by bucket, in a bucket by their hash, and with equal hashes as they were added. */
#include "tools/scala_hash.h"

#include <stdlib.h>

#include "base/alloc.h"

struct place {
	size_t bucket;
	int32_t hash;
	size_t element;
};

static int32_t improve(int32_t hash)
{
	return (int32_t)((uint32_t)hash ^ (uint32_t)hash >> 16);
}

/* A power of two: the smallest that is larger than `capacity`, at least 8. */
static size_t size_for(size_t capacity)
{
	size_t size = 8;

	while (size < capacity)
		size *= 2;
	return size;
}

void scala_table_hint(struct scala_table *t, size_t n)
{
	size_t size = size_for((n + 1) * 4 / 3);

	if (size > t->buckets)
		t->buckets = size;
}

void scala_table_add(struct scala_table *t, int fresh)
{
	if (t->elements + 1 >= t->buckets * 3 / 4)
		t->buckets *= 2;
	t->elements += fresh ? 1 : 0;
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->element < y->element ? -1 : x->element > y->element;
}

void scala_table_order(const struct scala_table *t, const int32_t *hashes, size_t n, size_t *ret_order)
{
	struct place *places = xcalloc(n + 1, sizeof(*places));

	for (size_t i = 0; i < n; i++) {
		int32_t hash = improve(hashes[i]);

		places[i] = (struct place){(uint32_t)hash & (t->buckets - 1), hash, i};
	}
	qsort(places, n, sizeof(*places), by_place);
	for (size_t i = 0; i < n; i++)
		ret_order[i] = places[i].element;
	free(places);
}
