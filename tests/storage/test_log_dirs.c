/* test_log_dirs.c - the table of logs, its directories and their files, over fake logs (fake_log.h): placement,
 * load, deletion, checkpoints, failures. What the real log does on disk is in test_log_dirs_disk.c.
 * Length: one fake of the log and one set of helpers serve all of these tests. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/uuid.h"
#include "dirs_fixture.h"
#include "fake_log.h"
#include "fault_fs.h"
#include "protocol/errors.h"
#include "storage/log_dirs_priv.h"

static int setup(void **state)
{
	fake_log_reset();
	return dirs_fixture_setup(state);
}

static int teardown(void **state)
{
	int r = dirs_fixture_teardown(state);

	assert_int_equal(0, atomic_load(&fake_logs.alive));
	return r;
}

static struct log *get_or_create(const char *topic, int32_t partition)
{
	struct log *log = NULL;

	assert_int_equal(0, log_dirs_get_or_create(fx.d, topic, partition, UUID_ZERO, true, &log));
	return log;
}

/* Creates and lets go. */
static void create(const char *topic, int32_t partition)
{
	log_unref(get_or_create(topic, partition));
}

static bool has_log(const char *topic, int32_t partition)
{
	struct log *log = log_dirs_get(fx.d, topic, partition);

	log_unref(log);
	return log != NULL;
}

static void make_dir(const char *parent, const char *name)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", parent, name);

	assert_int_equal(0, fs_mkdir_p(path));
}

static void file_is(const char *dir, const char *name, const char *want)
{
	CLEANUP(freep) char *text = scratch_read(dir, name);

	assert_non_null(text);
	assert_string_equal(want, text);
}

static int count_dirs_ending(const char *parent, const char *end)
{
	CLEANUP(freep) char *cmd = xasprintf("ls -d %s/*%s 2>/dev/null | wc -l", parent, end);
	FILE *p = popen(cmd, "r");
	int n = -1;

	assert_non_null(p);
	assert_int_equal(1, fscanf(p, "%d", &n));
	pclose(p);
	return n;
}

/* --- open --- */

static void missing_directories_are_created_and_locked(void **state)
{
	(void)state;
	dirs_open(2, NULL);
	assert_int_equal(1, dirs_lines("INFO", "/a not found, creating it. (kafka.log.LogManager)"));
	assert_true(scratch_has(fx.paths[0], ".lock"));
	file_is(fx.paths[1], "recovery-point-offset-checkpoint", "");
	file_is(fx.paths[1], "log-start-offset-checkpoint", "");
	file_is(fx.paths[1], "replication-offset-checkpoint", "");
	dirs_load();
	dirs_close();
	assert_false(scratch_has(fx.paths[0], ".lock"));
}

static void one_directory_under_two_names_is_refused(void **state)
{
	const char *paths[2] = { fx.paths[0], fx.paths[1] };

	(void)state;
	make_dir(fx.root, "a");
	assert_int_equal(0, symlink(fx.paths[0], fx.paths[1]));
	fx.config.dirs = paths;
	assert_int_equal(-EINVAL, log_dirs_open(&fx.config, &fx.clock.clock, NULL, &fx.d));
	fx.d = NULL;
	assert_int_equal(1, dirs_lines("ERROR", "Duplicate log directory"));
}

static void an_unusable_directory_starts_offline(void **state)
{
	struct log_dir_info info;

	(void)state;
	scratch_write(fx.root, "b", "a file");
	dirs_open(2, NULL);
	dirs_load();
	assert_int_equal(1, dirs_lines("ERROR", "Failed to create or validate data directory"));
	assert_int_equal(1, dirs_online());
	log_dirs_info(fx.d, 0, &info);
	assert_true(info.online && info.total_bytes > 0 && info.usable_bytes >= 0);
	assert_string_equal(fx.paths[0], info.path);
	log_dirs_info(fx.d, 1, &info);
	assert_true(!info.online && info.total_bytes == -1 && info.usable_bytes == -1);
	create("t", 0);
}

static void no_usable_directory_is_an_error(void **state)
{
	(void)state;
	scratch_write(fx.root, "a", "a file");
	scratch_write(fx.root, "b", "a file");
	assert_int_equal(-EIO, log_dirs_open(&fx.config, &fx.clock.clock, NULL, &fx.d));
	fx.d = NULL;
	assert_int_equal(1, dirs_lines("ERROR", "none of the specified log dirs"));
}

static void a_relative_path_is_made_absolute(void **state)
{
	CLEANUP(freep) char *cwd = getcwd(NULL, 0);
	const char *paths[1] = { "x//y/" };
	struct log_dir_info info;

	(void)state;
	assert_int_equal(0, chdir(fx.root));
	fx.config.dirs = paths;
	dirs_open(1, NULL);
	log_dirs_info(fx.d, 0, &info);
	assert_int_equal(0, strcmp(info.path + strlen(info.path) - 4, "/x/y"));
	assert_int_equal('/', info.path[0]);
	assert_int_equal(0, chdir(cwd));
}

