/* test_uuid.c - text form and random ids. */
#include "base/uuid.h"

#include <string.h>

#include "unit.h"
#include "vectors.h"

static void texts_are_those_of_the_reference(void **state)
{
	json_t *all = vectors_load(), *row;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "uuid"), i, row)
	{
		char text[UUID_TEXT_LEN + 1];
		struct uuid want, got;

		assert_int_equal(16, vector_hex(row, "hex", want.b, sizeof(want.b)));
		assert_string_equal(vector_text(row, "text"), uuid_text(want, text));
		assert_true(uuid_parse(str_of(text), &got));
		assert_true(uuid_eq(want, got));
	}
	assert_true(i > 0);
	json_decref(all);
}

static void other_texts_are_refused(void **state)
{
	static const struct str bad[] = { STR_NULL, STR(""), STR("AAAAAAAAAAAAAAAAAAAAA"),
		STR("AAAAAAAAAAAAAAAAAAAAAAA"), STR("AAAAAAAAAAAAAAAAAAAAA+"), STR("AAAAAAAAAAAAAAAAAAAAA\0"),
		STR("AAAAAAAAAAAAAAAAAAAAAA=") };
	struct uuid u = { { 7 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(uuid_parse(bad[i], &u));
	assert_int_equal(7, u.b[0]);
	assert_true(uuid_parse(STR("AAAAAAAAAAAAAAAAAAAAAA=="), &u));
	assert_true(uuid_is_zero(u));
}

static void random_ids_are_version_4_and_no_option(void **state)
{
	char text[UUID_TEXT_LEN + 1];
	struct uuid got;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct uuid u = uuid_random();

		assert_int_equal(0x40, u.b[6] & 0xF0);
		assert_int_equal(0x80, u.b[8] & 0xC0);
		assert_int_not_equal('-', uuid_text(u, text)[0]);
		assert_true(uuid_parse(str_of(text), &got));
		assert_true(uuid_eq(u, got));
		assert_false(uuid_is_zero(u));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_those_of_the_reference),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(random_ids_are_version_4_and_no_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
