/* encode.c - from a struct to bytes, and how many there will be.
 *
 * A tagged field is preceded by its size, which is computed rather than patched in, since record sets leave as
 * pieces of their own. The two interpreters below, value and size, therefore go line by line alike.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/uuid.h"
#include "protocol/codec.h"
#include "protocol/codec_priv.h"
#include "protocol/primitive.h"

struct encoder {
	struct writer *w;
	int version;
	bool compact;
};

static _Thread_local const char *fault;

static int encode_struct(struct encoder *e, const struct schema *s, const void *in);
static size_t size_struct(const struct encoder *e, const struct schema *s, const void *in);

static int fail_at(const struct field *f)
{
	fault = f->name;
	return FAIL(-EINVAL);
}

static bool is_compact(const struct encoder *e, const struct field *f)
{
	return e->compact && !f->not_compact;
}

/* Is a length of this field acceptable: null only where allowed, and memory behind a positive one? */
static bool is_sane(const struct encoder *e, const struct field *f, int32_t len, const void *p)
{
	return len < 0 ? field_nullable_in(f, e->version) : len == 0 || p != NULL;
}

static int encode_string(struct encoder *e, const struct field *f, const struct str *s)
{
	if (!is_sane(e, f, s->len, s->p) || s->len > WIRE_STRING_MAX)
		return fail_at(f);
	wire_write_string(e->w, *s, is_compact(e, f));
	return 0;
}

static int encode_bytes(struct encoder *e, const struct field *f, const struct bytes *b)
{
	if (!is_sane(e, f, b->len, b->p))
		return fail_at(f);
	wire_write_bytes(e->w, *b, is_compact(e, f));
	return 0;
}

static int encode_records(struct encoder *e, const struct field *f, const struct records *r)
{
	if (!is_sane(e, f, r->len, r->file ? (const void *)r->file : r->p))
		return fail_at(f);
	wire_write_records(e->w, r, is_compact(e, f));
	return 0;
}

/* Writes one value, or one element of an array. */
static int encode_value(struct encoder *e, const struct field *f, const void *p)
{
	uint64_t bits;

	switch ((enum field_type)f->type) {
	case FIELD_bool:
		writer_i8(e->w, *(const bool *)p ? 1 : 0);
		return 0;
	case FIELD_int8:
		writer_i8(e->w, *(const int8_t *)p);
		return 0;
	case FIELD_int16:
	case FIELD_uint16:
		writer_i16(e->w, *(const int16_t *)p);
		return 0;
	case FIELD_int32:
		writer_i32(e->w, *(const int32_t *)p);
		return 0;
	case FIELD_int64:
		writer_i64(e->w, *(const int64_t *)p);
		return 0;
	case FIELD_float64:
		memcpy(&bits, p, sizeof(bits));
		writer_i64(e->w, (int64_t)bits);
		return 0;
	case FIELD_uuid:
		writer_put(e->w, p, sizeof(struct uuid));
		return 0;
	case FIELD_string:
		return encode_string(e, f, p);
	case FIELD_bytes:
		return encode_bytes(e, f, p);
	case FIELD_records:
		return encode_records(e, f, p);
	case FIELD_struct:
		return encode_struct(e, f->of, p);
	}
	return fail_at(f);
}

static int encode_array(struct encoder *e, const struct field *f, const void *in)
{
	const char *v = *(const char *const *)field_at_const(f, in);
	size_t size = field_element_size(f);
	int32_t i, n = field_n(f, in);
	int r;

	if (!is_sane(e, f, n, v))
		return fail_at(f);
	wire_write_count(e->w, n, e->compact);
	for (i = 0; i < n; i++) {
		r = encode_value(e, f, v + (size_t)i * size);
		if (r < 0)
			return FAIL(r);
	}
	return 0;
}

static int encode_pointer(struct encoder *e, const struct field *f, const void *in)
{
	const void *p = *(const void *const *)field_at_const(f, in);

	if (!p && !field_nullable_in(f, e->version))
		return fail_at(f);
	writer_i8(e->w, p ? 1 : -1);
	return p ? encode_struct(e, f->of, p) : 0;
}

static int encode_field(struct encoder *e, const struct field *f, const void *in)
{
	switch ((enum field_shape)f->shape) {
	case SHAPE_ONE:
		return encode_value(e, f, field_at_const(f, in));
	case SHAPE_ARRAY:
		return encode_array(e, f, in);
	case SHAPE_POINTER:
		return encode_pointer(e, f, in);
	}
	return fail_at(f);
}

