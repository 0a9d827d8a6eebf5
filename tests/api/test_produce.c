/* test_produce.c - Produce in all versions against real partitions: acks, checks in their order, waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "base/clock.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "record/batch.h"
#include "record/builder.h"
#include "replica_fixture.h"

typedef struct produce_response_partition_produce_response answer_t;

/* One partition's request. */
struct produce {
	struct produce_request in;
	struct produce_request_topic_produce_data topic;
	struct produce_request_partition_produce_data part;
	struct buf *batch;
};

static struct buf *batch_of(const struct builder_config *config, int n)
{
	struct batch_builder b = { 0 };
	struct buf *ret;

	assert_int_equal(0, batch_builder_init(&b, config, NULL));
	for (int i = 0; i < n; i++) {
		struct bytes v = { (const uint8_t *)"value", 5 };

		assert_int_equal(0, batch_builder_append(&b, i, 1000 + i, BYTES_NULL, v, 0, BYTES_NULL));
	}
	assert_int_equal(0, batch_builder_finish(&b, &ret));
	batch_builder_fini(&b);
	return ret;
}

static void produce_init(struct produce *p, const char *topic, int16_t acks, struct buf *batch)
{
	CODEC_INIT(produce_request, &p->in);
	CODEC_INIT(produce_request_topic_produce_data, &p->topic);
	CODEC_INIT(produce_request_partition_produce_data, &p->part);
	p->batch = batch;
	p->in.acks = acks;
	p->in.timeout_ms = 50;
	p->in.topic_data = &p->topic;
	p->in.topic_data_n = 1;
	p->topic.name = str_of(topic);
	p->topic.partition_data = &p->part;
	p->topic.partition_data_n = 1;
	if (batch)
		p->part.records = (struct records){ .p = batch->data, .len = (int32_t)batch->len };
}

static answer_t *only(struct produce_response *out)
{
	assert_int_equal(1, out->responses_n);
	assert_int_equal(1, out->responses[0].partition_responses_n);
	return &out->responses[0].partition_responses[0];
}

/* Sends one batch; returns the partition's error. */
static int16_t produce_to(const char *topic, int16_t version, int16_t acks, struct buf *batch, answer_t *ret)
{
	struct produce_response out;
	struct produce p;

	produce_init(&p, topic, acks, batch);
	assert_int_equal(CALL_REPLIED, call(API_PRODUCE, version, &p.in, &out));
	buf_unref(batch);
	if (ret)
		*ret = *only(&out);
	return only(&out)->error_code;
}

static struct buf *legacy_batch(int8_t magic)
{
	struct builder_config c = BUILDER_CONFIG_INIT;

	c.magic = magic;
	return batch_of(&c, 2);
}

static void every_version_appends(void **state)
{
	struct partition *p = fixture_lead("t", 0);
	int64_t next = 0;
	answer_t a;

	(void)state;
	for (int16_t v = 0; v <= 11; v++) {
		int8_t magic = v < 2 ? 0 : v == 2 ? 1 : 2;

		for (int16_t acks = -1; acks <= 1; acks += 2) {
			assert_int_equal(0, produce_to("t", v, acks, legacy_batch(magic), &a));
			assert_int_equal(next, a.base_offset);
			assert_int_equal(-1, a.log_append_time_ms);
			assert_int_equal(v >= 5 ? 0 : -1, a.log_start_offset);
			next += 2;
		}
	}
	partition_unref(p);
}

static void every_codec_appends(void **state)
{
	struct partition *p = fixture_lead("t", 0);

	(void)state;
	for (int codec = CODEC_NONE; codec <= CODEC_MAX; codec++) {
		struct builder_config c = BUILDER_CONFIG_INIT;

		c.codec = (enum codec)codec;
		assert_int_equal(0, produce_to("t", 9, -1, batch_of(&c, 100), NULL));
	}
	{
		struct builder_config c = BUILDER_CONFIG_INIT;

		c.codec = CODEC_ZSTD;
		assert_int_equal(KERR_UNSUPPORTED_COMPRESSION_TYPE, produce_to("t", 6, -1, batch_of(&c, 1), NULL));
	}
	partition_unref(p);
}

static void acks_zero_is_silent(void **state)
{
	struct partition *p = fixture_lead("t", 0);
	struct partition_view v;
	struct produce r;

	(void)state;
	produce_init(&r, "t", 0, fixture_batch(3));
	assert_int_equal(CALL_DONE, call(API_PRODUCE, 9, &r.in, NULL));
	buf_unref(r.batch);
	partition_view(p, &v);
	assert_int_equal(3, v.end_offset);
	produce_init(&r, "nowhere", 0, fixture_batch(3));
	assert_int_equal(CALL_CLOSED, call(API_PRODUCE, 9, &r.in, NULL));
	buf_unref(r.batch);
	partition_unref(p);
}

