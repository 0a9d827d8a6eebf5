/* argparse_usage.c - the usage lines and the help text of an argparse command line.
 *
 * Options of the tool come in the order of the table, those of exclusive groups after them; a line of usage is never
 * broken inside an option.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "tools/argparse.h"
#include "tools/justify.h"

#define WIDTH 75       /* where the terminal's is not known */
#define HELP_INDENT 25 /* column of the explanations */
#define TITLE_MAX 21   /* longest option that leaves room for its explanation in the same line */
#define PROG_MAX 30    /* longest "usage: prog" behind which the options are lined up */

size_t argparse_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = {0};
	int64_t width = 0;

	if (columns) {
		(void)str_to_i64(str_of(columns), 0, INT32_MAX, &width);
	} else {
		int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);

		if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
			width = size.ws_col;
		if (fd >= 0)
			close(fd);
	}
	return width > 5 ? (size_t)width - 5 : WIDTH;
}

bool argparse_has_row(const struct option *row, int command)
{
	if (row->commands == OPTION_EVERYWHERE)
		return true;
	return command < 0 ? row->commands == 0 : (row->commands >> command) & 1;
}

static bool is_help(const struct option *row)
{
	return row->commands == OPTION_EVERYWHERE;
}

char *argparse_row_name(const struct option *row)
{
	if (is_help(row))
		return xstrdup("-h/--help");
	return row->letter ? xasprintf("--%s/-%c", row->name, row->letter)
			   : xasprintf("--%s", row->name);
}

/* " VALUE" of an option that takes one. */
static char *argument(const struct option *row)
{
	if (row->kind == OPTION_FLAG)
		return xstrdup("");
	return row->many ? xasprintf(" %s [%s ...]", row->arg, row->arg)
			 : xasprintf(" %s", row->arg);
}

/* "--id ID" */
static char *syntax(const struct option *row)
{
	CLEANUP(freep) char *value = argument(row);

	return is_help(row) ? xstrdup("-h") : xasprintf("--%s%s", row->name, value);
}

/* A usage under construction: where the next option goes. */
struct lines {
	FILE *out;
	size_t width, indent, at;
	bool began; /* an option is in the line already */
};

static void add(struct lines *l, char *text)
{
	size_t len = strlen(text);

	if (l->began && l->at + len + 1 > l->width) {
		fprintf(l->out, "\n%*s", (int)l->indent, "");
		l->at = l->indent;
	}
	fprintf(l->out, " %s", text);
	l->at += len + 1;
	l->began = true;
	free(text);
}

static void add_option(struct lines *l, const struct option *row)
{
	CLEANUP(freep) char *text = syntax(row);

	add(l, row->required ? xstrdup(text) : xasprintf("[%s]", text));
}

static void add_group(struct lines *l, const struct argparse *p, int command, size_t group)
{
	const struct option *members[32];
	bool required = p->groups[group].required;
	size_t n = 0;

	for (size_t i = 0; i < p->n && n < ARRAY_LEN(members); i++)
		if (p->table[i].group == group + 1 && argparse_has_row(&p->table[i], command))
			members[n++] = &p->table[i];
	for (size_t i = 0; i < n; i++) {
		CLEANUP(freep) char *text = syntax(members[i]);

		if (i > 0)
			add(l, xstrdup("|"));
		add(l, xasprintf("%s%s%s", i > 0 ? "" : required ? "(" : "[", text,
			       i + 1 < n  ? ""
			       : required ? ")"
					  : "]"));
	}
}

static void add_commands(struct lines *l, const struct argparse *p)
{
	char *list = xstrdup("");

	for (size_t i = 0; i < p->commands_n; i++) {
		char *longer = xasprintf("%s%s%s", list, i ? "," : "{", p->commands[i].name);

		free(list);
		list = longer;
	}
	add(l, xasprintf("%s}", list));
	add(l, xstrdup("..."));
	free(list);
}

/* What a sub-command's usage shows of the tool's own options. */
static void add_upper(struct lines *l, const struct argparse *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->table[i].required && !p->table[i].group && p->table[i].commands == 0)
			add_option(l, &p->table[i]);
	for (size_t i = 0; i < p->groups_n; i++)
		if (p->groups[i].required)
			add_group(l, p, ARGPARSE_NO_COMMAND, i);
}

