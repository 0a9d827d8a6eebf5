/* test_config_service.c - what clients are answered when they describe and alter configurations.
 *
 * ZooKeeper, metadata and the dynamic configuration are played here; the real ones are not linked.
 */
#include "broker/config_service.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log_levels.h"
#include "base/logger.h"
#include "broker/config.h"
#include "broker/config_alter.h"
#include "broker/dynamic_config.h"
#include "security/password_encoder.h"
#include "controller/entity_config.h"
#include "controller/topic_admin.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "zk/znode.h"

#define BROKER 1

static struct arena arena;
static struct config *current;
static char stored[2048];  /* JSON of the one entity there is */
static char written[4096]; /* "topics/t retention.ms=5 ..." of the last write */
static int write_result;
static char last_value[2048]; /* of the entry written last */
static struct config_services *services;
static const struct config_service *s;
static char why[CONFIG_ERROR_MAX];

/* --- the parts played --- */

struct config *dynamic_config_current(struct dynamic_config *d)
{
	(void)d;
	return config_ref(current);
}

int32_t dynamic_config_broker_id(const struct dynamic_config *d)
{
	(void)d;
	return BROKER;
}

static void stored_to(struct znode_config *z)
{
	assert_int_equal(znode_config_decode(stored, (int32_t)strlen(stored), z), 0);
}

void dynamic_config_overrides(struct dynamic_config *d, const char *topic, struct properties *ret)
{
	struct znode_config z = ZNODE_CONFIG_INIT;

	(void)d;
	(void)topic;
	stored_to(&z);
	for (size_t i = 0; i < z.n; i++)
		properties_set(ret, z.pairs[i].name, z.pairs[i].value, 0);
	znode_config_fini(&z);
}

int dynamic_config_validate(struct dynamic_config *d, const struct properties *p, bool per_broker,
	char text[CONFIG_ERROR_MAX])
{
	(void)d;
	return config_check_dynamic(p, per_broker, text);
}

int entity_config_read(
	struct zk_session *zk, const char *type, const char *name, struct znode_config *ret)
{
	(void)zk;
	(void)type;
	(void)name;
	stored_to(ret);
	return 0;
}

int entity_config_write(struct zk_session *zk, const char *type, const char *name,
	const struct znode_config *c, bool notify)
{
	size_t at = (size_t)snprintf(written, sizeof(written), "%s/%s", type, name);

	(void)zk;
	assert_true(notify);
	for (size_t i = 0; i < c->n; i++)
		at += (size_t)snprintf(written + at, sizeof(written) - at, " %s=%s",
			c->pairs[i].name, c->pairs[i].value);
	if (c->n > 0)
		snprintf(last_value, sizeof(last_value), "%s", c->pairs[c->n - 1].value);
	return write_result;
}

struct image *metadata_image(struct metadata *m)
{
	(void)m;
	return NULL;
}

struct image *image_unref(const struct image *i)
{
	assert_null(i);
	return NULL;
}

const struct image_topic *image_topic(const struct image *i, struct str name)
{
	static const struct image_topic t = {.name = NULL};

	(void)i;
	return str_is(name, "t") ? &t : NULL;
}

int topic_name_check(struct arena *a, struct str name, struct str *ret_message)
{
	if (!str_is(name, "bad/name"))
		return 0;
	*ret_message = arena_str(a, "Topic name is invalid");
	return KERR_INVALID_TOPIC_EXCEPTION;
}

/* --- helpers --- */

static void ignore(enum log_level level, const char *cls, const char *msg)
{
	(void)level;
	(void)cls;
	(void)msg;
}

static int prepare(void **state)
{
	struct properties p = PROPERTIES_INIT;

	(void)state;
	arena_init(&arena, 0);
	properties_set(&p, "zookeeper.connect", "z", 1);
	properties_set(&p, "num.partitions", "7", 2);
	assert_int_equal(config_new(&p, "f", &current, why), 0);
	properties_fini(&p);
	strcpy(stored, "{\"version\":1,\"config\":{}}");
	written[0] = '\0';
	write_result = 0;
	services = config_services_new(NULL, NULL, NULL);
	s = config_services_table(services);
	logger_capture(ignore);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	logger_capture(NULL);
	logger_set_level(LOG_INFO);
	services = config_services_free(services);
	current = config_unref(current);
	arena_fini(&arena);
	return 0;
}

