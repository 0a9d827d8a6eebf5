/* test_fetch_quiet.c - a follower's session in which little happens: what is not read, and that nothing is missed by that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "replica/delayed.h"
#include "replica/fetch_session.h"
#include "replica_fixture.h"

enum { VERSION = 17, PARTS = 3, LONG_MS = 60000 };

typedef struct fetch_request_fetch_partition want_t;

/* Broker 1 follows the partitions 0 to 2 of "t", which we lead. */
static struct session {
	struct partition *p[PARTS];
	int64_t offset[PARTS];
	int32_t id, epoch;
	want_t wants[PARTS];
	struct fetch_request_fetch_topic topic;
	struct fetch_request in;
	struct fetch_response out;
} s;

/* The next request of the session, without partitions. */
static void ask(int32_t max_wait_ms)
{
	CODEC_INIT(fetch_request, &s.in);
	CODEC_INIT(fetch_request_fetch_topic, &s.topic);
	s.in.replica_state.replica_id = 1;
	s.in.max_wait_ms = max_wait_ms;
	s.in.min_bytes = 1;
	s.in.max_bytes = 1 << 20;
	s.in.session_id = s.id;
	s.in.session_epoch = s.epoch;
	s.in.topics = &s.topic;
	s.topic.topic_id = fixture_topic_id("t");
	s.topic.partitions = s.wants;
}

static void ask_for(int32_t index)
{
	want_t *w = &s.wants[s.topic.partitions_n++];

	CODEC_INIT(fetch_request_fetch_partition, w);
	w->partition = index;
	w->current_leader_epoch = 0;
	w->last_fetched_epoch = s.offset[index] > 0 ? 0 : -1;
	w->fetch_offset = s.offset[index];
	w->log_start_offset = 0;
	w->partition_max_bytes = 1 << 20;
	s.in.topics_n = 1;
}

/* How many partitions the answer tells about. */
static int take_answer(void)
{
	int n = 0;

	assert_int_equal(0, s.out.error_code);
	s.id = s.out.session_id;
	assert_true(s.id > 0);
	s.epoch++;
	for (int32_t t = 0; t < s.out.responses_n; t++)
		n += s.out.responses[t].partitions_n;
	return n;
}

static int fetch(void)
{
	assert_int_equal(CALL_REPLIED, call(API_FETCH, VERSION, &s.in, &s.out));
	return take_answer();
}

static int poll(void)
{
	ask(0);
	return fetch();
}

static void append(int32_t index)
{
	unsigned moved;

	assert_int_equal(0, fixture_append(s.p[index], 1, 1, NULL, &moved));
	partitions_moved(rf.partitions, s.p[index], moved);
}

static int setup(void **state)
{
	(void)api_fixture_setup(state);
	s = (struct session){ .id = 0 };
	fixture_brokers(2);
	for (int32_t i = 0; i < PARTS; i++) {
		struct fixture_decision d = { .topic = "t", .index = i, .replicas_n = 2, .isr_n = 2, .is_new = true };

		fixture_metadata("t", i, 0, 0, 2);
		assert_int_equal(0, fixture_decide(&d, NULL));
		s.p[i] = partitions_get(rf.partitions, STR("t"), i);
	}
	ask(0);
	for (int32_t i = 0; i < PARTS; i++)
		ask_for(i);
	assert_int_equal(PARTS, fetch());
	assert_int_equal(0, poll());
	return 0;
}

static int teardown(void **state)
{
	for (int32_t i = 0; i < PARTS; i++)
		partition_unref(s.p[i]);
	return api_fixture_teardown(state);
}

/* How many partitions the next fetch of the session would read. The session is not moved on: the request is of no use after
 * that, so this ends a test. */
static int32_t would_read(int32_t *ret_quiet)
{
	struct image *image = metadata_image(rf.metadata);
	struct fetch_context c;
	int32_t n;

	ask(0);
	assert_int_equal(0, fetch_context_begin(rf.sessions, &s.in, VERSION, 1, image, &rf.arena, &c));
	n = c.n;
	*ret_quiet = c.quiet_n;
	fetch_context_fini(&c);
	image_unref(image);
	return n;
}

static void what_is_quiet_is_not_read(void **state)
{
	int32_t quiet;

	(void)state;
	append(1);
	assert_int_equal(1, would_read(&quiet));
	assert_int_equal(2, quiet);
}

