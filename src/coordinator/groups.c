/* groups.c - the life of the coordinator: its shards, its two threads, what it is told of leadership.
 *
 * The background thread does what may take long, in the order in which it was asked for: loads, unloads, offsets of
 * deleted partitions, and at intervals the search for expired ones. The timers' thread only visits shards when a
 * deadline of one of their groups is due. A shard's alarm is set when it gets an earlier deadline, and looked at again
 * when it rings; that members' deadlines move away all the time costs nothing here.
 */
#include "coordinator/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "coordinator/groups_priv.h"
#include "coordinator/internal_topic.h"
#include "coordinator/owner.h"
#include "replica/partition.h"

#define LOG_CLASS "kafka.coordinator.group.GroupCoordinator"
#include "base/logger.h"

enum { ROWS_AT_ONCE = 64 }; /* under one hold of a shard's lock */

enum job_type { JOB_LOAD, JOB_UNLOAD, JOB_PARTITION_DELETED };

struct group_job {
	struct list link;
	enum job_type type;
	struct shard *shard; /* load, unload */
	int32_t epoch;
	unsigned resignations;
	int64_t told_ms;
	struct deleted_partition deleted; /* the topic is owned */
};

struct group_now groups_now(const struct groups *gs)
{
	return (struct group_now){ clock_mono_ms(gs->config.clock), clock_wall_ms(gs->config.clock) };
}

/* --- life --- */

static void fill_random(void *arg UNUSED, void *p, size_t n)
{
	random_bytes(p, n);
}

static void shard_init(struct groups *gs, int32_t index)
{
	struct shard *s = &gs->shards[index];

	s->owner = gs;
	s->index = index;
	s->epoch = -1;
	s->alarm = NO_DEADLINE;
	s->timer = DEADLINE_INIT;
	lock_init(&s->lock, RANK_GROUPS, "groups of a partition");
	list_init(&s->all);
	s->pool = group_pool_new(&gs->config.group, index, fill_random, NULL);
}

struct groups *groups_new(const struct groups_config *c)
{
	struct groups *gs = xcalloc(1, sizeof(*gs));

	gs->config = *c;
	gs->shards = xcalloc((size_t)c->partitions_n, sizeof(*gs->shards));
	for (int32_t i = 0; i < c->partitions_n; i++)
		shard_init(gs, i);
	lock_init(&gs->lock, RANK_QUEUE, "group coordinator");
	cond_init(&gs->wake_background);
	cond_init(&gs->wake_timers);
	list_init(&gs->jobs);
	return gs;
}

static void job_free(struct group_job *job)
{
	free((char *)(uintptr_t)job->deleted.topic.p);
	free(job);
}

struct groups *groups_free(struct groups *gs)
{
	struct group_job *job, *next;

	if (!gs)
		return NULL;
	groups_stop(gs);
	list_foreach_safe(job, next, &gs->jobs, link)
		job_free(job);
	for (int32_t i = 0; i < gs->config.partitions_n; i++) {
		group_pool_free(gs->shards[i].pool);
		lock_fini(&gs->shards[i].lock);
	}
	deadlines_fini(&gs->timers);
	cond_fini(&gs->wake_background);
	cond_fini(&gs->wake_timers);
	lock_fini(&gs->lock);
	free(gs->shards);
	free(gs);
	return NULL;
}

bool groups_stopping(struct groups *gs)
{
	bool r;

	lock_take(&gs->lock);
	r = gs->stopping;
	lock_release(&gs->lock);
	return r;
}

/* --- timers --- */

void groups_arm(struct groups *gs, struct shard *s, int64_t at)
{
	lock_take(&gs->lock);
	s->alarm = at;
	deadlines_set(&gs->timers, &s->timer, at);
	if (deadlines_first(&gs->timers) == &s->timer)
		cond_signal(&gs->wake_timers);
	lock_release(&gs->lock);
}

/* Handles what is due in the shard, some of it when it is much, and sets its alarm anew. */
static void ring(struct shard *s)
{
	struct deadline *d;
	struct row *row;
	struct turn t;

	turn_begin(&t, s);
	s->alarm = NO_DEADLINE;
	for (int n = 0; n < ROWS_AT_ONCE; n++) {
		d = deadlines_first(&s->deadlines);
		if (!d || d->at > t.now.mono_ms)
			break;
		row = CONTAINER_OF(d, struct row, deadline);
		deadlines_set(&s->deadlines, d, NO_DEADLINE);
		group_expire(row->g, t.now, &t.fx);
		turn_settle(&t, row);
		/* whatever the group says: never again in this turn */
		deadlines_set(&s->deadlines, d, MAX(group_deadline(row->g), t.now.mono_ms + 1));
	}
	turn_end(&t);
}

