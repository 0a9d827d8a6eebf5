/* tool.h - the tools in the program `moldau`: a name, a sentence, an option table, a main function each.
 *
 * --help, the manual page and the completion of the shell come from the same rows.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stddef.h>

struct option; /* tools/options.h */

/* The version of Kafka whose tools these are like; what --version prints. */
#define TOOL_KAFKA_VERSION "3.9.0"

struct tool {
	const char *name;    /* "topics": the first argument of moldau */
	const char *script;  /* "kafka-topics.sh": the wrapper in bin/, and the name of the manual page */
	const char *summary; /* one line for moldau --help and the manual page: lower case, no full stop */
	const char *synopsis; /* what follows the script's name in the manual page; NULL: [OPTION]... */
	const struct option *options; /* all rows, with help and version; NULL: the tool takes words only */
	size_t options_n;
	int (*run)(int argc, char **argv); /* returns the exit code */
};

#define TOOL_ROW(name) extern const struct tool tool_##name;
#include "tools/list.h"
#undef TOOL_ROW

#endif
