/* reassignment.c - moving a partition to other brokers (zookeeper.md 4.12).
 *
 * A reassignment is in the topic's znode: replicas = target first, then the leaving ones; adding and removing name the
 * difference. It is complete when all of the target is in the stored ISR. The znode's final write comes last, so that
 * the next controller can go on from what is stored. Thread: the controller's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "controller/controller_priv.h"
#include "controller/partition_states.h"
#include "controller/replica_states.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"

#define LOG_CLASS "kafka.controller.KafkaController"
#include "base/logger.h"

/* ---- pieces ---- */

static int move_replicas(struct controller *c, struct ctl_partition *p, struct int_list brokers, enum replica_state to)
{
	struct replica_set s = { .v = NULL };
	int r;

	for (size_t i = 0; i < brokers.n; i++)
		replica_set_add(&s, p, brokers.v[i]);
	r = replicas_move(&c->m, &s, to);
	replica_set_fini(&s);
	return r;
}

/* Out of the ISR, stopped, deleted, forgotten; without waiting for answers, as Kafka does. */
static int stop_replicas(struct controller *c, struct ctl_partition *p, struct int_list brokers)
{
	static const enum replica_state steps[] = { OFFLINE_REPLICA, REPLICA_DELETION_STARTED, REPLICA_DELETION_SUCCESSFUL,
		NON_EXISTENT_REPLICA };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(steps) && r == 0 && brokers.n > 0; i++)
		r = move_replicas(c, p, brokers, steps[i]);
	return r;
}

/* Raises the leader epoch in the stored state, leader and ISR as they are. */
static int raise_epoch(struct controller *c, struct ctl_partition *p)
{
	struct stored_state stored = { .rc = 0 };
	int rc = ZK_BAD_VERSION, r = 0;
	int32_t version;

	while (rc == ZK_BAD_VERSION && r == 0) {
		r = c->store.store.read(&c->store, &p, 1, &stored);
		if (r != 0 || stored.rc != 0)
			break;
		if (stored.state.controller_epoch > c->ctx.epoch) {
			r = KERR_STALE_CONTROLLER_EPOCH;
		} else {
			stored.state.leader_epoch++;
			stored.state.controller_epoch = c->ctx.epoch;
			r = c->store.store.write(&c->store, &p, &stored.state, 1, &rc, &version);
		}
		if (r == 0 && rc == 0) {
			stored.state.partition_epoch = version;
			partition_set_info(p, &stored.state);
			log_info("[Controller id=%d] Updated leader epoch for partition %s-%d to %d, zkVersion=%d",
			    c->config.broker_id, p->topic->name, p->index, p->info.leader_epoch, version);
		}
		znode_state_fini(&stored.state);
	}
	if (r == 0 && (stored.rc != 0 || rc != 0))
		r = -ENODATA;
	return r < 0 ? FAIL(r) : r;
}

/* With a new leader epoch, everybody in origin and adding learns of the assignment in memory. */
static int announce(struct controller *c, struct ctl_partition *p)
{
	struct int_list origin = assignment_origin(&p->assignment);
	int r = raise_epoch(c, p);

	if (r == 0) {
		request_batch_begin(&c->batch);
		request_batch_leader_and_isr_all(&c->batch, origin, p, false);
		request_batch_leader_and_isr_all(&c->batch, p->assignment.adding, p, true);
		request_batch_send(&c->batch);
	}
	int_list_fini(&origin);
	return r;
}

static int caught_up(struct controller *c, struct ctl_partition *p, bool *ret)
{
	struct int_list target = assignment_target(&p->assignment);
	struct stored_state stored = { .rc = 0 };
	int r = 0;

	*ret = true;
	if (p->assignment.adding.n > 0 || p->assignment.removing.n > 0) {
		r = c->store.store.read(&c->store, &p, 1, &stored);
		for (size_t i = 0; i < target.n && r == 0; i++)
			*ret = *ret && stored.rc == 0 && int_list_has(stored.state.isr, target.v[i]);
		znode_state_fini(&stored.state);
	}
	int_list_fini(&target);
	return r;
}

/* ---- /admin/reassign_partitions, for old tools ---- */

/* Reads the node. 0, ZK_NO_NODE, -errno; -EBADMSG when it is not readable. */
static int read_node(struct controller *c, struct znode_partitions *ret)
{
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_get(c->config.zk, &v, ZK_PATH_REASSIGN);

	*ret = ZNODE_PARTITIONS_INIT;
	if (r == 0)
		r = znode_reassign_decode(v.data, v.len, ret);
	zk_value_fini(&v);
	return r > 0 && r != ZK_NO_NODE ? FAIL(-EPROTO) : r;
}

