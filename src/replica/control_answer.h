/* control_answer.h - the controller's requests with the answers as they go over the wire.
 *
 * The same for a request that came through a socket and for one from the controller in this process.
 * Thread: any that may write files. Layer: replica.
 */
#ifndef REPLICA_CONTROL_ANSWER_H
#define REPLICA_CONTROL_ANSWER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"

struct leader_and_isr_request;
struct leader_and_isr_response;
struct partitions;
struct stop_replica_request;
struct stop_replica_response;
struct update_metadata_request;
struct update_metadata_response;

/* `connection`: see partitions_leader_and_isr. Each applies the request and fills `ret`, which was initialised; arrays are
 * in `a`, strings borrowed from the request. 0, -ESTALE, or -ENOMEM when the arena is full. Partition errors are listed by
 * topic id since version 5. */
int control_answer_leader_and_isr(struct partitions *ps, uint64_t connection, int version,
    const struct leader_and_isr_request *req, struct arena *a, struct leader_and_isr_response *ret) MUST_CHECK;
int control_answer_stop_replica(struct partitions *ps, uint64_t connection,
    const struct stop_replica_request *req, struct arena *a, struct stop_replica_response *ret) MUST_CHECK;
int control_answer_update_metadata(struct partitions *ps, uint64_t connection,
    const struct update_metadata_request *req, struct update_metadata_response *ret) MUST_CHECK;

#endif
