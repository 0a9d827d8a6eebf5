/* controller_link.c - one thread that finds the controller, asks it, and asks the next one. */
#include "replica/controller_link.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "metadata/image.h"
#include "net/rpc.h"
#include "protocol/header.h"

#define LOG_CLASS "kafka.server.NodeToControllerRequestThread"
#include "base/logger.h"

enum { NO_CONTROLLER_MS = 100, RETRY_MS = 50 };

struct controller_link {
	struct controller_link_config config;
	char *listener;
	pthread_t thread;
	struct lock lock; /* RANK_QUEUE: guards queue, stop, started; rpc while it is replaced or interrupted */
	struct cond wake;
	struct list queue;
	bool stop, joined;
	struct rpc *rpc; /* to the controller as last found; written by the thread under the lock */
	int32_t peer;	 /* its id; the thread's own */
	bool warned;	 /* of this outage; the thread's own */
};

/* --- waiting --- */

/* True when the link is being stopped. */
static bool pause_for(struct controller_link *l, int64_t ms)
{
	int64_t until = clock_mono_ms(&clock_real) + ms;
	bool stop;

	lock_take(&l->lock);
	while (!l->stop && lock_wait_until(&l->lock, &l->wake, until))
		;
	stop = l->stop;
	lock_release(&l->lock);
	return stop;
}

/* Takes the first call off the queue; NULL when the link is being stopped. */
static struct link_call *next_call(struct controller_link *l)
{
	struct link_call *c = NULL;

	lock_take(&l->lock);
	while (list_empty(&l->queue) && !l->stop)
		lock_wait(&l->lock, &l->wake);
	if (!l->stop) {
		c = list_first(&l->queue, struct link_call, link);
		list_remove(&c->link);
	}
	lock_release(&l->lock);
	return c;
}

/* --- the connection --- */

static void replace_rpc(struct controller_link *l, struct rpc *rpc, int32_t peer)
{
	struct rpc *old;

	lock_take(&l->lock);
	old = l->rpc;
	l->rpc = rpc;
	l->peer = peer;
	if (rpc && l->stop)
		rpc_interrupt(rpc);
	lock_release(&l->lock);
	rpc_free(old);
}

static struct rpc *rpc_to(const struct controller_link *l, const struct image_endpoint *e)
{
	char client_id[16];
	struct rpc_config c = { .host = e->host, .port = e->port, .client_id = client_id };

	snprintf(client_id, sizeof(client_id), "%d", (int)l->config.broker_id);
	return rpc_new(&c);
}

/* Finds the controller that the metadata name. 0, -EAGAIN when there is none with an address. */
static int find_controller(struct controller_link *l)
{
	struct image *image = metadata_image(l->config.metadata);
	const struct image_broker *b = image_broker(image, image_controller(image));
	const struct image_endpoint *e = b ? image_broker_endpoint(b, l->listener) : NULL;
	int r = e ? 0 : -EAGAIN;

	if (e) {
		replace_rpc(l, rpc_to(l, e), b->id);
		log_info("[%s]: Recorded new ZK controller, from now on will use node %s:%d (id: %d)", l->config.name,
		    e->host, (int)e->port, (int)b->id);
	}
	image_unref(image);
	return r;
}

static int connected(struct controller_link *l)
{
	int64_t deadline_ms = clock_mono_ms(&clock_real) + l->config.call_timeout_ms;
	int r;

	if (!l->rpc)
		r = find_controller(l);
	else
		r = 0;
	if (r || rpc_is_connected(l->rpc))
		return r;
	r = rpc_connect(l->rpc, deadline_ms);
	if (!r)
		r = rpc_ask_versions(l->rpc, deadline_ms);
	return FAIL(r);
}

/* --- one call --- */

