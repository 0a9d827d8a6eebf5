/* segment_recover.c - re-reading a segment after an unclean stop, and replaying it for producer state.
 *
 * Trusts nothing: a batch counts when its header is possible, its checksum right and its offset in range; the file
 * ends where the first one is not. Bytes behind that are lost, as the reference demands (storage.md 12.6).
 */
#define LOG_CLASS "org.apache.kafka.storage.internals.log.LogSegment"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logger.h"
#include "protocol/errors.h"
#include "storage/batch_walk.h"
#include "storage/leader_epochs.h"
#include "storage/producers.h"
#include "storage/replica_dir.h"
#include "storage/segment_priv.h"

/* Answer inside this file: the batch is not to be believed. */
#define DAMAGED 1

/* Applies one whole batch; `s` NULL: without the transaction index. */
static int apply(struct segment *s, struct producers *producers, const struct batch *b)
{
	const struct completed_txn *t;
	int r = 0;

	if (batch_has_producer(b)) {
		r = producers_stage(producers, b, APPEND_REPLICATION);
		if (r == KERR_INVALID_RECORD) {
			producers_abort(producers);
			return DAMAGED;
		}
		if (r != 0) {
			/* Kafka would not start. The bytes were acknowledged: keep them, and the open transaction. */
			log_warn("ignoring a batch out of order for producer state offset=%" PRId64 " producer=%" PRId64
				 " error=%d", b->base_offset, b->producer_id, r);
			producers_abort(producers);
		}
		producers_commit(producers);
		r = 0;
		for (size_t i = 0; (t = producers_completed(producers, i)); i++) {
			if (s && t->aborted && r == 0) {
				const struct txn_index_entry e = { t->producer_id, t->first_offset, t->last_offset,
					producers_stable_after(producers, t) };

				r = txn_index_append(&s->txns, &e);
				if (r == -EINVAL)
					return DAMAGED; /* offsets went back */
			}
			producers_complete(producers, t);
		}
	}
	producers_set_map_end(producers, b->last_offset + 1);
	return r < 0 ? FAIL(r) : 0;
}

static int check_batch(const struct segment *s, const struct batch *b)
{
	if ((b->magic >= 2 && b->size < BATCH_HEADER_SIZE) || !batch_crc_ok(b))
		return DAMAGED;
	if (b->last_offset < s->base || b->last_offset == INT64_MAX || b->last_offset < b->base_offset)
		return DAMAGED;
	return b->last_offset - s->base > INT32_MAX ? -EOVERFLOW : 0;
}

struct recovery {
	struct segment *s;
	struct producers *producers;
	struct leader_epochs *epochs;
	int64_t valid;	     /* bytes */
	int64_t last_indexed; /* position */
	bool offsets_go_back; /* at an index point: the whole segment is nonsense */
};

static int index_batch(struct recovery *rc, const struct batch *b)
{
	struct segment *s = rc->s;
	int r;

	if (b->max_timestamp > s->max.timestamp)
		s->max = (struct timestamp_offset){ b->max_timestamp, b->last_offset };
	if (rc->valid - rc->last_indexed <= s->index_interval_bytes)
		return 0;
	if (offset_index_full(&s->offsets) || time_index_full(&s->times)) {
		/* A foreign index size: entries may be missing, never wrong. */
		return 0;
	}
	r = offset_index_append(&s->offsets, b->last_offset, rc->valid);
	if (r == 0)
		r = time_index_maybe_append(&s->times, s->max);
	if (r == -EINVAL) {
		rc->offsets_go_back = true;
		return DAMAGED;
	}
	rc->last_indexed = rc->valid;
	return r < 0 ? FAIL(r) : 0;
}

static int recover_batch(struct recovery *rc, const struct batch *b)
{
	int r = check_batch(rc->s, b);

	if (r == 0 && b->magic >= 2)
		r = apply(rc->s, rc->producers, b); /* may still refuse it: nothing else must have seen it then */
	if (r == 0)
		r = index_batch(rc, b);
	if (r == 0 && b->magic >= 2 && b->leader_epoch > leader_epochs_latest(rc->epochs))
		(void)leader_epochs_assign(rc->epochs, b->leader_epoch, b->base_offset);
	return r;
}

