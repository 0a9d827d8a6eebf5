/* test_reader.c - walking batches: large records in a small window, wrappers of magic 0 and 1, lies and damage. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/writer.h"
#include "protocol/errors.h"
#include "record/builder.h"
#include "record/legacy.h"
#include "record/reader.h"

static struct batch only(const struct buf *b)
{
	struct batch h;

	assert_int_equal(batch_parse(b->data, b->len, &h), 0);
	assert_int_equal(h.size, b->len);
	return h;
}

static struct bytes of(const void *p, size_t n)
{
	return (struct bytes){ p, (int32_t)n };
}

/* One record of `n` zero bytes between two small ones. */
static struct buf *small_large_small(enum codec codec, size_t n)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *ret = NULL;
	uint8_t *zeros = calloc(1, n);

	c.codec = codec;
	assert_int_equal(batch_builder_init(&b, &c, NULL), 0);
	assert_int_equal(batch_builder_append(&b, 0, 1, of("k", 1), of("a", 1), 0, BYTES_NULL), 0);
	assert_int_equal(batch_builder_append(&b, 1, 2, BYTES_NULL, of(zeros, n), 1, of("\2h\1", 3)), 0);
	assert_int_equal(batch_builder_append(&b, 2, 3, of("k", 1), BYTES_NULL, 0, BYTES_NULL), 0);
	assert_int_equal(batch_builder_finish(&b, &ret), 0);
	free(zeros);
	return ret;
}

static void large_records_are_read_and_passed_over(void **state)
{
	static const size_t sizes[] = { 10, 65000, 65530, 65536, 200000, 3000000 };
	struct record_reader in;
	struct record rec;
	size_t i;
	int codec, skip;

	(void)state;
	for (codec = CODEC_NONE; codec <= CODEC_MAX; codec++) {
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct buf *b = small_large_small((enum codec)codec, sizes[i]);
			struct batch h = only(b);

			for (skip = 0; skip <= 1; skip++) {
				assert_int_equal(record_reader_init(&in, &h, NULL, skip), 0);
				assert_int_equal(record_reader_next(&in, &rec), 0);
				assert_int_equal(rec.key.len, 1);
				assert_int_equal(record_reader_next(&in, &rec), 0);
				assert_int_equal(rec.offset, 1);
				assert_int_equal(rec.timestamp, 2);
				assert_int_equal(rec.key.len, -1);
				assert_int_equal(rec.value.len, sizes[i]);
				assert_int_equal(rec.headers_n, 1);
				if (!skip)
					assert_int_equal(rec.value.p[sizes[i] - 1], 0);
				assert_int_equal(record_reader_next(&in, &rec), 0);
				assert_int_equal(rec.value.len, -1);
				assert_int_equal(record_reader_next(&in, &rec), RECORDS_END);
				record_reader_fini(&in);
			}
			buf_unref(b);
		}
	}
}

static void a_record_above_the_limit_is_refused_without_memory_for_it(void **state)
{
	const struct reader_limits limits = { .record = 100000 };
	struct buf *b = small_large_small(CODEC_ZSTD, 3000000);
	struct batch h = only(b);
	struct record_reader in;
	struct record rec;

	(void)state;
	assert_int_equal(record_reader_init(&in, &h, &limits, false), 0);
	assert_int_equal(record_reader_next(&in, &rec), 0);
	assert_int_equal(record_reader_next(&in, &rec), KERR_MESSAGE_TOO_LARGE);
	assert_true(in.cap <= 65536);
	record_reader_fini(&in);
	buf_unref(b);
}

/* A batch around a payload that a writer made. */
static struct buf *batch_around(enum codec codec, const uint8_t *payload, size_t n, int count)
{
	struct buf *b = buf_new(BATCH_HEADER_SIZE);
	struct compressor *c = NULL;
	uint32_t v;

