/* group_consumer.c - see the header. */
#include "tools/group_consumer.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/client_log.h"
#include "tools/client_properties.h"
#include "tools/report.h"

#define ERRORS	 "org.apache.kafka.common.errors."
#define NAME_MAX_LEN 249
#define OFFSETS_MS 5000

static int throw(char **ret_exception, char *text)
{
	*ret_exception = text;
	return -EINVAL;
}

/* Both are numbers by now. */
static int check_times(const struct properties *config, char **ret_exception)
{
	CLEANUP(freep) char *error = NULL;
	int64_t session = 45000, heartbeat = 3000;

	if (client_property_number(config, "session.timeout.ms", session, &session, &error) ||
		client_property_number(
			config, "heartbeat.interval.ms", heartbeat, &heartbeat, &error))
		return throw(ret_exception,
			xasprintf("org.apache.kafka.common.config.ConfigException: %s", error));
	if (heartbeat < session)
		return 0;
	return throw(ret_exception,
		xstrdup("org.apache.kafka.common.KafkaException: Failed to construct kafka "
			"consumer\nCaused by: java.lang.IllegalArgumentException: Heartbeat must be "
			"set lower than the session timeout"));
}

int group_consumer_conf(
	const struct properties *config, rd_kafka_conf_t **ret, char **ret_exception)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	CLEANUP(freep) char *error = NULL;
	char why[128];
	int r = 0;

	if (client_properties_apply(config, CLIENT_CONSUMER, conf, &error))
		r = throw(ret_exception,
			xasprintf("org.apache.kafka.common.config.ConfigException: %s", error));
	else
		r = client_check_servers(config, "consumer", ret_exception);
	if (!r)
		r = check_times(config, ret_exception);
	if (r) {
		rd_kafka_conf_destroy(conf);
		return r;
	}
	(void)rd_kafka_conf_set(conf, "socket.nagle.disable", "true", why, sizeof(why));
	client_log_install(conf, "Consumer", properties_get(config, "client.id"),
		properties_get(config, "group.id"));
	*ret = conf;
	return 0;
}

int group_consumer_open(rd_kafka_conf_t *conf, rd_kafka_t **ret, char **ret_exception)
{
	char why[512];

	*ret = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (*ret) {
		rd_kafka_poll_set_consumer(*ret);
		return 0;
	}
	rd_kafka_conf_destroy(conf);
	return throw(ret_exception,
		xasprintf("org.apache.kafka.common.KafkaException: Failed to construct kafka "
			  "consumer: %s",
			why));
}

/* The rules of Kafka's Topic.java. A broker says the same of other names, but librdkafka does not pass it on. */
static bool is_legal(const char *topic)
{
	size_t len = strlen(topic);

	return len > 0 && len <= NAME_MAX_LEN && strcmp(topic, ".") != 0 &&
	       strcmp(topic, "..") != 0 &&
	       strspn(topic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       len;
}

static char *invalid_topic(const char *topic)
{
	return xasprintf(ERRORS "InvalidTopicException: Invalid topics: [%s]", topic);
}

int group_consumer_subscribe(rd_kafka_t *rk, const char *topic, char **ret_exception)
{
	rd_kafka_topic_partition_list_t *topics;
	rd_kafka_resp_err_t err;

	if (strspn(topic, " \t\r\n") == strlen(topic))
		return throw(ret_exception,
			xstrdup("java.lang.IllegalArgumentException: Topic collection to subscribe "
				"to cannot contain null or empty topic"));
	if (!is_legal(topic))
		return throw(ret_exception, invalid_topic(topic));
	topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
	err = rd_kafka_subscribe(rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (!err)
		return 0;
	if (err == RD_KAFKA_RESP_ERR__UNKNOWN_GROUP) /* the empty one */
		return throw(ret_exception,
			xstrdup(ERRORS "InvalidGroupIdException: The configured groupId is "
				       "invalid."));
	return throw(ret_exception, xasprintf("org.apache.kafka.common.KafkaException: %s",
					    rd_kafka_err2str(err)));
}

/* Where the group has no offset yet, librdkafka waits for 100 to 500 ms before it looks for the first one, and at times
 * for much longer. So it is given numbers. What fails here is left to it. */
static void find_offsets(
	rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions, const char *reset)
{
	bool earliest = strcmp(reset, "earliest") == 0, latest = strcmp(reset, "latest") == 0;
	rd_kafka_topic_partition_list_t *fresh = rd_kafka_topic_partition_list_new(8);
	bool failed = rd_kafka_committed(rk, partitions, OFFSETS_MS) != 0;

	for (int i = 0; i < partitions->cnt; i++) {
		rd_kafka_topic_partition_t *tp = &partitions->elems[i];

		if (failed || tp->err)
			tp->offset = RD_KAFKA_OFFSET_INVALID;
		else if (tp->offset < 0 && (earliest || latest))
			rd_kafka_topic_partition_list_add(fresh, tp->topic, tp->partition)->offset =
				earliest ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
	}
	if (fresh->cnt > 0 && rd_kafka_offsets_for_times(rk, fresh, OFFSETS_MS) == 0)
		for (int i = 0; i < fresh->cnt; i++)
			if (!fresh->elems[i].err && fresh->elems[i].offset >= 0)
				(void)rd_kafka_topic_partition_list_set_offset(partitions,
					fresh->elems[i].topic, fresh->elems[i].partition,
					fresh->elems[i].offset);
	rd_kafka_topic_partition_list_destroy(fresh);
}

void group_consumer_accept(rd_kafka_t *rk, bool assigned,
	rd_kafka_topic_partition_list_t *partitions, const char *reset)
{
	bool cooperative = strcmp(rd_kafka_rebalance_protocol(rk), "COOPERATIVE") == 0;
	rd_kafka_error_t *error = NULL;

	if (assigned && partitions->cnt > 0)
		find_offsets(rk, partitions, reset);
	if (!cooperative)
		(void)rd_kafka_assign(rk, assigned ? partitions : NULL);
	else if (assigned)
		error = rd_kafka_incremental_assign(rk, partitions);
	else
		error = rd_kafka_incremental_unassign(rk, partitions);
	if (error)
		rd_kafka_error_destroy(error); /* the consumer is being closed */
}

char *group_consumer_exception(const struct properties *config, const rd_kafka_message_t *m)
{
	const char *topic = m->rkt ? rd_kafka_topic_name(m->rkt) : "";
	char class[96];

	switch ((int)m->err) {
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
		return invalid_topic(topic);
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		return xasprintf(ERRORS "TopicAuthorizationException: Not authorized to access "
					"topics: [%s]",
			topic);
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		return xasprintf(ERRORS "GroupAuthorizationException: Not authorized to access "
					"group: %s",
			properties_get(config, "group.id"));
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		return xasprintf("org.apache.kafka.clients.consumer.NoOffsetForPartitionException: "
				 "Undefined offset with no reset policy for partitions: [%s-%d]",
			topic, m->partition);
	case RD_KAFKA_RESP_ERR__FATAL:
		return xasprintf("org.apache.kafka.common.KafkaException: %s",
			rd_kafka_message_errstr(m));
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
	case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
	case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
	case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
		return xasprintf("%s: %s", report_exception(m->err, class, sizeof(class)),
			report_default_message(m->err));
	default:
		return NULL;
	}
}
