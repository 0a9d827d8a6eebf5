/* test_group_static.c - static members: added, replaced, fenced, rolled back (coordinators.md 2.8). */
#include <string.h>

#include "base/unit.h"

#include "coordinator/group_priv.h"
#include "group_fixture.h"
#include "protocol/errors.h"

static struct answer *join_static(struct world *w, const char *instance, bool skip)
{
	return world_join(w, (struct join){ .instance = instance, .skip = skip });
}

/* Stable, with static members "i0", "i1", ...; the first leads. */
static char **stable_statics(struct world *w, int n)
{
	static const char *const names[] = { "i0", "i1", "i2" };
	char **ids = xcalloc((size_t)n, sizeof(*ids));
	struct answer *a[3];

	for (int i = 0; i < n; i++)
		a[i] = join_static(w, names[i], false);
	for (int i = 0; i < n; i++) {
		world_wait(w, a[i]);
		ids[i] = a[i]->member;
	}
	world_settle_generation(w);
	return ids;
}

static void a_static_member_joins_without_an_id_first(void **state)
{
	struct world *w = world_new();
	struct answer *a = join_static(w, "i0", false);

	(void)state;
	assert_waiting(a);
	world_wait(w, a);
	assert_answered(0, a);
	assert_memory_equal("i0-", a->member, 3);
	assert_int_equal(3 + 36, strlen(a->member));
	assert_true(strstr(a->members[0], "/i0") != NULL);
	world_free(w);
}

static void one_that_comes_back_takes_over_without_a_rebalance(void **state)
{
	struct world *w = world_new();
	char **ids = stable_statics(w, 2);
	struct answer *a, *sync;

	(void)state;
	w->hold_appends = true;
	a = join_static(w, "i1", true);
	assert_waiting(a); /* until the new id is written */
	assert_state("Stable", w);
	world_appended(w, 0);
	assert_answered(0, a);
	assert_int_equal(1, a->generation);
	assert_string_equal(ids[0], a->leader);
	assert_string_not_equal(ids[1], a->member);
	assert_false(a->skip); /* a follower */
	assert_int_equal(0, a->members_n);
	assert_state("Stable", w);
	sync = world_sync(w, a->member, 1, "");
	assert_string_equal(ids[1], sync->assignment); /* what the old id had */
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, world_heartbeat(w, ids[1], 1));
	assert_int_equal(0, world_heartbeat(w, a->member, 1));
	free(ids);
	world_free(w);
}

static void the_old_id_is_fenced_when_it_says_its_instance(void **state)
{
	struct world *w = world_new();
	char **ids = stable_statics(w, 2);
	struct answer *a = join_static(w, "i1", false);

	(void)state;
	assert_int_equal(KERR_FENCED_INSTANCE_ID,
	    group_heartbeat(w->g, w->now, str_of(ids[1]), STR("i1"), 1));
	assert_int_equal(0, group_heartbeat(w->g, w->now, str_of(a->member), STR("i1"), 1));
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, group_heartbeat(w->g, w->now, str_of(a->member), STR("i9"), 1));
	assert_answered(KERR_FENCED_INSTANCE_ID, world_join(w, (struct join){ .member = ids[1], .instance = "i1" }));
	assert_answered(KERR_UNKNOWN_MEMBER_ID, world_join(w, (struct join){ .member = ids[1], .instance = "i9" }));
	assert_int_equal(KERR_FENCED_INSTANCE_ID,
	    group_leave(w->g, w->now, str_of(ids[1]), STR("i1"), STR_NULL, &w->fx));
	free(ids);
	world_free(w);
}

static void a_leader_that_comes_back_skips_the_assignment(void **state)
{
	struct world *w = world_new();
	char **ids = stable_statics(w, 2);
	struct answer *a = join_static(w, "i0", true);

	(void)state;
	assert_answered(0, a);
	assert_true(a->skip);
	assert_string_equal(a->member, a->leader);
	assert_int_equal(2, a->members_n);
	assert_state("Stable", w);
	free(ids);
	world_free(w);
}

