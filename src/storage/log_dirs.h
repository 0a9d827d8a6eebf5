/* log_dirs.h - the broker's log directories and all logs in them.
 *
 * Opens the directories (.lock, meta.properties), loads and recovers logs in parallel, creates and deletes logs,
 * writes the checkpoints, runs retention and flushing in the background, takes a failed directory offline,
 * closes cleanly.
 *
 * A directory is online until something in it fails; then it is offline until the next start. Its logs leave the
 * table at once and answer KERR_KAFKA_STORAGE_ERROR to those who hold them; nothing is written there any more.
 * What fails is reported by one ERROR line per directory. A thread of its own does the clearing away, so that
 * log_dirs_fail can be called with locks held.
 *
 * Owner: broker/startup. Thread: any. Locks: RANK_TABLE for the table of logs (every call but log_dirs_fail:
 * hold no lock of that rank or above), RANK_LOG_DIR for failures.
 * Files: log_dirs.c (table, create, delete), log_dirs_move.c (future copies), log_dirs_replaced.c (what a crash left of
 * a move), log_dirs_open.c, log_dirs_meta.c,
 * log_dirs_load.c (load and close), log_dirs_checkpoint.c, log_dirs_fail.c, log_dirs_background.c,
 * log_dirs_cleaning.c.
 * Format and rules: storage.md sections 1, 2, 10 to 14.
 */
#ifndef STORAGE_LOG_DIRS_H
#define STORAGE_LOG_DIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/uuid.h"

struct cleaner_table;
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
	int64_t file_delete_delay_ms;  /* log.segment.delete.delay.ms, of whole replica directories */
	bool verify_transactions;      /* transaction.partition.verification.enable */
	bool without_topic_ids;	       /* inter.broker.protocol.version below 2.8: partition.metadata is not kept */
	bool cleaner_enable;	       /* log.cleaner.enable: its checkpoint files are made at the start */
	/* The configuration of a topic's logs: a new reference. Called at load and creation, any thread. */
	struct log_config *(*config_of)(void *arg, const char *topic);
	/* A directory failed and is offline now: called once per directory, on the failure thread, no lock held, when
	 * its logs have left the table. Not for those that log_dirs_open found unusable. May be NULL. */
	void (*on_dir_offline)(void *arg, const char *dir);
	/* The last one failed, and that has been logged: the broker must halt with status 1. May be NULL. */
	void (*on_all_offline)(void *arg);
	void *arg;
};

/* What meta.properties of the directories say, before anything else is loaded (zookeeper.md 3.2). */
struct log_dirs_meta {
	char cluster_id[64]; /* "" when none has one */
	int32_t broker_id;   /* -1 when none has one */
};

/* Opens and locks the directories, creating missing ones. An unusable one starts offline.
 * -errno after a logged line: none is usable, one is locked by another process, one is named twice. */
int log_dirs_open(const struct log_dirs_config *config, const struct clock *clock, struct scheduler *scheduler,
    struct log_dirs **ret) MUST_CHECK;
/* Reads all meta.properties; a directory where that fails goes offline. -EINVAL with one logged line when they
 * disagree or have a foreign version. */
int log_dirs_read_meta(struct log_dirs *d, struct log_dirs_meta *ret) MUST_CHECK;
/* Writes meta.properties where missing or different (-EINVAL when cluster_id is too long for it). A directory where
 * it fails goes offline; -EIO when none is left. */
int log_dirs_write_meta(struct log_dirs *d, const char *cluster_id, int32_t broker_id) MUST_CHECK;
/* Loads all logs; recovers those of directories without the clean marker. Once, before log_dirs_start.
 * -errno after a logged line: a directory that is no replica's, a replica twice, no directory left. */
int log_dirs_load(struct log_dirs *d) MUST_CHECK;
/* After log_dirs_load: did every directory that has logs have its clean marker? Else what was written last may be gone. */
bool log_dirs_were_clean(struct log_dirs *d);
/* Starts retention, flush and checkpoint timers. */
void log_dirs_start(struct log_dirs *d);
/* What may change while running: num.recovery.threads.per.data.dir (used at close), log.segment.delete.delay.ms;
 * producer.id.expiration.ms and transaction.partition.verification.enable, for all logs at once. */
void log_dirs_reconfigure(struct log_dirs *d, int recovery_threads, int64_t file_delete_delay_ms,
    int64_t producer_id_expiration_ms, bool verify_transactions);
/* Stops the timers, flushes and closes all logs, writes checkpoints and the clean marker, releases the locks.
 * Accepts NULL, returns NULL. */
struct log_dirs *log_dirs_close(struct log_dirs *d);

/* The log, with a reference; NULL when there is none. */
struct log *log_dirs_get(struct log_dirs *d, const char *topic, int32_t partition);
/* The log, created in the directory with the fewest logs when absent. A topic_id that is not zero is stored, or
 * compared with the one stored.
 *   0
 *   KERR_KAFKA_STORAGE_ERROR    no directory is online, or one is offline, where the log may be (and !is_new), or must
 *                               be, since only the copy that it replaced is here
 *   KERR_INCONSISTENT_TOPIC_ID  the log on disk is of another topic
 *   KERR_INVALID_TOPIC_EXCEPTION  the name is too long for a directory
 *   -errno                      the directory has been taken offline                                    */
int log_dirs_get_or_create(struct log_dirs *d, const char *topic, int32_t partition, struct uuid topic_id,
    bool is_new, struct log **ret) MUST_CHECK;
