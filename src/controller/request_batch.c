/* request_batch.c - see request_batch.h. Requests live in an arena of their own, because they are sent by other
 * threads while the context changes. */
#include "controller/request_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "controller/control_layout.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "protocol/metadata_version.h"

#define LOG_CLASS "state.change.logger"
#include "base/logger.h"

#define LEADER_DURING_DELETE	   (-2)
#define EPOCH_DURING_DELETE	   (-2)
#define EPOCH_UNKNOWN		   (-1)

typedef struct leader_and_isr_request_leader_and_isr_partition_state lisr_partition;
typedef struct leader_and_isr_request_leader_and_isr_topic_state lisr_topic;
typedef struct leader_and_isr_request_leader_and_isr_live_leader lisr_leader;
typedef struct update_metadata_request_update_metadata_partition_state umr_partition;
typedef struct update_metadata_request_update_metadata_topic_state umr_topic;
typedef struct update_metadata_request_update_metadata_broker umr_broker;
typedef struct update_metadata_request_update_metadata_endpoint umr_endpoint;
typedef struct stop_replica_request_stop_replica_partition_state stop_partition;
typedef struct stop_replica_request_stop_replica_topic_state stop_topic;

void request_batch_init(struct request_batch *b, int32_t controller_id, const struct context *ctx,
    const char *listener, int metadata_version, void (*send)(void *arg, int32_t broker, struct control_request *r),
    void *arg)
{
	*b = (struct request_batch){ .controller_id = controller_id, .ctx = ctx, .listener = listener,
		.metadata_version = metadata_version, .send = send, .arg = arg };
}

void request_batch_begin(struct request_batch *b)
{
	for (size_t i = 0; i < b->update.n; i++)
		b->update.v[i]->marked = false;
	b->leader_and_isr.n = b->stop_replica.n = b->update.n = 0;
	b->update_all = false;
	int_list_fini(&b->update_brokers);
}

void request_batch_fini(struct request_batch *b)
{
	request_batch_begin(b);
	free(b->leader_and_isr.v);
	free(b->stop_replica.v);
	partition_set_fini(&b->update);
}

/* ---- collecting ---- */

static void add(struct batch_entries *e, struct ctl_partition *p, int32_t broker, bool flag)
{
	e->v = grow_array(e->v, &e->cap, e->n + 1, sizeof(*e->v));
	e->v[e->n++] = (struct batch_entry){ p, broker, flag };
}

void request_batch_leader_and_isr(struct request_batch *b, int32_t broker, struct ctl_partition *p, bool is_new)
{
	if (broker >= 0)
		add(&b->leader_and_isr, p, broker, is_new);
	request_batch_update(b, p);
}

void request_batch_leader_and_isr_all(struct request_batch *b, struct int_list brokers, struct ctl_partition *p,
    bool is_new)
{
	for (size_t i = 0; i < brokers.n; i++)
		request_batch_leader_and_isr(b, brokers.v[i], p, is_new);
	request_batch_update(b, p);
}

void request_batch_stop_replica(struct request_batch *b, int32_t broker, struct ctl_partition *p, bool remove)
{
	add(&b->stop_replica, p, broker, remove);
}

void request_batch_update(struct request_batch *b, struct ctl_partition *p)
{
	b->update_all = true;
	if (p->marked)
		return;
	p->marked = true;
	partition_set_add(&b->update, p);
}

void request_batch_update_to(struct request_batch *b, int32_t broker)
{
	struct int_list *l = &b->update_brokers;

	if (int_list_has(*l, broker))
		return;
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = broker;
}

void request_batch_update_to_all(struct request_batch *b)
{
	b->update_all = true;
}

/* ---- building ---- */

static int by_place(const struct ctl_partition *x, const struct ctl_partition *y)
{
	int r = x->topic == y->topic ? 0 : strcmp(x->topic->name, y->topic->name);

	return r != 0 ? r : x->index < y->index ? -1 : x->index > y->index;
}

static int by_broker(const void *a, const void *b)
{
	const struct batch_entry *x = a, *y = b;

	if (x->broker != y->broker)
		return x->broker < y->broker ? -1 : 1;
	return by_place(x->p, y->p);
}

static int by_partition(const void *a, const void *b)
{
	return by_place(*(struct ctl_partition *const *)a, *(struct ctl_partition *const *)b);
}

/* Sorted by broker and partition, one entry each; flags are or-ed. */
static void sort_entries(struct batch_entries *e)
{
	size_t n = 0;

	qsort(e->v, e->n, sizeof(*e->v), by_broker);
	for (size_t i = 0; i < e->n; i++) {
		if (n > 0 && e->v[n - 1].broker == e->v[i].broker && e->v[n - 1].p == e->v[i].p)
			e->v[n - 1].flag |= e->v[i].flag;
		else
			e->v[n++] = e->v[i];
	}
	e->n = n;
}

