/* log_append.c - appends of a leader and of a follower.
 *
 * All work on record bytes (checksums, decompression, recompression) is done before the lock: a set is validated
 * as if it began at offset 0, and under the lock only moved to the log end offset, which the checksum of magic 2
 * does not cover. So the lock is held for sequence checks, the roll and one write. Only compressed messages of format 0
 * cannot be moved, since the inner ones have absolute offsets: logs of that format validate under the lock, as Kafka does.
 * Steps: storage.md 4.1.
 */
#define LOG_CLASS "kafka.log.UnifiedLog"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/logger.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "storage/log_config.h"
#include "storage/log_priv.h"
#include "storage/txn_index.h"

static const struct log_append_info nothing = {
	.first_offset = -1,
	.last_offset = -1,
	.max_timestamp = -1,
	.log_append_time = -1,
	.log_start_offset = -1,
	.error_message = { NULL, -1 },
};

/* A validated set on its way into the log. */
struct pending {
	uint8_t *data;
	size_t len;
	int64_t first, last; /* offsets */
	struct timestamp_offset max;
	enum append_origin origin;
	uint64_t guard; /* of a transactional append */
	bool placed;	/* its offsets are those of the log already */
};

static void fill_validate_config(const struct log_config *c, struct validate_config *ret)
{
	*ret = (struct validate_config)VALIDATE_CONFIG_INIT;
	ret->target_codec = c->compression_type == LOG_COMPRESSION_PRODUCER ? TARGET_PRODUCER : c->compression_type;
	if (ret->target_codec == CODEC_GZIP)
		ret->level = c->compression_gzip_level;
	else if (ret->target_codec == CODEC_LZ4)
		ret->level = c->compression_lz4_level;
	else if (ret->target_codec == CODEC_ZSTD)
		ret->level = c->compression_zstd_level;
	ret->timestamp_type = c->log_append_time ? TIMESTAMP_LOG_APPEND : TIMESTAMP_CREATE;
	ret->timestamp_before_max_ms = c->message_timestamp_before_max_ms;
	ret->timestamp_after_max_ms = c->message_timestamp_after_max_ms;
	ret->magic = c->record_format;
	ret->no_zstd = !c->allow_zstd;
	ret->compacted = c->cleanup_compact;
	ret->max_message_bytes = (size_t)c->max_message_bytes;
}

/* Moves a set that begins at offset 0 to `base`. */
static int shift_offsets(struct pending *p, int64_t base)
{
	struct batch b;
	size_t pos = 0, at = 0;
	int r;

	if (base > INT64_MAX - INT32_MAX - p->last)
		return FAIL(-EOVERFLOW);
	while ((r = batch_next(p->data, p->len, &pos, &b)) == 0) {
		batch_set_base_offset(p->data + at, b.base_offset + base);
		at = pos;
	}
	if (r != BATCH_PARTIAL)
		return r;
	p->first += base;
	p->last += base;
	p->max.offset += base;
	return 0;
}

/* The first batch that is a resend: answered with the offsets of the original. */
static bool find_duplicate(struct log *log, const struct pending *p, struct log_append_info *ret)
{
	struct producer_duplicate dup;
	struct batch b;
	size_t pos = 0;

	while (batch_next(p->data, p->len, &pos, &b) == 0) {
		if (!batch_has_producer(&b) || b.control || !producers_find_duplicate(log->producers, &b, &dup))
			continue;
		ret->duplicate = true;
		ret->first_offset = dup.first_offset;
		ret->last_offset = dup.last_offset;
		ret->max_timestamp = dup.timestamp;
		ret->log_append_time = dup.timestamp; /* protocol.md 8.5 */
		return true;
	}
	return false;
}

static bool verification_missing(const struct log *log, const struct pending *p, const struct batch *b)
{
	return log->verify_transactions && p->origin != APPEND_REPLICATION && b->transactional && !b->control &&
	    !producers_has_ongoing_txn(log->producers, b->producer_id) &&
	    !producers_verified(log->producers, b->producer_id, p->guard);
}

static int stage_producers(struct log *log, const struct pending *p)
{
	struct batch b;
	size_t pos = 0;
	int r;

	while ((r = batch_next(p->data, p->len, &pos, &b)) == 0) {
		if (!batch_has_producer(&b))
			continue;
		r = verification_missing(log, p, &b) ? KERR_INVALID_TXN_STATE :
						       producers_stage(log->producers, &b, p->origin);
		if (r != 0) {
			producers_abort(log->producers);
			return r;
		}
	}
	return 0;
}

static void assign_epochs(struct log *log, const struct pending *p)
{
	struct batch b;
	size_t pos = 0;

	while (batch_next(p->data, p->len, &pos, &b) == 0) {
		if (b.magic >= 2 && log_has_epochs(log))
			(void)leader_epochs_assign(&log->epochs, b.leader_epoch, b.base_offset);
		else
			leader_epochs_clear(&log->epochs);
	}
	/* The file follows with the next flush, before the recovery point moves: until then recovery finds the
	 * epoch in the data itself. */
	if (leader_epochs_unwritten(&log->epochs))
		log_queue_flush(log);
}

