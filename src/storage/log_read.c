/* log_read.c - from an offset to a run of bytes in a segment file (storage.md 5.1 to 5.4).
 *
 * Under the lock a read takes a consistent view: the four offsets, the segment, how far it reaches, the place of
 * the bound if known. The look-up and the walk over batch headers run without it, against a counted segment.
 * A truncation or deletion meanwhile can only make them miss; then the read begins again with a new view.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "storage/log_priv.h"
#include "storage/txn_index.h"

#define TRIES 3

struct view {
	int64_t offset;
	int64_t start, end, hw, stable;
	struct log_place bound;
	bool empty;		 /* nothing to read by the offsets alone */
	bool again;		 /* the list was looked at again since, for another segment */
	struct segment *segment; /* counted; holds the offset, if anything does */
	int64_t segment_end;	 /* its size */
	struct segment_spot spot; /* size 0: to be looked up */
	uint64_t cuts;
};

static struct log_place bound_of(const struct log *log, enum fetch_isolation isolation)
{
	int64_t hw = log->hw;
	struct log_place p = { log->end, segment_base(log_active(log)), segment_size(log_active(log)) };

	if (isolation == FETCH_LOG_END)
		return p;
	if (isolation == FETCH_COMMITTED && log->first_unstable >= 0 && log->first_unstable < hw) {
		p = log->unstable_place;
		if (p.offset != log->first_unstable)
			p = (struct log_place){ log->first_unstable, -1, 0 };
		return p;
	}
	if (hw == log->end)
		return p;
	p = log->hw_place;
	return p.offset == hw ? p : (struct log_place){ hw, -1, 0 };
}

/* The batch of a recent append that holds the offset. */
static void find_recent(const struct log *log, struct view *v)
{
	for (unsigned i = 0; i < log->recent_n; i++) {
		const struct recent_append *a = &log->recent[i];

		if (v->offset >= a->first && v->offset <= a->last)
			v->spot = (struct segment_spot){ a->position, a->size, a->first, a->last };
	}
}

static void set_segment(const struct log *log, size_t i, struct view *v)
{
	v->segment = segment_ref(log->segments[i]);
	v->segment_end = segment_size(log->segments[i]);
	v->spot = (struct segment_spot){ 0 };
	if (i == log->segments_n - 1)
		find_recent(log, v);
}

static int take_view(struct log *log, int64_t offset, enum fetch_isolation isolation, struct view *v)
{
	size_t i;
	int r = 0;

	*v = (struct view){ .offset = offset };
	lock_take(&log->lock);
	v->start = log->start;
	v->end = log->end;
	v->hw = log->hw;
	v->stable = log_stable_offset(log);
	v->cuts = log->cuts;
	if (log->closed || log->segments_n == 0) {
		r = KERR_KAFKA_STORAGE_ERROR;
	} else {
		v->bound = bound_of(log, isolation);
		i = log_floor(log, offset);
		if (offset < v->start || offset > v->end || i == log->segments_n)
			r = KERR_OFFSET_OUT_OF_RANGE;
		else if (offset >= v->bound.offset)
			v->empty = true;
		else
			set_segment(log, i, v);
	}
	lock_release(&log->lock);
	return r;
}

/* Goes on to the segment after the view's. False when there is none. */
static bool next_segment(struct log *log, struct view *v)
{
	int64_t base = segment_base(v->segment);
	size_t i;

	v->segment = segment_unref(v->segment);
	v->again = true;
	lock_take(&log->lock);
	i = log_floor(log, base);
	i = i == log->segments_n ? 0 : i + 1;
	if (!log->closed && i < log->segments_n && segment_base(log->segments[i]) > base)
		set_segment(log, i, v);
	lock_release(&log->lock);
	return v->segment != NULL;
}

static struct segment *segment_at(struct log *log, int64_t offset, int64_t *ret_size)
{
	struct segment *s = NULL;
	size_t i;

