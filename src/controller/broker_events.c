/* broker_events.c - brokers that come, go, bounce, change their address, or answer (zookeeper.md 4.9).
 *
 * Thread: the controller's, except broker_answered, which runs on sending threads and only queues.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "controller/controller_priv.h"
#include "controller/partition_states.h"
#include "controller/replica_states.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

#define LOG_CLASS "kafka.controller.KafkaController"
#include "base/logger.h"

/* ---- channels and watches ---- */

static void broker_answered(void *arg, int32_t broker, struct control_request *r)
{
	struct controller *c = arg;
	struct event *e = event_new(r->kind == CONTROL_LEADER_AND_ISR ? "LeaderAndIsrResponseReceived" :
		r->kind == CONTROL_UPDATE_METADATA			      ? "UpdateMetadataResponseReceived" :
										"TopicDeletionStopReplicaResponseReceived",
	    broker_answer);

	e->broker = broker;
	e->reply = r;
	event_queue(c, e);
}

static struct broker_link *link_find(struct controller *c, int32_t id)
{
	struct broker_link *l;

	HASH_FIND(hh, c->links, &id, sizeof(id), l);
	return l;
}

static void link_open(struct controller *c, const struct ctl_broker *b)
{
	struct broker_link *l = xcalloc(1, sizeof(*l));
	struct channel_config config = {
		.controller_id = c->config.broker_id,
		.broker_id = b->id,
		.endpoint = znode_broker_endpoint(&b->info, c->config.listener),
		.open = c->config.open_transport,
		.open_arg = c->config.open_arg,
		.on_answer = broker_answered,
		.arg = c,
	};
	char path[64];

	l->id = b->id;
	l->channel = channel_new(&config);
	l->watch.broker = b->id;
	(void)snprintf(path, sizeof(path), ZK_PATH_BROKER, b->id);
	node_watch_start(c, &l->watch, ZK_WATCH_DATA, path, "BrokerModifications", broker_modified,
	    1u << ZK_EVENT_CHANGED);
	HASH_ADD(hh, c->links, id, sizeof(l->id), l);
}

static void link_close(struct controller *c, int32_t id)
{
	struct broker_link *l = link_find(c, id);

	if (!l)
		return;
	HASH_DEL(c->links, l);
	node_watch_stop(&l->watch);
	channel_free(l->channel);
	free(l);
}

void brokers_forget(struct controller *c)
{
	struct broker_link *l, *next;

	HASH_ITER(hh, c->links, l, next)
		link_close(c, l->id);
}

void broker_send(void *arg, int32_t broker, struct control_request *r)
{
	struct controller *c = arg;
	struct broker_link *l = link_find(c, broker);

	if (l) {
		channel_queue(l->channel, r);
		return;
	}
	log_to(LOG_WARN, "kafka.controller.ControllerChannelManager",
	    "[Channel manager on controller %d]: Not sending request to broker %d, since it is offline.",
	    c->config.broker_id, broker);
	control_request_free(r);
}

void update_metadata_all(struct controller *c)
{
	request_batch_begin(&c->batch);
	request_batch_update_to_all(&c->batch);
	request_batch_send(&c->batch);
}

/* ---- reading ---- */

/* A registration as read. */
struct seen_broker {
	int32_t id;
	int64_t epoch;
	struct znode_broker info;
};
struct seen_brokers {
	struct seen_broker *v;
	size_t n;
};

static void seen_free(struct seen_brokers *s)
{
	for (size_t i = 0; i < s->n; i++)
		znode_broker_fini(&s->v[i].info);
	free(s->v);
}

/* All registrations, the children's watch set. One that cannot be read is left out, with a line. */
static int read_all(struct controller *c, struct seen_brokers *ret)
{
	struct zk_batch b;
	char **names;
	size_t n;
	int r = zk_children(c->config.zk, &names, &n, ZK_PATH_BROKER_IDS);

	*ret = (struct seen_brokers){ .v = NULL };
	if (r != 0)
		return FAIL(r > 0 ? -EPROTO : r);
	ret->v = xcalloc(n + 1, sizeof(*ret->v));
	zk_batch_init(&b, c->config.zk);
	for (size_t i = 0; i < n; i++)
		zk_batch_get(&b, ZK_PATH_BROKER_IDS "/%s", names[i]);
	r = zk_batch_run(&b);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct seen_broker *to = &ret->v[ret->n];
		int64_t id;

		if (b.ops[i]->rc != 0)
			continue; /* gone in between: another event follows */
		if (!str_to_i64(str_of(names[i]), 0, INT32_MAX, &id) ||
		    znode_broker_decode(b.ops[i]->data, b.ops[i]->data_len, &to->info) != 0) {
			log_error("[Controller id=%d] /brokers/ids/%s cannot be read as a broker and is ignored",
			    c->config.broker_id, names[i]);
			continue;
		}
		to->id = (int32_t)id;
		to->epoch = b.ops[i]->stat.czxid;
		ret->n++;
	}
	zk_batch_fini(&b);
	zk_names_free(names, n);
	if (r < 0)
		seen_free(ret);
	return r < 0 ? FAIL(r) : 0;
}

