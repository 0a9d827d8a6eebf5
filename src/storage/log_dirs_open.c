/* log_dirs_open.c - taking possession of the log directories: create, check, lock. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#define LOG_CLASS LOG_MANAGER_CLASS
#include "base/logger.h"
#include "storage/checkpoint.h"
#include "storage/chores.h"
#include "storage/cleaner_table.h"
#include "storage/dir_lock.h"
#include "storage/log_dirs_priv.h"
#include "storage/offset_checkpoint.h"

/* Like java.io.File.getAbsolutePath: made absolute, without repeated or trailing slashes, nothing resolved. */
static char *absolute_path(const char *path)
{
	char cwd[PATH_MAX];
	char *full, *to;

	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		full = xstrdup(path);
	else
		full = xasprintf("%s/%s", cwd, path);
	to = full;
	for (const char *from = full; *from; from++)
		if (*from != '/' || to == full || to[-1] != '/')
			*to++ = *from;
	if (to > full + 1 && to[-1] == '/')
		to--;
	*to = '\0';
	return full;
}

static int sync_parent(const char *path)
{
	CLEANUP(freep) char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');

	if (!slash)
		return 0;
	slash[slash == parent ? 1 : 0] = '\0';
	return fs_sync_dir(parent);
}

static int create_dir(const char *path)
{
	int r;

	log_info("Log directory %s not found, creating it.", path);
	r = fs_mkdir_p(path);
	if (r < 0)
		return FAIL(r);
	r = sync_parent(path);
	if (r < 0)
		return FAIL(r);
	return 0;
}

/* Makes sure that the directory exists, can be read, and remembers which inode it is. */
static int validate_dir(struct log_dir *dir)
{
	struct stat st;
	int r;

	if (stat(dir->path, &st) < 0) {
		if (errno != ENOENT)
			return FAIL(-errno);
		r = create_dir(dir->path);
		if (r < 0)
			return FAIL(r);
		if (stat(dir->path, &st) < 0)
			return FAIL(-errno);
	}
	if (!S_ISDIR(st.st_mode))
		return FAIL(-ENOTDIR);
	if (access(dir->path, R_OK | X_OK) < 0)
		return FAIL(-errno);
	dir->dev = st.st_dev;
	dir->ino = st.st_ino;
	return 0;
}

static int create_checkpoints(const struct log_dir *dir, bool cleaner)
{
	static const char *const names[] = { RECOVERY_POINT_CHECKPOINT, LOG_START_CHECKPOINT,
		HIGH_WATERMARK_CHECKPOINT, CLEANER_CHECKPOINT };

	for (size_t i = 0; i < ARRAY_LEN(names) - !cleaner; i++) {
		CLEANUP(freep) char *path = xasprintf("%s/%s", dir->path, names[i]);
		int r = checkpoint_create(path);

		if (r < 0)
			return FAIL(r);
	}
	return 0;
}

static void start_offline(struct log_dir *dir, int r, const char *what)
{
	char text[256];

	log_to(LOG_ERROR, FAILURE_CHANNEL_CLASS, "%s %s: %s", what, dir->path,
	    error_text(r, text, sizeof(text)));
	atomic_store(&dir->online, false);
	dir->cleared = true;
	dir->lock = dir_lock_release(dir->lock);
}

/* True when an earlier directory of the list is the same one under whatever name. A record lock would not
 * notice, it excludes other processes only. */
static bool is_duplicate(const struct log_dirs *d, const struct log_dir *dir)
{
	for (const struct log_dir *o = d->v; o < dir; o++)
		if (atomic_load(&o->online) && o->dev == dir->dev && o->ino == dir->ino)
			return true;
	return false;
}

/* 0 also when the directory is unusable and starts offline; -errno when the broker must not start. */
static int open_dir(struct log_dirs *d, struct log_dir *dir)
{
	int r;

	atomic_init(&dir->online, true);
	r = validate_dir(dir);
	if (r < 0) {
		start_offline(dir, r, "Failed to create or validate data directory");
		return 0;
	}
	if (is_duplicate(d, dir)) {
		log_error("Duplicate log directory found: %s", dir->path);
		atomic_store(&dir->online, false);
		return FAIL(-EINVAL);
	}
	r = dir_lock_take(dir->path, &dir->lock);
	if (r == -EAGAIN) {
		log_error("Failed to acquire lock on file .lock in %s. A Kafka instance in another process or "
			  "thread is using this directory.",
		    dir->path);
		return FAIL(r);
	}
	if (r < 0) {
		start_offline(dir, r, "Disk error while locking directory");
		return 0;
	}
	r = create_checkpoints(dir, d->config.cleaner_enable);
	if (r < 0)
		start_offline(dir, r, "Failed to create the checkpoint files of");
	return 0;
}

