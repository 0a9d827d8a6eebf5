/* configs_resource.c - settings of topics, brokers, their loggers, and client metrics. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "controller/topic_admin.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/admin_topics.h"
#include "tools/configs_priv.h"
#include "tools/java_map.h"

#define DESCRIBE_WAIT_MS 30000
#define ALTER_CLIENT_MS	 30000
#define ALTER_WAIT_MS	 60000

enum { OPERATION_SET = 0, OPERATION_DELETE = 1 };

/* ConfigEntry.ConfigSource by the protocol's number. */
enum {
	SOURCE_TOPIC = 1,
	SOURCE_BROKER = 2,
	SOURCE_DEFAULT_BROKER = 3,
	SOURCE_STATIC = 4,
	SOURCE_DEFAULT = 5,
	SOURCE_CLIENT_METRICS = 7,
};
static const char *const sources[] = {"UNKNOWN", "DYNAMIC_TOPIC_CONFIG", "DYNAMIC_BROKER_CONFIG",
	"DYNAMIC_DEFAULT_BROKER_CONFIG", "STATIC_BROKER_CONFIG", "DEFAULT_CONFIG",
	"DYNAMIC_BROKER_LOGGER_CONFIG", "DYNAMIC_CLIENT_METRICS_CONFIG"};

typedef struct describe_configs_response_describe_configs_resource_result entry;
typedef struct describe_configs_response_describe_configs_result result;

/* What is asked for, in the protocol's terms. */
struct resource {
	const char *name;
	int8_t type;
	int32_t node;  /* who knows it */
	int8_t source; /* what is set while running; 0: everything is */
};

/* Settings sorted by name; pointers into an answer. */
struct entries {
	entry **v;
	size_t n;
};

static const char *source_name(int8_t source)
{
	return source >= 0 && source < (int)ARRAY_LEN(sources) ? sources[source] : sources[0];
}

static int broker_id(struct configs *c, const char *name, int32_t *ret)
{
	int64_t id;

	if (!str_to_i64(str_of(name), INT32_MIN, INT32_MAX, &id))
		return configs_refuse(c,
			"The entity name for %s must be a valid integer broker id, found: %s",
			c->types.v[0], name);
	*ret = (int32_t)id;
	return 0;
}

static int topic_resource(struct configs *c, const char *name, struct resource *ret)
{
	struct str why;

	*ret = (struct resource){name, 2, ADMIN_ANY, SOURCE_TOPIC};
	if (*name && topic_name_check(&c->arena, str_of(name), &why))
		return configs_fail(c, "org.apache.kafka.common.errors.InvalidTopicException: %.*s",
			STR_ARG(why));
	return 0;
}

static int make_resource(struct configs *c, const char *name, struct resource *ret)
{
	if (configs_is(c, ENTITY_TOPICS))
		return topic_resource(c, name, ret);
	*ret = (struct resource){name, 16, ADMIN_ANY, SOURCE_CLIENT_METRICS};
	if (configs_is(c, ENTITY_CLIENT_METRICS))
		return 0;
	if (configs_is(c, ENTITY_BROKER_LOGGERS)) {
		*ret = (struct resource){name, 8, ADMIN_ANY, 0};
		return broker_id(c, name, &ret->node);
	}
	*ret = (struct resource){name, 4, ADMIN_ANY, *name ? SOURCE_BROKER : SOURCE_DEFAULT_BROKER};
	return *name ? broker_id(c, name, &ret->node) : 0;
}

/* ---- reading ---- */

/* Version 0 says only whether a value is the default. */
static int8_t source_of(const entry *e, int8_t type)
{
	if (e->config_source >= 0)
		return e->config_source;
	if (e->is_default)
		return SOURCE_DEFAULT;
	return type == 2 ? SOURCE_TOPIC : type == 4 ? SOURCE_STATIC : 0;
}

static int by_name(const void *a, const void *b)
{
	const entry *const *x = a, *const *y = b;

	return str_cmp((*x)->name, (*y)->name);
}

