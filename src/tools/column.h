/* column.h - cells of the tables that tools print: text padded to a width, as Java's %-15s counts it.
 *
 * Thread: main. Layer: tools; pure.
 */
#ifndef TOOLS_COLUMN_H
#define TOOLS_COLUMN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"

/* Length of a text in UTF-16 units, which is what Java pads by. Null counts as empty. */
size_t column_width(struct str s);

/* Writes the text and blanks up to the width. */
void column_put(FILE *out, struct str s, size_t width);
void column_put_number(FILE *out, int64_t n, size_t width);

#endif
