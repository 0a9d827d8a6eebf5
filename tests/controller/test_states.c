/* test_states.c - partition and replica states, elections and the requests they make, over a store in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "controller/partition_states.h"
#include "controller/replica_states.h"
#include "controller/topic_deletion.h"
#include "fake_store.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "protocol/metadata_version.h"

static const int32_t b123[] = { 1, 2, 3 };

static void three_brokers(struct fake *f)
{
	fake_init(f);
	for (int32_t id = 1; id <= 3; id++)
		fake_broker(f, id);
}

static int online(struct fake *f, struct ctl_partition *p, enum election_strategy s, bool unclean)
{
	struct partition_set set = { .v = NULL };
	int error, r;

	partition_set_add(&set, p);
	r = partitions_move(&f->m, &set, ONLINE_PARTITION, s, unclean, &error);
	partition_set_fini(&set);
	return r != 0 ? r : error;
}

static int replica_to(struct fake *f, struct ctl_partition *p, int32_t broker, enum replica_state to)
{
	struct replica_set set = { .v = NULL };
	int r;

	replica_set_add(&set, p, broker);
	r = replicas_move(&f->m, &set, to);
	replica_set_fini(&set);
	return r;
}

static void expect_state(struct fake *f, const struct ctl_partition *p, int32_t leader, int32_t leader_epoch,
    const int32_t *isr, size_t n)
{
	const struct znode_state *s = fake_state(f, p);
	struct int_list want = int_list_of(isr, n);

	assert_non_null(s);
	assert_int_equal(leader, s->leader);
	assert_int_equal(leader_epoch, s->leader_epoch);
	assert_true(int_list_eq(want, s->isr));
	assert_int_equal(leader, p->info.leader);
	assert_int_equal(s->partition_epoch, p->info.partition_epoch);
	int_list_fini(&want);
}

/* ---- tables ---- */

static void the_tables_allow_what_zookeeper_md_lists(void **state)
{
	(void)state;
	assert_true(partition_may_move(NON_EXISTENT_PARTITION, NEW_PARTITION));
	assert_false(partition_may_move(NON_EXISTENT_PARTITION, ONLINE_PARTITION));
	assert_false(partition_may_move(ONLINE_PARTITION, NON_EXISTENT_PARTITION));
	assert_true(replica_may_move(REPLICA_DELETION_STARTED, REPLICA_DELETION_INELIGIBLE));
	assert_false(replica_may_move(ONLINE_REPLICA, REPLICA_DELETION_STARTED));
	assert_false(replica_may_move(NEW_REPLICA, NEW_REPLICA));
}

/* ---- first leader ---- */

static void the_first_leader_is_the_first_live_replica(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, (int32_t[]){ 9, 2, 3 }, 3);
	p->state = NEW_PARTITION;
	assert_int_equal(0, online(&f, p, ELECT_OFFLINE, false));
	expect_state(&f, p, 2, 0, (int32_t[]){ 2, 3 }, 2);
	assert_int_equal(ONLINE_PARTITION, p->state);
	assert_int_equal(0, fake_count(&f, CONTROL_LEADER_AND_ISR, 1));
	assert_int_equal(1, fake_count(&f, CONTROL_LEADER_AND_ISR, 2));
	assert_int_equal(1, fake_count(&f, CONTROL_LEADER_AND_ISR, 3));
	assert_int_equal(1, fake_count(&f, CONTROL_UPDATE_METADATA, 1));
	fake_fini(&f);
}

static void without_a_live_replica_a_partition_stays_new(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, (int32_t[]){ 8, 9 }, 2);
	p->state = NEW_PARTITION;
	assert_int_equal(KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE, online(&f, p, ELECT_OFFLINE, false));
	assert_int_equal(NEW_PARTITION, p->state);
	assert_null(fake_state(&f, p));
	assert_int_equal(0, f.sent_n);
	fake_fini(&f);
}

/* ---- elections ---- */

static void an_offline_leader_is_followed_by_a_live_isr_member(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 1, 4, (int32_t[]){ 1, 3 }, 2);
	context_remove_broker(&f.ctx, 1);
	assert_int_equal(0, online(&f, p, ELECT_OFFLINE, false));
	expect_state(&f, p, 3, 5, (int32_t[]){ 3 }, 1); /* 2 comes first, but is not in sync */
	assert_int_equal(0, f.unclean_asked);
	fake_fini(&f);
}

static void unclean_elections_need_permission(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 1, 4, (int32_t[]){ 1 }, 1);
	context_remove_broker(&f.ctx, 1);
	assert_int_equal(KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE, online(&f, p, ELECT_OFFLINE, false));
	expect_state(&f, p, 1, 4, (int32_t[]){ 1 }, 1);
	assert_int_equal(1, f.unclean_asked);
	f.unclean = true;
	assert_int_equal(0, online(&f, p, ELECT_OFFLINE, false));
	expect_state(&f, p, 2, 5, (int32_t[]){ 2 }, 1);
	assert_int_equal(LEADER_RECOVERING, p->info.recovery);
	fake_fini(&f);
}

