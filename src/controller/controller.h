/* controller.h - the cluster's controller: every broker runs one, the one elected in ZooKeeper decides.
 *
 * Decides who leads which partition, brings new topics into being, deletes topics, and tells the brokers
 * (zookeeper.md chapter 4). All decisions are made by one thread from a queue of events; ZooKeeper's watches, answers
 * of brokers and request handlers only queue. A controller that lost its election finds out at its next write, which
 * is fenced by the version of /controller_epoch, and resigns.
 *
 * Files: context (what is known), election (who should lead), partition_states and replica_states (state tables),
 * topic_deletion, reassignment, request_batch and channel (telling the brokers), zk_store (partition states in
 * ZooKeeper), office (election, failover, resignation), broker_events, topic_events, leader_events, alter_partition
 * (what happens when), controller (queue and thread).
 *
 * Owner: broker/startup. Thread: every function here on any thread; callbacks as said.
 */
#ifndef CONTROLLER_CONTROLLER_H
#define CONTROLLER_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/uuid.h"
#include "controller/channel.h"

struct alter_partition_request;
struct alter_partition_response;
struct clock;
struct controller;
struct scheduler;
struct zk_session;

struct controller_config {
	int32_t broker_id;
	struct zk_session *zk;
	const struct clock *clock;
	struct scheduler *scheduler; /* timer of the automatic preferred election */
	const char *listener;	     /* control.plane.listener.name, else the inter-broker listener; copied */
	int metadata_version;	     /* inter.broker.protocol.version */
	bool delete_topics;	     /* delete.topic.enable */
	bool auto_rebalance;	     /* auto.leader.rebalance.enable */
	int32_t imbalance_check_s;   /* leader.imbalance.check.interval.seconds */
	int32_t imbalance_percent;   /* leader.imbalance.per.broker.percentage */

	/* How brokers are reached; called on sending threads. */
	control_open_fn *open_transport;
	void *open_arg;
	/* Registers this broker anew after its session expired (controller thread; may wait for ZooKeeper).
	 * 0 with the new broker epoch | -errno, logged by the callee: the broker stays unregistered. */
	int (*register_broker)(void *arg, int64_t *ret_broker_epoch);
	/* The broker's own default of unclean.leader.election.enable, static and dynamic (controller thread). */
	bool (*unclean_default)(void *arg);
	/* Optional, controller thread: this broker became or ceased to be the controller. */
	void (*role_changed)(void *arg, bool active);
	/* Optional, controller thread: the id this broker knows a topic by (metadata image, partition.metadata). It is put
	 * back into a topic znode that lost it; without it a new id is made, as Kafka does. */
	bool (*known_topic_id)(void *arg, const char *topic, struct uuid *ret);
	void *arg;
};

struct controller *controller_new(const struct controller_config *c);
/* Starts the thread and takes part in the election. `broker_epoch`: of the registration already made. */
int controller_start(struct controller *c, int64_t broker_epoch) MUST_CHECK;
/* Resigns in memory, answers waiting calls, joins the thread. The session is still open: /controller vanishes with it.
 * When ZooKeeper is away call zk_session_abort before. */
void controller_stop(struct controller *c);
struct controller *controller_free(struct controller *c); /* stops first; accepts NULL, returns NULL */

/* As last seen, without waiting. */
bool controller_is_active(struct controller *c);
int32_t controller_id(struct controller *c);	      /* by /controller; -1: none known */
int32_t controller_epoch(struct controller *c);	      /* of this broker's term; 0 when not active */
int64_t controller_broker_epoch(struct controller *c); /* of this broker's registration; -1: none */
/* True when a broker may send with this epoch: -1, or not older than ours (replication.md 4.1). */
bool controller_broker_epoch_ok(struct controller *c, int64_t epoch);

/* ---- calls: queued, answered on the controller thread by `done`, exactly once ---- */

