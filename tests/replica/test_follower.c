/* test_follower.c - what a follower asks its leader, and what the answers do to its log (replication.md 7). The test is the
 * leader. Length: one leader, what it says and what becomes of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "protocol/metadata_version.h"
#include "record/batch.h"
#include "replica/follower.h"
#include "replica/throttle.h"
#include "replica_fixture.h"
#include "storage/log.h"
#include "storage/log_config.h"

enum { US = 0, LEADER = 1, BACKOFF_MS = 1000 };

static struct clock_fake now;
static struct follower *f;
static struct throttle *throttle;

/* The topic lists all its followers. */
static void list_all(const char *topic)
{
	struct log_config *c = log_config_new();

	c->follower_throttled.all = true;
	throttle_set_topic(throttle, topic, c);
	log_config_unref(c);
}

static void start(int metadata_version)
{
	const struct throttle_config t = { .clock = &now.clock, .broker_id = US, .replication = { 11, 1000 },
		.moves = { 11, 1000 } };
	struct follower_config c = { .broker_id = US, .leader_id = LEADER, .clock = &now.clock,
		.partitions = rf.partitions, .metadata_version = metadata_version, .backoff_ms = BACKOFF_MS,
		.wait_max_ms = 500, .min_bytes = 1, .response_max_bytes = 10 << 20, .partition_max_bytes = 1 << 20,
		.throttle = throttle = throttle_new(&t) };

	clock_fake_init(&now, 1700000000000);
	clock_fake_advance(&now, 5000);
	f = follower_new(&c);
}

static void stop(void)
{
	f = follower_free(f);
	throttle = throttle_free(throttle);
}

/* A partition that follows broker 1 in `epoch`, with a log of `records` records of epoch 0. */
static struct partition *follow(const char *topic, int32_t epoch, int records)
{
	struct fixture_decision d = { .topic = topic, .leader = US, .replicas_n = 2, .isr_n = 1, .is_new = true };
	struct partition *p;

	fixture_brokers(2);
	fixture_metadata(topic, 0, US, 0, 2);
	if (records > 0) {
		assert_int_equal(0, fixture_decide(&d, NULL));
		p = partitions_get(rf.partitions, str_of(topic), 0);
		assert_int_equal(0, fixture_append(p, records, 1, NULL, NULL));
		partition_unref(p);
	}
	d.leader = LEADER;
	d.leader_epoch = epoch;
	d.partition_epoch = 1;
	assert_int_equal(0, fixture_decide(&d, NULL));
	p = partitions_get(rf.partitions, str_of(topic), 0);
	assert_non_null(p);
	follower_add(f, p, fixture_topic_id(topic), epoch);
	return p;
}

/* The next request; NULL: none. */
static const struct fetch_request *ask(int *ret_version)
{
	static struct fetch_request req;
	int version;

	if (!follower_ask_records(f, &rf.arena, &req, ret_version ? ret_version : &version))
		return NULL;
	return &req;
}

static const struct fetch_request_fetch_partition *only(const struct fetch_request *req)
{
	assert_non_null(req);
	assert_int_equal(1, req->topics_n);
	assert_int_equal(1, req->topics[0].partitions_n);
	return &req->topics[0].partitions[0];
}

/* What the leader says about t-0. */
struct say {
	int16_t top, error;
	int32_t session;
	int64_t high_watermark, log_start;
	int32_t diverging_epoch; /* 0: none */
	int64_t diverging_end;
	struct buf *records;
	const char *topic; /* NULL: t */
	bool nothing;	   /* no partition at all */
	bool by_name;	   /* as before version 13 */
};

