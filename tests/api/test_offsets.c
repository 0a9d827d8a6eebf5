/* test_offsets.c - ListOffsets, OffsetForLeaderEpoch and DeleteRecords in all versions against real partitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "replica_fixture.h"

typedef struct list_offsets_response_list_offsets_partition_response listed_t;

/* Records at 1000, 1001 in each batch of two. */
static struct partition *filled(const char *topic, int batches)
{
	struct partition *p = fixture_lead(topic, 0);

	for (int i = 0; i < batches; i++)
		assert_int_equal(0, fixture_append(p, 2, -1, NULL, NULL));
	return p;
}

static listed_t list_one(int16_t version, const char *topic, int64_t timestamp, int32_t replica_id)
{
	struct list_offsets_request_list_offsets_partition part;
	struct list_offsets_request_list_offsets_topic t;
	struct list_offsets_request in;
	struct list_offsets_response out;

	CODEC_INIT(list_offsets_request, &in);
	CODEC_INIT(list_offsets_request_list_offsets_topic, &t);
	CODEC_INIT(list_offsets_request_list_offsets_partition, &part);
	in.replica_id = replica_id;
	in.topics = &t;
	in.topics_n = 1;
	t.name = str_of(topic);
	t.partitions = &part;
	t.partitions_n = 1;
	part.timestamp = timestamp;
	part.max_num_offsets = version == 0 ? 10 : 1;
	assert_int_equal(CALL_REPLIED, call(API_LIST_OFFSETS, version, &in, &out));
	return out.topics[0].partitions[0];
}

static void the_special_timestamps(void **state)
{
	static const struct {
		int64_t timestamp;
		int16_t since;
		int64_t offset, found;
	} rows[] = { { -1, 1, 6, -1 }, { -2, 1, 0, -1 }, { -3, 7, 1, 1001 }, { -4, 8, 0, -1 }, { -5, 9, -1, -1 },
		     { -6, 99, 0, 0 } };
	struct partition *p = filled("t", 3);

	(void)state;
	for (int16_t v = 1; v <= 9; v++) {
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			listed_t a = list_one(v, "t", rows[i].timestamp, -1);

			if (v < rows[i].since) {
				assert_int_equal(KERR_UNSUPPORTED_VERSION, a.error_code);
				assert_int_equal(-1, a.offset);
				continue;
			}
			assert_int_equal(0, a.error_code);
			assert_int_equal(rows[i].offset, a.offset);
			assert_int_equal(rows[i].found, a.timestamp);
			assert_int_equal(v >= 4 && a.offset >= 0 ? 0 : -1, a.leader_epoch);
		}
	}
	partition_unref(p);
}

static void by_time(void **state)
{
	struct partition *p = filled("t", 3);
	listed_t a = list_one(9, "t", 1001, -1);

	(void)state;
	assert_int_equal(1, a.offset);
	assert_int_equal(1001, a.timestamp);
	assert_int_equal(0, a.leader_epoch);
	a = list_one(9, "t", 0, -1);
	assert_int_equal(0, a.offset);
	a = list_one(9, "t", 5000, -1);
	assert_int_equal(0, a.error_code);
	assert_int_equal(-1, a.offset);
	assert_int_equal(KERR_UNKNOWN_TOPIC_OR_PARTITION, list_one(9, "nowhere", -1, -1).error_code);
	partition_unref(p);
}

static void the_list_of_v0(void **state)
{
	struct partition *p = filled("t", 3);
	listed_t a = list_one(0, "t", -1, -1);

	(void)state;
	assert_int_equal(2, a.old_style_offsets_n);
	assert_int_equal(6, a.old_style_offsets[0]);
	assert_int_equal(0, a.old_style_offsets[1]);
	a = list_one(0, "t", -2, -1);
	assert_int_equal(1, a.old_style_offsets_n);
	assert_int_equal(0, a.old_style_offsets[0]);
	a = list_one(0, "t", 1000, -1); /* nothing was modified as early as that */
	assert_int_equal(0, a.old_style_offsets_n);
	assert_int_equal(KERR_UNSUPPORTED_VERSION, list_one(0, "t", -3, -1).error_code);
	partition_unref(p);
}

