/* offset_index.c - see offset_index.h. */
#include "storage/offset_index.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"

#define ENTRY_SIZE 8u

static int64_t relative_of(const uint8_t *entry)
{
	uint32_t v;

	memcpy(&v, entry, 4);
	return (int32_t)be32toh(v);
}

static int64_t position_of(const uint8_t *entry)
{
	uint32_t v;

	memcpy(&v, entry + 4, 4);
	return (int32_t)be32toh(v);
}

void offset_index_init(struct offset_index *x, const struct replica_dir *dir, int64_t base)
{
	index_file_init(&x->f, dir, base, ".index", ENTRY_SIZE);
	x->last_offset = base;
}

void offset_index_fini(struct offset_index *x)
{
	index_file_fini(&x->f);
}

static int read_entry(struct offset_index *x, uint32_t i, struct offset_position *ret)
{
	uint8_t entry[INDEX_ENTRY_MAX];
	int r = index_file_get(&x->f, i, entry);

	if (r < 0)
		return FAIL(r);
	ret->offset = x->f.base + relative_of(entry);
	ret->position = position_of(entry);
	return 0;
}

/* Sets last_offset from the last entry. The first append of a segment is never indexed, so neither part of a
 * genuine entry is 0. */
static int read_last(struct offset_index *x)
{
	struct offset_position last = { 0 };
	int r;

	x->last_offset = x->f.base;
	if (x->f.n == 0)
		return 0;
	r = read_entry(x, x->f.n - 1, &last);
	if (r < 0)
		return FAIL(r);
	if (last.offset <= x->f.base || last.position <= 0)
		index_file_cut(&x->f, 0);
	else
		x->last_offset = last.offset;
	return 0;
}

int offset_index_load(struct offset_index *x, int64_t max_bytes)
{
	int r;

	if (x->f.loaded)
		return 0;
	r = index_file_load(&x->f, max_bytes);
	if (r == 0)
		r = read_last(x);
	return r < 0 ? FAIL(r) : 0;
}

bool offset_index_full(const struct offset_index *x)
{
	return x->f.n >= index_file_capacity(&x->f);
}

int offset_index_append(struct offset_index *x, int64_t offset, int64_t position)
{
	uint8_t entry[ENTRY_SIZE];
	uint32_t rel, pos;
	int r;

	if (offset < x->f.base || offset - x->f.base > INT32_MAX || position < 0 || position > INT32_MAX)
		return FAIL(-EINVAL);
	if (x->f.n > 0 && offset <= x->last_offset)
		return FAIL(-EINVAL);
	rel = htobe32((uint32_t)(offset - x->f.base));
	pos = htobe32((uint32_t)position);
	memcpy(entry, &rel, 4);
	memcpy(entry + 4, &pos, 4);
	r = index_file_append(&x->f, entry);
	if (r < 0)
		return FAIL(r);
	x->last_offset = offset;
	return 0;
}

int offset_index_lookup(struct offset_index *x, int64_t target, struct offset_position *ret)
{
	int64_t i = -1;
	int r = index_file_search(&x->f, target - x->f.base, relative_of, &i);

	if (r < 0)
		return FAIL(r);
	if (i < 0) {
		*ret = (struct offset_position){ x->f.base, 0 };
		return 0;
	}
	r = read_entry(x, (uint32_t)i, ret);
	return r < 0 ? FAIL(r) : 0;
}

int offset_index_upper_bound(struct offset_index *x, int64_t position, int64_t *ret_offset)
{
	struct offset_position e = { 0 };
	int64_t i = -1;
	int r = index_file_search(&x->f, position - 1, position_of, &i);

	if (r < 0)
		return FAIL(r);
	*ret_offset = -1;
	if (i + 1 >= (int64_t)x->f.n)
		return 0;
	r = read_entry(x, (uint32_t)(i + 1), &e);
	if (r < 0)
		return FAIL(r);
	*ret_offset = e.offset;
	return 0;
}

int offset_index_truncate_to(struct offset_index *x, int64_t offset)
{
	int64_t i = -1;
	int r = index_file_search(&x->f, offset - 1 - x->f.base, relative_of, &i);

	if (r < 0)
		return FAIL(r);
	index_file_cut(&x->f, (uint32_t)(i + 1));
	r = read_last(x);
	return r < 0 ? FAIL(r) : 0;
}

int offset_index_reset(struct offset_index *x, int64_t max_bytes)
{
	int r = index_file_reset(&x->f, max_bytes);

	if (r < 0)
		return FAIL(r);
	x->last_offset = x->f.base;
	return 0;
}
