/* test_groups.c - requests of groups through dispatch: who is told what, parked and released, from whichever thread. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "api/group_request.h"
#include "api_fixture.h"
#include "base/clock.h"
#include "coordinator/groups.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"
#include "replica/delayed.h"
#include "replica_fixture.h"

#define OFFSETS "__consumer_offsets"

static void elected(void *arg, struct str topic, int32_t index, int32_t epoch)
{
	(void)arg;
	if (str_is(topic, OFFSETS))
		groups_elected(api_ctx.groups, index, epoch);
}

static int setup(void **state)
{
	struct groups_config c = { .partitions_n = 1, .group = GROUP_SETTINGS_INIT, .clock = &clock_real,
		.load_buffer_bytes = 1 << 20, .required_acks = -1, .commit_timeout_ms = 5000,
		.retention_check_ms = 600000 };
	struct groups_counts counts;

	if (api_fixture_setup(state))
		return -1;
	c.group.initial_rebalance_delay_ms = 0;
	c.partitions = rf.partitions;
	c.delayed = rf.delayed;
	api_ctx.offsets_partitions = api_ctx.transactions_partitions = 1;
	api_ctx.groups = groups_new(&c);
	assert_int_equal(0, groups_start(api_ctx.groups));
	rf.leadership = (struct leadership_listener){ .elected = elected };
	partition_unref(fixture_lead(OFFSETS, 0));
	partition_unref(fixture_lead("t", 0));
	do {
		usleep(200);
		groups_count(api_ctx.groups, &counts);
	} while (counts.owned != 1);
	return 0;
}

static int teardown(void **state)
{
	delayed_stop(rf.delayed);
	api_ctx.groups = groups_free(api_ctx.groups);
	return api_fixture_teardown(state);
}

static struct join_group_request_join_group_request_protocol range = { .name = { "range", 5 },
	.metadata = { (const uint8_t *)"meta", 4 } };

static struct join_group_request join_request(const char *member)
{
	struct join_group_request in;

	CODEC_INIT(join_group_request, &in);
	in.group_id = STR("g");
	in.session_timeout_ms = 10000;
	in.rebalance_timeout_ms = 60000;
	in.member_id = str_of(member);
	in.protocol_type = STR("consumer");
	in.protocols = &range;
	in.protocols_n = 1;
	return in;
}

static void the_coordinator_is_the_leader_on_the_clients_listener(void **state)
{
	struct find_coordinator_request in;
	struct find_coordinator_response out;

	(void)state;
	CODEC_INIT(find_coordinator_request, &in);
	in.key = STR("g");
	assert_int_equal(CALL_REPLIED, call(API_FIND_COORDINATOR, 3, &in, &out));
	assert_int_equal(0, out.error_code);
	assert_int_equal(0, out.node_id);
	assert_true(str_is(out.host, "host0"));
	assert_int_equal(9092, out.port);
	assert_true(str_is(out.error_message, "NONE"));
}

/* The second member's join is parked until the first one comes back; both are then answered by that one's thread. */
static void a_join_is_parked_until_all_are_there(void **state)
{
	struct connection *a = client_open(), *b = client_open();
	struct join_group_request in = join_request("");
	struct join_group_response first, leader, follower;
	char id[64];

	(void)state;
	assert_int_equal(CALL_REPLIED, call(API_JOIN_GROUP, 3, &in, &first));
	assert_int_equal(0, first.error_code);
	assert_int_equal(1, first.members_n);
	assert_true(str_is(first.protocol_name, "range"));
	str_copy(first.member_id, id, sizeof(id));
	client_send(b, API_JOIN_GROUP, 3, &in);
	assert_false(client_has_ended(b));
	in = join_request(id);
	client_send(a, API_JOIN_GROUP, 7, &in);
	assert_int_equal(CALL_REPLIED, client_wait(a, API_JOIN_GROUP, 7, &leader));
	assert_int_equal(CALL_REPLIED, client_wait(b, API_JOIN_GROUP, 3, &follower));
	assert_int_equal(2, leader.generation_id);
	assert_int_equal(2, leader.members_n);
	assert_true(str_is(leader.protocol_type, "consumer"));
	assert_int_equal(2, follower.generation_id);
	assert_int_equal(0, follower.members_n);
	assert_true(str_is(follower.leader, id));
	client_close(a);
	client_close(b);
}

