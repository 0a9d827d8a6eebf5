/* test_config.c - loading server.properties, precedence, messages, dynamic layers. */
#include "broker/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/logger.h"
#include "protocol/errors.h"
#include "zk/znode.h"

#define MINIMAL "zookeeper.connect=localhost:2181\n"

static char why[CONFIG_ERROR_MAX];

/* The configuration of a file with this text called "f"; NULL with `why` set. */
static struct config *config_of(const char *text)
{
	struct properties p = PROPERTIES_INIT;
	struct config *c = NULL;
	int line, r;

	assert_int_equal(properties_parse(&p, text, strlen(text), &line), 0);
	r = config_new(&p, "f", &c, why);
	assert_int_equal(r, c ? 0 : -EINVAL);
	properties_fini(&p);
	return c;
}

static void refused(const char *text, const char *message)
{
	assert_null(config_of(text));
	assert_string_equal(why, message);
}

/* `base` under these dynamic entries. */
static struct config *under(const struct config *base, const char *cluster, const char *broker)
{
	struct properties pc = PROPERTIES_INIT, pb = PROPERTIES_INIT;
	struct config *c = NULL;
	int line, r;

	assert_int_equal(properties_parse(&pc, cluster, strlen(cluster), &line), 0);
	assert_int_equal(properties_parse(&pb, broker, strlen(broker), &line), 0);
	r = config_with_dynamic(base, &pc, &pb, &c, why);
	assert_int_equal(r, c ? 0 : KERR_INVALID_CONFIG);
	properties_fini(&pc);
	properties_fini(&pb);
	return c;
}

static void test_defaults(void **state)
{
	struct config *c = config_of(MINIMAL);
	size_t n;

	(void)state;
	assert_int_equal(config_int(c, CFG_NUM_NETWORK_THREADS), 3);
	assert_int_equal(config_long(c, CFG_LOG_SEGMENT_BYTES), 1 << 30);
	assert_true(config_bool(c, CFG_AUTO_CREATE_TOPICS_ENABLE));
	assert_int_equal(config_log_retention_ms(c), 604800000);
	assert_int_equal(config_zookeeper_connection_timeout_ms(c), 18000);
	assert_string_equal(config_log_dirs(c, &n)[0], "/tmp/kafka-logs");
	assert_int_equal(n, 1);
	assert_string_equal(config_listeners(c, &n)[0].listener, "PLAINTEXT");
	assert_string_equal(config_listeners(c, &n)[0].host, "");
	assert_int_equal(config_listeners(c, &n)[0].port, 9092);
	assert_string_equal(config_inter_broker_listener(c), "PLAINTEXT");
	assert_int_equal(config_timestamp_before_max_ms(c), INT64_MAX);
	config_unref(c);
}

static void test_finer_units_win(void **state)
{
	struct config *c = config_of(
		MINIMAL "log.retention.hours=1\nlog.retention.minutes=2\nlog.roll.hours=3\n"
			"log.dir=/one\nlog.dirs= /a , /b,\n");
	size_t n;

	(void)state;
	assert_int_equal(config_log_retention_ms(c), 120000);
	assert_int_equal(config_log_roll_ms(c), 3 * 3600000);
	assert_string_equal(config_log_dirs(c, &n)[1], "/b");
	assert_int_equal(n, 2);
	config_unref(c);
	c = config_of(
		MINIMAL "log.retention.hours=1\nlog.retention.minutes=2\nlog.retention.ms=-5\n");
	assert_int_equal(config_log_retention_ms(c), -1);
	config_unref(c);
}

static void test_listeners(void **state)
{
	struct config *c = config_of(
		MINIMAL "listeners=internal://:9092,EXTERNAL://[::1]:9093 , V4://127.0.0.1:9093\n"
			"advertised.listeners=INTERNAL://host.example:9092,EXTERNAL://pub:9092\n"
			"listener.security.protocol.map=INTERNAL:PLAINTEXT,external:plaintext,V4:"
			"PLAINTEXT\n"
			"inter.broker.listener.name=internal\n");
	const struct zk_endpoint *e;
	size_t n;

	(void)state;
	assert_non_null(c);
	e = config_listeners(c, &n);
	assert_int_equal(n, 3);
	assert_string_equal(e[0].listener, "INTERNAL");
	assert_string_equal(e[1].host, "::1");
	assert_int_equal(e[2].port, 9093);
	e = config_advertised(c, &n);
	assert_int_equal(n, 2);
	assert_string_equal(e[1].listener, "EXTERNAL");
	assert_string_equal(e[1].host, "pub");
	assert_string_equal(config_inter_broker_listener(c), "INTERNAL");
	config_unref(c);
}

