/* producer_perf.c - kafka-producer-perf-test.sh: sends records as fast as asked, and tells how long they took (cli.md
 * section 6).
 *
 * The main thread makes the records and waits where it is too fast; delivery's thread takes the reports and counts. The
 * time of sending travels with the record, in milliseconds since the start. Both sides' sums are ProducerPerformance's.
 * A record that finds no metadata of the topic ends the run: all that follow would wait in vain as well.
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "tools/client_metrics.h"
#include "tools/delivery.h"
#include "tools/perf_stats.h"
#include "tools/producer.h"
#include "tools/producer_perf_priv.h"
#include "tools/throttle.h"
#include "tools/tool.h"

#define WINDOW_MS 5000

struct perf {
	struct producer_perf_settings *s;
	struct producer producer;
	struct client_metrics *metrics; /* with --print-metrics */
	struct delivery *delivery;
	struct perf_stats *stats; /* delivery's thread, and main when that has ended */
	int64_t start_ms;
	bool in_transaction;
	int64_t transaction_ms; /* when it began */
	char *exception;	/* what ends the tool with exit code 1 */
};

static int64_t now(void)
{
	return clock_mono_ms(&clock_real);
}

/* Thread: delivery's. */
static void take_reports(void *arg, const rd_kafka_message_t *const *reports, size_t n)
{
	struct perf *p = arg;
	int64_t t = now();

	for (size_t i = 0; i < n; i++) {
		const rd_kafka_message_t *m = reports[i];
		int64_t sent = p->start_ms + (int64_t)producer_tag(m->_private);

		if (!m->err) {
			perf_stats_record(p->stats, t - sent, m->len, t);
			continue;
		}
		char *exception = producer_exception(&p->producer, m->err);

		fprintf(stderr, "%s\n", exception);
		free(exception);
	}
}

static int open_producer(struct perf *p)
{
	struct properties *config = &p->s->config;
	rd_kafka_conf_t *conf;

	if (producer_init(&p->producer, config, &p->exception) ||
		producer_conf(config, &conf, &p->exception))
		return -1;
	delivery_conf(conf, &p->producer, payload_smallest(p->s->payload));
	if (p->s->print_metrics) {
		p->metrics = client_metrics_new(CLIENT_PRODUCER, config);
		client_metrics_conf(conf);
	}
	return producer_open(&p->producer, config, conf, p->s->topic, &p->exception);
}

