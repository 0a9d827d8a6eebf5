/* lossy_fs.c - see lossy_fs.h. */
#include "lossy_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/list.h"

struct write {
	struct list link;
	int fd; /* an own descriptor */
	dev_t dev;
	ino_t ino;
	off_t at, size_before;
	size_t len;
	uint8_t *old; /* what was there */
	size_t old_len;
};

static struct list writes = LIST_INIT(writes);
static struct file_ops ops;
static int calls, stop_at;

/* Whether the machine is dead by now. */
static bool dead(void)
{
	calls++;
	return stop_at > 0 && calls >= stop_at;
}

static void drop(struct write *w)
{
	list_remove(&w->link);
	(void)close(w->fd);
	free(w->old);
	free(w);
}

static void remember(int fd, size_t len, off_t at)
{
	struct write *w = xcalloc(1, sizeof(*w));
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		free(w);
		return;
	}
	w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	w->dev = st.st_dev;
	w->ino = st.st_ino;
	w->at = at;
	w->len = len;
	w->size_before = st.st_size;
	w->old = xmalloc(len + 1);
	n = pread(fd, w->old, len, at);
	w->old_len = n > 0 ? (size_t)n : 0;
	list_append(&writes, &w->link);
}

static ssize_t lossy_pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
	size_t len = 0;

	if (dead())
		return -EIO;
	for (int i = 0; i < n; i++)
		len += iov[i].iov_len;
	remember(fd, len, at);
	return file_ops_posix.pwritev(fd, iov, n, at);
}

static void forget(int fd)
{
	struct write *w, *tmp;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return;
	list_foreach_safe(w, tmp, &writes, link) {
		if (w->dev == st.st_dev && w->ino == st.st_ino)
			drop(w);
	}
}

static int lossy_fsync(int fd)
{
	if (dead())
		return -EIO;
	forget(fd); /* what it promises; the test does without the wait */
	return 0;
}

/* Truncations are metadata: what they remove stays removed, later bytes are zeros. */
static int lossy_ftruncate(int fd, off_t len)
{
	struct write *w, *tmp;
	struct stat st;

	if (dead())
		return -EIO;
	if (fstat(fd, &st) == 0) {
		list_foreach_safe(w, tmp, &writes, link) {
			if (w->dev == st.st_dev && w->ino == st.st_ino && w->at + (off_t)w->len > len)
				drop(w);
		}
	}
	return file_ops_posix.ftruncate(fd, len);
}

static int lossy_open(const char *path, int flags, mode_t mode)
{
	if (flags & (O_CREAT | O_TRUNC) && dead())
		return -EIO;
	return file_ops_posix.open(path, flags, mode);
}

static int lossy_rename(const char *from, const char *to)
{
	return dead() ? -EIO : file_ops_posix.rename(from, to);
}

static int lossy_unlink(const char *path)
{
	return dead() ? -EIO : file_ops_posix.unlink(path);
}

void lossy_fs_stop(int nth)
{
	calls = 0;
	stop_at = nth;
}

bool lossy_fs_stopped(void)
{
	return stop_at > 0 && calls >= stop_at;
}

void lossy_fs_install(void)
{
	lossy_fs_stop(0);
	ops = file_ops_posix;
	ops.open = lossy_open;
	ops.rename = lossy_rename;
	ops.unlink = lossy_unlink;
	ops.pwritev = lossy_pwritev;
	ops.fsync = lossy_fsync;
	ops.ftruncate = lossy_ftruncate;
	file_set_ops(&ops);
}

/* Brings back the old bytes of a write from byte `keep` on. */
static void undo(const struct write *w, size_t keep, bool shrink)
{
	struct stat st;

	for (size_t i = keep; i < w->len; i++) {
		uint8_t byte = i < w->old_len ? w->old[i] : 0;

		if (pwrite(w->fd, &byte, 1, w->at + (off_t)i) != 1)
			abort();
	}
	if (!shrink || fstat(w->fd, &st) < 0 || st.st_size != w->at + (off_t)w->len || w->size_before >= st.st_size)
		return;
	if (ftruncate(w->fd, w->at + (off_t)keep > w->size_before ? w->at + (off_t)keep : w->size_before) < 0)
		abort();
}

void lossy_fs_crash(struct rng *rng)
{
	unsigned loss = (unsigned)rng_below(rng, 3); /* all kept, some lost, all lost */

	lossy_fs_stop(0);

	while (!list_empty(&writes)) { /* newest first */
		struct write *w = list_last(&writes, struct write, link);

		if (loss == 2 || (loss == 1 && rng_below(rng, 3) == 0))
			undo(w, rng_below(rng, 2) ? 0 : rng_below(rng, w->len + 1), rng_below(rng, 2) == 0);
		drop(w);
	}
}

void lossy_fs_remove(void)
{
	while (!list_empty(&writes))
		drop(list_last(&writes, struct write, link));
	file_set_ops(NULL);
}
