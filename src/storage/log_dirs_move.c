/* log_dirs_move.c - future copies: the log of a partition in another directory, until it takes the current log's place
 * (storage.md 14.3).
 *
 * The replacement, in this order: 1 the future log is flushed, 2 the old directory is marked as replaced, 3 the future
 * directory gets the partition's name, 4 the table names it as current, 5 the old directory is renamed to ...-delete, and
 * the marker with it, 6 it is queued for removal. Each step is on disk before the next. A crash between 3 and 5 leaves two
 * directories of that name, of which the start knows the old one by its marker (log_dirs_replaced.c); so it does when 5
 * fails and the old directory is back later. If 3 fails the marker is removed before the old log is used again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "storage/cleaner_table.h"
#include "storage/log.h"
#include "storage/log_dirs_priv.h"
#include "storage/log_open.h"

#define LOG_CLASS LOG_MANAGER_CLASS
#include "base/logger.h"

/* --- preferred directories --- */

static struct preferred_dir *find_preferred(struct log_dirs *d, const char *key)
{
	struct preferred_dir *p;

	HASH_FIND_STR(d->preferred, key, p);
	return p;
}

struct log_dir *log_dirs_take_preferred(struct log_dirs *d, const char *key)
{
	struct preferred_dir *p = find_preferred(d, key);
	struct log_dir *dir = p ? p->dir : NULL;

	if (p) {
		HASH_DEL(d->preferred, p);
		free(p);
	}
	return dir;
}

void log_dirs_forget_preferred(struct log_dirs *d)
{
	struct preferred_dir *p, *tmp;

	HASH_ITER(hh, d->preferred, p, tmp) {
		HASH_DEL(d->preferred, p);
		free(p);
	}
}

void log_dirs_prefer(struct log_dirs *d, const char *topic, int32_t partition, const char *dir)
{
	struct log_dir *wanted = log_dirs_dir_of(d, dir);
	char key[DIR_NAME_MAX + 1];
	struct preferred_dir *p;

	if (!wanted || !dir_name_format(DIR_CURRENT, topic, partition, UUID_ZERO, key))
		return;
	lock_take(&d->lock);
	p = find_preferred(d, key);
	if (!p && !log_dirs_find(d->current, key)) {
		p = xcalloc(1, sizeof(*p) + strlen(key) + 1);
		memcpy(p->key, key, strlen(key) + 1);
		HASH_ADD_STR(d->preferred, key, p);
	}
	if (p)
		p->dir = wanted;
	lock_release(&d->lock);
}

/* --- questions --- */

int log_dirs_check_dir(struct log_dirs *d, const char *dir)
{
	const struct log_dir *found = log_dirs_dir_of(d, dir);

	if (!found)
		return KERR_LOG_DIR_NOT_FOUND;
	return atomic_load(&found->online) ? 0 : KERR_KAFKA_STORAGE_ERROR;
}

struct log *log_dirs_get_future(struct log_dirs *d, const char *topic, int32_t partition)
{
	char key[DIR_NAME_MAX + 1];
	struct log *log = NULL;
	struct log_entry *e;

	if (partition < 0 || !dir_name_format(DIR_CURRENT, topic, partition, UUID_ZERO, key))
		return NULL;
	lock_take(&d->lock);
	e = log_dirs_find(d->future, key);
	if (e && !e->busy)
		log = log_ref(e->log);
	lock_release(&d->lock);
	return log;
}

/* --- making --- */

/* A busy entry for the copy, or the copy that is there, or neither when the current log is where it is wanted. */
static int claim_future(struct log_dirs *d, const char *key, struct log_dir *dir, struct log **ret_log,
    struct log_entry **ret_entry)
{
	struct log_entry *current, *future;
	int r = 0;

