/* tool.h - the tools in the program `moldau`: a name, a sentence, an option table, a main function each.
 *
 * --help, the manual page and the completion of the shell come from the same rows.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stddef.h>

struct argparse_command; /* tools/argparse.h */
struct option;		 /* tools/options.h */

/* The version of Kafka whose tools these are like; what --version prints. */
#define TOOL_KAFKA_VERSION "3.9.0"

/* Texts for the manual page are plain: an empty line between paragraphs, lines that begin with a tab are shown as they
 * are (commands, tables), and `words` in backquotes are bold. Each may be NULL. */
struct tool {
	const char *name;    /* "topics": the first argument of moldau */
	const char *script;  /* "kafka-topics.sh": the wrapper in bin/, and the name of the manual page */
	const char *summary; /* one line for moldau --help and the manual page: lower case, no full stop */
	const char *synopsis; /* what follows the script's name in the manual page; NULL: [OPTION]... */
	const struct option *options; /* all rows, with help and version; NULL: the tool takes words only */
	size_t options_n;
	int (*run)(int argc, char **argv); /* returns the exit code; NULL: a script or program of its own */

	const char *description; /* what it does and what to know beforehand; NULL: the summary */
	const char *examples;
	const char *exit_status; /* NULL: 0 and 1 as usual */
	const char *environment; /* besides what all scripts know */
	const char *files;
	const char *see_also; /* "kafka-configs.sh(1), ...", besides moldau(1) */
	const struct argparse_command *commands; /* sub-commands; the rows' `commands` are bits of them */
	size_t commands_n;
	const char *words; /* for the completion, what words besides options are: "file" or "a|b|c"; NULL: none */
	int section;       /* of the manual; 0: 1 */
};

/* All tools that moldau runs, then the scripts and programs of their own (scripts.c); NULL behind the last. */
const struct tool *tool_at(size_t i);
/* By the name after moldau, or by that of the script; NULL when there is none. */
const struct tool *tool_find(const char *name);

#define TOOL_ROW(name) extern const struct tool tool_##name;
#include "tools/list.h"
#undef TOOL_ROW

#endif
