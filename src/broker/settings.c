/* settings.c - from configuration keys to the settings of the layers; the only place that knows both. */
#include "broker/settings.h"

#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "broker/config.h"
#include "coordinator/groups.h"
#include "net/server.h"
#include "protocol/metadata_version.h"
#include "replica/fetchers.h"
#include "replica/throttle.h"
#include "storage/cleaner.h"
#include "storage/log_dirs.h"
#include "zk/session.h"
#include "zk/znode.h"

void settings_zk(const struct config *c, struct zk_config *ret)
{
	*ret = (struct zk_config){
		.connect = config_text(c, CFG_ZOOKEEPER_CONNECT),
		.name = "Kafka server",
		.session_timeout_ms = config_int(c, CFG_ZOOKEEPER_SESSION_TIMEOUT_MS),
		.connection_timeout_ms = config_zookeeper_connection_timeout_ms(c),
		.max_in_flight = config_int(c, CFG_ZOOKEEPER_MAX_IN_FLIGHT_REQUESTS),
		.set_acl = config_bool(c, CFG_ZOOKEEPER_SET_ACL),
		.create_chroot = true,
	};
}

void settings_log_dirs(const struct config *c, struct log_dirs_config *ret)
{
	*ret = (struct log_dirs_config){
		.recovery_threads_per_dir = config_int(c, CFG_NUM_RECOVERY_THREADS_PER_DATA_DIR),
		.retention_check_interval_ms = config_long(c, CFG_LOG_RETENTION_CHECK_INTERVAL_MS),
		.flush_scheduler_interval_ms = config_long(c, CFG_LOG_FLUSH_SCHEDULER_INTERVAL_MS),
		.flush_offset_checkpoint_interval_ms = config_long(c, CFG_LOG_FLUSH_OFFSET_CHECKPOINT_INTERVAL_MS),
		.flush_start_offset_checkpoint_interval_ms =
		    config_long(c, CFG_LOG_FLUSH_START_OFFSET_CHECKPOINT_INTERVAL_MS),
		.high_watermark_checkpoint_interval_ms =
		    config_long(c, CFG_REPLICA_HIGH_WATERMARK_CHECKPOINT_INTERVAL_MS),
		.producer_id_expiration_ms = config_long(c, CFG_PRODUCER_ID_EXPIRATION_MS),
		.producer_id_expiration_check_interval_ms =
		    config_long(c, CFG_PRODUCER_ID_EXPIRATION_CHECK_INTERVAL_MS),
		.initial_task_delay_ms = config_long(c, CFG_LOG_INITIAL_TASK_DELAY_MS),
		.file_delete_delay_ms = config_long(c, CFG_LOG_SEGMENT_DELETE_DELAY_MS),
		.verify_transactions = config_bool(c, CFG_TRANSACTION_PARTITION_VERIFICATION_ENABLE),
		.cleaner_enable = config_bool(c, CFG_LOG_CLEANER_ENABLE),
		.without_topic_ids = config_metadata_version(c) < METADATA_VERSION_2_8_IV0,
	};
	ret->dirs = config_log_dirs(c, &ret->dirs_n);
}

/* listener.name.X.KEY, else KEY; the configuration has checked it. */
static int listener_int(const struct config *c, const char *listener, enum config_id id)
{
	int64_t n = 0;

	(void)str_to_i64(str_of(config_listener_text(c, listener, id)), INT32_MIN, INT32_MAX, &n);
	return (int)n;
}

static struct server_listener listener_of(const struct config *c, const struct zk_endpoint *e)
{
	return (struct server_listener){ e->listener, e->host, e->port,
		{ listener_int(c, e->listener, CFG_MAX_CONNECTIONS),
		    listener_int(c, e->listener, CFG_MAX_CONNECTION_CREATION_RATE) } };
}

bool settings_listener(const struct config *c, const char *name, struct server_listener *ret)
{
	size_t n;
	const struct zk_endpoint *endpoints = config_listeners(c, &n);

	while (n-- > 0) {
		if (strcmp(endpoints[n].listener, name) != 0)
			continue;
		*ret = listener_of(c, &endpoints[n]);
		return true;
	}
	return false;
}

