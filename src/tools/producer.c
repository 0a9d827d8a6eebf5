/* producer.c - Kafka's producer on librdkafka. See the header for what is evened out. */
#include "tools/producer.h"

#include <assert.h>
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "tools/client_log.h"
#include "tools/client_properties.h"
#include "tools/report.h"

#define CONFIG_EXCEPTION "org.apache.kafka.common.config.ConfigException: "
#define SIZE_BITS	 24

static int throw(char **ret_exception, char *text)
{
	*ret_exception = text;
	return -EINVAL;
}

static bool is_true(const struct properties *p, const char *key)
{
	const char *v = properties_get(p, key);

	return v && strcasecmp(v, "true") == 0;
}

/* KIP-679: idempotence is the default, unless settings that exclude it were chosen without asking for it. */
static int set_idempotence(struct properties *config, char **ret_exception)
{
	const char *acks = properties_get(config, "acks"),
		   *retries = properties_get(config, "retries");
	const char *flights = properties_get(config, "max.in.flight.requests.per.connection");
	bool all = !acks || strcmp(acks, "all") == 0 || strcmp(acks, "-1") == 0;
	bool retry = !retries || strcmp(retries, "0") != 0;
	bool possible = all && retry && (!flights || atoi(flights) <= 5);

	if (!properties_get(config, "enable.idempotence")) {
		properties_set(config, "enable.idempotence", possible ? "true" : "false", 0);
		return 0;
	}
	if (!is_true(config, "enable.idempotence") || possible)
		return 0;
	if (!all)
		return throw(ret_exception,
			xstrdup(CONFIG_EXCEPTION
				"Must set acks to all in order to use the idempotent producer. "
				"Otherwise we cannot guarantee idempotence."));
	if (!retry)
		return throw(ret_exception,
			xstrdup(CONFIG_EXCEPTION "Must set retries to non-zero when using the "
						 "idempotent producer."));
	return throw(ret_exception,
		xstrdup(CONFIG_EXCEPTION "Must set max.in.flight.requests.per.connection to at "
					 "most 5 to use the idempotent producer."));
}

/* delivery.timeout.ms covers linger and one request (KafkaProducer.configureDeliveryTimeout). */
static int set_delivery_timeout(struct producer *p, struct properties *config, int64_t linger,
	int64_t request, char **ret_exception)
{
	char text[32];

	if (p->delivery_ms >= linger + request)
		return 0;
	if (properties_get(config, "delivery.timeout.ms"))
		return throw(ret_exception,
			xstrdup(CONFIG_EXCEPTION "delivery.timeout.ms should be equal to or larger "
						 "than linger.ms + request.timeout.ms"));
	p->delivery_ms = MIN(linger + request, INT32_MAX);
	snprintf(text, sizeof(text), "%lld", (long long)p->delivery_ms);
	properties_set(config, "delivery.timeout.ms", text, 0);
	return 0;
}

/* Every value by itself, before those that depend on each other. */
static int check_values(const struct properties *config, char **ret_exception)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	CLEANUP(freep) char *error = NULL;
	int r = client_properties_apply(config, CLIENT_PRODUCER, conf, &error);

	rd_kafka_conf_destroy(conf);
	return r ? throw(ret_exception, xasprintf(CONFIG_EXCEPTION "%s", error)) : 0;
}

/* librdkafka wants records to expire no later than their transaction. */
static void limit_to_transaction(
	struct producer *p, struct properties *config, int64_t transaction_ms)
{
	char text[32];

	if (p->delivery_ms <= transaction_ms)
		return;
	p->delivery_ms = transaction_ms;
	snprintf(text, sizeof(text), "%lld", (long long)transaction_ms);
	properties_set(config, "delivery.timeout.ms", text, 0);
}

int producer_init(struct producer *p, struct properties *config, char **ret_exception)
{
	int64_t linger = 0, request = 0, transaction = 0;
	const struct {
		const char *key;
		int64_t def, *ret;
	} numbers[] = {
		{"linger.ms", 0, &linger},
		{"request.timeout.ms", 30000, &request},
		{"delivery.timeout.ms", 120000, &p->delivery_ms},
		{"max.block.ms", 60000, &p->max_block_ms},
		{"batch.size", 16384, &p->batch_bytes},
		{"buffer.memory", 33554432, &p->buffer_bytes},
		{"max.request.size", 1048576, &p->request_bytes},
		{"transaction.timeout.ms", 60000, &transaction},
	};

	*p = (struct producer){.partition = -1};
	if (check_values(config, ret_exception) || set_idempotence(config, ret_exception))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		CLEANUP(freep) char *error = NULL;

		if (client_property_number(
			    config, numbers[i].key, numbers[i].def, numbers[i].ret, &error))
			return throw(ret_exception, xasprintf(CONFIG_EXCEPTION "%s", error));
	}
	p->max_block_ms = MIN(p->max_block_ms, INT64_MAX / 4); /* a deadline can be computed */
	if (set_delivery_timeout(p, config, linger, request, ret_exception))
		return -EINVAL;
	if (properties_get(config, "transactional.id"))
		limit_to_transaction(p, config, transaction);
	return 0;
}

