/* test_date_time.c - dates and durations mean what they mean to Java; the expectations are what Java 17 answered. */
#include "tools/date_time.h"

#include <errno.h>

#include "tests/base/unit.h"

static void expect_date(const char *text, int64_t want)
{
	char *error = NULL;
	int64_t got = -2;

	if (date_time_parse(text, &got, &error))
		fail_msg("%s: %s", text, error);
	if (got != want)
		fail_msg("%s: %lld, not %lld", text, (long long)got, (long long)want);
}

static void dates(void **state)
{
	(void)state;
	expect_date("2023-11-14T22:13:40.000", 1700000020000);
	expect_date("2023-11-14T22:13:40.000Z", 1700000020000);
	expect_date("2023-11-14T22:13:40.000+01", 1699996420000);
	expect_date("2023-11-14T22:13:40.000+01:00", 1699996420000);
	expect_date("2023-11-14T22:13:40.000-01:30", 1700005420000);
	expect_date("2023-11-14T22:13:40.5", 1700000020005);
	expect_date("2023-2-3T4:5:6.7", 1675397106007);
	expect_date("2024-02-29T00:00:00.000", 1709164800000);
	expect_date("1600-02-29T00:00:00.000", -11670998400000);
	expect_date("1969-12-31T23:59:59.999", -1);
	expect_date("9999-12-31T23:59:59.999", 253402300799999);
	expect_date("12023-11-14T22:13:40.000", 317269520020000);
}

/* What Java makes of texts that are not quite dates. */
static void odd_dates(void **state)
{
	(void)state;
	expect_date("2023-11-14T22:13:40.000+0130", 1699996420000);
	expect_date("2023-11-14T22:13:40.000+01:75", 1699996420000);
	expect_date("2023-11-14T22:13:40.000+14:30", 1700000020000 - 14 * 3600000);
	expect_date("2023-11-14T22:13:40.000Zfoo", 1700000020000);
	expect_date("2023-11-14T22:13:40.000 ", 1700000020000);
	expect_date("2023-11-14T22:13:40.000 +01:00", 1699996420000);
}

static void expect_no_date(const char *text, const char *want)
{
	char *error = NULL;
	int64_t got;

	if (!date_time_parse(text, &got, &error))
		fail_msg("%s is a date", text);
	assert_string_equal(want, error);
	free(error);
}

static void expect_unparseable(const char *text, const char *added)
{
	char *want = xasprintf("Unparseable date: \"%s%s\"", text, added);

	expect_no_date(text, want);
	free(want);
}

static void no_dates(void **state)
{
	static const char without_t[] =
		"Error parsing timestamp. It does not contain a 'T' according to ISO8601 format";

	(void)state;
	expect_no_date("", without_t);
	expect_no_date("foo", without_t);
	expect_no_date("2023-11-14", without_t);
	expect_no_date("2023-11-14T", without_t);
	expect_no_date("T", without_t);
	expect_unparseable("2023-11-14T22:13:40.1234", "Z");
	expect_unparseable("2023-11-14T22:13:40", "Z");
	expect_unparseable("2023-02-29T00:00:00.000", "Z");
	expect_unparseable("1900-02-29T00:00:00.000", "Z");
	expect_unparseable("2023-13-14T00:00:00.000", "Z");
	expect_unparseable("2023-00-14T22:13:40.000", "Z");
	expect_unparseable("0000-11-14T22:13:40.000", "Z");
	expect_unparseable("2023-11-14T24:00:00.000", "Z");
	expect_unparseable("2023-11-14T22:13:60.000", "Z");
	expect_unparseable("2023-11-14 T22:13:40.000", "Z");
	expect_unparseable("2023-11-14T22:13:40,000", "Z");
	expect_unparseable("2023-11-14T22:13:40.000z", "Z");
	expect_unparseable("2023-11-14T22:13:40.000T", "Z");
	expect_unparseable("2023-11-14T22:13:40.000+25:00", "");
	expect_unparseable("2023-11-14T22:13:40.000+23:59", "");
	expect_unparseable("2023-11-14T22:13:40.000+1", "");
	expect_unparseable("2023-11-14T-2:13:40.000", "");
}