static void *timers_thread(void *arg)
{
	struct groups *gs = arg;
	struct deadline *d;
	struct shard *s;

	lock_take(&gs->lock);
	while (!gs->stopping) {
		d = deadlines_first(&gs->timers);
		if (!d) {
			lock_wait(&gs->lock, &gs->wake_timers);
		} else if (d->at > clock_mono_ms(gs->config.clock)) {
			(void)lock_wait_until(&gs->lock, &gs->wake_timers, d->at);
		} else {
			s = CONTAINER_OF(d, struct shard, timer);
			deadlines_set(&gs->timers, d, NO_DEADLINE);
			lock_release(&gs->lock);
			ring(s);
			lock_take(&gs->lock);
		}
	}
	lock_release(&gs->lock);
	return NULL;
}

/* --- the background --- */

static void submit(struct groups *gs, struct group_job *job)
{
	job->told_ms = clock_mono_ms(gs->config.clock);
	lock_take(&gs->lock);
	list_append(&gs->jobs, &job->link);
	cond_signal(&gs->wake_background);
	lock_release(&gs->lock);
}

static void expire_offsets(struct groups *gs)
{
	int64_t began_ms = clock_mono_ms(gs->config.clock);
	size_t n = 0;

	for (int32_t i = 0; i < gs->config.partitions_n; i++)
		n += shard_expire_offsets(&gs->shards[i]);
	if (n)
		log_info("[GroupMetadataManager brokerId=%d] Removed %zu expired offsets in %lld milliseconds.",
		    (int)gs->config.group.broker_id, n, (long long)(clock_mono_ms(gs->config.clock) - began_ms));
}

/* Takes the deletions that stand at the front of the queue too, so that a topic of many partitions is one walk. */
static void take_deletions(struct groups *gs, struct list *taken)
{
	struct group_job *job;

	lock_take(&gs->lock);
	while ((job = list_first(&gs->jobs, struct group_job, link)) && job->type == JOB_PARTITION_DELETED) {
		list_remove(&job->link);
		list_append(taken, &job->link);
	}
	lock_release(&gs->lock);
}

static void forget_partitions(struct groups *gs, struct group_job *first)
{
	struct list taken = LIST_INIT(taken);
	struct deleted_partition *v = NULL;
	struct group_job *job, *next;
	size_t n = 0, cap = 0, removed = 0;

	list_append(&taken, &first->link);
	take_deletions(gs, &taken);
	list_foreach(job, &taken, link) {
		v = grow_array(v, &cap, n + 1, sizeof(*v));
		v[n++] = job->deleted;
	}
	for (int32_t i = 0; i < gs->config.partitions_n; i++)
		removed += shard_forget_partitions(&gs->shards[i], v, n);
	log_info("[GroupCoordinator %d]: Removed %zu offsets associated with %zu deleted partitions, the first of them "
		 "%.*s-%d.",
	    (int)gs->config.group.broker_id, removed, n, STR_ARG(v[0].topic), (int)v[0].partition);
	list_foreach_safe(job, next, &taken, link)
		job_free(job);
	free(v);
}

static void run_job(struct groups *gs, struct group_job *job)
{
	switch (job->type) {
	case JOB_LOAD: shard_load(job->shard, job->epoch, job->resignations, job->told_ms); break;
	case JOB_UNLOAD: shard_unload(job->shard, job->epoch); break;
	case JOB_PARTITION_DELETED: forget_partitions(gs, job); return;
	}
	job_free(job);
}

static void *background_thread(void *arg)
{
	struct groups *gs = arg;
	int64_t expiry_ms = clock_mono_ms(gs->config.clock); /* when to look for expired offsets next */
	struct group_job *job;

	lock_take(&gs->lock);
	while (!gs->stopping) {
		job = list_first(&gs->jobs, struct group_job, link);
		if (job)
			list_remove(&job->link);
		else if (clock_mono_ms(gs->config.clock) < expiry_ms) {
			(void)lock_wait_until(&gs->lock, &gs->wake_background, expiry_ms);
			continue;
		}
		lock_release(&gs->lock);
		if (job) {
			run_job(gs, job);
		} else {
			expire_offsets(gs);
			expiry_ms = clock_mono_ms(gs->config.clock) + gs->config.retention_check_ms;
		}
		lock_take(&gs->lock);
	}
	lock_release(&gs->lock);
	return NULL;
}

/* --- start and stop --- */

int groups_start(struct groups *gs)
{
	int r;

	log_info("[GroupCoordinator %d]: Starting up.", (int)gs->config.group.broker_id);
	r = pthread_create(&gs->background, NULL, background_thread, gs);
	if (r)
		return FAIL(-r);
	r = pthread_create(&gs->timer, NULL, timers_thread, gs);
	if (r) {
		lock_take(&gs->lock);
		gs->stopping = true;
		cond_broadcast(&gs->wake_background);
		lock_release(&gs->lock);
		(void)pthread_join(gs->background, NULL);
		return FAIL(-r);
	}
	(void)pthread_setname_np(gs->background, "groups");
	(void)pthread_setname_np(gs->timer, "group timers");
	gs->started = true;
	atomic_store(&gs->active, true);
	log_info("[GroupCoordinator %d]: Startup complete.", (int)gs->config.group.broker_id);
	return 0;
}

