/* cleaner_pass.c - see cleaner_pass.h: set-up, the order of the two reads, grouping of segments. */
#include "storage/cleaner_pass.h"

#define LOG_CLASS CLEANER_CLASS

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/logger.h"
#include "protocol/errors.h"
#include "storage/cleaner_pass_priv.h"
#include "storage/log.h"
#include "storage/log_config.h"
#include "storage/offset_map.h"
#include "storage/segment.h"

/* A buffer below this could hold no batch header. */
#define BUFFER_MIN 512u

#define DATE_MAX 64

int cleaner_pass_init(struct cleaner_pass *p, const struct cleaner_pass_config *c, const struct clock *clock)
{
	int r;

	*p = (struct cleaner_pass){ .id = c->id, .clock = clock, .max_message_bytes = c->max_message_bytes };
	p->buffer_bytes = MAX(c->buffer_bytes, BUFFER_MIN);
	r = offset_map_new(c->map_bytes, c->load_factor, &p->map);
	if (r == 0)
		r = cleaner_chunk_init(&p->in, p->buffer_bytes);
	if (r == 0) {
		p->out = buf_new(p->buffer_bytes);
		r = p->out ? 0 : -ENOMEM;
	}
	if (r < 0)
		cleaner_pass_fini(p);
	return r == -EINVAL ? r : FAIL(r);
}

void cleaner_pass_fini(struct cleaner_pass *p)
{
	p->map = offset_map_free(p->map);
	p->out = buf_unref(p->out);
	cleaner_chunk_fini(&p->in);
}

int cleaner_damage(int r)
{
	return r == -EBADMSG || r == -EUCLEAN ? KERR_CORRUPT_MESSAGE : r;
}

static void note_one(void *arg, const struct txn_index_entry *e)
{
	cleaner_txns_add(arg, e);
}

int cleaner_note_aborted(struct cleaner_run *run, int64_t from, int64_t below)
{
	int r = log_aborted_between(run->log, from, below, note_one, &run->txns);

	return cleaner_damage(r);
}

/* --- groups (LogCleaner.groupSegmentsBySize) --- */

struct sizes {
	int64_t log, offsets, times;
};

static int sizes_of(struct segment *s, struct sizes *ret)
{
	int r;

	ret->log = segment_size(s);
	r = segment_index_bytes(s, &ret->offsets, &ret->times);
	return r < 0 ? FAIL(r) : 0;
}

/* Whether segment i may join a group that began with segment `first` and has come to `sum`. */
static bool joins(const struct cleaner_run *run, const struct segment_list *l, size_t first, size_t i,
    const struct sizes *sum, const struct sizes *s)
{
	const struct log_config *c = run->config;
	int64_t last = (i + 1 < l->n ? segment_base(l->v[i + 1]) : run->dirt->first_uncleanable) - 1;

	return sum->log + s->log <= c->segment_bytes && sum->offsets + s->offsets <= c->segment_index_bytes &&
	    sum->times + s->times <= c->segment_index_bytes &&
	    (s->log == 0 || last - segment_base(l->v[first]) <= INT32_MAX);
}

/* How many segments from `first` on make a group. */
static int group_from(const struct cleaner_run *run, const struct segment_list *l, size_t first, size_t *ret_n)
{
	struct sizes sum, s;
	int r = sizes_of(l->v[first], &sum);

	for (*ret_n = 1; r == 0 && first + *ret_n < l->n; ++*ret_n) {
		r = sizes_of(l->v[first + *ret_n], &s);
		if (r < 0 || !joins(run, l, first, first + *ret_n, &sum, &s))
			break;
		sum.log += s.log;
		sum.offsets += s.offsets;
		sum.times += s.times;
	}
	return r < 0 ? FAIL(r) : 0;
}

static int copy_groups(struct cleaner_run *run, int64_t end)
{
	struct segment_list l;
	size_t n = 0;
	int r = 0;

	log_segments_below(run->log, end, &l);
	for (size_t i = 0; i < l.n && r == 0; i += n) {
		r = group_from(run, &l, i, &n);
		if (r == 0)
			r = cleaner_copy_group(run, l.v + i, n,
			    i + n < l.n ? segment_base(l.v[i + n]) : MAX(end, run->dirt->first_uncleanable));
	}
	segment_list_fini(&l);
	cleaner_txns_fini(&run->txns);
	return r;
}

