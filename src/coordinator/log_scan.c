/* log_scan.c - see log_scan.h. The end is looked at again for every chunk: a leader's log may grow meanwhile.
 *
 * A batch whose length is damaged looks like the end of its segment to whoever reads, and hides what is behind it. So the
 * bytes are counted: what was read must be what the log has, unless the log changed meanwhile.
 */
#include "coordinator/log_scan.h"

#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "storage/batch_walk.h"
#include "storage/log.h"

static int one_batch(struct log_scan *s, struct batch_walk *w, int64_t *offset)
{
	int r = batch_walk_load(w);

	if (r)
		return FAIL(r);
	s->bytes += w->batch.size;
	*offset = w->batch.last_offset + 1;
	if (batch_crc_ok(&w->batch))
		return s->batch(s->arg, &w->batch);
	if (s->damaged++ == 0)
		s->damaged_at = w->batch.base_offset;
	return 0;
}

/* Moves *offset behind the last whole batch of the chunk. */
static int one_chunk(struct log_scan *s, const struct log_slice *slice, int64_t *offset)
{
	struct batch_walk w;
	int r;

	batch_walk_init(&w, slice->file, slice->at, slice->at + (int64_t)slice->len, MIN(slice->len, s->chunk_bytes));
	while ((r = batch_walk_next(&w)) == 0) {
		r = one_batch(s, &w, offset);
		if (r)
			break;
	}
	batch_walk_fini(&w);
	return r == BATCH_PARTIAL ? 0 : r;
}

int log_scan(struct log *log, struct log_scan *s)
{
	int64_t offset = log_start_offset(log), size = log_size(log), in_front = -1, before;
	struct log_slice slice;
	struct arena unused;
	int r = 0;

	s->bytes = s->damaged = 0;
	s->damaged_at = -1;
	arena_init(&unused, 0);
	while (r == 0 && offset < log_end_offset(log)) {
		if (!s->proceed(s->arg, offset, log_end_offset(log))) {
			r = -ECANCELED;
			break;
		}
		r = log_read(log, offset, s->chunk_bytes, true, FETCH_LOG_END, &unused, &slice);
		if (r == KERR_OFFSET_OUT_OF_RANGE && log_start_offset(log) > offset) {
			offset = log_start_offset(log); /* retention went by */
			r = 0;
			continue;
		}
		if (r)
			break;
		before = offset;
		if (in_front < 0)
			in_front = slice.at; /* below the log start offset */
		if (slice.len)
			r = one_chunk(s, &slice, &offset);
		log_slice_fini(&slice);
		if (offset == before)
			break; /* nothing but the gap that compaction left at the end */
	}
	arena_fini(&unused);
	if (r == 0 && size == log_size(log) && (int64_t)s->bytes != size - MAX(in_front, 0))
		r = KERR_CORRUPT_MESSAGE;
	return r < 0 && r != -ECANCELED ? FAIL(r) : r;
}