static int sort_entries(struct configs *c, const struct resource *r, const result *from, bool all,
	struct entries *ret)
{
	ret->v = arena_array(&c->arena, (size_t)MAX(from->configs_n, 0), sizeof(*ret->v));
	ret->n = 0;
	if (!ret->v)
		return configs_fail(c, "%s", strerror(ENOMEM));
	for (int32_t i = 0; i < from->configs_n; i++)
		if (all || r->source == 0 || source_of(&from->configs[i], r->type) == r->source)
			ret->v[ret->n++] = &from->configs[i];
	qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

static int describe(
	struct configs *c, const struct resource *r, bool synonyms, bool all, struct entries *ret)
{
	struct describe_configs_request_describe_configs_resource asked;
	struct describe_configs_request in;
	struct describe_configs_response out;
	int failed;

	CODEC_INIT(describe_configs_request_describe_configs_resource, &asked);
	asked.resource_type = r->type;
	asked.resource_name = str_of(r->name);
	asked.configuration_keys_n = -1; /* all */
	CODEC_INIT(describe_configs_request, &in);
	in.resources = &asked;
	in.resources_n = 1;
	in.include_synonyms = synonyms;
	configs_begin(c, "describeConfigs", DESCRIBE_WAIT_MS, 0);
	failed = admin_call_broker(c->admin, r->node, API_DESCRIBE_CONFIGS, &in, &c->arena, &out);
	if (failed)
		return configs_fail_call(c, failed);
	if (out.results_n != 1 || out.results[0].resource_type != r->type ||
		!str_is(out.results[0].resource_name, r->name))
		return configs_fail(c, "java.util.concurrent.ExecutionException: "
				       "org.apache.kafka.common.errors.ApiException: The node "
				       "response did not contain a result for the config resource");
	if (out.results[0].error_code)
		return configs_fail_code(
			c, out.results[0].error_code, out.results[0].error_message);
	return sort_entries(c, r, &out.results[0], all, ret);
}

static void print_value(struct str value)
{
	if (value.len < 0)
		printf("null");
	else
		printf("%.*s", STR_ARG(value));
}

static void print_entry(const entry *e)
{
	printf("  %.*s=", STR_ARG(e->name));
	print_value(e->value);
	printf(" sensitive=%s synonyms={", e->is_sensitive ? "true" : "false");
	for (int32_t i = 0; i < e->synonyms_n; i++) {
		printf("%s%s:%.*s=", i ? ", " : "", source_name(e->synonyms[i].source),
			STR_ARG(e->synonyms[i].name));
		print_value(e->synonyms[i].value);
	}
	printf("}\n");
}

/* "topic" for topics: Kafka's tool cuts the last letter off. */
static int singular_len(const struct configs *c)
{
	return (int)strlen(c->types.v[0]) - 1;
}

static int describe_one(struct configs *c, const char *name)
{
	bool all = options_has(c->options, CONFIGS_ALL);
	struct resource r;
	struct entries e;

	if (!*name)
		printf("Default configs for %s in the cluster are:\n", c->types.v[0]);
	else
		printf("%s configs for %.*s %s are:\n", all ? "All" : "Dynamic", singular_len(c),
			c->types.v[0], name);
	fflush(stdout);
	if (make_resource(c, name, &r) || describe(c, &r, true, all, &e))
		return -1;
	for (size_t i = 0; i < e.n; i++)
		print_entry(e.v[i]);
	return 0;
}

/* ---- everything of a type ---- */

/* The names of all topics in the order of Java's map. */
static int list_topics(struct configs *c, struct name_list *ret)
{
	struct topic_description *topics;
	int32_t *hashes;
	size_t n, *order;
	int r;

	configs_begin(c, "listTopics", CONFIGS_FOREVER, 0);
	r = admin_list_topics(c->admin, &c->arena, &topics, &n);
	if (r)
		return configs_fail_call(c, r);
	hashes = xcalloc(n + 1, sizeof(*hashes));
	for (size_t i = 0; i < n; i++)
		hashes[i] = str_java_hash(topics[i].name);
	order = java_map_order(hashes, n, JAVA_MAP_DEFAULT);
	for (size_t i = 0; i < n; i++)
		name_list_add(ret, arena_strdup(&c->arena, topics[order[i]].name));
	free(order);
	free(hashes);
	return 0;
}

/* The ids of the living brokers in the order of Java's map, then the default. */
static int list_brokers(struct configs *c, struct name_list *ret)
{
	struct admin_node *nodes;
	int32_t *hashes;
	size_t n, *order;
	int r;

	configs_begin(c, "listNodes", CONFIGS_FOREVER, 0);
	r = admin_brokers(c->admin, &c->arena, &nodes, &n);
	if (r)
		return configs_fail_call(c, r);
	hashes = xcalloc(n + 1, sizeof(*hashes));
	for (size_t i = 0; i < n; i++)
		hashes[i] = nodes[i].id;
	order = java_map_order(hashes, n, JAVA_MAP_DEFAULT);
	for (size_t i = 0; i < n; i++)
		name_list_add(ret, arena_printf(&c->arena, "%d", nodes[order[i]].id).p);
	name_list_add(ret, "");
	free(order);
	free(hashes);
	return 0;
}

/* Brokers with ZooKeeper have no client metrics, and no request for their names. */
static int list_client_metrics(struct configs *c)
{
	int version, r;

	configs_begin(c, "listClientMetricsResources", CONFIGS_FOREVER, 0);
	r = admin_broker_version(c->admin, ADMIN_ANY, API_METADATA, &version);
	if (r)
		return configs_fail_call(c, r);
	return configs_fail(c, "java.util.concurrent.ExecutionException: "
			       "org.apache.kafka.common.errors.UnsupportedVersionException: The "
			       "node does not support LIST_CLIENT_METRICS_RESOURCES");
}

static int list_entities(struct configs *c, struct name_list *ret)
{
	if (configs_is(c, ENTITY_TOPICS))
		return list_topics(c, ret);
	if (configs_is(c, ENTITY_CLIENT_METRICS))
		return list_client_metrics(c);
	return list_brokers(c, ret);
}

int configs_describe_resources(struct configs *c)
{
	struct name_list names = {NULL, 0, 0};
	int r = 0;

	if (c->names.n > 0)
		name_list_add(&names, c->names.v[0]);
	else
		r = list_entities(c, &names);
	for (size_t i = 0; i < names.n && !r; i++)
		r = describe_one(c, names.v[i]);
	name_list_fini(&names);
	return r;
}

/* ---- changing ---- */

static int send_changes(struct configs *c, const struct resource *r)
{
	struct incremental_alter_configs_request_alter_configs_resource changed;
	struct incremental_alter_configs_request in;
	struct incremental_alter_configs_response out;
	size_t n = c->add.n + c->remove.n;
	int failed;

	CODEC_INIT(incremental_alter_configs_request_alter_configs_resource, &changed);
	changed.resource_type = r->type;
	changed.resource_name = str_of(r->name);
	changed.configs =
		CODEC_NEW(&c->arena, incremental_alter_configs_request_alterable_config, n);
	changed.configs_n = (int32_t)n;
	for (size_t i = 0; i < n; i++) {
		bool set = i < c->add.n;

		changed.configs[i].config_operation = set ? OPERATION_SET : OPERATION_DELETE;
		changed.configs[i].name =
			str_of(set ? c->add.v[i].key : c->remove.v[i - c->add.n]);
		changed.configs[i].value = str_of(set ? c->add.v[i].value : "");
	}
	CODEC_INIT(incremental_alter_configs_request, &in);
	in.resources = &changed;
	in.resources_n = 1;
	configs_begin(c, "incrementalAlterConfigs", ALTER_WAIT_MS, ALTER_CLIENT_MS);
	failed = admin_call_broker(
		c->admin, r->node, API_INCREMENTAL_ALTER_CONFIGS, &in, &c->arena, &out);
	if (failed)
		return configs_fail_call(c, failed);
	if (out.responses_n > 0 && out.responses[0].error_code)
		return configs_fail_code(
			c, out.responses[0].error_code, out.responses[0].error_message);
	return 0;
}

/* The settings of a broker are sent whole. */
static int send_set(struct configs *c, const struct resource *r, const struct properties *set)
{
	struct alter_configs_request_alter_configs_resource changed;
	struct alter_configs_request in;
	struct alter_configs_response out;
	int failed;

	CODEC_INIT(alter_configs_request_alter_configs_resource, &changed);
	changed.resource_type = r->type;
	changed.resource_name = str_of(r->name);
	changed.configs = CODEC_NEW(&c->arena, alter_configs_request_alterable_config, set->n);
	changed.configs_n = (int32_t)set->n;
	for (size_t i = 0; i < set->n; i++) {
		changed.configs[i].name = str_of(set->v[i].key);
		changed.configs[i].value = str_of(set->v[i].value);
	}
	CODEC_INIT(alter_configs_request, &in);
	in.resources = &changed;
	in.resources_n = 1;
	configs_begin(c, "alterConfigs", ALTER_WAIT_MS, ALTER_CLIENT_MS);
	failed = admin_call_broker(c->admin, r->node, API_ALTER_CONFIGS, &in, &c->arena, &out);
	if (failed)
		return configs_fail_call(c, failed);
	if (out.responses_n > 0 && out.responses[0].error_code)
		return configs_fail_code(
			c, out.responses[0].error_code, out.responses[0].error_message);
	return 0;
}

/* What is set now. Values that the broker keeps secret are not in `ret` but in `secret`. */
static int read_set(struct configs *c, const struct resource *r, struct properties *ret,
	struct name_list *secret)
{
	struct entries e;

