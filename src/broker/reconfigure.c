/* reconfigure.c - one small function per part: from the new snapshot to the part's own call. */
#include "broker/reconfigure.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "base/worker.h"
#include "broker/config.h"
#include "broker/dynamic_config.h"
#include "broker/listener_change.h"
#include "broker/registration.h"
#include "broker/settings.h"
#include "controller/controller.h"
#include "net/server.h"
#include "protocol/errors.h"
#include "replica/fetchers.h"
#include "replica/mover.h"
#include "replica/partitions.h"
#include "replica/throttle.h"
#include "storage/cleaner.h"
#include "storage/log.h"
#include "storage/log_config.h"
#include "storage/log_dirs.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.server.DynamicBrokerConfig"
#include "base/logger.h"

struct reconfigure {
	struct dynamic_config *dynamic;
	struct reconfigure_parts parts;
	struct reconfigurable io_threads, background_threads, network_threads, listeners, connections, listener_limits,
	    log_dirs, cleaner, fetchers;
};

/* --- parts --- */

static void apply_io_threads(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;

	worker_pool_resize(r->parts.workers, config_int(to, CFG_NUM_IO_THREADS));
}

static void apply_background_threads(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;

	worker_pool_resize(r->parts.background, config_int(to, CFG_BACKGROUND_THREADS));
}

static void apply_network_threads(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;
	int n = config_int(to, CFG_NUM_NETWORK_THREADS);

	if (server_resize(r->parts.server, n) < 0)
		log_error("num.network.threads=%d: no thread could be started; the old ones go on.", n);
}

static void apply_listeners(void *arg, const struct config *from, const struct config *to)
{
	struct reconfigure *r = arg;

	listener_change_apply(r->parts.server, from, to);
}

static void apply_listener_limits(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;

	listener_change_limits(r->parts.server, to);
}

static void apply_connections(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;
	struct server_limits limits;

	settings_limits(to, &limits);
	server_set_limits(r->parts.server, &limits);
}

static void apply_log_dirs(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;

	log_dirs_reconfigure(r->parts.log_dirs, config_int(to, CFG_NUM_RECOVERY_THREADS_PER_DATA_DIR),
	    config_long(to, CFG_LOG_SEGMENT_DELETE_DELAY_MS), config_long(to, CFG_PRODUCER_ID_EXPIRATION_MS),
	    config_bool(to, CFG_TRANSACTION_PARTITION_VERIFICATION_ENABLE));
}

/* They end, and begin again in the new number. */
static void apply_fetchers(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;

	fetchers_resize(r->parts.fetchers, config_int(to, CFG_NUM_REPLICA_FETCHERS));
	partitions_follow_again(r->parts.partitions);
}

static int validate_cleaner(void *arg UNUSED, const struct config *from UNUSED, const struct config *to,
    char why[CONFIG_ERROR_MAX])
{
	struct cleaner_config c;

	settings_cleaner(to, &c);
	if (cleaner_config_fits(&c))
		return 0;
	snprintf(why, CONFIG_ERROR_MAX, "log.cleaner.dedupe.buffer.size, log.cleaner.threads and "
					"log.cleaner.io.buffer.load.factor leave a thread no room for a key");
	return KERR_INVALID_CONFIG;
}

static void apply_cleaner(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;
	struct cleaner_config c;
	char text[128];
	int e;

	if (!r->parts.cleaner) /* log.cleaner.enable=false: there is nothing to change */
		return;
	settings_cleaner(to, &c);
	e = cleaner_reconfigure(r->parts.cleaner, &c);
	if (e < 0)
		log_error("The log cleaner could not be reconfigured, some of its threads do not run: %s",
		    error_text(e, text, sizeof(text)));
}

/* --- hooks --- */

struct topic_settings {
	const char *topic;
	struct log_config *settings;
	bool found, min_isr_moved;
};

static bool look_at_log(struct log *log, void *arg)
{
	struct topic_settings *t = arg;
	struct log_config *old;

	if (strcmp(log_topic(log), t->topic) != 0)
		return true;
	old = log_get_config(log);
	t->found = true;
	t->min_isr_moved = t->min_isr_moved || old->min_insync_replicas != t->settings->min_insync_replicas;
	log_config_unref(old);
	return true;
}

static bool on_topic_changed(void *arg, const char *topic, struct log_config *settings)
{
	struct reconfigure *r = arg;
	struct topic_settings t = { .topic = topic, .settings = settings };

	log_dirs_each(r->parts.log_dirs, look_at_log, &t);
	log_dirs_each_future(r->parts.log_dirs, look_at_log, &t);
	log_dirs_set_topic_config(r->parts.log_dirs, topic, settings);
	throttle_set_topic(r->parts.throttle, topic, t.found ? settings : NULL);
	if (t.min_isr_moved)
		partitions_min_isr_moved(r->parts.partitions, topic);
	return t.found;
}

static void on_unclean_enabled(void *arg, const char *topic)
{
	struct reconfigure *r = arg;

	controller_unclean_enabled(r->parts.controller, str_of(topic));
}

