/* test_reassign_file.c - the files of kafka-reassign-partitions.sh; messages and orders were printed by Apache's tool. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tests/base/unit.h"
#include "tools/reassign_plan.h"

static struct arena arena;
static struct thrown thrown = THROWN_INIT;

static void print_plan(FILE *out, const struct reassign_rows *rows, const struct reassign_moves *moves)
{
	for (size_t i = 0; i < rows->n; i++) {
		fprintf(out, "%s%.*s-%d:", i ? " " : "", STR_ARG(rows->v[i].topic),
			rows->v[i].partition);
		for (size_t k = 0; k < rows->v[i].replicas.n; k++)
			fprintf(out, "%s%d", k ? "," : "", rows->v[i].replicas.v[k]);
	}
	for (size_t i = 0; i < moves->n; i++)
		fprintf(out, " %.*s-%d-%d>%.*s", STR_ARG(moves->v[i].topic), moves->v[i].partition,
			moves->v[i].broker, STR_ARG(moves->v[i].to));
}

/* "t-0:1,2 t-0-1>/d", or the message of what was thrown. Owned. */
static char *parsed(const char *json, bool check)
{
	struct reassign_rows rows;
	struct reassign_moves moves;
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int r;

	arena_init(&arena, 0);
	r = reassign_parse(json, strlen(json), &arena, &rows, &moves, &thrown);
	if (!r && check)
		r = reassign_check(&rows, &arena, &thrown);
	if (r) {
		assert_int_equal(-EINVAL, r);
		text = xasprintf("%.*s", (int)strcspn(thrown.message, "\n"), thrown.message);
	} else {
		out = open_memstream(&text, &size);
		print_plan(out, &rows, &moves);
		(void)fclose(out);
	}
	thrown_fini(&thrown);
	arena_fini(&arena);
	return text;
}

static void expect(const char *json, const char *want)
{
	char *got = parsed(json, false);

	assert_string_equal(want, got);
	free(got);
}

static void expect_checked(const char *json, const char *want)
{
	char *got = parsed(json, true);

	assert_string_equal(want, got);
	free(got);
}

#define PLAN(rows) "{\"version\":1,\"partitions\":[" rows "]}"
#define ROW(topic, partition, replicas)                                                            \
	"{\"topic\":\"" topic "\",\"partition\":" #partition ",\"replicas\":[" replicas "]}"
#define ROW_IN(topic, partition, replicas, dirs)                                                   \
	"{\"topic\":\"" topic "\",\"partition\":" #partition ",\"replicas\":[" replicas            \
	"],\"log_dirs\":[" dirs "]}"

static void files(void **state)
{
	(void)state;
	expect("{}", "");
	expect(PLAN(""), "");
	expect(PLAN(ROW("t", 1, "1,2") "," ROW("a", 0, "")) " more", "t-1:1,2 a-0:");
	expect("{\"partitions\":[{\"x\":null,\"replicas\":[3],\"partition\":7,\"topic\":\"a-b\"}]}", "a-b-7:3");
	expect("{\"version\":2,\"version\":1}", "");
	expect(PLAN(ROW_IN("t", 0, "0,1", "\"any\",\"/d\"")), "t-0:0,1 t-0-1>/d");
}

static void moves_are_a_map(void **state)
{
	(void)state;
	expect(PLAN(ROW_IN("t", 0, "0,0,1", "\"/a\",\"/b\",\"/c\"") "," ROW_IN("t", 0, "1", "\"/d\"")),
		"t-0:0,0,1 t-0:1 t-0-0>/b t-0-1>/d");
	expect(PLAN(ROW_IN("t", 0, "0,0", "\"/a\",\"any\"")), "t-0:0,0 t-0-0>/a");
}

static void what_apache_refuses(void **state)
{
	(void)state;
	expect("", "The input string shouldn't be empty");
	expect(" ", "Expected JSON object, received ");
	expect("[1]", "Expected JSON object, received [1]");
	expect("{\"version\":2}", "Not supported version field value 2");
	expect("{\"version\":\"1\"}", "Expected `Integer` value, received \"1\"");
	expect("{\"version\":1e10}", "Expected `Integer` value, received 1.0E10");
	expect("{\"version\":4294967297}", "Expected `Integer` value, received 4294967297");
	expect("{\"partitions\":{\"a\":null}}", "Expected JSON array, received {\"a\":null}");
	expect(PLAN("1"), "Expected JSON object, received 1");
	expect(PLAN("{}"), "No such field exists: `topic`");
	expect(PLAN("{\"topic\":\"t\"}"), "No such field exists: `partition`");
	expect(PLAN("{\"topic\":\"t\",\"partition\":0}"), "No such field exists: `replicas`");
	expect(PLAN("{\"topic\":\"t\",\"partition\":0,\"replicas\":1}"), "Expected `JSON array` value, received 1");
	expect(PLAN(ROW("t", 0, "1,true")), "Expected `Integer` value, received true");
	expect(PLAN(ROW_IN("t", 0, "1", "5")), "Expected `String` value, received 5");
	expect(PLAN(ROW_IN("t", 0, "1,2", "\"any\"")),
		"Size of replicas list [1, 2] is different from size of log dirs list [any] for partition t-0");
}

