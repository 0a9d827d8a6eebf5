/* topic_deletion.c - see topic_deletion.h. */
#include "controller/topic_deletion.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "controller/partition_states.h"
#include "controller/replica_states.h"

#define LOG_CLASS "kafka.controller.TopicDeletionManager"
#include "base/logger.h"

#define NAMES_LOGGED 10

void deletion_queue(struct topic_deletion *d, struct ctl_topic *t)
{
	if (d->enabled)
		t->to_delete = true;
}

void deletion_lift(struct topic_deletion *d, struct ctl_topic *t)
{
	if (d->enabled && t->to_delete)
		t->ineligible = false;
}

void deletion_halt(struct topic_deletion *d, struct ctl_topic *t, const char *reason)
{
	if (!d->enabled || !t->to_delete)
		return;
	t->ineligible = true;
	log_info("[Topic Deletion Manager %d] Halted deletion of topics %s due to %s", d->m->controller_id, t->name, reason);
}

/* Replicas of the queued topics among `s` that may move to `to`: an answer may come late. */
static void movable(const struct replica_set *s, enum replica_state to, struct replica_set *ret)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].p->topic->to_delete &&
		    replica_may_move(replica_state_of(s->v[i].p, s->v[i].broker), to))
			replica_set_add(ret, s->v[i].p, s->v[i].broker);
}

int deletion_completed(struct topic_deletion *d, const struct replica_set *s)
{
	struct replica_set done = { .v = NULL };
	int r;

	movable(s, REPLICA_DELETION_SUCCESSFUL, &done);
	r = replicas_move(d->m, &done, REPLICA_DELETION_SUCCESSFUL);
	replica_set_fini(&done);
	return r;
}

int deletion_failed(struct topic_deletion *d, const struct replica_set *s)
{
	struct replica_set failed = { .v = NULL };
	int r;

	movable(s, REPLICA_DELETION_INELIGIBLE, &failed);
	r = replicas_move(d->m, &failed, REPLICA_DELETION_INELIGIBLE);
	replica_set_fini(&failed);
	for (size_t i = 0; i < s->n; i++)
		if (!s->v[i].p->topic->ineligible)
			deletion_halt(d, s->v[i].p->topic, "replica deletion failure");
	return r;
}

/* ---- starting ---- */

/* Step 1: the partitions stop existing, once. */
static int begin(struct topic_deletion *d, struct ctl_topic *t)
{
	struct partition_set s = { .v = NULL };
	int r = 0;

	if (t->deletion_started)
		return 0;
	partition_set_add_topic(&s, t);
	r = partitions_move(d->m, &s, OFFLINE_PARTITION, ELECT_OFFLINE, false, NULL);
	if (r == 0)
		r = partitions_move(d->m, &s, NON_EXISTENT_PARTITION, ELECT_OFFLINE, false, NULL);
	partition_set_fini(&s);
	if (r == 0)
		t->deletion_started = true;
	return r;
}

/* Step 2: brokers forget the topic (leader -2). */
static void tell_brokers(struct topic_deletion *d, struct ctl_topic *t)
{
	request_batch_begin(d->m->batch);
	request_batch_update_to_all(d->m->batch);
	for (size_t i = 0; i < t->partitions_n; i++)
		request_batch_update(d->m->batch, t->partitions[i]);
	request_batch_send(d->m->batch);
}

/* Step 3: dead replicas halt the topic, the others are stopped and deleted. */
static int delete_replicas(struct topic_deletion *d, struct ctl_topic *t)
{
	struct replica_set dead = { .v = NULL }, live = { .v = NULL };
	int r;

	for (size_t i = 0; i < t->partitions_n; i++) {
		struct ctl_partition *p = t->partitions[i];

		for (size_t j = 0; j < p->assignment.replicas.n; j++) {
			int32_t broker = p->assignment.replicas.v[j];

			if (!replica_is_online(d->m->ctx, p, broker, false))
				replica_set_add(&dead, p, broker);
			else if (replica_state_of(p, broker) != REPLICA_DELETION_SUCCESSFUL)
				replica_set_add(&live, p, broker);
		}
	}
	r = replicas_move(d->m, &dead, REPLICA_DELETION_INELIGIBLE);
	if (r == 0)
		r = replicas_move(d->m, &live, OFFLINE_REPLICA);
	if (r == 0)
		r = replicas_move(d->m, &live, REPLICA_DELETION_STARTED);
	if (r == 0 && dead.n > 0)
		deletion_halt(d, t, "offline replicas");
	replica_set_fini(&dead);
	replica_set_fini(&live);
	return r;
}

static int start(struct topic_deletion *d, struct ctl_topic *t)
{
	int r = begin(d, t);

	if (r != 0)
		return r;
	tell_brokers(d, t);
	return delete_replicas(d, t);
}

/* Replicas that failed before try again from Offline. */
static int retry(struct topic_deletion *d, struct ctl_topic *t)
{
	struct replica_set s = { .v = NULL };
	int r;

	for (size_t i = 0; i < t->partitions_n; i++)
		for (size_t j = 0; j < t->partitions[i]->replicas_n; j++)
			if (t->partitions[i]->replicas[j].state == REPLICA_DELETION_INELIGIBLE)
				replica_set_add(&s, t->partitions[i], t->partitions[i]->replicas[j].broker);
	r = replicas_move(d->m, &s, OFFLINE_REPLICA);
	replica_set_fini(&s);
	return r;
}

static int complete(struct topic_deletion *d, struct ctl_topic *t)
{
	int r = d->remove_topic(d->arg, t);

	if (r != 0)
		return r;
	log_info("[Topic Deletion Manager %d] Deletion of topic %s successfully completed", d->m->controller_id, t->name);
	context_remove_topic(d->m->ctx, t);
	return 0;
}

static int resume_one(struct topic_deletion *d, struct ctl_topic *t)
{
	int r = 0;

	if (topic_all_replicas_in(t, REPLICA_DELETION_SUCCESSFUL))
		return complete(d, t);
	if (topic_any_replica_in(t, REPLICA_DELETION_STARTED))
		return 0;
	if (topic_any_replica_in(t, REPLICA_DELETION_INELIGIBLE))
		r = retry(d, t);
	if (r == 0 && !t->ineligible) {
		log_info("[Topic Deletion Manager %d] Deletion of topic %s (re)started", d->m->controller_id, t->name);
		r = start(d, t);
	}
	return r;
}

/* One line per resumption: with a thousand topics each answer of a broker is one. */
static void log_queued(const struct topic_deletion *d)
{
	struct ctl_topic *t, *next;
	char names[512] = "";
	size_t len = 0, n = 0;

	HASH_ITER(hh, d->m->ctx->topics, t, next) {
		if (!t->to_delete)
			continue;
		n++;
		if (n <= NAMES_LOGGED && len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", n > 1 ? "," : "", t->name);
	}
	if (n > NAMES_LOGGED)
		log_info("[Topic Deletion Manager %d] Handling deletion for topics %s and %zu more", d->m->controller_id,
		    names, n - NAMES_LOGGED);
	else if (n > 0)
		log_info("[Topic Deletion Manager %d] Handling deletion for topics %s", d->m->controller_id, names);
}

int deletion_resume(struct topic_deletion *d)
{
	struct ctl_topic *t, *next;
	int r = 0;

	if (!d->enabled)
		return 0;
	log_queued(d);
	HASH_ITER(hh, d->m->ctx->topics, t, next)
		if (t->to_delete && r == 0)
			r = resume_one(d, t);
	return r;
}
