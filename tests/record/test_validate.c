/* test_validate.c - LogValidator's decisions: all reference vectors, and what they do not cover. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "protocol/errors.h"
#include "record/builder.h"
#include "record/legacy.h"
#include "record/reader.h"
#include "record/validate.h"

#define NOW INT64_C(1700000100000)

struct outcome {
	int r;
	struct arena arena;
	struct records_info info;
	struct validate_result result;
	struct validate_errors errors;
};

static void run(struct outcome *o, const struct validate_config *cfg, enum append_origin origin,
    int64_t now_ms, int32_t epoch, int64_t next, struct buf *in)
{
	*o = (struct outcome){ 0 };
	arena_init(&o->arena, 1 << 20);
	o->r = records_analyze(in->data, in->len, origin, cfg->max_message_bytes, &o->info);
	if (o->r == 0)
		o->r = validate_records(cfg, origin, now_ms, epoch, next, &o->info, in->data,
		    o->info.valid_bytes, &o->arena, &o->result, &o->errors);
}

static void done(struct outcome *o)
{
	buf_unref(o->result.rewritten);
	arena_fini(&o->arena);
}

static struct validate_config config_of(const json_t *c)
{
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	const char *target = vec_str(c, "compression.type");
	enum codec codec;

	cfg.name = "t-0";
	cfg.magic = (int8_t)vec_int(c, "logMagic");
	if (strcmp(target, "producer") != 0) {
		assert_true(codec_of_name(str_of(target), &codec));
		cfg.target_codec = (int)codec;
	}
	cfg.timestamp_type = strcmp(vec_str(c, "message.timestamp.type"), "CreateTime") == 0
	    ? TIMESTAMP_CREATE
	    : TIMESTAMP_LOG_APPEND;
	cfg.compacted = json_is_true(json_object_get(c, "compacted"));
	cfg.timestamp_before_max_ms = vec_int(c, "beforeMaxMs");
	cfg.timestamp_after_max_ms = vec_int(c, "afterMaxMs");
	return cfg;
}

static void check_refused(const json_t *v, const struct outcome *o, const struct buf *in)
{
	const json_t *indexes = json_object_get(v, "recordErrorBatchIndexes"), *index;
	struct buf *before = vec_hex(v, "inputHex");
	int64_t want = vec_int(v, "errorCode");
	size_t i;

	/* Kafka's builder throws there; an internal error (-1) cannot leave our validator */
	assert_int_equal(o->r, want == -1 ? KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT : want);
	assert_memory_equal(before->data, in->data, in->len);
	assert_int_equal(o->errors.n, json_array_size(indexes));
	json_array_foreach (indexes, i, index) {
		assert_int_equal(o->errors.v[i].batch_index, json_integer_value(index));
		assert_true(o->errors.v[i].message.len > 0);
	}
	assert_int_equal(o->errors.message.len > 0, o->errors.n > 0);
	assert_true(o->errors.reason.len > 0 || o->info.batches == 0);
	buf_unref(before);
}

/* Bytes must be Kafka's, except where a codec of another release compressed them. */
static void check_output(const json_t *v, const struct buf *want, const uint8_t *data, size_t len)
{
	bool same = want->len == len && memcmp(want->data, data, len) == 0;
	struct batch b;

	if (!same) {
		assert_int_equal(batch_parse(data, len, &b), 0);
		assert_int_not_equal(b.codec, CODEC_NONE);
		print_message("%s: compressed bytes differ, content compared\n", vec_str(v, "name"));
	}
	vec_check_batches(vec_str(v, "name"), json_object_get(v, "outputBatches"), data, len, same);
}

static void check_accepted(const json_t *v, const struct outcome *o, const struct buf *in)
{
	struct buf *want = vec_hex(v, "outputHex");
	const struct buf *out = o->result.rewritten;

	assert_int_equal(o->r, 0);
	assert_int_equal(json_is_true(json_object_get(v, "rewritten")), out != NULL);
	assert_int_equal(vec_int(v, "nextOffsetAfter"), o->result.last_offset + 1);
	assert_int_equal(vec_int(v, "maxTimestampMs"), o->result.max_timestamp);
	assert_int_equal(vec_int(v, "shallowOffsetOfMaxTimestamp"),
	    o->result.shallow_offset_of_max_timestamp);
	check_output(v, want, out ? out->data : in->data, out ? out->len : in->len);
	buf_unref(want);
}

