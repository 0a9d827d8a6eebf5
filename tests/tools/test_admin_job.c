/* test_admin_job.c - operations find the brokers that are responsible, again when that changes, and end in time. */
#include "tools/admin_job.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/properties.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tests/base/unit.h"
#include "tests/tools/scripted_broker.h"
#include "tools/admin_groups.h"
#include "tools/admin_offsets.h"

#define TIME_OUT_MS 300

/* What the brokers of a test answer. */
static struct script {
	int look_up_codes[3]; /* of the first FindCoordinator answers */
	int codes[3]; /* of the first answers to what is done at the coordinator or leader */
	bool codes_for_ever;
	int coordinator;
	bool hang_up_first; /* the first of those requests gets no answer */
	int leader_after; /* who leads the partition once somebody was told NOT_LEADER_OR_FOLLOWER; -1: nobody */
	int topic_code;
	struct bytes assignment;
} script;

static struct scripted_broker brokers[2];
static struct admin *admin;
static struct arena arena;

static int nth(const int codes[3], int call)
{
	if (script.codes_for_ever)
		call = 1;
	return call >= 1 && call <= 3 ? codes[call - 1] : 0;
}

static int calls(int key)
{
	return atomic_load(&brokers[0].calls[key]) + atomic_load(&brokers[1].calls[key]);
}

static void answer_coordinator(const struct find_coordinator_request *in, int version,
	struct arena *a, struct find_coordinator_response *out)
{
	int code = nth(script.look_up_codes, calls(API_FIND_COORDINATOR));

	if (version < 4) {
		out->error_code = (int16_t)code;
		out->node_id = code ? -1 : script.coordinator;
		return;
	}
	out->coordinators_n = in->coordinator_keys_n;
	out->coordinators =
		CODEC_NEW(a, find_coordinator_response_coordinator, (size_t)in->coordinator_keys_n);
	for (int32_t i = 0; i < in->coordinator_keys_n; i++) {
		out->coordinators[i].key = in->coordinator_keys[i];
		out->coordinators[i].error_code = (int16_t)code;
		out->coordinators[i].node_id = code ? -1 : script.coordinator;
	}
}

static void answer_deletions(
	const struct delete_groups_request *in, struct arena *a, struct delete_groups_response *out)
{
	out->results_n = in->groups_names_n;
	out->results = CODEC_NEW(
		a, delete_groups_response_deletable_group_result, (size_t)in->groups_names_n);
	for (int32_t i = 0; i < in->groups_names_n; i++) {
		out->results[i].group_id = in->groups_names[i];
		out->results[i].error_code = (int16_t)nth(script.codes, calls(API_DELETE_GROUPS));
	}
}

static void answer_group(const struct describe_groups_request *in, struct arena *a,
	struct describe_groups_response *out)
{
	out->groups = CODEC_NEW(a, describe_groups_response_described_group, 1);
	out->groups_n = 1;
	out->groups[0].group_id = in->groups[0];
	out->groups[0].group_state = STR("Stable");
	out->groups[0].protocol_type = STR("consumer");
	out->groups[0].members = CODEC_NEW(a, describe_groups_response_described_group_member, 1);
	out->groups[0].members_n = 1;
	out->groups[0].members[0].member_assignment = script.assignment;
}

/* The topic t with one partition. */
static void answer_topic(struct arena *a, struct metadata_response *out)
{
	struct metadata_response_metadata_response_partition *p =
		CODEC_NEW(a, metadata_response_metadata_response_partition, 1);

	out->topics = CODEC_NEW(a, metadata_response_metadata_response_topic, 1);
	out->topics_n = 1;
	out->topics[0].name = STR("t");
	out->topics[0].error_code = (int16_t)script.topic_code;
	out->topics[0].partitions = p;
	out->topics[0].partitions_n = script.topic_code ? 0 : 1;
	p->leader_id = calls(API_LIST_OFFSETS) ? script.leader_after : 0;
}

