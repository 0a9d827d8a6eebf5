/* log_dirs_checkpoint.c - the offset checkpoints of each directory, written whole from the table.
 *
 * Two writers of one directory would meet in the .tmp file, and the older snapshot could win; so a writer claims
 * the directory, and takes its snapshot only then. What is on disk already is not written again: with thousands of
 * idle partitions nothing happens but the formatting.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "storage/checkpoint.h"
#include "storage/log.h"
#include "storage/log_dirs_priv.h"
#include "storage/log_open.h"
#include "storage/offset_checkpoint.h"

static const struct {
	const char *file, *doing;
} checkpoints[CHECKPOINTS_N] = {
	[CHECKPOINT_RECOVERY_POINT] = { RECOVERY_POINT_CHECKPOINT, "recovery offsets" },
	[CHECKPOINT_LOG_START] = { LOG_START_CHECKPOINT, "log start offsets" },
	[CHECKPOINT_HIGH_WATERMARK] = { HIGH_WATERMARK_CHECKPOINT, "high watermarks" },
	[CHECKPOINT_CLEANER] = { CLEANER_CHECKPOINT, "cleaner offsets" },
};

static void claim(struct log_dir *dir)
{
	lock_take(&dir->claim_lock);
	while (dir->claimed)
		lock_wait(&dir->claim_lock, &dir->claim_free);
	dir->claimed = true;
	lock_release(&dir->claim_lock);
}

static void unclaim(struct log_dir *dir)
{
	lock_take(&dir->claim_lock);
	dir->claimed = false;
	cond_signal(&dir->claim_free);
	lock_release(&dir->claim_lock);
}

/* What one entry contributes, taken under the table lock so that it outlives the entry. */
struct row {
	struct log *log; /* a reference */
	int64_t hw;	 /* the one to write; -1: the log's own; -2: none */
	int64_t first_dirty;
};

static struct row *take_rows(struct log_dirs *d, const struct log_dir *dir, size_t *ret_n)
{
	struct log_entry *e, *tmp, *tables[3];
	struct row *rows;
	size_t n = 0;

	lock_take(&d->lock);
	tables[0] = d->current;
	tables[1] = d->future;
	tables[2] = d->held;
	rows = xcalloc(HASH_COUNT(tables[0]) + HASH_COUNT(tables[1]) + HASH_COUNT(tables[2]) + 1, sizeof(*rows));
	for (int i = 0; i < 3; i++)
		HASH_ITER(hh, tables[i], e, tmp) {
			if (e->dir != dir || e->busy)
				continue;
			rows[n].log = log_ref(e->log);
			rows[n].hw = e->hw_live ? -1 : e->hw_checkpointed < 0 ? -2 : e->hw_checkpointed;
			rows[n].first_dirty = e->first_dirty;
			n++;
		}
	lock_release(&d->lock);
	*ret_n = n;
	return rows;
}

/* False when the log has no line in this file. */
static bool offset_of(const struct row *row, enum dir_checkpoint which, int64_t *ret)
{
	struct log_offsets at;

	log_offsets(row->log, &at);
	switch (which) {
	case CHECKPOINT_RECOVERY_POINT:
		*ret = at.recovery_point;
		return true;
	case CHECKPOINT_LOG_START:
		*ret = at.start;
		return at.start > at.first_segment;
	case CHECKPOINT_HIGH_WATERMARK:
		*ret = row->hw == -1 ? at.high_watermark : row->hw;
		return row->hw != -2;
	case CHECKPOINT_CLEANER:
		*ret = row->first_dirty;
		return row->first_dirty >= 0;
	case CHECKPOINTS_N:
		break;
	}
	return false;
}

static void build(struct log_dirs *d, const struct log_dir *dir, enum dir_checkpoint which,
    struct checkpoint *ret)
{
	size_t n;
	struct row *rows = take_rows(d, dir, &n);