/* Brokers of before 3.2 do not know of recovering leaders. */
static void old_clusters_do_not_mark_an_unclean_leader(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	f.m.metadata_version = f.batch.metadata_version = METADATA_VERSION_3_2_IV0 - 1;
	f.unclean = true;
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 1, 4, (int32_t[]){ 1 }, 1);
	context_remove_broker(&f.ctx, 1);
	assert_int_equal(0, online(&f, p, ELECT_OFFLINE, false));
	expect_state(&f, p, 2, 5, (int32_t[]){ 2 }, 1);
	assert_int_equal(LEADER_RECOVERED, p->info.recovery);
	fake_fini(&f);
}

/* One request had one flag for all before 2.6. */
static void what_is_deleted_is_stopped_apart_in_old_clusters(void **state)
{
	static const struct {
		int version, requests;
	} rows[] = { { METADATA_VERSION_2_6_IV0, 1 }, { METADATA_VERSION_2_6_IV0 - 1, 2 }, { METADATA_VERSION_0_8_0, 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ctl_partition *p, *q;
		struct fake f;

		three_brokers(&f);
		f.batch.metadata_version = rows[i].version;
		p = fake_partition(&f, "t", 0, b123, 3);
		q = fake_partition(&f, "t", 1, b123, 3);
		request_batch_begin(&f.batch);
		request_batch_stop_replica(&f.batch, 2, p, false);
		request_batch_stop_replica(&f.batch, 2, q, true);
		request_batch_send(&f.batch);
		assert_int_equal(rows[i].requests, fake_count(&f, CONTROL_STOP_REPLICA, 2));
		assert_int_equal(rows[i].requests, f.sent_n);
		if (rows[i].requests == 2) { /* the deletion goes first */
			const struct stop_replica_request *first = f.sent[0].r->stop_replica;

			assert_int_equal(1, first->topic_states[0].partition_states_n);
			assert_int_equal(1, first->topic_states[0].partition_states[0].partition_index);
			assert_true(first->topic_states[0].partition_states[0].delete_partition);
		}
		fake_fini(&f);
	}
}

static void the_preferred_leader_must_be_in_sync(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 2, 4, (int32_t[]){ 2, 3 }, 2);
	assert_int_equal(KERR_PREFERRED_LEADER_NOT_AVAILABLE, online(&f, p, ELECT_PREFERRED_LEADER, false));
	fake_stored(&f, p, 2, 4, (int32_t[]){ 2, 3, 1 }, 3);
	assert_int_equal(0, online(&f, p, ELECT_PREFERRED_LEADER, false));
	expect_state(&f, p, 1, 5, (int32_t[]){ 2, 3, 1 }, 3); /* order kept */
	fake_fini(&f);
}

static void a_leader_that_stops_leaves_the_isr(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 1, 4, b123, 3);
	context_broker(&f.ctx, 1)->shutting_down = true;
	assert_int_equal(0, online(&f, p, ELECT_CONTROLLED_SHUTDOWN, false));
	expect_state(&f, p, 2, 5, (int32_t[]){ 2, 3 }, 2);
	assert_int_equal(1, fake_count(&f, CONTROL_LEADER_AND_ISR, 1)); /* it must learn that it follows */
	fake_fini(&f);
}

static void a_reassigned_partition_is_led_by_its_target(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, (int32_t[]){ 3, 1, 2 }, 3);
	p->assignment.removing = int_list_of((int32_t[]){ 1, 2 }, 2);
	fake_stored(&f, p, 1, 4, b123, 3);
	assert_int_equal(0, online(&f, p, ELECT_REASSIGN, false));
	expect_state(&f, p, 3, 5, b123, 3);
	assert_int_equal(1, fake_count(&f, CONTROL_LEADER_AND_ISR, 3));
	assert_int_equal(0, fake_count(&f, CONTROL_LEADER_AND_ISR, 1));
	fake_fini(&f);
}

static void a_state_written_in_between_is_read_again(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 1, 4, b123, 3);
	context_remove_broker(&f.ctx, 1);
	f.conflicts = 3;
	assert_int_equal(0, online(&f, p, ELECT_OFFLINE, false));
	expect_state(&f, p, 2, 5, (int32_t[]){ 2, 3 }, 2);
	assert_int_equal(11, p->info.partition_epoch);
	fake_fini(&f);
}

