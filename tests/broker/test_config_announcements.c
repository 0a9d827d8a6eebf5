/* test_config_announcements.c - changes as this and other programs announce them, and those that were missed. */
#include "dynamic_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "zk/path.h"

static void test_old_announcements_are_removed_nonsense_is_skipped(void **state)
{
	(void)state;
	store("/config/topics/t", "\"retention.ms\":\"5\"");
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000001", "{\"version\":2,\"entity_path\":\"topics/t\"}",
		OLD_MS);
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000002", "{\"version\":2,\"entity_path\":\"nonsense\"}",
		NOW_MS);
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000003", "\"t\"", NOW_MS);
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000004", "{\"version\":2,\"entity_path\":\"users/u\"}",
		NOW_MS);
	zk_fake_put(ZK_PATH_CONFIG_CHANGES "/other", "x", NOW_MS);
	start_broker("");
	expect_event("topic t retention.ms=5"); /* what is there at the start is processed too */
	expect_event("deleted " ZK_PATH_CONFIG_CHANGE "0000000001");
	expect_event("log Quotas of users are stored, but this broker does not enforce quotas yet");
	forget_events();
	store("/config/topics/t", "\"retention.ms\":\"6\"");
	announce(5, "topics/t");
	expect_event("topic t retention.ms=6");
	assert_int_equal(times("topic t retention.ms=5"), 0);
}

static void test_what_happened_while_away_is_caught_up(void **state)
{
	(void)state;
	store("/config/topics/own", "\"retention.ms\":\"1\"");
	start_broker("");
	/* written by others, announced, and the announcements purged again */
	store("/config/topics/t", "\"retention.ms\":\"44\",\"unclean.leader.election.enable\":\"true\"");
	store("/config/topics/elsewhere", "\"retention.ms\":\"45\"");
	store("/config/brokers/<default>", "\"max.connections\":\"50\"");
	store("/config/brokers/1", "\"advertised.listeners\":\"PLAINTEXT://new:9092\"");
	zk_fake_renew();
	expect_event("connections 2147483647 to 50");
	expect_event("endpoints new");
	expect_event("topic t retention.ms=44");
	expect_event("unclean t");
	assert_int_equal(times("topic own retention.ms=1"), 0); /* nothing new */
	assert_int_equal(times("topic elsewhere retention.ms=45"), 0);
	assert_int_equal(retention_of("t"), 44);
}

static void test_changes_made_anew_are_not_taken_for_old_ones(void **state)
{
	(void)state;
	start_broker("");
	store("/config/topics/t", "\"retention.ms\":\"7\"");
	announce(9, "topics/t");
	expect_event("topic t retention.ms=7");
	zk_fake_delete_changes(); /* by somebody */
	expect_event("made " ZK_PATH_CONFIG_CHANGES);
	store("/config/topics/t", "\"retention.ms\":\"8\"");
	announce(0, "topics/t");
	expect_event("topic t retention.ms=8");
}

static void test_damaged_configs_change_nothing(void **state)
{
	(void)state;
	store("/config/topics/t", "\"retention.ms\":\"7\"");
	store("/config/brokers/1", "\"max.connections\":\"50\"");
	start_broker("");
	assert_int_equal(int_now(CFG_MAX_CONNECTIONS), 50);
	zk_fake_put("/config/brokers/1", "{\"version\":1,\"config\":{\"max.connections\":60}}", NOW_MS);
	zk_fake_put("/config/topics/t", "{\"version\":1,\"config\":{\"retention.ms\":[1]}}", NOW_MS);
	announce(1, "brokers/1");
	announce(2, "topics/t");
	expect_event("log Config of brokers/1 could not be read, the former values stay: it is damaged, a "
		     "value is no string");
	expect_event("log Config of topics/t could not be read, the former values stay: it is damaged, a "
		     "value is no string");
	assert_int_equal(int_now(CFG_MAX_CONNECTIONS), 50);
	assert_int_equal(retention_of("t"), 7);
	zk_fake_put("/config/brokers/1", "no JSON", NOW_MS); /* no overrides, as Kafka reads it */
	announce(3, "brokers/1");
	expect_event("connections 50 to 2147483647");
}

static void test_topics_without_logs_are_forgotten(void **state)
{
	(void)state;
	start_broker("");
	store("/config/topics/elsewhere", "\"retention.ms\":\"5\"");
	store("/config/topics/t", "\"retention.ms\":\"6\"");
	announce(0, "topics/elsewhere");
	announce(1, "topics/t");
	expect_event("topic t retention.ms=6");
	assert_int_equal(times("topic elsewhere retention.ms=5"), 0);
	set_gone("t"); /* deleted, and its logs with it */
	dynamic_config_retell(d, "t");
	forget_events();
	announce(2, "topics/t");
	announce(3, "topics/own");
	expect_event("topic own retention.ms=604800000");
	assert_int_equal(times("topic t retention.ms=6"), 0);
	set_gone(""); /* made again: its settings are read */
	store("/config/topics/t", "\"retention.ms\":\"9\"");
	assert_int_equal(retention_of("t"), 9);
	announce(4, "topics/t");
	expect_event("topic t retention.ms=9");
}

static void test_other_programs_announce_in_other_ways(void **state)
{
	(void)state;
	start_broker("");
	store("/config/topics/t", "\"retention.ms\":\"5\"");
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000001",
		"{\"version\":1,\"entity_type\":\"topics\",\"entity_name\":\"t\"}", NOW_MS);
	expect_event("topic t retention.ms=5");
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000002",
		"{\"version\":1,\"entity_type\":\"brokers\",\"entity_name\":\"1\"}", NOW_MS);
	expect_event("log Config change notification has an unexpected value, it is skipped: "
		     "\"{\\\"version\\\":1,\\\"entity_type\\\":\\\"brokers\\\",\\\"entity_name\\\":\\\"1\\\"}\"");
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000003", "{\"version\":2,\"entity_path\":\"planets/x\"}", NOW_MS);
	expect_event("log Config change notification names an unknown entity, it is skipped: "
		     "\"{\\\"version\\\":2,\\\"entity_path\\\":\\\"planets/x\\\"}\"");
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000004", "{\"version\":2,\"entity_path\":\"users/<default>\"}", NOW_MS);
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000005", "{\"version\":2,\"entity_path\":\"ips/<default>\"}", NOW_MS);
	zk_fake_put(ZK_PATH_CONFIG_CHANGE "0000000006", "{\"version\":2,\"entity_path\":\"clients/c\"}", NOW_MS);
	store("/config/topics/t", "\"retention.ms\":\"6\"");
	announce(7, "topics/t");
	expect_event("topic t retention.ms=6");
	assert_int_equal(times("log Quotas of users are stored, but this broker does not enforce quotas yet"), 1);
	assert_int_equal(times("log Quotas of ips are stored, but this broker does not enforce quotas yet"), 0);
	assert_int_equal(times("log Quotas of clients are stored, but this broker does not enforce quotas yet"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dynamic_fixture_setup, dynamic_fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_old_announcements_are_removed_nonsense_is_skipped),
		TEST(test_what_happened_while_away_is_caught_up),
		TEST(test_changes_made_anew_are_not_taken_for_old_ones),
		TEST(test_damaged_configs_change_nothing),
		TEST(test_topics_without_logs_are_forgotten),
		TEST(test_other_programs_announce_in_other_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
