/* txn_index.c - see txn_index.h. */
#include "storage/txn_index.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/file.h"
#include "storage/replica_dir.h"

#define ENTRY_SIZE 34u
#define CHUNK	   128u /* entries read at once */

void txn_index_init(struct txn_index *x, const struct replica_dir *dir, int64_t base)
{
	memset(x, 0, sizeof(*x));
	x->dir = dir;
	x->base = base;
	x->suffix = "";
	x->last_offset = -1;
}

void txn_index_fini(struct txn_index *x)
{
	x->file = file_unref(x->file);
	x->loaded = x->dirty = false;
}

static int open_file(struct txn_index *x, int flags)
{
	CLEANUP(freep) char *path = NULL;
	int r;

	if (x->file)
		return 0;
	path = replica_dir_file(x->dir, x->base, ".txnindex", x->suffix);
	r = file_open(path, O_RDWR | flags, 0644, &x->file);
	return r == -ENOENT ? r : FAIL(r);
}

/* Kafka looks at the first byte of the version only (storage.md 2.4). */
static int decode(const uint8_t *p, struct txn_index_entry *ret)
{
	struct cursor c = cur_of(p, ENTRY_SIZE);

	if (cur_u8(&c) != 0)
		return -EUCLEAN;
	(void)cur_u8(&c);
	ret->producer_id = cur_i64(&c);
	ret->first_offset = cur_i64(&c);
	ret->last_offset = cur_i64(&c);
	ret->last_stable_offset = cur_i64(&c);
	return 0;
}

static void encode(const struct txn_index_entry *e, uint8_t *out)
{
	const int64_t v[4] = { e->producer_id, e->first_offset, e->last_offset, e->last_stable_offset };

	memset(out, 0, 2);
	for (int i = 0; i < 4; i++) {
		uint64_t be = htobe64((uint64_t)v[i]);

		memcpy(out + 2 + 8 * i, &be, 8);
	}
}

int txn_index_each(struct txn_index *x, bool (*fn)(void *arg, const struct txn_index_entry *e), void *arg)
{
	uint8_t chunk[CHUNK * ENTRY_SIZE];
	struct txn_index_entry e;
	int r;

	for (uint32_t i = 0; i < x->n; i += CHUNK) {
		uint32_t n = MIN(x->n - i, CHUNK);

		r = file_read_full(x->file, chunk, (size_t)n * ENTRY_SIZE, (int64_t)i * ENTRY_SIZE);
		if (r < 0)
			return FAIL(r);
		for (uint32_t k = 0; k < n; k++) {
			r = decode(chunk + (size_t)k * ENTRY_SIZE, &e);
			if (r < 0)
				return FAIL(r);
			if (!fn(arg, &e))
				return 0;
		}
	}
	return 0;
}

struct check {
	int64_t base, last;
	bool bad;
};

static bool check_entry(void *arg, const struct txn_index_entry *e)
{
	struct check *c = arg;

	if (e->last_offset < c->base)
		c->bad = true;
	c->last = e->last_offset;
	return !c->bad;
}

int txn_index_load(struct txn_index *x)
{
	struct check c = { x->base, -1, false };
	int64_t size;
	int r;

	if (x->loaded)
		return 0;
	r = open_file(x, 0);
	if (r == -ENOENT) {
		x->loaded = true;
		return 0;
	}
	if (r < 0)
		return FAIL(r);
	size = file_size(x->file);
	if (size < 0)
		return FAIL((int)size);
	if (size / ENTRY_SIZE > UINT32_MAX / 2)
		return FAIL(-EFBIG);
	x->exists = true;
	x->n = (uint32_t)(size / ENTRY_SIZE);
	r = txn_index_each(x, check_entry, &c);
	if (r < 0)
		return FAIL(r);
	if (c.bad)
		return -EBADMSG;
	x->last_offset = c.last;
	x->loaded = true;
	if (x->n == 0)
		x->file = file_unref(x->file);
	return 0;
}

int txn_index_append(struct txn_index *x, const struct txn_index_entry *e)
{
	uint8_t entry[ENTRY_SIZE];
	int r;

	if (e->last_offset <= x->last_offset)
		return FAIL(-EINVAL);
	r = open_file(x, O_CREAT);
	if (r < 0)
		return FAIL(r);
	encode(e, entry);
	r = file_write_full(x->file, entry, ENTRY_SIZE, (int64_t)x->n * ENTRY_SIZE);
	if (r < 0)
		return FAIL(r);
	x->exists = x->dirty = true;
	x->n++;
	x->last_offset = e->last_offset;
	return 0;
}

struct keep {
	int64_t below, last;
	uint32_t n;
};

static bool keep_entry(void *arg, const struct txn_index_entry *e)
{
	struct keep *k = arg;

	if (e->last_offset >= k->below)
		return false;
	k->last = e->last_offset;
	k->n++;
	return true;
}

int txn_index_truncate_to(struct txn_index *x, int64_t offset)
{
	struct keep k = { offset, -1, 0 };
	int r;

	if (!x->exists)
		return 0;
	r = txn_index_each(x, keep_entry, &k);
	if (r == 0)
		r = open_file(x, 0);
	if (r == 0)
		r = file_truncate(x->file, (int64_t)k.n * ENTRY_SIZE);
	if (r < 0)
		return FAIL(r);
	x->n = k.n;
	x->last_offset = k.last;
	x->dirty = true;
	return 0;
}

int txn_index_reset(struct txn_index *x)
{
	int r;

	x->n = 0;
	x->last_offset = -1;
	x->loaded = true;
	r = open_file(x, 0);
	if (r == -ENOENT) {
		x->exists = false;
		return 0;
	}
	if (r == 0)
		r = file_truncate(x->file, 0);
	if (r < 0)
		return FAIL(r);
	x->exists = x->dirty = true;
	return 0;
}

struct file *txn_index_take_dirty(struct txn_index *x)
{
	if (!x->dirty)
		return NULL;
	x->dirty = false;
	return file_ref(x->file);
}
