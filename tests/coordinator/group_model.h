/* group_model.h - what test_group_model knows of a group's world: a log, commits on their way, and what should be.
 *
 * group_model.c has the log, the offsets and the failovers, test_group_model.c the clients and the course of time. One
 * model at a time, behind `m`.
 */
#ifndef TESTS_COORDINATOR_GROUP_MODEL_H
#define TESTS_COORDINATOR_GROUP_MODEL_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/unit.h"

#include "base/buf.h"
#include "base/list.h"
#include "base/random.h"
#include "base/str.h"
#include "coordinator/group.h"
#include "coordinator/group_effects.h"
#include "coordinator/group_offsets.h"
#include "coordinator/group_pool.h"
#include "coordinator/group_priv.h"

#define CLIENTS	    10
#define STATICS	    3
#define TPS	    6
#define PRODUCERS   3
#define PARTITIONS  12 /* to be assigned */
#define ID_MAX	    128
#define WALL	    INT64_C(1700000000000)
#define RETENTION   (15 * 60 * 1000)
#define REBALANCE   30000 /* the largest rebalance time-out */
#define SESSION	    20000 /* the largest session time-out */
#define RUN_HOURS   4

/* --- what there is --- */

enum client_state { OUT, HAVE_ID, JOINING, JOINED, SYNCING, MEMBER };

struct client {
	enum client_state state;
	char id[ID_MAX], instance[8];
	int32_t generation;
	int32_t session_ms, rebalance_ms;
	int variant;	 /* of what it offers */
	bool old;	 /* below version 4: gets no id first */
	bool leads;
	char (*members)[ID_MAX];
	int members_n;
	int64_t next_ms;
	unsigned attempt; /* answers to earlier ones do not interest it */
};

struct waiter {
	struct list link;
	int client;
	unsigned attempt;
};

enum entry_kind { GROUP, OFFSET, MARKER };

struct entry {
	enum entry_kind kind;
	struct buf *key, *value; /* value NULL: a tombstone */
	int64_t producer;	 /* -1: plain */
	int64_t base;
	int tp;
	int64_t offset;
	bool commit;
};

struct due {
	struct list link;
	int64_t at_ms;
	int64_t append_id; /* or */
	struct group_commit *commit;
	int error;
	int64_t base, offset;
	int tps[2], n;	   /* of a plain commit */
	bool dropped[2];
	bool stale;	   /* the group that it belonged to is gone */
};

struct value {
	bool set;
	int64_t offset, base;
};

struct model {
	uint64_t seed;
	struct rng rng;
	struct group_settings settings;
	struct group_pool *pool;
	struct group *g; /* NULL: not there */
	struct group_now now;
	struct group_effects fx;
	struct group_removal removal;
	int64_t deadline;
	struct client clients[CLIENTS];
	struct list waiters, dues;
	size_t waiting;
	struct entry *log;
	size_t log_n, log_cap;
	int64_t log_end;
	/* what it should be */
	struct value committed[TPS], txn[PRODUCERS][TPS];
	int64_t last_base[TPS];
	int32_t given_generation; /* the last one of which an assignment was given out */
	char owner[PARTITIONS][ID_MAX];
	bool durable;	     /* the last record of the group was acknowledged, and nothing changed since */
	int64_t durable_id;  /* its append while it is on its way */
	bool calm;
	int64_t next_chore_ms, next_clean_ms;
	const char *doing;
	uint64_t events, generations, loads, calms, commits;
};

extern struct model *m;

#define ensure(cond)                                                                               \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fail_msg("MODEL_SEED=%" PRIu64 " at %" PRId64 " ms (%s): %s", m->seed, m->now.mono_ms,     \
			    m->doing, #cond);                                                      \
	} while (0)

uint64_t model_below(uint64_t n);
bool model_chance(unsigned per_mille);
void model_need_group(void);

/* Performs the effects of a call, answers waiters, and checks what must hold after every call. */
void model_perform(void);
struct waiter *model_waiter_new(struct client *c);
/* In test_group_model.c: a client hears of its request, unless it has given it up. */
void client_joined(struct client *c, const struct group_join_reply *r);
void client_synced(struct client *c, const struct group_sync_reply *r);

void model_send_commit(const char *id, struct str instance, int32_t generation, int64_t producer);
void model_end_commit(struct due *d);
void model_end_transaction(void);
void model_clean(void);
void model_delete_something(void);
void model_check_offsets(void);
/* The partition is unloaded, and loaded again from the log. */
void model_failover(void);

#endif
