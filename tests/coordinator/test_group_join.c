/* test_group_join.c - JoinGroup row by row (coordinators.md 2.8), heartbeat and leave (2.11). */
#include <stdio.h>
#include <string.h>

#include "base/unit.h"

#include "coordinator/group_priv.h"
#include "group_fixture.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

#define OLD .old = true

static void a_session_timeout_must_be_within_bounds(void **state)
{
	struct group_settings s = GROUP_SETTINGS_INIT;

	(void)state;
	assert_int_equal(KERR_INVALID_SESSION_TIMEOUT, group_check_session_timeout(&s, 5999));
	assert_int_equal(0, group_check_session_timeout(&s, 6000));
	assert_int_equal(0, group_check_session_timeout(&s, 1800000));
	assert_int_equal(KERR_INVALID_SESSION_TIMEOUT, group_check_session_timeout(&s, 1800001));
}

static void an_error_has_nothing_else(const struct answer *a)
{
	assert_int_equal(-1, a->generation);
	assert_string_equal("", a->leader);
	assert_null(a->type);
	assert_null(a->protocol);
	assert_int_equal(0, a->members_n);
}

static void a_new_member_is_given_an_id_first(void **state)
{
	struct world *w = world_new();
	struct answer *first = world_join(w, (struct join){ .client = "consumer-1" }), *second;

	(void)state;
	assert_answered(KERR_MEMBER_ID_REQUIRED, first);
	an_error_has_nothing_else(first);
	assert_int_equal(strlen("consumer-1-") + 36, strlen(first->member));
	assert_memory_equal("consumer-1-", first->member, 11);
	assert_state("Empty", w);
	assert_int_equal(1, w->g->pending_members_n);
	second = world_join(w, (struct join){ .member = first->member });
	assert_waiting(second);
	assert_int_equal(0, w->g->pending_members_n);
	assert_state("PreparingRebalance", w);
	world_pass(w, 3000);
	assert_answered(0, second);
	assert_string_equal(first->member, second->member);
	assert_string_equal(first->member, second->leader);
	assert_int_equal(1, second->generation);
	assert_string_equal("consumer", second->type);
	assert_string_equal("range", second->protocol);
	assert_int_equal(1, second->members_n);
	assert_string_equal(first->member, second->members[0]);
	assert_string_equal("meta", second->metadata[0]);
	assert_false(second->skip);
	assert_state("CompletingRebalance", w);
	world_free(w);
}

static void ids_are_uuids_of_version_4(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .client = "" });

	(void)state;
	assert_int_equal(37, strlen(a->member));
	assert_int_equal('-', a->member[0]);
	for (int i = 1; i < 37; i++) {
		if (i == 9 || i == 14 || i == 19 || i == 24)
			assert_int_equal('-', a->member[i]);
		else
			assert_non_null(strchr("0123456789abcdef", a->member[i]));
	}
	assert_int_equal('4', a->member[15]);
	assert_non_null(strchr("89ab", a->member[20]));
	world_free(w);
}

static void an_id_fits_into_a_string_of_the_protocol(void **state)
{
	struct world *w = world_new();
	char *client = xcalloc(32768, 1);
	struct answer *a;

	(void)state;
	for (int i = 0; i < 32766; i += 2)
		memcpy(client + i, "\xc3\xbc", 2); /* two bytes each: cut between them */
	a = world_join(w, (struct join){ .client = client });
	assert_int_equal(32730 + 37, strlen(a->member));
	assert_answered(KERR_MEMBER_ID_REQUIRED, a);
	assert_int_equal(0, memcmp(a->member + 32728, "\xc3\xbc-", 3));
	free(client);
	world_free(w);
}

static void an_old_client_joins_at_once(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ OLD });

	(void)state;
	assert_waiting(a);
	assert_int_equal(1, w->g->members_n);
	world_pass(w, 3000);
	assert_answered(0, a);
	world_free(w);
}

static void two_members_the_first_leads(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ OLD, .protocols = "range=A" });
	struct answer *b = world_join(w, (struct join){ OLD, .protocols = "range=B", .client = "other" });

	(void)state;
	world_wait(w, a);
	assert_answered(0, a);
	assert_answered(0, b);
	assert_string_equal(a->member, b->leader);
	assert_int_equal(2, a->members_n);
	assert_string_equal(b->member, a->members[1]);
	assert_string_equal("B", a->metadata[1]);
	assert_int_equal(0, b->members_n);
	assert_memory_equal("other-", b->member, 6);
	world_free(w);
}

