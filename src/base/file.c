/* file.c - file calls behind a table, and counted open files. */
#include "base/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

#define IOV_BATCH 64 /* well below IOV_MAX, on the stack */

/* Repeats a call that a signal interrupted; yields -errno on failure. */
#define SYSCALL(call)                                                                              \
	({                                                                                         \
		__typeof__(call) got_;                                                             \
		do                                                                                 \
			got_ = (call);                                                             \
		while (got_ < 0 && errno == EINTR);                                                \
		got_ < 0 ? (__typeof__(got_))-errno : got_;                                        \
	})

static int posix_open(const char *path, int flags, mode_t mode)
{
	return SYSCALL(open(path, flags, mode));
}

/* Not repeated: after EINTR the descriptor is gone on Linux. */
static int posix_close(int fd)
{
	return close(fd) < 0 ? -errno : 0;
}

static ssize_t posix_pread(int fd, void *p, size_t n, off_t at)
{
	return SYSCALL(pread(fd, p, n, at));
}

static ssize_t posix_pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
	return SYSCALL(pwritev(fd, iov, n, at));
}

static int posix_fsync(int fd)
{
	return SYSCALL(fsync(fd));
}

static int posix_ftruncate(int fd, off_t len)
{
	return SYSCALL(ftruncate(fd, len));
}

static int posix_rename(const char *from, const char *to)
{
	return rename(from, to) < 0 ? -errno : 0;
}

static int posix_unlink(const char *path)
{
	return unlink(path) < 0 ? -errno : 0;
}

static int posix_mkdir(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 ? -errno : 0;
}

static int posix_rmdir(const char *path)
{
	return rmdir(path) < 0 ? -errno : 0;
}

const struct file_ops file_ops_posix = {
	.open = posix_open,
	.close = posix_close,
	.pread = posix_pread,
	.pwritev = posix_pwritev,
	.fsync = posix_fsync,
	.ftruncate = posix_ftruncate,
	.rename = posix_rename,
	.unlink = posix_unlink,
	.mkdir = posix_mkdir,
	.rmdir = posix_rmdir,
};

/* Set by tests before they start threads. */
static const struct file_ops *ops = &file_ops_posix;

void file_set_ops(const struct file_ops *to)
{
	ops = to ? to : &file_ops_posix;
}

int file_open(const char *path, int flags, mode_t mode, struct file **ret)
{
	struct file *f;
	int fd = ops->open(path, flags | O_CLOEXEC, mode);

	if (fd < 0)
		return FAIL(fd);
	f = xcalloc(1, sizeof(*f));
	atomic_init(&f->refs, 1);
	f->fd = fd;
	f->path = xstrdup(path);
	*ret = f;
	return 0;
}

struct file *file_ref(struct file *f)
{
	int was = atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);

	assert(was > 0);
	(void)was;
	return f;
}

/* Release orders each holder's use before its unref, acquire orders all of them before the close. */
struct file *file_unref(struct file *f)
{
	int was;

	if (!f)
		return NULL;
	was = atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel);
	assert(was > 0);
	if (was == 1) {
		(void)ops->close(f->fd); /* what had to be durable was synced, and that reported */
		free(f->path);
		free(f);
	}
	return NULL;
}

int64_t file_size(const struct file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return FAIL(-errno);
	return st.st_size;
}

ssize_t file_read_some(struct file *f, void *p, size_t n, int64_t at)
{
	ssize_t got = ops->pread(f->fd, p, n, at);

	return got < 0 ? FAIL((int)got) : got;
}