void settings_limits(const struct config *c, struct server_limits *ret)
{
	*ret = (struct server_limits){
		.all = { config_int(c, CFG_MAX_CONNECTIONS), config_int(c, CFG_MAX_CONNECTION_CREATION_RATE) },
		.per_ip = config_int(c, CFG_MAX_CONNECTIONS_PER_IP),
		.per_ip_overrides = config_text(c, CFG_MAX_CONNECTIONS_PER_IP_OVERRIDES),
	};
}

void settings_cleaner(const struct config *c, struct cleaner_config *ret)
{
	*ret = (struct cleaner_config){
		.threads = config_int(c, CFG_LOG_CLEANER_THREADS),
		.dedupe_buffer_bytes = config_long(c, CFG_LOG_CLEANER_DEDUPE_BUFFER_SIZE),
		.load_factor = config_double(c, CFG_LOG_CLEANER_IO_BUFFER_LOAD_FACTOR),
		.io_buffer_bytes = config_int(c, CFG_LOG_CLEANER_IO_BUFFER_SIZE),
		.max_message_bytes = config_int(c, CFG_MESSAGE_MAX_BYTES),
		.max_bytes_per_second = config_double(c, CFG_LOG_CLEANER_IO_MAX_BYTES_PER_SECOND),
		.backoff_ms = config_long(c, CFG_LOG_CLEANER_BACKOFF_MS),
	};
}

void settings_server(const struct config *c, int32_t broker_id, struct server_listener *listeners,
    struct server_config *ret)
{
	size_t i, n;
	const struct zk_endpoint *endpoints = config_listeners(c, &n);

	for (i = 0; i < n; i++)
		listeners[i] = listener_of(c, &endpoints[i]);
	*ret = (struct server_config){
		.listeners = listeners,
		.listeners_n = n,
		.network_threads = config_int(c, CFG_NUM_NETWORK_THREADS),
		.request_max_bytes = config_int(c, CFG_SOCKET_REQUEST_MAX_BYTES),
		.queued_max_bytes = config_long(c, CFG_QUEUED_MAX_REQUEST_BYTES),
		.send_buffer_bytes = config_int(c, CFG_SOCKET_SEND_BUFFER_BYTES),
		.receive_buffer_bytes = config_int(c, CFG_SOCKET_RECEIVE_BUFFER_BYTES),
		.backlog = config_int(c, CFG_SOCKET_LISTEN_BACKLOG_SIZE),
		.idle_ms = config_long(c, CFG_CONNECTIONS_MAX_IDLE_MS),
		.quota_samples = config_int(c, CFG_QUOTA_WINDOW_NUM),
		.quota_window_ms = config_long(c, CFG_QUOTA_WINDOW_SIZE_SECONDS) * 1000,
		.inter_broker = config_inter_broker_listener(c),
		.broker_id = broker_id,
	};
	settings_limits(c, &ret->limits);
}

void settings_groups(const struct config *c, int32_t broker_id, int32_t partitions_n, struct groups_config *ret)
{
	const int64_t minute_ms = 60000;

	*ret = (struct groups_config){
		.partitions_n = partitions_n,
		.group = GROUP_SETTINGS_INIT,
		.load_buffer_bytes = config_int(c, CFG_OFFSETS_LOAD_BUFFER_SIZE),
		.required_acks = (int16_t)config_int(c, CFG_OFFSETS_COMMIT_REQUIRED_ACKS),
		.commit_timeout_ms = config_int(c, CFG_OFFSETS_COMMIT_TIMEOUT_MS),
		.codec = (enum codec)config_int(c, CFG_OFFSETS_TOPIC_COMPRESSION_CODEC),
		.retention_check_ms = config_long(c, CFG_OFFSETS_RETENTION_CHECK_INTERVAL_MS),
	};
	ret->group.broker_id = broker_id;
	ret->group.min_session_timeout_ms = config_int(c, CFG_GROUP_MIN_SESSION_TIMEOUT_MS);
	ret->group.max_session_timeout_ms = config_int(c, CFG_GROUP_MAX_SESSION_TIMEOUT_MS);
	ret->group.max_size = config_int(c, CFG_GROUP_MAX_SIZE);
	ret->group.initial_rebalance_delay_ms = config_int(c, CFG_GROUP_INITIAL_REBALANCE_DELAY_MS);
	ret->group.offset_metadata_max = config_int(c, CFG_OFFSET_METADATA_MAX_BYTES);
	ret->group.offsets_retention_ms = config_int(c, CFG_OFFSETS_RETENTION_MINUTES) * minute_ms;
	ret->group.offset_value_version = metadata_version_offset_value(config_metadata_version(c));
	ret->group.group_value_version = metadata_version_group_value(config_metadata_version(c));
}

