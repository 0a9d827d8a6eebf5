/* record.c - see record.h. Decoding is the hottest loop of a produce request: each record of each uncompressed
 * batch passes here. Every length is compared with what is left before use.
 */
#include "record/record.h"

#include <string.h>

#include "base/writer.h"
#include "protocol/errors.h"
#include "record/batch.h"

/* The readers of numbers and bytes return the place behind what they read, or NULL: the data ends before, or the
 * number is too long. They work on pointers by value, which then stay in registers. */

/* Base 128, low bits first; at most `max` bytes (5 or 10). */
static const uint8_t *get_long_way(const uint8_t *p, const uint8_t *end, int max, uint64_t *ret)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < max && p < end; i++) {
		uint8_t byte = *p++;

		v |= (uint64_t)(byte & (i < 9 ? 0x7f : 1)) << (7 * i); /* 1: what is left of 64 bits */
		if (byte < 0x80) {
			*ret = v;
			return p;
		}
	}
	return NULL;
}

/* Short numbers by one branch a byte: the processor guesses the length and goes on with the next number, where
 * arithmetic on the length would have to be waited for (measured: a branch-free decoder takes twice the time). */
static inline const uint8_t *get_number(const uint8_t *p, const uint8_t *end, int max, uint64_t *ret)
{
	if (LIKELY(end - p >= 3)) {
		if (LIKELY(p[0] < 0x80)) {
			*ret = p[0];
			return p + 1;
		}
		if (LIKELY(p[1] < 0x80)) {
			*ret = (p[0] & 0x7fu) | (uint32_t)p[1] << 7;
			return p + 2;
		}
		if (LIKELY(p[2] < 0x80)) {
			*ret = (p[0] & 0x7fu) | (p[1] & 0x7fu) << 7 | (uint32_t)p[2] << 14;
			return p + 3;
		}
	}
	return get_long_way(p, end, max, ret);
}

static inline const uint8_t *get_varint(const uint8_t *p, const uint8_t *end, int32_t *ret)
{
	uint64_t v = 0;
	uint32_t u;

	p = get_number(p, end, 5, &v);
	u = (uint32_t)v; /* bits beyond 32 are dropped */
	*ret = (int32_t)((u >> 1) ^ (0u - (u & 1)));
	return p;
}

static inline const uint8_t *get_varlong(const uint8_t *p, const uint8_t *end, int64_t *ret)
{
	uint64_t v = 0;

	p = get_number(p, end, 10, &v);
	*ret = (int64_t)((v >> 1) ^ (UINT64_C(0) - (v & 1)));
	return p;
}

/* A length and that many bytes; a negative length is null. */
static inline const uint8_t *get_bytes(const uint8_t *p, const uint8_t *end, struct bytes *ret)
{
	int32_t n;

	p = get_varint(p, end, &n);
	if (!p)
		return NULL;
	if (n < 0) {
		*ret = BYTES_NULL;
		return p;
	}
	if (n > end - p)
		return NULL;
	*ret = (struct bytes){ p, n };
	return p + n;
}

static bool headers_fit(const uint8_t *p, const uint8_t *end, int32_t n)
{
	struct bytes key, value;

	if (n < 0 || n > end - p)
		return false;
	while (n-- > 0) {
		p = get_bytes(p, end, &key);
		if (!p || key.len < 0)
			return false;
		p = get_bytes(p, end, &value);
		if (!p)
			return false;
	}
	return p == end;
}

/* One record, completely checked, in its own terms. */
struct raw {
	int64_t timestamp_delta;
	int32_t offset_delta;
	struct bytes key, value, headers;
	int32_t headers_n;
};

static inline const uint8_t *get_record(const uint8_t *p, const uint8_t *end, struct raw *ret)
{
	int32_t length;

	p = get_varint(p, end, &length);
	if (!p || length <= 0 || length > end - p)
		return NULL;
	end = p + length;
	p = get_varlong(p + 1, end, &ret->timestamp_delta); /* 1: attributes, unused */
	if (p)
		p = get_varint(p, end, &ret->offset_delta);
	if (p)
		p = get_bytes(p, end, &ret->key);
	if (p)
		p = get_bytes(p, end, &ret->value);
	if (p)
		p = get_varint(p, end, &ret->headers_n);
	if (!p)
		return NULL;
	ret->headers = (struct bytes){ p, (int32_t)(end - p) };
	if (ret->headers_n == 0 ? p != end : !headers_fit(p, end, ret->headers_n))
		return NULL;
	return end;
}

int record_parse(struct cursor *c, const struct batch *b, struct record *ret)
{
	struct raw raw;
	const uint8_t *p = get_record(c->p, c->end, &raw);

	if (!p)
		return KERR_INVALID_RECORD;
	ret->key = raw.key;
	ret->value = raw.value;
	ret->headers = raw.headers;
	ret->headers_n = raw.headers_n;
	ret->size = (size_t)(p - c->p);
	record_place(ret, b, raw.timestamp_delta, raw.offset_delta);
	c->p = p;
	return 0;
}

int record_scan(const struct batch *b, struct record_scan *ret)
{
	const uint8_t *p = batch_payload(b), *end = p + batch_payload_size(b);
	struct record_scan s = { .min_timestamp = INT64_MAX, .max_timestamp = NO_TIMESTAMP };
	struct raw raw;
	int64_t t;
	int32_t i;

	for (i = 0; i < b->record_count; i++) {
		p = get_record(p, end, &raw);
		if (!p)
			return KERR_INVALID_RECORD;
		t = (int64_t)((uint64_t)b->base_timestamp + (uint64_t)raw.timestamp_delta);
		s.max_timestamp = MAX(s.max_timestamp, t);
		if (LIKELY(t != NO_TIMESTAMP))
			s.min_timestamp = MIN(s.min_timestamp, t);
		s.null_key |= raw.key.len < 0;
		s.out_of_sequence |= raw.offset_delta != i;
	}
	if (p != end)
		return KERR_INVALID_RECORD;
	*ret = s;
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
	if (b->base_sequence >= 0)
		rec->sequence = sequence_add(b->base_sequence, offset_delta);
}

bool record_header_next(struct cursor *c, struct record_header *ret)
{
	const uint8_t *p = c->p;
	struct bytes key;

	if (p == c->end)
		return false;
	p = get_bytes(p, c->end, &key);
	if (p && key.len >= 0)
		p = get_bytes(p, c->end, &ret->value);
	if (!p || key.len < 0)
		return false;
	ret->key = (struct str){ (const char *)key.p, key.len };
	c->p = p;
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
