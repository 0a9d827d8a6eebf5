/* admin_offsets.h - offsets of partitions by time, asked of their leaders.
 *
 * Owner: the tool. Thread: main. Layer: tools.
 */
#ifndef TOOLS_ADMIN_OFFSETS_H
#define TOOLS_ADMIN_OFFSETS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "tools/admin.h"

/* Timestamps that stand for an offset. */
#define OFFSETS_LATEST (-1)
#define OFFSETS_EARLIEST (-2)
#define OFFSETS_MAX_TIMESTAMP (-3)
#define OFFSETS_EARLIEST_LOCAL (-4)
#define OFFSETS_LATEST_TIERED (-5)

struct partition_offset {
	struct str topic;
	int32_t partition;
	/* the outcome */
	int64_t offset;   /* of the first record at or after the timestamp; -1: there is none */
	struct str error; /* null, or the exception; in the arena */
};

/* Fills in offsets[0..n). Call admin_begin before. */
void admin_list_offsets(struct admin *a, int64_t timestamp, struct partition_offset *offsets,
	size_t n, struct arena *arena);

#endif
