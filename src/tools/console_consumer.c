/* console_consumer.c - kafka-console-consumer.sh: records to standard output (cli.md section 5).
 *
 * With a group the consumer subscribes. Without one, Kafka's tool makes up a group id that never commits anything; what
 * a user sees of it is that all partitions are read, from the end or from the beginning. Here they are simply read,
 * without a group: nothing has to be coordinated, and no __consumer_offsets topic comes into being (doc/differences.md).
 * Topics and partitions that appear later are found when metadata is refreshed, as with a group.
 *
 * A signal sets a flag; the waits of the loop are short enough for that. Output is flushed whenever the queue of fetched
 * records is empty, so that nothing is held back while waiting.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "tools/client_log.h"
#include "tools/client_properties.h"
#include "tools/console_consumer_group.h"
#include "tools/console_consumer_priv.h"
#include "tools/java_regex.h"
#include "tools/report.h"
#include "tools/tool.h"

#define LOGGER "org.apache.kafka.tools.consumer.ConsoleConsumer"
#define BATCH 1000
#define WAIT_MS 200   /* longest wait, for signals */
#define SEARCH_MS 100 /* between looks at the metadata while there is nothing to read */
#define ASK_MS 1000
#define OUTPUT_MAX 65536

/* A partition that is being read without a group. */
struct reading {
	rd_kafka_topic_t *topic;
	int32_t partition;
};

struct consumer {
	struct consumer_settings *s;
	rd_kafka_t *rk;
	struct java_regex *include;
	rd_kafka_topic_t *topic; /* of --topic */
	rd_kafka_queue_t *queue; /* without a group */
	struct reading *readings;
	size_t readings_n, readings_cap;
	rd_kafka_topic_partition_list_t *subscribed; /* with a group */
	struct group_start start;                    /* with a group */
	int64_t refresh_at_ms, refresh_ms, last_record_ms;
	int64_t count, max;
	struct shown_header *headers;
	size_t headers_cap;
	bool done, output_lost;
	int exit_code;
};

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
	stop_signal = number;
}

static int64_t now(void)
{
	return clock_mono_ms(&clock_real);
}

/* The loop ends as after an exception in it: a message, exit code 0. */
static void end_with(struct consumer *c, const char *exception)
{
	report("ERROR", LOGGER, "Error processing message, terminating consumer process: ");
	fprintf(stderr, "%s\n", exception);
	c->done = true;
}

/* An exception before or outside of the loop: a message, exit code 1. */
static void fail(struct consumer *c, char *exception)
{
	report("ERROR", LOGGER, "Unknown error when running consumer: ");
	fprintf(stderr, "%s\n", exception);
	free(exception);
	c->done = true;
	c->exit_code = 1;
}

static int open_client(struct consumer *c)
{
	struct properties *config = &c->s->config;
	CLEANUP(freep) char *group = xstrdup(properties_get(config, "group.id"));
	const char *commit;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512], *error = NULL;

	if (!c->s->has_group) {
		properties_remove(config, "group.id");
		properties_set(config, "enable.auto.commit", "false", 0);
	}
	if (client_properties_apply(config, CLIENT_CONSUMER, conf, &error)) {
		rd_kafka_conf_destroy(conf);
		fail(c, xasprintf("org.apache.kafka.common.config.ConfigException: %s", error));
		free(error);
		return -EINVAL;
	}
	client_log_install(conf, "Consumer", properties_get(config, "client.id"), group);
	commit = properties_get(config, "enable.auto.commit");
	c->start.reset = properties_get(config, "auto.offset.reset");
	c->start.commits = strcasecmp(commit ? commit : "true", "true") == 0;
	if (c->s->has_group)
		group_start_install(conf, &c->start);
	c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (c->rk)
		return 0;
	rd_kafka_conf_destroy(conf);
	fail(c, xasprintf("org.apache.kafka.common.KafkaException: Failed to construct kafka "
			  "consumer: %s",
			why));
	return -EINVAL;
}