static void kafkas_decisions(void **state)
{
	json_t *all = vectors_load("produce-validation.json"), *v;
	size_t i;

	(void)state;
	json_array_foreach (all, i, v) {
		const json_t *c = json_object_get(v, "config");
		struct validate_config cfg = config_of(c);
		struct buf *in = vec_hex(v, "inputHex");
		enum append_origin origin = strcmp(vec_str(c, "origin"), "CLIENT") == 0
		    ? APPEND_CLIENT
		    : APPEND_COORDINATOR;
		enum records_cost cost = records_cost(&cfg, in->data, in->len);
		struct outcome o;

		print_message("%s\n", vec_str(v, "name"));
		run(&o, &cfg, origin, vec_int(c, "nowMs"), (int32_t)vec_int(c, "leaderEpoch"),
		    vec_int(c, "nextOffset"), in);
		if (vec_has(v, "errorCode")) {
			check_refused(v, &o, in);
		} else {
			check_accepted(v, &o, in);
			assert_int_equal(cost == RECORDS_REWRITE, o.result.rewritten != NULL);
		}
		done(&o);
		buf_unref(in);
	}
	assert_true(i > 0);
	json_decref(all);
}

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, (int32_t)strlen(s) };
}

/* n records "k<i>" "v<i>" with offset deltas i * step. */
static struct buf *set_of(enum codec codec, int n, int step)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *ret = NULL;
	int i;

	c.codec = codec;
	assert_int_equal(batch_builder_init(&b, &c, NULL), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(batch_builder_append(&b, (int64_t)i * step, NOW - n + i, text("key"),
				     text("value"), 0, BYTES_NULL),
		    0);
	assert_int_equal(batch_builder_finish(&b, &ret), 0);
	batch_builder_fini(&b);
	return ret;
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, 4);
}

/* Offset deltas 0, 2, 4 under a header that says 0 to 2: consumers would see wrong offsets. */
static void odd_offset_deltas_are_rebuilt(void **state)
{
	static const enum codec codecs[] = { CODEC_NONE, CODEC_GZIP, CODEC_LZ4 };
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct buf *in = set_of(codecs[i], 3, 2);
		struct record_reader rd;
		struct record rec;
		struct outcome o;
		struct batch b;
		int64_t offset = 500;

		put32(in->data + 23, 2);
		batch_update_crc(in->data);
		run(&o, &cfg, APPEND_CLIENT, NOW, 1, offset, in);
		assert_int_equal(o.r, 0);
		assert_non_null(o.result.rewritten);
		assert_int_equal(o.result.last_offset, 502);
		assert_int_equal(batch_parse(o.result.rewritten->data, o.result.rewritten->len, &b), 0);
		assert_true(batch_crc_ok(&b));
		assert_int_equal(b.codec, codecs[i]);
		assert_int_equal(record_reader_init(&rd, &b, NULL, false), 0);
		while (record_reader_next(&rd, &rec) == 0)
			assert_int_equal(rec.offset, offset++);
		assert_int_equal(offset, 503);
		record_reader_fini(&rd);
		done(&o);
		buf_unref(in);
	}
}

static void a_set_validated_from_zero_can_be_placed(void **state)
{
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	int target;

	(void)state;
	for (target = TARGET_PRODUCER; target <= CODEC_MAX; target++) {
		struct buf *once = set_of(CODEC_LZ4, 5, 1), *twice = set_of(CODEC_LZ4, 5, 1);
		const struct buf *a, *b;
		struct outcome want, got;

		cfg.target_codec = target;
		run(&want, &cfg, APPEND_CLIENT, NOW, 4, 700, once);
		run(&got, &cfg, APPEND_CLIENT, NOW, -1, 0, twice);
		assert_int_equal(want.r, 0);
		assert_int_equal(got.r, 0);
		validate_place(&got.result, twice->data, 700, 4);
		assert_int_equal(got.result.first_offset, 700);
		assert_int_equal(got.result.last_offset, 704);
		assert_int_equal(got.result.shallow_offset_of_max_timestamp,
		    want.result.shallow_offset_of_max_timestamp);
		a = want.result.rewritten ? want.result.rewritten : once;
		b = got.result.rewritten ? got.result.rewritten : twice;
		assert_int_equal(a->len, b->len);
		assert_memory_equal(a->data, b->data, a->len);
		done(&want);
		done(&got);
		buf_unref(once);
		buf_unref(twice);
	}
}

