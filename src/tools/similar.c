/* similar.c - an edit distance in which additions are cheap: people leave parts of a name out. */
#include "tools/similar.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"

enum { COST_SWAP = 0, COST_CHANGE = 2, COST_ADD = 1, COST_REMOVE = 4, COST_FAR = 7 };

/* The cost of making `b` out of `a` (Damerau and Levenshtein): rows of the matrix for the last two letters of a and the
 * present one. */
static int distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	int *rows = xcalloc(3 * (n + 1), sizeof(*rows)), *old = rows, *last = old + n + 1,
	    *now = last + n + 1, result;

	for (size_t j = 0; j <= n; j++)
		last[j] = (int)j * COST_ADD;
	for (size_t i = 0; a[i]; i++) {
		int *spare = old;

		now[0] = (int)i + 1;
		for (size_t j = 0; j < n; j++) {
			int cost = last[j] + (a[i] == b[j] ? 0 : COST_CHANGE);

			if (i > 0 && j > 0 && a[i] != b[j] && a[i - 1] == b[j] && a[i] == b[j - 1])
				cost = MIN(cost, old[j - 1] + COST_SWAP);
			cost = MIN(cost, last[j + 1] + COST_REMOVE);
			now[j + 1] = MIN(cost, now[j] + COST_ADD);
		}
		old = last;
		last = now;
		now = spare;
	}
	result = last[n];
	free(rows);
	return result;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t similar_names(const char *word, const char **names, size_t n)
{
	size_t len = strlen(word), found = 0;
	int best = COST_FAR;

	for (size_t i = 0; i < n; i++) {
		int d = strncmp(names[i], word, len) == 0 ? 0 : distance(word, names[i]);

		if (d > best || d >= COST_FAR)
			continue;
		if (d < best)
			found = 0;
		best = d;
		names[found++] = names[i];
	}
	qsort(names, found, sizeof(*names), by_text);
	return found;
}
