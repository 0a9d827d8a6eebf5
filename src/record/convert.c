/* convert.c - see convert.h. Batch by batch: a reader of the stored one feeds a builder of the old format. */
#include "record/convert.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/builder.h"
#include "record/reader.h"

/* A record that has to be held; larger ones cannot be converted. */
#define HELD_RECORD_MAX (128u << 20)

#define OVERFLOW_MIN 12u /* an overflow batch's offset and length */

int8_t convert_magic_of_fetch(int16_t version)
{
	return version < 2 ? 0 : version < 4 ? 1 : 2;
}

bool convert_needed(const uint8_t *data, size_t len, int8_t magic)
{
	struct batch b;
	size_t pos = 0;

	while (batch_next(data, len, &pos, &b) == 0)
		if (b.magic > magic)
			return true;
	return false;
}

/* Starts the converted batch at its first record, whose offset its relative offsets count from. `*out` moves
 * into the builder. */
static int start(struct batch_builder *to, const struct batch *b, int8_t magic, int64_t base_offset,
    struct buf **out)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	int r;

	c.magic = magic;
	c.codec = (enum codec)b->codec;
	c.timestamp_type = b->timestamp_type;
	c.log_append_time = b->max_timestamp;
	c.base_offset = base_offset;
	r = batch_builder_init(to, &c, *out);
	if (r == 0)
		(void)TAKE(*out);
	return FAIL(r);
}

static int convert_records(const struct batch *b, int8_t magic, int64_t fetch_offset, struct record_reader *in,
    struct batch_builder *to, struct buf **out)
{
	struct record rec;
	int r;

	while ((r = record_reader_next(in, &rec)) == 0) {
		if (!batch_is_compressed(b) && rec.offset < fetch_offset)
			continue; /* some versions of librdkafka rely on this (Kafka 3.9, RecordsUtil) */
		if (*out) {
			r = start(to, b, magic, rec.offset, out);
			if (r != 0)
				return FAIL(r);
		}
		/* a stored timestamp below -1 is possible (LogValidator lets it pass), and cannot be built */
		r = batch_builder_append(to, rec.offset, MAX(rec.timestamp, NO_TIMESTAMP), rec.key,
		    rec.value, 0, BYTES_NULL);
		if (r != 0)
			return FAIL(r);
	}
	return r == RECORDS_END ? 0 : FAIL(r);
}

/* Appends what becomes of one stored batch to *out, which on failure is as before. */
static int convert_batch(const struct batch *b, int8_t magic, int64_t fetch_offset, struct buf **out)
{
	static const struct reader_limits limits = { .record = HELD_RECORD_MAX };
	struct batch_builder to = { 0 };
	struct record_reader in;
	size_t before = (*out)->len;
	int r;

	if (b->control)
		return 0;
	if (b->codec == CODEC_ZSTD)
		return KERR_UNSUPPORTED_COMPRESSION_TYPE;
	if (b->magic <= magic) {
		if (!buf_reserve(*out, before + b->size))
			return FAIL(-ENOMEM);
		memcpy((*out)->data + before, b->data, b->size);
		(*out)->len += b->size;
		return 0;
	}
	r = record_reader_init(&in, b, &limits, false);
	if (r != 0)
		return FAIL(r);
	r = convert_records(b, magic, fetch_offset, &in, &to, out);
	record_reader_fini(&in);
	if (to.buf && r == 0)
		r = batch_builder_finish(&to, out);
	if (to.buf) {
		*out = TAKE(to.buf);
		(*out)->len = before;
	}
	batch_builder_fini(&to);
	return FAIL(r);
}

/* Converts until the end, until *announced bytes are there (raised to the size of the first converted batch), or
 * until a batch that cannot be converted, which is an error only in front. */
static int convert_set(const uint8_t *data, size_t len, int8_t magic, int64_t fetch_offset, size_t *announced,
    struct buf **out, bool *ret_any)
{
	struct batch b;
	size_t pos = 0;
	bool first;
	int r;

	*ret_any = false;
	while ((*out)->len < *announced) {
		r = batch_next(data, len, &pos, &b);
		if (r == BATCH_PARTIAL)
			return 0;
		if (r == 0) {
			*ret_any = true;
			first = (*out)->len == 0;
			r = convert_batch(&b, magic, fetch_offset, out);
			if (r == 0 && first)
				*announced = MAX(*announced, (*out)->len);
		}
		if (r > 0 && (*out)->len > 0)
			return 0; /* the client comes back for it and is told then */
		if (r != 0)
			return FAIL(r);
	}
	return 0;
}

int convert_down(const uint8_t *data, size_t len, int8_t magic, int64_t fetch_offset, size_t enough,
    struct buf **ret)
{
	CLEANUP(buf_unrefp) struct buf *out = buf_new(MAX(len, 64));
	size_t announced = enough > 0 ? enough : SIZE_MAX;
	bool any;
	int r;

	if (!out)
		return FAIL(-ENOMEM);
	r = convert_set(data, len, magic, fetch_offset, &announced, &out, &any);
	if (r != 0)
		return FAIL(r);
	*ret = TAKE(out);
	return 0;
}

int convert_fetch(const uint8_t *data, size_t len, int8_t magic, int64_t fetch_offset, struct buf **ret)
{
	CLEANUP(buf_unrefp) struct buf *out = buf_new(MAX(len, 64));
	size_t announced = len;
	bool any;
	int r;

	if (!out)
		return FAIL(-ENOMEM);
	r = convert_set(data, len, magic, fetch_offset, &announced, &out, &any);
	if (r != 0)
		return FAIL(r);
	if (out->len == 0)
		announced = any ? OVERFLOW_MIN : 0;
	if (out->len < announced) {
		r = convert_overflow(out, announced - out->len);
		if (r != 0)
			return FAIL(r);
	}
	out->len = announced;
	*ret = TAKE(out);
	return 0;
}

int convert_overflow(struct buf *b, size_t n)
{
	uint64_t offset = UINT64_MAX; /* -1 */
	uint32_t length = htobe32((uint32_t)MAX(MIN(n, (size_t)INT32_MAX - 1) + 1, BATCH_HEADER_SIZE));
	uint8_t head[OVERFLOW_MIN];

	if (!buf_reserve(b, b->len + n))
		return FAIL(-ENOMEM);
	memcpy(head, &offset, sizeof(offset));
	memcpy(head + sizeof(offset), &length, sizeof(length));
	memset(b->data + b->len, 0, n);
	memcpy(b->data + b->len, head, MIN(n, sizeof(head)));
	b->len += n;
	return 0;
}