void argparse_print_usage(const struct argparse *p, int command, FILE *out)
{
	size_t prog = strlen("usage: ") + strlen(p->prog);
	struct lines l = {.out = out, .width = argparse_width(), .indent = prog, .at = prog};

	fprintf(out, "usage: %s", p->prog);
	if (prog > PROG_MAX) {
		l.indent = l.at = 6;
		fprintf(out, "\n%*s", (int)l.indent, "");
	}
	if (command >= 0) {
		add_upper(&l, p);
		add(&l, xstrdup(p->commands[command].name));
	}
	for (size_t i = 0; i < p->n; i++)
		if (!p->table[i].group && argparse_has_row(&p->table[i], command))
			add_option(&l, &p->table[i]);
	for (size_t i = 0; i < p->groups_n; i++)
		add_group(&l, p, command, i);
	if (command < 0 && p->commands_n > 0)
		add_commands(&l, p);
	fputc('\n', out);
}

static void print_explained(FILE *out, const char *title, const char *help)
{
	CLEANUP(freep)
	char *text = justify(help, argparse_width(), HELP_INDENT, HELP_INDENT);

	if (strlen(title) <= TITLE_MAX)
		fprintf(out, "  %-*s%s\n", HELP_INDENT - 2, title, text);
	else
		fprintf(out, "  %s\n%*s%s\n", title, HELP_INDENT, "", text);
}

static void print_row(const struct option *row, FILE *out)
{
	const char *def = row->kind == OPTION_FLAG && !is_help(row) ? "false" : row->def;
	CLEANUP(freep) char *value = argument(row);
	CLEANUP(freep)
	char *help = def ? xasprintf("%s (default: %s)", row->help, def) : xstrdup(row->help);
	CLEANUP(freep) char *title = NULL;

	if (is_help(row))
		title = xstrdup("-h, --help");
	else if (row->letter)
		title = xasprintf("--%s%s, -%c%s", row->name, value, row->letter, value);
	else
		title = xasprintf("--%s%s", row->name, value);
	print_explained(out, title, help);
}

static bool is_apart(const struct argparse *p, const struct option *row)
{
	const struct argparse_group *g = row->group ? &p->groups[row->group - 1] : NULL;

	return g && (g->title || g->description);
}

static void print_group(const struct argparse *p, int command, size_t group, FILE *out)
{
	const struct argparse_group *g = &p->groups[group];

	if (!g->title && !g->description)
		return;
	fputc('\n', out);
	if (g->title)
		fprintf(out, "%s:\n", g->title);
	if (g->description) {
		CLEANUP(freep) char *text = justify(g->description, argparse_width(), 2, 2);

		fprintf(out, "  %s\n\n", text);
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->table[i].group == group + 1 && argparse_has_row(&p->table[i], command))
			print_row(&p->table[i], out);
}

static void print_commands(const struct argparse *p, FILE *out)
{
	fputs("\npositional arguments:\n  {", out);
	for (size_t i = 0; i < p->commands_n; i++)
		fprintf(out, "%s%s", i ? "," : "", p->commands[i].name);
	fputs("}\n", out);
	for (size_t i = 0; i < p->commands_n; i++) {
		CLEANUP(freep) char *title = xasprintf("  %s", p->commands[i].name);

		print_explained(out, title, p->commands[i].help);
	}
}

void argparse_print_help(const struct argparse *p, int command, FILE *out)
{
	argparse_print_usage(p, command, out);
	if (command < 0 && p->description) {
		CLEANUP(freep) char *text = justify(p->description, argparse_width(), 0, 0);

		fprintf(out, "\n%s\n", text);
	}
	if (command < 0 && p->commands_n > 0)
		print_commands(p, out);
	fputs("\noptional arguments:\n", out);
	for (size_t i = 0; i < p->n; i++)
		if (argparse_has_row(&p->table[i], command) && !is_apart(p, &p->table[i]))
			print_row(&p->table[i], out);
	for (size_t i = 0; i < p->groups_n; i++)
		print_group(p, command, i, out);
}