static void described(int type, const char *name, int want, const char *message, int want_n)
{
	struct str text = STR_NULL;
	struct config_entry *v = NULL;
	int32_t n = -1;
	int r = s->describe(
		s->arg, &arena, (int8_t)type, str_of(name), NULL, 0, false, false, &v, &n, &text);

	assert_int_equal(r, want);
	if (message)
		assert_true(str_is(text, message));
	if (r == 0)
		assert_int_equal(n, want_n);
}

/* One change, with what it is answered. */
static void altered(int type, const char *name, int op, const char *key, const char *value,
	int want, const char *message)
{
	const struct config_change c = {str_of(key), str_of(value), (int8_t)op};
	struct str text = STR_NULL;

	written[0] = '\0';
	assert_int_equal(
		s->alter(s->arg, &arena, (int8_t)type, str_of(name), &c, 1, true, false, &text),
		want);
	if (message && !str_is(text, message))
		fail_msg("answered '%.*s', wanted '%s'", STR_ARG(text), message);
	if (want)
		assert_string_equal(written, "");
}

/* --- tests --- */

static void test_who_may_be_described(void **state)
{
	(void)state;
	described(CONFIG_RESOURCE_TOPIC, "t", 0, NULL, 36);
	described(CONFIG_RESOURCE_TOPIC, "gone", KERR_UNKNOWN_TOPIC_OR_PARTITION, NULL, 0);
	described(CONFIG_RESOURCE_TOPIC, "bad/name", KERR_INVALID_TOPIC_EXCEPTION,
		"Topic name is invalid", 0);
	described(CONFIG_RESOURCE_BROKER, "1", 0, NULL, 328 - 14);
	described(CONFIG_RESOURCE_BROKER, "", 0, NULL, 0);
	described(CONFIG_RESOURCE_BROKER, "2", KERR_INVALID_REQUEST,
		"Unexpected broker id, expected 1 or empty string, but received 2", 0);
	described(CONFIG_RESOURCE_BROKER, "x", KERR_INVALID_REQUEST,
		"Broker id must be an integer, but it is: x", 0);
	described(CONFIG_RESOURCE_BROKER_LOGGER, "", KERR_INVALID_REQUEST,
		"Broker id must not be empty", 0);
	described(CONFIG_RESOURCE_CLIENT_METRICS, "x", KERR_INVALID_REQUEST, NULL, 0);
	described(99, "x", KERR_INVALID_REQUEST, NULL, 0);
}

static void test_altering_topics(void **state)
{
	(void)state;
	strcpy(stored, "{\"version\":1,\"config\":{\"retention.ms\":\"1\"}}");
	altered(CONFIG_RESOURCE_TOPIC, "t", CONFIG_OP_SET, "segment.bytes", "100", 0, NULL);
	assert_string_equal(written, "topics/t retention.ms=1 segment.bytes=100");
	altered(CONFIG_RESOURCE_TOPIC, "t", CONFIG_OP_DELETE, "retention.ms", NULL, 0, NULL);
	assert_string_equal(written, "topics/t");
	altered(CONFIG_RESOURCE_TOPIC, "t", CONFIG_OP_SET, "segment.bytes", "1",
		KERR_INVALID_CONFIG,
		"Invalid config value for resource ConfigResource(type=TOPIC, name='t'): "
		"Invalid value 1 for configuration segment.bytes: Value must be at least 14");
	altered(CONFIG_RESOURCE_TOPIC, "t", CONFIG_OP_SET, "nope", "1", KERR_INVALID_CONFIG,
		"Unknown topic config name: nope");
	altered(CONFIG_RESOURCE_TOPIC, "t", CONFIG_OP_APPEND, "segment.bytes", "1",
		KERR_INVALID_CONFIG,
		"Config value append is not allowed for config key: segment.bytes");
	altered(CONFIG_RESOURCE_TOPIC, "gone", CONFIG_OP_SET, "segment.bytes", "100",
		KERR_UNKNOWN_TOPIC_OR_PARTITION, "The topic 'gone' does not exist.");
	altered(CONFIG_RESOURCE_TOPIC, "", CONFIG_OP_SET, "segment.bytes", "100",
		KERR_INVALID_REQUEST, "Default topic resources are not allowed.");
	altered(CONFIG_RESOURCE_TOPIC, "t", CONFIG_OP_SET, "segment.bytes", NULL,
		KERR_INVALID_REQUEST, "Null value not supported for : segment.bytes");
}

