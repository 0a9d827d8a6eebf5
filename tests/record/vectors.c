/* vectors.c - see vectors.h. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "record/reader.h"

static const char *current = "";

#define CHECK_INT(want, got)                                                                       \
	do {                                                                                       \
		long long want_ = (long long)(want), got_ = (long long)(got);                      \
		if (want_ != got_)                                                                 \
			fail_msg("%s: %s: wanted %lld, got %lld", current, #got, want_, got_);     \
	} while (0)

void vec_path(char *out, size_t size, const char *name)
{
	const char *top = getenv("TEST_SRCDIR");

	(void)snprintf(out, size, "%s/tests/record/data/%s", top ? top : ".", name);
}

json_t *vectors_load(const char *name)
{
	char path[4096];
	json_error_t error;
	json_t *v;

	vec_path(path, sizeof(path), name);
	v = json_load_file(path, 0, &error);
	if (!v || !json_is_array(v))
		fail_msg("%s: %s", path, error.text);
	return v;
}

const char *vec_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s)
		fail_msg("%s: no string %s", current, key);
	return s;
}

bool vec_has(const json_t *o, const char *key)
{
	return json_object_get(o, key) != NULL;
}

int64_t vec_int(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v))
		fail_msg("%s: no integer %s", current, key);
	return json_integer_value(v);
}

static bool vec_bool(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

struct buf *vec_hex(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	const char *s = json_string_value(v);
	struct buf *b;

	if (json_is_null(v))
		return NULL;
	if (!s)
		fail_msg("%s: no hex %s", current, key);
	b = buf_new(strlen(s) / 2 + 1);
	assert_non_null(b);
	for (; s[0] && s[1]; s += 2)
		b->data[b->len++] = (uint8_t)(digit(s[0]) << 4 | digit(s[1]));
	return b;
}

static void check_bytes(const json_t *o, const char *key, struct bytes got)
{
	struct buf *want = vec_hex(o, key);

	CHECK_INT(want ? (int)want->len : -1, got.len);
	if (want && want->len > 0)
		assert_memory_equal(want->data, got.p, want->len);
	buf_unref(want);
}

static void check_headers(const json_t *want, const struct record *rec)
{
	struct cursor c = cur_of(rec->headers.p, (size_t)(rec->headers.len > 0 ? rec->headers.len : 0));
	struct record_header h;
	const json_t *w;
	size_t i;

	CHECK_INT(json_array_size(want), rec->headers_n);
	json_array_foreach (want, i, w) {
		assert_true(record_header_next(&c, &h));
		CHECK_INT(strlen(vec_str(w, "key")), h.key.len);
		assert_true(str_is(h.key, vec_str(w, "key")));
		check_bytes(w, "valueHex", h.value);
	}
	assert_false(record_header_next(&c, &h));
}

static void check_records(const json_t *want, const struct batch *b)
{
	struct record_reader in;
	struct record rec;
	const json_t *w;
	size_t i;

	CHECK_INT(0, record_reader_init(&in, b, NULL, false));
	json_array_foreach (want, i, w) {
		CHECK_INT(0, record_reader_next(&in, &rec));
		CHECK_INT(vec_int(w, "offset"), rec.offset);
		CHECK_INT(vec_int(w, "timestamp"), rec.timestamp);
		if (vec_has(w, "sequence"))
			CHECK_INT(vec_int(w, "sequence"), rec.sequence);
		check_bytes(w, "keyHex", rec.key);
		check_bytes(w, "valueHex", rec.value);
		check_headers(json_object_get(w, "headers"), &rec);
	}
	CHECK_INT(RECORDS_END, record_reader_next(&in, &rec));
	record_reader_fini(&in);
}

static const char *type_name(enum timestamp_type type)
{
	return type == TIMESTAMP_NONE ? "NoTimestampType"
	    : type == TIMESTAMP_CREATE ? "CreateTime"
				       : "LogAppendTime";
}

static void check_v2(const json_t *want, const struct batch *b)
{
	CHECK_INT(vec_int(want, "baseTimestamp"), b->base_timestamp);
	CHECK_INT(vec_int(want, "partitionLeaderEpoch"), b->leader_epoch);
	CHECK_INT(vec_bool(want, "isTransactional"), b->transactional);
	CHECK_INT(vec_bool(want, "isControlBatch"), b->control);
	CHECK_INT(vec_int(want, "producerId"), b->producer_id);
	CHECK_INT(vec_int(want, "producerEpoch"), b->producer_epoch);
	CHECK_INT(vec_int(want, "baseSequence"), b->base_sequence);
	CHECK_INT(vec_int(want, "lastSequence"), b->last_sequence);
	CHECK_INT(vec_int(want, "recordCount"), b->record_count);
	CHECK_INT(vec_has(want, "deleteHorizonMs"), b->has_delete_horizon);
	if (b->has_delete_horizon)
		CHECK_INT(vec_int(want, "deleteHorizonMs"), b->base_timestamp);
}

static void check_batch(const json_t *want, const struct batch *b, bool sizes)
{
	int64_t first;

	CHECK_INT(vec_int(want, "magic"), b->magic);
	if (sizes) {
		CHECK_INT(vec_int(want, "sizeInBytes"), b->size);
		CHECK_INT(vec_int(want, "crc"), b->crc);
	}
	CHECK_INT(vec_bool(want, "crcValid"), batch_crc_ok(b));
	assert_string_equal(vec_str(want, "compression"), codec_name((enum codec)b->codec));
	assert_string_equal(vec_str(want, "timestampType"), type_name(b->timestamp_type));
	CHECK_INT(0, batch_first_offset(b, &first));
	CHECK_INT(vec_int(want, "baseOffset"), first);
	CHECK_INT(vec_int(want, "lastOffset"), b->last_offset);
	CHECK_INT(vec_int(want, "maxTimestamp"), b->max_timestamp);
	if (vec_has(want, "wrapperOffsetField"))
		CHECK_INT(vec_int(want, "wrapperOffsetField"), b->base_offset);
	if (b->magic >= 2)
		check_v2(want, b);
	check_records(json_object_get(want, "records"), b);
}

void vec_check_batches(const char *name, const json_t *batches, const uint8_t *data, size_t len, bool sizes)
{
	const json_t *want;
	struct batch b;
	size_t pos = 0, i;

	current = name;
	json_array_foreach (batches, i, want) {
		CHECK_INT(0, batch_next(data, len, &pos, &b));
		check_batch(want, &b, sizes);
	}
	CHECK_INT(BATCH_PARTIAL, batch_next(data, len, &pos, &b));
	CHECK_INT(len, pos);
}

uint64_t rnd_next(struct rnd *r)
{
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

size_t rnd_below(struct rnd *r, size_t n)
{
	return (size_t)(rnd_next(r) % n);
}
