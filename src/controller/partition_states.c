/* partition_states.c - see partition_states.h. */
#include "controller/partition_states.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"
#include "zk/session.h"

#define LOG_CLASS "state.change.logger"
#include "base/logger.h"

#define BIT(s) (1u << (s))

static const struct {
	const char *name;
	unsigned from;
} states[] = {
	[NEW_PARTITION] = { "NewPartition", BIT(NON_EXISTENT_PARTITION) },
	[ONLINE_PARTITION] = { "OnlinePartition", BIT(NEW_PARTITION) | BIT(ONLINE_PARTITION) | BIT(OFFLINE_PARTITION) },
	[OFFLINE_PARTITION] = { "OfflinePartition", BIT(NEW_PARTITION) | BIT(ONLINE_PARTITION) | BIT(OFFLINE_PARTITION) },
	[NON_EXISTENT_PARTITION] = { "NonExistentPartition", BIT(OFFLINE_PARTITION) },
};

const char *partition_state_name(enum partition_state s)
{
	return states[s].name;
}

bool partition_may_move(enum partition_state from, enum partition_state to)
{
	return (states[to].from & BIT(from)) != 0;
}

void stored_states_free(struct stored_state *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		znode_state_fini(&v[i].state);
	free(v);
}

/* The first line ends as every line does, with its class; alerts look for it. The reason is the exception below. */
static void log_failed(const struct machine *m, const struct ctl_partition *p, enum partition_state to, const char *why)
{
	log_error("[Controller id=%d epoch=%d] Controller %d epoch %d failed to change state for partition %s-%d from %s "
		  "to %s (" LOG_CLASS ")\nkafka.common.StateChangeFailedException: %s",
	    m->controller_id, m->ctx->epoch, m->controller_id, m->ctx->epoch, p->topic->name, p->index,
	    states[p->state].name, states[to].name, why);
}

/* "LeaderAndIsr(leader=1, ...)" as Kafka prints it. */
static void log_online(const struct machine *m, const struct ctl_partition *p, enum partition_state from)
{
	const struct znode_state *s = &p->info;
	char isr[512] = "";
	size_t len = 0;

	if (!log_wants(LOG_INFO))
		return;
	for (size_t i = 0; i < s->isr.n && len < sizeof(isr); i++)
		len += (size_t)snprintf(isr + len, sizeof(isr) - len, "%sBrokerState(brokerId=%d, brokerEpoch=-1)",
		    i ? ", " : "", s->isr.v[i]);
	log_info("[Controller id=%d epoch=%d] Changed partition %s-%d from %s to OnlinePartition with state "
		 "LeaderAndIsr(leader=%d, leaderEpoch=%d, isrWithBrokerEpoch=List(%s), leaderRecoveryState=%s, "
		 "partitionEpoch=%d)",
	    m->controller_id, m->ctx->epoch, p->topic->name, p->index, states[from].name, s->leader, s->leader_epoch,
	    isr, s->recovery == LEADER_RECOVERING ? "RECOVERING" : "RECOVERED", s->partition_epoch);
}

static void set_state(struct machine *m, struct ctl_partition *p, enum partition_state to)
{
	enum partition_state from = p->state;
	char replicas[256];

	p->state = to;
	if (to == ONLINE_PARTITION)
		log_online(m, p, from);
	else if (to == NEW_PARTITION)
		log_info("[Controller id=%d epoch=%d] Changed partition %s-%d state from NonExistentPartition to "
			 "NewPartition with assigned replicas %s",
		    m->controller_id, m->ctx->epoch, p->topic->name, p->index,
		    int_list_text(p->assignment.replicas, replicas, sizeof(replicas)));
}

/* A partition on its way to a leader, and where its result goes. */
struct pending {
	struct ctl_partition **p;
	int **error;
	size_t n;
};

static void pending_init(struct pending *w, size_t n)
{
	w->p = xcalloc(n + 1, sizeof(struct ctl_partition *));
	w->error = xcalloc(n + 1, sizeof(int *));
	w->n = 0;
}

static void pending_add(struct pending *w, struct ctl_partition *p, int *error)
{
	w->p[w->n] = p;
	w->error[w->n++] = error;
}

static void pending_fini(struct pending *w)
{
	free(w->p);
	free(w->error);
}

/* ---- New -> Online: the first leader ---- */

/* Live assigned replicas, in assignment order, are the first ISR. False: none is live. */
static bool first_state(const struct machine *m, const struct ctl_partition *p, struct znode_state *ret)
{
	struct int_list isr = { .v = xcalloc(p->assignment.replicas.n + 1, sizeof(int32_t)) };

	for (size_t i = 0; i < p->assignment.replicas.n; i++)
		if (replica_is_online(m->ctx, p, p->assignment.replicas.v[i], false))
			isr.v[isr.n++] = p->assignment.replicas.v[i];
	if (isr.n == 0) {
		int_list_fini(&isr);
		return false;
	}
	*ret = (struct znode_state){ .leader = isr.v[0], .isr = isr, .controller_epoch = m->ctx->epoch };
	return true;
}