static struct buf *broken(void)
{
	struct buf *b = fixture_batch(3);

	b->data[b->len - 1] ^= 1;
	return b;
}

static void checks(void **state)
{
	struct partition *p = fixture_lead("t", 0);
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct produce_response out;
	struct produce r;
	answer_t a;

	(void)state;
	assert_int_equal(KERR_UNKNOWN_TOPIC_OR_PARTITION, produce_to("nowhere", 9, 7, fixture_batch(1), &a));
	assert_int_equal(-1, a.base_offset);
	assert_int_equal(-1, a.log_start_offset);
	assert_int_equal(KERR_INVALID_REQUIRED_ACKS, produce_to("t", 9, 7, fixture_batch(1), &a));
	assert_int_equal(KERR_INVALID_RECORD, produce_to("t", 9, 7, legacy_batch(1), NULL)); /* before the acks */
	assert_int_equal(KERR_CORRUPT_MESSAGE, produce_to("t", 9, 1, broken(), NULL));
	produce_init(&r, "t", 1, NULL);
	assert_int_equal(CALL_REPLIED, call(API_PRODUCE, 9, &r.in, &out));
	assert_int_equal(KERR_INVALID_RECORD, only(&out)->error_code);
	c.transactional = true;
	c.producer_id = 5;
	c.producer_epoch = 0;
	c.base_sequence = 0;
	assert_int_equal(KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, produce_to("t", 9, 1, batch_of(&c, 1), NULL));
	produce_init(&r, "t", -1, batch_of(&c, 1));
	r.in.transactional_id = STR("tx");
	assert_int_equal(CALL_REPLIED, call(API_PRODUCE, 9, &r.in, &out));
	assert_int_equal(KERR_NOT_ENOUGH_REPLICAS, only(&out)->error_code);
	assert_true(only(&out)->error_message.len > 0);
	buf_unref(r.batch);
	partition_unref(p);
	p = fixture_lead("__consumer_offsets", 0);
	assert_int_equal(KERR_INVALID_TOPIC_EXCEPTION, produce_to("__consumer_offsets", 9, 1, fixture_batch(1), NULL));
	partition_unref(p);
}

static void an_elsewhere_leader_is_named(void **state)
{
	struct produce_response out;
	struct produce r;

	(void)state;
	fixture_brokers(3);
	fixture_metadata("t", 0, 2, 8, 3);
	for (int16_t v = 9; v <= 10; v++) {
		produce_init(&r, "t", 1, fixture_batch(1));
		assert_int_equal(CALL_REPLIED, call(API_PRODUCE, v, &r.in, &out));
		buf_unref(r.batch);
		assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, only(&out)->error_code);
	}
	assert_int_equal(2, only(&out)->current_leader.leader_id);
	assert_int_equal(8, only(&out)->current_leader.leader_epoch);
	assert_int_equal(1, out.node_endpoints_n);
	assert_true(str_is(out.node_endpoints[0].host, "host2"));
}

static void a_bad_record_is_named(void **state)
{
	struct partition *p;
	answer_t a;

	(void)state;
	rf.compact = true;
	p = fixture_lead("t", 0);
	assert_int_equal(KERR_INVALID_RECORD, produce_to("t", 8, -1, fixture_batch(2), &a));
	assert_int_equal(2, a.record_errors_n);
	assert_int_equal(1, a.record_errors[1].batch_index);
	assert_true(a.error_message.len > 0);
	assert_int_equal(KERR_INVALID_RECORD, produce_to("t", 7, -1, fixture_batch(2), NULL));
	partition_unref(p);
}

/* --- waiting for followers --- */

static struct partition *lead_two(void)
{
	struct fixture_decision d = { .topic = "t", .replicas_n = 2, .isr_n = 2, .is_new = true };

	fixture_brokers(2);
	fixture_metadata("t", 0, 0, 0, 2);
	assert_int_equal(0, fixture_decide(&d, NULL));
	return partitions_get(rf.partitions, STR("t"), 0);
}

static void follower_fetches(struct partition *p, int64_t offset)
{
	struct partition_read q = { .replica_id = 1, .leader_epoch = -1, .last_fetched_epoch = -1, .offset = offset,
				    .max_bytes = 1000, .leader_only = true, .update_follower = true };
	struct partition_data data;
	unsigned moved;

	assert_int_equal(0, partition_read(p, &q, &rf.arena, &data, &moved));
	log_slice_fini(&data.slice);
	partitions_moved(rf.partitions, p, moved);
}

static int16_t produce_sequence(int32_t sequence, int16_t acks)
{
	struct builder_config c = BUILDER_CONFIG_INIT;

	c.producer_id = 5;
	c.producer_epoch = 0;
	c.base_sequence = sequence;
	return produce_to("t", 9, acks, batch_of(&c, 1), NULL);
}

