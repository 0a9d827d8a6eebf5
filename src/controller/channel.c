/* channel.c - one sending thread per broker; the queue keeps the order, the thread keeps trying. */
#include "controller/channel.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "protocol/messages.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.controller.RequestSendThread"
#include "base/logger.h"

enum { RETRY_MS = 100 };

struct channel {
	struct channel_config config;
	struct zk_endpoint *endpoint; /* a copy; NULL: the broker lacks the listener */
	pthread_t thread;
	struct lock lock; /* guards queue, stop, calling; writes of transport and open. interrupt is called under it */
	struct cond wake;
	struct list queue;
	bool stop;
	bool calling; /* the transport has a call; only then it may be interrupted */

	struct control_transport transport; /* written by the thread */
	bool open;
	bool warned; /* the thread's own: of this outage */
};

/* --- requests --- */

struct control_request *control_request_new(enum control_kind kind)
{
	struct control_request *r = xcalloc(1, sizeof(*r));

	r->kind = kind;
	list_init(&r->link);
	arena_init(&r->arena, 0);
	return r;
}

void control_request_free(struct control_request *r)
{
	if (!r)
		return;
	arena_fini(&r->arena);
	free(r);
}

/* --- the sending thread --- */

/* Waits for a request, without taking it off the queue. False when the channel is being freed. */
static bool await_request(struct channel *c, struct control_request **ret)
{
	bool stop;

	lock_take(&c->lock);
	while (list_empty(&c->queue) && !c->stop)
		lock_wait(&c->lock, &c->wake);
	*ret = list_first(&c->queue, struct control_request, link);
	stop = c->stop;
	lock_release(&c->lock);
	return !stop;
}

/* True when the channel is being freed. */
static bool pause_before_retry(struct channel *c)
{
	int64_t until = clock_mono_ms(&clock_real) + RETRY_MS;
	bool stop;

	lock_take(&c->lock);
	while (!c->stop && lock_wait_until(&c->lock, &c->wake, until))
		;
	stop = c->stop;
	lock_release(&c->lock);
	return stop;
}

static bool begin_call(struct channel *c)
{
	bool stop;

	lock_take(&c->lock);
	stop = c->stop;
	c->calling = !stop;
	lock_release(&c->lock);
	return !stop;
}

static void end_call(struct channel *c)
{
	lock_take(&c->lock);
	c->calling = false;
	lock_release(&c->lock);
}

static void close_transport(struct channel *c)
{
	bool was_open;

	lock_take(&c->lock);
	was_open = c->open;
	c->open = false;
	lock_release(&c->lock);
	if (was_open && c->transport.close)
		c->transport.close(c->transport.arg);
}

static int open_transport(struct channel *c)
{
	struct control_transport t;
	int r;

	if (c->open)
		return 0;
	r = c->config.open(c->config.open_arg, c->config.broker_id, c->endpoint, &t);
	if (r < 0)
		return r;
	lock_take(&c->lock);
	c->transport = t;
	c->open = true;
	lock_release(&c->lock);
	return 0;
}

/* The answer's struct is made here, what hangs from it is the transport's. */
static int call_transport(struct channel *c, struct control_request *r)
{
	const struct control_transport *t = &c->transport;

	switch (r->kind) {
	case CONTROL_LEADER_AND_ISR:
		r->leader_and_isr_response = arena_alloc(&r->arena, sizeof(*r->leader_and_isr_response));
		return r->leader_and_isr_response ? t->leader_and_isr(t->arg, &r->arena, r->leader_and_isr,
							r->leader_and_isr_response)
						  : -ENOMEM;
	case CONTROL_UPDATE_METADATA:
		r->update_metadata_response = arena_alloc(&r->arena, sizeof(*r->update_metadata_response));
		return r->update_metadata_response ? t->update_metadata(t->arg, &r->arena, r->update_metadata,
							 r->update_metadata_response)
						   : -ENOMEM;
	case CONTROL_STOP_REPLICA:
		r->stop_replica_response = arena_alloc(&r->arena, sizeof(*r->stop_replica_response));
		return r->stop_replica_response ? t->stop_replica(t->arg, &r->arena, r->stop_replica,
						      r->stop_replica_response)
						: -ENOMEM;
	}
	return -EINVAL;
}

