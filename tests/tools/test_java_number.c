/* test_java_number.c - the expected texts were printed by String.format. */
#include "tools/java_number.h"

#include <math.h>
#include <string.h>

#include "tests/base/unit.h"

static void expect(const char *want, double d, int decimals)
{
	char buf[JAVA_FIXED_MAX];

	assert_string_equal(want, java_fixed(d, decimals, buf));
}

static void half_goes_up_on_the_decimal_digits(void **state)
{
	(void)state;
	expect("0.3", 0.25, 1);
	expect("0.13", 0.125, 2);
	expect("1.01", 1.005, 2); /* the double is below 1.005 */
	expect("2.68", 2.675, 2);
	expect("1000.00", 999.995, 2);
	expect("0.01", 0.006, 2);
	expect("0.00", 0.004, 2);
	expect("0.00", 0.00001, 2);
	expect("1", 0.5, 0);
	expect("0", 0.49, 0);
	expect("10", 9.5, 0);
}

static void zeros_are_added(void **state)
{
	(void)state;
	expect("0.0", 0, 1);
	expect("-0.00", -0.0, 2);
	expect("-1.50", -1.5, 2);
	expect("1234.567000", 1234.567, 6);
	expect("100000000000000000000.0000", 1e20, 4);
	expect("123456789012345680.00", 123456789012345678.0, 2);
	expect("0.333333", 1.0 / 3, 6);
}

static void no_numbers(void **state)
{
	(void)state;
	expect("NaN", NAN, 2);
	expect("Infinity", INFINITY, 6);
	expect("-Infinity", -INFINITY, 1);
}

static void the_largest_fits(void **state)
{
	char buf[JAVA_FIXED_MAX];

	(void)state;
	assert_int_equal(1 + 309 + 1 + 20, strlen(java_fixed(-1.7976931348623157e308, 20, buf)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_goes_up_on_the_decimal_digits),
		cmocka_unit_test(zeros_are_added),
		cmocka_unit_test(no_numbers),
		cmocka_unit_test(the_largest_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
