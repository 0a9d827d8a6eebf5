/* replica_states.c - see replica_states.h. */
#include "controller/replica_states.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "zk/session.h"

#define LOG_CLASS "state.change.logger"
#include "base/logger.h"

#define BIT(s) (1u << (s))

static const struct {
	const char *name;
	unsigned from;
} states[] = {
	[NEW_REPLICA] = { "NewReplica", BIT(NON_EXISTENT_REPLICA) },
	[ONLINE_REPLICA] = { "OnlineReplica",
	    BIT(NEW_REPLICA) | BIT(ONLINE_REPLICA) | BIT(OFFLINE_REPLICA) | BIT(REPLICA_DELETION_INELIGIBLE) },
	[OFFLINE_REPLICA] = { "OfflineReplica",
	    BIT(NEW_REPLICA) | BIT(ONLINE_REPLICA) | BIT(OFFLINE_REPLICA) | BIT(REPLICA_DELETION_INELIGIBLE) },
	[REPLICA_DELETION_STARTED] = { "ReplicaDeletionStarted", BIT(OFFLINE_REPLICA) },
	[REPLICA_DELETION_SUCCESSFUL] = { "ReplicaDeletionSuccessful", BIT(REPLICA_DELETION_STARTED) },
	[REPLICA_DELETION_INELIGIBLE] = { "ReplicaDeletionIneligible",
	    BIT(OFFLINE_REPLICA) | BIT(REPLICA_DELETION_STARTED) },
	[NON_EXISTENT_REPLICA] = { "NonExistentReplica", BIT(REPLICA_DELETION_SUCCESSFUL) },
};

const char *replica_state_name(enum replica_state s)
{
	return states[s].name;
}

bool replica_may_move(enum replica_state from, enum replica_state to)
{
	return (states[to].from & BIT(from)) != 0;
}

/* The first line ends as every line does, with its class; alerts look for it. The reason is the exception below. */
static void log_failed(const struct machine *m, const struct replica_ref *r, enum replica_state to, const char *why)
{
	log_error("[Controller id=%d epoch=%d] Controller %d epoch %d initiated state change of replica %d for partition "
		  "%s-%d from %s to %s failed (" LOG_CLASS ")\nkafka.common.StateChangeFailedException: %s",
	    m->controller_id, m->ctx->epoch, m->controller_id, m->ctx->epoch, r->broker, r->p->topic->name, r->p->index,
	    states[replica_state_of(r->p, r->broker)].name, states[to].name, why);
}

/* ---- the simple transitions ---- */

static void become_new(struct machine *m, const struct replica_ref *r)
{
	if (r->p->has_leader_info && r->p->info.leader == r->broker) {
		log_failed(m, r, NEW_REPLICA, "the replica is the partition's leader");
		return;
	}
	if (r->p->has_leader_info)
		request_batch_leader_and_isr(m->batch, r->broker, r->p, true);
	replica_set_state(r->p, r->broker, NEW_REPLICA);
}

static void become_online(struct machine *m, const struct replica_ref *r)
{
	struct int_list *replicas = &r->p->assignment.replicas;

	if (replica_state_of(r->p, r->broker) != NEW_REPLICA) {
		if (r->p->has_leader_info)
			request_batch_leader_and_isr(m->batch, r->broker, r->p, false);
	} else if (!int_list_has(*replicas, r->broker)) {
		replicas->v = xrealloc(replicas->v, (replicas->n + 1) * sizeof(*replicas->v));
		replicas->v[replicas->n++] = r->broker;
	}
	replica_set_state(r->p, r->broker, ONLINE_REPLICA);
}

static void list_drop(struct int_list *l, int32_t v)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] != v)
			l->v[n++] = l->v[i];
	l->n = n;
}

static void become_non_existent(const struct replica_ref *r)
{
	list_drop(&r->p->assignment.replicas, r->broker);
	list_drop(&r->p->assignment.adding, r->broker);
	list_drop(&r->p->assignment.removing, r->broker);
	replica_set_state(r->p, r->broker, NON_EXISTENT_REPLICA);
}

/* ---- Offline ---- */

/* The ISR without the broker; the last member stays, so that it may lead again. */
static struct znode_state without(const struct znode_state *s, int32_t broker)
{
	struct znode_state r;

