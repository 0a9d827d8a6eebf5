/* test_fetch_session.c - incremental fetches against ten lines of obvious code, and the cache's choices (KIP-227;
 * protocol.md section 11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/fetch_session_priv.h"

enum { PARTS = 24, TOPICS = 4 };

static struct clock_fake clock_now;
static struct fetch_sessions *fs;
static struct metadata *metadata;

static struct uuid topic_id(int t)
{
	return (struct uuid){ { 9, (uint8_t)(t + 1) } };
}

static void know_topic(int t, int32_t leader)
{
	char name[16];
	struct update_metadata_request_update_metadata_partition_state p = { .leader = leader };
	struct update_metadata_request_update_metadata_topic_state ts = {
		.topic_id = topic_id(t), .partition_states = &p, .partition_states_n = 1,
	};
	struct update_metadata_request req = { .topic_states = &ts, .topic_states_n = 1 };

	(void)snprintf(name, sizeof(name), "t%d", t);
	ts.topic_name = str_of(name);
	assert_int_equal(0, metadata_apply(metadata, &req));
}

static int setup_slots(int32_t slots)
{
	clock_fake_init(&clock_now, 0);
	clock_now.mono_ms = 1000000;
	fs = fetch_sessions_new(&clock_now.clock, slots);
	metadata = metadata_new();
	for (int t = 0; t < TOPICS; t++)
		know_topic(t, 0);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_slots(1000);
}

static int teardown(void **state)
{
	struct fetch_sessions_stats stats;

	(void)state;
	(void)stats;
	fs = fetch_sessions_free(fs);
	metadata = metadata_free(metadata);
	return 0;
}

/* A request under construction: one topic entry per partition. */
struct ask {
	struct fetch_request req;
	struct fetch_request_fetch_topic topics[PARTS];
	struct fetch_request_fetch_partition parts[PARTS];
	struct fetch_request_forgotten_topic forgotten[PARTS];
	int32_t gone[PARTS];
	char names[PARTS][16], gone_names[PARTS][16];
	int16_t version;
};

static void ask_init(struct ask *a, int16_t version, int32_t id, int32_t epoch)
{
	memset(a, 0, sizeof(*a));
	a->version = version;
	a->req.replica_id = a->req.replica_state.replica_id = -1;
	a->req.session_id = id;
	a->req.session_epoch = epoch;
	a->req.topics = a->topics;
	a->req.forgotten_topics_data = a->forgotten;
}

static void ask_add(struct ask *a, int part, int64_t offset)
{
	int n = a->req.topics_n++;

	(void)snprintf(a->names[n], sizeof(a->names[n]), "t%d", part % TOPICS);
	a->parts[n] = (struct fetch_request_fetch_partition){ .partition = part / TOPICS, .fetch_offset = offset,
							      .current_leader_epoch = -1, .last_fetched_epoch = -1,
							      .partition_max_bytes = 1000 };
	a->topics[n] = (struct fetch_request_fetch_topic){ .partitions = &a->parts[n], .partitions_n = 1 };
	if (a->version >= 13)
		a->topics[n].topic_id = topic_id(part % TOPICS);
	else
		a->topics[n].topic = str_of(a->names[n]);
}

static void ask_forget(struct ask *a, int part)
{
	int n = a->req.forgotten_topics_data_n++;

	(void)snprintf(a->gone_names[n], sizeof(a->gone_names[n]), "t%d", part % TOPICS);
	a->gone[n] = part / TOPICS;
	a->forgotten[n] = (struct fetch_request_forgotten_topic){ .partitions = &a->gone[n], .partitions_n = 1 };
	if (a->version >= 13)
		a->forgotten[n].topic_id = topic_id(part % TOPICS);
	else
		a->forgotten[n].topic = str_of(a->gone_names[n]);
}

struct fetched {
	struct arena arena;
	struct fetch_context c;
	struct fetch_got got[PARTS * 2];
	int begin, end;
	int32_t session;
};

static void begin(struct fetched *f, struct ask *a)
{
	struct image *image = metadata_image(metadata);

	memset(f, 0, sizeof(*f));
	arena_init(&f->arena, 0);
	f->begin = fetch_context_begin(fs, &a->req, a->version, 1, image, &f->arena, &f->c);
	image_unref(image);
	for (int32_t i = 0; f->begin == 0 && i < f->c.n; i++)
		f->got[i].log_start = 0;
}

static void end(struct fetched *f)
{
	if (f->begin == 0) {
		f->end = fetch_context_end(&f->c, f->got, &f->session);
		fetch_context_fini(&f->c);
	}
	arena_fini(&f->arena);
}

