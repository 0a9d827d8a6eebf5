/* test_consume_stats.c - the lines of kafka-consumer-perf-test.sh. */
#include "tools/consume_stats.h"

#include <string.h>
#include <time.h>

#include "tests/base/unit.h"

static char text[4096];

static struct consume_stats *stats(bool detailed)
{
	static struct consume_stats s;

	memset(text, 0, sizeof(text));
	s = (struct consume_stats){.out = fmemopen(text, sizeof(text), "w"),
		.detailed = detailed,
		.date_format = "HH:mm:ss:SSS",
		.interval_ms = 1000};
	consume_stats_start(&s, 1000);
	consume_stats_begin(&s, 1010);
	return &s;
}

static void expect(struct consume_stats *s, const char *want)
{
	fclose(s->out);
	assert_string_equal(want, text);
}

static void headlines(void **state)
{
	struct consume_stats *s = stats(false);

	(void)state;
	consume_stats_head(s->out, false);
	consume_stats_head(s->out, true);
	expect(s, "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, "
		  "nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n"
		  "time, threadId, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, "
		  "rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n");
}

static void a_total(void **state)
{
	struct consume_stats *s = stats(false);

	(void)state;
	consume_stats_joined(s, 1044);
	for (int i = 0; i < 1000; i++)
		consume_stats_record(s, 200, 2300);
	consume_stats_print_total(s, 2367);
	expect(s, "00:00:01:000, 00:00:02:367, 0.1907, 0.1395, 1000, 731.5289, 1044, 323, 0.5905, "
		  "3095.9752\n");
}

static void nothing_consumed(void **state)
{
	struct consume_stats *s = stats(false);

	(void)state;
	consume_stats_print_total(s, 2048);
	expect(s, "00:00:01:000, 00:00:02:048, 0.0000, 0.0000, 0, 0.0000, 0, 1048, 0.0000, 0.0000\n");
	s = stats(false);
	consume_stats_print_total(s, 1000);
	expect(s, "00:00:01:000, 00:00:01:000, 0.0000, NaN, 0, NaN, 0, 0, NaN, NaN\n");
}

/* A line when a record comes a second after the last one; the rebalance counts in the first line only, as in Kafka. */
static void intervals(void **state)
{
	struct consume_stats *s = stats(true);

	(void)state;
	consume_stats_joined(s, 600);
	consume_stats_record(s, 1048576, 1500);
	consume_stats_record(s, 1048576, 2010);
	consume_stats_joined(s, 100);
	consume_stats_record(s, 524288, 2500);
	consume_stats_record(s, 524288, 4010);
	consume_stats_record(s, 1, 4011);
	consume_stats_print_total(s, 5000);
	expect(s, "00:00:02:010, 0, 2.0000, 2.0000, 2, 2.0000, 600, 400, 5.0000, 5.0000\n"
		  "00:00:04:010, 0, 3.0000, 0.5000, 4, 1.0000, 0, 2000, 0.5000, 1.0000\n");
}

static void an_interval_that_went_into_the_rebalance(void **state)
{
	struct consume_stats *s = stats(true);

	(void)state;
	consume_stats_joined(s, 1000);
	consume_stats_record(s, 1048576, 2010);
	expect(s, "00:00:02:010, 0, 1.0000, 1.0000, 1, 1.0000, 1000, 0, 0.0000, 0.0000\n");
}

static int in_utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headlines),
		cmocka_unit_test(a_total),
		cmocka_unit_test(nothing_consumed),
		cmocka_unit_test(intervals),
		cmocka_unit_test(an_interval_that_went_into_the_rebalance),
	};

	return cmocka_run_group_tests(tests, in_utc, NULL);
}
