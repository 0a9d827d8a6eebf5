/* topic_settings.h - settings of topics as Kafka's tools check them before they send or write them.
 *
 * Pure. Thread: any. Layer: tools.
 */
#ifndef TOOLS_TOPIC_SETTINGS_H
#define TOOLS_TOPIC_SETTINGS_H

#include "base/attr.h"
#include "base/properties.h"

#define TOPIC_SETTINGS_WHY_MAX 512

/* LogConfig.validate without a broker's own settings.
 *   0
 *   KERR_INVALID_CONFIG   an unknown name, or settings that contradict each other; `why` is Kafka's message
 *   KERR_INVALID_REQUEST  a value that its key does not take (Java's ConfigException); the same             */
int topic_settings_check(
	const struct properties *p, char why[TOPIC_SETTINGS_WHY_MAX]) MUST_CHECK;

/* Only the names. */
int topic_settings_check_names(
	const struct properties *p, char why[TOPIC_SETTINGS_WHY_MAX]) MUST_CHECK;

#endif
