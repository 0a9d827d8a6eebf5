/* test_cleaner_pass.c - whole passes over a log on disk: what survives, what segments are left, what is on disk. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "cleaner_fixture.h"
#include "golden.h"
#include "protocol/errors.h"
#include "record/batch.h"

static struct log_fixture f;

static int set_up(void **state)
{
	(void)state;
	cleaner_fixture_init(&f);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	log_fixture_fini(&f);
	cleaner_fixture_check = NULL;
	return 0;
}

static void the_last_record_of_each_key_survives(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	put(log, "a", "1");
	put(log, "b", "2");
	put(log, "a", "3");
	roll(log);
	put(log, "b", "4");
	put(log, "c", "5");
	roll(log);
	put(log, "a", "6"); /* active: not looked at */
	assert_int_equal(5, clean(&f, -1));
	RECORDS(log, FETCH_LOG_END, "2:a=3 3:b=4 4:c=5 5:a=6");
	assert_int_equal(6, log_end_offset(log));
	FILES(&f, ".log", "0 5");
}

/* --- tombstones --- */

static void a_tombstone_outlives_what_it_deletes(void **state)
{
	struct log *log = log_fixture_open(&f);
	int64_t end;

	(void)state;
	f.config->delete_retention_ms = 1000;
	put(log, "a", "1");
	put(log, "a", NULL);
	put(log, "b", "2");
	roll(log);
	end = clean(&f, -1);
	RECORDS(log, FETCH_LOG_END, "1:a=- 2:b=2");
	BATCHES(log, "[1-1 1H] [2-2 1]");
	clock_fake_advance(&f.clock, 999);
	put(log, "c", "3");
	roll(log);
	end = clean(&f, end);
	RECORDS(log, FETCH_LOG_END, "1:a=- 2:b=2 3:c=3");
	clock_fake_advance(&f.clock, 1);
	put(log, "c", "4");
	roll(log);
	(void)clean(&f, end);
	RECORDS(log, FETCH_LOG_END, "2:b=2 4:c=4");
}

static void a_tombstone_keeps_its_timestamp(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct offset_and_timestamp at;

	(void)state;
	put_batch(log, KVS(.v = { { "a", NULL }, { "b", "1" }, { "b", "2" } }, .timestamp = 1000, .codec = CODEC_ZSTD));
	roll(log);
	(void)clean(&f, -1);
	BATCHES(log, "[0-2 2H]");
	assert_int_equal(0, log_offset_for_timestamp(log, 1000, &at));
	assert_int_equal(0, at.offset);
	assert_int_equal(1000, at.timestamp);
	assert_int_equal(0, log_offset_for_timestamp(log, 1001, &at));
	assert_int_equal(2, at.offset);
	assert_int_equal(1002, at.timestamp);
}

static void what_lies_behind_the_map_is_left_as_it_is(void **state)
{
	struct log *log = log_fixture_open(&f);
	int64_t end = -1;

	(void)state;
	put(log, "a", "1");
	put(log, "b", "2");
	put(log, "a", "3");
	put(log, "c", NULL); /* the third key: not mapped, no horizon yet */
	put(log, "a", "5");
	roll(log);
	assert_int_equal(0, clean_log(log, &f.clock.clock, -1, 2, &end, NULL));
	assert_int_equal(3, end);
	BATCHES(log, "[1-1 1] [2-2 1] [3-3 1] [4-4 1]");
	assert_int_equal(5, clean(&f, end));
	RECORDS(log, FETCH_LOG_END, "1:b=2 3:c=- 4:a=5");
	BATCHES(log, "[1-1 1] [3-3 1H] [4-4 1]");
}

static void a_map_of_one_key_gets_there_too(void **state)
{
	struct log *log = log_fixture_open(&f);
	int64_t end = -1, before;

	(void)state;
	put_batch(log, KVS(.v = { { "a", "1" }, { "b", "2" }, { "c", "3" }, { "a", "4" } }));
	put_batch(log, KVS(.v = { { "b", "5" }, { "a", "6" } }));
	roll(log);
	do {
		before = end;
		assert_int_equal(0, clean_log(log, &f.clock.clock, end, 1, &end, NULL));
		assert_true(end > before);
	} while (end < 6);
	RECORDS(log, FETCH_LOG_END, "2:c=3 4:b=5 5:a=6");
}

