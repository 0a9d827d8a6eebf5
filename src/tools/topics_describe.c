/* topics_describe.c - kafka-topics.sh --describe: one line per topic and per partition (cli.md section 3). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/uuid.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/java_base64.h"
#include "tools/java_map.h"
#include "tools/topics_priv.h"

#define RESOURCE_TOPIC 2
#define SOURCE_DEFAULT 5 /* ConfigEntry.ConfigSource: not set anywhere */
#define MIN_INSYNC_REPLICAS "min.insync.replicas"

typedef struct metadata_response_metadata_response_topic topic_row;
typedef struct metadata_response_metadata_response_partition partition_row;
typedef struct describe_configs_response_describe_configs_result config_result;
typedef struct describe_configs_response_describe_configs_resource_result config_entry;
typedef struct list_partition_reassignments_response_ongoing_partition_reassignment reassignment;

/* What is known of the topics to describe. */
struct picture {
	const struct metadata_response *metadata;
	struct describe_configs_response configs;
	struct list_partition_reassignments_response moves;
};

static bool has_id(const int32_t *ids, int32_t n, int32_t id)
{
	for (int32_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static const reassignment *find_move(const struct picture *pic, struct str topic, int32_t partition)
{
	for (int32_t i = 0; i < pic->moves.topics_n; i++) {
		if (!str_eq(pic->moves.topics[i].name, topic))
			continue;
		for (int32_t j = 0; j < pic->moves.topics[i].partitions_n; j++)
			if (pic->moves.topics[i].partitions[j].partition_index == partition)
				return &pic->moves.topics[i].partitions[j];
	}
	return NULL;
}

static const config_result *find_configs(const struct picture *pic, struct str topic)
{
	for (int32_t i = 0; i < pic->configs.results_n; i++)
		if (str_eq(pic->configs.results[i].resource_name, topic))
			return &pic->configs.results[i];
	return NULL;
}

/* Version 0 has a flag instead of a source. */
static bool is_default(const config_entry *e)
{
	return e->config_source < 0 ? e->is_default : e->config_source == SOURCE_DEFAULT;
}

static bool has_overrides(const config_result *c)
{
	for (int32_t i = 0; i < c->configs_n; i++)
		if (!is_default(&c->configs[i]))
			return true;
	return false;
}

static int64_t min_isr(const config_result *c)
{
	int64_t n = 1;

	for (int32_t i = 0; i < c->configs_n; i++)
		if (str_is(c->configs[i].name, MIN_INSYNC_REPLICAS))
			(void)str_to_i64(c->configs[i].value, INT32_MIN, INT32_MAX, &n);
	return n;
}

/* Replicas without those being added. A move that ended between the two requests is not counted. */
static int32_t replication_factor(const partition_row *p, const reassignment *move)
{
	for (int32_t i = 0; move && i < p->replica_nodes_n; i++)
		if (has_id(move->adding_replicas, move->adding_replicas_n, p->replica_nodes[i]) ||
			has_id(move->removing_replicas, move->removing_replicas_n,
				p->replica_nodes[i]))
			return move->replicas_n - move->adding_replicas_n;
	return p->replica_nodes_n;
}

/* Java prints the entries in the order of a HashMap with the names as keys. */
static void print_configs(const config_result *c)
{
	size_t n = (size_t)MAX(c->configs_n, 0), *order;
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));
	const char *comma = "";

	for (size_t i = 0; i < n; i++)
		hashes[i] = str_java_hash(c->configs[i].name);
	order = java_map_order(hashes, n, JAVA_MAP_DEFAULT);
	for (size_t i = 0; i < n; i++) {
		const config_entry *e = &c->configs[order[i]];

		if (is_default(e))
			continue;
		if (e->value.len < 0)
			printf("%s%.*s=null", comma, STR_ARG(e->name));
		else
			printf("%s%.*s=%.*s", comma, STR_ARG(e->name), STR_ARG(e->value));
		comma = ",";
	}
	free(order);
	free(hashes);
}

static void print_ids(const char *label, const int32_t *ids, int32_t n)
{
	printf("\t%s: ", label);
	for (int32_t i = 0; i < n; i++)
		printf("%s%d", i ? "," : "", ids[i]);
}

static void print_topic(const topic_row *row, const partition_row *first, const reassignment *move,
	const config_result *c)
{
	char id[UUID_TEXT_LEN + 1];

	printf("Topic: %.*s", STR_ARG(row->name));
	if (!uuid_is_zero(row->topic_id))
		printf("\tTopicId: %s", uuid_text(row->topic_id, id));
	printf("\tPartitionCount: %d\tReplicationFactor: %d\tConfigs: ", row->partitions_n,
		replication_factor(first, move));
	print_configs(c);
	putchar('\n');
}

