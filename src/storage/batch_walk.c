/* batch_walk.c - see batch_walk.h. */
#include "storage/batch_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "protocol/errors.h"

void batch_walk_init(struct batch_walk *w, struct file *f, int64_t from, int64_t end, size_t window)
{
	memset(w, 0, sizeof(*w));
	w->file = f;
	w->next = from;
	w->end = end;
	w->cap = window;
}

void batch_walk_fini(struct batch_walk *w)
{
	free(w->window);
	memset(w, 0, sizeof(*w));
}

/* Makes [at, at + n) part of the window and as much behind it as fits. */
static int load(struct batch_walk *w, int64_t at, size_t n)
{
	ssize_t got;

	if (w->window && at >= w->window_at && at - w->window_at <= (int64_t)w->have &&
	    w->have - (size_t)(at - w->window_at) >= n)
		return 0;
	if (n > w->cap || !w->window) {
		/* The size was checked against the file's end; the file is at most 2^31 - 1 long. */
		size_t cap = MAX(n, w->cap);
		uint8_t *p = try_array(cap, 1, INT32_MAX);

		if (!p)
			return FAIL(-ENOMEM);
		free(w->window);
		w->window = p;
		w->cap = cap;
	}
	w->have = 0;
	w->window_at = at;
	got = file_read_some(w->file, w->window, (size_t)MIN((int64_t)w->cap, w->end - at), at);
	if (got < 0)
		return FAIL((int)got);
	w->have = (size_t)got;
	if (w->have >= n)
		return 0;
	got = file_read_full(w->file, w->window + w->have, n - w->have, at + (int64_t)w->have);
	if (got < 0)
		return FAIL((int)got);
	w->have = n;
	return 0;
}

int batch_walk_next(struct batch_walk *w)
{
	int64_t left = w->end - w->next;
	size_t n;
	int r;

	if (left <= BATCH_PROBE) /* storage.md 2.1: a tail of <= 17 bytes is the end */
		return BATCH_PARTIAL;
	n = (size_t)MIN(left, BATCH_HEADER_SIZE);
	r = load(w, w->next, n);
	if (r < 0)
		return FAIL(r);
	r = batch_parse_header(w->window + (w->next - w->window_at), n, (uint64_t)left, &w->batch);
	if (r != 0)
		return r;
	w->at = w->next;
	w->next += (int64_t)w->batch.size;
	return 0;
}

int batch_walk_load(struct batch_walk *w)
{
	int r = load(w, w->at, w->batch.size);

	if (r < 0)
		return FAIL(r);
	w->batch.data = w->window + (w->at - w->window_at);
	return 0;
}
