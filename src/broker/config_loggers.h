/* config_loggers.h - the BROKER_LOGGER resource: levels of loggers, described and changed (RuntimeLoggerManager and
 * Log4jController of 3.9). Nothing is stored: a restart begins with the stock levels again.
 *
 * Thread: any; the levels are the program's (base/log_levels.h).
 */
#ifndef BROKER_CONFIG_LOGGERS_H
#define BROKER_CONFIG_LOGGERS_H

#include <stdint.h>

#include "api/config_service.h"
#include "base/attr.h"
#include "broker/config_describe.h"

/* Every logger with the level in effect. 0 | -ENOMEM: the arena is full. */
int config_loggers_describe(
	const struct describe_query *q, struct config_entry **ret, int32_t *ret_n) MUST_CHECK;

/* Checks all changes, then makes them unless `validate_only`.
 *   0 | KERR_INVALID_REQUEST, KERR_INVALID_CONFIG: nothing is changed, *ret_message says why */
int config_loggers_alter(struct arena *a, const struct config_change *v, int32_t n,
	bool validate_only, struct str *ret_message) MUST_CHECK;

#endif