static int read_all(struct recovery *rc)
{
	struct batch_walk w;
	int r;

	batch_walk_init(&w, rc->s->file, 0, segment_size(rc->s), WALK_WHOLE);
	while ((r = batch_walk_next(&w)) == 0) {
		r = batch_walk_load(&w);
		if (r == 0)
			r = recover_batch(rc, &w.batch);
		if (r != 0)
			break;
		rc->valid += (int64_t)w.batch.size;
	}
	batch_walk_fini(&w);
	return r < 0 && r != -EOVERFLOW ? FAIL(r) : r < 0 ? r : 0;
}

static int reset(struct segment *s)
{
	int r = segment_open_file(s);

	/* What the process before us wrote may be in the page cache only: the next flush has to sync it. */
	s->dirty = s->dirty || r == 0;
	if (r == 0)
		r = offset_index_reset(&s->offsets, s->index_bytes);
	if (r == 0)
		r = time_index_reset(&s->times, s->index_bytes);
	if (r == 0)
		r = txn_index_reset(&s->txns);
	s->max = (struct timestamp_offset){ -1, s->base };
	s->max_known = true;
	s->rolling_known = false;
	s->bytes_since_index = 0;
	return r < 0 ? FAIL(r) : 0;
}

/* Nothing of the segment can be used: index entries that were made are dropped again. */
static int empty(struct recovery *rc)
{
	rc->valid = 0;
	producers_set_map_end(rc->producers, -1); /* so that it is read anew */
	return reset(rc->s);
}

/* -EINVAL: the largest timestamp belongs to an offset below the last index entry. */
static int finish(struct recovery *rc)
{
	struct segment *s = rc->s;
	int r = time_index_maybe_append(&s->times, s->max);

	if (r == 0 && file_size(s->file) > rc->valid) {
		r = file_truncate(s->file, rc->valid);
		s->dirty = true;
	}
	if (r == 0) {
		atomic_store(&s->size, rc->valid);
		r = index_file_trim(&s->offsets.f);
	}
	if (r == 0)
		r = index_file_trim(&s->times.f);
	return r < 0 && r != -EINVAL ? FAIL(r) : r;
}

int segment_recover(struct segment *s, struct producers *producers, struct leader_epochs *epochs, int64_t *ret_lost)
{
	struct recovery rc = { .s = s, .producers = producers, .epochs = epochs };
	int64_t before = segment_size(s);
	int r;

	/* The segment's lock is not taken: this runs before anybody else knows the log, and lines are logged. */
	r = reset(s);
	if (r == 0)
		r = read_all(&rc);
	if (r == 0 && !rc.offsets_go_back)
		r = finish(&rc);
	if (r == -EINVAL || (r == 0 && rc.offsets_go_back)) {
		r = empty(&rc);
		if (r == 0)
			r = finish(&rc);
	}
	if (r < 0)
		return r == -EOVERFLOW ? r : FAIL(r);
	*ret_lost = before - rc.valid;
	return 0;
}

int segment_replay(struct segment *s, struct producers *producers, int64_t from, int64_t to)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct segment_spot spot;
	struct batch_walk w;
	int r = segment_find(s, from, segment_size(s), &spot);

	if (r == -ENOENT || r > 0)
		return 0;
	if (r == 0)
		r = segment_file(s, &f);
	if (r < 0)
		return FAIL(r);
	batch_walk_init(&w, f, spot.position, segment_size(s), WALK_HEADERS);
	while ((r = batch_walk_next(&w)) == 0 && w.batch.last_offset < to) {
		if (w.batch.magic < 2 || !batch_has_producer(&w.batch) || w.batch.last_offset < w.batch.base_offset)
			continue;
		r = w.batch.control ? batch_walk_load(&w) : 0; /* a marker's content is needed */
		if (r == 0)
			r = apply(NULL, producers, &w.batch);
		if (r != 0)
			break;
	}
	batch_walk_fini(&w);
	return r < 0 ? FAIL(r) : 0;
}

