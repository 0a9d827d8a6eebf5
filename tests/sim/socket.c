/* socket.c - the system calls of net/rpc.c on wires. Descriptors of ours are numbers that the system never gives. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "fiber.h"
#include "network.h"

enum { FD_BASE = 1 << 24, CONNECT_RETRY_MS = 50 };

enum socket_state { SOCKET_IDLE, SOCKET_CONNECTING, SOCKET_CONNECTED, SOCKET_BROKEN };

struct sim_socket {
	bool used, is_event, signalled, eof;
	int node, peer;
	uint32_t life;
	uint64_t serial; /* of its use: numbers come again */
	enum socket_state state;
	int error;
	struct wire *wire;
	uint8_t *rx;
	size_t rx_at, rx_len, rx_cap;
	struct fiber *poller;
};

static struct sim_socket **sockets;
static size_t sockets_n, sockets_cap;
static uint64_t serial;

int __wrap_socket(int domain, int type, int protocol);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
void __wrap_freeaddrinfo(struct addrinfo *list);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *p, size_t n, int flags);
ssize_t __wrap_read(int fd, void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_poll(struct pollfd *v, nfds_t n, int timeout_ms);
int __wrap_close(int fd);
ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __real_write(int fd, const void *p, size_t n);
int __real_close(int fd);

static struct sim_socket *of(int fd)
{
	return sockets[fd - FD_BASE];
}

static int new_fd(bool is_event)
{
	size_t i;
	struct sim_socket *s;

	for (i = 0; i < sockets_n && sockets[i]->used; i++)
		;
	if (i == sockets_n) {
		sockets = grow_array(sockets, &sockets_cap, sockets_n + 1, sizeof(struct sim_socket *));
		sockets[sockets_n++] = xcalloc(1, sizeof(struct sim_socket));
	}
	s = sockets[i];
	free(s->rx);
	*s = (struct sim_socket){ .used = true, .is_event = is_event, .node = fiber_node(), .life = node_life(fiber_node()),
		.serial = ++serial };
	return FD_BASE + (int)i;
}

int __wrap_socket(int domain, int type, int protocol)
{
	(void)domain;
	(void)type;
	(void)protocol;
	return new_fd(false);
}

int __wrap_eventfd(unsigned count, int flags)
{
	(void)count;
	(void)flags;
	return new_fd(true);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	(void)fd;
	(void)level;
	(void)name;
	(void)value;
	(void)len;
	return 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	(void)level;
	(void)name;
	(void)len;
	*(int *)value = of(fd)->error;
	return 0;
}

/* --- names: the port field carries the node --- */

struct found {
	struct addrinfo info;
	struct sockaddr_in address;
};

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	struct found *f;
	int node = host ? node_of_host(host) : -1;

	(void)service;
	(void)hints;
	if (node < 0)
		return EAI_NONAME;
	f = xcalloc(1, sizeof(*f));
	f->address.sin_family = AF_INET;
	f->address.sin_port = (in_port_t)node;
	f->info.ai_family = AF_INET;
	f->info.ai_addr = (struct sockaddr *)(void *)&f->address;
	f->info.ai_addrlen = sizeof(f->address);
	*ret = &f->info;
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	free(list);
}

/* --- connecting --- */

struct attempt {
	struct sim_socket *s;
	uint64_t serial;
};

static void wake(struct sim_socket *s)
{
	if (s->poller)
		fiber_wake(s->poller);
}

static void try_connect(void *arg)
{
	struct attempt *a = arg;
	struct sim_socket *s = a->s;

	if (!s->used || s->serial != a->serial || s->life != node_life(s->node)) {
		free(a);
		return;
	}
	if (network_is_cut(s->node, s->peer) || network_is_cut(s->peer, s->node)) {
		world_at(world_now_ms() + CONNECT_RETRY_MS, try_connect, a);
		return;
	}
	s->wire = wire_new(s->node, s->peer);
	s->wire->socket = s;
	s->wire->connection = server_accept(s->peer, s->wire);
	s->state = s->wire->connection ? SOCKET_CONNECTED : SOCKET_BROKEN;
	s->error = s->wire->connection ? 0 : ECONNREFUSED;
	if (!s->wire->connection)
		s->wire->socket = NULL;
	wake(s);
	free(a);
}

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	struct sim_socket *s = of(fd);
	struct attempt *a = xmalloc(sizeof(*a));

	(void)len;
	s->peer = ((const struct sockaddr_in *)(const void *)to)->sin_port;
	s->state = SOCKET_CONNECTING;
	*a = (struct attempt){ s, s->serial };
	world_at(world_now_ms() + 1 + (int64_t)world_random(4), try_connect, a);
	errno = EINPROGRESS;
	return -1;
}

