/* argparse.c - reading a command line word by word, and argparse4j's errors.
 *
 * A required option that is missing is found at the end of its part of the line, but told only when nothing else is
 * wrong; of several the last one of the table is named (ArgumentParserImpl.java, 0.7).
 */
#include "tools/argparse.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "broker/config_def.h"
#include "tools/justify.h"
#include "tools/similar.h"

#define GROUPS_MAX 8

struct reader {
	const struct argparse *p;
	struct options *o;
	int command;			/* whose options are read at the moment */
	int argc, at;			/* the next word */
	char *const *argv;
	bool words_only;		/* behind "--" */
	size_t group_used[GROUPS_MAX];	/* id + 1 of the member given */
	char *error;			/* owned; with the parser that it belongs to */
	int error_command;
	const char *unknown;		/* the word that no option or sub-command has */
	char *missing;			/* told at the end; owned */
	int missing_command;
	bool help;			/* the help has been printed */
};

static int fail(struct reader *r, char *text)
{
	free(r->error);
	r->error = text;
	r->error_command = r->command;
	return -1;
}

static int fail_at(struct reader *r, const struct option *row, char *text)
{
	CLEANUP(freep) char *name = argparse_row_name(row);
	CLEANUP(freep) char *why = text;

	return fail(r, xasprintf("argument %s: %s", name, why));
}

static bool is_number(const char *word)
{
	return word[0] == '-' && word[1] && word[1 + strspn(word + 1, "0123456789")] == '\0';
}

/* Is the next word an option? A negative number is none. */
static bool at_option(const struct reader *r)
{
	const char *word = r->argv[r->at];

	if (r->words_only || word[0] != '-')
		return false;
	return strcmp(word, "--") == 0 || (word[strspn(word, "-")] && !is_number(word));
}

static bool is_type(enum option_kind kind, const char *text, int64_t *ret)
{
	double d;

	switch (kind) {
	case OPTION_INT:
		return str_to_i64(str_of(text), INT32_MIN, INT32_MAX, ret);
	case OPTION_LONG:
		return str_to_i64(str_of(text), INT64_MIN, INT64_MAX, ret);
	case OPTION_REAL:
		return java_double_parse(text, &d);
	case OPTION_FLAG:
	case OPTION_STRING:
	case OPTION_MAYBE:
		break;
	}
	return true;
}

static bool in_list(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == len && memcmp(p, word, len) == 0)
			return true;
	return false;
}

static int check_value(struct reader *r, const struct option *row, const char *text)
{
	const char *type = row->kind == OPTION_INT    ? "Integer"
			   : row->kind == OPTION_LONG ? "Long"
						      : "Double";
	char number[32];
	int64_t n;

	if (!is_type(row->kind, text, &n)) {
		if (row->kind == OPTION_REAL && *text == '\0')
			return fail_at(
				r, row, xstrdup("could not convert '' to Double (empty String)"));
		return fail_at(r, row,
			xasprintf("could not convert '%s' to %s (For input string: \"%s\")", text,
				type, text));
	}
	snprintf(number, sizeof(number), "%lld", row->kind == OPTION_INT ? (long long)n : 0);
	if (!row->choices || in_list(row->choices, row->kind == OPTION_INT ? number : text))
		return 0;
	return fail_at(r, row,
		xasprintf("invalid choice: '%s' (choose from {%s})", text, row->choices));
}

static int add_value(struct reader *r, size_t id, const char *text)
{
	if (check_value(r, &r->p->table[id], text))
		return -1;
	options_add(r->o, id, text);
	return 0;
}

/* The words behind an option that takes several. */
static int take_many(struct reader *r, size_t id)
{
	size_t n = 0;

	for (; r->at < r->argc && !at_option(r); r->at++, n++)
		if (add_value(r, id, r->argv[r->at]))
			return -1;
	return n > 0 ? 0 : fail_at(r, &r->p->table[id], xstrdup("expected 1 argument(s)"));
}

static int check_group(struct reader *r, size_t id)
{
	const struct option *row = &r->p->table[id];
	size_t *used = row->group ? &r->group_used[row->group] : NULL;
	CLEANUP(freep) char *other = NULL;

	if (!used || *used == id + 1)
		return 0;
	if (*used == 0) {
		*used = id + 1;
		return 0;
	}
	other = argparse_row_name(&r->p->table[*used - 1]);
	return fail_at(r, row, xasprintf("not allowed with argument %s", other));
}