/* --- meta.properties --- */

static void meta_properties_are_agreed_on(void **state)
{
	struct log_dirs_meta meta;

	(void)state;
	dirs_open(2, NULL);
	assert_int_equal(0, log_dirs_read_meta(fx.d, &meta));
	assert_int_equal(-1, meta.broker_id);
	assert_string_equal("", meta.cluster_id);
	assert_int_equal(0, log_dirs_write_meta(fx.d, "MkU3OEVBNTcwNTJENDM2Qg", 7));
	assert_int_equal(2, dirs_lines("INFO", "[KafkaServer id=7] Rewriting"));
	assert_int_equal(0, log_dirs_write_meta(fx.d, "MkU3OEVBNTcwNTJENDM2Qg", 7));
	assert_int_equal(2, dirs_lines("INFO", "[KafkaServer id=7] Rewriting"));
	assert_int_equal(0, log_dirs_read_meta(fx.d, &meta));
	assert_int_equal(7, meta.broker_id);
	assert_string_equal("MkU3OEVBNTcwNTJENDM2Qg", meta.cluster_id);
}

static void meta_is(const char *a, const char *b, int want)
{
	struct log_dirs_meta meta;

	scratch_write(fx.paths[0], "meta.properties", a);
	scratch_write(fx.paths[1], "meta.properties", b);
	assert_int_equal(want, log_dirs_read_meta(fx.d, &meta));
}

static void contradicting_meta_properties_are_refused(void **state)
{
	(void)state;
	dirs_open(2, NULL);
	meta_is("broker.id=1\ncluster.id=a\n", "broker.id=1\ncluster.id=a\n", 0);
	meta_is("broker.id=1\n", "broker.id=2\n", -EINVAL);
	meta_is("cluster.id=a\n", "cluster.id=b\n", -EINVAL);
	meta_is("version=1\nnode.id=1\n", "version=0\n", -EINVAL);
	meta_is("directory.id=MkU3OEVBNTcwNTJENDM2Qg\n", "directory.id=MkU3OEVBNTcwNTJENDM2Qg\n", -EINVAL);
	assert_int_equal(4, dirs_lines("ERROR", "meta.properties"));
	assert_int_equal(2, dirs_online());
}

static void an_unreadable_meta_properties_costs_its_directory(void **state)
{
	struct log_dirs_meta meta;

	(void)state;
	dirs_open(2, NULL);
	scratch_write(fx.paths[0], "meta.properties", "broker.id=1\n");
	make_dir(fx.paths[1], "meta.properties");
	assert_int_equal(0, log_dirs_read_meta(fx.d, &meta));
	assert_int_equal(1, meta.broker_id);
	dirs_wait_offline(1);
	assert_string_equal(fx.paths[1], fx.last_offline);
}

/* --- create, get, delete --- */

static void logs_are_spread_over_the_directories(void **state)
{
	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	for (int i = 0; i < 6; i++)
		create("t", i);
	assert_int_equal(3, count_dirs_ending(fx.paths[0], "t-[0-9]"));
	assert_int_equal(3, count_dirs_ending(fx.paths[1], "t-[0-9]"));
	assert_int_equal(6, atomic_load(&fake_logs.opened));
	create("t", 0);
	assert_int_equal(6, atomic_load(&fake_logs.opened));
	assert_true(has_log("t", 5));
	assert_false(has_log("t", 6));
	assert_false(has_log("t", -1));
	assert_int_equal(1, dirs_lines("INFO", "Created log for partition t-3 in "));
}

static void the_topic_id_is_set_and_compared(void **state)
{
	struct uuid a = { { 1 } }, b = { { 2 } };
	struct log *log = NULL;

	(void)state;
	dirs_open(1, NULL);
	dirs_load();
	assert_int_equal(0, log_dirs_get_or_create(fx.d, "t", 0, a, true, &log));
	assert_true(uuid_eq(a, log_topic_id(log)));
	log_unref(log);
	assert_int_equal(0, log_dirs_get_or_create(fx.d, "t", 0, a, false, &log));
	log_unref(log);
	assert_int_equal(KERR_INCONSISTENT_TOPIC_ID, log_dirs_get_or_create(fx.d, "t", 0, b, false, &log));
}

static void a_name_too_long_is_refused(void **state)
{
	char topic[251];
	struct log *log = NULL;

	(void)state;
	memset(topic, 'x', 250);
	topic[250] = '\0';
	dirs_open(1, NULL);
	dirs_load();
	assert_int_equal(KERR_INVALID_TOPIC_EXCEPTION,
	    log_dirs_get_or_create(fx.d, topic, 99999, UUID_ZERO, true, &log));
	assert_null(log_dirs_get(fx.d, topic, 99999));
	assert_int_equal(0, log_dirs_delete(fx.d, topic, 99999));
}

