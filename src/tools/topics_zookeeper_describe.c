/* topics_zookeeper_describe.c - kafka-topics.sh --zookeeper --describe: topics as ZooKeeper has them, in the lines of
 * Kafka 2.8. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/uuid.h"
#include "protocol/errors.h"
#include "tools/java_map.h"
#include "tools/topics_priv.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

/* What is asked for, and what all topics share. */
struct view {
	struct topics *t;
	char **brokers; /* ids of those that are registered */
	size_t brokers_n;
	bool headers, partitions, filtered;
};

/* What ZooKeeper has of one topic. */
struct picture {
	const char *name;
	struct znode_topic topic;
	struct znode_config config;
	struct znode_state *states; /* one per partition; leader -1 and no ISR when there is none */
	bool marked;
};

static bool is_alive(const struct view *v, int32_t broker)
{
	char id[16];

	snprintf(id, sizeof(id), "%d", broker);
	for (size_t i = 0; i < v->brokers_n; i++)
		if (strcmp(v->brokers[i], id) == 0)
			return true;
	return false;
}

static bool wants(
	const struct view *v, const struct znode_assignment *a, const struct znode_state *s)
{
	const struct options *o = v->t->options;

	if (!v->filtered)
		return true;
	return (options_has(o, TOPICS_UNDER_REPLICATED) && a->replicas.n > s->isr.n) ||
	       (options_has(o, TOPICS_UNAVAILABLE) && (s->leader < 0 || !is_alive(v, s->leader)));
}

/* Java's order of the settings: that of a HashMap. */
static void print_configs(const struct znode_config *c)
{
	int32_t *hashes = xcalloc(c->n + 1, sizeof(*hashes));
	size_t *order;

	for (size_t i = 0; i < c->n; i++)
		hashes[i] = str_java_hash(str_of(c->pairs[i].name));
	order = java_map_order(hashes, c->n, JAVA_MAP_DEFAULT);
	for (size_t i = 0; i < c->n; i++)
		printf("%s%s=%s", i ? "," : "", c->pairs[order[i]].name, c->pairs[order[i]].value);
	free(order);
	free(hashes);
}

static void print_ids(const char *label, const struct int_list *l)
{
	printf("\t%s: ", label);
	for (size_t i = 0; i < l->n; i++)
		printf("%s%d", i ? "," : "", l->v[i]);
}

static const char *mark(const struct picture *p)
{
	return p->marked ? "\tMarkedForDeletion: true" : "";
}

static void print_topic(const struct picture *p)
{
	char id[UUID_TEXT_LEN + 1];

	printf("Topic: %s", p->name);
	if (!uuid_is_zero(p->topic.id))
		printf("\tTopicId: %s", uuid_text(p->topic.id, id));
	printf("\tPartitionCount: %zu\tReplicationFactor: %zu\tConfigs: ", p->topic.partitions_n,
		p->topic.partitions[0].replicas.n);
	print_configs(&p->config);
	printf("%s\n", mark(p));
}

static void print_partition(const struct picture *p, size_t i)
{
	const struct znode_assignment *a = &p->topic.partitions[i];

	printf("\tTopic: %s\tPartition: %d\tLeader: ", p->name, a->partition);
	if (p->states[i].leader < 0)
		printf("none");
	else
		printf("%d", p->states[i].leader);
	print_ids("Replicas", &a->replicas);
	print_ids("Isr", &p->states[i].isr);
	printf("%s\n", mark(p));
}

