/* console_producer.c - kafka-console-producer.sh: a line of standard input is a record (cli.md section 4).
 *
 * librdkafka sends. What differs from Java underneath is made the same here: the first record waits for the topic's
 * metadata for at most max.block.ms, a failed record is a line on stderr and does not change the exit code unless
 * --sync is given, and idempotence is on unless the settings rule it out.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "tools/client_log.h"
#include "tools/client_properties.h"
#include "tools/line_reader.h"
#include "tools/options.h"
#include "tools/report.h"
#include "tools/tool.h"

#define CALLBACK_LOGGER "org.apache.kafka.clients.producer.internals.ErrorLoggingCallback"
#define LINE_READER "kafka.tools.ConsoleProducer$LineMessageReader"
#define LINE_READER_SHORT "kafka.tools.ConsoleProducer.LineMessageReader"

enum producer_option {
	PRODUCER_BATCH_SIZE,
	PRODUCER_BOOTSTRAP_SERVER,
	PRODUCER_BROKER_LIST,
	PRODUCER_COMPRESSION_CODEC,
	PRODUCER_LINE_READER,
	PRODUCER_MAX_BLOCK_MS,
	PRODUCER_MAX_MEMORY_BYTES,
	PRODUCER_MAX_PARTITION_MEMORY_BYTES,
	PRODUCER_MESSAGE_SEND_MAX_RETRIES,
	PRODUCER_METADATA_EXPIRY_MS,
	PRODUCER_CONFIG,
	PRODUCER_PROPERTY,
	PRODUCER_READER_PROPERTY,
	PRODUCER_READER_CONFIG,
	PRODUCER_REQUEST_REQUIRED_ACKS,
	PRODUCER_REQUEST_TIMEOUT_MS,
	PRODUCER_RETRY_BACKOFF_MS,
	PRODUCER_SOCKET_BUFFER_SIZE,
	PRODUCER_SYNC,
	PRODUCER_TIMEOUT,
	PRODUCER_TOPIC,
	PRODUCER_HELP,
	PRODUCER_VERSION,
	PRODUCER_OPTION_COUNT,
};

static const struct option options[PRODUCER_OPTION_COUNT] = {
	[PRODUCER_BATCH_SIZE] = {"batch-size", OPTION_INT, "bytes", "16384",
		"Largest batch of records for one partition: `batch.size`. "
		"--max-partition-memory-bytes goes before "
		"it."},
	[PRODUCER_BOOTSTRAP_SERVER] = {"bootstrap-server", OPTION_STRING, "host:port,...", NULL,
		"REQUIRED: the broker or brokers to ask first."},
	[PRODUCER_BROKER_LIST] = {"broker-list", OPTION_STRING, "host:port,...", NULL,
		"Old name of --bootstrap-server; ignored when both are given."},
	[PRODUCER_COMPRESSION_CODEC] = {"compression-codec", OPTION_MAYBE, "codec", NULL,
		"none, gzip, snappy, lz4 or zstd; gzip when no codec follows."},
	[PRODUCER_LINE_READER] = {"line-reader", OPTION_STRING, "class", LINE_READER,
		"How lines become records. There is one way, a record per line."},
	[PRODUCER_MAX_BLOCK_MS] = {"max-block-ms", OPTION_LONG, "ms", "60000",
		"Longest time to wait for the topic's metadata: `max.block.ms`."},
	[PRODUCER_MAX_MEMORY_BYTES] = {"max-memory-bytes", OPTION_LONG, "bytes", "33554432",
		"Memory for records that wait to be sent: `buffer.memory`."},
	[PRODUCER_MAX_PARTITION_MEMORY_BYTES] = {"max-partition-memory-bytes", OPTION_INT, "bytes",
		"16384", "Largest batch of records for one partition: `batch.size`."},
	[PRODUCER_MESSAGE_SEND_MAX_RETRIES] = {"message-send-max-retries", OPTION_INT, "number",
		"3", "How often a failed request is sent again: `retries`."},
	[PRODUCER_METADATA_EXPIRY_MS] = {"metadata-expiry-ms", OPTION_LONG, "ms", "300000",
		"Age at which metadata is fetched again: `metadata.max.age.ms`."},
	[PRODUCER_CONFIG] = {"producer.config", OPTION_STRING, "file", NULL,
		"Properties file with producer settings. --producer-property goes before it."},
	[PRODUCER_PROPERTY] = {"producer-property", OPTION_STRING, "key=value", NULL,
		"A producer setting by its Java name. May be repeated."},
	[PRODUCER_READER_PROPERTY] = {"property", OPTION_STRING, "key=value", NULL,
		"How to read lines. May be repeated.\n"
		" parse.key=false\n"
		" key.separator=TAB\n"
		" parse.headers=false\n"
		" headers.delimiter=TAB\n"
		" headers.separator=,\n"
		" headers.key.separator=:\n"
		" ignore.error=false\n"
		" null.marker=  text that stands for null\n"
		"With headers and key a line is\n"
		" h1:v1,h2:v2 TAB key TAB value"},
	[PRODUCER_READER_CONFIG] = {"reader-config", OPTION_STRING, "file", NULL,
		"Properties file with what --property sets, which goes before it."},
	[PRODUCER_REQUEST_REQUIRED_ACKS] = {"request-required-acks", OPTION_STRING, "acks", "-1",
		"Who must have a record before it counts as sent: 0 nobody, 1 the leader, -1 or "
		"all the in-sync "
		"replicas: `acks`."},
	[PRODUCER_REQUEST_TIMEOUT_MS] = {"request-timeout-ms", OPTION_INT, "ms", "1500",
		"Longest time to wait for an answer: `request.timeout.ms`."},
	[PRODUCER_RETRY_BACKOFF_MS] = {"retry-backoff-ms", OPTION_LONG, "ms", "100",
		"Pause before a request is sent again: `retry.backoff.ms`."},
	[PRODUCER_SOCKET_BUFFER_SIZE] = {"socket-buffer-size", OPTION_INT, "bytes", "102400",
		"Size of the socket's send buffer: `send.buffer.bytes`."},
	[PRODUCER_SYNC] = {"sync", OPTION_FLAG, NULL, NULL,
		"Wait for each record to be sent; the first failure ends the tool."},
	[PRODUCER_TIMEOUT] = {"timeout", OPTION_LONG, "ms", "1000",
		"Longest time a record waits for others to share a batch: `linger.ms`."},
	[PRODUCER_TOPIC] = {"topic", OPTION_STRING, "topic", NULL,
		"REQUIRED: the topic to send to."},
	[PRODUCER_HELP] = OPTION_HELP,
	[PRODUCER_VERSION] = OPTION_VERSION,
};

/* Options that are producer settings: given option > file or property > default of the option. The later of two rows of
 * a setting wins when both options are given. */
