/* fault_fs.c - see fault_fs.h. Paths of descriptors come from /proc. */
#include "fault_fs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

#define DIRTY_MAX 4096

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char below[PATH_MAX];
static int nth, error_no, calls;
static bool then_all, hit;
static struct dirty {
	int fd;	      /* an own descriptor of a file with unsynced bytes */
	off_t synced; /* its size before the first of them */
} dirty[DIRTY_MAX];
static int dirty_n;

/* --- scratch --- */

char *scratch_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/moldau-test-XXXXXX", tmp ? tmp : "/tmp");

	if (!mkdtemp(dir))
		abort();
	return dir;
}

void scratch_free(char *dir)
{
	file_set_ops(NULL);
	if (fs_remove_tree(dir) < 0)
		abort();
	free(dir);
}

void scratch_write(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (!f || fwrite(text, 1, strlen(text), f) != strlen(text) || fclose(f) != 0)
		abort();
	free(path);
}

char *scratch_read(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name), *text = NULL;
	size_t len;

	if (fs_read_file(path, 1 << 20, &text, &len) < 0)
		text = NULL;
	free(path);
	return text;
}

bool scratch_has(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	bool has = fs_exists(path);

	free(path);
	return has;
}

/* --- faults --- */

static bool is_ours(const char *path)
{
	size_t n = strlen(below);

	return strncmp(path, below, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static const char *path_of(int fd, char *buf, size_t size)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

/* 0, or the -errno the call must fail with. */
static int fault(const char *path)
{
	int r = 0;

	if (!is_ours(path))
		return 0;
	pthread_mutex_lock(&mutex);
	calls++;
	if (nth > 0 && (calls == nth || (then_all && calls > nth))) {
		hit = true;
		r = -error_no;
	}
	pthread_mutex_unlock(&mutex);
	return r;
}

static int fault_fd(int fd)
{
	char path[PATH_MAX];

	return fault(path_of(fd, path, sizeof(path)));
}

static int find_dirty(int fd)
{
	struct stat a, b;

	if (fstat(fd, &a) < 0)
		return -1;
	for (int i = 0; i < dirty_n; i++)
		if (fstat(dirty[i].fd, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return i;
	return -1;
}

/* Before the write. */
static void mark_dirty(int fd)
{
	char path[PATH_MAX];
	struct stat st;

	if (!is_ours(path_of(fd, path, sizeof(path))) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	pthread_mutex_lock(&mutex);
	if (find_dirty(fd) < 0 && dirty_n < DIRTY_MAX)
		dirty[dirty_n++] = (struct dirty){ fcntl(fd, F_DUPFD_CLOEXEC, 0), st.st_size };
	pthread_mutex_unlock(&mutex);
}

static void mark_clean(int fd)
{
	int i;

	pthread_mutex_lock(&mutex);
	i = find_dirty(fd);
	if (i >= 0) {
		close(dirty[i].fd);
		dirty[i] = dirty[--dirty_n];
	}
	pthread_mutex_unlock(&mutex);
}

static int ff_open(const char *path, int flags, mode_t mode)
{
	int r = flags & (O_CREAT | O_TRUNC) ? fault(path) : 0;

	return r < 0 ? r : file_ops_posix.open(path, flags, mode);
}

static ssize_t ff_pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
	int r = fault_fd(fd);

	if (r < 0)
		return r;
	mark_dirty(fd);
	return file_ops_posix.pwritev(fd, iov, n, at);
}

static int ff_fsync(int fd)
{
	int r = fault_fd(fd);

	if (r < 0)
		return r;
	mark_clean(fd);
	return file_ops_posix.fsync(fd);
}

static int ff_ftruncate(int fd, off_t len)
{
	int r = fault_fd(fd);

	return r < 0 ? r : file_ops_posix.ftruncate(fd, len);
}

static int ff_rename(const char *from, const char *to)
{
	int r = fault(from);

	return r < 0 ? r : file_ops_posix.rename(from, to);
}

static int ff_unlink(const char *path)
{
	int r = fault(path);

	return r < 0 ? r : file_ops_posix.unlink(path);
}

static int ff_mkdir(const char *path, mode_t mode)
{
	int r = fault(path);

	return r < 0 ? r : file_ops_posix.mkdir(path, mode);
}

static int ff_rmdir(const char *path)
{
	int r = fault(path);

	return r < 0 ? r : file_ops_posix.rmdir(path);
}

static struct file_ops ops;

void fault_fs_install(const char *path)
{
	(void)snprintf(below, sizeof(below), "%s", path);
	fault_fs_fail(0, 0, false);
	ops = file_ops_posix;
	ops.open = ff_open;
	ops.pwritev = ff_pwritev;
	ops.fsync = ff_fsync;
	ops.ftruncate = ff_ftruncate;
	ops.rename = ff_rename;
	ops.unlink = ff_unlink;
	ops.mkdir = ff_mkdir;
	ops.rmdir = ff_rmdir;
	file_set_ops(&ops);
}

void fault_fs_fail(int nth_, int error, bool all)
{
	pthread_mutex_lock(&mutex);
	nth = nth_;
	error_no = error;
	then_all = all;
	calls = 0;
	hit = false;
	pthread_mutex_unlock(&mutex);
}

bool fault_fs_hit(void)
{
	bool was;

	pthread_mutex_lock(&mutex);
	was = hit;
	pthread_mutex_unlock(&mutex);
	return was;
}

int fault_fs_calls(void)
{
	int n;

	pthread_mutex_lock(&mutex);
	n = calls;
	pthread_mutex_unlock(&mutex);
	return n;
}

void fault_fs_crash(void)
{
	struct stat st;

	fault_fs_fail(0, 0, false);
	for (int i = 0; i < dirty_n; i++) {
		if (fstat(dirty[i].fd, &st) == 0 && st.st_size > dirty[i].synced &&
		    ftruncate(dirty[i].fd, dirty[i].synced + (st.st_size - dirty[i].synced) / 2) < 0)
			abort();
		close(dirty[i].fd);
	}
	dirty_n = 0;
}

void fault_fs_remove(void)
{
	while (dirty_n > 0)
		close(dirty[--dirty_n].fd);
	file_set_ops(NULL);
}
