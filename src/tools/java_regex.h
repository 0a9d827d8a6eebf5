/* java_regex.h - regular expressions as java.util.regex understands them, for topic names and separators.
 *
 * POSIX expressions lack what people use here: \d, (?:...), lazy quantifiers and the look-ahead of `^(?!__).*`.
 * Not supported, and said so: back references, && and nesting in classes, Unicode properties beyond the basic ones.
 *
 * Owner: the caller. Thread: any, one at a time. Layer: tools; pure.
 */
#ifndef TOOLS_JAVA_REGEX_H
#define TOOLS_JAVA_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define JAVA_REGEX_ERROR_MAX 128

struct java_regex;

/* 0, or -EINVAL with the reason in `why`. */
int java_regex_compile(
	const char *pattern, struct java_regex **ret, char why[JAVA_REGEX_ERROR_MAX]) MUST_CHECK;
struct java_regex *java_regex_free(struct java_regex *re); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct java_regex *, java_regex_free)

/* Does all of the text match? False too when the search takes too many steps. */
bool java_regex_matches(const struct java_regex *re, const char *text, size_t len);

/* The first match at or after `from`. */
bool java_regex_find(const struct java_regex *re, const char *text, size_t len, size_t from,
	size_t *ret_start, size_t *ret_end);

#endif
