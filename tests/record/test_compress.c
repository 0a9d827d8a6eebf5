/* test_compress.c - the codecs as streams: round trips, framing details of protocol.md section 7, damage, bombs. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "protocol/errors.h"
#include "record/compress.h"

#define NO_LIMIT ((size_t)1 << 30)

static struct buf *packed(enum codec codec, int level, int8_t magic, const void *p, size_t n, size_t step)
{
	struct buf *out = buf_new(16);
	struct compressor *c = NULL;
	const uint8_t *at = p;
	size_t now;

	assert_non_null(out);
	assert_int_equal(compressor_open(codec, level, magic, out, NO_LIMIT, &c), 0);
	for (; n > 0; at += now, n -= now) {
		now = n < step ? n : step;
		assert_int_equal(compressor_write(c, at, now), 0);
	}
	assert_int_equal(compressor_finish(c), 0);
	compressor_free(c);
	return out;
}

static void expect(enum codec codec, int8_t magic, const uint8_t *p, size_t n, const void *want, size_t want_n)
{
	struct buf *got = NULL;

	assert_int_equal(decompress(codec, magic, p, n, NO_LIMIT, &got), 0);
	assert_int_equal(got->len, want_n);
	if (want_n > 0)
		assert_memory_equal(got->data, want, want_n);
	buf_unref(got);
}

static void refuse(enum codec codec, int8_t magic, const uint8_t *p, size_t n)
{
	struct buf *got = NULL;

	assert_int_equal(decompress(codec, magic, p, n, NO_LIMIT, &got), KERR_INVALID_RECORD);
}

static void put(struct buf *b, const void *p, size_t n)
{
	assert_true(buf_reserve(b, b->len + n));
	memcpy(b->data + b->len, p, n);
	b->len += n;
}

static void random_bytes_come_back(void **state)
{
	static const int levels[] = { CODEC_LEVEL_DEFAULT, 1, 9, 17, -5 };
	struct rnd rnd = { 7 };
	int round;

	(void)state;
	print_message("seed %d\n", 7);
	for (round = 0; round < 200; round++) {
		enum codec codec = (enum codec)rnd_below(&rnd, 5);
		size_t n = rnd_below(&rnd, round % 10 ? 3000 : 300000) + (codec == CODEC_SNAPPY);
		int8_t magic = codec == CODEC_ZSTD ? 2 : (int8_t)rnd_below(&rnd, 3);
		size_t i, alphabet = 1 + rnd_below(&rnd, 256);
		struct buf *in = buf_new(n + 1), *out;

		for (i = 0; i < n; i++)
			in->data[i] = (uint8_t)rnd_below(&rnd, alphabet);
		out = packed(codec, levels[rnd_below(&rnd, 5)], magic, in->data, n,
		    1 + rnd_below(&rnd, 70000));
		expect(codec, magic, out->data, out->len, in->data, n);
		buf_unref(out);
		buf_unref(in);
	}
}

static void block_boundaries_come_back(void **state)
{
	static const size_t sizes[] = { 32767, 32768, 32769, 65535, 65536, 65537, 131072 };
	uint8_t *in = calloc(1, 131072);
	size_t i;
	int codec;

	(void)state;
	for (codec = CODEC_NONE; codec <= CODEC_MAX; codec++) {
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct buf *out =
			    packed((enum codec)codec, CODEC_LEVEL_DEFAULT, 2, in, sizes[i], 1 << 20);

			expect((enum codec)codec, 2, out->data, out->len, in, sizes[i]);
			buf_unref(out);
		}
	}
	free(in);
}

static void every_cut_of_a_payload_is_refused(void **state)
{
	static const char text[] = "a payload, a payload, a payload that repeats, repeats, repeats";
	int codec;
	size_t n;

	(void)state;
	for (codec = CODEC_GZIP; codec <= CODEC_MAX; codec++) {
		struct buf *out = packed((enum codec)codec, CODEC_LEVEL_DEFAULT, 2, text, sizeof(text), 9);

		for (n = 0; n < out->len; n++) {
			/* what Kafka takes for the end of a stream: less than the size of a block, for Snappy */
			if ((codec == CODEC_ZSTD && n == 0) || (codec == CODEC_SNAPPY && n >= 16 && n < 20))
				continue;
			refuse((enum codec)codec, 2, out->data, n);
		}
		buf_unref(out);
	}
}