/* How many entries from the first on are of its topic. */
static size_t same_topic(const struct batch_entry *e, size_t n)
{
	size_t k = 1;

	while (k < n && e[k].p->topic == e[0].p->topic)
		k++;
	return k;
}

static size_t same_topic_partitions(struct ctl_partition *const *p, size_t n)
{
	size_t k = 1;

	while (k < n && p[k]->topic == p[0]->topic)
		k++;
	return k;
}

static void *take(struct control_request *r, size_t n, size_t size)
{
	void *p = arena_array(&r->arena, n, size);

	if (!p)
		abort(); /* the arena has no limit: out of memory */
	return p;
}

/* A request with the defaults of its message, whose answer is wanted. */
static struct control_request *new_request(enum control_kind kind, const struct schema *s)
{
	struct control_request *r = control_request_new(kind);
	void *message = codec_new(s, &r->arena, 1);

	if (!message)
		abort(); /* as above */
	r->report = true;
	if (kind == CONTROL_LEADER_AND_ISR)
		r->leader_and_isr = message;
	else if (kind == CONTROL_UPDATE_METADATA)
		r->update_metadata = message;
	else
		r->stop_replica = message;
	return r;
}

static struct str text(struct control_request *r, const char *s)
{
	return s ? arena_str(&r->arena, s) : STR_NULL;
}

static int32_t *ints(struct control_request *r, struct int_list l)
{
	int32_t *v = take(r, l.n, sizeof(*v));

	if (l.n > 0)
		memcpy(v, l.v, l.n * sizeof(*v));
	return v;
}

static const struct znode_state no_info = { .leader = -1, .leader_epoch = -1 };

static const struct znode_state *info_of(const struct ctl_partition *p)
{
	return p->has_leader_info ? &p->info : &no_info;
}

/* ---- LeaderAndIsr ---- */

static void fill_lisr(const struct request_batch *b, struct control_request *r, const struct batch_entry *e,
    lisr_partition *to)
{
	const struct znode_state *info = info_of(e->p);
	const struct znode_assignment *a = &e->p->assignment;

	*to = (lisr_partition){
		.partition_index = e->p->index,
		.controller_epoch = info->controller_epoch,
		.leader = info->leader,
		.leader_epoch = info->leader_epoch,
		.isr = ints(r, info->isr),
		.isr_n = (int32_t)info->isr.n,
		.partition_epoch = info->partition_epoch,
		.replicas = ints(r, a->replicas),
		.replicas_n = (int32_t)a->replicas.n,
		.adding_replicas = ints(r, a->adding),
		.adding_replicas_n = (int32_t)a->adding.n,
		.removing_replicas = ints(r, a->removing),
		.removing_replicas_n = (int32_t)a->removing.n,
		.is_new = e->flag,
		.leader_recovery_state =
		    b->metadata_version >= METADATA_VERSION_3_2_IV0 ? (int8_t)info->recovery : LEADER_RECOVERED,
	};
}

/* Addresses of the registered brokers that lead something in this request. */
static void fill_live_leaders(struct request_batch *b, struct control_request *r, const struct batch_entry *e, size_t n)
{
	struct leader_and_isr_request *req = r->leader_and_isr;
	struct ctl_broker *broker, *next;
	int32_t count = 0;

	req->live_leaders = take(r, HASH_COUNT(b->ctx->brokers), sizeof(lisr_leader));
	HASH_ITER(hh, b->ctx->brokers, broker, next) {
		const struct zk_endpoint *at = znode_broker_endpoint(&broker->info, b->listener);
		bool leads = false;

		for (size_t i = 0; i < n && !leads; i++)
			leads = info_of(e[i].p)->leader == broker->id;
		if (leads && at)
			req->live_leaders[count++] = (lisr_leader){ broker->id, text(r, at->host), at->port };
	}
	req->live_leaders_n = count;
}

