/* page_cache.c - preadv2(RWF_NOWAIT): Linux's way to read only what is in memory (EAGAIN otherwise).
 *
 * These calls bypass the table of base/file: they change nothing, and a test that fails reads wants to fail those of
 * the log, not a hint.
 */
#include "base/page_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum { PROBE_STEP = 256 << 10, LOAD_STEP = 64 << 10 };

static bool has_byte(int fd, int64_t at)
{
	char c;
	struct iovec iov = { &c, 1 };

	return preadv2(fd, &iov, 1, at, RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

bool page_cache_has(const struct file *f, int64_t at, size_t len)
{
	int64_t end = at + (int64_t)len;

	for (int64_t i = at; i < end; i += PROBE_STEP) {
		if (!has_byte(f->fd, i))
			return false;
	}
	return len <= 1 || has_byte(f->fd, end - 1);
}

int page_cache_load(const struct file *f, int64_t at, size_t len)
{
	char scratch[LOAD_STEP];
	int64_t end = at + (int64_t)len;

	(void)posix_fadvise(f->fd, at, (off_t)len, POSIX_FADV_WILLNEED);
	while (at < end) {
		ssize_t n = pread(f->fd, scratch, (size_t)MIN(end - at, (int64_t)LOAD_STEP), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAIL(-errno);
		if (n == 0)
			return 0;
		at += n;
	}
	return 0;
}