/* The option `id`, the word of which has been read; `value` is what stood in the same word. */
static int take(struct reader *r, size_t id, const char *value)
{
	const struct option *row = &r->p->table[id];

	if (check_group(r, id))
		return -1;
	options_clear(r->o, id); /* the last one counts */
	if (row->kind == OPTION_FLAG) {
		if (value)
			return fail_at(
				r, row, xasprintf("ignore implicit argument '%s'", value));
		if (row->commands != OPTION_EVERYWHERE)
			return 0;
		argparse_print_help(r->p, r->command, stdout);
		r->help = true;
		return -1;
	}
	if (value)
		return add_value(r, id, value);
	if (row->many)
		return take_many(r, id);
	if (r->at >= r->argc || at_option(r))
		return fail_at(r, row, xstrdup("expected one argument"));
	return add_value(r, id, r->argv[r->at++]);
}

static int find_letter(const struct reader *r, char letter)
{
	for (size_t i = 0; i < r->p->n; i++)
		if (r->p->table[i].letter == letter &&
			argparse_has_row(&r->p->table[i], r->command))
			return (int)i;
	return -1;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int ambiguous(
	struct reader *r, const char *what, struct str given, const char **names, size_t n)
{
	char *text = xasprintf("ambiguous %s: %.*s could match", what, STR_ARG(given));
	const char *dashes = strcmp(what, "option") == 0 ? "--" : "";

	qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++) {
		char *longer = xasprintf("%s%s %s%s", text, i ? "," : "", dashes, names[i]);

		free(text);
		text = longer;
	}
	return fail(r, text);
}

/* The option that "--name", or a beginning of it, means: its id, -1 when there is none, -2 after an error. */
static int find_long(struct reader *r, const char *word, size_t len)
{
	const char **like = xcalloc(r->p->n, sizeof(*like));
	size_t n = 0;
	int id = -1;

	for (size_t i = 0; i < r->p->n; i++) {
		const struct option *row = &r->p->table[i];

		if (!argparse_has_row(row, r->command) || strncmp(row->name, word + 2, len - 2))
			continue;
		if (strlen(row->name) == len - 2) {
			n = 1;
			id = (int)i;
			break;
		}
		like[n++] = row->name;
		id = (int)i;
	}
	if (n > 1) {
		(void)ambiguous(r, "option", (struct str){word, (int32_t)len}, like, n);
		id = -2;
	}
	free(like);
	return id;
}

static int unknown_option(struct reader *r, const char *word)
{
	r->unknown = word;
	return fail(r, xasprintf("unrecognized arguments: '%s'", word));
}

/* -xyz: flags in a row, the last may have its value in the same word. */
static int read_letters(struct reader *r, const char *word)
{
	for (size_t i = 1; word[i]; i++) {
		int id = find_letter(r, word[i]);

		if (id < 0)
			return unknown_option(r, word);
		if (r->p->table[id].kind == OPTION_FLAG) {
			if (take(r, (size_t)id, NULL))
				return -1;
			continue;
		}
		return take(r, (size_t)id, word[i + 1] ? word + i + 1 : NULL);
	}
	return 0;
}

static int read_option(struct reader *r)
{
	const char *word = r->argv[r->at++];
	size_t len = strcspn(word, "=");
	const char *value = word[len] ? word + len + 1 : NULL;
	int id;

	if (word[1] != '-') {
		id = len == 2 ? find_letter(r, word[1]) : -1;
		return id < 0 ? read_letters(r, word) : take(r, (size_t)id, value);
	}
	id = find_long(r, word, len);
	if (id == -1)
		return unknown_option(r, word);
	return id < 0 ? -1 : take(r, (size_t)id, value);
}

static char *group_names(const struct argparse *p, size_t group, int command)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < p->n; i++) {
		CLEANUP(freep) char *name = argparse_row_name(&p->table[i]);
		char *longer;

		if (p->table[i].group != group || !argparse_has_row(&p->table[i], command))
			continue;
		longer = xasprintf("%s%s ", text, name);
		free(text);
		text = longer;
	}
	return text;
}

/* Looks for what had to be given; the finding waits in r->missing. */
static void check_required(struct reader *r)
{
	char *text = NULL;

	if (r->missing)
		return;
	for (size_t i = 0; i < r->p->n; i++) {
		const struct option *row = &r->p->table[i];
		CLEANUP(freep) char *name = NULL;

		if (!row->required || row->group || !argparse_has_row(row, r->command) ||
			options_has(r->o, i))
			continue;
		free(text);
		name = argparse_row_name(row);
		text = xasprintf("argument %s is required", name);
	}
	for (size_t g = 1; !text && g <= r->p->groups_n; g++) {
		CLEANUP(freep) char *names = group_names(r->p, g, r->command);

		if (r->p->groups[g - 1].required && *names && r->group_used[g] == 0)
			text = xasprintf("one of the arguments %sis required", names);
	}
	r->missing = text;
	r->missing_command = r->command;
}

