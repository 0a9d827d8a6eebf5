/* config_alteration.h - what AlterConfigs and IncrementalAlterConfigs share: rules over the whole request, then each
 * resource through the configuration service.
 *
 * Thread: a worker.
 */
#ifndef API_CONFIG_ALTERATION_H
#define API_CONFIG_ALTERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "api/config_service.h"

struct request;

/* One resource of a request and its answer. */
struct config_alteration {
	int8_t type;
	struct str name;
	struct config_change *changes;
	int32_t changes_n;

	int16_t error_code;
	struct str error_message; /* null on success */
};

/* Applies `n` resources in order and fills their answers. A resource or key that appears twice is refused in each of
 * its entries with INVALID_REQUEST. */
void config_alterations_run(struct request *req, struct config_alteration *v, int32_t n, bool incremental,
    bool validate_only);

#endif
