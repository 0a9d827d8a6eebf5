/* settings.h - what each layer gets to know of the configuration: its own struct, filled here.
 *
 * Strings are borrowed from the configuration, which outlives the layers that keep them. Layer: wiring.
 */
#ifndef BROKER_SETTINGS_H
#define BROKER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct cleaner_config;
struct config;
struct log_dirs_config;
struct server_config;
struct server_limits;
struct server_listener;
struct znode_broker;
struct zk_config;

void settings_zk(const struct config *c, struct zk_config *ret);
/* Without the callbacks. */
void settings_log_dirs(const struct config *c, struct log_dirs_config *ret);
/* A listener by its name, NULL when the configuration has none: false. */
bool settings_listener(const struct config *c, const char *name, struct server_listener *ret);
void settings_limits(const struct config *c, struct server_limits *ret);
/* Whether there is to be a cleaner at all is log.cleaner.enable. */
void settings_cleaner(const struct config *c, struct cleaner_config *ret);
/* Without the handler. `listeners` has room for all of config_listeners(). */
void settings_server(const struct config *c, int32_t broker_id, struct server_listener *listeners,
    struct server_config *ret);

struct fetchers_config;
/* Without clock and partitions. */
void settings_fetchers(const struct config *c, int32_t broker_id, struct fetchers_config *ret);

struct throttle_config;
/* Without clock. */
void settings_throttle(const struct config *c, int32_t broker_id, struct throttle_config *ret);

struct groups_config;
/* Without clock, partitions and delayed. `partitions_n` as the topic has it. */
void settings_groups(const struct config *c, int32_t broker_id, int32_t partitions_n, struct groups_config *ret);

struct server;
/* What is registered: advertised endpoints that are listened at (a port 0 becomes the bound one), rack. Owned by the
 * caller: znode_broker_fini. */
void settings_registration(const struct config *c, struct server *server, struct znode_broker *ret);

#endif