static int open_topics(struct consumer *c)
{
	char why[JAVA_REGEX_ERROR_MAX];

	if (c->s->include && java_regex_compile(c->s->include, &c->include, why)) {
		fail(c, xasprintf("java.util.regex.PatternSyntaxException: %s\n%s", why,
				c->s->include));
		return -EINVAL;
	}
	if (c->s->topic)
		c->topic = rd_kafka_topic_new(c->rk, c->s->topic, NULL);
	if (c->s->has_group)
		c->subscribed = rd_kafka_topic_partition_list_new(1);
	else
		c->queue = rd_kafka_queue_new(c->rk);
	return 0;
}

static int open_consumer(struct consumer *c)
{
	char *error = NULL;

	if (client_property_number(
		    &c->s->config, "metadata.max.age.ms", 300000, &c->refresh_ms, &error)) {
		fail(c, xasprintf("org.apache.kafka.common.config.ConfigException: %s", error));
		free(error);
		return -EINVAL;
	}
	if (open_client(c))
		return -EINVAL;
	if (c->s->has_group)
		rd_kafka_poll_set_consumer(c->rk);
	return open_topics(c);
}

static bool is_internal(const char *name)
{
	return strcmp(name, "__consumer_offsets") == 0 || strcmp(name, "__transaction_state") == 0;
}

static bool wants_topic(const struct consumer *c, const char *name)
{
	const char *internal = properties_get(&c->s->config, "exclude.internal.topics");

	if (c->s->topic)
		return strcmp(name, c->s->topic) == 0;
	if (is_internal(name) && !(internal && strcasecmp(internal, "false") == 0))
		return false;
	return java_regex_matches(c->include, name, strlen(name));
}

static bool is_reading(const struct consumer *c, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < c->readings_n; i++)
		if (c->readings[i].partition == partition &&
			strcmp(rd_kafka_topic_name(c->readings[i].topic), topic) == 0)
			return true;
	return false;
}

/* Where to begin without a committed offset; false after the error that Java has for auto.offset.reset=none. */
static bool starting_offset(struct consumer *c, const char *topic, int32_t partition, int64_t *ret)
{
	const char *reset = properties_get(&c->s->config, "auto.offset.reset");
	char text[512];

	if (c->s->partition >= 0) {
		*ret = c->s->offset == CONSUME_EARLIEST ? RD_KAFKA_OFFSET_BEGINNING
		       : c->s->offset == CONSUME_LATEST ? RD_KAFKA_OFFSET_END
							: c->s->offset;
		return true;
	}
	if (strcmp(reset, "none") != 0) {
		*ret = strcmp(reset, "earliest") == 0 ? RD_KAFKA_OFFSET_BEGINNING
						      : RD_KAFKA_OFFSET_END;
		return true;
	}
	snprintf(text, sizeof(text),
		"org.apache.kafka.clients.consumer.NoOffsetForPartitionException: Undefined offset "
		"with no reset "
		"policy for partitions: [%s-%d]",
		topic, partition);
	end_with(c, text);
	return false;
}

static void read_partition(struct consumer *c, const char *topic, int32_t partition)
{
	rd_kafka_topic_t *rkt;
	int64_t offset;

	if (is_reading(c, topic, partition) || !starting_offset(c, topic, partition, &offset))
		return;
	rkt = rd_kafka_topic_new(c->rk, topic, NULL);
	if (rd_kafka_consume_start_queue(rkt, partition, offset, c->queue)) {
		report("ERROR", LOGGER, "%s-%d cannot be read: %s", topic, partition,
			rd_kafka_err2str(rd_kafka_last_error()));
		rd_kafka_topic_destroy(rkt);
		return;
	}
	c->readings =
		grow_array(c->readings, &c->readings_cap, c->readings_n + 1, sizeof(*c->readings));
	c->readings[c->readings_n++] = (struct reading){rkt, partition};
}

