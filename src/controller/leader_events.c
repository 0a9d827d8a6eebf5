/* leader_events.c - elections asked for: preferred leaders, unclean ones, a broker that wants to stop
 * (zookeeper.md 4.9).
 *
 * Thread: the controller's, except the calls of controller.h and the timer, which only queue.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "controller/controller_priv.h"
#include "controller/partition_states.h"
#include "controller/replica_states.h"
#include "protocol/errors.h"

#define LOG_CLASS "kafka.controller.KafkaController"
#include "base/logger.h"

/* ---- what is needed, what is possible ---- */

static bool prefers_another(const struct ctl_partition *p)
{
	return p->assignment.replicas.n > 0 && p->has_leader_info && p->info.leader != p->assignment.replicas.v[0];
}

/* Tries the preferred leader of each; errors as partitions_move. */
static int elect_preferred(struct controller *c, const struct partition_set *s, const char *trigger, int *errors)
{
	int r;

	if (s->n == 0)
		return 0;
	log_info("[Controller id=%d] Starting replica leader election (PREFERRED) for %zu partitions triggered by %s",
	    c->config.broker_id, s->n, trigger);
	r = partitions_move(&c->m, s, ONLINE_PARTITION, ELECT_PREFERRED_LEADER, false, errors);
	for (size_t i = 0; i < s->n && r == 0; i++) {
		const struct ctl_partition *p = s->v[i];

		if (!prefers_another(p))
			log_info("[Controller id=%d] Partition %s-%d completed preferred replica leader election. New leader is "
				 "%d",
			    c->config.broker_id, p->topic->name, p->index, p->info.leader);
		else
			log_warn("[Controller id=%d] Partition %s-%d failed to complete preferred replica leader election to "
				 "%d. Leader is still %d",
			    c->config.broker_id, p->topic->name, p->index, p->assignment.replicas.v[0], p->info.leader);
	}
	return r;
}

/* ---- /admin/preferred_replica_election, for old tools ---- */

int preferred_pending(struct controller *c)
{
	struct partition_set s = { .v = NULL };
	struct znode_partitions refs = ZNODE_PARTITIONS_INIT;
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_exists(c->config.zk, NULL, ZK_PATH_PREFERRED); /* sets the watch */

	if (r == 0)
		r = zk_get(c->config.zk, &v, ZK_PATH_PREFERRED);
	if (r != 0)
		return r == ZK_NO_NODE ? 0 : FAIL(r > 0 ? -EPROTO : r);
	if (znode_partitions_decode(v.data, v.len, &refs) != 0)
		log_warn("[Controller id=%d] %s cannot be read and is dropped", c->config.broker_id, ZK_PATH_PREFERRED);
	zk_value_fini(&v);
	for (size_t i = 0; i < refs.n; i++) {
		struct ctl_topic *t = context_topic(&c->ctx, refs.refs[i].topic);
		struct ctl_partition *p = t ? topic_partition(t, refs.refs[i].partition) : NULL;

		if (p && !t->to_delete && prefers_another(p))
			partition_set_add(&s, p);
	}
	znode_partitions_fini(&refs);
	r = elect_preferred(c, &s, "ZkTriggered", NULL);
	partition_set_fini(&s);
	if (r == 0)
		r = zk_store_delete(&c->store, ZK_PATH_PREFERRED);
	if (r == 0) {
		r = zk_exists(c->config.zk, NULL, ZK_PATH_PREFERRED);
		if (r == 0) /* somebody made the next one already */
			return preferred_pending(c);
		r = r == ZK_NO_NODE ? 0 : FAIL(r > 0 ? -EPROTO : r);
	}
	return r;
}

int preferred_from_zookeeper(struct controller *c, struct event *e)
{
	(void)e;
	return in_charge(c) ? preferred_pending(c) : 0;
}

/* ---- automatic ---- */

/* The timer's thread. */
void rebalance_timer(void *arg)
{
	struct event *e = event_new("AutoPreferredReplicaLeaderElection", auto_rebalance);

	e->once = true;
	event_queue(arg, e);
}

/* Partitions that prefer `broker`: how many, and those that it does not lead but could. */
struct imbalance {
	size_t all, away;
	struct partition_set could;
};

static void measure(struct controller *c, int32_t broker, struct imbalance *ret)
{
	struct ctl_topic *t, *next;

	*ret = (struct imbalance){ .all = 0 };
	HASH_ITER(hh, c->ctx.topics, t, next)
		for (size_t i = 0; i < t->partitions_n && !t->to_delete; i++) {
			struct ctl_partition *p = t->partitions[i];

			if (p->assignment.replicas.n == 0 || p->assignment.replicas.v[0] != broker)
				continue;
			ret->all++;
			if (!prefers_another(p))
				continue;
			ret->away++;
			if (!p->reassigning && replica_is_online(&c->ctx, p, broker, false) &&
			    int_list_has(p->info.isr, broker))
				partition_set_add(&ret->could, p);
		}
}

