/* writer.c - gathers a message.
 *
 * The tail buffer holds the piece being written, from tail_at to tail->len. When a foreign piece comes in
 * between, the bytes so far become a piece that references the tail, and writing goes on behind them in the
 * same buffer: the small headers between the file pieces of a Fetch answer need no allocation each. A shared
 * tail never moves; when it is full a new one is begun.
 */
#include "base/writer.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

#define TAIL_MIN 256

void chain_fini(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++) {
		buf_unref(c->v[i].buf);
		file_unref(c->v[i].file);
	}
	free(c->v);
	*c = (struct chain){ 0 };
}

static void chain_add(struct chain *c, struct piece p)
{
	c->v = grow_array(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = p;
	c->len += p.len;
}

void writer_init(struct writer *w, size_t size_hint, size_t limit)
{
	*w = (struct writer){ .limit = limit };
	if (size_hint == 0)
		return;
	w->tail = buf_new(size_hint);
	w->bad = w->no_memory = !w->tail;
}

void writer_fini(struct writer *w)
{
	chain_fini(&w->done);
	w->tail = buf_unref(w->tail);
	w->tail_at = 0;
}

static size_t tail_len(const struct writer *w)
{
	return w->tail ? w->tail->len - w->tail_at : 0;
}

size_t writer_len(const struct writer *w)
{
	return w->done.len + tail_len(w);
}

/* Makes a piece of the bytes gathered so far; the tail stays for more. */
static void finish_piece(struct writer *w)
{
	if (tail_len(w) == 0)
		return;
	chain_add(&w->done, (struct piece){
				    .buf = buf_ref(w->tail), .at = (int64_t)w->tail_at, .len = tail_len(w) });
	w->tail_at = w->tail->len;
}

static bool fail_memory(struct writer *w)
{
	w->bad = w->no_memory = true;
	return false;
}

static bool charge(struct writer *w, size_t n)
{
	size_t len = writer_len(w);
	size_t limit = w->limit ? w->limit : SIZE_MAX;

	if (w->bad)
		return false;
	if (len > limit || n > limit - len) {
		w->bad = true;
		return false;
	}
	return true;
}

static bool tail_is_shared(const struct writer *w)
{
	return w->tail_at > 0;
}

static bool tail_new(struct writer *w, size_t n)
{
	size_t cap = MAX(n, TAIL_MIN);

	finish_piece(w);
	if (w->tail)
		cap = MAX(cap, MIN(w->tail->cap, 4096));
	w->tail = buf_unref(w->tail);
	w->tail_at = 0;
	w->tail = buf_new(cap);
	return w->tail || fail_memory(w);
}

static bool tail_reserve(struct writer *w, size_t n)
{
	size_t need;

	if (!w->tail || (tail_is_shared(w) && w->tail->cap - w->tail->len < n))
		return tail_new(w, n);
	if (w->tail->cap - w->tail->len >= n)
		return true;
	need = w->tail->len + n; /* cannot overflow: both are memory or were charged */
	if (need < w->tail->len)
		return fail_memory(w);
	if (need < SIZE_MAX / 2 && need < w->tail->cap * 2)
		need = w->tail->cap * 2;
	return buf_reserve(w->tail, need) || fail_memory(w);
}

uint8_t *writer_room(struct writer *w, size_t n)
{
	uint8_t *at;

	if (!charge(w, n) || !tail_reserve(w, n))
		return NULL;
	at = w->tail->data + w->tail->len;
	w->tail->len += n;
	return at;
}

void writer_put(struct writer *w, const void *p, size_t n)
{
	uint8_t *at = writer_room(w, n);

	if (at && n > 0)
		memcpy(at, p, n);
}

void writer_i8(struct writer *w, int8_t v)
{
	writer_put(w, &v, 1);
}

void writer_i16(struct writer *w, int16_t v)
{
	uint16_t be = htobe16((uint16_t)v);

	writer_put(w, &be, sizeof(be));
}

void writer_i32(struct writer *w, int32_t v)
{
	uint32_t be = htobe32((uint32_t)v);

	writer_put(w, &be, sizeof(be));
}

void writer_i64(struct writer *w, int64_t v)
{
	uint64_t be = htobe64((uint64_t)v);

	writer_put(w, &be, sizeof(be));
}

static void put_base128(struct writer *w, uint64_t v)
{
	uint8_t b[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		b[n++] = (uint8_t)(v | 0x80);
	b[n++] = (uint8_t)v;
	writer_put(w, b, n);
}

static size_t size_base128(uint64_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

static uint32_t zigzag32(int32_t v)
{
	return (uint32_t)v << 1 ^ (v < 0 ? UINT32_MAX : 0);
}

static uint64_t zigzag64(int64_t v)
{
	return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

void writer_uvarint(struct writer *w, uint32_t v)
{
	put_base128(w, v);
}

void writer_varint(struct writer *w, int32_t v)
{
	put_base128(w, zigzag32(v));
}

void writer_varlong(struct writer *w, int64_t v)
{
	put_base128(w, zigzag64(v));
}

size_t uvarint_size(uint32_t v)
{
	return size_base128(v);
}

size_t varint_size(int32_t v)
{
	return size_base128(zigzag32(v));
}

size_t varlong_size(int64_t v)
{
	return size_base128(zigzag64(v));
}

void writer_buf(struct writer *w, struct buf *b, size_t at, size_t len)
{
	assert(at <= b->len && len <= b->len - at);
	if (!charge(w, len) || len == 0)
		return;
	finish_piece(w);
	chain_add(&w->done, (struct piece){ .buf = buf_ref(b), .at = (int64_t)at, .len = len });
}

void writer_file(struct writer *w, struct file *f, int64_t at, size_t len)
{
	assert(at >= 0);
	if (!charge(w, len) || len == 0)
		return;
	finish_piece(w);
	chain_add(&w->done, (struct piece){ .file = file_ref(f), .at = at, .len = len });
}

void writer_patch_i32(struct writer *w, size_t pos, int32_t v)
{
	uint32_t be = htobe32((uint32_t)v);
	struct buf *b = w->done.n > 0 ? w->done.v[0].buf : w->tail;
	size_t len = w->done.n > 0 ? w->done.v[0].len : tail_len(w);

	if (w->bad)
		return;
	assert(b);
	assert(len >= sizeof(be) && pos <= len - sizeof(be));
	(void)len;
	assert(w->done.n == 0 || w->done.v[0].at == 0);
	memcpy(b->data + pos, &be, sizeof(be));
}

int writer_take(struct writer *w, struct chain *ret)
{
	int r = 0;

	if (w->bad) {
		r = w->no_memory ? -ENOMEM : -EMSGSIZE;
	} else {
		finish_piece(w);
		*ret = w->done;
		w->done = (struct chain){ 0 };
	}
	writer_fini(w);
	w->bad = w->no_memory = false;
	return FAIL(r);
}

/* Copies all pieces into one buffer; NULL when memory is short. */
static struct buf *chain_join(const struct chain *c)
{
	struct buf *b = buf_new(c->len);

	for (size_t i = 0; b && i < c->n; i++) {
		const struct piece *p = &c->v[i];

		assert(!p->file);
		memcpy(b->data + b->len, p->buf->data + p->at, p->len);
		b->len += p->len;
	}
	return b;
}

int writer_take_buf(struct writer *w, struct buf **ret)
{
	struct chain c;
	struct buf *b;
	int r = writer_take(w, &c);

	if (r < 0)
		return FAIL(r);
	if (c.n == 1 && c.v[0].buf && c.v[0].at == 0 && c.v[0].len == c.v[0].buf->len)
		b = buf_ref(c.v[0].buf);
	else
		b = chain_join(&c);
	chain_fini(&c);
	if (!b)
		return FAIL(-ENOMEM);
	*ret = b;
	return 0;
}
