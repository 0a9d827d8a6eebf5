/* verifiable_producer.c - kafka-verifiable-producer.sh: sends the numbers 0, 1, 2 and so on, and tells of each record in a
 * line of JSON whether it was acknowledged (cli.md section 17). Test frameworks read the lines.
 *
 * A signal ends it in order: what is queued is sent, the summary printed. As in Kafka a record without an answer is not
 * sent again, unless the configuration file says otherwise, and every record waits for the topic anew.
 */
#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "tools/argparse.h"
#include "tools/client_properties.h"
#include "tools/delivery.h"
#include "tools/json_text.h"
#include "tools/producer.h"
#include "tools/stop_signal.h"
#include "tools/throttle.h"
#include "tools/tool.h"

#define RECORD_BYTES 8
#define SERVERS	     "HOST1:PORT1[,HOST2:PORT2[...]]"

enum verifiable_option {
	VERIFIABLE_HELP,
	VERIFIABLE_TOPIC,
	VERIFIABLE_MAX_MESSAGES,
	VERIFIABLE_THROUGHPUT,
	VERIFIABLE_ACKS,
	VERIFIABLE_CONFIG,
	VERIFIABLE_CREATE_TIME,
	VERIFIABLE_VALUE_PREFIX,
	VERIFIABLE_REPEATING_KEYS,
	VERIFIABLE_BOOTSTRAP_SERVER,
	VERIFIABLE_BROKER_LIST,
	VERIFIABLE_OPTION_COUNT,
};

static const struct option options[VERIFIABLE_OPTION_COUNT] = {
	[VERIFIABLE_HELP] = ARGPARSE_HELP,
	[VERIFIABLE_TOPIC] = {"topic", OPTION_STRING, "TOPIC", NULL, "The topic to send to.",
		.required = true},
	[VERIFIABLE_MAX_MESSAGES] = {"max-messages", OPTION_INT, "MAX-MESSAGES", "-1",
		"How many records to send; with -1 until the program is stopped."},
	[VERIFIABLE_THROUGHPUT] = {"throughput", OPTION_INT, "THROUGHPUT", "-1",
		"Records per second, about; with -1 as many as possible."},
	[VERIFIABLE_ACKS] = {"acks", OPTION_INT, "ACKS", "-1",
		"Who must have a record before it counts as sent: 0 nobody, 1 the leader, -1 all "
		"in-sync replicas.",
		.choices = "0,1,-1"},
	[VERIFIABLE_CONFIG] = {"producer.config", OPTION_STRING, "CONFIG_FILE", NULL,
		"Properties file with producer settings; they go before those of the options."},
	[VERIFIABLE_CREATE_TIME] = {"message-create-time", OPTION_LONG, "CREATETIME", "-1",
		"Timestamp of the first record, in milliseconds since 1970; later ones follow it."},
	[VERIFIABLE_VALUE_PREFIX] = {"value-prefix", OPTION_INT, "VALUE-PREFIX", NULL,
		"Number that every value begins with, followed by a dot."},
	[VERIFIABLE_REPEATING_KEYS] = {"repeating-keys", OPTION_INT, "REPEATING-KEYS", NULL,
		"Give the records keys, from 0 up to this number, which is left out, and then from "
		"0 again."},
	[VERIFIABLE_BOOTSTRAP_SERVER] = {"bootstrap-server", OPTION_STRING, SERVERS, NULL,
		"REQUIRED: the broker or brokers to ask first.", .group = 1},
	[VERIFIABLE_BROKER_LIST] = {"broker-list", OPTION_STRING, SERVERS, NULL,
		"Old name of --bootstrap-server.", .group = 1},
};

static const struct argparse_group groups[] = {
	{"Connection Group", "How to find the brokers", .required = true}};

static const struct argparse parser = {
	.prog = "verifiable-producer",
	.description = "Sends rising numbers to a topic and prints a line of JSON about each of "
		       "them, so that it can be seen which were acknowledged.",
	.table = options,
	.n = VERIFIABLE_OPTION_COUNT,
	.groups = groups,
	.groups_n = ARRAY_LEN(groups),
	.help_without_words = true,
};

struct verifiable {
	struct options *options;
	struct properties config;
	struct producer producer;
	struct delivery *delivery;
	const char *topic;
	int64_t throughput, max_messages;
	bool has_prefix, has_keys;
	int64_t prefix, keys;
	int32_t next_key;
	int64_t create_time;	/* of the next record; -1: the present */
	int64_t start_ms;
	int64_t sent;
	atomic_llong acked;
};

