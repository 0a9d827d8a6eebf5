/* entity_config.h - configurations stored in ZooKeeper: /config/<type>/<entity> and their change notifications.
 *
 * Writes follow zookeeper.md 2.7: guarded by the version of /controller, the node made when missing, then a
 * notification below /config/changes. The caller has validated the content.
 *
 * Thread: any that may wait for ZooKeeper.
 */
#ifndef CONTROLLER_ENTITY_CONFIG_H
#define CONTROLLER_ENTITY_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct zk_session;
struct znode_config;

/* `type`: "topics", "brokers", "clients", "users", "ips"; `name`: as in the path ("t", "1", "<default>",
 * "u/clients/c", quota names sanitized with zk_sanitize).
 *   0        *ret holds what is stored (nothing when the node is missing), owned by the caller
 *   -EBADMSG a value is no string
 *   -errno                                                                                       */
int entity_config_read(struct zk_session *zk, const char *type, const char *name, struct znode_config *ret)
    MUST_CHECK;
/* The same with the node's data version, -1 when it is missing. */
int entity_config_read_version(struct zk_session *zk, const char *type, const char *name, struct znode_config *ret,
    int32_t *ret_version) MUST_CHECK;

/* Replaces the whole configuration of an entity. `notify`: tell the brokers (not at topic creation). Emptied quota
 * entities (users, clients, ips) are deleted instead, with parents that became empty.
 *   0
 *   KERR_STALE_CONTROLLER_EPOCH   no controller, or a KRaft one: refused (ControllerMovedException, code 11)
 *   -errno                                                                                       */
int entity_config_write(struct zk_session *zk, const char *type, const char *name, const struct znode_config *c,
    bool notify) MUST_CHECK;
/* The same without a look at the controller, for tools: there may be no broker yet.
 * 0 | -EACCES not allowed | -ENOENT the chroot does not exist | -errno */
int entity_config_write_plain(struct zk_session *zk, const char *type, const char *name,
    const struct znode_config *c, bool notify) MUST_CHECK;

/* Replaces what was read with that data version, without the guard: for a broker's own entity at its start, when there
 * may be no controller yet. Tells the brokers. 0 | ZK_BAD_VERSION, ZK_NO_NODE: read again | -errno */
int entity_config_replace(struct zk_session *zk, const char *type, const char *name, const struct znode_config *c,
    int32_t version) MUST_CHECK;

#endif
