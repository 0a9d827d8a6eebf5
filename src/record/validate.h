/* validate.h - what a leader does to a produced record set before it is written: check, assign offsets.
 *
 * Two steps, as in Kafka 3.9 (UnifiedLog.append): records_analyze walks the batches without the log's lock and
 * computes the one checksum pass; validate_records runs under the lock from the log end offset on, edits the
 * bytes in place where it can and builds a new set where it must (LogValidator); for magic 2 it may also run before
 * the lock, see validate_place. Rules: protocol.md 6.4, 8.2, 8.3;
 * vectors: tests/record/data/produce-validation.json.
 *
 * Thread: any; the bytes must be unshared. Layer: record. No I/O, no clock: `now_ms` is passed in.
 */
#ifndef RECORD_VALIDATE_H
#define RECORD_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "record/batch.h"

struct buf;

/* Who appends (Kafka's AppendOrigin). The checks against careless clients apply to clients only. */
enum append_origin { APPEND_CLIENT, APPEND_COORDINATOR, APPEND_REPLICATION };

/* One bad record of a refused set: what Produce v8+ answers in record_errors. */
struct record_error {
	int32_t batch_index; /* position of the record, from 0 */
	struct str message;  /* in the arena given to validate_records */
};

#define TARGET_PRODUCER (-1) /* compression.type=producer */

struct validate_config {
	int8_t magic;		     /* of the log: 2, lower only with an old inter-broker protocol */
	int target_codec;	     /* TARGET_PRODUCER or an enum codec: compression.type */
	int level;		     /* of target_codec, when that is not TARGET_PRODUCER; CODEC_LEVEL_DEFAULT */
	enum timestamp_type timestamp_type;
	int64_t timestamp_before_max_ms, timestamp_after_max_ms; /* INT64_MAX: no limit */
	bool compacted;		     /* cleanup.policy has compact: records need keys */
	bool no_zstd;		     /* inter-broker protocol below 2.1-IV0 */
	size_t max_message_bytes;    /* of one batch; 0: no limit */
	const char *name;	     /* "topic-3", for error messages; borrowed, may be NULL */
};

#define VALIDATE_CONFIG_INIT                                                                       \
	{                                                                                          \
		.magic = 2, .target_codec = TARGET_PRODUCER, .level = CODEC_LEVEL_DEFAULT,         \
		.timestamp_type = TIMESTAMP_CREATE, .timestamp_before_max_ms = INT64_MAX,          \
		.timestamp_after_max_ms = INT64_MAX, .max_message_bytes = 1048588,                 \
	}

/* --- before the lock --- */

struct records_info {
	size_t valid_bytes;	     /* whole batches; a partial tail behind them is to be cut off */
	int32_t batches;
	int8_t magic;		     /* of the first batch; -1 when there is none */
	enum codec source_codec;     /* of the last compressed batch, else none */
	int64_t first_offset;	     /* base offset of the first batch; -1 below magic 2 (unknown) */
	int64_t last_offset_of_first_batch; /* -1 when there is no batch */
	int64_t last_offset;
	bool monotonic;		     /* last offsets rise from batch to batch */
	int32_t last_leader_epoch;
	int64_t max_timestamp;	     /* -1 none */
	int64_t shallow_offset_of_max_timestamp; /* last offset of the batch that has it; -1 */
};

/* Walks the batches: structure, sizes (max_message_bytes 0: not checked, as for followers), checksums.
 *   0
 *   KERR_INVALID_RECORD     client, magic 2, base offset not 0; codec 5 to 7
 *   KERR_MESSAGE_TOO_LARGE  a batch above max_message_bytes
 *   KERR_CORRUPT_MESSAGE    checksum, length, magic                                                  */
int records_analyze(const uint8_t *data, size_t len, enum append_origin origin, size_t max_message_bytes,
		    struct records_info *ret) MUST_CHECK;

/* What a produce version allows: from 3 on exactly one batch of magic 2, zstd from 7 on; before, anything.
 *   0 | KERR_INVALID_RECORD | KERR_UNSUPPORTED_COMPRESSION_TYPE | KERR_CORRUPT_MESSAGE                */
int records_check_version(const uint8_t *data, size_t len, int16_t produce_version) MUST_CHECK;

/* How much work validate_records will be, from the first header alone: may it run on a network loop? */
enum records_cost {
	RECORDS_CHEAP,	    /* a walk over the bytes */
	RECORDS_DECOMPRESS, /* in place, but the payload is decompressed to check it */
	RECORDS_REWRITE,    /* rebuilt: decompressed, converted or compressed */
};
enum records_cost records_cost(const struct validate_config *cfg, const uint8_t *data, size_t len);

/* --- under the lock --- */

struct validate_result {
	struct buf *rewritten;	  /* NULL: `data` was edited in place; else the set to append, owned by the caller */
	int64_t first_offset, last_offset;
	int64_t max_timestamp;	  /* -1 none */
	int64_t shallow_offset_of_max_timestamp;
	int64_t log_append_time;  /* now_ms with LogAppendTime, else -1 */
	int32_t record_count;
	enum codec source_codec, target_codec;
	int32_t converted;	  /* records that were rebuilt */
};

/* Why a set was refused; valid when validate_records returns > 0. */
struct validate_errors {
	struct record_error *v; /* in the arena; only for bad records, otherwise n is 0 */
	int32_t n;
	struct str message;	/* for error_message; null unless single records were refused */
	struct str reason;	/* for a log line; null when the memory limit of the arena is reached */
};

/* Checks data[0 .. len), which records_analyze accepted and `info` describes (len = info->valid_bytes), and gives
 * its records the offsets first_offset, first_offset + 1, ...
 *   0    *ret is set
 *   > 0  refused, data unchanged, *ret_errors is set: KERR_INVALID_RECORD, KERR_INVALID_TIMESTAMP,
 *        KERR_CORRUPT_MESSAGE (inner checksum), KERR_UNSUPPORTED_COMPRESSION_TYPE,
 *        KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, KERR_MESSAGE_TOO_LARGE (a rebuilt batch)
 *   < 0  -ENOMEM                                                                                     */
int validate_records(const struct validate_config *cfg, enum append_origin origin, int64_t now_ms,
		     int32_t leader_epoch, int64_t first_offset, const struct records_info *info, uint8_t *data,
		     size_t len, struct arena *arena, struct validate_result *ret,
		     struct validate_errors *ret_errors) MUST_CHECK;

/* Moves a set that was validated with another first offset and epoch. Magic 2 only, where neither is covered by the
 * checksum: so the work can be done without the log's lock, from offset 0, and this under it. */
void validate_place(struct validate_result *result, uint8_t *data, int64_t first_offset, int32_t leader_epoch);

#endif