static void send_lisr(struct request_batch *b, const struct ctl_broker *to, struct batch_entry *e, size_t n)
{
	struct control_request *r = new_request(CONTROL_LEADER_AND_ISR, &leader_and_isr_request_schema);
	struct leader_and_isr_request *req = r->leader_and_isr;
	lisr_topic *topic = NULL;
	int32_t leading = 0;

	req->controller_id = b->controller_id;
	req->controller_epoch = b->ctx->epoch;
	req->broker_epoch = to->epoch;
	req->topic_states = take(r, n, sizeof(lisr_topic));
	req->topic_states_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || e[i].p->topic != e[i - 1].p->topic) {
			topic = &req->topic_states[req->topic_states_n++];
			*topic = (lisr_topic){ .topic_name = text(r, e[i].p->topic->name), .topic_id = e[i].p->topic->id,
				.partition_states = take(r, same_topic(e + i, n - i), sizeof(lisr_partition)) };
		}
		fill_lisr(b, r, &e[i], &topic->partition_states[topic->partition_states_n++]);
		leading += info_of(e[i].p)->leader == to->id;
	}
	fill_live_leaders(b, r, e, n);
	log_info("[Controller id=%d epoch=%d] Sending LeaderAndIsr request to broker %d with %d become-leader and %zu "
		 "become-follower partitions",
	    b->controller_id, b->ctx->epoch, to->id, leading, n - (size_t)leading);
	b->send(b->arg, to->id, r);
}

/* ---- UpdateMetadata ---- */

/* Assigned replicas that are not online. */
static void fill_offline(struct request_batch *b, struct control_request *r, const struct ctl_partition *p,
    umr_partition *to)
{
	struct int_list all = p->assignment.replicas;

	to->offline_replicas = take(r, all.n, sizeof(int32_t));
	for (size_t i = 0; i < all.n; i++)
		if (!replica_is_online(b->ctx, p, all.v[i], false))
			to->offline_replicas[to->offline_replicas_n++] = all.v[i];
}

static void fill_umr(struct request_batch *b, struct control_request *r, const struct ctl_partition *p,
    umr_partition *to)
{
	bool deleting = p->topic->to_delete;

	*to = (umr_partition){
		.partition_index = p->index,
		.controller_epoch = p->info.controller_epoch,
		.leader = deleting ? LEADER_DURING_DELETE : p->info.leader,
		.leader_epoch = deleting ? 0 : p->info.leader_epoch,
		.isr = ints(r, p->info.isr),
		.isr_n = (int32_t)p->info.isr.n,
		.zk_version = deleting ? 0 : p->info.partition_epoch,
		.replicas = ints(r, p->assignment.replicas),
		.replicas_n = (int32_t)p->assignment.replicas.n,
	};
	fill_offline(b, r, p, to);
}

static void fill_broker(struct control_request *r, const struct ctl_broker *from, umr_broker *to)
{
	*to = (umr_broker){ .id = from->id, .rack = text(r, from->info.rack),
		.endpoints = take(r, from->info.endpoints_n, sizeof(umr_endpoint)) };
	for (size_t i = 0; i < from->info.endpoints_n; i++) {
		const struct zk_endpoint *e = &from->info.endpoints[i];

		to->endpoints[to->endpoints_n++] = (umr_endpoint){ .port = e->port, .host = text(r, e->host),
			.listener = text(r, e->listener), .security_protocol = (int16_t)e->protocol };
	}
}