static void test_bad_values_name_file_line_key_and_what_is_valid(void **state)
{
	(void)state;
	refused("#\n" MINIMAL "num.io.threads=none\n",
		"f:3: num.io.threads=none: expected a whole number of 32 bits, at least 1");
	refused(MINIMAL "delete.topic.enable=1\n",
		"f:2: delete.topic.enable=1: expected true or false");
	refused(MINIMAL "compression.type=zip\n",
		"f:2: compression.type=zip: expected one of uncompressed, zstd, lz4, snappy, gzip, "
		"producer");
	refused(MINIMAL "log.cleaner.min.cleanable.ratio=2\n",
		"f:2: log.cleaner.min.cleanable.ratio=2: expected a number from 0 to 1");
	refused(MINIMAL "num.partitions=0\nnum.io.threads=0\n",
		"f:2: num.partitions=0: expected a whole number of 32 bits, at least 1");
	refused("listeners=PLAINTEXT://:9092\n",
		"f: zookeeper.connect: Missing required configuration `zookeeper.connect` which "
		"has no default value.");
}

static void test_bad_combinations(void **state)
{
	(void)state;
	refused(MINIMAL "broker.id=1\nnode.id=2\n",
		"f:3: node.id=2: You must set `node.id` to the same value as `broker.id`.");
	refused(MINIMAL "broker.id=1001\n",
		"f:2: broker.id=1001: broker.id must be greater than or equal to -1 and "
		"not greater than reserved.broker.max.id");
	refused(MINIMAL "broker.id.generation.enable=false\n",
		"f: broker.id=-1: broker.id must be greater than or equal to 0");
	refused(MINIMAL "log.retention.ms=0\n",
		"f:2: log.retention.ms=0: log.retention.ms must be unlimited (-1) "
		"or, greater than or equal to 1");
	refused(MINIMAL "log.cleaner.dedupe.buffer.size=1048576\n",
		"f:2: log.cleaner.dedupe.buffer.size=1048576: log.cleaner.dedupe.buffer.size must be "
		"at least 1MB per cleaner thread.");
	refused(MINIMAL "log.cleaner.io.buffer.load.factor=0\n",
		"f:2: log.cleaner.io.buffer.load.factor=0: offset map is too small to fit in even a "
		"single message, so log cleaning will never make progress. You can increase "
		"log.cleaner.dedupe.buffer.size or decrease log.cleaner.threads");
	refused(MINIMAL "listeners=PLAINTEXT://:9092,PLAINTEXT://:9093\n",
		"f:2: listeners=PLAINTEXT://:9092,PLAINTEXT://:9093: Each listener must have a "
		"different name, "
		"listeners: PLAINTEXT://:9092,PLAINTEXT://:9093");
	refused(MINIMAL "log.dirs=/a, /b,/a\n",
		"f:2: log.dirs=/a, /b,/a: Duplicate log directory found: /a");
	refused(MINIMAL "listeners=nonsense\n",
		"f:2: listeners=nonsense: 'nonsense' is no endpoint: expected NAME://host:port, "
		"comma separated");
	refused(MINIMAL "listeners=CLIENTS://:9092\n",
		"f:2: listeners=CLIENTS://:9092: No security protocol defined for listener "
		"CLIENTS: name it in "
		"listener.security.protocol.map");
	refused(MINIMAL "advertised.listeners=PLAINTEXT://0.0.0.0:9092\n",
		"f:2: advertised.listeners=PLAINTEXT://0.0.0.0:9092: advertised.listeners cannot "
		"use the nonroutable "
		"meta-address 0.0.0.0. Use a routable IP address.");
	refused(MINIMAL "max.connections.per.ip=0\n",
		"f:2: max.connections.per.ip=0: max.connections.per.ip can be set to zero only if "
		"max.connections.per.ip.overrides property is set.");
	refused(MINIMAL "max.connections.per.ip.overrides=localhost\n",
		"f:2: max.connections.per.ip.overrides=localhost: expected host:count, comma "
		"separated");
	refused(MINIMAL "queued.max.request.bytes=10\n",
		"f:2: queued.max.request.bytes=10: queued.max.request.bytes must be larger or "
		"equal to "
		"socket.request.max.bytes");
}

