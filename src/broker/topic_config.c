/* topic_config.c - topic overrides over broker defaults, checked as LogConfig.java of 3.9 does.
 *
 * Most topic keys take their default from one broker key. Segment, retention and flush times have coarser
 * synonyms, and the timestamp limits a deprecated one; those come from the derived getters of config.h.
 */
#define LOG_CLASS "kafka.server.TopicConfigHandler"

#include "broker/topic_config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/logger.h"
#include "base/str.h"
#include "broker/config_priv.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"
#include "storage/log_config.h"

struct values {
	struct config_value v[TOPIC_CFG_COUNT];
};

static void values_fini(struct values *v)
{
	for (int id = 0; id < TOPIC_CFG_COUNT; id++)
		config_value_fini(&topic_config_keys[id], &v->v[id]);
}

static const char *number(int64_t n, char *buf, size_t size)
{
	snprintf(buf, size, "%lld", (long long)n);
	return buf;
}

const char *topic_config_default(
	const struct config *c, enum topic_config_id id, char *buf, size_t size)
{
	switch (id) {
	case TOPIC_SEGMENT_MS:
		return number(config_log_roll_ms(c), buf, size);
	case TOPIC_SEGMENT_JITTER_MS:
		return number(config_log_roll_jitter_ms(c), buf, size);
	case TOPIC_RETENTION_MS:
		return number(config_log_retention_ms(c), buf, size);
	case TOPIC_FLUSH_MS:
		return number(config_log_flush_interval_ms(c), buf, size);
	case TOPIC_MESSAGE_TIMESTAMP_BEFORE_MAX_MS:
		return number(config_timestamp_before_max_ms(c), buf, size);
	case TOPIC_MESSAGE_TIMESTAMP_AFTER_MAX_MS:
		return number(config_timestamp_after_max_ms(c), buf, size);
	case TOPIC_MESSAGE_FORMAT_VERSION:
		return metadata_version_name(config_message_format_version(c));
	default:
		break;
	}
	if (topic_config_synonym[id] < 0)
		return topic_config_keys[id].def;
	return config_text(c, (enum config_id)topic_config_synonym[id]);
}

/* Parses all keys; without `why` a bad override is logged and left out instead.
 * 0 | KERR_INVALID_CONFIG. */
static int parse_all(const struct config *c, const char *topic, const struct properties *overrides,
	struct values *ret, char *why)
{
	char buf[32], text[CONFIG_ERROR_MAX];

	*ret = (struct values){0};
	for (int id = 0; id < TOPIC_CFG_COUNT; id++)
		ret->v[id].is_null = true;
	for (int id = 0; id < TOPIC_CFG_COUNT; id++) {
		const struct config_key *k = &topic_config_keys[id];
		const char *def =
			topic_config_default(c, (enum topic_config_id)id, buf, sizeof(buf));
		const char *value = properties_get(overrides, k->name);
		int r = config_value_parse(k, value ? value : def, &ret->v[id], text, sizeof(text));

		if (r && why) {
			snprintf(why, CONFIG_ERROR_MAX, "%s", text);
			values_fini(ret);
			return r;
		}
		if (r) {
			log_error("Configuration %s of topic %s is ignored: %s", k->name, topic,
				text);
			r = config_value_parse(k, def, &ret->v[id], text, sizeof(text));
		}
		if (r) { /* a broker value that is none for a topic: config_rules.c forbids it */
			r = config_value_parse(k, k->def, &ret->v[id], text, sizeof(text));
			assert(r == 0);
		}
	}
	return 0;
}

static int fail(char *why, const char *text)
{
	snprintf(why, CONFIG_ERROR_MAX, "%s", text);
	return KERR_INVALID_CONFIG;
}

static int check_together(const struct values *v, char why[CONFIG_ERROR_MAX], bool *ret_value)
{
	int64_t min_lag = v->v[TOPIC_MIN_COMPACTION_LAG_MS].i;
	int64_t max_lag = v->v[TOPIC_MAX_COMPACTION_LAG_MS].i;

	*ret_value = false;
	if (min_lag > max_lag) {
		snprintf(why, CONFIG_ERROR_MAX,
			"conflict topic config setting min.compaction.lag.ms (%lld) > "
			"max.compaction.lag.ms (%lld)",
			(long long)min_lag, (long long)max_lag);
		return KERR_INVALID_CONFIG;
	}
	if (v->v[TOPIC_REMOTE_LOG_DELETE_ON_DISABLE].b || v->v[TOPIC_REMOTE_LOG_COPY_DISABLE].b)
		return fail(why, "It is invalid to set `remote.log.delete.on.disable` or "
				 "`remote.log.copy.disable` "
				 "under Zookeeper's mode.");
	if (!v->v[TOPIC_REMOTE_STORAGE_ENABLE].b)
		return 0;
	*ret_value = true;
	return fail(why, "Tiered Storage functionality is disabled in the broker. Topic cannot be "
			 "configured with "
			 "remote log storage.");
}

