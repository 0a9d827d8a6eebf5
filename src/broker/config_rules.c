/* config_rules.c - rules that join several keys, and settings of features that do not exist.
 *
 * The first are KafkaConfig.validateValues of 3.9 as far as they apply with ZooKeeper, in its order and words.
 * The second are our own: what would change behaviour if it were ignored ends the start (config.def, support).
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "broker/config_passwords.h"
#include "broker/config_priv.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"
#include "record/compress.h"
#include "storage/offset_map.h"

/* A broken rule, which Kafka reports as "requirement failed: ...". */
static int PRINTF(3, 4) broken(struct config_fault *f, enum config_id id, const char *fmt, ...)
{
	char text[sizeof(f->text)];
	va_list va;

	va_start(va, fmt);
	vsnprintf(text, sizeof(text), fmt, va);
	va_end(va);
	return config_fault_set(f, id, true, "%s", text);
}

static int check_ids(const struct config *c, struct config_fault *f)
{
	int32_t id = config_int(c, CFG_BROKER_ID);
	bool generate;

	if (config_int(c, CFG_NODE_ID) != id)
		return config_fault_set(f, CFG_NODE_ID, false,
			"You must set `node.id` to the same value as `broker.id`.");
	if (config_is_null(c, CFG_ZOOKEEPER_CONNECT))
		return config_fault_set(f, CFG_ZOOKEEPER_CONNECT, false,
			"Missing required configuration `zookeeper.connect` which has no default "
			"value.");
	if (!config_text(c, CFG_ZOOKEEPER_CONNECT)[0])
		return broken(
			f, CFG_ZOOKEEPER_CONNECT, "expected host:port[,host:port...][/chroot]");
	generate = config_bool(c, CFG_BROKER_ID_GENERATION_ENABLE);
	if (generate && (id < -1 || id > config_int(c, CFG_RESERVED_BROKER_MAX_ID)))
		return broken(f, CFG_BROKER_ID,
			"broker.id must be greater than or equal to -1 and not greater than "
			"reserved.broker.max.id");
	if (!generate && id < 0)
		return broken(f, CFG_BROKER_ID, "broker.id must be greater than or equal to 0");
	return 0;
}

static int check_log_dirs(const struct config *c, struct config_fault *f)
{
	enum config_id id = config_is_null(c, CFG_LOG_DIRS) ? CFG_LOG_DIR : CFG_LOG_DIRS;

	if (c->log_dirs_n == 0)
		return broken(f, id,
			"At least one log directory must be defined via log.dirs or log.dir.");
	for (size_t i = 0; i < c->log_dirs_n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!strcmp(c->log_dirs[i], c->log_dirs[j]))
				return broken(f, id, "Duplicate log directory found: %.200s",
					c->log_dirs[i]);
		}
	}
	return 0;
}

static int check_logs(const struct config *c, struct config_fault *f)
{
	int64_t retention = config_log_retention_ms(c),
		buffer = config_long(c, CFG_LOG_CLEANER_DEDUPE_BUFFER_SIZE);
	int64_t min_lag = config_long(c, CFG_LOG_CLEANER_MIN_COMPACTION_LAG_MS);
	int64_t max_lag = config_long(c, CFG_LOG_CLEANER_MAX_COMPACTION_LAG_MS);
	int32_t threads = config_int(c, CFG_LOG_CLEANER_THREADS);

	if (config_log_roll_ms(c) < 1)
		return broken(f, CFG_LOG_ROLL_MS, "log.roll.ms must be greater than or equal to 1");
	if (config_log_roll_jitter_ms(c) < 0)
		return broken(f, CFG_LOG_ROLL_JITTER_MS,
			"log.roll.jitter.ms must be greater than or equal to 0");
	if (retention < 1 && retention != -1)
		return broken(f, CFG_LOG_RETENTION_MS,
			"log.retention.ms must be unlimited (-1) or, greater than or equal to 1");
	if (config_log_flush_interval_ms(c) < 0)
		return broken(f, CFG_LOG_FLUSH_INTERVAL_MS,
			"log.flush.interval.ms must be greater than or equal to 0");
	if (threads < 1)
		return broken(f, CFG_LOG_CLEANER_THREADS, "log.cleaner.threads must be at least 1");
	if (buffer / threads <= 1024 * 1024)
		return broken(f, CFG_LOG_CLEANER_DEDUPE_BUFFER_SIZE,
			"log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.");
	if (config_bool(c, CFG_LOG_CLEANER_ENABLE) &&
		!offset_map_fits((size_t)MIN(buffer / threads, (int64_t)INT32_MAX),
			config_double(c, CFG_LOG_CLEANER_IO_BUFFER_LOAD_FACTOR)))
		return broken(f, CFG_LOG_CLEANER_IO_BUFFER_LOAD_FACTOR,
			"offset map is too small to fit in even a single message, so log cleaning "
			"will never make progress. You can increase log.cleaner.dedupe.buffer.size or "
			"decrease log.cleaner.threads");
	if (min_lag > max_lag)
		return broken(f, CFG_LOG_CLEANER_MIN_COMPACTION_LAG_MS,
			"conflict topic config setting min.compaction.lag.ms (%lld) > "
			"max.compaction.lag.ms (%lld)",
			(long long)min_lag, (long long)max_lag);
	return 0;
}

