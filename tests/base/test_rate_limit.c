/* test_rate_limit.c - one per interval, and the number of those that were not let through. */
#include "base/rate_limit.h"
#include "unit.h"

static void one_per_interval(void **state UNUSED)
{
	struct rate_limit l = { 0 };
	int64_t dropped = -1;

	assert_true(rate_limit_pass(&l, 5000, 1000, &dropped));
	assert_int_equal(0, dropped);
	for (int64_t t = 5000; t < 6000; t += 100)
		assert_false(rate_limit_pass(&l, t, 1000, &dropped));
	assert_true(rate_limit_pass(&l, 6000, 1000, &dropped));
	assert_int_equal(10, dropped);
	assert_true(rate_limit_pass(&l, 9000, 1000, &dropped));
	assert_int_equal(0, dropped);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(one_per_interval) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
