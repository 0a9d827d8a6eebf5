/* argparse.h - command lines as those of Kafka's tools read them that use argparse4j: long names that may be shortened,
 * letters, required options, groups that exclude each other, sub-commands.
 *
 * The rows and the values are those of options.h, so options_text() and its sisters read them; types and choices have
 * been checked by then. Usage and errors have the words and the line breaks of argparse4j 0.7, --help too ends with exit
 * code 1, as it does there.
 *
 * Owner: the tool's main function. Values are borrowed from argv. Thread: main. Layer: tools.
 */
#ifndef TOOLS_ARGPARSE_H
#define TOOLS_ARGPARSE_H

#include <stdio.h>

#include "tools/options.h"

/* The row that every table here begins with. */
#define ARGPARSE_HELP                                                                              \
	{                                                                                          \
		.name = "help", .help = "Show this help and exit.", .letter = 'h',                  \
		.commands = OPTION_EVERYWHERE                                                      \
	}

/* Options of which one may be given, and must be when `required`. With a title or a description it has a part of its
 * own in the help. */
struct argparse_group {
	const char *title, *description; /* NULL: none */
	bool required;
};

struct argparse_command {
	const char *name, *help;
};

struct argparse {
	const char *prog, *description;
	const struct option *table; /* the help row first */
	size_t n;
	const struct argparse_group *groups; /* of option.group, which counts from 1 */
	size_t groups_n;
	const struct argparse_command *commands; /* exactly one must be given, when there are any */
	size_t commands_n;
	bool help_without_words; /* an empty command line prints the help, exit code 0 */
};

#define ARGPARSE_NO_COMMAND (-1)

/* Reads argv[1..].
 *   0    *ret_command is the index of the sub-command, ARGPARSE_NO_COMMAND without any
 *   -1   the tool is to end with *ret_exit_code; help or error have been printed. `o` is to be finished all the same. */
int argparse_read(const struct argparse *p, int argc, char *const argv[], struct options *o,
	int *ret_command, int *ret_exit_code) MUST_CHECK;

/* Usage and "prog: error: message" on stderr; returns the exit code. */
int argparse_error(const struct argparse *p, int command, const char *message);

/* The two texts, of the tool itself or of a sub-command. */
void argparse_print_usage(const struct argparse *p, int command, FILE *out);
void argparse_print_help(const struct argparse *p, int command, FILE *out);

/* Does this row belong to the tool (ARGPARSE_NO_COMMAND) or the sub-command? */
bool argparse_has_row(const struct option *row, int command);
/* "--id/-i" */
char *argparse_row_name(const struct option *row);
/* Columns that a text may have. */
size_t argparse_width(void);

#endif