static void a_fresh_leader_does_not_know_yet(void **state)
{
	struct fixture_decision d = { .topic = "t", .replicas_n = 2, .isr_n = 2, .is_new = true };
	struct partition *p;

	(void)state;
	fixture_brokers(2);
	fixture_metadata("t", 0, 0, 0, 2);
	assert_int_equal(0, fixture_decide(&d, NULL));
	p = partitions_get(rf.partitions, STR("t"), 0);
	assert_int_equal(0, fixture_append(p, 2, 1, NULL, NULL));
	assert_int_equal(0, list_one(9, "t", -1, -1).offset);
	assert_int_equal(2, list_one(9, "t", -1, 1).offset); /* a broker sees the end */
	assert_int_equal(1, list_one(0, "t", -1, -1).old_style_offsets_n == 2 ? 1 : 0);
	assert_int_equal(0, list_one(0, "t", -1, -1).old_style_offsets[0]);
	d.leader_epoch = d.partition_epoch = 1;
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(KERR_OFFSET_NOT_AVAILABLE, list_one(5, "t", -1, -1).error_code);
	assert_int_equal(KERR_LEADER_NOT_AVAILABLE, list_one(4, "t", -1, -1).error_code);
	assert_int_equal(KERR_OFFSET_NOT_AVAILABLE, list_one(9, "t", 1000, -1).error_code);
	assert_int_equal(0, list_one(9, "t", -2, -1).error_code);
	partition_unref(p);
}

static void a_partition_listed_twice(void **state)
{
	struct partition *p = filled("t", 1);
	struct list_offsets_request_list_offsets_partition parts[3];
	struct list_offsets_request_list_offsets_topic t;
	struct list_offsets_request in;
	struct list_offsets_response out;

	(void)state;
	CODEC_INIT(list_offsets_request, &in);
	CODEC_INIT(list_offsets_request_list_offsets_topic, &t);
	for (int i = 0; i < 3; i++) {
		CODEC_INIT(list_offsets_request_list_offsets_partition, &parts[i]);
		parts[i].partition_index = i / 2;
		parts[i].timestamp = -1;
	}
	in.replica_id = -1;
	in.topics = &t;
	in.topics_n = 1;
	t.name = STR("t");
	t.partitions = parts;
	t.partitions_n = 3;
	assert_int_equal(CALL_REPLIED, call(API_LIST_OFFSETS, 5, &in, &out));
	assert_int_equal(KERR_INVALID_REQUEST, out.topics[0].partitions[0].error_code);
	assert_int_equal(KERR_INVALID_REQUEST, out.topics[0].partitions[1].error_code);
	assert_int_equal(KERR_UNKNOWN_TOPIC_OR_PARTITION, out.topics[0].partitions[2].error_code);
	partition_unref(p);
}

static struct offset_for_leader_epoch_response_epoch_end_offset epoch_end(int16_t version, int32_t current, int32_t epoch)
{
	struct offset_for_leader_epoch_request_offset_for_leader_partition part;
	struct offset_for_leader_epoch_request_offset_for_leader_topic t;
	struct offset_for_leader_epoch_request in;
	struct offset_for_leader_epoch_response out;

	CODEC_INIT(offset_for_leader_epoch_request, &in);
	CODEC_INIT(offset_for_leader_epoch_request_offset_for_leader_topic, &t);
	CODEC_INIT(offset_for_leader_epoch_request_offset_for_leader_partition, &part);
	in.topics = &t;
	in.topics_n = 1;
	t.topic = STR("t");
	t.partitions = &part;
	t.partitions_n = 1;
	part.current_leader_epoch = current;
	part.leader_epoch = epoch;
	assert_int_equal(CALL_REPLIED, call(API_OFFSET_FOR_LEADER_EPOCH, version, &in, &out));
	return out.topics[0].partitions[0];
}

