/* test_dynamic_config.c - stored layers, vetoes, what a change sets in motion, passwords. */
#include "dynamic_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "security/password_encoder.h"
#include "protocol/errors.h"
#include "zk/path.h"
#include "zk/znode.h"

static char why[CONFIG_ERROR_MAX];

static void test_what_is_stored_is_in_effect_at_the_start(void **state)
{
	(void)state;
	store("/config/brokers/<default>",
		"\"num.io.threads\":\"20\",\"max.connections\":\"7\",\"broker.id\":\"5\"");
	store("/config/brokers/1", "\"max.connections\":\"9\",\"min.insync.replicas\":\"zero\"");
	store("/config/brokers/2", "\"max.connections\":\"11\"");
	store("/config/topics/t", "\"retention.ms\":\"5\"");
	zk_fake_put("/config/topics/plain", "", NOW_MS);
	open_broker("num.io.threads=2\nlog.retention.ms=77\n");
	assert_int_equal(int_now(CFG_NUM_IO_THREADS), 20); /* no limit of doubling at the start */
	assert_int_equal(int_now(CFG_MAX_CONNECTIONS), 9);
	assert_int_equal(int_now(CFG_MIN_INSYNC_REPLICAS), 1);
	assert_int_equal(retention_of("t"), 5);
	assert_int_equal(retention_of("plain"), 77);
	assert_int_equal(times("log Non-dynamic configs configured in ZooKeeper will be "
			       "ignored: Set(broker.id)"),
		1);
}

static void test_a_topic_change_reaches_its_logs(void **state)
{
	(void)state;
	start_broker("");
	store("/config/topics/t",
		"\"retention.ms\":\"123\",\"unclean.leader.election.enable\":\"true\"");
	announce(0, "topics/t");
	expect_event("topic t retention.ms=123");
	expect_event("unclean t");
}

static void test_a_broker_change_reaches_parts_and_topics(void **state)
{
	(void)state;
	store("/config/topics/own", "\"retention.ms\":\"1\"");
	store("/config/topics/plain", "");
	start_broker("");
	store("/config/brokers/<default>", "\"max.connections\":\"50\",\"log.retention.ms\":\"99\","
					   "\"unclean.leader.election.enable\":\"true\"");
	announce(3, "brokers/<default>");
	expect_event("connections 2147483647 to 50");
	expect_event("topic plain retention.ms=99");
	expect_event("topic own retention.ms=1");
	expect_event("unclean default");
	assert_int_equal(int_now(CFG_MAX_CONNECTIONS), 50);
	forget_events();
	store("/config/brokers/1",
		"\"max.connections\":\"60\",\"advertised.listeners\":\"PLAINTEXT://new:9092\","
		"\"leader.replication.throttled.rate\":\"1000\"");
	announce(4, "brokers/1");
	expect_event("connections 50 to 60");
	expect_event("endpoints new");
	expect_event("rates 1000 9223372036854775807 9223372036854775807");
	assert_int_equal(times("topic plain retention.ms=99"), 0); /* its defaults did not move */
}

static void test_what_no_part_takes_says_so(void **state)
{
	(void)state;
	start_broker("");
	store("/config/brokers/<default>", "\"num.io.threads\":\"9\"");
	announce(0, "brokers/<default>");
	expect_event("log num.io.threads=9 takes effect at the next start of the broker");
}

static void test_a_stored_change_that_is_vetoed_changes_nothing(void **state)
{
	(void)state;
	start_broker("");
	store("/config/brokers/1", "\"max.connections\":\"13\"");
	announce(0, "brokers/1");
	expect_event("log Configs of this broker could not be applied, the former values stay: "
		     "Invalid dynamic configuration: unlucky");
	assert_int_equal(int_now(CFG_MAX_CONNECTIONS), INT32_MAX);
}

static void refused(const char *entry, bool per_broker, const char *message)
{
	struct properties p = PROPERTIES_INIT;
	int line;

	assert_int_equal(properties_parse(&p, entry, strlen(entry), &line), 0);
	assert_int_equal(
		dynamic_config_validate(d, &p, per_broker, why), message ? KERR_INVALID_CONFIG : 0);
	if (message)
		assert_string_equal(why, message);
	properties_fini(&p);
}

