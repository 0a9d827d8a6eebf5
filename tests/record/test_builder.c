/* test_builder.c - our writer against Kafka's: each reference batch is taken apart and built again. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "protocol/errors.h"
#include "record/builder.h"
#include "record/reader.h"
#include "record/record.h"

static struct builder_config config_of(const struct batch *b, int64_t first)
{
	return (struct builder_config){
		.magic = b->magic,
		.codec = (enum codec)b->codec,
		.level = CODEC_LEVEL_DEFAULT,
		.timestamp_type = b->timestamp_type,
		.base_offset = first,
		.log_append_time = b->max_timestamp,
		.leader_epoch = b->leader_epoch,
		.producer_id = b->producer_id,
		.producer_epoch = b->producer_epoch,
		.base_sequence = b->base_sequence,
		.transactional = b->transactional,
		.control = b->control,
		.delete_horizon_ms = b->has_delete_horizon ? b->base_timestamp : NO_TIMESTAMP,
	};
}

/* Builds `b` again at the end of `into`. LogAppendTime hides the records' own timestamps: read without it. */
static struct buf *rebuilt(const struct batch *b, struct buf *into)
{
	struct batch source = *b;
	struct builder_config c;
	struct batch_builder out;
	struct record_reader in;
	struct record rec;
	struct buf *ret = NULL;
	int64_t first;

	assert_int_equal(batch_first_offset(b, &first), 0);
	c = config_of(b, first);
	if (b->magic >= 2)
		source.timestamp_type = TIMESTAMP_CREATE;
	assert_int_equal(batch_builder_init(&out, &c, into), 0);
	assert_int_equal(record_reader_init(&in, &source, NULL, false), 0);
	while (record_reader_next(&in, &rec) == 0)
		assert_int_equal(batch_builder_add(&out, rec.offset, &rec), 0);
	record_reader_fini(&in);
	if (b->magic >= 2)
		batch_builder_set_last_offset(&out, b->last_offset);
	assert_int_equal(batch_builder_finish(&out, &ret), 0);
	return ret;
}

static void kafkas_batches_are_built_byte_for_byte(void **state)
{
	json_t *all = vectors_load("record-batches.json"), *v;
	int different = 0;
	size_t i;

	(void)state;
	json_array_foreach (all, i, v) {
		struct buf *want = vec_hex(v, "hex"), *got = buf_new(0);
		struct batch b;
		size_t pos = 0;

		while (batch_next(want->data, want->len, &pos, &b) == 0) {
			if (b.record_count == 0)
				assert_int_equal(batch_build_empty(got, &b), 0);
			else
				got = rebuilt(&b, got);
		}
		if (want->len != got->len || memcmp(want->data, got->data, got->len) != 0) {
			print_message("%s differs\n", vec_str(v, "name"));
			different++;
		}
		buf_unref(want);
		buf_unref(got);
	}
	assert_int_equal(different, 0);
	json_decref(all);
}

static void offsets_must_rise_and_stay_near_the_base(void **state)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *out = NULL;

	(void)state;
	c.base_offset = 10;
	assert_int_equal(batch_builder_init(&b, &c, NULL), 0);
	assert_int_equal(batch_builder_append(&b, 9, 1, BYTES_NULL, BYTES_NULL, 0, BYTES_NULL),
	    KERR_INVALID_RECORD);
	assert_int_equal(batch_builder_append(&b, 12, 1, BYTES_NULL, BYTES_NULL, 0, BYTES_NULL), 0);
	assert_int_equal(batch_builder_append(&b, 12, 1, BYTES_NULL, BYTES_NULL, 0, BYTES_NULL),
	    KERR_INVALID_RECORD);
	assert_int_equal(batch_builder_append(&b, 10 + INT64_C(0x80000000), 1, BYTES_NULL, BYTES_NULL, 0,
			     BYTES_NULL),
	    KERR_INVALID_RECORD);
	assert_int_equal(batch_builder_append(&b, 13, -2, BYTES_NULL, BYTES_NULL, 0, BYTES_NULL),
	    KERR_INVALID_TIMESTAMP);
	assert_int_equal(batch_builder_append(&b, 10 + INT64_C(0x7fffffff), 1, BYTES_NULL, BYTES_NULL, 0,
			     BYTES_NULL),
	    0);
	assert_int_equal(batch_builder_finish(&b, &out), 0);
	buf_unref(out);
}

