/* offset_checkpoint.h - a checkpoint of one offset per partition: recovery point, log start, high watermark.
 *
 * Lines are "<topic> <partition> <offset>" (storage.md 2.6). Owner and thread: the holder's.
 */
#ifndef STORAGE_OFFSET_CHECKPOINT_H
#define STORAGE_OFFSET_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define RECOVERY_POINT_CHECKPOINT "recovery-point-offset-checkpoint"
#define LOG_START_CHECKPOINT	  "log-start-offset-checkpoint"
#define HIGH_WATERMARK_CHECKPOINT "replication-offset-checkpoint"
#define CLEANER_CHECKPOINT	  "cleaner-offset-checkpoint" /* with a cleaner it exists from the start, empty */

struct offset_checkpoint; /* what was read: a map */

/* Reads dir/name; the last of two lines of one partition wins, as in Kafka's map.
 *   0        *ret is owned by the caller, empty for a missing or empty file
 *   -EINVAL  a partition or an offset is not a number: the caller may go on without
 *   -errno   damage (-EIO) or the disk: the directory goes offline                      */
int offset_checkpoint_read(const char *dir, const char *name, struct offset_checkpoint **ret) MUST_CHECK;
/* `absent` when there is no entry or c is NULL. */
int64_t offset_checkpoint_get(const struct offset_checkpoint *c, const char *topic, int32_t partition,
    int64_t absent);
size_t offset_checkpoint_count(const struct offset_checkpoint *c); /* entries; 0 for NULL */
/* Accepts NULL, returns NULL. */
struct offset_checkpoint *offset_checkpoint_free(struct offset_checkpoint *c);
DEFINE_CLEANUP(struct offset_checkpoint *, offset_checkpoint_free)

#endif
