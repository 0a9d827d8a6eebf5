/* alter_partition.c - AlterPartition: a leader changes its ISR (zookeeper.md 4.14).
 *
 * A proposal is checked against what the controller knows, then written, conditional on the partition epoch; the order
 * of the checks is Kafka's, because leaders act on each code differently. Thread: the controller's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "controller/controller_priv.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

#define LOG_CLASS "kafka.controller.KafkaController"
#include "base/logger.h"

#define BY_ID_SINCE	   2
#define RECOVERY_SINCE	   1
#define WITH_EPOCHS_SINCE  3

typedef struct alter_partition_request_topic_data in_topic;
typedef struct alter_partition_request_partition_data in_partition;
typedef struct alter_partition_response_topic_data out_topic;
typedef struct alter_partition_response_partition_data out_partition;

struct alter_call {
	struct arena *a;
	int16_t version;
	const struct alter_partition_request *req;
	struct alter_partition_response *out;
	controller_done_fn *done;
	void *arg;
	struct partition_set named, changed; /* known ones of the request; those that succeeded */
};

/* ISR ids of a proposal; owned by the caller. */
static struct int_list proposed_isr(const struct alter_call *call, const in_partition *in)
{
	struct int_list l = { .v = NULL };

	if (call->version < WITH_EPOCHS_SINCE)
		return int_list_of(in->new_isr, (size_t)in->new_isr_n);
	l.v = xcalloc((size_t)in->new_isr_with_epochs_n + 1, sizeof(*l.v));
	for (int32_t i = 0; i < in->new_isr_with_epochs_n; i++)
		l.v[l.n++] = in->new_isr_with_epochs[i].broker_id;
	return l;
}

static bool all_live(struct controller *c, struct int_list isr)
{
	for (size_t i = 0; i < isr.n; i++)
		if (!context_is_live(&c->ctx, isr.v[i]))
			return false;
	return true;
}

static bool already_so(const struct ctl_partition *p, const struct znode_state *next, int32_t partition_epoch)
{
	return partition_epoch <= p->info.partition_epoch && next->leader == p->info.leader &&
	    next->leader_epoch == p->info.leader_epoch && next->recovery == p->info.recovery &&
	    int_list_eq(next->isr, p->info.isr);
}

/* May this broker propose this set? Kafka with ZooKeeper does not ask, and would make whoever knows the epochs the leader. */
static bool allowed(const struct ctl_partition *p, const struct znode_state *next)
{
	for (size_t i = 0; i < next->isr.n; i++)
		if (!int_list_has(p->assignment.replicas, next->isr.v[i]))
			return false;
	return next->leader == p->info.leader && int_list_has(next->isr, next->leader);
}

/* 0: to be written; -EALREADY: success as it is; KERR otherwise. */
static int check(struct controller *c, const struct alter_call *call, const struct ctl_partition *p,
    const in_partition *in, const struct znode_state *next)
{
	if (!p->has_leader_info)
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (in->partition_epoch > p->info.partition_epoch || in->leader_epoch > p->info.leader_epoch)
		return KERR_NOT_CONTROLLER; /* we are behind: somebody else decided */
	if (in->leader_epoch < p->info.leader_epoch)
		return KERR_FENCED_LEADER_EPOCH;
	if (already_so(p, next, in->partition_epoch))
		return -EALREADY;
	if (in->partition_epoch < p->info.partition_epoch)
		return KERR_INVALID_UPDATE_VERSION;
	if (next->recovery == LEADER_RECOVERING && (next->isr.n > 1 || p->info.recovery == LEADER_RECOVERED))
		return KERR_INVALID_REQUEST;
	if (next->isr.n == 0)
		return KERR_INVALID_REQUEST; /* would leave nobody who could lead again */
	if (!all_live(c, next->isr)) {
		log_info("[Controller id=%d] Rejecting AlterPartition request from node %d for %s-%d because it specified "
			 "ineligible replicas in the new ISR.",
		    c->config.broker_id, call->req->broker_id, p->topic->name, p->index);
		return call->version <= 1 ? KERR_OPERATION_NOT_ATTEMPTED : KERR_INELIGIBLE_REPLICA;
	}
	if (!allowed(p, next)) {
		log_warn("[Controller id=%d] Rejecting AlterPartition request from node %d for %s-%d because it is not the leader, or "
			 "the new ISR lacks the leader or names brokers without a replica.",
		    c->config.broker_id, call->req->broker_id, p->topic->name, p->index);
		return KERR_INVALID_REQUEST;
	}
	return 0;
}

static int write_state(struct controller *c, struct ctl_partition *p, struct znode_state *next)
{
	int32_t version;
	int rc, r = c->store.store.write(&c->store, &p, next, 1, &rc, &version);

	if (r != 0)
		return r;
	if (rc == ZK_BAD_VERSION) {
		log_info("[Controller id=%d] Failed to update ISR for partition %s-%d, bad ZK version.", c->config.broker_id,
		    p->topic->name, p->index);
		return KERR_INVALID_UPDATE_VERSION;
	}
	if (rc != 0)
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	next->partition_epoch = version;
	partition_set_info(p, next);
	return 0;
}

