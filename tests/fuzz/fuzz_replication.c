/* fuzz_replication.c - a broker between a hostile controller and a hostile leader: any sequence of LeaderAndIsr, StopReplica,
 * UpdateMetadata, and of answers to a follower's requests, over real partitions.
 *
 * The input is a sequence of steps: an opcode byte and the bytes its fields are taken from; small numbers are likely, any
 * number is possible. After every step: no epoch has gone back, and every log holds 0 <= high watermark <= log end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/metadata_version.h"
#include "record/batch.h"
#include "replica/follower.h"
#include "replica_fixture.h"
#include "storage/log.h"

enum { TOPICS = 2, INDEXES = 2, LEADER = 1, STEPS_MAX = 64, IDS_MAX = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond)                                                                                                    \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                               \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static struct clock_fake now;
static struct follower *f;
static int32_t controller_epoch;
static int32_t leader_epochs[TOPICS][INDEXES]; /* -1: the partition was not here */

static const char *const names[TOPICS] = { "t", "u" };

/* --- fields from bytes --- */

/* Mostly -2 .. 13, else anything. */
static int64_t number(struct cursor *c)
{
	uint8_t b = cur_u8(c);

	return b < 0xf0 ? b % 16 - 2 : cur_i64(c);
}

static int32_t number32(struct cursor *c)
{
	return (int32_t)(uint32_t)number(c);
}

static struct str topic_name(struct cursor *c)
{
	uint8_t b = cur_u8(c);

	return b == 0xff ? STR("") : b == 0xfe ? STR("../x") : str_of(names[b % TOPICS]);
}

static struct uuid topic_id(struct cursor *c, struct str name)
{
	uint8_t b = cur_u8(c);
	char text[16] = { 0 };
	struct uuid id = { { b } };

	if (b < 0xe0 && name.len > 0 && (size_t)name.len < sizeof(text)) {
		memcpy(text, name.p, (size_t)name.len);
		return fixture_topic_id(text);
	}
	return id;
}

static int32_t *broker_ids(struct cursor *c, int32_t *ret_n)
{
	int32_t n = cur_u8(c) % (IDS_MAX + 1);
	int32_t *ids = arena_alloc(&rf.arena, (size_t)(n ? n : 1) * sizeof(*ids));

	for (int32_t i = 0; i < n; i++)
		ids[i] = cur_i8(c);
	*ret_n = n;
	return ids;
}

/* --- the controller --- */

static void leader_and_isr(struct cursor *c)
{
	struct leader_and_isr_request_leader_and_isr_partition_state part;
	struct leader_and_isr_request_leader_and_isr_topic_state topic;
	struct leader_and_isr_request req;
	struct partition_results results;

	CODEC_INIT(leader_and_isr_request_leader_and_isr_partition_state, &part);
	CODEC_INIT(leader_and_isr_request_leader_and_isr_topic_state, &topic);
	CODEC_INIT(leader_and_isr_request, &req);
	req.controller_id = cur_i8(c);
	req.controller_epoch = number32(c);
	req.broker_epoch = number(c);
	req.type = cur_i8(c);
	topic.topic_name = topic_name(c);
	topic.topic_id = topic_id(c, topic.topic_name);
	part.partition_index = number32(c);
	part.controller_epoch = number32(c);
	part.leader = number32(c);
	part.leader_epoch = number32(c);
	part.partition_epoch = number32(c);
	part.replicas = broker_ids(c, &part.replicas_n);
	part.isr = broker_ids(c, &part.isr_n);
	part.adding_replicas = broker_ids(c, &part.adding_replicas_n);
	part.removing_replicas = broker_ids(c, &part.removing_replicas_n);
	part.leader_recovery_state = cur_i8(c);
	part.is_new = cur_u8(c) & 1;
	topic.partition_states = &part;
	topic.partition_states_n = 1;
	req.topic_states = &topic;
	req.topic_states_n = 1;
	CHECK(partitions_leader_and_isr(rf.partitions, 0, &req, &rf.arena, &results) == 0);
	CHECK(results.n <= 1);
}

static void stop_replica(struct cursor *c)
{
	struct stop_replica_request_stop_replica_partition_state part;
	struct stop_replica_request_stop_replica_topic_state topic;
	struct stop_replica_request req;
	struct partition_results results;

	CODEC_INIT(stop_replica_request_stop_replica_partition_state, &part);
	CODEC_INIT(stop_replica_request_stop_replica_topic_state, &topic);
	CODEC_INIT(stop_replica_request, &req);
	req.controller_id = cur_i8(c);
	req.controller_epoch = number32(c);
	req.broker_epoch = number(c);
	topic.topic_name = topic_name(c);
	part.partition_index = number32(c);
	part.leader_epoch = number32(c);
	part.delete_partition = cur_u8(c) & 1;
	topic.partition_states = &part;
	topic.partition_states_n = 1;
	req.topic_states = &topic;
	req.topic_states_n = 1;
	CHECK(partitions_stop_replica(rf.partitions, 0, &req, &rf.arena, &results) == 0);
}

