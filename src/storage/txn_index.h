/* txn_index.h - <base>.txnindex: the aborted transactions whose marker is in the segment (storage.md 2.4).
 *
 * Entries of 34 bytes, appended with ordinary writes; the file exists only when there is one.
 * Owner: struct segment. Locks: the segment's lock held for every call.
 */
#ifndef STORAGE_TXN_INDEX_H
#define STORAGE_TXN_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct file;
struct replica_dir;

struct txn_index_entry {
	int64_t producer_id;
	int64_t first_offset;	    /* of the transaction in this partition */
	int64_t last_offset;	    /* the marker's */
	int64_t last_stable_offset; /* when it was aborted */
};

struct txn_index {
	const struct replica_dir *dir; /* borrowed */
	int64_t base;
	const char *suffix;
	bool loaded, exists, dirty;
	uint32_t n;
	int64_t last_offset; /* of the last entry; -1 none */
	struct file *file;   /* open while there are entries */
};

void txn_index_init(struct txn_index *x, const struct replica_dir *dir, int64_t base);
void txn_index_fini(struct txn_index *x);
/* Opens the file if there is one and checks it.
 *   0 | -EUCLEAN an entry of an unknown version | -EBADMSG an entry ends below the base: rebuild | -errno */
int txn_index_load(struct txn_index *x) MUST_CHECK;
/* -EINVAL unless last_offset rises. */
int txn_index_append(struct txn_index *x, const struct txn_index_entry *e) MUST_CHECK;
/* Calls fn for the entries in order until it returns false. */
int txn_index_each(struct txn_index *x, bool (*fn)(void *arg, const struct txn_index_entry *e),
    void *arg) MUST_CHECK;
/* Drops entries with last_offset >= `offset`. */
int txn_index_truncate_to(struct txn_index *x, int64_t offset) MUST_CHECK;
int txn_index_reset(struct txn_index *x) MUST_CHECK;
struct file *txn_index_take_dirty(struct txn_index *x);

#endif
