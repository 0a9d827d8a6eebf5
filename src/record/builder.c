/* builder.c - see builder.h. The header is left free, records stream behind it (through the codec), and the header
 * is written last, when count, timestamps and size are known.
 */
#include "record/builder.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "protocol/errors.h"
#include "record/legacy.h"
#include "record/record.h"

#define FIRST_SIZE 1024u

static bool is_wrapper(const struct batch_builder *b)
{
	return b->config.magic < 2 && b->config.codec != CODEC_NONE;
}

/* Bytes to leave free for what batch_builder_finish writes. */
static size_t header_size(const struct batch_builder *b)
{
	if (b->config.magic >= 2)
		return BATCH_HEADER_SIZE;
	if (!is_wrapper(b))
		return 0;
	return b->config.magic == 0 ? LEGACY_OVERHEAD_V0 : LEGACY_OVERHEAD_V1;
}

static int check_config(const struct builder_config *c)
{
	assert(c->magic >= 0 && c->magic <= 2);
	if (c->codec > CODEC_MAX)
		return KERR_INVALID_RECORD;
	if (c->magic < 2 && (c->producer_id != NO_PRODUCER_ID || c->transactional || c->control ||
				c->codec == CODEC_ZSTD || c->delete_horizon_ms != NO_TIMESTAMP))
		return KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT;
	return 0;
}

int batch_builder_init(struct batch_builder *b, const struct builder_config *config, struct buf *into)
{
	struct batch_builder n = { .config = *config };
	int r = check_config(config);

	if (r != 0)
		return FAIL(r);
	if (n.config.limit == 0)
		n.config.limit = INT32_MAX;
	n.base_timestamp = config->delete_horizon_ms;
	n.max_timestamp = NO_TIMESTAMP;
	n.first_offset = n.last_offset = n.offset_of_max_timestamp = -1;
	n.buf = into ? into : buf_new(FIRST_SIZE);
	if (!n.buf)
		return FAIL(-ENOMEM);
	n.start = n.buf->len;
	if (n.start > n.config.limit || header_size(&n) > n.config.limit - n.start)
		r = KERR_MESSAGE_TOO_LARGE;
	else if (!buf_reserve(n.buf, n.start + header_size(&n)))
		r = -ENOMEM;
	if (r == 0) {
		memset(n.buf->data + n.start, 0, header_size(&n));
		n.buf->len += header_size(&n);
		r = compressor_open(config->codec, config->level, config->magic, n.buf, n.config.limit,
		    &n.z);
	}
	if (r != 0) {
		n.buf->len = n.start;
		if (!into)
			buf_unref(n.buf);
		return FAIL(r);
	}
	*b = n;
	return 0;
}

void batch_builder_fini(struct batch_builder *b)
{
	b->z = compressor_free(b->z);
	b->buf = buf_unref(b->buf);
}

static int put_bytes(struct batch_builder *b, struct bytes v)
{
	return v.len > 0 ? compressor_write(b->z, v.p, (size_t)v.len) : 0;
}

static int put_varint(struct batch_builder *b, int32_t v)
{
	uint8_t out[5];

	return compressor_write(b->z, out, record_put_varint(out, v));
}

static int append_v2(struct batch_builder *b, int64_t offset, int64_t timestamp, struct bytes key,
    struct bytes value, int32_t headers_n, struct bytes headers)
{
	int64_t timestamp_delta = (int64_t)((uint64_t)timestamp - (uint64_t)b->base_timestamp);
	int32_t offset_delta = (int32_t)(offset - b->config.base_offset);
	size_t size = record_size(timestamp_delta, offset_delta, key, value, headers_n, headers);
	uint8_t head[RECORD_HEAD_MAX];
	int r;

	if (size > INT32_MAX)
		return KERR_MESSAGE_TOO_LARGE;
	r = compressor_write(b->z, head,
	    record_put_head(head, size, timestamp_delta, offset_delta, key.len));
	if (r == 0)
		r = put_bytes(b, key);
	if (r == 0)
		r = put_varint(b, MAX(value.len, -1));
	if (r == 0)
		r = put_bytes(b, value);
	if (r == 0)
		r = put_varint(b, headers_n);
	if (r == 0)
		r = put_bytes(b, headers);
	b->uncompressed += size;
	return FAIL(r);
}

static int append_legacy(struct batch_builder *b, int64_t offset, int64_t timestamp, struct bytes key,
    struct bytes value)
{
	const struct builder_config *c = &b->config;
	size_t size = legacy_size(c->magic, key, value);
	bool log_append = c->timestamp_type == TIMESTAMP_LOG_APPEND;
	uint8_t *message;
	int r;

	if (size > INT32_MAX)
		return KERR_MESSAGE_TOO_LARGE;
	message = malloc(size);
	if (!message)
		return FAIL(-ENOMEM);
	if (c->magic == 1 && c->codec != CODEC_NONE)
		offset -= c->base_offset;
	legacy_write(message, c->magic, offset, c->magic == 1 && log_append ? BATCH_LOG_APPEND : 0,
	    log_append ? c->log_append_time : timestamp, key, value);
	r = compressor_write(b->z, message, size);
	free(message);
	b->uncompressed += size;
	return FAIL(r);
}

int batch_builder_append(struct batch_builder *b, int64_t offset, int64_t timestamp, struct bytes key,
    struct bytes value, int32_t headers_n, struct bytes headers)
{
	int r;

