/* test_txn_index.c - the file of aborted transactions (storage.md 2.4). */
#include <errno.h>

#include "fault_fs.h"
#include "golden.h"
#include "storage/replica_dir.h"
#include "storage/txn_index.h"

#define BASE INT64_C(100)

static char *parent;
static struct replica_dir dir;
static struct txn_index x;

static int setup(void **state)
{
	CLEANUP(freep) char *path = NULL;

	(void)state;
	parent = scratch_new();
	path = xasprintf("%s/t-0", parent);
	assert_int_equal(0, fs_mkdir_p(path));
	replica_dir_init(&dir, parent, "t-0");
	txn_index_init(&x, &dir, BASE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	txn_index_fini(&x);
	replica_dir_fini(&dir);
	scratch_free(parent);
	return 0;
}

static int load_again(void)
{
	txn_index_fini(&x);
	txn_index_init(&x, &dir, BASE);
	return txn_index_load(&x);
}

static bool count(void *arg, const struct txn_index_entry *e)
{
	int64_t *sum = arg;

	*sum += e->last_offset;
	return true;
}

static int add(int64_t last)
{
	const struct txn_index_entry e = { 7, last - 5, last, last - 7 };

	return txn_index_append(&x, &e);
}

static void write_file(const void *p, size_t n)
{
	CLEANUP(freep) char *path = replica_dir_file(&dir, BASE, ".txnindex", "");

	assert_int_equal(0, fs_replace_file(path, p, n));
}

static void the_file_appears_with_the_first_entry(void **state)
{
	CLEANUP(freep) char *path = replica_dir_file(&dir, BASE, ".txnindex", "");
	int64_t sum = 0;

	(void)state;
	assert_int_equal(0, txn_index_load(&x));
	assert_false(fs_exists(path));
	assert_int_equal(0, txn_index_truncate_to(&x, 0));
	assert_false(fs_exists(path));
	for (int i = 0; i < 300; i++)
		assert_int_equal(0, add(BASE + i));
	assert_int_equal(-EINVAL, add(BASE + 299));
	assert_int_equal(0, load_again());
	assert_int_equal(300, x.n);
	assert_int_equal(BASE + 299, x.last_offset);
	assert_int_equal(0, txn_index_each(&x, count, &sum));
	assert_int_equal(300 * BASE + 299 * 150, sum);
	assert_int_equal(0, txn_index_truncate_to(&x, BASE + 10));
	assert_int_equal(10, x.n);
	assert_int_equal(0, add(BASE + 10));
	assert_int_equal(0, txn_index_reset(&x));
	assert_int_equal(0, load_again());
	assert_int_equal(0, x.n);
}

static void damaged_files_are_told_apart(void **state)
{
	uint8_t bytes[70] = { 0 };

	(void)state;
	bytes[25] = (uint8_t)BASE;
	write_file(bytes, 40); /* one entry and a fragment */
	assert_int_equal(0, load_again());
	assert_int_equal(1, x.n);
	bytes[1] = 1; /* the second byte of the version is not looked at, as in Kafka */
	write_file(bytes, 34);
	assert_int_equal(0, load_again());
	bytes[25] = (uint8_t)(BASE - 1);
	write_file(bytes, 34);
	assert_int_equal(-EBADMSG, load_again());
	bytes[0] = 1;
	write_file(bytes, 34);
	assert_int_equal(-EUCLEAN, load_again());
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_file_appears_with_the_first_entry),
		T(damaged_files_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
