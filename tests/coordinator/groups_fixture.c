/* groups_fixture.c - see groups_fixture.h. */
#include "groups_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lock.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partitions.h"
#include "storage/log_dirs.h"

enum { POLL_US = 200, PATIENCE_MS = 20000 };

struct groups *gs;
struct groups_config groups_fixture_config;

static void elected(void *arg, struct str topic, int32_t index, int32_t leader_epoch)
{
	(void)arg;
	if (gs && str_is(topic, OFFSETS))
		groups_elected(gs, index, leader_epoch);
}

static void resigned(void *arg, struct str topic, int32_t index, int32_t leader_epoch)
{
	(void)arg;
	if (gs && str_is(topic, OFFSETS))
		groups_resigned(gs, index, leader_epoch);
}

static void deleted(void *arg, struct str topic, int32_t index)
{
	(void)arg;
	if (gs)
		groups_partition_deleted(gs, topic, index);
}

int groups_fixture_setup(void **state)
{
	struct group_settings settings = GROUP_SETTINGS_INIT;

	if (replica_fixture_setup(state))
		return -1;
	settings.min_session_timeout_ms = 1;
	settings.initial_rebalance_delay_ms = 0;
	groups_fixture_config = (struct groups_config){
		.partitions_n = 1,
		.group = settings,
		.clock = &clock_real,
		.partitions = rf.partitions,
		.delayed = rf.delayed,
		.load_buffer_bytes = 1 << 20,
		.required_acks = -1,
		.commit_timeout_ms = 5000,
		.retention_check_ms = 600000,
	};
	rf.compact = true;
	rf.leadership = (struct leadership_listener){ .elected = elected, .resigned = resigned, .deleted = deleted };
	return 0;
}

void groups_fixture_start(void)
{
	groups_fixture_config.partitions = rf.partitions;
	gs = groups_new(&groups_fixture_config);
	assert_int_equal(0, groups_start(gs));
}

void groups_fixture_stop(void)
{
	if (gs)
		groups_stop(gs);
	gs = groups_free(gs);
}

int groups_fixture_teardown(void **state)
{
	delayed_stop(rf.delayed);
	groups_fixture_stop();
	return replica_fixture_teardown(state);
}

void groups_fixture_lead(int32_t partition, int32_t leader_epoch, int32_t replicas_n)
{
	struct fixture_decision d = { .topic = OFFSETS, .index = partition, .leader_epoch = leader_epoch,
		.partition_epoch = leader_epoch, .replicas_n = replicas_n, .isr_n = replicas_n, .is_new = leader_epoch == 0 };

	fixture_brokers(3);
	fixture_metadata(OFFSETS, partition, 0, leader_epoch, replicas_n);
	assert_int_equal(0, fixture_decide(&d, NULL));
}

void groups_fixture_follow(int32_t partition, int32_t leader_epoch)
{
	struct fixture_decision d = { .topic = OFFSETS, .index = partition, .leader = 1, .leader_epoch = leader_epoch,
		.partition_epoch = leader_epoch, .replicas_n = 2, .isr_n = 2 };

	fixture_brokers(3);
	assert_int_equal(0, fixture_decide(&d, NULL));
}

struct log *groups_fixture_log(int32_t partition)
{
	struct partition *p = partitions_get(rf.partitions, STR(OFFSETS), partition);
	struct log *log = partition_log(p);

	partition_unref(p);
	return log;
}

void groups_fixture_fetched(int32_t partition, int32_t follower)
{
	struct partition *p = partitions_get(rf.partitions, STR(OFFSETS), partition);
	struct log *log = partition_log(p);
	struct partition_read q = { .replica_id = follower, .leader_epoch = -1, .last_fetched_epoch = -1,
		.offset = log_end_offset(log), .max_bytes = 1 << 20, .min_one_message = true, .isolation = FETCH_LOG_END,
		.leader_only = true, .update_follower = true };
	struct partition_data data;
	unsigned moved;

	assert_int_equal(0, partition_read(p, &q, &rf.arena, &data, &moved));
	log_slice_fini(&data.slice);
	partitions_moved(rf.partitions, p, moved);
	log_unref(log);
	partition_unref(p);
}