static void a_deleted_log_is_renamed_and_removed_later(void **state)
{
	(void)state;
	dirs_open(1, NULL);
	dirs_load();
	create("t", 0);
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 0));
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 0));
	assert_false(has_log("t", 0));
	assert_false(scratch_has(fx.paths[0], "t-0"));
	assert_int_equal(1, count_dirs_ending(fx.paths[0], "-delete"));
	assert_int_equal(1, dirs_lines("INFO", "Log for partition t-0 is renamed to "));
	create("t", 0); /* the name is free at once */
	clock_fake_advance(&fx.clock, 59999);
	log_dirs_remove_doomed(fx.d);
	assert_int_equal(1, count_dirs_ending(fx.paths[0], "-delete"));
	clock_fake_advance(&fx.clock, 1);
	log_dirs_remove_doomed(fx.d);
	assert_int_equal(0, count_dirs_ending(fx.paths[0], "-delete"));
	assert_true(scratch_has(fx.paths[0], "t-0"));
	assert_int_equal(1, dirs_lines("INFO", "Deleted log for partition t-0 in "));
}

static void the_deletion_delay_can_change(void **state)
{
	(void)state;
	dirs_open(1, NULL);
	dirs_load();
	log_dirs_reconfigure(fx.d, 2, 0, 1000, false);
	create("t", 0);
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 0));
	log_dirs_remove_doomed(fx.d);
	assert_int_equal(1, atomic_load(&fake_logs.deleted));
}

static void expect_producer_rules(int32_t partition, int64_t expiration_ms, bool verify)
{
	struct log *log = get_or_create("t", partition);
	bool verifies;

	assert_int_equal(expiration_ms, fake_log_producer_expiration(log, &verifies));
	assert_int_equal(verify, verifies);
	log_unref(log);
}

static void the_rules_for_producers_can_change(void **state)
{
	(void)state;
	dirs_open(1, NULL);
	dirs_load();
	expect_producer_rules(0, 86400000, false);
	log_dirs_reconfigure(fx.d, 2, 0, 1000, true);
	expect_producer_rules(0, 1000, true); /* that are there */
	expect_producer_rules(1, 1000, true); /* that are made later */
	log_dirs_reconfigure(fx.d, 2, 0, 2000, false);
	expect_producer_rules(0, 2000, false);
}

/* S18 (e) in disguise: were its line to stay, the next unclean start would cut the new log to offset 300. */
static void a_new_log_does_not_inherit_the_checkpoints_of_a_deleted_one(void **state)
{
	struct log *log;

	(void)state;
	dirs_open(1, NULL);
	dirs_load();
	log = get_or_create("t", 0);
	fake_log_set(log, (struct log_offsets){ .recovery_point = 350, .start = 300, .end = 400, .high_watermark = 390 });
	log_unref(log);
	log_dirs_checkpoint_all(fx.d, CHECKPOINT_RECOVERY_POINT);
	log_dirs_checkpoint_all(fx.d, CHECKPOINT_LOG_START);
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n1\nt 0 350\n");
	file_is(fx.paths[0], "log-start-offset-checkpoint", "0\n1\nt 0 300\n");
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 0));
	create("t", 0);
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n0\n");
	file_is(fx.paths[0], "log-start-offset-checkpoint", "0\n0\n");
}

#define CREATORS 8

static void *create_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++) {
		struct log *log = NULL;
		int r = 0;

		if (log_dirs_get_or_create(fx.d, "t", i % 10, UUID_ZERO, true, &log) == 0)
			log_unref(log);
		if (i % 7 == 0)
			r = log_dirs_delete(fx.d, "t", i % 10);
		if (r != 0 && (r != KERR_KAFKA_STORAGE_ERROR || dirs_online() == 2))
			abort();
	}
	return NULL;
}

static void creating_and_deleting_at_once_opens_each_log_once(void **state)
{
	pthread_t threads[CREATORS];

	(void)state;
	fake_logs.open_delay_us = 100;
	dirs_open(2, NULL);
	dirs_load();
	for (int i = 0; i < CREATORS; i++)
		assert_int_equal(0, pthread_create(&threads[i], NULL, create_many, NULL));
	for (int i = 0; i < CREATORS; i++)
		pthread_join(threads[i], NULL);
	/* every directory on disk is either in the table or waits for removal */
	for (int i = 0; i < 10; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "t-%d", i);
		assert_int_equal(has_log("t", i), scratch_has(fx.paths[0], name) + scratch_has(fx.paths[1], name));
	}
}

/* --- load --- */

static void prepare_three_logs(void)
{
	make_dir(fx.paths[0], "t-0");
	make_dir(fx.paths[0], "t-1");
	make_dir(fx.paths[1], "u-0");
	scratch_write(fx.paths[0], "recovery-point-offset-checkpoint", "0\n2\nt 0 200\nt 1 7\n");
	scratch_write(fx.paths[0], "log-start-offset-checkpoint", "0\n1\nt 0 120\n");
	scratch_write(fx.paths[0], "replication-offset-checkpoint", "0\n2\nt 0 190\nt 1 6\n");
}

