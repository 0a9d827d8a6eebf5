/* test_leader_epochs.c - the epoch cache by the examples of storage.md 7. */
#include <errno.h>

#include "fault_fs.h"
#include "golden.h"
#include "storage/leader_epochs.h"
#include "storage/replica_dir.h"

static struct leader_epochs e;

static int setup(void **state)
{
	(void)state;
	assert_true(leader_epochs_assign(&e, 1, 10));
	assert_true(leader_epochs_assign(&e, 3, 30));
	assert_true(leader_epochs_assign(&e, 5, 50));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	leader_epochs_fini(&e);
	return 0;
}

static void end_is(int32_t epoch, int32_t want_epoch, int64_t want_end)
{
	int32_t got_epoch;
	int64_t got_end;

	leader_epochs_end_offset(&e, epoch, 99, &got_epoch, &got_end);
	assert_int_equal(want_epoch, got_epoch);
	assert_int_equal(want_end, got_end);
}

static void end_offsets(void **state)
{
	(void)state;
	end_is(-1, -1, -1);
	end_is(0, 0, 10);
	end_is(1, 1, 30);
	end_is(2, 1, 30);
	end_is(4, 3, 50);
	end_is(5, 5, 99);
	end_is(6, -1, -1);
	leader_epochs_clear(&e);
	end_is(5, -1, -1);
}

static void is(size_t i, int32_t epoch, int64_t start)
{
	assert_true(i < e.n);
	assert_int_equal(epoch, e.v[i].epoch);
	assert_int_equal(start, e.v[i].start);
}

static void truncation(void **state)
{
	(void)state;
	leader_epochs_truncate_start(&e, 10);
	assert_int_equal(3, e.n);
	leader_epochs_truncate_start(&e, 35);
	assert_int_equal(2, e.n);
	is(0, 3, 35);
	is(1, 5, 50);
	leader_epochs_truncate_end(&e, 51);
	assert_int_equal(2, e.n);
	leader_epochs_truncate_end(&e, 50);
	assert_int_equal(1, e.n);
	is(0, 3, 35);
	leader_epochs_truncate_start(&e, 100);
	is(0, 3, 100);
}

static void assigning(void **state)
{
	(void)state;
	assert_false(leader_epochs_assign(&e, 5, 60));
	assert_false(leader_epochs_assign(&e, -1, 60));
	assert_true(leader_epochs_assign(&e, 6, 40)); /* contradicts 5 from 50 */
	assert_int_equal(3, e.n);
	is(2, 6, 40);
	assert_true(leader_epochs_assign(&e, 2, 45)); /* contradicts 3 and 6 */
	assert_int_equal(2, e.n);
	is(1, 2, 45);
	assert_int_equal(2, leader_epochs_latest(&e));
}

static void epochs_of_offsets(void **state)
{
	(void)state;
	assert_int_equal(-1, leader_epochs_at(&e, 9));
	assert_int_equal(1, leader_epochs_at(&e, 10));
	assert_int_equal(1, leader_epochs_at(&e, 29));
	assert_int_equal(5, leader_epochs_at(&e, 1000));
	assert_int_equal(-1, leader_epochs_earliest(&e, 9));
	assert_int_equal(1, leader_epochs_earliest(&e, 10));
}

static void the_file_keeps_them(void **state)
{
	struct checkpoint text = CHECKPOINT_INIT;
	struct leader_epochs back = { 0 };
	struct replica_dir dir;
	char *parent = scratch_new();

	(void)state;
	scratch_write(parent, "leader-epoch-checkpoint", "");
	replica_dir_init(&dir, parent, ".");
	assert_int_equal(0, leader_epochs_load(&back, &dir));
	assert_int_equal(-1, leader_epochs_latest(&back));
	assert_true(leader_epochs_unwritten(&e));
	leader_epochs_text(&e, &text);
	assert_int_equal(0, leader_epochs_write(&dir, &text));
	checkpoint_fini(&text);
	assert_int_equal(0, leader_epochs_load(&back, &dir));
	assert_int_equal(3, back.n);
	assert_int_equal(30, back.v[1].start);
	assert_false(leader_epochs_unwritten(&back));
	scratch_write(parent, "leader-epoch-checkpoint", "0\n1\n0 x\n");
	assert_int_equal(-EIO, leader_epochs_load(&back, &dir));
	scratch_write(parent, "leader-epoch-checkpoint", "0\n2\n0 1\n");
	assert_int_equal(-EIO, leader_epochs_load(&back, &dir));
	leader_epochs_fini(&back);
	replica_dir_fini(&dir);
	scratch_free(parent);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(end_offsets),
		T(truncation),
		T(assigning),
		T(epochs_of_offsets),
		T(the_file_keeps_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
