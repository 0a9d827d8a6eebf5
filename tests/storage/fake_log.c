/* fake_log.c - see fake_log.h. */
#include "fake_log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "protocol/errors.h"
#include "storage/chores.h"
#include "storage/log_config.h"

struct log {
	atomic_int refs;
	pthread_mutex_t mutex;
	char *topic, *parent, *path;
	int32_t partition;
	struct log_offsets at;
	struct uuid id;
	struct log_config *config;
	int64_t opened_recovery_point, opened_start, last_flush_ms, producer_expiration_ms;
	bool opened_clean, closed, verify_transactions;
};

struct fake_log_world fake_logs;

void fake_log_reset(void)
{
	memset(&fake_logs, 0, sizeof(fake_logs));
}

struct log *log_ref(struct log *log)
{
	atomic_fetch_add(&log->refs, 1);
	return log;
}

struct log *log_unref(struct log *log)
{
	if (!log || atomic_fetch_sub(&log->refs, 1) > 1)
		return NULL;
	atomic_fetch_sub(&fake_logs.alive, 1);
	log_config_unref(log->config);
	pthread_mutex_destroy(&log->mutex);
	free(log->topic);
	free(log->parent);
	free(log->path);
	free(log);
	return NULL;
}

static void note_opening(void)
{
	int now = atomic_fetch_add(&fake_logs.opening, 1) + 1, max = atomic_load(&fake_logs.opening_max);

	while (now > max && !atomic_compare_exchange_weak(&fake_logs.opening_max, &max, now))
		;
	if (fake_logs.open_delay_us > 0)
		usleep((useconds_t)fake_logs.open_delay_us);
	atomic_fetch_sub(&fake_logs.opening, 1);
}

int log_open(const struct log_open_args *args, struct log **ret)
{
	struct log *log;
	int r;

	note_opening();
	r = fake_logs.open_result ? fake_logs.open_result(args) : 0;
	if (r < 0)
		return r;
	log = xcalloc(1, sizeof(*log));
	atomic_init(&log->refs, 1);
	pthread_mutex_init(&log->mutex, NULL);
	log->topic = xstrdup(args->topic);
	log->partition = args->partition;
	log->parent = xstrdup(args->parent_dir);
	log->producer_expiration_ms = args->producer_id_expiration_ms;
	log->verify_transactions = args->verify_transactions;
	log->path = xasprintf("%s/%s", args->parent_dir, args->name);
	log->config = log_config_ref(args->config);
	log->opened_recovery_point = args->recovery_point;
	log->opened_start = args->log_start_offset;
	log->opened_clean = args->clean;
	log->at.recovery_point = args->recovery_point;
	log->at.start = args->log_start_offset;
	log->at.high_watermark = args->log_start_offset;
	log->at.end = args->recovery_point;
	r = fs_mkdir_p(log->path);
	atomic_fetch_add(&fake_logs.alive, 1);
	atomic_fetch_add(&fake_logs.opened, 1);
	if (r < 0) {
		log_unref(log);
		return r;
	}
	*ret = log;
	return 0;
}

int log_close_clean(struct log *log)
{
	int r = fake_logs.close_result ? fake_logs.close_result(log) : 0;

	if (r < 0)
		return r;
	pthread_mutex_lock(&log->mutex);
	log->closed = true;
	log->at.recovery_point = log->at.end;
	pthread_mutex_unlock(&log->mutex);
	atomic_fetch_add(&fake_logs.closed_clean, 1);
	return 0;
}

void log_close_dirty(struct log *log)
{
	pthread_mutex_lock(&log->mutex);
	if (!log->closed)
		atomic_fetch_add(&fake_logs.closed_dirty, 1);
	log->closed = true;
	pthread_mutex_unlock(&log->mutex);
}

