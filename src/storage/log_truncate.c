/* log_truncate.c - what makes a log shorter: truncation at the end, the log start offset, deletion of segments.
 *
 * Deleted segments are renamed at once and unlinked after file.delete.delay.ms, since answers on their way still
 * read them (storage.md 10.2).
 */
#define LOG_CLASS "kafka.log.UnifiedLog"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/logger.h"
#include "protocol/errors.h"
#include "storage/log_config.h"
#include "storage/log_priv.h"

/* --- delayed unlinking --- */

struct doomed {
	struct chore chore;
	struct log *log;	 /* counted: its directory's path */
	struct segment *segment; /* counted; NULL: only the snapshot */
	int64_t snapshot;	 /* offset; -1 none */
};

static void drop_doomed(struct chore *chore)
{
	struct doomed *d = CONTAINER_OF(chore, struct doomed, chore);

	segment_unref(d->segment);
	log_unref(d->log);
	free(d);
}

static int unlink_doomed(struct doomed *d)
{
	CLEANUP(freep) char *path = NULL;
	int r = d->segment ? segment_unlink(d->segment) : 0;

	if (r == 0 && d->snapshot >= 0) {
		path = replica_dir_file(&d->log->dir, d->snapshot, ".snapshot", SUFFIX_DELETED);
		r = fs_unlink(path);
	}
	return r < 0 ? FAIL(r) : 0;
}

static void run_doomed(struct chore *chore)
{
	struct doomed *d = CONTAINER_OF(chore, struct doomed, chore);
	int r = unlink_doomed(d);

	if (r < 0 && d->log->on_failure)
		d->log->on_failure(d->log->failure_arg, d->log->dir.parent, r);
	drop_doomed(chore);
}

static int doom(struct log *log, struct segment *s, int64_t snapshot)
{
	struct doomed *d = xcalloc(1, sizeof(*d));
	int r;

	d->chore.run = run_doomed;
	d->chore.drop = drop_doomed;
	d->log = log_ref(log);
	d->segment = s;
	d->snapshot = snapshot;
	if (log->chores) {
		chores_add(log->chores, &d->chore, log->config->file_delete_delay_ms);
		return 0;
	}
	r = unlink_doomed(d);
	drop_doomed(&d->chore);
	return r < 0 ? FAIL(r) : 0;
}

int log_unlink_later(struct log *log, struct segment *s)
{
	int r = doom(log, s, -1);

	return r < 0 ? FAIL(r) : 0;
}

int log_doom_segment(struct log *log, struct segment *s)
{
	int r = segment_change_suffix(s, SUFFIX_DELETED);

	if (r < 0) {
		segment_unref(s);
		return FAIL(r);
	}
	return log_unlink_later(log, s);
}

int log_doom_snapshot(struct log *log, int64_t offset)
{
	bool had;
	int r = producers_doom_snapshot(log->producers, offset, &had);

	if (r == 0 && had)
		r = doom(log, NULL, offset);
	return r < 0 ? FAIL(r) : 0;
}

int log_doom_segments(struct log *log, size_t from, size_t n)
{
	int r = 0;

	for (size_t i = from; i < from + n && r == 0; i++) {
		struct segment *s = segment_ref(log->segments[i]);
		int64_t base = segment_base(s);

		r = log_doom_segment(log, s);
		if (r == 0)
			r = log_doom_snapshot(log, base);
	}
	log->cuts++;
	log_remove_segments(log, from, n);
	return r < 0 ? FAIL(r) : 0;
}

/* --- truncation --- */

static int truncate_fully(struct log *log, int64_t offset)
{
	struct segment *s;
	int r;

	log->cuts++;
	log->truncations++;
	log->lowest_cut = MIN(log->lowest_cut, offset);
	log_forget_places(log);
	r = log_doom_segments(log, 0, log->segments_n);
	if (r == 0)
		r = segment_create(&log->dir, offset, "", log->config, log->clock, &s);
	if (r < 0)
		return FAIL(r);
	log_insert_segment(log, s);
	leader_epochs_clear(&log->epochs);
	r = producers_reset(log->producers, offset);
	log->data_end = offset;
	log->end = log->start = offset;
	log->recovery_point = MIN(log->recovery_point, offset);
	log->first_unstable = -1;
	log_move_hw(log, offset);
	return r < 0 ? FAIL(r) : 0;
}

