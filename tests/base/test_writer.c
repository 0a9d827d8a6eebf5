/* test_writer.c - numbers, pieces, limits. */
#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cursor.h"
#include "base/random.h"
#include "unit.h"
#include "vectors.h"

static void put_text(struct writer *w, const char *s)
{
	writer_put(w, s, strlen(s));
}

static struct buf *buf_of(const char *s)
{
	struct buf *b = buf_new(strlen(s));

	assert_non_null(b);
	memcpy(b->data, s, strlen(s));
	b->len = strlen(s);
	return b;
}

/* Takes the result as one buffer and compares it. */
static void expect(struct writer *w, const void *want, size_t n)
{
	struct buf *b;

	assert_int_equal(0, writer_take_buf(w, &b));
	assert_int_equal(n, b->len);
	assert_memory_equal(want, b->data, n);
	buf_unref(b);
	assert_int_equal(0, writer_len(w));
}

static void numbers_are_big_endian(void **state)
{
	static const uint8_t want[] = { 0xFF, 0x80, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct writer w;

	(void)state;
	writer_init(&w, 4, 0);
	writer_i8(&w, -1);
	writer_i16(&w, INT16_MIN);
	writer_i32(&w, 5);
	writer_i64(&w, INT64_C(0x0102030405060708));
	assert_int_equal(15, writer_len(&w));
	expect(&w, want, sizeof(want));
}

static void check_base_128(const char *array, void (*put)(struct writer *, int64_t), size_t (*size)(int64_t))
{
	json_t *all = vectors_load(), *row;
	struct writer w;
	uint8_t b[16];
	size_t i;

	json_array_foreach(json_object_get(all, array), i, row)
	{
		size_t n = vector_hex(row, "hex", b, sizeof(b));

		writer_init(&w, 0, 0);
		put(&w, vector_number(row, "value"));
		assert_int_equal(n, size(vector_number(row, "value")));
		expect(&w, b, n);
	}
	assert_true(i > 0);
	json_decref(all);
}

static void put_unsigned(struct writer *w, int64_t v)
{
	writer_uvarint(w, (uint32_t)v);
}

static size_t unsigned_size(int64_t v)
{
	return uvarint_size((uint32_t)v);
}

static void put_int(struct writer *w, int64_t v)
{
	writer_varint(w, (int32_t)v);
}

static size_t int_size(int64_t v)
{
	return varint_size((int32_t)v);
}

static void base_128_numbers_are_those_of_the_reference(void **state)
{
	(void)state;
	check_base_128("unsignedVarint", put_unsigned, unsigned_size);
	check_base_128("varint", put_int, int_size);
	check_base_128("varlong", writer_varlong, varlong_size);
}

static void pieces_come_in_order_and_are_not_copied(void **state)
{
	struct buf *foreign = buf_of("0123456789");
	struct writer w;
	struct chain c;

	(void)state;
	writer_init(&w, 64, 0);
	put_text(&w, "ab");
	writer_buf(&w, foreign, 3, 4);
	put_text(&w, "cd");
	writer_buf(&w, foreign, 0, 0); /* nothing */
	put_text(&w, "ef");
	assert_int_equal(10, writer_len(&w));
	assert_int_equal(0, writer_take(&w, &c));
	assert_int_equal(3, c.n);
	assert_int_equal(10, c.len);
	assert_ptr_equal(foreign, c.v[1].buf);
	assert_int_equal(3, c.v[1].at);
	assert_ptr_equal(c.v[0].buf, c.v[2].buf); /* the small pieces share a buffer */
	assert_memory_equal("cdef", c.v[2].buf->data + c.v[2].at, 4);
	assert_int_equal(2, atomic_load(&foreign->refs));
	chain_fini(&c);
	assert_int_equal(1, atomic_load(&foreign->refs));
	buf_unref(foreign);
	writer_fini(&w);
}

static void file_pieces_hold_their_file(void **state)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct writer w;
	struct chain c;

	(void)state;
	assert_int_equal(0, file_open("/dev/null", O_RDONLY, 0, &f));
	writer_init(&w, 0, 0);
	writer_i32(&w, 0);
	writer_file(&w, f, INT64_C(1) << 40, 1000);
	writer_patch_i32(&w, 0, 1000);
	assert_int_equal(1004, writer_len(&w));
	assert_int_equal(0, writer_take(&w, &c));
	assert_int_equal(2, c.n);
	assert_ptr_equal(f, c.v[1].file);
	assert_true(c.v[1].at == INT64_C(1) << 40);
	assert_memory_equal("\0\0\x03\xE8", c.v[0].buf->data, 4);
	assert_int_equal(2, atomic_load(&f->refs));
	chain_fini(&c);
	assert_int_equal(1, atomic_load(&f->refs));
	writer_fini(&w); /* of a writer that still held pieces: nothing left to drop */
}

