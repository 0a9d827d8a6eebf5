/* lz4.c - codec 3: LZ4 frames, handled here block by block on liblz4's block functions.
 *
 * liblz4's own frame reader is both too strict (magic 0 carries a wrong header checksum, which Kafka does not
 * check; content checksums are not verified) and too liberal (linked blocks, several frames) compared with what
 * Kafka reads and writes (protocol.md section 7; Kafka 3.9, Lz4BlockInputStream, Lz4BlockOutputStream).
 */
#include <endian.h>
#include <lz4.h>
#include <lz4hc.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/codec_priv.h"

#define FRAME_MAGIC   0x184D2204u
#define STORED	      0x80000000u /* bit of a block size: the block is not compressed */
#define BLOCK_SIZE    65536	  /* as written */
#define DEFAULT_LEVEL 9		  /* means the fast compressor (Kafka 3.9, CompressionType.LZ4) */
#define MAX_RATIO     255

#define FLG_CONTENT_CHECKSUM 0x04u
#define FLG_CONTENT_SIZE     0x08u
#define FLG_BLOCK_CHECKSUM   0x10u

struct lz4_reader {
	struct block block;
	size_t block_max;
	uint8_t flags;
};

struct lz4_writer {
	size_t n;
	uint8_t pending[BLOCK_SIZE];
};

