/* test_log_levels.c - levels inherited by name, told to every place that logs while others log. */
#define LOG_CLASS "kafka.server.KafkaServer"
#include "base/log_levels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static char last[64];
static atomic_int lines;

static void capture(enum log_level level, const char *cls, const char *msg)
{
	(void)snprintf(last, sizeof(last), "%d %s %s", (int)level, cls, msg);
}

static void count(enum log_level level, const char *cls, const char *msg)
{
	(void)level, (void)cls, (void)msg;
	atomic_fetch_add(&lines, 1);
}

static int prepare(void **state)
{
	(void)state;
	log_levels_reset(LOG_INFO, true);
	logger_capture(capture);
	last[0] = '\0';
	return 0;
}

static int finish(void **state)
{
	(void)state;
	logger_capture(NULL);
	log_levels_reset(LOG_INFO, false);
	return 0;
}

/* The places of this program, one per class. */
static void say_all(void)
{
	log_debug("server");
	log_to(LOG_DEBUG, "kafka.server.KafkaServer$Inner", "inner");
	log_to(LOG_TRACE, "kafka.controller.KafkaController", "controller");
	log_to(LOG_DEBUG, "org.apache.kafka.common.X", "common");
	log_to(LOG_WARN, "elsewhere", "elsewhere");
}

static void expect_last(const char *want)
{
	assert_string_equal(want, last);
	last[0] = '\0';
}

static void a_name_without_a_level_inherits(void **state)
{
	(void)state;
	assert_int_equal(LOG_INFO, log_levels_get("kafka.server.KafkaServer"));
	assert_true(log_levels_set("kafka", LOG_ERROR));
	assert_int_equal(LOG_ERROR, log_levels_get("kafka.server.KafkaServer"));
	assert_true(log_levels_set("kafka.server", LOG_TRACE));
	assert_int_equal(LOG_TRACE, log_levels_get("kafka.server.KafkaServer"));
	assert_int_equal(LOG_TRACE, log_levels_get("kafka.server.KafkaServer$Inner"));
	assert_int_equal(LOG_ERROR, log_levels_get("kafka.serverless"));
	assert_true(log_levels_set("kafka.server.KafkaServer", LOG_WARN));
	assert_int_equal(LOG_WARN, log_levels_get("kafka.server.KafkaServer"));
	assert_int_equal(LOG_TRACE, log_levels_get("kafka.server.KafkaServer$Inner")); /* not below it by name */
	assert_true(log_levels_unset("kafka.server.KafkaServer"));
	assert_true(log_levels_unset("kafka.server"));
	assert_int_equal(LOG_ERROR, log_levels_get("kafka.server.KafkaServer"));
	assert_true(log_levels_unset("kafka"));
	assert_true(log_levels_set("root", LOG_FATAL));
	assert_int_equal(LOG_FATAL, log_levels_get("kafka.server.KafkaServer"));
	assert_int_equal(LOG_FATAL, log_levels_get("elsewhere"));
	assert_int_equal(LOG_TRACE, log_levels_get("kafka.controller.KafkaController")); /* has its own */
}

static void the_places_are_told(void **state)
{
	(void)state;
	log_debug("unheard");
	expect_last("");
	assert_true(log_levels_set("kafka.server", LOG_DEBUG));
	log_debug("heard");
	expect_last("1 kafka.server.KafkaServer heard");
	assert_true(log_wants(LOG_DEBUG));
	assert_false(log_wants(LOG_TRACE));
	assert_true(log_levels_set("kafka.server.KafkaServer", LOG_FATAL));
	log_error("unheard");
	expect_last("");
	log_to(LOG_DEBUG, "kafka.server.KafkaServer$Inner", "of another class");
	expect_last("1 kafka.server.KafkaServer$Inner of another class");
	log_levels_reset(LOG_OFF, true);
	assert_true(log_levels_set("kafka", LOG_TRACE));
	log_error("unheard");
	expect_last("");
}

static void only_what_says_something_exists(void **state)
{
	(void)state;
	assert_true(log_levels_exists("root"));
	assert_true(log_levels_exists("kafka"));
	assert_true(log_levels_exists("kafka.server"));
	assert_true(log_levels_exists("kafka.server.KafkaServer"));
	assert_false(log_levels_exists("kafka.serv"));
	assert_false(log_levels_exists("kafka.server."));
	assert_false(log_levels_exists("kafka.request.logger"));
	assert_false(log_levels_exists(""));
	assert_false(log_levels_set("no.such.logger", LOG_INFO));
	assert_false(log_levels_unset("no.such.logger"));
	assert_false(log_levels_unset("root"));
}

static void the_list_is_sorted_and_complete(void **state)
{
	static const struct {
		const char *name;
		enum log_level level;
	} want[] = {
		{ "elsewhere", LOG_INFO },
		{ "kafka", LOG_INFO },
		{ "kafka.controller", LOG_TRACE },
		{ "kafka.controller.KafkaController", LOG_TRACE },
		{ "kafka.server", LOG_DEBUG },
		{ "kafka.server.KafkaServer", LOG_DEBUG },
		{ "kafka.server.KafkaServer$Inner", LOG_DEBUG },
		{ "org.apache.kafka", LOG_INFO },
		{ "org.apache.kafka.common.X", LOG_INFO },
		{ "root", LOG_INFO },
	};
	struct log_level_entry *v;
	size_t n;

	(void)state;
	assert_true(log_levels_set("kafka.server", LOG_DEBUG));
	v = log_levels_list(&n);
	assert_int_equal(ARRAY_LEN(want), n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(want[i].name, v[i].name);
		assert_int_equal(want[i].level, v[i].level);
	}
	free(v);
}

static void *say_much(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2000; i++)
		say_all();
	return NULL;
}

static void levels_change_while_others_log(void **state)
{
	pthread_t t[3];
	size_t n;

	(void)state;
	logger_capture(count);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, say_much, NULL));
	for (int i = 0; i < 500; i++) {
		assert_true(log_levels_set("kafka.server", i % 2 ? LOG_TRACE : LOG_ERROR));
		assert_true(log_levels_unset("kafka.server"));
		free(log_levels_list(&n));
	}
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		(void)pthread_join(t[i], NULL);
	assert_true(atomic_load(&lines) >= 3 * 2000 * 2); /* the controller's and elsewhere's are never off */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_without_a_level_inherits, prepare, finish),
		cmocka_unit_test_setup_teardown(the_places_are_told, prepare, finish),
		cmocka_unit_test_setup_teardown(only_what_says_something_exists, prepare, finish),
		cmocka_unit_test_setup_teardown(the_list_is_sorted_and_complete, prepare, finish),
		cmocka_unit_test_setup_teardown(levels_change_while_others_log, prepare, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
