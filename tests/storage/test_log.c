/* test_log.c - a log as its users see it: append, read, roll, bounds, offsets by time, start offset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "log_fixture.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "record/compress.h"
#include "record/reader.h"

static struct log_fixture f;

static int setup(void **state)
{
	(void)state;
	log_fixture_init(&f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_fixture_fini(&f);
	return 0;
}

static void a_new_log_is_empty(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	assert_int_equal(0, log_start_offset(log));
	assert_int_equal(0, log_end_offset(log));
	assert_int_equal(0, log_size(log));
	assert_int_equal(-1, log_latest_epoch(log));
	assert_int_equal(0, file_bytes(&f, "00000000000000000000.log"));
	assert_int_equal(0, file_bytes(&f, "leader-epoch-checkpoint"));
	buf_unref(read_at(log, 0, 100, FETCH_LOG_END, 0));
	buf_unref(read_at(log, 1, 100, FETCH_LOG_END, KERR_OFFSET_OUT_OF_RANGE));
}

static void appends_get_offsets_and_can_be_read(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct log_append_info info;
	struct buf *b;

	(void)state;
	assert_int_equal(0, append_from(log, BATCH(.records = 3), APPEND_CLIENT, &info));
	assert_int_equal(0, info.first_offset);
	assert_int_equal(2, info.last_offset);
	assert_int_equal(FIXTURE_NOW + 2, info.max_timestamp);
	assert_int_equal(-1, info.log_append_time);
	assert_int_equal(0, info.log_start_offset);
	assert_true(info.high_watermark_may_move);
	assert_int_equal(0, append_from(log, BATCH(.records = 2), APPEND_CLIENT, &info));
	assert_int_equal(3, info.first_offset);
	assert_int_equal(5, log_end_offset(log));
	b = read_at(log, 4, 1, FETCH_LOG_END, 0); /* the whole batch that holds 4 */
	assert_int_equal(83, b->len);
	buf_unref(b);
	check_continuous(log);
}

static void a_batch_keeps_its_bytes_except_offset_and_epoch(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct buf *sent = BATCH(.records = 2), *copy = buf_new(sent->len), *got;

	(void)state;
	memcpy(copy->data, sent->data, sent->len);
	assert_int_equal(0, append(log, BATCH(0)));
	assert_int_equal(0, append_epoch(log, sent, 7));
	got = read_at(log, 1, 1 << 20, FETCH_LOG_END, 0);
	assert_int_equal(83, got->len);
	batch_set_base_offset(copy->data, 1);
	batch_set_leader_epoch(copy->data, 7);
	assert_memory_equal(copy->data, got->data, 83);
	buf_unref(got);
	buf_unref(copy);
	assert_int_equal(7, log_latest_epoch(log));
}

static void log_append_time_is_stamped(void **state)
{
	struct log_append_info info;
	struct log *log;

	(void)state;
	f.config->log_append_time = true;
	log = log_fixture_open(&f);
	clock_fake_advance(&f.clock, 5);
	assert_int_equal(0, append_from(log, BATCH(.timestamp = 12), APPEND_CLIENT, &info));
	assert_int_equal(FIXTURE_NOW + 5, info.log_append_time);
	assert_int_equal(FIXTURE_NOW + 5, info.max_timestamp);
	check_continuous(log);
}

static void refused_appends_change_nothing(void **state)
{
	struct log_append_info info;
	struct buf *bad = BATCH(0);
	struct log *log;

	(void)state;
	f.config->max_message_bytes = 200;
	f.config->segment_bytes = 150;
	log = log_fixture_open(&f);
	bad->data[70] ^= 1;
	assert_int_equal(KERR_CORRUPT_MESSAGE, append_from(log, bad, APPEND_CLIENT, &info));
	assert_int_equal(-1, info.log_start_offset);
	assert_int_equal(KERR_MESSAGE_TOO_LARGE, append(log, BATCH(.value_size = 300)));
	assert_int_equal(KERR_RECORD_LIST_TOO_LARGE, append(log, BATCH(.value_size = 100)));
	assert_int_equal(KERR_INVALID_RECORD, append_from(log, BATCH(.base_offset = 5), APPEND_CLIENT, &info));
	assert_int_equal(0, log_end_offset(log));
	assert_int_equal(0, log_size(log));
}