/* A topic that was asked for and cannot be had. */
static void check_topic_error(struct consumer *c, const rd_kafka_metadata_topic_t *t)
{
	char text[512];

	if (!c->s->topic || c->done)
		return;
	if (t->err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
		snprintf(text, sizeof(text),
			"org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: "
			"[%s]",
			t->topic);
	else if (t->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		snprintf(text, sizeof(text),
			"org.apache.kafka.common.errors.TopicAuthorizationException: Not "
			"authorized to access topics: "
			"[%s]",
			t->topic);
	else
		return;
	end_with(c, text);
}

static void take_topic(struct consumer *c, const rd_kafka_metadata_topic_t *t)
{
	if (!wants_topic(c, t->topic))
		return;
	check_topic_error(c, t);
	if (t->err)
		return;
	if (c->subscribed && c->topic)
		return; /* subscribed in any case */
	if (c->subscribed) {
		if (!rd_kafka_topic_partition_list_find(
			    c->subscribed, t->topic, RD_KAFKA_PARTITION_UA))
			rd_kafka_topic_partition_list_add(
				c->subscribed, t->topic, RD_KAFKA_PARTITION_UA);
		return;
	}
	for (int i = 0; i < t->partition_cnt && !c->done; i++)
		if (c->s->partition < 0 || c->s->partition == t->partitions[i].id)
			read_partition(c, t->topic, t->partitions[i].id);
}

static void subscribe(struct consumer *c)
{
	rd_kafka_resp_err_t err = rd_kafka_subscribe(c->rk, c->subscribed);

	if (err)
		report("ERROR", LOGGER, "The subscription failed: %s", rd_kafka_err2str(err));
}

/* Joins the group for the one topic of the command line, also when it does not exist: asking for it may create it, and
 * once it is there the group is joined again, with its partitions. */
static void refresh_subscription(struct consumer *c, bool found)
{
	bool first = c->subscribed->cnt == 0;

	if (first)
		rd_kafka_topic_partition_list_add(
			c->subscribed, c->s->topic, RD_KAFKA_PARTITION_UA);
	if (first || found)
		subscribe(c);
	c->refresh_at_ms = found ? INT64_MAX : now() + SEARCH_MS;
}

/* Looks for topics and partitions to read. */
static void refresh(struct consumer *c)
{
	const struct rd_kafka_metadata *m;
	int before = c->subscribed ? c->subscribed->cnt : 0;
	int64_t left = c->last_record_ms + MIN(c->s->timeout_ms, INT32_MAX) - now();
	bool found = false;

	if (rd_kafka_metadata(
		    c->rk, c->topic ? 0 : 1, c->topic, &m, (int)MIN(MAX(left, 1), ASK_MS)) == 0) {
		for (int i = 0; i < m->topic_cnt && !c->done; i++) {
			take_topic(c, &m->topics[i]);
			found = !m->topics[i].err;
		}
		rd_kafka_metadata_destroy(m);
	}
	if (c->done)
		return;
	if (c->subscribed && c->topic) {
		refresh_subscription(c, found);
		return;
	}
	if (c->subscribed && c->subscribed->cnt > before)
		subscribe(c);
	c->refresh_at_ms =
		now() + (c->readings_n || (c->subscribed && c->subscribed->cnt) ? c->refresh_ms
										: SEARCH_MS);
}

static struct bytes bytes_of(const void *p, size_t len)
{
	return p ? (struct bytes){p, (int32_t)len} : BYTES_NULL;
}

static size_t read_headers(struct consumer *c, const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t len, n = 0;

	if (rd_kafka_message_headers(m, &headers))
		return 0;
	while (rd_kafka_header_get_all(headers, n, &name, &value, &len) == 0) {
		c->headers = grow_array(c->headers, &c->headers_cap, n + 1, sizeof(*c->headers));
		c->headers[n++] = (struct shown_header){str_of(name), bytes_of(value, len)};
	}
	return n;
}

static void print_record(struct consumer *c, const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type;
	struct shown_record r = {.partition = m->partition,
		.offset = m->offset,
		.timestamp = rd_kafka_message_timestamp(m, &type),
		.key = bytes_of(m->key, m->key_len),
		.value = bytes_of(m->payload, m->len)};
	const char *exception = NULL;

	r.timestamp_kind = type == RD_KAFKA_TIMESTAMP_CREATE_TIME       ? TIMESTAMP_CREATE
			   : type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? TIMESTAMP_LOG_APPEND
									: TIMESTAMP_NONE;
	r.headers_n = read_headers(c, m);
	r.headers = c->headers;
	c->count++;
	if (formatter_write(c->s->formatter, &r, stdout, &exception) == 0)
		return;
	if (!c->s->skip_on_error) {
		fail(c, xstrdup(exception));
		return;
	}
	report("ERROR", LOGGER, "Error processing message, skipping this message: ");
	fprintf(stderr, "%s\n", exception);
}

static void check_output(struct consumer *c)
{
	if (!ferror(stdout) || c->output_lost)
		return;
	c->output_lost = true;
	fprintf(stderr, "Unable to write to standard out, closing consumer.\n");
	c->done = true;
}

/* The coordinator does not want this member. */
static void refused_by_group(struct consumer *c, int code)
{
	char class[REPORT_EXCEPTION_MAX], text[640];
	const char *group = properties_get(&c->s->config, "group.id");

	report_exception(code, class, sizeof(class));
	if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
		snprintf(
			text, sizeof(text), "%s: Not authorized to access group: %s", class, group);
	else
		snprintf(text, sizeof(text), "%s: %s", class, report_default_message(code));
	end_with(c, text);
}

/* Not a record but news of the client. */
static void take_error(struct consumer *c, const rd_kafka_message_t *m)
{
	char class[96], text[640];

	switch ((int)m->err) {
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		if (c->start.exception)
			break; /* which says it better */
		snprintf(text, sizeof(text),
			"org.apache.kafka.clients.consumer.OffsetOutOfRangeException: Fetch "
			"position is out of range for "
			"partition %s-%d, and no reset policy is configured",
			m->rkt ? rd_kafka_topic_name(m->rkt) : "", m->partition);
		end_with(c, text);
		break;
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
	case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
	case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
	case RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED:
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
		refused_by_group(c, m->err);
		break;
	case RD_KAFKA_RESP_ERR__BAD_MSG:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR__FATAL:
		snprintf(text, sizeof(text), "%s: %s",
			m->err > 0 ? report_exception(m->err, class, sizeof(class))
				   : "org.apache.kafka.common.KafkaException",
			rd_kafka_message_errstr(m));
		end_with(c, text);
		break;
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
		break; /* it may come back; connections are reported by client_log */
	default:
		report("WARN", LOGGER, "%s: %s", rd_kafka_err2name(m->err),
			rd_kafka_message_errstr(m));
	}
}

/* Prints a record if it is wanted still, and gives it back to librdkafka. */
static void take(struct consumer *c, rd_kafka_message_t *m)
{
	if (c->done) {
		rd_kafka_message_destroy(m);
		return;
	}
	if (m->err) {
		take_error(c, m);
		rd_kafka_message_destroy(m);
		return;
	}
	print_record(c, m);
	rd_kafka_message_destroy(m);
	check_output(c);
	if (c->max >= 0 && c->count >= c->max)
		c->done = true;
	c->last_record_ms = now();
}

/* How long the loop may wait: for signals, the next look at the metadata, the time-out. */
static int wait_ms(const struct consumer *c)
{
	int64_t t = now(), ms = MIN(c->refresh_at_ms - t, WAIT_MS);

	if (c->s->timeout_ms < INT64_MAX - c->last_record_ms)
		ms = MIN(ms, c->last_record_ms + c->s->timeout_ms - t);
	return (int)MAX(ms, 0);
}

static void flush(struct consumer *c)
{
	fflush(stdout);
	check_output(c);
}

/* Takes what has been fetched; waits for one record if there is none. */
static void poll_queue(struct consumer *c)
{
	static rd_kafka_message_t *batch[BATCH];
	rd_kafka_message_t *m;
	ssize_t n;

	rd_kafka_poll(c->rk, 0);
	n = rd_kafka_consume_batch_queue(c->queue, 0, batch, BATCH);
	for (ssize_t i = 0; i < n; i++)
		take(c, batch[i]);
	if (n > 0)
		return;
	flush(c);
	m = c->done ? NULL : rd_kafka_consume_queue(c->queue, wait_ms(c));
	if (m)
		take(c, m);
}

/* One record at a time, since what has been taken counts as consumed when the group's offsets are committed. */
static void poll_group(struct consumer *c)
{
	rd_kafka_message_t *m = rd_kafka_consumer_poll(c->rk, 0);

	if (!m) {
		flush(c);
		m = c->done ? NULL : rd_kafka_consumer_poll(c->rk, wait_ms(c));
	}
	if (m)
		take(c, m);
}

static void loop(struct consumer *c)
{
	c->last_record_ms = now();
	c->done = c->max != -1 && c->count >= c->max;
	if (!c->done && c->s->has_group && !*properties_get(&c->s->config, "group.id"))
		end_with(c,
			"org.apache.kafka.common.errors.InvalidGroupIdException: The configured "
			"groupId is invalid.");
	while (!c->done && !stop_signal) {
		if (now() >= c->refresh_at_ms)
			refresh(c);
		if (c->done)
			break;
		if (c->s->has_group)
			poll_group(c);
		else
			poll_queue(c);
		if (!c->done && c->start.exception)
			end_with(c, c->start.exception);
		if (!c->done && c->s->timeout_ms < INT64_MAX &&
			now() - c->last_record_ms > c->s->timeout_ms)
			end_with(c, "org.apache.kafka.common.errors.TimeoutException");
	}
	flush(c);
}

static void close_consumer(struct consumer *c)
{
	for (size_t i = 0; i < c->readings_n; i++) {
		(void)rd_kafka_consume_stop(c->readings[i].topic, c->readings[i].partition);
		rd_kafka_topic_destroy(c->readings[i].topic);
	}
	free(c->readings);
	if (c->subscribed) {
		(void)rd_kafka_consumer_close(c->rk); /* commits, leaves the group */
		rd_kafka_topic_partition_list_destroy(c->subscribed);
	}
	if (c->topic)
		rd_kafka_topic_destroy(c->topic);
	if (c->queue)
		rd_kafka_queue_destroy(c->queue);
	if (c->rk)
		rd_kafka_destroy(c->rk);
	java_regex_free(c->include);
	free(c->start.exception);
	free(c->headers);
}

static void catch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL); /* a closed output is an error of fflush */
}

