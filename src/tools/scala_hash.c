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

/* ---- tries ---- */

#define TRIE_BITS 5

/* Hash and number of an element. */
struct leaf {
	uint32_t hash;
	size_t element;
};

static uint32_t improve_for_trie(int32_t hash)
{
	uint32_t h = (uint32_t)hash;

	h += ~(h << 9);
	h ^= h >> 14;
	h += h << 4;
	return h ^ h >> 10;
}

/* By the bits from `shift` on, lowest first: the order of a trie if every node had all its elements below it. */
static int by_path(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;

	for (unsigned shift = 0; shift < 32; shift += TRIE_BITS) {
		uint32_t p = x->hash >> shift & 31, q = y->hash >> shift & 31;

		if (p != q)
			return p < q ? -1 : 1;
	}
	return x->element < y->element ? -1 : x->element > y->element;
}

/* How many of v[0..n) share the bits at `shift` with the first. */
static size_t same_branch(const struct leaf *v, size_t n, unsigned shift)
{
	size_t i = 1;

	while (i < n && (v[i].hash >> shift & 31) == (v[0].hash >> shift & 31))
		i++;
	return i;
}

/* A node yields the elements that are alone in their branch, then what is below the other branches. */
static size_t *walk_trie(const struct leaf *v, size_t n, unsigned shift, size_t *to)
{
	size_t run;

	if (shift >= 32) { /* equal hashes */
		for (size_t i = 0; i < n; i++)
			*to++ = v[i].element;
		return to;
	}
	for (size_t i = 0; i < n; i += run) {
		run = same_branch(v + i, n - i, shift);
		if (run == 1)
			*to++ = v[i].element;
	}
	for (size_t i = 0; i < n; i += run) {
		run = same_branch(v + i, n - i, shift);
		if (run > 1)
			to = walk_trie(v + i, run, shift + TRIE_BITS, to);
	}
	return to;
}

void scala_trie_order(const int32_t *hashes, size_t n, size_t *ret_order)
{
	struct leaf *v = xcalloc(n + 1, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = (struct leaf){improve_for_trie(hashes[i]), i};
	qsort(v, n, sizeof(*v), by_path);
	(void)walk_trie(v, n, 0, ret_order);
	free(v);
}