void groups_fixture_await(int32_t owned)
{
	int64_t deadline = clock_mono_ms(&clock_real) + PATIENCE_MS;
	struct groups_counts c;

	do {
		assert_true(clock_mono_ms(&clock_real) < deadline);
		usleep(POLL_US);
		groups_count(gs, &c);
	} while (c.owned != owned || c.loading);
}

/* --- members --- */

static void take_answer(struct groups_waiter *w, const struct group_effect *e)
{
	struct answer *a = CONTAINER_OF(w, struct answer, waiter);

	if (e->type == GROUP_JOIN_REPLY) {
		a->error = e->join.error;
		a->generation = e->join.generation;
		a->members_n = e->join.members_n;
		a->member = str_dup(e->join.member_id);
		a->leader = str_dup(e->join.leader);
	} else {
		a->error = e->sync.error;
		a->assignment = xstrndup((const char *)e->sync.assignment.p, (size_t)e->sync.assignment.len);
	}
}

static void take_send(struct groups_waiter *w)
{
	struct answer *a = CONTAINER_OF(w, struct answer, waiter);

	lock_take(&a->lock);
	if (a->sent++)
		abort();
	cond_broadcast(&a->cond);
	lock_release(&a->lock);
}

struct answer *answer_new(void)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	a->waiter = (struct groups_waiter){ .answer = take_answer, .send = take_send };
	lock_init(&a->lock, RANK_LEAF, "answer");
	cond_init(&a->cond);
	return a;
}

void answer_free(struct answer *a)
{
	assert_int_equal(1, a->sent);
	lock_take(&a->lock); /* its sender is through */
	lock_release(&a->lock);
	lock_fini(&a->lock);
	cond_fini(&a->cond);
	free(a->member);
	free(a->leader);
	free(a->assignment);
	free(a);
}

bool answer_sent(struct answer *a)
{
	bool r;

	lock_take(&a->lock);
	r = a->sent;
	lock_release(&a->lock);
	return r;
}

static void wait_sent(struct lock *l, struct cond *c, const int *sent)
{
	int64_t deadline = clock_mono_ms(&clock_real) + PATIENCE_MS;

	lock_take(l);
	while (!*sent && lock_wait_until(l, c, deadline))
		;
	lock_release(l);
	assert_int_equal(1, *sent);
}

void answer_wait(struct answer *a)
{
	wait_sent(&a->lock, &a->cond, &a->sent);
}

struct answer *send_join(const char *group, struct member_options o)
{
	struct join_group_request_join_group_request_protocol protocol = { .name = STR("range"),
		.metadata = { (const uint8_t *)"m", 1 } };
	struct answer *a = answer_new();
	struct group_join in = {
		.member_id = o.member ? str_of(o.member) : STR(""),
		.instance_id = str_of(o.instance),
		.client_id = STR("c"),
		.client_host = STR("/10.0.0.7"),
		.protocol_type = STR("consumer"),
		.reason = STR_NULL,
		.session_timeout_ms = o.session_ms ? o.session_ms : 10000,
		.rebalance_timeout_ms = o.rebalance_ms ? o.rebalance_ms : 60000,
		.protocols = &protocol,
		.protocols_n = 1,
		.require_known_member_id = o.id_first && !o.member && !o.instance,
	};

	groups_join(gs, str_of(group), &in, &a->waiter);
	return a;
}

struct answer *send_sync(const char *group, const char *member, int32_t generation, const char *const *members, int n)
{
	struct sync_group_request_sync_group_request_assignment *v = xcalloc((size_t)n + 1, sizeof(*v));
	struct answer *a = answer_new();
	struct group_sync in = { .member_id = str_of(member), .instance_id = STR_NULL, .protocol_type = STR_NULL,
		.protocol_name = STR_NULL, .generation = generation, .assignments = v, .assignments_n = n };

