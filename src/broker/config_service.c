/* config_service.c - DescribeConfigs, AlterConfigs and IncrementalAlterConfigs (ConfigHelper, ConfigAdminManager and
 * ZkAdminManager of 3.9), and the settings that other handlers read.
 */
#define LOG_CLASS "kafka.server.ZkAdminManager"

#include "broker/config_service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/logger.h"
#include "broker/config.h"
#include "broker/config_alter.h"
#include "broker/config_describe.h"
#include "broker/config_loggers.h"
#include "broker/config_passwords.h"
#include "broker/config_priv.h"
#include "broker/dynamic_config.h"
#include "broker/topic_config.h"
#include "controller/entity_config.h"
#include "controller/topic_admin.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "zk/path.h"
#include "zk/znode.h"

struct config_services {
	struct config_service table;
	struct dynamic_config *dynamic;
	struct metadata *metadata;
	struct zk_session *zk;
};

static int PRINTF(4, 5)
	answer(struct arena *a, int r, struct str *ret_message, const char *fmt, ...)
{
	char text[CONFIG_ERROR_MAX];
	va_list va;

	va_start(va, fmt);
	vsnprintf(text, sizeof(text), fmt, va);
	va_end(va);
	*ret_message = arena_str(a, text);
	return r;
}

static bool known_topic(const struct config_services *s, struct str name)
{
	struct image *image = metadata_image(s->metadata);
	bool known = image_topic(image, name) != NULL;

	image_unref(image);
	return known;
}

/* "" (the cluster's default, only if allowed) or this broker's id. 0 | KERR_INVALID_REQUEST. */
static int check_broker_name(const struct config_services *s, struct arena *a, struct str name,
	const char *what, const char *allowed, struct str *ret_message)
{
	int64_t id;

	if (!str_to_i64(name, INT32_MIN, INT32_MAX, &id))
		return answer(a, KERR_INVALID_REQUEST, ret_message,
			"%s id must be an integer, but it is: %.*s", what, STR_ARG(name));
	if (id == dynamic_config_broker_id(s->dynamic))
		return 0;
	return answer(a, KERR_INVALID_REQUEST, ret_message,
		"Unexpected broker id, expected %d%s but received %.*s",
		(int)dynamic_config_broker_id(s->dynamic), allowed, STR_ARG(name));
}

/* --- loggers --- */

static int describe_loggers(const struct config_services *s, const struct describe_query *q,
	struct str name, struct config_entry **ret, int32_t *ret_n, struct str *ret_message)
{
	int r;

	if (name.len <= 0)
		return answer(
			q->arena, KERR_INVALID_REQUEST, ret_message, "Broker id must not be empty");
	r = check_broker_name(s, q->arena, name, "Broker", "", ret_message);
	return r ? r : config_loggers_describe(q, ret, ret_n);
}

static int alter_loggers(const struct config_services *s, struct arena *a, struct str name,
	const struct config_change *v, int32_t n, bool validate_only, struct str *ret_message)
{
	int r = check_broker_name(s, a, name, "Node", ",", ret_message);

	return r ? r : config_loggers_alter(a, v, n, validate_only, ret_message);
}

/* --- describing --- */

static int describe_broker_resource(const struct config_services *s, const struct describe_query *q,
	struct str name, struct config_entry **ret, int32_t *ret_n, struct str *ret_message)
{
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(s->dynamic);
	int r = 0;

	if (name.len > 0)
		r = check_broker_name(
			s, q->arena, name, "Broker", " or empty string,", ret_message);
	if (r)
		return r;
	return describe_broker(c, name.len <= 0, q, ret, ret_n);
}

static int describe_topic_resource(const struct config_services *s, const struct describe_query *q,
	struct str name, struct config_entry **ret, int32_t *ret_n, struct str *ret_message)
{
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(s->dynamic);
	struct properties overrides = PROPERTIES_INIT;
	char *topic;
	int r = topic_name_check(q->arena, name, ret_message);

	if (r)
		return r;
	if (!known_topic(s, name))
		return KERR_UNKNOWN_TOPIC_OR_PARTITION; /* without a message, as Kafka */
	topic = str_dup(name);
	dynamic_config_overrides(s->dynamic, topic, &overrides);
	free(topic);
	r = describe_topic(c, &overrides, q, ret, ret_n);
	properties_fini(&overrides);
	return r;
}