static int truncate_partly(struct log *log, int64_t offset)
{
	size_t keep = log_floor(log, offset) + 1;
	int r = log_doom_segments(log, keep, log->segments_n - keep);

	log->cuts++;
	log->truncations++;
	log->lowest_cut = MIN(log->lowest_cut, offset);
	log_forget_places(log);
	if (r == 0)
		r = segment_truncate_to(log_active(log), offset);
	if (r == 0)
		r = segment_next_offset(log_active(log), &log->data_end);
	if (r < 0)
		return FAIL(r);
	log->data_end = MIN(log->data_end, offset);
	log->end = offset;
	log->recovery_point = MIN(log->recovery_point, offset);
	log->start = MIN(log->start, offset);
	leader_epochs_truncate_end(&log->epochs, offset);
	r = log_rebuild_producers(log, offset, false);
	log_move_hw(log, MIN(log->hw, offset));
	return r < 0 ? FAIL(r) : 0;
}

/* An emptied active segment must not be below its own base: dooming keeps at least one segment when offset is at or
 * above the first base. */
int log_truncate_to(struct log *log, int64_t offset)
{
	int r;

	if (offset < 0)
		return FAIL(-EINVAL);
	lock_take(&log->lock);
	log_await_swap(log);
	r = log_check_writable(log);
	if (r == 0) {
		if (offset >= log->end)
			leader_epochs_truncate_end(&log->epochs, log->end);
		else if (offset < segment_base(log->segments[0]))
			r = truncate_fully(log, offset);
		else
			r = truncate_partly(log, offset);
		(void)log_note_failure(log, r);
		log_queue_flush(log); /* the epoch file follows in the background */
	}
	lock_release(&log->lock);
	return r < 0 ? FAIL(r) : r;
}

int log_truncate_fully_and_start_at(struct log *log, int64_t offset)
{
	int r;

	if (offset < 0)
		return FAIL(-EINVAL);
	lock_take(&log->lock);
	log_await_swap(log);
	r = log_check_writable(log);
	if (r == 0)
		r = truncate_fully(log, offset);
	(void)log_note_failure(log, r);
	lock_release(&log->lock);
	if (r != 0)
		return r < 0 ? FAIL(r) : r;
	return log_write_epochs(log);
}

int64_t log_take_cut(struct log *log)
{
	int64_t cut;

	lock_take(&log->lock);
	cut = log->lowest_cut;
	log->lowest_cut = INT64_MAX;
	lock_release(&log->lock);
	return cut;
}

bool log_has_cut(struct log *log)
{
	bool has;

	lock_take(&log->lock);
	has = log->lowest_cut != INT64_MAX;
	lock_release(&log->lock);
	return has;
}

/* --- log start offset --- */

void log_raise_start(struct log *log, int64_t offset)
{
	if (offset <= log->start)
		return;
	log->start = offset;
	log->recovery_point = MAX(log->recovery_point, offset);
	leader_epochs_truncate_start(&log->epochs, offset);
	producers_on_start_offset(log->producers, offset);
	if (log->hw < offset)
		log_move_hw(log, offset);
	else
		log_update_unstable(log);
	if (leader_epochs_unwritten(&log->epochs))
		log_queue_flush(log);
}

int log_advance_start_offset(struct log *log, int64_t offset)
{
	int r;

	lock_take(&log->lock);
	r = log_check_writable(log);
	if (r == 0 && offset > log->hw)
		r = KERR_OFFSET_OUT_OF_RANGE;
	if (r == 0)
		log_raise_start(log, offset);
	lock_release(&log->lock);
	return r < 0 ? FAIL(r) : r;
}
