/* test_group_rebalance.c - starting and completing a rebalance (coordinators.md 2.5, 2.9), timers (2.7), unloading. */
#include <time.h>

#include "base/unit.h"

#include "coordinator/group_priv.h"
#include "group_fixture.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

static struct answer *join_old(struct world *w)
{
	return world_join(w, (struct join){ .old = true });
}

/* --- the initial delay --- */

static void the_first_member_waits_for_others(void **state)
{
	struct world *w = world_new();
	struct answer *a = join_old(w);

	(void)state;
	world_pass(w, 2999);
	assert_waiting(a);
	world_pass(w, 1);
	assert_answered(0, a);
	world_free(w);
}

static void the_delay_is_extended_while_members_come(void **state)
{
	struct world *w = world_new();
	struct answer *a = join_old(w), *b;

	(void)state;
	world_pass(w, 2000);
	b = join_old(w);
	world_pass(w, 1000);
	assert_waiting(a); /* at 3 s: another 3 s */
	world_pass(w, 2999);
	assert_waiting(a);
	world_pass(w, 1);
	assert_answered(0, a);
	assert_answered(0, b);
	world_free(w);
}

static void the_extension_ends_with_the_rebalance_timeout(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .old = true, .rebalance_ms = 7000 });

	(void)state;
	/* D 3000, remaining 4000; 3000 more, remaining 1000; 1000 more, remaining 0 */
	for (int i = 0; i < 6; i++) {
		world_pass(w, 1000);
		assert_waiting(a);
		(void)join_old(w);
	}
	world_pass(w, 999);
	assert_waiting(a);
	world_pass(w, 1);
	assert_answered(0, a);
	world_free(w);
}

static void a_group_that_had_a_generation_waits_once(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });
	struct answer *a;

	(void)state;
	assert_int_equal(0, world_leave(w, ids[0]));
	assert_state("Empty", w);
	a = join_old(w);
	world_pass(w, 2000);
	(void)join_old(w);
	world_pass(w, 999);
	assert_waiting(a);
	world_pass(w, 1);
	assert_answered(0, a);
	assert_int_equal(3, a->generation);
	free(ids);
	world_free(w);
}

static void without_a_delay_the_group_is_there_at_once(void **state)
{
	struct group_settings s = GROUP_SETTINGS_INIT;
	struct world *w;
	struct answer *a;

	(void)state;
	for (int delay = 0; delay >= -1; delay--) {
		s.initial_rebalance_delay_ms = delay;
		w = world_with(&s);
		a = join_old(w);
		assert_int_equal(w->now.mono_ms, w->deadline); /* due at once */
		world_pass(w, 0);
		assert_answered(0, a);
		world_free(w);
	}
}

static void everybody_may_leave_again_before_it_began(void **state)
{
	struct world *w = world_new();
	struct answer *a = join_old(w);
	const struct group_member *m = group_member_next(w->g, NULL);
	char *id = str_dup(m->id);

	(void)state;
	assert_int_equal(0, world_leave(w, id));
	assert_answered(KERR_UNKNOWN_MEMBER_ID, a);
	assert_state("PreparingRebalance", w); /* the delay runs on */
	world_pass(w, 3000);
	assert_state("Empty", w);
	assert_int_equal(1, w->g->generation);
	free(id);
	world_free(w);
}

/* --- completing --- */

static void who_does_not_come_again_is_removed(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 3, (struct join){ .session_ms = 300000, .rebalance_ms = 20000 });
	struct answer *a = world_join(w, (struct join){ .member = ids[2], .protocols = "range=new",
					      .session_ms = 300000, .rebalance_ms = 20000 });

	(void)state;
	(void)world_join(w, (struct join){ .member = ids[1], .protocols = "range=new", .rebalance_ms = 20000 });
	world_pass(w, 19999);
	assert_waiting(a);
	world_pass(w, 1);
	assert_answered(0, a);
	assert_int_equal(2, w->g->members_n);
	assert_string_equal(ids[1], a->leader); /* the leader did not come: another one leads */
	assert_null(member_find(w->g, str_of(ids[0])));
	free(ids);
	world_free(w);
}

static void the_largest_timeout_counts(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .old = true, .rebalance_ms = 5000, .session_ms = 200000 });

	(void)state;
	(void)world_join(w, (struct join){ .old = true, .rebalance_ms = 90000, .session_ms = 200000 });
	world_wait(w, a);
	world_settle_generation(w);
	a = world_join(w, (struct join){ .member = a->member, .rebalance_ms = 5000, .session_ms = 200000 });
	world_pass(w, 89999);
	assert_waiting(a);
	world_pass(w, 1);
	assert_answered(0, a);
	world_free(w);
}

static void a_session_may_end_while_others_gather(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ .session_ms = 10000 });
	struct answer *a = world_rejoin(w, ids[0]);

	(void)state;
	world_pass(w, 9999);
	assert_waiting(a);
	world_pass(w, 1); /* the other one is gone: nobody is missing */
	assert_answered(0, a);
	assert_int_equal(1, a->members_n);
	free(ids);
	world_free(w);
}

