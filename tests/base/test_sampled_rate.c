/* test_sampled_rate.c - rates over sliding samples, with numbers worked out by hand from Kafka's rules. */
#include "base/sampled_rate.h"

#include <math.h>

#include "unit.h"

static struct sampled_rate r;

static int prepare(void **state)
{
	(void)state;
	sampled_rate_init(&r, 11, 1000);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	sampled_rate_fini(&r);
	return 0;
}

static void record(int n, int64_t now_ms)
{
	while (n-- > 0)
		sampled_rate_record(&r, 1, now_ms);
}

#define NEAR(want, got) assert_true(fabs((want) - (got)) < 1e-9)

static void nothing_is_no_rate(void **state)
{
	(void)state;
	NEAR(0, sampled_rate_per_second(&r, 5));
	assert_int_equal(0, sampled_rate_throttle_ms(&r, 1, 5, 1000));
}

static void a_burst_counts_over_ten_windows(void **state)
{
	(void)state;
	record(20, 1000000);
	NEAR(2.0, sampled_rate_per_second(&r, 1000000)); /* 20 in 10 s, the windows that must be there */
	NEAR(20 / 10.5, sampled_rate_per_second(&r, 1000500));
	assert_int_equal(0, sampled_rate_throttle_ms(&r, 2, 1000000, 1000));
	record(1, 1000000);
	assert_int_equal(500, sampled_rate_throttle_ms(&r, 2, 1000000, 1000)); /* 0.1 above 2, of 10 s */
	assert_int_equal(300, sampled_rate_throttle_ms(&r, 2, 1000000, 300));
}

static void old_samples_leave_the_window(void **state)
{
	(void)state;
	record(50, 1000);
	record(1, 2000);
	NEAR(51 / 10.999, sampled_rate_per_second(&r, 11999)); /* both are there still */
	NEAR(1 / 10.0, sampled_rate_per_second(&r, 12000)); /* the first is 11 s old: gone */
	NEAR(0, sampled_rate_per_second(&r, 13000));
}

static void a_steady_rate_is_measured_as_it_is(void **state)
{
	int64_t now;

	(void)state;
	for (now = 0; now < 60000; now += 100)
		record(1, now);
	assert_true(fabs(sampled_rate_per_second(&r, now) - 10) < 1);
	assert_true(r.n <= 12);
}

static void a_simple_rate_takes_a_window_at_least(void **state)
{
	(void)state;
	record(20, 1000000);
	NEAR(20, sampled_rate_simple_per_second(&r, 1000000));
	NEAR(20, sampled_rate_simple_per_second(&r, 1001000));
	NEAR(10, sampled_rate_simple_per_second(&r, 1002000));
	record(10, 1004000);
	NEAR(30 / 10.999, sampled_rate_simple_per_second(&r, 1010999));
	NEAR(10 / 7.0, sampled_rate_simple_per_second(&r, 1011000)); /* the first is 11 s old: gone */
}

static void time_counts_from_the_first_look(void **state)
{
	(void)state;
	NEAR(0, sampled_rate_simple_per_second(&r, 1000));
	record(20, 5000);
	NEAR(5, sampled_rate_simple_per_second(&r, 5000));
}

static void a_sample_may_be_taken_back(void **state)
{
	(void)state;
	record(30, 0);
	for (int i = 0; i < 10; i++)
		sampled_rate_record(&r, -1, 0);
	NEAR(2.0, sampled_rate_per_second(&r, 0));
}

static void a_bound_of_nothing_waits_as_long_as_possible(void **state)
{
	(void)state;
	record(1, 0);
	assert_int_equal(1000, sampled_rate_throttle_ms(&r, 0, 0, 1000));
	assert_int_equal(0, sampled_rate_throttle_ms(&r, INT32_MAX, 0, 1000));
}

static void one_sample_is_enough(void **state)
{
	struct sampled_rate one;

	(void)state;
	sampled_rate_init(&one, 1, 1000);
	sampled_rate_record(&one, 1, 0);
	NEAR(1000, sampled_rate_per_second(&one, 0)); /* at least a millisecond */
	NEAR(2, sampled_rate_per_second(&one, 500));
	sampled_rate_record(&one, 1, 1200);
	sampled_rate_record(&one, 1, 2300);
	NEAR(0, sampled_rate_per_second(&one, 3300));
	sampled_rate_fini(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_no_rate, prepare, finish),
		cmocka_unit_test_setup_teardown(a_burst_counts_over_ten_windows, prepare, finish),
		cmocka_unit_test_setup_teardown(old_samples_leave_the_window, prepare, finish),
		cmocka_unit_test_setup_teardown(a_steady_rate_is_measured_as_it_is, prepare, finish),
		cmocka_unit_test_setup_teardown(a_simple_rate_takes_a_window_at_least, prepare, finish),
		cmocka_unit_test_setup_teardown(time_counts_from_the_first_look, prepare, finish),
		cmocka_unit_test_setup_teardown(a_sample_may_be_taken_back, prepare, finish),
		cmocka_unit_test_setup_teardown(a_bound_of_nothing_waits_as_long_as_possible, prepare, finish),
		cmocka_unit_test_setup_teardown(one_sample_is_enough, prepare, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
