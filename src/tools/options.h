/* options.h - command-line options as Kafka's tools read them (jopt-simple), from one const table per tool.
 *
 * `--opt value`, `--opt=value` and the same with one dash; no abbreviations; other words are left alone. The texts of
 * errors are Kafka's, since scripts match on them (cli.md section 1). The usage table and the manual page come from the
 * same rows.
 *
 * Owner: the tool's main function. Values are borrowed from argv. Thread: main. Layer: tools.
 */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"

enum option_kind {
	OPTION_FLAG,
	OPTION_STRING,
	OPTION_INT,  /* 32 bits */
	OPTION_LONG, /* 64 bits */
	OPTION_MAYBE /* a text that may be missing: --compression-codec [c] */
};

struct option {
	const char *name; /* without dashes */
	enum option_kind kind;
	const char *arg; /* what the argument is, for the usage table; may be NULL */
	const char *def; /* value when the option is absent; may be NULL */
	const char *help;
};

/* The last two rows of every table. Their ids are the table's length - 2 and - 1. */
#define OPTION_HELP                                                                                \
	{                                                                                          \
		.name = "help", .help = "Print this table."                                        \
	}
#define OPTION_VERSION                                                                             \
	{                                                                                          \
		.name = "version", .help = "Print the Kafka version whose behaviour the tool has." \
	}

struct option_values;

struct options {
	const struct option *table;
	size_t n;
	struct option_values *given; /* one per row */
	size_t *order;               /* ids in the order given, one for each time */
	size_t order_n, order_cap;
	char *error; /* why the last call failed */
};

#define OPTIONS_INIT                                                                               \
	{                                                                                          \
		.table = NULL                                                                      \
	}

/* Reads argv[1..]. 0, or -EINVAL: `error` says why. */
int options_parse(struct options *o, const struct option *table, size_t n, int argc,
	char *const argv[]) MUST_CHECK;
void options_fini(struct options *o);

bool options_has(const struct options *o, size_t id);
static inline bool options_has_help(const struct options *o)
{
	return options_has(o, o->n - 2);
}
static inline bool options_has_version(const struct options *o)
{
	return options_has(o, o->n - 1);
}

/* The one value of an option, its default when it is absent, which may be NULL (numbers: *ret stays as it is). Values
 * are looked at when asked for, as jopt does, so errors appear in the order of use.
 *   0
 *   -EINVAL   given more than once, or not a number; `error` says so                                  */
int options_text(struct options *o, size_t id, const char **ret) MUST_CHECK;
int options_number(struct options *o, size_t id, int64_t *ret) MUST_CHECK;

/* All values in the order given; for repeatable options. */
const char *const *options_all(const struct options *o, size_t id, size_t *ret_n);

/* The option table, 80 columns wide, sorted by name. */
void options_print(const struct option *table, size_t n, FILE *out);

/* Message and table on stderr; returns 1, the exit code of wrong usage. */
int options_usage(const struct options *o, const char *message);

/* checks of combinations; each returns 0, or 1 after options_usage */
int options_require(const struct options *o, size_t id);
/* If `used` is given, none of the others may be. */
int options_refuse(const struct options *o, size_t used, const size_t *others, size_t n);

#endif
