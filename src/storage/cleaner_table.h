/* cleaner_table.h - which partition is being cleaned, must not be cleaned now, or cannot be cleaned at all.
 *
 *	free -claim-> in progress -release-> free
 *	free -pause-> paused, as often as was asked, -resume as often-> free
 *	in progress -pause-> aborted: the cleaner notices, releases, and the pause begins; whoever asked has waited for it
 *
 * A cleaner thread holds a claim while it compacts a log or applies retention to it; whoever deletes, truncates or
 * moves a log, or takes "compact" from its policy, pauses it. A partition that met damage is uncleanable in that
 * directory until the next start, or until it is deleted.
 *
 * Owner: struct log_dirs. Thread: any. Locks: one inside (RANK_LEAF); cleaner_table_pause waits for a cleaner thread,
 * so its caller holds none.
 * Rules: storage.md 15.2 (Kafka 3.9, LogCleanerManager.scala).
 */
#ifndef STORAGE_CLEANER_TABLE_H
#define STORAGE_CLEANER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct cleaner_table;

/* `key` is topic-partition everywhere, `dir` the path of a log directory. */
struct cleaner_table *cleaner_table_new(void);
struct cleaner_table *cleaner_table_free(struct cleaner_table *t); /* nothing is claimed; accepts NULL */

/* For cleaner threads. False: not free. */
bool cleaner_table_claim(struct cleaner_table *t, const char *key);
bool cleaner_table_is_aborted(struct cleaner_table *t, const char *key); /* a pause waits for the release */
void cleaner_table_release(struct cleaner_table *t, const char *key);

/* Keeps cleaners away; returns when none is at work on the partition. */
void cleaner_table_pause(struct cleaner_table *t, const char *key);
/* The same if nobody cleans it or has paused it already, else false. */
bool cleaner_table_pause_if_free(struct cleaner_table *t, const char *key);
void cleaner_table_resume(struct cleaner_table *t, const char *key); /* undoes one pause */

void cleaner_table_mark_uncleanable(struct cleaner_table *t, const char *dir, const char *key);
bool cleaner_table_is_uncleanable(struct cleaner_table *t, const char *dir, const char *key);
void cleaner_table_forget_uncleanable(struct cleaner_table *t, const char *key); /* in every directory */
size_t cleaner_table_uncleanable_count(struct cleaner_table *t, const char *dir);

#endif
