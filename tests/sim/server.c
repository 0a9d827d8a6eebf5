/* server.c - net/server.h and net/connection.h on wires: frames are handed to the broker by two fibers, one request of a
 * connection at a time. */
#include "net/server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cluster.h"
#include "fiber.h"
#include "net/connection.h"
#include "network.h"

enum { LOOPS = 2, FRAME_MAX = 64 << 20 };

struct frame {
	struct list link;
	struct buf *buf;
};

struct connection {
	int refs;
	struct wire *wire; /* NULL: gone */
	struct server *server;
	struct list link; /* among those with something to do */
	struct list frames;
	bool busy, queued;
	uint8_t *rx;
	size_t rx_len, rx_cap;
	char peer[32], host[16];
	uint64_t serial;
};

struct server {
	struct server_config config;
	int node, port;
	bool accepting, stopping;
	struct list inbox; /* of struct connection */
	struct list idle;  /* fibers */
	struct fiber *loops[LOOPS];
	size_t open;
	uint64_t accepted;
};

static struct server *servers[NODES];

/* --- frames in --- */

static void enqueue(struct connection *c)
{
	if (c->busy || c->queued || list_empty(&c->frames) || c->server->stopping)
		return;
	c->queued = true;
	connection_ref(c);
	list_append(&c->server->inbox, &c->link);
	if (!list_empty(&c->server->idle))
		fiber_wake(list_first(&c->server->idle, struct fiber, link));
}

static void cut_frames(struct connection *c)
{
	size_t at = 0;

	while (c->rx_len - at >= 4) {
		const uint8_t *p = c->rx + at;
		size_t len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
		struct frame *f;

		assert(len < FRAME_MAX);
		if (c->rx_len - at - 4 < len)
			break;
		f = xcalloc(1, sizeof(*f));
		f->buf = buf_new(len + 1);
		memcpy(f->buf->data, p + 4, len);
		f->buf->len = len;
		list_init(&f->link);
		list_append(&c->frames, &f->link);
		at += 4 + len;
	}
	memmove(c->rx, c->rx + at, c->rx_len - at);
	c->rx_len -= at;
}

static void let_go(struct connection *c)
{
	struct wire *w = TAKE(c->wire);

	if (!w)
		return;
	w->connection = NULL;
	connection_unref(c);
}

void connection_arrived(struct connection *c, const void *p, size_t n)
{
	if (n == 0) { /* what is in process goes on, as are frames that have arrived */
		let_go(c);
		return;
	}
	c->rx = grow_array(c->rx, &c->rx_cap, c->rx_len + n, 1);
	memcpy(c->rx + c->rx_len, p, n);
	c->rx_len += n;
	cut_frames(c);
	enqueue(c);
}

struct connection *server_accept(int node, struct wire *w)
{
	struct server *s = servers[node];
	struct connection *c;

	if (!s || !s->accepting)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->refs = 1;
	c->wire = w;
	c->server = s;
	c->serial = ++s->accepted;
	list_init(&c->link);
	list_init(&c->frames);
	(void)snprintf(c->host, sizeof(c->host), "10.0.0.%d", w->node[SIDE_CLIENT]);
	(void)snprintf(c->peer, sizeof(c->peer), "%s:1000", c->host);
	return c;
}

/* --- the loops --- */

static void serve_one(struct connection *c)
{
	struct frame *f = list_first(&c->frames, struct frame, link);
	struct buf *buf = f->buf;

	list_remove(&f->link);
	free(f);
	c->busy = true;
	c->server->config.on_frame(c->server->config.arg, c, buf);
}

static void *loop_main(void *arg)
{
	struct server *s = arg;

	while (!s->stopping) {
		struct connection *c = list_first(&s->inbox, struct connection, link);

		if (!c) {
			(void)fiber_wait(&s->idle, INT64_MAX);
			continue;
		}
		list_remove(&c->link);
		c->queued = false;
		serve_one(c);
		connection_unref(c);
	}
	return NULL;
}

/* --- net/connection.h --- */

struct connection *connection_ref(struct connection *c)
{
	c->refs++;
	return c;
}

struct connection *connection_unref(struct connection *c)
{
	if (c && --c->refs == 0) {
		struct frame *f, *tmp;

		list_foreach_safe(f, tmp, &c->frames, link) {
			list_remove(&f->link);
			buf_unref(f->buf);
			free(f);
		}
		free(c->rx);
		free(c);
	}
	return NULL;
}

