/* java_map.h - orders of Java's maps beyond that of a plain HashMap (java_order.h): maps of a given capacity, maps that
 * were copied, and java.util.Properties.
 *
 * Thread: any. Layer: tools; pure.
 */
#ifndef TOOLS_JAVA_MAP_H
#define TOOLS_JAVA_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/properties.h"

/* Buckets of a map that was made for `capacity` entries and has taken n. */
size_t java_buckets_from(size_t capacity, size_t n);

/* The order of a HashMap made for `capacity` entries (JAVA_MAP_DEFAULT when nothing was said), as java_order has it;
 * owned by the caller. */
#define JAVA_MAP_DEFAULT 16
size_t *java_map_order(const int32_t *hashes, size_t n, size_t capacity);

/* The order of the results of an admin client's call about n things that were named in this order: a map made for n, its
 * copy, and one made for n again. Owned by the caller. */
size_t *java_result_order(const int32_t *hashes, size_t n);

/* Sorts a set as java.util.Properties would hand it out. */
void java_properties_sort(struct properties *p);

#endif
