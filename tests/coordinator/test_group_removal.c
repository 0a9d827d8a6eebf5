/* test_group_removal.c - expiry (coordinators.md 2.16), deletion of offsets and groups (2.17). */
#include <string.h>

#include "base/unit.h"

#include "coordinator/group_priv.h"
#include "group_fixture.h"
#include "protocol/errors.h"

#define DAY INT64_C(86400000)

static struct group_commit *plain(struct world *w, const char *topic, int64_t offset, int64_t commit_ts, int64_t expire)
{
	struct group_commit_item item = { .topic = str_of(topic), .offset = offset, .leader_epoch = -1,
		.metadata = STR("m"), .commit_timestamp = commit_ts, .expire_timestamp = expire };
	struct group_commit_request req = { .member_id = STR(""), .instance_id = STR_NULL, .generation = -1,
		.producer_id = -1, .items = &item, .items_n = 1 };
	struct group_commit *c = NULL;

	assert_int_equal(0, group_commit_begin(w->g, w->now, &req, &c));
	return c;
}

static void commit_at(struct world *w, const char *topic, int64_t commit_ts, int64_t expire)
{
	struct group_commit *c = plain(w, topic, 1, commit_ts, expire);

	group_commit_written(c, w->next_base++);
	assert_int_equal(0, group_commit_end(c, 0));
}

static int commit_as(struct world *w, const char *member, int32_t generation, const char *topic)
{
	struct group_commit_item item = { .topic = str_of(topic), .offset = 1, .leader_epoch = -1,
		.commit_timestamp = -1, .expire_timestamp = -1 };
	struct group_commit_request req = { .member_id = str_of(member), .instance_id = STR_NULL,
		.generation = generation, .producer_id = -1, .items = &item, .items_n = 1 };
	struct group_commit *c = NULL;
	int r = group_commit_begin(w->g, w->now, &req, &c);

	if (r != 0)
		return r;
	group_commit_written(c, w->next_base++);
	return group_commit_end(c, 0);
}

static struct group_commit *transactional(struct world *w, const char *topic)
{
	struct group_commit_item item = { .topic = str_of(topic), .offset = 1, .leader_epoch = -1,
		.commit_timestamp = -1, .expire_timestamp = -1 };
	struct group_commit_request req = { .member_id = STR(""), .instance_id = STR_NULL, .generation = -1,
		.producer_id = 4, .items = &item, .items_n = 1 };
	struct group_commit *c = NULL;

	assert_int_equal(0, group_commit_begin(w->g, w->now, &req, &c));
	return c;
}

/* How many offsets expire at this wall time. */
static size_t expire_at(struct world *w, int64_t wall)
{
	group_removal_reset(&w->removal);
	group_expire_offsets(w->g, (struct group_now){ w->now.mono_ms, wall }, &w->removal);
	return w->removal.n;
}

/* --- expiry --- */

static void offsets_alone_expire_by_their_commit(void **state)
{
	struct world *w = world_new();

	(void)state;
	commit_at(w, "old", WORLD_WALL, -1);
	commit_at(w, "new", WORLD_WALL + DAY, -1);
	assert_int_equal(0, expire_at(w, WORLD_WALL + 7 * DAY - 1));
	assert_int_equal(1, expire_at(w, WORLD_WALL + 7 * DAY));
	assert_true(str_is(w->removal.v[0].topic, "old"));
	assert_int_equal(-1, world_offset(w, "old", 0));
	assert_int_equal(1, world_offset(w, "new", 0));
	group_clean(w->g, &w->removal);
	assert_false(w->removal.dead);
	assert_int_equal(1, expire_at(w, WORLD_WALL + 8 * DAY));
	group_clean(w->g, &w->removal);
	assert_true(w->removal.dead);
	assert_false(w->removal.group_tombstone); /* there never was a record of the group */
	assert_state("Dead", w);
	world_free(w);
}

