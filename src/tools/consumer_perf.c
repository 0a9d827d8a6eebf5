/* consumer_perf.c - kafka-consumer-perf-test.sh: how fast a member of a group gets a topic's records (cli.md section 7).
 *
 * As Kafka's it asks for at most max.poll.records at a time and looks at the number and the time only then, so it may
 * take somewhat more than was asked for. librdkafka's threads fetch; all else is in main.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "tools/client_metrics.h"
#include "tools/client_properties.h"
#include "tools/consume_stats.h"
#include "tools/group_consumer.h"
#include "tools/java_date.h"
#include "tools/options.h"
#include "tools/report.h"
#include "tools/tool.h"

#define POLL_MS	  100
#define METRICS_MS 1000
#define BATCH_MAX 10000 /* of max.poll.records */

enum consumer_perf_option {
	PERF_BOOTSTRAP_SERVER,
	PERF_BROKER_LIST,
	PERF_CONSUMER_CONFIG,
	PERF_DATE_FORMAT,
	PERF_FETCH_SIZE,
	PERF_FROM_LATEST,
	PERF_GROUP,
	PERF_HIDE_HEADER,
	PERF_MESSAGES,
	PERF_NUM_FETCH_THREADS,
	PERF_PRINT_METRICS,
	PERF_REPORTING_INTERVAL,
	PERF_SHOW_DETAILED_STATS,
	PERF_SOCKET_BUFFER_SIZE,
	PERF_THREADS,
	PERF_TIMEOUT,
	PERF_TOPIC,
	PERF_HELP,
	PERF_VERSION,
	PERF_OPTION_COUNT,
};

static const struct option options[PERF_OPTION_COUNT] = {
	[PERF_BOOTSTRAP_SERVER] = {"bootstrap-server", OPTION_STRING, "host:port,...", NULL,
		"REQUIRED: the broker or brokers to ask first."},
	[PERF_BROKER_LIST] = {"broker-list", OPTION_STRING, "host:port,...", NULL,
		"Old name of --bootstrap-server; ignored when both are given."},
	[PERF_CONSUMER_CONFIG] = {"consumer.config", OPTION_STRING, "file", NULL,
		"Properties file with consumer settings. What options set goes before it."},
	[PERF_DATE_FORMAT] = {"date-format", OPTION_STRING, "pattern", "yyyy-MM-dd HH:mm:ss:SSS",
		"How times are printed: a pattern of java.text.SimpleDateFormat."},
	[PERF_FETCH_SIZE] = {"fetch-size", OPTION_INT, "bytes", "1048576",
		"Most to fetch of a partition at a time: `max.partition.fetch.bytes`."},
	[PERF_FROM_LATEST] = {"from-latest", OPTION_FLAG, NULL, NULL,
		"Begin with the next record to come instead of the oldest, where the group has no "
		"offset yet."},
	[PERF_GROUP] = {"group", OPTION_STRING, "group id", NULL,
		"Consume as a member of this group. Without it one is made up: perf-consumer- and "
		"a random number."},
	[PERF_HIDE_HEADER] = {"hide-header", OPTION_FLAG, NULL, NULL,
		"Do not print the line with the names of the columns."},
	[PERF_MESSAGES] = {"messages", OPTION_LONG, "number", NULL,
		"REQUIRED: how many records to consume."},
	[PERF_NUM_FETCH_THREADS] = {"num-fetch-threads", OPTION_INT, "number", "1",
		"Of old releases; ignored."},
	[PERF_PRINT_METRICS] = {"print-metrics", OPTION_FLAG, NULL, NULL,
		"Print the client's metrics at the end."},
	[PERF_REPORTING_INTERVAL] = {"reporting-interval", OPTION_LONG, "ms", "5000",
		"With --show-detailed-stats: time between two lines."},
	[PERF_SHOW_DETAILED_STATS] = {"show-detailed-stats", OPTION_FLAG, NULL, NULL,
		"Print a line every --reporting-interval instead of one at the end."},
	[PERF_SOCKET_BUFFER_SIZE] = {"socket-buffer-size", OPTION_INT, "bytes", "2097152",
		"Size of the socket's receive buffer: `receive.buffer.bytes`."},
	[PERF_THREADS] = {"threads", OPTION_INT, "number", "10", "Of old releases; ignored."},
	[PERF_TIMEOUT] = {"timeout", OPTION_MAYBE, "ms", "10000",
		"End when no record has come for so long."},
	[PERF_TOPIC] = {"topic", OPTION_STRING, "topic", NULL, "REQUIRED: the topic to consume."},
	[PERF_HELP] = OPTION_HELP,
	[PERF_VERSION] = OPTION_VERSION,
};