static int consume(struct consumer_settings *s)
{
	struct consumer c = {.s = s, .max = -1};

	catch_signals();
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_MAX);
	if (open_consumer(&c)) {
		close_consumer(&c);
		return c.exit_code;
	}
	if (consumer_max_messages(s, &c.max))
		fail(&c, xasprintf("joptsimple.OptionException: %s", s->options.error));
	else
		loop(&c);
	close_consumer(&c);
	fprintf(stderr, "Processed a total of %lld messages\n", (long long)c.count);
	if (s->systest_events) {
		puts("shutdown_complete");
		fflush(stdout);
	}
	return stop_signal && !c.exit_code ? 128 + stop_signal : c.exit_code;
}

static int run(int argc, char **argv)
{
	struct consumer_settings s;
	int exit_code;

	if (consumer_settings_read(&s, argc, argv, &exit_code) == 0)
		exit_code = consume(&s);
	consumer_settings_fini(&s);
	return exit_code;
}

const struct tool tool_console_consumer = {
	.name = "console-consumer",
	.script = "kafka-console-consumer.sh",
	.summary = "print records of topics",
	.options = consumer_options,
	.options_n = CONSUMER_OPTION_COUNT,
	.run = run,
	.description =
		"Prints the values of records, a line each, and with `--property` settings their keys, headers "
		"and places. It begins at the end of the topic unless told otherwise, and goes on until it is "
		"interrupted, has shown as many records as asked, or has waited too long for the next.",
	.examples =
		"\tkafka-console-consumer.sh --bootstrap-server host:9092 --topic greetings --from-beginning\n"
		"\tkafka-console-consumer.sh --bootstrap-server host:9092 --topic greetings --partition 0 \\\n"
		"\t    --offset 100 --max-messages 5 --property print.key=true",
	.see_also = "kafka-console-producer.sh(1), kafka-topics.sh(1)",
};
