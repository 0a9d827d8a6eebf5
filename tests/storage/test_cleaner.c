/* test_cleaner.c - the cleaner over log directories: which log it takes, what it writes down, who may interrupt it. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cleaner_fixture.h"
#include "dirs_fixture.h"
#include "fault_fs.h"
#include "golden.h"
#include "protocol/errors.h"
#include "storage/cleaner.h"
#include "storage/cleaner_table.h"
#include "storage/cleaner_worker.h"
#include "storage/log_dirs_priv.h"
#include "storage/offset_map.h"

static struct log_config *config; /* of every topic */
static struct cleaner_shared shared;
static struct cleaner_worker worker;
static bool worker_on;

static struct log_config *config_of(void *arg, const char *topic)
{
	(void)arg;
	(void)topic;
	return log_config_ref(config);
}

static int set_up(void **state)
{
	assert_int_equal(0, dirs_fixture_setup(state));
	config = log_config_new();
	config->cleanup_compact = true;
	config->cleanup_delete = false;
	config->min_cleanable_dirty_ratio = 0.5;
	config->segment_index_bytes = 4096;
	config->index_interval_bytes = 100;
	fx.config.config_of = config_of;
	fx.config.cleaner_enable = true;
	return 0;
}

static void worker_start(void)
{
	const struct cleaner_pass_config c = { .map_bytes = 1000 * OFFSET_MAP_ENTRY, .load_factor = 0.9,
		.buffer_bytes = 1024, .max_message_bytes = 1 << 20 };

	cleaner_shared_init(&shared, fx.d, &fx.clock.clock, 1e300);
	assert_int_equal(0, cleaner_worker_init(&worker, &shared, &c));
	worker_on = true;
}

static void worker_stop(void)
{
	if (!worker_on)
		return;
	cleaner_worker_fini(&worker);
	cleaner_shared_fini(&shared);
	worker_on = false;
}

static int tear_down(void **state)
{
	worker_stop();
	(void)dirs_fixture_teardown(state);
	config = log_config_unref(config);
	return 0;
}

static void start(size_t n)
{
	dirs_open(n, NULL);
	dirs_load();
	worker_start();
}

static void restart(size_t n)
{
	worker_stop();
	dirs_close();
	start(n);
}

static struct log *create(const char *topic, int32_t partition)
{
	struct log *log = NULL;

	assert_int_equal(0, log_dirs_get_or_create(fx.d, topic, partition, UUID_ZERO, true, &log));
	return log;
}

static struct log *get(const char *topic, int32_t partition)
{
	struct log *log = log_dirs_get(fx.d, topic, partition);

	assert_non_null(log);
	(void)log_set_high_watermark(log, log_end_offset(log));
	return log;
}

/* n records of k keys, and a new segment. */
static void fill(struct log *log, int n, int k)
{
	char key[16];

	for (int i = 0; i < n; i++) {
		(void)snprintf(key, sizeof(key), "key-%03d", i % k);
		put(log, key, "value");
	}
	roll(log);
}

static void file_is(const char *name, const char *want)
{
	CLEANUP(freep) char *text = scratch_read(fx.paths[0], name);

	assert_non_null(text);
	assert_string_equal(want, text);
}

static void checkpoint_is(const char *want)
{
	file_is("cleaner-offset-checkpoint", want);
}

/* --- choosing --- */

static void the_dirtiest_log_comes_first(void **state)
{
	struct log *a, *b;

	(void)state;
	start(1);
	assert_false(cleaner_worker_once(&worker));
	a = create("a", 0);
	b = create("b", 0);
	fill(a, 40, 10);
	fill(b, 40, 10);
	assert_true(cleaner_worker_once(&worker));
	assert_true(cleaner_worker_once(&worker));
	assert_false(cleaner_worker_once(&worker));
	fill(a, 12, 3);  /* 10 clean, 12 dirty */
	fill(b, 100, 3); /* 10 clean, 100 dirty */
	assert_true(cleaner_worker_once(&worker));
	assert_int_equal(40, log_dirs_first_dirty(fx.d, a));
	assert_int_equal(140, log_dirs_first_dirty(fx.d, b));
	assert_in_range(atomic_load(&shared.dirtiest_percent), 90, 91);
	assert_true(cleaner_worker_once(&worker));
	assert_int_equal(52, log_dirs_first_dirty(fx.d, a));
	assert_false(cleaner_worker_once(&worker));
	log_unref(a);
	log_unref(b);
}

