/* partitions_priv.h - the layout of the table, for partitions.c and control.c. */
#ifndef REPLICA_PARTITIONS_PRIV_H
#define REPLICA_PARTITIONS_PRIV_H

#include <stdatomic.h>

#include "base/lock.h"
#include "replica/mover.h"
#include "replica/disk_pace.h"
#include "replica/partitions.h"

enum { PARTITION_NAME_MAX = 249 };

struct partition_row;

struct pace_row {
	struct pace_row *next;
	char *dir;
	struct disk_pace pace;
};

struct partitions {
	struct partitions_config config;
	struct partition_env env;

	struct lock state_change; /* RANK_STATE_CHANGE: one control request or failure at a time */
	_Atomic int32_t controller_epoch; /* written under state_change */
	uint64_t controller_connection;	  /* the last one of that controller; 0: none. Under state_change */
	_Atomic int64_t broker_epoch;

	struct partitions_fetching fetching; /* used under state_change; all NULL: nothing is followed */

	void (*propose)(void *arg, struct partition *p); /* NULL: nobody */
	void *propose_arg;
	struct mover *mover; /* NULL: nobody */

	struct lock lock; /* RANK_TABLE: guards what follows */
	struct partition_row *rows;
	struct pace_row *paces; /* one per log directory; live as long as we do */
};

/* A name becomes part of a path: 1 to 249 characters of [a-zA-Z0-9._-]. */
bool partitions_name_is_legal(struct str name);
/* Locks: state_change held. With a reference; made when absent. NULL for a name that is not legal. */
struct partition *partitions_get_or_make(struct partitions *ps, struct str topic, int32_t index);
/* Locks: state_change held. Takes the partition out of the table. */
void partitions_remove(struct partitions *ps, struct partition *p);
/* Locks: state_change held for all of these. Calls of `fetching`, if there is one. */
/* `topic_id` is the one the controller tells just now, zero when it tells none: the leader heard the same, and would not
 * find an id that only the log remembers. */
void partitions_follow(struct partitions *ps, const struct image *image, struct partition *p, struct uuid topic_id);
void partitions_unfollow(struct partitions *ps, struct partition *p);
void partitions_settle(struct partitions *ps);
/* Locks: state_change held. Goes on with a copy that an earlier run has begun; ends one. */
void partitions_resume_move(struct partitions *ps, struct partition *p);
void partitions_end_move(struct partitions *ps, struct partition *p);
struct disk_pace *partitions_pace(struct partitions *ps, const char *dir);
/* Locks: none held. A broker is not alive any more: neither watermark waits for it. */
void partitions_broker_left(struct partitions *ps);
/* Locks: state_change held. */
void partitions_tell_resigned(struct partitions *ps, struct str topic, int32_t index, int32_t leader_epoch);

#endif