static void a_stranger_with_an_id_is_not_known(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .member = "x-1" });

	(void)state;
	assert_answered(KERR_UNKNOWN_MEMBER_ID, a); /* state Empty */
	assert_string_equal("x-1", a->member);
	an_error_has_nothing_else(a);
	free(world_stable(w, 1, (struct join){ 0 }));
	a = world_join(w, (struct join){ .member = "x-1" });
	assert_answered(KERR_UNKNOWN_MEMBER_ID, a);
	assert_state("Stable", w);
	world_free(w);
}

static void a_dead_group_sends_away(void **state)
{
	struct world *w = world_new();
	struct answer *a, *b;

	(void)state;
	group_unload(w->g, &w->fx);
	a = world_join(w, (struct join){ 0 });
	b = world_join(w, (struct join){ .member = "m" });
	assert_answered(KERR_COORDINATOR_NOT_AVAILABLE, a);
	assert_string_equal("", a->member);
	assert_answered(KERR_COORDINATOR_NOT_AVAILABLE, b);
	assert_string_equal("m", b->member);
	assert_int_equal(KERR_COORDINATOR_NOT_AVAILABLE, world_heartbeat(w, "m", 1));
	assert_int_equal(KERR_COORDINATOR_NOT_AVAILABLE, world_leave(w, "m"));
	world_free(w);
}

/* --- protocols --- */

static void the_first_member_must_offer_something(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_answered(KERR_INCONSISTENT_GROUP_PROTOCOL, world_join(w, (struct join){ OLD, .type = "" }));
	assert_answered(KERR_INCONSISTENT_GROUP_PROTOCOL, world_join(w, (struct join){ OLD, .protocols = "" }));
	assert_state("Empty", w);
	assert_int_equal(0, w->g->pending_members_n);
	world_free(w);
}

static void all_must_have_a_protocol_in_common(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ OLD, .protocols = "x=1,y=2" }), *b, *c;

	(void)state;
	assert_answered(KERR_INCONSISTENT_GROUP_PROTOCOL,
	    world_join(w, (struct join){ OLD, .type = "connect", .protocols = "x=1" }));
	assert_answered(KERR_INCONSISTENT_GROUP_PROTOCOL, world_join(w, (struct join){ OLD, .protocols = "z=1" }));
	b = world_join(w, (struct join){ OLD, .protocols = "z=3,y=4" });
	assert_answered(KERR_INCONSISTENT_GROUP_PROTOCOL, world_join(w, (struct join){ OLD, .protocols = "x=1" }));
	c = world_join(w, (struct join){ OLD, .protocols = "x=5,y=6" });
	world_wait(w, a);
	assert_answered(0, a);
	assert_answered(0, b);
	assert_answered(0, c);
	assert_string_equal("y", a->protocol);
	assert_string_equal("2", a->metadata[0]);
	assert_string_equal("4", a->metadata[1]);
	assert_string_equal("6", a->metadata[2]);
	world_free(w);
}

static void the_protocol_that_most_prefer_wins(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ OLD, .protocols = "x=,y=,z=" });

	(void)state;
	(void)world_join(w, (struct join){ OLD, .protocols = "none=,z=,y=,x=" });
	(void)world_join(w, (struct join){ OLD, .protocols = "z=,x=,y=" });
	world_wait(w, a);
	assert_string_equal("z", a->protocol);
	world_free(w);
}

static void a_member_may_leave_a_protocol_only_if_others_remain(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ .protocols = "x=1,y=2" });
	struct answer *a;

	(void)state;
	assert_answered(KERR_INCONSISTENT_GROUP_PROTOCOL,
	    world_join(w, (struct join){ .member = ids[1], .protocols = "z=1" }));
	a = world_join(w, (struct join){ .member = ids[1], .protocols = "y=1" });
	assert_state("PreparingRebalance", w);
	(void)world_join(w, (struct join){ .member = ids[0], .protocols = "x=1,y=2" });
	assert_answered(0, a);
	assert_string_equal("y", a->protocol);
	assert_answered(KERR_INCONSISTENT_GROUP_PROTOCOL,
	    world_join(w, (struct join){ .member = ids[0], .protocols = "x=1" }));
	free(ids);
	world_free(w);
}