	lock_take(&d->lock);
	current = log_dirs_find_idle(d, &d->current, key);
	future = log_dirs_find_idle(d, &d->future, key);
	if (!current)
		r = KERR_REPLICA_NOT_AVAILABLE;
	else if (future)
		*ret_log = log_ref(future->log);
	else if (current->dir != dir && (log_dirs_some_offline(d) || !atomic_load(&dir->online)))
		r = KERR_KAFKA_STORAGE_ERROR;
	else if (current->dir != dir)
		*ret_entry = log_dirs_add_entry(d, &d->future, key, dir);
	lock_release(&d->lock);
	return r;
}

static int make(struct log_dirs *d, struct log_entry *e, const char *topic, int32_t partition, const char *name,
    struct log **ret)
{
	struct log *log;
	int r = log_dirs_create_in(d, e->dir, topic, partition, name, &log);

	if (r == 0 && log_dirs_publish(d, e, log)) {
		log_info("Created future log for partition %s-%d in %s", topic, partition, log_dir_path(log));
		*ret = log;
		return 0;
	}
	lock_take(&d->lock);
	log_dirs_remove_entry(d, &d->future, e);
	lock_release(&d->lock);
	return r < 0 ? FAIL(r) : KERR_KAFKA_STORAGE_ERROR;
}

int log_dirs_make_future(struct log_dirs *d, const char *topic, int32_t partition, const char *dir, struct log **ret)
{
	struct log_dir *wanted = log_dirs_dir_of(d, dir);
	char key[DIR_NAME_MAX + 1], name[DIR_NAME_MAX + 1];
	struct log_entry *e = NULL;
	int r;

	*ret = NULL;
	if (!dir_name_format(DIR_FUTURE, topic, partition, uuid_random(), name) ||
	    !dir_name_format(DIR_CURRENT, topic, partition, UUID_ZERO, key))
		return KERR_INVALID_TOPIC_EXCEPTION;
	if (!wanted)
		return KERR_LOG_DIR_NOT_FOUND;
	r = claim_future(d, key, wanted, ret, &e);
	if (r || !e)
		return r;
	return make(d, e, topic, partition, name, ret);
}

int log_dirs_drop_future(struct log_dirs *d, const char *topic, int32_t partition)
{
	char key[DIR_NAME_MAX + 1];
	int r;

	if (!dir_name_format(DIR_CURRENT, topic, partition, UUID_ZERO, key))
		return 0;
	r = log_dirs_delete_from(d, &d->future, key);
	return r < 0 ? FAIL(r) : 0;
}

/* --- replacing --- */

struct replacement {
	struct log_entry *current, *future; /* busy */
	struct log *old, *log;		    /* their references, ours meanwhile */
	struct log_dir *old_dir;
	bool marked;
};

static bool begin_replacement(struct log_dirs *d, const char *key, struct replacement *ret)
{
	lock_take(&d->lock);
	ret->current = log_dirs_find_idle(d, &d->current, key);
	ret->future = log_dirs_find_idle(d, &d->future, key);
	/* Waiting for one may have given the other away. */
	if (ret->current && (log_dirs_find(d->current, key) != ret->current || ret->current->busy))
		ret->current = NULL;
	if (ret->current && ret->future) {
		ret->current->busy = ret->future->busy = true;
		ret->old = TAKE(ret->current->log);
		ret->log = TAKE(ret->future->log);
		ret->old_dir = ret->current->dir;
	}
	lock_release(&d->lock);
	return ret->old && ret->log;
}

/* A failure costs the old log's directory and not the replacement: the copy has everything. Where there is no room for
 * the marker, as little as there is for records, a crash before step 5 is for the operator to settle, as with Kafka. */
static void mark_old(struct log_dirs *d, struct replacement *x, const char *key)
{
	int r = log_dirs_mark_replaced(log_dir_path(x->old));

	x->marked = r <= 0;
	if (r > 0)
		log_warn("No room in %s to mark the log of %s as being replaced: it is replaced without", x->old_dir->path,
		    key);
	if (r < 0)
		log_dirs_fail_doing(d, x->old_dir->path, r, "Error while marking %s as replaced in log dir %s", key,
		    x->old_dir->path);
}

