/* log_config.h - the settings of one topic's logs, typed.
 *
 * Filled by broker/topic_config from the topic's overrides and the broker's defaults; storage only reads it.
 * Counted and immutable once another thread can see it: a change makes a new one (log_set_config).
 * Names are those of the topic keys (topic-config.tsv); sizes in bytes, times in ms.
 */
#ifndef STORAGE_LOG_CONFIG_H
#define STORAGE_LOG_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* compression_type "producer": keep the codec of the producer's batch. Other values are the codes of the batch
 * attributes: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
#define LOG_COMPRESSION_PRODUCER (-1)

/* The value of *.throttled.replicas of a topic. */
struct throttled_replicas {
	bool all; /* "*" */
	struct throttled_replica {
		int32_t partition, broker;
	} *v; /* owned */
	int32_t n;
};

struct log_config {
	atomic_int refs;

	/* segments and indexes */
	int32_t segment_bytes;	     /* >= 14 */
	int64_t segment_ms;	     /* >= 1 */
	int64_t segment_jitter_ms;   /* >= 0; draw from [0, min(jitter, segment_ms)) */
	int32_t segment_index_bytes; /* >= 4 */
	int32_t index_interval_bytes;
	bool preallocate;

	/* retention and deletion */
	bool cleanup_delete, cleanup_compact; /* cleanup.policy; neither for the empty list */
	int64_t retention_ms;		      /* -1: no limit */
	int64_t retention_bytes;	      /* < 0: no limit */
	int64_t local_retention_ms;	      /* -2: as retention_ms */
	int64_t local_retention_bytes;	      /* -2: as retention_bytes */
	int64_t file_delete_delay_ms;

	/* flush */
	int64_t flush_messages; /* INT64_MAX: never */
	int64_t flush_ms;	/* INT64_MAX: never */

	/* compaction */
	int64_t delete_retention_ms;
	int64_t min_compaction_lag_ms, max_compaction_lag_ms; /* min <= max */
	double min_cleanable_dirty_ratio;

	/* appends */
	int32_t max_message_bytes;
	int32_t compression_type; /* LOG_COMPRESSION_PRODUCER or a codec */
	int32_t compression_gzip_level, compression_lz4_level, compression_zstd_level;
	bool log_append_time;		    /* message.timestamp.type=LogAppendTime */
	int64_t message_timestamp_before_max_ms; /* .difference.max.ms already merged in */
	int64_t message_timestamp_after_max_ms;
	bool message_downconversion_enable;
	int8_t record_format; /* 2; 0 or 1 only with an old inter.broker.protocol.version: message.format.version */
	bool allow_zstd;      /* inter.broker.protocol.version 2.1-IV0 or newer */

	/* replication */
	int32_t min_insync_replicas;
	bool unclean_leader_election_enable;
	struct throttled_replicas leader_throttled, follower_throttled;

	/* tiered storage: not provided, always false */
	bool remote_storage_enable;
};

/* A configuration of its own with every key's built-in default; one reference. */
struct log_config *log_config_new(void);
struct log_config *log_config_ref(struct log_config *c);
struct log_config *log_config_unref(struct log_config *c); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct log_config *, log_config_unref)

/* When a segment must roll at the latest: segment_ms, or max_compaction_lag_ms if smaller and compacted. */
int64_t log_config_roll_ms(const struct log_config *c);

#endif
