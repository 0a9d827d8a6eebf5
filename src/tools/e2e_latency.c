/* e2e_latency.c - kafka-e2e-latency.sh: how long a record takes from the producer through the broker to a consumer, one at
 * a time (cli.md section 17).
 *
 * Everything is in main: it sends a record, waits for the acknowledgement, then for the record. The consumer reads all
 * partitions from their ends, which it asks for as numbers, and fetches without waiting at the broker.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "broker/config_def.h"
#include "tools/client_properties.h"
#include "tools/group_consumer.h"
#include "tools/java_number.h"
#include "tools/java_random.h"
#include "tools/producer.h"
#include "tools/report.h"
#include "tools/throttle.h"
#include "tools/tool.h"

#define POLL_MS	 60000 /* longest wait for a record */
#define ASK_MS	 1000
#define PAUSE_MS 50

struct latency {
	const char *servers, *topic, *acks, *path;
	int64_t messages, size;
	struct properties producer_config, consumer_config;
	int64_t api_timeout_ms; /* default.api.timeout.ms */
	struct producer producer;
	rd_kafka_t *consumer;
	rd_kafka_queue_t *queue;
	bool reported; /* the record under way has been, with `err` */
	rd_kafka_resp_err_t err;
	int32_t *taken_ms;
	double taken_ns;
	char *exception; /* what ends the tool with exit code 1; owned */
};

static int64_t now(void)
{
	return clock_mono_ms(&clock_real);
}

static int throw(struct latency *l, char *exception)
{
	free(l->exception);
	l->exception = exception;
	return -EINVAL;
}

static int parse_int(struct latency *l, const char *text, int64_t *ret)
{
	if (str_to_i64(str_of(text), INT32_MIN, INT32_MAX, ret))
		return 0;
	return throw(l, xasprintf("java.lang.NumberFormatException: For input string: \"%s\"", text));
}

static int read_words(struct latency *l, int argc, char **argv)
{
	l->servers = argv[1];
	l->topic = argv[2];
	l->acks = argv[4];
	l->path = argc > 6 && argv[6][strspn(argv[6], " \t\r\n")] ? argv[6] : NULL;
	if (parse_int(l, argv[3], &l->messages) || parse_int(l, argv[5], &l->size))
		return -EINVAL;
	if (strcmp(l->acks, "1") == 0 || strcmp(l->acks, "all") == 0)
		return 0;
	return throw(l, xstrdup("java.lang.IllegalArgumentException: Latency testing requires "
				"synchronous acknowledgement. Please use 1 or all"));
}

static int load(struct latency *l, struct properties *config)
{
	CLEANUP(freep) char *error = NULL;
	int r = l->path ? client_properties_load(config, l->path, &error) : 0;

	if (r)
		return throw(l, xasprintf("%s: %s",
				       r == -ENOENT ? "java.nio.file.NoSuchFileException"
						    : "java.io.IOException",
				       error));
	properties_set(config, "bootstrap.servers", l->servers, 0);
	return 0;
}

static int read_config(struct latency *l)
{
	CLEANUP(freep)
	char *group = xasprintf("test-group-%lld", (long long)clock_wall_ms(&clock_real));
	CLEANUP(freep) char *client = xasprintf("consumer-%s-1", group);
	CLEANUP(freep) char *error = NULL;
	struct properties *c = &l->consumer_config, *p = &l->producer_config;

	if (load(l, c) || load(l, p))
		return -EINVAL;
	properties_set(c, "group.id", group, 0);
	properties_set(c, "enable.auto.commit", "false", 0);
	properties_set(c, "auto.offset.reset", "latest", 0);
	properties_set(c, "fetch.max.wait.ms", "0", 0);
	properties_set(p, "linger.ms", "0", 0);
	properties_set(p, "max.block.ms", "9223372036854775807", 0);
	properties_set(p, "acks", l->acks, 0);
	if (!properties_get(c, "client.id"))
		properties_set(c, "client.id", client, 0);
	if (!properties_get(p, "client.id"))
		properties_set(p, "client.id", "producer-1", 0);
	if (client_property_number(
		    c, "default.api.timeout.ms", 60000, &l->api_timeout_ms, &error) == 0)
		return 0;
	return throw(l, xasprintf("org.apache.kafka.common.config.ConfigException: %s", error));
}

