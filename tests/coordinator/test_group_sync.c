/* test_group_sync.c - SyncGroup row by row (coordinators.md 2.10), the group's record, and what the log answers (2.3). */
#include <errno.h>
#include <string.h>

#include "base/unit.h"

#include "base/arena.h"
#include "coordinator/group_priv.h"
#include "coordinator/group_records.h"
#include "group_fixture.h"
#include "protocol/errors.h"

/* Two members that have joined generation 1; the first leads. */
static char **joined(struct world *w, int n)
{
	char **ids = xcalloc((size_t)n, sizeof(*ids));
	struct answer **a = xcalloc((size_t)n, sizeof(*a));

	for (int i = 0; i < n; i++)
		a[i] = world_join(w, (struct join){ .old = true });
	for (int i = 0; i < n; i++) {
		world_wait(w, a[i]);
		ids[i] = a[i]->member;
	}
	free(a);
	assert_state("CompletingRebalance", w);
	return ids;
}

static struct answer *sync_as(struct world *w, const char *member, const char *instance, int32_t generation,
			      const char *type, const char *name)
{
	struct answer *a = world_sync(w, "nobody", generation, ""); /* makes an answer to use again */
	struct group_sync in = { .member_id = str_of(member), .instance_id = str_of(instance),
		.protocol_type = str_of(type), .protocol_name = str_of(name), .generation = generation, .waiter = a };

	free(a->assignment);
	a->assignment = NULL;
	a->times = 0;
	group_sync(w->g, w->now, &in, &w->fx);
	world_perform(w);
	return a;
}

static void an_assignment_is_written_before_it_is_given_out(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 2), *both = xasprintf("%s=A,%s=BB", ids[0], ids[1]);
	struct answer *a, *b;

	(void)state;
	w->hold_appends = true;
	b = world_sync(w, ids[1], 1, "");
	a = world_sync(w, ids[0], 1, both);
	assert_waiting(a);
	assert_waiting(b);
	assert_int_equal(1, w->log_n);
	assert_state("CompletingRebalance", w);
	world_appended(w, 0);
	assert_answered(0, a);
	assert_answered(0, b);
	assert_string_equal("A", a->assignment);
	assert_string_equal("BB", b->assignment);
	assert_string_equal("consumer", b->type);
	assert_string_equal("range", b->protocol);
	assert_state("Stable", w);
	assert_int_equal(1, group_pool_counts(w->pool)->rebalances_completed);
	free(both);
	free(ids);
	world_free(w);
}

static void the_record_holds_the_generation(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 2), *both = xasprintf("%s=A,%s=BB,stranger=C", ids[0], ids[1]);
	int64_t completing = w->now.wall_ms;
	struct group_metadata_value v;
	struct group_record_key k;
	struct arena arena;

	(void)state;
	world_pass(w, 5);
	(void)world_sync(w, ids[0], 1, both);
	assert_int_equal(1, w->log_n);
	assert_int_equal(0, group_record_parse_key((struct bytes){ w->log[0].key, w->log[0].key_len }, &k));
	assert_int_equal(GROUP_RECORD_GROUP, k.type);
	assert_true(str_is(k.group, "g1"));
	arena_init(&arena, 0);
	assert_int_equal(0, group_record_parse_value((struct bytes){ w->log[0].value, w->log[0].value_len }, &arena, &v));
	assert_int_equal(3, w->log[0].value[1]);
	assert_true(str_is(v.protocol_type, "consumer") && str_is(v.protocol, "range") && str_is(v.leader, ids[0]));
	assert_int_equal(1, v.generation);
	assert_int_equal(completing, v.current_state_timestamp); /* of CompletingRebalance */
	assert_int_equal(2, v.members_n);
	assert_true(str_is(v.members[1].member_id, ids[1]) && str_is(v.members[1].client_id, "c"));
	assert_true(str_is(v.members[1].client_host, "/10.0.0.7") && v.members[1].group_instance_id.len == -1);
	assert_int_equal(10000, v.members[1].session_timeout);
	assert_int_equal(60000, v.members[1].rebalance_timeout);
	assert_memory_equal("meta", v.members[1].subscription.p, 4);
	assert_int_equal(2, v.members[1].assignment.len);
	assert_memory_equal("BB", v.members[1].assignment.p, 2);
	arena_fini(&arena);
	free(both);
	free(ids);
	world_free(w);
}

