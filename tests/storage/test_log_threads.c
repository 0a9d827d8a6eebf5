/* test_log_threads.c - one log under writers, readers, retention, flushes and truncations at once. What a reader gets
 * must be whole batches in order; meant for the thread sanitizer. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/worker.h"
#include "golden.h"
#include "log_fixture.h"
#include "protocol/errors.h"
#include "record/batch.h"

#define APPENDS 1500

static struct log_fixture f;
static struct log *log_;
static atomic_bool done;
static atomic_int bad; /* cmocka's assertions are for the test's thread */

static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&bad, 1);
}

static void *write_all(void *arg)
{
	int64_t producer = (int64_t)(intptr_t)arg;

	for (int i = 0; i < APPENDS; i++)
		expect(append(log_, BATCH(.producer_id = producer, .sequence = i, .value_size = 20)) == 0);
	return NULL;
}

static void check_slice(const struct log_slice *s, int64_t offset)
{
	uint8_t bytes[4096];
	struct batch b;
	size_t pos = 0, n = MIN(s->len, sizeof(bytes));
	bool first = true;

	if (n == 0)
		return;
	expect(file_read_full(s->file, bytes, n, s->at) == 0);
	while (batch_next(bytes, n, &pos, &b) == 0) {
		expect(batch_crc_ok(&b));
		expect(first ? b.base_offset <= offset && b.last_offset >= offset : b.base_offset == offset);
		offset = b.last_offset + 1;
		first = false;
	}
	expect(!first);
}

static void *read_all(void *arg)
{
	enum fetch_isolation isolation = (enum fetch_isolation)(intptr_t)arg;
	struct offset_and_timestamp ot;
	struct log_slice s;
	struct arena arena;
	unsigned i = 0;

	while (!atomic_load(&done)) {
		int64_t start = log_start_offset(log_), end = log_end_offset(log_);
		int64_t offset = start + (end > start ? (int64_t)(i * 2654435761u) % (end - start) : 0);
		int r;

		arena_init(&arena, 0);
		r = log_read(log_, i % 3 ? offset : end - (end > start), 3000, true, isolation, &arena, &s);
		expect(r == 0 || r == KERR_OFFSET_OUT_OF_RANGE);
		if (r == 0)
			check_slice(&s, s.first_offset);
		log_slice_fini(&s);
		arena_fini(&arena);
		expect(log_bytes_available(log_, offset, isolation, 1000) >= 0);
		if (i % 16 == 0)
			expect(log_offset_for_timestamp(log_, FIXTURE_NOW, &ot) == 0);
		i++;
	}
	return NULL;
}

static void *tend(void *arg)
{
	int r;

	(void)arg;
	while (!atomic_load(&done)) {
		(void)log_set_high_watermark(log_, log_end_offset(log_));
		r = log_apply_retention(log_);
		expect(r >= 0);
		expect(log_flush(log_) == 0);
		r = log_advance_start_offset(log_, log_high_watermark(log_) / 2);
		expect(r == 0 || r == KERR_OFFSET_OUT_OF_RANGE);
		log_expire_producers(log_, FIXTURE_NOW);
	}
	return NULL;
}

static void everything_at_once(void **state)
{
	struct worker_pool *pool = worker_pool_new("test", 2);
	struct scheduler *scheduler = scheduler_new(pool);
	pthread_t t[6];

	(void)state;
	log_fixture_init(&f);
	chores_free(f.chores);
	f.chores = f.args.chores = chores_new(&clock_real, scheduler);
	f.args.clock = &clock_real;
	f.config->segment_bytes = 8000;
	f.config->index_interval_bytes = 300;
	f.config->segment_index_bytes = 4096;
	f.config->retention_bytes = 60000;
	f.config->retention_ms = -1;
	f.config->file_delete_delay_ms = 0;
	log_ = log_fixture_open(&f);
	assert_int_equal(0, pthread_create(&t[0], NULL, write_all, (void *)1));
	assert_int_equal(0, pthread_create(&t[1], NULL, write_all, (void *)2));
	assert_int_equal(0, pthread_create(&t[2], NULL, read_all, (void *)FETCH_LOG_END));
	assert_int_equal(0, pthread_create(&t[3], NULL, read_all, (void *)FETCH_HIGH_WATERMARK));
	assert_int_equal(0, pthread_create(&t[4], NULL, read_all, (void *)FETCH_COMMITTED));
	assert_int_equal(0, pthread_create(&t[5], NULL, tend, NULL));
	for (int i = 0; i < 2; i++)
		assert_int_equal(0, pthread_join(t[i], NULL));
	atomic_store(&done, true);
	for (int i = 2; i < 6; i++)
		assert_int_equal(0, pthread_join(t[i], NULL));
	assert_int_equal(0, atomic_load(&bad));
	assert_int_equal(2 * APPENDS, log_end_offset(log_));
	check_continuous(log_);
	assert_int_equal(0, log_close_clean(log_));
	assert_int_equal(0, f.failures);
	f.log = log_unref(f.log);
	f.chores = chores_free(f.chores);
	scheduler_free(scheduler);
	worker_pool_free(pool);
	log_fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
