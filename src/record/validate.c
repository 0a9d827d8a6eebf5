/* validate.c - see validate.h.
 *
 * validate_records has three steps: choose the way (in place or rebuilt) from codec and magic, walk all records
 * (checking, and building when that way was chosen), then edit the bytes. Nothing of the caller's bytes changes
 * before the walk has succeeded. Two findings of the walk turn "in place" into "rebuilt", with a second walk:
 * inner offsets of a compressed set that are not 0, 1, 2, ... (Kafka does that too), and the same in an
 * uncompressed magic 2 batch, which Kafka appends as it is although consumers then see wrong offsets.
 */
#include "record/validate.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/builder.h"
#include "record/reader.h"

/* A compressed record that has to be held (rebuild) or a message of magic 0 or 1; larger ones are refused. */
#define HELD_RECORD_MAX (128u << 20)
/* Bad records listed in one answer; all are counted. */
#define LISTED_MAX	100000

/* --- before the lock --- */

int records_analyze(const uint8_t *data, size_t len, enum append_origin origin, size_t max_message_bytes,
    struct records_info *ret)
{
	struct records_info info = {
		.magic = -1,
		.first_offset = -1,
		.last_offset_of_first_batch = -1,
		.last_offset = -1,
		.monotonic = true,
		.last_leader_epoch = NO_LEADER_EPOCH,
		.max_timestamp = NO_TIMESTAMP,
		.shallow_offset_of_max_timestamp = -1,
	};
	struct batch b;
	int r;

	while ((r = batch_next(data, len, &info.valid_bytes, &b)) == 0) {
		if (b.magic >= 2 && origin == APPEND_CLIENT && b.base_offset != 0)
			return KERR_INVALID_RECORD;
		if (info.batches++ == 0) {
			info.magic = b.magic;
			info.first_offset = b.magic >= 2 ? b.base_offset : -1;
			info.last_offset_of_first_batch = b.last_offset;
		}
		if (info.last_offset >= b.last_offset)
			info.monotonic = false;
		info.last_offset = b.last_offset;
		info.last_leader_epoch = b.leader_epoch;
		if (max_message_bytes > 0 && b.size > max_message_bytes)
			return KERR_MESSAGE_TOO_LARGE;
		if (!batch_crc_ok(&b))
			return KERR_CORRUPT_MESSAGE;
		if (b.max_timestamp > info.max_timestamp) {
			info.max_timestamp = b.max_timestamp;
			info.shallow_offset_of_max_timestamp = b.last_offset;
		}
		if (b.codec > CODEC_MAX)
			return KERR_INVALID_RECORD;
		if (b.codec != CODEC_NONE)
			info.source_codec = (enum codec)b.codec;
	}
	if (r != BATCH_PARTIAL)
		return FAIL(r);
	*ret = info;
	return 0;
}

int records_check_version(const uint8_t *data, size_t len, int16_t produce_version)
{
	struct batch b;
	size_t pos = 0;
	int r;

	if (produce_version < 3)
		return 0;
	r = batch_next(data, len, &pos, &b);
	if (r != 0)
		return r == BATCH_PARTIAL ? KERR_INVALID_RECORD : FAIL(r);
	if (b.magic != 2)
		return KERR_INVALID_RECORD;
	if (b.codec == CODEC_ZSTD && produce_version < 7)
		return KERR_UNSUPPORTED_COMPRESSION_TYPE;
	r = batch_next(data, len, &pos, &b);
	if (r == 0)
		return KERR_INVALID_RECORD;
	return r == BATCH_PARTIAL ? 0 : FAIL(r);
}

static enum codec target_codec(const struct validate_config *cfg, enum codec source)
{
	return cfg->target_codec == TARGET_PRODUCER ? source : (enum codec)cfg->target_codec;
}

/* Whether codec and magic alone allow an edit in place (protocol.md 8.3, first table). */
static bool fits_in_place(const struct validate_config *cfg, const struct batch *first, enum codec source)
{
	enum codec target = target_codec(cfg, source);

	if (source == CODEC_NONE && target == CODEC_NONE)
		return first->magic == cfg->magic;
	if (source == CODEC_NONE && first->control)
		return true;
	return source == target && first->magic == cfg->magic && cfg->magic > 0;
}