static int open_consumer(struct latency *l)
{
	rd_kafka_conf_t *conf;

	if (group_consumer_conf(&l->consumer_config, &conf, &l->exception) ||
		group_consumer_open(conf, &l->consumer, &l->exception))
		return -EINVAL;
	l->queue = rd_kafka_queue_get_consumer(l->consumer);
	return 0;
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct latency *l = opaque;

	(void)rk;
	l->err = m->err;
	l->reported = true;
}

static int open_producer(struct latency *l)
{
	rd_kafka_conf_t *conf;

	if (producer_init(&l->producer, &l->producer_config, &l->exception) ||
		producer_conf(&l->producer_config, &conf, &l->exception))
		return -EINVAL;
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	rd_kafka_conf_set_opaque(conf, l);
	return producer_open(
		&l->producer, &l->producer_config, conf, l->topic, &l->exception);
}

static int timed_out(struct latency *l)
{
	return throw(l, xstrdup("org.apache.kafka.common.errors.TimeoutException: Timeout expired "
				"while fetching topic metadata"));
}

static void pause_ms(int ms)
{
	struct timespec t = {.tv_nsec = ms * 1000000L};

	nanosleep(&t, NULL);
}

/* Has the consumer say what it has to say about connections. There is no assignment yet. */
static void serve_news(struct latency *l)
{
	rd_kafka_message_t *m = rd_kafka_consume_queue(l->queue, 0);

	if (m)
		rd_kafka_message_destroy(m);
}

/* The topic in the list of all, so that asking does not create it. *ret_partitions is 0 when it is not there. */
static int find_topic(struct latency *l, int64_t deadline, int *ret_partitions)
{
	const struct rd_kafka_metadata *m;

	while (rd_kafka_metadata(l->consumer, 1, NULL, &m,
		(int)MIN(MAX(deadline - now(), 1), ASK_MS))) {
		serve_news(l);
		if (now() >= deadline)
			return timed_out(l);
		pause_ms(PAUSE_MS);
	}
	*ret_partitions = 0;
	for (int i = 0; i < m->topic_cnt; i++)
		if (strcmp(m->topics[i].topic, l->topic) == 0)
			*ret_partitions = m->topics[i].partition_cnt;
	rd_kafka_metadata_destroy(m);
	return 0;
}

/* What came of the request: NULL when the topic was created, else Java's exception (owned). */
static char *creation_failure(rd_kafka_event_t *event)
{
	const rd_kafka_topic_result_t *const *topics;
	const char *text = event ? rd_kafka_event_error_string(event) : NULL;
	int err = event ? (int)rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
	char class[REPORT_EXCEPTION_MAX];
	size_t n = 0;

	if (!err) {
		topics = rd_kafka_CreateTopics_result_topics(
			rd_kafka_event_CreateTopics_result(event), &n);
		err = n ? (int)rd_kafka_topic_result_error(topics[0]) : 0;
		text = n ? rd_kafka_topic_result_error_string(topics[0]) : NULL;
	}
	if (!err)
		return NULL;
	return xasprintf("java.lang.RuntimeException: java.util.concurrent.ExecutionException: "
			 "%s: %s",
		err > 0 ? report_exception(err, class, sizeof(class))
			: "org.apache.kafka.common.errors.TimeoutException",
		text ? text : rd_kafka_err2str((rd_kafka_resp_err_t)err));
}

