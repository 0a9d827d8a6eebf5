/* producers.c - producer state in memory: sequences, epochs, open transactions. Files: producer_snapshots.c.
 *
 * A staged batch works on a copy of its producer's state that hangs on the producer, so that several batches of
 * one append see each other and a refused append leaves nothing behind. Producers seen for the first time are in
 * the table while staged, marked fresh, and leave it again on abort.
 */
#include "storage/producers.h"

#define LOG_CLASS "org.apache.kafka.storage.internals.log.ProducerStateManager"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/logger.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "record/control.h"
#include "storage/producers_priv.h"

struct producers *producers_new(const struct replica_dir *dir, const char *label, int64_t expiration_ms)
{
	struct producers *p = xcalloc(1, sizeof(*p));

	p->dir = dir;
	p->label = label;
	p->expiration_ms = expiration_ms;
	list_init(&p->staged);
	list_init(&p->spare);
	list_init(&p->ongoing);
	list_init(&p->unreplicated);
	return p;
}

static void free_txns(struct list *txns)
{
	struct txn *t, *tmp;

	list_foreach_safe(t, tmp, txns, link) {
		list_remove(&t->link);
		free(t);
	}
}

static void remove_producer(struct producers *p, struct producer *pr)
{
	HASH_DEL(p->table, pr);
	free(pr);
}

void producers_clear(struct producers *p)
{
	struct producer *pr, *tmp;

	producers_abort(p);
	HASH_ITER(hh, p->table, pr, tmp)
		remove_producer(p, pr);
	free_txns(&p->ongoing);
	free_txns(&p->unreplicated);
}

static void free_staged(struct list *l)
{
	struct staged *s, *tmp;

	list_foreach_safe(s, tmp, l, link) {
		list_remove(&s->link);
		free(s);
	}
}

struct producers *producers_free(struct producers *p)
{
	struct verification *v, *tmp;

	if (!p)
		return NULL;
	producers_clear(p);
	free_staged(&p->spare);
	HASH_ITER(hh, p->verifications, v, tmp) {
		HASH_DEL(p->verifications, v);
		free(v);
	}
	free(p->events);
	free(p->completed);
	free(p->snapshots);
	free(p);
	return NULL;
}

static struct producer *find(const struct producers *p, int64_t id)
{
	struct producer *pr;

	HASH_FIND(hh, p->table, &id, sizeof(id), pr);
	return pr;
}

struct producer *producers_add(struct producers *p, int64_t id)
{
	struct producer *pr = find(p, id);

	if (pr)
		return pr;
	pr = xcalloc(1, sizeof(*pr));
	pr->id = id;
	pr->state = PRODUCER_STATE_NONE;
	HASH_ADD(hh, p->table, id, sizeof(pr->id), pr);
	return pr;
}

static int32_t first_sequence(const struct producer_batch *b)
{
	return sequence_sub(b->last_sequence, b->offset_delta);
}

bool producers_find_duplicate(const struct producers *p, const struct batch *b, struct producer_duplicate *ret)
{
	const struct producer *pr = find(p, b->producer_id);

	if (!pr || pr->state.epoch != b->producer_epoch)
		return false;
	for (int i = 0; i < pr->state.n; i++) {
		const struct producer_batch *old = &pr->state.batches[i];

		if (old->last_sequence != b->last_sequence || first_sequence(old) != b->base_sequence)
			continue;
		ret->first_offset = old->last_offset - old->offset_delta;
		ret->last_offset = old->last_offset;
		ret->timestamp = old->timestamp;
		return true;
	}
	return false;
}

bool producers_has_ongoing_txn(const struct producers *p, int64_t producer_id)
{
	const struct producer *pr = find(p, producer_id);

	return pr && pr->state.txn_first_offset >= 0;
}

/* --- staging --- */

static void add_event(struct producers *p, const struct txn_event *e)
{
	p->events = grow_array(p->events, &p->events_cap, p->events_n + 1, sizeof(*p->events));
	p->events[p->events_n++] = *e;
}

