/* server.c - wiring of listeners and loops, what may change while they run, and the two-step stop. */
#include "net/server.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "net/server_priv.h"

#define LOG_CLASS "kafka.network.SocketServer"
#include "base/logger.h"

/* --- memory and counts --- */

static void on_feed(struct loop_msg *m)
{
	struct net_thread *t = CONTAINER_OF(m, struct net_thread, feed_msg);

	atomic_store(&t->feed_posted, false);
	connections_feed(t);
}

void server_discharge(struct server *s, int64_t bytes)
{
	int i;

	atomic_fetch_sub(&s->queued_bytes, bytes);
	if (!atomic_load(&s->starved))
		return;
	for (i = 0; i < atomic_load(&s->threads_made); i++) {
		if (!atomic_exchange(&s->threads[i]->feed_posted, true))
			loop_post(s->threads[i]->loop, &s->threads[i]->feed_msg);
	}
}

/* Somebody waits for a slot: have them look. */
static void slot_may_be_free(struct server *s)
{
	if (atomic_exchange(&s->slot_wanted, false) && !atomic_exchange(&s->slot_posted, true))
		loop_post(s->threads[0]->loop, &s->slot_msg);
}

static void on_slot(struct loop_msg *m)
{
	struct server *s = CONTAINER_OF(m, struct server, slot_msg);
	struct listener *l;

	atomic_store(&s->slot_posted, false);
	list_foreach(l, &s->listeners, link)
		listener_slot_free(l);
}

void server_connection_gone(struct server *s)
{
	slot_may_be_free(s);
	if (connection_quotas_count(s->quotas))
		return;
	lock_take(&s->lock);
	cond_broadcast(&s->gone);
	lock_release(&s->lock);
}

size_t server_connections(const struct server *s)
{
	return connection_quotas_count(s->quotas);
}

static void post_shed(struct net_thread *t)
{
	if (!atomic_exchange(&t->shed_posted, true))
		loop_post(t->loop, &t->shed_msg);
}

/* One connection a turn, so that all loops give some. */
static void on_shed(struct loop_msg *m)
{
	struct net_thread *t = CONTAINER_OF(m, struct net_thread, shed_msg);
	bool closed;

	atomic_store(&t->shed_posted, false);
	if (!connection_quotas_claim(t->server->quotas))
		return;
	closed = connections_shed(t);
	connection_quotas_shed(t->server->quotas);
	if (closed)
		post_shed(t);
}

void server_shed(struct server *s)
{
	int i;

	if (!connection_quotas_exceeded(s->quotas))
		return;
	for (i = 0; i < atomic_load(&s->threads_made); i++)
		post_shed(s->threads[i]);
}

/* --- life --- */

static void on_stop(struct loop_msg *m)
{
	struct net_thread *t = CONTAINER_OF(m, struct net_thread, stop_msg);
	struct listener *l;

	if (t == t->server->threads[0]) {
		t->server->stopping = true;
		list_foreach(l, &t->server->listeners, link)
			listener_stop(l);
	}
	connections_stop(t);
}

static void on_kill(struct loop_msg *m)
{
	connections_kill(CONTAINER_OF(m, struct net_thread, kill_msg), NULL);
}

/* Makes loops until there are `n`; they run once started. */
static void threads_make(struct server *s, int n)
{
	struct net_thread *t;
	char name[20];
	int i;

	for (i = atomic_load(&s->threads_made); i < n; i++) {
		t = xcalloc(1, sizeof(*t));
		snprintf(name, sizeof(name), "net-%d", i);
		t->server = s;
		t->loop = loop_new(name);
		t->stop_msg.run = on_stop;
		t->kill_msg.run = on_kill;
		t->feed_msg.run = on_feed;
		t->shed_msg.run = on_shed;
		connections_init(t);
		s->threads[i] = t;
		atomic_store(&s->threads_made, i + 1);
	}
}

static int bind_listener(struct server *s, const struct server_listener *config)
{
	struct listener *l;
	int fd, r = listener_socket(s, config->host, config->port, &fd);

	if (r < 0) {
		listener_log_failure(config, r);
		return r;
	}
	l = listener_new(s, config, fd);
	list_append(&s->listeners, &l->link);
	return 0;
}

