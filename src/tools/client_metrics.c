/* client_metrics.c - librdkafka's statistics (its STATISTICS.md) as the metrics of a Java client.
 *
 * Counters in a report are totals, and the last report counts. Averages and maxima are those of the time since the last
 * report, and are added up here.
 */
#include "tools/client_metrics.h"

#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "tools/java_number.h"
#include "tools/tool.h"

#define INTERVAL   "250" /* ms between reports */
#define PATIENCE_S 1

/* Averages in parts. */
struct mean {
	double sum, count, max;
};

struct traffic {
	double requests, out_bytes, responses, in_bytes;
	struct mean latency_ms;
};

struct node {
	int64_t id;
	struct traffic traffic;
};

struct topic {
	char *name;
	double records, bytes;
};

struct row {
	char *name, *value;
};

struct client_metrics {
	enum client_kind kind;
	char *client_id;
	double buffer_total;
	int64_t start_wall_ms, start_ms;
	pthread_mutex_t lock;
	pthread_cond_t reported;
	uint64_t reports; /* lock; so is what follows */
	struct traffic all;
	double buffer_used, records, bytes, retries;
	double connections, connects, disconnects, in_flight;
	double rebalances, partitions, fetches;
	const char *consumed_topic; /* NULL: what the tool took is not known */
	double consumed_records, consumed_bytes;
	struct mean batch_bytes, batch_records, queued_ms;
	struct node *nodes;
	size_t nodes_n, nodes_cap;
	struct topic *topics;
	size_t topics_n, topics_cap;
	struct row *rows; /* while printing */
	size_t rows_n, rows_cap;
};

struct client_metrics *client_metrics_new(enum client_kind kind, const struct properties *config)
{
	struct client_metrics *m = xcalloc(1, sizeof(*m));
	const char *id = properties_get(config, "client.id");
	int64_t buffer = 33554432;
	char *error = NULL;

	if (client_property_number(config, "buffer.memory", buffer, &buffer, &error))
		free(error);
	m->kind = kind;
	m->client_id = xstrdup(id ? id : "");
	m->buffer_total = (double)buffer;
	m->start_wall_ms = clock_wall_ms(&clock_real);
	m->start_ms = clock_mono_ms(&clock_real);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->reported, NULL);
	return m;
}

struct client_metrics *client_metrics_free(struct client_metrics *m)
{
	if (!m)
		return NULL;
	for (size_t i = 0; i < m->topics_n; i++)
		free(m->topics[i].name);
	free(m->topics);
	free(m->nodes);
	free(m->client_id);
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->reported);
	free(m);
	return NULL;
}

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static void add_mean(struct mean *x, const json_t *window, double unit)
{
	double count = number(window, "cnt");

	if (count <= 0)
		return;
	x->sum += number(window, "sum") / unit;
	x->count += count;
	x->max = MAX(x->max, number(window, "max") / unit);
}

static struct node *node_of(struct client_metrics *m, int64_t id)
{
	for (size_t i = 0; i < m->nodes_n; i++)
		if (m->nodes[i].id == id)
			return &m->nodes[i];
	m->nodes = grow_array(m->nodes, &m->nodes_cap, m->nodes_n + 1, sizeof(*m->nodes));
	m->nodes[m->nodes_n] = (struct node){.id = id};
	return &m->nodes[m->nodes_n++];
}

static struct topic *topic_of(struct client_metrics *m, const char *name)
{
	for (size_t i = 0; i < m->topics_n; i++)
		if (strcmp(m->topics[i].name, name) == 0)
			return &m->topics[i];
	m->topics = grow_array(m->topics, &m->topics_cap, m->topics_n + 1, sizeof(*m->topics));
	m->topics[m->topics_n] = (struct topic){.name = xstrdup(name)};
	return &m->topics[m->topics_n++];
}

/* Several connections of librdkafka may be to one node: the coordinator's is apart. */
static void take_brokers(struct client_metrics *m, const json_t *brokers)
{
	const char *name, *state;
	json_t *b;

	m->connections = m->connects = m->disconnects = m->in_flight = m->retries = m->fetches = 0;
	for (size_t i = 0; i < m->nodes_n; i++)
		m->nodes[i].traffic = (struct traffic){.latency_ms = m->nodes[i].traffic.latency_ms};
	json_object_foreach((json_t *)(uintptr_t)brokers, name, b)
	{
		struct node *node = node_of(m, (int64_t)number(b, "nodeid"));

		state = json_string_value(json_object_get(b, "state"));
		m->connections += state && strcmp(state, "UP") == 0;
		m->connects += number(b, "connects");
		m->disconnects += number(b, "disconnects");
		m->in_flight += number(b, "waitresp_cnt");
		m->retries += number(b, "txretries");
		m->fetches += number(json_object_get(b, "req"), "Fetch");
		node->traffic.requests += number(b, "tx");
		node->traffic.out_bytes += number(b, "txbytes");
		node->traffic.responses += number(b, "rx");
		node->traffic.in_bytes += number(b, "rxbytes");
		add_mean(&node->traffic.latency_ms, json_object_get(b, "rtt"), 1000);
		add_mean(&m->all.latency_ms, json_object_get(b, "rtt"), 1000);
		add_mean(&m->queued_ms, json_object_get(b, "int_latency"), 1000);
	}
}

