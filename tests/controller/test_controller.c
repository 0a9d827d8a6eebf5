/* test_controller.c - several brokers' controllers beside a real ZooKeeper; the brokers themselves are played: they
 * note what they are told and answer that all is well. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "controller/controller.h"
#include "controller/entity_config.h"
#include "controller/topic_admin.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "protocol/metadata_version.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"
#include "tests/zk/fixture.h"

#define BROKERS	   3
#define SESSION_MS 4000

struct cluster;

/* A played broker: session, controller, and what it was told. */
struct node {
	struct cluster *cluster;
	int32_t id;
	struct zk_session *zk;
	struct controller *controller;
	struct metadata *metadata;
	struct topic_admin *admin;
	int64_t epoch; /* of the registration */
	int leader_and_isr, new_ones, stops, deletes, updates;
	int32_t delete_epoch;
	int16_t answer; /* error of every partition in LeaderAndIsr answers */
};

struct cluster {
	const char *name;
	pthread_mutex_t mutex;
	struct node nodes[BROKERS + 1]; /* by id */
};

/* ---- the played broker ---- */

static int told_leader_and_isr(void *arg, struct arena *a, const struct leader_and_isr_request *req,
    struct leader_and_isr_response *ret)
{
	struct node *n = arg;

	codec_init(&leader_and_isr_response_schema, ret);
	ret->topics = CODEC_NEW(a, leader_and_isr_response_leader_and_isr_topic_error, (size_t)req->topic_states_n);
	ret->topics_n = req->topic_states_n;
	pthread_mutex_lock(&n->cluster->mutex);
	for (int32_t i = 0; i < req->topic_states_n; i++) {
		ret->topics[i].topic_id = req->topic_states[i].topic_id;
		ret->topics[i].partition_errors_n = req->topic_states[i].partition_states_n;
		ret->topics[i].partition_errors = CODEC_NEW(a, leader_and_isr_response_leader_and_isr_partition_error,
		    (size_t)req->topic_states[i].partition_states_n);
		for (int32_t j = 0; j < req->topic_states[i].partition_states_n; j++) {
			n->leader_and_isr++;
			n->new_ones += req->topic_states[i].partition_states[j].is_new;
			ret->topics[i].partition_errors[j].partition_index =
			    req->topic_states[i].partition_states[j].partition_index;
			ret->topics[i].partition_errors[j].error_code = n->answer;
		}
	}
	pthread_mutex_unlock(&n->cluster->mutex);
	return 0;
}

static int told_update_metadata(void *arg, struct arena *a, const struct update_metadata_request *req,
    struct update_metadata_response *ret)
{
	struct node *n = arg;

	(void)a;
	codec_init(&update_metadata_response_schema, ret);
	pthread_mutex_lock(&n->cluster->mutex);
	n->updates++;
	pthread_mutex_unlock(&n->cluster->mutex);
	return metadata_apply(n->metadata, req);
}

static int told_stop_replica(void *arg, struct arena *a, const struct stop_replica_request *req,
    struct stop_replica_response *ret)
{
	struct node *n = arg;

	(void)a;
	codec_init(&stop_replica_response_schema, ret);
	pthread_mutex_lock(&n->cluster->mutex);
	for (int32_t i = 0; i < req->topic_states_n; i++)
		for (int32_t j = 0; j < req->topic_states[i].partition_states_n; j++) {
			n->stops++;
			if (req->topic_states[i].partition_states[j].delete_partition) {
				n->deletes++;
				n->delete_epoch = req->topic_states[i].partition_states[j].leader_epoch;
			}
		}
	pthread_mutex_unlock(&n->cluster->mutex);
	return 0;
}

static int open_transport(void *arg, int32_t broker_id, const struct zk_endpoint *endpoint,
    struct control_transport *ret)
{
	struct cluster *cluster = arg;

	assert_non_null(endpoint);
	*ret = (struct control_transport){ .arg = &cluster->nodes[broker_id],
		.leader_and_isr = told_leader_and_isr, .update_metadata = told_update_metadata,
		.stop_replica = told_stop_replica };
	return 0;
}

