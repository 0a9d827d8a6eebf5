/* cleaner_worker.c - see cleaner_worker.h (Kafka 3.9, LogCleanerManager.grabFilthiestCompactedLog, deletableLogs, and
 * LogCleaner.CleanerThread).
 *
 * Before anything of a log is swapped, the log is flushed and that recovery point recorded. So the gaps that compaction
 * leaves lie below what a start after a crash reads again (recovery.c, tail_is_missing); and nothing is dropped for a
 * record, or by a marker, that a crash could take away again.
 */
#include "storage/cleaner_worker.h"

#define LOG_CLASS "kafka.log.LogCleaner"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/logger.h"
#include "storage/cleaner_table.h"
#include "storage/log.h"
#include "storage/log_cleaning.h"
#include "storage/log_config.h"
#include "storage/log_dirs.h"

/* How often a wait looks whether its log has been asked for. */
#define LOOK_MS 100

void cleaner_shared_init(struct cleaner_shared *s, struct log_dirs *dirs, const struct clock *clock, double rate)
{
	s->dirs = dirs;
	s->clock = clock;
	cleaner_throttle_init(&s->throttle, rate);
	atomic_init(&s->stop, false);
	atomic_init(&s->backoff_ms, 0);
	atomic_init(&s->last_run_ms, clock_wall_ms(clock));
	atomic_init(&s->dirtiest_percent, 0);
	lock_init(&s->lock, RANK_LEAF, "cleaner");
	cond_init(&s->changed);
	s->choosing = false;
}

void cleaner_shared_fini(struct cleaner_shared *s)
{
	cleaner_throttle_fini(&s->throttle);
	cond_fini(&s->changed);
	lock_fini(&s->lock);
}

void cleaner_shared_wake(struct cleaner_shared *s)
{
	lock_take(&s->lock);
	cond_broadcast(&s->changed);
	lock_release(&s->lock);
}

/* --- what a pass asks --- */

static int check(void *arg)
{
	const struct cleaner_worker *w = arg;
	struct cleaner_shared *s = w->shared;

	if (atomic_load(&s->stop) || !log_dirs_is_online(s->dirs, w->parent_dir) ||
	    cleaner_table_is_aborted(log_dirs_cleaner_table(s->dirs), w->key))
		return -ECANCELED;
	return 0;
}

static int charge(void *arg, size_t bytes)
{
	const struct cleaner_worker *w = arg;
	struct cleaner_shared *s = w->shared;
	int64_t now = clock_mono_ms(&clock_real), until = cleaner_throttle_charge(&s->throttle, bytes, now);
	int r = 0;

	while (r == 0 && now < until) {
		lock_take(&s->lock);
		(void)lock_wait_until(&s->lock, &s->changed, MIN(until, now + LOOK_MS));
		lock_release(&s->lock);
		r = check(arg);
		now = clock_mono_ms(&clock_real);
		until = MIN(until, cleaner_throttle_free_ms(&s->throttle)); /* a new rate forgives */
	}
	return r;
}

int cleaner_worker_init(struct cleaner_worker *w, struct cleaner_shared *shared, const struct cleaner_pass_config *config)
{
	int r;

	*w = (struct cleaner_worker){ .shared = shared };
	r = cleaner_pass_init(&w->pass, config, shared->clock);
	if (r < 0)
		return r == -EINVAL ? r : FAIL(r);
	w->pass.check = check;
	w->pass.charge = charge;
	w->pass.arg = w;
	lock_init(&w->lock, RANK_LEAF, "cleaner_worker");
	return 0;
}

void cleaner_worker_fini(struct cleaner_worker *w)
{
	cleaner_pass_fini(&w->pass);
	lock_fini(&w->lock);
}

/* --- the logs --- */

struct logs {
	struct log **v; /* references */
	size_t n, cap;
};

static bool add_compacted(struct log *log, void *arg)
{
	CLEANUP(log_config_unrefp) struct log_config *config = log_get_config(log);
	struct logs *l = arg;

	if (!config->cleanup_compact)
		return true;
	l->v = grow_array(l->v, &l->cap, l->n + 1, sizeof(struct log *));
	l->v[l->n++] = log_ref(log);
	return true;
}

