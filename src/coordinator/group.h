/* group.h - one consumer group of the classic protocol: its members, its rebalances; pure.
 *
 * Events in, effects out: a call changes memory and appends to `fx` what must happen (group_effects.h). Every
 * JoinGroup and SyncGroup is answered by exactly one effect, now or from a later call; the waiter is the caller's
 * handle for the request. Facts: coordinators.md 2, cited by number below.
 *
 * Owner: the shell's table of groups. Locks: the lock of the group's shard, held over each call and while its
 * effects are performed. Layer: coordinator; knows protocol, no log, no socket, no clock.
 *
 *	state			moves to (by)
 *	Empty			PreparingRebalance (a first member joins), Dead
 *	PreparingRebalance	CompletingRebalance (join complete), Empty (complete, nobody left), Dead
 *	CompletingRebalance	Stable (assignment persisted), PreparingRebalance, Dead
 *	Stable			PreparingRebalance (join with new data, leave, expiry), Dead
 *	Dead			nothing (group_unload, group_delete, group_clean)
 *
 *	asked, by a valid member	Empty		Preparing		Completing		Stable
 *	JoinGroup			25		parked			same data: at once,	follower, same data: at
 *								else rebalance		once, else rebalance
 *	SyncGroup			25		27			parked			assignment
 *	Heartbeat			25		27			0			0
 *	OffsetCommit			25 (gen -1: 0)	0			27			0
 *	(25 UNKNOWN_MEMBER_ID, 27 REBALANCE_IN_PROGRESS); Dead answers everything COORDINATOR_NOT_AVAILABLE.
 *
 *	timers (2.7): one per member, 5 minutes while its first join is parked, none while another join or a sync is
 *	parked, its session timeout otherwise; one per pending member id; join in PreparingRebalance; sync in
 *	CompletingRebalance and Stable while a member of the generation has not synced.
 */
#ifndef COORDINATOR_GROUP_H
#define COORDINATOR_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "coordinator/group_effects.h"
#include "coordinator/group_pool.h"

struct group;
struct group_member;
struct join_group_request_join_group_request_protocol;	/* protocol/messages.h */
struct sync_group_request_sync_group_request_assignment;

enum group_state { GROUP_EMPTY, GROUP_PREPARING, GROUP_COMPLETING, GROUP_STABLE, GROUP_DEAD };

/* --- life --- */

/* An Empty group without offsets; its id is copied. NULL when memory is short. */
struct group *group_new(struct group_pool *pool, struct str id, struct group_now now) MUST_CHECK;
/* Nobody waits in it any more (group_unload, or state Empty or Dead). Commits on their way are cut off from it and
 * are still to be ended. Accepts NULL, returns NULL. */
struct group *group_free(struct group *g);

/* The partition moves to another broker: every waiter gets NOT_COORDINATOR, the group is Dead; free it then. */
void group_unload(struct group *g, struct group_effects *fx);

/* --- members --- */

/* Row 4 of 2.8, before the group is looked up. 0 | KERR_INVALID_SESSION_TIMEOUT. */
int group_check_session_timeout(const struct group_settings *s, int32_t session_timeout_ms);

struct group_join {
	struct str member_id;	/* "" or what the broker gave out */
	struct str instance_id; /* null: a dynamic member */
	struct str client_id, client_host;
	struct str protocol_type;
	struct str reason;	/* only logged; null: not given */
	int32_t session_timeout_ms;
	int32_t rebalance_timeout_ms; /* v0: the session timeout */
	const struct join_group_request_join_group_request_protocol *protocols;
	int32_t protocols_n;
	bool require_known_member_id; /* version >= 4, no instance id, empty member id */
	bool skip_assignment;	      /* version >= 9 */
	void *waiter;
};

/* JoinGroup from row 6 of 2.8 on. A group that is not there is made by the caller for an empty member id, and
 * answered UNKNOWN_MEMBER_ID for another. The request's bytes are copied. */
void group_join(struct group *g, struct group_now now, const struct group_join *in, struct group_effects *fx);