/* --- bytes --- */

void socket_arrived(struct sim_socket *s, const void *p, size_t n)
{
	if (n == 0) {
		s->eof = true;
		wake(s);
		return;
	}
	if (s->rx_at == s->rx_len)
		s->rx_at = s->rx_len = 0;
	s->rx = grow_array(s->rx, &s->rx_cap, s->rx_len + n, 1);
	memcpy(s->rx + s->rx_len, p, n);
	s->rx_len += n;
	wake(s);
}

void socket_reset(struct sim_socket *s)
{
	s->state = SOCKET_BROKEN;
	s->error = ECONNRESET;
	wake(s);
}

ssize_t __wrap_send(int fd, const void *p, size_t n, int flags)
{
	struct sim_socket *s = of(fd);

	(void)flags;
	if (s->state != SOCKET_CONNECTED || s->eof) {
		errno = s->error ? s->error : EPIPE;
		return -1;
	}
	wire_send(s->wire, SIDE_SERVER, p, n);
	return (ssize_t)n;
}

ssize_t __wrap_recv(int fd, void *p, size_t n, int flags)
{
	struct sim_socket *s = of(fd);
	size_t have = s->rx_len - s->rx_at;

	(void)flags;
	if (have == 0 && s->state == SOCKET_BROKEN) {
		errno = s->error;
		return -1;
	}
	if (have == 0 && s->eof)
		return 0;
	if (have == 0) {
		errno = EAGAIN;
		return -1;
	}
	have = MIN(have, n);
	memcpy(p, s->rx + s->rx_at, have);
	s->rx_at += have;
	return (ssize_t)have;
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	if (fd < FD_BASE)
		return __real_write(fd, p, n);
	of(fd)->signalled = true;
	wake(of(fd));
	return (ssize_t)n;
}

/* Of ours, only events are read; how often they were signalled is nobody's concern. */
ssize_t __wrap_read(int fd, void *p, size_t n)
{
	if (fd < FD_BASE)
		return __real_read(fd, p, n);
	if (!of(fd)->signalled) {
		errno = EAGAIN;
		return -1;
	}
	of(fd)->signalled = false;
	memset(p, 0, n);
	return (ssize_t)n;
}

/* --- waiting --- */

static short events_of(const struct sim_socket *s, short wanted)
{
	short r = 0;

	if (s->is_event)
		return s->signalled ? POLLIN & wanted : 0;
	if (s->rx_len > s->rx_at || s->eof)
		r |= POLLIN;
	if (s->state == SOCKET_CONNECTED)
		r |= POLLOUT;
	if (s->state == SOCKET_BROKEN)
		return (short)(r | POLLERR | POLLIN | POLLOUT);
	return r & wanted;
}

int __wrap_poll(struct pollfd *v, nfds_t n, int timeout_ms)
{
	int64_t deadline = world_now_ms() + timeout_ms;

	for (;;) {
		int ready = 0;

		for (nfds_t i = 0; i < n; i++) {
			v[i].revents = events_of(of(v[i].fd), v[i].events);
			ready += v[i].revents != 0;
		}
		if (ready > 0 || timeout_ms == 0 || world_now_ms() >= deadline)
			return ready;
		for (nfds_t i = 0; i < n; i++)
			of(v[i].fd)->poller = fiber_self();
		(void)fiber_wait(NULL, deadline);
		for (nfds_t i = 0; i < n; i++)
			of(v[i].fd)->poller = NULL;
	}
}

int __wrap_close(int fd)
{
	struct sim_socket *s;

	if (fd < FD_BASE)
		return __real_close(fd);
	s = of(fd);
	if (s->wire && s->wire->socket)
		wire_close(s->wire, SIDE_CLIENT);
	s->used = false;
	return 0;
}

void sockets_node_killed(int node)
{
	for (size_t i = 0; i < sockets_n; i++)
		if (sockets[i]->node == node)
			sockets[i]->used = false;
}