int topic_config_check(const struct config *c, const struct properties *overrides,
	char why[CONFIG_ERROR_MAX], bool *ret_value)
{
	struct values v;
	int r;

	*ret_value = false;
	for (size_t i = 0; i < overrides->n; i++) {
		if (topic_config_key_find(overrides->v[i].key) >= 0)
			continue;
		snprintf(why, CONFIG_ERROR_MAX, "Unknown topic config name: %s",
			overrides->v[i].key);
		return KERR_INVALID_CONFIG;
	}
	*ret_value = true;
	r = parse_all(c, NULL, overrides, &v, why);
	if (r)
		return r;
	r = check_together(&v, why, ret_value);
	values_fini(&v);
	return r;
}

static void fill_throttled(struct throttled_replicas *t, const struct config_value *v)
{
	if (v->list.n == 0)
		return;
	t->v = xcalloc(v->list.n, sizeof(*t->v));
	for (size_t i = 0; i < v->list.n; i++) {
		const char *s = v->list.v[i], *colon = strchr(s, ':');
		int64_t partition, broker;

		if (!strcmp(s, "*"))
			t->all = true;
		if (!colon ||
			!str_to_i64(
				(struct str){s, (int32_t)(colon - s)}, 0, INT32_MAX, &partition) ||
			!str_to_i64(str_of(colon + 1), 0, INT32_MAX, &broker))
			continue;
		t->v[t->n++] = (struct throttled_replica){(int32_t)partition, (int32_t)broker};
	}
}

static int32_t codec_of(const char *name)
{
	static const char *const names[] = {"uncompressed", "gzip", "snappy", "lz4", "zstd"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!strcmp(name, names[i]))
			return (int32_t)i;
	}
	return LOG_COMPRESSION_PRODUCER;
}

/* ".difference.max.ms" stands in for a limit at its default (LogConfig.getMessageTimestampBeforeMaxMs). */
static int64_t or_difference(const struct values *v, enum topic_config_id id)
{
	int64_t ms = v->v[id].i;

	return ms == INT64_MAX ? v->v[TOPIC_MESSAGE_TIMESTAMP_DIFFERENCE_MAX_MS].i : ms;
}

static bool list_has(const struct config_value *v, const char *element)
{
	for (size_t i = 0; i < v->list.n; i++) {
		if (!strcmp(v->list.v[i], element))
			return true;
	}
	return false;
}

static void fill_appends(struct log_config *l, const struct values *v)
{
	l->max_message_bytes = (int32_t)v->v[TOPIC_MAX_MESSAGE_BYTES].i;
	l->compression_type = codec_of(v->v[TOPIC_COMPRESSION_TYPE].text);
	l->compression_gzip_level = (int32_t)v->v[TOPIC_COMPRESSION_GZIP_LEVEL].i;
	l->compression_lz4_level = (int32_t)v->v[TOPIC_COMPRESSION_LZ4_LEVEL].i;
	l->compression_zstd_level = (int32_t)v->v[TOPIC_COMPRESSION_ZSTD_LEVEL].i;
	l->log_append_time = !strcmp(v->v[TOPIC_MESSAGE_TIMESTAMP_TYPE].text, "LogAppendTime");
	l->message_timestamp_before_max_ms =
		or_difference(v, TOPIC_MESSAGE_TIMESTAMP_BEFORE_MAX_MS);
	l->message_timestamp_after_max_ms = or_difference(v, TOPIC_MESSAGE_TIMESTAMP_AFTER_MAX_MS);
	l->message_downconversion_enable = v->v[TOPIC_MESSAGE_DOWNCONVERSION_ENABLE].b;
	l->min_insync_replicas = (int32_t)v->v[TOPIC_MIN_INSYNC_REPLICAS].i;
	l->unclean_leader_election_enable = v->v[TOPIC_UNCLEAN_LEADER_ELECTION_ENABLE].b;
	fill_throttled(&l->leader_throttled, &v->v[TOPIC_LEADER_REPLICATION_THROTTLED_REPLICAS]);
	fill_throttled(
		&l->follower_throttled, &v->v[TOPIC_FOLLOWER_REPLICATION_THROTTLED_REPLICAS]);
}

