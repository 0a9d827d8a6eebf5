/* reassign_rows.c - partitions, replicas and brokers in the orders that are wanted of them. */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "tools/java_map.h"
#include "tools/java_order.h"
#include "tools/reassign_plan.h"

/* ---- ids ---- */

bool reassign_ids_have(const struct reassign_ids *s, int32_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] == id)
			return true;
	return false;
}

struct str reassign_ids_text(struct arena *a, const struct reassign_ids *s)
{
	char *text = arena_array(a, s->n + 1, 12), *to = text;

	if (!text)
		return STR_NULL;
	for (size_t i = 0; i < s->n; i++)
		to += sprintf(to, "%s%d", i ? "," : "", s->v[i]);
	return (struct str){text, (int32_t)(to - text)};
}

struct numbered {
	int32_t id;
	size_t index;
};

static int by_id(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int by_index(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

/* Keeps the first of equal ids, in the order in which they were. Returns how many. */
static size_t drop_repeated(struct numbered *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), by_id);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || v[i].id != v[i - 1].id)
			v[kept++] = v[i];
	qsort(v, kept, sizeof(*v), by_index);
	return kept;
}

int reassign_ids_as_set(struct arena *a, const struct reassign_ids *s, struct reassign_ids *ret)
{
	struct numbered *v = xcalloc(s->n + 1, sizeof(*v));
	int32_t *hashes;
	size_t n, *order;

	for (size_t i = 0; i < s->n; i++)
		v[i] = (struct numbered){s->v[i], i};
	n = drop_repeated(v, s->n);
	hashes = xcalloc(n + 1, sizeof(*hashes));
	for (size_t i = 0; i < n; i++)
		hashes[i] = v[i].id;
	order = java_map_order(hashes, n, JAVA_MAP_DEFAULT);
	*ret = (struct reassign_ids){arena_array(a, n, sizeof(*ret->v)), n};
	for (size_t i = 0; ret->v && i < n; i++)
		ret->v[i] = hashes[order[i]];
	free(order);
	free(hashes);
	free(v);
	return ret->v ? 0 : -ENOMEM;
}

/* ---- partitions ---- */

static int compare_places(struct str topic, int32_t partition, const struct reassign_row *y)
{
	int c = str_cmp(topic, y->topic);

	return c ? c : (partition > y->partition) - (partition < y->partition);
}

static int by_place(const void *a, const void *b)
{
	const struct reassign_row *const *x = a, *const *y = b;
	int c = compare_places((*x)->topic, (*x)->partition, *y);

	return c ? c : (*x > *y) - (*x < *y);
}

void reassign_rows_sort(struct reassign_rows *rows)
{
	struct reassign_row *old = xcalloc(rows->n + 1, sizeof(*old));
	struct reassign_row **sorted = xcalloc(rows->n + 1, sizeof(struct reassign_row *));

	for (size_t i = 0; i < rows->n; i++) {
		old[i] = rows->v[i];
		sorted[i] = &old[i];
	}
	qsort(sorted, rows->n, sizeof(struct reassign_row *), by_place);
	for (size_t i = 0; i < rows->n; i++)
		rows->v[i] = *sorted[i];
	free(sorted);
	free(old);
}

/* The first row that is not before this place. */
static size_t lower_bound(const struct reassign_rows *sorted, struct str topic, int32_t partition)
{
	size_t from = 0, n = sorted->n;

	while (from < n) {
		size_t middle = from + (n - from) / 2;

		if (compare_places(topic, partition, &sorted->v[middle]) > 0)
			from = middle + 1;
		else
			n = middle;
	}
	return from;
}

struct reassign_row *reassign_rows_find(
	const struct reassign_rows *sorted, struct str topic, int32_t partition)
{
	size_t i = lower_bound(sorted, topic, partition);
	bool found = i < sorted->n && compare_places(topic, partition, &sorted->v[i]) == 0;

	return found ? &sorted->v[i] : NULL;
}

size_t reassign_rows_first(const struct reassign_rows *sorted, struct str topic)
{
	return lower_bound(sorted, topic, INT32_MIN);
}

size_t reassign_rows_run(const struct reassign_rows *sorted, size_t first)
{
	size_t n = 1;

	while (first + n < sorted->n && str_eq(sorted->v[first + n].topic, sorted->v[first].topic))
		n++;
	return n;
}

static int32_t hash_place(const struct reassign_row *row)
{
	return java_hash_partition(row->topic, row->partition);
}

static int32_t hash_topic(const struct reassign_row *row)
{
	return str_java_hash(row->topic);
}

static void put_into_map(struct reassign_rows *rows,
	int32_t (*hash)(const struct reassign_row *row), size_t capacity)
{
	struct reassign_row *old = xcalloc(rows->n + 1, sizeof(*old));
	int32_t *hashes = xcalloc(rows->n + 1, sizeof(*hashes));
	size_t *order;

	for (size_t i = 0; i < rows->n; i++) {
		old[i] = rows->v[i];
		hashes[i] = hash(&old[i]);
	}
	order = java_map_order(hashes, rows->n, capacity);
	for (size_t i = 0; i < rows->n; i++)
		rows->v[i] = old[order[i]];
	free(order);
	free(hashes);
	free(old);
}

