/* similar.h - names that a mistyped word may have been meant for, by the measure of git's help.c.
 *
 * Thread: any. Layer: tools.
 */
#ifndef TOOLS_SIMILAR_H
#define TOOLS_SIMILAR_H

#include <stddef.h>

/* Moves the most similar of the n names to the front, sorted. Returns how many there are: none when all are far off. */
size_t similar_names(const char *word, const char **names, size_t n);

#endif
