/* batch_walk.h - walks the batches of a log file, reading headers or whole batches.
 *
 * Reads through a window: small for a look-up that needs a few headers, large for recovery that needs all bytes.
 * The end is the caller's (the size of the segment when it looked), so appends meanwhile do no harm.
 * Rules of iteration: storage.md 2.1. Thread: the holder's.
 */
#ifndef STORAGE_BATCH_WALK_H
#define STORAGE_BATCH_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "record/batch.h"

#define WALK_HEADERS 4096u	/* window to step over headers: most steps stay within it */
#define WALK_WHOLE   (1u << 20) /* window to read all bytes */

struct file;

struct batch_walk {
	struct file *file; /* borrowed */
	int64_t next;	   /* position of the next batch */
	int64_t end;
	int64_t at;	   /* position of `batch` */
	struct batch batch;
	uint8_t *window;   /* owned */
	size_t cap, have;
	int64_t window_at;
};

void batch_walk_init(struct batch_walk *w, struct file *f, int64_t from, int64_t end, size_t window);
void batch_walk_fini(struct batch_walk *w);

/* The next header in w->batch, w->at.
 *   0 | BATCH_PARTIAL no whole batch is left | KERR_CORRUPT_MESSAGE impossible bytes | -errno */
int batch_walk_next(struct batch_walk *w) MUST_CHECK;
/* All bytes of the current batch: w->batch.data is valid until the next call. 0 | -errno. */
int batch_walk_load(struct batch_walk *w) MUST_CHECK;

#endif
