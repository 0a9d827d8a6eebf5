/* reconfigure.h - the parts of the broker that take new configuration values without a restart.
 *
 * Owner: struct broker. Thread: made and ended by the main thread; values arrive on dynamic_config's thread.
 */
#ifndef BROKER_RECONFIGURE_H
#define BROKER_RECONFIGURE_H

#include "base/attr.h"

struct cleaner;
struct controller;
struct dynamic_config;
struct fetchers;
struct log_dirs;
struct mover;
struct partitions;
struct registration;
struct server;
struct throttle;
struct worker_pool;

/* All borrowed, and alive until dynamic_config_stop. */
struct reconfigure_parts {
	struct worker_pool *workers, *background;
	struct server *server;
	struct log_dirs *log_dirs;
	struct partitions *partitions;
	struct fetchers *fetchers;
	struct mover *mover;
	struct throttle *throttle;
	struct cleaner *cleaner; /* NULL with log.cleaner.enable=false */
	struct registration *registration;
	struct controller *controller;
};

struct reconfigure;

/* Registers the parts with `d`. */
struct reconfigure *reconfigure_new(struct dynamic_config *d, const struct reconfigure_parts *parts);
int reconfigure_start(struct reconfigure *r) MUST_CHECK; /* dynamic_config_start with what the parts want to hear */
struct reconfigure *reconfigure_free(struct reconfigure *r); /* after dynamic_config_free; accepts NULL */

#endif
