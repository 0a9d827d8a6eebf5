/* reader.c - see reader.h.
 *
 * Three sources: an uncompressed magic 2 payload (a cursor over the batch), one uncompressed message of magic 0
 * or 1, and a decompressor behind a window. The window only grows as decompressed bytes really arrive, so a
 * length that lies costs nothing.
 *
 * Relative offsets of a magic 1 wrapper count from its end (wrapper offset = last inner one), so its messages are
 * walked twice: once for the last relative offset, once for the caller.
 */
#include "record/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "protocol/errors.h"
#include "record/legacy.h"

#define WINDOW_SIZE   65536u
#define VARINT_MAX    10u
#define INNER_MIN     14 /* size of an inner message, magic 0 */
#define DEFAULT_LIMIT INT32_MAX

static size_t available(const struct record_reader *r)
{
	return r->end - r->at;
}

/* Doubles the window; what is unread moves to its start. */
static int grow(struct record_reader *r)
{
	size_t cap = r->cap ? r->cap * 2 : WINDOW_SIZE;
	uint8_t *window = malloc(cap);

	if (!window)
		return FAIL(-ENOMEM);
	if (available(r) > 0)
		memcpy(window, r->window + r->at, available(r));
	free(r->window);
	r->window = window;
	r->end = available(r);
	r->at = 0;
	r->cap = cap;
	return 0;
}

/* Brings at least `need` bytes into the window if the payload has them; available() tells. */
static int fill(struct record_reader *r, size_t need)
{
	size_t got;
	int e;

	while (available(r) < need) {
		if (r->at > 0 && r->end == r->cap) {
			memmove(r->window, r->window + r->at, available(r));
			r->end -= r->at;
			r->at = 0;
		}
		if (r->end == r->cap) {
			e = grow(r);
			if (e != 0)
				return FAIL(e);
		}
		e = decompressor_read(r->z, r->window + r->end, r->cap - r->end, &got);
		if (e != 0)
			return FAIL(e);
		if (got == 0)
			return 0;
		r->end += got;
	}
	return 0;
}

/* Passes over n bytes of the payload. KERR_INVALID_RECORD when it ends before. */
static int drop(struct record_reader *r, size_t n)
{
	size_t here = MIN(n, available(r)), got = 0;
	int e;

	r->at += here;
	if (n == here)
		return 0;
	e = decompressor_skip(r->z, n - here, &got);
	if (e != 0)
		return FAIL(e);
	return got == n - here ? 0 : KERR_INVALID_RECORD;
}

/* --- magic 2, compressed --- */

/* A number out of the *left bytes of the current record: zigzag, of 64 bits when `wide`, else of 32. */
static int take_number(struct record_reader *r, size_t *left, bool wide, int64_t *ret)
{
	struct cursor c;
	int e = fill(r, MIN(*left, VARINT_MAX));

	if (e != 0)
		return FAIL(e);
	c = cur_of(r->window + r->at, MIN(*left, available(r)));
	*ret = wide ? cur_varlong(&c) : cur_varint(&c);
	if (c.bad)
		return KERR_INVALID_RECORD;
	*left -= (size_t)(c.p - (r->window + r->at));
	r->at = (size_t)(c.p - r->window);
	return 0;
}

static int take_varint(struct record_reader *r, size_t *left, int32_t *ret)
{
	int64_t v = 0;
	int e = take_number(r, left, false, &v);

	*ret = (int32_t)v;
	return FAIL(e);
}

/* A length and as many bytes, which are passed over. */
static int drop_bytes(struct record_reader *r, size_t *left, int32_t *ret_len)
{
	int e = take_varint(r, left, ret_len);

	if (e != 0)
		return FAIL(e);
	if (*ret_len <= 0)
		return 0;
	if ((size_t)*ret_len > *left)
		return KERR_INVALID_RECORD;
	*left -= (size_t)*ret_len;
	return drop(r, (size_t)*ret_len);
}

static int drop_headers(struct record_reader *r, size_t *left, int32_t n)
{
	int32_t len;
	int e;

	if (n < 0)
		return KERR_INVALID_RECORD;
	while (n-- > 0) {
		e = drop_bytes(r, left, &len);
		if (e == 0 && len < 0)
			return KERR_INVALID_RECORD;
		if (e == 0)
			e = drop_bytes(r, left, &len);
		if (e != 0)
			return FAIL(e);
	}
	return 0;
}

/* A record too large for the window of a skipping walk: checked piece by piece, nothing kept. `left` bytes
 * follow the length field. */
