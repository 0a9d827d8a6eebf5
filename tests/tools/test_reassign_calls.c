/* test_reassign_calls.c - what kafka-reassign-partitions.sh asks of brokers, and what it makes of their answers. */
#include <stdio.h>
#include <string.h>

#include "base/properties.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tests/base/unit.h"
#include "tests/tools/scripted_broker.h"
#include "tools/reassign_priv.h"

typedef struct alter_replica_log_dirs_response_alter_replica_log_dir_topic_result moved_topic;

/* What the brokers answer. */
static struct script {
	int codes[4]; /* of the first requests; the last one stays */
	int top_code;
	int dir_code;
} script;

static struct scripted_broker brokers[2];
static struct reassign tool;
static char asked[2][256]; /* the last request of each broker, as a text */

static int calls(int key)
{
	return atomic_load(&brokers[0].calls[key]) + atomic_load(&brokers[1].calls[key]);
}

static int16_t code_of(int key)
{
	int call = calls(key);

	return (int16_t)script.codes[MIN(MAX(call, 1), 4) - 1];
}

/* Every replica that is named has the same outcome. */
static void answer_moves(struct scripted_broker *b, const struct alter_replica_log_dirs_request *in,
	struct arena *a, struct alter_replica_log_dirs_response *out)
{
	char *to = asked[b->id];

	out->results = CODEC_NEW(a, alter_replica_log_dirs_response_alter_replica_log_dir_topic_result, 16);
	*to = '\0';
	for (int32_t d = 0; d < in->dirs_n; d++)
		for (int32_t t = 0; t < in->dirs[d].topics_n; t++) {
			moved_topic *result = &out->results[out->results_n++];
			int32_t n = in->dirs[d].topics[t].partitions_n;

			result->topic_name = in->dirs[d].topics[t].name;
			result->partitions = CODEC_NEW(a,
				alter_replica_log_dirs_response_alter_replica_log_dir_partition_result,
				(size_t)n);
			to += sprintf(to, "%.*s %.*s", STR_ARG(in->dirs[d].path), STR_ARG(result->topic_name));
			for (int32_t p = 0; p < n; p++) {
				result->partitions[p].partition_index = in->dirs[d].topics[t].partitions[p];
				result->partitions[p].error_code = code_of(API_ALTER_REPLICA_LOG_DIRS);
				to += sprintf(to, " %d", in->dirs[d].topics[t].partitions[p]);
			}
			result->partitions_n = n;
			to += sprintf(to, ";");
		}
}

/* A directory that is broken, one with t-0, and one with the future t-0. */
static void answer_dirs(struct arena *a, struct describe_log_dirs_response *out)
{
	out->results = CODEC_NEW(a, describe_log_dirs_response_describe_log_dirs_result, 3);
	out->results_n = 3;
	out->results[0].log_dir = STR("/broken");
	out->results[0].error_code = (int16_t)script.dir_code;
	for (int i = 1; i < 3; i++) {
		out->results[i].log_dir = i == 1 ? STR("/a") : STR("/b");
		out->results[i].topics = CODEC_NEW(a, describe_log_dirs_response_describe_log_dirs_topic, 1);
		out->results[i].topics_n = 1;
		out->results[i].topics[0].name = STR("t");
		out->results[i].topics[0].partitions =
			CODEC_NEW(a, describe_log_dirs_response_describe_log_dirs_partition, 1);
		out->results[i].topics[0].partitions_n = 1;
		out->results[i].topics[0].partitions[0].is_future_key = i == 2;
	}
}

static void answer_settings(struct scripted_broker *b, const struct incremental_alter_configs_request *in,
	struct arena *a, struct incremental_alter_configs_response *out)
{
	char *to = asked[b->id];

	out->responses = CODEC_NEW(a, incremental_alter_configs_response_alter_configs_resource_response,
		(size_t)in->resources_n);
	*to = '\0';
	for (int32_t i = 0; i < in->resources_n; i++) {
		struct incremental_alter_configs_response_alter_configs_resource_response *r =
			&out->responses[out->responses_n++];

		r->resource_type = in->resources[i].resource_type;
		r->resource_name = in->resources[i].resource_name;
		r->error_code = code_of(API_INCREMENTAL_ALTER_CONFIGS);
		r->error_message = r->error_code ? STR("no") : STR_NULL;
		to += sprintf(to, "%d %.*s", r->resource_type, STR_ARG(r->resource_name));
		for (int32_t k = 0; k < in->resources[i].configs_n; k++)
			to += sprintf(to, " %.*s %d %.*s", STR_ARG(in->resources[i].configs[k].name),
				in->resources[i].configs[k].config_operation,
				STR_ARG(in->resources[i].configs[k].value));
		to += sprintf(to, ";");
	}
}

