/* broker.c - starts the parts one after the other and stops them in reverse.
 *
 * Each step of the start is a function that logs its own failure and returns < 0; broker_stop copes with any prefix of
 * the steps. What must hold between the parts:
 *   - logs are loaded before the registration makes the controller send us anything;
 *   - sockets are bound before the registration (it tells the port) and served only when everything else is up;
 *   - at the end waiting requests are completed before the loops stop, the loops stop before the logs close, and the
 *     session ends last, since its end tells the cluster that we are gone.
 */
#include "broker/broker.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/config_service.h"
#include "api/dispatch.h"
#include "api/init_producer_id.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/worker.h"
#include "broker/config.h"
#include "broker/config_service.h"
#include "broker/controlled_shutdown.h"
#include "broker/coordination.h"
#include "broker/dynamic_config.h"
#include "broker/feature_watch.h"
#include "broker/peer_control.h"
#include "broker/producer_id_request.h"
#include "broker/reconfigure.h"
#include "broker/registration.h"
#include "broker/rejoin.h"
#include "broker/replication.h"
#include "broker/settings.h"
#include "controller/auto_creation.h"
#include "controller/controller.h"
#include "controller/topic_admin.h"
#include "coordinator/producer_ids.h"
#include "metadata/image.h"
#include "net/server.h"
#include "protocol/metadata_version.h"
#include "replica/controller_link.h"
#include "replica/delayed.h"
#include "replica/fetch_session.h"
#include "replica/partitions.h"
#include "replica/throttle.h"
#include "storage/cleaner.h"
#include "storage/log_dirs.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/session.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.server.KafkaServer"
#include "base/logger.h"

enum { STOP_GRACE_MS = 5000 };
enum { KNOWN_ID_PARTITIONS = 64 }; /* any partition's log would do */

struct broker {
	struct config *config; /* static and dynamic layers, as of the start */
	int metadata_version;  /* inter.broker.protocol.version, which does not change */
	int32_t id;
	char *cluster_id;
	atomic_bool failed;
	bool started; /* completely */
	_Atomic int64_t features_epoch;

	struct worker_pool *workers, *background;
	struct scheduler *scheduler;
	struct zk_session *zk;
	struct metadata *metadata;
	struct delayed *delayed;
	struct log_dirs *log_dirs;
	struct cleaner *cleaner; /* NULL with log.cleaner.enable=false */
	struct partitions *partitions;
	struct fetch_sessions *fetch_sessions;
	struct dynamic_config *dynamic;
	struct reconfigure *reconfigure;
	struct config_services *configs;
	struct server *server;
	struct registration *registration;
	struct feature_watch *features;
	struct peer_control peers;
	struct controller_link *controller_link;
	struct replication replication;
	struct throttle *throttle;
	struct producer_id_request ids_request;
	struct controller *controller;
	struct topic_admin *topic_admin;
	struct auto_creation *auto_creation;
	struct coordination coordination;
	struct producer_ids *producer_ids;
	struct broker_context ctx;
};

/* --- what the parts ask of each other --- */

static struct log_config *on_config_of(void *arg, const char *topic)
{
	struct broker *b = arg;
	struct log_config *settings = dynamic_config_topic(b->dynamic, topic);

	throttle_set_topic(b->throttle, topic, settings);
	return settings;
}

/* The controller then asks about all our replicas, and finds leaders elsewhere for those that are gone. */
static void tell_dir_failure(struct broker *b)
{
	char *text = znode_log_dir_event_encode(b->id);
	int r = zk_create(b->zk, ZK_PERSISTENT_SEQUENTIAL, text, ZK_PATH_LOG_DIR_EVENT);

	if (r)
		log_error("[KafkaServer id=%d] The failure of a log directory could not be announced in ZooKeeper: %s",
		    b->id, zk_code_text(r));
	free(text);
}

/* A controller of before 1.0 does not say whether a partition is new: it would be made anew, empty, in another
 * directory. */