	lock_take(&log->lock);
	i = log_floor(log, offset);
	if (!log->closed && i < log->segments_n) {
		s = segment_ref(log->segments[i]);
		*ret_size = segment_size(s);
	}
	lock_release(&log->lock);
	return s;
}

static void remember_place(struct log *log, const struct log_place *p, uint64_t cuts)
{
	lock_take(&log->lock);
	if (cuts == log->cuts) {
		if (log->hw == p->offset)
			log->hw_place = *p;
		if (log->first_unstable == p->offset)
			log->unstable_place = *p;
	}
	lock_release(&log->lock);
}

/* Finds where the bound is: the start of the batch that holds it, so that only whole batches below are seen. */
static int resolve_bound(struct log *log, struct view *v)
{
	CLEANUP(segment_unrefp) struct segment *s = NULL;
	struct segment_spot spot;
	int64_t size = 0;
	int r;

	if (v->bound.segment >= 0)
		return 0;
	v->again = true;
	s = segment_at(log, v->bound.offset, &size);
	if (!s)
		return KERR_OFFSET_OUT_OF_RANGE;
	r = segment_find(s, v->bound.offset, size, &spot);
	if (r != 0 && r != -ENOENT)
		return r;
	v->bound.segment = segment_base(s);
	v->bound.position = spot.position; /* none: the end of the segment, all of it is below */
	if (r == 0)
		remember_place(log, &v->bound, v->cuts);
	return 0;
}

/* The first batch at or behind the offset, in this segment or a later one (compaction leaves holes). */
static int find_batch(struct log *log, struct view *v)
{
	int r;

	for (;;) {
		if (v->spot.size > 0)
			return 0;
		r = segment_find(v->segment, v->offset, v->segment_end, &v->spot);
		if (r != -ENOENT)
			return r;
		v->spot.size = 0;
		if (!next_segment(log, v))
			return -ENOENT;
	}
}

static size_t bytes_to_bound(const struct view *v)
{
	int64_t base = segment_base(v->segment), max = v->segment_end;

	if (base > v->bound.segment)
		return 0;
	if (base == v->bound.segment)
		max = MIN(max, v->bound.position);
	return max > v->spot.position ? (size_t)(max - v->spot.position) : 0;
}

static int fill_slice(struct view *v, size_t max_bytes, bool min_one_message, struct log_slice *ret)
{
	size_t limit = min_one_message ? MAX(max_bytes, v->spot.size) : max_bytes;
	size_t len = MIN(bytes_to_bound(v), limit);
	int r;

	if (len == 0)
		return 0;
	r = segment_file(v->segment, &ret->file);
	if (r < 0)
		return FAIL(r);
	ret->at = v->spot.position;
	ret->len = len;
	ret->first_batch_incomplete = limit < v->spot.size;
	return 0;
}

/* --- aborted transactions --- */

struct collect {
	int64_t from, below;
	struct aborted_txn *v; /* malloced while it grows */
	size_t n, cap;
	bool complete;
};

static bool collect_one(void *arg, const struct txn_index_entry *e)
{
	struct collect *c = arg;

	if (e->last_offset >= c->from && e->first_offset < c->below) {
		c->v = grow_array(c->v, &c->cap, c->n + 1, sizeof(*c->v));
		c->v[c->n++] = (struct aborted_txn){ e->producer_id, e->first_offset };
	}
	c->complete = e->last_stable_offset >= c->below;
	return !c->complete;
}

static int upper_offset(struct log *log, const struct view *v, const struct log_slice *slice, int64_t *ret)
{
	int r = segment_upper_bound(v->segment, slice->at + (int64_t)slice->len, ret);
	size_t i;

	if (r < 0 || *ret >= 0)
		return r < 0 ? FAIL(r) : 0;
	lock_take(&log->lock);
	i = log_floor(log, segment_base(v->segment));
	*ret = i + 1 < log->segments_n ? segment_base(log->segments[i + 1]) : log->end;
	lock_release(&log->lock);
	return 0;
}