static void the_ratio_must_be_exceeded(void **state)
{
	struct log *log;

	(void)state;
	start(1);
	log = create("t", 0);
	fill(log, 10, 10);
	assert_true(cleaner_worker_once(&worker));
	fill(log, 10, 10); /* as many dirty bytes as clean ones */
	assert_false(cleaner_worker_once(&worker));
	fill(log, 1, 1);
	assert_true(cleaner_worker_once(&worker));
	assert_int_equal(21, log_dirs_first_dirty(fx.d, log));
	checkpoint_is("0\n1\nt 0 21\n");
	log_unref(log);
}

static void a_log_that_is_not_compacted_is_left_alone(void **state)
{
	struct log *log;

	(void)state;
	config->cleanup_compact = false;
	start(1);
	log = create("t", 0);
	fill(log, 10, 1);
	assert_false(cleaner_worker_once(&worker));
	assert_int_equal(10, log_end_offset(log));
	RECORDS(log, FETCH_LOG_END, "0:key-000=value 1:key-000=value 2:key-000=value 3:key-000=value 4:key-000=value "
				    "5:key-000=value 6:key-000=value 7:key-000=value 8:key-000=value 9:key-000=value");
	checkpoint_is("");
	log_unref(log);
}

static void young_records_wait(void **state)
{
	struct log *log;

	(void)state;
	config->min_compaction_lag_ms = 1000;
	start(1);
	log = create("t", 0);
	put_batch(log, KVS(.v = { { "a", "1" } }, .timestamp = FIXTURE_NOW - 1001));
	put_batch(log, KVS(.v = { { "a", "2" } }, .timestamp = FIXTURE_NOW - 1000));
	roll(log);
	put_batch(log, KVS(.v = { { "a", "3" } }, .timestamp = FIXTURE_NOW - 999));
	roll(log);
	put_batch(log, KVS(.v = { { "a", "4" } }, .timestamp = FIXTURE_NOW - 2000));
	roll(log);
	assert_true(cleaner_worker_once(&worker));
	assert_int_equal(2, log_dirs_first_dirty(fx.d, log));
	RECORDS(log, FETCH_LOG_END, "1:a=2 2:a=3 3:a=4");
	clock_fake_advance(&fx.clock, 1);
	assert_true(cleaner_worker_once(&worker));
	RECORDS(log, FETCH_LOG_END, "3:a=4");
	log_unref(log);
}

static void old_records_are_cleaned_whatever_the_ratio(void **state)
{
	struct log *log;

	(void)state;
	config->min_cleanable_dirty_ratio = 1;
	config->max_compaction_lag_ms = 5000;
	start(1);
	log = create("t", 0);
	put_batch(log, KVS(.v = { { "a", "1" } }, .timestamp = FIXTURE_NOW));
	put_batch(log, KVS(.v = { { "a", "2" } }, .timestamp = FIXTURE_NOW + 1));
	roll(log);
	clock_fake_advance(&fx.clock, 5000);
	assert_false(cleaner_worker_once(&worker));
	clock_fake_advance(&fx.clock, 1);
	assert_true(cleaner_worker_once(&worker));
	RECORDS(log, FETCH_LOG_END, "1:a=2");
	assert_int_equal(1, dirs_lines("INFO", "Cleanable partitions: 1, Delayed partitions: 1, max delay: 1"));
	log_unref(log);
}

