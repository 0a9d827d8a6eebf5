/* partitions.h - all partitions this broker hosts, and the controller's requests about them.
 *
 * A partition is absent, online or offline (its log directory failed). LeaderAndIsr, StopReplica, UpdateMetadata and
 * the failure of a directory change the table one at a time (RANK_STATE_CHANGE, replication.md section 3); everybody
 * else looks up and goes on with a reference.
 *
 * Owner: broker/startup. Thread: any. Control requests and failures write files: workers, the controller's thread.
 * Locks: RANK_STATE_CHANGE around a control request, RANK_TABLE for the table. Waiting requests are woken after all
 * locks are released.
 */
#ifndef REPLICA_PARTITIONS_H
#define REPLICA_PARTITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "base/uuid.h"
#include "replica/delayed.h"
#include "replica/partition.h"

struct image;
struct image_broker;
struct leader_and_isr_request;
struct log_dirs;
struct mover;
struct partitions;
struct stop_replica_request;
struct update_metadata_request;

/* Who must know which partitions this broker leads: the coordinators, whose state lives in partitions of internal
 * topics (coordinators.md 1.4). Called for every topic, one at a time, in the order things happen, with
 * RANK_STATE_CHANGE held: queue, never wait. Unset functions are skipped. */
struct leadership_listener {
	/* We lead it since just now, and did not before. */
	void (*elected)(void *arg, struct str topic, int32_t index, int32_t leader_epoch);
	/* We follow since this epoch, or it was deleted here, or its log directory failed; -1: whatever the epoch. */
	void (*resigned)(void *arg, struct str topic, int32_t index, int32_t leader_epoch);
	/* The cluster has it no more. */
	void (*deleted)(void *arg, struct str topic, int32_t index);
	void *arg;
};

struct partitions_config {
	int32_t broker_id;
	const struct clock *clock;
	struct metadata *metadata;
	struct log_dirs *log_dirs;
	struct delayed *delayed;
	int64_t replica_lag_time_max_ms; /* replica.lag.time.max.ms */
	struct leadership_listener leadership;
	/* The log of a partition of this topic was made or attached, so a change of the topic's settings just before may
	 * have missed it; or it was deleted. No lock held, any thread. May be NULL. */
	void (*logs_changed)(void *arg, const char *topic);
	void *arg;
};

/* What copies partitions from their leaders (fetchers.h). Called one at a time, RANK_STATE_CHANGE held. */
struct partitions_fetching {
	void (*follow)(void *arg, struct partition *p, const struct image_broker *leader, int32_t leader_epoch,
	    struct uuid topic_id);
	void (*unfollow)(void *arg, struct partition *p); /* also when it is not followed */
	void (*set_topic_id)(void *arg, struct partition *p, struct uuid topic_id);
	void (*settle)(void *arg); /* a control request is done: who has nothing left to copy may end */
	void *arg;
};

struct partitions *partitions_new(const struct partitions_config *config);
/* Nobody uses it any more. Accepts NULL, returns NULL. */
struct partitions *partitions_free(struct partitions *ps);

/* Before the first control request; copied. Without it nothing is followed. */
void partitions_set_fetching(struct partitions *ps, const struct partitions_fetching *fetching);
/* Who copies logs between directories. The same. */
void partitions_set_mover(struct partitions *ps, struct mover *m);
/* Who carries proposals of other in-sync sets to the controller (isr_changes.h): called without a lock. The same. */
void partitions_set_proposer(struct partitions *ps, void (*propose)(void *arg, struct partition *p), void *arg);
/* Looks for followers that fell behind; every half of replica.lag.time.max.ms. */
void partitions_check_isrs(struct partitions *ps);
/* Lets every partition that is followed be followed anew, after the number of fetchers has changed. Waits. */
void partitions_follow_again(struct partitions *ps);

/* The broker epoch of the current registration in ZooKeeper, which fences requests meant for an earlier one. */
void partitions_set_broker_epoch(struct partitions *ps, int64_t epoch);
int64_t partitions_broker_epoch(struct partitions *ps);
int32_t partitions_controller_epoch(struct partitions *ps);

/* With a reference; NULL when absent. Offline ones are found too. */
struct partition *partitions_get(struct partitions *ps, struct str topic, int32_t index);
/* For a client's request (replication.md 5.1):
 *   0                             *ret has a reference
 *   KERR_KAFKA_STORAGE_ERROR      offline
 *   KERR_NOT_LEADER_OR_FOLLOWER   not here, but the cluster has it
 *   KERR_UNKNOWN_TOPIC_OR_PARTITION                                */
int partitions_find(struct partitions *ps, const struct image *image, struct str topic, int32_t index,
    struct partition **ret) MUST_CHECK;
/* Calls fn with each, without a lock held. */
void partitions_each(struct partitions *ps, void (*fn)(struct partition *p, void *arg), void *arg);

struct partitions_count {
	int32_t all, leaders, offline, under_min_isr, under_replicated;
};
void partitions_count(struct partitions *ps, struct partitions_count *ret);

/* Wakes those who wait for what `moved` (enum partition_moved) says. No lock held. */
void partitions_moved(struct partitions *ps, struct partition *p, unsigned moved);
/* min.insync.replicas of a topic is another one: fewer may be enough now for what waits. No lock held. */
void partitions_min_isr_moved(struct partitions *ps, const char *topic);
/* Storage under the partition failed with -errno `r`: its log directory goes offline, on another thread. */
void partitions_storage_failed(struct partitions *ps, struct partition *p, int r);
/* A log directory is offline: so are the partitions in it. Called through log_dirs' on_dir_offline. Waits. */
void partitions_dir_offline(struct partitions *ps, const char *dir);

/* AlterReplicaLogDirs: the log of a partition is to be in `dir`. May write files: workers.
 *   0    it is there, or is being copied there
 *   KERR_INVALID_TOPIC_EXCEPTION, KERR_LOG_DIR_NOT_FOUND, KERR_KAFKA_STORAGE_ERROR, KERR_UNKNOWN_TOPIC_OR_PARTITION
 *   KERR_REPLICA_NOT_AVAILABLE   it is not here; when it comes it will be created there
 *   -errno                                                                                           */
int partitions_move_to_dir(struct partitions *ps, struct str topic, int32_t index, const char *dir) MUST_CHECK;

/* --- requests of the controller. Results are in the arena, strings borrowed from the request. --- */

struct partition_result {
	struct str topic;
	struct uuid topic_id; /* zero when the request had none */
	int32_t index;
	int16_t error;
};
struct partition_results {
	int16_t error; /* of the request */
	struct partition_result *v;
	int32_t n;
};

/* `connection` is the serial number of the one the request came over; 0: of this process. What comes over an
 * earlier one than this controller has used already is not carried out: -ESTALE, and the connection is to be closed. Who is
 * at its other end still connects anew and is heard again.
 * 0, *ret is set; -ENOMEM when the arena is full. */
int partitions_leader_and_isr(struct partitions *ps, uint64_t connection, const struct leader_and_isr_request *req,
    struct arena *a, struct partition_results *ret) MUST_CHECK;
int partitions_stop_replica(struct partitions *ps, uint64_t connection, const struct stop_replica_request *req,
    struct arena *a, struct partition_results *ret) MUST_CHECK;
/* 0, -ESTALE, KERR_STALE_BROKER_EPOCH or KERR_STALE_CONTROLLER_EPOCH. Wakes those who wait for the topics named. */
int partitions_update_metadata(struct partitions *ps, uint64_t connection,
    const struct update_metadata_request *req) MUST_CHECK;

#endif
