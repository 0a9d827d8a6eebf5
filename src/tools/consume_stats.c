/* consume_stats.c - the sums of ConsumerPerformance.java (3.9).
 *
 * One of its oddities is kept, since people read the column as it is: the time of rebalances shows in the first
 * interval only.
 */
#include "tools/consume_stats.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "tools/java_date.h"
#include "tools/java_number.h"

#define MIB (1024.0 * 1024.0)

void consume_stats_head(FILE *out, bool detailed)
{
	fprintf(out,
		"%s, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, "
		"rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n",
		detailed ? "time, threadId" : "start.time, end.time");
	fflush(out);
}

void consume_stats_start(struct consume_stats *s, int64_t start_ms)
{
	s->start_ms = start_ms;
}

void consume_stats_begin(struct consume_stats *s, int64_t now_ms)
{
	s->report_ms = now_ms;
}

void consume_stats_joined(struct consume_stats *s, int64_t elapsed_ms)
{
	s->join_ms += elapsed_ms;
	if (!s->reported)
		s->first_join_ms += elapsed_ms;
}

static void put_date(const struct consume_stats *s, int64_t ms)
{
	CLEANUP(freep) char *text = java_date_format(s->date_format, ms);

	fputs(text, s->out);
}

/* ", 12.3456" */
static void put(const struct consume_stats *s, double d)
{
	char text[JAVA_FIXED_MAX];

	fprintf(s->out, ", %s", java_fixed(d, 4, text));
}

static void print_interval(struct consume_stats *s, int64_t now_ms)
{
	int64_t join_ms = s->reported ? 0 : s->first_join_ms;
	int64_t fetch_ms = now_ms - s->report_ms - join_ms, records = s->records - s->last_records;
	double elapsed = (double)(now_ms - s->report_ms);
	double mb = (double)(s->bytes - s->last_bytes) * 1.0 / MIB;

	put_date(s, now_ms);
	fputs(", 0", s->out); /* threadId */
	put(s, (double)s->bytes / MIB);
	put(s, 1000.0 * mb / elapsed);
	fprintf(s->out, ", %lld", (long long)s->records);
	put(s, (double)records / elapsed * 1000.0);
	fprintf(s->out, ", %lld, %lld", (long long)join_ms, (long long)fetch_ms);
	put(s, fetch_ms <= 0 ? 0.0 : 1000.0 * mb / (double)fetch_ms);
	put(s, fetch_ms <= 0 ? 0.0 : 1000.0 * (double)records / (double)fetch_ms);
	fputc('\n', s->out);
	fflush(s->out);
}

void consume_stats_record(struct consume_stats *s, size_t bytes, int64_t now_ms)
{
	s->records++;
	s->bytes += (int64_t)bytes;
	if (now_ms - s->report_ms < s->interval_ms)
		return;
	if (s->detailed)
		print_interval(s, now_ms);
	s->reported = true;
	s->report_ms = now_ms;
	s->last_records = s->records;
	s->last_bytes = s->bytes;
}

void consume_stats_print_total(const struct consume_stats *s, int64_t end_ms)
{
	double seconds = (double)(end_ms - s->start_ms) / 1000.0;
	int64_t fetch_ms = end_ms - s->start_ms - s->join_ms;
	double mb = (double)s->bytes / MIB;

	if (s->detailed)
		return;
	put_date(s, s->start_ms);
	fputs(", ", s->out);
	put_date(s, end_ms);
	put(s, mb);
	put(s, mb / seconds);
	fprintf(s->out, ", %lld", (long long)s->records);
	put(s, (double)s->records / seconds);
	fprintf(s->out, ", %lld, %lld", (long long)s->join_ms, (long long)fetch_ms);
	put(s, mb / ((double)fetch_ms / 1000.0));
	put(s, (double)s->records / ((double)fetch_ms / 1000.0));
	fputc('\n', s->out);
	fflush(s->out);
}