int auto_rebalance(struct controller *c, struct event *e)
{
	struct ctl_broker *b, *next;
	int r = 0;

	(void)e;
	if (!in_charge(c))
		return 0;
	log_info("[Controller id=%d] Processing automatic preferred replica leader election", c->config.broker_id);
	HASH_ITER(hh, c->ctx.brokers, b, next) {
		struct imbalance i;

		if (r != 0)
			break;
		measure(c, b->id, &i);
		if (i.all > 0 && i.away * 100 > i.all * (size_t)c->config.imbalance_percent)
			r = elect_preferred(c, &i.could, "AutoTriggered", NULL);
		partition_set_fini(&i.could);
	}
	return r;
}

/* ---- unclean.leader.election.enable became true ---- */

static int unclean_enabled(struct controller *c, struct event *e)
{
	struct ctl_topic *t = e->topic ? context_topic(&c->ctx, e->topic) : NULL;

	if (!in_charge(c) || (e->topic && !t))
		return 0;
	if (t)
		log_info("[Controller id=%d] Unclean leader election has been enabled for topic %s", c->config.broker_id,
		    t->name);
	else
		log_info("[Controller id=%d] Unclean leader election has been enabled by default", c->config.broker_id);
	return partitions_trigger_online(&c->m, t);
}

void controller_unclean_enabled(struct controller *c, struct str topic)
{
	struct event *e;

	if (!controller_is_active(c))
		return;
	e = event_new(topic.len < 0 ? "UncleanLeaderElectionEnable" : "TopicUncleanLeaderElectionEnable", unclean_enabled);
	e->once = true;
	e->topic = str_dup(topic);
	event_queue(c, e);
}

/* ---- ControlledShutdown ---- */

struct shutdown_call {
	int64_t broker_epoch;
	struct topic_partition_ref *left;
	int32_t left_n;
	controller_shutdown_fn *done;
	void *arg;
};

/* Does the broker take part in this partition's shutdown? Single replicas stay where they are. */
static bool concerns(const struct ctl_partition *p)
{
	return p->assignment.replicas.n > 1 && p->has_leader_info && !p->topic->to_delete;
}

/* Followed partitions: stop fetching, leave the ISR. */
static int stop_following(struct controller *c, int32_t broker, const struct partition_set *s)
{
	struct replica_set v = { .v = NULL };
	int r;

	request_batch_begin(&c->batch);
	for (size_t i = 0; i < s->n; i++) {
		request_batch_stop_replica(&c->batch, broker, s->v[i], false);
		replica_set_add(&v, s->v[i], broker);
	}
	request_batch_send(&c->batch);
	r = replicas_move(&c->m, &v, OFFLINE_REPLICA);
	replica_set_fini(&v);
	return r;
}

static void collect_left(struct controller *c, int32_t broker, struct shutdown_call *call)
{
	struct partition_set on = { .v = NULL };

	context_partitions_on(&c->ctx, broker, &on);
	call->left = xcalloc(on.n + 1, sizeof(*call->left));
	for (size_t i = 0; i < on.n; i++)
		if (concerns(on.v[i]) && on.v[i]->info.leader == broker)
			call->left[call->left_n++] =
			    (struct topic_partition_ref){ str_of(on.v[i]->topic->name), on.v[i]->index };
	partition_set_fini(&on);
}

static int shut_down(struct controller *c, struct event *e)
{
	struct partition_set on = { .v = NULL }, led = { .v = NULL }, followed = { .v = NULL };
	struct ctl_broker *b = context_broker(&c->ctx, e->broker);
	struct shutdown_call *call = e->payload;
	int r;

	if (!in_charge(c))
		return KERR_STALE_CONTROLLER_EPOCH; /* sic, not NOT_CONTROLLER (replication.md 21.12) */
	if (!b)
		return KERR_BROKER_NOT_AVAILABLE;
	if (call->broker_epoch != -1 && call->broker_epoch < b->epoch)
		return KERR_STALE_BROKER_EPOCH;
	log_info("[Controller id=%d] Shutting down broker %d", c->config.broker_id, b->id);
	b->shutting_down = true;
	context_partitions_on(&c->ctx, b->id, &on);
	for (size_t i = 0; i < on.n; i++)
		if (concerns(on.v[i]))
			partition_set_add(on.v[i]->info.leader == b->id ? &led : &followed, on.v[i]);
	r = partitions_move(&c->m, &led, ONLINE_PARTITION, ELECT_CONTROLLED_SHUTDOWN, false, NULL);
	if (r == 0)
		r = stop_following(c, b->id, &followed);
	if (r == 0)
		collect_left(c, e->broker, call);
	partition_set_fini(&on);
	partition_set_fini(&led);
	partition_set_fini(&followed);
	return r;
}

static void answer_shutdown(struct controller *c, struct event *e, int r)
{
	struct shutdown_call *call = e->payload;

	(void)c;
	call->done(call->arg, r == KERR_NOT_CONTROLLER ? KERR_STALE_CONTROLLER_EPOCH : r, call->left, call->left_n);
	free(call->left);
}

