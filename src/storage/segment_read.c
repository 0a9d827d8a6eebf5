/* segment_read.c - look-ups in a segment: index entry under the segment's lock, walk over headers without it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "record/reader.h"
#include "storage/batch_walk.h"
#include "storage/replica_dir.h"
#include "storage/segment_priv.h"

int segment_file(struct segment *s, struct file **ret)
{
	int r;

	lock_take(&s->lock);
	r = segment_open_file(s);
	if (r == 0)
		*ret = file_ref(s->file);
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

int segment_lookup(struct segment *s, int64_t offset, struct file **ret_file, int64_t *ret_position)
{
	struct offset_position p = { 0 };
	int r;

	lock_take(&s->lock);
	r = segment_open_file(s);
	if (r == 0)
		r = segment_load_offsets(s);
	if (r == 0)
		r = offset_index_lookup(&s->offsets, offset, &p);
	if (r == 0) {
		*ret_file = file_ref(s->file);
		*ret_position = p.position;
	}
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

int segment_find(struct segment *s, int64_t offset, int64_t end, struct segment_spot *ret)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct batch_walk w;
	int64_t from = 0;
	int r;

	*ret = (struct segment_spot){ .position = end };
	if (end == 0)
		return -ENOENT;
	r = segment_lookup(s, offset, &f, &from);
	if (r < 0)
		return FAIL(r);
	batch_walk_init(&w, f, from, end, WALK_HEADERS);
	while ((r = batch_walk_next(&w)) == 0) {
		if (w.batch.last_offset < offset)
			continue;
		ret->position = w.at;
		ret->size = w.batch.size;
		ret->base_offset = w.batch.base_offset;
		ret->last_offset = w.batch.last_offset;
		break;
	}
	batch_walk_fini(&w);
	if (r == BATCH_PARTIAL)
		return -ENOENT;
	return r < 0 ? FAIL(r) : r;
}

/* Whether the batches from `from` on reach the end of the file, one with the indexed offset among them. */
static int tail_agrees(struct segment *s, const struct offset_position *from, bool *ret)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct batch_walk w;
	bool found = from->position == 0;
	int r = segment_file(s, &f);

	if (r < 0)
		return FAIL(r);
	batch_walk_init(&w, f, from->position, segment_size(s), WALK_HEADERS);
	while ((r = batch_walk_next(&w)) == 0)
		found = found || w.batch.last_offset >= from->offset;
	*ret = found && r == BATCH_PARTIAL && w.next == segment_size(s);
	batch_walk_fini(&w);
	return r < 0 ? FAIL(r) : 0;
}

int segment_agrees(struct segment *s, bool *ret)
{
	struct offset_position last = { 0, 0 };
	int r;

	lock_take(&s->lock);
	r = segment_load_indexes(s);
	if (r == 0 && s->offsets.f.n > 0)
		r = offset_index_lookup(&s->offsets, INT64_MAX, &last);
	/* closed in order, an index is as long as its entries */
	*ret = s->offsets.f.length < (int64_t)(s->offsets.f.n + 1) * s->offsets.f.entry_size &&
	    s->times.f.length < (int64_t)(s->times.f.n + 1) * s->times.f.entry_size;
	lock_release(&s->lock);
	if (r == 0 && *ret)
		r = tail_agrees(s, &last, ret);
	return r < 0 ? FAIL(r) : 0;
}

/* The file and where its last batches are to be found: at the last index entry. An index that does not exist is not
 * made for that, since what is looked at may be about to be renamed. */
static int lookup_end(struct segment *s, struct file **ret_file, int64_t *ret_position, int64_t *ret_indexed)
{
	bool loaded;
	int r;

	lock_take(&s->lock);
	loaded = s->offsets.f.loaded;
	lock_release(&s->lock);
	*ret_position = 0;
	*ret_indexed = s->base;
	if (!loaded && !segment_has_offset_index(s))
		return segment_file(s, ret_file);
	r = segment_lookup(s, INT64_MAX, ret_file, ret_position);
	if (r < 0)
		return FAIL(r);
	lock_take(&s->lock);
	*ret_indexed = s->offsets.last_offset;
	lock_release(&s->lock);
	return 0;
}

int segment_next_offset(struct segment *s, int64_t *ret)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct batch_walk w;
	int64_t from, indexed;
	int r;

	*ret = s->base;
	if (segment_size(s) == 0)
		return 0;
	r = lookup_end(s, &f, &from, &indexed);
	if (r < 0)
		return FAIL(r);
	batch_walk_init(&w, f, from, segment_size(s), WALK_HEADERS);
	while ((r = batch_walk_next(&w)) == 0) {
		if (w.batch.last_offset >= indexed && w.batch.last_offset < INT64_MAX)
			*ret = w.batch.last_offset + 1;
	}
	batch_walk_fini(&w);
	return r < 0 ? FAIL(r) : 0; /* damage ends the walk, as the end does */
}