enum records_cost records_cost(const struct validate_config *cfg, const uint8_t *data, size_t len)
{
	struct batch b;

	if (batch_parse(data, len, &b) != 0 || b.codec > CODEC_MAX)
		return RECORDS_CHEAP; /* it will be refused */
	if (!fits_in_place(cfg, &b, (enum codec)b.codec))
		return RECORDS_REWRITE;
	return b.codec == CODEC_NONE ? RECORDS_CHEAP : RECORDS_DECOMPRESS;
}

/* --- under the lock --- */

enum fault { FAULT_MAGIC, FAULT_KEY, FAULT_TIMESTAMP, FAULT_TIMESTAMP_TYPE };

/* One bad record, until the texts are made. */
struct bad {
	enum fault fault;
	int32_t index;
	int32_t key_len, value_len;
	int64_t offset, timestamp;
};

struct job {
	const struct validate_config *cfg;
	enum append_origin origin;
	int64_t now_ms;
	int32_t leader_epoch;
	int64_t first_offset;
	const struct records_info *info;
	uint8_t *data;
	size_t len;
	struct arena *arena;

	enum codec target;
	struct batch first;
	bool in_place;	       /* as chosen; the walk may clear it */
	bool building;	       /* this walk fills `out` */
	struct batch_builder out;

	int32_t records;       /* walked so far */
	int64_t max_timestamp; /* of the records */
	int64_t shallow_offset_of_max;

	struct bad *bad;       /* of the current batch */
	size_t bad_cap;
	int32_t bad_n;
	bool bad_timestamp;
	const char *reason;
};

static int refuse(struct job *j, int code, const char *reason)
{
	j->reason = reason;
	return code;
}

static int check_batch(struct job *j, const struct batch *b)
{
	if (b->magic != j->first.magic)
		return refuse(j, KERR_INVALID_RECORD, "batches of different magic");
	if (j->origin == APPEND_CLIENT && b->magic >= 2) {
		if (b->last_offset_delta < 0)
			return refuse(j, KERR_INVALID_RECORD, "invalid offset range");
		if (b->record_count <= 0)
			return refuse(j, KERR_INVALID_RECORD, "invalid record count");
		if ((int64_t)b->last_offset_delta + 1 != b->record_count)
			return refuse(j, KERR_INVALID_RECORD, "offset range and record count differ");
	}
	if (j->origin == APPEND_CLIENT && b->control)
		return refuse(j, KERR_INVALID_RECORD, "clients are not allowed to write control records");
	if (j->origin == APPEND_CLIENT && batch_has_producer(b) && b->base_sequence < 0)
		return refuse(j, KERR_INVALID_RECORD, "producer id without sequence number");
	if ((b->transactional || batch_has_producer(b)) && j->cfg->magic < 2)
		return refuse(j, KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT,
		    "transactions and idempotence need message format 2");
	return 0;
}

static bool timestamp_out_of_range(const struct job *j, int64_t timestamp)
{
	/* unsigned: wraps like Java's long */
	int64_t age = (int64_t)((uint64_t)j->now_ms - (uint64_t)timestamp);
	int64_t ahead = (int64_t)(UINT64_C(0) - (uint64_t)age);

	return age > j->cfg->timestamp_before_max_ms || ahead > j->cfg->timestamp_after_max_ms;
}

/* False: the record is bad, *ret says why. */
static bool check_record(const struct job *j, const struct record_reader *in, const struct record *rec,
    enum fault *ret)
{
	const struct batch *b = &in->batch;

	if (b->magic < 2 && batch_is_compressed(b) && in->inner_magic != b->magic)
		*ret = FAULT_MAGIC;
	else if (j->cfg->compacted && rec->key.len < 0)
		*ret = FAULT_KEY;
	else if (j->cfg->timestamp_type == TIMESTAMP_CREATE && rec->timestamp != NO_TIMESTAMP) {
		*ret = FAULT_TIMESTAMP;
		return !timestamp_out_of_range(j, rec->timestamp);
	} else if (b->timestamp_type == TIMESTAMP_LOG_APPEND)
		*ret = FAULT_TIMESTAMP_TYPE;
	else
		return true;
	return false;
}