/* Apache Kafka 3.9 counts it twice, and the join never completes. */
static void a_protocol_named_twice_counts_once(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ OLD, .protocols = "x=1,x=2" });

	(void)state;
	world_pass(w, 3000);
	assert_answered(0, a);
	assert_string_equal("x", a->protocol);
	assert_string_equal("1", a->metadata[0]);
	world_free(w);
}

static void a_list_of_protocols_has_a_limit(void **state)
{
	struct world *w = world_new();
	struct answer a = { 0 };
	struct join_group_request_join_group_request_protocol p[1001];
	struct group_join in = { .member_id = STR(""), .instance_id = STR_NULL, .protocol_type = STR("consumer"),
		.session_timeout_ms = 10000, .protocols = p, .protocols_n = 1001, .waiter = &a };

	(void)state;
	for (int i = 0; i < 1001; i++)
		p[i] = (struct join_group_request_join_group_request_protocol){ STR("x"), NO_BYTES };
	group_join(w->g, w->now, &in, &w->fx);
	assert_int_equal(1, w->fx.n);
	assert_int_equal(KERR_INVALID_REQUEST, w->fx.v[0].join.error);
	group_effects_reset(&w->fx);
	in.protocols_n = 1000;
	group_join(w->g, w->now, &in, &w->fx);
	assert_int_equal(0, w->fx.n);
	group_unload(w->g, &w->fx);
	group_effects_reset(&w->fx);
	world_free(w);
}

static void another_type_may_take_an_empty_group(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });
	struct answer *a;

	(void)state;
	assert_int_equal(0, world_leave(w, ids[0]));
	assert_state("Empty", w);
	a = world_join(w, (struct join){ OLD, .type = "connect", .protocols = "sessioned=x" });
	world_pass(w, 3000);
	assert_answered(0, a);
	assert_string_equal("connect", a->type);
	free(ids);
	world_free(w);
}

/* --- known members --- */

static void while_members_gather_a_join_is_parked(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ 0 });
	struct answer *a = world_rejoin(w, ids[0]), *b;

	(void)state;
	assert_waiting(a);
	assert_state("PreparingRebalance", w);
	b = world_join(w, (struct join){ .member = ids[1], .protocols = "range=new" });
	assert_answered(0, a);
	assert_answered(0, b);
	assert_int_equal(2, a->generation);
	assert_string_equal("new", a->metadata[1]);
	free(ids);
	world_free(w);
}

static void a_repeated_join_takes_the_place_of_the_first(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ 0 });
	struct answer *a = world_rejoin(w, ids[0]), *again = world_rejoin(w, ids[0]);

	(void)state;
	assert_answered(KERR_REBALANCE_IN_PROGRESS, a);
	assert_waiting(again);
	assert_int_equal(1, w->g->awaiting_join_n);
	free(ids);
	world_free(w);
}

static void while_completing_the_same_data_get_the_same_answer(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ OLD }), *b = world_join(w, (struct join){ OLD }), *again;

	(void)state;
	world_wait(w, a);
	again = world_rejoin(w, a->member);
	assert_answered(0, again);
	assert_int_equal(1, again->generation);
	assert_int_equal(2, again->members_n); /* the leader's */
	again = world_rejoin(w, b->member);
	assert_answered(0, again);
	assert_int_equal(0, again->members_n);
	assert_string_equal(a->member, again->leader);
	assert_state("CompletingRebalance", w);
	world_free(w);
}

static void while_completing_other_data_start_again(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ OLD }), *b = world_join(w, (struct join){ OLD }), *sync, *again;

	(void)state;
	world_wait(w, a);
	sync = world_sync(w, b->member, 1, "");
	assert_waiting(sync);
	again = world_join(w, (struct join){ .member = a->member, .protocols = "range=other" });
	assert_waiting(again);
	assert_answered(KERR_REBALANCE_IN_PROGRESS, sync);
	assert_null(sync->type);
	assert_string_equal("", sync->assignment);
	assert_state("PreparingRebalance", w);
	/* one name, other bytes; more protocols; another order */
	(void)world_join(w, (struct join){ .member = b->member, .protocols = "range=meta,y=" });
	assert_answered(0, again);
	assert_int_equal(2, again->generation);
	again = world_join(w, (struct join){ .member = b->member, .protocols = "y=,range=meta" });
	assert_state("PreparingRebalance", w);
	world_free(w);
}