static const struct {
	enum producer_option option;
	const char *key;
} settings[] = {
	{PRODUCER_TIMEOUT, "linger.ms"},
	{PRODUCER_REQUEST_REQUIRED_ACKS, "acks"},
	{PRODUCER_REQUEST_TIMEOUT_MS, "request.timeout.ms"},
	{PRODUCER_MESSAGE_SEND_MAX_RETRIES, "retries"},
	{PRODUCER_RETRY_BACKOFF_MS, "retry.backoff.ms"},
	{PRODUCER_SOCKET_BUFFER_SIZE, "send.buffer.bytes"},
	{PRODUCER_MAX_MEMORY_BYTES, "buffer.memory"},
	{PRODUCER_BATCH_SIZE, "batch.size"},
	{PRODUCER_MAX_PARTITION_MEMORY_BYTES, "batch.size"},
	{PRODUCER_METADATA_EXPIRY_MS, "metadata.max.age.ms"},
	{PRODUCER_MAX_BLOCK_MS, "max.block.ms"},
};

enum partitioner { PARTITION_BY_KEY, PARTITION_STICKY, PARTITION_ROUND_ROBIN };

struct producer {
	struct options *options;
	struct properties config, reader_config;
	const char *topic_name;
	bool sync;
	int64_t max_block_ms, delivery_ms;
	struct line_reader *reader;
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;
	enum partitioner partitioner;
	uint32_t next_partition;              /* PARTITION_ROUND_ROBIN */
	int32_t partition;                    /* of records without a key; -1: none yet */
	int64_t partition_bytes, batch_bytes; /* sent to it, and when to take another */
	bool topic_known;                     /* metadata of the topic has been seen */
	bool gave_up; /* max.block.ms went by once without it: later records do not wait */
	int failure;  /* rd_kafka_resp_err_t of the last delivery report, for --sync */
	char *error;
};