struct perf {
	struct options *options;
	struct properties config;
	struct consume_stats stats;
	struct client_metrics *metrics; /* with --print-metrics */
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	int64_t messages, timeout_ms;
	size_t batch;			 /* max.poll.records */
	int64_t wall_ms;		 /* wall time minus monotonic time, at the start */
	int64_t join_ms;		 /* since when partitions are waited for */
	char *exception;		 /* what ends the tool with exit code 1; owned */
};

/* Milliseconds since 1970 that never jump. */
static int64_t now(const struct perf *p)
{
	return p->wall_ms + clock_mono_ms(&clock_real);
}

static int throw(struct perf *p, char *exception)
{
	free(p->exception);
	p->exception = exception;
	return -EINVAL;
}

/* Option values are looked at when they are needed, as Kafka does: a wrong one shows only then. */
static int check(struct perf *p, int r)
{
	return r ? throw(p, xasprintf("joptsimple.OptionArgumentConversionException: %s",
				    p->options->error))
		 : 0;
}

static int set_text(struct perf *p, enum consumer_perf_option id, const char *key)
{
	const char *text = NULL;

	if (check(p, options_text(p->options, id, &text)))
		return -EINVAL;
	properties_set(&p->config, key, text, 0);
	return 0;
}

static int set_number(struct perf *p, enum consumer_perf_option id, const char *key)
{
	int64_t number;

	return check(p, options_number(p->options, id, &number)) ? -EINVAL : set_text(p, id, key);
}

static int load_file(struct perf *p)
{
	const char *path = NULL;
	char *error = NULL;
	int r;

	if (check(p, options_text(p->options, PERF_CONSUMER_CONFIG, &path)))
		return -EINVAL;
	if (!path)
		return 0;
	r = client_properties_load(&p->config, path, &error);
	if (!r)
		return 0;
	(void)throw(p, xasprintf("%s: %s",
			       r == -ENOENT ? "java.nio.file.NoSuchFileException"
					    : "java.io.IOException",
			       error));
	free(error);
	return -EINVAL;
}

static int set_group(struct perf *p)
{
	char group[48];

	if (options_has(p->options, PERF_GROUP))
		return set_text(p, PERF_GROUP, "group.id");
	snprintf(group, sizeof(group), "perf-consumer-%llu",
		(unsigned long long)random_below(100000));
	properties_set(&p->config, "group.id", group, 0);
	return 0;
}

static int read_config(struct perf *p)
{
	enum consumer_perf_option servers = options_has(p->options, PERF_BOOTSTRAP_SERVER)
						    ? PERF_BOOTSTRAP_SERVER
						    : PERF_BROKER_LIST;

	if (load_file(p) || set_text(p, servers, "bootstrap.servers") || set_group(p) ||
		set_number(p, PERF_SOCKET_BUFFER_SIZE, "receive.buffer.bytes") ||
		set_number(p, PERF_FETCH_SIZE, "max.partition.fetch.bytes"))
		return -EINVAL;
	properties_set(&p->config, "auto.offset.reset",
		options_has(p->options, PERF_FROM_LATEST) ? "latest" : "earliest", 0);
	properties_set(&p->config, "check.crcs", "false", 0);
	if (!properties_get(&p->config, "client.id"))
		properties_set(&p->config, "client.id", "perf-consumer-client", 0);
	return 0;
}

static int config_error(struct perf *p, char *error)
{
	(void)throw(p, xasprintf("org.apache.kafka.common.config.ConfigException: %s", error));
	free(error);
	return -EINVAL;
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
	struct perf *p = opaque;
	bool assigned = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;

	if (assigned) {
		consume_stats_joined(&p->stats, now(p) - p->join_ms);
	} else {
		p->join_ms = now(p);
	}
	group_consumer_accept(rk, assigned, partitions,
		properties_get(&p->config, "auto.offset.reset"));
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
	struct perf *p = opaque;

	(void)rk;
	if (p->metrics)
		client_metrics_take(p->metrics, json, len);
	return 0;
}