static void answer_offsets(
	struct scripted_broker *b, struct arena *a, struct list_offsets_response *out)
{
	struct list_offsets_response_list_offsets_partition_response *p =
		CODEC_NEW(a, list_offsets_response_list_offsets_partition_response, 1);

	out->topics = CODEC_NEW(a, list_offsets_response_list_offsets_topic_response, 1);
	out->topics_n = 1;
	out->topics[0].name = STR("t");
	out->topics[0].partitions = p;
	out->topics[0].partitions_n = 1;
	p->error_code = (int16_t)nth(script.codes, calls(API_LIST_OFFSETS));
	p->offset = p->error_code ? -1 : 100 + b->id;
}

static bool answer(
	struct scripted_broker *b, int key, int version, const void *in, struct arena *a, void *out)
{
	switch (key) {
	case API_METADATA:
		answer_topic(a, out);
		return true;
	case API_FIND_COORDINATOR:
		answer_coordinator(in, version, a, out);
		return true;
	case API_DELETE_GROUPS:
		answer_deletions(in, a, out);
		return !(script.hang_up_first && calls(key) == 1);
	case API_DESCRIBE_GROUPS:
		answer_group(in, a, out);
		return true;
	case API_LIST_OFFSETS:
		answer_offsets(b, a, out);
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
	script = (struct script){.assignment = {(const uint8_t *)"", 0}};
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
	scripted_broker_stop(&brokers[0]);
	scripted_broker_stop(&brokers[1]);
	return 0;
}

/* Deletes the groups a and b; the outcome of a. */
static struct str delete_groups(int64_t timeout_ms)
{
	struct group_deletion groups[] = {{.id = STR("b")}, {.id = STR("a")}};

