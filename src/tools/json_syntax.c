/* json_syntax.c - see json_syntax.h. Follows ReaderBasedJsonParser of Jackson 2.16: which characters have been taken when a
 * fault is found decides the column that it tells, so each step takes what Jackson takes.
 */
#include "tools/json_syntax.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/str.h"

#define END (-1) /* of the text */
#define DEPTH_MAX 1000
#define TOKEN_MAX 256
#define SOURCE "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
#define CORE "com.fasterxml.jackson.core."
#define PARSE CORE "JsonParseException"
#define EOF_CLASS CORE "io.JsonEOFException"
#define VALUES "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

/* A place, and the column of Java's characters. */
struct mark {
	size_t at;
	int line, column;
};

struct container {
	char open; /* '[' or '{' */
	bool more; /* has an entry: a comma must follow */
	struct mark start;
};

struct scan {
	const char *text;
	size_t len;
	struct mark here; /* what has not been taken yet */
	struct container *open;
	size_t open_n, open_cap;
	char *fault;
	const char *class;
};

/* ---- characters ---- */

static int32_t code_at(const struct scan *s, size_t at, size_t *ret_bytes)
{
	uint32_t code = 0;
	int n;

	if (at >= s->len)
		return END;
	n = utf8_decode(s->text + at, s->len - at, &code);
	*ret_bytes = (size_t)abs(n);
	return n > 0 ? (int32_t)code : 0xfffd;
}

static int32_t peek(const struct scan *s)
{
	size_t bytes;

	return code_at(s, s->here.at, &bytes);
}

/* Takes a character. Newlines count where Jackson counts them: between tokens (skip). */
static int32_t take(struct scan *s)
{
	size_t bytes = 0;
	int32_t c = code_at(s, s->here.at, &bytes);

	if (c == END)
		return END;
	s->here.at += bytes;
	s->here.column += c > 0xffff ? 2 : 1;
	return c;
}

static bool is_digit(int32_t c)
{
	return c >= '0' && c <= '9';
}

/* Character.isJavaIdentifierStart, with all of Unicode's scripts taken for letters. */
static bool is_word_start(int32_t c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
	if ((c >= 0xa2 && c <= 0xa5) || (c >= 0x20a0 && c < 0x20d0)) /* money */
		return true;
	return c == 0xaa || c == 0xb5 || c == 0xba ||
	       (c >= 0xc0 && c != 0xd7 && c != 0xf7 && c < 0x2000) || (c >= 0x3040 && c < 0xd800) ||
	       (c >= 0xf900 && c < 0xfe00);
}

static bool is_word(int32_t c)
{
	bool ignorable = (c >= 0 && c <= 8) || (c >= 0x0e && c <= 0x1b) || (c >= 0x7f && c <= 0x9f);

	return ignorable || is_digit(c) || is_word_start(c) || c == 0xfeff;
}

/* ---- faults ---- */

/* Always false, for `return`. */
static bool PRINTF(3, 4) fault(struct scan *s, const char *class, const char *fmt, ...)
{
	CLEANUP(freep) char *why = NULL;
	va_list ap;

	va_start(ap, fmt);
	why = xvasprintf(fmt, ap);
	va_end(ap);
	s->class = class;
	s->fault =
		xasprintf("%s\n at " SOURCE "%d, column: %d]", why, s->here.line, s->here.column);
	return false;
}

static bool fault_end(struct scan *s, const char *where)
{
	return fault(s, EOF_CLASS, "Unexpected end-of-input%s", where);
}

/* "'x' (code 120)" */
static const char *describe(int32_t c, char *buf, size_t size)
{
	char utf8[5] = "";

	if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
		snprintf(buf, size, "(CTRL-CHAR, code %d)", c);
		return buf;
	}
	if (c > 0xffff) { /* Java sees the first half, and cannot print it */
		c = 0xd800 + ((c - 0x10000) >> 10);
		strcpy(utf8, "?");
	} else {
		(void)utf8_encode((uint32_t)c, utf8);
	}
	if (c > 255)
		snprintf(buf, size, "'%s' (code %d / 0x%x)", utf8, (unsigned)c, (unsigned)c);
	else
		snprintf(buf, size, "'%s' (code %d)", utf8, c);
	return buf;
}

static bool fault_char(struct scan *s, int32_t c, const char *what)
{
	char buf[64];

	s->here.column -= c > 0xffff; /* half of it has been taken */
	return fault(
		s, PARSE, "Unexpected character (%s): %s", describe(c, buf, sizeof(buf)), what);
}