static bool needs_all_dirs(const struct broker *b)
{
	return b->metadata_version < METADATA_VERSION_1_0_IV0;
}

/* Thread: that of the failures, which may wait. */
static void on_dir_offline(void *arg, const char *dir)
{
	struct broker *b = arg;

	if (needs_all_dirs(b)) {
		log_error("[ReplicaManager broker=%d] Halting broker because dir %s is offline", b->id, dir);
		return broker_fail(b);
	}
	if (!b->partitions)
		return;
	partitions_dir_offline(b->partitions, dir);
	if (log_dirs_online_count(b->log_dirs) > 0)
		tell_dir_failure(b);
}

static void on_all_dirs_offline(void *arg)
{
	broker_fail(arg);
}

static void on_logs_changed(void *arg, const char *topic)
{
	struct broker *b = arg;

	dynamic_config_retell(b->dynamic, topic);
}

static int on_register(void *arg, int64_t *ret_epoch)
{
	struct broker *b = arg;
	char why[REGISTRATION_WHY_MAX] = "";
	int r = registration_register(b->registration, ret_epoch, why);

	if (r < 0) {
		log_error("[KafkaServer id=%d] This broker could not be registered: %s", b->id,
		    *why ? why : strerror(-r));
		return r;
	}
	partitions_set_broker_epoch(b->partitions, *ret_epoch);
	return 0;
}

static bool on_unclean_default(void *arg)
{
	struct broker *b = arg;
	struct config *c = dynamic_config_current(b->dynamic);
	bool unclean = config_bool(c, CFG_UNCLEAN_LEADER_ELECTION_ENABLE);

	config_unref(c);
	return unclean;
}

/* What the brokers know a topic by that lost its id: the metadata, else our own log. */
static bool on_known_topic_id(void *arg, const char *topic, struct uuid *ret)
{
	struct broker *b = arg;
	struct image *image = metadata_image(b->metadata);
	const struct image_topic *t = image_topic(image, str_of(topic));
	struct log *log = NULL;
	int32_t i;

	*ret = t ? t->id : UUID_ZERO;
	for (i = 0; uuid_is_zero(*ret) && i < KNOWN_ID_PARTITIONS; i++) {
		log = log_dirs_get(b->log_dirs, topic, i);
		if (log)
			*ret = log_topic_id(log);
		log_unref(log);
	}
	image_unref(image);
	return !uuid_is_zero(*ret);
}

static void on_ids_allocated(void *arg, int r, int64_t first, int32_t count)
{
	struct broker *b = arg;

	producer_ids_block(b->producer_ids, r, first, count);
	/* When we stop, we may be inside the asking request; whoever waits has been completed anyway. */
	if (r != -ESHUTDOWN && r != -ECANCELED)
		delayed_check(b->delayed, init_producer_id_key);
}

static void on_ids_wanted(void *arg, struct producer_ids *ids UNUSED)
{
	struct broker *b = arg;

	producer_id_request_send(&b->ids_request);
}

static int on_validate_overrides(void *arg, struct arena *a, const struct topic_override *v, int32_t n,
    struct str *ret_message)
{
	struct broker *b = arg;
	const struct config_service *service = config_services_table(b->configs);

	return service->validate_overrides(service->arg, a, v, n, ret_message);
}

/* --- the steps of the start, in order --- */

static int start_threads(struct broker *b)
{
	b->workers = worker_pool_new("io", config_int(b->config, CFG_NUM_IO_THREADS));
	b->background = worker_pool_new("background", config_int(b->config, CFG_BACKGROUND_THREADS));
	b->scheduler = scheduler_new(b->background);
	b->metadata = metadata_new();
	b->delayed = delayed_new(&clock_real);
	return delayed_start(b->delayed);
}

