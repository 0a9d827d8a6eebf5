/* test_elections.c - what is asked of the controller, and every kind of answer as lines. */
#include "tools/elections.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/properties.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tests/base/unit.h"
#include "tests/tools/scripted_broker.h"

typedef struct elect_leaders_response_replica_election_result topic_row;

static const struct elections_words words = {
	.done = "Done: ", .needless = "Needless: ", .failed = "Failed: ", .summary = " failed"};

/* What the broker is to answer, and what it was asked. */
static struct script {
	int top;
	bool hang_up; /* always */
	struct {
		const char *topic;
		int partition, code;
		const char *message;
	} rows[8];
	size_t n;
	char asked[256];
} script;

static struct scripted_broker broker;
static struct admin *admin;
static struct arena arena;
static char *printed;

static void note(const struct elect_leaders_request *in)
{
	size_t at = (size_t)snprintf(script.asked, sizeof(script.asked), "%d", in->election_type);

	if (in->topic_partitions_n < 0)
		snprintf(script.asked + at, sizeof(script.asked) - at, " all");
	for (int32_t t = 0; t < in->topic_partitions_n; t++) {
		at += (size_t)snprintf(script.asked + at, sizeof(script.asked) - at, " %.*s",
			STR_ARG(in->topic_partitions[t].topic));
		for (int32_t i = 0; i < in->topic_partitions[t].partitions_n; i++)
			at += (size_t)snprintf(script.asked + at, sizeof(script.asked) - at, ":%d",
				in->topic_partitions[t].partitions[i]);
	}
}

static bool answer(struct scripted_broker *b, int key, int version, const void *in, struct arena *a,
	void *out_arg)
{
	struct elect_leaders_response *out = out_arg;

	(void)b;
	(void)version;
	if (key != API_ELECT_LEADERS)
		return true;
	note(in);
	out->error_code = (int16_t)script.top;
	out->replica_election_results =
		CODEC_NEW(a, elect_leaders_response_replica_election_result, script.n);
	out->replica_election_results_n = (int32_t)script.n;
	for (size_t i = 0; i < script.n; i++) {
		topic_row *row = &out->replica_election_results[i];

		row->topic = str_of(script.rows[i].topic);
		row->partition_result_n = 1;
		row->partition_result = CODEC_NEW(a, elect_leaders_response_partition_result, 1);
		row->partition_result->partition_id = script.rows[i].partition;
		row->partition_result->error_code = (int16_t)script.rows[i].code;
		row->partition_result->error_message =
			script.rows[i].message ? str_of(script.rows[i].message) : STR_NULL;
	}
	return !script.hang_up;
}

