/* lossy_fs.h - for tests: a file layer that remembers what was written and not synced, and loses it on demand.
 *
 * lossy_fs_crash undoes a random choice of the unsynced writes, in whole or from a random byte on: bytes return to
 * what they were, a file that had grown keeps its length (zeros) or goes back. Creations, renames and truncations are
 * taken as done in order, which is what journalling file systems give; fsync makes a file's writes safe.
 * Thread: the test's.
 */
#ifndef TESTS_STORAGE_LOSSY_FS_H
#define TESTS_STORAGE_LOSSY_FS_H

#include "base/random.h"

void lossy_fs_install(void);
void lossy_fs_crash(struct rng *rng);
void lossy_fs_remove(void);

#endif
