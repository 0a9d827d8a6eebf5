/* justify.c - breaking lines where Java does (java.text.BreakIterator, line instance) and filling them.
 *
 * The break rules are the observed ones for ASCII: after blanks, dashes and closing punctuation; before opening brackets;
 * never after an opening bracket or a quotation mark, never inside a number. Everything else counts as a letter.
 */
#include "tools/justify.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum kind {
	KIND_LETTER,
	KIND_DIGIT,
	KIND_BLANK,
	KIND_END,   /* ends a line: newline, tab */
	KIND_DASH,
	KIND_OPEN,  /* joins what follows, and what precedes is kept apart from it: ( [ { */
	KIND_QUOTE, /* joins both sides: quotation marks, $ */
	KIND_CLOSE, /* joins what precedes: ) . , % */
};

static enum kind kind_of(char c)
{
	if (c >= '0' && c <= '9')
		return KIND_DIGIT;
	switch (c) {
	case ' ':
		return KIND_BLANK;
	case '\n':
	case '\t':
		return KIND_END;
	case '-':
		return KIND_DASH;
	case '(':
	case '[':
	case '{':
		return KIND_OPEN;
	case '\'':
	case '"':
	case '$':
		return KIND_QUOTE;
	default:
		return c && strchr(".,:;!?)]}%", c) ? KIND_CLOSE : KIND_LETTER;
	}
}

/* A sign or a decimal point belongs to its number: -1, 1.5, but not 1-1 or a.2b. */
static bool joins_number(const char *text, size_t i)
{
	enum kind before = i > 1 ? kind_of(text[i - 2]) : KIND_BLANK;
	size_t end = i;

	if (text[i - 1] == '-')
		return before != KIND_LETTER && before != KIND_DIGIT;
	if (text[i - 1] != '.' && text[i - 1] != ',')
		return false;
	while (kind_of(text[end]) == KIND_DIGIT)
		end++;
	return kind_of(text[end]) != KIND_LETTER || text[end] == '\0';
}

/* Whether a line may end between text[i - 1] and text[i]. */
static bool may_break(const char *text, size_t i)
{
	enum kind a = kind_of(text[i - 1]), b = kind_of(text[i]);

	if (a == KIND_END)
		return true;
	if (b == KIND_BLANK || b == KIND_END)
		return false;
	switch (a) {
	case KIND_BLANK:
		return true;
	case KIND_LETTER:
	case KIND_DIGIT:
		return b == KIND_OPEN;
	case KIND_DASH:
	case KIND_CLOSE:
		if (b == KIND_DIGIT && joins_number(text, i))
			return false;
		if (b == KIND_QUOTE)
			return a == KIND_DASH && text[i] == '"';
		return b != (a == KIND_DASH ? KIND_DASH : KIND_CLOSE);
	case KIND_OPEN:
	case KIND_QUOTE:
	case KIND_END:
		return false;
	}
	return false;
}

/* A line under construction: blanks at its ends do not count when it is filled. */
struct line {
	const char *p;
	size_t len;
};

static size_t count_gaps(struct line l)
{
	size_t gaps = 0;

	for (size_t i = 1; i < l.len; i++)
		gaps += l.p[i] == ' ' && l.p[i - 1] != ' ';
	return gaps;
}

/* Writes the line with its gaps widened by `spare` blanks in all; those left over go to the gaps in the middle. */
static size_t fill(struct line l, size_t width, size_t taken, char *to)
{
	size_t gaps, spare, each, more, from, gap = 0, n = 0;

	for (; l.len > 0 && *l.p == ' '; l.p++)
		l.len--;
	while (l.len > 0 && l.p[l.len - 1] == ' ')
		l.len--;
	gaps = count_gaps(l);
	spare = width > taken + l.len ? width - taken - l.len : 0;
	each = gaps ? spare / gaps : 0;
	more = gaps ? spare % gaps : 0;
	from = (gaps - more + 1) / 2;
	for (size_t i = 0; i < l.len; i++) {
		if (i > 0 && l.p[i] == ' ' && l.p[i - 1] != ' ') {
			size_t add = each + (from <= gap && gap < from + more);

			memset(to + n, ' ', add);
			n += add;
			gap++;
		}
		to[n++] = l.p[i];
	}
	return n;
}

struct page {
	char *text;
	size_t n, cap;
};

static char *room(struct page *out, size_t n)
{
	out->text = grow_array(out->text, &out->cap, out->n + n + 1, 1);
	return out->text + out->n;
}

static void add_indent(struct page *out, size_t indent)
{
	memset(room(out, indent), ' ', indent);
	out->n += indent;
}

static void add_as_is(struct page *out, struct line l)
{
	memcpy(room(out, l.len), l.p, l.len);
	out->n += l.len;
}

char *justify(const char *text, size_t width, size_t offset, size_t indent)
{
	struct page out = {NULL, 0, 0};
	struct line line = {text, 0};
	size_t taken = offset, end; /* columns before the line begins */

	for (const char *word = text; *word; word += end) {
		for (end = 1; word[end] && !may_break(text, (size_t)(word - text) + end); end++)
			;
		if (taken + line.len + end > width) {
			out.n += fill(line, width, taken, room(&out, width + line.len));
			*room(&out, 1) = '\n';
			out.n++;
			add_indent(&out, indent);
			line = (struct line){word, 0};
			taken = indent;
		}
		line.len += end;
		if (word[end - 1] == '\n') {
			add_as_is(&out, line);
			add_indent(&out, indent);
			line = (struct line){word + end, 0};
			taken = indent;
		}
	}
	add_as_is(&out, line);
	*room(&out, 0) = '\0';
	return out.text;
}
