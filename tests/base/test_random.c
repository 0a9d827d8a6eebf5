/* test_random.c - ranges, and that the seeded generator repeats itself. */
#include "base/random.h"

#include <string.h>

#include "unit.h"

static void the_same_seed_gives_the_same_numbers(void **state)
{
	struct rng a, b;

	(void)state;
	rng_init(&a, 0);
	/* The published first value of splitmix64 for seed 0. */
	assert_true(rng_u64(&a) == UINT64_C(0xE220A8397B1DCDAF));
	rng_init(&a, 42);
	rng_init(&b, 42);
	for (int i = 0; i < 100; i++)
		assert_true(rng_u64(&a) == rng_u64(&b));
}

static void numbers_stay_below_and_reach_all(void **state)
{
	int seen[7] = { 0 }, kernel[7] = { 0 };
	struct rng r;

	(void)state;
	rng_init(&r, 1);
	for (int i = 0; i < 1000; i++) {
		uint64_t a = rng_below(&r, 7), b = random_below(7);

		assert_true(a < 7 && b < 7);
		seen[a]++;
		kernel[b]++;
	}
	for (int i = 0; i < 7; i++) {
		assert_true(seen[i] > 50);
		assert_true(kernel[i] > 50);
	}
	assert_int_equal(0, random_below(1));
	assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
}

static void bytes_are_filled_to_the_end(void **state)
{
	uint8_t a[1000] = { 0 };
	int zeros = 0;

	(void)state;
	random_bytes(a, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		zeros += a[i] == 0;
	assert_true(zeros < 50);
	assert_true(random_u64() != random_u64());
	random_bytes(a, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_numbers),
		cmocka_unit_test(numbers_stay_below_and_reach_all),
		cmocka_unit_test(bytes_are_filled_to_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