static int fault(struct producer *p, char *text)
{
	free(p->error);
	p->error = text;
	return -EINVAL;
}

/* An option's value was wrong: 0 passes through. */
static int check(struct producer *p, int r)
{
	return r ? fault(p, xstrdup(p->options->error)) : 0;
}

static int merge_option(struct producer *p, enum producer_option id, const char *key)
{
	const char *text;
	int64_t number;

	if (!options_has(p->options, id) && properties_get(&p->config, key))
		return 0;
	if (check(p, options_text(p->options, id, &text)))
		return -EINVAL;
	if (options[id].kind != OPTION_STRING && check(p, options_number(p->options, id, &number)))
		return -EINVAL;
	properties_set(&p->config, key, text, 0);
	return 0;
}

static int load_file(struct producer *p, enum producer_option id, struct properties *to)
{
	const char *path;
	char *error = NULL;

	if (check(p, options_text(p->options, id, &path)))
		return -EINVAL;
	if (!path || !client_properties_load(to, path, &error))
		return 0;
	return fault(p, error);
}

static int add_arguments(struct producer *p, enum producer_option id, struct properties *to)
{
	size_t n;
	const char *const *args = options_all(p->options, id, &n);

	client_properties_arguments(to, args, n);
	return 0;
}

static const char *codec_of(struct producer *p)
{
	const char *codec = NULL;

	if (!options_has(p->options, PRODUCER_COMPRESSION_CODEC))
		return "none";
	(void)!options_text(p->options, PRODUCER_COMPRESSION_CODEC, &codec);
	return codec && *codec ? codec : "gzip";
}

static bool is_true(const struct properties *p, const char *key)
{
	const char *v = properties_get(p, key);

	return v && strcasecmp(v, "true") == 0;
}

/* KIP-679: idempotence is the default, unless settings that exclude it were chosen without asking for it. */
static int set_idempotence(struct producer *p)
{
	const char *acks = properties_get(&p->config, "acks"),
		   *retries = properties_get(&p->config, "retries");
	const char *flights = properties_get(&p->config, "max.in.flight.requests.per.connection");
	bool all = strcmp(acks, "all") == 0 || strcmp(acks, "-1") == 0;
	bool possible = all && strcmp(retries, "0") != 0 && (!flights || atoi(flights) <= 5);

	if (!properties_get(&p->config, "enable.idempotence")) {
		properties_set(&p->config, "enable.idempotence", possible ? "true" : "false", 0);
		return 0;
	}
	if (!is_true(&p->config, "enable.idempotence") || possible)
		return 0;
	if (!all)
		return fault(p, xstrdup("org.apache.kafka.common.config.ConfigException: Must set "
					"acks to all in order to use "
					"the idempotent producer. Otherwise we cannot guarantee "
					"idempotence."));
	if (strcmp(retries, "0") == 0)
		return fault(p, xstrdup("org.apache.kafka.common.config.ConfigException: Must set "
					"retries to non-zero when "
					"using the idempotent producer."));
	return fault(p, xstrdup("org.apache.kafka.common.config.ConfigException: Must set "
				"max.in.flight.requests.per.connection to at most 5 to use the "
				"idempotent producer."));
}

/* delivery.timeout.ms covers linger and one request (KafkaProducer.configureDeliveryTimeout). */
static int set_delivery_timeout(struct producer *p)
{
	int64_t linger, request;
	char text[32], *error = NULL;

	if (client_property_number(&p->config, "linger.ms", 0, &linger, &error) ||
		client_property_number(&p->config, "request.timeout.ms", 30000, &request, &error) ||
		client_property_number(
			&p->config, "delivery.timeout.ms", 120000, &p->delivery_ms, &error) ||
		client_property_number(
			&p->config, "max.block.ms", 60000, &p->max_block_ms, &error) ||
		client_property_number(&p->config, "batch.size", 16384, &p->batch_bytes, &error)) {
		char *text_of =
			xasprintf("org.apache.kafka.common.config.ConfigException: %s", error);

		free(error);
		return fault(p, text_of);
	}
	if (p->delivery_ms >= linger + request)
		return 0;
	if (properties_get(&p->config, "delivery.timeout.ms"))
		return fault(p, xstrdup("org.apache.kafka.common.config.ConfigException: "
					"delivery.timeout.ms should be equal "
					"to or larger than linger.ms + request.timeout.ms"));
	p->delivery_ms = MIN(linger + request, INT32_MAX);
	snprintf(text, sizeof(text), "%lld", (long long)p->delivery_ms);
	properties_set(&p->config, "delivery.timeout.ms", text, 0);
	return 0;
}

