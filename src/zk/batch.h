/* batch.h - several ZooKeeper operations issued together, waited for together.
 *
 *	struct zk_batch b;
 *
 *	zk_batch_init(&b, session);
 *	op = zk_batch_get(&b, ZK_PATH_TOPIC, name);
 *	r = zk_batch_run(&b);			// then look at op->rc, op->data, op->stat
 *	zk_batch_fini(&b);
 *
 * Operations are pipelined in the order of their making; those whose connection broke are sent again until
 * ZooKeeper answers or the session expires (zookeeper.md 1.3). A write sent again may have been applied already.
 *
 * Owner: the caller's stack. Thread: the caller's, which must be allowed to block; never a network loop, never a
 * thread of ZooKeeper.
 */
#ifndef ZK_BATCH_H
#define ZK_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "zk/session.h"

struct zk_batch {
	struct zk_session *session;
	struct zk_op **ops;
	size_t n, cap;
	const char *guard; /* NULL: none */
	int32_t guard_version;
};

void zk_batch_init(struct zk_batch *b, struct zk_session *s);
void zk_batch_fini(struct zk_batch *b); /* frees the operations */
/* From now on each create, set and delete is written as multi[check(path, version), operation], so that it fails
 * once `path` moved on. `path` is borrowed until the batch has run; NULL ends it. */
void zk_batch_guard(struct zk_batch *b, const char *path, int32_t version);

/* The operations belong to the batch. `data` is copied text, NULL for NULL data. Guarded ones return the inner
 * operation, whose rc and answer are set as if it stood alone. */
struct zk_op *zk_batch_get(struct zk_batch *b, const char *path, ...) PRINTF(2, 3);
struct zk_op *zk_batch_exists(struct zk_batch *b, const char *path, ...) PRINTF(2, 3);
struct zk_op *zk_batch_children(struct zk_batch *b, const char *path, ...) PRINTF(2, 3);
struct zk_op *zk_batch_create(struct zk_batch *b, enum zk_create_mode mode, const char *data, const char *path,
    ...) PRINTF(4, 5);
struct zk_op *zk_batch_set(struct zk_batch *b, const char *data, int32_t version, const char *path, ...)
    PRINTF(4, 5);
struct zk_op *zk_batch_delete(struct zk_batch *b, int32_t version, const char *path, ...) PRINTF(3, 4);
/* All or nothing; add its parts with zk_multi_*. rc is the first failing part's code; each part has its own rc. */
struct zk_op *zk_batch_multi(struct zk_batch *b);
struct zk_op *zk_multi_check(struct zk_op *multi, int32_t version, const char *path, ...) PRINTF(3, 4);
struct zk_op *zk_multi_create(struct zk_op *multi, enum zk_create_mode mode, const char *data, const char *path,
    ...) PRINTF(4, 5);
struct zk_op *zk_multi_set(struct zk_op *multi, const char *data, int32_t version, const char *path, ...)
    PRINTF(4, 5);
struct zk_op *zk_multi_delete(struct zk_op *multi, int32_t version, const char *path, ...) PRINTF(3, 4);

/* Sends all and waits for all.
 *   0                all were answered by ZooKeeper: see each op's rc (0 or enum zk_code)
 *   ZK_GUARD_FAILED  at least one guarded write was refused by its guard
 *   -errno           at least one has no answer (session.h lists them)                         */
int zk_batch_run(struct zk_batch *b) MUST_CHECK;

/* A value read from ZooKeeper, owned by the caller. */
struct zk_value {
	char *data;  /* NUL-terminated; NULL for NULL data */
	int32_t len; /* -1 for NULL data */
	struct zk_stat stat;
};
#define ZK_VALUE_INIT ((struct zk_value){ .data = NULL, .len = -1 })
void zk_value_fini(struct zk_value *v);

/* Single operations: 0, enum zk_code, -errno. */
int zk_get(struct zk_session *s, struct zk_value *ret, const char *path, ...) PRINTF(3, 4) MUST_CHECK;
int zk_exists(struct zk_session *s, struct zk_stat *ret, const char *path, ...) PRINTF(3, 4) MUST_CHECK;
int zk_set(struct zk_session *s, const char *data, int32_t version, struct zk_stat *ret, const char *path, ...)
    PRINTF(5, 6) MUST_CHECK;
int zk_create(struct zk_session *s, enum zk_create_mode mode, const char *data, const char *path, ...)
    PRINTF(4, 5) MUST_CHECK;
int zk_delete(struct zk_session *s, int32_t version, const char *path, ...) PRINTF(3, 4) MUST_CHECK;

/* Sorted names of the children, owned by the caller: free with zk_names_free. */
int zk_children(struct zk_session *s, char ***ret, size_t *ret_n, const char *path, ...) PRINTF(4, 5) MUST_CHECK;
void zk_names_free(char **names, size_t n);

/* Makes a persistent node, and before it those of its parents that are missing, all with NULL data but the last.
 * 0, ZK_NODE_EXISTS (only the last is meant), other codes, -errno. */
int zk_create_with_parents(struct zk_session *s, const char *data, const char *path, ...) PRINTF(3, 4) MUST_CHECK;
/* As above, content with a node that is already there. */
int zk_make_path(struct zk_session *s, const char *path, ...) PRINTF(2, 3) MUST_CHECK;
/* Deletes a node and what is below it, depth first; each a write of its own guarded by `guard` (NULL: none). An
 * absent node is success. 0, ZK_GUARD_FAILED, other codes, -errno. */
int zk_delete_recursive(struct zk_session *s, const char *guard, int32_t guard_version, const char *path, ...)
    PRINTF(4, 5) MUST_CHECK;

#endif