/* --- producers and transactions --- */

static void an_active_producers_last_batch_stays(void **state)
{
	struct log *log = log_fixture_open(&f);
	int64_t end;

	(void)state;
	put_batch(log, KVS(.v = { { "a", "1" }, { "b", "2" } }, .producer_id = 7, .sequence = 0));
	put_batch(log, KVS(.v = { { "a", "3" }, { "b", "4" } }, .producer_id = 7, .sequence = 2));
	put(log, "a", "5");
	put(log, "b", "6");
	roll(log);
	end = clean(&f, -1);
	BATCHES(log, "[2-3 0] [4-4 1] [5-5 1]");
	log = log_fixture_reopen_dirty(&f, 0);
	(void)log_set_high_watermark(log, log_end_offset(log));
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
	    append(log, KVS(.v = { { "a", "x" } }, .producer_id = 7, .sequence = 7)));
	put_batch(log, KVS(.v = { { "a", "7" } }, .producer_id = 7, .sequence = 4));
	roll(log);
	end = clean(&f, end);
	BATCHES(log, "[5-5 1] [6-6 1]");
	put(log, "a", "8");
	roll(log);
	log_expire_producers(log, FIXTURE_NOW + 86400000);
	put(log, "c", "9");
	roll(log);
	(void)clean(&f, end);
	BATCHES(log, "[5-5 1] [7-7 1] [8-8 1]");
}

static void aborted_records_go_at_once(void **state)
{
	struct log *log = log_fixture_open(&f);
	int64_t end;

	(void)state;
	f.config->delete_retention_ms = 1000;
	put(log, "a", "1");
	put_batch(log, KVS(.v = { { "a", "2" } }, .producer_id = 7, .transactional = true));
	put_batch(log, KVS(.v = { { "b", "3" } }, .producer_id = 8, .transactional = true));
	end_txn(log, true, 7, 0);
	end_txn(log, false, 8, 0);
	put_batch(log, KVS(.v = { { "c", "6" } }, .producer_id = 8, .sequence = 1, .transactional = true));
	end_txn(log, false, 8, 0);
	roll(log);
	RECORDS(log, FETCH_COMMITTED, "0:a=1 2:b=3 5:c=6");
	end = clean(&f, -1);
	RECORDS(log, FETCH_COMMITTED, "0:a=1 2:b=3 5:c=6");
	/* the last batch of 7 stays for its sequence, so its marker and its entry do, too */
	BATCHES(log, "[0-0 1] [1-1 0T] [2-2 1T] [3-3 1TC] [4-4 1TC] [5-5 1T] [6-6 1TC]");
	assert_int_equal(34, file_bytes(&f, "00000000000000000000.txnindex"));
	log_expire_producers(log, FIXTURE_NOW + 86400000);
	put(log, "d", "7");
	roll(log);
	end = clean(&f, end);
	/* the last of 7 has gone with this pass; that shows its marker, and a record of 8 that is overtaken, in the next */
	BATCHES(log, "[0-0 1] [2-2 1T] [3-3 1TC] [4-4 1TC] [5-5 1T] [6-6 1TC] [7-7 1]");
	assert_int_equal(34, file_bytes(&f, "00000000000000000000.txnindex"));
	put(log, "b", "8");
	roll(log);
	end = clean(&f, end);
	BATCHES(log, "[0-0 1] [3-3 1TCH] [4-4 1TC] [5-5 1T] [6-6 1TC] [7-7 1] [8-8 1]");
	assert_int_equal(-1, file_bytes(&f, "00000000000000000000.txnindex"));
	clock_fake_advance(&f.clock, 999);
	put(log, "e", "9");
	roll(log);
	end = clean(&f, end);
	BATCHES(log, "[0-0 1] [3-3 1TCH] [4-4 1TCH] [5-5 1T] [6-6 1TC] [7-7 1] [8-8 1] [9-9 1]");
	clock_fake_advance(&f.clock, 1);
	put(log, "e", "10");
	roll(log);
	end = clean(&f, end);
	BATCHES(log, "[0-0 1] [4-4 1TCH] [5-5 1T] [6-6 1TC] [7-7 1] [8-8 1] [10-10 1]");
	RECORDS(log, FETCH_COMMITTED, "0:a=1 5:c=6 7:d=7 8:b=8 10:e=10");
}

