/* test_java_order.c - maps are walked as Java walks them; the expectations are what it printed. */
#include "tools/java_order.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

/* "7 8 9": the partitions 0...n of a topic in the order of a map. */
static void expect_partitions(const char *want, const char *topic, size_t n, size_t buckets)
{
	int32_t hashes[32];
	size_t order[32], len = 0;
	char got[256] = "";

	for (size_t i = 0; i < n; i++)
		hashes[i] = java_hash_partition(str_of(topic), (int32_t)i);
	java_order(hashes, n, buckets, order);
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(
			got + len, sizeof(got) - len, "%s%zu", i ? " " : "", order[i]);
	assert_string_equal(want, got);
}

static void hash_codes(void **state)
{
	(void)state;
	assert_int_equal(-1008769277, java_hash_partition(STR("orders"), 3));
	assert_int_equal(930, java_hash_partition(STR(""), -1));
}

static void partitions_of_a_topic(void **state)
{
	(void)state;
	expect_partitions("2 1 0", "t1", 3, java_buckets(3));
	expect_partitions("7 8 9 10 11 0 1 2 3 4 5 6", "orders", 12, java_buckets(12));
	expect_partitions("7 8 9 10 11 0 1 2 3 4 5 6", "orders", 12, java_buckets_at_once(12));
}

static void partitions_of_two_topics(void **state)
{
	static const char *const want[] = {"orders-7", "p1-2", "orders-8", "p1-1", "orders-9",
		"p1-0", "orders-10", "orders-11", "orders-12", "orders-13", "orders-0", "orders-1",
		"orders-2", "orders-3", "orders-4", "orders-5", "p1-4", "orders-6", "p1-3"};
	int32_t hashes[19];
	size_t order[19];
	char names[19][16];

	(void)state;
	for (int i = 0; i < 19; i++) {
		const char *topic = i < 14 ? "orders" : "p1";
		int partition = i < 14 ? i : i - 14;

		hashes[i] = java_hash_partition(str_of(topic), partition);
		snprintf(names[i], sizeof(names[i]), "%s-%d", topic, partition);
	}
	java_order(hashes, 19, java_buckets(19), order);
	for (size_t i = 0; i < 19; i++)
		assert_string_equal(want[i], names[order[i]]);
}

/* The last four have the same hash code. */
static void texts(void **state)
{
	static const char *const in[] = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta",
		"eta", "theta", "iota", "kappa", "AaAa", "BBBB", "AaBB", "BBAa"};
	static const char *const want[] = {"zeta", "iota", "delta", "theta", "epsilon", "eta",
		"alpha", "kappa", "beta", "gamma", "AaAa", "BBBB", "AaBB", "BBAa"};
	int32_t hashes[14];
	size_t order[14];

	(void)state;
	for (size_t i = 0; i < 14; i++)
		hashes[i] = str_java_hash(str_of(in[i]));
	java_order(hashes, 14, java_buckets(14), order);
	for (size_t i = 0; i < 14; i++)
		assert_string_equal(want[i], in[order[i]]);
}

static void numbers_of_buckets(void **state)
{
	(void)state;
	assert_int_equal(16, java_buckets(0));
	assert_int_equal(16, java_buckets(12));
	assert_int_equal(32, java_buckets(13));
	assert_int_equal(16, java_buckets_at_once(11));
	assert_int_equal(32, java_buckets_at_once(12));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_codes),
		cmocka_unit_test(partitions_of_a_topic),
		cmocka_unit_test(partitions_of_two_topics),
		cmocka_unit_test(texts),
		cmocka_unit_test(numbers_of_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