int segment_upper_bound(struct segment *s, int64_t position, int64_t *ret)
{
	int r;

	lock_take(&s->lock);
	r = segment_load_offsets(s);
	if (r == 0)
		r = offset_index_upper_bound(&s->offsets, position, ret);
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

int segment_each_aborted(struct segment *s, bool (*fn)(void *arg, const struct txn_index_entry *e), void *arg)
{
	int r;

	lock_take(&s->lock);
	r = s->closed ? 0 : txn_index_load(&s->txns);
	if (r == 0)
		r = txn_index_each(&s->txns, fn, arg);
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

int segment_max_timestamp(struct segment *s, struct timestamp_offset *ret)
{
	int r;

	lock_take(&s->lock);
	r = segment_load_max(s);
	if (r == 0)
		*ret = s->max;
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

/* By name: the file may be closed, and its name changes under the lock. */
static int stat_log(struct segment *s, struct stat *ret)
{
	CLEANUP(freep) char *path = NULL;
	int r;

	lock_take(&s->lock);
	path = replica_dir_file(s->dir, s->base, ".log", s->suffix);
	r = (s->file ? fstat(s->file->fd, ret) : stat(path, ret)) < 0 ? -errno : 0;
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

int segment_modified_ms(struct segment *s, int64_t *ret)
{
	struct stat st;
	int r = stat_log(s, &st);

	if (r < 0)
		return FAIL(r);
	*ret = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	return 0;
}

int segment_copy_modified(struct segment *s, struct segment *from)
{
	static const char *const names[] = { ".log", ".index", ".timeindex" };
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };
	struct stat st;
	int r = stat_log(from, &st);

	if (r < 0)
		return FAIL(r);
	times[1] = st.st_mtim;
	lock_take(&s->lock);
	for (size_t i = 0; i < ARRAY_LEN(names) && r == 0; i++) {
		CLEANUP(freep) char *path = replica_dir_file(s->dir, s->base, names[i], s->suffix);

		if (utimensat(AT_FDCWD, path, times, 0) < 0 && errno != ENOENT)
			r = -errno;
	}
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

int segment_first_timestamp(struct segment *s, int64_t *ret)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct batch_walk w;
	int r;

	*ret = -1;
	if (segment_size(s) == 0)
		return 0;
	r = segment_file(s, &f);
	if (r < 0)
		return FAIL(r);
	batch_walk_init(&w, f, 0, segment_size(s), BATCH_HEADER_SIZE);
	r = batch_walk_next(&w);
	if (r == 0)
		*ret = w.batch.max_timestamp;
	batch_walk_fini(&w);
	return r < 0 ? FAIL(r) : 0;
}

int segment_index_bytes(struct segment *s, int64_t *ret_offsets, int64_t *ret_times)
{
	int r;

	lock_take(&s->lock);
	r = segment_load_indexes(s);
	*ret_offsets = (int64_t)s->offsets.f.n * s->offsets.f.entry_size;
	*ret_times = (int64_t)s->times.f.n * s->times.f.entry_size;
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

int segment_largest_timestamp(struct segment *s, int64_t *ret)
{
	struct timestamp_offset max = { 0 };
	int r = segment_max_timestamp(s, &max);

	if (r < 0)
		return FAIL(r);
	if (max.timestamp >= 0) {
		*ret = max.timestamp;
		return 0;
	}
	r = segment_modified_ms(s, ret);
	return r < 0 ? FAIL(r) : 0;
}

/* The first record of the walk's batch that `exact` (or at least) has the timestamp. -ENOENT none. */
static int search_batch(struct batch_walk *w, int64_t target, bool exact, int64_t start, struct segment_record *ret)
{
	struct record_reader reader = { 0 };
	struct record rec;
	int r = batch_walk_load(w);

	if (r < 0)
		return FAIL(r);
	r = record_reader_init(&reader, &w->batch, NULL, true);
	while (r == 0) {
		r = record_reader_next(&reader, &rec);
		if (r != 0 || rec.offset < start)
			continue;
		if (exact ? rec.timestamp == target : rec.timestamp >= target) {
			ret->offset = rec.offset;
			ret->timestamp = rec.timestamp;
			ret->leader_epoch = w->batch.magic >= 2 ? w->batch.leader_epoch : -1;
			break;
		}
	}
	record_reader_fini(&reader);
	return r == RECORDS_END ? -ENOENT : r;
}

static int search_from(struct file *f, int64_t from, int64_t end, int64_t target, bool exact, int64_t start,
    struct segment_record *ret)
{
	struct batch_walk w;
	int r;

	batch_walk_init(&w, f, from, end, WALK_HEADERS);
	while ((r = batch_walk_next(&w)) == 0) {
		if (exact ? w.batch.max_timestamp != target : w.batch.max_timestamp < target)
			continue;
		r = search_batch(&w, target, exact, start, ret);
		if (r != -ENOENT)
			break;
	}
	batch_walk_fini(&w);
	return r == BATCH_PARTIAL ? -ENOENT : r;
}

/* Where a scan for records from (timestamp, start) on begins. */
static int time_position(struct segment *s, int64_t target, int64_t start, int64_t *ret)
{
	struct timestamp_offset t = { 0 };
	struct offset_position p = { 0 };
	int r;

	lock_take(&s->lock);
	r = segment_load_indexes(s);
	if (r == 0)
		r = time_index_lookup(&s->times, target, &t);
	if (r == 0)
		r = offset_index_lookup(&s->offsets, MAX(t.offset, start), &p);
	lock_release(&s->lock);
	if (r < 0)
		return FAIL(r);
	*ret = p.position;
	return 0;
}

int segment_find_timestamp(struct segment *s, int64_t target, int64_t start, int64_t end, struct segment_record *ret)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	int64_t from = 0;
	int r = time_position(s, target, start, &from);

	if (r == 0)
		r = segment_file(s, &f);
	if (r < 0)
		return FAIL(r);
	r = search_from(f, from, end, target, false, start, ret);
	return r == -ENOENT ? r : FAIL(r);
}

int segment_find_max_timestamp(struct segment *s, int64_t end, struct segment_record *ret)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct timestamp_offset max = { 0 };
	int64_t from = 0;
	int r = segment_max_timestamp(s, &max);

	if (r < 0)
		return FAIL(r);
	if (max.timestamp < 0)
		return -ENOENT;
	r = segment_lookup(s, max.offset, &f, &from);
	if (r < 0)
		return FAIL(r);
	r = search_from(f, from, end, max.timestamp, true, INT64_MIN, ret);
	return r == -ENOENT ? r : FAIL(r);
}
