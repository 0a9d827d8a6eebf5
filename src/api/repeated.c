/* repeated.c - sorts pointers, compares neighbours. */
#include "api/repeated.h"

#include <stdlib.h>

/* By name, equal names in the order of the request. */
static int compare(const void *pa, const void *pb)
{
	const struct str *a = *(const struct str *const *)pa, *b = *(const struct str *const *)pb;
	int r = str_cmp(*a, *b);

	return r ? r : a < b ? -1 : a > b;
}

static const struct str *name_at(const struct str *names, size_t stride, int32_t i)
{
	return (const struct str *)(const void *)((const char *)names + stride * (size_t)i);
}

static size_t index_of(const struct str *names, size_t stride, const struct str *name)
{
	return (size_t)((const char *)name - (const char *)names) / stride;
}

uint8_t *names_repeated(struct arena *a, const struct str *names, int32_t n, size_t stride)
{
	const struct str **sorted = arena_array(a, (size_t)n, sizeof(*sorted));
	uint8_t *repeated = arena_array(a, (size_t)n, sizeof(*repeated));
	size_t before, here;
	int32_t i;

	if (!sorted || !repeated)
		return NULL;
	for (i = 0; i < n; i++)
		sorted[i] = name_at(names, stride, i);
	if (n > 1)
		qsort(sorted, (size_t)n, sizeof(*sorted), compare);
	for (i = 1; i < n; i++) {
		if (!str_eq(*sorted[i - 1], *sorted[i]))
			continue;
		before = index_of(names, stride, sorted[i - 1]);
		here = index_of(names, stride, sorted[i]);
		if (repeated[before] == REPEATED_NOT)
			repeated[before] = REPEATED_FIRST;
		repeated[here] = REPEATED_LATER;
	}
	return repeated;
}
