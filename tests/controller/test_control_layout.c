/* test_control_layout.c - the controller's requests in every version: what is put in comes out, as far as the version has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "controller/control_layout.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "protocol/messages.h"

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* Through the layout and the bytes of `version`, into *ret; the arena keeps what it points at. */
static void pass(int key, int version, const void *req, void *ret)
{
	const struct schema *s = api_version_find(key)->request;
	const void *in = control_layout(key, version, req, &arena);
	struct buf *b = NULL;
	struct cursor c;
	struct writer w;
	uint8_t *copy;

	assert_non_null(in);
	writer_init(&w, 0, 0);
	if (codec_encode(s, version, in, &w) != 0)
		fail_msg("%s in version %d", codec_fault(), version);
	assert_int_equal(codec_size(s, version, in), writer_len(&w));
	assert_int_equal(0, writer_take_buf(&w, &b));
	copy = arena_alloc(&arena, b->len);
	memcpy(copy, b->data, b->len);
	c = cur_of(copy, b->len);
	buf_unref(b);
	assert_int_equal(0, codec_decode(s, version, &c, &arena, ret));
	assert_int_equal(0, cur_left(&c));
}

static int32_t replicas[] = { 1, 2, 3 };

static void leader_and_isr_is_grouped_by_topic_since_2(void **state)
{
	struct leader_and_isr_request_leader_and_isr_partition_state p[3];
	struct leader_and_isr_request_leader_and_isr_topic_state t[2] = {
		{ .topic_name = STR("a"), .topic_id = { { 1 } }, .partition_states = p, .partition_states_n = 2 },
		{ .topic_name = STR("b"), .partition_states = p + 2, .partition_states_n = 1 },
	};
	struct leader_and_isr_request in, out;

	(void)state;
	for (int32_t i = 0; i < 3; i++)
		p[i] = (struct leader_and_isr_request_leader_and_isr_partition_state){ .partition_index = i, .leader = 2,
			.leader_epoch = 7, .isr = replicas, .isr_n = 2, .replicas = replicas, .replicas_n = 3,
			.adding_replicas = replicas, .adding_replicas_n = 1, .is_new = true };
	CODEC_INIT(leader_and_isr_request, &in);
	in.controller_id = 9;
	in.broker_epoch = 77;
	in.topic_states = t;
	in.topic_states_n = 2;
	for (int v = 0; v <= leader_and_isr_request_schema.last; v++) {
		const struct leader_and_isr_request_leader_and_isr_partition_state *last;

		pass(API_LEADER_AND_ISR, v, &in, &out);
		assert_int_equal(v < 2 ? 3 : 0, out.ungrouped_partition_states_n);
		assert_int_equal(v < 2 ? 0 : 2, out.topic_states_n);
		assert_int_equal(v < 2 ? -1 : 77, out.broker_epoch);
		last = v < 2 ? &out.ungrouped_partition_states[2] : &out.topic_states[1].partition_states[0];
		assert_true(str_is(v < 2 ? last->topic_name : out.topic_states[1].topic_name, "b"));
		assert_int_equal(2, last->partition_index);
		assert_int_equal(7, last->leader_epoch);
		assert_int_equal(3, last->replicas_n);
		assert_int_equal(v < 3 ? 0 : 1, last->adding_replicas_n);
		assert_int_equal(v >= 1, last->is_new);
	}
}