	memset(b->data, 0, BATCH_HEADER_SIZE);
	b->len = BATCH_HEADER_SIZE;
	assert_int_equal(compressor_open(codec, CODEC_LEVEL_DEFAULT, 2, b, 1 << 30, &c), 0);
	assert_int_equal(compressor_write(c, payload, n), 0);
	assert_int_equal(compressor_finish(c), 0);
	compressor_free(c);
	b->data[16] = 2;
	b->data[22] = (uint8_t)codec;
	v = htobe32((uint32_t)(b->len - 12));
	memcpy(b->data + 8, &v, 4);
	v = htobe32((uint32_t)count);
	memcpy(b->data + 57, &v, 4);
	batch_update_crc(b->data);
	return b;
}

static int walk(const struct batch *h, bool skip)
{
	struct record_reader in;
	struct record rec;
	int r = record_reader_init(&in, h, NULL, skip);

	if (r != 0)
		return r;
	while ((r = record_reader_next(&in, &rec)) == 0)
		;
	record_reader_fini(&in);
	return r;
}

static void lying_records_are_refused(void **state)
{
	static const struct {
		const char *what;
		size_t n;
		const char bytes[16];
	} v[] = {
		{ "good", 7, "\x0c\0\0\0\1\1\0" },
		{ "length 0", 1, "\0" },
		{ "negative length", 7, "\x0d\0\0\0\1\1\0" },
		{ "length above the rest", 7, "\x0e\0\0\0\1\1\0" },
		{ "length below the content", 7, "\x0a\0\0\0\1\1\0" },
		{ "huge length", 10, "\xfe\xff\xff\xff\x0f\0\0\0\1\1" },
		{ "endless length", 10, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" },
		{ "key above the record", 7, "\x0c\0\0\0\x0e\1\0" },
		{ "value above the record", 7, "\x0c\0\0\0\1\x0e\0" },
		{ "negative header count", 7, "\x0c\0\0\0\1\1\1" },
		{ "headers without bytes", 7, "\x0c\0\0\0\1\1\2" },
		{ "null header key", 9, "\x10\0\0\0\1\1\2\1\1" },
		{ "bytes behind the headers", 8, "\x0e\0\0\0\1\1\0\0" },
	};
	size_t i;
	int codec, skip;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		for (codec = CODEC_NONE; codec <= CODEC_MAX; codec++) {
			struct buf *b = batch_around((enum codec)codec, (const uint8_t *)v[i].bytes, v[i].n, 1);
			struct batch h = only(b);

			for (skip = 0; skip <= 1; skip++)
				if (walk(&h, skip) != (i == 0 ? RECORDS_END : KERR_INVALID_RECORD))
					fail_msg("%s, codec %d", v[i].what, codec);
			buf_unref(b);
		}
	}
}

/* The piecewise walk over a record larger than the window checks the same. */
static void lies_in_large_records_are_refused(void **state)
{
	static const struct {
		const char *what;
		int32_t length_off, value_off, header_key;
	} v[] = {
		{ "good", 0, 0, 1 },
		{ "too long", 1, 0, 1 },
		{ "too short", -1, 0, 1 },
		{ "value too long", 0, 100, 1 },
		{ "null header key", 0, 0, -1 },
	};
	const int32_t n = 200000;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct writer w;
		struct buf *payload = NULL, *b;
		struct batch h;
		int32_t body = 4 + 3 + n + 1 + 1 + (v[i].header_key > 0 ? 1 : 0) + 1;

		writer_init(&w, 100, 1 << 20);
		writer_varint(&w, body + v[i].length_off);
		writer_put(&w, "\0\0\0\1", 4);
		writer_varint(&w, n + v[i].value_off);
		memset(writer_room(&w, (size_t)n), 'v', (size_t)n);
		writer_varint(&w, 1);
		writer_varint(&w, v[i].header_key);
		if (v[i].header_key > 0)
			writer_put(&w, "h", 1);
		writer_varint(&w, -1);
		assert_int_equal(writer_take_buf(&w, &payload), 0);
		writer_fini(&w);
		b = batch_around(CODEC_LZ4, payload->data, payload->len, 1);
		h = only(b);
		if (walk(&h, true) != (i == 0 ? RECORDS_END : KERR_INVALID_RECORD) ||
		    walk(&h, false) != (i == 0 ? RECORDS_END : KERR_INVALID_RECORD))
			fail_msg("%s: %d", v[i].what, walk(&h, true));
		buf_unref(b);
		buf_unref(payload);
	}
}