static void the_log_speaks_as_kafkas(void **state)
{
	struct log *log;

	(void)state;
	config->segment_index_bytes = 1 << 16;
	start(1);
	log = create("t", 0);
	fill(log, 2000, 1);
	assert_true(cleaner_worker_once(&worker));
	assert_int_equal(1, dirs_lines("INFO", "Cleaner 0: Beginning cleaning of log t-0 (kafka.log.LogCleaner)"));
	assert_int_equal(1, dirs_lines("INFO", "Cleaner 0: Building offset map for log t-0 for 1 segments in offset range [0, 2000)."));
	assert_int_equal(1, dirs_lines("INFO", "\tLog cleaner thread 0 cleaned log t-0 (dirty section = [0, 2000])\n"));
	assert_int_equal(1, dirs_lines("INFO", "\tStart size: 0.2 MB (2,000 messages)\n"));
	assert_int_equal(1, dirs_lines("INFO", "\tEnd size: 0.0 MB (1 messages)\n"));
	assert_int_equal(1, dirs_lines("INFO", "% size reduction (100.0% fewer messages)\n"));
	assert_int_equal(1, dirs_lines("INFO", "\tBuffer utilization: 0.1%\n"));
	log_unref(log);
}

/* --- the checkpoint --- */

static void the_checkpoint_survives_a_restart(void **state)
{
	struct log *log;

	(void)state;
	start(2);
	log = create("t", 0);
	log_unref(create("u", 0));
	log_unref(create("v", 1));
	fill(log, 10, 2);
	assert_true(cleaner_worker_once(&worker));
	checkpoint_is("0\n1\nt 0 10\n");
	log_unref(log);
	restart(2);
	log = get("t", 0);
	assert_int_equal(10, log_dirs_first_dirty(fx.d, log));
	fill(log, 10, 2);
	assert_true(cleaner_worker_once(&worker));
	checkpoint_is("0\n1\nt 0 20\n");
	log_unref(log);
}

static void a_deleted_log_leaves_the_checkpoint(void **state)
{
	struct log *log;

	(void)state;
	start(1);
	for (int i = 0; i < 2; i++) {
		log = create(i ? "u" : "t", 0);
		fill(log, 10, 2);
		assert_true(cleaner_worker_once(&worker));
		log_unref(log);
	}
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 0));
	log = create("t", 0); /* before the new one can be mistaken for the old */
	checkpoint_is("0\n1\nu 0 10\n");
	assert_int_equal(-1, log_dirs_first_dirty(fx.d, log));
	log_unref(log);
}

static void a_truncation_lowers_the_checkpoint(void **state)
{
	struct log *log;

	(void)state;
	start(1);
	log = create("t", 0);
	fill(log, 10, 10);
	fill(log, 10, 10);
	config->segment_bytes = 14;
	assert_true(cleaner_worker_once(&worker));
	checkpoint_is("0\n1\nt 0 20\n");
	assert_int_equal(0, log_dirs_truncate_to(fx.d, log, 15));
	checkpoint_is("0\n1\nt 0 10\n");
	assert_int_equal(0, log_dirs_truncate_fully_and_start_at(fx.d, log, 3));
	checkpoint_is("0\n1\nt 0 3\n");
	assert_int_equal(0, log_dirs_truncate_fully_and_start_at(fx.d, log, 30));
	checkpoint_is("0\n1\nt 0 3\n");
	assert_false(cleaner_worker_once(&worker)); /* notices, and begins at the log start */
	checkpoint_is("0\n1\nt 0 30\n");
	assert_int_equal(1, dirs_lines("WARN", "Resetting first dirty offset of t-0 to log start offset 30 since the "
					       "checkpointed offset 3 is invalid."));
	log_unref(log);
}