	znode_state_copy(s, &r);
	if (r.leader == broker)
		r.leader = -1;
	if (r.isr.n > 1)
		list_drop(&r.isr, broker);
	r.leader_epoch++;
	return r;
}

/* A replica left the ISR, or was not in it: the others are told, unless the topic goes anyway. */
static void removed(struct machine *m, const struct replica_ref *r)
{
	struct int_list all = r->p->assignment.replicas;
	char isr[256];

	log_info("[Controller id=%d epoch=%d] Partition %s-%d state changed to LeaderAndIsr(leader=%d, leaderEpoch=%d, "
		 "isr=%s, partitionEpoch=%d) after removing replica %d from the ISR as part of transition to OfflineReplica",
	    m->controller_id, m->ctx->epoch, r->p->topic->name, r->p->index, r->p->info.leader, r->p->info.leader_epoch,
	    int_list_text(r->p->info.isr, isr, sizeof(isr)), r->p->info.partition_epoch, r->broker);
	if (!r->p->topic->to_delete)
		request_batch_update(m->batch, r->p); /* also when it was the only replica */
	for (size_t i = 0; i < all.n && !r->p->topic->to_delete; i++)
		if (all.v[i] != r->broker)
			request_batch_leader_and_isr(m->batch, all.v[i], r->p, false);
	replica_set_state(r->p, r->broker, OFFLINE_REPLICA);
}

/* What one round of removals works on. */
struct round {
	size_t n;
	struct replica_ref *refs;
	struct ctl_partition **p;
	struct stored_state *stored;
	struct znode_state *next;
	int *rc;
	int32_t *version;
};

static void round_init(struct round *o, size_t n)
{
	o->n = n;
	o->refs = xcalloc(n + 1, sizeof(*o->refs));
	o->p = xcalloc(n + 1, sizeof(struct ctl_partition *));
	o->stored = xcalloc(n + 1, sizeof(*o->stored));
	o->next = xcalloc(n + 1, sizeof(*o->next));
	o->rc = xcalloc(n + 1, sizeof(*o->rc));
	o->version = xcalloc(n + 1, sizeof(*o->version));
}

static void round_fini(struct round *o)
{
	stored_states_free(o->stored, o->n);
	free(o->refs);
	free(o->p);
	free(o->next);
	free(o->rc);
	free(o->version);
}

/* Sorts the read states out: those to be written stay at the front of `o`, the others are done. Returns how many. */
static size_t plan_removals(struct machine *m, const struct replica_ref *v, struct round *o)
{
	size_t writes = 0;

	for (size_t i = 0; i < o->n; i++) {
		struct znode_state *s = &o->stored[i].state;

		if (o->stored[i].rc != 0) {
			log_failed(m, &v[i], OFFLINE_REPLICA, "the partition's state cannot be read from ZooKeeper");
		} else if (s->controller_epoch > m->ctx->epoch) {
			log_failed(m, &v[i], OFFLINE_REPLICA, "a controller with a newer epoch wrote the partition's state");
		} else if (!int_list_has(s->isr, v[i].broker)) {
			s->controller_epoch = m->ctx->epoch; /* in memory only */
			partition_set_info(v[i].p, s);
			removed(m, &v[i]);
		} else {
			o->refs[writes] = v[i];
			o->p[writes] = v[i].p;
			o->next[writes] = without(s, v[i].broker);
			o->next[writes].controller_epoch = m->ctx->epoch;
			writes++;
		}
	}
	return writes;
}

/* Takes the replicas out of the stored ISRs. Those whose stored state moved meanwhile are moved to the front of `v` for
 * the next round; *n is their number. A partition occurs once. */
static int remove_once(struct machine *m, struct replica_ref *v, size_t *n)
{
	struct round o;
	size_t writes = 0;
	int r;

	round_init(&o, *n);
	for (size_t i = 0; i < *n; i++)
		o.p[i] = v[i].p;
	r = m->store->read(m->store->arg, o.p, *n, o.stored);
	if (r == 0)
		writes = plan_removals(m, v, &o);
	if (r == 0 && writes > 0)
		r = m->store->write(m->store->arg, o.p, o.next, writes, o.rc, o.version);
	*n = 0;
	for (size_t i = 0; i < writes; i++) {
		if (r == 0 && o.rc[i] == 0) {
			o.next[i].partition_epoch = o.version[i];
			partition_set_info(o.refs[i].p, &o.next[i]);
			removed(m, &o.refs[i]);
		} else if (r == 0 && o.rc[i] == ZK_BAD_VERSION) {
			v[(*n)++] = o.refs[i];
		} else if (r == 0) {
			log_failed(m, &o.refs[i], OFFLINE_REPLICA, zk_code_text(o.rc[i]));
		}
		znode_state_fini(&o.next[i]);
	}
	round_fini(&o);
	return r;
}

