/* server.c - wiring of listeners and loops, limits per address, and the two-step stop. */
#include "net/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/table.h"
#include "net/server_priv.h"

#define LOG_CLASS "kafka.network.SocketServer"
#include "base/logger.h"

/* Connections of one address, or the limit of one address. Keyed by its text. */
struct ip_limit {
	char host[48];
	int n;
	UT_hash_handle hh;
};

void sockaddr_host(const struct sockaddr_storage *a, char *buf, size_t size)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;

	if (a->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		(void)inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, buf, (socklen_t)size);
	else if (a->ss_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &v6->sin6_addr, buf, (socklen_t)size);
	else if (a->ss_family == AF_INET)
		(void)inet_ntop(AF_INET, &v4->sin_addr, buf, (socklen_t)size);
	else
		snprintf(buf, size, "?");
}

int sockaddr_port(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)a)->sin6_port);
	return a->ss_family == AF_INET ? ntohs(((const struct sockaddr_in *)a)->sin_port) : 0;
}

/* --- limits per address --- */

bool server_ip_take(struct server *s, const struct sockaddr_storage *peer)
{
	struct ip_limit *ip, *over;
	char host[48];
	bool ok;

	sockaddr_host(peer, host, sizeof(host));
	lock_take(&s->lock);
	HASH_FIND_STR(s->overrides, host, over);
	HASH_FIND_STR(s->ips, host, ip);
	if (!ip) {
		ip = xcalloc(1, sizeof(*ip));
		memcpy(ip->host, host, sizeof(host));
		HASH_ADD_STR(s->ips, host, ip);
	}
	ok = ip->n < (over ? over->n : s->max_connections_per_ip);
	if (ok) {
		ip->n++;
	} else if (!ip->n) {
		HASH_DEL(s->ips, ip);
		free(ip);
	}
	lock_release(&s->lock);
	return ok;
}

void server_ip_release(struct server *s, const struct sockaddr_storage *peer)
{
	struct ip_limit *ip;
	char host[48];

	sockaddr_host(peer, host, sizeof(host));
	lock_take(&s->lock);
	HASH_FIND_STR(s->ips, host, ip);
	assert(ip && ip->n > 0);
	if (--ip->n == 0) {
		HASH_DEL(s->ips, ip);
		free(ip);
	}
	lock_release(&s->lock);
}

static void override_add(struct ip_limit **table, const char *host, int n)
{
	struct addrinfo *found, *a;
	struct sockaddr_storage addr = { 0 };
	struct ip_limit *o, *old;

	if (getaddrinfo(host, NULL, &(struct addrinfo){ .ai_socktype = SOCK_STREAM }, &found))
		return;
	for (a = found; a; a = a->ai_next) {
		o = xcalloc(1, sizeof(*o));
		memcpy(&addr, a->ai_addr, MIN(a->ai_addrlen, sizeof(addr)));
		sockaddr_host(&addr, o->host, sizeof(o->host));
		o->n = n;
		HASH_REPLACE_STR(*table, host, o, old);
		free(old);
	}
	freeaddrinfo(found);
}

/* "host:n,host:n"; the configuration has checked the form. */
static struct ip_limit *overrides_parse(const char *text)
{
	struct ip_limit *table = NULL;
	char *copy = xstrdup(text ? text : ""), *save = NULL, *item, *colon;

	for (item = strtok_r(copy, ", ", &save); item; item = strtok_r(NULL, ", ", &save)) {
		colon = strrchr(item, ':');
		if (!colon)
			continue;
		*colon = '\0';
		override_add(&table, item, atoi(colon + 1));
	}
	free(copy);
	return table;
}

static void limits_free(struct ip_limit **table)
{
	struct ip_limit *ip, *tmp;

	HASH_ITER(hh, *table, ip, tmp)
	{
		HASH_DEL(*table, ip);
		free(ip);
	}
}

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

void server_connection_gone(struct server *s)
{
	if (atomic_fetch_sub(&s->connections, 1) != 1)
		return;
	lock_take(&s->lock);
	cond_broadcast(&s->gone);
	lock_release(&s->lock);
}

size_t server_connections(const struct server *s)
{
	return atomic_load(&s->connections);
}

/* --- life --- */

static void on_stop(struct loop_msg *m)
{
	struct net_thread *t = CONTAINER_OF(m, struct net_thread, stop_msg);
	struct listener *l;

	if (t == t->server->threads[0]) {
		list_foreach(l, &t->server->listeners, link)
			listener_stop(l);
	}
	connections_stop(t);
}

static void on_kill(struct loop_msg *m)
{
	connections_kill(CONTAINER_OF(m, struct net_thread, kill_msg));
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
		connections_init(t);
		s->threads[i] = t;
		atomic_store(&s->threads_made, i + 1);
	}
}

int server_bind(const struct server_config *config, struct server **ret)
{
	struct server *s = xcalloc(1, sizeof(*s));
	struct listener *l;
	size_t i;
	int r;

	assert(config->network_threads > 0);
	s->config = *config;
	s->config.listeners = NULL;
	s->config.max_connections_per_ip_overrides = NULL;
	list_init(&s->listeners);
	lock_init(&s->lock, RANK_LEAF, "server");
	cond_init(&s->gone);
	server_set_limits(s, config->max_connections, config->max_connections_per_ip,
	    config->max_connections_per_ip_overrides);
	threads_make(s, MIN(config->network_threads, NET_THREADS_MAX));
	atomic_store(&s->threads_n, atomic_load(&s->threads_made));
	for (i = 0; i < config->listeners_n; i++) {
		r = listener_bind(s, &config->listeners[i], &l);
		if (r < 0) {
			server_free(s);
			return r;
		}
		list_append(&s->listeners, &l->link);
	}
	*ret = s;
	return 0;
}

int server_port(const struct server *s, const char *listener)
{
	const struct listener *l;

	list_foreach(l, &s->listeners, link) {
		if (!strcmp(l->name, listener))
			return l->port;
	}
	return -1;
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

void server_set_limits(struct server *s, int max_connections, int max_connections_per_ip, const char *overrides)
{
	struct ip_limit *parsed = overrides_parse(overrides), *old;

	atomic_store(&s->max_connections, max_connections);
	lock_take(&s->lock);
	s->max_connections_per_ip = max_connections_per_ip;
	old = s->overrides;
	s->overrides = parsed;
	lock_release(&s->lock);
	limits_free(&old);
}

static void wait_gone(struct server *s, int64_t deadline_ms)
{
	lock_take(&s->lock);
	while (atomic_load(&s->connections)) {
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

struct server *server_free(struct server *s)
{
	struct listener *l, *tmp;
	int i;

	if (!s)
		return NULL;
	for (i = 0; i < s->threads_made; i++)
		loop_free(s->threads[i]->loop);
	list_foreach_safe(l, tmp, &s->listeners, link)
		listener_free(l);
	limits_free(&s->ips);
	limits_free(&s->overrides);
	cond_fini(&s->gone);
	lock_fini(&s->lock);
	for (i = 0; i < s->threads_made; i++)
		free(s->threads[i]);
	free(s);
	return NULL;
}
