/* mover.c - the copying. The threads take partitions from one queue and stay with one until it is done. */
#include "replica/mover.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/lock.h"
#include "protocol/errors.h"
#include "replica/partitions_priv.h"
#include "replica/throttle.h"
#include "storage/log.h"
#include "storage/log_dirs.h"

#define LOG_CLASS "kafka.server.ReplicaAlterLogDirsThread"
#include "base/logger.h"

enum { CHUNK_BYTES_MAX = 1 << 20 };

struct move {
	struct list link;
	struct mover *m;
	struct partition *p; /* counted */
	struct log *future;  /* counted */
	bool begun;	     /* one step was made; the thread's own */
	bool flushed;	     /* what was copied until it was even for the first time; the thread's own */
	bool cancelled;	     /* under the lock */
	bool running;	     /* a thread has it; under the lock */
};

struct mover {
	struct mover_config config;
	size_t chunk_bytes;
	pthread_t *threads;
	struct lock lock; /* RANK_QUEUE */
	struct cond changed;
	struct list moves; /* all of them, the oldest first */
	uint64_t woken; /* how often */
	bool stop, joined;
};

static void move_free(struct move *mv)
{
	list_remove(&mv->link);
	partition_unref(mv->p);
	log_unref(mv->future);
	free(mv);
}

/* Waits until the quota has room. False: the move is over. */
static bool await_room(struct mover *m, struct move *mv)
{
	uint64_t woken;
	int64_t until;
	bool over;

	lock_take(&m->lock);
	while (!m->stop && !mv->cancelled && throttle_is_exceeded(m->config.throttle, THROTTLE_MOVES)) {
		until = clock_mono_ms(&clock_real) + m->config.backoff_ms;
		woken = m->woken;
		while (!m->stop && !mv->cancelled && m->woken == woken &&
			lock_wait_until(&m->lock, &m->changed, until))
			;
	}
	over = m->stop || mv->cancelled;
	lock_release(&m->lock);
	return !over;
}

/* --- agreeing with the log --- */

/* Records of formats 0 and 1 do not tell where a log was written anew: what was truncated goes from the copy too, and of
 * a copy of before this broker's start only what was replicated stays. */
static int agree_without_epochs(struct move *mv, struct log *log)
{
	int64_t cut = log_take_cut(log), end = log_end_offset(mv->future);
	int64_t same_end = mv->begun ? MIN(cut, log_end_offset(log)) : log_high_watermark(mv->future);

	return end > same_end ? log_truncate_to(mv->future, same_end) : 0;
}

/* The copy is cut off where the log, which may have been truncated and written anew, agrees with it no longer; a copy that
 * ends below the log's start begins anew there. */
static int agree(struct move *mv, struct log *log)
{
	struct log *future = mv->future;
	int32_t epoch = log_latest_epoch(future), same;
	int64_t end = log_end_offset(future), same_end;

	if (end < log_start_offset(log))
		return log_truncate_fully_and_start_at(future, log_start_offset(log));
	if (epoch < 0)
		return agree_without_epochs(mv, log);
	log_end_offset_for_epoch(log, epoch, &same, &same_end);
	if (same == epoch && same_end >= end)
		return 0;
	if (same < 0 || same_end < 0) /* an epoch newer than all of the log: as far as the log goes */
		same_end = log_end_offset(log);
	return log_truncate_to(future, MIN(same_end, end));
}

/* --- copying --- */

/* Marks follow the records. */
static int take_marks(struct log *log, struct log *future)
{
	(void)log_set_high_watermark(future, log_high_watermark(log));
	if (log_start_offset(log) <= log_start_offset(future) || log_start_offset(log) > log_high_watermark(future))
		return 0;
	return log_advance_start_offset(future, log_start_offset(log));
}

