/* settings.c - from configuration keys to the settings of the layers; the only place that knows both. */
#include "broker/settings.h"

#include <netdb.h>
#include <unistd.h>

#include "base/alloc.h"
#include "broker/config.h"
#include "net/server.h"
#include "protocol/metadata_version.h"
#include "replica/fetchers.h"
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
	};
	ret->dirs = config_log_dirs(c, &ret->dirs_n);
}

void settings_server(const struct config *c, int32_t broker_id, struct server_listener *listeners,
    struct server_config *ret)
{
	size_t i, n;
	const struct zk_endpoint *endpoints = config_listeners(c, &n);

	for (i = 0; i < n; i++)
		listeners[i] = (struct server_listener){ endpoints[i].listener, endpoints[i].host, endpoints[i].port };
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
		.max_connections = config_int(c, CFG_MAX_CONNECTIONS),
		.max_connections_per_ip = config_int(c, CFG_MAX_CONNECTIONS_PER_IP),
		.max_connections_per_ip_overrides = config_text(c, CFG_MAX_CONNECTIONS_PER_IP_OVERRIDES),
		.broker_id = broker_id,
	};
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

void settings_registration(const struct config *c, const struct server *server, struct znode_broker *ret)
{
	size_t i, n;
	const struct zk_endpoint *advertised = config_advertised(c, &n);
	const char *rack = config_text(c, CFG_BROKER_RACK);
	struct zk_endpoint *e;

	*ret = ZNODE_BROKER_INIT;
	ret->endpoints = xcalloc(n, sizeof(*ret->endpoints));
	ret->endpoints_n = n;
	for (i = 0; i < n; i++) {
		e = &ret->endpoints[i];
		e->listener = xstrdup(advertised[i].listener);
		e->protocol = advertised[i].protocol;
		e->host = *advertised[i].host ? xstrdup(advertised[i].host) : canonical_host();
		e->port = advertised[i].port ? advertised[i].port : server_port(server, advertised[i].listener);
	}
	ret->rack = rack ? xstrdup(rack) : NULL;
}

void settings_fetchers(const struct config *c, int32_t broker_id, struct fetchers_config *ret)
{
	*ret = (struct fetchers_config){
		.follower = {
			.broker_id = broker_id,
			.metadata_version = metadata_version(config_text(c, CFG_INTER_BROKER_PROTOCOL_VERSION)),
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
