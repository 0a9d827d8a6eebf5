/* group_priv.h - the layout of a group, for the files that make one up: group (life, views), group_members (who is in
 * it, and what they support), group_join, group_static (static members that come back), group_sync, group_rebalance
 * (preparing, completing, timers), group_offsets, group_removal, group_load.
 *
 * Memory that effects of a call may borrow is not freed in that call but buried; it goes with the effects.
 */
#ifndef COORDINATOR_GROUP_PRIV_H
#define COORDINATOR_GROUP_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"
#include "base/str.h"
#include "base/table.h"
#include "coordinator/group.h"
#include "coordinator/group_effects.h"
#include "coordinator/group_offsets_priv.h"
#include "coordinator/group_pool.h"
#include "coordinator/topic_set.h"

#define GROUP_NEW_MEMBER_TIMEOUT_MS 300000 /* Kafka 3.9, GroupCoordinator.NewMemberJoinTimeoutMs */
#define GROUP_PROTOCOLS_MAX	    1000   /* of a member */
#define GROUP_PENDING_MAX	    10000  /* member ids given out and not yet used, per group */
#define GROUP_REPEAT_MS		    100    /* least wait before a join that nobody answered is looked at again */

#define NO_BYTES ((struct bytes){ (const uint8_t *)"", 0 })

/* --- members --- */

/* A protocol name that some member offers. */
struct protocol {
	UT_hash_handle hh;
	size_t refs;	/* by lists of members, and as the chosen one */
	size_t members; /* that offer it */
	size_t votes;
	uint64_t counted; /* the pass that counted it, for lists that name it twice */
	struct str name;  /* points behind the struct */
};

struct member_protocol {
	struct protocol *protocol;
	struct bytes metadata;
};

/* What a member offers, in its order of preference. One allocation, metadata included. */
struct offer {
	int32_t n;
	struct member_protocol v[];
};

/* A static member that came back and is being written to the log (coordinators.md 2.8). */
struct replacement {
	int64_t append_id;
	struct str old_id; /* owned */
	struct str old_leader; /* owned */
	struct offer *old_offer;
	int32_t old_session_ms, old_rebalance_ms;
	bool skip_assignment;
};

struct group_member {
	struct list link; /* group->members */
	UT_hash_handle by_id, by_instance;
	struct str id;		/* owned */
	struct str instance_id; /* null: dynamic; with client id and host behind the struct */
	struct str client_id, client_host;
	int32_t session_timeout_ms, rebalance_timeout_ms;
	struct offer *offer;
	struct bytes assignment;      /* owned unless empty */
	struct bytes next_assignment; /* of the append in flight */
	struct replacement *replacement; /* NULL: none in flight */
	void *join_waiter, *sync_waiter;
	bool awaiting_join, awaiting_sync;
	bool is_new;	   /* its first join is parked */
	bool pending_sync; /* of this generation */
	int64_t deadline;  /* GROUP_NO_DEADLINE while parked, unless new */
};

/* An id that was given out with MEMBER_ID_REQUIRED. */
struct pending_member {
	UT_hash_handle hh;
	int64_t deadline;
	struct str id; /* points behind the struct */
};

struct group {
	struct group_pool *pool;
	struct str id; /* owned */
	enum group_state state;
	int64_t state_timestamp_ms;
	int32_t generation;
	struct str protocol_type; /* owned; null: unset */
	struct protocol *protocols, *protocol; /* all, and the chosen one (NULL: none) */
	uint64_t counting;
	struct list members;
	struct group_member *ids, *instances;
	size_t members_n, statics_n, awaiting_join_n, pending_sync_n;
	struct group_member *leader; /* NULL exactly without members */
	struct pending_member *pending_members;
	size_t pending_members_n;
	/* the join operation of PreparingRebalance */
	bool join_initial, new_member_added;
	int64_t join_deadline, join_waited_ms, join_remaining_ms;
	int64_t sync_deadline;
	int64_t assignment_id; /* of the leader's assignment in flight; 0: none */
	int64_t empty_id;      /* of the last record without members; 0: answered */
	bool subscribed_known;
	struct topic_set subscribed;
	struct group_offsets offsets;
	void **graves;
	size_t graves_n, graves_cap;
};

/* group.c */
void group_move(struct group *g, struct group_now now, enum group_state to);
void group_begin_stable(struct group *g); /* of a new one that was loaded with members */
void group_bury(struct group *g, void *memory);	     /* NULL is fine */
/* The end of every call with effects: what was buried goes to them, and the cheap invariants are checked. */
void group_settle(struct group *g, struct group_effects *fx);
void group_check_counts(const struct group *g);
/* The text for log lines: escaped as str_quote does, without the quotes. */
#define GROUP_TEXT_MAX 200
const char *group_text(struct str s, char *buf); /* buf[GROUP_TEXT_MAX] */

