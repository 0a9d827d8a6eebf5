/* log_config.c - defaults and life of a topic's log settings (LogConfig.java, 3.9). */
#include "storage/log_config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"

#define WEEK_MS (INT64_C(7) * 24 * 60 * 60 * 1000)
#define DAY_MS	(INT64_C(24) * 60 * 60 * 1000)

struct log_config *log_config_new(void)
{
	struct log_config *c = xcalloc(1, sizeof(*c));

	atomic_init(&c->refs, 1);
	c->segment_bytes = 1 << 30;
	c->segment_ms = WEEK_MS;
	c->segment_index_bytes = 10 << 20;
	c->index_interval_bytes = 4096;
	c->cleanup_delete = true;
	c->retention_ms = WEEK_MS;
	c->retention_bytes = -1;
	c->local_retention_ms = -2;
	c->local_retention_bytes = -2;
	c->file_delete_delay_ms = 60000;
	c->flush_messages = INT64_MAX;
	c->flush_ms = INT64_MAX;
	c->delete_retention_ms = DAY_MS;
	c->max_compaction_lag_ms = INT64_MAX;
	c->min_cleanable_dirty_ratio = 0.5;
	c->max_message_bytes = (1 << 20) + 12;
	c->compression_type = LOG_COMPRESSION_PRODUCER;
	c->compression_gzip_level = -1;
	c->compression_lz4_level = 9;
	c->compression_zstd_level = 3;
	c->message_timestamp_before_max_ms = INT64_MAX;
	c->message_timestamp_after_max_ms = INT64_MAX;
	c->message_downconversion_enable = true;
	c->record_format = 2;
	c->allow_zstd = true;
	c->min_insync_replicas = 1;
	return c;
}

struct log_config *log_config_ref(struct log_config *c)
{
	/* relaxed: whoever copies a reference already holds one, so the object cannot go away meanwhile */
	int before = atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);

	assert(before > 0);
	return c;
}

struct log_config *log_config_unref(struct log_config *c)
{
	if (!c)
		return NULL;
	/* acquire-release: the freeing thread sees the last uses of all others */
	if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	free(c->leader_throttled.v);
	free(c->follower_throttled.v);
	free(c);
	return NULL;
}

int64_t log_config_roll_ms(const struct log_config *c)
{
	return c->cleanup_compact ? MIN(c->segment_ms, c->max_compaction_lag_ms) : c->segment_ms;
}
