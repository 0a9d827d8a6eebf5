/* log_dirs_background.c - the timers: retention, flush.ms, checkpoints, idle producers, removal of deleted logs.
 *
 * Names and periods are Kafka's (LogManager.scala, ReplicaManager.scala). Each function walks a snapshot of the
 * table, so nothing is locked while the disk works.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#define LOG_CLASS LOG_MANAGER_CLASS
#include "base/logger.h"
#include "storage/cleaner_table.h"
#include "storage/log.h"
#include "storage/log_config.h"
#include "storage/log_dirs_priv.h"
#include "storage/log_open.h"

/* A period beyond this is "never": the defaults of the flush settings are 2^63-1. */
#define NEVER_MS (INT64_C(1) << 52)

/* How often deleted logs are looked at; the queue is empty nearly always. */
#define DELETE_PERIOD_MS 1000

static bool is_compacted(struct log *log)
{
	CLEANUP(log_config_unrefp) struct log_config *config = log_get_config(log);

	return config->cleanup_compact;
}

/* Logs that are compacted get theirs from the cleaner threads; without a cleaner they get none (LogManager.cleanupLogs).
 * One whose policy has just changed may still be in a cleaner's hands: its turn comes with the next run. */
static void retain_one(struct log_dirs *d, struct log *log, bool future)
{
	CLEANUP(freep) char *key = xasprintf("%s-%d", log_topic(log), log_partition(log));
	int r;

	if (is_compacted(log) || (!future && !cleaner_table_pause_if_free(d->cleaner, key)))
		return;
	r = log_apply_retention(log);
	if (!future)
		cleaner_table_resume(d->cleaner, key);
	if (r < 0)
		log_dirs_fail_doing(d, log_parent_dir(log), r, "Error while deleting segments for %s-%d in dir %s",
		    log_topic(log), log_partition(log), log_parent_dir(log));
}

static void retain_all(struct log_dirs *d, bool future)
{
	size_t n;
	struct log **v = log_dirs_snapshot(d, NULL, !future, future, &n);

	for (size_t i = 0; i < n; i++)
		retain_one(d, v[i], future);
	log_dirs_unref_all(v, n);
}

static void retention(void *arg)
{
	retain_all(arg, false);
	retain_all(arg, true);
}

static bool flush_is_due(struct log *log, int64_t now_ms)
{
	CLEANUP(log_config_unrefp) struct log_config *config = log_get_config(log);

	return now_ms - log_last_flush_ms(log) >= config->flush_ms;
}

static void flush(void *arg)
{
	struct log_dirs *d = arg;
	size_t n;
	struct log **v = log_dirs_snapshot(d, NULL, true, true, &n);

	for (size_t i = 0; i < n; i++) {
		int r = flush_is_due(v[i], clock_wall_ms(d->clock)) ? log_flush(v[i]) : 0;

		if (r < 0)
			log_dirs_fail_doing(d, log_parent_dir(v[i]), r, "Error while flushing log for %s-%d in dir %s",
			    log_topic(v[i]), log_partition(v[i]), log_parent_dir(v[i]));
	}
	log_dirs_unref_all(v, n);
}

static void expire_producers(void *arg)
{
	struct log_dirs *d = arg;
	size_t n;
	struct log **v = log_dirs_snapshot(d, NULL, true, true, &n);

	for (size_t i = 0; i < n; i++)
		log_expire_producers(v[i], clock_wall_ms(d->clock));
	log_dirs_unref_all(v, n);
}

static void checkpoint_recovery_points(void *arg)
{
	log_dirs_checkpoint_all(arg, CHECKPOINT_RECOVERY_POINT);
}

static void checkpoint_log_starts(void *arg)
{
	log_dirs_checkpoint_all(arg, CHECKPOINT_LOG_START);
}

static void checkpoint_high_watermarks(void *arg)
{
	log_dirs_checkpoint_all(arg, CHECKPOINT_HIGH_WATERMARK);
}

/* Takes the first one that is due out of the queue. The queue is in order of time, unless the delay has been
 * lowered meanwhile; then the later ones wait a little longer, as in Kafka. */
static struct doomed_log *next_doomed(struct log_dirs *d)
{
	struct doomed_log *x;

	lock_take(&d->lock);
	x = list_first(&d->doomed, struct doomed_log, link);
	if (x && x->due_ms <= clock_mono_ms(d->clock))
		list_remove(&x->link);
	else
		x = NULL;
	lock_release(&d->lock);
	return x;
}

static void remove_one(struct log_dirs *d, struct doomed_log *x)
{
	int r = log_delete_files(x->log);

	if (r < 0)
		log_dirs_fail_doing(d, x->dir->path, r, "Error while deleting log for %s-%d in dir %s",
		    log_topic(x->log), log_partition(x->log), x->dir->path);
	else
		log_info("Deleted log for partition %s-%d in %s.", log_topic(x->log), log_partition(x->log),
		    log_dir_path(x->log));
	log_unref(x->log);
	free(x);
}

void log_dirs_remove_doomed(struct log_dirs *d)
{
	struct doomed_log *x;

	while ((x = next_doomed(d)))
		remove_one(d, x);
}

static void delete_logs(void *arg)
{
	struct log_dirs *d = arg;

	log_dirs_remove_doomed(d);
	for (size_t i = 0; i < d->n; i++)
		log_dirs_checkpoint_stale(d, &d->v[i]);
}

static void start(struct log_dirs *d, enum dirs_timer which, const char *name, int64_t delay_ms,
    int64_t period_ms, void (*run)(void *arg))
{
	if (delay_ms < NEVER_MS)
		d->timers[which] = scheduler_add(d->scheduler, name, delay_ms, MIN(period_ms, NEVER_MS), run, d);
}

void log_dirs_start(struct log_dirs *d)
{
	const struct log_dirs_config *c = &d->config;

	log_info("Starting log cleanup with a period of %" PRId64 " ms.", c->retention_check_interval_ms);
	log_info("Starting log flusher with a default period of %" PRId64 " ms.", c->flush_scheduler_interval_ms);
	if (!d->scheduler)
		return;
	start(d, TIMER_RETENTION, "kafka-log-retention", c->initial_task_delay_ms, c->retention_check_interval_ms,
	    retention);
	start(d, TIMER_FLUSH, "kafka-log-flusher", c->initial_task_delay_ms, c->flush_scheduler_interval_ms, flush);
	start(d, TIMER_RECOVERY_POINT, "kafka-recovery-point-checkpoint", c->initial_task_delay_ms,
	    c->flush_offset_checkpoint_interval_ms, checkpoint_recovery_points);
	start(d, TIMER_LOG_START, "kafka-log-start-offset-checkpoint", c->initial_task_delay_ms,
	    c->flush_start_offset_checkpoint_interval_ms, checkpoint_log_starts);
	start(d, TIMER_HIGH_WATERMARK, "highwatermark-checkpoint", c->high_watermark_checkpoint_interval_ms,
	    c->high_watermark_checkpoint_interval_ms, checkpoint_high_watermarks);
	start(d, TIMER_PRODUCERS, "PeriodicProducerExpirationCheck", c->producer_id_expiration_check_interval_ms,
	    c->producer_id_expiration_check_interval_ms, expire_producers);
	start(d, TIMER_DELETE, "kafka-delete-logs", c->initial_task_delay_ms, DELETE_PERIOD_MS, delete_logs);
}

void log_dirs_stop_timers(struct log_dirs *d)
{
	for (int i = 0; i < TIMERS_N; i++) {
		if (d->timers[i])
			scheduler_cancel(d->scheduler, d->timers[i]);
		d->timers[i] = NULL;
	}
}