int server_bind(const struct server_config *config, struct server **ret)
{
	struct server *s = xcalloc(1, sizeof(*s));
	size_t i;
	int r;

	assert(config->network_threads > 0);
	s->config = *config;
	s->config.listeners = NULL;
	s->config.limits.per_ip_overrides = s->config.inter_broker = NULL;
	s->slot_msg.run = on_slot;
	list_init(&s->listeners);
	lock_init(&s->lock, RANK_LEAF, "server");
	cond_init(&s->gone);
	s->quotas = connection_quotas_new(config->quota_samples, config->quota_window_ms, config->inter_broker);
	connection_quotas_set_broker(s->quotas, config->limits.all);
	connection_quotas_set_per_ip(s->quotas, config->limits.per_ip, config->limits.per_ip_overrides);
	threads_make(s, MIN(config->network_threads, NET_THREADS_MAX));
	atomic_store(&s->threads_n, atomic_load(&s->threads_made));
	for (i = 0; i < config->listeners_n; i++) {
		r = bind_listener(s, &config->listeners[i]);
		if (r < 0) {
			server_free(s);
			return r;
		}
	}
	*ret = s;
	return 0;
}

int server_start(struct server *s)
{
	struct listener *l;
	int i, r;

	list_foreach(l, &s->listeners, link)
		listener_start(l); /* before the loop's thread exists, so this thread may */
	for (i = 0; i < s->threads_made; i++) {
		r = loop_start(s->threads[i]->loop);
		if (r < 0)
			return FAIL(r);
	}
	s->started = true;
	return 0;
}

int server_resize(struct server *s, int network_threads)
{
	int n = MIN(network_threads, NET_THREADS_MAX), had = s->threads_made, i, r;

	threads_make(s, n);
	for (i = had; i < s->threads_made; i++) {
		r = loop_start(s->threads[i]->loop);
		if (r < 0)
			return FAIL(r);
	}
	atomic_store(&s->threads_n, n);
	return 0;
}

void server_set_limits(struct server *s, const struct server_limits *limits)
{
	connection_quotas_set_broker(s->quotas, limits->all);
	connection_quotas_set_per_ip(s->quotas, limits->per_ip, limits->per_ip_overrides);
	slot_may_be_free(s);
	server_shed(s);
}

/* --- listeners while running: what touches them runs on loop 0, what may wait on the caller's thread --- */

struct listener_call {
	struct server *server;
	const char *name;
	const struct server_listener *config;
	struct listener *found;
	char *host;
	int fd, port;
	int r;
};

static struct listener *listener_find(struct server *s, const char *name)
{
	struct listener *l;

	list_foreach(l, &s->listeners, link) {
		if (!strcmp(l->name, name))
			return l;
	}
	return NULL;
}

static void call_on_loop(struct listener_call *c, void (*fn)(void *arg))
{
	loop_call(c->server->threads[0]->loop, fn, c);
}

static void find_port(void *arg)
{
	struct listener_call *c = arg;
	struct listener *l = listener_find(c->server, c->name);

	c->port = l ? l->port : -1;
}

int server_port(struct server *s, const char *listener)
{
	struct listener_call c = { .server = s, .name = listener };

	call_on_loop(&c, find_port);
	return c.port;
}

static void set_limits(void *arg)
{
	struct listener_call *c = arg;
	struct listener *l = listener_find(c->server, c->name);

	if (l)
		connection_quotas_set_listener(c->server->quotas, &l->quota, c->config->limits);
}

void server_set_listener_limits(struct server *s, const char *listener, struct connection_limits limits)
{
	const struct server_listener config = { .limits = limits };
	struct listener_call c = { .server = s, .name = listener, .config = &config };

	call_on_loop(&c, set_limits);
	slot_may_be_free(s);
}

static void open_listener(void *arg)
{
	struct listener_call *c = arg;
	struct listener *l;

	c->r = c->server->stopping ? -ESHUTDOWN : 0;
	if (c->r)
		return;
	l = listener_new(c->server, c->config, c->fd);
	list_append(&c->server->listeners, &l->link);
	listener_start(l);
}

int server_open_listener(struct server *s, const struct server_listener *config)
{
	struct listener_call c = { .server = s, .config = config };

	c.r = listener_socket(s, config->host, config->port, &c.fd);
	if (c.r < 0) {
		listener_log_failure(config, c.r);
		return c.r;
	}
	call_on_loop(&c, open_listener);
	if (c.r < 0)
		(void)close(c.fd);
	else
		log_info("[SocketServer listenerType=ZK_BROKER, nodeId=%d] Created data-plane acceptor and processors "
			 "for endpoint : ListenerName(%s)",
		    s->config.broker_id, config->name);
	return c.r;
}

