/* recovery.c - log_open: what is in a replica directory becomes a log (storage.md 12.3 to 12.6).
 *
 *   1 leftovers: .deleted and .cleaned go, .swap from an incomplete step go
 *   2 complete .swap files take the place of what they replace
 *   3 segments are opened and checked; one without offset index or with a bad transaction index is re-read
 *   4 unclean: every segment from the recovery point on is re-read; the first loss ends the log
 *   5 log end, log start, leader epochs, producer state
 *
 * Safer than Kafka: after a clean stop the indexes of the last segment must agree with the file, else the segment
 * is treated as unclean (storage-fixtures.md S9, S10; Kafka would reuse offsets). And a re-read segment that ends
 * before the next one begins ends the log, so that what is left is always a prefix of what was written; unless
 * compaction made that gap (tail_is_missing).
 */
#define LOG_CLASS "kafka.log.LogLoader"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logger.h"
#include "storage/log_config.h"
#include "storage/log_priv.h"
#include "storage/partition_metadata.h"

#define SPLITS_MAX 64 /* more overflowing segments than that is no accident */

struct names {
	char **v;
	size_t n, cap;
};

struct loader {
	struct log *log;
	const struct log_open_args *args;
	struct names names;
	int splits;
	bool epochs_differ; /* their file is to be written now, not with the next flush */
};

/* --- names --- */

static void names_fini(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct names){ 0 };
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The regular files of the directory, sorted. */
static int list_files(struct loader *l)
{
	DIR *dir = opendir(replica_dir_path(&l->log->dir));
	const struct dirent *d;

	names_fini(&l->names);
	if (!dir)
		return FAIL(-errno);
	while ((d = readdir(dir))) {
		CLEANUP(freep) char *path = replica_dir_join(&l->log->dir, d->d_name);
		struct stat st;

		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		l->names.v = grow_array(l->names.v, &l->names.cap, l->names.n + 1, sizeof(char *));
		l->names.v[l->names.n++] = xstrdup(d->d_name);
	}
	(void)closedir(dir);
	if (l->names.n > 0)
		qsort(l->names.v, l->names.n, sizeof(char *), by_name);
	return 0;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n >= k && strcmp(name + n - k, suffix) == 0;
}

static int unlink_name(struct loader *l, const char *name)
{
	CLEANUP(freep) char *path = replica_dir_join(&l->log->dir, name);
	int r = fs_unlink(path);

	return r < 0 ? FAIL(r) : 0;
}

/* --- 1 and 2: leftovers and swaps --- */

static int remove_leftovers(struct loader *l)
{
	int64_t min_cleaned = INT64_MAX, offset;
	int r = list_files(l);

	for (size_t i = 0; i < l->names.n && r == 0; i++) {
		const char *name = l->names.v[i];

		if (ends_with(name, SUFFIX_DELETED) && !ends_with(name, ".checkpoint.deleted"))
			r = unlink_name(l, name);
		else if (ends_with(name, SUFFIX_CLEANED) && replica_file_offset(name, &offset))
			min_cleaned = MIN(min_cleaned, offset);
	}
	/* The .cleaned -> .swap renames go from the highest base down: while a .cleaned is left, a .swap at or above
	 * it belongs to the same unfinished step. */
	for (size_t i = 0; i < l->names.n && r == 0; i++) {
		const char *name = l->names.v[i];

		if (ends_with(name, SUFFIX_SWAP) && replica_file_offset(name, &offset) && offset >= min_cleaned)
			r = unlink_name(l, name);
	}
	for (size_t i = 0; i < l->names.n && r == 0; i++) {
		if (ends_with(l->names.v[i], SUFFIX_CLEANED))
			r = unlink_name(l, l->names.v[i]);
	}
	return r < 0 ? FAIL(r) : 0;
}