static void in_a_stable_group_a_follower_learns_the_generation(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ 0 });
	struct answer *a = world_rejoin(w, ids[1]);

	(void)state;
	assert_answered(0, a);
	assert_int_equal(1, a->generation);
	assert_string_equal(ids[0], a->leader);
	assert_int_equal(0, a->members_n);
	assert_state("Stable", w);
	a = world_rejoin(w, ids[0]); /* the leader starts a rebalance, whatever it says */
	assert_waiting(a);
	assert_state("PreparingRebalance", w);
	free(ids);
	world_free(w);
}

static void in_a_stable_group_new_data_start_a_rebalance(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ 0 });
	struct answer *a = world_join(w, (struct join){ .member = ids[1], .protocols = "range=else", .session_ms = 20000,
					      .rebalance_ms = 1000 });

	(void)state;
	assert_waiting(a);
	assert_state("PreparingRebalance", w);
	assert_int_equal(20000, member_find(w->g, str_of(ids[1]))->session_timeout_ms);
	assert_int_equal(1000, member_find(w->g, str_of(ids[1]))->rebalance_timeout_ms);
	free(ids);
	world_free(w);
}

static void a_new_member_makes_a_stable_group_rebalance(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });
	struct answer *a = world_join(w, (struct join){ OLD }), *b;

	(void)state;
	assert_state("PreparingRebalance", w);
	assert_int_equal(KERR_REBALANCE_IN_PROGRESS, world_heartbeat(w, ids[0], 1));
	b = world_rejoin(w, ids[0]);
	assert_answered(0, a); /* all are there: no delay once there was a generation */
	assert_answered(0, b);
	assert_int_equal(2, b->members_n);
	free(ids);
	world_free(w);
}

/* --- pending ids --- */

static void a_pending_id_cannot_be_a_static_member(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ 0 });
	struct answer *b = world_join(w, (struct join){ .member = a->member, .instance = "i" });

	(void)state;
	assert_answered(KERR_UNKNOWN_MEMBER_ID, b);
	assert_int_equal(1, w->g->pending_members_n);
	world_free(w);
}

static void a_pending_id_expires(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .session_ms = 7000 });

	(void)state;
	world_pass(w, 6999);
	assert_int_equal(1, w->g->pending_members_n);
	world_pass(w, 1);
	assert_int_equal(0, w->g->pending_members_n);
	assert_answered(KERR_UNKNOWN_MEMBER_ID, world_rejoin(w, a->member));
	world_free(w);
}

static void a_pending_id_holds_up_a_rebalance_until_it_is_gone(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });
	struct answer *pending = world_join(w, (struct join){ .session_ms = 7000 }), *a;

	(void)state;
	assert_state("Stable", w); /* a pending id alone changes nothing */
	a = world_rejoin(w, ids[0]);
	assert_waiting(a);
	assert_int_equal(0, world_leave(w, pending->member));
	assert_answered(0, a);
	world_settle_generation(w);
	pending = world_join(w, (struct join){ .session_ms = 7000 });
	a = world_rejoin(w, ids[0]);
	assert_waiting(a);
	world_pass(w, 7000);
	assert_answered(0, a);
	free(ids);
	world_free(w);
}

static void only_so_many_ids_are_given_out(void **state)
{
	struct world *w = world_new();
	char *first = xstrdup(world_join(w, (struct join){ 0 })->member);

	(void)state;
	for (int i = 1; i < GROUP_PENDING_MAX; i++)
		(void)world_join(w, (struct join){ 0 });
	assert_non_null(pending_find(w->g, str_of(first)));
	(void)world_join(w, (struct join){ 0 });
	assert_int_equal(GROUP_PENDING_MAX, w->g->pending_members_n);
	assert_null(pending_find(w->g, str_of(first)));
	free(first);
	world_free(w);
}

/* --- group.max.size --- */

static struct world *small_world(int32_t max)
{
	struct group_settings s = GROUP_SETTINGS_INIT;

	s.max_size = max;
	return world_with(&s);
}

