/* zk_store.h - the partition states in ZooKeeper, and the other writes of a controller, all fenced by the version of
 * /controller_epoch (zookeeper.md 2.3).
 *
 * Thread: the controller's. Results: 0 | KERR_STALE_CONTROLLER_EPOCH | -errno, as machine.h.
 */
#ifndef CONTROLLER_ZK_STORE_H
#define CONTROLLER_ZK_STORE_H

#include <stdbool.h>

#include "controller/machine.h"

struct zk_session;

struct zk_store {
	struct ctl_store store; /* first: pass &s->store to a machine */
	struct zk_session *zk;
	const struct context *ctx; /* its epoch_version fences */
	bool (*unclean_default)(void *arg);
	void *arg;
};
void zk_store_init(struct zk_store *s, struct zk_session *zk, const struct context *ctx,
    bool (*unclean_default)(void *arg), void *arg);

/* Writes a topic's znode from what the context has. */
int zk_store_write_topic(struct zk_store *s, const struct ctl_topic *t) MUST_CHECK;
/* Deletes a node; an absent one is fine. */
int zk_store_delete(struct zk_store *s, const char *path) MUST_CHECK;
/* Deletes all of these children of `dir`. */
int zk_store_delete_children(struct zk_store *s, const char *dir, char *const *names, size_t n) MUST_CHECK;
/* Writes any node, any version; an absent one is fine. */
int zk_store_set(struct zk_store *s, const char *path, const char *text) MUST_CHECK;
/* Removes the topic's znode with everything below, its configuration, and the wish to delete it. */
int zk_store_remove_topic(struct zk_store *s, const char *topic) MUST_CHECK;

/* Any result of zk/batch.h as a result of ours; `code` is what is not a failure besides 0 (0: nothing). */
int zk_store_result(int r, int code);

#endif
