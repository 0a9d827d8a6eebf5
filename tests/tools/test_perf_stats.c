/* test_perf_stats.c - windows, sums and percentiles, in the words and digits of ProducerPerformance. */
#include "tools/perf_stats.h"

#include <string.h>

#include "tests/base/unit.h"

/* Statistics that print into a text. */
struct page {
	char text[4096];
	FILE *out;
	struct perf_stats *stats;
};

static struct page *page_new(int64_t records, int64_t start_ms)
{
	static struct page page;

	memset(&page, 0, sizeof(page));
	page.out = fmemopen(page.text, sizeof(page.text), "w");
	page.stats = perf_stats_new(records, 5000, start_ms, page.out);
	return &page;
}

static void expect_total(struct page *page, int64_t now_ms, const char *want)
{
	perf_stats_print_total(page->stats, now_ms);
	fclose(page->out);
	perf_stats_free(page->stats);
	assert_string_equal(want, page->text);
}

static void a_total(void **state)
{
	struct page *page = page_new(1000, 100);

	(void)state;
	for (int i = 1; i <= 1000; i++)
		perf_stats_record(page->stats, i, 1000, 100 + i);
	expect_total(page, 100 + 810,
		"1000 records sent, 1234.567901 records/sec (1.18 MB/sec), 500.50 ms avg latency, "
		"1000.00 ms max latency, 501 ms 50th, 951 ms 95th, 991 ms 99th, 1000 ms 99.9th.\n");
}

static void latencies_are_sorted_first(void **state)
{
	struct page *page = page_new(4, 0);

	(void)state;
	perf_stats_record(page->stats, 40, 1, 10);
	perf_stats_record(page->stats, 10, 1, 10);
	perf_stats_record(page->stats, 30, 1, 10);
	perf_stats_record(page->stats, 20, 1, 10);
	expect_total(page, 1000,
		"4 records sent, 4.000000 records/sec (0.00 MB/sec), 25.00 ms avg latency, 40.00 "
		"ms max latency, 30 ms 50th, 40 ms 95th, 40 ms 99th, 40 ms 99.9th.\n");
}

static void windows_begin_anew(void **state)
{
	struct page *page = page_new(5, 0);

	(void)state;
	perf_stats_record(page->stats, 10, 1048576, 4999);
	perf_stats_record(page->stats, 20, 1048576, 5000); /* ends the first window */
	perf_stats_record(page->stats, 7, 524288, 9999);
	perf_stats_record(page->stats, 8, 524288, 12000); /* the second, which was longer */
	perf_stats_record(page->stats, 1, 0, 12001);
	expect_total(page, 20000,
		"2 records sent, 0.4 records/sec (0.40 MB/sec), 15.0 ms avg latency, 20.0 ms max "
		"latency.\n"
		"2 records sent, 0.3 records/sec (0.14 MB/sec), 7.5 ms avg latency, 8.0 ms max "
		"latency.\n"
		"5 records sent, 0.250000 records/sec (0.15 MB/sec), 9.20 ms avg latency, 20.00 ms "
		"max latency, 8 ms 50th, 20 ms 95th, 20 ms 99th, 20 ms 99.9th.\n");
}

static void nothing_sent(void **state)
{
	struct page *page = page_new(5, 0);

	(void)state;
	expect_total(page, 1000,
		"0 records sent, 0.000000 records/sec (0.00 MB/sec), NaN ms avg latency, 0.00 ms "
		"max latency, 0 ms 50th, 0 ms 95th, 0 ms 99th, 0 ms 99.9th.\n");
}

static void no_time_at_all(void **state)
{
	struct page *page = page_new(1, 5);

	(void)state;
	perf_stats_record(page->stats, 0, 10, 5);
	expect_total(page, 5,
		"1 records sent, Infinity records/sec (Infinity MB/sec), 0.00 ms avg latency, 0.00 "
		"ms max latency, 0 ms 50th, 0 ms 95th, 0 ms 99th, 0 ms 99.9th.\n");
}

/* Of 1,500,000 records every third is kept: those that took 0, 3, 6, ... */
static void many_records_are_sampled(void **state)
{
	struct page *page = page_new(1500000, 0);

	(void)state;
	for (int i = 0; i < 1500000; i++)
		perf_stats_record(page->stats, i % 3 ? 999999 : i / 3, 1, 1);
	expect_total(page, 1000,
		"1500000 records sent, 1500000.000000 records/sec (1.43 MB/sec), 749999.17 ms avg "
		"latency, 999999.00 ms max latency, 250000 ms 50th, 475000 ms 95th, 495000 ms "
		"99th, 499500 ms 99.9th.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_total),
		cmocka_unit_test(latencies_are_sorted_first),
		cmocka_unit_test(windows_begin_anew),
		cmocka_unit_test(nothing_sent),
		cmocka_unit_test(no_time_at_all),
		cmocka_unit_test(many_records_are_sampled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