/* The connection's last reference is the parked request's. */
static void who_is_parked_may_be_gone(void **state)
{
	struct connection *b = client_open();
	struct join_group_request in = join_request("");
	struct join_group_response first;
	struct leave_group_request leave;
	struct leave_group_response left;

	(void)state;
	assert_int_equal(CALL_REPLIED, call(API_JOIN_GROUP, 3, &in, &first));
	client_send(b, API_JOIN_GROUP, 3, &in);
	client_close(b);
	CODEC_INIT(leave_group_request, &leave);
	leave.group_id = STR("g");
	leave.member_id = first.member_id;
	assert_int_equal(CALL_REPLIED, call(API_LEAVE_GROUP, 1, &leave, &left)); /* completes the join of `b` */
	assert_int_equal(0, left.error_code);
}

static int16_t commit_error(int16_t version, const char *group, int32_t partition, int64_t offset)
{
	struct offset_commit_request_offset_commit_request_partition part;
	struct offset_commit_request_offset_commit_request_topic topic = { .name = STR("t"), .partitions = &part,
		.partitions_n = 1 };
	struct offset_commit_request in;
	struct offset_commit_response out;

	CODEC_INIT(offset_commit_request_offset_commit_request_partition, &part);
	part.partition_index = partition;
	part.committed_offset = offset;
	part.committed_metadata = STR("note");
	CODEC_INIT(offset_commit_request, &in);
	in.group_id = str_of(group);
	in.topics = &topic;
	in.topics_n = 1;
	assert_int_equal(CALL_REPLIED, call(API_OFFSET_COMMIT, version, &in, &out));
	assert_int_equal(1, out.topics_n);
	assert_int_equal(1, out.topics[0].partitions_n);
	return out.topics[0].partitions[0].error_code;
}

static void a_commit_is_read_back_in_every_version(void **state)
{
	int32_t partitions[] = { 0, 1 };
	struct offset_fetch_request_offset_fetch_request_topic topic = { .name = STR("t"), .partition_indexes = partitions,
		.partition_indexes_n = 2 };
	struct offset_fetch_request_offset_fetch_request_group group = { .group_id = STR("g"), .topics_n = -1 };
	struct offset_fetch_request in;
	struct offset_fetch_response out;

	(void)state;
	for (int16_t v = 1; v <= 9; v++) {
		assert_int_equal(0, commit_error(v, "g", 0, 100 + v));
		assert_int_equal(KERR_UNKNOWN_TOPIC_OR_PARTITION, commit_error(v, "g", 1, 5));
		CODEC_INIT(offset_fetch_request, &in);
		if (v >= 8) {
			in.groups = &group;
			in.groups_n = 1;
		} else {
			in.group_id = STR("g");
			in.topics = &topic;
			in.topics_n = 1;
		}
		assert_int_equal(CALL_REPLIED, call(API_OFFSET_FETCH, v, &in, &out));
		if (v >= 8) {
			assert_int_equal(1, out.groups[0].topics_n);
			assert_int_equal(100 + v, out.groups[0].topics[0].partitions[0].committed_offset);
			assert_true(str_is(out.groups[0].topics[0].partitions[0].metadata, "note"));
		} else {
			assert_int_equal(2, out.topics[0].partitions_n);
			assert_int_equal(100 + v, out.topics[0].partitions[0].committed_offset);
			assert_int_equal(-1, out.topics[0].partitions[1].committed_offset);
		}
	}
}