static int64_t now(void)
{
	return clock_mono_ms(&clock_real);
}

static void print_plain(const char *name)
{
	json_event_begin(stdout, name);
	json_event_end(stdout);
	fflush(stdout);
}

/* "class: message" */
static void print_failure(
	const struct verifiable *v, struct str key, struct str value, const char *exception)
{
	const char *colon = strstr(exception, ": ");
	size_t class_len = colon ? (size_t)(colon - exception) : strlen(exception);
	CLEANUP(freep) char *class = xasprintf("class %.*s", (int)class_len, exception);

	json_event_begin(stdout, "producer_send_error");
	json_event_string(stdout, "topic", str_of(v->topic));
	json_event_string(stdout, "key", key);
	json_event_string(stdout, "value", value);
	json_event_string(stdout, "exception", str_of(class));
	json_event_string(stdout, "message", str_of(colon ? colon + 2 : NULL));
	json_event_end(stdout);
}

static void print_success(const rd_kafka_message_t *m, struct str key, struct str value)
{
	json_event_begin(stdout, "producer_send_success");
	json_event_string(stdout, "key", key);
	json_event_string(stdout, "value", value);
	json_event_number(stdout, "offset", MAX(m->offset, -1));
	json_event_string(stdout, "topic", str_of(rd_kafka_topic_name(m->rkt)));
	json_event_number(stdout, "partition", m->partition);
	json_event_end(stdout);
}

static struct str text_of(const void *p, size_t len)
{
	return p ? (struct str){p, (int32_t)len} : STR_NULL;
}

/* Thread: delivery's. */
static void take_reports(void *arg, const rd_kafka_message_t *const *reports, size_t n)
{
	struct verifiable *v = arg;

	for (size_t i = 0; i < n; i++) {
		const rd_kafka_message_t *m = reports[i];
		struct str key = text_of(m->key, m->key_len), value = text_of(m->payload, m->len);

		if (m->err) {
			CLEANUP(freep)
			char *exception = producer_exception(&v->producer, m->err);

			print_failure(v, key, value, exception);
		} else {
			atomic_fetch_add(&v->acked, 1);
			print_success(m, key, value);
		}
	}
	fflush(stdout);
}

static int64_t number_of(const struct verifiable *v, enum verifiable_option id)
{
	int64_t n = 0;

	(void)!options_number(v->options, id, &n);
	return n;
}

static const char *word_of(const struct verifiable *v, enum verifiable_option id)
{
	const char *text = NULL;

	(void)!options_text(v->options, id, &text);
	return text;
}

static void read_options(struct verifiable *v)
{
	v->topic = word_of(v, VERIFIABLE_TOPIC);
	v->max_messages = number_of(v, VERIFIABLE_MAX_MESSAGES);
	v->throughput = number_of(v, VERIFIABLE_THROUGHPUT);
	v->create_time = number_of(v, VERIFIABLE_CREATE_TIME);
	v->has_prefix = options_has(v->options, VERIFIABLE_VALUE_PREFIX);
	v->prefix = number_of(v, VERIFIABLE_VALUE_PREFIX);
	v->has_keys = options_has(v->options, VERIFIABLE_REPEATING_KEYS);
	v->keys = number_of(v, VERIFIABLE_REPEATING_KEYS);
}

/* 0, or the exit code after a message. */
static int read_config(struct verifiable *v)
{
	const char *path = word_of(v, VERIFIABLE_CONFIG),
		   *servers = word_of(v, VERIFIABLE_BOOTSTRAP_SERVER);
	CLEANUP(freep) char *error = NULL;

	properties_set(&v->config, "client.id", "producer-1", 0);
	properties_set(&v->config, "bootstrap.servers",
		servers ? servers : word_of(v, VERIFIABLE_BROKER_LIST), 0);
	properties_set(&v->config, "acks", word_of(v, VERIFIABLE_ACKS), 0);
	properties_set(&v->config, "retries", "0", 0);
	if (path && client_properties_load(&v->config, path, &error))
		return argparse_error(&parser, ARGPARSE_NO_COMMAND, error);
	return 0;
}

static int open_producer(struct verifiable *v, char **ret_exception)
{
	rd_kafka_conf_t *conf;

	if (producer_init(&v->producer, &v->config, ret_exception) ||
		producer_conf(&v->config, &conf, ret_exception))
		return -1;
	v->producer.stop = &stop_signal;
	delivery_conf(conf, &v->producer, RECORD_BYTES);
	return producer_open(&v->producer, &v->config, conf, v->topic, ret_exception);
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, (int32_t)strlen(text)};
}

