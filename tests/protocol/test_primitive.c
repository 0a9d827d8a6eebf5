/* test_primitive.c - primitive types against the reference, and their edges. */
#include "protocol/primitive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "protocol/vectors.h"

static json_t *primitives;

static int load(void **state)
{
	(void)state;
	primitives = vectors_json("primitives.json");
	return 0;
}

static int unload(void **state)
{
	(void)state;
	json_decref(primitives);
	return 0;
}

static struct buf *taken(struct writer *w)
{
	struct buf *b = NULL;

	assert_int_equal(0, writer_take_buf(w, &b));
	return b;
}

static void is_hex(struct writer *w, const char *hex)
{
	struct buf *b = taken(w);
	size_t n;
	uint8_t *p = vectors_unhex(hex, &n);

	assert_int_equal(n, b->len);
	assert_memory_equal(p, b->data, n);
	free(p);
	buf_unref(b);
}

static void numbers_of_variable_length(void **state)
{
	static const char *const kinds[] = { "unsignedVarint", "varint", "varlong" };
	struct writer w;
	struct cursor c;
	uint8_t *p;
	size_t i, k, n;
	json_t *v;

	(void)state;
	for (k = 0; k < 3; k++) {
		json_array_foreach (json_object_get(primitives, kinds[k]), i, v) {
			const char *hex = json_string_value(json_object_get(v, "hex"));
			int64_t value = json_integer_value(json_object_get(v, "value"));

			p = vectors_unhex(hex, &n);
			c = cur_of(p, n);
			writer_init(&w, 16, 100);
			if (k == 0) {
				assert_int_equal(value, cur_uvarint(&c));
				assert_int_equal(n, uvarint_size((uint32_t)value));
				writer_uvarint(&w, (uint32_t)value);
			} else if (k == 1) {
				assert_int_equal(value, cur_varint(&c));
				assert_int_equal(n, varint_size((int32_t)value));
				writer_varint(&w, (int32_t)value);
			} else {
				assert_true(value == cur_varlong(&c));
				assert_int_equal(n, varlong_size(value));
				writer_varlong(&w, value);
			}
			assert_false(c.bad);
			assert_int_equal(0, cur_left(&c));
			is_hex(&w, hex);
			free(p);
		}
	}
}

static void a_fifth_byte_must_end_the_number(void **state)
{
	static const uint8_t five[] = { 0x80, 0x80, 0x80, 0x80, 0x7f };
	static const uint8_t six[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x00 };
	struct cursor c = cur_of(five, sizeof(five));

	(void)state;
	assert_int_equal(0xf0000000u, cur_uvarint(&c)); /* bits beyond 32 are dropped */
	assert_false(c.bad);
	c = cur_of(six, sizeof(six));
	(void)cur_uvarint(&c);
	assert_true(c.bad);
}

static void uuids(void **state)
{
	char text[UUID_TEXT_LEN + 1];
	struct uuid u;
	uint8_t *p;
	size_t i, n;
	json_t *v;

	(void)state;
	json_array_foreach (json_object_get(primitives, "uuid"), i, v) {
		p = vectors_unhex(json_string_value(json_object_get(v, "hex")), &n);
		assert_int_equal(16, n);
		assert_true(uuid_parse(str_of(json_string_value(json_object_get(v, "text"))), &u));
		assert_memory_equal(p, u.b, 16);
		assert_string_equal(json_string_value(json_object_get(v, "text")), uuid_text(u, text));
		free(p);
	}
}

static void hashes(void **state)
{
	size_t i;
	json_t *v;

	(void)state;
	json_array_foreach (json_object_get(primitives, "coordinatorPartition"), i, v) {
		assert_int_equal(json_integer_value(json_object_get(v, "javaHashCode")),
				 str_java_hash(str_of(json_string_value(json_object_get(v, "key")))));
	}
}

struct form {
	bool compact;
	size_t n;
	uint8_t p[8];
};

static void strings_in_both_forms(void **state)
{
	static const struct form forms[] = {
		{ false, 4, { 0, 2, 'h', 'i' } },
		{ true, 3, { 3, 'h', 'i' } },
	};
	struct writer w;
	struct cursor c;
	struct buf *b;
	struct str s;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		c = cur_of(forms[i].p, forms[i].n);
		s = wire_read_string(&c, forms[i].compact);
		assert_true(str_is(s, "hi"));
		assert_int_equal(0, cur_left(&c));
		writer_init(&w, 16, 100);
		wire_write_string(&w, s, forms[i].compact);
		b = taken(&w);
		assert_int_equal(forms[i].n, b->len);
		assert_memory_equal(forms[i].p, b->data, b->len);
		assert_int_equal(forms[i].n, wire_string_prefix(2, forms[i].compact) + 2);
		buf_unref(b);
	}
}

static void nulls_in_both_forms(void **state)
{
	static const uint8_t negative[] = { 0xff, 0xff, 0xff, 0xff };
	static const uint8_t zero[] = { 0 };
	/* 0x80000001 as uvarint: Kafka's readers see a negative length. */
	static const uint8_t wrapped[] = { 0x81, 0x80, 0x80, 0x80, 0x08 };
	struct cursor c;

	(void)state;
	c = cur_of(negative, 2);
	assert_int_equal(-1, wire_read_string(&c, false).len);
	assert_false(c.bad);
	c = cur_of(negative, 4);
	assert_int_equal(-1, wire_read_bytes(&c, false).len);
	c = cur_of(zero, 1);
	assert_int_equal(-1, wire_read_string(&c, true).len);
	assert_false(c.bad);
	c = cur_of(wrapped, sizeof(wrapped));
	assert_int_equal(-1, wire_read_count(&c, true));
	assert_false(c.bad);
}

static void lengths_beyond_the_input_are_refused(void **state)
{
	static const uint8_t bytes[] = { 0x7f, 0xff, 0xff, 0xff, 1, 2 };
	static const uint8_t compact[] = { 0x80, 0x80, 0x80, 0x80, 0x08, 1 }; /* 2^31 - 1 bytes */
	static const uint8_t string[] = { 0x7f, 0xff, 1, 2 };
	struct cursor c;

	(void)state;
	c = cur_of(bytes, sizeof(bytes));
	assert_int_equal(-1, wire_read_bytes(&c, false).len);
	assert_true(c.bad);
	c = cur_of(compact, sizeof(compact));
	assert_int_equal(-1, wire_read_bytes(&c, true).len);
	assert_true(c.bad);
	c = cur_of(string, sizeof(string));
	assert_int_equal(-1, wire_read_string(&c, false).len);
	assert_true(c.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_variable_length),
		cmocka_unit_test(a_fifth_byte_must_end_the_number),
		cmocka_unit_test(uuids),
		cmocka_unit_test(hashes),
		cmocka_unit_test(strings_in_both_forms),
		cmocka_unit_test(nulls_in_both_forms),
		cmocka_unit_test(lengths_beyond_the_input_are_refused),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
