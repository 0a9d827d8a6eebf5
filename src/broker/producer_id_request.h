/* producer_id_request.h - where this broker's blocks of producer ids come from: the controller, in this process or by
 * AllocateProducerIds (replication.md 14.7); with an inter.broker.protocol.version below 3.0-IV0 it takes them from
 * ZooKeeper itself.
 *
 * Owner: the broker's wiring. Thread: any. Layer: wiring of controller/, coordinator/ and replica/.
 */
#ifndef BROKER_PRODUCER_ID_REQUEST_H
#define BROKER_PRODUCER_ID_REQUEST_H

#include <stdint.h>

struct controller;
struct controller_link;
struct partitions;
struct worker_pool;
struct zk_session;

struct producer_id_request {
	int32_t broker_id;
	struct controller *controller;
	struct controller_link *link;
	struct partitions *partitions; /* the broker epoch */
	struct zk_session *zk;	       /* not NULL: from there, without the controller, ... */
	struct worker_pool *pool;      /* ... by a job of this pool */
	/* The answer, exactly once per request: 0, KERR, -errno (-ECANCELED, -ESHUTDOWN: this broker stops). */
	void (*done)(void *arg, int r, int64_t first, int32_t count);
	void *arg;
};

/* `q` outlives the answer. */
void producer_id_request_send(const struct producer_id_request *q);

#endif