static void nothing_undecided_is_cleaned(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	put(log, "a", "1");
	put(log, "a", "2");
	roll(log);
	put_batch(log, KVS(.v = { { "a", "3" } }, .producer_id = 7, .transactional = true));
	roll(log);
	put(log, "a", "4");
	roll(log);
	assert_int_equal(2, clean(&f, -1));
	RECORDS(log, FETCH_LOG_END, "1:a=2 2:a=3 3:a=4");
	end_txn(log, false, 7, 0);
	roll(log);
	assert_int_equal(5, clean(&f, 2));
	RECORDS(log, FETCH_COMMITTED, "3:a=4");
	BATCHES(log, "[2-2 0T] [3-3 1] [4-4 1TC]");
}

static void an_aborted_transaction_over_several_segments(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	put_batch(log, KVS(.v = { { "a", "0" } }));
	put_batch(log, KVS(.v = { { "a", "1" } }, .producer_id = 7, .sequence = 0, .transactional = true));
	roll(log);
	put_batch(log, KVS(.v = { { "a", "2" } }, .producer_id = 7, .sequence = 1, .transactional = true));
	put(log, "b", "3");
	roll(log);
	end_txn(log, true, 7, 0);
	put_batch(log, KVS(.v = { { "c", "5" } }, .producer_id = 7, .sequence = 2, .transactional = true));
	end_txn(log, false, 7, 0);
	roll(log);
	f.config->segment_bytes = 14; /* no groups: each segment stays one */
	assert_int_equal(7, clean(&f, -1));
	RECORDS(log, FETCH_COMMITTED, "0:a=0 3:b=3 5:c=5");
	BATCHES(log, "[0-0 1] [3-3 1] [4-4 1TC] [5-5 1T] [6-6 1TC]");
	assert_int_equal(34, file_bytes(&f, "00000000000000000004.txnindex"));
	assert_int_equal(7, clean(&f, -1));
	RECORDS(log, FETCH_COMMITTED, "0:a=0 3:b=3 5:c=5");
	BATCHES(log, "[0-0 1] [3-3 1] [4-4 1TCH] [5-5 1T] [6-6 1TC]");
	assert_int_equal(-1, file_bytes(&f, "00000000000000000004.txnindex"));
	FILES(&f, ".log", "0 2 4 7");
}

static void the_last_batch_of_the_range_stays(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	put(log, "a", "1");
	put_batch(log, KVS(.v = { { "b", "2" } }, .producer_id = 7, .transactional = true));
	end_txn(log, true, 7, 0);
	log_expire_producers(log, FIXTURE_NOW + 86400000);
	roll(log);
	f.config->delete_retention_ms = 0;
	assert_int_equal(3, clean(&f, -1));
	BATCHES(log, "[0-0 1] [2-2 1TC]");
	assert_int_equal(3, clean(&f, -1));
	BATCHES(log, "[0-0 1] [2-2 1TCH]");
	/* whoever copies the log finds its end in the last marker, although nothing is in it */
	assert_int_equal(3, clean(&f, -1));
	BATCHES(log, "[0-0 1] [2-2 0TC]");
	assert_int_equal(3, clean(&f, -1));
	BATCHES(log, "[0-0 1] [2-2 0TC]");
	put(log, "b", "3");
	roll(log);
	assert_int_equal(4, clean(&f, 3));
	BATCHES(log, "[0-0 1] [3-3 1]");
}

static void the_end_of_a_log_that_lost_all_is_known(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	f.config->delete_retention_ms = 0;
	put(log, "a", NULL);
	roll(log);
	assert_int_equal(1, clean(&f, -1));
	BATCHES(log, "[0-0 1H]");
	clock_fake_advance(&f.clock, 1);
	assert_int_equal(1, clean(&f, 0));
	BATCHES(log, "[0-0 0]");
}

/* --- formats --- */

