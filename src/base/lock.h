/* lock.h - mutexes that know their rank and owner.
 *
 * Locks are taken in rising rank; taking one of a lower or equal rank while holding another aborts in every
 * build (one thread-local compare). None is held across a send, a ZooKeeper call, a callback or an fsync.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* The one list of ranks, outermost first. Equal ranks are never held together. */
enum lock_rank {
	RANK_CONTROLLER = 10, /* controller context snapshots */
	RANK_STATE_CHANGE = 15, /* one control request at a time (replication.md section 3) */
	RANK_GROUPS = 18,     /* the groups of one partition of __consumer_offsets */
	RANK_TABLE = 20,      /* tables of partitions, fetch sessions, log directories */
	RANK_SESSION = 25,    /* one fetch session */
	RANK_OPERATION = 27,  /* one waiting request (replica/delayed.h) */
	RANK_PARTITION = 30,  /* one partition: leadership, ISR, high watermark */
	RANK_LOG = 40,	      /* one log: segments, end offset, producer state */
	RANK_LOG_DIR = 45,    /* one log directory's checkpoints and state */
	RANK_DELAYED = 50,    /* watch lists of waiting requests */
	RANK_QUEUE = 60,      /* mailboxes, worker queues */
	RANK_LEAF = 90,	      /* holds nothing else */
};

struct lock {
	pthread_mutex_t mutex;
	const char *name;
	enum lock_rank rank;
	pthread_t owner;
	bool held;
};

void lock_init(struct lock *l, enum lock_rank rank, const char *name);
void lock_fini(struct lock *l);
void lock_take(struct lock *l);
void lock_release(struct lock *l);
void lock_assert_held(const struct lock *l);

/* Condition variables on the monotonic clock. lock_wait_until returns false when the deadline passed. */
struct cond {
	pthread_cond_t cond;
};
void cond_init(struct cond *c);
void cond_fini(struct cond *c);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);
void lock_wait(struct lock *l, struct cond *c);
bool lock_wait_until(struct lock *l, struct cond *c, int64_t deadline_mono_ms);

#endif
