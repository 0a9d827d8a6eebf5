/* test_groups.c - the shell: leadership, loading, waiting for replicas, timers, removal, and many threads at once. */
#include "groups_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "record/builder.h"
#include "storage/log_dirs.h"

static int64_t log_end(int32_t partition)
{
	struct log *log = groups_fixture_log(partition);
	int64_t end = log_end_offset(log);

	log_unref(log);
	return end;
}

static void begin(int32_t replicas_n)
{
	groups_fixture_start();
	groups_fixture_lead(0, 0, replicas_n);
	groups_fixture_await(1);
}

/* --- who is coordinator --- */

static void nobody_is_asked_before_the_election(void **state)
{
	(void)state;
	groups_fixture_start();
	assert_int_equal(KERR_NOT_COORDINATOR, commit("g", "t", 0, 5));
	assert_int_equal(KERR_NOT_COORDINATOR, groups_heartbeat(gs, STR("g"), STR("m"), STR_NULL, 1));
	assert_int_equal(KERR_INVALID_GROUP_ID, groups_heartbeat(gs, STR(""), STR("m"), STR_NULL, 1));
	assert_int_equal(KERR_INVALID_GROUP_ID, groups_heartbeat(gs, STR_NULL, STR("m"), STR_NULL, 1));
	groups_fixture_lead(0, 0, 1);
	groups_fixture_await(1);
	assert_int_equal(0, commit("g", "t", 0, 5));
	assert_int_equal(0, commit("", "t", 0, 6)); /* a simple consumer may have no name */
	assert_int_equal(5, fetched("g", "t", 0));
	assert_int_equal(6, fetched("", "t", 0));
	groups_stop(gs);
	assert_int_equal(KERR_COORDINATOR_NOT_AVAILABLE, commit("g", "t", 0, 7));
}

static void another_partition_is_another_coordinators(void **state)
{
	char name[16];
	int own = 0;

	(void)state;
	groups_fixture_config.partitions_n = 7;
	groups_fixture_start();
	groups_fixture_lead(3, 0, 1);
	groups_fixture_await(1);
	for (int i = 0; i < 70; i++) {
		bool ours;

		(void)snprintf(name, sizeof(name), "group-%d", i);
		ours = groups_partition_of(gs, str_of(name)) == 3;
		own += ours;
		assert_int_equal(ours ? 0 : KERR_NOT_COORDINATOR, commit(name, "t", 0, i));
	}
	assert_true(own > 0 && own < 70);
	groups_fixture_lead(9, 0, 1); /* did not exist at the start: nothing is looked for there */
	groups_fixture_await(1);
}

static void a_resignation_answers_who_waits_and_forgets(void **state)
{
	struct answer *a, *b;
	char *id;

	(void)state;
	begin(1);
	id = lone_member("g", (struct member_options){ 0 });
	assert_int_equal(0, commit("offsets only", "t", 1, 5));
	a = send_join("g", (struct member_options){ 0 });
	assert_false(answer_sent(a));
	assert_string_equal("PreparingRebalance", state_of("g"));
	groups_fixture_follow(0, 1);
	answer_wait(a);
	assert_int_equal(KERR_NOT_COORDINATOR, a->error);
	groups_fixture_await(0);
	assert_int_equal(KERR_NOT_COORDINATOR, groups_heartbeat(gs, STR("g"), str_of(id), STR_NULL, 1));
	assert_int_equal(-1000 - KERR_NOT_COORDINATOR, fetched("offsets only", "t", 1));
	groups_fixture_lead(0, 2, 1);
	groups_fixture_await(1);
	/* the rebalance is lost, the generation before it is there */
	assert_string_equal("Stable", state_of("g"));
	assert_int_equal(0, groups_heartbeat(gs, STR("g"), str_of(id), STR_NULL, 1));
	assert_int_equal(5, fetched("offsets only", "t", 1));
	b = send_sync("g", id, 1, NULL, 0);
	answer_wait(b);
	assert_string_equal(id, b->assignment);
	answer_free(a);
	answer_free(b);
	free(id);
}