/* group_members.c */
struct group_member *member_find(const struct group *g, struct str id);
struct group_member *member_find_instance(const struct group *g, struct str instance_id);
/* validateCurrentMember (2.6). 0 | UNKNOWN_MEMBER_ID | FENCED_INSTANCE_ID */
int member_check(const struct group *g, struct str id, struct str instance_id);
/* A fresh "<client or instance id>-<uuid>", owned. */
struct str member_id_make(struct group *g, struct str client_id, struct str instance_id);
struct join_group_request_join_group_request_protocol;
/* Copies what a request offers. Not counted yet. 0 | -ENOMEM | KERR_INVALID_REQUEST too many */
int offer_new(struct group *g, const struct join_group_request_join_group_request_protocol *p, int32_t n,
	      struct offer **ret) MUST_CHECK;
/* Drops its references to protocol names, and buries it. */
void offer_bury(struct group *g, struct offer *o);
bool offer_same(const struct offer *o, const struct join_group_request_join_group_request_protocol *p, int32_t n);
struct member_spec {
	struct str id; /* owned by the member afterwards */
	struct str instance_id, client_id, client_host;
	struct str protocol_type;
	int32_t session_timeout_ms, rebalance_timeout_ms;
	struct offer *offer; /* taken over on success */
};
/* A member of the group, not parked. NULL: memory is short. */
struct group_member *member_add(struct group *g, const struct member_spec *spec) MUST_CHECK;
/* Out of every table, buried; it waits for nothing any more. */
void member_remove(struct group *g, struct group_member *m);
void member_set_offer(struct group *g, struct group_member *m, struct offer *o, struct offer **ret_old);
void member_set_id(struct group *g, struct group_member *m, struct str id); /* the old id is the caller's */
struct bytes member_metadata(const struct group_member *m, const struct protocol *p);
void member_set_assignment(struct group *g, struct group_member *m, struct bytes owned);
void members_drop_next_assignments(struct group *g);
/* Is the offer one that the group can do with (2.8)? */
bool group_supports(struct group *g, struct str type, const struct join_group_request_join_group_request_protocol *p,
		    int32_t n);
struct protocol *group_elect_protocol(struct group *g); /* members_n > 0 */
void group_set_protocol(struct group *g, struct protocol *p); /* NULL: none */
int32_t group_rebalance_timeout(const struct group *g);
void group_subscriptions_read(struct group *g);
struct pending_member *pending_find(const struct group *g, struct str id);
struct pending_member *pending_add(struct group *g, struct str id, int64_t deadline); /* copies the id */
void pending_remove(struct group *g, struct pending_member *p);

/* group_rebalance.c */
/* Why, for the log: text, member and what the client said; null where not given. */
struct cause {
	const char *text;
	struct str member, reason;
};
bool group_can_rebalance(const struct group *g);
void rebalance_start(struct group *g, struct group_now now, struct cause why, struct group_effects *fx);
void rebalance_try_complete(struct group *g, struct group_now now, struct group_effects *fx);
/* Restarts the member's timer, if one runs in its state. fx NULL: it can only have moved away. */
void member_arm(struct group_member *m, struct group_now now, struct group_effects *fx);
void member_park_join(struct group *g, struct group_member *m, void *waiter, struct group_effects *fx);
void member_park_sync(struct group_member *m, void *waiter, struct group_effects *fx);
/* Answers a parked join with an error; nothing without one. */
void member_fail_join(struct group *g, struct group_member *m, struct str member_id, int error,
		      struct group_effects *fx);
void member_fail_sync(struct group_member *m, int error, struct group_effects *fx);
/* The current generation as answer to the waiter; `all`: with the members. */
void member_reply_join(struct group *g, const struct group_member *m, void *waiter, bool all,
		       struct group_effects *fx);
/* Answers what it waits for with UNKNOWN_MEMBER_ID and takes it out; the group goes on after group_after_removal. */
void group_evict(struct group *g, struct group_member *m, struct group_effects *fx);
void group_after_removal(struct group *g, struct group_now now, struct cause why, struct group_effects *fx);
void group_start_timers(struct group *g, struct group_now now, struct group_effects *fx); /* after a load */

/* group_static.c */
void static_replace(struct group *g, struct group_now now, struct group_member *m, struct str new_id,
		    struct offer *offer, const struct group_join *in, struct group_effects *fx);
/* True: `id` was the append of a replacement, which is decided now. */
bool static_appended(struct group *g, struct group_now now, int64_t id, int error, struct group_effects *fx);
void replacement_drop(struct group *g, struct group_member *m); /* its append no longer matters */

/* group_sync.c */
/* Asks for the group's record, with next assignments or the current ones. 0 and the id | -errno, KERR of the log */
int group_store(struct group *g, bool next, struct group_effects *fx, int64_t *ret_id) MUST_CHECK;
/* Every parked sync gets the error, every assignment is emptied. */
void group_reset_assignments(struct group *g, struct group_now now, int error, struct group_effects *fx);

/* group_effects.c */
void effects_bury(struct group_effects *fx, void **memory, size_t n); /* freed at reset */
void effects_arm(struct group_effects *fx, int64_t deadline);
struct group_join_reply *effects_join(struct group_effects *fx, void *waiter);
void effects_join_error(struct group_effects *fx, void *waiter, struct str member_id, int error);
struct group_sync_reply *effects_sync(struct group_effects *fx, void *waiter, int error);
/* Takes over the reference; the key is the first key_len bytes. */
void effects_append(struct group_effects *fx, int64_t id, struct buf *record, size_t key_len);

#endif