static int start(void **state)
{
	struct properties config = PROPERTIES_INIT;
	char servers[64], *error = NULL;

	(void)state;
	memset(&broker, 0, sizeof(broker));
	memset(&script, 0, sizeof(script));
	broker.answer = answer;
	scripted_broker_start(&broker, 0);
	broker.peers[0] = &broker;
	broker.peers_n = 1;
	snprintf(servers, sizeof(servers), "127.0.0.1:%d", broker.port);
	properties_set(&config, "bootstrap.servers", servers, 0);
	properties_set(&config, "reconnect.backoff.ms", "1", 0);
	properties_set(&config, "default.api.timeout.ms", "300", 0);
	properties_set(&config, "request.timeout.ms", "200", 0);
	assert_int_equal(0, admin_open(&config, &admin, &error));
	properties_fini(&config);
	arena_init(&arena, 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	admin_close(admin);
	arena_fini(&arena);
	scripted_broker_stop(&broker);
	free(printed);
	printed = NULL;
	return 0;
}

/* Runs it with stdout into `printed`. */
static int run(enum elections_type type, const struct election_partitions *p,
	struct elections_failure *why)
{
	FILE *to = tmpfile();
	int before = dup(STDOUT_FILENO), r;
	size_t n;

	assert_non_null(to);
	fflush(stdout);
	assert_true(dup2(fileno(to), STDOUT_FILENO) >= 0);
	*why = (struct elections_failure){false, NULL};
	r = elections_run(admin, type, p, &words, &arena, why);
	fflush(stdout);
	assert_true(dup2(before, STDOUT_FILENO) >= 0);
	close(before);
	rewind(to);
	free(printed);
	printed = xcalloc(1, 4096);
	n = fread(printed, 1, 4095, to);
	printed[n] = '\0';
	(void)fclose(to);
	return r;
}

static void expect(enum elections_type type, const struct election_partitions *p, const char *out)
{
	struct elections_failure why;

	assert_int_equal(0, run(type, p, &why));
	assert_string_equal(out, printed);
}

static void expect_failure(
	enum elections_type type, const char *out, bool by_command, const char *text)
{
	struct elections_failure why;

	assert_int_equal(-1, run(type, NULL, &why));
	assert_string_equal(out, printed);
	assert_string_equal(text, why.text);
	assert_int_equal(by_command, why.by_command);
	free(why.text);
}

static void all(void **state)
{
	(void)state;
	expect(ELECTIONS_UNCLEAN, NULL, "");
	assert_string_equal("1 all", script.asked);
}

static void partitions_by_topic(void **state)
{
	struct election_partition v[] = {
		{STR("b"), 1}, {STR("a"), 0}, {STR("b"), 0}, {STR("a"), 7}};

	(void)state;
	expect(ELECTIONS_PREFERRED, &(struct election_partitions){v, 4}, "");
	assert_int_equal(strlen("0 a:0:7 b:0:1"), strlen(script.asked));
	assert_memory_equal("0 a:", script.asked, 4);
	expect(ELECTIONS_PREFERRED, &(struct election_partitions){v, 0}, "");
	assert_string_equal("0", script.asked);
}

static void outcomes(void **state)
{
	(void)state;
	script =
		(struct script){.rows = {{"t", 0, 0, NULL}, {"t", 1, KERR_ELECTION_NOT_NEEDED, "x"},
					{"t", 2, KERR_PREFERRED_LEADER_NOT_AVAILABLE, "why"},
					{"t", 3, 0, NULL}, {"t", 4, KERR_REQUEST_TIMED_OUT, NULL}},
			.n = 5};
	expect_failure(ELECTIONS_PREFERRED,
		"Done: t-3, t-0\n" /* as a set of Java has them */
		"Needless: t-1\n"
		"Failed: t-4: org.apache.kafka.common.errors.TimeoutException: The request timed "
		"out.\n"
		"Failed: t-2: org.apache.kafka.common.errors.PreferredLeaderNotAvailableException: "
		"why\n",
		true, "2 failed");
}

static void without_a_message_kafkas_is_taken(void **state)
{
	(void)state;
	script = (struct script){
		.rows = {{"t", 2, KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE, NULL}}, .n = 1};
	expect_failure(ELECTIONS_UNCLEAN,
		"Failed: t-2: org.apache.kafka.common.errors.EligibleLeadersNotAvailableException: "
		"Eligible topic partition leaders are not available.\n",
		true, "1 failed");
}

static void not_authorized(void **state)
{
	(void)state;
	script.top = KERR_CLUSTER_AUTHORIZATION_FAILED;
	expect_failure(ELECTIONS_PREFERRED, "Not authorized to perform leader election\n", true,
		"Not authorized to perform leader election");
}

static void an_error_of_the_whole_request(void **state)
{
	(void)state;
	script.top = KERR_NOT_CONTROLLER;
	expect_failure(ELECTIONS_PREFERRED, "", false,
		"org.apache.kafka.common.errors.NotControllerException: This is not the correct "
		"controller for this cluster.");
}

static void no_answer_in_time(void **state)
{
	(void)state;
	script.hang_up = true;
	expect_failure(ELECTIONS_PREFERRED, "Timeout waiting for election results\n", true,
		"Timeout waiting for election results");
}

static void old_brokers(void **state)
{
	(void)state;
	broker.max_version[API_ELECT_LEADERS] = 0;
	script = (struct script){.rows = {{"t", 0, 0, NULL}}, .n = 1};
	expect(ELECTIONS_PREFERRED, NULL, "Done: t-0\n");
	expect_failure(ELECTIONS_UNCLEAN, "", false,
		"org.apache.kafka.common.errors.UnsupportedVersionException: API Version 0 only "
		"supports PREFERRED election type");
}

static void brokers_that_cannot(void **state)
{
	(void)state;
	broker.max_version[API_ELECT_LEADERS] = -1;
	expect_failure(ELECTIONS_PREFERRED, "", false,
		"org.apache.kafka.common.errors.UnsupportedVersionException: The node does not "
		"support ELECT_LEADERS");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all),
		TEST(partitions_by_topic),
		TEST(outcomes),
		TEST(without_a_message_kafkas_is_taken),
		TEST(not_authorized),
		TEST(an_error_of_the_whole_request),
		TEST(no_answer_in_time),
		TEST(old_brokers),
		TEST(brokers_that_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
