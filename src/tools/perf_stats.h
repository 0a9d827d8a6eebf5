/* perf_stats.h - what kafka-producer-perf-test.sh counts and prints: windows of five seconds, and the total with
 * percentiles (ProducerPerformance.Stats).
 *
 * Owner: the tool. Thread: whoever gets the delivery reports; the total is printed when that is over. Layer: tools; pure
 * but for the FILE it prints to.
 */
#ifndef TOOLS_PERF_STATS_H
#define TOOLS_PERF_STATS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"

struct perf_stats;

/* For `records` records to come, at least 1. Of more than 500,000 every k-th latency is kept for the percentiles. */
struct perf_stats *perf_stats_new(int64_t records, int64_t interval_ms, int64_t now_ms, FILE *out);
struct perf_stats *perf_stats_free(struct perf_stats *s); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct perf_stats *, perf_stats_free)

/* A record has been sent. Prints a window when one is over. */
void perf_stats_record(struct perf_stats *s, int64_t latency_ms, size_t bytes, int64_t now_ms);
void perf_stats_print_total(struct perf_stats *s, int64_t now_ms);

#endif