int file_read_full(struct file *f, void *p, size_t n, int64_t at)
{
	uint8_t *to = p;

	while (n > 0) {
		ssize_t got = ops->pread(f->fd, to, n, at);

		if (got <= 0)
			return FAIL(got < 0 ? (int)got : -ENODATA);
		to += got;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

int file_write_full(struct file *f, const void *p, size_t n, int64_t at)
{
	struct iovec iov = { .iov_base = (void *)p, .iov_len = n };

	return FAIL(file_writev_full(f, &iov, 1, at));
}

/* Copies the vectors from number *i on, `skip` bytes into the first, to `out`; returns how many. */
static int next_batch(const struct iovec *iov, int n, int i, size_t skip, struct iovec *out)
{
	int k = 0;

	for (; i < n && k < IOV_BATCH; i++, skip = 0) {
		if (iov[i].iov_len == skip)
			continue;
		out[k].iov_base = (uint8_t *)iov[i].iov_base + skip;
		out[k++].iov_len = iov[i].iov_len - skip;
	}
	return k;
}

int file_writev_full(struct file *f, const struct iovec *iov, int n, int64_t at)
{
	struct iovec batch[IOV_BATCH];
	size_t skip = 0;
	int i = 0, k;

	while ((k = next_batch(iov, n, i, skip, batch)) > 0) {
		ssize_t put = ops->pwritev(f->fd, batch, k, at);

		if (put <= 0)
			return FAIL(put < 0 ? (int)put : -EIO);
		at += put;
		skip += (size_t)put;
		for (; i < n && skip >= iov[i].iov_len; i++)
			skip -= iov[i].iov_len;
	}
	return 0;
}

int file_sync(struct file *f)
{
	return FAIL(ops->fsync(f->fd));
}

int file_truncate(struct file *f, int64_t len)
{
	return FAIL(ops->ftruncate(f->fd, len));
}

int file_rename(struct file *f, const char *to)
{
	int r = ops->rename(f->path, to);

	if (r < 0)
		return FAIL(r);
	free(f->path);
	f->path = xstrdup(to);
	return 0;
}

int fs_rename(const char *from, const char *to)
{
	return FAIL(ops->rename(from, to));
}

int fs_unlink(const char *path)
{
	int r = ops->unlink(path);

	return r == -ENOENT ? 0 : FAIL(r);
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int mkdir_one(const char *path)
{
	int r = ops->mkdir(path, 0755);

	return r == -EEXIST && is_dir(path) ? 0 : FAIL(r);
}

int fs_mkdir_p(const char *path)
{
	CLEANUP(freep) char *part = xstrdup(path);

	if (is_dir(path))
		return 0;
	for (char *slash = strchr(part + (*part == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = is_dir(part) ? 0 : mkdir_one(part);
		if (r < 0)
			return FAIL(r == -EEXIST ? -ENOTDIR : r);
		*slash = '/';
	}
	return FAIL(is_dir(part) ? 0 : mkdir_one(part));
}

int fs_sync_dir(const char *path)
{
	int fd = ops->open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return FAIL(fd);
	r = ops->fsync(fd);
	(void)ops->close(fd);
	return FAIL(r);
}

static int remove_entries(const char *path);

/* A symbolic link is removed, not followed. */
static int remove_any(const char *path)
{
	struct stat st;
	int r;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : FAIL(-errno);
	if (!S_ISDIR(st.st_mode))
		return FAIL(fs_unlink(path));
	r = remove_entries(path);
	if (r < 0)
		return FAIL(r);
	r = ops->rmdir(path);
	return r == -ENOENT ? 0 : FAIL(r);
}

static int remove_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : FAIL(-errno);
	while (r == 0 && (errno = 0, e = readdir(dir))) {
		CLEANUP(freep) char *child = NULL;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		child = xasprintf("%s/%s", path, e->d_name);
		r = remove_any(child);
	}
	if (r == 0 && errno != 0)
		r = -errno;
	(void)closedir(dir);
	return FAIL(r);
}

int fs_remove_tree(const char *path)
{
	return FAIL(remove_any(path));
}

bool fs_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

int fs_read_file(const char *path, size_t limit, char **ret, size_t *ret_len)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	CLEANUP(freep) char *text = NULL;
	size_t len = 0, cap = 0;
	ssize_t got;
	int r = file_open(path, O_RDONLY, 0, &f);

	if (r < 0)
		return FAIL(r);
	/* The size is not asked for: it may change, and files of /proc say 0. */
	do {
		text = grow_array(text, &cap, len + 4096, 1);
		got = file_read_some(f, text + len, cap - len - 1, (int64_t)len);
		if (got < 0)
			return FAIL((int)got);
		len += (size_t)got;
		if (len > limit)
			return FAIL(-EFBIG);
	} while (got > 0);
	text[len] = '\0';
	*ret = TAKE(text);
	if (ret_len)
		*ret_len = len;
	return 0;
}

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static int write_synced(const char *path, const void *p, size_t n)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	int r = file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644, &f);

	if (r < 0)
		return FAIL(r);
	r = file_write_full(f, p, n, 0);
	if (r < 0)
		return FAIL(r);
	return FAIL(file_sync(f));
}

int fs_replace_file(const char *path, const void *p, size_t n)
{
	CLEANUP(freep) char *tmp = xasprintf("%s.tmp", path);
	CLEANUP(freep) char *dir = parent_of(path);
	int r = write_synced(tmp, p, n); /* 1 and 2 */

	if (r == 0)
		r = ops->rename(tmp, path); /* 3 */
	if (r < 0) {
		(void)ops->unlink(tmp);
		return FAIL(r);
	}
	return FAIL(fs_sync_dir(dir)); /* 4 */
}
