/* partition.h - one partition that this broker hosts: its role, its epochs, its in-sync set, its high watermark.
 *
 * Leadership comes from the controller (partitions.h applies the requests); records go through here to the log.
 * Decisions are isr.h's; the log keeps the bytes and the high watermark.
 *
 * Owner: struct partitions; counted. Thread: any. Locks: RANK_PARTITION, held for a few loads and stores, never
 * across an append or a file access. An append holds the partition's gate open instead: a change of leadership
 * waits until the appends inside are through, and appends that come meanwhile wait for the change.
 * After a call that sets `moved` the caller, holding no lock, calls partitions_moved, which wakes waiting requests.
 */
#ifndef REPLICA_PARTITION_H
#define REPLICA_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/uuid.h"
#include "storage/log.h"

struct clock;
struct disk_pace;
struct log_dirs;
struct metadata;
struct partition;

/* What all partitions share; outlives them. */
struct partition_env {
	int32_t broker_id;
	const struct clock *clock;
	struct metadata *metadata;	/* which brokers are alive */
	struct log_dirs *log_dirs;	/* truncation: checkpoints, and no cleaner at work */
	int64_t replica_lag_time_max_ms; /* replica.lag.time.max.ms */
};

/* What happened, for those who wait (replication.md 10.1). */
enum partition_moved {
	MOVED_END = 1u << 0,		/* the log end offset: followers may read on */
	MOVED_HIGH_WATERMARK = 1u << 1, /* consumers may read on, producers are acknowledged */
	MOVED_LOW_WATERMARK = 1u << 2,	/* records were deleted, or a follower's start moved */
	MOVED_ROLE = 1u << 3,		/* not the leader any more, stopped, failed */
	MOVED_ISR = 1u << 4,		/* another in-sync set is to be proposed: partition_proposal */
};

/* The controller's word on one partition (LeaderAndIsr). */
struct leadership {
	int32_t controller_epoch, leader, leader_epoch, partition_epoch;
	const int32_t *replicas, *isr, *adding, *removing; /* borrowed */
	int32_t replicas_n, isr_n, adding_n, removing_n;
};

struct partition *partition_new(const char *topic, int32_t index, const struct partition_env *env);
struct partition *partition_ref(struct partition *p);
struct partition *partition_unref(struct partition *p); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct partition *, partition_unref)

const char *partition_topic(const struct partition *p);
int32_t partition_index(const struct partition *p);
/* The log, with a reference; NULL when none is attached (not created yet, or its directory failed). */
struct log *partition_log(struct partition *p);
int64_t partition_log_start(struct partition *p); /* -1: no log */
bool partition_is_leader(struct partition *p);
bool partition_is_offline(struct partition *p);
int32_t partition_leader_epoch(struct partition *p);
/* Leading, and the broker is in the in-sync set that the controller knows. */
bool partition_is_in_sync(struct partition *p, int32_t broker);
/* Leader id (-1: none) and epoch as known here, for current_leader in answers. */
void partition_leader(struct partition *p, int32_t *ret_leader, int32_t *ret_epoch);

/* --- what the controller decides; one at a time (RANK_STATE_CHANGE held by the caller) --- */

/* Gives the partition its log (a reference is taken) and starts the log's high watermark from its checkpoint. */
void partition_attach(struct partition *p, struct log *log, struct disk_pace *pace,
    int64_t checkpointed_high_watermark);
/* Become, or stay, leader. The log is attached. Skipped when the partition epoch is old (*ret_moved is 0).
 * 0 | -errno: the log directory failed. */
int partition_make_leader(struct partition *p, const struct leadership *l, unsigned *ret_moved) MUST_CHECK;
/* Become follower of l->leader. The log is attached. */
void partition_make_follower(struct partition *p, const struct leadership *l, unsigned *ret_moved);
/* The log directory failed: drops the log; everything answers KAFKA_STORAGE_ERROR from now on. */
void partition_set_offline(struct partition *p);
/* The partition was deleted from this broker: drops the log; everything answers NOT_LEADER_OR_FOLLOWER. */
void partition_stop(struct partition *p);

/* --- records --- */

/* Appends as leader. Besides log_append_as_leader's answers: NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR (offline),
 * NOT_ENOUGH_REPLICAS (acks -1 and too few in sync). On success acks=-1 waits for
 * partition_check_acks(p, info->last_offset + 1).
 * -errno: the caller reports the directory (partitions_storage_failed). */
