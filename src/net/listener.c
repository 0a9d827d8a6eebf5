/* listener.c - a listening socket: accepts on loop 0, hands connections to the loops in turn. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
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
static int bind_any_port(const char *host, int port, const struct server_config *config, int *ret)
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
				r = bind_one(a, config, ret);
		}
	}
	freeaddrinfo(found);
	return r;
}

static void on_pause_over(struct ev_loop *ev, ev_timer *w, int events UNUSED)
{
	struct listener *l = w->data;

	ev_io_start(ev, &l->accept);
}

static void pause_accepting(struct ev_loop *ev, struct listener *l)
{
	ev_io_stop(ev, &l->accept);
	ev_timer_set(&l->pause, PAUSE_S, 0);
	ev_timer_start(ev, &l->pause);
}

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
	struct server *s = l->server;
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);
	int fd;

	if (atomic_load(&s->connections) >= (size_t)atomic_load(&s->max_connections)) {
		pause_accepting(ev, l);
		return false;
	}
	fd = accept4(l->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == ECONNABORTED || errno == EINTR)
			return true;
		if (errno != EAGAIN) {
			log_accept_failure(l, -errno, ev_now(ev));
			pause_accepting(ev, l);
		}
		return false;
	}
	if (!server_ip_take(s, &peer)) {
		(void)close(fd);
		return true;
	}
	atomic_fetch_add(&s->connections, 1);
	connection_new(s->threads[s->next_thread++ % (unsigned)atomic_load(&s->threads_n)], fd, &peer, l->name, s->next_index++);
	return true;
}

static void on_acceptable(struct ev_loop *ev, ev_io *w, int events UNUSED)
{
	struct listener *l = w->data;
	int i;

	for (i = 0; i < ACCEPTS && accept_one(ev, l); i++)
		;
}

int listener_bind(struct server *s, const struct server_listener *config, struct listener **ret)
{
	struct listener *l;
	struct sockaddr_storage local = { 0 };
	socklen_t len = sizeof(local);
	const char *host = config->host && *config->host ? config->host : "0.0.0.0";
	char text[160];
	int fd, r;

	r = bind_any_port(config->host, config->port, &s->config, &fd);
	if (r < 0) {
		log_error("Socket server failed to bind to %s:%d (listener %s): %s. Free the port, or give the "
			  "listener another address.",
		    host, config->port, config->name, error_text(r, text, sizeof(text)));
		return r;
	}
	l = xcalloc(1, sizeof(*l));
	l->server = s;
	l->name = xstrdup(config->name);
	l->fd = fd;
	(void)getsockname(fd, (struct sockaddr *)&local, &len);
	l->port = sockaddr_port(&local);
	ev_io_init(&l->accept, on_acceptable, fd, EV_READ);
	ev_timer_init(&l->pause, on_pause_over, 0, 0);
	l->accept.data = l->pause.data = l;
	list_init(&l->link);
	log_info("Awaiting socket connections on %s:%d.", host, l->port);
	*ret = l;
	return 0;
}

void listener_start(struct listener *l)
{
	ev_io_start(loop_ev(l->server->threads[0]->loop), &l->accept);
}

void listener_stop(struct listener *l)
{
	struct ev_loop *ev = loop_ev(l->server->threads[0]->loop);

	ev_io_stop(ev, &l->accept);
	ev_timer_stop(ev, &l->pause);
	(void)close(l->fd);
	l->fd = -1;
}

struct listener *listener_free(struct listener *l)
{
	if (!l)
		return NULL;
	if (l->fd >= 0)
		(void)close(l->fd);
	list_remove(&l->link);
	free(l->name);
	free(l);
	return NULL;
}