static void note_bad(struct job *j, enum fault fault, int32_t index, const struct record *rec)
{
	j->bad_timestamp |= fault == FAULT_TIMESTAMP || fault == FAULT_TIMESTAMP_TYPE;
	if (j->bad_n < LISTED_MAX) {
		j->bad = grow_array(j->bad, &j->bad_cap, (size_t)j->bad_n + 1, sizeof(*j->bad));
		j->bad[j->bad_n] = (struct bad){
			.fault = fault,
			.index = index,
			.key_len = MAX(rec->key.len, 0),
			.value_len = MAX(rec->value.len, 0),
			.offset = rec->offset,
			.timestamp = rec->timestamp,
		};
	}
	j->bad_n++;
}

/* Whether the record is where an edit of the batch header alone would put it. */
static bool in_sequence(const struct job *j, const struct record_reader *in, const struct record *rec)
{
	const struct batch *b = &in->batch;

	if (b->magic >= 2)
		return (uint64_t)rec->offset - (uint64_t)b->base_offset == (uint64_t)in->n - 1 || b->control;
	return b->magic == 0 || !batch_is_compressed(b) || rec->offset == j->records;
}

static int take_record(struct job *j, const struct record_reader *in, const struct record *rec)
{
	enum fault fault;

	if (in->batch.magic < 2 && batch_is_compressed(&in->batch) &&
	    in->inner_magic == in->batch.magic && in->inner_crc_bad)
		return refuse(j, KERR_CORRUPT_MESSAGE, "inner message with a wrong checksum");
	if (UNLIKELY(!check_record(j, in, rec, &fault))) {
		note_bad(j, fault, in->n - 1, rec);
	} else {
		if (in->batch.magic > 0 && rec->timestamp > j->max_timestamp) {
			j->max_timestamp = rec->timestamp;
			j->shallow_offset_of_max = j->first_offset + j->records;
		}
		if (UNLIKELY(!in_sequence(j, in, rec)))
			j->in_place = false;
	}
	if (j->records == INT32_MAX)
		return refuse(j, KERR_INVALID_RECORD, "too many records");
	if (j->building && j->bad_n == 0) {
		int r = batch_builder_add(&j->out, j->first_offset + j->records, rec);

		if (r != 0)
			return refuse(j, FAIL(r), "a record does not fit into the rebuilt batch");
	}
	j->records++;
	return 0;
}

/* The way of nearly all requests, an uncompressed magic 2 batch that stays where it is: one scan, and if nothing in
 * it needs a closer look, done. *ret_done false: each record must be looked at. */
static int scan_batch(struct job *j, const struct batch *b, bool *ret_done)
{
	struct record_scan s;
	int r;

	*ret_done = false;
	if (j->building || b->magic < 2 || batch_is_compressed(b) || b->record_count <= 0 ||
	    b->timestamp_type == TIMESTAMP_LOG_APPEND)
		return 0;
	r = record_scan(b, &s);
	if (r != 0)
		return refuse(j, r, "damaged record");
	if (j->cfg->compacted && s.null_key)
		return 0;
	/* timestamps below -1 take the other way: the range check may wrap there */
	if (j->cfg->timestamp_type == TIMESTAMP_CREATE && s.min_timestamp != INT64_MAX &&
	    (s.min_timestamp < 0 || timestamp_out_of_range(j, s.min_timestamp) ||
		timestamp_out_of_range(j, s.max_timestamp)))
		return 0;
	if (s.out_of_sequence && !b->control)
		j->in_place = false;
	j->records = b->record_count; /* the only batch */
	j->max_timestamp = s.max_timestamp;
	*ret_done = true;
	return 0;
}

static int walk_batch(struct job *j, const struct batch *b)
{
	static const struct reader_limits limits = { .record = HELD_RECORD_MAX };
	struct record_reader in;
	struct record rec;
	bool done;
	int r = scan_batch(j, b, &done);

	if (r != 0 || done)
		return r;
	r = record_reader_init(&in, b, &limits, !j->building);
	if (r != 0)
		return refuse(j, FAIL(r), "damaged batch");
	while ((r = record_reader_next(&in, &rec)) == 0) {
		r = take_record(j, &in, &rec);
		if (r != 0)
			break;
	}
	record_reader_fini(&in);
	if (r == RECORDS_END)
		return 0;
	return j->reason ? r : refuse(j, FAIL(r), "damaged record");
}

