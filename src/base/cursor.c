/* cursor.c - base-128 numbers (org.apache.kafka.common.utils.ByteUtils, 3.9). */
#include "base/cursor.h"

/* Reads at most `max` bytes; one more with the high bit set is an error. Bits beyond 64 are dropped. */
static uint64_t read_base128(struct cursor *c, int max)
{
	uint64_t v = 0;

	for (int i = 0; i < max; i++) {
		uint8_t b = cur_u8(c);

		if (c->bad)
			return 0;
		v |= (uint64_t)(b & 0x7F) << (7 * i);
		if (!(b & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}

uint32_t cur_uvarint(struct cursor *c)
{
	return (uint32_t)read_base128(c, 5);
}

uint64_t cur_uvarlong(struct cursor *c)
{
	return read_base128(c, 10);
}

int32_t cur_varint(struct cursor *c)
{
	uint32_t v = cur_uvarint(c);

	return (int32_t)(v >> 1 ^ (0 - (v & 1)));
}

int64_t cur_varlong(struct cursor *c)
{
	uint64_t v = cur_uvarlong(c);

	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}
