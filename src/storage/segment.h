/* segment.h - one segment of a partition's log: the record file and its indexes.
 *
 * Owner: struct log, which holds its segments in base offset order; counted, so that readers look up and walk
 * without the log's lock while a segment is rolled or deleted.
 * Thread: functions that change a segment need the log's lock (or that nobody else knows the log yet); look-ups
 * may run on any thread at any time. A small lock inside (RANK_LEAF) keeps index entries and files whole.
 * Layer: records and files; nothing of partitions or requests.
 * Rules: storage.md 2.1 to 2.4, 4.4, 4.5, 5.1, 5.5, 9, 12.
 */
#ifndef STORAGE_SEGMENT_H
#define STORAGE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "storage/time_index.h"

struct clock;
struct file;
struct log_config;
struct replica_dir;
struct segment;
struct txn_index_entry;

/* --- life --- */

/* A new, empty segment. Stray files with its names are removed first. `suffix` is "" or SUFFIX_CLEANED. */
int segment_create(const struct replica_dir *dir, int64_t base, const char *suffix, const struct log_config *config,
    const struct clock *clock, struct segment **ret) MUST_CHECK;
/* An existing one; reads nothing but the length of the file. -EFBIG above 2^31 - 1 bytes. */
int segment_open(const struct replica_dir *dir, int64_t base, const char *suffix, const struct log_config *config,
    const struct clock *clock, struct segment **ret) MUST_CHECK;
struct segment *segment_ref(struct segment *s);
struct segment *segment_unref(struct segment *s); /* the last one closes the files; accepts NULL, returns NULL */
DEFINE_CLEANUP(struct segment *, segment_unref)

int64_t segment_base(const struct segment *s);
int64_t segment_size(const struct segment *s);
bool segment_has_offset_index(const struct segment *s); /* its file exists */
/* Whether `offset` can be stored: [base, base + 2^31 - 1]. */
bool segment_covers(const struct segment *s, int64_t offset);

/* --- checks at load (storage.md 12.4) --- */

/* Creates a missing time index (empty) and checks the transaction index.
 *   0 | -ENOENT no offset index: recover | -EBADMSG bad transaction index: recover | -EUCLEAN | -errno */
int segment_check(struct segment *s) MUST_CHECK;
/* After a clean stop: whether the indexes are trimmed, the last entry leads to a batch with that offset, and whole
 * batches follow up to the end of the file. False: padded (storage-fixtures.md S9), ahead of the log (S10) or a
 * damaged end; the segment must be recovered. */
int segment_agrees(struct segment *s, bool *ret) MUST_CHECK;
/* The offset after the last batch; the base when there is none. */
int segment_next_offset(struct segment *s, int64_t *ret) MUST_CHECK;

struct leader_epochs;
struct producers;

/* Reads everything, cuts the file at the first damage, rebuilds the indexes, and brings producer state (which must
 * be that before the base) and leader epochs up to date (storage.md 12.6).
 *   0           *ret_lost bytes were cut
 *   -EOVERFLOW  a batch lies beyond base + 2^31 - 1: split the segment                              */
int segment_recover(struct segment *s, struct producers *producers, struct leader_epochs *epochs,
    int64_t *ret_lost) MUST_CHECK;
/* Applies the batches with offsets in [from, to) to producer state. */
int segment_replay(struct segment *s, struct producers *producers, int64_t from, int64_t to) MUST_CHECK;
/* Copies a segment with overflow into new ones, synced, with the suffix .cleaned, and hands them over; the caller
 * swaps them in. *ret is malloced. -EUCLEAN: cannot be split. */
int segment_split(struct segment *s, const struct log_config *config, struct segment ***ret, size_t *ret_n) MUST_CHECK;

/* --- append (log's lock) --- */

/* Whether an append of n bytes must go to a new segment (storage.md 4.5). 0, 1 or -errno. */
int segment_should_roll(struct segment *s, const struct log_config *config, int64_t now_ms, int64_t max_timestamp,
    int64_t last_offset, size_t n) MUST_CHECK;
/* One write at the end. A failed one is cut off again; then the caller takes the directory offline. */
int segment_append(struct segment *s, int64_t last_offset, struct timestamp_offset max, const void *p,
    size_t n) MUST_CHECK;