static void take_topics(struct client_metrics *m, const json_t *topics)
{
	const char *records = m->kind == CLIENT_PRODUCER ? "txmsgs" : "rxmsgs";
	const char *bytes = m->kind == CLIENT_PRODUCER ? "txbytes" : "rxbytes";
	const char *name, *id;
	json_t *t, *p;

	json_object_foreach((json_t *)(uintptr_t)topics, name, t)
	{
		struct topic *topic = topic_of(m, name);

		topic->records = topic->bytes = 0;
		json_object_foreach(json_object_get(t, "partitions"), id, p)
		{
			topic->records += number(p, records);
			topic->bytes += number(p, bytes);
		}
		add_mean(&m->batch_bytes, json_object_get(t, "batchsize"), 1);
		add_mean(&m->batch_records, json_object_get(t, "batchcnt"), 1);
	}
}

void client_metrics_take(struct client_metrics *m, const char *json, size_t len)
{
	json_t *report = json_loadb(json, len, 0, NULL), *group;
	bool produces = m->kind == CLIENT_PRODUCER;

	if (!report)
		return;
	pthread_mutex_lock(&m->lock);
	m->all.requests = number(report, "tx");
	m->all.out_bytes = number(report, "tx_bytes");
	m->all.responses = number(report, "rx");
	m->all.in_bytes = number(report, "rx_bytes");
	m->buffer_used = number(report, "msg_size");
	m->records = number(report, produces ? "txmsgs" : "rxmsgs");
	m->bytes = number(report, produces ? "txmsg_bytes" : "rxmsg_bytes");
	group = json_object_get(report, "cgrp");
	m->rebalances = number(group, "rebalance_cnt");
	m->partitions = number(group, "assignment_size");
	take_brokers(m, json_object_get(report, "brokers"));
	take_topics(m, json_object_get(report, "topics"));
	m->reports++;
	pthread_cond_broadcast(&m->reported);
	pthread_mutex_unlock(&m->lock);
	json_decref(report);
}

uint64_t client_metrics_reports(struct client_metrics *m)
{
	uint64_t n;

	pthread_mutex_lock(&m->lock);
	n = m->reports;
	pthread_mutex_unlock(&m->lock);
	return n;
}

void client_metrics_consumed(
	struct client_metrics *m, const char *topic, int64_t records, int64_t bytes)
{
	pthread_mutex_lock(&m->lock);
	m->consumed_topic = topic;
	m->consumed_records = (double)records;
	m->consumed_bytes = (double)bytes;
	pthread_mutex_unlock(&m->lock);
}

void client_metrics_conf(rd_kafka_conf_t *conf)
{
	char why[128];

	(void)rd_kafka_conf_set(conf, "statistics.interval.ms", INTERVAL, why, sizeof(why));
}

/* `tag` is a further one behind the client's, or "". Owned texts. */
static void add_text(struct client_metrics *m, const char *group, const char *name,
	const char *tag, char *value)
{
	m->rows = grow_array(m->rows, &m->rows_cap, m->rows_n + 1, sizeof(*m->rows));
	m->rows[m->rows_n++] = (struct row){
		xasprintf("%s:%s:{client-id=%s%s}", group, name, m->client_id, tag), value};
}

static void add(
	struct client_metrics *m, const char *group, const char *name, const char *tag, double value)
{
	char text[JAVA_FIXED_MAX];

	add_text(m, group, name, tag, xstrdup(java_fixed(value, 3, text)));
}

static double seconds(const struct client_metrics *m)
{
	return (double)(clock_mono_ms(&clock_real) - m->start_ms) / 1000.0;
}

/* "NAME-total" and "NAME-rate" */
static void add_count(
	struct client_metrics *m, const char *group, const char *name, const char *tag, double value)
{
	CLEANUP(freep) char *total = xasprintf("%s-total", name);
	CLEANUP(freep) char *rate = xasprintf("%s-rate", name);

	add(m, group, total, tag, value);
	add(m, group, rate, tag, value / seconds(m));
}

/* NaN for what was never measured, as in Java. */
static void add_average(
	struct client_metrics *m, const char *group, const char *name, const char *tag, struct mean x)
{
	CLEANUP(freep) char *avg = xasprintf("%s-avg", name);
	CLEANUP(freep) char *max = xasprintf("%s-max", name);

	add(m, group, avg, tag, x.sum / x.count);
	add(m, group, max, tag, x.count > 0 ? x.max : 0.0 / x.count);
}