static int load_config(struct producer *p)
{
	const char *servers;

	if (load_file(p, PRODUCER_CONFIG, &p->config) ||
		add_arguments(p, PRODUCER_PROPERTY, &p->config) ||
		load_file(p, PRODUCER_READER_CONFIG, &p->reader_config) ||
		add_arguments(p, PRODUCER_READER_PROPERTY, &p->reader_config))
		return -EINVAL;
	if (check(p, options_text(p->options,
			     options_has(p->options, PRODUCER_BOOTSTRAP_SERVER)
				     ? PRODUCER_BOOTSTRAP_SERVER
				     : PRODUCER_BROKER_LIST,
			     &servers)))
		return -EINVAL;
	properties_set(&p->config, "bootstrap.servers", servers, 0);
	properties_set(&p->config, "compression.type", codec_of(p), 0);
	if (!properties_get(&p->config, "client.id"))
		properties_set(&p->config, "client.id", "console-producer", 0);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (merge_option(p, settings[i].option, settings[i].key))
			return -EINVAL;
	if (properties_get(&p->config, "transactional.id"))
		return fault(p, xstrdup("java.lang.IllegalStateException: Cannot perform a 'send' "
					"before completing a call to "
					"initTransactions when transactions are enabled."));
	if (set_idempotence(p))
		return -EINVAL;
	return set_delivery_timeout(p);
}

static void print_failure(
	struct producer *p, struct bytes key, struct bytes value, const char *exception)
{
	char key_text[32] = "null", value_text[32] = "null";

	if (key.len >= 0)
		snprintf(key_text, sizeof(key_text), "%d bytes", key.len);
	if (value.len >= 0)
		snprintf(value_text, sizeof(value_text), "%d bytes", value.len);
	report("ERROR", CALLBACK_LOGGER,
		"Error when sending message to topic %s with key: %s, value: %s with error:",
		p->topic_name, key_text, value_text);
	fprintf(stderr, "%s\n", exception);
}

/* What Java would have thrown, in *ret (owned). */
static char *exception_of(struct producer *p, rd_kafka_resp_err_t err)
{
	char class[96];

	switch ((int)err) {
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
		return xasprintf("org.apache.kafka.common.errors.TimeoutException: Expiring "
				 "record(s) for %s: %lld ms "
				 "has passed since batch creation",
			p->topic_name, (long long)p->delivery_ms);
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		return xasprintf("org.apache.kafka.common.errors.TimeoutException: Topic %s not "
				 "present in metadata after %lld "
				 "ms.",
			p->topic_name, (long long)p->max_block_ms);
	default:
		break;
	}
	if (err > 0 || err == RD_KAFKA_RESP_ERR_UNKNOWN)
		return xasprintf("%s: %s", report_exception(err, class, sizeof(class)),
			report_default_message(err));
	return xasprintf("org.apache.kafka.common.KafkaException: %s", rd_kafka_err2str(err));
}

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct producer *p = opaque;
	char *exception;

	(void)rk;
	p->failure = m->err;
	if (!m->err || p->sync)
		return;
	exception = exception_of(p, m->err);
	print_failure(p, m->key ? (struct bytes){m->key, (int32_t)m->key_len} : BYTES_NULL,
		m->payload ? (struct bytes){m->payload, (int32_t)m->len} : BYTES_NULL, exception);
	free(exception);
}

static int32_t random_partition(const rd_kafka_topic_t *rkt, int32_t n)
{
	int32_t from = (int32_t)random_below((uint64_t)n);

	for (int32_t i = 0; i < n; i++)
		if (rd_kafka_topic_partition_available(rkt, (from + i) % n))
			return (from + i) % n;
	return from;
}

