/* producer_ids.h - producer ids for idempotent and transactional producers, from blocks the controller gives out.
 *
 * A block has 1000 ids; the next one is asked for when nine tenths of the current one are used, so that a producer
 * seldom waits (replication.md 14.7), or, as brokers do that take their blocks themselves, when all are. One request is on
 * its way at a time.
 *
 * Owner: broker/startup. Thread: any. Locks: RANK_LEAF inside.
 */
#ifndef COORDINATOR_PRODUCER_IDS_H
#define COORDINATOR_PRODUCER_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct clock;
struct producer_ids;

#define PRODUCER_ID_BLOCK 1000

struct producer_ids_config {
	const struct clock *clock;
	bool late; /* asks when a block is used up, not before */
	/* Asks for a block; never waits. Answers with producer_ids_block exactly once, on any thread, perhaps before it
	 * returns. In process when this broker is the controller, AllocateProducerIds to it otherwise. */
	void (*request)(void *arg, struct producer_ids *ids);
	void *arg;
};

struct producer_ids *producer_ids_new(const struct producer_ids_config *c);
struct producer_ids *producer_ids_free(struct producer_ids *p); /* no request is on its way */

/* Asks for the first block already. */
void producer_ids_start(struct producer_ids *p);
/* 0 | KERR_COORDINATOR_LOAD_IN_PROGRESS: none at hand, one was asked for (clients try again). */
int producer_ids_next(struct producer_ids *p, int64_t *ret) MUST_CHECK;
/* The answer to request: r 0 with a block, else an error (asked again no sooner than 50 ms later). */
void producer_ids_block(struct producer_ids *p, int r, int64_t first, int32_t count);

#endif