/* The leaders and in-sync replicas of all partitions. */
static int read_states(struct view *v, struct picture *p)
{
	struct zk_batch b;
	int r;

	p->states = xcalloc(p->topic.partitions_n + 1, sizeof(*p->states));
	for (size_t i = 0; i < p->topic.partitions_n; i++)
		p->states[i] = ZNODE_STATE_INIT;
	zk_batch_init(&b, v->t->zk);
	for (size_t i = 0; i < p->topic.partitions_n; i++)
		zk_batch_get(&b, ZK_PATH_PARTITION_STATE, p->name,
			p->topic.partitions[i].partition);
	r = zk_batch_run(&b);
	for (size_t i = 0; i < p->topic.partitions_n && !r; i++)
		if (b.ops[i]->rc == 0) /* one that cannot be read shows as one without a leader */
			(void)!znode_state_decode(b.ops[i]->data, b.ops[i]->data_len,
				b.ops[i]->stat.version, &p->states[i]);
	zk_batch_fini(&b);
	return r ? topics_zk_fail(v->t, r, ZK_PATH_PARTITIONS, p->name) : 0;
}

/* 0, ZK_NO_NODE: the topic is gone, -1 */
static int read_topic(struct view *v, struct picture *p)
{
	struct zk_batch b;
	struct zk_op *topic, *config, *marked;
	int r;

	zk_batch_init(&b, v->t->zk);
	topic = zk_batch_get(&b, ZK_PATH_TOPIC, p->name);
	config = zk_batch_get(&b, ZK_PATH_CONFIG_TOPICS "/%s", p->name);
	marked = zk_batch_exists(&b, ZK_PATH_DELETE_TOPIC, p->name);
	r = zk_batch_run(&b);
	if (!r)
		r = topic->rc;
	if (!r)
		r = znode_topic_decode(topic->data, topic->data_len, &p->topic);
	if (!r && config->rc == 0)
		r = znode_config_decode(config->data, config->data_len, &p->config);
	p->marked = marked->rc == 0;
	zk_batch_fini(&b);
	if (r == ZK_NO_NODE)
		return r;
	if (r)
		return topics_zk_fail(v->t, r, ZK_PATH_TOPIC, p->name);
	return v->partitions ? read_states(v, p) : 0;
}

static void picture_fini(struct picture *p)
{
	for (size_t i = 0; p->states && i < p->topic.partitions_n; i++)
		znode_state_fini(&p->states[i]);
	free(p->states);
	znode_topic_fini(&p->topic);
	znode_config_fini(&p->config);
}

static int describe_topic(struct view *v, const char *name)
{
	struct picture p = {.name = name, .topic = ZNODE_TOPIC_INIT, .config = ZNODE_CONFIG_INIT};
	bool overrides = options_has(v->t->options, TOPICS_WITH_OVERRIDES);
	int r = read_topic(v, &p);

	if (r == ZK_NO_NODE) {
		printf("Topic %s doesn't exist!\n", name);
		r = 0;
	} else if (!r) {
		if (v->headers && p.topic.partitions_n > 0 && (!overrides || p.config.n > 0))
			print_topic(&p);
		for (size_t i = 0; v->partitions && i < p.topic.partitions_n; i++)
			if (wants(v, &p.topic.partitions[i], &p.states[i]))
				print_partition(&p, i);
	}
	picture_fini(&p);
	return r;
}

int topics_zk_describe(struct topics *t)
{
	struct view v = {.t = t};
	char **names;
	size_t n;
	int r;

	v.filtered = options_has(t->options, TOPICS_UNDER_REPLICATED) ||
		     options_has(t->options, TOPICS_UNAVAILABLE);
	v.headers = !v.filtered;
	v.partitions = !options_has(t->options, TOPICS_WITH_OVERRIDES);
	if (topics_zk_select(t, &names, &n))
		return -1;
	r = topics_zk_must_exist(t, n);
	if (!r) {
		r = zk_children(t->zk, &v.brokers, &v.brokers_n, ZK_PATH_BROKER_IDS);
		if (r)
			r = r == ZK_NO_NODE ? 0 : topics_zk_fail(t, r, ZK_PATH_BROKER_IDS);
	}
	for (size_t i = 0; i < n && !r; i++)
		r = describe_topic(&v, names[i]);
	zk_names_free(v.brokers, v.brokers_n);
	zk_names_free(names, n);
	return r;
}
