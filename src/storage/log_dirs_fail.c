/* log_dirs_fail.c - a directory that fails goes offline, once, and everything of it is put away.
 *
 * log_dirs_fail only marks the directory and logs the one line, so that it can be called with locks held. A thread
 * of its own does the rest: takes the logs out of the table, closes them without writing, tells the broker.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#define LOG_CLASS LOG_MANAGER_CLASS
#include "base/logger.h"
#include "storage/dir_lock.h"
#include "storage/log.h"
#include "storage/log_dirs_priv.h"
#include "storage/log_open.h"

struct log_dir *log_dirs_dir_of(struct log_dirs *d, const char *path)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i].path, path) == 0)
			return &d->v[i];
	return NULL;
}

/* The line is written before the lock is released, so that it stands before those of the failure thread. */
static void fail_with(struct log_dirs *d, const char *parent_dir, int r, const char *what)
{
	struct log_dir *dir = log_dirs_dir_of(d, parent_dir);
	char text[512];

	assert(r < 0);
	assert(dir);
	(void)error_text(r, text, sizeof(text)); /* also forgets the trace */
	lock_take(&d->fail_lock);
	if (atomic_exchange(&dir->online, false)) {
		log_to(LOG_ERROR, FAILURE_CHANNEL_CLASS, "%s: %s", what, text);
		dir->clearing = true;
		cond_broadcast(&d->fail_changed);
	}
	lock_release(&d->fail_lock);
}

void log_dirs_fail(struct log_dirs *d, const char *parent_dir, int r)
{
	CLEANUP(freep) char *what = xasprintf("Error in log directory %s, taking it offline", parent_dir);

	fail_with(d, parent_dir, r, what);
}

void log_dirs_fail_doing(struct log_dirs *d, const char *parent_dir, int r, const char *fmt, ...)
{
	char what[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	fail_with(d, parent_dir, r, what);
}

void log_dirs_on_log_failure(void *arg, const char *parent_dir, int r)
{
	log_dirs_fail(arg, parent_dir, r);
}

/* Logs of the directory, taken out of a table: their references and a list of names for the log line. */
struct removed {
	struct log **v;
	size_t n, cap;
	char *names;
	size_t names_len, names_cap;
};

static void add_name(struct removed *r, const char *name)
{
	size_t n = strlen(name);

	r->names = grow_array(r->names, &r->names_cap, r->names_len + n + 2, 1);
	if (r->names_len > 0)
		r->names[r->names_len++] = ',';
	memcpy(r->names + r->names_len, name, n + 1);
	r->names_len += n;
}

static void add_log(struct removed *r, struct log *log)
{
	r->v = grow_array(r->v, &r->cap, r->n + 1, sizeof(struct log *));
	r->v[r->n++] = log;
}

/* Busy entries are left to whoever is busy with them: they look at dir->online when they are done. */
static void take_out(struct log_dirs *d, struct log_entry **table, const struct log_dir *dir, struct removed *r)
{
	struct log_entry *e, *tmp;

	lock_assert_held(&d->lock);
	HASH_ITER(hh, *table, e, tmp) {
		if (e->dir != dir || e->busy)
			continue;
		add_name(r, e->key);
		add_log(r, TAKE(e->log));
		log_dirs_remove_entry(d, table, e);
	}
}

static void take_out_doomed(struct log_dirs *d, const struct log_dir *dir, struct removed *r)
{
	struct doomed_log *x, *tmp;

	list_foreach_safe(x, tmp, &d->doomed, link) {
		if (x->dir != dir)
			continue;
		list_remove(&x->link);
		add_log(r, x->log);
		free(x);
	}
}

static void close_removed(struct removed *r)
{
	for (size_t i = 0; i < r->n; i++) {
		log_close_dirty(r->v[i]);
		log_unref(r->v[i]);
	}
	free(r->v);
	free(r->names);
}

static void tell_all_offline(struct log_dirs *d)
{
	struct removed names = { 0 };

	if (d->all_offline_told || log_dirs_online_count(d) > 0)
		return;
	d->all_offline_told = true;
	for (size_t i = 0; i < d->n; i++)
		add_name(&names, d->v[i].path);
	log_error("Shutdown broker because all log dirs in %s have failed", names.names);
	free(names.names);
	if (d->config.on_all_offline)
		d->config.on_all_offline(d->config.arg);
}

/* Thread: failure thread. Locks: none held. */
static void clear_dir(struct log_dirs *d, struct log_dir *dir)
{
	struct removed current = { 0 }, future = { 0 }, held = { 0 };

	log_warn("Stopping serving logs in dir %s", dir->path);
	lock_take(&d->lock);
	take_out(d, &d->current, dir, &current);
	take_out(d, &d->future, dir, &future);
	take_out(d, &d->held, dir, &held);
	take_out_doomed(d, dir, &future);
	lock_release(&d->lock);
	log_warn("Logs for partitions %s are offline and logs for future partitions %s are offline due to failure "
		 "on log directory %s",
	    current.names ? current.names : "", future.names ? future.names : "", dir->path);
	close_removed(&current);
	close_removed(&future);
	close_removed(&held);
	dir->lock = dir_lock_release(dir->lock);
	if (d->config.on_dir_offline)
		d->config.on_dir_offline(d->config.arg, dir->path);
	tell_all_offline(d);
}

static struct log_dir *next_failed(struct log_dirs *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].clearing && !d->v[i].cleared)
			return &d->v[i];
	return NULL;
}

static void *failure_thread(void *arg)
{
	struct log_dirs *d = arg;
	struct log_dir *dir;

	lock_take(&d->fail_lock);
	for (;;) {
		dir = next_failed(d);
		if (!dir && d->fail_stop)
			break;
		if (!dir) {
			lock_wait(&d->fail_lock, &d->fail_changed);
			continue;
		}
		lock_release(&d->fail_lock);
		clear_dir(d, dir);
		lock_take(&d->fail_lock);
		dir->cleared = true;
	}
	lock_release(&d->fail_lock);
	return NULL;
}

int log_dirs_fail_start(struct log_dirs *d)
{
	int r = pthread_create(&d->fail_thread, NULL, failure_thread, d);

	if (r != 0)
		return FAIL(-r);
	(void)pthread_setname_np(d->fail_thread, "log-dir-failure");
	d->fail_running = true;
	return 0;
}

void log_dirs_fail_finish(struct log_dirs *d)
{
	if (!d->fail_running)
		return;
	lock_take(&d->fail_lock);
	d->fail_stop = true;
	cond_broadcast(&d->fail_changed);
	lock_release(&d->fail_lock);
	pthread_join(d->fail_thread, NULL);
	d->fail_running = false;
}