static void every_codec_is_kept(void **state)
{
	struct log *log = log_fixture_open(&f);
	int64_t base = 0, offset = 0;

	(void)state;
	for (int codec = CODEC_NONE; codec <= CODEC_MAX; codec++)
		put_batch(log, KVS(.v = { { "a", "1" }, { "b", "2" }, { "c", "3" }, { codec % 2 ? "x" : "y", "4" } },
				   .codec = codec));
	put_batch(log, KVS(.v = { { "c", "5" } }));
	roll(log);
	(void)clean(&f, -1);
	RECORDS(log, FETCH_LOG_END, "15:x=4 16:a=1 17:b=2 19:y=4 20:c=5");
	for (int codec = CODEC_LZ4; codec <= CODEC_ZSTD; codec++) {
		struct buf *b = read_at(log, offset, 1, FETCH_LOG_END, 0);
		struct batch batch;

		assert_int_equal(0, batch_parse(b->data, b->len, &batch));
		assert_int_equal(codec, batch.codec);
		offset = batch.last_offset + 1;
		buf_unref(b);
	}
	(void)base;
}

static void append_time_stays(void **state)
{
	struct log *log;
	struct offset_and_timestamp at;

	(void)state;
	f.config->log_append_time = true;
	log = log_fixture_open(&f);
	put_batch(log, KVS(.v = { { "a", "1" }, { "a", "2" }, { "b", NULL } }));
	roll(log);
	(void)clean(&f, -1);
	BATCHES(log, "[0-2 2H]");
	assert_int_equal(0, log_offset_for_timestamp(log, FIXTURE_NOW, &at));
	assert_int_equal(1, at.offset);
	assert_int_equal(FIXTURE_NOW, at.timestamp);
}

static void a_batch_larger_than_the_buffers(void **state)
{
	struct log *log;
	char value[9000];

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	f.config->max_message_bytes = 20000;
	log = log_fixture_open(&f);
	put(log, "a", "0");
	put_batch(log, KVS(.v = { { "a", value }, { "b", value } }));
	put(log, "b", "3");
	roll(log);
	f.config->max_message_bytes = 100; /* less than what is stored */
	(void)clean(&f, -1);
	BATCHES(log, "[1-2 1] [3-3 1]");
}

static void records_without_a_key_go(void **state)
{
	struct log *log;
	struct cleaner_stats stats;
	int64_t end;

	(void)state;
	f.config->cleanup_compact = false;
	log = log_fixture_open(&f);
	put_batch(log, KVS(.v = { { NULL, "1" }, { "a", "2" }, { NULL, "3" } }));
	put_batch(log, KVS(.v = { { NULL, "4" } }));
	put(log, "b", "5");
	f.config->cleanup_compact = true;
	assert_int_equal(KERR_INVALID_RECORD, append(log, KVS(.v = { { NULL, "x" } })));
	roll(log);
	assert_int_equal(0, clean_log(log, &f.clock.clock, -1, 0, &end, &stats));
	RECORDS(log, FETCH_LOG_END, "1:a=2 4:b=5");
	assert_int_equal(3, stats.invalid);
	assert_int_equal(5, stats.messages_read);
	assert_int_equal(2, stats.messages_written);
}

static void old_formats(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	assert_int_equal(0, append_follower(log, KVS(.v = { { "a", "1" } }, .magic = MAGIC_0)));
	assert_int_equal(0, append_follower(log, KVS(.v = { { "b", "2" } }, .base_offset = 1, .magic = MAGIC_1)));
	assert_int_equal(0, append_follower(log, KVS(.v = { { "a", "3" }, { "c", "4" }, { "b", "5" } }, .base_offset = 2,
				.magic = MAGIC_1, .codec = CODEC_GZIP)));
	assert_int_equal(0, append_follower(log, KVS(.v = { { "d", "6" }, { "c", "7" } }, .base_offset = 5,
				.magic = MAGIC_0, .codec = CODEC_LZ4)));
	assert_int_equal(0, append_follower(log, KVS(.v = { { "b", "8" } }, .base_offset = 7)));
	(void)log_set_high_watermark(log, 8);
	roll(log);
	assert_int_equal(8, clean(&f, -1));
	RECORDS(log, FETCH_LOG_END, "2:a=3 5:d=6 6:c=7 7:b=8");
	log = log_fixture_reopen_dirty(&f, 0);
	RECORDS(log, FETCH_LOG_END, "2:a=3 5:d=6 6:c=7 7:b=8");
	assert_int_equal(8, log_end_offset(log));
}

static void set_modified(const char *name, time_t s)
{
	CLEANUP(freep) char *path = replica_path(&f, name);

	assert_int_equal(0, utime(path, &(struct utimbuf){ s, s }));
}