static void a_parked_member_does_not_expire(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ .session_ms = 10000 });
	struct answer *a = world_rejoin(w, ids[0]);

	(void)state;
	for (int i = 0; i < 5; i++) {
		world_pass(w, 9999);
		assert_int_equal(KERR_REBALANCE_IN_PROGRESS, world_heartbeat(w, ids[1], 1));
	}
	assert_waiting(a);
	assert_int_equal(2, w->g->members_n);
	free(ids);
	world_free(w);
}

static void a_new_member_is_dropped_after_five_minutes(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ .session_ms = 1000000, .rebalance_ms = 1000000 });
	struct answer *b = world_join(w, (struct join){ .old = true, .session_ms = 6000 });

	(void)state;
	world_pass(w, 299999);
	assert_waiting(b);
	world_pass(w, 1);
	assert_answered(KERR_UNKNOWN_MEMBER_ID, b);
	assert_string_equal("", b->member);
	assert_int_equal(1, w->g->members_n);
	assert_state("PreparingRebalance", w);
	free(ids);
	world_free(w);
}

static void silence_while_completing_starts_a_rebalance(void **state)
{
	struct world *w = world_new();
	struct answer *a = join_old(w), *b = join_old(w), *sync;

	(void)state;
	world_wait(w, a);
	sync = world_sync(w, b->member, 1, "");
	world_pass(w, 10000); /* the leader says nothing */
	assert_answered(KERR_REBALANCE_IN_PROGRESS, sync);
	assert_state("PreparingRebalance", w);
	assert_int_equal(1, w->g->members_n);
	assert_int_equal(w->now.mono_ms + 10000, group_member_next(w->g, NULL)->deadline); /* its session runs again */
	world_free(w);
}

/* --- the sync timer --- */

static void who_does_not_sync_in_time_is_removed(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .old = true, .rebalance_ms = 15000 });
	struct answer *b = world_join(w, (struct join){ .old = true, .rebalance_ms = 15000 }), *sync;
	int64_t completed;

	(void)state;
	world_wait(w, a);
	completed = w->now.mono_ms;
	sync = world_sync(w, b->member, 1, "");
	world_pass(w, 8000);
	assert_int_equal(0, world_heartbeat(w, a->member, 1)); /* alive, but without an assignment */
	world_pass(w, completed + 15000 - 1 - w->now.mono_ms);
	assert_waiting(sync);
	world_pass(w, 1);
	assert_answered(KERR_REBALANCE_IN_PROGRESS, sync);
	assert_state("PreparingRebalance", w);
	assert_null(member_find(w->g, str_of(a->member)));
	assert_string_equal(b->member, world_rejoin(w, b->member)->leader);
	world_free(w);
}

static void a_stable_group_removes_who_never_synced(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .old = true, .session_ms = 100000 });
	struct answer *b = world_join(w, (struct join){ .old = true, .session_ms = 100000 });

	(void)state;
	world_wait(w, a);
	(void)world_sync(w, a->member, 1, "");
	assert_state("Stable", w);
	world_pass(w, 59999);
	assert_state("Stable", w);
	world_pass(w, 1);
	assert_state("PreparingRebalance", w);
	assert_null(member_find(w->g, str_of(b->member)));
	world_free(w);
}

static void the_sync_timer_stops_when_all_have_synced(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ .session_ms = 1000000 });

	(void)state;
	world_pass(w, 100000);
	assert_state("Stable", w);
	assert_int_equal(2, w->g->members_n);
	free(ids);
	world_free(w);
}

/* --- hostile numbers --- */

static void a_rebalance_timeout_below_0_counts_as_0(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .old = true, .rebalance_ms = -5 });

	(void)state;
	world_pass(w, 3000);
	assert_answered(0, a); /* and the sync timer is due in the same moment */
	assert_state("Empty", w);
	world_free(w);
}

static void the_largest_numbers_do_no_harm(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .old = true, .rebalance_ms = INT32_MAX, .session_ms = INT32_MAX });

	(void)state;
	world_wait(w, a);
	w->g->generation = INT32_MAX; /* after two thousand million rebalances */
	a = world_join(w, (struct join){ .member = a->member, .protocols = "range=new" });
	assert_answered(0, a);
	assert_int_equal(1, a->generation);
	world_free(w);
}

/* --- unloading --- */