/* Removes a partition's entry (`target` NULL: whatever it says), and the node with the last one. */
static int remove_entry(struct controller *c, const char *topic, int32_t index, const struct int_list *target)
{
	struct znode_partitions p;
	size_t n = 0, before;
	char *text;
	int r = read_node(c, &p);

	if (r == ZK_NO_NODE || r == -EBADMSG)
		return 0;
	if (r < 0)
		return FAIL(r);
	before = p.n;
	for (size_t i = 0; i < p.n; i++) {
		struct zk_partition_ref *ref = &p.refs[i];

		if (strcmp(ref->topic, topic) == 0 && ref->partition == index &&
		    (!target || int_list_eq(ref->replicas, *target))) {
			free(ref->topic);
			int_list_fini(&ref->replicas);
		} else {
			p.refs[n++] = *ref;
		}
	}
	p.n = n;
	if (n == 0) {
		log_info("[Controller id=%d] No more partitions need to be reassigned. Deleting zk path %s",
		    c->config.broker_id, ZK_PATH_REASSIGN);
		r = zk_store_delete(&c->store, ZK_PATH_REASSIGN);
	} else if (n < before) {
		text = znode_reassign_encode(&p);
		r = zk_store_set(&c->store, ZK_PATH_REASSIGN, text);
		free(text);
	}
	znode_partitions_fini(&p);
	return r;
}

/* ---- the course of a reassignment ---- */

/* Below inter.broker.protocol.version 2.7-IV2 leaders write the ISR themselves, and their notification takes seconds: the
 * state is watched. Every look at whether it has caught up sets the watch again. */
static void watch_state(struct controller *c, struct ctl_partition *p)
{
	char path[sizeof(ZK_PATH_PARTITION_STATE) + TOPIC_NAME_MAX + 16];

	if (c->config.metadata_version >= METADATA_VERSION_2_7_IV2 || p->watch)
		return;
	(void)snprintf(path, sizeof(path), ZK_PATH_PARTITION_STATE, p->topic->name, p->index);
	p->watch = xcalloc(1, sizeof(*p->watch));
	p->watch->node.topic = xstrdup(p->topic->name);
	p->watch->node.broker = p->index;
	node_watch_start(c, &p->watch->node, ZK_WATCH_DATA, path, "PartitionReassignmentIsrChange", reassigning_changed,
	    1u << ZK_EVENT_CHANGED);
}

void reassignment_unwatch(struct ctl_partition *p)
{
	if (!p->watch)
		return;
	node_watch_stop(&p->watch->node);
	free(p->watch);
	p->watch = NULL;
}

/* Step 2: the new assignment is stored, then known; replicas of a superseded target go. Takes `a`. */
static int store_assignment(struct controller *c, struct ctl_partition *p, struct znode_assignment *a)
{
	struct znode_assignment old;
	struct int_list dropped;
	int r;

	p->reassigning = true;
	watch_state(c, p);
	if (assignment_eq(&p->assignment, a)) {
		assignment_fini(a);
		return 0;
	}
	old = assignment_copy(&p->assignment);
	partition_set_assignment(p, a);
	r = zk_store_write_topic(&c->store, p->topic);
	if (r != 0) {
		partition_set_assignment(p, &old);
		return r;
	}
	log_info("[Controller id=%d] Successfully updated assignment of partition %s-%d", c->config.broker_id,
	    p->topic->name, p->index);
	dropped = int_list_minus(old.replicas, p->assignment.replicas);
	r = stop_replicas(c, p, dropped);
	int_list_fini(&dropped);
	assignment_fini(&old);
	return r;
}

/* A leader that is in the target and alive stays, with a new epoch; else the target elects one. */
static int settle_leader(struct controller *c, struct ctl_partition *p)
{
	struct partition_set s = { .v = NULL };
	bool in = int_list_has(p->assignment.replicas, p->info.leader);
	bool alive = replica_is_online(&c->ctx, p, p->info.leader, false);
	int r;

	log_info("[Controller id=%d] Leader %d for partition %s-%d being reassigned, is %s", c->config.broker_id,
	    p->info.leader, p->topic->name, p->index,
	    !in	      ? "not in the new list of replicas. Re-electing leader" :
		alive ? "already in the new list of replicas and is alive" :
			"already in the new list of replicas but is dead");
	if (in && alive)
		return announce(c, p);
	partition_set_add(&s, p);
	r = partitions_move(&c->m, &s, ONLINE_PARTITION, ELECT_REASSIGN, false, NULL);
	partition_set_fini(&s);
	return r;
}

/* Steps B1 to B8. */
static int finish(struct controller *c, struct ctl_partition *p)
{
	struct int_list adding = int_list_copy(p->assignment.adding), removing = int_list_copy(p->assignment.removing);
	struct znode_assignment done = { .partition = p->index, .replicas = assignment_target(&p->assignment) };
	struct int_list target = int_list_copy(done.replicas);
	int r = move_replicas(c, p, adding, ONLINE_REPLICA);

	log_info("[Controller id=%d] Target replicas have all caught up with the leader for reassigning partition %s-%d",
	    c->config.broker_id, p->topic->name, p->index);
	if (r == 0) {
		partition_set_assignment(p, &done);
		r = settle_leader(c, p);
	}
	if (r == 0)
		r = stop_replicas(c, p, removing);
	if (r == 0)
		r = zk_store_write_topic(&c->store, p->topic);
	if (r == 0)
		r = remove_entry(c, p->topic->name, p->index, &target);
	if (r == 0) {
		p->reassigning = false;
		reassignment_unwatch(p);
		request_batch_begin(&c->batch);
		request_batch_update(&c->batch, p);
		request_batch_send(&c->batch);
		deletion_lift(&c->deletion, p->topic);
		if (p->topic->to_delete)
			r = deletion_resume(&c->deletion);
	}
	assignment_fini(&done);
	int_list_fini(&target);
	int_list_fini(&adding);
	int_list_fini(&removing);
	return r;
}