static void broker_add(struct controller *c, struct seen_broker *s)
{
	struct ctl_broker *b = context_add_broker(&c->ctx, s->id, s->epoch, &s->info);

	b->shutting_down = false;
	link_open(c, b);
}

/* Sets the watches of these brokers' nodes. */
static int watch_brokers(struct controller *c, struct int_list ids)
{
	struct zk_batch b;
	int r;

	zk_batch_init(&b, c->config.zk);
	for (size_t i = 0; i < ids.n; i++)
		zk_batch_exists(&b, ZK_PATH_BROKER, ids.v[i]);
	r = zk_batch_run(&b);
	zk_batch_fini(&b);
	return r < 0 ? FAIL(r) : 0;
}

static void list_add(struct int_list *l, int32_t v)
{
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = v;
}

static struct int_list live_brokers(struct controller *c)
{
	struct ctl_broker *b, *next;
	struct int_list l = { .v = NULL };

	HASH_ITER(hh, c->ctx.brokers, b, next)
		list_add(&l, b->id);
	return l;
}

int brokers_read(struct controller *c)
{
	struct seen_brokers seen;
	struct int_list ids;
	char text[512];
	int r = read_all(c, &seen);

	if (r < 0)
		return FAIL(r);
	for (size_t i = 0; i < seen.n; i++) {
		log_info("[Controller id=%d] Initialized broker epochs cache: Map(%d -> %" PRId64 ")", c->config.broker_id,
		    seen.v[i].id, seen.v[i].epoch);
		broker_add(c, &seen.v[i]);
	}
	seen_free(&seen);
	ids = live_brokers(c);
	log_info("[Controller id=%d] Currently active brokers in the cluster: Set(%s)", c->config.broker_id,
	    int_list_text(ids, text, sizeof(text)));
	r = watch_brokers(c, ids);
	int_list_fini(&ids);
	return r;
}

/* ---- coming and going ---- */

/* Replicas on broker `id`, with or without those of topics being deleted. */
static void replicas_on(struct controller *c, int32_t id, struct replica_set *ret)
{
	struct partition_set s = { .v = NULL };

	context_partitions_on(&c->ctx, id, &s);
	for (size_t i = 0; i < s.n; i++)
		replica_set_add(ret, s.v[i], id);
	partition_set_fini(&s);
}

/* UpdateMetadata: who lives to the others, everything to the new ones. */
static void introduce(struct controller *c, struct int_list ids)
{
	struct partition_set all = { .v = NULL };
	struct ctl_broker *b, *next;
	bool others = false;

	request_batch_begin(&c->batch);
	HASH_ITER(hh, c->ctx.brokers, b, next)
		if (!int_list_has(ids, b->id)) {
			request_batch_update_to(&c->batch, b->id);
			others = true;
		}
	if (others)
		request_batch_send(&c->batch);
	request_batch_begin(&c->batch);
	context_all_partitions(&c->ctx, &all);
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i]->has_leader_info && !all.v[i]->topic->to_delete && !all.v[i]->marked) {
			all.v[i]->marked = true;
			partition_set_add(&c->batch.update, all.v[i]);
		}
	for (size_t i = 0; i < ids.n; i++)
		request_batch_update_to(&c->batch, ids.v[i]);
	request_batch_send(&c->batch);
	partition_set_fini(&all);
}

/* Deletions that waited for one of these brokers go on. */
static int resume_deletions(struct controller *c, const struct replica_set *s)
{
	bool any = false;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].p->topic->to_delete) {
			deletion_lift(&c->deletion, s->v[i].p->topic);
			any = true;
		}
	return any ? deletion_resume(&c->deletion) : 0;
}