struct group_sync {
	struct str member_id, instance_id;	 /* instance id null: none */
	struct str protocol_type, protocol_name; /* null: not given (below v5) */
	int32_t generation;
	const struct sync_group_request_sync_group_request_assignment *assignments;
	int32_t assignments_n;
	void *waiter;
};

/* SyncGroup from row 7 of 2.10 on. */
void group_sync(struct group *g, struct group_now now, const struct group_sync *in, struct group_effects *fx);

/* 0 | the code of 2.11. Costs one look-up: it only moves the member's deadline away. */
int group_heartbeat(struct group *g, struct group_now now, struct str member_id, struct str instance_id,
		    int32_t generation);

/* One entry of a LeaveGroup; v0-2 have one, without instance id. A group that is Dead is for the caller to see
 * first (top level error). 0 | UNKNOWN_MEMBER_ID | FENCED_INSTANCE_ID. */
int group_leave(struct group *g, struct group_now now, struct str member_id, struct str instance_id,
		struct str reason, struct group_effects *fx);

/* The log's final answer to the GROUP_APPEND effect `id`: 0 or its error, which is mapped as in 2.3. An id that
 * the group has moved on from is ignored. */
void group_appended(struct group *g, struct group_now now, int64_t id, int error, struct group_effects *fx);

/* Handles what is due. */
void group_expire(struct group *g, struct group_now now, struct group_effects *fx);
/* The next deadline, GROUP_NO_DEADLINE: none. Looks at every member. */
int64_t group_deadline(const struct group *g);

/* --- removal (2.16, 2.17); the records to write come in a struct group_removal (group_offsets.h) --- */

struct group_removal;

/* DeleteGroups. 0: Dead, `out` has the tombstones; write them, then free the group.
 * KERR_NON_EMPTY_GROUP | KERR_GROUP_ID_NOT_FOUND (Dead; the caller tells it from NOT_COORDINATOR) */
int group_delete(struct group *g, struct group_removal *out);
/* OffsetDelete: may offsets be deleted at all? 0 | KERR_NON_EMPTY_GROUP | KERR_GROUP_ID_NOT_FOUND. Then per topic
 * group_subscribed, and group_offset_remove for what may go, and group_clean. */
int group_check_offset_delete(const struct group *g);
/* Do members consume the topic? True too when that is not known; false in an Empty group. */
bool group_subscribed(const struct group *g, struct str topic);
/* After offsets were removed: an Empty group with no offsets and nothing pending becomes Dead; `out` then says so,
 * and the caller writes the tombstones and frees the group. */
void group_clean(struct group *g, struct group_removal *out);

/* --- views; valid until the next call on the group that changes it --- */

struct group_view {
	struct str id;
	enum group_state state;
	const char *state_name;
	struct str protocol_type; /* "" when unset */
	struct str protocol_name; /* null when unset. DescribeGroups shows it, and what members say, only in Stable */
	struct str leader;	  /* null: none */
	int32_t generation;
	int64_t state_timestamp_ms; /* wall; -1: not known */
	size_t members_n, pending_members_n;
};

struct group_member_view {
	struct str id, instance_id; /* instance id null: none */
	struct str client_id, client_host;
	int32_t session_timeout_ms, rebalance_timeout_ms;
	struct bytes metadata;	 /* for the chosen protocol; empty unless Stable */
	struct bytes assignment; /* empty unless Stable */
};

enum group_state group_state(const struct group *g);
const char *group_state_name(enum group_state s); /* as on the wire: "PreparingRebalance" */
struct str group_id(const struct group *g);
void group_view(const struct group *g, struct group_view *ret);
/* Members in the order in which they came; start with NULL, ends with NULL. */
const struct group_member *group_member_next(const struct group *g, const struct group_member *m);
void group_member_view(const struct group *g, const struct group_member *m, struct group_member_view *ret);

/* Asserts every invariant; for tests. The calls above check the cheap ones themselves. */
void group_check(const struct group *g);

#endif
