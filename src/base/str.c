/* str.c - borrowed strings: comparison, UTF-8, numbers, Java's hash. */
#include "base/str.h"

#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"

static size_t len_of(struct str s)
{
	return s.len > 0 ? (size_t)s.len : 0;
}

struct str str_of(const char *s)
{
	size_t n;

	if (!s)
		return STR_NULL;
	n = strlen(s);
	assert(n <= INT32_MAX);
	return (struct str){ s, (int32_t)n };
}

bool str_eq(struct str a, struct str b)
{
	if (a.len < 0 || b.len < 0)
		return a.len < 0 && b.len < 0;
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, (size_t)a.len) == 0);
}

bool str_is(struct str a, const char *s)
{
	return a.len >= 0 && s && str_eq(a, str_of(s));
}

int str_cmp(struct str a, struct str b)
{
	size_t n = MIN(len_of(a), len_of(b));
	int c;

	if (a.len < 0 || b.len < 0)
		return (a.len >= 0) - (b.len >= 0);
	c = n > 0 ? memcmp(a.p, b.p, n) : 0;
	if (c != 0)
		return c < 0 ? -1 : 1;
	return (a.len > b.len) - (a.len < b.len);
}

char *str_dup(struct str s)
{
	char *q;

	if (s.len < 0)
		return NULL;
	q = xmalloc((size_t)s.len + 1);
	if (s.len > 0)
		memcpy(q, s.p, (size_t)s.len);
	q[s.len] = '\0';
	return q;
}

char *str_copy(struct str s, char *buf, size_t size)
{
	size_t n = len_of(s);

	if (size == 0)
		return buf;
	n = MIN(n, size - 1);
	if (n > 0)
		memcpy(buf, s.p, n);
	buf[n] = '\0';
	return buf;
}

/* The lead byte's promise: length, and the bounds of the second byte, which exclude overlong forms,
 * surrogates and code points above U+10FFFF (Unicode, table 3-7). Length 0: not a lead byte. */
struct utf8_lead {
	int len;
	uint8_t low, high;
};

static struct utf8_lead utf8_lead(uint8_t b)
{
	if (b < 0x80)
		return (struct utf8_lead){ 1, 0, 0 };
	if (b < 0xC2 || b > 0xF4)
		return (struct utf8_lead){ 0, 0, 0 };
	if (b < 0xE0)
		return (struct utf8_lead){ 2, 0x80, 0xBF };
	if (b < 0xF0)
		return (struct utf8_lead){ 3, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF };
	return (struct utf8_lead){ 4, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF };
}

int utf8_decode(const char *p, size_t n, uint32_t *ret)
{
	const uint8_t *u = (const uint8_t *)p;
	struct utf8_lead lead = utf8_lead(u[0]);
	uint32_t code;

	*ret = 0xFFFD;
	if (lead.len == 0)
		return -1;
	if (lead.len == 1) {
		*ret = u[0];
		return 1;
	}
	code = u[0] & (0x7Fu >> lead.len);
	for (int i = 1; i < lead.len; i++) {
		uint8_t low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xBF;

		if ((size_t)i >= n || u[i] < low || u[i] > high)
			return -i;
		code = code << 6 | (u[i] & 0x3Fu);
	}
	*ret = code;
	return lead.len;
}

/* Stops once above `max`. */
bool str_utf16_longer(struct str s, int32_t max)
{
	int64_t units = 0;

	if (s.len <= max)
		return false;
	for (int32_t at = 0; at < s.len && units <= max;) {
		uint32_t code;
		int n = utf8_decode(s.p + at, (size_t)(s.len - at), &code);

		units += code >= 0x10000 ? 2 : 1;
		at += n < 0 ? -n : n;
	}
	return units > max;
}

size_t utf8_encode(uint32_t code, char *buf)
{
	uint8_t *u = (uint8_t *)buf;

	if (code < 0x80) {
		u[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		u[0] = (uint8_t)(0xC0 | code >> 6);
		u[1] = (uint8_t)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		u[0] = (uint8_t)(0xE0 | code >> 12);
		u[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
		u[2] = (uint8_t)(0x80 | (code & 0x3F));
		return 3;
	}
	u[0] = (uint8_t)(0xF0 | code >> 18);
	u[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
	u[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
	u[3] = (uint8_t)(0x80 | (code & 0x3F));
	return 4;
}

/* One character of s at `at` as it stands between quotes; returns the bytes of s used, sets *ret_n. */
static size_t quote_one(struct str s, size_t at, char *out, size_t out_size, size_t *ret_n)
{
	uint32_t code;
	int n = utf8_decode(s.p + at, len_of(s) - at, &code);

	if (n == 1 && (code == '"' || code == '\\')) {
		out[0] = '\\';
		out[1] = (char)code;
		*ret_n = 2;
		return 1;
	}
	/* Controls, C1 too, would let a client steer the operator's terminal. */
	if (n < 0 || code < 0x20 || (code >= 0x7F && code < 0xA0)) {
		(void)snprintf(out, out_size, "\\x%02x", (unsigned)(uint8_t)s.p[at]);
		*ret_n = 4;
		return 1;
	}
	memcpy(out, s.p + at, (size_t)n);
	*ret_n = (size_t)n;
	return (size_t)n;
}

char *str_quote(struct str s, char *buf, size_t size)
{
	size_t used = 0, n;
	char out[8];

	if (s.len < 0)
		return str_copy(STR("null"), buf, size);
	if (size < 3)
		return str_copy(STR(""), buf, size);
	buf[used++] = '"';
	for (size_t at = 0; at < len_of(s);) {
		size_t step = quote_one(s, at, out, sizeof(out), &n);

		if (n > size - 2 - used)
			break;
		memcpy(buf + used, out, n);
		used += n;
		at += step;
	}
	buf[used++] = '"';
	buf[used] = '\0';
	return buf;
}

bool str_is_utf8(struct str s)
{
	uint32_t code;

	for (size_t at = 0; at < len_of(s);) {
		int n = utf8_decode(s.p + at, len_of(s) - at, &code);

		if (n < 0 || code == 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

bool str_to_i64(struct str s, int64_t min, int64_t max, int64_t *ret)
{
	size_t n = len_of(s), i = 0;
	bool minus = n > 0 && s.p[0] == '-';
	int64_t v = 0;

	if (n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		i++;
	if (i == n)
		return false;
	for (; i < n; i++) {
		int digit = s.p[i] - '0';

		if (digit < 0 || digit > 9)
			return false;
		/* Counted downward, because the lowest number has no positive twin. */
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v))
			return false;
	}
	if (!minus && __builtin_sub_overflow(0, v, &v))
		return false;
	if (v < min || v > max)
		return false;
	*ret = v;
	return true;
}

int32_t str_java_hash(struct str s)
{
	uint32_t hash = 0, code;

	for (size_t at = 0; at < len_of(s);) {
		int n = utf8_decode(s.p + at, len_of(s) - at, &code);

		if (code >= 0x10000) {
			hash = hash * 31 + (0xD800 + ((code - 0x10000) >> 10));
			code = 0xDC00 + ((code - 0x10000) & 0x3FF);
		}
		hash = hash * 31 + code;
		at += (size_t)(n < 0 ? -n : n);
	}
	return (int32_t)hash;
}