/* Stops listening at the old address, which is told. */
static void suspend(void *arg)
{
	struct listener_call *c = arg;
	struct listener *l = listener_find(c->server, c->config->name);

	c->r = c->server->stopping || !l ? -ESHUTDOWN : 0;
	if (c->r)
		return;
	c->host = xstrdup(l->host);
	c->port = l->port;
	listener_replace(l, NULL, -1);
}

static void resume(void *arg)
{
	struct listener_call *c = arg;
	struct listener *l = listener_find(c->server, c->config->name);

	if (c->server->stopping || !l)
		(void)close(c->fd);
	else
		listener_replace(l, c->host, c->fd);
}

int server_move_listener(struct server *s, const struct server_listener *config)
{
	struct listener_call c = { .server = s, .config = config };
	int r;

	call_on_loop(&c, suspend); /* first: the new address may contain the old one */
	if (c.r < 0)
		return c.r;
	r = listener_socket(s, config->host, config->port, &c.fd);
	if (r == 0) {
		free(c.host);
		c.host = xstrdup(config->host ? config->host : "");
		call_on_loop(&c, resume);
	} else {
		listener_log_failure(config, r);
		if (listener_socket(s, c.host, c.port, &c.fd) == 0)
			call_on_loop(&c, resume);
	}
	free(c.host);
	return r;
}

static void close_listener(void *arg)
{
	struct listener_call *c = arg;

	c->found = c->server->stopping ? NULL : listener_find(c->server, c->name);
	if (!c->found)
		return;
	list_remove(&c->found->link);
	listener_stop(c->found);
}

struct kill_call {
	struct net_thread *thread;
	const struct listener *listener;
};

static void kill_connections(void *arg)
{
	const struct kill_call *k = arg;

	connections_kill(k->thread, k->listener);
}

void server_close_listener(struct server *s, const char *listener)
{
	struct listener_call c = { .server = s, .name = listener };
	struct kill_call k;
	int i;

	call_on_loop(&c, close_listener);
	if (!c.found)
		return;
	/* what was accepted before is in its loop's mailbox before these calls */
	k.listener = c.found;
	for (i = 0; i < s->threads_made; i++) {
		k.thread = s->threads[i];
		loop_call(k.thread->loop, kill_connections, &k);
	}
	listener_unref(c.found);
	slot_may_be_free(s); /* the last listener is not protected any more, or a waiting one is alone now */
	server_shed(s);
}

/* --- the end --- */

static void wait_gone(struct server *s, int64_t deadline_ms)
{
	lock_take(&s->lock);
	while (connection_quotas_count(s->quotas)) {
		if (!lock_wait_until(&s->lock, &s->gone, deadline_ms))
			break;
	}
	lock_release(&s->lock);
}

void server_stop(struct server *s, int64_t grace_ms)
{
	int64_t now = clock_mono_ms(&clock_real);
	int i;

	if (!s->started)
		return;
	s->started = false;
	for (i = 0; i < s->threads_made; i++)
		loop_post(s->threads[i]->loop, &s->threads[i]->stop_msg);
	wait_gone(s, now + grace_ms);
	for (i = 0; i < s->threads_made; i++)
		loop_post(s->threads[i]->loop, &s->threads[i]->kill_msg);
	wait_gone(s, INT64_MAX);
	log_info("[SocketServer listenerType=ZK_BROKER, nodeId=%d] Stopped socket server request processors",
	    s->config.broker_id);
}

static void drop_listeners(void *arg)
{
	struct server *s = arg;
	struct listener *l, *tmp;

	list_foreach_safe(l, tmp, &s->listeners, link) {
		list_remove(&l->link);
		if (!s->stopping)
			listener_stop(l);
		listener_unref(l);
	}
}

struct server *server_free(struct server *s)
{
	int i;

	if (!s)
		return NULL;
	loop_call(s->threads[0]->loop, drop_listeners, s);
	for (i = 0; i < s->threads_made; i++)
		loop_free(s->threads[i]->loop);
	connection_quotas_free(s->quotas);
	cond_fini(&s->gone);
	lock_fini(&s->lock);
	for (i = 0; i < s->threads_made; i++)
		free(s->threads[i]);
	free(s);
	return NULL;
}
