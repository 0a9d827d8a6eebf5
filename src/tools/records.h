/* records.h - records that only tools read: of groups of the newer protocol, of KRaft, of tiered storage. The same rows as
 * in protocol/messages.def, so the codec reads them; a broker has no use for them.
 *
 * Thread: any; const tables. Layer: tools.
 */
#ifndef TOOLS_RECORDS_H
#define TOOLS_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/uuid.h"
#include "protocol/primitive.h"
#include "protocol/schema.h"

#define MESSAGE_LIST "tools/records.def"
#include "protocol/message_structs.h"

/* All of them, in the order of records.def; ends with NULL. */
extern const struct schema *const records_list[];

/* Key and value of a record in __consumer_offsets by its type, the number in front of the key; NULL: unknown. */
const struct schema *records_group_key(int type);
const struct schema *records_group_value(int type);

/* A record of __cluster_metadata by its type. False: unknown. *ret is NULL for a type without fields. */
bool records_cluster(int type, const char **ret_name, const struct schema **ret);

#endif
