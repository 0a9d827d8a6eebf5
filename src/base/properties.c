/* properties.c - java.util.Properties text (load and store of the JDK's class documentation).
 *
 * Reading has two steps, as there: natural lines are joined to a logical line, still escaped; then the
 * logical line is cut into key and value, and both are unescaped.
 */
#include "base/properties.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/writer.h"

#define FILE_MAX (1u << 20)

static ssize_t find(const struct properties *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].key, key) == 0)
			return (ssize_t)i;
	return -1;
}

static void property_fini(struct property *e)
{
	free(e->key);
	free(e->value);
}

void properties_fini(struct properties *p)
{
	for (size_t i = 0; i < p->n; i++)
		property_fini(&p->v[i]);
	free(p->v);
	*p = (struct properties)PROPERTIES_INIT;
}

const char *properties_get(const struct properties *p, const char *key)
{
	ssize_t i = find(p, key);

	return i < 0 ? NULL : p->v[i].value;
}

void properties_set(struct properties *p, const char *key, const char *value, int line)
{
	ssize_t i = find(p, key);
	struct property e = { .key = xstrdup(key), .value = xstrdup(value), .line = line };

	if (i >= 0) {
		property_fini(&p->v[i]); /* key and value may point into it: copied above */
		p->v[i] = e;
		return;
	}
	p->v = grow_array(p->v, &p->cap, p->n + 1, sizeof(*p->v));
	p->v[p->n++] = e;
}

void properties_remove(struct properties *p, const char *key)
{
	ssize_t i = find(p, key);

	if (i < 0)
		return;
	property_fini(&p->v[i]);
	p->n--;
	memmove(&p->v[i], &p->v[i + 1], (p->n - (size_t)i) * sizeof(*p->v));
}

/* The text being read, and the current logical line. */
struct reader {
	const char *p, *end;
	int line;    /* number of the natural line that begins at p */
	char *logic; /* the logical line, still escaped; as large as the text */
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static void skip_blanks(struct reader *in)
{
	while (in->p < in->end && is_blank(*in->p))
		in->p++;
}

/* Takes one natural line without its terminator: \n, \r or \r\n. */
static struct str natural_line(struct reader *in)
{
	const char *from = in->p;
	struct str s;

