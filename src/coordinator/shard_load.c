/* shard_load.c - becoming coordinator of a partition, and ceasing to be (coordinators.md 2.4).
 *
 * All of it runs on the background thread, in the order in which the broker was told. A load holds the lock for a batch
 * at a time: the shard is not owned, but a commit of an earlier term may still come to its end. Every resignation told meanwhile ends it, whatever its
 * epoch, before anything of it can be seen; so does a log that cannot be read, after an error line, since offsets that
 * silently go back would be worse than clients that wait.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "coordinator/group_load.h"
#include "coordinator/groups_priv.h"
#include "coordinator/internal_topic.h"
#include "coordinator/log_scan.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "replica/partitions.h"
#include "storage/log.h"

#define LOG_CLASS "kafka.coordinator.group.GroupMetadataManager"
#include "base/logger.h"

#define PREFIX "[GroupMetadataManager brokerId=%d] "

enum {
	ROWS_AT_ONCE = 100, /* that are put into the table under one hold of the lock */
	PROGRESS_MS = 5000,
};

struct load {
	struct shard *shard;
	unsigned resignations; /* told of before the election */
	struct partition *p;   /* counted */
	struct group_load *groups;
	int64_t began_ms, reported_ms;
};

static int broker_id(const struct shard *s)
{
	return (int)s->owner->config.group.broker_id;
}

static bool abandoned(const struct load *l)
{
	return atomic_load(&l->shard->resignations) != l->resignations || groups_stopping(l->shard->owner);
}

/* --- reading --- */

static bool proceed(void *arg, int64_t offset, int64_t end)
{
	struct load *l = arg;
	int64_t now_ms = clock_mono_ms(l->shard->owner->config.clock);

	if (now_ms - l->reported_ms >= PROGRESS_MS) {
		l->reported_ms = now_ms;
		log_info(PREFIX "Loading offsets and group metadata from " SHARD_NAME ": at offset %lld of %lld after %lld ms",
		    broker_id(l->shard), (int)l->shard->index, (long long)offset, (long long)end,
		    (long long)(now_ms - l->began_ms));
	}
	return !abandoned(l);
}

static int load_batch(void *arg, const struct batch *b)
{
	struct load *l = arg;
	int r;

	lock_take(&l->shard->lock);
	r = group_load_batch(l->groups, b);
	lock_release(&l->shard->lock);
	return r;
}

static void report_damage(const struct load *l, const struct log_scan *scan)
{
	const struct group_load_stats *s = group_load_stats(l->groups);
	int64_t at = scan->damaged && (s->damaged_at < 0 || scan->damaged_at < s->damaged_at) ? scan->damaged_at
											      : s->damaged_at;

	if (s->unknown_keys)
		log_warn(PREFIX "%zu records in " SHARD_NAME " have a key of version %d or another unknown one; they were "
			 "ignored. They could be left over from an aborted upgrade.",
		    broker_id(l->shard), s->unknown_keys, (int)l->shard->index, s->unknown_version);
	if (s->damaged || scan->damaged)
		log_error(PREFIX "%zu records or batches in " SHARD_NAME " cannot be read, the first at offset %lld; they were "
			  "left out, so that committed offsets may be missing or old.",
		    broker_id(l->shard), s->damaged + scan->damaged, (int)l->shard->index, (long long)at);
}

/* 0 | -ECANCELED | what else ended it, after a line. */
static int read_log(struct load *l)
{
	struct log_scan scan = { .chunk_bytes = (size_t)l->shard->owner->config.load_buffer_bytes, .proceed = proceed,
		.batch = load_batch, .arg = l };
	struct log *log = partition_log(l->p);
	char text[256];
	int r = log ? log_scan(log, &scan) : -ECANCELED; /* it was failed or deleted: the resignation is on its way */

	log_unref(log);
	if (r == 0)
		report_damage(l, &scan);
	if (r == 0 || r == -ECANCELED)
		return r;
	log_error(PREFIX "Error loading offsets from " SHARD_NAME ": %s. Its groups are not served by "
		  "this broker; another replica may still have all of it.",
	    broker_id(l->shard), (int)l->shard->index, r > 0 ? kerr_text(r) : error_text(r, text, sizeof(text)));
	if (r < 0 && r != -ENOMEM)
		partitions_storage_failed(l->shard->owner->config.partitions, l->p, r);
	return r;
}

/* --- states --- */