static void answer(struct say s)
{
	struct fetch_response_partition_data part;
	struct fetch_response_fetchable_topic_response topic;
	struct fetch_response out;

	CODEC_INIT(fetch_response, &out);
	CODEC_INIT(fetch_response_partition_data, &part);
	memset(&topic, 0, sizeof(topic));
	part.error_code = s.error;
	part.high_watermark = s.high_watermark;
	part.log_start_offset = s.log_start;
	if (s.diverging_epoch > 0) {
		part.diverging_epoch.epoch = s.diverging_epoch - 1;
		part.diverging_epoch.end_offset = s.diverging_end;
	}
	if (s.records)
		part.records = (struct records){ .p = s.records->data, .len = (int32_t)s.records->len };
	topic.topic = s.by_name ? STR("t") : STR("");
	topic.topic_id = s.by_name ? UUID_ZERO : fixture_topic_id(s.topic ? s.topic : "t");
	topic.partitions = &part;
	topic.partitions_n = 1;
	out.error_code = s.top;
	out.session_id = s.session;
	out.responses = &topic;
	out.responses_n = s.nothing ? 0 : 1;
	follower_records_answered(f, 0, &out);
	buf_unref(s.records);
}

/* A batch of n records as the leader has it: with offsets and an epoch. */
static struct buf *batch(int64_t base, int n, int32_t epoch)
{
	struct buf *b = fixture_batch(n);

	batch_set_base_offset(b->data, base);
	batch_set_leader_epoch(b->data, epoch);
	return b;
}

static int64_t end_of(struct partition *p)
{
	struct partition_view v;

	partition_view(p, &v);
	return v.end_offset;
}

static int64_t mark_of(struct partition *p)
{
	struct partition_view v;

	partition_view(p, &v);
	return v.high_watermark;
}

static bool is_failed(void)
{
	int32_t all, failed;

	follower_count(f, &all, &failed);
	assert_int_equal(1, all);
	return failed == 1;
}

static void an_empty_log_is_filled_from_the_leader(void **state)
{
	struct partition *p;
	struct offset_for_leader_epoch_request epochs;
	const struct fetch_request_fetch_partition *part;
	int version;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 3, 0);
	assert_null(ask(NULL)); /* no epochs: the log is cut at its high watermark first */
	assert_false(follower_ask_epochs(f, &rf.arena, &epochs));
	part = only(ask(&version));
	assert_int_equal(17, version);
	assert_int_equal(3, part->current_leader_epoch);
	assert_int_equal(0, part->fetch_offset);
	assert_int_equal(-1, part->last_fetched_epoch);
	answer((struct say){ .session = 7, .high_watermark = 1, .records = batch(0, 3, 3) });
	assert_int_equal(3, end_of(p));
	assert_int_equal(1, mark_of(p));
	part = only(ask(NULL));
	assert_int_equal(3, part->fetch_offset);
	assert_int_equal(3, part->last_fetched_epoch);
	partition_unref(p);
	stop();
}

static void the_session_sends_only_what_changed(void **state)
{
	struct partition *p, *q;
	const struct fetch_request *req;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	q = follow("u", 1, 2);
	req = ask(NULL);
	assert_int_equal(0, req->session_epoch);
	assert_int_equal(2, req->topics_n);
	assert_int_equal(US, req->replica_state.replica_id);
	answer((struct say){ .session = 9, .nothing = true }); /* a full answer lacks partitions: begin anew */
	req = ask(NULL);
	assert_int_equal(0, req->session_id);
	assert_int_equal(0, req->session_epoch);
	follower_remove(f, q);
	follower_records_answered(f, -ETIMEDOUT, NULL);
	assert_null(ask(NULL)); /* everything waits */
	clock_fake_advance(&now, BACKOFF_MS);
	assert_int_equal(2, only(ask(NULL))->fetch_offset);
	answer((struct say){ .session = 9, .high_watermark = 2 });
	req = ask(NULL);
	assert_int_equal(9, req->session_id);
	assert_int_equal(1, req->session_epoch);
	assert_int_equal(0, req->topics_n);
	answer((struct say){ .session = 9, .high_watermark = 4, .records = batch(2, 2, 1) });
	req = ask(NULL);
	assert_int_equal(2, req->session_epoch);
	assert_int_equal(4, only(req)->fetch_offset);
	follower_remove(f, p);
	assert_null(ask(NULL));
	partition_unref(p);
	partition_unref(q);
	stop();
}