/* With inter.broker.protocol.version 3.0 and newer nobody asks for the format of records; below, a topic may have an
 * older one, but none that other brokers would not know (ConfigHandler.excludedConfigs). */
static void fill_format(struct log_config *l, const struct config *c, const char *topic,
	const struct properties *overrides)
{
	const char *text = properties_get(overrides, topic_config_keys[TOPIC_MESSAGE_FORMAT_VERSION].name);
	const char *own = config_text(c, CFG_INTER_BROKER_PROTOCOL_VERSION);
	int wanted = text ? metadata_version(text) : -1, version = config_metadata_version(c);
	int format = config_message_format_version(c);
	bool fixed = version >= METADATA_VERSION_3_0_IV1;

	if (fixed && wanted >= 0 && metadata_version_record_format(wanted) < 2)
		log_warn("Topic configuration message.format.version with value `%s` is ignored for `%s` because "
			 "the inter-broker protocol version `%s` is greater or equal than 3.0. This configuration "
			 "is deprecated and it will be removed in Apache Kafka 4.0.",
			text, topic, metadata_version_name(version));
	else if (!fixed && wanted > version)
		log_warn("Topic configuration message.format.version is ignored for `%s` because `%s` is higher "
			 "than what is allowed by the inter-broker protocol version `%s`",
			topic, text, own);
	else if (!fixed && wanted >= 0)
		format = wanted;
	l->record_format = metadata_version_record_format(format);
	l->allow_zstd = version >= METADATA_VERSION_2_1_IV0;
}

static void fill_files(struct log_config *l, const struct values *v)
{
	l->segment_bytes = (int32_t)v->v[TOPIC_SEGMENT_BYTES].i;
	l->segment_ms = v->v[TOPIC_SEGMENT_MS].i;
	l->segment_jitter_ms = v->v[TOPIC_SEGMENT_JITTER_MS].i;
	l->segment_index_bytes = (int32_t)v->v[TOPIC_SEGMENT_INDEX_BYTES].i;
	l->index_interval_bytes = (int32_t)v->v[TOPIC_INDEX_INTERVAL_BYTES].i;
	l->preallocate = v->v[TOPIC_PREALLOCATE].b;
	l->cleanup_delete = list_has(&v->v[TOPIC_CLEANUP_POLICY], "delete");
	l->cleanup_compact = list_has(&v->v[TOPIC_CLEANUP_POLICY], "compact");
	l->retention_ms = v->v[TOPIC_RETENTION_MS].i;
	l->retention_bytes = v->v[TOPIC_RETENTION_BYTES].i;
	l->local_retention_ms = v->v[TOPIC_LOCAL_RETENTION_MS].i;
	l->local_retention_bytes = v->v[TOPIC_LOCAL_RETENTION_BYTES].i;
	l->file_delete_delay_ms = v->v[TOPIC_FILE_DELETE_DELAY_MS].i;
	l->flush_messages = v->v[TOPIC_FLUSH_MESSAGES].i;
	l->flush_ms = v->v[TOPIC_FLUSH_MS].i;
	l->delete_retention_ms = v->v[TOPIC_DELETE_RETENTION_MS].i;
	l->min_compaction_lag_ms = v->v[TOPIC_MIN_COMPACTION_LAG_MS].i;
	l->max_compaction_lag_ms =
		MAX(v->v[TOPIC_MAX_COMPACTION_LAG_MS].i, l->min_compaction_lag_ms);
	l->min_cleanable_dirty_ratio = v->v[TOPIC_MIN_CLEANABLE_DIRTY_RATIO].d;
}

struct log_config *topic_config_new(
	const struct config *c, const char *topic, const struct properties *overrides)
{
	struct log_config *l = log_config_new();
	struct values v;
	int r;

	for (size_t i = 0; i < overrides->n; i++) {
		if (topic_config_key_find(overrides->v[i].key) < 0)
			log_error("Configuration %s of topic %s is ignored: the key is unknown",
				overrides->v[i].key, topic);
	}
	r = parse_all(c, topic, overrides, &v, NULL);
	assert(r == 0);
	fill_files(l, &v);
	fill_appends(l, &v);
	fill_format(l, c, topic, overrides);
	values_fini(&v);
	return l;
}