static int describe(void *arg, struct arena *a, int8_t resource_type, struct str name,
	const struct str *keys, int32_t keys_n, bool synonyms, bool documentation,
	struct config_entry **ret, int32_t *ret_n, struct str *ret_message)
{
	const struct config_services *s = arg;
	const struct describe_query q = {a, keys, keys_n, synonyms, documentation};

	switch (resource_type) {
	case CONFIG_RESOURCE_TOPIC:
		return describe_topic_resource(s, &q, name, ret, ret_n, ret_message);
	case CONFIG_RESOURCE_BROKER:
		return describe_broker_resource(s, &q, name, ret, ret_n, ret_message);
	case CONFIG_RESOURCE_BROKER_LOGGER:
		return describe_loggers(s, &q, name, ret, ret_n, ret_message);
	default:
		return answer(a, KERR_INVALID_REQUEST, ret_message, "Unsupported resource type: %d",
			resource_type);
	}
}

/* --- topics to be created --- */

static int overrides_of(const struct topic_override *v, int32_t n, struct properties *ret)
{
	if (n > CONFIG_CHANGES_MAX)
		return KERR_INVALID_CONFIG;
	for (int32_t i = 0; i < n; i++) {
		char *name, *value;

		if (v[i].value.len < 0 || !str_is_utf8(v[i].name) || !str_is_utf8(v[i].value))
			return KERR_INVALID_CONFIG;
		name = str_dup(v[i].name);
		value = str_dup(v[i].value);
		properties_set(ret, name ? name : "", value, 0);
		free(name);
		free(value);
	}
	return config_set_fits(ret) ? 0 : KERR_INVALID_CONFIG;
}

static int describe_overrides(void *arg, struct arena *a, const struct topic_override *overrides,
	int32_t n, struct config_entry **ret, int32_t *ret_n)
{
	const struct config_services *s = arg;
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(s->dynamic);
	const struct describe_query q = {.arena = a};
	struct properties p = PROPERTIES_INIT;
	int r;

	(void)overrides_of(overrides, n, &p); /* checked before; what is wrong is left out */
	r = describe_topic(c, &p, &q, ret, ret_n);
	properties_fini(&p);
	return r;
}

static int refuse_overrides(
	struct arena *a, const struct topic_override *v, int32_t n, struct str *ret_message)
{
	char names[CONFIG_ERROR_MAX / 2] = "";
	size_t at = 0;

	for (int32_t i = 0; i < n && at < sizeof(names); i++) {
		if (v[i].value.len < 0)
			at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%.*s",
				at ? "," : "", STR_ARG(v[i].name));
	}
	if (at)
		return answer(a, KERR_INVALID_CONFIG, ret_message,
			"Null value not supported for topic configs: %s", names);
	return answer(a, KERR_INVALID_CONFIG, ret_message,
		"Config names and values must be valid UTF-8 text, and fit into a znode together");
}

static int validate_overrides(void *arg, struct arena *a, const struct topic_override *overrides,
	int32_t n, struct str *ret_message)
{
	const struct config_services *s = arg;
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(s->dynamic);
	struct properties p = PROPERTIES_INIT;
	char why[CONFIG_ERROR_MAX];
	bool is_value;
	int r = overrides_of(overrides, n, &p);

	if (r)
		r = refuse_overrides(a, overrides, n, ret_message);
	else if (topic_config_check(c, &p, why, &is_value))
		r = answer(a, KERR_INVALID_CONFIG, ret_message, "%s", why);
	properties_fini(&p);
	return r;
}

/* --- altering --- */

/* What an entity has stored. What cannot be read counts as nothing: it is about to be replaced. 0 | -errno */
static int read_set(const struct config_services *s, const char *type, const char *name, struct properties *p)
{
	struct znode_config z = ZNODE_CONFIG_INIT;
	int r = entity_config_read(s->zk, type, name, &z);

	if (r < 0 && r != -EBADMSG)
		return FAIL(r);
	for (size_t i = 0; r == 0 && i < z.n; i++)
		properties_set(p, z.pairs[i].name, z.pairs[i].value, 0);
	znode_config_fini(&z);
	return 0;
}

static bool mentions(const struct config_change *v, int32_t n, const char *name)
{
	while (n-- > 0) {
		if (str_is(v[n].name, name))
			return true;
	}
	return false;
}

