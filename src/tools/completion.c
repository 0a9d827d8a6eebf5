/* completion.c - the table of the completion in bash: all options, and what their values are. The code that reads it is
 * completion.bash.
 *
 * A script's options are words: --name, --name= (takes a value), --name=kind, and =kind for words that are not options. A
 * kind is file, topic, group, or the possible values with '|' between them.
 */
#include "tools/completion.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "tools/argparse.h"
#include "tools/tool.h"

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* Values are named in the argument's description: "none|gzip". Blanks and quotes are prose. */
static bool is_choice(const char *arg)
{
	return strchr(arg, '|') && !strpbrk(arg, " '\"()[]<>=,.");
}

static const char *kind_of(const struct option *row)
{
	const char *arg = row->arg ? row->arg : "";

	if (strcmp(row->name, "topic") == 0 || strcmp(row->name, "group") == 0)
		return row->name;
	if (strncmp(arg, "file", 4) == 0 || strcmp(arg, "CONFIG") == 0 || strcmp(arg, "directory") == 0 ||
		ends_with(row->name, "-file") || ends_with(row->name, ".config"))
		return "file";
	return is_choice(arg) ? arg : "";
}

/* Words with '|' between them, from words with commas. */
static void print_choices(const char *choices, FILE *out)
{
	for (; *choices; choices++)
		if (*choices != ' ')
			putc(*choices == ',' ? '|' : *choices, out);
}

static void print_value(const struct option *row, FILE *out)
{
	if (row->kind == OPTION_FLAG)
		return;
	putc('=', out);
	if (row->choices)
		print_choices(row->choices, out);
	else
		fputs(kind_of(row), out);
}

static void print_row(const struct option *row, FILE *out)
{
	if (row->letter) {
		fprintf(out, " -%c", row->letter);
		print_value(row, out);
	}
	fprintf(out, " %s%s", row->name[0] == '-' ? "" : "--", row->name);
	print_value(row, out);
}

static void print_commands(const struct tool *t, FILE *out)
{
	for (size_t i = 0; i < t->commands_n; i++)
		fprintf(out, "%s%s", i ? "|" : " =", t->commands[i].name);
}

static void print_case(const struct tool *t, FILE *out)
{
	fprintf(out, "\t%s) specs='", t->script);
	for (size_t i = 0; i < t->options_n; i++)
		print_row(&t->options[i], out);
	print_commands(t, out);
	if (t->words)
		fprintf(out, " =%s", t->words);
	fputs(" ' ;;\n", out);
}

static void print_specs(FILE *out)
{
	const struct tool *t;

	fputs("# Sets specs to the options of a script.\n_moldau_specs()\n{\n\tspecs=\n\tcase $1 in\n", out);
	for (size_t i = 0; (t = tool_at(i)); i++)
		print_case(t, out);
	fputs("\tesac\n}\n", out);
}

static void print_tools(FILE *out)
{
	const struct tool *t;

	fputs("\n# Sets script to what the first word after moldau stands for.\n"
	      "_moldau_script()\n{\n\tscript=\n\tcase $1 in\n",
		out);
	for (size_t i = 0; (t = tool_at(i)); i++)
		if (t->run)
			fprintf(out, "\t%s) script=%s ;;\n", t->name, t->script);
	fputs("\tesac\n}\n", out);
}

static void print_names(const char *variable, bool scripts, FILE *out)
{
	const struct tool *t;
	const char *gap = "";

	fprintf(out, "\n%s='", variable);
	for (size_t i = 0; (t = tool_at(i)); i++) {
		if (!scripts && !t->run)
			continue;
		fprintf(out, "%s%s", gap, scripts ? t->script : t->name);
		gap = " ";
	}
	fputs("'\n", out);
}

void completion_print(FILE *out)
{
	fputs("# shellcheck shell=bash\n# The options of Moldau's scripts, made by `moldau completion`.\n\n", out);
	print_specs(out);
	print_tools(out);
	print_names("_moldau_tools", false, out);
	print_names("_moldau_scripts", true, out);
}
