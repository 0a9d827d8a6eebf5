/* follower_priv.h - the layout of a follower, for follower.c (table, states), follower_fetch.c (records and session) and
 * follower_truncate.c (epochs and offsets). */
#ifndef REPLICA_FOLLOWER_PRIV_H
#define REPLICA_FOLLOWER_PRIV_H

#include <stddef.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/table.h"
#include "replica/follower.h"

enum follow_state { FOLLOW_FETCHING, FOLLOW_TRUNCATING, FOLLOW_LOCATING, FOLLOW_FAILED };

/* How answers name a partition since Fetch v13. */
struct follow_id {
	struct uuid topic;
	int32_t index;
};

/* What of a partition the leader's session knows, as sent last. */
struct follow_sent {
	bool in_session;
	int64_t offset, log_start;
	int32_t leader_epoch, last_epoch;
};

/* One partition. Guarded by the follower's lock. */
struct follow {
	struct list link;	 /* order of asking: those that made progress go to the end */
	UT_hash_handle hh, hh_id; /* by partition; by id, when it has one */
	struct partition *p;	 /* counted; the key */
	uint64_t serial;	 /* of its addition: what was asked for an earlier one is not for it */
	enum follow_state state;
	struct follow_id id;	 /* topic zero: none */
	int32_t leader_epoch;
	int32_t last_epoch;	 /* of the last batch in our log, as the leader is told; -1: is not told */
	int64_t offset;		 /* to fetch next; Truncating: where to cut when the leader cannot tell */
	int64_t lag;		 /* -1 unknown */
	bool wanted, throttled;	 /* is in the request made last; was left out of it for the quota */
	int64_t delayed_until;	 /* monotonic; 0: not delayed */
	int64_t delay_ms;	 /* the last short delay; 0: the next is the first */
	struct follow_sent sent, now; /* now: for the request that is being made */
	bool untold;		 /* they differ */
	uint64_t asked;		 /* turn of the request for its epoch or offsets */
	int64_t leader_end;	 /* Locating: as answered, -1 not yet */
};

/* A partition that the leader's session is to forget. */
struct forgotten {
	struct partition *p; /* counted */
	struct follow_id id;
};

struct follower {
	struct follower_config config;
	struct lock lock; /* RANK_SESSION: guards all below */
	struct follow *table, *by_id;
	struct list order;
	uint64_t serials, turn;
	int64_t delays_end; /* monotonic: from then on nothing is delayed */

	struct forgotten *forgotten;
	size_t forgotten_n, forgotten_cap;
	int32_t session_id, session_epoch; /* epoch 0: the next request is full */
	bool session_by_id;		   /* names topics by id */
	int32_t session_n;		   /* partitions in it after the request made last */
	int session_errors;		   /* one after the other */
};

/* A partition on its way through an answer: what it was when it was looked up. */
struct applying {
	struct partition *p; /* counted */
	uint64_t serial;
	int32_t leader_epoch;
	int64_t offset;
};

/* --- locks: f->lock held --- */

bool follow_is(const struct follower *f, const struct follow *w, enum follow_state state);
void follow_delay(struct follower *f, struct follow *w);
void follow_undelay(struct follow *w);
/* The partition of an answer: by id, else by `p`, which may be NULL. NULL: not followed (any more). */
struct follow *follower_named(struct follower *f, const struct partition *p, struct uuid id, int32_t index);
/* Begins to apply something to a partition outside the lock. */
struct applying follow_apply(const struct follow *w);
/* The partition as it was when applying began; NULL: it was removed, or added anew, meanwhile. */
struct follow *follower_still(struct follower *f, const struct applying *a);
void follow_set_offset(struct follower *f, struct follow *w, int64_t offset, enum follow_state state);

/* --- locks: none held; they take it --- */

void applying_done(struct applying *a);
void follower_fail(struct follower *f, const struct applying *a, int r);
/* What an error of the leader means for the partition (replication.md 7.5.2), and one of our own log. */
void follower_error(struct follower *f, const struct applying *a, int code);
void follower_own_error(struct follower *f, const struct applying *a, int r);
/* Cuts the log off by what the leader said about an epoch (7.4). */
void follower_truncate_by_epoch(struct follower *f, const struct applying *a, int32_t leader_epoch, int64_t leader_end);

#endif
