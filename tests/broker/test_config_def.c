/* test_config_def.c - the key tables equal Kafka's, and every type accepts and refuses what Kafka's does. */
#include "broker/config_def.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"

#define COLUMNS 10

static FILE *open_data(const char *name)
{
	const char *dir = getenv("TEST_SRCDIR");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/broker/data/%s", dir ? dir : ".", name);
	f = fopen(path, "r");
	assert_non_null(f);
	return f;
}

/* The next row that is no comment, split at tabs. */
static bool next_row(FILE *f, char *line, size_t size, char *col[COLUMNS])
{
	do {
		if (!fgets(line, (int)size, f))
			return false;
	} while (line[0] == '#');
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < COLUMNS; i++)
		col[i] = strsep(&line, "\t");
	return true;
}

static const char *type_text(enum config_type type)
{
	static const char *const names[] = {"UNKNOWN", "BOOLEAN", "STRING", "INT", "SHORT", "LONG",
		"DOUBLE", "LIST", "CLASS", "PASSWORD"};

	return names[type];
}

static const char *importance_text(unsigned flags)
{
	return flags & CONFIG_HIGH ? "HIGH" : flags & CONFIG_MEDIUM ? "MEDIUM" : "LOW";
}

static const char *dynamic_text(enum config_dynamic d)
{
	return d == CONFIG_READ_ONLY    ? "read-only"
	       : d == CONFIG_PER_BROKER ? "per-broker"
					: "cluster-wide";
}

static void default_equals(const struct config_key *k, const char *text)
{
	if (!strcmp(text, "null"))
		assert_null(k->def);
	else if (!strcmp(text, "\"\""))
		assert_string_equal(k->def, "");
	else if (!strncmp(text, "{systmp}", 8))
		assert_string_equal(k->def + strlen("/tmp"), text + 8);
	else
		assert_string_equal(k->def, text);
}

static void rule_equals(const struct config_key *k, const char *text)
{
	char rule[256], names[256] = "";

	if (k->rule.kind == RULE_VERSION) {
		assert_int_equal(strncmp(text, "metadata-version", 16), 0);
		return;
	}
	if (k->rule.kind == RULE_ONE_OF_NOCASE) { /* written A|B in the reference */
		for (size_t i = 0, n = 0; text[i] && text[i] != ' '; i++)
			n += (size_t)snprintf(names + n, sizeof(names) - n,
				text[i] == '|' ? ", " : "%c", text[i]);
		assert_string_equal(k->rule.names, names);
		return;
	}
	assert_string_equal(config_rule_text(k, rule, sizeof(rule)), text);
}

static void row_equals(const struct config_key *k, char *const col[COLUMNS])
{
	assert_string_equal(k->name, col[0]);
	assert_string_equal(type_text(k->type), col[1]);
	default_equals(k, col[2]);
	rule_equals(k, col[3]);
	assert_string_equal(importance_text(k->flags), col[4]);
}

/* The topic key whose first synonym is this broker key, or any of whose synonyms it is. */
static bool gives_default_of(int id, const char *topic_key)
{
	enum config_id synonyms[CONFIG_SYNONYMS_MAX];
	int topic = topic_config_key_find(topic_key), n;

	if (topic < 0 || topic_config_synonym[topic] < 0)
		return false;
	n = config_synonyms((enum config_id)topic_config_synonym[topic], synonyms);
	while (n-- > 0) {
		if ((int)synonyms[n] == id)
			return true;
	}
	return false;
}

static void test_broker_rows_equal_the_reference(void **state)
{
	FILE *f = open_data("broker-config.tsv");
	char line[4096], *col[COLUMNS];
	int id = 0;

	(void)state;
	assert_true(next_row(f, line, sizeof(line), col)); /* head */
	for (; id < CFG_COUNT; id++) {
		assert_true(next_row(f, line, sizeof(line), col));
		row_equals(&config_keys[id], col);
		assert_string_equal(dynamic_text(config_keys[id].dynamic), col[5]);
		if (strcmp(col[6], "-"))
			assert_true(gives_default_of(id, col[6]));
		assert_int_equal(!!(config_keys[id].flags & CONFIG_INTERNAL),
			!strncmp(col[9], "internal key", 12));
	}
	assert_int_equal(CFG_STATIC_COUNT, 328);
	assert_true(next_row(f, line, sizeof(line), col));
	assert_string_equal(col[0], "SCRAM-SHA-256"); /* no key of ours any more */
	fclose(f);
}

static void test_topic_rows_equal_the_reference(void **state)
{
	FILE *f = open_data("topic-config.tsv");
	char line[4096], *col[COLUMNS], first[128];
	int id = 0;

	(void)state;
	assert_true(next_row(f, line, sizeof(line), col));
	while (next_row(f, line, sizeof(line), col)) {
		int synonym = topic_config_synonym[id];

		row_equals(&topic_config_keys[id], col);
		snprintf(first, sizeof(first), "%.*s", (int)strcspn(col[5], ","), col[5]);
		assert_string_equal(synonym < 0 ? "none" : config_keys[synonym].name, first);
		id++;
	}
	assert_int_equal(id, TOPIC_CFG_COUNT);
	fclose(f);
}