static void update_metadata(struct cursor *c)
{
	struct update_metadata_request_update_metadata_partition_state part;
	struct update_metadata_request_update_metadata_topic_state topic;
	struct update_metadata_request_update_metadata_endpoint endpoint;
	struct update_metadata_request_update_metadata_broker broker;
	struct update_metadata_request req;

	CODEC_INIT(update_metadata_request_update_metadata_partition_state, &part);
	CODEC_INIT(update_metadata_request_update_metadata_topic_state, &topic);
	CODEC_INIT(update_metadata_request_update_metadata_endpoint, &endpoint);
	CODEC_INIT(update_metadata_request_update_metadata_broker, &broker);
	CODEC_INIT(update_metadata_request, &req);
	req.controller_id = cur_i8(c);
	req.controller_epoch = number32(c);
	req.broker_epoch = number(c);
	topic.topic_name = topic_name(c);
	topic.topic_id = topic_id(c, topic.topic_name);
	part.partition_index = number32(c);
	part.controller_epoch = number32(c);
	part.leader = number32(c);
	part.leader_epoch = number32(c);
	part.replicas = broker_ids(c, &part.replicas_n);
	part.isr = broker_ids(c, &part.isr_n);
	broker.id = number32(c);
	endpoint.host = STR("host1");
	endpoint.port = number32(c);
	endpoint.listener = STR("PLAINTEXT");
	broker.endpoints = &endpoint;
	broker.endpoints_n = cur_u8(c) & 1;
	topic.partition_states = &part;
	topic.partition_states_n = 1;
	req.topic_states = &topic;
	req.topic_states_n = 1;
	req.live_brokers = &broker;
	req.live_brokers_n = 1;
	(void)!partitions_update_metadata(rf.partitions, 0, &req);
}

/* --- the leader --- */

/* A batch whose header is the input's to a good part; with a right checksum, most times. */
static struct buf *records(struct cursor *c)
{
	uint8_t flags = cur_u8(c);
	struct batch whole;
	size_t end = 0;
	struct buf *b;

	if (!(flags & 1))
		return NULL;
	b = fixture_batch(1 + flags % 4);
	batch_set_base_offset(b->data, number(c));
	batch_set_leader_epoch(b->data, number32(c));
	for (unsigned n = flags >> 6; n > 0; n--) {
		uint8_t at = cur_u8(c);

		b->data[at % b->len] = cur_u8(c);
	}
	if (!(flags & 0x20) && batch_next(b->data, b->len, &end, &whole) == 0)
		batch_update_crc(b->data);
	if (flags & 0x10)
		b->len -= cur_u8(c) % b->len;
	return b;
}

static void fetch_turn(struct cursor *c)
{
	struct fetch_response_fetchable_topic_response topic;
	struct fetch_response_partition_data part;
	struct fetch_response out;
	struct fetch_request req;
	struct buf *b;
	int version;

	if (!follower_ask_records(f, &rf.arena, &req, &version))
		return;
	CODEC_INIT(fetch_response, &out);
	CODEC_INIT(fetch_response_fetchable_topic_response, &topic);
	CODEC_INIT(fetch_response_partition_data, &part);
	out.error_code = (int16_t)(cur_u8(c) & 7 ? 0 : number32(c));
	out.session_id = number32(c);
	topic.topic = topic_name(c);
	topic.topic_id = topic_id(c, topic.topic);
	part.partition_index = number32(c);
	part.error_code = (int16_t)(cur_u8(c) & 3 ? 0 : number32(c));
	part.high_watermark = number(c);
	part.log_start_offset = number(c);
	if ((cur_u8(c) & 3) == 0) {
		part.diverging_epoch.epoch = number32(c);
		part.diverging_epoch.end_offset = number(c);
	}
	b = records(c);
	if (b)
		part.records = (struct records){ .p = b->data, .len = (int32_t)b->len };
	topic.partitions = &part;
	topic.partitions_n = 1;
	out.responses = &topic;
	out.responses_n = 1;
	follower_records_answered(f, 0, &out);
	buf_unref(b);
}

static void epochs_turn(struct cursor *c)
{
	struct offset_for_leader_epoch_response_offset_for_leader_topic_result topic;
	struct offset_for_leader_epoch_response_epoch_end_offset part;
	struct offset_for_leader_epoch_response out;
	struct offset_for_leader_epoch_request req;

	if (!follower_ask_epochs(f, &rf.arena, &req))
		return;
	CODEC_INIT(offset_for_leader_epoch_response, &out);
	CODEC_INIT(offset_for_leader_epoch_response_offset_for_leader_topic_result, &topic);
	CODEC_INIT(offset_for_leader_epoch_response_epoch_end_offset, &part);
	topic.topic = topic_name(c);
	part.partition = number32(c);
	part.error_code = (int16_t)(cur_u8(c) & 3 ? 0 : number32(c));
	part.leader_epoch = number32(c);
	part.end_offset = number(c);
	topic.partitions = &part;
	topic.partitions_n = 1;
	out.topics = &topic;
	out.topics_n = 1;
	follower_epochs_answered(f, 0, &out);
}