static int check_replication(const struct config *c, struct config_fault *f)
{
	int64_t wait = config_long(c, CFG_REPLICA_FETCH_WAIT_MAX_MS);

	if (wait > config_long(c, CFG_REPLICA_SOCKET_TIMEOUT_MS))
		return broken(f, CFG_REPLICA_FETCH_WAIT_MAX_MS,
			"replica.socket.timeout.ms should always be at least "
			"replica.fetch.wait.max.ms to prevent unnecessary "
			"socket timeouts");
	if (wait > config_long(c, CFG_REPLICA_LAG_TIME_MAX_MS))
		return broken(f, CFG_REPLICA_FETCH_WAIT_MAX_MS,
			"replica.fetch.wait.max.ms should always be less than or equal to "
			"replica.lag.time.max.ms to prevent "
			"frequent changes in ISR");
	return 0;
}

/* The two selectors that Kafka has; there is no class path for others. */
#define RACK_AWARE_SELECTOR "org.apache.kafka.common.replica.RackAwareReplicaSelector"
#define LEADER_SELECTOR	    "org.apache.kafka.common.replica.LeaderSelector"

bool config_reads_by_rack(const struct config *c)
{
	const char *class = config_text(c, CFG_REPLICA_SELECTOR_CLASS);

	return class && !strcmp(class, RACK_AWARE_SELECTOR);
}

static int check_selector(const struct config *c, struct config_fault *f)
{
	const char *class = config_text(c, CFG_REPLICA_SELECTOR_CLASS);

	if (class && *class && !config_reads_by_rack(c) && strcmp(class, LEADER_SELECTOR))
		return broken(f, CFG_REPLICA_SELECTOR_CLASS, "expected " RACK_AWARE_SELECTOR ", or unset");
	return 0;
}

static bool has_listener(const struct endpoints *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++) {
		if (!strcmp(e->v[i].listener, name))
			return true;
	}
	return false;
}

static int check_listeners(const struct config *c, struct config_fault *f)
{
	if (c->listeners.n == 0)
		return broken(f, CFG_LISTENERS, "expected NAME://host:port, comma separated");
	if (c->advertised.n == 0)
		return broken(f, CFG_ADVERTISED_LISTENERS,
			"There must be at least one broker advertised listener.");
	for (size_t i = 0; i < c->listeners.n; i++) {
		const struct zk_endpoint *e = &c->listeners.v[i];

		if (e->protocol != ZK_PLAINTEXT)
			return broken(f, CFG_LISTENERS,
				"listener %.100s needs %s, which is not available yet; only "
				"PLAINTEXT listeners are",
				e->listener, zk_security_protocol_name(e->protocol));
	}
	if (!has_listener(&c->advertised, c->inter_broker))
		return broken(f,
			config_is_null(c, CFG_INTER_BROKER_LISTENER_NAME)
				? CFG_SECURITY_INTER_BROKER_PROTOCOL
				: CFG_INTER_BROKER_LISTENER_NAME,
			"inter.broker.listener.name must be a listener name defined in "
			"advertised.listeners");
	for (size_t i = 0; i < c->advertised.n; i++) {
		const struct zk_endpoint *e = &c->advertised.v[i];

		if (!has_listener(&c->listeners, e->listener))
			return broken(f, CFG_ADVERTISED_LISTENERS,
				"advertised.listeners listener names must be equal to or a subset "
				"of the ones defined in listeners. "
				"Found %.100s",
				e->listener);
		if (!strcmp(e->host, "0.0.0.0"))
			return broken(f,
				config_is_null(c, CFG_ADVERTISED_LISTENERS)
					? CFG_LISTENERS
					: CFG_ADVERTISED_LISTENERS,
				"advertised.listeners cannot use the nonroutable meta-address "
				"0.0.0.0. Use a routable IP address.");
	}
	return 0;
}