static void print_partition(const topic_row *row, const partition_row *p, const reassignment *move)
{
	printf("\tTopic: %.*s\tPartition: %d\tLeader: ", STR_ARG(row->name), p->partition_index);
	if (p->leader_id < 0)
		printf("none");
	else
		printf("%d", p->leader_id);
	print_ids("Replicas", p->replica_nodes, p->replica_nodes_n);
	print_ids("Isr", p->isr_nodes, p->isr_nodes_n);
	if (move) {
		print_ids("Adding Replicas", move->adding_replicas, move->adding_replicas_n);
		print_ids("Removing Replicas", move->removing_replicas, move->removing_replicas_n);
	}
	printf("\tElr: N/A\tLastKnownElr: N/A\n");
}

static bool is_alive(const struct picture *pic, int32_t broker)
{
	for (int32_t i = 0; i < pic->metadata->brokers_n; i++)
		if (pic->metadata->brokers[i].node_id == broker)
			return true;
	return false;
}

static bool wants_partition(const struct topics *t, const struct picture *pic,
	const partition_row *p, const reassignment *move, int64_t min)
{
	const struct options *o = t->options;
	bool leader = p->leader_id >= 0;

	if (!options_has(o, TOPICS_UNDER_REPLICATED) && !options_has(o, TOPICS_UNAVAILABLE) &&
		!options_has(o, TOPICS_UNDER_MIN_ISR) && !options_has(o, TOPICS_AT_MIN_ISR))
		return true;
	return (options_has(o, TOPICS_UNDER_REPLICATED) &&
		       replication_factor(p, move) > p->isr_nodes_n) ||
	       (options_has(o, TOPICS_UNAVAILABLE) && (!leader || !is_alive(pic, p->leader_id))) ||
	       (options_has(o, TOPICS_UNDER_MIN_ISR) && (!leader || p->isr_nodes_n < min)) ||
	       (options_has(o, TOPICS_AT_MIN_ISR) && p->isr_nodes_n == min);
}

static int by_index(const void *a, const void *b)
{
	const partition_row *x = a, *y = b;

	return (x->partition_index > y->partition_index) -
	       (x->partition_index < y->partition_index);
}

static int describe_topic(struct topics *t, const struct picture *pic, const topic_row *row)
{
	const struct options *o = t->options;
	const config_result *c = find_configs(pic, row->name);
	bool filtered = options_has(o, TOPICS_UNDER_REPLICATED) ||
			options_has(o, TOPICS_UNAVAILABLE) ||
			options_has(o, TOPICS_UNDER_MIN_ISR) || options_has(o, TOPICS_AT_MIN_ISR);

	if (!c)
		return topics_fail(t, 0,
			"The broker's answer lacks the configuration of topic %.*s",
			STR_ARG(row->name));
	if (c->error_code)
		return topics_fail_code(t, c->error_code, c->error_message);
	qsort(row->partitions, (size_t)MAX(row->partitions_n, 0), sizeof(*row->partitions),
		by_index);
	if (!filtered && row->partitions_n > 0 &&
		(!options_has(o, TOPICS_WITH_OVERRIDES) || has_overrides(c)))
		print_topic(row, &row->partitions[0],
			find_move(pic, row->name, row->partitions[0].partition_index), c);
	for (int32_t i = 0; !options_has(o, TOPICS_WITH_OVERRIDES) && i < row->partitions_n; i++) {
		const partition_row *p = &row->partitions[i];
		const reassignment *move = find_move(pic, row->name, p->partition_index);

		if (wants_partition(t, pic, p, move, min_isr(c)))
			print_partition(row, p, move);
	}
	return 0;
}

static int fetch_configs(
	struct topics *t, const topic_row **topics, size_t n, struct describe_configs_response *out)
{
	struct describe_configs_request in;

	CODEC_INIT(describe_configs_request, &in);
	in.resources = CODEC_NEW(&t->arena, describe_configs_request_describe_configs_resource, n);
	in.resources_n = (int32_t)n;
	for (size_t i = 0; i < n; i++) {
		in.resources[i].resource_type = RESOURCE_TOPIC;
		in.resources[i].resource_name = topics[i]->name;
		in.resources[i].configuration_keys_n = -1; /* all */
	}
	admin_begin(t->admin, "describeConfigs");
	if (admin_call(t->admin, false, API_DESCRIBE_CONFIGS, &in, &t->arena, out))
		return topics_fail_admin(t);
	return 0;
}

