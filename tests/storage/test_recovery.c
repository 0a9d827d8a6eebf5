/* test_recovery.c - what log_open makes of directories after clean stops, crashes and accidents: the scenarios S1 to
 * S19 of storage-fixtures.md that concern one replica.
 *
 * Base state: segments 0 (offsets 0-99), 100, 200 (200-249, active), one record a batch, epochs 0 from 0, 3 from 120,
 * recovery point 200, snapshots 100, 200; after a clean stop also 250.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "golden.h"
#include "log_fixture.h"
#include "protocol/errors.h"
#include "record/batch.h"

#define B 72 /* bytes of one batch */
#define SEG(n) "00000000000000000" #n

static struct log_fixture f;

static int setup(void **state)
{
	(void)state;
	log_fixture_init(&f);
	f.config->segment_bytes = 100 * B;
	f.config->index_interval_bytes = 4 * B;
	f.config->segment_index_bytes = 10000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_fixture_fini(&f);
	return 0;
}

static struct log *fill(void)
{
	struct log *log = log_fixture_open(&f);

	for (int i = 0; i < 250; i++)
		assert_int_equal(0, append_epoch(log, BATCH(.timestamp = FIXTURE_NOW + i), i < 120 ? 0 : 3));
	(void)log_set_high_watermark(log, 250);
	log_fixture_run(&f, 1000);
	assert_int_equal(3, log_segments_n(log));
	return log;
}

/* The base state after a clean stop, nothing open. */
static void stopped_clean(void)
{
	(void)fill();
	log_fixture_close_clean(&f);
}

/* The base state after kill -9. */
static void killed(void)
{
	(void)fill();
	log_close_dirty(f.log);
	f.log = log_unref(f.log);
	f.args.clean = false;
	f.args.recovery_point = 200;
}

static struct log *start(void)
{
	return log_fixture_open(&f);
}

static void state_is(int64_t start_offset, int64_t end, int64_t recovery_point)
{
	assert_int_equal(start_offset, log_start_offset(f.log));
	assert_int_equal(end, log_end_offset(f.log));
	assert_int_equal(recovery_point, log_recovery_point(f.log));
}

static void drop(const char *name)
{
	CLEANUP(freep) char *path = replica_path(&f, name);

	assert_int_equal(0, unlink(path));
}

static void cut(const char *name, int64_t by)
{
	CLEANUP(freep) char *path = replica_path(&f, name);

	assert_int_equal(0, truncate(path, file_bytes(&f, name) - by));
}

static void lengthen(const char *name, int64_t to)
{
	CLEANUP(freep) char *path = replica_path(&f, name);

	assert_int_equal(0, truncate(path, to));
}

static void move(const char *from, const char *to)
{
	CLEANUP(freep) char *a = replica_path(&f, from);
	CLEANUP(freep) char *b = replica_path(&f, to);

	assert_int_equal(0, rename(a, b));
}

static void copy(const char *from, const char *to)
{
	CLEANUP(freep) char *hex = file_hex(&f, from);

	assert_non_null(hex);
	write_hex(&f, to, hex);
}

/* Changes one bit in the payload of the batch of this record of a segment. */
static void flip(const char *name, int record)
{
	CLEANUP(freep) char *hex = file_hex(&f, name);
	char *at = hex + 2 * (record * B + 65);

	*at = *at == '0' ? '1' : '0';
	write_hex(&f, name, hex);
}

static void text_is(const char *name, const char *want)
{
	CLEANUP(freep) char *path = replica_path(&f, name);
	CLEANUP(freep) char *text = NULL;
	size_t len;

	assert_int_equal(0, fs_read_file(path, 4096, &text, &len));
	assert_string_equal(want, text);
}

