/* fuzz_records.c - any record set: analysis, validation, conversion and every walk do no harm.
 *
 * Input: byte 0 chooses configuration bits, byte 1 target codec and magic, the rest is the set. Checksums are made
 * right first, or nearly every change would end there.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "record/control.h"
#include "record/convert.h"
#include "record/reader.h"
#include "record/validate.h"

#define NOW INT64_C(1700000100000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repair_checksums(uint8_t *p, size_t n)
{
	struct batch b;
	size_t pos = 0, at = 0;

	while (batch_next(p, n, &pos, &b) == 0) {
		batch_update_crc(p + at);
		at = pos;
	}
}

static void walk_all(const uint8_t *p, size_t n)
{
	static const struct reader_limits limits = { .record = 1 << 20, .payload = 1 << 22 };
	struct record_reader in;
	struct txn_marker m;
	struct record rec;
	struct batch b;
	size_t pos = 0;
	int skip;

	while (batch_next(p, n, &pos, &b) == 0) {
		for (skip = 0; skip <= 1; skip++) {
			if (record_reader_init(&in, &b, &limits, skip) != 0)
				continue;
			while (record_reader_next(&in, &rec) == 0) {
				struct cursor c = cur_of(rec.headers.p,
				    rec.headers.p && rec.headers.len > 0 ? (size_t)rec.headers.len : 0);
				struct record_header h;

				while (record_header_next(&c, &h))
					;
			}
			record_reader_fini(&in);
		}
		if (b.control)
			(void)!control_parse_batch(&b, &m);
	}
}

static void convert(const uint8_t *p, size_t n, int8_t magic)
{
	struct buf *out = NULL;

	if (convert_fetch(p, n, magic, 1, &out) == 0)
		assert(out->len == 0 || out->len >= MIN(n, 12));
	buf_unref(out);
}

static void validate(uint8_t *p, size_t n, uint8_t bits, uint8_t target)
{
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	enum append_origin origin = bits & 1 ? APPEND_CLIENT : APPEND_COORDINATOR;
	struct validate_result result = { 0 };
	struct validate_errors errors;
	struct records_info info, after;
	struct arena arena;

	cfg.target_codec = target % 6 - 1;
	cfg.magic = bits & 2 ? 2 : (int8_t)(target / 6 % 3);
	cfg.timestamp_type = bits & 4 ? TIMESTAMP_LOG_APPEND : TIMESTAMP_CREATE;
	cfg.compacted = bits & 8;
	if (bits & 16)
		cfg.timestamp_before_max_ms = 1000;
	(void)!records_check_version(p, n, bits >> 4);
	(void)records_cost(&cfg, p, n);
	if (records_analyze(p, n, origin, 1 << 20, &info) != 0)
		return;
	arena_init(&arena, 1 << 16);
	if (validate_records(&cfg, origin, NOW, 3, 1000, &info, p, info.valid_bytes, &arena, &result,
		&errors) == 0 && result.record_count > 0) {
		const uint8_t *q = result.rewritten ? result.rewritten->data : p;
		size_t len = result.rewritten ? result.rewritten->len : info.valid_bytes;

		/* what we accepted is sound, checksums included */
		assert(records_analyze(q, len, APPEND_REPLICATION, 0, &after) == 0);
		assert(after.valid_bytes == len);
		assert(after.last_offset == result.last_offset);
	}
	buf_unref(result.rewritten);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p;

	if (size < 2)
		return 0;
	p = malloc(MAX(size - 2, 1)); /* exactly the set: a sanitizer sees a byte read too many */
	if (!p)
		return 0;
	memcpy(p, data + 2, size - 2);
	repair_checksums(p, size - 2);
	walk_all(p, size - 2);
	convert(p, size - 2, (int8_t)(data[0] >> 7));
	validate(p, size - 2, data[0], data[1]);
	free(p);
	return 0;
}
