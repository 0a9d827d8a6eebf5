/* test_cleaner_faults.c - the machine dies at the nth write, sync or rename of a cleaning, or of the start after it.
 *
 * For every n: what is there afterwards is a log from which nothing is missing that the cleaning was to keep, with
 * nothing in it that was not there, in order, without a leftover; and the next cleaning comes to the same end as if
 * nothing had happened. Then the gaps of compaction: a start must not take them for losses, nor losses for them.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cleaner_fixture.h"
#include "fault_fs.h"
#include "golden.h"
#include "lossy_fs.h"
#include "protocol/errors.h"

#define BEFORE "0:a=0 1:b=1 2:c=2 3:a=3 4:d=4 5:t=5 7:b=7 8:c=- 11:a=11 12:b=12 13:g=13 14:h=14"
#define AFTER  "4:d=4 5:t=5 8:c=- 11:a=11 12:b=12 13:g=13 14:h=14"
#define END    15

static struct log_fixture f;
static struct rng rng;

static void fill(struct log *log)
{
	put_batch(log, KVS(.v = { { "a", "0" }, { "b", "1" }, { "c", "2" } }));
	put(log, "a", "3");
	put(log, "d", "4");
	roll(log);
	put_batch(log, KVS(.v = { { "t", "5" } }, .producer_id = 5, .transactional = true));
	end_txn(log, false, 5, 0);
	put_batch(log, KVS(.v = { { "b", "7" }, { "c", NULL } }, .codec = CODEC_LZ4));
	roll(log);
	put_batch(log, KVS(.v = { { "f", "9" } }, .producer_id = 6, .transactional = true));
	end_txn(log, true, 6, 0);
	put(log, "a", "11");
	roll(log);
	put(log, "b", "12");
	put(log, "g", "13");
	roll(log);
	put(log, "h", "14");
}

/* Opened, filled and flushed, as the cleaner has it before it begins. */
static struct log *filled(void)
{
	struct log *log;

	cleaner_fixture_init(&f);
	log = log_fixture_open(&f);
	fill(log);
	assert_int_equal(0, log_flush(log));
	f.config->segment_bytes = 500; /* two or three groups */
	return log;
}

static bool next_word(const char **at, char word[32])
{
	size_t n = strcspn(*at, " ");

	assert_true(n < 32);
	memcpy(word, *at, n);
	word[n] = '\0';
	*at += n + ((*at)[n] == ' ');
	return n > 0;
}

static bool contains(const char *text, const char *word)
{
	char one[32];

	while (next_word(&text, one)) {
		if (strcmp(one, word) == 0)
			return true;
	}
	return false;
}

static void all_in(const char *part, const char *whole, const char *when)
{
	const char *at = part;
	char word[32];

	while (next_word(&at, word)) {
		if (!contains(whole, word))
			fail_msg("%s: %s is in \"%s\" and not in \"%s\"", when, word, part, whole);
	}
}

/* Between BEFORE and AFTER, and nothing of the cleaning left on disk. */
static void check_between(struct log *log, const char *when)
{
	CLEANUP(freep) char *got = NULL;

	assert_int_equal(END, log_end_offset(log));
	(void)log_set_high_watermark(log, END);
	got = records_of(log, FETCH_COMMITTED);
	all_in(got, BEFORE, when);
	all_in(AFTER, got, when);
	FILES(&f, ".log.cleaned", "");
	FILES(&f, ".index.cleaned", "");
	FILES(&f, ".log.swap", "");
	FILES(&f, ".index.swap", "");
	FILES(&f, ".timeindex.swap", "");
	FILES(&f, ".txnindex.swap", "");
	FILES(&f, ".log.deleted", "");
}

/* Life goes on. */
static void check_goes_on(struct log *log)
{
	assert_int_equal(14, clean(&f, -1));
	RECORDS(log, FETCH_COMMITTED, AFTER);
	log = log_fixture_reopen_clean(&f);
	(void)log_set_high_watermark(log, log_end_offset(log));
	RECORDS(log, FETCH_COMMITTED, AFTER);
	put_batch(log, KVS(.v = { { "t", "15" } }, .producer_id = 5, .sequence = 1, .transactional = true));
	end_txn(log, false, 5, 0);
	RECORDS(log, FETCH_COMMITTED, AFTER " 15:t=15");
}

/* --- power loss --- */

