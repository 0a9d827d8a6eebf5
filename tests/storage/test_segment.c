/* test_segment.c - files byte for byte as Kafka writes them, and look-ups in them (storage-fixtures.md A.1 to A.4). */
#include <stdio.h>

#include "golden.h"
#include "log_fixture.h"
#include "protocol/errors.h"
#include "record/batch.h"

#define LOG    "00000000000000000100.log"
#define INDEX  "00000000000000000100.index"
#define TIMES  "00000000000000000100.timeindex"

#define ENTRY_1	 "00000005000000a6"
#define ENTRY_2	 "000000090000014c"
#define TIME_1	 "00000000000003f300000003"
#define TIME_2	 "00000000000003fd00000007"
#define TIME_3	 "00000000000004070000000b"

static struct log_fixture f;
static struct golden g;

static int setup(void **state)
{
	(void)state;
	log_fixture_init(&f);
	golden_load(&g, "segment-100.hex");
	f.config->index_interval_bytes = 100;
	f.config->segment_index_bytes = 96;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	golden_free(&g);
	log_fixture_fini(&f);
	return 0;
}

/* A log that begins at 100 and holds the first n golden batches, one append each. */
static struct log *golden_log(int n)
{
	struct log *log = log_fixture_open(&f);

	assert_int_equal(0, log_truncate_fully_and_start_at(log, 100));
	for (int i = 0; i < n; i++)
		assert_int_equal(0, append_follower(log, golden_copy(&g, i)));
	return log;
}

static void is_hex(const char *name, const char *want)
{
	CLEANUP(freep) char *got = file_hex(&f, name);

	assert_non_null(got);
	assert_string_equal(want, got);
}

/* The file begins with `want`; the rest are zeros; it is `len` bytes long. */
static void is_padded_hex(const char *name, const char *want, size_t len)
{
	CLEANUP(freep) char *got = file_hex(&f, name);

	assert_non_null(got);
	assert_int_equal(2 * len, strlen(got));
	assert_memory_equal(want, got, strlen(want));
	assert_int_equal(2 * len - strlen(want), strspn(got + strlen(want), "0"));
}

static void log_holds(int n)
{
	CLEANUP(freep) char *got = file_hex(&f, LOG);
	size_t at = 0;

	assert_non_null(got);
	for (int i = 0; i < n; i++) {
		struct buf *b = buf_of_hex(got + at, 2 * g.batch[i]->len);

		assert_memory_equal(g.batch[i]->data, b->data, b->len);
		at += 2 * b->len;
		buf_unref(b);
	}
	assert_int_equal(at, strlen(got));
}

static void files_are_those_of_kafka_while_open(void **state)
{
	(void)state;
	(void)golden_log(3);
	is_padded_hex(INDEX, ENTRY_1, 96);
	is_padded_hex(TIMES, TIME_1, 96);
	for (int i = 3; i < 5; i++)
		assert_int_equal(0, append_follower(f.log, golden_copy(&g, i)));
	is_padded_hex(INDEX, ENTRY_1 ENTRY_2, 96);
	is_padded_hex(TIMES, TIME_1 TIME_2, 96);
	log_holds(5);
}

static void files_are_those_of_kafka_after_a_clean_stop(void **state)
{
	(void)state;
	(void)golden_log(6);
	log_fixture_close_clean(&f);
	log_holds(6);
	is_hex(INDEX, ENTRY_1 ENTRY_2);
	is_hex(TIMES, TIME_1 TIME_2 TIME_3);
	is_hex("00000000000000000112.snapshot", "000148674bc700000000");
	(void)log_fixture_open(&f);
	assert_int_equal(112, log_end_offset(f.log));
}

static void a_small_log_has_the_files_of_a_small_kafka_log(void **state)
{
	struct log *log;

	(void)state;
	f.config->index_interval_bytes = 4096;
	f.config->segment_index_bytes = 10485760;
	log = log_fixture_open(&f);
	assert_int_equal(0, append(log, BATCH(.records = 2, .timestamp = 1000)));
	assert_int_equal(10485760, file_bytes(&f, "00000000000000000000.index"));
	assert_int_equal(10485756, file_bytes(&f, "00000000000000000000.timeindex"));
	log_fixture_close_clean(&f);
	assert_int_equal(83, file_bytes(&f, "00000000000000000000.log"));
	assert_int_equal(0, file_bytes(&f, "00000000000000000000.index"));
	is_hex("00000000000000000000.timeindex", "00000000000003e900000001");
	is_hex("leader-epoch-checkpoint", "300a310a3020300a"); /* 0\n1\n0 0\n */
}

static void finds(int64_t offset, int64_t position)
{
	struct arena arena;
	struct log_slice s;

	arena_init(&arena, 0);
	assert_int_equal(0, log_read(f.log, offset, 1, true, FETCH_LOG_END, &arena, &s));
	if (position < 0) {
		assert_null(s.file);
	} else {
		assert_non_null(s.file);
		assert_int_equal(position, s.at);
	}
	log_slice_fini(&s);
	arena_fini(&arena);
}

