/* mover.h - copies partitions from one log directory of this broker to another (KIP-113, replication.md 11.3).
 *
 * A thread copies one partition at a time: what the log has is appended to the future copy, which is cut off where the
 * log was cut off meanwhile; when both end alike the copy takes the log's place.
 *
 * Owner: broker/startup. Thread: its own (num.replica.alter.log.dirs.threads); the calls here from any.
 */
#ifndef REPLICA_MOVER_H
#define REPLICA_MOVER_H

#include <stdint.h>

struct log;
struct log_dirs;
struct mover;
struct partition;
struct partitions;
struct throttle;

struct mover_config {
	int32_t threads;
	struct partitions *partitions;
	struct log_dirs *log_dirs;
	int32_t chunk_bytes;	   /* replica.fetch.max.bytes: what is copied at once, at most a megabyte */
	struct throttle *throttle; /* its moves; may be NULL */
	int64_t backoff_ms;	   /* replica.fetch.backoff.ms: how long to wait when that is exceeded */
};

struct mover *mover_new(const struct mover_config *c);
/* Ends the threads; copies stay and are continued after the next start. */
void mover_stop(struct mover *m);
struct mover *mover_free(struct mover *m); /* stops first; accepts NULL, returns NULL */

/* The bound is another one: copies that wait for it look again. */
void mover_wake(struct mover *m);

/* Copies the partition's log into `future` from now on, and sets that as the partition's future. */
void mover_add(struct mover *m, struct partition *p, struct log *future);
/* The copy is not wanted any more; waits until the thread has let go of it. The partition's future is cleared. */
void mover_remove(struct mover *m, struct partition *p);

#endif
