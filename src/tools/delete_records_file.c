/* delete_records_file.c - see delete_records_priv.h (DeleteRecordsCommand.java, 3.9; the words are Jackson's). */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/delete_records_priv.h"
#include "tools/java_order.h"
#include "tools/json_decode.h"

struct reader {
	struct arena *arena;
	struct targets to;
	char *error;
};

static int PRINTF(2, 3) fault(struct reader *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	d->error = xvasprintf(fmt, ap);
	va_end(ap);
	return -EINVAL; /* an answer to the user, not a failure to trace */
}

/* ---- JSON ---- */

static int read_target(struct reader *d, const json_t *o, struct target *ret)
{
	const json_t *topic, *partition, *offset;
	struct str name = STR_NULL;

	if (json_decode_object(o, &d->error) ||
		json_decode_member(o, "topic", &topic, &d->error) ||
		json_decode_string(topic, &name, &d->error) ||
		json_decode_member(o, "partition", &partition, &d->error) ||
		json_decode_int(partition, &ret->partition, &d->error) ||
		json_decode_member(o, "offset", &offset, &d->error) ||
		json_decode_long(offset, &ret->offset, &d->error))
		return -EINVAL;
	if (!arena_keep(d->arena, &name))
		return fault(d, "%s", strerror(ENOMEM));
	ret->topic = name;
	return 0;
}

static int read_targets(struct reader *d, const json_t *root)
{
	const json_t *version, *list;
	int32_t n = 1;

	if (json_decode_object(root, &d->error))
		return -EINVAL;
	version = json_object_get(root, "version");
	if (version && json_decode_int(version, &n, &d->error))
		return -EINVAL;
	if (n != 1)
		return fault(d, "Not supported version field value %d", n);
	list = json_object_get(root, "partitions");
	if (!list)
		return fault(d, "Missing partitions field");
	if (json_decode_array(list, &d->error))
		return -EINVAL;
	d->to.v = arena_array(d->arena, json_array_size(list), sizeof(*d->to.v));
	if (!d->to.v)
		return fault(d, "%s", strerror(ENOMEM));
	for (; d->to.n < json_array_size(list); d->to.n++)
		if (read_target(d, json_array_get(list, d->to.n), &d->to.v[d->to.n]))
			return -EINVAL;
	return 0;
}

/* ---- the order of Java's maps ---- */

/* Puts the partitions in the order of a map with that many buckets. */
static void order_targets(struct targets *d, size_t buckets)
{
	struct target *old = xcalloc(d->n + 1, sizeof(*old));
	int32_t *hashes = xcalloc(d->n + 1, sizeof(*hashes));
	size_t *order = xcalloc(d->n + 1, sizeof(*order));

	for (size_t i = 0; i < d->n; i++) {
		old[i] = d->v[i];
		hashes[i] = java_hash_partition(old[i].topic, old[i].partition);
	}
	java_order(hashes, d->n, buckets, order);
	for (size_t i = 0; i < d->n; i++)
		d->v[i] = old[order[i]];
	free(order);
	free(hashes);
	free(old);
}

static int by_place(const void *a, const void *b)
{
	const struct target *const *x = a, *const *y = b;
	int c = str_cmp((*x)->topic, (*y)->topic);

	if (c)
		return c;
	if ((*x)->partition != (*y)->partition)
		return (*x)->partition < (*y)->partition ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

static bool same_place(const struct target *a, const struct target *b)
{
	return a->partition == b->partition && str_eq(a->topic, b->topic);
}

/* Keeps the first of each partition; those that were there more than once are named in *ret_twice (owned). */
static void drop_twins(struct targets *d, char **ret_twice)
{
	struct target **sorted = xcalloc(d->n + 1, sizeof(*sorted));
	bool *twin = xcalloc(d->n + 1, sizeof(*twin));
	struct targets twice = {NULL, 0};
	size_t n = 0;

	twice.v = xcalloc(d->n + 1, sizeof(*twice.v));
	for (size_t i = 0; i < d->n; i++)
		sorted[i] = &d->v[i];
	qsort(sorted, d->n, sizeof(struct target *), by_place);
	for (size_t i = 1; i < d->n; i++)
		twin[sorted[i] - d->v] = same_place(sorted[i - 1], sorted[i]);
	for (size_t i = 1; i < d->n; i++) /* a run of twins names its partition once */
		if (twin[sorted[i] - d->v] && !twin[sorted[i - 1] - d->v])
			twice.v[twice.n++] = *sorted[i];
	order_targets(&twice, java_buckets(twice.n));
	*ret_twice = xstrdup("");
	for (size_t i = 0; i < twice.n; i++) {
		char *more = xasprintf("%s%s%.*s-%d", *ret_twice, i ? "," : "",
			STR_ARG(twice.v[i].topic), twice.v[i].partition);

		free(*ret_twice);
		*ret_twice = more;
	}
	for (size_t i = 0; i < d->n; i++)
		if (!twin[i])
			d->v[n++] = d->v[i];
	d->n = n;
	free(twice.v);
	free(twin);
	free(sorted);
}

/* computeIfAbsent puts a key before those of its bucket, and lets the table grow only before the next one. */
static void order_file(struct targets *d)
{
	for (size_t i = 0; i < d->n / 2; i++) {
		struct target t = d->v[i];

		d->v[i] = d->v[d->n - 1 - i];
		d->v[d->n - 1 - i] = t;
	}
	order_targets(d, java_buckets(d->n > 0 ? d->n - 1 : 0));
}

/* A map of the file's content, one of what to delete, a set of its keys, and a map of the results. */
static int put_in_order(struct reader *d)
{
	struct targets *to = &d->to;
	CLEANUP(freep) char *twice = NULL;
	size_t all = to->n;

	drop_twins(to, &twice);
	if (to->n < all)
		return fault(
			d, "Offset json file contains duplicate topic partitions: %s", twice);
	order_file(to);
	order_targets(to, java_buckets(to->n));
	order_targets(to, java_buckets_at_once(to->n));
	order_targets(to, java_buckets(to->n));
	return 0;
}

int targets_parse(const char *text, size_t len, struct arena *a, struct targets *ret,
	char **ret_error)
{
	struct reader d = {.arena = a};
	CLEANUP(freep) char *syntax = NULL;
	const char *class;
	json_t *root = NULL;
	int r = json_decode_text(text, len, &root, &syntax, &class)
			? fault(&d, "The input string is not a valid JSON")
			: read_targets(&d, root);

	json_decref(root);
	if (!r)
		r = put_in_order(&d);
	*ret = d.to;
	*ret_error = d.error;
	return r;
}
