/* test_reset_plan.c - reset plans are read and written as Jackson's CSV does. */
#include "tools/reset_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

/* What a plan says: "group|topic|partition|offset" lines, with - for no group. Owned by the caller. */
static char *read_plan(const char *text, bool alone, char **ret_error)
{
	struct arena arena;
	struct plan_row *rows;
	size_t n, len;
	char *got = NULL;
	FILE *out;

	*ret_error = NULL;
	arena_init(&arena, 0);
	if (reset_plan_parse(str_of(text), alone, &arena, &rows, &n, ret_error)) {
		arena_fini(&arena);
		return NULL;
	}
	out = open_memstream(&got, &len);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%.*s|%.*s|%d|%lld\n",
			STR_ARG(rows[i].group.len < 0 ? STR("-") : rows[i].group),
			STR_ARG(rows[i].topic), rows[i].partition, (long long)rows[i].offset);
	fclose(out);
	arena_fini(&arena);
	return got;
}

static void expect(const char *want, const char *text, bool alone)
{
	char *error, *got = read_plan(text, alone, &error);

	if (!got)
		fail_msg("%s: %s", text, error);
	assert_string_equal(want, got);
	free(got);
}

static void plans_of_one_group(void **state)
{
	(void)state;
	expect("-|t|0|3\n-|t|10|5000000000\n", "t,0,3\nt,10,5000000000\n", true);
	expect("-|t|0|3\n", "t,0,3", true);
	expect("-|t|0|3\n-|t|1|4\n", "t,0,3\r\nt,1,4\r\n\r\n", true);
	expect("-|t|0|3\n", "\"t\" , 0 ,+3 \n\n", true);
	expect("-|a,\"b\"|0|3\n", "\"a,\"\"b\"\"\",\"0\",\"3\"\n", true);
	expect("-| t |0|3\n", " t ,0,3,\n",
		true); /* blanks belong to a name; a comma at the end does not */
}

static void plans_of_many_groups(void **state)
{
	(void)state;
	expect("g|t|0|3\nh|t|1|4\n", "g,t,0,3\nh,t,1,4\n", false);
	expect("g|t|0|3\n", "g,t,0,3\n", true); /* also when one group is asked for */
	expect("|t|0|3\n", ",t,0,3\n", true);
	expect("1|2|3|4\n", "1,2,3,4", true);
}

static void expect_fault(const char *want, const char *text, bool alone)
{
	char *error, *got = read_plan(text, alone, &error);

	assert_null(got);
	assert_string_equal(want, error);
	free(error);
}

static void bad_lines_are_named(void **state)
{
	static const char *const first[] = {"", "t", "t,0", "t,x,3", "t,0,x", "t,0,",
		"t,2147483648,1", "t,0,9223372036854775808", "g,t,0,1,2", "\"t,0,1", "\"t\"x,0,1",
		"#t,0,1.5"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		char *want = xasprintf("Line 1 of the reset plan is not topic,partition,offset or "
				       "group,topic,partition,offset: '%s'",
			first[i]);

		expect_fault(want, first[i], true);
		free(want);
	}
	expect_fault("Line 2 of the reset plan is not topic,partition,offset: ''", "t,0,3\n\nt,1,4",
		true);
	expect_fault("Line 2 of the reset plan is not topic,partition,offset: 'g,t,0,3'",
		"t,0,3\ng,t,0,3\n", true);
	expect_fault("Line 1 of the reset plan is not group,topic,partition,offset: 't,0,3'",
		"t,0,3", false);
}

static void expect_written(const char *want, const char *group, const char *topic)
{
	struct plan_row row = {group ? str_of(group) : STR_NULL, str_of(topic), 1, 23};
	char *got;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	reset_plan_write(&row, out);
	fclose(out);
	assert_string_equal(want, got);
	free(got);
}

static void rows_are_quoted_where_jackson_does(void **state)
{
	(void)state;
	expect_written("t,1,23\n", NULL, "t");
	expect_written("g,dot.ted,1,23\n", "g", "dot.ted");
	expect_written("\"g q\",t,1,23\n", "g q", "t");
	expect_written("\"g\"\"q\",t,1,23\n", "g\"q", "t");
	expect_written("\"#h\",t,1,23\n", "#h", "t");
	expect_written("\"g+q\",t,1,23\n", "g+q", "t");
	expect_written("g;\xc3\xa9,t,1,23\n", "g;\xc3\xa9", "t");
	expect_written("xxxxxxxxxxxxxxxxxxxxxxxx,1,23\n", NULL, "xxxxxxxxxxxxxxxxxxxxxxxx");
	expect_written("\"xxxxxxxxxxxxxxxxxxxxxxxxx\",1,23\n", NULL, "xxxxxxxxxxxxxxxxxxxxxxxxx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_of_one_group),
		cmocka_unit_test(plans_of_many_groups),
		cmocka_unit_test(bad_lines_are_named),
		cmocka_unit_test(rows_are_quoted_where_jackson_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