/* host:count pairs; the last colon splits (Csv.parseCsvMap), hosts are names or addresses. */
static int check_ip_overrides(const struct config *c, struct config_fault *f)
{
	const enum config_id id = CFG_MAX_CONNECTIONS_PER_IP_OVERRIDES;

	for (const char *p = config_text(c, id); *p;) {
		size_t len = strcspn(p, ","), host = len;
		int64_t count;

		while (host > 0 && p[host - 1] != ':')
			host--;
		if (len > 0 && host == 0)
			return broken(f, id, "expected host:count, comma separated");
		if (len > 0) {
			const char *from = p + host + strspn(p + host, " ");
			size_t digits = (size_t)(p + len - from);

			while (digits > 0 && from[digits - 1] == ' ')
				digits--;
			if (!(str_to_i64((struct str){from, (int32_t)digits}, INT32_MIN, INT32_MAX,
				    &count)))
				return broken(f, id,
					"expected host:count, comma separated, with whole numbers");
		}
		for (size_t i = 0; host > 0 && i < host - 1; i++)
			if (!(isalnum((unsigned char)p[i]) || strchr("-%._: ", p[i])))
				return broken(f, id,
					"max.connections.per.ip.overrides contains invalid "
					"addresses");
		p += len + (p[len] == ',');
	}
	if (config_int(c, CFG_MAX_CONNECTIONS_PER_IP) == 0 && !config_text(c, id)[0])
		return broken(f, CFG_MAX_CONNECTIONS_PER_IP,
			"max.connections.per.ip can be set to zero only if "
			"max.connections.per.ip.overrides property is set.");
	return 0;
}

static int check_network(const struct config *c, struct config_fault *f)
{
	int64_t queued = config_long(c, CFG_QUEUED_MAX_REQUEST_BYTES),
		idle = config_long(c, CFG_CONNECTIONS_MAX_IDLE_MS);
	int64_t delay = config_long(c, CFG_CONNECTION_FAILED_AUTHENTICATION_DELAY_MS);

	if (queued > 0 && queued < config_long(c, CFG_SOCKET_REQUEST_MAX_BYTES))
		return broken(f, CFG_QUEUED_MAX_REQUEST_BYTES,
			"queued.max.request.bytes must be larger or equal to "
			"socket.request.max.bytes");
	if (idle >= 0 && delay >= idle)
		return broken(f, CFG_CONNECTION_FAILED_AUTHENTICATION_DELAY_MS,
			"connection.failed.authentication.delay.ms=%lld should always be less than "
			"connections.max.idle.ms=%lld "
			"to prevent failed authentication responses from timing out",
			(long long)delay, (long long)idle);
	return check_ip_overrides(c, f);
}

static int check_groups(const struct config *c, struct config_fault *f)
{
	int32_t codec = config_int(c, CFG_OFFSETS_TOPIC_COMPRESSION_CODEC);
	int32_t acks = config_int(c, CFG_OFFSETS_COMMIT_REQUIRED_ACKS);
	bool classic = false;
	size_t n;
	const char *const *v = config_list(c, CFG_GROUP_COORDINATOR_REBALANCE_PROTOCOLS, &n);

	for (size_t i = 0; i < n; i++) {
		classic = classic || !strcmp(v[i], "classic");
		if (!strcmp(v[i], "consumer"))
			return config_fault_set(f, CFG_GROUP_COORDINATOR_REBALANCE_PROTOCOLS, false,
				"The new 'consumer' rebalance protocol is only supported in KRaft "
				"cluster.");
	}
	if (!classic)
		return config_fault_set(f, CFG_GROUP_COORDINATOR_REBALANCE_PROTOCOLS, false,
			"Disabling the 'classic' protocol is not supported.");
	if (codec < 0 || codec > 4)
		return broken(f, CFG_OFFSETS_TOPIC_COMPRESSION_CODEC,
			"expected 0 (none), 1 (gzip), 2 (snappy), 3 (lz4) or 4 (zstd)");
	if (acks < -1 || acks > config_int(c, CFG_OFFSETS_TOPIC_REPLICATION_FACTOR))
		return broken(f, CFG_OFFSETS_COMMIT_REQUIRED_ACKS,
			"offsets.commit.required.acks must be greater or equal -1 and less or "
			"equal to "
			"offsets.topic.replication.factor");
	return 0;
}

