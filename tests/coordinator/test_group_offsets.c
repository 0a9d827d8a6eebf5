/* test_group_offsets.c - committing (coordinators.md 2.12, 2.13, 2.15) and reading (2.14) offsets. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"

#include "coordinator/group_priv.h"
#include "group_fixture.h"
#include "protocol/errors.h"

/* --- helpers: one partition of topic "t" at a time --- */

struct commit {
	const char *member, *instance;
	int32_t generation;
	int64_t producer;
	int32_t partition;
	int64_t offset;
};

static int begin(struct world *w, struct commit c, struct group_commit **ret)
{
	struct group_commit_item item = { .topic = STR("t"), .partition = c.partition, .offset = c.offset,
		.leader_epoch = -1, .metadata = STR_NULL, .commit_timestamp = -1, .expire_timestamp = -1 };
	struct group_commit_request req = { .member_id = str_of(c.member ? c.member : ""),
		.instance_id = str_of(c.instance), .generation = c.generation,
		.producer_id = c.producer ? c.producer : -1, .items = &item, .items_n = 1 };
	int r;

	*ret = NULL;
	r = group_commit_begin(w->g, w->now, &req, ret);
	if (r == 0) {
		assert_non_null(*ret);
		assert_int_equal(w->now.wall_ms, item.commit_timestamp);
	}
	return r;
}

static int try_commit(struct world *w, struct commit c)
{
	struct group_commit *gc;
	int r = begin(w, c, &gc);

	if (r != 0)
		return r;
	group_commit_written(gc, w->next_base++);
	return group_commit_end(gc, 0);
}

static struct group_commit *plain(struct world *w, int64_t offset)
{
	struct group_commit *c;

	assert_int_equal(0, begin(w, (struct commit){ .generation = -1, .offset = offset }, &c));
	return c;
}

static struct group_commit *transactional(struct world *w, int64_t producer, int64_t offset)
{
	struct group_commit *c;

	assert_int_equal(0, begin(w, (struct commit){ .generation = -1, .offset = offset, .producer = producer }, &c));
	return c;
}

static int stable(struct world *w)
{
	struct group_offset o;

	return group_offset_fetch(w->g, STR("t"), 0, true, &o);
}

#define offset_of(w) world_offset((w), "t", 0)

/* --- who may commit (2.12) --- */

static void an_empty_group_takes_commits_without_generation(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(0, try_commit(w, (struct commit){ .generation = -1, .offset = 5 }));
	assert_int_equal(0, try_commit(w, (struct commit){ .generation = -1, .member = "any", .instance = "i", .offset = 6 }));
	assert_int_equal(6, offset_of(w));
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, try_commit(w, (struct commit){ .generation = 0 }));
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, try_commit(w, (struct commit){ .generation = 1, .member = "m" }));
	world_free(w);
}

static void a_group_with_members_takes_those_of_members(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });

	(void)state;
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, try_commit(w, (struct commit){ .generation = -1 }));
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, try_commit(w, (struct commit){ .generation = 1, .member = "else" }));
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, try_commit(w, (struct commit){ .generation = 1 }));
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID,
	    try_commit(w, (struct commit){ .generation = 1, .member = ids[0], .instance = "i" }));
	assert_int_equal(KERR_ILLEGAL_GENERATION, try_commit(w, (struct commit){ .generation = 2, .member = ids[0] }));
	assert_int_equal(KERR_ILLEGAL_GENERATION, try_commit(w, (struct commit){ .generation = -1, .member = ids[0] }));
	assert_int_equal(-1, offset_of(w));
	assert_int_equal(0, try_commit(w, (struct commit){ .generation = 1, .member = ids[0], .offset = 9 }));
	assert_int_equal(9, offset_of(w));
	free(ids);
	world_free(w);
}