static void test_changes_are_checked_before_they_are_written(void **state)
{
	(void)state;
	start_broker("num.io.threads=4\n");
	refused("num.io.threads=8\n", true, NULL);
	refused("num.io.threads=2\n", true, NULL);
	refused("num.io.threads=9\n", true,
		"Invalid dynamic configuration: Dynamic thread count update validation failed for "
		"num.io.threads=9, "
		"value should not be greater than double the current value 4");
	refused("num.io.threads=1\n", false,
		"Invalid dynamic configuration: Dynamic thread count update validation failed for "
		"num.io.threads=1, "
		"value should be at least half the current value 4");
	refused("max.connections=13\n", true, "Invalid dynamic configuration: unlucky");
	refused("listeners=PLAINTEXT://:9093\n", true,
		"Invalid dynamic configuration: listeners cannot be added, removed or moved while "
		"the broker runs");
	refused("listeners=PLAINTEXT://:9092\n", true, NULL);
	refused("log.roll.ms=0\n", false,
		"requirement failed: log.roll.ms must be greater than or equal to 1");
	refused("broker.id=3\n", true, "Cannot update these configs dynamically: Set(broker.id)");
}

#define KEYSTORE "listener.name.plaintext.ssl.keystore.password"

static void store_password(const char *secret, const char *password)
{
	const struct password_encoder e = {secret, NULL, "AES/CBC/PKCS5Padding", 128, 1024};
	char *encoded, text[1024];

	assert_int_equal(password_encode(&e, password, &encoded), 0);
	snprintf(text, sizeof(text), "\"" KEYSTORE "\":\"%s\",\"max.connections\":\"5\"", encoded);
	store("/config/brokers/1", text);
	free(encoded);
}

static void expect_password(const char *password)
{
	struct config *c = dynamic_config_current(d);
	const char *value = properties_get(config_layer(c, LAYER_BROKER), KEYSTORE);

	assert_int_equal(config_int(c, CFG_MAX_CONNECTIONS), 5);
	if (password)
		assert_string_equal(value, password);
	else
		assert_null(value);
	config_unref(c);
}

static void test_stored_passwords_are_decoded(void **state)
{
	(void)state;
	store_password("top", "opensesame");
	open_broker("password.encoder.secret=top\n");
	expect_password("opensesame");
	assert_int_equal(times("replaced /config/brokers/1"), 0);
}

static void test_without_its_secret_a_password_is_left_out(void **state)
{
	(void)state;
	store_password("top", "opensesame");
	open_broker("password.encoder.secret=other\n");
	expect_password(NULL);
	assert_int_equal(times("log Dynamic password config " KEYSTORE " could not be decoded, ignoring. "
			       "(password.encoder.secret is another one, or the value is damaged)"),
		1);
}

static void test_passwords_of_the_old_secret_are_stored_anew(void **state)
{
	struct znode_config z;
	char *data, *plain;
	int i;

	(void)state;
	store_password("old", "opensesame");
	open_broker("password.encoder.secret=new\npassword.encoder.old.secret=old\n");
	expect_password("opensesame");
	assert_int_equal(times("replaced /config/brokers/1"), 1);
	i = zk_fake_find("/config/brokers/1");
	data = zk_fake_data(i);
	assert_int_equal(znode_config_decode(data, (int32_t)strlen(data), &z), 0);
	assert_int_equal(password_decode("new", znode_config_get(&z, KEYSTORE), &plain), 0);
	assert_string_equal(plain, "opensesame");
	assert_string_equal(znode_config_get(&z, "max.connections"), "5");
	free(plain);
	znode_config_fini(&z);
	free(data);
	/* the next start with both secrets has nothing to do */
	d = dynamic_config_free(d);
	forget_events();
	open_broker("password.encoder.secret=new\npassword.encoder.old.secret=old\n");
	expect_password("opensesame");
	assert_int_equal(times("replaced /config/brokers/1"), 0);
}

static void test_a_new_topic_is_read_when_it_is_made(void **state)
{
	(void)state;
	start_broker("");
	store("/config/topics/late", "\"retention.ms\":\"8\""); /* creation is not announced */
	assert_int_equal(retention_of("late"), 8);
	dynamic_config_retell(d, "late");
	assert_int_equal(times("topic late retention.ms=8"), 1);
	zk.state = ZK_CONNECTING;
	store("/config/topics/late", "\"retention.ms\":\"9\"");
	assert_int_equal(retention_of("late"), 8); /* the last known, while ZooKeeper is away */
	zk.state = ZK_CONNECTED;
	assert_int_equal(retention_of("late"), 9);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dynamic_fixture_setup, dynamic_fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_stored_is_in_effect_at_the_start),
		TEST(test_a_topic_change_reaches_its_logs),
		TEST(test_a_broker_change_reaches_parts_and_topics),
		TEST(test_what_no_part_takes_says_so),
		TEST(test_a_stored_change_that_is_vetoed_changes_nothing),
		TEST(test_changes_are_checked_before_they_are_written),
		TEST(test_stored_passwords_are_decoded),
		TEST(test_without_its_secret_a_password_is_left_out),
		TEST(test_passwords_of_the_old_secret_are_stored_anew),
		TEST(test_a_new_topic_is_read_when_it_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
