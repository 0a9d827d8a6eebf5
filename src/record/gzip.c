/* gzip.c - codec 1: RFC 1952 through zlib.
 *
 * Reading follows java.util.zip.GZIPInputStream: members one after the other are read through; what follows the
 * last member and is no gzip header is ignored. Writing gives the header Java writes (operating system 255, unknown).
 */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/codec_priv.h"

#define GZIP_WINDOW (MAX_WBITS + 16) /* 16: gzip framing */

struct gzip_reader {
	z_stream z;
	gz_header header; /* done == 1 once the member's header was good */
	bool later;	  /* at least one member is complete */
	uint8_t dropped[16384];
};

static int gzip_read_open(struct decompressor *d)
{
	struct gzip_reader *g = xcalloc(1, sizeof(*g));

	d->state = g;
	if (inflateInit2(&g->z, GZIP_WINDOW) != Z_OK)
		return FAIL(-ENOMEM);
	(void)inflateGetHeader(&g->z, &g->header);
	return 0;
}

/* A member is complete. False: nothing more to read. */
static bool next_member(struct decompressor *d)
{
	struct gzip_reader *g = d->state;

	if (d->in == d->in_end)
		return false;
	g->later = true;
	(void)inflateReset(&g->z);
	g->header = (gz_header){ 0 };
	(void)inflateGetHeader(&g->z, &g->header);
	return true;
}

static int gzip_read(struct decompressor *d, uint8_t *out, size_t n, size_t *ret_n)
{
	struct gzip_reader *g = d->state;
	size_t room = out ? n : MIN(n, sizeof(g->dropped));
	int r;

	*ret_n = 0;
	do {
		size_t in_n = MIN((size_t)(d->in_end - d->in), 1u << 30);

		g->z.next_in = (Bytef *)(uintptr_t)d->in;
		g->z.avail_in = (uInt)in_n;
		g->z.next_out = out ? out : g->dropped;
		g->z.avail_out = (uInt)MIN(room, 1u << 30);
		room = g->z.avail_out;
		r = inflate(&g->z, Z_NO_FLUSH);
		d->in += in_n - g->z.avail_in;
		*ret_n = room - g->z.avail_out;
		if (r == Z_MEM_ERROR)
			return FAIL(-ENOMEM);
		if (r == Z_STREAM_END && !next_member(d))
			return 0;
		if (r != Z_STREAM_END && r != Z_OK) {
			if (g->later && g->header.done != 1) {
				d->in = d->in_end; /* junk behind the last member */
				d->ended = true;
				return 0;
			}
			return KERR_INVALID_RECORD;
		}
	} while (*ret_n == 0);
	return 0;
}

static void gzip_read_close(struct decompressor *d)
{
	struct gzip_reader *g = d->state;

	if (g)
		(void)inflateEnd(&g->z);
	free(g);
}

static int gzip_write_open(struct compressor *c)
{
	static const gz_header header = { .os = 255 };
	z_stream *z = xcalloc(1, sizeof(*z));
	int level = c->level;

	c->state = z;
	if (level == CODEC_LEVEL_DEFAULT || level < 1)
		level = Z_DEFAULT_COMPRESSION;
	if (deflateInit2(z, MIN(level, 9), Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return FAIL(-ENOMEM);
	(void)deflateSetHeader(z, (gz_header *)(uintptr_t)&header);
	return 0;
}

static int deflate_all(struct compressor *c, const uint8_t *p, size_t n, int flush)
{
	z_stream *z = c->state;
	uint8_t *at;
	int r, end;

	do {
		uInt step = (uInt)MIN(n, 1u << 30);

		z->next_in = (Bytef *)(uintptr_t)p;
		z->avail_in = step;
		do {
			r = compressor_room(c, 4096, &at);
			if (r != 0)
				return FAIL(r);
			z->next_out = at;
			z->avail_out = 4096;
			end = deflate(z, step == n ? flush : Z_NO_FLUSH);
			r = compressor_used(c, 4096 - z->avail_out);
			if (r != 0)
				return r;
		} while (z->avail_out == 0 && end != Z_STREAM_END);
		p += step;
		n -= step;
	} while (n > 0);
	return 0;
}

static int gzip_write(struct compressor *c, const uint8_t *p, size_t n)
{
	return deflate_all(c, p, n, Z_NO_FLUSH);
}

static int gzip_finish(struct compressor *c)
{
	return deflate_all(c, (const uint8_t *)"", 0, Z_FINISH);
}

static void gzip_write_close(struct compressor *c)
{
	if (c->state)
		(void)deflateEnd(c->state);
	free(c->state);
}

const struct codec_ops codec_gzip = {
	.name = "gzip",
	.read_open = gzip_read_open,
	.read = gzip_read,
	.read_close = gzip_read_close,
	.write_open = gzip_write_open,
	.write = gzip_write,
	.finish = gzip_finish,
	.write_close = gzip_write_close,
};