static int32_t open_session(int16_t version, int from, int n)
{
	struct ask a;
	struct fetched f;

	ask_init(&a, version, 0, 0);
	for (int i = from; i < from + n; i++)
		ask_add(&a, i, 0);
	begin(&f, &a);
	assert_int_equal(0, f.begin);
	assert_int_equal(n, f.c.n);
	end(&f);
	return f.session;
}

/* An incremental fetch without changes in which nothing is new; returns begin's result. */
static int poll_session(int32_t id, int32_t epoch, int32_t *ret_n, int *ret_included)
{
	struct ask a;
	struct fetched f;

	ask_init(&a, 12, id, epoch);
	begin(&f, &a);
	*ret_n = f.c.n;
	end(&f);
	*ret_included = 0;
	for (int32_t i = 0; f.begin == 0 && i < *ret_n; i++)
		*ret_included += f.got[i].include;
	return f.begin;
}

static void old_versions_have_no_session(void **state)
{
	struct ask a;
	struct fetched f;

	(void)state;
	ask_init(&a, 6, 0, -1);
	ask_add(&a, 0, 5);
	begin(&f, &a);
	assert_int_equal(FETCH_SESSIONLESS, f.c.kind);
	end(&f);
	assert_int_equal(0, f.session);
	assert_true(f.got[0].include);
}

static void epochs_step(void **state)
{
	int32_t id = open_session(12, 0, 3), n;
	int included;

	(void)state;
	assert_true(id > 0);
	assert_int_equal(KERR_INVALID_FETCH_SESSION_EPOCH, poll_session(id, 2, &n, &included));
	assert_int_equal(0, poll_session(id, 1, &n, &included));
	assert_int_equal(3, n);
	assert_int_equal(0, included);
	assert_int_equal(KERR_INVALID_FETCH_SESSION_EPOCH, poll_session(id, 1, &n, &included));
	assert_int_equal(0, poll_session(id, 2, &n, &included));
	assert_int_equal(KERR_FETCH_SESSION_ID_NOT_FOUND, poll_session(id == 5 ? 6 : 5, 1, &n, &included));
	assert_int_equal(KERR_FETCH_SESSION_ID_NOT_FOUND, poll_session(-7, 1, &n, &included));
	assert_int_equal(KERR_FETCH_SESSION_ID_NOT_FOUND, poll_session(INT32_MAX, 1, &n, &included));
}

/* One more fetch of the session, with this mark; was the partition answered? */
static bool is_answered(int32_t id, int32_t epoch, int64_t high_watermark, bool diverging)
{
	struct ask a;
	struct fetched f;

	ask_init(&a, 12, id, epoch);
	begin(&f, &a);
	assert_int_equal(0, f.begin);
	f.got[0] = (struct fetch_got){ .high_watermark = high_watermark, .diverging = diverging };
	end(&f);
	return f.got[0].include;
}

/* It does not take the mark over that comes with the news of the divergence. */
static void a_follower_that_diverged_is_told_the_mark_again(void **state)
{
	struct ask a;
	struct fetched f;

	(void)state;
	ask_init(&a, 12, 0, 0);
	ask_add(&a, 0, 0);
	begin(&f, &a);
	f.got[0] = (struct fetch_got){ .high_watermark = 7, .diverging = true };
	end(&f);
	assert_true(is_answered(f.session, 1, 7, false));
	assert_false(is_answered(f.session, 2, 7, false));
	assert_true(is_answered(f.session, 3, 7, true));
	assert_true(is_answered(f.session, 4, 7, false));
	assert_false(is_answered(f.session, 5, 7, false));
}

static void the_epoch_wraps_to_one(void **state)
{
	int32_t id = open_session(12, 0, 1), n;
	struct fetch_session *s = session_cache_get(fs, id);
	int included;

	(void)state;
	s->epoch = INT32_MAX;
	fetch_session_unref(s);
	assert_int_equal(0, poll_session(id, INT32_MAX, &n, &included));
	assert_int_equal(0, poll_session(id, 1, &n, &included));
}

static void a_full_fetch_closes_the_session(void **state)
{
	int32_t id = open_session(12, 0, 1), n;
	struct ask a;
	struct fetched f;
	int included;

	(void)state;
	ask_init(&a, 12, id, -1);
	begin(&f, &a);
	assert_int_equal(0, f.begin);
	end(&f);
	assert_int_equal(0, f.session);
	assert_int_equal(KERR_FETCH_SESSION_ID_NOT_FOUND, poll_session(id, 1, &n, &included));
}