static void a_static_member_is_fenced(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .instance = "i" }), *b;
	struct commit c = { .generation = 1, .instance = "i" };

	(void)state;
	world_wait(w, a);
	world_settle_generation(w);
	b = world_join(w, (struct join){ .instance = "i" });
	c.member = a->member;
	assert_int_equal(KERR_FENCED_INSTANCE_ID, try_commit(w, c));
	c.producer = 4;
	assert_int_equal(KERR_FENCED_INSTANCE_ID, try_commit(w, c));
	c.member = b->member;
	c.producer = 0;
	assert_int_equal(0, try_commit(w, c));
	world_free(w);
}

static void commits_by_state(void **state)
{
	struct world *w = world_new();
	struct answer *a = world_join(w, (struct join){ .old = true });
	struct commit c = { .generation = 1 };

	(void)state;
	world_wait(w, a);
	c.member = a->member;
	assert_int_equal(KERR_REBALANCE_IN_PROGRESS, try_commit(w, c)); /* Completing */
	world_settle_generation(w);
	assert_int_equal(0, try_commit(w, c)); /* Stable */
	(void)world_join(w, (struct join){ .old = true });
	assert_state("PreparingRebalance", w);
	assert_int_equal(0, try_commit(w, c)); /* the old generation may still commit */
	group_unload(w->g, &w->fx);
	world_perform(w);
	assert_int_equal(KERR_COORDINATOR_NOT_AVAILABLE, try_commit(w, c)); /* Dead */
	c.producer = 4;
	assert_int_equal(KERR_COORDINATOR_NOT_AVAILABLE, try_commit(w, c));
	world_free(w);
}

static void a_commit_counts_as_a_heartbeat(void **state)
{
	struct world *w = world_new();
	char **ids = world_stable(w, 1, (struct join){ 0 });
	struct commit c = { .generation = 1, .member = ids[0] };

	(void)state;
	world_pass(w, 9999);
	assert_int_equal(0, try_commit(w, c));
	world_pass(w, 9999);
	assert_state("Stable", w);
	c.producer = 4; /* one in a transaction does not */
	assert_int_equal(0, try_commit(w, c));
	world_pass(w, 1);
	assert_state("Empty", w);
	free(ids);
	world_free(w);
}

static void transactional_commits_in_every_state(void **state)
{
	struct world *w = world_new();
	struct commit old = { .generation = -1, .producer = 4 }, c = { .generation = 1, .producer = 4 };
	struct answer *a;

	(void)state;
	assert_int_equal(0, try_commit(w, old)); /* Empty */
	a = world_join(w, (struct join){ .old = true });
	assert_int_equal(0, try_commit(w, old)); /* Preparing: an old producer cannot say who it is */
	world_wait(w, a);
	c.member = a->member;
	assert_int_equal(0, try_commit(w, old));
	assert_int_equal(0, try_commit(w, c)); /* Completing too */
	world_settle_generation(w);
	assert_int_equal(0, try_commit(w, old));
	assert_int_equal(0, try_commit(w, c));
	c.generation = 2;
	assert_int_equal(KERR_ILLEGAL_GENERATION, try_commit(w, c));
	c.generation = -1;
	assert_int_equal(KERR_ILLEGAL_GENERATION, try_commit(w, c));
	c.member = "else";
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, try_commit(w, c));
	c.member = NULL;
	c.generation = 1;
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, try_commit(w, c));
	world_free(w);
}

/* --- what is stored --- */

