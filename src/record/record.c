/* record.c - see record.h. Decoding is the hottest loop of a produce request (each record of each uncompressed
 * batch passes here), so numbers of one byte, which nearly all are, take the short way. Every length is compared
 * with what is left before use.
 */
#include "record/record.h"

#include <string.h>

#include "base/writer.h"
#include "protocol/errors.h"
#include "record/batch.h"

/* Base 128, low bits first, zigzag; at most `max` bytes (5 or 10). False: ends early or too long. */
static bool get_long_way(struct cursor *c, int max, uint64_t *ret)
{
	const uint8_t *p = c->p;
	uint64_t v = 0;
	int i;

	for (i = 0; i < max && p < c->end; i++) {
		uint8_t byte = *p++;

		if (i < 9 || byte < 2) /* of a tenth byte only one bit counts */
			v |= (uint64_t)(byte & 0x7f) << (7 * i);
		else
			v |= (uint64_t)(byte & 1) << 63;
		if (byte < 0x80) {
			c->p = p;
			*ret = v;
			return true;
		}
	}
	return false;
}

static inline bool get_varint(struct cursor *c, int32_t *ret)
{
	uint64_t v;
	uint32_t u;

	if (LIKELY(c->p < c->end && *c->p < 0x80))
		u = *c->p++;
	else if (get_long_way(c, 5, &v))
		u = (uint32_t)v;
	else
		return false;
	*ret = (int32_t)((u >> 1) ^ (0u - (u & 1)));
	return true;
}

static inline bool get_varlong(struct cursor *c, int64_t *ret)
{
	uint64_t v;

	if (LIKELY(c->p < c->end && *c->p < 0x80))
		v = *c->p++;
	else if (!get_long_way(c, 10, &v))
		return false;
	*ret = (int64_t)((v >> 1) ^ (UINT64_C(0) - (v & 1)));
	return true;
}

/* A length and that many bytes; a negative length is null. */
static inline bool get_bytes(struct cursor *c, struct bytes *ret)
{
	int32_t n;

	if (!get_varint(c, &n))
		return false;
	if (n < 0) {
		*ret = BYTES_NULL;
		return true;
	}
	if (n > c->end - c->p)
		return false;
	*ret = (struct bytes){ c->p, n };
	c->p += n;
	return true;
}

static bool check_headers(struct cursor *c, int32_t n)
{
	struct bytes key, value;

	if (n < 0 || n > c->end - c->p)
		return false;
	while (n-- > 0)
		if (!get_bytes(c, &key) || key.len < 0 || !get_bytes(c, &value))
			return false;
	return true;
}

int record_parse(struct cursor *c, const struct batch *b, struct record *ret)
{
	const uint8_t *start = c->p;
	struct cursor in = *c;
	int64_t timestamp_delta;
	int32_t length, offset_delta;

	if (!get_varint(&in, &length) || length <= 0 || length > in.end - in.p)
		return KERR_INVALID_RECORD;
	in.end = in.p + length;
	in.p++; /* attributes: unused */
	if (!get_varlong(&in, &timestamp_delta) || !get_varint(&in, &offset_delta) ||
	    !get_bytes(&in, &ret->key) || !get_bytes(&in, &ret->value) ||
	    !get_varint(&in, &ret->headers_n))
		return KERR_INVALID_RECORD;
	ret->headers = (struct bytes){ in.p, (int32_t)(in.end - in.p) };
	if (!check_headers(&in, ret->headers_n) || in.p != in.end)
		return KERR_INVALID_RECORD;
	record_place(ret, b, timestamp_delta, offset_delta);
	ret->size = (size_t)(in.end - start);
	c->p = in.end;
	return 0;
}