static void expect_duration(const char *text, int64_t seconds, int32_t nanos)
{
	struct duration d = {0};
	char *error = NULL;

	if (duration_parse(text, &d, &error))
		fail_msg("%s: %s", text, error);
	if (d.seconds != seconds || d.nanos != nanos)
		fail_msg("%s: %lld s %d ns", text, (long long)d.seconds, d.nanos);
}

static void durations(void **state)
{
	(void)state;
	expect_duration("P1D", 86400, 0);
	expect_duration("P+1D", 86400, 0);
	expect_duration("PT1H", 3600, 0);
	expect_duration("PT1M", 60, 0);
	expect_duration("PT1S", 1, 0);
	expect_duration("+PT1S", 1, 0);
	expect_duration("PT0.5S", 0, 500000000);
	expect_duration("PT1,5S", 1, 500000000);
	expect_duration("PT1.S", 1, 0);
	expect_duration("P1DT1H1M1.000000001S", 90061, 1);
	expect_duration("p1dt2h", 93600, 0);
	expect_duration("PT-0.5S", -1, 500000000);
	expect_duration("-PT0.5S", -1, 500000000);
	expect_duration("PT-1.5S", -2, 500000000);
	expect_duration("P-1DT-1H", -90000, 0);
	expect_duration("-P1DT2H3M4.567S", -93785, 433000000);
	expect_duration("PT9223372036854775807S", INT64_MAX, 0);
	expect_duration("PT-9223372036854775808S", INT64_MIN, 0);
}

static void expect_no_duration(const char *text, const char *what)
{
	char *error = NULL, *want = xasprintf("Text cannot be parsed to a Duration%s", what);
	struct duration d;

	if (!duration_parse(text, &d, &error))
		fail_msg("%s is a duration", text);
	assert_string_equal(want, error);
	free(want);
	free(error);
}

static void no_durations(void **state)
{
	static const char *const texts[] = {"", "xx", "P", "PT", "P1", "P1DT", "P1D2H", "PT1H2D",
		"PT1M1H", "1D", "P1W", "PT.5S", "PT1.1234567890S", "PT++1S", "P1D ",
		"PT9223372036854775807S ", "P1DP1D", "--PT1S"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		expect_no_duration(texts[i], "");
	expect_no_duration("P99999999999999999999D", ": days");
	expect_no_duration("P106751991167301D", ": days");
	expect_no_duration("PT9223372036854775807H", ": hours");
	expect_no_duration("PT153722867280912931M", ": minutes");
	expect_no_duration("PT9223372036854775808S", ": seconds");
	expect_no_duration("-PT9223372036854775808S", ": seconds");
	expect_no_duration("-PT-9223372036854775808S", ": overflow");
	expect_no_duration("P106751991167300DT99H", ": overflow");
}

static void before(const char *text, int64_t want, const char *want_error)
{
	struct timespec now = {1700000000, 123456789};
	struct duration d = {0};
	char *error = NULL;
	int64_t got = 0;
	int r;

	assert_int_equal(0, duration_parse(text, &d, &error));
	r = duration_before(&d, now, &got, &error);
	assert_int_equal(want_error ? -EINVAL : 0, r);
	if (want_error)
		assert_string_equal(want_error, error);
	else
		assert_int_equal(want, got);
	free(error);
}

static void times_before_now(void **state)
{
	(void)state;
	before("P1D", 1699913600123, NULL);
	before("PT0.5S", 1699999999623, NULL);
	before("-PT0.5S", 1700000000623, NULL);
	before("PT-0.000000001S", 1700000000123, NULL);
	before("P100000000D", -8638299999999877, NULL);
	before("-P100000000000D", 8640001700000000123, NULL);
	before("P366000000000D", 0, "Instant exceeds minimum or maximum instant");
	before("-P366000000000D", 0, "Instant exceeds minimum or maximum instant");
	before("PT9223372036854775807S", 0, "Instant exceeds minimum or maximum instant");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates),
		cmocka_unit_test(odd_dates),
		cmocka_unit_test(no_dates),
		cmocka_unit_test(durations),
		cmocka_unit_test(no_durations),
		cmocka_unit_test(times_before_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