static void epochs_end_somewhere(void **state)
{
	struct partition *p = filled("t", 2);
	struct fixture_decision d = { .topic = "t", .leader_epoch = 5, .partition_epoch = 1, .replicas_n = 1,
				      .isr_n = 1 };

	(void)state;
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(0, fixture_append(p, 2, -1, NULL, NULL));
	for (int16_t v = 0; v <= 4; v++) {
		assert_int_equal(4, epoch_end(v, -1, 0).end_offset);
		assert_int_equal(4, epoch_end(v, -1, 3).end_offset);
		assert_int_equal(v >= 1 ? 0 : -1, epoch_end(v, -1, 3).leader_epoch);
		assert_int_equal(6, epoch_end(v, -1, 5).end_offset);
		assert_int_equal(-1, epoch_end(v, -1, 6).end_offset);
		assert_int_equal(-1, epoch_end(v, -1, -1).end_offset);
	}
	assert_int_equal(KERR_FENCED_LEADER_EPOCH, epoch_end(4, 4, 5).error_code);
	assert_int_equal(KERR_UNKNOWN_LEADER_EPOCH, epoch_end(4, 6, 5).error_code);
	partition_unref(p);
}

static struct delete_records_response_delete_records_partition_result delete_to(int16_t version, const char *topic,
										int64_t offset)
{
	struct delete_records_request_delete_records_partition part = { .offset = offset };
	struct delete_records_request_delete_records_topic t = { .name = str_of(topic), .partitions = &part,
								 .partitions_n = 1 };
	struct delete_records_request in = { .topics = &t, .topics_n = 1, .timeout_ms = 30 };
	struct delete_records_response out;

	assert_int_equal(CALL_REPLIED, call(API_DELETE_RECORDS, version, &in, &out));
	return out.topics[0].partitions[0];
}

static void records_are_deleted(void **state)
{
	struct partition *p = filled("t", 4);

	(void)state;
	for (int16_t v = 0; v <= 2; v++) {
		assert_int_equal(0, delete_to(v, "t", 1 + v).error_code);
		assert_int_equal(1 + v, list_one(1, "t", -2, -1).offset);
	}
	assert_int_equal(KERR_OFFSET_OUT_OF_RANGE, delete_to(2, "t", 9).error_code);
	assert_int_equal(-1, delete_to(2, "t", 9).low_watermark);
	assert_int_equal(8, delete_to(2, "t", -1).low_watermark);
	assert_int_equal(KERR_UNKNOWN_TOPIC_OR_PARTITION, delete_to(2, "nowhere", 0).error_code);
	partition_unref(p);
	p = fixture_lead("__consumer_offsets", 0);
	assert_int_equal(KERR_INVALID_TOPIC_EXCEPTION, delete_to(2, "__consumer_offsets", 0).error_code);
	partition_unref(p);
}

/* A living follower that has not followed yet holds the answer back. */
static void deleting_waits_for_the_followers(void **state)
{
	struct fixture_decision d = { .topic = "t", .replicas_n = 2, .isr_n = 1, .is_new = true };
	struct partition *p;

	(void)state;
	fixture_brokers(2);
	fixture_metadata("t", 0, 0, 0, 2);
	assert_int_equal(0, fixture_decide(&d, NULL));
	p = partitions_get(rf.partitions, STR("t"), 0);
	assert_int_equal(0, fixture_append(p, 4, 1, NULL, NULL));
	assert_int_equal(KERR_REQUEST_TIMED_OUT, delete_to(2, "t", 0).error_code);
	partition_unref(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, api_fixture_setup, api_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_special_timestamps),
		T(by_time),
		T(the_list_of_v0),
		T(a_fresh_leader_does_not_know_yet),
		T(a_partition_listed_twice),
		T(epochs_end_somewhere),
		T(records_are_deleted),
		T(deleting_waits_for_the_followers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