static void what_is_asked_anew_is_read(void **state)
{
	int32_t quiet;

	(void)state;
	ask(0);
	ask_for(2);
	assert_int_equal(0, fetch());
	assert_int_equal(0, would_read(&quiet));
	assert_int_equal(PARTS, quiet); /* and is quiet again afterwards */
}

static void who_wants_many_bytes_is_told_how_many(void **state)
{
	struct image *image = metadata_image(rf.metadata);
	struct fetch_context c;

	(void)state;
	ask(0);
	s.in.min_bytes = 2;
	assert_int_equal(0, fetch_context_begin(rf.sessions, &s.in, VERSION, 1, image, &rf.arena, &c));
	assert_int_equal(PARTS, c.n);
	assert_int_equal(0, c.quiet_n);
	fetch_context_fini(&c);
	image_unref(image);
}

static void records_are_read_committed_and_quiet_again(void **state)
{
	struct partition_view v;
	int32_t quiet;

	(void)state;
	append(1);
	assert_int_equal(1, poll());
	assert_int_equal(1, s.out.responses[0].partitions[0].partition_index);
	assert_true(s.out.responses[0].partitions[0].records.len > 0);
	s.offset[1] = 1;
	ask(0);
	ask_for(1);
	assert_int_equal(0, fetch());
	partition_view(s.p[1], &v);
	assert_int_equal(1, v.high_watermark);
	assert_int_equal(1, poll());
	assert_int_equal(1, s.out.responses[0].partitions[0].high_watermark);
	assert_int_equal(0, would_read(&quiet));
	assert_int_equal(PARTS, quiet);
}

static struct connection *wait_for_news(void)
{
	struct connection *c = client_open();

	ask(LONG_MS);
	client_send(c, API_FETCH, VERSION, &s.in);
	assert_false(client_has_ended(c));
	assert_int_equal(1, delayed_waiting(rf.delayed));
	return c;
}

static int news(struct connection *c)
{
	assert_int_equal(CALL_REPLIED, client_wait(c, API_FETCH, VERSION, &s.out));
	client_close(c);
	return take_answer();
}

static void an_append_to_a_quiet_partition_ends_the_wait(void **state)
{
	struct connection *c = wait_for_news();

	(void)state;
	append(2);
	assert_int_equal(1, news(c));
	assert_int_equal(2, s.out.responses[0].partitions[0].partition_index);
	assert_true(s.out.responses[0].partitions[0].records.len > 0);
}

static void a_stopped_partition_ends_the_wait(void **state)
{
	struct connection *c = wait_for_news();

	(void)state;
	assert_int_equal(0, fixture_stop("t", 1, -2, true));
	assert_int_equal(1, news(c));
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, s.out.responses[0].partitions[0].error_code);
	assert_int_equal(1, poll()); /* and is told until the follower forgets it */
}

static void a_lost_leadership_ends_the_wait(void **state)
{
	struct fixture_decision d = { .topic = "t", .index = 1, .leader = 1, .leader_epoch = 1, .partition_epoch = 1,
				      .replicas_n = 2, .isr_n = 2 };
	struct connection *c = wait_for_news();

	(void)state;
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(1, news(c));
	assert_int_equal(KERR_FENCED_LEADER_EPOCH, s.out.responses[0].partitions[0].error_code);
}

static void a_moved_log_start_is_told(void **state)
{
	int64_t at, low;
	unsigned moved;

	(void)state;
	append(0);
	assert_int_equal(1, poll());
	s.offset[0] = 1;
	ask(0);
	ask_for(0);
	(void)fetch();
	(void)poll();
	assert_int_equal(0, poll());
	assert_int_equal(0, partition_delete_records(s.p[0], 1, &at, &low, &moved));
	assert_int_equal(1, poll());
	assert_int_equal(1, s.out.responses[0].partitions[0].log_start_offset);
	assert_int_equal(0, poll());
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_quiet_is_not_read),
		T(what_is_asked_anew_is_read),
		T(who_wants_many_bytes_is_told_how_many),
		T(records_are_read_committed_and_quiet_again),
		T(an_append_to_a_quiet_partition_ends_the_wait),
		T(a_stopped_partition_ends_the_wait),
		T(a_lost_leadership_ends_the_wait),
		T(a_moved_log_start_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
