/* formatter_log.c - coordinator records as text: the field tables of the codec give names, types and versions.
 *
 * The JSON is that of Kafka's generated converters: names in camel case, fields that the version lacks left out, bytes
 * in base64.
 */
#include "tools/formatter_log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/uuid.h"
#include "protocol/codec.h"
#include "protocol/messages.h"

#define UNDERFLOW "java.nio.BufferUnderflowException"

static void put_string(struct str s, FILE *out)
{
	static const char escaped[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";

	if (s.len < 0) {
		fputs("null", out);
		return;
	}
	putc('"', out);
	for (int32_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		const char *at = c ? strchr(escaped, c) : NULL;

		if (at)
			fprintf(out, "\\%c", letters[at - escaped]);
		else if (c < ' ')
			fprintf(out, "\\u%04X", c);
		else
			putc(c, out);
	}
	putc('"', out);
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
	putc('"', out);
}

static void put_struct(const struct schema *s, int version, const void *in, FILE *out);

static size_t size_of(const struct field *f)
{
	switch ((enum field_type)f->type) {
	case FIELD_bool:
		return sizeof(bool);
	case FIELD_int8:
		return sizeof(int8_t);
	case FIELD_int16:
	case FIELD_uint16:
		return sizeof(int16_t);
	case FIELD_int32:
		return sizeof(int32_t);
	case FIELD_int64:
		return sizeof(int64_t);
	case FIELD_float64:
		return sizeof(double);
	case FIELD_uuid:
		return sizeof(struct uuid);
	case FIELD_string:
		return sizeof(struct str);
	case FIELD_bytes:
		return sizeof(struct bytes);
	case FIELD_records:
		return sizeof(struct records);
	case FIELD_struct:
		return codec_struct_size(f->of);
	}
	return 0;
}

static void put_value(const struct field *f, int version, const void *p, FILE *out)
{
	char text[UUID_TEXT_LEN + 1];

	switch ((enum field_type)f->type) {
	case FIELD_bool:
		fputs(*(const bool *)p ? "true" : "false", out);
		break;
	case FIELD_int8:
		fprintf(out, "%d", *(const int8_t *)p);
		break;
	case FIELD_int16:
		fprintf(out, "%d", *(const int16_t *)p);
		break;
	case FIELD_uint16:
		fprintf(out, "%d", *(const uint16_t *)p);
		break;
	case FIELD_int32:
		fprintf(out, "%" PRId32, *(const int32_t *)p);
		break;
	case FIELD_int64:
		fprintf(out, "%" PRId64, *(const int64_t *)p);
		break;
	case FIELD_float64:
		fprintf(out, "%g", *(const double *)p);
		break;
	case FIELD_uuid:
		fprintf(out, "\"%s\"", uuid_text(*(const struct uuid *)p, text));
		break;
	case FIELD_string:
		put_string(*(const struct str *)p, out);
		break;
	case FIELD_bytes:
		put_base64(*(const struct bytes *)p, out);
		break;
	case FIELD_records:
		break; /* none in these messages */
	case FIELD_struct:
		put_struct(f->of, version, p, out);
		break;
	}
}

static void put_field(const struct field *f, int version, const char *base, FILE *out)
{
	const char *elements;
	int32_t n;

	put_name(f->name, out);
	putc(':', out);
	if (f->shape != SHAPE_ARRAY) {
		put_value(f, version, base + f->at, out);
		return;
	}
	memcpy(&elements, base + f->at, sizeof(elements));
	memcpy(&n, base + f->count_at, sizeof(n));
	if (n < 0) {
		fputs("null", out);
		return;
	}
	putc('[', out);
	for (int32_t i = 0; i < n; i++) {
		if (i)
			putc(',', out);
		put_value(f, version, elements + (size_t)i * size_of(f), out);
	}
	putc(']', out);
}

static void put_struct(const struct schema *s, int version, const void *in, FILE *out)
{
	bool first = true;

	putc('{', out);
	for (uint16_t i = 0; i < s->n; i++) {
		if (!field_in(&s->fields[i], version))
			continue;
		if (!first)
			putc(',', out);
		first = false;
		put_field(&s->fields[i], version, in, out);
	}
	putc('}', out);
}

/* Any of the records' structs. */
union record {
	struct offset_commit_key offset_key;
	struct offset_commit_value offset_value;
	struct group_metadata_key group_key;
	struct group_metadata_value group_value;
	struct transaction_log_key transaction_key;
	struct transaction_log_value transaction_value;
};

/* Writes {"version":V,"data":...}; `s` NULL or a version that it lacks: unknown. */
static int put_versioned(const struct schema *s, struct bytes b, FILE *out, const char **ret_error)
{
	struct cursor c = cur_of(b.p, (size_t)b.len);
	int16_t version = cur_i16(&c);
	union record record;
	struct arena a;
	int r;

	if (c.bad) {
		*ret_error = UNDERFLOW;
		return -EINVAL;
	}
	if (!s || version < s->first || version > s->last) {
		fprintf(out, "{\"version\":%d,\"data\":\"unknown\"}", version);
		return 0;
	}
	arena_init(&a, 0);
	r = codec_decode(s, version, &c, &a, &record);
	if (!r) {
		fprintf(out, "{\"version\":%d,\"data\":", version);
		put_struct(s, version, &record, out);
		putc('}', out);
	}
	arena_fini(&a);
	if (!r)
		return 0;
	*ret_error = UNDERFLOW;
	return -EINVAL;
}

/* What a key of this version is: of offsets, of a group, or NULL. */
static const struct schema *key_schema(enum formatter_log kind, int version)
{
	if (kind == FORMATTER_LOG_TRANSACTIONS)
		return &transaction_log_key_schema;
	if (version >= offset_commit_key_first && version <= offset_commit_key_last)
		return &offset_commit_key_schema;
	if (version == group_metadata_key_first)
		return &group_metadata_key_schema;
	return NULL;
}

static bool is_of_other_kind(enum formatter_log kind, const struct schema *s)
{
	if (kind == FORMATTER_LOG_GROUPS)
		return s == &offset_commit_key_schema;
	return kind != FORMATTER_LOG_TRANSACTIONS && s == &group_metadata_key_schema;
}

static int write_json(enum formatter_log kind, const struct schema *key_of, struct bytes key,
	struct bytes value, FILE *out, const char **ret_error)
{
	const struct schema *value_of =
		kind == FORMATTER_LOG_TRANSACTIONS ? &transaction_log_value_schema
		: kind == FORMATTER_LOG_GROUPS     ? &group_metadata_value_schema
						   : &offset_commit_value_schema;

	fputs("{\"key\":", out);
	if (key.len < 0)
		fputs("null", out);
	else if (put_versioned(key_of, key, out, ret_error))
		return -EINVAL;
	fputs(",\"value\":", out);
	if (value.len < 0)
		fputs("null", out);
	else if (put_versioned(value_of, value, out, ret_error))
		return -EINVAL;
	putc('}', out);
	return 0;
}

int formatter_log_write(enum formatter_log kind, struct bytes key, struct bytes value, FILE *out,
	const char **ret_error)
{
	const struct schema *key_of = NULL;

	if (key.len >= 0) {
		struct cursor c = cur_of(key.p, (size_t)key.len);

		key_of = key_schema(kind, cur_i16(&c));
	}
	if (key_of && is_of_other_kind(kind, key_of))
		return 0;
	return write_json(kind, key_of, key, value, out, ret_error);
}