static void old_tombstones_go_by_the_age_of_their_file(void **state)
{
	struct log *log = log_fixture_open(&f);

	(void)state;
	f.config->delete_retention_ms = 10000;
	assert_int_equal(0, append_follower(log, KVS(.v = { { "a", NULL } }, .magic = MAGIC_1)));
	roll(log);
	set_modified("00000000000000000000.log", 1000);
	assert_int_equal(0, append_follower(log, KVS(.v = { { "b", NULL } }, .base_offset = 1, .magic = MAGIC_1)));
	roll(log);
	set_modified("00000000000000000001.log", 1020);
	assert_int_equal(0, append_follower(log, KVS(.v = { { "c", NULL } }, .base_offset = 2, .magic = MAGIC_1)));
	(void)log_set_high_watermark(log, 3);
	roll(log);
	f.config->segment_bytes = 14;
	assert_int_equal(3, clean(&f, 2)); /* 0 and 1 are clean; the last of them was modified at 1020 s */
	RECORDS(log, FETCH_LOG_END, "1:b=- 2:c=-");
}

/* --- segments --- */

static void segments_come_together_up_to_their_size(void **state)
{
	struct log *log = log_fixture_open(&f);
	char key[8];

	(void)state;
	for (int i = 0; i < 12; i++) { /* six segments of two records, 140 bytes each */
		(void)snprintf(key, sizeof(key), "%c", 'a' + i);
		put(log, key, "1");
		if (i % 2)
			roll(log);
	}
	f.config->segment_bytes = 300;
	assert_int_equal(12, clean(&f, -1));
	FILES(&f, ".log", "0 4 8 12");
	FILES(&f, ".snapshot", "4 8 12");
	FILES(&f, ".log.deleted", "0 2 4 6 8 10");
	log_fixture_run(&f, 60000);
	FILES(&f, ".log.deleted", "");
	FILES(&f, ".snapshot.deleted", "");
	FILES(&f, ".cleaned", "");
	check_continuous(log);
}

static void index_sizes_bound_a_group_too(void **state)
{
	struct log *log;
	char key[8];

	(void)state;
	f.config->index_interval_bytes = 0;
	f.config->segment_index_bytes = 4 * 12;
	log = log_fixture_open(&f);
	for (int i = 0; i < 12; i++) { /* six segments with two records, one entry in each index */
		(void)snprintf(key, sizeof(key), "%c", 'a' + i);
		put_batch(log, KVS(.v = { { key, "1" } }, .timestamp = FIXTURE_NOW + i));
		if (i % 2)
			roll(log);
	}
	assert_int_equal(12, clean(&f, -1));
	FILES(&f, ".log", "0 8 12");
	check_continuous(log);
}

static void a_cleaned_segment_is_as_old_as_its_last_part(void **state)
{
	struct log *log = log_fixture_open(&f);
	CLEANUP(freep) char *path = replica_path(&f, "00000000000000000000.log");
	CLEANUP(freep) char *index = replica_path(&f, "00000000000000000000.timeindex");
	struct stat st;

	(void)state;
	put(log, "a", "1");
	roll(log);
	put(log, "b", "2");
	roll(log);
	set_modified("00000000000000000000.log", 1000);
	set_modified("00000000000000000001.log", 2000);
	(void)clean(&f, -1);
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(2000, st.st_mtime);
	assert_int_equal(0, stat(index, &st));
	assert_int_equal(2000, st.st_mtime);
}

static void indexes_lead_to_the_new_places(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct offset_and_timestamp at;
	char key[8];

	(void)state;
	for (int i = 0; i < 200; i++) {
		(void)snprintf(key, sizeof(key), "%d", i % 2 ? i : 0);
		put_batch(log, KVS(.v = { { key, "1" } }, .timestamp = FIXTURE_NOW + i));
	}
	roll(log);
	(void)clean(&f, -1);
	assert_true(file_bytes(&f, "00000000000000000000.index") > 0);
	assert_int_equal(0, file_bytes(&f, "00000000000000000000.index") % 8);
	for (int i = 0; i < 199; i++) {
		struct buf *b = read_at(log, i, 1, FETCH_LOG_END, 0);
		struct batch batch;
		int64_t want = i < 198 ? i | 1 : i;

		assert_int_equal(0, batch_parse(b->data, b->len, &batch));
		assert_int_equal(want, batch.base_offset);
		buf_unref(b);
		assert_int_equal(0, log_offset_for_timestamp(log, FIXTURE_NOW + i, &at));
		assert_int_equal(want, at.offset);
	}
	log = log_fixture_reopen_clean(&f);
	assert_int_equal(200, log_end_offset(log));
}

