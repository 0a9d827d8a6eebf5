/* test_log_scan.c - a whole log, batch after batch: in chunks of any size, over damage, until told to stop. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/file.h"
#include "coordinator/log_scan.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "replica_fixture.h"
#include "storage/log.h"

enum { BATCHES = 40, RECORDS = 3 };

struct seen {
	int64_t next; /* offset */
	int batches, chunks, stop_after;
	int fail_at;
};

static bool proceed(void *arg, int64_t offset, int64_t end)
{
	struct seen *s = arg;

	assert_true(offset < end);
	return s->chunks++ < s->stop_after;
}

static int take(void *arg, const struct batch *b)
{
	struct seen *s = arg;

	assert_true(b->base_offset >= s->next);
	assert_true(batch_crc_ok(b));
	s->next = b->last_offset + 1;
	return ++s->batches == s->fail_at ? -ENOMEM : 0;
}

static struct log *filled(struct partition **ret)
{
	*ret = fixture_lead("t", 0);
	for (int i = 0; i < BATCHES; i++)
		assert_int_equal(0, fixture_append(*ret, RECORDS, 1, NULL, NULL));
	return partition_log(*ret);
}

static int scan(struct log *log, size_t chunk, struct seen *s, struct log_scan *ret)
{
	*ret = (struct log_scan){ .chunk_bytes = chunk, .proceed = proceed, .batch = take, .arg = s };
	return log_scan(log, ret);
}

static void every_batch_comes_once(void **state)
{
	static const size_t sizes[] = { 1, 50, 100, 101, 500, 1 << 20 };
	struct partition *p;
	struct log *log = filled(&p);
	struct log_scan result;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct seen s = { .stop_after = 1000 };

		assert_int_equal(0, scan(log, sizes[i], &s, &result));
		assert_int_equal(BATCHES, s.batches);
		assert_int_equal(BATCHES * RECORDS, s.next);
		assert_int_equal(log_size(log), result.bytes);
		assert_int_equal(-1, result.damaged_at);
	}
	log_unref(log);
	partition_unref(p);
}

static void it_ends_when_told(void **state)
{
	struct seen s = { .stop_after = 3 }, failing = { .stop_after = 1000, .fail_at = 7 };
	struct partition *p;
	struct log *log = filled(&p);
	struct log_scan result;

	(void)state;
	assert_int_equal(-ECANCELED, scan(log, 1, &s, &result));
	assert_int_equal(3, s.batches);
	assert_int_equal(-ENOMEM, scan(log, 500, &failing, &result));
	assert_int_equal(7, failing.batches);
	log_unref(log);
	partition_unref(p);
}

/* Byte `at` of the file is another one. */
static void damage(struct log *log, int64_t at)
{
	char path[256];
	struct file *f;
	uint8_t byte;

	(void)snprintf(path, sizeof(path), "%s/00000000000000000000.log", log_dir_path(log));
	assert_int_equal(0, file_open(path, O_RDWR, 0, &f));
	assert_int_equal(0, file_read_full(f, &byte, 1, at));
	byte ^= 1;
	assert_int_equal(0, file_write_full(f, &byte, 1, at));
	file_unref(f);
}

static void a_damaged_batch_is_passed_over(void **state)
{
	struct seen s = { .stop_after = 1000 };
	struct partition *p;
	struct log *log = filled(&p);
	struct log_scan result;
	int64_t size = log_size(log) / BATCHES;

	(void)state;
	damage(log, 5 * size + size - 1);
	assert_int_equal(0, scan(log, 500, &s, &result));
	assert_int_equal(BATCHES - 1, s.batches);
	assert_int_equal(1, result.damaged);
	assert_int_equal(5 * RECORDS, result.damaged_at);
	log_unref(log);
	partition_unref(p);
}

/* Nobody can say where the next one begins. */
static void a_damaged_length_ends_it(void **state)
{
	struct seen s = { .stop_after = 1000 };
	struct partition *p;
	struct log *log = filled(&p);
	struct log_scan result;

	(void)state;
	damage(log, 5 * (log_size(log) / BATCHES) + 11); /* the lowest byte of the length */
	assert_true(scan(log, 1 << 20, &s, &result) != 0);
	assert_true(s.batches <= 6);
	log_unref(log);
	partition_unref(p);
}

static void an_empty_log_has_nothing(void **state)
{
	struct seen s = { .stop_after = 0 };
	struct partition *p = fixture_lead("t", 0);
	struct log *log = partition_log(p);
	struct log_scan result;

	(void)state;
	assert_int_equal(0, scan(log, 500, &s, &result));
	assert_int_equal(0, s.chunks);
	log_unref(log);
	partition_unref(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, replica_fixture_setup, replica_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_batch_comes_once),
		T(it_ends_when_told),
		T(a_damaged_batch_is_passed_over),
		T(a_damaged_length_ends_it),
		T(an_empty_log_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
