/* test_options.c - the option parser does what jopt does, word for word. */
#include "tools/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

enum { TOPIC, PARTITIONS, SIZE, CODEC, LIST, PROPERTY, HELP, VERSION, COUNT };

static const struct option table[COUNT] = {
	[TOPIC] = {"topic", OPTION_STRING, "topic", NULL, "The topic."},
	[PARTITIONS] = {"partitions", OPTION_INT, "number", "7", "How many."},
	[SIZE] = {"size", OPTION_LONG, NULL, NULL, "How large."},
	[CODEC] = {"codec", OPTION_MAYBE, "codec", NULL, "Which codec."},
	[LIST] = {"list", OPTION_FLAG, NULL, NULL, "List."},
	[PROPERTY] = {"property", OPTION_STRING, "key=value", NULL, "A setting."},
	[HELP] = OPTION_HELP,
	[VERSION] = OPTION_VERSION,
};

/* Parses the words of a line, separated by blanks. */
static int parse(struct options *o, const char *line)
{
	static char words[256];
	char *argv[32] = {"tool"};
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	return options_parse(o, table, COUNT, argc, argv);
}

static void expect_text(struct options *o, size_t id, const char *want)
{
	const char *got = NULL;

	assert_int_equal(0, options_text(o, id, &got));
	if (!want)
		assert_null(got);
	else
		assert_string_equal(want, got);
}

static void all_ways_to_write_an_option(void **state)
{
	static const char *const lines[] = {"--topic t --list", "--topic=t --list",
		"-topic t -list", "-topic=t --list=x", "other --list words --topic t"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct options o;

		assert_int_equal(0, parse(&o, lines[i]));
		expect_text(&o, TOPIC, "t");
		assert_true(options_has(&o, LIST));
		assert_false(options_has(&o, CODEC));
		options_fini(&o);
	}
}

static void an_empty_argument_is_one(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(0, parse(&o, "--topic= --codec= word"));
	expect_text(&o, TOPIC, "");
	expect_text(&o, CODEC, "");
	options_fini(&o);
}

static void options_keep_their_order(void **state)
{
	static const size_t want[] = {PROPERTY, LIST, TOPIC, PROPERTY};
	struct options o;

	(void)state;
	assert_int_equal(0, parse(&o, "--property a word --list --topic t -property=b"));
	assert_int_equal(ARRAY_LEN(want), o.order_n);
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_int_equal(want[i], o.order[i]);
	options_fini(&o);
}

static void an_argument_may_look_like_an_option(void **state)
{
	struct options o;
	int64_t n = 0;

	(void)state;
	assert_int_equal(0, parse(&o, "--topic --list --partitions -1"));
	expect_text(&o, TOPIC, "--list");
	assert_false(options_has(&o, LIST));
	assert_int_equal(0, options_number(&o, PARTITIONS, &n));
	assert_int_equal(-1, n);
	options_fini(&o);
}

static void an_argument_may_be_missing_where_it_is_optional(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(0, parse(&o, "--codec --list"));
	assert_true(options_has(&o, CODEC) && options_has(&o, LIST));
	expect_text(&o, CODEC, NULL);
	options_fini(&o);
	assert_int_equal(0, parse(&o, "--codec lz4 --list"));
	expect_text(&o, CODEC, "lz4");
	options_fini(&o);
}

static void defaults_and_repeated_options(void **state)
{
	struct options o;
	const char *const *all;
	int64_t n = 0;
	size_t count;

	(void)state;
	assert_int_equal(0, parse(&o, "--property a=1 --property b=2"));
	all = options_all(&o, PROPERTY, &count);
	assert_int_equal(2, count);
	assert_string_equal("a=1", all[0]);
	assert_string_equal("b=2", all[1]);
	assert_int_equal(0, options_number(&o, PARTITIONS, &n));
	assert_int_equal(7, n);
	n = 5;
	assert_int_equal(0, options_number(&o, SIZE, &n));
	assert_int_equal(5, n); /* absent and without a default */
	options_fini(&o);
}

static void errors_in_the_words_of_jopt(void **state)
{
	static const struct {
		const char *line, *error;
	} bad[] = {
		{"--bad", "bad is not a recognized option"},
		{"--top t", "top is not a recognized option"}, /* no abbreviations */
		{"--bad=x", "bad is not a recognized option"},
		{"-bad", "b is not a recognized option"},
		{"-5", "5 is not a recognized option"},
		{"--list --topic", "Option topic requires an argument"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct options o;

		assert_int_equal(-EINVAL, parse(&o, bad[i].line));
		assert_string_equal(bad[i].error, o.error);
		options_fini(&o);
	}
}

static void values_are_checked_when_asked_for(void **state)
{
	struct options o;
	const char *text;
	int64_t n;

	(void)state;
	assert_int_equal(0, parse(&o, "--partitions x --size 99999999999 --topic a --topic b"));
	assert_int_equal(-EINVAL, options_number(&o, PARTITIONS, &n));
	assert_string_equal("Cannot parse argument 'x' of option partitions", o.error);
	assert_int_equal(0, options_number(&o, SIZE, &n));
	assert_int_equal(99999999999, n);
	assert_int_equal(-EINVAL, options_text(&o, TOPIC, &text));
	assert_string_equal(
		"Found multiple arguments for option topic, but you asked for only one", o.error);
	options_fini(&o);
	assert_int_equal(0, parse(&o, "--partitions 2147483648"));
	assert_int_equal(-EINVAL, options_number(&o, PARTITIONS, &n));
	options_fini(&o);
}

static void two_dashes_end_the_options(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(0, parse(&o, "--topic t -- --bad"));
	expect_text(&o, TOPIC, "t");
	options_fini(&o);
}

static void the_table_is_two_columns(void **state)
{
	static const struct option rows[] = {
		{"zeta", OPTION_FLAG, NULL, NULL, "Short."},
		{"an-option-with-a-long-name", OPTION_INT, "an argument", "3",
			"A text that does not fit into one line of the table."},
		{"codec", OPTION_MAYBE, "c", NULL, "One\n two"},
	};
	static const char want[] =
		"Option                                   Description\n"
		"------                                   -----------\n"
		"--an-option-with-a-long-name <Integer:   A text that does not fit into one line\n"
		"  an argument>                             of the table. (default: 3)\n"
		"--codec [String: c]                      One\n"
		"                                            two\n"
		"--zeta                                   Short.\n";
	char got[1024] = "";
	FILE *out = fmemopen(got, sizeof(got), "w");

	(void)state;
	options_print(rows, ARRAY_LEN(rows), out);
	fclose(out);
	assert_string_equal(want, got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ways_to_write_an_option),
		cmocka_unit_test(an_empty_argument_is_one),
		cmocka_unit_test(options_keep_their_order),
		cmocka_unit_test(an_argument_may_look_like_an_option),
		cmocka_unit_test(an_argument_may_be_missing_where_it_is_optional),
		cmocka_unit_test(defaults_and_repeated_options),
		cmocka_unit_test(errors_in_the_words_of_jopt),
		cmocka_unit_test(values_are_checked_when_asked_for),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(the_table_is_two_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