/* The offsets that the .swap segments replace: [min, max). */
static int swap_range(struct loader *l, int64_t *ret_min, int64_t *ret_max)
{
	int64_t offset, next;
	int r = list_files(l);

	*ret_min = INT64_MAX;
	*ret_max = INT64_MIN;
	for (size_t i = 0; i < l->names.n && r == 0; i++) {
		CLEANUP(segment_unrefp) struct segment *s = NULL;

		if (!ends_with(l->names.v[i], ".log" SUFFIX_SWAP) || !replica_file_offset(l->names.v[i], &offset))
			continue;
		r = segment_open(&l->log->dir, offset, SUFFIX_SWAP, l->args->config, l->args->clock, &s);
		if (r == 0)
			r = segment_next_offset(s, &next);
		if (r == 0) {
			*ret_min = MIN(*ret_min, offset);
			*ret_max = MAX(*ret_max, next);
		}
	}
	return r < 0 ? FAIL(r) : 0;
}

static int finish_swaps(struct loader *l)
{
	int64_t min, max, offset;
	bool renamed = false;
	int r = swap_range(l, &min, &max);

	for (size_t i = 0; i < l->names.n && r == 0; i++) {
		const char *name = l->names.v[i];

		if (!ends_with(name, SUFFIX_SWAP) && replica_file_offset(name, &offset) && offset >= min && offset < max)
			r = unlink_name(l, name);
	}
	/* What is replaced must be gone before the new files lose the mark that says so. */
	if (r == 0 && max > min)
		r = fs_sync_dir(replica_dir_path(&l->log->dir));
	for (size_t i = 0; i < l->names.n && r == 0; i++) {
		CLEANUP(freep) char *from = NULL;
		CLEANUP(freep) char *to = NULL;

		if (!ends_with(l->names.v[i], SUFFIX_SWAP))
			continue;
		from = replica_dir_join(&l->log->dir, l->names.v[i]);
		to = xstrndup(from, strlen(from) - strlen(SUFFIX_SWAP));
		log_info("[LogLoader partition=%s, dir=%s] Recovering file %s by renaming from .swap files.", l->log->label,
		    l->args->parent_dir, l->names.v[i]);
		r = fs_rename(from, to);
		renamed = true;
	}
	if (r == 0 && renamed)
		r = fs_sync_dir(replica_dir_path(&l->log->dir));
	return r < 0 ? FAIL(r) : 0;
}

/* --- splitting segments with offsets beyond 2^31 above their base (KAFKA-6264) --- */

static int swap_in(struct loader *l, struct segment *old, struct segment **v, size_t n)
{
	int r = 0;

	for (size_t i = n; i-- > 0 && r == 0;)
		r = segment_change_suffix(v[i], SUFFIX_SWAP);
	if (r == 0)
		r = segment_change_suffix(old, SUFFIX_DELETED);
	for (size_t i = 0; i < n && r == 0; i++)
		r = segment_change_suffix(v[i], "");
	if (r == 0)
		r = fs_sync_dir(replica_dir_path(&l->log->dir));
	if (r == 0)
		r = segment_unlink(old);
	return r < 0 ? FAIL(r) : 0;
}

static bool collides(struct loader *l, const struct segment *old, struct segment **v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		CLEANUP(freep) char *path = replica_dir_file(&l->log->dir, segment_base(v[i]), ".log", "");

		if (segment_base(v[i]) != segment_base(old) && fs_exists(path))
			return true;
	}
	return false;
}

static int split(struct loader *l, struct segment *s)
{
	struct segment **v = NULL;
	size_t n = 0;
	int r;

	if (l->splits++ >= SPLITS_MAX)
		return -EUCLEAN;
	log_warn("[LogLoader partition=%s, dir=%s] splitting segment %" PRId64 ": its offsets exceed the range of its "
		 "indexes", l->log->label, l->args->parent_dir, segment_base(s));
	r = segment_split(s, l->args->config, &v, &n);
	if (r == 0 && collides(l, s, v, n))
		r = -EUCLEAN;
	if (r == 0)
		r = swap_in(l, s, v, n);
	for (size_t i = 0; i < n; i++) {
		if (r < 0)
			(void)!segment_unlink(v[i]);
		segment_unref(v[i]);
	}
	free(v);
	return r < 0 && r != -EUCLEAN ? FAIL(r) : r;
}

