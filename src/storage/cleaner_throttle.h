/* cleaner_throttle.h - keeps what all cleaner threads read and write below a rate.
 *
 * Bytes are charged when they have been moved; who is told to wait waits before it moves more. Short bursts pass: the
 * rate is kept over a third of a second or longer (storage.md 15.7).
 *
 * Owner: struct cleaner. Thread: any (RANK_LEAF inside).
 */
#ifndef STORAGE_CLEANER_THROTTLE_H
#define STORAGE_CLEANER_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"

struct cleaner_throttle {
	struct lock lock;
	double rate;	/* bytes a second */
	double free_ms; /* when everything charged so far is paid for; monotonic */
};

void cleaner_throttle_init(struct cleaner_throttle *t, double rate);
void cleaner_throttle_fini(struct cleaner_throttle *t);
void cleaner_throttle_set(struct cleaner_throttle *t, double rate); /* old debts are forgotten */

/* Takes note of `bytes`; the answer is the monotonic time to wait for, `now_ms` or earlier: go on. */
int64_t cleaner_throttle_charge(struct cleaner_throttle *t, size_t bytes, int64_t now_ms);
/* The same question again, as things stand now. */
int64_t cleaner_throttle_free_ms(struct cleaner_throttle *t);

#endif
