/* test_log_dirs_move.c - a log takes the place of another in a second directory, and anything breaks on the way: the
 * next start has one log with all records. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "dirs_fixture.h"
#include "fault_fs.h"
#include "log_fixture.h"
#include "protocol/errors.h"
#include "storage/log_dirs_priv.h"

#define RECORDS 30

/* The partition m-0 is on its way from one directory to the other. */
static const char *from, *to;

static bool has_copy(const char *dir)
{
	return scratch_has(dir, "m-0");
}

static bool is_marked(const char *dir)
{
	return scratch_has(dir, "m-0/.replaced");
}

static void start(size_t n)
{
	dirs_open(n, NULL);
	dirs_load();
}

/* A log with all records on disk, and a copy with all of them, not flushed. */
static void begin(void)
{
	struct log *log = NULL, *future = NULL;

	fault_fs_install(fx.root);
	start(2);
	assert_int_equal(0, log_dirs_get_or_create(fx.d, "m", 0, UUID_ZERO, true, &log));
	from = strcmp(log_parent_dir(log), fx.paths[0]) == 0 ? fx.paths[0] : fx.paths[1];
	to = from == fx.paths[0] ? fx.paths[1] : fx.paths[0];
	append_many(log, RECORDS);
	assert_int_equal(0, log_flush(log));
	assert_int_equal(0, log_dirs_make_future(fx.d, "m", 0, to, &future));
	assert_string_equal(to, log_parent_dir(future));
	append_many(future, RECORDS);
	log_unref(log);
	log_unref(future);
}

/* Power is lost: nothing more reaches the disk, and what was not synced is torn. */
static void lose_power(void)
{
	dirs_close();
	fault_fs_crash();
	fault_fs_remove();
	atomic_store(&fx.offline_calls, 0);
	dirs_forget_lines();
}

/* Ends with empty directories. */
static void begin_anew(void)
{
	dirs_close();
	assert_int_equal(0, fs_remove_tree(fx.paths[0]));
	assert_int_equal(0, fs_remove_tree(fx.paths[1]));
	atomic_store(&fx.offline_calls, 0);
	dirs_forget_lines();
}

static int replace(void)
{
	return log_dirs_replace_by_future(fx.d, "m", 0);
}

static void is_served_from(const char *dir)
{
	struct log *log = log_dirs_get(fx.d, "m", 0);

	assert_non_null(log);
	if (dir)
		assert_string_equal(dir, log_parent_dir(log));
	assert_int_equal(RECORDS, log_end_offset(log));
	check_continuous(log);
	log_unref(log);
	assert_false(has_copy(fx.paths[0]) && has_copy(fx.paths[1]));
	assert_false(is_marked(fx.paths[0]) || is_marked(fx.paths[1]));
}

/* Both directories have the name, the old one is marked, and no broker runs. */
static void leave_two(void)
{
	static int n = 1; /* the call at which it is so */

	for (;; n++) {
		begin();
		fault_fs_fail(n, EIO, true);
		(void)!replace();
		assert_true(fault_fs_hit());
		lose_power();
		if (has_copy(from) && has_copy(to))
			break;
		begin_anew();
	}
	assert_true(is_marked(from));
	assert_false(is_marked(to));
	dirs_forget_lines();
}

/* It can be put back: what stands there meanwhile is no directory. */
static void take_away(const char *dir)
{
	CLEANUP(freep) char *away = xasprintf("%s.away", dir);

	assert_int_equal(0, rename(dir, away));
	scratch_write(fx.root, dir + strlen(fx.root) + 1, "");
}

static void put_back(const char *dir)
{
	CLEANUP(freep) char *away = xasprintf("%s.away", dir);

	assert_int_equal(0, unlink(dir));
	assert_int_equal(0, rename(away, dir));
}

/* --- crashes --- */

static void losing_power_while_replacing(void **state)
{
	bool met = true;
	int two = 0, only_marked = 0;

	(void)state;
	for (int n = 1; met; n++) {
		int r;

		begin();
		fault_fs_fail(n, EIO, true);
		r = replace();
		met = fault_fs_hit();
		lose_power();
		two += has_copy(from) && has_copy(to);
		only_marked += is_marked(from) && !has_copy(to);
		start(2);
		is_served_from(r == 0 ? to : NULL);
		begin_anew();
	}
	assert_true(two > 0 && only_marked > 0);
}

