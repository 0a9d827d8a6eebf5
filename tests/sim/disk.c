/* disk.c - see disk.h; the table of base/file.h. */
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/list.h"
#include "base/table.h"
#include "fiber.h"

enum { DIRS = 2, FDS = 1 << 16 };

struct write {
	struct list link;
	off_t at, size_before;
	size_t len, old_len;
	uint8_t *old; /* what was there */
};

/* A file with writes that are not synced. */
struct dirty {
	UT_hash_handle hh;
	ino_t ino;
	int fd; /* an own descriptor */
	int node;
	struct list writes;
};

static char *root;
static struct dirty *dirty;
static bool broken[NODES][DIRS];
static struct {
	int8_t node, dir;
	bool open;
} fds[FDS];

/* --- whose is it? --- */

static int node_of(const char *path)
{
	size_t n = strlen(root);

	if (strncmp(path, root, n) != 0 || strncmp(path + n, "/broker-", 8) != 0)
		return -1;
	return atoi(path + n + 8);
}

static int dir_of(const char *path)
{
	const char *at = strstr(path + strlen(root), "/d");

	return at && (at[2] == '0' || at[2] == '1') ? at[2] - '0' : -1;
}

static bool path_fails(const char *path)
{
	int node = node_of(path), dir = node >= 0 ? dir_of(path) : -1;

	return dir >= 0 && broken[node][dir];
}

static bool fd_fails(int fd)
{
	return fd < FDS && fds[fd].open && fds[fd].dir >= 0 && broken[fds[fd].node][fds[fd].dir];
}

/* --- what is not synced --- */

static struct dirty *dirty_of(int fd, const struct stat *st)
{
	struct dirty *d;

	HASH_FIND(hh, dirty, &st->st_ino, sizeof(st->st_ino), d);
	if (d)
		return d;
	d = xcalloc(1, sizeof(*d));
	d->ino = st->st_ino;
	d->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	d->node = fds[fd].node;
	list_init(&d->writes);
	HASH_ADD(hh, dirty, ino, sizeof(d->ino), d);
	return d;
}

static void write_free(struct write *w)
{
	list_remove(&w->link);
	free(w->old);
	free(w);
}

static void clean(struct dirty *d)
{
	while (!list_empty(&d->writes))
		write_free(list_first(&d->writes, struct write, link));
	HASH_DEL(dirty, d);
	(void)close(d->fd);
	free(d);
}

static void remember(int fd, size_t len, off_t at)
{
	struct write *w;
	struct stat st;
	ssize_t n;

	if (fd >= FDS || !fds[fd].open || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	w = xcalloc(1, sizeof(*w));
	list_init(&w->link);
	w->at = at;
	w->len = len;
	w->size_before = st.st_size;
	if (at < st.st_size) {
		w->old = xmalloc(len + 1);
		n = pread(fd, w->old, len, at);
		w->old_len = n > 0 ? (size_t)n : 0;
	}
	list_append(&dirty_of(fd, &st)->writes, &w->link);
}

/* --- the calls --- */

static int disk_open(const char *path, int flags, mode_t mode)
{
	int node = node_of(path), fd;

	if ((flags & (O_CREAT | O_TRUNC)) && path_fails(path))
		return -EIO;
	fd = file_ops_posix.open(path, flags, mode);
	if (fd >= 0 && fd < FDS && node >= 0) {
		fds[fd].node = (int8_t)node;
		fds[fd].dir = (int8_t)dir_of(path);
		fds[fd].open = true;
	}
	return fd;
}

static int disk_close(int fd)
{
	if (fd < FDS)
		fds[fd].open = false;
	return file_ops_posix.close(fd);
}

static ssize_t disk_pread(int fd, void *p, size_t n, off_t at)
{
	/* The oracle sees through it. */
	return fd_fails(fd) && fiber_node() != NODE_OUTSIDE ? -EIO : file_ops_posix.pread(fd, p, n, at);
}

static ssize_t disk_pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
	size_t len = 0;

	if (fd_fails(fd))
		return -EIO;
	for (int i = 0; i < n; i++)
		len += iov[i].iov_len;
	remember(fd, len, at);
	return file_ops_posix.pwritev(fd, iov, n, at);
}

/* What it promises, without the wait. */
static int disk_fsync(int fd)
{
	struct dirty *d = NULL;
	struct stat st;

	if (fd_fails(fd))
		return -EIO;
	if (fstat(fd, &st) == 0)
		HASH_FIND(hh, dirty, &st.st_ino, sizeof(st.st_ino), d);
	if (d)
		clean(d);
	return 0;
}