static void offsets_lead_to_positions(void **state)
{
	(void)state;
	(void)golden_log(6);
	for (int pass = 0; pass < 2; pass++) {
		finds(100, 0);
		finds(101, 0);
		finds(105, 166);
		finds(106, 249);
		finds(111, 415);
		finds(112, -1);
		buf_unref(read_at(f.log, 99, 1, FETCH_LOG_END, KERR_OFFSET_OUT_OF_RANGE));
		(void)log_fixture_reopen_clean(&f); /* without the memory of recent appends */
	}
}

static void time_is(int64_t timestamp, int64_t want_timestamp, int64_t want_offset)
{
	struct offset_and_timestamp got;

	assert_int_equal(0, log_offset_for_timestamp(f.log, timestamp, &got));
	assert_int_equal(want_offset, got.offset);
	assert_int_equal(want_timestamp, got.timestamp);
	assert_int_equal(want_offset < 0 ? -1 : 3, got.leader_epoch);
}

static void timestamps_lead_to_offsets(void **state)
{
	(void)state;
	(void)golden_log(6);
	for (int pass = 0; pass < 2; pass++) {
		time_is(0, 1000, 100);
		time_is(1000, 1000, 100);
		time_is(1005, 1010, 102);
		time_is(1010, 1010, 102);
		time_is(1011, 1011, 103);
		time_is(1012, 1020, 106);
		time_is(1020, 1020, 106);
		time_is(1031, 1031, 111);
		time_is(1032, -1, -1);
		time_is(-3, 1031, 111);
		(void)log_fixture_reopen_clean(&f);
	}
}

static void limits_cut_reads(void **state)
{
	static const struct {
		size_t limit, plain, with_one;
		bool incomplete;
	} rows[] = { { 0, 0, 83, false }, { 1, 1, 83, true }, { 82, 82, 83, true }, { 84, 84, 84, false },
		{ 200, 200, 200, false } };
	struct arena arena;
	struct log_slice s;

	(void)state;
	(void)golden_log(6);
	arena_init(&arena, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(0, log_read(f.log, 103, rows[i].limit, false, FETCH_LOG_END, &arena, &s));
		assert_int_equal(rows[i].plain, s.len);
		if (s.len > 0)
			assert_int_equal(83, s.at);
		assert_int_equal(rows[i].incomplete, s.first_batch_incomplete);
		log_slice_fini(&s);
		assert_int_equal(0, log_read(f.log, 103, rows[i].limit, true, FETCH_LOG_END, &arena, &s));
		assert_int_equal(rows[i].with_one, s.len);
		assert_false(s.first_batch_incomplete);
		log_slice_fini(&s);
	}
	arena_fini(&arena);
}

static void truncation_inside_a_batch_takes_all_of_it(void **state)
{
	struct log *log = golden_log(6);

	(void)state;
	assert_int_equal(0, log_truncate_to(log, 105));
	assert_int_equal(166, file_bytes(&f, LOG));
	assert_int_equal(105, log_end_offset(log));
	assert_int_equal(96, file_bytes(&f, INDEX));
	assert_int_equal(96, file_bytes(&f, TIMES));
	log_fixture_close_clean(&f);
	assert_int_equal(0, file_bytes(&f, INDEX));
	is_hex(TIMES, TIME_1);
}

/* --- A.4: recovery of damaged copies --- */

static void put_log(const uint8_t *p, size_t n)
{
	CLEANUP(freep) char *path = replica_path(&f, LOG);
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(n, fwrite(p, 1, n, out));
	assert_int_equal(0, fclose(out));
}

/* Recovers these bytes as segment 100 and checks what is left, and the indexes as a clean stop leaves them. */
static void recovers(const uint8_t *p, size_t n, int64_t kept, int64_t next, const char *index, const char *times)
{
	log_fixture_fini(&f);
	log_fixture_init(&f);
	f.config->index_interval_bytes = 100;
	f.config->segment_index_bytes = 96;
	(void)log_fixture_open(&f);
	assert_int_equal(0, log_truncate_fully_and_start_at(f.log, 100));
	log_close_dirty(f.log);
	f.log = log_unref(f.log);
	put_log(p, n);
	(void)log_fixture_reopen_dirty(&f, 100);
	assert_int_equal(kept, file_bytes(&f, LOG));
	assert_int_equal(next, log_end_offset(f.log));
	log_fixture_close_clean(&f);
	is_hex(INDEX, index);
	is_hex(TIMES, times);
}

static size_t all_bytes(uint8_t *out)
{
	size_t n = 0;

	for (int i = 0; i < 6; i++) {
		memcpy(out + n, g.batch[i]->data, g.batch[i]->len);
		n += g.batch[i]->len;
	}
	return n;
}

