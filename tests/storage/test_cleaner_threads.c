/* test_cleaner_threads.c - readers, writers, retention and a cleaner on one log at once; for the thread sanitizer.
 *
 * Some keys are written once and never again: whoever reads the log from its start to its end, over however many swaps,
 * has to meet each of them. Slices that were taken before a swap are read after it.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/worker.h"
#include "cleaner_fixture.h"
#include "golden.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "record/reader.h"

#define APPENDS 1200 /* of two records, by each writer */
#define AHEAD	600  /* records; several segments */
#define WRITERS 2
#define SCANS	3

static struct log_fixture f;
static struct log *log_;
static atomic_bool done;
static atomic_int bad; /* cmocka's assertions are for the test's thread */
static atomic_int passes, scans, appended;
static atomic_int unique; /* written so far, and below the high watermark */

static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&bad, 1);
}

/* Two writers must not move it back. */
static void advance_high_watermark(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	(void)pthread_mutex_lock(&lock);
	(void)log_set_high_watermark(log_, log_end_offset(log_));
	(void)pthread_mutex_unlock(&lock);
}

static void *write_all(void *arg)
{
	int64_t producer = (int64_t)(intptr_t)arg;
	char hot[16], lasting[48];

	for (int i = 0; i < APPENDS; i++) {
		struct kv_batch spec = { .producer_id = producer, .sequence = 2 * i,
			.codec = i % 7 == 0 ? CODEC_LZ4 : CODEC_NONE };

		while (atomic_load(&appended) > AHEAD * (atomic_load(&passes) + 1))
			(void)sched_yield(); /* the cleaner is to have something to do at every moment, and not too much */
		(void)snprintf(hot, sizeof(hot), "hot-%d", i % 5);
		if (i % 8)
			(void)snprintf(lasting, sizeof(lasting), "hot-%d", 5 + i % 3);
		else
			(void)snprintf(lasting, sizeof(lasting), "one-%" PRId64 "-%d", producer, i);
		spec.v[0] = (struct kv){ hot, "value" };
		spec.v[1] = (struct kv){ lasting, i % 8 == 3 ? NULL : "value" };
		expect(append(log_, kv_batch_of(&spec)) == 0);
		atomic_fetch_add(&appended, 2);
		advance_high_watermark();
		if (i % 8 == 0)
			atomic_fetch_add(&unique, 1);
	}
	return NULL;
}

/* --- scanning --- */

struct scan {
	int64_t next;
	int unique;
};

static void see(struct scan *s, const struct batch *b)
{
	struct record_reader in;
	struct record rec;
	int64_t from = s->next;

	expect(batch_crc_ok(b));
	expect(b->last_offset >= s->next);
	s->next = b->last_offset + 1;
	if (record_reader_init(&in, b, NULL, false) != 0) {
		expect(false);
		return;
	}
	while (record_reader_next(&in, &rec) == 0)
		s->unique += rec.offset >= from && rec.key.len > 4 && memcmp(rec.key.p, "one-", 4) == 0;
	record_reader_fini(&in);
}

static bool fetch(struct scan *s, enum fetch_isolation isolation)
{
	struct log_slice slice;
	struct arena arena;
	uint8_t bytes[3000];
	struct batch b;
	size_t pos = 0, n;
	bool any = false;

	arena_init(&arena, 0);
	expect(log_read(log_, s->next, 1500, true, isolation, &arena, &slice) == 0);
	n = MIN(slice.len, sizeof(bytes));
	if (n > 0)
		expect(file_read_full(slice.file, bytes, n, slice.at) == 0);
	while (batch_next(bytes, n, &pos, &b) == 0) {
		see(s, &b);
		any = true;
	}
	log_slice_fini(&slice);
	arena_fini(&arena);
	return any;
}

/* The whole log, again and again. */
static void *scan_all(void *arg)
{
	enum fetch_isolation isolation = (enum fetch_isolation)(intptr_t)arg;

	while (!atomic_load(&done)) {
		struct scan s = { 0, 0 };
		int want = atomic_load(&unique);

		while (fetch(&s, isolation))
			continue;
		expect(s.unique >= want);
		atomic_fetch_add(&scans, 1);
	}
	return NULL;
}

