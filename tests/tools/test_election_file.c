/* test_election_file.c - the JSON of the tools for elections. Which message belongs to which fault is in tests/cluster. */
#include "tools/election_file.h"

#include <string.h>

#include "tests/base/unit.h"

static struct arena arena;
static struct election_partitions found;
static char *error;

static enum election_file_fault parse(const char *json)
{
	free(error);
	error = NULL;
	return election_file_parse(json, strlen(json), &arena, &found, &error);
}

static void expect_partitions(const char *want)
{
	char *got = election_partitions_text(&found, ", ");

	assert_string_equal(want, got);
	free(got);
}

static void expect_type(const char *json, const char *want)
{
	assert_int_equal(ELECTION_FILE_TYPE, parse(json));
	assert_string_equal(want, error);
}

static void partitions_in_their_order(void **state)
{
	(void)state;
	assert_int_equal(ELECTION_FILE_OK, parse("{\"partitions\":[]}"));
	expect_partitions("");
	assert_int_equal(ELECTION_FILE_OK,
		parse("{\"version\":9,\"partitions\":[{\"topic\":\"u\",\"partition\":3,\"x\":null},"
		      "{\"partition\":-1,\"topic\":\"t\"}]} and more"));
	expect_partitions("u-3, t--1");
}

static void no_partitions(void **state)
{
	(void)state;
	assert_int_equal(ELECTION_FILE_EMPTY, parse(""));
	assert_int_equal(ELECTION_FILE_EMPTY, parse("{"));
	assert_int_equal(ELECTION_FILE_EMPTY, parse("partitions"));
	assert_int_equal(ELECTION_FILE_LACKS, parse("{}"));
	assert_int_equal(ELECTION_FILE_LACKS, parse("{\"partition\":[]}"));
}

static void other_types(void **state)
{
	(void)state;
	expect_type(" \n\t", "Expected JSON object, received ");
	expect_type("[1]", "Expected JSON object, received [1]");
	expect_type("{\"partitions\":null}", "Expected JSON array, received null");
	expect_type("{\"partitions\":[7]}", "Expected JSON object, received 7");
	expect_type("{\"partitions\":[{\"partition\":1}]}", "No such field exists: `topic`");
	expect_type("{\"partitions\":[{\"topic\":1,\"partition\":1}]}",
		"Expected `String` value, received 1");
	expect_type("{\"partitions\":[{\"topic\":\"t\"}]}", "No such field exists: `partition`");
	expect_type("{\"partitions\":[{\"topic\":\"t\",\"partition\":1.0}]}",
		"Expected `Integer` value, received 1.0");
	expect_type("{\"partitions\":[{\"topic\":\"t\",\"partition\":2147483648}]}",
		"Expected `Integer` value, received 2147483648");
}

static void partitions_that_are_there_twice(void **state)
{
	(void)state;
	assert_int_equal(ELECTION_FILE_TWICE,
		parse("{\"partitions\":[{\"topic\":\"b\",\"partition\":1},{\"topic\":\"a\","
		      "\"partition\":1},"
		      "{\"topic\":\"b\",\"partition\":1},{\"topic\":\"c\",\"partition\":1},{"
		      "\"topic\":\"a\",\"partition\":1},"
		      "{\"topic\":\"b\",\"partition\":1},{\"topic\":\"b\",\"partition\":2}]}"));
	expect_partitions("b-1, a-1");
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	free(error);
	error = NULL;
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(partitions_in_their_order),
		TEST(no_partitions),
		TEST(other_types),
		TEST(partitions_that_are_there_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