/* The canonical name of this host, as Java's InetAddress finds it; the plain host name when it does not resolve. */
static char *canonical_host(void)
{
	char name[256] = "localhost";
	struct addrinfo *found = NULL;
	char *host;

	(void)gethostname(name, sizeof(name) - 1);
	if (getaddrinfo(name, NULL, &(struct addrinfo){ .ai_flags = AI_CANONNAME }, &found) == 0 &&
	    found->ai_canonname)
		host = xstrdup(found->ai_canonname);
	else
		host = xstrdup(name);
	if (found)
		freeaddrinfo(found);
	return host;
}

void settings_registration(const struct config *c, struct server *server, struct znode_broker *ret)
{
	size_t i, n;
	const struct zk_endpoint *advertised = config_advertised(c, &n);
	const char *rack = config_text(c, CFG_BROKER_RACK);
	bool derived = config_is_null(c, CFG_ADVERTISED_LISTENERS);
	struct zk_endpoint *e;
	int bound;

	*ret = ZNODE_BROKER_INIT;
	ret->version = metadata_version_broker_znode(config_metadata_version(c));
	ret->endpoints = xcalloc(n, sizeof(*ret->endpoints));
	for (i = 0; i < n; i++) {
		bound = server_port(server, advertised[i].listener);
		if (bound < 0)
			continue; /* it could not be opened */
		e = &ret->endpoints[ret->endpoints_n++];
		e->listener = xstrdup(advertised[i].listener);
		e->protocol = advertised[i].protocol;
		e->host = *advertised[i].host ? xstrdup(advertised[i].host) : canonical_host();
		e->port = advertised[i].port && !derived ? advertised[i].port : bound;
	}
	ret->rack = rack ? xstrdup(rack) : NULL;
}

void settings_fetchers(const struct config *c, int32_t broker_id, struct fetchers_config *ret)
{
	*ret = (struct fetchers_config){
		.follower = {
			.broker_id = broker_id,
			.metadata_version = config_metadata_version(c),
			.backoff_ms = config_int(c, CFG_REPLICA_FETCH_BACKOFF_MS),
			.wait_max_ms = config_int(c, CFG_REPLICA_FETCH_WAIT_MAX_MS),
			.min_bytes = config_int(c, CFG_REPLICA_FETCH_MIN_BYTES),
			.response_max_bytes = config_int(c, CFG_REPLICA_FETCH_RESPONSE_MAX_BYTES),
			.partition_max_bytes = config_int(c, CFG_REPLICA_FETCH_MAX_BYTES),
		},
		.listener = config_inter_broker_listener(c),
		.per_leader = config_int(c, CFG_NUM_REPLICA_FETCHERS),
		.connect_timeout_ms = config_int(c, CFG_REPLICA_SOCKET_TIMEOUT_MS),
		.request_timeout_ms = config_int(c, CFG_REQUEST_TIMEOUT_MS),
		.receive_buffer_bytes = config_int(c, CFG_REPLICA_SOCKET_RECEIVE_BUFFER_BYTES),
	};
}

void settings_throttle(const struct config *c, int32_t broker_id, struct throttle_config *ret)
{
	*ret = (struct throttle_config){
		.broker_id = broker_id,
		.replication = {
			.samples = config_int(c, CFG_REPLICATION_QUOTA_WINDOW_NUM),
			.window_ms = INT64_C(1000) * config_int(c, CFG_REPLICATION_QUOTA_WINDOW_SIZE_SECONDS),
		},
		.moves = {
			.samples = config_int(c, CFG_ALTER_LOG_DIRS_REPLICATION_QUOTA_WINDOW_NUM),
			.window_ms = INT64_C(1000) *
				     config_int(c, CFG_ALTER_LOG_DIRS_REPLICATION_QUOTA_WINDOW_SIZE_SECONDS),
		},
	};
}
