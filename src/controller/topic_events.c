/* topic_events.c - topics that come, grow and go, and the notifications about partitions (zookeeper.md 4.9).
 *
 * Thread: the controller's.
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

struct names {
	char **v;
	size_t n;
};

/* Children of `dir`, the watch set; an absent one has none. */
static int read_names(struct controller *c, const char *dir, struct names *ret)
{
	int r = zk_children(c->config.zk, &ret->v, &ret->n, "%s", dir);

	if (r == ZK_NO_NODE) {
		*ret = (struct names){ .v = NULL };
		return 0;
	}
	return r == 0 ? 0 : FAIL(r > 0 ? -EPROTO : r);
}

static bool name_in(const struct names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], name) == 0)
			return true;
	return false;
}

/* ---- watches ---- */

static void topic_watch_start(struct controller *c, struct ctl_topic *t)
{
	char path[sizeof(ZK_PATH_TOPICS) + TOPIC_NAME_MAX + 2];

	(void)snprintf(path, sizeof(path), ZK_PATH_TOPIC, t->name);
	t->watch = xcalloc(1, sizeof(*t->watch));
	t->watch->node.topic = xstrdup(t->name);
	t->watch->node.broker = -1;
	node_watch_start(c, &t->watch->node, ZK_WATCH_DATA, path, "PartitionModifications", topic_modified,
	    1u << ZK_EVENT_CHANGED);
}

void topic_unwatch(struct ctl_topic *t)
{
	for (size_t i = 0; i < t->partitions_n; i++)
		reassignment_unwatch(t->partitions[i]);
	if (!t->watch)
		return;
	node_watch_stop(&t->watch->node);
	free(t->watch);
	t->watch = NULL;
}

void topics_forget(struct controller *c)
{
	struct ctl_topic *t, *next;

	HASH_ITER(hh, c->ctx.topics, t, next)
		topic_unwatch(t);
}

static void topic_drop(struct controller *c, struct ctl_topic *t)
{
	topic_unwatch(t);
	context_remove_topic(&c->ctx, t);
}

/* ---- reading ---- */

/* A topic without id, or whose id was lost by an old tool: what the brokers know, else a new one (zookeeper.md 6).
 * Below inter.broker.protocol.version 2.8 topics have the id that they have. */
static int give_id(struct controller *c, struct ctl_topic *t)
{
	if (c->config.metadata_version < METADATA_VERSION_2_8_IV0)
		return 0;
	if (uuid_is_zero(t->id) &&
	    (!c->config.known_topic_id || !c->config.known_topic_id(c->config.arg, t->name, &t->id)))
		t->id = uuid_random();
	return zk_store_write_topic(&c->store, t);
}

/* Puts what was read into the context; partitions that are new go into `fresh`. Changes of known partitions are
 * ignored, as are removed ones. */
static void merge(struct ctl_topic *t, struct znode_topic *z, struct partition_set *fresh)
{
	for (size_t i = 0; i < z->partitions_n; i++) {
		bool moving = z->partitions[i].adding.n > 0 || z->partitions[i].removing.n > 0;
		struct ctl_partition *p;

		if (topic_partition(t, z->partitions[i].partition))
			continue;
		p = topic_add_partition(t, &z->partitions[i]);
		p->reassigning = moving;
		partition_set_add(fresh, p);
	}
}

/* Reads these topics, all unknown, into the context. One that cannot be read is left out with a line; Kafka's term would end. */
static int read_topics(struct controller *c, const struct names *l, struct partition_set *fresh)
{
	struct zk_batch b;
	int r;

	zk_batch_init(&b, c->config.zk);
	for (size_t i = 0; i < l->n; i++) {
		struct ctl_topic *t = context_add_topic(&c->ctx, l->v[i]);

		if (!t->watch)
			topic_watch_start(c, t);
		zk_batch_get(&b, ZK_PATH_TOPIC, l->v[i]);
	}
	r = zk_batch_run(&b);
	for (size_t i = 0; i < l->n && r == 0; i++) {
		struct ctl_topic *t = context_topic(&c->ctx, l->v[i]);
		struct znode_topic z;

		if (b.ops[i]->rc != 0 || znode_topic_decode(b.ops[i]->data, b.ops[i]->data_len, &z) != 0) {
			if (b.ops[i]->rc == 0)
				log_error("[Controller id=%d] /brokers/topics/%s cannot be read as a topic and is ignored",
				    c->config.broker_id, t->name);
			topic_drop(c, t);
			continue;
		}
		t->id = z.id;
		merge(t, &z, fresh);
		znode_topic_fini(&z);
		if (uuid_is_zero(t->id))
			r = give_id(c, t);
	}
	zk_batch_fini(&b);
	for (size_t i = 0; i < l->n && r != 0; i++) { /* as if never heard of: the next event reads them */
		struct ctl_topic *t = context_topic(&c->ctx, l->v[i]);

		if (t)
			topic_drop(c, t);
	}
	return r < 0 ? FAIL(r) : r;
}

