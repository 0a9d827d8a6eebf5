/* zstd.c - codec 4: zstd frames through libzstd's streaming functions.
 *
 * Written without content size and checksum, as Kafka does (the size is not known when the frame begins). Read:
 * frames one after the other; anything else behind a frame is an error. The window a frame may ask for is
 * libzstd's default limit of 128 MiB, which level 22 needs; pages of it are touched only as data fills it.
 *
 * Contexts are dear to make (a compressor clears megabytes of tables), so each thread keeps one of each kind, unless
 * it grew large.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/codec_priv.h"

#define DEFAULT_LEVEL 3
#define OUT_STEP      16384

#define IDLE_MAX ((size_t)4 << 20)

struct idle {
	ZSTD_DCtx *reader;
	ZSTD_CCtx *writer;
};

static pthread_key_t idle_key;
static pthread_once_t idle_once = PTHREAD_ONCE_INIT;

static void idle_free(void *p)
{
	struct idle *idle = p;

	(void)ZSTD_freeDCtx(idle->reader);
	(void)ZSTD_freeCCtx(idle->writer);
	free(idle);
}

static void idle_make_key(void)
{
	if (pthread_key_create(&idle_key, idle_free) != 0)
		abort();
}

/* This thread's idle contexts. */
static struct idle *idle_here(void)
{
	struct idle *idle;

	(void)pthread_once(&idle_once, idle_make_key);
	idle = pthread_getspecific(idle_key);
	if (!idle) {
		idle = xcalloc(1, sizeof(*idle));
		if (pthread_setspecific(idle_key, idle) != 0)
			abort();
	}
	return idle;
}

static ZSTD_DCtx *reader_take(void)
{
	ZSTD_DCtx *ctx = TAKE(idle_here()->reader);

	return ctx ? ctx : ZSTD_createDCtx();
}

static void reader_give(ZSTD_DCtx *ctx)
{
	struct idle *idle = idle_here();

	if (!ctx)
		return;
	if (idle->reader || ZSTD_sizeof_DCtx(ctx) > IDLE_MAX ||
	    ZSTD_isError(ZSTD_DCtx_reset(ctx, ZSTD_reset_session_and_parameters)))
		(void)ZSTD_freeDCtx(ctx);
	else
		idle->reader = ctx;
}

static ZSTD_CCtx *writer_take(void)
{
	ZSTD_CCtx *ctx = TAKE(idle_here()->writer);

	return ctx ? ctx : ZSTD_createCCtx();
}

static void writer_give(ZSTD_CCtx *ctx)
{
	struct idle *idle = idle_here();

	if (!ctx)
		return;
	if (idle->writer || ZSTD_sizeof_CCtx(ctx) > IDLE_MAX ||
	    ZSTD_isError(ZSTD_CCtx_reset(ctx, ZSTD_reset_session_and_parameters)))
		(void)ZSTD_freeCCtx(ctx);
	else
		idle->writer = ctx;
}

struct zstd_reader {
	ZSTD_DCtx *ctx;
	bool inside; /* a frame began and has not ended */
	uint8_t dropped[16384];
};

static int zstd_read_open(struct decompressor *d)
{
	struct zstd_reader *z = d->state = xcalloc(1, sizeof(*z));

	z->ctx = reader_take();
	return z->ctx ? 0 : FAIL(-ENOMEM);
}

static int zstd_read(struct decompressor *d, uint8_t *out, size_t n, size_t *ret_n)
{
	struct zstd_reader *z = d->state;
	ZSTD_outBuffer o = { out, n, 0 };
	ZSTD_inBuffer in = { d->in, (size_t)(d->in_end - d->in), 0 };
	size_t r;

	if (!out)
		o = (ZSTD_outBuffer){ z->dropped, MIN(n, sizeof(z->dropped)), 0 };
	while (o.pos == 0) {
		size_t in_before = in.pos;

		if (in.pos == in.size && !z->inside)
			break;
		r = ZSTD_decompressStream(z->ctx, &o, &in);
		if (ZSTD_isError(r))
			return ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation
			    ? FAIL(-ENOMEM)
			    : KERR_INVALID_RECORD;
		z->inside = r != 0;
		if (z->inside && o.pos == 0 && in.pos == in_before)
			return KERR_INVALID_RECORD; /* the input ends inside a frame */
	}
	d->in += in.pos;
	*ret_n = o.pos;
	return 0;
}

static void zstd_read_close(struct decompressor *d)
{
	struct zstd_reader *z = d->state;

	if (z)
		reader_give(z->ctx);
	free(z);
}

static int zstd_write_open(struct compressor *c)
{
	ZSTD_CCtx *ctx = writer_take();
	int level = c->level == CODEC_LEVEL_DEFAULT ? DEFAULT_LEVEL : c->level;

	if (!ctx)
		return FAIL(-ENOMEM);
	c->state = ctx;
	level = MAX(level, ZSTD_minCLevel());
	level = MIN(level, ZSTD_maxCLevel());
	(void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, level);
	return 0;
}

static int stream(struct compressor *c, const uint8_t *p, size_t n, ZSTD_EndDirective mode)
{
	ZSTD_inBuffer in = { p, n, 0 };
	ZSTD_outBuffer o;
	uint8_t *at;
	size_t left;
	int r;

	do {
		r = compressor_room(c, OUT_STEP, &at);
		if (r != 0)
			return FAIL(r);
		o = (ZSTD_outBuffer){ at, OUT_STEP, 0 };
		left = ZSTD_compressStream2(c->state, &o, &in, mode);
		if (ZSTD_isError(left))
			return FAIL(-ENOMEM); /* nothing else can go wrong here */
		r = compressor_used(c, o.pos);
		if (r != 0)
			return r;
	} while (mode == ZSTD_e_continue ? in.pos < in.size : left != 0);
	return 0;
}

static int zstd_write(struct compressor *c, const uint8_t *p, size_t n)
{
	return stream(c, p, n, ZSTD_e_continue);
}

static int zstd_finish(struct compressor *c)
{
	int r = stream(c, NULL, 0, ZSTD_e_flush); /* Java's close() flushes first: the same bytes */

	return r != 0 ? r : stream(c, NULL, 0, ZSTD_e_end);
}

static void zstd_write_close(struct compressor *c)
{
	writer_give(c->state);
}

const struct codec_ops codec_zstd = {
	.name = "zstd",
	.read_open = zstd_read_open,
	.read = zstd_read,
	.read_close = zstd_read_close,
	.write_open = zstd_write_open,
	.write = zstd_write,
	.finish = zstd_finish,
	.write_close = zstd_write_close,
};