static int create_topic(struct latency *l, int64_t deadline)
{
	char why[256];
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(l->topic, 1, 1, why, sizeof(why));
	rd_kafka_queue_t *queue = rd_kafka_queue_new(l->consumer);
	rd_kafka_event_t *event = NULL;

	printf("Topic \"%s\" does not exist. Will create topic with 1 partition(s) and "
	       "replication factor = 1\n",
		l->topic);
	if (topic) {
		rd_kafka_CreateTopics(l->consumer, &topic, 1, NULL, queue);
		event = rd_kafka_queue_poll(
			queue, (int)MIN(MAX(deadline - now(), 1), INT32_MAX));
	}
	l->exception = creation_failure(event);
	if (l->exception)
		printf("Creation of topic %s failed\n", l->topic);
	if (event)
		rd_kafka_event_destroy(event);
	if (topic)
		rd_kafka_NewTopic_destroy(topic);
	rd_kafka_queue_destroy(queue);
	return l->exception ? -EINVAL : 0;
}

/* The offset behind the last record; asked again until the partition has a leader. */
static int find_end(struct latency *l, int32_t partition, int64_t deadline, int64_t *ret)
{
	int64_t low;

	while (rd_kafka_query_watermark_offsets(l->consumer, l->topic, partition, &low, ret,
		(int)MIN(MAX(deadline - now(), 1), ASK_MS))) {
		if (now() >= deadline)
			return timed_out(l);
		pause_ms(PAUSE_MS);
	}
	return 0;
}

static int assign(struct latency *l, int partitions, int64_t deadline)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	rd_kafka_resp_err_t err;
	int r = 0;

	for (int p = 0; p < partitions && !r; p++) {
		int64_t end = 0;

		r = find_end(l, p, deadline, &end);
		rd_kafka_topic_partition_list_add(list, l->topic, p)->offset = end;
	}
	err = r ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_assign(l->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (err)
		return throw(l, xasprintf("org.apache.kafka.common.KafkaException: %s",
				       rd_kafka_err2str(err)));
	return r;
}

static int set_up(struct latency *l)
{
	int64_t deadline = now() + MIN(l->api_timeout_ms, INT32_MAX);
	int partitions = 0, r = find_topic(l, deadline, &partitions);

	if (!r && partitions == 0)
		r = create_topic(l, deadline);
	while (!r && partitions == 0) {
		r = find_topic(l, deadline, &partitions);
		if (!r && partitions == 0) {
			pause_ms(PAUSE_MS);
			r = now() < deadline ? 0 : timed_out(l);
		}
	}
	return r ? r : assign(l, partitions, deadline);
}

/* Sends a record and waits for its acknowledgement. */
static int send_record(struct latency *l, const uint8_t *message)
{
	CLEANUP(freep) char *why = NULL;
	void *value = (void *)(uintptr_t)message;
	size_t size = (size_t)l->size;

	if (producer_wait_topic(&l->producer, &why) == 0 &&
		producer_check_size(&l->producer, -1, l->size, &why) == 0) {
		l->reported = false;
		l->err = RD_KAFKA_RESP_ERR_NO_ERROR;
		if (rd_kafka_produce(l->producer.topic, RD_KAFKA_PARTITION_UA,
			    RD_KAFKA_MSG_F_COPY, value, size, NULL, 0, producer_opaque(size, 0)))
			l->err = rd_kafka_last_error();
		while (!l->reported && !l->err)
			rd_kafka_poll(l->producer.rk, 1000);
		why = l->err ? producer_exception(&l->producer, l->err) : NULL;
	}
	return why ? throw(l, xasprintf("java.util.concurrent.ExecutionException: %s", why)) : 0;
}