static void test_missing_features_end_the_start(void **state)
{
	static const char *const entries[] = {
		"listeners=SSL://:9093\nsecurity.inter.broker.protocol=SSL",
		"listeners=PLAINTEXT://:9092,SASL_PLAINTEXT://:9093",
		"authorizer.class.name=kafka.security.authorizer.AclAuthorizer",
		"process.roles=broker",
		"controller.listener.names=CONTROLLER",
		"create.topic.policy.class.name=com.example.Policy",
		"alter.config.policy.class.name=com.example.Policy",
		"client.quota.callback.class=com.example.Quota",
		"principal.builder.class=com.example.Builder",
		"remote.log.storage.system.enable=true",
		"zookeeper.metadata.migration.enable=true",
		"zookeeper.set.acl=true",
		"zookeeper.ssl.client.enable=true",
		"delegation.token.secret.key=x",
		"control.plane.listener.name=PLAINTEXT",
		"config.providers=file",
		"password.encoder.secret=x\npassword.encoder.cipher.algorithm=RC4",
		"password.encoder.secret=x\npassword.encoder.key.length=129",
		"inter.broker.protocol.version=4.0",
		"replica.selector.class=com.example.Selector",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		char text[512];

		snprintf(text, sizeof(text), "%s%s\n", MINIMAL, entries[i]);
		assert_null(config_of(text));
		assert_non_null(strstr(why, "f:2: "));
	}
	refused(MINIMAL "authorizer.class.name=A\n",
		"f:2: authorizer.class.name=A: not possible: authorization is not available yet, "
		"and without it everybody "
		"could do everything");
}

/* Nobody may be sent records in a format that the release between the brokers does not know. */
static void test_old_releases_have_old_record_formats(void **state)
{
	static const char *const good[] = {
		"inter.broker.protocol.version=2.8", "inter.broker.protocol.version=0.11.0-IV0",
		"inter.broker.protocol.version=2.6\nlog.message.format.version=0.10.2",
		"inter.broker.protocol.version=0.10.2\nlog.message.format.version=0.10.0",
		"inter.broker.protocol.version=0.8.0\nlog.message.format.version=0.8.2.2",
		"inter.broker.protocol.version=0.11.0\noffsets.topic.compression.codec=4",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct config *c;
		char text[512];

		snprintf(text, sizeof(text), MINIMAL "%s\n", good[i]);
		c = config_of(text);
		assert_non_null(c);
		config_unref(c);
	}
	refused(MINIMAL "inter.broker.protocol.version=0.10.2\nlog.message.format.version=1.0\n",
		"f:3: log.message.format.version=1.0: log.message.format.version 1.0 can only be used when "
		"inter.broker.protocol.version is set to version 0.11.0 or higher");
	refused(MINIMAL "inter.broker.protocol.version=0.9.0.1\nlog.message.format.version=0.10.1\n",
		"f:3: log.message.format.version=0.10.1: log.message.format.version 0.10.1 can only be used when "
		"inter.broker.protocol.version is set to version 0.10.0 or higher");
	refused(MINIMAL "inter.broker.protocol.version=0.10.2\nlog.message.format.version=0.10.2\n"
			"offsets.topic.compression.codec=4\n",
		"f:4: offsets.topic.compression.codec=4: offsets.topic.compression.codec zstd can only be used "
		"when inter.broker.protocol.version is set to version 2.1 or higher");
}

static void test_settings_without_effect_are_accepted(void **state)
{
	struct config *c = config_of(
		MINIMAL "authorizer.class.name=\nprocess.roles=\nssl.keystore.location=/k\n"
			"super.users=User:a\nsasl.enabled.mechanisms=PLAIN\nbroker.rack=r\n"
			"remote.log.storage.system.enable=false\ngroup.max.size=7\n"
			"inter.broker.protocol.version=3.6\nsome.plugin.key=1\n"
			"max.connection.creation.rate=5\nlistener.name.plaintext.max.connections=5\n");

	(void)state;
	assert_non_null(c);
	config_unref(c);
}

static char logged[65536];

