/* log_dirs_cleaning.c - the directories' part in compaction: first dirty offsets, and keeping cleaners away.
 *
 * A pause waits for the cleaner thread that has the partition, which takes the table lock itself: nothing is held here
 * while waiting.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "storage/cleaner_table.h"
#include "storage/log.h"
#include "storage/log_config.h"
#include "storage/log_dirs_priv.h"
#include "storage/log_open.h"

struct cleaner_table *log_dirs_cleaner_table(struct log_dirs *d)
{
	return d->cleaner;
}

bool log_dirs_is_online(struct log_dirs *d, const char *parent_dir)
{
	const struct log_dir *dir = log_dirs_dir_of(d, parent_dir);

	return dir && atomic_load(&dir->online);
}

static char *key_of(const struct log *log)
{
	return xasprintf("%s-%d", log_topic(log), log_partition(log));
}

/* --- first dirty offsets --- */

/* The entry of a current log; NULL when it has left the table. Locks: table lock held. */
static struct log_entry *entry_of(struct log_dirs *d, const struct log *log, const char *key)
{
	struct log_entry *e = log_dirs_find(d->current, key);

	return e && e->log == log ? e : NULL;
}

int64_t log_dirs_first_dirty(struct log_dirs *d, struct log *log)
{
	CLEANUP(freep) char *key = key_of(log);
	const struct log_entry *e;
	int64_t offset;

	lock_take(&d->lock);
	e = entry_of(d, log, key);
	offset = e ? e->first_dirty : -1;
	lock_release(&d->lock);
	return offset;
}

void log_dirs_set_first_dirty(struct log_dirs *d, struct log *log, int64_t offset)
{
	CLEANUP(freep) char *key = key_of(log);
	struct log_dir *dir = NULL;
	struct log_entry *e;

	lock_take(&d->lock);
	e = entry_of(d, log, key);
	if (e) {
		e->first_dirty = offset;
		dir = e->dir;
	}
	lock_release(&d->lock);
	if (dir)
		log_dirs_checkpoint(d, dir, CHECKPOINT_CLEANER);
}

int log_dirs_make_durable(struct log_dirs *d, struct log *log, int64_t offset)
{
	struct log_dir *dir = log_dirs_dir_of(d, log_parent_dir(log));
	int r = 0;

	if (!dir || !atomic_load(&dir->loaded))
		return -ECANCELED;
	if (log_recovery_point(log) < offset)
		r = log_flush(log);
	if (r < 0)
		return FAIL(r);
	if (r > 0 || log_recovery_point(log) < offset)
		return -ECANCELED;
	log_dirs_checkpoint(d, dir, CHECKPOINT_RECOVERY_POINT);
	return atomic_load(&dir->online) ? 0 : -ECANCELED;
}

/* --- truncation --- */

static int truncate(struct log_dirs *d, struct log *log, int64_t offset, int (*fn)(struct log *log, int64_t offset))
{
	CLEANUP(freep) char *key = key_of(log);
	int r;

	cleaner_table_pause(d->cleaner, key);
	r = fn(log, offset);
	if (r == 0)
		log_dirs_truncated(d, log);
	cleaner_table_resume(d->cleaner, key);
	return r < 0 ? FAIL(r) : r;
}

int log_dirs_truncate_to(struct log_dirs *d, struct log *log, int64_t offset)
{
	struct log_offsets at;
	int r;

	log_offsets(log, &at);
	if (offset < at.last_segment)
		return truncate(d, log, offset, log_truncate_to);
	r = log_truncate_to(log, offset); /* no cleaner touches the active segment */
	if (r == 0)
		log_dirs_truncated(d, log);
	return r < 0 ? FAIL(r) : r;
}

int log_dirs_truncate_fully_and_start_at(struct log_dirs *d, struct log *log, int64_t offset)
{
	return truncate(d, log, offset, log_truncate_fully_and_start_at);
}

/* --- configuration --- */

static void set_config(struct log_dirs *d, struct log *log, struct log_config *config)
{
	CLEANUP(log_config_unrefp) struct log_config *old = log_get_config(log);
	CLEANUP(freep) char *key = NULL;

	log_set_config(log, config);
	if (!old->cleanup_compact || config->cleanup_compact)
		return;
	key = key_of(log);
	cleaner_table_pause(d->cleaner, key);
	cleaner_table_resume(d->cleaner, key);
}

void log_dirs_set_topic_config(struct log_dirs *d, const char *topic, struct log_config *config)
{
	size_t n;
	struct log **v = log_dirs_snapshot(d, NULL, true, true, &n);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(log_topic(v[i]), topic))
			set_config(d, v[i], config);
	log_dirs_unref_all(v, n);
}
