/* test_metadata.c - Metadata and DescribeCluster of a broker that has just started: no answer before it knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "base/clock.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "replica/delayed.h"
#include "replica/partitions.h"
#include "replica_fixture.h"

static struct metadata_request_metadata_request_topic named = { .name = { "t", 1 } };

static void ask(struct connection *c)
{
	struct metadata_request in = { .topics = &named, .topics_n = 1 };

	client_send(c, API_METADATA, 9, &in);
}

static void await_waiting(size_t n)
{
	while (delayed_waiting(rf.delayed) != n)
		usleep(200);
}

static void expect_topic(struct connection *c, int code)
{
	struct metadata_response out;

	assert_int_equal(CALL_REPLIED, client_wait(c, API_METADATA, 9, &out));
	assert_int_equal(1, out.brokers_n);
	assert_int_equal(1, out.topics_n);
	assert_int_equal(code, out.topics[0].error_code);
	assert_int_equal(code ? 0 : 1, out.topics[0].partitions_n);
}

static void a_broker_that_knows_answers_at_once(void **state)
{
	struct connection *c = client_open();

	(void)state;
	ask(c);
	assert_true(client_has_ended(c));
	expect_topic(c, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	client_close(c);
}

static void the_first_word_of_the_controller_is_awaited(void **state)
{
	struct connection *c = client_open();

	(void)state;
	fixture_brokers(0);
	ask(c);
	assert_false(client_has_ended(c));
	fixture_brokers(1);
	expect_topic(c, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	client_close(c);
}

static void the_cluster_is_described_when_it_is_known(void **state)
{
	const struct describe_cluster_request in = { .endpoint_type = 1 };
	struct describe_cluster_response out;
	struct connection *c = client_open();

	(void)state;
	fixture_brokers(0);
	client_send(c, API_DESCRIBE_CLUSTER, 0, &in);
	assert_false(client_has_ended(c));
	fixture_brokers(2);
	assert_int_equal(CALL_REPLIED, client_wait(c, API_DESCRIBE_CLUSTER, 0, &out));
	assert_int_equal(2, out.brokers_n);
	client_close(c);
}

/* Logs of "t" are here, and a new controller has named the brokers only. */
static struct connection *ask_between_brokers_and_topics(void)
{
	struct connection *c = client_open();

	partition_unref(fixture_lead("t", 0));
	fixture_metadata("t", 0, -2, 0, 1);
	ask(c);
	return c;
}

static void a_broker_with_logs_waits_for_the_topics_too(void **state)
{
	struct connection *c;

	(void)state;
	api_ctx.started_ms = clock_mono_ms(&clock_real);
	c = ask_between_brokers_and_topics();
	assert_false(client_has_ended(c));
	fixture_brokers(1);
	assert_false(client_has_ended(c));
	fixture_metadata("t", 0, 0, 0, 1);
	expect_topic(c, 0);
	client_close(c);
}

static void an_election_that_is_due_is_awaited(void **state)
{
	struct connection *c;

	(void)state;
	api_ctx.started_ms = clock_mono_ms(&clock_real);
	c = ask_between_brokers_and_topics();
	fixture_brokers(1);
	fixture_metadata("t", 0, -1, 1, 1);
	assert_false(client_has_ended(c));
	fixture_metadata("t", 0, 0, 2, 1);
	expect_topic(c, 0);
	client_close(c);
}

static void later_it_believes_that_there_are_none(void **state)
{
	struct connection *c;

	(void)state;
	api_ctx.started_ms = clock_mono_ms(&clock_real) - 3600000;
	c = ask_between_brokers_and_topics();
	assert_true(client_has_ended(c));
	expect_topic(c, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	client_close(c);
}

static void who_knows_nothing_hangs_up(void **state)
{
	struct connection *c = client_open();

	(void)state;
	fixture_brokers(0);
	ask(c);
	await_waiting(1);
	delayed_stop(rf.delayed);
	assert_int_equal(CALL_CLOSED, client_wait_end(c));
	client_close(c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, api_fixture_setup, api_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_broker_that_knows_answers_at_once),
		T(the_first_word_of_the_controller_is_awaited),
		T(the_cluster_is_described_when_it_is_known),
		T(a_broker_with_logs_waits_for_the_topics_too),
		T(an_election_that_is_due_is_awaited),
		T(later_it_believes_that_there_are_none),
		T(who_knows_nothing_hangs_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
