/* offset_index.h - <base>.index: from an offset to a file position near it (storage.md 2.2).
 *
 * An entry (offset, position): a scan for any offset >= `offset` may start at `position`.
 * Owner: struct segment. Locks: the segment's lock held for every call.
 */
#ifndef STORAGE_OFFSET_INDEX_H
#define STORAGE_OFFSET_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "storage/index_file.h"

struct offset_index {
	struct index_file f;
	int64_t last_offset; /* of the last entry; the base when empty */
};

struct offset_position {
	int64_t offset;
	int64_t position;
};

void offset_index_init(struct offset_index *x, const struct replica_dir *dir, int64_t base);
void offset_index_fini(struct offset_index *x);
/* Opens or creates. An index whose last entry cannot be (zero padding left behind by a foreign writer) counts as
 * empty, which is slow but right (storage-fixtures.md S9). */
int offset_index_load(struct offset_index *x, int64_t max_bytes) MUST_CHECK;
bool offset_index_full(const struct offset_index *x);
/* -EINVAL unless offset is above the last one and within 2^31 - 1 of the base, and position an int32. */
int offset_index_append(struct offset_index *x, int64_t offset, int64_t position) MUST_CHECK;
/* The largest entry with offset <= target; (base, 0) when there is none. */
int offset_index_lookup(struct offset_index *x, int64_t target, struct offset_position *ret) MUST_CHECK;
/* The offset of the first entry with position >= `position`; -1 when there is none. */
int offset_index_upper_bound(struct offset_index *x, int64_t position, int64_t *ret_offset) MUST_CHECK;
/* Drops entries with offset >= `offset`. */
int offset_index_truncate_to(struct offset_index *x, int64_t offset) MUST_CHECK;
int offset_index_reset(struct offset_index *x, int64_t max_bytes) MUST_CHECK;

#endif
