/* test_log_txns.c - idempotent and transactional producers through a log (storage-fixtures.md A.5, A.6; storage.md 6). */
#include "golden.h"
#include "log_fixture.h"
#include "protocol/errors.h"
#include "record/batch.h"

static struct log_fixture f;

static int setup(void **state)
{
	(void)state;
	log_fixture_init(&f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_fixture_fini(&f);
	return 0;
}

static void is_hex(const char *name, const char *want)
{
	CLEANUP(freep) char *got = file_hex(&f, name);

	assert_non_null(got);
	assert_string_equal(want, got);
}

static void aborted_are(int64_t offset, size_t max, int n, int64_t first_producer)
{
	struct arena arena;
	struct log_slice s;

	arena_init(&arena, 0);
	assert_int_equal(0, log_read(f.log, offset, max, true, FETCH_COMMITTED, &arena, &s));
	assert_int_equal(n, s.aborted_n);
	if (n > 0)
		assert_int_equal(first_producer, s.aborted[0].producer_id);
	log_slice_fini(&s);
	arena_fini(&arena);
}

#define SNAPSHOT_9                                                                                                     \
	"000185c4568a00000002"                                                                                         \
	"00000000000000070000000000010000000000000001000000010000018bcfe5680400000001ffffffffffffffff"                 \
	"00000000000000080000000000020000000000000008000000000000018bcfe56808000000010000000000000008"
#define TXNINDEX "00000000000000000007000000000000000000000000000000040000000000000002"

static void transactions_are_kept_as_kafka_keeps_them(void **state)
{
	struct golden g;
	struct log *log = log_fixture_open(&f);

	(void)state;
	golden_load(&g, "transactions.hex");
	for (int i = 0; i < g.n; i++)
		assert_int_equal(0, append_follower(log, golden_copy(&g, i)));
	golden_free(&g);
	assert_int_equal(477, log_size(log));
	is_hex("00000000000000000000.txnindex", TXNINDEX);
	assert_int_equal(0, log_last_stable_offset(log));
	(void)log_set_high_watermark(log, 5);
	assert_int_equal(2, log_last_stable_offset(log));
	(void)log_set_high_watermark(log, 9);
	assert_int_equal(8, log_last_stable_offset(log));
	aborted_are(0, 1, 1, 7);
	aborted_are(5, 1000, 0, 0);
	log = log_fixture_reopen_clean(&f);
	is_hex("00000000000000000009.snapshot", SNAPSHOT_9);
	(void)log_set_high_watermark(log, 9);
	assert_int_equal(8, log_last_stable_offset(log));
	aborted_are(0, 1, 1, 7);
	log = log_fixture_reopen_dirty(&f, 0);
	is_hex("00000000000000000000.txnindex", TXNINDEX);
	(void)log_set_high_watermark(log, 9);
	assert_int_equal(8, log_last_stable_offset(log));
	is_hex("00000000000000000009.snapshot", SNAPSHOT_9);
}

static int send(int64_t pid, int16_t epoch, int32_t sequence, int records, struct log_append_info *ret)
{
	return append_from(f.log, BATCH(.producer_id = pid, .producer_epoch = epoch, .sequence = sequence,
				      .records = records), APPEND_CLIENT, ret);
}

static void a_resent_batch_is_answered_with_its_offsets(void **state)
{
	struct log_append_info info;

	(void)state;
	(void)log_fixture_open(&f);
	for (int i = 0; i < 7; i++)
		assert_int_equal(0, send(1, 0, 2 * i, 2, &info));
	assert_int_equal(0, send(1, 0, 2 * 2, 2, &info)); /* the fifth from the end */
	assert_true(info.duplicate);
	assert_false(info.high_watermark_may_move);
	assert_int_equal(4, info.first_offset);
	assert_int_equal(5, info.last_offset);
	assert_int_equal(FIXTURE_NOW + 1, info.log_append_time);
	assert_int_equal(14, log_end_offset(f.log));
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, send(1, 0, 2, 2, &info)); /* forgotten */
	assert_int_equal(0, info.log_start_offset);
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, send(1, 0, 12, 1, &info)); /* other last sequence */
}