int log_rename_dir(struct log *log, const char *name)
{
	char *to;
	int r = fake_logs.rename_result;

	if (r < 0)
		return r;
	to = xasprintf("%s/%s", log->parent, name);
	r = fs_rename(log->path, to);
	free(log->path);
	log->path = to;
	return r;
}

int log_delete_files(struct log *log)
{
	if (fake_logs.delete_result < 0)
		return fake_logs.delete_result;
	log_close_dirty(log);
	atomic_fetch_add(&fake_logs.deleted, 1);
	return fs_remove_tree(log->path);
}

void log_offsets(struct log *log, struct log_offsets *ret)
{
	pthread_mutex_lock(&log->mutex);
	*ret = log->at;
	pthread_mutex_unlock(&log->mutex);
}

int64_t log_last_flush_ms(struct log *log)
{
	return log->last_flush_ms;
}

struct log_config *log_get_config(struct log *log)
{
	struct log_config *c;

	pthread_mutex_lock(&log->mutex);
	c = log_config_ref(log->config);
	pthread_mutex_unlock(&log->mutex);
	return c;
}

int32_t log_segments_n(struct log *log)
{
	(void)log;
	return 1;
}

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
	return log->path;
}

const char *log_parent_dir(const struct log *log)
{
	return log->parent;
}

int64_t log_last_stable_offset(struct log *log)
{
	return log->at.high_watermark;
}

struct uuid log_topic_id(struct log *log)
{
	return log->id;
}

int log_set_topic_id(struct log *log, struct uuid id)
{
	int r = 0;

	pthread_mutex_lock(&log->mutex);
	if (uuid_is_zero(log->id))
		log->id = id;
	else if (!uuid_eq(log->id, id))
		r = KERR_INCONSISTENT_TOPIC_ID;
	pthread_mutex_unlock(&log->mutex);
	return r;
}

int64_t fake_log_producer_expiration(const struct log *log, bool *ret_verify)
{
	*ret_verify = log->verify_transactions;
	return log->producer_expiration_ms;
}

void log_set_producer_rules(struct log *log, int64_t expiration_ms, bool verify_transactions)
{
	log->producer_expiration_ms = expiration_ms;
	log->verify_transactions = verify_transactions;
}

void log_set_config(struct log *log, struct log_config *config)
{
	pthread_mutex_lock(&log->mutex);
	log_config_unref(log->config);
	log->config = log_config_ref(config);
	pthread_mutex_unlock(&log->mutex);
}

int log_apply_retention(struct log *log)
{
	(void)log;
	atomic_fetch_add(&fake_logs.retained, 1);
	return fake_logs.retention_result;
}

int log_flush(struct log *log)
{
	(void)log;
	atomic_fetch_add(&fake_logs.flushed, 1);
	return 0;
}

void log_expire_producers(struct log *log, int64_t now_ms)
{
	(void)log;
	(void)now_ms;
	atomic_fetch_add(&fake_logs.expired, 1);
}

void fake_log_set(struct log *log, struct log_offsets at)
{
	pthread_mutex_lock(&log->mutex);
	log->at = at;
	pthread_mutex_unlock(&log->mutex);
}

void fake_log_set_last_flush(struct log *log, int64_t wall_ms)
{
	log->last_flush_ms = wall_ms;
}

int64_t fake_log_opened_recovery_point(const struct log *log)
{
	return log->opened_recovery_point;
}

int64_t fake_log_opened_start(const struct log *log)
{
	return log->opened_start;
}

bool fake_log_opened_clean(const struct log *log)
{
	return log->opened_clean;
}

bool fake_log_is_closed(const struct log *log)
{
	return log->closed;
}

/* --- chores: nothing ever waits --- */

struct chores {
	char unused;
};

struct chores *chores_new(const struct clock *clock, struct scheduler *scheduler)
{
	(void)clock;
	(void)scheduler;
	return xcalloc(1, sizeof(struct chores));
}

struct chores *chores_free(struct chores *c)
{
	free(c);
	return NULL;
}