/* The next bytes of the log into the copy, by way of a buffer of `size`. *ret: how many; 0: both end alike. */
static int copy_some(struct log *log, struct log *future, uint8_t *buf, size_t size, size_t *ret)
{
	struct log_append_info info;
	struct log_slice slice;
	struct arena a;
	int r;

	*ret = 0;
	arena_init(&a, 0);
	r = log_read(log, log_end_offset(future), size, true, FETCH_LOG_END, &a, &slice);
	arena_fini(&a);
	if (r || slice.len == 0) {
		if (r == 0)
			log_slice_fini(&slice);
		return FAIL(r);
	}
	if (slice.len > size) { /* one batch that is larger */
		uint8_t *large = malloc(slice.len);

		r = large ? file_read_full(slice.file, large, slice.len, slice.at) : -ENOMEM;
		if (!r)
			r = log_append_as_follower(future, large, slice.len, &info);
		free(large);
	} else {
		r = file_read_full(slice.file, buf, slice.len, slice.at);
		if (!r)
			r = log_append_as_follower(future, buf, slice.len, &info);
	}
	*ret = r ? 0 : slice.len;
	log_slice_fini(&slice);
	return FAIL(r);
}

/* Nobody appends or truncates. */
static int replace(void *arg)
{
	const struct move *mv = arg;
	struct log *log = partition_log(mv->p);
	bool differs = log && log_latest_epoch(mv->future) < 0 && log_has_cut(log);

	log_unref(log);
	if (differs)
		return -EAGAIN;
	return log_dirs_replace_by_future(mv->m->config.log_dirs, partition_topic(mv->p), partition_index(mv->p));
}

/* 0: the copy is the log now; -EAGAIN: more was written meanwhile; other: it cannot be. */
static int try_swap(struct move *mv)
{
	struct disk_pace *pace = partitions_pace(mv->m->config.partitions, log_parent_dir(mv->future));

	return partition_swap_future(mv->p, mv->future, pace, replace, mv);
}

/* The swap flushes the copy while appends wait; most of it is on disk before that. */
static int flush(struct move *mv)
{
	int r = log_flush(mv->future);

	mv->flushed = true;
	if (r < 0)
		log_dirs_fail(mv->m->config.log_dirs, log_parent_dir(mv->future), r);
	return FAIL(r);
}

/* One step. 0: go on; 1: done; -errno, > 0: failed. */
static int step(struct move *mv, uint8_t *buf, size_t *ret_bytes)
{
	struct log *log = partition_log(mv->p);
	bool more;
	int r;

	*ret_bytes = 0;
	if (!log)
		return -ECANCELED;
	r = agree(mv, log);
	mv->begun = true;
	if (!r)
		r = copy_some(log, mv->future, buf, mv->m->chunk_bytes, ret_bytes);
	if (!r)
		r = take_marks(log, mv->future);
	more = !r && log_end_offset(mv->future) < log_end_offset(log);
	log_unref(log);
	if (r || more)
		return r;
	if (!mv->flushed)
		return flush(mv);
	r = try_swap(mv);
	return r == 0 ? 1 : r == -EAGAIN ? 0 : r;
}

static void copy(struct mover *m, struct move *mv, uint8_t *buf)
{
	char text[256];
	size_t bytes;
	int r = 0;

	while (r == 0 && await_room(m, mv)) {
		r = step(mv, buf, &bytes);
		if (r == KERR_OFFSET_OUT_OF_RANGE) /* the log moved under us: look again */
			r = 0;
		if (bytes > 0)
			throttle_record(m->config.throttle, THROTTLE_MOVES, bytes);
	}
	if (r == 1)
		log_info("[ReplicaAlterLogDirsThread] Moved %s-%d to %s", partition_topic(mv->p),
		    (int)partition_index(mv->p), log_parent_dir(mv->future));
	else if (r && r != -ECANCELED)
		log_error("[ReplicaAlterLogDirsThread] %s-%d is not copied to %s any more: %s", partition_topic(mv->p),
		    (int)partition_index(mv->p), log_parent_dir(mv->future),
		    r > 0 ? kerr_name(r) : error_text(r, text, sizeof(text)));
	if (r != 0 && r != 1)
		partition_set_future(mv->p, NULL); /* nothing waits for it any more */
}

/* --- the threads --- */

static struct move *take_move(struct mover *m)
{
	struct move *mv, *found = NULL;