static void answer_altered(const struct alter_partition_reassignments_request *in, struct arena *a,
	struct alter_partition_reassignments_response *out)
{
	struct alter_partition_reassignments_response_reassignable_topic_response *t =
		CODEC_NEW(a, alter_partition_reassignments_response_reassignable_topic_response, 1);

	out->error_code = (int16_t)script.top_code;
	out->error_message = STR_NULL;
	out->responses = t;
	out->responses_n = 1;
	t->name = in->topics[0].name;
	t->partitions =
		CODEC_NEW(a, alter_partition_reassignments_response_reassignable_partition_response, 2);
	t->partitions_n = 2;
	t->partitions[0].error_message = t->partitions[1].error_message = STR_NULL;
	t->partitions[0].partition_index = 0;
	t->partitions[1].partition_index = 1;
	t->partitions[1].error_code = (int16_t)script.codes[0];
}

static bool answer(
	struct scripted_broker *b, int key, int version, const void *in, struct arena *a, void *out)
{
	struct list_partition_reassignments_response *list = out;

	(void)version;
	switch (key) {
	case API_METADATA:
		return true;
	case API_ALTER_REPLICA_LOG_DIRS:
		answer_moves(b, in, a, out);
		return true;
	case API_DESCRIBE_LOG_DIRS:
		answer_dirs(a, out);
		return true;
	case API_INCREMENTAL_ALTER_CONFIGS:
		answer_settings(b, in, a, out);
		return true;
	case API_LIST_PARTITION_REASSIGNMENTS:
		list->error_code = code_of(key);
		list->error_message = STR_NULL;
		return true;
	case API_ALTER_PARTITION_REASSIGNMENTS:
		answer_altered(in, a, out);
		return true;
	default:
		return false;
	}
}

