/* test_log_dirs_disk.c - log directories with real logs in them: stops, crashes, full disks, and what the next start
 * makes of what it finds (storage-fixtures.md S1, S2, S18, S20). */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "dirs_fixture.h"
#include "fault_fs.h"
#include "log_fixture.h"
#include "protocol/errors.h"
#include "storage/log_dirs_priv.h"

static struct log *get(const char *topic, int32_t partition)
{
	struct log *log = log_dirs_get(fx.d, topic, partition);

	assert_non_null(log);
	return log;
}

static struct log *create(const char *topic, int32_t partition)
{
	struct log *log = NULL;

	assert_int_equal(0, log_dirs_get_or_create(fx.d, topic, partition, UUID_ZERO, true, &log));
	return log;
}

static void start(size_t n)
{
	dirs_open(n, NULL);
	dirs_load();
}

/* Ends as kill -9 does: from here on nothing reaches the disk; what was written stays. */
static void kill_process(void)
{
	fault_fs_install(fx.root);
	fault_fs_fail(1, EIO, true);
	dirs_close();
	fault_fs_remove();
	dirs_forget_lines();
}

static void file_is(const char *dir, const char *name, const char *want)
{
	CLEANUP(freep) char *text = scratch_read(dir, name);

	assert_non_null(text);
	assert_string_equal(want, text);
}

static void ends_at(struct log *log, int64_t want)
{
	assert_int_equal(want, log_end_offset(log));
	check_continuous(log);
}

