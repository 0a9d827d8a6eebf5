/* test_commit.c - when a record is committed, and whom an acks=all produce waits for: the high watermark, the in-sync set on
 * its way, min.insync.replicas (replication.md 5.1, 5.5, 6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "protocol/errors.h"
#include "replica_fixture.h"
#include "storage/log_config.h"

static void followers_move_the_high_watermark(void **state)
{
	struct partition *p = fixture_lead_three("t", 3);
	struct partition_read q;
	unsigned moved;
	int16_t error;

	(void)state;
	assert_int_equal(0, fixture_append(p, 10, -1, NULL, &moved));
	assert_int_equal(MOVED_END, moved);
	assert_false(partition_check_acks(p, 10, &error));
	q = fixture_follower(1, 10);
	assert_int_equal(0, fixture_read(p, &q, NULL, &moved));
	assert_int_equal(0, fixture_high_watermark(p));
	q = fixture_follower(2, 6);
	assert_int_equal(0, fixture_read(p, &q, NULL, &moved));
	assert_true(moved & MOVED_HIGH_WATERMARK);
	assert_int_equal(6, fixture_high_watermark(p));
	q = fixture_follower(2, 10);
	assert_int_equal(0, fixture_read(p, &q, NULL, &moved));
	assert_int_equal(10, fixture_high_watermark(p));
	assert_true(partition_check_acks(p, 10, &error));
	assert_int_equal(0, error);
	q = fixture_follower(7, 0);
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, fixture_read(p, &q, NULL, NULL));
	q.leader_epoch = 0;
	assert_int_equal(KERR_UNKNOWN_LEADER_EPOCH, fixture_read(p, &q, NULL, NULL));
	partition_unref(p);
}

static void too_few_in_sync_refuse_acks_all_only(void **state)
{
	struct partition *p;

	(void)state;
	rf.min_insync_replicas = 2;
	p = fixture_lead_three("t", 1);
	assert_int_equal(KERR_NOT_ENOUGH_REPLICAS, fixture_append(p, 1, -1, NULL, NULL));
	assert_int_equal(0, fixture_append(p, 1, 1, NULL, NULL));
	assert_int_equal(0, fixture_append(p, 1, 0, NULL, NULL));
	assert_int_equal(0, fixture_high_watermark(p)); /* KAFKA-15583 */
	partition_unref(p);
}

/* A waiting acks=all produce: done when everything below `required` is replicated. */
struct waiter {
	struct partition *p;
	int64_t required;
	bool done;
	int16_t error;
};

static bool waiter_try(void *arg, int32_t which UNUSED)
{
	struct waiter *w = arg;

	return partition_check_acks(w->p, w->required, &w->error);
}

static void waiter_complete(void *arg, enum delayed_end end)
{
	struct waiter *w = arg;

	assert_int_equal(DELAYED_DONE, end);
	w->done = true;
}

static void wait_for_commit(struct waiter *w)
{
	static const struct delayed_class waiting = { waiter_try, waiter_complete };
	const struct delayed_key key = { DELAYED_PRODUCE, STR("t"), 0 };

	delayed_add(rf.delayed, &waiting, w, &key, 1, clock_mono_ms(&clock_real) + 60000);
}

static void set_min_insync(struct partition *p, int32_t n)
{
	struct log *log = partition_log(p);
	struct log_config *c = log_config_new();

	c->min_insync_replicas = n;
	log_set_config(log, c);
	log_config_unref(c);
	log_unref(log);
	partitions_min_isr_moved(rf.partitions, partition_topic(p));
}

static void fewer_in_sync_may_be_enough_later(void **state)
{
	struct partition *p, *other;
	struct waiter w = { .required = 1 };

	(void)state;
	rf.min_insync_replicas = 2;
	p = fixture_lead_three("t", 1);
	other = fixture_lead("u", 0);
	assert_int_equal(0, fixture_append(p, 1, 1, NULL, NULL)); /* the high watermark stays: one in sync, two needed */
	w.p = p;
	wait_for_commit(&w);
	assert_false(w.done);
	set_min_insync(other, 1);
	assert_false(w.done);
	set_min_insync(p, 1);
	assert_true(w.done);
	assert_int_equal(0, w.error);
	assert_int_equal(1, fixture_high_watermark(p));
	partition_unref(p);
	partition_unref(other);
}