static int register_node(void *arg, int64_t *ret_epoch)
{
	struct node *n = arg;
	struct zk_endpoint e = { (char[]){ "PLAINTEXT" }, ZK_PLAINTEXT, (char[]){ "127.0.0.1" }, 9000 + n->id };
	struct znode_broker info = ZNODE_BROKER_INIT;
	struct zk_stat stat;
	char *text;
	int r;

	info.endpoints = &e;
	info.endpoints_n = 1;
	text = znode_broker_encode(&info);
	r = zk_create(n->zk, ZK_EPHEMERAL, text, ZK_PATH_BROKER, n->id);
	free(text);
	if (r == 0)
		r = zk_exists(n->zk, &stat, ZK_PATH_BROKER, n->id);
	if (r != 0)
		return r < 0 ? r : -EEXIST;
	n->epoch = *ret_epoch = stat.czxid;
	return 0;
}

static bool unclean_default(void *arg)
{
	(void)arg;
	return false;
}

static int overrides_ok(void *arg, struct arena *a, const struct topic_override *v, int32_t n, struct str *ret_message)
{
	(void)arg, (void)a, (void)v, (void)n, (void)ret_message;
	return 0;
}

static void start_node(struct cluster *cluster, int32_t id)
{
	struct node *n = &cluster->nodes[id];
	int64_t epoch;

	*n = (struct node){ .cluster = cluster, .id = id, .zk = fixture_session(cluster->name, SESSION_MS),
		.metadata = metadata_new() };
	assert_int_equal(0, zk_make_path(n->zk, ZK_PATH_BROKER_IDS));
	assert_int_equal(0, zk_make_path(n->zk, ZK_PATH_TOPICS));
	assert_int_equal(0, zk_make_path(n->zk, ZK_PATH_DELETE_TOPICS));
	assert_int_equal(0, zk_make_path(n->zk, ZK_PATH_ISR_CHANGES));
	assert_int_equal(0, zk_make_path(n->zk, ZK_PATH_LOG_DIR_EVENTS));
	assert_int_equal(0, zk_make_path(n->zk, ZK_PATH_CONFIG_CHANGES));
	assert_int_equal(0, register_node(n, &epoch));
	n->controller = controller_new(&(struct controller_config){ .broker_id = id, .zk = n->zk,
	    .metadata_version = METADATA_VERSION_3_9_IV0, .clock = &clock_real,
	    .listener = "PLAINTEXT", .delete_topics = true, .imbalance_percent = 10, .open_transport = open_transport,
	    .open_arg = cluster, .register_broker = register_node, .unclean_default = unclean_default, .arg = n });
	n->admin = topic_admin_new(&(struct topic_admin_config){ .zk = n->zk, .metadata = n->metadata, .topic_ids = true,
	    .default_partitions = 1, .default_replication = 1, .delete_topics = true,
	    .validate_overrides = overrides_ok });
	assert_int_equal(0, controller_start(n->controller, epoch));
}

static void stop_node(struct cluster *cluster, int32_t id)
{
	struct node *n = &cluster->nodes[id];

	if (!n->zk)
		return;
	controller_free(n->controller);
	topic_admin_free(n->admin);
	n->zk = zk_session_close(n->zk);
}

static void stop_cluster(struct cluster *cluster)
{
	/* Controllers call into nodes' metadata: all go before any metadata does. */
	for (int32_t id = 1; id <= BROKERS; id++)
		stop_node(cluster, id);
	for (int32_t id = 1; id <= BROKERS; id++)
		if (cluster->nodes[id].metadata)
			metadata_free(cluster->nodes[id].metadata);
	pthread_mutex_destroy(&cluster->mutex);
	free(cluster);
}

/* ---- waiting ---- */

struct wish {
	struct cluster *cluster;
	struct node *node;
	const char *path, *data; /* a znode's content; data NULL: gone */
	int32_t number;
	char last[512];
};

static int znode_is(void *arg)
{
	struct wish *w = arg;
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_get(w->node->zk, &v, "%s", w->path);
	int ok = w->data ? r == 0 && v.data && strcmp(v.data, w->data) == 0 : r == ZK_NO_NODE;

	(void)snprintf(w->last, sizeof(w->last), "%s: %s %s", w->path, zk_code_text(r), v.data ? v.data : "(null)");
	zk_value_fini(&v);
	return ok;
}

static void until_znode(struct node *n, const char *path, const char *data)
{
	struct wish w = { .node = n, .path = path, .data = data };
	int64_t deadline = clock_mono_ms(&clock_real) + 20000;

	while (!znode_is(&w))
		if (clock_mono_ms(&clock_real) > deadline)
			fail_msg("wanted %s, have %s", data ? data : "nothing", w.last);
}

