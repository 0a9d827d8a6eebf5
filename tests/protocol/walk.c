/* walk.c - see walk.h. */
#include "protocol/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/uuid.h"
#include "protocol/codec.h"
#include "protocol/codec_priv.h"
#include "protocol/primitive.h"

/* Numbers where off-by-one lives come up often. */
static uint64_t number(struct rng *rng)
{
	static const uint64_t edges[] = { 0, 1, UINT64_MAX, 127, 128, 32767, 32768, INT32_MAX, 1ull << 31, INT64_MAX,
					  1ull << 63 };

	if (rng_below(rng, 3) == 0)
		return edges[rng_below(rng, sizeof(edges) / sizeof(edges[0]))];
	return rng_u64(rng);
}

static int32_t length(struct rng *rng, bool nullable)
{
	uint64_t kind = rng_below(rng, 100);

	if (nullable && kind < 25)
		return -1;
	if (kind == 99)
		return (int32_t)(126 + rng_below(rng, 4)); /* the compact length grows to two bytes here */
	return (int32_t)rng_below(rng, 12);
}

static void *noise(struct rng *rng, struct arena *a, int32_t len)
{
	uint8_t *p = arena_alloc(a, len > 0 ? (size_t)len : 1);
	int32_t i;

	if (!p)
		abort();
	for (i = 0; i < len; i++)
		p[i] = (uint8_t)rng_u64(rng);
	return p;
}

static void fill_value(const struct field *f, int version, struct rng *rng, struct arena *a, void *p)
{
	int32_t len = length(rng, field_nullable_in(f, version));
	uint64_t n = number(rng);

	switch ((enum field_type)f->type) {
	case FIELD_bool:
		*(bool *)p = n & 1;
		break;
	case FIELD_int8:
		*(int8_t *)p = (int8_t)n;
		break;
	case FIELD_int16:
	case FIELD_uint16:
		*(uint16_t *)p = (uint16_t)n;
		break;
	case FIELD_int32:
		*(int32_t *)p = (int32_t)n;
		break;
	case FIELD_int64:
		*(int64_t *)p = (int64_t)n;
		break;
	case FIELD_float64:
		*(double *)p = (double)n / 3;
		break;
	case FIELD_uuid:
		memcpy(p, noise(rng, a, 16), 16);
		break;
	case FIELD_string:
		*(struct str *)p = (struct str){ noise(rng, a, len), len };
		break;
	case FIELD_bytes:
		*(struct bytes *)p = (struct bytes){ noise(rng, a, len), len };
		break;
	case FIELD_records:
		*(struct records *)p = (struct records){ .p = noise(rng, a, len), .len = len };
		break;
	case FIELD_struct:
		walk_fill(f->of, version, rng, a, p);
		break;
	}
}

static void fill_array(const struct field *f, int version, struct rng *rng, struct arena *a, void *out)
{
	bool nullable = field_nullable_in(f, version);
	int32_t i, n = f->type == FIELD_struct ? (int32_t)rng_below(rng, 4) : length(rng, nullable);
	size_t size = field_element_size(f);
	char *v;

	if (f->type == FIELD_struct && nullable && rng_below(rng, 4) == 0)
		n = -1;
	v = arena_array(a, (size_t)(n > 0 ? n : 0), size);
	if (!v)
		abort();
	for (i = 0; i < n; i++)
		fill_value(f, version, rng, a, v + (size_t)i * size);
	*(void **)field_at(f, out) = v;
	*field_count(f, out) = n;
}

static void fill_pointer(const struct field *f, int version, struct rng *rng, struct arena *a, void *out)
{
	void **p = field_at(f, out);

	*p = NULL;
	if (rng_below(rng, 3) == 0)
		return;
	*p = codec_new(f->of, a, 1);
	if (!*p)
		abort();
	walk_fill(f->of, version, rng, a, *p);
}

void walk_fill(const struct schema *s, int version, struct rng *rng, struct arena *a, void *out)
{
	uint16_t i;

	codec_init(s, out);
	for (i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		/* Tagged fields keep their default now and then: then they are not written. */
		if (!field_in(f, version) || (f->tagged && rng_below(rng, 3) == 0))
			continue;
		if (f->shape == SHAPE_ONE)
			fill_value(f, version, rng, a, field_at(f, out));
		else if (f->shape == SHAPE_ARRAY)
			fill_array(f, version, rng, a, out);
		else
			fill_pointer(f, version, rng, a, out);
	}
}

static bool same_bytes(const void *a, int32_t a_len, const void *b, int32_t b_len)
{
	return a_len == b_len && (a_len <= 0 || memcmp(a, b, (size_t)a_len) == 0);
}

static bool value_equal(const struct field *f, const void *a, const void *b)
{
	const struct records *ra = a, *rb = b;
	const struct bytes *ba = a, *bb = b;
	const struct str *sa = a, *sb = b;

	switch ((enum field_type)f->type) {
	case FIELD_string:
		return same_bytes(sa->p, sa->len, sb->p, sb->len);
	case FIELD_bytes:
		return same_bytes(ba->p, ba->len, bb->p, bb->len);
	case FIELD_records:
		return same_bytes(ra->p, ra->len, rb->p, rb->len);
	case FIELD_struct:
		return walk_equal(f->of, a, b);
	default:
		return memcmp(a, b, field_element_size(f)) == 0;
	}
}

static bool field_equal(const struct field *f, const void *a, const void *b)
{
	const char *pa = field_at_const(f, a), *pb = field_at_const(f, b);
	size_t size = field_element_size(f);
	int32_t i;

	if (f->shape == SHAPE_ONE)
		return value_equal(f, pa, pb);
	pa = *(const char *const *)pa;
	pb = *(const char *const *)pb;
	if (f->shape == SHAPE_POINTER)
		return pa && pb ? walk_equal(f->of, pa, pb) : pa == pb;
	if (field_n(f, a) != field_n(f, b))
		return false;
	for (i = 0; i < field_n(f, a); i++) {
		if (!value_equal(f, pa + (size_t)i * size, pb + (size_t)i * size))
			return false;
	}
	return true;
}

bool walk_equal(const struct schema *s, const void *a, const void *b)
{
	uint16_t i;

	for (i = 0; i < s->n; i++) {
		if (!field_equal(&s->fields[i], a, b)) {
			fprintf(stderr, "%s.%s: differs\n", s->name, s->fields[i].name);
			return false;
		}
	}
	return true;
}
