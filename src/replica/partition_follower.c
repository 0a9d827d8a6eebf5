/* partition_follower.c - what a fetcher does to a partition: append, truncate, start anew.
 *
 * Each goes through the partition's gate with the leader epoch it belongs to, so that a fetcher which has not heard yet
 * of a change of roles cannot touch the log after it. A partition has one fetcher, so these calls never overlap for
 * one epoch.
 */
#include "replica/partition.h"

#include "base/error.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "replica/partition_priv.h"
#include "storage/log_dirs.h"

/* Lets the fetcher of `epoch` in. On 0 the log stays attached and ours to change until leave. */
static int enter(struct partition *p, int32_t epoch)
{
	int r = 0;

	lock_take(&p->lock);
	partition_await_change(p);
	if (p->offline)
		r = KERR_KAFKA_STORAGE_ERROR;
	else if (!p->log || p->leader_epoch != epoch || p->leader == p->env->broker_id)
		r = KERR_FENCED_LEADER_EPOCH;
	else
		p->appending++;
	lock_release(&p->lock);
	return r;
}

static void leave(struct partition *p)
{
	lock_take(&p->lock);
	partition_leave(p);
	lock_release(&p->lock);
}

/* --- append --- */

/* The offsets of a set that begins below the end of an empty log: the leader's log starts inside a batch. True when
 * the log can begin with it (KAFKA-6975). */
static bool begins_empty_log(struct log *log, const uint8_t *data, size_t len, int64_t *ret_first)
{
	int64_t end = log_end_offset(log);
	struct batch b;

	if (log_start_offset(log) != end || batch_parse(data, len, &b) != 0)
		return false;
	*ret_first = b.base_offset;
	return b.base_offset < end && b.last_offset >= end;
}

static int append_records(struct partition *p, uint8_t *data, size_t len, struct follower_append *ret)
{
	struct log *log = p->log;
	struct log_append_info info;
	int64_t first;
	int r = log_append_as_follower(log, data, len, &info);

	if (r == KERR_OFFSET_OUT_OF_RANGE && begins_empty_log(log, data, len, &first)) {
		r = log_dirs_truncate_fully_and_start_at(p->env->log_dirs, log, first);
		if (r == 0)
			r = log_append_as_follower(log, data, len, &info);
	}
	if (r || info.last_offset < 0)
		return FAIL(r);
	ret->next_offset = info.last_offset + 1;
	ret->last_epoch = log_latest_epoch(log);
	ret->bytes = len;
	ret->moved |= MOVED_END;
	return 0;
}

/* The leader's marks. The high watermark may go down. */
static int take_marks(struct log *log, int64_t high_watermark, int64_t start, struct follower_append *ret)
{
	if (log_set_high_watermark(log, high_watermark))
		ret->moved |= MOVED_HIGH_WATERMARK;
	ret->high_watermark = log_high_watermark(log);
	if (start <= log_start_offset(log))
		return 0;
	ret->moved |= MOVED_LOW_WATERMARK;
	return log_advance_start_offset(log, start);
}

int partition_append_as_follower(struct partition *p, int32_t epoch, int64_t offset, uint8_t *data, size_t len,
    int64_t leader_high_watermark, int64_t leader_start, struct follower_append *ret)
{
	int r = enter(p, epoch);

	*ret = (struct follower_append){ .next_offset = offset, .last_epoch = -1 };
	if (r)
		return r;
	if (log_end_offset(p->log) != offset)
		r = KERR_OFFSET_OUT_OF_RANGE;
	else if (len > 0)
		r = append_records(p, data, len, ret);
	if (r == 0)
		r = take_marks(p->log, leader_high_watermark, leader_start, ret);
	leave(p);
	return FAIL(r);
}

/* --- truncation --- */

int partition_truncate(struct partition *p, int32_t epoch, int64_t offset)
{
	int r = enter(p, epoch);

	if (r)
		return r;
	r = log_dirs_truncate_to(p->env->log_dirs, p->log, offset);
	leave(p);
	return FAIL(r);
}

int partition_restart_at(struct partition *p, int32_t epoch, int64_t offset)
{
	int r = enter(p, epoch);

	if (r)
		return r;
	r = log_dirs_truncate_fully_and_start_at(p->env->log_dirs, p->log, offset);
	leave(p);
	return FAIL(r);
}
