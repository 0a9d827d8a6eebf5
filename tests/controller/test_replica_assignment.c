/* test_replica_assignment.c - the vectors of zookeeper.md 5.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "controller/replica_assignment.h"

static void expect(const struct assign_request *q, const int32_t *want, size_t n)
{
	int32_t got[64];

	assert_int_equal(n, (size_t)q->partitions * (size_t)q->replication);
	assign_replicas(q, got);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(want[i], got[i]);
}

static void without_racks(void **state)
{
	static const struct assign_broker b[] = { { 0, NULL }, { 1, NULL }, { 2, NULL }, { 3, NULL }, { 4, NULL } };
	static const int32_t rf3[] = { 0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 0, 4, 0, 1, 0, 2, 3, 1, 3, 4, 2, 4, 0, 3, 0, 1,
		4, 1, 2 };
	static const int32_t rf2[] = { 1, 2, 2, 3, 3, 1, 1, 3, 2, 1, 3, 2 };
	static const int32_t added[] = { 2, 3, 3, 1 };
	static const int32_t one[] = { 0, 0, 0 };

	(void)state;
	expect(&(struct assign_request){ b, 5, 3, 0, 10, 0, 0 }, rf3, ARRAY_LEN(rf3));
	expect(&(struct assign_request){ b + 1, 3, 2, 0, 6, 0, 0 }, rf2, ARRAY_LEN(rf2));
	expect(&(struct assign_request){ b + 1, 3, 2, 3, 2, 1, 1 }, added, ARRAY_LEN(added));
	expect(&(struct assign_request){ b, 1, 1, 0, 3, 0, 0 }, one, ARRAY_LEN(one));
}

static void with_racks(void **state)
{
	static const struct assign_broker b[] = { { 0, "r1" }, { 1, "r3" }, { 2, "r3" }, { 3, "r2" }, { 4, "r2" },
		{ 5, "r1" } };
	static const int32_t rf3[] = { 0, 3, 1, 3, 1, 5, 1, 5, 4, 5, 4, 2, 4, 2, 0, 2, 0, 3, 0, 4, 2 };
	static const int32_t rf2[] = { 0, 3, 3, 1, 1, 5, 5, 4, 4, 2, 2, 0, 0, 4 };

	(void)state;
	expect(&(struct assign_request){ b, 6, 3, 0, 7, 0, 0 }, rf3, ARRAY_LEN(rf3));
	expect(&(struct assign_request){ b, 6, 2, 0, 7, 0, 0 }, rf2, ARRAY_LEN(rf2));
}

static void all_brokers_of_few_racks_can_be_used(void **state)
{
	static const struct assign_broker b[] = { { 1, "a" }, { 2, "a" }, { 3, "b" } };
	int32_t got[30];

	(void)state;
	assign_replicas(&(struct assign_request){ b, 3, 3, 0, 10, 2, 1 }, got);
	for (int i = 0; i < 30; i += 3)
		assert_int_equal(6, got[i] + got[i + 1] + got[i + 2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_racks),
		cmocka_unit_test(with_racks),
		cmocka_unit_test(all_brokers_of_few_racks_can_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