static int on_startup(struct controller *c, struct int_list ids)
{
	struct replica_set s = { .v = NULL };
	char text[256];
	int r;

	log_info("[Controller id=%d] New broker startup callback for %s", c->config.broker_id,
	    int_list_text(ids, text, sizeof(text)));
	for (size_t i = 0; i < ids.n; i++) {
		context_forget_offline_dirs(&c->ctx, ids.v[i]);
		replicas_on(c, ids.v[i], &s);
	}
	introduce(c, ids);
	r = replicas_move(&c->m, &s, ONLINE_REPLICA);
	if (r == 0)
		r = partitions_trigger_online(&c->m, NULL);
	for (size_t i = 0; i < ids.n && r == 0; i++)
		r = reassignment_resume_for(c, ids.v[i]);
	replica_set_fini(&s);
	for (size_t i = 0; i < ids.n; i++)
		replicas_on(c, ids.v[i], &s);
	if (r == 0)
		r = resume_deletions(c, &s);
	if (r == 0)
		r = watch_brokers(c, ids);
	replica_set_fini(&s);
	return r;
}

int replicas_offline(struct controller *c, const struct replica_set *s)
{
	struct partition_set leaderless = { .v = NULL }, all = { .v = NULL };
	struct replica_set deleting = { .v = NULL }, others = { .v = NULL };
	int r;

	for (size_t i = 0; i < s->n; i++)
		replica_set_add(s->v[i].p->topic->to_delete ? &deleting : &others, s->v[i].p, s->v[i].broker);
	context_all_partitions(&c->ctx, &all);
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i]->has_leader_info && !all.v[i]->topic->to_delete &&
		    partition_may_move(all.v[i]->state, OFFLINE_PARTITION) &&
		    !replica_is_online(&c->ctx, all.v[i], all.v[i]->info.leader, false))
			partition_set_add(&leaderless, all.v[i]);
	r = partitions_move(&c->m, &leaderless, OFFLINE_PARTITION, ELECT_OFFLINE, false, NULL);
	if (r == 0)
		r = partitions_trigger_online(&c->m, NULL);
	if (r == 0)
		r = replicas_move(&c->m, &others, OFFLINE_REPLICA);
	if (r == 0 && deleting.n > 0)
		r = deletion_failed(&c->deletion, &deleting);
	if (r == 0 && deleting.n > 0)
		r = deletion_resume(&c->deletion);
	/* Nothing said who is gone: say it alone. */
	if (r == 0 && others.n == 0 && leaderless.n == 0)
		update_metadata_all(c);
	partition_set_fini(&leaderless);
	partition_set_fini(&all);
	replica_set_fini(&deleting);
	replica_set_fini(&others);
	return r;
}

static int on_failure(struct controller *c, struct int_list ids)
{
	struct replica_set s = { .v = NULL };
	char text[256];
	int r;

	log_info("[Controller id=%d] Broker failure callback for %s", c->config.broker_id,
	    int_list_text(ids, text, sizeof(text)));
	for (size_t i = 0; i < ids.n; i++) {
		context_forget_offline_dirs(&c->ctx, ids.v[i]);
		replicas_on(c, ids.v[i], &s);
	}
	r = replicas_offline(c, &s);
	replica_set_fini(&s);
	return r;
}

/* What changed between the context and what was read. */
struct difference {
	struct int_list fresh, dead, bounced;
};

static void compare(struct controller *c, const struct seen_brokers *seen, struct difference *ret)
{
	struct ctl_broker *b, *next;

	*ret = (struct difference){ .fresh.v = NULL };
	for (size_t i = 0; i < seen->n; i++) {
		b = context_broker(&c->ctx, seen->v[i].id);
		if (!b)
			list_add(&ret->fresh, seen->v[i].id);
		else if (b->epoch < seen->v[i].epoch)
			list_add(&ret->bounced, seen->v[i].id);
	}
	HASH_ITER(hh, c->ctx.brokers, b, next) {
		bool there = false;

		for (size_t i = 0; i < seen->n; i++)
			there |= seen->v[i].id == b->id;
		if (!there)
			list_add(&ret->dead, b->id);
	}
}

static void log_difference(struct controller *c, const struct difference *d, const struct seen_brokers *seen)
{
	struct int_list all = { .v = NULL };
	char a[256], b[256], e[256], l[512];

	for (size_t i = 0; i < seen->n; i++)
		list_add(&all, seen->v[i].id);
	log_info("[Controller id=%d] Newly added brokers: %s, deleted brokers: %s, bounced brokers: %s, all live brokers: %s",
	    c->config.broker_id, int_list_text(d->fresh, a, sizeof(a)), int_list_text(d->dead, b, sizeof(b)),
	    int_list_text(d->bounced, e, sizeof(e)), int_list_text(all, l, sizeof(l)));
	int_list_fini(&all);
}

