/* log_swap.c - cleaned segments take the place of others, so that a crash at any point loses nothing.
 *
 *   0 the new segments are complete and synced, named .cleaned         crash: a start removes them
 *   1 the old ones are still the log's: from here on nobody may cut it (log->swapping)
 *   2 .cleaned -> .swap, from the highest base down; sync the directory    crash before the sync: as 0, since while one
 *     .cleaned is left the .swap files at or above it are not complete
 *   3 the log's list has the new ones: reads go there                  crash: a start finishes the swap
 *   4 the old ones and the snapshots at bases that are gone -> .deleted; sync the directory
 *   5 .swap -> final names, in the order log, indexes; sync the directory
 *   6 truncation, retention, renaming and closing may go on; the old files are unlinked later
 *
 * Kafka syncs the directory once, after 5; the two syncs more keep the order when the file system does not. Reads that
 * hold an old segment go on in it. Files are renamed without the log's lock.
 */
#include "storage/log_cleaning.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "storage/log_priv.h"

static int sync_dir(const struct log *log)
{
	return fs_sync_dir(replica_dir_path(&log->dir));
}

/* Where `old` is in the list; segments_n when it is not, or holds the active segment. Lock held. */
static size_t find(const struct log *log, struct segment *const *old, size_t old_n)
{
	size_t i = log_floor(log, segment_base(old[0]));

	if (i == log->segments_n || i + old_n >= log->segments_n)
		return log->segments_n;
	for (size_t k = 0; k < old_n; k++) {
		if (log->segments[i + k] != old[k])
			return log->segments_n;
	}
	return i;
}

/* Step 1. A record that was dropped for a newer one must not be dropped when a truncation took that one away. */
static bool begin(struct log *log, const struct log_dirt *since, struct segment *const *old, size_t old_n)
{
	bool ok;

	lock_take(&log->lock);
	log_await_swap(log);
	ok = log_check_writable(log) == 0 && log->truncations == since->truncations &&
	    find(log, old, old_n) < log->segments_n;
	log->swapping = ok;
	lock_release(&log->lock);
	return ok;
}

/* Step 6. */
static int end(struct log *log, int r, struct segment *const *old, size_t old_n)
{
	lock_take(&log->lock);
	for (size_t i = 0; i < old_n && r == 0; i++)
		r = log_unlink_later(log, segment_ref(old[i]));
	(void)log_note_failure(log, r);
	log->swapping = false;
	cond_broadcast(&log->cond);
	lock_release(&log->lock);
	return r < 0 ? FAIL(r) : 0;
}

static void drop(struct segment *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)!segment_unlink(v[i]);
}

/* Step 3. */
static void exchange(struct log *log, struct segment *const *v, size_t n, struct segment *const *old, size_t old_n)
{
	size_t at;

	lock_take(&log->lock);
	at = find(log, old, old_n); /* nobody could change it since step 1 */
	log_remove_segments(log, at, old_n);
	for (size_t i = 0; i < n; i++)
		log_insert_segment(log, segment_ref(v[i]));
	log->cuts++;
	log_forget_places(log);
	lock_release(&log->lock);
}

static bool has_base(struct segment *const *v, size_t n, int64_t base)
{
	for (size_t i = 0; i < n; i++) {
		if (segment_base(v[i]) == base)
			return true;
	}
	return false;
}

/* Step 4. The snapshot list is the log's, so these few renames need its lock. */
static int doom_snapshots(struct log *log, struct segment *const *v, size_t n, struct segment *const *old, size_t old_n)
{
	int r = 0;

	lock_take(&log->lock);
	for (size_t i = 0; i < old_n && r == 0; i++) {
		if (!has_base(v, n, segment_base(old[i])))
			r = log_doom_snapshot(log, segment_base(old[i]));
	}
	lock_release(&log->lock);
	return r < 0 ? FAIL(r) : 0;
}

static int rename_all(struct segment *const *v, size_t n, const char *suffix)
{
	for (size_t i = n; i-- > 0;) {
		int r = segment_change_suffix(v[i], suffix);

		if (r < 0)
			return FAIL(r);
	}
	return 0;
}

/* Steps 2 to 5. */
static int replace(struct log *log, struct segment *const *v, size_t n, struct segment *const *old, size_t old_n)
{
	int r = rename_all(v, n, SUFFIX_SWAP);

	if (r == 0)
		r = sync_dir(log);
	if (r < 0)
		return FAIL(r);
	exchange(log, v, n, old, old_n);
	r = rename_all(old, old_n, SUFFIX_DELETED);
	if (r == 0)
		r = doom_snapshots(log, v, n, old, old_n);
	if (r == 0)
		r = sync_dir(log);
	if (r == 0)
		r = rename_all(v, n, "");
	if (r == 0)
		r = sync_dir(log);
	return r < 0 ? FAIL(r) : 0;
}

int log_swap(struct log *log, const struct log_dirt *since, struct segment *const *v, size_t n,
    struct segment *const *old, size_t old_n)
{
	int r;

	if (!begin(log, since, old, old_n)) {
		drop(v, n);
		return -ECANCELED;
	}
	r = replace(log, v, n, old, old_n);
	return end(log, r, old, old_n);
}