static void test_every_key_is_found_and_documented(void **state)
{
	(void)state;
	for (int id = 0; id < CFG_COUNT; id++) {
		assert_int_equal(config_key_find(config_keys[id].name), id);
		assert_true(strlen(config_keys[id].doc) > 10);
		assert_int_equal(
			config_keys[id].support >= CONFIG_WARNED, config_keys[id].reason != NULL);
	}
	for (int id = 0; id < TOPIC_CFG_COUNT; id++) {
		assert_int_equal(topic_config_key_find(topic_config_keys[id].name), id);
		assert_true(strlen(topic_config_keys[id].doc) > 10);
	}
	assert_int_equal(config_key_find("no.such.key"), -1);
	assert_int_equal(topic_config_key_find("log.retention.ms"), -1);
}

static void test_every_default_passes_its_own_rule(void **state)
{
	struct config_value v;
	char why[512];

	(void)state;
	for (int id = 0; id < CFG_COUNT; id++) {
		const struct config_key *k = &config_keys[id];

		assert_int_equal(config_value_parse(k, k->def, &v, why, sizeof(why)), 0);
		if (k->def)
			assert_string_equal(
				v.text, k->def); /* and is written as it would be shown */
		config_value_fini(k, &v);
	}
}

static void test_values_are_parsed_as_kafka_does(void **state)
{
	static const struct {
		const char *key, *text, *shown, *why;
	} cases[] = {
		{"num.io.threads", " 16 ", "16", NULL},
		{"num.io.threads", "+16", "16", NULL},
		{"num.io.threads", "0", NULL,
			"Invalid value 0 for configuration num.io.threads: Value must be at least "
			"1"},
		{"num.io.threads", "2147483648", NULL,
			"Invalid value 2147483648 for configuration num.io.threads: Not a number "
			"of type INT"},
		{"num.io.threads", "1.5", NULL,
			"Invalid value 1.5 for configuration num.io.threads: Not a number of type "
			"INT"},
		{"num.io.threads", "", NULL,
			"Invalid value  for configuration num.io.threads: Not a number of type "
			"INT"},
		{"group.share.max.groups", "101", NULL,
			"Invalid value 101 for configuration group.share.max.groups: Value must be "
			"no more than 100"},
		{"group.share.max.groups", "40000", NULL,
			"Invalid value 40000 for configuration group.share.max.groups: Not a "
			"number of type SHORT"},
		{"log.retention.bytes", "-9223372036854775808", "-9223372036854775808", NULL},
		{"delete.topic.enable", "TRUE", "true", NULL},
		{"delete.topic.enable", "yes", NULL,
			"Invalid value yes for configuration delete.topic.enable: Expected value "
			"to be either true or false"},
		{"log.cleaner.min.cleanable.ratio", "1", "1.0", NULL},
		{"log.cleaner.min.cleanable.ratio", "1e-2", "0.01", NULL},
		{"log.cleaner.min.cleanable.ratio", "1.1", NULL,
			"Invalid value 1.1 for configuration log.cleaner.min.cleanable.ratio: "
			"Value must be no more than 1"},
		{"log.cleaner.min.cleanable.ratio", "inf", NULL,
			"Invalid value inf for configuration log.cleaner.min.cleanable.ratio: Not "
			"a number of type DOUBLE"},
		{"log.cleanup.policy", " delete , compact ", "delete,compact", NULL},
		{"log.cleanup.policy", "", "", NULL},
		{"log.cleanup.policy", "delete,squeeze", NULL,
			"Invalid value squeeze for configuration log.cleanup.policy: String must "
			"be one of: compact, delete"},
		{"compression.type", "gzip", "gzip", NULL},
		{"compression.type", "GZIP", NULL,
			"Invalid value GZIP for configuration compression.type: String must be one "
			"of: uncompressed, zstd, "
			"lz4, snappy, gzip, producer"},
		{"compression.gzip.level", "-1", "-1", NULL},
		{"compression.gzip.level", "0", NULL,
			"Invalid value 0 for configuration compression.gzip.level: Value must be "
			"between 1 and 9 or equal to -1"},
		{"inter.broker.protocol.version", "3.9.1", "3.9.1", NULL},
		{"inter.broker.protocol.version", "3.9-IV7", NULL,
			"Invalid value 3.9-IV7 for configuration inter.broker.protocol.version: "
			"Version 3.9-IV7 is not a "
			"valid version"},
		{"create.topic.policy.class.name", "", NULL,
			"Invalid value  for configuration create.topic.policy.class.name: Class  "
			"could not be found."},
	};
	struct config_value v;
	char why[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct config_key *k = &config_keys[config_key_find(cases[i].key)];
		int r = config_value_parse(k, cases[i].text, &v, why, sizeof(why));

		assert_int_equal(r, cases[i].why ? KERR_INVALID_CONFIG : 0);
		if (r)
			assert_string_equal(why, cases[i].why);
		else
			assert_string_equal(v.text, cases[i].shown);
		if (r == 0)
			config_value_fini(k, &v);
	}
}