static int is_controller(void *arg)
{
	struct wish *w = arg;

	return controller_id(w->node->controller) == w->number;
}

static void until_controller(struct node *n, int32_t id)
{
	fixture_until("the controller is known", is_controller, &(struct wish){ .node = n, .number = id });
}

static struct cluster *start_cluster(const char *name, int brokers)
{
	struct cluster *cluster = xcalloc(1, sizeof(*cluster));

	cluster->name = name;
	pthread_mutex_init(&cluster->mutex, NULL);
	start_node(cluster, 1);
	until_controller(&cluster->nodes[1], 1); /* the tests know who decides */
	for (int32_t id = 2; id <= brokers; id++)
		start_node(cluster, id);
	return cluster;
}

/* The node's metadata shows so many brokers. */
static int sees_brokers(void *arg)
{
	struct wish *w = arg;
	const struct image_broker *const *b;
	struct image *i = metadata_image(w->node->metadata);
	int ok = image_brokers(i, &b) == w->number;

	image_unref(i);
	return ok;
}

static void until_brokers(struct node *n, int32_t count)
{
	fixture_until("the brokers are known", sees_brokers, &(struct wish){ .node = n, .number = count });
}

/* The node's metadata shows the topic's partition 0 with this leader; -3: no topic. */
static int sees_leader(void *arg)
{
	struct wish *w = arg;
	struct image *i = metadata_image(w->node->metadata);
	const struct image_topic *t = image_topic(i, str_of(w->path));
	const struct image_partition *p = t ? image_partition(t, 0) : NULL;
	int ok = p ? p->leader == w->number : w->number == -3;

	image_unref(i);
	return ok;
}

static void until_leader(struct node *n, const char *topic, int32_t leader)
{
	fixture_until("the leader is known", sees_leader, &(struct wish){ .node = n, .path = topic, .number = leader });
}

static int create(struct node *n, const char *topic, int32_t partitions, const int32_t *replicas, int32_t replicas_n)
{
	struct topic_replicas *r = xcalloc((size_t)partitions, sizeof(*r));
	struct topic_create c = { .name = str_of(topic), .partitions = -1, .replication = -1, .assignment = r,
		.assignment_n = partitions };
	struct str message = STR_NULL;
	struct arena a;
	int rc;

	for (int32_t i = 0; i < partitions; i++)
		r[i] = (struct topic_replicas){ i, replicas, replicas_n };
	arena_init(&a, 0);
	rc = topic_admin_create(n->admin, &a, &c, false, &message);
	arena_fini(&a);
	free(r);
	return rc;
}

static const int32_t on_1_2_3[] = { 1, 2, 3 };

/* ---- tests ---- */

static void one_is_elected_and_its_topics_come_alive(void **state)
{
	struct cluster *k = start_cluster("ctl-one", 1);
	struct node *n = &k->nodes[1];
	struct znode_config config = ZNODE_CONFIG_INIT;
	struct zk_value v = ZK_VALUE_INIT;
	struct znode_topic t;

	(void)state;
	until_controller(n, 1);
	until_znode(n, ZK_PATH_CONTROLLER_EPOCH, "1");
	until_znode(n, ZK_PATH_FEATURE, "{\"features\":{},\"version\":2,\"status\":1}");
	until_brokers(n, 1);
	assert_int_equal(0, create(n, "t", 2, on_1_2_3, 1));
	until_leader(n, "t", 1);
	until_znode(n, "/brokers/topics/t/partitions/1/state",
	    "{\"controller_epoch\":1,\"leader\":1,\"version\":1,\"leader_epoch\":0,\"isr\":[1]}");
	until_znode(n, "/config/topics/t", "{\"version\":1,\"config\":{}}");
	assert_int_equal(0, zk_get(n->zk, &v, "/brokers/topics/t/partitions"));
	assert_int_equal(-1, v.len);
	zk_value_fini(&v);
	assert_int_equal(0, zk_get(n->zk, &v, "/brokers/topics/t"));
	assert_int_equal(0, znode_topic_decode(v.data, v.len, &t));
	assert_false(uuid_is_zero(t.id));
	znode_topic_fini(&t);
	zk_value_fini(&v);
	assert_int_equal(KERR_TOPIC_ALREADY_EXISTS, create(n, "t", 1, on_1_2_3, 1));
	assert_int_equal(0, create(n, "a_b", 1, on_1_2_3, 1));
	assert_int_equal(KERR_INVALID_TOPIC_EXCEPTION, create(n, "a.b", 1, on_1_2_3, 1));
	assert_int_equal(KERR_INVALID_TOPIC_EXCEPTION, create(n, "a/b", 1, on_1_2_3, 1));
	assert_int_equal(KERR_INVALID_REPLICA_ASSIGNMENT, create(n, "dup", 1, (int32_t[]){ 1, 1 }, 2));

	znode_config_put(&config, "retention.ms", "1");
	assert_int_equal(0, entity_config_write(n->zk, "topics", "t", &config, true));
	znode_config_fini(&config);
	until_znode(n, "/config/topics/t", "{\"version\":1,\"config\":{\"retention.ms\":\"1\"}}");
	until_znode(n, "/config/changes/config_change_0000000000", "{\"version\":2,\"entity_path\":\"topics/t\"}");
	stop_cluster(k);
}

