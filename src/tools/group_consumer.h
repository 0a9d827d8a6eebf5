/* group_consumer.h - a member of a consumer group on librdkafka: its configuration, its subscription, and which news end
 * it in the words of Kafka's exceptions.
 *
 * Functions that can fail return -EINVAL with what Java would have thrown in *ret_exception (owned by the caller).
 * Owner and thread: the tool's. Layer: tools.
 */
#ifndef TOOLS_GROUP_CONSUMER_H
#define TOOLS_GROUP_CONSUMER_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/properties.h"

struct rd_kafka_conf_s;
struct rd_kafka_message_s;
struct rd_kafka_s;
struct rd_kafka_topic_partition_list_s;

/* Settings for librdkafka; the tool adds its callbacks. Owned by the caller until group_consumer_open. */
int group_consumer_conf(const struct properties *config, struct rd_kafka_conf_s **ret,
	char **ret_exception) MUST_CHECK;
/* Takes `conf` in any case. */
int group_consumer_open(
	struct rd_kafka_conf_s *conf, struct rd_kafka_s **ret, char **ret_exception) MUST_CHECK;
int group_consumer_subscribe(
	struct rd_kafka_s *rk, const char *topic, char **ret_exception) MUST_CHECK;

/* Gives librdkafka what a rebalance callback is asked for. Partitions that the group has no offset of begin where
 * `reset` (auto.offset.reset) says. */
void group_consumer_accept(struct rd_kafka_s *rk, bool assigned,
	struct rd_kafka_topic_partition_list_s *partitions, const char *reset);

/* What poll() would have thrown for a message that is an error; NULL: it may come right. Owned by the caller. */
char *group_consumer_exception(
	const struct properties *config, const struct rd_kafka_message_s *m);

#endif
