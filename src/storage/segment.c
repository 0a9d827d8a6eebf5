/* segment.c - life of a segment, appends, rolling, truncation, syncing. Look-ups are in segment_read.c.
 *
 * Files of idle segments stay closed: the record file is opened by the first read or write, index files while
 * they have something to write. So thousands of partitions cost few descriptors.
 */
#include "storage/segment.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "storage/batch_walk.h"
#include "storage/log_config.h"
#include "storage/replica_dir.h"
#include "storage/segment_priv.h"

static const char *const extensions[] = { ".log", ".index", ".timeindex", ".txnindex" };

static struct segment *segment_new(const struct replica_dir *dir, int64_t base, const char *suffix,
    const struct log_config *config, const struct clock *clock)
{
	struct segment *s = xcalloc(1, sizeof(*s));
	int64_t jitter = MIN(config->segment_jitter_ms, config->segment_ms);

	atomic_init(&s->refs, 1);
	s->dir = dir;
	s->clock = clock;
	s->base = base;
	lock_init(&s->lock, RANK_LEAF, "segment");
	offset_index_init(&s->offsets, dir, base);
	time_index_init(&s->times, dir, base);
	txn_index_init(&s->txns, dir, base);
	s->suffix = s->offsets.f.suffix = s->times.f.suffix = s->txns.suffix = suffix;
	s->index_bytes = config->segment_index_bytes;
	s->index_interval_bytes = config->index_interval_bytes;
	s->roll_jitter_ms = jitter > 0 ? (int64_t)random_below((uint64_t)jitter) : 0;
	s->created_ms = clock_wall_ms(clock);
	s->max = (struct timestamp_offset){ -1, base };
	return s;
}

static int unlink_files(const struct replica_dir *dir, int64_t base, const char *suffix)
{
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
		CLEANUP(freep) char *path = replica_dir_file(dir, base, extensions[i], suffix);
		int r = fs_unlink(path);

		if (r < 0)
			return FAIL(r);
	}
	return 0;
}

int segment_create(const struct replica_dir *dir, int64_t base, const char *suffix, const struct log_config *config,
    const struct clock *clock, struct segment **ret)
{
	CLEANUP(freep) char *path = replica_dir_file(dir, base, ".log", suffix);
	CLEANUP(segment_unrefp) struct segment *s = NULL;
	int r = unlink_files(dir, base, suffix);

	if (r < 0)
		return FAIL(r);
	s = segment_new(dir, base, suffix, config, clock);
	r = file_open(path, O_RDWR | O_CREAT | O_EXCL, 0644, &s->file);
	if (r < 0)
		return FAIL(r);
	if (config->preallocate)
		r = file_truncate(s->file, config->segment_bytes);
	if (r < 0) {
		(void)fs_unlink(path);
		return FAIL(r);
	}
	s->dirty = true;
	s->max_known = true;
	*ret = TAKE(s);
	return 0;
}

int segment_open(const struct replica_dir *dir, int64_t base, const char *suffix, const struct log_config *config,
    const struct clock *clock, struct segment **ret)
{
	CLEANUP(freep) char *path = replica_dir_file(dir, base, ".log", suffix);
	struct segment *s;
	struct stat st;

	if (stat(path, &st) < 0)
		return FAIL(-errno);
	if (!S_ISREG(st.st_mode))
		return FAIL(-EINVAL);
	if (st.st_size > INT32_MAX)
		return FAIL(-EFBIG);
	s = segment_new(dir, base, suffix, config, clock);
	atomic_store(&s->size, st.st_size);
	*ret = s;
	return 0;
}

