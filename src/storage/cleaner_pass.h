/* cleaner_pass.h - one cleaning of one log: two reads of its segments, and new segments in their place.
 *
 * The first read maps each key of the dirty part to its last offset, until the map is full; that is how far this pass
 * cleans. The second copies all segments below that end, group by group, through the filter, and swaps each group in.
 *
 * Owner: a cleaner thread, which has claimed the partition. Thread: that one.
 * Files: cleaner_pass.c, cleaner_map.c, cleaner_copy.c.
 * Rules: storage.md 15.3 to 15.6.
 */
#ifndef STORAGE_CLEANER_PASS_H
#define STORAGE_CLEANER_PASS_H

#include <stdint.h>

#include "base/attr.h"
#include "storage/cleaner_chunk.h"

struct buf;
struct clock;
struct log;
struct log_dirt;
struct offset_map;

struct cleaner_pass {
	int id; /* of the thread, for log lines */
	const struct clock *clock;
	struct offset_map *map; /* owned, like the buffers */
	struct cleaner_chunk in;
	struct buf *out;
	size_t buffer_bytes;
	size_t max_message_bytes; /* the broker's */
	/* Asked between chunks: 0, or -ECANCELED to give up. */
	int (*check)(void *arg);
	/* `bytes` were read or written: may wait. As check. */
	int (*charge)(void *arg, size_t bytes);
	void *arg;
};

struct cleaner_pass_config {
	int id;
	size_t map_bytes;
	double load_factor;
	size_t buffer_bytes; /* for reading, and again for writing */
	size_t max_message_bytes;
};

/* 0 | -EINVAL no key fits into the map | -ENOMEM. check, charge and arg are the caller's to set. */
int cleaner_pass_init(struct cleaner_pass *p, const struct cleaner_pass_config *c, const struct clock *clock) MUST_CHECK;
void cleaner_pass_fini(struct cleaner_pass *p);

struct cleaner_stats {
	int64_t start_ms, mapped_ms, end_ms; /* monotonic */
	int64_t bytes_read, bytes_written, map_bytes_read;
	int64_t messages_read, messages_written;
	int64_t invalid; /* records without a key */
	double utilization; /* of the map */
};

/* Cleans [dirt->first_dirty, *ret_end), and copies what lies before. What was swapped in stays in, also when the pass
 * does not come to its end.
 *   0
 *   -ECANCELED             given up: asked to, or the log changed under the pass
 *   > 0, -ENOMEM           the log is damaged, or too large for this process: do not try again
 *   -errno                 the disk failed                                                        */
int cleaner_pass_run(struct cleaner_pass *p, struct log *log, const struct log_dirt *dirt, struct cleaner_stats *stats,
    int64_t *ret_end) MUST_CHECK;

#endif
