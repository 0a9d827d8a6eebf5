/* replica_dir.h - the directory of one replica: its path, which may change while files in it are in use.
 *
 * A log directory renames a replica to ...-delete, or from ...-future (storage.md 10.3, 14.3). Whoever builds a
 * file name asks here at that moment; paths handed out stay valid memory until the end, so no lock is needed.
 *
 * Owner: struct log; segments, indexes and producer state borrow it. Thread: any; rename by the owner alone.
 * Layer: names only.
 */
#ifndef STORAGE_REPLICA_DIR_H
#define STORAGE_REPLICA_DIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

#define SUFFIX_CLEANED ".cleaned"
#define SUFFIX_SWAP    ".swap"
#define SUFFIX_DELETED ".deleted"

struct replica_dir {
	char *parent;	       /* the log directory */
	_Atomic(char *) path;  /* parent/name */
	char **old;	       /* earlier paths, kept until fini */
	size_t old_n, old_cap;
};

void replica_dir_init(struct replica_dir *d, const char *parent, const char *name);
void replica_dir_fini(struct replica_dir *d);
const char *replica_dir_path(const struct replica_dir *d);
/* The last component of the path. */
const char *replica_dir_name(const struct replica_dir *d);
/* Renames on disk and syncs the parent. */
int replica_dir_rename(struct replica_dir *d, const char *name) MUST_CHECK;

/* <dir>/<name>; owned by the caller. */
char *replica_dir_join(const struct replica_dir *d, const char *name);
/* <dir>/<offset, 20 digits><ext><suffix>; owned by the caller. */
char *replica_dir_file(const struct replica_dir *d, int64_t offset, const char *ext, const char *suffix);

/* The offset a file name begins with: the text before the first '.', a decimal int64 >= 0. */
bool replica_file_offset(const char *name, int64_t *ret);

#endif