/* Cleans until the machine dies at call n. False: it got through. */
static bool clean_and_die(struct log *log, int n)
{
	int64_t end;
	int r;

	lossy_fs_stop(n);
	r = clean_log(log, &f.clock.clock, -1, 0, &end, NULL);
	if (!lossy_fs_stopped()) {
		assert_int_equal(0, r);
		assert_int_equal(14, end);
		return false;
	}
	assert_true(r < 0 || end == 14); /* what fails behind the last sync is not missed */
	return true;
}

static void power_fails(bool compacted, uint64_t seed)
{
	char when[64];
	bool died = true;

	rng_init(&rng, seed);
	for (int n = 1; died; n++) {
		struct log *log;

		assert_true(n < 1000);
		lossy_fs_install();
		log = filled();
		died = clean_and_die(log, n);
		log_close_dirty(log);
		lossy_fs_crash(&rng);
		f.config->cleanup_compact = compacted;
		log = log_fixture_reopen_dirty(&f, -1);
		(void)snprintf(when, sizeof(when), "seed %d call %d", (int)seed, n);
		check_between(log, when);
		f.config->cleanup_compact = true;
		check_goes_on(log);
		lossy_fs_remove();
		log_fixture_fini(&f);
	}
}

static void power_fails_at_any_call(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++)
		power_fails(true, seed);
}

/* The policy is another one when the machine is back: the gaps are no losses all the same. */
static void power_fails_and_the_policy_changes(void **state)
{
	(void)state;
	power_fails(false, 7);
}

static bool has_files(const char *suffix)
{
	CLEANUP(freep) char *bases = files_of(&f, suffix);

	return *bases != '\0';
}

/* A second time while the start puts things right, which is most of all while it finishes a swap. */
static void power_fails_again_during_the_start(void **state)
{
	bool died = true, swapping;
	char when[64];

	(void)state;
	rng_init(&rng, 1);
	for (int n = 1; died; n++) {
		bool again = true;

		for (int m = 1; again; m += 2) {
			struct log *log;

			assert_true(m < 1000);
			lossy_fs_install();
			log = filled();
			died = clean_and_die(log, n);
			log_close_dirty(log);
			lossy_fs_crash(&rng);
			f.args.recovery_point = log_recovery_point(log);
			f.log = log_unref(log);
			swapping = has_files(".log.swap") || has_files(".index.swap");
			lossy_fs_stop(m);
			if (log_open(&f.args, &f.log) != 0)
				f.log = NULL;
			again = swapping && lossy_fs_stopped();
			if (f.log)
				log_close_dirty(f.log);
			lossy_fs_crash(&rng);
			log = log_fixture_reopen_dirty(&f, 14);
			(void)snprintf(when, sizeof(when), "calls %d, %d", n, m);
			check_between(log, when);
			lossy_fs_remove();
			log_fixture_fini(&f);
		}
	}
}

/* --- one call fails --- */

static void one_call_fails(void **state)
{
	bool hit = true;
	char when[64];

	(void)state;
	for (int n = 1; hit; n++) {
		struct log *log = filled();
		int64_t end;
		int r;

		fault_fs_install(f.parent);
		fault_fs_fail(n, EIO, false);
		r = clean_log(log, &f.clock.clock, -1, 0, &end, NULL);
		hit = fault_fs_hit();
		if (hit && r != -EIO && r != 0)
			fail_msg("call %d: %d", n, r);
		(void)snprintf(when, sizeof(when), "call %d", n);
		fault_fs_remove();
		log = log_fixture_reopen_dirty(&f, -1);
		check_between(log, when);
		check_goes_on(log);
		log_fixture_fini(&f);
	}
}

/* --- gaps --- */

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
	return 0;
}

static void cut_file(const char *name, off_t bytes)
{
	CLEANUP(freep) char *path = replica_path(&f, name);

	assert_int_equal(0, truncate(path, bytes));
}

/* Two segments of three records, the second one followed by an active one; nothing flushed. */
static struct log *three_segments(void)
{
	struct log *log = log_fixture_open(&f);

	for (int i = 0; i < 6; i++) {
		put(log, i % 2 ? "a" : "b", "1");
		if (i % 3 == 2)
			roll(log);
	}
	put(log, "c", "1");
	return log;
}