static void log_none_usable(const struct log_dirs *d)
{
	struct checkpoint names = CHECKPOINT_INIT; /* reused as a growing text */

	for (size_t i = 0; i < d->n; i++)
		checkpoint_add(&names, "%s", d->v[i].path);
	for (size_t i = 0; i + 1 < names.len; i++)
		if (names.rows[i] == '\n')
			names.rows[i] = ',';
	log_error("Shutdown broker because none of the specified log dirs from %.*s can be created or validated",
	    (int)(names.len > 0 ? names.len - 1 : 0), names.rows ? names.rows : "");
	checkpoint_fini(&names);
}

static struct log_dirs *dirs_new(const struct log_dirs_config *config, const struct clock *clock,
    struct scheduler *scheduler)
{
	struct log_dirs *d = xcalloc(1, sizeof(*d));

	d->config = *config;
	d->config.dirs = NULL;
	atomic_init(&d->recovery_threads, config->recovery_threads_per_dir);
	atomic_init(&d->file_delete_delay_ms, config->file_delete_delay_ms);
	atomic_init(&d->producer_id_expiration_ms, config->producer_id_expiration_ms);
	atomic_init(&d->verify_transactions, config->verify_transactions);
	d->clock = clock;
	d->scheduler = scheduler;
	d->n = config->dirs_n;
	d->v = xcalloc(MAX(d->n, (size_t)1), sizeof(*d->v));
	lock_init(&d->lock, RANK_TABLE, "log_dirs");
	cond_init(&d->changed);
	lock_init(&d->fail_lock, RANK_LOG_DIR, "log_dirs.fail");
	cond_init(&d->fail_changed);
	list_init(&d->doomed);
	d->cleaner = cleaner_table_new();
	for (size_t i = 0; i < d->n; i++) {
		d->v[i].path = absolute_path(config->dirs[i]);
		lock_init(&d->v[i].claim_lock, RANK_LEAF, "log_dir.claim");
		cond_init(&d->v[i].claim_free);
	}
	return d;
}

int log_dirs_open(const struct log_dirs_config *config, const struct clock *clock,
    struct scheduler *scheduler, struct log_dirs **ret)
{
	struct log_dirs *d;
	int r = 0;

	assert(config->config_of);
	d = dirs_new(config, clock, scheduler);
	for (size_t i = 0; i < d->n && r == 0; i++)
		r = open_dir(d, &d->v[i]);
	if (r == 0 && log_dirs_online_count(d) == 0) {
		log_none_usable(d);
		r = -EIO;
	}
	if (r == 0)
		r = log_dirs_fail_start(d);
	if (r < 0) {
		log_dirs_free(d);
		return FAIL(r);
	}
	for (size_t i = 0; i < d->n; i++)
		if (atomic_load(&d->v[i].online))
			d->v[i].chores = chores_new(clock, scheduler);
	*ret = d;
	return 0;
}

/* Releases what log_dirs_open made; all logs are closed and out of the tables. */
void log_dirs_free(struct log_dirs *d)
{
	assert(!d->current && !d->future && !d->held && list_empty(&d->doomed));
	log_dirs_forget_preferred(d);
	for (size_t i = 0; i < d->n; i++) {
		struct log_dir *dir = &d->v[i];

		chores_free(dir->chores);
		dir_lock_release(dir->lock);
		cond_fini(&dir->claim_free);
		lock_fini(&dir->claim_lock);
		for (int k = 0; k < CHECKPOINTS_N; k++)
			free(dir->written[k]);
		free(dir->path);
	}
	cleaner_table_free(d->cleaner);
	cond_fini(&d->fail_changed);
	lock_fini(&d->fail_lock);
	cond_fini(&d->changed);
	lock_fini(&d->lock);
	free(d->v);
	free(d);
}