static void the_last_member_out_is_written_too(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });
	struct group_metadata_value v;
	struct arena arena;

	(void)state;
	world_pass(w, 77);
	assert_int_equal(0, world_leave(w, ids[0]));
	assert_int_equal(2, w->log_n);
	arena_init(&arena, 0);
	assert_int_equal(0, group_record_parse_value((struct bytes){ w->log[1].value, w->log[1].value_len }, &arena, &v));
	assert_int_equal(2, v.generation);
	assert_int_equal(0, v.members_n);
	assert_int_equal(-1, v.protocol.len);
	assert_int_equal(-1, v.leader.len);
	assert_true(str_is(v.protocol_type, "consumer"));
	assert_int_equal(w->now.wall_ms, v.current_state_timestamp);
	arena_fini(&arena);
	free(ids);
	world_free(w);
}

static void an_empty_record_that_fails_changes_nothing(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });

	(void)state;
	w->hold_appends = true;
	assert_int_equal(0, world_leave(w, ids[0]));
	assert_state("Empty", w);
	world_appended(w, KERR_NOT_ENOUGH_REPLICAS);
	assert_state("Empty", w);
	free(ids);
	world_free(w);
}

static void who_is_missing_gets_nothing(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 2), *one = xasprintf("%s=A", ids[0]);
	struct answer *b = world_sync(w, ids[1], 1, ""), *a = world_sync(w, ids[0], 1, one);

	(void)state;
	assert_answered(0, a);
	assert_answered(0, b);
	assert_string_equal("A", a->assignment);
	assert_string_equal("", b->assignment);
	free(one);
	free(ids);
	world_free(w);
}

static void the_checks_in_their_order(void **state)
{
	struct world *w = world_new();
	char **ids;

	(void)state;
	assert_answered(KERR_UNKNOWN_MEMBER_ID, world_sync(w, "m", 0, "")); /* Empty */
	ids = joined(w, 1);
	assert_answered(KERR_UNKNOWN_MEMBER_ID, world_sync(w, "m", 7, ""));
	assert_answered(KERR_UNKNOWN_MEMBER_ID, sync_as(w, ids[0], "i", 1, NULL, NULL));
	assert_answered(KERR_ILLEGAL_GENERATION, sync_as(w, ids[0], NULL, 2, "x", "y"));
	assert_answered(KERR_ILLEGAL_GENERATION, sync_as(w, ids[0], NULL, 0, "x", "y"));
	assert_answered(KERR_INCONSISTENT_GROUP_PROTOCOL, sync_as(w, ids[0], NULL, 1, "connect", "range"));
	assert_answered(KERR_INCONSISTENT_GROUP_PROTOCOL, sync_as(w, ids[0], NULL, 1, "consumer", "rr"));
	assert_answered(0, sync_as(w, ids[0], NULL, 1, "consumer", "range"));
	assert_state("Stable", w);
	assert_answered(0, sync_as(w, ids[0], NULL, 1, NULL, NULL));
	(void)world_join(w, (struct join){ .old = true });
	assert_answered(KERR_REBALANCE_IN_PROGRESS, world_sync(w, ids[0], 1, "")); /* Preparing */
	group_unload(w->g, &w->fx);
	world_perform(w);
	assert_answered(KERR_COORDINATOR_NOT_AVAILABLE, world_sync(w, ids[0], 1, "")); /* Dead */
	free(ids);
	world_free(w);
}

static void a_late_member_of_a_stable_group_gets_its_assignment(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 2), *both = xasprintf("%s=A,%s=B", ids[0], ids[1]);
	struct answer *b;

	(void)state;
	(void)world_sync(w, ids[0], 1, both);
	assert_state("Stable", w);
	world_pass(w, 9999);
	assert_int_equal(0, world_heartbeat(w, ids[0], 1));
	b = world_sync(w, ids[1], 1, "");
	assert_answered(0, b);
	assert_string_equal("B", b->assignment);
	world_pass(w, 9999); /* its session began anew */
	assert_non_null(member_find(w->g, str_of(ids[1])));
	world_pass(w, 1);
	assert_null(member_find(w->g, str_of(ids[1])));
	free(both);
	free(ids);
	world_free(w);
}

