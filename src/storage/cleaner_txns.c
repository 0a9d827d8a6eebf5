/* cleaner_txns.c - see cleaner_txns.h.
 *
 * An entry counts up to its marker's offset and no further: should the marker be missing, the producer's next
 * transaction is not taken for an aborted one. */
#include "storage/cleaner_txns.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/table.h"
#include "record/batch.h"
#include "record/control.h"

struct cleaner_aborted {
	UT_hash_handle hh;
	int64_t producer_id;
	struct txn_index_entry entry;
	bool met; /* a batch of it */
};

struct cleaner_committed {
	UT_hash_handle hh;
	int64_t producer_id;
};

void cleaner_txns_fini(struct cleaner_txns *t)
{
	struct cleaner_aborted *a, *atmp;
	struct cleaner_committed *c, *ctmp;

	HASH_ITER(hh, t->aborted, a, atmp) {
		HASH_DEL(t->aborted, a);
		free(a);
	}
	HASH_ITER(hh, t->committed, c, ctmp) {
		HASH_DEL(t->committed, c);
		free(c);
	}
	free(t->heap);
	*t = (struct cleaner_txns)CLEANER_TXNS_INIT;
}

/* --- heap --- */

static void swap(struct txn_index_entry *a, struct txn_index_entry *b)
{
	struct txn_index_entry e = *a;

	*a = *b;
	*b = e;
}

void cleaner_txns_add(struct cleaner_txns *t, const struct txn_index_entry *e)
{
	size_t i = t->heap_n;

	t->heap = grow_array(t->heap, &t->heap_cap, t->heap_n + 1, sizeof(*t->heap));
	t->heap[t->heap_n++] = *e;
	for (; i > 0 && t->heap[(i - 1) / 2].first_offset > t->heap[i].first_offset; i = (i - 1) / 2)
		swap(&t->heap[i], &t->heap[(i - 1) / 2]);
}

static struct txn_index_entry pop(struct cleaner_txns *t)
{
	struct txn_index_entry top = t->heap[0];
	size_t i = 0, least;

	t->heap[0] = t->heap[--t->heap_n];
	for (;;) {
		least = i;
		for (size_t k = 2 * i + 1; k <= 2 * i + 2; k++) {
			if (k < t->heap_n && t->heap[k].first_offset < t->heap[least].first_offset)
				least = k;
		}
		if (least == i)
			return top;
		swap(&t->heap[i], &t->heap[least]);
		i = least;
	}
}

/* --- walk --- */

static struct cleaner_aborted *find_aborted(const struct cleaner_txns *t, int64_t producer_id)
{
	struct cleaner_aborted *a;

	HASH_FIND(hh, t->aborted, &producer_id, sizeof(producer_id), a);
	return a;
}

static void forget_aborted(struct cleaner_txns *t, struct cleaner_aborted *a)
{
	HASH_DEL(t->aborted, a);
	free(a);
}

static void reach(struct cleaner_txns *t, int64_t offset)
{
	while (t->heap_n > 0 && t->heap[0].first_offset <= offset) {
		struct txn_index_entry e = pop(t);
		struct cleaner_aborted *a = find_aborted(t, e.producer_id);

		if (a && e.first_offset <= a->entry.last_offset)
			continue; /* told twice */
		if (a)
			forget_aborted(t, a);
		a = xcalloc(1, sizeof(*a));
		a->producer_id = e.producer_id;
		a->entry = e;
		HASH_ADD(hh, t->aborted, producer_id, sizeof(a->producer_id), a);
	}
}

static void note_committed(struct cleaner_txns *t, int64_t producer_id)
{
	struct cleaner_committed *c;

	HASH_FIND(hh, t->committed, &producer_id, sizeof(producer_id), c);
	if (c)
		return;
	c = xcalloc(1, sizeof(*c));
	c->producer_id = producer_id;
	HASH_ADD(hh, t->committed, producer_id, sizeof(c->producer_id), c);
}

bool cleaner_txns_on_data(struct cleaner_txns *t, const struct batch *b)
{
	struct cleaner_aborted *a;

	reach(t, b->last_offset);
	if (!b->transactional)
		return false;
	a = find_aborted(t, b->producer_id);
	if (a && b->base_offset < a->entry.last_offset) {
		a->met = true;
		return true;
	}
	if (a)
		forget_aborted(t, a);
	note_committed(t, b->producer_id);
	return false;
}

static bool end_aborted(struct cleaner_txns *t, int64_t producer_id, struct txn_index_entry *ret)
{
	struct cleaner_aborted *a = find_aborted(t, producer_id);
	bool met = a && a->met;

	if (met)
		*ret = a->entry;
	if (a)
		forget_aborted(t, a);
	return met;
}

static bool end_committed(struct cleaner_txns *t, int64_t producer_id)
{
	struct cleaner_committed *c;

	HASH_FIND(hh, t->committed, &producer_id, sizeof(producer_id), c);
	if (!c)
		return false;
	HASH_DEL(t->committed, c);
	free(c);
	return true;
}

int cleaner_txns_on_control(struct cleaner_txns *t, const struct batch *b, bool *ret_discardable,
    struct txn_index_entry *ret_aborted, bool *ret_aborted_set)
{
	struct txn_marker marker;
	int r;

	*ret_aborted_set = false;
	*ret_discardable = true; /* a batch that was emptied before */
	reach(t, b->last_offset);
	if (b->record_count == 0)
		return 0;
	r = control_parse_batch(b, &marker);
	if (r != 0)
		return r;
	switch (marker.type) {
	case CONTROL_ABORT:
		*ret_aborted_set = end_aborted(t, b->producer_id, ret_aborted);
		*ret_discardable = !*ret_aborted_set;
		break;
	case CONTROL_COMMIT:
		*ret_discardable = !end_committed(t, b->producer_id);
		break;
	case CONTROL_OTHER:
		*ret_discardable = false;
		break;
	}
	return 0;
}