static void on_throttle_changed(void *arg, const struct throttle_rates *rates)
{
	struct reconfigure *r = arg;

	log_info("Replication throttles in bytes per second: leader %lld, follower %lld, log directories %lld",
	    (long long)rates->leader, (long long)rates->follower, (long long)rates->alter_log_dirs);
	throttle_set_rate(r->parts.throttle, THROTTLE_LEADER, rates->leader);
	throttle_set_rate(r->parts.throttle, THROTTLE_FOLLOWER, rates->follower);
	throttle_set_rate(r->parts.throttle, THROTTLE_MOVES, rates->alter_log_dirs);
	fetchers_wake(r->parts.fetchers);
	mover_wake(r->parts.mover);
}

static void on_endpoints_changed(void *arg, const struct config *to)
{
	struct reconfigure *r = arg;
	char why[REGISTRATION_WHY_MAX] = "ZooKeeper did not answer";
	struct znode_broker info;

	settings_registration(to, r->parts.server, &info);
	if (registration_update(r->parts.registration, &info, why) < 0)
		log_error("advertised.listeners: the new endpoints are not registered, the former ones stay: %s", why);
	znode_broker_fini(&info);
}

/* --- wiring --- */

static void add(struct dynamic_config *d, struct reconfigurable *part, const char *name, const enum config_id *keys,
    void (*apply)(void *arg, const struct config *from, const struct config *to), struct reconfigure *r)
{
	*part = (struct reconfigurable){ .name = name, .keys = keys, .apply = apply, .arg = r };
	dynamic_config_add(d, part);
}

struct reconfigure *reconfigure_new(struct dynamic_config *d, const struct reconfigure_parts *parts)
{
	static const enum config_id io[] = { CFG_NUM_IO_THREADS, CFG_COUNT };
	static const enum config_id background[] = { CFG_BACKGROUND_THREADS, CFG_COUNT };
	static const enum config_id network[] = { CFG_NUM_NETWORK_THREADS, CFG_COUNT };
	static const enum config_id listeners[] = { CFG_LISTENERS, CFG_COUNT };
	static const enum config_id connections[] = { CFG_MAX_CONNECTIONS, CFG_MAX_CONNECTION_CREATION_RATE,
		CFG_MAX_CONNECTIONS_PER_IP, CFG_MAX_CONNECTIONS_PER_IP_OVERRIDES, CFG_COUNT };
	static const enum config_id listener_limits[] = { CFG_MAX_CONNECTIONS, CFG_MAX_CONNECTION_CREATION_RATE,
		CFG_COUNT };
	static const enum config_id log_dirs[] = { CFG_NUM_RECOVERY_THREADS_PER_DATA_DIR,
		CFG_LOG_SEGMENT_DELETE_DELAY_MS, CFG_PRODUCER_ID_EXPIRATION_MS,
		CFG_TRANSACTION_PARTITION_VERIFICATION_ENABLE, CFG_COUNT };
	static const enum config_id fetchers[] = { CFG_NUM_REPLICA_FETCHERS, CFG_COUNT };
	static const enum config_id cleaner[] = { CFG_LOG_CLEANER_THREADS, CFG_LOG_CLEANER_DEDUPE_BUFFER_SIZE,
		CFG_LOG_CLEANER_IO_BUFFER_LOAD_FACTOR, CFG_LOG_CLEANER_IO_BUFFER_SIZE, CFG_MESSAGE_MAX_BYTES,
		CFG_LOG_CLEANER_IO_MAX_BYTES_PER_SECOND, CFG_LOG_CLEANER_BACKOFF_MS, CFG_COUNT };
	struct reconfigure *r = xcalloc(1, sizeof(*r));

	r->dynamic = d;
	r->parts = *parts;
	add(d, &r->io_threads, "request handler threads", io, apply_io_threads, r);
	add(d, &r->background_threads, "background threads", background, apply_background_threads, r);
	add(d, &r->network_threads, "network threads", network, apply_network_threads, r);
	add(d, &r->listeners, "listeners", listeners, apply_listeners, r);
	add(d, &r->connections, "connection limits", connections, apply_connections, r);
	add(d, &r->listener_limits, "limits of listeners", listener_limits, apply_listener_limits, r);
	r->listener_limits.per_listener = true;
	add(d, &r->log_dirs, "log directories", log_dirs, apply_log_dirs, r);
	add(d, &r->cleaner, "log cleaner", cleaner, apply_cleaner, r);
	r->cleaner.validate = validate_cleaner;
	add(d, &r->fetchers, "replica fetchers", fetchers, apply_fetchers, r);
	return r;
}

int reconfigure_start(struct reconfigure *r)
{
	const struct dynamic_config_hooks hooks = {
		.topic_changed = on_topic_changed,
		.unclean_enabled = on_unclean_enabled,
		.throttle_changed = on_throttle_changed,
		.endpoints_changed = on_endpoints_changed,
		.arg = r,
	};

	return dynamic_config_start(r->dynamic, &hooks);
}

struct reconfigure *reconfigure_free(struct reconfigure *r)
{
	free(r);
	return NULL;
}