/* Settings of librdkafka alone. Its own stickiness would keep records without a key away from choose_partition; a batch
 * may hold as many records as its size allows; and Java's sockets do not wait for more to send. */
static const char *const own_settings[][2] = {
	{"sticky.partitioning.linger.ms", "0"},
	{"batch.num.messages", "1000000"},
	{"socket.nagle.disable", "true"},
};

int producer_conf(const struct properties *config, rd_kafka_conf_t **ret, char **ret_exception)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	CLEANUP(freep) char *error = NULL;
	char why[128];

	if (client_properties_apply(config, CLIENT_PRODUCER, conf, &error)) {
		rd_kafka_conf_destroy(conf);
		return throw(ret_exception, xasprintf(CONFIG_EXCEPTION "%s", error));
	}
	for (size_t i = 0; i < ARRAY_LEN(own_settings); i++) {
		rd_kafka_conf_res_t r = rd_kafka_conf_set(
			conf, own_settings[i][0], own_settings[i][1], why, sizeof(why));

		assert(r == RD_KAFKA_CONF_OK);
		(void)r;
	}
	client_log_install(conf, "Producer", properties_get(config, "client.id"), NULL);
	*ret = conf;
	return 0;
}

static int32_t random_partition(const rd_kafka_topic_t *rkt, int32_t n)
{
	int32_t from = (int32_t)random_below((uint64_t)n);

	for (int32_t i = 0; i < n; i++)
		if (rd_kafka_topic_partition_available(rkt, (from + i) % n))
			return (from + i) % n;
	return from;
}

/* Records without a key stay with a partition for batch.size bytes (KIP-794). Runs in the thread that produces for all
 * records whose topic is known, which they are. */
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

void *producer_opaque(size_t size, uint64_t tag)
{
	static_assert(sizeof(void *) == 8, "the opaque holds 64 bits");
	uint64_t bits = MIN(size, (1u << SIZE_BITS) - 1);

	return (void *)(uintptr_t)(bits | tag << SIZE_BITS);
}

uint64_t producer_tag(const void *opaque)
{
	return (uintptr_t)opaque >> SIZE_BITS;
}

static int32_t choose_partition(const rd_kafka_topic_t *rkt, const void *key, size_t key_len,
	int32_t n, void *topic_opaque, void *record_opaque)
{
	struct producer *p = topic_opaque;

	if (p->partitioner == PRODUCER_ROUND_ROBIN)
		return (int32_t)(p->next_partition++ % (uint32_t)n);
	if (key && p->partitioner == PRODUCER_BY_KEY)
		return rd_kafka_msg_partitioner_murmur2(rkt, key, key_len, n, NULL, NULL);
	return sticky_partition(
		p, rkt, n, (uintptr_t)record_opaque & ((1u << SIZE_BITS) - 1));
}

static int open_topic(struct producer *p, const struct properties *config, char **ret_exception)
{
	const char *class = properties_get(config, "partitioner.class");
	rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(p->rk);

	if (class && strstr(class, "RoundRobinPartitioner"))
		p->partitioner = PRODUCER_ROUND_ROBIN;
	else if (is_true(config, "partitioner.ignore.keys"))
		p->partitioner = PRODUCER_STICKY;
	rd_kafka_topic_conf_set_partitioner_cb(conf, choose_partition);
	rd_kafka_topic_conf_set_opaque(conf, p);
	p->topic = rd_kafka_topic_new(p->rk, p->topic_name, conf);
	if (p->topic)
		return 0;
	rd_kafka_topic_conf_destroy(conf);
	return throw(ret_exception,
		xasprintf("org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: "
			  "[%s]",
			p->topic_name));
}

int producer_open(struct producer *p, const struct properties *config, rd_kafka_conf_t *conf,
	const char *topic, char **ret_exception)
{
	char why[512];

	p->topic_name = xstrdup(topic);
	if (client_check_servers(config, "producer", ret_exception)) {
		rd_kafka_conf_destroy(conf);
		return -EINVAL;
	}
	p->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (p->rk)
		return open_topic(p, config, ret_exception);
	rd_kafka_conf_destroy(conf);
	return throw(ret_exception,
		xasprintf("org.apache.kafka.common.KafkaException: Failed to construct kafka "
			  "producer: %s",
			why));
}