static void an_old_epoch_resigns_nothing(void **state)
{
	(void)state;
	begin(1);
	groups_fixture_lead(0, 5, 1);
	assert_int_equal(0, commit("g", "t", 0, 5));
	groups_resigned(gs, 0, 4);
	groups_elected(gs, 0, 3);
	groups_elected(gs, 0, 5); /* already */
	groups_fixture_await(1);
	assert_int_equal(5, fetched("g", "t", 0));
	groups_resigned(gs, 0, -1);
	groups_fixture_await(0);
}

static void a_failed_directory_ends_it(void **state)
{
	struct answer *a;
	char *id;

	(void)state;
	begin(1);
	id = lone_member("g", (struct member_options){ 0 });
	a = send_join("g", (struct member_options){ 0 });
	partitions_dir_offline(rf.partitions, rf.dir);
	answer_wait(a);
	assert_int_equal(KERR_NOT_COORDINATOR, a->error);
	groups_fixture_await(0);
	answer_free(a);
	free(id);
}

static void the_end_answers_who_waits(void **state)
{
	struct answer *a[3];
	char *id;

	(void)state;
	begin(1);
	id = lone_member("g", (struct member_options){ 0 });
	for (int i = 0; i < 3; i++)
		a[i] = send_join("g", (struct member_options){ 0 });
	groups_stop(gs);
	for (int i = 0; i < 3; i++) {
		answer_wait(a[i]);
		assert_int_equal(KERR_NOT_COORDINATOR, a[i]->error);
		answer_free(a[i]);
	}
	a[0] = send_join("g", (struct member_options){ 0 });
	answer_wait(a[0]);
	assert_int_equal(KERR_COORDINATOR_NOT_AVAILABLE, a[0]->error);
	answer_free(a[0]);
	free(id);
}

/* --- loading --- */

static void everything_is_there_after_a_restart(void **state)
{
	char group[16], topic[16], *id;
	struct answer *a;

	(void)state;
	groups_fixture_config.load_buffer_bytes = 1000; /* many chunks */
	begin(1);
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(group, sizeof(group), "g%d", i % 37);
		(void)snprintf(topic, sizeof(topic), "t%d", i % 5);
		assert_int_equal(0, commit(group, topic, i % 11, i));
	}
	id = lone_member("members", (struct member_options){ .instance = "static" });
	assert_int_equal(0, commit("deleted", "t", 0, 1));
	assert_int_equal(0, groups_delete(gs, STR("deleted")));
	groups_fixture_stop();
	replica_fixture_restart();
	begin(1);
	for (int i = 3000 - 37 * 5 * 11; i < 3000; i++) { /* the last of each */
		(void)snprintf(group, sizeof(group), "g%d", i % 37);
		(void)snprintf(topic, sizeof(topic), "t%d", i % 5);
		assert_int_equal(i, fetched(group, topic, i % 11));
	}
	assert_string_equal("Dead", state_of("deleted"));
	assert_string_equal("Stable", state_of("members"));
	assert_int_equal(0, groups_heartbeat(gs, STR("members"), str_of(id), STR("static"), 1));
	a = send_sync("members", id, 1, NULL, 0);
	answer_wait(a);
	assert_string_equal(id, a->assignment);
	answer_free(a);
	free(id);
}

/* A commit that is larger than the log takes is refused as a whole. */
static void a_commit_that_is_too_large_is_refused(void **state)
{
	struct group_commit_item items[200];

	(void)state;
	rf.max_message_bytes = 3000;
	begin(1);
	assert_int_equal(0, commit("g", "t", 0, 1));
	for (int i = 0; i < 200; i++)
		items[i] = (struct group_commit_item){ .topic = STR("a topic"), .partition = i, .offset = 7,
			.leader_epoch = -1, .metadata = STR_NULL, .commit_timestamp = -1, .expire_timestamp = -1 };
	assert_int_equal(KERR_INVALID_COMMIT_OFFSET_SIZE, commit_wait(send_commits("g", items, 200)));
	for (int i = 0; i < 200; i++)
		assert_int_equal(KERR_INVALID_COMMIT_OFFSET_SIZE, items[i].error);
	assert_int_equal(-1, fetched("g", "a topic", 0));
	assert_int_equal(1, log_end(0));
	for (int i = 0; i < 200; i++)
		items[i].error = 0;
	assert_int_equal(0, commit_wait(send_commits("g", items, 20)));
	assert_int_equal(7, fetched("g", "a topic", 19));
}

