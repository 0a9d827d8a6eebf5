/* topic_admin.h - creating, deleting and growing topics: what the admin requests write to ZooKeeper.
 *
 * Checks as Kafka 3.9 does (ZkAdminManager, AdminZkClient; zookeeper.md chapter 5), then writes the znodes; the
 * controller reacts to their watches, whoever it is. Waiting until the topic shows in the metadata is the
 * handler's business. Who may call: CreateTopics, CreatePartitions and DeleteTopics only on the controller,
 * automatic creation on any broker.
 *
 * Owner: broker/startup. Thread: any that may wait for ZooKeeper (workers).
 */
#ifndef CONTROLLER_TOPIC_ADMIN_H
#define CONTROLLER_TOPIC_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "base/uuid.h"

struct metadata;
struct topic_admin;
struct zk_session;

struct topic_override {
	struct str name, value; /* value null: refused with INVALID_CONFIG */
};

struct topic_admin_config {
	struct zk_session *zk;
	struct metadata *metadata; /* alive brokers and their racks, existing topics */
	int32_t default_partitions;  /* num.partitions */
	int16_t default_replication; /* default.replication.factor */
	bool topic_ids;		     /* new topics get one: inter.broker.protocol.version 2.8 or newer */
	bool delete_topics;	     /* delete.topic.enable */
	/* Checks a new topic's overrides: 0 | KERR_INVALID_CONFIG with *ret_message (in the arena) | -errno. */
	int (*validate_overrides)(void *arg, struct arena *a, const struct topic_override *v, int32_t n,
	    struct str *ret_message);
	void *arg;
};

struct topic_admin *topic_admin_new(const struct topic_admin_config *c);
struct topic_admin *topic_admin_free(struct topic_admin *t);

/* A partition's replicas as the client wrote them. */
struct topic_replicas {
	int32_t partition;
	const int32_t *brokers;
	int32_t brokers_n;
};

struct topic_create {
	struct str name;
	int32_t partitions;  /* -1: default, or by assignment */
	int16_t replication; /* -1: default, or by assignment */
	const struct topic_replicas *assignment; /* none: automatic */
	int32_t assignment_n;
	const struct topic_override *overrides;
	int32_t overrides_n;
	/* Set on success. */
	struct uuid id; /* zero when only validated */
	int32_t made_partitions;
	int16_t made_replication;
};

/* Creates one topic; with validate_only only checks. On > 0 *ret_message (in the arena, maybe null) says why.
 *   0
 *   KERR_TOPIC_ALREADY_EXISTS, KERR_INVALID_TOPIC_EXCEPTION, KERR_INVALID_CONFIG, KERR_INVALID_REQUEST,
 *   KERR_INVALID_PARTITIONS, KERR_INVALID_REPLICATION_FACTOR, KERR_INVALID_REPLICA_ASSIGNMENT
 *   KERR_STALE_CONTROLLER_EPOCH   no controller is elected, the configuration cannot be written
 *   -EINVAL   some brokers have a rack and some have none (UNKNOWN_SERVER_ERROR on the wire), *ret_message is set
 *   -errno    ZooKeeper did not answer; parts may be written                                     */
int topic_admin_create(struct topic_admin *t, struct arena *a, struct topic_create *c, bool validate_only,
    struct str *ret_message) MUST_CHECK;

/* Marks a topic for deletion (already marked: success).
 *   0
 *   KERR_TOPIC_DELETION_DISABLED, KERR_UNKNOWN_TOPIC_OR_PARTITION   *ret_message may say why
 *   -errno                                                                                        */
int topic_admin_delete(struct topic_admin *t, struct arena *a, struct str name, struct str *ret_message)
    MUST_CHECK;

struct topic_grow {
	struct str name;
	int32_t count; /* the new total */
	const struct topic_replicas *assignment; /* one per new partition, `partition` unused; NULL: automatic */
	int32_t assignment_n;
};

/* Adds partitions to a topic.
 *   0
 *   KERR_UNKNOWN_TOPIC_OR_PARTITION, KERR_REASSIGNMENT_IN_PROGRESS, KERR_INVALID_TOPIC_EXCEPTION (being deleted),
 *   KERR_INVALID_PARTITIONS, KERR_INVALID_REPLICA_ASSIGNMENT, KERR_INVALID_REPLICATION_FACTOR
 *   -EINVAL, -errno   as above                                                                    */
int topic_admin_grow(struct topic_admin *t, struct arena *a, const struct topic_grow *g, bool validate_only,
    struct str *ret_message) MUST_CHECK;

/* Pure: 0 or KERR_INVALID_TOPIC_EXCEPTION with Kafka's message (in the arena). */
int topic_name_check(struct arena *a, struct str name, struct str *ret_message) MUST_CHECK;
/* Pure: both names are equal once '.' reads as '_' (zookeeper.md 5.2). */
bool topic_names_collide(struct str a, struct str b);

#endif