static void losing_power_while_it_is_settled(void **state)
{
	bool met = true;

	(void)state;
	for (int n = 1; met; n++) {
		leave_two();
		dirs_open(2, NULL);
		fault_fs_install(fx.root);
		fault_fs_fail(n, EIO, true);
		(void)!log_dirs_load(fx.d);
		met = fault_fs_hit();
		lose_power();
		start(2);
		is_served_from(to);
		begin_anew();
	}
}

/* --- directories that fail --- */

static void the_new_directory_fails(void **state)
{
	bool met = true;

	(void)state;
	for (int n = 1; met; n++) {
		int r;

		begin();
		fault_fs_install(to);
		fault_fs_fail(n, EIO, true);
		r = replace();
		met = fault_fs_hit();
		assert_int_equal(met, r < 0);
		assert_int_equal(met ? 1 : 0, dirs_lines("ERROR", ""));
		if (met) {
			struct log *log = log_dirs_get(fx.d, "m", 0);

			assert_non_null(log);
			assert_string_equal(from, log_parent_dir(log));
			assert_false(is_marked(from));
			assert_int_equal(0, append(log, BATCH()));
			log_unref(log);
		}
		dirs_close();
		fault_fs_remove();
		/* a rename that was not synced has taken the name: as with Kafka, somebody has to choose */
		dirs_open(2, NULL);
		assert_int_equal(has_copy(from) && has_copy(to) ? -EEXIST : 0, log_dirs_load(fx.d));
		begin_anew();
	}
}

/* The copy has everything, so it goes on with that; when the old directory is back, it is known as such. */
static void the_old_directory_fails(void **state)
{
	bool met = true;
	int known = 0;

	(void)state;
	for (int n = 1; met; n++) {
		begin();
		fault_fs_install(from);
		fault_fs_fail(n, EIO, true);
		assert_int_equal(0, replace());
		met = fault_fs_hit();
		assert_int_equal(met ? 1 : 0, dirs_lines("ERROR", ""));
		if (met && is_marked(from)) {
			struct log *log = log_dirs_get(fx.d, "m", 0);

			assert_string_equal(to, log_parent_dir(log));
			log_unref(log);
			known++;
		}
		dirs_close();
		fault_fs_remove();
		dirs_forget_lines();
		dirs_open(2, NULL);
		assert_int_equal(has_copy(from) && !is_marked(from) ? -EEXIST : 0, log_dirs_load(fx.d));
		if (!has_copy(from))
			is_served_from(to);
		begin_anew();
	}
	assert_true(known > 0);
}

static void a_full_disk_is_left_without_the_marker(void **state)
{
	(void)state;
	begin();
	fault_fs_install(from);
	fault_fs_fail(1, ENOSPC, false);
	assert_int_equal(0, replace());
	assert_true(fault_fs_hit());
	assert_int_equal(2, dirs_online());
	assert_int_equal(1, dirs_lines("WARN", "No room in"));
	is_served_from(to);
}

/* --- starts --- */

static void the_replaced_one_goes_at_the_next_start(void **state)
{
	(void)state;
	leave_two();
	start(2);
	assert_int_equal(1, dirs_lines("INFO", "when the broker ended: it is renamed to"));
	is_served_from(to);
	assert_int_equal(0, dirs_lines("ERROR", ""));
	clock_fake_advance(&fx.clock, 60000);
	dirs_forget_lines();
	log_dirs_remove_doomed(fx.d);
	assert_true(dirs_lines("INFO", "Deleted log for partition m-") > 0);
	is_served_from(to);
	assert_false(has_copy(from));
}

/* A disk was exchanged, and the copy with it: what is left is all there is. */
static void without_a_successor_it_is_used_again(void **state)
{
	CLEANUP(freep) char *copy = NULL;

	(void)state;
	leave_two();
	copy = xasprintf("%s/m-0", to);
	assert_int_equal(0, fs_remove_tree(copy));
	start(2);
	assert_int_equal(1, dirs_lines("INFO", "has no successor: it stays"));
	is_served_from(from);
}

