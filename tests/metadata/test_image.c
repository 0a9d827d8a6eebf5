/* test_image.c - images: what UpdateMetadata adds, replaces and removes; sharing; readers beside a writer. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "metadata/image.h"
#include "protocol/messages.h"

typedef struct update_metadata_request_update_metadata_partition_state part_t;
typedef struct update_metadata_request_update_metadata_topic_state topic_t;

static struct uuid id_of(uint8_t n)
{
	struct uuid u = { { n, 1, 2, 3 } };

	return u;
}

static void apply_one(struct metadata *m, const char *name, struct uuid id, int32_t index, int32_t leader)
{
	int32_t replicas[] = { leader, 7 };
	part_t part = { .partition_index = index, .leader = leader, .leader_epoch = 3, .zk_version = 4,
			.replicas = replicas, .replicas_n = 2, .isr = replicas, .isr_n = 1,
			.offline_replicas = replicas + 1, .offline_replicas_n = 1 };
	topic_t topic = { .topic_name = str_of(name), .topic_id = id, .partition_states = &part,
			  .partition_states_n = 1 };
	struct update_metadata_request req = { .controller_id = 1, .topic_states = &topic, .topic_states_n = 1 };

	assert_int_equal(0, metadata_apply(m, &req));
}

static void starts_empty(void **state)
{
	struct metadata *m = metadata_new();
	struct image *i = metadata_image(m);
	const struct image_topic *const *topics;
	const struct image_broker *const *brokers;

	(void)state;
	assert_int_equal(-1, image_controller(i));
	assert_int_equal(0, image_topics(i, &topics));
	assert_int_equal(0, image_brokers(i, &brokers));
	assert_null(image_topic(i, STR("t")));
	assert_null(image_broker(i, 0));
	image_unref(i);
	metadata_free(m);
}

/* Partition 0 of "t" has the replicas 1 and 2, the brokers that are in sync, of them some offline. */
static bool awaits_election(int32_t leader, int32_t isr_n, int32_t offline_n, int32_t brokers_n)
{
	int32_t replicas[] = { 1, 2 };
	struct update_metadata_request_update_metadata_broker brokers[] = { { .id = 1 }, { .id = 2 } };
	part_t part = { .leader = leader, .replicas = replicas, .replicas_n = 2, .isr = replicas, .isr_n = isr_n,
			.offline_replicas = replicas, .offline_replicas_n = offline_n };
	topic_t topic = { .topic_name = STR("t"), .topic_id = id_of(1), .partition_states = &part, .partition_states_n = 1 };
	struct update_metadata_request req = { .topic_states = &topic, .topic_states_n = 1, .live_brokers = brokers,
					       .live_brokers_n = brokers_n };
	struct metadata *m = metadata_new();
	struct image *i;
	bool r;

	assert_int_equal(0, metadata_apply(m, &req));
	i = metadata_image(m);
	r = image_awaits_election(i);
	image_unref(i);
	metadata_free(m);
	return r;
}

static void an_election_is_due_when_one_in_sync_can_lead(void **state)
{
	(void)state;
	assert_true(awaits_election(-1, 2, 0, 2));
	assert_true(awaits_election(-1, 2, 1, 2));
	assert_false(awaits_election(1, 2, 0, 2));
	assert_false(awaits_election(-1, 1, 1, 2));
	assert_false(awaits_election(-1, 2, 2, 2));
	assert_false(awaits_election(-1, 2, 0, 0));
	assert_false(awaits_election(-2, 2, 0, 2));
}

static void finds_topics_by_name_and_id(void **state)
{
	struct metadata *m = metadata_new();
	struct image *i;
	const struct image_partition *p;

	(void)state;
	apply_one(m, "t", id_of(1), 0, 5);
	apply_one(m, "t", id_of(1), 1, 6);
	i = metadata_image(m);
	assert_ptr_equal(image_topic(i, STR("t")), image_topic_by_id(i, id_of(1)));
	assert_int_equal(2, image_topic(i, STR("t"))->partitions_n);
	p = image_partition(image_topic(i, STR("t")), 1);
	assert_int_equal(6, p->leader);
	assert_int_equal(3, p->leader_epoch);
	assert_int_equal(4, p->partition_epoch);
	assert_int_equal(2, p->replicas_n);
	assert_int_equal(6, p->isr[0]);
	assert_int_equal(7, p->offline[0]);
	assert_null(image_partition(image_topic(i, STR("t")), 2));
	assert_null(image_partition(image_topic(i, STR("t")), -1));
	assert_null(image_topic_by_id(i, UUID_ZERO));
	image_unref(i);
	metadata_free(m);
}

