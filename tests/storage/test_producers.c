/* test_producers.c - producer state without a log around it: staging, transactions, snapshots (storage.md 2.5, 6). */
#include <errno.h>
#include <stdio.h>

#include "fault_fs.h"
#include "golden.h"
#include "log_fixture.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "storage/producers.h"
#include "storage/replica_dir.h"

static struct log_fixture f; /* for its file helpers and quiet log */
static struct replica_dir dir;
static struct producers *p;

static int setup(void **state)
{
	CLEANUP(freep) char *path = NULL;

	(void)state;
	log_fixture_init(&f);
	path = replica_path(&f, ".");
	assert_int_equal(0, fs_mkdir_p(path));
	replica_dir_init(&dir, f.parent, "t-0");
	p = producers_new(&dir, "t-0", 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	p = producers_free(p);
	replica_dir_fini(&dir);
	log_fixture_fini(&f);
	return 0;
}

static void reload(int64_t start, int64_t end)
{
	producers_free(p);
	p = producers_new(&dir, "t-0", 0);
	assert_int_equal(0, producers_scan(p));
	assert_int_equal(0, producers_truncate(p, start, end, FIXTURE_NOW));
}

static int stage_buf(struct buf *buf, enum append_origin origin)
{
	struct batch b;
	int r;

	assert_int_equal(0, batch_parse(buf->data, buf->len, &b));
	r = producers_stage(p, &b, origin);
	buf_unref(buf);
	return r;
}

static void apply(struct buf *buf)
{
	const struct completed_txn *t;

	assert_int_equal(0, stage_buf(buf, APPEND_REPLICATION));
	producers_commit(p);
	for (size_t i = 0; (t = producers_completed(p, i)); i++)
		producers_complete(p, t);
}

/* storage-fixtures.md A.6 */
#define SNAPSHOT                                                                                                       \
	"00011ff52ebf00000002"                                                                                         \
	"00000000000003e80002000000090000000000000033000000040000018bcfe5680000000005000000000000002a"                 \
	"00000000000003e90000ffffffffffffffffffffffff000000000000018bcfe56801ffffffffffffffffffffffff"

static void a_snapshot_of_kafka_is_read_and_written(void **state)
{
	CLEANUP(freep) char *hex = NULL;
	struct producer_duplicate dup;
	struct batch b = { .producer_id = 1000, .producer_epoch = 2, .base_sequence = 5, .last_sequence = 9 };

	(void)state;
	write_hex(&f, "00000000000000000060.snapshot", SNAPSHOT);
	reload(0, 60);
	assert_int_equal(60, producers_map_end(p));
	assert_int_equal(2, producers_count(p));
	assert_true(producers_find_duplicate(p, &b, &dup));
	assert_int_equal(47, dup.first_offset);
	assert_int_equal(51, dup.last_offset);
	assert_int_equal(42, producers_first_unstable(p));
	assert_true(producers_has_ongoing_txn(p, 1000));
	producers_set_map_end(p, 61);
	assert_int_equal(0, producers_snapshot(p, true));
	hex = file_hex(&f, "00000000000000000061.snapshot");
	assert_string_equal(SNAPSHOT, hex);
}

static void damaged_snapshots_are_passed_over(void **state)
{
	static const char *const bad[] = { "", "0001", "000248674bc700000000", "000148674bc800000000",
		SNAPSHOT "00", "000148674bc7000000ff" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		write_hex(&f, "00000000000000000060.snapshot", SNAPSHOT);
		write_hex(&f, "00000000000000000070.snapshot", bad[i]);
		reload(0, 80);
		assert_int_equal(60, producers_map_end(p));
		assert_int_equal(2, producers_count(p));
		assert_false(has_file(&f, "00000000000000000070.snapshot"));
	}
}

static void strays_are_removed(void **state)
{
	const int64_t bases[] = { 0, 100, 200 };

	(void)state;
	write_hex(&f, "00000000000000000050.snapshot", SNAPSHOT);
	write_hex(&f, "00000000000000000100.snapshot", SNAPSHOT);
	write_hex(&f, "00000000000000000250.snapshot", SNAPSHOT);
	write_hex(&f, "00000000000000000260.snapshot", SNAPSHOT);
	write_hex(&f, "00000000000000000270.snapshot.deleted", SNAPSHOT);
	assert_int_equal(0, producers_scan(p));
	assert_int_equal(260, producers_latest_snapshot(p));
	assert_int_equal(0, producers_remove_strays(p, bases, 3));
	assert_false(has_file(&f, "00000000000000000050.snapshot"));
	assert_true(has_file(&f, "00000000000000000100.snapshot"));
	assert_false(has_file(&f, "00000000000000000250.snapshot"));
	assert_true(has_file(&f, "00000000000000000260.snapshot"));
}

static void a_shorter_snapshot_replaces_a_longer_one(void **state)
{
	(void)state;
	write_hex(&f, "00000000000000000060.snapshot", SNAPSHOT);
	producers_set_map_end(p, 60);
	assert_int_equal(0, producers_snapshot(p, false));
	assert_int_equal(10, file_bytes(&f, "00000000000000000060.snapshot"));
	reload(0, 60);
	assert_int_equal(0, producers_count(p));
	assert_int_equal(60, producers_map_end(p));
}

static void what_is_staged_is_seen_by_the_next_batch_only(void **state)
{
	(void)state;
	assert_int_equal(0, stage_buf(BATCH(.producer_id = 1, .sequence = 0), APPEND_CLIENT));
	assert_int_equal(0, stage_buf(BATCH(.producer_id = 1, .sequence = 1), APPEND_CLIENT));
	producers_abort(p);
	assert_int_equal(0, producers_count(p));
	assert_int_equal(0, stage_buf(BATCH(.producer_id = 1, .sequence = 5, .producer_epoch = 1), APPEND_CLIENT));
	producers_commit(p);
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
	    stage_buf(BATCH(.producer_id = 1, .sequence = 7, .producer_epoch = 1), APPEND_CLIENT));
	producers_abort(p);
	assert_int_equal(0, stage_buf(BATCH(.producer_id = 1, .sequence = 6, .producer_epoch = 1), APPEND_CLIENT));
	assert_int_equal(0, stage_buf(BATCH(.producer_id = 1, .sequence = 7, .producer_epoch = 1), APPEND_CLIENT));
	producers_abort(p);
	/* coordinators and replicas are not asked for sequences, replicas not even for epochs */
	assert_int_equal(0, stage_buf(BATCH(.producer_id = 1, .sequence = 99, .producer_epoch = 1), APPEND_COORDINATOR));
	assert_int_equal(KERR_INVALID_PRODUCER_EPOCH,
	    stage_buf(BATCH(.producer_id = 1, .sequence = 99, .producer_epoch = 0), APPEND_COORDINATOR));
	assert_int_equal(0, stage_buf(BATCH(.producer_id = 1, .sequence = 99, .producer_epoch = 0), APPEND_REPLICATION));
	producers_abort(p);
}

