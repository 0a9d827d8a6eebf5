/* codec.c - defaults, shared by decoding, encoding and whoever builds a message. */
#include "protocol/codec.h"

#include <string.h>

#include "base/str.h"
#include "base/uuid.h"
#include "protocol/codec_priv.h"
#include "protocol/primitive.h"

static void init_value(const struct field *f, void *p)
{
	int32_t none = f->default_null ? -1 : 0;

	switch ((enum field_type)f->type) {
	case FIELD_bool:
		*(bool *)p = f->value != 0;
		break;
	case FIELD_int8:
		*(int8_t *)p = (int8_t)f->value;
		break;
	case FIELD_int16:
	case FIELD_uint16:
		*(int16_t *)p = (int16_t)f->value;
		break;
	case FIELD_int32:
		*(int32_t *)p = f->value;
		break;
	case FIELD_int64:
		*(int64_t *)p = f->value;
		break;
	case FIELD_float64:
		*(double *)p = f->value;
		break;
	case FIELD_uuid:
		*(struct uuid *)p = UUID_ZERO;
		break;
	case FIELD_string:
		*(struct str *)p = (struct str){ none < 0 ? NULL : "", none };
		break;
	case FIELD_bytes:
		*(struct bytes *)p = (struct bytes){ NULL, none };
		break;
	case FIELD_records:
		*(struct records *)p = (struct records){ .len = none };
		break;
	case FIELD_struct:
		codec_init(f->of, p);
		break;
	}
}

void field_init(const struct field *f, void *out)
{
	switch ((enum field_shape)f->shape) {
	case SHAPE_ONE:
		init_value(f, field_at(f, out));
		break;
	case SHAPE_ARRAY:
		*(void **)field_at(f, out) = NULL;
		*field_count(f, out) = f->default_null ? -1 : 0;
		break;
	case SHAPE_POINTER:
		*(void **)field_at(f, out) = NULL;
		break;
	}
}

void codec_init(const struct schema *s, void *out)
{
	const struct field *f, *end = s->fields + s->n;

	memset(out, 0, s->size); /* padding too: equal messages are equal bytes in memory dumps and tests */
	for (f = s->fields; f < end; f++)
		field_init(f, out);
}

void *codec_new(const struct schema *s, struct arena *a, size_t n)
{
	char *v = arena_array(a, n, s->size);
	size_t i;

	if (!v)
		return NULL;
	if (n > 0)
		codec_init(s, v);
	for (i = 1; i < n; i++)
		memcpy(v + i * s->size, v, s->size); /* defaults own nothing: a copy is as good */
	return v;
}

static bool struct_is_default(const struct schema *s, const void *in)
{
	const struct field *f, *end = s->fields + s->n;

	for (f = s->fields; f < end; f++) {
		if (!field_is_default(f, in))
			return false;
	}
	return true;
}

static bool value_is_default(const struct field *f, const void *p)
{
	int32_t none = f->default_null ? -1 : 0;

	switch ((enum field_type)f->type) {
	case FIELD_bool:
		return *(const bool *)p == (f->value != 0);
	case FIELD_int8:
		return *(const int8_t *)p == f->value;
	case FIELD_int16:
		return *(const int16_t *)p == f->value;
	case FIELD_uint16:
		return *(const uint16_t *)p == f->value;
	case FIELD_int32:
		return *(const int32_t *)p == f->value;
	case FIELD_int64:
		return *(const int64_t *)p == f->value;
	case FIELD_float64:
		return *(const double *)p == f->value;
	case FIELD_uuid:
		return uuid_is_zero(*(const struct uuid *)p);
	case FIELD_string:
		return MAX(((const struct str *)p)->len, -1) == none;
	case FIELD_bytes:
		return MAX(((const struct bytes *)p)->len, -1) == none;
	case FIELD_records:
		return MAX(((const struct records *)p)->len, -1) == none;
	case FIELD_struct:
		return struct_is_default(f->of, p);
	}
	return false;
}

bool field_is_default(const struct field *f, const void *in)
{
	const void *p = field_at_const(f, in);

	switch ((enum field_shape)f->shape) {
	case SHAPE_ONE:
		return value_is_default(f, p);
	case SHAPE_ARRAY:
		return MAX(field_n(f, in), -1) == (f->default_null ? -1 : 0);
	case SHAPE_POINTER:
		return *(void *const *)p == NULL;
	}
	return false;
}

size_t field_element_size(const struct field *f)
{
	static const uint8_t sizes[] = {
		[FIELD_bool] = sizeof(bool),
		[FIELD_int8] = sizeof(int8_t),
		[FIELD_int16] = sizeof(int16_t),
		[FIELD_uint16] = sizeof(uint16_t),
		[FIELD_int32] = sizeof(int32_t),
		[FIELD_int64] = sizeof(int64_t),
		[FIELD_float64] = sizeof(double),
		[FIELD_uuid] = sizeof(struct uuid),
		[FIELD_string] = sizeof(struct str),
		[FIELD_bytes] = sizeof(struct bytes),
		[FIELD_records] = sizeof(struct records),
	};

	return f->type == FIELD_struct ? f->of->size : sizes[f->type];
}

bool codec_is_default(const struct field *f, const void *in)
{
	return field_is_default(f, in);
}

size_t codec_value_size(const struct field *f)
{
	return field_element_size(f);
}
