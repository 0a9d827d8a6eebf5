/* config_value.c - text into checked values, and numbers into Java's text.
 *
 * Messages are those of ConfigDef.java (3.9), because they travel to clients in error answers.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "broker/config_def.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"

const char *java_double(double d, char *buf, size_t size)
{
	char sci[40], digits[24];
	int exp, n = 0;

	if (isnan(d) || isinf(d) || d == 0) {
		snprintf(buf, size, "%s",
			isnan(d)   ? "NaN"
			: isinf(d) ? (d > 0 ? "Infinity" : "-Infinity")
				   : (signbit(d) ? "-0.0" : "0.0"));
		return buf;
	}
	for (int precision = 0; precision < 17;
		precision++) { /* the shortest that reads back the same */
		snprintf(sci, sizeof(sci), "%.*e", precision, fabs(d));
		if (strtod(sci, NULL) == fabs(d))
			break;
	}
	exp = atoi(strchr(sci, 'e') + 1);
	for (const char *p = sci; *p != 'e'; p++) {
		if (*p != '.')
			digits[n++] = *p;
	}
	digits[n] = '\0';
	if (exp >= -3 && exp < 0)
		snprintf(buf, size, "%s0.%.*s%s", d < 0 ? "-" : "", -exp - 1, "00", digits);
	else if (exp >= 0 && exp < 7 && n <= exp + 1)
		snprintf(buf, size, "%s%s%.*s.0", d < 0 ? "-" : "", digits, exp + 1 - n, "000000");
	else if (exp >= 0 && exp < 7)
		snprintf(buf, size, "%s%.*s.%s", d < 0 ? "-" : "", exp + 1, digits,
			digits + exp + 1);
	else
		snprintf(buf, size, "%s%c.%sE%d", d < 0 ? "-" : "", digits[0],
			n > 1 ? digits + 1 : "0", exp);
	return buf;
}

/* Is `s` of length `n` one of the elements of "a, b, c"? */
static bool names_have(const char *names, const char *s, size_t n, bool any_case)
{
	for (const char *p = names; *p;) {
		size_t len = strcspn(p, ",");

		if (len == n && !(any_case ? strncasecmp(p, s, n) : strncmp(p, s, n)))
			return true;
		p += len;
		p += strspn(p, ", ");
	}
	return false;
}

/* [0-9]+:[0-9]+ or nothing (ThrottledReplicaListValidator). */
static bool is_replica(const char *s)
{
	size_t a = strspn(s, "0123456789"), b;

	if (*s == '\0')
		return true;
	if (a == 0 || s[a] != ':')
		return false;
	b = strspn(s + a + 1, "0123456789");
	return b > 0 && s[a + 1 + b] == '\0';
}

static bool are_replicas(const struct config_value *v)
{
	size_t filled = 0, stars = 0;
	bool all = true;

	for (size_t i = 0; i < v->list.n; i++) {
		filled += v->list.v[i][0] != '\0';
		stars += !strcmp(v->list.v[i], "*");
		all = all && is_replica(v->list.v[i]);
	}
	return all || (stars == 1 && filled == 1);
}

static int bad(
	const struct config_key *k, const char *value, char *why, size_t size, const char *msg)
{
	snprintf(why, size, "Invalid value %s for configuration %s: %s", value, k->name, msg);
	return KERR_INVALID_CONFIG;
}

static double number_of(const struct config_key *k, const struct config_value *v)
{
	return k->type == CONFIG_DOUBLE
		       ? v->d
		       : (double)v->i; /* as Kafka compares: Number.doubleValue() */
}

static int check_number(
	const struct config_key *k, const struct config_value *v, char *why, size_t size)
{
	const struct config_rule *r = &k->rule;
	bool or_other = r->kind == RULE_BETWEEN_OR || r->kind == RULE_AT_LEAST_OR;
	bool has_max = r->kind == RULE_BETWEEN || r->kind == RULE_BETWEEN_OR;
	double d = number_of(k, v);
	char msg[128];

	if (or_other && d == r->other)
		return 0;
	if (!(d < r->min) && !(has_max && d > r->max))
		return 0;
	if (r->kind == RULE_BETWEEN_OR)
		snprintf(msg, sizeof(msg),
			"Value must be between %.15g and %.15g or equal to %.15g", r->min, r->max,
			r->other);
	else if (r->kind == RULE_AT_LEAST_OR)
		snprintf(msg, sizeof(msg), "value can be %.15g or greater than or equal to %.15g",
			r->other, r->min);
	else if (d < r->min)
		snprintf(msg, sizeof(msg), "Value must be at least %.15g", r->min);
	else
		snprintf(msg, sizeof(msg), "Value must be no more than %.15g", r->max);
	return bad(k, v->text, why, size, msg);
}