/* What a truncation removes stays removed. */
static int disk_ftruncate(int fd, off_t len)
{
	struct dirty *d = NULL;
	struct write *w, *tmp;
	struct stat st;

	if (fd_fails(fd))
		return -EIO;
	if (fstat(fd, &st) == 0)
		HASH_FIND(hh, dirty, &st.st_ino, sizeof(st.st_ino), d);
	if (d)
		list_foreach_safe(w, tmp, &d->writes, link)
			if (w->at + (off_t)w->len > len)
				write_free(w);
	return file_ops_posix.ftruncate(fd, len);
}

static int disk_rename(const char *from, const char *to)
{
	return path_fails(from) ? -EIO : file_ops_posix.rename(from, to);
}

static int disk_unlink(const char *path)
{
	struct dirty *d = NULL;
	struct stat st;

	if (path_fails(path))
		return -EIO;
	if (stat(path, &st) == 0 && st.st_nlink == 1)
		HASH_FIND(hh, dirty, &st.st_ino, sizeof(st.st_ino), d);
	if (d)
		clean(d);
	return file_ops_posix.unlink(path);
}

static int disk_mkdir(const char *path, mode_t mode)
{
	return path_fails(path) ? -EIO : file_ops_posix.mkdir(path, mode);
}

static int disk_rmdir(const char *path)
{
	return path_fails(path) ? -EIO : file_ops_posix.rmdir(path);
}

static const struct file_ops ops = {
	.open = disk_open,
	.close = disk_close,
	.pread = disk_pread,
	.pwritev = disk_pwritev,
	.fsync = disk_fsync,
	.ftruncate = disk_ftruncate,
	.rename = disk_rename,
	.unlink = disk_unlink,
	.mkdir = disk_mkdir,
	.rmdir = disk_rmdir,
};

void disk_begin(const char *path)
{
	root = xstrdup(path);
	file_set_ops(&ops);
}

void disk_end(void)
{
	file_set_ops(NULL);
}

void disk_break(int node, int dir)
{
	broken[node][dir] = true;
}

static void remove_what_is_elsewhere(int node, int dir)
{
	CLEANUP(freep) char *here = xasprintf("%s/broker-%d/d%d", root, node, dir);
	DIR *d = opendir(here);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		CLEANUP(freep) char *other = xasprintf("%s/broker-%d/d%d/%s", root, node, 1 - dir, e->d_name);
		CLEANUP(freep) char *own = xasprintf("%s/%s", here, e->d_name);
		struct stat st;

		if (e->d_name[0] != '.' && stat(other, &st) == 0 && S_ISDIR(st.st_mode))
			(void)fs_remove_tree(own);
	}
	if (d)
		(void)closedir(d);
}

void disk_repair(int node)
{
	for (int dir = 0; dir < DIRS; dir++) {
		if (!broken[node][dir])
			continue;
		broken[node][dir] = false;
		remove_what_is_elsewhere(node, dir);
	}
}

bool disk_is_broken(int node)
{
	return broken[node][0] || broken[node][1];
}

/* --- the end of a process, of a machine --- */

static void put_back(const struct dirty *d, const struct write *w, size_t keep, bool shrink)
{
	struct stat st;

	for (size_t i = keep; i < w->len; i++) {
		uint8_t byte = i < w->old_len ? w->old[i] : 0;

		if (pwrite(d->fd, &byte, 1, w->at + (off_t)i) != 1)
			abort();
	}
	if (!shrink || fstat(d->fd, &st) < 0 || st.st_size != w->at + (off_t)w->len || w->size_before >= st.st_size)
		return;
	if (ftruncate(d->fd, MAX(w->at + (off_t)keep, w->size_before)) < 0)
		abort();
}

static void lose(struct dirty *d, uint64_t loss)
{
	while (!list_empty(&d->writes)) { /* newest first */
		struct write *w = list_last(&d->writes, struct write, link);

		if (loss == 2 || (loss == 1 && world_random(3) == 0))
			put_back(d, w, loss == 2 || world_random(2) ? 0 : (size_t)world_random(w->len + 1), world_random(2) == 0);
		write_free(w);
	}
}

void disk_node_killed(int node, enum ending how)
{
	uint64_t loss = how == ENDING_POWER_ALL ? 2 : world_random(3); /* all kept, some lost, all lost */
	struct dirty *d, *tmp;

	for (int fd = 0; fd < FDS; fd++)
		if (fds[fd].open && fds[fd].node == node) {
			(void)close(fd);
			fds[fd].open = false;
		}
	HASH_ITER(hh, dirty, d, tmp) {
		if (how == ENDING_KILL || d->node != node)
			continue;
		lose(d, loss);
		clean(d);
	}
}
