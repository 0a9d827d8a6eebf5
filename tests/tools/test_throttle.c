/* test_throttle.c - how many records a second pass, and how long the sender sleeps, with a clock moved by hand. */
#include "tools/throttle.h"

#include "tests/base/unit.h"

/* Time that passes only by sleeping, and by what a record takes. */
struct hand {
	struct throttle_clock clock;
	int64_t ns, slept_ns;
	int sleeps, sleeps_max; /* then told to stop */
	int64_t shorter;	/* each sleep ends so much too early */
};

static int64_t hand_now(const struct throttle_clock *c)
{
	return ((const struct hand *)c)->ns;
}

static bool hand_sleep(const struct throttle_clock *c, int64_t ns)
{
	struct hand *h = (struct hand *)(uintptr_t)c;

	if (h->sleeps++ >= h->sleeps_max)
		return false;
	if (ns == INT64_MAX)
		return true;
	ns = ns > h->shorter ? ns - h->shorter : ns;
	h->ns += ns;
	h->slept_ns += ns;
	return true;
}

static struct hand hand(void)
{
	return (struct hand){.clock = {hand_now, hand_sleep}, .sleeps_max = 1000000};
}

/* Sends for so many seconds, `record_ns` each without sleep; returns the number of records. */
static int64_t send_for(struct hand *h, double per_second, int64_t seconds, int64_t record_ns)
{
	struct throttle t;
	int64_t n = 0;

	throttle_init(&t, per_second, 0, &h->clock);
	while (h->ns < seconds * 1000000000) {
		int64_t sent_ms = h->ns / 1000000;

		h->ns += record_ns;
		if (throttle_is_due(&t, n++, sent_ms))
			assert_true(throttle_wait(&t));
	}
	return n;
}

static void the_rate_is_met(void **state)
{
	static const struct {
		double per_second;
		int64_t record_ns; /* what is sent in the first millisecond is not held back */
	} cases[] = {{1, 1000000}, {7.5, 1000000}, {300, 500000}, {1000, 10000}, {12345, 10000}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct hand h = hand();
		int64_t n = send_for(&h, cases[i].per_second, 20, cases[i].record_ns);
		double want = cases[i].per_second * 20;

		assert_in_range(n, (int64_t)(want * 0.99), (int64_t)(want * 1.01) + 2);
	}
}

static void a_slow_sender_never_sleeps(void **state)
{
	struct hand h = hand();

	(void)state;
	assert_int_equal(100, send_for(&h, 1000, 10, 100000000));
	assert_int_equal(0, h.sleeps);
}

static void no_sleep_is_shorter_than_two_milliseconds(void **state)
{
	struct hand h = hand();

	(void)state;
	(void)send_for(&h, 100000, 1, 100);
	assert_true(h.sleeps > 100);
	assert_true(h.slept_ns / h.sleeps >= 2000000);
}

static void a_sleep_cut_short_is_finished(void **state)
{
	struct hand h = hand();
	struct throttle t;

	(void)state;
	h.shorter = 1000000;
	throttle_init(&t, 100, 0, &h.clock);
	assert_true(throttle_wait(&t));
	assert_int_equal(10000000, h.slept_ns);
	assert_int_equal(2, h.sleeps);
}

static void a_negative_rate_is_none(void **state)
{
	struct hand h = hand();
	struct throttle t;

	(void)state;
	throttle_init(&t, -1, 0, &h.clock);
	assert_false(throttle_is_due(&t, 1000000000, 1));
}

static void nothing_is_due_in_the_first_millisecond(void **state)
{
	struct hand h = hand();
	struct throttle t;

	(void)state;
	throttle_init(&t, 10, 500, &h.clock);
	assert_false(throttle_is_due(&t, 1000, 500));
	assert_true(throttle_is_due(&t, 1000, 501));
	assert_false(throttle_is_due(&t, 10, 1500)); /* exactly on time */
	assert_true(throttle_is_due(&t, 11, 1500));
}

static void a_rate_of_zero_waits_until_told(void **state)
{
	struct hand h = hand();
	struct throttle t;

	(void)state;
	h.sleeps_max = 5;
	throttle_init(&t, 0, 0, &h.clock);
	assert_false(throttle_is_due(&t, 0, 1000)); /* the first record goes */
	assert_true(throttle_is_due(&t, 1, 1000));
	assert_false(throttle_wait(&t));
	assert_int_equal(6, h.sleeps);
}

static void being_told_to_stop_ends_the_sleep(void **state)
{
	struct hand h = hand();
	struct throttle t;

	(void)state;
	h.sleeps_max = 0;
	throttle_init(&t, 1e-12, 0, &h.clock); /* a record in centuries */
	assert_false(throttle_wait(&t));
	assert_false(throttle_wait(&t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_is_met),
		cmocka_unit_test(a_slow_sender_never_sleeps),
		cmocka_unit_test(no_sleep_is_shorter_than_two_milliseconds),
		cmocka_unit_test(a_sleep_cut_short_is_finished),
		cmocka_unit_test(a_negative_rate_is_none),
		cmocka_unit_test(nothing_is_due_in_the_first_millisecond),
		cmocka_unit_test(a_rate_of_zero_waits_until_told),
		cmocka_unit_test(being_told_to_stop_ends_the_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
