/* test_throttle.c - which replicas are listed, and when a quota is exceeded; numbers worked out by hand from Kafka's
 * rules (replication.md 12, SimpleRate.java). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "replica/partition.h"
#include "replica/throttle.h"
#include "storage/log_config.h"

enum { US = 3, OTHER = 4 };

static struct clock_fake now;
static struct throttle *t;
static const struct partition_env env = { .broker_id = US };

static int prepare(void **state)
{
	const struct throttle_config c = { .clock = &now.clock, .broker_id = US, .replication = { 11, 1000 },
		.moves = { 2, 5000 } };

	(void)state;
	clock_fake_init(&now, 1700000000000);
	clock_fake_advance(&now, 1000);
	t = throttle_new(&c);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	t = throttle_free(t);
	return 0;
}

static void fill(struct throttled_replicas *list, const struct throttled_replica *v, int32_t n)
{
	list->v = xmemdup(v, (size_t)n * sizeof(*v));
	list->n = n;
}

static void set(const char *topic, struct log_config *c)
{
	throttle_set_topic(t, topic, c);
	log_config_unref(c);
}

static bool lists(enum throttle_kind kind, const char *topic, int32_t index)
{
	struct partition *p = partition_new(topic, index, &env);
	bool yes = throttle_lists(t, kind, p);

	partition_unref(p);
	return yes;
}

static void nothing_is_listed_at_first(void **state)
{
	(void)state;
	assert_false(throttle_is_used(t, THROTTLE_LEADER));
	assert_false(throttle_is_used(NULL, THROTTLE_LEADER));
	assert_false(lists(THROTTLE_FOLLOWER, "t", 0));
	assert_false(throttle_is_exceeded(NULL, THROTTLE_FOLLOWER));
	throttle_record(NULL, THROTTLE_FOLLOWER, 1);
}

static void the_pairs_of_this_broker_count(void **state)
{
	const struct throttled_replica pairs[] = { { 9, US }, { 1, US }, { 2, OTHER }, { 5, US } };
	struct log_config *c = log_config_new();

	(void)state;
	fill(&c->leader_throttled, pairs, 4);
	set("t", c);
	assert_true(throttle_is_used(t, THROTTLE_LEADER));
	assert_false(throttle_is_used(t, THROTTLE_FOLLOWER));
	for (int32_t i = 0; i < 12; i++)
		assert_int_equal(i == 1 || i == 5 || i == 9, lists(THROTTLE_LEADER, "t", i));
	assert_false(lists(THROTTLE_LEADER, "u", 1));
	assert_false(lists(THROTTLE_FOLLOWER, "t", 1));
}

static void others_pairs_are_nothing(void **state)
{
	const struct throttled_replica pair = { 2, OTHER };
	struct log_config *c = log_config_new();

	(void)state;
	fill(&c->follower_throttled, &pair, 1);
	set("t", c);
	assert_false(throttle_is_used(t, THROTTLE_FOLLOWER));
	assert_false(lists(THROTTLE_FOLLOWER, "t", 2));
}

static void a_star_is_all_and_a_new_list_replaces_the_old(void **state)
{
	const struct throttled_replica pair = { 2, US };
	struct log_config *c = log_config_new();

	(void)state;
	c->leader_throttled.all = c->follower_throttled.all = true;
	set("t", c);
	assert_true(lists(THROTTLE_LEADER, "t", 123) && lists(THROTTLE_FOLLOWER, "t", 0));
	c = log_config_new();
	fill(&c->follower_throttled, &pair, 1);
	set("t", c);
	assert_false(throttle_is_used(t, THROTTLE_LEADER));
	assert_false(lists(THROTTLE_FOLLOWER, "t", 0));
	assert_true(lists(THROTTLE_FOLLOWER, "t", 2));
	set("u", log_config_new());
	assert_true(throttle_is_used(t, THROTTLE_FOLLOWER));
	throttle_set_topic(t, "t", NULL);
	assert_false(throttle_is_used(t, THROTTLE_FOLLOWER));
	throttle_set_topic(t, "t", NULL);
	assert_false(throttle_is_used(t, THROTTLE_FOLLOWER));
}

static void a_burst_counts_at_once_and_fades(void **state)
{
	(void)state;
	throttle_set_rate(t, THROTTLE_LEADER, 2500);
	throttle_record(t, THROTTLE_LEADER, 2500);
	assert_false(throttle_is_exceeded(t, THROTTLE_LEADER)); /* 2500 in a window: not above */
	throttle_record(t, THROTTLE_LEADER, 2500);
	assert_true(throttle_is_exceeded(t, THROTTLE_LEADER));
	assert_false(throttle_is_exceeded(t, THROTTLE_FOLLOWER));
	clock_fake_advance(&now, 1999);
	assert_true(throttle_is_exceeded(t, THROTTLE_LEADER)); /* 5000 in 1.999 s */
	clock_fake_advance(&now, 1);
	assert_false(throttle_is_exceeded(t, THROTTLE_LEADER));
	throttle_record(t, THROTTLE_LEADER, 2500); /* 7500 in 2 s */
	assert_true(throttle_is_exceeded(t, THROTTLE_LEADER));
	clock_fake_advance(&now, 8999);
	throttle_set_rate(t, THROTTLE_LEADER, 681);
	assert_true(throttle_is_exceeded(t, THROTTLE_LEADER)); /* 681.88: 7500 in 10.999 s */
	clock_fake_advance(&now, 1); /* the first sample is 11 s old: 2500 in 9 s */
	throttle_set_rate(t, THROTTLE_LEADER, 277);
	assert_true(throttle_is_exceeded(t, THROTTLE_LEADER));
	throttle_set_rate(t, THROTTLE_LEADER, 278);
	assert_false(throttle_is_exceeded(t, THROTTLE_LEADER));
}

