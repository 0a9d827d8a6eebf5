/* line_reader.c - takes lines apart in the order headers, key, value (ConsoleProducer.LineMessageReader, Kafka 3.9).
 *
 * Bytes are passed on as they are: text that is not valid UTF-8 is not replaced, unlike in Java.
 */
#include "tools/line_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tools/java_regex.h"

struct line_reader {
	bool parse_key, parse_headers, ignore_error;
	struct str key_separator, headers_delimiter, headers_separator, headers_key_separator;
	struct str null_marker; /* null: unset */
	struct java_regex *separator;
	struct properties properties; /* what the strings above point into */
	long line_number;
	char *line; /* the line being read */
	size_t line_n, line_cap;
	bool skip_newline; /* the last line ended with \r: a \n belongs to it */
	struct line_header *headers;
	size_t headers_n, headers_cap;
	struct str *pieces; /* of the headers' part */
	size_t pieces_n, pieces_cap;
	char *error;
};

static int fault(struct line_reader *r, char *text)
{
	free(r->error);
	r->error = text;
	return -EINVAL;
}

static bool is_true(const struct properties *p, const char *key)
{
	const char *v = properties_get(p, key);
	size_t len;

	if (!v)
		return false;
	v += strspn(v, " \t");
	len = strcspn(v, " \t");
	return len == 4 && strncasecmp(v, "true", 4) == 0 &&
	       v[len + strspn(v + len, " \t")] == '\0';
}

static struct str text_of(const struct properties *p, const char *key, struct str def)
{
	const char *v = properties_get(p, key);

	return v ? str_of(v) : def;
}

/* Two of these settings must not be the same. */
static int check_distinct(const struct line_reader *r, char **ret_error)
{
	const struct {
		struct str a, b;
		const char *a_name, *b_name;
	} pairs[] = {
		{r->headers_delimiter, r->headers_separator, "headers.delimiter",
			"headers.separator"},
		{r->headers_delimiter, r->headers_key_separator, "headers.delimiter",
			"headers.key.separator"},
		{r->headers_separator, r->headers_key_separator, "headers.separator",
			"headers.key.separator"},
		{r->null_marker, r->key_separator, "null.marker", "key.separator"},
		{r->null_marker, r->headers_separator, "null.marker", "headers.separator"},
		{r->null_marker, r->headers_delimiter, "null.marker", "headers.delimiter"},
		{r->null_marker, r->headers_key_separator, "null.marker", "headers.key.separator"},
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		if (!str_eq(pairs[i].a, pairs[i].b))
			continue;
		*ret_error =
			xasprintf("%s and %s may not be equal", pairs[i].a_name, pairs[i].b_name);
		return -EINVAL;
	}
	return 0;
}

int line_reader_new(const struct properties *p, struct line_reader **ret, char **ret_error)
{
	CLEANUP(line_reader_freep) struct line_reader *r = xcalloc(1, sizeof(*r));
	char why[JAVA_REGEX_ERROR_MAX];

	for (size_t i = 0; i < p->n; i++)
		properties_set(&r->properties, p->v[i].key, p->v[i].value, 0);
	p = &r->properties;
	r->parse_key = is_true(p, "parse.key");
	r->parse_headers = is_true(p, "parse.headers");
	r->ignore_error = is_true(p, "ignore.error");
	r->key_separator = text_of(p, "key.separator", STR("\t"));
	r->headers_delimiter = text_of(p, "headers.delimiter", STR("\t"));
	r->headers_separator = text_of(p, "headers.separator", STR(","));
	r->headers_key_separator = text_of(p, "headers.key.separator", STR(":"));
	r->null_marker = text_of(p, "null.marker", STR_NULL);
	if (java_regex_compile(r->headers_separator.p, &r->separator, why)) {
		*ret_error = xstrdup(why);
		return -EINVAL;
	}
	if (check_distinct(r, ret_error))
		return -EINVAL;
	*ret = TAKE(r);
	return 0;
}

struct line_reader *line_reader_free(struct line_reader *r)
{
	if (!r)
		return NULL;
	java_regex_free(r->separator);
	properties_fini(&r->properties);
	free(r->line);
	free(r->headers);
	free(r->pieces);
	free(r->error);
	free(r);
	return NULL;
}

const char *line_reader_error(const struct line_reader *r)
{
	return r->error;
}

static ssize_t index_of(struct str text, struct str what)
{
	const char *at = memmem(text.p, (size_t)text.len, what.p, (size_t)what.len);

	return at ? at - text.p : -1;
}

static struct str tail(struct str s, size_t from)
{
	return (struct str){s.p + from, s.len - (int32_t)from};
}

static struct bytes bytes_or_null(const struct line_reader *r, struct str s)
{
	if (s.len < 0 || str_eq(s, r->null_marker))
		return BYTES_NULL;
	return (struct bytes){(const uint8_t *)s.p, s.len};
}

