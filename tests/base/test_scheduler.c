/* test_scheduler.c - timers: when they run, and that a cancelled one does not. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/worker.h"
#include "gate.h"
#include "unit.h"

static struct worker_pool *pool;
static struct scheduler *scheduler;

static int make_both(void **state)
{
	(void)state;
	pool = worker_pool_new("test", 2);
	scheduler = scheduler_new(pool);
	return 0;
}

static int drop_both(void **state)
{
	(void)state;
	scheduler = scheduler_free(scheduler);
	pool = worker_pool_free(pool);
	return 0;
}

struct tick {
	int64_t due_ms;
	struct gate *done, *started, *go;
	atomic_int runs;
	atomic_bool forbidden, early, ended;
};

static void tick_run(void *arg)
{
	struct tick *t = arg;

	if (clock_mono_ms(&clock_real) < t->due_ms)
		atomic_store(&t->early, true);
	if (atomic_load(&t->forbidden))
		atomic_store(&t->early, true);
	atomic_fetch_add(&t->runs, 1);
	if (t->started)
		gate_add(t->started);
	if (t->go)
		gate_wait(t->go, 1);
	atomic_store(&t->ended, true);
	if (t->done)
		gate_add(t->done);
}

static void each_runs_once_and_not_early(void **state)
{
	static struct tick ticks[200];
	struct gate done;
	struct rng rng;

	(void)state;
	gate_init(&done);
	rng_init(&rng, 3);
	memset(ticks, 0, sizeof(ticks));
	for (size_t i = 0; i < ARRAY_LEN(ticks); i++) {
		int64_t delay = (int64_t)rng_below(&rng, 40) - 5;

		ticks[i].done = &done;
		ticks[i].due_ms = clock_mono_ms(&clock_real) + MAX(delay, 0);
		(void)scheduler_add(scheduler, "tick", delay, 0, tick_run, &ticks[i]);
	}
	gate_wait(&done, (int)ARRAY_LEN(ticks));
	drop_both(NULL);
	for (size_t i = 0; i < ARRAY_LEN(ticks); i++) {
		assert_int_equal(1, atomic_load(&ticks[i].runs));
		assert_false(atomic_load(&ticks[i].early));
	}
	gate_fini(&done);
}

static void a_periodic_one_runs_until_cancelled(void **state)
{
	struct gate done;
	struct tick tick = { .done = &done };
	struct timer *t;

	(void)state;
	gate_init(&done);
	t = scheduler_add(scheduler, "tick", 0, 1, tick_run, &tick);
	gate_wait(&done, 5);
	scheduler_cancel(scheduler, t);
	atomic_store(&tick.forbidden, true);
	drop_both(NULL);
	assert_false(atomic_load(&tick.early));
	assert_true(atomic_load(&tick.runs) >= 5);
	gate_fini(&done);
}

static void *open_gate(void *arg)
{
	gate_add(arg);
	return NULL;
}

static void cancelling_waits_for_the_running_function(void **state)
{
	struct gate started, go;
	pthread_t opener;

	(void)state;
	gate_init(&started);
	gate_init(&go);
	for (int i = 0; i < 20; i++) {
		struct tick tick = { .started = &started, .go = &go };
		struct timer *t;

		go.count = started.count = 0;
		t = scheduler_add(scheduler, "tick", 0, 1, tick_run, &tick);
		gate_wait(&started, 1);
		atomic_store(&tick.ended, false);
		assert_int_equal(0, pthread_create(&opener, NULL, open_gate, &go));
		scheduler_cancel(scheduler, t);
		assert_true(atomic_load(&tick.ended));
		(void)pthread_join(opener, NULL);
	}
	gate_fini(&started);
	gate_fini(&go);
}

struct block {
	struct job job;
	struct gate *started, *go;
};

static void block_run(struct job *job)
{
	struct block *b = CONTAINER_OF(job, struct block, job);

	gate_add(b->started);
	gate_wait(b->go, 1);
}

/* Keeps both threads of the pool busy until `go` is opened. */
static void block_pool(struct block *b, struct gate *started, struct gate *go)
{
	gate_init(started);
	gate_init(go);
	for (int i = 0; i < 2; i++) {
		b[i] = (struct block){ .job.run = block_run, .started = started, .go = go };
		worker_pool_submit(pool, &b[i].job);
	}
	gate_wait(started, 2);
}

/* Gives the timer thread time to hand over what is due, which nothing can observe from outside. The outcome
 * is the same if it was too short: then the timer is cancelled in the heap instead of in the queue. */
