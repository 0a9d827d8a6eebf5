/* config_alter.h - changes of AlterConfigs and IncrementalAlterConfigs applied to a stored set of entries.
 *
 * Pure. Operations and texts are those of ConfigAdminManager.scala (3.9); protocol.md 16.3.
 * Thread: any.
 */
#ifndef BROKER_CONFIG_ALTER_H
#define BROKER_CONFIG_ALTER_H

#include <stdbool.h>
#include <stdint.h>

#include "api/config_service.h"
#include "base/attr.h"
#include "broker/config.h"

/* More changes of one resource, or overrides of one topic, are refused: no honest request comes near. */
#define CONFIG_CHANGES_MAX 1000

/* Is the list of changes well formed: no key twice, no null value, known operations, text that can be stored?
 * 0 | KERR_INVALID_REQUEST with `why`. */
int config_changes_check(const struct config_change *v, int32_t n, bool incremental,
	char why[CONFIG_ERROR_MAX]) MUST_CHECK;

/* Finds the row of a key, NULL when there is none. */
typedef const struct config_key *(*config_key_finder)(const char *name);
const struct config_key *config_broker_row(const char *name);
const struct config_key *config_topic_row(const char *name);

/* Applies checked changes in order; `p` holds what is stored.
 *   0
 *   KERR_INVALID_CONFIG   APPEND or SUBTRACT on a key that is unknown or no list; `why` says which  */
int config_changes_apply(struct properties *p, const struct config_change *v, int32_t n,
	config_key_finder find, char why[CONFIG_ERROR_MAX]) MUST_CHECK;

/* Does a set fit into a znode? ZooKeeper drops the connection of who sends more than a mebibyte, and the write would
 * be sent again and again. */
bool config_set_fits(const struct properties *p);

#endif
