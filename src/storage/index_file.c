/* index_file.c - see index_file.h. */
#include "storage/index_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "storage/replica_dir.h"

#define WARM_BYTES 8192u /* Kafka 3.9, AbstractIndex.warmEntries */

void index_file_init(struct index_file *x, const struct replica_dir *dir, int64_t base, const char *ext,
    uint32_t entry_size)
{
	assert(entry_size <= INDEX_ENTRY_MAX);
	memset(x, 0, sizeof(*x));
	x->dir = dir;
	x->base = base;
	x->ext = ext;
	x->suffix = "";
	x->entry_size = entry_size;
}

static void unmap(struct index_file *x)
{
	if (x->map)
		(void)munmap(x->map, x->map_len);
	x->map = NULL;
	x->map_len = 0;
}

void index_file_fini(struct index_file *x)
{
	unmap(x);
	x->file = file_unref(x->file);
	x->loaded = x->dirty = false;
}

static int64_t round_down(const struct index_file *x, int64_t bytes)
{
	return bytes < 0 ? 0 : bytes - bytes % x->entry_size;
}

static int open_file(struct index_file *x, int flags, struct file **ret)
{
	CLEANUP(freep) char *path = replica_dir_file(x->dir, x->base, x->ext, x->suffix);
	int r = file_open(path, flags, 0644, ret);

	return r == -ENOENT ? r : FAIL(r);
}

static int open_for_write(struct index_file *x)
{
	return x->file ? 0 : open_file(x, O_RDWR | O_CREAT, &x->file);
}

int index_file_load(struct index_file *x, int64_t max_bytes)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	int64_t size;
	int r;

	if (x->loaded)
		return 0;
	r = open_file(x, O_RDONLY, &f);
	if (r == -ENOENT) {
		r = index_file_reset(x, max_bytes);
		x->dirty = false; /* zeros need no sync: no descriptor is kept for them */
		index_file_idle(x);
		return r < 0 ? FAIL(r) : 0;
	}
	if (r < 0)
		return FAIL(r);
	size = file_size(f);
	if (size < 0)
		return FAIL((int)size);
	if (size / x->entry_size > UINT32_MAX / 2)
		return FAIL(-EFBIG);
	x->length = size;
	x->n = (uint32_t)(size / x->entry_size);
	x->loaded = true;
	return 0;
}

int index_file_append(struct index_file *x, const uint8_t *entry)
{
	int64_t at = (int64_t)x->n * x->entry_size;
	int r = open_for_write(x);

	if (r < 0)
		return FAIL(r);
	r = file_write_full(x->file, entry, x->entry_size, at);
	if (r < 0)
		return FAIL(r);
	x->dirty = true;
	x->n++;
	if (x->length < at + x->entry_size) {
		unmap(x);
		x->length = at + x->entry_size;
	}
	return 0;
}

static void make_map(struct index_file *x)
{
	struct file *f = x->file ? file_ref(x->file) : NULL;
	void *p;

	if (!f && open_file(x, O_RDONLY, &f) < 0)
		return;
	/* A file that is shorter than we think would fault on access. */
	if (file_size(f) >= x->length) {
		p = mmap(NULL, (size_t)x->length, PROT_READ, MAP_SHARED, f->fd, 0);
		if (p != MAP_FAILED) {
			x->map = p;
			x->map_len = (size_t)x->length;
		}
	}
	file_unref(f);
}

int index_file_get(struct index_file *x, uint32_t i, uint8_t *ret_entry)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	int64_t at = (int64_t)i * x->entry_size;
	int r;

	assert(i < x->n);
	if (!x->map)
		make_map(x);
	if (x->map) {
		memcpy(ret_entry, x->map + at, x->entry_size);
		return 0;
	}
	if (x->file) {
		f = file_ref(x->file);
	} else {
		r = open_file(x, O_RDONLY, &f);
		if (r < 0)
			return FAIL(r == -ENOENT ? -EIO : r);
	}
	r = file_read_full(f, ret_entry, x->entry_size, at);
	return r < 0 ? FAIL(r) : 0;
}

void index_file_cut(struct index_file *x, uint32_t n)
{
	if (n < x->n)
		x->n = n;
}

int index_file_resize(struct index_file *x, int64_t bytes)
{
	int64_t entries = (int64_t)x->n * x->entry_size;
	int64_t length = MAX(round_down(x, bytes), entries);
	int r;

	if (length == x->length)
		return 0;
	r = open_for_write(x);
	if (r < 0)
		return FAIL(r);
	unmap(x);
	r = file_truncate(x->file, length);
	if (r < 0)
		return FAIL(r);
	x->length = length;
	x->dirty = true;
	return 0;
}

int index_file_extend(struct index_file *x, int64_t bytes)
{
	bool dirty = x->dirty;
	int r = index_file_resize(x, bytes);

	if (r < 0)
		return FAIL(r);
	x->dirty = dirty;
	index_file_idle(x);
	return 0;
}

int index_file_trim(struct index_file *x)
{
	return index_file_resize(x, 0);
}

int index_file_reset(struct index_file *x, int64_t max_bytes)
{
	int64_t length = round_down(x, max_bytes);
	int r = open_for_write(x);

	if (r < 0)
		return FAIL(r);
	unmap(x);
	r = file_truncate(x->file, 0); /* old bytes must not come back as entries */
	if (r == 0 && length > 0)
		r = file_truncate(x->file, length);
	if (r < 0)
		return FAIL(r);
	x->n = 0;
	x->length = length;
	x->loaded = x->dirty = true;
	return 0;
}

struct file *index_file_take_dirty(struct index_file *x)
{
	if (!x->dirty)
		return NULL;
	x->dirty = false;
	return file_ref(x->file);
}

void index_file_idle(struct index_file *x)
{
	if (!x->dirty)
		x->file = file_unref(x->file);
}

static int key_at(struct index_file *x, uint32_t i, int64_t (*key)(const uint8_t *entry), int64_t *ret)
{
	uint8_t entry[INDEX_ENTRY_MAX];
	int r = index_file_get(x, i, entry);

	if (r < 0)
		return FAIL(r);
	*ret = key(entry);
	return 0;
}

int index_file_search(struct index_file *x, int64_t target, int64_t (*key)(const uint8_t *entry),
    int64_t *ret)
{
	uint32_t warm = WARM_BYTES / x->entry_size, lo, hi;
	int64_t k = 0;
	int r;

	*ret = -1;
	if (x->n == 0)
		return 0;
	lo = x->n - 1 > warm ? x->n - 1 - warm : 0;
	hi = x->n - 1;
	r = key_at(x, lo, key, &k);
	if (r < 0)
		return FAIL(r);
	if (k > target) {
		if (lo == 0)
			return 0;
		hi = lo - 1;
		lo = 0;
		r = key_at(x, 0, key, &k);
		if (r < 0)
			return FAIL(r);
		if (k > target)
			return 0;
	}
	while (lo < hi) { /* entry[lo] <= target */
		uint32_t mid = hi - (hi - lo) / 2;

		r = key_at(x, mid, key, &k);
		if (r < 0)
			return FAIL(r);
		if (k <= target)
			lo = mid;
		else
			hi = mid - 1;
	}
	*ret = lo;
	return 0;
}
