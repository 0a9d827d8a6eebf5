/* rejoin.h - a broker that was not stopped in order waits, before it registers, until the cluster has noticed that it
 * was gone.
 *
 * After a power loss the end of its logs may be missing. As long as ZooKeeper names it as a leader, or as one of several
 * in-sync replicas, from before, it must not come back: a controller that is elected just then finds its registration as
 * if nothing had happened, and it would lead on, in the same leader epoch, without records that were acknowledged. The
 * controller in office takes a broker that is gone out of both; that is waited for (doc/differences.md).
 *
 * Owner: struct broker calls it once, at the start. Thread: the caller's, which waits for ZooKeeper. Layer: wiring.
 */
#ifndef BROKER_REJOIN_H
#define BROKER_REJOIN_H

#include <stdint.h>

#include "base/attr.h"

struct log_dirs;
struct zk_session;

struct rejoin {
	int32_t broker_id;
	struct zk_session *zk;
	struct log_dirs *log_dirs; /* loaded */
};

/* The old registration is gone, the new one not yet made. 0 | -errno. */
int rejoin_wait(const struct rejoin *j) MUST_CHECK;

#endif