static void two_marked_ones_stop_the_start(void **state)
{
	CLEANUP(freep) char *copy = NULL;

	(void)state;
	leave_two();
	copy = xasprintf("%s/m-0", to);
	assert_int_equal(0, log_dirs_mark_replaced(copy));
	dirs_open(2, NULL);
	assert_int_equal(-EEXIST, log_dirs_load(fx.d));
	dirs_close();
	assert_true(is_marked(from) && is_marked(to));
}

static void two_unmarked_ones_stop_the_start(void **state)
{
	CLEANUP(freep) char *old = NULL;

	(void)state;
	leave_two();
	old = xasprintf("%s/m-0", from);
	assert_int_equal(0, log_dirs_unmark_replaced(old));
	dirs_open(2, NULL);
	assert_int_equal(-EEXIST, log_dirs_load(fx.d));
	dirs_close();
	assert_true(has_copy(from) && has_copy(to));
}

/* Its successor may be there, with records that were acknowledged since. */
static void is_held(void)
{
	struct log *log = NULL;

	assert_int_equal(1, dirs_online());
	assert_int_equal(1, dirs_lines("WARN", "the replica is offline too"));
	assert_null(log_dirs_get(fx.d, "m", 0));
	for (int is_new = 0; is_new < 2; is_new++)
		assert_int_equal(KERR_KAFKA_STORAGE_ERROR,
		    log_dirs_get_or_create(fx.d, "m", 0, UUID_ZERO, is_new, &log));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, log_dirs_delete(fx.d, "m", 0));
	assert_int_equal(0, log_dirs_get_or_create(fx.d, "other", 0, UUID_ZERO, true, &log));
	log_unref(log);
	assert_true(is_marked(from));
}

static bool checkpoint_has_row(void)
{
	CLEANUP(freep) char *text = scratch_read(from, "recovery-point-offset-checkpoint");
	CLEANUP(freep) char *row = xasprintf("m 0 %d\n", RECORDS);

	return text && strstr(text, row);
}

static void while_a_directory_is_offline_it_is_held(void **state)
{
	(void)state;
	leave_two();
	take_away(to);
	start(2);
	is_held();
	dirs_close();
	assert_true(is_marked(from));
	assert_true(checkpoint_has_row()); /* as if it were one of ours, for whoever uses it again */
	put_back(to);
	start(2);
	is_served_from(to);
}

static void a_held_log_is_used_when_its_successor_is_given_up(void **state)
{
	(void)state;
	leave_two();
	take_away(to);
	start(2);
	is_held();
	dirs_close();
	fx.config.dirs = (const char *const *)(from == fx.paths[0] ? &fx.paths[0] : &fx.paths[1]);
	start(1);
	is_served_from(from);
	dirs_close();
	put_back(to);
}

static void a_held_log_goes_with_its_directory(void **state)
{
	struct log *log = NULL;

	(void)state;
	leave_two();
	take_away(to);
	start(2);
	log_dirs_fail(fx.d, from, -EIO);
	dirs_wait(&fx.all_offline_calls, 1);
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR,
	    log_dirs_get_or_create(fx.d, "m", 0, UUID_ZERO, true, &log));
	dirs_close();
	assert_true(is_marked(from));
	put_back(to);
}

#define T(name) cmocka_unit_test_setup_teardown(name, dirs_fixture_setup, dirs_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(losing_power_while_replacing),
		T(losing_power_while_it_is_settled),
		T(the_new_directory_fails),
		T(the_old_directory_fails),
		T(a_full_disk_is_left_without_the_marker),
		T(the_replaced_one_goes_at_the_next_start),
		T(without_a_successor_it_is_used_again),
		T(two_marked_ones_stop_the_start),
		T(two_unmarked_ones_stop_the_start),
		T(while_a_directory_is_offline_it_is_held),
		T(a_held_log_is_used_when_its_successor_is_given_up),
		T(a_held_log_goes_with_its_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