void producer_flush(struct producer *p)
{
	if (p->rk)
		(void)rd_kafka_flush(p->rk, (int)MIN(p->delivery_ms + 1000, INT32_MAX));
}

void producer_fini(struct producer *p)
{
	if (p->topic)
		rd_kafka_topic_destroy(p->topic);
	if (p->rk)
		rd_kafka_destroy(p->rk);
	free(p->topic_name);
	*p = (struct producer){.partition = -1};
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

static int topic_error(const struct producer *p, int err, char **ret_exception)
{
	char class[96];

	if (err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
		return throw(ret_exception,
			xasprintf("org.apache.kafka.common.errors.InvalidTopicException: Invalid "
				  "topics: [%s]",
				p->topic_name));
	return throw(ret_exception, xasprintf("%s: Not authorized to access topics: [%s]",
					    report_exception(err, class, sizeof(class)),
					    p->topic_name));
}

int producer_wait_topic(struct producer *p, char **ret_exception)
{
	int64_t end = clock_mono_ms(&clock_real) + (p->gave_up ? 0 : p->max_block_ms);
	const struct timespec pause = {.tv_nsec = 50 * 1000000};

	while (!p->topic_known) {
		int64_t left = end - clock_mono_ms(&clock_real);
		int r = ask_metadata(p, (int)MIN(MAX(left, 1), p->stop ? 200 : 5000));

		if (!p->served)
			rd_kafka_poll(p->rk, 0); /* what it has to say about connections */
		p->topic_known = r == 0;
		if (r > 0)
			return topic_error(p, r, ret_exception);
		if (r == 0)
			break;
		if (p->stop && *p->stop)
			return throw(ret_exception,
				xstrdup("org.apache.kafka.common.KafkaException: Producer closed "
					"while send in progress"));
		if (clock_mono_ms(&clock_real) >= end) {
			p->gave_up = true;
			return throw(ret_exception,
				producer_exception(p, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC));
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Bytes of a number as a varint of Kafka's records. */
static int64_t varint_len(int64_t n)
{
	uint64_t zigzag = (uint64_t)n << 1;
	int64_t len = 1;

	for (; zigzag >= 0x80; zigzag >>= 7)
		len++;
	return len;
}

/* The upper bound of AbstractRecords.estimateSizeInBytesUpperBound for a record without headers. */
static int64_t size_bound(int64_t key_len, int64_t value_len)
{
	const int64_t batch = 61, record = 21;
	int64_t key = key_len < 0 ? 1 : varint_len(key_len) + key_len;
	int64_t value = value_len < 0 ? 1 : varint_len(value_len) + value_len;

	return batch + record + key + value + 1;
}

int producer_check_size(
	const struct producer *p, int64_t key_len, int64_t value_len, char **ret_exception)
{
	int64_t size = size_bound(key_len, value_len);

	if (size > p->request_bytes)
		return throw(ret_exception,
			xasprintf("org.apache.kafka.common.errors.RecordTooLargeException: The "
				  "message is %lld bytes when serialized which is larger than "
				  "%lld, which is the value of the max.request.size "
				  "configuration.",
				(long long)size, (long long)p->request_bytes));
	if (size > p->buffer_bytes)
		return throw(ret_exception,
			xasprintf("org.apache.kafka.common.errors.RecordTooLargeException: The "
				  "message is %lld bytes when serialized which is larger than the "
				  "total memory buffer you have configured with the "
				  "buffer.memory configuration.",
				(long long)size));
	return 0;
}

char *producer_exception(const struct producer *p, int err)
{
	char class[96];

	switch (err) {
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
		return xasprintf("org.apache.kafka.common.errors.TimeoutException: Expiring "
				 "record(s) for %s: %lld ms has passed since batch creation",
			p->topic_name, (long long)p->delivery_ms);
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		return xasprintf("org.apache.kafka.common.errors.TimeoutException: Topic %s not "
				 "present in metadata after %lld ms.",
			p->topic_name, (long long)p->max_block_ms);
	default:
		break;
	}
	if (err > 0 || err == RD_KAFKA_RESP_ERR_UNKNOWN)
		return xasprintf("%s: %s", report_exception(err, class, sizeof(class)),
			report_default_message(err));
	return xasprintf("org.apache.kafka.common.KafkaException: %s",
		rd_kafka_err2str((rd_kafka_resp_err_t)err));
}
