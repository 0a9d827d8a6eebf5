/* main.c - the program `moldau`: runs the tool that the first argument names. bin/kafka-*.sh are wrappers of it. */
#include <stdio.h>
#include <string.h>

#include "tools/completion.h"
#include "tools/manual.h"
#include "tools/tool.h"

static int print_help(FILE *out)
{
	const struct tool *t;

	fputs("usage: moldau TOOL [OPTION...]\n\n"
	      "The command-line tools of Moldau. Each is what the script of its name in bin/ runs;\n"
	      "--help after a tool lists its options.\n\n",
		out);
	for (size_t i = 0; (t = tool_at(i)); i++)
		if (t->run)
			fprintf(out, "  %-24s %s\n", t->name, t->summary);
	fputs("\n  --help                   this text\n  --version                the Kafka version whose "
	      "tools these are like\n",
		out);
	return out == stderr;
}

/* moldau manual [NAME]: the page of a tool or script; without a name the names of all pages. For the build. */
static int print_manual(int argc, char **argv)
{
	const struct tool *t = argc > 1 ? tool_find(argv[1]) : NULL;

	if (argc < 2) {
		manual_list(stdout);
	} else if (t) {
		manual_print(t, stdout);
	} else {
		fprintf(stderr, "moldau: there is no manual page of %s\n", argv[1]);
		return 1;
	}
	return fflush(stdout) ? 1 : 0;
}

/* moldau completion: the script for bash. For the build. */
static int print_completion(void)
{
	completion_print(stdout);
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct tool *t;

	if (argc < 2)
		return print_help(stderr);
	t = tool_find(argv[1]);
	if (t && t->run)
		return t->run(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		return print_help(stdout);
	if (strcmp(argv[1], "manual") == 0)
		return print_manual(argc - 1, argv + 1);
	if (strcmp(argv[1], "completion") == 0)
		return print_completion();
	if (strcmp(argv[1], "--version") == 0) {
		puts(TOOL_KAFKA_VERSION);
		return 0;
	}
	fprintf(stderr, "moldau: there is no tool called %s; moldau --help lists them\n", argv[1]);
	return 1;
}
