/* group_fixture.h - a group to talk to: a clock, seeded random bytes, a log that the test answers for, and a record of
 * every answer given. One struct world per test.
 */
#ifndef TESTS_COORDINATOR_GROUP_FIXTURE_H
#define TESTS_COORDINATOR_GROUP_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "coordinator/group.h"
#include "coordinator/group_effects.h"
#include "coordinator/group_offsets.h"
#include "coordinator/group_pool.h"

#define WORLD_WALL INT64_C(1700000000000) /* the wall clock at monotonic 0 */

/* What one JoinGroup or SyncGroup was answered. Strings are owned; null is NULL. */
struct answer {
	int times; /* answered; more than once is a failure at once */
	int error;
	int32_t generation;
	char *type, *protocol, *leader, *member;
	bool skip;
	int members_n;
	char **members;	  /* "id", or "id/instance" */
	char **metadata;  /* of each */
	char *assignment; /* of a sync, as text */
};

struct appended {
	int64_t id;
	uint8_t *key, *value;
	int32_t key_len, value_len;
};

struct world {
	struct group_settings settings;
	struct group_pool *pool;
	struct group *g;
	struct group_now now;
	struct rng rng;
	struct group_effects fx;
	struct group_removal removal;
	struct answer **answers;
	size_t answers_n, answers_cap;
	struct appended *log; /* every append asked for */
	size_t log_n, log_cap, answered_n;
	int64_t next_base;
	bool hold_appends; /* the test answers for them with world_appended */
	int64_t deadline;  /* the earliest armed, as a caller would keep it */
};

/* Zero is the usual: session and rebalance time-out 10 and 60 s, type "consumer", one protocol "range" with metadata
 * "meta", client "c". */
struct join {
	const char *member, *instance, *client, *type;
	const char *protocols; /* "range=abc,roundrobin=d" */
	struct bytes metadata; /* instead of that of the first protocol */
	int32_t session_ms, rebalance_ms;
	bool old;  /* below version 4: no member id is required first */
	bool skip; /* version 9 */
	const char *reason;
};

struct world *world_new(void);
struct world *world_with(const struct group_settings *s);
void world_free(struct world *w);
void world_regroup(struct world *w); /* a new group in place of the old one */

/* Moves time, running what is due on the way as a caller's timer would. */
void world_pass(struct world *w, int64_t ms);
void world_wait(struct world *w, const struct answer *a); /* until it is answered */
/* Performs effects: notes answers, appends to the log and answers for it unless held. */
void world_perform(struct world *w);
void world_appended(struct world *w, int error); /* for the oldest append not answered */

struct answer *world_join(struct world *w, struct join j);
struct answer *world_rejoin(struct world *w, const char *member); /* with the usual data */
/* `assignments`: "id=bytes,id=bytes" */
struct answer *world_sync(struct world *w, const char *member, int32_t generation, const char *assignments);
int world_heartbeat(struct world *w, const char *member, int32_t generation);
int world_leave(struct world *w, const char *member);

/* Joins n new members and brings the group to Stable, each with its own id as assignment. Returns their ids; free the
 * array only. */
char **world_stable(struct world *w, int n, struct join j);
/* The same for members that are in it already and have all joined. */
void world_settle_generation(struct world *w);

int world_commit(struct world *w, const char *topic, int32_t partition, int64_t offset);
int64_t world_offset(struct world *w, const char *topic, int32_t partition);

struct bytes text_bytes(const char *s);
/* A consumer's subscription; static memory, until the next call. */
struct bytes subscription(const char *topic, const char *other);

#define assert_state(name, w)                                                                      \
	do {                                                                                       \
		group_check((w)->g);                                                               \
		assert_string_equal(name, group_state_name(group_state((w)->g)));                  \
	} while (0)
#define assert_answered(code, a)                                                                   \
	do {                                                                                       \
		assert_int_equal(1, (a)->times);                                                   \
		assert_int_equal(code, (a)->error);                                                \
	} while (0)
#define assert_waiting(a) assert_int_equal(0, (a)->times)

#endif