/* --- 3 and 4: segments --- */

/* 0, *ret_lost; -EAGAIN: the segment was split, begin again. */
static int recover_segment(struct loader *l, struct segment *s, int64_t *ret_lost)
{
	struct log *log = l->log;
	int r;

	log->start = l->args->log_start_offset; /* what producer state is rebuilt from, as in Kafka */
	r = log_rebuild_producers(log, segment_base(s), false);
	if (r == 0)
		r = segment_recover(s, log->producers, &log->epochs, ret_lost);
	if (r == -EOVERFLOW) {
		r = split(l, s);
		return r < 0 ? r : -EAGAIN;
	}
	if (r == 0)
		r = producers_snapshot(log->producers, true);
	return r < 0 ? FAIL(r) : 0;
}

static int load_log(struct loader *l, int64_t base)
{
	struct log *log = l->log;
	CLEANUP(segment_unrefp) struct segment *s = NULL;
	int64_t lost;
	int r = segment_open(&log->dir, base, "", log->config, log->clock, &s);

	if (r < 0)
		return FAIL(r);
	r = segment_check(s);
	if (r == -ENOENT || r == -EBADMSG) {
		if (l->args->clean || base < l->args->recovery_point)
			log_error("[LogLoader partition=%s, dir=%s] %s of segment %" PRId64
				  ", recovering the segment and rebuilding its index files", log->label,
			    l->args->parent_dir, r == -ENOENT ? "could not find the offset index" :
							       "found a corrupted transaction index", base);
		if (l->args->deleted)
			r = 0;
		else
			r = recover_segment(l, s, &lost);
	}
	if (r == 0)
		log_insert_segment(log, TAKE(s));
	return r < 0 && r != -EUCLEAN && r != -EAGAIN ? FAIL(r) : r;
}

static bool is_index(const char *name)
{
	return ends_with(name, ".index") || ends_with(name, ".timeindex") || ends_with(name, ".txnindex");
}

static int load_name(struct loader *l, const char *name)
{
	CLEANUP(freep) char *log_path = NULL;
	int64_t offset;

	if (is_index(name) && replica_file_offset(name, &offset)) {
		log_path = replica_dir_file(&l->log->dir, offset, ".log", "");
		if (fs_exists(log_path))
			return 0;
		log_warn("[LogLoader partition=%s, dir=%s] removing index file %s without a log file", l->log->label,
		    l->args->parent_dir, name);
		return unlink_name(l, name);
	}
	if (!ends_with(name, ".log"))
		return 0;
	/* Only the name that we would write ourselves: 20 digits (a shorter one would be opened under another). */
	if (strlen(name) != 24 || !replica_file_offset(name, &offset)) {
		log_error("[LogLoader partition=%s, dir=%s] %s is no segment file: remove it", l->log->label,
		    l->args->parent_dir, name);
		return -EUCLEAN;
	}
	return load_log(l, offset);
}

static int load_segments(struct loader *l)
{
	int r;

	do {
		log_remove_segments(l->log, 0, l->log->segments_n);
		r = list_files(l);
		for (size_t i = 0; i < l->names.n && r == 0; i++)
			r = load_name(l, l->names.v[i]);
	} while (r == -EAGAIN);
	return r < 0 && r != -EUCLEAN ? FAIL(r) : r;
}

