/* config_alter.c - SET, DELETE, APPEND and SUBTRACT on a set of entries.
 *
 * Lists are split at commas only, without trimming, and trailing empty elements vanish, as String.split does:
 * that is how Kafka treats them here, unlike where it parses values.
 */
#include "broker/config_alter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "protocol/errors.h"

#define SET_MAX (512 * 1024) /* half of ZooKeeper's jute.maxbuffer */

static int refuse(char *why, const char *text)
{
	snprintf(why, CONFIG_ERROR_MAX, "%s", text);
	return KERR_INVALID_REQUEST;
}

static int check_nulls(const struct config_change *v, int32_t n, bool incremental, char *why)
{
	size_t at = (size_t)snprintf(why, CONFIG_ERROR_MAX, "Null value not supported for : "),
	       nulls = 0;

	for (int32_t i = 0; i < n; i++) {
		if (v[i].value.len >= 0 || (incremental && v[i].op == CONFIG_OP_DELETE))
			continue;
		if (at < CONFIG_ERROR_MAX)
			at += (size_t)snprintf(why + at, CONFIG_ERROR_MAX - at, "%s%.*s",
				nulls ? ", " : "", STR_ARG(v[i].name));
		nulls++;
	}
	return nulls ? KERR_INVALID_REQUEST : 0;
}

static int by_name(const void *a, const void *b)
{
	const struct config_change *const *x = a, *const *y = b;

	return str_cmp((*x)->name, (*y)->name);
}

static bool has_duplicates(const struct config_change *v, int32_t n)
{
	const struct config_change **sorted;
	bool found = false;

	if (n < 2)
		return false;
	sorted = xcalloc((size_t)n, sizeof(*sorted));
	for (int32_t i = 0; i < n; i++)
		sorted[i] = &v[i];
	qsort(sorted, (size_t)n, sizeof(*sorted), by_name);
	for (int32_t i = 1; i < n && !found; i++)
		found = str_eq(sorted[i - 1]->name, sorted[i]->name);
	free(sorted);
	return found;
}

int config_changes_check(
	const struct config_change *v, int32_t n, bool incremental, char why[CONFIG_ERROR_MAX])
{
	int r;

	if (n > CONFIG_CHANGES_MAX)
		return refuse(why, "Too many configs for one resource");
	if (has_duplicates(v, n))
		return refuse(why, "Error due to duplicate config keys");
	r = check_nulls(v, n, incremental, why);
	if (r)
		return r;
	for (int32_t i = 0; i < n; i++) {
		if (!str_is_utf8(v[i].name) || v[i].name.len <= 0 ||
			(v[i].value.len >= 0 && !str_is_utf8(v[i].value)))
			return refuse(why, "Config names and values must be valid UTF-8 text");
		if (v[i].op >= CONFIG_OP_SET && v[i].op <= CONFIG_OP_SUBTRACT)
			continue;
		snprintf(why, CONFIG_ERROR_MAX, "Unknown operations type %d", v[i].op);
		return KERR_INVALID_REQUEST;
	}
	return 0;
}

const struct config_key *config_broker_row(const char *name)
{
	int id = config_key_find(name);

	return id >= 0 && id < CFG_STATIC_COUNT ? &config_keys[id] : NULL;
}

const struct config_key *config_topic_row(const char *name)
{
	int id = topic_config_key_find(name);

	return id >= 0 ? &topic_config_keys[id] : NULL;
}

/* Elements borrowed from a text. */
struct elements {
	struct str *v;
	size_t n;
};

static struct elements split(const char *text)
{
	struct elements e = {NULL, 0};
	size_t cap = 0;

	for (const char *p = text;; p++) {
		size_t len = strcspn(p, ",");

		e.v = grow_array(e.v, &cap, e.n + 1, sizeof(*e.v));
		e.v[e.n++] = (struct str){p, (int32_t)len};
		p += len;
		if (*p == '\0')
			break;
	}
	while (e.n > 1 && e.v[e.n - 1].len == 0)
		e.n--;
	return e;
}

