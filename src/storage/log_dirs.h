/* log_dirs.h - the broker's log directories and all logs in them.
 *
 * Opens the directories (.lock, meta.properties checks are the caller's through log_dirs_meta_*), loads and
 * recovers logs in parallel, creates and deletes logs, writes the checkpoints, runs retention and flushing in
 * the background, takes a failed directory offline, closes cleanly.
 *
 * Owner: broker/startup. Thread: any; RANK_TABLE for the table, RANK_LOG_DIR per directory.
 * Format and rules: storage.md sections 1, 2, 10 to 14.
 */
#ifndef STORAGE_LOG_DIRS_H
#define STORAGE_LOG_DIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/uuid.h"

struct clock;
struct log;
struct log_config;
struct log_dirs;
struct scheduler;

/* Broker-wide settings, filled by broker/config. Times in ms, sizes in bytes. */
struct log_dirs_config {
	const char *const *dirs; /* as configured, absolute or relative */
	size_t dirs_n;
	int recovery_threads_per_dir;		 /* num.recovery.threads.per.data.dir */
	int64_t retention_check_interval_ms;	 /* log.retention.check.interval.ms */
	int64_t flush_scheduler_interval_ms;	 /* log.flush.scheduler.interval.ms */
	int64_t flush_offset_checkpoint_interval_ms;
	int64_t flush_start_offset_checkpoint_interval_ms;
	int64_t high_watermark_checkpoint_interval_ms; /* replica.high.watermark.checkpoint.interval.ms */
	int64_t producer_id_expiration_ms;
	int64_t producer_id_expiration_check_interval_ms;
	int64_t initial_task_delay_ms; /* log.initial.task.delay.ms */
	/* The configuration of a topic's logs: a new reference. Called at load and creation, any thread. */
	struct log_config *(*config_of)(void *arg, const char *topic);
	/* A directory failed and is offline now (called once per directory, on any thread, no lock held). */
	void (*on_dir_offline)(void *arg, const char *dir);
	void *arg;
};

/* What meta.properties of the directories say, before anything else is loaded (zookeeper.md 3.2). */
struct log_dirs_meta {
	char cluster_id[64]; /* "" when none has one */
	int32_t broker_id;   /* -1 when none has one */
};

/* Opens and locks the directories, creating missing ones. -errno and a logged line when none is usable or one
 * is locked by another process. */
int log_dirs_open(const struct log_dirs_config *config, const struct clock *clock, struct scheduler *scheduler,
    struct log_dirs **ret) MUST_CHECK;
/* Reads all meta.properties. -EINVAL with one logged line when they disagree or have a foreign version. */
int log_dirs_read_meta(struct log_dirs *d, struct log_dirs_meta *ret) MUST_CHECK;
/* Writes meta.properties where missing or different. */
int log_dirs_write_meta(struct log_dirs *d, const char *cluster_id, int32_t broker_id) MUST_CHECK;
/* Loads all logs; recovers those of directories without the clean marker. */
int log_dirs_load(struct log_dirs *d) MUST_CHECK;
/* Starts retention, flush and checkpoint timers. */
void log_dirs_start(struct log_dirs *d);
/* Stops the timers, flushes and closes all logs, writes checkpoints and the clean marker, releases the locks.
 * Accepts NULL, returns NULL. */
struct log_dirs *log_dirs_close(struct log_dirs *d);

/* The log, with a reference; NULL when there is none. */
struct log *log_dirs_get(struct log_dirs *d, const char *topic, int32_t partition);
/* The log, created in the directory with the fewest logs when absent. KERR_KAFKA_STORAGE_ERROR when no
 * directory is online or the partition is known to be in an offline one (and !is_new). */
int log_dirs_get_or_create(struct log_dirs *d, const char *topic, int32_t partition, struct uuid topic_id,
    bool is_new, struct log **ret) MUST_CHECK;
/* Renames the directory to ...-delete and removes it after file.delete.delay.ms. 0 also when absent. */
int log_dirs_delete(struct log_dirs *d, const char *topic, int32_t partition) MUST_CHECK;
/* Reports a storage failure (-errno) of a log: its directory goes offline, with one ERROR line. */
void log_dirs_fail(struct log_dirs *d, const char *parent_dir, int r);

/* The checkpointed high watermark, 0 when none. */
int64_t log_dirs_checkpointed_high_watermark(struct log_dirs *d, struct log *log);

/* Walks all logs with a reference held during the call. Stops when fn returns false. */
void log_dirs_each(struct log_dirs *d, bool (*fn)(struct log *log, void *arg), void *arg);

struct log_dir_info {
	char path[4096];
	bool online;
	int64_t total_bytes, usable_bytes; /* of the file system; -1 offline */
};
size_t log_dirs_count(struct log_dirs *d);
void log_dirs_info(struct log_dirs *d, size_t i, struct log_dir_info *ret);

#endif