static void note_recent(struct log *log, const struct pending *p, int64_t position)
{
	struct batch b;
	size_t pos = 0;

	if (batch_next(p->data, p->len, &pos, &b) != 0 || b.magic < 2)
		return;
	log->recent[log->recent_next] = (struct recent_append){ b.base_offset, b.last_offset, position, b.size };
	log->recent_next = (log->recent_next + 1) % RECENT_APPENDS;
	if (log->recent_n < RECENT_APPENDS)
		log->recent_n++;
}

/* After the write: producer state, aborted transactions, unstable offset. */
static int publish(struct log *log)
{
	const struct completed_txn *t;
	int r = 0;

	producers_commit(log->producers);
	for (size_t i = 0; (t = producers_completed(log->producers, i)); i++) {
		if (t->aborted && r == 0) {
			const struct txn_index_entry e = { t->producer_id, t->first_offset, t->last_offset,
				producers_stable_after(log->producers, t) };

			r = segment_append_txn(log_active(log), &e);
		}
		producers_complete(log->producers, t);
	}
	producers_set_map_end(log->producers, log->end);
	log_update_unstable(log);
	return r < 0 ? FAIL(r) : 0;
}

/* The new segment begins where the old one's data end, also when what comes next begins later (a follower of a
 * compacted log): so that a gap between two segments is never of an append's making, and recovery can tell a lost
 * tail. Only a gap of more than 2^31 - 1 offsets cannot be bridged. */
static int roll_if_needed(struct log *log, const struct pending *p)
{
	int r = segment_should_roll(log_active(log), log->config, clock_wall_ms(log->clock), p->max.timestamp,
	    p->last, p->len);

	if (r == 1)
		r = log_roll(log, MAX(log->data_end, p->last - INT32_MAX));
	return r < 0 ? FAIL(r) : 0;
}

/* Steps 7 to 13, lock held. */
static int append_locked(struct log *log, const struct pending *p, struct log_append_info *ret)
{
	int64_t position;
	int r;

	if ((int64_t)p->len > log->config->segment_bytes)
		return KERR_RECORD_LIST_TOO_LARGE;
	assign_epochs(log, p);
	r = roll_if_needed(log, p);
	if (r < 0)
		return FAIL(log_note_failure(log, r));
	if (p->origin == APPEND_CLIENT && find_duplicate(log, p, ret))
		return 0;
	r = stage_producers(log, p);
	if (r != 0)
		return r;
	if (!segment_covers(log_active(log), p->last)) { /* one append that spans 2^31 offsets */
		producers_abort(log->producers);
		return KERR_INVALID_RECORD;
	}
	position = segment_size(log_active(log));
	r = segment_append(log_active(log), p->last, p->max, p->data, p->len);
	if (r < 0) {
		producers_abort(log->producers);
		return FAIL(log_note_failure(log, r));
	}
	log->data_end = p->last + 1;
	log->end = log->data_end;
	note_recent(log, p, position);
	r = publish(log);
	if (r < 0)
		return FAIL(log_note_failure(log, r));
	ret->first_offset = p->first;
	ret->last_offset = p->last;
	ret->max_timestamp = p->max.timestamp;
	ret->high_watermark_may_move = true;
	return 0;
}

/* flush.messages: the answer waits for the disk, the log's lock does not. */
static int flush_if_due(struct log *log, const struct log_config *config)
{
	if (config->flush_messages == INT64_MAX || log->end - log->recovery_point < config->flush_messages)
		return 0;
	return log_flush(log);
}

/* Whether protocol.md 8.5 wants the log start offset beside this answer. */
static bool shows_start(int r)
{
	return r >= 0 && r != KERR_MESSAGE_TOO_LARGE && r != KERR_RECORD_LIST_TOO_LARGE && r != KERR_CORRUPT_MESSAGE &&
	    r != KERR_KAFKA_STORAGE_ERROR;
}

static int append_leader_locked(struct log *log, struct pending *p, struct log_append_info *ret)
{
	int r = log_check_writable(log);

	if (r == 0 && !p->placed)
		r = shift_offsets(p, log->end);
	if (r == 0)
		r = append_locked(log, p, ret);
	return r;
}

/* What a leader's append works with. */
struct leader_append {
	struct validate_config config;
	struct records_info info;
	struct validate_result result;
	int32_t leader_epoch;
};

/* 0 with a->result, else as validate_records; ret has the reasons. `base`: of the first record. */
static int validate(struct log *log, struct leader_append *a, enum append_origin origin, int64_t base, uint8_t *data,
    struct arena *arena, struct log_append_info *ret)
{
	struct validate_errors errors = { 0 };
	int r = validate_records(&a->config, origin, clock_wall_ms(log->clock), a->leader_epoch, base, &a->info, data,
	    a->info.valid_bytes, arena, &a->result, &errors);

