/* partition_map.h - a table of small fixed-size entries by topic and partition, dense in memory.
 *
 * Entries lie one after the other, so walking is an array walk; a removal moves the last one into the hole. Up to
 * PARTITION_MAP_PLAIN entries are searched one by one, more have an index of 32-bit slots, at most 3/4 full.
 * Owner: whoever embeds it. Thread: as the owner says. Layer: coordinator.
 */
#ifndef COORDINATOR_PARTITION_MAP_H
#define COORDINATOR_PARTITION_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct topic_name;

#define PARTITION_MAP_PLAIN 8u

/* What every entry begins with. */
struct partition_key {
	struct topic_name *topic; /* interned: equal names have equal addresses */
	int32_t partition;
};

struct partition_map {
	uint8_t *v;
	uint32_t *slots; /* 0: free, else entry number + 1 */
	uint32_t n, cap, slots_n;
	uint32_t size;	 /* of an entry */
	size_t *memory;	 /* counts what the map holds */
};

void partition_map_init(struct partition_map *m, size_t size, size_t *memory);
void partition_map_fini(struct partition_map *m); /* the entries' own belongings are the owner's */

static inline void *partition_map_at(const struct partition_map *m, uint32_t i)
{
	return m->v + (size_t)i * m->size;
}

/* Valid until the map changes. NULL: not there. */
void *partition_map_find(const struct partition_map *m, const struct topic_name *topic, int32_t partition);
/* The entry, made and zeroed but for its key when it was not there (*ret_new). */
void *partition_map_put(struct partition_map *m, struct topic_name *topic, int32_t partition, bool *ret_new);
/* `entry` is one of the map's; the last one takes its place. */
void partition_map_remove(struct partition_map *m, void *entry);

#endif
