/* cleaner.h - the log cleaner: threads that compact logs whose cleanup.policy has "compact".
 *
 * Each thread, again and again: takes the log with the largest share of dirty bytes (or one that has waited longer than
 * max.compaction.lag.ms), cleans it, applies retention to all compacted logs, and pauses when there was nothing to
 * clean. What it reads and writes is bounded over all threads. Damage makes a partition uncleanable until the next
 * start, and the others go on; a failed disk takes the directory offline.
 *
 * Owner: broker. Thread: start, reconfigure and stop from one thread at a time; metrics from any.
 * Locks: those of log_dirs and logs; never one across file access.
 * Files: cleaner.c (threads), cleaner_worker.c (choosing), cleaner_pass.c, cleaner_map.c, cleaner_copy.c (one log),
 * cleaner_filter.c, cleaner_txns.c, offset_map.c (bytes), cleaner_table.c (states), cleaner_throttle.c, cleaner_chunk.c.
 * Rules: storage.md 15.
 */
#ifndef STORAGE_CLEANER_H
#define STORAGE_CLEANER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct clock;
struct cleaner;
struct log_dirs;

struct cleaner_config {
	int threads;		     /* log.cleaner.threads; tests: 0 */
	int64_t dedupe_buffer_bytes; /* of all threads */
	double load_factor;
	int32_t io_buffer_bytes;     /* of all threads */
	int32_t max_message_bytes;   /* message.max.bytes */
	double max_bytes_per_second;
	int64_t backoff_ms;
};

/* Whether each thread would have room for a key: Kafka's rule on dedupe buffer, threads and load factor. */
bool cleaner_config_fits(const struct cleaner_config *c);

/* 0 | -EINVAL cleaner_config_fits is not true | -ENOMEM | -errno no thread */
int cleaner_start(struct log_dirs *dirs, const struct cleaner_config *config, const struct clock *clock,
    struct cleaner **ret) MUST_CHECK;
/* A new rate or backoff takes effect at once. Anything else ends the threads, which give up what they are at, and
 * starts new ones. As cleaner_start; after a failure fewer threads than asked for run. */
int cleaner_reconfigure(struct cleaner *c, const struct cleaner_config *config) MUST_CHECK;
/* Ends the threads. Before log_dirs_close. Accepts NULL, returns NULL. */
struct cleaner *cleaner_stop(struct cleaner *c);

/* Under Kafka's names (metrics.md, LogCleaner and LogCleanerManager). */
struct cleaner_metrics {
	int max_buffer_utilization_percent;
	int recopy_percent;
	int64_t max_clean_time_s, max_compaction_delay_s;
	int max_dirty_percent;
	int64_t time_since_last_run_ms;
};
void cleaner_metrics(struct cleaner *c, struct cleaner_metrics *ret);

#endif