static int collect_aborted(struct log *log, struct view *v, struct arena *arena, struct log_slice *ret)
{
	struct collect c = { .from = v->offset };
	int r = upper_offset(log, v, ret, &c.below);

	while (r == 0) {
		r = segment_each_aborted(v->segment, collect_one, &c);
		if (c.complete || r < 0 || !next_segment(log, v))
			break;
	}
	if (r == 0 && c.n > 0) {
		ret->aborted = arena_array(arena, c.n, sizeof(*c.v));
		if (ret->aborted) {
			memcpy(ret->aborted, c.v, c.n * sizeof(*c.v));
			ret->aborted_n = (int32_t)c.n;
		} else {
			r = -ENOMEM;
		}
	}
	free(c.v);
	return r < 0 ? FAIL(r) : 0;
}

/* --- reads --- */

static int read_view(struct log *log, struct view *v, size_t max_bytes, bool min_one_message,
    enum fetch_isolation isolation, struct arena *arena, struct log_slice *ret)
{
	int r = find_batch(log, v);

	if (r == -ENOENT)
		return v->segment ? FAIL(r) : 0; /* past the last batch: empty */
	if (r == 0)
		r = resolve_bound(log, v);
	if (r == 0)
		r = fill_slice(v, max_bytes, min_one_message, ret);
	if (r == 0 && isolation == FETCH_COMMITTED && ret->len > 0)
		r = collect_aborted(log, v, arena, ret);
	return r;
}

/* Whether what a read saw may have been cut or deleted under it. */
static bool overtaken(struct log *log, const struct view *v)
{
	bool is;

	lock_take(&log->lock);
	is = log->cuts != v->cuts || log->closed;
	lock_release(&log->lock);
	return is;
}

/* A read that looked at two segments while the list changed between may have passed over one that took the place of
 * both: it begins again. Each such change is seen once, so this ends. */
int log_read(struct log *log, int64_t offset, size_t max_bytes, bool min_one_message, enum fetch_isolation isolation,
    struct arena *arena, struct log_slice *ret)
{
	struct view v;
	int r = 0;

	for (int i = 0; i < TRIES; i += r != 0) {
		*ret = (struct log_slice){ .first_offset = offset };
		r = take_view(log, offset, isolation, &v);
		ret->high_watermark = v.hw;
		ret->last_stable_offset = v.stable;
		ret->log_start_offset = v.start;
		ret->log_end_offset = v.end;
		if (r != 0 || v.empty)
			return r;
		r = read_view(log, &v, max_bytes, min_one_message, isolation, arena, ret);
		segment_unref(v.segment);
		if (r == 0 && (!v.again || !overtaken(log, &v)))
			return 0;
		log_slice_fini(ret);
		if (r != 0 && !overtaken(log, &v))
			break;
	}
	return r < 0 ? FAIL(r) : r;
}

void log_slice_fini(struct log_slice *s)
{
	s->file = file_unref(s->file);
	s->len = 0;
}

/* Bytes of whole segments between the view's and the bound's. */
static int64_t bytes_between(struct log *log, const struct view *v)
{
	int64_t n = 0;
	size_t i;

	lock_take(&log->lock);
	i = log_floor(log, segment_base(v->segment));
	for (i = i + 1; i < log->segments_n; i++) {
		int64_t base = segment_base(log->segments[i]);

		if (base == v->bound.segment)
			n += v->bound.position;
		else if (base < v->bound.segment)
			n += segment_size(log->segments[i]);
	}
	lock_release(&log->lock);
	return n;
}

int64_t log_bytes_available(struct log *log, int64_t offset, enum fetch_isolation isolation, int64_t enough)
{
	struct view v;
	int64_t n = 0;

	if (take_view(log, offset, isolation, &v) != 0 || v.empty)
		return 0;
	if (resolve_bound(log, &v) == 0) {
		if (segment_base(v.segment) < v.bound.segment)
			n = bytes_between(log, &v);
		if (n < enough && find_batch(log, &v) == 0)
			n += (int64_t)bytes_to_bound(&v);
	}
	segment_unref(v.segment);
	return MIN(n, enough);
}