/* Records without a key stay with a partition for batch.size bytes (KIP-794). The record's size is its opaque. Runs in
 * this thread for all records whose topic is known, which they are. */
static int32_t sticky_partition(
	struct producer *p, const rd_kafka_topic_t *rkt, int32_t n, size_t size)
{
	if (p->partition < 0 || p->partition >= n || p->partition_bytes >= p->batch_bytes ||
		!rd_kafka_topic_partition_available(rkt, p->partition)) {
		p->partition = random_partition(rkt, n);
		p->partition_bytes = 0;
	}
	p->partition_bytes += (int64_t)size;
	return p->partition;
}

static int32_t choose_partition(const rd_kafka_topic_t *rkt, const void *key, size_t key_len,
	int32_t n, void *topic_opaque, void *record_opaque)
{
	struct producer *p = topic_opaque;

	if (p->partitioner == PARTITION_ROUND_ROBIN)
		return (int32_t)(p->next_partition++ % (uint32_t)n);
	if (key && p->partitioner == PARTITION_BY_KEY)
		return rd_kafka_msg_partitioner_murmur2(rkt, key, key_len, n, NULL, NULL);
	return sticky_partition(p, rkt, n, (size_t)(uintptr_t)record_opaque);
}

static int open_topic(struct producer *p)
{
	const char *class = properties_get(&p->config, "partitioner.class");
	rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(p->rk);

	if (class && strstr(class, "RoundRobinPartitioner"))
		p->partitioner = PARTITION_ROUND_ROBIN;
	else if (is_true(&p->config, "partitioner.ignore.keys"))
		p->partitioner = PARTITION_STICKY;
	p->partition = -1;
	rd_kafka_topic_conf_set_partitioner_cb(conf, choose_partition);
	rd_kafka_topic_conf_set_opaque(conf, p);
	p->topic = rd_kafka_topic_new(p->rk, p->topic_name, conf);
	if (p->topic)
		return 0;
	rd_kafka_topic_conf_destroy(conf);
	return fault(p, xasprintf("org.apache.kafka.common.errors.InvalidTopicException: Invalid "
				  "topics: [%s]",
				p->topic_name));
}

static int open_producer(struct producer *p)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512], *error = NULL;

	if (client_properties_apply(&p->config, CLIENT_PRODUCER, conf, &error)) {
		rd_kafka_conf_destroy(conf);
		(void)fault(
			p, xasprintf("org.apache.kafka.common.config.ConfigException: %s", error));
		free(error);
		return -EINVAL;
	}
	/* librdkafka's own stickiness would keep records without a key away from choose_partition. */
	(void)rd_kafka_conf_set(conf, "sticky.partitioning.linger.ms", "0", why, sizeof(why));
	client_log_install(conf, "Producer", properties_get(&p->config, "client.id"), NULL);
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_conf_set_opaque(conf, p);
	p->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (!p->rk) {
		rd_kafka_conf_destroy(conf);
		return fault(p, xasprintf("org.apache.kafka.common.KafkaException: Failed to "
					  "construct kafka producer: %s",
					why));
	}
	return open_topic(p);
}

