/* tool.h - the tools in the program `moldau`: a name, a sentence, a main function each.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

/* The version of Kafka whose tools these are like; what --version prints. */
#define TOOL_KAFKA_VERSION "3.9.0"

struct tool {
	const char *name;    /* "topics": the first argument of moldau, and kafka-topics.sh */
	const char *summary; /* one line for moldau --help */
	int (*run)(int argc, char **argv); /* returns the exit code */
};

extern const struct tool tool_console_consumer;
extern const struct tool tool_console_producer;
extern const struct tool tool_topics;

#endif