/* Whether the end of a re-read segment is missing although the next one exists: after a power loss an unsynced tail
 * may be gone while the file created later is there. Kafka does not look; it would serve a log with a hole.
 *
 * A gap that nothing was lost in comes from compaction, and can be told by what was on disk before it was made:
 *   - appends leave none between segments (log_append.c), so it is from compaction here or, copied, elsewhere;
 *   - a cleaned segment is synced before it is swapped in, so nothing below the cleaner's checkpoint can lose a tail;
 *   - our cleaner records a recovery point at or above the range before it swaps anything (cleaner.c): a gap that it
 *     has made, but not checkpointed yet, lies below the segments that are re-read.
 * So the topic's policy does not matter for what we have written: a topic that was compacted until a minute ago is
 * safe. Apache's cleaner swaps without such a recovery point, and its followers leave gaps between segments; in a log
 * that is compacted now, a gap is therefore never taken for a loss. */
static int tail_is_missing(const struct loader *l, size_t i, bool *ret)
{
	const struct log *log = l->log;
	int64_t next;
	int r;

	*ret = false;
	if (log->config->cleanup_compact || i + 1 >= log->segments_n ||
	    segment_base(log->segments[i + 1]) <= l->args->first_dirty)
		return 0;
	r = segment_next_offset(log->segments[i], &next);
	if (r < 0)
		return FAIL(r);
	*ret = next < segment_base(log->segments[i + 1]);
	return 0;
}

static int recover_unflushed(struct loader *l)
{
	struct log *log = l->log;
	size_t i = log_floor(log, l->args->recovery_point);
	int64_t lost = 0;
	bool missing;
	int r;

	for (i = i == log->segments_n ? 0 : i; i < log->segments_n; i++) {
		log_info("[LogLoader partition=%s, dir=%s] Recovering unflushed segment %" PRId64 ".", log->label,
		    l->args->parent_dir, segment_base(log->segments[i]));
		r = recover_segment(l, log->segments[i], &lost);
		if (r < 0)
			return r == -EAGAIN || r == -EUCLEAN ? r : FAIL(r);
		r = tail_is_missing(l, i, &missing);
		if (r < 0)
			return FAIL(r);
		if (lost == 0 && !missing)
			continue;
		log_warn("[LogLoader partition=%s, dir=%s] Corruption found in segment %" PRId64 ", cut %" PRId64
			 " bytes and %zu later segments", log->label, l->args->parent_dir,
		    segment_base(log->segments[i]), lost, log->segments_n - i - 1);
		r = log_doom_segments(log, i + 1, log->segments_n - i - 1);
		return r < 0 ? FAIL(r) : 0;
	}
	return 0;
}

/* After a clean stop nothing is read, but the last segment's indexes are compared with its file. */
static int check_last(struct loader *l)
{
	struct segment *s;
	int64_t lost;
	bool agrees;
	int r;

	if (l->log->segments_n == 0)
		return 0;
	s = log_active(l->log);
	r = segment_agrees(s, &agrees);
	if (r < 0)
		return FAIL(r);
	if (agrees)
		return 0;
	log_warn("[LogLoader partition=%s, dir=%s] the end of segment %" PRId64 " does not fit its indexes although the "
		 "stop was clean: recovering it", l->log->label, l->args->parent_dir, segment_base(s));
	r = recover_segment(l, s, &lost);
	return r < 0 && r != -EAGAIN && r != -EUCLEAN ? FAIL(r) : r;
}

/* --- 5: the offsets --- */

static int first_segment(struct loader *l, int64_t base)
{
	struct segment *s;
	int r = segment_create(&l->log->dir, base, "", l->log->config, l->log->clock, &s);

	if (r < 0)
		return FAIL(r);
	log_insert_segment(l->log, s);
	return 0;
}

static int find_end(struct loader *l, int64_t *ret)
{
	struct log *log = l->log;
	int64_t start = l->args->log_start_offset;
	int r = 0;

	*ret = start;
	if (log->segments_n > 0)
		r = segment_next_offset(log_active(log), ret);
	if (r < 0)
		return FAIL(r);
	if (log->segments_n > 0 && *ret < start) {
		log_warn("[LogLoader partition=%s, dir=%s] Deleting all segments because logEndOffset (%" PRId64
			 ") is smaller than logStartOffset %" PRId64 ".", log->label, l->args->parent_dir, *ret, start);
		r = log_doom_segments(log, 0, log->segments_n);
		leader_epochs_clear(&log->epochs);
		if (r == 0)
			r = producers_reset(log->producers, start);
		*ret = start;
	}
	if (r == 0 && log->segments_n == 0)
		r = first_segment(l, start);
	return r < 0 ? FAIL(r) : 0;
}

