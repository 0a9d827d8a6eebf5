/* owner.h - which partition of __consumer_offsets or __transaction_state an id belongs to; its leader coordinates it.
 *
 * Thread: any. Layer: coordinator. Pure.
 */
#ifndef COORDINATOR_OWNER_H
#define COORDINATOR_OWNER_H

#include <stdint.h>

#include "base/str.h"

/* abs(java hash) % n, where abs of the smallest int is 0 (coordinators.md 1.1). n > 0; null counts as "". */
int32_t coordinator_partition(struct str id, int32_t n);

#endif