/* The next record; errors that are none for good are passed over. NULL: none within a minute, or an exception. */
static rd_kafka_message_t *next_record(struct latency *l, int timeout_ms)
{
	int64_t deadline = now() + timeout_ms;

	do {
		rd_kafka_message_t *m = rd_kafka_consume_queue(
			l->queue, (int)MAX(deadline - now(), 0));

		if (!m || !m->err)
			return m;
		l->exception = group_consumer_exception(&l->consumer_config, m);
		rd_kafka_message_destroy(m);
	} while (!l->exception && now() < deadline);
	return NULL;
}

static int compare(struct latency *l, const uint8_t *message, const rd_kafka_message_t *m)
{
	if (m->len == (size_t)l->size && memcmp(m->payload, message, m->len) == 0)
		return 0;
	return throw(l, xasprintf("java.lang.RuntimeException: The message read [%.*s] did not "
				  "match the message sent [%.*s]",
			       (int)m->len, (const char *)m->payload, (int)l->size, message));
}

/* Commits where the consumer is. Fetching ends first: a broker that waits for nothing would be asked all the time. */
static int commit(struct latency *l)
{
	rd_kafka_topic_partition_list_t *at = NULL;
	rd_kafka_resp_err_t err = rd_kafka_assignment(l->consumer, &at);
	char class[REPORT_EXCEPTION_MAX];

	if (!err)
		err = rd_kafka_position(l->consumer, at);
	if (!err) {
		(void)rd_kafka_assign(l->consumer, NULL);
		err = rd_kafka_commit(l->consumer, at, 0);
	}
	if (at)
		rd_kafka_topic_partition_list_destroy(at);
	if (!err || err == RD_KAFKA_RESP_ERR__NO_OFFSET)
		return 0;
	if (err == RD_KAFKA_RESP_ERR__WAIT_COORD || err == RD_KAFKA_RESP_ERR__TIMED_OUT)
		return throw(l, xasprintf("org.apache.kafka.common.errors.TimeoutException: "
					  "Timeout of %lldms expired before successfully "
					  "committing offsets",
				       (long long)l->api_timeout_ms));
	return throw(l, xasprintf("%s: %s",
			       err > 0 ? report_exception(err, class, sizeof(class))
				       : "org.apache.kafka.common.KafkaException",
			       err > 0 ? report_default_message(err) : rd_kafka_err2str(err)));
}

/* Takes the record that was sent, and sees to it that there is no other. *ret_ns: when it was there. */
static int receive(struct latency *l, const uint8_t *message, int64_t *ret_ns)
{
	rd_kafka_message_t *m = next_record(l, POLL_MS), *other;
	int r, more = 0;

	*ret_ns = throttle_clock_real.now_ns(&throttle_clock_real);
	if (!m && l->exception)
		return -EINVAL;
	if (!m)
		return throw(l, xasprintf("java.lang.RuntimeException: poll() timed out before "
					  "finding a result (timeout:[%d])",
				       POLL_MS));
	r = compare(l, message, m);
	rd_kafka_message_destroy(m);
	for (; !r && (other = next_record(l, 0)); more++)
		rd_kafka_message_destroy(other);
	if (more > 0)
		r = throw(l, xasprintf("java.lang.RuntimeException: Only one result was expected "
				       "during this test. We found [%d]",
				      more + 1));
	return r;
}

