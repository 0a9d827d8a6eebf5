/* test_worker.c - every job runs exactly once, whatever happens to the pool. */
#include "base/worker.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "gate.h"
#include "unit.h"

struct work {
	struct job job;
	int runs;
	bool takes_signals;
	struct worker_pool *again; /* submits itself until `runs` is 3 */
	struct gate *started, *go, *done;
};

static void work_run(struct job *job)
{
	struct work *w = CONTAINER_OF(job, struct work, job);
	struct gate *done = w->done;

	if (w->started)
		gate_add(w->started);
	if (w->go)
		gate_wait(w->go, 1);
	w->runs++;
	if (w->again && w->runs < 3)
		worker_pool_submit(w->again, job);
	else if (done)
		gate_add(done);
}

static void the_end_of_the_pool_runs_what_is_queued(void **state)
{
	struct worker_pool *p = worker_pool_new("test", 3);
	static struct work work[2000];

	(void)state;
	memset(work, 0, sizeof(work));
	for (size_t i = 0; i < ARRAY_LEN(work); i++) {
		work[i].job.run = work_run;
		work[i].again = i % 10 == 0 ? p : NULL;
		worker_pool_submit(p, &work[i].job);
	}
	assert_null(worker_pool_free(p));
	for (size_t i = 0; i < ARRAY_LEN(work); i++)
		assert_int_equal(i % 10 == 0 ? 3 : 1, work[i].runs);
	assert_null(worker_pool_free(NULL));
}

static void one_thread_keeps_the_order(void **state)
{
	struct worker_pool *p = worker_pool_new("test", 1);
	struct work first = { .job.run = work_run }, second = { .job.run = work_run };
	struct gate done, go;

	(void)state;
	gate_init(&done);
	gate_init(&go);
	first.go = &go;
	second.done = &done;
	worker_pool_submit(p, &first.job);
	worker_pool_submit(p, &second.job);
	assert_int_equal(0, gate_count(&done)); /* it waits behind the first */
	gate_add(&go);
	gate_wait(&done, 1);
	assert_int_equal(1, first.runs);
	worker_pool_free(p);
	gate_fini(&done);
	gate_fini(&go);
}

/* All jobs are inside at once only when there are as many threads. */
static void expect_threads(struct worker_pool *p, int n)
{
	struct gate started, go, done;
	struct work work[8];

	memset(work, 0, sizeof(work));
	gate_init(&started);
	gate_init(&go);
	gate_init(&done);
	for (int i = 0; i < n; i++) {
		work[i] = (struct work){
			.job.run = work_run, .started = &started, .go = &go, .done = &done };
		worker_pool_submit(p, &work[i].job);
	}
	gate_wait(&started, n);
	gate_add(&go);
	gate_wait(&done, n);
	gate_fini(&started);
	gate_fini(&go);
	gate_fini(&done);
}

static void the_number_of_threads_changes(void **state)
{
	struct worker_pool *p = worker_pool_new("averylongname", 1);

	(void)state;
	expect_threads(p, 1);
	worker_pool_resize(p, 8);
	expect_threads(p, 8);
	worker_pool_resize(p, 2);
	worker_pool_resize(p, 2);
	expect_threads(p, 2);
	worker_pool_resize(p, 5);
	expect_threads(p, 5);
	worker_pool_resize(p, 1);
	expect_threads(p, 1);
	worker_pool_free(p);
}

static void resize_run(struct job *job)
{
	struct work *w = CONTAINER_OF(job, struct work, job);
	struct worker_pool *p = w->again;
	sigset_t blocked;

	w->runs++;
	(void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	if (!sigismember(&blocked, SIGTERM)) /* a failed assertion may not jump out of this thread */
		w->takes_signals = true;
	worker_pool_resize(p, 1 + w->runs % 4);
	if (w->runs < 100)
		worker_pool_submit(p, job);
}

static void a_job_may_resize_its_own_pool(void **state)
{
	struct worker_pool *p = worker_pool_new("test", 4);
	struct work w = { .job.run = resize_run, .again = p };

	(void)state;
	worker_pool_submit(p, &w.job);
	worker_pool_free(p);
	assert_int_equal(100, w.runs);
	assert_false(w.takes_signals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_the_pool_runs_what_is_queued),
		cmocka_unit_test(one_thread_keeps_the_order),
		cmocka_unit_test(the_number_of_threads_changes),
		cmocka_unit_test(a_job_may_resize_its_own_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