static int check_names(
	const struct config_key *k, const struct config_value *v, char *why, size_t size)
{
	bool any_case = k->rule.kind == RULE_ONE_OF_NOCASE;
	const char *wrong = NULL;
	char msg[256];

	if (k->type != CONFIG_LIST &&
		!names_have(k->rule.names, v->text, strlen(v->text), any_case))
		wrong = v->text;
	for (size_t i = 0; k->type == CONFIG_LIST && i < v->list.n && !wrong; i++) {
		if (!names_have(k->rule.names, v->list.v[i], strlen(v->list.v[i]), any_case))
			wrong = v->list.v[i];
	}
	if (!wrong)
		return 0;
	snprintf(msg, sizeof(msg), "String must be one of%s: %s",
		any_case ? " (case insensitive)" : "", k->rule.names);
	return bad(k, wrong, why, size, msg);
}

/* As Java prints a list, cut to fit. */
static void print_list(const struct config_value *v, char *buf, size_t size)
{
	size_t at = (size_t)snprintf(buf, size, "[");

	for (size_t i = 0; i < v->list.n && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "", v->list.v[i]);
	if (at < size)
		snprintf(buf + at, size - at, "]");
}

static int check_replicas(
	const struct config_key *k, const struct config_value *v, char *why, size_t size)
{
	char msg[256], list[512];

	if (are_replicas(v))
		return 0;
	snprintf(msg, sizeof(msg),
		"%s must be the literal '*' or a list of replicas in the following format: "
		"[partitionId]:[brokerId],[partitionId]:[brokerId],...",
		k->name);
	print_list(v, list, sizeof(list));
	return bad(k, list, why, size, msg);
}

static int check(const struct config_key *k, const struct config_value *v, char *why, size_t size)
{
	char msg[256];

	switch (k->rule.kind) {
	case RULE_AT_LEAST:
	case RULE_BETWEEN:
	case RULE_BETWEEN_OR:
	case RULE_AT_LEAST_OR:
		return check_number(k, v, why, size);
	case RULE_ONE_OF:
	case RULE_ONE_OF_NOCASE:
		return check_names(k, v, why, size);
	case RULE_NON_EMPTY:
		if (v->text[0] == '\0')
			return bad(k, "", why, size, "String must be non-empty");
		return 0;
	case RULE_VERSION:
		if (metadata_version(v->text) >= 0)
			return 0;
		snprintf(msg, sizeof(msg), "Version %.100s is not a valid version", v->text);
		return bad(k, v->text, why, size, msg);
	case RULE_REPLICAS:
		return check_replicas(k, v, why, size);
	case RULE_ANY:
	case RULE_NON_NULL:
	case RULE_NON_EMPTY_LIST: /* the empty default passes Kafka's check too */
		return 0;
	}
	return 0;
}

static void split_list(struct config_value *v)
{
	const char *p = v->text;
	size_t cap = 0;

	v->list.v = NULL;
	v->list.n = 0;
	if (*p == '\0')
		return;
	for (;;) {
		size_t len = strcspn(p, ","), keep = len;
		const char *from = p;

		while (keep > 0 && v->list.n > 0 && isspace((unsigned char)*from))
			from++, keep--;
		while (keep > 0 && p[len] && isspace((unsigned char)from[keep - 1]))
			keep--;
		v->list.v = grow_array(v->list.v, &cap, v->list.n + 1, sizeof(*v->list.v));
		v->list.v[v->list.n++] = xstrndup(from, keep);
		if (p[len] == '\0')
			return;
		p += len + 1;
	}
}

static void join_list(struct config_value *v)
{
	size_t n = 1, at = 0;

	for (size_t i = 0; i < v->list.n; i++)
		n += strlen(v->list.v[i]) + 1;
	free(v->text);
	v->text = xcalloc(1, n);
	for (size_t i = 0; i < v->list.n; i++)
		at += (size_t)snprintf(v->text + at, n - at, "%s%s", i ? "," : "", v->list.v[i]);
}

