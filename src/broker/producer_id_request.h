/* producer_id_request.h - where this broker's blocks of producer ids come from: the controller, in this process or by
 * AllocateProducerIds (replication.md 14.7).
 *
 * Owner: the broker's wiring. Thread: any. Layer: wiring of controller/, coordinator/ and replica/.
 */
#ifndef BROKER_PRODUCER_ID_REQUEST_H
#define BROKER_PRODUCER_ID_REQUEST_H

#include <stdint.h>

struct controller;
struct controller_link;
struct partitions;

struct producer_id_request {
	int32_t broker_id;
	struct controller *controller;
	struct controller_link *link;
	struct partitions *partitions; /* the broker epoch */
	/* The answer, exactly once per request: 0, KERR, -errno (-ECANCELED, -ESHUTDOWN: this broker stops). */
	void (*done)(void *arg, int r, int64_t first, int32_t count);
	void *arg;
};

/* `q` outlives the answer. */
void producer_id_request_send(const struct producer_id_request *q);

#endif