void controller_controlled_shutdown(struct controller *c, int32_t broker_id, int64_t broker_epoch,
    controller_shutdown_fn *done, void *arg)
{
	struct event *e = event_new("ControlledShutdown", shut_down);
	struct shutdown_call *call = xcalloc(1, sizeof(*call));

	*call = (struct shutdown_call){ .broker_epoch = broker_epoch, .done = done, .arg = arg };
	e->broker = broker_id;
	e->payload = call;
	e->answer = answer_shutdown;
	event_queue(c, e);
}

/* ---- ElectLeaders ---- */

struct elect_call {
	enum election_type type;
	bool all;
	struct topic_partition_ref *refs; /* names owned */
	int *errors;
	int32_t *leaders;
	int32_t n;
	controller_elect_fn *done;
	void *arg;
};

static void elect_all(struct controller *c, struct elect_call *call)
{
	struct partition_set s = { .v = NULL };

	context_all_partitions(&c->ctx, &s);
	call->refs = xcalloc(s.n + 1, sizeof(*call->refs));
	call->n = (int32_t)s.n;
	for (size_t i = 0; i < s.n; i++)
		call->refs[i] = (struct topic_partition_ref){ str_of(xstrdup(s.v[i]->topic->name)), s.v[i]->index };
	partition_set_fini(&s);
}

/* 0: to be elected, *ret is set; else the partition's answer. */
static int needs_election(struct controller *c, const struct elect_call *call, const struct topic_partition_ref *ref,
    struct ctl_partition **ret)
{
	struct ctl_topic *t = context_topic_of(&c->ctx, ref->topic);
	struct ctl_partition *p = t ? topic_partition(t, ref->partition) : NULL;

	if (!p)
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (t->to_delete)
		return KERR_INVALID_TOPIC_EXCEPTION;
	if (call->type == ELECT_PREFERRED && !prefers_another(p))
		return KERR_ELECTION_NOT_NEEDED;
	if (call->type == ELECT_UNCLEAN && p->has_leader_info && p->info.leader != -1 &&
	    context_is_live(&c->ctx, p->info.leader))
		return KERR_ELECTION_NOT_NEEDED;
	*ret = p;
	return 0;
}

static int elect_leaders(struct controller *c, struct event *e)
{
	struct elect_call *call = e->payload;
	struct partition_set s = { .v = NULL };
	int32_t *place;
	int *errors, r;

	if (!in_charge(c))
		return KERR_NOT_CONTROLLER;
	if (call->all)
		elect_all(c, call);
	call->errors = xcalloc((size_t)call->n + 1, sizeof(*call->errors));
	call->leaders = xcalloc((size_t)call->n + 1, sizeof(*call->leaders));
	place = xcalloc((size_t)call->n + 1, sizeof(*place));
	errors = xcalloc((size_t)call->n + 1, sizeof(*errors));
	for (int32_t i = 0; i < call->n; i++) {
		struct ctl_partition *p = NULL;

		call->errors[i] = needs_election(c, call, &call->refs[i], &p);
		if (call->errors[i] == 0) {
			place[s.n] = i;
			partition_set_add(&s, p);
		}
	}
	if (call->type == ELECT_PREFERRED)
		r = elect_preferred(c, &s, "AdminClientTriggered", errors);
	else
		r = partitions_move(&c->m, &s, ONLINE_PARTITION, ELECT_OFFLINE, true, errors);
	for (size_t i = 0; i < s.n; i++) {
		call->errors[place[i]] = errors[i];
		call->leaders[place[i]] = s.v[i]->info.leader;
	}
	partition_set_fini(&s);
	free(place);
	free(errors);
	return r;
}

static void answer_elect(struct controller *c, struct event *e, int r)
{
	struct elect_call *call = e->payload;

	(void)c;
	if (r == KERR_STALE_CONTROLLER_EPOCH || r == -ECONNRESET)
		r = KERR_NOT_CONTROLLER;
	call->done(call->arg, r, call->refs, call->errors, call->leaders, r == 0 ? call->n : 0);
	for (int32_t i = 0; i < call->n; i++)
		free((char *)(uintptr_t)call->refs[i].topic.p);
	free(call->refs);
	free(call->errors);
	free(call->leaders);
}

void controller_elect_leaders(struct controller *c, enum election_type type,
    const struct topic_partition_ref *partitions, int32_t n, controller_elect_fn *done, void *arg)
{
	struct event *e = event_new("ReplicaLeaderElection", elect_leaders);
	struct elect_call *call = xcalloc(1, sizeof(*call));

	*call = (struct elect_call){ .type = type, .all = n < 0, .n = MAX(n, 0), .done = done, .arg = arg };
	if (n >= 0) {
		call->refs = xcalloc((size_t)n + 1, sizeof(*call->refs));
		for (int32_t i = 0; i < n; i++)
			call->refs[i] =
			    (struct topic_partition_ref){ str_of(str_dup(partitions[i].topic)), partitions[i].partition };
	}
	e->payload = call;
	e->answer = answer_elect;
	event_queue(c, e);
}