/* Passwords that this broker cannot decode are not lost by a change of something else. `p`: as it will be stored. */
static void keep_undecoded(const struct config_change *v, int32_t n, const struct properties *stored, struct properties *p)
{
	for (size_t i = 0; i < stored->n; i++) {
		const char *name = stored->v[i].key;

		if (config_is_password(name) && !properties_get(p, name) && !mentions(v, n, name))
			properties_set(p, name, stored->v[i].value, 0);
	}
}

static int write_set(const struct config_services *s, struct arena *a, const char *type,
	const char *name, const struct properties *p, struct str *ret_message)
{
	struct znode_config z = ZNODE_CONFIG_INIT;
	int r;

	if (!config_set_fits(p))
		return answer(a, KERR_INVALID_REQUEST, ret_message,
			"The configs of this resource do not fit into a znode");
	for (size_t i = 0; i < p->n; i++)
		znode_config_put(&z, p->v[i].key, p->v[i].value);
	r = entity_config_write(s->zk, type, name, &z, true);
	znode_config_fini(&z);
	if (r == KERR_STALE_CONTROLLER_EPOCH)
		return answer(a, r, ret_message, "%s", kerr_text(r));
	return r < 0 ? FAIL(r) : r;
}

static int alter_topic(const struct config_services *s, struct arena *a, struct str name,
	const struct config_change *v, int32_t n, bool incremental, bool validate_only,
	struct str *ret_message)
{
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(s->dynamic);
	struct properties p = PROPERTIES_INIT;
	char why[CONFIG_ERROR_MAX], *topic;
	bool is_value = false;
	int r;

	if (name.len <= 0)
		return answer(a, KERR_INVALID_REQUEST, ret_message,
			"Default topic resources are not allowed.");
	if (!known_topic(s, name))
		return answer(a, KERR_UNKNOWN_TOPIC_OR_PARTITION, ret_message,
			"The topic '%.*s' does not exist.", STR_ARG(name));
	topic = str_dup(name);
	r = incremental ? read_set(s, "topics", topic, &p) : 0;
	if (r == 0)
		r = config_changes_apply(&p, v, n, config_topic_row, why);
	if (r == 0)
		r = topic_config_check(c, &p, why, &is_value);
	if (r > 0 && is_value)
		r = answer(a, r, ret_message,
			"Invalid config value for resource ConfigResource(type=TOPIC, "
			"name='%.200s'): %.700s",
			topic, why);
	else if (r > 0)
		r = answer(a, r, ret_message, "%s", why);
	else if (r == 0 && !validate_only)
		r = write_set(s, a, "topics", topic, &p, ret_message);
	if (r == 0 && !validate_only)
		log_info("Updating topic %s with new configuration of %zu entries", topic, p.n);
	free(topic);
	properties_fini(&p);
	return r;
}

/* Encodes passwords and writes; "Invalid config value for resource ..." when they cannot be encoded. */
static int write_broker(const struct config_services *s, struct arena *a, const char *entity,
	const struct config_change *v, int32_t n, const struct properties *stored, struct properties *p,
	struct str *ret_message)
{
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(s->dynamic);
	bool per_broker = strcmp(entity, ZK_DEFAULT_ENTITY) != 0;
	char why[CONFIG_ERROR_MAX];

	if (config_passwords_encode(c, p, per_broker, why))
		return answer(a, KERR_INVALID_CONFIG, ret_message,
			"Invalid config value for resource ConfigResource(type=BROKER, name='%s'): %.900s",
			per_broker ? entity : "", why);
	keep_undecoded(v, n, stored, p);
	return write_set(s, a, "brokers", entity, p, ret_message);
}

/* The set of a broker or the cluster's default with the changes applied, passwords decoded. */
static int new_broker_set(const struct config_services *s, const struct properties *stored, bool per_broker,
	const struct config_change *v, int32_t n, struct properties *p, char *why)
{
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(s->dynamic);

	properties_copy(stored, p);
	config_clean_dynamic(p, per_broker);
	config_passwords_decode(c, p);
	return config_changes_apply(p, v, n, config_broker_row, why);
}

static int alter_broker(const struct config_services *s, struct arena *a, struct str name,
	const struct config_change *v, int32_t n, bool incremental, bool validate_only,
	struct str *ret_message)
{
	struct properties stored = PROPERTIES_INIT, p = PROPERTIES_INIT;
	char why[CONFIG_ERROR_MAX], entity[16] = ZK_DEFAULT_ENTITY;
	bool per_broker = name.len > 0;
	int r = 0;