static int start_building(struct job *j)
{
	const struct validate_config *cfg = j->cfg;
	bool one_batch = cfg->magic >= 2 || j->target != CODEC_NONE;
	struct builder_config c = {
		.magic = cfg->magic,
		.codec = j->target,
		.level = cfg->target_codec == TARGET_PRODUCER ? CODEC_LEVEL_DEFAULT : cfg->level,
		.timestamp_type = cfg->timestamp_type,
		.base_offset = j->first_offset,
		.log_append_time = j->now_ms,
		.leader_epoch = j->leader_epoch,
		.producer_id = j->first.producer_id,
		.producer_epoch = j->first.producer_epoch,
		.base_sequence = j->first.base_sequence,
		.transactional = j->first.transactional,
		.delete_horizon_ms = NO_TIMESTAMP,
		.limit = one_batch ? cfg->max_message_bytes : 0,
	};
	int r = batch_builder_init(&j->out, &c, NULL);

	if (r != 0)
		return refuse(j, FAIL(r), "the batch cannot be rebuilt in the log's format");
	j->building = true;
	return 0;
}

/* One walk over the whole set. Stops at the end of a batch with bad records, as Kafka does. */
static int walk(struct job *j)
{
	struct batch b;
	size_t pos = 0;
	int r;

	j->records = 0;
	j->max_timestamp = NO_TIMESTAMP;
	j->shallow_offset_of_max = -1;
	while (pos < j->len) {
		r = batch_next(j->data, j->len, &pos, &b);
		assert(r == 0); /* records_analyze was here */
		r = check_batch(j, &b);
		if (r == 0)
			r = walk_batch(j, &b);
		if (r != 0)
			return r;
		if (j->bad_n > 0)
			return j->bad_timestamp ? KERR_INVALID_TIMESTAMP : KERR_INVALID_RECORD;
	}
	return 0;
}

static int choose_way(struct job *j)
{
	enum codec source = j->info->source_codec;

	j->target = target_codec(j->cfg, source);
	if (j->info->batches == 0)
		return refuse(j, KERR_INVALID_RECORD, "no record batch");
	if (batch_parse(j->data, j->len, &j->first) != 0)
		return refuse(j, KERR_CORRUPT_MESSAGE, "damaged batch"); /* cannot happen after analyze */
	if (j->target == CODEC_ZSTD && (j->cfg->no_zstd || j->cfg->magic < 2))
		return refuse(j, KERR_UNSUPPORTED_COMPRESSION_TYPE, "zstd is not allowed here");
	if (j->info->batches > 1 && (j->first.magic >= 2 || source != CODEC_NONE))
		return refuse(j, KERR_INVALID_RECORD, "more than one batch");
	j->in_place = fits_in_place(j->cfg, &j->first, source);
	return 0;
}

/* --- results --- */

/* The edit: offsets, leader epoch, timestamps of each batch (several only in magic 0 and 1 without codec, where
 * a batch is one record). */
static void edit(struct job *j, struct validate_result *ret)
{
	bool log_append = j->cfg->timestamp_type == TIMESTAMP_LOG_APPEND;
	int64_t last = j->first_offset + j->records - j->info->batches - 1;
	struct batch b;
	size_t pos = 0;

	while (pos < j->len && batch_parse(j->data + pos, j->len - pos, &b) == 0) {
		uint8_t *p = j->data + pos;
		int64_t max = j->info->batches > 1 ? MAX(b.max_timestamp, NO_TIMESTAMP)
						   : j->max_timestamp;

		batch_set_last_offset(p, ++last);
		if (b.magic >= 2)
			batch_set_leader_epoch(p, j->leader_epoch);
		if (b.magic >= 1)
			batch_set_max_timestamp(p, j->cfg->timestamp_type,
			    log_append ? j->now_ms : max);
		pos += b.size;
	}
	ret->max_timestamp = log_append && j->cfg->magic > 0 ? j->now_ms : j->max_timestamp;
	ret->shallow_offset_of_max_timestamp = j->first_offset + j->records - 1;
	if (j->info->source_codec != CODEC_NONE || j->target != CODEC_NONE)
		return;
	/* without codecs (Kafka 3.9, LogValidator.assignOffsetsNonCompressed) */
	if (ret->max_timestamp == NO_TIMESTAMP)
		ret->shallow_offset_of_max_timestamp = -1;
	else if (j->cfg->magic == 1)
		ret->shallow_offset_of_max_timestamp =
		    log_append ? j->first_offset : j->shallow_offset_of_max;
}

