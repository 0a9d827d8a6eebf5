/* crc32c.h - CRC-32C (Castagnoli) at memory speed (ISA-L, with a portable fallback), and CRC-32 (zlib's). */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of p; `crc` is that of the bytes before it, 0 at the start. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);
/* CRC-32 as zlib computes it (message formats v0 and v1); chained in the same way. */
uint32_t crc32_zlib(uint32_t crc, const void *p, size_t n);
/* The fallback, so that a test can compare both. */
uint32_t crc32c_portable(uint32_t crc, const void *p, size_t n);

#endif
