/* log_dirs_load.c - loading all logs in parallel at the start, closing them in parallel at the end.
 *
 * Each directory has a pool of its own, so a slow disk delays only itself (storage.md 12.2, 13). A disk failure
 * takes its directory offline and the rest goes on; what no broker can have written stops the start.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#define LOG_CLASS LOG_MANAGER_CLASS
#include "base/logger.h"
#include "storage/chores.h"
#include "storage/clean_shutdown.h"
#include "storage/log.h"
#include "storage/log_config.h"
#include "storage/log_dirs_priv.h"
#include "storage/log_open.h"
#include "storage/offset_checkpoint.h"

/* --- what is to be loaded --- */

struct dir_load;

/* One replica directory. */
struct log_load {
	struct job job;
	struct dir_load *of;
	struct found_log found;
	int r; /* -EUCLEAN, -EEXIST: the broker must not start */
};

/* One log directory. */
struct dir_load {
	struct log_dirs *d;
	struct log_dir *dir;
	struct offset_checkpoint *recovery_points, *log_starts, *high_watermarks, *first_dirty;
	struct log_load *v;
	size_t n, cap;
	atomic_size_t done;
	atomic_bool incomplete; /* at least one log could not be loaded */
	struct worker_pool *pool;
};

/* Leftovers of other features, which no loader of ours or Kafka's touches. */
static bool is_skipped(const char *name, const struct dir_name *parsed)
{
	return strcmp(name, "remote-log-index-cache") == 0 ||
	    strcmp(parsed->topic, "__cluster_metadata") == 0;
}

static int add_found(struct dir_load *l, const char *name)
{
	struct dir_name parsed = { 0 };

	if (strcmp(name, "remote-log-index-cache") != 0 && !dir_name_parse(name, &parsed)) {
		log_error("Found directory %s/%s, '%s' is not in the form of topic-partition or "
			  "topic-partition.uniqueId-delete (if marked for deletion). A log directory may contain "
			  "nothing but topic data: move it elsewhere.",
		    l->dir->path, name, name);
		return FAIL(-EUCLEAN);
	}
	if (is_skipped(name, &parsed))
		return 0;
	if (parsed.role == DIR_STRAY) {
		log_warn("Found stray log: %s/%s", l->dir->path, name);
		return 0;
	}
	l->v = grow_array(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n] = (struct log_load){ .found = { .dir = l->dir, .parsed = parsed } };
	memcpy(l->v[l->n].found.name, name, strlen(name) + 1);
	l->n++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct log_load *)a)->found.name, ((const struct log_load *)b)->found.name);
}

static int list_logs(struct dir_load *l)
{
	DIR *dir = opendir(l->dir->path);
	struct dirent *e;
	struct stat st;
	int r = 0;

	if (!dir)
		return FAIL(-errno);
	while (r == 0) {
		errno = 0;
		e = readdir(dir);
		if (!e) {
			r = -errno;
			break;
		}
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), e->d_name, &st, 0) < 0)
			r = errno == ENOENT ? 0 : -errno;
		else if (S_ISDIR(st.st_mode))
			r = add_found(l, e->d_name);
	}
	closedir(dir);
	if (r < 0)
		return FAIL(r);
	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
	return 0;
}

/* --- the checkpoints of a directory --- */

/* A number that is none costs only the checkpoint; broken framing, or a disk that does not read, costs the
 * directory (storage-fixtures.md A.8). */
static int read_checkpoint(struct dir_load *l, const char *name, const char *instead,
    struct offset_checkpoint **ret)
{
	int r = offset_checkpoint_read(l->dir->path, name, ret);

	if (r == -EINVAL) {
		log_warn("Error occurred while reading %s file of directory %s, %s", name, l->dir->path, instead);
		return 0;
	}
	if (r < 0)
		return FAIL(r);
	return 0;
}

