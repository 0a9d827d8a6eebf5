/* cleaner_copy.c - the second read: a group of segments becomes one, with what the filter leaves.
 *
 * The new segment is filled, closed like a rolled one, synced, given the modification time of the last old one, and
 * only then swapped in (log_swap.c).
 */
#define LOG_CLASS CLEANER_CLASS

#include "storage/cleaner_pass_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logger.h"
#include "protocol/errors.h"
#include "storage/cleaner_filter.h"
#include "storage/log_config.h"
#include "storage/segment.h"

#define SEGMENT_TEXT_MAX 160

struct copy {
	struct cleaner_run *run;
	struct cleaner_filter filter;
	struct segment *to;
};

/* As LogSegment.toString writes it. */
static const char *segment_text(struct segment *s, char *out)
{
	struct timestamp_offset max = { -1, -1 };
	int64_t modified = -1;

	if (segment_modified_ms(s, &modified) < 0)
		modified = -1;
	if (segment_max_timestamp(s, &max) < 0)
		max.timestamp = -1;
	(void)snprintf(out, SEGMENT_TEXT_MAX,
	    "LogSegment(baseOffset=%" PRId64 ", size=%" PRId64 ", lastModifiedTime=%" PRId64
	    ", largestRecordTimestamp=%" PRId64 ")", segment_base(s), segment_size(s), modified, max.timestamp);
	return out;
}

/* --- writing --- */

/* The aborted transactions whose batches are not all gone. */
static int write_aborted(struct copy *c)
{
	int r = 0;

	for (size_t i = 0; i < c->filter.aborted_n && r == 0; i++)
		r = segment_append_txn(c->to, &c->filter.aborted[i]);
	c->filter.aborted_n = 0;
	return r == -EINVAL ? KERR_CORRUPT_MESSAGE : FAIL(r); /* -EINVAL: the old index was out of order */
}

static int write_out(struct copy *c)
{
	struct cleaner_pass *p = c->run->p;
	struct buf *out = p->out;
	int r = 0;

	if (out->len > 0 && !segment_covers(c->to, c->filter.last_kept))
		return -EOVERFLOW;
	if (out->len > (size_t)(INT32_MAX - segment_size(c->to)))
		return KERR_RECORD_LIST_TOO_LARGE;
	if (out->len > 0)
		r = segment_append_batches(c->to, out->data, out->len);
	if (r == 0)
		r = write_aborted(c);
	if (r == 0)
		r = p->charge(p->arg, out->len);
	c->run->stats->bytes_written += (int64_t)out->len;
	out->len = 0;
	return r;
}

/* --- reading --- */

static int copy_chunk(struct copy *c)
{
	struct cleaner_pass *p = c->run->p;
	size_t used = 0, n;
	int r = 0;

	while (r == 0 && used < p->in.len) {
		r = cleaner_check(c->run);
		if (r == 0)
			r = cleaner_filter_run(&c->filter, p->in.data + used, p->in.len - used, p->buffer_bytes, &n);
		if (r == 0)
			r = write_out(c);
		if (r == 0)
			used += n;
	}
	c->run->stats->bytes_read += (int64_t)used;
	return r;
}

static int copy_bytes(struct copy *c, struct segment *from)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct cleaner_pass *p = c->run->p;
	size_t max = MAX((size_t)c->run->config->max_message_bytes, p->max_message_bytes);
	int64_t at = 0, end = segment_size(from);
	int r = end > 0 ? segment_file(from, &f) : 0;

	while (r == 0 && at < end) {
		r = cleaner_chunk_read(&p->in, f, at, end, max);
		if (r == 0)
			r = p->charge(p->arg, p->in.read);
		if (r == 0)
			r = copy_chunk(c);
		at += (int64_t)p->in.len;
	}
	cleaner_chunk_rest(&p->in);
	return r;
}

/* `upper`: where the segment's offsets end. The transaction index is made anew, so all of it counts (KAFKA-13727). */
static int copy_segment(struct copy *c, struct segment *from, int64_t upper)
{
	struct cleaner_run *run = c->run;
	char text[SEGMENT_TEXT_MAX];
	int64_t modified = 0;
	int r = cleaner_note_aborted(run, segment_base(from), upper);

	if (r == 0)
		r = segment_modified_ms(from, &modified);
	if (r != 0)
		return FAIL(r);
	c->filter.keep_legacy_deletes = modified > run->legacy_horizon_ms;
	log_info("Cleaner %d: Cleaning %s in log %s into %" PRId64 " with an upper bound deletion horizon %" PRId64
		 " computed from the segment last modified time of %" PRId64 ",%s deletes.",
	    run->p->id, segment_text(from, text), run->name, segment_base(c->to), run->legacy_horizon_ms, modified,
	    c->filter.keep_legacy_deletes ? "retaining" : "discarding");
	return copy_bytes(c, from);
}