static void test_the_whole_set_is_replaced_without_increments(void **state)
{
	const struct config_change v[] = {{STR("a"), STR("1"), 0}, {STR("flush.ms"), STR("2"), 0}};
	struct str text = STR_NULL;

	(void)state;
	strcpy(stored, "{\"version\":1,\"config\":{\"retention.ms\":\"1\"}}");
	assert_int_equal(s->alter(s->arg, &arena, CONFIG_RESOURCE_TOPIC, STR("t"), v + 1, 1, false,
				 false, &text),
		0);
	assert_string_equal(written, "topics/t flush.ms=2");
	assert_int_equal(s->alter(s->arg, &arena, CONFIG_RESOURCE_TOPIC, STR("t"), v, 2, false,
				 false, &text),
		KERR_INVALID_CONFIG);
	written[0] = '\0';
	assert_int_equal(s->alter(s->arg, &arena, CONFIG_RESOURCE_TOPIC, STR("t"), v + 1, 1, false,
				 true, &text),
		0);
	assert_string_equal(written, ""); /* only validated */
	assert_int_equal(s->alter(s->arg, &arena, CONFIG_RESOURCE_BROKER_LOGGER, STR("1"), v, 1,
				 false, false, &text),
		KERR_INVALID_REQUEST);
}

static void test_altering_brokers(void **state)
{
	(void)state;
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_SET, "max.connections", "5", 0, NULL);
	assert_string_equal(written, "brokers/1 max.connections=5");
	altered(CONFIG_RESOURCE_BROKER, "", CONFIG_OP_SET, "max.connections", "5", 0, NULL);
	assert_string_equal(written, "brokers/<default> max.connections=5");
	altered(CONFIG_RESOURCE_BROKER, "2", CONFIG_OP_SET, "max.connections", "5",
		KERR_INVALID_REQUEST, "Unexpected broker id, expected 1, but received 2");
	altered(CONFIG_RESOURCE_BROKER, "a", CONFIG_OP_SET, "max.connections", "5",
		KERR_INVALID_REQUEST, "Node id must be an integer, but it is: a");
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_SET, "broker.id", "5", KERR_INVALID_REQUEST,
		"Cannot update these configs dynamically: Set(broker.id)");
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_SET, "max.connections", "-5",
		KERR_INVALID_REQUEST,
		"Invalid value -5 for configuration max.connections: Value must be at least 0");
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_APPEND, "log.cleanup.policy", "compact", 0,
		NULL);
	assert_string_equal(written, "brokers/1 log.cleanup.policy=delete,compact");
	altered(CONFIG_RESOURCE_CLIENT_METRICS, "m", CONFIG_OP_SET, "a", "b", KERR_INVALID_REQUEST,
		NULL);
	altered(64, "m", CONFIG_OP_SET, "a", "b", KERR_INVALID_REQUEST, "Unknown resource type 64");
}

/* This broker's configuration with one more static key. */
static void configure(const char *key, const char *value)
{
	struct properties p = PROPERTIES_INIT;

	properties_set(&p, "zookeeper.connect", "z", 1);
	properties_set(&p, key, value, 2);
	config_unref(current);
	assert_int_equal(config_new(&p, "f", &current, why), 0);
	properties_fini(&p);
}

#define KEYSTORE "listener.name.plaintext.ssl.keystore.password"

static void test_passwords_are_stored_encoded(void **state)
{
	const struct password_encoder e = {"top", NULL, "AES/CBC/PKCS5Padding", 128, 1024};
	char *encoded, *plain;

	(void)state;
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_SET, KEYSTORE, "opensesame", KERR_INVALID_CONFIG,
		"Invalid config value for resource ConfigResource(type=BROKER, name='1'): Password encoder "
		"secret not configured");
	configure("password.encoder.secret", "top");
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_SET, KEYSTORE, "opensesame", 0, NULL);
	assert_null(strstr(written, "opensesame"));
	assert_int_equal(password_decode("top", last_value, &plain), 0);
	assert_string_equal(plain, "opensesame");
	free(plain);
	/* what is stored is encoded once, not twice, when something else changes */
	assert_int_equal(password_encode(&e, "stored", &encoded), 0);
	snprintf(stored, sizeof(stored),
		"{\"version\":1,\"config\":{\"max.connections\":\"3\",\"" KEYSTORE "\":\"%s\"}}", encoded);
	free(encoded);
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_SET, "max.connections", "4", 0, NULL);
	assert_int_equal(strncmp(written, "brokers/1 max.connections=4 " KEYSTORE "=", 28), 0);
	assert_int_equal(password_decode("top", last_value, &plain), 0);
	assert_string_equal(plain, "stored");
	free(plain);
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_DELETE, KEYSTORE, NULL, 0, NULL);
	assert_string_equal(written, "brokers/1 max.connections=3");
	altered(CONFIG_RESOURCE_BROKER, "", CONFIG_OP_SET, "any.plugin.ssl.key.password", "x", KERR_INVALID_CONFIG,
		"Invalid config value for resource ConfigResource(type=BROKER, name=''): Password config can "
		"be defined only at broker level");
}

