/* auto_creation.h - topics that come into being because somebody asked for them: Metadata and FindCoordinator.
 *
 * Any broker creates them itself in ZooKeeper, with default settings; the internal topics of the coordinators get
 * settings of their own (coordinators.md 1.3). While a topic is being created, further attempts on this broker are
 * turned away.
 *
 * Owner: broker/startup. Thread: any that may wait for ZooKeeper (workers), unless said otherwise. Locks: RANK_LEAF inside.
 */
#ifndef CONTROLLER_AUTO_CREATION_H
#define CONTROLLER_AUTO_CREATION_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

struct auto_creation;
struct clock;
struct topic_admin;
struct worker_pool;

enum { INTERNAL_SETTINGS_MAX = 5 };

/* How a topic that belongs to a coordinator is made. */
struct internal_topic {
	const char *name; /* a literal */
	int32_t partitions;
	int16_t replication;
	struct {
		const char *key; /* a literal */
		char value[24];
	} settings[INTERNAL_SETTINGS_MAX];
	int32_t settings_n;
};

struct auto_creation *auto_creation_new(struct topic_admin *admin, const struct clock *clock,
    const struct internal_topic *topics, int32_t n);
struct auto_creation *auto_creation_free(struct auto_creation *c); /* accepts NULL, returns NULL */

/* Creates the topic. The result is what a Metadata request is told about it:
 *   KERR_LEADER_NOT_AVAILABLE         it was created now or a moment ago; it has no leader yet
 *   KERR_UNKNOWN_TOPIC_OR_PARTITION   another request is creating it
 *   KERR_...                          why it cannot be (topic_admin_create)
 *   -errno                            ZooKeeper did not answer                                  */
int auto_creation_run(struct auto_creation *c, struct arena *a, struct str name) MUST_CHECK;

/* The same for an internal topic (`name` is a literal), on a worker of `pool`, without a result: while ZooKeeper is away
 * nobody's connection waits for it. The pool ends before `c` does. Any thread. */
void auto_creation_start(struct auto_creation *c, struct worker_pool *pool, const char *name);

#endif