static void initialized(struct machine *m, struct ctl_partition *p, const struct znode_state *s, int rc, int *error)
{
	char why[64];

	if (rc != 0) {
		(void)snprintf(why, sizeof(why), "Controller could not create the state: %s", zk_code_text(rc));
		log_failed(m, p, ONLINE_PARTITION, why);
		*error = KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE;
		return;
	}
	partition_set_info(p, s);
	request_batch_leader_and_isr_all(m->batch, s->isr, p, true);
	set_state(m, p, ONLINE_PARTITION);
}

/* All writes go out before any state changes: persist before you announce. */
static int initialize(struct machine *m, struct pending *w)
{
	struct znode_state *v = xcalloc(w->n + 1, sizeof(*v));
	int *rc = xcalloc(w->n + 1, sizeof(*rc)), r = 0;
	struct pending ready;

	pending_init(&ready, w->n);
	for (size_t i = 0; i < w->n; i++) {
		if (first_state(m, w->p[i], &v[ready.n])) {
			pending_add(&ready, w->p[i], w->error[i]);
		} else {
			log_failed(m, w->p[i], ONLINE_PARTITION, "no assigned replica is on a live broker");
			*w->error[i] = KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE;
		}
	}
	if (ready.n > 0)
		r = m->store->create(m->store->arg, ready.p, v, ready.n, rc);
	for (size_t i = 0; i < ready.n; i++) {
		if (r == 0)
			initialized(m, ready.p[i], &v[i], rc[i], ready.error[i]);
		znode_state_fini(&v[i]);
	}
	pending_fini(&ready);
	free(v);
	free(rc);
	return r;
}

/* ---- Online, Offline -> Online: an election ---- */

struct voter {
	const struct machine *m;
	const struct ctl_partition *p;
};

static bool voter_online(void *arg, int32_t broker, bool shutting_down)
{
	const struct voter *v = arg;

	return replica_is_online(v->m->ctx, v->p, broker, shutting_down);
}

static bool voter_shutting_down(void *arg, int32_t broker)
{
	const struct voter *v = arg;
	const struct ctl_broker *b = context_broker(v->m->ctx, broker);

	return b && b->shutting_down;
}

struct election {
	enum election_strategy strategy;
	bool unclean;
};

/* Decides for one partition. 0 with *ret; KERR: nobody can lead, or the stored state forbids. */
static int decide(struct machine *m, struct election e, struct ctl_partition *p, const struct stored_state *stored,
    struct election_result *ret)
{
	struct voter voter = { m, p };
	struct election_input in = { &p->assignment, &stored->state, e.unclean,
		m->metadata_version >= METADATA_VERSION_3_2_IV0, voter_online, voter_shutting_down, &voter };
	char why[256];

	if (stored->rc != 0) {
		log_failed(m, p, ONLINE_PARTITION, "the partition's state cannot be read from ZooKeeper");
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	}
	if (stored->state.controller_epoch > m->ctx->epoch) {
		log_failed(m, p, ONLINE_PARTITION, "a controller with a newer epoch wrote the partition's state");
		return KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE;
	}
	/* The configuration is asked only where it matters; it is a read per topic. */
	if (e.strategy == ELECT_OFFLINE && !e.unclean && election_needs_unclean(&in) &&
	    m->store->unclean_enabled(m->store->arg, p->topic->name, &in.unclean) != 0)
		in.unclean = false;
	if (!election_run(e.strategy, &in, ret)) {
		(void)snprintf(why, sizeof(why), "Failed to elect leader for partition %s-%d under strategy %s",
		    p->topic->name, p->index, election_strategy_name(e.strategy, in.unclean));
		log_failed(m, p, ONLINE_PARTITION, why);
		return e.strategy == ELECT_PREFERRED_LEADER ? KERR_PREFERRED_LEADER_NOT_AVAILABLE :
							      KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE;
	}
	ret->state.controller_epoch = m->ctx->epoch;
	return 0;
}

static void elected(struct machine *m, struct ctl_partition *p, struct election_result *result, int32_t version)
{
	result->state.partition_epoch = version;
	partition_set_info(p, &result->state);
	request_batch_leader_and_isr_all(m->batch, result->recipients, p, false);
	set_state(m, p, ONLINE_PARTITION);
}