static void an_old_leader_does_not_know_itself_again(void **state)
{
	struct world *w = world_new();
	char **ids = stable_statics(w, 2);
	struct answer *a = join_static(w, "i0", false);

	(void)state;
	assert_answered(0, a);
	assert_false(a->skip);
	assert_string_equal(ids[0], a->leader); /* the id before */
	assert_string_not_equal(ids[0], a->member);
	assert_int_equal(0, a->members_n);
	/* it leads all the same: joining again makes a rebalance */
	(void)world_join(w, (struct join){ .member = a->member, .instance = "i0" });
	assert_state("PreparingRebalance", w);
	free(ids);
	world_free(w);
}

static void an_append_that_fails_rolls_back(void **state)
{
	struct world *w = world_new();
	char **ids = stable_statics(w, 2);
	struct group_member *m;
	struct answer *a;

	(void)state;
	w->hold_appends = true;
	a = world_join(w, (struct join){ .instance = "i0", .session_ms = 20000, .rebalance_ms = 7, .protocols = "range=new",
				 .skip = true });
	world_appended(w, KERR_NOT_ENOUGH_REPLICAS);
	assert_answered(KERR_COORDINATOR_NOT_AVAILABLE, a);
	assert_string_equal("", a->member);
	assert_int_equal(1, a->generation);
	assert_string_equal(ids[0], a->leader);
	assert_string_equal("range", a->protocol);
	assert_state("Stable", w);
	m = member_find(w->g, str_of(ids[0]));
	assert_ptr_equal(m, w->g->leader);
	assert_int_equal(10000, m->session_timeout_ms);
	assert_int_equal(60000, m->rebalance_timeout_ms);
	assert_memory_equal("meta", member_metadata(m, w->g->protocol).p, 4);
	assert_int_equal(0, group_heartbeat(w->g, w->now, str_of(ids[0]), STR("i0"), 1));
	free(ids);
	world_free(w);
}

static void another_protocol_makes_it_rebalance(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .instance = "i0", .protocols = "x=1,y=1" });
	char *old;

	(void)state;
	world_wait(w, a);
	old = a->member;
	world_settle_generation(w);
	a = world_join(w, (struct join){ .instance = "i0", .protocols = "x=2,y=2" });
	assert_answered(0, a); /* other data for the same protocol are no reason */
	assert_int_equal(1, a->generation);
	a = world_join(w, (struct join){ .instance = "i0", .protocols = "y=1,x=1" });
	assert_answered(0, a);
	assert_int_equal(2, a->generation);
	assert_string_equal("y", a->protocol);
	assert_string_equal(a->member, a->leader);
	assert_string_not_equal(old, a->member);
	world_free(w);
}

static void while_gathering_the_old_request_is_fenced(void **state)
{
	struct world *w = world_new();
	struct answer *a = join_static(w, "i0", false), *b;

	(void)state;
	b = join_static(w, "i0", false);
	assert_answered(KERR_FENCED_INSTANCE_ID, a);
	assert_memory_equal("i0-", a->member, 3); /* its own old id */
	assert_waiting(b);
	assert_int_equal(1, w->g->members_n);
	world_wait(w, b);
	assert_answered(0, b);
	assert_string_equal(b->member, b->leader);
	world_free(w);
}

static void while_completing_it_starts_again(void **state)
{
	struct world *w = world_new();
	struct answer *a = join_static(w, "i0", false), *b = join_static(w, "i1", false), *sync, *again;

	(void)state;
	world_wait(w, a);
	sync = world_sync(w, b->member, 1, "");
	again = join_static(w, "i1", false);
	assert_answered(KERR_FENCED_INSTANCE_ID, sync);
	assert_waiting(again);
	assert_state("PreparingRebalance", w);
	(void)world_join(w, (struct join){ .member = a->member, .instance = "i0" });
	assert_answered(0, again);
	assert_int_equal(2, again->generation);
	world_free(w);
}