static void ended(struct connection *c)
{
	assert(c->busy);
	c->busy = false;
	enqueue(c);
}

void connection_reply(struct connection *c, struct chain *chain, int32_t throttle_ms)
{
	uint8_t *flat = xmalloc(chain->len + 1);
	size_t at = 0;

	(void)throttle_ms;
	for (size_t i = 0; i < chain->n; i++) {
		const struct piece *p = &chain->v[i];

		if (p->buf)
			memcpy(flat + at, p->buf->data + p->at, p->len);
		else if (file_read_full(p->file, flat + at, p->len, p->at) < 0)
			memset(flat + at, 0, p->len); /* the log was cut off while it was sent */
		at += p->len;
	}
	chain_fini(chain);
	if (c->wire)
		wire_send(c->wire, SIDE_CLIENT, flat, at);
	free(flat);
	ended(c);
}

void connection_done(struct connection *c, int32_t throttle_ms)
{
	(void)throttle_ms;
	ended(c);
}

void connection_close(struct connection *c, const char *why)
{
	(void)why;
	if (c->wire) {
		wire_close(c->wire, SIDE_SERVER);
		c->wire = NULL;
		connection_unref(c);
	}
	ended(c);
}

bool connection_is_open(const struct connection *c)
{
	return c->wire != NULL;
}

const char *connection_listener(const struct connection *c)
{
	(void)c;
	return "PLAINTEXT";
}

const char *connection_peer(const struct connection *c)
{
	return c->peer;
}

const char *connection_peer_host(const struct connection *c)
{
	return c->host;
}

uint64_t connection_serial(const struct connection *c)
{
	return c->serial;
}

struct loop *connection_loop(const struct connection *c)
{
	(void)c;
	return NULL;
}

void connection_set_software(struct connection *c, struct str name, struct str version)
{
	(void)c;
	(void)name;
	(void)version;
}

const char *connection_software_name(const struct connection *c)
{
	(void)c;
	return "unknown";
}

const char *connection_software_version(const struct connection *c)
{
	(void)c;
	return "unknown";
}

/* --- net/server.h --- */

int server_bind(const struct server_config *config, struct server **ret)
{
	struct server *s = xcalloc(1, sizeof(*s));

	s->config = *config;
	s->node = fiber_node();
	s->port = config->listeners[0].port;
	list_init(&s->inbox);
	list_init(&s->idle);
	servers[s->node] = s;
	cluster_broker_bound(s->node, config->arg);
	*ret = s;
	return 0;
}

int server_port(struct server *s, const char *listener)
{
	(void)listener;
	return s->port;
}

int server_start(struct server *s)
{
	for (int i = 0; i < LOOPS; i++)
		s->loops[i] = fiber_spawn(s->node, "loop", loop_main, s);
	s->accepting = true;
	return 0;
}

int server_resize(struct server *s, int network_threads)
{
	(void)s;
	(void)network_threads;
	return 0;
}

void server_set_limits(struct server *s, const struct server_limits *limits)
{
	(void)s;
	(void)limits;
}

void server_set_listener_limits(struct server *s, const char *listener, struct connection_limits limits)
{
	(void)s;
	(void)listener;
	(void)limits;
}

int server_open_listener(struct server *s, const struct server_listener *config)
{
	(void)s;
	(void)config;
	return 0;
}

int server_move_listener(struct server *s, const struct server_listener *config)
{
	(void)s;
	(void)config;
	return 0;
}

void server_close_listener(struct server *s, const char *listener)
{
	(void)s;
	(void)listener;
}

void server_stop(struct server *s, int64_t grace_ms)
{
	(void)grace_ms;
	s->accepting = false;
	if (s->stopping || !s->loops[0])
		return;
	s->stopping = true;
	fiber_wake_all(&s->idle);
	for (int i = 0; i < LOOPS; i++)
		(void)fiber_join(s->loops[i]);
	while (!list_empty(&s->inbox)) {
		struct connection *c = list_first(&s->inbox, struct connection, link);

		list_remove(&c->link);
		connection_unref(c);
	}
}

struct server *server_free(struct server *s)
{
	if (!s)
		return NULL;
	server_stop(s, 0);
	servers_node_killed(s->node);
	return NULL;
}

size_t server_connections(const struct server *s)
{
	return s->open;
}

/* The memory stays: connections whose peers are slow still name it. */
void servers_node_killed(int node)
{
	servers[node] = NULL;
}
