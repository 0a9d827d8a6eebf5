/* topic_wait.h - an admin request waits until its topics show in this broker's metadata.
 *
 * Kafka answers CreateTopics, CreatePartitions and DeleteTopics when the controller's own metadata cache has caught up
 * with what was written to ZooKeeper, or after the request's timeout (DelayedCreatePartitions, DelayedDeleteTopics).
 *
 * Owner: the request; memory is its arena's. Thread: any.
 */
#ifndef API_TOPIC_WAIT_H
#define API_TOPIC_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct request;

struct topic_expectation {
	struct str name;    /* lives as long as the request */
	int32_t partitions; /* this many partitions with a leader; 0: the topic is gone */
	int32_t index;	    /* the caller's: where its answer is */
	bool met;
};

/* Calls done(req, v, n) exactly once, at once or later, on any thread: when all are met, after timeout_ms, or when the
 * broker stops. `v` is in the request's arena. timeout_ms <= 0: at once, with none met (as Kafka answers). */
void topic_wait(struct request *req, struct topic_expectation *v, int32_t n, int32_t timeout_ms,
    void (*done)(struct request *req, struct topic_expectation *v, int32_t n));

#endif
