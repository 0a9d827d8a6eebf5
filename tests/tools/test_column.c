/* test_column.c - cells are as wide as Java's %-Ns makes them. */
#include "tools/column.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

static void expect(const char *want, const char *text, size_t width)
{
	char *got;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	column_put(out, text ? str_of(text) : STR_NULL, width);
	fclose(out);
	assert_string_equal(want, got);
	free(got);
}

static void texts(void **state)
{
	(void)state;
	expect("ab   ", "ab", 5);
	expect("abcde", "abcde", 5);
	expect("abcdef", "abcdef", 5);
	expect("ab", "ab", 0);
	expect("   ", NULL, 3);
	expect("\xc3\xa4\xe2\x82\xac   ", "\xc3\xa4\xe2\x82\xac", 5); /* two characters */
	expect("\xf0\x9f\x98\x80   ", "\xf0\x9f\x98\x80", 5);         /* one, of two units */
	expect("\xff\xfe ", "\xff\xfe", 3);
}

static void numbers(void **state)
{
	char *got;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	(void)state;
	column_put_number(out, -7, 4);
	column_put_number(out, INT64_MAX, 3);
	fclose(out);
	assert_string_equal("-7  9223372036854775807", got);
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(numbers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