	lock_take(&m->lock);
	while (!m->stop && !found) {
		list_foreach(mv, &m->moves, link) {
			if (!found && !mv->running)
				found = mv;
		}
		if (!found)
			lock_wait(&m->lock, &m->changed);
	}
	if (m->stop)
		found = NULL;
	if (found)
		found->running = true;
	lock_release(&m->lock);
	return found;
}

static void end_move(struct mover *m, struct move *mv)
{
	lock_take(&m->lock);
	list_remove(&mv->link);
	cond_broadcast(&m->changed);
	lock_release(&m->lock);
	move_free(mv);
}

static void *run(void *arg)
{
	struct mover *m = arg;
	uint8_t *buf = xmalloc(m->chunk_bytes);
	struct move *mv;

	pthread_setname_np(pthread_self(), "mover");
	while ((mv = take_move(m)) != NULL) {
		copy(m, mv, buf);
		end_move(m, mv);
	}
	free(buf);
	return NULL;
}

/* --- life --- */

struct mover *mover_new(const struct mover_config *c)
{
	struct mover *m = xcalloc(1, sizeof(*m));

	m->config = *c;
	m->chunk_bytes = (size_t)MAX(MIN(c->chunk_bytes, CHUNK_BYTES_MAX), 1);
	lock_init(&m->lock, RANK_QUEUE, "mover");
	cond_init(&m->changed);
	list_init(&m->moves);
	m->threads = xcalloc((size_t)c->threads, sizeof(*m->threads));
	for (int32_t i = 0; i < c->threads; i++) {
		int r = pthread_create(&m->threads[i], NULL, run, m);

		assert(r == 0);
	}
	return m;
}

void mover_wake(struct mover *m)
{
	lock_take(&m->lock);
	m->woken++;
	cond_broadcast(&m->changed);
	lock_release(&m->lock);
}

void mover_stop(struct mover *m)
{
	lock_take(&m->lock);
	m->stop = true;
	cond_broadcast(&m->changed);
	lock_release(&m->lock);
	for (int32_t i = 0; i < m->config.threads && !m->joined; i++)
		pthread_join(m->threads[i], NULL);
	m->joined = true;
}

struct mover *mover_free(struct mover *m)
{
	struct move *mv, *tmp;

	if (!m)
		return NULL;
	mover_stop(m);
	list_foreach_safe(mv, tmp, &m->moves, link)
		move_free(mv);
	cond_fini(&m->changed);
	lock_fini(&m->lock);
	free(m->threads);
	free(m);
	return NULL;
}

static struct move *find(struct mover *m, const struct partition *p)
{
	struct move *mv;

	list_foreach(mv, &m->moves, link)
		if (mv->p == p && !mv->cancelled)
			return mv;
	return NULL;
}

void mover_add(struct mover *m, struct partition *p, struct log *future)
{
	struct move *mv;

	partition_set_future(p, future);
	lock_take(&m->lock);
	if (!find(m, p) && !m->stop) {
		mv = xcalloc(1, sizeof(*mv));
		list_init(&mv->link);
		mv->m = m;
		mv->p = partition_ref(p);
		mv->future = log_ref(future);
		list_append(&m->moves, &mv->link);
		cond_broadcast(&m->changed);
	}
	lock_release(&m->lock);
}

static bool is_listed(struct mover *m, const struct move *wanted)
{
	struct move *mv;

	list_foreach(mv, &m->moves, link)
		if (mv == wanted)
			return true;
	return false;
}

void mover_remove(struct mover *m, struct partition *p)
{
	struct move *mv, *gone = NULL;

	partition_set_future(p, NULL);
	lock_take(&m->lock);
	mv = find(m, p);
	if (mv) {
		mv->cancelled = true;
		cond_broadcast(&m->changed);
	}
	if (mv && !mv->running) {
		list_remove(&mv->link);
		gone = mv;
	}
	while (mv && !gone && is_listed(m, mv)) /* until its thread has let go of it */
		lock_wait(&m->lock, &m->changed);
	lock_release(&m->lock);
	if (gone)
		move_free(gone);
}
