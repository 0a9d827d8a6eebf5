/* controller.c - the queue of events, the thread that runs them, and the calls from outside; see controller.h. */
#include "controller/controller_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/worker.h"
#include "controller/producer_blocks.h"
#include "protocol/errors.h"

#define LOG_CLASS "kafka.controller.KafkaController"
#include "base/logger.h"
#define THREAD_CLASS "kafka.controller.ControllerEventManager$ControllerEventThread"

/* ---- events ---- */

struct event *event_new(const char *name, event_fn *run)
{
	struct event *e = xcalloc(1, sizeof(*e));

	list_init(&e->link);
	e->name = name;
	e->run = run;
	e->broker = -1;
	return e;
}

static void event_end(struct controller *c, struct event *e, int r)
{
	if (e->answer)
		e->answer(c, e, r);
	if (e->reply)
		control_request_free(e->reply);
	free(e->topic);
	free(e->payload);
	free(e);
}

static bool same(const struct event *a, const struct event *b)
{
	return a->run == b->run && a->broker == b->broker && (a->topic == NULL) == (b->topic == NULL) &&
	    (!a->topic || strcmp(a->topic, b->topic) == 0);
}

/* Locks: c->lock held. */
static bool waits_already(const struct controller *c, const struct event *e)
{
	struct event *other;

	list_foreach(other, &c->events, link)
		if (other->once && same(other, e))
			return true;
	return false;
}

void event_queue(struct controller *c, struct event *e)
{
	bool stopping, drop;

	lock_take(&c->lock);
	stopping = c->stopping;
	drop = stopping || (e->once && waits_already(c, e));
	if (!drop) {
		list_append(&c->events, &e->link);
		cond_broadcast(&c->changed);
	}
	lock_release(&c->lock);
	if (drop)
		event_end(c, e, stopping ? -ESHUTDOWN : 0);
}

static struct event *next_event(struct controller *c)
{
	struct event *e = NULL;

	lock_take(&c->lock);
	while (!c->stopping && list_empty(&c->events))
		lock_wait(&c->lock, &c->changed);
	if (!c->stopping) {
		e = list_first(&c->events, struct event, link);
		list_remove(&e->link);
	}
	if (e && e->run == office_expire) {
		c->expire_started = true;
		cond_broadcast(&c->changed);
	}
	lock_release(&c->lock);
	return e;
}

static void run_event(struct controller *c, struct event *e)
{
	char text[256];
	int r = e->run(c, e);

	if (r == KERR_STALE_CONTROLLER_EPOCH && !e->answer)
		log_info("[Controller id=%d] Controller moved to another broker when processing %s.", c->config.broker_id,
		    e->name);
	else if (r == -ECONNRESET || r == -ESHUTDOWN) /* the end of the session, or ours, follows */
		log_info("[Controller id=%d] Giving up event %s: the ZooKeeper session has ended", c->config.broker_id,
		    e->name);
	else if (r < 0)
		log_error("[Controller id=%d] Error processing event %s: %s", c->config.broker_id, e->name,
		    error_text(r, text, sizeof(text)));
	if (r == KERR_STALE_CONTROLLER_EPOCH)
		(void)office_look(c);
	event_end(c, e, r);
}

/* Ends all waiting events with `r`. */
static void drain(struct controller *c, int r)
{
	struct list all = LIST_INIT(all);
	struct event *e, *next;

	lock_take(&c->lock);
	list_splice(&all, &c->events);
	lock_release(&c->lock);
	list_foreach_safe(e, next, &all, link) {
		list_remove(&e->link);
		event_end(c, e, r);
	}
}

static void *controller_main(void *arg)
{
	struct controller *c = arg;
	struct event *e;

	(void)pthread_setname_np(pthread_self(), "controller");
	log_to(LOG_INFO, THREAD_CLASS, "[ControllerEventThread controllerId=%d] Starting", c->config.broker_id);
	while ((e = next_event(c)))
		run_event(c, e);
	log_to(LOG_INFO, THREAD_CLASS, "[ControllerEventThread controllerId=%d] Stopped", c->config.broker_id);
	office_resign(c);
	return NULL;
}

/* ---- watches ---- */

/* ZooKeeper's thread: posts, nothing else. */
static void on_watch(struct zk_watch *watch, enum zk_event event)
{
	struct node_watch *w = CONTAINER_OF(watch, struct node_watch, watch);
	struct event *e;

	if (!(w->on & (1u << event)))
		return;
	e = event_new(w->name, w->run);
	e->once = true;
	e->topic = w->topic ? xstrdup(w->topic) : NULL;
	e->broker = w->broker;
	/* /controller distinguishes: gone means elect. */
	if (w->run == office_controller_change && event == ZK_EVENT_DELETED) {
		e->name = "Reelect";
		e->run = office_reelect;
	}
	event_queue(w->c, e);
}

void node_watch_start(struct controller *c, struct node_watch *w, enum zk_watch_kind kind, const char *path,
    const char *name, event_fn *run, unsigned on)
{
	w->watch = (struct zk_watch){ .fired = on_watch };
	w->c = c;
	w->name = name;
	w->run = run;
	w->on = on;
	zk_session_watch(c->config.zk, &w->watch, kind, path);
}

void node_watch_stop(struct node_watch *w)
{
	if (w->c)
		zk_session_unwatch(w->c->config.zk, &w->watch);
	free(w->topic);
	*w = (struct node_watch){ .broker = -1 };
}

/* ---- the session's life (zookeeper.md 3.4) ---- */