static int send_once(struct channel *c, struct control_request *request)
{
	int r;

	if (!begin_call(c))
		return -ESHUTDOWN;
	r = open_transport(c);
	if (!r)
		r = call_transport(c, request);
	end_call(c);
	if (r < 0)
		close_transport(c);
	return r;
}

static void warn_once(struct channel *c, int r)
{
	char text[256];

	if (c->warned)
		return;
	c->warned = true;
	log_warn("[RequestSendThread controllerId=%d] Controller %d's connection to broker %s:%d (id: %d rack: null) "
		 "was unsuccessful (%s); trying again every %d ms.",
	    c->config.controller_id, c->config.controller_id, c->endpoint ? c->endpoint->host : "?",
	    c->endpoint ? c->endpoint->port : -1, c->config.broker_id, error_text(r, text, sizeof(text)), RETRY_MS);
}

/* Until it is answered. False when the channel is being freed. */
static bool send(struct channel *c, struct control_request *request)
{
	int r;

	while ((r = send_once(c, request)) < 0) {
		if (r != -ESHUTDOWN)
			warn_once(c, r);
		if (pause_before_retry(c))
			return false;
	}
	if (c->warned)
		log_info("[RequestSendThread controllerId=%d] Controller %d connected to broker %d for sending state "
			 "change requests",
		    c->config.controller_id, c->config.controller_id, c->config.broker_id);
	c->warned = false;
	return true;
}

static void finish(struct channel *c, struct control_request *r)
{
	lock_take(&c->lock);
	list_remove(&r->link);
	lock_release(&c->lock);
	if (r->report && c->config.on_answer)
		c->config.on_answer(c->config.arg, c->config.broker_id, r);
	else
		control_request_free(r);
}

static void *run(void *arg)
{
	struct channel *c = arg;
	struct control_request *r;

	pthread_setname_np(pthread_self(), "control-send");
	while (await_request(c, &r) && send(c, r))
		finish(c, r);
	close_transport(c);
	return NULL;
}

/* --- the controller's side --- */

static struct zk_endpoint *endpoint_copy(const struct zk_endpoint *e)
{
	struct zk_endpoint *copy;

	if (!e)
		return NULL;
	copy = xmemdup(e, sizeof(*e));
	copy->listener = xstrdup(e->listener);
	copy->host = xstrdup(e->host);
	return copy;
}

static void endpoint_free(struct zk_endpoint *e)
{
	if (!e)
		return;
	free(e->listener);
	free(e->host);
	free(e);
}

struct channel *channel_new(const struct channel_config *config)
{
	struct channel *c = xcalloc(1, sizeof(*c));
	int r;

	c->config = *config;
	c->endpoint = endpoint_copy(config->endpoint);
	c->config.endpoint = c->endpoint;
	lock_init(&c->lock, RANK_QUEUE, "control channel");
	cond_init(&c->wake);
	list_init(&c->queue);
	r = pthread_create(&c->thread, NULL, run, c);
	assert(r == 0);
	return c;
}

void channel_queue(struct channel *c, struct control_request *r)
{
	lock_take(&c->lock);
	list_append(&c->queue, &r->link);
	cond_signal(&c->wake);
	lock_release(&c->lock);
}

struct channel *channel_free(struct channel *c)
{
	struct control_request *r, *tmp;

	if (!c)
		return NULL;
	lock_take(&c->lock);
	c->stop = true;
	if (c->calling && c->open && c->transport.interrupt)
		c->transport.interrupt(c->transport.arg);
	cond_broadcast(&c->wake);
	lock_release(&c->lock);
	pthread_join(c->thread, NULL);
	list_foreach_safe(r, tmp, &c->queue, link) {
		list_remove(&r->link);
		control_request_free(r);
	}
	endpoint_free(c->endpoint);
	cond_fini(&c->wake);
	lock_fini(&c->lock);
	free(c);
	return NULL;
}
