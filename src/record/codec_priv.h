/* codec_priv.h - what compress.c and the four codecs share. For src/record/ only.
 *
 * A codec is a const table of functions over an opaque state. compress.c keeps the limits; a codec does framing.
 */
#ifndef RECORD_CODEC_PRIV_H
#define RECORD_CODEC_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "record/compress.h"

struct decompressor {
	const struct codec_ops *ops;
	const uint8_t *in, *in_end; /* compressed bytes not yet consumed */
	int8_t magic;
	uint64_t left;		    /* of the limit */
	bool ended;
	void *state;
};

struct compressor {
	const struct codec_ops *ops;
	struct buf *out;
	size_t limit; /* of out->len */
	int level;    /* CODEC_LEVEL_DEFAULT or as given */
	int8_t magic;
	void *state;
};

struct codec_ops {
	const char *name;

	/* Makes the state. The input may be looked at. Returns as decompressor_open. */
	int (*read_open)(struct decompressor *d);
	/* Gives 1 .. n bytes, or 0 at the end; `out` NULL: they are dropped. Returns as decompressor_read. */
	int (*read)(struct decompressor *d, uint8_t *out, size_t n, size_t *ret_n);
	void (*read_close)(struct decompressor *d);

	/* Makes the state and writes what comes before the first byte. */
	int (*write_open)(struct compressor *c);
	int (*write)(struct compressor *c, const uint8_t *p, size_t n);
	int (*finish)(struct compressor *c);
	void (*write_close)(struct compressor *c);
};

extern const struct codec_ops codec_gzip, codec_snappy, codec_lz4, codec_zstd;

/* A block that was decompressed and is handed out in pieces (snappy, LZ4). */
struct block {
	uint8_t *mem; /* owned */
	size_t cap;
	const uint8_t *at, *end; /* in mem, or in the input */
};
/* Makes the block's memory at least `n` bytes. 0 | -ENOMEM. */
int block_reserve(struct block *b, size_t n) MUST_CHECK;
/* Hands out up to n bytes (`out` NULL: drops them); returns how many. */
size_t block_take(struct block *b, uint8_t *out, size_t n);

/* Room for `n` more bytes of output at *ret; follow with compressor_used. 0 | -ENOMEM. */
int compressor_room(struct compressor *c, size_t n, uint8_t **ret) MUST_CHECK;
/* `n` bytes were written there. 0 | KERR_MESSAGE_TOO_LARGE. */
int compressor_used(struct compressor *c, size_t n) MUST_CHECK;
int compressor_put(struct compressor *c, const void *p, size_t n) MUST_CHECK;

#endif