	admin_begin_within(admin, "deleteConsumerGroups", timeout_ms);
	admin_delete_groups(admin, groups, 2, &arena);
	assert_true(str_eq(groups[0].error, groups[1].error));
	return groups[1].error;
}

static void expect_error(const char *want, struct str got)
{
	char text[512];

	assert_string_equal(want, str_copy(got, text, sizeof(text)));
}

static void coordinators_are_asked_for_in_one_request(void **state)
{
	(void)state;
	script.coordinator = 1;
	assert_int_equal(-1, delete_groups(5000).len);
	assert_int_equal(1, calls(API_FIND_COORDINATOR));
	assert_int_equal(1, atomic_load(&brokers[1].calls[API_DELETE_GROUPS]));
	assert_int_equal(0, atomic_load(&brokers[0].calls[API_DELETE_GROUPS]));
}

static void older_brokers_are_asked_for_each(void **state)
{
	(void)state;
	brokers[0].max_version[API_FIND_COORDINATOR] = 3;
	script.coordinator = 1;
	assert_int_equal(-1, delete_groups(5000).len);
	assert_int_equal(2, calls(API_FIND_COORDINATOR));
	assert_int_equal(1, calls(API_DELETE_GROUPS));
}

static void a_coordinator_that_is_not_there_yet_is_waited_for(void **state)
{
	(void)state;
	script.look_up_codes[0] = KERR_COORDINATOR_NOT_AVAILABLE;
	script.look_up_codes[1] = KERR_COORDINATOR_LOAD_IN_PROGRESS;
	assert_int_equal(-1, delete_groups(5000).len);
	assert_int_equal(3, calls(API_FIND_COORDINATOR));
	assert_int_equal(1, calls(API_DELETE_GROUPS));
}

static void a_wrong_coordinator_is_looked_up_again(void **state)
{
	(void)state;
	script.codes[0] = KERR_NOT_COORDINATOR;
	assert_int_equal(-1, delete_groups(5000).len);
	assert_int_equal(2, calls(API_FIND_COORDINATOR));
	assert_int_equal(2, calls(API_DELETE_GROUPS));
}

static void one_that_is_loading_is_asked_again(void **state)
{
	(void)state;
	script.codes[0] = script.codes[1] = KERR_COORDINATOR_LOAD_IN_PROGRESS;
	assert_int_equal(-1, delete_groups(5000).len);
	assert_int_equal(1, calls(API_FIND_COORDINATOR));
	assert_int_equal(3, calls(API_DELETE_GROUPS));
}

static void a_broken_connection_is_tried_again(void **state)
{
	(void)state;
	script.hang_up_first = true;
	assert_int_equal(-1, delete_groups(5000).len);
	assert_int_equal(2, calls(API_DELETE_GROUPS));
	assert_int_equal(2, calls(API_FIND_COORDINATOR));
}

static void other_errors_are_final(void **state)
{
	(void)state;
	script.codes[0] = KERR_NON_EMPTY_GROUP;
	expect_error(
		"org.apache.kafka.common.errors.GroupNotEmptyException: The group is not empty.",
		delete_groups(5000));
	assert_int_equal(1, calls(API_DELETE_GROUPS));
}

static void a_look_up_may_be_refused(void **state)
{
	struct group_deletion group = {.id = STR("g")};

	(void)state;
	script.look_up_codes[0] = KERR_GROUP_AUTHORIZATION_FAILED;
	admin_begin_within(admin, "deleteConsumerGroups", 5000);
	admin_delete_groups(admin, &group, 1, &arena);
	expect_error("org.apache.kafka.common.errors.GroupAuthorizationException: FindCoordinator "
		     "request for "
		     "groupId `CoordinatorKey(idValue='g', type=GROUP)` failed due to "
		     "authorization failure",
		group.error);
}

static void what_does_not_come_ends_in_time(void **state)
{
	int64_t began = clock_mono_ms(&clock_real), took;
	char text[512];

	(void)state;
	script.look_up_codes[0] = KERR_COORDINATOR_NOT_AVAILABLE;
	script.codes_for_ever = true;
	str_copy(delete_groups(TIME_OUT_MS), text, sizeof(text));
	took = clock_mono_ms(&clock_real) - began;
	assert_true(took >= TIME_OUT_MS && took < TIME_OUT_MS + 2000);
	assert_non_null(strstr(text,
		"org.apache.kafka.common.errors.TimeoutException: "
		"Call(callName=deleteConsumerGroups(api=FIND_COORDINATOR), deadlineMs="));
	assert_non_null(strstr(text, " attempt(s)"));
	assert_int_equal(0, calls(API_DELETE_GROUPS));
}

static void a_broker_may_not_know_the_request(void **state)
{
	struct str error;

	(void)state;
	brokers[0].max_version[API_DELETE_GROUPS] = -1;
	error = delete_groups(5000);
	expect_error("org.apache.kafka.common.errors.UnsupportedVersionException: The node does "
		     "not support "
		     "DELETE_GROUPS",
		error);
}

static void groups_are_described_as_classic_ones(void **state)
{
	static const uint8_t bytes[] = "\0\1\0\0\0\1\0\1t\0\0\0\3\0\0\0\2\0\0\0\0\0\0\0\2\0\0\0\0";
	struct group_description group = {.id = STR("g")};

	(void)state;
	brokers[0].max_version[API_CONSUMER_GROUP_DESCRIBE] = -1;
	script.assignment = (struct bytes){bytes, sizeof(bytes) - 1};
	admin_begin_within(admin, "describeConsumerGroups", 5000);
	admin_describe_groups(admin, &group, 1, &arena);
	assert_int_equal(-1, group.error.len);
	assert_true(str_is(group.state, "Stable"));
	assert_int_equal(1, group.members_n);
	assert_int_equal(2, group.members[0].partitions_n); /* one was named twice */
	assert_int_equal(0, group.members[0].partitions[0].partition);
	assert_int_equal(2, group.members[0].partitions[1].partition);
	assert_int_equal(1, calls(API_FIND_COORDINATOR));
}

static void an_assignment_that_cannot_be_read(void **state)
{
	static const uint8_t bytes[] = "\0\1\x7f\xff\xff\xff\0\1t\0";

	(void)state;
	brokers[0].max_version[API_CONSUMER_GROUP_DESCRIBE] = -1;
	for (int32_t n = 1; n <= (int32_t)sizeof(bytes) - 1; n++) {
		struct group_description group = {.id = STR("g")};

		script.assignment = (struct bytes){bytes, n};
		admin_begin_within(admin, "describeConsumerGroups", 5000);
		admin_describe_groups(admin, &group, 1, &arena);
		expect_error(n < 2 ? "org.apache.kafka.common.protocol.types.SchemaException: "
				     "Buffer underflow "
				     "while parsing consumer protocol's header"
				   : "org.apache.kafka.common.protocol.types.SchemaException: "
				     "Buffer underflow "
				     "while parsing consumer protocol's assignment",
			group.error);
	}
}

static struct partition_offset list_offset(int64_t timeout_ms)
{
	struct partition_offset p = {.topic = STR("t")};