static void a_checkpoint_beyond_the_end_is_void(void **state)
{
	struct log *log;

	(void)state;
	start(1);
	log = create("t", 0);
	fill(log, 10, 1);
	log_unref(log);
	worker_stop();
	dirs_close();
	scratch_write(fx.paths[0], "cleaner-offset-checkpoint", "0\n1\nt 0 11\n");
	start(1);
	log = get("t", 0);
	assert_true(cleaner_worker_once(&worker));
	assert_int_equal(1, dirs_lines("WARN", "The last checkpoint dirty offset for partition t-0 is 11, which is larger "
					       "than the log end offset 10. Resetting to the log start offset 0."));
	RECORDS(log, FETCH_LOG_END, "9:key-000=value");
	log_unref(log);
}

static void a_damaged_checkpoint_costs_the_directory(void **state)
{
	(void)state;
	start(2);
	log_unref(create("t", 0));
	worker_stop();
	dirs_close();
	scratch_write(fx.paths[0], "cleaner-offset-checkpoint", "0\n2\nt 0 11\n");
	start(2);
	dirs_wait_offline(1);
	assert_string_equal(fx.paths[0], fx.last_offline);
}

static void without_a_cleaner_its_checkpoint_is_not_looked_at(void **state)
{
	struct log *log;

	(void)state;
	fx.config.cleaner_enable = false;
	dirs_open(1, NULL);
	dirs_load();
	assert_false(scratch_has(fx.paths[0], "cleaner-offset-checkpoint"));
	log = create("t", 0);
	log_unref(log);
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 0));
	log_unref(create("t", 0));
	assert_false(scratch_has(fx.paths[0], "cleaner-offset-checkpoint"));
	dirs_close();
	scratch_write(fx.paths[0], "cleaner-offset-checkpoint", "nonsense");
	dirs_open(1, NULL);
	dirs_load();
	assert_int_equal(1, dirs_online());
}

/* The gaps that compaction leaves lie below what is read again after a crash. */
static void the_recovery_point_is_recorded_before_the_swap(void **state)
{
	struct log *log;

	(void)state;
	start(1);
	log = create("t", 0);
	fill(log, 10, 2);
	fill(log, 1, 1);
	assert_int_equal(0, log_recovery_point(log));
	assert_true(cleaner_worker_once(&worker));
	assert_int_equal(11, log_recovery_point(log));
	file_is("recovery-point-offset-checkpoint", "0\n1\nt 0 11\n");
	log_unref(log);
}

/* --- failures --- */

static void damage(const char *topic, const char *segment)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s-0/%s.log", fx.paths[0], topic, segment);
	FILE *file = fopen(path, "r+b");

	assert_non_null(file);
	assert_int_equal(0, fseek(file, 66, SEEK_SET));
	assert_int_equal('Z', fputc('Z', file));
	assert_int_equal(0, fclose(file));
}

static void a_damaged_log_does_not_stop_the_others(void **state)
{
	struct log *a, *b;

	(void)state;
	start(1);
	a = create("a", 0);
	b = create("b", 0);
	fill(a, 40, 1);
	fill(b, 40, 1);
	damage("a", "00000000000000000000");
	for (int i = 0; i < 2; i++)
		assert_true(cleaner_worker_once(&worker));
	assert_false(cleaner_worker_once(&worker));
	RECORDS(b, FETCH_LOG_END, "39:key-000=value");
	checkpoint_is("0\n1\nb 0 40\n");
	assert_int_equal(1, dirs_lines("WARN", "Marking its partition (a-0) as uncleanable"));
	assert_int_equal(1, cleaner_table_uncleanable_count(log_dirs_cleaner_table(fx.d), fx.paths[0]));
	fill(a, 40, 1);
	fill(b, 40, 1);
	assert_true(cleaner_worker_once(&worker));
	assert_false(cleaner_worker_once(&worker));
	assert_int_equal(1, dirs_online());
	assert_int_equal(0, log_dirs_delete(fx.d, "a", 0));
	assert_int_equal(0, cleaner_table_uncleanable_count(log_dirs_cleaner_table(fx.d), fx.paths[0]));
	log_unref(a);
	log_unref(b);
}

