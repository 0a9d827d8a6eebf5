/* test_cleaner_filter.c - the filter against bytes that Apache Kafka 3.9's MemoryRecords.filterTo wrote
 * (storage-fixtures.md A.7), and what it makes of damage. */
#include <stdio.h>

#include "golden.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "record/builder.h"
#include "storage/cleaner_filter.h"
#include "storage/cleaner_txns.h"
#include "storage/offset_map.h"

#define THREE                                                                                                          \
	"000000000000000a0000005200000002021574d06b00000000000200000000000003e800000000000003ea000000000000004d00010000" \
	"00050000000314000000046b300476300014000202046b310476310014000404046b3204763200"
#define MARKER                                                                                                         \
	"0000000000000014000000420000000402ee49ba8b0030000000000000018bcfe568000000018bcfe56800000000000000004d0001ffff" \
	"ffff000000012000000008000000000c00000000000900"
#define MARKER_WITH_HORIZON                                                                                            \
	"0000000000000014000000470000000402b5e748ec0070000000000000000005266f880000018bcfe56800000000000000004d0001ffff" \
	"ffff000000012a00f0e1f7abf9620008000000000c00000000000900"

static struct offset_map *map;
static struct cleaner_txns txns;
static struct cleaner_filter f;

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(0, offset_map_new(100 * OFFSET_MAP_ENTRY, 0.9, &map));
	txns = (struct cleaner_txns)CLEANER_TXNS_INIT;
	f = (struct cleaner_filter){ .map = map, .txns = &txns, .now_ms = 5000, .delete_retention_ms = 86400000,
		.round_end = -1, .max_message_bytes = 1 << 20, .previous = -1 };
	f.out = buf_new(512);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	offset_map_free(map);
	cleaner_txns_fini(&txns);
	cleaner_filter_fini(&f);
	buf_unref(f.out);
	return 0;
}

static void seen(const char *key, int64_t offset)
{
	struct offset_key k = offset_map_hash(map, (struct bytes){ (const uint8_t *)key, (int32_t)strlen(key) });

	assert_true(offset_map_put(map, &k, offset));
}

static struct buf *hex(const char *s)
{
	return buf_of_hex(s, strlen(s));
}

static int run(struct buf *in)
{
	size_t used = 0;
	int r = cleaner_filter_run(&f, in->data, in->len, SIZE_MAX, &used);

	if (r == 0)
		assert_int_equal(in->len, used);
	else
		f.previous = -1;
	buf_unref(in);
	return r;
}

static void expect_out(const char *want)
{
	char *got = xmalloc(2 * f.out->len + 1);

	for (size_t i = 0; i < f.out->len; i++)
		(void)sprintf(got + 2 * i, "%02x", f.out->data[i]);
	got[2 * f.out->len] = '\0';
	assert_string_equal(want, got);
	free(got);
	f.out->len = 0;
	f.previous = -1;
}

static void one_record_goes(void **state)
{
	(void)state;
	seen("k0", 10);
	seen("k2", 12);
	seen("k1", 15);
	assert_int_equal(0, run(hex(THREE)));
	expect_out("000000000000000a0000004700000002025c494d9b00000000000200000000000003e800000000000003ea000000000000004d00"
		   "01000000050000000214000000046b300476300014000404046b3204763200");
	assert_int_equal(3, f.messages_read);
	assert_int_equal(2, f.messages_kept);
	assert_int_equal(12, f.last_kept);
}

static void one_record_stays(void **state)
{
	(void)state;
	seen("k0", 15);
	seen("k1", 11);
	seen("k2", 15);
	assert_int_equal(0, run(hex(THREE)));
	expect_out("000000000000000a0000003c0000000202a1537a5300000000000200000000000003e900000000000003e9000000000000004d00"
		   "01000000050000000114000002046b3104763100");
}

static void all_stay(void **state)
{
	(void)state;
	seen("k9", 15);
	assert_int_equal(0, run(hex(THREE)));
	expect_out(THREE);
}

static void nothing_stays(void **state)
{
	(void)state;
	seen("k0", 15);
	seen("k1", 15);
	seen("k2", 15);
	assert_int_equal(0, run(hex(THREE)));
	expect_out("");
}

