/* error.c - remembers the path of the last unexpected failure of each thread.
 *
 * The trace belongs to one value of r. A FAIL with another value, from the line where the trace began, or
 * from deeper in the stack than the last one cannot be the old failure passed up, so it begins a new trace.
 * What remains ambiguous (a handled failure followed by another one with the same errno, not deeper) prints
 * frames too many; it is a help for the reader of a log line, nothing depends on it.
 */
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FRAMES_MAX 12

struct frame {
	const char *file;
	int line;
};

static _Thread_local struct {
	int r;		 /* 0: no trace */
	int n;		 /* frames recorded, origin first */
	uintptr_t stack; /* where the stack was at the last FAIL; it grows downward */
	struct frame frames[FRAMES_MAX];
} trace;

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_origin(const char *file, int line)
{
	return trace.n > 0 && trace.frames[0].line == line && strcmp(trace.frames[0].file, file) == 0;
}

int error_fail(int r, const char *file, int line)
{
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

	if (r >= 0)
		return r;
	if (trace.r != r || stack < trace.stack || is_origin(file, line))
		trace.n = 0;
	trace.r = r;
	trace.stack = stack;
	if (trace.n < FRAMES_MAX)
		trace.frames[trace.n++] = (struct frame){ file, line };
	return r;
}

/* snprintf at *at, which never passes size - 1. */
static void put_frame(char *buf, size_t size, size_t *at, const char *lead, const struct frame *f)
{
	int n = snprintf(buf + *at, size - *at, "%s%s:%d", lead, base_name(f->file), f->line);

	if (n > 0)
		*at = (size_t)n < size - *at ? *at + (size_t)n : size - 1;
}

const char *error_text(int r, char *buf, size_t size)
{
	char text[128];
	size_t at;

	if (size == 0)
		return buf;
	if (r >= 0) {
		(void)snprintf(buf, size, r == 0 ? "no error" : "error %d", r);
		return buf;
	}
	/* -INT_MIN does not exist; strerror_r names it as unknown through the unsigned detour. */
	(void)snprintf(buf, size, "%s", strerror_r((int)(0u - (unsigned)r), text, sizeof(text)));
	at = strlen(buf);
	if (trace.r == r) {
		for (int i = 0; i < trace.n; i++)
			put_frame(buf, size, &at, i == 0 ? " (" : " < ", &trace.frames[i]);
		if (at + 1 < size)
			memcpy(buf + at, ")", 2);
	}
	trace.r = 0;
	trace.n = 0;
	return buf;
}