static void what_is_removed_is_forgotten_and_what_comes_back_is_not(void **state)
{
	struct partition *p, *q;
	const struct fetch_request *req;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	assert_non_null(ask(NULL));
	answer((struct say){ .session = 9, .high_watermark = 2 });
	q = follow("u", 1, 2);
	assert_true(follower_remove(f, p));
	req = ask(NULL);
	assert_true(str_is(req->topics[0].topic, "u"));
	assert_int_equal(1, req->forgotten_topics_data_n);
	assert_true(uuid_eq(fixture_topic_id("t"), req->forgotten_topics_data[0].topic_id));
	answer((struct say){ .session = 9, .topic = "u", .high_watermark = 2 });
	assert_true(follower_remove(f, q));
	follower_add(f, q, fixture_topic_id("u"), 2); /* a new epoch, before the next request */
	req = ask(NULL);
	assert_int_equal(0, req->forgotten_topics_data_n);
	assert_int_equal(2, only(req)->current_leader_epoch);
	partition_unref(p);
	partition_unref(q);
	stop();
}

/* The answer crosses the removal of what it is about: it fits the session that was asked. */
static void an_answer_about_what_was_removed_meanwhile_fits(void **state)
{
	struct partition *p, *q;
	const struct fetch_request *req;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	assert_non_null(ask(NULL));
	assert_true(follower_remove(f, p));
	answer((struct say){ .session = 9, .high_watermark = 2 });
	q = follow("u", 1, 2);
	req = ask(NULL);
	assert_int_equal(9, req->session_id);
	assert_int_equal(1, req->session_epoch);
	assert_int_equal(1, req->forgotten_topics_data_n);
	partition_unref(p);
	partition_unref(q);
	stop();
}

/* The answer crosses a new epoch: what it says is not taken, and the leader would not say it again. */
static void a_mark_that_was_not_taken_is_told_again(void **state)
{
	struct partition *p;
	const struct fetch_request *req;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	assert_non_null(ask(NULL));
	answer((struct say){ .session = 9, .high_watermark = 1 });
	assert_non_null(ask(NULL));
	assert_true(follower_remove(f, p));
	follower_add(f, p, fixture_topic_id("t"), 2);
	answer((struct say){ .session = 9, .high_watermark = 2 });
	req = ask(NULL);
	assert_int_equal(9, req->session_id);
	assert_int_equal(0, req->session_epoch);
	assert_int_equal(2, only(req)->current_leader_epoch);
	partition_unref(p);
	stop();
}

static void refused_sessions_begin_anew(void **state)
{
	struct partition *p;
	const struct fetch_request *req;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	assert_non_null(ask(NULL));
	answer((struct say){ .session = 9, .high_watermark = 2 });
	assert_int_equal(1, ask(NULL)->session_epoch);
	answer((struct say){ .top = KERR_INVALID_FETCH_SESSION_EPOCH, .nothing = true });
	req = ask(NULL); /* at once, and closing the old one */
	assert_int_equal(9, req->session_id);
	assert_int_equal(0, req->session_epoch);
	answer((struct say){ .top = KERR_FETCH_SESSION_ID_NOT_FOUND, .nothing = true });
	assert_int_equal(0, ask(NULL)->session_id);
	answer((struct say){ .top = KERR_FETCH_SESSION_ID_NOT_FOUND, .nothing = true });
	assert_null(ask(NULL)); /* the third in a row: no hurry any more */
	clock_fake_advance(&now, BACKOFF_MS);
	assert_non_null(ask(NULL));
	answer((struct say){ .top = KERR_FETCH_SESSION_TOPIC_ID_ERROR, .nothing = true });
	assert_null(ask(NULL));
	partition_unref(p);
	stop();
}

