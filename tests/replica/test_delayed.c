/* test_delayed.c - waiting requests: done, expired, stopped; exactly once, whatever the threads do. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "replica/delayed.h"

struct op {
	atomic_bool ready;
	atomic_int tries, completed;
	int32_t last_key;
	enum delayed_end end;
};

static bool op_try(void *arg, int32_t key)
{
	struct op *op = arg;

	assert_int_equal(0, atomic_load(&op->completed));
	atomic_fetch_add(&op->tries, 1);
	op->last_key = key;
	return atomic_load(&op->ready);
}

static void op_complete(void *arg, enum delayed_end end)
{
	struct op *op = arg;

	op->end = end;
	assert_int_equal(0, atomic_fetch_add(&op->completed, 1));
}

static const struct delayed_class op_class = { op_try, op_complete };

static struct delayed_key key(const char *name, int32_t index)
{
	return (struct delayed_key){ DELAYED_FETCH, str_of(name), index };
}

static void done_at_once(void **state)
{
	struct clock_fake clock;
	struct delayed *d;
	struct op op = { .ready = true };
	struct delayed_key k = key("t", 0);

	(void)state;
	clock_fake_init(&clock, 0);
	d = delayed_new(&clock.clock);
	delayed_add(d, &op_class, &op, &k, 1, 100);
	assert_int_equal(1, op.completed);
	assert_int_equal(DELAYED_DONE, op.end);
	assert_int_equal(0, delayed_waiting(d));
	delayed_free(d);
}

static void done_by_a_check_of_any_key(void **state)
{
	struct clock_fake clock;
	struct delayed *d;
	struct op op = { .ready = false };
	struct delayed_key k[] = { key("t", 0), key("t", 1), key("u", 0) };

	(void)state;
	clock_fake_init(&clock, 0);
	d = delayed_new(&clock.clock);
	delayed_add(d, &op_class, &op, k, 3, 100);
	assert_int_equal(2, op.tries); /* before and after watching */
	assert_int_equal(0, delayed_check(d, key("t", 2)));
	assert_int_equal(0, delayed_check(d, (struct delayed_key){ DELAYED_PRODUCE, STR("t"), 1 }));
	assert_int_equal(2, op.tries);
	assert_int_equal(0, delayed_check(d, key("t", 1)));
	assert_int_equal(1, op.last_key);
	op.ready = true;
	assert_int_equal(1, delayed_check(d, key("u", 0)));
	assert_int_equal(2, op.last_key);
	assert_int_equal(1, op.completed);
	assert_int_equal(0, delayed_check(d, key("t", 0)));
	assert_int_equal(INT64_MAX, delayed_expire(d));
	delayed_free(d);
}

static void expires_in_order(void **state)
{
	enum { N = 1000 };
	static struct op ops[N];
	static int64_t deadline[N];
	struct clock_fake clock;
	struct delayed *d;
	struct delayed_key k = key("t", 0);

	(void)state;
	clock_fake_init(&clock, 0);
	d = delayed_new(&clock.clock);
	srand(1);
	for (int i = 0; i < N; i++) {
		deadline[i] = clock.mono_ms + 1 + rand() % 500;
		delayed_add(d, &op_class, &ops[i], &k, 1, deadline[i]);
	}
	for (int t = 0; t < 250; t++) {
		clock_fake_advance(&clock, 2);
		assert_true(delayed_expire(d) > clock.mono_ms);
		for (int i = 0; i < N; i++)
			assert_int_equal(deadline[i] <= clock.mono_ms, ops[i].completed);
		if (t == 100) { /* some leave from the middle of the heap */
			for (int i = 0; i < N; i += 3)
				ops[i].ready = true;
			delayed_check(d, k);
			for (int i = 0; i < N; i += 3) {
				assert_int_equal(1, ops[i].completed);
				deadline[i] = 0;
			}
		}
	}
	assert_int_equal(0, delayed_waiting(d));
	delayed_free(d);
}

static void a_stop_completes_all(void **state)
{
	struct clock_fake clock;
	struct delayed *d;
	struct op a = { .ready = false }, b = { .ready = false };
	struct delayed_key k = key("t", 0);

	(void)state;
	clock_fake_init(&clock, 0);
	d = delayed_new(&clock.clock);
	delayed_add(d, &op_class, &a, &k, 1, 100);
	delayed_stop(d);
	assert_int_equal(DELAYED_STOPPED, a.end);
	delayed_add(d, &op_class, &b, &k, 1, 100);
	assert_int_equal(DELAYED_STOPPED, b.end);
	assert_int_equal(1, b.completed);
	delayed_free(d);
}

static void waits_without_keys(void **state)
{
	struct clock_fake clock;
	struct delayed *d;
	struct op op = { .ready = false };

	(void)state;
	clock_fake_init(&clock, 0);
	d = delayed_new(&clock.clock);
	delayed_add(d, &op_class, &op, NULL, 0, clock.mono_ms + 5);
	clock_fake_advance(&clock, 5);
	delayed_expire(d);
	assert_int_equal(DELAYED_EXPIRED, op.end);
	delayed_free(d);
}

enum { RACERS = 4000 };
static struct op racers[RACERS];
static struct delayed *race;

static void *race_check(void *arg)
{
	(void)arg;
	for (int i = 0; i < RACERS; i++) {
		atomic_store(&racers[i].ready, true);
		delayed_check(race, key("t", i % 16));
	}
	return NULL;
}

static void *race_add(void *arg)
{
	int from = *(int *)arg;

	for (int i = from; i < RACERS; i += 2) {
		struct delayed_key k[] = { key("t", i % 16), key("u", i % 16) };

		delayed_add(race, &op_class, &racers[i], k, 2, clock_mono_ms(&clock_real) + i % 7);
	}
	return NULL;
}

/* Adders, checkers and the expiry thread at once: each operation ends exactly once, none is lost. */
static void a_race(void **state)
{
	pthread_t t[4];
	int from[] = { 0, 1 };

	(void)state;
	race = delayed_new(&clock_real);
	assert_int_equal(0, delayed_start(race));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(0, pthread_create(&t[i], NULL, race_add, &from[i]));
		assert_int_equal(0, pthread_create(&t[i + 2], NULL, race_check, NULL));
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	race = delayed_free(race);
	for (int i = 0; i < RACERS; i++)
		assert_int_equal(1, racers[i].completed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(done_at_once),
		cmocka_unit_test(done_by_a_check_of_any_key),
		cmocka_unit_test(expires_in_order),
		cmocka_unit_test(a_stop_completes_all),
		cmocka_unit_test(waits_without_keys),
		cmocka_unit_test(a_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