	if (r > 0) {
		ret->errors = errors.v;
		ret->errors_n = errors.n;
		ret->error_message = errors.n > 0 ? errors.message : STR_NULL;
	}
	return r;
}

int log_append_verified(struct log *log, uint8_t *data, size_t len, int32_t leader_epoch, enum append_origin origin,
    int16_t produce_version, uint64_t guard, struct arena *arena, struct log_append_info *ret)
{
	CLEANUP(log_config_unrefp) struct log_config *config = log_get_config(log);
	CLEANUP(buf_unrefp) struct buf *rewritten = NULL;
	struct leader_append a = { .leader_epoch = leader_epoch };
	bool placed = config->record_format == 0;
	struct pending p;
	int r;

	*ret = nothing;
	fill_validate_config(config, &a.config);
	r = records_analyze(data, len, origin, a.config.max_message_bytes, &a.info);
	if (r == 0 && a.info.batches > 0 && origin == APPEND_CLIENT)
		r = records_check_version(data, a.info.valid_bytes, produce_version);
	if (placed)
		lock_take(&log->lock);
	if (r == 0 && a.info.batches > 0)
		r = validate(log, &a, origin, placed ? log->end : 0, data, arena, ret);
	if (shows_start(r))
		ret->log_start_offset = log->start;
	if (r != 0 || a.info.batches == 0) {
		if (placed)
			lock_release(&log->lock);
		return r < 0 ? FAIL(r) : r;
	}
	rewritten = a.result.rewritten;
	p = (struct pending){ .data = rewritten ? rewritten->data : data,
		.len = rewritten ? rewritten->len : a.info.valid_bytes, .first = a.result.first_offset,
		.last = a.result.last_offset, .max = { a.result.max_timestamp, a.result.shallow_offset_of_max_timestamp },
		.origin = origin, .guard = guard, .placed = placed };
	ret->log_append_time = a.result.log_append_time;

	if (!placed)
		lock_take(&log->lock);
	r = append_leader_locked(log, &p, ret);
	lock_release(&log->lock);
	if (r == 0 && !ret->duplicate)
		r = flush_if_due(log, config);
	ret->log_start_offset = shows_start(r) ? log->start : -1;
	return r < 0 ? FAIL(r) : r;
}

int log_append_as_leader(struct log *log, uint8_t *data, size_t len, int32_t leader_epoch, enum append_origin origin,
    int16_t produce_version, struct arena *arena, struct log_append_info *ret)
{
	return log_append_verified(log, data, len, leader_epoch, origin, produce_version, 0, arena, ret);
}

uint64_t log_start_verification(struct log *log, int64_t producer_id, int32_t sequence, int16_t epoch)
{
	uint64_t guard = 0;

	lock_take(&log->lock);
	if (log->verify_transactions)
		guard = producers_verification_start(log->producers, producer_id, sequence, epoch,
		    clock_wall_ms(log->clock));
	lock_release(&log->lock);
	return guard;
}

bool log_has_ongoing_txn(struct log *log, int64_t producer_id)
{
	bool has;

	lock_take(&log->lock);
	has = producers_has_ongoing_txn(log->producers, producer_id);
	lock_release(&log->lock);
	return has;
}

static int append_follower_locked(struct log *log, const struct pending *p, const struct records_info *info,
    struct log_append_info *ret)
{
	int64_t begins = info->first_offset >= 0 ? info->first_offset : info->last_offset_of_first_batch;
	int r = log_check_writable(log);

	if (r != 0)
		return r;
	if (begins < log->end || !info->monotonic || p->last < begins || p->last == INT64_MAX)
		return KERR_OFFSET_OUT_OF_RANGE;
	return append_locked(log, p, ret);
}

int log_append_as_follower(struct log *log, uint8_t *data, size_t len, struct log_append_info *ret)
{
	CLEANUP(log_config_unrefp) struct log_config *config = log_get_config(log);
	struct records_info info;
	struct pending p;
	int r;

	*ret = nothing;
	r = records_analyze(data, len, APPEND_REPLICATION, 0, &info);
	if (r != 0 || info.batches == 0)
		return r;
	p = (struct pending){ .data = data, .len = info.valid_bytes, .last = info.last_offset,
		.first = info.first_offset >= 0 ? info.first_offset : MAX(info.last_offset - INT32_MAX, 0),
		.max = { info.max_timestamp, info.shallow_offset_of_max_timestamp }, .origin = APPEND_REPLICATION };

	lock_take(&log->lock);
	r = append_follower_locked(log, &p, &info, ret);
	lock_release(&log->lock);
	if (r == 0)
		r = flush_if_due(log, config);
	ret->log_start_offset = r == 0 ? log->start : -1;
	return r < 0 ? FAIL(r) : r;
}