	while (in->p < in->end && *in->p != '\n' && *in->p != '\r')
		in->p++;
	s = (struct str){ from, (int32_t)(in->p - from) };
	if (in->p < in->end && *in->p++ == '\r' && in->p < in->end && *in->p == '\n')
		in->p++;
	in->line++;
	return s;
}

/* An odd number of backslashes at the end: the last one is not escaped itself. */
static bool is_continued(struct str s)
{
	int32_t n = s.len;

	while (n > 0 && s.p[n - 1] == '\\')
		n--;
	return (s.len - n) % 2 == 1;
}

/* Reads the next logical line; false at the end of the text. *ret_line: where it begins. */
static bool logical_line(struct reader *in, int *ret_line)
{
	struct str s;

	in->len = 0;
	do {
		skip_blanks(in);
		if (in->p == in->end)
			return false;
		*ret_line = in->line;
		s = natural_line(in);
	} while (s.len == 0 || s.p[0] == '#' || s.p[0] == '!');
	while (is_continued(s)) {
		memcpy(in->logic + in->len, s.p, (size_t)s.len - 1);
		in->len += (size_t)s.len - 1;
		skip_blanks(in);
		s = natural_line(in); /* empty at the end of the text */
	}
	if (s.len > 0)
		memcpy(in->logic + in->len, s.p, (size_t)s.len);
	in->len += (size_t)s.len;
	return true;
}

/* The key ends at the first separator that is not escaped; then blanks, one '=' or ':', blanks. */
static void split(const char *s, size_t n, size_t *ret_key_len, size_t *ret_value_at)
{
	size_t i = 0;

	while (i < n && s[i] != '=' && s[i] != ':' && !is_blank(s[i]))
		i += s[i] == '\\' && i + 1 < n ? 2 : 1;
	*ret_key_len = i;
	while (i < n && is_blank(s[i]))
		i++;
	if (i < n && (s[i] == '=' || s[i] == ':'))
		i++;
	while (i < n && is_blank(s[i]))
		i++;
	*ret_value_at = i;
}

static bool hex4(const char *s, size_t n, uint32_t *ret)
{
	uint32_t v = 0;

	if (n < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef";
		char c = s[i] >= 'A' && s[i] <= 'F' ? (char)(s[i] - 'A' + 'a') : s[i];
		const char *d = c ? strchr(digits, c) : NULL;

		if (!d)
			return false;
		v = v << 4 | (uint32_t)(d - digits);
	}
	*ret = v;
	return true;
}

static char plain_escape(char c)
{
	switch (c) {
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 'f':
		return '\f';
	default:
		return c;
	}
}

/* Takes one UTF-16 unit off the escaped text at *at. */
static int take_unit(const char *s, size_t n, size_t *at, uint32_t *ret)
{
	char c = s[(*at)++];

	*ret = (uint8_t)c; /* ISO-8859-1 is the first 256 of Unicode */
	if (c == '\\' && *at < n) {
		c = s[(*at)++];
		*ret = (uint8_t)plain_escape(c);
		if (c == 'u') {
			if (!hex4(s + *at, n - *at, ret))
				return FAIL(-EINVAL);
			*at += 4;
		}
	}
	return *ret == 0 ? FAIL(-EINVAL) : 0; /* would end the C string early */
}

static bool is_surrogate(uint32_t unit, uint32_t first)
{
	return unit >= first && unit < first + 0x400;
}

/* Unescapes to UTF-8. A surrogate without its partner becomes '?', as String.getBytes writes it. */
static int unescape(const char *s, size_t n, char **ret)
{
	CLEANUP(freep) char *out = xmalloc(2 * n + 1); /* one byte gives at most two */
	uint32_t unit, low;
	size_t at = 0, len = 0;

	while (at < n) {
		int r = take_unit(s, n, &at, &unit);
		size_t next = at;

		if (r < 0)
			return FAIL(r);
		if (is_surrogate(unit, 0xD800) && at < n && take_unit(s, n, &next, &low) == 0 &&
		    is_surrogate(low, 0xDC00)) {
			unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
			at = next;
		} else if (is_surrogate(unit, 0xD800) || is_surrogate(unit, 0xDC00)) {
			unit = '?';
		}
		len += utf8_encode(unit, out + len);
	}
	out[len] = '\0';
	*ret = TAKE(out);
	return 0;
}

static int add_line(struct properties *p, const struct reader *in, int line)
{
	CLEANUP(freep) char *key = NULL;
	CLEANUP(freep) char *value = NULL;
	size_t key_len, value_at;
	int r;

	split(in->logic, in->len, &key_len, &value_at);
	r = unescape(in->logic, key_len, &key);
	if (r == 0)
		r = unescape(in->logic + value_at, in->len - value_at, &value);
	if (r < 0)
		return FAIL(r);
	properties_set(p, key, value, line);
	return 0;
}

static void merge(struct properties *p, const struct properties *from)
{
	for (size_t i = 0; i < from->n; i++)
		properties_set(p, from->v[i].key, from->v[i].value, from->v[i].line);
}

int properties_parse(struct properties *p, const char *text, size_t len, int *ret_line)
{
	struct properties parsed = PROPERTIES_INIT;
	struct reader in = { .p = text, .end = text + len, .line = 1 };
	int r = 0, line;

	if (len > INT32_MAX)
		return FAIL(-EFBIG);
	in.logic = xmalloc(len + 1);
	while (r == 0 && logical_line(&in, &line))
		r = add_line(&parsed, &in, line);
	if (r == 0)
		merge(p, &parsed);
	else if (ret_line)
		*ret_line = line;
	properties_fini(&parsed);
	free(in.logic);
	return FAIL(r);
}

int properties_load(struct properties *p, const char *path, int *ret_line)
{
	CLEANUP(freep) char *text = NULL;
	size_t len;
	int r;

	if (ret_line)
		*ret_line = 0;
	r = fs_read_file(path, FILE_MAX, &text, &len);
	if (r < 0)
		return FAIL(r);
	return FAIL(properties_parse(p, text, len, ret_line));
}

static void put_unit(struct writer *w, uint32_t unit)
{
	static const char digits[] = "0123456789ABCDEF";
	char out[6] = { '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15],
		digits[unit & 15] };

	writer_put(w, out, sizeof(out));
}

static void put_code(struct writer *w, uint32_t code)
{
	if (code >= 0x10000) {
		put_unit(w, 0xD800 + ((code - 0x10000) >> 10));
		code = 0xDC00 + ((code - 0x10000) & 0x3FF);
	}
	put_unit(w, code);
}

/* What stands after the backslash for `code`, 0 when it needs none. */
static char short_escape(uint32_t code)
{
	static const char from[] = "\t\n\r\f\\=:#!", to[] = "tnrf\\=:#!";
	const char *at = code > 0 && code < 0x80 ? strchr(from, (int)code) : NULL;

	return at ? to[at - from] : '\0';
}

static void put_escaped(struct writer *w, const char *s, bool is_key)
{
	size_t n = strlen(s);
	uint32_t code;
	int step;

	for (size_t at = 0; at < n; at += (size_t)(step < 0 ? -step : step)) {
		char c;

		step = utf8_decode(s + at, n - at, &code);
		c = short_escape(code);
		if (code == ' ' && (is_key || at == 0))
			c = ' ';
		if (c) {
			writer_put(w, "\\", 1);
			writer_put(w, &c, 1);
		} else if (code < 0x20 || code > 0x7E) {
			put_code(w, code);
		} else {
			writer_put(w, s + at, 1);
		}
	}
}

void properties_write(const struct properties *p, struct writer *w)
{
	for (size_t i = 0; i < p->n; i++) {
		put_escaped(w, p->v[i].key, true);
		writer_put(w, "=", 1);
		put_escaped(w, p->v[i].value, false);
		writer_put(w, "\n", 1);
	}
}