	if (per_broker)
		r = check_broker_name(s, a, name, "Node", ",", ret_message);
	if (r)
		return r;
	if (per_broker)
		snprintf(entity, sizeof(entity), "%d", (int)dynamic_config_broker_id(s->dynamic));
	r = incremental ? read_set(s, "brokers", entity, &stored) : 0;
	if (r == 0)
		r = new_broker_set(s, &stored, per_broker, v, n, &p, why);
	if (r > 0)
		r = answer(a, r, ret_message, "%s", why);
	else if (r == 0 && dynamic_config_validate(s->dynamic, &p, per_broker, why))
		r = answer(a, KERR_INVALID_REQUEST, ret_message, "%s",
			why); /* 42, not 40: KAFKA-13609 */
	else if (r == 0 && !validate_only)
		r = write_broker(s, a, entity, v, n, &stored, &p, ret_message);
	if (r == 0 && !validate_only)
		log_info("Updating broker%s%s with new configuration of %zu entries",
			per_broker ? " " : "s", per_broker ? entity : "", p.n);
	properties_fini(&stored);
	properties_fini(&p);
	return r;
}

static int alter(void *arg, struct arena *a, int8_t resource_type, struct str name,
	const struct config_change *v, int32_t n, bool incremental, bool validate_only,
	struct str *ret_message)
{
	const struct config_services *s = arg;
	char why[CONFIG_ERROR_MAX];
	int r = config_changes_check(v, n, incremental, why);

	if (r)
		return answer(a, r, ret_message, "%s", why);
	switch (resource_type) {
	case CONFIG_RESOURCE_TOPIC:
		return alter_topic(s, a, name, v, n, incremental, validate_only, ret_message);
	case CONFIG_RESOURCE_BROKER:
		return alter_broker(s, a, name, v, n, incremental, validate_only, ret_message);
	case CONFIG_RESOURCE_BROKER_LOGGER:
		if (incremental)
			return alter_loggers(s, a, name, v, n, validate_only, ret_message);
		break;
	case CONFIG_RESOURCE_CLIENT_METRICS:
		return answer(a, KERR_INVALID_REQUEST, ret_message,
			"AlterConfigs is only supported for topics and brokers, but resource type "
			"is CLIENT_METRICS");
	default:
		break;
	}
	return answer(
		a, KERR_INVALID_REQUEST, ret_message, "Unknown resource type %d", resource_type);
}

/* --- settings of other handlers --- */

static void settings(void *arg, struct broker_settings *ret)
{
	const struct config_services *s = arg;
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(s->dynamic);

	*ret = (struct broker_settings){
		.rack_aware_reads = config_reads_by_rack(c),
		.num_partitions = config_int(c, CFG_NUM_PARTITIONS),
		.default_replication_factor = config_int(c, CFG_DEFAULT_REPLICATION_FACTOR),
		.auto_create_topics = config_bool(c, CFG_AUTO_CREATE_TOPICS_ENABLE),
		.delete_topics = config_bool(c, CFG_DELETE_TOPIC_ENABLE),
		.fetch_max_bytes = config_int(c, CFG_FETCH_MAX_BYTES),
		.fetch_session_slots = config_int(c, CFG_MAX_INCREMENTAL_FETCH_SESSION_CACHE_SLOTS),
		.offsets_topic_partitions = config_int(c, CFG_OFFSETS_TOPIC_NUM_PARTITIONS),
		.transaction_topic_partitions =
			config_int(c, CFG_TRANSACTION_STATE_LOG_NUM_PARTITIONS),
		.transaction_max_timeout_ms = config_int(c, CFG_TRANSACTION_MAX_TIMEOUT_MS),
		.request_timeout_ms = config_int(c, CFG_REQUEST_TIMEOUT_MS),
	};
}

struct config_services *config_services_new(
	struct dynamic_config *d, struct metadata *metadata, struct zk_session *zk)
{
	struct config_services *s = xcalloc(1, sizeof(*s));

	s->dynamic = d;
	s->metadata = metadata;
	s->zk = zk;
	s->table = (struct config_service){
		.arg = s,
		.settings = settings,
		.describe = describe,
		.describe_overrides = describe_overrides,
		.validate_overrides = validate_overrides,
		.alter = alter,
	};
	return s;
}

struct config_services *config_services_free(struct config_services *s)
{
	free(s);
	return NULL;
}

const struct config_service *config_services_table(const struct config_services *s)
{
	return &s->table;
}