static int open_consumer(struct perf *p)
{
	rd_kafka_conf_t *conf;
	int64_t batch = 500;
	char *error = NULL;

	if (client_property_number(&p->config, "max.poll.records", 500, &batch, &error))
		return config_error(p, error);
	if (group_consumer_conf(&p->config, &conf, &p->exception))
		return -EINVAL;
	p->batch = (size_t)MIN(MAX(batch, 1), BATCH_MAX);
	rd_kafka_conf_set_opaque(conf, p);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	if (options_has(p->options, PERF_PRINT_METRICS)) {
		p->metrics = client_metrics_new(CLIENT_CONSUMER, &p->config);
		client_metrics_conf(conf);
		rd_kafka_conf_set_stats_cb(conf, on_statistics);
	}
	if (group_consumer_open(conf, &p->rk, &p->exception))
		return -EINVAL;
	p->queue = rd_kafka_queue_get_consumer(p->rk);
	return 0;
}

static int read_limits(struct perf *p)
{
	char *error = NULL;

	if (check(p, options_number(p->options, PERF_MESSAGES, &p->messages)) ||
		check(p, options_number(p->options, PERF_TIMEOUT, &p->timeout_ms)) ||
		check(p, options_number(
				 p->options, PERF_REPORTING_INTERVAL, &p->stats.interval_ms)))
		return -EINVAL;
	if (p->stats.interval_ms <= 0)
		return throw(p, xstrdup("java.lang.IllegalArgumentException: Reporting interval "
					"must be greater than 0."));
	if (check(p, options_text(p->options, PERF_DATE_FORMAT, &p->stats.date_format)))
		return -EINVAL;
	if (java_date_check(p->stats.date_format, &error) == 0)
		return 0;
	(void)throw(p, xasprintf("java.lang.IllegalArgumentException: %s", error));
	free(error);
	return -EINVAL;
}

static int subscribe(struct perf *p)
{
	const char *topic = NULL;

	if (check(p, options_text(p->options, PERF_TOPIC, &topic)))
		return -EINVAL;
	return group_consumer_subscribe(p->rk, topic, &p->exception);
}

/* At most so many records as one poll gives; waits for the first. */
static ssize_t poll_batch(struct perf *p, rd_kafka_message_t **batch)
{
	ssize_t n = rd_kafka_consume_batch_queue(p->queue, 0, batch, p->batch);

	if (n != 0)
		return n;
	batch[0] = rd_kafka_consume_queue(p->queue, POLL_MS);
	if (!batch[0])
		return 0;
	n = rd_kafka_consume_batch_queue(p->queue, 0, batch + 1, p->batch - 1);
	return MAX(n, 0) + 1;
}

/* One poll. *ret_any: there was a record. */
static int poll(struct perf *p, bool *ret_any)
{
	static rd_kafka_message_t *batch[BATCH_MAX];
	ssize_t n = poll_batch(p, batch);
	int64_t t = now(p);

	*ret_any = false;
	for (ssize_t i = 0; i < n; i++) {
		if (batch[i]->err) {
			if (!p->exception)
				p->exception = group_consumer_exception(&p->config, batch[i]);
		} else {
			consume_stats_record(&p->stats, batch[i]->key_len + batch[i]->len, t);
			*ret_any = true;
		}
		rd_kafka_message_destroy(batch[i]);
	}
	return p->exception ? -EINVAL : 0;
}

static int consume(struct perf *p)
{
	int64_t t = now(p), last = t;

	consume_stats_begin(&p->stats, t);
	while (p->stats.records < p->messages && t - last <= p->timeout_ms) {
		bool any;

		if (poll(p, &any))
			return -EINVAL;
		t = now(p);
		if (any)
			last = t;
	}
	if (p->stats.records < p->messages)
		printf("WARNING: Exiting before consuming the expected number of messages: timeout "
		       "(%lld ms) exceeded. You can use the --timeout option to increase the "
		       "timeout.\n",
			(long long)p->timeout_ms);
	return 0;
}

/* Leaves the group. */
static void close_consumer(struct perf *p)
{
	if (p->queue)
		rd_kafka_queue_destroy(p->queue);
	if (p->rk) {
		(void)rd_kafka_consumer_close(p->rk);
		rd_kafka_destroy(p->rk);
	}
	client_metrics_free(p->metrics);
	properties_fini(&p->config);
}

