/* server_priv.h - what server.c, listener.c and connection.c share. Included only in this folder and its tests. */
#ifndef NET_SERVER_PRIV_H
#define NET_SERVER_PRIV_H

#include <ev.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/list.h"
#include "base/lock.h"
#include "net/connection.h"
#include "net/connection_quotas.h"
#include "net/loop.h"
#include "net/server.h"
#include "net/sockaddr.h"

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
	struct loop_msg stop_msg, kill_msg, feed_msg, shed_msg;
	atomic_bool feed_posted, shed_posted;
};

/* Counted: by the server while it is open, and by each of its connections. Thread: loop 0, except for what is fixed. */
struct listener {
	atomic_int refs;
	struct server *server;
	char *name; /* fixed */
	char *host; /* as configured */
	int fd;	    /* -1: closed */
	int port;
	struct quota_listener quota;
	ev_io accept;
	ev_timer pause; /* when it fires accepting goes on: no descriptor was left, or a connection came too fast */
	int held;	/* accepted, waiting for its turn or for a slot; nothing more is accepted meanwhile; -1: none */
	struct sockaddr_storage held_peer;
	bool wants_slot;
	struct list link;
};

struct server {
	struct server_config config; /* without the listeners; strings are not kept */
	struct connection_quotas *quotas;
	struct list listeners; /* loop 0's from the start on */
	bool stopping;	       /* loop 0 only */
	struct net_thread *threads[NET_THREADS_MAX]; /* the first threads_made exist; none is freed before the end */
	atomic_int threads_made;
	atomic_int threads_n; /* that get new connections; at most threads_made */
	unsigned next_thread; /* round robin; loop 0 only */
	uint64_t next_index;  /* connection index; loop 0 only */
	bool started;

	_Atomic int64_t queued_bytes; /* of frames in receipt and in process */
	atomic_int starved;

	atomic_bool slot_wanted; /* a listener holds a connection that finds no slot */
	atomic_bool slot_posted;
	struct loop_msg slot_msg; /* to loop 0: one may be free */

	struct lock lock; /* for `gone` */
	struct cond gone; /* the last connection closed */
};

/* connection.c. Takes over fd; the quotas have counted it. Any thread; the connection is adopted by its loop. */
void connection_new(struct net_thread *t, int fd, const struct sockaddr_storage *peer, struct listener *l,
    uint64_t index);
void connections_stop(struct net_thread *t);	/* closes those that only read */
void connections_kill(struct net_thread *t, const struct listener *l); /* closes all, or those of one listener */
/* Closes the least recently active one that the quotas do not protect. False: there is none. */
bool connections_shed(struct net_thread *t);
void connections_feed(struct net_thread *t);	/* memory is free again: starved ones read on */
void connections_init(struct net_thread *t);

/* listener.c. */
/* A bound socket that listens; logs nothing. Looks names up: may wait. 0, -errno. */
int listener_socket(const struct server *s, const char *host, int port, int *ret_fd) MUST_CHECK;
/* One ERROR line for a failed listener_socket. */
void listener_log_failure(const struct server_listener *config, int r);
/* Takes over fd. */
struct listener *listener_new(struct server *s, const struct server_listener *config, int fd);
struct listener *listener_ref(struct listener *l);
struct listener *listener_unref(struct listener *l); /* accepts NULL, returns NULL */
void listener_start(struct listener *l);			   /* on loop 0 */
void listener_stop(struct listener *l);				   /* on loop 0; the quotas forget it */
/* Listens with another socket from now on (taken over; -1: with none). On loop 0. */
void listener_replace(struct listener *l, const char *host, int fd);
void listener_slot_free(struct listener *l); /* on loop 0 */

/* server.c. */
void server_connection_gone(struct server *s);
/* Closes clients' connections while there are too many. Any thread. */
void server_shed(struct server *s);
/* Releases bytes charged to queued_bytes and wakes connections that wait for them. */
void server_discharge(struct server *s, int64_t bytes);

#endif
