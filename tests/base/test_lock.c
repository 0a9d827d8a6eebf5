/* test_lock.c - ranks, owners, conditions. */
#include "base/lock.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"

static struct lock table, partition, other;

static int make_locks(void **state)
{
	(void)state;
	lock_init(&table, RANK_TABLE, "table");
	lock_init(&partition, RANK_PARTITION, "partition");
	lock_init(&other, RANK_PARTITION, "other");
	return 0;
}

static int drop_locks(void **state)
{
	(void)state;
	lock_fini(&table);
	lock_fini(&partition);
	lock_fini(&other);
	return 0;
}

/* Runs fn in a child process and expects it to abort. */
static void expect_abort(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit no_core = { 0, 0 };

		(void)signal(SIGABRT, SIG_DFL);
		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)close(STDERR_FILENO);
		fn();
		_exit(0);
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(SIGABRT, WTERMSIG(status));
}

static void falling(void)
{
	lock_take(&partition);
	lock_take(&table);
}

static void equal(void)
{
	lock_take(&partition);
	lock_take(&other);
}

static void twice(void)
{
	lock_take(&table);
	lock_take(&table);
}

static void not_held(void)
{
	lock_assert_held(&table);
}

static void released_by_nobody(void)
{
	lock_release(&table);
}

static void wrong_use_aborts(void **state)
{
	(void)state;
	expect_abort(falling);
	expect_abort(equal);
	expect_abort(twice);
	expect_abort(not_held);
	expect_abort(released_by_nobody);
}

static void rising_ranks_may_be_released_in_any_order(void **state)
{
	(void)state;
	lock_take(&table);
	lock_take(&partition);
	lock_assert_held(&table);
	lock_assert_held(&partition);
	lock_release(&table);
	lock_assert_held(&partition);
	lock_release(&partition);
	lock_take(&other);
	lock_release(&other);
	lock_take(&table);
	lock_release(&table);
}

static struct cond cond;
static int turn;

static void *answer(void *arg)
{
	(void)arg;
	lock_take(&table);
	for (int i = 0; i < 100; i++) {
		while (turn % 2 == 0)
			lock_wait(&table, &cond);
		turn++;
		cond_signal(&cond);
	}
	lock_release(&table);
	return NULL;
}

static void threads_take_turns(void **state)
{
	pthread_t t;

	(void)state;
	cond_init(&cond);
	turn = 0;
	assert_int_equal(0, pthread_create(&t, NULL, answer, NULL));
	lock_take(&table);
	for (int i = 0; i < 100; i++) {
		turn++;
		cond_signal(&cond);
		while (turn % 2 == 1)
			assert_true(lock_wait_until(&table, &cond, INT64_MAX));
	}
	lock_release(&table);
	(void)pthread_join(t, NULL);
	assert_int_equal(200, turn);
	cond_fini(&cond);
}

static void a_deadline_passes(void **state)
{
	int64_t deadline = clock_mono_ms(&clock_real) + 5;

	(void)state;
	cond_init(&cond);
	lock_take(&table);
	while (lock_wait_until(&table, &cond, deadline))
		;
	assert_true(clock_mono_ms(&clock_real) >= deadline);
	assert_false(lock_wait_until(&table, &cond, 0));
	assert_false(lock_wait_until(&table, &cond, INT64_MIN));
	lock_assert_held(&table);
	lock_release(&table);
	cond_fini(&cond);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_use_aborts),
		cmocka_unit_test(rising_ranks_may_be_released_in_any_order),
		cmocka_unit_test(threads_take_turns),
		cmocka_unit_test(a_deadline_passes),
	};

	return cmocka_run_group_tests(tests, make_locks, drop_locks);
}