static size_t size_value(const struct encoder *e, const struct field *f, const void *p)
{
	int32_t len;

	switch ((enum field_type)f->type) {
	case FIELD_bool:
	case FIELD_int8:
		return 1;
	case FIELD_int16:
	case FIELD_uint16:
		return 2;
	case FIELD_int32:
		return 4;
	case FIELD_int64:
	case FIELD_float64:
		return 8;
	case FIELD_uuid:
		return sizeof(struct uuid);
	case FIELD_string:
		len = ((const struct str *)p)->len;
		return wire_string_prefix(len, is_compact(e, f)) + (size_t)MAX(len, 0);
	case FIELD_bytes:
		len = ((const struct bytes *)p)->len;
		return wire_count_prefix(len, is_compact(e, f)) + (size_t)MAX(len, 0);
	case FIELD_records:
		len = ((const struct records *)p)->len;
		return wire_count_prefix(len, is_compact(e, f)) + (size_t)MAX(len, 0);
	case FIELD_struct:
		return size_struct(e, f->of, p);
	}
	return 0;
}

static size_t size_field(const struct encoder *e, const struct field *f, const void *in)
{
	const void *p = field_at_const(f, in);
	size_t size, step;
	int32_t i, n;

	if (f->shape == SHAPE_ONE)
		return size_value(e, f, p);
	p = *(const void *const *)p;
	if (f->shape == SHAPE_POINTER)
		return p ? 1 + size_struct(e, f->of, p) : 1;
	n = field_n(f, in);
	step = field_element_size(f);
	size = wire_count_prefix(n, e->compact);
	for (i = 0; i < n; i++)
		size += size_value(e, f, (const char *)p + (size_t)i * step);
	return size;
}

/* A tagged field is written when it is not at its default. */
static bool tag_is_written(const struct encoder *e, const struct field *f, const void *in)
{
	return f->tagged && field_in(f, e->version) && !field_is_default(f, in);
}

static size_t size_struct(const struct encoder *e, const struct schema *s, const void *in)
{
	const struct field *f, *end = s->fields + s->n;
	size_t one, size = 0;
	uint32_t tags = 0;

	for (f = s->fields; f < end; f++) {
		if (tag_is_written(e, f, in)) {
			one = size_field(e, f, in);
			size += uvarint_size(f->tag) + uvarint_size((uint32_t)one) + one;
			tags++;
		} else if (!f->tagged && field_in(f, e->version)) {
			size += size_field(e, f, in);
		}
	}
	return size + (e->compact ? uvarint_size(tags) : 0);
}

/* Rows are in ascending order of tags, as the section must be. */
static int encode_tags(struct encoder *e, const struct schema *s, const void *in, uint32_t tags)
{
	const struct field *f, *end = s->fields + s->n;
	int r;

	writer_uvarint(e->w, tags);
	for (f = s->fields; tags > 0 && f < end; f++) {
		if (!tag_is_written(e, f, in))
			continue;
		writer_uvarint(e->w, f->tag);
		writer_uvarint(e->w, (uint32_t)size_field(e, f, in));
		r = encode_field(e, f, in);
		if (r < 0)
			return FAIL(r);
		tags--;
	}
	return 0;
}

static int encode_struct(struct encoder *e, const struct schema *s, const void *in)
{
	const struct field *f, *end = s->fields + s->n;
	uint32_t tags = 0;
	int r;

	for (f = s->fields; f < end; f++) {
		if (!field_in(f, e->version)) {
			if (!f->ignorable && !field_is_default(f, in))
				return fail_at(f);
			continue;
		}
		if (f->tagged) {
			tags += tag_is_written(e, f, in);
			continue;
		}
		r = encode_field(e, f, in);
		if (r < 0)
			return FAIL(r);
	}
	return e->compact ? encode_tags(e, s, in, tags) : 0;
}

int codec_encode(const struct schema *s, int version, const void *in, struct writer *w)
{
	struct encoder e = { w, version, version >= s->flexible };
	int r;

	fault = NULL;
	r = encode_struct(&e, s, in);
	if (r == 0 && w->bad)
		return FAIL(-EMSGSIZE);
	return r;
}

size_t codec_size(const struct schema *s, int version, const void *in)
{
	struct encoder e = { NULL, version, version >= s->flexible };

	return size_struct(&e, s, in);
}

const char *codec_fault(void)
{
	return fault ? fault : "";
}