static void a_parked_sync_does_not_expire(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 2);
	struct answer *b = world_sync(w, ids[1], 1, "");

	(void)state;
	for (int i = 0; i < 5; i++) {
		world_pass(w, 9000);
		assert_int_equal(0, world_heartbeat(w, ids[0], 1));
	}
	assert_waiting(b);
	assert_int_equal(0, world_heartbeat(w, ids[1], 1)); /* it may send them, and still waits */
	assert_state("CompletingRebalance", w);
	free(ids);
	world_free(w);
}

static void a_repeated_sync_takes_the_place_of_the_first(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 2);
	struct answer *b = world_sync(w, ids[1], 1, ""), *again = world_sync(w, ids[1], 1, "");

	(void)state;
	assert_answered(KERR_REBALANCE_IN_PROGRESS, b);
	assert_waiting(again);
	world_settle_generation(w);
	free(ids);
	world_free(w);
}

static void a_repeated_leader_waits_for_what_is_being_written(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 1), *one = xasprintf("%s=A", ids[0]), *other = xasprintf("%s=B", ids[0]);
	struct answer *first, *second;

	(void)state;
	w->hold_appends = true;
	first = world_sync(w, ids[0], 1, one);
	second = world_sync(w, ids[0], 1, other);
	assert_answered(KERR_REBALANCE_IN_PROGRESS, first);
	assert_int_equal(1, w->log_n);
	world_appended(w, 0);
	assert_answered(0, second);
	assert_string_equal("A", second->assignment); /* as the log has it */
	free(one);
	free(other);
	free(ids);
	world_free(w);
}

static void the_logs_errors_reach_every_member(void **state)
{
	static const struct {
		int log, client;
	} v[] = {
		{ KERR_UNKNOWN_TOPIC_OR_PARTITION, KERR_COORDINATOR_NOT_AVAILABLE },
		{ KERR_NOT_ENOUGH_REPLICAS, KERR_COORDINATOR_NOT_AVAILABLE },
		{ KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, KERR_COORDINATOR_NOT_AVAILABLE },
		{ KERR_NOT_LEADER_OR_FOLLOWER, KERR_NOT_COORDINATOR },
		{ KERR_KAFKA_STORAGE_ERROR, KERR_NOT_COORDINATOR },
		{ -EIO, KERR_NOT_COORDINATOR },
		{ KERR_REQUEST_TIMED_OUT, KERR_REBALANCE_IN_PROGRESS },
		{ KERR_MESSAGE_TOO_LARGE, KERR_UNKNOWN_SERVER_ERROR },
		{ KERR_RECORD_LIST_TOO_LARGE, KERR_UNKNOWN_SERVER_ERROR },
		{ KERR_INVALID_FETCH_SIZE, KERR_UNKNOWN_SERVER_ERROR },
		{ KERR_CORRUPT_MESSAGE, KERR_CORRUPT_MESSAGE },
		{ KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT },
		{ -EINVAL, KERR_UNKNOWN_SERVER_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct world *w = world_new();
		char **ids = joined(w, 2);
		struct answer *a, *b;

		w->hold_appends = true;
		b = world_sync(w, ids[1], 1, "");
		a = world_sync(w, ids[0], 1, "");
		world_appended(w, v[i].log);
		assert_int_equal(v[i].client, kerr_of(a->error));
		assert_int_equal(v[i].client, kerr_of(b->error));
		assert_string_equal("", a->assignment);
		assert_null(a->type);
		assert_null(a->protocol);
		assert_state("PreparingRebalance", w);
		free(ids);
		world_free(w);
	}
}

static void an_answer_of_the_log_that_comes_too_late_is_ignored(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 2);
	struct answer *a, *b;

	(void)state;
	w->hold_appends = true;
	a = world_sync(w, ids[0], 1, "");
	b = world_join(w, (struct join){ .member = ids[1], .protocols = "range=new" });
	assert_answered(KERR_REBALANCE_IN_PROGRESS, a);
	assert_state("PreparingRebalance", w);
	(void)world_rejoin(w, ids[0]);
	assert_answered(0, b);
	a = world_sync(w, ids[0], 2, ""); /* the append of generation 2 */
	world_appended(w, 0);		  /* that of generation 1 */
	assert_state("CompletingRebalance", w);
	assert_waiting(a);
	world_appended(w, 0);
	assert_answered(0, a);
	assert_state("Stable", w);
	group_appended(w->g, w->now, 12345, KERR_NOT_ENOUGH_REPLICAS, &w->fx); /* nobody's */
	world_perform(w);
	assert_state("Stable", w);
	free(ids);
	world_free(w);
}

