/* config_service.h - fills struct config_service (api/config_service.h): describing and altering configuration.
 *
 * Joins the pure parts (config_describe, config_alter, topic_config) with the current snapshot, the metadata image
 * and ZooKeeper. Owner: broker/startup, after dynamic_config_open. Thread: see api/config_service.h.
 */
#ifndef BROKER_CONFIG_SERVICE_H
#define BROKER_CONFIG_SERVICE_H

#include "api/config_service.h"

struct dynamic_config;
struct metadata;
struct zk_session;

struct config_services;

/* The parts are borrowed. */
struct config_services *config_services_new(
	struct dynamic_config *d, struct metadata *metadata, struct zk_session *zk);
struct config_services *config_services_free(struct config_services *s); /* NULL is fine */
/* For struct broker_context; lives as long as `s`. */
const struct config_service *config_services_table(const struct config_services *s);

#endif
