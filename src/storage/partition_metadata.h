/* partition_metadata.h - the file partition.metadata: the topic id of a replica (storage.md 2.8).
 *
 * Must exist before data does, or a Kafka peer may bind another id to the data (storage.md 19, point 5).
 * Thread: any; one writer at a time.
 */
#ifndef STORAGE_PARTITION_METADATA_H
#define STORAGE_PARTITION_METADATA_H

#include "base/attr.h"
#include "base/uuid.h"

struct replica_dir;

/* 0, *ret zero when there is no file; -EIO when it is damaged or its id is zero; -errno. */
int partition_metadata_read(const struct replica_dir *dir, struct uuid *ret) MUST_CHECK;
/* Durable when it returns 0. */
int partition_metadata_write(const struct replica_dir *dir, struct uuid id) MUST_CHECK;
/* 0 also when there was none; -errno. */
int partition_metadata_delete(const struct replica_dir *dir) MUST_CHECK;

#endif
