/* legacy.h - messages of magic 0 and 1: decode and encode one message.
 *
 * A message is offset, size, CRC-32, magic, attributes, (timestamp in magic 1), key, value (protocol.md 6.3).
 * Compressed wrappers are walked by record_reader and built by batch_builder, on top of these.
 *
 * Thread: the holder's. Layer: record. Pure bytes.
 */
#ifndef RECORD_LEGACY_H
#define RECORD_LEGACY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "record/batch.h"

#define LEGACY_OVERHEAD_V0 26u /* offset, size, and an empty message */
#define LEGACY_OVERHEAD_V1 34u

struct legacy_message {
	int64_t offset;	   /* as written: absolute, or relative inside a magic 1 wrapper */
	size_t size;	   /* with offset and size fields */
	uint32_t crc;
	int8_t magic;
	uint8_t attributes;
	int64_t timestamp; /* -1 in magic 0 */
	struct bytes key, value;
};

/* Decodes the message that takes exactly the `n` bytes at `p` (from its offset field on).
 *   0 | KERR_INVALID_RECORD key or value do not fit, or the magic is not 0 or 1                       */
int legacy_parse(const uint8_t *p, size_t n, struct legacy_message *ret) MUST_CHECK;
bool legacy_crc_ok(const uint8_t *p, size_t n);

size_t legacy_size(int8_t magic, struct bytes key, struct bytes value);
/* Writes the whole message, checksum included, into `out`, which has legacy_size bytes. */
void legacy_write(uint8_t *out, int8_t magic, int64_t offset, uint8_t attributes, int64_t timestamp,
		  struct bytes key, struct bytes value);

#endif
