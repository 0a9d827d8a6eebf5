/* java_order.c - see java_order.h. Facts: java.util.HashMap and ConcurrentHashMap of OpenJDK 17. */
#include "tools/java_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

struct place {
	uint32_t bucket;
	size_t index;
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static size_t *order_in(uint32_t size, const int32_t *hashes, size_t n)
{
	struct place *v = xcalloc(n + 1, sizeof(*v));
	size_t *ret = xcalloc(n + 1, sizeof(*ret));

	for (size_t i = 0; i < n; i++) {
		uint32_t h = (uint32_t)hashes[i];

		v[i] = (struct place){(h ^ h >> 16) & (size - 1), i};
	}
	qsort(v, n, sizeof(*v), by_place);
	for (size_t i = 0; i < n; i++)
		ret[i] = v[i].index;
	free(v);
	return ret;
}

size_t *java_map_order(const int32_t *hashes, size_t n, size_t capacity)
{
	uint32_t size = 1;

	while (size < capacity)
		size *= 2;
	/* It doubles when an entry comes that makes it more than three quarters full. */
	while (n > (size_t)size * 3 / 4 && size < 1u << 30)
		size *= 2;
	return order_in(size, hashes, n);
}

void java_properties_sort(struct properties *p)
{
	struct property *v = xcalloc(p->n + 1, sizeof(*v));
	int32_t *hashes = xcalloc(p->n + 1, sizeof(*hashes));
	uint32_t size = 16;
	size_t *order;

	for (size_t i = 0; i < p->n; i++)
		hashes[i] = str_java_hash(str_of(p->v[i].key));
	while (p->n >= (size_t)size * 3 / 4 && size < 1u << 30)
		size *= 2;
	order = order_in(size, hashes, p->n);
	for (size_t i = 0; i < p->n; i++)
		v[i] = p->v[order[i]];
	if (p->n > 0)
		memcpy(p->v, v, p->n * sizeof(*v));
	free(order);
	free(hashes);
	free(v);
}