/* A magic 1 wrapper around one inner message of `inner_magic`, whose last byte is then changed by `damage`. */
static struct buf *wrapper_of(int8_t inner_magic, uint8_t damage)
{
	size_t n = legacy_size(inner_magic, BYTES_NULL, text("v"));
	struct buf *payload = buf_new(0), *b;
	struct compressor *c = NULL;
	uint8_t message[64];
	struct bytes value;

	legacy_write(message, inner_magic, 0, 0, NOW, BYTES_NULL, text("v"));
	message[n - 1] ^= damage;
	assert_int_equal(compressor_open(CODEC_GZIP, CODEC_LEVEL_DEFAULT, 1, payload, 1 << 20, &c), 0);
	assert_int_equal(compressor_write(c, message, n), 0);
	assert_int_equal(compressor_finish(c), 0);
	compressor_free(c);
	value = (struct bytes){ payload->data, (int32_t)payload->len };
	b = buf_new(legacy_size(1, BYTES_NULL, value));
	b->len = b->cap;
	legacy_write(b->data, 1, 0, CODEC_GZIP, NOW, BYTES_NULL, value);
	buf_unref(payload);
	return b;
}

static void faults_inside_wrappers(void **state)
{
	static const struct {
		int8_t inner_magic;
		uint8_t damage;
		int r, errors;
	} v[] = {
		{ 1, 0, 0, 0 },
		{ 1, 1, KERR_CORRUPT_MESSAGE, 0 },
		{ 0, 0, KERR_INVALID_RECORD, 1 }, /* another magic than the wrapper's */
	};
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct buf *in = wrapper_of(v[i].inner_magic, v[i].damage);
		struct outcome o;

		run(&o, &cfg, APPEND_CLIENT, NOW, 1, 0, in);
		assert_int_equal(o.r, v[i].r);
		assert_int_equal(o.errors.n, v[i].errors);
		done(&o);
		buf_unref(in);
	}
}

static void two_plain_messages_keep_their_order_in_a_magic_1_log(void **state)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	struct batch_builder b;
	struct buf *in = NULL;
	struct outcome o;
	struct batch h;
	size_t pos = 0;

	(void)state;
	c.magic = cfg.magic = 1;
	assert_int_equal(batch_builder_init(&b, &c, NULL), 0);
	assert_int_equal(batch_builder_append(&b, 0, 2000, text("a"), text("1"), 0, BYTES_NULL), 0);
	assert_int_equal(batch_builder_append(&b, 1, 1000, text("b"), text("2"), 0, BYTES_NULL), 0);
	assert_int_equal(batch_builder_finish(&b, &in), 0);
	run(&o, &cfg, APPEND_CLIENT, NOW, 1, 70, in);
	assert_int_equal(o.r, 0);
	assert_null(o.result.rewritten);
	assert_int_equal(o.result.max_timestamp, 2000);
	assert_int_equal(o.result.shallow_offset_of_max_timestamp, 70);
	assert_int_equal(batch_next(in->data, in->len, &pos, &h), 0);
	assert_int_equal(h.last_offset, 70);
	assert_int_equal(h.max_timestamp, 2000);
	assert_int_equal(batch_next(in->data, in->len, &pos, &h), 0);
	assert_int_equal(h.last_offset, 71);
	assert_int_equal(h.max_timestamp, 1000);
	assert_true(batch_crc_ok(&h));
	done(&o);
	buf_unref(in);
}

