/* test_producer.c - what a producer's settings come to, and which records are too large; the texts are KafkaProducer's. */
#include "tools/producer.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

/* "key=value key=value", with a server. */
static struct properties settings(const char *line)
{
	struct properties p = PROPERTIES_INIT;
	char *words = xstrdup(line);

	properties_set(&p, "bootstrap.servers", "127.0.0.1:1", 0);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " ")) {
		char *eq = strchr(w, '=');

		*eq = '\0';
		properties_set(&p, w, eq + 1, 0);
	}
	free(words);
	return p;
}

static void expect_idempotence(const char *line, const char *want)
{
	struct properties config = settings(line);
	struct producer p;
	char *exception = NULL;

	assert_int_equal(0, producer_init(&p, &config, &exception));
	assert_string_equal(want, properties_get(&config, "enable.idempotence"));
	properties_fini(&config);
}

static void idempotence_is_the_default_where_it_can_be(void **state)
{
	(void)state;
	expect_idempotence("", "true");
	expect_idempotence("acks=all", "true");
	expect_idempotence("acks=-1 retries=3 max.in.flight.requests.per.connection=5", "true");
	expect_idempotence("acks=1", "false");
	expect_idempotence("retries=0", "false");
	expect_idempotence("max.in.flight.requests.per.connection=6", "false");
	expect_idempotence("enable.idempotence=false", "false");
}

static void expect_exception(const char *line, const char *want)
{
	struct properties config = settings(line);
	struct producer p;
	char *exception = NULL;

	assert_int_equal(-EINVAL, producer_init(&p, &config, &exception));
	assert_string_equal(want, exception);
	free(exception);
	properties_fini(&config);
}

static void settings_that_contradict(void **state)
{
	(void)state;
	expect_exception("acks=1 enable.idempotence=true",
		"org.apache.kafka.common.config.ConfigException: Must set acks to all in order to "
		"use the idempotent producer. Otherwise we cannot guarantee idempotence.");
	expect_exception("retries=0 enable.idempotence=true",
		"org.apache.kafka.common.config.ConfigException: Must set retries to non-zero when "
		"using the idempotent producer.");
	expect_exception("max.in.flight.requests.per.connection=6 enable.idempotence=true",
		"org.apache.kafka.common.config.ConfigException: Must set "
		"max.in.flight.requests.per.connection to at most 5 to use the idempotent "
		"producer.");
	expect_exception("delivery.timeout.ms=1000",
		"org.apache.kafka.common.config.ConfigException: delivery.timeout.ms should be "
		"equal to or larger than linger.ms + request.timeout.ms");
	expect_exception("batch.size=x",
		"org.apache.kafka.common.config.ConfigException: Invalid value x for configuration "
		"batch.size: Not a number of type INT");
}

static void times_that_depend_on_each_other(void **state)
{
	struct properties config = settings("linger.ms=200000");
	struct producer p;
	char *exception = NULL;

	(void)state;
	assert_int_equal(0, producer_init(&p, &config, &exception));
	assert_int_equal(230000, p.delivery_ms);
	properties_fini(&config);
	config = settings("max.block.ms=9223372036854775807 transactional.id=t");
	assert_int_equal(0, producer_init(&p, &config, &exception));
	assert_int_equal(60000, p.delivery_ms); /* not beyond the transaction */
	assert_true(p.max_block_ms > 1000000000000000); /* and a deadline does not overflow */
	properties_fini(&config);
}

static void java_s_defaults_reach_librdkafka(void **state)
{
	static const struct {
		const char *name, *want;
	} cases[] = {{"queue.buffering.max.kbytes", "32768"}, {"batch.size", "16384"},
		{"queue.buffering.max.ms", "0"}, {"max.in.flight.requests.per.connection", "5"},
		{"acks", "-1"}, {"enable.idempotence", "true"}, {"message.timeout.ms", "120000"},
		{"socket.nagle.disable", "true"}, {"batch.num.messages", "1000000"},
		{"message.max.bytes", "1048576"}};
	struct properties config = settings("");
	rd_kafka_conf_t *conf = NULL;
	struct producer p;
	char *exception = NULL;

	(void)state;
	assert_int_equal(0, producer_init(&p, &config, &exception));
	assert_int_equal(0, producer_conf(&config, &conf, &exception));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char got[64];
		size_t size = sizeof(got);

		assert_int_equal(RD_KAFKA_CONF_OK,
			rd_kafka_conf_get(conf, cases[i].name, got, &size));
		assert_string_equal(cases[i].want, got);
	}
	rd_kafka_conf_destroy(conf);
	properties_fini(&config);
}

static void expect_size(int64_t key, int64_t value, int64_t want)
{
	struct producer p = {.request_bytes = want - 1, .buffer_bytes = want};
	char *exception = NULL, text[64];

	assert_int_equal(-EINVAL, producer_check_size(&p, key, value, &exception));
	snprintf(text, sizeof(text), "The message is %lld bytes when", (long long)want);
	assert_non_null(strstr(exception, text));
	free(exception);
	p.request_bytes = want;
	assert_int_equal(0, producer_check_size(&p, key, value, &exception));
}

static void sizes_are_kafka_s_estimates(void **state)
{
	struct producer p = {.request_bytes = 1000, .buffer_bytes = 100};
	char *exception = NULL;

	(void)state;
	expect_size(-1, 2000000, 2000088); /* as Kafka said */
	expect_size(-1, 1, 86);
	expect_size(-1, -1, 85);
	expect_size(0, 0, 85);
	expect_size(100, 8192, 61 + 21 + 2 + 100 + 3 + 8192 + 1);
	assert_int_equal(-EINVAL, producer_check_size(&p, -1, 50, &exception));
	assert_string_equal("org.apache.kafka.common.errors.RecordTooLargeException: The message is "
			    "135 bytes when serialized which is larger than the total memory "
			    "buffer you have configured with the buffer.memory configuration.",
		exception);
	free(exception);
}

static void an_opaque_holds_a_tag(void **state)
{
	(void)state;
	assert_int_equal(0, producer_tag(producer_opaque(100, 0)));
	assert_int_equal(999999999999, producer_tag(producer_opaque(16777215, 999999999999)));
	assert_int_equal(7, producer_tag(producer_opaque(SIZE_MAX, 7)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idempotence_is_the_default_where_it_can_be),
		cmocka_unit_test(settings_that_contradict),
		cmocka_unit_test(times_that_depend_on_each_other),
		cmocka_unit_test(java_s_defaults_reach_librdkafka),
		cmocka_unit_test(sizes_are_kafka_s_estimates),
		cmocka_unit_test(an_opaque_holds_a_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