static void a_topic_is_deleted_to_the_last_znode(void **state)
{
	struct cluster *k = start_cluster("ctl-delete", 3);
	struct node *n = &k->nodes[1];
	struct str message;
	struct arena a;

	(void)state;
	until_brokers(n, 3);
	assert_int_equal(0, create(n, "t", 2, on_1_2_3, 3));
	until_leader(&k->nodes[3], "t", 1);
	arena_init(&a, 0);
	assert_int_equal(0, topic_admin_delete(n->admin, &a, str_of("t"), &message));
	assert_int_equal(KERR_UNKNOWN_TOPIC_OR_PARTITION, topic_admin_delete(n->admin, &a, str_of("u"), &message));
	arena_fini(&a);
	until_znode(n, "/admin/delete_topics/t", NULL);
	until_znode(n, "/brokers/topics/t", NULL);
	until_znode(n, "/config/topics/t", NULL);
	until_leader(n, "t", -3);
	pthread_mutex_lock(&k->mutex);
	assert_int_equal(2, k->nodes[2].deletes);
	assert_int_equal(-2, k->nodes[2].delete_epoch);
	pthread_mutex_unlock(&k->mutex);
	/* and again by the same name */
	assert_int_equal(0, create(n, "t", 1, on_1_2_3, 3));
	until_leader(n, "t", 1);
	stop_cluster(k);
}

static void partitions_are_added_and_a_lost_topic_id_comes_back(void **state)
{
	struct cluster *k = start_cluster("ctl-grow", 2);
	struct node *n = &k->nodes[1];
	struct topic_grow g = { .name = STR("t"), .count = 3 };
	struct zk_value before = ZK_VALUE_INIT;
	struct str message = STR_NULL;
	struct znode_topic t;
	struct arena a;
	char *want, *lost;

	(void)state;
	until_brokers(n, 2);
	assert_int_equal(0, create(n, "t", 1, on_1_2_3, 2));
	until_leader(n, "t", 1);
	arena_init(&a, 0);
	assert_int_equal(0, topic_admin_grow(n->admin, &a, &g, false, &message));
	assert_int_equal(KERR_INVALID_PARTITIONS, topic_admin_grow(n->admin, &a, &g, false, &message));
	assert_true(str_is(message, "Topic already has 3 partitions."));
	arena_fini(&a);
	until_znode(n, "/brokers/topics/t/partitions/2/state",
	    "{\"controller_epoch\":1,\"leader\":1,\"version\":1,\"leader_epoch\":0,\"isr\":[1,2]}");

	/* What CMAK does: version 1 without the id. */
	assert_int_equal(0, zk_get(n->zk, &before, ZK_PATH_TOPIC, "t"));
	assert_int_equal(0, znode_topic_decode(before.data, before.len, &t));
	want = znode_topic_encode(&t);
	t.id = UUID_ZERO;
	lost = znode_topic_encode(&t);
	znode_topic_fini(&t);
	assert_int_equal(0, zk_set(n->zk, lost, ZK_ANY_VERSION, NULL, ZK_PATH_TOPIC, "t"));
	until_znode(n, "/brokers/topics/t", want);
	free(want);
	free(lost);
	zk_value_fini(&before);
	stop_cluster(k);
}