static void *look_up(void *arg)
{
	struct offset_and_timestamp at;
	struct log_slice slice;
	struct arena arena;
	uint8_t bytes[100];
	unsigned i = 0;

	(void)arg;
	while (!atomic_load(&done)) {
		int64_t end = log_end_offset(log_), offset = end > 0 ? (int64_t)(i++ * 2654435761u) % end : 0;

		expect(log_offset_for_timestamp(log_, FIXTURE_NOW + 1, &at) == 0);
		expect(log_bytes_available(log_, offset, FETCH_HIGH_WATERMARK, 100) >= 0);
		arena_init(&arena, 0);
		expect(log_read(log_, offset, 100, true, FETCH_HIGH_WATERMARK, &arena, &slice) == 0);
		(void)sched_yield(); /* a swap may come between */
		if (slice.len > 0)
			expect(file_read_full(slice.file, bytes, MIN(slice.len, sizeof(bytes)), slice.at) == 0);
		log_slice_fini(&slice);
		arena_fini(&arena);
	}
	return NULL;
}

static void *clean_all(void *arg)
{
	int64_t first_dirty = -1, end;
	int r;

	(void)arg;
	while (!atomic_load(&done)) {
		r = clean_log(log_, &clock_real, first_dirty, 0, &end, NULL);
		expect(r == 0 || r == NOTHING_TO_CLEAN);
		if (r == 0) {
			first_dirty = end;
			atomic_fetch_add(&passes, 1);
		} else {
			(void)sched_yield();
		}
		r = log_apply_retention(log_);
		expect(r >= 0);
	}
	return NULL;
}

static int no_sync(int fd)
{
	(void)fd;
	return 0;
}

static void reads_are_right_while_segments_are_swapped(void **state)
{
	struct worker_pool *pool = worker_pool_new("test", 1);
	struct scheduler *scheduler = scheduler_new(pool);
	struct file_ops ops = file_ops_posix;
	pthread_t writer[WRITERS], other[SCANS + 2];

	(void)state;
	cleaner_fixture_init(&f);
	ops.fsync = no_sync; /* swaps as often as possible */
	file_set_ops(&ops);
	chores_free(f.chores);
	f.chores = f.args.chores = chores_new(&clock_real, scheduler);
	f.args.clock = &clock_real;
	f.config->segment_bytes = 8000;
	f.config->index_interval_bytes = 300;
	f.config->file_delete_delay_ms = 0;
	f.config->delete_retention_ms = 0;
	log_ = log_fixture_open(&f);
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(0, pthread_create(&writer[i], NULL, write_all, (void *)(intptr_t)(i + 1)));
	for (int i = 0; i < SCANS; i++)
		assert_int_equal(0, pthread_create(&other[i], NULL, scan_all, (void *)(intptr_t)i));
	assert_int_equal(0, pthread_create(&other[SCANS], NULL, look_up, NULL));
	assert_int_equal(0, pthread_create(&other[SCANS + 1], NULL, clean_all, NULL));
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(0, pthread_join(writer[i], NULL));
	while (atomic_load(&scans) < 2 * SCANS)
		(void)sched_yield();
	atomic_store(&done, true);
	for (int i = 0; i < SCANS + 2; i++)
		assert_int_equal(0, pthread_join(other[i], NULL));
	assert_int_equal(0, atomic_load(&bad));
	assert_true(atomic_load(&passes) >= 5);
	assert_int_equal(atomic_load(&appended), log_end_offset(log_));
	assert_int_equal(0, log_close_clean(log_));
	assert_int_equal(0, f.failures);
	f.log = log_unref(f.log);
	f.chores = chores_free(f.chores);
	scheduler_free(scheduler);
	worker_pool_free(pool);
	log_fixture_fini(&f);
	file_set_ops(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_are_right_while_segments_are_swapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