static void sequences_continue_after_any_restart(void **state)
{
	struct log_append_info info;

	(void)state;
	(void)log_fixture_open(&f);
	assert_int_equal(0, send(1, 0, 0, 3, &info));
	assert_int_equal(0, send(1, 0, 3, 3, &info));
	(void)log_fixture_reopen_clean(&f);
	assert_int_equal(0, send(1, 0, 3, 3, &info));
	assert_true(info.duplicate);
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, send(1, 0, 7, 1, &info));
	assert_int_equal(0, send(1, 0, 6, 1, &info));
	(void)log_fixture_reopen_dirty(&f, -1);
	assert_int_equal(0, send(1, 0, 6, 1, &info));
	assert_true(info.duplicate);
	assert_int_equal(6, info.first_offset);
	assert_int_equal(0, send(1, 0, 7, 1, &info));
	assert_int_equal(8, log_end_offset(f.log));
}

static void epochs_and_sequences_are_checked(void **state)
{
	struct log_append_info info;

	(void)state;
	(void)log_fixture_open(&f);
	assert_int_equal(0, send(5, 3, 77, 1, &info)); /* unknown producer: any sequence */
	assert_int_equal(KERR_INVALID_PRODUCER_EPOCH, send(5, 2, 78, 1, &info));
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, send(5, 4, 78, 1, &info));
	assert_int_equal(0, send(5, 4, 0, 1, &info));
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, send(5, 4, 2, 1, &info));
	assert_int_equal(0, send(6, 0, INT32_MAX, 1, &info));
	assert_int_equal(0, send(6, 0, 0, 1, &info)); /* wraps */
	assert_int_equal(4, log_end_offset(f.log));
}

static void producers_expire_by_record_time(void **state)
{
	struct log_append_info info;

	(void)state;
	(void)log_fixture_open(&f);
	assert_int_equal(0, send(1, 0, 0, 1, &info));
	log_expire_producers(f.log, FIXTURE_NOW + 86400000 - 1);
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, send(1, 0, 5, 1, &info));
	log_expire_producers(f.log, FIXTURE_NOW + 86400000);
	assert_int_equal(0, send(1, 0, 5, 1, &info));
}

static int txn_send(int64_t pid, int32_t sequence)
{
	return append(f.log, BATCH(.producer_id = pid, .sequence = sequence, .transactional = true));
}

static int end_txn(int64_t pid, bool abort, int32_t coordinator_epoch)
{
	struct log_append_info info;

	return append_from(f.log, marker_of(abort, 0, pid, 0, coordinator_epoch), APPEND_COORDINATOR, &info);
}

static void an_open_transaction_holds_the_stable_offset(void **state)
{
	(void)state;
	(void)log_fixture_open(&f);
	append_many(f.log, 2);
	assert_int_equal(0, txn_send(1, 0));
	append_many(f.log, 1);
	(void)log_set_high_watermark(f.log, 4);
	assert_int_equal(2, log_last_stable_offset(f.log));
	assert_int_equal(2 * 72, log_bytes_available(f.log, 0, FETCH_COMMITTED, 9999));
	assert_true(log_has_ongoing_txn(f.log, 1));
	assert_int_equal(KERR_INVALID_TXN_STATE, append(f.log, BATCH(.producer_id = 1, .sequence = 1)));
	assert_int_equal(0, end_txn(1, false, 3));
	assert_false(log_has_ongoing_txn(f.log, 1));
	assert_int_equal(2, log_last_stable_offset(f.log)); /* the marker is above the high watermark */
	(void)log_set_high_watermark(f.log, 5);
	assert_int_equal(5, log_last_stable_offset(f.log));
	assert_int_equal(KERR_TRANSACTION_COORDINATOR_FENCED, end_txn(1, false, 2));
	assert_false(has_file(&f, "00000000000000000000.txnindex"));
	assert_int_equal(0, end_txn(1, true, 3)); /* nothing was open: leaves no trace */
	assert_false(has_file(&f, "00000000000000000000.txnindex"));
}