static void a_leader_that_leaves_takes_its_assignment_with_it(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 2);
	struct answer *a, *b;

	(void)state;
	w->hold_appends = true;
	b = world_sync(w, ids[1], 1, "");
	a = world_sync(w, ids[0], 1, "");
	assert_int_equal(0, world_leave(w, ids[0]));
	assert_answered(KERR_UNKNOWN_MEMBER_ID, a);
	assert_answered(KERR_REBALANCE_IN_PROGRESS, b);
	world_appended(w, 0);
	assert_state("PreparingRebalance", w);
	assert_string_equal(ids[1], world_rejoin(w, ids[1])->leader);
	free(ids);
	world_free(w);
}

static void views_show_the_protocol_only_when_stable(void **state)
{
	struct world *w = world_new();
	char **ids = joined(w, 1), *one = xasprintf("%s=A", ids[0]);
	struct group_member_view m;
	struct group_view v;

	(void)state;
	group_view(w->g, &v);
	assert_int_equal(GROUP_COMPLETING, v.state);
	assert_true(str_is(v.protocol_type, "consumer"));
	group_member_view(w->g, group_member_next(w->g, NULL), &m);
	assert_int_equal(0, m.metadata.len);
	assert_int_equal(0, m.assignment.len);
	(void)world_sync(w, ids[0], 1, one);
	group_view(w->g, &v);
	assert_string_equal("Stable", v.state_name);
	assert_true(str_is(v.protocol_name, "range") && str_is(v.leader, ids[0]) && str_is(v.id, "g1"));
	assert_int_equal(1, v.members_n);
	assert_int_equal(1, v.generation);
	group_member_view(w->g, group_member_next(w->g, NULL), &m);
	assert_memory_equal("meta", m.metadata.p, 4);
	assert_memory_equal("A", m.assignment.p, 1);
	assert_true(str_is(m.id, ids[0]) && str_is(m.client_id, "c") && m.instance_id.len == -1);
	assert_null(group_member_next(w->g, group_member_next(w->g, NULL)));
	assert_int_equal(0, world_leave(w, ids[0]));
	group_view(w->g, &v);
	assert_string_equal("Empty", v.state_name);
	assert_int_equal(-1, v.protocol_name.len);
	assert_int_equal(-1, v.leader.len);
	assert_int_equal(w->now.wall_ms, v.state_timestamp_ms);
	free(one);
	free(ids);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_assignment_is_written_before_it_is_given_out),
		cmocka_unit_test(the_record_holds_the_generation),
		cmocka_unit_test(the_last_member_out_is_written_too),
		cmocka_unit_test(an_empty_record_that_fails_changes_nothing),
		cmocka_unit_test(who_is_missing_gets_nothing),
		cmocka_unit_test(the_checks_in_their_order),
		cmocka_unit_test(a_late_member_of_a_stable_group_gets_its_assignment),
		cmocka_unit_test(a_parked_sync_does_not_expire),
		cmocka_unit_test(a_repeated_sync_takes_the_place_of_the_first),
		cmocka_unit_test(a_repeated_leader_waits_for_what_is_being_written),
		cmocka_unit_test(the_logs_errors_reach_every_member),
		cmocka_unit_test(an_answer_of_the_log_that_comes_too_late_is_ignored),
		cmocka_unit_test(a_leader_that_leaves_takes_its_assignment_with_it),
		cmocka_unit_test(views_show_the_protocol_only_when_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
