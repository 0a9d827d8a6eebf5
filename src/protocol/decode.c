/* decode.c - from bytes to a struct.
 *
 * The loop reads on after the input has ended (the cursor yields zeros and remembers) and looks at the cursor once
 * per struct. What must not wait for that, because memory or a loop depends on it, is tested at once: counts.
 * The depth of the recursion is that of the schemas.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/uuid.h"
#include "protocol/codec.h"
#include "protocol/codec_priv.h"
#include "protocol/primitive.h"

struct decoder {
	struct cursor *c;
	struct arena *a;
	int version;
	bool compact;
};

static int decode_struct(struct decoder *d, const struct schema *s, void *out);

static bool is_compact(const struct decoder *d, const struct field *f)
{
	return d->compact && !f->not_compact;
}

/* Fewest bytes that a struct takes on the wire: what a count is checked against before memory is taken. */
static size_t struct_min(const struct decoder *d, const struct schema *s);

static size_t value_min(const struct decoder *d, const struct field *f)
{
	static const uint8_t fixed[] = {
		[FIELD_bool] = 1,   [FIELD_int8] = 1,  [FIELD_int16] = 2,   [FIELD_uint16] = 2,
		[FIELD_int32] = 4,  [FIELD_int64] = 8, [FIELD_float64] = 8, [FIELD_uuid] = 16,
		[FIELD_string] = 2, [FIELD_bytes] = 4, [FIELD_records] = 4,
	};

	if (f->type == FIELD_struct)
		return struct_min(d, f->of);
	if (f->type >= FIELD_string && is_compact(d, f))
		return 1;
	return fixed[f->type];
}

static size_t struct_min(const struct decoder *d, const struct schema *s)
{
	const struct field *f, *end = s->fields + s->n;
	size_t n = d->compact ? 1 : 0;

	for (f = s->fields; f < end; f++) {
		if (f->tagged || !field_in(f, d->version))
			continue;
		if (f->shape == SHAPE_ONE)
			n += value_min(d, f);
		else if (f->shape == SHAPE_POINTER || d->compact)
			n += 1;
		else
			n += 4;
	}
	return n;
}

/* Reads one value, or one element of an array, to p. */
static int decode_value(struct decoder *d, const struct field *f, void *p)
{
	struct cursor *c = d->c;
	struct bytes b;
	const uint8_t *at;
	uint64_t bits;

	switch ((enum field_type)f->type) {
	case FIELD_bool:
		*(bool *)p = cur_u8(c) != 0;
		return 0;
	case FIELD_int8:
		*(int8_t *)p = cur_i8(c);
		return 0;
	case FIELD_int16:
	case FIELD_uint16:
		*(uint16_t *)p = cur_u16(c);
		return 0;
	case FIELD_int32:
		*(int32_t *)p = cur_i32(c);
		return 0;
	case FIELD_int64:
		*(int64_t *)p = cur_i64(c);
		return 0;
	case FIELD_float64:
		bits = cur_u64(c);
		memcpy(p, &bits, sizeof(bits));
		return 0;
	case FIELD_uuid:
		at = cur_take(c, sizeof(struct uuid));
		if (at)
			memcpy(p, at, sizeof(struct uuid));
		return 0;
	case FIELD_string:
		*(struct str *)p = wire_read_string(c, is_compact(d, f));
		if (((struct str *)p)->len < 0 && !field_nullable_in(f, d->version))
			return FAIL(-EBADMSG);
		return 0;
	case FIELD_bytes:
		*(struct bytes *)p = wire_read_bytes(c, is_compact(d, f));
		if (((struct bytes *)p)->len < 0 && !field_nullable_in(f, d->version))
			return FAIL(-EBADMSG);
		return 0;
	case FIELD_records:
		b = wire_read_bytes(c, is_compact(d, f));
		*(struct records *)p = (struct records){ .p = b.p, .len = b.len };
		if (b.len < 0 && !field_nullable_in(f, d->version))
			return FAIL(-EBADMSG);
		return 0;
	case FIELD_struct:
		return decode_struct(d, f->of, p);
	}
	return FAIL(-EBADMSG);
}

