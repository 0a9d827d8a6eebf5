/* test_control.c - markers: Kafka's bytes from our builder, tolerant reading. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "protocol/errors.h"
#include "record/control.h"
#include "record/record.h"

/* The reference batches were appended at some offset; apart from that the builder gives the same bytes. */
static void markers_have_kafkas_bytes(void **state)
{
	json_t *all = vectors_load("record-batches.json"), *v;
	size_t i;
	int seen = 0;

	(void)state;
	json_array_foreach (all, i, v) {
		bool commit = strcmp(vec_str(v, "name"), "v2-control-commit") == 0;
		struct buf *want, *got = NULL;
		struct txn_marker m;
		struct batch b;

		if (!commit && strcmp(vec_str(v, "name"), "v2-control-abort") != 0)
			continue;
		want = vec_hex(v, "hex");
		assert_int_equal(batch_parse(want->data, want->len, &b), 0);
		assert_int_equal(control_parse_batch(&b, &m), 0);
		assert_int_equal(m.type, commit ? CONTROL_COMMIT : CONTROL_ABORT);
		assert_int_equal(control_build_marker(m.type, b.producer_id, b.producer_epoch,
				     m.coordinator_epoch, b.base_timestamp, &got),
		    0);
		batch_set_base_offset(got->data, b.base_offset);
		batch_set_leader_epoch(got->data, b.leader_epoch);
		assert_int_equal(got->len, CONTROL_MARKER_SIZE);
		assert_int_equal(want->len, got->len);
		assert_memory_equal(want->data, got->data, got->len);
		buf_unref(want);
		buf_unref(got);
		seen++;
	}
	assert_int_equal(seen, 2);
	json_decref(all);
}

static struct bytes of(const char *p, int32_t n)
{
	return (struct bytes){ (const uint8_t *)p, n };
}

static void keys(void **state)
{
	enum control_type type;

	(void)state;
	assert_int_equal(control_type_of(of("\0\0\0\0", 4), &type), 0);
	assert_int_equal(type, CONTROL_ABORT);
	assert_int_equal(control_type_of(of("\0\7\0\1more", 8), &type), 0); /* later version, longer key */
	assert_int_equal(type, CONTROL_COMMIT);
	assert_int_equal(control_type_of(of("\0\0\0\2", 4), &type), 0); /* KRaft */
	assert_int_equal(type, CONTROL_OTHER);
	assert_int_equal(control_type_of(of("\0\0\xff\xff", 4), &type), 0);
	assert_int_equal(type, CONTROL_OTHER);
	assert_int_equal(control_type_of(of("\0\0\0", 3), &type), KERR_INVALID_RECORD);
	assert_int_equal(control_type_of(of("\xff\xff\0\0", 4), &type), KERR_INVALID_RECORD);
	assert_int_equal(control_type_of(BYTES_NULL, &type), KERR_INVALID_RECORD);
}

static void values(void **state)
{
	struct record rec = { .key = of("\0\0\0\1", 4), .value = of("\0\0\0\0\1\2", 6) };
	struct txn_marker m;

	(void)state;
	assert_int_equal(control_parse_marker(&rec, &m), 0);
	assert_int_equal(m.coordinator_epoch, 0x102);
	rec.value = of("\0\1\0\0\1\2more", 10);
	assert_int_equal(control_parse_marker(&rec, &m), 0);
	assert_int_equal(m.coordinator_epoch, 0x102);
	rec.value = of("\0\0\0\0\1", 5);
	assert_int_equal(control_parse_marker(&rec, &m), KERR_INVALID_RECORD);
	rec.value = BYTES_NULL;
	assert_int_equal(control_parse_marker(&rec, &m), KERR_INVALID_RECORD);
	rec.key = of("\0\0\0\5", 4); /* its value is not ours to read */
	assert_int_equal(control_parse_marker(&rec, &m), 0);
	assert_int_equal(m.type, CONTROL_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markers_have_kafkas_bytes),
		cmocka_unit_test(keys),
		cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