	if ((b->n > 0 && offset <= b->last_offset) || offset < b->config.base_offset ||
	    (uint64_t)offset - (uint64_t)b->config.base_offset > INT32_MAX)
		return KERR_INVALID_RECORD;
	if (timestamp < NO_TIMESTAMP)
		return KERR_INVALID_TIMESTAMP;
	if (b->n == 0) {
		b->first_offset = offset;
		if (b->config.delete_horizon_ms == NO_TIMESTAMP)
			b->base_timestamp = timestamp;
	}
	r = b->config.magic >= 2 ? append_v2(b, offset, timestamp, key, value, headers_n, headers)
				 : append_legacy(b, offset, timestamp, key, value);
	if (r != 0)
		return FAIL(r);
	b->n++;
	b->last_offset = offset;
	if (b->config.magic > 0 && timestamp > b->max_timestamp) {
		b->max_timestamp = timestamp;
		b->offset_of_max_timestamp = offset;
	}
	return 0;
}

int batch_builder_add(struct batch_builder *b, int64_t offset, const struct record *rec)
{
	return batch_builder_append(b, offset, rec->timestamp, rec->key, rec->value, rec->headers_n,
	    rec->headers);
}

void batch_builder_set_last_offset(struct batch_builder *b, int64_t last)
{
	assert(last >= b->last_offset && last - b->config.base_offset <= INT32_MAX);
	b->last_offset = last;
}

static uint8_t *put16(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static uint8_t *put64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static uint8_t attributes_of(const struct builder_config *c)
{
	return (uint8_t)(c->codec | (c->timestamp_type == TIMESTAMP_LOG_APPEND ? BATCH_LOG_APPEND : 0) |
	    (c->transactional ? BATCH_TRANSACTIONAL : 0) | (c->control ? BATCH_CONTROL : 0) |
	    (c->delete_horizon_ms != NO_TIMESTAMP ? BATCH_DELETE_HORIZON : 0));
}

static int64_t max_timestamp_of(const struct batch_builder *b)
{
	return b->config.timestamp_type == TIMESTAMP_LOG_APPEND ? b->config.log_append_time
								: b->max_timestamp;
}

static void write_header(const struct batch_builder *b, uint8_t *p, size_t size)
{
	const struct builder_config *c = &b->config;

	p = put64(p, (uint64_t)c->base_offset);
	p = put32(p, (uint32_t)(size - BATCH_OVERHEAD));
	p = put32(p, (uint32_t)c->leader_epoch);
	*p++ = 2;
	p = put32(p, 0); /* checksum: batch_update_crc */
	p = put16(p, attributes_of(c));
	p = put32(p, (uint32_t)(b->last_offset - c->base_offset));
	p = put64(p, (uint64_t)b->base_timestamp);
	p = put64(p, (uint64_t)max_timestamp_of(b));
	p = put64(p, (uint64_t)c->producer_id);
	p = put16(p, (uint16_t)c->producer_epoch);
	p = put32(p, (uint32_t)c->base_sequence);
	(void)put32(p, (uint32_t)b->n);
}

/* The wrapper message around the compressed bytes: null key, the value is what is already there. */
static void write_wrapper(const struct batch_builder *b, uint8_t *p, size_t size)
{
	p = put64(p, (uint64_t)b->last_offset);
	p = put32(p, (uint32_t)(size - BATCH_OVERHEAD));
	p = put32(p, 0);
	*p++ = (uint8_t)b->config.magic;
	*p++ = b->config.magic == 0 ? (uint8_t)b->config.codec : attributes_of(&b->config);
	if (b->config.magic == 1)
		p = put64(p, (uint64_t)max_timestamp_of(b));
	p = put32(p, UINT32_MAX);
	(void)put32(p, (uint32_t)(size - header_size(b)));
}

int batch_builder_finish(struct batch_builder *b, struct buf **ret)
{
	uint8_t *p;
	size_t size;
	int r = b->n > 0 ? compressor_finish(b->z) : 0;

	if (r != 0)
		return FAIL(r);
	if (b->n == 0)
		b->buf->len = b->start;
	p = b->buf->data + b->start;
	size = b->buf->len - b->start;
	if (b->n > 0 && header_size(b) > 0) {
		if (b->config.magic >= 2)
			write_header(b, p, size);
		else
			write_wrapper(b, p, size);
		batch_update_crc(p);
	}
	b->z = compressor_free(b->z);
	*ret = TAKE(b->buf);
	return 0;
}

int batch_build_empty(struct buf *into, const struct batch *like)
{
	struct batch_builder b = {
		.config = {
			.magic = 2,
			.codec = CODEC_NONE,
			.timestamp_type = like->timestamp_type,
			.base_offset = like->base_offset,
			.log_append_time = like->max_timestamp,
			.leader_epoch = like->leader_epoch,
			.producer_id = like->producer_id,
			.producer_epoch = like->producer_epoch,
			.base_sequence = like->base_sequence,
			.transactional = like->transactional,
			.control = like->control,
			.delete_horizon_ms = NO_TIMESTAMP,
		},
		.base_timestamp = NO_TIMESTAMP,
		.max_timestamp = like->max_timestamp,
		.last_offset = like->last_offset,
	};
	uint8_t *p;

	if (!buf_reserve(into, into->len + BATCH_HEADER_SIZE))
		return FAIL(-ENOMEM);
	p = into->data + into->len;
	write_header(&b, p, BATCH_HEADER_SIZE);
	batch_update_crc(p);
	into->len += BATCH_HEADER_SIZE;
	return 0;
}
