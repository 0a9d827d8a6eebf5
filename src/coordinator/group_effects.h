/* group_effects.h - what a call on a group asks its caller to do.
 *
 * Owner: the caller's stack or thread; reused. Thread: the holder's. The caller performs the effects in their order,
 * still under the shard's lock: a reply goes out once for each waiter handed to group_join or group_sync, and
 * appends of one group must reach the log in the order in which they were asked for.
 * Strings and bytes in effects stay valid until reset: they are borrowed from here, from the request that was handed
 * in (its own reply), and from the group, which is not to be called with other effects meanwhile, nor freed.
 */
#ifndef COORDINATOR_GROUP_EFFECTS_H
#define COORDINATOR_GROUP_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct join_group_response_join_group_response_member; /* protocol/messages.h */

#define GROUP_NO_DEADLINE INT64_MAX

/* Answer to a JoinGroup. `error` is 0, a Kafka code, or -errno (kerr_of makes the code). With an error generation is
 * -1, leader "" and both protocols null, but for a static replacement whose append failed (coordinators.md 2.8). */
struct group_join_reply {
	void *waiter;
	int error;
	int32_t generation;
	struct str protocol_type, protocol_name; /* null: none */
	struct str leader, member_id;		 /* never null */
	bool skip_assignment;
	const struct join_group_response_join_group_response_member *members; /* only for the leader */
	int32_t members_n;
};

/* Answer to a SyncGroup. With an error the protocols are null and the assignment is empty. */
struct group_sync_reply {
	void *waiter;
	int error; /* as above */
	struct str protocol_type, protocol_name;
	struct bytes assignment; /* never null */
};

/* Append one record, one batch, with the wall time of the call as timestamp, no producer, base sequence -1. The
 * log's final answer goes to group_appended of the same group, if it still exists. */
struct group_append {
	int64_t id; /* > 0, never twice in a pool */
	struct bytes key, value;
};

enum group_effect_type { GROUP_JOIN_REPLY, GROUP_SYNC_REPLY, GROUP_APPEND };

struct group_effect {
	enum group_effect_type type;
	union {
		struct group_join_reply join;
		struct group_sync_reply sync;
		struct group_append append;
	};
};

struct group_effects {
	struct group_effect *v;
	size_t n, cap;
	/* The earliest deadline armed by the calls since the last reset (monotonic), GROUP_NO_DEADLINE: none. Call
	 * group_expire no later than at the earliest one seen; then ask group_deadline for the next. A deadline that
	 * is already past is due at once. */
	int64_t deadline;
	struct arena arena;
	struct buf **bufs; /* of append values */
	size_t bufs_n, bufs_cap;
	void **graves; /* memory that groups gave up */
	size_t graves_n, graves_cap;
};

void group_effects_init(struct group_effects *fx);
void group_effects_reset(struct group_effects *fx); /* keeps the memory of `v` */
void group_effects_fini(struct group_effects *fx);

#endif