static int measure_one(struct latency *l, int64_t i, const uint8_t *message)
{
	int64_t begin = throttle_clock_real.now_ns(&throttle_clock_real), end;
	char text[40];

	if (send_record(l, message) || receive(l, message, &end))
		return -EINVAL;
	if (i % 1000 == 0) {
		printf("%lld\t%s\n", (long long)i,
			java_double((double)(end - begin) / 1000.0 / 1000.0, text, sizeof(text)));
		fflush(stdout);
	}
	l->taken_ns += (double)(end - begin);
	l->taken_ms[i] = (int32_t)MIN((end - begin) / 1000000, INT32_MAX);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static int print_results(struct latency *l)
{
	char avg[JAVA_FIXED_MAX];
	double n = (double)l->messages;

	printf("Avg latency: %s ms\n", java_fixed(l->taken_ns / n / 1000.0 / 1000.0, 4, avg));
	if (l->messages == 0)
		return throw(l, xstrdup("java.lang.ArrayIndexOutOfBoundsException: Index 0 out of "
					"bounds for length 0"));
	qsort(l->taken_ms, (size_t)l->messages, sizeof(*l->taken_ms), by_size);
	printf("Percentiles: 50th = %d, 99th = %d, 99.9th = %d\n", l->taken_ms[(size_t)(n * 0.5)],
		l->taken_ms[(size_t)(n * 0.99)], l->taken_ms[(size_t)(n * 0.999)]);
	return 0;
}

static int make_room(struct latency *l, uint8_t **ret_message)
{
	if (l->messages < 0)
		return throw(l, xasprintf("java.lang.NegativeArraySizeException: %lld",
				       (long long)l->messages));
	if (l->size < 0 && l->messages > 0)
		return throw(l, xasprintf("java.lang.NegativeArraySizeException: %lld",
				       (long long)l->size));
	l->taken_ms = try_array((size_t)l->messages + 1, sizeof(*l->taken_ms), SIZE_MAX);
	*ret_message = try_array((size_t)MAX(l->size, 0) + 1, 1, SIZE_MAX);
	if (l->taken_ms && *ret_message)
		return 0;
	return throw(l, xstrdup("java.lang.OutOfMemoryError: Java heap space"));
}

/* Each message is one random letter over and over. */
static int measure_all(struct latency *l)
{
	CLEANUP(freep) uint8_t *message = NULL;
	struct java_random random;
	int r = make_room(l, &message);

	java_random_init(&random, 0);
	for (int64_t i = 0; i < l->messages && !r; i++) {
		memset(message, 'A' + java_random_below(&random, 26), (size_t)l->size);
		r = measure_one(l, i, message);
	}
	if (!r)
		r = print_results(l);
	return r ? r : commit(l);
}

static void close_clients(struct latency *l)
{
	producer_flush(&l->producer);
	producer_fini(&l->producer);
	if (l->queue)
		rd_kafka_queue_destroy(l->queue);
	if (l->consumer) {
		(void)rd_kafka_consumer_close(l->consumer);
		rd_kafka_destroy(l->consumer);
	}
	properties_fini(&l->producer_config);
	properties_fini(&l->consumer_config);
	free(l->taken_ms);
}

static int run(int argc, char **argv)
{
	struct latency l = {.servers = NULL};
	int r;

	if (argc != 6 && argc != 7) {
		fputs("USAGE: java org.apache.kafka.tools.EndToEndLatency broker_list topic "
		      "num_messages producer_acks message_size_bytes [optional] properties_file\n",
			stderr);
		return 1;
	}
	r = read_words(&l, argc, argv);
	if (!r)
		r = read_config(&l);
	if (!r)
		r = open_consumer(&l);
	if (!r)
		r = set_up(&l);
	if (!r) /* not before, since it would create the topic by asking for it */
		r = open_producer(&l);
	if (!r)
		r = measure_all(&l);
	fflush(stdout);
	if (r)
		report_thrown(l.exception);
	close_clients(&l);
	free(l.exception);
	return r ? 1 : 0;
}

const struct tool tool_e2e_latency = {
	.name = "e2e-latency",
	.script = "kafka-e2e-latency.sh",
	.summary = "measure how long a record takes to a consumer",
	.synopsis = "broker_list topic num_messages producer_acks message_size_bytes "
		    "[properties_file]",
	.run = run,
	.description =
		"Sends records one at a time and waits for each until a consumer has it. Every thousandth time is "
		"printed, then the average and percentiles, in milliseconds. A topic that is not there is "
		"created. producer_acks is 1 or all.",
	.examples = "\tkafka-e2e-latency.sh host:9092 test 10000 all 200",
	.see_also = "kafka-producer-perf-test.sh(1)",
};