/* Steps 1 to 3. A failure of 1 or 3 takes the future log's directory offline. */
static int take_name(struct log_dirs *d, struct replacement *x, const char *key)
{
	const char *path = x->future->dir->path;
	int r = log_flush(x->log);

	if (r != 0) { /* > 0: it takes nothing more, since its directory failed */
		r = r < 0 ? r : -EIO;
		log_dirs_fail_doing(d, path, r, "Error while flushing log for %s in dir %s", key, path);
		return FAIL(r);
	}
	mark_old(d, x, key);
	r = log_rename_dir(x->log, key);
	if (r < 0) {
		log_dirs_fail_doing(d, path, r, "Error while renaming dir for %s in log dir %s", key, path);
		return FAIL(r);
	}
	return 0;
}

/* The table names the future log as current; false when its directory failed meanwhile. */
static bool switch_entries(struct log_dirs *d, struct replacement *x)
{
	bool online;

	lock_take(&d->lock);
	online = atomic_load(&x->future->dir->online);
	if (online) {
		x->current->log = TAKE(x->log);
		x->current->dir->logs_n--;
		x->current->dir = x->future->dir;
		x->current->dir->logs_n++;
		x->current->hw_live = true;
		x->current->first_dirty = -1; /* the copy may hold what was compacted away meanwhile */
		x->current->busy = false;
	}
	log_dirs_remove_entry(d, &d->future, x->future);
	lock_release(&d->lock);
	return online;
}

/* The old log is to be used again. */
static void unmark_old(struct log_dirs *d, const struct replacement *x)
{
	int r;

	if (!x->marked || !atomic_load(&x->old_dir->online))
		return;
	r = log_dirs_unmark_replaced(log_dir_path(x->old));
	if (r < 0)
		log_dirs_fail_doing(d, x->old_dir->path, r, "Error while removing a marker of log %s in log dir %s",
		    x->current->key, x->old_dir->path);
}

/* As it was before, without the future copy, whose directory failed. */
static void undo(struct log_dirs *d, struct replacement *x)
{
	unmark_old(d, x);
	lock_take(&d->lock);
	if (atomic_load(&x->old_dir->online)) {
		x->current->log = TAKE(x->old);
		x->current->busy = false;
		cond_broadcast(&d->changed);
	} else {
		log_dirs_remove_entry(d, &d->current, x->current);
	}
	lock_release(&d->lock);
	if (x->old) {
		log_close_dirty(x->old);
		log_unref(x->old);
	}
	log_close_dirty(x->log);
	log_unref(x->log);
}

static int replace(struct log_dirs *d, const char *key)
{
	struct replacement x = { 0 };
	int r;

	if (!begin_replacement(d, key, &x))
		return KERR_REPLICA_NOT_AVAILABLE;
	r = take_name(d, &x, key);
	if (!switch_entries(d, &x)) {
		undo(d, &x);
		return FAIL(r < 0 ? r : -EIO);
	}
	log_info("Replaced the log of %s in %s by its future copy", key, x.old_dir->path);
	/* The old one is not in the table any more: its failure is that of its directory alone. */
	(void)!log_dirs_rename_to_delete(d, x.old_dir, x.old);
	log_dirs_checkpoint_stale(d, x.old_dir);
	return 0;
}

int log_dirs_replace_by_future(struct log_dirs *d, const char *topic, int32_t partition)
{
	char key[DIR_NAME_MAX + 1];
	int r;

	if (!dir_name_format(DIR_CURRENT, topic, partition, UUID_ZERO, key))
		return KERR_REPLICA_NOT_AVAILABLE;
	cleaner_table_pause(d->cleaner, key);
	r = replace(d, key);
	if (r == 0)
		cleaner_table_forget_uncleanable(d->cleaner, key); /* of the old copy */
	cleaner_table_resume(d->cleaner, key);
	return r;
}
