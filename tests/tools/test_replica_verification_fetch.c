/* test_replica_verification_fetch.c - rounds of fetches from two brokers: what is asked, whose answer goes where. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "record/builder.h"
#include "tests/base/unit.h"
#include "tests/tools/scripted_broker.h"
#include "tools/replica_verification_priv.h"
#include "tools/wire.h"

typedef struct fetch_response_fetchable_topic_response topic_row;
typedef struct fetch_response_partition_data partition_row;

/* Topic a with the partitions 0 and 1 on both brokers, topic b with one on broker 1 only. */
static struct replica_partition a_partitions[2], b_partitions[1];
static struct verified_topic topics[2];
static struct verified_broker fetched[2];
static struct replica_fetch fetch;
static struct scripted_broker brokers[2];
static struct buf *records;

static struct script {
	atomic_bool hang_up[2]; /* a broker sends its answer to the last request before it looks */
	bool nonsense; /* partitions and topics that nobody asked for */
	int code;
	char asked[2][128];
	int32_t replica_id[2], max_bytes[2];
} script;

static void fill(partition_row *p, int32_t index)
{
	p->partition_index = index;
	p->error_code = (int16_t)script.code;
	p->high_watermark = script.code ? -1 : 3;
	if (!script.code)
		p->records = (struct records){.p = records->data, .len = (int32_t)records->len};
}

static void answer_topic(
	struct arena *arena, const struct fetch_request_fetch_topic *in, topic_row *out)
{
	out->topic = in->topic;
	out->topic_id = in->topic_id;
	out->partitions_n = in->partitions_n;
	out->partitions = CODEC_NEW(arena, fetch_response_partition_data, (size_t)in->partitions_n);
	for (int32_t i = 0; i < in->partitions_n; i++)
		fill(&out->partitions[i],
			in->partitions[i].partition + (script.nonsense ? 100 : 0));
	if (script.nonsense)
		out->topic = STR("other");
}

static void note(struct scripted_broker *b, int version, const struct fetch_request *in)
{
	char *to = script.asked[b->id];
	size_t at = 0;

	script.replica_id[b->id] = version >= 15 ? in->replica_state.replica_id : in->replica_id;
	script.max_bytes[b->id] = in->max_bytes;
	to[0] = '\0';
	for (int32_t t = 0; t < in->topics_n; t++)
		for (int32_t i = 0; i < in->topics[t].partitions_n; i++)
			at += (size_t)snprintf(to + at, sizeof(script.asked[0]) - at, "%d@%d ",
				in->topics[t].partitions[i].partition,
				(int)in->topics[t].partitions[i].fetch_offset);
}

static bool answer(struct scripted_broker *b, int key, int version, const void *in_arg,
	struct arena *arena, void *out_arg)
{
	const struct fetch_request *in = in_arg;
	struct fetch_response *out = out_arg;

	assert_int_equal(API_FETCH, key);
	note(b, version, in);
	out->responses_n = in->topics_n;
	out->responses =
		CODEC_NEW(arena, fetch_response_fetchable_topic_response, (size_t)in->topics_n);
	for (int32_t t = 0; t < in->topics_n; t++)
		answer_topic(arena, &in->topics[t], &out->responses[t]);
	return !script.hang_up[b->id];
}

static void make_partition(struct replica_partition *p, struct str topic, int32_t number, size_t n)
{
	*p = (struct replica_partition){.topic = topic, .partition = number, .n = n};
	p->replicas = xcalloc(n, sizeof(*p->replicas));
	for (size_t i = 0; i < n; i++) /* the one replica of b is on broker 1 */
		p->replicas[i] =
			(struct replica){.broker = (int32_t)(n == 1 ? 1 : i), .high_watermark = -1};
}

static void make_records(void)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;

	assert_int_equal(0, batch_builder_init(&b, &c, NULL));
	for (int i = 0; i < 3; i++)
		assert_int_equal(0,
			batch_builder_append(&b, i, 1000, BYTES_NULL, BYTES_NULL, 0, BYTES_NULL));
	assert_int_equal(0, batch_builder_finish(&b, &records));
	batch_builder_fini(&b);
}