/* 0, or -1 with the exception that Java would die of. */
static int check(struct perf *p, rd_kafka_error_t *error)
{
	if (!error)
		return 0;
	if (!p->exception)
		p->exception = xasprintf("org.apache.kafka.common.KafkaException: %s",
			rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return -1;
}

static int init_transactions(struct perf *p)
{
	rd_kafka_error_t *error;

	if (p->s->transaction_ms == 0)
		return 0;
	error = rd_kafka_init_transactions(
		p->producer.rk, (int)MIN(p->producer.max_block_ms, INT32_MAX));
	if (error && rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__TIMED_OUT)
		p->exception = xasprintf("org.apache.kafka.common.errors.TimeoutException: "
					 "Timeout expired after %lldms while awaiting "
					 "InitProducerId",
			(long long)p->producer.max_block_ms);
	return check(p, error);
}

static int begin_transaction(struct perf *p)
{
	if (p->s->transaction_ms == 0 || p->in_transaction)
		return 0;
	if (check(p, rd_kafka_begin_transaction(p->producer.rk)))
		return -1;
	p->in_transaction = true;
	p->transaction_ms = now();
	return 0;
}

static int commit_transaction(struct perf *p)
{
	if (!p->in_transaction)
		return 0;
	p->in_transaction = false;
	return check(p, rd_kafka_commit_transaction(p->producer.rk, -1));
}

/* Sends one record. *ret_sent_ms is when; 1: there is no sense in going on; -1: the tool fails. */
static int send_record(struct perf *p, int64_t i, int64_t *ret_sent_ms)
{
	struct bytes payload = payload_next(p->s->payload, i);
	char *exception = NULL;
	bool lost;

	if (begin_transaction(p))
		return -1;
	*ret_sent_ms = now();
	if (delivery_send(p->delivery, BYTES_NULL, payload, 0,
		    (uint64_t)(*ret_sent_ms - p->start_ms), &exception)) {
		lost = !p->producer.topic_known;
		fprintf(stderr, "%s\n", exception);
		free(exception);
		if (lost)
			return 1;
	}
	if (p->in_transaction && *ret_sent_ms - p->transaction_ms >= p->s->transaction_ms)
		return commit_transaction(p);
	return 0;
}

static int send_all(struct perf *p)
{
	struct throttle throttle;
	int r = 0;

	throttle_init(&throttle, p->s->per_second, p->start_ms, &throttle_clock_real);
	for (int64_t i = 0; i < p->s->records && !r; i++) {
		int64_t sent_ms;

		r = send_record(p, i, &sent_ms);
		if (!r && throttle_is_due(&throttle, i, sent_ms))
			(void)throttle_wait(&throttle);
	}
	return r < 0 ? -1 : commit_transaction(p);
}

static int measure(struct perf *p)
{
	if (init_transactions(p))
		return -1;
	p->start_ms = now();
	p->stats = perf_stats_new(p->s->records, WINDOW_MS, p->start_ms, stdout);
	p->delivery = delivery_start(&p->producer, take_reports, p, p->metrics);
	if (send_all(p))
		return -1;
	delivery_flush(p->delivery);
	perf_stats_print_total(p->stats, now());
	if (p->metrics)
		client_metrics_print(p->metrics, true, stdout);
	return 0;
}

static int run_with(struct producer_perf_settings *s)
{
	struct perf p = {.s = s};
	int r = open_producer(&p);

	if (!r)
		r = measure(&p);
	if (r) {
		fflush(stdout);
		fprintf(stderr, "Exception in thread \"main\" %s\n", p.exception);
		fflush(stderr);
		_exit(1); /* what is queued is given up, as Java does */
	}
	delivery_stop(p.delivery);
	producer_fini(&p.producer);
	client_metrics_free(p.metrics);
	perf_stats_free(p.stats);
	free(p.exception);
	return 0;
}

static int run(int argc, char **argv)
{
	struct producer_perf_settings s;
	int exit_code;

	if (producer_perf_settings_read(&s, argc, argv, &exit_code) == 0)
		exit_code = run_with(&s);
	producer_perf_settings_fini(&s);
	return exit_code;
}

const struct tool tool_producer_perf = {
	.name = "producer-perf-test",
	.script = "kafka-producer-perf-test.sh",
	.summary = "measure how fast records can be sent",
	.options = producer_perf_options,
	.options_n = PERF_OPTION_COUNT,
	.run = run,
	.description =
		"Sends records as fast as they are taken, or as `--throughput` says. A line every five seconds "
		"tells how many were acknowledged and how long that took, the last line the whole with "
		"percentiles.\n\n"
		"The settings are those of a Java producer: without any of them a batch is sent as soon as the "
		"broker can take it, all in-sync replicas have to have it, and records are numbered "
		"(enable.idempotence). Memory for records on their way is bounded by buffer.memory.\n\n"
		"Old guides call the options `--broker-list`, `--topics`, `--messages` and `--message-size`; "
		"these are understood too.",
	.examples =
		"\tkafka-producer-perf-test.sh --topic test --num-records 1000000 --record-size 200 \\\n"
		"\t    --throughput -1 --producer-props bootstrap.servers=host:9092 linger.ms=5 \\\n"
		"\t    batch.size=65536",
	.see_also = "kafka-consumer-perf-test.sh(1), kafka-e2e-latency.sh(1)",
};
