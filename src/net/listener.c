/* listener.c - a listening socket: accepts on loop 0, hands connections to the loops in turn.
 *
 *   ACCEPTING   the socket is watched                                 -> HOLDING (a connection came that has to wait)
 *   HOLDING     one accepted connection waits: for its turn (`pause` is armed), then for a slot (`wants_slot`).
 *               Others wait in the system's backlog                   -> ACCEPTING (it was handed over or refused)
 *   PAUSED      no descriptor was left; `pause` is armed              -> ACCEPTING
 *   CLOSED      fd is -1                                              -> ACCEPTING (listener_replace)
 *
 * As in Kafka every connection has been accepted by the system before it is found to be too early or too many: a
 * client sees an open connection on which nothing happens.
 */
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/rate_limit.h"
#include "net/server_priv.h"
#include "net/socket_buffer.h"

#define LOG_CLASS "kafka.network.DataPlaneAcceptor"
#include "base/logger.h"

enum {
	ACCEPTS = 64, /* connections accepted per wake-up */
};
#define PAUSE_S 0.1

static int bind_one(const struct addrinfo *a, const struct server_config *config, int *ret)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, off = 0, r;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	/* inherited by accepted sockets, before the window is negotiated */
	socket_buffer_set_receive(fd, config->receive_buffer_bytes);
	if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, config->backlog) < 0) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	*ret = fd;
	return 0;
}

/* No host means every address: IPv6 with IPv4 mapped in, or IPv4 alone where there is no IPv6. */
int listener_socket(const struct server *s, const char *host, int port, int *ret_fd)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found, *a;
	char service[16];
	int r, family;

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(host && *host ? host : NULL, service, &hints, &found))
		return -EADDRNOTAVAIL;
	r = -EADDRNOTAVAIL;
	for (family = AF_INET6; family; family = family == AF_INET6 ? AF_INET : 0) {
		for (a = found; a && r && r != -EADDRINUSE; a = a->ai_next) {
			if (a->ai_family == family)
				r = bind_one(a, &s->config, ret_fd);
		}
	}
	freeaddrinfo(found);
	return r;
}

void listener_log_failure(const struct server_listener *config, int r)
{
	const char *host = config->host && *config->host ? config->host : "0.0.0.0";
	char text[160];

	log_error("Socket server failed to bind to %s:%d (listener %s): %s. Free the port, or give the "
		  "listener another address.",
	    host, config->port, config->name, error_text(r, text, sizeof(text)));
}

/* --- a connection that waits --- */

static void pause_accepting(struct listener *l, double seconds)
{
	struct ev_loop *ev = loop_ev(l->server->threads[0]->loop);

	ev_io_stop(ev, &l->accept);
	ev_timer_set(&l->pause, seconds, 0);
	ev_timer_start(ev, &l->pause);
}

static void log_rejected(const struct listener *l, int max)
{
	static struct rate_limit limit;
	int64_t dropped;
	char host[48];

	if (!rate_limit_pass(&limit, clock_mono_ms(&clock_real), 1000, &dropped))
		return;
	sockaddr_host(&l->held_peer, host, sizeof(host));
	log_info("Rejected connection from /%s, address already has the configured maximum of %d connections. "
		 "(%lld more were not logged)",
	    host, max, (long long)dropped);
}

static enum quota_answer take(struct listener *l, int *ret_max)
{
	struct server *s = l->server;
	enum quota_answer answer = connection_quotas_take(s->quotas, &l->quota, &l->held_peer, ret_max);

	if (answer != QUOTA_NO_SLOT)
		return answer;
	/* announced before the second look: a slot that becomes free in between is either seen there or posted */
	atomic_store(&s->slot_wanted, true);
	return connection_quotas_take(s->quotas, &l->quota, &l->held_peer, ret_max);
}

/* The held connection's turn has come. False: there is no slot for it. */
static bool admit(struct listener *l)
{
	struct server *s = l->server;
	unsigned thread;
	int max;

	l->wants_slot = false;
	switch (take(l, &max)) {
	case QUOTA_NO_SLOT:
		l->wants_slot = true;
		return false;
	case QUOTA_REFUSED:
		log_rejected(l, max);
		(void)close(l->held);
		break;
	case QUOTA_TAKEN:
		thread = s->next_thread++ % (unsigned)atomic_load(&s->threads_n);
		connection_new(s->threads[thread], l->held, &l->held_peer, l, s->next_index++);
		server_shed(s); /* a protected one may have been one too many */
		break;
	}
	l->held = -1;
	return true;
}

