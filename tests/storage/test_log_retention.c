/* test_log_retention.c - what deletes segments: retention by start, size and time; truncation; delayed unlinking
 * (storage.md 9, 10). */
#include "golden.h"
#include "log_fixture.h"
#include "protocol/errors.h"

#define B 72
#define SEG(n) "00000000000000000" #n

static struct log_fixture f;

static int setup(void **state)
{
	(void)state;
	log_fixture_init(&f);
	f.config->segment_bytes = 10 * B;
	f.config->retention_ms = -1;
	f.config->file_delete_delay_ms = 60000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_fixture_fini(&f);
	return 0;
}

/* Record i has timestamp FIXTURE_NOW - 1000 + i. */
static struct log *fill(int n, int64_t hw)
{
	struct log *log = log_fixture_open(&f);

	for (int i = 0; i < n; i++)
		assert_int_equal(0, append(log, BATCH(.timestamp = FIXTURE_NOW - 1000 + i)));
	(void)log_set_high_watermark(log, hw);
	return log;
}

static void segments_below_the_start_go_whatever_the_policy(void **state)
{
	struct log *log = fill(35, 35);

	(void)state;
	f.config->cleanup_delete = false;
	assert_int_equal(0, log_apply_retention(log));
	assert_int_equal(0, log_advance_start_offset(log, 20));
	assert_int_equal(2, log_apply_retention(log));
	assert_int_equal(2, log_segments_n(log));
	assert_true(has_file(&f, SEG(010) ".log.deleted"));
	assert_true(has_file(&f, SEG(010) ".snapshot.deleted"));
	log_fixture_run(&f, 59999);
	assert_true(has_file(&f, SEG(010) ".log.deleted"));
	log_fixture_run(&f, 1);
	assert_false(has_file(&f, SEG(010) ".log.deleted"));
	assert_false(has_file(&f, SEG(010) ".index.deleted"));
	assert_false(has_file(&f, SEG(010) ".timeindex.deleted"));
	assert_false(has_file(&f, SEG(010) ".snapshot.deleted"));
	check_continuous(log);
}

static void size_never_falls_below_the_limit(void **state)
{
	struct log *log = fill(35, 35);

	(void)state;
	f.config->retention_bytes = 24 * B;
	assert_int_equal(1, log_apply_retention(log)); /* 35 - 10 >= 24, 25 - 10 < 24 */
	assert_int_equal(25 * B, log_size(log));
	assert_int_equal(10, log_start_offset(log));
	assert_int_equal(0, log_apply_retention(log));
	f.config->retention_bytes = 0;
	assert_int_equal(3, log_apply_retention(log));
	assert_int_equal(0, log_size(log));
	assert_int_equal(35, log_start_offset(log));
	assert_int_equal(35, log_end_offset(log));
	assert_int_equal(1, log_segments_n(log));
	append_many(log, 1);
	check_continuous(log);
}

static void time_counts_from_the_largest_timestamp(void **state)
{
	struct log *log = fill(35, 35);

	(void)state;
	f.config->retention_ms = 991;
	assert_int_equal(0, log_apply_retention(log)); /* strictly older only */
	f.config->retention_ms = 990;
	assert_int_equal(1, log_apply_retention(log));
	f.config->retention_ms = 970;
	assert_int_equal(2, log_apply_retention(log));
	assert_int_equal(30, log_start_offset(log));
	clock_fake_advance(&f.clock, 10000);
	assert_int_equal(1, log_apply_retention(log)); /* the active segment too: a new one is rolled */
	assert_int_equal(35, log_start_offset(log));
	assert_true(has_file(&f, SEG(035) ".log"));
	assert_int_equal(0, log_apply_retention(log)); /* an empty active segment stays */
	log = log_fixture_reopen_clean(&f);
	assert_int_equal(35, log_start_offset(log));
	assert_int_equal(35, log_end_offset(log));
	log_fixture_close_clean(&f);
	assert_int_equal(0, file_bytes(&f, SEG(035) ".index"));
	assert_int_equal(0, file_bytes(&f, SEG(035) ".timeindex"));
}

static void nothing_at_or_above_the_high_watermark_goes(void **state)
{
	struct log *log = fill(35, 15);

	(void)state;
	f.config->retention_bytes = 0;
	assert_int_equal(1, log_apply_retention(log));
	assert_int_equal(10, log_start_offset(log));
}

static void a_deleted_segment_stays_readable_for_answers_on_their_way(void **state)
{
	struct log *log = fill(25, 25);
	struct log_slice slice;
	struct arena arena;
	uint8_t bytes[B];

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(0, log_read(log, 3, B, true, FETCH_LOG_END, &arena, &slice));
	f.config->retention_bytes = 10 * B;
	assert_int_equal(1, log_apply_retention(log));
	log_fixture_run(&f, 60000);
	assert_false(has_file(&f, SEG(000) ".log.deleted"));
	assert_int_equal(0, file_read_full(slice.file, bytes, B, slice.at));
	log_slice_fini(&slice);
	arena_fini(&arena);
}

