/* console_producer.c - kafka-console-producer.sh: a line of standard input is a record (cli.md section 4).
 *
 * A failed record is a line on stderr and does not change the exit code unless --sync is given. What librdkafka does
 * differently from Java is evened out in producer.c.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "tools/client_properties.h"
#include "tools/line_reader.h"
#include "tools/options.h"
#include "tools/producer.h"
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

struct console {
	struct producer producer;
	struct options *options;
	struct properties config, reader_config;
	const char *topic_name;
	bool sync;
	struct line_reader *reader;
	int failure; /* rd_kafka_resp_err_t of the last delivery report, for --sync */
	char *error;
};

static int fault(struct console *c, char *text)
{
	free(c->error);
	c->error = text;
	return -EINVAL;
}

/* An option's value was wrong: 0 passes through. */
static int check(struct console *c, int r)
{
	return r ? fault(c, xstrdup(c->options->error)) : 0;
}

static int merge_option(struct console *c, enum producer_option id, const char *key)
{
	const char *text;
	int64_t number;

	if (!options_has(c->options, id) && properties_get(&c->config, key))
		return 0;
	if (check(c, options_text(c->options, id, &text)))
		return -EINVAL;
	if (options[id].kind != OPTION_STRING && check(c, options_number(c->options, id, &number)))
		return -EINVAL;
	properties_set(&c->config, key, text, 0);
	return 0;
}

static int load_file(struct console *c, enum producer_option id, struct properties *to)
{
	const char *path;
	char *error = NULL;

	if (check(c, options_text(c->options, id, &path)))
		return -EINVAL;
	if (!path || !client_properties_load(to, path, &error))
		return 0;
	return fault(c, error);
}

static int add_arguments(struct console *c, enum producer_option id, struct properties *to)
{
	size_t n;
	const char *const *args = options_all(c->options, id, &n);

	client_properties_arguments(to, args, n);
	return 0;
}

static const char *codec_of(struct console *c)
{
	const char *codec = NULL;

	if (!options_has(c->options, PRODUCER_COMPRESSION_CODEC))
		return "none";
	(void)!options_text(c->options, PRODUCER_COMPRESSION_CODEC, &codec);
	return codec && *codec ? codec : "gzip";
}

static int load_config(struct console *c)
{
	const char *servers;
	char *error = NULL;

	if (load_file(c, PRODUCER_CONFIG, &c->config) ||
		add_arguments(c, PRODUCER_PROPERTY, &c->config) ||
		load_file(c, PRODUCER_READER_CONFIG, &c->reader_config) ||
		add_arguments(c, PRODUCER_READER_PROPERTY, &c->reader_config))
		return -EINVAL;
	if (check(c, options_text(c->options,
			     options_has(c->options, PRODUCER_BOOTSTRAP_SERVER)
				     ? PRODUCER_BOOTSTRAP_SERVER
				     : PRODUCER_BROKER_LIST,
			     &servers)))
		return -EINVAL;
	properties_set(&c->config, "bootstrap.servers", servers, 0);
	properties_set(&c->config, "compression.type", codec_of(c), 0);
	if (!properties_get(&c->config, "client.id"))
		properties_set(&c->config, "client.id", "console-producer", 0);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (merge_option(c, settings[i].option, settings[i].key))
			return -EINVAL;
	if (properties_get(&c->config, "transactional.id"))
		return fault(c, xstrdup("java.lang.IllegalStateException: Cannot perform a 'send' "
					"before completing a call to "
					"initTransactions when transactions are enabled."));
	if (producer_init(&c->producer, &c->config, &error))
		return fault(c, error);
	return 0;
}

static void print_failure(
	struct console *c, struct bytes key, struct bytes value, const char *exception)
{
	char key_text[32] = "null", value_text[32] = "null";

	if (key.len >= 0)
		snprintf(key_text, sizeof(key_text), "%d bytes", key.len);
	if (value.len >= 0)
		snprintf(value_text, sizeof(value_text), "%d bytes", value.len);
	report("ERROR", CALLBACK_LOGGER,
		"Error when sending message to topic %s with key: %s, value: %s with error:",
		c->topic_name, key_text, value_text);
	fprintf(stderr, "%s\n", exception);
}

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct console *c = opaque;
	char *exception;

	(void)rk;
	c->failure = m->err;
	if (!m->err || c->sync)
		return;
	exception = producer_exception(&c->producer, m->err);
	print_failure(c, m->key ? (struct bytes){m->key, (int32_t)m->key_len} : BYTES_NULL,
		m->payload ? (struct bytes){m->payload, (int32_t)m->len} : BYTES_NULL, exception);
	free(exception);
}