static void a_dead_broker_loses_its_leaders_and_comes_back(void **state)
{
	struct cluster *k = start_cluster("ctl-dead", 3);
	struct node *n = &k->nodes[1];
	static const int32_t on_2_3_1[] = { 2, 3, 1 }, on_2[] = { 2 };

	(void)state;
	until_brokers(n, 3);
	assert_int_equal(0, create(n, "t", 1, on_2_3_1, 3));
	assert_int_equal(0, create(n, "single", 1, on_2, 1));
	until_leader(n, "t", 2);
	until_leader(n, "single", 2);
	stop_node(k, 2);
	until_leader(n, "t", 3);
	until_znode(n, "/brokers/topics/t/partitions/0/state",
	    "{\"controller_epoch\":1,\"leader\":3,\"version\":1,\"leader_epoch\":1,\"isr\":[3,1]}");
	until_leader(n, "single", -1);
	until_znode(n, "/brokers/topics/single/partitions/0/state",
	    "{\"controller_epoch\":1,\"leader\":-1,\"version\":1,\"leader_epoch\":1,\"isr\":[2]}");
	metadata_free(k->nodes[2].metadata);
	start_node(k, 2);
	until_leader(n, "single", 2);
	until_leader(&k->nodes[2], "t", 3);
	stop_cluster(k);
}

static void an_expired_controller_is_followed_by_another(void **state)
{
	struct cluster *k = start_cluster("ctl-expire", 2);
	struct node *one = &k->nodes[1], *two = &k->nodes[2];
	int64_t epoch;

	(void)state;
	until_controller(two, 1);
	until_brokers(one, 2);
	assert_int_equal(0, create(one, "t", 1, on_1_2_3, 2));
	until_leader(two, "t", 1);
	epoch = controller_broker_epoch(one->controller);
	fixture_expire(one->zk);
	until_znode(two, ZK_PATH_CONTROLLER_EPOCH, "2");
	until_brokers(two, 2); /* it registered again */
	until_controller(one, controller_id(two->controller));
	assert_true(controller_broker_epoch(one->controller) > epoch);
	assert_true(controller_is_active(one->controller) != controller_is_active(two->controller));
	stop_cluster(k);
}

static void a_controller_cut_off_from_office_cannot_write(void **state)
{
	struct cluster *k = start_cluster("ctl-fence", 1);
	struct node *n = &k->nodes[1];

	(void)state;
	until_brokers(n, 1);
	/* Somebody raised the epoch behind its back; the next decision is refused and it looks who is in charge. */
	assert_int_equal(0, zk_set(n->zk, "9", ZK_ANY_VERSION, NULL, ZK_PATH_CONTROLLER_EPOCH));
	assert_int_equal(0, zk_delete(n->zk, ZK_ANY_VERSION, ZK_PATH_CONTROLLER));
	until_znode(n, ZK_PATH_CONTROLLER_EPOCH, "10");
	until_controller(n, 1);
	assert_int_equal(0, create(n, "t", 1, on_1_2_3, 1));
	until_znode(n, "/brokers/topics/t/partitions/0/state",
	    "{\"controller_epoch\":10,\"leader\":1,\"version\":1,\"leader_epoch\":0,\"isr\":[1]}");
	stop_cluster(k);
}

/* ---- calls ---- */

struct answer {
	pthread_mutex_t mutex;
	int got, r;
	int64_t first;
	int32_t n;
};

static void on_ids(void *arg, int r, int64_t first, int32_t count)
{
	struct answer *a = arg;

	pthread_mutex_lock(&a->mutex);
	a->got = 1;
	a->r = r;
	a->first = first;
	a->n = count;
	pthread_mutex_unlock(&a->mutex);
}

static void on_shutdown(void *arg, int r, const struct topic_partition_ref *left, int32_t left_n)
{
	(void)left;
	on_ids(arg, r, 0, left_n);
}

static void on_done(void *arg, int r)
{
	on_ids(arg, r, 0, 0);
}

static int answered(void *arg)
{
	struct answer *a = arg;
	int got;

	pthread_mutex_lock(&a->mutex);
	got = a->got;
	a->got = 0;
	pthread_mutex_unlock(&a->mutex);
	return got;
}

