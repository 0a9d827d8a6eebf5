/* test_findings.c - findings come back in order, few or many, and files in that of a Scala table. */
#include "tools/findings.h"

#include <string.h>

#include "tests/base/unit.h"
#include "tools/scala_hash.h"

static char paths[256];
static int64_t next, step, count;

static void note_file(const char *path)
{
	strcat(paths, path);
	strcat(paths, " ");
}

static void expect_pair(struct pair p)
{
	assert_int_equal(next, p.a);
	assert_int_equal(-next, p.b);
	next += step;
	count++;
}

static void expect_all(const struct findings *f, bool reversed, int64_t n)
{
	paths[0] = '\0';
	count = 0;
	step = reversed ? -1 : 1;
	next = reversed ? n - 1 : 0;
	findings_each(f, reversed, note_file, expect_pair);
	assert_int_equal(n, count);
	assert_string_equal("x ", paths);
}

static void pairs_keep_their_order(void **state)
{
	static const int64_t sizes[] = {1, 65536, 65537, 300000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct findings f = FINDINGS_INIT;

		for (int64_t j = 0; j < sizes[i]; j++)
			findings_add(&f, "x", j, -j);
		expect_all(&f, false, sizes[i]);
		expect_all(&f, true, sizes[i]);
		findings_fini(&f);
	}
}

static void ignore_pair(struct pair p)
{
	(void)p;
}

/* scala.collection.mutable.Map("/b/1.index" -> ...) and so on, as a JVM printed it. */
static void files_are_in_the_order_of_a_scala_map(void **state)
{
	struct findings f = FINDINGS_INIT;

	(void)state;
	findings_add(&f, "/b/1", 1, 1);
	findings_add(&f, "/a/22", 1, 1);
	findings_add(&f, "/c/333", 1, 1);
	findings_add(&f, "/a/4", 1, 1);
	findings_add(&f, "/b/1", 2, 2);
	paths[0] = '\0';
	findings_each(&f, false, note_file, ignore_pair);
	assert_string_equal("/a/4 /b/1 /c/333 /a/22 ", paths);
	findings_fini(&f);
}

/* The sizes that HashSet took when 3 elements were added at once, then 10, then one that it had. */
static void tables_grow_as_scala_grows_them(void **state)
{
	struct scala_table t = SCALA_TABLE_INIT;

	(void)state;
	scala_table_hint(&t, 3);
	for (int i = 0; i < 3; i++)
		scala_table_add(&t, true);
	assert_int_equal(16, t.buckets);
	scala_table_hint(&t, 11);
	assert_int_equal(16, t.buckets);
	for (int i = 0; i < 8; i++)
		scala_table_add(&t, true);
	assert_int_equal(16, t.buckets);
	scala_table_add(&t, false);
	assert_int_equal(32, t.buckets);
	scala_table_hint(&t, 24);
	assert_int_equal(64, t.buckets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_keep_their_order),
		cmocka_unit_test(files_are_in_the_order_of_a_scala_map),
		cmocka_unit_test(tables_grow_as_scala_grows_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
