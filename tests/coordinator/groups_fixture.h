/* groups_fixture.h - the shell of the group coordinator over real partitions (tests/replica/replica_fixture.h), and
 * clients that wait for their answers. The test plays the controller and the followers.
 */
#ifndef TESTS_COORDINATOR_GROUPS_FIXTURE_H
#define TESTS_COORDINATOR_GROUPS_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "coordinator/groups.h"
#include "replica_fixture.h"

#define OFFSETS "__consumer_offsets"

extern struct groups *gs;
extern struct groups_config groups_fixture_config; /* what groups_fixture_start takes; set up with usual values */

/* Partitions and a configuration; no coordinator yet. */
int groups_fixture_setup(void **state);
int groups_fixture_teardown(void **state);
void groups_fixture_start(void);
void groups_fixture_stop(void);
/* We lead the partition, alone or with followers, at this epoch; the coordinator is told. */
void groups_fixture_lead(int32_t partition, int32_t leader_epoch, int32_t replicas_n);
void groups_fixture_follow(int32_t partition, int32_t leader_epoch);
/* The follower has fetched everything. */
void groups_fixture_fetched(int32_t partition, int32_t follower);
/* Until no load is under way or waited for and `owned` partitions are ours. */
void groups_fixture_await(int32_t owned);
struct log *groups_fixture_log(int32_t partition); /* with a reference */

/* What one JoinGroup or SyncGroup was answered; strings are owned. */
struct answer {
	struct groups_waiter waiter;
	struct lock lock;
	struct cond cond;
	int sent; /* more than once is a failure at once */
	int error;
	int32_t generation, members_n;
	char *member, *leader, *assignment;
};

struct answer *answer_new(void);
void answer_free(struct answer *a);
bool answer_sent(struct answer *a);
void answer_wait(struct answer *a);

struct member_options {
	const char *member, *instance;
	int32_t session_ms, rebalance_ms; /* 0: 10 s, 60 s */
	bool id_first; /* version 4 on */
};
/* Sends; does not wait. */
struct answer *send_join(const char *group, struct member_options o);
/* The assignments are "id" and the id's own text for each of n members. */
struct answer *send_sync(const char *group, const char *member, int32_t generation, const char *const *members, int n);
/* A member alone in its group, Stable; its id, owned. */
char *lone_member(const char *group, struct member_options o);

struct commit {
	struct groups_commit commit;
	struct group_commit_item item;
	struct lock lock;
	struct cond cond;
	int sent;
};
/* A commit of a simple consumer; the items are the caller's and get their errors. */
struct commit *send_commits(const char *group, struct group_commit_item *items, size_t n);
/* A commit of a simple consumer, or with `member` of generation 1. */
struct commit *send_commit(const char *group, const char *member, const char *topic, int32_t partition, int64_t offset);
bool commit_sent(struct commit *c);
int commit_wait(struct commit *c); /* the error; frees */
int commit(const char *group, const char *topic, int32_t partition, int64_t offset);
/* -1: none; -1000 - error when the group cannot be asked. */
int64_t fetched(const char *group, const char *topic, int32_t partition);
const char *state_of(const char *group); /* "Dead" when unknown; static memory */
void await_state(const char *group, const char *state);

#endif