static void the_unstable_offset_survives_rolls_and_restarts(void **state)
{
	(void)state;
	f.config->segment_bytes = 300;
	(void)log_fixture_open(&f);
	append_many(f.log, 2);
	assert_int_equal(0, txn_send(1, 0));
	append_many(f.log, 20);
	(void)log_set_high_watermark(f.log, 23);
	assert_int_equal(2, log_last_stable_offset(f.log));
	for (int pass = 0; pass < 3; pass++) {
		if (pass == 1)
			(void)log_fixture_reopen_clean(&f);
		else if (pass == 2)
			(void)log_fixture_reopen_dirty(&f, 0);
		(void)log_set_high_watermark(f.log, 23);
		assert_int_equal(2, log_last_stable_offset(f.log));
		assert_int_equal(2 * 72, log_bytes_available(f.log, 0, FETCH_COMMITTED, 9999));
	}
	assert_int_equal(0, end_txn(1, true, 0));
	(void)log_set_high_watermark(f.log, 24);
	assert_int_equal(24, log_last_stable_offset(f.log));
	aborted_are(0, 1 << 20, 1, 1);
	aborted_are(3, 1 << 20, 1, 1); /* begun before, ended after: the marker is in a later segment */
}

static void a_truncated_transaction_is_open_again(void **state)
{
	(void)state;
	(void)log_fixture_open(&f);
	assert_int_equal(0, txn_send(1, 0));
	assert_int_equal(0, txn_send(1, 1));
	assert_int_equal(0, end_txn(1, true, 0));
	assert_int_equal(0, log_truncate_to(f.log, 2));
	assert_true(log_has_ongoing_txn(f.log, 1));
	assert_int_equal(0, file_bytes(&f, "00000000000000000000.txnindex"));
	assert_int_equal(KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, txn_send(1, 3));
	assert_int_equal(0, txn_send(1, 2));
	assert_int_equal(0, log_truncate_to(f.log, 0));
	assert_false(log_has_ongoing_txn(f.log, 1));
	assert_int_equal(0, txn_send(1, 9));
}

static void a_verification_guards_the_first_batch(void **state)
{
	struct log_append_info info;
	struct arena arena;
	struct buf *b = BATCH(.producer_id = 1, .transactional = true);
	uint64_t guard;

	(void)state;
	f.args.verify_transactions = true;
	(void)log_fixture_open(&f);
	assert_int_equal(KERR_INVALID_TXN_STATE, txn_send(1, 0));
	guard = log_start_verification(f.log, 1, 0, 0);
	assert_true(guard > 0);
	assert_int_equal(guard, log_start_verification(f.log, 1, 0, 0));
	assert_int_equal(KERR_INVALID_TXN_STATE, txn_send(1, 0));
	arena_init(&arena, 0);
	assert_int_equal(0, log_append_verified(f.log, b->data, b->len, 0, APPEND_CLIENT, 9, guard, &arena, &info));
	assert_int_equal(0, log_start_verification(f.log, 1, 1, 0));
	assert_int_equal(0, txn_send(1, 1)); /* open: no guard is needed */
	assert_int_equal(0, end_txn(1, false, 0));
	assert_int_equal(KERR_INVALID_TXN_STATE, txn_send(1, 2));
	arena_fini(&arena);
	buf_unref(b);
}

static void a_refused_append_leaves_no_producer_behind(void **state)
{
	struct log_append_info info;
	struct buf *set = BATCH(.producer_id = 1, .base_offset = 0, .transactional = true);
	struct buf *second = BATCH(.producer_id = 1, .base_offset = 1);

	(void)state;
	(void)log_fixture_open(&f);
	assert_true(buf_reserve(set, set->len + second->len));
	memcpy(set->data + set->len, second->data, second->len);
	set->len += second->len;
	buf_unref(second);
	assert_int_equal(KERR_INVALID_TXN_STATE, append_from(f.log, set, APPEND_REPLICATION, &info));
	assert_int_equal(0, log_end_offset(f.log));
	assert_false(log_has_ongoing_txn(f.log, 1));
	assert_int_equal(0, append(f.log, BATCH(.producer_id = 1, .sequence = 44)));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(transactions_are_kept_as_kafka_keeps_them),
		T(a_resent_batch_is_answered_with_its_offsets),
		T(sequences_continue_after_any_restart),
		T(epochs_and_sequences_are_checked),
		T(producers_expire_by_record_time),
		T(an_open_transaction_holds_the_stable_offset),
		T(the_unstable_offset_survives_rolls_and_restarts),
		T(a_truncated_transaction_is_open_again),
		T(a_verification_guards_the_first_batch),
		T(a_refused_append_leaves_no_producer_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
