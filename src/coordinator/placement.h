/* placement.h - which partition of an internal topic owns a group or transactional id, and so which broker.
 *
 * The rule is Java's: String.hashCode of the id, absolute, modulo the number of partitions; it must never change,
 * or committed offsets are looked for where they are not (coordinators.md 1.1).
 */
#ifndef COORDINATOR_PLACEMENT_H
#define COORDINATOR_PLACEMENT_H

#include <stdint.h>

#include "base/str.h"

#define OFFSETS_TOPIC	   "__consumer_offsets"
#define TRANSACTIONS_TOPIC "__transaction_state"

/* `partitions` > 0. The one value without an absolute counts as 0. */
static inline int32_t placement_of(struct str id, int32_t partitions)
{
	int32_t hash = str_java_hash(id);

	return hash == INT32_MIN ? 0 : (hash < 0 ? -hash : hash) % partitions;
}

#endif
