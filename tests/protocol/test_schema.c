/* test_schema.c - lint of the rows: what a slip of the pen in a .def file would break. */
#include "protocol/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/codec_priv.h"
#include "protocol/messages.h"

#define WANT(f, condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("%s.%s: not so: %s", s->name, (f)->name, #condition);             \
	} while (0)

static void lint_versions(const struct schema *message, const struct schema *s, const struct field *f)
{
	WANT(f, f->since >= 0 && f->since <= message->last);
	WANT(f, f->until == VERSION_LAST || (f->until >= f->since && f->until <= message->last));
	WANT(f, !f->nullable || (f->nullable_since >= f->since && f->nullable_since <= f->until));
	WANT(f, f->nullable || f->nullable_since == 0);
	WANT(f, !f->tagged || f->since >= message->flexible);
}

static void lint_default(const struct schema *s, const struct field *f)
{
	bool number = f->shape == SHAPE_ONE && f->type <= FIELD_int64;

	WANT(f, f->value == 0 || number);
	WANT(f, !f->default_null || f->nullable);
	WANT(f, f->type != FIELD_bool || f->value == 0 || f->value == 1);
	WANT(f, f->type != FIELD_int8 || (f->value >= INT8_MIN && f->value <= INT8_MAX));
	WANT(f, f->type != FIELD_int16 || (f->value >= INT16_MIN && f->value <= INT16_MAX));
	WANT(f, f->type != FIELD_uint16 || (f->value >= 0 && f->value <= UINT16_MAX));
}

static void lint_memory(const struct schema *s, const struct field *f)
{
	size_t size = f->shape == SHAPE_ONE ? field_element_size(f) : sizeof(void *);

	WANT(f, f->at + size <= s->size);
	WANT(f, f->shape != SHAPE_ARRAY || f->count_at == f->at + sizeof(void *));
	WANT(f, f->shape == SHAPE_ARRAY || f->count_at == 0);
	WANT(f, (f->type == FIELD_struct) == (f->of != NULL));
	WANT(f, f->shape != SHAPE_POINTER || (f->of && f->nullable));
	/* A struct by value is never null: absent, it consists of defaults. */
	WANT(f, f->type != FIELD_struct || f->shape != SHAPE_ONE || !f->nullable);
}

static void lint_struct(const struct schema *message, const struct schema *s, int depth)
{
	size_t end = 0;
	int tag = -1;
	uint16_t i, j;

	assert_true(depth < 8);
	assert_true(s->n > 0);
	for (i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		lint_versions(message, s, f);
		lint_default(s, f);
		lint_memory(s, f);
		WANT(f, i == 0 || f->at >= end);
		end = f->at + (f->shape == SHAPE_ONE ? field_element_size(f) : sizeof(void *));
		if (f->tagged) {
			WANT(f, f->tag > tag); /* the encoder writes them in the order of the rows */
			tag = f->tag;
		}
		for (j = 0; j < i; j++)
			WANT(f, strcmp(f->name, s->fields[j].name) != 0);
		if (f->of)
			lint_struct(message, f->of, depth + 1);
	}
}

static void the_rows_make_sense(void **state)
{
	const struct schema *const *s, *const *other;

	(void)state;
	for (s = schema_messages; *s; s++) {
		assert_true((*s)->first >= 0 && (*s)->first <= (*s)->last);
		assert_true((*s)->flexible >= 0);
		lint_struct(*s, *s, 0);
		for (other = schema_messages; other < s; other++)
			assert_string_not_equal((*s)->name, (*other)->name);
	}
	assert_int_equal(137, s - schema_messages);
}

static void messages_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(&fetch_request_schema, schema_find(STR("FetchRequest")));
	assert_ptr_equal(&end_txn_marker_schema, schema_find(STR("EndTxnMarker")));
	assert_null(schema_find(STR("FetchReques")));
	assert_null(schema_find(STR_NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rows_make_sense),
		cmocka_unit_test(messages_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
