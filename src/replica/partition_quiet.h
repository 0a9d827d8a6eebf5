/* partition_quiet.h - partitions in which nothing happens between a follower's fetches, seen without reading them.
 *
 * Quiet: the follower has everything, all of it is committed, and it was told so.
 *
 * Thread: any. Locks: each takes the partition's. Layer: replica.
 */
#ifndef REPLICA_PARTITION_QUIET_H
#define REPLICA_PARTITION_QUIET_H

#include <stdbool.h>
#include <stdint.h>

struct partition;

struct quiet_point {
	int32_t leader_epoch;
	int64_t start, end; /* of our log; the high watermark is at the end too */
};

/* Who fetches. */
struct quiet_fetcher {
	int32_t replica_id;
	int32_t session;      /* the fetch session's id */
	int64_t broker_epoch; /* -1: not given */
	uint64_t connection;  /* serial number of the one it came over */
	int64_t now_ms;	      /* monotonic */
};

/* Do we lead, and is nothing new since? */
bool partition_is_quiet(struct partition *p, const struct quiet_point *q);
/* The same for a follower in sync that fetches there again: partition_read would find nothing, and change nothing but when
 * the follower was last heard of. True: that is noted, and need not be read. */
bool partition_fetched_quietly(struct partition *p, const struct quiet_point *q, const struct quiet_fetcher *by);
/* Do we lead in this epoch, and is that our end? */
bool partition_is_at(struct partition *p, int32_t leader_epoch, int64_t end);
/* The sessions in which followers did not read the partition at their last fetch: at most `cap` ids, of the followers from
 * *from on, which moves on. Returns how many, 0 at the end. */
int32_t partition_quiet_sessions(struct partition *p, int32_t *from, int32_t *ids, int32_t cap);

#endif