/* Renames the directory to ...-delete and removes it after file_delete_delay_ms; a future log of the partition
 * too. 0 also when absent; KERR_KAFKA_STORAGE_ERROR when absent while a directory is offline. */
int log_dirs_delete(struct log_dirs *d, const char *topic, int32_t partition) MUST_CHECK;
/* Reports a storage failure (-errno) of a log: its directory goes offline, with one ERROR line. Any lock below
 * RANK_LOG_DIR may be held. */
void log_dirs_fail(struct log_dirs *d, const char *parent_dir, int r);
/* The same with a line that begins with what was being done: "Error while flushing log for t-0 in dir ...". */
void log_dirs_fail_doing(struct log_dirs *d, const char *parent_dir, int r, const char *fmt, ...) PRINTF(4, 5);
/* Truncations, as a follower does them: log_truncate_to and log_truncate_fully_and_start_at with cleaners kept away,
 * and afterwards the checkpoints written that must not stay above what is left (storage.md 9). They wait for a
 * cleaner at work on the log: hold no lock. Results as those of the log's functions; < 0: the caller reports it. */
int log_dirs_truncate_to(struct log_dirs *d, struct log *log, int64_t offset) MUST_CHECK;
int log_dirs_truncate_fully_and_start_at(struct log_dirs *d, struct log *log, int64_t offset) MUST_CHECK;
/* The second half: recovery points and the cleaner's checkpoint of the log's directory. */
void log_dirs_truncated(struct log_dirs *d, struct log *log);

/* A topic's configuration changed: every log of it has it from now on, and a cleaner that is at work on one that is
 * not to be compacted any more has stopped when this returns. */
void log_dirs_set_topic_config(struct log_dirs *d, const char *topic, struct log_config *config);

/* The checkpointed high watermark, 0 when none. From this call on the checkpoint records the log's own; before it,
 * while nobody leads or follows with it, the one read at load is kept. */
int64_t log_dirs_checkpointed_high_watermark(struct log_dirs *d, struct log *log);

/* Walks all current logs with a reference held during the call, no lock held. Stops when fn returns false. */
void log_dirs_each(struct log_dirs *d, bool (*fn)(struct log *log, void *arg), void *arg);
/* The same for the ...-future copies, which an interrupted move left. */
void log_dirs_each_future(struct log_dirs *d, bool (*fn)(struct log *log, void *arg), void *arg);

/* --- moving a log to another directory (KIP-113): a future copy, which takes the place of the current log --- */

/* The future copy of a partition, with a reference; NULL when there is none. */
struct log *log_dirs_get_future(struct log_dirs *d, const char *topic, int32_t partition);
/* The future copy in `dir`, an absolute path as in log.dirs, made when absent; *ret has a reference.
 *   0                             *ret is it; NULL: the current log is there already
 *   KERR_LOG_DIR_NOT_FOUND        not one of our directories
 *   KERR_KAFKA_STORAGE_ERROR      it, or another directory, is offline: the partition may have a copy there
 *   KERR_REPLICA_NOT_AVAILABLE    there is no current log
 *   KERR_INVALID_TOPIC_EXCEPTION  the name is too long for a directory
 *   -errno                        the directory has been taken offline
 * A copy in another directory must have been dropped before. */
int log_dirs_make_future(struct log_dirs *d, const char *topic, int32_t partition, const char *dir,
    struct log **ret) MUST_CHECK;
/* Deletes the future copy, as log_dirs_delete does. 0 also when absent. */
int log_dirs_drop_future(struct log_dirs *d, const char *topic, int32_t partition) MUST_CHECK;
/* The future copy becomes the current log, whose directory is renamed to ...-delete. Nobody appends to either.
 *   0
 *   KERR_REPLICA_NOT_AVAILABLE    one of them is gone
 *   -errno                        its directory has been taken offline; the current log is what it was if it is there
 * Safe against a crash at any moment: the next start has the one or the other, whole. */
int log_dirs_replace_by_future(struct log_dirs *d, const char *topic, int32_t partition) MUST_CHECK;
/* Is this one of our directories and online? 0, KERR_LOG_DIR_NOT_FOUND, KERR_KAFKA_STORAGE_ERROR. */
int log_dirs_check_dir(struct log_dirs *d, const char *dir);
/* Where the log of a partition that is not here is to be created, once. */
void log_dirs_prefer(struct log_dirs *d, const char *topic, int32_t partition, const char *dir);
/* --- for the cleaner (cleaner_worker.h) --- */

/* Who cleans what; outlives every log. */
struct cleaner_table *log_dirs_cleaner_table(struct log_dirs *d);
bool log_dirs_is_online(struct log_dirs *d, const char *parent_dir);
/* The first dirty offset of a current log as checkpointed; -1 none. Setting it writes the checkpoint; it does nothing
 * for a log that has left the table. */
int64_t log_dirs_first_dirty(struct log_dirs *d, struct log *log);
void log_dirs_set_first_dirty(struct log_dirs *d, struct log *log, int64_t offset);
/* Everything below `offset` is on disk, and so is a recovery point that says so.
 *   0 | -ECANCELED the log was cut or its directory is offline | -errno the caller reports it */
int log_dirs_make_durable(struct log_dirs *d, struct log *log, int64_t offset) MUST_CHECK;

struct log_dir_info {
	char path[4096];
	bool online;
	int64_t total_bytes, usable_bytes; /* of the file system; -1 offline */
};
size_t log_dirs_count(struct log_dirs *d); /* configured ones */
size_t log_dirs_online_count(struct log_dirs *d);
void log_dirs_info(struct log_dirs *d, size_t i, struct log_dir_info *ret);

#endif
