/* fiber.h - a world of threads that are none: every thread of every simulated broker is a fiber of one real thread, on
 * a virtual clock.
 *
 * lock.c stands in for base/lock.c; thread.c catches pthread_create, clock_gettime, nanosleep and getrandom (see
 * local.mk). A fiber runs until it waits: for a lock, a condition, a time, the network, ZooKeeper. Which of those that
 * can run goes next is drawn from the seed, and so is whether a fiber gives way when it takes a lock. Time passes only
 * when nobody can run.
 *
 * A node is a machine with one process on it: its fibers can be stopped for a while (SIGSTOP) or end all at once
 * (SIGKILL), wherever they are; nothing of theirs is cleaned up then, as in life.
 */
#ifndef TESTS_SIM_FIBER_H
#define TESTS_SIM_FIBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/random.h"

enum { NODES = 8, NODE_OUTSIDE = NODES - 1 }; /* the last one: clients, faults and the oracle; it never fails */

#define FIBER_HELD_MAX 16

struct lock;

struct fiber {
	struct list link; /* in the list of what it waits for */
	struct list all;
	int node;
	bool blocked, ended;
	bool timed_out;	   /* how the last wait ended */
	uint64_t wait;	   /* serial of the wait; a timer of an earlier one means nothing */
	struct fiber *joiner;
	const struct lock *held[FIBER_HELD_MAX];
	int held_n;
	char name[16];
	void *result;
	/* fiber.c's own */
	void *context, *stack, *fake_stack;
	void *(*run)(void *arg);
	void *arg;
	int saved_errno;
};

/* ThreadSanitizer does not follow fibers of this sort, and one thread has no races: main ends with this status. */
#if defined(__SANITIZE_THREAD__)
#define FIBERS_WORK 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FIBERS_WORK 0
#endif
#endif
#ifndef FIBERS_WORK
#define FIBERS_WORK 1
#endif
enum { STATUS_SKIPPED = 77 };

/* --- the world --- */

void world_begin(uint64_t seed);
/* Runs until `until` says so, at most to `deadline_ms`. True: it did. */
bool world_run(bool (*until)(void *arg), void *arg, int64_t deadline_ms);
/* Called after each slice with the node that ran; once more when `oracle_wanted`. NULL: nobody. */
void world_set_oracle(struct fiber *f);
bool world_oracle_wait(int *ret_node); /* by the oracle's fiber: until somebody else has run */
int64_t world_now_ms(void); /* monotonic, virtual */
uint64_t world_steps(void);
uint64_t world_random(uint64_t n); /* in [0, n) */
bool world_chance(uint32_t in_1000);
extern uint64_t world_seed;

/* Runs fn(arg) at a time, outside of any fiber: it may wake, it cannot wait. */
void world_at(int64_t ms, void (*fn)(void *arg), void *arg);

/* --- fibers --- */

struct fiber *fiber_spawn(int node, const char *name, void *(*run)(void *arg), void *arg);
struct fiber *fiber_self(void); /* NULL: in the scheduler */
int fiber_node(void);
void *fiber_join(struct fiber *f);
/* Waits in `list` (NULL: in none) until fiber_wake or the deadline. False: the deadline passed. */
bool fiber_wait(struct list *list, int64_t deadline_ms);
void fiber_wake(struct fiber *f);
void fiber_wake_all(struct list *list);
void fiber_sleep_ms(int64_t ms);
void fiber_yield(void);
void fiber_maybe_yield(void); /* what taking a lock does */

/* --- nodes --- */

void node_pause(int node);
void node_resume(int node);
bool node_is_paused(int node);
/* Ends all fibers of the node where they are. Not from one of them. */
void node_kill(int node);
/* Counts the kills: what was on its way from or to an earlier life is not for this one. */
uint32_t node_life(int node);

#endif