static void another_bound_counts_at_once_for_what_was(void **state)
{
	(void)state;
	throttle_record(t, THROTTLE_FOLLOWER, 100000);
	assert_false(throttle_is_exceeded(t, THROTTLE_FOLLOWER));
	throttle_set_rate(t, THROTTLE_FOLLOWER, 99999);
	assert_true(throttle_is_exceeded(t, THROTTLE_FOLLOWER));
	throttle_set_rate(t, THROTTLE_FOLLOWER, 100000);
	assert_false(throttle_is_exceeded(t, THROTTLE_FOLLOWER));
	throttle_set_rate(t, THROTTLE_FOLLOWER, 0);
	assert_true(throttle_is_exceeded(t, THROTTLE_FOLLOWER));
	throttle_set_rate(t, THROTTLE_FOLLOWER, INT64_MAX);
	assert_false(throttle_is_exceeded(t, THROTTLE_FOLLOWER));
}

static void moves_have_their_own_windows(void **state)
{
	(void)state;
	throttle_set_rate(t, THROTTLE_MOVES, 1000);
	throttle_record(t, THROTTLE_MOVES, 5000); /* in at least 5 s */
	assert_false(throttle_is_exceeded(t, THROTTLE_MOVES));
	throttle_record(t, THROTTLE_MOVES, 1);
	assert_true(throttle_is_exceeded(t, THROTTLE_MOVES));
	clock_fake_advance(&now, 10000); /* two windows later it is forgotten */
	assert_false(throttle_is_exceeded(t, THROTTLE_MOVES));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, prepare, finish)
	const struct CMUnitTest tests[] = {
		T(nothing_is_listed_at_first),
		T(the_pairs_of_this_broker_count),
		T(others_pairs_are_nothing),
		T(a_star_is_all_and_a_new_list_replaces_the_old),
		T(a_burst_counts_at_once_and_fades),
		T(another_bound_counts_at_once_for_what_was),
		T(moves_have_their_own_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