static int prepare_disk(struct dir_load *l)
{
	int r;

	r = clean_shutdown_take(l->dir->path, &l->dir->was_clean);
	if (r < 0)
		return FAIL(r);
	r = read_checkpoint(l, RECOVERY_POINT_CHECKPOINT, "resetting the recovery checkpoint to 0",
	    &l->recovery_points);
	if (r < 0)
		return FAIL(r);
	r = read_checkpoint(l, LOG_START_CHECKPOINT, "resetting to the base offset of the first segment",
	    &l->log_starts);
	if (r < 0)
		return FAIL(r);
	r = read_checkpoint(l, HIGH_WATERMARK_CHECKPOINT, "resetting the high watermarks to the log start offsets",
	    &l->high_watermarks);
	if (r < 0)
		return FAIL(r);
	r = read_checkpoint(l, CLEANER_CHECKPOINT, "resetting the first dirty offsets to the log start offsets",
	    &l->first_dirty);
	if (r < 0 && l->d->config.cleaner_enable) /* else nobody would have looked at it */
		return FAIL(r);
	if (l->first_dirty && offset_checkpoint_count(l->first_dirty) == 0)
		log_dirs_cleaner_is_empty(l->dir);
	r = list_logs(l);
	if (r < 0)
		return FAIL(r);
	return 0;
}

/* 0 also when the directory went offline over it. */
static int prepare(struct dir_load *l)
{
	int r = prepare_disk(l);

	if (r == -EUCLEAN) {
		atomic_store(&l->incomplete, true);
		return FAIL(r);
	}
	if (r < 0) {
		log_dirs_fail_doing(l->d, l->dir->path, r, "Error while loading log dir %s", l->dir->path);
		l->n = 0;
		return 0;
	}
	if (l->n == 0)
		log_info("No logs found to be loaded in %s", l->dir->path);
	else if (l->dir->was_clean)
		log_info("Skipping recovery of %zu logs from %s since clean shutdown file was found", l->n,
		    l->dir->path);
	else
		log_info("Recovering %zu logs from %s since no clean shutdown file was found", l->n, l->dir->path);
	return 0;
}

/* --- one log --- */

static int log_duplicate(const struct log *log, const struct log_entry *other)
{
	log_error("Duplicate log directories for %s are found in both %s and %s. It is likely because a log directory "
		  "failed while the broker was replacing the current replica with a future replica. Remove one of "
		  "the two by hand, best the one in the log directory that is known to have failed recently.",
	    other->key, log_dir_path(log), other->log ? log_dir_path(other->log) : other->dir->path);
	return FAIL(-EEXIST);
}

static struct log_entry **table_of(struct log_dirs *d, const struct found_log *found)
{
	if (found->held)
		return &d->held;
	return found->parsed.role == DIR_FUTURE ? &d->future : &d->current;
}

/* Puts a loaded log where it belongs; takes over the reference. */
static int admit(struct log_load *one, struct log *log)
{
	struct log_dirs *d = one->of->d;
	struct log_dir *dir = one->of->dir;
	const struct dir_name *parsed = &one->found.parsed;
	struct log_entry **table = table_of(d, &one->found);
	struct log_entry *e;
	char key[DIR_NAME_MAX + 1];
	int r = 0;

	if (parsed->role == DIR_DELETE) {
		log_dirs_doom(d, dir, log);
		return 0;
	}
	if (!dir_name_format(DIR_CURRENT, parsed->topic, parsed->partition, UUID_ZERO, key)) {
		log_close_dirty(log);
		log_unref(log);
		return FAIL(-EUCLEAN);
	}
	lock_take(&d->lock);
	e = log_dirs_find(*table, key);
	if (e) {
		r = log_duplicate(log, e);
	} else if (atomic_load(&dir->online)) {
		e = log_dirs_add_entry(d, table, key, dir);
		e->hw_checkpointed =
		    offset_checkpoint_get(one->of->high_watermarks, parsed->topic, parsed->partition, -1);
		if (parsed->role == DIR_CURRENT)
			e->first_dirty =
			    offset_checkpoint_get(one->of->first_dirty, parsed->topic, parsed->partition, -1);
		e->log = TAKE(log);
		e->busy = false;
	}
	lock_release(&d->lock);
	if (log) {
		log_close_dirty(log);
		log_unref(log);
	}
	return r;
}

