/* test_offset_index.c - entries, look-ups, truncation and odd files of <base>.index (storage.md 2.2, 5.6). */
#include <errno.h>
#include <stdio.h>

#include "fault_fs.h"
#include "golden.h"
#include "storage/offset_index.h"
#include "storage/replica_dir.h"

#define BASE INT64_C(1000)

static char *parent;
static struct replica_dir dir;
static struct offset_index x;

static int setup(void **state)
{
	CLEANUP(freep) char *path = NULL;

	(void)state;
	parent = scratch_new();
	path = xasprintf("%s/t-0", parent);
	assert_int_equal(0, fs_mkdir_p(path));
	replica_dir_init(&dir, parent, "t-0");
	offset_index_init(&x, &dir, BASE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	offset_index_fini(&x);
	replica_dir_fini(&dir);
	scratch_free(parent);
	return 0;
}

static void reopen(int64_t max)
{
	offset_index_fini(&x);
	offset_index_init(&x, &dir, BASE);
	assert_int_equal(0, offset_index_load(&x, max));
}

static void looks_up(int64_t target, int64_t offset, int64_t position)
{
	struct offset_position p;

	assert_int_equal(0, offset_index_lookup(&x, target, &p));
	assert_int_equal(offset, p.offset);
	assert_int_equal(position, p.position);
}

static void an_empty_index_leads_to_the_start(void **state)
{
	int64_t upper;

	(void)state;
	assert_int_equal(0, offset_index_load(&x, 100));
	assert_int_equal(96, x.f.length);
	assert_int_equal(BASE, x.last_offset);
	looks_up(BASE, BASE, 0);
	looks_up(INT64_MAX, BASE, 0);
	assert_int_equal(0, offset_index_upper_bound(&x, 0, &upper));
	assert_int_equal(-1, upper);
	assert_false(offset_index_full(&x));
}

static void entries_rise_and_fit_the_range(void **state)
{
	(void)state;
	assert_int_equal(0, offset_index_load(&x, 32));
	assert_int_equal(0, offset_index_append(&x, BASE + 5, 100));
	assert_int_equal(-EINVAL, offset_index_append(&x, BASE + 5, 200));
	assert_int_equal(-EINVAL, offset_index_append(&x, BASE - 1, 200));
	assert_int_equal(-EINVAL, offset_index_append(&x, BASE + INT64_C(2147483648), 200));
	assert_int_equal(-EINVAL, offset_index_append(&x, BASE + 6, INT64_C(2147483648)));
	assert_int_equal(0, offset_index_append(&x, BASE + INT32_MAX, INT32_MAX));
	looks_up(INT64_MAX, BASE + INT32_MAX, INT32_MAX);
	looks_up(BASE + 4, BASE, 0);
	looks_up(BASE + 5, BASE + 5, 100);
	looks_up(BASE + 6, BASE + 5, 100);
}

static void look_ups_agree_with_a_scan(void **state)
{
	int64_t upper;

	(void)state;
	assert_int_equal(0, offset_index_load(&x, 8 * 3000));
	for (int i = 0; i < 3000; i++)
		assert_int_equal(0, offset_index_append(&x, BASE + 3 + 3 * i, 10 + 10 * i));
	assert_true(offset_index_full(&x));
	for (int pass = 0; pass < 2; pass++) {
		for (int t = 0; t < 9010; t++) {
			int i = (t - 3) / 3;

			if (t < 3)
				looks_up(BASE + t, BASE, 0);
			else
				looks_up(BASE + t, BASE + 3 + 3 * MIN(i, 2999), 10 + 10 * MIN(i, 2999));
		}
		for (int p = 0; p <= 30010; p += 7) {
			int i = p <= 10 ? 0 : (p - 10 + 9) / 10;

			assert_int_equal(0, offset_index_upper_bound(&x, p, &upper));
			assert_int_equal(i < 3000 ? BASE + 3 + 3 * i : -1, upper);
		}
		reopen(8);
		assert_int_equal(3000, x.f.n);
		assert_int_equal(BASE + 3 + 3 * 2999, x.last_offset);
	}
}

static void truncation_drops_entries_and_keeps_the_length(void **state)
{
	(void)state;
	assert_int_equal(0, offset_index_load(&x, 80));
	for (int i = 1; i <= 5; i++)
		assert_int_equal(0, offset_index_append(&x, BASE + 10 * i, i));
	assert_int_equal(0, offset_index_truncate_to(&x, BASE + 30));
	assert_int_equal(2, x.f.n);
	assert_int_equal(BASE + 20, x.last_offset);
	assert_int_equal(80, x.f.length);
	assert_int_equal(0, offset_index_append(&x, BASE + 25, 9));
	assert_int_equal(0, index_file_trim(&x.f));
	assert_int_equal(24, x.f.length);
	assert_true(offset_index_full(&x));
	looks_up(BASE + 100, BASE + 25, 9);
	assert_int_equal(0, index_file_resize(&x.f, 1000));
	assert_int_equal(1000, x.f.length);
	looks_up(BASE + 100, BASE + 25, 9);
	assert_int_equal(0, offset_index_truncate_to(&x, BASE));
	assert_int_equal(0, x.f.n);
	looks_up(BASE + 100, BASE, 0);
}

static void odd_lengths_and_padding_are_survived(void **state)
{
	CLEANUP(freep) char *path = replica_dir_file(&dir, BASE, ".index", "");
	struct file *f;

	(void)state;
	assert_int_equal(0, offset_index_load(&x, 80));
	assert_int_equal(0, offset_index_append(&x, BASE + 10, 5));
	assert_int_equal(0, index_file_trim(&x.f));
	assert_int_equal(0, file_open(path, 2 /* O_RDWR */, 0, &f));
	assert_int_equal(0, file_truncate(f, 11));
	reopen(80);
	assert_int_equal(1, x.f.n);
	assert_int_equal(0, file_truncate(f, 800));
	reopen(80);
	assert_int_equal(0, x.f.n); /* padded: counts as empty */
	looks_up(BASE + 100, BASE, 0);
	assert_int_equal(0, file_truncate(f, 0));
	reopen(80);
	assert_int_equal(0, x.f.n);
	assert_true(offset_index_full(&x));
	file_unref(f);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_empty_index_leads_to_the_start),
		T(entries_rise_and_fit_the_range),
		T(look_ups_agree_with_a_scan),
		T(truncation_drops_entries_and_keeps_the_length),
		T(odd_lengths_and_padding_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