void groups_stop(struct groups *gs)
{
	bool join;

	atomic_store(&gs->active, false);
	lock_take(&gs->lock);
	join = gs->started && !gs->stopping;
	gs->stopping = true;
	cond_broadcast(&gs->wake_background);
	cond_broadcast(&gs->wake_timers);
	lock_release(&gs->lock);
	if (join) {
		log_info("[GroupCoordinator %d]: Shutting down.", (int)gs->config.group.broker_id);
		(void)pthread_join(gs->background, NULL);
		(void)pthread_join(gs->timer, NULL);
	}
	for (int32_t i = 0; i < gs->config.partitions_n; i++)
		shard_unload(&gs->shards[i], -1);
	if (join)
		log_info("[GroupCoordinator %d]: Shutdown complete.", (int)gs->config.group.broker_id);
}

/* --- leadership --- */

static bool is_ours(const struct groups *gs, int32_t partition)
{
	if (partition >= 0 && partition < gs->config.partitions_n)
		return true;
	log_error("[GroupCoordinator %d]: " SHARD_NAME " did not exist when this broker started with %d partitions of it; no "
		  "group is looked for there.",
	    (int)gs->config.group.broker_id, (int)partition, (int)gs->config.partitions_n);
	return false;
}

static struct group_job *job_new(struct groups *gs, enum job_type type, int32_t partition, int32_t epoch)
{
	struct group_job *job = xcalloc(1, sizeof(*job));

	job->type = type;
	job->shard = &gs->shards[partition];
	job->epoch = epoch;
	return job;
}

void groups_elected(struct groups *gs, int32_t partition, int32_t leader_epoch)
{
	struct group_job *job;

	if (!is_ours(gs, partition))
		return;
	log_info("[GroupCoordinator %d]: Elected as the group coordinator for partition %d in epoch %d",
	    (int)gs->config.group.broker_id, (int)partition, (int)leader_epoch);
	job = job_new(gs, JOB_LOAD, partition, leader_epoch);
	job->resignations = atomic_load(&job->shard->resignations);
	atomic_fetch_add(&job->shard->elections, 1);
	submit(gs, job);
}

void groups_resigned(struct groups *gs, int32_t partition, int32_t leader_epoch)
{
	struct group_job *job;

	if (!is_ours(gs, partition))
		return;
	log_info("[GroupCoordinator %d]: Resigned as the group coordinator for partition %d in epoch %d",
	    (int)gs->config.group.broker_id, (int)partition, (int)leader_epoch);
	job = job_new(gs, JOB_UNLOAD, partition, leader_epoch);
	atomic_fetch_add(&job->shard->resignations, 1);
	submit(gs, job);
}

void groups_partition_deleted(struct groups *gs, struct str topic, int32_t partition)
{
	struct group_job *job = xcalloc(1, sizeof(*job));

	job->type = JOB_PARTITION_DELETED;
	job->deleted = (struct deleted_partition){ { str_dup(topic), topic.len }, partition };
	submit(gs, job);
}

/* --- small questions --- */

int32_t groups_partition_of(const struct groups *gs, struct str group_id)
{
	return coordinator_partition(group_id, gs->config.partitions_n);
}

bool groups_stall(const struct groups *gs, struct str group_id)
{
	return disk_pace_stalls(&groups_shard(gs, group_id)->pace, clock_mono_ms(gs->config.clock));
}

bool groups_metadata_fits(const struct groups *gs, struct str metadata)
{
	return !str_utf16_longer(metadata, gs->config.group.offset_metadata_max);
}

static void add_counts(struct group_pool_counts *to, const struct group_pool_counts *from)
{
	for (size_t i = 0; i < ARRAY_LEN(to->groups); i++)
		to->groups[i] += from->groups[i];
	to->offsets += from->offsets;
	to->memory += from->memory;
	to->rebalances_completed += from->rebalances_completed;
}

void groups_count(struct groups *gs, struct groups_counts *ret)
{
	*ret = (struct groups_counts){ 0 };
	for (int32_t i = 0; i < gs->config.partitions_n; i++) {
		struct shard *s = &gs->shards[i];

		lock_take(&s->lock);
		ret->owned += s->state == SHARD_OWNED;
		ret->loading += s->state == SHARD_LOADING || atomic_load(&s->elections) > 0;
		add_counts(&ret->groups, group_pool_counts(s->pool));
		lock_release(&s->lock);
	}
}
