/* test_client_properties.c - Java settings reach librdkafka under its names, wrong ones get Kafka's words. */
#include "tools/client_properties.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <string.h>

#include "tests/base/unit.h"
#include "tools/client_security.h"

static void expect_conf(rd_kafka_conf_t *conf, const char *name, const char *want)
{
	char got[256];
	size_t size = sizeof(got);

	if (rd_kafka_conf_get(conf, name, got, &size) != RD_KAFKA_CONF_OK)
		fail_msg("%s is unknown", name);
	if (strcmp(want, got) != 0)
		fail_msg("%s: wanted %s, got %s", name, want, got);
}

static void settings_are_translated(void **state)
{
	static const struct {
		enum client_kind kind;
		const char *key, *value, *name, *want;
	} cases[] = {
		{CLIENT_PRODUCER, "acks", "all", "acks", "-1"},
		{CLIENT_PRODUCER, "linger.ms", "5", "queue.buffering.max.ms", "5"},
		{CLIENT_PRODUCER, "buffer.memory", "33554432", "queue.buffering.max.kbytes",
			"32768"},
		{CLIENT_PRODUCER, "send.buffer.bytes", "-1", "socket.send.buffer.bytes", "0"},
		{CLIENT_PRODUCER, "max.request.size", "10", "message.max.bytes", "1000"},
		{CLIENT_PRODUCER, "compression.type", "zstd", "compression.codec", "zstd"},
		{CLIENT_PRODUCER, "delivery.timeout.ms", "7000", "message.timeout.ms", "7000"},
		{CLIENT_PRODUCER, "no.such.key", "ignored", "client.id", "rdkafka"},
		{CLIENT_CONSUMER, "auto.offset.reset", "none", "auto.offset.reset", "error"},
		{CLIENT_CONSUMER, "fetch.max.wait.ms", "100", "fetch.wait.max.ms", "100"},
		{CLIENT_CONSUMER, "isolation.level", "read_committed", "isolation.level",
			"read_committed"},
		{CLIENT_CONSUMER, "client.id", "x", "check.crcs", "true"}, /* Java's default */
		{CLIENT_CONSUMER, "partition.assignment.strategy",
			"org.apache.kafka.clients.consumer.RoundRobinAssignor",
			"partition.assignment.strategy", "roundrobin"},
		{CLIENT_CONSUMER, "security.protocol", "SASL_PLAINTEXT", "security.protocol",
			"sasl_plaintext"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct properties p = PROPERTIES_INIT;
		rd_kafka_conf_t *conf = rd_kafka_conf_new();
		char *error = NULL;

		properties_set(&p, cases[i].key, cases[i].value, 0);
		if (client_properties_apply(&p, cases[i].kind, conf, &error))
			fail_msg("%s=%s: %s", cases[i].key, cases[i].value, error);
		expect_conf(conf, cases[i].name, cases[i].want);
		rd_kafka_conf_destroy(conf);
		properties_fini(&p);
	}
}

static void wrong_values_are_refused(void **state)
{
	static const struct {
		enum client_kind kind;
		const char *key, *value, *want;
	} cases[] = {
		{CLIENT_PRODUCER, "acks", "7",
			"Invalid value 7 for configuration acks: String must be one of: all, -1, "
			"0, 1"},
		{CLIENT_PRODUCER, "compression.type", "lzx",
			"Invalid value lzx for configuration compression.type: String must be one "
			"of: none, gzip, "
			"snappy, lz4, zstd"},
		{CLIENT_PRODUCER, "linger.ms", "x",
			"Invalid value x for configuration linger.ms: Not a number of type LONG"},
		{CLIENT_CONSUMER, "auto.offset.reset", "foo",
			"Invalid value foo for configuration auto.offset.reset: String must be one "
			"of: latest, "
			"earliest, none"},
		{CLIENT_CONSUMER, "isolation.level", "foo",
			"Invalid value foo for configuration isolation.level: String must be one "
			"of: read_committed, "
			"read_uncommitted"},
		{CLIENT_CONSUMER, "ssl.truststore.location", "x.jks",
			"ssl.truststore.location=x.jks is not supported by this tool: only "
			"ssl.truststore.type=PEM can "
			"be read"},
		{CLIENT_CONSUMER, "ssl.cipher.suites", "A",
			"ssl.cipher.suites=A is not supported by this tool: OpenSSL has other "
			"names for them"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct properties p = PROPERTIES_INIT;
		rd_kafka_conf_t *conf = rd_kafka_conf_new();
		char *error = NULL;

		properties_set(&p, cases[i].key, cases[i].value, 0);
		assert_int_equal(-EINVAL, client_properties_apply(&p, cases[i].kind, conf, &error));
		assert_string_equal(cases[i].want, error);
		free(error);
		rd_kafka_conf_destroy(conf);
		properties_fini(&p);
	}
}

static void credentials_come_from_the_jaas_line(void **state)
{
	static const char jaas[] =
		"org.apache.kafka.common.security.plain.PlainLoginModule required "
		"username=\"a\\\"b\" password=\"p=w\";";
	struct properties p = PROPERTIES_INIT;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char *error = NULL;

	(void)state;
	properties_set(&p, "sasl.jaas.config", jaas, 0);
	assert_int_equal(0, client_security_apply(&p, conf, &error));
	expect_conf(conf, "sasl.username", "a\"b");
	expect_conf(conf, "sasl.password", "p=w");
	assert_null(jaas_option(jaas, "token"));
	properties_set(&p, "sasl.jaas.config", "a.Module required;", 0);
	assert_int_equal(-EINVAL, client_security_apply(&p, conf, &error));
	free(error);
	rd_kafka_conf_destroy(conf);
	properties_fini(&p);
}

static void server_lists(void **state)
{
	static const char *const bad[] = {"host", "host:", ":1", "host:x", "host:65536", "a:1,b"};
	struct server_list l;
	char *error = NULL;

	(void)state;
	assert_int_equal(0, server_list_parse(" a:1, [::1]:2,PLAINTEXT://c:3 ", &l, &error));
	assert_int_equal(3, l.n);
	assert_string_equal("a", l.v[0].host);
	assert_string_equal("::1", l.v[1].host);
	assert_int_equal(2, l.v[1].port);
	assert_string_equal("c", l.v[2].host);
	server_list_fini(&l);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(-EINVAL, server_list_parse(bad[i], &l, &error));
		assert_non_null(strstr(error, "Invalid url in bootstrap.servers: "));
		free(error);
	}
	assert_int_equal(-EINVAL, server_list_parse("", &l, &error));
	assert_string_equal("No resolvable bootstrap urls given in bootstrap.servers", error);
	free(error);
}

static void arguments_and_files(void **state)
{
	static const char *const args[] = {"a=1", "b=x=y", "c", "d="};
	struct properties p = PROPERTIES_INIT;
	char *error = NULL;

	(void)state;
	client_properties_arguments(&p, args, ARRAY_LEN(args));
	assert_string_equal("1", properties_get(&p, "a"));
	assert_string_equal("x=y", properties_get(&p, "b"));
	assert_string_equal("", properties_get(&p, "c"));
	assert_string_equal("", properties_get(&p, "d"));
	assert_int_equal(-ENOENT, client_properties_load(&p, "/no/such/file", &error));
	assert_string_equal("/no/such/file", error);
	free(error);
	properties_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_translated),
		cmocka_unit_test(wrong_values_are_refused),
		cmocka_unit_test(credentials_come_from_the_jaas_line),
		cmocka_unit_test(server_lists),
		cmocka_unit_test(arguments_and_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
