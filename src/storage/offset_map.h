/* offset_map.h - what a cleaner thread remembers of keys: a hash of each, and the offset of its last record.
 *
 * Fixed memory: 24 bytes a key (16 of hash, 8 of offset), whatever the keys' size. Keys are told apart by the hash
 * alone, as in Kafka; ours begins with a secret of this process, so that nobody can prepare two keys with the same
 * hash. Pages that were touched are given back by a clear, so an idle cleaner holds none.
 *
 * Owner and thread: one cleaner thread. Layer: bytes only.
 * Rules: storage.md 15.3.
 */
#ifndef STORAGE_OFFSET_MAP_H
#define STORAGE_OFFSET_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

#define OFFSET_MAP_ENTRY 24u

struct offset_map;

/* A map in `bytes` of memory, at most 2^31 - 1, that calls itself full when `load_factor` of its places are taken.
 *   0 | -EINVAL not even one key would fit | -ENOMEM                                                    */
int offset_map_new(size_t bytes, double load_factor, struct offset_map **ret) MUST_CHECK;
struct offset_map *offset_map_free(struct offset_map *m); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct offset_map *, offset_map_free)

/* Whether a map of this size would be of use: the rule behind -EINVAL. */
bool offset_map_fits(size_t bytes, double load_factor);

void offset_map_clear(struct offset_map *m); /* latest becomes -1 */
/* An empty map is about to be filled from that many bytes of log: large pages pay off, or they do not. */
void offset_map_expect(struct offset_map *m, int64_t bytes);

/* A key as the map knows it. Hashing also begins to fetch the key's place from memory, which is most of what a look-up
 * costs: so hash some keys ahead, and look up later. */
struct offset_key {
	uint64_t hash, more;
};
struct offset_key offset_map_hash(const struct offset_map *m, struct bytes key);

/* Remembers the key's offset, which becomes the latest. False: full, and the key is not in it. */
bool offset_map_put(struct offset_map *m, const struct offset_key *key, int64_t offset);
int64_t offset_map_get(const struct offset_map *m, const struct offset_key *key); /* -1 absent */

/* The last offset that the map speaks of: every record up to there has been looked at. -1 none. */
int64_t offset_map_latest(const struct offset_map *m);
void offset_map_set_latest(struct offset_map *m, int64_t offset);

size_t offset_map_size(const struct offset_map *m);
size_t offset_map_slots(const struct offset_map *m);

#endif
