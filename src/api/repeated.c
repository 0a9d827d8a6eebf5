/* repeated.c - sorts pointers, compares neighbours. */
#include "api/repeated.h"

#include <stdlib.h>

static int compare(const void *pa, const void *pb)
{
	return str_cmp(**(const struct str *const *)pa, **(const struct str *const *)pb);
}

static const struct str *name_at(const struct str *names, size_t stride, int32_t i)
{
	return (const struct str *)(const void *)((const char *)names + stride * (size_t)i);
}

static int32_t index_of(const struct str *names, size_t stride, const struct str *name)
{
	return (int32_t)((size_t)((const char *)name - (const char *)names) / stride);
}

bool *names_repeated(struct arena *a, const struct str *names, int32_t n, size_t stride)
{
	const struct str **sorted = arena_array(a, (size_t)n, sizeof(*sorted));
	bool *repeated = arena_array(a, (size_t)n, sizeof(*repeated));
	int32_t i;

	if (!sorted || !repeated)
		return NULL;
	for (i = 0; i < n; i++)
		sorted[i] = name_at(names, stride, i);
	qsort(sorted, (size_t)n, sizeof(*sorted), compare);
	for (i = 1; i < n; i++) {
		if (str_eq(*sorted[i - 1], *sorted[i])) {
			repeated[index_of(names, stride, sorted[i - 1])] = true;
			repeated[index_of(names, stride, sorted[i])] = true;
		}
	}
	return repeated;
}
