/* print.c - a message as one line of JSON, for the request log.
 *
 * Names are written as the protocol's own documentation writes them (correlationId), so that the line can be
 * compared with Kafka's. The line is for people: long things are cut, secrets and payloads left out.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/uuid.h"
#include "protocol/codec.h"
#include "protocol/codec_priv.h"
#include "protocol/primitive.h"

#define STRING_SHOWN 200
#define ARRAY_SHOWN  50

static void print_struct(struct writer *w, const struct schema *s, int version, const void *in);

static void put(struct writer *w, const char *s)
{
	writer_put(w, s, strlen(s));
}

PRINTF(2, 3) static void putf(struct writer *w, const char *fmt, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(w, text);
}

/* correlation_id -> "correlationId": */
static void print_name(struct writer *w, const char *name)
{
	char c;

	put(w, "\"");
	for (; *name; name++) {
		c = *name;
		if (c == '_' && name[1]) {
			c = *++name;
			if (c >= 'a' && c <= 'z')
				c = (char)(c - 'a' + 'A');
		}
		writer_put(w, &c, 1);
	}
	put(w, "\":");
}

/* Bytes that are not text are shown as if they were Latin-1: the line stays valid JSON. */
static void print_string(struct writer *w, struct str s)
{
	struct str shown = { s.p, MIN(s.len, STRING_SHOWN) };
	bool text;
	int32_t i;

	if (s.len < 0) {
		put(w, "null");
		return;
	}
	text = shown.len == 0 || str_is_utf8(shown);
	put(w, "\"");
	for (i = 0; i < shown.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			putf(w, "\\%c", c);
		else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !text))
			putf(w, "\\u%04x", (unsigned)c);
		else
			writer_put(w, &c, 1);
	}
	put(w, s.len > shown.len ? "...\"" : "\"");
}

static void print_length(struct writer *w, int32_t len)
{
	if (len < 0)
		put(w, "null");
	else
		putf(w, "\"(%d bytes)\"", (int)len);
}

static void print_value(struct writer *w, const struct field *f, int version, const void *p)
{
	char uuid[UUID_TEXT_LEN + 1];

	switch ((enum field_type)f->type) {
	case FIELD_bool:
		put(w, *(const bool *)p ? "true" : "false");
		break;
	case FIELD_int8:
		putf(w, "%d", *(const int8_t *)p);
		break;
	case FIELD_int16:
		putf(w, "%d", *(const int16_t *)p);
		break;
	case FIELD_uint16:
		putf(w, "%d", *(const uint16_t *)p);
		break;
	case FIELD_int32:
		putf(w, "%d", (int)*(const int32_t *)p);
		break;
	case FIELD_int64:
		putf(w, "%lld", (long long)*(const int64_t *)p);
		break;
	case FIELD_float64: /* JSON has no name for infinity and NaN */
		if (isfinite(*(const double *)p))
			putf(w, "%.17g", *(const double *)p);
		else
			put(w, "null");
		break;
	case FIELD_uuid:
		putf(w, "\"%s\"", uuid_text(*(const struct uuid *)p, uuid));
		break;
	case FIELD_string:
		print_string(w, *(const struct str *)p);
		break;
	case FIELD_bytes:
		print_length(w, ((const struct bytes *)p)->len);
		break;
	case FIELD_records:
		print_length(w, ((const struct records *)p)->len);
		break;
	case FIELD_struct:
		print_struct(w, f->of, version, p);
		break;
	}
}

static void print_array(struct writer *w, const struct field *f, int version, const char *v, int32_t n)
{
	size_t size = field_element_size(f);
	int32_t i, shown = MIN(n, ARRAY_SHOWN);

	if (n < 0) {
		put(w, "null");
		return;
	}
	put(w, "[");
	for (i = 0; i < shown; i++) {
		if (i > 0)
			put(w, ",");
		print_value(w, f, version, v + (size_t)i * size);
	}
	if (n > shown)
		putf(w, ",\"(%d more)\"", (int)(n - shown));
	put(w, "]");
}

static void print_field(struct writer *w, const struct field *f, int version, const void *in)
{
	const void *p = field_at_const(f, in);

	print_name(w, f->name);
	if (f->redacted) {
		put(w, "\"(redacted)\"");
		return;
	}
	switch ((enum field_shape)f->shape) {
	case SHAPE_ONE:
		print_value(w, f, version, p);
		break;
	case SHAPE_ARRAY:
		print_array(w, f, version, *(const char *const *)p, field_n(f, in));
		break;
	case SHAPE_POINTER:
		p = *(const void *const *)p;
		if (p)
			print_struct(w, f->of, version, p);
		else
			put(w, "null");
		break;
	}
}

static void print_struct(struct writer *w, const struct schema *s, int version, const void *in)
{
	const struct field *f, *end = s->fields + s->n;
	bool first = true;

	put(w, "{");
	for (f = s->fields; f < end; f++) {
		if (!field_in(f, version))
			continue;
		if (!first)
			put(w, ",");
		first = false;
		print_field(w, f, version, in);
	}
	put(w, "}");
}

int codec_print(const struct schema *s, int version, const void *in, struct writer *w)
{
	print_struct(w, s, version, in);
	return w->bad ? FAIL(-EMSGSIZE) : 0;
}
