/* log_cleaning.c - see log_cleaning.h: measuring dirt and handing out segments. Files are looked at without the log's
 * lock, on counted segments. */
#include "storage/log_cleaning.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "storage/log_config.h"
#include "storage/log_priv.h"

/* One consistent look. */
struct view {
	struct segment_list l; /* all segments, the active one last */
	int64_t start, end, hw, stable;
	uint64_t truncations;
	struct log_config *config; /* a reference */
};

static struct segment_list take(const struct log *log, size_t n)
{
	struct segment_list l = { xcalloc(n + 1, sizeof(struct segment *)), n };

	for (size_t i = 0; i < n; i++)
		l.v[i] = segment_ref(log->segments[i]);
	return l;
}

void segment_list_fini(struct segment_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		segment_unref(l->v[i]);
	free(l->v);
	*l = (struct segment_list){ NULL, 0 };
}

static int look(struct log *log, struct view *ret)
{
	bool closed;

	lock_take(&log->lock);
	closed = log->closed || log->segments_n == 0;
	if (!closed) {
		ret->l = take(log, log->segments_n);
		ret->start = log->start;
		ret->end = log->end;
		ret->hw = log->hw;
		ret->stable = log_stable_offset(log);
		ret->truncations = log->truncations;
		ret->config = log_config_ref(log->config);
	}
	lock_release(&log->lock);
	return closed ? KERR_KAFKA_STORAGE_ERROR : 0;
}

/* --- dirt (LogCleanerManager.cleanableOffsets, calculateCleanableBytes, maxCompactionDelay) --- */

/* Index of the segment that holds the offset; 0 when it lies before the first. */
static size_t floor_of(const struct view *v, int64_t offset)
{
	size_t i = v->l.n;

	while (i > 1 && segment_base(v->l.v[i - 1]) > offset)
		i--;
	return i - 1;
}

static void find_first_dirty(const struct view *v, int64_t checkpoint, struct log_dirt *d)
{
	d->first_dirty = checkpoint;
	d->checkpoint = DIRT_AS_CHECKPOINTED;
	if (checkpoint < 0) {
		d->first_dirty = v->start;
	} else if (checkpoint < v->start) {
		d->first_dirty = v->start;
		d->checkpoint = DIRT_BELOW_START;
	} else if (checkpoint > v->end) {
		d->first_dirty = v->start;
		d->checkpoint = DIRT_ABOVE_END;
	}
}

/* The base of the first dirty segment that min.compaction.lag.ms protects; INT64_MAX when there is none. */
static int find_lagging(const struct view *v, int64_t first_dirty, int64_t now_ms, int64_t *ret)
{
	int64_t lag = v->config->min_compaction_lag_ms, largest = 0;
	int r;

	*ret = INT64_MAX;
	if (lag <= 0)
		return 0;
	for (size_t i = floor_of(v, first_dirty); i + 1 < v->l.n; i++) {
		r = segment_largest_timestamp(v->l.v[i], &largest);
		if (r < 0)
			return FAIL(r);
		if (largest > now_ms - lag) {
			*ret = segment_base(v->l.v[i]);
			return 0;
		}
	}
	return 0;
}

static int find_overdue(const struct view *v, int64_t first_dirty, int64_t now_ms, int64_t *ret)
{
	int64_t until, first = 0;
	int r;

	*ret = 0;
	if (__builtin_sub_overflow(now_ms, v->config->max_compaction_lag_ms, &until) || until <= 0)
		return 0;
	for (size_t i = floor_of(v, first_dirty); i + 1 < v->l.n; i++) {
		r = segment_first_timestamp(v->l.v[i], &first);
		if (r < 0)
			return FAIL(r);
		if (first > 0 && first < until)
			*ret = MAX(*ret, until - first);
	}
	return 0;
}

/* Bytes of segments [from, to). */
static int64_t bytes(const struct view *v, size_t from, size_t to)
{
	int64_t n = 0;

	for (size_t i = from; i < to; i++)
		n += segment_size(v->l.v[i]);
	return n;
}