/* AllocateProducerIds for a broker.
 *   0 | KERR_NOT_CONTROLLER | KERR_BROKER_ID_NOT_REGISTERED | KERR_STALE_BROKER_EPOCH | -errno */
typedef void controller_ids_fn(void *arg, int r, int64_t first, int32_t count);
void controller_allocate_producer_ids(struct controller *c, int32_t broker_id, int64_t broker_epoch,
    controller_ids_fn *done, void *arg);

/* AlterPartition (zookeeper.md 4.14). `req` is borrowed until `done`; `out` is filled, its arrays in `a`. Version 2 and
 * up address topics by id. `done` gets 0 (look into `out`) or -errno. */
typedef void controller_done_fn(void *arg, int r);
void controller_alter_partition(struct controller *c, struct arena *a, int16_t version,
    const struct alter_partition_request *req, struct alter_partition_response *out, controller_done_fn *done,
    void *arg);

struct topic_partition_ref {
	struct str topic;
	int32_t partition;
};

/* ControlledShutdown: moves leadership away from a broker that is going to stop.
 *   0 with the partitions it still leads (in `a` of the call) | KERR_STALE_CONTROLLER_EPOCH (not the controller) |
 *   KERR_STALE_BROKER_EPOCH | KERR_BROKER_NOT_AVAILABLE | -errno */
typedef void controller_shutdown_fn(void *arg, int r, const struct topic_partition_ref *left, int32_t left_n);
void controller_controlled_shutdown(struct controller *c, int32_t broker_id, int64_t broker_epoch,
    controller_shutdown_fn *done, void *arg);

enum election_type { ELECT_PREFERRED = 0, ELECT_UNCLEAN = 1 }; /* the numbers of ElectLeaders */

/* ElectLeaders: errors[i] belongs to partitions[i] (KERR codes, KERR_ELECTION_NOT_NEEDED among them), leaders[i] is the
 * elected one where the error is 0. `partitions` n < 0: all. Answered when the elections are decided and sent, before
 * the brokers know.
 * r: 0 | KERR_NOT_CONTROLLER | -errno */
typedef void controller_elect_fn(void *arg, int r, const struct topic_partition_ref *partitions, const int *errors,
    const int32_t *leaders, int32_t n);
void controller_elect_leaders(struct controller *c, enum election_type type,
    const struct topic_partition_ref *partitions, int32_t n, controller_elect_fn *done, void *arg);

/* AlterPartitionReassignments: where a partition's replicas are to be; replicas_n -1: cancel. */
struct reassignment_target {
	struct topic_partition_ref ref;
	const int32_t *replicas;
	int32_t replicas_n;
	/* Set before `done`: 0, KERR_INVALID_REPLICA_ASSIGNMENT, KERR_NO_REASSIGNMENT_IN_PROGRESS,
	 * KERR_UNKNOWN_TOPIC_OR_PARTITION, -errno. */
	int error;
	struct str message; /* in the call's arena; null: none */
};
/* `v` is borrowed until `done`, which gets 0 (look into `v`), KERR_NOT_CONTROLLER or -errno. */
void controller_reassign(struct controller *c, struct arena *a, struct reassignment_target *v, int32_t n,
    controller_done_fn *done, void *arg);

/* ListPartitionReassignments: a partition that is being moved; everything is in the call's arena. */
struct reassignment_view {
	struct topic_partition_ref ref;
	const int32_t *replicas, *adding, *removing;
	int32_t replicas_n, adding_n, removing_n;
};
/* `refs` are borrowed until `done`; n < 0: all. r: 0 | KERR_NOT_CONTROLLER | -errno */
typedef void controller_reassignments_fn(void *arg, int r, const struct reassignment_view *v, int32_t n);
void controller_reassignments(struct controller *c, struct arena *a, const struct topic_partition_ref *refs, int32_t n,
    controller_reassignments_fn *done, void *arg);

/* unclean.leader.election.enable became true: for a topic, or (null) by default. Not the controller: nothing. */
void controller_unclean_enabled(struct controller *c, struct str topic);

#endif