static int open_producer(struct console *c)
{
	rd_kafka_conf_t *conf;
	char *exception = NULL;

	if (producer_conf(&c->config, &conf, &exception))
		return fault(c, exception);
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_conf_set_opaque(conf, c);
	return producer_open(&c->producer, &c->config, conf, c->topic_name, &exception)
		       ? fault(c, exception)
		       : 0;
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
static rd_kafka_resp_err_t enqueue(struct console *c, const struct line_record *record)
{
	void *key = present(record->key), *value = present(record->value);
	size_t size = (size_t)MAX(record->key.len, 0) + (size_t)MAX(record->value.len, 0);
	int64_t end = clock_mono_ms(&clock_real) + c->producer.max_block_ms;
	rd_kafka_resp_err_t err;

	do {
		rd_kafka_headers_t *headers = headers_of(record);

		err = rd_kafka_producev(c->producer.rk, RD_KAFKA_V_RKT(c->producer.topic),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
			RD_KAFKA_V_KEY(key, (size_t)MAX(record->key.len, 0)),
			RD_KAFKA_V_VALUE(value, (size_t)MAX(record->value.len, 0)),
			RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(producer_opaque(size, 0)),
			RD_KAFKA_V_END);
		if (err)
			rd_kafka_headers_destroy(headers);
		if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			rd_kafka_poll(c->producer.rk, 100);
	} while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL && clock_mono_ms(&clock_real) < end);
	return err;
}

/* A record could not be sent. With --sync that is the end. */
static int send_failed(struct console *c, const struct line_record *record, char *exception)
{
	if (c->sync)
		return fault(c, exception);
	print_failure(c, record->key, record->value, exception);
	free(exception);
	return 0;
}

static int send_record(struct console *c, const struct line_record *record)
{
	char *exception = NULL;
	rd_kafka_resp_err_t err;

	if (producer_wait_topic(&c->producer, &exception) ||
		producer_check_size(
			&c->producer, record->key.len, record->value.len, &exception))
		return send_failed(c, record, exception);
	err = enqueue(c, record);
	if (err)
		return send_failed(c, record, producer_exception(&c->producer, err));
	rd_kafka_poll(c->producer.rk, 0);
	if (!c->sync)
		return 0;
	producer_flush(&c->producer);
	return c->failure ? send_failed(c, record, producer_exception(&c->producer, c->failure))
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

static int send_lines(struct console *c)
{
	for (;;) {
		struct line_record record;
		int r;

		prompt();
		r = line_reader_next(c->reader, stdin, &record);
		if (r == 0)
			return 0;
		if (r == -EINVAL)
			return fault(c, xasprintf("org.apache.kafka.common.KafkaException: %s",
						line_reader_error(c->reader)));
		if (r < 0)
			return fault(
				c, xstrdup("java.io.IOException: standard input cannot be read"));
		r = send_record(c, &record);
		if (r)
			return r;
	}
}

static int produce(struct console *c)
{
	const char *class = NULL;
	char *error = NULL;

	if (load_config(c) || check(c, options_text(c->options, PRODUCER_LINE_READER, &class)) ||
		open_producer(c))
		return -EINVAL;
	if (strcmp(class, LINE_READER) != 0 && strcmp(class, LINE_READER_SHORT) != 0)
		return fault(c, xasprintf("java.lang.ClassNotFoundException: %s", class));
	if (line_reader_new(&c->reader_config, &c->reader, &error)) {
		(void)fault(c, xasprintf("org.apache.kafka.common.KafkaException: %s", error));
		free(error);
		return -EINVAL;
	}
	return send_lines(c);
}

/* Sends what is still queued, whatever has failed before, as KafkaProducer.close does. */
static void close_producer(struct console *c)
{
	producer_flush(&c->producer);
	producer_fini(&c->producer);
	line_reader_free(c->reader);
	properties_fini(&c->config);
	properties_fini(&c->reader_config);
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
	struct console c = {.options = o, .sync = options_has(o, PRODUCER_SYNC)};
	int exit_code = 0;

	if (options_text(o, PRODUCER_TOPIC, &c.topic_name)) {
		fprintf(stderr, "%s\n", o->error);
		return 1;
	}
	if (produce(&c))
		exit_code = 1;
	close_producer(&c);
	if (exit_code)
		fprintf(stderr, "%s\n", c.error);
	free(c.error);
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