static void everything_of_a_commit_is_kept(void **state)
{
	struct group_commit_item items[2] = {
		{ .topic = STR("t"), .partition = 3, .offset = -7, .leader_epoch = 9, .metadata = STR("md"),
		  .commit_timestamp = 11, .expire_timestamp = 12 },
		{ .topic = STR("u"), .partition = INT32_MAX, .offset = INT64_MAX, .leader_epoch = -1,
		  .metadata = STR_NULL, .commit_timestamp = -1, .expire_timestamp = -1 },
	};
	struct group_commit_request req = { .member_id = STR(""), .instance_id = STR_NULL, .generation = -1,
		.producer_id = -1, .items = items, .items_n = 2 };
	struct world *w = world_new();
	struct group_commit *c;
	struct group_offset o;

	(void)state;
	assert_int_equal(0, group_commit_begin(w->g, w->now, &req, &c));
	group_commit_written(c, 77);
	assert_int_equal(0, group_commit_end(c, 0));
	assert_int_equal(0, group_offset_fetch(w->g, STR("t"), 3, true, &o));
	assert_int_equal(-7, o.offset);
	assert_int_equal(9, o.leader_epoch);
	assert_true(str_is(o.metadata, "md"));
	assert_int_equal(11, o.commit_timestamp);
	assert_int_equal(12, o.expire_timestamp);
	assert_int_equal(77, o.batch_base);
	assert_int_equal(0, group_offset_fetch(w->g, STR("u"), INT32_MAX, true, &o));
	assert_int_equal(INT64_MAX, o.offset);
	assert_int_equal(-1, o.leader_epoch);
	assert_true(str_is(o.metadata, ""));
	assert_int_equal(w->now.wall_ms, o.commit_timestamp);
	assert_int_equal(-1, o.expire_timestamp);
	assert_int_equal(2, group_offsets_n(w->g));
	assert_int_equal(2, group_pool_counts(w->pool)->offsets);
	world_free(w);
}

static void metadata_is_measured_in_utf16_units(void **state)
{
	char longest[4097], umlauts[2 * 4096], emoji[4 * 2048];
	struct group_commit_item items[5];
	struct group_commit_request req = { .member_id = STR(""), .instance_id = STR_NULL, .generation = -1,
		.producer_id = -1, .items = items, .items_n = 4 };
	struct world *w = world_new();
	struct group_commit *c;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i < sizeof(umlauts); i += 2)
		memcpy(umlauts + i, "\xc3\xbc", 2);
	for (size_t i = 0; i < sizeof(emoji); i += 4)
		memcpy(emoji + i, "\xf0\x9f\x98\x80", 4);
	for (int i = 0; i < 5; i++)
		items[i] = (struct group_commit_item){ .topic = STR("t"), .partition = i, .offset = 5,
			.leader_epoch = -1, .commit_timestamp = -1, .expire_timestamp = -1 };
	items[0].metadata = (struct str){ longest, 4097 };
	items[1].metadata = (struct str){ longest, 4096 };
	items[2].metadata = (struct str){ umlauts, sizeof(umlauts) };
	items[3].metadata = (struct str){ emoji, sizeof(emoji) };
	items[4].metadata = (struct str){ longest, 4097 };
	assert_int_equal(0, group_commit_begin(w->g, w->now, &req, &c));
	assert_non_null(c); /* the others are written */
	assert_int_equal(KERR_OFFSET_METADATA_TOO_LARGE, items[0].error);
	for (int i = 1; i < 4; i++)
		assert_int_equal(0, items[i].error);
	group_commit_written(c, 1);
	assert_int_equal(0, group_commit_end(c, 0));
	assert_int_equal(-1, world_offset(w, "t", 0));
	assert_int_equal(5, world_offset(w, "t", 3));
	req.items = &items[4]; /* nothing to write */
	req.items_n = 1;
	assert_int_equal(0, group_commit_begin(w->g, w->now, &req, &c));
	assert_null(c);
	assert_int_equal(KERR_OFFSET_METADATA_TOO_LARGE, items[4].error);
	world_free(w);
}

static void of_a_partition_named_twice_the_last_counts(void **state)
{
	struct group_commit_item items[2] = {
		{ .topic = STR("t"), .offset = 1, .leader_epoch = -1, .commit_timestamp = -1, .expire_timestamp = -1 },
		{ .topic = STR("t"), .offset = 2, .leader_epoch = -1, .commit_timestamp = -1, .expire_timestamp = -1 },
	};
	struct group_commit_request req = { .member_id = STR(""), .instance_id = STR_NULL, .generation = -1,
		.producer_id = -1, .items = items, .items_n = 2 };
	struct world *w = world_new();
	struct group_commit *c;

	(void)state;
	for (int txn = 0; txn < 2; txn++) {
		req.producer_id = txn ? 4 : -1;
		assert_int_equal(0, group_commit_begin(w->g, w->now, &req, &c));
		group_commit_written(c, txn);
		assert_int_equal(0, group_commit_end(c, 0));
		group_pool_marker(w->pool, 4, 5, true);
		assert_int_equal(2, offset_of(w)); /* as after a load */
		assert_int_equal(0, stable(w));
	}
	world_free(w);
}