static int measure(const struct view *v, int64_t checkpoint, int64_t now_ms, struct log_dirt *d)
{
	int64_t active = segment_base(v->l.v[v->l.n - 1]), lagging, uncleanable;
	size_t end, clean = 0;
	int r;

	find_first_dirty(v, checkpoint, d);
	d->min_ratio = v->config->min_cleanable_dirty_ratio;
	d->truncations = v->truncations;
	d->decided_by = v->hw;
	r = find_lagging(v, d->first_dirty, now_ms, &lagging);
	if (r == 0)
		r = find_overdue(v, d->first_dirty, now_ms, &d->overdue_ms);
	if (r < 0)
		return FAIL(r);
	uncleanable = MAX(d->first_dirty, MIN(MIN(v->stable, active), lagging));
	end = floor_of(v, uncleanable); /* whole segments only */
	d->first_uncleanable = segment_base(v->l.v[end]);
	while (clean < v->l.n && segment_base(v->l.v[clean]) < d->first_dirty)
		clean++;
	d->clean_bytes = bytes(v, 0, clean);
	d->cleanable_bytes = bytes(v, floor_of(v, MIN(d->first_dirty, d->first_uncleanable)), end);
	return 0;
}

int log_dirt(struct log *log, int64_t checkpoint, int64_t now_ms, struct log_dirt *ret)
{
	struct view v;
	int r = look(log, &v);

	if (r != 0)
		return r;
	r = measure(&v, checkpoint, now_ms, ret);
	segment_list_fini(&v.l);
	log_config_unref(v.config);
	return r < 0 ? FAIL(r) : 0;
}

/* --- segments, transactions, producers --- */

void log_segments_below(struct log *log, int64_t offset, struct segment_list *ret)
{
	size_t n = 0;

	lock_take(&log->lock);
	while (n + 1 < log->segments_n && segment_base(log->segments[n]) < offset)
		n++;
	*ret = take(log, log->closed ? 0 : n);
	lock_release(&log->lock);
}

bool log_was_truncated(struct log *log, const struct log_dirt *since)
{
	bool was;

	lock_take(&log->lock);
	was = log->truncations != since->truncations;
	lock_release(&log->lock);
	return was;
}

struct collect {
	int64_t from, below;
	void (*fn)(void *arg, const struct txn_index_entry *e);
	void *arg;
	bool complete;
};

static bool collect_one(void *arg, const struct txn_index_entry *e)
{
	struct collect *c = arg;

	if (e->last_offset >= c->from && e->first_offset < c->below)
		c->fn(c->arg, e);
	c->complete = e->last_stable_offset >= c->below;
	return !c->complete;
}

int log_aborted_between(struct log *log, int64_t from, int64_t below,
    void (*fn)(void *arg, const struct txn_index_entry *e), void *arg)
{
	struct collect c = { from, below, fn, arg, false };
	struct view v;
	int r = look(log, &v);

	if (r != 0)
		return 0; /* closed: the pass ends at its next step */
	for (size_t i = floor_of(&v, from); i < v.l.n && !c.complete && r == 0; i++)
		r = segment_each_aborted(v.l.v[i], collect_one, &c);
	segment_list_fini(&v.l);
	log_config_unref(v.config);
	return r < 0 ? FAIL(r) : 0;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = ((const struct producer_end *)a)->id, y = ((const struct producer_end *)b)->id;

	return x < y ? -1 : x > y;
}

size_t log_producer_ends(struct log *log, struct producer_end **ret)
{
	size_t n;

	lock_take(&log->lock);
	n = producers_ends(log->producers, ret);
	lock_release(&log->lock);
	qsort(*ret, n, sizeof(**ret), by_id);
	return n;
}

int log_new_cleaned(struct log *log, int64_t base, const struct log_config *config, struct segment **ret)
{
	int r = segment_create(&log->dir, base, SUFFIX_CLEANED, config, log->clock, ret);

	return r < 0 ? FAIL(r) : 0;
}
