/* file.h - file calls behind a table, and counted open files.
 *
 * All file access of the layers above goes through these, so that tests can tear, fail and count them
 * (file_set_ops). Errors are negative errno. An fsync error is final for that file: the caller takes the
 * log directory offline.
 *
 * Thread: any. A struct file is counted; reading, writing and sendfile on one need no lock, ordering of
 * writes is the owner's business.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/attr.h"

struct file {
	atomic_int refs;
	int fd;
	char *path; /* for messages; follows file_rename, so read it as its owner only */
};

/* What a test may replace. Same contracts as the system calls, but -errno instead of -1. */
struct file_ops {
	int (*open)(const char *path, int flags, mode_t mode);
	int (*close)(int fd);
	ssize_t (*pread)(int fd, void *p, size_t n, off_t at);
	ssize_t (*pwritev)(int fd, const struct iovec *iov, int n, off_t at);
	int (*fsync)(int fd);
	int (*ftruncate)(int fd, off_t len);
	int (*rename)(const char *from, const char *to);
	int (*unlink)(const char *path);
	int (*mkdir)(const char *path, mode_t mode);
	int (*rmdir)(const char *path);
};

extern const struct file_ops file_ops_posix;

/* Tests only: replaces the table for the whole process; NULL restores the real one. */
void file_set_ops(const struct file_ops *ops);

/* Opens with O_CLOEXEC added. One reference. */
int file_open(const char *path, int flags, mode_t mode, struct file **ret) MUST_CHECK;
struct file *file_ref(struct file *f);
struct file *file_unref(struct file *f); /* the last one closes; accepts NULL, returns NULL */
DEFINE_CLEANUP(struct file *, file_unref)

int64_t file_size(const struct file *f);				     /* -errno on failure */
int file_read_full(struct file *f, void *p, size_t n, int64_t at) MUST_CHECK; /* -ENODATA when the file ends first */
ssize_t file_read_some(struct file *f, void *p, size_t n, int64_t at) MUST_CHECK; /* up to n; 0 at the end */
int file_write_full(struct file *f, const void *p, size_t n, int64_t at) MUST_CHECK;
int file_writev_full(struct file *f, const struct iovec *iov, int n, int64_t at) MUST_CHECK;
int file_sync(struct file *f) MUST_CHECK;
int file_truncate(struct file *f, int64_t len) MUST_CHECK;
/* Renames on disk and remembers the new path. */
int file_rename(struct file *f, const char *to) MUST_CHECK;

/* Paths. Renames and removals are durable only after fs_sync_dir. */
int fs_rename(const char *from, const char *to) MUST_CHECK;
int fs_unlink(const char *path); /* 0 also when it was not there */
int fs_mkdir_p(const char *path) MUST_CHECK;
int fs_sync_dir(const char *path) MUST_CHECK;
int fs_remove_tree(const char *path); /* deletes a directory and all in it; 0 when absent */
bool fs_exists(const char *path);
/* The whole file as a NUL-terminated string; -EFBIG above `limit`. Owned by the caller. */
int fs_read_file(const char *path, size_t limit, char **ret, size_t *ret_len) MUST_CHECK;

/* All or nothing: 1 writes `path`.tmp, 2 fsyncs it, 3 renames it over `path`, 4 fsyncs the directory. */
int fs_replace_file(const char *path, const void *p, size_t n) MUST_CHECK;

#endif