void record_place(struct record *rec, const struct batch *b, int64_t timestamp_delta, int32_t offset_delta)
{
	/* unsigned: hostile numbers may wrap, as they do in Java */
	rec->offset = (int64_t)((uint64_t)b->base_offset + (uint64_t)(int64_t)offset_delta);
	rec->timestamp = b->timestamp_type == TIMESTAMP_LOG_APPEND
	    ? b->max_timestamp
	    : (int64_t)((uint64_t)b->base_timestamp + (uint64_t)timestamp_delta);
	rec->sequence = NO_SEQUENCE;
	if (b->base_sequence >= 0 && offset_delta >= 0)
		rec->sequence = sequence_add(b->base_sequence, offset_delta);
}

bool record_header_next(struct cursor *c, struct record_header *ret)
{
	struct bytes key;

	if (c->p == c->end || !get_bytes(c, &key) || key.len < 0 || !get_bytes(c, &ret->value))
		return false;
	ret->key = (struct str){ (const char *)key.p, key.len };
	return true;
}

bool record_header_find(const struct record *rec, const char *key, struct bytes *ret)
{
	struct cursor c = cur_of(rec->headers.p, (size_t)MAX(rec->headers.len, 0));
	struct record_header h;

	while (record_header_next(&c, &h)) {
		if (str_is(h.key, key)) {
			*ret = h.value;
			return true;
		}
	}
	return false;
}

static void put_bytes(struct writer *w, const void *p, int32_t len)
{
	writer_varint(w, len);
	if (len > 0)
		writer_put(w, p, (size_t)len);
}

void record_header_put(struct writer *w, struct str key, struct bytes value)
{
	put_bytes(w, key.p, MAX(key.len, 0));
	put_bytes(w, value.p, MAX(value.len, -1));
}

static size_t put_uvarlong(uint8_t *out, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		out[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	out[n++] = (uint8_t)v;
	return n;
}

static size_t uvarlong_size(uint64_t v)
{
	size_t n = 1;

	while (v >>= 7)
		n++;
	return n;
}

static uint64_t zigzag64(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static uint32_t zigzag32(int32_t v)
{
	return ((uint32_t)v << 1) ^ (uint32_t)(v >> 31);
}

size_t record_put_varint(uint8_t *out, int32_t v)
{
	return put_uvarlong(out, zigzag32(v));
}

static size_t bytes_size(struct bytes b)
{
	return uvarlong_size(zigzag32(MAX(b.len, -1))) + (size_t)MAX(b.len, 0);
}

static size_t body_size(int64_t timestamp_delta, int32_t offset_delta, struct bytes key,
    struct bytes value, int32_t headers_n, struct bytes headers)
{
	return 1 + uvarlong_size(zigzag64(timestamp_delta)) +
	    uvarlong_size(zigzag32(offset_delta)) + bytes_size(key) + bytes_size(value) +
	    uvarlong_size(zigzag32(headers_n)) + (size_t)MAX(headers.len, 0);
}

size_t record_size(int64_t timestamp_delta, int32_t offset_delta, struct bytes key, struct bytes value,
    int32_t headers_n, struct bytes headers)
{
	size_t body = body_size(timestamp_delta, offset_delta, key, value, headers_n, headers);

	return uvarlong_size((uint64_t)body << 1) + body;
}

/* The length field of a record of `size` bytes in all: the one n with size_of(n) + n == size. */
static size_t body_of(size_t size)
{
	size_t field;

	for (field = 1; uvarlong_size((uint64_t)(size - field) << 1) != field; field++)
		;
	return size - field;
}

size_t record_put_head(uint8_t *out, size_t size, int64_t timestamp_delta, int32_t offset_delta,
    int32_t key_len)
{
	size_t n = put_uvarlong(out, (uint64_t)body_of(size) << 1);

	out[n++] = 0; /* attributes */
	n += put_uvarlong(out + n, zigzag64(timestamp_delta));
	n += put_uvarlong(out + n, zigzag32(offset_delta));
	n += record_put_varint(out + n, MAX(key_len, -1));
	return n;
}