static void drop_logs(struct logs *l)
{
	for (size_t i = 0; i < l->n; i++)
		log_unref(l->v[i]);
	free(l->v);
}

static char *key_of(const struct log *log)
{
	return xasprintf("%s-%d", log_topic(log), log_partition(log));
}

/* False for a log that is being cleaned, paused, uncleanable, or not the partition's any more. */
static bool claim(struct cleaner_worker *w, struct log *log, const char *key)
{
	struct log_dirs *d = w->shared->dirs;
	struct cleaner_table *t = log_dirs_cleaner_table(d);
	struct log *current;

	if (!log_dirs_is_online(d, log_parent_dir(log)) ||
	    cleaner_table_is_uncleanable(t, log_parent_dir(log), key) || !cleaner_table_claim(t, key))
		return false;
	current = log_dirs_get(d, log_topic(log), log_partition(log));
	log_unref(current);
	if (current != log)
		cleaner_table_release(t, key);
	return current == log;
}

static void release(struct cleaner_worker *w, const char *key)
{
	cleaner_table_release(log_dirs_cleaner_table(w->shared->dirs), key);
}

/* --- choosing --- */

struct candidate {
	struct log *log; /* a reference, and a claim; NULL: none */
	char *key;	 /* owned */
	struct log_dirt dirt;
	double ratio;
};

struct choice {
	struct candidate best;
	double dirtiest;
	int cleanable, delayed;
	int64_t max_overdue_ms;
};

static void drop_candidate(struct cleaner_worker *w, struct candidate *c)
{
	if (!c->log)
		return;
	release(w, c->key);
	log_unref(c->log);
	free(c->key);
	*c = (struct candidate){ 0 };
}

static void reset_checkpoint(struct cleaner_worker *w, struct log *log, const struct log_dirt *dirt, int64_t was)
{
	CLEANUP(log_config_unrefp) struct log_config *config = log_get_config(log);

	if (dirt->checkpoint == DIRT_BELOW_START && !config->cleanup_delete)
		log_warn("Resetting first dirty offset of %s-%d to log start offset %" PRId64
			 " since the checkpointed offset %" PRId64 " is invalid.",
		    log_topic(log), log_partition(log), dirt->first_dirty, was);
	if (dirt->checkpoint == DIRT_ABOVE_END)
		log_warn("The last checkpoint dirty offset for partition %s-%d is %" PRId64
			 ", which is larger than the log end offset %" PRId64
			 ". Resetting to the log start offset %" PRId64 ".",
		    log_topic(log), log_partition(log), was, log_end_offset(log), dirt->first_dirty);
	log_dirs_set_first_dirty(w->shared->dirs, log, dirt->first_dirty);
}

/* How dirty a claimed log is. False: it does not count. */
static bool weigh(struct cleaner_worker *w, struct log *log, struct candidate *ret)
{
	struct log_dirs *d = w->shared->dirs;
	int64_t checkpoint = log_dirs_first_dirty(d, log);
	int r = log_dirt(log, checkpoint, clock_wall_ms(w->shared->clock), &ret->dirt);

	if (r < 0)
		log_dirs_fail_doing(d, log_parent_dir(log), r,
		    "Failed to calculate log cleaning stats for partition %s-%d in dir %s", log_topic(log),
		    log_partition(log), log_parent_dir(log));
	if (r != 0)
		return false;
	if (ret->dirt.checkpoint != DIRT_AS_CHECKPOINTED)
		reset_checkpoint(w, log, &ret->dirt, checkpoint);
	if (ret->dirt.clean_bytes + ret->dirt.cleanable_bytes == 0)
		return false;
	ret->ratio = (double)ret->dirt.cleanable_bytes / (double)(ret->dirt.clean_bytes + ret->dirt.cleanable_bytes);
	return true;
}

