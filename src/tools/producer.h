/* producer.h - a producer that behaves as Kafka's, on librdkafka: defaults and checks of its settings, waiting for a
 * topic's metadata, the partition of records without a key, the words of its exceptions.
 *
 * What librdkafka does differently underneath is evened out here, for all tools that produce. Delivery reports are the
 * tool's own business: it makes the configuration with producer_conf() and sets its callbacks or events in it.
 *
 * Owner: the tool, which embeds it. Thread: the one that produces, but for producer_exception(). Layer: tools.
 */
#ifndef TOOLS_PRODUCER_H
#define TOOLS_PRODUCER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/properties.h"

struct rd_kafka_conf_s;
struct rd_kafka_s;
struct rd_kafka_topic_s;

enum producer_partitioner { PRODUCER_BY_KEY, PRODUCER_STICKY, PRODUCER_ROUND_ROBIN };

struct producer {
	struct rd_kafka_s *rk;
	struct rd_kafka_topic_s *topic;
	char *topic_name;
	int64_t max_block_ms, delivery_ms; /* max.block.ms, delivery.timeout.ms */
	int64_t batch_bytes, buffer_bytes, request_bytes; /* batch.size, buffer.memory, max.request.size */
	bool topic_known;			/* metadata of the topic has been seen */
	bool served;				/* another thread serves the client's queue */
	const volatile sig_atomic_t *stop;	/* set to end waits as if the producer was closed; may be NULL */
	bool gave_up; /* max.block.ms went by once without it: later records do not wait */
	enum producer_partitioner partitioner;
	uint32_t next_partition; /* PRODUCER_ROUND_ROBIN */
	int32_t partition;	 /* of records without a key; -1: none yet */
	int64_t partition_bytes; /* sent to it */
};

/* All functions that can fail return -EINVAL with what Java would have thrown in *ret_exception (owned by the caller). */

/* Reads and checks settings that depend on each other, and adds the defaults of Kafka's producer that follow from the
 * others (idempotence, delivery time-out). */
int producer_init(struct producer *p, struct properties *config, char **ret_exception) MUST_CHECK;
/* The settings for librdkafka; owned by the caller until producer_open. */
int producer_conf(const struct properties *config, struct rd_kafka_conf_s **ret,
	char **ret_exception) MUST_CHECK;
/* Creates the client. Takes `conf` in any case. */
int producer_open(struct producer *p, const struct properties *config, struct rd_kafka_conf_s *conf,
	const char *topic, char **ret_exception) MUST_CHECK;
/* Sends what is queued still, at most for the delivery time-out. Only for reports by events or callbacks that somebody
 * serves; librdkafka calls callbacks from here. */
void producer_flush(struct producer *p);
void producer_fini(struct producer *p);

/* Before the first record: waits for metadata of the topic, at most max.block.ms. */
int producer_wait_topic(struct producer *p, char **ret_exception) MUST_CHECK;

/* Is the record too large for a request, or for the memory? The lengths are -1 for null. */
int producer_check_size(
	const struct producer *p, int64_t key_len, int64_t value_len, char **ret_exception) MUST_CHECK;

/* The opaque of a record: its size, for the choice of the partition, and 40 bits of the tool's own. */
void *producer_opaque(size_t size, uint64_t tag);
uint64_t producer_tag(const void *opaque);

/* What Java would have thrown for an error of librdkafka; owned by the caller. Thread: any. */
char *producer_exception(const struct producer *p, int err);

#endif