/* Takes `a`. */
static int reassign(struct controller *c, struct ctl_partition *p, struct znode_assignment *a)
{
	bool complete = false;
	int r;

	deletion_halt(&c->deletion, p->topic, "topic reassignment in progress");
	r = store_assignment(c, p, a);
	if (r == 0)
		r = caught_up(c, p, &complete);
	if (r == 0 && complete)
		return finish(c, p);
	if (r == 0)
		r = announce(c, p);
	if (r == 0)
		r = move_replicas(c, p, p->assignment.adding, NEW_REPLICA);
	return r;
}

int reassignment_check(struct controller *c, struct ctl_partition *p)
{
	bool complete = false;
	int r;

	if (!p->reassigning)
		return 0;
	r = caught_up(c, p, &complete);
	return r == 0 && complete ? finish(c, p) : r;
}

int reassigning_changed(struct controller *c, struct event *e)
{
	struct ctl_topic *t = in_charge(c) ? context_topic(&c->ctx, e->topic) : NULL;
	struct ctl_partition *p = t ? topic_partition(t, e->broker) : NULL;

	return p ? reassignment_check(c, p) : 0;
}

/* One partition in trouble does not keep the others, or the term, from going on. Takes `a`. */
static int try_reassign(struct controller *c, struct ctl_partition *p, struct znode_assignment *a)
{
	char text[256];
	int r = reassign(c, p, a);

	if (r < 0 && r != -ECONNRESET && r != -ESHUTDOWN) {
		log_error("[Controller id=%d] Error completing reassignment of partition %s-%d: %s", c->config.broker_id,
		    p->topic->name, p->index, error_text(r, text, sizeof(text)));
		return 0;
	}
	return r;
}

int reassignment_start(struct controller *c, struct ctl_partition *p, struct int_list target)
{
	struct znode_assignment a = assignment_reassign_to(&p->assignment, target);
	int r = remove_entry(c, p->topic->name, p->index, NULL); /* the latest word counts */

	if (r != 0) {
		assignment_fini(&a);
		return r;
	}
	return reassign(c, p, &a);
}

static int resume(struct controller *c, struct ctl_partition *p)
{
	struct znode_assignment same = assignment_copy(&p->assignment);

	return try_reassign(c, p, &same);
}

int reassignment_resume_for(struct controller *c, int32_t broker)
{
	struct partition_set s = { .v = NULL };
	int r = 0;

	context_partitions_on(&c->ctx, broker, &s);
	for (size_t i = 0; i < s.n && r == 0; i++)
		if (s.v[i]->reassigning && !int_list_has(s.v[i]->assignment.removing, broker))
			r = resume(c, s.v[i]);
	partition_set_fini(&s);
	return r;
}

/* ---- the node of old tools ---- */

/* One entry: 0 also when it cannot be done, then it is removed from the node. */
static int start_entry(struct controller *c, const struct zk_partition_ref *ref)
{
	struct ctl_topic *t = context_topic(&c->ctx, ref->topic);
	struct ctl_partition *p = t ? topic_partition(t, ref->partition) : NULL;
	struct znode_assignment a;

	if (!p || t->to_delete || ref->replicas.n == 0 || p->assignment.replicas.n == 0)
		return remove_entry(c, ref->topic, ref->partition, NULL);
	a = assignment_reassign_to(&p->assignment, ref->replicas);
	return try_reassign(c, p, &a);
}

static int start_entries(struct controller *c)
{
	struct znode_partitions wanted;
	int r = zk_exists(c->config.zk, NULL, ZK_PATH_REASSIGN); /* sets the watch, present or not */

	if (r == 0)
		r = read_node(c, &wanted);
	if (r == ZK_NO_NODE)
		return 0;
	if (r == -EBADMSG) {
		log_warn("[Controller id=%d] %s cannot be read and is ignored", c->config.broker_id, ZK_PATH_REASSIGN);
		return 0;
	}
	if (r != 0)
		return FAIL(r > 0 ? -EPROTO : r);
	for (size_t i = 0; i < wanted.n && r == 0; i++)
		r = start_entry(c, &wanted.refs[i]);
	znode_partitions_fini(&wanted);
	return r;
}

int reassign_from_zookeeper(struct controller *c, struct event *e)
{
	(void)e;
	return in_charge(c) ? start_entries(c) : 0;
}

int reassignments_start(struct controller *c)
{
	struct partition_set all = { .v = NULL };
	int r;

	context_all_partitions(&c->ctx, &all);
	r = start_entries(c);
	for (size_t i = 0; i < all.n && r == 0; i++)
		if (all.v[i]->reassigning && !all.v[i]->topic->to_delete)
			r = resume(c, all.v[i]);
	partition_set_fini(&all);
	return r;
}
