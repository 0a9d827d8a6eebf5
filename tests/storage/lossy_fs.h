/* lossy_fs.h - for tests: a file layer that remembers what was written and not synced, and loses it on demand.
 *
 * lossy_fs_crash undoes a random choice of the unsynced writes, in whole or from a random byte on: bytes return to
 * what they were, a file that had grown keeps its length (zeros) or goes back. Creations, renames and truncations are
 * taken as done in order, which is what journalling file systems give; fsync makes a file's writes safe.
 * lossy_fs_stop makes the machine die at a given call: that one and all later ones that change something fail.
 * Thread: the test's.
 */
#ifndef TESTS_STORAGE_LOSSY_FS_H
#define TESTS_STORAGE_LOSSY_FS_H

#include <stdbool.h>

#include "base/random.h"

void lossy_fs_install(void);
/* From the nth (from 1) changing call on every one fails with -EIO; 0: none does. */
void lossy_fs_stop(int nth);
bool lossy_fs_stopped(void); /* was that call met? */
/* Loses what is not synced, and lets calls through again. */
void lossy_fs_crash(struct rng *rng);
void lossy_fs_remove(void);

#endif
