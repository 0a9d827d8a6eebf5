/* convert.h - stored records in the format of an old fetch version (down-conversion).
 *
 * Fetch 0 and 1 get magic 0, 2 and 3 magic 1 (protocol.md 6.4; Kafka's RecordsUtil and LazyDownConversionRecords).
 * The conversion the other way, on produce, is part of validate_records.
 * Decompresses and compresses: for a worker thread. Layer: record. No I/O.
 */
#ifndef RECORD_CONVERT_H
#define RECORD_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct buf;

/* The magic a fetch version understands: 0, 1 or 2. */
int8_t convert_magic_of_fetch(int16_t version);

/* Whether data[0 .. len) holds a batch above `magic`, from the batch headers alone. */
bool convert_needed(const uint8_t *data, size_t len, int8_t magic);

/* Converts the whole batches of data[0 .. len) to `magic` (0 or 1); a partial tail is ignored, batches of that
 * magic or lower are copied, control batches and headers dropped, records below `fetch_offset` of uncompressed
 * batches dropped. Stops after `enough` bytes (0: never).
 *   0                                   *ret has the converted batches, maybe none
 *   KERR_UNSUPPORTED_COMPRESSION_TYPE   a zstd batch comes before anything was converted; behind something it
 *                                       only ends the conversion
 *   KERR_CORRUPT_MESSAGE, KERR_INVALID_RECORD   stored bytes are damaged | -ENOMEM                     */
int convert_down(const uint8_t *data, size_t len, int8_t magic, int64_t fetch_offset, size_t enough,
		 struct buf **ret) MUST_CHECK;

/* What goes into the fetch response: convert_down's result brought to the size that Kafka announces,
 * max(len, size of the first converted batch): cut there, or filled with an overflow batch, which the client
 * sees as partial. 12 bytes when there were batches but none survives; 0 when there was nothing. */
int convert_fetch(const uint8_t *data, size_t len, int8_t magic, int64_t fetch_offset, struct buf **ret) MUST_CHECK;

/* Appends the overflow batch: offset -1, length max(n + 1, 61), zeros, `n` bytes in all. */
int convert_overflow(struct buf *b, size_t n) MUST_CHECK;

#endif