static int next_dropped(struct record_reader *r, size_t left, struct record *ret)
{
	int64_t timestamp_delta;
	int32_t offset_delta;
	int e;

	left -= 1; /* attributes */
	e = drop(r, 1);
	if (e == 0)
		e = take_number(r, &left, true, &timestamp_delta);
	if (e == 0)
		e = take_varint(r, &left, &offset_delta);
	if (e == 0)
		e = drop_bytes(r, &left, &ret->key.len);
	if (e == 0)
		e = drop_bytes(r, &left, &ret->value.len);
	if (e == 0)
		e = take_varint(r, &left, &ret->headers_n);
	if (e != 0)
		return FAIL(e);
	ret->key = (struct bytes){ NULL, MAX(ret->key.len, -1) };
	ret->value = (struct bytes){ NULL, MAX(ret->value.len, -1) };
	ret->headers = (struct bytes){ NULL, (int32_t)left };
	e = drop_headers(r, &left, ret->headers_n);
	if (e != 0)
		return FAIL(e);
	if (left != 0)
		return KERR_INVALID_RECORD;
	record_place(ret, &r->batch, timestamp_delta, offset_delta);
	return 0;
}

static int next_compressed(struct record_reader *r, struct record *ret)
{
	struct cursor c;
	int32_t length;
	size_t head;
	int e = fill(r, VARINT_MAX);

	if (e != 0)
		return FAIL(e);
	c = cur_of(r->window + r->at, available(r));
	length = cur_varint(&c);
	if (c.bad || length <= 0)
		return KERR_INVALID_RECORD;
	head = (size_t)(c.p - (r->window + r->at));
	if (r->skip && head + (size_t)length > WINDOW_SIZE) {
		r->at += head;
		e = next_dropped(r, (size_t)length, ret);
		ret->size = head + (size_t)length;
		return FAIL(e);
	}
	if ((size_t)length > r->limits.record)
		return KERR_MESSAGE_TOO_LARGE;
	e = fill(r, head + (size_t)length);
	if (e != 0)
		return FAIL(e);
	c = cur_of(r->window + r->at, available(r));
	e = record_parse(&c, &r->batch, ret);
	if (e == 0)
		r->at += ret->size;
	return e;
}

/* After the last record nothing may be left. */
static int check_end(struct record_reader *r)
{
	int e;

	if (!r->z)
		return r->in.p == r->in.end ? 0 : KERR_INVALID_RECORD;
	e = fill(r, 1);
	if (e != 0)
		return FAIL(e);
	return available(r) == 0 ? 0 : KERR_INVALID_RECORD;
}

static int next_v2(struct record_reader *r, struct record *ret)
{
	int e;

	if (r->n == r->batch.record_count)
		return RECORDS_END;
	e = r->z ? next_compressed(r, ret) : record_parse(&r->in, &r->batch, ret);
	if (e != 0)
		return FAIL(e);
	r->n++;
	r->total += ret->size;
	return r->n == r->batch.record_count ? check_end(r) : 0;
}

/* --- magic 0 and 1 --- */

static void from_message(const struct legacy_message *m, const struct batch *b, struct record *ret)
{
	*ret = (struct record){
		.offset = m->offset,
		.timestamp = m->timestamp,
		.sequence = NO_SEQUENCE,
		.size = m->size,
		.key = m->key,
		.value = m->value,
		.headers = BYTES_NULL,
	};
	if (m->magic == 1 && b->timestamp_type == TIMESTAMP_LOG_APPEND)
		ret->timestamp = b->max_timestamp;
}

static int next_single(struct record_reader *r, struct record *ret)
{
	struct legacy_message m;
	int e;

	if (r->n > 0)
		return RECORDS_END;
	e = legacy_parse(r->batch.data, r->batch.size, &m);
	if (e != 0)
		return FAIL(e);
	from_message(&m, &r->batch, ret);
	r->n = 1;
	r->total = ret->size;
	return 0;
}

/* Offset and size of the next inner message. RECORDS_END at the end of the payload, also inside a message head
 * (Kafka 3.9, AbstractLegacyRecordBatch.DataLogInputStream). */
static int inner_head(struct record_reader *r, int64_t *ret_offset, int32_t *ret_size)
{
	struct cursor c;
	int e = fill(r, BATCH_OVERHEAD);

	if (e != 0)
		return FAIL(e);
	if (available(r) < BATCH_OVERHEAD)
		return RECORDS_END;
	c = cur_of(r->window + r->at, BATCH_OVERHEAD);
	*ret_offset = cur_i64(&c);
	*ret_size = cur_i32(&c);
	return *ret_size < INNER_MIN ? KERR_CORRUPT_MESSAGE : 0;
}

static int parse_inner(struct record_reader *r, size_t size, struct record *ret)
{
	const uint8_t *p = r->window + r->at;
	struct legacy_message m;
	int e;

	r->inner_crc_bad = !legacy_crc_ok(p, size);
	e = legacy_parse(p, size, &m);
	if (e != 0)
		return r->inner_crc_bad ? KERR_CORRUPT_MESSAGE : FAIL(e);
	if (m.attributes & BATCH_CODEC_MASK)
		return KERR_INVALID_RECORD;
	r->inner_magic = m.magic;
	r->inner_crc = m.crc;
	if (r->batch.magic == 1)
		m.offset = (int64_t)((uint64_t)m.offset + (uint64_t)r->inner_base);
	from_message(&m, &r->batch, ret);
	return 0;
}

