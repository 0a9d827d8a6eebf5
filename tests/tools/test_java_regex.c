/* test_java_regex.c - expressions people use for topics and separators match as in Java. */
#include "tools/java_regex.h"

#include <errno.h>
#include <string.h>

#include "tests/base/unit.h"

static bool matches(const char *pattern, const char *text)
{
	CLEANUP(java_regex_freep) struct java_regex *re = NULL;
	char why[JAVA_REGEX_ERROR_MAX];

	if (java_regex_compile(pattern, &re, why))
		fail_msg("%s: %s", pattern, why);
	return java_regex_matches(re, text, strlen(text));
}

static void whole_texts_match(void **state)
{
	static const struct {
		const char *pattern, *yes, *no;
	} cases[] = {
		{"test", "test", "test1"},
		{"test\\.topic", "test.topic", "testxtopic"},
		{"a|bc", "bc", "ac"},
		{".*", "anything", "two\nlines"},
		{"t[0-9]+", "t42", "t"},
		{"[^_].*", "abc", "_abc"},
		{"[a-c-]+", "a-b", "d"},
		{"[]]", "]", "x"},
		{"\\d{2,3}", "123", "1234"},
		{"\\w+\\s\\S", "ab c", "ab  c"},
		{"^(?!__).*$", "topic", "__consumer_offsets"},
		{"(?:ab)*c", "ababc", "abab"},
		{"(a|ab)(c|bcd)", "abcd", "abd"},
		{"a*?b", "aaab", "aaa"},
		{"a*+b", "aaab", "aaa"},
		{"x(?=yz)y.", "xyz", "xya"},
		{".*(?<=prod)", "app-prod", "app-test"},
		{"(?i)Topic", "tOPIC", "topi"},
		{"\\p{Upper}\\P{Upper}", "Ab", "AB"},
		{"\\bword\\b", "word", "words"},
		{"", "", "a"},
		{"\xC3\xA4.", "\xC3\xA4\xC3\xB6", "\xC3\xA4"}, /* code points, not bytes */
		{"(a*)*", "aaaa", "b"},
		{"(a?){3}b", "ab", "aaaab"},
		{"\\x41\\u0042\\t", "AB\t", "AB"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (!matches(cases[i].pattern, cases[i].yes))
			fail_msg("%s does not match %s", cases[i].pattern, cases[i].yes);
		if (matches(cases[i].pattern, cases[i].no))
			fail_msg("%s matches %s", cases[i].pattern, cases[i].no);
	}
}

static void what_is_no_expression_is_refused(void **state)
{
	static const char *const bad[] = {"[", "t[", "(", "(a", "a)", "*", "a**b(", "a{2", "a{3,2}",
		"[b-a]", "\\", "\\1", "[a&&b]", "(?x)a", "\\p{Nope}", "a{9999999}"};
	char why[JAVA_REGEX_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct java_regex *re;

		why[0] = '\0';
		if (java_regex_compile(bad[i], &re, why) != -EINVAL)
			fail_msg("%s was accepted", bad[i]);
		assert_true(why[0] != '\0');
	}
}

static void finding_goes_left_to_right(void **state)
{
	struct java_regex *re;
	char why[JAVA_REGEX_ERROR_MAX];
	size_t start, end;

	(void)state;
	assert_int_equal(0, java_regex_compile("[,;]+", &re, why));
	assert_true(java_regex_find(re, "a,;b;c", 6, 0, &start, &end));
	assert_int_equal(1, start);
	assert_int_equal(3, end);
	assert_true(java_regex_find(re, "a,;b;c", 6, 3, &start, &end));
	assert_int_equal(4, start);
	assert_false(java_regex_find(re, "a,;b;c", 6, 5, &start, &end));
	java_regex_free(re);
}

/* Backtracking that would take years ends, with no match. */
static void endless_searches_end(void **state)
{
	(void)state;
	assert_false(matches("(a+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void long_texts_do_not_use_up_the_stack(void **state)
{
	char *text = xmalloc(100001);

	(void)state;
	memset(text, 'a', 100000);
	text[100000] = '\0';
	(void)matches("(a|b)*", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_texts_match),
		cmocka_unit_test(what_is_no_expression_is_refused),
		cmocka_unit_test(finding_goes_left_to_right),
		cmocka_unit_test(endless_searches_end),
		cmocka_unit_test(long_texts_do_not_use_up_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