/* MemoryRecordsBuilder.info */
static int hand_over(struct job *j, struct validate_result *ret)
{
	bool one_batch = j->cfg->magic >= 2 || j->target != CODEC_NONE;
	const struct batch_builder *b = &j->out;
	struct batch each;
	size_t pos = 0;
	int r;

	ret->converted = b->n;
	if (j->cfg->timestamp_type == TIMESTAMP_LOG_APPEND) {
		ret->max_timestamp = j->now_ms;
		ret->shallow_offset_of_max_timestamp = one_batch ? b->last_offset : j->first_offset;
	} else {
		ret->max_timestamp = b->max_timestamp;
		ret->shallow_offset_of_max_timestamp =
		    one_batch && b->max_timestamp != NO_TIMESTAMP ? b->last_offset
								  : b->offset_of_max_timestamp;
	}
	r = batch_builder_finish(&j->out, &ret->rewritten);
	if (r != 0)
		return refuse(j, FAIL(r), "the rebuilt batch is too large");
	while (j->cfg->max_message_bytes > 0 && pos < ret->rewritten->len &&
	    batch_next(ret->rewritten->data, ret->rewritten->len, &pos, &each) == 0) {
		if (each.size > j->cfg->max_message_bytes) {
			ret->rewritten = buf_unref(ret->rewritten);
			return refuse(j, KERR_MESSAGE_TOO_LARGE, "a rebuilt message is too large");
		}
	}
	return 0;
}

/* --- the texts of a refusal (wording of Kafka 3.9, LogValidator) --- */

static struct str describe(const struct job *j, const struct bad *bad)
{
	const struct validate_config *cfg = j->cfg;
	const char *name = cfg->name ? cfg->name : "";

	switch (bad->fault) {
	case FAULT_MAGIC:
		return arena_printf(j->arena,
		    "Record with offset %" PRId64 "'s magic does not match outer magic %d in topic partition %s",
		    bad->offset, j->first.magic, name);
	case FAULT_KEY:
		return arena_printf(j->arena,
		    "Compacted topic cannot accept message without key in topic partition %s", name);
	case FAULT_TIMESTAMP:
		return arena_printf(j->arena,
		    "Timestamp %" PRId64 " of message with offset %" PRId64
		    " is out of range. The timestamp should be within [%" PRId64 ", %" PRId64 "]",
		    bad->timestamp, bad->offset,
		    (int64_t)((uint64_t)j->now_ms - (uint64_t)cfg->timestamp_before_max_ms),
		    (int64_t)((uint64_t)j->now_ms + (uint64_t)cfg->timestamp_after_max_ms));
	case FAULT_TIMESTAMP_TYPE:
		return arena_printf(j->arena,
		    "Invalid timestamp type in message DefaultRecord(offset=%" PRId64 ", timestamp=%" PRId64
		    ", key=%d bytes, value=%d bytes). Producer should not set timestamp type to "
		    "LogAppendTime.",
		    bad->offset, bad->timestamp, bad->key_len, bad->value_len);
	}
	return STR_NULL;
}

static struct str summary(const struct job *j, const struct validate_errors *e)
{
	static const struct record_error none;
	const struct record_error *a = e->n > 0 ? &e->v[0] : &none;
	const struct record_error *b = e->n > 1 ? &e->v[1] : &none;
	const struct record_error *c = e->n > 2 ? &e->v[2] : &none;