static void analyze_finds_size_checksum_offset_and_tail(void **state)
{
	struct buf *in = set_of(CODEC_NONE, 3, 1);
	struct records_info info;
	size_t whole = in->len;

	(void)state;
	assert_int_equal(records_analyze(in->data, whole, APPEND_CLIENT, whole, &info), 0);
	assert_int_equal(info.valid_bytes, whole);
	assert_int_equal(info.batches, 1);
	assert_int_equal(info.last_offset, 2);
	assert_int_equal(info.max_timestamp, NOW - 1);
	assert_int_equal(records_analyze(in->data, whole, APPEND_CLIENT, whole - 1, &info),
	    KERR_MESSAGE_TOO_LARGE);
	assert_int_equal(records_analyze(in->data, whole, APPEND_REPLICATION, 0, &info), 0);

	assert_true(buf_reserve(in, whole * 2)); /* a second batch that is cut off */
	memcpy(in->data + whole, in->data, whole);
	assert_int_equal(records_analyze(in->data, whole * 2 - 1, APPEND_CLIENT, 0, &info), 0);
	assert_int_equal(info.valid_bytes, whole);
	assert_int_equal(records_analyze(in->data, whole * 2, APPEND_CLIENT, 0, &info), 0);
	assert_int_equal(info.batches, 2);
	assert_false(info.monotonic);

	in->data[whole - 1] ^= 1;
	assert_int_equal(records_analyze(in->data, whole, APPEND_CLIENT, 0, &info), KERR_CORRUPT_MESSAGE);
	in->data[whole - 1] ^= 1;
	batch_set_base_offset(in->data, 5);
	assert_int_equal(records_analyze(in->data, whole, APPEND_CLIENT, 0, &info), KERR_INVALID_RECORD);
	assert_int_equal(records_analyze(in->data, whole, APPEND_REPLICATION, 0, &info), 0);
	assert_int_equal(records_analyze(in->data, 0, APPEND_CLIENT, 0, &info), 0);
	assert_int_equal(info.batches, 0);
	buf_unref(in);
}

static void unassigned_codecs_are_refused(void **state)
{
	int codec;

	(void)state;
	for (codec = 5; codec <= 7; codec++) {
		struct buf *in = set_of(CODEC_NONE, 1, 1);
		struct records_info info;

		in->data[22] = (uint8_t)codec;
		batch_update_crc(in->data);
		assert_int_equal(records_analyze(in->data, in->len, APPEND_CLIENT, 0, &info),
		    KERR_INVALID_RECORD);
		buf_unref(in);
	}
}

static void produce_versions_limit_what_comes(void **state)
{
	struct buf *plain = set_of(CODEC_NONE, 1, 1), *zstd = set_of(CODEC_ZSTD, 1, 1);
	size_t n = plain->len;

	(void)state;
	assert_int_equal(records_check_version(plain->data, n, 3), 0);
	assert_int_equal(records_check_version(plain->data, 0, 3), KERR_INVALID_RECORD);
	assert_int_equal(records_check_version(plain->data, 0, 2), 0);
	assert_int_equal(records_check_version(zstd->data, zstd->len, 6), KERR_UNSUPPORTED_COMPRESSION_TYPE);
	assert_int_equal(records_check_version(zstd->data, zstd->len, 7), 0);
	assert_true(buf_reserve(plain, n * 2));
	memcpy(plain->data + n, plain->data, n);
	assert_int_equal(records_check_version(plain->data, n * 2, 9), KERR_INVALID_RECORD);
	plain->data[16] = 1;
	assert_int_equal(records_check_version(plain->data, n, 3), KERR_INVALID_RECORD);
	assert_int_equal(records_check_version(plain->data, n, 2), 0);
	buf_unref(plain);
	buf_unref(zstd);
}

static void a_rebuilt_batch_above_the_limit_is_refused(void **state)
{
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	struct buf *in = set_of(CODEC_GZIP, 1000, 1);
	struct outcome o;

	(void)state;
	cfg.target_codec = CODEC_NONE;
	cfg.max_message_bytes = in->len;
	run(&o, &cfg, APPEND_CLIENT, NOW, 1, 0, in);
	assert_int_equal(o.r, KERR_MESSAGE_TOO_LARGE);
	assert_null(o.result.rewritten);
	done(&o);
	buf_unref(in);
}