static void a_newer_controllers_state_is_left_alone(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 1, 4, b123, 3);
	f.states[0].state.controller_epoch = 6;
	context_remove_broker(&f.ctx, 1);
	assert_int_equal(KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE, online(&f, p, ELECT_OFFLINE, false));
	assert_int_equal(0, f.sent_n);
	fake_fini(&f);
}

static void a_fenced_write_announces_nothing(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 1, 4, b123, 3);
	context_remove_broker(&f.ctx, 1);
	f.moved = 0;
	assert_int_equal(KERR_STALE_CONTROLLER_EPOCH, online(&f, p, ELECT_OFFLINE, false));
	assert_int_equal(KERR_STALE_CONTROLLER_EPOCH, replica_to(&f, p, 1, OFFLINE_REPLICA));
	assert_int_equal(0, f.sent_n);
	assert_int_equal(ONLINE_REPLICA, replica_state_of(p, 1));
	fake_fini(&f);
}

/* ---- replicas ---- */

static void an_offline_replica_leaves_the_isr_but_not_the_last(void **state)
{
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 1, 4, (int32_t[]){ 1, 2 }, 2);
	assert_int_equal(0, replica_to(&f, p, 3, OFFLINE_REPLICA)); /* not in sync: nothing written */
	expect_state(&f, p, 1, 4, (int32_t[]){ 1, 2 }, 2);
	assert_int_equal(5, p->info.controller_epoch);
	f.conflicts = 1;
	assert_int_equal(0, replica_to(&f, p, 2, OFFLINE_REPLICA));
	expect_state(&f, p, 1, 5, (int32_t[]){ 1 }, 1);
	fake_forget(&f);
	assert_int_equal(0, replica_to(&f, p, 1, OFFLINE_REPLICA));
	expect_state(&f, p, -1, 6, (int32_t[]){ 1 }, 1);
	assert_int_equal(1, fake_count(&f, CONTROL_STOP_REPLICA, 1));
	assert_int_equal(1, fake_count(&f, CONTROL_LEADER_AND_ISR, 2));
	assert_int_equal(0, fake_count(&f, CONTROL_LEADER_AND_ISR, 1));
	assert_int_equal(1, fake_count(&f, CONTROL_UPDATE_METADATA, 3));
	fake_fini(&f);
}

static void requests_carry_what_zookeeper_md_says(void **state)
{
	const struct leader_and_isr_request *l;
	const struct update_metadata_request *u;
	struct fake f;
	struct ctl_partition *p, *q;

	(void)state;
	three_brokers(&f);
	q = fake_partition(&f, "b", 1, b123, 3);
	p = fake_partition(&f, "a", 0, b123, 3);
	fake_stored(&f, p, 1, 4, (int32_t[]){ 1, 2 }, 2);
	fake_stored(&f, q, 9, 2, (int32_t[]){ 9 }, 1);
	context_remove_broker(&f.ctx, 3);
	request_batch_begin(&f.batch);
	request_batch_leader_and_isr(&f.batch, 2, q, false);
	request_batch_leader_and_isr(&f.batch, 2, p, true);
	request_batch_leader_and_isr(&f.batch, 2, p, false); /* keeps is_new */
	request_batch_leader_and_isr(&f.batch, 3, p, false); /* not registered */
	request_batch_send(&f.batch);
	assert_int_equal(3, f.sent_n);
	l = f.sent[0].r->leader_and_isr;
	assert_int_equal(CONTROL_LEADER_AND_ISR, f.sent[0].r->kind);
	assert_int_equal(2, f.sent[0].broker);
	assert_int_equal(1, l->controller_id);
	assert_int_equal(5, l->controller_epoch);
	assert_int_equal(102, l->broker_epoch); /* the receiver's */
	assert_int_equal(0, l->type);
	assert_int_equal(2, l->topic_states_n);
	assert_true(str_is(l->topic_states[0].topic_name, "a"));
	assert_int_equal(4, l->topic_states[0].partition_states[0].controller_epoch); /* of the state, not ours */
	assert_true(l->topic_states[0].partition_states[0].is_new);
	assert_int_equal(7, l->topic_states[0].partition_states[0].partition_epoch);
	assert_int_equal(1, l->live_leaders_n); /* 9 is not registered */
	assert_int_equal(9001, l->live_leaders[0].port);
	u = f.sent[1].r->update_metadata;
	assert_int_equal(2, u->live_brokers_n);
	assert_int_equal(1, u->topic_states[0].partition_states[0].offline_replicas_n);
	assert_int_equal(3, u->topic_states[0].partition_states[0].offline_replicas[0]);
	fake_fini(&f);
}

/* ---- deletion ---- */

static int removed_topics;

static int remove_topic(void *arg, struct ctl_topic *t)
{
	(void)arg, (void)t;
	removed_topics++;
	return 0;
}