static void capture(enum log_level level, const char *cls, const char *msg)
{
	size_t at = strlen(logged);

	(void)cls;
	snprintf(logged + at, sizeof(logged) - at, "%d %s\n", (int)level, msg);
}

static void test_warnings(void **state)
{
	struct config *c =
		config_of(MINIMAL "retention=1\nport=9092\nmetric.reporters=com.example.R\n"
				  "log.cleanup.policy=compact,delete\nsuper.users=x\n"
				  "leader.replication.throttled.rate=5\n");

	(void)state;
	logged[0] = '\0';
	logger_capture(capture);
	config_log_warnings(c);
	logger_capture(NULL);
	assert_string_equal(logged, "3 f:2: retention=1: unknown key, ignored\n"
				    "3 f:3: port=9092: ignored, removed in 3.0, use listeners\n"
				    "3 f:4: metric.reporters=com.example.R: Java reporters cannot "
				    "be loaded; nothing is reported to them\n"
				    "3 f:7: leader.replication.throttled.rate=5: ignored, it has "
				    "an effect only as a dynamic config "
				    "(kafka-configs.sh)\n");
	config_unref(c);
}

static void test_values_block_hides_passwords(void **state)
{
	struct config *c = config_of(
		MINIMAL "ssl.key.password=opensesame\nlog.cleanup.policy=compact,delete\n");

	(void)state;
	logged[0] = '\0';
	logger_capture(capture);
	config_log_values(c);
	logger_capture(NULL);
	assert_ptr_equal(
		strstr(logged, "2 KafkaConfig values: \n\tadvertised.listeners = null\n"), logged);
	assert_non_null(strstr(logged, "\n\tlog.cleanup.policy = [compact, delete]\n"));
	assert_non_null(strstr(logged, "\n\tssl.key.password = [hidden]\n"));
	assert_null(strstr(logged, "opensesame"));
	config_unref(c);
}

static struct config *load(int argc, char **argv, bool *usage)
{
	struct config *c = NULL;
	int r = config_load(argc, argv, &c, why, usage);

	assert_int_equal(r == 0, c != NULL);
	return c;
}

static void test_command_line(void **state)
{
	char path[] = "/tmp/test_config.XXXXXX";
	int fd = mkstemp(path);
	bool usage;
	struct config *c;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, MINIMAL "broker.id=1\n", strlen(MINIMAL "broker.id=1\n")),
		strlen(MINIMAL "broker.id=1\n"));
	close(fd);
	c = load(5,
		(char *[]){"moldaud", path, "--override", "broker.id=7",
			"--override=broker.rack=", NULL},
		&usage);
	assert_int_equal(config_int(c, CFG_BROKER_ID), 7);
	assert_int_equal(config_int(c, CFG_NODE_ID), 7);
	assert_string_equal(config_text(c, CFG_BROKER_RACK), "");
	config_unref(c);
	assert_null(load(
		4, (char *[]){"moldaud", path, "--override", "num.io.threads=0", NULL}, &usage));
	assert_string_equal(why,
		"--override: num.io.threads=0: expected a whole number of 32 bits, at least 1");
	assert_false(usage);
	assert_null(load(4, (char *[]){"moldaud", path, "a", "b", NULL}, &usage));
	assert_string_equal(why, "Found non argument parameters: a,b");
	assert_true(usage);
	assert_null(load(3, (char *[]){"moldaud", path, "--nope", NULL}, &usage));
	assert_string_equal(why, "nope is not a recognized option");
	assert_null(load(4, (char *[]){"moldaud", path, "--override", "x", NULL}, &usage));
	assert_string_equal(why, "--override: x: expected KEY=VALUE");
	unlink(path);
	assert_null(load(2, (char *[]){"moldaud", path, NULL}, &usage));
	assert_non_null(strstr(why, "cannot be read: No such file"));
}

static void test_dynamic_layers_hide_lower_ones_and_their_synonyms(void **state)
{
	struct config *base = config_of(MINIMAL "log.retention.hours=1\nnum.io.threads=4\n");
	struct config *c =
		under(base, "log.retention.ms=5000\nnum.io.threads=6\n", "num.io.threads=8\n");

	(void)state;
	assert_int_equal(config_log_retention_ms(c), 5000);
	assert_int_equal(config_int(c, CFG_NUM_IO_THREADS), 8);
	assert_int_equal(config_int(c, CFG_LOG_RETENTION_HOURS), 168); /* hidden by its synonym */
	assert_int_equal(
		config_int(base, CFG_NUM_IO_THREADS), 4); /* the old snapshot stays as it was */
	config_unref(base);
	assert_string_equal(properties_get(config_layer(c, LAYER_STATIC), "num.io.threads"), "4");
	config_unref(c);
}

