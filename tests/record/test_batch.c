/* test_batch.c - headers, checksums, edits in place, iteration; all reference batches. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "protocol/errors.h"
#include "record/builder.h"

static void check_file(const char *file)
{
	json_t *all = vectors_load(file), *v;
	size_t i;

	json_array_foreach (all, i, v) {
		struct buf *b = vec_hex(v, "hex");

		vec_check_batches(vec_str(v, "name"), json_object_get(v, "batches"), b->data, b->len,
		    true);
		buf_unref(b);
	}
	assert_true(i > 0);
	json_decref(all);
}

static void batches_of_kafka_decode_to_their_content(void **state)
{
	(void)state;
	check_file("record-batches.json");
}

static void batches_of_clients_decode_to_their_content(void **state)
{
	(void)state;
	check_file("client-batches.json");
}

/* A batch of `n` records with one-byte values. */
static struct buf *batch_of(int n)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *ret = NULL;
	int i;

	assert_int_equal(batch_builder_init(&b, &c, NULL), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(batch_builder_append(&b, i, 1000 + i, BYTES_NULL,
				     (struct bytes){ (const uint8_t *)"v", 1 }, 0, BYTES_NULL),
		    0);
	assert_int_equal(batch_builder_finish(&b, &ret), 0);
	batch_builder_fini(&b);
	return ret;
}

static void a_cut_batch_is_partial_at_every_length(void **state)
{
	struct buf *b = batch_of(3);
	struct batch h;
	size_t n;

	(void)state;
	for (n = 0; n < b->len; n++)
		assert_int_equal(batch_parse(b->data, n, &h), BATCH_PARTIAL);
	assert_int_equal(batch_parse(b->data, b->len, &h), 0);
	assert_int_equal(h.size, b->len);
	buf_unref(b);
}

static void impossible_lengths_and_magics_are_corrupt(void **state)
{
	static const int lengths[] = { 0, 13, -1, 14, 48 };
	struct buf *b = batch_of(1);
	struct batch h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint32_t v = htobe32((uint32_t)lengths[i]);

		memcpy(b->data + 8, &v, 4);
		assert_int_equal(batch_parse(b->data, b->len, &h), KERR_CORRUPT_MESSAGE);
		assert_int_equal(batch_parse_header(b->data, b->len, b->len, &h), KERR_CORRUPT_MESSAGE);
	}
	buf_unref(b);
	b = batch_of(1);
	b->data[16] = 3;
	assert_int_equal(batch_parse(b->data, b->len, &h), KERR_CORRUPT_MESSAGE);
	/* a log file's rule is milder */
	assert_int_equal(batch_parse_header(b->data, 61, b->len, &h), 0);
	assert_int_equal(h.magic, 2);
	b->data[16] = 0xff;
	assert_int_equal(batch_parse(b->data, b->len, &h), KERR_CORRUPT_MESSAGE);
	buf_unref(b);
}

static void a_short_tail_of_a_file_is_partial(void **state)
{
	struct buf *b = batch_of(1);
	struct batch h;

	(void)state;
	assert_int_equal(batch_parse_header(b->data, 17, 17, &h), BATCH_PARTIAL);
	assert_int_equal(batch_parse_header(b->data, 61, b->len - 1, &h), BATCH_PARTIAL);
	assert_int_equal(batch_parse_header(b->data, 61, b->len, &h), 0);
	buf_unref(b);
}

static void edits_of_offset_and_epoch_keep_the_checksum(void **state)
{
	struct buf *b = batch_of(3);
	struct batch h;

	(void)state;
	batch_set_last_offset(b->data, 102);
	batch_set_leader_epoch(b->data, 7);
	assert_int_equal(batch_parse(b->data, b->len, &h), 0);
	assert_int_equal(h.base_offset, 100);
	assert_int_equal(h.last_offset, 102);
	assert_int_equal(h.leader_epoch, 7);
	assert_true(batch_crc_ok(&h));
	buf_unref(b);
}

static void setting_the_same_timestamp_changes_no_byte(void **state)
{
	struct buf *b = batch_of(3);
	uint8_t before[256];
	struct batch h;

	(void)state;
	b->data[21] = 0x80; /* an unused bit: only a real change clears it */
	batch_update_crc(b->data);
	memcpy(before, b->data, b->len);
	batch_set_max_timestamp(b->data, TIMESTAMP_CREATE, 1002);
	assert_memory_equal(before, b->data, b->len);
	batch_set_max_timestamp(b->data, TIMESTAMP_LOG_APPEND, 5000);
	assert_int_equal(batch_parse(b->data, b->len, &h), 0);
	assert_int_equal(h.timestamp_type, TIMESTAMP_LOG_APPEND);
	assert_int_equal(h.max_timestamp, 5000);
	assert_int_equal(b->data[21], 0);
	assert_true(batch_crc_ok(&h));
	buf_unref(b);
}

static void every_flipped_bit_behind_the_checksum_is_seen(void **state)
{
	struct buf *b = batch_of(3);
	struct batch h;
	size_t bit;

	(void)state;
	for (bit = 17 * 8; bit < b->len * 8; bit++) {
		b->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(batch_parse(b->data, b->len, &h), 0);
		assert_false(batch_crc_ok(&h));
		b->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	buf_unref(b);
}

static void sequences_wrap_to_zero(void **state)
{
	(void)state;
	assert_int_equal(sequence_add(INT32_MAX, 1), 0);
	assert_int_equal(sequence_add(INT32_MAX - 1, 3), 1);
	assert_int_equal(sequence_add(5, 0), 5);
	assert_int_equal(sequence_sub(0, 1), INT32_MAX);
	assert_int_equal(sequence_sub(1, 3), INT32_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_of_kafka_decode_to_their_content),
		cmocka_unit_test(batches_of_clients_decode_to_their_content),
		cmocka_unit_test(a_cut_batch_is_partial_at_every_length),
		cmocka_unit_test(impossible_lengths_and_magics_are_corrupt),
		cmocka_unit_test(a_short_tail_of_a_file_is_partial),
		cmocka_unit_test(edits_of_offset_and_epoch_keep_the_checksum),
		cmocka_unit_test(setting_the_same_timestamp_changes_no_byte),
		cmocka_unit_test(every_flipped_bit_behind_the_checksum_is_seen),
		cmocka_unit_test(sequences_wrap_to_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
