/* test_config_describe.c - entries of DescribeConfigs: values, sources, synonyms. */
#include "broker/config_describe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static char why[CONFIG_ERROR_MAX];

static int open_arena(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static struct properties properties_of(const char *text)
{
	struct properties p = PROPERTIES_INIT;
	int line;

	assert_int_equal(properties_parse(&p, text, strlen(text), &line), 0);
	return p;
}

static struct config *config_of(const char *fixed, const char *cluster, const char *broker)
{
	struct properties pf = properties_of(fixed), pc = properties_of(cluster),
			  pb = properties_of(broker);
	struct config *c = NULL, *with = NULL;

	properties_set(&pf, "zookeeper.connect", "z", 99);
	assert_int_equal(config_new(&pf, "f", &c, why), 0);
	assert_int_equal(config_with_dynamic(c, &pc, &pb, &with, why), 0);
	config_unref(c);
	properties_fini(&pf);
	properties_fini(&pc);
	properties_fini(&pb);
	return with;
}

struct entries {
	struct config_entry *v;
	int32_t n;
};

static struct entries broker_entries(const struct config *c, bool cluster_default)
{
	const struct describe_query q = {&arena, NULL, -1, true, true};
	struct entries e;

	assert_int_equal(describe_broker(c, cluster_default, &q, &e.v, &e.n), 0);
	return e;
}

static struct entries topic_entries(const struct config *c, const char *overrides)
{
	const struct describe_query q = {&arena, NULL, 0, true, false};
	struct properties p = properties_of(overrides);
	struct entries e;

	assert_int_equal(describe_topic(c, &p, &q, &e.v, &e.n), 0);
	properties_fini(&p);
	return e;
}

static const struct config_entry *entry(struct entries e, const char *name)
{
	for (int32_t i = 0; i < e.n; i++) {
		if (str_is(e.v[i].name, name))
			return &e.v[i];
	}
	return NULL;
}

/* "name=value/source ..." of the synonyms, - for a null value. */
static const char *synonyms(const struct config_entry *e)
{
	static char text[1024];
	size_t at = 0;

	text[0] = '\0';
	for (int32_t i = 0; i < e->synonyms_n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.*s=%.*s/%d", i ? " " : "",
			STR_ARG(e->synonyms[i].name),
			e->synonyms[i].value.len < 0 ? 1 : e->synonyms[i].value.len,
			e->synonyms[i].value.len < 0 ? "-" : e->synonyms[i].value.p,
			e->synonyms[i].source);
	return text;
}

static void test_all_keys_of_a_broker_are_listed_in_order(void **state)
{
	struct config *c = config_of("", "", "");
	struct entries e = broker_entries(c, false);

	(void)state;
	assert_int_equal(e.n, 328 - 14); /* without the internal ones */
	for (int32_t i = 1; i < e.n; i++)
		assert_true(str_cmp(e.v[i - 1].name, e.v[i].name) < 0);
	assert_true(str_is(entry(e, "num.io.threads")->value, "8"));
	assert_int_equal(entry(e, "num.io.threads")->source, CONFIG_SOURCE_DEFAULT);
	assert_false(entry(e, "num.io.threads")->read_only);
	assert_int_equal(entry(e, "num.io.threads")->type, 3);
	assert_true(entry(e, "num.io.threads")->documentation.len > 10);
	assert_true(entry(e, "broker.id")->read_only);
	assert_int_equal(entry(e, "log.retention.ms")->value.len, -1);
	assert_string_equal(synonyms(entry(e, "log.retention.ms")), ""); /* null is no synonym */
	assert_string_equal(synonyms(entry(e, "log.retention.hours")), "log.retention.hours=168/5");
	config_unref(c);
}

static void test_layers_appear_as_synonyms_in_falling_precedence(void **state)
{
	struct config *c = config_of("num.io.threads=4\nlog.retention.hours=2\n",
		"num.io.threads=6\nlog.retention.ms=7\n", "num.io.threads=9\n");
	struct entries e = broker_entries(c, false);

	(void)state;
	assert_string_equal(synonyms(entry(e, "num.io.threads")),
		"num.io.threads=9/2 num.io.threads=6/3 num.io.threads=4/4 num.io.threads=8/5");
	assert_true(str_is(entry(e, "num.io.threads")->value, "9"));
	assert_int_equal(entry(e, "num.io.threads")->source, CONFIG_SOURCE_DYNAMIC_BROKER);
	assert_string_equal(synonyms(entry(e, "log.retention.ms")),
		"log.retention.ms=7/3 log.retention.hours=2/4 log.retention.hours=168/5");
	assert_string_equal(synonyms(entry(e, "log.retention.hours")),
		"log.retention.hours=2/4 log.retention.hours=168/5");
	config_unref(c);
}

static void test_the_clusters_default_lists_only_what_is_set_there(void **state)
{
	struct config *c =
		config_of("num.io.threads=4\n", "num.io.threads=6\nmine=x\n", "num.io.threads=9\n");
	struct entries e = broker_entries(c, true);

	(void)state;
	assert_int_equal(e.n, 2);
	assert_string_equal(synonyms(entry(e, "num.io.threads")), "num.io.threads=6/3");
	assert_true(str_is(entry(e, "num.io.threads")->value, "6"));
	assert_true(entry(e, "mine")->sensitive);
	config_unref(c);
}

static void test_secrets_and_unknown_keys_show_no_value(void **state)
{
	struct config *c = config_of(
		"ssl.key.password=p\nsome.plugin=1\nlistener.name.plaintext.ssl.keystore.type=PEM\n"
		"node.id=3\nlog.initial.task.delay.ms=5\n",
		"", "");
	struct entries e = broker_entries(c, false);

	(void)state;
	assert_true(entry(e, "ssl.key.password")->sensitive);
	assert_int_equal(entry(e, "ssl.key.password")->value.len, -1);
	assert_string_equal(synonyms(entry(e, "ssl.key.password")), "ssl.key.password=-/4");
	assert_true(entry(e, "some.plugin")->sensitive);
	assert_int_equal(entry(e, "some.plugin")->type, 0);
	assert_int_equal(entry(e, "some.plugin")->source, CONFIG_SOURCE_STATIC_BROKER);
	assert_string_equal(synonyms(entry(e, "listener.name.plaintext.ssl.keystore.type")),
		"listener.name.plaintext.ssl.keystore.type=PEM/4 ssl.keystore.type=JKS/5");
	assert_string_equal(synonyms(entry(e, "broker.id")), "broker.id=3/4 broker.id=-1/5");
	assert_true(
		str_is(entry(e, "log.initial.task.delay.ms")->value, "5")); /* internal, but set */
	config_unref(c);
}

static void test_a_topics_entries(void **state)
{
	struct config *c = config_of(
		"log.segment.bytes=1000\nlog.retention.hours=1\n", "min.insync.replicas=2\n", "");
	struct entries e =
		topic_entries(c, "cleanup.policy= compact , delete\nsegment.bytes=2000\nodd=1\n");

	(void)state;
	assert_int_equal(e.n, 36 + 1);
	assert_true(str_is(entry(e, "segment.bytes")->value, "2000"));
	assert_false(entry(e, "segment.bytes")->read_only);
	assert_string_equal(synonyms(entry(e, "segment.bytes")),
		"segment.bytes=2000/1 log.segment.bytes=1000/4 log.segment.bytes=1073741824/5");
	assert_true(str_is(entry(e, "cleanup.policy")->value, "compact,delete"));
	assert_int_equal(entry(e, "cleanup.policy")->source, CONFIG_SOURCE_TOPIC);
	assert_int_equal(
		entry(e, "min.insync.replicas")->source, CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER);
	assert_true(str_is(entry(e, "retention.ms")->value, "3600000"));
	assert_int_equal(
		entry(e, "retention.ms")->source, CONFIG_SOURCE_DEFAULT); /* Kafka's quirk */
	assert_true(str_is(entry(e, "min.cleanable.dirty.ratio")->value, "0.5"));
	assert_true(str_is(entry(e, "leader.replication.throttled.replicas")->value, ""));
	assert_string_equal(synonyms(entry(e, "leader.replication.throttled.replicas")), "");
	assert_true(entry(e, "odd")->sensitive);
	assert_int_equal(entry(e, "odd")->documentation.len, -1);
	config_unref(c);
}

static void test_only_what_was_asked_for(void **state)
{
	const struct str keys[] = {STR("retention.ms"), STR("no.such.key")};
	const struct describe_query q = {&arena, keys, 2, false, false};
	struct config *c = config_of("", "", "");
	struct properties none = PROPERTIES_INIT;
	struct config_entry *v;
	int32_t n;

	(void)state;
	assert_int_equal(describe_topic(c, &none, &q, &v, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(v[0].synonyms_n, 0);
	config_unref(c);
}

static void test_a_full_arena_is_an_error(void **state)
{
	struct arena small;
	const struct describe_query q = {&small, NULL, 0, true, true};
	struct config *c = config_of("", "", "");
	struct config_entry *v;
	int32_t n;
	int r = -1;

	(void)state;
	for (size_t limit = 1000; limit < 400000; limit += 20000) {
		arena_init(&small, limit);
		r = describe_broker(c, false, &q, &v, &n);
		arena_fini(&small);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_int_equal(r, 0);
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys_of_a_broker_are_listed_in_order),
		cmocka_unit_test(test_layers_appear_as_synonyms_in_falling_precedence),
		cmocka_unit_test(test_the_clusters_default_lists_only_what_is_set_there),
		cmocka_unit_test(test_secrets_and_unknown_keys_show_no_value),
		cmocka_unit_test(test_a_topics_entries),
		cmocka_unit_test(test_only_what_was_asked_for),
		cmocka_unit_test(test_a_full_arena_is_an_error),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