static void the_last_forgotten_partition_ends_it(void **state)
{
	int32_t id = open_session(12, 0, 1), n;
	struct ask a;
	struct fetched f;
	int included;

	(void)state;
	ask_init(&a, 12, id, 1);
	ask_forget(&a, 0);
	begin(&f, &a);
	assert_int_equal(0, f.begin);
	assert_int_equal(0, f.c.n);
	end(&f);
	assert_int_equal(0, f.session);
	assert_int_equal(KERR_FETCH_SESSION_ID_NOT_FOUND, poll_session(id, 2, &n, &included));
}

static void ids_and_names_do_not_mix(void **state)
{
	int32_t id = open_session(13, 0, 2);
	struct ask a;
	struct fetched f;

	(void)state;
	ask_init(&a, 12, id, 1);
	begin(&f, &a);
	assert_int_equal(KERR_FETCH_SESSION_TOPIC_ID_ERROR, f.begin);
	end(&f);
	ask_init(&a, 13, id, 1);
	begin(&f, &a);
	assert_int_equal(0, f.begin);
	assert_true(str_is(f.c.v[0].topic, "t0"));
	end(&f);
}

/* The partition stays in the session without a name, and is named when the id becomes known. */
static void an_unknown_id_is_resolved_later(void **state)
{
	struct ask a;
	struct fetched f;
	int32_t id;

	(void)state;
	ask_init(&a, 13, 0, 0);
	ask_add(&a, 0, 0);
	a.topics[0].topic_id = topic_id(TOPICS + 3);
	begin(&f, &a);
	assert_int_equal(-1, f.c.v[0].topic.len);
	f.got[0] = (struct fetch_got){ .error = KERR_UNKNOWN_TOPIC_ID, .high_watermark = -1, .log_start = -1 };
	end(&f);
	id = f.session;
	know_topic(TOPICS + 3, 0);
	ask_init(&a, 13, id, 1);
	begin(&f, &a);
	assert_int_equal(0, f.begin);
	assert_true(str_is(f.c.v[0].topic, "t7"));
	end(&f);
}

static void a_request_between_makes_the_first_fail(void **state)
{
	int32_t id = open_session(12, 0, 3), n;
	struct ask a;
	struct fetched f;
	int included;

	(void)state;
	ask_init(&a, 12, id, 1);
	begin(&f, &a);
	assert_int_equal(0, f.begin);
	assert_int_equal(0, poll_session(id, 2, &n, &included));
	end(&f);
	assert_int_equal(KERR_INVALID_FETCH_SESSION_EPOCH, f.end);
	assert_int_equal(id, f.session);
}

/* --- the model --- */

struct model_part {
	bool in;
	int64_t hw, start; /* last answered */
};

/* Random changes and answers: what is included, in which order partitions are read, must be as the rules say. */
static void run_model(int16_t version, unsigned seed)
{
	static struct model_part m[PARTS];
	int order[PARTS], order_n = 0;
	int32_t id, epoch = 1;
	struct ask a;
	struct fetched f;

	srand(seed);
	memset(m, 0, sizeof(m));
	id = open_session(version, 0, 4);
	for (int i = 0; i < 4; i++) {
		m[i].in = true;
		order[order_n++] = i;
	}
	for (int step = 0; step < 2000; step++) {
		int next[PARTS], next_n = 0, add = rand() % PARTS, gone = rand() % PARTS, tail[PARTS], tail_n = 0;

		ask_init(&a, version, id, epoch++);
		if (rand() % 2 && !m[add].in) {
			ask_add(&a, add, step);
			m[add] = (struct model_part){ true, -1, -1 };
			order[order_n++] = add;
		}
		if (rand() % 3 == 0 && order_n > 1 && m[gone].in && gone != add) {
			ask_forget(&a, gone);
			m[gone].in = false;
			for (int i = 0; i < order_n; i++) {
				if (order[i] != gone)
					next[next_n++] = order[i];
			}
			memcpy(order, next, sizeof(next));
			order_n = next_n;
		}
		begin(&f, &a);
		assert_int_equal(0, f.begin);
		assert_int_equal(order_n, f.c.n);
		next_n = 0;
		for (int i = 0; i < order_n; i++) {
			struct model_part *p = &m[order[i]];
			struct fetch_got *g = &f.got[i];

			assert_int_equal(order[i] / TOPICS, f.c.v[i].partition);
			assert_int_equal('0' + order[i] % TOPICS, f.c.v[i].topic.p[1]);
			g->has_records = rand() % 4 == 0;
			g->high_watermark = rand() % 3 ? p->hw : rand() % 100;
			g->log_start = rand() % 5 ? MAX(p->start, 0) : rand() % 10;
			if (rand() % 10 == 0)
				*g = (struct fetch_got){ .error = 6, .high_watermark = -1, .log_start = -1 };
		}
		end(&f);
		assert_int_equal(0, f.end);
		for (int i = 0; i < order_n; i++) {
			struct model_part *p = &m[order[i]];
			const struct fetch_got *g = &f.got[i];

			assert_int_equal(g->has_records || g->error || g->high_watermark != p->hw ||
						 g->log_start != p->start,
					 g->include);
			p->hw = g->error ? -1 : g->high_watermark;
			p->start = g->log_start;
			if (g->has_records)
				tail[tail_n++] = order[i];
			else
				next[next_n++] = order[i];
		}
		memcpy(order, next, sizeof(int) * (size_t)next_n);
		memcpy(order + next_n, tail, sizeof(int) * (size_t)tail_n);
	}
}

