/* leader_epochs.h - which leader epoch began at which offset, and leader-epoch-checkpoint.
 *
 * What followers and consumers compare to find where logs part (KIP-101). Both columns rise.
 * Owner: struct log. Locks: the log's lock held for every call except leader_epochs_write, which only uses what
 * leader_epochs_text copied. Changes mark the cache; the log writes it outside its lock, at the latest before the
 * recovery point passes the data that changed it: older entries cannot be rebuilt from the data (recovery reads
 * only what is above the recovery point).
 * Rules: storage.md 2.7 and 7.
 */
#ifndef STORAGE_LEADER_EPOCHS_H
#define STORAGE_LEADER_EPOCHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "storage/checkpoint.h"

#define LEADER_EPOCHS_FILE "leader-epoch-checkpoint"

struct replica_dir;

struct leader_epoch {
	int32_t epoch;
	int64_t start;
};

struct leader_epochs {
	struct leader_epoch *v; /* owned */
	size_t n, cap;
	uint64_t version; /* counts changes */
	uint64_t written; /* version on disk */
};

void leader_epochs_fini(struct leader_epochs *e);
/* Reads the file; creates it empty when absent. -EIO when it is damaged. */
int leader_epochs_load(struct leader_epochs *e, const struct replica_dir *dir) MUST_CHECK;
int32_t leader_epochs_latest(const struct leader_epochs *e); /* -1 when empty */
/* The epoch begins at `start`; entries that contradict it go. True when something changed. */
bool leader_epochs_assign(struct leader_epochs *e, int32_t epoch, int64_t start);
/* Epoch of the record at `offset`; -1 before the first entry. */
int32_t leader_epochs_at(const struct leader_epochs *e, int64_t offset);
/* Epoch of the first entry if it covers log start offset `start`; -1 otherwise. */
int32_t leader_epochs_earliest(const struct leader_epochs *e, int64_t start);
/* The largest known epoch <= `epoch` and its end offset; (-1, -1) when it cannot be told. */
void leader_epochs_end_offset(const struct leader_epochs *e, int32_t epoch, int64_t log_end, int32_t *ret_epoch,
    int64_t *ret_end);
/* Nothing begins at or after `end`. */
void leader_epochs_truncate_end(struct leader_epochs *e, int64_t end);
/* Nothing begins before `start`. */
void leader_epochs_truncate_start(struct leader_epochs *e, int64_t start);
void leader_epochs_clear(struct leader_epochs *e);

static inline bool leader_epochs_unwritten(const struct leader_epochs *e)
{
	return e->version != e->written;
}
/* The text of the file, to be written without the lock. */
void leader_epochs_text(const struct leader_epochs *e, struct checkpoint *ret);
/* Replaces the file durably. */
int leader_epochs_write(const struct replica_dir *dir, const struct checkpoint *text) MUST_CHECK;
/* The file is gone. */
int leader_epochs_delete(const struct replica_dir *dir) MUST_CHECK;

#endif
