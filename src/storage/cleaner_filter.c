/* cleaner_filter.c - see cleaner_filter.h.
 *
 * A batch is walked once to decide, record by record, into a bitmap; only when something goes it is walked again and
 * rebuilt. So nothing but the current record is held decompressed.
 */
#include "storage/cleaner_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/builder.h"
#include "storage/cleaner_txns.h"
#include "storage/offset_map.h"

#define BITS 64u

const struct reader_limits cleaner_limits = { .record = CLEANER_RECORD_MAX };

/* What the first walk found. */
struct verdict {
	int32_t total, kept;
	bool tombstones;  /* among the kept ones, in the cleaned range */
	bool wrong_magic; /* an inner message that the rebuilt wrapper puts right (KAFKA-4298) */
	bool untouchable; /* cannot be rebuilt within limits: stays as it is */
};

void cleaner_filter_fini(struct cleaner_filter *f)
{
	free(f->aborted);
	free(f->keep);
	f->aborted = NULL;
	f->keep = NULL;
	f->aborted_n = f->aborted_cap = f->keep_cap = 0;
}

bool cleaner_batch_ok(const struct batch *b, int64_t previous)
{
	return b->last_offset >= b->base_offset && b->base_offset >= 0 && b->last_offset < INT64_MAX &&
	    b->base_offset > previous && b->record_count >= (b->magic < 2 ? -1 : 0) && batch_crc_ok(b);
}

static int put_verbatim(struct cleaner_filter *f, const struct batch *b)
{
	size_t need = f->out->len + b->size;

	if (need > f->out->cap && !buf_reserve(f->out, MAX(need, 2 * f->out->cap)))
		return FAIL(-ENOMEM);
	memcpy(f->out->data + f->out->len, b->data, b->size);
	f->out->len += b->size;
	return 0;
}

/* --- the first walk --- */

static int mark(struct cleaner_filter *f, int32_t i, bool keep)
{
	size_t word = (size_t)i / BITS;
	uint64_t *grown;
	size_t cap;

	if (word >= f->keep_cap) {
		cap = MAX(f->keep_cap * 2, (size_t)64);
		grown = realloc(f->keep, cap * sizeof(*grown)); /* a batch says how many records it has */
		if (!grown)
			return FAIL(-ENOMEM);
		f->keep = grown;
		f->keep_cap = cap;
	}
	if ((size_t)i % BITS == 0)
		f->keep[word] = 0;
	f->keep[word] |= (uint64_t)keep << ((size_t)i % BITS);
	return 0;
}

static bool is_kept(const struct cleaner_filter *f, int32_t i)
{
	return f->keep_all || (f->keep[(size_t)i / BITS] >> ((size_t)i % BITS) & 1);
}

/* Whether the record's offset is one of the batch's. */
static bool belongs(const struct record *rec, const struct batch *b)
{
	return rec->offset <= b->last_offset && (b->magic < 2 || rec->offset >= b->base_offset);
}

/* A record on which the map has not been asked yet; by then its bytes may be gone. */
struct waiting {
	struct offset_key key;
	int64_t offset;
	bool has_key, has_value, wrong_magic;
};

struct judge {
	struct cleaner_filter *f;
	const struct batch *b;
	struct verdict *v;
	int64_t latest;
	struct waiting w[CLEANER_AHEAD];
	unsigned first, n;
};

/* storage.md 15.5, "per record of a kept data batch" */
static bool stays(const struct judge *j, const struct waiting *w)
{
	struct cleaner_filter *f = j->f;

	if (w->offset > j->latest)
		return true;
	if (!w->has_key) {
		f->keyless++;
		return false;
	}
	if (w->offset < offset_map_get(f->map, &w->key))
		return false;
	if (w->has_value)
		return true;
	if (j->b->magic < 2)
		return f->keep_legacy_deletes;
	return !j->b->has_delete_horizon || f->now_ms < j->b->base_timestamp;
}

static int judge_first(struct judge *j)
{
	const struct waiting *w = &j->w[j->first++ % CLEANER_AHEAD];
	struct verdict *v = j->v;
	bool keep = stays(j, w);
	int r = mark(j->f, v->total, keep);

	j->n--;
	v->total++;
	v->kept += keep;
	if (keep && !w->has_value && w->offset <= j->latest)
		v->tombstones = true;
	if (keep && w->wrong_magic)
		v->wrong_magic = true;
	return r < 0 ? FAIL(r) : 0;
}