/* Keeps the claim if the log is the best so far. */
static void consider(struct cleaner_worker *w, struct log *log, struct choice *ch)
{
	struct candidate c = { .key = key_of(log) };

	if (!claim(w, log, c.key)) {
		free(c.key);
		return;
	}
	c.log = log_ref(log);
	if (!weigh(w, log, &c)) {
		drop_candidate(w, &c);
		return;
	}
	ch->dirtiest = MAX(ch->dirtiest, c.ratio);
	ch->max_overdue_ms = MAX(ch->max_overdue_ms, c.dirt.overdue_ms);
	ch->delayed += c.dirt.overdue_ms > 0;
	if ((c.dirt.overdue_ms > 0 && c.dirt.cleanable_bytes > 0) || c.ratio > c.dirt.min_ratio) {
		ch->cleanable++;
		if (!ch->best.log || c.ratio > ch->best.ratio) {
			struct candidate worse = ch->best;

			ch->best = c;
			c = worse;
		}
	}
	drop_candidate(w, &c);
}

/* One worker after the other, so that each finds what the others left. */
static void begin_choosing(struct cleaner_shared *s)
{
	lock_take(&s->lock);
	while (s->choosing)
		lock_wait(&s->lock, &s->changed);
	s->choosing = true;
	lock_release(&s->lock);
}

static void end_choosing(struct cleaner_shared *s)
{
	lock_take(&s->lock);
	s->choosing = false;
	cond_broadcast(&s->changed);
	lock_release(&s->lock);
}

static void choose(struct cleaner_worker *w, struct choice *ret)
{
	struct cleaner_shared *s = w->shared;
	struct logs l = { NULL, 0, 0 };

	*ret = (struct choice){ .best = { 0 } };
	begin_choosing(s);
	log_dirs_each(s->dirs, add_compacted, &l);
	for (size_t i = 0; i < l.n && !atomic_load(&s->stop); i++)
		consider(w, l.v[i], ret);
	end_choosing(s);
	drop_logs(&l);
	atomic_store(&s->dirtiest_percent, (int)(100 * ret->dirtiest));
	atomic_store(&s->last_run_ms, clock_wall_ms(s->clock));
}

/* --- cleaning --- */

