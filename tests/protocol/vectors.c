/* vectors.c - see vectors.h. */
#include "protocol/vectors.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/uuid.h"
#include "protocol/codec_priv.h"
#include "protocol/primitive.h"

static void die(const char *what, const char *detail)
{
	fprintf(stderr, "%s: %s\n", what, detail);
	abort();
}

static void path_of(const char *name, char *buf, size_t size)
{
	const char *root = getenv("TEST_SRCDIR");

	snprintf(buf, size, "%s/tests/protocol/data/%s", root ? root : ".", name);
}

FILE *vectors_open(const char *name)
{
	char path[4096];
	FILE *f;

	path_of(name, path, sizeof(path));
	f = fopen(path, "r");
	if (!f)
		die("cannot open", path);
	return f;
}

json_t *vectors_json(const char *name)
{
	char path[4096];
	json_error_t error;
	json_t *json;

	path_of(name, path, sizeof(path));
	json = json_load_file(path, 0, &error);
	if (!json)
		die(path, error.text);
	return json;
}

static int digit(char c)
{
	const char *at = c ? strchr("0123456789abcdef", c) : NULL;

	if (!at)
		die("not hex", "vector");
	return (int)(at - "0123456789abcdef");
}

uint8_t *vectors_unhex(const char *hex, size_t *ret_n)
{
	size_t i, n = strlen(hex) / 2;
	uint8_t *p = malloc(n ? n : 1);

	if (!p)
		die("no memory", "vector");
	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	*ret_n = n;
	return p;
}

static void each_line(const char *line, void (*fn)(const struct vector *v, void *arg), void *arg)
{
	json_error_t error;
	json_t *json = json_loads(line, 0, &error);
	struct vector v = { 0 };
	const char *name;
	uint8_t *p;

	if (!json)
		die("messages.jsonl", error.text);
	name = json_string_value(json_object_get(json, "message"));
	v.schema = schema_find(str_of(name));
	if (!v.schema)
		die("no schema", name);
	v.version = (int)json_integer_value(json_object_get(json, "version"));
	v.json = json_object_get(json, "json");
	p = vectors_unhex(json_string_value(json_object_get(json, "hex")), &v.n);
	v.p = p;
	snprintf(v.label, sizeof(v.label), "%s v%d %s", name, v.version,
		 json_string_value(json_object_get(json, "variant")));
	fn(&v, arg);
	free(p);
	json_decref(json);
}

void vectors_each_message(void (*fn)(const struct vector *v, void *arg), void *arg)
{
	FILE *f = vectors_open("messages.jsonl");
	char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, f) > 0)
		each_line(line, fn, arg);
	free(line);
	fclose(f);
}

static bool any_records;

static bool struct_matches(const struct schema *s, int version, const void *in, const json_t *json);

/* The pack writes fetchOffset where the row says fetch_offset. */
static bool same_name(const char *row, const char *key)
{
	for (; *row && *key; row++, key++) {
		if (*row == '_')
			row++;
		if (*row != tolower((unsigned char)*key))
			return false;
	}
	return !*row && !*key;
}

static const json_t *find_key(const json_t *json, const char *name)
{
	void *it;

	for (it = json_object_iter((json_t *)json); it; it = json_object_iter_next((json_t *)json, it)) {
		if (same_name(name, json_object_iter_key(it)))
			return json_object_iter_value(it);
	}
	return NULL;
}

/* Standard base64 with padding. */
static bool base64_matches(const char *text, const uint8_t *p, int32_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t acc = 0, bits = 0;
	int32_t n = 0;

	for (; *text && *text != '='; text++) {
		acc = acc << 6 | (uint32_t)(strchr(digits, *text) - digits);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n >= len || p[n++] != (uint8_t)(acc >> bits))
			return false;
	}
	return n == len;
}

static bool text_matches(const json_t *json, const char *p, int32_t len)
{
	if (len < 0)
		return json_is_null(json);
	return json_is_string(json) && json_string_length(json) == (size_t)len &&
	       memcmp(json_string_value(json), p, (size_t)len) == 0;
}