/* The same in a number, where c may not have been taken. */
static bool fault_number(struct scan *s, int32_t c, bool taken, const char *what)
{
	char buf[64];

	s->here.column -= taken && c > 0xffff;
	return fault(s, PARSE, "Unexpected character (%s) in numeric value: %s",
		describe(c, buf, sizeof(buf)), what);
}

/* A word that is none of JSON's; it began at `from`. */
static bool fault_word(struct scan *s, size_t from)
{
	size_t n = s->here.at - from;
	const char *more = "";

	while (is_word(peek(s)) && !*more) {
		(void)take(s);
		n = s->here.at - from;
		more = n >= TOKEN_MAX ? "..." : "";
	}
	return fault(s, PARSE, "Unrecognized token '%.*s%s': was expecting " VALUES, (int)n,
		s->text + from, more);
}

static const char *kind_of(const struct scan *s)
{
	return s->open_n == 0 ? "root" : s->open[s->open_n - 1].open == '{' ? "Object" : "Array";
}

/* ---- between tokens ---- */

static void newline(struct scan *s)
{
	s->here.line++;
	s->here.column = 1;
}

/* Takes blanks and the character behind them: *ret, or END. */
static bool skip(struct scan *s, int32_t *ret)
{
	char buf[64];

	for (;;) {
		int32_t c = take(s);

		*ret = c;
		if (c == '/')
			return fault_char(s, c,
				"maybe a (non-standard) comment? (not recognized as one since "
				"Feature "
				"'ALLOW_COMMENTS' not enabled for parser)");
		if (c == END || c > ' ')
			return true;
		if (c == '\r' && peek(s) == '\n')
			(void)take(s);
		if (c == '\n' || c == '\r')
			newline(s);
		else if (c != ' ' && c != '\t')
			return fault(s, PARSE,
				"Illegal character (%s): only regular white space (\\r, \\n, \\t) "
				"is "
				"allowed between tokens",
				describe(c, buf, sizeof(buf)));
	}
}

/* The same where something must follow. `class` is the exception's if nothing does. */
static bool skip_within(struct scan *s, int32_t *ret, const char *class)
{
	if (!skip(s, ret))
		return false;
	return *ret != END ||
	       fault(s, class, "Unexpected end-of-input within/between %s entries", kind_of(s));
}

/* ---- texts ---- */

