/* test_delete_records_file.c - the JSON of kafka-delete-records.sh; messages and order were printed by Apache's tool. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/attr.h"
#include "tests/base/unit.h"
#include "tools/delete_records_priv.h"

/* "t-0:5 u-1:-1", or the message. Owned. */
static char *parsed(const char *json)
{
	struct targets to;
	struct arena a;
	char *text = NULL;
	int r;

	arena_init(&a, 0);
	r = targets_parse(json, strlen(json), &a, &to, &text);
	if (r) {
		assert_int_equal(-EINVAL, r);
	} else {
		text = xstrdup("");
		for (size_t i = 0; i < to.n; i++) {
			char *more = xasprintf("%s%s%.*s-%d:%" PRId64, text, i ? " " : "",
				STR_ARG(to.v[i].topic), to.v[i].partition, to.v[i].offset);

			free(text);
			text = more;
		}
	}
	arena_fini(&a);
	return text;
}

static void expect(const char *json, const char *want)
{
	char *got = parsed(json);

	assert_string_equal(want, got);
	free(got);
}

static void files(void **state)
{
	(void)state;
	expect("{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":5}],\"version\":1}", "t-0:5");
	expect(" {\"partitions\" : [ {\"offset\":-1, \"x\":null, \"partition\":7, \"topic\":\"a-b\"} ] } more",
		"a-b-7:-1");
	expect("{\"partitions\":[]}", "");
	expect("{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":9223372036854775807}]}",
		"t-0:9223372036854775807");
}

static void what_apache_refuses(void **state)
{
#define ONE(fields) "{\"partitions\":[{" fields "}]}"
	(void)state;
	expect("", "The input string is not a valid JSON");
	expect("{", "The input string is not a valid JSON");
	expect("{}", "Missing partitions field");
	expect("[]", "Expected JSON object, received []");
	expect("7", "Expected JSON object, received 7");
	expect("{\"version\":2,\"partitions\":[]}", "Not supported version field value 2");
	expect("{\"version\":\"1\",\"partitions\":[]}", "Expected `Integer` value, received \"1\"");
	expect("{\"version\":null,\"partitions\":[]}", "Expected `Integer` value, received null");
	expect("{\"partitions\":{}}", "Expected JSON array, received {}");
	expect("{\"partitions\":[1]}", "Expected JSON object, received 1");
	expect(ONE("\"partition\":0,\"offset\":5"), "No such field exists: `topic`");
	expect(ONE("\"topic\":\"t\",\"offset\":5"), "No such field exists: `partition`");
	expect(ONE("\"topic\":\"t\",\"partition\":0"), "No such field exists: `offset`");
	expect(ONE("\"topic\":1,\"partition\":0,\"offset\":5"), "Expected `String` value, received 1");
	expect(ONE("\"topic\":\"t\",\"partition\":\"0\",\"offset\":5"), "Expected `Integer` value, received \"0\"");
	expect(ONE("\"topic\":\"t\",\"partition\":3000000000,\"offset\":5"),
		"Expected `Integer` value, received 3000000000");
	expect(ONE("\"topic\":\"t\",\"partition\":0,\"offset\":5.5"), "Expected `Long` value, received 5.5");
}

static void a_partition_may_be_there_once(void **state)
{
#define PART(topic, partition) "{\"topic\":\"" topic "\",\"partition\":" partition ",\"offset\":1}"
	(void)state;
	expect("{\"partitions\":[" PART("many", "0") "," PART("many", "0") "," PART("b", "0") "," PART(
		       "b", "0") "," PART("c", "0") "," PART("b", "0") "]}",
		"Offset json file contains duplicate topic partitions: b-0,many-0");
}

/* 14 partitions, two of them in one bucket of 32. */
static void the_order_is_that_of_java(void **state)
{
	static const int partitions[] = {0, 17, -3, 5, 33, 1, 2, 3, 4, 6, 7, 8, 9, 10};
	char *json = xstrdup("{\"partitions\":[");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(partitions); i++) {
		int p = partitions[i];
		char *more = xasprintf("%s%s{\"topic\":\"%s\",\"partition\":%d,\"offset\":0}", json, i ? "," : "",
			p < 0 ? "other-1" : "many", p < 0 ? -p : p);

		free(json);
		json = more;
	}
	{
		char *more = xasprintf("%s]}", json);

		expect(more, "many-9:0 many-10:0 many-5:0 many-6:0 many-7:0 many-8:0 many-1:0 many-33:0 many-2:0 "
			     "many-3:0 many-4:0 many-0:0 many-17:0 other-1-3:0");
		free(more);
	}
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(what_apache_refuses),
		cmocka_unit_test(a_partition_may_be_there_once),
		cmocka_unit_test(the_order_is_that_of_java),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