static struct buf *batch_of(struct bytes key, struct bytes value)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b = { 0 };
	struct buf *ret;

	assert_int_equal(0, batch_builder_init(&b, &c, NULL));
	assert_int_equal(0, batch_builder_append(&b, 0, 1000, key, value, 0, BYTES_NULL));
	assert_int_equal(0, batch_builder_finish(&b, &ret));
	batch_builder_fini(&b);
	return ret;
}

static void append_raw(struct bytes key, struct bytes value)
{
	struct partition *p = partitions_get(rf.partitions, STR(OFFSETS), 0);
	struct buf *b = batch_of(key, value);
	struct log_append_info info;
	unsigned moved;

	assert_int_equal(0, partition_append(p, b->data, b->len, 1, APPEND_COORDINATOR, 11, &rf.arena, &info, &moved));
	buf_unref(b);
	partition_unref(p);
}

/* What a later Kafka wrote, and what nobody can have written, hides nothing else. */
static void strange_records_are_passed_over(void **state)
{
	static const uint8_t later[] = { 0, 9, 1, 2, 3 }, cut[] = { 0, 1, 0, 1, 'g', 0 }, group[] = { 0, 2, 0, 1, 'g' };

	(void)state;
	begin(1);
	assert_int_equal(0, commit("g", "t", 0, 5));
	append_raw((struct bytes){ later, sizeof(later) }, (struct bytes){ later, sizeof(later) });
	append_raw((struct bytes){ cut, sizeof(cut) }, (struct bytes){ later, sizeof(later) });
	append_raw((struct bytes){ group, sizeof(group) }, (struct bytes){ later, sizeof(later) });
	assert_int_equal(0, commit("g", "t", 1, 6));
	groups_fixture_follow(0, 1);
	groups_fixture_lead(0, 2, 1);
	groups_fixture_await(1);
	assert_int_equal(5, fetched("g", "t", 0));
	assert_int_equal(6, fetched("g", "t", 1));
}