static bool hex_digit(int32_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool escape(struct scan *s)
{
	static const char where[] = " in character escape sequence";
	char buf[64];
	int32_t c = take(s);

	if (c == END)
		return fault_end(s, where);
	for (int i = 0; c == 'u' && i < 4; i++) {
		int32_t digit = take(s);

		if (digit == END)
			return fault_end(s, where);
		if (!hex_digit(digit))
			return fault_char(
				s, digit, "expected a hex-digit for character escape sequence");
	}
	if (c < 0x80 && c > 0 && strchr("btnfr\"/\\u", c))
		return true;
	return fault(s, PARSE, "Unrecognized character escape %s", describe(c, buf, sizeof(buf)));
}

/* Behind the opening quote. */
static bool string(struct scan *s, bool name)
{
	char buf[64];

	for (;;) {
		int32_t c = take(s);

		if (c == END)
			return fault_end(
				s, name ? " in field name"
					: ": was expecting closing quote for a string value");
		if (c == '"')
			return true;
		if (c == '\\' && !escape(s))
			return false;
		if (c < ' ')
			return fault(s, PARSE,
				"Illegal unquoted character (%s): has to be escaped using "
				"backslash "
				"to be included in %s",
				describe(c, buf, sizeof(buf)), name ? "name" : "string value");
	}
}

/* ---- words and numbers ---- */

static bool odd_value(struct scan *s, int32_t c);

/* Behind its first characters, `matched` of them, which began at `from`. */
static bool word(struct scan *s, const char *want, size_t matched, size_t from)
{
	for (size_t i = matched; want[i]; i++) {
		if (peek(s) != want[i])
			return fault_word(s, from);
		(void)take(s);
	}
	if (peek(s) >= '0' && is_word(peek(s)))
		return fault_word(s, from);
	return true;
}

static bool non_number(struct scan *s, const char *want, size_t matched, size_t from)
{
	return word(s, want, matched, from) &&
	       fault(s, PARSE,
		       "Non-standard token '%s': enable "
		       "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to "
		       "allow",
		       want);
}

/* A sign, and behind it c, which is no digit. */
static bool odd_number(struct scan *s, int32_t c, bool negative, bool plus, size_t from)
{
	if (c == 'I' && (peek(s) == 'N' || peek(s) == 'n')) {
		bool brief = take(s) == 'N';

		return non_number(s,
			negative ? (brief ? "-INF" : "-Infinity") : (brief ? "+INF" : "+Infinity"),
			3, from);
	}
	if (c == 'I' && peek(s) == END)
		return fault_end(s, " in a Number value");
	if (c == 'I')
		c = take(s);
	if (plus)
		return fault_number(s, '+', true,
			"JSON spec does not allow numbers to have plus signs: enable "
			"`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow");
	return fault_number(s, c, true,
		negative ? "expected digit (0-9) to follow minus sign, for valid numeric value"
			 : "expected digit (0-9) for valid numeric value");
}

static size_t digits(struct scan *s)
{
	size_t n = 0;

	for (; is_digit(peek(s)); n++)
		(void)take(s);
	return n;
}

/* How Jackson reads a number twice: in one sweep, which does not take the character at which it gives up; and step by step
 * after a leading zero, or when the text ends with the number. */
static bool odd_part(struct scan *s, struct mark swept, bool stepwise, int32_t c, const char *what)
{
	if (stepwise)
		(void)take(s);
	else
		s->here = swept;
	return fault_number(s, c, stepwise, what);
}

/* The text ends within or right behind this number. */
static bool ends_here(const struct scan *s, size_t from)
{
	size_t n = strspn(s->text + from, "0123456789");

	if (s->text[from + n] == '.')
		n += 1 + strspn(s->text + from + n + 1, "0123456789");
	if (s->text[from + n] == 'e' || s->text[from + n] == 'E') {
		n++;
		if (s->text[from + n] == '-' || s->text[from + n] == '+')
			n++;
		n += strspn(s->text + from + n, "0123456789");
	}
	return from + n >= s->len;
}

static bool exponent(struct scan *s, struct mark swept, bool stepwise)
{
	int32_t c;

	(void)take(s);
	if (peek(s) == '-' || peek(s) == '+')
		(void)take(s);
	if (peek(s) == END)
		return fault_end(s, "expected a digit for number exponent");
	c = peek(s);
	return digits(s) > 0 ||
	       odd_part(s, swept, stepwise, c, "Exponent indicator not followed by a digit");
}

static bool root_space(struct scan *s)
{
	int32_t c = peek(s);

	if (s->open_n > 0 || c == END || c == ' ' || c == '\t' || c == '\r' || c == '\n')
		return true;
	(void)take(s);
	return fault_char(s, c, "Expected space separating root-level values");
}

/* Behind the sign, at the first digit. */
static bool number(struct scan *s)
{
	bool zero = peek(s) == '0', stepwise = zero || ends_here(s, s->here.at), swept_set = false;
	struct mark swept = s->here;
	int32_t c;

	(void)take(s);
	if (zero && is_digit(peek(s)))
		return fault(s, PARSE, "Invalid numeric value: Leading zeroes not allowed");
	(void)digits(s);
	if (peek(s) == '.') {
		(void)take(s);
		swept = s->here;
		swept_set = true;
		c = peek(s);
		if (digits(s) == 0)
			return odd_part(s, swept, stepwise, c == END ? '.' : c,
				"Decimal point not followed by a digit");
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		struct mark mark = s->here;

		mark.at++;
		mark.column++;
		if (!exponent(s, swept_set ? swept : mark, stepwise))
			return false;
	}
	return root_space(s);
}

static bool signed_number(struct scan *s, size_t from)
{
	int32_t c = peek(s);

	if (is_digit(c))
		return number(s);
	if (c == END)
		return fault_end(s, "No digit following minus sign");
	(void)take(s);
	if (c == '.')
		return odd_value(s, c);
	return odd_number(s, c, true, false, from);
}

/* A character with which no value begins; it has been taken. */
static bool odd_value(struct scan *s, int32_t c)
{
	size_t from = s->here.at - 1;
	char utf8[4];

	if (c == 'N')
		return non_number(s, "NaN", 1, from);
	if (c == 'I')
		return non_number(s, "Infinity", 1, from);
	if (c == '+') {
		int32_t next = take(s);

		if (next == END)
			return fault_end(s, " in a Number value");
		return odd_number(s, next, false, true, from);
	}
	if (is_word_start(c))
		return fault_word(s, s->here.at - utf8_encode((uint32_t)c, utf8));
	return fault_char(s, c, "expected a valid value " VALUES);
}

/* ---- values ---- */

static bool open_container(struct scan *s, char c)
{
	struct mark start = s->here;

	start.column--; /* it has been taken */
	if (s->open_n >= DEPTH_MAX) {
		s->class = CORE "exc.StreamConstraintsException";
		s->fault = xasprintf(
			"Document nesting depth (%d) exceeds the maximum allowed (%d, from "
			"`StreamReadConstraints.getMaxNestingDepth()`)",
			DEPTH_MAX + 1, DEPTH_MAX);
		return false;
	}
	s->open = grow_array(s->open, &s->open_cap, s->open_n + 1, sizeof(*s->open));
	s->open[s->open_n++] = (struct container){.open = c, .start = start};
	return true;
}

/* A value that begins with c, which has been taken; of a container only its beginning. */
static bool value(struct scan *s, int32_t c)
{
	size_t from = s->here.at - 1;

	switch (c) {
	case '"':
		return string(s, false);
	case '[':
	case '{':
		return open_container(s, (char)c);
	case '}':
		return s->open[s->open_n - 1].open == '{' ? odd_value(s, c)
							  : fault_char(s, c, "expected a value");
	case 't':
		return word(s, "true", 1, from);
	case 'f':
		return word(s, "false", 1, from);
	case 'n':
		return word(s, "null", 1, from);
	case '-':
		return signed_number(s, from);
	default:
		break;
	}
	if (!is_digit(c))
		return odd_value(s, c);
	s->here.at--;
	s->here.column--;
	return number(s);
}

static bool close_container(struct scan *s, char c)
{
	const struct container *last = s->open_n > 0 ? &s->open[s->open_n - 1] : NULL;

	if (last && last->open == (c == ']' ? '[' : '{')) {
		s->open_n--;
		return true;
	}
	if (!last)
		return fault(s, PARSE,
			"Unexpected close marker '%c': expected '%c' (for root starting at " SOURCE
			"1])",
			c, c == ']' ? '}' : ']');
	return fault(s, PARSE,
		"Unexpected close marker '%c': expected '%c' (for %s starting at " SOURCE
		"%d, column: %d])",
		c, c == ']' ? '}' : ']', kind_of(s), last->start.line, last->start.column);
}

/* A name and its colon; *c is the first character, and that of the value in the end. */
static bool name(struct scan *s, int32_t *c)
{
	if (*c != '"')
		return fault_char(s, *c, "was expecting double-quote to start field name");
	if (!string(s, true) || !skip_within(s, c, EOF_CLASS))
		return false;
	if (*c != ':')
		return fault_char(s, *c, "was expecting a colon to separate field name and value");
	return skip_within(s, c, EOF_CLASS);
}

static bool fault_open(struct scan *s)
{
	const struct container *last = &s->open[s->open_n - 1];
	char where[256];

	snprintf(where, sizeof(where),
		": expected close marker for %s (start marker at " SOURCE "%d, column: %d])",
		kind_of(s), last->start.line, last->start.column);
	return fault_end(s, where);
}

/* The next token within a container, or the root's. */
static bool step(struct scan *s)
{
	struct container *last;
	char what[64];
	int32_t c;

	if (!skip(s, &c))
		return false;
	if (c == END)
		return s->open_n == 0 || fault_open(s);
	if (c == ']' || c == '}')
		return close_container(s, (char)c);
	if (s->open_n == 0)
		return value(s, c);
	last = &s->open[s->open_n - 1];
	if (last->more && c != ',') {
		snprintf(what, sizeof(what), "was expecting comma to separate %s entries",
			kind_of(s));
		return fault_char(s, c, what);
	}
	if (last->more && !skip_within(s, &c, PARSE))
		return false;
	last->more = true;
	if (last->open == '{' && !name(s, &c))
		return false;
	return value(s, c);
}

char *json_syntax_fault(const char *text, size_t len, const char **ret_class)
{
	struct scan s = {.len = len, .here = {0, 1, 1}};
	char *copy = xstrndup(text, len); /* with an end that strspn sees */

	*ret_class = PARSE;
	if (len == 0) {
		free(copy);
		return xstrdup("The input string shouldn't be empty\n at [Source: UNKNOWN; byte "
			       "offset: #UNKNOWN]");
	}
	s.text = copy;
	s.len = strlen(copy) < len ? strlen(copy) + 1 : len; /* a NUL is a fault in any place */
	do {
	} while (step(&s) && s.open_n > 0);
	free(s.open);
	free(copy);
	if (s.class)
		*ret_class = s.class;
	return s.fault;
}
