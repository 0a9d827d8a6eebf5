/* log_times.c - ListOffsets: from a timestamp to an offset (storage.md 5.5). */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "storage/log_priv.h"

#define LATEST	       (-1)
#define EARLIEST       (-2)
#define MAX_TIMESTAMP  (-3)
#define EARLIEST_LOCAL (-4)

/* The segments at one moment, counted. */
struct segments {
	struct segment **v;
	int64_t *size;
	size_t n;
	int64_t start;
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

static int search(struct log *log, int64_t timestamp, struct offset_and_timestamp *ret)
{
	struct segment_record rec;
	struct segments s;
	int r = take_segments(log, &s);

	if (r != 0)
		return r;
	r = timestamp == MAX_TIMESTAMP ? find_max(&s, &rec) : find_time(&s, timestamp, &rec);
	drop_segments(&s);
	if (r == -ENOENT)
		return 0;
	if (r != 0)
		return r < 0 ? FAIL(r) : r;
	*ret = (struct offset_and_timestamp){ rec.offset, rec.timestamp, rec.leader_epoch };
	return 0;
}

int log_offset_for_timestamp(struct log *log, int64_t timestamp, struct offset_and_timestamp *ret)
{
	*ret = (struct offset_and_timestamp){ -1, -1, -1 };
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
