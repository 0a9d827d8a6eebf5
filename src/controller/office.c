/* office.c - how a broker becomes the controller, starts its term, and leaves (zookeeper.md 4.2 to 4.4).
 *
 * A term is one epoch: won by a multi that creates /controller and raises /controller_epoch, whose data version then
 * fences every write of the term. Thread: the controller's.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/worker.h"
#include "controller/controller_priv.h"
#include "controller/partition_states.h"
#include "controller/replica_states.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.controller.KafkaController"
#include "base/logger.h"

#define FIRST_REBALANCE_MS 5000
#define MOVE_PAUSE_MS	   1000 /* a term that cannot start must not spin */

/* ---- who is it? ---- */

/* Reads /controller and sets its watch, also when it is absent. *ret: broker id, -1 none. */
static int read_controller(struct controller *c, int32_t *ret)
{
	struct znode_controller z = { .broker = -1 };
	struct zk_value v = ZK_VALUE_INIT;
	int r;

	do {
		r = zk_get(c->config.zk, &v, ZK_PATH_CONTROLLER);
		if (r == ZK_NO_NODE) { /* only exists watches an absent node (zookeeper.md 1.4) */
			r = zk_exists(c->config.zk, NULL, ZK_PATH_CONTROLLER);
			if (r == ZK_NO_NODE) {
				*ret = -1;
				return 0;
			}
			if (r == 0)
				r = ZK_BAD_VERSION; /* made in between: read it */
		}
	} while (r == ZK_BAD_VERSION);
	if (r == 0)
		r = znode_controller_decode(v.data, v.len, &z);
	zk_value_fini(&v);
	*ret = z.broker;
	return r == 0 ? 0 : FAIL(r > 0 ? -EPROTO : r);
}

static int look(struct controller *c)
{
	bool was = controller_is_active(c);
	int32_t id;
	int r = read_controller(c, &id);

	if (r < 0)
		return FAIL(r);
	atomic_store(&c->active_id, id);
	if (was && id != c->config.broker_id)
		office_resign(c);
	return 0;
}

/* The office may be found empty without an event to come: the node went between the event that made us look and the
 * new watch. Kafka then waits for a creation that nobody makes. */
int office_look(struct controller *c)
{
	struct event *e;
	int r = look(c);

	if (r < 0)
		return FAIL(r);
	if (controller_id(c) == -1) {
		e = event_new("Reelect", office_reelect);
		e->once = true;
		event_queue(c, e);
	}
	return 0;
}

void office_resign(struct controller *c)
{
	bool had = c->in_office;

	c->in_office = false;
	if (c->rebalance)
		scheduler_cancel(c->config.scheduler, TAKE(c->rebalance));
	for (size_t i = 0; i < c->watches_n; i++)
		node_watch_stop(&c->watches[i]);
	c->watches_n = 0;
	request_batch_begin(&c->batch);
	brokers_forget(c);
	topics_forget(c);
	context_clear(&c->ctx);
	atomic_store(&c->epoch, 0);
	if (!had)
		return;
	log_info("[Controller id=%d] Resigned", c->config.broker_id);
	if (c->config.role_changed)
		c->config.role_changed(c->config.arg, false);
}

/* ---- election ---- */

/* The epoch and its data version; the first candidate ever makes the node. */
static int read_epoch(struct controller *c, int32_t *ret, int32_t *ret_version)
{
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_get(c->config.zk, &v, ZK_PATH_CONTROLLER_EPOCH);

	if (r == ZK_NO_NODE) {
		r = zk_create(c->config.zk, ZK_PERSISTENT, "0", ZK_PATH_CONTROLLER_EPOCH);
		if (r == 0)
			log_to(LOG_INFO, "kafka.zk.KafkaZkClient",
			    "Successfully created /controller_epoch with initial epoch 0");
		if (r == 0 || r == ZK_NODE_EXISTS)
			r = zk_get(c->config.zk, &v, ZK_PATH_CONTROLLER_EPOCH);
	}
	if (r == 0)
		r = znode_epoch_decode(v.data, v.len, ret);
	*ret_version = v.stat.version;
	zk_value_fini(&v);
	return r == 0 ? 0 : FAIL(r > 0 ? -EPROTO : r);
}

