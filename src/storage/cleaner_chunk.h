/* cleaner_chunk.h - a cleaner thread's read buffer: whole batches of a segment, as many as fit.
 *
 * Owner and thread: one cleaner thread. Layer: files and batches.
 * Rules: storage.md 15.5 (buffers doubled up to the largest message, and to the size of an over-long batch).
 */
#ifndef STORAGE_CLEANER_CHUNK_H
#define STORAGE_CLEANER_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct file;

struct cleaner_chunk {
	uint8_t *data; /* owned */
	size_t cap, usual;
	size_t len;    /* of whole batches */
	size_t read;   /* bytes that were read for it, for the throttle */
};

int cleaner_chunk_init(struct cleaner_chunk *c, size_t usual) MUST_CHECK; /* 0 | -ENOMEM */
void cleaner_chunk_fini(struct cleaner_chunk *c);

/* Reads what begins at `at` in a file that ends at `end` > at. When not even one batch fits, the buffer grows: doubled
 * up to `max`, beyond that to the batch's own size.
 *   0                     len > 0
 *   KERR_CORRUPT_MESSAGE  what is there is no batch, or it does not end before the file does
 *   -ENOMEM | -errno                                                                           */
int cleaner_chunk_read(struct cleaner_chunk *c, struct file *f, int64_t at, int64_t end, size_t max) MUST_CHECK;
/* The buffer has its usual size again; if memory is short it keeps the larger one. */
void cleaner_chunk_rest(struct cleaner_chunk *c);

#endif