static void damage_does_no_harm(void **state)
{
	struct rnd rnd = { 11 };
	uint8_t in[4000];
	size_t i;
	int round;

	(void)state;
	print_message("seed %d\n", 11);
	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(rnd_below(&rnd, 4) + i / 100);
	for (round = 0; round < 2000; round++) {
		enum codec codec = (enum codec)(1 + rnd_below(&rnd, 4));
		struct buf *b = packed(codec, CODEC_LEVEL_DEFAULT, 2, in, sizeof(in), 999), *got = NULL;
		int flips = 1 + (int)rnd_below(&rnd, 3);
		int r;

		while (flips-- > 0)
			b->data[rnd_below(&rnd, b->len)] ^= (uint8_t)(1 << rnd_below(&rnd, 8));
		r = decompress(codec, 2, b->data, b->len, 1 << 20, &got);
		assert_true(r >= 0);
		if (r == 0)
			buf_unref(got);
		buf_unref(b);
	}
}

static void a_bomb_stops_at_the_limit(void **state)
{
	size_t total = 16u << 20, n;
	uint8_t *zeros = calloc(1, total), out[4096];
	int codec, r;

	(void)state;
	for (codec = CODEC_GZIP; codec <= CODEC_MAX; codec++) {
		struct buf *b = packed((enum codec)codec, CODEC_LEVEL_DEFAULT, 2, zeros, total, 1 << 20);
		struct decompressor *d = NULL;
		size_t got = 0;

		assert_int_equal(decompressor_open((enum codec)codec, 2, b->data, b->len, 1 << 20, &d), 0);
		while ((r = decompressor_read(d, out, sizeof(out), &n)) == 0 && n > 0)
			got += n;
		assert_int_equal(r, KERR_MESSAGE_TOO_LARGE);
		assert_true(got <= 1 << 20);
		decompressor_close(d);

		assert_int_equal(decompressor_open((enum codec)codec, 2, b->data, b->len, total, &d), 0);
		assert_int_equal(decompressor_skip(d, SIZE_MAX, &n), 0);
		assert_int_equal(n, total);
		decompressor_close(d);
		buf_unref(b);
	}
	free(zeros);
}

static void output_stops_at_the_limit(void **state)
{
	struct rnd rnd = { 3 };
	uint8_t noise[100000];
	size_t i;
	int codec;

	(void)state;
	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)rnd_next(&rnd);
	for (codec = CODEC_NONE; codec <= CODEC_MAX; codec++) {
		struct buf *out = buf_new(0);
		struct compressor *c = NULL;
		int r = compressor_open((enum codec)codec, CODEC_LEVEL_DEFAULT, 2, out, 50000, &c);

		assert_int_equal(r, 0);
		r = compressor_write(c, noise, sizeof(noise));
		if (r == 0)
			r = compressor_finish(c);
		assert_int_equal(r, KERR_MESSAGE_TOO_LARGE);
		assert_true(out->len <= 50000);
		compressor_free(c);
		buf_unref(out);
	}
}

static void gzip_members_are_read_through_and_junk_is_ignored(void **state)
{
	struct buf *b = packed(CODEC_GZIP, CODEC_LEVEL_DEFAULT, 2, "one", 3, 9);
	struct buf *two = packed(CODEC_GZIP, CODEC_LEVEL_DEFAULT, 2, "two", 3, 9);

	(void)state;
	put(b, two->data, two->len);
	expect(CODEC_GZIP, 2, b->data, b->len, "onetwo", 6);
	put(b, "\x1f", 1);
	expect(CODEC_GZIP, 2, b->data, b->len, "onetwo", 6);
	put(b, "junk behind it", 14);
	expect(CODEC_GZIP, 2, b->data, b->len, "onetwo", 6);
	two->data[two->len - 6] ^= 1; /* checksum of a single member */
	refuse(CODEC_GZIP, 2, two->data, two->len);
	buf_unref(b);
	buf_unref(two);
}

static void snappy_comes_raw_framed_and_concatenated(void **state)
{
	static const uint8_t raw[] = { 5, 4 << 2, 'h', 'e', 'l', 'l', 'o' };
	static const uint8_t empty[] = { 0 };
	static const uint8_t lie[] = { 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 'x' }; /* claims 4 GiB */
	struct buf *b = packed(CODEC_SNAPPY, 0, 2, "framed", 6, 9);

	(void)state;
	expect(CODEC_SNAPPY, 2, raw, sizeof(raw), "hello", 5);
	expect(CODEC_SNAPPY, 2, empty, sizeof(empty), "", 0);
	refuse(CODEC_SNAPPY, 2, raw, 0);
	refuse(CODEC_SNAPPY, 2, lie, sizeof(lie));
	expect(CODEC_SNAPPY, 2, b->data, 16, "", 0); /* a header alone */
	put(b, b->data, b->len);
	expect(CODEC_SNAPPY, 2, b->data, b->len, "framedframed", 12);
	b->data[11] = 99; /* the versions are not checked */
	expect(CODEC_SNAPPY, 2, b->data, b->len, "framedframed", 12);
	put(b, "\0\0\0\1", 4);
	expect(CODEC_SNAPPY, 2, b->data, b->len - 1, "framedframed", 12); /* too short for the size of a block */
	refuse(CODEC_SNAPPY, 2, b->data, b->len);
	buf_unref(b);
}

