/* keeper_calls.h - the operations of ZooKeeper on a session of the shell. Paths are the user's, without the chroot, and have been
 * checked (keeper_path_check).
 *
 * Results as in keeper.h. Lists are added to, and the caller's to free.
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_KEEPER_CALLS_H
#define TOOLS_KEEPER_CALLS_H

#include "tools/keeper.h"

/* Flags of a new node; the values are ZooKeeper's. */
enum keeper_create_mode {
	KEEPER_MODE_PERSISTENT = 0,
	KEEPER_MODE_EPHEMERAL = 1,
	KEEPER_MODE_PERSISTENT_SEQUENTIAL = 2,
	KEEPER_MODE_EPHEMERAL_SEQUENTIAL = 3,
	KEEPER_MODE_CONTAINER = 4,
	KEEPER_MODE_PERSISTENT_WITH_TTL = 5,
	KEEPER_MODE_PERSISTENT_SEQUENTIAL_WITH_TTL = 6,
};

int keeper_children(struct keeper *c, const char *path, bool watch, struct keeper_names *ret,
	struct keeper_stat *ret_stat) MUST_CHECK;
/* Borrowed until the next call; len -1: null. */
int keeper_data(struct keeper *c, const char *path, bool watch, struct bytes *ret, struct keeper_stat *ret_stat) MUST_CHECK;
/* The ensemble's configuration, which is in no chroot. */
int keeper_ensemble(struct keeper *c, bool watch, struct bytes *ret, struct keeper_stat *ret_stat) MUST_CHECK;
int keeper_exists(struct keeper *c, const char *path, bool watch, struct keeper_stat *ret_stat) MUST_CHECK;
/* data.len -1: null. `ttl_ms` counts for modes that have one. *ret is owned by the caller. */
int keeper_create_node(struct keeper *c, const char *path, struct bytes data, const struct keeper_acls *acls,
	enum keeper_create_mode mode, int64_t ttl_ms, char **ret) MUST_CHECK;
/* With everything allowed to everybody, and without a word about the result. */
int keeper_create_open(struct keeper *c, const char *path, struct bytes data) MUST_CHECK;
int keeper_set_data(struct keeper *c, const char *path, struct bytes data, int32_t version, struct keeper_stat *ret_stat) MUST_CHECK;
int keeper_delete_node(struct keeper *c, const char *path, int32_t version) MUST_CHECK;
/* All of them or none. */
int keeper_delete_nodes(struct keeper *c, char *const *paths, size_t n) MUST_CHECK;
int keeper_get_acls(struct keeper *c, const char *path, struct keeper_acls *ret, struct keeper_stat *ret_stat) MUST_CHECK;
int keeper_set_acls(struct keeper *c, const char *path, const struct keeper_acls *acls, int32_t version,
	struct keeper_stat *ret_stat) MUST_CHECK;
int keeper_sync(struct keeper *c, const char *path) MUST_CHECK;
int keeper_ephemerals(struct keeper *c, const char *prefix, struct keeper_names *ret) MUST_CHECK;
int keeper_descendants(struct keeper *c, const char *path, int32_t *ret) MUST_CHECK;
/* Pairs of names: scheme, user. */
int keeper_who_am_i(struct keeper *c, struct keeper_names *ret) MUST_CHECK;
int keeper_add_watch(struct keeper *c, const char *path, bool recursive) MUST_CHECK;

/* Numbers of the protocol. */
enum keeper_watcher_type { KEEPER_WATCHER_CHILDREN = 1, KEEPER_WATCHER_DATA = 2, KEEPER_WATCHER_ANY = 3 };
/* `local`: forgets them here even if the server does not answer. */
int keeper_remove_watches(struct keeper *c, const char *path, enum keeper_watcher_type type, bool local) MUST_CHECK;
/* Each may be NULL. *ret is borrowed until the next call. */
int keeper_reconfigure(struct keeper *c, const char *joining, const char *leaving, const char *members, int64_t version,
	struct bytes *ret, struct keeper_stat *ret_stat) MUST_CHECK;

/* Calls fn for the node and all below it, children in their order, before theirs. Nodes that vanish meanwhile are passed over.
 * Stops when fn does not return 0; returns that, or the result of the call that failed. */
int keeper_walk(struct keeper *c, const char *path, bool watch, int (*fn)(void *arg, const char *path), void *arg) MUST_CHECK;

#endif
