/* index_file.h - the common part of offset and time index: a preallocated array of fixed entries in a file.
 *
 * Written with pwrite and read through a shared mapping: a store into a sparse mapping would end in SIGBUS on a
 * full disk (storage.md 19, point 16), a failed write is an answer. The mapping is made by the first look-up and
 * covers the preallocated length; when it cannot be had (vm.max_map_count) look-ups read the file instead.
 * The descriptor is open only while there is something to write or to sync, so idle partitions cost none.
 *
 * Owner: struct segment. Locks: the segment's lock held for every call here.
 * Layer: files; knows nothing of what an entry means.
 */
#ifndef STORAGE_INDEX_FILE_H
#define STORAGE_INDEX_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define INDEX_ENTRY_MAX 12

struct file;
struct replica_dir;

struct index_file {
	const struct replica_dir *dir; /* borrowed */
	int64_t base;		       /* of the segment */
	const char *ext;	       /* ".index", literal */
	const char *suffix;	       /* "", ".deleted", ...: literal; set by the segment */
	uint32_t entry_size;
	uint32_t n;		       /* entries */
	int64_t length;		       /* of the file */
	bool loaded;		       /* n and length are known */
	bool dirty;		       /* written since the last sync; implies an open file */
	struct file *file;	       /* NULL when not writing */
	uint8_t *map;		       /* NULL: none */
	size_t map_len;
};

void index_file_init(struct index_file *x, const struct replica_dir *dir, int64_t base, const char *ext,
    uint32_t entry_size);
void index_file_fini(struct index_file *x);

/* Reads the length of the file; every whole entry counts as valid. An absent file is created, zero filled and
 * `max_bytes` (rounded down) long, with no entries. 0 | -errno. */
int index_file_load(struct index_file *x, int64_t max_bytes) MUST_CHECK;
static inline uint32_t index_file_capacity(const struct index_file *x)
{
	return (uint32_t)(x->length / x->entry_size);
}
int index_file_append(struct index_file *x, const uint8_t *entry) MUST_CHECK;
/* Copies entry i < n. */
int index_file_get(struct index_file *x, uint32_t i, uint8_t *ret_entry) MUST_CHECK;
/* Forgets entries from n on; the file keeps its length. */
void index_file_cut(struct index_file *x, uint32_t n);
/* Makes the file `bytes` long (rounded down, at least the entries). */
int index_file_resize(struct index_file *x, int64_t bytes) MUST_CHECK;
/* The same for the active segment's preallocation, which need not be synced and keeps no descriptor. */
int index_file_extend(struct index_file *x, int64_t bytes) MUST_CHECK;
int index_file_trim(struct index_file *x) MUST_CHECK; /* to its entries */
/* No entries, `max_bytes` long, whatever the file holds now. */
int index_file_reset(struct index_file *x, int64_t max_bytes) MUST_CHECK;
/* What has to be synced: a reference the caller syncs without the lock, or NULL. Clears the mark. */
struct file *index_file_take_dirty(struct index_file *x);
/* Gives the descriptor back unless something is to be synced. */
void index_file_idle(struct index_file *x);

/* Where the entries with get-able keys <= target end: the binary search of Kafka's AbstractIndex, which looks at
 * the last 8192 bytes first, so that pages touched by appends serve most look-ups (KAFKA-6432). `key` reads the
 * key of an entry. *ret: index of the largest entry with key <= target, -1 when there is none. */
int index_file_search(struct index_file *x, int64_t target, int64_t (*key)(const uint8_t *entry),
    int64_t *ret) MUST_CHECK;

#endif