static void offsets_beyond_an_indexs_range_split_the_segment(void **state)
{
	struct log *log = log_fixture_open(&f);
	int64_t far = (int64_t)1 << 32, end;

	(void)state;
	put(log, "a", "1");
	put(log, "b", "2");
	put(log, "a", "3");
	log_fixture_close_clean(&f);
	{ /* as brokers before 1.1.1 could leave it: the third batch far away */
		CLEANUP(freep) char *hex = file_hex(&f, "00000000000000000000.log");
		CLEANUP(freep) char *far_hex = xasprintf("%016llx", (unsigned long long)far);

		memcpy(hex + (size_t)2 * 140, far_hex, 16);
		write_hex(&f, "00000000000000000000.log", hex);
	}
	write_hex(&f, "00000000000000000000.index", "");
	write_hex(&f, "00000000000000000000.timeindex", "");
	log = log_fixture_open(&f);
	assert_int_equal(far + 1, log_end_offset(log));
	(void)log_set_high_watermark(log, far + 1);
	roll(log);
	assert_int_equal(-ECANCELED, clean_log(log, &f.clock.clock, -1, 0, &end, NULL));
	assert_int_equal(far + 1, clean(&f, -1));
	RECORDS(log, FETCH_LOG_END, "1:b=2 4294967296:a=3");
	FILES(&f, ".log", "0 4294967296 4294967297");
}

/* --- what goes wrong --- */

static void nothing_has_changed(struct log *log, const char *records, const char *files)
{
	RECORDS(log, FETCH_LOG_END, records);
	FILES(&f, ".log", files);
	FILES(&f, ".log.cleaned", "");
	FILES(&f, ".index.cleaned", "");
	FILES(&f, ".log.swap", "");
	assert_int_equal(0, f.failures);
}

static void flip_byte(const char *name, size_t at)
{
	CLEANUP(freep) char *hex = file_hex(&f, name);

	hex[2 * at] = hex[2 * at] == '0' ? '1' : '0';
	write_hex(&f, name, hex);
}

static void damage_stops_the_pass(void **state)
{
	int64_t end;
	struct log *log = log_fixture_open(&f);

	(void)state;
	put(log, "a", "1");
	put(log, "a", "2");
	roll(log);
	put(log, "a", "3");
	roll(log);
	log_fixture_close_clean(&f);
	flip_byte("00000000000000000002.log", 65);
	log = log_fixture_open(&f);
	(void)log_set_high_watermark(log, 3);
	assert_int_equal(KERR_CORRUPT_MESSAGE, clean_log(log, &f.clock.clock, -1, 0, &end, NULL));
	FILES(&f, ".log", "0 2 3");
	FILES(&f, ".log.cleaned", "");
	assert_int_equal(3, log_end_offset(log));
	/* in the part that is only copied */
	assert_int_equal(KERR_CORRUPT_MESSAGE, clean_log(log, &f.clock.clock, 2, 0, &end, NULL));
	FILES(&f, ".log.cleaned", "");
}

static void a_file_that_ends_in_the_middle_of_a_batch(void **state)
{
	int64_t end;
	struct log *log = log_fixture_open(&f);

	(void)state;
	put(log, "a", "1");
	put(log, "a", "2");
	roll(log);
	log_fixture_close_clean(&f);
	{
		CLEANUP(freep) char *path = replica_path(&f, "00000000000000000000.log");

		assert_int_equal(0, truncate(path, 135));
	}
	log = log_fixture_open(&f);
	(void)log_set_high_watermark(log, 2);
	assert_int_equal(KERR_CORRUPT_MESSAGE, clean_log(log, &f.clock.clock, -1, 0, &end, NULL));
	FILES(&f, ".log", "0 2");
	FILES(&f, ".log.cleaned", "");
}

static int countdown;

static int cancel_later(void)
{
	return --countdown < 0 ? -ECANCELED : 0;
}