static void add_seen(struct controller *c, struct seen_brokers *seen, struct int_list ids)
{
	for (size_t i = 0; i < seen->n; i++)
		if (int_list_has(ids, seen->v[i].id))
			broker_add(c, &seen->v[i]);
}

static void drop(struct controller *c, struct int_list ids)
{
	for (size_t i = 0; i < ids.n; i++) {
		link_close(c, ids.v[i]);
		context_remove_broker(&c->ctx, ids.v[i]);
	}
}

static int apply(struct controller *c, struct seen_brokers *seen, const struct difference *d)
{
	int r = 0;

	add_seen(c, seen, d->fresh);
	if (d->fresh.n > 0)
		r = on_startup(c, d->fresh);
	if (r == 0 && d->bounced.n > 0) {
		drop(c, d->bounced);
		r = on_failure(c, d->bounced);
		if (r == 0) {
			add_seen(c, seen, d->bounced);
			r = on_startup(c, d->bounced);
		}
	}
	if (r == 0 && d->dead.n > 0) {
		drop(c, d->dead);
		r = on_failure(c, d->dead);
	}
	return r;
}

int broker_change(struct controller *c, struct event *e)
{
	struct seen_brokers seen;
	struct difference d;
	int r;

	(void)e;
	if (!in_charge(c))
		return 0;
	r = read_all(c, &seen);
	if (r < 0)
		return FAIL(r);
	compare(c, &seen, &d);
	log_difference(c, &d, &seen);
	r = apply(c, &seen, &d);
	int_list_fini(&d.fresh);
	int_list_fini(&d.dead);
	int_list_fini(&d.bounced);
	seen_free(&seen);
	return r;
}

/* The address its channel uses changed: requests may have been lost, so it is told everything again. */
static int reconnect(struct controller *c, const struct ctl_broker *b)
{
	struct replica_set s = { .v = NULL };
	struct int_list ids = { .v = NULL };
	int r;

	list_add(&ids, b->id);
	link_close(c, b->id);
	link_open(c, b);
	introduce(c, ids);
	replicas_on(c, b->id, &s);
	r = replicas_move(&c->m, &s, ONLINE_REPLICA);
	replica_set_fini(&s);
	int_list_fini(&ids);
	return r;
}

static bool same_address(const struct zk_endpoint *a, const struct zk_endpoint *b)
{
	return a == b || (a && b && a->port == b->port && strcmp(a->host, b->host) == 0);
}

static int update_broker(struct controller *c, struct ctl_broker *b, struct znode_broker *info)
{
	bool moved = !same_address(znode_broker_endpoint(&b->info, c->config.listener),
	    znode_broker_endpoint(info, c->config.listener));

	log_info("[Controller id=%d] Broker info update callback for %d", c->config.broker_id, b->id);
	b = context_add_broker(&c->ctx, b->id, b->epoch, info);
	update_metadata_all(c);
	return moved ? reconnect(c, b) : 0;
}

int broker_modified(struct controller *c, struct event *e)
{
	struct ctl_broker *b = context_broker(&c->ctx, e->broker);
	struct zk_value v = ZK_VALUE_INIT;
	struct znode_broker info;
	int r;

	if (!in_charge(c) || !b)
		return 0;
	r = zk_get(c->config.zk, &v, ZK_PATH_BROKER, e->broker); /* sets the watch again */
	if (r != 0)
		return r == ZK_NO_NODE ? 0 : FAIL(r > 0 ? -EPROTO : r);
	r = znode_broker_decode(v.data, v.len, &info);
	zk_value_fini(&v);
	if (r < 0)
		return FAIL(r);
	/* A changed rack alone is ignored, as by Kafka. */
	if (!znode_broker_same_endpoints(&b->info, &info))
		r = update_broker(c, b, &info);
	znode_broker_fini(&info);
	return r;
}

/* ---- answers ---- */

/* One partition's result of a LeaderAndIsr: which log directories fail is learned only here (zookeeper.md 8.4). */
static void note_result(struct ctl_partition *p, int32_t broker, int16_t error, struct replica_set *newly_offline)
{
	struct ctl_replica *r = p ? replica_find(p, broker) : NULL;

	if (!r)
		return;
	if (error == KERR_KAFKA_STORAGE_ERROR && !r->offline_dir) {
		r->offline_dir = true;
		replica_set_add(newly_offline, p, broker);
	} else if (error == 0) {
		r->offline_dir = false;
	}
}