	if (describe(c, r, false, false, &e))
		return -1;
	for (size_t i = 0; i < e.n; i++) {
		CLEANUP(freep) char *name = str_dup(e.v[i]->name);
		CLEANUP(freep) char *value = str_dup(e.v[i]->value);

		properties_set(ret, name, value ? value : "", 0);
		if (!value && secret)
			name_list_add(secret, arena_strdup(&c->arena, e.v[i]->name));
	}
	return 0;
}

static int alter_topic(struct configs *c, const struct resource *r)
{
	struct properties have = PROPERTIES_INIT;
	int failed = read_set(c, r, &have, NULL);

	if (!failed)
		failed = configs_check_removed(c, &have);
	properties_fini(&have);
	return failed ? -1 : send_changes(c, r);
}

/* Secret settings that this change neither sets nor removes would be lost. */
static int check_secrets(struct configs *c, const struct name_list *secret)
{
	struct name_list lost = {NULL, 0, 0};
	char *text;

	for (size_t i = 0; i < secret->n; i++)
		if (!properties_get(&c->add, secret->v[i]) && !name_list_have(&c->remove, secret->v[i]))
			name_list_add(&lost, secret->v[i]);
	text = name_list_join(&lost, ", ");
	if (lost.n > 0)
		(void)configs_refuse(c,
			"All sensitive broker config entries must be specified for --alter, "
			"missing entries: Set(%s)",
			text);
	free(text);
	name_list_fini(&lost);
	return c->message ? -1 : 0;
}

static int alter_broker(struct configs *c, const struct resource *r)
{
	struct properties set = PROPERTIES_INIT;
	struct name_list secret = {NULL, 0, 0};
	int failed = read_set(c, r, &set, &secret);

	if (!failed)
		failed = configs_check_removed(c, &set);
	if (!failed)
		failed = check_secrets(c, &secret);
	for (size_t i = 0; i < c->add.n && !failed; i++)
		properties_set(&set, c->add.v[i].key, c->add.v[i].value, 0);
	for (size_t i = 0; i < c->remove.n && !failed; i++)
		properties_remove(&set, c->remove.v[i]);
	if (!failed)
		failed = send_set(c, r, &set);
	name_list_fini(&secret);
	properties_fini(&set);
	return failed;
}

static int check_loggers(struct configs *c, const struct properties *have)
{
	struct name_list unknown = {NULL, 0, 0};
	char *text;

	for (size_t i = 0; i < c->remove.n; i++)
		if (!properties_get(have, c->remove.v[i]))
			name_list_add(&unknown, c->remove.v[i]);
	for (size_t i = 0; i < c->add.n; i++)
		if (!properties_get(have, c->add.v[i].key))
			name_list_add(&unknown, c->add.v[i].key);
	text = name_list_join(&unknown, ",");
	if (unknown.n > 0)
		(void)configs_refuse(c, "Invalid broker logger(s): %s", text);
	free(text);
	name_list_fini(&unknown);
	return c->message ? -1 : 0;
}

static int alter_logger(struct configs *c, const struct resource *r)
{
	struct properties have = PROPERTIES_INIT;
	int failed = read_set(c, r, &have, NULL);

	if (!failed)
		failed = check_loggers(c, &have);
	properties_fini(&have);
	return failed ? -1 : send_changes(c, r);
}

int configs_alter_resource(struct configs *c)
{
	struct resource r;

	if (make_resource(c, c->names.v[0], &r))
		return -1;
	if (configs_is(c, ENTITY_BROKERS))
		return alter_broker(c, &r);
	if (configs_is(c, ENTITY_BROKER_LOGGERS))
		return alter_logger(c, &r);
	return alter_topic(c, &r);
}