static void a_diverging_log_is_cut_and_nothing_else_is_taken(void **state)
{
	struct partition *p;
	const struct fetch_request_fetch_partition *part;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 2, 5);
	part = only(ask(NULL));
	assert_int_equal(5, part->fetch_offset);
	assert_int_equal(0, part->last_fetched_epoch);
	answer((struct say){ .session = 9, .high_watermark = 5, .diverging_epoch = 1, .diverging_end = 3,
	    .records = batch(5, 1, 2) });
	assert_int_equal(3, end_of(p));
	assert_true(mark_of(p) <= 3);
	part = only(ask(NULL));
	assert_int_equal(3, part->fetch_offset);
	assert_int_equal(0, part->last_fetched_epoch);
	answer((struct say){ .session = 9, .high_watermark = 4, .records = batch(3, 1, 2) });
	assert_int_equal(4, end_of(p));
	assert_int_equal(4, mark_of(p));
	partition_unref(p);
	stop();
}

static void answers_to_what_was_asked_before_are_ignored(void **state)
{
	struct partition *p;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	assert_non_null(ask(NULL));
	assert_true(follower_remove(f, p));
	follower_add(f, p, fixture_topic_id("t"), 1);
	answer((struct say){ .session = 9, .high_watermark = 3, .records = batch(2, 1, 1) });
	assert_int_equal(2, end_of(p));
	assert_int_equal(2, only(ask(NULL))->fetch_offset);
	partition_unref(p);
	stop();
}

static void a_fetcher_of_an_old_epoch_cannot_write(void **state)
{
	struct fixture_decision d = { .topic = "t", .leader = US, .leader_epoch = 5, .partition_epoch = 9,
		.replicas_n = 2, .isr_n = 1 };
	struct partition *p;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	assert_non_null(ask(NULL));
	assert_int_equal(0, fixture_decide(&d, NULL)); /* we lead; the fetcher has not been told */
	answer((struct say){ .session = 9, .high_watermark = 3, .records = batch(2, 1, 1) });
	assert_int_equal(2, end_of(p));
	assert_false(is_failed());
	partition_unref(p);
	stop();
}

static void errors_wait_or_end(void **state)
{
	static const struct {
		int16_t error;
		bool fails;
	} rows[] = {
		{ KERR_NOT_LEADER_OR_FOLLOWER, false }, { KERR_UNKNOWN_LEADER_EPOCH, false },
		{ KERR_UNKNOWN_TOPIC_ID, false },	{ KERR_UNKNOWN_TOPIC_OR_PARTITION, false },
		{ KERR_INCONSISTENT_TOPIC_ID, false },	{ KERR_KAFKA_STORAGE_ERROR, false },
		{ KERR_UNKNOWN_SERVER_ERROR, false },	{ KERR_FENCED_LEADER_EPOCH, true },
	};
	struct partition *p;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_non_null(ask(NULL));
		answer((struct say){ .session = 9, .error = rows[i].error, .high_watermark = -1 });
		assert_int_equal(rows[i].fails, is_failed());
		assert_null(ask(NULL));
		clock_fake_advance(&now, BACKOFF_MS);
	}
	assert_null(ask(NULL));
	assert_int_equal(INT64_MAX, follower_next_ms(f));
	follower_add(f, p, fixture_topic_id("t"), 1); /* the controller speaks of it again */
	assert_false(is_failed());
	assert_non_null(ask(NULL));
	partition_unref(p);
	stop();
}

/* The delays until the leader has heard: 10, 20, 40 ... and never more than the backoff; from the start after a success. */
static void a_leader_that_has_not_heard_is_asked_again_soon(void **state)
{
	static const int64_t delays[] = { 10, 20, 40, 80, 160, 320, 640, BACKOFF_MS, BACKOFF_MS };
	struct partition *p;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
			assert_non_null(ask(NULL));
			answer((struct say){ .session = 9, .error = KERR_UNKNOWN_LEADER_EPOCH, .high_watermark = -1 });
			clock_fake_advance(&now, delays[i] - 1);
			assert_null(ask(NULL));
			clock_fake_advance(&now, 1);
		}
		assert_non_null(ask(NULL));
		answer((struct say){ .session = 9, .high_watermark = 2 });
	}
	partition_unref(p);
	stop();
}