/* 0 or KERR for this partition; KERR_STALE_CONTROLLER_EPOCH and < 0 end the event. */
static int alter_one(struct controller *c, struct alter_call *call, struct ctl_partition *p, const in_partition *in)
{
	struct znode_state next = {
		.leader = call->req->broker_id,
		.leader_epoch = in->leader_epoch,
		.isr = proposed_isr(call, in),
		.controller_epoch = c->ctx.epoch,
		.recovery = call->version < RECOVERY_SINCE ? p->info.recovery : in->leader_recovery_state,
		.partition_epoch = in->partition_epoch,
	};
	int r;

	if (next.recovery < LEADER_RECOVERED || next.recovery > LEADER_RECOVERING)
		r = KERR_INVALID_REQUEST;
	else
		r = check(c, call, p, in, &next);
	if (r == 0)
		r = write_state(c, p, &next);
	else if (r == -EALREADY)
		r = 0;
	znode_state_fini(&next);
	return r;
}

static int fill_success(struct alter_call *call, const struct ctl_partition *p, out_partition *out)
{
	out->leader_id = p->info.leader;
	out->leader_epoch = p->info.leader_epoch;
	out->partition_epoch = p->info.partition_epoch;
	out->leader_recovery_state = (int8_t)p->info.recovery;
	out->isr = arena_array(call->a, p->info.isr.n, sizeof(int32_t));
	if (!out->isr)
		return FAIL(-ENOMEM);
	for (size_t i = 0; i < p->info.isr.n; i++)
		out->isr[out->isr_n++] = p->info.isr.v[i];
	return 0;
}

static int alter_partition_entry(struct controller *c, struct alter_call *call, struct ctl_topic *t,
    const in_partition *in, out_partition *out)
{
	struct ctl_partition *p = t ? topic_partition(t, in->partition_index) : NULL;
	int r;

	out->partition_index = in->partition_index;
	if (!p) {
		out->error_code = !t && call->version >= BY_ID_SINCE ? KERR_UNKNOWN_TOPIC_ID :
									KERR_UNKNOWN_TOPIC_OR_PARTITION;
		return 0;
	}
	partition_set_add(&call->named, p);
	r = alter_one(c, call, p, in);
	if (r == KERR_STALE_CONTROLLER_EPOCH || r < 0)
		return r;
	out->error_code = (int16_t)r;
	if (r != 0)
		return 0;
	partition_set_add(&call->changed, p);
	return fill_success(call, p, out);
}

static int alter_topic(struct controller *c, struct alter_call *call, const in_topic *in, out_topic *out)
{
	struct ctl_topic *t = call->version >= BY_ID_SINCE ? context_topic_by_id(&c->ctx, in->topic_id) :
							     context_topic_of(&c->ctx, in->topic_name);
	int r = 0;

	out->topic_name = in->topic_name;
	out->topic_id = in->topic_id;
	out->partitions = CODEC_NEW(call->a, alter_partition_response_partition_data, (size_t)in->partitions_n);
	if (!out->partitions)
		return FAIL(-ENOMEM);
	out->partitions_n = in->partitions_n;
	for (int32_t i = 0; i < in->partitions_n && r == 0; i++)
		r = alter_partition_entry(c, call, t, &in->partitions[i], &out->partitions[i]);
	return r;
}

/* Everybody learns of all partitions named, also of refused ones: the sender may not know the current state. */
static int spread(struct controller *c, struct alter_call *call)
{
	int r = 0;

	request_batch_begin(&c->batch);
	for (size_t i = 0; i < call->named.n; i++)
		request_batch_update(&c->batch, call->named.v[i]);
	if (call->named.n > 0)
		request_batch_send(&c->batch);
	for (size_t i = 0; i < call->changed.n && r == 0; i++)
		r = reassignment_check(c, call->changed.v[i]);
	return r;
}

static int alter(struct controller *c, struct event *e)
{
	struct alter_call *call = e->payload;
	const struct ctl_broker *b = context_broker(&c->ctx, call->req->broker_id);
	int r = 0;

	if (!in_charge(c)) {
		call->out->error_code = KERR_NOT_CONTROLLER;
		return 0;
	}
	if (!b || b->epoch != call->req->broker_epoch) {
		log_info("[Controller id=%d] Ignoring AlterPartition due to %s broker %d (epoch %" PRId64 ")",
		    c->config.broker_id, b ? "stale epoch of" : "unknown", call->req->broker_id, call->req->broker_epoch);
		call->out->error_code = KERR_STALE_BROKER_EPOCH;
		return 0;
	}
	call->out->topics = CODEC_NEW(call->a, alter_partition_response_topic_data, (size_t)call->req->topics_n);
	if (!call->out->topics)
		return FAIL(-ENOMEM);
	call->out->topics_n = call->req->topics_n;
	for (int32_t i = 0; i < call->req->topics_n && r == 0; i++)
		r = alter_topic(c, call, &call->req->topics[i], &call->out->topics[i]);
	return r == 0 ? spread(c, call) : r;
}

static void answer(struct controller *c, struct event *e, int r)
{
	struct alter_call *call = e->payload;

	(void)c;
	partition_set_fini(&call->named);
	partition_set_fini(&call->changed);
	if (r > 0 || r == -ECONNRESET) { /* the leader finds the new controller and tries again */
		call->out->topics_n = 0;
		call->out->error_code = KERR_NOT_CONTROLLER;
		r = 0;
	}
	call->done(call->arg, r);
}

void controller_alter_partition(struct controller *c, struct arena *a, int16_t version,
    const struct alter_partition_request *req, struct alter_partition_response *out, controller_done_fn *done,
    void *arg)
{
	struct event *e = event_new("AlterPartition", alter);
	struct alter_call *call = xcalloc(1, sizeof(*call));

	*call = (struct alter_call){ .a = a, .version = version, .req = req, .out = out, .done = done, .arg = arg };
	e->payload = call;
	e->answer = answer;
	event_queue(c, e);
}