/* 0: answered and done; -EAGAIN: try again; other: the call has failed for good. */
static int try_call(struct controller_link *l, struct link_call *c)
{
	const struct api_version_row *row = api_version_find(c->key);
	int version, r = connected(l);
	const void *in;
	struct arena a;
	void *out;

	if (r)
		return r == -ECANCELED || r == -EAGAIN ? r : -ECONNRESET;
	version = MIN(c->max_version(c), rpc_version(l->rpc, c->key));
	if (version < row->min)
		return -ENOTSUP;
	arena_init(&a, 0);
	in = c->build(c, version, &a);
	out = arena_alloc(&a, row->response->size);
	r = in && out ? rpc_call(l->rpc, c->key, version, in, &a, out,
			    clock_mono_ms(&clock_real) + l->config.call_timeout_ms)
		      : -ENOMEM;
	if (!r && c->not_controller(out))
		r = -ECONNRESET;
	if (!r)
		c->done(c, 0, version, out);
	arena_fini(&a);
	return r;
}

static bool is_final(int r)
{
	return r == -ENOTSUP || r == -ENOMEM || r == -EINVAL || r == -ECANCELED;
}

/* What went wrong once per outage; the metadata may name another controller by now. */
static void forget_controller(struct controller_link *l, int r)
{
	char text[256];

	if (!l->warned && l->rpc)
		log_info("[%s]: the controller %d did not answer or is not the controller any more (%s); trying again "
			 "until one does", l->config.name, (int)l->peer, error_text(r, text, sizeof(text)));
	l->warned = true;
	replace_rpc(l, NULL, -1);
}

static void run_call(struct controller_link *l, struct link_call *c)
{
	for (;;) {
		int r = try_call(l, c);

		if (r == 0) {
			l->warned = false;
			return;
		}
		if (!is_final(r) && clock_mono_ms(l->config.clock) >= c->deadline_ms)
			r = -ETIMEDOUT;
		if (is_final(r) || r == -ETIMEDOUT)
			return c->done(c, r, -1, NULL);
		if (r != -EAGAIN)
			forget_controller(l, r);
		if (pause_for(l, r == -EAGAIN ? NO_CONTROLLER_MS : RETRY_MS))
			return c->done(c, -ECANCELED, -1, NULL);
	}
}

static void *run(void *arg)
{
	struct controller_link *l = arg;
	struct link_call *c;

	pthread_setname_np(pthread_self(), l->config.name);
	while ((c = next_call(l)) != NULL)
		run_call(l, c);
	return NULL;
}

/* --- life --- */

struct controller_link *controller_link_new(const struct controller_link_config *c)
{
	struct controller_link *l = xcalloc(1, sizeof(*l));
	int r;

	l->config = *c;
	l->listener = xstrdup(c->listener);
	l->peer = -1;
	lock_init(&l->lock, RANK_QUEUE, "controller link");
	cond_init(&l->wake);
	list_init(&l->queue);
	r = pthread_create(&l->thread, NULL, run, l);
	assert(r == 0);
	return l;
}

void controller_link_stop(struct controller_link *l)
{
	struct link_call *c = NULL;

	lock_take(&l->lock);
	l->stop = true;
	if (l->rpc)
		rpc_interrupt(l->rpc);
	cond_broadcast(&l->wake);
	lock_release(&l->lock);
	if (!l->joined)
		pthread_join(l->thread, NULL);
	l->joined = true;
	do { /* one at a time: a callback may send again, which then completes at once */
		lock_take(&l->lock);
		c = list_empty(&l->queue) ? NULL : list_first(&l->queue, struct link_call, link);
		if (c)
			list_remove(&c->link);
		lock_release(&l->lock);
		if (c)
			c->done(c, -ECANCELED, -1, NULL);
	} while (c);
}

struct controller_link *controller_link_free(struct controller_link *l)
{
	if (!l)
		return NULL;
	controller_link_stop(l);
	rpc_free(l->rpc);
	cond_fini(&l->wake);
	lock_fini(&l->lock);
	free(l->listener);
	free(l);
	return NULL;
}

void controller_link_send(struct controller_link *l, struct link_call *c)
{
	bool stop;

	lock_take(&l->lock);
	stop = l->stop;
	if (!stop) {
		list_append(&l->queue, &c->link);
		cond_signal(&l->wake);
	}
	lock_release(&l->lock);
	if (stop)
		c->done(c, -ECANCELED, -1, NULL);
}