static struct staged *stage_of(struct producers *p, int64_t id)
{
	struct producer *pr = find(p, id);
	bool fresh = !pr;
	struct staged *s;

	if (fresh)
		pr = producers_add(p, id);
	if (pr->staged)
		return pr->staged;
	if (list_empty(&p->spare)) {
		s = xcalloc(1, sizeof(*s));
	} else {
		s = list_first(&p->spare, struct staged, link);
		list_remove(&s->link);
	}
	s->producer = pr;
	s->state = pr->state;
	s->fresh = fresh;
	list_append(&p->staged, &s->link);
	pr->staged = s;
	return s;
}

static struct verification *find_verification(const struct producers *p, int64_t id)
{
	struct verification *v;

	HASH_FIND(hh, p->verifications, &id, sizeof(id), v);
	return v;
}

static int check_epoch(const struct producers *p, const struct staged *s, const struct batch *b,
    enum append_origin origin)
{
	if (b->producer_epoch >= s->state.epoch)
		return 0;
	if (origin != APPEND_REPLICATION)
		return KERR_INVALID_PRODUCER_EPOCH;
	log_warn("partition %s: producer %" PRId64 " wrote with an old epoch offset=%" PRId64 " epoch=%d known=%d",
	    p->label, b->producer_id, b->base_offset, b->producer_epoch, s->state.epoch);
	return 0;
}

/* storage.md 6.3 */
static int check_sequence(const struct producers *p, const struct staged *s, const struct batch *b)
{
	const struct producer_state *known = &s->producer->state;
	const struct verification *v = find_verification(p, b->producer_id);
	int32_t last = NO_SEQUENCE;

	if (v && b->base_sequence > v->lowest_sequence)
		return KERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
	if (b->producer_epoch != s->state.epoch) {
		if (b->base_sequence != 0 && s->state.epoch != NO_PRODUCER_EPOCH)
			return KERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
		return 0;
	}
	if (known->epoch == NO_PRODUCER_EPOCH)
		return 0;
	if (s->state.n > 0)
		last = s->state.batches[s->state.n - 1].last_sequence;
	if ((int64_t)b->base_sequence == (int64_t)last + 1 || (b->base_sequence == 0 && last == INT32_MAX))
		return 0;
	return KERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
}

static void set_epoch(struct producer_state *s, int16_t epoch)
{
	if (s->epoch != epoch)
		s->n = 0;
	s->epoch = epoch;
}

static void push_batch(struct producer_state *s, const struct batch *b)
{
	if (s->n == PRODUCER_BATCHES) {
		memmove(s->batches, s->batches + 1, (PRODUCER_BATCHES - 1) * sizeof(s->batches[0]));
		s->n--;
	}
	s->batches[s->n++] = (struct producer_batch){
		.last_sequence = b->last_sequence,
		.offset_delta = (int32_t)(b->last_offset - b->base_offset),
		.last_offset = b->last_offset,
		.timestamp = b->max_timestamp,
	};
}

static int stage_data(struct producers *p, const struct batch *b, enum append_origin origin)
{
	struct staged *s = stage_of(p, b->producer_id);
	int r = check_epoch(p, s, b, origin);

	if (r == 0 && origin == APPEND_CLIENT)
		r = check_sequence(p, s, b);
	if (r != 0)
		return r;
	if (s->state.txn_first_offset >= 0 && !b->transactional)
		return KERR_INVALID_TXN_STATE;
	set_epoch(&s->state, b->producer_epoch);
	push_batch(&s->state, b);
	s->state.last_timestamp = b->max_timestamp;
	if (b->transactional) {
		s->transactional = true;
		if (s->state.txn_first_offset < 0) {
			s->state.txn_first_offset = b->base_offset;
			add_event(p, &(struct txn_event){ .started = true,
				.txn = { b->producer_id, b->base_offset, -1, false } });
		}
	}
	return 0;
}

