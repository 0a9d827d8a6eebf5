/* java_regex.c - a backtracking matcher over a tree of nodes.
 *
 * A sequence is a list of nodes linked by `next`; a group has a list of sequences. run() matches a sequence and then
 * what follows it, which is handed down as a chain of struct after on the stack. Patterns come from the user, texts
 * from the cluster or from stdin: depth and number of steps are limited.
 */
#include "tools/java_regex.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"

#define STEPS_MAX 2000000
#define DEPTH_MAX 5000 /* of run() on the stack */
#define NEST_MAX 200   /* of groups in a pattern */
#define REPEAT_MAX 100000

enum node_type {
	NODE_SET,
	NODE_START,
	NODE_END,
	NODE_WORD_EDGE,
	NODE_GROUP,
	NODE_LOOK,
	NODE_REPEAT,
	NODE_ACCEPT
};
enum repeat_mode { GREEDY, LAZY, POSSESSIVE };

struct range {
	uint32_t from, to;
};

struct node {
	enum node_type type;
	struct node *next;
	/* NODE_SET: one code point */
	struct range *ranges;
	size_t n, cap;
	/* SET: any other than these; LOOK: must not match; WORD_EDGE: \B */
	bool negated;
	bool behind, atomic; /* LOOK, GROUP */
	/* GROUP, LOOK: first node of each alternative; NULL is the empty sequence */
	struct node **alternatives;
	size_t alternatives_n, alternatives_cap;
	struct node *of; /* REPEAT */
	int min, max;    /* REPEAT; max -1: no limit */
	enum repeat_mode mode;
	struct node *all; /* every node of the expression, for freeing */
};

struct java_regex {
	struct node *root; /* a group */
	struct node *all;
	bool any_case;
};

struct parser {
	struct java_regex *re;
	const char *start, *p, *end;
	int nesting;
	char *why;
	bool bad;
};

static struct node *new_node(struct parser *ps, enum node_type type)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->type = type;
	n->all = ps->re->all;
	ps->re->all = n;
	return n;
}

static void fault(struct parser *ps, const char *what)
{
	if (!ps->bad)
		snprintf(ps->why, JAVA_REGEX_ERROR_MAX, "%s near index %td", what,
			ps->p - ps->start);
	ps->bad = true;
}

static bool next_is(struct parser *ps, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(ps->end - ps->p) < len || memcmp(ps->p, text, len) != 0)
		return false;
	ps->p += len;
	return true;
}

static uint32_t take(struct parser *ps)
{
	uint32_t code;

	if (ps->p >= ps->end)
		return 0;
	ps->p += abs(utf8_decode(ps->p, (size_t)(ps->end - ps->p), &code));
	return code;
}

static void add_range(struct node *set, uint32_t from, uint32_t to)
{
	set->ranges = grow_array(set->ranges, &set->cap, set->n + 1, sizeof(*set->ranges));
	set->ranges[set->n++] = (struct range){from, to};
}

/* Adds what is not in the n ascending ranges. */
static void add_others(struct node *set, const struct range *ranges, size_t n)
{
	uint32_t from = 0;

	for (size_t i = 0; i < n; i++) {
		if (ranges[i].from > from)
			add_range(set, from, ranges[i].from - 1);
		from = ranges[i].to + 1;
	}
	add_range(set, from, 0x10ffff);
}

