/* dir_lock.h - the .lock file that keeps two brokers out of one log directory.
 *
 * An exclusive POSIX record lock over the whole file, which is what a Java broker's FileChannel.tryLock takes:
 * flock(2) would not exclude it (storage.md 2.11). The kernel drops the lock when the process dies, so a file
 * left behind is harmless. A record lock does not exclude the own process: the caller refuses duplicates.
 *
 * Owner: the log directory. Thread: the holder's. The file must not be opened elsewhere in the process:
 * closing any descriptor of it would drop the lock.
 */
#ifndef STORAGE_DIR_LOCK_H
#define STORAGE_DIR_LOCK_H

#include "base/attr.h"

struct dir_lock;

/* 0 | -EAGAIN another process holds it | -errno of the disk */
int dir_lock_take(const char *dir, struct dir_lock **ret) MUST_CHECK;
/* Unlocks, unlinks, closes, as Kafka does. Accepts NULL, returns NULL. */
struct dir_lock *dir_lock_release(struct dir_lock *l);
DEFINE_CLEANUP(struct dir_lock *, dir_lock_release)

#endif