static void what_cannot_be_executed(void **state)
{
	(void)state;
	expect_checked(PLAN(""), "Partition reassignment list cannot be empty");
	expect_checked(PLAN(ROW("t", 0, "1") "," ROW("t", 1, "")), "Partition replica list cannot be empty");
	expect_checked(PLAN(ROW("t", 1, "1") "," ROW("u", 0, "1") "," ROW("u", 0, "2") "," ROW("t", 1, "1") "," ROW("t", 1,
			       "1")),
		"Partition reassignment contains duplicate topic partitions: t-1,u-0");
	expect_checked(PLAN(ROW("t", 0, "1,2,1") "," ROW("u", 1, "17,1,1,17") "," ROW("v", 0, "1")),
		"Partition replica lists may not contain duplicate entries: t-0 contains multiple entries for 1. u-1 contains "
		"multiple entries for 1,17");
	expect_checked(PLAN(ROW("t", 0, "1,2")), "t-0:1,2");
}

static void causes_are_named(void **state)
{
	struct reassign_rows rows;
	struct reassign_moves moves;

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(-EINVAL, reassign_parse("]", 1, &arena, &rows, &moves, &thrown));
	assert_non_null(strstr(thrown.trace, "AdminOperationException: Unexpected close"));
	assert_non_null(strstr(thrown.trace, "\nCaused by: com.fasterxml.jackson.core.JsonParseException: Unexpected"));
	assert_int_equal(-EINVAL, reassign_parse("1", 1, &arena, &rows, &moves, &thrown));
	assert_string_equal("com.fasterxml.jackson.databind.JsonMappingException: Expected JSON object, received 1",
		thrown.text);
	thrown_fini(&thrown);
	arena_fini(&arena);
}

static void expect_generate(const char *json, const char *list, const char *want)
{
	struct reassign_ids ids;
	struct reassign_rows topics;
	char got[256] = "", *to = got;

	arena_init(&arena, 0);
	if (reassign_parse_generate(json, strlen(json), list, &arena, &ids, &topics, &thrown)) {
		snprintf(got, sizeof(got), "%s", thrown.message);
	} else {
		for (size_t i = 0; i < ids.n; i++)
			to += sprintf(to, "%d ", ids.v[i]);
		for (size_t i = 0; i < topics.n; i++)
			to += sprintf(to, "%.*s ", STR_ARG(topics.v[i].topic));
	}
	assert_string_equal(want, got);
	thrown_fini(&thrown);
	arena_fini(&arena);
}

static void topics_and_brokers(void **state)
{
#define TOPICS(list) "{\"topics\":[" list "]}"
	(void)state;
	expect_generate(TOPICS("{\"topic\":\"b\"},{\"topic\":\"a\"}"), "2,0,+1", "2 0 1 b a ");
	expect_generate("{}", "1,,", "1 ");
	expect_generate("{}", ",", "");
	expect_generate("{}", "", "For input string: \"\"");
	expect_generate("{}", "1,,2", "For input string: \"\"");
	expect_generate("{}", "1, 2", "For input string: \" 2\"");
	expect_generate("{}", "99999999999", "For input string: \"99999999999\"");
	expect_generate("x", "1,x", "For input string: \"x\"");
	expect_generate("x", "0,1,1,0,17,17", "Broker list contains duplicate entries: [0, 1, 17]");
	expect_generate("x", "1", "The input string is not a valid JSON");
	expect_generate("{\"version\":7}", "1", "Not supported version field value 7");
	expect_generate(TOPICS("{}"), "1", "No such field exists: `topic`");
	expect_generate(TOPICS("{\"topic\":\"t\"},{\"topic\":\"u\"},{\"topic\":\"u\"},{\"topic\":\"t\"},{\"topic\":\"aa\"},"
			       "{\"topic\":\"aa\"}"), "1",
		"List of topics to reassign contains duplicate entries: [aa, t, u]");
}

static void what_is_printed_is_read_again(void **state)
{
	struct reassign_rows rows;
	struct reassign_moves moves;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	static const char plan[] = PLAN(ROW_IN("a\\\"\\n", 0, "1,-2", "\"any\",\"any\"") "," ROW_IN("t", 2147483647, "", ""));

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(0, reassign_parse(plan, strlen(plan), &arena, &rows, &moves, &thrown));
	reassign_print_json(&rows, out);
	(void)fclose(out);
	assert_string_equal(plan, text);
	free(text);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(moves_are_a_map),
		cmocka_unit_test(what_apache_refuses),
		cmocka_unit_test(what_cannot_be_executed),
		cmocka_unit_test(causes_are_named),
		cmocka_unit_test(topics_and_brokers),
		cmocka_unit_test(what_is_printed_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
