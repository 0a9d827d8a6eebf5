/* fault_fs.h - for tests: a scratch directory, and a file layer that fails on demand or "loses power".
 *
 * fault_fs_fail: the n-th call that changes something (open to write, write, fsync, truncate, rename, unlink, mkdir,
 * rmdir) below a path fails with an errno, alone or with all that follow it.
 * fault_fs_crash: what was appended and not fsynced is torn in the middle, as after a power loss.
 * Thread: fault_fs_* calls from the test's thread; the layer itself may be used by any.
 */
#ifndef TESTS_STORAGE_FAULT_FS_H
#define TESTS_STORAGE_FAULT_FS_H

#include <stdbool.h>
#include <stddef.h>

/* A new directory, removed with all in it by scratch_free. */
char *scratch_new(void);
void scratch_free(char *dir);
/* Files below a directory by name, for short tests: the path is built from dir and name. */
void scratch_write(const char *dir, const char *name, const char *text);
char *scratch_read(const char *dir, const char *name); /* owned; NULL when absent */
bool scratch_has(const char *dir, const char *name);

/* Puts the layer in place. Paths that do not begin with `below` are passed through. */
void fault_fs_install(const char *below);
/* The nth (from 1) changing call from now on fails with -error; `then_all` also those after it. 0: none. */
void fault_fs_fail(int nth, int error, bool then_all);
/* Has the fault been met? How many changing calls were there since fault_fs_fail? */
bool fault_fs_hit(void);
int fault_fs_calls(void);
/* Tears what is not synced and stops failing. */
void fault_fs_crash(void);
void fault_fs_remove(void);

#endif
