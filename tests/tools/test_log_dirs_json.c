/* test_log_dirs_json.c - the JSON line of kafka-log-dirs.sh. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "protocol/errors.h"
#include "tests/base/unit.h"
#include "tools/log_dirs_priv.h"

typedef struct describe_log_dirs_response_describe_log_dirs_result dir_row;
typedef struct describe_log_dirs_response_describe_log_dirs_topic topic_row;
typedef struct describe_log_dirs_response_describe_log_dirs_partition partition_row;

static char *printed(const struct broker_dirs *v, size_t n, const struct str *topics, size_t topics_n)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	log_dirs_print(v, n, topics, topics_n, out);
	(void)fclose(out);
	return text;
}

static void nothing(void **state)
{
	struct broker_dirs b = {.id = 3};
	char *text = printed(&b, 1, NULL, 0);

	(void)state;
	assert_string_equal("{\"brokers\":[{\"broker\":3,\"logDirs\":[]}],\"version\":1}\n", text);
	free(text);
}

static partition_row parts[] = {{.partition_index = 0, .partition_size = 5, .offset_lag = 0},
	{.partition_index = 1, .partition_size = 9223372036854775807, .offset_lag = 7, .is_future_key = true}};
static topic_row topics[] = {{.name = {"t", 1}, .partitions = parts, .partitions_n = 2},
	{.name = {"u", 1}, .partitions = parts, .partitions_n = 1}};
static dir_row dirs[] = {
	{.log_dir = {"/data/kafka", 11}, .topics = topics, .topics_n = 2},
	{.error_code = KERR_KAFKA_STORAGE_ERROR, .log_dir = {"/b\"\\\t\x01\xc3\xa9", 8}},
};

static void directories_replicas_and_errors(void **state)
{
	struct broker_dirs b = {.id = 0, .dirs = {.results = dirs, .results_n = 2}};
	char *text = printed(&b, 1, NULL, 0);

	(void)state;
	assert_string_equal(
		"{\"brokers\":[{\"broker\":0,\"logDirs\":[{\"partitions\":[],\"error\":"
		"\"org.apache.kafka.common.errors.KafkaStorageException\",\"logDir\":\"/b\\\"\\\\\\t\\u0001\xc3\xa9\"},"
		"{\"partitions\":[{\"partition\":\"t-1\",\"size\":9223372036854775807,\"offsetLag\":7,\"isFuture\":true},"
		"{\"partition\":\"t-0\",\"size\":5,\"offsetLag\":0,\"isFuture\":false},{\"partition\":\"u-0\",\"size\":5,"
		"\"offsetLag\":0,\"isFuture\":false}],\"error\":null,\"logDir\":\"/data/kafka\"}]}],\"version\":1}\n",
		text);
	free(text);
}

static void only_topics_that_are_asked_for(void **state)
{
	struct broker_dirs b = {.id = 0, .dirs = {.results = dirs, .results_n = 1}};
	const struct str wanted[] = {STR("nope"), STR("u")};
	char *text = printed(&b, 1, wanted, 2);

	(void)state;
	assert_string_equal("{\"brokers\":[{\"broker\":0,\"logDirs\":[{\"partitions\":[{\"partition\":\"u-0\",\"size\":5,"
			    "\"offsetLag\":0,\"isFuture\":false}],\"error\":null,\"logDir\":\"/data/kafka\"}]}],"
			    "\"version\":1}\n",
		text);
	free(text);
	text = printed(&b, 1, wanted, 1);
	assert_non_null(strstr(text, "{\"partitions\":[],"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(directories_replicas_and_errors),
		cmocka_unit_test(only_topics_that_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
