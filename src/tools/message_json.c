/* message_json.c - the field tables of the codec give names, types and versions. */
#include "tools/message_json.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/uuid.h"
#include "protocol/codec.h"
#include "protocol/primitive.h"
#include "protocol/schema.h"
#include "tools/json_text.h"

struct writing {
	int version;
	message_json_bytes_fn *bytes;
	FILE *out;
};

static void put_struct(const struct writing *w, const struct schema *s, const void *in);

/* One character at p; returns its length in bytes. */
static size_t put_character(const char *p, size_t n, FILE *out)
{
	uint32_t code;
	int len = utf8_decode(p, n, &code);

	if (len < 0)
		fputs("\xef\xbf\xbd", out);
	else
		fwrite(p, 1, (size_t)len, out);
	return (size_t)(len < 0 ? -len : len);
}

void message_json_plain(const void *text, size_t n, FILE *out)
{
	const char *p = text;

	for (size_t i = 0; i < n;) {
		if ((unsigned char)p[i] < 0x80)
			putc_unlocked(p[i++], out);
		else
			i += put_character(p + i, n - i, out);
	}
}

static void put_base64(struct bytes b, FILE *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (b.len < 0) {
		fputs("null", out);
		return;
	}
	putc('"', out);
	for (int32_t i = 0; i < b.len; i += 3) {
		int32_t left = b.len - i;
		uint32_t v = (uint32_t)b.p[i] << 16 | (left > 1 ? (uint32_t)b.p[i + 1] << 8 : 0) |
			     (left > 2 ? b.p[i + 2] : 0);

		putc(digits[v >> 18], out);
		putc(digits[v >> 12 & 63], out);
		putc(left > 1 ? digits[v >> 6 & 63] : '=', out);
		putc(left > 2 ? digits[v & 63] : '=', out);
	}
	putc('"', out);
}

/* group_instance_id -> groupInstanceId */
static void put_name(const char *name, FILE *out)
{
	putc('"', out);
	for (; *name; name++) {
		if (*name == '_' && name[1])
			putc(*++name - 'a' + 'A', out);
		else
			putc(*name, out);
	}
	fputs("\":", out);
}

static void put_value(const struct writing *w, const struct field *f, const void *p)
{
	char text[UUID_TEXT_LEN + 1];

	switch ((enum field_type)f->type) {
	case FIELD_bool:
		fputs(*(const bool *)p ? "true" : "false", w->out);
		break;
	case FIELD_int8:
		fprintf(w->out, "%d", *(const int8_t *)p);
		break;
	case FIELD_int16:
		fprintf(w->out, "%d", *(const int16_t *)p);
		break;
	case FIELD_uint16:
		fprintf(w->out, "%d", *(const uint16_t *)p);
		break;
	case FIELD_int32:
		fprintf(w->out, "%" PRId32, *(const int32_t *)p);
		break;
	case FIELD_int64:
		fprintf(w->out, "%" PRId64, *(const int64_t *)p);
		break;
	case FIELD_float64:
		json_put_real(w->out, *(const double *)p);
		break;
	case FIELD_uuid:
		fprintf(w->out, "\"%s\"", uuid_text(*(const struct uuid *)p, text));
		break;
	case FIELD_string:
		json_put_string(w->out, *(const struct str *)p);
		break;
	case FIELD_bytes:
		if (!w->bytes || !w->bytes(f, *(const struct bytes *)p, w->out))
			put_base64(*(const struct bytes *)p, w->out);
		break;
	case FIELD_records: /* as the request log of Kafka shows them */
		fprintf(w->out, "%" PRId32, ((const struct records *)p)->len);
		break;
	case FIELD_struct:
		put_struct(w, f->of, p);
		break;
	}
}

static void put_array(const struct writing *w, const struct field *f, const char *elements, int32_t n)
{
	if (n < 0) {
		fputs("null", w->out);
		return;
	}
	putc('[', w->out);
	for (int32_t i = 0; i < n; i++) {
		if (i)
			putc(',', w->out);
		put_value(w, f, elements + (size_t)i * codec_value_size(f));
	}
	putc(']', w->out);
}

static void put_field(const struct writing *w, const struct field *f, const char *base)
{
	const void *p;
	int32_t n;

	put_name(f->name, w->out);
	switch ((enum field_shape)f->shape) {
	case SHAPE_ONE:
		put_value(w, f, base + f->at);
		break;
	case SHAPE_ARRAY:
		memcpy(&p, base + f->at, sizeof(p));
		memcpy(&n, base + f->count_at, sizeof(n));
		put_array(w, f, p, n);
		break;
	case SHAPE_POINTER:
		memcpy(&p, base + f->at, sizeof(p));
		if (p)
			put_struct(w, f->of, p);
		else
			fputs("null", w->out);
		break;
	}
}

static void put_struct(const struct writing *w, const struct schema *s, const void *in)
{
	bool first = true;

	putc('{', w->out);
	for (uint16_t i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		if (!field_in(f, w->version) || (f->tagged && codec_is_default(f, in)))
			continue;
		if (!first)
			putc(',', w->out);
		first = false;
		put_field(w, f, in);
	}
	putc('}', w->out);
}

void message_json(const struct schema *s, int version, const void *in, message_json_bytes_fn *bytes,
	FILE *out)
{
	const struct writing w = {version, bytes, out};

	put_struct(&w, s, in);
}
