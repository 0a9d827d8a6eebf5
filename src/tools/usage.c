/* usage.c - the option table that --help and wrong usage print: two columns on 80, as people know it from Kafka. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/options.h"

#define LEFT 40
#define RIGHT 39

static char *left_text(const struct option *row)
{
	const char *type = row->kind == OPTION_INT    ? "Integer"
			   : row->kind == OPTION_LONG ? "Long"
			   : row->kind == OPTION_REAL ? "Double"
						      : "String";
	bool maybe = row->kind == OPTION_MAYBE;

	if (row->kind == OPTION_FLAG)
		return xasprintf("--%s", row->name);
	return xasprintf("--%s %c%s%s%s%c", row->name, maybe ? '[' : '<', type,
		row->arg ? ": " : "", row->arg ? row->arg : "", maybe ? ']' : '>');
}

static char *right_text(const struct option *row)
{
	return row->def ? xasprintf("%s (default: %s)", row->help, row->def) : xstrdup(row->help);
}

/* How much of `text` fits into `width`: up to the last blank, or a hard cut; a newline always ends a line. */
static size_t line_length(const char *text, size_t width)
{
	size_t len = strcspn(text, "\n"), cut;

	if (len <= width)
		return len;
	for (cut = width; cut > 0 && text[cut] != ' '; cut--)
		;
	return cut ? cut : width;
}

/* Takes the next line of a column off *text, indented by two unless it is the first or begins a line of its own. */
static void next_line(const char **text, size_t width, bool first, char *line)
{
	size_t indent = first ? 0 : 2;
	size_t len = line_length(*text, width - indent);

	memset(line, ' ', indent);
	memcpy(line + indent, *text, len);
	line[indent + len] = '\0';
	*text += len;
	if (**text == ' ' || **text == '\n')
		(*text)++;
}

static void print_row(const struct option *row, FILE *out)
{
	char *left = left_text(row), *right = right_text(row);
	const char *l = left, *r = right;
	bool first = true;

	while (*l || *r) {
		char lline[LEFT + 1] = "", rline[RIGHT + 1] = "";

		if (*l)
			next_line(&l, LEFT, first, lline);
		if (*r)
			next_line(&r, RIGHT, first, rline);
		if (*rline)
			fprintf(out, "%-*s %s\n", LEFT, lline, rline);
		else
			fprintf(out, "%s\n", lline);
		first = false;
	}
	free(left);
	free(right);
}

static int by_name(const void *a, const void *b)
{
	const struct option *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

void options_print(const struct option *table, size_t n, FILE *out)
{
	const struct option **rows = xcalloc(n, sizeof(*rows));

	for (size_t i = 0; i < n; i++)
		rows[i] = &table[i];
	qsort(rows, n, sizeof(*rows), by_name);
	fprintf(out, "%-*s %s\n%-*s %s\n", LEFT, "Option", "Description", LEFT, "------",
		"-----------");
	for (size_t i = 0; i < n; i++)
		print_row(rows[i], out);
	free(rows);
}