static void log_completed(const struct log_load *one, struct log *log, int64_t took_ms, size_t done)
{
	struct log_offsets at;
	char id[UUID_TEXT_LEN + 1];
	struct uuid topic_id = log_topic_id(log);

	log_offsets(log, &at);
	log_info("Completed load of Log(dir=%s, topicId=%s, topic=%s, partition=%d, highWatermark=%" PRId64
		 ", lastStableOffset=%" PRId64 ", logStartOffset=%" PRId64 ", logEndOffset=%" PRId64
		 ") with %d segments, local-log-start-offset %" PRId64 " and log-end-offset %" PRId64 " in %" PRId64
		 "ms (%zu/%zu completed in %s)",
	    log_dir_path(log), uuid_is_zero(topic_id) ? "none" : uuid_text(topic_id, id), log_topic(log),
	    log_partition(log), at.high_watermark, log_last_stable_offset(log), at.start, at.end,
	    log_segments_n(log), at.start, at.end, took_ms, done, one->of->n, one->of->dir->path);
}

static int open_one(struct log_load *one, struct log **ret)
{
	const struct dir_load *l = one->of;
	const struct dir_name *name = &one->found.parsed;
	struct log_dirs *d = l->d;
	CLEANUP(log_config_unrefp) struct log_config *config = d->config.config_of(d->config.arg, name->topic);
	struct log_open_args args = {
		.parent_dir = l->dir->path,
		.name = one->found.name,
		.topic = name->topic,
		.partition = name->partition,
		.config = config,
		.clock = d->clock,
		.chores = l->dir->chores,
		.recovery_point = offset_checkpoint_get(l->recovery_points, name->topic, name->partition, 0),
		.log_start_offset = offset_checkpoint_get(l->log_starts, name->topic, name->partition, 0),
		.first_dirty = name->role == DIR_CURRENT ?
		    offset_checkpoint_get(l->first_dirty, name->topic, name->partition, 0) :
		    0,
		.clean = l->dir->was_clean,
		.deleted = name->role == DIR_DELETE,
		.producer_id_expiration_ms = atomic_load(&d->producer_id_expiration_ms),
		.verify_transactions = atomic_load(&d->verify_transactions),
		.without_topic_id = d->config.without_topic_ids,
		.on_failure = log_dirs_on_log_failure,
		.arg = d,
	};

	return log_open(&args, ret);
}

/* Thread: pool of the directory. */
static void load_one(struct job *job)
{
	struct log_load *one = CONTAINER_OF(job, struct log_load, job);
	struct dir_load *l = one->of;
	struct log *log = NULL;
	int64_t start_ms = clock_mono_ms(l->d->clock), took_ms;
	size_t done;

	one->r = atomic_load(&l->dir->online) ? open_one(one, &log) : -EIO;
	took_ms = clock_mono_ms(l->d->clock) - start_ms;
	done = atomic_fetch_add(&l->done, 1) + 1;
	if (one->r == 0) {
		log_completed(one, log, took_ms, done);
		one->r = admit(one, log);
	}
	if (one->r == 0)
		return;
	atomic_store(&l->incomplete, true);
	if (one->r == -EUCLEAN || one->r == -EEXIST)
		return;
	log_dirs_fail_doing(l->d, l->dir->path, one->r, "Error while loading log %s in dir %s", one->found.name,
	    l->dir->path);
	log_info("Error while loading logs in %s/%s in %" PRId64 "ms (%zu/%zu completed in %s)", l->dir->path,
	    one->found.name, took_ms, done, l->n, l->dir->path);
}

/* --- all --- */

static void submit_all(struct dir_load *l)
{
	l->pool = worker_pool_new("log-rec", MAX(atomic_load(&l->d->recovery_threads), 1));
	for (size_t i = 0; i < l->n; i++) {
		l->v[i].of = l;
		l->v[i].job.run = load_one;
		worker_pool_submit(l->pool, &l->v[i].job);
	}
}

static size_t count_logs(const struct dir_load *loads, size_t n)
{
	size_t logs = 0;

	for (size_t i = 0; i < n; i++)
		logs += loads[i].n;
	return logs;
}

/* Before anything is loaded: what was left of moves. */
static void settle_replaced(struct log_dirs *d, struct dir_load *loads)
{
	CLEANUP(freep) struct found_log **v = xcalloc(count_logs(loads, d->n) + 1, sizeof(struct found_log *));
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		for (size_t k = 0; k < loads[i].n; k++)
			if (loads[i].v[k].found.parsed.role == DIR_CURRENT)
				v[n++] = &loads[i].v[k].found;
	log_dirs_settle_replaced(d, v, n);
	for (size_t i = 0; i < d->n; i++)
		if (loads[i].dir && !atomic_load(&d->v[i].online))
			loads[i].n = 0;
}