/* Offsets that go back without a word would be worse than clients that wait. */
static void a_log_that_cannot_be_read_is_not_served(void **state)
{
	uint8_t length = 0x7f;
	char path[256];
	struct log *log;
	struct file *f;
	int64_t at;

	(void)state;
	begin(1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(0, commit("g", "t", i, 5));
	log = groups_fixture_log(0);
	at = log_size(log) / 10 * 5 + 8; /* the highest byte of the sixth batch's length */
	(void)snprintf(path, sizeof(path), "%s/00000000000000000000.log", log_dir_path(log));
	log_unref(log);
	assert_int_equal(0, file_open(path, O_RDWR, 0, &f));
	assert_int_equal(0, file_write_full(f, &length, 1, at));
	file_unref(f);
	groups_fixture_follow(0, 1);
	groups_fixture_lead(0, 2, 1);
	groups_fixture_await(0);
	assert_int_equal(-1000 - KERR_NOT_COORDINATOR, fetched("g", "t", 0));
}

/* --- replicas --- */

static void a_commit_waits_for_its_replicas(void **state)
{
	struct commit *a, *b;

	(void)state;
	begin(2);
	a = send_commit("g", NULL, "t", 0, 5);
	b = send_commit("g", NULL, "t", 0, 6);
	assert_false(commit_sent(a));
	assert_int_equal(-1, fetched("g", "t", 0));
	groups_fixture_fetched(0, 1);
	assert_int_equal(0, commit_wait(a));
	assert_int_equal(0, commit_wait(b));
	assert_int_equal(6, fetched("g", "t", 0));
	a = send_commit("g", NULL, "t", 0, 7);
	groups_fixture_follow(0, 1); /* before it is replicated */
	assert_int_equal(KERR_NOT_COORDINATOR, commit_wait(a));
	groups_fixture_await(0);
}

static void replicas_that_do_not_come_are_not_waited_for_long(void **state)
{
	struct commit *c;

	(void)state;
	groups_fixture_config.commit_timeout_ms = 50;
	begin(2);
	c = send_commit("g", NULL, "t", 0, 5);
	assert_int_equal(KERR_REQUEST_TIMED_OUT, commit_wait(c));
	assert_int_equal(-1, fetched("g", "t", 0));
}

static void too_few_replicas_refuse(void **state)
{
	(void)state;
	rf.min_insync_replicas = 2;
	groups_fixture_start();
	groups_fixture_lead(0, 0, 2);
	groups_fixture_await(1);
	rf.min_insync_replicas = 0;
	{
		struct fixture_decision d = { .topic = OFFSETS, .leader_epoch = 1, .partition_epoch = 1, .replicas_n = 2,
			.isr_n = 1 };

		assert_int_equal(0, fixture_decide(&d, NULL));
	}
	assert_int_equal(KERR_COORDINATOR_NOT_AVAILABLE, commit("g", "t", 0, 5));
}

static void acks_of_one_wait_for_nobody(void **state)
{
	(void)state;
	groups_fixture_config.required_acks = 1;
	begin(2);
	assert_int_equal(0, commit("g", "t", 0, 5));
	assert_int_equal(5, fetched("g", "t", 0));
}

static void strange_acks_are_refused(void **state)
{
	(void)state;
	groups_fixture_config.required_acks = 2;
	begin(1);
	assert_int_equal(KERR_INVALID_REQUIRED_ACKS, commit("g", "t", 0, 5));
	assert_int_equal(0, log_end(0));
}

/* The assignment is given out when it is replicated, not before. */
static void a_sync_waits_for_its_replicas(void **state)
{
	struct answer *join, *sync;
	const char *id;

	(void)state;
	begin(2);
	join = send_join("g", (struct member_options){ 0 });
	answer_wait(join);
	id = join->member;
	sync = send_sync("g", id, 1, &id, 1);
	assert_false(answer_sent(sync));
	assert_string_equal("CompletingRebalance", state_of("g"));
	groups_fixture_fetched(0, 1);
	answer_wait(sync);
	assert_int_equal(0, sync->error);
	assert_string_equal(id, sync->assignment);
	assert_string_equal("Stable", state_of("g"));
	answer_free(join);
	answer_free(sync);
}

/* --- timers --- */

static void a_silent_member_is_removed(void **state)
{
	char *id, *other;

	(void)state;
	begin(1);
	other = lone_member("other", (struct member_options){ 0 });
	id = lone_member("g", (struct member_options){ .session_ms = 40 });
	await_state("g", "Empty");
	assert_int_equal(KERR_UNKNOWN_MEMBER_ID, groups_heartbeat(gs, STR("g"), str_of(id), STR_NULL, 1));
	assert_string_equal("Stable", state_of("other"));
	free(id);
	free(other);
}

static void heartbeats_keep_a_member(void **state)
{
	int64_t until = clock_mono_ms(&clock_real) + 2000;
	char *id;

	(void)state;
	begin(1);
	id = lone_member("g", (struct member_options){ .session_ms = 700 }); /* a busy machine may stop us for a while */
	while (clock_mono_ms(&clock_real) < until) {
		assert_int_equal(0, groups_heartbeat(gs, STR("g"), str_of(id), STR_NULL, 1));
		usleep(5000);
	}
	assert_string_equal("Stable", state_of("g"));
	free(id);
}

static void a_join_ends_at_its_deadline(void **state)
{
	struct answer *a;
	char *id;

	(void)state;
	begin(1);
	id = lone_member("g", (struct member_options){ .rebalance_ms = 60 });
	a = send_join("g", (struct member_options){ .rebalance_ms = 60 }); /* the first one does not come back */
	answer_wait(a);
	assert_int_equal(0, a->error);
	assert_int_equal(2, a->generation);
	assert_string_equal(a->member, a->leader);
	answer_free(a);
	free(id);
}

/* After a load every member has its whole session time. */
static void members_that_were_loaded_have_timers(void **state)
{
	char *id;

	(void)state;
	begin(1);
	id = lone_member("g", (struct member_options){ .session_ms = 100 });
	groups_fixture_follow(0, 1);
	groups_fixture_lead(0, 2, 1);
	groups_fixture_await(1);
	assert_int_equal(0, groups_heartbeat(gs, STR("g"), str_of(id), STR_NULL, 1));
	await_state("g", "Empty");
	free(id);
}

/* --- removal --- */

static void old_offsets_go_with_their_groups(void **state)
{
	int64_t before;

	(void)state;
	groups_fixture_config.group.offsets_retention_ms = 150;
	groups_fixture_config.retention_check_ms = 20;
	begin(1);
	for (int i = 0; i < 200; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "g%d", i);
		assert_int_equal(0, commit(name, "t", 0, i));
		assert_int_equal(0, commit(name, "t", 1, i));
	}
	before = log_end(0);
	await_state("g199", "Dead");
	await_state("g0", "Dead");
	while (log_end(0) < before + 400) /* a tombstone for each */
		usleep(1000);
	groups_fixture_follow(0, 1);
	groups_fixture_lead(0, 2, 1);
	groups_fixture_await(1);
	assert_string_equal("Dead", state_of("g7"));
}