static int start_zookeeper(struct broker *b)
{
	struct zk_config zk;
	const char *connect = config_text(b->config, CFG_ZOOKEEPER_CONNECT);
	int r;

	log_info("Connecting to zookeeper on %s", connect);
	settings_zk(b->config, &zk);
	r = zk_session_open(&zk, &b->zk);
	if (r == -ETIMEDOUT)
		log_error("No connection to ZooKeeper at zookeeper.connect=%s within "
			  "zookeeper.connection.timeout.ms=%d: start ZooKeeper, or correct the address.",
		    connect, zk.connection_timeout_ms);
	else if (r < 0)
		log_error("ZooKeeper at zookeeper.connect=%s cannot be used: %s", connect, strerror(-r));
	if (r < 0)
		return r;
	r = registration_make_paths(b->zk);
	if (!r)
		r = registration_cluster_id(b->zk, &b->cluster_id);
	if (r < 0) {
		log_error("The base paths cannot be made in ZooKeeper at %s: %s", connect, zk_code_text(r));
		return r;
	}
	log_info("Cluster ID = %s", b->cluster_id);
	return 0;
}

/* broker.id as configured, else the stored one, else a generated one (zookeeper.md 3.2). */
static int find_broker_id(struct broker *b, int32_t stored)
{
	int32_t configured = config_int(b->config, CFG_BROKER_ID);
	int r;

	b->id = configured >= 0 ? configured : stored;
	if (configured >= 0 && stored >= 0 && configured != stored) {
		log_error("Configured broker.id %d doesn't match stored broker.id %d in meta.properties of the log "
			  "directories: correct broker.id, or use other log.dirs.",
		    configured, stored);
		return -EINVAL;
	}
	if (b->id >= 0)
		return 0;
	if (!config_bool(b->config, CFG_BROKER_ID_GENERATION_ENABLE)) {
		log_error("No broker.id is configured or stored, and broker.id.generation.enable is false.");
		return -EINVAL;
	}
	r = registration_generate_id(b->zk, config_int(b->config, CFG_RESERVED_BROKER_MAX_ID), &b->id);
	if (r)
		log_error("No broker.id can be generated in ZooKeeper: %s", zk_code_text(r));
	return r ? -EIO : 0;
}

static int start_log_dirs(struct broker *b)
{
	struct log_dirs_config dirs;
	struct log_dirs_meta meta;
	int r;

	settings_log_dirs(b->config, &dirs);
	dirs.config_of = on_config_of;
	dirs.on_dir_offline = on_dir_offline;
	dirs.on_all_offline = on_all_dirs_offline;
	dirs.arg = b;
	r = log_dirs_open(&dirs, &clock_real, b->scheduler, &b->log_dirs);
	if (!r)
		r = log_dirs_read_meta(b->log_dirs, &meta);
	if (r < 0)
		return r;
	if (needs_all_dirs(b) && log_dirs_online_count(b->log_dirs) < log_dirs_count(b->log_dirs)) {
		log_error("A log directory is offline, and with an inter.broker.protocol.version below 1.0 a broker "
			  "needs all of them.");
		return -EIO;
	}
	if (*meta.cluster_id && strcmp(meta.cluster_id, b->cluster_id)) {
		log_error("The Cluster ID %s doesn't match stored clusterId %s (cluster.id in meta.properties). The broker "
			  "is trying to join the wrong cluster. Configured zookeeper.connect may be wrong.",
		    b->cluster_id, meta.cluster_id);
		return -EINVAL;
	}
	return find_broker_id(b, meta.broker_id);
}

/* Before the logs are loaded: their topics tell what is throttled. */
static void start_throttle(struct broker *b)
{
	struct throttle_rates rates;
	struct throttle_config c;

	settings_throttle(b->config, b->id, &c);
	c.clock = &clock_real;
	b->throttle = throttle_new(&c);
	dynamic_config_throttle_rates(b->config, &rates);
	throttle_set_rate(b->throttle, THROTTLE_LEADER, rates.leader);
	throttle_set_rate(b->throttle, THROTTLE_FOLLOWER, rates.follower);
	throttle_set_rate(b->throttle, THROTTLE_MOVES, rates.alter_log_dirs);
}