static void whole_and_torn_segments_are_recovered(void **state)
{
	uint8_t bytes[700] = { 0 };
	size_t n = all_bytes(bytes);

	(void)state;
	assert_int_equal(498, n);
	recovers(bytes, n, 498, 112, ENTRY_1 ENTRY_2, TIME_1 TIME_2 TIME_3);
	recovers(bytes, n - 10, 415, 110, ENTRY_1 ENTRY_2, TIME_1 TIME_2);
	recovers(bytes, 415 + 5, 415, 110, ENTRY_1 ENTRY_2, TIME_1 TIME_2);
	recovers(bytes, 415 + 17, 415, 110, ENTRY_1 ENTRY_2, TIME_1 TIME_2);
	recovers(bytes, 415 + 18, 415, 110, ENTRY_1 ENTRY_2, TIME_1 TIME_2);
	recovers(bytes, n + 5, 498, 112, ENTRY_1 ENTRY_2, TIME_1 TIME_2 TIME_3);
	recovers(bytes, n + 100, 498, 112, ENTRY_1 ENTRY_2, TIME_1 TIME_2 TIME_3);
	recovers(bytes, 0, 0, 100, "", "");
}

static void put_i32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void damaged_batches_end_the_segment(void **state)
{
	static const uint32_t lengths[] = { 13, 14, 0xffffffff, 100000, 71 + 20 };
	uint8_t bytes[700] = { 0 };
	size_t n = all_bytes(bytes);
	uint8_t *third = bytes + 166;

	(void)state;
	third[70] ^= 1;
	recovers(bytes, n, 166, 104, "", TIME_1);
	third[70] ^= 1;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		put_i32(third + 8, lengths[i]);
		recovers(bytes, n, 166, 104, "", TIME_1);
	}
	put_i32(third + 8, 71);
	third[16] = 1;
	recovers(bytes, n, 166, 104, "", TIME_1);
	third[16] = 0xff;
	recovers(bytes, n, 166, 104, "", TIME_1);
	for (size_t i = 0; i < 200; i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	recovers(bytes, 200, 0, 100, "", "");
}

static void damage_that_no_checksum_covers_stays(void **state)
{
	uint8_t bytes[700] = { 0 };
	size_t n = all_bytes(bytes);
	uint8_t *third = bytes + 166;

	(void)state;
	third[16] = 3;
	recovers(bytes, n, 498, 112, ENTRY_1 ENTRY_2, TIME_1 TIME_2 TIME_3);
	third[16] = 2;
	third[15] = 9; /* leader epoch */
	recovers(bytes, n, 498, 112, ENTRY_1 ENTRY_2, TIME_1 TIME_2 TIME_3);
	third[15] = 3;
	third[7] = 102;
	recovers(bytes, n, 498, 112, "00000003000000a6" ENTRY_2, TIME_1 TIME_2 TIME_3);
}

static void offsets_that_go_back_at_an_index_point_empty_the_segment(void **state)
{
	uint8_t bytes[700] = { 0 };
	size_t n = all_bytes(bytes);

	(void)state;
	bytes[83 * 4 + 7] = 101; /* the batch of the second index entry */
	recovers(bytes, n, 0, 100, "", "");
	bytes[83 * 4 + 7] = 108;
	bytes[83 * 5 + 7] = 101; /* the last one, which has the largest timestamp */
	recovers(bytes, n, 0, 100, "", "");
}

static void offsets_beyond_the_index_range_split_the_segment(void **state)
{
	uint8_t bytes[700] = { 0 };
	size_t n = all_bytes(bytes);

	(void)state;
	for (int i = 2; i < 6; i++)
		bytes[83 * i + 3] = 1; /* 2^32 higher */
	log_fixture_fini(&f);
	log_fixture_init(&f);
	f.config->cleanup_compact = true; /* only compaction leaves such gaps */
	(void)log_fixture_open(&f);
	assert_int_equal(0, log_truncate_fully_and_start_at(f.log, 100));
	log_close_dirty(f.log);
	f.log = log_unref(f.log);
	put_log(bytes, n);
	(void)log_fixture_reopen_dirty(&f, 100);
	assert_int_equal(2, log_segments_n(f.log));
	assert_int_equal(166, file_bytes(&f, LOG));
	assert_int_equal(332, file_bytes(&f, "00000000004294967400.log"));
	assert_int_equal(INT64_C(4294967408), log_end_offset(f.log));
	assert_false(has_file(&f, "00000000000000000100.log.deleted"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(files_are_those_of_kafka_while_open),
		T(files_are_those_of_kafka_after_a_clean_stop),
		T(a_small_log_has_the_files_of_a_small_kafka_log),
		T(offsets_lead_to_positions),
		T(timestamps_lead_to_offsets),
		T(limits_cut_reads),
		T(truncation_inside_a_batch_takes_all_of_it),
		T(whole_and_torn_segments_are_recovered),
		T(damaged_batches_end_the_segment),
		T(damage_that_no_checksum_covers_stays),
		T(offsets_that_go_back_at_an_index_point_empty_the_segment),
		T(offsets_beyond_the_index_range_split_the_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
