/* test_topic_config.c - topic overrides over broker defaults, and Kafka's error texts. */
#include "broker/topic_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/logger.h"
#include "protocol/errors.h"
#include "storage/log_config.h"

static char why[CONFIG_ERROR_MAX];

static struct properties properties_of(const char *text)
{
	struct properties p = PROPERTIES_INIT;
	int line;

	assert_int_equal(properties_parse(&p, text, strlen(text), &line), 0);
	return p;
}

static struct config *broker_of(const char *text)
{
	struct properties p = properties_of(text);
	struct config *c = NULL;

	properties_set(&p, "zookeeper.connect", "z", 1);
	assert_int_equal(config_new(&p, "f", &c, why), 0);
	properties_fini(&p);
	return c;
}

static struct log_config *topic_of(const struct config *c, const char *overrides)
{
	struct properties p = properties_of(overrides);
	struct log_config *l = topic_config_new(c, "t", &p);

	properties_fini(&p);
	return l;
}

static void test_without_anything_it_is_the_built_in_default(void **state)
{
	struct config *c = broker_of("");
	struct log_config *l = topic_of(c, ""), *def = log_config_new();

	(void)state;
	/* all plain fields; the pointers are NULL in both */
	assert_memory_equal(&l->segment_bytes, &def->segment_bytes,
		sizeof(*l) - offsetof(struct log_config, segment_bytes));
	log_config_unref(l);
	log_config_unref(def);
	config_unref(c);
}

static void test_the_broker_gives_defaults_and_the_topic_wins(void **state)
{
	struct config *c = broker_of(
		"log.retention.hours=1\nlog.roll.ms=7\nlog.cleanup.policy=compact\n"
		"message.max.bytes=100\ncompression.type=zstd\nmin.insync.replicas=2\n"
		"log.message.timestamp.difference.max.ms=9\nlog.flush.scheduler.interval.ms=11\n");
	struct log_config *l = topic_of(c,
		"max.message.bytes=200\ncompression.type=lz4\ncleanup.policy=delete,compact\n"
		"message.timestamp.after.max.ms=3\nmessage.timestamp.type=LogAppendTime\n"
		"leader.replication.throttled.replicas=0:1,2:3\n"
		"follower.replication.throttled.replicas=*\nmessage.format.version=0.9.0\n");

	(void)state;
	assert_int_equal(l->retention_ms, 3600000);
	assert_int_equal(l->segment_ms, 7);
	assert_int_equal(l->max_message_bytes, 200);
	assert_int_equal(l->compression_type, 3);
	assert_int_equal(l->min_insync_replicas, 2);
	assert_int_equal(l->flush_ms, 11);
	assert_true(l->cleanup_delete && l->cleanup_compact);
	assert_true(l->log_append_time);
	assert_int_equal(l->message_timestamp_before_max_ms, 9);
	assert_int_equal(l->message_timestamp_after_max_ms, 3);
	assert_false(l->leader_throttled.all);
	assert_int_equal(2, l->leader_throttled.n);
	assert_int_equal(2, l->leader_throttled.v[1].partition);
	assert_int_equal(3, l->leader_throttled.v[1].broker);
	assert_true(l->follower_throttled.all);
	log_config_unref(l);
	config_unref(c);
}

static void ignore(enum log_level level, const char *cls, const char *msg)
{
	(void)level;
	(void)cls;
	(void)msg;
}

static void test_stored_nonsense_is_left_out(void **state)
{
	struct config *c = broker_of("log.segment.bytes=1000\n");
	struct log_config *l;

	(void)state;
	logger_capture(ignore);
	l = topic_of(c, "segment.bytes=many\nno.such.key=1\nretention.ms=5\n");
	logger_capture(NULL);
	assert_int_equal(l->segment_bytes, 1000);
	assert_int_equal(l->retention_ms, 5);
	log_config_unref(l);
	config_unref(c);
}

static void check(const char *broker, const char *overrides, const char *message, bool value)
{
	struct config *c = broker_of(broker);
	struct properties p = properties_of(overrides);
	bool is_value;
	int r = topic_config_check(c, &p, why, &is_value);

	assert_int_equal(r, message ? KERR_INVALID_CONFIG : 0);
	if (message)
		assert_string_equal(why, message);
	if (message)
		assert_int_equal(is_value, value);
	properties_fini(&p);
	config_unref(c);
}