static int start_dynamic_config(struct broker *b)
{
	int r = dynamic_config_open(b->zk, &clock_real, b->config, b->id, &b->dynamic);

	if (r < 0) {
		log_error("[KafkaServer id=%d] The dynamic configuration cannot be read from ZooKeeper: %s", b->id,
		    zk_code_text(r));
		return r;
	}
	config_unref(b->config);
	b->config = dynamic_config_current(b->dynamic);
	config_log_values(b->config);
	b->configs = config_services_new(b->dynamic, b->metadata, b->zk);
	start_throttle(b);
	return 0;
}

static int load_logs(struct broker *b)
{
	int r = log_dirs_write_meta(b->log_dirs, b->cluster_id, b->id);

	if (r == 0)
		r = log_dirs_load(b->log_dirs);
	dynamic_config_loaded(b->dynamic);
	return r;
}

static int start_cleaner(struct broker *b)
{
	struct cleaner_config c;
	char text[256];
	int r;

	if (!config_bool(b->config, CFG_LOG_CLEANER_ENABLE))
		return 0;
	settings_cleaner(b->config, &c);
	r = cleaner_start(b->log_dirs, &c, &clock_real, &b->cleaner);
	if (r < 0)
		log_error("[KafkaServer id=%d] The log cleaner could not be started: %s", b->id,
		    error_text(r, text, sizeof(text)));
	return r;
}

static void on_features_changed(void *arg, int32_t version)
{
	struct broker *b = arg;

	atomic_store(&b->features_epoch, version);
}

static void on_features_refused(void *arg, const char *why)
{
	struct broker *b = arg;

	log_error("[KafkaServer id=%d] %s", b->id, why);
	if (b->features) /* it was started: go, as Kafka does */
		broker_fail(b);
}

static int follow_features(struct broker *b)
{
	struct feature_watch_config c = { .zk = b->zk, .pool = b->workers, .changed = on_features_changed,
		.refused = on_features_refused, .arg = b };

	if (b->metadata_version < METADATA_VERSION_2_7_IV0)
		return 0; /* there are none (KIP-584) */
	return feature_watch_start(&c, &b->features);
}

static int bind_server(struct broker *b)
{
	struct server_listener *listeners;
	struct server_config c;
	size_t n;
	int r;

	(void)config_listeners(b->config, &n);
	listeners = xcalloc(n, sizeof(*listeners));
	settings_server(b->config, b->id, listeners, &c);
	c.on_frame = dispatch_frame;
	c.arg = &b->ctx;
	r = server_bind(&c, &b->server);
	free(listeners);
	return r;
}

static int start_partitions(struct broker *b)
{
	struct partitions_config c = {
		.broker_id = b->id,
		.clock = &clock_real,
		.metadata = b->metadata,
		.log_dirs = b->log_dirs,
		.delayed = b->delayed,
		.replica_lag_time_max_ms = config_long(b->config, CFG_REPLICA_LAG_TIME_MAX_MS),
		.logs_changed = on_logs_changed,
		.arg = b,
	};

	coordination_listener(&b->coordination, &c.leadership);
	b->partitions = partitions_new(&c);
	b->fetch_sessions = fetch_sessions_new(&clock_real,
	    config_int(b->config, CFG_MAX_INCREMENTAL_FETCH_SESSION_CACHE_SLOTS));
	return 0;
}

static int start_coordination(struct broker *b)
{
	const struct coordination_parts parts = { .config = b->config, .broker_id = b->id, .clock = &clock_real,
		.zk = b->zk, .partitions = b->partitions, .delayed = b->delayed };

	return coordination_start(&b->coordination, &parts);
}

/* The registration of our earlier run is gone, and so is all that rested on it. */
static int await_our_turn(struct broker *b)
{
	const struct rejoin j = { .broker_id = b->id, .zk = b->zk, .log_dirs = b->log_dirs };
	char why[REGISTRATION_WHY_MAX] = "";
	int r = registration_await_place(b->registration, why);

	if (r == 0)
		r = rejoin_wait(&j);
	if (r < 0)
		log_error("[KafkaServer id=%d] This broker could not be registered: %s", b->id, *why ? why : strerror(-r));
	return r;
}

