/* znode.h - the content of each znode: encoded byte for byte as Kafka 3.9 writes it, decoded as it reads it.
 *
 * Pure. Encoders return an owned, NUL-terminated text. Decoders take what ZooKeeper returned (`text` may be NULL,
 * len < 0) and trust nothing; strictness and leniency are those of zookeeper.md 1.5 and chapter 2. A decoder's
 * result: 0, or -EBADMSG with *ret untouched.
 */
#ifndef ZK_ZNODE_H
#define ZK_ZNODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/uuid.h"

/* ---- /brokers/ids/N (2.1) ---- */

enum zk_security_protocol { ZK_PLAINTEXT, ZK_SSL, ZK_SASL_PLAINTEXT, ZK_SASL_SSL };
const char *zk_security_protocol_name(enum zk_security_protocol p);
bool zk_security_protocol_parse(const char *name, enum zk_security_protocol *ret);

struct zk_endpoint {
	char *listener; /* upper case */
	enum zk_security_protocol protocol;
	char *host; /* without brackets; "" when null */
	int32_t port;
};

struct zk_feature {
	char *name;
	int32_t min_version, max_version;
};

struct znode_broker {
	int32_t version; /* 1 to 5; 2, 4 and 5 are written */
	struct zk_endpoint *endpoints;
	size_t endpoints_n;
	char *rack; /* NULL: none */
	int32_t jmx_port;
	int64_t timestamp_ms;
	struct zk_feature *features;
	size_t features_n;
};
#define ZNODE_BROKER_INIT ((struct znode_broker){ .version = 5, .jmx_port = -1 })

char *znode_broker_encode(const struct znode_broker *b);
int znode_broker_decode(const char *text, int32_t len, struct znode_broker *ret) MUST_CHECK;
void znode_broker_fini(struct znode_broker *b);
void znode_broker_copy(const struct znode_broker *from, struct znode_broker *ret);
bool znode_broker_same_endpoints(const struct znode_broker *a, const struct znode_broker *b); /* and features */
const struct zk_endpoint *znode_broker_endpoint(const struct znode_broker *b, const char *listener);

/* ---- /brokers/topics/T (2.2) ---- */

struct int_list {
	int32_t *v;
	size_t n;
};
struct int_list int_list_copy(struct int_list l);
struct int_list int_list_of(const int32_t *v, size_t n); /* copies */
void int_list_fini(struct int_list *l);
bool int_list_eq(struct int_list a, struct int_list b); /* same order */
bool int_list_has(struct int_list l, int32_t v);

struct znode_assignment {
	int32_t partition;
	struct int_list replicas, adding, removing;
};

struct znode_topic {
	struct uuid id; /* zero: none */
	struct znode_assignment *partitions; /* ascending */
	size_t partitions_n;
};
#define ZNODE_TOPIC_INIT ((struct znode_topic){ .partitions = NULL })

char *znode_topic_encode(const struct znode_topic *t);
/* Text that is not JSON reads as no partitions and no id (2.2); NULL and empty data are -EBADMSG. */
int znode_topic_decode(const char *text, int32_t len, struct znode_topic *ret) MUST_CHECK;
void znode_topic_fini(struct znode_topic *t);

/* ---- /brokers/topics/T/partitions/P/state (2.3) ---- */

enum { LEADER_RECOVERED = 0, LEADER_RECOVERING = 1 };

struct znode_state {
	int32_t leader; /* -1: none */
	int32_t leader_epoch;
	struct int_list isr;
	int32_t controller_epoch;
	int32_t recovery; /* LEADER_RECOVERED, LEADER_RECOVERING */
	int32_t partition_epoch; /* not in the text: the znode's data version */
};
#define ZNODE_STATE_INIT ((struct znode_state){ .leader = -1 })

char *znode_state_encode(const struct znode_state *s);
int znode_state_decode(const char *text, int32_t len, int32_t data_version, struct znode_state *ret) MUST_CHECK;
void znode_state_fini(struct znode_state *s);
void znode_state_copy(const struct znode_state *from, struct znode_state *ret);