static void deletion_waits_for_a_dead_broker(void **state)
{
	struct topic_deletion d = { .enabled = true, .remove_topic = remove_topic };
	struct replica_set s = { .v = NULL };
	const struct update_metadata_request *u;
	struct fake f;
	struct ctl_partition *p;

	(void)state;
	three_brokers(&f);
	d.m = &f.m;
	removed_topics = 0;
	p = fake_partition(&f, "t", 0, b123, 3);
	fake_stored(&f, p, 1, 4, b123, 3);
	context_remove_broker(&f.ctx, 3);
	assert_int_equal(0, replica_to(&f, p, 3, OFFLINE_REPLICA));
	fake_forget(&f);
	deletion_queue(&d, p->topic);
	assert_int_equal(0, deletion_resume(&d));
	assert_int_equal(NON_EXISTENT_PARTITION, p->state);
	u = f.sent[0].r->update_metadata;
	assert_int_equal(-2, u->topic_states[0].partition_states[0].leader);
	assert_int_equal(0, u->topic_states[0].partition_states[0].leader_epoch);
	assert_int_equal(REPLICA_DELETION_STARTED, replica_state_of(p, 1));
	assert_int_equal(REPLICA_DELETION_INELIGIBLE, replica_state_of(p, 3));
	assert_true(p->topic->ineligible);

	replica_set_add(&s, p, 1);
	replica_set_add(&s, p, 2);
	assert_int_equal(0, deletion_completed(&d, &s));
	assert_int_equal(0, deletion_resume(&d));
	assert_int_equal(0, removed_topics);

	fake_broker(&f, 3); /* it is back */
	replica_set_fini(&s);
	replica_set_add(&s, p, 3);
	assert_int_equal(0, replicas_move(&f.m, &s, ONLINE_REPLICA));
	deletion_lift(&d, p->topic);
	assert_int_equal(0, deletion_resume(&d));
	assert_int_equal(REPLICA_DELETION_STARTED, replica_state_of(p, 3));
	assert_int_equal(0, deletion_completed(&d, &s));
	assert_int_equal(0, deletion_resume(&d));
	assert_int_equal(1, removed_topics);
	assert_null(context_topic(&f.ctx, "t"));
	replica_set_fini(&s);
	fake_fini(&f);
}

/* ---- assignments ---- */

static void expect_list(struct int_list got, const int32_t *want, size_t n)
{
	struct int_list w = int_list_of(want, n);

	assert_true(int_list_eq(w, got));
	int_list_fini(&w);
}

static void reassignments_put_the_target_first(void **state)
{
	struct znode_assignment a = { .replicas = int_list_of(b123, 3) }, b, c;
	struct int_list target = int_list_of((int32_t[]){ 3, 4, 2 }, 3), origin;

	(void)state;
	b = assignment_reassign_to(&a, target);
	expect_list(b.replicas, (int32_t[]){ 3, 4, 2, 1 }, 4);
	expect_list(b.adding, (int32_t[]){ 4 }, 1);
	expect_list(b.removing, (int32_t[]){ 1 }, 1);
	origin = assignment_origin(&b); /* a cancel does not restore the order (zookeeper.md 4.12) */
	expect_list(origin, (int32_t[]){ 3, 2, 1 }, 3);
	c = assignment_reassign_to(&b, origin);
	expect_list(c.replicas, (int32_t[]){ 3, 2, 1 }, 3);
	assert_int_equal(0, c.adding.n + c.removing.n);
	int_list_fini(&target);
	int_list_fini(&origin);
	assignment_fini(&a);
	assignment_fini(&b);
	assignment_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tables_allow_what_zookeeper_md_lists),
		cmocka_unit_test(the_first_leader_is_the_first_live_replica),
		cmocka_unit_test(without_a_live_replica_a_partition_stays_new),
		cmocka_unit_test(an_offline_leader_is_followed_by_a_live_isr_member),
		cmocka_unit_test(unclean_elections_need_permission),
		cmocka_unit_test(old_clusters_do_not_mark_an_unclean_leader),
		cmocka_unit_test(what_is_deleted_is_stopped_apart_in_old_clusters),
		cmocka_unit_test(the_preferred_leader_must_be_in_sync),
		cmocka_unit_test(a_leader_that_stops_leaves_the_isr),
		cmocka_unit_test(a_reassigned_partition_is_led_by_its_target),
		cmocka_unit_test(a_state_written_in_between_is_read_again),
		cmocka_unit_test(a_newer_controllers_state_is_left_alone),
		cmocka_unit_test(a_fenced_write_announces_nothing),
		cmocka_unit_test(an_offline_replica_leaves_the_isr_but_not_the_last),
		cmocka_unit_test(requests_carry_what_zookeeper_md_says),
		cmocka_unit_test(deletion_waits_for_a_dead_broker),
		cmocka_unit_test(reassignments_put_the_target_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
