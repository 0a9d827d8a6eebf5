/* change_listener.h - follows a znode whose children announce changes: /config/changes and its kind.
 *
 * Children are PREFIX and ten digits. Each run reads those with numbers not seen yet, in order, hands their text on,
 * and deletes what is older than 15 minutes; runs are started by a child event, by a new session, and once at
 * the beginning (zookeeper.md 2.8). The announcement is a hint only: the receiver reads the truth again. When the node
 * itself was deleted and made again numbers begin anew.
 *
 * Owner: one holder. Thread: one of its own, where `process` runs.
 */
#ifndef BROKER_CHANGE_LISTENER_H
#define BROKER_CHANGE_LISTENER_H

#include <stdint.h>

#include "base/attr.h"

struct change_listener;
struct clock;
struct zk_session;

struct change_listener_config {
	struct zk_session *zk;
	const struct clock *clock;
	const char *path;   /* ZK_PATH_CONFIG_CHANGES */
	const char *prefix; /* ZK_PREFIX_CONFIG_CHANGE */
	/* `text` may be NULL. Whatever is wrong with it is logged by the callee, never fatal. */
	void (*process)(void *arg, const char *text, int32_t len);
	/* In a new session, before what is announced: announcements made meanwhile may be gone already. A -errno has it
	 * called again later. */
	int (*catch_up)(void *arg);
	void *arg;
};

/* Watches and starts the thread; what is there already is processed first. The strings are borrowed. */
int change_listener_start(
	const struct change_listener_config *c, struct change_listener **ret) MUST_CHECK;
/* Ends the thread, waiting for a `process` in course; accepts NULL, returns NULL. A run that waits for ZooKeeper ends
 * only when ZooKeeper answers or the session is aborted. Not from `process`. */
struct change_listener *change_listener_stop(struct change_listener *l);

#endif
