/* test_isr_writer.c - in-sync sets that the leader writes to a real ZooKeeper: what it finds there, and what it makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "replica/isr_writer.h"
#include "replica_fixture.h"
#include "tests/zk/fixture.h"
#include "zk/batch.h"
#include "zk/path.h"

enum { SESSION_MS = 4000, CONTROLLER_EPOCH = 3 };

#define BEFORE "{\"controller_epoch\":3,\"leader\":0,\"version\":1,\"leader_epoch\":0,\"isr\":[0]}"
#define AFTER  "{\"controller_epoch\":3,\"leader\":0,\"version\":1,\"leader_epoch\":0,\"isr\":[0,1]}"
#define OTHER  "{\"controller_epoch\":4,\"leader\":1,\"version\":1,\"leader_epoch\":1,\"isr\":[1]}"

static struct zk_session *zk;
static struct isr_writer *writer;
static struct partition *p; /* t-0 */

static void propose(void *arg, struct partition *partition)
{
	(void)arg;
	isr_writer_propose(writer, partition);
}

/* We lead a partition of two replicas, alone in sync, as the node says in version 0. With a reference. */
static struct partition *lead(const char *topic)
{
	struct fixture_decision d = { .topic = topic, .replicas_n = 2, .isr_n = 1, .is_new = true,
		.controller_epoch = CONTROLLER_EPOCH };

	assert_int_equal(0, zk_create_with_parents(zk, BEFORE, ZK_PATH_PARTITION_STATE, topic, 0));
	fixture_brokers(2);
	fixture_metadata(topic, 0, 0, 0, 2);
	assert_int_equal(0, fixture_decide(&d, NULL));
	return partitions_get(rf.partitions, str_of(topic), 0);
}

static int setup(void **state)
{
	struct isr_writer_config c = { .broker_id = 0 };
	static int names;
	char name[32];

	if (replica_fixture_setup(state))
		return -1;
	(void)snprintf(name, sizeof(name), "isr-writer-%d", names++);
	zk = fixture_session(name, SESSION_MS);
	assert_int_equal(0, zk_make_path(zk, ZK_PATH_ISR_CHANGES));
	p = lead("t");
	c.zk = zk;
	c.partitions = rf.partitions;
	writer = isr_writer_new(&c);
	partitions_set_proposer(rf.partitions, propose, NULL);
	return 0;
}

static int teardown(void **state)
{
	zk_session_abort(zk);
	isr_writer_stop(writer);
	writer = isr_writer_free(writer);
	p = partition_unref(p);
	zk = zk_session_close(zk);
	return replica_fixture_teardown(state);
}

/* Broker 1 has everything. */
static void catch_up(struct partition *of)
{
	struct partition_read q = { .replica_id = 1, .leader_epoch = -1, .last_fetched_epoch = -1, .follower_broker_epoch = -1,
		.max_bytes = 1000, .isolation = FETCH_LOG_END, .leader_only = true, .update_follower = true };
	struct partition_data data;
	unsigned moved = 0;

	assert_int_equal(0, partition_read(of, &q, &rf.arena, &data, &moved));
	log_slice_fini(&data.slice);
	assert_true(moved & MOVED_ISR);
	partitions_moved(rf.partitions, of, moved);
}

static struct partition_view view(void)
{
	struct partition_view v;

	partition_view(p, &v);
	return v;
}

static int is_in_sync(void *arg)
{
	struct partition_view v;

	partition_view(arg, &v);
	return v.isr_n == 2;
}

/* Sessions are short here: on a busy machine one may end while we ask. */
static int is_read(void *arg)
{
	return zk_get(zk, arg, ZK_PATH_PARTITION_STATE, "t", 0) == 0;
}

static void expect_node(const char *text, int32_t version)
{
	struct zk_value v = ZK_VALUE_INIT;

	fixture_until("the state to be read", is_read, &v);
	assert_string_equal(text, v.data);
	assert_int_equal(version, v.stat.version);
	zk_value_fini(&v);
}

static void the_set_is_written_where_nothing_has_changed(void **state)
{
	(void)state;
	catch_up(p);
	fixture_until("the set to grow", is_in_sync, p);
	expect_node(AFTER, 1);
	assert_int_equal(1, view().partition_epoch);
	assert_int_equal(0, view().leader_epoch);
}

/* The answer was lost with its connection, and the write is tried again. */
static void what_is_there_already_counts_as_written(void **state)
{
	(void)state;
	assert_int_equal(0, zk_set(zk, AFTER, ZK_ANY_VERSION, NULL, ZK_PATH_PARTITION_STATE, "t", 0));
	catch_up(p);
	fixture_until("the set to grow", is_in_sync, p);
	expect_node(AFTER, 1);
	assert_int_equal(1, view().partition_epoch);
}

/* A second partition, written with the first one or later, shows when that one's answer has come. */
static void a_controllers_decision_wins(void **state)
{
	struct fixture_decision next = { .topic = "t", .leader_epoch = 2, .partition_epoch = 2, .replicas_n = 2, .isr_n = 2,
		.controller_epoch = 5 };
	struct partition *later = lead("u");

	(void)state;
	assert_int_equal(0, zk_set(zk, OTHER, ZK_ANY_VERSION, NULL, ZK_PATH_PARTITION_STATE, "t", 0));
	catch_up(p);
	catch_up(later);
	fixture_until("the other set to grow", is_in_sync, later);
	partition_unref(later);
	expect_node(OTHER, 1);
	assert_int_equal(1, view().isr_n);
	assert_int_equal(0, view().partition_epoch);
	assert_int_equal(0, fixture_decide(&next, NULL)); /* and is told */
	assert_int_equal(2, view().isr_n);
}

static void it_goes_on_in_the_next_session(void **state)
{
	(void)state;
	fixture_pause();
	catch_up(p);
	fixture_resume();
	fixture_expire(zk);
	fixture_until("the set to grow", is_in_sync, p);
	expect_node(AFTER, 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(the_set_is_written_where_nothing_has_changed),
		T(what_is_there_already_counts_as_written),
		T(a_controllers_decision_wins),
		T(it_goes_on_in_the_next_session),
	};

	fixture_zookeeper(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
