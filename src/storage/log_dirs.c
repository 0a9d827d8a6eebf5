/* log_dirs.c - the table of logs: look up, create, delete.
 *
 * Opening and renaming touch the disk, so they run without the table lock: the entry is marked busy meanwhile, and
 * whoever wants the same partition waits for `changed`. A directory can fail at any moment: whoever is done with a
 * busy entry looks at dir->online under the lock before publishing a log.
 */
#include "storage/log_dirs.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#define LOG_CLASS LOG_MANAGER_CLASS
#include "base/logger.h"
#include "protocol/errors.h"
#include "storage/cleaner_table.h"
#include "storage/log.h"
#include "storage/log_config.h"
#include "storage/log_dirs_priv.h"
#include "storage/log_open.h"

/* --- table --- */

struct log_entry *log_dirs_find(struct log_entry *table, const char *key)
{
	struct log_entry *e;

	HASH_FIND_STR(table, key, e);
	return e;
}

/* Locks: table lock held. The new entry is busy. */
struct log_entry *log_dirs_add_entry(struct log_dirs *d, struct log_entry **table, const char *key,
    struct log_dir *dir)
{
	size_t size = strlen(key) + 1;
	struct log_entry *e = xcalloc(1, sizeof(*e) + size);

	lock_assert_held(&d->lock);
	memcpy(e->key, key, size);
	e->dir = dir;
	e->busy = true;
	e->hw_checkpointed = e->first_dirty = -1;
	dir->logs_n++;
	HASH_ADD_STR(*table, key, e);
	return e;
}

/* Locks: table lock held. The reference in e->log has been taken out before. */
void log_dirs_remove_entry(struct log_dirs *d, struct log_entry **table, struct log_entry *e)
{
	lock_assert_held(&d->lock);
	assert(!e->log);
	e->dir->logs_n--;
	HASH_DEL(*table, e);
	free(e);
	cond_broadcast(&d->changed);
}

struct log_entry *log_dirs_find_idle(struct log_dirs *d, struct log_entry **table, const char *key)
{
	struct log_entry *e;

	while ((e = log_dirs_find(*table, key)) && e->busy)
		lock_wait(&d->lock, &d->changed);
	return e;
}

void log_dirs_doom(struct log_dirs *d, struct log_dir *dir, struct log *log)
{
	struct doomed_log *x = xcalloc(1, sizeof(*x));
	bool online;

	x->log = log;
	x->dir = dir;
	x->due_ms = clock_mono_ms(d->clock) + atomic_load(&d->file_delete_delay_ms);
	lock_take(&d->lock);
	online = atomic_load(&dir->online);
	if (online)
		list_append(&d->doomed, &x->link);
	lock_release(&d->lock);
	if (online)
		return;
	log_close_dirty(log);
	log_unref(log);
	free(x);
}

struct log **log_dirs_snapshot(struct log_dirs *d, const struct log_dir *dir, bool current, bool future,
    size_t *ret_n)
{
	struct log_entry *tables[3], *e, *tmp;
	struct log **v;
	size_t n = 0;

	lock_take(&d->lock);
	tables[0] = current ? d->current : NULL;
	tables[1] = future ? d->future : NULL;
	tables[2] = current && future ? d->held : NULL;
	v = xcalloc(HASH_COUNT(tables[0]) + HASH_COUNT(tables[1]) + HASH_COUNT(tables[2]) + 1, sizeof(struct log *));
	for (int i = 0; i < 3; i++)
		HASH_ITER(hh, tables[i], e, tmp)
			if (!e->busy && (!dir || e->dir == dir))
				v[n++] = log_ref(e->log);
	lock_release(&d->lock);
	*ret_n = n;
	return v;
}

void log_dirs_unref_all(struct log **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		log_unref(v[i]);
	free(v);
}

/* --- create --- */

/* The online directories, those with the fewest logs first (storage.md 14.2). Locks: table lock held. */
static size_t candidates(struct log_dirs *d, struct log_dir **ret)
{
	size_t n = 0, at;

	for (size_t i = 0; i < d->n; i++) {
		if (!atomic_load(&d->v[i].online))
			continue;
		for (at = n; at > 0 && ret[at - 1]->logs_n > d->v[i].logs_n; at--)
			ret[at] = ret[at - 1];
		ret[at] = &d->v[i];
		n++;
	}
	return n;
}

