/* configs_entries.c - what --add-config, --add-config-file and --delete-config say. Pure but for the file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/client_properties.h"
#include "tools/configs_priv.h"
#include "tools/java_map.h"

#define MESSAGE_FORMAT "message.format.version"

/* Is the place before `from` outside of brackets? As Kafka's expression has it: the next bracket, if any, opens. */
static bool is_outside(const char *from, const char *end)
{
	for (; from < end; from++) {
		if (*from == '[')
			return true;
		if (*from == ']')
			return false;
	}
	return true;
}

/* The next `c` outside of brackets, or `end`. */
static const char *find_outside(const char *p, const char *end, char c)
{
	for (; p < end; p++)
		if (*p == c && is_outside(p + 1, end))
			return p;
	return end;
}

/* String.trim: everything up to the blank goes. Owned. */
static char *trimmed(const char *p, size_t n)
{
	for (; n > 0 && (unsigned char)*p <= ' '; p++, n--)
		;
	for (; n > 0 && (unsigned char)p[n - 1] <= ' '; n--)
		;
	return xstrndup(p, n);
}

static char *without_brackets(const char *p, size_t n)
{
	char *copy = xmalloc(n + 1), *to = copy, *text;

	for (size_t i = 0; i < n; i++)
		if (p[i] != '[' && p[i] != ']')
			*to++ = p[i];
	text = trimmed(copy, (size_t)(to - copy));
	free(copy);
	return text;
}

/* One "key=value". For its '=' only the brackets in the entry count, since Kafka's tool splits the list first. */
static int parse_entry(const char *p, const char *end, struct properties *ret)
{
	const char *eq = find_outside(p, end, '=');
	CLEANUP(freep) char *key = NULL;
	CLEANUP(freep) char *value = NULL;

	if (eq == end || find_outside(eq + 1, end, '=') != end)
		return -EINVAL;
	key = trimmed(p, (size_t)(eq - p));
	value = without_brackets(eq + 1, (size_t)(end - eq - 1));
	properties_set(ret, key, value, 0);
	return 0;
}

/* Where the list ends: empty entries at the end do not count, unless there is no other. */
static const char *list_end(const char *text)
{
	const char *end = text + strlen(text);

	while (end > text && end[-1] == ',' && is_outside(end, text + strlen(text)))
		end--;
	return end;
}

int configs_parse_list(const char *text, struct properties *ret)
{
	const char *all = text + strlen(text), *end = list_end(text);
	const char *p = text;

	if (end == text && *text)
		return 0; /* commas only */
	for (;;) {
		const char *comma = find_outside(p, all, ',');
		int r = parse_entry(p, comma, ret);

		if (r)
			return r;
		if (comma >= end)
			return 0;
		p = comma + 1;
	}
}

bool configs_key_ok(const char *key)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return key[strspn(key, good)] == '\0';
}

void configs_parse_keys(struct arena *a, const char *text, struct name_list *ret)
{
	bool any = false;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, ",");

		if (n > 0) {
			CLEANUP(freep) char *word = trimmed(p, n);

			name_list_add(ret, arena_strdup(a, str_of(word)));
			any = true;
		}
		p += n;
		p += *p == ',';
	}
	if (!any) { /* commas only: taken as they are */
		CLEANUP(freep) char *word = trimmed(text, strlen(text));

		name_list_add(ret, arena_strdup(a, str_of(word)));
	}
}

int configs_load(struct configs *c, const char *path, struct properties *ret)
{
	CLEANUP(freep) char *error = NULL;
	int r = client_properties_load(ret, path, &error);

	if (!r)
		return 0;
	if (r == -EINVAL)
		return configs_refuse(c, "Malformed \\uxxxx encoding.");
	if (r == -ENOENT || r == -EACCES)
		return configs_fail(c, "java.nio.file.%sException: %s",
			r == -ENOENT ? "NoSuchFile" : "AccessDenied", path);
	return configs_fail(c, "java.io.IOException: %s", error);
}

static int read_added(struct configs *c)
{
	const char *file, *list;

	if (options_has(c->options, CONFIGS_ADD_CONFIG_FILE) &&
		(configs_option(c, options_text(c->options, CONFIGS_ADD_CONFIG_FILE, &file)) ||
			configs_load(c, file, &c->add)))
		return -1;
	java_properties_sort(&c->add); /* those of the file are put into others */
	if (options_has(c->options, CONFIGS_ADD_CONFIG)) {
		if (configs_option(c, options_text(c->options, CONFIGS_ADD_CONFIG, &list)))
			return -1;
		if (configs_parse_list(list, &c->add))
			return configs_refuse(c,
				"requirement failed: Invalid entity config: all configs to be "
				"added must be in the format \"key=val\".");
	}
	java_properties_sort(&c->add);
	return 0;
}

static int check_added(struct configs *c)
{
	const char *format = properties_get(&c->add, MESSAGE_FORMAT);

	if (format)
		printf("WARNING: The configuration " MESSAGE_FORMAT
		       "=%s is specified. This configuration will be ignored if the version is "
		       "newer than the inter.broker.protocol.version specified in the broker or "
		       "if the inter.broker.protocol.version is 3.0 or newer. This configuration "
		       "is deprecated and it will be removed in Apache Kafka 4.0.\n",
			format);
	for (size_t i = 0; i < c->add.n; i++)
		if (!configs_key_ok(c->add.v[i].key))
			return configs_refuse(c, "Invalid character found for config key: %s",
				c->add.v[i].key);
	return 0;
}

int configs_read_entries(struct configs *c)
{
	size_t n;
	const char *const *removed = options_all(c->options, CONFIGS_DELETE_CONFIG, &n);

	if (read_added(c) || check_added(c))
		return -1;
	for (size_t i = 0; i < n; i++)
		configs_parse_keys(&c->arena, removed[i], &c->remove);
	return 0;
}

int configs_check_removed(struct configs *c, const struct properties *have)
{
	struct name_list missing = {NULL, 0, 0};
	char *text;

	for (size_t i = 0; i < c->remove.n; i++)
		if (!properties_get(have, c->remove.v[i]))
			name_list_add(&missing, c->remove.v[i]);
	text = name_list_join(&missing, ",");
	if (missing.n > 0)
		(void)configs_refuse(c, "Invalid config(s): %s", text);
	free(text);
	name_list_fini(&missing);
	return c->message ? -1 : 0;
}
