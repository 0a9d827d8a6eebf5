/* controlled_shutdown.h - asks the controller to move leaderships away before this broker stops (replication.md 13.2).
 *
 * Owner: broker_stop. Thread: the caller's; takes as long as the retries allow. Layer: wiring.
 */
#ifndef BROKER_CONTROLLED_SHUTDOWN_H
#define BROKER_CONTROLLED_SHUTDOWN_H

#include <stdint.h>

struct metadata;

struct controlled_shutdown {
	int32_t broker_id;
	int64_t broker_epoch;
	int metadata_version;	    /* inter.broker.protocol.version */
	struct metadata *metadata;
	const char *listener;	    /* the inter-broker listener */
	int32_t max_retries;	    /* controlled.shutdown.max.retries */
	int64_t retry_backoff_ms;   /* controlled.shutdown.retry.backoff.ms */
	int32_t connect_timeout_ms; /* controller.socket.timeout.ms */
	int32_t request_timeout_ms; /* request.timeout.ms */
};

/* 0: nothing is led here any more that another replica could lead | -ETIMEDOUT: the tries are spent, logged. */
int controlled_shutdown_run(const struct controlled_shutdown *c);

#endif