static void the_leader_is_not_patient_while_something_is_delayed(void **state)
{
	struct partition *p, *other;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	other = follow("u", 1, 2);
	assert_int_equal(500, ask(NULL)->max_wait_ms);
	follower_remove(f, other);
	assert_non_null(ask(NULL));
	answer((struct say){ .session = 9, .error = KERR_NOT_LEADER_OR_FOLLOWER, .high_watermark = -1 });
	follower_add(f, other, fixture_topic_id("u"), 1);
	clock_fake_advance(&now, 4);
	assert_int_equal(6, ask(NULL)->max_wait_ms);
	clock_fake_advance(&now, 6);
	assert_int_equal(500, ask(NULL)->max_wait_ms);
	partition_unref(p);
	partition_unref(other);
	stop();
}

/* The connection was given up to ask for more: nothing waits, and the old session is closed by the full request. */
static void a_request_that_was_given_up_is_made_anew(void **state)
{
	const struct fetch_request *req;
	struct partition *p;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	assert_non_null(ask(NULL));
	answer((struct say){ .session = 9, .high_watermark = 2 });
	assert_non_null(ask(NULL));
	follower_records_answered(f, -ESTALE, NULL);
	req = ask(NULL);
	assert_non_null(only(req));
	assert_int_equal(9, req->session_id);
	assert_int_equal(0, req->session_epoch);
	partition_unref(p);
	stop();
}

static void damage_on_the_way_is_fetched_again(void **state)
{
	struct buf *b = batch(2, 1, 1);
	struct partition *p;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	assert_non_null(ask(NULL));
	b->data[b->len - 1] ^= 1;
	answer((struct say){ .session = 9, .high_watermark = 3, .records = b });
	assert_int_equal(2, end_of(p));
	assert_false(is_failed());
	assert_null(ask(NULL));
	clock_fake_advance(&now, BACKOFF_MS);
	assert_non_null(ask(NULL));
	answer((struct say){ .session = 9, .high_watermark = 3, .records = batch(0, 1, 1) }); /* offsets we have */
	assert_true(is_failed());
	assert_int_equal(2, end_of(p));
	partition_unref(p);
	stop();
}

/* --- out of range --- */

static void tell_offset(int64_t timestamp, int64_t offset)
{
	struct list_offsets_response_list_offsets_partition_response part = { .offset = offset };
	struct list_offsets_response_list_offsets_topic_response topic = { .name = STR("t"), .partitions = &part,
		.partitions_n = 1 };
	struct list_offsets_response out = { .topics = &topic, .topics_n = 1 };
	struct list_offsets_request in;

	assert_true(follower_ask_offsets(f, &rf.arena, timestamp, &in));
	assert_int_equal(1, in.topics_n);
	assert_int_equal(US, in.replica_id);
	assert_int_equal(timestamp, in.topics[0].partitions[0].timestamp);
	follower_offsets_answered(f, timestamp, 0, &out);
}

static void out_of_range(int64_t leader_start, int64_t leader_end, int64_t want_end)
{
	const struct fetch_request *req;
	struct list_offsets_request in;
	struct partition *p;

	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 5);
	assert_non_null(ask(NULL));
	answer((struct say){ .session = 9, .error = KERR_OFFSET_OUT_OF_RANGE, .high_watermark = -1 });
	assert_null(ask(NULL));
	assert_false(follower_ask_offsets(f, &rf.arena, -2, &in)); /* only when the end is known */
	tell_offset(-1, leader_end);
	tell_offset(-2, leader_start);
	assert_int_equal(want_end, end_of(p));
	clock_fake_advance(&now, BACKOFF_MS);
	req = ask(NULL);
	assert_non_null(req);
	if (want_end != 5) /* else the session has it already */
		assert_int_equal(want_end, only(req)->fetch_offset);
	partition_unref(p);
	stop();
}

static void a_leader_with_less_cuts_us(void **state)
{
	(void)state;
	out_of_range(0, 3, 3);
}

static void a_leader_that_begins_later_makes_us_begin_anew(void **state)
{
	(void)state;
	out_of_range(100, 200, 100);
}

static void a_leader_whose_range_has_our_end_is_asked_again_later(void **state)
{
	(void)state;
	out_of_range(2, 9, 5);
}

/* --- older protocols --- */