static void segments_roll_by_size(void **state)
{
	struct log *log;

	(void)state;
	f.config->segment_bytes = 300;
	log = log_fixture_open(&f);
	append_many(log, 50);
	assert_int_equal(50, log_end_offset(log));
	assert_true(log_segments_n(log) > 10);
	check_continuous(log);
	log_fixture_run(&f, 1000);
	assert_int_equal(0, f.failures);
	assert_int_equal(50, log_recovery_point(log)); /* the roll's flush reached the end of that moment or later */
}

static void segments_roll_by_time_of_records_only(void **state)
{
	struct log *log;

	(void)state;
	f.config->segment_ms = 1000;
	log = log_fixture_open(&f);
	assert_int_equal(0, append(log, BATCH(.timestamp = FIXTURE_NOW)));
	clock_fake_advance(&f.clock, 5000);
	assert_int_equal(0, append(log, BATCH(.timestamp = FIXTURE_NOW + 1000))); /* strictly greater rolls */
	assert_int_equal(1, log_segments_n(log));
	assert_int_equal(0, append(log, BATCH(.timestamp = FIXTURE_NOW + 1001)));
	assert_int_equal(2, log_segments_n(log));
	assert_true(has_file(&f, "00000000000000000002.snapshot"));
}

static void segments_roll_when_an_index_is_full(void **state)
{
	struct log *log;

	(void)state;
	f.config->segment_index_bytes = 36; /* 4 offset entries, 2 time entries before the roll */
	f.config->index_interval_bytes = 0;
	log = log_fixture_open(&f);
	for (int i = 0; i < 20; i++)
		assert_int_equal(0, append(log, BATCH(.timestamp = FIXTURE_NOW + i)));
	assert_true(log_segments_n(log) >= 5);
	check_continuous(log);
}

static void readers_see_only_below_their_bound(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct buf *b;

	(void)state;
	append_many(log, 5);
	b = read_at(log, 0, 1 << 20, FETCH_HIGH_WATERMARK, 0);
	assert_int_equal(0, b->len);
	buf_unref(b);
	assert_true(log_set_high_watermark(log, 2));
	assert_false(log_set_high_watermark(log, 2));
	b = read_at(log, 0, 1 << 20, FETCH_HIGH_WATERMARK, 0);
	assert_int_equal(2 * 72, b->len);
	buf_unref(b);
	assert_int_equal(2 * 72, log_bytes_available(log, 0, FETCH_HIGH_WATERMARK, 1000));
	assert_int_equal(72, log_bytes_available(log, 1, FETCH_COMMITTED, 1000));
	assert_int_equal(100, log_bytes_available(log, 0, FETCH_HIGH_WATERMARK, 100));
	assert_int_equal(0, log_bytes_available(log, 2, FETCH_HIGH_WATERMARK, 100));
	buf_unref(read_at(log, 3, 100, FETCH_HIGH_WATERMARK, 0));
	buf_unref(read_at(log, 5, 100, FETCH_HIGH_WATERMARK, 0));
	buf_unref(read_at(log, 6, 100, FETCH_HIGH_WATERMARK, KERR_OFFSET_OUT_OF_RANGE));
	assert_true(log_set_high_watermark(log, 99));
	assert_int_equal(5, log_high_watermark(log));
}

