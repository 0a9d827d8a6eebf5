/* buf.c - reference-counted bytes. */
#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>

struct buf *buf_new(size_t cap)
{
	struct buf *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->data = malloc(cap ? cap : 1);
	if (!b->data) {
		free(b);
		return NULL;
	}
	atomic_init(&b->refs, 1);
	b->cap = cap;
	return b;
}

bool buf_reserve(struct buf *b, size_t cap)
{
	uint8_t *data;

	assert(atomic_load_explicit(&b->refs, memory_order_relaxed) == 1);
	if (cap <= b->cap)
		return true;
	data = realloc(b->data, cap);
	if (!data)
		return false;
	b->data = data;
	b->cap = cap;
	return true;
}

/* Relaxed: whoever takes a reference got the pointer from somebody who holds one. */
struct buf *buf_ref(struct buf *b)
{
	int was = atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);

	assert(was > 0);
	(void)was;
	return b;
}

/* Release orders each holder's use before its unref, acquire orders all of them before the free. */
struct buf *buf_unref(struct buf *b)
{
	int was;

	if (!b)
		return NULL;
	was = atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel);
	assert(was > 0);
	if (was == 1) {
		free(b->data);
		free(b);
	}
	return NULL;
}