/* Statistics come with polls: polls until the next one, with the partitions paused, so that no record comes too. */
static void wait_metrics(struct perf *p)
{
	uint64_t seen = client_metrics_reports(p->metrics);
	int64_t end = now(p) + METRICS_MS;
	rd_kafka_topic_partition_list_t *partitions;

	if (rd_kafka_assignment(p->rk, &partitions) == 0) {
		(void)rd_kafka_pause_partitions(p->rk, partitions);
		rd_kafka_topic_partition_list_destroy(partitions);
	}
	while (now(p) < end && client_metrics_reports(p->metrics) == seen) {
		rd_kafka_message_t *m = rd_kafka_consume_queue(p->queue, POLL_MS);

		if (m)
			rd_kafka_message_destroy(m);
	}
}

static void print_metrics(struct perf *p)
{
	const char *topic = NULL;

	(void)!options_text(p->options, PERF_TOPIC, &topic);
	client_metrics_consumed(p->metrics, topic, p->stats.records, p->stats.bytes);
	client_metrics_print(p->metrics, false, stdout);
}

static int measure(struct perf *p)
{
	int64_t end_ms;

	if (!options_has(p->options, PERF_HIDE_HEADER))
		consume_stats_head(stdout, p->stats.detailed);
	if (read_config(p) || open_consumer(p))
		return -EINVAL;
	p->wall_ms = clock_wall_ms(&clock_real) - clock_mono_ms(&clock_real);
	p->join_ms = now(p);
	consume_stats_start(&p->stats, p->join_ms);
	if (read_limits(p) || subscribe(p) || consume(p))
		return -EINVAL;
	end_ms = now(p);
	if (p->metrics)
		wait_metrics(p);
	consume_stats_print_total(&p->stats, end_ms);
	if (p->metrics)
		print_metrics(p);
	return 0;
}

static int run_with(struct options *o)
{
	struct perf p = {.options = o,
		.stats = {.out = stdout, .detailed = options_has(o, PERF_SHOW_DETAILED_STATS)}};
	int r = measure(&p);

	fflush(stdout);
	if (r)
		report_thrown(p.exception);
	close_consumer(&p);
	free(p.exception);
	return r ? 1 : 0;
}

/* 0, or the exit code after a message; *ret_done: the work is done (--version). */
static int check_options(struct options *o, bool *ret_done)
{
	*ret_done = false;
	if (!options_has(o, PERF_BOOTSTRAP_SERVER) && !options_has(o, PERF_BROKER_LIST) &&
		!options_has_help(o) && !options_has_version(o))
		return options_usage(o, "Missing required option(s) [bootstrap-server]");
	if (options_has(o, PERF_THREADS) || options_has(o, PERF_NUM_FETCH_THREADS))
		puts("WARNING: option [threads] and [num-fetch-threads] have been deprecated and "
		     "will be ignored by the test");
	if (options_has_help(o))
		return options_usage(o, "This tool is used to verify the consumer performance.");
	if (options_has_version(o)) {
		puts(TOOL_KAFKA_VERSION);
		*ret_done = true;
		return 0;
	}
	return options_require(o, PERF_TOPIC) || options_require(o, PERF_MESSAGES);
}

static int run(int argc, char **argv)
{
	struct options o;
	bool done;
	int exit_code;

	if (options_parse(&o, options, PERF_OPTION_COUNT, argc, argv)) {
		exit_code = options_usage(&o, o.error);
		options_fini(&o);
		return exit_code;
	}
	exit_code = check_options(&o, &done);
	if (!exit_code && !done)
		exit_code = run_with(&o);
	options_fini(&o);
	return exit_code;
}

const struct tool tool_consumer_perf = {
	.name = "consumer-perf-test",
	.script = "kafka-consumer-perf-test.sh",
	.summary = "measure how fast records can be consumed",
	.options = options,
	.options_n = PERF_OPTION_COUNT,
	.run = run,
	.description =
		"Consumes a topic as a member of a group and prints how long that took: until partitions were "
		"assigned, and the fetching itself. Records are counted in polls of max.poll.records, so it may "
		"take a few more than `--messages` says.",
	.examples =
		"\tkafka-consumer-perf-test.sh --bootstrap-server host:9092 --topic test --messages 1000000",
	.see_also = "kafka-producer-perf-test.sh(1), kafka-consumer-groups.sh(1)",
};
