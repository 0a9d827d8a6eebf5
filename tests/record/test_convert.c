/* test_convert.c - down-conversion: all reference vectors, announced sizes, overflow batches. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "protocol/errors.h"
#include "record/builder.h"
#include "record/control.h"
#include "record/convert.h"

static void kafkas_conversions(void **state)
{
	json_t *all = vectors_load("down-conversion.json"), *v;
	size_t i;

	(void)state;
	json_array_foreach (all, i, v) {
		struct buf *in = vec_hex(v, "inputHex"), *out = NULL, *want;
		int r = convert_down(in->data, in->len, (int8_t)vec_int(v, "toMagic"),
		    vec_int(v, "fetchOffset"), 0, &out);
		bool same;

		print_message("%s\n", vec_str(v, "name"));
		assert_true(convert_needed(in->data, in->len, (int8_t)vec_int(v, "toMagic")));
		if (vec_has(v, "errorCode")) {
			assert_int_equal(r, vec_int(v, "errorCode"));
		} else {
			assert_int_equal(r, 0);
			want = vec_hex(v, "outputHex");
			same = want->len == out->len && memcmp(want->data, out->data, out->len) == 0;
			if (!same)
				print_message("  bytes differ, content compared\n");
			vec_check_batches(vec_str(v, "name"), json_object_get(v, "outputBatches"),
			    out->data, out->len, same);
			buf_unref(want);
		}
		buf_unref(out);
		buf_unref(in);
	}
	assert_true(i > 0);
	json_decref(all);
}

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, (int32_t)strlen(s) };
}

/* Appends a batch of one record at `offset` to `into` (which may be NULL). */
static struct buf *add(struct buf *into, enum codec codec, int64_t offset, const char *value)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *ret = NULL;

	c.codec = codec;
	c.base_offset = offset;
	assert_int_equal(batch_builder_init(&b, &c, into), 0);
	assert_int_equal(batch_builder_append(&b, offset, 5, text("k"), text(value), 0, BYTES_NULL), 0);
	assert_int_equal(batch_builder_finish(&b, &ret), 0);
	return ret;
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return be32toh(v);
}

static void a_response_has_the_announced_size(void **state)
{
	struct buf *in = add(add(NULL, CODEC_NONE, 0, "one"), CODEC_NONE, 1, "two"), *out = NULL;
	size_t n = in->len, converted = 2 * (26 + 1 + 3);

	(void)state;
	assert_int_equal(convert_fetch(in->data, n, 0, 0, &out), 0);
	assert_int_equal(out->len, n);
	/* the rest: offset -1, a length that ends behind the response */
	assert_memory_equal(out->data + converted, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	assert_int_equal(get32(out->data + converted + 8), n - converted + 1);
	buf_unref(out);
	buf_unref(in);
}

static void zstd_ends_a_conversion_or_is_an_error_in_front(void **state)
{
	struct buf *in = add(add(NULL, CODEC_NONE, 0, "one"), CODEC_ZSTD, 1, "two"), *out = NULL;
	struct batch first;

	(void)state;
	assert_int_equal(convert_fetch(in->data, in->len, 1, 0, &out), 0);
	assert_int_equal(out->len, in->len);
	buf_unref(out);
	assert_int_equal(batch_parse(in->data, in->len, &first), 0);
	assert_int_equal(convert_fetch(in->data + first.size, in->len - first.size, 1, 0, &out),
	    KERR_UNSUPPORTED_COMPRESSION_TYPE);
	buf_unref(in);
}

static void only_markers_give_twelve_bytes_and_nothing_gives_nothing(void **state)
{
	struct buf *in = NULL, *out = NULL;

	(void)state;
	assert_int_equal(control_build_marker(CONTROL_COMMIT, 1, 0, 0, 5, &in), 0);
	assert_int_equal(convert_fetch(in->data, in->len, 1, 0, &out), 0);
	assert_int_equal(out->len, 12);
	assert_memory_equal(out->data, "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x3d", 12);
	buf_unref(out);
	assert_int_equal(convert_fetch(in->data, 0, 1, 0, &out), 0);
	assert_int_equal(out->len, 0);
	buf_unref(out);
	buf_unref(in);
}

/* A first batch that grows is sent whole: the consumer must get on. */
static void a_first_batch_that_grows_is_sent_whole(void **state)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *in = NULL, *out = NULL;
	int i;

	(void)state;
	assert_int_equal(batch_builder_init(&b, &c, NULL), 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(batch_builder_append(&b, i, 5, BYTES_NULL, text("v"), 0, BYTES_NULL), 0);
	assert_int_equal(batch_builder_finish(&b, &in), 0);
	assert_int_equal(convert_fetch(in->data, in->len, 1, 0, &out), 0);
	assert_int_equal(out->len, 100 * 35);
	assert_true(out->len > in->len);
	buf_unref(out);
	buf_unref(in);
}

static void damage_behind_the_first_batch_ends_the_conversion(void **state)
{
	struct buf *in = add(add(NULL, CODEC_NONE, 0, "one"), CODEC_GZIP, 1, "two"), *out = NULL;

	(void)state;
	in->data[in->len - 20] ^= 0xff;
	assert_int_equal(convert_fetch(in->data, in->len, 1, 0, &out), 0);
	assert_int_equal(out->len, in->len);
	buf_unref(out);
	in->data[61] ^= 0xff; /* now the first one too */
	assert_int_not_equal(convert_fetch(in->data, in->len, 1, 0, &out), 0);
	buf_unref(in);
}

static void versions_and_magics(void **state)
{
	(void)state;
	assert_int_equal(convert_magic_of_fetch(0), 0);
	assert_int_equal(convert_magic_of_fetch(1), 0);
	assert_int_equal(convert_magic_of_fetch(2), 1);
	assert_int_equal(convert_magic_of_fetch(3), 1);
	assert_int_equal(convert_magic_of_fetch(4), 2);
	assert_int_equal(convert_magic_of_fetch(17), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kafkas_conversions),
		cmocka_unit_test(a_response_has_the_announced_size),
		cmocka_unit_test(zstd_ends_a_conversion_or_is_an_error_in_front),
		cmocka_unit_test(only_markers_give_twelve_bytes_and_nothing_gives_nothing),
		cmocka_unit_test(a_first_batch_that_grows_is_sent_whole),
		cmocka_unit_test(damage_behind_the_first_batch_ends_the_conversion),
		cmocka_unit_test(versions_and_magics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
