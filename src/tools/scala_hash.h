/* scala_hash.h - the order in which Scala's hash tables yield their elements, for lines that Kafka's tools print straight
 * from such a table (Scala 2.13, scala.collection.mutable.HashSet and HashMap, and their immutable sisters).
 *
 * Thread: any. Layer: tools; pure.
 */
#ifndef TOOLS_SCALA_HASH_H
#define TOOLS_SCALA_HASH_H

#include <stddef.h>
#include <stdint.h>

/* How many buckets a table has after elements were added. */
struct scala_table {
	size_t buckets, elements;
};

#define SCALA_TABLE_INIT                                                                           \
	{                                                                                          \
		16, 0                                                                              \
	}

/* Before a collection of n elements is added as a whole. */
void scala_table_hint(struct scala_table *t, size_t n);
/* Before an element is added, there already or not; `fresh`: it is not. */
void scala_table_add(struct scala_table *t, int fresh);

/* Sorts element numbers 0 .. n - 1 into the order of the table; hashes[i] is hashCode() of element i. */
void scala_table_order(const struct scala_table *t, const int32_t *hashes, size_t n, size_t *ret_order);

/* The same for an immutable set or map of more than four elements, which is a trie (scala.collection.immutable.HashSet);
 * smaller ones keep the order in which they were added. */
#define SCALA_SMALL_SET 4
void scala_trie_order(const int32_t *hashes, size_t n, size_t *ret_order);

#endif
