/* test_file.c - files, directories, and what remains when the n-th call fails. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = temp_dir_new();
	return 0;
}

static int drop_dir(void **state)
{
	(void)state;
	file_set_ops(NULL);
	temp_dir_free(dir);
	return 0;
}

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void expect_content(const char *path, const char *want)
{
	CLEANUP(freep) char *got = NULL;
	size_t n;

	assert_int_equal(0, fs_read_file(path, 1 << 20, &got, &n));
	assert_int_equal(strlen(want), n);
	assert_string_equal(want, got);
}

static void what_is_written_is_read(void **state)
{
	CLEANUP(freep) char *path = path_of("a");
	CLEANUP(freep) char *other = path_of("b");
	CLEANUP(file_unrefp) struct file *f = NULL;
	char buf[8] = "";

	(void)state;
	assert_int_equal(-ENOENT, file_open(path, O_RDWR, 0, &f));
	assert_int_equal(0, file_open(path, O_RDWR | O_CREAT, 0644, &f));
	assert_true(fcntl(f->fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(0, file_write_full(f, "hello", 5, 2));
	assert_int_equal(7, file_size(f));
	assert_int_equal(0, file_read_full(f, buf, 5, 2));
	assert_string_equal("hello", buf);
	assert_int_equal(-ENODATA, file_read_full(f, buf, 6, 2));
	assert_int_equal(2, file_read_some(f, buf, 6, 5));
	assert_int_equal(0, file_read_some(f, buf, 6, 7));
	assert_int_equal(0, file_truncate(f, 3));
	assert_int_equal(3, file_size(f));
	assert_int_equal(0, file_sync(f));
	assert_int_equal(0, file_rename(f, other));
	assert_string_equal(other, f->path);
	assert_false(fs_exists(path));
	assert_ptr_equal(f, file_ref(f));
	assert_null(file_unref(f));
	assert_int_equal(3, file_size(f)); /* one holder is left */
}

/* Writes at most 3 bytes at a time, or fails with -ENOSPC when told. */
static ssize_t short_pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
	struct iovec one = { .iov_base = iov[0].iov_base, .iov_len = MIN(iov[0].iov_len, 3) };

	(void)n;
	return file_ops_posix.pwritev(fd, &one, 1, at);
}

static void vectors_of_any_number_and_short_writes_are_finished(void **state)
{
	CLEANUP(freep) char *path = path_of("a");
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct file_ops shorter = file_ops_posix;
	char text[200 * 7 + 1] = "", got[200 * 7 + 1] = "";
	struct iovec iov[300];
	int n = 0;

	(void)state;
	for (size_t i = 0; i < 200 * 7; i++)
		text[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < 200; i++) {
		iov[n++] = (struct iovec){ text + 7 * i, 7 };
		if (i % 3 == 0)
			iov[n++] = (struct iovec){ NULL, 0 };
	}
	assert_int_equal(0, file_open(path, O_RDWR | O_CREAT, 0644, &f));
	assert_int_equal(0, file_writev_full(f, iov, n, 0));
	expect_content(path, text);
	assert_int_equal(0, file_truncate(f, 0));
	shorter.pwritev = short_pwritev;
	file_set_ops(&shorter);
	assert_int_equal(0, file_writev_full(f, iov, n, 0));
	assert_int_equal(0, file_read_full(f, got, sizeof(got) - 1, 0));
	assert_string_equal(text, got);
	assert_int_equal(0, file_writev_full(f, iov, 0, 0));
	file_set_ops(NULL); /* `shorter` goes before the file is closed */
}

