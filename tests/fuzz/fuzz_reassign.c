/* fuzz_reassign.c - any file for kafka-reassign-partitions.sh: no crash; what is refused says why, and what is taken is
 * read again from what we print. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/reassign_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct reassign_rows *a, const struct reassign_rows *b)
{
	assert(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert(str_eq(a->v[i].topic, b->v[i].topic));
		assert(a->v[i].partition == b->v[i].partition);
		assert(a->v[i].replicas.n == b->v[i].replicas.n);
		for (size_t k = 0; k < a->v[i].replicas.n; k++)
			assert(a->v[i].replicas.v[k] == b->v[i].replicas.v[k]);
	}
}

static void check_printed(const struct reassign_rows *rows, struct arena *a, struct thrown *t)
{
	struct reassign_rows again;
	struct reassign_moves moves;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int r;

	assert(out);
	reassign_print_json(rows, out);
	(void)fclose(out);
	r = reassign_parse(text, n, a, &again, &moves, t);
	assert(r == 0);
	assert(moves.n == 0);
	check_same(rows, &again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct thrown t = THROWN_INIT;
	struct arena a;
	struct reassign_rows rows, topics, unique;
	struct reassign_moves moves;
	int r;

	arena_init(&a, 0);
	if (reassign_parse((const char *)data, size, &a, &rows, &moves, &t)) {
		assert(t.message && t.trace);
	} else {
		check_printed(&rows, &a, &t);
		if (reassign_check(&rows, &a, &t))
			assert(t.message && t.trace);
		r = reassign_rows_unique(&a, &rows, &unique);
		assert(r == 0);
		assert(unique.n <= rows.n);
		reassign_moves_sort(&moves);
	}
	if (reassign_parse_topics((const char *)data, size, &a, &topics, &t))
		assert(t.message && t.trace);
	thrown_fini(&t);
	arena_fini(&a);
	return 0;
}