static void old_formats_have_no_producers(void **state)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;

	(void)state;
	c.magic = 1;
	c.producer_id = 5;
	assert_int_equal(batch_builder_init(&b, &c, NULL), KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT);
	c.producer_id = NO_PRODUCER_ID;
	c.codec = CODEC_ZSTD;
	assert_int_equal(batch_builder_init(&b, &c, NULL), KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT);
	c.codec = (enum codec)5;
	assert_int_equal(batch_builder_init(&b, &c, NULL), KERR_INVALID_RECORD);
}

static void without_records_there_is_no_batch(void **state)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *out = NULL;

	(void)state;
	c.codec = CODEC_LZ4;
	assert_int_equal(batch_builder_init(&b, &c, NULL), 0);
	assert_int_equal(batch_builder_finish(&b, &out), 0);
	assert_int_equal(out->len, 0);
	buf_unref(out);
}

static void random_batches_come_back(void **state)
{
	struct rnd rnd = { 5 };
	uint8_t noise[70000];
	int round, i;
	size_t k;

	(void)state;
	print_message("seed %d\n", 5);
	for (k = 0; k < sizeof(noise); k++)
		noise[k] = (uint8_t)rnd_next(&rnd);
	for (round = 0; round < 300; round++) {
		struct builder_config c = BUILDER_CONFIG_INIT;
		int n = 1 + (int)rnd_below(&rnd, 30);
		struct rnd again;
		struct batch_builder b;
		struct record_reader in;
		struct record rec;
		struct buf *out = NULL;
		struct batch h;
		int64_t offset;

		c.codec = (enum codec)rnd_below(&rnd, 5);
		c.base_offset = offset = (int64_t)rnd_below(&rnd, 1 << 30);
		again = rnd;
		assert_int_equal(batch_builder_init(&b, &c, NULL), 0);
		for (i = 0; i < n; i++) {
			struct bytes key = { noise, (int32_t)rnd_below(&rnd, 300) - 1 };
			struct bytes value = { noise, (int32_t)rnd_below(&rnd, 3000) - 1 };

			offset += 1 + (int64_t)rnd_below(&rnd, 100000);
			assert_int_equal(batch_builder_append(&b, offset, (int64_t)rnd_below(&rnd, 1u << 31),
					     key, value, 0, BYTES_NULL),
			    0);
		}
		assert_int_equal(batch_builder_finish(&b, &out), 0);

		assert_int_equal(batch_parse(out->data, out->len, &h), 0);
		assert_true(batch_crc_ok(&h));
		assert_int_equal(h.last_offset, offset);
		assert_int_equal(record_reader_init(&in, &h, NULL, false), 0);
		offset = c.base_offset;
		for (i = 0; i < n; i++) {
			assert_int_equal(record_reader_next(&in, &rec), 0);
			assert_int_equal(rec.key.len, (int32_t)rnd_below(&again, 300) - 1);
			assert_int_equal(rec.value.len, (int32_t)rnd_below(&again, 3000) - 1);
			if (rec.value.len > 0)
				assert_memory_equal(rec.value.p, noise, (size_t)rec.value.len);
			offset += 1 + (int64_t)rnd_below(&again, 100000);
			assert_int_equal(rec.offset, offset);
			assert_int_equal(rec.timestamp, rnd_below(&again, 1u << 31));
		}
		assert_int_equal(record_reader_next(&in, &rec), RECORDS_END);
		record_reader_fini(&in);
		buf_unref(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kafkas_batches_are_built_byte_for_byte),
		cmocka_unit_test(offsets_must_rise_and_stay_near_the_base),
		cmocka_unit_test(old_formats_have_no_producers),
		cmocka_unit_test(without_records_there_is_no_batch),
		cmocka_unit_test(random_batches_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