static int unknown_command(struct reader *r, const char *word)
{
	char *text = xasprintf("invalid choice: '%s' (choose from", word);

	for (size_t i = 0; i < r->p->commands_n; i++) {
		char *longer = xasprintf(
			"%s%s '%s'", text, i ? "," : "", r->p->commands[i].name);

		free(text);
		text = longer;
	}
	r->unknown = word;
	(void)fail(r, xasprintf("%s)", text));
	free(text);
	return -1;
}

/* From here on the words are those of a sub-command, whose name may be shortened too. */
static int read_command(struct reader *r)
{
	const char *word = r->argv[r->at++], *like[32];
	size_t len = strlen(word), n = 0, found = 0;

	for (size_t i = 0; len > 0 && i < r->p->commands_n && n < ARRAY_LEN(like); i++) {
		const char *name = r->p->commands[i].name;

		if (strncmp(name, word, len) != 0)
			continue;
		found = i;
		like[n++] = name;
		if (strlen(name) == len) {
			n = 1;
			break;
		}
	}
	check_required(r);
	if (n > 1)
		return ambiguous(r, "command", str_of(word), like, n);
	if (n == 0)
		return unknown_command(r, word);
	r->command = (int)found;
	memset(r->group_used, 0, sizeof(r->group_used));
	return 0;
}

/* A word that is no option. */
static int read_word(struct reader *r)
{
	char *text, *longer;

	if (r->command < 0 && r->p->commands_n > 0 && !r->words_only)
		return read_command(r);
	text = xasprintf("unrecognized arguments: '%s", r->argv[r->at]);
	for (int i = r->at + 1; i < r->argc; i++) {
		longer = xasprintf("%s %s", text, r->argv[i]);
		free(text);
		text = longer;
	}
	longer = xasprintf("%s'", text);
	free(text);
	return fail(r, longer);
}

static int read_words(struct reader *r)
{
	while (r->at < r->argc) {
		int result;

		if (!r->words_only && strcmp(r->argv[r->at], "--") == 0) {
			r->words_only = true;
			r->at++;
			continue;
		}
		result = at_option(r) ? read_option(r) : read_word(r);
		if (result)
			return result;
	}
	if (r->command < 0 && r->p->commands_n > 0)
		return fail(r, xstrdup("too few arguments"));
	check_required(r);
	if (!r->missing)
		return 0;
	r->command = r->missing_command;
	return fail(r, xstrdup(r->missing));
}

int argparse_error(const struct argparse *p, int command, const char *message)
{
	CLEANUP(freep) char *line = xasprintf("%s: error: %s\n", p->prog, message);
	CLEANUP(freep) char *text = justify(line, argparse_width(), 0, 0);

	argparse_print_usage(p, command, stderr);
	fputs(text, stderr);
	return 1;
}

/* Proposes what the unknown word may have been meant for. */
static void print_similar(const struct reader *r)
{
	bool option = r->unknown[0] == '-';
	const char *body = r->unknown + strspn(r->unknown, "-");
	const char **names = xcalloc(r->p->n + r->p->commands_n, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; option && i < r->p->n; i++)
		if (argparse_has_row(&r->p->table[i], r->command))
			names[n++] = r->p->table[i].name;
	for (size_t i = 0; !option && i < r->p->commands_n; i++)
		names[n++] = r->p->commands[i].name;
	if (!option || strlen(body) >= 2)
		n = similar_names(body, names, n);
	else
		n = 0;
	if (n > 0)
		fputs("\nDid you mean:\n", stderr);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "\t%s%s\n", option ? "--" : "", names[i]);
	free(names);
}

int argparse_read(const struct argparse *p, int argc, char *const argv[], struct options *o,
	int *ret_command, int *ret_exit_code)
{
	struct reader r = {.p = p, .o = o, .command = ARGPARSE_NO_COMMAND, .argc = argc, .at = 1,
		.argv = argv};
	int result;

	assert(p->groups_n < GROUPS_MAX);
	options_init(o, p->table, p->n);
	if (argc < 2 && p->help_without_words) {
		argparse_print_help(p, ARGPARSE_NO_COMMAND, stdout);
		*ret_exit_code = 0;
		return -1;
	}
	result = read_words(&r);
	if (result) {
		*ret_exit_code = 1;
		if (!r.help)
			(void)argparse_error(p, r.error_command, r.error);
		if (!r.help && r.unknown)
			print_similar(&r);
	}
	*ret_command = r.command;
	free(r.error);
	free(r.missing);
	return result;
}