/* Apache Kafka 3.9 then answers the join twice over: once by the rebalance, and a later one by the append. */
static void a_rebalance_that_comes_before_the_append_answers_instead(void **state)
{
	struct world *w = world_new();
	char **ids = stable_statics(w, 2);
	struct answer *a, *b;

	(void)state;
	w->hold_appends = true;
	a = join_static(w, "i1", true);
	b = world_join(w, (struct join){ .member = ids[0], .instance = "i0" }); /* the leader */
	assert_answered(0, a);
	assert_answered(0, b);
	assert_int_equal(2, a->generation);
	world_appended(w, KERR_NOT_ENOUGH_REPLICAS); /* no roll back now */
	assert_state("CompletingRebalance", w);
	assert_non_null(member_find(w->g, str_of(a->member)));
	free(ids);
	world_free(w);
}

static void coming_back_twice_fences_the_first_attempt(void **state)
{
	struct world *w = world_new();
	char **ids = stable_statics(w, 2);
	struct answer *a, *b;

	(void)state;
	w->hold_appends = true;
	a = join_static(w, "i1", true);
	b = join_static(w, "i1", true);
	assert_answered(KERR_FENCED_INSTANCE_ID, a);
	world_appended(w, 0); /* of the first */
	assert_waiting(b);
	world_appended(w, 0);
	assert_answered(0, b);
	assert_string_not_equal(a->member, b->member);
	free(ids);
	world_free(w);
}

/* Its session timer starts again when it is answered, however long the append took. */
static void a_replaced_member_has_a_session_again(void **state)
{
	struct world *w = world_new();
	char **ids = stable_statics(w, 2);
	struct answer *a;

	(void)state;
	w->hold_appends = true;
	a = join_static(w, "i1", true);
	world_pass(w, 9000);
	assert_int_equal(0, world_heartbeat(w, ids[0], 1));
	world_pass(w, 5000);
	assert_waiting(a);
	assert_state("Stable", w);
	world_appended(w, 0);
	assert_int_equal(0, world_heartbeat(w, ids[0], 1));
	world_pass(w, 9999);
	assert_int_equal(0, world_heartbeat(w, ids[0], 1));
	world_pass(w, 1);
	assert_null(member_find(w->g, str_of(a->member)));
	free(ids);
	world_free(w);
}

static void static_members_that_do_not_come_stay_until_their_session_ends(void **state)
{
	struct world *w = world_new();
	struct answer *a, *b;

	(void)state;
	a = world_join(w, (struct join){ .instance = "i0", .rebalance_ms = 5000, .session_ms = 60000 });
	b = world_join(w, (struct join){ .instance = "i1", .rebalance_ms = 5000, .session_ms = 60000 });
	world_wait(w, a);
	world_settle_generation(w);
	b = world_join(w, (struct join){ .member = b->member, .instance = "i1", .rebalance_ms = 5000,
				 .session_ms = 60000, .protocols = "range=new" });
	world_pass(w, 5000);
	assert_answered(0, b);
	assert_int_equal(2, w->g->members_n);
	assert_string_equal(b->member, b->leader); /* who came leads */
	assert_int_equal(2, b->members_n);
	/* and it has the rebalance time-out to sync */
	world_pass(w, 5000);
	assert_null(member_find(w->g, str_of(a->member)));
	world_free(w);
}

static void nobody_comes_and_nobody_may_be_removed(void **state)
{
	struct world *w = world_new();
	struct answer *a, *b, *c;

	(void)state;
	a = world_join(w, (struct join){ .instance = "i0", .rebalance_ms = 5000, .session_ms = 30000 });
	b = world_join(w, (struct join){ .old = true, .rebalance_ms = 5000, .session_ms = 6000 });
	world_wait(w, a);
	world_settle_generation(w);
	assert_int_equal(0, world_leave(w, b->member)); /* a rebalance begins, the static member does not come */
	world_pass(w, 20000);
	assert_state("PreparingRebalance", w);
	c = world_join(w, (struct join){ .member = a->member, .instance = "i0", .rebalance_ms = 5000 });
	assert_answered(0, c);
	assert_int_equal(2, c->generation);
	world_free(w);
}