/* A magic `magic` wrapper with two inner messages made by hand. */
static struct buf *wrapper(int8_t magic, int64_t outer, const int64_t inner[2], int8_t inner_magic,
    uint8_t inner_attributes)
{
	struct bytes v = of("v", 1);
	size_t n = legacy_size(inner_magic, BYTES_NULL, v);
	struct buf *payload = buf_new(0), *b;
	struct compressor *c = NULL;
	uint8_t message[64];
	int i;

	assert_int_equal(compressor_open(CODEC_GZIP, CODEC_LEVEL_DEFAULT, magic, payload, 1 << 20, &c), 0);
	for (i = 0; i < 2; i++) {
		legacy_write(message, inner_magic, inner[i], inner_attributes, 1000 + i, BYTES_NULL, v);
		assert_int_equal(compressor_write(c, message, n), 0);
	}
	assert_int_equal(compressor_finish(c), 0);
	compressor_free(c);
	v = of(payload->data, payload->len);
	b = buf_new(legacy_size(magic, BYTES_NULL, v));
	b->len = b->cap;
	legacy_write(b->data, magic, outer, CODEC_GZIP, 1001, BYTES_NULL, v);
	buf_unref(payload);
	return b;
}

static void wrapper_offsets(void **state)
{
	static const struct {
		int8_t magic;
		int64_t outer, inner[2];
		int r;
		int64_t first;
	} v[] = {
		{ 0, 11, { 10, 11 }, 0, 10 },
		{ 0, 0, { 10, 11 }, 0, 10 },
		{ 1, 11, { 0, 1 }, 0, 10 },
		{ 1, 11, { 3, 4 }, 0, 10 },
		{ 1, 0, { 0, 1 }, 0, 0 }, /* from a producer that does not set it */
		{ 1, 2, { 0, 3 }, KERR_INVALID_RECORD, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct buf *b = wrapper(v[i].magic, v[i].outer, v[i].inner, v[i].magic, 0);
		struct batch h = only(b);
		int64_t first = 0;

		assert_int_equal(batch_first_offset(&h, &first), v[i].r);
		assert_int_equal(first, v[i].first);
		assert_int_equal(walk(&h, false), v[i].r == 0 ? RECORDS_END : v[i].r);
		buf_unref(b);
	}
}

static void inner_messages_tell_their_faults(void **state)
{
	static const int64_t inner[2] = { 0, 1 };
	struct buf *b = wrapper(1, 1, inner, 0, 0);
	struct batch h = only(b);
	struct record_reader in;
	struct record rec;

	(void)state;
	assert_int_equal(record_reader_init(&in, &h, NULL, false), 0);
	assert_int_equal(record_reader_next(&in, &rec), 0);
	assert_int_equal(in.inner_magic, 0);
	assert_false(in.inner_crc_bad);
	record_reader_fini(&in);
	buf_unref(b);

	b = wrapper(1, 1, inner, 1, CODEC_GZIP); /* compressed within compressed */
	h = only(b);
	assert_int_equal(walk(&h, false), KERR_INVALID_RECORD);
	buf_unref(b);
}

static void an_empty_batch_has_no_records(void **state)
{
	struct buf *b = small_large_small(CODEC_NONE, 10), *empty = buf_new(0);
	struct batch h = only(b), e;

	(void)state;
	assert_int_equal(batch_build_empty(empty, &h), 0);
	e = only(empty);
	assert_true(batch_crc_ok(&e));
	assert_int_equal(e.size, 61);
	assert_int_equal(e.record_count, 0);
	assert_int_equal(e.last_offset, 2);
	assert_int_equal(e.base_timestamp, -1);
	assert_int_equal(e.max_timestamp, 3);
	assert_int_equal(walk(&e, false), RECORDS_END);
	buf_unref(b);
	buf_unref(empty);
}

/* The scan of an append in place against the record by record walk, on random and damaged batches. */
static void a_scan_sees_what_a_walk_sees(void **state)
{
	struct rnd rnd = { 21 };
	int round, i, good = 0;

	(void)state;
	print_message("seed %d\n", 21);
	for (round = 0; round < 3000; round++) {
		struct builder_config c = BUILDER_CONFIG_INIT;
		int n = 1 + (int)rnd_below(&rnd, 6), gap = rnd_below(&rnd, 4) == 0;
		int64_t min = INT64_MAX, max = NO_TIMESTAMP, offset = 0;
		bool null_key = false, out_of_sequence = false;
		struct record_scan scan;
		struct record_reader in;
		struct batch_builder b;
		struct record rec;
		struct buf *out = NULL;
		struct batch h;
		int r;

		assert_int_equal(batch_builder_init(&b, &c, NULL), 0);
		for (i = 0; i < n; i++, offset += 1 + gap)
			assert_int_equal(batch_builder_append(&b, offset, (int64_t)rnd_below(&rnd, 300) - 1,
					     of("k", rnd_below(&rnd, 3) ? 1 : (size_t)-1), BYTES_NULL, 0,
					     BYTES_NULL),
			    0);
		assert_int_equal(batch_builder_finish(&b, &out), 0);
		if (rnd_below(&rnd, 2))
			out->data[61 + rnd_below(&rnd, out->len - 61)] ^= (uint8_t)(1 << rnd_below(&rnd, 8));
		h = only(out);
		assert_int_equal(record_reader_init(&in, &h, NULL, false), 0);
		for (i = 0; (r = record_reader_next(&in, &rec)) == 0; i++) {
			if (rec.timestamp != NO_TIMESTAMP && rec.timestamp < min)
				min = rec.timestamp;
			if (rec.timestamp > max)
				max = rec.timestamp;
			null_key |= rec.key.len < 0;
			out_of_sequence |= rec.offset != i;
		}
		record_reader_fini(&in);
		assert_int_equal(record_scan(&h, &scan), r == RECORDS_END ? 0 : r);
		if (r == RECORDS_END) {
			assert_int_equal(scan.min_timestamp, min);
			assert_int_equal(scan.max_timestamp, max);
			assert_int_equal(scan.null_key, null_key);
			assert_int_equal(scan.out_of_sequence, out_of_sequence);
			good++;
		}
		buf_unref(out);
	}
	assert_true(good > 1000);
}

static void headers_are_found(void **state)
{
	struct writer w;
	struct buf *encoded = NULL, *b = NULL;
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder bb;
	struct record_reader in;
	struct record rec;
	struct batch h;
	struct bytes v;

	(void)state;
	writer_init(&w, 100, 1000);
	record_header_put(&w, STR("a"), of("1", 1));
	record_header_put(&w, STR("b"), BYTES_NULL);
	assert_int_equal(writer_take_buf(&w, &encoded), 0);
	writer_fini(&w);
	assert_int_equal(batch_builder_init(&bb, &c, NULL), 0);
	assert_int_equal(batch_builder_append(&bb, 0, 5, BYTES_NULL, BYTES_NULL, 2,
			     of(encoded->data, encoded->len)),
	    0);
	assert_int_equal(batch_builder_finish(&bb, &b), 0);
	h = only(b);
	assert_int_equal(record_reader_init(&in, &h, NULL, false), 0);
	assert_int_equal(record_reader_next(&in, &rec), 0);
	assert_true(record_header_find(&rec, "a", &v));
	assert_int_equal(v.len, 1);
	assert_true(record_header_find(&rec, "b", &v));
	assert_int_equal(v.len, -1);
	assert_false(record_header_find(&rec, "c", &v));
	record_reader_fini(&in);
	buf_unref(encoded);
	buf_unref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_records_are_read_and_passed_over),
		cmocka_unit_test(a_record_above_the_limit_is_refused_without_memory_for_it),
		cmocka_unit_test(lying_records_are_refused),
		cmocka_unit_test(lies_in_large_records_are_refused),
		cmocka_unit_test(wrapper_offsets),
		cmocka_unit_test(inner_messages_tell_their_faults),
		cmocka_unit_test(an_empty_batch_has_no_records),
		cmocka_unit_test(a_scan_sees_what_a_walk_sees),
		cmocka_unit_test(headers_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
