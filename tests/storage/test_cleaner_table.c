/* test_cleaner_table.c - claims, pauses and uncleanable marks; pauses that wait for a claim to end. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "storage/cleaner_table.h"
#include "storage/cleaner_throttle.h"

static struct cleaner_table *t;

static int set_up(void **state)
{
	(void)state;
	t = cleaner_table_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	t = cleaner_table_free(t);
	return 0;
}

static void one_claim_at_a_time(void **state)
{
	(void)state;
	assert_true(cleaner_table_claim(t, "t-0"));
	assert_false(cleaner_table_claim(t, "t-0"));
	assert_true(cleaner_table_claim(t, "t-1"));
	assert_false(cleaner_table_is_aborted(t, "t-0"));
	assert_false(cleaner_table_pause_if_free(t, "t-0"));
	cleaner_table_release(t, "t-0");
	assert_true(cleaner_table_claim(t, "t-0"));
	cleaner_table_release(t, "t-0");
	cleaner_table_release(t, "t-1");
}

static void pauses_add_up(void **state)
{
	(void)state;
	cleaner_table_pause(t, "t-0");
	cleaner_table_pause(t, "t-0");
	assert_false(cleaner_table_claim(t, "t-0"));
	assert_false(cleaner_table_pause_if_free(t, "t-0"));
	cleaner_table_resume(t, "t-0");
	assert_false(cleaner_table_claim(t, "t-0"));
	cleaner_table_resume(t, "t-0");
	assert_true(cleaner_table_pause_if_free(t, "t-0"));
	assert_false(cleaner_table_claim(t, "t-0"));
	cleaner_table_resume(t, "t-0");
	assert_true(cleaner_table_claim(t, "t-0"));
	cleaner_table_release(t, "t-0");
}

static atomic_int paused;

static void *pause_it(void *arg)
{
	(void)arg;
	cleaner_table_pause(t, "t-0");
	atomic_fetch_add(&paused, 1);
	return NULL;
}

static void a_pause_waits_for_the_claim(void **state)
{
	pthread_t threads[2];

	(void)state;
	atomic_store(&paused, 0);
	assert_true(cleaner_table_claim(t, "t-0"));
	for (int i = 0; i < 2; i++)
		assert_int_equal(0, pthread_create(&threads[i], NULL, pause_it, NULL));
	while (!cleaner_table_is_aborted(t, "t-0"))
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
	assert_int_equal(0, atomic_load(&paused));
	cleaner_table_release(t, "t-0");
	for (int i = 0; i < 2; i++)
		assert_int_equal(0, pthread_join(threads[i], NULL));
	assert_int_equal(2, atomic_load(&paused));
	assert_false(cleaner_table_claim(t, "t-0"));
	cleaner_table_resume(t, "t-0");
	assert_false(cleaner_table_claim(t, "t-0"));
	cleaner_table_resume(t, "t-0");
	assert_true(cleaner_table_claim(t, "t-0"));
	assert_false(cleaner_table_is_aborted(t, "t-0"));
	cleaner_table_release(t, "t-0");
}

static void uncleanable_is_per_directory(void **state)
{
	(void)state;
	cleaner_table_mark_uncleanable(t, "/a", "t-0");
	cleaner_table_mark_uncleanable(t, "/a", "t-0");
	cleaner_table_mark_uncleanable(t, "/a", "t-1");
	cleaner_table_mark_uncleanable(t, "/b", "t-0");
	assert_true(cleaner_table_is_uncleanable(t, "/a", "t-0"));
	assert_false(cleaner_table_is_uncleanable(t, "/b", "t-1"));
	assert_int_equal(2, cleaner_table_uncleanable_count(t, "/a"));
	assert_int_equal(1, cleaner_table_uncleanable_count(t, "/b"));
	cleaner_table_forget_uncleanable(t, "t-0");
	assert_false(cleaner_table_is_uncleanable(t, "/a", "t-0"));
	assert_int_equal(1, cleaner_table_uncleanable_count(t, "/a"));
	assert_int_equal(0, cleaner_table_uncleanable_count(t, "/b"));
}

static void a_rate_is_kept(void **state)
{
	struct cleaner_throttle th;
	int64_t now = 1000000, begin = now, until;

	(void)state;
	cleaner_throttle_init(&th, 1000000); /* a byte a microsecond */
	for (int i = 0; i < 100; i++) {
		until = cleaner_throttle_charge(&th, 100000, now);
		now = until > now ? until : now; /* wait as told */
	}
	assert_in_range(now - begin, 9700, 10000); /* ten seconds' worth, less the burst */
	cleaner_throttle_set(&th, 1e300);
	assert_true(cleaner_throttle_charge(&th, 1 << 30, now) <= now);
	cleaner_throttle_set(&th, 0);
	assert_true(cleaner_throttle_charge(&th, 1, now) > now + 1000000000);
	assert_true(cleaner_throttle_free_ms(&th) > now);
	cleaner_throttle_set(&th, 1e9);
	assert_true(cleaner_throttle_free_ms(&th) <= now);
	cleaner_throttle_fini(&th);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_claim_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pauses_add_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_pause_waits_for_the_claim, set_up, tear_down),
		cmocka_unit_test_setup_teardown(uncleanable_is_per_directory, set_up, tear_down),
		cmocka_unit_test(a_rate_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
