/* log.c - a log's identity and state, its list of segments, rolling, flushing, closing.
 *
 * Durability, in the order that storage.md 11 and 19 (point 3) ask for. A flush up to the end does:
 *   1 leader-epoch-checkpoint, if it changed   2 per segment from the recovery point on: .log, .index, .timeindex,
 *   .txnindex   3 the directory, if one of those segments was created since   4 only then the recovery point moves.
 * fsyncs run without the log's lock. A truncation meanwhile makes step 4 void.
 */
#include "storage/log.h"

#define LOG_CLASS "kafka.log.UnifiedLog"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/logger.h"
#include "protocol/errors.h"
#include "storage/log_config.h"
#include "storage/log_priv.h"
#include "storage/partition_metadata.h"

struct log *log_ref(struct log *log)
{
	atomic_fetch_add_explicit(&log->refs, 1, memory_order_relaxed);
	return log;
}

struct log *log_unref(struct log *log)
{
	if (!log || atomic_fetch_sub_explicit(&log->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	for (size_t i = 0; i < log->segments_n; i++)
		segment_unref(log->segments[i]);
	free(log->segments);
	producers_free(log->producers);
	leader_epochs_fini(&log->epochs);
	log_config_unref(log->config);
	replica_dir_fini(&log->dir);
	cond_fini(&log->cond);
	lock_fini(&log->lock);
	free(log->topic);
	free(log->label);
	free(log);
	return NULL;
}

/* --- identity and state --- */

const char *log_topic(const struct log *log)
{
	return log->topic;
}

int32_t log_partition(const struct log *log)
{
	return log->partition;
}

const char *log_dir_path(const struct log *log)
{
	return replica_dir_path(&log->dir);
}

const char *log_parent_dir(const struct log *log)
{
	return log->dir.parent;
}

int64_t log_start_offset(struct log *log)
{
	return log->start;
}

int64_t log_end_offset(struct log *log)
{
	return log->end;
}

int64_t log_high_watermark(struct log *log)
{
	return log->hw;
}

int64_t log_recovery_point(struct log *log)
{
	return log->recovery_point;
}

int64_t log_stable_offset(const struct log *log)
{
	int64_t hw = log->hw;

	return log->first_unstable >= 0 && log->first_unstable < hw ? log->first_unstable : hw;
}

int64_t log_last_stable_offset(struct log *log)
{
	int64_t offset;

	lock_take(&log->lock);
	offset = log_stable_offset(log);
	lock_release(&log->lock);
	return offset;
}

int64_t log_size(struct log *log)
{
	int64_t size = 0;

	lock_take(&log->lock);
	for (size_t i = 0; i < log->segments_n; i++)
		size += segment_size(log->segments[i]);
	lock_release(&log->lock);
	return size;
}

int32_t log_latest_epoch(struct log *log)
{
	int32_t epoch;

	lock_take(&log->lock);
	epoch = leader_epochs_latest(&log->epochs);
	lock_release(&log->lock);
	return epoch;
}

struct uuid log_topic_id(struct log *log)
{
	struct uuid id;

	lock_take(&log->lock);
	id = log->topic_id;
	lock_release(&log->lock);
	return id;
}

int32_t log_segments_n(struct log *log)
{
	int32_t n;

	lock_take(&log->lock);
	n = (int32_t)log->segments_n;
	lock_release(&log->lock);
	return n;
}

struct log_config *log_get_config(struct log *log)
{
	struct log_config *config;

	lock_take(&log->lock);
	config = log_config_ref(log->config);
	lock_release(&log->lock);
	return config;
}

void log_set_config(struct log *log, struct log_config *config)
{
	struct log_config *old;

	log_config_ref(config);
	lock_take(&log->lock);
	old = log->config;
	log->config = config;
	if (!log_has_epochs(log)) /* the record format went back */
		leader_epochs_clear(&log->epochs);
	lock_release(&log->lock);
	log_config_unref(old);
}

void log_set_producer_rules(struct log *log, int64_t expiration_ms, bool verify_transactions)
{
	lock_take(&log->lock);
	producers_set_expiration(log->producers, expiration_ms);
	log->verify_transactions = verify_transactions;
	lock_release(&log->lock);
}

int64_t log_last_flush_ms(struct log *log)
{
	int64_t ms;

	lock_take(&log->lock);
	ms = log->last_flush_ms;
	lock_release(&log->lock);
	return ms;
}

void log_offsets(struct log *log, struct log_offsets *ret)
{
	lock_take(&log->lock);
	ret->recovery_point = log->recovery_point;
	ret->start = log->start;
	ret->end = log->end;
	ret->high_watermark = log->hw;
	ret->first_segment = log->segments_n > 0 ? segment_base(log->segments[0]) : log->start;
	ret->last_segment = log->segments_n > 0 ? segment_base(log_active(log)) : log->end;
	lock_release(&log->lock);
}

int log_check_writable(const struct log *log)
{
	if (log->closed)
		return KERR_KAFKA_STORAGE_ERROR;
	return log->failed ? FAIL(-EIO) : 0;
}

int log_note_failure(struct log *log, int r)
{
	if (r < 0 && !log->failed)
		log->failed = r;
	return r;
}

int log_set_topic_id(struct log *log, struct uuid id)
{
	struct uuid have;
	int r;

	lock_take(&log->lock);
	r = log_check_writable(log);
	have = log->topic_id;
	lock_release(&log->lock);
	if (r != 0 || log->without_topic_id)
		return r;
	if (!uuid_is_zero(have))
		return uuid_eq(have, id) ? 0 : KERR_INCONSISTENT_TOPIC_ID;
	r = partition_metadata_write(&log->dir, id);
	if (r < 0)
		return FAIL(r);
	lock_take(&log->lock);
	log->topic_id = id;
	lock_release(&log->lock);
	return 0;
}

/* --- segments --- */

size_t log_floor(const struct log *log, int64_t offset)
{
	size_t lo = 0, hi = log->segments_n;

	if (hi > 0 && offset >= segment_base(log_active(log)))
		return hi - 1; /* what nearly everybody wants */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (segment_base(log->segments[mid]) <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == 0 ? log->segments_n : lo - 1;
}

void log_insert_segment(struct log *log, struct segment *s)
{
	size_t at = log->segments_n;

	log->segments = grow_array(log->segments, &log->segments_cap, log->segments_n + 1,
	    sizeof(struct segment *));
	while (at > 0 && segment_base(log->segments[at - 1]) > segment_base(s))
		at--;
	memmove(log->segments + at + 1, log->segments + at, (log->segments_n - at) * sizeof(struct segment *));
	log->segments[at] = s;
	log->segments_n++;
}

void log_remove_segments(struct log *log, size_t from, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = from; i < from + n; i++)
		segment_unref(log->segments[i]);
	memmove(log->segments + from, log->segments + from + n,
	    (log->segments_n - from - n) * sizeof(struct segment *));
	log->segments_n -= n;
}

void log_forget_places(struct log *log)
{
	log->recent_n = log->recent_next = 0;
	log->hw_place.segment = log->unstable_place.segment = -1;
}

void log_await_swap(struct log *log)
{
	while (log->swapping)
		lock_wait(&log->lock, &log->cond);
}

/* --- high watermark --- */

void log_update_unstable(struct log *log)
{
	int64_t offset = producers_first_unstable(log->producers);

	if (offset >= 0 && offset < log->start)
		offset = log->start;
	if (offset != log->first_unstable)
		log->unstable_place.segment = -1;
	log->first_unstable = offset;
}

/* Notes where `offset` is when that takes no look-up. */
static void note_place(const struct log *log, int64_t offset, struct log_place *place)
{
	if (place->segment >= 0 && place->offset == offset)
		return;
	*place = (struct log_place){ offset, -1, 0 };
	if (offset == log->end) {
		place->segment = segment_base(log_active(log));
		place->position = segment_size(log_active(log));
		return;
	}
	for (unsigned i = 0; i < log->recent_n; i++) {
		if (log->recent[i].first != offset)
			continue;
		place->segment = segment_base(log_active(log));
		place->position = log->recent[i].position;
	}
}

void log_move_hw(struct log *log, int64_t hw)
{
	log->hw = hw;
	note_place(log, hw, &log->hw_place);
	producers_on_high_watermark(log->producers, hw);
	log_update_unstable(log);
}

bool log_set_high_watermark(struct log *log, int64_t hw)
{
	bool moved = false;

	lock_take(&log->lock);
	if (!log->closed && log->segments_n > 0) {
		hw = MAX(log->start, MIN(hw, log->end));
		moved = hw != log->hw;
		if (moved)
			log_move_hw(log, hw);
	}
	lock_release(&log->lock);
	return moved;
}

/* --- leader epochs --- */

int log_write_epochs(struct log *log)
{
	struct checkpoint text = CHECKPOINT_INIT;
	uint64_t version;
	int r;

	lock_take(&log->lock);
	while (log->writing_epochs)
		lock_wait(&log->lock, &log->cond);
	if (!leader_epochs_unwritten(&log->epochs)) {
		lock_release(&log->lock);
		return 0;
	}
	log->writing_epochs = true;
	version = log->epochs.version;
	leader_epochs_text(&log->epochs, &text);
	lock_release(&log->lock);

	r = leader_epochs_write(&log->dir, &text);
	checkpoint_fini(&text);

	lock_take(&log->lock);
	log->writing_epochs = false;
	if (r == 0)
		log->epochs.written = version;
	cond_broadcast(&log->cond);
	(void)log_note_failure(log, r);
	lock_release(&log->lock);
	return r < 0 ? FAIL(r) : 0;
}

int log_assign_epoch(struct log *log, int32_t epoch, int64_t start_offset)
{
	int r;

	lock_take(&log->lock);
	r = log_check_writable(log);
	if (r == 0 && log_has_epochs(log))
		(void)leader_epochs_assign(&log->epochs, epoch, start_offset);
	lock_release(&log->lock);
	/* Written with the next flush, before the recovery point moves: until then recovery finds the epoch in the batches,
	 * and an epoch without batches answers like the one that follows it. Kafka syncs here, which makes a start with
	 * thousands of partitions take seconds. */
	return r;
}

void log_end_offset_for_epoch(struct log *log, int32_t epoch, int32_t *ret_epoch, int64_t *ret_end_offset)
{
	lock_take(&log->lock);
	leader_epochs_end_offset(&log->epochs, epoch, log->end, ret_epoch, ret_end_offset);
	lock_release(&log->lock);
}

void log_expire_producers(struct log *log, int64_t now_ms)
{
	lock_take(&log->lock);
	producers_expire(log->producers, now_ms);
	lock_release(&log->lock);
}

/* --- flush --- */

static void run_flush(struct chore *chore)
{
	struct log *log = CONTAINER_OF(chore, struct log, flush_chore);
	bool wanted;
	int r = 0;

	lock_take(&log->lock);
	log->flush_queued = false;
	wanted = !log->closed && !log->failed;
	lock_release(&log->lock);
	if (wanted)
		r = log_flush_all(log, false);
	if (r < 0 && log->on_failure)
		log->on_failure(log->failure_arg, log->dir.parent, r);
	log_unref(log);
}

static void drop_flush(struct chore *chore)
{
	log_unref(CONTAINER_OF(chore, struct log, flush_chore));
}

void log_queue_flush(struct log *log)
{
	if (log->flush_queued || !log->chores)
		return;
	log->flush_queued = true;
	log->flush_chore.run = run_flush;
	log->flush_chore.drop = drop_flush;
	chores_add(log->chores, &log_ref(log)->flush_chore, 0);
}

/* What a flush works on: references, taken under the lock. */
struct flush_set {
	struct segment **v;
	size_t n;
	bool new_files;
	int64_t end;
	uint64_t cuts;
};

static void collect(struct log *log, bool all, struct flush_set *ret)
{
	int64_t from = log->recovery_point;
	size_t i = log_floor(log, from);

	*ret = (struct flush_set){ .end = log->end, .cuts = log->cuts, .new_files = all };
	if (i == log->segments_n)
		i = 0;
	ret->v = xcalloc(log->segments_n - i, sizeof(struct segment *));
	for (; i < log->segments_n; i++) {
		ret->v[ret->n++] = segment_ref(log->segments[i]);
		if (segment_base(log->segments[i]) >= from)
			ret->new_files = true;
	}
}

static int sync_set(struct log *log, struct flush_set *set)
{
	int r = log_write_epochs(log);

	for (size_t i = 0; i < set->n; i++) {
		if (r == 0)
			r = segment_flush(set->v[i]);
		segment_unref(set->v[i]);
	}
	free(set->v);
	if (r == 0 && set->new_files)
		r = fs_sync_dir(replica_dir_path(&log->dir));
	return r < 0 ? FAIL(r) : 0;
}

int log_flush_all(struct log *log, bool all)
{
	struct flush_set set;
	int r;

	lock_take(&log->lock);
	while (log->flushing)
		lock_wait(&log->lock, &log->cond);
	r = log_check_writable(log);
	if (r != 0 || (!all && log->recovery_point >= log->end && !leader_epochs_unwritten(&log->epochs))) {
		lock_release(&log->lock);
		return r;
	}
	log->flushing = true;
	collect(log, all, &set);
	lock_release(&log->lock);

	r = sync_set(log, &set);

	lock_take(&log->lock);
	log->flushing = false;
	if (r == 0 && set.cuts == log->cuts && set.end > log->recovery_point)
		log->recovery_point = set.end;
	log->last_flush_ms = clock_wall_ms(log->clock);
	(void)log_note_failure(log, r);
	cond_broadcast(&log->cond);
	lock_release(&log->lock);
	return r < 0 ? FAIL(r) : 0;
}

int log_flush(struct log *log)
{
	return log_flush_all(log, false);
}

/* --- roll --- */

/* storage.md 4.5. The new snapshot is synced by the flush that is queued here (Kafka does the same). */
int log_roll(struct log *log, int64_t base)
{
	struct segment *old = log_active(log), *s = NULL;
	int r;

	if (segment_size(old) == 0 && segment_base(old) == base)
		return 0; /* an empty active segment serves */
	if (base <= segment_base(old))
		return FAIL(-EEXIST);
	r = segment_become_inactive(old);
	if (r == 0)
		r = segment_create(&log->dir, base, "", log->config, log->clock, &s);
	if (r < 0)
		return FAIL(r);
	log_insert_segment(log, s);
	log->recent_n = log->recent_next = 0;
	producers_set_map_end(log->producers, base);
	r = producers_snapshot(log->producers, false);
	if (r < 0)
		return FAIL(r);
	log_queue_flush(log);
	return 0;
}

/* --- end --- */

/* Waits for a flush, epoch write or swap that is under way and shuts the log for everybody else. Lock held. */
static void shut(struct log *log)
{
	while (log->flushing || log->writing_epochs || log->swapping)
		lock_wait(&log->lock, &log->cond);
	log->closed = true;
}

int log_close_clean(struct log *log)
{
	int r = log_flush_all(log, true);

	lock_take(&log->lock);
	shut(log);
	if (r == 0 && log->end > log->recovery_point)
		r = FAIL(-EBUSY); /* somebody appended meanwhile: the caller stopped its users too late */
	producers_set_map_end(log->producers, log->end);
	if (r == 0)
		r = producers_snapshot(log->producers, true);
	for (size_t i = 0; i < log->segments_n; i++) {
		if (r == 0)
			r = segment_close(log->segments[i]);
		else
			segment_close_dirty(log->segments[i]);
	}
	lock_release(&log->lock);
	return r < 0 ? FAIL(r) : 0;
}

void log_close_dirty(struct log *log)
{
	lock_take(&log->lock);
	shut(log);
	for (size_t i = 0; i < log->segments_n; i++)
		segment_close_dirty(log->segments[i]);
	lock_release(&log->lock);
}

int log_rename_dir(struct log *log, const char *name)
{
	int r;

	/* Path changes are rare and files in the directory are opened by name: keep them apart with the lock. */
	lock_take(&log->lock);
	while (log->flushing || log->writing_epochs || log->swapping)
		lock_wait(&log->lock, &log->cond);
	r = replica_dir_rename(&log->dir, name);
	lock_release(&log->lock);
	return r < 0 ? FAIL(r) : 0;
}

int log_delete_files(struct log *log)
{
	int r;

	log_close_dirty(log);
	r = fs_remove_tree(replica_dir_path(&log->dir));
	return r < 0 ? FAIL(r) : 0;
}
