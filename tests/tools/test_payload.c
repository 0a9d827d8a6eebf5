/* test_payload.c - what load generators send; parts of files are those of String.split. */
#include "tools/payload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

static void expect_bytes(const char *want, struct bytes got)
{
	assert_int_equal(strlen(want), got.len);
	assert_memory_equal(want, got.p, strlen(want));
}

static void random_letters_are_those_of_java(void **state)
{
	struct payload *p = payload_random(10);

	(void)state;
	expect_bytes("YQHHNEBSEP", payload_next(p, 0));
	expect_bytes("DNSEIFGAMS", payload_next(p, 1));
	assert_int_equal(10, payload_smallest(p));
	payload_free(p);
	p = payload_random(0);
	expect_bytes("", payload_next(p, 0));
	payload_free(p);
}

static void numbers_count_records(void **state)
{
	struct payload *p = payload_numbers();

	(void)state;
	expect_bytes("0", payload_next(p, 0));
	expect_bytes("9223372036854775807", payload_next(p, INT64_MAX));
	payload_free(p);
}

/* Reads a file with this text; what is printed goes nowhere. */
static int read_text(
	const char *text, const char *delimiter, struct payload **ret, char **ret_exception)
{
	char *dir = temp_dir_new(), *path = xasprintf("%s/payloads", dir);
	FILE *f = fopen(path, "w"), *out = stdout;
	int r;

	fputs(text, f);
	fclose(f);
	stdout = fopen("/dev/null", "w");
	r = payload_file(path, delimiter, ret, ret_exception);
	fclose(stdout);
	stdout = out;
	temp_dir_free(dir);
	free(path);
	return r;
}

static void a_file_is_split_as_by_java(void **state)
{
	static const struct {
		const char *text, *delimiter;
		const char *parts; /* each ended by a bar, in the order of the file */
	} cases[] = {
		{"a\nbb\n\nccc\n\n", "\n", "a|bb||ccc|"},
		{"\n\na", "\n", "||a|"},
		{"a1b22c", "\\d+", "a|b|c|"},
		{"abc", "", "a|b|c|"},
		{"axxbx", "x*", "a||b|"},
		{"abc", ",", "abc|"},
		{"a, b ,c", "\\s*,\\s*", "a|b|c|"},
		{"\xc3\xa4\xc3\xb6", "", "\xc3\xa4|\xc3\xb6|"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct payload *p = NULL;
		char *exception = NULL, seen[64] = "";

		assert_int_equal(0, read_text(cases[i].text, cases[i].delimiter, &p, &exception));
		/* Every part is drawn sooner or later, and nothing else. */
		for (int draw = 0; draw < 1000; draw++) {
			struct bytes b = payload_next(p, draw);
			char part[32];

			snprintf(part, sizeof(part), "%.*s|", b.len, (const char *)b.p);
			assert_non_null(strstr(cases[i].parts, part));
			if (!strstr(seen, part))
				strcat(seen, part);
		}
		for (const char *c = cases[i].parts; *c; c += strcspn(c, "|") + 1) {
			char part[32];

			snprintf(part, sizeof(part), "%.*s|", (int)strcspn(c, "|"), c);
			assert_non_null(strstr(seen, part));
		}
		payload_free(p);
	}
}

static void draws_are_those_of_java(void **state)
{
	struct payload *p = NULL;
	char *exception = NULL;

	(void)state;
	/* nextInt(26): the letters of random_letters_are_those_of_java */
	assert_int_equal(0, read_text("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z", " ",
				    &p, &exception));
	for (const char *c = "YQHHNEBSEPDNSEIFGAMS"; *c; c++)
		assert_int_equal(*c, payload_next(p, 0).p[0]);
	assert_int_equal(1, payload_smallest(p));
	payload_free(p);
}

static void expect_exception(const char *want, const char *text, const char *delimiter)
{
	struct payload *p = NULL;
	char *exception = NULL;

	assert_int_equal(-EINVAL, read_text(text, delimiter, &p, &exception));
	assert_non_null(exception);
	assert_string_equal(want, exception);
	free(exception);
}

static void files_that_are_of_no_use(void **state)
{
	(void)state;
	expect_exception("java.lang.IllegalArgumentException: File does not exist or empty file "
			 "provided.",
		"", "\n");
	expect_exception("java.lang.IllegalArgumentException: no payload File Path or record Size "
			 "or payload-monotonic option provided",
		",,", ",");
}

static void a_file_that_is_not_there(void **state)
{
	struct payload *p = NULL;
	char *exception = NULL;
	FILE *out = stdout;
	char printed[256] = "";

	(void)state;
	stdout = fmemopen(printed, sizeof(printed), "w");
	assert_int_equal(-EINVAL, payload_file("/no/such/file", "\n", &p, &exception));
	fclose(stdout);
	stdout = out;
	assert_string_equal("Reading payloads from: /no/such/file\n", printed);
	assert_string_equal("java.lang.IllegalArgumentException: File does not exist or empty file "
			    "provided.",
		exception);
	free(exception);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_letters_are_those_of_java),
		cmocka_unit_test(numbers_count_records),
		cmocka_unit_test(a_file_is_split_as_by_java),
		cmocka_unit_test(draws_are_those_of_java),
		cmocka_unit_test(files_that_are_of_no_use),
		cmocka_unit_test(a_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