static void before_2_7_epochs_are_asked_for(void **state)
{
	struct offset_for_leader_epoch_response_epoch_end_offset end = { .leader_epoch = 0, .end_offset = 4 };
	struct offset_for_leader_epoch_response_offset_for_leader_topic_result topic = { .topic = STR("t"),
		.partitions = &end, .partitions_n = 1 };
	struct offset_for_leader_epoch_response out = { .topics = &topic, .topics_n = 1 };
	struct offset_for_leader_epoch_request in;
	const struct fetch_request_fetch_partition *part;
	struct partition *p;
	int version;

	(void)state;
	start(METADATA_VERSION_2_3_IV1);
	p = follow("t", 2, 5);
	assert_null(ask(NULL));
	assert_true(follower_ask_epochs(f, &rf.arena, &in));
	assert_int_equal(0, in.topics[0].partitions[0].leader_epoch);
	assert_int_equal(2, in.topics[0].partitions[0].current_leader_epoch);
	follower_epochs_answered(f, -ETIMEDOUT, NULL);
	assert_false(follower_ask_epochs(f, &rf.arena, &in));
	clock_fake_advance(&now, BACKOFF_MS);
	assert_true(follower_ask_epochs(f, &rf.arena, &in));
	follower_epochs_answered(f, 0, &out);
	assert_int_equal(4, end_of(p));
	part = only(ask(&version));
	assert_int_equal(11, version);
	assert_int_equal(4, part->fetch_offset);
	assert_int_equal(-1, part->last_fetched_epoch);
	partition_unref(p);
	stop();
}

/* The answer of version 0 has no epoch: only where the asked one ends. */
static void before_2_0_an_end_is_all_that_is_told(void **state)
{
	struct offset_for_leader_epoch_response_epoch_end_offset end = { .leader_epoch = -1, .end_offset = 3 };
	struct offset_for_leader_epoch_response_offset_for_leader_topic_result topic = { .topic = STR("t"),
		.partitions = &end, .partitions_n = 1 };
	struct offset_for_leader_epoch_response out = { .topics = &topic, .topics_n = 1 };
	struct offset_for_leader_epoch_request in;
	struct partition *p;
	int version;

	(void)state;
	start(METADATA_VERSION_0_11_0_IV2);
	p = follow("t", 2, 5);
	assert_true(follower_ask_epochs(f, &rf.arena, &in));
	follower_epochs_answered(f, 0, &out);
	assert_int_equal(3, end_of(p));
	assert_int_equal(3, only(ask(&version))->fetch_offset);
	assert_int_equal(5, version);
	partition_unref(p);
	stop();
}

static void before_0_11_logs_are_cut_at_the_high_watermark(void **state)
{
	const struct fetch_request_fetch_partition *part;
	struct offset_for_leader_epoch_request in;
	struct partition *p;
	struct log *log;
	int version;

	(void)state;
	start(METADATA_VERSION_0_11_0_IV1);
	p = follow("t", 2, 5);
	log = partition_log(p);
	assert_true(log_set_high_watermark(log, 2));
	log_unref(log);
	assert_true(follower_remove(f, p));
	follower_add(f, p, fixture_topic_id("t"), 2);
	assert_null(ask(NULL));
	assert_false(follower_ask_epochs(f, &rf.arena, &in)); /* nobody is asked */
	assert_int_equal(2, end_of(p));
	part = only(ask(&version));
	assert_int_equal(5, version);
	assert_int_equal(2, part->fetch_offset);
	assert_int_equal(-1, part->last_fetched_epoch);
	partition_unref(p);
	stop();
}

/* Version 0 of ListOffsets answers with lists. */
static void tell_old_offset(int64_t timestamp, int64_t offset)
{
	struct list_offsets_response_list_offsets_partition_response part = { .offset = -1, .old_style_offsets = &offset,
		.old_style_offsets_n = 1 };
	struct list_offsets_response_list_offsets_topic_response topic = { .name = STR("t"), .partitions = &part,
		.partitions_n = 1 };
	struct list_offsets_response out = { .topics = &topic, .topics_n = 1 };
	struct list_offsets_request in;

	assert_true(follower_ask_offsets(f, &rf.arena, timestamp, &in));
	assert_int_equal(1, in.topics[0].partitions[0].max_num_offsets);
	follower_offsets_answered(f, timestamp, 0, &out);
}