static void a_full_group_takes_nobody(void **state)
{
	struct world *w = small_world(2);
	struct answer *a = world_join(w, (struct join){ OLD }), *b = world_join(w, (struct join){ OLD }), *c;

	(void)state;
	c = world_join(w, (struct join){ OLD }); /* gathering: two have joined */
	assert_answered(KERR_GROUP_MAX_SIZE_REACHED, c);
	assert_string_equal("", c->member);
	an_error_has_nothing_else(c);
	c = world_join(w, (struct join){ 0 });
	assert_answered(KERR_GROUP_MAX_SIZE_REACHED, c);
	world_wait(w, a);
	assert_answered(0, a);
	assert_answered(KERR_GROUP_MAX_SIZE_REACHED, world_join(w, (struct join){ OLD })); /* completing */
	world_settle_generation(w);
	assert_answered(KERR_GROUP_MAX_SIZE_REACHED, world_join(w, (struct join){ OLD })); /* stable */
	assert_answered(0, world_rejoin(w, b->member));
	world_free(w);
}

static void a_pending_id_does_not_count_and_is_taken_back(void **state)
{
	struct world *w = small_world(1);
	struct answer *p = world_join(w, (struct join){ 0 });

	(void)state;
	(void)world_join(w, (struct join){ OLD });
	assert_answered(KERR_GROUP_MAX_SIZE_REACHED, world_rejoin(w, p->member));
	assert_int_equal(0, w->g->pending_members_n);
	world_free(w);
}

static void the_last_to_rejoin_has_to_go(void **state)
{
	struct world *w = small_world(3);
	char **ids = world_stable(w, 3, (struct join){ 0 });
	struct answer *a, *b, *c;

	(void)state;
	w->g->pool->settings.max_size = 2; /* as after a restart with another configuration */
	a = world_rejoin(w, ids[0]);
	b = world_rejoin(w, ids[1]);
	assert_waiting(b);
	c = world_rejoin(w, ids[2]);
	assert_answered(KERR_GROUP_MAX_SIZE_REACHED, c);
	assert_answered(0, a); /* nobody is missing any more */
	assert_answered(0, b);
	assert_int_equal(2, w->g->members_n);
	free(ids);
	world_free(w);
}

/* --- heartbeat --- */

static void heartbeats_by_state(void **state)
{
	struct world *w = world_new();
	struct answer *a;

	(void)state;
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, world_heartbeat(w, "m", 0)); /* Empty */
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, world_heartbeat(w, "", 0));
	a = world_join(w, (struct join){ OLD });
	world_pass(w, 3000);
	assert_int_equal(0, world_heartbeat(w, a->member, 1)); /* Completing */
	assert_int_equal(KERR_ILLEGAL_GENERATION, world_heartbeat(w, a->member, 0));
	assert_int_equal(KERR_ILLEGAL_GENERATION, world_heartbeat(w, a->member, 2));
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, world_heartbeat(w, "else", 1));
	world_settle_generation(w);
	assert_int_equal(0, world_heartbeat(w, a->member, 1)); /* Stable */
	(void)world_join(w, (struct join){ OLD });
	assert_int_equal(KERR_REBALANCE_IN_PROGRESS, world_heartbeat(w, a->member, 1)); /* Preparing */
	world_free(w);
}

static void heartbeats_keep_a_member(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ .session_ms = 10000 });

	(void)state;
	for (int i = 0; i < 6; i++) {
		world_pass(w, 9999);
		assert_int_equal(i == 0 ? 0 : KERR_REBALANCE_IN_PROGRESS, world_heartbeat(w, ids[0], 1));
	}
	assert_null(member_find(w->g, str_of(ids[1]))); /* silent for 10 s */
	assert_non_null(member_find(w->g, str_of(ids[0])));
	free(ids);
	world_free(w);
}

static void a_member_that_is_silent_too_long_is_removed(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ .session_ms = 10000 });

	(void)state;
	world_pass(w, 9999);
	assert_state("Stable", w);
	world_pass(w, 1);
	assert_state("Empty", w);
	assert_int_equal(2, w->g->generation);
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, world_heartbeat(w, ids[0], 1));
	free(ids);
	world_free(w);
}

/* --- leave --- */

static void the_last_one_out_leaves_an_empty_group(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });

	(void)state;
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, world_leave(w, "else"));
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, world_leave(w, ""));
	assert_int_equal(0, world_leave(w, ids[0]));
	assert_state("Empty", w);
	assert_int_equal(2, w->g->generation);
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, world_leave(w, ids[0]));
	free(ids);
	world_free(w);
}