static void test_a_bad_dynamic_combination_is_refused_in_kafkas_words(void **state)
{
	struct config *base = config_of(MINIMAL);

	(void)state;
	assert_null(under(base, "log.roll.ms=0\n", ""));
	assert_string_equal(
		why, "requirement failed: log.roll.ms must be greater than or equal to 1");
	assert_null(under(base, "", "num.io.threads=0\n"));
	assert_string_equal(
		why, "Invalid value 0 for configuration num.io.threads: Value must be at least 1");
	config_unref(base);
}

static void dynamic_refused(bool per_broker, const char *text, const char *message)
{
	struct properties p = PROPERTIES_INIT;
	int line;

	assert_int_equal(properties_parse(&p, text, strlen(text), &line), 0);
	assert_int_equal(
		config_check_dynamic(&p, per_broker, why), message ? KERR_INVALID_CONFIG : 0);
	if (message)
		assert_string_equal(why, message);
	properties_fini(&p);
}

static void test_what_may_be_changed_dynamically(void **state)
{
	(void)state;
	dynamic_refused(true, "log.retention.ms=1\nany.plugin.key=1\n", NULL);
	dynamic_refused(false, "num.io.threads=1\n", NULL);
	dynamic_refused(false, "broker.id=1\nlog.retention.hours=1\n",
		"Cannot update these configs dynamically: Set(broker.id, log.retention.hours)");
	dynamic_refused(true, "ssl.keystore.location=x\n",
		"These security configs can be dynamically updated only per-listener using the "
		"listener prefix: "
		"HashSet(ssl.keystore.location)");
	dynamic_refused(false, "advertised.listeners=PLAINTEXT://a:1\n",
		"Cannot update these configs at default cluster level, broker id must be "
		"specified: "
		"Set(advertised.listeners)");
	dynamic_refused(true, "advertised.listeners=PLAINTEXT://a:1\n", NULL);
	dynamic_refused(true, "min.insync.replicas=0\n",
		"Invalid value 0 for configuration min.insync.replicas: Value must be at least 1");
	dynamic_refused(false, "leader.replication.throttled.rate=-1\n",
		"Invalid value -1 for configuration leader.replication.throttled.rate: Value must "
		"be at least 0");
	dynamic_refused(true, "listener.name.plaintext.ssl.keystore.password=x\n", NULL);
}

static void test_bad_stored_entries_are_dropped_one_by_one(void **state)
{
	struct properties p = PROPERTIES_INIT;
	const char *text =
		"num.io.threads=0\nbroker.id=5\nadvertised.listeners=x\nlog.roll.ms=7\nmine=1\n";
	int line;

	(void)state;
	assert_int_equal(properties_parse(&p, text, strlen(text), &line), 0);
	logged[0] = '\0';
	logger_capture(capture);
	config_clean_dynamic(&p, false);
	logger_capture(NULL);
	assert_int_equal(p.n, 2);
	assert_string_equal(properties_get(&p, "log.roll.ms"), "7");
	assert_string_equal(properties_get(&p, "mine"), "1");
	assert_non_null(strstr(logged,
		"Non-dynamic configs configured in ZooKeeper will be ignored: Set(broker.id)"));
	properties_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_finer_units_win),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_bad_values_name_file_line_key_and_what_is_valid),
		cmocka_unit_test(test_bad_combinations),
		cmocka_unit_test(test_missing_features_end_the_start),
		cmocka_unit_test(test_old_releases_have_old_record_formats),
		cmocka_unit_test(test_settings_without_effect_are_accepted),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_values_block_hides_passwords),
		cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_dynamic_layers_hide_lower_ones_and_their_synonyms),
		cmocka_unit_test(test_a_bad_dynamic_combination_is_refused_in_kafkas_words),
		cmocka_unit_test(test_what_may_be_changed_dynamically),
		cmocka_unit_test(test_bad_stored_entries_are_dropped_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