int partition_states_refresh(struct controller *c, const struct partition_set *s)
{
	struct stored_state *stored = xcalloc(s->n + 1, sizeof(*stored));
	int r = c->store.store.read(&c->store, s->v, s->n, stored);

	for (size_t i = 0; i < s->n && r == 0; i++)
		if (stored[i].rc == 0)
			partition_set_info(s->v[i], &stored[i].state);
	stored_states_free(stored, s->n);
	return r;
}

/* Names no topic can have are not looked at: they would be trouble everywhere else. */
static void drop_bad_names(struct controller *c, struct names *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (strlen(l->v[i]) <= TOPIC_NAME_MAX) {
			l->v[n++] = l->v[i];
		} else {
			log_warn("[Controller id=%d] ignoring a child of %s with a name of %zu bytes", c->config.broker_id,
			    ZK_PATH_TOPICS, strlen(l->v[i]));
			free(l->v[i]);
		}
	}
	l->n = n;
}

int topics_read(struct controller *c)
{
	struct partition_set fresh = { .v = NULL };
	struct names l;
	int r = read_names(c, ZK_PATH_TOPICS, &l);

	if (r < 0)
		return FAIL(r);
	drop_bad_names(c, &l);
	r = read_topics(c, &l, &fresh);
	if (r == 0)
		r = partition_states_refresh(c, &fresh);
	log_info("[Controller id=%d] Current list of topics in the cluster: %zu topics, %zu partitions", c->config.broker_id,
	    l.n, fresh.n);
	zk_names_free(l.v, l.n);
	partition_set_fini(&fresh);
	return r;
}

/* ---- new topics and partitions ---- */

/* partitions New, replicas New, partitions Online (the first leader), replicas Online */
static int new_partitions(struct controller *c, const struct partition_set *s)
{
	struct replica_set replicas = { .v = NULL };
	int r;

	if (s->n == 0)
		return 0;
	log_info("[Controller id=%d] New partition creation callback for %s-%d and %zu more", c->config.broker_id,
	    s->v[0]->topic->name, s->v[0]->index, s->n - 1);
	for (size_t i = 0; i < s->n; i++)
		replica_set_add_all(&replicas, s->v[i]);
	r = partitions_move(&c->m, s, NEW_PARTITION, ELECT_OFFLINE, false, NULL);
	if (r == 0)
		r = replicas_move(&c->m, &replicas, NEW_REPLICA);
	if (r == 0)
		r = partitions_move(&c->m, s, ONLINE_PARTITION, ELECT_OFFLINE, false, NULL);
	if (r == 0)
		r = replicas_move(&c->m, &replicas, ONLINE_REPLICA);
	replica_set_fini(&replicas);
	return r;
}

/* Drops topics that vanished; keeps in `l` those that are new. */
static void keep_new(struct controller *c, struct names *l)
{
	struct ctl_topic *t, *next;
	size_t n = 0;

	HASH_ITER(hh, c->ctx.topics, t, next)
		if (!name_in(l, t->name)) {
			log_info("[Controller id=%d] New topics: [Set()], deleted topics: [Set(%s)]", c->config.broker_id,
			    t->name);
			topic_drop(c, t);
		}
	for (size_t i = 0; i < l->n; i++) {
		if (context_topic(&c->ctx, l->v[i]))
			free(l->v[i]);
		else
			l->v[n++] = l->v[i];
	}
	l->n = n;
}

int topic_change(struct controller *c, struct event *e)
{
	struct partition_set fresh = { .v = NULL };
	struct names l;
	int r;

	(void)e;
	if (!in_charge(c))
		return 0;
	r = read_names(c, ZK_PATH_TOPICS, &l);
	if (r < 0)
		return FAIL(r);
	drop_bad_names(c, &l);
	keep_new(c, &l);
	for (size_t i = 0; i < l.n; i++)
		log_info("[Controller id=%d] New topics: [Set(%s)], deleted topics: [Set()]", c->config.broker_id, l.v[i]);
	r = read_topics(c, &l, &fresh);
	if (r == 0)
		r = new_partitions(c, &fresh);
	zk_names_free(l.v, l.n);
	partition_set_fini(&fresh);
	return r;
}

