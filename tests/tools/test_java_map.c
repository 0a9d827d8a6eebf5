/* test_java_map.c - orders that OpenJDK 17 has printed for the same keys. */
#include "tools/java_map.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "tests/base/unit.h"

static char *ordered(const char *const *names, const size_t *order, size_t n)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < n; i++) {
		char *more = xasprintf("%s%s%s", text, i ? " " : "", names[order[i]]);

		free(text);
		text = more;
	}
	return text;
}

/* The 14 topic keys below in a HashMap: more than 12, so in 32 buckets. */
static const char *const keys[] = {"retention.ms", "cleanup.policy", "flush.ms", "segment.bytes", "retention.bytes",
	"min.insync.replicas", "max.message.bytes", "segment.ms", "preallocate", "index.interval.bytes",
	"file.delete.delay.ms", "delete.retention.ms", "compression.type", "segment.jitter.ms"};

static void expect_map(size_t n, size_t capacity, const char *want)
{
	int32_t hashes[ARRAY_LEN(keys)] = {0};
	size_t *order;
	char *got;

	for (size_t i = 0; i < n; i++)
		hashes[i] = str_java_hash(str_of(keys[i]));
	order = java_map_order(hashes, n, capacity);
	got = ordered(keys, order, n);
	assert_string_equal(want, got);
	free(got);
	free(order);
}

static void maps(void **state)
{
	(void)state;
	expect_map(0, JAVA_MAP_DEFAULT, "");
	expect_map(12, JAVA_MAP_DEFAULT, "cleanup.policy file.delete.delay.ms flush.ms max.message.bytes "
		"min.insync.replicas retention.ms segment.bytes segment.ms preallocate "
		"index.interval.bytes retention.bytes delete.retention.ms");
	expect_map(13, JAVA_MAP_DEFAULT, 
		"compression.type file.delete.delay.ms max.message.bytes "
		"min.insync.replicas "
		"preallocate index.interval.bytes retention.bytes delete.retention.ms "
		"cleanup.policy flush.ms retention.ms segment.bytes segment.ms");
	expect_map(14, JAVA_MAP_DEFAULT, 
		"compression.type file.delete.delay.ms max.message.bytes "
		"min.insync.replicas "
		"preallocate segment.jitter.ms index.interval.bytes retention.bytes "
		"delete.retention.ms cleanup.policy flush.ms retention.ms segment.bytes "
		"segment.ms");
	expect_map(3, 3, "flush.ms cleanup.policy retention.ms");
	expect_map(4, 4, "cleanup.policy retention.ms segment.bytes flush.ms");
	expect_map(1, 1, "retention.ms");
}

static void properties_are_sorted(void **state)
{
	static const struct {
		size_t n;
		const char *want;
	} cases[] = {
		{0, ""},
		{11, "cleanup.policy file.delete.delay.ms flush.ms max.message.bytes "
		"min.insync.replicas retention.ms segment.bytes segment.ms preallocate "
		"index.interval.bytes retention.bytes"},
		{12, 
		"file.delete.delay.ms max.message.bytes min.insync.replicas preallocate "
		"index.interval.bytes retention.bytes delete.retention.ms cleanup.policy flush.ms "
		"segment.ms segment.bytes retention.ms"},
	};

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
		static const size_t same[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
		struct properties p = PROPERTIES_INIT;
		const char *names[ARRAY_LEN(keys)];
		char *got;

		for (size_t i = 0; i < cases[c].n; i++)
			properties_set(&p, keys[i], keys[i], 0);
		java_properties_sort(&p);
		for (size_t i = 0; i < p.n; i++) {
			assert_string_equal(p.v[i].key, p.v[i].value);
			names[i] = p.v[i].key;
		}
		got = ordered(names, same, p.n);
		assert_string_equal(cases[c].want, got);
		free(got);
		properties_fini(&p);
	}
}

static void buckets(void **state)
{
	(void)state;
	assert_int_equal(1, java_buckets_from(0, 0));
	assert_int_equal(2, java_buckets_from(1, 1));
	assert_int_equal(4, java_buckets_from(3, 3));
	assert_int_equal(8, java_buckets_from(4, 4));
	assert_int_equal(64, java_buckets_from(64, 3));
}

/* Brokers 7 and 8 in maps for two: the copy has four buckets, as they have. */
static void results_go_through_three_maps(void **state)
{
	static const int32_t ids[] = {7, 8, 1001};
	size_t *order = java_result_order(ids, 2);

	(void)state;
	assert_int_equal(1, order[0]);
	assert_int_equal(0, order[1]);
	free(order);
	order = java_result_order(ids, 3);
	assert_int_equal(1, order[0]);
	assert_int_equal(2, order[1]);
	assert_int_equal(0, order[2]);
	free(order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps),
		cmocka_unit_test(properties_are_sorted),
		cmocka_unit_test(buckets),
		cmocka_unit_test(results_go_through_three_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
