/* cleaner_chunk.c - see cleaner_chunk.h. */
#include "storage/cleaner_chunk.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "protocol/errors.h"
#include "record/batch.h"

#define AT_LENGTH 8

int cleaner_chunk_init(struct cleaner_chunk *c, size_t usual)
{
	*c = (struct cleaner_chunk){ .cap = usual, .usual = usual };
	c->data = malloc(usual);
	return c->data ? 0 : FAIL(-ENOMEM);
}

void cleaner_chunk_fini(struct cleaner_chunk *c)
{
	free(c->data);
	*c = (struct cleaner_chunk){ 0 };
}

static int resize(struct cleaner_chunk *c, size_t cap)
{
	uint8_t *p = malloc(cap); /* nothing in it is of use any more */

	if (!p)
		return FAIL(-ENOMEM);
	free(c->data);
	c->data = p;
	c->cap = cap;
	return 0;
}

/* Bytes of whole batches among the first n. */
static int measure(const struct cleaner_chunk *c, size_t n, size_t *ret)
{
	struct batch b;
	size_t pos = 0;
	int r;

	do {
		*ret = pos;
		r = batch_next(c->data, n, &pos, &b);
	} while (r == 0);
	return r == BATCH_PARTIAL ? 0 : r;
}

/* The first of the n bytes begin a batch that does not fit: its size. */
static int size_of_first(const struct cleaner_chunk *c, size_t n, int64_t left, size_t *ret)
{
	uint32_t length;

	if (n < BATCH_PROBE)
		return KERR_CORRUPT_MESSAGE; /* the file ends in something shorter than any batch */
	memcpy(&length, c->data + AT_LENGTH, sizeof(length));
	*ret = BATCH_OVERHEAD + (size_t)be32toh(length); /* batch_next found it possible */
	return (int64_t)*ret > left ? KERR_CORRUPT_MESSAGE : 0;
}

int cleaner_chunk_read(struct cleaner_chunk *c, struct file *f, int64_t at, int64_t end, size_t max)
{
	size_t n, need;
	int r;

	c->read = 0;
	for (;;) {
		n = (size_t)MIN((int64_t)c->cap, end - at);
		r = file_read_full(f, c->data, n, at);
		if (r < 0)
			return FAIL(r);
		c->read += n;
		r = measure(c, n, &c->len);
		if (r != 0 && c->len == 0)
			return r;
		if (c->len > 0)
			return 0; /* damage behind it will be met with the next read */
		r = size_of_first(c, n, end - at, &need);
		if (r == 0)
			r = resize(c, MAX(need, MIN(2 * c->cap, max)));
		if (r != 0)
			return FAIL(r);
	}
}

void cleaner_chunk_rest(struct cleaner_chunk *c)
{
	if (c->cap > c->usual)
		(void)resize(c, c->usual);
}
