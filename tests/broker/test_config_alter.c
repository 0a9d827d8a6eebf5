/* test_config_alter.c - operations of IncrementalAlterConfigs on a stored set. */
#include "broker/config_alter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/errors.h"

static char why[CONFIG_ERROR_MAX];

static struct config_change change(int op, const char *name, const char *value)
{
	return (struct config_change){str_of(name), str_of(value), (int8_t)op};
}

/* The value of `name` after one operation on a topic that stores `stored` for it (NULL: nothing). */
static const char *after(const char *name, const char *stored, int op, const char *value)
{
	static char text[256];
	struct properties p = PROPERTIES_INIT;
	struct config_change c = change(op, name, value);
	const char *now;

	if (stored)
		properties_set(&p, name, stored, 0);
	if (config_changes_apply(&p, &c, 1, config_topic_row, why)) {
		properties_fini(&p);
		return why;
	}
	now = properties_get(&p, name);
	if (now)
		strcpy(text, now);
	properties_fini(&p);
	return now ? text : NULL;
}

static void test_set_and_delete(void **state)
{
	(void)state;
	assert_string_equal(after("retention.ms", "1", CONFIG_OP_SET, "2"), "2");
	assert_string_equal(after("retention.ms", NULL, CONFIG_OP_SET, "2"), "2");
	assert_null(after("retention.ms", "1", CONFIG_OP_DELETE, NULL));
	assert_null(after("retention.ms", NULL, CONFIG_OP_DELETE, NULL));
}

static void test_append_adds_what_is_missing(void **state)
{
	(void)state;
	assert_string_equal(
		after("cleanup.policy", "compact", CONFIG_OP_APPEND, "delete"), "compact,delete");
	assert_string_equal(
		after("cleanup.policy", "compact", CONFIG_OP_APPEND, "compact"), "compact");
	assert_string_equal(
		after("cleanup.policy", NULL, CONFIG_OP_APPEND, "compact"), "delete,compact");
	assert_string_equal(
		after("leader.replication.throttled.replicas", NULL, CONFIG_OP_APPEND, "0:1,1:2"),
		"0:1,1:2");
	assert_string_equal(
		after("leader.replication.throttled.replicas", "", CONFIG_OP_APPEND, "0:1"), "0:1");
}

static void test_subtract_removes(void **state)
{
	(void)state;
	assert_string_equal(
		after("cleanup.policy", "compact,delete", CONFIG_OP_SUBTRACT, "compact"), "delete");
	assert_string_equal(after("cleanup.policy", "compact", CONFIG_OP_SUBTRACT, "compact"), "");
	assert_string_equal(
		after("cleanup.policy", "compact", CONFIG_OP_SUBTRACT, "delete"), "compact");
	assert_string_equal(after("cleanup.policy", NULL, CONFIG_OP_SUBTRACT, "delete"), "");
	assert_string_equal(after("leader.replication.throttled.replicas", "0:1,1:2,2:3",
				    CONFIG_OP_SUBTRACT, "2:3,0:1"),
		"1:2");
}

static void test_lists_only(void **state)
{
	(void)state;
	assert_string_equal(after("retention.ms", "1", CONFIG_OP_APPEND, "2"),
		"Config value append is not allowed for config key: retention.ms");
	assert_string_equal(after("retention.ms", "1", CONFIG_OP_SUBTRACT, "2"),
		"Config value subtract is not allowed for config key: retention.ms");
	assert_string_equal(
		after("nope", NULL, CONFIG_OP_APPEND, "2"), "Unknown config name: nope");
}

static void test_malformed_changes(void **state)
{
	const struct config_change twice[] = {
		change(0, "a", "1"), change(0, "b", "1"), change(1, "a", NULL)};
	const struct config_change nulls[] = {
		change(0, "a", NULL), change(1, "b", NULL), change(2, "c", NULL)};
	const struct config_change odd[] = {change(9, "a", "1")};
	const struct config_change bytes[] = {change(0, "a", "\xff")};

	(void)state;
	assert_int_equal(config_changes_check(twice, 3, true, why), KERR_INVALID_REQUEST);
	assert_string_equal(why, "Error due to duplicate config keys");
	assert_int_equal(config_changes_check(nulls, 3, true, why), KERR_INVALID_REQUEST);
	assert_string_equal(why, "Null value not supported for : a, c");
	assert_int_equal(config_changes_check(nulls, 3, false, why), KERR_INVALID_REQUEST);
	assert_string_equal(why, "Null value not supported for : a, b, c");
	assert_int_equal(config_changes_check(odd, 1, true, why), KERR_INVALID_REQUEST);
	assert_string_equal(why, "Unknown operations type 9");
	assert_int_equal(config_changes_check(bytes, 1, true, why), KERR_INVALID_REQUEST);
	assert_int_equal(config_changes_check(twice, 2, true, why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_delete),
		cmocka_unit_test(test_append_adds_what_is_missing),
		cmocka_unit_test(test_subtract_removes),
		cmocka_unit_test(test_lists_only),
		cmocka_unit_test(test_malformed_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