static void transactions_hold_the_unstable_offset_until_replicated(void **state)
{
	(void)state;
	apply(BATCH(.base_offset = 10, .producer_id = 1, .transactional = true));
	apply(BATCH(.base_offset = 11, .producer_id = 2, .transactional = true));
	assert_int_equal(10, producers_first_unstable(p));
	assert_int_equal(0, stage_buf(marker_of(true, 12, 1, 0, 0), APPEND_REPLICATION));
	producers_commit(p);
	assert_non_null(producers_completed(p, 0));
	assert_null(producers_completed(p, 1));
	assert_true(producers_completed(p, 0)->aborted);
	assert_int_equal(11, producers_stable_after(p, producers_completed(p, 0)));
	producers_complete(p, producers_completed(p, 0));
	assert_int_equal(10, producers_first_unstable(p));
	producers_on_high_watermark(p, 12);
	assert_int_equal(10, producers_first_unstable(p));
	producers_on_high_watermark(p, 13);
	assert_int_equal(11, producers_first_unstable(p));
	apply(marker_of(false, 13, 2, 0, 0));
	producers_on_start_offset(p, 14);
	assert_int_equal(-1, producers_first_unstable(p));
}

static void a_reset_forgets_everything(void **state)
{
	(void)state;
	apply(BATCH(.base_offset = 10, .producer_id = 1, .transactional = true));
	producers_set_map_end(p, 11);
	assert_int_equal(0, producers_snapshot(p, true));
	assert_int_equal(0, producers_reset(p, 5));
	assert_int_equal(0, producers_count(p));
	assert_int_equal(-1, producers_first_unstable(p));
	assert_int_equal(-1, producers_latest_snapshot(p));
	assert_false(has_file(&f, "00000000000000000011.snapshot"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_snapshot_of_kafka_is_read_and_written),
		T(damaged_snapshots_are_passed_over),
		T(strays_are_removed),
		T(a_shorter_snapshot_replaces_a_longer_one),
		T(what_is_staged_is_seen_by_the_next_batch_only),
		T(transactions_hold_the_unstable_offset_until_replicated),
		T(a_reset_forgets_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
