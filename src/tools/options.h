/* options.h - command-line options as most of Kafka's tools read them (jopt-simple), from one const table per tool.
 * Those with Kafka's other parser use argparse.h, over the same rows.
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
	OPTION_REAL, /* a double */
	OPTION_MAYBE /* a text that may be missing: --compression-codec [c] */
};

struct option {
	const char *name; /* without dashes */
	enum option_kind kind;
	const char *arg; /* what the argument is, for the usage table; may be NULL */
	const char *def; /* value when the option is absent; may be NULL */
	const char *help;
	/* The rest is for tools whose options are read by argparse.h. */
	char letter;	     /* a second name: 'b' for -b */
	bool required;	     /* its absence is an error */
	bool many;	     /* takes every word up to the next option: --props k=v k=v */
	uint8_t group;	     /* of the options of a group (1, 2, ...) only one may be given; 0: in none */
	const char *choices; /* "0,1,-1": the only values; NULL: any */
	uint32_t commands;   /* bits of the sub-commands that have it; 0: it precedes them */
};

#define OPTION_EVERYWHERE UINT32_MAX /* of the tool and of all its sub-commands */

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

/* For other readers of command lines: no option given; one given without a value yet, earlier ones forgotten; a value. */
void options_init(struct options *o, const struct option *table, size_t n);
void options_clear(struct options *o, size_t id);
void options_add(struct options *o, size_t id, const char *value);

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
int options_real(struct options *o, size_t id, double *ret) MUST_CHECK;

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