/* --- split --- */

/* Copies batches from *at on until one does not fit `to`. */
static int copy_batches(struct file *from, int64_t *at, int64_t end, struct segment *to)
{
	struct batch_walk w;
	int r;

	batch_walk_init(&w, from, *at, end, WALK_WHOLE);
	while ((r = batch_walk_next(&w)) == 0) {
		struct timestamp_offset max = { w.batch.max_timestamp, w.batch.last_offset };

		if (!segment_covers(to, w.batch.last_offset))
			break;
		r = batch_walk_load(&w);
		if (r == 0)
			r = segment_append(to, w.batch.last_offset, max, w.batch.data, w.batch.size);
		if (r != 0)
			break;
		*at = w.next;
	}
	batch_walk_fini(&w);
	return r < 0 ? FAIL(r) : 0;
}

static int first_offset_at(struct file *f, int64_t at, int64_t end, int64_t *ret)
{
	struct batch_walk w;
	int r;

	batch_walk_init(&w, f, at, end, WALK_HEADERS);
	r = batch_walk_next(&w);
	*ret = w.batch.base_offset;
	batch_walk_fini(&w);
	return r;
}

/* Retention by time of segments without timestamps looks at it (storage.md 19, point 13). */
static void copy_mtime(struct file *from, struct file *to)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };
	struct stat st;

	if (fstat(from->fd, &st) == 0) {
		times[1] = st.st_mtim;
		(void)futimens(to->fd, times);
	}
}

static bool has_base(struct segment **v, size_t n, int64_t base)
{
	for (size_t i = 0; i < n; i++) {
		if (segment_base(v[i]) == base)
			return true;
	}
	return false;
}

static int by_base(const void *a, const void *b)
{
	int64_t x = segment_base(*(struct segment *const *)a), y = segment_base(*(struct segment *const *)b);

	return x < y ? -1 : x > y;
}

static int split_into(struct segment *s, const struct log_config *config, struct segment ***v, size_t *n)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	int64_t at = 0, end = segment_size(s), base;
	size_t cap = 0;
	int r = segment_file(s, &f);

	while (r == 0) {
		int64_t begin = at;

		r = first_offset_at(f, at, end, &base);
		if (r != 0)
			return r > 0 ? 0 : FAIL(r); /* the end, or damage, which recovery will cut */
		if (base < 0 || has_base(*v, *n, base))
			return -EUCLEAN;
		*v = grow_array(*v, &cap, *n + 1, sizeof(**v));
		r = segment_create(s->dir, base, SUFFIX_CLEANED, config, s->clock, &(*v)[*n]);
		if (r < 0)
			return FAIL(r);
		s = (*v)[(*n)++];
		r = copy_batches(f, &at, end, s);
		if (r == 0 && at == begin)
			return -EUCLEAN;
		if (r == 0)
			r = segment_become_inactive(s);
		if (r == 0) {
			copy_mtime(f, s->file);
			r = segment_flush(s);
		}
	}
	return r < 0 ? FAIL(r) : 0;
}

int segment_split(struct segment *s, const struct log_config *config, struct segment ***ret, size_t *ret_n)
{
	struct segment **v = NULL;
	size_t n = 0;
	int r = split_into(s, config, &v, &n);

	if (r < 0) {
		for (size_t i = 0; i < n; i++) {
			(void)!segment_unlink(v[i]);
			segment_unref(v[i]);
		}
		free(v);
		return r == -EUCLEAN ? r : FAIL(r);
	}
	if (n > 0) /* the renames go by base (storage.md 19, point 12) */
		qsort(v, n, sizeof(*v), by_base);
	*ret = v;
	*ret_n = n;
	return 0;
}
