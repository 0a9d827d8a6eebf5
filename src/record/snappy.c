/* snappy.c - codec 2: the xerial framing of snappy-java around raw snappy blocks.
 *
 * Written: the 16-byte header, then blocks of 32768 uncompressed bytes, each with an int32 size. Read: the same
 * with blocks of any size, several streams in a row; data that does not start with the header is one raw block
 * (librdkafka sends that).
 * A raw block states its uncompressed size. Snappy cannot shrink below one byte in 21 (a copy takes 3 bytes for
 * 64), so a larger claim is a lie, found before any memory is taken for it.
 */
#include <endian.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/codec_priv.h"

#define MAX_RATIO  24
#define BLOCK_SIZE 32768

enum { HEADER_SIZE = 16, HEADER_MAGIC_SIZE = 8 };

static const uint8_t header[HEADER_SIZE] = {
	0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, /* magic */
	0, 0, 0, 1,			       /* version */
	0, 0, 0, 1,			       /* lowest compatible version */
};

struct snappy_reader {
	struct block block;
	bool framed;
};

struct snappy_writer {
	size_t n;
	uint8_t pending[BLOCK_SIZE];
};

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static size_t left(const struct decompressor *d)
{
	return (size_t)(d->in_end - d->in);
}

static bool at_header(const struct decompressor *d)
{
	return left(d) >= HEADER_MAGIC_SIZE && memcmp(d->in, header, HEADER_MAGIC_SIZE) == 0;
}

static int snappy_read_open(struct decompressor *d)
{
	struct snappy_reader *s;

	if (left(d) == 0)
		return KERR_INVALID_RECORD;
	if (at_header(d) && left(d) < HEADER_SIZE)
		return KERR_INVALID_RECORD;
	s = d->state = xcalloc(1, sizeof(*s));
	s->framed = at_header(d);
	if (s->framed)
		d->in += HEADER_SIZE;
	return 0;
}

static int read_block(struct decompressor *d, size_t n)
{
	struct snappy_reader *s = d->state;
	size_t size;
	int r;

	if (n > left(d) || snappy_uncompressed_length((const char *)d->in, n, &size) != SNAPPY_OK ||
	    size / MAX_RATIO > n)
		return KERR_INVALID_RECORD;
	if (size > d->left)
		return KERR_MESSAGE_TOO_LARGE;
	r = block_reserve(&s->block, MAX(size, 1));
	if (r != 0)
		return FAIL(r);
	if (snappy_uncompress((const char *)d->in, n, (char *)s->block.mem, &size) != SNAPPY_OK)
		return KERR_INVALID_RECORD;
	d->in += n;
	s->block.at = s->block.mem;
	s->block.end = s->block.mem + size;
	return 0;
}

/* The next block of a xerial stream, or the header of a further stream. Up to 3 bytes behind the last block are no size
 * and end the stream, as in snappy-java. */
static int read_frame(struct decompressor *d)
{
	uint32_t n;

	if (at_header(d)) {
		if (left(d) < HEADER_SIZE)
			return KERR_INVALID_RECORD;
		d->in += HEADER_SIZE;
		return 0;
	}
	if (left(d) < 4) {
		d->in = d->in_end;
		return 0;
	}
	n = get32(d->in);
	d->in += 4;
	return read_block(d, n);
}

static int snappy_read(struct decompressor *d, uint8_t *out, size_t n, size_t *ret_n)
{
	struct snappy_reader *s = d->state;
	int r;

	while (s->block.at == s->block.end) {
		if (left(d) == 0) {
			*ret_n = 0;
			return 0;
		}
		r = s->framed ? read_frame(d) : read_block(d, left(d));
		if (r != 0)
			return FAIL(r);
	}
	*ret_n = block_take(&s->block, out, n);
	return 0;
}

static void snappy_read_close(struct decompressor *d)
{
	struct snappy_reader *s = d->state;

	if (s)
		free(s->block.mem);
	free(s);
}

static int snappy_write_open(struct compressor *c)
{
	c->state = xcalloc(1, sizeof(struct snappy_writer));
	return compressor_put(c, header, sizeof(header));
}

static int flush_block(struct compressor *c)
{
	struct snappy_writer *s = c->state;
	size_t n = snappy_max_compressed_length(s->n);
	uint32_t be;
	uint8_t *at;
	int r;

	if (s->n == 0)
		return 0;
	r = compressor_room(c, 4 + n, &at);
	if (r != 0)
		return FAIL(r);
	(void)snappy_compress((const char *)s->pending, s->n, (char *)at + 4, &n);
	be = htobe32((uint32_t)n);
	memcpy(at, &be, 4);
	s->n = 0;
	return compressor_used(c, 4 + n);
}

static int snappy_write(struct compressor *c, const uint8_t *p, size_t n)
{
	struct snappy_writer *s = c->state;
	size_t step;
	int r;

	while (n > 0) {
		step = MIN(n, BLOCK_SIZE - s->n);
		memcpy(s->pending + s->n, p, step);
		s->n += step;
		p += step;
		n -= step;
		if (s->n == BLOCK_SIZE) {
			r = flush_block(c);
			if (r != 0)
				return FAIL(r);
		}
	}
	return 0;
}

static void snappy_write_close(struct compressor *c)
{
	free(c->state);
}

const struct codec_ops codec_snappy = {
	.name = "snappy",
	.read_open = snappy_read_open,
	.read = snappy_read,
	.read_close = snappy_read_close,
	.write_open = snappy_write_open,
	.write = snappy_write,
	.finish = flush_block,
	.write_close = snappy_write_close,
};
