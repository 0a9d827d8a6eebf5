/* test_crc32c.c - reference values, and the fast code against the plain one. */
#include "base/crc32c.h"

#include <string.h>

#include "base/random.h"
#include "unit.h"
#include "vectors.h"

static void checksums_are_those_of_the_reference(void **state)
{
	json_t *all = vectors_load(), *row;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "crc32c"), i, row)
	{
		const char *text = vector_text(row, "text");
		size_t n = strlen(text);

		assert_int_equal(strtoul(vector_text(row, "crc32c"), NULL, 16), crc32c(0, text, n));
		assert_int_equal(
		    strtoul(vector_text(row, "crc32c"), NULL, 16), crc32c_portable(0, text, n));
		assert_int_equal(strtoul(vector_text(row, "crc32"), NULL, 16), crc32_zlib(0, text, n));
	}
	assert_true(i > 0);
	json_decref(all);
}

static void both_agree_at_every_length_and_alignment(void **state)
{
	uint8_t data[700];
	struct rng rng;

	(void)state;
	rng_init(&rng, 7);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)rng_u64(&rng);
	for (size_t at = 0; at < 17; at++)
		for (size_t n = 0; n < 600; n++)
			assert_int_equal(crc32c_portable(5, data + at, n), crc32c(5, data + at, n));
}

static void a_checksum_can_be_continued(void **state)
{
	uint8_t data[500];

	(void)state;
	random_bytes(data, sizeof(data));
	for (size_t cut = 0; cut <= sizeof(data); cut++) {
		size_t rest = sizeof(data) - cut;

		assert_int_equal(crc32c(0, data, sizeof(data)),
		    crc32c(crc32c(0, data, cut), data + cut, rest));
		assert_int_equal(crc32c(0, data, sizeof(data)),
		    crc32c_portable(crc32c_portable(0, data, cut), data + cut, rest));
		assert_int_equal(crc32_zlib(0, data, sizeof(data)),
		    crc32_zlib(crc32_zlib(0, data, cut), data + cut, rest));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_those_of_the_reference),
		cmocka_unit_test(both_agree_at_every_length_and_alignment),
		cmocka_unit_test(a_checksum_can_be_continued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