void reassign_rows_hash(struct reassign_rows *rows)
{
	put_into_map(rows, hash_place, JAVA_MAP_DEFAULT);
}

int reassign_rows_unique(
	struct arena *a, const struct reassign_rows *rows, struct reassign_rows *ret)
{
	size_t n = 0;

	*ret = (struct reassign_rows){arena_array(a, rows->n, sizeof(*ret->v)), rows->n};
	if (!ret->v)
		return -ENOMEM;
	for (size_t i = 0; i < rows->n; i++)
		ret->v[i] = rows->v[i];
	reassign_rows_sort(ret);
	for (size_t i = 0; i < rows->n; i++) {
		const struct reassign_row *row = &ret->v[i];

		if (n > 0 && compare_places(row->topic, row->partition, &ret->v[n - 1]) == 0)
			n--;
		ret->v[n++] = *row;
	}
	ret->n = n;
	return 0;
}

int reassign_rows_repeated(
	struct arena *a, const struct reassign_rows *rows, struct reassign_rows *ret)
{
	size_t *times = xcalloc(rows->n + 1, sizeof(*times));
	struct reassign_rows sorted;
	int r = reassign_rows_unique(a, rows, &sorted);

	*ret = (struct reassign_rows){arena_array(a, rows->n, sizeof(*ret->v)), 0};
	for (size_t i = 0; !r && ret->v && i < rows->n; i++) {
		const struct reassign_row *row = &rows->v[i];

		if (times[reassign_rows_find(&sorted, row->topic, row->partition) - sorted.v]++ ==
			1)
			ret->v[ret->n++] = *row;
	}
	free(times);
	return ret->v ? r : -ENOMEM;
}

/* ---- topics ---- */

int reassign_topics_listed(
	struct arena *a, const struct reassign_rows *rows, struct reassign_rows *ret)
{
	bool *seen = xcalloc(rows->n + 1, sizeof(*seen));
	struct reassign_rows all = {arena_array(a, rows->n, sizeof(*all.v)), rows->n}, sorted;
	int r = all.v ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < rows->n; i++)
		all.v[i] = (struct reassign_row){
			.topic = rows->v[i].topic, .replicas = rows->v[i].replicas};
	if (!r)
		r = reassign_rows_unique(a, &all, &sorted);
	ret->n = 0;
	ret->v = all.v;
	for (size_t i = 0; !r && i < rows->n; i++) {
		struct reassign_row row = all.v[i];
		bool *before = &seen[reassign_rows_find(&sorted, row.topic, 0) - sorted.v];

		if (!*before)
			ret->v[ret->n++] = row;
		*before = true;
	}
	free(seen);
	return r;
}

int reassign_topics(struct arena *a, const struct reassign_rows *rows, struct reassign_rows *ret)
{
	int r = reassign_topics_listed(a, rows, ret);

	if (!r)
		put_into_map(ret, hash_topic, JAVA_MAP_DEFAULT);
	return r;
}

void reassign_topics_described(struct reassign_rows *topics)
{
	put_into_map(topics, hash_topic, topics->n);
	put_into_map(topics, hash_topic, topics->n * 4 / 3 + 1);
}

/* ---- moves ---- */

static int by_broker_and_place(const void *a, const void *b)
{
	const struct reassign_move *x = a, *y = b;
	int c;

	if (x->broker != y->broker)
		return x->broker < y->broker ? -1 : 1;
	c = str_cmp(x->topic, y->topic);
	return c ? c : (x->partition > y->partition) - (x->partition < y->partition);
}

void reassign_moves_sort(struct reassign_moves *moves)
{
	if (moves->n > 0)
		qsort(moves->v, moves->n, sizeof(*moves->v), by_broker_and_place);
}

int32_t reassign_move_hash(const struct reassign_move *m)
{
	uint32_t h = 31 + (uint32_t)str_java_hash(m->topic);

	return (int32_t)((h * 31 + (uint32_t)m->partition) * 31 + (uint32_t)m->broker);
}

void reassign_moves_hash(struct reassign_moves *moves)
{
	struct reassign_move *old = xcalloc(moves->n + 1, sizeof(*old));
	int32_t *hashes = xcalloc(moves->n + 1, sizeof(*hashes));
	size_t *order;

	for (size_t i = 0; i < moves->n; i++) {
		old[i] = moves->v[i];
		hashes[i] = reassign_move_hash(&old[i]);
	}
	order = java_map_order(hashes, moves->n, JAVA_MAP_DEFAULT);
	for (size_t i = 0; i < moves->n; i++)
		moves->v[i] = old[order[i]];
	free(order);
	free(hashes);
	free(old);
}