/* In another millisecond than what was before. */
static void follower_fetches_later(struct partition *p, int64_t offset)
{
	usleep(2000);
	follower_fetches(p, offset);
}

/* It may have been replaced, and the producer been there meanwhile. */
static void who_may_be_replaced_misses_records_itself(void **state)
{
	struct partition *p;

	(void)state;
	p = lead_two();
	assert_int_equal(0, produce_sequence(0, 1));
	follower_fetches(p, 0);
	follower_fetches_later(p, 1);
	usleep(2000);
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, produce_sequence(10, -1));
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, produce_sequence(10, 1));
	follower_fetches_later(p, 1);
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, produce_sequence(10, -1));
	follower_fetches_later(p, 1);
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, produce_sequence(10, -1));
	partition_unref(p);
}

static void nobody_else_could_have_taken_the_records(void **state)
{
	struct partition *p;

	(void)state;
	rf.min_insync_replicas = 2;
	p = lead_two();
	assert_int_equal(0, produce_sequence(0, 1));
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, produce_sequence(10, -1));
	partition_unref(p);
}

static void a_lone_replica_cannot_be_replaced(void **state)
{
	struct partition *p = fixture_lead("t", 0);

	(void)state;
	assert_int_equal(0, produce_sequence(0, -1));
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, produce_sequence(10, -1));
	partition_unref(p);
}

static void acks_all_waits_for_the_follower(void **state)
{
	struct partition *p = lead_two();
	struct connection *c = client_open();
	struct produce_response out;
	struct produce r;

	(void)state;
	produce_init(&r, "t", -1, fixture_batch(3));
	r.in.timeout_ms = 60000;
	client_send(c, API_PRODUCE, 9, &r.in);
	follower_fetches(p, 0);
	follower_fetches(p, 2);
	assert_false(client_has_ended(c));
	follower_fetches(p, 3);
	assert_true(client_has_ended(c));
	assert_int_equal(CALL_REPLIED, client_wait(c, API_PRODUCE, 9, &out));
	assert_int_equal(0, only(&out)->error_code);
	assert_int_equal(0, only(&out)->base_offset);
	client_close(c);
	buf_unref(r.batch);
	partition_unref(p);
}

static void acks_all_times_out(void **state)
{
	struct partition *p = lead_two();
	answer_t a;

	(void)state;
	assert_int_equal(KERR_REQUEST_TIMED_OUT, produce_to("t", 9, -1, fixture_batch(3), &a));
	assert_int_equal(0, a.base_offset);
	assert_int_equal(0, produce_to("t", 9, 1, fixture_batch(3), &a));
	assert_int_equal(3, a.base_offset);
	partition_unref(p);
}

/* The connection is gone, the leader changes, the answer is made on another thread: nothing is leaked or touched
 * twice (the sanitizers watch). */
static void leadership_lost_while_waiting(void **state)
{
	struct partition *p = lead_two();
	struct fixture_decision d = { .topic = "t", .leader = 1, .leader_epoch = 1, .partition_epoch = 1,
				      .replicas_n = 2, .isr_n = 2 };
	struct connection *c = client_open(), *gone = client_open();
	struct produce_response out;
	struct produce r;

	(void)state;
	produce_init(&r, "t", -1, fixture_batch(3));
	r.in.timeout_ms = 60000;
	client_send(c, API_PRODUCE, 9, &r.in);
	client_send(gone, API_PRODUCE, 9, &r.in);
	client_close(gone);
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(CALL_REPLIED, client_wait(c, API_PRODUCE, 9, &out));
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, only(&out)->error_code);
	client_close(c);
	buf_unref(r.batch);
	partition_unref(p);
}

static void a_stop_ends_what_waits(void **state)
{
	struct partition *p = lead_two();
	struct connection *c = client_open();
	struct produce_response out;
	struct produce r;

	(void)state;
	produce_init(&r, "t", -1, fixture_batch(3));
	r.in.timeout_ms = 60000;
	client_send(c, API_PRODUCE, 9, &r.in);
	delayed_stop(rf.delayed);
	assert_int_equal(CALL_REPLIED, client_wait(c, API_PRODUCE, 9, &out));
	assert_int_equal(KERR_REQUEST_TIMED_OUT, only(&out)->error_code);
	client_close(c);
	buf_unref(r.batch);
	partition_unref(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, api_fixture_setup, api_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_version_appends),
		T(every_codec_appends),
		T(acks_zero_is_silent),
		T(checks),
		T(an_elsewhere_leader_is_named),
		T(a_bad_record_is_named),
		T(who_may_be_replaced_misses_records_itself),
		T(nobody_else_could_have_taken_the_records),
		T(a_lone_replica_cannot_be_replaced),
		T(acks_all_waits_for_the_follower),
		T(acks_all_times_out),
		T(leadership_lost_while_waiting),
		T(a_stop_ends_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