static void logs_are_loaded_with_their_checkpoints(void **state)
{
	struct log *log;

	(void)state;
	prepare_three_logs();
	scratch_write(fx.paths[0], ".kafka_cleanshutdown", "{\"version\":0,\"brokerEpoch\":-1}");
	dirs_open(2, NULL);
	dirs_load();
	assert_false(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
	log = log_dirs_get(fx.d, "t", 0);
	assert_int_equal(200, fake_log_opened_recovery_point(log));
	assert_int_equal(120, fake_log_opened_start(log));
	assert_true(fake_log_opened_clean(log));
	assert_int_equal(190, log_dirs_checkpointed_high_watermark(fx.d, log));
	log_unref(log);
	log = log_dirs_get(fx.d, "u", 0);
	assert_int_equal(0, fake_log_opened_recovery_point(log));
	assert_false(fake_log_opened_clean(log));
	assert_int_equal(0, log_dirs_checkpointed_high_watermark(fx.d, log));
	log_unref(log);
	assert_int_equal(1, dirs_lines("INFO", "Loading logs from log dirs "));
	assert_int_equal(1, dirs_lines("INFO", "Skipping recovery of 2 logs from "));
	assert_int_equal(1, dirs_lines("INFO", "Recovering 1 logs from "));
	assert_int_equal(3, dirs_lines("INFO", "Completed load of Log(dir="));
	assert_int_equal(1, dirs_lines("INFO", "Loaded 3 logs in 0ms (unclean log dirs = "));
}

static void all_roles_of_directories_are_told_apart(void **state)
{
	struct log *log;

	(void)state;
	prepare_three_logs();
	make_dir(fx.paths[0], "t-2.0123456789abcdef0123456789abcdef-delete");
	make_dir(fx.paths[1], "t-0.0123456789abcdef0123456789abcdef-future");
	make_dir(fx.paths[0], "s-0.0123456789abcdef0123456789abcdef-stray");
	make_dir(fx.paths[0], "remote-log-index-cache");
	make_dir(fx.paths[0], "__cluster_metadata-0");
	scratch_write(fx.paths[0], "some file", "");
	dirs_open(2, NULL);
	dirs_load();
	assert_int_equal(5, atomic_load(&fake_logs.opened));
	assert_false(has_log("t", 2));
	log = log_dirs_get(fx.d, "t", 0);
	assert_string_equal(fx.paths[0], log_parent_dir(log));
	log_unref(log);
	clock_fake_advance(&fx.clock, 60000);
	log_dirs_remove_doomed(fx.d);
	assert_int_equal(0, count_dirs_ending(fx.paths[0], "-delete"));
	assert_int_equal(1, count_dirs_ending(fx.paths[0], "-stray"));
	/* a deleted partition takes its future copy along */
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 0));
	assert_int_equal(0, count_dirs_ending(fx.paths[1], "-future"));
	assert_int_equal(1, count_dirs_ending(fx.paths[1], "-delete"));
}

static void load_fails(const char *dir, const char *name, int want)
{
	make_dir(dir, name);
	dirs_open(2, NULL);
	assert_int_equal(want, log_dirs_load(fx.d));
	dirs_close();
}

/* S20 (a) */
static void a_foreign_directory_stops_the_start(void **state)
{
	(void)state;
	load_fails(fx.paths[0], "lost+found", -EUCLEAN);
	assert_int_equal(1, dirs_lines("ERROR", "lost+found"));
}

/* S20 (b) */
static void a_log_in_two_directories_stops_the_start(void **state)
{
	(void)state;
	make_dir(fx.paths[0], "t-0");
	load_fails(fx.paths[1], "t-0", -EEXIST);
	assert_int_equal(1, dirs_lines("ERROR", "Duplicate log directories for t-0 are found in both"));
}