static void an_empty_group_expires_as_a_whole(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });
	int64_t empty;

	(void)state;
	assert_int_equal(0, commit_as(w, ids[0], 1, "t"));
	assert_int_equal(0, world_heartbeat(w, ids[0], 1));
	world_pass(w, 5000);
	assert_int_equal(0, world_leave(w, ids[0]));
	empty = w->now.wall_ms;
	commit_at(w, "late", empty + 6 * DAY, -1);
	assert_int_equal(0, expire_at(w, empty + 7 * DAY - 1));
	assert_int_equal(2, expire_at(w, empty + 7 * DAY)); /* both: it counts since when the group is empty */
	group_clean(w->g, &w->removal);
	assert_true(w->removal.dead);
	assert_true(w->removal.group_tombstone);
	free(ids);
	world_free(w);
}

static void without_a_state_timestamp_the_commit_counts(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });

	(void)state;
	assert_int_equal(0, world_leave(w, ids[0]));
	commit_at(w, "t", WORLD_WALL, -1);
	commit_at(w, "u", WORLD_WALL + DAY, -1);
	w->g->state_timestamp_ms = -1; /* as loaded from an old record */
	assert_int_equal(1, expire_at(w, WORLD_WALL + 7 * DAY));
	free(ids);
	world_free(w);
}

static void an_expiry_of_its_own_counts_alone(void **state)
{
	struct world *w = world_new();
	char **ids;

	(void)state;
	commit_at(w, "short", WORLD_WALL, WORLD_WALL + 1000);
	commit_at(w, "long", WORLD_WALL, WORLD_WALL + 30 * DAY);
	assert_int_equal(0, expire_at(w, WORLD_WALL + 999));
	assert_int_equal(1, expire_at(w, WORLD_WALL + 1000));
	assert_int_equal(0, expire_at(w, WORLD_WALL + 29 * DAY));
	assert_int_equal(1, expire_at(w, WORLD_WALL + 30 * DAY));
	ids = world_stable(w, 1, (struct join){ 0 });
	assert_int_equal(0, world_leave(w, ids[0]));
	commit_at(w, "short", WORLD_WALL, w->now.wall_ms + 1000);
	commit_at(w, "normal", WORLD_WALL, -1);
	assert_int_equal(1, expire_at(w, w->now.wall_ms + 1000)); /* of an empty group as well */
	free(ids);
	world_free(w);
}

static void what_is_pending_does_not_expire(void **state)
{
	struct world *w = world_new();
	struct group_commit *c;

	(void)state;
	commit_at(w, "t", WORLD_WALL, -1);
	c = plain(w, "t", 2, -1, -1);
	assert_int_equal(0, expire_at(w, WORLD_WALL + 99 * DAY));
	(void)group_commit_end(c, KERR_NOT_ENOUGH_REPLICAS);
	assert_int_equal(1, expire_at(w, WORLD_WALL + 99 * DAY));
	commit_at(w, "t", WORLD_WALL, -1);
	c = transactional(w, "t"); /* a transactional one does not hold it */
	assert_int_equal(1, expire_at(w, WORLD_WALL + 99 * DAY));
	group_clean(w->g, &w->removal);
	assert_false(w->removal.dead); /* but the group */
	(void)group_commit_end(c, KERR_NOT_ENOUGH_REPLICAS);
	group_clean(w->g, &w->removal);
	assert_true(w->removal.dead);
	world_free(w);
}

static void a_stable_group_keeps_what_it_consumes(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .old = true, .metadata = subscription("mine", "mine2") });

	(void)state;
	world_wait(w, a);
	world_settle_generation(w);
	assert_int_equal(0, commit_as(w, a->member, 1, "mine"));
	assert_int_equal(0, commit_as(w, a->member, 1, "other"));
	assert_int_equal(0, expire_at(w, w->now.wall_ms + 7 * DAY - 1));
	assert_int_equal(1, expire_at(w, w->now.wall_ms + 7 * DAY));
	assert_true(str_is(w->removal.v[0].topic, "other"));
	assert_int_equal(1, world_offset(w, "mine", 0));
	world_free(w);
}

