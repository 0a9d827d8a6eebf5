/* manual.c - tables as manual pages: the macros of man(7), which every troff and mandoc knows. */
#include "config.h"

#include "tools/manual.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "tools/argparse.h"
#include "tools/tool.h"

static int section_of(const struct tool *t)
{
	return t->section ? t->section : 1;
}

/* Text of a line. A dot or quote at its beginning would be a request, so the line starts with something else. */
static void print_text(const char *p, size_t n, FILE *out)
{
	bool bold = false;

	if (n > 0 && (p[0] == '.' || p[0] == '\''))
		fputs("\\&", out);
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '`') {
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", out);
		} else if (p[i] == '\\') {
			fputs("\\e", out);
		} else if (p[i] == '-') {
			fputs("\\-", out);
		} else if (p[i] == '\'') {
			fputs("\\(aq", out);
		} else if (p[i] == '"') {
			fputs("\\(dq", out);
		} else if (p[i] == '^') {
			fputs("\\(ha", out);
		} else if (p[i] == '~') {
			fputs("\\(ti", out);
		} else {
			putc(p[i], out);
		}
	}
	if (bold)
		fputs("\\fR", out);
}

static void print_words(const char *text, FILE *out)
{
	print_text(text, strlen(text), out);
}

/* Paragraphs and blocks, see tool.h. */
static void print_prose(const char *text, FILE *out)
{
	bool block = false, gap = false;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool shown = len > 0 && text[0] == '\t';

		if (block && len > 0 && !shown)
			fputs(".EE\n.RE\n", out);
		if (gap && (!shown || !block))
			fputs(".PP\n", out);
		else if (gap)
			putc('\n', out);
		if (shown && !block)
			fputs(".RS 4\n.EX\n", out);
		block = len > 0 ? shown : block;
		gap = len == 0;
		if (len > 0) {
			print_text(text + shown, len - shown, out);
			putc('\n', out);
		}
		text += len + (text[len] == '\n');
	}
	if (block)
		fputs(".EE\n.RE\n", out);
}

static void print_section(const char *title, const char *text, FILE *out)
{
	if (!text)
		return;
	fprintf(out, ".SH %s\n", title);
	print_prose(text, out);
}

/* Lines of a help text stand by themselves. One of a few words becomes a sentence. */
static void print_help(const char *help, FILE *out)
{
	bool sentence = !strchr(help, '\n');
	const char *begin = help;

	if (sentence && islower((unsigned char)*help))
		putc(toupper((unsigned char)*help++), out);
	while (*help) {
		size_t len = strcspn(help, "\n");
		size_t blank = help > begin && help[-1] == '\n' ? strspn(help, " ") : 0;

		print_text(help + blank, len - blank, out);
		fputs(sentence && len > 0 && isalnum((unsigned char)help[len - 1]) ? ".\n" : "\n", out);
		help += len;
		if (*help == '\n') {
			help++;
			fputs(".br\n", out);
		}
	}
}

static const char *argument_of(const struct option *row)
{
	if (row->arg)
		return row->arg;
	return row->kind == OPTION_INT || row->kind == OPTION_LONG || row->kind == OPTION_REAL ? "number" : "value";
}

/* -b, --bootstrap-server host:port,... */
static void print_names(const struct option *row, FILE *out)
{
	bool maybe = row->kind == OPTION_MAYBE;

	fputs("\\fB", out);
	if (row->letter)
		fprintf(out, "\\-%c\\fR, \\fB", row->letter);
	print_words(row->name[0] == '-' ? "" : "--", out);
	print_words(row->name, out);
	fputs("\\fR", out);
	if (row->kind == OPTION_FLAG)
		return;
	fputs(maybe ? " [\\fI" : " \\fI", out);
	print_words(argument_of(row), out);
	fputs(maybe ? "\\fR]" : "\\fR", out);
	if (row->many)
		fputs(" ...", out);
}

static void print_option(const struct option *row, FILE *out)
{
	fputs(".TP\n", out);
	print_names(row, out);
	putc('\n', out);
	if (row->required)
		fputs("REQUIRED.\n", out);
	print_help(row->help, out);
	if (row->choices) {
		fputs("One of ", out);
		print_words(row->choices, out);
		fputs(".\n", out);
	}
	if (row->def) {
		fputs(".br\nDefault: ", out);
		print_words(*row->def ? row->def : "empty", out);
		putc('\n', out);
	}
}

