/* legacy.c - see legacy.h. */
#include "record/legacy.h"

#include <string.h>
#include <zlib.h>

#include "base/cursor.h"
#include "protocol/errors.h"

enum {
	AT_CRC = 12,
	AT_MAGIC = 16, /* the checksum covers everything from here on */
};

/* int32 length and that many bytes; a negative length is null. */
static struct bytes take_bytes(struct cursor *c)
{
	int32_t n = cur_i32(c);

	if (n < 0)
		return BYTES_NULL;
	return (struct bytes){ cur_take(c, (size_t)n), n };
}

int legacy_parse(const uint8_t *p, size_t n, struct legacy_message *ret)
{
	struct legacy_message m = { .size = n, .timestamp = NO_TIMESTAMP };
	struct cursor c = cur_of(p, n);

	m.offset = cur_i64(&c);
	(void)cur_i32(&c); /* size: the caller split by it */
	m.crc = cur_u32(&c);
	m.magic = cur_i8(&c);
	m.attributes = cur_u8(&c);
	if (m.magic < 0 || m.magic > 1)
		return KERR_INVALID_RECORD;
	if (m.magic == 1)
		m.timestamp = cur_i64(&c);
	m.key = take_bytes(&c);
	m.value = take_bytes(&c);
	if (c.bad)
		return KERR_INVALID_RECORD;
	*ret = m; /* bytes behind the value are tolerated, as in Kafka */
	return 0;
}

bool legacy_crc_ok(const uint8_t *p, size_t n)
{
	struct cursor c = cur_of(p, n);
	uint32_t crc;

	if (n < LEGACY_OVERHEAD_V0)
		return false;
	(void)cur_take(&c, AT_CRC);
	crc = cur_u32(&c);
	return (uint32_t)crc32_z(0, p + AT_MAGIC, n - AT_MAGIC) == crc;
}

size_t legacy_size(int8_t magic, struct bytes key, struct bytes value)
{
	return (magic == 0 ? LEGACY_OVERHEAD_V0 : LEGACY_OVERHEAD_V1) + (size_t)MAX(key.len, 0) +
	    (size_t)MAX(value.len, 0);
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

static uint8_t *put_bytes(uint8_t *p, struct bytes b)
{
	p = put32(p, (uint32_t)MAX(b.len, -1));
	if (b.len > 0) {
		memcpy(p, b.p, (size_t)b.len);
		p += b.len;
	}
	return p;
}

void legacy_write(uint8_t *out, int8_t magic, int64_t offset, uint8_t attributes, int64_t timestamp,
    struct bytes key, struct bytes value)
{
	size_t size = legacy_size(magic, key, value);
	uint8_t *p = put64(out, (uint64_t)offset);

	p = put32(p, (uint32_t)(size - BATCH_OVERHEAD));
	p = put32(p, 0);
	*p++ = (uint8_t)magic;
	*p++ = attributes;
	if (magic == 1)
		p = put64(p, (uint64_t)timestamp);
	p = put_bytes(p, key);
	(void)put_bytes(p, value);
	(void)put32(out + AT_CRC, (uint32_t)crc32_z(0, out + AT_MAGIC, size - AT_MAGIC));
}
