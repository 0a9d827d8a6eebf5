/* test_words.c - words of a shell's command as Apache Commons CLI 1.4 takes them; the messages are its own. */
#include "tools/words.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

static const struct word_option options[] = {
	{"s", false, "stats"}, {"w", false, "watch"}, {"v", true, "version"}, {"file", true, "file"}, {NULL, false, NULL}};
static const struct word_option group[] = {{"n", true, "num"}, {"b", true, "bytes"}, {NULL, false, NULL}};

/* What came of a line: options in their order, then the words; or the error. */
static void expect(const struct word_option *o, enum word_group g, const char *line, const char *want)
{
	char got[512] = "", *error = NULL, **v;
	struct words w;
	int n;

	v = words_split(line, &n);
	if (words_parse(&w, o, g, n, v, &error)) {
		snprintf(got, sizeof(got), "%s", error);
	} else {
		for (int i = 0; o[i].name; i++)
			if (words_has(&w, o[i].name))
				snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s=%s ", o[i].name,
					words_value(&w, o[i].name));
		for (int i = 0; i < w.n; i++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "[%s]", w.v[i]);
	}
	if (strcmp(got, want) != 0)
		fail_msg("%s: wanted %s, got %s", line, want, got);
	words_fini(&w);
	words_free(v, n);
	free(error);
}

static void flags_and_values(void **state)
{
	(void)state;
	expect(options, WORDS_FREE, "set /a b", "[set][/a][b]");
	expect(options, WORDS_FREE, "set -s /a -v 5 b", "s= v=5 [set][/a][b]");
	expect(options, WORDS_FREE, "set -sw /a", "s= w= [set][/a]");
	expect(options, WORDS_FREE, "set -sv5 /a", "s= v=5 [set][/a]");
	expect(options, WORDS_FREE, "set -sv 5 /a", "s= v=5 [set][/a]");
	expect(options, WORDS_FREE, "set -v5 /a", "v=5 [set][/a]");
	expect(options, WORDS_FREE, "set -v=5 /a", "v=5 [set][/a]");
	expect(options, WORDS_FREE, "set -v -5 /a", "v=-5 [set][/a]");
	expect(options, WORDS_FREE, "set -v 1 -v 2 /a", "v=1 [set][/a]");
	expect(options, WORDS_FREE, "set -file x.cfg -", "file=x.cfg [set][-]");
	expect(options, WORDS_FREE, "set -- -s -x", "[set][-s][-x]");
}

static void errors_in_its_words(void **state)
{
	(void)state;
	expect(options, WORDS_FREE, "set -x", "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -x");
	expect(options, WORDS_FREE, "set -sx", "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -sx");
	expect(options, WORDS_FREE, "set --s", "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: --s");
	expect(options, WORDS_FREE, "set -s=1", "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -s=1");
	expect(options, WORDS_FREE, "set -v", "org.apache.commons.cli.MissingArgumentException: Missing argument for option: v");
	expect(options, WORDS_FREE, "set -v -s", "org.apache.commons.cli.MissingArgumentException: Missing argument for option: v");
	expect(group, WORDS_REQUIRED_GROUP, "q /a",
		"org.apache.commons.cli.MissingOptionException: Missing required option: [-n num, -b bytes]");
	expect(group, WORDS_GROUP, "q -n 1 -b 2",
		"org.apache.commons.cli.AlreadySelectedException: The option 'b' was specified but an option from this group has "
		"already been selected: 'n'");
	expect(group, WORDS_GROUP, "q /a", "[q][/a]");
}

static void lines_are_split_at_blanks(void **state)
{
	static const struct {
		const char *line, *words;
	} cases[] = {{"ls /", "[ls][/]"}, {"  ls\t/  ", "[ls][/]"}, {"", ""}, {"   ", ""}, {"a 'b c' \"d e\"", "[a][b c][d e]"},
		{"a \"it's\"", "[a][it's]"}, {"a b\"c d\"", "[a][b\"c][d\"]"}, {"a \"b c", "[a][b][c]"}, {"a ''", "[a][]"},
		{"'a'b", "[a][b]"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char got[128] = "", **v;
		int n;

		v = words_split(cases[i].line, &n);
		for (int j = 0; j < n; j++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "[%s]", v[j]);
		assert_string_equal(cases[i].words, got);
		words_free(v, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_and_values),
		cmocka_unit_test(errors_in_its_words),
		cmocka_unit_test(lines_are_split_at_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