static int judge_record(struct judge *j, const struct record_reader *in, const struct record *rec)
{
	struct waiting *w;
	int r = 0;

	if (!belongs(rec, j->b))
		return KERR_INVALID_RECORD;
	if (in->inner_crc_bad)
		return KERR_CORRUPT_MESSAGE;
	if (j->n == CLEANER_AHEAD)
		r = judge_first(j);
	w = &j->w[(j->first + j->n++) % CLEANER_AHEAD];
	w->offset = rec->offset;
	w->has_key = rec->key.len >= 0;
	w->has_value = rec->value.len >= 0;
	w->wrong_magic = j->b->magic < 2 && batch_is_compressed(j->b) && in->inner_magic != j->b->magic;
	if (w->has_key && w->offset <= j->latest)
		w->key = offset_map_hash(j->f->map, rec->key);
	return r;
}

static int judge(struct cleaner_filter *f, const struct batch *b, struct verdict *v)
{
	struct judge j = { .f = f, .b = b, .v = v, .latest = offset_map_latest(f->map) };
	struct record_reader in;
	struct record rec;
	int r = record_reader_init(&in, b, &cleaner_limits, false);

	if (r != 0)
		return FAIL(r);
	while (r == 0) {
		r = record_reader_next(&in, &rec);
		if (r == 0)
			r = judge_record(&j, &in, &rec);
	}
	record_reader_fini(&in);
	if (r == KERR_MESSAGE_TOO_LARGE) {
		v->untouchable = true;
		return 0;
	}
	r = r == RECORDS_END ? 0 : r;
	while (r == 0 && j.n > 0)
		r = judge_first(&j);
	return FAIL(r);
}

/* --- the second walk --- */

static void builder_config_of(const struct batch *b, int64_t first_kept, int64_t horizon, struct builder_config *ret)
{
	*ret = (struct builder_config)BUILDER_CONFIG_INIT;
	ret->magic = b->magic;
	ret->codec = (enum codec)b->codec;
	ret->timestamp_type = b->timestamp_type == TIMESTAMP_LOG_APPEND ? TIMESTAMP_LOG_APPEND : TIMESTAMP_CREATE;
	ret->base_offset = b->magic >= 2 ? b->base_offset : first_kept;
	ret->log_append_time = b->max_timestamp;
	ret->leader_epoch = b->leader_epoch;
	ret->producer_id = b->producer_id;
	ret->producer_epoch = b->producer_epoch;
	ret->base_sequence = b->base_sequence;
	ret->transactional = b->transactional;
	ret->control = b->control;
	ret->delete_horizon_ms = horizon;
}

static int copy_kept(struct cleaner_filter *f, const struct batch *b, int64_t horizon, struct batch_builder *out,
    struct record_reader *in)
{
	struct builder_config c;
	struct record rec;
	int r;

	for (int32_t i = 0;; i++) {
		r = record_reader_next(in, &rec);
		if (r != 0)
			break;
		if (!is_kept(f, i))
			continue;
		if (!belongs(&rec, b))
			return KERR_INVALID_RECORD; /* markers have not been looked at */
		if (!out->buf) { /* the first one: its offset is the base of a legacy wrapper */
			builder_config_of(b, rec.offset, horizon, &c);
			r = batch_builder_init(out, &c, f->out);
			if (r != 0)
				return FAIL(r);
		}
		r = batch_builder_add(out, rec.offset, &rec);
		if (r != 0)
			return FAIL(r);
	}
	return r == RECORDS_END && out->buf ? 0 : r == RECORDS_END ? KERR_INVALID_RECORD : FAIL(r);
}

static int rebuild(struct cleaner_filter *f, const struct batch *b, int64_t horizon)
{
	struct batch_builder out = { 0 };
	struct record_reader in;
	struct buf *done = NULL;
	size_t before = f->out->len;
	int r = record_reader_init(&in, b, &cleaner_limits, false);

	if (r == 0)
		r = copy_kept(f, b, horizon, &out, &in);
	record_reader_fini(&in);
	if (r == 0 && b->magic >= 2)
		batch_builder_set_last_offset(&out, b->last_offset);
	if (r == 0)
		r = batch_builder_finish(&out, &done); /* done is f->out */
	out.buf = NULL; /* it was never the builder's to free */
	batch_builder_fini(&out);
	if (r != 0) {
		f->out->len = before;
		return r;
	}
	if (f->out->len - before > MAX(b->size, f->max_message_bytes))
		f->oversized++;
	return 0;
}

/* --- one batch --- */

static int64_t horizon_of(const struct cleaner_filter *f, const struct batch *b, bool set)
{
	int64_t at;

	if (b->has_delete_horizon)
		return b->base_timestamp;
	if (!set)
		return NO_TIMESTAMP;
	return __builtin_add_overflow(f->now_ms, f->delete_retention_ms, &at) ? INT64_MAX : at;
}