static void a_lost_tail_ends_a_log(void **state)
{
	struct log *log = three_segments();

	(void)state;
	f.config->cleanup_compact = false;
	log_close_dirty(log);
	cut_file("00000000000000000000.log", 140);
	log = log_fixture_reopen_dirty(&f, 0);
	assert_int_equal(2, log_end_offset(log));
	RECORDS(log, FETCH_LOG_END, "0:b=1 1:a=1");
}

static void a_gap_in_a_compacted_log_is_no_loss(void **state)
{
	struct log *log = three_segments();

	(void)state;
	log_close_dirty(log);
	cut_file("00000000000000000000.log", 140);
	log = log_fixture_reopen_dirty(&f, 0);
	assert_int_equal(7, log_end_offset(log));
}

/* The topic was compacted until a moment ago, and where its cleaner was is known. */
static void a_gap_below_the_cleaners_checkpoint_is_no_loss(void **state)
{
	struct log *log = three_segments();

	(void)state;
	log_close_dirty(log);
	cut_file("00000000000000000000.log", 140);
	f.config->cleanup_compact = false;
	f.args.first_dirty = 3;
	log = log_fixture_reopen_dirty(&f, 0);
	assert_int_equal(7, log_end_offset(log));
	RECORDS(log, FETCH_LOG_END, "0:b=1 1:a=1 3:a=1 4:b=1 5:a=1 6:c=1");
	log_close_dirty(log);
	cut_file("00000000000000000003.log", 140); /* behind the checkpoint it is one */
	log = log_fixture_reopen_dirty(&f, 0);
	assert_int_equal(5, log_end_offset(log));
}

static void a_cleaned_log_under_another_policy(void **state)
{
	struct log *log = three_segments();

	(void)state;
	assert_int_equal(0, log_flush(log)); /* the cleaner has that recorded first */
	f.config->segment_bytes = 14;
	(void)clean(&f, -1);
	FILES(&f, ".log", "0 3 6");
	f.config->cleanup_compact = false;
	f.config->segment_bytes = 1 << 20;
	log_close_dirty(log);
	log = log_fixture_reopen_dirty(&f, -1);
	RECORDS(log, FETCH_LOG_END, "4:b=1 5:a=1 6:c=1");
}

/* A follower copies the gaps of a compacted leader; the topic is compacted no more; nothing was flushed. */
static void a_followers_gap_at_a_roll_is_no_loss(void **state)
{
	struct log *log;

	(void)state;
	f.config->cleanup_compact = false;
	f.config->segment_bytes = 150;
	log = log_fixture_open(&f);
	for (int64_t offset = 0; offset < 1000; offset += 100)
		assert_int_equal(0, append_follower(log, KVS(.v = { { "a", "1" } }, .base_offset = offset)));
	FILES(&f, ".log", "0 101 301 501 701");
	log = log_fixture_reopen_dirty(&f, 0);
	assert_int_equal(901, log_end_offset(log));
	RECORDS(log, FETCH_LOG_END,
	    "0:a=1 100:a=1 200:a=1 300:a=1 400:a=1 500:a=1 600:a=1 700:a=1 800:a=1 900:a=1");
}

/* Cut in the middle of a batch, the log ends behind its data; what comes next begins there. */
static void a_cut_batch_at_a_roll_is_no_loss(void **state)
{
	struct log *log;

	(void)state;
	f.config->cleanup_compact = false;
	log = log_fixture_open(&f);
	put(log, "a", "1");
	put_batch(log, KVS(.v = { { "a", "1" }, { "a", "2" }, { "a", "3" } }));
	assert_int_equal(0, log_truncate_to(log, 3));
	assert_int_equal(3, log_end_offset(log));
	f.config->segment_bytes = 100;
	put(log, "b", "2");
	assert_int_equal(2, log_segments_n(log));
	put(log, "b", "3");
	log = log_fixture_reopen_dirty(&f, 0);
	RECORDS(log, FETCH_LOG_END, "0:a=1 3:b=2 4:b=3");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_fails_at_any_call),
		cmocka_unit_test(power_fails_and_the_policy_changes),
		cmocka_unit_test(power_fails_again_during_the_start),
		cmocka_unit_test(one_call_fails),
		T(a_lost_tail_ends_a_log),
		T(a_gap_in_a_compacted_log_is_no_loss),
		T(a_gap_below_the_cleaners_checkpoint_is_no_loss),
		T(a_cleaned_log_under_another_policy),
		T(a_followers_gap_at_a_roll_is_no_loss),
		T(a_cut_batch_at_a_roll_is_no_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