static void old_positions_are_found_without_the_recent_appends(void **state)
{
	struct log *log;
	struct buf *b;

	(void)state;
	f.config->index_interval_bytes = 200;
	f.config->segment_bytes = 5000;
	log = log_fixture_open(&f);
	append_many(log, 300);
	for (int64_t hw = 0; hw <= 300; hw += 7) {
		(void)log_set_high_watermark(log, hw);
		b = read_at(log, 0, 1 << 20, FETCH_HIGH_WATERMARK, 0);
		assert_true(b->len % 72 == 0);
		assert_int_equal(hw * 72, log_bytes_available(log, 0, FETCH_HIGH_WATERMARK, 1 << 30));
		buf_unref(b);
	}
	for (int64_t i = 0; i < 300; i++) {
		b = read_at(log, i, 10, FETCH_LOG_END, 0);
		assert_int_equal(72, b->len);
		buf_unref(b);
	}
}

static void start_offset_moves_up_to_the_high_watermark(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	append_many(log, 5);
	assert_int_equal(KERR_OFFSET_OUT_OF_RANGE, log_advance_start_offset(log, 1));
	(void)log_set_high_watermark(log, 4);
	assert_int_equal(0, log_advance_start_offset(log, 3));
	assert_int_equal(3, log_start_offset(log));
	assert_int_equal(0, log_advance_start_offset(log, 1));
	assert_int_equal(3, log_start_offset(log));
	buf_unref(read_at(log, 2, 100, FETCH_LOG_END, KERR_OFFSET_OUT_OF_RANGE));
	check_continuous(log);
}

static int64_t offset_at(struct log *log, int64_t timestamp)
{
	struct offset_and_timestamp ot;

	assert_int_equal(0, log_offset_for_timestamp(log, timestamp, &ot));
	return ot.offset;
}

static void offsets_are_found_by_time(void **state)
{
	struct log *log;

	(void)state;
	f.config->segment_bytes = 400;
	f.config->index_interval_bytes = 50;
	log = log_fixture_open(&f);
	assert_int_equal(0, offset_at(log, -1));
	assert_int_equal(0, offset_at(log, -2));
	assert_int_equal(-1, offset_at(log, -3));
	assert_int_equal(-1, offset_at(log, 0));
	for (int i = 0; i < 20; i++)
		assert_int_equal(0, append(log, BATCH(.records = 2, .timestamp = 1000 + 10 * i,
						.codec = i % 2 ? CODEC_GZIP : CODEC_NONE)));
	assert_int_equal(40, offset_at(log, -1));
	assert_int_equal(39, offset_at(log, -3));
	assert_int_equal(0, offset_at(log, 0));
	assert_int_equal(0, offset_at(log, 1000));
	assert_int_equal(1, offset_at(log, 1001));
	assert_int_equal(2, offset_at(log, 1002));
	assert_int_equal(21, offset_at(log, 1101));
	assert_int_equal(39, offset_at(log, 1191));
	assert_int_equal(-1, offset_at(log, 1192));
	(void)log_set_high_watermark(log, 40);
	assert_int_equal(0, log_advance_start_offset(log, 13));
	assert_int_equal(13, offset_at(log, 0));
	assert_int_equal(13, offset_at(log, -2));
	assert_int_equal(13, offset_at(log, -4));
}

static void flush_messages_syncs_before_the_answer(void **state)
{
	struct log *log;

	(void)state;
	f.config->flush_messages = 3;
	log = log_fixture_open(&f);
	append_many(log, 2);
	assert_int_equal(0, log_recovery_point(log));
	append_many(log, 1);
	assert_int_equal(3, log_recovery_point(log));
	assert_int_equal(0, append(log, BATCH(.records = 5)));
	assert_int_equal(8, log_recovery_point(log));
}

static void preallocated_space_is_invisible(void **state)
{
	struct log *log;

	(void)state;
	f.config->preallocate = true;
	f.config->segment_bytes = 4096;
	log = log_fixture_open(&f);
	append_many(log, 3);
	assert_int_equal(4096, file_bytes(&f, "00000000000000000000.log"));
	assert_int_equal(3 * 72, log_size(log));
	check_continuous(log);
	log = log_fixture_reopen_clean(&f);
	assert_int_equal(3 * 72, file_bytes(&f, "00000000000000000000.log"));
	assert_int_equal(3, log_end_offset(log));
}