/* The topic's znode as it is now. 0, ZK_NO_NODE, -errno. */
static int read_topic(struct controller *c, const char *name, struct znode_topic *ret)
{
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_get(c->config.zk, &v, ZK_PATH_TOPIC, name);

	if (r == 0)
		r = znode_topic_decode(v.data, v.len, ret);
	zk_value_fini(&v);
	return r > 0 && r != ZK_NO_NODE ? FAIL(-EPROTO) : r;
}

static bool has_new_partitions(const struct ctl_topic *t, const struct znode_topic *z)
{
	for (size_t i = 0; i < z->partitions_n; i++)
		if (!topic_partition(t, z->partitions[i].partition))
			return true;
	return false;
}

int topic_modified(struct controller *c, struct event *e)
{
	struct partition_set fresh = { .v = NULL };
	struct ctl_topic *t = context_topic(&c->ctx, e->topic);
	struct znode_topic z;
	bool id_lost;
	int r;

	if (!in_charge(c) || !t)
		return 0;
	r = read_topic(c, e->topic, &z);
	if (r != 0)
		return r < 0 ? FAIL(r) : 0;
	id_lost = !uuid_eq(z.id, t->id);
	if (t->to_delete && has_new_partitions(t, &z)) {
		log_info("[Controller id=%d] Skipping adding partitions to topic %s since it is currently being deleted",
		    c->config.broker_id, t->name);
		r = zk_store_write_topic(&c->store, t);
	} else if (!t->to_delete) {
		merge(t, &z, &fresh);
		if (fresh.n > 0)
			log_info("[Controller id=%d] New partitions to be added to %s: %zu", c->config.broker_id, t->name,
			    fresh.n);
		/* An old tool rewrote the node without the id: brokers would refuse another one (zookeeper.md 6). */
		if (id_lost)
			r = give_id(c, t);
		if (r == 0)
			r = new_partitions(c, &fresh);
	}
	znode_topic_fini(&z);
	partition_set_fini(&fresh);
	return r;
}

/* ---- deletion ---- */

int topic_removed(void *arg, struct ctl_topic *t)
{
	struct controller *c = arg;
	int r;

	topic_unwatch(t); /* before a new topic of that name can be meant */
	r = zk_store_remove_topic(&c->store, t->name);
	if (r != 0)
		topic_watch_start(c, t);
	return r;
}

/* Queues the topics whose deletion is wished; wishes that cannot be met are taken back. */
static int queue_deletions(struct controller *c, const struct names *l)
{
	int r = 0;

	if (!c->config.delete_topics && l->n > 0) {
		log_info("[Controller id=%d] Removing %zu topic deletions since delete topic is disabled",
		    c->config.broker_id, l->n);
		return zk_store_delete_children(&c->store, ZK_PATH_DELETE_TOPICS, l->v, l->n);
	}
	for (size_t i = 0; i < l->n && r == 0; i++) {
		struct ctl_topic *t = context_topic(&c->ctx, l->v[i]);
		bool moving = false;

		if (!t) {
			log_warn("[Controller id=%d] Ignoring request to delete non-existing topics %s",
			    c->config.broker_id, l->v[i]);
			r = zk_store_delete_children(&c->store, ZK_PATH_DELETE_TOPICS, &l->v[i], 1);
			continue;
		}
		if (!t->to_delete)
			log_info("[Controller id=%d] Starting topic deletion for topics %s", c->config.broker_id, t->name);
		deletion_queue(&c->deletion, t);
		for (size_t j = 0; j < t->partitions_n; j++)
			moving |= t->partitions[j]->reassigning;
		if (moving)
			deletion_halt(&c->deletion, t, "topic reassignment in progress");
	}
	return r;
}

static void halt_offline(struct controller *c)
{
	struct ctl_topic *t, *next;

	HASH_ITER(hh, c->ctx.topics, t, next)
		for (size_t i = 0; i < t->partitions_n && t->to_delete && !t->ineligible; i++)
			for (size_t j = 0; j < t->partitions[i]->assignment.replicas.n && !t->ineligible; j++)
				if (!replica_is_online(&c->ctx, t->partitions[i],
					t->partitions[i]->assignment.replicas.v[j], false))
					deletion_halt(&c->deletion, t, "offline replicas");
}

int deletions_read(struct controller *c)
{
	struct names l;
	int r = read_names(c, ZK_PATH_DELETE_TOPICS, &l);

	if (r < 0)
		return FAIL(r);
	log_info("[Controller id=%d] List of topics to be deleted: %zu", c->config.broker_id, l.n);
	r = queue_deletions(c, &l);
	if (r == 0)
		halt_offline(c);
	zk_names_free(l.v, l.n);
	return r;
}