/* Reassignments in progress. A broker that does not serve the request, or does not allow us to ask, has none to show. */
static int fetch_moves(struct topics *t, struct list_partition_reassignments_response *out)
{
	struct list_partition_reassignments_request in;
	int version, r;

	CODEC_INIT(list_partition_reassignments_response, out);
	admin_begin(t->admin, "listPartitionReassignments");
	do {
		r = admin_version(t->admin, true, API_LIST_PARTITION_REASSIGNMENTS, &version);
		if (r == -ENOTSUP)
			return 0;
		if (r)
			return topics_fail_admin(t);
		CODEC_INIT(list_partition_reassignments_request, &in);
		in.timeout_ms = admin_timeout_ms(t->admin);
		in.topics_n = -1;
		if (admin_call(
			    t->admin, true, API_LIST_PARTITION_REASSIGNMENTS, &in, &t->arena, out))
			return topics_fail_admin(t);
	} while (admin_again(t->admin, out->error_code));
	if (out->error_code == KERR_UNSUPPORTED_VERSION ||
		out->error_code == KERR_CLUSTER_AUTHORIZATION_FAILED) {
		CODEC_INIT(list_partition_reassignments_response, out);
		return 0;
	}
	return out->error_code ? topics_fail_code(t, out->error_code, out->error_message) : 0;
}

static int describe(struct topics *t, const struct metadata_response *metadata,
	const topic_row **topics, size_t n)
{
	struct picture pic = {.metadata = metadata};
	int64_t limit;

	/* It has no meaning here, but must be a number. */
	if (n > 0 && topics_fail_option(t,
			     options_number(t->options, TOPICS_PARTITION_SIZE_LIMIT, &limit)))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (topics[i]->error_code)
			return topics_fail_code(t, topics[i]->error_code, STR_NULL);
	if (n == 0)
		return 0;
	if (fetch_configs(t, topics, n, &pic.configs) || fetch_moves(t, &pic.moves))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (describe_topic(t, &pic, topics[i]))
			return -1;
	return 0;
}

/* Puts the topics in the order of Java's map of descriptions. */
static void order_topics(const topic_row **topics, size_t n)
{
	const topic_row **old = xmemdup(topics, n * sizeof(*topics));
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));
	size_t *order;

	for (size_t i = 0; i < n; i++)
		hashes[i] = str_java_hash(old[i]->name);
	order = java_result_order(hashes, n);
	for (size_t i = 0; i < n; i++)
		topics[i] = old[order[i]];
	free(order);
	free(hashes);
	free(old);
}

/* What is wrong with a text that is no UUID: first what Java's base64 decoder says of it. */
static int fail_id(struct topics *t, const char *text)
{
	char why[JAVA_BASE64_WHY_MAX];
	size_t n;

	if (java_base64_fault(text, why, &n))
		return topics_fail(t, 0, "%s", why);
	return topics_fail(t, 0,
		"Input string `%s` decoded as %zu bytes, which is not equal to the expected 16 bytes of "
		"a base64-encoded UUID",
		text, n);
}

/* --topic-id: 0 without it, and when it is zero, which stands for none. */
static int parse_id(struct topics *t, struct uuid *ret)
{
	const char *text;

	*ret = UUID_ZERO;
	if (topics_fail_option(t, options_text(t->options, TOPICS_TOPIC_ID, &text)))
		return -1;
	if (!text)
		return 0;
	if (strlen(text) > 24)
		return topics_fail(t, 0,
			"Input string with prefix `%.24s` is too long to be decoded as a base64 "
			"UUID",
			text);
	return uuid_parse(str_of(text), ret) ? 0 : fail_id(t, text);
}

/* Leaves the topic with this id; an error when there is none, unless --if-exists. */
static int select_id(struct topics *t, struct uuid id, const topic_row **topics, size_t *n)
{
	char text[UUID_TEXT_LEN + 1];

	for (size_t i = 0; i < *n; i++) {
		if (!uuid_eq(topics[i]->topic_id, id))
			continue;
		topics[0] = topics[i];
		*n = 1;
		return 0;
	}
	*n = 0;
	if (options_has(t->options, TOPICS_IF_EXISTS))
		return 0;
	return topics_fail(t, 0, "TopicId '%s' does not exist as expected", uuid_text(id, text));
}

int topics_describe(struct topics *t)
{
	struct metadata_response metadata;
	const topic_row **topics;
	struct uuid id;
	size_t n;
	int r;

	if (parse_id(t, &id) || topics_select(t, uuid_is_zero(id), &metadata, &topics, &n))
		return -1;
	r = uuid_is_zero(id) ? topics_must_exist(t, n) : select_id(t, id, topics, &n);
	if (!r) {
		order_topics(topics, n);
		r = describe(t, &metadata, topics, n);
	}
	free(topics);
	return r;
}
