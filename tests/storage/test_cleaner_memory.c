/* test_cleaner_memory.c - a pass needs its map and its buffers, however large the log and whatever is in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cleaner_fixture.h"
#include "golden.h"
#include "record/batch.h"
#include "record/builder.h"
#include "storage/cleaner_filter.h"
#include "storage/offset_map.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#define MIB (1u << 20)

static struct log_fixture f;

static int no_sync(int fd)
{
	(void)fd;
	return 0;
}

static int set_up(void **state)
{
	static struct file_ops ops;

	(void)state;
	cleaner_fixture_init(&f);
	ops = file_ops_posix;
	ops.fsync = no_sync;
	file_set_ops(&ops);
	f.config->index_interval_bytes = 4096;
	f.config->segment_index_bytes = 1 << 20;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	log_fixture_fini(&f);
	file_set_ops(NULL);
	return 0;
}

static int go_on(void *arg)
{
	(void)arg;
	return 0;
}

static int free_of_charge(void *arg, size_t n)
{
	(void)arg;
	(void)n;
	return 0;
}

static long peak_kib(void)
{
	struct rusage u;

	assert_int_equal(0, getrusage(RUSAGE_SELF, &u));
	return u.ru_maxrss;
}

/* Passes until all is clean; the growth of the process's peak must stay below `limit`. Returns the passes. */
static int clean_within(size_t map_bytes, size_t buffer_bytes, long limit_kib)
{
	const struct cleaner_pass_config c = { .map_bytes = map_bytes, .load_factor = 0.9, .buffer_bytes = buffer_bytes,
		.max_message_bytes = 1 << 20 };
	long before = peak_kib();
	struct cleaner_stats stats;
	struct cleaner_pass pass;
	struct log_dirt dirt;
	int64_t end = -1;
	int n = 0;

	assert_int_equal(0, cleaner_pass_init(&pass, &c, &f.clock.clock));
	pass.check = go_on;
	pass.charge = free_of_charge;
	for (;; n++) {
		assert_int_equal(0, log_dirt(f.log, end, FIXTURE_NOW, &dirt));
		if (dirt.cleanable_bytes == 0)
			break;
		assert_int_equal(0, cleaner_pass_run(&pass, f.log, &dirt, &stats, &end));
	}
	cleaner_pass_fini(&pass);
#ifndef SANITIZED
	if (peak_kib() - before > limit_kib)
		fail_msg("the peak grew by %ld KiB, %ld are allowed", peak_kib() - before, limit_kib);
#else
	(void)before;
	(void)limit_kib;
#endif
	return n;
}

static void a_log_many_times_the_memory(void **state)
{
	uint64_t x = 1;
	CLEANUP(freep) char *value = xmalloc(2001);
	char key[KV_MAX][16];

	(void)state;
	f.config->segment_bytes = 4 << 20;
	(void)log_fixture_open(&f);
	memset(value, 'v', 2000);
	value[2000] = '\0';
	for (int i = 0; i < 1600; i++) { /* 48 MiB of 60,000 keys: more than the map takes */
		struct kv_batch spec = { .codec = i % 4 == 0 ? CODEC_LZ4 : CODEC_NONE };

		for (int k = 0; k < KV_MAX; k++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			(void)snprintf(key[k], sizeof(key[k]), "%d", (int)(x >> 33) % 60000);
			spec.v[k] = (struct kv){ key[k], value };
		}
		put_batch(f.log, kv_batch_of(&spec));
	}
	roll(f.log);
	assert_true(log_size(f.log) > 30 * MIB);
	/* map 0.5 MiB, buffers 2 x 64 KiB; the rest is what codecs and the C library hold */
	assert_true(clean_within(MIB / 2, 65536, 4 * 1024) >= 2);
}

/* One record of 130 MiB in a few bytes: the batch is left alone. */
static void a_record_too_large_to_be_held(void **state)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct bytes huge = { calloc(1, CLEANER_RECORD_MAX + MIB), (int32_t)(CLEANER_RECORD_MAX + MIB) };
	struct batch_builder b;
	struct buf *out = NULL;
	uint8_t a[] = "a";

	(void)state;
	(void)log_fixture_open(&f);
	assert_non_null(huge.p);
	c.codec = CODEC_ZSTD;
	c.leader_epoch = 0;
	assert_int_equal(0, batch_builder_init(&b, &c, NULL));
	assert_int_equal(0, batch_builder_append(&b, 0, FIXTURE_NOW, (struct bytes){ a, 1 }, huge, 0, BYTES_NULL));
	assert_int_equal(0, batch_builder_finish(&b, &out));
	batch_builder_fini(&b);
	free((void *)(uintptr_t)huge.p);
	assert_true(out->len < MIB);
	assert_int_equal(0, append_follower(f.log, out));
	assert_int_equal(0, append_follower(f.log, KVS(.v = { { "a", "2" }, { "b", "3" }, { "b", "4" } }, .base_offset = 1)));
	(void)log_set_high_watermark(f.log, 4);
	roll(f.log);
	assert_int_equal(1, clean_within(MIB, 65536, 8 * 1024));
	BATCHES(f.log, "[0-0 1] [1-3 2]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_log_many_times_the_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_record_too_large_to_be_held, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
