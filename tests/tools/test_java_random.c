/* test_java_random.c - the expected numbers were drawn from Java's generators. */
#include "tools/java_random.h"

#include "tests/base/unit.h"

static void splittable_random_with_seed_0(void **state)
{
	static const char want[] = "YQHHNEBSEPDNSEIFGAMSUJXKOLTXSPLGHDIOYZJF";
	static const struct {
		int32_t small, large;
	} next[] = {{7, 39336273}, {6, 737612147}, {7, 245338050}, {7, 387271663}, {4, 261644387},
		{2, 85321609}, {5, 870356575}, {7, 807658860}, {2, 794455719}, {4, 306724491}};
	struct java_splittable r = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(want) - 1; i++)
		assert_int_equal(want[i], 'A' + java_splittable_below(&r, 26));
	for (size_t i = 0; i < ARRAY_LEN(next); i++) {
		assert_int_equal(next[i].small, java_splittable_below(&r, 8));
		assert_int_equal(next[i].large, java_splittable_below(&r, 1000000007));
	}
}

static void random_with_seed_0(void **state)
{
	static const char want[] = "SSXVNJHPDQ";
	struct java_random r;

	(void)state;
	java_random_init(&r, 0);
	for (size_t i = 0; i < sizeof(want) - 1; i++)
		assert_int_equal(want[i], 'A' + java_random_below(&r, 26));
}

static void random_with_powers_of_two_and_large_bounds(void **state)
{
	struct java_random r;

	(void)state;
	java_random_init(&r, 42);
	assert_int_equal(0, java_random_below(&r, 1));
	assert_int_equal(0, java_random_below(&r, 16));
	assert_int_equal(1467211248, java_random_below(&r, 1500000000));
	assert_int_equal(102948884, java_random_below(&r, 1500000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splittable_random_with_seed_0),
		cmocka_unit_test(random_with_seed_0),
		cmocka_unit_test(random_with_powers_of_two_and_large_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