int partition_append(struct partition *p, uint8_t *data, size_t len, int16_t acks, enum append_origin origin,
    int16_t produce_version, struct arena *arena, struct log_append_info *ret, unsigned *ret_moved) MUST_CHECK;
/* Is it likely that an append would wait for the disk? Then it is a worker's job. */
bool partition_disk_stalls(struct partition *p);
/* Has everything below `required` been replicated as acks=-1 asks? True: decided, *ret_error is 0,
 * NOT_ENOUGH_REPLICAS_AFTER_APPEND, NOT_LEADER_OR_FOLLOWER or KAFKA_STORAGE_ERROR. False: not yet. */
bool partition_check_acks(struct partition *p, int64_t required, int16_t *ret_error);

/* --- a follower's copy (replication.md 7); `epoch` is the leader epoch the caller follows in --- */

struct follower_append {
	int64_t next_offset;	/* to fetch from now on */
	int64_t high_watermark; /* as it is now */
	int32_t last_epoch;	/* of the last batch, -1: nothing was appended */
	size_t bytes;		/* received, when something was appended */
	unsigned moved;		/* enum partition_moved */
};

/* Appends what the leader sent from `offset` on (patched nowhere; a batch that is cut off at the end is left out), then
 * takes over its high watermark and log start offset.
 *   0
 *   KERR_FENCED_LEADER_EPOCH      not the follower in that epoch any more: nothing was done
 *   KERR_KAFKA_STORAGE_ERROR      offline
 *   KERR_CORRUPT_MESSAGE, KERR_INVALID_RECORD   damaged on the way: fetch again
 *   KERR_OFFSET_OUT_OF_RANGE, KERR_RECORD_LIST_TOO_LARGE   does not fit the log: cannot go on
 *   -errno                        the log directory failed                                              */
int partition_append_as_follower(struct partition *p, int32_t epoch, int64_t offset, uint8_t *data, size_t len,
    int64_t leader_high_watermark, int64_t leader_start, struct follower_append *ret) MUST_CHECK;
/* Cuts the log off at `offset`, which may be below the high watermark; at or above the end only epochs without
 * records go. Errors as above. */
int partition_truncate(struct partition *p, int32_t epoch, int64_t offset) MUST_CHECK;
/* Drops everything and starts the log at `offset`. */
int partition_restart_at(struct partition *p, int32_t epoch, int64_t offset) MUST_CHECK;

struct partition_read {
	int32_t replica_id;	    /* < 0: a client; else the follower that asks */
	int32_t leader_epoch;	    /* current_leader_epoch, -1: not given */
	int32_t last_fetched_epoch; /* -1: not given */
	int64_t offset;
	int64_t follower_start;	    /* a follower's log start offset */
	int64_t follower_broker_epoch;
	uint64_t connection; /* serial number of the one it came over; 0: of none */
	struct uuid topic_id;	    /* zero: not given */
	size_t max_bytes;
	enum fetch_isolation isolation;
	bool min_one_message;
	bool leader_only;
	bool update_follower; /* the first read of a request, not the re-read of a waiting one */
};

struct partition_data {
	struct log_slice slice; /* release with log_slice_fini on 0 */
	bool elsewhere;		/* no records: the consumer is to read from another replica (partition_look) */
	bool diverging;		/* no records: the follower or client must go back to ... */
	int32_t diverging_epoch;
	int64_t diverging_end;
};

/* 0, or KAFKA_STORAGE_ERROR, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER,
 * INCONSISTENT_TOPIC_ID, OFFSET_OUT_OF_RANGE, in this order (protocol.md 10.1); -errno. */
int partition_read(struct partition *p, const struct partition_read *q, struct arena *arena,
    struct partition_data *ret, unsigned *ret_moved) MUST_CHECK;

/* The checks and the offsets of partition_read, without reading: for a consumer that is sent elsewhere. */
int partition_look(struct partition *p, const struct partition_read *q, struct partition_data *ret) MUST_CHECK;

/* For a waiting fetch, without touching record bytes: how many bytes partition_read would find now, at most
 * q->max_bytes; -1: the answer would be an error or a divergence, so there is nothing to wait for. */
int64_t partition_available(struct partition *p, const struct partition_read *q);

