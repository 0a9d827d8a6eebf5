/* thrown.h - an exception of Java with its causes, for tools that catch what goes wrong and print it themselves.
 *
 * Owner: the tool. Thread: main. Layer: tools.
 */
#ifndef TOOLS_THROWN_H
#define TOOLS_THROWN_H

#include <stdio.h>

#include "base/attr.h"

struct thrown {
	char *message; /* getMessage */
	char *text;    /* toString: "class: message" */
	char *trace;   /* the text, and "Caused by: ..." lines; NULL: none is to be shown */
};

#define THROWN_INIT                                                                                \
	{                                                                                          \
		.message = NULL                                                                    \
	}

void thrown_fini(struct thrown *t);

/* Both return -EINVAL, for `return thrown_set(...)`: an answer to the user, not a failure to trace. `class` is the full
 * name; NULL: the message is all that is said. */
int thrown_set(struct thrown *t, const char *class, const char *fmt, ...) PRINTF(3, 4);
/* What was thrown becomes the cause of another exception; `fmt` NULL: whose message is the text of its cause. */
int thrown_wrap(struct thrown *t, const char *class, const char *fmt, ...) PRINTF(3, 4);

/* "Error: MESSAGE", the trace without the places in Java's source, and an empty line; or the message alone. */
void thrown_print(const struct thrown *t, FILE *out);

#endif
