/* partition_priv.h - the layout of a partition, and its gate, for partition.c and partition_follower.c. */
#ifndef REPLICA_PARTITION_PRIV_H
#define REPLICA_PARTITION_PRIV_H

#include <stdatomic.h>

#include "base/lock.h"
#include "replica/isr.h"
#include "replica/partition.h"

/* Whether we still lead, when a producer seems to have been at the next leader already. */
struct leadership_doubt {
	int64_t since_ms, last_ms; /* the first and the last refusal of this doubt; 0: none */
};

struct partition {
	atomic_int refs;
	const struct partition_env *env;
	char *topic;
	int32_t index;

	struct lock lock; /* RANK_PARTITION: guards all below */
	struct cond gate; /* appending became 0, or changing ended */
	int appending; /* appends, and a follower's truncations */
	bool changing;

	struct log *log; /* counted; NULL: none yet, offline or stopped */
	struct log *future; /* counted; the copy in another directory that is being made */
	struct disk_pace *pace; /* of the log's directory; owned by struct partitions */
	bool offline;
	int32_t leader; /* -1: none */
	int32_t leader_epoch; /* -1 before the first decision */
	int32_t partition_epoch;
	int32_t controller_epoch;
	int64_t epoch_start; /* leader: our end offset when the epoch began; -1 else */
	struct isr isr;
	struct leadership_doubt doubt;
};

/* Locks: p->lock held for all of these. */
bool partition_leads(const struct partition *p);
/* Leading: raises the high watermark to where it may be. */
unsigned partition_advance_locked(struct partition *p);
/* Leading: proposes to add a broker that has just fetched, if it may join. */
unsigned partition_try_expand(struct partition *p, int32_t broker);
/* `arg`: a struct partition_env. */
bool partition_broker_is_alive(void *arg, int32_t broker);

/* The gate. Locks: p->lock held; released while waiting. One change at a time, of the role or of the log's place; it keeps
 * out who appends. Who goes in counts `appending` up after waiting for a change to end. */
void partition_change_begin(struct partition *p);
void partition_change_end(struct partition *p);
void partition_await_change(struct partition *p);
void partition_leave(struct partition *p);

#endif