static void given_up_at_any_point(void **state)
{
	struct log *log = log_fixture_open(&f);
	int64_t end;
	int r = -ECANCELED;

	(void)state;
	put(log, "a", "1");
	put(log, "a", "2");
	roll(log);
	put(log, "b", "3");
	put(log, "b", "4");
	roll(log);
	cleaner_fixture_check = cancel_later;
	for (int n = 0; r == -ECANCELED; n++) {
		assert_true(n < 20);
		countdown = n;
		nothing_has_changed(log, "0:a=1 1:a=2 2:b=3 3:b=4", "0 2 4");
		r = clean_log(log, &f.clock.clock, -1, 0, &end, NULL);
	}
	assert_int_equal(0, r);
	nothing_has_changed(log, "1:a=2 3:b=4", "0 4");
}

static struct log *to_truncate;

static int truncate_once(void)
{
	if (to_truncate && --countdown < 0) {
		assert_int_equal(0, log_truncate_to(to_truncate, 3));
		to_truncate = NULL;
	}
	return 0;
}

static void a_log_that_is_cut_meanwhile_is_not_swapped(void **state)
{
	(void)state;
	for (int n = 0;; n++) {
		struct log *log = log_fixture_open(&f);
		int64_t end;
		int r;

		put(log, "a", "1");
		put(log, "a", "2");
		roll(log);
		put(log, "b", "3");
		put(log, "b", "4");
		put(log, "c", "5");
		roll(log);
		cleaner_fixture_check = truncate_once;
		to_truncate = log;
		countdown = n;
		r = clean_log(log, &f.clock.clock, -1, 0, &end, NULL);
		if (to_truncate)
			break; /* the pass was over before */
		assert_int_equal(-ECANCELED, r);
		nothing_has_changed(log, "0:a=1 1:a=2 2:b=3", "0 2");
		log_fixture_fini(&f);
		cleaner_fixture_init(&f);
	}
}

static void a_read_goes_on_in_the_old_segment(void **state)
{
	struct log *log = log_fixture_open(&f);
	struct log_slice slice;
	struct arena arena;
	struct batch b;
	uint8_t bytes[70];

	(void)state;
	put(log, "a", "1");
	put(log, "a", "2");
	roll(log);
	arena_init(&arena, 0);
	assert_int_equal(0, log_read(log, 0, 70, true, FETCH_LOG_END, &arena, &slice));
	(void)clean(&f, -1);
	log_fixture_run(&f, 60000);
	FILES(&f, ".log.deleted", "");
	assert_int_equal(0, file_read_full(slice.file, bytes, sizeof(bytes), slice.at));
	assert_int_equal(0, batch_parse(bytes, sizeof(bytes), &b));
	assert_int_equal(0, b.base_offset);
	assert_true(batch_crc_ok(&b));
	log_slice_fini(&slice);
	arena_fini(&arena);
}

static void a_cleaned_log_costs_no_descriptors(void **state)
{
	struct log *log = log_fixture_open(&f);
	int before = dup(0), after;

	(void)state;
	(void)close(before);
	f.config->segment_bytes = 100;
	for (int i = 0; i < 20; i++) {
		put(log, i % 2 ? "a" : "b", "1");
		roll(log);
	}
	(void)clean(&f, -1);
	log_fixture_run(&f, 60000);
	after = dup(0);
	(void)close(after);
	assert_in_range(after, 0, before + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_record_of_each_key_survives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_tombstone_outlives_what_it_deletes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_tombstone_keeps_its_timestamp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_lies_behind_the_map_is_left_as_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_map_of_one_key_gets_there_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_active_producers_last_batch_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(aborted_records_go_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_undecided_is_cleaned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_aborted_transaction_over_several_segments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_batch_of_the_range_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_of_a_log_that_lost_all_is_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_codec_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(append_time_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_batch_larger_than_the_buffers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(records_without_a_key_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_formats, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_tombstones_go_by_the_age_of_their_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(segments_come_together_up_to_their_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(index_sizes_bound_a_group_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_cleaned_segment_is_as_old_as_its_last_part, set_up, tear_down),
		cmocka_unit_test_setup_teardown(indexes_lead_to_the_new_places, set_up, tear_down),
		cmocka_unit_test_setup_teardown(offsets_beyond_an_indexs_range_split_the_segment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_stops_the_pass, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_ends_in_the_middle_of_a_batch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(given_up_at_any_point, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_log_that_is_cut_meanwhile_is_not_swapped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_read_goes_on_in_the_old_segment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_cleaned_log_costs_no_descriptors, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