/* A start that stops half-way must not forget what was known: log start offsets above all. */
static void a_stopped_start_keeps_checkpoints_and_marker(void **state)
{
	(void)state;
	prepare_three_logs();
	scratch_write(fx.paths[0], ".kafka_cleanshutdown", "x");
	load_fails(fx.paths[0], "lost+found", -EUCLEAN);
	file_is(fx.paths[0], "log-start-offset-checkpoint", "0\n1\nt 0 120\n");
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n2\nt 0 200\nt 1 7\n");
	file_is(fx.paths[0], "replication-offset-checkpoint", "0\n2\nt 0 190\nt 1 6\n");
	assert_true(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
	assert_false(scratch_has(fx.paths[1], ".kafka_cleanshutdown"));
}

/* S18 (c), A.8 */
static void a_malformed_checkpoint_costs_its_directory(void **state)
{
	(void)state;
	prepare_three_logs();
	scratch_write(fx.paths[0], "recovery-point-offset-checkpoint", "0\n2\nt 0 200\n\n");
	dirs_open(2, NULL);
	dirs_load();
	dirs_wait_offline(1);
	assert_string_equal(fx.paths[0], fx.last_offline);
	assert_false(has_log("t", 0));
	assert_true(has_log("u", 0));
	assert_int_equal(1, dirs_lines("ERROR", "Error while loading log dir"));
	dirs_close();
	assert_false(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n2\nt 0 200\n\n");
	assert_true(scratch_has(fx.paths[1], ".kafka_cleanshutdown"));
}

static void a_checkpoint_with_a_bad_number_counts_as_empty(void **state)
{
	struct log *log;

	(void)state;
	prepare_three_logs();
	scratch_write(fx.paths[0], "recovery-point-offset-checkpoint", "0\n2\nt 0 200\nt 1 seven\n");
	dirs_open(2, NULL);
	dirs_load();
	log = log_dirs_get(fx.d, "t", 0);
	assert_int_equal(0, fake_log_opened_recovery_point(log));
	log_unref(log);
	assert_int_equal(1, dirs_lines("WARN", "resetting the recovery checkpoint to 0"));
	assert_int_equal(2, dirs_online());
}

static int fail_t1(const struct log_open_args *args)
{
	return strcmp(args->name, "t-1") == 0 ? -EIO : 0;
}

static int unclean_t1(const struct log_open_args *args)
{
	return strcmp(args->name, "t-1") == 0 ? -EUCLEAN : 0;
}

static void a_log_that_does_not_load_costs_its_directory(void **state)
{
	(void)state;
	prepare_three_logs();
	fake_logs.open_result = fail_t1;
	dirs_open(2, NULL);
	dirs_load();
	dirs_wait_offline(1);
	assert_false(has_log("t", 0));
	assert_true(has_log("u", 0));
	assert_int_equal(1, dirs_lines("ERROR", ""));
	dirs_close();
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n2\nt 0 200\nt 1 7\n");
}

static void a_log_no_broker_wrote_stops_the_start(void **state)
{
	(void)state;
	prepare_three_logs();
	fake_logs.open_result = unclean_t1;
	dirs_open(2, NULL);
	assert_int_equal(-EUCLEAN, log_dirs_load(fx.d));
	assert_int_equal(2, dirs_online());
}

static void make_many(int n)
{
	char name[32];

	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "t-%d", i);
		make_dir(fx.paths[i % 2], name);
	}
}

static void logs_are_loaded_and_closed_in_parallel(void **state)
{
	(void)state;
	make_many(64);
	fake_logs.open_delay_us = 2000;
	fx.config.recovery_threads_per_dir = 4;
	dirs_open(2, NULL);
	dirs_load();
	assert_int_equal(64, atomic_load(&fake_logs.opened));
	assert_true(atomic_load(&fake_logs.opening_max) > 4);
	assert_true(atomic_load(&fake_logs.opening_max) <= 8);
	dirs_close();
	assert_int_equal(64, atomic_load(&fake_logs.closed_clean));
}

static int fail_some_of_b(const struct log_open_args *args)
{
	return args->partition == 33 ? -EIO : 0;
}

static void a_directory_failing_in_the_middle_of_a_parallel_load(void **state)
{
	(void)state;
	make_many(64);
	fake_logs.open_delay_us = 500;
	fake_logs.open_result = fail_some_of_b;
	fx.config.recovery_threads_per_dir = 4;
	dirs_open(2, NULL);
	dirs_load();
	dirs_wait_offline(1);
	for (int i = 0; i < 64; i++)
		assert_int_equal(i % 2 == 0, has_log("t", i));
	assert_int_equal(1, dirs_lines("ERROR", ""));
}

/* --- checkpoints --- */

static void high_watermarks_read_at_load_are_kept_until_somebody_leads_or_follows(void **state)
{
	struct log *log;

	(void)state;
	prepare_three_logs();
	dirs_open(2, NULL);
	dirs_load();
	log_dirs_checkpoint_all(fx.d, CHECKPOINT_HIGH_WATERMARK);
	file_is(fx.paths[0], "replication-offset-checkpoint", "0\n2\nt 0 190\nt 1 6\n");
	log = log_dirs_get(fx.d, "t", 0);
	(void)log_dirs_checkpointed_high_watermark(fx.d, log);
	fake_log_set(log, (struct log_offsets){ .start = 120, .end = 500, .high_watermark = 450 });
	log_unref(log);
	log_dirs_checkpoint_all(fx.d, CHECKPOINT_HIGH_WATERMARK);
	file_is(fx.paths[0], "replication-offset-checkpoint", "0\n2\nt 0 450\nt 1 6\n");
}

static void log_starts_are_listed_only_above_the_first_segment(void **state)
{
	struct log *log;

	(void)state;
	dirs_open(1, NULL);
	dirs_load();
	create("t", 0);
	log = get_or_create("t", 1);
	fake_log_set(log, (struct log_offsets){ .start = 5, .end = 9, .first_segment = 0 });
	log_unref(log);
	log_dirs_checkpoint_all(fx.d, CHECKPOINT_LOG_START);
	file_is(fx.paths[0], "log-start-offset-checkpoint", "0\n1\nt 1 5\n");
}