static int put(struct cleaner_filter *f, const struct batch *b, const struct verdict *v, bool discardable,
    bool keep_empty)
{
	bool set_horizon = b->magic >= 2 && !b->has_delete_horizon && (v->tombstones || (b->control && discardable));
	int r;

	if (v->untouchable || (v->kept > 0 && v->kept == v->total && !v->wrong_magic && !set_horizon)) {
		f->messages_kept += v->kept;
		return put_verbatim(f, b);
	}
	if (v->kept == 0)
		return keep_empty ? batch_build_empty(f->out, b) : 0;
	r = rebuild(f, b, horizon_of(f, b, set_horizon));
	if (r == KERR_INVALID_TIMESTAMP || r == KERR_MESSAGE_TOO_LARGE)
		r = put_verbatim(f, b); /* what somebody wrote and no builder writes: better kept than stuck */
	if (r == 0)
		f->messages_kept += v->kept;
	return FAIL(r);
}

static bool is_last_of_producer(const struct cleaner_filter *f, const struct batch *b)
{
	size_t lo = 0, hi = f->producers_n;

	if (!batch_has_producer(b))
		return false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->producers[mid].id < b->producer_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == f->producers_n || f->producers[lo].id != b->producer_id)
		return false;
	if (f->producers[lo].last_offset >= 0)
		return f->producers[lo].last_offset == b->last_offset;
	return b->control && b->producer_epoch == f->producers[lo].epoch;
}

static int on_control(struct cleaner_filter *f, const struct batch *b, bool *ret_discardable)
{
	struct txn_index_entry e;
	bool set;
	int r = cleaner_txns_on_control(f->txns, b, ret_discardable, &e, &set);

	if (r == 0 && set) {
		f->aborted = grow_array(f->aborted, &f->aborted_cap, f->aborted_n + 1, sizeof(*f->aborted));
		f->aborted[f->aborted_n++] = e;
	}
	return r;
}

static int filter_control(struct cleaner_filter *f, const struct batch *b, bool keep_empty)
{
	struct verdict v = { .total = b->record_count };
	bool discardable = false;
	int r = on_control(f, b, &discardable);

	if (r != 0)
		return FAIL(r);
	f->messages_read += b->record_count;
	if (!discardable || !b->has_delete_horizon || f->now_ms < b->base_timestamp)
		v.kept = v.total;
	f->keep_all = true;
	r = put(f, b, &v, discardable, keep_empty);
	f->keep_all = false;
	return FAIL(r);
}

static int filter_data(struct cleaner_filter *f, const struct batch *b, bool keep_empty)
{
	struct verdict v = { 0 };
	bool aborted = cleaner_txns_on_data(f->txns, b);
	int r = 0;

	if (aborted) {
		v.total = b->record_count;
	} else if (b->magic >= 2 && b->base_offset > offset_map_latest(f->map) && b->record_count > 0) {
		v.total = v.kept = b->record_count; /* behind the cleaned range */
	} else {
		r = judge(f, b, &v);
	}
	if (r != 0)
		return FAIL(r);
	f->messages_read += v.total;
	return put(f, b, &v, false, keep_empty);
}

static int filter_batch(struct cleaner_filter *f, const struct batch *b)
{
	size_t before;
	bool keep_empty;
	int r;

	if (!cleaner_batch_ok(b, f->previous))
		return KERR_CORRUPT_MESSAGE;
	f->previous = b->last_offset;
	before = f->out->len;
	/* Without the last batch a replica that copies the log could not come up to its end (KAFKA-17076). */
	keep_empty = b->magic >= 2 && (is_last_of_producer(f, b) || b->last_offset + 1 == f->round_end);
	r = b->control ? filter_control(f, b, keep_empty) : filter_data(f, b, keep_empty);
	if (f->out->len > before)
		f->last_kept = b->last_offset;
	return FAIL(r);
}

int cleaner_filter_run(struct cleaner_filter *f, const uint8_t *p, size_t n, size_t out_limit, size_t *ret_used)
{
	struct batch b;
	size_t pos = 0;
	int r;

	*ret_used = 0;
	while (f->out->len < out_limit) {
		r = batch_next(p, n, &pos, &b);
		if (r == BATCH_PARTIAL)
			return 0;
		if (r == 0)
			r = filter_batch(f, &b);
		if (r != 0)
			return FAIL(r);
		*ret_used = pos;
	}
	return 0;
}