static void who_leaves_makes_the_others_rebalance(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ 0 });
	struct answer *a;

	(void)state;
	assert_int_equal(0, world_leave(w, ids[0])); /* the leader */
	assert_state("PreparingRebalance", w);
	a = world_rejoin(w, ids[1]);
	assert_answered(0, a);
	assert_string_equal(ids[1], a->leader);
	assert_int_equal(1, a->members_n);
	free(ids);
	world_free(w);
}

static void who_leaves_while_parked_is_told(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 2, (struct join){ 0 });
	struct answer *a = world_rejoin(w, ids[0]), *sync;

	(void)state;
	assert_int_equal(0, world_leave(w, ids[0]));
	assert_answered(KERR_UNKNOWN_MEMBER_ID, a);
	assert_string_equal("", a->member);
	a = world_rejoin(w, ids[1]);
	assert_answered(0, a);
	/* a parked sync too: Apache Kafka 3.9 never answers it */
	w->hold_appends = true;
	sync = world_sync(w, ids[1], 2, "");
	assert_waiting(sync);
	assert_int_equal(0, world_leave(w, ids[1]));
	assert_answered(KERR_UNKNOWN_MEMBER_ID, sync);
	assert_state("Empty", w);
	free(ids);
	world_free(w);
}

static void who_leaves_while_others_gather_is_no_longer_waited_for(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 3, (struct join){ 0 });
	struct answer *a = world_rejoin(w, ids[0]), *b = world_rejoin(w, ids[1]);

	(void)state;
	assert_waiting(a);
	assert_int_equal(0, world_leave(w, ids[2]));
	assert_answered(0, a);
	assert_answered(0, b);
	free(ids);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_timeout_must_be_within_bounds),
		cmocka_unit_test(a_new_member_is_given_an_id_first),
		cmocka_unit_test(ids_are_uuids_of_version_4),
		cmocka_unit_test(an_id_fits_into_a_string_of_the_protocol),
		cmocka_unit_test(an_old_client_joins_at_once),
		cmocka_unit_test(two_members_the_first_leads),
		cmocka_unit_test(a_stranger_with_an_id_is_not_known),
		cmocka_unit_test(a_dead_group_sends_away),
		cmocka_unit_test(the_first_member_must_offer_something),
		cmocka_unit_test(all_must_have_a_protocol_in_common),
		cmocka_unit_test(the_protocol_that_most_prefer_wins),
		cmocka_unit_test(a_member_may_leave_a_protocol_only_if_others_remain),
		cmocka_unit_test(a_protocol_named_twice_counts_once),
		cmocka_unit_test(a_list_of_protocols_has_a_limit),
		cmocka_unit_test(another_type_may_take_an_empty_group),
		cmocka_unit_test(while_members_gather_a_join_is_parked),
		cmocka_unit_test(a_repeated_join_takes_the_place_of_the_first),
		cmocka_unit_test(while_completing_the_same_data_get_the_same_answer),
		cmocka_unit_test(while_completing_other_data_start_again),
		cmocka_unit_test(in_a_stable_group_a_follower_learns_the_generation),
		cmocka_unit_test(in_a_stable_group_new_data_start_a_rebalance),
		cmocka_unit_test(a_new_member_makes_a_stable_group_rebalance),
		cmocka_unit_test(a_pending_id_cannot_be_a_static_member),
		cmocka_unit_test(a_pending_id_expires),
		cmocka_unit_test(a_pending_id_holds_up_a_rebalance_until_it_is_gone),
		cmocka_unit_test(only_so_many_ids_are_given_out),
		cmocka_unit_test(a_full_group_takes_nobody),
		cmocka_unit_test(a_pending_id_does_not_count_and_is_taken_back),
		cmocka_unit_test(the_last_to_rejoin_has_to_go),
		cmocka_unit_test(heartbeats_by_state),
		cmocka_unit_test(heartbeats_keep_a_member),
		cmocka_unit_test(a_member_that_is_silent_too_long_is_removed),
		cmocka_unit_test(the_last_one_out_leaves_an_empty_group),
		cmocka_unit_test(who_leaves_makes_the_others_rebalance),
		cmocka_unit_test(who_leaves_while_parked_is_told),
		cmocka_unit_test(who_leaves_while_others_gather_is_no_longer_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