/* --- segments that hold offsets beyond 2^31 above their base (KAFKA-6264) --- */

static int split(struct cleaner_run *run, struct segment *s, int64_t next_base)
{
	struct segment **v = NULL;
	size_t n = 0;
	int r;

	log_info("Cleaner %d: Caught segment overflow error during cleaning: splitting segment %" PRId64 " of log %s.",
	    run->p->id, segment_base(s), run->name);
	r = segment_split(s, run->config, &v, &n);
	if (r == 0 && (n < 2 || segment_base(v[0]) != segment_base(s) || segment_base(v[n - 1]) >= next_base))
		r = KERR_CORRUPT_MESSAGE;
	if (r == 0)
		r = log_swap(run->log, run->dirt, v, n, &s, 1);
	for (size_t i = 0; i < n; i++) {
		if (r > 0)
			(void)!segment_unlink(v[i]);
		segment_unref(v[i]);
	}
	free(v);
	return r == 0 ? -ECANCELED : r; /* the next pass begins with the new segments */
}

/* --- the group --- */

static int copy_all(struct copy *c, struct segment *const *v, size_t n, int64_t next_base)
{
	int64_t upper = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (i + 1 < n)
			upper = segment_base(v[i + 1]);
		else
			r = segment_next_offset(v[i], &upper);
		if (r == 0)
			r = copy_segment(c, v[i], upper);
		if (r == -EOVERFLOW)
			r = split(c->run, v[i], i + 1 < n ? segment_base(v[i + 1]) : next_base);
	}
	return r;
}

static int finish(struct copy *c, struct segment *last)
{
	int r = segment_become_inactive(c->to);

	if (r == 0)
		r = segment_flush(c->to);
	if (r == 0)
		r = segment_copy_modified(c->to, last);
	segment_rest(c->to);
	return r < 0 ? FAIL(r) : 0;
}

static void log_swapping(const struct cleaner_run *run, struct segment *to, struct segment *const *v, size_t n)
{
	CLEANUP(freep) char *list = xstrdup("");
	char text[SEGMENT_TEXT_MAX];

	if (!log_wants(LOG_INFO))
		return;
	for (size_t i = 0; i < n; i++) {
		char *more = xasprintf("%s%s%s", list, i > 0 ? ", " : "", segment_text(v[i], text));

		free(list);
		list = more;
	}
	log_info("Cleaner %d: Swapping in cleaned segment %s for segment(s) List(%s) in log %s", run->p->id,
	    segment_text(to, text), list, run->name);
}

static void tell_oversized(const struct copy *c)
{
	if (c->filter.oversized > 0)
		log_warn("Cleaner %d: %" PRId64 " record batches of %s exceed max record batch size %d after cleaning. "
			 "Consumers with version earlier than 0.10.1.0 may need to increase their fetch sizes.",
		    c->run->p->id, c->filter.oversized, c->run->name, c->run->config->max_message_bytes);
}

int cleaner_copy_group(struct cleaner_run *run, struct segment *const *v, size_t n, int64_t next_base)
{
	struct copy c = { .run = run };
	CLEANUP(freep) struct producer_end *ends = NULL;
	bool swapped = false;
	int r = log_new_cleaned(run->log, segment_base(v[0]), run->config, &c.to);

	if (r < 0)
		return FAIL(r);
	c.filter = (struct cleaner_filter){
		.map = run->p->map,
		.txns = &run->txns,
		.now_ms = run->now_ms,
		.delete_retention_ms = run->config->delete_retention_ms,
		.round_end = run->dirt->first_uncleanable,
		.max_message_bytes = (size_t)run->config->max_message_bytes,
		.out = run->p->out,
		.previous = -1,
	};
	c.filter.producers_n = log_producer_ends(run->log, &ends);
	c.filter.producers = ends;
	r = copy_all(&c, v, n, next_base);
	run->p->out->len = 0;
	if (r == 0)
		r = finish(&c, v[n - 1]);
	if (r == 0) {
		log_swapping(run, c.to, v, n);
		swapped = true;
		r = log_swap(run->log, run->dirt, &c.to, 1, v, n); /* whatever comes of it, the files are the log's now */
	}
	if (!swapped)
		(void)!segment_unlink(c.to);
	run->stats->messages_read += c.filter.messages_read;
	run->stats->messages_written += c.filter.messages_kept;
	run->stats->invalid += c.filter.keyless;
	tell_oversized(&c);
	cleaner_filter_fini(&c.filter);
	segment_unref(c.to);
	return r;
}
