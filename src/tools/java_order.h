/* java_order.h - the order in which a java.util.HashMap is walked. Kafka's tools print much of what they know in this
 * order, and scripts count lines. That of Scala's tables is in scala_hash.h.
 *
 * Thread: any. Layer: tools; pure.
 */
#ifndef TOOLS_JAVA_ORDER_H
#define TOOLS_JAVA_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/properties.h"
#include "base/str.h"

/* hashCode of a TopicPartition; that of a String is str_java_hash. */
int32_t java_hash_partition(struct str topic, int32_t partition);

/* Number of buckets of a map that n keys were put into one by one (new HashMap, Collectors.toMap), and of one that was
 * made of n keys at once (new HashSet(collection), putAll into an empty map). */
size_t java_buckets(size_t n);
size_t java_buckets_at_once(size_t n);

/* Writes to ret[0..n) the indexes of the keys with these hash codes, which were put in in this order and are all
 * different, as the map's iterator meets them. Buckets of 8 and more keys, which Java makes trees of, are taken for
 * lists. */
void java_order(const int32_t *hashes, size_t n, size_t buckets, size_t *ret);

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