struct segment *segment_ref(struct segment *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

struct segment *segment_unref(struct segment *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	offset_index_fini(&s->offsets);
	time_index_fini(&s->times);
	txn_index_fini(&s->txns);
	file_unref(s->file);
	lock_fini(&s->lock);
	free(s);
	return NULL;
}

int64_t segment_base(const struct segment *s)
{
	return s->base;
}

int64_t segment_size(const struct segment *s)
{
	return atomic_load_explicit(&s->size, memory_order_relaxed);
}

static void set_size(struct segment *s, int64_t size)
{
	atomic_store_explicit(&s->size, size, memory_order_relaxed);
}

bool segment_covers(const struct segment *s, int64_t offset)
{
	return offset >= s->base && offset - s->base <= INT32_MAX;
}

bool segment_has_offset_index(const struct segment *s)
{
	CLEANUP(freep) char *path = replica_dir_file(s->dir, s->base, ".index", s->suffix);

	return fs_exists(path);
}

int segment_open_file(struct segment *s)
{
	CLEANUP(freep) char *path = NULL;
	int r;

	if (s->file)
		return 0;
	if (s->closed)
		return FAIL(-EBADF);
	path = replica_dir_file(s->dir, s->base, ".log", s->suffix);
	r = file_open(path, O_RDWR, 0, &s->file);
	return r < 0 ? FAIL(r == -ENOENT ? -EIO : r) : 0; /* -ENOENT means "not found" in look-ups */
}

int segment_load_offsets(struct segment *s)
{
	int r = s->closed ? -EBADF : offset_index_load(&s->offsets, s->index_bytes);

	return r < 0 ? FAIL(r) : 0;
}

int segment_load_indexes(struct segment *s)
{
	int r = segment_load_offsets(s);

	if (r == 0)
		r = time_index_load(&s->times, s->index_bytes);
	return r < 0 ? FAIL(r) : 0;
}

int segment_load_max(struct segment *s)
{
	int r;

	if (s->max_known)
		return 0;
	r = s->closed ? -EBADF : time_index_load(&s->times, s->index_bytes);
	if (r < 0)
		return FAIL(r);
	s->max = s->times.last;
	s->max_known = true;
	return 0;
}

int segment_check(struct segment *s)
{
	CLEANUP(freep) char *time_path = replica_dir_file(s->dir, s->base, ".timeindex", s->suffix);
	bool no_times = !fs_exists(time_path);
	int r = 0;

	if (!segment_has_offset_index(s))
		return -ENOENT;
	lock_take(&s->lock);
	if (no_times) {
		r = time_index_load(&s->times, 0); /* created empty, not rebuilt: storage.md 12.4 */
		index_file_idle(&s->times.f);
	}
	if (r == 0)
		r = txn_index_load(&s->txns);
	lock_release(&s->lock);
	if (r == -EBADMSG || r == -EUCLEAN)
		return r;
	return r < 0 ? FAIL(r) : 0;
}

/* --- append --- */

/* The timestamp that time based rolling counts from: the first batch's largest. */
static int load_rolling_timestamp(struct segment *s)
{
	struct batch_walk w;
	int r;

	if (s->rolling_known || segment_size(s) == 0)
		return 0;
	lock_take(&s->lock);
	r = segment_open_file(s);
	lock_release(&s->lock);
	if (r < 0)
		return FAIL(r);
	batch_walk_init(&w, s->file, 0, segment_size(s), BATCH_HEADER_SIZE);
	r = batch_walk_next(&w);
	if (r >= 0) { /* a damaged start has no timestamp: time counts from the creation */
		s->rolling_timestamp = r == 0 ? w.batch.max_timestamp : -1;
		s->rolling_known = true;
	}
	batch_walk_fini(&w);
	return r < 0 ? FAIL(r) : 0;
}

int segment_should_roll(struct segment *s, const struct log_config *config, int64_t now_ms, int64_t max_timestamp,
    int64_t last_offset, size_t n)
{
	int64_t size = segment_size(s), waited, limit = log_config_roll_ms(config) - s->roll_jitter_ms;
	bool full;
	int r;

	if (size > config->segment_bytes - (int64_t)n || !segment_covers(s, last_offset))
		return 1;
	if (size > 0) {
		r = load_rolling_timestamp(s);
		if (r < 0)
			return FAIL(r);
		if (s->rolling_known && s->rolling_timestamp >= 0)
			/* a difference of two wild timestamps may overflow: then nothing was waited for */
			waited = __builtin_sub_overflow(max_timestamp, s->rolling_timestamp, &waited) ? 0 : waited;
		else
			waited = now_ms - s->created_ms;
		if (waited > limit)
			return 1;
	}
	lock_take(&s->lock);
	r = segment_load_indexes(s);
	full = r == 0 && (offset_index_full(&s->offsets) || time_index_full(&s->times));
	lock_release(&s->lock);
	if (r < 0)
		return FAIL(r);
	return full ? 1 : 0;
}

/* The entries that storage.md 4.4 asks for, when an append of n bytes went to `at`. */
static int index_append(struct segment *s, int64_t last_offset, int64_t at, size_t n)
{
	int r;

	if (s->bytes_since_index > s->index_interval_bytes) {
		r = offset_index_append(&s->offsets, last_offset, at);
		if (r == 0)
			r = time_index_maybe_append(&s->times, s->max);
		if (r < 0)
			return FAIL(r);
		s->bytes_since_index = 0;
	}
	s->bytes_since_index += (int64_t)n;
	return 0;
}

int segment_append(struct segment *s, int64_t last_offset, struct timestamp_offset max, const void *p, size_t n)
{
	int64_t at = segment_size(s);
	struct timestamp_offset max_before;
	int r;

	assert(segment_covers(s, last_offset));
	if (n > (size_t)(INT32_MAX - at))
		return FAIL(-EFBIG);
	lock_take(&s->lock);
	r = segment_open_file(s);
	if (r == 0)
		r = segment_load_indexes(s);
	if (r == 0)
		r = segment_load_max(s);
	max_before = s->max;
	if (r == 0) {
		r = file_write_full(s->file, p, n, at);
		s->dirty = true;
		if (r == 0) {
			if (max.timestamp > s->max.timestamp)
				s->max = max;
			r = index_append(s, last_offset, at, n);
		}
		if (r < 0) { /* nothing half written stays behind */
			s->max = max_before;
			(void)!file_truncate(s->file, at);
		}
	}
	lock_release(&s->lock);
	if (r < 0)
		return FAIL(r);
	if (at == 0) {
		s->rolling_timestamp = max.timestamp;
		s->rolling_known = true;
	}
	set_size(s, at + (int64_t)n);
	return 0;
}

int segment_append_txn(struct segment *s, const struct txn_index_entry *e)
{
	int r;

	lock_take(&s->lock);
	r = txn_index_load(&s->txns);
	if (r == 0)
		r = txn_index_append(&s->txns, e);
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

/* Index entries for batches that have just been written at `at`; lock held. */
static int index_batches(struct segment *s, const uint8_t *p, size_t n, int64_t at)
{
	struct batch b;
	size_t pos = 0, from = 0;
	int r;

	while ((r = batch_next(p, n, &pos, &b)) == 0) {
		if (b.max_timestamp > s->max.timestamp)
			s->max = (struct timestamp_offset){ b.max_timestamp, b.last_offset };
		if (offset_index_full(&s->offsets) || time_index_full(&s->times))
			s->bytes_since_index = 0; /* a reader scans further, no more */
		r = index_append(s, b.last_offset, at + (int64_t)from, b.size);
		if (r < 0)
			return FAIL(r);
		from = pos;
	}
	return 0;
}

int segment_append_batches(struct segment *s, const uint8_t *p, size_t n)
{
	int64_t at = segment_size(s);
	int r;

	if (n > (size_t)(INT32_MAX - at))
		return FAIL(-EFBIG);
	lock_take(&s->lock);
	r = segment_open_file(s);
	if (r == 0)
		r = segment_load_indexes(s);
	if (r == 0)
		r = file_write_full(s->file, p, n, at);
	s->dirty = true;
	if (r == 0)
		r = index_batches(s, p, n, at);
	lock_release(&s->lock);
	if (r < 0)
		return FAIL(r);
	set_size(s, at + (int64_t)n);
	return 0;
}

/* Trims the index files to their entries; lock held. */
static int trim(struct segment *s)
{
	int r = index_file_trim(&s->offsets.f);

	if (r == 0)
		r = index_file_trim(&s->times.f);
	return r < 0 ? FAIL(r) : 0;
}

int segment_become_inactive(struct segment *s)
{
	int r;

	lock_take(&s->lock);
	r = segment_load_indexes(s);
	if (r == 0)
		r = segment_load_max(s);
	if (r == 0)
		r = time_index_maybe_append(&s->times, s->max);
	if (r == 0)
		r = trim(s);
	if (r == 0)
		r = segment_open_file(s);
	if (r == 0 && file_size(s->file) > segment_size(s)) {
		r = file_truncate(s->file, segment_size(s)); /* preallocated */
		s->dirty = true;
	}
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

int segment_become_active(struct segment *s)
{
	int r;

	lock_take(&s->lock);
	r = segment_load_indexes(s);
	if (r == 0)
		r = index_file_extend(&s->offsets.f, s->index_bytes);
	if (r == 0)
		r = index_file_extend(&s->times.f, s->index_bytes);
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

/* After a truncation: the last time index entry, or a larger timestamp in the batches behind it. */
static int reread_max(struct segment *s)
{
	struct offset_position from;
	struct batch_walk w;
	int r = offset_index_lookup(&s->offsets, s->times.last.offset, &from);

	if (r < 0)
		return FAIL(r);
	s->max = s->times.last;
	batch_walk_init(&w, s->file, from.position, segment_size(s), WALK_HEADERS);
	while ((r = batch_walk_next(&w)) == 0) {
		if (w.batch.max_timestamp > s->max.timestamp)
			s->max = (struct timestamp_offset){ w.batch.max_timestamp, w.batch.last_offset };
	}
	batch_walk_fini(&w);
	return r < 0 ? FAIL(r) : 0;
}

/* Lock held. */
static int truncate_files(struct segment *s, int64_t offset, int64_t position)
{
	int r = offset_index_truncate_to(&s->offsets, offset);

	if (r == 0)
		r = time_index_truncate_to(&s->times, offset);
	if (r == 0)
		r = txn_index_load(&s->txns);
	if (r == 0)
		r = txn_index_truncate_to(&s->txns, offset);
	if (r == 0)
		r = index_file_resize(&s->offsets.f, s->index_bytes);
	if (r == 0)
		r = index_file_resize(&s->times.f, s->index_bytes);
	if (r == 0)
		r = segment_open_file(s);
	if (r == 0 && position < file_size(s->file)) {
		r = file_truncate(s->file, position);
		s->dirty = true;
	}
	if (r < 0)
		return FAIL(r);
	set_size(s, position);
	s->bytes_since_index = 0;
	if (s->max_known && s->max.timestamp >= 0)
		r = reread_max(s);
	return r < 0 ? FAIL(r) : 0;
}

int segment_truncate_to(struct segment *s, int64_t offset)
{
	struct segment_spot spot;
	int64_t size = segment_size(s);
	int r = segment_find(s, offset, size, &spot);

	if (r < 0 && r != -ENOENT)
		return FAIL(r);
	if (r > 0)
		return FAIL(-EIO);
	lock_take(&s->lock);
	r = segment_load_indexes(s);
	if (r == 0)
		r = segment_load_max(s);
	if (r == 0)
		r = truncate_files(s, offset, spot.position);
	lock_release(&s->lock);
	if (r < 0)
		return FAIL(r);
	if (segment_size(s) == 0) {
		s->created_ms = clock_wall_ms(s->clock);
		s->rolling_known = false;
	}
	return 0;
}

/* --- sync and end --- */

int segment_flush(struct segment *s)
{
	struct file *f[4] = { NULL };
	int r = 0;

	lock_take(&s->lock);
	if (s->dirty) {
		f[0] = file_ref(s->file);
		s->dirty = false;
	}
	f[1] = index_file_take_dirty(&s->offsets.f);
	f[2] = index_file_take_dirty(&s->times.f);
	f[3] = txn_index_take_dirty(&s->txns);
	index_file_idle(&s->offsets.f);
	index_file_idle(&s->times.f);
	lock_release(&s->lock);
	for (size_t i = 0; i < ARRAY_LEN(f); i++) {
		if (f[i] && r == 0)
			r = file_sync(f[i]);
		file_unref(f[i]);
	}
	return r < 0 ? FAIL(r) : 0;
}

void segment_rest(struct segment *s)
{
	lock_take(&s->lock);
	if (!s->dirty)
		s->file = file_unref(s->file);
	lock_release(&s->lock);
}

static void close_files(struct segment *s)
{
	offset_index_fini(&s->offsets);
	time_index_fini(&s->times);
	txn_index_fini(&s->txns);
	s->file = file_unref(s->file);
	s->dirty = false;
	s->closed = true;
}

int segment_close(struct segment *s)
{
	int r = 0;

	lock_take(&s->lock);
	if (!s->closed && segment_size(s) == 0) /* its index files may not exist yet: a start would miss them */
		r = segment_load_indexes(s);
	if (r == 0 && s->max_known && s->max.timestamp >= 0) {
		r = time_index_load(&s->times, s->index_bytes);
		if (r == 0)
			r = time_index_maybe_append(&s->times, s->max);
	}
	if (r == 0 && s->offsets.f.loaded)
		r = index_file_trim(&s->offsets.f);
	if (r == 0 && s->times.f.loaded)
		r = index_file_trim(&s->times.f);
	if (r == 0 && s->file && file_size(s->file) > segment_size(s)) {
		r = file_truncate(s->file, segment_size(s));
		s->dirty = true;
	}
	lock_release(&s->lock);
	if (r == 0)
		r = segment_flush(s);
	lock_take(&s->lock);
	close_files(s);
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

void segment_close_dirty(struct segment *s)
{
	lock_take(&s->lock);
	close_files(s);
	lock_release(&s->lock);
}

int segment_change_suffix(struct segment *s, const char *suffix)
{
	int r = 0;

	lock_take(&s->lock);
	for (size_t i = 0; i < ARRAY_LEN(extensions) && r == 0; i++) {
		CLEANUP(freep) char *from = replica_dir_file(s->dir, s->base, extensions[i], s->suffix);
		CLEANUP(freep) char *to = replica_dir_file(s->dir, s->base, extensions[i], suffix);

		r = fs_rename(from, to);
		if (r == -ENOENT) /* indexes may not exist yet */
			r = 0;
	}
	if (r == 0)
		s->suffix = s->offsets.f.suffix = s->times.f.suffix = s->txns.suffix = suffix;
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}

int segment_unlink(struct segment *s)
{
	int r;

	lock_take(&s->lock);
	close_files(s);
	r = unlink_files(s->dir, s->base, s->suffix);
	lock_release(&s->lock);
	return r < 0 ? FAIL(r) : 0;
}
