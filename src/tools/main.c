/* main.c - the program `moldau`: runs the tool that the first argument names. bin/kafka-*.sh are wrappers of it. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tools/tool.h"

static const struct tool *const tools[] = {
#define TOOL_ROW(name) &tool_##name,
#include "tools/list.h"
#undef TOOL_ROW
};

static void print_help(FILE *out)
{
	fputs("usage: moldau TOOL [OPTION...]\n\n"
	      "The command-line tools of Moldau. Each is what the script of its name in bin/ runs;\n"
	      "--help after a tool lists its options.\n\n",
		out);
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		fprintf(out, "  %-24s %s\n", tools[i]->name, tools[i]->summary);
	fputs("\n  --help                   this text\n  --version                the Kafka version whose "
	      "tools these are like\n",
		out);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return 1;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts(TOOL_KAFKA_VERSION);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (strcmp(argv[1], tools[i]->name) == 0)
			return tools[i]->run(argc - 1, argv + 1);
	fprintf(stderr, "moldau: there is no tool called %s; moldau --help lists them\n", argv[1]);
	return 1;
}