/* Waits for the jobs; -errno when one of them says that the broker must not start. */
static int finish(struct dir_load *l)
{
	int r = 0;

	l->pool = worker_pool_free(l->pool);
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].r == -EUCLEAN || l->v[i].r == -EEXIST)
			r = l->v[i].r;
	if (!atomic_load(&l->incomplete) && atomic_load(&l->dir->online))
		atomic_store(&l->dir->loaded, true);
	offset_checkpoint_free(l->recovery_points);
	offset_checkpoint_free(l->log_starts);
	offset_checkpoint_free(l->high_watermarks);
	offset_checkpoint_free(l->first_dirty);
	free(l->v);
	return r;
}

bool log_dirs_were_clean(struct log_dirs *d)
{
	bool clean = true;

	lock_take(&d->lock);
	for (size_t i = 0; i < d->n; i++)
		clean = clean && (d->v[i].was_clean || d->v[i].logs_n == 0);
	lock_release(&d->lock);
	return clean;
}

static void log_loaded(const struct dir_load *loads, size_t n, size_t logs, int64_t took_ms)
{
	CLEANUP(freep) char *unclean = NULL;

	for (size_t i = 0; i < n; i++) {
		char *more;

		if (!loads[i].dir || loads[i].n == 0 || loads[i].dir->was_clean)
			continue;
		more = xasprintf("%s%s%s", unclean ? unclean : "", unclean ? ", " : "", loads[i].dir->path);
		free(unclean);
		unclean = more;
	}
	if (unclean)
		log_info("Loaded %zu logs in %" PRId64 "ms (unclean log dirs = ArrayBuffer(%s))", logs, took_ms, unclean);
	else
		log_info("Loaded %zu logs in %" PRId64 "ms", logs, took_ms);
}

static void log_loading(const struct log_dirs *d)
{
	CLEANUP(freep) char *names = xstrdup("");

	for (size_t i = 0; i < d->n; i++) {
		char *more;

		if (!atomic_load(&d->v[i].online))
			continue;
		more = xasprintf("%s%s%s", names, *names ? ", " : "", d->v[i].path);
		free(names);
		names = more;
	}
	log_info("Loading logs from log dirs ArrayBuffer(%s)", names);
}

int log_dirs_load(struct log_dirs *d)
{
	struct dir_load *loads = xcalloc(d->n, sizeof(*loads));
	int64_t start_ms = clock_mono_ms(d->clock);
	size_t logs;
	int r = 0, r2;

	log_loading(d);
	for (size_t i = 0; i < d->n && r == 0; i++) {
		if (!atomic_load(&d->v[i].online))
			continue;
		loads[i].d = d;
		loads[i].dir = &d->v[i];
		r = prepare(&loads[i]);
	}
	if (r == 0)
		settle_replaced(d, loads);
	logs = count_logs(loads, d->n);
	for (size_t i = 0; i < d->n && r == 0; i++)
		if (loads[i].dir)
			submit_all(&loads[i]);
	for (size_t i = 0; i < d->n; i++) {
		if (!loads[i].dir)
			continue;
		if (!loads[i].pool)
			atomic_store(&loads[i].incomplete, true);
		r2 = finish(&loads[i]);
		r = r < 0 ? r : r2;
	}
	if (r == 0)
		log_loaded(loads, d->n, logs, clock_mono_ms(d->clock) - start_ms);
	free(loads);
	if (r == 0 && log_dirs_online_count(d) == 0)
		r = -EIO;
	return r < 0 ? FAIL(r) : 0;
}

/* --- close --- */

struct dir_close;

struct log_close {
	struct job job;
	struct log *log; /* a reference */
	struct dir_close *of;
};

struct dir_close {
	struct log_dirs *d;
	struct log_dir *dir;
	struct log_close *v;
	struct log **logs;
	size_t n;
	struct worker_pool *pool;
};

