/* topic_config.h - the configuration of a topic: its overrides over the broker's defaults.
 *
 * Effective value: topic override > the broker's value of the synonym key (which has its own layers) > default.
 * Pure. Thread: any.
 */
#ifndef BROKER_TOPIC_CONFIG_H
#define BROKER_TOPIC_CONFIG_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/properties.h"
#include "broker/config.h"

struct log_config; /* storage/log_config.h */

/* The settings of a topic's logs; a new reference. Overrides that are unknown or invalid (another tool wrote them)
 * are left out, with an error line. */
struct log_config *topic_config_new(
	const struct config *c, const char *topic, const struct properties *overrides);

/* Checks the overrides of a topic (LogConfig.validate).
 *   0
 *   KERR_INVALID_CONFIG   `why` is Kafka's message; *ret_value is true when it is about one value, which
 *                         AlterConfigs introduces with "Invalid config value for resource ..."      */
int topic_config_check(const struct config *c, const struct properties *overrides,
	char why[CONFIG_ERROR_MAX], bool *ret_value) MUST_CHECK;

/* The value a topic without an override has, as text; NULL for null. Returns buf or constant text. */
const char *topic_config_default(
	const struct config *c, enum topic_config_id id, char *buf, size_t size);

#endif
