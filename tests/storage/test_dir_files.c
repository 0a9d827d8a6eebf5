/* test_dir_files.c - the small files and the names of a log directory: dir_name, dir_lock, meta_properties,
 * clean_shutdown. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "fault_fs.h"
#include "storage/clean_shutdown.h"
#include "storage/dir_lock.h"
#include "storage/dir_name.h"
#include "storage/meta_properties.h"

#define HEX32 "0123456789abcdef0123456789abcdef"

static char *dir;

static int setup(void **state)
{
	(void)state;
	dir = scratch_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fault_fs_remove();
	scratch_free(dir);
	return 0;
}

/* --- names --- */

static void parses(const char *name, const char *topic, int32_t partition, enum dir_role role)
{
	struct dir_name got;

	assert_true(dir_name_parse(name, &got));
	assert_string_equal(topic, got.topic);
	assert_int_equal(partition, got.partition);
	assert_int_equal(role, got.role);
}

static void refuses(const char *name)
{
	struct dir_name got;

	assert_false(dir_name_parse(name, &got));
}

static void names_are_parsed(void **state)
{
	(void)state;
	parses("t-0", "t", 0, DIR_CURRENT);
	parses("a-b-c-12", "a-b-c", 12, DIR_CURRENT);
	parses("a.b-2147483647", "a.b", INT32_MAX, DIR_CURRENT);
	parses("t-3." HEX32 "-delete", "t", 3, DIR_DELETE);
	parses("t.x-y-3." HEX32 "-future", "t.x-y", 3, DIR_FUTURE);
	parses("t-3." HEX32 "-stray", "t", 3, DIR_STRAY);
	parses("t-delete-0", "t-delete", 0, DIR_CURRENT);
	parses("t--5", "t-", 5, DIR_CURRENT);
	refuses("");
	refuses("foo");
	refuses("lost+found");
	refuses("-0");
	refuses("t-");
	refuses("t-x");
	refuses("t-2147483648");
	refuses("t-delete");
	refuses("t-3.-delete");
	refuses("t-3-delete");
	refuses("." HEX32 "-delete");
	refuses("t-3 ." HEX32 "-delete");
}

static struct uuid some_uid(void)
{
	struct uuid u;

	for (int i = 0; i < 16; i++)
		u.b[i] = (uint8_t)(i % 8 * 0x22 + 1);
	return u;
}

static void names_are_formatted(void **state)
{
	char buf[DIR_NAME_MAX + 1];

	(void)state;
	assert_true(dir_name_format(DIR_CURRENT, "t", 0, UUID_ZERO, buf));
	assert_string_equal("t-0", buf);
	assert_true(dir_name_format(DIR_DELETE, "t", 10, some_uid(), buf));
	assert_string_equal("t-10.01234567" "89abcdef0123456789abcdef-delete", buf);
	parses(buf, "t", 10, DIR_DELETE);
}

static void a_long_topic_is_cut_for_delete_only(void **state)
{
	char topic[TOPIC_MAX_LEN + 1], buf[DIR_NAME_MAX + 1];
	struct dir_name got;

	(void)state;
	memset(topic, 'x', TOPIC_MAX_LEN);
	topic[TOPIC_MAX_LEN] = '\0';
	assert_true(dir_name_format(DIR_CURRENT, topic, 99999, UUID_ZERO, buf));
	assert_int_equal(255, strlen(buf));
	assert_false(dir_name_format(DIR_CURRENT, topic, 100000, UUID_ZERO, buf));
	assert_false(dir_name_format(DIR_FUTURE, topic, 0, some_uid(), buf));
	assert_true(dir_name_format(DIR_DELETE, topic, 100000, some_uid(), buf));
	assert_int_equal(255, strlen(buf));
	assert_true(dir_name_parse(buf, &got));
	assert_int_equal(100000, got.partition);
	assert_int_equal(DIR_DELETE, got.role);
}

/* --- lock --- */

/* What another process gets: the exit status of a child that tries. */
static int try_in_child(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct dir_lock *l = NULL;
		int r = dir_lock_take(dir, &l);

		_exit(r == 0 ? 0 : r == -EAGAIN ? 1 : 2);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_lock_keeps_other_processes_out(void **state)
{
	struct dir_lock *l;

	(void)state;
	assert_int_equal(0, dir_lock_take(dir, &l));
	assert_int_equal(1, try_in_child());
	dir_lock_release(l);
	assert_false(scratch_has(dir, ".lock"));
	assert_int_equal(0, try_in_child());
}

static void a_lock_file_left_behind_is_harmless(void **state)
{
	struct dir_lock *l;

	(void)state;
	scratch_write(dir, ".lock", "");
	assert_int_equal(0, dir_lock_take(dir, &l));
	dir_lock_release(l);
}

/* As a Java broker takes it: fcntl, the whole file (l_len 0). */
static void it_is_the_lock_of_a_java_broker(void **state)
{
	CLEANUP(freep) char *path = xasprintf("%s/.lock", dir);
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct dir_lock *l;
	int pipe_fd[2], go[2], status;
	char c = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(0, pipe(pipe_fd));
	assert_int_equal(0, pipe(go));
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_CREAT, 0644);

		if (fcntl(fd, F_SETLK, &all) < 0 || write(pipe_fd[1], "x", 1) != 1)
			_exit(1);
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	assert_int_equal(1, read(pipe_fd[0], &c, 1));
	assert_int_equal(-EAGAIN, dir_lock_take(dir, &l));
	assert_int_equal(1, write(go[1], "x", 1));
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(0, dir_lock_take(dir, &l));
	dir_lock_release(l);
	for (int i = 0; i < 2; i++) {
		close(pipe_fd[i]);
		close(go[i]);
	}
}

