/* test_page_cache.c - what is in memory, and what is not until it was loaded. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/page_cache.h"
#include "unit.h"

enum { SIZE = 3 << 20 };

static struct file *make_file(char *path)
{
	char *bytes = xcalloc(1, SIZE);
	struct file *f;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(0, file_open(path, O_RDWR, 0600, &f));
	assert_int_equal(0, file_write_full(f, bytes, SIZE, 0));
	free(bytes);
	return f;
}

static void written_bytes_are_there(void **state UNUSED)
{
	char path[] = "/tmp/page-cache-XXXXXX";
	struct file *f = make_file(path);

	assert_true(page_cache_has(f, 0, SIZE));
	assert_true(page_cache_has(f, 17, 1));
	assert_true(page_cache_has(f, 17, 0));
	file_unref(f);
	unlink(path);
}

/* A file system that keeps everything in memory (tmpfs), or cannot tell, says "there" all the time. */
static void dropped_bytes_are_loaded(void **state UNUSED)
{
	char path[] = "/tmp/page-cache-XXXXXX";
	struct file *f = make_file(path);
	bool dropped;

	assert_int_equal(0, file_sync(f));
	assert_int_equal(0, posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED));
	dropped = !page_cache_has(f, 0, SIZE);
	printf("this file system drops pages when asked: %s\n", dropped ? "yes" : "no");
	assert_int_equal(0, page_cache_load(f, 1000, SIZE - 2000));
	assert_true(page_cache_has(f, 1000, SIZE - 2000));
	file_unref(f);
	unlink(path);
}

static void the_end_of_the_file_is_no_error(void **state UNUSED)
{
	char path[] = "/tmp/page-cache-XXXXXX";
	struct file *f = make_file(path);

	assert_int_equal(0, page_cache_load(f, SIZE - 10, 1000));
	assert_true(page_cache_has(f, SIZE - 10, 1000));
	file_unref(f);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_bytes_are_there),
		cmocka_unit_test(dropped_bytes_are_loaded),
		cmocka_unit_test(the_end_of_the_file_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
