/* time_index.c - see time_index.h. */
#include "storage/time_index.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"

#define ENTRY_SIZE 12u

static int64_t timestamp_of(const uint8_t *entry)
{
	uint64_t v;

	memcpy(&v, entry, 8);
	return (int64_t)be64toh(v);
}

static int64_t relative_of(const uint8_t *entry)
{
	uint32_t v;

	memcpy(&v, entry + 8, 4);
	return (int32_t)be32toh(v);
}

void time_index_init(struct time_index *x, const struct replica_dir *dir, int64_t base)
{
	index_file_init(&x->f, dir, base, ".timeindex", ENTRY_SIZE);
	x->last = (struct timestamp_offset){ -1, base };
}

void time_index_fini(struct time_index *x)
{
	index_file_fini(&x->f);
}

static int read_entry(struct time_index *x, uint32_t i, struct timestamp_offset *ret)
{
	uint8_t entry[INDEX_ENTRY_MAX];
	int r = index_file_get(&x->f, i, entry);

	if (r < 0)
		return FAIL(r);
	ret->timestamp = timestamp_of(entry);
	ret->offset = x->f.base + relative_of(entry);
	return 0;
}

/* Timestamps rise strictly, so a last one below the first is padding: believed, it would make the segment look
 * ancient and retention delete it (KAFKA-10207). */
static int read_last(struct time_index *x)
{
	struct timestamp_offset first = { 0 }, last = { 0 };
	int r;

	x->last = (struct timestamp_offset){ -1, x->f.base };
	if (x->f.n == 0)
		return 0;
	r = read_entry(x, 0, &first);
	if (r == 0)
		r = read_entry(x, x->f.n - 1, &last);
	if (r < 0)
		return FAIL(r);
	if (last.timestamp < 0 || last.offset < x->f.base || (x->f.n > 1 && last.timestamp <= first.timestamp))
		index_file_cut(&x->f, 0);
	else
		x->last = last;
	return 0;
}

int time_index_load(struct time_index *x, int64_t max_bytes)
{
	int r;

	if (x->f.loaded)
		return 0;
	r = index_file_load(&x->f, max_bytes);
	if (r == 0)
		r = read_last(x);
	return r < 0 ? FAIL(r) : 0;
}

bool time_index_full(const struct time_index *x)
{
	return (int64_t)x->f.n >= (int64_t)index_file_capacity(&x->f) - 1;
}

int time_index_maybe_append(struct time_index *x, struct timestamp_offset e)
{
	uint8_t entry[ENTRY_SIZE];
	uint64_t ts;
	uint32_t rel;
	int r;

	if (x->f.n > 0 && (e.offset < x->last.offset || e.timestamp < x->last.timestamp))
		return FAIL(-EINVAL);
	if (e.timestamp <= x->last.timestamp)
		return 0;
	if (e.offset < x->f.base || e.offset - x->f.base > INT32_MAX)
		return FAIL(-EINVAL);
	ts = htobe64((uint64_t)e.timestamp);
	rel = htobe32((uint32_t)(e.offset - x->f.base));
	memcpy(entry, &ts, 8);
	memcpy(entry + 8, &rel, 4);
	r = index_file_append(&x->f, entry);
	if (r < 0)
		return FAIL(r);
	x->last = e;
	return 0;
}

int time_index_lookup(struct time_index *x, int64_t target, struct timestamp_offset *ret)
{
	int64_t i = -1;
	int r = index_file_search(&x->f, target, timestamp_of, &i);

	if (r < 0)
		return FAIL(r);
	if (i < 0) {
		*ret = (struct timestamp_offset){ -1, x->f.base };
		return 0;
	}
	r = read_entry(x, (uint32_t)i, ret);
	return r < 0 ? FAIL(r) : 0;
}

int time_index_truncate_to(struct time_index *x, int64_t offset)
{
	int64_t i = -1;
	int r = index_file_search(&x->f, offset - 1 - x->f.base, relative_of, &i);

	if (r < 0)
		return FAIL(r);
	index_file_cut(&x->f, (uint32_t)(i + 1));
	r = read_last(x);
	return r < 0 ? FAIL(r) : 0;
}

int time_index_reset(struct time_index *x, int64_t max_bytes)
{
	int r = index_file_reset(&x->f, max_bytes);

	if (r < 0)
		return FAIL(r);
	x->last = (struct timestamp_offset){ -1, x->f.base };
	return 0;
}
