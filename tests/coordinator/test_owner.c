/* test_owner.c - the vectors of coordinators.md 1.1. */
#include "base/unit.h"

#include "coordinator/owner.h"

static void ids_belong_where_java_says(void **state)
{
	static const struct {
		const char *id;
		int32_t hash, of_50;
	} v[] = {
		{ "", 0, 0 },
		{ "a", 97, 47 },
		{ "my-group", -1906497762, 12 },
		{ "test-group", 627841412, 12 },
		{ "connect-cluster", 1440343063, 13 },
		{ "polygenelubricants", INT32_MIN, 0 },
		{ "gr\xc3\xbcppe", -1233264812, 12 },
		{ "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 25921943, 43 },
		{ "\xf0\x9f\x98\x80", 1772899, 49 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		assert_int_equal(v[i].hash, str_java_hash(str_of(v[i].id)));
		assert_int_equal(v[i].of_50, coordinator_partition(str_of(v[i].id), 50));
	}
	assert_int_equal(0, coordinator_partition(STR_NULL, 50));
	assert_int_equal(0, coordinator_partition(STR("my-group"), 1));
}

static void bytes_that_are_no_text_count_as_replacements(void **state)
{
	(void)state;
	assert_int_equal(0xFFFD, str_java_hash(STR("\xff")));
	assert_int_equal(0xFFFD % 50, coordinator_partition(STR("\xff"), 50));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_belong_where_java_says),
		cmocka_unit_test(bytes_that_are_no_text_count_as_replacements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
