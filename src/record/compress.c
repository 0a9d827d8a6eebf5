/* compress.c - see compress.h: choice of the codec, limits, and the copying "codec" none. */
#include "record/compress.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/codec_priv.h"

static int none_read_open(struct decompressor *d)
{
	(void)d;
	return 0;
}

static int none_read(struct decompressor *d, uint8_t *out, size_t n, size_t *ret_n)
{
	n = MIN(n, (size_t)(d->in_end - d->in));
	*ret_n = n;
	if (n == 0)
		return 0;
	if (out)
		memcpy(out, d->in, n);
	d->in += n;
	return 0;
}

static void none_read_close(struct decompressor *d)
{
	(void)d;
}

static int none_write_open(struct compressor *c)
{
	(void)c;
	return 0;
}

static int none_write(struct compressor *c, const uint8_t *p, size_t n)
{
	return compressor_put(c, p, n);
}

static void none_write_close(struct compressor *c)
{
	(void)c;
}

static const struct codec_ops codec_none = {
	.name = "none",
	.read_open = none_read_open,
	.read = none_read,
	.read_close = none_read_close,
	.write_open = none_write_open,
	.write = none_write,
	.finish = none_write_open,
	.write_close = none_write_close,
};

static const struct codec_ops *const codecs[] = {
	[CODEC_NONE] = &codec_none,
	[CODEC_GZIP] = &codec_gzip,
	[CODEC_SNAPPY] = &codec_snappy,
	[CODEC_LZ4] = &codec_lz4,
	[CODEC_ZSTD] = &codec_zstd,
};

const char *codec_name(enum codec codec)
{
	return (unsigned)codec < ARRAY_LEN(codecs) ? codecs[codec]->name : NULL;
}

bool codec_of_name(struct str name, enum codec *ret)
{
	unsigned i;

	if (str_is(name, "uncompressed")) {
		*ret = CODEC_NONE;
		return true;
	}
	for (i = 0; i < ARRAY_LEN(codecs); i++) {
		if (str_is(name, codecs[i]->name)) {
			*ret = (enum codec)i;
			return true;
		}
	}
	return false;
}

/* --- reading --- */

int decompressor_open(enum codec codec, int8_t magic, const uint8_t *p, size_t n, uint64_t limit,
    struct decompressor **ret)
{
	struct decompressor *d;
	int r;

	if ((unsigned)codec >= ARRAY_LEN(codecs))
		return KERR_INVALID_RECORD;
	d = xcalloc(1, sizeof(*d));
	d->ops = codecs[codec];
	d->in = p;
	d->in_end = n ? p + n : p;
	d->magic = magic;
	d->left = limit;
	r = d->ops->read_open(d);
	if (r != 0) {
		decompressor_close(d);
		return FAIL(r);
	}
	*ret = d;
	return 0;
}

struct decompressor *decompressor_close(struct decompressor *d)
{
	if (d) {
		d->ops->read_close(d);
		free(d);
	}
	return NULL;
}

static int read_some(struct decompressor *d, uint8_t *out, size_t n, size_t *ret_n)
{
	size_t done = 0, got;
	int r;

	while (done < n && !d->ended) {
		r = d->ops->read(d, out ? out + done : NULL, n - done, &got);
		if (r != 0)
			return FAIL(r);
		if (got > d->left)
			return KERR_MESSAGE_TOO_LARGE;
		d->left -= got;
		done += got;
		d->ended = got == 0;
	}
	*ret_n = done;
	return 0;
}

int decompressor_read(struct decompressor *d, uint8_t *out, size_t n, size_t *ret_n)
{
	return read_some(d, out, n, ret_n);
}

int decompressor_skip(struct decompressor *d, size_t n, size_t *ret_n)
{
	return read_some(d, NULL, n, ret_n);
}

int decompress(enum codec codec, int8_t magic, const uint8_t *p, size_t n, size_t limit,
    struct buf **ret)
{
	CLEANUP(decompressor_closep) struct decompressor *d = NULL;
	CLEANUP(buf_unrefp) struct buf *b = NULL;
	size_t got;
	int r;

	r = decompressor_open(codec, magic, p, n, limit, &d);
	if (r != 0)
		return FAIL(r);
	b = buf_new(MIN(limit, MAX(n, 4096)));
	if (!b)
		return FAIL(-ENOMEM);
	do {
		if (b->len == b->cap && !buf_reserve(b, b->cap * 2 + 16))
			return FAIL(-ENOMEM);
		r = decompressor_read(d, b->data + b->len, b->cap - b->len, &got);
		if (r != 0)
			return FAIL(r);
		b->len += got;
	} while (got > 0);
	*ret = TAKE(b);
	return 0;
}

int block_reserve(struct block *b, size_t n)
{
	uint8_t *mem;

	if (n <= b->cap)
		return 0;
	mem = malloc(n);
	if (!mem)
		return FAIL(-ENOMEM);
	free(b->mem);
	b->mem = mem;
	b->cap = n;
	return 0;
}

size_t block_take(struct block *b, uint8_t *out, size_t n)
{
	n = MIN(n, (size_t)(b->end - b->at));
	if (n == 0)
		return 0;
	if (out)
		memcpy(out, b->at, n);
	b->at += n;
	return n;
}

/* --- writing --- */

int compressor_open(enum codec codec, int level, int8_t magic, struct buf *out, size_t limit,
    struct compressor **ret)
{
	struct compressor *c;
	int r;

	if ((unsigned)codec >= ARRAY_LEN(codecs))
		return KERR_INVALID_RECORD;
	c = xcalloc(1, sizeof(*c));
	c->ops = codecs[codec];
	c->out = out;
	c->limit = limit;
	c->level = level;
	c->magic = magic;
	r = c->ops->write_open(c);
	if (r != 0) {
		compressor_free(c);
		return FAIL(r);
	}
	*ret = c;
	return 0;
}

int compressor_write(struct compressor *c, const void *p, size_t n)
{
	return n == 0 ? 0 : FAIL(c->ops->write(c, p, n));
}

int compressor_finish(struct compressor *c)
{
	return FAIL(c->ops->finish(c));
}

struct compressor *compressor_free(struct compressor *c)
{
	if (c) {
		c->ops->write_close(c);
		free(c);
	}
	return NULL;
}

int compressor_room(struct compressor *c, size_t n, uint8_t **ret)
{
	struct buf *b = c->out;
	size_t need = b->len + n;

	if (need < n)
		return FAIL(-ENOMEM);
	if (need > b->cap && !buf_reserve(b, MAX(need, MIN(b->cap * 2, need + (1u << 20)))))
		return FAIL(-ENOMEM);
	*ret = b->data + b->len;
	return 0;
}

int compressor_used(struct compressor *c, size_t n)
{
	assert(c->out->cap - c->out->len >= n);
	if (c->out->len > c->limit || n > c->limit - c->out->len)
		return KERR_MESSAGE_TOO_LARGE;
	c->out->len += n;
	return 0;
}

int compressor_put(struct compressor *c, const void *p, size_t n)
{
	uint8_t *at;
	int r;

	if (c->out->len > c->limit || n > c->limit - c->out->len)
		return KERR_MESSAGE_TOO_LARGE; /* before the memory is taken */
	r = compressor_room(c, n, &at);
	if (r != 0)
		return FAIL(r);
	if (n > 0)
		memcpy(at, p, n);
	return compressor_used(c, n);
}
