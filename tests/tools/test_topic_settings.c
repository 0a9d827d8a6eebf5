/* test_topic_settings.c - what Kafka's tools say of settings of topics before they send them. */
#include "tools/topic_settings.h"

#include "base/attr.h"
#include "protocol/errors.h"
#include "tests/base/unit.h"

static void expect(const char *key, const char *value, const char *more, const char *value2, int code,
	const char *message)
{
	struct properties p = PROPERTIES_INIT;
	char why[TOPIC_SETTINGS_WHY_MAX] = "";

	properties_set(&p, key, value, 0);
	if (more)
		properties_set(&p, more, value2, 0);
	assert_int_equal(code, topic_settings_check(&p, why));
	assert_string_equal(message, why);
	properties_fini(&p);
}

static void settings(void **state)
{
	(void)state;
	expect("retention.ms", "1000", "cleanup.policy", "compact,delete", 0, "");
	expect("retention.ms", "x", "foo", "1", KERR_INVALID_CONFIG, "Unknown topic config name: foo");
	expect("retention.ms", "x", NULL, NULL, KERR_INVALID_REQUEST,
		"Invalid value x for configuration retention.ms: Not a number of type LONG");
	expect("min.compaction.lag.ms", "10", "max.compaction.lag.ms", "5", KERR_INVALID_CONFIG,
		"conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)");
	expect("min.compaction.lag.ms", "10", "max.compaction.lag.ms", "10", 0, "");
	expect("min.compaction.lag.ms", "10", NULL, NULL, 0, "");
}

static void names_alone(void **state)
{
	struct properties p = PROPERTIES_INIT;
	char why[TOPIC_SETTINGS_WHY_MAX];

	(void)state;
	properties_set(&p, "retention.ms", "x", 0);
	assert_int_equal(0, topic_settings_check_names(&p, why));
	properties_set(&p, "nope", "", 0);
	assert_int_equal(KERR_INVALID_CONFIG, topic_settings_check_names(&p, why));
	assert_string_equal("Unknown topic config name: nope", why);
	properties_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings),
		cmocka_unit_test(names_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
