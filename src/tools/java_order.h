/* java_order.h - the order in which a java.util.HashMap is walked. Kafka's tools print much of what they know in this
 * order, and scripts count lines. That of Scala's tables is in scala_hash.h.
 *
 * Thread: any. Layer: tools; pure.
 */
#ifndef TOOLS_JAVA_ORDER_H
#define TOOLS_JAVA_ORDER_H

#include <stddef.h>
#include <stdint.h>

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

#endif