static void a_failed_disk_costs_the_directory(void **state)
{
	struct log *a, *b;

	(void)state;
	start(2);
	a = create("a", 0);
	b = create("b", 0); /* in the other one */
	fill(a, 40, 1);
	fill(b, 20, 1);
	fault_fs_install(fx.paths[0]);
	fault_fs_fail(4, EIO, true);
	assert_true(cleaner_worker_once(&worker));
	dirs_wait_offline(1);
	assert_string_equal(fx.paths[0], fx.last_offline);
	assert_int_equal(1, dirs_lines("ERROR", fx.paths[0]));
	assert_true(cleaner_worker_once(&worker));
	RECORDS(b, FETCH_LOG_END, "19:key-000=value");
	assert_false(cleaner_worker_once(&worker));
	log_unref(a);
	log_unref(b);
}

/* --- retention --- */

static void compacted_logs_get_their_retention_here(void **state)
{
	struct log *log;

	(void)state;
	config->cleanup_delete = true;
	config->retention_ms = 1000;
	config->retention_bytes = -1;
	start(1);
	log = create("t", 0);
	fill(log, 10, 10);
	fill(log, 10, 10);
	assert_true(cleaner_worker_once(&worker));
	assert_int_equal(0, log_start_offset(log));
	clock_fake_advance(&fx.clock, 1001);
	assert_false(cleaner_worker_once(&worker));
	assert_int_equal(20, log_start_offset(log));
	assert_false(cleaner_worker_once(&worker));
	checkpoint_is("0\n1\nt 0 20\n");
	assert_int_equal(0, dirs_lines("WARN", "Resetting"));
	log_unref(log);
}

static void without_delete_only_what_was_deleted_goes(void **state)
{
	struct log *log;

	(void)state;
	config->retention_ms = 1000;
	config->segment_bytes = 14; /* no groups */
	start(1);
	log = create("t", 0);
	config->segment_bytes = 1 << 20;
	fill(log, 10, 10);
	fill(log, 10, 10);
	clock_fake_advance(&fx.clock, 10000);
	config->segment_bytes = 14;
	assert_true(cleaner_worker_once(&worker));
	assert_int_equal(3, log_segments_n(log));
	assert_int_equal(0, log_advance_start_offset(log, 12));
	assert_false(cleaner_worker_once(&worker));
	assert_int_equal(2, log_segments_n(log));
	assert_int_equal(12, log_start_offset(log));
	log_unref(log);
}