static void write_text(const char *name, const char *text)
{
	CLEANUP(freep) char *path = replica_path(&f, name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(0, fclose(out));
}

#define EPOCHS "leader-epoch-checkpoint"

static void s1_clean_stop(void **state)
{
	(void)state;
	stopped_clean();
	assert_true(has_file(&f, SEG(100) ".snapshot"));
	assert_true(has_file(&f, SEG(200) ".snapshot"));
	assert_true(has_file(&f, SEG(250) ".snapshot"));
	text_is(EPOCHS, "0\n2\n0 0\n3 120\n");
	(void)start();
	state_is(0, 250, 250);
	assert_int_equal(10000, file_bytes(&f, SEG(200) ".index"));
	assert_int_equal(9996, file_bytes(&f, SEG(200) ".timeindex"));
	check_continuous(f.log);
}

static void s2_kill(void **state)
{
	CLEANUP(freep) char *before = NULL;
	CLEANUP(freep) char *after = NULL;

	(void)state;
	stopped_clean();
	before = file_hex(&f, SEG(200) ".index");
	(void)start();
	log_close_dirty(f.log);
	f.log = log_unref(f.log);
	f.args.clean = false;
	f.args.recovery_point = 200;
	(void)start();
	state_is(0, 250, 200);
	assert_true(has_file(&f, SEG(250) ".snapshot"));
	check_continuous(f.log);
	log_fixture_close_clean(&f);
	after = file_hex(&f, SEG(200) ".index");
	assert_string_equal(before, after);
}

static ino_t watched;
static int syncs;

static int watching_fsync(int fd)
{
	struct stat st;

	syncs += fstat(fd, &st) == 0 && st.st_ino == watched;
	return file_ops_posix.fsync(fd);
}

/* Else the recovery point would move above bytes that a power loss still takes away. */
static void s2_the_first_flush_syncs_what_the_killed_process_wrote(void **state)
{
	CLEANUP(freep) char *path = NULL;
	struct file_ops ops = file_ops_posix;
	struct stat st;

	(void)state;
	killed();
	path = xasprintf("%s/" SEG(200) ".log", log_dir_path(start()));
	assert_int_equal(0, stat(path, &st));
	watched = st.st_ino;
	syncs = 0;
	ops.fsync = watching_fsync;
	file_set_ops(&ops);
	assert_int_equal(0, log_flush(f.log));
	file_set_ops(NULL);
	assert_int_equal(1, syncs);
	state_is(0, 250, 250);
}

static void s3_torn_last_batch(void **state)
{
	(void)state;
	killed();
	cut(SEG(200) ".log", 10);
	(void)start();
	state_is(0, 249, 200);
	assert_int_equal(49 * B, file_bytes(&f, SEG(200) ".log"));
	assert_true(has_file(&f, SEG(249) ".snapshot"));
	check_continuous(f.log);
	assert_int_equal(0, append(f.log, BATCH(0)));
	assert_int_equal(250, log_end_offset(f.log));
}

static void s4_zero_tail(void **state)
{
	(void)state;
	killed();
	lengthen(SEG(200) ".log", 100 * B);
	(void)start();
	state_is(0, 250, 200);
	assert_int_equal(50 * B, file_bytes(&f, SEG(200) ".log"));
}

static void s5_damage_in_an_unflushed_segment_ends_the_log_there(void **state)
{
	(void)state;
	killed();
	f.args.recovery_point = 100;
	flip(SEG(100) ".log", 50);
	(void)start();
	state_is(0, 150, 100);
	assert_int_equal(2, log_segments_n(f.log));
	assert_true(has_file(&f, SEG(200) ".log.deleted"));
	assert_false(has_file(&f, SEG(200) ".snapshot"));
	text_is(EPOCHS, "0\n2\n0 0\n3 120\n");
	log_fixture_run(&f, 60000);
	assert_false(has_file(&f, SEG(200) ".log.deleted"));
	assert_false(has_file(&f, SEG(200) ".index.deleted"));
	assert_false(has_file(&f, SEG(200) ".snapshot.deleted"));
	check_continuous(f.log);
}

static void s6_damage_below_the_recovery_point_is_served(void **state)
{
	(void)state;
	killed();
	flip(SEG(100) ".log", 50);
	(void)start();
	state_is(0, 250, 200);
	buf_unref(read_at(f.log, 150, 100, FETCH_LOG_END, 0));
}

static void s7_an_index_is_missing(void **state)
{
	CLEANUP(freep) char *before = NULL;
	CLEANUP(freep) char *after = NULL;

	(void)state;
	stopped_clean();
	before = file_hex(&f, SEG(100) ".index");
	drop(SEG(100) ".index");
	(void)start();
	state_is(0, 250, 250);
	after = file_hex(&f, SEG(100) ".index");
	assert_string_equal(before, after);
	assert_true(has_file(&f, SEG(200) ".snapshot"));
	check_continuous(f.log);
}

static void s7_a_crash_right_after_a_roll(void **state)
{
	(void)state;
	killed();
	write_text(SEG(250) ".log", "");
	(void)start();
	state_is(0, 250, 200);
	assert_int_equal(4, log_segments_n(f.log));
	append_many(f.log, 3);
	check_continuous(f.log);
}

static void s8_the_time_index_is_missing(void **state)
{
	struct offset_and_timestamp ot;

	(void)state;
	stopped_clean();
	drop(SEG(100) ".timeindex");
	(void)start();
	assert_int_equal(0, file_bytes(&f, SEG(100) ".timeindex"));
	assert_int_equal(0, log_offset_for_timestamp(f.log, FIXTURE_NOW + 150, &ot));
	assert_int_equal(150, ot.offset); /* found by a scan, since the file's time is later */
	log_close_dirty(f.log);
	f.log = log_unref(f.log);
	drop(SEG(100) ".timeindex");
	f.args.clean = false;
	f.args.recovery_point = 100;
	(void)start();
	assert_true(file_bytes(&f, SEG(100) ".timeindex") > 12);
}

static void s9_padded_indexes_are_not_believed(void **state)
{
	(void)state;
	stopped_clean();
	lengthen(SEG(200) ".index", 10000);
	lengthen(SEG(200) ".timeindex", 9996);
	lengthen(SEG(100) ".timeindex", 9996);
	(void)start();
	state_is(0, 250, 250);
	append_many(f.log, 1);
	assert_int_equal(3, log_segments_n(f.log)); /* the index is not full */
	(void)log_set_high_watermark(f.log, 251);
	assert_int_equal(0, log_apply_retention(f.log)); /* nothing looks ancient */
	check_continuous(f.log);
}

static void s10_an_index_ahead_of_its_log_is_rebuilt(void **state)
{
	(void)state;
	stopped_clean();
	cut(SEG(200) ".log", 40 * B);
	(void)start();
	state_is(0, 210, 210); /* Kafka: 200, and offsets used twice */
	check_continuous(f.log);
	append_many(f.log, 2);
	assert_int_equal(212, log_end_offset(f.log));
}

static void s11_odd_index_lengths(void **state)
{
	(void)state;
	stopped_clean();
	lengthen(SEG(200) ".index", file_bytes(&f, SEG(200) ".index") + 3);
	lengthen(SEG(100) ".index", file_bytes(&f, SEG(100) ".index") - 3);
	(void)start();
	state_is(0, 250, 250);
	assert_int_equal(0, file_bytes(&f, SEG(200) ".index") % 8);
	check_continuous(f.log);
}

static void s12_transaction_indexes(void **state)
{
	(void)state;
	stopped_clean();
	/* entry that ends below the base: rebuilt */
	write_hex(&f, SEG(100) ".txnindex", "00000000000000000007000000000000000000000000000000040000000000000002");
	/* a fragment: ignored */
	write_hex(&f, SEG(200) ".txnindex", "0000");
	(void)start();
	assert_int_equal(0, file_bytes(&f, SEG(100) ".txnindex"));
	log_fixture_close_clean(&f);
	write_hex(&f, SEG(200) ".txnindex", "01000000000000000007000000000000000000000000000000ff0000000000000002");
	f.args.config = f.config;
	assert_int_equal(-EUCLEAN, log_open(&f.args, &f.log));
	f.log = NULL;
}

static void make_swap(void)
{
	/* the result of compacting 0 and 100 into one: here simply all of segment 0 and 100 */
	CLEANUP(freep) char *a = file_hex(&f, SEG(000) ".log");
	CLEANUP(freep) char *b = file_hex(&f, SEG(100) ".log");
	CLEANUP(freep) char *both = xasprintf("%s%s", a, b);

	write_hex(&f, SEG(000) ".log.swap", both);
	write_hex(&f, SEG(000) ".index.swap", "");
	write_hex(&f, SEG(000) ".timeindex.swap", "");
}

static void s13_an_interrupted_swap_is_finished(void **state)
{
	(void)state;
	stopped_clean();
	make_swap();
	(void)start();
	state_is(0, 250, 250);
	assert_int_equal(2, log_segments_n(f.log));
	assert_int_equal(200 * B, file_bytes(&f, SEG(000) ".log"));
	assert_false(has_file(&f, SEG(100) ".log"));
	assert_false(has_file(&f, SEG(100) ".snapshot"));
	assert_false(has_file(&f, SEG(000) ".log.swap"));
	check_continuous(f.log);
}

static void s14_an_incomplete_swap_is_undone(void **state)
{
	(void)state;
	stopped_clean();
	make_swap();
	move(SEG(000) ".index.swap", SEG(000) ".index.cleaned");
	copy(SEG(100) ".log", SEG(100) ".log.swap");
	(void)start();
	state_is(0, 250, 250);
	assert_int_equal(3, log_segments_n(f.log));
	assert_int_equal(100 * B, file_bytes(&f, SEG(000) ".log"));
	assert_false(has_file(&f, SEG(000) ".log.swap"));
	assert_false(has_file(&f, SEG(000) ".index.cleaned"));
	assert_false(has_file(&f, SEG(100) ".log.swap"));
}

static void s15_final_renames_are_finished(void **state)
{
	(void)state;
	stopped_clean();
	move(SEG(000) ".index", SEG(000) ".index.swap");
	move(SEG(000) ".timeindex", SEG(000) ".timeindex.swap");
	(void)start();
	state_is(0, 250, 250);
	assert_true(has_file(&f, SEG(000) ".index"));
	assert_true(has_file(&f, SEG(000) ".timeindex"));
}

static void s16_leftovers(void **state)
{
	(void)state;
	stopped_clean();
	write_text(SEG(050) ".log.deleted", "x");
	write_text(SEG(050) ".index", "x");
	write_text(SEG(050) ".timeindex", "x");
	write_text(SEG(050) ".txnindex", "x");
	copy(SEG(250) ".snapshot", SEG(150) ".snapshot");
	write_text(EPOCHS ".tmp", "x");
	write_text("partition.metadata.tmp", "x");
	(void)start();
	state_is(0, 250, 250);
	assert_false(has_file(&f, SEG(050) ".log.deleted"));
	assert_false(has_file(&f, SEG(050) ".index"));
	assert_false(has_file(&f, SEG(050) ".timeindex"));
	assert_false(has_file(&f, SEG(050) ".txnindex"));
	assert_false(has_file(&f, SEG(150) ".snapshot"));
	assert_true(has_file(&f, SEG(250) ".snapshot"));
	log_fixture_close_clean(&f);
	write_text("x.log", "");
	assert_int_equal(-EUCLEAN, log_open(&f.args, &f.log));
	f.log = NULL;
}

/* --- S17, with an idempotent producer whose last batch is record 250 --- */

static void append_producer(void)
{
	assert_int_equal(0, append_epoch(f.log, BATCH(.producer_id = 9, .sequence = 0, .timestamp = FIXTURE_NOW + 250), 3));
}

static bool producer_is_known(void)
{
	struct log_append_info info;

	assert_int_equal(0, append_from(f.log, BATCH(.producer_id = 9, .sequence = 0, .timestamp = FIXTURE_NOW + 250),
				    APPEND_CLIENT, &info));
	return info.duplicate;
}

static void s17a_a_corrupt_snapshot_is_replaced(void **state)
{
	(void)state;
	(void)fill();
	append_producer();
	log_fixture_close_clean(&f);
	write_hex(&f, SEG(251) ".snapshot", "00018c00");
	(void)start();
	state_is(0, 251, 251);
	assert_true(producer_is_known());
	assert_int_equal(56, file_bytes(&f, SEG(251) ".snapshot"));
}

static void s17b_no_snapshot_and_a_clean_stop(void **state)
{
	(void)state;
	(void)fill();
	append_producer();
	log_fixture_close_clean(&f);
	drop(SEG(100) ".snapshot");
	drop(SEG(200) ".snapshot");
	drop(SEG(251) ".snapshot");
	(void)start();
	assert_int_equal(10, file_bytes(&f, SEG(100) ".snapshot"));
	assert_int_equal(10, file_bytes(&f, SEG(200) ".snapshot"));
	assert_int_equal(10, file_bytes(&f, SEG(251) ".snapshot"));
	assert_false(producer_is_known());
}

static void s17c_no_snapshot_and_no_clean_stop(void **state)
{
	(void)state;
	(void)fill();
	append_producer();
	log_close_dirty(f.log);
	f.log = log_unref(f.log);
	drop(SEG(100) ".snapshot");
	drop(SEG(200) ".snapshot");
	f.args.recovery_point = 200;
	(void)start();
	assert_true(has_file(&f, SEG(100) ".snapshot"));
	assert_true(has_file(&f, SEG(200) ".snapshot"));
	assert_true(has_file(&f, SEG(251) ".snapshot"));
	assert_true(producer_is_known());
}

static void s17d_a_snapshot_above_the_end_is_discarded(void **state)
{
	(void)state;
	killed();
	copy(SEG(200) ".snapshot", SEG(300) ".snapshot");
	(void)start();
	state_is(0, 250, 200);
	assert_false(has_file(&f, SEG(300) ".snapshot"));
}

static void s17e_a_snapshot_at_the_start_offset_is_deleted(void **state)
{
	(void)state;
	stopped_clean();
	f.args.log_start_offset = 100;
	(void)start();
	state_is(100, 250, 250);
	assert_false(has_file(&f, SEG(100) ".snapshot"));
}

static void s17f_expired_producers_are_not_loaded(void **state)
{
	(void)state;
	(void)fill();
	append_producer();
	log_fixture_close_clean(&f);
	clock_fake_advance(&f.clock, 2 * 86400000);
	(void)start();
	assert_false(producer_is_known());
}

static void s18_checkpointed_offsets(void **state)
{
	(void)state;
	killed();
	f.args.recovery_point = 1000;
	(void)start();
	state_is(0, 250, 250);
	log_fixture_close_clean(&f);
	f.args.log_start_offset = 120;
	(void)start();
	state_is(120, 250, 250);
	buf_unref(read_at(f.log, 119, 100, FETCH_LOG_END, KERR_OFFSET_OUT_OF_RANGE));
	text_is(EPOCHS, "0\n1\n3 120\n");
	(void)log_set_high_watermark(f.log, 250);
	f.config->cleanup_delete = false;
	assert_int_equal(1, log_apply_retention(f.log));
	assert_false(has_file(&f, SEG(000) ".log"));
	check_continuous(f.log);
}

static void s18e_start_above_the_end(void **state)
{
	(void)state;
	for (int clean = 0; clean < 2; clean++) {
		if (clean)
			stopped_clean();
		else
			killed();
		f.args.log_start_offset = 300;
		(void)start();
		state_is(300, 300, clean ? 300 : 200);
		assert_int_equal(1, log_segments_n(f.log));
		assert_int_equal(0, file_bytes(&f, SEG(300) ".log"));
		text_is(EPOCHS, "0\n0\n");
		append_many(f.log, 1);
		assert_int_equal(301, log_end_offset(f.log));
		assert_int_equal(0, teardown(NULL));
		assert_int_equal(0, setup(NULL));
	}
}

static void s19_leader_epochs(void **state)
{
	int32_t epoch;
	int64_t end;

	(void)state;
	stopped_clean();
	write_text(EPOCHS, "0\n3\n0 0\n3 120\n5 250\n");
	(void)start();
	assert_int_equal(3, log_latest_epoch(f.log));
	text_is(EPOCHS, "0\n2\n0 0\n3 120\n");
	log_fixture_close_clean(&f);
	drop(EPOCHS);
	(void)start();
	log_end_offset_for_epoch(f.log, 3, &epoch, &end);
	assert_int_equal(-1, epoch);
	assert_int_equal(-1, end);
	log_close_dirty(f.log);
	f.log = log_unref(f.log);
	f.args.clean = false;
	f.args.recovery_point = 200;
	(void)start();
	log_end_offset_for_epoch(f.log, 3, &epoch, &end);
	assert_int_equal(3, epoch);
	assert_int_equal(250, end);
	text_is(EPOCHS, "0\n1\n3 200\n");
	log_fixture_close_clean(&f);
	write_text(EPOCHS, "1\n0\n");
	assert_int_equal(-EIO, log_open(&f.args, &f.log));
	f.log = NULL;
}

static void metadata_that_is_damaged_fails_the_directory(void **state)
{
	(void)state;
	stopped_clean();
	write_text("partition.metadata", "version: 0\ntopic_id: AAAAAAAAAAEAAAAAAAAAAg");
	(void)start();
	assert_int_equal(1, log_topic_id(f.log).b[7]);
	log_fixture_close_clean(&f);
	write_text("partition.metadata", "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA");
	assert_int_equal(-EIO, log_open(&f.args, &f.log));
	write_text("partition.metadata", "nonsense");
	assert_int_equal(-EIO, log_open(&f.args, &f.log));
	f.log = NULL;
}

static void a_deleted_directory_is_loaded_without_recovery(void **state)
{
	(void)state;
	killed();
	cut(SEG(200) ".log", 10);
	f.args.deleted = true;
	(void)start();
	assert_int_equal(50 * B - 10, file_bytes(&f, SEG(200) ".log"));
	assert_int_equal(0, log_delete_files(f.log));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(s1_clean_stop),
		T(s2_kill),
		T(s2_the_first_flush_syncs_what_the_killed_process_wrote),
		T(s3_torn_last_batch),
		T(s4_zero_tail),
		T(s5_damage_in_an_unflushed_segment_ends_the_log_there),
		T(s6_damage_below_the_recovery_point_is_served),
		T(s7_an_index_is_missing),
		T(s7_a_crash_right_after_a_roll),
		T(s8_the_time_index_is_missing),
		T(s9_padded_indexes_are_not_believed),
		T(s10_an_index_ahead_of_its_log_is_rebuilt),
		T(s11_odd_index_lengths),
		T(s12_transaction_indexes),
		T(s13_an_interrupted_swap_is_finished),
		T(s14_an_incomplete_swap_is_undone),
		T(s15_final_renames_are_finished),
		T(s16_leftovers),
		T(s17a_a_corrupt_snapshot_is_replaced),
		T(s17b_no_snapshot_and_a_clean_stop),
		T(s17c_no_snapshot_and_no_clean_stop),
		T(s17d_a_snapshot_above_the_end_is_discarded),
		T(s17e_a_snapshot_at_the_start_offset_is_deleted),
		T(s17f_expired_producers_are_not_loaded),
		T(s18_checkpointed_offsets),
		T(s18e_start_above_the_end),
		T(s19_leader_epochs),
		T(metadata_that_is_damaged_fails_the_directory),
		T(a_deleted_directory_is_loaded_without_recovery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
