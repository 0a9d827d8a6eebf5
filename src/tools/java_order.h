/* java_order.h - the order in which Java's hash tables hand out their keys. Kafka's tools print many things in this
 * order, and scripts see it.
 *
 * Pure. Buckets by the hash folded in half; within a bucket in the order of insertion (a bucket of nine and more would
 * be a tree in Java; nobody's topics are named so).
 * Thread: any. Layer: tools.
 */
#ifndef TOOLS_JAVA_ORDER_H
#define TOOLS_JAVA_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/properties.h"

#define JAVA_MAP_DEFAULT 16

/* java.util.HashMap made for `capacity` entries, with the keys of these hashCodes put in one after the other: ret[i] is
 * the index of the key that comes i-th. Owned by the caller. */
size_t *java_map_order(const int32_t *hashes, size_t n, size_t capacity);

/* java.util.Properties with these keys: sorts the set so. */
void java_properties_sort(struct properties *p);

#endif
