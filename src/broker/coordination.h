/* coordination.h - what this broker needs to coordinate groups and transactions: the shape of the internal topics.
 *
 * Owner: struct broker. Thread: the main thread, at the start. Layer: wiring.
 */
#ifndef BROKER_COORDINATION_H
#define BROKER_COORDINATION_H

#include <stdint.h>

#include "base/attr.h"

struct auto_creation;
struct clock;
struct config;
struct topic_admin;
struct zk_session;

struct coordination {
	/* Of the topics as they are, else as they would be made. Read once: a change while the broker runs would move
	 * every group to another broker (coordinators.md 1.2). */
	int32_t offsets_partitions, transactions_partitions;
};

/* 0, or -errno after a line has been logged: ZooKeeper did not answer. */
int coordination_read(struct coordination *c, const struct config *config, struct zk_session *zk) MUST_CHECK;
/* Makes topics as the configuration says. */
struct auto_creation *coordination_auto_creation(const struct config *config, struct topic_admin *admin,
    const struct clock *clock);

#endif