/* One round: read, decide, write. Those whose stored state moved meanwhile are left in `w` for the next. */
static int elect_once(struct machine *m, struct election e, struct pending *w)
{
	size_t n = w->n, total = w->n;
	struct stored_state *stored = xcalloc(n + 1, sizeof(*stored));
	struct election_result *results = xcalloc(n + 1, sizeof(*results));
	struct znode_state *next = xcalloc(n + 1, sizeof(*next));
	int *rc = xcalloc(n + 1, sizeof(*rc));
	int32_t *version = xcalloc(n + 1, sizeof(*version));
	struct pending ready;
	int r = m->store->read(m->store->arg, w->p, n, stored);

	pending_init(&ready, n);
	for (size_t i = 0; i < total && r == 0; i++) {
		*w->error[i] = decide(m, e, w->p[i], &stored[i], &results[ready.n]);
		if (*w->error[i] == 0) {
			next[ready.n] = results[ready.n].state; /* borrows its lists */
			pending_add(&ready, w->p[i], w->error[i]);
		}
	}
	if (r == 0 && ready.n > 0)
		r = m->store->write(m->store->arg, ready.p, next, ready.n, rc, version);
	w->n = 0;
	for (size_t i = 0; i < ready.n; i++) {
		if (r == 0 && rc[i] == 0) {
			elected(m, ready.p[i], &results[i], version[i]);
		} else if (r == 0 && rc[i] == ZK_BAD_VERSION) {
			pending_add(w, ready.p[i], ready.error[i]);
		} else if (r == 0) {
			log_failed(m, ready.p[i], ONLINE_PARTITION, zk_code_text(rc[i]));
			*ready.error[i] = KERR_UNKNOWN_TOPIC_OR_PARTITION;
		}
		election_result_fini(&results[i]);
	}
	stored_states_free(stored, total);
	pending_fini(&ready);
	free(results);
	free(next);
	free(rc);
	free(version);
	return r;
}

static int elect(struct machine *m, struct election e, struct pending *w)
{
	int r = 0;

	while (w->n > 0 && r == 0)
		r = elect_once(m, e, w);
	return r;
}

/* ---- moving ---- */

static int come_online(struct machine *m, const struct partition_set *s, struct election e, int *errors)
{
	struct pending fresh, others;
	int r;

	pending_init(&fresh, s->n);
	pending_init(&others, s->n);
	for (size_t i = 0; i < s->n; i++) {
		if (!partition_may_move(s->v[i]->state, ONLINE_PARTITION)) {
			log_failed(m, s->v[i], ONLINE_PARTITION, "the transition is not allowed");
			errors[i] = KERR_UNKNOWN_TOPIC_OR_PARTITION;
		} else {
			pending_add(s->v[i]->state == NEW_PARTITION ? &fresh : &others, s->v[i], &errors[i]);
		}
	}
	r = initialize(m, &fresh);
	if (r == 0)
		r = elect(m, e, &others);
	pending_fini(&fresh);
	pending_fini(&others);
	return r;
}

int partitions_move(struct machine *m, const struct partition_set *s, enum partition_state to,
    enum election_strategy strategy, bool unclean, int *ret_errors)
{
	int *errors = xcalloc(s->n + 1, sizeof(*errors)), r = 0;

	request_batch_begin(m->batch);
	if (to == ONLINE_PARTITION)
		r = come_online(m, s, (struct election){ strategy, unclean }, errors);
	for (size_t i = 0; i < s->n && to != ONLINE_PARTITION; i++) {
		if (partition_may_move(s->v[i]->state, to))
			set_state(m, s->v[i], to);
		else
			log_failed(m, s->v[i], to, "the transition is not allowed");
	}
	if (r == 0)
		request_batch_send(m->batch);
	else
		request_batch_begin(m->batch); /* it borrows partitions: drop it */
	for (size_t i = 0; i < s->n && ret_errors; i++)
		ret_errors[i] = errors[i];
	free(errors);
	return r < 0 ? FAIL(r) : r;
}

int partitions_trigger_online(struct machine *m, const struct ctl_topic *topic)
{
	struct partition_set s = { .v = NULL };
	struct ctl_topic *t, *next;
	int r;

	HASH_ITER(hh, m->ctx->topics, t, next)
		for (size_t i = 0; i < t->partitions_n && !t->to_delete && (!topic || topic == t); i++)
			if (t->partitions[i]->state == NEW_PARTITION || t->partitions[i]->state == OFFLINE_PARTITION)
				partition_set_add(&s, t->partitions[i]);
	r = partitions_move(m, &s, ONLINE_PARTITION, ELECT_OFFLINE, false, NULL);
	partition_set_fini(&s);
	return r;
}

int partitions_start(struct machine *m)
{
	struct partition_set all = { .v = NULL };

	context_all_partitions(m->ctx, &all);
	for (size_t i = 0; i < all.n; i++) {
		struct ctl_partition *p = all.v[i];

		if (!p->has_leader_info)
			p->state = NEW_PARTITION;
		else if (replica_is_online(m->ctx, p, p->info.leader, false))
			p->state = ONLINE_PARTITION;
		else
			p->state = OFFLINE_PARTITION;
	}
	partition_set_fini(&all);
	return partitions_trigger_online(m, NULL);
}