	for (int i = 0; i < n; i++) {
		v[i].member_id = str_of(members[i]);
		v[i].assignment = (struct bytes){ (const uint8_t *)members[i], (int32_t)strlen(members[i]) };
	}
	groups_sync(gs, str_of(group), &in, &a->waiter);
	free(v);
	return a;
}

char *lone_member(const char *group, struct member_options o)
{
	struct answer *a = send_join(group, o);
	const char *id;
	char *copy;

	answer_wait(a);
	assert_int_equal(0, a->error);
	copy = xstrdup(a->member);
	id = copy;
	answer_free(a);
	a = send_sync(group, id, 1, &id, 1);
	answer_wait(a);
	assert_int_equal(0, a->error);
	assert_string_equal(id, a->assignment);
	answer_free(a);
	return copy;
}

/* --- offsets --- */

static void commit_done(struct groups_waiter *w)
{
	struct commit *c = CONTAINER_OF(CONTAINER_OF(w, struct groups_commit, waiter), struct commit, commit);

	lock_take(&c->lock);
	if (c->sent++)
		abort();
	cond_broadcast(&c->cond);
	lock_release(&c->lock);
}

static struct commit *commit_new(struct group_commit_item *items, size_t n)
{
	struct commit *c = xcalloc(1, sizeof(*c));

	lock_init(&c->lock, RANK_LEAF, "commit");
	cond_init(&c->cond);
	c->commit.waiter.send = commit_done;
	c->commit.request = (struct group_commit_request){ .member_id = STR(""), .instance_id = STR_NULL,
		.generation = -1, .producer_id = -1, .items = items ? items : &c->item, .items_n = n };
	return c;
}

struct commit *send_commits(const char *group, struct group_commit_item *items, size_t n)
{
	struct commit *c = commit_new(items, n);

	groups_commit(gs, str_of(group), &c->commit);
	return c;
}

struct commit *send_commit(const char *group, const char *member, const char *topic, int32_t partition, int64_t offset)
{
	struct commit *c = commit_new(NULL, 1);

	c->item = (struct group_commit_item){ .topic = str_of(topic), .partition = partition, .offset = offset,
		.leader_epoch = -1, .metadata = STR_NULL, .commit_timestamp = -1, .expire_timestamp = -1 };
	if (member) {
		c->commit.request.member_id = str_of(member);
		c->commit.request.generation = 1;
	}
	groups_commit(gs, str_of(group), &c->commit);
	return c;
}

bool commit_sent(struct commit *c)
{
	bool r;

	lock_take(&c->lock);
	r = c->sent;
	lock_release(&c->lock);
	return r;
}

int commit_wait(struct commit *c)
{
	int r;

	wait_sent(&c->lock, &c->cond, &c->sent);
	r = c->commit.error ? c->commit.error : c->commit.request.items[0].error;
	lock_fini(&c->lock);
	cond_fini(&c->cond);
	free(c);
	return r;
}

int commit(const char *group, const char *topic, int32_t partition, int64_t offset)
{
	return commit_wait(send_commit(group, NULL, topic, partition, offset));
}

int64_t fetched(const char *group, const char *topic, int32_t partition)
{
	struct groups_fetched f = { .offset = { .topic = str_of(topic), .partition = partition } };
	struct arena a;
	int r;

	arena_init(&a, 0);
	r = groups_fetch(gs, str_of(group), false, &f, 1, &a);
	arena_fini(&a);
	return r ? -1000 - r : f.offset.offset;
}

const char *state_of(const char *group)
{
	static _Thread_local char state[32];
	struct describe_groups_response_described_group g = { 0 };
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(0, groups_describe(gs, str_of(group), &a, &g));
	str_copy(g.group_state, state, sizeof(state));
	arena_fini(&a);
	return state;
}

void await_state(const char *group, const char *state)
{
	int64_t deadline = clock_mono_ms(&clock_real) + PATIENCE_MS;

	while (strcmp(state_of(group), state)) {
		assert_true(clock_mono_ms(&clock_real) < deadline);
		usleep(POLL_US);
	}
}