/* An older coordinator would take a static member for another one. */
static void static_members_wait_for_brokers_of_2_3(void **state)
{
	struct join_group_request join = join_request("");
	struct join_group_response joined;
	struct sync_group_request sync;
	struct sync_group_response synced;
	struct heartbeat_request beat;
	struct heartbeat_response beaten;

	(void)state;
	api_ctx.metadata_version = METADATA_VERSION_2_3_IV0 - 1;
	join.group_instance_id = STR("i");
	for (int16_t v = 5; v <= 9; v++) {
		assert_int_equal(CALL_REPLIED, call(API_JOIN_GROUP, v, &join, &joined));
		assert_int_equal(KERR_UNSUPPORTED_VERSION, joined.error_code);
		assert_int_equal(-1, joined.generation_id);
		assert_int_equal(v < 7 ? 0 : -1, joined.protocol_name.len);
	}
	CODEC_INIT(sync_group_request, &sync);
	sync.group_id = STR("g");
	sync.group_instance_id = STR("i");
	assert_int_equal(CALL_REPLIED, call(API_SYNC_GROUP, 5, &sync, &synced)); /* before its other checks */
	assert_int_equal(KERR_UNSUPPORTED_VERSION, synced.error_code);
	CODEC_INIT(heartbeat_request, &beat);
	beat.group_id = STR("g");
	beat.group_instance_id = STR("i");
	assert_int_equal(CALL_REPLIED, call(API_HEARTBEAT, 4, &beat, &beaten));
	assert_int_equal(KERR_UNSUPPORTED_VERSION, beaten.error_code);
	join.group_instance_id = STR_NULL;
	assert_int_equal(CALL_REPLIED, call(API_JOIN_GROUP, 3, &join, &joined));
	assert_int_equal(0, joined.error_code);
	api_ctx.metadata_version++;
	join.group_instance_id = STR("i");
	join.group_id = STR("g2");
	assert_int_equal(CALL_REPLIED, call(API_JOIN_GROUP, 5, &join, &joined));
	assert_int_equal(0, joined.error_code);
}

static void commits_of_static_members_wait_too(void **state)
{
	struct offset_commit_request_offset_commit_request_partition parts[2];
	struct offset_commit_request_offset_commit_request_topic topic = { .name = STR("t"), .partitions = parts,
		.partitions_n = 2 };
	struct offset_commit_request in;
	struct offset_commit_response out;

	(void)state;
	api_ctx.metadata_version = METADATA_VERSION_2_3_IV0 - 1;
	for (int32_t i = 0; i < 2; i++) { /* the second one does not exist, and is answered the same */
		CODEC_INIT(offset_commit_request_offset_commit_request_partition, &parts[i]);
		parts[i].partition_index = i;
	}
	CODEC_INIT(offset_commit_request, &in);
	in.group_id = STR("g");
	in.group_instance_id = STR("i");
	in.topics = &topic;
	in.topics_n = 1;
	assert_int_equal(CALL_REPLIED, call(API_OFFSET_COMMIT, 7, &in, &out));
	for (int32_t i = 0; i < 2; i++)
		assert_int_equal(KERR_UNSUPPORTED_VERSION, out.topics[0].partitions[i].error_code);
}

static void hosts_are_spelled_as_in_java(void **state)
{
	static const char *const v[][2] = {
		{ "10.0.0.7", "/10.0.0.7" }, { "::1", "/0:0:0:0:0:0:0:1" }, { "::ffff:10.0.0.7", "/10.0.0.7" },
		{ "2001:db8::ff00:42:8329", "/2001:db8:0:0:0:ff00:42:8329" }, { "fe80::1%eth0", "/fe80:0:0:0:0:0:0:1%eth0" },
	};
	char text[CLIENT_HOST_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		assert_string_equal(v[i][1], client_host_text(v[i][0], text));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_coordinator_is_the_leader_on_the_clients_listener),
		T(a_join_is_parked_until_all_are_there),
		T(who_is_parked_may_be_gone),
		T(a_commit_is_read_back_in_every_version),
		T(static_members_wait_for_brokers_of_2_3),
		T(commits_of_static_members_wait_too),
		cmocka_unit_test(hosts_are_spelled_as_in_java),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