/* Epochs that begin at or after the end go, and that is written. Only the lone entry of a log that never had a record may
 * stay in the file: the next leadership brings it back, and a sync per log would make the start of a broker with many
 * idle partitions slow. */
static void truncate_epochs(struct loader *l, int64_t end)
{
	struct leader_epochs *e = &l->log->epochs;
	uint64_t version;
	bool lone;

	lone = e->n == 1 && e->v[0].start == end && !leader_epochs_unwritten(e);
	leader_epochs_truncate_end(e, end);
	version = e->version;
	leader_epochs_truncate_start(e, l->args->log_start_offset);
	l->epochs_differ = lone ? e->version != version : leader_epochs_unwritten(e);
}

static int settle(struct loader *l, int64_t end)
{
	struct log *log = l->log;
	CLEANUP(freep) int64_t *bases = xcalloc(log->segments_n, sizeof(*bases));
	int r;

	for (size_t i = 0; i < log->segments_n; i++)
		bases[i] = segment_base(log->segments[i]);
	log->data_end = end;
	log->end = end;
	log->recovery_point = l->args->clean ? end : MIN(l->args->recovery_point, end);
	log->start = MAX(l->args->log_start_offset, bases[0]);
	truncate_epochs(l, end);
	r = producers_remove_strays(log->producers, bases, log->segments_n);
	if (r == 0)
		r = log_rebuild_producers(log, end, l->args->clean);
	if (r < 0)
		return FAIL(r);
	log_forget_places(log);
	log->hw = log->start;
	log_move_hw(log, log->start);
	return 0;
}

static int recover(struct loader *l)
{
	int r;

	do {
		r = l->args->clean ? check_last(l) : recover_unflushed(l);
		if (r == -EAGAIN) {
			r = load_segments(l);
			if (r == 0)
				r = -EAGAIN;
		}
	} while (r == -EAGAIN);
	return r < 0 && r != -EUCLEAN ? FAIL(r) : r;
}

static int load_deleted(struct loader *l)
{
	return l->log->segments_n > 0 ? 0 : first_segment(l, 0);
}

static int load(struct loader *l)
{
	int64_t end = 0;
	int r = remove_leftovers(l);

	if (r == 0)
		r = finish_swaps(l);
	if (r == 0)
		r = producers_scan(l->log->producers);
	if (r == 0)
		r = load_segments(l);
	if (r == 0 && l->args->deleted)
		return load_deleted(l);
	if (r == 0)
		r = recover(l);
	if (r == 0)
		r = find_end(l, &end);
	if (r == 0)
		r = segment_become_active(log_active(l->log));
	if (r == 0)
		r = settle(l, end);
	return r < 0 && r != -EUCLEAN ? FAIL(r) : r;
}

/* storage.md 6.7 */
int log_rebuild_producers(struct log *log, int64_t end, bool clean)
{
	struct producers *p = log->producers;
	size_t n = log->segments_n;
	const int64_t at[3] = { n > 1 ? segment_base(log->segments[n - 2]) : -1,
		n > 0 ? segment_base(log->segments[n - 1]) : -1, end };
	bool was_empty = producers_empty(p) && producers_map_end(p) >= end;
	int r;

	if (clean && producers_latest_snapshot(p) < 0) {
		for (int i = 0; i < 3; i++) {
			if (at[i] < 0)
				continue;
			producers_set_map_end(p, at[i]);
			r = producers_snapshot(p, true);
			if (r < 0)
				return FAIL(r);
		}
		return 0;
	}
	r = producers_truncate(p, log->start, end, clock_wall_ms(log->clock));
	if (r < 0)
		return FAIL(r);
	if (end > producers_map_end(p) && !was_empty) {
		size_t i = log_floor(log, producers_map_end(p));

		for (i = i == n ? 0 : i; i < n && segment_base(log->segments[i]) < end; i++) {
			int64_t base = segment_base(log->segments[i]);
			int64_t from = MAX(MAX(base, producers_map_end(p)), log->start);

			producers_set_map_end(p, from);
			if (base == at[0] || base == at[1])
				r = producers_snapshot(p, true);
			if (r == 0)
				r = segment_replay(log->segments[i], p, from, end);
			if (r < 0)
				return FAIL(r);
		}
	}
	producers_set_map_end(p, end);
	r = producers_snapshot(p, true);
	return r < 0 ? FAIL(r) : 0;
}

