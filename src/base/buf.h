/* buf.h - reference-counted bytes: a received frame, a converted record set.
 *
 * Counted memory: written by one owner until shared, then read-only (except that the produce path patches
 * offsets in its own frame before anyone else holds it).
 * Thread: ref and unref on any thread.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct buf {
	atomic_int refs;
	size_t len; /* bytes in use */
	size_t cap;
	uint8_t *data;
};

/* One reference, len 0. NULL when memory is short: `cap` may come from the wire. */
struct buf *buf_new(size_t cap) MUST_CHECK;
/* Grows an unshared buffer to at least `cap`; false when memory is short (the buffer is unchanged). */
bool buf_reserve(struct buf *b, size_t cap) MUST_CHECK;
struct buf *buf_ref(struct buf *b);
struct buf *buf_unref(struct buf *b); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct buf *, buf_unref)

#endif