static int register_broker(struct broker *b, int64_t *ret_epoch)
{
	char why[REGISTRATION_WHY_MAX] = "";
	struct znode_broker info;
	struct registration_config c = { .zk = b->zk, .clock = &clock_real, .broker_id = b->id, .info = &info };
	int r;

	settings_registration(b->config, b->server, &info);
	b->registration = registration_new(&c);
	znode_broker_fini(&info);
	r = registration_check_endpoints(b->registration, why);
	if (r < 0) {
		log_error("[KafkaServer id=%d] The advertised endpoints cannot be registered: %s", b->id,
		    *why ? why : strerror(-r));
		return r;
	}
	r = await_our_turn(b);
	return r < 0 ? r : on_register(b, ret_epoch);
}

/* The listener of requests between brokers and the controller (replication.md 14.1). */
static const char *control_listener(const struct broker *b)
{
	const char *name = config_text(b->config, CFG_CONTROL_PLANE_LISTENER_NAME);

	return name ? name : config_inter_broker_listener(b->config);
}

/* How this broker and others reach each other. */
static int start_links(struct broker *b)
{
	const struct replication_parts r = { .config = b->config, .broker_id = b->id, .metadata_version = b->metadata_version,
		.listener = control_listener(b), .metadata = b->metadata, .partitions = b->partitions,
		.log_dirs = b->log_dirs, .throttle = b->throttle, .scheduler = b->scheduler, .zk = b->zk };
	const struct controller_link_config c = {
		.broker_id = b->id,
		.clock = &clock_real,
		.metadata = b->metadata,
		.name = "to-controller",
		.listener = control_listener(b),
		.call_timeout_ms = config_int(b->config, CFG_CONTROLLER_SOCKET_TIMEOUT_MS),
	};

	b->peers = (struct peer_control){
		.broker_id = b->id,
		.partitions = b->partitions,
		.metadata_version = b->metadata_version,
		.connect_timeout_ms = config_int(b->config, CFG_CONTROLLER_SOCKET_TIMEOUT_MS),
		.request_timeout_ms = config_int(b->config, CFG_REQUEST_TIMEOUT_MS),
	};
	b->controller_link = controller_link_new(&c);
	replication_start(&b->replication, &r);
	return 0;
}

static int start_controller(struct broker *b)
{
	struct controller_config c = {
		.broker_id = b->id,
		.zk = b->zk,
		.clock = &clock_real,
		.scheduler = b->scheduler,
		.listener = control_listener(b),
		.metadata_version = b->metadata_version,
		.delete_topics = config_bool(b->config, CFG_DELETE_TOPIC_ENABLE),
		.auto_rebalance = config_bool(b->config, CFG_AUTO_LEADER_REBALANCE_ENABLE),
		.imbalance_check_s = (int32_t)config_long(b->config, CFG_LEADER_IMBALANCE_CHECK_INTERVAL_SECONDS),
		.imbalance_percent = config_int(b->config, CFG_LEADER_IMBALANCE_PER_BROKER_PERCENTAGE),
		.open_transport = peer_control_open,
		.open_arg = &b->peers,
		.register_broker = on_register,
		.unclean_default = on_unclean_default,
		.known_topic_id = on_known_topic_id,
		.arg = b,
	};
	bool own_ids = c.metadata_version < METADATA_VERSION_3_0_IV0;
	struct producer_ids_config ids = { .clock = &clock_real, .late = own_ids, .request = on_ids_wanted, .arg = b };
	struct topic_admin_config admin = {
		.zk = b->zk,
		.metadata = b->metadata,
		.default_partitions = config_int(b->config, CFG_NUM_PARTITIONS),
		.default_replication = (int16_t)config_int(b->config, CFG_DEFAULT_REPLICATION_FACTOR),
		.topic_ids = c.metadata_version >= METADATA_VERSION_2_8_IV0,
		.delete_topics = c.delete_topics,
		.validate_overrides = on_validate_overrides,
		.arg = b,
	};
	int64_t epoch;
	int r;

	r = register_broker(b, &epoch);
	if (r < 0)
		return r;
	b->topic_admin = topic_admin_new(&admin);
	b->auto_creation = coordination_auto_creation(b->config, b->topic_admin, &clock_real);
	b->controller = controller_new(&c);
	b->ids_request = (struct producer_id_request){ .broker_id = b->id, .controller = b->controller,
		.link = b->controller_link, .partitions = b->partitions, .zk = own_ids ? b->zk : NULL,
		.pool = b->workers, .done = on_ids_allocated, .arg = b };
	b->producer_ids = producer_ids_new(&ids);
	if (own_ids)
		producer_ids_start(b->producer_ids);
	return controller_start(b->controller, epoch);
}

