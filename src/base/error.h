/* error.h - the one way to fail, and the trace of an unexpected failure.
 *
 * A function that can fail returns an int: 0 done; > 0 an answer the protocol has a code for (enum kerr,
 * protocol/errors.h), part of the callee's contract; < 0 a negative errno: the world failed. Failures are
 * passed up through FAIL(), which remembers file and line, so that whoever logs one can print its path once.
 *
 * Thread: any; the trace is per thread.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

/* Records where `r` (< 0) failed or was passed up, and yields it. 0 and > 0 pass through unrecorded. */
#define FAIL(r) error_fail((r), __FILE__, __LINE__)

int error_fail(int r, const char *file, int line);

/* Writes "No space left on device (segment.c:88 < log.c:210)" for failure `r` into `buf` and forgets the
 * trace. Always NUL-terminated; returns buf. Accepts any r; for > 0 it prints the number. */
const char *error_text(int r, char *buf, size_t size);

#endif
