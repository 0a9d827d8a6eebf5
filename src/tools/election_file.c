/* election_file.c - see election_file.h (LeaderElectionCommand.java, 3.9; PreferredReplicaLeaderElectionCommand.scala, 2.8). */
#include "tools/election_file.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "tools/java_order.h"
#include "tools/json_decode.h"

static int read_one(const json_t *o, struct election_partition *ret, char **ret_error)
{
	const json_t *topic, *partition;
	int r = json_decode_object(o, ret_error);

	if (!r)
		r = json_decode_member(o, "topic", &topic, ret_error);
	if (!r)
		r = json_decode_string(topic, &ret->topic, ret_error);
	if (!r)
		r = json_decode_member(o, "partition", &partition, ret_error);
	if (!r)
		r = json_decode_int(partition, &ret->partition, ret_error);
	return r;
}

static enum election_file_fault read_list(
	const json_t *root, struct arena *a, struct election_partitions *ret, char **ret_error)
{
	const json_t *list;

	if (json_decode_object(root, ret_error))
		return ELECTION_FILE_TYPE;
	list = json_object_get(root, "partitions");
	if (!list)
		return ELECTION_FILE_LACKS;
	if (json_decode_array(list, ret_error))
		return ELECTION_FILE_TYPE;
	ret->v = arena_array(a, json_array_size(list), sizeof(*ret->v));
	if (!ret->v)
		return ELECTION_FILE_MEMORY;
	for (; ret->n < json_array_size(list); ret->n++) {
		struct election_partition *p = &ret->v[ret->n];

		if (read_one(json_array_get(list, ret->n), p, ret_error))
			return ELECTION_FILE_TYPE;
		if (!arena_keep(a, &p->topic))
			return ELECTION_FILE_MEMORY;
	}
	return ELECTION_FILE_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct election_partition *const *x = a, *const *y = b;
	int c = str_cmp((*x)->topic, (*y)->topic);

	if (c)
		return c;
	if ((*x)->partition != (*y)->partition)
		return (*x)->partition < (*y)->partition ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

static bool same_place(const struct election_partition *a, const struct election_partition *b)
{
	return a->partition == b->partition && str_eq(a->topic, b->topic);
}

/* Leaves those that are there more than once, in the order in which they come first; false when there are none. */
static bool keep_twins(struct election_partitions *p)
{
	const struct election_partition **sorted = xcalloc(p->n + 1, sizeof(*sorted));
	bool *twin = xcalloc(p->n + 1, sizeof(*twin));
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		sorted[i] = &p->v[i];
	qsort(sorted, p->n, sizeof(*sorted), by_place);
	for (size_t i = 1; i < p->n; i++)
		/* The first of a run stands for it. */
		if (same_place(sorted[i - 1], sorted[i]) &&
			(i == 1 || !same_place(sorted[i - 2], sorted[i])))
			twin[sorted[i - 1] - p->v] = true;
	for (size_t i = 0; i < p->n; i++)
		n += twin[i];
	if (n > 0) {
		size_t to = 0;

		for (size_t i = 0; i < p->n; i++)
			if (twin[i])
				p->v[to++] = p->v[i];
		p->n = n;
	}
	free(twin);
	free(sorted);
	return n > 0;
}

enum election_file_fault election_file_parse(const char *text, size_t len, struct arena *a,
	struct election_partitions *ret, char **ret_error)
{
	enum election_file_fault r;
	CLEANUP(freep) char *syntax = NULL;
	const char *class;
	json_t *root = NULL;

	*ret = (struct election_partitions){NULL, 0};
	if (json_decode_text(text, len, &root, &syntax, &class))
		return ELECTION_FILE_EMPTY;
	r = read_list(root, a, ret, ret_error);
	json_decref(root);
	if (r == ELECTION_FILE_OK && keep_twins(ret))
		r = ELECTION_FILE_TWICE;
	return r;
}

char *election_partitions_text(const struct election_partitions *p, const char *separator)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; i < p->n; i++)
		fprintf(out, "%s%.*s-%d", i ? separator : "", STR_ARG(p->v[i].topic),
			p->v[i].partition);
	if (fclose(out))
		abort();
	return text;
}

void election_partitions_permute(struct election_partitions *p, const size_t *order)
{
	struct election_partition *old = xmemdup(p->v, p->n * sizeof(*p->v));

	for (size_t i = 0; i < p->n; i++)
		p->v[i] = old[order[i]];
	free(old);
}

int32_t *election_partitions_hashes(const struct election_partitions *p)
{
	int32_t *hashes = xcalloc(p->n + 1, sizeof(*hashes));

	for (size_t i = 0; i < p->n; i++)
		hashes[i] = java_hash_partition(p->v[i].topic, p->v[i].partition);
	return hashes;
}
