/* test_cursor.c - checked reading. */
#include "base/cursor.h"

#include "unit.h"
#include "vectors.h"

static void numbers_are_big_endian(void **state)
{
	const uint8_t b[] = { 1, 0xFF, 0xFE, 0x80, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct cursor c = cur_of(b, sizeof(b));

	(void)state;
	assert_int_equal(1, cur_u8(&c));
	assert_int_equal(-2, cur_i16(&c));
	assert_int_equal(INT32_MIN, cur_i32(&c));
	assert_int_equal(8, cur_left(&c));
	assert_int_equal(INT64_C(0x0102030405060708), cur_i64(&c));
	assert_int_equal(0, cur_left(&c));
	assert_false(c.bad);
}

static void failure_is_sticky(void **state)
{
	const uint8_t b[] = { 1, 2, 3 };
	struct cursor c = cur_of(b, sizeof(b));

	(void)state;
	assert_int_equal(0, cur_u32(&c));
	assert_true(c.bad);
	assert_int_equal(0, cur_left(&c));
	assert_int_equal(0, cur_u8(&c)); /* although there are bytes */
	assert_null(cur_take(&c, 0));
	c = cur_of(b, sizeof(b));
	assert_null(cur_take(&c, SIZE_MAX));
	assert_true(c.bad);
}

static void base_128_numbers_are_those_of_the_reference(void **state)
{
	json_t *all = vectors_load(), *row;
	struct cursor c;
	uint8_t b[16];
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "unsignedVarint"), i, row)
	{
		c = cur_of(b, vector_hex(row, "hex", b, sizeof(b)));
		assert_int_equal(vector_number(row, "value"), cur_uvarint(&c));
		assert_true(!c.bad && cur_left(&c) == 0);
	}
	assert_true(i > 0);
	json_array_foreach(json_object_get(all, "varint"), i, row)
	{
		c = cur_of(b, vector_hex(row, "hex", b, sizeof(b)));
		assert_int_equal(vector_number(row, "value"), cur_varint(&c));
		assert_true(!c.bad && cur_left(&c) == 0);
	}
	assert_true(i > 0);
	json_array_foreach(json_object_get(all, "varlong"), i, row)
	{
		c = cur_of(b, vector_hex(row, "hex", b, sizeof(b)));
		assert_int_equal(vector_number(row, "value"), cur_varlong(&c));
		assert_true(!c.bad && cur_left(&c) == 0);
	}
	assert_true(i > 0);
	json_decref(all);
}

static void endless_and_cut_numbers_are_errors(void **state)
{
	uint8_t b[11];
	struct cursor c;

	(void)state;
	memset(b, 0xFF, sizeof(b));
	c = cur_of(b, sizeof(b));
	assert_int_equal(0, cur_uvarint(&c));
	assert_true(c.bad);
	c = cur_of(b, sizeof(b));
	assert_int_equal(0, cur_uvarlong(&c));
	assert_true(c.bad);
	c = cur_of(b, 3);
	assert_int_equal(0, cur_uvarint(&c));
	assert_true(c.bad);
	b[4] = 0x7F; /* three bits too many: dropped, as Java does */
	c = cur_of(b, 5);
	assert_int_equal(UINT32_MAX, cur_uvarint(&c));
	assert_false(c.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_big_endian),
		cmocka_unit_test(failure_is_sticky),
		cmocka_unit_test(base_128_numbers_are_those_of_the_reference),
		cmocka_unit_test(endless_and_cut_numbers_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