/* 0 with the epoch node's new version; ZK_NODE_EXISTS, ZK_BAD_VERSION: lost, or an answer was lost; -errno. */
static int run_for_office(struct controller *c, int32_t epoch, int32_t version, int32_t *ret_version)
{
	char *me = znode_controller_encode(c->config.broker_id, clock_wall_ms(c->config.clock));
	char *next = znode_epoch_encode(epoch + 1);
	struct zk_batch b;
	struct zk_op *multi, *set;
	int r;

	zk_batch_init(&b, c->config.zk);
	multi = zk_batch_multi(&b);
	zk_multi_create(multi, ZK_EPHEMERAL, me, ZK_PATH_CONTROLLER);
	set = zk_multi_set(multi, next, version, ZK_PATH_CONTROLLER_EPOCH);
	r = zk_batch_run(&b);
	if (r == 0)
		r = multi->rc;
	if (r == 0)
		*ret_version = set->stat.version;
	zk_batch_fini(&b);
	free(me);
	free(next);
	return r;
}

/* After an ambiguous answer: did we win after all? 0: yes, KERR_NOT_CONTROLLER: no. */
static int won_after_all(struct controller *c, int32_t epoch, int32_t *ret_version)
{
	int32_t id, now;
	int r = read_controller(c, &id);

	if (r == 0)
		r = read_epoch(c, &now, ret_version);
	if (r < 0)
		return FAIL(r);
	return id == c->config.broker_id && now == epoch + 1 ? 0 : KERR_NOT_CONTROLLER;
}

/* ---- the start of a term (zookeeper.md 4.3) ---- */

static int write_feature(struct controller *c, const struct znode_feature *f, bool present)
{
	char *text = znode_feature_encode(f);
	int r;

	log_info("[Controller id=%d] %s FeatureZNode at path: %s with contents: %s", c->config.broker_id,
	    present ? "Updating" : "Creating", ZK_PATH_FEATURE, text);
	if (present)
		r = zk_set(c->config.zk, text, ZK_ANY_VERSION, NULL, ZK_PATH_FEATURE);
	else
		r = zk_create(c->config.zk, ZK_PERSISTENT, text, ZK_PATH_FEATURE);
	free(text);
	return r == 0 || r == ZK_NODE_EXISTS ? 0 : FAIL(r > 0 ? -EPROTO : r);
}

/* Which features are finalized is kept only where it counted already. */
static void change_feature(struct controller *c, const struct znode_feature *was, struct znode_feature *ret)
{
	int version = c->config.metadata_version;

	*ret = (struct znode_feature){ .version = metadata_version_feature_znode(version),
		.status = version >= METADATA_VERSION_2_7_IV0 };
	if (ret->status && was->status) {
		ret->features = was->features;
		ret->features_n = was->features_n;
	} else if (!was->status && was->features_n > 0) {
		log_warn("[Controller id=%d] FeatureZNode at path: %s with disabled status contains non-empty features",
		    c->config.broker_id, ZK_PATH_FEATURE);
	}
}

/* /feature exists, in the version and status of inter.broker.protocol.version (2.17). What cannot be read is made anew;
 * Kafka would fail its term. */
static int set_up_feature(struct controller *c)
{
	struct znode_feature was = { .features = NULL }, now;
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_get(c->config.zk, &v, ZK_PATH_FEATURE);
	bool present = r == 0, readable;

	if (r != 0 && r != ZK_NO_NODE)
		return FAIL(r > 0 ? -EPROTO : r);
	readable = present && znode_feature_decode(v.data, v.len, &was) == 0;
	change_feature(c, &was, &now);
	r = 0;
	if (!readable || was.version != now.version || was.status != now.status || was.features_n != now.features_n)
		r = write_feature(c, &now, present);
	znode_feature_fini(&was);
	zk_value_fini(&v);
	return r;
}

static const struct {
	enum zk_watch_kind kind;
	const char *path, *name;
	event_fn *run;
	unsigned on;
} office_watches[] = {
	{ ZK_WATCH_CHILDREN, ZK_PATH_BROKER_IDS, "BrokerChange", broker_change, 1u << ZK_EVENT_CHILDREN },
	{ ZK_WATCH_CHILDREN, ZK_PATH_TOPICS, "TopicChange", topic_change, 1u << ZK_EVENT_CHILDREN },
	{ ZK_WATCH_CHILDREN, ZK_PATH_DELETE_TOPICS, "TopicDeletion", topic_deletion_change, 1u << ZK_EVENT_CHILDREN },
	{ ZK_WATCH_CHILDREN, ZK_PATH_LOG_DIR_EVENTS, "LogDirEventNotification", log_dir_change,
	    1u << ZK_EVENT_CHILDREN },
	{ ZK_WATCH_CHILDREN, ZK_PATH_ISR_CHANGES, "IsrChangeNotification", isr_change, 1u << ZK_EVENT_CHILDREN },
	/* Creation only (zookeeper.md 8.7). */
	{ ZK_WATCH_DATA, ZK_PATH_PREFERRED, "ReplicaLeaderElection", preferred_from_zookeeper, 1u << ZK_EVENT_CREATED },
	{ ZK_WATCH_DATA, ZK_PATH_REASSIGN, "ZkPartitionReassignment", reassign_from_zookeeper, 1u << ZK_EVENT_CREATED },
};