/* Without sessions each request names everything. */
static void what_0_9_asks_for_and_is_told(void **state)
{
	struct buf *cut = batch(100, 1, 0);
	struct partition *p;
	int version;

	(void)state;
	start(METADATA_VERSION_0_9_0);
	p = follow("t", 1, 0);
	(void)follower_ask_epochs(f, &rf.arena, &(struct offset_for_leader_epoch_request){ 0 });
	assert_int_equal(0, only(ask(&version))->fetch_offset);
	assert_int_equal(1, version);
	answer((struct say){ .error = KERR_OFFSET_OUT_OF_RANGE, .high_watermark = -1, .by_name = true });
	tell_old_offset(-1, 200);
	tell_old_offset(-2, 100);
	assert_int_equal(100, end_of(p));
	assert_int_equal(100, only(ask(NULL))->fetch_offset);
	answer((struct say){ .high_watermark = 101, .log_start = -1, .by_name = true, .records = batch(100, 1, 0) });
	assert_int_equal(101, end_of(p));
	assert_int_equal(101, mark_of(p));
	assert_int_equal(101, only(ask(NULL))->fetch_offset);
	/* A record that does not fit comes cut off: there is no use in asking for it at once. */
	cut->len -= 5;
	answer((struct say){ .high_watermark = 102, .log_start = -1, .by_name = true, .records = cut });
	assert_int_equal(101, end_of(p));
	assert_false(is_failed());
	assert_null(ask(NULL));
	clock_fake_advance(&now, BACKOFF_MS);
	assert_int_equal(101, only(ask(NULL))->fetch_offset);
	partition_unref(p);
	stop();
}

static void a_topic_without_id_is_fetched_by_name(void **state)
{
	struct partition *p;
	int version;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	follower_set_topic_id(f, p, UUID_ZERO);
	assert_non_null(ask(&version));
	assert_int_equal(12, version);
	follower_set_topic_id(f, p, fixture_topic_id("t"));
	assert_non_null(ask(&version));
	assert_int_equal(17, version);
	partition_unref(p);
	stop();
}

static void only_one_that_is_behind_is_throttled(void **state)
{
	struct partition *p;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	p = follow("t", 1, 2);
	list_all("t");
	throttle_set_rate(throttle, THROTTLE_FOLLOWER, 1000);
	throttle_record(throttle, THROTTLE_FOLLOWER, 1001);
	assert_null(ask(NULL)); /* how far behind it is, is not known yet */
	assert_true(follower_next_ms(f) > clock_mono_ms(&now.clock)); /* nothing to hurry for */
	throttle_set_rate(throttle, THROTTLE_FOLLOWER, INT64_MAX);
	assert_non_null(ask(NULL));
	assert_true(follower_next_ms(f) <= clock_mono_ms(&now.clock));
	answer((struct say){ .session = 9, .high_watermark = 2 });
	throttle_set_rate(throttle, THROTTLE_FOLLOWER, 1000);
	assert_non_null(ask(NULL)); /* in sync by its own view */
	answer((struct say){ .session = 9, .high_watermark = 5, .records = batch(2, 2, 1) });
	assert_null(ask(NULL)); /* behind */
	clock_fake_advance(&now, 2000); /* 1001 and the batch in 2 s */
	assert_int_equal(4, only(ask(NULL))->fetch_offset);
	partition_unref(p);
	stop();
}

/* The session has both t and u; both logs end at 2. */
static void follow_both(struct partition **ret_p, struct partition **ret_q)
{
	*ret_p = follow("t", 1, 2);
	assert_non_null(ask(NULL));
	answer((struct say){ .session = 9, .high_watermark = 9 });
	*ret_q = follow("u", 1, 2);
	assert_true(str_is(ask(NULL)->topics[0].topic, "u"));
}

