/* reset_plan.c - the CSV of reset plans, as Jackson's CsvMapper reads and writes it: comma, double quotes around what
 * may need them, "" for a quote. A line with too few or too many fields is refused, where Jackson makes an offset 0 of
 * one that is missing. */
#include "tools/reset_plan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

#define FIELDS_MAX 4
/* Longer texts are quoted without a look at them (CsvEncoder, MAX_QUOTE_CHECK). */
#define QUOTE_CHECK_MAX 24

/* Takes a quoted field, *at behind its opening quote, into the arena. False when the closing quote is missing. */
static bool take_quoted(struct str line, int32_t *at, struct arena *arena, struct str *ret)
{
	char *to = arena_alloc(arena, (size_t)(line.len - *at) + 1);
	int32_t n = 0;

	while (to && *at < line.len) {
		char c = line.p[(*at)++];

		if (c == '"' && (*at == line.len || line.p[*at] != '"')) {
			*ret = (struct str){to, n};
			return true;
		}
		if (c == '"')
			(*at)++;
		to[n++] = c;
	}
	return false;
}

static struct str take_plain(struct str line, int32_t *at)
{
	int32_t from = *at;

	while (*at < line.len && line.p[*at] != ',')
		(*at)++;
	return (struct str){line.p + from, *at - from};
}

/* The fields of a line; -1 when it is malformed or has more than there can be. */
static int split(struct str line, struct arena *arena, struct str fields[FIELDS_MAX])
{
	int32_t at = 0;
	int n = 0;

	for (;;) {
		if (n == FIELDS_MAX)
			return -1;
		if (at < line.len && line.p[at] == '"') {
			at++;
			if (!take_quoted(line, &at, arena, &fields[n]))
				return -1;
			while (at < line.len && line.p[at] == ' ')
				at++;
		} else {
			fields[n] = take_plain(line, &at);
		}
		n++;
		if (at == line.len)
			return n;
		if (line.p[at++] != ',')
			return -1;
		if (at == line.len) /* a comma at the end means nothing */
			return n;
	}
}

static struct str trim(struct str s)
{
	for (; s.len > 0 && strchr(" \t\r", *s.p); s.p++, s.len--)
		;
	for (; s.len > 0 && strchr(" \t\r", s.p[s.len - 1]); s.len--)
		;
	return s;
}

static bool number(struct str s, int64_t min, int64_t max, int64_t *ret)
{
	return str_to_i64(trim(s), min, max, ret);
}

static bool read_row(struct str line, bool with_group, struct arena *arena, struct plan_row *ret)
{
	struct str fields[FIELDS_MAX];
	int n = split(line, arena, fields), first = with_group ? 1 : 0;
	int64_t partition;

	if (n != first + 3 || !number(fields[first + 1], INT32_MIN, INT32_MAX, &partition) ||
		!number(fields[first + 2], INT64_MIN, INT64_MAX, &ret->offset))
		return false;
	ret->group = with_group ? fields[0] : STR_NULL;
	ret->topic = fields[first];
	ret->partition = (int32_t)partition;
	return true;
}

/* Takes the next line off *text, without its end. */
static struct str next_line(struct str *text)
{
	const char *end = memchr(text->p, '\n', (size_t)text->len);
	struct str line = {text->p, end ? (int32_t)(end - text->p) : text->len};
	int32_t used = MIN(line.len + 1, text->len);

	text->p += used;
	text->len -= used;
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

static size_t count_lines(struct str text)
{
	size_t n = 1;

	for (int32_t i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	return n;
}

int reset_plan_parse(struct str text, bool alone, struct arena *arena, struct plan_row **ret,
	size_t *ret_n, char **ret_error)
{
	struct str rest, line;
	struct plan_row row;
	bool with_group;
	size_t n = 0;

	while (text.len > 0 && (text.p[text.len - 1] == '\n' || text.p[text.len - 1] == '\r'))
		text.len--;
	rest = text;
	line = next_line(&rest);
	with_group = !(alone && read_row(line, false, arena, &row));
	*ret = arena_array(arena, count_lines(text), sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	rest = text;
	do {
		line = next_line(&rest);
		if (!read_row(line, with_group, arena, &(*ret)[n])) {
			*ret_error =
				xasprintf("Line %zu of the reset plan is not %s: '%.*s'", n + 1,
					with_group ? alone ? "topic,partition,offset or "
							     "group,topic,partition,offset"
							   : "group,topic,partition,offset"
						   : "topic,partition,offset",
					STR_ARG(line));
			return -EINVAL;
		}
		n++;
	} while (rest.len > 0);
	*ret_n = n;
	return 0;
}

static bool needs_quotes(struct str s)
{
	if (s.len > QUOTE_CHECK_MAX)
		return true;
	for (int32_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ',')
			return true;
	return false;
}

static void write_text(struct str s, FILE *out)
{
	if (!needs_quotes(s)) {
		fprintf(out, "%.*s,", STR_ARG(s));
		return;
	}
	putc('"', out);
	for (int32_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			putc('"', out);
		putc(s.p[i], out);
	}
	fputs("\",", out);
}

void reset_plan_write(const struct plan_row *row, FILE *out)
{
	if (row->group.len >= 0)
		write_text(row->group, out);
	write_text(row->topic, out);
	fprintf(out, "%" PRId32 ",%" PRId64 "\n", row->partition, row->offset);
}
