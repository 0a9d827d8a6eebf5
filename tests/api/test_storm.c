/* test_storm.c - many clients and a restless controller at once: partitions are led, lost, deleted and made again
 * while requests run on every thread, wait, expire, and lose their connections. Every request ends exactly once, what
 * was acknowledged is there, and the sanitizers have nothing to say.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "base/clock.h"
#include "base/random.h"
#include "net/connection.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "replica_fixture.h"

enum { CLIENTS = 6, PARTITIONS = 3, ROUNDS = 150, KEPT = 0 }; /* partition KEPT is never deleted */

static atomic_bool stop;
static atomic_llong acknowledged; /* records of partition KEPT */

static void produce(struct rng *rng, struct connection *c)
{
	struct produce_request in;
	struct produce_request_topic_produce_data topic;
	struct produce_request_partition_produce_data part;
	struct produce_response out;
	struct arena arena;
	struct buf *b = fixture_batch(2);

	arena_init(&arena, 0);
	CODEC_INIT(produce_request, &in);
	CODEC_INIT(produce_request_topic_produce_data, &topic);
	CODEC_INIT(produce_request_partition_produce_data, &part);
	in.acks = rng_below(rng, 2) ? -1 : 1;
	in.timeout_ms = 5;
	in.topic_data = &topic;
	in.topic_data_n = 1;
	topic.name = STR("t");
	topic.partition_data = &part;
	topic.partition_data_n = 1;
	part.index = (int32_t)rng_below(rng, PARTITIONS);
	part.records = (struct records){ .p = b->data, .len = (int32_t)b->len };
	client_send(c, API_PRODUCE, 9, &in);
	if (client_wait_in(c, API_PRODUCE, 9, &arena, &out) == CALL_REPLIED) {
		int16_t e = out.responses[0].partition_responses[0].error_code;

		if (e == 0 && part.index == KEPT)
			atomic_fetch_add(&acknowledged, 2);
		if (e != 0 && e != KERR_NOT_LEADER_OR_FOLLOWER && e != KERR_UNKNOWN_TOPIC_OR_PARTITION &&
		    e != KERR_REQUEST_TIMED_OUT)
			abort();
	}
	arena_fini(&arena);
	buf_unref(b);
}

/* Sends a fetch of all partitions; the caller may wait for it or let the connection go. */
static void fetch(struct rng *rng, struct connection *c)
{
	struct fetch_request in;
	struct fetch_request_fetch_topic topic;
	struct fetch_request_fetch_partition parts[PARTITIONS];

	CODEC_INIT(fetch_request, &in);
	CODEC_INIT(fetch_request_fetch_topic, &topic);
	in.max_wait_ms = (int32_t)rng_below(rng, 10);
	in.min_bytes = 1 << rng_below(rng, 16);
	in.session_epoch = rng_below(rng, 2) ? 0 : -1;
	in.topics = &topic;
	in.topics_n = 1;
	topic.topic = STR("t");
	topic.partitions = parts;
	topic.partitions_n = PARTITIONS;
	for (int i = 0; i < PARTITIONS; i++) {
		CODEC_INIT(fetch_request_fetch_partition, &parts[i]);
		parts[i].partition = i;
		parts[i].fetch_offset = (int64_t)rng_below(rng, 40);
		parts[i].partition_max_bytes = 4096;
	}
	client_send(c, API_FETCH, 12, &in);
}

static void *client(void *arg)
{
	struct fetch_response out;
	struct arena arena;
	struct rng rng;

	rng_init(&rng, (uint64_t)(uintptr_t)arg);
	while (!atomic_load(&stop)) {
		struct connection *c = client_open();

		for (int i = 0; i < 3; i++) {
			if (rng_below(&rng, 2)) {
				produce(&rng, c);
				continue;
			}
			fetch(&rng, c);
			if (rng_below(&rng, 3) == 0)
				break; /* gone while it is in process */
			arena_init(&arena, 0);
			(void)client_wait_in(c, API_FETCH, 12, &arena, &out);
			arena_fini(&arena);
		}
		client_close(c);
	}
	return NULL;
}

static void everything_at_once(void **state)
{
	struct fixture_decision d = { .topic = "t", .is_new = true };
	struct partition_view v;
	struct partition *p;
	pthread_t t[CLIENTS];
	struct rng rng;

	(void)state;
	printf("seed 1\n");
	rng_init(&rng, 1);
	fixture_brokers(2);
	for (int i = 0; i < PARTITIONS; i++)
		partition_unref(fixture_lead("t", i));
	fixture_brokers(2);
	for (intptr_t i = 0; i < CLIENTS; i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, client, (void *)(i + 1)));
	for (int32_t round = 1; round <= ROUNDS; round++) {
		d.index = (int32_t)rng_below(&rng, PARTITIONS);
		if (d.index != KEPT && rng_below(&rng, 3) == 0)
			(void)fixture_stop("t", d.index, -2, true);
		d.leader = rng_below(&rng, 3) == 0;
		d.replicas_n = d.isr_n = 1 + (int32_t)rng_below(&rng, 2);
		d.leader_epoch = d.partition_epoch = round;
		assert_int_equal(0, fixture_decide(&d, NULL));
		fixture_metadata("t", d.index, d.leader, round, d.replicas_n);
		usleep(500);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(t[i], NULL);
	p = partitions_get(rf.partitions, STR("t"), KEPT);
	partition_view(p, &v);
	assert_true(v.end_offset >= atomic_load(&acknowledged));
	assert_true(atomic_load(&acknowledged) > 0);
	partition_unref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_at_once, api_fixture_setup, api_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
