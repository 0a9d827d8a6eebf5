/* groups_priv.h - the layout of the shell, for the files that make it up: groups (life, threads), shard (table, turns),
 * shard_append (records), shard_load (becoming and ceasing to be coordinator), shard_cleanup (offsets and groups that
 * go), groups_members, groups_offsets, groups_admin (requests).
 */
#ifndef COORDINATOR_GROUPS_PRIV_H
#define COORDINATOR_GROUPS_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/table.h"
#include "coordinator/deadlines.h"
#include "coordinator/group.h"
#include "coordinator/groups.h"
#include "replica/disk_pace.h"

struct partition;

/* --- shards --- */

enum shard_state {
	SHARD_FOREIGN, /* another broker's, or not loaded yet */
	SHARD_LOADING,
	SHARD_OWNED,
};

/* A group in its shard's table. */
struct row {
	UT_hash_handle hh; /* by the group's id */
	struct list link;  /* shard->all, in the order in which they came */
	struct deadline deadline; /* shard->deadlines: not later than the group's earliest */
	struct group *g;   /* NULL: a mark that a walk left (shard_cleanup.c) */
};

struct shard {
	struct groups *owner;
	int32_t index;		 /* of the partition */
	atomic_int elections;	 /* told of and not yet seen to: will be loading */
	atomic_uint resignations; /* told of so far: ends the loads begun before */
	struct disk_pace pace;	 /* of its appends */

	struct lock lock; /* RANK_GROUPS: guards what follows */
	enum shard_state state;
	int32_t epoch;	     /* highest coordinator epoch heard of, -1: none */
	struct partition *p; /* counted; not NULL when loading or owned */
	struct group_pool *pool;
	struct row *rows;
	struct list all;
	struct deadlines deadlines;
	int64_t alarm; /* when the timers' thread comes by */
	struct deadline timer; /* groups->timers, under its lock */
};

struct row *shard_find(const struct shard *s, struct str group_id);
/* Takes the group over. */
struct row *shard_add(struct shard *s, struct group *g);
/* Takes it out and frees the group, in which nobody waits. */
void shard_remove(struct shard *s, struct row *row);

/* --- turns: one stretch of work with a shard, under its lock --- */

struct pending_append;

struct turn {
	struct shard *shard;
	struct group_now now;
	struct group_effects fx;
	struct list answered; /* struct groups_waiter: to be sent */
	struct pending_append *pending; /* to be waited for */
	struct partition *p; /* counted: what was appended to */
	unsigned moved;
	int failed; /* -errno of the storage */
};

/* Takes the lock, whatever the shard's state. */
void turn_begin(struct turn *t, struct shard *s);
/* The same for a request about a group: 0 with the lock taken, or the error of 2.6 without. `any_id`: the empty one
 * is fine. */
int turn_for(struct turn *t, struct groups *gs, struct str group_id, bool any_id) MUST_CHECK;
/* The group's row, made when it is not there and `make` is set. 0 | `absent` | -ENOMEM. */
int turn_find_or_make(struct turn *t, struct str group_id, bool make, int absent, struct row **ret) MUST_CHECK;
/* Performs the effects of the calls on the group of `row` and arms its timer. */
void turn_settle(struct turn *t, struct row *row);
void turn_answer(struct turn *t, struct groups_waiter *w);
/* Releases the lock; then sends, waits and wakes what the turn has gathered. */
void turn_end(struct turn *t);

/* The shard of a group id. */
struct shard *groups_shard(const struct groups *gs, struct str group_id);

/* --- shard_append.c --- */

/* Appends the record of a GROUP_APPEND effect; what comes of it goes to the group, now or in a later turn. */
void turn_append_group(struct turn *t, struct row *row, const struct group_append *a);
/* Appends a commit; its waiter is answered, now or in a later turn. */
void turn_append_commit(struct turn *t, struct str group_id, struct group_commit *gc, struct groups_commit *c);
/* Appends tombstones for what was taken from the group of `row`, without waiting for anybody; when the group died of it
 * the row is gone afterwards. */
void turn_append_removal(struct turn *t, struct row *row, const struct group_removal *r);
/* No lock held: watches until the append is acknowledged. Takes all of the list over. */
void pending_appends_wait(struct groups *gs, struct pending_append *list);

/* --- shard_load.c; the background thread --- */

void shard_load(struct shard *s, int32_t epoch, unsigned resignations, int64_t told_ms);
void shard_unload(struct shard *s, int32_t epoch);

/* --- shard_cleanup.c --- */

/* What is done to each group in turn. */
typedef void shard_visit_fn(struct turn *t, struct row *row, void *arg);
/* Visits every group of an owned shard, a few at a time under the lock; `visit` may remove the row. */
void shard_walk(struct shard *s, shard_visit_fn *visit, void *arg);
size_t shard_expire_offsets(struct shard *s); /* how many went */
struct deleted_partition {
	struct str topic;
	int32_t partition;
};
size_t shard_forget_partitions(struct shard *s, const struct deleted_partition *v, size_t n);

/* --- the whole --- */

struct groups {
	struct groups_config config;
	struct shard *shards;
	atomic_bool active;

	struct lock lock; /* RANK_QUEUE: guards what follows */
	struct cond wake_background, wake_timers;
	struct list jobs;
	struct deadlines timers; /* of shards */
	bool started, stopping;
	pthread_t background, timer;
};

struct group_now groups_now(const struct groups *gs);
/* Locks: s->lock held. The timers' thread comes by at `at`, or earlier. */
void groups_arm(struct groups *gs, struct shard *s, int64_t at);
bool groups_stopping(struct groups *gs);
/* "__consumer_offsets-7" for log lines. */
#define SHARD_NAME "__consumer_offsets-%d"
/* What a client named itself, for log lines: escaped, without quotes. */
#define SHARD_TEXT_MAX 200
const char *shard_text(struct str s, char *buf); /* buf[SHARD_TEXT_MAX] */

#endif
