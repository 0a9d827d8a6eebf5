/* log_times.c - ListOffsets: from a timestamp to an offset (storage.md 5.5). */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "storage/log_config.h"
#include "storage/log_priv.h"

#define LATEST	       (-1)
#define EARLIEST       (-2)
#define MAX_TIMESTAMP  (-3)
#define EARLIEST_LOCAL (-4)

#define TRIES 3

/* The segments at one moment, counted. */
struct segments {
	struct segment **v;
	int64_t *size;
	size_t n;
	int64_t start, end;
	uint64_t cuts;
};

static int take_segments(struct log *log, struct segments *ret)
{
	*ret = (struct segments){ 0 };
	lock_take(&log->lock);
	if (log->closed) {
		lock_release(&log->lock);
		return KERR_KAFKA_STORAGE_ERROR;
	}
	ret->start = log->start;
	ret->end = log->end;
	ret->cuts = log->cuts;
	ret->v = xcalloc(log->segments_n, sizeof(struct segment *));
	ret->size = xcalloc(log->segments_n, sizeof(*ret->size));
	for (; ret->n < log->segments_n; ret->n++) {
		ret->v[ret->n] = segment_ref(log->segments[ret->n]);
		ret->size[ret->n] = segment_size(log->segments[ret->n]);
	}
	lock_release(&log->lock);
	return 0;
}

static void drop_segments(struct segments *s)
{
	for (size_t i = 0; i < s->n; i++)
		segment_unref(s->v[i]);
	free(s->v);
	free(s->size);
}

/* The first segment whose largest timestamp reaches the target; later ones are not tried. Segments that end below
 * the log start offset are passed over: Kafka looks into them too and then finds nothing until retention has
 * removed them. */
static int find_time(const struct segments *s, int64_t timestamp, struct segment_record *ret)
{
	int64_t largest;
	int r;

	for (size_t i = 0; i < s->n; i++) {
		if (i + 1 < s->n && segment_base(s->v[i + 1]) <= s->start)
			continue;
		r = segment_largest_timestamp(s->v[i], &largest);
		if (r < 0)
			return FAIL(r);
		if (largest >= timestamp)
			return segment_find_timestamp(s->v[i], timestamp, s->start, s->size[i], ret);
	}
	return -ENOENT;
}

static int find_max(const struct segments *s, struct segment_record *ret)
{
	struct timestamp_offset max, best = { -1, 0 };
	size_t at = s->n;
	int r;

	for (size_t i = 0; i < s->n; i++) {
		r = segment_max_timestamp(s->v[i], &max);
		if (r < 0)
			return FAIL(r);
		if (max.timestamp > best.timestamp) {
			best = max;
			at = i;
		}
	}
	return at == s->n ? -ENOENT : segment_find_max_timestamp(s->v[at], s->size[at], ret);
}

static bool overtaken(struct log *log, const struct segments *s)
{
	bool is;

	lock_take(&log->lock);
	is = log->cuts != s->cuts;
	lock_release(&log->lock);
	return is;
}

static int search(struct log *log, int64_t timestamp, struct offset_and_timestamp *ret)
{
	struct segment_record rec;
	struct segments s;
	int r;

	for (int i = 0; i < TRIES; i++) {
		r = take_segments(log, &s);
		if (r != 0)
			return r;
		r = timestamp == MAX_TIMESTAMP ? find_max(&s, &rec) : find_time(&s, timestamp, &rec);
		drop_segments(&s);
		if (r >= 0 || !overtaken(log, &s))
			break; /* else a file may have gone under the search */
	}
	if (r == -ENOENT)
		return 0;
	if (r != 0)
		return r < 0 ? FAIL(r) : r;
	*ret = (struct offset_and_timestamp){ rec.offset, rec.timestamp, rec.leader_epoch };
	return 0;
}

static int8_t format_of(struct log *log)
{
	CLEANUP(log_config_unrefp) struct log_config *config = log_get_config(log);

	return config->record_format;
}

int log_offset_for_timestamp(struct log *log, int64_t timestamp, struct offset_and_timestamp *ret)
{
	*ret = (struct offset_and_timestamp){ -1, -1, -1 };
	if (timestamp != LATEST && timestamp != EARLIEST && format_of(log) < 1)
		return KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT; /* its records have no time stamps */
	if (timestamp >= 0 || timestamp == MAX_TIMESTAMP)
		return search(log, timestamp, ret);
	lock_take(&log->lock);
	if (timestamp == LATEST) {
		ret->offset = log->end;
		ret->leader_epoch = leader_epochs_latest(&log->epochs);
	} else if (timestamp == EARLIEST || timestamp == EARLIEST_LOCAL) {
		ret->offset = log->start;
		ret->leader_epoch = leader_epochs_earliest(&log->epochs, log->start);
	}
	lock_release(&log->lock);
	return 0;
}

/* --- the list of v0 --- */

/* How many segments, counted from the oldest, come up to the last one that was modified by `timestamp`. */
static int count_before(const struct segments *s, int64_t timestamp, size_t *ret)
{
	int64_t ms = 0;
	int r;

	for (*ret = s->n; *ret > 0; --*ret) {
		r = segment_modified_ms(s->v[*ret - 1], &ms);
		if (r != 0)
			return r;
		if (ms <= timestamp)
			break;
	}
	return 0;
}

/* The candidates are the segments' bases, and the log end as one more, modified now, when the last segment is not
 * empty (UnifiedLog.legacyFetchOffsetsBefore of 3.9). */
static int32_t list_before(const struct segments *s, int64_t timestamp, int64_t now_ms, int64_t *out, int32_t max)
{
	bool with_end = s->size[s->n - 1] > 0 && (timestamp == LATEST || timestamp >= now_ms);
	size_t n = s->n;
	int32_t at = 0;
	int r;

	if (timestamp == EARLIEST) {
		with_end = false;
		n = 1;
	} else if (timestamp != LATEST && !with_end) {
		r = count_before(s, timestamp, &n);
		if (r != 0)
			return r;
	}
	if (with_end && at < max)
		out[at++] = s->end;
	for (; n > 0 && at < max; n--)
		out[at++] = MAX(segment_base(s->v[n - 1]), s->start);
	return at;
}

int32_t log_offsets_before(struct log *log, int64_t timestamp, int64_t *out, int32_t max)
{
	struct segments s;
	int32_t n;

	if (take_segments(log, &s) != 0)
		return 0; /* closed: nothing is readable any more */
	n = list_before(&s, timestamp, clock_wall_ms(log->clock), out, max);
	drop_segments(&s);
	return n;
}