static void the_last_batch_of_a_producer_stays_empty(void **state)
{
	const struct producer_end ends[] = { { 3, 12, 0 }, { 77, 12, 1 }, { 80, -1, 0 } };

	(void)state;
	seen("k0", 15);
	seen("k1", 15);
	seen("k2", 15);
	f.producers = ends;
	f.producers_n = 3;
	assert_int_equal(0, run(hex(THREE)));
	expect_out("000000000000000a000000310000000202c997e8ca000000000002ffffffffffffffff00000000000003ea000000000000004d00"
		   "010000000500000000");
	f.producers_n = 1;
	assert_int_equal(0, run(hex(THREE)));
	expect_out("");
	f.round_end = 13;
	assert_int_equal(0, run(hex(THREE)));
	expect_out("000000000000000a000000310000000202c997e8ca000000000002ffffffffffffffff00000000000003ea000000000000004d00"
		   "010000000500000000");
}

static void two_tombstones_get_a_horizon(void **state)
{
	(void)state;
	seen("k0", 10);
	seen("k1", 11);
	assert_int_equal(0, run(hex("000000000000000a000000430000000202100225dc00000000000100000000000003e800000000000003e9fff"
				    "fffffffffffffffffffffffff0000000210000000046b30010010000202046b310100")));
	expect_out("000000000000000a0000004900000002022f639d500040000000010000000005266f8800000000000003e9ffffffffffffffffffff"
		   "ffffffff000000021600bfaeb35200046b3001001600bdaeb35202046b310100");
}

static void a_horizon_is_kept_until_it_has_passed(void **state)
{
	static const char with[] =
	    "000000000000000a0000004900000002022f639d500040000000010000000005266f8800000000000003e9ffffffffffffffffffff"
	    "ffffffff000000021600bfaeb35200046b3001001600bdaeb35202046b310100";

	(void)state;
	seen("k0", 10);
	seen("k1", 11);
	f.now_ms = 86404999;
	assert_int_equal(0, run(hex(with)));
	expect_out(with);
	f.now_ms = 86405000;
	assert_int_equal(0, run(hex(with)));
	expect_out("");
}

static void a_marker_gets_a_horizon_and_goes(void **state)
{
	const struct producer_end ends[] = { { 77, -1, 1 } };

	(void)state;
	offset_map_set_latest(map, 100);
	assert_int_equal(0, run(hex(MARKER)));
	expect_out(MARKER_WITH_HORIZON);
	f.now_ms = 86404999;
	assert_int_equal(0, run(hex(MARKER_WITH_HORIZON)));
	expect_out(MARKER_WITH_HORIZON);
	f.now_ms = 86405000;
	assert_int_equal(0, run(hex(MARKER_WITH_HORIZON)));
	expect_out("");
	f.producers = ends;
	f.producers_n = 1;
	assert_int_equal(0, run(hex(MARKER_WITH_HORIZON)));
	expect_out("0000000000000014000000310000000402054e4534003000000000ffffffffffffffff0000018bcfe56800000000000000004d0001fff"
		   "fffff00000000");
}

static void a_marker_stays_while_its_transaction_has_batches(void **state)
{
	const struct txn_index_entry e = { 77, 10, 20, 21 };
	struct buf *data = hex(THREE);

	(void)state;
	offset_map_set_latest(map, 100);
	data->data[22] |= BATCH_TRANSACTIONAL;
	batch_update_crc(data->data);
	cleaner_txns_add(&txns, &e);
	assert_int_equal(0, run(data));
	assert_int_equal(0, f.out->len); /* aborted */
	assert_int_equal(0, run(hex(MARKER)));
	expect_out(MARKER);
	assert_int_equal(1, f.aborted_n);
	assert_int_equal(10, f.aborted[0].first_offset);
	assert_int_equal(20, f.aborted[0].last_offset);
	/* the next transaction of the same producer was not aborted */
	data = hex(THREE);
	batch_set_base_offset(data->data, 30);
	data->data[22] |= BATCH_TRANSACTIONAL;
	batch_update_crc(data->data);
	seen("k9", 100);
	assert_int_equal(0, run(data));
	assert_int_equal(3, f.messages_kept - 1);
}

