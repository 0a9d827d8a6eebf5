/* options.c - reading options and checking their combinations. The printed table is in usage.c. */
#include "tools/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "broker/config_def.h"

struct option_values {
	bool seen;
	const char **v;
	size_t n, cap;
};

static int fault(struct options *o, char *text)
{
	free(o->error);
	o->error = text;
	return -EINVAL; /* an answer to the user, not a failure to trace */
}

/* The row called `name`, which ends at '=' or NUL; -1 when there is none. */
static ssize_t find(const struct options *o, const char *name, size_t len)
{
	for (size_t i = 0; i < o->n; i++)
		if (strlen(o->table[i].name) == len && memcmp(o->table[i].name, name, len) == 0)
			return (ssize_t)i;
	return -1;
}

static void add(struct option_values *g, const char *value)
{
	g->v = grow_array(g->v, &g->cap, g->n + 1, sizeof(*g->v));
	g->v[g->n++] = value;
}

static bool looks_like_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* One option with what follows it; *at is the index of the word, moved over an argument that was used. */
static int take(
	struct options *o, size_t id, const char *value, int argc, char *const argv[], int *at)
{
	struct option_values *g = &o->given[id];

	g->seen = true;
	o->order = grow_array(o->order, &o->order_cap, o->order_n + 1, sizeof(*o->order));
	o->order[o->order_n++] = id;
	switch (o->table[id].kind) {
	case OPTION_FLAG:
		return 0; /* --flag=x is accepted and x ignored */
	case OPTION_MAYBE:
		if (value)
			add(g, value);
		else if (*at + 1 < argc && !looks_like_option(argv[*at + 1]))
			add(g, argv[++*at]);
		return 0;
	case OPTION_STRING:
	case OPTION_INT:
	case OPTION_LONG:
	case OPTION_REAL:
		if (value) {
			add(g, value); /* --option= is the empty text */
			return 0;
		}
		if (*at + 1 >= argc)
			return fault(
				o, xasprintf("Option %s requires an argument", o->table[id].name));
		add(g, argv[++*at]);
		return 0;
	}
	return 0;
}

static int unknown(struct options *o, const char *name, size_t len, bool one_dash)
{
	uint32_t code;

	/* With one dash jopt takes an unknown name for a row of one-letter options. */
	if (one_dash && len > 0)
		len = (size_t)abs(utf8_decode(name, len, &code));
	return fault(o, xasprintf("%.*s is not a recognized option", (int)len, name));
}

static int read_option(struct options *o, int argc, char *const argv[], int *at)
{
	const char *word = argv[*at];
	bool one_dash = word[1] != '-';
	const char *name = word + (one_dash ? 1 : 2);
	size_t len = strcspn(name, "=");
	ssize_t id = find(o, name, len);

	if (id < 0)
		return unknown(o, name, len, one_dash);
	return take(o, (size_t)id, name[len] ? name + len + 1 : NULL, argc, argv, at);
}

void options_init(struct options *o, const struct option *table, size_t n)
{
	*o = (struct options){.table = table, .n = n, .given = xcalloc(n, sizeof(*o->given))};
}

void options_add(struct options *o, size_t id, const char *value)
{
	add(&o->given[id], value);
}

void options_clear(struct options *o, size_t id)
{
	o->given[id].seen = true;
	o->given[id].n = 0;
}

int options_parse(
	struct options *o, const struct option *table, size_t n, int argc, char *const argv[])
{
	options_init(o, table, n);
	for (int i = 1; i < argc; i++) {
		int r;

		if (strcmp(argv[i], "--") == 0)
			break;
		if (!looks_like_option(argv[i]))
			continue;
		r = read_option(o, argc, argv, &i);
		if (r)
			return r;
	}
	return 0;
}

void options_fini(struct options *o)
{
	for (size_t i = 0; o->given && i < o->n; i++)
		free(o->given[i].v);
	free(o->given);
	free(o->order);
	free(o->error);
	*o = (struct options)OPTIONS_INIT;
}

bool options_has(const struct options *o, size_t id)
{
	return o->given[id].seen;
}

int options_text(struct options *o, size_t id, const char **ret)
{
	const struct option_values *g = &o->given[id];

	if (g->n > 1)
		return fault(o, xasprintf("Found multiple arguments for option %s, but you asked "
					  "for only one",
					o->table[id].name));
	*ret = g->n == 1 ? g->v[0] : o->table[id].def;
	return 0;
}

int options_number(struct options *o, size_t id, int64_t *ret)
{
	bool narrow = o->table[id].kind == OPTION_INT;
	const char *text;
	int r = options_text(o, id, &text);

	if (r || !text)
		return r;
	if (!str_to_i64(str_of(text), narrow ? INT32_MIN : INT64_MIN,
		    narrow ? INT32_MAX : INT64_MAX, ret))
		return fault(o, xasprintf("Cannot parse argument '%s' of option %s", text,
					o->table[id].name));
	return 0;
}

int options_real(struct options *o, size_t id, double *ret)
{
	const char *text;
	int r = options_text(o, id, &text);

	if (r || !text || java_double_parse(text, ret))
		return r;
	return fault(o, xasprintf("Cannot parse argument '%s' of option %s", text,
				o->table[id].name));
}

const char *const *options_all(const struct options *o, size_t id, size_t *ret_n)
{
	*ret_n = o->given[id].n;
	return o->given[id].v;
}

int options_usage(const struct options *o, const char *message)
{
	fprintf(stderr, "%s\n", message);
	options_print(o->table, o->n, stderr);
	return 1;
}

int options_require(const struct options *o, size_t id)
{
	char *text;

	if (options_has(o, id))
		return 0;
	text = xasprintf("Missing required argument \"[%s]\"", o->table[id].name);
	(void)options_usage(o, text);
	free(text);
	return 1;
}

int options_refuse(const struct options *o, size_t used, const size_t *others, size_t n)
{
	for (size_t i = 0; options_has(o, used) && i < n; i++) {
		char *text;

		if (!options_has(o, others[i]))
			continue;
		text = xasprintf("Option \"[%s]\" can't be used with option \"[%s]\"",
			o->table[used].name, o->table[others[i]].name);
		(void)options_usage(o, text);
		free(text);
		return 1;
	}
	return 0;
}