static void nothing_expires_of_other_groups(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .old = true }); /* "meta" is no subscription */

	(void)state;
	world_wait(w, a);
	world_settle_generation(w);
	assert_int_equal(0, commit_as(w, a->member, 1, "t"));
	assert_int_equal(0, expire_at(w, w->now.wall_ms + 99 * DAY));
	(void)world_join(w, (struct join){ .old = true });
	assert_state("PreparingRebalance", w);
	assert_int_equal(0, expire_at(w, w->now.wall_ms + 99 * DAY));
	world_regroup(w);
	a = world_join(w, (struct join){ .old = true, .type = "connect", .metadata = subscription("mine", NULL) });
	world_wait(w, a);
	world_settle_generation(w);
	assert_int_equal(0, commit_as(w, a->member, 1, "t"));
	assert_int_equal(0, expire_at(w, w->now.wall_ms + 99 * DAY));
	world_free(w);
}

static void odd_timestamps_do_no_harm(void **state)
{
	struct world *w = world_new();

	(void)state;
	commit_at(w, "lowest", INT64_MIN, -1);
	commit_at(w, "highest", INT64_MAX, -1);
	assert_int_equal(1, expire_at(w, WORLD_WALL));
	assert_true(str_is(w->removal.v[0].topic, "lowest"));
	assert_int_equal(1, world_offset(w, "highest", 0));
	assert_int_equal(0, expire_at(w, INT64_MIN));
	world_free(w);
}

/* --- OffsetDelete --- */

static void offsets_are_deleted_with_tombstones(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(0, world_commit(w, "t", 0, 5));
	assert_int_equal(0, world_commit(w, "t", 1, 6));
	assert_int_equal(0, group_check_offset_delete(w->g));
	group_offset_remove(w->g, STR("t"), 1, &w->removal);
	group_offset_remove(w->g, STR("t"), 2, &w->removal);
	group_offset_remove(w->g, STR("u"), 0, &w->removal);
	assert_int_equal(1, w->removal.n);
	assert_true(str_is(w->removal.v[0].topic, "t"));
	assert_int_equal(1, w->removal.v[0].partition);
	assert_int_equal(-1, world_offset(w, "t", 1));
	assert_int_equal(5, world_offset(w, "t", 0));
	group_clean(w->g, &w->removal);
	assert_false(w->removal.dead);
	world_free(w);
}

static void a_deleted_offset_does_not_come_back(void **state)
{
	struct world *w = world_new();
	struct group_commit *a, *b, *txn;

	(void)state;
	assert_int_equal(0, world_commit(w, "t", 0, 5));
	a = plain(w, "t", 6, -1, -1);
	txn = transactional(w, "t");
	group_commit_written(a, 10);
	group_commit_written(txn, 11);
	group_offset_remove(w->g, STR("t"), 0, &w->removal);
	assert_int_equal(1, w->removal.n);
	b = plain(w, "t", 7, -1, -1); /* a new commit after the tombstone */
	group_commit_written(b, 12);
	assert_int_equal(0, group_commit_end(a, 0));
	assert_int_equal(0, group_commit_end(txn, 0));
	group_pool_marker(w->pool, 4, 13, true);
	assert_int_equal(-1, world_offset(w, "t", 0));
	assert_int_equal(0, group_commit_end(b, 0));
	assert_int_equal(7, world_offset(w, "t", 0));
	world_free(w);
}

/* The record of a commit on its way stands in the log, so it must be covered by a tombstone. */
static void what_is_pending_gets_a_tombstone(void **state)
{
	struct world *w = world_new();
	struct group_commit *c = plain(w, "t", 6, -1, -1);

	(void)state;
	group_commit_written(c, 1);
	group_offset_remove(w->g, STR("t"), 0, &w->removal);
	assert_int_equal(1, w->removal.n);
	assert_int_equal(0, group_commit_end(c, 0));
	assert_int_equal(-1, world_offset(w, "t", 0));
	world_free(w);
}