static int become_offline(struct machine *m, const struct replica_ref *v, size_t n)
{
	struct replica_ref *left = xcalloc(n + 1, sizeof(*left));
	size_t left_n = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		request_batch_stop_replica(m->batch, v[i].broker, v[i].p, false);
		if (v[i].p->has_leader_info) {
			left[left_n++] = v[i];
		} else {
			request_batch_update(m->batch, v[i].p);
			replica_set_state(v[i].p, v[i].broker, OFFLINE_REPLICA);
		}
	}
	while (left_n > 0 && r == 0)
		r = remove_once(m, left, &left_n);
	free(left);
	return r;
}

/* ---- moving ---- */

static int by_broker(const void *a, const void *b)
{
	const struct replica_ref *x = a, *y = b;

	return x->broker < y->broker ? -1 : x->broker > y->broker;
}

/* `v`: replicas of one broker, all allowed to move. */
static int move_broker(struct machine *m, const struct replica_ref *v, size_t n, enum replica_state to)
{
	if (to == OFFLINE_REPLICA)
		return become_offline(m, v, n);
	for (size_t i = 0; i < n; i++) {
		if (to == NEW_REPLICA) {
			become_new(m, &v[i]);
		} else if (to == ONLINE_REPLICA) {
			become_online(m, &v[i]);
		} else if (to == NON_EXISTENT_REPLICA) {
			become_non_existent(&v[i]);
		} else {
			if (to == REPLICA_DELETION_STARTED)
				request_batch_stop_replica(m->batch, v[i].broker, v[i].p, true);
			replica_set_state(v[i].p, v[i].broker, to);
		}
	}
	return 0;
}

int replicas_move(struct machine *m, const struct replica_set *s, enum replica_state to)
{
	struct replica_ref *v = xcalloc(s->n + 1, sizeof(*v));
	size_t n = 0, k;
	int r = 0;

	request_batch_begin(m->batch);
	for (size_t i = 0; i < s->n; i++) {
		if (replica_may_move(replica_state_of(s->v[i].p, s->v[i].broker), to))
			v[n++] = s->v[i];
		else
			log_failed(m, &s->v[i], to, "the transition is not allowed");
	}
	qsort(v, n, sizeof(*v), by_broker);
	for (size_t i = 0; i < n && r == 0; i += k) {
		for (k = 1; i + k < n && v[i + k].broker == v[i].broker;)
			k++;
		r = move_broker(m, v + i, k, to);
	}
	if (r == 0)
		request_batch_send(m->batch);
	else
		request_batch_begin(m->batch); /* it borrows partitions: drop it */
	free(v);
	return r < 0 ? FAIL(r) : r;
}

int replicas_start(struct machine *m)
{
	struct replica_set online = { .v = NULL }, offline = { .v = NULL };
	struct partition_set all = { .v = NULL };
	int r;

	context_all_partitions(m->ctx, &all);
	for (size_t i = 0; i < all.n; i++)
		for (size_t j = 0; j < all.v[i]->assignment.replicas.n; j++) {
			int32_t broker = all.v[i]->assignment.replicas.v[j];
			bool live = replica_is_online(m->ctx, all.v[i], broker, false);

			replica_set_state(all.v[i], broker, live ? ONLINE_REPLICA : REPLICA_DELETION_INELIGIBLE);
			replica_set_add(live ? &online : &offline, all.v[i], broker);
		}
	r = replicas_move(m, &online, ONLINE_REPLICA);
	if (r == 0)
		r = replicas_move(m, &offline, OFFLINE_REPLICA);
	partition_set_fini(&all);
	replica_set_fini(&online);
	replica_set_fini(&offline);
	return r;
}
