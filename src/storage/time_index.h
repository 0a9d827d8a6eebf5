/* time_index.h - <base>.timeindex: from a timestamp to an offset (storage.md 2.3).
 *
 * An entry (timestamp, offset): timestamp is the largest of all batches up to `offset`; records with a later one
 * come after it. Owner: struct segment. Locks: the segment's lock held for every call.
 */
#ifndef STORAGE_TIME_INDEX_H
#define STORAGE_TIME_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "storage/index_file.h"

struct timestamp_offset {
	int64_t timestamp; /* -1 none */
	int64_t offset;
};

struct time_index {
	struct index_file f;
	struct timestamp_offset last; /* (-1, base) when empty */
};

void time_index_init(struct time_index *x, const struct replica_dir *dir, int64_t base);
void time_index_fini(struct time_index *x);
/* Opens or creates; a last entry that cannot be (zero padding) makes the index count as empty. */
int time_index_load(struct time_index *x, int64_t max_bytes) MUST_CHECK;
/* One slot is kept for the entry of a roll or close. */
bool time_index_full(const struct time_index *x);
/* Adds an entry if its timestamp is above the last one; nothing otherwise. -EINVAL when time or offset go back. */
int time_index_maybe_append(struct time_index *x, struct timestamp_offset e) MUST_CHECK;
/* The largest entry with timestamp <= target; (-1, base) when there is none. */
int time_index_lookup(struct time_index *x, int64_t target, struct timestamp_offset *ret) MUST_CHECK;
/* Drops entries with offset >= `offset`. */
int time_index_truncate_to(struct time_index *x, int64_t offset) MUST_CHECK;
int time_index_reset(struct time_index *x, int64_t max_bytes) MUST_CHECK;

#endif