/* --- the order of ends --- */

static void a_commit_counts_when_it_is_acknowledged(void **state)
{
	struct world *w = world_new();
	struct group_commit *c = plain(w, 5);

	(void)state;
	group_commit_written(c, 1);
	assert_int_equal(-1, offset_of(w));
	assert_int_equal(KERR_UNSTABLE_OFFSET_COMMIT, stable(w));
	assert_int_equal(0, group_commit_end(c, 0));
	assert_int_equal(5, offset_of(w));
	assert_int_equal(0, stable(w));
	world_free(w);
}

static void a_commit_that_fails_leaves_the_old_one(void **state)
{
	struct world *w = world_new();
	struct group_commit *c;

	(void)state;
	assert_int_equal(0, world_commit(w, "t", 0, 5));
	c = plain(w, 6);
	assert_int_equal(KERR_INVALID_COMMIT_OFFSET_SIZE, group_commit_end(c, KERR_MESSAGE_TOO_LARGE));
	c = plain(w, 7);
	group_commit_written(c, w->next_base++);
	assert_int_equal(KERR_REQUEST_TIMED_OUT, group_commit_end(c, KERR_REQUEST_TIMED_OUT));
	assert_int_equal(5, offset_of(w));
	assert_int_equal(0, stable(w));
	world_free(w);
}

static void the_larger_base_wins_whatever_ends_last(void **state)
{
	struct world *w = world_new();
	struct group_commit *a = plain(w, 5), *b = plain(w, 6);

	(void)state;
	group_commit_written(a, 1);
	group_commit_written(b, 2);
	assert_int_equal(0, group_commit_end(b, 0));
	assert_int_equal(6, offset_of(w));
	assert_int_equal(KERR_UNSTABLE_OFFSET_COMMIT, stable(w)); /* the other is still on its way */
	assert_int_equal(0, group_commit_end(a, 0));
	assert_int_equal(6, offset_of(w));
	assert_int_equal(0, stable(w));
	world_free(w);
}

/* Apache Kafka 3.9 forgets the first one then: acknowledged, in the log, and not answered by OffsetFetch. */
static void a_later_failure_does_not_lose_an_earlier_commit(void **state)
{
	struct world *w = world_new();
	struct group_commit *a = plain(w, 5), *b;

	(void)state;
	group_commit_written(a, 1);
	b = plain(w, 6);
	assert_int_equal(KERR_INVALID_COMMIT_OFFSET_SIZE, group_commit_end(b, KERR_MESSAGE_TOO_LARGE));
	assert_int_equal(0, group_commit_end(a, 0));
	assert_int_equal(5, offset_of(w));
	world_free(w);
}

static void the_logs_errors_are_translated(void **state)
{
	static const struct {
		int log, client;
	} v[] = {
		{ KERR_UNKNOWN_TOPIC_OR_PARTITION, KERR_COORDINATOR_NOT_AVAILABLE },
		{ KERR_NOT_ENOUGH_REPLICAS, KERR_COORDINATOR_NOT_AVAILABLE },
		{ KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, KERR_COORDINATOR_NOT_AVAILABLE },
		{ KERR_NOT_LEADER_OR_FOLLOWER, KERR_NOT_COORDINATOR },
		{ KERR_KAFKA_STORAGE_ERROR, KERR_NOT_COORDINATOR },
		{ -ENOSPC, KERR_NOT_COORDINATOR },
		{ KERR_REQUEST_TIMED_OUT, KERR_REQUEST_TIMED_OUT },
		{ KERR_MESSAGE_TOO_LARGE, KERR_INVALID_COMMIT_OFFSET_SIZE },
		{ KERR_RECORD_LIST_TOO_LARGE, KERR_INVALID_COMMIT_OFFSET_SIZE },
		{ KERR_INVALID_FETCH_SIZE, KERR_INVALID_COMMIT_OFFSET_SIZE },
		{ KERR_NETWORK_EXCEPTION, KERR_COORDINATOR_LOAD_IN_PROGRESS },
		{ KERR_INVALID_PRODUCER_EPOCH, KERR_INVALID_PRODUCER_EPOCH },
		{ KERR_INVALID_TXN_STATE, KERR_INVALID_TXN_STATE },
		{ -EINVAL, KERR_UNKNOWN_SERVER_ERROR },
	};
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		for (int txn = 0; txn < 2; txn++)
			assert_int_equal(v[i].client,
			    kerr_of(group_commit_end(txn ? transactional(w, 4, 1) : plain(w, 1), v[i].log)));
	assert_false(group_has_offsets(w->g));
	world_free(w);
}