static void test_throttled_replicas_are_pairs_or_a_star(void **state)
{
	const struct config_key *k =
		&topic_config_keys[TOPIC_LEADER_REPLICATION_THROTTLED_REPLICAS];
	static const char *const good[] = {"", "*", "0:1", "0:1,1:2,10:11", "0:1,,1:2"};
	static const char *const wrong[] = {
		"0", "0:", ":1", "a:b", "*,0:1", "*,*", "0:1:2", "-1:2"};
	struct config_value v;
	char why[512], long_list[2000];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(config_value_parse(k, good[i], &v, why, sizeof(why)), 0);
		config_value_fini(k, &v);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(
			config_value_parse(k, wrong[i], &v, why, sizeof(why)), KERR_INVALID_CONFIG);
	assert_int_equal(config_value_parse(k, "0:0 ,a:1", &v, why, sizeof(why)), KERR_INVALID_CONFIG);
	assert_string_equal(why,
		"Invalid value [0:0, a:1] for configuration leader.replication.throttled.replicas: "
		"leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the "
		"following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...");
	long_list[0] = '0';
	memset(long_list + 1, ',', sizeof(long_list) - 2);
	long_list[sizeof(long_list) - 1] = '\0';
	assert_int_equal(config_value_parse(k, long_list, &v, why, sizeof(why)), KERR_INVALID_CONFIG);
}

static void test_lists_keep_their_elements(void **state)
{
	const struct config_key *k = &config_keys[CFG_SSL_CIPHER_SUITES];
	struct config_value v;
	char why[128];

	(void)state;
	assert_int_equal(config_value_parse(k, "a , b,,c", &v, why, sizeof(why)), 0);
	assert_int_equal(v.list.n, 4);
	assert_string_equal(v.list.v[0], "a");
	assert_string_equal(v.list.v[1], "b");
	assert_string_equal(v.list.v[2], "");
	assert_string_equal(v.list.v[3], "c");
	assert_string_equal(v.text, "a,b,,c");
	config_value_fini(k, &v);
}

static void test_metadata_versions(void **state)
{
	(void)state;
	assert_int_equal(metadata_version("3.9"), METADATA_VERSION_3_9_IV0);
	assert_int_equal(metadata_version("3.9.0"), METADATA_VERSION_3_9_IV0);
	assert_int_equal(metadata_version("3.9.2"), METADATA_VERSION_3_9_IV0);
	assert_int_equal(metadata_version("3.0"), METADATA_VERSION_3_0_IV1);
	assert_int_equal(metadata_version("3.0-IV1"), METADATA_VERSION_3_0_IV1);
	assert_int_equal(metadata_version("3.0-IV0"), METADATA_VERSION_3_0_IV1 - 1);
	assert_int_equal(metadata_version("0.8.0"), 0);
	assert_int_equal(metadata_version("0.10.0.1"), metadata_version("0.10.0-IV1"));
	assert_int_equal(metadata_version(""), -1);
	assert_int_equal(metadata_version("3"), -1);
	assert_int_equal(metadata_version("3.90"), -1);
	assert_int_equal(metadata_version("0.10"), -1);
}

static void test_java_doubles(void **state)
{
	static const struct {
		double d;
		const char *text;
	} cases[] = {
		{0, "0.0"},
		{1, "1.0"},
		{0.5, "0.5"},
		{0.05, "0.05"},
		{0.001, "0.001"},
		{0.0001, "1.0E-4"},
		{100, "100.0"},
		{1234567, "1234567.0"},
		{12345678, "1.2345678E7"},
		{1e7, "1.0E7"},
		{3.25, "3.25"},
		{-2.5, "-2.5"},
		{2147483647.0, "2.147483647E9"},
		{1.7976931348623157e308, "1.7976931348623157E308"},
		{0.1, "0.1"},
		{123.456, "123.456"},
	};
	char buf[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(java_double(cases[i].d, buf, sizeof(buf)), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broker_rows_equal_the_reference),
		cmocka_unit_test(test_topic_rows_equal_the_reference),
		cmocka_unit_test(test_every_key_is_found_and_documented),
		cmocka_unit_test(test_every_default_passes_its_own_rule),
		cmocka_unit_test(test_values_are_parsed_as_kafka_does),
		cmocka_unit_test(test_throttled_replicas_are_pairs_or_a_star),
		cmocka_unit_test(test_lists_keep_their_elements),
		cmocka_unit_test(test_metadata_versions),
		cmocka_unit_test(test_java_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