static void zstd_needs_a_new_protocol(void **state)
{
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	struct buf *in = set_of(CODEC_ZSTD, 1, 1);
	struct outcome o;

	(void)state;
	cfg.no_zstd = true;
	run(&o, &cfg, APPEND_CLIENT, NOW, 1, 0, in);
	assert_int_equal(o.r, KERR_UNSUPPORTED_COMPRESSION_TYPE);
	done(&o);
	buf_unref(in);
}

static void the_texts_are_kafkas(void **state)
{
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	struct buf *in = set_of(CODEC_NONE, 2, 1);
	struct outcome o;
	char s[512];

	(void)state;
	cfg.name = "topic-3";
	cfg.timestamp_before_max_ms = 1;
	run(&o, &cfg, APPEND_CLIENT, NOW, 1, 0, in);
	assert_int_equal(o.r, KERR_INVALID_TIMESTAMP);
	assert_int_equal(o.errors.n, 1);
	assert_string_equal(str_copy(o.errors.v[0].message, s, sizeof(s)),
	    "Timestamp 1700000099998 of message with offset 0 is out of range. The timestamp should be "
	    "within [1700000099999, -9223370336854675809]");
	assert_string_equal(str_copy(o.errors.message, s, sizeof(s)),
	    "One or more records have been rejected due to invalid timestamp");
	done(&o);
	buf_unref(in);
}

static void fewer_or_more_records_than_stated_are_refused(void **state)
{
	static const enum codec codecs[] = { CODEC_NONE, CODEC_GZIP, CODEC_SNAPPY, CODEC_LZ4, CODEC_ZSTD };
	static const int counts[] = { 1, 2, 4, 1000000, INT32_MAX };
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	size_t i, k;

	(void)state;
	for (i = 0; i < 5; i++) {
		for (k = 0; k < 5; k++) {
			struct buf *in = set_of(codecs[i], 3, 1);
			struct outcome o;

			put32(in->data + 23, (uint32_t)counts[k] - 1);
			put32(in->data + 57, (uint32_t)counts[k]);
			batch_update_crc(in->data);
			run(&o, &cfg, APPEND_CLIENT, NOW, 1, 0, in);
			assert_int_equal(o.r, KERR_INVALID_RECORD);
			done(&o);
			buf_unref(in);
		}
	}
}

/* Damage anywhere in a set, with a checksum made right again: any answer, no harm (for the sanitizers). */
static void damaged_sets_do_no_harm(void **state)
{
	struct rnd rnd = { 42 };
	int round;

	(void)state;
	print_message("seed %d\n", 42);
	for (round = 0; round < 3000; round++) {
		struct validate_config cfg = VALIDATE_CONFIG_INIT;
		struct buf *in = set_of((enum codec)rnd_below(&rnd, 5), 1 + (int)rnd_below(&rnd, 20), 1);
		int flips = 1 + (int)rnd_below(&rnd, 4);
		struct outcome o;

		cfg.target_codec = (int)rnd_below(&rnd, 6) - 1;
		cfg.compacted = rnd_below(&rnd, 2);
		while (flips-- > 0)
			in->data[17 + rnd_below(&rnd, in->len - 17)] ^= (uint8_t)(1 << rnd_below(&rnd, 8));
		batch_update_crc(in->data);
		run(&o, &cfg, (enum append_origin)rnd_below(&rnd, 2), NOW, 1, 10, in);
		assert_true(o.r >= 0);
		done(&o);
		buf_unref(in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kafkas_decisions),
		cmocka_unit_test(odd_offset_deltas_are_rebuilt),
		cmocka_unit_test(a_set_validated_from_zero_can_be_placed),
		cmocka_unit_test(faults_inside_wrappers),
		cmocka_unit_test(two_plain_messages_keep_their_order_in_a_magic_1_log),
		cmocka_unit_test(analyze_finds_size_checksum_offset_and_tail),
		cmocka_unit_test(unassigned_codecs_are_refused),
		cmocka_unit_test(produce_versions_limit_what_comes),
		cmocka_unit_test(a_rebuilt_batch_above_the_limit_is_refused),
		cmocka_unit_test(zstd_needs_a_new_protocol),
		cmocka_unit_test(the_texts_are_kafkas),
		cmocka_unit_test(fewer_or_more_records_than_stated_are_refused),
		cmocka_unit_test(damaged_sets_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
