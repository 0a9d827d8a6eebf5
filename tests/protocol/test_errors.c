/* test_errors.c - the table of error codes against the reference list. */
#include "protocol/errors.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/vectors.h"

static void the_table_is_that_of_the_reference(void **state)
{
	FILE *f = vectors_open("errors.tsv");
	char line[256], name[128], retriable[8];
	int code, n = 0;

	(void)state;
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(3, sscanf(line, "%d\t%127s\t%7s", &code, name, retriable));
		assert_string_equal(name, kerr_name(code));
		assert_int_equal(strcmp(retriable, "yes") == 0, kerr_retriable(code));
		assert_true(strlen(kerr_text(code)) > 0);
		n++;
	}
	fclose(f);
	assert_int_equal(129, n);
	assert_int_equal(127, KERR_VOTER_NOT_FOUND);
}

static void numbers_that_are_no_code_are_harmless(void **state)
{
	(void)state;
	assert_string_equal("UNKNOWN", kerr_name(128));
	assert_string_equal("UNKNOWN", kerr_name(-2));
	assert_false(kerr_retriable(-2));
	assert_non_null(kerr_text(1000));
}

static void results_become_codes(void **state)
{
	(void)state;
	assert_int_equal(0, kerr_of(0));
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, kerr_of(KERR_NOT_LEADER_OR_FOLLOWER));
	assert_int_equal(-1, kerr_of(-EPERM));
	assert_int_equal(-1, kerr_of(-ENOMEM));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, kerr_of(-EIO));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, kerr_of(-ENOSPC));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, kerr_of(-EROFS));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, kerr_of(-ENOENT));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, kerr_of(-ENOTDIR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_that_of_the_reference),
		cmocka_unit_test(numbers_that_are_no_code_are_harmless),
		cmocka_unit_test(results_become_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