static const struct named_class {
	char letter; /* of \d; 0: only as \p{name} */
	const char *name;
	struct range ranges[5]; /* ascending */
	size_t n;
} classes[] = {
	{'d', "Digit", {{'0', '9'}}, 1},
	{'s', "Space", {{'\t', '\r'}, {' ', ' '}}, 2},
	{'w', "", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, 4},
	{'h', "", {{'\t', '\t'}, {' ', ' '}}, 2},
	{0, "Alpha", {{'A', 'Z'}, {'a', 'z'}}, 2},
	{0, "Alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}, 3},
	{0, "Upper", {{'A', 'Z'}}, 1},
	{0, "Lower", {{'a', 'z'}}, 1},
	{0, "Punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}, 4},
	{0, "ASCII", {{0, 127}}, 1},
	{0, "XDigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}, 3},
};

static void add_class(struct node *set, const struct named_class *c, bool negated)
{
	if (negated) {
		add_others(set, c->ranges, c->n);
		return;
	}
	for (size_t i = 0; i < c->n; i++)
		add_range(set, c->ranges[i].from, c->ranges[i].to);
}

/* \d, \D, \p{Alpha}, \P{Alpha}: adds it to the set; false when the letter is no class. */
static bool parse_named_class(struct parser *ps, char letter, struct node *set)
{
	bool property = letter == 'p' || letter == 'P';
	char name[16] = "";

	if (property) {
		const char *close =
			next_is(ps, "{") ? memchr(ps->p, '}', (size_t)(ps->end - ps->p)) : NULL;

		if (close && (size_t)(close - ps->p) < sizeof(name)) {
			memcpy(name, ps->p, (size_t)(close - ps->p));
			ps->p = close + 1;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		const struct named_class *c = &classes[i];

		if (property ? strcmp(name, c->name) == 0 && *name
			     : c->letter && tolower((unsigned char)letter) == c->letter) {
			add_class(set, c, isupper((unsigned char)letter));
			return true;
		}
	}
	if (property)
		fault(ps, "Unknown character property");
	return false;
}

static uint32_t parse_hex(struct parser *ps, int digits)
{
	uint32_t code = 0;

	for (int i = 0; i < digits; i++) {
		char c = ps->p < ps->end ? *ps->p : 0;

		if (!isxdigit((unsigned char)c)) {
			fault(ps, "Illegal hexadecimal escape sequence");
			return 0;
		}
		code = code * 16 +
		       (uint32_t)(isdigit((unsigned char)c) ? c - '0' : tolower(c) - 'a' + 10);
		ps->p++;
	}
	return code;
}

/* The code point of an escape that stands for one; the letter has been taken. */
static uint32_t parse_escaped_char(struct parser *ps, uint32_t letter)
{
	switch (letter) {
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 'f':
		return '\f';
	case 'a':
		return '\a';
	case 'e':
		return 033;
	case 'x':
		return parse_hex(ps, 2);
	case 'u':
		return parse_hex(ps, 4);
	default:
		if (letter < 128 && isalnum((int)letter))
			fault(ps, "Illegal/unsupported escape sequence");
		return letter;
	}
}

/* One end of a range in [...]: a code point, or true when a whole class was added instead. */
static bool parse_class_item(struct parser *ps, struct node *set, uint32_t *ret)
{
	uint32_t code = take(ps);

	if (code != '\\') {
		*ret = code;
		return false;
	}
	code = take(ps);
	if (code < 128 && parse_named_class(ps, (char)code, set))
		return true;
	*ret = parse_escaped_char(ps, code);
	return false;
}

static struct node *parse_bracket(struct parser *ps)
{
	struct node *set = new_node(ps, NODE_SET);
	bool first = true;

	set->negated = next_is(ps, "^");
	for (; !ps->bad && ps->p < ps->end && (*ps->p != ']' || first); first = false) {
		uint32_t from, to;

		if (*ps->p == '[' || (ps->end - ps->p > 1 && memcmp(ps->p, "&&", 2) == 0)) {
			fault(ps, "Nested and intersected character classes are not supported");
			return set;
		}
		if (parse_class_item(ps, set, &from))
			continue;
		to = from;
		if (ps->end - ps->p > 1 && ps->p[0] == '-' && ps->p[1] != ']') {
			ps->p++;
			if (parse_class_item(ps, set, &to) || to < from)
				fault(ps, "Illegal character range");
		}
		add_range(set, from, to);
	}
	if (!next_is(ps, "]"))
		fault(ps, "Unclosed character class");
	return set;
}

static struct node *parse_escape(struct parser *ps)
{
	uint32_t letter = take(ps);
	struct node *n;

	if (letter == 'A' || letter == 'z' || letter == 'Z')
		return new_node(ps, letter == 'A' ? NODE_START : NODE_END);
	if (letter == 'b' || letter == 'B') {
		n = new_node(ps, NODE_WORD_EDGE);
		n->negated = letter == 'B';
		return n;
	}
	n = new_node(ps, NODE_SET);
	if (letter < 128 && parse_named_class(ps, (char)letter, n))
		return n;
	letter = parse_escaped_char(ps, letter);
	add_range(n, letter, letter);
	return n;
}

static struct node *parse_alternatives(struct parser *ps, enum node_type type);

static struct node *parse_group(struct parser *ps)
{
	struct node *n;
	enum node_type type = NODE_GROUP;
	bool negated = false, behind = false, atomic = false;

	if (next_is(ps, "?:")) {
	} else if (next_is(ps, "?=") || next_is(ps, "?!")) {
		type = NODE_LOOK;
		negated = ps->p[-1] == '!';
	} else if (next_is(ps, "?<=") || next_is(ps, "?<!")) {
		type = NODE_LOOK;
		negated = ps->p[-1] == '!';
		behind = true;
	} else if (next_is(ps, "?>")) {
		atomic = true;
	} else if (next_is(ps, "?<")) {
		while (ps->p < ps->end && *ps->p != '>')
			ps->p++;
		if (!next_is(ps, ">"))
			fault(ps, "named capturing group is missing trailing '>'");
	} else if (ps->p < ps->end && *ps->p == '?') {
		fault(ps, "Unknown inline modifier");
	}
	if (++ps->nesting > NEST_MAX)
		fault(ps, "Groups are nested too deeply");
	n = ps->bad ? new_node(ps, type) : parse_alternatives(ps, type);
	ps->nesting--;
	n->negated = negated;
	n->behind = behind;
	n->atomic = atomic;
	if (!next_is(ps, ")"))
		fault(ps, "Unclosed group");
	return n;
}

static struct node *parse_atom(struct parser *ps)
{
	struct node *n;
	uint32_t code;

	if (next_is(ps, "("))
		return parse_group(ps);
	if (next_is(ps, "["))
		return parse_bracket(ps);
	if (next_is(ps, "^"))
		return new_node(ps, NODE_START);
	if (next_is(ps, "$"))
		return new_node(ps, NODE_END);
	if (ps->end - ps->p == 1 && *ps->p == '\\') {
		fault(ps, "Unexpected internal error");
		return NULL;
	}
	if (next_is(ps, "\\"))
		return parse_escape(ps);
	if (strchr("*+?", *ps->p)) {
		fault(ps, "Dangling meta character");
		return NULL;
	}
	n = new_node(ps, NODE_SET);
	code = take(ps);
	if (code == '.') { /* anything but an end of line */
		n->negated = true;
		add_range(n, '\n', '\n');
		add_range(n, '\r', '\r');
	} else {
		add_range(n, code, code);
	}
	return n;
}

static int parse_number(struct parser *ps)
{
	int n = 0;

	if (ps->p >= ps->end || !isdigit((unsigned char)*ps->p))
		fault(ps, "Illegal repetition");
	while (ps->p < ps->end && isdigit((unsigned char)*ps->p)) {
		n = n * 10 + (*ps->p++ - '0');
		if (n > REPEAT_MAX) {
			fault(ps, "Illegal repetition range");
			return 0;
		}
	}
	return n;
}

static bool parse_quantifier(struct parser *ps, int *min, int *max)
{
	*min = 0;
	*max = -1;
	if (next_is(ps, "*"))
		return true;
	if (next_is(ps, "+")) {
		*min = 1;
		return true;
	}
	if (next_is(ps, "?")) {
		*max = 1;
		return true;
	}
	if (!next_is(ps, "{"))
		return false;
	*min = *max = parse_number(ps);
	if (next_is(ps, ","))
		*max = ps->p < ps->end && *ps->p == '}' ? -1 : parse_number(ps);
	if (!next_is(ps, "}"))
		fault(ps, "Unclosed counted closure");
	if (*max >= 0 && *max < *min)
		fault(ps, "Illegal repetition range");
	return true;
}

static struct node *parse_item(struct parser *ps)
{
	struct node *n = parse_atom(ps);
	int min, max;

	while (!ps->bad && parse_quantifier(ps, &min, &max)) {
		struct node *repeat = new_node(ps, NODE_REPEAT);

		repeat->of = n;
		repeat->min = min;
		repeat->max = max;
		repeat->mode = next_is(ps, "?") ? LAZY : next_is(ps, "+") ? POSSESSIVE : GREEDY;
		n = repeat;
	}
	return n;
}

static struct node *parse_sequence(struct parser *ps)
{
	struct node *first = NULL, **last = &first;

	while (!ps->bad && ps->p < ps->end && *ps->p != '|' && *ps->p != ')') {
		struct node *n = parse_item(ps);

		if (!n)
			break;
		*last = n;
		last = &n->next;
	}
	return first;
}

static struct node *parse_alternatives(struct parser *ps, enum node_type type)
{
	struct node *n = new_node(ps, type);

	do {
		n->alternatives = grow_array(n->alternatives, &n->alternatives_cap,
			n->alternatives_n + 1, sizeof(*n->alternatives));
		n->alternatives[n->alternatives_n++] = parse_sequence(ps);
	} while (!ps->bad && next_is(ps, "|"));
	return n;
}

int java_regex_compile(const char *pattern, struct java_regex **ret, char why[JAVA_REGEX_ERROR_MAX])
{
	struct java_regex *re = xcalloc(1, sizeof(*re));
	struct parser ps = {.re = re,
		.start = pattern,
		.p = pattern,
		.end = pattern + strlen(pattern),
		.why = why};

	re->any_case = next_is(&ps, "(?i)");
	re->root = parse_alternatives(&ps, NODE_GROUP);
	if (ps.p < ps.end)
		fault(&ps, "Unmatched closing ')'");
	if (ps.bad) {
		java_regex_free(re);
		return -EINVAL;
	}
	*ret = re;
	return 0;
}

struct java_regex *java_regex_free(struct java_regex *re)
{
	if (!re)
		return NULL;
	while (re->all) {
		struct node *n = re->all;

		re->all = n->all;
		free(n->ranges);
		free(n->alternatives);
		free(n);
	}
	free(re);
	return NULL;
}

/* What comes after the end of a sequence: a node and what follows it, or the next turn of a repetition. */
struct after {
	const struct node *node;
	const struct after *next;
	const struct node *repeat; /* if set: `count` turns are done, the last one began at `at` */
	int count;
	size_t at;
};

struct search {
	const struct java_regex *re;
	const char *text;
	size_t len;
	bool whole;     /* the match must end at len */
	size_t end;     /* where it ended */
	size_t ends_at; /* for a look-behind: where it must end; SIZE_MAX: anywhere */
	int steps, depth;
};

static bool run(struct search *s, const struct node *n, size_t at, const struct after *k);

static bool in_ranges(const struct node *set, uint32_t code)
{
	for (size_t i = 0; i < set->n; i++)
		if (code >= set->ranges[i].from && code <= set->ranges[i].to)
			return true;
	return false;
}

static bool in_set(const struct search *s, const struct node *set, uint32_t code)
{
	bool in = in_ranges(set, code);

	if (!in && s->re->any_case && code < 128)
		in = in_ranges(set, (uint32_t)tolower((int)code)) ||
		     in_ranges(set, (uint32_t)toupper((int)code));
	return in != set->negated;
}

static bool is_word(const struct search *s, size_t at)
{
	return at < s->len && (isalnum((unsigned char)s->text[at]) || s->text[at] == '_');
}

/* Matches the alternatives of a look-around or atomic group by themselves; the end is in s->end. */
static bool run_alone(struct search *s, const struct node *group, size_t at, size_t ends_at)
{
	static const struct node accept = {.type = NODE_ACCEPT};
	const struct after k = {.node = &accept};
	size_t before = s->ends_at;
	bool ok = false;

	s->ends_at = ends_at;
	for (size_t i = 0; i < group->alternatives_n && !ok; i++)
		ok = run(s, group->alternatives[i], at, &k);
	s->ends_at = before;
	return ok;
}

static bool look(struct search *s, const struct node *n, size_t at)
{
	if (!n->behind)
		return run_alone(s, n, at, SIZE_MAX);
	for (size_t from = at + 1; from-- > 0;)
		if (run_alone(s, n, from, at))
			return true;
	return false;
}

static bool run_group(struct search *s, const struct node *n, size_t at, const struct after *k)
{
	const struct after then = {.node = n->next, .next = k};

	if (n->atomic)
		return run_alone(s, n, at, SIZE_MAX) && run(s, n->next, s->end, k);
	for (size_t i = 0; i < n->alternatives_n; i++)
		if (run(s, n->alternatives[i], at, &then))
			return true;
	return false;
}

static bool run_possessive(struct search *s, const struct node *n, size_t at, const struct after *k)
{
	struct node *only = n->of;
	const struct node group = {.alternatives = &only, .alternatives_n = 1};
	int count = 0;

	while ((n->max < 0 || count < n->max) && run_alone(s, &group, at, SIZE_MAX)) {
		bool empty = s->end == at;

		at = s->end;
		count = empty ? MAX(count + 1, n->min)
			      : count + 1; /* an empty turn can be had any number of times */
		if (empty)
			break;
	}
	return count >= n->min && run(s, n->next, at, k);
}

static bool run_repeat(struct search *s, const struct node *n, int count, size_t began, size_t at,
	const struct after *k)
{
	const struct after again = {.repeat = n, .count = count + 1, .at = at, .next = k};
	bool more = (n->max < 0 || count < n->max) && !(count > n->min && at == began);

	if (n->mode == LAZY && count >= n->min && run(s, n->next, at, k))
		return true;
	if (more && run(s, n->of, at, &again))
		return true;
	return n->mode != LAZY && count >= n->min && run(s, n->next, at, k);
}

static bool run_end(struct search *s, size_t at, const struct after *k)
{
	if (!k) {
		s->end = at;
		return !s->whole || at == s->len;
	}
	if (k->repeat)
		return run_repeat(s, k->repeat, k->count, k->at, at, k->next);
	return run(s, k->node, at, k->next);
}

static bool run_node(struct search *s, const struct node *n, size_t at, const struct after *k)
{
	uint32_t code;
	size_t len;

	switch (n->type) {
	case NODE_SET:
		if (at >= s->len)
			return false;
		len = (size_t)abs(utf8_decode(s->text + at, s->len - at, &code));
		return in_set(s, n, code) && run(s, n->next, at + len, k);
	case NODE_START:
		return at == 0 && run(s, n->next, at, k);
	case NODE_END:
		return at == s->len && run(s, n->next, at, k);
	case NODE_WORD_EDGE:
		return ((at > 0 && is_word(s, at - 1)) != is_word(s, at)) != n->negated &&
		       run(s, n->next, at, k);
	case NODE_GROUP:
		return run_group(s, n, at, k);
	case NODE_LOOK:
		return look(s, n, at) != n->negated && run(s, n->next, at, k);
	case NODE_REPEAT:
		if (n->mode == POSSESSIVE)
			return run_possessive(s, n, at, k);
		return run_repeat(s, n, 0, SIZE_MAX, at, k);
	case NODE_ACCEPT:
		s->end = at;
		return s->ends_at == SIZE_MAX || at == s->ends_at;
	}
	return false;
}

static bool run(struct search *s, const struct node *n, size_t at, const struct after *k)
{
	bool ok;

	if (s->depth >= DEPTH_MAX || ++s->steps > STEPS_MAX)
		return false;
	s->depth++;
	ok = n ? run_node(s, n, at, k) : run_end(s, at, k);
	s->depth--;
	return ok;
}

bool java_regex_matches(const struct java_regex *re, const char *text, size_t len)
{
	struct search s = {.re = re, .text = text, .len = len, .whole = true, .ends_at = SIZE_MAX};

	return run(&s, re->root, 0, NULL);
}

bool java_regex_find(const struct java_regex *re, const char *text, size_t len, size_t from,
	size_t *ret_start, size_t *ret_end)
{
	for (size_t at = from; at <= len; at++) {
		struct search s = {.re = re, .text = text, .len = len, .ends_at = SIZE_MAX};

		if (!run(&s, re->root, at, NULL))
			continue;
		*ret_start = at;
		*ret_end = s.end;
		return true;
	}
	return false;
}