static void who_may_delete_offsets(void **state)
{
	struct world *w = world_new();
	struct answer *a;

	(void)state;
	assert_false(group_subscribed(w->g, STR("mine"))); /* Empty */
	a = world_join(w, (struct join){ .old = true, .metadata = subscription("mine", NULL) });
	assert_true(group_subscribed(w->g, STR("other"))); /* not known yet */
	world_wait(w, a);
	assert_int_equal(0, group_check_offset_delete(w->g)); /* Completing, and a consumer group */
	assert_true(group_subscribed(w->g, STR("mine")));
	assert_false(group_subscribed(w->g, STR("other")));
	world_settle_generation(w);
	assert_true(group_subscribed(w->g, STR("mine")));
	/* one member that cannot be understood: nothing is known */
	(void)world_join(w, (struct join){ .old = true, .protocols = "range=?" });
	(void)world_join(w, (struct join){ .member = a->member, .metadata = subscription("mine", NULL) });
	assert_true(group_subscribed(w->g, STR("other")));
	world_regroup(w);
	a = world_join(w, (struct join){ .old = true, .type = "connect" });
	assert_int_equal(KERR_NON_EMPTY_GROUP, group_check_offset_delete(w->g));
	group_unload(w->g, &w->fx);
	world_perform(w);
	assert_int_equal(KERR_GROUP_ID_NOT_FOUND, group_check_offset_delete(w->g));
	world_free(w);
}

/* --- DeleteGroups and cleaning --- */

static void an_empty_group_can_be_deleted(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });
	struct group_commit *c;

	(void)state;
	assert_int_equal(KERR_NON_EMPTY_GROUP, group_delete(w->g, &w->removal));
	assert_int_equal(0, world_leave(w, ids[0]));
	for (int i = 0; i < 20; i++)
		assert_int_equal(0, world_commit(w, "t", i, i));
	c = plain(w, "u", 1, -1, -1);
	group_commit_written(c, 100);
	assert_int_equal(0, group_delete(w->g, &w->removal));
	assert_int_equal(21, w->removal.n);
	assert_true(w->removal.dead);
	assert_true(w->removal.group_tombstone);
	assert_state("Dead", w);
	assert_int_equal(0, group_commit_end(c, 0));
	assert_false(group_has_offsets(w->g));
	assert_int_equal(KERR_GROUP_ID_NOT_FOUND, group_delete(w->g, &w->removal));
	free(ids);
	world_free(w);
}

static void a_group_of_offsets_alone_leaves_no_group_tombstone(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(0, world_commit(w, "t", 0, 1));
	assert_int_equal(0, group_delete(w->g, &w->removal));
	assert_int_equal(1, w->removal.n);
	assert_true(w->removal.dead);
	assert_false(w->removal.group_tombstone);
	world_free(w);
}

static void a_group_that_somebody_is_about_to_join_is_not_cleaned(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ 0 }); /* an id was given out */

	(void)state;
	group_clean(w->g, &w->removal);
	assert_false(w->removal.dead);
	assert_int_equal(0, world_leave(w, a->member));
	group_clean(w->g, &w->removal);
	assert_true(w->removal.dead);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_alone_expire_by_their_commit),
		cmocka_unit_test(an_empty_group_expires_as_a_whole),
		cmocka_unit_test(without_a_state_timestamp_the_commit_counts),
		cmocka_unit_test(an_expiry_of_its_own_counts_alone),
		cmocka_unit_test(what_is_pending_does_not_expire),
		cmocka_unit_test(a_stable_group_keeps_what_it_consumes),
		cmocka_unit_test(nothing_expires_of_other_groups),
		cmocka_unit_test(odd_timestamps_do_no_harm),
		cmocka_unit_test(offsets_are_deleted_with_tombstones),
		cmocka_unit_test(a_deleted_offset_does_not_come_back),
		cmocka_unit_test(what_is_pending_gets_a_tombstone),
		cmocka_unit_test(who_may_delete_offsets),
		cmocka_unit_test(an_empty_group_can_be_deleted),
		cmocka_unit_test(a_group_of_offsets_alone_leaves_no_group_tombstone),
		cmocka_unit_test(a_group_that_somebody_is_about_to_join_is_not_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
