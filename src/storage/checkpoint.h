/* checkpoint.h - the framed text files of a log directory: version, number of entries, one entry a line.
 *
 *	0
 *	<number of entries>
 *	<columns, one blank between>
 *
 * Used by the offset checkpoints (offset_checkpoint.h) and by leader-epoch-checkpoint. Reading follows Kafka's
 * CheckpointFile (storage.md 2.6): an empty file and one with only the version mean no entries; lines may end
 * in LF, CRLF or CR; any run of white space separates columns; another version, a blank line, a wrong number of
 * columns or entries is damage (-EIO: the log directory goes offline).
 *
 * Thread: any; two writers of one path are kept apart by the caller. Layer: files only.
 */
#ifndef STORAGE_CHECKPOINT_H
#define STORAGE_CHECKPOINT_H

#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

#define CHECKPOINT_COLUMNS_MAX 4
#define CHECKPOINT_SIZE_MAX    (256u << 20) /* larger files are damage */

/* Calls row(arg, columns) for each entry, in file order; the columns are borrowed for the call.
 *   0        all read; also when the file is empty or absent (a missing file means no entries)
 *   -EIO     the framing is damaged; rows before the damage were delivered
 *   < 0      errno of open and read, or what row returned: it stops the walk                      */
int checkpoint_read(const char *path, int columns, int (*row)(void *arg, const struct str *columns),
    void *arg) MUST_CHECK;

/* The text of a checkpoint under construction. */
struct checkpoint {
	char *rows; /* owned */
	size_t len, cap;
	size_t n; /* entries */
};

#define CHECKPOINT_INIT { NULL, 0, 0, 0 }

/* Adds an entry; the text has no line end of its own. */
void checkpoint_add(struct checkpoint *c, const char *fmt, ...) PRINTF(2, 3);
/* All or nothing, durable when it returns 0 (fs_replace_file). -errno leaves the old file. */
int checkpoint_write(const struct checkpoint *c, const char *path) MUST_CHECK;
void checkpoint_fini(struct checkpoint *c);

/* Creates an empty file where there is none, as Kafka does for every checkpoint when it starts. */
int checkpoint_create(const char *path) MUST_CHECK;

#endif