static void a_truncation_writes_the_recovery_points(void **state)
{
	struct log *log;

	(void)state;
	dirs_open(1, NULL);
	dirs_load();
	log = get_or_create("t", 0);
	fake_log_set(log, (struct log_offsets){ .recovery_point = 9, .end = 9 });
	log_dirs_truncated(fx.d, log);
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n1\nt 0 9\n");
	log_unref(log);
}

static void what_is_on_disk_already_is_not_written_again(void **state)
{
	(void)state;
	dirs_open(1, NULL);
	dirs_load();
	create("t", 0);
	log_dirs_checkpoint_all(fx.d, CHECKPOINT_RECOVERY_POINT);
	fault_fs_install(fx.paths[0]);
	log_dirs_checkpoint_all(fx.d, CHECKPOINT_RECOVERY_POINT);
	assert_int_equal(0, fault_fs_calls());
}

/* --- close --- */

static void a_clean_close_writes_checkpoints_then_the_marker(void **state)
{
	struct log *log;

	(void)state;
	dirs_open(1, NULL);
	dirs_load();
	log = get_or_create("t", 0);
	(void)log_dirs_checkpointed_high_watermark(fx.d, log);
	fake_log_set(log, (struct log_offsets){ .start = 1, .end = 9, .high_watermark = 8 });
	log_unref(log);
	dirs_close();
	file_is(fx.paths[0], ".kafka_cleanshutdown", "{\"version\":0,\"brokerEpoch\":-1}");
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n1\nt 0 9\n");
	file_is(fx.paths[0], "log-start-offset-checkpoint", "0\n1\nt 0 1\n");
	file_is(fx.paths[0], "replication-offset-checkpoint", "0\n1\nt 0 8\n");
	assert_int_equal(1, dirs_lines("INFO", "Shutting down. (kafka.log.LogManager)"));
	assert_int_equal(1, dirs_lines("INFO", "Shutdown complete. (kafka.log.LogManager)"));
}

static int fail_close_t0(const struct log *log)
{
	return log_partition(log) == 0 ? -EIO : 0;
}

static void a_log_that_does_not_close_gets_no_marker(void **state)
{
	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	create("t", 0);
	create("t", 1);
	fake_logs.close_result = fail_close_t0;
	dirs_close();
	assert_int_equal(1, scratch_has(fx.paths[0], ".kafka_cleanshutdown") +
		scratch_has(fx.paths[1], ".kafka_cleanshutdown"));
	assert_int_equal(1, dirs_lines("ERROR", "Error while closing log for t-0"));
}

/* For every place where closing can be cut off: if a marker is there at the next start, the checkpoints beside it
 * are the final ones. */
static void a_crash_while_closing_never_leaves_a_marker_with_old_checkpoints(void **state)
{
	bool met = true;

	(void)state;
	fault_fs_install(fx.root);
	for (int n = 1; met; n++) {
		struct log *log;
		char *text;

		dirs_open(1, NULL);
		dirs_load();
		log = get_or_create("t", 0);
		fake_log_set(log, (struct log_offsets){ .end = 1000 + n });
		log_unref(log);
		fault_fs_fail(n, EIO, true);
		dirs_close();
		met = fault_fs_hit();
		fault_fs_crash();
		if (scratch_has(fx.paths[0], ".kafka_cleanshutdown")) {
			char want[64];

			text = scratch_read(fx.paths[0], "recovery-point-offset-checkpoint");
			(void)snprintf(want, sizeof(want), "0\n1\nt 0 %d\n", 1000 + n);
			assert_string_equal(want, text);
			free(text);
		} else {
			assert_true(met);
		}
		dirs_forget_lines();
	}
}

/* --- failure --- */

static void a_failed_directory_goes_offline_by_one_line_and_the_other_serves_on(void **state)
{
	struct log *a, *b;

	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	a = get_or_create("t", 0);
	b = get_or_create("t", 1);
	log_dirs_fail(fx.d, log_parent_dir(a), -EIO);
	log_dirs_fail(fx.d, log_parent_dir(a), -EIO);
	log_dirs_fail_doing(fx.d, log_parent_dir(a), -ENOSPC, "Error while flushing");
	dirs_wait_offline(1);
	assert_int_equal(1, dirs_lines("ERROR", ""));
	assert_int_equal(1, dirs_lines("ERROR", "(org.apache.kafka.storage.internals.log.LogDirFailureChannel)"));
	assert_int_equal(1, dirs_lines("WARN", "Stopping serving logs in dir "));
	assert_int_equal(1, dirs_lines("WARN", "Logs for partitions t-0 are offline"));
	assert_string_equal(log_parent_dir(a), fx.last_offline);
	assert_true(fake_log_is_closed(a));
	assert_false(fake_log_is_closed(b));
	assert_false(has_log("t", 0));
	assert_true(has_log("t", 1));
	assert_false(scratch_has(fx.last_offline, ".lock"));
	log_unref(a);
	log_unref(b);
}

