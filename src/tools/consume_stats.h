/* consume_stats.h - what kafka-consumer-perf-test.sh counts and prints (ConsumerPerformance).
 *
 * Owner and thread: the tool's loop. Layer: tools; pure but for the FILE it prints to.
 */
#ifndef TOOLS_CONSUME_STATS_H
#define TOOLS_CONSUME_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct consume_stats {
	/* set by the caller */
	FILE *out;
	bool detailed;		 /* a line every interval instead of one at the end */
	const char *date_format; /* of java_date.h */
	int64_t interval_ms;
	/* the rest begins with zero */
	int64_t start_ms, report_ms; /* of the run, and of the present interval; since 1970 */
	int64_t records, bytes, last_records, last_bytes;
	int64_t join_ms, first_join_ms; /* until partitions were assigned: in all, and before the first line */
	bool reported;
};

/* The headline. */
void consume_stats_head(FILE *out, bool detailed);
void consume_stats_start(struct consume_stats *s, int64_t start_ms);
/* The first interval begins; that is a little later. */
void consume_stats_begin(struct consume_stats *s, int64_t now_ms);
/* Partitions were assigned after so much waiting. */
void consume_stats_joined(struct consume_stats *s, int64_t elapsed_ms);
/* A record of so many bytes came with the poll that ended at `now_ms`. Prints an interval that is over. */
void consume_stats_record(struct consume_stats *s, size_t bytes, int64_t now_ms);
/* The line at the end, unless `detailed`. */
void consume_stats_print_total(const struct consume_stats *s, int64_t end_ms);

#endif