static void leader_minus_two_removes(void **state)
{
	struct metadata *m = metadata_new();
	struct image *i;

	(void)state;
	apply_one(m, "t", id_of(1), 0, 5);
	apply_one(m, "t", id_of(1), 1, 5);
	apply_one(m, "t", id_of(1), 0, -2);
	i = metadata_image(m);
	assert_int_equal(1, image_topic(i, STR("t"))->partitions_n);
	assert_int_equal(5, image_partition(image_topic(i, STR("t")), 1)->leader);
	image_unref(i);
	apply_one(m, "t", id_of(1), 1, -2);
	i = metadata_image(m);
	assert_null(image_topic(i, STR("t")));
	assert_null(image_topic_by_id(i, id_of(1)));
	image_unref(i);
	metadata_free(m);
}

/* Topic ids: minus topics sent with the zero id, plus those sent with another (ZkMetadataCache). */
static void topic_ids_follow_the_request(void **state)
{
	struct metadata *m = metadata_new();
	struct image *i;

	(void)state;
	apply_one(m, "t", id_of(1), 0, 5);
	apply_one(m, "t", id_of(2), 0, 5);
	i = metadata_image(m);
	assert_null(image_topic_by_id(i, id_of(1)));
	assert_non_null(image_topic_by_id(i, id_of(2)));
	image_unref(i);
	apply_one(m, "t", UUID_ZERO, 0, 5);
	i = metadata_image(m);
	assert_null(image_topic_by_id(i, id_of(2)));
	assert_true(uuid_is_zero(image_topic(i, STR("t"))->id));
	image_unref(i);
	metadata_free(m);
}

static void an_old_image_stays_as_it_was(void **state)
{
	struct metadata *m = metadata_new();
	struct image *before, *after;

	(void)state;
	apply_one(m, "a", id_of(1), 0, 5);
	apply_one(m, "b", id_of(2), 0, 5);
	before = metadata_image(m);
	apply_one(m, "a", id_of(1), 0, 6);
	after = metadata_image(m);
	assert_int_equal(5, image_topic(before, STR("a"))->partitions[0].leader);
	assert_int_equal(6, image_topic(after, STR("a"))->partitions[0].leader);
	assert_ptr_equal(image_topic(before, STR("b")), image_topic(after, STR("b"))); /* shared */
	metadata_free(m);
	assert_string_equal("b", image_topic(after, STR("b"))->name);
	image_unref(before);
	image_unref(after);
}

static void brokers_are_exactly_those_of_the_request(void **state)
{
	struct update_metadata_request_update_metadata_endpoint e[] = {
		{ .host = STR("h"), .port = 9092, .listener = STR("INSIDE") },
		{ .host = STR("h"), .port = 9093, .listener = STR_NULL, .security_protocol = 1 },
	};
	struct update_metadata_request_update_metadata_broker b[] = {
		{ .id = 9, .endpoints = e, .endpoints_n = 2, .rack = STR("r") },
		{ .id = 2, .v0_host = STR("old"), .v0_port = 1, .rack = STR_NULL },
	};
	struct update_metadata_request req = { .controller_id = -1, .live_brokers = b, .live_brokers_n = 2 };
	struct metadata *m = metadata_new();
	const struct image_broker *const *all;
	struct image *i;

	(void)state;
	assert_int_equal(0, metadata_apply(m, &req));
	i = metadata_image(m);
	assert_int_equal(2, image_brokers(i, &all));
	assert_int_equal(2, all[0]->id);
	assert_string_equal("old", image_broker_endpoint(all[0], "PLAINTEXT")->host);
	assert_null(all[0]->rack);
	assert_int_equal(9092, image_broker_endpoint(image_broker(i, 9), "INSIDE")->port);
	assert_int_equal(9093, image_broker_endpoint(image_broker(i, 9), "SSL")->port);
	assert_null(image_broker_endpoint(image_broker(i, 9), "OTHER"));
	image_unref(i);
	req.live_brokers_n = 1;
	assert_int_equal(0, metadata_apply(m, &req));
	i = metadata_image(m);
	assert_null(image_broker(i, 2));
	image_unref(i);
	metadata_free(m);
}

