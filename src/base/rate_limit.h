/* rate_limit.h - so that one client cannot fill the log: at most one line per interval from a place in the code.
 *
 * A static struct rate_limit per place. Thread: any; a compare-and-swap decides who may.
 */
#ifndef BASE_RATE_LIMIT_H
#define BASE_RATE_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	_Atomic int64_t next_ms; /* monotonic; {0} lets the first one through */
	_Atomic int64_t dropped; /* since the last one that was let through */
};

/* True for one caller per interval; *ret_dropped says how many were not let through before it. */
static inline bool rate_limit_pass(struct rate_limit *l, int64_t now_ms, int64_t interval_ms, int64_t *ret_dropped)
{
	int64_t next = atomic_load_explicit(&l->next_ms, memory_order_relaxed);

	if (now_ms < next || !atomic_compare_exchange_strong(&l->next_ms, &next, now_ms + interval_ms)) {
		atomic_fetch_add_explicit(&l->dropped, 1, memory_order_relaxed);
		return false;
	}
	*ret_dropped = atomic_exchange_explicit(&l->dropped, 0, memory_order_relaxed);
	return true;
}

#endif
