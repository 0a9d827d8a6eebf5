/* test_tool.c - what every tool's table must hold, so that help, manual and completion have something to say. */
#include "tools/tool.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"
#include "tools/options.h"

/* Prints who is meant, since a table's fault is found by its words. */
static void check(bool ok, const struct tool *t, const char *what, const char *text)
{
	if (!ok)
		fail_msg("%s: %s: %s", t->script, what, text ? text : "(none)");
}

static void check_row(const struct tool *t, const struct option *row)
{
	check(row->name && *row->name, t, "a row without a name", NULL);
	check(row->help && *row->help, t, "no help", row->name);
	check(!strchr(row->name, ' ') && !strchr(row->name, '='), t, "name", row->name);
	check(row->kind != OPTION_FLAG || !row->arg, t, "a flag with an argument", row->name);
}

static void every_row_has_a_help_text(void **state)
{
	const struct tool *t;

	(void)state;
	for (size_t i = 0; (t = tool_at(i)); i++)
		for (size_t j = 0; j < t->options_n; j++)
			check_row(t, &t->options[j]);
}

static void every_tool_has_names_and_a_summary(void **state)
{
	const struct tool *t;

	(void)state;
	for (size_t i = 0; (t = tool_at(i)); i++) {
		check(!t->run == !t->name, t, "name and run go together", t->name);
		check(t->summary && *t->summary, t, "no summary", NULL);
		check(t->summary[strlen(t->summary) - 1] != '.', t, "a full stop", t->summary);
		check(strlen(t->summary) <= 72, t, "too long", t->summary);
		check(!t->words || !strpbrk(t->words, " '"), t, "words", t->words);
	}
}

static void names_are_unique_and_found(void **state)
{
	const struct tool *t;

	(void)state;
	for (size_t i = 0; (t = tool_at(i)); i++) {
		check(tool_find(t->script) == t, t, "found twice", t->script);
		check(!t->name || tool_find(t->name) == t, t, "found twice", t->name);
	}
	assert_null(tool_find("no-such-tool"));
}

static void tools_are_in_alphabetical_order(void **state)
{
	const struct tool *t, *last = NULL;

	(void)state;
	for (size_t i = 0; (t = tool_at(i)) && t->run; i++) {
		check(!last || strcmp(last->name, t->name) < 0, t, "not in order", t->name);
		last = t;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_a_help_text),
		cmocka_unit_test(every_tool_has_names_and_a_summary),
		cmocka_unit_test(names_are_unique_and_found),
		cmocka_unit_test(tools_are_in_alphabetical_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
