/* fake_log.h - for tests of log_dirs: a log that is a directory and a few numbers, with failures on demand.
 *
 * fake_log.c defines every function of log.h and log_open.h that log_dirs uses; a program links it instead of the
 * real one. Thread: any; the settings are made before threads start.
 */
#ifndef TESTS_STORAGE_FAKE_LOG_H
#define TESTS_STORAGE_FAKE_LOG_H

#include <stdatomic.h>
#include <stdint.h>

#include "storage/log.h"
#include "storage/log_open.h"

struct fake_log_world {
	/* Result for a directory name; NULL: all succeed. */
	int (*open_result)(const struct log_open_args *args);
	int (*close_result)(const struct log *log);
	int rename_result, delete_result, retention_result;
	atomic_int opened, closed_clean, closed_dirty, deleted, flushed, retained, expired, alive;
	atomic_int opening, opening_max; /* at the same time */
	int open_delay_us;
};

extern struct fake_log_world fake_logs;

void fake_log_reset(void);
void fake_log_set(struct log *log, struct log_offsets at);
/* As checkpointed when it was opened. */
int64_t fake_log_opened_recovery_point(const struct log *log);
int64_t fake_log_opened_start(const struct log *log);
bool fake_log_opened_clean(const struct log *log);
bool fake_log_is_closed(const struct log *log);
int64_t fake_log_producer_expiration(const struct log *log, bool *ret_verify);
void fake_log_set_last_flush(struct log *log, int64_t wall_ms);

#endif