	admin_begin_within(admin, "listOffsets", timeout_ms);
	admin_list_offsets(admin, OFFSETS_LATEST, &p, 1, &arena);
	return p;
}

static void a_leader_that_has_moved_is_followed(void **state)
{
	struct partition_offset p;

	(void)state;
	script.codes[0] = KERR_NOT_LEADER_OR_FOLLOWER;
	script.leader_after = 1;
	p = list_offset(5000);
	assert_int_equal(-1, p.error.len);
	assert_int_equal(101, p.offset);
	assert_int_equal(1, atomic_load(&brokers[0].calls[API_LIST_OFFSETS]));
	assert_int_equal(1, atomic_load(&brokers[1].calls[API_LIST_OFFSETS]));
}

static void a_partition_without_a_leader_ends_in_time(void **state)
{
	struct partition_offset p;

	(void)state;
	script.codes[0] = KERR_NOT_LEADER_OR_FOLLOWER;
	script.leader_after = -1;
	p = list_offset(TIME_OUT_MS);
	assert_non_null(memmem(p.error.p, (size_t)p.error.len, "listOffsets(api=METADATA)", 25));
}

static void a_topic_that_must_exist(void **state)
{
	(void)state;
	script.topic_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
	expect_error(
		"org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Failed to fetch "
		"metadata for partition t-0 because metadata for topic `t` could not be found",
		list_offset(5000).error);
	script.topic_code = KERR_INVALID_TOPIC_EXCEPTION;
	expect_error("org.apache.kafka.common.errors.InvalidTopicException: Failed to fetch "
		     "metadata for "
		     "partition t-0 due to invalid topic `t`",
		list_offset(5000).error);
}

static void a_timestamp_that_the_broker_does_not_know(void **state)
{
	struct partition_offset p = {.topic = STR("t")};

	(void)state;
	brokers[0].max_version[API_LIST_OFFSETS] = 6;
	admin_begin_within(admin, "listOffsets", 5000);
	admin_list_offsets(admin, OFFSETS_MAX_TIMESTAMP, &p, 1, &arena);
	assert_int_equal(
		0, strncmp(p.error.p, "org.apache.kafka.common.errors.UnsupportedVersionException",
			   58));
	assert_int_equal(0, calls(API_LIST_OFFSETS));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		CASE(coordinators_are_asked_for_in_one_request),
		CASE(older_brokers_are_asked_for_each),
		CASE(a_coordinator_that_is_not_there_yet_is_waited_for),
		CASE(a_wrong_coordinator_is_looked_up_again),
		CASE(one_that_is_loading_is_asked_again),
		CASE(a_broken_connection_is_tried_again),
		CASE(other_errors_are_final),
		CASE(a_look_up_may_be_refused),
		CASE(what_does_not_come_ends_in_time),
		CASE(a_broker_may_not_know_the_request),
		CASE(groups_are_described_as_classic_ones),
		CASE(an_assignment_that_cannot_be_read),
		CASE(a_leader_that_has_moved_is_followed),
		CASE(a_partition_without_a_leader_ends_in_time),
		CASE(a_topic_that_must_exist),
		CASE(a_timestamp_that_the_broker_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