static void an_unloaded_group_sends_everybody_away(void **state)
{
	struct world *w = world_new();
	struct answer *a = join_old(w), *b = join_old(w), *sync, *pending;

	(void)state;
	pending = world_join(w, (struct join){ 0 });
	assert_answered(KERR_MEMBER_ID_REQUIRED, pending);
	group_unload(w->g, &w->fx);
	world_perform(w);
	assert_answered(KERR_NOT_COORDINATOR, a);
	assert_non_null(a->member[0] ? a->member : NULL); /* its id, as Kafka has it */
	assert_answered(KERR_NOT_COORDINATOR, b);
	assert_state("Dead", w);
	assert_int_equal(GROUP_NO_DEADLINE, group_deadline(w->g));
	world_regroup(w);

	a = join_old(w);
	world_wait(w, a);
	w->hold_appends = true;
	sync = world_sync(w, a->member, 1, "");
	group_unload(w->g, &w->fx);
	world_perform(w);
	assert_answered(KERR_NOT_COORDINATOR, sync);
	world_appended(w, 0); /* the group knows nothing of it any more */
	assert_state("Dead", w);
	world_free(w);
}

static void timers_of_a_dead_group_do_nothing(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ 0 });

	(void)state;
	group_unload(w->g, &w->fx);
	world_perform(w);
	world_pass(w, 1000000);
	group_expire(w->g, w->now, &w->fx);
	assert_int_equal(0, w->fx.n);
	assert_state("Dead", w);
	free(ids);
	world_free(w);
}

/* --- size --- */

static struct str first_member(const struct world *w)
{
	return group_member_next(w->g, NULL)->id;
}

/* Raw calls: the fixture itself looks at every member after each. */
static void a_large_group_costs_no_square(void **state)
{
	enum { N = 40000, OFFERS = 10 };
	static const char *const names[OFFERS] = { "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9" };
	struct join_group_request_join_group_request_protocol p[OFFERS];
	struct group_join join = { .member_id = STR(""), .instance_id = STR_NULL, .client_id = STR("c"),
		.protocol_type = STR("consumer"), .session_timeout_ms = 1000000, .rebalance_timeout_ms = 1000000,
		.reason = STR_NULL, .protocols = p, .protocols_n = OFFERS };
	struct group_sync sync = { .instance_id = STR_NULL, .protocol_type = STR_NULL, .protocol_name = STR_NULL,
		.generation = 1 };
	struct world *w = world_new();
	struct group_effects fx;
	clock_t start = clock();

	(void)state;
	group_effects_init(&fx);
	for (int i = 0; i < OFFERS; i++)
		p[i] = (struct join_group_request_join_group_request_protocol){ str_of(names[i]), text_bytes("meta") };
	for (int i = 0; i < N; i++) {
		group_join(w->g, w->now, &join, &fx);
		group_effects_reset(&fx);
	}
	while (group_state(w->g) != GROUP_COMPLETING) {
		group_effects_reset(&fx);
		w->now.mono_ms = group_deadline(w->g);
		group_expire(w->g, w->now, &fx);
	}
	assert_int_equal(N, fx.n);
	group_effects_reset(&fx);
	for (const struct group_member *m = NULL; (m = group_member_next(w->g, m));) {
		sync.member_id = m->id;
		if (m != w->g->leader)
			group_sync(w->g, w->now, &sync, &fx);
		group_effects_reset(&fx);
	}
	sync.member_id = w->g->leader->id;
	group_sync(w->g, w->now, &sync, &fx);
	assert_int_equal(1, fx.n);
	group_appended(w->g, w->now, fx.v[0].append.id, 0, &fx);
	assert_int_equal(1 + N, fx.n);
	for (int i = 0; i < N; i++) {
		group_effects_reset(&fx);
		assert_int_equal(0, group_leave(w->g, w->now, first_member(w), STR_NULL, STR_NULL, &fx));
	}
	assert_state("Empty", w);
	group_effects_fini(&fx);
	/* a fraction of a second; one walk over the members for each of them would take a minute */
	assert_true((clock() - start) / CLOCKS_PER_SEC < 10);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_member_waits_for_others),
		cmocka_unit_test(the_delay_is_extended_while_members_come),
		cmocka_unit_test(the_extension_ends_with_the_rebalance_timeout),
		cmocka_unit_test(a_group_that_had_a_generation_waits_once),
		cmocka_unit_test(without_a_delay_the_group_is_there_at_once),
		cmocka_unit_test(everybody_may_leave_again_before_it_began),
		cmocka_unit_test(who_does_not_come_again_is_removed),
		cmocka_unit_test(the_largest_timeout_counts),
		cmocka_unit_test(a_session_may_end_while_others_gather),
		cmocka_unit_test(a_parked_member_does_not_expire),
		cmocka_unit_test(a_new_member_is_dropped_after_five_minutes),
		cmocka_unit_test(silence_while_completing_starts_a_rebalance),
		cmocka_unit_test(who_does_not_sync_in_time_is_removed),
		cmocka_unit_test(a_stable_group_removes_who_never_synced),
		cmocka_unit_test(the_sync_timer_stops_when_all_have_synced),
		cmocka_unit_test(a_rebalance_timeout_below_0_counts_as_0),
		cmocka_unit_test(the_largest_numbers_do_no_harm),
		cmocka_unit_test(an_unloaded_group_sends_everybody_away),
		cmocka_unit_test(timers_of_a_dead_group_do_nothing),
		cmocka_unit_test(a_large_group_costs_no_square),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