/* --- transactions --- */

static int put_txn(struct world *w, int64_t producer, int64_t offset, int64_t base)
{
	struct group_commit *c = transactional(w, producer, offset);

	group_commit_written(c, base);
	return group_commit_end(c, 0);
}

static void a_marker_decides(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(0, put_txn(w, 4, 10, 1));
	assert_int_equal(-1, offset_of(w));
	assert_int_equal(KERR_UNSTABLE_OFFSET_COMMIT, stable(w));
	group_pool_marker(w->pool, 5, 2, true); /* of another producer */
	assert_int_equal(KERR_UNSTABLE_OFFSET_COMMIT, stable(w));
	group_pool_marker(w->pool, 4, 3, true);
	assert_int_equal(10, offset_of(w));
	assert_int_equal(0, stable(w));
	assert_int_equal(0, put_txn(w, 4, 20, 4));
	group_pool_marker(w->pool, 4, 5, false);
	assert_int_equal(10, offset_of(w));
	assert_int_equal(0, stable(w));
	group_pool_marker(w->pool, 4, 6, true); /* nothing is left for it */
	assert_int_equal(10, offset_of(w));
	world_free(w);
}

static void of_one_transaction_the_last_commit_counts(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(0, put_txn(w, 4, 10, 1));
	assert_int_equal(0, put_txn(w, 4, 11, 2));
	group_pool_marker(w->pool, 4, 3, true);
	assert_int_equal(11, offset_of(w));
	world_free(w);
}

static void the_marker_of_an_older_commit_does_not_go_back(void **state)
{
	struct world *w = world_new();
	struct group_commit *c;

	(void)state;
	assert_int_equal(0, put_txn(w, 4, 10, 1));
	c = plain(w, 99);
	group_commit_written(c, 2);
	assert_int_equal(0, group_commit_end(c, 0));
	group_pool_marker(w->pool, 4, 3, true);
	assert_int_equal(99, offset_of(w)); /* its record stands behind the transaction's */
	world_free(w);
}

static void two_producers_and_two_groups(void **state)
{
	struct world *w = world_new();
	struct group *g1 = w->g, *g2 = group_new(w->pool, STR("g2"), w->now);

	(void)state;
	assert_int_equal(0, put_txn(w, 4, 10, 1));
	assert_int_equal(0, put_txn(w, 5, 20, 2));
	w->g = g2;
	assert_int_equal(0, put_txn(w, 4, 30, 3));
	group_pool_marker(w->pool, 4, 4, true);
	assert_int_equal(30, offset_of(w));
	assert_int_equal(0, stable(w));
	w->g = g1;
	assert_int_equal(10, offset_of(w));
	assert_int_equal(KERR_UNSTABLE_OFFSET_COMMIT, stable(w));
	group_pool_marker(w->pool, 5, 5, false);
	assert_int_equal(0, stable(w));
	group_free(g2);
	world_free(w);
}