/* Keys count up to the number given; one that is never met is counted beyond. */
static struct bytes next_key(struct verifiable *v, char buf[16])
{
	if (!v->has_keys)
		return BYTES_NULL;
	snprintf(buf, 16, "%d", v->next_key);
	v->next_key = (int32_t)((uint32_t)v->next_key + 1);
	if (v->next_key == v->keys)
		v->next_key = 0;
	return bytes_of(buf);
}

/* Kafka adds the age of the program to the time, with every record. */
static int64_t next_time(struct verifiable *v)
{
	int64_t t = v->create_time;

	if (t == -1)
		return 0;
	v->create_time += now() - v->start_ms;
	return t;
}

static void send_record(struct verifiable *v, int64_t i)
{
	char key_text[16], value_text[48], *exception = NULL;
	struct bytes key = next_key(v, key_text), value;

	if (v->has_prefix)
		snprintf(value_text, sizeof(value_text), "%lld.%lld", (long long)v->prefix,
			(long long)i);
	else
		snprintf(value_text, sizeof(value_text), "%lld", (long long)i);
	value = bytes_of(value_text);
	v->sent++;
	if (delivery_send(v->delivery, key, value, next_time(v), 0, &exception) == 0)
		return;
	print_failure(
		v, text_of(key.p, (size_t)MAX(key.len, 0)), str_of(value_text), exception);
	fflush(stdout);
	free(exception);
	v->producer.gave_up = false;
}

static void send_all(struct verifiable *v)
{
	int64_t max = v->max_messages < 0 ? INT64_MAX : v->max_messages;
	struct throttle throttle;

	throttle_init(&throttle, (double)v->throughput, v->start_ms, &stop_signal_clock);
	for (int64_t i = 0; i < max && !stop_signal; i++) {
		int64_t sent_ms = now();

		send_record(v, i);
		if (throttle_is_due(&throttle, i, sent_ms))
			(void)throttle_wait(&throttle);
	}
}

static void print_summary(const struct verifiable *v)
{
	long long acked = atomic_load(&v->acked);

	json_event_begin(stdout, "tool_data");
	json_event_number(stdout, "sent", v->sent);
	json_event_number(stdout, "acked", acked);
	json_event_number(stdout, "target_throughput", v->throughput);
	json_event_key(stdout, "avg_throughput");
	json_put_real(stdout, 1000 * ((double)acked / (double)(now() - v->start_ms)));
	json_event_end(stdout);
	fflush(stdout);
}

static int produce(struct verifiable *v)
{
	CLEANUP(freep) char *exception = NULL;
	int r = open_producer(v, &exception);

	if (r) {
		fprintf(stderr, "Exception in thread \"main\" %s\n", exception);
		return 1;
	}
	v->start_ms = now();
	stop_signal_catch();
	v->delivery = delivery_start(&v->producer, take_reports, v, NULL);
	print_plain("startup_complete");
	send_all(v);
	v->delivery = delivery_stop(v->delivery);
	print_plain("shutdown_complete");
	print_summary(v);
	return stop_signal_exit_code(0);
}

static int run(int argc, char **argv)
{
	struct options o;
	struct verifiable v = {.options = &o};
	int command, exit_code;

	if (argparse_read(&parser, argc, argv, &o, &command, &exit_code) == 0) {
		read_options(&v);
		exit_code = read_config(&v);
		if (!exit_code)
			exit_code = produce(&v);
		producer_fini(&v.producer);
		properties_fini(&v.config);
	}
	options_fini(&o);
	return exit_code;
}

const struct tool tool_verifiable_producer = {
	.name = "verifiable-producer",
	.script = "kafka-verifiable-producer.sh",
	.summary = "send numbers and tell of each whether it was acknowledged",
	.options = options,
	.options_n = VERIFIABLE_OPTION_COUNT,
	.run = run,
	.description =
		"Sends the numbers 0, 1, 2 and so on and prints a line of JSON about each record: "
		"`producer_send_success` with partition and offset, or `producer_send_error`. For test "
		"programs, which compare what was acknowledged with what is there afterwards.",
	.exit_status = "0 when all records were sent or refused, 1 when the command line or the settings are "
		       "wrong, and 128 plus its number after a signal, which ends the tool in order.",
	.examples = "\tkafka-verifiable-producer.sh --bootstrap-server host:9092 --topic test --max-messages 1000",
	.see_also = "kafka-verifiable-consumer.sh(1)",
};