static void add_traffic(
	struct client_metrics *m, const char *group, const char *tag, const struct traffic *t)
{
	add_count(m, group, "request", tag, t->requests);
	add_count(m, group, "response", tag, t->responses);
	add_count(m, group, "outgoing-byte", tag, t->out_bytes);
	add_count(m, group, "incoming-byte", tag, t->in_bytes);
	add(m, group, "request-size-avg", tag, t->out_bytes / t->requests);
	add_average(m, group, "request-latency", tag, t->latency_ms);
}

static void add_network(struct client_metrics *m)
{
	static const char group[] = "producer-metrics", nodes[] = "producer-node-metrics";

	add_text(m, "app-info", "start-time-ms", "",
		xasprintf("%lld", (long long)m->start_wall_ms));
	add_text(m, "app-info", "version", "", xstrdup(TOOL_KAFKA_VERSION));
	add_traffic(m, group, "", &m->all);
	add_count(m, group, "network-io", "", m->all.requests + m->all.responses);
	add_count(m, group, "connection-creation", "", m->connects);
	add_count(m, group, "connection-close", "", m->disconnects);
	add(m, group, "connection-count", "", m->connections);
	for (size_t i = 0; i < m->nodes_n; i++) {
		CLEANUP(freep) char *tag =
			xasprintf(", node-id=node-%lld", (long long)m->nodes[i].id);

		add_traffic(m, nodes, tag, &m->nodes[i].traffic);
	}
}

static void add_producer(struct client_metrics *m)
{
	static const char group[] = "producer-metrics", topics[] = "producer-topic-metrics";

	add_average(m, group, "batch-size", "", m->batch_bytes);
	add_average(m, group, "record-queue-time", "", m->queued_ms);
	add(m, group, "records-per-request-avg", "", m->batch_records.sum / m->batch_records.count);
	add(m, group, "buffer-total-bytes", "", m->buffer_total);
	add(m, group, "buffer-available-bytes", "", m->buffer_total - m->buffer_used);
	add(m, group, "requests-in-flight", "", m->in_flight);
	add_count(m, group, "record-send", "", m->records);
	add_count(m, group, "record-retry", "", m->retries);
	add(m, group, "record-size-avg", "", m->bytes / m->records);
	for (size_t i = 0; i < m->topics_n; i++) {
		CLEANUP(freep) char *tag = xasprintf(", topic=%s", m->topics[i].name);

		add_count(m, topics, "record-send", tag, m->topics[i].records);
		add_count(m, topics, "byte", tag, m->topics[i].bytes);
	}
}

/* Kafka prints them when the consumer has been closed and has taken back the rest. */
static void add_consumer(struct client_metrics *m)
{
	static const char fetch[] = "consumer-fetch-manager-metrics";
	static const char group[] = "consumer-coordinator-metrics";
	CLEANUP(freep) char *tag = NULL;

	add_count(m, fetch, "fetch", "", m->fetches);
	add(m, fetch, "fetch-size-avg", "", m->bytes / m->fetches);
	add(m, fetch, "records-per-request-avg", "", m->records / m->fetches);
	add(m, group, "rebalance-total", "", m->rebalances);
	add(m, group, "assigned-partitions", "", m->partitions);
	if (!m->consumed_topic)
		return;
	tag = xasprintf(", topic=%s", m->consumed_topic);
	for (char *dot = tag; (dot = strchr(dot, '.'));)
		*dot = '_'; /* as Java has it */
	for (int i = 0; i < 2; i++) {
		add_count(m, fetch, "records-consumed", i ? tag : "", m->consumed_records);
		add_count(m, fetch, "bytes-consumed", i ? tag : "", m->consumed_bytes);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Rows come to "GROUP:NAME:{TAGS} : VALUE"; takes them away. */
static void print_rows(struct client_metrics *m, FILE *out)
{
	size_t width = 0;

	qsort(m->rows, m->rows_n, sizeof(*m->rows), by_name);
	for (size_t i = 0; i < m->rows_n; i++)
		width = MAX(width, strlen(m->rows[i].name));
	fprintf(out, "\n%-*s   Value\n", (int)width, "Metric Name");
	for (size_t i = 0; i < m->rows_n; i++) {
		fprintf(out, "%-*s : %s\n", (int)width, m->rows[i].name, m->rows[i].value);
		free(m->rows[i].name);
		free(m->rows[i].value);
	}
	free(m->rows);
	m->rows = NULL;
	m->rows_n = m->rows_cap = 0;
	fflush(out);
}

static void wait_fresh(struct client_metrics *m)
{
	struct timespec until;
	uint64_t seen = m->reports;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	while (m->reports == seen && r == 0)
		r = pthread_cond_timedwait(&m->reported, &m->lock, &until);
}

void client_metrics_print(struct client_metrics *m, bool fresh, FILE *out)
{
	pthread_mutex_lock(&m->lock);
	if (fresh)
		wait_fresh(m);
	if (m->kind == CLIENT_PRODUCER) {
		add_network(m);
		add_producer(m);
	} else {
		add_consumer(m);
	}
	add(m, "kafka-metrics-count", "count", "", (double)m->rows_n + 1);
	print_rows(m, out);
	pthread_mutex_unlock(&m->lock);
}
