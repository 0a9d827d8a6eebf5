/* test_config_change.c - what a running broker refuses of a change that would be valid at a start. */
#include "broker/config_change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/errors.h"

static char why[CONFIG_ERROR_MAX];

static void parse(struct properties *p, const char *text)
{
	int line;

	assert_int_equal(properties_parse(p, text, strlen(text), &line), 0);
}

/* From a broker with `fixed` and the broker's dynamic `old` to the dynamic `now`: NULL when it is let through. */
static const char *change(const char *fixed, const char *old, const char *now)
{
	struct properties f = PROPERTIES_INIT, a = PROPERTIES_INIT, b = PROPERTIES_INIT;
	struct config *base = NULL, *from = NULL, *to = NULL;
	int r;

	parse(&f, "zookeeper.connect=z\n");
	parse(&f, fixed);
	parse(&a, old);
	parse(&b, now);
	assert_int_equal(config_new(&f, "f", &base, why), 0);
	assert_int_equal(config_with_dynamic(base, NULL, &a, &from, why), 0);
	assert_int_equal(config_with_dynamic(base, NULL, &b, &to, why), 0);
	r = config_change_check(from, to, why);
	assert_true(r == 0 || r == KERR_INVALID_CONFIG);
	config_unref(base);
	config_unref(from);
	config_unref(to);
	properties_fini(&f);
	properties_fini(&a);
	properties_fini(&b);
	if (r == 0)
		return NULL;
	assert_true(!strncmp(why, "Invalid dynamic configuration: ", 31));
	return why + 31;
}

#define LET_THROUGH(fixed, old, now) assert_null(change(fixed, old, now))
#define REFUSED(fixed, old, now, text) assert_string_equal(change(fixed, old, now), text)

static void pools_change_by_at_most_a_factor_of_two(void **state)
{
	(void)state;
	LET_THROUGH("num.io.threads=4\n", "", "num.io.threads=8\n");
	LET_THROUGH("num.io.threads=5\n", "", "num.io.threads=2\n");
	LET_THROUGH("background.threads=1\n", "", "background.threads=2\n");
	REFUSED("num.io.threads=4\n", "", "num.io.threads=9\n",
		"Dynamic thread count update validation failed for num.io.threads=9, value should not "
		"be greater than double the current value 4");
	REFUSED("background.threads=10\n", "", "background.threads=4\n",
		"Dynamic thread count update validation failed for background.threads=4, value should "
		"be at least half the current value 10");
	REFUSED("", "", "num.recovery.threads.per.data.dir=2147483647\n",
		"Dynamic thread count update validation failed for "
		"num.recovery.threads.per.data.dir=2147483647, value should not be greater than double "
		"the current value 1");
	REFUSED("", "num.replica.fetchers=4\n", "",
		"Dynamic thread count update validation failed for num.replica.fetchers=1, value should "
		"be at least half the current value 4");
	REFUSED("num.network.threads=3\n", "", "num.network.threads=7\n",
		"Dynamic thread count update validation failed for num.network.threads=7, value should "
		"not be greater than double the current value 3");
	LET_THROUGH("num.network.threads=3\n", "", "listener.name.plaintext.num.network.threads=6\n");
	REFUSED("num.network.threads=3\n", "", "listener.name.plaintext.num.network.threads=7\n",
		"Dynamic thread count update validation failed for num.network.threads=7, value should "
		"not be greater than double the current value 3");
}

static void nobody_may_be_shut_out_while_running(void **state)
{
	(void)state;
	LET_THROUGH("", "", "max.connections=1\nmax.connection.creation.rate=1\n");
	LET_THROUGH("max.connections=0\n", "", "num.io.threads=9\n"); /* untouched */
	REFUSED("", "", "max.connections=0\n", "Invalid max.connections 0");
	REFUSED("", "", "max.connection.creation.rate=0\n", "Invalid max.connection.creation.rate 0");
	REFUSED("", "", "listener.name.plaintext.max.connections=0\n", "Invalid max.connections 0");
	LET_THROUGH("", "", "listener.name.other.max.connections=0\n"); /* no such listener */
}