static void fill_context(struct broker *b)
{
	b->ctx = (struct broker_context){
		.broker_id = b->id,
		.metadata_version = b->metadata_version,
		.clock = &clock_real,
		.started_ms = clock_mono_ms(&clock_real),
		.workers = b->workers,
		.scheduler = b->scheduler,
		.metadata = b->metadata,
		.log_dirs = b->log_dirs,
		.partitions = b->partitions,
		.fetch_sessions = b->fetch_sessions,
		.delayed = b->delayed,
		.throttle = b->throttle,
		.producer_ids = b->producer_ids,
		.groups = b->coordination.groups,
		.offsets_partitions = b->coordination.offsets_partitions,
		.transactions_partitions = b->coordination.transactions_partitions,
		.topic_admin = b->topic_admin,
		.auto_creation = b->auto_creation,
		.controller = b->controller,
		.zk = b->zk,
		.configs = config_services_table(b->configs),
		.features_epoch = &b->features_epoch,
	};
	snprintf(b->ctx.cluster_id, sizeof(b->ctx.cluster_id), "%s", b->cluster_id);
}

/* Before requests may ask what can be changed. */
static int prepare_changes(struct broker *b)
{
	const struct reconfigure_parts parts = { .workers = b->workers, .background = b->background,
		.server = b->server, .log_dirs = b->log_dirs, .cleaner = b->cleaner, .partitions = b->partitions,
		.fetchers = b->replication.fetchers, .mover = b->replication.mover, .throttle = b->throttle, .registration = b->registration, .controller = b->controller };

	b->reconfigure = reconfigure_new(b->dynamic, &parts);
	return 0;
}

static int serve(struct broker *b)
{
	fill_context(b);
	log_dirs_start(b->log_dirs);
	return server_start(b->server);
}

/* Configuration changes take effect from here on: last, since they change the parts that run. */
static int follow_configuration(struct broker *b)
{
	int r = reconfigure_start(b->reconfigure);

	if (r < 0)
		log_error("[KafkaServer id=%d] The configuration changes cannot be read from ZooKeeper: %s", b->id,
		    zk_code_text(r));
	return r;
}

int broker_start(struct config *config, struct broker **ret)
{
	static int (*const steps[])(struct broker *) = {
		start_threads, start_zookeeper, start_log_dirs, start_dynamic_config, load_logs, start_cleaner,
		follow_features, bind_server, start_partitions, start_links, start_coordination, start_controller,
		prepare_changes, serve, follow_configuration,
	};
	struct broker *b = xcalloc(1, sizeof(*b));
	size_t i;
	int r;

	log_info("starting");
	b->config = config_ref(config);
	b->metadata_version = config_metadata_version(config);
	b->id = -1;
	atomic_init(&b->features_epoch, -1);
	config_log_warnings(config);
	for (i = 0; i < ARRAY_LEN(steps); i++) {
		r = steps[i](b);
		if (r < 0) {
			broker_stop(b);
			return r;
		}
	}
	log_info("[KafkaServer id=%d] started", b->id);
	b->started = true;
	*ret = b;
	return 0;
}