bool log_dirs_some_offline(const struct log_dirs *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!atomic_load(&d->v[i].online))
			return true;
	return false;
}

static int set_topic_id(struct log_dirs *d, struct log *log, struct uuid topic_id)
{
	int r;

	if (uuid_is_zero(topic_id))
		return 0;
	r = log_set_topic_id(log, topic_id);
	if (r < 0)
		log_dirs_fail_doing(d, log_parent_dir(log), r,
		    "Error while writing partition metadata for %s-%d in dir %s", log_topic(log),
		    log_partition(log), log_parent_dir(log));
	return r;
}

int log_dirs_create_in(struct log_dirs *d, struct log_dir *dir, const char *topic, int32_t partition,
    const char *name, struct log **ret)
{
	CLEANUP(log_config_unrefp) struct log_config *config = d->config.config_of(d->config.arg, topic);
	struct log_open_args args = {
		.parent_dir = dir->path,
		.name = name,
		.topic = topic,
		.partition = partition,
		.config = config,
		.clock = d->clock,
		.chores = dir->chores,
		.producer_id_expiration_ms = atomic_load(&d->producer_id_expiration_ms),
		.verify_transactions = atomic_load(&d->verify_transactions),
		.without_topic_id = d->config.without_topic_ids,
		.on_failure = log_dirs_on_log_failure,
		.arg = d,
	};
	int r;

	/* A deleted log of that name must not lend its log start offset to the new one. */
	log_dirs_checkpoint_stale(d, dir);
	r = log_open(&args, ret);
	if (r < 0) {
		log_dirs_fail_doing(d, dir->path, r, "Error while creating log for %s in dir %s", name, dir->path);
		return FAIL(r);
	}
	return 0;
}

static bool set_producer_rules(struct log *log, void *arg)
{
	struct log_dirs *d = arg;

	log_set_producer_rules(log, atomic_load(&d->producer_id_expiration_ms), atomic_load(&d->verify_transactions));
	return true;
}

/* The configuration may have changed between our reading it and the log's getting into the table, where a change
 * would have met it (KAFKA-8813). */
static void refresh_config(struct log_dirs *d, struct log *log)
{
	CLEANUP(log_config_unrefp) struct log_config *config =
	    d->config.config_of(d->config.arg, log_topic(log));

	log_set_config(log, config);
	(void)set_producer_rules(log, d);
}

bool log_dirs_publish(struct log_dirs *d, struct log_entry *e, struct log *log)
{
	bool online;

	lock_take(&d->lock);
	online = atomic_load(&e->dir->online);
	if (online) {
		e->log = log_ref(log);
		e->busy = false;
		cond_broadcast(&d->changed);
	}
	lock_release(&d->lock);
	if (online)
		return true;
	log_close_dirty(log);
	log_unref(log);
	return false;
}

static void move_entry(struct log_dirs *d, struct log_entry *e, struct log_dir *dir)
{
	lock_take(&d->lock);
	e->dir->logs_n--;
	e->dir = dir;
	e->dir->logs_n++;
	lock_release(&d->lock);
}

/* Tries the directories in turn; the one that fails goes offline, the next one is tried. */
static int create(struct log_dirs *d, struct log_entry *e, struct log_dir **dirs, size_t dirs_n,
    const char *topic, int32_t partition, struct uuid topic_id, struct log **ret)
{
	struct log *log;
	int r = KERR_KAFKA_STORAGE_ERROR;

	for (size_t i = 0; i < dirs_n; i++) {
		if (!atomic_load(&dirs[i]->online))
			continue;
		move_entry(d, e, dirs[i]);
		r = log_dirs_create_in(d, dirs[i], topic, partition, e->key, &log);
		if (r < 0)
			continue;
		r = set_topic_id(d, log, topic_id);
		if (r >= 0 && log_dirs_publish(d, e, log)) {
			/* Published: e may be gone, and the directory renamed, by now. */
			log_info("Created log for partition %s-%d in %s/%s-%d with properties {}", topic, partition,
			    dirs[i]->path, topic, partition);
			refresh_config(d, log);
			*ret = log;
			return r;
		}
		if (r < 0) {
			log_close_dirty(log);
			log_unref(log);
		} else {
			r = KERR_KAFKA_STORAGE_ERROR;
		}
	}
	lock_take(&d->lock);
	log_dirs_remove_entry(d, &d->current, e);
	lock_release(&d->lock);
	return r < 0 ? FAIL(r) : r;
}