static void offsets_of_a_deleted_topic_go(void **state)
{
	(void)state;
	begin(1);
	assert_int_equal(0, commit("both", "stays", 0, 1));
	for (int i = 0; i < 50; i++)
		assert_int_equal(0, commit("both", "goes", i, i));
	assert_int_equal(0, commit("one", "goes", 3, 1));
	for (int i = 0; i < 50; i++)
		fixture_metadata("goes", i, -2, 1, 1);
	await_state("one", "Dead");
	while (fetched("both", "goes", 49) != -1)
		usleep(200);
	assert_int_equal(1, fetched("both", "stays", 0));
	groups_fixture_follow(0, 1);
	groups_fixture_lead(0, 2, 1);
	groups_fixture_await(1);
	assert_int_equal(-1, fetched("both", "goes", 7));
	assert_int_equal(1, fetched("both", "stays", 0));
}

/* More tombstones than a batch may hold (coordinators.md 8: they must not be lost). */
static void a_large_group_is_deleted_for_good(void **state)
{
	(void)state;
	rf.max_message_bytes = 700;
	begin(1);
	for (int i = 0; i < 300; i++)
		assert_int_equal(0, commit("large", "a topic with a name", i, i));
	assert_int_equal(0, groups_delete(gs, STR("large")));
	assert_int_equal(600, log_end(0));
	assert_int_equal(KERR_GROUP_ID_NOT_FOUND, groups_delete(gs, STR("large")));
	groups_fixture_follow(0, 1);
	groups_fixture_lead(0, 2, 1);
	groups_fixture_await(1);
	assert_string_equal("Dead", state_of("large"));
}

static void groups_are_listed(void **state)
{
	const struct str stable = STR("sTaBle"), other = STR("consumer");
	struct list_groups_response_listed_group *v;
	struct groups_filter f = { NULL, NULL, 0, 0 };
	char *id;
	int32_t n;

	(void)state;
	groups_fixture_config.partitions_n = 3;
	groups_fixture_start();
	for (int i = 0; i < 3; i++)
		groups_fixture_lead(i, 0, 1);
	groups_fixture_await(3);
	for (int i = 0; i < 30; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "g%d", i);
		assert_int_equal(0, commit(name, "t", 0, i));
	}
	id = lone_member("members", (struct member_options){ 0 });
	assert_int_equal(0, groups_list(gs, &f, &rf.arena, &v, &n));
	assert_int_equal(31, n);
	f = (struct groups_filter){ .states = &stable, .states_n = 1 };
	assert_int_equal(0, groups_list(gs, &f, &rf.arena, &v, &n));
	assert_int_equal(1, n);
	assert_true(str_is(v[0].group_id, "members"));
	assert_true(str_is(v[0].protocol_type, "consumer"));
	f = (struct groups_filter){ .types = &other, .types_n = 1 };
	assert_int_equal(0, groups_list(gs, &f, &rf.arena, &v, &n));
	assert_int_equal(0, n);
	free(id);
}

