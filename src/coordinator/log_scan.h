/* log_scan.h - reads a whole log of an internal topic, batch after batch: how a coordinator learns its state.
 *
 * From the log start offset to the log end offset, not to the high watermark (coordinators.md 8): what the log has may
 * have been acknowledged by the leader before us. Reads in chunks, and holds one at a time.
 *
 * Thread: any that may wait for the disk. Layer: coordinator, over storage.
 */
#ifndef COORDINATOR_LOG_SCAN_H
#define COORDINATOR_LOG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct batch;
struct log;

struct log_scan {
	size_t chunk_bytes; /* a larger batch is read whole all the same */
	/* Asked before every chunk, with the offset it begins at: false ends the scan. */
	bool (*proceed)(void *arg, int64_t offset, int64_t end);
	/* Every batch whose checksum is right. 0, or the result of the scan. */
	int (*batch)(void *arg, const struct batch *b);
	void *arg;
	/* Result. */
	size_t bytes, damaged; /* batches whose checksum is wrong: passed over */
	int64_t damaged_at;    /* the first of them, -1 */
};

/* 0                      all was read
 * -ECANCELED             proceed said no
 * KERR_CORRUPT_MESSAGE   not all of it can be told apart: batch was not called for some
 * KERR_KAFKA_STORAGE_ERROR the log was closed
 * -errno                 the disk failed, or batch said so                                              */
int log_scan(struct log *log, struct log_scan *s) MUST_CHECK;

#endif
