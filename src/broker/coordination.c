/* coordination.c - see coordination.h. */
#include "broker/coordination.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "broker/config.h"
#include "broker/settings.h"
#include "controller/auto_creation.h"
#include "coordinator/groups.h"
#include "coordinator/internal_topic.h"
#include "replica/partitions.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.server.KafkaServer"
#include "base/logger.h"

/* 0 with *ret 0 when the topic is not there, or has no partition that could be read. */
static int count_partitions(struct zk_session *zk, const char *topic, int32_t *ret)
{
	struct znode_topic znode = ZNODE_TOPIC_INIT;
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_get(zk, &v, ZK_PATH_TOPIC, topic);

	*ret = 0;
	if (r == 0 && znode_topic_decode(v.data, v.len, &znode) == 0)
		*ret = (int32_t)znode.partitions_n;
	znode_topic_fini(&znode);
	zk_value_fini(&v);
	if (r == ZK_NO_NODE)
		return 0;
	if (r)
		log_error("The partitions of %s cannot be read from ZooKeeper: %s", topic, zk_code_text(r));
	return r > 0 ? -EPROTO : r;
}

static int partitions_of(struct zk_session *zk, const char *topic, int32_t configured, int32_t *ret)
{
	int r = count_partitions(zk, topic, ret);

	if (*ret == 0)
		*ret = configured;
	return r;
}

static int read_shapes(struct coordination *c, const struct config *config, struct zk_session *zk)
{
	int r = partitions_of(zk, OFFSETS_TOPIC, config_int(config, CFG_OFFSETS_TOPIC_NUM_PARTITIONS),
	    &c->offsets_partitions);

	if (r == 0)
		r = partitions_of(zk, TRANSACTIONS_TOPIC, config_int(config, CFG_TRANSACTION_STATE_LOG_NUM_PARTITIONS),
		    &c->transactions_partitions);
	return r;
}

/* --- leadership --- */

static bool is_offsets(struct str topic)
{
	return str_is(topic, OFFSETS_TOPIC);
}

static void on_elected(void *arg, struct str topic, int32_t index, int32_t leader_epoch)
{
	struct coordination *c = arg;

	if (c->groups && is_offsets(topic))
		groups_elected(c->groups, index, leader_epoch);
}

static void on_resigned(void *arg, struct str topic, int32_t index, int32_t leader_epoch)
{
	struct coordination *c = arg;

	if (c->groups && is_offsets(topic))
		groups_resigned(c->groups, index, leader_epoch);
}

static void on_deleted(void *arg, struct str topic, int32_t index)
{
	struct coordination *c = arg;

	if (c->groups)
		groups_partition_deleted(c->groups, topic, index);
}

void coordination_listener(struct coordination *c, struct leadership_listener *ret)
{
	*ret = (struct leadership_listener){ .elected = on_elected, .resigned = on_resigned, .deleted = on_deleted,
		.arg = c };
}

/* --- life --- */

int coordination_start(struct coordination *c, const struct coordination_parts *parts)
{
	struct groups_config groups;
	int r = read_shapes(c, parts->config, parts->zk);

	if (r < 0)
		return r;
	settings_groups(parts->config, parts->broker_id, c->offsets_partitions, &groups);
	groups.clock = parts->clock;
	groups.partitions = parts->partitions;
	groups.delayed = parts->delayed;
	c->groups = groups_new(&groups);
	r = groups_start(c->groups);
	if (r < 0)
		log_error("The group coordinator's threads cannot be started: %s", strerror(-r));
	return r;
}

void coordination_stop(struct coordination *c)
{
	if (c->groups)
		groups_stop(c->groups);
}

void coordination_fini(struct coordination *c)
{
	c->groups = groups_free(c->groups);
}

/* --- the internal topics --- */

static void add_setting(struct internal_topic *t, const char *key, const char *value)
{
	t->settings[t->settings_n].key = key;
	(void)snprintf(t->settings[t->settings_n].value, sizeof(t->settings[0].value), "%s", value);
	t->settings_n++;
}

static void add_number(struct internal_topic *t, const char *key, int32_t value)
{
	char text[sizeof(t->settings[0].value)];

	(void)snprintf(text, sizeof(text), "%" PRId32, value);
	add_setting(t, key, text);
}

struct auto_creation *coordination_auto_creation(const struct config *config, struct topic_admin *admin,
    const struct clock *clock)
{
	struct internal_topic topics[] = {
		{ .name = OFFSETS_TOPIC,
		    .partitions = config_int(config, CFG_OFFSETS_TOPIC_NUM_PARTITIONS),
		    .replication = (int16_t)config_int(config, CFG_OFFSETS_TOPIC_REPLICATION_FACTOR) },
		{ .name = TRANSACTIONS_TOPIC,
		    .partitions = config_int(config, CFG_TRANSACTION_STATE_LOG_NUM_PARTITIONS),
		    .replication = (int16_t)config_int(config, CFG_TRANSACTION_STATE_LOG_REPLICATION_FACTOR) },
	};

	add_setting(&topics[0], "cleanup.policy", "compact");
	add_number(&topics[0], "segment.bytes", config_int(config, CFG_OFFSETS_TOPIC_SEGMENT_BYTES));
	add_setting(&topics[0], "compression.type", "producer");
	add_setting(&topics[1], "unclean.leader.election.enable", "false");
	add_setting(&topics[1], "compression.type", "uncompressed");
	add_setting(&topics[1], "cleanup.policy", "compact");
	add_number(&topics[1], "min.insync.replicas", config_int(config, CFG_TRANSACTION_STATE_LOG_MIN_ISR));
	add_number(&topics[1], "segment.bytes", config_int(config, CFG_TRANSACTION_STATE_LOG_SEGMENT_BYTES));
	return auto_creation_new(admin, clock, topics, ARRAY_LEN(topics));
}