/* The epoch and leadership checks alone: 0, KAFKA_STORAGE_ERROR, 74, 75, 6. On 0 *ret_log has a reference. */
int partition_check(struct partition *p, int32_t leader_epoch, bool leader_only, struct log **ret_log) MUST_CHECK;

/* The readable end of `isolation`, for ListOffsets "latest" (KIP-207). KERR_OFFSET_NOT_AVAILABLE while the high
 * watermark of a fresh leader is below the start of its epoch (clients only). */
int partition_end_for(struct partition *p, struct log *log, enum fetch_isolation isolation, int64_t *ret) MUST_CHECK;

/* Moves the log start offset up; offset -1: the high watermark. 0, NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR,
 * POLICY_VIOLATION (not cleanup.policy=delete), OFFSET_OUT_OF_RANGE; -errno. */
int partition_delete_records(struct partition *p, int64_t offset, int64_t *ret_offset, int64_t *ret_low,
    unsigned *ret_moved) MUST_CHECK;
/* Has the low watermark reached `offset`? As partition_check_acks; *ret_low is -1 on an error. */
bool partition_check_low(struct partition *p, int64_t offset, int64_t *ret_low, int16_t *ret_error);

/* Tries to raise the high watermark (a configuration, the in-sync set or the living brokers changed). Returns what moved. */
unsigned partition_advance(struct partition *p);

/* --- a move between log directories (replication.md 11.3, mover.h) --- */

/* The copy that is being made: a reference is taken. NULL: none (any more). Records may not be gone before it lost them. */
void partition_set_future(struct partition *p, struct log *future);
/* The copy, with a reference; NULL: none. */
struct log *partition_future(struct partition *p);
/* When `future` is still the partition's copy and ends where the log ends: runs replace(arg) while nobody appends, then
 * goes on with the copy as the log, with its directory's pace, and the mark of the old one.
 *   0        done
 *   -EAGAIN  not at the end yet | -ECANCELED the copy is not wanted any more
 *   > 0, -errno  as replace says: nothing has changed                                              */
int partition_swap_future(struct partition *p, struct log *future, struct disk_pace *pace, int (*replace)(void *arg),
    void *arg) MUST_CHECK;

/* --- the in-sync set (replication.md 6) --- */

/* Looks for members that fell behind: MOVED_ISR when a smaller set is to be proposed. */
unsigned partition_check_isr(struct partition *p);

/* A change of the set on its way to the controller, or to ZooKeeper. */
struct isr_proposal {
	struct partition *p; /* counted */
	uint64_t change;     /* which change of the partition this is */
	struct uuid topic_id; /* zero: none */
	int32_t leader_epoch, partition_epoch, controller_epoch; /* the controller that made us leader */
	int32_t *isr; /* owned */
	int32_t isr_n;
};
/* False when nothing is on its way. On true the caller owns *ret: isr_proposal_fini. */
bool partition_proposal(struct partition *p, struct isr_proposal *ret);
void isr_proposal_fini(struct isr_proposal *q);

/* What the controller answered: `code` 0 and the state it has now, or an error. True: the same proposal is to be sent
 * again. *ret_moved as everywhere. Nothing happens when the partition has changed since. */
struct isr_answer {
	int16_t code;
	int32_t leader_epoch, partition_epoch;
	const int32_t *isr; /* borrowed */
	int32_t isr_n;
};
bool partition_isr_answered(struct partition *p, const struct isr_proposal *q, const struct isr_answer *a,
    unsigned *ret_moved);

/* An in-sync follower that has `offset`, for consumers that would rather read there (KIP-392). */
struct replica_choice {
	int32_t broker_id;
	int64_t end_offset;
	int64_t since_caught_up_ms;
};
/* Fills at most `max`; returns how many there are. -1: we are not the leader. */
int32_t partition_choices(struct partition *p, int64_t offset, struct replica_choice *v, int32_t max);

/* For log lines and tests. */
struct partition_view {
	int32_t leader, leader_epoch, partition_epoch, controller_epoch;
	int64_t epoch_start, high_watermark, end_offset;
	int32_t isr_n, replicas_n;
	int32_t min_isr; /* of a leader: min(min.insync.replicas, replicas) */
	bool offline, is_leader;
};
void partition_view(struct partition *p, struct partition_view *ret);

#endif