static int broker_by_id(const void *a, const void *b)
{
	const umr_broker *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void fill_live_brokers(struct request_batch *b, struct control_request *r)
{
	struct update_metadata_request *req = r->update_metadata;
	struct ctl_broker *broker, *next;

	req->live_brokers = take(r, HASH_COUNT(b->ctx->brokers), sizeof(umr_broker));
	req->live_brokers_n = 0;
	HASH_ITER(hh, b->ctx->brokers, broker, next)
		fill_broker(r, broker, &req->live_brokers[req->live_brokers_n++]);
	qsort(req->live_brokers, (size_t)req->live_brokers_n, sizeof(umr_broker), broker_by_id);
}

static void send_umr(struct request_batch *b, const struct ctl_broker *to)
{
	struct control_request *r = new_request(CONTROL_UPDATE_METADATA, &update_metadata_request_schema);
	struct update_metadata_request *req = r->update_metadata;
	struct ctl_partition *last = NULL;
	umr_topic *topic = NULL;

	req->controller_id = b->controller_id;
	req->controller_epoch = b->ctx->epoch;
	req->broker_epoch = to->epoch;
	req->topic_states = take(r, b->update.n, sizeof(umr_topic));
	req->topic_states_n = 0;
	for (size_t i = 0; i < b->update.n; i++) {
		struct ctl_partition *p = b->update.v[i];

		if (!p->has_leader_info)
			continue; /* nothing to say yet */
		if (!last || last->topic != p->topic) {
			topic = &req->topic_states[req->topic_states_n++];
			*topic = (umr_topic){ .topic_name = text(r, p->topic->name), .topic_id = p->topic->id,
				.partition_states = take(r, same_topic_partitions(b->update.v + i, b->update.n - i),
				    sizeof(umr_partition)) };
		}
		fill_umr(b, r, p, &topic->partition_states[topic->partition_states_n++]);
		last = p;
	}
	fill_live_brokers(b, r);
	b->send(b->arg, to->id, r);
}

static void send_all_umr(struct request_batch *b)
{
	struct ctl_broker *to, *next;
	size_t sent = 0;

	if (b->update.n > 1)
		qsort(b->update.v, b->update.n, sizeof(struct ctl_partition *), by_partition);
	HASH_ITER(hh, b->ctx->brokers, to, next)
		if (b->update_all || int_list_has(b->update_brokers, to->id)) {
			send_umr(b, to);
			sent++;
		}
	if (sent > 0)
		log_info("[Controller id=%d epoch=%d] Sending UpdateMetadata request to %zu brokers for %zu partitions",
		    b->controller_id, b->ctx->epoch, sent, b->update.n);
}

/* ---- StopReplica ---- */

static void send_stop(struct request_batch *b, const struct ctl_broker *to, const struct batch_entry *e, size_t n)
{
	struct control_request *r = new_request(CONTROL_STOP_REPLICA, &stop_replica_request_schema);
	struct stop_replica_request *req = r->stop_replica;
	stop_topic *topic = NULL;

	req->controller_id = b->controller_id;
	req->controller_epoch = b->ctx->epoch;
	req->broker_epoch = to->epoch;
	req->topic_states = take(r, n, sizeof(stop_topic));
	req->topic_states_n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct ctl_partition *p = e[i].p;

		if (i == 0 || p->topic != e[i - 1].p->topic) {
			topic = &req->topic_states[req->topic_states_n++];
			*topic = (stop_topic){ .topic_name = text(r, p->topic->name),
				.partition_states = take(r, same_topic(e + i, n - i), sizeof(stop_partition)) };
		}
		topic->partition_states[topic->partition_states_n++] = (stop_partition){
			.partition_index = p->index,
			.leader_epoch = p->topic->to_delete ? EPOCH_DURING_DELETE :
			    p->has_leader_info		    ? p->info.leader_epoch :
							      EPOCH_UNKNOWN,
			.delete_partition = e[i].flag,
		};
	}
	b->send(b->arg, to->id, r);
}

static int by_deletion(const void *a, const void *b)
{
	const struct batch_entry *x = a, *y = b;

	return x->flag != y->flag ? (x->flag ? -1 : 1) : by_place(x->p, y->p);
}

/* Older versions have one flag for all: what is to be deleted goes first, by itself. */
static void send_stops_apart(struct request_batch *b, const struct ctl_broker *to, struct batch_entry *e, size_t n)
{
	size_t deleted = 0;

	qsort(e, n, sizeof(*e), by_deletion);
	while (deleted < n && e[deleted].flag)
		deleted++;
	if (deleted > 0) {
		log_info("[Controller id=%d epoch=%d] Sending StopReplica request (delete = true) for %zu replicas to "
			 "broker %d", b->controller_id, b->ctx->epoch, deleted, to->id);
		send_stop(b, to, e, deleted);
	}
	if (deleted < n) {
		log_info("[Controller id=%d epoch=%d] Sending StopReplica request (delete = false) for %zu replicas to "
			 "broker %d", b->controller_id, b->ctx->epoch, n - deleted, to->id);
		send_stop(b, to, e + deleted, n - deleted);
	}
}

static void send_stops(struct request_batch *b, const struct ctl_broker *to, struct batch_entry *e, size_t n)
{
	if (metadata_version_of_request(b->metadata_version, API_STOP_REPLICA) < STOP_REPLICA_MIXED_SINCE)
		return send_stops_apart(b, to, e, n);
	log_info("[Controller id=%d epoch=%d] Sending StopReplica request for %zu replicas to broker %d", b->controller_id,
	    b->ctx->epoch, n, to->id);
	send_stop(b, to, e, n);
}

/* Calls `fn` with the entries of each registered broker. */
static void each_broker(struct request_batch *b, struct batch_entries *e,
    void (*fn)(struct request_batch *, const struct ctl_broker *, struct batch_entry *, size_t))
{
	sort_entries(e);
	for (size_t i = 0, n; i < e->n; i += n) {
		const struct ctl_broker *to = context_broker(b->ctx, e->v[i].broker);

		for (n = 1; i + n < e->n && e->v[i + n].broker == e->v[i].broker;)
			n++;
		if (to)
			fn(b, to, e->v + i, n);
	}
}

void request_batch_send(struct request_batch *b)
{
	if (b->leader_and_isr.n > 0)
		each_broker(b, &b->leader_and_isr, send_lisr);
	if (b->update_all || b->update_brokers.n > 0)
		send_all_umr(b);
	if (b->stop_replica.n > 0)
		each_broker(b, &b->stop_replica, send_stops);
	request_batch_begin(b);
}