static int stage_marker(struct producers *p, const struct batch *b, enum append_origin origin)
{
	struct txn_marker marker;
	struct staged *s;
	int r;

	if (b->record_count == 0) /* emptied by compaction: its transaction is gone */
		return 0;
	r = control_parse_batch(b, &marker);
	if (r != 0)
		return r;
	if (marker.type == CONTROL_OTHER)
		return 0;
	s = stage_of(p, b->producer_id);
	r = check_epoch(p, s, b, origin);
	if (r != 0)
		return r;
	if (marker.coordinator_epoch < s->state.coordinator_epoch && origin != APPEND_REPLICATION)
		return KERR_TRANSACTION_COORDINATOR_FENCED;
	if (s->state.txn_first_offset >= 0)
		add_event(p, &(struct txn_event){ .started = false,
			.txn = { b->producer_id, s->state.txn_first_offset, b->base_offset,
			    marker.type == CONTROL_ABORT } });
	set_epoch(&s->state, b->producer_epoch);
	s->state.coordinator_epoch = marker.coordinator_epoch;
	s->state.last_timestamp = b->max_timestamp;
	s->state.txn_first_offset = -1;
	s->transactional = true;
	return 0;
}

int producers_stage(struct producers *p, const struct batch *b, enum append_origin origin)
{
	assert(batch_has_producer(b));
	return b->control ? stage_marker(p, b, origin) : stage_data(p, b, origin);
}

static void unstage(struct producers *p, struct staged *s)
{
	s->producer->staged = NULL;
	s->producer = NULL;
	s->transactional = false;
	list_remove(&s->link);
	list_append(&p->spare, &s->link);
}

void producers_abort(struct producers *p)
{
	struct staged *s, *tmp;

	list_foreach_safe(s, tmp, &p->staged, link) {
		struct producer *pr = s->producer;
		bool fresh = s->fresh;

		unstage(p, s);
		if (fresh)
			remove_producer(p, pr);
	}
	p->events_n = p->completed_n = 0;
}

/* Keeps the list in the order of first offsets; new ones belong at the end nearly always. */
void producers_insert_txn(struct list *txns, int64_t producer_id, int64_t first, int64_t last)
{
	struct txn *t = xcalloc(1, sizeof(*t));
	struct list *at = txns->prev;

	t->producer_id = producer_id;
	t->first_offset = first;
	t->last_offset = last;
	while (at != txns && list_entry(at, struct txn, link)->first_offset > first)
		at = at->prev;
	list_insert(at, &t->link);
}

void producers_commit(struct producers *p)
{
	struct staged *s, *tmp;

	list_foreach_safe(s, tmp, &p->staged, link) {
		s->producer->state = s->state;
		if (s->transactional && p->verifications) {
			struct verification *v = find_verification(p, s->producer->id);

			if (v) {
				HASH_DEL(p->verifications, v);
				free(v);
			}
		}
		unstage(p, s);
	}
	p->completed_n = 0;
	for (size_t i = 0; i < p->events_n; i++) {
		const struct txn_event *e = &p->events[i];

		if (e->started) {
			producers_insert_txn(&p->ongoing, e->txn.producer_id, e->txn.first_offset, -1);
			continue;
		}
		p->completed = grow_array(p->completed, &p->completed_cap, p->completed_n + 1, sizeof(*p->completed));
		p->completed[p->completed_n++] = e->txn;
	}
	p->events_n = 0;
}

const struct completed_txn *producers_completed(const struct producers *p, size_t i)
{
	return i < p->completed_n ? &p->completed[i] : NULL;
}

int64_t producers_stable_after(const struct producers *p, const struct completed_txn *done)
{
	struct txn *t;

	list_foreach(t, &p->ongoing, link) {
		if (t->producer_id != done->producer_id)
			return t->first_offset;
	}
	return done->last_offset + 1;
}

void producers_complete(struct producers *p, const struct completed_txn *done)
{
	struct txn *t, *tmp;

	list_foreach_safe(t, tmp, &p->ongoing, link) {
		if (t->first_offset != done->first_offset || t->producer_id != done->producer_id)
			continue;
		list_remove(&t->link);
		free(t);
		producers_insert_txn(&p->unreplicated, done->producer_id, done->first_offset, done->last_offset);
		return;
	}
}

