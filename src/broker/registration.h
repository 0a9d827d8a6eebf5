/* registration.h - this broker's place in ZooKeeper: base paths, cluster id, broker id, /brokers/ids/N, /feature.
 *
 * zookeeper.md 2.0, 2.4, 2.5, 2.17, 3.1 to 3.3. One line says what went wrong; the caller ends the start with it.
 *
 * Owner: broker/startup. Thread: start-up, then the controller's thread (register again after an expiry) and the
 * configuration's (other endpoints).
 */
#ifndef BROKER_REGISTRATION_H
#define BROKER_REGISTRATION_H

#include <stdint.h>

#include "base/attr.h"

struct clock;
struct zk_session;
struct znode_broker;

#define REGISTRATION_WHY_MAX 512

/* Makes the persistent paths every broker makes when missing. 0 | -errno. */
int registration_make_paths(struct zk_session *zk) MUST_CHECK;

/* The cluster's id, made by the first broker ever. 0 with *ret owned by the caller | -errno. */
int registration_cluster_id(struct zk_session *zk, char **ret) MUST_CHECK;

/* A broker id nobody has: the version of /brokers/seqid above reserved.broker.max.id. 0 | -errno. */
int registration_generate_id(struct zk_session *zk, int32_t reserved_max_id, int32_t *ret) MUST_CHECK;

/* Reads /feature, which the controller maintains.
 *   0        *ret_version is the znode's version (the finalized features epoch), -1 when there is none
 *   -EINVAL  it finalizes a feature that this broker does not support; `why` names it
 *   -errno                                                                                      */
int registration_check_features(struct zk_session *zk, int32_t *ret_version, char why[REGISTRATION_WHY_MAX])
    MUST_CHECK;

struct registration;

struct registration_config {
	struct zk_session *zk;
	const struct clock *clock;
	int32_t broker_id;
	const struct znode_broker *info; /* what is registered, without the timestamp; copied */
};

struct registration *registration_new(const struct registration_config *c);
struct registration *registration_free(struct registration *r); /* accepts NULL; deletes nothing */

/* None of our endpoints may be another broker's.
 *   0 | -EADDRINUSE with `why` | -errno */
int registration_check_endpoints(struct registration *r, char why[REGISTRATION_WHY_MAX]) MUST_CHECK;

/* Waits as registration_register does while a session that we do not know holds our node, without taking the place.
 * 0 | -EEXIST with `why` | -errno */
int registration_await_place(struct registration *r, char why[REGISTRATION_WHY_MAX]) MUST_CHECK;
/* Registers, or registers again after the session expired. A node of our own former session is replaced. A node of a
 * session we do not know is waited for until the time its owner's session has to expire, at most our own session
 * timeout (a start right after kill -9; Kafka 3.9 gives up at once, doc/differences.md).
 *   0         *ret_epoch is the broker epoch
 *   -EEXIST   another broker holds the id; `why` says which
 *   -errno                                                                                      */
int registration_register(struct registration *r, int64_t *ret_epoch, char why[REGISTRATION_WHY_MAX]) MUST_CHECK;

/* Advertised listeners changed at run time: rewrites the node, the epoch stays. `info` is copied; after an expiry it is
 * registered by the next registration_register, even when this call fails with -errno.
 *   0 | -EADDRINUSE with `why`: an endpoint is another broker's, nothing changes | -errno */
int registration_update(struct registration *r, const struct znode_broker *info, char why[REGISTRATION_WHY_MAX])
    MUST_CHECK;

#endif
