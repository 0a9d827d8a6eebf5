/* server.h - the listeners and the network loops behind them.
 *
 * Owner: broker/startup. Thread: the owner's for bind, start, stop and free; after the start one other (that of the
 * configuration) may change limits, loops and listeners meanwhile. Callbacks run on network loops.
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "net/connection_quotas.h"

struct connection;
struct server;

struct server_listener {
	const char *name; /* listener name */
	const char *host; /* "" or NULL: all addresses */
	int port;	  /* 0: any free one */
	struct connection_limits limits;
};

struct server_limits {
	struct connection_limits all;
	int per_ip;		      /* max.connections.per.ip */
	const char *per_ip_overrides; /* "host:n,host:n", NULL: none */
};

/* Times in ms, sizes in bytes; from broker/config. */
struct server_config {
	const struct server_listener *listeners;
	size_t listeners_n;
	int network_threads;	       /* num.network.threads, shared by the listeners */
	int32_t request_max_bytes;     /* socket.request.max.bytes */
	int64_t queued_max_bytes;      /* queued.max.request.bytes, -1: none */
	int send_buffer_bytes, receive_buffer_bytes; /* -1: leave to the system */
	int backlog;		       /* socket.listen.backlog.size */
	int64_t idle_ms;	       /* connections.max.idle.ms */
	struct server_limits limits;
	int quota_samples;	       /* quota.window.num */
	int64_t quota_window_ms;       /* quota.window.size.seconds */
	const char *inter_broker;      /* listener between brokers, whose connections are let in first; NULL: none */
	int broker_id;		       /* for log lines */
	/* A complete frame (without its size field). The callee takes over the reference `frame` and must end the
	 * request with exactly one of connection_reply, connection_done, connection_close. */
	void (*on_frame)(void *arg, struct connection *c, struct buf *frame);
	void *arg;
};

/* Binds all listeners (so that port 0 gets its number) but does not accept yet. -errno with one logged line that
 * names the address. */
int server_bind(const struct server_config *config, struct server **ret) MUST_CHECK;
/* The port a listener is bound to; -1: there is none of that name. */
int server_port(struct server *s, const char *listener);
int server_start(struct server *s) MUST_CHECK; /* accepts from now on */
/* num.network.threads while running: new connections spread over this many loops; old ones stay where they are. One
 * caller at a time. */
int server_resize(struct server *s, int network_threads) MUST_CHECK;
/* Limits while running. When max.connections is exceeded then, clients' connections are closed, the least recently
 * active first; those above another new limit are kept. */
void server_set_limits(struct server *s, const struct server_limits *limits);
void server_set_listener_limits(struct server *s, const char *listener, struct connection_limits limits);
/* Listeners while running. Each failure is one logged line.
 *   0         accepting
 *   -errno    the address cannot be bound; after a failed move the old one is listened on again where possible
 *   -ESHUTDOWN the server has been stopped */
int server_open_listener(struct server *s, const struct server_listener *config) MUST_CHECK;
/* The same listener at another address; its connections stay. */
int server_move_listener(struct server *s, const struct server_listener *config) MUST_CHECK;
/* Closes the listener and all its connections, answers in process are dropped. When it returns they are closed. */
void server_close_listener(struct server *s, const char *listener);
/* Stops accepting and reading; answers in process may still leave for up to grace_ms; then closes. */
void server_stop(struct server *s, int64_t grace_ms);
struct server *server_free(struct server *s);
size_t server_connections(const struct server *s);

#endif