static void producer_ids_come_in_blocks(void **state)
{
	struct cluster *k = start_cluster("ctl-ids", 2);
	struct node *one = &k->nodes[1], *two = &k->nodes[2];
	struct answer a = { .mutex = PTHREAD_MUTEX_INITIALIZER };

	(void)state;
	until_controller(two, 1);
	until_brokers(one, 2);
	for (int i = 0; i < 2; i++) {
		controller_allocate_producer_ids(one->controller, 2, two->epoch, on_ids, &a);
		fixture_until("ids come", answered, &a);
		assert_int_equal(0, a.r);
		assert_int_equal(i * 1000, a.first);
		assert_int_equal(1000, a.n);
	}
	until_znode(one, ZK_PATH_PRODUCER_IDS, "{\"version\":1,\"broker\":2,\"block_start\":\"1000\",\"block_end\":\"1999\"}");
	controller_allocate_producer_ids(one->controller, 2, two->epoch - 1, on_ids, &a);
	fixture_until("refused", answered, &a);
	assert_int_equal(KERR_STALE_BROKER_EPOCH, a.r);
	controller_allocate_producer_ids(two->controller, 2, two->epoch, on_ids, &a);
	fixture_until("refused", answered, &a);
	assert_int_equal(KERR_NOT_CONTROLLER, a.r);
	stop_cluster(k);
}

static void a_broker_that_stops_hands_over(void **state)
{
	struct cluster *k = start_cluster("ctl-stop", 3);
	struct node *n = &k->nodes[1];
	struct answer a = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	static const int32_t on_2_3[] = { 2, 3 }, on_3_2[] = { 3, 2 };

	(void)state;
	until_brokers(n, 3);
	assert_int_equal(0, create(n, "led", 1, on_2_3, 2));
	assert_int_equal(0, create(n, "followed", 1, on_3_2, 2));
	until_leader(n, "led", 2);
	until_leader(n, "followed", 3);
	controller_controlled_shutdown(n->controller, 2, k->nodes[2].epoch, on_shutdown, &a);
	fixture_until("handed over", answered, &a);
	assert_int_equal(0, a.r);
	assert_int_equal(0, a.n);
	until_znode(n, "/brokers/topics/led/partitions/0/state",
	    "{\"controller_epoch\":1,\"leader\":3,\"version\":1,\"leader_epoch\":1,\"isr\":[3]}");
	until_znode(n, "/brokers/topics/followed/partitions/0/state",
	    "{\"controller_epoch\":1,\"leader\":3,\"version\":1,\"leader_epoch\":1,\"isr\":[3]}");
	controller_controlled_shutdown(n->controller, 9, -1, on_shutdown, &a);
	fixture_until("refused", answered, &a);
	assert_int_equal(KERR_BROKER_NOT_AVAILABLE, a.r);
	stop_cluster(k);
}

static int has_deleted(void *arg)
{
	struct node *n = arg;
	int r;

	pthread_mutex_lock(&n->cluster->mutex);
	r = n->deletes;
	pthread_mutex_unlock(&n->cluster->mutex);
	return r;
}

/* AlterPartition v2 of topic `t` partition 0, sent by `leader`. */
static int16_t alter(struct node *n, struct node *leader, const struct znode_topic *t, int32_t leader_epoch,
    int32_t partition_epoch, int32_t *isr, int32_t isr_n)
{
	struct alter_partition_request_partition_data p = { .partition_index = 0, .leader_epoch = leader_epoch,
		.new_isr = isr, .new_isr_n = isr_n, .partition_epoch = partition_epoch };
	struct alter_partition_request_topic_data topic = { .topic_id = t->id, .partitions = &p, .partitions_n = 1 };
	struct alter_partition_request req = { .broker_id = leader->id, .broker_epoch = leader->epoch, .topics = &topic,
		.topics_n = 1 };
	struct answer a = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct alter_partition_response out;
	struct arena arena;
	int16_t error;

	arena_init(&arena, 0);
	codec_init(&alter_partition_response_schema, &out);
	controller_alter_partition(n->controller, &arena, 2, &req, &out, on_done, &a);
	fixture_until("altered", answered, &a);
	assert_int_equal(0, a.r);
	error = out.error_code ? out.error_code : out.topics[0].partitions[0].error_code;
	arena_fini(&arena);
	return error;
}

