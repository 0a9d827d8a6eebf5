/* log_dirs_replaced.c - old copies of logs that were moved to another directory, as a crash or a failed disk left them
 * (log_dirs_move.c has the order in which a move ends).
 *
 * The old copy has an empty file, .replaced, from before its successor gets the partition's name until it is renamed to
 * ...-delete; the other broker's loader and ours overlook that file. What a start makes of it:
 *   one copy without, all others with it  the successor is there: those with it are renamed to ...-delete
 *   the only copy has it, and every       the move had not come so far, or the successor was lost with its disk: the
 *   directory can be read                 file is removed, the log is as good as any
 *   the only copy has it, and a           the successor may be there, and be newer by weeks: this one is held, that
 *   directory is offline                  is, loaded and not served, as if it were in the directory that is offline
 *   anything else                         the start ends, as for two copies without it
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#define LOG_CLASS LOG_MANAGER_CLASS
#include "base/logger.h"
#include "storage/log_dirs_priv.h"

#define MARKER_NAME ".replaced"

/* --- the marker --- */

/* Empty, so that it needs no space: a full disk is what logs are moved away from. */
int log_dirs_mark_replaced(const char *replica_dir)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", replica_dir, MARKER_NAME);
	CLEANUP(file_unrefp) struct file *f = NULL;
	int r = file_open(path, O_WRONLY | O_CREAT, 0644, &f);

	if (r == -ENOSPC || r == -EDQUOT)
		return 1;
	if (r == 0)
		r = file_sync(f);
	if (r == 0)
		r = fs_sync_dir(replica_dir);
	return r < 0 ? FAIL(r) : 0;
}

int log_dirs_unmark_replaced(const char *replica_dir)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", replica_dir, MARKER_NAME);
	int r = fs_unlink(path);

	if (r == 0)
		r = fs_sync_dir(replica_dir);
	return r < 0 ? FAIL(r) : 0;
}

/* --- at the start --- */

/* False when its directory is offline, maybe over this: nothing is known of the copy. */
static bool find_marker(struct log_dirs *d, struct found_log *found)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s/%s", found->dir->path, found->name, MARKER_NAME);
	struct stat st;

	if (!atomic_load(&found->dir->online))
		return false;
	found->replaced = stat(path, &st) == 0;
	if (found->replaced || errno == ENOENT)
		return true;
	log_dirs_fail_doing(d, found->dir->path, -errno, "Error while loading log %s in dir %s", found->name,
	    found->dir->path);
	return false;
}

/* What a killed process renamed and did not sync must be on disk before the other copy loses its name. */
static bool make_name_durable(struct log_dirs *d, const struct found_log *successor)
{
	const char *path = successor->dir->path;
	int r = fs_sync_dir(path);

	if (r < 0)
		log_dirs_fail_doing(d, path, r, "Error while syncing log dir %s", path);
	return r == 0;
}

static void delete_replaced(struct log_dirs *d, struct found_log *old, const struct found_log *successor)
{
	CLEANUP(freep) char *from = xasprintf("%s/%s", old->dir->path, old->name);
	CLEANUP(freep) char *to = NULL;
	char name[DIR_NAME_MAX + 1];
	int r = 0;

	if (!dir_name_format(DIR_DELETE, old->parsed.topic, old->parsed.partition, uuid_random(), name))
		return;
	to = xasprintf("%s/%s", old->dir->path, name);
	r = fs_rename(from, to);
	if (r == 0)
		r = fs_sync_dir(old->dir->path);
	if (r < 0) {
		log_dirs_fail_doing(d, old->dir->path, r, "Error while renaming dir for %s in log dir %s", old->name,
		    old->dir->path);
		return;
	}
	log_info("Log for partition %s in %s was replaced by its copy in %s when the broker ended: it is renamed to %s "
		 "and is scheduled for deletion",
	    old->name, old->dir->path, successor->dir->path, to);
	memcpy(old->name, name, sizeof(name));
	old->parsed.role = DIR_DELETE;
	atomic_store(&old->dir->stale, true);
}

static void use_again(struct log_dirs *d, struct found_log *found)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", found->dir->path, found->name);
	int r = log_dirs_unmark_replaced(path);

	if (r < 0)
		log_dirs_fail_doing(d, found->dir->path, r, "Error while loading log %s in dir %s", found->name,
		    found->dir->path);
	else
		log_info("Log for partition %s in %s was about to be replaced when the broker ended, and has no "
			 "successor: it stays",
		    found->name, found->dir->path);
}

static void hold(struct found_log *found)
{
	found->held = true;
	log_warn("Log for partition %s in %s was being replaced by a copy in another log directory, which may be in one "
		 "that is offline: the replica is offline too. Start with that directory back, or, if it is lost, "
		 "without it in log.dirs",
	    found->name, found->dir->path);
}

/* All copies of one partition. */
static void settle(struct log_dirs *d, struct found_log **v, size_t n, bool some_unseen)
{
	const struct found_log *successor = NULL;
	size_t marked = 0, others = 0;

	for (size_t i = 0; i < n; i++) {
		if (!find_marker(d, v[i])) {
			some_unseen = true;
		} else if (v[i]->replaced) {
			marked++;
		} else {
			successor = v[i];
			others++;
		}
	}
	if (others > 1 || (others == 0 && marked > 1) || marked == 0)
		return;
	if (successor && !make_name_durable(d, successor)) {
		successor = NULL;
		some_unseen = true;
	}
	for (size_t i = 0; i < n; i++) {
		if (v[i]->replaced && successor)
			delete_replaced(d, v[i], successor);
		else if (v[i]->replaced && some_unseen)
			hold(v[i]);
		else if (v[i]->replaced)
			use_again(d, v[i]);
	}
}

static int by_partition(const void *a, const void *b)
{
	const struct dir_name *x = &(*(struct found_log *const *)a)->parsed;
	const struct dir_name *y = &(*(struct found_log *const *)b)->parsed;
	int r = strcmp(x->topic, y->topic);

	return r ? r : (x->partition > y->partition) - (x->partition < y->partition);
}

void log_dirs_settle_replaced(struct log_dirs *d, struct found_log **v, size_t n)
{
	/* Asked once: what is in a directory that fails from here on is in v. */
	bool some_unseen = log_dirs_some_offline(d);
	size_t end;

	if (n > 0)
		qsort(v, n, sizeof(struct found_log *), by_partition);
	for (size_t at = 0; at < n; at = end) {
		for (end = at + 1; end < n && by_partition(&v[at], &v[end]) == 0;)
			end++;
		settle(d, v + at, end - at, some_unseen);
	}
}
