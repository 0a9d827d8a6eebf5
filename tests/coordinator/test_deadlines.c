/* test_deadlines.c - the heap against a linear search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "base/unit.h"
#include "coordinator/deadlines.h"

enum { N = 60, STEPS = 20000 };

static int64_t earliest(const struct deadline *v)
{
	int64_t at = NO_DEADLINE;

	for (int i = 0; i < N; i++)
		at = v[i].at < at ? v[i].at : at;
	return at;
}

static void the_earliest_is_always_first(void **state)
{
	struct deadline v[N];
	struct deadlines h = { NULL, 0, 0 };
	uint64_t seed = random_u64();
	struct rng rng;

	(void)state;
	rng_init(&rng, seed);
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < N; i++)
		v[i] = DEADLINE_INIT;
	for (int step = 0; step < STEPS; step++) {
		struct deadline *d = &v[rng_below(&rng, N)];

		deadlines_set(&h, d, rng_below(&rng, 4) ? (int64_t)rng_below(&rng, 1000) : NO_DEADLINE);
		assert_int_equal(earliest(v), deadlines_next(&h));
		if (deadlines_first(&h))
			assert_int_equal(earliest(v), deadlines_first(&h)->at);
	}
	while (deadlines_first(&h))
		deadlines_set(&h, deadlines_first(&h), NO_DEADLINE);
	assert_int_equal(NO_DEADLINE, earliest(v));
	deadlines_fini(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earliest_is_always_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