static void test_what_cannot_be_decoded_is_not_lost(void **state)
{
	(void)state;
	strcpy(stored, "{\"version\":1,\"config\":{\"" KEYSTORE "\":\"of another secret\"}}");
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_SET, "max.connections", "4", 0, NULL);
	assert_string_equal(written, "brokers/1 max.connections=4 " KEYSTORE "=of another secret");
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_DELETE, KEYSTORE, NULL, 0, NULL);
	assert_string_equal(written, "brokers/1");
}

static void test_a_failed_write_is_told(void **state)
{
	const struct config_change c = {STR("flush.ms"), STR("2"), 0};
	struct str text = STR_NULL;

	(void)state;
	write_result = KERR_STALE_CONTROLLER_EPOCH;
	assert_int_equal(s->alter(s->arg, &arena, CONFIG_RESOURCE_TOPIC, STR("t"), &c, 1, true,
				 false, &text),
		KERR_STALE_CONTROLLER_EPOCH);
	assert_true(text.len > 0);
	write_result = -ESTALE;
	assert_int_equal(s->alter(s->arg, &arena, CONFIG_RESOURCE_TOPIC, STR("t"), &c, 1, true,
				 false, &text),
		-ESTALE);
}

static void test_what_does_not_fit_into_a_znode_is_refused(void **state)
{
	struct config_change many[CONFIG_CHANGES_MAX + 1] = {0};
	struct topic_override big[1];
	struct str text = STR_NULL;
	char *value = malloc(600 * 1024);

	(void)state;
	assert_non_null(value);
	memset(value, '*', 600 * 1024);
	value[600 * 1024 - 1] = '\0';
	altered(CONFIG_RESOURCE_BROKER, "1", CONFIG_OP_SET, "some.plugin.key", value,
		KERR_INVALID_REQUEST, "The configs of this resource do not fit into a znode");
	big[0] = (struct topic_override){STR("retention.ms"), str_of(value)};
	assert_int_equal(s->validate_overrides(s->arg, &arena, big, 1, &text), KERR_INVALID_CONFIG);
	free(value);
	assert_int_equal(s->alter(s->arg, &arena, CONFIG_RESOURCE_TOPIC, STR("t"), many,
				 CONFIG_CHANGES_MAX + 1, true, false, &text),
		KERR_INVALID_REQUEST);
	assert_true(str_is(text, "Too many configs for one resource"));
}

static enum log_level described_level(const char *name)
{
	struct str text = STR_NULL, key = str_of(name);
	struct config_entry *v = NULL;
	int32_t n = -1;

	assert_int_equal(s->describe(s->arg, &arena, CONFIG_RESOURCE_BROKER_LOGGER, STR("1"), &key, 1,
				 false, false, &v, &n, &text),
		0);
	assert_int_equal(n, 1);
	assert_true(str_is(v[0].name, name));
	assert_int_equal(v[0].source, CONFIG_SOURCE_DYNAMIC_BROKER_LOGGER);
	assert_false(v[0].read_only);
	for (int i = 0; i <= LOG_OFF; i++) {
		static const char *const names[] = {
			"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF"};

		if (str_is(v[0].value, names[i]))
			return (enum log_level)i;
	}
	fail_msg("no level: %.*s", STR_ARG(v[0].value));
	return LOG_OFF;
}