static void model_by_name(void **state)
{
	(void)state;
	printf("seed 11\n");
	run_model(12, 11);
}

static void model_by_id(void **state)
{
	(void)state;
	printf("seed 12\n");
	run_model(17, 12);
}

/* --- the cache --- */

static int setup_one_slot(void **state)
{
	(void)state;
	return setup_slots(SESSION_SHARDS); /* one per shard */
}

static void fill_shards(int n)
{
	for (int i = 0; i < SESSION_SHARDS; i++)
		assert_true(open_session(12, 0, n) > 0);
}

static void a_fresh_consumer_session_is_safe(void **state)
{
	(void)state;
	fill_shards(1);
	assert_int_equal(0, open_session(12, 0, 9)); /* larger, but nobody is old enough */
}

static void unused_for_two_minutes_goes_first(void **state)
{
	struct fetch_sessions_stats stats;

	(void)state;
	fill_shards(5);
	clock_fake_advance(&clock_now, SESSION_EVICTION_MS);
	assert_int_equal(0, open_session(12, 0, 5));
	clock_fake_advance(&clock_now, 1);
	assert_true(open_session(12, 0, 1) > 0);
	fetch_sessions_stats(fs, &stats);
	assert_int_equal(1, stats.evictions);
	assert_int_equal(SESSION_SHARDS, stats.sessions);
}

static void a_follower_pushes_a_consumer_out(void **state)
{
	struct ask a;
	struct fetched f;

	(void)state;
	fill_shards(5);
	ask_init(&a, 12, 0, 0);
	a.req.replica_id = 3;
	ask_add(&a, 0, 0);
	begin(&f, &a);
	end(&f);
	assert_true(f.session > 0);
}

/* Old enough when last used: then only a newcomer that is not smaller takes its place. */
static void an_old_session_gives_way_to_a_larger_one(void **state)
{
	int32_t ids[SESSION_SHARDS], n;
	int included;

	(void)state;
	for (int i = 0; i < SESSION_SHARDS; i++)
		ids[i] = open_session(12, 0, 5);
	clock_fake_advance(&clock_now, SESSION_EVICTION_MS / 2);
	for (int i = 0; i < SESSION_SHARDS; i++)
		assert_int_equal(0, poll_session(ids[i], 1, &n, &included));
	clock_fake_advance(&clock_now, SESSION_EVICTION_MS / 2 + 1);
	for (int i = 0; i < SESSION_SHARDS; i++)
		assert_int_equal(0, poll_session(ids[i], 2, &n, &included));
	assert_int_equal(0, open_session(12, 0, 4));
	assert_true(open_session(12, 0, 6) > 0);
}

static void memory_is_given_back(void **state)
{
	struct fetch_sessions_stats stats;
	int32_t id = open_session(12, 0, PARTS);
	struct ask a;
	struct fetched f;

	(void)state;
	fetch_sessions_stats(fs, &stats);
	assert_true(stats.bytes > 0);
	assert_int_equal(PARTS, stats.partitions);
	ask_init(&a, 12, id, -1);
	begin(&f, &a);
	end(&f);
	fetch_sessions_stats(fs, &stats);
	assert_int_equal(0, stats.bytes);
	assert_int_equal(0, stats.partitions);
	assert_int_equal(0, stats.sessions);
}

#define T(name)	   cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SMALL(name) cmocka_unit_test_setup_teardown(name, setup_one_slot, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(old_versions_have_no_session),
		T(epochs_step),
		T(a_follower_that_diverged_is_told_the_mark_again),
		T(the_epoch_wraps_to_one),
		T(a_full_fetch_closes_the_session),
		T(the_last_forgotten_partition_ends_it),
		T(ids_and_names_do_not_mix),
		T(an_unknown_id_is_resolved_later),
		T(a_request_between_makes_the_first_fail),
		T(model_by_name),
		T(model_by_id),
		SMALL(a_fresh_consumer_session_is_safe),
		SMALL(unused_for_two_minutes_goes_first),
		SMALL(a_follower_pushes_a_consumer_out),
		SMALL(an_old_session_gives_way_to_a_larger_one),
		T(memory_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
