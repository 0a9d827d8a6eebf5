/* test_sample.c - conf/server.properties agrees with the key table, explains every line, and is a valid start. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/logger.h"
#include "broker/config.h"

static char path[4096];

static int find_sample(void **state)
{
	const char *dir = getenv("TEST_SRCDIR");

	(void)state;
	snprintf(path, sizeof(path), "%s/conf/server.properties", dir ? dir : ".");
	return 0;
}

/* "#key=value" and "key=value" are entries; "# text" and the section heads are not. */
static bool entry_key(const char *line, char *key, size_t size)
{
	const char *p = line + (line[0] == '#');
	size_t n = strcspn(p, "=");

	if (!islower((unsigned char)p[0]) || p[n] != '=' || strcspn(p, " ") < n)
		return false;
	snprintf(key, size, "%.*s", (int)n, p);
	return true;
}

static void test_every_entry_is_known_and_explained(void **state)
{
	FILE *f = fopen(path, "r");
	char line[512], key[128];
	bool explained = false;
	int entries = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (entry_key(line, key, sizeof(key))) {
			if (config_key_find(key) < 0 || !explained)
				fail_msg("%s: %s", key,
					explained ? "no row in config.def"
						  : "no explanation above it");
			explained = false;
			entries++;
		} else {
			explained = line[0] == '#' && line[1] == ' ';
		}
	}
	fclose(f);
	assert_int_equal(entries, 24);
}

static int lines_logged;

static void count(enum log_level level, const char *cls, const char *msg)
{
	(void)level;
	(void)cls;
	(void)msg;
	lines_logged++;
}

static void test_it_starts_a_broker_without_a_warning(void **state)
{
	char why[CONFIG_ERROR_MAX] = "";
	struct config *c = NULL;
	size_t n;
	bool usage;

	(void)state;
	assert_int_equal(config_load(2, (char *[]){"moldaud", path, NULL}, &c, why, &usage), 0);
	logger_capture(count);
	config_log_warnings(c);
	logger_capture(NULL);
	assert_int_equal(lines_logged, 0);
	assert_string_equal(config_text(c, CFG_ZOOKEEPER_CONNECT), "localhost:2181");
	assert_string_equal(config_log_dirs(c, &n)[0], "/tmp/kafka-logs");
	assert_int_equal(config_int(c, CFG_BROKER_ID), 0);
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_entry_is_known_and_explained),
		cmocka_unit_test(test_it_starts_a_broker_without_a_warning),
	};

	return cmocka_run_group_tests(tests, find_sample, NULL);
}