static void a_topic_id_is_written_once(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct uuid a = { { 1 } }, b = { { 2 } };

	(void)state;
	assert_true(uuid_is_zero(log_topic_id(log)));
	assert_int_equal(0, log_set_topic_id(log, a));
	assert_int_equal(0, log_set_topic_id(log, a));
	assert_int_equal(KERR_INCONSISTENT_TOPIC_ID, log_set_topic_id(log, b));
	log = log_fixture_reopen_clean(&f);
	assert_true(uuid_eq(a, log_topic_id(log)));
}

static void without_topic_ids_the_file_goes(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	assert_int_equal(0, log_set_topic_id(log, (struct uuid){ { 1 } }));
	f.args.without_topic_id = true;
	log = log_fixture_reopen_clean(&f);
	assert_true(uuid_is_zero(log_topic_id(log)));
	assert_false(has_file(&f, "partition.metadata"));
	assert_int_equal(0, log_set_topic_id(log, (struct uuid){ { 2 } })); /* of a controller that has them again */
	assert_true(uuid_is_zero(log_topic_id(log)));
	assert_false(has_file(&f, "partition.metadata"));
}

/* Offsets of a log's records in reading order, -1 behind the last; wrappers are looked into. */
static void check_offsets(struct log *log, int8_t magic, int64_t n)
{
	struct buf *b = read_at(log, 0, 1 << 20, FETCH_LOG_END, 0);
	struct record_reader r;
	struct batch batch;
	struct record rec;
	int64_t at = 0;
	size_t pos = 0;

	while (batch_next(b->data, b->len, &pos, &batch) == 0) {
		assert_int_equal(magic, batch.magic);
		assert_int_equal(0, record_reader_init(&r, &batch, NULL, false));
		while (record_reader_next(&r, &rec) == 0)
			assert_int_equal(at++, rec.offset);
		record_reader_fini(&r);
	}
	assert_int_equal(n, at);
	buf_unref(b);
}

static void old_formats_are_written_where_they_are_asked_for(void **state)
{
	(void)state;
	for (int8_t magic = 0; magic <= 1; magic++)
		for (int32_t codec = 0; codec <= 1; codec++) {
			struct log *log;

			f.config->record_format = magic;
			f.config->compression_type = codec;
			log = log_fixture_open(&f);
			for (int i = 0; i < 3; i++)
				assert_int_equal(0, append(log, BATCH(.records = 4)));
			check_offsets(log, magic, 12);
			assert_int_equal(-1, log_latest_epoch(log));
			assert_int_equal(0, log_assign_epoch(log, 3, 12));
			assert_int_equal(-1, log_latest_epoch(log));
			assert_false(has_file(&f, "leader-epoch-checkpoint"));
			assert_int_equal(KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT,
			    append(log, BATCH(.producer_id = 1, .transactional = true)));
			(void)teardown(state);
			(void)setup(state);
		}
}

static void zstd_waits_for_all_brokers(void **state)
{
	struct log *log;

	(void)state;
	f.config->compression_type = CODEC_ZSTD;
	f.config->allow_zstd = false;
	log = log_fixture_open(&f);
	assert_int_equal(KERR_UNSUPPORTED_COMPRESSION_TYPE, append(log, BATCH(0)));
	assert_int_equal(0, log_end_offset(log));
}

/* message.format.version went back: what was known of epochs would not be kept true any more. */
static void epochs_go_with_the_format_that_has_them(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct log_config *old = log_config_new();

	(void)state;
	assert_int_equal(0, append_epoch(log, BATCH(0), 4));
	assert_int_equal(4, log_latest_epoch(log));
	old->record_format = 1;
	log_set_config(log, old);
	assert_int_equal(-1, log_latest_epoch(log));
	log_config_unref(f.config);
	f.config = old;
	f.args.config = old;
	log = log_fixture_reopen_clean(&f);
	assert_int_equal(-1, log_latest_epoch(log));
	assert_false(has_file(&f, "leader-epoch-checkpoint"));
	log = log_fixture_reopen_dirty(&f, 0); /* recovery sees batches with epochs */
	assert_int_equal(-1, log_latest_epoch(log));
}

