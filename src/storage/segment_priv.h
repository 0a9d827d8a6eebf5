/* segment_priv.h - the layout of a segment, for segment*.c. */
#ifndef STORAGE_SEGMENT_PRIV_H
#define STORAGE_SEGMENT_PRIV_H

#include <stdatomic.h>

#include "base/lock.h"
#include "storage/offset_index.h"
#include "storage/segment.h"
#include "storage/time_index.h"
#include "storage/txn_index.h"

struct segment {
	atomic_int refs;
	const struct replica_dir *dir; /* borrowed from the log, which outlives its segments */
	const struct clock *clock;
	int64_t base;
	_Atomic int64_t size; /* bytes of batches; written under the log's lock */

	struct lock lock;   /* guards what follows */
	const char *suffix; /* of all files; literal */
	struct file *file;  /* NULL until used */
	bool dirty;	    /* record file written since the last sync */
	bool closed;
	struct offset_index offsets;
	struct time_index times;
	struct txn_index txns;
	struct timestamp_offset max; /* largest timestamp so far */
	bool max_known;

	/* fixed when opened, as in Kafka (LogSegment.open) */
	int32_t index_bytes, index_interval_bytes;
	int64_t roll_jitter_ms;

	/* the log's lock */
	int64_t bytes_since_index;
	int64_t rolling_timestamp; /* of the first batch */
	bool rolling_known;
	int64_t created_ms;
};

/* Opens the record file if it is not; lock held. */
int segment_open_file(struct segment *s);
/* Load the offset index, both indexes, the largest timestamp; lock held. -EBADF once closed. */
int segment_load_offsets(struct segment *s);
int segment_load_indexes(struct segment *s);
int segment_load_max(struct segment *s);

#endif
