/* test_partition_map.c - random operations beside a plain array; memory is counted and given back. */
#include <stdio.h>

#include "base/unit.h"

#include "base/random.h"
#include "coordinator/partition_map.h"

#define TOPICS	   5
#define PARTITIONS 60

struct entry {
	struct topic_name *topic;
	int32_t partition;
	int64_t value;
};

/* The map only compares addresses. */
static char names[TOPICS];
#define TOPIC(i) ((struct topic_name *)(void *)&names[i])

static void compare(const struct partition_map *m, const int64_t expected[TOPICS][PARTITIONS])
{
	uint32_t n = 0;

	for (int t = 0; t < TOPICS; t++) {
		for (int p = 0; p < PARTITIONS; p++) {
			const struct entry *e = partition_map_find(m, TOPIC(t), p);

			assert_int_equal(expected[t][p] != 0, e != NULL);
			if (e) {
				assert_int_equal(expected[t][p], e->value);
				assert_ptr_equal(TOPIC(t), e->topic);
				assert_int_equal(p, e->partition);
				n++;
			}
		}
	}
	assert_int_equal(n, m->n);
	for (uint32_t i = 0; i < m->n; i++) {
		const struct entry *e = partition_map_at(m, i);

		assert_ptr_equal(e, partition_map_find(m, e->topic, e->partition));
	}
}

static void it_behaves_like_an_array(void **state)
{
	uint64_t seed = random_u64();
	int64_t expected[TOPICS][PARTITIONS] = { { 0 } };
	struct partition_map m;
	size_t memory = 0;
	struct rng r;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	rng_init(&r, seed);
	partition_map_init(&m, sizeof(struct entry), &memory);
	for (int step = 0; step < 20000; step++) {
		/* waves, so that it grows beyond the index' start and shrinks below it */
		bool put = rng_below(&r, 100) < (step / 500 % 2 ? 20 : 80);
		int t = (int)rng_below(&r, TOPICS), p = (int)rng_below(&r, PARTITIONS);
		struct entry *e;

		if (put) {
			bool made;

			e = partition_map_put(&m, TOPIC(t), p, &made);
			assert_int_equal(expected[t][p] == 0, made);
			assert_int_equal(expected[t][p], e->value);
			e->value = expected[t][p] = step + 1;
		} else if ((e = partition_map_find(&m, TOPIC(t), p))) {
			partition_map_remove(&m, e);
			expected[t][p] = 0;
		}
		if (step % 97 == 0)
			compare(&m, expected);
	}
	compare(&m, expected);
	assert_true(memory >= m.n * sizeof(struct entry));
	partition_map_fini(&m);
	assert_int_equal(0, memory);
}

static void an_entry_costs_little(void **state)
{
	struct partition_map m;
	size_t memory = 0;
	bool made;

	(void)state;
	partition_map_init(&m, 48, &memory);
	for (int p = 0; p < 100; p++)
		(void)partition_map_put(&m, TOPIC(0), p, &made);
	assert_true(memory <= 100 * 80);
	while (m.n)
		partition_map_remove(&m, partition_map_at(&m, 0));
	assert_int_equal(0, memory); /* all of it is given back */
	(void)partition_map_put(&m, TOPIC(0), 0, &made);
	assert_int_equal(48, memory);
	partition_map_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_behaves_like_an_array),
		cmocka_unit_test(an_entry_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
