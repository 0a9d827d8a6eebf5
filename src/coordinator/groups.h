/* groups.h - all consumer groups that this broker coordinates.
 *
 * A group belongs to one partition of __consumer_offsets; while this broker leads the partition it coordinates the
 * group. Each partition has a shard here: what stands in the log, its groups (group.h) in memory, one lock. Whatever is
 * asked of a group, the shell looks the shard up, calls the group under the lock and performs the effects: appends
 * still under it, so that a group's records are never reordered; answers after it.
 *
 * Owner: broker/startup. Thread: any. Locks: RANK_GROUPS inside. Layer: coordinator.
 */
#ifndef COORDINATOR_GROUPS_H
#define COORDINATOR_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/list.h"
#include "base/str.h"
#include "coordinator/group.h"
#include "coordinator/group_offsets.h"
#include "record/compress.h"

struct clock;
struct delayed;
struct describe_groups_response_described_group; /* protocol/messages.h */
struct groups;
struct list_groups_response_listed_group;
struct partitions;

struct groups_config {
	int32_t partitions_n;	     /* of __consumer_offsets, as of the start (coordinators.md 1.2) */
	struct group_settings group; /* of each */
	const struct clock *clock;
	struct partitions *partitions;
	struct delayed *delayed;
	int32_t load_buffer_bytes;    /* offsets.load.buffer.size */
	int16_t required_acks;	      /* offsets.commit.required.acks */
	int32_t commit_timeout_ms;    /* offsets.commit.timeout.ms */
	enum codec codec;	      /* offsets.topic.compression.codec */
	int64_t retention_check_ms;   /* offsets.retention.check.interval.ms */
};

struct groups *groups_new(const struct groups_config *c);
/* Starts its threads; requests are answered from now on. */
int groups_start(struct groups *gs) MUST_CHECK;
/* Whoever waits gets NOT_COORDINATOR; from now on everybody COORDINATOR_NOT_AVAILABLE. Appends under way still end,
 * so the delayed operations are stopped first. */
void groups_stop(struct groups *gs);
struct groups *groups_free(struct groups *gs); /* stopped; accepts NULL, returns NULL */

/* --- what a struct leadership_listener hears of __consumer_offsets; these never wait --- */

void groups_elected(struct groups *gs, int32_t partition, int32_t leader_epoch);
void groups_resigned(struct groups *gs, int32_t partition, int32_t leader_epoch); /* -1: whatever the epoch */
/* Any topic's partition is deleted: so are the offsets that were committed for it. */
void groups_partition_deleted(struct groups *gs, struct str topic, int32_t partition);

/* --- for every request --- */

int32_t groups_partition_of(const struct groups *gs, struct str group_id);
/* Is a call about this group likely to wait for the disk? Then it is a worker's job. */
bool groups_stall(const struct groups *gs, struct str group_id);
/* offset.metadata.max.bytes, for commits that do not come here (OffsetCommit v0). */
bool groups_metadata_fits(const struct groups *gs, struct str metadata);

/* What the calls below return > 0 first of all (coordinators.md 2.6): KERR_INVALID_GROUP_ID,
 * KERR_COORDINATOR_NOT_AVAILABLE, KERR_COORDINATOR_LOAD_IN_PROGRESS, KERR_NOT_COORDINATOR. */

/* --- members --- */

/* Who waits for an answer. Lives until `send`, which is called exactly once. */
struct groups_waiter {
	struct list link; /* private */
	/* Takes the answer over: it borrows. JoinGroup: e->join, SyncGroup: e->sync. Calls nothing of the coordinator:
	 * the group is locked. */
	void (*answer)(struct groups_waiter *w, const struct group_effect *e);
	/* Ends the request; any thread, perhaps before the call returns that was handed the waiter. */
	void (*send)(struct groups_waiter *w);
};

/* in->waiter is set here. */
void groups_join(struct groups *gs, struct str group_id, struct group_join *in, struct groups_waiter *w);
void groups_sync(struct groups *gs, struct str group_id, struct group_sync *in, struct groups_waiter *w);
/* The code to answer. */
int groups_heartbeat(struct groups *gs, struct str group_id, struct str member_id, struct str instance_id,
    int32_t generation);

struct groups_leaving {
	struct str member_id, instance_id, reason; /* the latter null: not given */
	int error;				   /* set */
};
/* 0: each has its error | > 0 for the whole request. */
int groups_leave(struct groups *gs, struct str group_id, struct groups_leaving *v, int32_t n) MUST_CHECK;

/* --- offsets --- */

struct groups_commit {
	struct groups_waiter waiter; /* `answer` is not used */
	struct group_commit_request request; /* the answer is in its items */
	int error;			     /* set: for every item, when not 0 */
};
/* Stores, and calls waiter.send when that is decided. */
void groups_commit(struct groups *gs, struct str group_id, struct groups_commit *c);

struct groups_fetched {
	struct group_offset offset; /* topic and partition are asked for; strings are in the arena */
	int error;		    /* 0 | KERR_UNSTABLE_OFFSET_COMMIT */
};
/* 0 | > 0 for the whole group | -ENOMEM the arena is full. An unknown group has no offsets. */
int groups_fetch(struct groups *gs, struct str group_id, bool require_stable, struct groups_fetched *v, size_t n,
    struct arena *a) MUST_CHECK;
/* All there are, sorted by topic and partition, in the arena. */
int groups_fetch_all(struct groups *gs, struct str group_id, bool require_stable, struct arena *a,
    struct groups_fetched **ret, size_t *ret_n) MUST_CHECK;

/* --- administration --- */

/* Fills all but the group's id, the error and the authorized operations; everything is in the arena.
 * 0 (an unknown group is Dead) | > 0 | -ENOMEM */
int groups_describe(struct groups *gs, struct str group_id, struct arena *a,
    struct describe_groups_response_described_group *ret) MUST_CHECK;

struct groups_filter {
	const struct str *states, *types; /* any of these, whatever the case; none: all */
	int32_t states_n, types_n;
};
/* 0 | KERR_COORDINATOR_NOT_AVAILABLE | KERR_COORDINATOR_LOAD_IN_PROGRESS: the list is of what is loaded | -ENOMEM */
int groups_list(struct groups *gs, const struct groups_filter *f, struct arena *a,
    struct list_groups_response_listed_group **ret, int32_t *ret_n) MUST_CHECK;

/* 0 | > 0 as above | KERR_GROUP_ID_NOT_FOUND | KERR_NON_EMPTY_GROUP. Appends: may wait for the disk. */
int groups_delete(struct groups *gs, struct str group_id) MUST_CHECK;

struct groups_offset_deletion {
	struct str topic;
	int32_t partition;
	int error; /* set: 0 | KERR_GROUP_SUBSCRIBED_TO_TOPIC */
};
/* 0: each has its error | > 0 for the whole request, as groups_delete. */
int groups_delete_offsets(struct groups *gs, struct str group_id, struct groups_offset_deletion *v, size_t n)
    MUST_CHECK;

/* --- numbers --- */

struct groups_counts {
	int32_t owned, loading; /* partitions */
	struct group_pool_counts groups; /* of all of them */
};
void groups_count(struct groups *gs, struct groups_counts *ret);

#endif
