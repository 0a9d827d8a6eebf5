/* test_time_index.c - entries, look-ups and truncation of <base>.timeindex (storage.md 2.3). */
#include <errno.h>

#include "fault_fs.h"
#include "golden.h"
#include "storage/replica_dir.h"
#include "storage/time_index.h"

#define BASE INT64_C(100)
#define E(ts, off) ((struct timestamp_offset){ (ts), (off) })

static char *parent;
static struct replica_dir dir;
static struct time_index x;

static int setup(void **state)
{
	CLEANUP(freep) char *path = NULL;

	(void)state;
	parent = scratch_new();
	path = xasprintf("%s/t-0", parent);
	assert_int_equal(0, fs_mkdir_p(path));
	replica_dir_init(&dir, parent, "t-0");
	time_index_init(&x, &dir, BASE);
	assert_int_equal(0, time_index_load(&x, 100));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	time_index_fini(&x);
	replica_dir_fini(&dir);
	scratch_free(parent);
	return 0;
}

static void looks_up(int64_t target, int64_t timestamp, int64_t offset)
{
	struct timestamp_offset t;

	assert_int_equal(0, time_index_lookup(&x, target, &t));
	assert_int_equal(timestamp, t.timestamp);
	assert_int_equal(offset, t.offset);
}

static void only_later_timestamps_are_added(void **state)
{
	(void)state;
	assert_int_equal(96, x.f.length);
	looks_up(5, -1, BASE);
	assert_int_equal(0, time_index_maybe_append(&x, E(-1, BASE + 1)));
	assert_int_equal(0, x.f.n);
	assert_int_equal(0, time_index_maybe_append(&x, E(10, BASE + 1)));
	assert_int_equal(0, time_index_maybe_append(&x, E(10, BASE + 5)));
	assert_int_equal(1, x.f.n);
	assert_int_equal(-EINVAL, time_index_maybe_append(&x, E(9, BASE + 5)));
	assert_int_equal(-EINVAL, time_index_maybe_append(&x, E(11, BASE)));
	assert_int_equal(0, time_index_maybe_append(&x, E(20, BASE + 5)));
	looks_up(9, -1, BASE);
	looks_up(10, 10, BASE + 1);
	looks_up(19, 10, BASE + 1);
	looks_up(INT64_MAX, 20, BASE + 5);
}

static void one_slot_is_kept_for_the_end(void **state)
{
	(void)state;
	for (int i = 0; i < 7; i++) {
		assert_false(time_index_full(&x));
		assert_int_equal(0, time_index_maybe_append(&x, E(10 + i, BASE + i)));
	}
	assert_true(time_index_full(&x));
	assert_int_equal(0, time_index_maybe_append(&x, E(50, BASE + 9)));
	assert_int_equal(96, x.f.length);
}

static void truncation_goes_by_offset(void **state)
{
	(void)state;
	for (int i = 1; i < 6; i++)
		assert_int_equal(0, time_index_maybe_append(&x, E(10 * i, BASE + i)));
	assert_int_equal(0, time_index_truncate_to(&x, BASE + 3));
	assert_int_equal(2, x.f.n);
	assert_int_equal(20, x.last.timestamp);
	assert_int_equal(0, time_index_truncate_to(&x, BASE));
	assert_int_equal(-1, x.last.timestamp);
}

static void padding_counts_as_empty(void **state)
{
	(void)state;
	assert_int_equal(0, time_index_maybe_append(&x, E(10, BASE + 1)));
	assert_int_equal(0, time_index_maybe_append(&x, E(20, BASE + 2)));
	time_index_fini(&x);
	time_index_init(&x, &dir, BASE);
	assert_int_equal(0, time_index_load(&x, 100));
	assert_int_equal(0, x.f.n);
	assert_int_equal(-1, x.last.timestamp);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(only_later_timestamps_are_added),
		T(one_slot_is_kept_for_the_end),
		T(truncation_goes_by_offset),
		T(padding_counts_as_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