/* --- the end --- */

/* Leaderships go to other brokers before we do. Without ZooKeeper there is nothing that the controller could do. */
static void hand_over(struct broker *b)
{
	struct controlled_shutdown c = {
		.broker_id = b->id,
		.broker_epoch = partitions_broker_epoch(b->partitions),
		.metadata_version = b->metadata_version,
		.metadata = b->metadata,
		.listener = config_inter_broker_listener(b->config),
		.max_retries = config_int(b->config, CFG_CONTROLLED_SHUTDOWN_MAX_RETRIES),
		.retry_backoff_ms = config_long(b->config, CFG_CONTROLLED_SHUTDOWN_RETRY_BACKOFF_MS),
		.connect_timeout_ms = config_int(b->config, CFG_CONTROLLER_SOCKET_TIMEOUT_MS),
		.request_timeout_ms = config_int(b->config, CFG_REQUEST_TIMEOUT_MS),
	};

	if (config_bool(b->config, CFG_CONTROLLED_SHUTDOWN_ENABLE) && zk_session_state(b->zk) == ZK_CONNECTED)
		(void)controlled_shutdown_run(&c);
}

static void stop_requests(struct broker *b)
{
	if (b->delayed)
		delayed_stop(b->delayed);
	coordination_stop(&b->coordination);
	if (b->server)
		server_stop(b->server, STOP_GRACE_MS);
}

static void stop_coordination(struct broker *b)
{
	if (b->zk)
		zk_session_abort(b->zk); /* nobody waits for a ZooKeeper that is away, or goes away now */
	feature_watch_stop(b->features);
	if (b->dynamic)
		dynamic_config_stop(b->dynamic);
	if (b->controller)
		controller_stop(b->controller);
	if (b->controller_link)
		controller_link_stop(b->controller_link);
	replication_stop(&b->replication);
}

void broker_stop(struct broker *b)
{
	if (!b)
		return;
	log_info("[KafkaServer id=%d] shutting down", b->id);
	if (b->started && !broker_failed(b))
		hand_over(b);
	stop_requests(b);
	stop_coordination(b);
	b->workers = worker_pool_free(b->workers);
	b->server = server_free(b->server);
	b->cleaner = cleaner_stop(b->cleaner);
	b->log_dirs = log_dirs_close(b->log_dirs);
	b->zk = zk_session_close(b->zk);
	b->controller = controller_free(b->controller);
	b->controller_link = controller_link_free(b->controller_link);
	b->producer_ids = producer_ids_free(b->producer_ids);
	b->scheduler = scheduler_free(b->scheduler); /* its users have cancelled their timers */
	b->background = worker_pool_free(b->background);
	b->features = feature_watch_free(b->features);
	b->auto_creation = auto_creation_free(b->auto_creation);
	b->topic_admin = topic_admin_free(b->topic_admin);
	b->registration = registration_free(b->registration);
	replication_fini(&b->replication);
	coordination_fini(&b->coordination);
	b->partitions = partitions_free(b->partitions);
	b->fetch_sessions = fetch_sessions_free(b->fetch_sessions);
	b->throttle = throttle_free(b->throttle);
	b->delayed = delayed_free(b->delayed);
	b->metadata = metadata_free(b->metadata);
	b->configs = config_services_free(b->configs);
	b->dynamic = dynamic_config_free(b->dynamic);
	b->reconfigure = reconfigure_free(b->reconfigure);
	log_info("[KafkaServer id=%d] shut down completed", b->id);
	config_unref(b->config);
	free(b->cluster_id);
	free(b);
}

void broker_fail(struct broker *b)
{
	atomic_store(&b->failed, true);
	(void)kill(getpid(), BROKER_FATAL_SIGNAL);
}

int broker_failed(const struct broker *b)
{
	return atomic_load(&b->failed);
}
