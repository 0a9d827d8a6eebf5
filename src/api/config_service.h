/* config_service.h - what request handlers may ask and change about configuration.
 *
 * Handlers cannot see broker/; broker/config_service.c fills this table of functions and broker/startup puts
 * it into struct broker_context. Results live in the arena handed in. Texts are Kafka's (ConfigHelper,
 * ConfigAdminManager, ZkAdminManager of 3.9); protocol.md 16.3.
 *
 * Thread: `describe` and `alter` may wait for ZooKeeper: worker threads only. The others: any, they never wait.
 */
#ifndef API_CONFIG_SERVICE_H
#define API_CONFIG_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

struct topic_override; /* controller/topic_admin.h */

enum config_resource_type {
	CONFIG_RESOURCE_TOPIC = 2,
	CONFIG_RESOURCE_BROKER = 4,
	CONFIG_RESOURCE_BROKER_LOGGER = 8,
	CONFIG_RESOURCE_CLIENT_METRICS = 16,
};

enum config_op { CONFIG_OP_SET, CONFIG_OP_DELETE, CONFIG_OP_APPEND, CONFIG_OP_SUBTRACT };

/* Where a value comes from: the numbers of the wire. */
enum config_source {
	CONFIG_SOURCE_TOPIC = 1,
	CONFIG_SOURCE_DYNAMIC_BROKER = 2,
	CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER = 3,
	CONFIG_SOURCE_STATIC_BROKER = 4,
	CONFIG_SOURCE_DEFAULT = 5,
	CONFIG_SOURCE_DYNAMIC_BROKER_LOGGER = 6,
};

struct config_synonym {
	struct str name, value; /* value null: sensitive */
	int8_t source;
};

struct config_entry {
	struct str name, value; /* value null: unset or sensitive */
	bool read_only, sensitive;
	int8_t source;            /* enum config_source */
	int8_t type;              /* 0 unknown, 1 boolean ... 9 password: the numbers of the wire */
	struct str documentation; /* null unless asked for */
	struct config_synonym *synonyms; /* none unless asked for */
	int32_t synonyms_n;
};

struct config_change {
	struct str name, value; /* value null allowed only for CONFIG_OP_DELETE */
	int8_t op;              /* as received; AlterConfigs passes CONFIG_OP_SET */
};

/* A consistent view of the broker settings that handlers use themselves; dynamic ones are current. */
struct broker_settings {
	int32_t num_partitions;               /* num.partitions */
	int32_t default_replication_factor;   /* default.replication.factor */
	bool auto_create_topics;              /* auto.create.topics.enable */
	bool delete_topics;                   /* delete.topic.enable */
	int32_t fetch_max_bytes;              /* fetch.max.bytes */
	int32_t fetch_session_slots;          /* max.incremental.fetch.session.cache.slots */
	int32_t offsets_topic_partitions;     /* offsets.topic.num.partitions */
	int32_t transaction_topic_partitions; /* transaction.state.log.num.partitions */
	int32_t transaction_max_timeout_ms;   /* transaction.max.timeout.ms */
	int32_t request_timeout_ms;           /* request.timeout.ms */
	bool rack_aware_reads;                /* replica.selector.class is the rack aware one */
};

struct config_service {
	void *arg; /* first argument of every function */

	void (*settings)(void *arg, struct broker_settings *ret);

	/* The entries of a resource, sorted by name. `keys_n` <= 0: all.
	 *   0                        *ret, *ret_n are set
	 *   KERR_INVALID_REQUEST, KERR_INVALID_TOPIC_EXCEPTION, KERR_UNKNOWN_TOPIC_OR_PARTITION
	 *                            *ret_message says why (untouched for an unknown topic)
	 *   -ENOMEM                  the arena is full                                        */
	int (*describe)(void *arg, struct arena *a, int8_t resource_type, struct str name,
		const struct str *keys, int32_t keys_n, bool synonyms, bool documentation,
		struct config_entry **ret, int32_t *ret_n, struct str *ret_message) MUST_CHECK;

	/* The entries a topic with these overrides has or would have (CreateTopics v5+), sorted by name. */
	int (*describe_overrides)(void *arg, struct arena *a, const struct topic_override *overrides,
		int32_t n, struct config_entry **ret, int32_t *ret_n) MUST_CHECK;

	/* Checks the overrides of a topic to be created: names, values, combinations.
	 *   0 | KERR_INVALID_CONFIG with *ret_message | -ENOMEM */
	int (*validate_overrides)(void *arg, struct arena *a, const struct topic_override *overrides,
		int32_t n, struct str *ret_message) MUST_CHECK;

	/* Changes one resource: checks, writes the znode and the notification. `incremental` false: `v` replaces
	 * the whole set (AlterConfigs). The caller checks that no resource appears twice in its request.
	 *   0
	 *   KERR_INVALID_REQUEST, KERR_INVALID_CONFIG, KERR_UNKNOWN_TOPIC_OR_PARTITION,
	 *   KERR_INVALID_TOPIC_EXCEPTION, KERR_STALE_CONTROLLER_EPOCH   *ret_message says why
	 *   -errno                   ZooKeeper could not be reached, nothing is known to be written */
	int (*alter)(void *arg, struct arena *a, int8_t resource_type, struct str name,
		const struct config_change *v, int32_t n, bool incremental, bool validate_only,
		struct str *ret_message) MUST_CHECK;
};

#endif