static void test_checks_speak_kafkas_words(void **state)
{
	(void)state;
	check("", "retention.ms=-1\ncleanup.policy=compact\n", NULL, false);
	check("", "no.such=1\n", "Unknown topic config name: no.such", false);
	check("", "retention.ms=-2\n",
		"Invalid value -2 for configuration retention.ms: Value must be at least -1", true);
	check("", "segment.bytes=1\n",
		"Invalid value 1 for configuration segment.bytes: Value must be at least 14", true);
	check("", "min.compaction.lag.ms=6\nmax.compaction.lag.ms=5\n",
		"conflict topic config setting min.compaction.lag.ms (6) > max.compaction.lag.ms "
		"(5)",
		false);
	check("log.cleaner.max.compaction.lag.ms=5\n", "min.compaction.lag.ms=6\n",
		"conflict topic config setting min.compaction.lag.ms (6) > max.compaction.lag.ms "
		"(5)",
		false);
	check("", "remote.log.copy.disable=true\n",
		"It is invalid to set `remote.log.delete.on.disable` or `remote.log.copy.disable` "
		"under Zookeeper's mode.",
		false);
	check("", "remote.storage.enable=true\n",
		"Tiered Storage functionality is disabled in the broker. Topic cannot be "
		"configured with remote log "
		"storage.",
		true);
}

static int warnings;

static void count_warnings(enum log_level level, const char *cls, const char *msg)
{
	(void)cls;
	(void)msg;
	warnings += level == LOG_WARN;
}

static void test_old_releases_decide_about_the_format_of_records(void **state)
{
	static const struct {
		const char *broker, *topic;
		int format;
		bool zstd;
		int warnings;
		const char *shown; /* of a topic without an override */
	} rows[] = {
		{ "", "", 2, true, 0, "3.0-IV1" },
		{ "log.message.format.version=0.10.2", "message.format.version=0.9.0", 2, true, 1, "3.0-IV1" },
		{ "inter.broker.protocol.version=3.0", "message.format.version=0.11.0", 2, true, 0, "3.0-IV1" },
		{ "inter.broker.protocol.version=3.0-IV0", "message.format.version=0.10.0", 1, true, 0, "3.0-IV1" },
		{ "inter.broker.protocol.version=2.6", "", 2, true, 0, "3.0-IV1" },
		{ "inter.broker.protocol.version=2.6\nlog.message.format.version=0.10.2", "", 1, true, 0, "0.10.2-IV0" },
		{ "inter.broker.protocol.version=2.6\nlog.message.format.version=0.10.2", "message.format.version=2.0", 2, true,
		  0, "0.10.2-IV0" },
		{ "inter.broker.protocol.version=2.6\nlog.message.format.version=0.10.2", "message.format.version=0.9.0", 0,
		  true, 0, "0.10.2-IV0" },
		{ "inter.broker.protocol.version=2.6\nlog.message.format.version=0.10.2", "message.format.version=2.7", 1, true,
		  1, "0.10.2-IV0" }, /* newer than the brokers: not before the brokers know it */
		{ "inter.broker.protocol.version=2.0", "", 2, false, 0, "3.0-IV1" },
		{ "inter.broker.protocol.version=0.10.2\nlog.message.format.version=0.9.0", "message.format.version=0.11.0", 0,
		  false, 1, "0.9.0" },
	};
	char buf[32];

	(void)state;
	logger_capture(count_warnings);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *c = broker_of(rows[i].broker);
		struct log_config *l;

		warnings = 0;
		l = topic_of(c, rows[i].topic);
		assert_int_equal(rows[i].format, l->record_format);
		assert_int_equal(rows[i].zstd, l->allow_zstd);
		assert_int_equal(rows[i].warnings, warnings);
		assert_string_equal(rows[i].shown,
			topic_config_default(c, TOPIC_MESSAGE_FORMAT_VERSION, buf, sizeof(buf)));
		log_config_unref(l);
		config_unref(c);
	}
	logger_capture(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_anything_it_is_the_built_in_default),
		cmocka_unit_test(test_the_broker_gives_defaults_and_the_topic_wins),
		cmocka_unit_test(test_stored_nonsense_is_left_out),
		cmocka_unit_test(test_checks_speak_kafkas_words),
		cmocka_unit_test(test_old_releases_decide_about_the_format_of_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
