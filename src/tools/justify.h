/* justify.h - text in lines of a width, blanks widened so that the lines are full, as argparse4j sets its help.
 *
 * Thread: any. Layer: tools.
 */
#ifndef TOOLS_JUSTIFY_H
#define TOOLS_JUSTIFY_H

#include <stddef.h>

/* `text` in lines of at most `width` columns, the first of which has `offset` columns taken already; the others begin
 * with `indent` blanks. Lines end where Java's BreakIterator would let them. Owned by the caller. */
char *justify(const char *text, size_t width, size_t offset, size_t indent);

#endif