int topic_deletion_change(struct controller *c, struct event *e)
{
	struct names l;
	int r;

	(void)e;
	if (!in_charge(c))
		return 0;
	r = read_names(c, ZK_PATH_DELETE_TOPICS, &l);
	if (r < 0)
		return FAIL(r);
	r = queue_deletions(c, &l);
	if (r == 0)
		r = deletion_resume(&c->deletion);
	zk_names_free(l.v, l.n);
	return r;
}

/* ---- notifications ---- */

/* All children of `dir`, read: their names in `l`, the reads in `b` (not yet freed). */
static int read_notifications(struct controller *c, const char *dir, struct names *l, struct zk_batch *b)
{
	int r = read_names(c, dir, l);

	zk_batch_init(b, c->config.zk);
	if (r < 0)
		return FAIL(r);
	for (size_t i = 0; i < l->n; i++)
		zk_batch_get(b, "%s/%s", dir, l->v[i]);
	r = zk_batch_run(b);
	return r < 0 ? FAIL(r) : 0;
}

static void add_refs(struct controller *c, const struct znode_partitions *refs, struct partition_set *ret)
{
	for (size_t i = 0; i < refs->n; i++) {
		struct ctl_topic *t = context_topic(&c->ctx, refs->refs[i].topic);
		struct ctl_partition *p = t ? topic_partition(t, refs->refs[i].partition) : NULL;

		if (p)
			partition_set_add(ret, p);
	}
}

static int isr_changed(struct controller *c, const struct partition_set *s)
{
	int r = partition_states_refresh(c, s);

	request_batch_begin(&c->batch);
	request_batch_update_to_all(&c->batch);
	for (size_t i = 0; i < s->n; i++)
		request_batch_update(&c->batch, s->v[i]);
	request_batch_send(&c->batch);
	for (size_t i = 0; i < s->n && r == 0; i++)
		r = reassignment_check(c, s->v[i]);
	return r;
}

int isr_change(struct controller *c, struct event *e)
{
	struct partition_set s = { .v = NULL };
	struct names l = { .v = NULL };
	struct zk_batch b;
	int r;

	(void)e;
	if (!in_charge(c))
		return 0;
	r = read_notifications(c, ZK_PATH_ISR_CHANGES, &l, &b);
	for (size_t i = 0; i < b.n && r == 0; i++) {
		struct znode_partitions refs;

		if (b.ops[i]->rc != 0 || znode_partitions_decode(b.ops[i]->data, b.ops[i]->data_len, &refs) != 0)
			continue;
		add_refs(c, &refs, &s);
		znode_partitions_fini(&refs);
	}
	if (r == 0 && s.n > 0)
		r = isr_changed(c, &s);
	if (r == 0 && l.n > 0)
		r = zk_store_delete_children(&c->store, ZK_PATH_ISR_CHANGES, l.v, l.n);
	zk_batch_fini(&b);
	zk_names_free(l.v, l.n);
	partition_set_fini(&s);
	return r;
}

int log_dir_change(struct controller *c, struct event *e)
{
	struct replica_set s = { .v = NULL };
	struct partition_set on = { .v = NULL };
	struct names l = { .v = NULL };
	struct zk_batch b;
	int r;

	(void)e;
	if (!in_charge(c))
		return 0;
	r = read_notifications(c, ZK_PATH_LOG_DIR_EVENTS, &l, &b);
	for (size_t i = 0; i < b.n && r == 0; i++) {
		int32_t broker;

		if (b.ops[i]->rc != 0 || znode_log_dir_event_decode(b.ops[i]->data, b.ops[i]->data_len, &broker) != 0)
			continue;
		log_info("[Controller id=%d] Handling log directory failure for brokers %d", c->config.broker_id, broker);
		context_partitions_on(&c->ctx, broker, &on);
		for (size_t j = 0; j < on.n; j++)
			replica_set_add(&s, on.v[j], broker);
		on.n = 0;
	}
	/* The answers to these LeaderAndIsr tell which replicas are gone. */
	if (r == 0 && s.n > 0)
		r = replicas_move(&c->m, &s, ONLINE_REPLICA);
	if (r == 0 && l.n > 0)
		r = zk_store_delete_children(&c->store, ZK_PATH_LOG_DIR_EVENTS, l.v, l.n);
	zk_batch_fini(&b);
	zk_names_free(l.v, l.n);
	partition_set_fini(&on);
	replica_set_fini(&s);
	return r;
}