static void test_loggers(void **state)
{
	const int l = CONFIG_RESOURCE_BROKER_LOGGER;

	(void)state;
	altered(l, "1", CONFIG_OP_SET, "root", "WARN", 0, NULL);
	assert_int_equal(log_levels_get("any.Class"), LOG_WARN);
	assert_int_equal(described_level("root"), LOG_WARN);
	assert_int_equal(described_level("kafka.server.ZkAdminManager"), LOG_INFO); /* from "kafka" */
	altered(l, "1", CONFIG_OP_SET, "kafka.server", "TRACE", 0, NULL);
	assert_int_equal(described_level("kafka.server.ZkAdminManager"), LOG_TRACE);
	altered(l, "1", CONFIG_OP_SET, "kafka.server.ZkAdminManager", "FATAL", 0, NULL);
	assert_int_equal(described_level("kafka.server.ZkAdminManager"), LOG_FATAL);
	assert_int_equal(described_level("kafka.server"), LOG_TRACE);
	altered(l, "1", CONFIG_OP_DELETE, "kafka.server.ZkAdminManager", NULL, 0, NULL);
	assert_int_equal(described_level("kafka.server.ZkAdminManager"), LOG_TRACE);
	altered(l, "1", CONFIG_OP_SET, "no.such.Logger", "DEBUG", KERR_INVALID_CONFIG,
		"Logger no.such.Logger does not exist!");
	altered(l, "1", CONFIG_OP_SET, "root", "LOUD", KERR_INVALID_CONFIG,
		"Cannot set the log level of root to LOUD as it is not a supported log level. Valid "
		"log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN");
	altered(l, "1", CONFIG_OP_DELETE, "root", NULL, KERR_INVALID_REQUEST,
		"Removing the log level of the root logger is not allowed");
	altered(l, "1", CONFIG_OP_APPEND, "root", "INFO", KERR_INVALID_REQUEST,
		"APPEND operation is not allowed for the BROKER_LOGGER resource");
	altered(l, "2", CONFIG_OP_SET, "root", "INFO", KERR_INVALID_REQUEST, NULL);
}

static void test_a_bad_logger_spoils_the_whole_change(void **state)
{
	const struct config_change v[] = {
		{STR("kafka"), STR("TRACE"), CONFIG_OP_SET}, {STR("no.such"), STR("INFO"), CONFIG_OP_SET}};
	struct str text = STR_NULL;

	(void)state;
	assert_int_equal(s->alter(s->arg, &arena, CONFIG_RESOURCE_BROKER_LOGGER, STR("1"), v, 2, true,
				 false, &text),
		KERR_INVALID_CONFIG);
	assert_int_equal(log_levels_get("kafka"), LOG_INFO);
	assert_int_equal(s->alter(s->arg, &arena, CONFIG_RESOURCE_BROKER_LOGGER, STR("1"), v, 1, true,
				 true, &text),
		0);
	assert_int_equal(log_levels_get("kafka"), LOG_INFO); /* only validated */
}

static void test_overrides_of_new_topics(void **state)
{
	const struct topic_override good[] = {{STR("retention.ms"), STR("5")}};
	const struct topic_override null[] = {
		{STR("retention.ms"), STR_NULL}, {STR("flush.ms"), STR_NULL}};
	const struct topic_override bad[] = {{STR("retention.ms"), STR("x")}};
	struct str text = STR_NULL;
	struct config_entry *v;
	int32_t n;

	(void)state;
	assert_int_equal(s->validate_overrides(s->arg, &arena, good, 1, &text), 0);
	assert_int_equal(
		s->validate_overrides(s->arg, &arena, null, 2, &text), KERR_INVALID_CONFIG);
	assert_true(
		str_is(text, "Null value not supported for topic configs: retention.ms,flush.ms"));
	assert_int_equal(s->validate_overrides(s->arg, &arena, bad, 1, &text), KERR_INVALID_CONFIG);
	assert_true(str_is(
		text, "Invalid value x for configuration retention.ms: Not a number of type LONG"));
	assert_int_equal(s->describe_overrides(s->arg, &arena, good, 1, &v, &n), 0);
	assert_int_equal(n, 36);
	for (int32_t i = 0; i < n; i++) {
		if (str_is(v[i].name, "retention.ms"))
			assert_int_equal(v[i].source, CONFIG_SOURCE_TOPIC);
	}
}

static void test_settings_of_handlers(void **state)
{
	struct broker_settings b;

	(void)state;
	s->settings(s->arg, &b);
	assert_int_equal(b.num_partitions, 7);
	assert_true(b.auto_create_topics);
	assert_int_equal(b.fetch_max_bytes, 57671680);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, finish)
	const struct CMUnitTest tests[] = {
		TEST(test_who_may_be_described),
		TEST(test_altering_topics),
		TEST(test_the_whole_set_is_replaced_without_increments),
		TEST(test_altering_brokers),
		TEST(test_passwords_are_stored_encoded),
		TEST(test_what_cannot_be_decoded_is_not_lost),
		TEST(test_a_failed_write_is_told),
		TEST(test_what_does_not_fit_into_a_znode_is_refused),
		TEST(test_loggers),
		TEST(test_a_bad_logger_spoils_the_whole_change),
		TEST(test_overrides_of_new_topics),
		TEST(test_settings_of_handlers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
