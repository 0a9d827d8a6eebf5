/* test_isr.c - the rules about in-sync sets and high watermarks, on numbers (replication.md 5.4, 5.5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "replica/isr.h"

enum { LAG = 30000 };

static const int32_t three[] = { 0, 1, 2 };

static bool all_alive(void *arg, int32_t broker)
{
	(void)arg;
	(void)broker;
	return true;
}

static bool none_alive(void *arg, int32_t broker)
{
	(void)arg;
	(void)broker;
	return false;
}

static struct isr leader(int32_t isr_n)
{
	struct isr i;

	isr_init(&i, 0);
	isr_set(&i, three, 3, three, isr_n);
	isr_new_epoch(&i, false, 100, 1000000);
	return i;
}

static int64_t hw(const struct isr *i, int64_t end, int32_t min)
{
	return isr_high_watermark(i, end, min, LAG, 1000000, all_alive, NULL);
}

static void a_lone_leader_commits_at_once(void **state)
{
	struct isr i;

	(void)state;
	isr_init(&i, 0);
	isr_set(&i, three, 1, three, 1);
	isr_new_epoch(&i, false, 0, 0);
	assert_int_equal(42, hw(&i, 42, 1));
	assert_int_equal(42, hw(&i, 42, 3)); /* min.insync.replicas counts at most the replicas there are */
	isr_fini(&i);
}

static void fetched_at(struct isr *i, int32_t broker, int64_t now_ms)
{
	assert_true(isr_fetched(i, broker, 0, 0, 100, 7, 1, now_ms));
}

static void a_second_fetch_proves_that_we_led(void **state)
{
	struct isr i = leader(3);

	(void)state;
	fetched_at(&i, 2, 1000100);
	fetched_at(&i, 2, 1000200);
	assert_true(isr_proves_leadership(&i, 1000099, 2)); /* broker 1 alone cannot acknowledge */
	assert_false(isr_proves_leadership(&i, 1000100, 2)); /* the one before was in the socket, perhaps */
	assert_false(isr_proves_leadership(&i, 1000099, 1)); /* broker 1 alone can */
	fetched_at(&i, 1, 1000100);
	assert_false(isr_proves_leadership(&i, 1000099, 1));
	fetched_at(&i, 1, 1000200);
	assert_true(isr_proves_leadership(&i, 1000099, 1));
	isr_fini(&i);
}

/* While we slept a follower has given up two connections and asked over a third. */
static void what_waited_in_sockets_proves_nothing(void **state)
{
	struct isr i = leader(3);

	(void)state;
	for (uint64_t connection = 1; connection <= 3; connection++)
		assert_true(isr_fetched(&i, 2, 0, 0, 100, 7, connection, 1000100 + (int64_t)connection));
	assert_false(isr_proves_leadership(&i, 1000100, 2));
	assert_true(isr_fetched(&i, 2, 0, 0, 100, 7, 3, 1000105));
	assert_true(isr_proves_leadership(&i, 1000100, 2));
	isr_fini(&i);
}

static void who_is_not_in_sync_cannot_replace_us(void **state)
{
	struct isr i = leader(1);

	(void)state;
	assert_true(isr_proves_leadership(&i, 1000000, 1));
	isr_fini(&i);
	i = leader(2);
	assert_false(isr_proves_leadership(&i, 1000000, 1));
	fetched_at(&i, 1, 1000100);
	fetched_at(&i, 1, 1000200);
	assert_true(isr_proves_leadership(&i, 1000000, 1)); /* broker 2 is behind */
	isr_fini(&i);
}

static void a_new_epoch_forgets_fetches(void **state)
{
	struct isr i = leader(3);

	(void)state;
	fetched_at(&i, 2, 1000100);
	fetched_at(&i, 2, 1000200);
	isr_new_epoch(&i, true, 100, 1000300);
	assert_false(isr_proves_leadership(&i, 1000050, 2));
	isr_fini(&i);
}

static void an_unknown_follower_in_sync_holds_the_mark(void **state)
{
	struct isr i = leader(3);

	(void)state;
	assert_int_equal(-1, hw(&i, 100, 1));
	assert_true(isr_fetched(&i, 1, 80, 0, 100, 7, 1, 1000000));
	assert_int_equal(-1, hw(&i, 100, 1));
	assert_true(isr_fetched(&i, 2, 90, 0, 100, 7, 1, 1000000));
	assert_int_equal(80, hw(&i, 100, 1));
	assert_true(isr_fetched(&i, 1, 100, 0, 100, 7, 1, 1000000));
	assert_int_equal(90, hw(&i, 100, 1));
	assert_false(isr_fetched(&i, 9, 100, 0, 100, 7, 1, 1000000));
	isr_fini(&i);
}

static void below_min_isr_the_mark_stands(void **state)
{
	struct isr i = leader(1);

	(void)state;
	assert_int_equal(-1, hw(&i, 100, 2));
	assert_int_equal(2, isr_effective_min(&i, 2));
	assert_int_equal(3, isr_effective_min(&i, 5));
	isr_fini(&i);
}

