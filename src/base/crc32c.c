/* crc32c.c - checksums of record batches and messages.
 *
 * ISA-L's crc32_iscsi works on the register: neither its start value nor its result is inverted, so both are
 * inverted here. Its crc32_gzip_refl inverts by itself, as zlib does. Both choose the fastest code for the
 * processor at run time.
 */
#include "base/crc32c.h"

#include <endian.h>
#include <isa-l/crc.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#define POLYNOMIAL 0x82F63B78u /* Castagnoli, reflected */
#define STEP	   (1 << 30)   /* crc32_iscsi takes an int */

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *at = p;

	crc = ~crc;
	for (; n > STEP; n -= STEP, at += STEP)
		crc = crc32_iscsi((unsigned char *)at, STEP, crc);
	if (n > 0)
		crc = crc32_iscsi((unsigned char *)at, (int)n, crc);
	return ~crc;
}

uint32_t crc32_zlib(uint32_t crc, const void *p, size_t n)
{
	return n > 0 ? crc32_gzip_refl(crc, p, n) : crc;
}

/* table[k][b]: what byte b does to the register when k more bytes follow in the same step of eight. */
static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_fill(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t v = b;

		for (int bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
		table[0][b] = v;
	}
	for (int k = 1; k < 8; k++)
		for (uint32_t b = 0; b < 256; b++)
			table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 0xFF];
}

static uint32_t step_of_eight(uint32_t crc, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	v = le64toh(v) ^ crc;
	crc = 0;
	for (int k = 0; k < 8; k++)
		crc ^= table[7 - k][v >> (8 * k) & 0xFF];
	return crc;
}

uint32_t crc32c_portable(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *at = p;

	(void)pthread_once(&table_once, table_fill);
	crc = ~crc;
	for (; n >= 8; n -= 8, at += 8)
		crc = step_of_eight(crc, at);
	for (; n > 0; n--, at++)
		crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xFF];
	return ~crc;
}