/* What somebody who copies a log without epochs has to know. */
static void truncations_are_remembered_until_asked_for(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	append_many(log, 9);
	assert_false(log_has_cut(log));
	assert_int_equal(INT64_MAX, log_take_cut(log));
	assert_int_equal(0, log_truncate_to(log, 9)); /* at the end: nothing goes */
	assert_false(log_has_cut(log));
	assert_int_equal(0, log_truncate_to(log, 4));
	append_many(log, 3);
	assert_int_equal(0, log_truncate_to(log, 6));
	assert_true(log_has_cut(log));
	assert_int_equal(4, log_take_cut(log));
	assert_false(log_has_cut(log));
	assert_int_equal(0, log_truncate_fully_and_start_at(log, 2));
	assert_int_equal(2, log_take_cut(log));
}

static void records_without_time_are_not_found_by_it(void **state)
{
	struct offset_and_timestamp found;
	struct log *log;

	(void)state;
	f.config->record_format = 0;
	log = log_fixture_open(&f);
	append_many(log, 2);
	assert_int_equal(KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, log_offset_for_timestamp(log, FIXTURE_NOW, &found));
	assert_int_equal(KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, log_offset_for_timestamp(log, -3, &found));
	assert_int_equal(0, log_offset_for_timestamp(log, -1, &found));
	assert_int_equal(2, found.offset);
	assert_int_equal(0, log_offset_for_timestamp(log, -2, &found));
	assert_int_equal(0, found.offset);
}

static void a_closed_log_answers_storage_error(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	append_many(log, 1);
	assert_int_equal(0, log_close_clean(log));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, append(log, BATCH(0)));
	buf_unref(read_at(log, 0, 100, FETCH_LOG_END, KERR_KAFKA_STORAGE_ERROR));
	log_close_dirty(log);
}

static void deleting_removes_the_directory(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct log_slice slice;
	struct arena arena;
	char one;

	(void)state;
	append_many(log, 1);
	arena_init(&arena, 0);
	assert_int_equal(0, log_read(log, 0, 100, true, FETCH_LOG_END, &arena, &slice));
	assert_int_equal(0, log_rename_dir(log, "t-0.0123456789abcdef0123456789abcdef-delete"));
	assert_false(has_file(&f, "00000000000000000000.log"));
	assert_int_equal(0, log_delete_files(log));
	assert_false(fs_exists(log_dir_path(log)));
	assert_int_equal(0, log_delete_files(log));
	assert_int_equal(0, file_read_full(slice.file, &one, 1, slice.at)); /* an answer on its way still reads */
	log_slice_fini(&slice);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_new_log_is_empty),
		T(appends_get_offsets_and_can_be_read),
		T(a_batch_keeps_its_bytes_except_offset_and_epoch),
		T(log_append_time_is_stamped),
		T(refused_appends_change_nothing),
		T(segments_roll_by_size),
		T(segments_roll_by_time_of_records_only),
		T(segments_roll_when_an_index_is_full),
		T(readers_see_only_below_their_bound),
		T(old_positions_are_found_without_the_recent_appends),
		T(start_offset_moves_up_to_the_high_watermark),
		T(offsets_are_found_by_time),
		T(flush_messages_syncs_before_the_answer),
		T(preallocated_space_is_invisible),
		T(a_topic_id_is_written_once),
		T(without_topic_ids_the_file_goes),
		T(old_formats_are_written_where_they_are_asked_for),
		T(zstd_waits_for_all_brokers),
		T(epochs_go_with_the_format_that_has_them),
		T(truncations_are_remembered_until_asked_for),
		T(records_without_time_are_not_found_by_it),
		T(a_closed_log_answers_storage_error),
		T(deleting_removes_the_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
