/* java_exception.h - the line that a Java program ends with when nothing catches an exception.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_JAVA_EXCEPTION_H
#define TOOLS_JAVA_EXCEPTION_H

#include "base/attr.h"

/* Writes the line to the standard error, behind what the standard output has so far; `fmt` NULL: an exception without a
 * message. Returns 1, the exit code. */
int java_exception(const char *class, const char *fmt, ...) PRINTF(2, 3);

/* The exception of a file call that failed with -errno `r`. */
int java_file_exception(int r, const char *path);

#endif