static int start(void **state)
{
	(void)state;
	memset(&script, 0, sizeof(script));
	memset(brokers, 0, sizeof(brokers));
	make_records();
	make_partition(&a_partitions[0], STR("a"), 0, 2);
	make_partition(&a_partitions[1], STR("a"), 1, 2);
	make_partition(&b_partitions[0], STR("b"), 5, 1);
	topics[0] = (struct verified_topic){STR("a"), {{1}}, a_partitions, 2};
	topics[1] = (struct verified_topic){STR("b"), {{2}}, b_partitions, 1};
	for (int i = 0; i < 2; i++) {
		brokers[i].answer = answer;
		scripted_broker_start(&brokers[i], i);
		fetched[i] = (struct verified_broker){
			.id = i, .host = "127.0.0.1", .port = brokers[i].port, .version = -1};
	}
	fetch = (struct replica_fetch){.topics = topics,
		.topics_n = 2,
		.brokers = fetched,
		.brokers_n = 2,
		.fetch_size = 1000,
		.max_wait_ms = 10};
	return 0;
}

static int stop(void **state)
{
	(void)state;
	replica_fetch_close(&fetch);
	for (int i = 0; i < 2; i++) {
		scripted_broker_stop(&brokers[i]);
		replica_partition_fini(&a_partitions[i]);
	}
	replica_partition_fini(&b_partitions[0]);
	records = buf_unref(records);
	return 0;
}

static void say(void *arg, const char *line)
{
	(void)arg;
	fail_msg("%s", line);
}

static void compare_all(void)
{
	assert_int_equal(REPLICAS_GO_ON, replica_compare(&a_partitions[0], say, NULL, NULL));
	assert_int_equal(REPLICAS_GO_ON, replica_compare(&a_partitions[1], say, NULL, NULL));
	assert_int_equal(REPLICAS_GO_ON, replica_compare(&b_partitions[0], say, NULL, NULL));
}

static void expect_offsets(int a0, int a1, int b)
{
	compare_all();
	assert_int_equal(a0, a_partitions[0].offset);
	assert_int_equal(a1, a_partitions[1].offset);
	assert_int_equal(b, b_partitions[0].offset);
}

static void each_broker_is_asked_for_what_it_has(void **state)
{
	(void)state;
	replica_fetch_round(&fetch);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(-2, script.replica_id[i]);
		assert_int_equal(32 * 1024 * 1024, script.max_bytes[i]);
	}
	assert_string_equal("0@0 1@0 ", script.asked[0]);
	assert_string_equal("0@0 1@0 5@0 ", script.asked[1]);
	expect_offsets(3, 3, 3);
}

static void rounds_begin_with_another_partition(void **state)
{
	(void)state;
	replica_fetch_round(&fetch);
	expect_offsets(3, 3, 3);
	replica_fetch_round(&fetch);
	assert_string_equal("1@3 0@3 ", script.asked[0]);
	assert_string_equal("1@3 5@3 0@3 ", script.asked[1]);
	replica_fetch_round(&fetch);
	assert_string_equal("0@3 1@3 ", script.asked[0]);
	assert_string_equal("5@3 0@3 1@3 ", script.asked[1]);
	replica_fetch_round(&fetch);
	assert_string_equal("0@3 1@3 5@3 ", script.asked[1]);
}

static void old_brokers_are_asked_by_name(void **state)
{
	(void)state;
	brokers[0].max_version[API_FETCH] = 11;
	topics[1].id = UUID_ZERO; /* so the other one is too */
	replica_fetch_round(&fetch);
	assert_int_equal(-2, script.replica_id[0]);
	expect_offsets(3, 3, 3);
}

static void one_that_hangs_up_has_nothing(void **state)
{
	(void)state;
	script.hang_up[1] = true;
	replica_fetch_round(&fetch);
	expect_offsets(0, 0, 0);
	assert_true(fetched[1].away);
	assert_null(fetched[1].wire);
	script.hang_up[1] = false;
	fetched[1].retry_ms = 0; /* the pause is over */
	replica_fetch_round(&fetch);
	assert_false(fetched[1].away);
	expect_offsets(3, 3, 3);
}

static void errors_are_nothing(void **state)
{
	(void)state;
	script.code = KERR_OFFSET_OUT_OF_RANGE;
	replica_fetch_round(&fetch);
	assert_int_equal(-1, replica_high_watermark(&a_partitions[0]));
	expect_offsets(0, 0, 0);
	assert_int_equal(KERR_OFFSET_OUT_OF_RANGE, a_partitions[0].replicas[1].error);
}

static void what_nobody_asked_for_is_left_out(void **state)
{
	(void)state;
	script.nonsense = true;
	replica_fetch_round(&fetch);
	expect_offsets(0, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_broker_is_asked_for_what_it_has),
		TEST(rounds_begin_with_another_partition),
		TEST(old_brokers_are_asked_by_name),
		TEST(one_that_hangs_up_has_nothing),
		TEST(errors_are_nothing),
		TEST(what_nobody_asked_for_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
