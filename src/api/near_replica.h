/* near_replica.h - which replica a consumer is sent to, by its rack (KIP-392, RackAwareReplicaSelector).
 *
 * Thread: any.
 */
#ifndef API_NEAR_REPLICA_H
#define API_NEAR_REPLICA_H

#include <stdint.h>

#include "base/str.h"

struct image;
struct partition;
struct request;

/* The broker to read `offset` of a partition led here from, for a consumer in `rack` on the request's listener;
 * -1: from us. */
int32_t near_replica(const struct request *req, const struct image *image, struct partition *p, int64_t offset,
    struct str rack);

#endif
