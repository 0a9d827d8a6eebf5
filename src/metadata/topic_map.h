/* topic_map.h - a persistent hash map of topics: a new version shares all but the path it changed.
 *
 * A trie of fixed depth over a 64-bit hash: 64 x 64 buckets, nodes counted. One map by name and one by id make up
 * the topics of an image; replacing one topic of many copies two small nodes and a bucket, so thousands of
 * one-topic updates stay cheap. Nodes that only one map reaches are changed in place (a map under construction).
 *
 * Owner: struct image. Thread: reading any; put and remove only before the map is published.
 */
#ifndef METADATA_TOPIC_MAP_H
#define METADATA_TOPIC_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/uuid.h"

struct image_topic;
struct topic_node;

enum topic_map_key { TOPIC_MAP_BY_NAME, TOPIC_MAP_BY_ID };

struct topic_map {
	enum topic_map_key key;
	struct topic_node *root; /* counted; NULL: empty */
	size_t n;
};

void topic_map_init(struct topic_map *m, enum topic_map_key key);
void topic_map_fini(struct topic_map *m);
/* A second map with the same content; shares everything. */
void topic_map_share(struct topic_map *m, const struct topic_map *from);

/* Adds the topic, in place of one with the same key. Takes a reference of its own. */
void topic_map_put(struct topic_map *m, struct image_topic *t);
/* Takes the topic with t's key out, if there is one. */
void topic_map_remove(struct topic_map *m, const struct image_topic *t);
/* Borrowed; NULL when absent. For the map of that key only. */
struct image_topic *topic_map_by_name(const struct topic_map *m, struct str name);
struct image_topic *topic_map_by_id(const struct topic_map *m, struct uuid id);
/* Writes all topics (m->n of them, borrowed, unordered) to `out`. */
void topic_map_list(const struct topic_map *m, const struct image_topic **out);

#endif