static int set_watches(struct controller *c)
{
	int r = 0;

	log_info("[Controller id=%d] Registering handlers", c->config.broker_id);
	static_assert(ARRAY_LEN(office_watches) == ARRAY_LEN(c->watches), "a place for each watch");
	for (size_t i = 0; i < ARRAY_LEN(office_watches); i++) {
		node_watch_start(c, &c->watches[i], office_watches[i].kind, office_watches[i].path,
		    office_watches[i].name, office_watches[i].run, office_watches[i].on);
		c->watches_n = i + 1;
		if (office_watches[i].kind == ZK_WATCH_DATA && r >= 0)
			r = zk_exists(c->config.zk, NULL, "%s", office_watches[i].path);
	}
	return r < 0 ? FAIL(r) : 0;
}

/* Notifications of former terms say nothing that reading everything does not. */
static int delete_notifications(struct controller *c, const char *dir)
{
	char **names;
	size_t n;
	int r = zk_children(c->config.zk, &names, &n, "%s", dir);

	if (r != 0)
		return r == ZK_NO_NODE ? 0 : FAIL(r > 0 ? -EPROTO : r);
	r = zk_store_delete_children(&c->store, dir, names, n);
	zk_names_free(names, n);
	return r;
}

static int fill_context(struct controller *c)
{
	int r;

	log_info("[Controller id=%d] Deleting log dir event notifications", c->config.broker_id);
	r = delete_notifications(c, ZK_PATH_LOG_DIR_EVENTS);
	log_info("[Controller id=%d] Deleting isr change notifications", c->config.broker_id);
	if (r == 0)
		r = delete_notifications(c, ZK_PATH_ISR_CHANGES);
	log_info("[Controller id=%d] Initializing controller context", c->config.broker_id);
	if (r == 0)
		r = brokers_read(c);
	if (r == 0)
		r = topics_read(c);
	log_info("[Controller id=%d] Fetching topic deletions in progress", c->config.broker_id);
	if (r == 0)
		r = deletions_read(c);
	return r;
}

/* Who lives, and every partition as it was stored: a broker that has just started must not hear of some first, or it tells
 * its clients that the others are gone. */
static void tell_everything(struct controller *c)
{
	struct partition_set all = { .v = NULL };

	request_batch_begin(&c->batch);
	context_all_partitions(&c->ctx, &all);
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i]->has_leader_info && !all.v[i]->topic->to_delete && !all.v[i]->marked) {
			all.v[i]->marked = true;
			partition_set_add(&c->batch.update, all.v[i]);
		}
	request_batch_update_to_all(&c->batch);
	request_batch_send(&c->batch);
	partition_set_fini(&all);
}

static int start_machines(struct controller *c)
{
	int r;

	/* Brokers must know who lives before they can act on LeaderAndIsr. */
	log_info("[Controller id=%d] Sending update metadata request", c->config.broker_id);
	tell_everything(c);
	/* Leaders first, which clients wait for: an election takes whoever is gone out of the ISR as well, so that what is
	 * left to write for the dead is about the partitions that they followed. Kafka does it the other way round, and
	 * writes the former twice. */
	log_info("[PartitionStateMachine controllerId=%d] Initializing partition state", c->config.broker_id);
	r = partitions_start(&c->m);
	log_info("[ReplicaStateMachine controllerId=%d] Initializing replica state", c->config.broker_id);
	if (r == 0)
		r = replicas_start(&c->m);
	if (r == 0)
		log_info("[Controller id=%d] Ready to serve as the new controller with epoch %d", c->config.broker_id,
		    c->ctx.epoch);
	return r;
}

static int start_term(struct controller *c)
{
	int r = set_up_feature(c);

	c->in_office = true;
	if (r == 0)
		r = set_watches(c);
	if (r == 0)
		r = fill_context(c);
	if (r == 0)
		r = start_machines(c);
	if (r == 0)
		r = reassignments_start(c);
	if (r == 0)
		r = deletion_resume(&c->deletion);
	if (r == 0)
		r = preferred_pending(c);
	if (r != 0)
		return r;
	log_info("[Controller id=%d] Starting the controller scheduler", c->config.broker_id);
	if (c->config.auto_rebalance && c->config.scheduler)
		c->rebalance = scheduler_add(c->config.scheduler, "rebalance", FIRST_REBALANCE_MS,
		    (int64_t)c->config.imbalance_check_s * 1000, rebalance_timer, c);
	if (c->config.role_changed)
		c->config.role_changed(c->config.arg, true);
	return 0;
}

