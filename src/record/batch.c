/* batch.c - see batch.h. Offsets of the fields are those of protocol.md 6.1 (magic 2) and 6.3 (magic 0 and 1);
 * the three formats share offset, length and the place of the magic.
 */
#include "record/batch.h"

#include <assert.h>
#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "base/crc32c.h"
#include "protocol/errors.h"

enum {
	AT_OFFSET = 0,
	AT_LENGTH = 8,
	AT_LEADER_EPOCH = 12,
	AT_MAGIC = 16,
	AT_CRC = 17,
	AT_ATTRIBUTES = 21,
	AT_LAST_OFFSET_DELTA = 23,
	AT_BASE_TIMESTAMP = 27,
	AT_MAX_TIMESTAMP = 35,
	AT_PRODUCER_ID = 43,
	AT_PRODUCER_EPOCH = 51,
	AT_BASE_SEQUENCE = 53,
	AT_RECORD_COUNT = 57,
	/* magic 0 and 1 */
	AT_LEGACY_CRC = 12,
	AT_LEGACY_ATTRIBUTES = 17,
	AT_LEGACY_TIMESTAMP = 18,
	LEGACY_MIN_V1 = 34,
};

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static void put16(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

int32_t sequence_add(int32_t sequence, int32_t n)
{
	uint32_t s = (uint32_t)sequence, d = (uint32_t)n;

	/* unsigned: a hostile negative n wraps, as it does in Java */
	if (sequence > (int32_t)(INT32_MAX - d))
		return (int32_t)(d - (INT32_MAX - s) - 1);
	return (int32_t)(s + d);
}

int32_t sequence_sub(int32_t sequence, int32_t n)
{
	int64_t diff = (int64_t)sequence - n;

	return (int32_t)(diff < 0 ? diff + INT32_MAX + 1 : diff);
}

static int parse_legacy(const uint8_t *p, struct batch *b)
{
	if (b->magic == 1 && b->size < LEGACY_MIN_V1)
		return KERR_CORRUPT_MESSAGE;
	b->crc = get32(p + AT_LEGACY_CRC);
	b->attributes = p[AT_LEGACY_ATTRIBUTES];
	b->codec = b->attributes & BATCH_CODEC_MASK;
	b->last_offset = b->base_offset;
	b->timestamp_type = TIMESTAMP_NONE;
	b->max_timestamp = NO_TIMESTAMP;
	if (b->magic == 1) {
		b->timestamp_type =
		    b->attributes & BATCH_LOG_APPEND ? TIMESTAMP_LOG_APPEND : TIMESTAMP_CREATE;
		b->max_timestamp = (int64_t)get64(p + AT_LEGACY_TIMESTAMP);
	}
	b->base_timestamp = b->max_timestamp;
	b->leader_epoch = NO_LEADER_EPOCH;
	b->producer_id = NO_PRODUCER_ID;
	b->producer_epoch = NO_PRODUCER_EPOCH;
	b->base_sequence = b->last_sequence = NO_SEQUENCE;
	b->record_count = b->codec == CODEC_NONE ? 1 : -1;
	return 0;
}

static int parse_v2(const uint8_t *p, struct batch *b)
{
	if (b->size < BATCH_HEADER_SIZE)
		return KERR_CORRUPT_MESSAGE;
	b->leader_epoch = (int32_t)get32(p + AT_LEADER_EPOCH);
	b->crc = get32(p + AT_CRC);
	b->attributes = p[AT_ATTRIBUTES + 1];
	b->codec = b->attributes & BATCH_CODEC_MASK;
	b->timestamp_type =
	    b->attributes & BATCH_LOG_APPEND ? TIMESTAMP_LOG_APPEND : TIMESTAMP_CREATE;
	b->transactional = b->attributes & BATCH_TRANSACTIONAL;
	b->control = b->attributes & BATCH_CONTROL;
	b->has_delete_horizon = b->attributes & BATCH_DELETE_HORIZON;
	b->last_offset_delta = (int32_t)get32(p + AT_LAST_OFFSET_DELTA);
	/* unsigned: hostile offsets may wrap, as they do in Java */
	b->last_offset = (int64_t)((uint64_t)b->base_offset + (uint64_t)(int64_t)b->last_offset_delta);
	b->base_timestamp = (int64_t)get64(p + AT_BASE_TIMESTAMP);
	b->max_timestamp = (int64_t)get64(p + AT_MAX_TIMESTAMP);
	b->producer_id = (int64_t)get64(p + AT_PRODUCER_ID);
	b->producer_epoch = (int16_t)get16(p + AT_PRODUCER_EPOCH);
	b->base_sequence = (int32_t)get32(p + AT_BASE_SEQUENCE);
	b->last_sequence = NO_SEQUENCE;
	if (b->base_sequence != NO_SEQUENCE)
		b->last_sequence = sequence_add(b->base_sequence, b->last_offset_delta);
	b->record_count = (int32_t)get32(p + AT_RECORD_COUNT);
	return 0;
}

static int parse_fields(const uint8_t *p, size_t size, int8_t magic, struct batch *ret)
{
	struct batch b = { .data = p, .size = size, .magic = magic };
	int r;

	b.base_offset = (int64_t)get64(p + AT_OFFSET);
	r = magic < 2 ? parse_legacy(p, &b) : parse_v2(p, &b);
	if (r == 0)
		*ret = b;
	return r;
}

int batch_parse(const uint8_t *p, size_t left, struct batch *ret)
{
	int32_t length;

	if (left < BATCH_OVERHEAD)
		return BATCH_PARTIAL;
	length = (int32_t)get32(p + AT_LENGTH);
	if (length < BATCH_MIN_LENGTH)
		return KERR_CORRUPT_MESSAGE;
	if (left < BATCH_PROBE)
		return BATCH_PARTIAL;
	if (p[AT_MAGIC] > 2)
		return KERR_CORRUPT_MESSAGE;
	if ((size_t)length > left - BATCH_OVERHEAD)
		return BATCH_PARTIAL;
	return parse_fields(p, BATCH_OVERHEAD + (size_t)length, (int8_t)p[AT_MAGIC], ret);
}

int batch_parse_header(const uint8_t *p, size_t have, uint64_t left, struct batch *ret)
{
	int32_t length;
	int magic;

	if (left <= BATCH_PROBE)
		return BATCH_PARTIAL;
	assert(have >= MIN(left, BATCH_HEADER_SIZE));
	length = (int32_t)get32(p + AT_LENGTH);
	if (length < BATCH_MIN_LENGTH)
		return KERR_CORRUPT_MESSAGE;
	if ((uint64_t)length > left - BATCH_OVERHEAD)
		return BATCH_PARTIAL;
	magic = (int8_t)p[AT_MAGIC]; /* signed, as in Kafka: 0xff is no future version, but not valid either */
	return parse_fields(p, BATCH_OVERHEAD + (size_t)length, (int8_t)MAX(MIN(magic, 2), 0), ret);
}

int batch_next(const uint8_t *data, size_t len, size_t *pos, struct batch *ret)
{
	int r;

	if (*pos >= len)
		return BATCH_PARTIAL; /* `data` may be NULL then */
	r = batch_parse(data + *pos, len - *pos, ret);
	if (r == 0)
		*pos += ret->size;
	return r;
}

static uint32_t compute_crc(const uint8_t *p, size_t size, int magic)
{
	if (magic >= 2)
		return crc32c(0, p + AT_ATTRIBUTES, size - AT_ATTRIBUTES);
	return (uint32_t)crc32_z(0, p + AT_MAGIC, size - AT_MAGIC);
}

uint32_t batch_crc(const struct batch *b)
{
	return compute_crc(b->data, b->size, b->magic);
}

bool batch_crc_ok(const struct batch *b)
{
	return batch_crc(b) == b->crc;
}

void batch_set_base_offset(uint8_t *p, int64_t offset)
{
	put64(p + AT_OFFSET, (uint64_t)offset);
}

void batch_set_last_offset(uint8_t *p, int64_t last)
{
	uint64_t delta = 0;

	if (p[AT_MAGIC] >= 2)
		delta = (uint64_t)(int64_t)(int32_t)get32(p + AT_LAST_OFFSET_DELTA);
	put64(p + AT_OFFSET, (uint64_t)last - delta);
}

void batch_set_leader_epoch(uint8_t *p, int32_t epoch)
{
	assert(p[AT_MAGIC] >= 2);
	put32(p + AT_LEADER_EPOCH, (uint32_t)epoch);
}

void batch_update_crc(uint8_t *p)
{
	size_t size = BATCH_OVERHEAD + (size_t)get32(p + AT_LENGTH);

	put32(p + (p[AT_MAGIC] >= 2 ? AT_CRC : AT_LEGACY_CRC), compute_crc(p, size, p[AT_MAGIC]));
}

static void set_max_timestamp_v1(uint8_t *p, uint8_t type_bit, int64_t timestamp)
{
	uint8_t attributes = p[AT_LEGACY_ATTRIBUTES];

	if ((attributes & BATCH_LOG_APPEND) == type_bit &&
	    (int64_t)get64(p + AT_LEGACY_TIMESTAMP) == timestamp)
		return;
	p[AT_LEGACY_ATTRIBUTES] = (uint8_t)((attributes & BATCH_CODEC_MASK) | type_bit);
	put64(p + AT_LEGACY_TIMESTAMP, (uint64_t)timestamp);
	batch_update_crc(p);
}

void batch_set_max_timestamp(uint8_t *p, enum timestamp_type type, int64_t timestamp)
{
	uint8_t type_bit = type == TIMESTAMP_LOG_APPEND ? BATCH_LOG_APPEND : 0;
	uint8_t attributes = p[AT_ATTRIBUTES + 1];

	assert(p[AT_MAGIC] >= 1);
	if (p[AT_MAGIC] == 1) {
		set_max_timestamp_v1(p, type_bit, timestamp);
		return;
	}
	if ((attributes & BATCH_LOG_APPEND) == type_bit &&
	    (int64_t)get64(p + AT_MAX_TIMESTAMP) == timestamp)
		return;
	attributes &= BATCH_CODEC_MASK | BATCH_TRANSACTIONAL | BATCH_CONTROL | BATCH_DELETE_HORIZON;
	put16(p + AT_ATTRIBUTES, (uint16_t)(attributes | type_bit));
	put64(p + AT_MAX_TIMESTAMP, (uint64_t)timestamp);
	batch_update_crc(p);
}