/* A directory that was asked for is the only candidate while it works. */
static void prefer(struct log_dir *wanted, struct log_dir **dirs, size_t *dirs_n)
{
	if (!wanted || !atomic_load(&wanted->online))
		return;
	dirs[0] = wanted;
	*dirs_n = 1;
}

/* The busy entry of a log to create, with its candidates; or the log that is there. Locks: none held. */
static int find_or_claim(struct log_dirs *d, const char *key, bool is_new, struct log_dir **dirs,
    size_t *dirs_n, struct log **ret_log, struct log_entry **ret_entry)
{
	struct log_entry *e;
	int r = 0;

	lock_take(&d->lock);
	e = log_dirs_find_idle(d, &d->current, key);
	*dirs_n = candidates(d, dirs);
	prefer(e ? NULL : log_dirs_take_preferred(d, key), dirs, dirs_n);
	if (e)
		*ret_log = log_ref(e->log);
	else if (*dirs_n == 0 || (!is_new && log_dirs_some_offline(d)) || log_dirs_find(d->held, key))
		r = KERR_KAFKA_STORAGE_ERROR;
	else
		*ret_entry = log_dirs_add_entry(d, &d->current, key, dirs[0]);
	lock_release(&d->lock);
	return r;
}

int log_dirs_get_or_create(struct log_dirs *d, const char *topic, int32_t partition, struct uuid topic_id,
    bool is_new, struct log **ret)
{
	CLEANUP(freep) struct log_dir **dirs = xcalloc(d->n, sizeof(struct log_dir *));
	struct log_entry *e = NULL;
	struct log *log = NULL;
	char key[DIR_NAME_MAX + 1];
	size_t dirs_n;
	int r;

	if (!dir_name_format(DIR_CURRENT, topic, partition, UUID_ZERO, key))
		return KERR_INVALID_TOPIC_EXCEPTION;
	r = find_or_claim(d, key, is_new, dirs, &dirs_n, &log, &e);
	if (r != 0)
		return r;
	r = e ? create(d, e, dirs, dirs_n, topic, partition, topic_id, &log) : set_topic_id(d, log, topic_id);
	if (r == 0)
		*ret = log;
	else
		log_unref(log);
	return r < 0 ? FAIL(r) : r;
}

struct log *log_dirs_get(struct log_dirs *d, const char *topic, int32_t partition)
{
	char key[DIR_NAME_MAX + 1];
	struct log *log = NULL;
	struct log_entry *e;

	if (partition < 0 || !dir_name_format(DIR_CURRENT, topic, partition, UUID_ZERO, key))
		return NULL;
	lock_take(&d->lock);
	e = log_dirs_find(d->current, key);
	if (e && !e->busy)
		log = log_ref(e->log);
	lock_release(&d->lock);
	return log;
}

/* --- delete --- */

int log_dirs_rename_to_delete(struct log_dirs *d, struct log_dir *dir, struct log *log)
{
	char name[DIR_NAME_MAX + 1];
	bool fits;
	int r;

	fits = dir_name_format(DIR_DELETE, log_topic(log), log_partition(log), uuid_random(), name);
	assert(fits);
	(void)fits;
	r = log_rename_dir(log, name);
	atomic_store(&dir->stale, true);
	if (r < 0) {
		log_dirs_fail_doing(d, dir->path, r, "Error while renaming dir for %s-%d in log dir %s",
		    log_topic(log), log_partition(log), dir->path);
		log_close_dirty(log);
		log_unref(log);
		return FAIL(r);
	}
	log_info("Log for partition %s-%d is renamed to %s and is scheduled for deletion", log_topic(log),
	    log_partition(log), log_dir_path(log));
	log_dirs_doom(d, dir, log);
	return 0;
}

