/* producer_blocks.h - blocks of producer ids out of /latest_producer_id_block (zookeeper.md 2.13).
 *
 * What the controller does for AllocateProducerIds, and what a broker does for itself below inter-broker protocol 3.0.
 * Thread: any that may wait for ZooKeeper.
 */
#ifndef CONTROLLER_PRODUCER_BLOCKS_H
#define CONTROLLER_PRODUCER_BLOCKS_H

#include <stdint.h>

#include "base/attr.h"

struct zk_session;

/* Takes the next block on behalf of `broker`.
 *   0        *ret_count ids from *ret_first on belong to the caller
 *   -ERANGE  all producer ids are used
 *   -errno                                                                                      */
int producer_blocks_take(struct zk_session *zk, int32_t broker, int64_t *ret_first, int32_t *ret_count) MUST_CHECK;

#endif
