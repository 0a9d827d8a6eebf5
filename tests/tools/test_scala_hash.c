/* test_scala_hash.c - immutable sets are walked as Scala walks them; what is expected was printed by Kafka 2.8. The order of
 * mutable tables is in test_findings.c. */
#include "tools/scala_hash.h"

#include <stdio.h>

#include "base/str.h"
#include "tests/base/unit.h"
#include "tools/java_order.h"

#define ALL 43

static const char partitions_of_three_topics[] =
	"long-11,a-0,long-36,long-15,long-24,long-31,long-12,long-19,long-22,long-33,long-39,bb-0,"
	"long-0,long-37,long-35,"
	"long-21,long-17,long-7,long-13,long-9,long-34,long-27,long-18,long-25,long-4,long-14,a-1,"
	"long-29,long-3,long-10,"
	"long-26,long-1,long-30,long-5,long-6,long-16,long-20,long-8,long-2,long-38,long-23,long-"
	"28,long-32";

static void a_trie(void **state)
{
	char names[ALL][16], got[512] = "";
	int32_t hashes[ALL];
	size_t order[ALL], n = 0, len = 0;

	(void)state;
	for (int32_t i = 0; i < ALL; i++) {
		const char *topic = i < 40 ? "long" : i < 42 ? "a" : "bb";
		int32_t partition = i < 40 ? i : i < 42 ? i - 40 : 0;

		snprintf(names[n], sizeof(names[n]), "%s-%d", topic, partition);
		hashes[n++] = java_hash_partition(str_of(topic), partition);
	}
	scala_trie_order(hashes, n, order);
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(
			got + len, sizeof(got) - len, "%s%s", i ? "," : "", names[order[i]]);
	assert_string_equal(partitions_of_three_topics, got);
}

static void equal_hashes_stay_as_they_are(void **state)
{
	const int32_t hashes[] = {7, 7, 3, 7};
	size_t order[4];

	(void)state;
	scala_trie_order(hashes, 4, order);
	assert_int_equal(2, order[0]); /* alone in its branch */
	assert_int_equal(0, order[1]);
	assert_int_equal(1, order[2]);
	assert_int_equal(3, order[3]);
}

static void nothing(void **state)
{
	size_t order[1];

	(void)state;
	scala_trie_order((const int32_t[]){0}, 0, order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trie),
		cmocka_unit_test(equal_hashes_stay_as_they_are),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