static void while_a_directory_is_offline_only_new_logs_are_created(void **state)
{
	struct log *log;
	struct log *none = NULL;

	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	create("t", 0);
	log_dirs_fail(fx.d, fx.paths[0], -EIO);
	dirs_wait_offline(1);
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR,
	    log_dirs_get_or_create(fx.d, "t", 5, UUID_ZERO, false, &none));
	log = get_or_create("t", 5);
	assert_string_equal(fx.paths[1], log_parent_dir(log));
	log_unref(log);
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, log_dirs_delete(fx.d, "t", 9));
}

static int fail_in_a(const struct log_open_args *args)
{
	return strcmp(args->parent_dir, fx.paths[0]) == 0 ? -ENOSPC : 0;
}

static void creation_goes_to_the_next_directory_when_one_is_full(void **state)
{
	struct log *log;

	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	fake_logs.open_result = fail_in_a;
	log = get_or_create("t", 0);
	assert_string_equal(fx.paths[1], log_parent_dir(log));
	log_unref(log);
	dirs_wait_offline(1);
	assert_int_equal(1, dirs_lines("ERROR", "Error while creating log for t-0 in dir"));
	assert_int_equal(1, dirs_lines("ERROR", "No space left on device"));
}

static void the_last_directory_lost_is_told_once(void **state)
{
	struct log *log = NULL;

	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	create("t", 0);
	log_dirs_fail(fx.d, fx.paths[0], -EIO);
	dirs_wait_offline(1);
	assert_int_equal(0, atomic_load(&fx.all_offline_calls));
	log_dirs_fail(fx.d, fx.paths[1], -EIO);
	dirs_wait(&fx.all_offline_calls, 1);
	assert_int_equal(1, dirs_lines("ERROR", "have failed (kafka.log.LogManager)"));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR,
	    log_dirs_get_or_create(fx.d, "t", 5, UUID_ZERO, true, &log));
	dirs_close();
	assert_false(scratch_has(fx.paths[0], ".kafka_cleanshutdown"));
	assert_false(scratch_has(fx.paths[1], ".kafka_cleanshutdown"));
	assert_int_equal(1, atomic_load(&fx.all_offline_calls));
}

static void an_offline_directory_is_not_written_any_more(void **state)
{
	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	create("t", 0);
	create("t", 1);
	log_dirs_fail(fx.d, fx.paths[0], -EIO);
	dirs_wait_offline(1);
	fault_fs_install(fx.paths[0]);
	fault_fs_fail(1, EIO, true);
	for (int i = 0; i < CHECKPOINTS_N; i++)
		log_dirs_checkpoint_all(fx.d, (enum dir_checkpoint)i);
	dirs_close();
	assert_int_equal(0, fault_fs_calls());
	assert_true(scratch_has(fx.paths[1], ".kafka_cleanshutdown"));
}

static void a_checkpoint_that_cannot_be_written_costs_its_directory(void **state)
{
	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	create("t", 0);
	create("t", 1);
	fault_fs_install(fx.paths[0]);
	fault_fs_fail(1, ENOSPC, true);
	log_dirs_checkpoint_all(fx.d, CHECKPOINT_RECOVERY_POINT);
	dirs_wait_offline(1);
	assert_string_equal(fx.paths[0], fx.last_offline);
	assert_int_equal(1, dirs_lines("ERROR", "Disk error while writing recovery offsets checkpoint in directory"));
	assert_int_equal(1, dirs_online());
}

static void a_rename_or_removal_that_fails_costs_the_directory(void **state)
{
	(void)state;
	dirs_open(2, NULL);
	dirs_load();
	create("t", 0);
	create("t", 1);
	fake_logs.rename_result = -EIO;
	assert_int_equal(-EIO, log_dirs_delete(fx.d, "t", 0));
	dirs_wait_offline(1);
	assert_false(has_log("t", 0));
	fake_logs.rename_result = 0;
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 1));
	fake_logs.delete_result = -EIO;
	clock_fake_advance(&fx.clock, 60000);
	log_dirs_remove_doomed(fx.d);
	dirs_wait(&fx.all_offline_calls, 1);
}

static void *fail_a(void *arg)
{
	(void)arg;
	usleep(3000);
	log_dirs_fail(fx.d, fx.paths[0], -EIO);
	return NULL;
}

static void failing_while_others_create_and_delete(void **state)
{
	pthread_t threads[CREATORS], failer;

	(void)state;
	fake_logs.open_delay_us = 200;
	dirs_open(2, NULL);
	dirs_load();
	assert_int_equal(0, pthread_create(&failer, NULL, fail_a, NULL));
	for (int i = 0; i < CREATORS; i++)
		assert_int_equal(0, pthread_create(&threads[i], NULL, i < 4 ? fail_a : create_many, NULL));
	for (int i = 0; i < CREATORS; i++)
		pthread_join(threads[i], NULL);
	pthread_join(failer, NULL);
	dirs_wait_offline(1);
	for (int i = 0; i < 10; i++) {
		struct log *log = log_dirs_get(fx.d, "t", i);

		if (log)
			assert_string_equal(fx.paths[1], log_parent_dir(log));
		log_unref(log);
	}
	assert_int_equal(1, dirs_lines("ERROR", ""));
}