/* S1 */
static void a_clean_stop_and_start(void **state)
{
	struct log *log;

	(void)state;
	start(2);
	log = create("t", 0);
	append_many(log, 250);
	assert_true(log_set_high_watermark(log, 200));
	(void)log_dirs_checkpointed_high_watermark(fx.d, log);
	log_unref(log);
	dirs_close();
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n1\nt 0 250\n");
	file_is(fx.paths[0], "replication-offset-checkpoint", "0\n1\nt 0 200\n");
	file_is(fx.paths[0], "log-start-offset-checkpoint", "0\n0\n");
	assert_true(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
	assert_true(scratch_has(fx.paths[0], "t-0/00000000000000000250.snapshot"));
	start(2);
	assert_int_equal(1, dirs_lines("INFO", "Skipping recovery of 1 logs from"));
	assert_false(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
	log = get("t", 0);
	ends_at(log, 250);
	assert_int_equal(250, log_recovery_point(log));
	assert_int_equal(200, log_dirs_checkpointed_high_watermark(fx.d, log));
	log_unref(log);
}

/* S2, and after it a clean stop may write the marker again */
static void a_killed_process(void **state)
{
	struct log *log;

	(void)state;
	start(1);
	log = create("t", 0);
	append_many(log, 250);
	log_unref(log);
	kill_process();
	assert_false(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
	start(1);
	assert_int_equal(1, dirs_lines("INFO", "Recovering 1 logs from"));
	log = get("t", 0);
	ends_at(log, 250);
	assert_int_equal(0, log_recovery_point(log));
	log_unref(log);
	dirs_close();
	assert_true(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
}

/* S20 (h): killed again before anything was stopped in order: the marker is gone, so the next start recovers. */
static void the_marker_serves_one_start_only(void **state)
{
	struct log *log;

	(void)state;
	start(1);
	log = create("t", 0);
	append_many(log, 10);
	log_unref(log);
	dirs_close();
	start(1);
	kill_process();
	start(1);
	assert_int_equal(1, dirs_lines("INFO", "Recovering 1 logs from"));
	log = get("t", 0);
	ends_at(log, 10);
	log_unref(log);
}

static void stop_with(int n, const char *recovery, const char *starts, const char *hw, bool clean)
{
	struct log *log;

	start(1);
	log = create("t", 0);
	append_many(log, n);
	log_unref(log);
	dirs_close();
	if (!clean) {
		CLEANUP(freep) char *marker = xasprintf("%s/.kafka_cleanshutdown", fx.paths[0]);

		assert_int_equal(0, fs_unlink(marker));
	}
	scratch_write(fx.paths[0], "recovery-point-offset-checkpoint", recovery);
	scratch_write(fx.paths[0], "log-start-offset-checkpoint", starts);
	scratch_write(fx.paths[0], "replication-offset-checkpoint", hw);
	dirs_forget_lines();
	start(1);
}

/* S18 (a) */
static void without_a_recovery_point_all_is_read_again(void **state)
{
	struct log *log;

	(void)state;
	stop_with(100, "", "", "", false);
	log = get("t", 0);
	ends_at(log, 100);
	assert_int_equal(0, log_recovery_point(log));
	assert_int_equal(0, log_dirs_checkpointed_high_watermark(fx.d, log));
	log_unref(log);
}

/* S18 (b) */
static void a_recovery_point_beyond_the_end_is_lowered(void **state)
{
	struct log *log;

	(void)state;
	stop_with(100, "0\n1\nt 0 1000\n", "", "", false);
	log = get("t", 0);
	ends_at(log, 100);
	assert_int_equal(100, log_recovery_point(log));
	log_unref(log);
}

/* S18 (d) */
static void a_log_start_offset_is_kept(void **state)
{
	struct log *log;

	(void)state;
	stop_with(100, "0\n1\nt 0 100\n", "0\n1\nt 0 40\n", "0\n1\nt 0 100\n", true);
	log = get("t", 0);
	assert_int_equal(40, log_start_offset(log));
	assert_int_equal(100, log_end_offset(log));
	log_unref(log);
	dirs_close();
	file_is(fx.paths[0], "log-start-offset-checkpoint", "0\n1\nt 0 40\n");
	start(1);
	log = get("t", 0);
	assert_int_equal(40, log_start_offset(log));
	log_unref(log);
}

/* S18 (e) */
static void a_log_start_offset_beyond_the_end_empties_the_log(void **state)
{
	struct log *log;

	(void)state;
	stop_with(100, "0\n1\nt 0 100\n", "0\n1\nt 0 300\n", "", true);
	log = get("t", 0);
	assert_int_equal(300, log_start_offset(log));
	assert_int_equal(300, log_end_offset(log));
	assert_int_equal(0, append(log, BATCH()));
	assert_int_equal(301, log_end_offset(log));
	log_unref(log);
}

static void a_deleted_log_leaves_its_directory_after_the_delay(void **state)
{
	struct log *log;

	(void)state;
	start(1);
	log = create("t", 0);
	append_many(log, 10);
	log_unref(log);
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 0));
	log = create("t", 0);
	ends_at(log, 0);
	append_many(log, 3);
	log_unref(log);
	kill_process(); /* the removal is still to be done: the next start finds the directory */
	start(1);
	log = get("t", 0);
	ends_at(log, 3);
	log_unref(log);
	clock_fake_advance(&fx.clock, 60000);
	log_dirs_remove_doomed(fx.d);
	assert_int_equal(1, dirs_lines("INFO", "Deleted log for partition t-0 in "));
	assert_true(scratch_has(fx.paths[0], "t-0/00000000000000000000.log"));
}

/* One creation, and with it a deletion, with the nth call and all later ones failing and power lost after it: the
 * next start comes up, what was acknowledged as created is there, what was acknowledged as deleted is not. */
static bool lose_power_at(int n, bool with_delete)
{
	char topic[16];
	struct log *log = NULL;
	bool created, deleted, met;

	(void)snprintf(topic, sizeof(topic), "t%d%d", n, with_delete);
	start(1);
	fault_fs_install(fx.root);
	fault_fs_fail(n, EIO, true);
	created = log_dirs_get_or_create(fx.d, topic, 0, (struct uuid){ { 9 } }, true, &log) == 0;
	if (created)
		log_unref(log);
	deleted = created && with_delete && log_dirs_delete(fx.d, topic, 0) == 0;
	met = fault_fs_hit();
	dirs_close();
	fault_fs_crash();
	fault_fs_remove();
	start(1);
	log = log_dirs_get(fx.d, topic, 0);
	if (created && !with_delete)
		ends_at(log, 0);
	assert_true(!deleted || !log);
	log_unref(log);
	dirs_close();
	dirs_forget_lines();
	return met;
}

static void losing_power_while_creating_and_deleting(void **state)
{
	(void)state;
	for (int with_delete = 0; with_delete < 2; with_delete++)
		for (int n = 1; lose_power_at(n, with_delete); n++)
			;
}

/* One round: appends with a flush now and then until a call fails; the number of records known to be on disk. */
static int64_t append_until_failure(struct log *log, int64_t *ret_acked)
{
	int64_t flushed = 0;

	*ret_acked = log_end_offset(log);
	for (int i = 0; i < 40; i++) {
		int r = append(log, BATCH(.records = 3, .value_size = 100));

		if (r == 0)
			*ret_acked += 3;
		if (r == 0 && i % 5 == 4) {
			r = log_flush(log);
			if (r == 0)
				flushed = *ret_acked;
		}
		if (r != 0) {
			log_dirs_fail(fx.d, log_parent_dir(log), r < 0 ? r : -EIO);
			return flushed;
		}
	}
	return flushed;
}

/* The checkpoints are written in the middle, so that a recovery point above what is on disk would show. */
static void losing_power_while_appending(void **state)
{
	bool met = true;
	int64_t end = 0;

	(void)state;
	for (int n = 1; met; n += 3) {
		int64_t acked, flushed;
		struct log *log;

		start(1);
		log = create("t", 0);
		end = log_end_offset(log);
		fault_fs_install(fx.root);
		fault_fs_fail(n, EIO, true);
		flushed = append_until_failure(log, &acked);
		log_dirs_checkpoint_all(fx.d, CHECKPOINT_RECOVERY_POINT);
		met = fault_fs_hit();
		log_unref(log);
		dirs_close();
		fault_fs_crash();
		fault_fs_remove();
		start(1);
		log = get("t", 0);
		check_continuous(log);
		assert_true(log_end_offset(log) >= MAX(flushed, end));
		assert_true(log_end_offset(log) <= acked + 3);
		log_unref(log);
		dirs_close();
		dirs_forget_lines();
	}
}

/* The disk is full at every possible call in turn, for that call and all later ones. One line, the directory goes
 * offline, the other one serves on, and after a start with room all that was acknowledged is there. */
static void a_disk_that_fills_up(void **state)
{
	bool met = true;

	(void)state;
	for (int n = 1; met; n += 2) {
		struct log *full, *good;
		int64_t acked, before;
		const char *dir;

		start(2);
		full = create("t", 0);
		good = create("t", 1);
		assert_string_not_equal(log_parent_dir(full), log_parent_dir(good));
		dir = strcmp(log_parent_dir(full), fx.paths[0]) == 0 ? fx.paths[0] : fx.paths[1];
		fault_fs_install(dir);
		fault_fs_fail(n, ENOSPC, true);
		(void)append_until_failure(full, &acked);
		log_dirs_checkpoint_all(fx.d, CHECKPOINT_RECOVERY_POINT);
		met = fault_fs_hit();
		before = log_end_offset(good);
		if (met) {
			dirs_wait_offline(1);
			assert_int_equal(1, dirs_lines("ERROR", ""));
			assert_int_equal(1, dirs_lines("ERROR", "No space left on device"));
			assert_int_equal(KERR_KAFKA_STORAGE_ERROR, append(full, BATCH()));
		}
		assert_int_equal(0, append(good, BATCH()));
		ends_at(good, before + 1);
		log_unref(full);
		log_unref(good);
		dirs_close();
		fault_fs_remove();
		atomic_store(&fx.offline_calls, 0);
		start(2);
		full = get("t", 0);
		check_continuous(full);
		assert_true(log_end_offset(full) >= acked);
		assert_int_equal(0, append(full, BATCH()));
		log_unref(full);
		good = get("t", 1);
		ends_at(good, before + 1);
		log_unref(good);
		dirs_close();
		dirs_forget_lines();
	}
}

#define LOGS 40

static void many_logs_are_recovered_in_parallel(void **state)
{
	(void)state;
	fx.config.recovery_threads_per_dir = 4;
	start(2);
	for (int i = 0; i < LOGS; i++) {
		struct log *log = create("t", i);

		append_many(log, 20 + i);
		log_unref(log);
	}
	kill_process();
	start(2);
	assert_int_equal(LOGS, dirs_lines("INFO", "Completed load of Log(dir="));
	for (int i = 0; i < LOGS; i++) {
		struct log *log = get("t", i);

		ends_at(log, 20 + i);
		log_unref(log);
	}
	dirs_close();
	assert_true(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
	assert_true(scratch_has(fx.paths[1], ".kafka_cleanshutdown"));
	start(2);
	for (int i = 0; i < LOGS; i++) {
		struct log *log = get("t", i);

		ends_at(log, 20 + i);
		log_unref(log);
	}
}

/* The other directory's logs load although this one's epoch file is damaged (S19 (d)). */
static void a_damaged_epoch_file_costs_its_directory(void **state)
{
	struct log *log;

	(void)state;
	start(2);
	for (int i = 0; i < 2; i++) {
		log = create("t", i);
		append_many(log, 5);
		log_unref(log);
	}
	dirs_close();
	scratch_write(fx.paths[0], "t-0/leader-epoch-checkpoint", "0\n7\n0 0\n");
	dirs_forget_lines();
	start(2);
	dirs_wait_offline(1);
	assert_int_equal(1, dirs_lines("ERROR", ""));
	assert_null(log_dirs_get(fx.d, "t", 0));
	log = get("t", 1);
	ends_at(log, 5);
	log_unref(log);
	dirs_close();
	assert_false(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n1\nt 0 5\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, dirs_fixture_setup, dirs_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_clean_stop_and_start),
		T(a_killed_process),
		T(the_marker_serves_one_start_only),
		T(without_a_recovery_point_all_is_read_again),
		T(a_recovery_point_beyond_the_end_is_lowered),
		T(a_log_start_offset_is_kept),
		T(a_log_start_offset_beyond_the_end_empties_the_log),
		T(a_deleted_log_leaves_its_directory_after_the_delay),
		T(losing_power_while_creating_and_deleting),
		T(losing_power_while_appending),
		T(a_disk_that_fills_up),
		T(many_logs_are_recovered_in_parallel),
		T(a_damaged_epoch_file_costs_its_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
