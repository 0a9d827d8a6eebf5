/* control_layout.h - the controller's requests as older versions lay them out.
 *
 * A request is built in its newest form (request_batch.h). Before LeaderAndIsr 2 and UpdateMetadata 5 partitions stand in
 * one list with the topic's name in each, UpdateMetadata 0 knows one address per broker, and StopReplica has had three
 * forms, the older two with one delete flag for all. Fields that a version lacks are left to the codec.
 *
 * Pure. Thread: any; the request is only read. Layer: controller.
 */
#ifndef CONTROLLER_CONTROL_LAYOUT_H
#define CONTROLLER_CONTROL_LAYOUT_H

#include "base/arena.h"
#include "base/attr.h"

/* The first version of StopReplica with a delete flag for each partition. */
#define STOP_REPLICA_MIXED_SINCE 3

/* `req` is the struct of the key's request: LeaderAndIsr, UpdateMetadata or StopReplica. Returns what is to be encoded in
 * `version`: `req` itself, or a copy in `a` that borrows from it. NULL: the arena is full. */
const void *control_layout(int key, int version, const void *req, struct arena *a) MUST_CHECK;

#endif