/* Asks once for the topic's metadata. 0 when it has partitions, a permanent error of the broker, or -1: not yet. */
static int ask_metadata(struct producer *p, int timeout_ms)
{
	const struct rd_kafka_metadata *m;
	rd_kafka_resp_err_t err = rd_kafka_metadata(p->rk, 0, p->topic, &m, timeout_ms);
	int r = -1;

	if (err)
		return -1;
	if (m->topic_cnt == 1) {
		err = m->topics[0].err;
		if (!err && m->topics[0].partition_cnt > 0)
			r = 0;
		else if (err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ||
			 err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
			r = (int)err;
	}
	rd_kafka_metadata_destroy(m);
	return r;
}

/* Waits for the topic's metadata. 0, or -EINVAL with the exception's text in *ret_exception (owned). */
static int wait_for_topic(struct producer *p, char **ret_exception)
{
	int64_t end = clock_mono_ms(&clock_real) + (p->gave_up ? 0 : p->max_block_ms);
	const struct timespec pause = {.tv_nsec = 50 * 1000000};

	for (;;) {
		int64_t left = end - clock_mono_ms(&clock_real);
		int r = ask_metadata(p, (int)MIN(MAX(left, 1), 5000));

		rd_kafka_poll(p->rk, 0); /* what it has to say about connections */
		if (r == 0) {
			p->topic_known = true;
			return 0;
		}
		if (r > 0) {
			char class[96];

			if (r == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
				*ret_exception = xasprintf(
					"org.apache.kafka.common.errors.InvalidTopicException: "
					"Invalid topics: [%s]",
					p->topic_name);
			else
				*ret_exception = xasprintf(
					"%s: Not authorized to access topics: [%s]",
					report_exception(r, class, sizeof(class)), p->topic_name);
			return -EINVAL;
		}
		if (clock_mono_ms(&clock_real) >= end)
			break;
		nanosleep(&pause, NULL);
	}
	p->gave_up = true;
	*ret_exception = exception_of(p, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
	return -EINVAL;
}

static rd_kafka_headers_t *headers_of(const struct line_record *record)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(record->headers_n);

	for (size_t i = 0; i < record->headers_n; i++) {
		const struct line_header *h = &record->headers[i];

		rd_kafka_header_add(headers, h->key.p, h->key.len,
			h->value.len < 0 ? NULL : h->value.p, h->value.len < 0 ? 0 : h->value.len);
	}
	return headers;
}

/* An empty key or value is not a null one. */
static void *present(struct bytes b)
{
	static char empty[1];

	if (b.len < 0)
		return NULL;
	return b.len == 0 ? empty : (void *)(uintptr_t)b.p;
}

/* Hands the record to librdkafka; waits while its queue is full, at most max.block.ms. */
static rd_kafka_resp_err_t enqueue(struct producer *p, const struct line_record *record)
{
	void *key = present(record->key), *value = present(record->value);
	size_t size = (size_t)MAX(record->key.len, 0) + (size_t)MAX(record->value.len, 0);
	int64_t end = clock_mono_ms(&clock_real) + p->max_block_ms;
	rd_kafka_resp_err_t err;

	do {
		rd_kafka_headers_t *headers = headers_of(record);

		err = rd_kafka_producev(p->rk, RD_KAFKA_V_RKT(p->topic),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
			RD_KAFKA_V_KEY(key, (size_t)MAX(record->key.len, 0)),
			RD_KAFKA_V_VALUE(value, (size_t)MAX(record->value.len, 0)),
			RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE((void *)(uintptr_t)size),
			RD_KAFKA_V_END);
		if (err)
			rd_kafka_headers_destroy(headers);
		if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			rd_kafka_poll(p->rk, 100);
	} while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL && clock_mono_ms(&clock_real) < end);
	return err;
}

/* A record could not be sent. With --sync that is the end. */
static int send_failed(struct producer *p, const struct line_record *record, char *exception)
{
	if (p->sync)
		return fault(p, exception);
	print_failure(p, record->key, record->value, exception);
	free(exception);
	return 0;
}

static int send_record(struct producer *p, const struct line_record *record)
{
	char *exception = NULL;
	rd_kafka_resp_err_t err;

	if (!p->topic_known && wait_for_topic(p, &exception))
		return send_failed(p, record, exception);
	err = enqueue(p, record);
	if (err)
		return send_failed(p, record, exception_of(p, err));
	rd_kafka_poll(p->rk, 0);
	if (!p->sync)
		return 0;
	(void)rd_kafka_flush(p->rk, (int)MIN(p->delivery_ms + 1000, INT32_MAX));
	return p->failure ? send_failed(p, record, exception_of(p, (rd_kafka_resp_err_t)p->failure))
			  : 0;
}

static void prompt(void)
{
	static int terminal = -1;

	if (terminal < 0)
		terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (!terminal)
		return;
	putchar('>');
	fflush(stdout);
}

static int send_lines(struct producer *p)
{
	for (;;) {
		struct line_record record;
		int r;

		prompt();
		r = line_reader_next(p->reader, stdin, &record);
		if (r == 0)
			return 0;
		if (r == -EINVAL)
			return fault(p, xasprintf("org.apache.kafka.common.KafkaException: %s",
						line_reader_error(p->reader)));
		if (r < 0)
			return fault(
				p, xstrdup("java.io.IOException: standard input cannot be read"));
		r = send_record(p, &record);
		if (r)
			return r;
	}
}

static int produce(struct producer *p)
{
	const char *class = NULL;
	char *error = NULL;

	if (load_config(p) || check(p, options_text(p->options, PRODUCER_LINE_READER, &class)) ||
		open_producer(p))
		return -EINVAL;
	if (strcmp(class, LINE_READER) != 0 && strcmp(class, LINE_READER_SHORT) != 0)
		return fault(p, xasprintf("java.lang.ClassNotFoundException: %s", class));
	if (line_reader_new(&p->reader_config, &p->reader, &error)) {
		(void)fault(p, xasprintf("org.apache.kafka.common.KafkaException: %s", error));
		free(error);
		return -EINVAL;
	}
	return send_lines(p);
}

/* Sends what is still queued, whatever has failed before, as KafkaProducer.close does. */
static void close_producer(struct producer *p)
{
	if (p->rk) {
		(void)rd_kafka_flush(p->rk, (int)MIN(p->delivery_ms + 1000, INT32_MAX));
		if (p->topic)
			rd_kafka_topic_destroy(p->topic);
		rd_kafka_destroy(p->rk);
	}
	line_reader_free(p->reader);
	properties_fini(&p->config);
	properties_fini(&p->reader_config);
}

/* 0, or the exit code after a message; *ret_done: the work is done (--version). */
static int check_options(struct options *o, bool *ret_done)
{
	struct server_list servers;
	const char *text = NULL;
	char *error = NULL;

	*ret_done = true;
	if (options_has_help(o))
		return options_usage(o, "This tool helps to read data from standard input and "
					"publish it to Kafka.");
	if (options_has_version(o)) {
		puts(TOOL_KAFKA_VERSION);
		return 0;
	}
	*ret_done = false;
	if (!options_has(o, PRODUCER_BOOTSTRAP_SERVER) && !options_has(o, PRODUCER_BROKER_LIST))
		return options_usage(o, "Missing required option(s) [bootstrap-server]");
	if (options_require(o, PRODUCER_TOPIC))
		return 1;
	if (options_text(o,
		    options_has(o, PRODUCER_BOOTSTRAP_SERVER) ? PRODUCER_BOOTSTRAP_SERVER
							      : PRODUCER_BROKER_LIST,
		    &text)) {
		fprintf(stderr, "%s\n", o->error);
		return 1;
	}
	if (server_list_parse(text, &servers, &error)) {
		free(error);
		return options_usage(
			o, "Please provide valid host:port like host1:9091,host2:9092\n ");
	}
	server_list_fini(&servers);
	return 0;
}

static int run_with(struct options *o)
{
	struct producer p = {.options = o, .sync = options_has(o, PRODUCER_SYNC)};
	int exit_code = 0;

	if (options_text(o, PRODUCER_TOPIC, &p.topic_name)) {
		fprintf(stderr, "%s\n", o->error);
		return 1;
	}
	if (produce(&p))
		exit_code = 1;
	close_producer(&p);
	if (exit_code)
		fprintf(stderr, "%s\n", p.error);
	free(p.error);
	return exit_code;
}

static int run(int argc, char **argv)
{
	struct options o;
	bool done;
	int exit_code;

	if (options_parse(&o, options, PRODUCER_OPTION_COUNT, argc, argv)) {
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

const struct tool tool_console_producer = {
	.name = "console-producer",
	.script = "kafka-console-producer.sh",
	.summary = "send lines of standard input as records",
	.options = options,
	.options_n = PRODUCER_OPTION_COUNT,
	.run = run,
	.description =
		"Every line of the standard input becomes the value of a record. With `--property` settings a "
		"line also has a key and headers. On a terminal a prompt is shown; the end of the input ends "
		"the tool when everything has been sent.",
	.examples =
		"\techo hello | kafka-console-producer.sh --bootstrap-server host:9092 --topic greetings\n"
		"\tkafka-console-producer.sh --bootstrap-server host:9092 --topic greetings \\\n"
		"\t    --property parse.key=true --property key.separator=:",
	.see_also = "kafka-console-consumer.sh(1), kafka-topics.sh(1)",
};
