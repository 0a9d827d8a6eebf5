/* test_json_text.c - strings and numbers as Jackson writes them, and events in a line. */
#include "tools/json_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

static char text[1024];

static FILE *page(void)
{
	memset(text, 0, sizeof(text));
	return fmemopen(text, sizeof(text), "w");
}

static void expect(FILE *out, const char *want)
{
	fclose(out);
	assert_string_equal(want, text);
}

static void strings(void **state)
{
	static const struct {
		struct str in;
		const char *want;
	} cases[] = {
		{STR("plain"), "\"plain\""},
		{STR(""), "\"\""},
		{STR_NULL, "null"},
		{STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
		{STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
		{STR("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001F\x7f\""},
		{STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{STR("\xff"
		     "a\xc3"),
			"\"\xef\xbf\xbd"
			"a\xef\xbf\xbd\""},
		{STR("\xed\xa0\x80x"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		FILE *out = page();

		json_put_string(out, cases[i].in);
		expect(out, cases[i].want);
	}
}

static void numbers(void **state)
{
	static const struct {
		double in;
		const char *want;
	} cases[] = {{0, "0.0"}, {4.316546762589928, "4.316546762589928"}, {123456789, "1.23456789E8"},
		{NAN, "\"NaN\""}, {INFINITY, "\"Infinity\""}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		FILE *out = page();

		json_put_real(out, cases[i].in);
		expect(out, cases[i].want);
	}
}

static void an_event(void **state)
{
	FILE *out = page();
	long long stamp;
	int n = 0;

	(void)state;
	json_event_begin(out, "done");
	json_event_string(out, "key", STR_NULL);
	json_event_string(out, "value", STR("1"));
	json_event_number(out, "offset", -1);
	json_event_key(out, "ok");
	fputs("true", out);
	json_event_end(out);
	fclose(out);
	assert_int_equal(1, sscanf(text, "{\"timestamp\":%lld%n", &stamp, &n));
	assert_true(stamp > 1500000000000);
	assert_string_equal(
		",\"name\":\"done\",\"key\":null,\"value\":\"1\",\"offset\":-1,\"ok\":true}\n", text + n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(numbers),
		cmocka_unit_test(an_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
