/* test_error.c - the trace of a failure. */
#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static __attribute__((noinline)) int origin(int r)
{
	return error_fail(r, "src/x/deep.c", 10);
}

static __attribute__((noinline)) int passes_up(int r)
{
	volatile char frame[64] = { 0 };
	int got = origin(r);

	(void)frame[0];
	return error_fail(got, "high.c", 20);
}

static void a_failure_prints_its_path_once(void **state)
{
	char buf[128];

	(void)state;
	assert_int_equal(-ENOSPC, passes_up(-ENOSPC));
	assert_string_equal("No space left on device (deep.c:10 < high.c:20)",
	    error_text(-ENOSPC, buf, sizeof(buf)));
	assert_string_equal("No space left on device", error_text(-ENOSPC, buf, sizeof(buf)));
}

static void answers_are_not_recorded(void **state)
{
	char buf[128];

	(void)state;
	assert_int_equal(6, passes_up(6));
	assert_int_equal(0, passes_up(0));
	assert_string_equal("error 6", error_text(6, buf, sizeof(buf)));
	assert_string_equal("no error", error_text(0, buf, sizeof(buf)));
	assert_string_equal("Input/output error", error_text(-EIO, buf, sizeof(buf)));
}

static void another_failure_begins_a_new_trace(void **state)
{
	char buf[128];

	(void)state;
	(void)passes_up(-EIO);
	(void)passes_up(-ENOENT);
	(void)passes_up(-ENOENT); /* the first one was handled silently */
	assert_string_equal("No such file or directory (deep.c:10 < high.c:20)",
	    error_text(-ENOENT, buf, sizeof(buf)));
}

static void the_text_is_cut_to_any_size(void **state)
{
	char whole[128], buf[128];

	(void)state;
	(void)passes_up(-EIO);
	(void)error_text(-EIO, whole, sizeof(whole));
	for (size_t size = 1; size < sizeof(buf); size++) {
		(void)passes_up(-EIO);
		(void)error_text(-EIO, buf, size);
		assert_int_equal(MIN(size - 1, strlen(whole)), strlen(buf));
	}
	buf[0] = 'x';
	(void)error_text(-EIO, buf, 0);
	assert_int_equal('x', buf[0]);
}

static void a_long_way_up_and_odd_numbers_are_fine(void **state)
{
	char buf[256];

	(void)state;
	for (int i = 0; i < 100; i++)
		(void)error_fail(-EPERM, "loop.c", i);
	assert_true(strlen(error_text(-EPERM, buf, sizeof(buf))) > 0);
	(void)error_text(INT_MIN, buf, sizeof(buf));
	(void)error_text(INT_MAX, buf, sizeof(buf));
	(void)error_text(-9999, buf, sizeof(buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_prints_its_path_once),
		cmocka_unit_test(answers_are_not_recorded),
		cmocka_unit_test(another_failure_begins_a_new_trace),
		cmocka_unit_test(the_text_is_cut_to_any_size),
		cmocka_unit_test(a_long_way_up_and_odd_numbers_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