static size_t find(const struct elements *e, struct str s)
{
	size_t i = 0;

	while (i < e->n && !str_eq(e->v[i], s))
		i++;
	return i;
}

static char *join(const struct elements *a, const struct elements *b)
{
	size_t size = 1, at = 0;
	char *text;

	for (size_t i = 0; i < a->n + b->n; i++)
		size += (size_t)(i < a->n ? a->v[i] : b->v[i - a->n]).len + 1;
	text = xcalloc(1, size);
	for (size_t i = 0; i < a->n + b->n; i++) {
		struct str s = i < a->n ? a->v[i] : b->v[i - a->n];

		if (i)
			text[at++] = ',';
		memcpy(text + at, s.p, (size_t)s.len);
		at += (size_t)s.len;
	}
	return text;
}

/* The list `old` with the elements of `value` added that are not in it, or without those of `value`. */
static char *combine(const char *old, const char *value, bool append)
{
	struct elements have = split(old), change = split(value), added = {NULL, 0};
	size_t kept = 0, i;
	char *text;

	if (append) {
		if (*old == '\0')
			have.n = 0;
		for (i = 0; i < change.n; i++) {
			if (find(&have, change.v[i]) == have.n)
				change.v[kept++] = change.v[i];
		}
		change.n = kept;
		text = join(&have, &change);
	} else {
		for (i = 0; i < change.n; i++) {
			size_t at = find(&have, change.v[i]);

			if (at == have.n)
				continue;
			memmove(&have.v[at], &have.v[at + 1], (have.n - at - 1) * sizeof(*have.v));
			have.n--;
		}
		text = join(&have, &added);
	}
	free(have.v);
	free(change.v);
	return text;
}

static int apply_list(struct properties *p, const char *name, const char *value, bool append,
	config_key_finder find_row, char *why)
{
	const struct config_key *k = find_row(name);
	const char *old = properties_get(p, name);
	char *text;

	if (!k) {
		snprintf(why, CONFIG_ERROR_MAX, "Unknown config name: %.500s", name);
		return KERR_INVALID_CONFIG;
	}
	if (k->type != CONFIG_LIST) {
		snprintf(why, CONFIG_ERROR_MAX, "Config value %s is not allowed for config key: %s",
			append ? "append" : "subtract", name);
		return KERR_INVALID_CONFIG;
	}
	text = combine(old ? old : k->def ? k->def : "", value, append);
	properties_set(p, name, text, 0);
	free(text);
	return 0;
}

int config_changes_apply(struct properties *p, const struct config_change *v, int32_t n,
	config_key_finder find_row, char why[CONFIG_ERROR_MAX])
{
	int r = 0;

	for (int32_t i = 0; i < n && r == 0; i++) {
		char *name = str_dup(v[i].name), *value = str_dup(v[i].value);

		switch ((enum config_op)v[i].op) {
		case CONFIG_OP_SET:
			properties_set(p, name, value, 0);
			break;
		case CONFIG_OP_DELETE:
			properties_remove(p, name);
			break;
		case CONFIG_OP_APPEND:
			r = apply_list(p, name, value, true, find_row, why);
			break;
		case CONFIG_OP_SUBTRACT:
			r = apply_list(p, name, value, false, find_row, why);
			break;
		}
		free(name);
		free(value);
	}
	return r;
}

/* Bytes of a text inside JSON, at most. */
static size_t json_size(const char *s)
{
	size_t n = 3; /* quotes, and a colon or comma */

	for (; *s; s++)
		n += *s > 0 && *s < ' ' ? 6 : *s == '"' || *s == '\\' ? 2 : 1;
	return n;
}

bool config_set_fits(const struct properties *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += json_size(p->v[i].key) + json_size(p->v[i].value);
	return n <= SET_MAX;
}
