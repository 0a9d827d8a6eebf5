/* test_manual.c - tables become manual pages that troff cannot misread. */
#include "tools/manual.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"
#include "tools/argparse.h"
#include "tools/tool.h"

static const struct option rows[] = {
	{.name = "topic", .kind = OPTION_STRING, .arg = "topic", .help = "Which topic.", .letter = 't', .required = true},
	{.name = "size", .kind = OPTION_INT, .def = "7", .help = ".5 or 'more'.\n a-b\\c"},
	{.name = "-daemon", .help = "in the background", .choices = NULL},
	{.name = "level", .kind = OPTION_LONG, .help = "How much.", .choices = "0,1", .many = true},
	{.name = "codec", .kind = OPTION_MAYBE, .arg = "name", .def = "", .help = "A codec."},
};

static const struct argparse_command commands[] = {{"list", "show all"}, {"make", "make one"}};
static const struct option command_rows[] = {
	{.name = "all", .help = "For all.", .commands = OPTION_EVERYWHERE},
	{.name = "server", .kind = OPTION_STRING, .help = "Where."},
	{.name = "name", .kind = OPTION_STRING, .help = "What.", .commands = 2},
};

static int run(int argc, char **argv)
{
	(void)argv;
	return argc;
}

static char *page(const struct tool *t)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	manual_print(t, out);
	fclose(out);
	return text;
}

/* The text between a heading and the next one. */
static void expect_section(const char *text, const char *heading, const char *want)
{
	char *title = xasprintf(".SH %s\n", heading), *got;
	const char *at = strstr(text, title), *end;

	assert_non_null(at);
	at += strlen(title);
	end = strstr(at, ".SH ");
	got = end ? xstrndup(at, (size_t)(end - at)) : xstrdup(at);
	assert_string_equal(want, got);
	free(got);
	free(title);
}

static void options_with_arguments_and_defaults(void **state)
{
	static const struct tool t = {.name = "x",
		.script = "kafka-x.sh",
		.summary = "do x",
		.options = rows,
		.options_n = ARRAY_LEN(rows),
		.run = run};
	char *text = page(&t);

	(void)state;
	expect_section(text, "NAME", "kafka\\-x.sh \\- do x\n");
	expect_section(text, "SYNOPSIS", "\\fBkafka\\-x.sh\\fR [OPTION]...\n");
	expect_section(text, "OPTIONS",
		".TP\n\\fB\\-t\\fR, \\fB\\-\\-topic\\fR \\fItopic\\fR\nREQUIRED.\nWhich topic.\n"
		".TP\n\\fB\\-\\-size\\fR \\fInumber\\fR\n\\&.5 or \\(aqmore\\(aq.\n.br\na\\-b\\ec\n.br\nDefault: 7\n"
		".TP\n\\fB\\-daemon\\fR\nIn the background.\n"
		".TP\n\\fB\\-\\-level\\fR \\fInumber\\fR ...\nHow much.\nOne of 0,1.\n"
		".TP\n\\fB\\-\\-codec\\fR [\\fIname\\fR]\nA codec.\n.br\nDefault: empty\n");
	expect_section(text, "SEE ALSO", "moldau(1)\n");
	expect_section(text, "DESCRIPTION", "Do x.\n");
	assert_null(strstr(text, "EXAMPLES"));
	assert_non_null(strstr(text, ".TH KAFKA\\-X.SH 1 "));
	free(text);
}

static void prose_has_paragraphs_and_blocks(void **state)
{
	static const struct tool t = {.script = "x",
		.section = 8,
		.summary = "do x",
		.synopsis = "FILE",
		.description = "One line,\n.and another with `bold`.\n\nA paragraph:\n\tx --a\n\n\tx --b\nafter it",
		.examples = "\tx 'y'\n",
		.exit_status = "0, always.",
		.environment = "`X`: nothing",
		.files = "/x",
		.see_also = "y(1)"};
	char *text = page(&t);

	(void)state;
	expect_section(text, "DESCRIPTION",
		"One line,\n\\&.and another with \\fBbold\\fR.\n.PP\nA paragraph:\n"
		".RS 4\n.EX\nx \\-\\-a\n\nx \\-\\-b\n.EE\n.RE\nafter it\n");
	expect_section(text, "EXAMPLES", ".RS 4\n.EX\nx \\(aqy\\(aq\n.EE\n.RE\n");
	expect_section(text, "EXIT STATUS", "0, always.\n");
	expect_section(text, "ENVIRONMENT", "\\fBX\\fR: nothing\n");
	expect_section(text, "FILES", "/x\n");
	expect_section(text, "SEE ALSO", "y(1), moldau(1)\n");
	assert_non_null(strstr(text, ".TH X 8 "));
	free(text);
}

static void sub_commands_have_their_options(void **state)
{
	static const struct tool t = {.script = "x",
		.summary = "do x",
		.options = command_rows,
		.options_n = ARRAY_LEN(command_rows),
		.commands = commands,
		.commands_n = ARRAY_LEN(commands)};
	char *text = page(&t);

	(void)state;
	expect_section(text, "OPTIONS",
		".TP\n\\fB\\-\\-all\\fR\nFor all.\n.TP\n\\fB\\-\\-server\\fR \\fIvalue\\fR\nWhere.\n");
	expect_section(text, "COMMANDS",
		".SS list\nshow all\n.SS make\nmake one\n.TP\n\\fB\\-\\-name\\fR \\fIvalue\\fR\nWhat.\n");
	free(text);
}

static void pages_are_named_after_scripts(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	manual_list(out);
	fclose(out);
	assert_non_null(strstr(text, "kafka-topics.sh.1\n"));
	assert_non_null(strstr(text, "moldaud.8\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_with_arguments_and_defaults),
		cmocka_unit_test(prose_has_paragraphs_and_blocks),
		cmocka_unit_test(sub_commands_have_their_options),
		cmocka_unit_test(pages_are_named_after_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