/* The session's thread waits until Expire has begun, so that nothing decided in the old session is written in the new
 * one. */
static void before_new_session(struct zk_listener *l)
{
	struct controller *c = l->arg;

	drain(c, KERR_NOT_CONTROLLER);
	lock_take(&c->lock);
	c->expire_started = false;
	lock_release(&c->lock);
	event_queue(c, event_new("Expire", office_expire));
	lock_take(&c->lock);
	while (!c->stopping && !c->expire_started)
		lock_wait(&c->lock, &c->changed);
	lock_release(&c->lock);
}

static void after_new_session(struct zk_listener *l)
{
	event_queue(l->arg, event_new("RegisterBrokerAndReelect", office_register_and_reelect));
}

/* ---- life ---- */

struct controller *controller_new(const struct controller_config *config)
{
	struct controller *c = xcalloc(1, sizeof(*c));

	c->config = *config;
	c->config.listener = xstrdup(config->listener);
	lock_init(&c->lock, RANK_QUEUE, "controller");
	cond_init(&c->changed);
	list_init(&c->events);
	atomic_init(&c->active_id, -1);
	atomic_init(&c->epoch, 0);
	atomic_init(&c->broker_epoch, -1);
	context_init(&c->ctx);
	zk_store_init(&c->store, config->zk, &c->ctx, config->unclean_default, config->arg);
	request_batch_init(&c->batch, config->broker_id, &c->ctx, c->config.listener, config->metadata_version, broker_send,
	    c);
	c->m = (struct machine){ config->broker_id, &c->ctx, &c->store.store, &c->batch,
		config->metadata_version };
	c->deletion = (struct topic_deletion){ &c->m, config->delete_topics, topic_removed, c };
	c->session = (struct zk_listener){ .before_new_session = before_new_session,
		.after_new_session = after_new_session, .arg = c };
	return c;
}

int controller_start(struct controller *c, int64_t broker_epoch)
{
	int r;

	atomic_store(&c->broker_epoch, broker_epoch);
	node_watch_start(c, &c->controller_watch, ZK_WATCH_DATA, ZK_PATH_CONTROLLER, "ControllerChange",
	    office_controller_change,
	    1u << ZK_EVENT_CREATED | 1u << ZK_EVENT_CHANGED | 1u << ZK_EVENT_DELETED);
	event_queue(c, event_new("Startup", office_startup));
	r = -pthread_create(&c->thread, NULL, controller_main, c);
	if (r < 0) {
		node_watch_stop(&c->controller_watch);
		return FAIL(r);
	}
	c->started = true;
	zk_session_listen(c->config.zk, &c->session);
	return 0;
}

void controller_stop(struct controller *c)
{
	if (!c->started)
		return;
	lock_take(&c->lock);
	c->stopping = true;
	cond_broadcast(&c->changed);
	lock_release(&c->lock);
	zk_session_unlisten(c->config.zk, &c->session);
	(void)pthread_join(c->thread, NULL);
	drain(c, -ESHUTDOWN);
	node_watch_stop(&c->controller_watch);
	atomic_store(&c->active_id, -1);
	c->started = false;
}

struct controller *controller_free(struct controller *c)
{
	if (!c)
		return NULL;
	controller_stop(c);
	drain(c, -ESHUTDOWN);
	request_batch_fini(&c->batch);
	context_clear(&c->ctx);
	cond_fini(&c->changed);
	lock_fini(&c->lock);
	free((char *)(uintptr_t)c->config.listener);
	free(c);
	return NULL;
}

/* ---- questions ---- */

bool controller_is_active(struct controller *c)
{
	return atomic_load(&c->active_id) == c->config.broker_id;
}

int32_t controller_id(struct controller *c)
{
	return atomic_load(&c->active_id);
}

int32_t controller_epoch(struct controller *c)
{
	return atomic_load(&c->epoch);
}

int64_t controller_broker_epoch(struct controller *c)
{
	return atomic_load(&c->broker_epoch);
}

bool controller_broker_epoch_ok(struct controller *c, int64_t epoch)
{
	return epoch == -1 || epoch >= atomic_load(&c->broker_epoch);
}

/* ---- AllocateProducerIds ---- */

struct ids_call {
	int64_t broker_epoch, first;
	int32_t count;
	controller_ids_fn *done;
	void *arg;
};

static int allocate_ids(struct controller *c, struct event *e)
{
	struct ids_call *call = e->payload;
	const struct ctl_broker *b = context_broker(&c->ctx, e->broker);

	if (!in_charge(c))
		return KERR_NOT_CONTROLLER;
	if (!b)
		return KERR_BROKER_ID_NOT_REGISTERED;
	if (b->epoch != call->broker_epoch)
		return KERR_STALE_BROKER_EPOCH;
	return producer_blocks_take(c->config.zk, e->broker, &call->first, &call->count);
}

static void answer_ids(struct controller *c, struct event *e, int r)
{
	struct ids_call *call = e->payload;

	(void)c;
	call->done(call->arg, r == -ECONNRESET ? KERR_NOT_CONTROLLER : r, call->first, call->count);
}

void controller_allocate_producer_ids(struct controller *c, int32_t broker_id, int64_t broker_epoch,
    controller_ids_fn *done, void *arg)
{
	struct event *e = event_new("AllocateProducerIds", allocate_ids);
	struct ids_call *call = xcalloc(1, sizeof(*call));

	*call = (struct ids_call){ .broker_epoch = broker_epoch, .done = done, .arg = arg };
	e->broker = broker_id;
	e->payload = call;
	e->answer = answer_ids;
	event_queue(c, e);
}