static void offsets_turn(struct cursor *c)
{
	struct list_offsets_response_list_offsets_topic_response topic;
	struct list_offsets_response_list_offsets_partition_response part;
	struct list_offsets_response out;
	struct list_offsets_request req;

	for (int64_t timestamp = -1; timestamp >= -2; timestamp--) {
		if (!follower_ask_offsets(f, &rf.arena, timestamp, &req))
			return;
		CODEC_INIT(list_offsets_response, &out);
		CODEC_INIT(list_offsets_response_list_offsets_topic_response, &topic);
		CODEC_INIT(list_offsets_response_list_offsets_partition_response, &part);
		topic.name = topic_name(c);
		part.partition_index = number32(c);
		part.error_code = (int16_t)(cur_u8(c) & 3 ? 0 : number32(c));
		part.offset = number(c);
		part.leader_epoch = number32(c);
		topic.partitions = &part;
		topic.partitions_n = 1;
		out.topics = &topic;
		out.topics_n = 1;
		follower_offsets_answered(f, timestamp, 0, &out);
	}
}

/* --- the broker --- */

static void append(struct cursor *c)
{
	struct partition *p = partitions_get(rf.partitions, topic_name(c), number32(c));
	struct log_append_info info;
	struct buf *b = fixture_batch(2);
	unsigned moved;

	if (p)
		(void)!partition_append(p, b->data, b->len, 1, APPEND_CLIENT, 9, &rf.arena, &info, &moved);
	partition_unref(p);
	buf_unref(b);
}

static void follow(void *arg, struct partition *p, const struct image_broker *leader, int32_t leader_epoch,
    struct uuid id)
{
	(void)arg;
	(void)leader;
	follower_add(f, p, id, leader_epoch);
}

static void unfollow(void *arg, struct partition *p)
{
	(void)arg;
	(void)follower_remove(f, p);
}

static void set_topic_id(void *arg, struct partition *p, struct uuid id)
{
	(void)arg;
	follower_set_topic_id(f, p, id);
}

static void settle(void *arg)
{
	(void)arg;
}

static void check_partition(int topic, int index)
{
	struct partition *p = partitions_get(rf.partitions, str_of(names[topic]), index);
	struct partition_view v;
	struct log *log;

	if (!p) {
		leader_epochs[topic][index] = -1;
		return;
	}
	partition_view(p, &v);
	CHECK(v.leader_epoch >= leader_epochs[topic][index]);
	log = partition_log(p);
	CHECK(!log || (v.high_watermark >= 0 && v.high_watermark <= v.end_offset));
	log_unref(log);
	leader_epochs[topic][index] = v.leader_epoch;
	partition_unref(p);
}

static void check(void)
{
	CHECK(partitions_controller_epoch(rf.partitions) >= controller_epoch);
	controller_epoch = partitions_controller_epoch(rf.partitions);
	for (int topic = 0; topic < TOPICS; topic++) {
		for (int index = 0; index < INDEXES; index++)
			check_partition(topic, index);
	}
}

static void step(struct cursor *c)
{
	switch (cur_u8(c) % 9) {
	case 0:
	case 1:
		leader_and_isr(c);
		break;
	case 2:
		stop_replica(c);
		break;
	case 3:
		update_metadata(c);
		break;
	case 4:
	case 5:
		fetch_turn(c);
		break;
	case 6:
		epochs_turn(c);
		break;
	case 7:
		offsets_turn(c);
		break;
	default:
		append(c);
		clock_fake_advance(&now, cur_u8(c));
		break;
	}
}

static void start(int metadata_version)
{
	struct partitions_fetching fetching = { .follow = follow, .unfollow = unfollow, .set_topic_id = set_topic_id,
						.settle = settle };
	struct follower_config c = { .broker_id = 0, .leader_id = LEADER, .clock = &now.clock,
		.metadata_version = metadata_version, .backoff_ms = 10, .wait_max_ms = 500, .min_bytes = 1,
		.response_max_bytes = 10 << 20, .partition_max_bytes = 1 << 20 };

	if (replica_fixture_setup(NULL) != 0)
		abort();
	clock_fake_init(&now, 1700000000000);
	c.partitions = rf.partitions;
	f = follower_new(&c);
	partitions_set_fetching(rf.partitions, &fetching);
	partitions_set_broker_epoch(rf.partitions, 3);
	fixture_brokers(3);
	controller_epoch = partitions_controller_epoch(rf.partitions);
	memset(leader_epochs, -1, sizeof(leader_epochs));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cur_of(data, size);

	start(cur_u8(&c) & 1 ? METADATA_VERSION_2_6_IV0 : METADATA_VERSION_3_9_IV0);
	for (int n = 0; n < STEPS_MAX && cur_left(&c) > 0; n++) {
		step(&c);
		check();
	}
	f = follower_free(f);
	(void)replica_fixture_teardown(NULL);
	return 0;
}
