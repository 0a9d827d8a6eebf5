/* feature_watch.h - follows /feature, which the controller maintains (zookeeper.md 2.17).
 *
 * Its data version is the finalized features epoch of ApiVersions. A feature that this broker does not support ends
 * it, as it would end its start.
 *
 * Owner: broker. Thread: the reading runs on a worker pool.
 */
#ifndef BROKER_FEATURE_WATCH_H
#define BROKER_FEATURE_WATCH_H

#include <stdint.h>

#include "base/attr.h"

struct feature_watch;
struct worker_pool;
struct zk_session;

struct feature_watch_config {
	struct zk_session *zk;
	struct worker_pool *pool; /* where it reads */
	void (*changed)(void *arg, int32_t version); /* -1: there is no node */
	void (*refused)(void *arg, const char *why);
	void *arg;
};

/* Reads once, at once.
 *   0        *ret follows from now on, `changed` was called
 *   -EINVAL  an unsupported feature is finalized; `refused` was called
 *   -errno
 * *ret is set on failure too: stop and free it. */
int feature_watch_start(const struct feature_watch_config *c, struct feature_watch **ret) MUST_CHECK;
/* No reading begins any more. Before the pool is freed. Accepts NULL. */
void feature_watch_stop(struct feature_watch *f);
/* After the pool was freed. Accepts NULL, returns NULL. */
struct feature_watch *feature_watch_free(struct feature_watch *f);

#endif