/* One that is about to join holds the mark back, or it could never catch it; a dead one does not. */
static void a_caught_up_outsider_holds_the_mark(void **state)
{
	struct isr i = leader(1);

	(void)state;
	assert_int_equal(100, hw(&i, 100, 1));
	isr_fetched(&i, 1, 100, 0, 100, -1, 1, 1000000); /* at the end: caught up now */
	isr_fetched(&i, 1, 100, 0, 120, -1, 1, 1000000);
	assert_int_equal(100, hw(&i, 120, 1));
	assert_int_equal(120, isr_high_watermark(&i, 120, 1, LAG, 1000000, none_alive, NULL));
	assert_int_equal(120, isr_high_watermark(&i, 120, 1, LAG, 1000001 + LAG, all_alive, NULL));
	isr_fini(&i);
}

/* Always a little behind under load, but at what was the end one fetch ago: that is in sync. */
static void the_previous_end_counts_as_caught_up(void **state)
{
	struct isr i = leader(3);
	int64_t end = 100, now = 2000000;

	(void)state;
	isr_fetched(&i, 1, 90, 0, end, -1, 1, now);
	for (int n = 0; n < 10; n++) {
		int64_t before = end;

		end += 50;
		now += LAG / 2;
		isr_fetched(&i, 1, before, 0, end, -1, 1, now);
		assert_true(now - i.remotes[0].last_caught_up_ms <= LAG);
	}
	isr_fini(&i);
}

static void replicas_come_and_go(void **state)
{
	static const int32_t next[] = { 0, 2, 5 };
	struct isr i = leader(3);

	(void)state;
	isr_fetched(&i, 2, 77, 3, 100, 8, 1, 1000000);
	isr_set(&i, next, 3, next, 2);
	assert_int_equal(2, i.remotes_n);
	assert_true(isr_knows(&i, 2));
	assert_true(isr_knows(&i, 0));
	assert_false(isr_knows(&i, 1));
	assert_int_equal(77, i.remotes[0].end_offset);
	assert_int_equal(-1, i.remotes[1].end_offset);
	assert_true(isr_has(&i, 2));
	assert_false(isr_has(&i, 5));
	isr_clear(&i);
	assert_false(isr_knows(&i, 2));
	isr_fini(&i);
}

static void a_new_epoch_resets_what_is_known(void **state)
{
	struct isr i = leader(2);

	(void)state;
	isr_fetched(&i, 1, 90, 3, 100, 8, 1, 1000000);
	isr_new_epoch(&i, true, 100, 2000000); /* we stay leader: ends are kept */
	assert_int_equal(90, i.remotes[0].end_offset);
	assert_int_equal(2000000, i.remotes[0].last_caught_up_ms);
	assert_int_equal(0, i.remotes[1].last_caught_up_ms); /* not in sync */
	isr_new_epoch(&i, false, 100, 3000000);
	assert_int_equal(-1, i.remotes[0].end_offset);
	assert_int_equal(-1, i.remotes[0].broker_epoch);
	isr_fini(&i);
}

static void the_low_watermark_is_the_lowest_living_start(void **state)
{
	struct isr i = leader(3);

	(void)state;
	assert_int_equal(-1, isr_low_watermark(&i, 50, all_alive, NULL));
	isr_fetched(&i, 1, 90, 20, 100, 8, 1, 1000000);
	isr_fetched(&i, 2, 90, 30, 100, 8, 1, 1000000);
	assert_int_equal(20, isr_low_watermark(&i, 50, all_alive, NULL));
	assert_int_equal(50, isr_low_watermark(&i, 50, none_alive, NULL));
	isr_fini(&i);
}

/* Random fetches and appends: the mark never passes an in-sync replica, and is reached when all have all. */
static void model(void **state)
{
	struct isr i = leader(3);
	int64_t end = 100, offset[] = { 0, 100, 100 }, mark = 0;
	unsigned seed = 4711;

	(void)state;
	printf("seed %u\n", seed);
	srand(seed);
	for (int step = 0; step < 20000; step++) {
		int who = rand() % 3;
		int64_t next;

		if (who == 0)
			end += rand() % 10;
		else
			offset[who] = MIN(end, offset[who] + rand() % 12);
		if (who != 0)
			isr_fetched(&i, who, offset[who], 0, end, -1, 1, 1000000 + step);
		next = isr_high_watermark(&i, end, 2, LAG, 1000000 + step, all_alive, NULL);
		if (step < 50)
			continue;
		assert_true(next >= mark || next == -1);
		assert_int_equal(MIN(end, MIN(offset[1], offset[2])), next);
		mark = MAX(mark, next);
	}
	isr_fini(&i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lone_leader_commits_at_once),
		cmocka_unit_test(a_second_fetch_proves_that_we_led),
	cmocka_unit_test(what_waited_in_sockets_proves_nothing),
		cmocka_unit_test(who_is_not_in_sync_cannot_replace_us),
		cmocka_unit_test(a_new_epoch_forgets_fetches),
		cmocka_unit_test(an_unknown_follower_in_sync_holds_the_mark),
		cmocka_unit_test(below_min_isr_the_mark_stands),
		cmocka_unit_test(a_caught_up_outsider_holds_the_mark),
		cmocka_unit_test(the_previous_end_counts_as_caught_up),
		cmocka_unit_test(replicas_come_and_go),
		cmocka_unit_test(a_new_epoch_resets_what_is_known),
		cmocka_unit_test(the_low_watermark_is_the_lowest_living_start),
		cmocka_unit_test(model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