static void a_reassignment_waits_for_the_new_replicas(void **state)
{
	struct cluster *k = start_cluster("ctl-move", 3);
	struct node *n = &k->nodes[1];
	struct zk_value v = ZK_VALUE_INIT;
	struct znode_topic t;

	(void)state;
	until_brokers(n, 3);
	assert_int_equal(0, create(n, "t", 1, on_1_2_3, 2));
	until_leader(n, "t", 1);
	assert_int_equal(0, zk_get(n->zk, &v, ZK_PATH_TOPIC, "t"));
	assert_int_equal(0, znode_topic_decode(v.data, v.len, &t));
	zk_value_fini(&v);
	assert_int_equal(0, zk_make_path(n->zk, "/admin"));
	assert_int_equal(0, zk_create(n->zk, ZK_PERSISTENT,
	    "{\"version\":1,\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"replicas\":[3,1]}]}", ZK_PATH_REASSIGN));
	until_znode(n, "/brokers/topics/t/partitions/0/state",
	    "{\"controller_epoch\":1,\"leader\":1,\"version\":1,\"leader_epoch\":1,\"isr\":[1,2]}");
	assert_int_equal(KERR_FENCED_LEADER_EPOCH, alter(n, n, &t, 0, 0, (int32_t[]){ 1, 2, 3 }, 3));
	assert_int_equal(KERR_INELIGIBLE_REPLICA, alter(n, n, &t, 1, 1, (int32_t[]){ 1, 2, 9 }, 3));
	assert_int_equal(KERR_INVALID_REQUEST, alter(n, n, &t, 1, 1, (int32_t[]){ 2, 3 }, 2));
	assert_int_equal(KERR_INVALID_REQUEST, alter(n, &k->nodes[2], &t, 1, 1, (int32_t[]){ 1, 2, 3 }, 3));
	assert_int_equal(0, alter(n, n, &t, 1, 1, (int32_t[]){ 1, 2, 3 }, 3));
	until_znode(n, ZK_PATH_REASSIGN, NULL);
	fixture_until("the old replica is deleted", has_deleted, &k->nodes[2]);
	until_znode(n, "/brokers/topics/t/partitions/0/state",
	    "{\"controller_epoch\":1,\"leader\":1,\"version\":1,\"leader_epoch\":3,\"isr\":[1,3]}");
	assert_int_equal(0, zk_get(n->zk, &v, ZK_PATH_TOPIC, "t"));
	assert_non_null(strstr(v.data, "{\"partitions\":{\"0\":[3,1]},"));
	assert_non_null(strstr(v.data, "\"adding_replicas\":{},\"removing_replicas\":{}"));
	zk_value_fini(&v);

	/* And now the preferred leader, asked for the old way. */
	assert_int_equal(0, zk_create(n->zk, ZK_PERSISTENT,
	    "{\"version\":1,\"partitions\":[{\"topic\":\"t\",\"partition\":0}]}", ZK_PATH_PREFERRED));
	until_znode(n, ZK_PATH_PREFERRED, NULL);
	until_leader(n, "t", 3);
	znode_topic_fini(&t);
	stop_cluster(k);
}

static void a_failed_log_directory_takes_its_replicas_offline(void **state)
{
	struct cluster *k = start_cluster("ctl-dir", 2);
	struct node *n = &k->nodes[1];
	static const int32_t on_2_1[] = { 2, 1 };
	char *event;

	(void)state;
	until_brokers(n, 2);
	assert_int_equal(0, create(n, "t", 1, on_2_1, 2));
	until_leader(n, "t", 2);
	pthread_mutex_lock(&k->mutex);
	k->nodes[2].answer = KERR_KAFKA_STORAGE_ERROR;
	pthread_mutex_unlock(&k->mutex);
	event = znode_log_dir_event_encode(2);
	assert_int_equal(0, zk_create(n->zk, ZK_PERSISTENT_SEQUENTIAL, event, ZK_PATH_LOG_DIR_EVENT));
	free(event);
	until_leader(n, "t", 1);
	until_znode(n, ZK_PATH_LOG_DIR_EVENT "0000000000", NULL);
	stop_cluster(k);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_elected_and_its_topics_come_alive),
		cmocka_unit_test(a_topic_is_deleted_to_the_last_znode),
		cmocka_unit_test(partitions_are_added_and_a_lost_topic_id_comes_back),
		cmocka_unit_test(a_dead_broker_loses_its_leaders_and_comes_back),
		cmocka_unit_test(an_expired_controller_is_followed_by_another),
		cmocka_unit_test(a_controller_cut_off_from_office_cannot_write),
		cmocka_unit_test(producer_ids_come_in_blocks),
		cmocka_unit_test(a_broker_that_stops_hands_over),
		cmocka_unit_test(a_reassignment_waits_for_the_new_replicas),
		cmocka_unit_test(a_failed_log_directory_takes_its_replicas_offline),
	};

	fixture_zookeeper(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
