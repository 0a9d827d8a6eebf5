/* dir_lock.c - see dir_lock.h. */
#include "storage/dir_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

struct dir_lock {
	struct file *file;
	char *path;
};

static int set_lock(int fd, short type)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0 };

	if (fcntl(fd, F_SETLK, &range) == 0)
		return 0;
	return errno == EACCES || errno == EAGAIN ? -EAGAIN : -errno;
}

int dir_lock_take(const char *dir, struct dir_lock **ret)
{
	CLEANUP(freep) char *path = xasprintf("%s/.lock", dir);
	CLEANUP(file_unrefp) struct file *file = NULL;
	struct dir_lock *l;
	int r;

	r = file_open(path, O_RDWR | O_CREAT, 0644, &file);
	if (r < 0)
		return FAIL(r);
	r = set_lock(file->fd, F_WRLCK);
	if (r < 0)
		return FAIL(r);
	l = xcalloc(1, sizeof(*l));
	l->file = TAKE(file);
	l->path = TAKE(path);
	*ret = l;
	return 0;
}

struct dir_lock *dir_lock_release(struct dir_lock *l)
{
	if (!l)
		return NULL;
	(void)set_lock(l->file->fd, F_UNLCK);
	(void)fs_unlink(l->path);
	file_unref(l->file);
	free(l->path);
	free(l);
	return NULL;
}