int segment_append_txn(struct segment *s, const struct txn_index_entry *e) MUST_CHECK;
/* The same for many batches at once, whole and in order, with an index entry for each that is due one; indexes that
 * are full miss entries. For segments that nobody else knows (the cleaner's). */
int segment_append_batches(struct segment *s, const uint8_t *p, size_t n) MUST_CHECK;
/* The segment is not the active one any more: last time index entry, indexes trimmed, preallocation cut. */
int segment_become_inactive(struct segment *s) MUST_CHECK;
/* The segment is the active one (again): indexes at full length. */
int segment_become_active(struct segment *s) MUST_CHECK;
/* Cuts at the start of the batch that holds the first offset >= `offset`. */
int segment_truncate_to(struct segment *s, int64_t offset) MUST_CHECK;

/* --- sync and end --- */

/* Syncs what was written since the last time. No lock of the log may be held. */
int segment_flush(struct segment *s) MUST_CHECK;
/* Trims like segment_become_inactive (time entry only if the largest timestamp is known), syncs, closes. */
int segment_close(struct segment *s) MUST_CHECK;
/* Closes without writing. */
void segment_close_dirty(struct segment *s);
/* Gives the descriptor of the record file back until somebody reads again, unless there is something to sync. */
void segment_rest(struct segment *s);
/* Renames all files that exist from the current suffix to another; in the order log, index, timeindex, txnindex. */
int segment_change_suffix(struct segment *s, const char *suffix) MUST_CHECK;
int segment_unlink(struct segment *s) MUST_CHECK;

/* --- look-ups (any thread) --- */

/* The record file, a new reference; opened on first use. */
int segment_file(struct segment *s, struct file **ret) MUST_CHECK;
/* The same, and where a scan for `offset` begins. */
int segment_lookup(struct segment *s, int64_t offset, struct file **ret_file, int64_t *ret_position) MUST_CHECK;

struct segment_spot {
	int64_t position;
	size_t size; /* of the batch there */
	int64_t base_offset, last_offset;
};
/* The first batch with last offset >= `offset` in the first `end` bytes.
 *   0 | -ENOENT there is none (not a failure) | KERR_CORRUPT_MESSAGE | -errno */
int segment_find(struct segment *s, int64_t offset, int64_t end, struct segment_spot *ret) MUST_CHECK;
/* An offset such that all batches before `position` lie below it, from the index; -1: beyond the last entry. */
int segment_upper_bound(struct segment *s, int64_t position, int64_t *ret) MUST_CHECK;
/* Calls fn for each aborted transaction until it returns false. */
int segment_each_aborted(struct segment *s, bool (*fn)(void *arg, const struct txn_index_entry *e),
    void *arg) MUST_CHECK;

/* Largest timestamp and its shallow offset, from the index on first use; (-1, base) when there is none. */
int segment_max_timestamp(struct segment *s, struct timestamp_offset *ret) MUST_CHECK;
/* The same with the file's modification time in place of -1. */
int segment_largest_timestamp(struct segment *s, int64_t *ret) MUST_CHECK;
/* Largest timestamp of the first batch; -1 when there is none or it is damaged. */
int segment_first_timestamp(struct segment *s, int64_t *ret) MUST_CHECK;
/* Bytes of the entries in both indexes. */
int segment_index_bytes(struct segment *s, int64_t *ret_offsets, int64_t *ret_times) MUST_CHECK;

/* When the record file was modified last, which is data: retention, old tombstones and ListOffsets v0 look at it. */
int segment_modified_ms(struct segment *s, int64_t *ret) MUST_CHECK;
/* Gives the files of `s` the modification time of another segment (storage.md 19, point 13). */
int segment_copy_modified(struct segment *s, struct segment *from) MUST_CHECK;

struct segment_record {
	int64_t offset, timestamp;
	int32_t leader_epoch;
};
/* The first record with timestamp >= target and offset >= start. 0 | -ENOENT none | KERR_... damaged | -errno. */
int segment_find_timestamp(struct segment *s, int64_t target, int64_t start, int64_t end,
    struct segment_record *ret) MUST_CHECK;
/* The first record that has the segment's largest timestamp. As above. */
int segment_find_max_timestamp(struct segment *s, int64_t end, struct segment_record *ret) MUST_CHECK;

#endif
