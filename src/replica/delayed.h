/* delayed.h - requests that wait for something to happen to a partition (Kafka's purgatories, replication.md 10).
 *
 * An operation watches keys and has a deadline. delayed_check(key) is called by whoever changed what a key stands
 * for; it tries the operations that watch it. The first of "tried and done", "deadline passed" and "shut down"
 * completes an operation, exactly once. Watching, finding and leaving are O(1) per key, the deadline heap is
 * O(log n), so tens of thousands of waiting fetches cost nothing until something happens to their partitions.
 *
 * Owner: broker/startup. An operation is counted: its maker holds no reference after delayed_add.
 * Thread: any. Locks: try runs under the operation's lock (RANK_OPERATION) and may take partition and log locks;
 * complete runs with no lock of ours held. delayed_check and delayed_add need: no lock of rank RANK_OPERATION or
 * above held (KAFKA-7697: never complete while holding a partition lock).
 */
#ifndef REPLICA_DELAYED_H
#define REPLICA_DELAYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct clock;
struct delayed;
struct delayed_op;

enum delayed_kind {
	DELAYED_PRODUCE,	/* key: partition */
	DELAYED_FETCH,		/* partition */
	DELAYED_QUIET,		/* "", fetch session: news of what it did not read; "", 0: we may lead something no more */
	DELAYED_DELETE_RECORDS, /* partition */
	DELAYED_TOPIC,		/* topic, index -1: create, delete, grow topics */
	DELAYED_ELECT_LEADERS,	/* partition */
	DELAYED_METADATA,	/* "", 0: news of the cluster came */
	DELAYED_GENERIC,	/* as the users agree */
};
#define DELAYED_KINDS (DELAYED_GENERIC + 1)

/* What is watched. The name is borrowed for the call only. */
struct delayed_key {
	enum delayed_kind kind;
	struct str name;
	int32_t index;
};

enum delayed_end {
	DELAYED_DONE,	 /* try said so */
	DELAYED_EXPIRED, /* the deadline passed */
	DELAYED_STOPPED, /* the broker shuts down */
};

struct delayed_class {
	/* Is it done? `key` is the index of the key that was checked, -1: look at all of them. Takes no lock of a
	 * rank up to RANK_OPERATION, calls no delayed_*. Never called again after it returned true. */
	bool (*try)(void *arg, int32_t key);
	/* Called exactly once; `arg` is the callee's from then on. Any thread. */
	void (*complete)(void *arg, enum delayed_end end);
};

struct delayed *delayed_new(const struct clock *clock);
/* Starts the thread that expires operations. Tests call delayed_expire instead. */
int delayed_start(struct delayed *d);
/* Completes everything that waits with DELAYED_STOPPED, now and from now on. */
void delayed_stop(struct delayed *d);
struct delayed *delayed_free(struct delayed *d); /* stops first; accepts NULL, returns NULL */

/* Tries, watches the keys (copied), tries again (something may have slipped in between), then waits until
 * deadline_ms (monotonic). Completion may have happened when it returns: `arg` is not to be touched any more. */
void delayed_add(struct delayed *d, const struct delayed_class *cls, void *arg, const struct delayed_key *keys,
		 size_t keys_n, int64_t deadline_ms);

/* Something happened to `key`. Returns how many operations completed. */
size_t delayed_check(struct delayed *d, struct delayed_key key);

/* Completes what is due; returns the next deadline, INT64_MAX when none. */
int64_t delayed_expire(struct delayed *d);
/* Waiting operations. */
size_t delayed_waiting(struct delayed *d);

#endif