/* --- open --- */

static struct log *log_new(const struct log_open_args *a)
{
	struct log *log = xcalloc(1, sizeof(*log));

	atomic_init(&log->refs, 1);
	lock_init(&log->lock, RANK_LOG, "log");
	cond_init(&log->cond);
	replica_dir_init(&log->dir, a->parent_dir, a->name);
	log->topic = xstrdup(a->topic);
	log->partition = a->partition;
	log->label = xasprintf("%s-%" PRId32, a->topic, a->partition);
	log->clock = a->clock;
	log->chores = a->chores;
	log->on_failure = a->on_failure;
	log->failure_arg = a->arg;
	log->verify_transactions = a->verify_transactions;
	log->without_topic_id = a->without_topic_id;
	log->lowest_cut = INT64_MAX;
	log->config = log_config_ref(a->config);
	log->first_unstable = -1;
	log->hw_place.segment = log->unstable_place.segment = -1;
	log->last_flush_ms = clock_wall_ms(a->clock);
	log->producers = producers_new(&log->dir, log->label, a->producer_id_expiration_ms);
	list_init(&log->flush_chore.link);
	return log;
}

/* Creates the directory durably when it is missing. */
static int make_dir(const struct log *log)
{
	const char *path = replica_dir_path(&log->dir);
	int r;

	if (fs_exists(path))
		return 0;
	r = fs_mkdir_p(path);
	if (r == 0)
		r = fs_sync_dir(log->dir.parent);
	return r < 0 ? FAIL(r) : 0;
}

/* The id that the cluster knows the topic by. Without topic ids an old one would only stand in the way when they
 * come back (UnifiedLog.initializeTopicId). */
static int load_topic_id(struct log *log)
{
	return log->without_topic_id ? partition_metadata_delete(&log->dir) :
				       partition_metadata_read(&log->dir, &log->topic_id);
}

/* A log of an old record format has no epochs: a format that was newer once may have left some. */
static int load_epochs(struct log *log)
{
	return log_has_epochs(log) ? leader_epochs_load(&log->epochs, &log->dir) : leader_epochs_delete(&log->dir);
}

/* Recovery takes epochs from the batches it reads, whatever the format is now. */
static void drop_epochs(struct log *log)
{
	if (log_has_epochs(log))
		return;
	leader_epochs_clear(&log->epochs);
	log->epochs.written = log->epochs.version;
}

int log_open(const struct log_open_args *args, struct log **ret)
{
	struct log *log = log_new(args);
	struct loader l = { .log = log, .args = args };
	int r = make_dir(log);

	if (r == 0)
		r = load_topic_id(log);
	if (r == 0)
		r = load_epochs(log);
	if (r == 0)
		r = load(&l); /* nobody else knows the log: its lock is not needed */
	drop_epochs(log);
	if (r == 0 && log_has_epochs(log) && !args->deleted && l.epochs_differ)
		r = log_write_epochs(log);
	names_fini(&l.names);
	if (r < 0) {
		log_close_dirty(log);
		log_unref(log);
		return r == -EUCLEAN ? r : FAIL(r);
	}
	*ret = log;
	return 0;
}
