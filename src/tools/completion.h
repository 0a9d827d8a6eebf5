/* completion.h - completion of the tools' command lines in bash, made from their tables.
 *
 * Thread: any; pure. Layer: tools.
 */
#ifndef TOOLS_COMPLETION_H
#define TOOLS_COMPLETION_H

#include <stdio.h>

/* Functions and variables with the options of all scripts; completion.bash comes behind them. */
void completion_print(FILE *out);

#endif