static void waiting_deletions_follow_a_renamed_directory(void **state)
{
	struct log *log = fill(25, 25);

	(void)state;
	f.config->retention_bytes = 10 * B;
	assert_int_equal(1, log_apply_retention(log));
	assert_int_equal(0, log_rename_dir(log, "t-0.0123456789abcdef0123456789abcdef-future"));
	f.args.name = "t-0.0123456789abcdef0123456789abcdef-future";
	assert_true(has_file(&f, SEG(000) ".log.deleted"));
	log_fixture_run(&f, 60000);
	assert_false(has_file(&f, SEG(000) ".log.deleted"));
	assert_int_equal(0, f.failures);
	append_many(log, 20);
	check_continuous(log);
}

static void truncation_removes_what_is_above(void **state)
{
	struct log *log = fill(35, 30);

	(void)state;
	assert_int_equal(0, log_truncate_to(log, 40));
	assert_int_equal(35, log_end_offset(log));
	assert_int_equal(0, log_truncate_to(log, 12));
	assert_int_equal(12, log_end_offset(log));
	assert_int_equal(12, log_high_watermark(log));
	assert_int_equal(2, log_segments_n(log));
	assert_int_equal(2 * B, file_bytes(&f, SEG(010) ".log"));
	assert_true(has_file(&f, SEG(020) ".log.deleted"));
	assert_false(has_file(&f, SEG(020) ".snapshot"));
	append_many(log, 30); /* new segments under the old names */
	check_continuous(log);
	log_fixture_run(&f, 60000);
	assert_true(has_file(&f, SEG(020) ".log"));
	check_continuous(log);
	assert_int_equal(0, log_truncate_to(log, 20)); /* exactly a base: an empty active segment */
	assert_int_equal(20, log_end_offset(log));
	append_many(log, 1);
	check_continuous(log);
}

static void truncating_below_the_first_segment_starts_anew(void **state)
{
	struct log *log = fill(35, 35);

	(void)state;
	f.config->retention_bytes = 10 * B;
	assert_true(log_apply_retention(log) > 0);
	assert_int_equal(0, log_truncate_to(log, 5));
	assert_int_equal(5, log_start_offset(log));
	assert_int_equal(5, log_end_offset(log));
	assert_int_equal(5, log_high_watermark(log));
	assert_int_equal(-1, log_latest_epoch(log));
	append_many(log, 1);
	assert_int_equal(6, log_end_offset(log));
	log = log_fixture_reopen_clean(&f);
	assert_int_equal(6, log_end_offset(log));
}

static void leader_epochs_follow_truncation(void **state)
{
	struct log *log = log_fixture_open(&f);
	CLEANUP(freep) char *text = NULL;
	int32_t epoch;
	int64_t end;

	(void)state;
	assert_int_equal(0, log_assign_epoch(log, 1, 0));
	for (int i = 0; i < 5; i++)
		assert_int_equal(0, append_epoch(log, BATCH(0), 1));
	for (int i = 0; i < 5; i++)
		assert_int_equal(0, append_epoch(log, BATCH(0), 4));
	log_end_offset_for_epoch(log, 2, &epoch, &end);
	assert_int_equal(1, epoch);
	assert_int_equal(5, end);
	assert_int_equal(0, log_truncate_to(log, 5));
	assert_int_equal(1, log_latest_epoch(log));
	log_fixture_run(&f, 0);
	text = file_hex(&f, "leader-epoch-checkpoint");
	assert_string_equal("300a310a3120300a", text); /* 0\n1\n1 0\n, written in the background */
	log = log_fixture_reopen_dirty(&f, -1);
	assert_int_equal(1, log_latest_epoch(log));
	(void)log_set_high_watermark(log, 5);
	assert_int_equal(0, log_advance_start_offset(log, 3));
	log_end_offset_for_epoch(log, 0, &epoch, &end);
	assert_int_equal(0, epoch);
	assert_int_equal(3, end);
}

static void a_gap_in_offsets_is_read_over(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct buf *b;

	(void)state;
	assert_int_equal(0, append_follower(log, BATCH(.base_offset = 0)));
	assert_int_equal(0, append_follower(log, BATCH(.base_offset = 7)));
	assert_int_equal(KERR_OFFSET_OUT_OF_RANGE, append_follower(log, BATCH(.base_offset = 7)));
	for (int i = 0; i < 10; i++)
		assert_int_equal(0, append_follower(log, BATCH(.base_offset = 100 + 2 * i)));
	assert_int_equal(119, log_end_offset(log));
	assert_int_equal(2, log_segments_n(log));
	for (int64_t i = 0; i < 119; i++) {
		b = read_at(log, i, 1, FETCH_LOG_END, 0);
		assert_int_equal(B, b->len);
		buf_unref(b);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(segments_below_the_start_go_whatever_the_policy),
		T(size_never_falls_below_the_limit),
		T(time_counts_from_the_largest_timestamp),
		T(nothing_at_or_above_the_high_watermark_goes),
		T(a_deleted_segment_stays_readable_for_answers_on_their_way),
		T(waiting_deletions_follow_a_renamed_directory),
		T(truncation_removes_what_is_above),
		T(truncating_below_the_first_segment_starts_anew),
		T(leader_epochs_follow_truncation),
		T(a_gap_in_offsets_is_read_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