static int next_inner(struct record_reader *r, struct record *ret)
{
	int64_t offset;
	int32_t size;
	size_t whole;
	int e = inner_head(r, &offset, &size);

	if (e == 0) {
		whole = BATCH_OVERHEAD + (size_t)size;
		if (whole > r->limits.record)
			return KERR_MESSAGE_TOO_LARGE;
		e = fill(r, whole);
		if (e == 0 && available(r) < whole)
			e = RECORDS_END; /* a message that is cut off ends the set */
	}
	if (e == RECORDS_END && r->n == 0)
		return KERR_INVALID_RECORD;
	if (e != 0)
		return e == RECORDS_END ? e : FAIL(e);
	e = parse_inner(r, whole, ret);
	if (e != 0)
		return FAIL(e);
	r->at += whole;
	r->n++;
	r->total += whole;
	return 0;
}

static int open_wrapper(struct record_reader *r)
{
	struct legacy_message m;
	int e;

	if (r->batch.codec == CODEC_ZSTD)
		return KERR_INVALID_RECORD;
	e = legacy_parse(r->batch.data, r->batch.size, &m);
	if (e != 0)
		return FAIL(e);
	if (m.value.len < 0)
		return KERR_INVALID_RECORD;
	r->z = decompressor_close(r->z);
	r->at = r->end = 0;
	return decompressor_open((enum codec)r->batch.codec, r->batch.magic, m.value.p,
	    (size_t)m.value.len, r->limits.payload, &r->z);
}

/* Finds inner_base by a first walk over the inner messages. */
static int find_inner_base(struct record_reader *r)
{
	int64_t offset, last = -1;
	int32_t size;
	bool any = false;
	int e;

	for (;;) {
		e = inner_head(r, &offset, &size);
		if (e != 0)
			break;
		e = drop(r, BATCH_OVERHEAD + (size_t)size);
		if (e == KERR_INVALID_RECORD && available(r) == 0)
			e = RECORDS_END; /* cut off; a damaged payload shows again in the second walk */
		if (e != 0)
			break;
		last = offset;
		any = true;
	}
	if (e != RECORDS_END)
		return FAIL(e);
	if (!any)
		return KERR_INVALID_RECORD;
	/* 0 comes from producers that do not set it (old librdkafka): relative to nothing */
	if (r->batch.last_offset != 0 && r->batch.last_offset < last)
		return KERR_INVALID_RECORD;
	r->inner_base =
	    r->batch.last_offset == 0 ? 0 : (int64_t)((uint64_t)r->batch.last_offset - (uint64_t)last);
	return 0;
}

/* --- all --- */

static int open_source(struct record_reader *r)
{
	const struct batch *b = &r->batch;
	int e = 0;

	if (b->magic < 2) {
		if (b->codec == CODEC_NONE)
			return 0;
		e = open_wrapper(r);
		if (e == 0 && b->magic == 1)
			e = find_inner_base(r);
		if (e == 0 && b->magic == 1)
			e = open_wrapper(r);
		return FAIL(e);
	}
	if (b->record_count < 0)
		return KERR_INVALID_RECORD;
	if (b->record_count == 0)
		return 0; /* the payload is not looked at, as in Kafka */
	if (b->codec == CODEC_NONE)
		r->in = cur_of(batch_payload(b), batch_payload_size(b));
	else
		e = decompressor_open((enum codec)b->codec, b->magic, batch_payload(b),
		    batch_payload_size(b), r->limits.payload, &r->z);
	return FAIL(e);
}

int record_reader_init(struct record_reader *r, const struct batch *b,
    const struct reader_limits *limits, bool skip)
{
	int e;

	*r = (struct record_reader){ .batch = *b, .skip = skip };
	if (limits)
		r->limits = *limits;
	if (r->limits.record == 0)
		r->limits.record = DEFAULT_LIMIT;
	if (r->limits.payload == 0)
		r->limits.payload = DEFAULT_LIMIT;
	e = open_source(r);
	if (e != 0)
		record_reader_fini(r);
	return FAIL(e);
}

void record_reader_fini(struct record_reader *r)
{
	r->z = decompressor_close(r->z);
	free(r->window);
	r->window = NULL;
}

int record_reader_next(struct record_reader *r, struct record *ret)
{
	if (r->batch.magic >= 2)
		return next_v2(r, ret);
	return r->batch.codec == CODEC_NONE ? next_single(r, ret) : next_inner(r, ret);
}

int batch_first_offset(const struct batch *b, int64_t *ret)
{
	struct record_reader r;
	struct record rec;
	int e;

	if (b->magic >= 2 || b->codec == CODEC_NONE) {
		*ret = b->base_offset;
		return 0;
	}
	e = record_reader_init(&r, b, NULL, true);
	if (e != 0)
		return FAIL(e);
	e = record_reader_next(&r, &rec);
	record_reader_fini(&r);
	if (e == 0)
		*ret = rec.offset;
	return FAIL(e);
}