static void only_reporters_that_can_be_loaded(void **state)
{
	(void)state;
	LET_THROUGH("", "", "metric.reporters=org.apache.kafka.common.metrics.JmxReporter\n");
	LET_THROUGH("", "metric.reporters=a.B\n", "metric.reporters=\n");
	LET_THROUGH("metric.reporters=a.B\n", "", "num.io.threads=9\n"); /* of the start: warned about there */
	REFUSED("", "", "metric.reporters=a.B\n",
		"Validation of dynamic config update of Set(metric.reporters) failed: a.B could not be "
		"loaded, there is no Java here");
}

static void what_is_kept_here_is_not_more_than_what_is_kept(void **state)
{
	(void)state;
	LET_THROUGH("", "", "log.local.retention.ms=5\nlog.local.retention.bytes=5\n");
	LET_THROUGH("log.local.retention.ms=5000\nlog.retention.ms=10\n", "", "num.io.threads=9\n");
	REFUSED("log.local.retention.ms=5000\n", "", "log.retention.ms=10\n",
		"Invalid value 5000 for configuration log.local.retention.ms: Value must not be more than "
		"log.retention.ms property value: 10");
	REFUSED("", "", "log.local.retention.ms=-1\n",
		"Invalid value -1 for configuration log.local.retention.ms: Value must not be -1 as "
		"log.retention.ms value is set as 604800000.");
	LET_THROUGH("log.retention.ms=-1\n", "", "log.local.retention.ms=-1\n");
	REFUSED("log.retention.bytes=100\n", "", "log.local.retention.bytes=101\n",
		"Invalid value 101 for configuration log.local.retention.bytes: Value must not be more "
		"than log.retention.bytes property value: 100");
	LET_THROUGH("", "", "log.local.retention.bytes=-1\n");
}

#define A "listeners=A://:1\nlistener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT,C:SSL\ninter.broker.listener.name=A\n"

static void listeners_come_and_go(void **state)
{
	(void)state;
	LET_THROUGH(A, "", "listeners=A://:1,B://:2\n");
	LET_THROUGH(A, "listeners=A://:1,B://:2\n", "");
	LET_THROUGH(A, "", "listeners=A://:7\n");
	LET_THROUGH(A, "", "listeners=A://:1,B://:2\nlistener.name.b.sasl.enabled.mechanisms=PLAIN\n");
}

static void an_existing_listener_keeps_its_settings(void **state)
{
	const char *text = "Configs cannot be updated dynamically for existing listener A, restart broker or create "
			   "a new listener for update";

	(void)state;
	REFUSED(A, "", "listeners=A://:1,B://:2\nlistener.name.a.sasl.enabled.mechanisms=PLAIN\n", text);
	REFUSED(A "listener.name.a.ssl.client.auth=required\n", "",
		"listeners=A://:1,B://:2\nlistener.name.a.ssl.client.auth=none\n", text);
	/* these may change, and alone nobody looks at the others (as in Kafka) */
	LET_THROUGH(A, "", "listeners=A://:1,B://:2\nlistener.name.a.max.connections=5\n"
			   "listener.name.a.ssl.keystore.location=/k\n");
	LET_THROUGH(A, "", "listener.name.a.sasl.enabled.mechanisms=PLAIN\n");
}

/* Only PLAINTEXT listeners exist, so the other protocol must be that of a map entry for another listener. */
static void other_entries_of_the_map_may_change(void **state)
{
	(void)state;
	LET_THROUGH(A, "", "listener.security.protocol.map=A:PLAINTEXT,B:SSL\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_change_by_at_most_a_factor_of_two),
		cmocka_unit_test(nobody_may_be_shut_out_while_running),
		cmocka_unit_test(only_reporters_that_can_be_loaded),
		cmocka_unit_test(what_is_kept_here_is_not_more_than_what_is_kept),
		cmocka_unit_test(listeners_come_and_go),
		cmocka_unit_test(an_existing_listener_keeps_its_settings),
		cmocka_unit_test(other_entries_of_the_map_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