static void a_group_of_absent_static_members_ends_empty(void **state)
{
	struct world *w = world_new();
	struct answer *a, *b;

	(void)state;
	a = world_join(w, (struct join){ .instance = "i0", .rebalance_ms = -1, .session_ms = 30000 });
	b = world_join(w, (struct join){ .old = true, .rebalance_ms = 5000 });
	world_wait(w, a);
	world_settle_generation(w);
	assert_int_equal(0, world_leave(w, b->member));
	world_pass(w, 29999); /* a rebalance time-out of 0 does not spin */
	assert_state("PreparingRebalance", w);
	world_pass(w, 200);
	assert_state("Empty", w);
	world_free(w);
}

static void an_administrator_removes_by_instance(void **state)
{
	struct world *w = world_new();
	char **ids = stable_statics(w, 2);

	(void)state;
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, group_leave(w->g, w->now, STR(""), STR("i9"), STR_NULL, &w->fx));
	assert_int_equal(0, group_leave(w->g, w->now, STR(""), STR("i1"), STR("admin"), &w->fx));
	assert_null(member_find(w->g, str_of(ids[1])));
	assert_state("PreparingRebalance", w);
	free(ids);
	world_free(w);
}

/* The mark of a member that has not synced goes with it to its new id; in Apache Kafka 3.9 the old id stays behind and
 * makes a needless rebalance. */
static void the_sync_timer_knows_the_new_id(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .instance = "i0", .session_ms = 500000 });
	struct answer *b = world_join(w, (struct join){ .instance = "i1", .session_ms = 500000 });

	(void)state;
	world_wait(w, a);
	(void)world_sync(w, a->member, 1, "");
	assert_state("Stable", w);
	b = world_join(w, (struct join){ .instance = "i1", .session_ms = 500000 });
	assert_answered(0, b);
	assert_answered(0, world_sync(w, b->member, 1, ""));
	world_pass(w, 100000);
	assert_state("Stable", w);
	world_free(w);
}

static void one_that_is_replaced_in_its_first_join_still_has_five_minutes(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ .session_ms = 1000000, .rebalance_ms = 1000000 });
	struct answer *a = join_static(w, "i1", false), *b;

	(void)state;
	b = join_static(w, "i1", false);
	assert_answered(KERR_FENCED_INSTANCE_ID, a);
	world_pass(w, 299999);
	assert_waiting(b);
	world_pass(w, 1);
	assert_answered(KERR_UNKNOWN_MEMBER_ID, b);
	free(ids);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_static_member_joins_without_an_id_first),
		cmocka_unit_test(one_that_comes_back_takes_over_without_a_rebalance),
		cmocka_unit_test(the_old_id_is_fenced_when_it_says_its_instance),
		cmocka_unit_test(a_leader_that_comes_back_skips_the_assignment),
		cmocka_unit_test(an_old_leader_does_not_know_itself_again),
		cmocka_unit_test(an_append_that_fails_rolls_back),
		cmocka_unit_test(another_protocol_makes_it_rebalance),
		cmocka_unit_test(while_gathering_the_old_request_is_fenced),
		cmocka_unit_test(while_completing_it_starts_again),
		cmocka_unit_test(a_rebalance_that_comes_before_the_append_answers_instead),
		cmocka_unit_test(coming_back_twice_fences_the_first_attempt),
		cmocka_unit_test(a_replaced_member_has_a_session_again),
		cmocka_unit_test(static_members_that_do_not_come_stay_until_their_session_ends),
		cmocka_unit_test(nobody_comes_and_nobody_may_be_removed),
		cmocka_unit_test(a_group_of_absent_static_members_ends_empty),
		cmocka_unit_test(an_administrator_removes_by_instance),
		cmocka_unit_test(the_sync_timer_knows_the_new_id),
		cmocka_unit_test(one_that_is_replaced_in_its_first_join_still_has_five_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