/* Takes what stands before `separator` off *rest. Without a separator: an error, or null and nothing is taken. */
static int split_off(struct line_reader *r, struct str line, struct str *rest, struct str separator,
	const char *what, struct str *ret)
{
	ssize_t at = index_of(*rest, separator);

	*ret = STR_NULL;
	if (at < 0 && r->ignore_error)
		return 0;
	if (at < 0)
		return fault(r, xasprintf("No %s found on line number %ld: '%.*s'", what,
					r->line_number, STR_ARG(line)));
	*ret = (struct str){rest->p, (int32_t)at};
	*rest = tail(*rest, (size_t)at + (size_t)separator.len);
	return 0;
}

static int add_header(struct line_reader *r, struct str pair)
{
	ssize_t at = index_of(pair, r->headers_key_separator);
	struct line_header h = {.key = pair, .value = BYTES_NULL};

	if (at < 0 && !r->ignore_error)
		return fault(r,
			xasprintf("No header key separator found in pair '%.*s' on line number %ld",
				STR_ARG(pair), r->line_number));
	if (at >= 0) {
		h.key = (struct str){pair.p, (int32_t)at};
		if (str_eq(h.key, r->null_marker))
			return fault(r, xasprintf("Header keys should not be equal to the null "
						  "marker '%.*s' as they can't be "
						  "null",
						STR_ARG(r->null_marker)));
		h.value = bytes_or_null(
			r, tail(pair, (size_t)at + (size_t)r->headers_key_separator.len));
	}
	r->headers = grow_array(r->headers, &r->headers_cap, r->headers_n + 1, sizeof(*r->headers));
	r->headers[r->headers_n++] = h;
	return 0;
}

static void add_piece(struct line_reader *r, const char *p, size_t len)
{
	r->pieces = grow_array(r->pieces, &r->pieces_cap, r->pieces_n + 1, sizeof(*r->pieces));
	r->pieces[r->pieces_n++] = (struct str){p, (int32_t)len};
}

/* Pattern.split: an empty match at the very start splits nothing, and empty pieces at the end are dropped. */
static void split(struct line_reader *r, struct str text)
{
	size_t len = (size_t)text.len, from = 0, at = 0, start, end;

	r->pieces_n = 0;
	while (at <= len && java_regex_find(r->separator, text.p, len, at, &start, &end)) {
		at = end > start ? end : end + 1;
		if (end == 0)
			continue;
		add_piece(r, text.p + from, start - from);
		from = end;
	}
	add_piece(r, text.p + from, len - from);
	while (from > 0 && r->pieces_n > 0 && r->pieces[r->pieces_n - 1].len == 0)
		r->pieces_n--;
}

static int split_headers(struct line_reader *r, struct str text)
{
	int fault_code = 0;

	split(r, text);
	for (size_t i = 0; i < r->pieces_n && !fault_code; i++)
		fault_code = add_header(r, r->pieces[i]);
	return fault_code;
}

int line_reader_parse(struct line_reader *r, const char *line, size_t len, struct line_record *ret)
{
	struct str all = {line, (int32_t)len}, rest = all, headers = STR_NULL, key = STR_NULL;
	int fault_code = 0;

	r->line_number++;
	r->headers_n = 0;
	if (len > INT32_MAX)
		return fault(r, xasprintf("Line number %ld is too long", r->line_number));
	if (r->parse_headers)
		fault_code = split_off(
			r, all, &rest, r->headers_delimiter, "headers delimiter", &headers);
	if (!fault_code && r->parse_key)
		fault_code = split_off(r, all, &rest, r->key_separator, "key separator", &key);
	if (!fault_code && headers.len >= 0 && !str_eq(headers, r->null_marker))
		fault_code = split_headers(r, headers);
	if (fault_code)
		return fault_code;
	*ret = (struct line_record){.key = bytes_or_null(r, key),
		.value = bytes_or_null(r, rest),
		.headers = r->headers,
		.headers_n = r->headers_n};
	return 0;
}

static void put(struct line_reader *r, int c)
{
	r->line = grow_array(r->line, &r->line_cap, r->line_n + 1, 1);
	r->line[r->line_n++] = (char)c;
}

int line_reader_next(struct line_reader *r, FILE *in, struct line_record *ret)
{
	bool any = false;
	int c, fault_code;

	r->line_n = 0;
	while ((c = getc_unlocked(in)) != EOF) {
		bool skip = r->skip_newline && c == '\n';

		r->skip_newline = false;
		if (skip)
			continue;
		any = true;
		if (c == '\n' || c == '\r')
			break;
		put(r, c);
	}
	r->skip_newline = c == '\r';
	if (ferror(in))
		return FAIL(-EIO);
	if (!any)
		return 0;
	fault_code = line_reader_parse(r, r->line ? r->line : "", r->line_n, ret);
	return fault_code ? fault_code : 1;
}
