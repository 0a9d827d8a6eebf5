/* properties.h - java.util.Properties text: comments, separators, continuations, escapes, last one wins.
 *
 * ISO-8859-1 input as in Java, \uXXXX escapes become UTF-8. Each entry keeps its line for messages.
 * Thread: the holder's.
 */
#ifndef BASE_PROPERTIES_H
#define BASE_PROPERTIES_H

#include <stddef.h>

#include "base/attr.h"

struct property {
	char *key, *value; /* UTF-8, owned by the set */
	int line;	   /* 1-based line of the key; 0 when set by hand */
};

struct properties {
	struct property *v; /* in order of first appearance; a repeated key keeps its place, last value wins */
	size_t n, cap;
};

#define PROPERTIES_INIT { NULL, 0, 0 }

void properties_fini(struct properties *p);
/* 0, or -EINVAL for a malformed \uXXXX escape or a NUL character (*ret_line tells where; may be NULL). Adds
 * to what is there; nothing is added on failure. A half surrogate pair becomes '?', as in Java. */
int properties_parse(struct properties *p, const char *text, size_t len, int *ret_line) MUST_CHECK;
/* Reads a file of at most 1 MiB. -errno of open and read too, then *ret_line is 0. */
int properties_load(struct properties *p, const char *path, int *ret_line) MUST_CHECK;
const char *properties_get(const struct properties *p, const char *key); /* NULL when absent */
void properties_set(struct properties *p, const char *key, const char *value, int line);
void properties_remove(struct properties *p, const char *key);

struct writer;
/* Writes "key=value\n" lines with Java's escapes (Properties.store without the comment lines). */
void properties_write(const struct properties *p, struct writer *w);

#endif