	for (size_t i = 0; i < n; i++) {
		int64_t offset;

		if (offset_of(&rows[i], which, &offset))
			checkpoint_add(ret, "%s %d %" PRId64, log_topic(rows[i].log),
			    log_partition(rows[i].log), offset);
		log_unref(rows[i].log);
	}
	free(rows);
}

static bool is_on_disk(const struct log_dir *dir, enum dir_checkpoint which, const struct checkpoint *c)
{
	if (!dir->written[which] || dir->written_len[which] != c->len)
		return false;
	return c->len == 0 || memcmp(dir->written[which], c->rows, c->len) == 0;
}

static void remember(struct log_dir *dir, enum dir_checkpoint which, const struct checkpoint *c)
{
	free(dir->written[which]);
	dir->written[which] = c->len > 0 ? xmemdup(c->rows, c->len) : xcalloc(1, 1);
	dir->written_len[which] = c->len;
}

void log_dirs_cleaner_is_empty(struct log_dir *dir)
{
	remember(dir, CHECKPOINT_CLEANER, &(struct checkpoint)CHECKPOINT_INIT);
}

/* The holder of the claim writes. */
static void write_claimed(struct log_dirs *d, struct log_dir *dir, enum dir_checkpoint which)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", dir->path, checkpoints[which].file);
	struct checkpoint c = CHECKPOINT_INIT;
	int r;

	build(d, dir, which, &c);
	/* Tested after the snapshot: a directory that failed earlier may already have lost its rows. */
	if (!is_on_disk(dir, which, &c) && atomic_load(&dir->online)) {
		r = checkpoint_write(&c, path);
		if (r == 0)
			remember(dir, which, &c);
		else
			log_dirs_fail_doing(d, dir->path, r,
			    "Disk error while writing %s checkpoint in directory %s", checkpoints[which].doing,
			    dir->path);
	}
	checkpoint_fini(&c);
}

void log_dirs_checkpoint(struct log_dirs *d, struct log_dir *dir, enum dir_checkpoint which)
{
	if (!atomic_load(&dir->online) || !atomic_load(&dir->loaded))
		return;
	claim(dir);
	write_claimed(d, dir, which);
	unclaim(dir);
}

void log_dirs_checkpoint_all(struct log_dirs *d, enum dir_checkpoint which)
{
	for (size_t i = 0; i < d->n; i++)
		log_dirs_checkpoint(d, &d->v[i], which);
}

void log_dirs_checkpoint_stale(struct log_dirs *d, struct log_dir *dir)
{
	if (!atomic_load(&dir->stale) || !atomic_load(&dir->online) || !atomic_load(&dir->loaded))
		return;
	claim(dir);
	/* Cleared before the snapshot: a deletion that comes later sets it again. */
	if (atomic_exchange(&dir->stale, false)) {
		write_claimed(d, dir, CHECKPOINT_RECOVERY_POINT);
		write_claimed(d, dir, CHECKPOINT_LOG_START);
		write_claimed(d, dir, CHECKPOINT_HIGH_WATERMARK);
		write_claimed(d, dir, CHECKPOINT_CLEANER);
	}
	unclaim(dir);
}

void log_dirs_truncated(struct log_dirs *d, struct log *log)
{
	CLEANUP(freep) char *key = xasprintf("%s-%d", log_topic(log), log_partition(log));
	struct log_dir *dir = log_dirs_dir_of(d, log_parent_dir(log));
	struct log_offsets at;
	struct log_entry *e;
	bool lowered = false;

	if (!dir)
		return;
	log_offsets(log, &at);
	lock_take(&d->lock);
	e = log_dirs_find(d->current, key);
	if (e && e->log == log && e->first_dirty > at.last_segment) {
		e->first_dirty = at.last_segment;
		lowered = true;
	}
	lock_release(&d->lock);
	log_dirs_checkpoint(d, dir, CHECKPOINT_RECOVERY_POINT);
	if (lowered)
		log_dirs_checkpoint(d, dir, CHECKPOINT_CLEANER);
}