/* A number as Java's "%,.1f" prints it. */
static const char *grouped(double v, int decimals, char out[64])
{
	char plain[48];
	int digits, at = 0;

	if (!isfinite(v)) {
		(void)snprintf(out, 64, "%s", isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
		return out;
	}
	digits = snprintf(plain, sizeof(plain), "%.*f", decimals, v) - (decimals ? decimals + 1 : 0);
	for (int i = 0; plain[i]; i++) {
		if (i > 0 && i < digits && (digits - i) % 3 == 0 && plain[i - 1] != '-')
			out[at++] = ',';
		out[at++] = plain[i];
	}
	out[at] = '\0';
	return out;
}

static const char *plain(double v, char out[64])
{
	if (isfinite(v))
		(void)snprintf(out, 64, "%.1f", v);
	else
		(void)grouped(v, 1, out);
	return out;
}

#define MB(bytes) ((double)(bytes) / (1024 * 1024))

/* LogCleaner.recordStats. */
static void log_stats(const struct cleaner_worker *w, const struct candidate *c, int64_t end,
    const struct cleaner_stats *s)
{
	double all = (double)(s->end_ms - s->start_ms) / 1000, index = (double)(s->mapped_ms - s->start_ms) / 1000;
	double clean = all - index, mb = MB(s->bytes_read), map_mb = MB(s->map_bytes_read);
	char b[21][64];

	log_info("[kafka-log-cleaner-thread-%d]: \n"
		 "\tLog cleaner thread %d cleaned log %s (dirty section = [%" PRId64 ", %" PRId64 "])\n"
		 "\t%s MB of log processed in %s seconds (%s MB/sec).\n"
		 "\tIndexed %s MB in %s seconds (%s Mb/sec, %s%% of total time)\n"
		 "\tBuffer utilization: %s%%\n"
		 "\tCleaned %s MB in %s seconds (%s Mb/sec, %s%% of total time)\n"
		 "\tStart size: %s MB (%s messages)\n"
		 "\tEnd size: %s MB (%s messages)\n"
		 "\t%s%% size reduction (%s%% fewer messages)\n",
	    w->pass.id, w->pass.id, c->key, c->dirt.first_dirty, end, grouped(mb, 1, b[0]), grouped(all, 1, b[1]),
	    grouped(mb / all, 1, b[2]), grouped(map_mb, 1, b[3]), plain(index, b[4]), grouped(map_mb / index, 1, b[5]),
	    plain(100 * index / all, b[6]), plain(100 * s->utilization, b[7]), grouped(mb, 1, b[8]), plain(clean, b[9]),
	    grouped(mb / clean, 1, b[10]), plain(100 * clean / all, b[11]), grouped(mb, 1, b[12]),
	    grouped((double)s->messages_read, 0, b[13]), grouped(MB(s->bytes_written), 1, b[14]),
	    grouped((double)s->messages_written, 0, b[15]),
	    plain(100 * (1 - (double)s->bytes_written / (double)s->bytes_read), b[16]),
	    plain(100 * (1 - (double)s->messages_written / (double)s->messages_read), b[17]));
	if (s->invalid > 0)
		log_warn("[kafka-log-cleaner-thread-%d]: \tFound %" PRId64 " invalid messages during compaction.",
		    w->pass.id, s->invalid);
}

static void cleaned(struct cleaner_worker *w, const struct choice *ch, int64_t end, const struct cleaner_stats *stats)
{
	log_dirs_set_first_dirty(w->shared->dirs, ch->best.log, end);
	lock_take(&w->lock);
	w->stats = *stats;
	lock_release(&w->lock);
	log_stats(w, &ch->best, end, stats);
	if (ch->delayed > 0)
		log_info("[kafka-log-cleaner-thread-%d]: \tCleanable partitions: %d, Delayed partitions: %d, max delay: %" PRId64,
		    w->pass.id, ch->cleanable, ch->delayed, ch->max_overdue_ms);
}

/* The log, or this process, cannot do it: no other try until the next start. */
static void give_up(struct cleaner_worker *w, const struct candidate *c, int r)
{
	char text[256];

	if (r > 0)
		(void)snprintf(text, sizeof(text), "error code %d in its records", r);
	else
		(void)error_text(r, text, sizeof(text));
	log_warn("[kafka-log-cleaner-thread-%d]: Unexpected exception thrown when cleaning log %s. Marking its partition (%s) "
		 "as uncleanable: %s",
	    w->pass.id, log_dir_path(c->log), c->key, text);
	cleaner_table_mark_uncleanable(log_dirs_cleaner_table(w->shared->dirs), log_parent_dir(c->log), c->key);
}

/* False: it could not even begin. */
static bool clean(struct cleaner_worker *w, const struct choice *ch)
{
	const struct candidate *c = &ch->best;
	struct log_dirs *d = w->shared->dirs;
	struct cleaner_stats stats;
	int64_t end;
	bool begun;
	int r;

	w->key = c->key;
	w->parent_dir = log_parent_dir(c->log);
	lock_take(&w->lock);
	w->overdue_ms = ch->max_overdue_ms;
	lock_release(&w->lock);
	r = log_dirs_make_durable(d, c->log, c->dirt.decided_by);
	begun = r != -ECANCELED;
	if (r == 0)
		r = cleaner_pass_run(&w->pass, c->log, &c->dirt, &stats, &end);
	if (r == 0)
		cleaned(w, ch, end, &stats);
	else if (r > 0 || r == -ENOMEM)
		give_up(w, c, r);
	else if (r != -ECANCELED)
		log_dirs_fail_doing(d, w->parent_dir, r, "Failed to clean up log for %s in dir %s due to IOException", c->key,
		    w->parent_dir);
	w->key = w->parent_dir = NULL;
	return begun;
}

/* --- retention --- */

static void retain(struct cleaner_worker *w, struct log *log)
{
	CLEANUP(freep) char *key = key_of(log);
	int r;

	if (!claim(w, log, key))
		return;
	r = log_apply_retention(log);
	if (r < 0)
		log_dirs_fail_doing(w->shared->dirs, log_parent_dir(log), r,
		    "Error while deleting segments for %s in dir %s", key, log_parent_dir(log));
	release(w, key);
}

bool cleaner_worker_once(struct cleaner_worker *w)
{
	struct logs l = { NULL, 0, 0 };
	struct choice ch;
	bool taken;

	choose(w, &ch);
	taken = ch.best.log && clean(w, &ch);
	drop_candidate(w, &ch.best);
	log_dirs_each(w->shared->dirs, add_compacted, &l);
	for (size_t i = 0; i < l.n && !atomic_load(&w->shared->stop); i++)
		retain(w, l.v[i]);
	drop_logs(&l);
	return taken;
}
