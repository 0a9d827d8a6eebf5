/* cursor.h - the checked reader of untrusted bytes. Every decoder is built on cur_take.
 *
 * Failure is sticky: read the whole thing, test `bad` once before using anything. Reads after a failure
 * yield 0. Thread: the holder's.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct cursor cur_of(const void *p, size_t n)
{
	const uint8_t *at = p;

	return (struct cursor){ at, n ? at + n : at, false }; /* null bytes have no address to add to */
}

static inline size_t cur_left(const struct cursor *c)
{
	return c->bad ? 0 : (size_t)(c->end - c->p);
}

/* The only place that compares a length with what is left. NULL when short. */
static inline const uint8_t *cur_take(struct cursor *c, size_t n)
{
	const uint8_t *at = c->p;

	if (c->bad || (size_t)(c->end - at) < n) {
		c->bad = true;
		return NULL;
	}
	c->p += n;
	return at;
}

static inline uint8_t cur_u8(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 1);
	return p ? *p : 0;
}

static inline uint16_t cur_u16(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 2);
	uint16_t v = 0;
	if (p)
		memcpy(&v, p, 2);
	return be16toh(v);
}

static inline uint32_t cur_u32(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 4);
	uint32_t v = 0;
	if (p)
		memcpy(&v, p, 4);
	return be32toh(v);
}

static inline uint64_t cur_u64(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 8);
	uint64_t v = 0;
	if (p)
		memcpy(&v, p, 8);
	return be64toh(v);
}

static inline int8_t cur_i8(struct cursor *c)
{
	return (int8_t)cur_u8(c);
}

static inline int16_t cur_i16(struct cursor *c)
{
	return (int16_t)cur_u16(c);
}

static inline int32_t cur_i32(struct cursor *c)
{
	return (int32_t)cur_u32(c);
}

static inline int64_t cur_i64(struct cursor *c)
{
	return (int64_t)cur_u64(c);
}

/* Base-128 numbers, low bits first (protocol.md section 2). uvarint: at most 5 bytes, bits beyond 32 are
 * dropped, a fifth byte with the high bit set is an error; uvarlong: the same with 10 bytes and 64 bits. */
uint32_t cur_uvarint(struct cursor *c);
uint64_t cur_uvarlong(struct cursor *c);

/* Zigzag forms, used inside record batches. */
int32_t cur_varint(struct cursor *c);
int64_t cur_varlong(struct cursor *c);

#endif
