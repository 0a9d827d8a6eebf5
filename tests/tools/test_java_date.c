/* test_java_date.c - the expected texts were printed by SimpleDateFormat in UTC. */
#include "tools/java_date.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "tests/base/unit.h"

#define TIMES 8
static const int64_t times[TIMES] = {0, 1700000000123, 1767225599999, 1772323200005, -1,
	1735689600000, 1704067200000, 951782400000};

static const struct {
	const char *pattern, *want[TIMES];
} cases[] = {
	{"yyyy-MM-dd HH:mm:ss:SSS",
		{"1970-01-01 00:00:00:000",
			"2023-11-14 22:13:20:123",
			"2025-12-31 23:59:59:999",
			"2026-03-01 00:00:00:005",
			"1969-12-31 23:59:59:999",
			"2025-01-01 00:00:00:000",
			"2024-01-01 00:00:00:000",
			"2000-02-29 00:00:00:000"}},
	{"yy y yyy yyyyy",
		{"70 1970 1970 01970",
			"23 2023 2023 02023",
			"25 2025 2025 02025",
			"26 2026 2026 02026",
			"69 1969 1969 01969",
			"25 2025 2025 02025",
			"24 2024 2024 02024",
			"00 2000 2000 02000"}},
	{"M MM MMM MMMM L LL LLL LLLL",
		{"1 01 Jan January 1 01 Jan January",
			"11 11 Nov November 11 11 Nov November",
			"12 12 Dec December 12 12 Dec December",
			"3 03 Mar March 3 03 Mar March",
			"12 12 Dec December 12 12 Dec December",
			"1 01 Jan January 1 01 Jan January",
			"1 01 Jan January 1 01 Jan January",
			"2 02 Feb February 2 02 Feb February"}},
	{"d dd ddd D DDD F W w ww",
		{"1 01 001 1 001 1 1 1 01",
			"14 14 014 318 318 2 3 46 46",
			"31 31 031 365 365 5 5 1 01",
			"1 01 001 60 060 1 1 10 10",
			"31 31 031 365 365 5 5 1 01",
			"1 01 001 1 001 1 1 1 01",
			"1 01 001 1 001 1 1 1 01",
			"29 29 029 60 060 5 5 10 10"}},
	{"E EEE EEEE EEEEE u uu",
		{"Thu Thu Thursday Thursday 4 04",
			"Tue Tue Tuesday Tuesday 2 02",
			"Wed Wed Wednesday Wednesday 3 03",
			"Sun Sun Sunday Sunday 7 07",
			"Wed Wed Wednesday Wednesday 3 03",
			"Wed Wed Wednesday Wednesday 3 03",
			"Mon Mon Monday Monday 1 01",
			"Tue Tue Tuesday Tuesday 2 02"}},
	{"a H HH k kk K KK h hh",
		{"AM 0 00 24 24 0 00 12 12",
			"PM 22 22 22 22 10 10 10 10",
			"PM 23 23 23 23 11 11 11 11",
			"AM 0 00 24 24 0 00 12 12",
			"PM 23 23 23 23 11 11 11 11",
			"AM 0 00 24 24 0 00 12 12",
			"AM 0 00 24 24 0 00 12 12",
			"AM 0 00 24 24 0 00 12 12"}},
	{"m mm s ss S SS SSS SSSS SSSSS",
		{"0 00 0 00 0 00 000 0000 00000",
			"13 13 20 20 123 123 123 0123 00123",
			"59 59 59 59 999 999 999 0999 00999",
			"0 00 0 00 5 05 005 0005 00005",
			"59 59 59 59 999 999 999 0999 00999",
			"0 00 0 00 0 00 000 0000 00000",
			"0 00 0 00 0 00 000 0000 00000",
			"0 00 0 00 0 00 000 0000 00000"}},
	{"z zzz Z ZZ X XX XXX",
		{"UTC UTC +0000 +0000 Z Z Z",
			"UTC UTC +0000 +0000 Z Z Z",
			"UTC UTC +0000 +0000 Z Z Z",
			"UTC UTC +0000 +0000 Z Z Z",
			"UTC UTC +0000 +0000 Z Z Z",
			"UTC UTC +0000 +0000 Z Z Z",
			"UTC UTC +0000 +0000 Z Z Z",
			"UTC UTC +0000 +0000 Z Z Z"}},
	{"G GGGG Y YY YYYY",
		{"AD AD 1970 70 1970",
			"AD AD 2023 23 2023",
			"AD AD 2026 26 2026",
			"AD AD 2026 26 2026",
			"AD AD 1970 70 1970",
			"AD AD 2025 25 2025",
			"AD AD 2024 24 2024",
			"AD AD 2000 00 2000"}},
	{"'it''s' ''yyyy'T'",
		{"it's '1970T",
			"it's '2023T",
			"it's '2025T",
			"it's '2026T",
			"it's '1969T",
			"it's '2025T",
			"it's '2024T",
			"it's '2000T"}},
	{"",
		{"",
			"",
			"",
			"",
			"",
			"",
			"",
			""}},
	{" äyyyy",
		{" ä1970",
			" ä2023",
			" ä2025",
			" ä2026",
			" ä1969",
			" ä2025",
			" ä2024",
			" ä2000"}},
};

static void every_letter(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *error = NULL;

		assert_int_equal(0, java_date_check(cases[i].pattern, &error));
		for (size_t t = 0; t < TIMES; t++) {
			char *got = java_date_format(cases[i].pattern, times[t]);

			assert_string_equal(cases[i].want[t], got);
			free(got);
		}
	}
}

static void use_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

static void expect_zoned(const char *zone, const char *want)
{
	char *got;

	use_zone(zone);
	got = java_date_format("HH:mm Z X XX XXX z", 0);
	assert_string_equal(want, got);
	free(got);
	use_zone("UTC");
}

static void zones(void **state)
{
	(void)state;
	expect_zoned("UTC", "00:00 +0000 Z Z Z UTC");
	expect_zoned("EST5", "19:00 -0500 -05 -0500 -05:00 EST");
	expect_zoned("IST-5:30", "05:30 +0530 +05 +0530 +05:30 IST");
}

static void wrong_patterns(void **state)
{
	static const struct {
		const char *pattern, *error;
	} bad[] = {
		{"'abc", "Unterminated quote"},
		{"yyyy'", "Unterminated quote"},
		{"yyyy-bb", "Illegal pattern character 'b'"},
		{"yyyy;A", "Illegal pattern character 'A'"},
		{"P'", "Illegal pattern character 'P'"},
		{"yyyy XXXX", "invalid ISO 8601 format: length=4"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *error = NULL;

		assert_int_equal(-EINVAL, java_date_check(bad[i].pattern, &error));
		assert_string_equal(bad[i].error, error);
		free(error);
	}
}

static int in_utc(void **state)
{
	(void)state;
	use_zone("UTC");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_letter),
		cmocka_unit_test(zones),
		cmocka_unit_test(wrong_patterns),
	};

	return cmocka_run_group_tests(tests, in_utc, NULL);
}
