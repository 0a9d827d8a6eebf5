/* disk_pace.h - does a log directory write at the pace of memory just now?
 *
 * Appends go to the page cache and take microseconds, until the kernel makes writers wait for the disk. Appends are
 * timed; while one is under way for long, or one of the last half second was slow, the directory counts as stalled and
 * network loops hand their appends to workers instead.
 *
 * Thread: any. Atomics only: the figures are hints, no order between them matters.
 */
#ifndef REPLICA_DISK_PACE_H
#define REPLICA_DISK_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	/* An append that takes longer was waiting for the disk: well above what a busy scheduler takes a thread off its
	 * core for, which is no reason to pay for a change of thread. */
	DISK_PACE_SLOW_MS = 50,
	DISK_PACE_MEMORY_MS = 500, /* for so long a slow one is remembered */
};

struct disk_pace {
	atomic_int writers;	   /* appends under way */
	_Atomic int64_t since_ms;  /* the last time one began with none under way, or ended */
	_Atomic int64_t slow_until_ms;
};

static inline void disk_pace_begin(struct disk_pace *d, int64_t now_ms)
{
	if (atomic_fetch_add_explicit(&d->writers, 1, memory_order_relaxed) == 0)
		atomic_store_explicit(&d->since_ms, now_ms, memory_order_relaxed);
}

static inline void disk_pace_end(struct disk_pace *d, int64_t began_ms, int64_t now_ms)
{
	if (now_ms - began_ms > DISK_PACE_SLOW_MS)
		atomic_store_explicit(&d->slow_until_ms, now_ms + DISK_PACE_MEMORY_MS, memory_order_relaxed);
	atomic_store_explicit(&d->since_ms, now_ms, memory_order_relaxed);
	atomic_fetch_sub_explicit(&d->writers, 1, memory_order_relaxed);
}

static inline bool disk_pace_stalls(struct disk_pace *d, int64_t now_ms)
{
	return now_ms < atomic_load_explicit(&d->slow_until_ms, memory_order_relaxed) ||
	       (atomic_load_explicit(&d->writers, memory_order_relaxed) > 0 &&
		now_ms - atomic_load_explicit(&d->since_ms, memory_order_relaxed) > DISK_PACE_SLOW_MS);
}

#endif