bool java_double_parse(const char *s, double *ret)
{
	char *end;

	if (!strcmp(s, "NaN") || !strcmp(s, "Infinity") || !strcmp(s, "+Infinity") ||
		!strcmp(s, "-Infinity")) {
		*ret = s[0] == 'N' ? NAN : s[0] == '-' ? -INFINITY : INFINITY;
		return true;
	}
	if (s[strspn(s, "+-")] != '.' && !isdigit((unsigned char)s[strspn(s, "+-")]))
		return false; /* C's "inf" and "nan" are no numbers to Java */
	*ret = strtod(s, &end);
	if (end != s && *end && strchr("dDfF", *end))
		end++;
	return end != s && *end == '\0';
}

static bool parse_number(const struct config_key *k, struct config_value *v)
{
	char buf[40];

	switch (k->type) {
	case CONFIG_INT:
		if (!str_to_i64(str_of(v->text), INT32_MIN, INT32_MAX, &v->i))
			return false;
		break;
	case CONFIG_SHORT:
		if (!str_to_i64(str_of(v->text), INT16_MIN, INT16_MAX, &v->i))
			return false;
		break;
	case CONFIG_LONG:
		if (!str_to_i64(str_of(v->text), INT64_MIN, INT64_MAX, &v->i))
			return false;
		break;
	default:
		if (!java_double_parse(v->text, &v->d))
			return false;
		free(v->text);
		v->text = xstrdup(java_double(v->d, buf, sizeof(buf)));
		return true;
	}
	free(v->text);
	v->text = xasprintf("%lld", (long long)v->i);
	return true;
}

static const char *type_name(enum config_type type)
{
	static const char *const names[] = {
		[CONFIG_UNKNOWN] = "UNKNOWN",
		[CONFIG_BOOLEAN] = "BOOLEAN",
		[CONFIG_STRING] = "STRING",
		[CONFIG_INT] = "INT",
		[CONFIG_SHORT] = "SHORT",
		[CONFIG_LONG] = "LONG",
		[CONFIG_DOUBLE] = "DOUBLE",
		[CONFIG_LIST] = "LIST",
		[CONFIG_CLASS] = "CLASS",
		[CONFIG_PASSWORD] = "PASSWORD",
	};

	return names[type];
}

static int parse(const struct config_key *k, struct config_value *v, char *why, size_t size)
{
	char msg[64];

	switch (k->type) {
	case CONFIG_BOOLEAN:
		v->b = !strcasecmp(v->text, "true");
		if (!v->b && strcasecmp(v->text, "false"))
			return bad(
				k, v->text, why, size, "Expected value to be either true or false");
		free(v->text);
		v->text = xstrdup(v->b ? "true" : "false");
		return 0;
	case CONFIG_INT:
	case CONFIG_SHORT:
	case CONFIG_LONG:
	case CONFIG_DOUBLE:
		if (parse_number(k, v))
			return 0;
		snprintf(msg, sizeof(msg), "Not a number of type %s", type_name(k->type));
		return bad(k, v->text, why, size, msg);
	case CONFIG_LIST:
		split_list(v);
		join_list(v);
		return 0;
	case CONFIG_CLASS:
		if (v->text[0] != '\0')
			return 0;
		return bad(k, v->text, why, size, "Class  could not be found.");
	case CONFIG_STRING:
	case CONFIG_PASSWORD:
	case CONFIG_UNKNOWN:
		return 0;
	}
	return 0;
}

int config_value_parse(const struct config_key *k, const char *text, struct config_value *ret,
	char *why, size_t why_size)
{
	struct config_value v = {.is_null = text == NULL};
	size_t len;
	int r;

	if (!text) {
		*ret = v;
		return 0;
	}
	while (*text > 0 && *text <= ' ') /* String.trim */
		text++;
	for (len = strlen(text); len > 0 && text[len - 1] > 0 && text[len - 1] <= ' '; len--)
		;
	v.text = xstrndup(text, len);
	r = parse(k, &v, why, why_size);
	if (r == 0)
		r = check(k, &v, why, why_size);
	if (r) {
		config_value_fini(k, &v);
		return r;
	}
	*ret = v;
	return 0;
}

void config_value_fini(const struct config_key *k, struct config_value *v)
{
	if (k->type == CONFIG_LIST && !v->is_null) {
		for (size_t i = 0; i < v->list.n; i++)
			free(v->list.v[i]);
		free(v->list.v);
	}
	free(v->text);
	*v = (struct config_value){.is_null = true};
}