static void ungrouped_states_of_old_versions(void **state)
{
	part_t parts[] = {
		{ .topic_name = STR("a"), .partition_index = 1, .leader = 1 },
		{ .topic_name = STR("a"), .partition_index = 0, .leader = 2 },
		{ .topic_name = STR("b"), .partition_index = 0, .leader = 3 },
		{ .topic_name = STR("a"), .partition_index = 1, .leader = 4 },
	};
	struct update_metadata_request req = { .controller_id = 1, .ungrouped_partition_states = parts,
					       .ungrouped_partition_states_n = 4 };
	struct metadata *m = metadata_new();
	struct image *i;

	(void)state;
	assert_int_equal(0, metadata_apply(m, &req));
	i = metadata_image(m);
	assert_int_equal(2, image_partition(image_topic(i, STR("a")), 0)->leader);
	assert_int_equal(4, image_partition(image_topic(i, STR("a")), 1)->leader);
	assert_int_equal(3, image_partition(image_topic(i, STR("b")), 0)->leader);
	image_unref(i);
	metadata_free(m);
}

/* Random updates against an array of leaders. */
static void model(void **state)
{
	enum { TOPICS = 300, STEPS = 5000 };
	static int32_t leaders[TOPICS];
	unsigned seed = 20261123;
	struct metadata *m = metadata_new();
	const struct image_topic *const *all;
	struct image *i;
	char name[16];
	int32_t n = 0;

	(void)state;
	printf("seed %u\n", seed);
	srand(seed);
	for (int t = 0; t < TOPICS; t++)
		leaders[t] = -2;
	for (int s = 0; s < STEPS; s++) {
		int t = rand() % TOPICS;

		leaders[t] = rand() % 3 ? rand() % 10 : -2;
		snprintf(name, sizeof(name), "topic-%d", t);
		apply_one(m, name, (struct uuid){ { (uint8_t)t, (uint8_t)(t >> 8), 1 } }, 0, leaders[t]);
	}
	i = metadata_image(m);
	for (int t = 0; t < TOPICS; t++) {
		const struct image_topic *x;

		snprintf(name, sizeof(name), "topic-%d", t);
		x = image_topic(i, str_of(name));
		assert_int_equal(leaders[t] != -2, x != NULL);
		assert_ptr_equal(x, image_topic_by_id(i, (struct uuid){ { (uint8_t)t, (uint8_t)(t >> 8), 1 } }));
		if (x)
			assert_int_equal(leaders[t], x->partitions[0].leader);
		n += x != NULL;
	}
	assert_int_equal(n, image_topics(i, &all));
	for (int32_t t = 1; t < n; t++)
		assert_true(strcmp(all[t - 1]->name, all[t]->name) < 0);
	image_unref(i);
	metadata_free(m);
}

static atomic_bool stop_readers;

static void *reader(void *arg)
{
	struct metadata *m = arg;
	const struct image_topic *const *all;

	while (!atomic_load(&stop_readers)) {
		struct image *i = metadata_image(m);

		(void)image_topics(i, &all);
		(void)image_topic(i, STR("topic-7"));
		image_unref(i);
	}
	return NULL;
}

static void readers_beside_a_writer(void **state)
{
	struct metadata *m = metadata_new();
	pthread_t t[2];
	char name[16];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, reader, m));
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "topic-%d", i % 50);
		apply_one(m, name, id_of((uint8_t)(i % 50)), i % 3, i % 5 ? 1 : -2);
	}
	atomic_store(&stop_readers, true);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	metadata_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_empty),
		cmocka_unit_test(finds_topics_by_name_and_id),
		cmocka_unit_test(an_election_is_due_when_one_in_sync_can_lead),
		cmocka_unit_test(leader_minus_two_removes),
		cmocka_unit_test(topic_ids_follow_the_request),
		cmocka_unit_test(an_old_image_stays_as_it_was),
		cmocka_unit_test(brokers_are_exactly_those_of_the_request),
		cmocka_unit_test(ungrouped_states_of_old_versions),
		cmocka_unit_test(model),
		cmocka_unit_test(readers_beside_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
