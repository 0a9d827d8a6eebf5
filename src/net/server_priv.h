/* server_priv.h - what server.c, listener.c and connection.c share. Included only in this folder and its tests. */
#ifndef NET_SERVER_PRIV_H
#define NET_SERVER_PRIV_H

#include <ev.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/list.h"
#include "base/lock.h"
#include "net/connection.h"
#include "net/loop.h"
#include "net/server.h"

struct ip_limit;

/* num.network.threads above this is taken as this. */
#define NET_THREADS_MAX 1024

/* A network loop with its connections. Thread: its loop, except where said. */
struct net_thread {
	struct server *server;
	struct loop *loop;
	struct list connections; /* least recently active first */
	struct list starved;	 /* waiting for queued.max.request.bytes */
	ev_timer idle;		 /* armed for the first connection to expire */
	bool stopping;		 /* connections end with their response */
	struct loop_msg stop_msg, kill_msg, feed_msg;
	atomic_bool feed_posted;
};

struct listener {
	struct server *server;
	char *name;
	int fd;
	int port;
	ev_io accept;
	ev_timer pause; /* no descriptor or no slot: accepts again a moment later */
	struct list link;
};

struct server {
	struct server_config config; /* strings are copies */
	struct list listeners;
	struct net_thread *threads[NET_THREADS_MAX]; /* the first threads_made exist; none is freed before the end */
	atomic_int threads_made;
	atomic_int threads_n; /* that get new connections; at most threads_made */
	unsigned next_thread; /* round robin; loop 0 only */
	uint64_t next_index;  /* connection index; loop 0 only */
	bool started;

	atomic_size_t connections;
	_Atomic int64_t queued_bytes; /* of frames in receipt and in process */
	atomic_int starved;

	atomic_int max_connections;

	struct lock lock; /* guards what follows */
	struct cond gone; /* a connection closed */
	int max_connections_per_ip;
	struct ip_limit *ips;
	struct ip_limit *overrides;
};

/* connection.c. Takes over fd; counts are the caller's. Any thread; the connection is adopted by its loop. */
void connection_new(struct net_thread *t, int fd, const struct sockaddr_storage *peer, const char *listener,
    uint64_t index);
void connections_stop(struct net_thread *t);	/* closes those that only read */
void connections_kill(struct net_thread *t);	/* closes all */
void connections_feed(struct net_thread *t);	/* memory is free again: starved ones read on */
void connections_init(struct net_thread *t);

/* listener.c. */
int listener_bind(struct server *s, const struct server_listener *config, struct listener **ret) MUST_CHECK;
void listener_start(struct listener *l); /* on loop 0 */
void listener_stop(struct listener *l);	 /* on loop 0 */
struct listener *listener_free(struct listener *l);

/* server.c. The address without its port. */
bool server_ip_take(struct server *s, const struct sockaddr_storage *peer);
void server_ip_release(struct server *s, const struct sockaddr_storage *peer);
void server_connection_gone(struct server *s);
/* Releases bytes charged to queued_bytes and wakes connections that wait for them. */
void server_discharge(struct server *s, int64_t bytes);

/* "1.2.3.4", "::1"; IPv4-mapped addresses print as IPv4. */
void sockaddr_host(const struct sockaddr_storage *a, char *buf, size_t size);
int sockaddr_port(const struct sockaddr_storage *a);

#endif