/* False: it is not to be loaded. */
static bool begin(struct load *l, int32_t epoch)
{
	struct shard *s = l->shard;
	bool begun = false;

	l->p = partitions_get(s->owner->config.partitions, STR(OFFSETS_TOPIC), s->index);
	lock_take(&s->lock);
	if (epoch < s->epoch) {
		log_info(PREFIX "Not loading offsets and group metadata for " SHARD_NAME " in epoch %d since current epoch is %d",
		    broker_id(s), (int)s->index, (int)epoch, (int)s->epoch);
	} else {
		s->epoch = epoch;
		if (s->state != SHARD_FOREIGN)
			log_info(PREFIX "Already loading offsets and group metadata from " SHARD_NAME, broker_id(s),
			    (int)s->index);
		else
			begun = l->p && !abandoned(l);
	}
	if (begun) {
		s->state = SHARD_LOADING;
		s->p = partition_ref(l->p);
	}
	atomic_fetch_sub(&s->elections, 1);
	lock_release(&s->lock);
	return begun;
}

/* Puts what was loaded into the table. Nobody can see it before the shard is owned. */
static void install(struct load *l)
{
	struct shard *s = l->shard;
	struct group *g = NULL;
	struct turn t;
	int n;

	do {
		turn_begin(&t, s);
		for (n = 0; n < ROWS_AT_ONCE; n++) {
			g = group_load_next(l->groups, t.now, &t.fx);
			if (!g)
				break;
			log_debug("[GroupCoordinator %d]: Loading group metadata for %.*s", broker_id(s),
			    STR_ARG(group_id(g)));
			turn_settle(&t, shard_add(s, g));
		}
		turn_end(&t);
	} while (g);
}

static void drop_rows(struct turn *t)
{
	struct row *row, *next;

	list_foreach_safe(row, next, &t->shard->all, link) {
		group_unload(row->g, &t->fx);
		turn_settle(t, row);
		shard_remove(t->shard, row);
	}
	deadlines_fini(&t->shard->deadlines);
}

/* Nothing is known of the partition's groups any more. */
static void let_go(struct turn *t)
{
	drop_rows(t);
	t->shard->state = SHARD_FOREIGN;
	t->shard->p = partition_unref(t->shard->p);
}

static void end(struct load *l, int r)
{
	struct turn t;

	turn_begin(&t, l->shard);
	l->groups = group_load_free(l->groups);
	if (r == 0 && !abandoned(l))
		l->shard->state = SHARD_OWNED;
	else
		let_go(&t);
	turn_end(&t);
}

void shard_load(struct shard *s, int32_t epoch, unsigned resignations, int64_t told_ms)
{
	const struct clock *clock = s->owner->config.clock;
	struct load l = { .shard = s, .resignations = resignations, .began_ms = clock_mono_ms(clock) };
	int r;

	l.reported_ms = l.began_ms;
	if (begin(&l, epoch)) {
		l.groups = group_load_new(s->pool);
		r = read_log(&l);
		if (r == 0)
			install(&l);
		end(&l, r);
		if (r == 0)
			log_info(PREFIX "Finished loading offsets and group metadata from " SHARD_NAME " in %lld milliseconds "
				 "for epoch %d, of which %lld milliseconds was spent in the scheduler.",
			    broker_id(s), (int)s->index, (long long)(clock_mono_ms(clock) - told_ms), (int)epoch,
			    (long long)(l.began_ms - told_ms));
	}
	partition_unref(l.p);
}

/* False: this is about an epoch that is over. */
static bool is_news(struct shard *s, int32_t epoch)
{
	if (epoch >= 0 && epoch < s->epoch) {
		log_info(PREFIX "Not removing offsets and group metadata for " SHARD_NAME
				" in epoch %d since current epoch is %d",
		    broker_id(s), (int)s->index, (int)epoch, (int)s->epoch);
		return false;
	}
	s->epoch = MAX(s->epoch, epoch);
	return true;
}

void shard_unload(struct shard *s, int32_t epoch)
{
	struct group_pool_counts before;
	bool was = false;
	struct turn t;

	turn_begin(&t, s);
	if (is_news(s, epoch)) {
		was = s->state == SHARD_OWNED;
		before = *group_pool_counts(s->pool);
		let_go(&t);
	}
	turn_end(&t);
	if (was)
		log_info(PREFIX "Finished unloading " SHARD_NAME
				" for coordinator epoch %d. Removed %zu cached offsets and %zu cached groups.",
		    broker_id(s), (int)s->index, (int)epoch, before.offsets,
		    before.groups[GROUP_EMPTY] + before.groups[GROUP_PREPARING] + before.groups[GROUP_COMPLETING] +
			before.groups[GROUP_STABLE]);
}