static int leader_and_isr_answer(struct controller *c, int32_t broker, const struct leader_and_isr_response *rsp)
{
	struct replica_set offline = { .v = NULL };
	int r = 0;

	if (rsp->error_code != 0) {
		log_to(LOG_ERROR, "state.change.logger",
		    "[Controller id=%d epoch=%d] Received error %s in LeaderAndIsr response from broker %d",
		    c->config.broker_id, c->ctx.epoch, kerr_name(rsp->error_code), broker);
		return 0;
	}
	for (int32_t i = 0; i < rsp->topics_n; i++) {
		struct ctl_topic *t = context_topic_by_id(&c->ctx, rsp->topics[i].topic_id);

		for (int32_t j = 0; t && j < rsp->topics[i].partition_errors_n; j++)
			note_result(topic_partition(t, rsp->topics[i].partition_errors[j].partition_index), broker,
			    rsp->topics[i].partition_errors[j].error_code, &offline);
	}
	for (int32_t i = 0; i < rsp->partition_errors_n; i++) {
		struct ctl_topic *t = context_topic_of(&c->ctx, rsp->partition_errors[i].topic_name);

		if (t)
			note_result(topic_partition(t, rsp->partition_errors[i].partition_index), broker,
			    rsp->partition_errors[i].error_code, &offline);
	}
	if (offline.n > 0) {
		log_to(LOG_INFO, "state.change.logger",
		    "[Controller id=%d epoch=%d] Mark %zu replicas on broker %d as offline", c->config.broker_id,
		    c->ctx.epoch, offline.n, broker);
		r = replicas_offline(c, &offline);
	}
	replica_set_fini(&offline);
	return r;
}

static int16_t stop_error(const struct stop_replica_response *rsp, struct str topic, int32_t index)
{
	if (rsp->error_code != 0)
		return rsp->error_code;
	for (int32_t i = 0; i < rsp->partition_errors_n; i++)
		if (rsp->partition_errors[i].partition_index == index && str_eq(rsp->partition_errors[i].topic_name, topic))
			return rsp->partition_errors[i].error_code;
	return 0;
}

/* Only deletions of topics whose deletion has begun matter. */
static int stop_replica_answer(struct controller *c, int32_t broker, const struct stop_replica_request *req,
    const struct stop_replica_response *rsp)
{
	struct replica_set done = { .v = NULL }, failed = { .v = NULL };
	int r = 0;

	for (int32_t i = 0; i < req->topic_states_n; i++) {
		struct ctl_topic *t = context_topic_of(&c->ctx, req->topic_states[i].topic_name);

		for (int32_t j = 0; t && t->deletion_started && j < req->topic_states[i].partition_states_n; j++) {
			int32_t index = req->topic_states[i].partition_states[j].partition_index;
			struct ctl_partition *p = topic_partition(t, index);

			if (p && req->topic_states[i].partition_states[j].delete_partition)
				replica_set_add(stop_error(rsp, req->topic_states[i].topic_name, index) ? &failed : &done,
				    p, broker);
		}
	}
	if (failed.n > 0)
		r = deletion_failed(&c->deletion, &failed);
	if (r == 0 && done.n > 0)
		r = deletion_completed(&c->deletion, &done);
	if (r == 0 && failed.n + done.n > 0)
		r = deletion_resume(&c->deletion);
	replica_set_fini(&done);
	replica_set_fini(&failed);
	return r;
}

int broker_answer(struct controller *c, struct event *e)
{
	const struct control_request *r = e->reply;

	/* The answer may be to a request of a former term, or of a broker that left. */
	if (!in_charge(c) || !context_broker(&c->ctx, e->broker))
		return 0;
	switch (r->kind) {
	case CONTROL_LEADER_AND_ISR:
		if (r->leader_and_isr->controller_epoch != c->ctx.epoch)
			return 0;
		return leader_and_isr_answer(c, e->broker, r->leader_and_isr_response);
	case CONTROL_STOP_REPLICA:
		if (r->stop_replica->controller_epoch != c->ctx.epoch)
			return 0;
		return stop_replica_answer(c, e->broker, r->stop_replica, r->stop_replica_response);
	case CONTROL_UPDATE_METADATA:
		if (r->update_metadata_response->error_code != 0)
			log_to(LOG_ERROR, "state.change.logger",
			    "[Controller id=%d epoch=%d] Received error %s in UpdateMetadata response from broker %d",
			    c->config.broker_id, c->ctx.epoch, kerr_name(r->update_metadata_response->error_code),
			    e->broker);
		return 0;
	}
	return 0;
}
