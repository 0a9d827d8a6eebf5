/* zookeeper.h - a ZooKeeper ensemble in memory, and libzookeeper_mt's calls on it.
 *
 * The ensemble is one tree and its sessions (tree.c): writes are in one order, a session's operations and events come
 * in the order they happened. handle.c has the library: a connection that breaks and comes back, requests whose answer
 * is lost, watches that are set again, sessions that expire while their owner does not know.
 */
#ifndef TESTS_SIM_ZOOKEEPER_H
#define TESTS_SIM_ZOOKEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zookeeper/zookeeper.h>

#include "base/table.h"

/* --- the tree --- */

struct znode {
	char *path;
	char *data;
	int len; /* -1: NULL data */
	struct Stat stat;
	int32_t sequence;
	UT_hash_handle hh;
};

void tree_begin(void);
struct znode *tree_find(const char *path);
int64_t tree_zxid(void);
/* `path_out` gets the real name of a sequential node. All return a ZooKeeper code. */
int tree_create(const char *path, const char *data, int len, int64_t owner, bool sequential, char path_out[256]);
int tree_set(const char *path, const char *data, int len, int version);
int tree_delete(const char *path, int version);
int tree_check(const char *path, int version);
/* Names of children; *ret_n of them, owned by the caller. */
char **tree_children(const char *path, int *ret_n);
/* Several or none: begin, operations, end with what came out. Events fire at the end. */
void tree_begin_txn(void);
void tree_end_txn(bool commit);

/* What the tree tells: handle.c fires watches, the oracle looks at states. `type` is a ZOO_*_EVENT. */
void zookeeper_tree_changed(int type, const char *path);
void oracle_state_written(const char *path, const char *data, int len);

/* --- sessions and faults --- */

void zookeeper_begin(void);
/* The node cannot reach the ensemble; after the session's timeout the ensemble forgets it. */
void zookeeper_cut(int node, bool cut);
void zookeeper_heal(void);
/* The whole ensemble is away: no session expires meanwhile, and each has its whole timeout afterwards. */
void zookeeper_stop(bool stop);
/* The ensemble ends the node's session now; the node learns of it when its connection is closed, at the latest after
 * notice_ms. */
void zookeeper_expire(int node, int64_t notice_ms);
void zookeeper_node_killed(int node);

#endif