static void lz4_header_checksum_depends_on_the_magic(void **state)
{
	struct buf *v0 = packed(CODEC_LZ4, CODEC_LEVEL_DEFAULT, 0, "text", 4, 9);
	struct buf *v1 = packed(CODEC_LZ4, CODEC_LEVEL_DEFAULT, 1, "text", 4, 9);

	(void)state;
	assert_int_equal(v0->data[6], 0x1a);
	assert_int_equal(v1->data[6], 0x82);
	expect(CODEC_LZ4, 0, v0->data, v0->len, "text", 4);
	expect(CODEC_LZ4, 0, v1->data, v1->len, "text", 4);
	expect(CODEC_LZ4, 1, v1->data, v1->len, "text", 4);
	refuse(CODEC_LZ4, 1, v0->data, v0->len);
	refuse(CODEC_LZ4, 2, v0->data, v0->len);
	buf_unref(v0);
	buf_unref(v1);
}

static void lz4_reads_its_options_and_only_the_first_frame(void **state)
{
	/* content size, block checksum, content checksum (wrong on purpose: not verified), one stored block */
	static const uint8_t full[] = { 0x04, 0x22, 0x4d, 0x18, 0x7c, 0x40, 1, 0, 0, 0, 0, 0, 0, 0, 0x7c,
		1, 0, 0, 0x80, 'a', 0x56, 0x74, 0x0d, 0x55, 0, 0, 0, 0, 9, 9, 9, 9 };
	uint8_t linked[] = { 0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0, 0, 0, 0, 0 };
	struct buf *b = packed(CODEC_LZ4, CODEC_LEVEL_DEFAULT, 2, "one", 3, 9);
	uint8_t bad[sizeof(full)];

	(void)state;
	/* header and block checksums are checked; magic 0 leaves the header's out */
	memcpy(bad, full, sizeof(full));
	expect(CODEC_LZ4, 0, full, sizeof(full), "a", 1);
	bad[20] ^= 1;
	refuse(CODEC_LZ4, 0, bad, sizeof(bad));
	refuse(CODEC_LZ4, 0, full, sizeof(full) - 1);
	refuse(CODEC_LZ4, 0, linked, sizeof(linked));
	put(b, "whatever", 8);
	expect(CODEC_LZ4, 2, b->data, b->len, "one", 3);
	buf_unref(b);
}

static void zstd_frames_are_read_through_and_junk_is_refused(void **state)
{
	struct buf *b = packed(CODEC_ZSTD, CODEC_LEVEL_DEFAULT, 2, "one", 3, 9);

	(void)state;
	put(b, b->data, b->len);
	expect(CODEC_ZSTD, 2, b->data, b->len, "oneone", 6);
	put(b, "junk", 4);
	refuse(CODEC_ZSTD, 2, b->data, b->len);
	buf_unref(b);
}

static void names(void **state)
{
	enum codec codec;

	(void)state;
	assert_string_equal(codec_name(CODEC_ZSTD), "zstd");
	assert_null(codec_name((enum codec)5));
	assert_true(codec_of_name(STR("uncompressed"), &codec));
	assert_int_equal(codec, CODEC_NONE);
	assert_true(codec_of_name(STR("lz4"), &codec));
	assert_int_equal(codec, CODEC_LZ4);
	assert_false(codec_of_name(STR("producer"), &codec));
	assert_false(codec_of_name(STR_NULL, &codec));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_bytes_come_back),
		cmocka_unit_test(block_boundaries_come_back),
		cmocka_unit_test(every_cut_of_a_payload_is_refused),
		cmocka_unit_test(damage_does_no_harm),
		cmocka_unit_test(a_bomb_stops_at_the_limit),
		cmocka_unit_test(output_stops_at_the_limit),
		cmocka_unit_test(gzip_members_are_read_through_and_junk_is_ignored),
		cmocka_unit_test(snappy_comes_raw_framed_and_concatenated),
		cmocka_unit_test(lz4_header_checksum_depends_on_the_magic),
		cmocka_unit_test(lz4_reads_its_options_and_only_the_first_frame),
		cmocka_unit_test(zstd_frames_are_read_through_and_junk_is_refused),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