/* Thread: pool of the directory. */
static void close_one(struct job *job)
{
	struct log_close *one = CONTAINER_OF(job, struct log_close, job);
	struct dir_close *c = one->of;
	int r;

	if (!atomic_load(&c->dir->online)) {
		log_close_dirty(one->log);
		return;
	}
	r = log_close_clean(one->log);
	if (r < 0) {
		log_dirs_fail_doing(c->d, c->dir->path, r, "Error while closing log for %s-%d in dir %s",
		    log_topic(one->log), log_partition(one->log), c->dir->path);
		log_close_dirty(one->log);
	}
}

static void begin_close(struct dir_close *c)
{
	c->logs = log_dirs_snapshot(c->d, c->dir, true, true, &c->n);
	c->v = xcalloc(c->n + 1, sizeof(*c->v));
	c->pool = worker_pool_new("log-close", MAX(atomic_load(&c->d->recovery_threads), 1));
	for (size_t i = 0; i < c->n; i++) {
		c->v[i] = (struct log_close){ .job.run = close_one, .log = c->logs[i], .of = c };
		worker_pool_submit(c->pool, &c->v[i].job);
	}
}

/* 1 all logs closed, 2 recovery points and log starts, 3 the marker, last: it says that 1 and 2 are on disk.
 * A directory whose logs were not all loaded keeps its checkpoints as they were; if it was clean before, it still
 * is, since nothing has been appended in it. */
static void end_close(struct dir_close *c)
{
	struct log_dir *dir = c->dir;
	int r;

	c->pool = worker_pool_free(c->pool);
	dir->chores = chores_free(dir->chores);
	log_dirs_checkpoint(c->d, dir, CHECKPOINT_RECOVERY_POINT);
	log_dirs_checkpoint(c->d, dir, CHECKPOINT_LOG_START);
	if (atomic_load(&dir->online) && (dir->was_clean || atomic_load(&dir->loaded))) {
		r = clean_shutdown_put(dir->path);
		if (r < 0)
			log_dirs_fail_doing(c->d, dir->path, r, "Error while writing the clean shutdown marker in dir %s",
			    dir->path);
	}
	log_dirs_unref_all(c->logs, c->n);
	free(c->v);
}

/* Takes all logs out of the tables; they are closed. */
static void drop_entries(struct log_dirs *d)
{
	struct log_entry **tables[3] = { &d->current, &d->future, &d->held }, *e, *tmp;

	lock_take(&d->lock);
	for (int i = 0; i < 3; i++)
		HASH_ITER(hh, *tables[i], e, tmp) {
			assert(!e->busy);
			log_unref(TAKE(e->log));
			log_dirs_remove_entry(d, tables[i], e);
		}
	lock_release(&d->lock);
}

/* Their removal is lost and finished by the next start, which finds the ...-delete directories. */
static void drop_doomed(struct log_dirs *d)
{
	struct doomed_log *x, *next;
	struct list doomed;

	list_init(&doomed);
	lock_take(&d->lock);
	list_splice(&doomed, &d->doomed);
	lock_release(&d->lock);
	list_foreach_safe(x, next, &doomed, link) {
		list_remove(&x->link);
		log_close_dirty(x->log);
		log_unref(x->log);
		free(x);
	}
}

void log_dirs_close_logs(struct log_dirs *d)
{
	struct dir_close *closes = xcalloc(d->n, sizeof(*closes));

	drop_doomed(d);
	for (size_t i = 0; i < d->n; i++) {
		if (!atomic_load(&d->v[i].online))
			continue;
		closes[i].d = d;
		closes[i].dir = &d->v[i];
		begin_close(&closes[i]);
	}
	for (size_t i = 0; i < d->n; i++)
		if (closes[i].dir)
			end_close(&closes[i]);
	free(closes);
	log_dirs_fail_finish(d);
	drop_entries(d);
}

struct log_dirs *log_dirs_close(struct log_dirs *d)
{
	if (!d)
		return NULL;
	log_info("Shutting down.");
	log_dirs_stop_timers(d);
	log_dirs_checkpoint_all(d, CHECKPOINT_HIGH_WATERMARK);
	log_dirs_close_logs(d);
	log_dirs_free(d);
	log_info("Shutdown complete.");
	return NULL;
}