static void on_pause_over(struct ev_loop *ev, ev_timer *w, int events UNUSED)
{
	struct listener *l = w->data;

	if (l->held < 0 || admit(l))
		ev_io_start(ev, &l->accept);
}

void listener_slot_free(struct listener *l)
{
	if (l->wants_slot && admit(l))
		ev_io_start(loop_ev(l->server->threads[0]->loop), &l->accept);
}

/* --- accepting --- */

/* Out of descriptors: one line a minute, not one per attempt. */
static void log_accept_failure(const struct listener *l, int r, double now)
{
	static double last;
	char text[160];

	if (now - last < 60 && last > 0)
		return;
	last = now;
	log_error("Error while accepting connection on listener %s port %d: %s. Trying again every 100 ms.", l->name,
	    l->port, error_text(r, text, sizeof(text)));
}

/* False when the socket has nothing more or accepting has to pause. */
static bool accept_one(struct ev_loop *ev, struct listener *l)
{
	socklen_t len = sizeof(l->held_peer);
	int64_t wait_ms;

	memset(&l->held_peer, 0, sizeof(l->held_peer));
	l->held = accept4(l->fd, (struct sockaddr *)&l->held_peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (l->held < 0) {
		if (errno == ECONNABORTED || errno == EINTR)
			return true;
		if (errno != EAGAIN) {
			log_accept_failure(l, -errno, ev_now(ev));
			pause_accepting(l, PAUSE_S);
		}
		return false;
	}
	wait_ms = connection_quotas_arrive(l->server->quotas, &l->quota, clock_mono_ms(&clock_real));
	if (wait_ms > 0) {
		log_debug("Listener %s: a connection waits %lld ms, they come too fast.", l->name, (long long)wait_ms);
		pause_accepting(l, (double)wait_ms / 1000);
		return false;
	}
	if (admit(l))
		return true;
	ev_io_stop(ev, &l->accept);
	return false;
}

static void on_acceptable(struct ev_loop *ev, ev_io *w, int events UNUSED)
{
	struct listener *l = w->data;
	int i;

	for (i = 0; i < ACCEPTS && accept_one(ev, l); i++)
		;
}

/* --- life --- */

static void watch_socket(struct listener *l, int fd)
{
	struct sockaddr_storage local = { 0 };
	socklen_t len = sizeof(local);

	l->fd = fd;
	(void)getsockname(fd, (struct sockaddr *)&local, &len);
	l->port = sockaddr_port(&local);
	ev_io_set(&l->accept, fd, EV_READ);
	log_info("Awaiting socket connections on %s:%d.", *l->host ? l->host : "0.0.0.0", l->port);
}

struct listener *listener_new(struct server *s, const struct server_listener *config, int fd)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	atomic_init(&l->refs, 1);
	l->server = s;
	l->name = xstrdup(config->name);
	l->host = xstrdup(config->host ? config->host : "");
	l->held = -1;
	ev_io_init(&l->accept, on_acceptable, fd, EV_READ);
	ev_timer_init(&l->pause, on_pause_over, 0, 0);
	l->accept.data = l->pause.data = l;
	list_init(&l->link);
	connection_quotas_add(s->quotas, &l->quota, l->name, config->limits);
	watch_socket(l, fd);
	return l;
}

struct listener *listener_ref(struct listener *l)
{
	atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
	return l;
}

struct listener *listener_unref(struct listener *l)
{
	if (!l || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	assert(l->fd < 0);
	quota_listener_fini(&l->quota);
	free(l->name);
	free(l->host);
	free(l);
	return NULL;
}

void listener_start(struct listener *l)
{
	ev_io_start(loop_ev(l->server->threads[0]->loop), &l->accept);
}

static void close_sockets(struct listener *l)
{
	struct ev_loop *ev = loop_ev(l->server->threads[0]->loop);

	ev_io_stop(ev, &l->accept);
	ev_timer_stop(ev, &l->pause);
	if (l->held >= 0)
		(void)close(l->held);
	if (l->fd >= 0)
		(void)close(l->fd);
	l->held = l->fd = -1;
	l->wants_slot = false;
}

void listener_stop(struct listener *l)
{
	close_sockets(l);
	connection_quotas_remove(l->server->quotas, &l->quota);
}

void listener_replace(struct listener *l, const char *host, int fd)
{
	close_sockets(l);
	if (fd < 0)
		return;
	free(l->host);
	l->host = xstrdup(host);
	watch_socket(l, fd);
	listener_start(l);
}
