/* test_checkpoint.c - what the framed text files accept, refuse and survive (storage-fixtures.md A.8). */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "fault_fs.h"
#include "storage/checkpoint.h"
#include "storage/offset_checkpoint.h"

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

static int append_row(void *arg, const struct str *col)
{
	char *out = arg;

	(void)sprintf(out + strlen(out), "%.*s/%.*s;", STR_ARG(col[0]), STR_ARG(col[1]));
	return 0;
}

static int read_two(const char *text, char *out)
{
	CLEANUP(freep) char *path = xasprintf("%s/c", dir);

	scratch_write(dir, "c", text);
	out[0] = '\0';
	return checkpoint_read(path, 2, append_row, out);
}

static void reads(const char *text, const char *want)
{
	char got[256];

	assert_int_equal(0, read_two(text, got));
	assert_string_equal(want, got);
}

static void refuses(const char *text)
{
	char got[256];

	assert_int_equal(-EIO, read_two(text, got));
}

static void accepts_what_kafka_accepts(void **state)
{
	(void)state;
	reads("0\n2\n0 0\n3 100\n", "0/0;3/100;");
	reads("0\n2\n0 0\n3 100", "0/0;3/100;");
	reads("0\r\n2\r\n0 0\r\n3 100\r\n", "0/0;3/100;");
	reads("0\r1\r3 100\r", "3/100;");
	reads("0\n1\n3 \t 100  \n", "3/100;");
	reads("0\n", "");
	reads("0", "");
	reads("0\n0\n", "");
	reads("", "");
	reads("+0\n+1\na b\n", "a/b;");
}

static void refuses_broken_framing(void **state)
{
	(void)state;
	refuses("0\n1\n3 100\n\n");
	refuses("0\n1\n0 0\n3 100\n");
	refuses("0\n3\n0 0\n3 100\n");
	refuses("1\n1\n3 100\n");
	refuses("x\n1\n3 100\n");
	refuses("\n");
	refuses(" 0\n");
	refuses("0\nx\n");
	refuses("0\n-1\n");
	refuses("0\n4294967297\n3 100\n");
	refuses("0\n1\n3\n");
	refuses("0\n1\n3 100 4\n");
	refuses("0\n1\n 3 100\n");
}

static void a_missing_file_has_no_entries(void **state)
{
	CLEANUP(freep) char *path = xasprintf("%s/none", dir);
	char got[16] = "";

	(void)state;
	assert_int_equal(0, checkpoint_read(path, 2, append_row, got));
	assert_string_equal("", got);
}

static void writes_the_golden_bytes(void **state)
{
	CLEANUP(freep) char *path = xasprintf("%s/leader-epoch-checkpoint", dir);
	CLEANUP(freep) char *text = NULL;
	struct checkpoint c = CHECKPOINT_INIT;

	(void)state;
	checkpoint_add(&c, "%d %" PRId64, 0, (int64_t)0);
	checkpoint_add(&c, "%d %" PRId64, 3, (int64_t)100);
	assert_int_equal(0, checkpoint_write(&c, path));
	checkpoint_fini(&c);
	text = scratch_read(dir, "leader-epoch-checkpoint");
	assert_string_equal("0\n2\n0 0\n3 100\n", text);
	assert_false(scratch_has(dir, "leader-epoch-checkpoint.tmp"));
}

static void a_created_checkpoint_is_empty_and_keeps_what_is_there(void **state)
{
	CLEANUP(freep) char *path = xasprintf("%s/c", dir);
	CLEANUP(freep) char *empty = NULL, *kept = NULL;

	(void)state;
	assert_int_equal(0, checkpoint_create(path));
	empty = scratch_read(dir, "c");
	assert_string_equal("", empty);
	scratch_write(dir, "c", "0\n0\n");
	assert_int_equal(0, checkpoint_create(path));
	kept = scratch_read(dir, "c");
	assert_string_equal("0\n0\n", kept);
}

/* For each place where the write can be cut off: power goes, what was not synced is torn, and the file is whole,
 * the old one or the new one. */
static void a_crash_leaves_the_old_or_the_new_file(void **state)
{
	static const char old[] = "0\n1\nt 0 5\n", new[] = "0\n2\nt 0 77\nt 1 88\n";
	CLEANUP(freep) char *path = xasprintf("%s/c", dir);
	bool met = true;
	int n, r;

	(void)state;
	fault_fs_install(dir);
	for (n = 1; met; n++) {
		struct checkpoint c = CHECKPOINT_INIT;
		char *text;

		scratch_write(dir, "c", old);
		checkpoint_add(&c, "t 0 77");
		checkpoint_add(&c, "t 1 88");
		fault_fs_fail(n, EIO, true);
		r = checkpoint_write(&c, path);
		met = fault_fs_hit();
		fault_fs_crash();
		text = scratch_read(dir, "c");
		if (r == 0)
			assert_string_equal(new, text);
		else
			assert_true(strcmp(text, old) == 0 || strcmp(text, new) == 0);
		assert_true(met ? r == -EIO : r == 0);
		free(text);
		checkpoint_fini(&c);
	}
	assert_true(n > 4); /* write, fsync, rename, directory fsync at least */
}

static void offsets_are_found_by_partition(void **state)
{
	struct offset_checkpoint *c;

	(void)state;
	scratch_write(dir, "o", "0\n4\nt 0 5\nt-1 0 6\nt 1 9223372036854775807\nt 0 7\n");
	assert_int_equal(0, offset_checkpoint_read(dir, "o", &c));
	assert_int_equal(7, offset_checkpoint_get(c, "t", 0, -1)); /* the later line wins */
	assert_int_equal(6, offset_checkpoint_get(c, "t-1", 0, -1));
	assert_true(offset_checkpoint_get(c, "t", 1, -1) == INT64_MAX);
	assert_int_equal(-1, offset_checkpoint_get(c, "t", 2, -1));
	offset_checkpoint_free(c);
	assert_int_equal(3, offset_checkpoint_get(NULL, "t", 0, 3));
}

static void a_number_that_is_none_is_told_apart_from_damage(void **state)
{
	struct offset_checkpoint *c;

	(void)state;
	scratch_write(dir, "o", "0\n1\nt 0 five\n");
	assert_int_equal(-EINVAL, offset_checkpoint_read(dir, "o", &c));
	scratch_write(dir, "o", "0\n1\nt x 5\n");
	assert_int_equal(-EINVAL, offset_checkpoint_read(dir, "o", &c));
	scratch_write(dir, "o", "0\n2\nt 0 5\n");
	assert_int_equal(-EIO, offset_checkpoint_read(dir, "o", &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(accepts_what_kafka_accepts, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_broken_framing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_missing_file_has_no_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(writes_the_golden_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_created_checkpoint_is_empty_and_keeps_what_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(a_crash_leaves_the_old_or_the_new_file, setup, teardown),
		cmocka_unit_test_setup_teardown(offsets_are_found_by_partition, setup, teardown),
		cmocka_unit_test_setup_teardown(a_number_that_is_none_is_told_apart_from_damage, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