int log_dirs_delete_from(struct log_dirs *d, struct log_entry **table, const char *key)
{
	struct log_entry *e;
	struct log *log;
	int r;

	lock_take(&d->lock);
	e = log_dirs_find_idle(d, table, key);
	log = e ? TAKE(e->log) : NULL;
	if (e)
		e->busy = true;
	lock_release(&d->lock);
	if (!e)
		return 1;
	/* A busy entry's log is no cleaner's to begin with, but one may be at work on it. */
	if (table == &d->current)
		cleaner_table_pause(d->cleaner, key);
	/* The entry stays, busy, until the name is free: a new log of that name waits for it. */
	r = log_dirs_rename_to_delete(d, e->dir, log);
	lock_take(&d->lock);
	log_dirs_remove_entry(d, table, e);
	lock_release(&d->lock);
	if (table == &d->current) {
		cleaner_table_forget_uncleanable(d->cleaner, key);
		cleaner_table_resume(d->cleaner, key);
	}
	return r < 0 ? FAIL(r) : 0;
}

int log_dirs_delete(struct log_dirs *d, const char *topic, int32_t partition)
{
	char key[DIR_NAME_MAX + 1];
	int r, r2;

	if (!dir_name_format(DIR_CURRENT, topic, partition, UUID_ZERO, key))
		return 0;
	r = log_dirs_delete_from(d, &d->current, key);
	r2 = log_dirs_delete_from(d, &d->future, key);
	if (r < 0 || r2 < 0)
		return FAIL(MIN(r, r2));
	return r == 1 && log_dirs_some_offline(d) ? KERR_KAFKA_STORAGE_ERROR : 0;
}

/* --- questions --- */

int64_t log_dirs_checkpointed_high_watermark(struct log_dirs *d, struct log *log)
{
	char key[DIR_NAME_MAX + 1];
	struct log_entry *e;
	int64_t hw = 0;

	if (!dir_name_format(DIR_CURRENT, log_topic(log), log_partition(log), UUID_ZERO, key))
		return 0;
	lock_take(&d->lock);
	e = log_dirs_find(d->current, key);
	if (e && e->log == log) {
		hw = MAX(e->hw_checkpointed, 0);
		e->hw_live = true;
	}
	lock_release(&d->lock);
	return hw;
}

static void each(struct log_dirs *d, bool future, bool (*fn)(struct log *log, void *arg), void *arg)
{
	size_t n;
	struct log **v = log_dirs_snapshot(d, NULL, !future, future, &n);

	for (size_t i = 0; i < n; i++)
		if (!fn(v[i], arg))
			break;
	log_dirs_unref_all(v, n);
}

void log_dirs_each(struct log_dirs *d, bool (*fn)(struct log *log, void *arg), void *arg)
{
	each(d, false, fn, arg);
}

void log_dirs_each_future(struct log_dirs *d, bool (*fn)(struct log *log, void *arg), void *arg)
{
	each(d, true, fn, arg);
}

size_t log_dirs_count(struct log_dirs *d)
{
	return d->n;
}

size_t log_dirs_online_count(struct log_dirs *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += atomic_load(&d->v[i].online);
	return n;
}

void log_dirs_info(struct log_dirs *d, size_t i, struct log_dir_info *ret)
{
	const struct log_dir *dir = &d->v[i];
	struct statvfs st;

	assert(i < d->n);
	*ret = (struct log_dir_info){ .online = atomic_load(&dir->online), .total_bytes = -1, .usable_bytes = -1 };
	(void)snprintf(ret->path, sizeof(ret->path), "%s", dir->path);
	if (!ret->online || statvfs(dir->path, &st) < 0)
		return;
	ret->total_bytes = (int64_t)st.f_blocks * (int64_t)st.f_frsize;
	ret->usable_bytes = (int64_t)st.f_bavail * (int64_t)st.f_frsize;
}

void log_dirs_reconfigure(struct log_dirs *d, int recovery_threads, int64_t file_delete_delay_ms,
    int64_t producer_id_expiration_ms, bool verify_transactions)
{
	atomic_store(&d->recovery_threads, recovery_threads);
	atomic_store(&d->file_delete_delay_ms, file_delete_delay_ms);
	/* first for logs in the making, which look again once they are in the table; then for those that are there */
	atomic_store(&d->producer_id_expiration_ms, producer_id_expiration_ms);
	atomic_store(&d->verify_transactions, verify_transactions);
	log_dirs_each(d, set_producer_rules, d);
	log_dirs_each_future(d, set_producer_rules, d);
}
