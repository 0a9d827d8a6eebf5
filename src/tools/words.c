/* words.c - DefaultParser of Apache Commons CLI 1.4, for options with short names only. */
#include "tools/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define PACKAGE "org.apache.commons.cli."

struct parser {
	struct words *w;
	enum word_group group;
	const char *selected; /* of the group */
	int pending;	      /* option that waits for its value; -1: none */
	bool given[WORDS_OPTIONS_MAX];
	char *error;
};

static int find(const struct words *w, const char *name, size_t len)
{
	for (int i = 0; w->options && w->options[i].name; i++)
		if (strlen(w->options[i].name) == len && memcmp(w->options[i].name, name, len) == 0)
			return i;
	return -1;
}

static int fail(struct parser *p, char *text)
{
	p->error = text;
	return -EINVAL;
}

static int unknown(struct parser *p, char *word)
{
	if (word[0] == '-' && word[1])
		return fail(p, xasprintf(PACKAGE "UnrecognizedOptionException: Unrecognized option: %s", word));
	p->w->v[p->w->n++] = word;
	return 0;
}

static int check_pending(struct parser *p)
{
	if (p->pending < 0)
		return 0;
	return fail(p, xasprintf(PACKAGE "MissingArgumentException: Missing argument for option: %s",
			       p->w->options[p->pending].name));
}

static int take_option(struct parser *p, int id)
{
	const struct word_option *o = &p->w->options[id];

	if (check_pending(p))
		return -EINVAL;
	if (p->group != WORDS_FREE && p->selected && strcmp(p->selected, o->name) != 0)
		return fail(p,
			xasprintf(PACKAGE "AlreadySelectedException: The option '%s' was specified but an option from this "
					  "group has already been selected: '%s'",
				o->name, p->selected));
	p->selected = o->name;
	p->given[id] = true;
	if (o->arg)
		p->pending = id;
	else
		p->w->values[id] = "";
	return 0;
}

/* Of an option that comes twice the first value counts. */
static void take_value(struct parser *p, char *value)
{
	size_t len = strlen(value);

	if (len > 1 && value[0] == '"' && value[len - 1] == '"' && strcspn(value + 1, "\"") == len - 2) {
		value[len - 1] = '\0';
		value++;
	}
	if (!p->w->values[p->pending])
		p->w->values[p->pending] = value;
	p->pending = -1;
}

/* -sw, -v5 */
static int take_joined(struct parser *p, char *word)
{
	for (size_t i = 1; word[i]; i++) {
		int id = find(p->w, word + i, 1);

		if (id < 0)
			return unknown(p, word);
		if (take_option(p, id))
			return -EINVAL;
		if (p->pending >= 0 && word[i + 1]) {
			take_value(p, word + i + 1);
			return 0;
		}
	}
	return 0;
}

static int take_dashed(struct parser *p, char *word)
{
	char *name = word + 1, *equals = strchr(name, '=');
	int id = find(p->w, name, equals ? (size_t)(equals - name) : strlen(name));

	if (word[1] == '-')
		return unknown(p, word);
	if (equals && equals == name + 1 && id >= 0 && p->w->options[id].arg) {
		if (take_option(p, id))
			return -EINVAL;
		take_value(p, equals + 1);
		return 0;
	}
	if (equals)
		return unknown(p, word);
	if (id >= 0)
		return take_option(p, id);
	return name[1] ? take_joined(p, word) : unknown(p, word);
}

static bool is_number(const char *word)
{
	char *end;

	(void)strtod(word, &end);
	return end != word && *end == '\0';
}

/* Would the word be an option, if it did not stand where a value is wanted? */
static bool is_option(const struct parser *p, const char *word)
{
	size_t len = strcspn(word, "=");

	if (word[0] != '-' || !word[1] || is_number(word))
		return false;
	return len > 1 && (find(p->w, word + 1, len - 1) >= 0 || find(p->w, word + 1, 1) >= 0);
}

static int take(struct parser *p, char *word, bool *only_words)
{
	if (*only_words) {
		p->w->v[p->w->n++] = word;
		return 0;
	}
	if (strcmp(word, "--") == 0) {
		*only_words = true;
		return 0;
	}
	if (p->pending >= 0 && !is_option(p, word)) {
		take_value(p, word);
		return 0;
	}
	return word[0] == '-' && word[1] ? take_dashed(p, word) : unknown(p, word);
}

/* [-n num soft quota, -b bytes soft quota] */
static char *group_text(const struct words *w)
{
	char *text = xstrdup("[");

	for (int i = 0; w->options[i].name; i++) {
		char *longer = xasprintf(
			"%s%s-%s %s", text, i ? ", " : "", w->options[i].name, w->options[i].help);

		free(text);
		text = longer;
	}
	return text;
}

static int check_group(struct parser *p)
{
	char *group;
	int r;

	if (p->group != WORDS_REQUIRED_GROUP || p->selected)
		return 0;
	group = group_text(p->w);
	r = fail(p, xasprintf(PACKAGE "MissingOptionException: Missing required option: %s]", group));
	free(group);
	return r;
}

int words_parse(struct words *w, const struct word_option *options, enum word_group group, int argc, char **argv,
	char **ret_error)
{
	struct parser p = {.w = w, .group = group, .pending = -1};
	bool only_words = false;
	int r = 0;

	*w = (struct words){.options = options, .v = xcalloc((size_t)argc + 1, sizeof(*w->v))};
	for (int i = 0; i < argc && !r; i++)
		r = take(&p, argv[i], &only_words);
	if (!r)
		r = check_pending(&p);
	if (!r)
		r = check_group(&p);
	*ret_error = p.error;
	return r;
}

void words_fini(struct words *w)
{
	free(w->v);
	w->v = NULL;
}

bool words_has(const struct words *w, const char *name)
{
	return words_value(w, name) != NULL;
}

const char *words_value(const struct words *w, const char *name)
{
	int id = find(w, name, strlen(name));

	return id < 0 ? NULL : w->values[id];
}

/* --- lines --- */

static bool is_blank(char c)
{
	return c && strchr(" \t\n\v\f\r", c);
}

/* The next word of the line; a quote without its other half is passed over, as by the expression that Java uses. */
static char *next_word(const char **at)
{
	const char *p = *at, *end;

	while (is_blank(*p))
		p++;
	if (*p == '"' || *p == '\'') {
		end = strchr(p + 1, *p);
		*at = end ? end + 1 : p + 1;
		return end ? xstrndup(p + 1, (size_t)(end - p - 1)) : NULL;
	}
	for (end = p; *end && !is_blank(*end); end++)
		;
	*at = end;
	return end > p ? xstrndup(p, (size_t)(end - p)) : NULL;
}

char **words_split(const char *line, int *ret_n)
{
	char **v = NULL;
	size_t cap = 0;

	for (*ret_n = 0; *line;) {
		char *word = next_word(&line);

		if (!word)
			continue;
		v = grow_array(v, &cap, (size_t)*ret_n + 1, sizeof(*v));
		v[(*ret_n)++] = word;
	}
	return v;
}

void words_free(char **v, int n)
{
	for (int i = 0; i < n; i++)
		free(v[i]);
	free(v);
}
