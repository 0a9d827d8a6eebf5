/* config_change.h - may a running broker go from one snapshot to another? What Kafka's parts refuse of a change whose
 * result is valid in itself (the validateReconfiguration functions of 3.9).
 *
 * Pure. Thread: any.
 */
#ifndef BROKER_CONFIG_CHANGE_H
#define BROKER_CONFIG_CHANGE_H

#include <stdbool.h>

#include "base/attr.h"
#include "broker/config.h"

/* Is the effective value another one? */
bool config_differs(const struct config *a, const struct config *b, enum config_id id);
/* The same for a listener: listener.name.X.KEY, else KEY. */
bool config_differs_for(
	const struct config *a, const struct config *b, const char *listener, enum config_id id);

/* 0 | KERR_INVALID_CONFIG with "Invalid dynamic configuration: " and the reason. */
int config_change_check(const struct config *from, const struct config *to,
	char why[CONFIG_ERROR_MAX]) MUST_CHECK;

#endif