static void bytes_of_what_is_listed_count(void **state)
{
	struct buf *b = batch(2, 2, 1);
	int64_t len = (int64_t)b->len;
	struct partition *p, *q;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	follow_both(&p, &q);
	list_all("t");
	throttle_set_rate(throttle, THROTTLE_FOLLOWER, 0);
	answer((struct say){ .session = 9, .topic = "u", .high_watermark = 9, .records = batch(2, 2, 1) });
	assert_false(throttle_is_exceeded(throttle, THROTTLE_FOLLOWER));
	assert_non_null(ask(NULL));
	answer((struct say){ .session = 9, .high_watermark = 9, .records = b });
	assert_int_equal(4, end_of(p));
	throttle_set_rate(throttle, THROTTLE_FOLLOWER, len);
	assert_false(throttle_is_exceeded(throttle, THROTTLE_FOLLOWER));
	throttle_set_rate(throttle, THROTTLE_FOLLOWER, len - 1);
	assert_true(throttle_is_exceeded(throttle, THROTTLE_FOLLOWER));
	partition_unref(p);
	partition_unref(q);
	stop();
}

static void the_others_go_on_while_one_is_throttled(void **state)
{
	const struct fetch_request *req;
	struct partition *p, *q;

	(void)state;
	start(METADATA_VERSION_3_9_IV0);
	follow_both(&p, &q);
	answer((struct say){ .session = 9, .topic = "u", .high_watermark = 9, .records = batch(2, 2, 1) });
	list_all("t");
	throttle_set_rate(throttle, THROTTLE_FOLLOWER, 1000);
	throttle_record(throttle, THROTTLE_FOLLOWER, 2000);
	req = ask(NULL);
	assert_true(str_is(req->topics[0].topic, "u"));
	assert_int_equal(4, only(req)->fetch_offset);
	assert_int_equal(1, req->forgotten_topics_data_n);
	assert_true(uuid_eq(fixture_topic_id("t"), req->forgotten_topics_data[0].topic_id));
	answer((struct say){ .session = 9, .topic = "u", .high_watermark = 9, .records = batch(4, 2, 1) });
	req = ask(NULL);
	assert_int_equal(6, only(req)->fetch_offset);
	assert_int_equal(0, req->forgotten_topics_data_n);
	answer((struct say){ .session = 9, .nothing = true });
	clock_fake_advance(&now, 2000);
	req = ask(NULL); /* back in the session */
	assert_true(str_is(req->topics[0].topic, "t"));
	assert_int_equal(2, only(req)->fetch_offset);
	partition_unref(p);
	partition_unref(q);
	stop();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, replica_fixture_setup, replica_fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(an_empty_log_is_filled_from_the_leader),
		T(the_session_sends_only_what_changed),
		T(what_is_removed_is_forgotten_and_what_comes_back_is_not),
		T(an_answer_about_what_was_removed_meanwhile_fits),
		T(a_mark_that_was_not_taken_is_told_again),
		T(refused_sessions_begin_anew),
		T(a_diverging_log_is_cut_and_nothing_else_is_taken),
		T(answers_to_what_was_asked_before_are_ignored),
		T(a_fetcher_of_an_old_epoch_cannot_write),
		T(errors_wait_or_end),
		T(a_leader_that_has_not_heard_is_asked_again_soon),
		T(the_leader_is_not_patient_while_something_is_delayed),
		T(a_request_that_was_given_up_is_made_anew),
		T(damage_on_the_way_is_fetched_again),
		T(a_leader_with_less_cuts_us),
		T(a_leader_that_begins_later_makes_us_begin_anew),
		T(a_leader_whose_range_has_our_end_is_asked_again_later),
		T(before_2_7_epochs_are_asked_for),
		T(before_2_0_an_end_is_all_that_is_told),
		T(before_0_11_logs_are_cut_at_the_high_watermark),
		T(what_0_9_asks_for_and_is_told),
		T(a_topic_without_id_is_fetched_by_name),
		T(only_one_that_is_behind_is_throttled),
		T(bytes_of_what_is_listed_count),
		T(the_others_go_on_while_one_is_throttled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
