/* primitive.c - strings, bytes, record sets and counts on the wire. */
#include "protocol/primitive.h"

/* Nearly every compact length is one byte long. */
static inline uint32_t read_uvarint(struct cursor *c)
{
	if (!c->bad && c->p < c->end && *c->p < 0x80)
		return *c->p++;
	return cur_uvarint(c);
}

/* length + 1 as an unsigned number: 0 is null, and so are lengths beyond 31 bits, which Kafka's readers see as
 * negative (Kafka 3.9, MessageDataGenerator.java). */
static inline int32_t read_compact_len(struct cursor *c)
{
	int32_t len = (int32_t)(read_uvarint(c) - 1u);

	return len < 0 ? -1 : len;
}

struct str wire_read_string(struct cursor *c, bool compact)
{
	int32_t len = compact ? read_compact_len(c) : cur_i16(c);
	struct str s = STR_NULL;

	if (len > WIRE_STRING_MAX)
		c->bad = true;
	if (c->bad || len < 0)
		return s;
	s.p = (const char *)cur_take(c, (size_t)len);
	if (s.p)
		s.len = len;
	return s;
}

struct bytes wire_read_bytes(struct cursor *c, bool compact)
{
	int32_t len = wire_read_count(c, compact);
	struct bytes b = BYTES_NULL;

	if (c->bad || len < 0)
		return b;
	b.p = cur_take(c, (size_t)len);
	if (b.p)
		b.len = len;
	return b;
}

int32_t wire_read_count(struct cursor *c, bool compact)
{
	int32_t n = compact ? read_compact_len(c) : cur_i32(c);

	return n < 0 ? -1 : n;
}

void wire_write_count(struct writer *w, int32_t n, bool compact)
{
	if (n < 0)
		n = -1;
	if (compact)
		writer_uvarint(w, (uint32_t)n + 1);
	else
		writer_i32(w, n);
}

void wire_write_string(struct writer *w, struct str s, bool compact)
{
	if (compact)
		wire_write_count(w, s.len, compact);
	else
		writer_i16(w, (int16_t)(s.len < 0 ? -1 : s.len));
	if (s.len > 0)
		writer_put(w, s.p, (size_t)s.len);
}

void wire_write_bytes(struct writer *w, struct bytes b, bool compact)
{
	wire_write_count(w, b.len, compact);
	if (b.len > 0)
		writer_put(w, b.p, (size_t)b.len);
}

void wire_write_records(struct writer *w, const struct records *r, bool compact)
{
	wire_write_count(w, r->len, compact);
	if (r->len <= 0)
		return;
	if (r->file)
		writer_file(w, r->file, r->at, (size_t)r->len);
	else if (r->buf)
		writer_buf(w, r->buf, (size_t)(r->p - r->buf->data), (size_t)r->len);
	else
		writer_put(w, r->p, (size_t)r->len);
}

size_t wire_count_prefix(int32_t len, bool compact)
{
	return compact ? uvarint_size(len < 0 ? 0 : (uint32_t)len + 1) : 4;
}

size_t wire_string_prefix(int32_t len, bool compact)
{
	return compact ? wire_count_prefix(len, true) : 2;
}
