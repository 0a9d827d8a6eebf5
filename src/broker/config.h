/* config.h - the broker's configuration: one immutable snapshot of all values.
 *
 * Made from server.properties and --override at the start; every dynamic change makes a new snapshot with
 * other dynamic layers (config_with_dynamic), the old one lives on as long as somebody holds it. Precedence:
 * this broker's dynamic value > the cluster's dynamic default > static > built-in default; a dynamic value
 * hides all synonyms of lower layers (zookeeper.md 5.8).
 *
 * Counted, immutable after it was returned. Thread: any.
 */
#ifndef BROKER_CONFIG_H
#define BROKER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/properties.h"
#include "broker/config_def.h"

struct config;
struct zk_endpoint; /* zk/znode.h: listener, protocol, host, port */

/* --- making --- */

#define CONFIG_ERROR_MAX 1024

/* Command line of the server: CONFIG [--override KEY=VALUE]... (argv[0] is the program).
 *   0          *ret has one reference
 *   -EINVAL    `why` is the one line to print: "FILE:LINE: KEY=VALUE: what would be valid" or "Found non
 *              argument parameters: ..."; print usage when *ret_usage
 *   -errno     the file cannot be read; `why` says so                                             */
int config_load(int argc, char *const *argv, struct config **ret, char why[CONFIG_ERROR_MAX],
	bool *ret_usage) MUST_CHECK;
/* The same from properties at hand; `file` is named in messages. Entries of line 0 are called "--override".
 * Takes nothing over. */
int config_new(const struct properties *p, const char *file, struct config **ret,
	char why[CONFIG_ERROR_MAX]) MUST_CHECK;

/* The same static settings under other dynamic layers. Both sets must have passed config_check_dynamic or
 * come from config_clean_dynamic (NULL: empty).
 *   0                     *ret has one reference
 *   KERR_INVALID_CONFIG   the combination is not valid; `why` is Kafka's message           */
int config_with_dynamic(const struct config *base, const struct properties *cluster,
	const struct properties *broker, struct config **ret,
	char why[CONFIG_ERROR_MAX]) MUST_CHECK;

struct config *config_ref(const struct config *c);
struct config *config_unref(struct config *c); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct config *, config_unref)

/* One warning line for each unknown or removed key and each setting that has no effect here. */
void config_log_warnings(const struct config *c);
/* The block "KafkaConfig values: " with all keys, passwords hidden (log-messages.md 2.1). */
void config_log_values(const struct config *c);

/* --- reading; the type must be the row's --- */

bool config_bool(const struct config *c, enum config_id id);
int32_t config_int(const struct config *c, enum config_id id);  /* INT and SHORT */
int64_t config_long(const struct config *c, enum config_id id); /* LONG, INT and SHORT */
double config_double(const struct config *c, enum config_id id);
const char *config_text(
	const struct config *c, enum config_id id); /* any type as text; NULL when null */
const char *const *config_list(const struct config *c, enum config_id id, size_t *ret_n);
bool config_is_null(const struct config *c, enum config_id id);
const struct config_value *config_value(const struct config *c, enum config_id id);
/* listener.name.{listener}.{key} if set, else the plain key; text only. */
const char *config_listener_text(const struct config *c, const char *listener, enum config_id id);

/* --- values derived from several keys --- */

const char *const *config_log_dirs(
	const struct config *c, size_t *ret_n);          /* log.dirs, else log.dir */
int64_t config_log_retention_ms(const struct config *c); /* -1: no limit */
int64_t config_log_roll_ms(const struct config *c);
int64_t config_log_roll_jitter_ms(const struct config *c);
int64_t config_log_flush_interval_ms(const struct config *c);
int64_t config_timestamp_before_max_ms(const struct config *c);
int64_t config_timestamp_after_max_ms(const struct config *c);
int32_t config_zookeeper_connection_timeout_ms(const struct config *c);

const struct zk_endpoint *config_listeners(
	const struct config *c, size_t *ret_n); /* host "": all addresses */
/* What is registered in ZooKeeper, in order: advertised.listeners, else listeners. Host "": the canonical host
 * name of this machine. */
const struct zk_endpoint *config_advertised(const struct config *c, size_t *ret_n);
/* inter.broker.protocol.version, and the log.message.format.version that counts with it (protocol/metadata_version.h). */
int config_metadata_version(const struct config *c);
int config_message_format_version(const struct config *c);
const char *config_inter_broker_listener(const struct config *c); /* listener name */
bool config_reads_by_rack(const struct config *c); /* replica.selector.class */

/* --- layers, for describing and altering --- */

enum config_layer { LAYER_BROKER, LAYER_CLUSTER, LAYER_STATIC }; /* falling precedence */
/* Raw entries as written; the static layer has broker.id and node.id filled from each other. */
const struct properties *config_layer(const struct config *c, enum config_layer layer);
const char *config_file(const struct config *c);

/* Checks a set of dynamic entries for one broker or the cluster's default (DynamicBrokerConfig.validateConfigs), passwords
 * decoded (config_passwords.h).
 * 0 | KERR_INVALID_CONFIG with Kafka's message in `why`. */
int config_check_dynamic_keys(
	const struct properties *p, bool per_broker, char why[CONFIG_ERROR_MAX]) MUST_CHECK;
/* The same, and whether this broker can do it. */
int config_check_dynamic(
	const struct properties *p, bool per_broker, char why[CONFIG_ERROR_MAX]) MUST_CHECK;
/* Removes from a stored set what cannot be applied, logging an error line for each sort of fault. */
void config_clean_dynamic(struct properties *p, bool per_broker);

#endif
