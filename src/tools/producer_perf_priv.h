/* producer_perf_priv.h - what the command line of kafka-producer-perf-test.sh comes to.
 *
 * Owner: run() of producer_perf.c. Thread: main. Layer: tools.
 */
#ifndef TOOLS_PRODUCER_PERF_PRIV_H
#define TOOLS_PRODUCER_PERF_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/properties.h"
#include "tools/options.h"
#include "tools/payload.h"

enum producer_perf_option {
	PERF_HELP,
	PERF_TOPIC,
	PERF_NUM_RECORDS,
	PERF_PAYLOAD_DELIMITER,
	PERF_THROUGHPUT,
	PERF_PRODUCER_PROPS,
	PERF_PRODUCER_CONFIG,
	PERF_PRINT_METRICS,
	PERF_TRANSACTIONAL_ID,
	PERF_TRANSACTION_DURATION_MS,
	PERF_RECORD_SIZE,
	PERF_PAYLOAD_FILE,
	PERF_PAYLOAD_MONOTONIC,
	PERF_OPTION_COUNT,
};

extern const struct option producer_perf_options[PERF_OPTION_COUNT];

struct producer_perf_settings {
	struct options options;
	char **words;		  /* the command line with today's names; NULL-terminated, owned */
	char *servers;		  /* of --broker-list; owned */
	struct properties config; /* of the client, with Java names */
	const char *topic;
	int64_t records;
	double per_second;
	int64_t transaction_ms; /* 0: no transactions */
	bool print_metrics;
	struct payload *payload;
};

/* Reads the command line. 0, or -1: the tool is to end with *ret_exit_code, messages have been written. Fini in either
 * case. */
int producer_perf_settings_read(struct producer_perf_settings *s, int argc, char **argv,
	int *ret_exit_code) MUST_CHECK;
void producer_perf_settings_fini(struct producer_perf_settings *s);

#endif
