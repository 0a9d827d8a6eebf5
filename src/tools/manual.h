/* manual.h - the manual page of a tool, made from its tables.
 *
 * Thread: any; pure. Layer: tools.
 */
#ifndef TOOLS_MANUAL_H
#define TOOLS_MANUAL_H

#include <stdio.h>

struct tool;

/* The page in the macros of man(7). */
void manual_print(const struct tool *t, FILE *out);

/* "topics.sh.1" of all pages, a line each. */
void manual_list(FILE *out);

#endif