static bool binary_matches(const json_t *json, const uint8_t *p, int32_t len)
{
	if (len < 0)
		return json_is_null(json);
	return json_is_string(json) && base64_matches(json_string_value(json), p, len);
}

static bool value_matches(const struct field *f, int version, const void *p, const json_t *json)
{
	const struct bytes *b = p;
	const struct records *r = p;
	const struct str *s = p;
	char uuid[UUID_TEXT_LEN + 1];

	switch ((enum field_type)f->type) {
	case FIELD_bool:
		return json_is_boolean(json) && json_boolean_value(json) == *(const bool *)p;
	case FIELD_int8:
		return json_is_integer(json) && json_integer_value(json) == *(const int8_t *)p;
	case FIELD_int16:
		return json_is_integer(json) && json_integer_value(json) == *(const int16_t *)p;
	case FIELD_uint16:
		return json_is_integer(json) && json_integer_value(json) == *(const uint16_t *)p;
	case FIELD_int32:
		return json_is_integer(json) && json_integer_value(json) == *(const int32_t *)p;
	case FIELD_int64:
		return json_is_integer(json) && json_integer_value(json) == *(const int64_t *)p;
	case FIELD_float64:
		return json_is_number(json) && fabs(json_number_value(json) - *(const double *)p) < 1e-9;
	case FIELD_uuid:
		uuid_text(*(const struct uuid *)p, uuid);
		return json_is_string(json) && strcmp(json_string_value(json), uuid) == 0;
	case FIELD_string:
		return text_matches(json, s->p, s->len);
	case FIELD_bytes:
		return binary_matches(json, b->p, b->len);
	case FIELD_records:
		return any_records || binary_matches(json, r->p, r->len);
	case FIELD_struct:
		return struct_matches(f->of, version, p, json);
	}
	return false;
}

static bool array_matches(const struct field *f, int version, const void *in, const json_t *json)
{
	const char *v = *(const char *const *)field_at_const(f, in);
	int32_t i, n = field_n(f, in);

	if (n < 0)
		return json_is_null(json);
	if (!json_is_array(json) || json_array_size(json) != (size_t)n)
		return false;
	for (i = 0; i < n; i++) {
		if (!value_matches(f, version, v + (size_t)i * field_element_size(f),
				   json_array_get(json, (size_t)i)))
			return false;
	}
	return true;
}

static bool field_matches(const struct field *f, int version, const void *in, const json_t *json)
{
	const void *p = field_at_const(f, in);

	if (!json)
		return field_is_default(f, in);
	if (f->shape == SHAPE_ARRAY)
		return array_matches(f, version, in, json);
	if (f->shape == SHAPE_ONE)
		return value_matches(f, version, p, json);
	p = *(const void *const *)p;
	return p ? struct_matches(f->of, version, p, json) : json_is_null(json);
}

static bool struct_matches(const struct schema *s, int version, const void *in, const json_t *json)
{
	size_t found = 0;
	uint16_t i;

	for (i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];
		const json_t *value = find_key(json, f->name);

		if (value && !field_in(f, version)) {
			fprintf(stderr, "%s.%s: is not in version %d\n", s->name, f->name, version);
			return false;
		}
		if (!field_matches(f, version, in, value)) {
			fprintf(stderr, "%s.%s: differs\n", s->name, f->name);
			return false;
		}
		found += value != NULL;
	}
	if (found != json_object_size(json))
		fprintf(stderr, "%s: %zu fields of %zu known\n", s->name, found, json_object_size(json));
	return found == json_object_size(json);
}

bool vectors_json_matches(const struct schema *s, int version, const void *in, const json_t *json)
{
	return struct_matches(s, version, in, json);
}

bool vectors_json_matches_but_records(const struct schema *s, int version, const void *in, const json_t *json)
{
	bool same;

	any_records = true;
	same = struct_matches(s, version, in, json);
	any_records = false;
	return same;
}
