/* delivery.h - delivery reports of a producer in a thread of their own, as Kafka's callbacks are: the one that sends may
 * sleep or wait for memory meanwhile. Reports come in batches as librdkafka has them, without memory per record.
 *
 * Owner: the tool. Thread: the sender's, but for the function that takes the reports. Layer: tools.
 */
#ifndef TOOLS_DELIVERY_H
#define TOOLS_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct client_metrics;
struct delivery;
struct producer;
struct rd_kafka_conf_s;
struct rd_kafka_message_s;

/* Takes reports, sent or failed; producer_tag(m->_private) is what the sender gave. Thread: delivery's own. */
typedef void (*delivery_fn)(void *arg, const struct rd_kafka_message_s *const *reports, size_t n);

/* For the configuration, before producer_open. `record_bytes` is the size of the smallest records to come: of such there
 * are never more at a time than memory of buffer.memory holds, librdkafka's own share of it included. */
void delivery_conf(
	struct rd_kafka_conf_s *conf, const struct producer *p, size_t record_bytes);
/* Starts the thread. `p` and `metrics`, which may be NULL, must stay until delivery_stop. */
struct delivery *delivery_start(
	struct producer *p, delivery_fn take, void *arg, struct client_metrics *metrics);

/* Sends a record, key or value may be null. Waits for the topic's metadata and for memory, each at most max.block.ms.
 * `timestamp` 0 is the present time.
 *   0
 *   -EINVAL  *ret_exception is what Java's callback would get, or send() throw (owned by the caller)        */
int delivery_send(struct delivery *d, struct bytes key, struct bytes value, int64_t timestamp,
	uint64_t tag, char **ret_exception) MUST_CHECK;
/* Waits until everything sent has been reported. */
void delivery_flush(struct delivery *d);
/* Flushes and ends the thread. Accepts NULL, returns NULL. */
struct delivery *delivery_stop(struct delivery *d);

#endif