static void pass_ms(int64_t ms)
{
	struct lock l;
	struct cond c;
	int64_t until = clock_mono_ms(&clock_real) + ms;

	lock_init(&l, RANK_LEAF, "pass");
	cond_init(&c);
	lock_take(&l);
	while (lock_wait_until(&l, &c, until))
		;
	lock_release(&l);
	cond_fini(&c);
	lock_fini(&l);
}

static void a_queued_one_is_cancelled_without_waiting(void **state)
{
	struct gate started, go;
	struct tick tick = { 0 };
	struct block b[2];
	struct timer *t;

	(void)state;
	block_pool(b, &started, &go);
	t = scheduler_add(scheduler, "tick", 0, 1, tick_run, &tick);
	pass_ms(10);
	scheduler_cancel(scheduler, t); /* would hang here if it waited for the pool */
	gate_add(&go);
	drop_both(NULL);
	assert_int_equal(0, atomic_load(&tick.runs));
	gate_fini(&started);
	gate_fini(&go);
}

static void queued_functions_run_after_the_scheduler_ended(void **state)
{
	struct gate started, go;
	struct tick queued = { 0 }, waiting = { 0 };
	struct block b[2];

	(void)state;
	block_pool(b, &started, &go);
	(void)scheduler_add(scheduler, "queued", 0, 0, tick_run, &queued);
	(void)scheduler_add(scheduler, "periodic", 0, 1, tick_run, &queued);
	(void)scheduler_add(scheduler, "waiting", 100000, 0, tick_run, &waiting);
	pass_ms(10);
	scheduler = scheduler_free(scheduler);
	gate_add(&go);
	pool = worker_pool_free(pool);
	assert_true(atomic_load(&queued.runs) <= 2);
	assert_int_equal(0, atomic_load(&waiting.runs));
	gate_fini(&started);
	gate_fini(&go);
}

/* The heap under random additions and removals; nothing is due. */
static void any_timer_can_be_cancelled(void **state)
{
	struct timer *t[500];
	struct tick tick = { 0 };
	struct rng rng;
	size_t n = 0;

	(void)state;
	rng_init(&rng, 11);
	for (int step = 0; step < 5000; step++) {
		if (n < 500 && rng_below(&rng, 5) < 3) {
			int64_t delay = step % 50 == 0 ? INT64_MAX : (int64_t)rng_below(&rng, 1000) + 1000000;

			t[n++] = scheduler_add(scheduler, "far", delay, 0, tick_run, &tick);
		} else if (n > 0) {
			size_t i = (size_t)rng_below(&rng, n);

			scheduler_cancel(scheduler, t[i]);
			t[i] = t[--n];
		}
	}
	assert_int_equal(0, atomic_load(&tick.runs));
}

static void timers_come_and_go_while_they_run(void **state)
{
	struct timer *t[16] = { NULL };
	static struct tick ticks[16];
	struct rng rng;

	(void)state;
	rng_init(&rng, 12);
	for (int step = 0; step < 2000; step++) {
		size_t i = (size_t)rng_below(&rng, 16);

		if (t[i]) {
			scheduler_cancel(scheduler, t[i]);
			atomic_store(&ticks[i].forbidden, true);
			t[i] = NULL;
		} else {
			atomic_store(&ticks[i].forbidden, false);
			t[i] = scheduler_add(
			    scheduler, "busy", (int64_t)rng_below(&rng, 2), 1, tick_run, &ticks[i]);
		}
	}
	for (size_t i = 0; i < 16; i++) {
		if (t[i])
			scheduler_cancel(scheduler, t[i]);
		assert_false(atomic_load(&ticks[i].early));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_runs_once_and_not_early, make_both, drop_both),
		cmocka_unit_test_setup_teardown(a_periodic_one_runs_until_cancelled, make_both, drop_both),
		cmocka_unit_test_setup_teardown(
		    cancelling_waits_for_the_running_function, make_both, drop_both),
		cmocka_unit_test_setup_teardown(
		    a_queued_one_is_cancelled_without_waiting, make_both, drop_both),
		cmocka_unit_test_setup_teardown(
		    queued_functions_run_after_the_scheduler_ended, make_both, drop_both),
		cmocka_unit_test_setup_teardown(any_timer_can_be_cancelled, make_both, drop_both),
		cmocka_unit_test_setup_teardown(timers_come_and_go_while_they_run, make_both, drop_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