static uint32_t get32le(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static void put32le(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static uint32_t rotl(uint32_t v, int n)
{
	return v << n | v >> (32 - n);
}

/* XXH32 with seed 0, as the frame format uses it for its checksums. */
static uint32_t xxh32(const uint8_t *p, size_t n)
{
	static const uint32_t p1 = 2654435761u, p2 = 2246822519u, p3 = 3266489917u, p4 = 668265263u,
			      p5 = 374761393u;
	uint32_t lane[4] = { p1 + p2, p2, 0, 0u - p1 };
	uint32_t h = p5;
	size_t left = n;
	int i;

	for (; left >= 16; left -= 16)
		for (i = 0; i < 4; i++, p += 4)
			lane[i] = rotl(lane[i] + get32le(p) * p2, 13) * p1;
	if (n >= 16)
		h = rotl(lane[0], 1) + rotl(lane[1], 7) + rotl(lane[2], 12) + rotl(lane[3], 18);
	h += (uint32_t)n;
	for (; left >= 4; left -= 4, p += 4)
		h = rotl(h + get32le(p) * p3, 17) * p4;
	for (; left > 0; left--, p++)
		h = rotl(h + *p * p5, 11) * p1;
	h = (h ^ h >> 15) * p2;
	h = (h ^ h >> 13) * p3;
	return h ^ h >> 16;
}

static uint8_t header_checksum(const uint8_t *p, size_t n)
{
	return (uint8_t)(xxh32(p, n) >> 8);
}

static size_t left(const struct decompressor *d)
{
	return (size_t)(d->in_end - d->in);
}

static int lz4_read_open(struct decompressor *d)
{
	const uint8_t *p = d->in;
	size_t n = 6; /* magic, FLG, BD */
	struct lz4_reader *z;

	if (left(d) < 7 || get32le(p) != FRAME_MAGIC)
		return KERR_INVALID_RECORD;
	/* version 01, blocks independent, reserved bits 0; block size 4 to 7 */
	if ((p[4] & 0xe3) != 0x60 || (p[5] & 0x8f) != 0 || p[5] >> 4 < 4)
		return KERR_INVALID_RECORD;
	if (p[4] & FLG_CONTENT_SIZE)
		n += 8;
	if (left(d) < n + 1)
		return KERR_INVALID_RECORD;
	if (d->magic != 0 && header_checksum(p + 4, n - 4) != p[n])
		return KERR_INVALID_RECORD;
	z = d->state = xcalloc(1, sizeof(*z));
	z->flags = p[4];
	z->block_max = (size_t)1 << (2 * (p[5] >> 4) + 8);
	d->in += n + 1;
	return 0;
}

static int expand(struct decompressor *d, size_t size)
{
	struct lz4_reader *z = d->state;
	size_t cap = MIN(z->block_max, size * MAX_RATIO);
	int r, n;

	r = block_reserve(&z->block, cap);
	if (r != 0)
		return FAIL(r);
	n = LZ4_decompress_safe((const char *)d->in, (char *)z->block.mem, (int)size, (int)cap);
	if (n < 0)
		return KERR_INVALID_RECORD;
	z->block.at = z->block.mem;
	z->block.end = z->block.mem + n;
	return 0;
}

/* The next block, or the end mark, after which nothing is looked at any more. */
static int read_block(struct decompressor *d)
{
	struct lz4_reader *z = d->state;
	uint32_t word, size;
	int r = 0;

	if (left(d) < 4)
		return KERR_INVALID_RECORD;
	word = get32le(d->in);
	size = word & ~STORED;
	d->in += 4;
	if (size == 0) {
		if ((z->flags & FLG_CONTENT_CHECKSUM) && left(d) < 4)
			return KERR_INVALID_RECORD;
		d->ended = true;
		return 0;
	}
	if (size > z->block_max || size > left(d))
		return KERR_INVALID_RECORD;
	if (word & STORED) {
		z->block.at = d->in;
		z->block.end = d->in + size;
	} else {
		r = expand(d, size);
		if (r != 0)
			return FAIL(r);
	}
	if (z->flags & FLG_BLOCK_CHECKSUM) {
		if (left(d) < size + 4 || get32le(d->in + size) != xxh32(d->in, size))
			return KERR_INVALID_RECORD;
		d->in += 4;
	}
	d->in += size;
	return 0;
}

static int lz4_read(struct decompressor *d, uint8_t *out, size_t n, size_t *ret_n)
{
	struct lz4_reader *z = d->state;
	int r;

	while (z->block.at == z->block.end && !d->ended) {
		r = read_block(d);
		if (r != 0)
			return FAIL(r);
	}
	*ret_n = block_take(&z->block, out, n);
	return 0;
}

static void lz4_read_close(struct decompressor *d)
{
	struct lz4_reader *z = d->state;

	if (z)
		free(z->block.mem);
	free(z);
}

static int lz4_write_open(struct compressor *c)
{
	uint8_t head[7] = { 0, 0, 0, 0, 0x60, 0x40, 0 };

	c->state = xcalloc(1, sizeof(struct lz4_writer));
	put32le(head, FRAME_MAGIC);
	/* magic 0: over the magic number too, which is wrong by the format and what its readers expect */
	head[6] = c->magic == 0 ? header_checksum(head, 6) : header_checksum(head + 4, 2);
	return compressor_put(c, head, sizeof(head));
}

static int shrink(struct compressor *c, const uint8_t *p, size_t n, uint8_t *out, size_t cap)
{
	if (c->level == CODEC_LEVEL_DEFAULT || c->level == DEFAULT_LEVEL)
		return LZ4_compress_default((const char *)p, (char *)out, (int)n, (int)cap);
	return LZ4_compress_HC((const char *)p, (char *)out, (int)n, (int)cap, c->level);
}

static int write_block(struct compressor *c, const uint8_t *p, size_t n)
{
	size_t cap = (size_t)LZ4_compressBound((int)n);
	uint32_t size, stored = 0;
	uint8_t *at;
	int r;

	r = compressor_room(c, 4 + cap, &at);
	if (r != 0)
		return FAIL(r);
	size = (uint32_t)shrink(c, p, n, at + 4, cap);
	if (size == 0 || size >= n) {
		memcpy(at + 4, p, n);
		size = (uint32_t)n;
		stored = STORED;
	}
	put32le(at, size | stored);
	return compressor_used(c, 4 + size);
}

/* A full block is written only when a further byte comes, as Kafka does: no empty block at the end. */
static int lz4_write(struct compressor *c, const uint8_t *p, size_t n)
{
	struct lz4_writer *z = c->state;
	size_t step;
	int r;

	while (n > 0) {
		if (z->n == BLOCK_SIZE) {
			r = write_block(c, z->pending, z->n);
			if (r != 0)
				return FAIL(r);
			z->n = 0;
		}
		step = MIN(n, BLOCK_SIZE - z->n);
		memcpy(z->pending + z->n, p, step);
		z->n += step;
		p += step;
		n -= step;
	}
	return 0;
}

static int lz4_finish(struct compressor *c)
{
	struct lz4_writer *z = c->state;
	int r;

	if (z->n > 0) {
		r = write_block(c, z->pending, z->n);
		if (r != 0)
			return FAIL(r);
	}
	z->n = 0;
	return compressor_put(c, "\0\0\0\0", 4);
}

static void lz4_write_close(struct compressor *c)
{
	free(c->state);
}

const struct codec_ops codec_lz4 = {
	.name = "lz4",
	.read_open = lz4_read_open,
	.read = lz4_read,
	.read_close = lz4_read_close,
	.write_open = lz4_write_open,
	.write = lz4_write,
	.finish = lz4_finish,
	.write_close = lz4_write_close,
};