/* ---- /controller, /controller_epoch (2.6) ---- */

struct znode_controller {
	int32_t broker;
	int32_t kraft_epoch; /* -1: a ZooKeeper controller */
};
char *znode_controller_encode(int32_t broker, int64_t timestamp_ms);
int znode_controller_decode(const char *text, int32_t len, struct znode_controller *ret) MUST_CHECK;
char *znode_epoch_encode(int32_t epoch);
int znode_epoch_decode(const char *text, int32_t len, int32_t *ret) MUST_CHECK;

/* ---- /cluster/id (2.5) ---- */

char *znode_cluster_id_encode(const char *id);
int znode_cluster_id_decode(const char *text, int32_t len, char **ret) MUST_CHECK;

/* ---- /config/<type>/<entity> and /config/changes (2.7, 2.8) ---- */

struct zk_pair {
	char *name, *value;
};

struct znode_config {
	struct zk_pair *pairs; /* in the order of insertion */
	size_t n, cap;
};
#define ZNODE_CONFIG_INIT ((struct znode_config){ .pairs = NULL })

char *znode_config_encode(const struct znode_config *c);
/* NULL, empty, unparsable text, no `config` key: no overrides, 0. A value that is no string: -EBADMSG. */
int znode_config_decode(const char *text, int32_t len, struct znode_config *ret) MUST_CHECK;
void znode_config_fini(struct znode_config *c);
const char *znode_config_get(const struct znode_config *c, const char *name); /* NULL: absent */
void znode_config_put(struct znode_config *c, const char *name, const char *value);
bool znode_config_remove(struct znode_config *c, const char *name);

/* `entity_path` is the path below /config: "topics/t", "brokers/1", "users/u/clients/c". */
char *znode_config_change_encode(const char *entity_path);
/* Also the versions 1 of older writers, turned into an entity path. */
int znode_config_change_decode(const char *text, int32_t len, char **ret_entity_path) MUST_CHECK;

/* ---- notifications and administration (2.10 to 2.12) ---- */

struct zk_partition_ref {
	char *topic;
	int32_t partition;
	struct int_list replicas; /* reassignments only */
};

struct znode_partitions {
	struct zk_partition_ref *refs;
	size_t n;
};
#define ZNODE_PARTITIONS_INIT ((struct znode_partitions){ .refs = NULL })

/* /isr_change_notification/... and /admin/preferred_replica_election */
char *znode_partitions_encode(const struct znode_partitions *p);
int znode_partitions_decode(const char *text, int32_t len, struct znode_partitions *ret) MUST_CHECK;
/* /admin/reassign_partitions */
char *znode_reassign_encode(const struct znode_partitions *p);
int znode_reassign_decode(const char *text, int32_t len, struct znode_partitions *ret) MUST_CHECK;
void znode_partitions_fini(struct znode_partitions *p);

char *znode_log_dir_event_encode(int32_t broker);
int znode_log_dir_event_decode(const char *text, int32_t len, int32_t *ret_broker) MUST_CHECK;

/* ---- /latest_producer_id_block (2.13) ---- */

struct znode_producer_ids {
	int32_t broker;
	int64_t start, end; /* inclusive */
};
char *znode_producer_ids_encode(const struct znode_producer_ids *p);
int znode_producer_ids_decode(const char *text, int32_t len, struct znode_producer_ids *ret) MUST_CHECK;

/* ---- /feature (2.17) ---- */

struct znode_feature {
	int32_t version; /* 1, 2 */
	int32_t status;	 /* 0 disabled, 1 enabled */
	struct zk_feature *features; /* max_version only */
	size_t features_n;
};
char *znode_feature_encode(const struct znode_feature *f);
int znode_feature_decode(const char *text, int32_t len, struct znode_feature *ret) MUST_CHECK;
void znode_feature_fini(struct znode_feature *f);

/* ---- names of quota entities (2.7) ---- */

char *zk_sanitize(const char *name);
char *zk_desanitize(const char *name);

#endif