static int start(void **state)
{
	struct properties config = PROPERTIES_INIT;
	char servers[32], *error = NULL;

	(void)state;
	memset(brokers, 0, sizeof(brokers));
	memset(&script, 0, sizeof(script));
	memset(asked, 0, sizeof(asked));
	for (int i = 0; i < 2; i++) {
		brokers[i].answer = answer;
		scripted_broker_start(&brokers[i], i);
	}
	for (int i = 0; i < 2; i++) {
		brokers[i].peers[0] = &brokers[0];
		brokers[i].peers[1] = &brokers[1];
		brokers[i].peers_n = 2;
	}
	snprintf(servers, sizeof(servers), "127.0.0.1:%d", brokers[0].port);
	properties_set(&config, "bootstrap.servers", servers, 0);
	properties_set(&config, "retry.backoff.ms", "1", 0);
	properties_set(&config, "reconnect.backoff.ms", "1", 0);
	properties_set(&config, "request.timeout.ms", "1000", 0);
	properties_set(&config, "default.api.timeout.ms", "1000", 0);
	tool = (struct reassign){.thrown = THROWN_INIT};
	assert_int_equal(0, admin_open(&config, &tool.admin, &error));
	properties_fini(&config);
	arena_init(&tool.arena, 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	admin_close(tool.admin);
	arena_fini(&tool.arena);
	thrown_fini(&tool.thrown);
	scripted_broker_stop(&brokers[0]);
	scripted_broker_stop(&brokers[1]);
	return 0;
}

/* ---- log directories ---- */

#define MOVE(topic, partition, broker, to)                                                         \
	{STR(topic), partition, broker, STR(to), STR_NULL, STR_NULL}
#define MOVES(v)                                                                                   \
	{                                                                                          \
		v, sizeof(v) / sizeof((v)[0])                                                      \
	}

static void each_broker_is_told_its_moves(void **state)
{
	struct reassign_move v[] = {MOVE("u", 3, 0, "/b"), MOVE("t", 1, 0, "/b"), MOVE("t", 0, 1, "/c"),
		MOVE("t", 2, 0, "/a"), MOVE("t", 0, 0, "/b")};
	struct reassign_moves moves = MOVES(v);
	bool taken[5] = {false};

	(void)state;
	assert_int_equal(0, reassign_move_dirs(&tool, &moves, taken));
	assert_string_equal("/a t 2;/b t 0 1;/b u 3;", asked[0]);
	assert_string_equal("/c t 0;", asked[1]);
	for (int i = 0; i < 5; i++)
		assert_true(taken[i]);
}

static void a_replica_that_is_not_there_yet_is_waited_for(void **state)
{
	struct reassign_move v[] = {MOVE("t", 0, 0, "/a")};
	struct reassign_moves moves = MOVES(v);
	bool taken[1] = {true};

	(void)state;
	script.codes[0] = script.codes[1] = KERR_REPLICA_NOT_AVAILABLE;
	assert_int_equal(0, reassign_move_dirs(&tool, &moves, taken));
	assert_false(taken[0]);
	assert_int_equal(0, reassign_start_moves(&tool, &moves, 60000));
	assert_int_equal(3, calls(API_ALTER_REPLICA_LOG_DIRS));
}

static void the_wait_has_an_end(void **state)
{
	struct reassign_move v[] = {MOVE("t", 1, 1, "/a"), MOVE("u", 0, 0, "/a")};
	struct reassign_moves moves = MOVES(v);

	(void)state;
	for (int i = 0; i < 4; i++)
		script.codes[i] = KERR_REPLICA_NOT_AVAILABLE;
	assert_true(reassign_start_moves(&tool, &moves, 0) < 0);
	assert_string_equal("Timed out before log directory moves could be started for: u-0-0,t-1-1",
		tool.thrown.message);
	assert_null(tool.thrown.trace);
	moves.n = 1;
	assert_true(reassign_start_moves(&tool, &moves, 150) < 0);
	assert_string_equal(
		"Timed out before log directory move could be started for: u-0-0", tool.thrown.message);
}

static void other_refusals_end_it(void **state)
{
	struct reassign_move v[] = {MOVE("t", 0, 0, "/a")};
	struct reassign_moves moves = MOVES(v);
	bool taken[1];

	(void)state;
	script.codes[0] = KERR_LOG_DIR_NOT_FOUND;
	assert_true(reassign_move_dirs(&tool, &moves, taken) < 0);
	assert_string_equal("Failed to alter dir for t-0-0", tool.thrown.message);
	assert_non_null(strstr(tool.thrown.trace,
		"\nCaused by: org.apache.kafka.common.errors.LogDirNotFoundException: The user-specified log directory "
		"is not found in the broker config.\n"));
}

static void expect_dir(const char *want, struct str got)
{
	char text[64];

	assert_string_equal(want, str_copy(got, text, sizeof(text)));
}

static void directories_are_found(void **state)
{
	struct reassign_move v[] = {MOVE("t", 0, 0, "/a"), MOVE("t", 1, 0, "/a"), MOVE("t", 0, 1, "/a")};
	struct reassign_moves moves = MOVES(v);

	(void)state;
	script.dir_code = KERR_KAFKA_STORAGE_ERROR;
	assert_int_equal(0, reassign_find_dirs(&tool, &moves));
	assert_int_equal(2, calls(API_DESCRIBE_LOG_DIRS));
	expect_dir("/a", v[0].current);
	expect_dir("/b", v[0].future);
	assert_int_equal(-1, v[1].current.len);
	expect_dir("/b", v[2].future);
	script.dir_code = KERR_UNKNOWN_SERVER_ERROR;
	assert_true(reassign_find_dirs(&tool, &moves) < 0);
	assert_string_equal("java.lang.IllegalStateException: The error org.apache.kafka.common.errors."
			    "UnknownServerException for log directory /broken in the response from broker 0 is illegal",
		tool.thrown.message);
}

/* ---- settings ---- */

static void each_broker_changes_its_own_settings(void **state)
{
	static const struct reassign_setting v[] = {{STR("0"), "x", STR("5")}, {STR("0"), "y", STR_NULL},
		{STR("1"), "x", STR("6")}};

	(void)state;
	assert_int_equal(0, reassign_set(&tool, REASSIGN_BROKER, v, 3));
	assert_string_equal("4 0 x 0 5 y 1 ;", asked[0]);
	assert_string_equal("4 1 x 0 6;", asked[1]);
	assert_int_equal(0, reassign_set(&tool, REASSIGN_BROKER, v, 0));
	assert_int_equal(2, calls(API_INCREMENTAL_ALTER_CONFIGS));
}

static void topics_are_changed_by_anybody(void **state)
{
	static const struct reassign_setting v[] = {{STR("t"), "x", STR("5")}, {STR("u"), "x", STR("")}};

	(void)state;
	assert_int_equal(0, reassign_set(&tool, REASSIGN_TOPIC, v, 2));
	assert_int_equal(1, calls(API_INCREMENTAL_ALTER_CONFIGS));
	script.codes[1] = KERR_INVALID_CONFIG;
	assert_true(reassign_set(&tool, REASSIGN_TOPIC, v, 2) < 0);
	assert_string_equal(
		"org.apache.kafka.common.errors.InvalidConfigurationException: no", tool.thrown.message);
}

/* The living are changed although one is not there. */
static void a_broker_that_is_not_there(void **state)
{
	static const struct reassign_setting v[] = {{STR("-1"), "x", STR_NULL}, {STR("7"), "x", STR_NULL},
		{STR("1"), "x", STR_NULL}};

	(void)state;
	assert_true(reassign_set(&tool, REASSIGN_BROKER, v, 3) < 0);
	assert_string_equal("org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. "
			    "Call: incrementalAlterConfigs",
		tool.thrown.message);
	assert_string_equal("4 1 x 1 ;", asked[1]);
	assert_string_equal("", asked[0]);
}

/* ---- reassignments ---- */

static void another_controller_is_looked_for(void **state)
{
	struct reassign_rows active;

	(void)state;
	script.codes[0] = KERR_NOT_CONTROLLER;
	assert_int_equal(0, reassign_find_active(&tool, NULL, &active));
	assert_int_equal(0, (int)active.n);
	assert_int_equal(2, calls(API_LIST_PARTITION_REASSIGNMENTS));
	script.codes[2] = KERR_CLUSTER_AUTHORIZATION_FAILED;
	assert_true(reassign_find_active(&tool, NULL, &active) < 0);
	assert_string_equal("org.apache.kafka.common.errors.ClusterAuthorizationException: Cluster authorization failed.",
		tool.thrown.message);
}

static void each_partition_has_its_outcome(void **state)
{
	struct reassign_row v[] = {{.topic = STR("t"), .partition = -1}, {.topic = STR("t"), .partition = 0},
		{.topic = STR("t"), .partition = 1}};
	struct reassign_rows rows = {v, 3};
	struct str *errors;

	(void)state;
	script.codes[0] = KERR_INVALID_REPLICA_ASSIGNMENT;
	assert_int_equal(0, reassign_alter(&tool, &rows, true, &errors));
	expect_dir("The given partition index -1 is not valid.", errors[0]);
	assert_int_equal(-1, errors[1].len);
	expect_dir("Replica assignment is invalid.", errors[2]);
	script.top_code = KERR_CLUSTER_AUTHORIZATION_FAILED;
	assert_int_equal(0, reassign_alter(&tool, &rows, false, &errors));
	expect_dir("Cluster authorization failed.", errors[1]);
	expect_dir("Cluster authorization failed.", errors[2]);
	rows.n = 1;
	assert_int_equal(0, reassign_alter(&tool, &rows, false, &errors));
	assert_int_equal(2, calls(API_ALTER_PARTITION_REASSIGNMENTS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_broker_is_told_its_moves, start, stop),
		cmocka_unit_test_setup_teardown(a_replica_that_is_not_there_yet_is_waited_for, start, stop),
		cmocka_unit_test_setup_teardown(the_wait_has_an_end, start, stop),
		cmocka_unit_test_setup_teardown(other_refusals_end_it, start, stop),
		cmocka_unit_test_setup_teardown(directories_are_found, start, stop),
		cmocka_unit_test_setup_teardown(each_broker_changes_its_own_settings, start, stop),
		cmocka_unit_test_setup_teardown(topics_are_changed_by_anybody, start, stop),
		cmocka_unit_test_setup_teardown(a_broker_that_is_not_there, start, stop),
		cmocka_unit_test_setup_teardown(another_controller_is_looked_for, start, stop),
		cmocka_unit_test_setup_teardown(each_partition_has_its_outcome, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
