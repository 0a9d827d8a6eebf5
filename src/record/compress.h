/* compress.h - the four codecs of record batches as streams: pull bytes out of a payload, push bytes into one.
 *
 * Decompression never holds more than one block of the payload (gzip and zstd: their window), so a small batch
 * that expands to gigabytes costs time up to `limit` and no memory. Framing as Kafka writes and reads it
 * (protocol.md section 7): xerial or raw snappy, LZ4 frames with the wrong header checksum in magic 0.
 * gzip.c, snappy.c, lz4.c and zstd.c each hold one codec behind the tables of codec_priv.h.
 *
 * Owner: whoever opened the stream. Thread: the holder's; each thread keeps an idle zstd context of each kind.
 * Layer: record. No I/O.
 */
#ifndef RECORD_COMPRESS_H
#define RECORD_COMPRESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"

/* The value is the one in the attributes of a batch; 5 to 7 are not assigned. */
enum codec { CODEC_NONE, CODEC_GZIP, CODEC_SNAPPY, CODEC_LZ4, CODEC_ZSTD };
#define CODEC_MAX CODEC_ZSTD

/* "the codec's own default": gzip -1 (6), lz4 9 (the fast compressor), zstd 3; snappy has no levels. */
#define CODEC_LEVEL_DEFAULT INT_MIN

const char *codec_name(enum codec codec); /* "none", "gzip", "snappy", "lz4", "zstd"; NULL for others */
/* Accepts the names above and "uncompressed". */
bool codec_of_name(struct str name, enum codec *ret);

/* --- reading --- */

struct decompressor;

/* Begins to read the `n` bytes at `p`, which stay the caller's and must outlive the stream. `magic` is that of
 * the batch (LZ4 differs in magic 0). No more than `limit` bytes will come out.
 *   0                      *ret is the stream
 *   KERR_INVALID_RECORD    the codec is not one of ours, or the beginning is not of this codec
 *   -ENOMEM                                                                                          */
int decompressor_open(enum codec codec, int8_t magic, const uint8_t *p, size_t n, uint64_t limit,
		      struct decompressor **ret) MUST_CHECK;
struct decompressor *decompressor_close(struct decompressor *d);
DEFINE_CLEANUP(struct decompressor *, decompressor_close)

/* Fills out[0 .. *ret_n) with the next bytes, fewer than `n` only at the end of the payload.
 *   0                      *ret_n is 0 exactly at the end
 *   KERR_INVALID_RECORD    the payload is damaged or ends early
 *   KERR_MESSAGE_TOO_LARGE more than `limit` bytes would come out
 *   -ENOMEM                                                                                          */
int decompressor_read(struct decompressor *d, uint8_t *out, size_t n, size_t *ret_n) MUST_CHECK;

/* Like decompressor_read without keeping the bytes. */
int decompressor_skip(struct decompressor *d, size_t n, size_t *ret_n) MUST_CHECK;

/* The whole payload at once, for tools and tests: a buffer of at most `limit` bytes. */
int decompress(enum codec codec, int8_t magic, const uint8_t *p, size_t n, size_t limit,
	       struct buf **ret) MUST_CHECK;

/* --- writing --- */

struct compressor;

/* Begins to append a compressed payload to `out` (borrowed; grown as needed, never beyond `limit` bytes in
 * total). CODEC_NONE copies. Levels outside the codec's range are clamped.
 *   0 | KERR_INVALID_RECORD codec not one of ours | KERR_MESSAGE_TOO_LARGE limit | -ENOMEM              */
int compressor_open(enum codec codec, int level, int8_t magic, struct buf *out, size_t limit,
		    struct compressor **ret) MUST_CHECK;
/* 0 | KERR_MESSAGE_TOO_LARGE | -ENOMEM. After a failure only compressor_free may follow. */
int compressor_write(struct compressor *c, const void *p, size_t n) MUST_CHECK;
/* Ends the payload: flushes what is buffered, writes the trailer. */
int compressor_finish(struct compressor *c) MUST_CHECK;
struct compressor *compressor_free(struct compressor *c);
DEFINE_CLEANUP(struct compressor *, compressor_free)

#endif
