/* replica_assignment.c - see replica_assignment.h. The letters are those of zookeeper.md 5.4. */
#include "controller/replica_assignment.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* The broker at distance 1 + ((shift + j) mod (n - 1)) behind the first. */
static int32_t replica_index(int32_t first, int64_t shift, int32_t j, int32_t n)
{
	int64_t distance = 1 + (shift + j) % (n - 1);

	return (int32_t)((first + distance) % n);
}

static void assign_unaware(const struct assign_request *q, int32_t *ret)
{
	int64_t shift = q->shift;
	int32_t n = q->brokers_n;

	for (int32_t i = 0; i < q->partitions; i++) {
		int32_t p = q->first_partition + i, f = (int32_t)(((int64_t)p + q->start) % n);

		if (p > 0 && p % n == 0)
			shift++; /* the followers move on */
		*ret++ = q->brokers[f].id;
		for (int32_t j = 0; j < q->replication - 1; j++)
			*ret++ = q->brokers[replica_index(f, shift, j, n)].id;
	}
}

static int by_rack_and_id(const void *a, const void *b)
{
	const struct assign_broker *x = a, *y = b;
	int r = strcmp(x->rack, y->rack);

	return r != 0 ? r : x->id < y->id ? -1 : x->id > y->id;
}

/* One broker from each rack in turn, racks by name, brokers by id. Returns the number of racks. */
static int32_t alternate_racks(const struct assign_request *q, struct assign_broker *ret)
{
	struct assign_broker *sorted = xmemdup(q->brokers, (size_t)q->brokers_n * sizeof(*sorted));
	int32_t racks = 0, n = q->brokers_n, done = 0;

	qsort(sorted, (size_t)n, sizeof(*sorted), by_rack_and_id);
	for (int32_t turn = 0; done < n; turn++) {
		for (int32_t i = 0, nth = 0; i < n; i++) {
			nth = i > 0 && strcmp(sorted[i].rack, sorted[i - 1].rack) == 0 ? nth + 1 : 0;
			if (nth == turn)
				ret[done++] = sorted[i];
		}
		if (turn == 0)
			racks = done;
	}
	free(sorted);
	return racks;
}

/* What one partition has used up. */
struct used {
	const struct assign_broker **brokers;
	int32_t n, racks;
};

static bool rack_used(const struct used *u, const char *rack)
{
	for (int32_t i = 0; i < u->n; i++)
		if (strcmp(u->brokers[i]->rack, rack) == 0)
			return true;
	return false;
}

static bool broker_used(const struct used *u, int32_t id)
{
	for (int32_t i = 0; i < u->n; i++)
		if (u->brokers[i]->id == id)
			return true;
	return false;
}

static void use(struct used *u, const struct assign_broker *b)
{
	if (!rack_used(u, b->rack))
		u->racks++;
	u->brokers[u->n++] = b;
}

static void assign_aware(const struct assign_request *q, int32_t *ret)
{
	struct assign_broker *b = xcalloc((size_t)q->brokers_n, sizeof(*b));
	struct used u = { .brokers = xcalloc((size_t)q->brokers_n, sizeof(const struct assign_broker *)) };
	int32_t racks = alternate_racks(q, b), n = q->brokers_n;
	int64_t shift = q->shift;

	for (int32_t i = 0; i < q->partitions; i++) {
		int32_t p = q->first_partition + i, f = (int32_t)(((int64_t)p + q->start) % n), k = 0;

		if (p > 0 && p % n == 0)
			shift++; /* the followers move on */
		u.n = u.racks = 0;
		use(&u, &b[f]);
		while (u.n < q->replication) {
			const struct assign_broker *c = &b[replica_index(f, shift * racks, k++, n)];

			if ((!rack_used(&u, c->rack) || u.racks == racks) && (!broker_used(&u, c->id) || u.n == n))
				use(&u, c);
		}
		for (int32_t j = 0; j < u.n; j++)
			*ret++ = u.brokers[j]->id;
	}
	free(u.brokers);
	free(b);
}

void assign_replicas(const struct assign_request *q, int32_t *ret)
{
	assert(q->brokers_n > 0);
	assert(q->replication >= 1 && q->replication <= q->brokers_n);
	assert(q->start >= 0 && q->shift >= 0);
	if (q->brokers[0].rack)
		assign_aware(q, ret);
	else
		assign_unaware(q, ret);
}