/* --- the pass --- */

static const char *date_text(int64_t ms, char *out)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(out, DATE_MAX, "%a %b %d %H:%M:%S %Z %Y", &tm) == 0)
		*out = '\0';
	return out;
}

/* Segments that hold offsets from `from` on. */
static void dirty_part(const struct segment_list *all, int64_t from, struct segment_list *ret)
{
	size_t skip = 0;

	while (skip + 1 < all->n && segment_base(all->v[skip + 1]) <= from)
		skip++;
	*ret = (struct segment_list){ all->v + skip, all->n - skip };
}

/* Modification time of the last of the segments below an offset; 0 without one. */
static int modified_below(struct log *log, int64_t offset, int64_t *ret)
{
	struct segment_list l;
	int r = 0;

	*ret = 0;
	log_segments_below(log, offset, &l);
	if (l.n > 0)
		r = segment_modified_ms(l.v[l.n - 1], ret);
	segment_list_fini(&l);
	return r < 0 ? FAIL(r) : 0;
}

static int build_map(struct cleaner_run *run)
{
	struct segment_list all, dirty;
	int r;

	log_segments_below(run->log, run->dirt->first_uncleanable, &all);
	dirty_part(&all, run->dirt->first_dirty, &dirty);
	r = cleaner_map_build(run, &dirty);
	segment_list_fini(&all);
	return r;
}

static int run_pass(struct cleaner_run *run, int64_t *ret_end)
{
	char prior[DATE_MAX], horizon[DATE_MAX];
	int64_t clean_modified, modified, end;
	int r = modified_below(run->log, run->dirt->first_dirty, &clean_modified);

	if (r < 0)
		return FAIL(r);
	if (clean_modified > 0 &&
	    __builtin_sub_overflow(clean_modified, run->config->delete_retention_ms, &run->legacy_horizon_ms))
		run->legacy_horizon_ms = INT64_MIN;
	log_info("Cleaner %d: Building offset map for %s...", run->p->id, run->name);
	r = build_map(run);
	run->stats->mapped_ms = clock_mono_ms(run->p->clock);
	end = offset_map_latest(run->p->map) + 1;
	if (r == 0 && end <= run->dirt->first_dirty)
		r = -ECANCELED; /* the log was cut meanwhile */
	if (r == 0)
		r = modified_below(run->log, run->dirt->first_uncleanable, &modified);
	if (r != 0)
		return r;
	log_info("Cleaner %d: Cleaning log %s (cleaning prior to %s, discarding tombstones prior to upper bound "
		 "deletion horizon %s)...",
	    run->p->id, run->name, date_text(modified, prior), date_text(run->legacy_horizon_ms, horizon));
	r = copy_groups(run, end);
	if (r == 0)
		*ret_end = end;
	return r;
}

int cleaner_pass_run(struct cleaner_pass *p, struct log *log, const struct log_dirt *dirt, struct cleaner_stats *stats,
    int64_t *ret_end)
{
	CLEANUP(log_config_unrefp) struct log_config *config = log_get_config(log);
	CLEANUP(freep) char *name = xasprintf("%s-%" PRId32, log_topic(log), log_partition(log));
	struct cleaner_run run = { .p = p, .log = log, .name = name, .config = config, .dirt = dirt, .stats = stats,
		.now_ms = clock_wall_ms(p->clock), .txns = CLEANER_TXNS_INIT };
	int r;

	*stats = (struct cleaner_stats){ .start_ms = clock_mono_ms(p->clock) };
	log_info("Cleaner %d: Beginning cleaning of log %s", p->id, name);
	r = run_pass(&run, ret_end);
	stats->utilization = (double)offset_map_size(p->map) / (double)offset_map_slots(p->map);
	stats->end_ms = clock_mono_ms(p->clock);
	cleaner_txns_fini(&run.txns);
	offset_map_clear(p->map);
	if (p->out->cap > p->buffer_bytes) { /* one large batch must not cost memory for good */
		struct buf *usual = buf_new(p->buffer_bytes);

		if (usual) {
			buf_unref(p->out);
			p->out = usual;
		}
	}
	/* What was read may have been cut off meanwhile: neither an end nor a fault of it means anything. */
	r = log_was_truncated(log, dirt) ? -ECANCELED : cleaner_damage(r);
	return r < 0 && r != -ECANCELED ? FAIL(r) : r;
}