/* --- many at once --- */

enum { CLIENTS = 8, GROUPS = 5, ROUNDS = 300 };

static atomic_int storm_left;
static atomic_llong committed[GROUPS][CLIENTS]; /* acknowledged */

static NORETURN void die(const char *what, int64_t n)
{
	print_error("%s %lld\n", what, (long long)n);
	abort();
}

/* Commits rising offsets, reads them back, joins and leaves. An acknowledged offset never goes back. */
static void *client(void *arg)
{
	int me = (int)(intptr_t)arg;
	struct groups_leaving leaving;
	struct answer *a;
	char group[8];

	for (int i = 1; i <= ROUNDS; i++) {
		int g = (me + i) % GROUPS, r;
		int64_t seen;

		(void)snprintf(group, sizeof(group), "s%d", g);
		r = commit(group, "t", me, i);
		if (r == 0)
			atomic_store(&committed[g][me], i);
		else if (r != KERR_NOT_COORDINATOR && r != KERR_COORDINATOR_LOAD_IN_PROGRESS)
			die("commit answered", r);
		seen = fetched(group, "t", me);
		if (seen >= -1 && atomic_load(&committed[g][me]) && seen < atomic_load(&committed[g][me]))
			die("an offset went back to", seen);
		if (i % 7)
			continue;
		(void)snprintf(group, sizeof(group), "m%d", g);
		a = send_join(group, (struct member_options){ .session_ms = 30, .rebalance_ms = 20 });
		answer_wait(a);
		if (a->error == 0 && i % 2) {
			leaving = (struct groups_leaving){ .member_id = str_of(a->member), .instance_id = STR_NULL,
				.reason = STR_NULL };
			(void)(groups_leave(gs, str_of(group), &leaving, 1) == 0);
		}
		answer_free(a);
	}
	atomic_fetch_sub(&storm_left, 1);
	return NULL;
}

static void leadership_moves_under_many_clients(void **state)
{
	pthread_t t[CLIENTS];
	int32_t epoch = 0;
	char group[8];

	(void)state;
	groups_fixture_config.retention_check_ms = 3;
	begin(1);
	memset(committed, 0, sizeof(committed));
	atomic_store(&storm_left, CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, client, (void *)(intptr_t)i));
	while (atomic_load(&storm_left) > 0) {
		groups_fixture_follow(0, ++epoch);
		usleep(500);
		groups_fixture_lead(0, ++epoch, 1);
		usleep(10000);
	}
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(t[i], NULL);
	groups_fixture_await(1);
	for (int g = 0; g < GROUPS; g++) {
		for (int i = 0; i < CLIENTS; i++) {
			(void)snprintf(group, sizeof(group), "s%d", g);
			assert_true(fetched(group, "t", i) >= atomic_load(&committed[g][i]) || !committed[g][i]);
		}
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, groups_fixture_setup, groups_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nobody_is_asked_before_the_election),
		T(another_partition_is_another_coordinators),
		T(a_resignation_answers_who_waits_and_forgets),
		T(an_old_epoch_resigns_nothing),
		T(a_failed_directory_ends_it),
		T(the_end_answers_who_waits),
		T(everything_is_there_after_a_restart),
		T(a_commit_that_is_too_large_is_refused),
		T(strange_records_are_passed_over),
		T(a_log_that_cannot_be_read_is_not_served),
		T(a_commit_waits_for_its_replicas),
		T(replicas_that_do_not_come_are_not_waited_for_long),
		T(too_few_replicas_refuse),
		T(acks_of_one_wait_for_nobody),
		T(strange_acks_are_refused),
		T(a_sync_waits_for_its_replicas),
		T(a_silent_member_is_removed),
		T(heartbeats_keep_a_member),
		T(a_join_ends_at_its_deadline),
		T(members_that_were_loaded_have_timers),
		T(old_offsets_go_with_their_groups),
		T(offsets_of_a_deleted_topic_go),
		T(a_large_group_is_deleted_for_good),
		T(groups_are_listed),
		T(leadership_moves_under_many_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