static void the_limit_is_sticky(void **state)
{
	struct buf *foreign = buf_of("0123456789");
	struct writer w;
	struct chain c;
	struct buf *b;

	(void)state;
	writer_init(&w, 0, 10);
	put_text(&w, "12345678");
	assert_false(w.bad);
	writer_i32(&w, 1);
	assert_true(w.bad);
	put_text(&w, "x");
	assert_null(writer_room(&w, 0));
	writer_patch_i32(&w, 0, 1);
	assert_int_equal(-EMSGSIZE, writer_take(&w, &c));
	assert_int_equal(0, writer_len(&w));

	writer_init(&w, 0, 9);
	writer_buf(&w, foreign, 0, 10);
	assert_int_equal(-EMSGSIZE, writer_take_buf(&w, &b));
	assert_int_equal(1, atomic_load(&foreign->refs));

	writer_init(&w, 0, 0);
	put_text(&w, "x");
	assert_null(writer_room(&w, SIZE_MAX));
	writer_fini(&w);
	buf_unref(foreign);
}

static void an_empty_message_is_empty(void **state)
{
	struct writer w;
	struct chain c;

	(void)state;
	writer_init(&w, 0, 0);
	expect(&w, "", 0);
	assert_int_equal(0, writer_take(&w, &c));
	assert_int_equal(0, c.n);
	chain_fini(&c);
}

/* Random bytes and pieces against one plain array. */
static void it_behaves_like_one_array(void **state)
{
	struct buf *foreign = buf_new(5000);
	static uint8_t want[1 << 20];
	struct rng rng;

	(void)state;
	assert_non_null(foreign);
	random_bytes(foreign->data, 5000);
	foreign->len = 5000;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct writer w;
		size_t n = 4;

		print_message("seed %d\n", (int)seed);
		rng_init(&rng, seed);
		writer_init(&w, (size_t)rng_below(&rng, 600), sizeof(want));
		writer_i32(&w, 0);
		for (int step = 0; step < 100; step++) {
			size_t at = (size_t)rng_below(&rng, 1000), len = (size_t)rng_below(&rng, 4000);

			len = rng_below(&rng, 2) ? len % 20 : len;
			if (rng_below(&rng, 3) == 0)
				writer_buf(&w, foreign, at, len);
			else
				writer_put(&w, foreign->data + at, len);
			memcpy(want + n, foreign->data + at, len);
			n += len;
		}
		memcpy(want, "\xFF\xFF\xFF\xFE", 4);
		writer_patch_i32(&w, 0, -2);
		assert_int_equal(n, writer_len(&w));
		expect(&w, want, n);
	}
	buf_unref(foreign);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_big_endian),
		cmocka_unit_test(base_128_numbers_are_those_of_the_reference),
		cmocka_unit_test(pieces_come_in_order_and_are_not_copied),
		cmocka_unit_test(file_pieces_hold_their_file),
		cmocka_unit_test(the_limit_is_sticky),
		cmocka_unit_test(an_empty_message_is_empty),
		cmocka_unit_test(it_behaves_like_one_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
