/* test_clock.c - the real clock goes forward, the fake one stands. */
#include "base/clock.h"

#include "unit.h"

static void the_fake_clock_stands_until_told(void **state)
{
	struct clock_fake f;

	(void)state;
	clock_fake_init(&f, 1700000000000);
	assert_int_equal(0, clock_mono_ms(&f.clock));
	assert_int_equal(1700000000000, clock_wall_ms(&f.clock));
	clock_fake_advance(&f, 1500);
	assert_int_equal(1500, clock_mono_ms(&f.clock));
	assert_int_equal(1700000001500, clock_wall_ms(&f.clock));
	f.wall_ms -= 5000; /* the operator sets the clock */
	assert_int_equal(1500, clock_mono_ms(&f.clock));
}

static void the_real_clock_is_in_milliseconds(void **state)
{
	int64_t mono = clock_mono_ms(&clock_real);

	(void)state;
	assert_true(clock_mono_ms(&clock_real) >= mono);
	assert_true(clock_wall_ms(&clock_real) > INT64_C(1600000000000));
	assert_true(clock_wall_ms(&clock_real) < INT64_C(10000000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fake_clock_stands_until_told),
		cmocka_unit_test(the_real_clock_is_in_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