static int decode_elements(struct decoder *d, const struct field *f, char *v, int32_t n)
{
	size_t size = field_element_size(f);
	int32_t i;
	int r;

	for (i = 0; i < n; i++) {
		r = decode_value(d, f, v + (size_t)i * size);
		if (r < 0)
			return FAIL(r);
	}
	return 0;
}

static int decode_array(struct decoder *d, const struct field *f, void *out)
{
	int32_t n = wire_read_count(d->c, d->compact);
	void *v = NULL;
	size_t min;

	if (d->c->bad || (n < 0 && !field_nullable_in(f, d->version)))
		return FAIL(-EBADMSG);
	if (n > 0) {
		min = value_min(d, f);
		if ((size_t)n > cur_left(d->c) / MAX(min, 1u))
			return FAIL(-EBADMSG);
		v = arena_array(d->a, (size_t)n, field_element_size(f));
		if (!v)
			return FAIL(-ENOMEM);
	}
	*(void **)field_at(f, out) = v;
	*field_count(f, out) = n;
	return n > 0 ? decode_elements(d, f, v, n) : 0;
}

/* A struct that may be null: a byte, negative for null, then the struct. */
static int decode_pointer(struct decoder *d, const struct field *f, void *out)
{
	void **p = field_at(f, out);

	*p = NULL;
	if (cur_i8(d->c) < 0)
		return field_nullable_in(f, d->version) ? 0 : FAIL(-EBADMSG);
	if (d->c->bad)
		return FAIL(-EBADMSG);
	*p = arena_alloc(d->a, f->of->size);
	if (!*p)
		return FAIL(-ENOMEM);
	return decode_struct(d, f->of, *p);
}

static int decode_field(struct decoder *d, const struct field *f, void *out)
{
	switch ((enum field_shape)f->shape) {
	case SHAPE_ONE:
		return decode_value(d, f, field_at(f, out));
	case SHAPE_ARRAY:
		return decode_array(d, f, out);
	case SHAPE_POINTER:
		return decode_pointer(d, f, out);
	}
	return FAIL(-EBADMSG);
}

static const struct field *find_tag(const struct schema *s, uint32_t tag)
{
	const struct field *f, *end = s->fields + s->n;

	for (f = s->fields; f < end; f++) {
		if (f->tagged && f->tag == tag)
			return f;
	}
	return NULL;
}

/* Unknown tags are skipped by their size; a known one is read by its type, its size is not looked at, and neither
 * order nor repetition matter. A known tag of another version is an error. (protocol.md section 3) */
static int decode_tags(struct decoder *d, const struct schema *s, void *out)
{
	int32_t i, n = (int32_t)cur_uvarint(d->c);
	const struct field *f;
	uint32_t tag, size;
	int r;

	for (i = 0; i < n; i++) {
		tag = cur_uvarint(d->c);
		size = cur_uvarint(d->c);
		if (d->c->bad)
			return FAIL(-EBADMSG);
		f = find_tag(s, tag);
		if (!f) {
			(void)cur_take(d->c, size);
			continue;
		}
		if (!field_in(f, d->version))
			return FAIL(-EBADMSG);
		r = decode_field(d, f, out);
		if (r < 0)
			return FAIL(r);
	}
	return 0;
}

static int decode_struct(struct decoder *d, const struct schema *s, void *out)
{
	const struct field *f, *end = s->fields + s->n;
	int r;

	for (f = s->fields; f < end; f++) {
		if (f->tagged || !field_in(f, d->version)) {
			field_init(f, out);
			continue;
		}
		r = decode_field(d, f, out);
		if (r < 0)
			return FAIL(r);
	}
	if (d->compact) {
		r = decode_tags(d, s, out);
		if (r < 0)
			return FAIL(r);
	}
	return d->c->bad ? FAIL(-EBADMSG) : 0;
}

int codec_decode(const struct schema *s, int version, struct cursor *c, struct arena *a, void *out)
{
	struct decoder d = { c, a, version, version >= s->flexible };

	return decode_struct(&d, s, out);
}
