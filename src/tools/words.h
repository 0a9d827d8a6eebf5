/* words.h - the options and words of a command inside the ZooKeeper shell, as Apache Commons CLI reads them there: one dash,
 * flags may be joined (-sw), a value may follow at once (-v5).
 *
 * Owner: the command. Values are borrowed from the words. Thread: main. Layer: tools; pure.
 */
#ifndef TOOLS_WORDS_H
#define TOOLS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define WORDS_OPTIONS_MAX 6

struct word_option {
	const char *name; /* NULL: behind the last */
	bool arg;
	const char *help;
};

struct words {
	const struct word_option *options;
	const char *values[WORDS_OPTIONS_MAX]; /* NULL: not given; of a flag "" */
	char **v;			       /* what is no option, the command's name first */
	int n;
};

/* Of a group no more than one option may be there; of a required group, one must be. */
enum word_group { WORDS_FREE, WORDS_GROUP, WORDS_REQUIRED_GROUP };

/* 0, or -EINVAL: *ret_error (owned) is the exception, "class: message". Fini in either case. */
int words_parse(struct words *w, const struct word_option *options, enum word_group group, int argc, char **argv,
	char **ret_error) MUST_CHECK;
void words_fini(struct words *w);

bool words_has(const struct words *w, const char *name);
/* The value of an option that takes one; NULL when it is not there. */
const char *words_value(const struct words *w, const char *name);

/* Splits a line at blanks; a word may be in single or double quotes. Words are owned by the caller. */
char **words_split(const char *line, int *ret_n);
void words_free(char **v, int n);

#endif
