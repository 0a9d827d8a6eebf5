/* perf_stats.c - sums in the order of Kafka's, so that the same measurements give the same digits. */
#include "tools/perf_stats.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "tools/java_number.h"

#define SAMPLES 500000
#define MIB	(1024.0 * 1024.0)

struct tally {
	int64_t start_ms, count, bytes, latency_ms, max_ms;
};

struct perf_stats {
	FILE *out;
	int64_t interval_ms;
	struct tally total, window;
	int64_t every; /* of so many records one latency is kept */
	int32_t *latencies;
	size_t latencies_n, kept;
};

struct perf_stats *perf_stats_new(int64_t records, int64_t interval_ms, int64_t now_ms, FILE *out)
{
	struct perf_stats *s = xcalloc(1, sizeof(*s));

	assert(records > 0);
	s->out = out;
	s->interval_ms = interval_ms;
	s->total.start_ms = s->window.start_ms = now_ms;
	s->every = records / MIN(records, SAMPLES);
	s->latencies_n = (size_t)(records / s->every) + 1;
	s->latencies = xcalloc(s->latencies_n, sizeof(*s->latencies));
	return s;
}

struct perf_stats *perf_stats_free(struct perf_stats *s)
{
	if (!s)
		return NULL;
	free(s->latencies);
	free(s);
	return NULL;
}

static void add(struct tally *t, int64_t latency_ms, size_t bytes)
{
	t->count++;
	t->bytes += (int64_t)bytes;
	t->latency_ms += latency_ms;
	t->max_ms = MAX(t->max_ms, latency_ms);
}

/* "1000 records sent, 1234.5 records/sec (1.18 MB/sec), 5.3 ms avg latency, 210.0 ms max latency" */
static void print_tally(
	FILE *out, const struct tally *t, int64_t now_ms, int rate_decimals, int latency_decimals)
{
	double elapsed = (double)(now_ms - t->start_ms);
	char rate[JAVA_FIXED_MAX], mb[JAVA_FIXED_MAX], avg[JAVA_FIXED_MAX], max[JAVA_FIXED_MAX];

	java_fixed(1000.0 * (double)t->count / elapsed, rate_decimals, rate);
	java_fixed(1000.0 * (double)t->bytes / elapsed / MIB, 2, mb);
	java_fixed((double)t->latency_ms / (double)t->count, latency_decimals, avg);
	java_fixed((double)t->max_ms, latency_decimals, max);
	fprintf(out,
		"%lld records sent, %s records/sec (%s MB/sec), %s ms avg latency, %s ms max "
		"latency",
		(long long)t->count, rate, mb, avg, max);
}

void perf_stats_record(struct perf_stats *s, int64_t latency_ms, size_t bytes, int64_t now_ms)
{
	if (s->total.count % s->every == 0 && s->kept < s->latencies_n)
		s->latencies[s->kept++] = (int32_t)MIN(latency_ms, INT32_MAX);
	add(&s->total, latency_ms, bytes);
	add(&s->window, latency_ms, bytes);
	if (now_ms - s->window.start_ms < s->interval_ms)
		return;
	print_tally(s->out, &s->window, now_ms, 1, 1);
	fputs(".\n", s->out);
	fflush(s->out);
	s->window = (struct tally){.start_ms = now_ms};
}

static int by_size(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

void perf_stats_print_total(struct perf_stats *s, int64_t now_ms)
{
	static const struct {
		double at;
		const char *name;
	} percentiles[] = {{0.5, "50th"}, {0.95, "95th"}, {0.99, "99th"}, {0.999, "99.9th"}};

	qsort(s->latencies, s->kept, sizeof(*s->latencies), by_size);
	print_tally(s->out, &s->total, now_ms, 6, 2);
	for (size_t i = 0; i < ARRAY_LEN(percentiles); i++)
		fprintf(s->out, ", %d ms %s",
			s->latencies[(size_t)(percentiles[i].at * (double)s->kept)],
			percentiles[i].name);
	fputs(".\n", s->out);
	fflush(s->out);
}