static void a_retention_time_beyond_all_times(void **state)
{
	struct batch b;

	(void)state;
	f.delete_retention_ms = INT64_MAX;
	seen("k0", 10);
	seen("k1", 11);
	assert_int_equal(0, run(hex("000000000000000a000000430000000202100225dc00000000000100000000000003e800000000000003e9fff"
				    "fffffffffffffffffffffffff0000000210000000046b30010010000202046b310100")));
	assert_int_equal(0, batch_parse(f.out->data, f.out->len, &b));
	assert_true(b.has_delete_horizon);
	assert_int_equal(INT64_MAX, b.base_timestamp);
}

/* --- damage --- */

static void damage_is_told(void **state)
{
	struct buf *b;

	(void)state;
	offset_map_set_latest(map, 100);
	b = hex(THREE);
	b->data[70] ^= 1; /* checksum */
	assert_int_equal(KERR_CORRUPT_MESSAGE, run(b));
	b = hex(THREE);
	b->data[60] = 9; /* more records than there are */
	batch_update_crc(b->data);
	assert_int_equal(KERR_INVALID_RECORD, run(b));
	b = hex(THREE);
	b->data[22] = 5; /* a codec that does not exist */
	batch_update_crc(b->data);
	assert_int_equal(KERR_INVALID_RECORD, run(b));
	b = hex(THREE);
	b->data[26] = 1; /* last offset delta: the last record lies behind it */
	batch_update_crc(b->data);
	assert_int_equal(KERR_INVALID_RECORD, run(b));
	b = hex(THREE);
	b->data[23] = 0x80; /* a negative one */
	batch_update_crc(b->data);
	assert_int_equal(KERR_CORRUPT_MESSAGE, run(b));
	b = hex(THREE);
	b->data[16] = 3;
	assert_int_equal(KERR_CORRUPT_MESSAGE, run(b));
	f.previous = 10; /* offsets that do not rise */
	assert_int_equal(KERR_CORRUPT_MESSAGE, run(hex(THREE)));
	assert_int_equal(0, f.out->len);
}

static void a_record_nobody_could_rebuild_is_kept(void **state)
{
	struct buf *b = hex(THREE);
	char want[sizeof(THREE)];

	(void)state;
	seen("k0", 15);
	seen("k1", 15);
	seen("k2", 12);
	memset(b->data + 27, 0xff, 8); /* base timestamp -2: the records have -2, -1, 0 */
	b->data[34] = 0xfa;
	batch_update_crc(b->data);
	for (size_t i = 0; i < b->len; i++)
		(void)sprintf(want + 2 * i, "%02x", b->data[i]);
	assert_int_equal(0, run(b));
	expect_out(want);
}

static void output_is_limited(void **state)
{
	struct buf *b = hex(THREE THREE THREE);
	size_t used = 0, one = b->len / 3;

	(void)state;
	batch_set_base_offset(b->data + one, 20);
	batch_set_base_offset(b->data + 2 * one, 30);
	assert_int_equal(0, cleaner_filter_run(&f, b->data, b->len, one + 1, &used));
	assert_int_equal(2 * one, used);
	assert_int_equal(2 * one, f.out->len);
	f.out->len = 0;
	assert_int_equal(0, cleaner_filter_run(&f, b->data + used, b->len - used, one + 1, &used));
	assert_int_equal(one, used);
	buf_unref(b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(one_record_goes),
		T(one_record_stays),
		T(all_stay),
		T(nothing_stays),
		T(the_last_batch_of_a_producer_stays_empty),
		T(two_tombstones_get_a_horizon),
		T(a_horizon_is_kept_until_it_has_passed),
		T(a_marker_gets_a_horizon_and_goes),
		T(a_marker_stays_while_its_transaction_has_batches),
		T(a_retention_time_beyond_all_times),
		T(damage_is_told),
		T(a_record_nobody_could_rebuild_is_kept),
		T(output_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
