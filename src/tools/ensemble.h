/* ensemble.h - a tool's session with ZooKeeper: never waits for ever, and logs on stderr.
 *
 * Owner: the tool. Thread: main, and one that watches the connection. Layer: tools.
 */
#ifndef TOOLS_ENSEMBLE_H
#define TOOLS_ENSEMBLE_H

#include <stddef.h>

#include "base/attr.h"

struct ensemble;
struct zk_session;

/* Connects to "host:port,host:port/chroot" within 30 s. Once the connection is lost for as long, operations end with
 * -ESHUTDOWN.
 *   0
 *   -errno   ensemble_failure has the words                                                            */
int ensemble_open(const char *connect, struct ensemble **ret) MUST_CHECK;
struct ensemble *ensemble_close(struct ensemble *e); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct ensemble *, ensemble_close)

struct zk_session *ensemble_session(const struct ensemble *e);

/* What went wrong with `path` (NULL: with the connection), r being -errno or enum zk_code, as Java's exception:
 * "kafka.zookeeper.ZooKeeperClientTimeoutException: Timed out ...". Returns buf. */
const char *ensemble_failure(int r, const char *path, char *buf, size_t size);
/* The same without the exception's class. */
const char *ensemble_message(int r, const char *path, char *buf, size_t size);

#endif