/* The record stands in the log: the next coordinator would take it at the marker, and so does this one. */
static void a_timeout_does_not_take_a_written_commit_out_of_its_transaction(void **state)
{
	struct world *w = world_new();
	struct group_commit *c = transactional(w, 4, 10);

	(void)state;
	group_commit_written(c, 1);
	assert_int_equal(KERR_REQUEST_TIMED_OUT, group_commit_end(c, KERR_REQUEST_TIMED_OUT));
	assert_int_equal(KERR_UNSTABLE_OFFSET_COMMIT, stable(w));
	group_pool_marker(w->pool, 4, 2, true);
	assert_int_equal(10, offset_of(w));
	world_free(w);
}

static void one_that_was_not_written_leaves_what_was(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(0, put_txn(w, 4, 10, 1));
	assert_int_equal(KERR_COORDINATOR_NOT_AVAILABLE,
	    group_commit_end(transactional(w, 4, 11), KERR_NOT_ENOUGH_REPLICAS));
	group_pool_marker(w->pool, 4, 2, true);
	assert_int_equal(10, offset_of(w));
	assert_int_equal(0, stable(w));
	world_free(w);
}

static void a_marker_may_come_before_the_acknowledgement(void **state)
{
	struct world *w = world_new();
	struct group_commit *c = transactional(w, 4, 10), *next;

	(void)state;
	group_commit_written(c, 1);
	next = transactional(w, 4, 20); /* of the next transaction */
	group_pool_marker(w->pool, 4, 2, true);
	assert_int_equal(10, offset_of(w));
	group_commit_written(next, 3);
	group_pool_marker(w->pool, 4, 2, true); /* told twice */
	assert_int_equal(0, group_commit_end(c, 0));
	assert_int_equal(0, group_commit_end(next, 0));
	assert_int_equal(10, offset_of(w));
	assert_int_equal(KERR_UNSTABLE_OFFSET_COMMIT, stable(w));
	group_pool_marker(w->pool, 4, 4, true);
	assert_int_equal(20, offset_of(w));
	assert_int_equal(0, stable(w));
	world_free(w);
}

/* --- ends without a group --- */

static void a_commit_outlives_its_group(void **state)
{
	struct world *w = world_new();
	struct group_commit *c[3];

	(void)state;
	c[0] = plain(w, 1);
	c[1] = transactional(w, 4, 2);
	c[2] = transactional(w, 4, 3);
	group_commit_written(c[0], 1);
	group_commit_written(c[1], 2);
	world_regroup(w);
	assert_int_equal(0, group_commit_end(c[0], 0)); /* it is in the log, the client is told so */
	assert_int_equal(KERR_NOT_COORDINATOR, group_commit_end(c[1], KERR_NOT_LEADER_OR_FOLLOWER));
	group_commit_written(c[2], 3);
	assert_int_equal(0, group_commit_end(c[2], 0));
	group_pool_marker(w->pool, 4, 9, true);
	assert_false(group_has_offsets(w->g));
	world_free(w);
}

/* --- reading --- */

static void what_was_not_committed_is_no_error(void **state)
{
	struct world *w = world_new();
	struct group_offset o;

	(void)state;
	assert_int_equal(0, world_commit(w, "t", 0, 5));
	assert_int_equal(0, group_offset_fetch(w->g, STR("t"), 1, true, &o));
	assert_int_equal(-1, o.offset);
	assert_int_equal(-1, o.leader_epoch);
	assert_int_equal(0, o.metadata.len);
	assert_int_equal(0, group_offset_fetch(w->g, STR("other"), 0, false, &o));
	assert_int_equal(-1, o.offset);
	group_unload(w->g, &w->fx);
	assert_int_equal(0, group_offset_fetch(w->g, STR("t"), 0, false, &o)); /* Dead */
	assert_int_equal(-1, o.offset);
	world_free(w);
}