/* The term failed for another reason than a new controller: everybody elects again. */
static void move_office(struct controller *c)
{
	struct zk_batch b;
	int32_t version = c->ctx.epoch_version;
	int64_t deadline = clock_mono_ms(&clock_real) + MOVE_PAUSE_MS;

	int r = look(c);

	if (r < 0 || !controller_is_active(c)) {
		if (r < 0) /* the session's end, or the next event, tells more */
			atomic_store(&c->active_id, -1);
		office_resign(c);
		return;
	}
	atomic_store(&c->active_id, -1);
	office_resign(c);
	lock_take(&c->lock);
	while (!c->stopping && lock_wait_until(&c->lock, &c->changed, deadline))
		;
	lock_release(&c->lock);
	zk_batch_init(&b, c->config.zk);
	zk_batch_guard(&b, ZK_PATH_CONTROLLER_EPOCH, version);
	zk_batch_delete(&b, ZK_ANY_VERSION, ZK_PATH_CONTROLLER);
	if (zk_batch_run(&b) != 0)
		log_info("[Controller id=%d] /controller is not ours any more", c->config.broker_id);
	zk_batch_fini(&b);
}

static void take_office(struct controller *c, int32_t epoch, int32_t version)
{
	char text[256];
	int r;

	c->ctx.epoch = epoch;
	c->ctx.epoch_version = version;
	atomic_store(&c->active_id, c->config.broker_id);
	atomic_store(&c->epoch, epoch);
	log_info("[Controller id=%d] %d successfully elected as the controller. Epoch incremented to %d and epoch zk version "
		 "is now %d",
	    c->config.broker_id, c->config.broker_id, epoch, version);
	r = start_term(c);
	if (r == KERR_STALE_CONTROLLER_EPOCH) {
		(void)office_look(c);
	} else if (r == -ECONNRESET || r == -ESHUTDOWN) { /* /controller is gone with the session */
		atomic_store(&c->active_id, -1);
		office_resign(c);
	} else if (r < 0) {
		log_error("[Controller id=%d] Error while electing or becoming controller on broker %d. Trigger controller "
			  "movement immediately: %s",
		    c->config.broker_id, c->config.broker_id, error_text(r, text, sizeof(text)));
		move_office(c);
	}
}

static int elect(struct controller *c)
{
	int32_t epoch = 0, version = 0, now_version = 0, id;
	int r = read_controller(c, &id);

	if (r < 0)
		return FAIL(r);
	atomic_store(&c->active_id, id);
	if (id >= 0) {
		log_debug("[Controller id=%d] Broker %d has been elected as the controller, so stopping the election process.",
		    c->config.broker_id, id);
		return 0;
	}
	r = read_epoch(c, &epoch, &version);
	if (r < 0)
		return FAIL(r);
	r = run_for_office(c, epoch, version, &now_version);
	if (r == ZK_NODE_EXISTS || r == ZK_BAD_VERSION)
		r = won_after_all(c, epoch, &now_version);
	if (r == KERR_NOT_CONTROLLER)
		return office_look(c);
	if (r != 0)
		return FAIL(r > 0 ? -EPROTO : r);
	take_office(c, epoch + 1, now_version);
	return 0;
}

/* ---- events ---- */

int office_startup(struct controller *c, struct event *e)
{
	(void)e;
	return elect(c);
}

int office_controller_change(struct controller *c, struct event *e)
{
	(void)e;
	return office_look(c);
}

int office_reelect(struct controller *c, struct event *e)
{
	int r = look(c);

	(void)e;
	return r < 0 ? FAIL(r) : elect(c);
}

int office_expire(struct controller *c, struct event *e)
{
	(void)e;
	atomic_store(&c->active_id, -1);
	office_resign(c);
	return 0;
}

int office_register_and_reelect(struct controller *c, struct event *e)
{
	int64_t epoch;
	int r = c->config.register_broker(c->config.arg, &epoch);

	(void)e;
	if (r < 0)
		return FAIL(r);
	atomic_store(&c->broker_epoch, epoch);
	r = look(c);
	return r < 0 ? FAIL(r) : elect(c);
}