/* --- guard --- */

uint64_t producers_verification_start(struct producers *p, int64_t producer_id, int32_t sequence, int16_t epoch,
    int64_t now_ms)
{
	struct verification *v;

	if (producers_has_ongoing_txn(p, producer_id))
		return 0;
	v = find_verification(p, producer_id);
	if (!v) {
		v = xcalloc(1, sizeof(*v));
		v->id = producer_id;
		v->guard = ++p->last_guard;
		v->created_ms = now_ms;
		v->lowest_sequence = sequence;
		v->epoch = epoch;
		HASH_ADD(hh, p->verifications, id, sizeof(v->id), v);
	} else if (epoch > v->epoch) {
		v->epoch = epoch;
		v->lowest_sequence = sequence;
	} else if (epoch == v->epoch && sequence < v->lowest_sequence) {
		v->lowest_sequence = sequence;
	}
	return v->guard;
}

bool producers_verified(const struct producers *p, int64_t producer_id, uint64_t guard)
{
	const struct verification *v = find_verification(p, producer_id);

	return v && guard != 0 && v->guard == guard;
}

/* --- offsets --- */

int64_t producers_map_end(const struct producers *p)
{
	return p->map_end;
}

void producers_set_map_end(struct producers *p, int64_t offset)
{
	p->map_end = offset;
}

int64_t producers_first_unstable(const struct producers *p)
{
	const struct txn *open = list_first(&p->ongoing, struct txn, link);
	const struct txn *done = list_first(&p->unreplicated, struct txn, link);

	if (!open)
		return done ? done->first_offset : -1;
	return done ? MIN(open->first_offset, done->first_offset) : open->first_offset;
}

void producers_on_high_watermark(struct producers *p, int64_t hw)
{
	struct txn *t, *tmp;

	list_foreach_safe(t, tmp, &p->unreplicated, link) {
		if (t->last_offset < hw) {
			list_remove(&t->link);
			free(t);
		}
	}
}

void producers_set_expiration(struct producers *p, int64_t expiration_ms)
{
	p->expiration_ms = expiration_ms;
}

static bool expired(const struct producers *p, const struct producer_state *s, int64_t now_ms)
{
	int64_t age;

	if (p->expiration_ms <= 0 || s->txn_first_offset >= 0)
		return false;
	if (__builtin_sub_overflow(now_ms, s->last_timestamp, &age))
		return s->last_timestamp < 0;
	return age >= p->expiration_ms;
}

bool producers_expired(const struct producers *p, const struct producer_state *s, int64_t now_ms)
{
	return expired(p, s, now_ms);
}

void producers_expire(struct producers *p, int64_t now_ms)
{
	struct verification *v, *vtmp;
	struct producer *pr, *tmp;

	HASH_ITER(hh, p->table, pr, tmp) {
		if (!pr->staged && expired(p, &pr->state, now_ms))
			remove_producer(p, pr);
	}
	HASH_ITER(hh, p->verifications, v, vtmp) {
		if (p->expiration_ms <= 0 || now_ms - v->created_ms < p->expiration_ms)
			continue;
		HASH_DEL(p->verifications, v);
		free(v);
	}
}

size_t producers_count(const struct producers *p)
{
	return HASH_COUNT(p->table);
}

bool producers_empty(const struct producers *p)
{
	return producers_count(p) == 0 && list_empty(&p->unreplicated);
}

size_t producers_ends(const struct producers *p, struct producer_end **ret)
{
	const struct producer *pr;
	size_t n = 0;

	*ret = xcalloc(producers_count(p) + 1, sizeof(**ret));
	for (pr = p->table; pr; pr = pr->hh.next) {
		const struct producer_state *s = &pr->state;

		(*ret)[n++] = (struct producer_end){ pr->id, s->n > 0 ? s->batches[s->n - 1].last_offset : -1, s->epoch };
	}
	return n;
}