static void an_unstable_one_is_not_told(void **state)
{
	struct world *w = world_new();
	struct group_commit *c;
	struct group_offset o;

	(void)state;
	assert_int_equal(0, world_commit(w, "t", 0, 5));
	c = plain(w, 6);
	assert_int_equal(KERR_UNSTABLE_OFFSET_COMMIT, group_offset_fetch(w->g, STR("t"), 0, true, &o));
	assert_int_equal(-1, o.offset);
	assert_int_equal(-1, o.leader_epoch);
	assert_int_equal(0, o.metadata.len);
	assert_int_equal(0, group_offset_fetch(w->g, STR("t"), 0, false, &o));
	assert_int_equal(5, o.offset);
	assert_true(str_is(o.metadata, "m"));
	(void)group_commit_end(c, KERR_NOT_ENOUGH_REPLICAS);
	world_free(w);
}

static void all_offsets_can_be_walked(void **state)
{
	struct world *w = world_new();
	int64_t sum = 0;
	struct group_offset o;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(0, world_commit(w, i % 2 ? "t" : "u", i, i));
	assert_int_equal(100, group_offsets_n(w->g));
	for (size_t i = 0; i < group_offsets_n(w->g); i++) {
		group_offset_at(w->g, i, &o);
		assert_true(str_is(o.topic, o.partition % 2 ? "t" : "u"));
		assert_int_equal(o.partition, o.offset);
		sum += o.offset;
	}
	assert_int_equal(4950, sum);
	world_free(w);
}

/* --- memory --- */

static void a_million_offsets_are_small(void **state)
{
	enum { GROUPS = 1000, PARTITIONS = 100 }; /* a tenth of it, in the same proportions */
	struct group **g = xcalloc(GROUPS, sizeof(struct group *));
	struct world *w = world_new();
	struct group *first = w->g;
	char id[32];

	(void)state;
	for (int i = 0; i < GROUPS; i++) {
		(void)snprintf(id, sizeof(id), "group-%d", i);
		g[i] = w->g = group_new(w->pool, str_of(id), w->now);
		for (int p = 0; p < PARTITIONS; p++)
			assert_int_equal(0, try_commit(w, (struct commit){ .generation = -1, .partition = p, .offset = p }));
	}
	assert_int_equal(GROUPS * PARTITIONS, group_pool_counts(w->pool)->offsets);
	assert_true(group_pool_counts(w->pool)->memory < (size_t)GROUPS * PARTITIONS * 80);
	for (int i = 0; i < GROUPS; i++)
		group_free(g[i]);
	free(g);
	w->g = first;
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_group_takes_commits_without_generation),
		cmocka_unit_test(a_group_with_members_takes_those_of_members),
		cmocka_unit_test(a_static_member_is_fenced),
		cmocka_unit_test(commits_by_state),
		cmocka_unit_test(a_commit_counts_as_a_heartbeat),
		cmocka_unit_test(transactional_commits_in_every_state),
		cmocka_unit_test(everything_of_a_commit_is_kept),
		cmocka_unit_test(metadata_is_measured_in_utf16_units),
		cmocka_unit_test(of_a_partition_named_twice_the_last_counts),
		cmocka_unit_test(a_commit_counts_when_it_is_acknowledged),
		cmocka_unit_test(a_commit_that_fails_leaves_the_old_one),
		cmocka_unit_test(the_larger_base_wins_whatever_ends_last),
		cmocka_unit_test(a_later_failure_does_not_lose_an_earlier_commit),
		cmocka_unit_test(the_logs_errors_are_translated),
		cmocka_unit_test(a_marker_decides),
		cmocka_unit_test(of_one_transaction_the_last_commit_counts),
		cmocka_unit_test(the_marker_of_an_older_commit_does_not_go_back),
		cmocka_unit_test(two_producers_and_two_groups),
		cmocka_unit_test(a_timeout_does_not_take_a_written_commit_out_of_its_transaction),
		cmocka_unit_test(one_that_was_not_written_leaves_what_was),
		cmocka_unit_test(a_marker_may_come_before_the_acknowledgement),
		cmocka_unit_test(a_commit_outlives_its_group),
		cmocka_unit_test(what_was_not_committed_is_no_error),
		cmocka_unit_test(an_unstable_one_is_not_told),
		cmocka_unit_test(all_offsets_can_be_walked),
		cmocka_unit_test(a_million_offsets_are_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