/* --- timers --- */

static void the_timers_run(void **state)
{
	struct worker_pool *pool = worker_pool_new("bg", 2);
	struct scheduler *s = scheduler_new(pool);
	struct log *log;

	(void)state;
	fx.config.initial_task_delay_ms = 1;
	fx.config.retention_check_interval_ms = 1;
	fx.config.flush_scheduler_interval_ms = 1;
	fx.config.flush_offset_checkpoint_interval_ms = 1;
	fx.config.flush_start_offset_checkpoint_interval_ms = 1;
	fx.config.high_watermark_checkpoint_interval_ms = 1;
	fx.config.producer_id_expiration_check_interval_ms = 1;
	fx.config.file_delete_delay_ms = 0;
	dirs_open(2, s);
	dirs_load();
	log = get_or_create("t", 0);
	/* flush.ms is 2^63-1: never due, however long ago the last flush was */
	fake_log_set_last_flush(log, 1);
	log_unref(log);
	create("t", 1);
	log_dirs_start(fx.d);
	assert_int_equal(1, dirs_lines("INFO", "Starting log cleanup with a period of 1 ms."));
	dirs_wait(&fake_logs.retained, 4);
	dirs_wait(&fake_logs.expired, 4);
	assert_int_equal(0, log_dirs_delete(fx.d, "t", 1));
	dirs_wait(&fake_logs.deleted, 1);
	assert_int_equal(0, atomic_load(&fake_logs.flushed));
	dirs_close();
	scheduler_free(s);
	worker_pool_free(pool);
	file_is(fx.paths[0], "recovery-point-offset-checkpoint", "0\n1\nt 0 0\n");
}

static void a_retention_failure_costs_the_directory(void **state)
{
	struct worker_pool *pool = worker_pool_new("bg", 1);
	struct scheduler *s = scheduler_new(pool);

	(void)state;
	fx.config.initial_task_delay_ms = 1;
	fake_logs.retention_result = -EIO;
	dirs_open(1, s);
	dirs_load();
	create("t", 0);
	log_dirs_start(fx.d);
	dirs_wait(&fx.all_offline_calls, 1);
	assert_int_equal(1, dirs_lines("ERROR", "Error while deleting segments for t-0 in dir"));
	dirs_close();
	scheduler_free(s);
	worker_pool_free(pool);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(missing_directories_are_created_and_locked),
		T(one_directory_under_two_names_is_refused),
		T(an_unusable_directory_starts_offline),
		T(no_usable_directory_is_an_error),
		T(a_relative_path_is_made_absolute),
		T(meta_properties_are_agreed_on),
		T(contradicting_meta_properties_are_refused),
		T(an_unreadable_meta_properties_costs_its_directory),
		T(logs_are_spread_over_the_directories),
		T(the_topic_id_is_set_and_compared),
		T(a_name_too_long_is_refused),
		T(a_deleted_log_is_renamed_and_removed_later),
		T(the_deletion_delay_can_change),
		T(the_rules_for_producers_can_change),
		T(a_new_log_does_not_inherit_the_checkpoints_of_a_deleted_one),
		T(creating_and_deleting_at_once_opens_each_log_once),
		T(logs_are_loaded_with_their_checkpoints),
		T(all_roles_of_directories_are_told_apart),
		T(a_foreign_directory_stops_the_start),
		T(a_log_in_two_directories_stops_the_start),
		T(a_stopped_start_keeps_checkpoints_and_marker),
		T(a_malformed_checkpoint_costs_its_directory),
		T(a_checkpoint_with_a_bad_number_counts_as_empty),
		T(a_log_that_does_not_load_costs_its_directory),
		T(a_log_no_broker_wrote_stops_the_start),
		T(logs_are_loaded_and_closed_in_parallel),
		T(a_directory_failing_in_the_middle_of_a_parallel_load),
		T(high_watermarks_read_at_load_are_kept_until_somebody_leads_or_follows),
		T(log_starts_are_listed_only_above_the_first_segment),
		T(a_truncation_writes_the_recovery_points),
		T(what_is_on_disk_already_is_not_written_again),
		T(a_clean_close_writes_checkpoints_then_the_marker),
		T(a_log_that_does_not_close_gets_no_marker),
		T(a_crash_while_closing_never_leaves_a_marker_with_old_checkpoints),
		T(a_failed_directory_goes_offline_by_one_line_and_the_other_serves_on),
		T(while_a_directory_is_offline_only_new_logs_are_created),
		T(creation_goes_to_the_next_directory_when_one_is_full),
		T(the_last_directory_lost_is_told_once),
		T(an_offline_directory_is_not_written_any_more),
		T(a_checkpoint_that_cannot_be_written_costs_its_directory),
		T(a_rename_or_removal_that_fails_costs_the_directory),
		T(failing_while_others_create_and_delete),
		T(the_timers_run),
		T(a_retention_failure_costs_the_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
