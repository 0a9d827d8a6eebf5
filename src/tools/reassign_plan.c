/* reassign_plan.c - what a reassignment means for throttles, and which one to propose (ReassignPartitionsCommand.java and
 * AdminUtils.java, 3.9). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "controller/replica_assignment.h"
#include "tools/reassign_plan.h"

#define JAVA_INVALID_REPLICATION_FACTOR                                                            \
	"org.apache.kafka.common.errors.InvalidReplicationFactorException"

/* ---- throttles ---- */

/* Brokers that a partition is copied from and to: replicas and adding of a row. */
static int plan_copy(struct arena *a, const struct reassign_row *active,
	const struct reassign_row *proposed, const struct reassign_row *current,
	struct reassign_row *ret)
{
	const struct reassign_ids *have = active ? &active->replicas : &current->replicas;
	const struct reassign_ids *added = active ? &active->adding : NULL;
	const struct reassign_ids *want = proposed ? &proposed->replicas : added;
	struct reassign_ids from = {arena_array(a, have->n, sizeof(int32_t)), 0};
	struct reassign_ids to = {arena_array(a, want->n, sizeof(int32_t)), 0};

	if (!from.v || !to.v)
		return -ENOMEM;
	for (size_t i = 0; i < have->n; i++)
		if (!added || !reassign_ids_have(added, have->v[i]))
			from.v[from.n++] = have->v[i];
	for (size_t i = 0; i < want->n; i++)
		if (!reassign_ids_have(&from, want->v[i]))
			to.v[to.n++] = want->v[i];
	ret->topic = proposed ? proposed->topic : active->topic;
	ret->partition = proposed ? proposed->partition : active->partition;
	ret->replicas = from;
	ret->adding = to;
	return 0;
}

/* All copies that are under way once the proposal is: those active now too. */
static int plan_copies(struct arena *a, const struct reassign_rows *active,
	const struct reassign_rows *proposed, const struct reassign_rows *current,
	struct reassign_rows *ret)
{
	int r = 0;

	*ret = (struct reassign_rows){arena_array(a, active->n + proposed->n, sizeof(*ret->v)), 0};
	if (!ret->v)
		return -ENOMEM;
	for (size_t i = 0; !r && i < active->n; i++)
		if (!reassign_rows_find(proposed, active->v[i].topic, active->v[i].partition))
			r = plan_copy(a, &active->v[i], NULL, NULL, &ret->v[ret->n++]);
	for (size_t i = 0; !r && i < proposed->n; i++) {
		struct str topic = proposed->v[i].topic;
		int32_t partition = proposed->v[i].partition;

		r = plan_copy(a, reassign_rows_find(active, topic, partition), &proposed->v[i],
			reassign_rows_find(current, topic, partition), &ret->v[ret->n++]);
	}
	if (!r)
		reassign_rows_sort(ret);
	return r;
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* "0:1,10:2,1:3": sorted as texts. `adding`: of the brokers that are copied to. */
static struct str throttle_text(
	struct arena *a, const struct reassign_row *rows, size_t n, bool adding)
{
	struct str text = STR_NULL;
	size_t count = 0, size = 0, used = 0;
	char **words, *to;

	for (size_t i = 0; i < n; i++)
		count += adding ? rows[i].adding.n : rows[i].replicas.n;
	words = xcalloc(count + 1, sizeof(char *));
	count = 0;
	for (size_t i = 0; i < n; i++) {
		const struct reassign_ids *ids = adding ? &rows[i].adding : &rows[i].replicas;

		for (size_t k = 0; k < ids->n; k++) {
			words[count] = xasprintf("%d:%d", rows[i].partition, ids->v[k]);
			size += strlen(words[count++]) + 1;
		}
	}
	qsort(words, count, sizeof(char *), by_text);
	to = arena_alloc(a, size + 1);
	for (size_t i = 0; to && i < count; i++)
		if (i == 0 || strcmp(words[i], words[i - 1]) != 0)
			used += (size_t)sprintf(to + used, "%s%s", i ? "," : "", words[i]);
	if (to)
		text = (struct str){to, (int32_t)used};
	for (size_t i = 0; i < count; i++)
		free(words[i]);
	free(words);
	return text;
}

static int by_number(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int all_brokers(
	struct arena *a, const struct reassign_rows *copies, struct reassign_ids *ret)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < copies->n; i++)
		n += copies->v[i].replicas.n + copies->v[i].adding.n;
	ret->v = arena_array(a, n, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < copies->n; i++) {
		const struct reassign_ids *from = &copies->v[i].replicas,
					  *to = &copies->v[i].adding;

		for (size_t k = 0; k < from->n; k++)
			ret->v[n++] = from->v[k];
		for (size_t k = 0; k < to->n; k++)
			ret->v[n++] = to->v[k];
	}
	if (n > 0)
		qsort(ret->v, n, sizeof(*ret->v), by_number);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || ret->v[i] != ret->v[i - 1])
			ret->v[kept++] = ret->v[i];
	ret->n = kept;
	return 0;
}