/* A produce that waits for the record at offset 0, which replica 1 gets now. */
static void begin_waiting(struct waiter *w)
{
	const struct partition_read q = fixture_follower(1, 1);

	assert_int_equal(0, fixture_append(w->p, 1, 1, NULL, NULL));
	wait_for_commit(w);
	assert_int_equal(0, fixture_read(w->p, &q, NULL, NULL));
}

static void answer_proposal(struct partition *p, const struct isr_answer *a)
{
	struct isr_proposal proposal;
	unsigned moved;

	assert_true(partition_proposal(p, &proposal));
	assert_false(partition_isr_answered(p, &proposal, a, &moved));
	partitions_moved(rf.partitions, p, moved);
	isr_proposal_fini(&proposal);
}

/* As the controller answers when the broker to be added is stopping. */
static void who_may_not_join_is_not_waited_for(void **state)
{
	struct partition *p = fixture_lead_three("t", 2);
	struct partition_read q = fixture_follower(2, 0);
	struct waiter w = { .p = p, .required = 1 };

	(void)state;
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL));
	begin_waiting(&w);
	assert_false(w.done);
	answer_proposal(p, &(struct isr_answer){ .code = KERR_INELIGIBLE_REPLICA });
	assert_true(w.done);
	assert_int_equal(0, w.error);
	assert_int_equal(1, fixture_high_watermark(p));
	partition_unref(p);
}

/* Replica 2 has caught up, so it is waited for although it is not in sync yet: as long as its broker lives. */
static void who_left_is_not_waited_for(void **state)
{
	const int32_t isr[] = { 0, 1 };
	struct partition *p = fixture_lead_three("t", 1);
	struct partition_read q = fixture_follower(1, 0);
	struct waiter w = { .p = p, .required = 1 };

	(void)state;
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL));
	q = fixture_follower(2, 0);
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL));
	answer_proposal(p, &(struct isr_answer){ .partition_epoch = 1, .isr = isr, .isr_n = 2 });
	begin_waiting(&w);
	fixture_brokers(3);
	assert_false(w.done);
	assert_int_equal(0, fixture_high_watermark(p));
	fixture_brokers(2);
	assert_true(w.done);
	assert_int_equal(0, w.error);
	assert_int_equal(1, fixture_high_watermark(p));
	partition_unref(p);
}

/* A controller of the past, in whose time the topic had another id, or was not there, does not know that it is one. */
static void a_set_that_the_controller_cannot_place_is_proposed_again(void **state)
{
	struct partition *p = fixture_lead_three("t", 1);
	struct partition_read q = fixture_follower(1, 0);
	struct partition_data data;
	struct isr_proposal proposal, again;
	unsigned moved;

	(void)state;
	assert_int_equal(0, partition_read(p, &q, &rf.arena, &data, &moved));
	assert_true(moved & MOVED_ISR);
	assert_true(partition_proposal(p, &proposal));
	assert_true(partition_isr_answered(p, &proposal, &(struct isr_answer){ .code = KERR_UNKNOWN_TOPIC_ID }, &moved));
	assert_true(partition_proposal(p, &again));
	assert_int_equal(2, again.isr_n);
	assert_false(partition_isr_answered(p, &again, &(struct isr_answer){ .code = KERR_FENCED_LEADER_EPOCH }, &moved));
	isr_proposal_fini(&proposal);
	isr_proposal_fini(&again);
	log_slice_fini(&data.slice);
	partition_unref(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, replica_fixture_setup, replica_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(followers_move_the_high_watermark),
		T(too_few_in_sync_refuse_acks_all_only),
		T(fewer_in_sync_may_be_enough_later),
		T(who_left_is_not_waited_for),
		T(who_may_not_join_is_not_waited_for),
		T(a_set_that_the_controller_cannot_place_is_proposed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