	if (j->bad_timestamp)
		return STR("One or more records have been rejected due to invalid timestamp");
#define SHOWN "RecordError(batchIndex=%d, message='%.*s')"
#define HEAD                                                                                       \
	"One or more records have been rejected due to %d record errors in total, and only "       \
	"showing the first three errors at most: ["
	if (e->n >= 3)
		return arena_printf(j->arena, HEAD SHOWN ", " SHOWN ", " SHOWN "]", j->bad_n, a->batch_index,
		    STR_ARG(a->message), b->batch_index, STR_ARG(b->message), c->batch_index,
		    STR_ARG(c->message));
	if (e->n == 2)
		return arena_printf(j->arena, HEAD SHOWN ", " SHOWN "]", j->bad_n, a->batch_index,
		    STR_ARG(a->message), b->batch_index, STR_ARG(b->message));
	return arena_printf(j->arena, HEAD SHOWN "]", j->bad_n, a->batch_index, STR_ARG(a->message));
#undef SHOWN
#undef HEAD
}

static void explain(struct job *j, struct validate_errors *ret)
{
	struct validate_errors e = { .message = STR_NULL, .reason = STR_NULL };
	int32_t i, n = MIN(j->bad_n, LISTED_MAX);

	if (n > 0)
		e.v = arena_array(j->arena, (size_t)n, sizeof(*e.v));
	for (i = 0; e.v && i < n; i++) {
		e.v[i] = (struct record_error){ j->bad[i].index, describe(j, &j->bad[i]) };
		if (e.v[i].message.len < 0)
			break; /* the arena is full: a shorter list */
		e.n++;
	}
	if (j->bad_n > 0)
		e.message = summary(j, &e);
	e.reason = j->bad_n > 0 ? e.message : str_of(j->reason);
	*ret = e;
}

static int run(struct job *j, struct validate_result *ret)
{
	int r = choose_way(j);

	if (r == 0 && !j->in_place) {
		r = check_batch(j, &j->first);
		if (r == 0)
			r = start_building(j);
	}
	if (r == 0)
		r = walk(j);
	if (r == 0 && !j->in_place && !j->building) {
		r = start_building(j);
		if (r == 0)
			r = walk(j);
	}
	if (r != 0)
		return r;
	ret->record_count = j->records;
	ret->first_offset = j->first_offset;
	ret->last_offset = j->first_offset + j->records - 1;
	ret->source_codec = j->info->source_codec;
	ret->target_codec = j->building ? j->target : ret->source_codec;
	ret->log_append_time =
	    j->cfg->timestamp_type == TIMESTAMP_LOG_APPEND ? j->now_ms : NO_TIMESTAMP;
	if (j->building)
		return hand_over(j, ret);
	edit(j, ret);
	return 0;
}

int validate_records(const struct validate_config *cfg, enum append_origin origin, int64_t now_ms,
    int32_t leader_epoch, int64_t first_offset, const struct records_info *info, uint8_t *data, size_t len,
    struct arena *arena, struct validate_result *ret, struct validate_errors *ret_errors)
{
	struct validate_result result = { 0 };
	struct job j = {
		.cfg = cfg,
		.origin = origin,
		.now_ms = now_ms,
		.leader_epoch = leader_epoch,
		.first_offset = first_offset,
		.info = info,
		.data = data,
		.len = len,
		.arena = arena,
	};
	int r;

	assert(len == info->valid_bytes);
	r = run(&j, &result);
	batch_builder_fini(&j.out);
	if (r == 0)
		*ret = result;
	else
		explain(&j, ret_errors);
	free(j.bad);
	return FAIL(r);
}

void validate_place(struct validate_result *result, uint8_t *data, int64_t first_offset, int32_t leader_epoch)
{
	uint8_t *p = result->rewritten ? result->rewritten->data : data;
	int64_t shift = first_offset - result->first_offset;

	result->first_offset += shift;
	result->last_offset += shift;
	if (result->shallow_offset_of_max_timestamp >= 0)
		result->shallow_offset_of_max_timestamp += shift;
	if (result->rewritten && result->rewritten->len == 0)
		return;
	batch_set_last_offset(p, result->last_offset);
	batch_set_leader_epoch(p, leader_epoch);
}
