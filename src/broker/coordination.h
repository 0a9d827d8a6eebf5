/* coordination.h - what this broker coordinates: groups, and what it needs for that. The shape of the internal topics,
 * and who hears of their leadership.
 *
 * Owner: struct broker. Thread: the main thread; the listener any. Layer: wiring.
 */
#ifndef BROKER_COORDINATION_H
#define BROKER_COORDINATION_H

#include <stdint.h>

#include "base/attr.h"

struct auto_creation;
struct clock;
struct config;
struct delayed;
struct groups;
struct leadership_listener;
struct partitions;
struct topic_admin;
struct zk_session;

struct coordination {
	/* Of the topics as they are, else as they would be made. Read once: a change while the broker runs would move
	 * every group to another broker (coordinators.md 1.2). */
	int32_t offsets_partitions, transactions_partitions;
	struct groups *groups;
};

/* Fills the listener that partitions are made with: leadership reaches the coordinators that exist by then. */
void coordination_listener(struct coordination *c, struct leadership_listener *ret);

struct coordination_parts {
	const struct config *config;
	int32_t broker_id;
	const struct clock *clock;
	struct zk_session *zk;
	struct partitions *partitions;
	struct delayed *delayed;
};
/* Before the controller tells of any leadership. 0, or -errno after a line has been logged. */
int coordination_start(struct coordination *c, const struct coordination_parts *parts) MUST_CHECK;
/* Delayed operations are stopped. Whoever waits in a group is answered; requests are refused from now on. */
void coordination_stop(struct coordination *c);
void coordination_fini(struct coordination *c); /* nobody tells of leadership any more */

/* Makes topics as the configuration says. */
struct auto_creation *coordination_auto_creation(const struct config *config, struct topic_admin *admin,
    const struct clock *clock);

#endif