/* --- meta.properties --- */

static struct meta_properties meta(const char *text, int want)
{
	struct meta_properties m;

	scratch_write(dir, "meta.properties", text);
	assert_int_equal(want, meta_properties_read(dir, &m));
	return m;
}

static void meta_properties_are_read(void **state)
{
	struct meta_properties m;

	(void)state;
	assert_int_equal(0, meta_properties_read(dir, &m));
	assert_false(m.exists);
	assert_int_equal(-1, m.broker_id);
	m = meta("#\n#Mon Oct 21 17:41:26 UTC 2024\nbroker.id=1001\nversion=0\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\n", 0);
	assert_true(m.exists);
	assert_int_equal(1001, m.broker_id);
	assert_string_equal("MkU3OEVBNTcwNTJENDM2Qg", m.cluster_id);
	assert_string_equal("", m.directory_id);
	m = meta("cluster.id : a\n", 0);
	assert_int_equal(-1, m.broker_id);
	assert_string_equal("a", m.cluster_id);
	m = meta("version=0\ndirectory.id=MkU3OEVBNTcwNTJENDM2Qg\n", 0);
	assert_string_equal("MkU3OEVBNTcwNTJENDM2Qg", m.directory_id);
}

static void bad_meta_properties_are_refused(void **state)
{
	char text[256];

	(void)state;
	(void)meta("version=1\nnode.id=1\n", -EPROTO);
	(void)meta("version=x\n", -EINVAL);
	(void)meta("broker.id=one\n", -EINVAL);
	(void)meta("broker.id=3000000000\n", -EINVAL);
	(void)meta("directory.id=short\n", -EINVAL);
	(void)meta("directory.id=AAAAAAAAAAAAAAAAAAAAAA\n", -EINVAL);
	memset(text, 'x', sizeof(text));
	memcpy(text, "cluster.id=", 11);
	text[200] = '\0';
	(void)meta(text, -EINVAL);
}

static void meta_properties_are_written_and_survive_a_crash(void **state)
{
	struct meta_properties m = { .broker_id = 5, .cluster_id = "MkU3OEVBNTcwNTJENDM2Qg" }, old, got;
	CLEANUP(freep) char *text = NULL;
	bool met = true;
	int r;

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_int_equal(0, meta_properties_write(dir, &m, 1729532486000));
	text = scratch_read(dir, "meta.properties");
	assert_string_equal("#\n#Mon Oct 21 17:41:26 UTC 2024\nbroker.id=5\nversion=0\n"
			    "cluster.id=MkU3OEVBNTcwNTJENDM2Qg\n",
	    text);
	old = m;
	memcpy(m.directory_id, "MkU3OEVBNTcwNTJENDM2Qg", 23);
	fault_fs_install(dir);
	for (int n = 1; met; n++) {
		assert_int_equal(0, meta_properties_write(dir, &old, 0));
		fault_fs_fail(n, EIO, true);
		r = meta_properties_write(dir, &m, 0);
		met = fault_fs_hit();
		fault_fs_crash();
		assert_int_equal(0, meta_properties_read(dir, &got));
		assert_int_equal(5, got.broker_id);
		assert_string_equal(m.cluster_id, got.cluster_id);
		if (r == 0)
			assert_string_equal(m.directory_id, got.directory_id);
	}
}

/* --- clean marker --- */

static void the_marker_is_taken_once(void **state)
{
	CLEANUP(freep) char *text = NULL;
	bool clean;

	(void)state;
	assert_int_equal(0, clean_shutdown_take(dir, &clean));
	assert_false(clean);
	assert_int_equal(0, clean_shutdown_put(dir));
	text = scratch_read(dir, ".kafka_cleanshutdown");
	assert_string_equal("{\"version\":0,\"brokerEpoch\":-1}", text);
	assert_int_equal(0, clean_shutdown_take(dir, &clean));
	assert_true(clean);
	assert_int_equal(0, clean_shutdown_take(dir, &clean));
	assert_false(clean);
}

static void a_failed_put_leaves_no_marker_or_a_whole_one(void **state)
{
	bool met = true, clean;
	int r;

	(void)state;
	fault_fs_install(dir);
	for (int n = 1; met; n++) {
		fault_fs_fail(n, ENOSPC, true);
		r = clean_shutdown_put(dir);
		met = fault_fs_hit();
		fault_fs_crash();
		assert_int_equal(0, clean_shutdown_take(dir, &clean));
		if (r == 0)
			assert_true(clean);
	}
}

static void a_marker_that_cannot_be_removed_is_an_error(void **state)
{
	bool clean;

	(void)state;
	assert_int_equal(0, clean_shutdown_put(dir));
	fault_fs_install(dir);
	fault_fs_fail(1, EROFS, false);
	assert_int_equal(-EROFS, clean_shutdown_take(dir, &clean));
	assert_false(clean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_parsed),
		cmocka_unit_test(names_are_formatted),
		cmocka_unit_test(a_long_topic_is_cut_for_delete_only),
		cmocka_unit_test_setup_teardown(a_lock_keeps_other_processes_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lock_file_left_behind_is_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(it_is_the_lock_of_a_java_broker, setup, teardown),
		cmocka_unit_test_setup_teardown(meta_properties_are_read, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_meta_properties_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(meta_properties_are_written_and_survive_a_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(the_marker_is_taken_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_put_leaves_no_marker_or_a_whole_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_marker_that_cannot_be_removed_is_an_error, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