/* Options of the tool itself, or of a sub-command. */
static void print_rows(const struct tool *t, int command, FILE *out)
{
	for (size_t i = 0; i < t->options_n; i++) {
		bool common = t->options[i].commands == OPTION_EVERYWHERE;

		if (t->commands_n == 0 || (command == ARGPARSE_NO_COMMAND && common) ||
			(!common && argparse_has_row(&t->options[i], command)))
			print_option(&t->options[i], out);
	}
}

static void print_options(const struct tool *t, FILE *out)
{
	if (t->options_n == 0)
		return;
	fputs(".SH OPTIONS\n", out);
	print_rows(t, ARGPARSE_NO_COMMAND, out);
}

static void print_commands(const struct tool *t, FILE *out)
{
	if (t->commands_n == 0)
		return;
	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; i < t->commands_n; i++) {
		fputs(".SS ", out);
		print_words(t->commands[i].name, out);
		putc('\n', out);
		print_words(t->commands[i].help, out);
		putc('\n', out);
		print_rows(t, (int)i, out);
	}
}

static void print_status(const struct tool *t, FILE *out)
{
	static const char usual[] =
		".SH EXIT STATUS\n.TP\n.B 0\nThe command was carried out.\n.TP\n.B 1\nIt was not, or the "
		"command line was wrong; a message on the standard error says why.\n";

	if (t->exit_status)
		print_section("EXIT STATUS", t->exit_status, out);
	else
		fputs(usual, out);
}

static void print_environment(const struct tool *t, FILE *out)
{
	fputs(".SH ENVIRONMENT\n", out);
	if (t->environment) {
		print_prose(t->environment, out);
		if (t->run)
			fputs(".PP\n", out);
	}
	if (t->run)
		fputs("\\fBMOLDAU_BUILD\\fR names a build directory from which the script takes the program "
		      "\\fBmoldau\\fR.\nVariables for a Java machine (\\fBJAVA_HOME\\fR, "
		      "\\fBKAFKA_HEAP_OPTS\\fR, \\fBKAFKA_OPTS\\fR and the like) have no effect.\n",
			out);
	else if (!t->environment)
		fputs("None.\n", out);
}

static void print_also(const struct tool *t, FILE *out)
{
	bool self = strcmp(t->script, "moldau") == 0;

	fputs(".SH SEE ALSO\n", out);
	if (t->see_also)
		print_words(t->see_also, out);
	if (!self)
		fputs(t->see_also ? ", moldau(1)" : "moldau(1)", out);
	putc('\n', out);
}

static void print_title(const char *script, FILE *out)
{
	for (; *script; script++) {
		if (*script == '-')
			putc('\\', out);
		putc(toupper((unsigned char)*script), out);
	}
}

/* The page of `moldau` itself names all others. */
static void print_tools(FILE *out)
{
	const struct tool *t;

	fputs(".SH TOOLS\n", out);
	for (size_t i = 0; (t = tool_at(i)); i++) {
		if (!t->run)
			continue;
		fputs(".TP\n.B ", out);
		print_words(t->name, out);
		putc('\n', out);
		print_words(t->summary, out);
		fputs("; see \\fB", out);
		print_words(t->script, out);
		fprintf(out, "\\fR(%d).\n", section_of(t));
	}
}

/* Without a text of its own the summary is the description, as a sentence. */
static void print_description(const struct tool *t, FILE *out)
{
	if (t->description) {
		print_section("DESCRIPTION", t->description, out);
		return;
	}
	fprintf(out, ".SH DESCRIPTION\n%c", toupper((unsigned char)t->summary[0]));
	print_words(t->summary + 1, out);
	fputs(".\n", out);
}

void manual_print(const struct tool *t, FILE *out)
{
	fputs(".TH ", out);
	print_title(t->script, out);
	fprintf(out, " %d \"\" \"Moldau " PACKAGE_VERSION "\" \"Moldau\"\n.nh\n.ad l\n.SH NAME\n", section_of(t));
	print_words(t->script, out);
	fputs(" \\- ", out);
	print_words(t->summary, out);
	fputs("\n.SH SYNOPSIS\n\\fB", out);
	print_words(t->script, out);
	fputs("\\fR ", out);
	print_words(t->synopsis ? t->synopsis : "[OPTION]...", out);
	putc('\n', out);
	print_description(t, out);
	if (strcmp(t->script, "moldau") == 0)
		print_tools(out);
	print_options(t, out);
	print_commands(t, out);
	print_section("EXAMPLES", t->examples, out);
	print_status(t, out);
	print_environment(t, out);
	print_section("FILES", t->files, out);
	print_also(t, out);
}

void manual_list(FILE *out)
{
	const struct tool *t;

	for (size_t i = 0; (t = tool_at(i)); i++)
		fprintf(out, "%s.%d\n", t->script, section_of(t));
}
