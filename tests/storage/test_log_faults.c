/* test_log_faults.c - the nth write, sync, truncation, rename or creation fails: what then?
 *
 * A story is told again and again, with the 1st, 2nd, 3rd ... changing call failing, until none fails. Each time the
 * failure must come out as -errno (or through on_failure), and the directory must open again with everything that was
 * flushed, without holes, and go on.
 */
#include <errno.h>

#include "fault_fs.h"
#include "golden.h"
#include "log_fixture.h"
#include "protocol/errors.h"

static struct log_fixture f;
static int64_t appended, flushed; /* acknowledged ends */

static int append_one(struct log *log, int sequence)
{
	int r = append(log, BATCH(.producer_id = 3, .sequence = sequence, .value_size = 100));

	if (r == 0)
		appended = log_end_offset(log);
	return r;
}

/* Stops at the first failure. */
static int story(void)
{
	struct log *log;
	int sequence = 0, r;

	f.args.config = f.config;
	r = log_open(&f.args, &f.log);
	if (r != 0) {
		f.log = NULL;
		return r;
	}
	log = f.log;
	r = log_set_topic_id(log, (struct uuid){ { 1 } });
	if (r == 0)
		r = log_assign_epoch(log, 0, 0);
	for (int i = 0; i < 12 && r == 0; i++)
		r = append_one(log, sequence++);
	if (r == 0)
		r = log_flush(log);
	if (r != 0)
		return r;
	flushed = log_end_offset(log);
	for (int i = 0; i < 6 && r == 0; i++)
		r = append_one(log, sequence++);
	log_fixture_run(&f, 300);
	(void)log_set_high_watermark(log, log_end_offset(log));
	if (r == 0)
		r = log_truncate_to(log, 16);
	if (r == 0)
		r = log_advance_start_offset(log, 5);
	if (r == 0)
		r = log_apply_retention(log);
	r = r > 0 ? 0 : r;
	log_fixture_run(&f, 70000);
	if (r == 0)
		r = f.last_failure;
	return r == 0 ? log_close_clean(log) : r;
}

static void one_fault(int nth, int error, bool then_all, bool *ret_hit)
{
	bool started;
	int r;

	log_fixture_init(&f);
	f.config->segment_bytes = 600;
	f.config->index_interval_bytes = 150;
	f.config->segment_index_bytes = 4096;
	appended = flushed = 0;
	fault_fs_install(f.parent);
	fault_fs_fail(nth, error, then_all);
	r = story();
	*ret_hit = fault_fs_hit();
	if (*ret_hit && r != -error && r != -EIO)
		fail_msg("call %d failed with %d, the story ended with %d", nth, error, r);
	if (!*ret_hit)
		assert_int_equal(0, r);
	started = f.log != NULL;
	/* Nothing is written after a failed write or sync: what the disk holds then is for recovery to say. */
	fault_fs_fail(0, 0, false);
	if (started && r != 0)
		log_close_dirty(f.log);
	f.log = log_unref(f.log);
	f.last_failure = 0;
	f.args.recovery_point = 0;
	f.args.clean = r == 0;
	f.args.log_start_offset = 0;
	(void)log_fixture_open(&f);
	if (log_end_offset(f.log) < MIN(flushed, 16) || log_end_offset(f.log) > 18)
		fail_msg("call %d: log end %lld, flushed %lld", nth, (long long)log_end_offset(f.log),
		    (long long)flushed);
	check_continuous(f.log);
	append_many(f.log, 3);
	log_fixture_close_clean(&f);
	(void)log_fixture_open(&f);
	check_continuous(f.log);
	fault_fs_remove();
	log_fixture_fini(&f);
}

static void every_call(int error, bool then_all)
{
	bool hit = true;

	for (int nth = 1; hit; nth++) {
		assert_true(nth < 2000);
		one_fault(nth, error, then_all, &hit);
	}
}

static void one_failing_call(void **state)
{
	(void)state;
	every_call(EIO, false);
}

static void a_disk_that_stays_full(void **state)
{
	(void)state;
	every_call(ENOSPC, true);
}

static void a_failed_log_takes_no_more(void **state)
{
	struct log *log;

	(void)state;
	log_fixture_init(&f);
	log = log_fixture_open(&f);
	append_many(log, 2);
	fault_fs_install(f.parent);
	fault_fs_fail(1, ENOSPC, false);
	assert_int_equal(-ENOSPC, append(log, BATCH(0)));
	assert_int_equal(-EIO, append(log, BATCH(0))); /* although there is room again */
	assert_int_equal(-EIO, log_flush(log));
	assert_int_equal(-EIO, log_close_clean(log));
	assert_int_equal(2, log_end_offset(log));
	fault_fs_remove();
	log_fixture_fini(&f);
}

static void what_is_written_stays_readable_after_a_failure(void **state)
{
	struct log *log;

	(void)state;
	log_fixture_init(&f);
	log = log_fixture_open(&f);
	append_many(log, 2);
	fault_fs_install(f.parent);
	fault_fs_fail(1, EIO, false);
	assert_int_equal(-EIO, append(log, BATCH(0)));
	assert_int_equal(2 * 72, file_bytes(&f, "00000000000000000000.log"));
	check_continuous(log);
	fault_fs_remove();
	log_fixture_fini(&f);
}

static void a_torn_write_after_power_loss(void **state)
{
	(void)state;
	for (int n = 1; n < 12; n++) {
		log_fixture_init(&f);
		fault_fs_install(f.parent);
		f.config->segment_bytes = 600;
		(void)log_fixture_open(&f);
		append_many(f.log, 5);
		assert_int_equal(0, log_flush(f.log));
		append_many(f.log, n);
		log_close_dirty(f.log);
		fault_fs_crash();
		(void)log_fixture_reopen_dirty(&f, 5);
		assert_in_range(log_end_offset(f.log), 5, 5 + n);
		check_continuous(f.log);
		append_many(f.log, 2);
		fault_fs_remove();
		log_fixture_fini(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_failing_call),
		cmocka_unit_test(a_disk_that_stays_full),
		cmocka_unit_test(a_failed_log_takes_no_more),
		cmocka_unit_test(what_is_written_stays_readable_after_a_failure),
		cmocka_unit_test(a_torn_write_after_power_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
