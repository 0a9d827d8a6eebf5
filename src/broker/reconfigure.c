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
#include "broker/registration.h"
#include "broker/settings.h"
#include "controller/controller.h"
#include "net/server.h"
#include "protocol/errors.h"
#include "storage/cleaner.h"
#include "storage/log_dirs.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.server.DynamicBrokerConfig"
#include "base/logger.h"

struct reconfigure {
	struct reconfigure_parts parts;
	struct reconfigurable io_threads, background_threads, network_threads, connections, log_dirs, cleaner;
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

static void apply_connections(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;

	server_set_limits(r->parts.server, config_int(to, CFG_MAX_CONNECTIONS),
	    config_int(to, CFG_MAX_CONNECTIONS_PER_IP), config_text(to, CFG_MAX_CONNECTIONS_PER_IP_OVERRIDES));
}

static void apply_log_dirs(void *arg, const struct config *from UNUSED, const struct config *to)
{
	struct reconfigure *r = arg;

	log_dirs_reconfigure(r->parts.log_dirs, config_int(to, CFG_NUM_RECOVERY_THREADS_PER_DATA_DIR),
	    config_long(to, CFG_LOG_SEGMENT_DELETE_DELAY_MS), config_long(to, CFG_PRODUCER_ID_EXPIRATION_MS));
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

static void on_topic_changed(void *arg, const char *topic, struct log_config *settings)
{
	struct reconfigure *r = arg;

	log_dirs_set_topic_config(r->parts.log_dirs, topic, settings);
}

static void on_unclean_enabled(void *arg, const char *topic)
{
	struct reconfigure *r = arg;

	controller_unclean_enabled(r->parts.controller, str_of(topic));
}

static void on_endpoints_changed(void *arg, const struct config *to)
{
	struct reconfigure *r = arg;
	struct znode_broker info;

	settings_registration(to, r->parts.server, &info);
	if (registration_update(r->parts.registration, &info) < 0)
		log_error("advertised.listeners: the new endpoints could not be written to ZooKeeper.");
	znode_broker_fini(&info);
}

/* --- wiring --- */

static void add(struct dynamic_config *d, struct reconfigurable *part, const char *name, const enum config_id *keys,
    void (*apply)(void *arg, const struct config *from, const struct config *to), struct reconfigure *r)
{
	*part = (struct reconfigurable){ .name = name, .keys = keys, .apply = apply, .arg = r };
	dynamic_config_add(d, part);
}

struct reconfigure *reconfigure_new(struct dynamic_config *d, const struct reconfigure_parts *parts,
    struct dynamic_config_hooks *ret_hooks)
{
	static const enum config_id io[] = { CFG_NUM_IO_THREADS, CFG_COUNT };
	static const enum config_id background[] = { CFG_BACKGROUND_THREADS, CFG_COUNT };
	static const enum config_id network[] = { CFG_NUM_NETWORK_THREADS, CFG_COUNT };
	static const enum config_id connections[] = { CFG_MAX_CONNECTIONS, CFG_MAX_CONNECTIONS_PER_IP,
		CFG_MAX_CONNECTIONS_PER_IP_OVERRIDES, CFG_COUNT };
	static const enum config_id log_dirs[] = { CFG_NUM_RECOVERY_THREADS_PER_DATA_DIR,
		CFG_LOG_SEGMENT_DELETE_DELAY_MS, CFG_PRODUCER_ID_EXPIRATION_MS, CFG_COUNT };
	static const enum config_id cleaner[] = { CFG_LOG_CLEANER_THREADS, CFG_LOG_CLEANER_DEDUPE_BUFFER_SIZE,
		CFG_LOG_CLEANER_IO_BUFFER_LOAD_FACTOR, CFG_LOG_CLEANER_IO_BUFFER_SIZE, CFG_MESSAGE_MAX_BYTES,
		CFG_LOG_CLEANER_IO_MAX_BYTES_PER_SECOND, CFG_LOG_CLEANER_BACKOFF_MS, CFG_COUNT };
	struct reconfigure *r = xcalloc(1, sizeof(*r));

	r->parts = *parts;
	add(d, &r->io_threads, "request handler threads", io, apply_io_threads, r);
	add(d, &r->background_threads, "background threads", background, apply_background_threads, r);
	add(d, &r->network_threads, "network threads", network, apply_network_threads, r);
	add(d, &r->connections, "connection limits", connections, apply_connections, r);
	add(d, &r->log_dirs, "log directories", log_dirs, apply_log_dirs, r);
	add(d, &r->cleaner, "log cleaner", cleaner, apply_cleaner, r);
	r->cleaner.validate = validate_cleaner;
	*ret_hooks = (struct dynamic_config_hooks){
		.topic_changed = on_topic_changed,
		.unclean_enabled = on_unclean_enabled,
		.endpoints_changed = on_endpoints_changed,
		.arg = r,
	};
	return r;
}

struct reconfigure *reconfigure_free(struct reconfigure *r)
{
	free(r);
	return NULL;
}