/* The newest format of records that brokers of this configuration may be sent. */
static int check_version(const struct config *c, struct config_fault *f)
{
	static const char *const format_since[] = {"0.8.0", "0.10.0", "0.11.0"};
	int version = config_metadata_version(c);
	int8_t format = metadata_version_record_format(config_message_format_version(c));
	int8_t allowed = metadata_version_record_format(version);

	if (version > METADATA_VERSION_3_9_IV0)
		return broken(f, CFG_INTER_BROKER_PROTOCOL_VERSION,
			"expected a release from 0.8.0 to 3.9-IV0");
	if (allowed < format)
		return broken(f, CFG_LOG_MESSAGE_FORMAT_VERSION,
			"log.message.format.version %.50s can only be used when "
			"inter.broker.protocol.version is set to version %s or higher",
			config_text(c, CFG_LOG_MESSAGE_FORMAT_VERSION), format_since[format]);
	if (config_int(c, CFG_OFFSETS_TOPIC_COMPRESSION_CODEC) == CODEC_ZSTD && allowed < 2)
		return broken(f, CFG_OFFSETS_TOPIC_COMPRESSION_CODEC,
			"offsets.topic.compression.codec zstd can only be used when "
			"inter.broker.protocol.version is set to version 2.1 or higher");
	return 0;
}

static int check_passwords(const struct config *c, struct config_fault *f)
{
	char why[sizeof(f->text)];

	if (config_is_null(c, CFG_PASSWORD_ENCODER_SECRET) || config_passwords_check(c, why, sizeof(why)) == 0)
		return 0;
	return broken(f, CFG_PASSWORD_ENCODER_SECRET, "not possible: %s", why);
}

int config_check_rules(const struct config *c, struct config_fault *f)
{
	static int (*const checks[])(const struct config *, struct config_fault *) = {
		check_ids,
		check_log_dirs,
		check_logs,
		check_replication,
		check_selector,
		check_version,
		check_listeners,
		check_network,
		check_groups,
		check_passwords,
	};

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		int r = checks[i](c, f);

		if (r)
			return r;
	}
	return 0;
}

/* --- features that do not exist --- */

/* A class of Kafka's own that needs no loading because we behave as it does. */
static bool known_class(enum config_id id, const char *value)
{
	if (id == CFG_REPLICA_SELECTOR_CLASS)
		return !strcmp(value, "org.apache.kafka.common.replica.LeaderSelector") ||
		       !strcmp(value, "org.apache.kafka.common.replica.RackAwareReplicaSelector");
	return true;
}

static bool is_default(const struct config_key *k, const char *value)
{
	struct config_value v;
	char why[CONFIG_ERROR_MAX];
	bool same;

	if (config_value_parse(k, value, &v, why, sizeof(why)))
		return false;
	same = v.text[0] == '\0' || (k->def && !strcmp(v.text, k->def));
	config_value_fini(k, &v);
	return same;
}

static int missing(char *why, size_t size, const char *text)
{
	snprintf(why, size, "not possible: %s", text);
	return KERR_INVALID_CONFIG;
}

int config_check_support(const char *name, const char *value, char *why, size_t size)
{
	int id = config_key_find(name);
	const struct config_foreign *other = id < 0 ? config_foreign_find(name) : NULL;

	if (id >= 0) {
		const struct config_key *k = &config_keys[id];

		if (k->support == CONFIG_REFUSED && !is_default(k, value))
			return missing(why, size, k->reason);
		if (!known_class((enum config_id)id, value))
			return missing(
				why, size, "a Java class that is not Kafka's own cannot be loaded");
		return 0;
	}
	if (other && other->refused && value[0])
		return missing(why, size, other->refused);
	return 0;
}