static void metadata_update_is_grouped_by_topic_since_5(void **state)
{
	struct update_metadata_request_update_metadata_partition_state p = { .partition_index = 4, .leader = 2, .isr = replicas,
		.isr_n = 3, .replicas = replicas, .replicas_n = 3, .offline_replicas = replicas, .offline_replicas_n = 1 };
	struct update_metadata_request_update_metadata_topic_state t = { .topic_name = STR("a"), .topic_id = { { 1 } },
		.partition_states = &p, .partition_states_n = 1 };
	struct update_metadata_request_update_metadata_endpoint e[] = {
		{ .port = 1, .host = STR("inside"), .listener = STR("INSIDE") },
		{ .port = 2, .host = STR("plain"), .listener = STR("PLAINTEXT") },
	};
	struct update_metadata_request_update_metadata_broker b[] = {
		{ .id = 1, .endpoints = e, .endpoints_n = 2, .rack = STR("r") },
		{ .id = 2, .endpoints = e, .endpoints_n = 1, .rack = STR_NULL },
	};
	struct update_metadata_request in, out;

	(void)state;
	CODEC_INIT(update_metadata_request, &in);
	in.broker_epoch = 77;
	in.topic_states = &t;
	in.topic_states_n = 1;
	in.live_brokers = b;
	in.live_brokers_n = 2;
	for (int v = 0; v <= update_metadata_request_schema.last; v++) {
		pass(API_UPDATE_METADATA, v, &in, &out);
		assert_int_equal(v < 5 ? 1 : 0, out.ungrouped_partition_states_n);
		assert_int_equal(v < 5 ? 0 : 1, out.topic_states_n);
		assert_true(str_is(v < 5 ? out.ungrouped_partition_states[0].topic_name : out.topic_states[0].topic_name, "a"));
		assert_int_equal(2, out.live_brokers_n);
		if (v == 0) { /* one address, of the listener that is named after its protocol */
			assert_true(str_is(out.live_brokers[0].v0_host, "plain"));
			assert_int_equal(2, out.live_brokers[0].v0_port);
			assert_true(str_is(out.live_brokers[1].v0_host, ""));
			assert_int_equal(-1, out.live_brokers[1].v0_port);
		} else {
			assert_int_equal(2, out.live_brokers[0].endpoints_n);
		}
		assert_int_equal(v >= 2, str_is(out.live_brokers[0].rack, "r"));
	}
}

static void stopping_has_had_three_forms(void **state)
{
	struct stop_replica_request_stop_replica_partition_state p[2] = {
		{ .partition_index = 3, .leader_epoch = 5, .delete_partition = true },
		{ .partition_index = 8, .leader_epoch = 6, .delete_partition = true },
	};
	struct stop_replica_request_stop_replica_topic_state t = { .topic_name = STR("a"), .partition_states = p,
		.partition_states_n = 2 };
	struct stop_replica_request in, out;

	(void)state;
	for (int deleted = 0; deleted <= 1; deleted++) {
		p[0].delete_partition = p[1].delete_partition = deleted;
		CODEC_INIT(stop_replica_request, &in);
		in.topic_states = &t;
		in.topic_states_n = 1;
		for (int v = 0; v <= stop_replica_request_schema.last; v++) {
			pass(API_STOP_REPLICA, v, &in, &out);
			assert_int_equal(v == 0 ? 2 : 0, out.ungrouped_partitions_n);
			assert_int_equal(v == 1 || v == 2 ? 1 : 0, out.topics_n);
			assert_int_equal(v >= 3 ? 1 : 0, out.topic_states_n);
			assert_int_equal(v < 3 && deleted, out.delete_partitions);
			if (v == 0) {
				assert_true(str_is(out.ungrouped_partitions[1].topic_name, "a"));
				assert_int_equal(8, out.ungrouped_partitions[1].partition_index);
			} else if (v < 3) {
				assert_true(str_is(out.topics[0].name, "a"));
				assert_int_equal(8, out.topics[0].partition_indexes[1]);
			} else {
				assert_int_equal(6, out.topic_states[0].partition_states[1].leader_epoch);
			}
		}
	}
}

static void nothing_is_made_of_nothing(void **state)
{
	struct leader_and_isr_request lisr, lisr_out;
	struct update_metadata_request umr, umr_out;
	struct stop_replica_request stop, stop_out;

	(void)state;
	CODEC_INIT(leader_and_isr_request, &lisr);
	CODEC_INIT(update_metadata_request, &umr);
	CODEC_INIT(stop_replica_request, &stop);
	pass(API_LEADER_AND_ISR, 0, &lisr, &lisr_out);
	pass(API_UPDATE_METADATA, 0, &umr, &umr_out);
	for (int v = 0; v < 3; v++)
		pass(API_STOP_REPLICA, v, &stop, &stop_out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(leader_and_isr_is_grouped_by_topic_since_2),
		T(metadata_update_is_grouped_by_topic_since_5),
		T(stopping_has_had_three_forms),
		T(nothing_is_made_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