int reassign_plan_throttles(struct arena *a, const struct reassign_rows *active,
	const struct reassign_rows *proposed, const struct reassign_rows *current,
	struct reassign_throttles *ret)
{
	struct reassign_rows copies;
	size_t n;

	if (plan_copies(a, active, proposed, current, &copies) ||
		all_brokers(a, &copies, &ret->brokers))
		return -ENOMEM;
	ret->n = 0;
	ret->v = arena_array(a, copies.n, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	for (size_t i = 0; i < copies.n; i += n) {
		struct reassign_throttle *t = &ret->v[ret->n++];

		n = reassign_rows_run(&copies, i);
		t->topic = copies.v[i].topic;
		t->leaders = throttle_text(a, &copies.v[i], n, false);
		t->followers = throttle_text(a, &copies.v[i], n, true);
		if (t->leaders.len < 0 || t->followers.len < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- a proposal ---- */

struct proposal {
	const struct assign_broker *brokers;
	size_t brokers_n;
	uint64_t (*chance)(uint64_t n);
	struct arena *arena;
	struct thrown *thrown;
};

static int propose(struct proposal *p, struct reassign_row *rows, size_t n, size_t replicas)
{
	struct assign_request q = {.brokers = p->brokers,
		.brokers_n = (int32_t)p->brokers_n,
		.replication = (int32_t)replicas,
		.partitions = (int32_t)n};
	int32_t *ids;

	if (replicas == 0)
		return thrown_set(p->thrown, JAVA_INVALID_REPLICATION_FACTOR,
			"Replication factor must be larger than 0.");
	if (replicas > p->brokers_n)
		return thrown_set(p->thrown, JAVA_INVALID_REPLICATION_FACTOR,
			"Replication factor: %zu larger than available brokers: %zu.", replicas,
			p->brokers_n);
	ids = arena_array(p->arena, n * replicas, sizeof(*ids));
	if (!ids)
		return thrown_set(p->thrown, "java.lang.OutOfMemoryError", "%s", strerror(ENOMEM));
	q.start = (int32_t)p->chance(p->brokers_n);
	q.shift = (int32_t)p->chance(p->brokers_n);
	assign_replicas(&q, ids);
	for (size_t i = 0; i < n; i++) {
		rows[i].partition = (int32_t)i; /* whatever the numbers were */
		rows[i].replicas = (struct reassign_ids){ids + i * replicas, replicas};
	}
	return 0;
}

int reassign_plan_assignment(struct arena *a, const struct reassign_rows *current,
	const struct assign_broker *brokers, size_t brokers_n, uint64_t (*chance)(uint64_t n),
	struct reassign_rows *ret, struct thrown *t)
{
	struct proposal p = {brokers, brokers_n, chance, a, t};
	struct reassign_rows hashed, topics;
	int r = 0;

	if (reassign_rows_unique(a, current, &hashed) || reassign_rows_unique(a, current, ret))
		return thrown_set(t, "java.lang.OutOfMemoryError", "%s", strerror(ENOMEM));
	reassign_rows_hash(&hashed);
	if (reassign_topics(a, &hashed, &topics))
		return thrown_set(t, "java.lang.OutOfMemoryError", "%s", strerror(ENOMEM));
	for (size_t i = 0; !r && i < topics.n; i++) {
		size_t first = reassign_rows_first(ret, topics.v[i].topic);

		r = propose(
			&p, &ret->v[first], reassign_rows_run(ret, first), topics.v[i].replicas.n);
	}
	return r;
}