static void the_retention_task_leaves_compacted_logs_alone(void **state)
{
	struct worker_pool *pool = worker_pool_new("test", 1);
	struct scheduler *scheduler = scheduler_new(pool);
	struct log *log;

	(void)state;
	config->cleanup_delete = true;
	config->retention_ms = 1;
	fx.config.initial_task_delay_ms = 0;
	fx.config.retention_check_interval_ms = 1;
	dirs_open(1, scheduler);
	dirs_load();
	log = create("t", 0);
	fill(log, 10, 10);
	clock_fake_advance(&fx.clock, 1000000);
	log_dirs_start(fx.d);
	for (int i = 0; i < 20; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	assert_int_equal(0, log_start_offset(log));
	{ /* the policy changes: now it is the task's */
		struct log_config *plain = log_config_new();

		plain->retention_ms = 1;
		log_dirs_set_topic_config(fx.d, "t", plain);
		log_config_unref(plain);
	}
	for (int i = 0; i < 5000 && log_start_offset(log) == 0; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_int_equal(10, log_start_offset(log));
	log_unref(log);
	dirs_close();
	scheduler_free(scheduler);
	worker_pool_free(pool);
}

/* --- threads --- */

static const struct cleaner_config threads_config = { .threads = 1, .dedupe_buffer_bytes = 4 << 20, .load_factor = 0.9,
	.io_buffer_bytes = 4096, .max_message_bytes = 1 << 20, .max_bytes_per_second = 1e300, .backoff_ms = 5 };

static void await_first_dirty(struct log *log, int64_t want)
{
	for (int i = 0; i < 20000 && log_dirs_first_dirty(fx.d, log) < want; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_int_equal(want, log_dirs_first_dirty(fx.d, log));
}

static void await_line(const char *text)
{
	for (int i = 0; i < 20000 && dirs_lines(NULL, text) == 0; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_true(dirs_lines(NULL, text) > 0);
}

static void threads_clean_and_can_be_changed(void **state)
{
	struct cleaner_config c = threads_config;
	struct cleaner_metrics metrics;
	struct cleaner *cleaner;
	struct log *log[6];

	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	assert_int_equal(0, cleaner_start(fx.d, &c, &clock_real, &cleaner));
	assert_int_equal(1, dirs_lines("INFO", "Starting the log cleaner (kafka.log.LogCleaner)"));
	for (int i = 0; i < 6; i++) {
		log[i] = create("t", i);
		fill(log[i], 20, 2);
	}
	for (int i = 0; i < 6; i++)
		await_first_dirty(log[i], 20);
	c.threads = 3;
	assert_int_equal(0, cleaner_reconfigure(cleaner, &c));
	assert_int_equal(1, dirs_lines("INFO", "[kafka-log-cleaner-thread-0]: Shutdown completed"));
	await_line("[kafka-log-cleaner-thread-2]: Starting");
	for (int i = 0; i < 6; i++)
		fill(log[i], 20, 2);
	for (int i = 0; i < 6; i++) {
		await_first_dirty(log[i], 40);
		RECORDS(log[i], FETCH_LOG_END, "38:key-000=value 39:key-001=value");
	}
	cleaner_metrics(cleaner, &metrics);
	assert_in_range(metrics.recopy_percent, 5, 60);
	assert_in_range(metrics.time_since_last_run_ms, 0, 60000);
	c.dedupe_buffer_bytes = 10;
	assert_int_equal(-EINVAL, cleaner_reconfigure(cleaner, &c));
	cleaner_stop(cleaner);
	assert_int_equal(3, dirs_lines("INFO", "Shutdown completed") - 1);
	for (int i = 0; i < 6; i++)
		log_unref(log[i]);
}

static void backoff_ends_when_it_is_shortened(void **state)
{
	struct cleaner_config c = threads_config;
	struct cleaner *cleaner;
	struct log *log;

	(void)state;
	c.backoff_ms = INT64_MAX;
	dirs_open(1, NULL);
	dirs_load();
	log = create("t", 0);
	fill(log, 20, 2);
	assert_int_equal(0, cleaner_start(fx.d, &c, &clock_real, &cleaner));
	await_first_dirty(log, 20);
	fill(log, 20, 2);
	c.backoff_ms = 1;
	assert_int_equal(0, cleaner_reconfigure(cleaner, &c));
	await_first_dirty(log, 40);
	cleaner_stop(cleaner);
	log_unref(log);
}

/* A cleaning that takes hours, in the hands of a thread when this returns. */
static struct cleaner *slow_cleaning(struct log **ret)
{
	struct cleaner_config c = threads_config;
	struct cleaner *cleaner;

	c.max_bytes_per_second = 1;
	dirs_open(1, NULL);
	dirs_load();
	*ret = create("t", 0);
	fill(*ret, 200, 2);
	assert_int_equal(0, cleaner_start(fx.d, &c, &clock_real, &cleaner));
	await_line("Building offset map for log t-0");
	assert_false(cleaner_table_claim(log_dirs_cleaner_table(fx.d), "t-0"));
	return cleaner;
}

static void a_stop_does_not_wait_for_the_throttle(void **state)
{
	struct log *log;
	struct cleaner *cleaner = slow_cleaning(&log);

	(void)state;
	cleaner_stop(cleaner);
	assert_int_equal(-1, log_dirs_first_dirty(fx.d, log));
	log_unref(log);
}

static void a_higher_rate_takes_effect_at_once(void **state)
{
	struct log *log;
	struct cleaner_config c = threads_config;
	struct cleaner *cleaner = slow_cleaning(&log);

	(void)state;
	assert_int_equal(0, cleaner_reconfigure(cleaner, &c)); /* no other change: the same thread goes on */
	await_first_dirty(log, 200);
	assert_int_equal(1, dirs_lines("INFO", "]: Starting"));
	assert_int_equal(1, dirs_lines("INFO", "Updating logCleanerIoMaxBytesPerSecond"));
	cleaner_stop(cleaner);
	log_unref(log);
}

static void a_deletion_interrupts(void **state)
{
	struct log *log;
	struct cleaner *cleaner = slow_cleaning(&log);

	(void)state;
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 0));
	log_unref(log);
	log = create("t", 0);
	assert_int_equal(0, log_end_offset(log));
	cleaner_stop(cleaner);
	log_unref(log);
}

static void a_truncation_interrupts(void **state)
{
	struct log *log;
	struct cleaner *cleaner = slow_cleaning(&log);

	(void)state;
	assert_int_equal(0, log_dirs_truncate_to(fx.d, log, 7));
	assert_int_equal(7, log_end_offset(log));
	cleaner_stop(cleaner);
	check_continuous(log);
	log_unref(log);
}

static void a_change_of_policy_interrupts(void **state)
{
	struct log *log;
	struct cleaner *cleaner = slow_cleaning(&log);
	struct log_config *plain = log_config_new();

	(void)state;
	log_dirs_set_topic_config(fx.d, "t", plain);
	assert_true(cleaner_table_claim(log_dirs_cleaner_table(fx.d), "t-0"));
	cleaner_table_release(log_dirs_cleaner_table(fx.d), "t-0");
	cleaner_stop(cleaner);
	check_continuous(log);
	log_config_unref(plain);
	log_unref(log);
}

static void a_failed_directory_interrupts(void **state)
{
	struct log *log;
	struct cleaner *cleaner = slow_cleaning(&log);

	(void)state;
	log_dirs_fail(fx.d, fx.paths[0], -EIO);
	dirs_wait_offline(1);
	for (int i = 0; i < 20000 && !cleaner_table_claim(log_dirs_cleaner_table(fx.d), "t-0"); i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	cleaner_table_release(log_dirs_cleaner_table(fx.d), "t-0");
	cleaner_stop(cleaner);
	log_unref(log);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_dirtiest_log_comes_first),
		T(the_ratio_must_be_exceeded),
		T(a_log_that_is_not_compacted_is_left_alone),
		T(young_records_wait),
		T(old_records_are_cleaned_whatever_the_ratio),
		T(the_log_speaks_as_kafkas),
		T(the_checkpoint_survives_a_restart),
		T(a_deleted_log_leaves_the_checkpoint),
		T(a_truncation_lowers_the_checkpoint),
		T(a_checkpoint_beyond_the_end_is_void),
		T(a_damaged_checkpoint_costs_the_directory),
		T(without_a_cleaner_its_checkpoint_is_not_looked_at),
		T(the_recovery_point_is_recorded_before_the_swap),
		T(a_damaged_log_does_not_stop_the_others),
		T(a_failed_disk_costs_the_directory),
		T(compacted_logs_get_their_retention_here),
		T(without_delete_only_what_was_deleted_goes),
		T(the_retention_task_leaves_compacted_logs_alone),
		T(threads_clean_and_can_be_changed),
		T(backoff_ends_when_it_is_shortened),
		T(a_stop_does_not_wait_for_the_throttle),
		T(a_higher_rate_takes_effect_at_once),
		T(a_deletion_interrupts),
		T(a_truncation_interrupts),
		T(a_change_of_policy_interrupts),
		T(a_failed_directory_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