static void directories_are_made_and_removed_whole(void **state)
{
	CLEANUP(freep) char *deep = path_of("x/y/z");
	CLEANUP(freep) char *slash = path_of("x/w/");
	CLEANUP(freep) char *top = path_of("x");
	CLEANUP(freep) char *in = path_of("x/y/file");
	CLEANUP(freep) char *link_path = path_of("x/y/link");
	CLEANUP(freep) char *below_file = path_of("x/y/file/sub");
	CLEANUP(freep) char *kept = path_of("kept");

	(void)state;
	assert_int_equal(0, fs_mkdir_p(deep));
	assert_int_equal(0, fs_mkdir_p(deep));
	assert_int_equal(0, fs_mkdir_p(slash));
	assert_int_equal(0, fs_sync_dir(deep));
	assert_int_equal(0, fs_replace_file(in, "1", 1));
	assert_int_equal(-ENOTDIR, fs_mkdir_p(below_file));
	assert_int_equal(-EEXIST, fs_mkdir_p(in));
	assert_int_equal(0, fs_replace_file(kept, "2", 1));
	assert_int_equal(0, symlink(dir, link_path));
	assert_int_equal(0, fs_remove_tree(top));
	assert_false(fs_exists(top));
	expect_content(kept, "2"); /* the link was removed, not followed */
	assert_int_equal(0, fs_remove_tree(top));
	assert_int_equal(0, fs_unlink(kept));
	assert_int_equal(0, fs_unlink(kept));
	assert_int_equal(-ENOENT, fs_sync_dir(top));
}

static void a_file_above_the_limit_is_refused(void **state)
{
	CLEANUP(freep) char *path = path_of("a");
	CLEANUP(freep) char *big = xcalloc(1, 100001);
	char *got = NULL;

	(void)state;
	memset(big, 'x', 100000);
	assert_int_equal(0, fs_replace_file(path, big, 100000));
	expect_content(path, big);
	assert_int_equal(-EFBIG, fs_read_file(path, 99999, &got, NULL));
	assert_null(got);
	assert_int_equal(-ENOENT, fs_read_file("/nowhere/at/all", 1, &got, NULL));
	assert_int_equal(-EISDIR, fs_read_file(dir, 1, &got, NULL));
}

/* Faults: the call number `fault_at` fails. */
static int calls, fault_at;

static bool faulty(void)
{
	return ++calls == fault_at;
}

static int faulty_open(const char *path, int flags, mode_t mode)
{
	return faulty() ? -EMFILE : file_ops_posix.open(path, flags, mode);
}

static ssize_t faulty_pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
	return faulty() ? -ENOSPC : file_ops_posix.pwritev(fd, iov, n, at);
}

static int faulty_fsync(int fd)
{
	return faulty() ? -EIO : file_ops_posix.fsync(fd);
}

static int faulty_rename(const char *from, const char *to)
{
	return faulty() ? -EACCES : file_ops_posix.rename(from, to);
}

static void a_replacement_is_all_or_nothing(void **state)
{
	CLEANUP(freep) char *path = path_of("a");
	CLEANUP(freep) char *tmp = path_of("a.tmp");
	struct file_ops ops = file_ops_posix;
	int r = -1;

	(void)state;
	ops.open = faulty_open;
	ops.pwritev = faulty_pwritev;
	ops.fsync = faulty_fsync;
	ops.rename = faulty_rename;
	for (fault_at = 1; r != 0; fault_at++) {
		file_set_ops(NULL);
		assert_int_equal(0, fs_replace_file(path, "old", 3));
		file_set_ops(&ops);
		calls = 0;
		r = fs_replace_file(path, "new!", 4);
		file_set_ops(NULL);
		/* Up to the rename (call 4) the old file stands, after it the new one. */
		expect_content(path, fault_at <= 4 ? "old" : "new!");
		assert_false(fs_exists(tmp));
		assert_true(fault_at <= 7);
	}
	assert_int_equal(8, fault_at); /* six calls, then a run without a fault */
}

static void a_failed_rename_keeps_the_old_path(void **state)
{
	CLEANUP(freep) char *path = path_of("a");
	CLEANUP(file_unrefp) struct file *f = NULL;

	(void)state;
	assert_int_equal(0, file_open(path, O_RDWR | O_CREAT, 0644, &f));
	assert_int_equal(-ENOENT, file_rename(f, "/nowhere/at/all"));
	assert_string_equal(path, f->path);
	assert_int_equal(-ENOENT, fs_rename("/nowhere/a", path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(
		    vectors_of_any_number_and_short_writes_are_finished, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(directories_are_made_and_removed_whole, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_file_above_the_limit_is_refused, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_replacement_is_all_or_nothing, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_failed_rename_keeps_the_old_path, make_dir, drop_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
