/* zk_offsets.h - committed offsets of version 0: in ZooKeeper, where consumers before Kafka 0.9 keep theirs.
 *
 * /consumers/<group>/offsets/<topic>/<partition> holds the offset in decimal; the brokers touch nothing else of
 * /consumers (zookeeper.md 2.15). Any broker serves any group.
 *
 * Thread: any that may wait for ZooKeeper (workers).
 */
#ifndef API_ZK_OFFSETS_H
#define API_ZK_OFFSETS_H

#include <stdint.h>

#include "base/str.h"

struct zk_session;

struct zk_offset {
	struct str topic;  /* legal as a topic name */
	int32_t partition;
	int64_t offset;
	int result;	   /* for kerr_of; ignored unless 0 before the call */
};

/* Creates nodes that are missing. Sets each result: 0, or -errno. */
void zk_offsets_store(struct zk_session *zk, struct str group, struct zk_offset *v, int32_t n);
/* Sets each offset and result: 0; KERR_UNKNOWN_TOPIC_OR_PARTITION, nothing was stored; -errno. */
void zk_offsets_read(struct zk_session *zk, struct str group, struct zk_offset *v, int32_t n);

#endif
