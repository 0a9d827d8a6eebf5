/* fuzz_decompress.c - any payload of any codec: bounded output, and what comes out goes in again.
 *
 * Input: byte 0 is codec * 4 + magic, the rest is the payload.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "record/compress.h"

#define LIMIT ((size_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void in_small_steps(enum codec codec, int8_t magic, const uint8_t *p, size_t n)
{
	struct decompressor *d = NULL;
	uint8_t out[777];
	size_t got = 0, step, total = 0;

	if (decompressor_open(codec, magic, p, n, LIMIT, &d) != 0)
		return;
	for (step = 1; step <= sizeof(out); step = step * 2 + 1) {
		if (decompressor_read(d, out, step, &got) != 0)
			break;
		assert(got <= step);
		total += got;
		if (decompressor_skip(d, step, &got) != 0)
			break;
		total += got;
	}
	assert(total <= LIMIT);
	decompressor_close(d);
}

static void there_and_back(enum codec codec, int8_t magic, const struct buf *b)
{
	struct buf *packed = buf_new(64), *again = NULL;
	struct compressor *c = NULL;
	int r;

	assert(packed);
	r = compressor_open(codec, CODEC_LEVEL_DEFAULT, magic, packed, LIMIT * 2, &c);
	assert(r == 0);
	r = compressor_write(c, b->data, b->len);
	assert(r == 0);
	r = compressor_finish(c);
	assert(r == 0);
	compressor_free(c);
	r = decompress(codec, magic, packed->data, packed->len, LIMIT, &again);
	assert(r == 0);
	assert(again->len == b->len && memcmp(again->data, b->data, b->len) == 0);
	buf_unref(again);
	buf_unref(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf *out = NULL;
	enum codec codec;
	int8_t magic;

	if (size < 1)
		return 0;
	codec = (enum codec)(data[0] / 4 % 5);
	magic = (int8_t)(data[0] % 4 % 3);
	in_small_steps(codec, magic, data + 1, size - 1);
	if (decompress(codec, magic, data + 1, size - 1, LIMIT, &out) != 0)
		return 0;
	assert(out->len <= LIMIT);
	if (out->len < 65536)
		there_and_back(codec, magic, out);
	buf_unref(out);
	return 0;
}
