/* connection_quotas.c - see connection_quotas.h. */
#include "net/connection_quotas.h"

#include <assert.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/lock.h"
#include "base/table.h"
#include "net/sockaddr.h"

/* Connections of one address, or the limit of one address. Keyed by its text. */
struct ip_limit {
	char host[48];
	int n;
	UT_hash_handle hh;
};

struct connection_quotas {
	struct lock lock; /* guards everything below, and all listeners */
	char *inter_broker;
	int32_t samples;
	int64_t window_ms;
	struct connection_limits limits;
	struct sampled_rate rate;
	struct list listeners;
	size_t listeners_n;
	atomic_size_t connections; /* changed with the lock held, read without too */
	size_t shedding; /* claimed to be closed, still counted */
	int max_per_ip;
	struct ip_limit *ips, *overrides;
};

struct connection_quotas *connection_quotas_new(int32_t samples, int64_t window_ms, const char *inter_broker)
{
	struct connection_quotas *q = xcalloc(1, sizeof(*q));

	lock_init(&q->lock, RANK_LEAF, "connection quotas");
	q->inter_broker = inter_broker ? xstrdup(inter_broker) : NULL;
	q->samples = samples;
	q->window_ms = window_ms;
	q->limits = (struct connection_limits){ INT32_MAX, INT32_MAX };
	q->max_per_ip = INT32_MAX;
	sampled_rate_init(&q->rate, samples, window_ms);
	list_init(&q->listeners);
	return q;
}

static void ips_free(struct ip_limit **table)
{
	struct ip_limit *ip, *tmp;

	HASH_ITER(hh, *table, ip, tmp)
	{
		HASH_DEL(*table, ip);
		free(ip);
	}
}

struct connection_quotas *connection_quotas_free(struct connection_quotas *q)
{
	if (!q)
		return NULL;
	assert(list_empty(&q->listeners));
	ips_free(&q->ips);
	ips_free(&q->overrides);
	sampled_rate_fini(&q->rate);
	lock_fini(&q->lock);
	free(q->inter_broker);
	free(q);
	return NULL;
}

/* --- settings --- */

void connection_quotas_set_broker(struct connection_quotas *q, struct connection_limits limits)
{
	lock_take(&q->lock);
	q->limits = limits;
	lock_release(&q->lock);
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

void connection_quotas_set_per_ip(struct connection_quotas *q, int max, const char *overrides)
{
	struct ip_limit *parsed = overrides_parse(overrides), *old;

	lock_take(&q->lock);
	q->max_per_ip = max;
	old = q->overrides;
	q->overrides = parsed;
	lock_release(&q->lock);
	ips_free(&old);
}

/* --- listeners --- */

void connection_quotas_add(struct connection_quotas *q, struct quota_listener *l, const char *name,
    struct connection_limits limits)
{
	l->name = name;
	l->limits = limits;
	l->connections = 0;
	sampled_rate_init(&l->rate, q->samples, q->window_ms);
	lock_take(&q->lock);
	list_append(&q->listeners, &l->link);
	q->listeners_n++;
	lock_release(&q->lock);
}

void connection_quotas_set_listener(struct connection_quotas *q, struct quota_listener *l, struct connection_limits limits)
{
	lock_take(&q->lock);
	l->limits = limits;
	lock_release(&q->lock);
}

void connection_quotas_remove(struct connection_quotas *q, struct quota_listener *l)
{
	lock_take(&q->lock);
	list_remove(&l->link);
	q->listeners_n--;
	lock_release(&q->lock);
}

void quota_listener_fini(struct quota_listener *l)
{
	sampled_rate_fini(&l->rate);
}

/* Locks: q->lock held. */
static bool is_protected(const struct connection_quotas *q, const struct quota_listener *l)
{
	return q->listeners_n > 1 && q->inter_broker && strcmp(l->name, q->inter_broker) == 0;
}

bool connection_quotas_protects(struct connection_quotas *q, const struct quota_listener *l)
{
	bool yes;

	lock_take(&q->lock);
	yes = is_protected(q, l);
	lock_release(&q->lock);
	return yes;
}

/* --- connections --- */

static int64_t count_arrival(const struct connection_quotas *q, struct sampled_rate *r, int bound, int64_t now_ms)
{
	sampled_rate_record(r, 1, now_ms);
	return sampled_rate_throttle_ms(r, bound, now_ms, q->window_ms);
}

int64_t connection_quotas_arrive(struct connection_quotas *q, struct quota_listener *l, int64_t now_ms)
{
	int64_t broker_ms = 0, listener_ms;

	lock_take(&q->lock);
	if (!is_protected(q, l))
		broker_ms = count_arrival(q, &q->rate, q->limits.creation_rate, now_ms);
	listener_ms = count_arrival(q, &l->rate, l->limits.creation_rate, now_ms);
	lock_release(&q->lock);
	return MAX(broker_ms, listener_ms);
}

/* Locks: q->lock held. */
static bool has_slot(const struct connection_quotas *q, const struct quota_listener *l)
{
	if (l->connections >= l->limits.max_connections)
		return false;
	return is_protected(q, l) || q->connections < (size_t)q->limits.max_connections;
}

/* Counts one more from an address, or says no. Locks: q->lock held. */
static bool ip_take(struct connection_quotas *q, const char *host, int *ret_max)
{
	struct ip_limit *ip, *over;

	HASH_FIND_STR(q->overrides, host, over);
	HASH_FIND_STR(q->ips, host, ip);
	*ret_max = over ? over->n : q->max_per_ip;
	if ((ip ? ip->n : 0) >= *ret_max)
		return false;
	if (!ip) {
		ip = xcalloc(1, sizeof(*ip));
		strcpy(ip->host, host);
		HASH_ADD_STR(q->ips, host, ip);
	}
	ip->n++;
	return true;
}

enum quota_answer connection_quotas_take(struct connection_quotas *q, struct quota_listener *l,
    const struct sockaddr_storage *peer, int *ret_max)
{
	enum quota_answer answer = QUOTA_NO_SLOT;
	char host[sizeof(q->ips->host)];

	sockaddr_host(peer, host, sizeof(host));
	lock_take(&q->lock);
	if (has_slot(q, l))
		answer = ip_take(q, host, ret_max) ? QUOTA_TAKEN : QUOTA_REFUSED;
	if (answer == QUOTA_TAKEN) {
		l->connections++;
		q->connections++;
	}
	lock_release(&q->lock);
	return answer;
}

void connection_quotas_release(struct connection_quotas *q, struct quota_listener *l,
    const struct sockaddr_storage *peer)
{
	struct ip_limit *ip;
	char host[sizeof(q->ips->host)];

	sockaddr_host(peer, host, sizeof(host));
	lock_take(&q->lock);
	assert(q->connections > 0 && l->connections > 0);
	q->connections--;
	l->connections--;
	HASH_FIND_STR(q->ips, host, ip);
	assert(ip && ip->n > 0);
	if (--ip->n == 0) {
		HASH_DEL(q->ips, ip);
		free(ip);
	}
	lock_release(&q->lock);
}

/* Locks: q->lock held. */
static bool exceeded(const struct connection_quotas *q)
{
	return q->connections > (size_t)q->limits.max_connections + q->shedding;
}

bool connection_quotas_exceeded(struct connection_quotas *q)
{
	bool yes;

	lock_take(&q->lock);
	yes = exceeded(q);
	lock_release(&q->lock);
	return yes;
}

bool connection_quotas_claim(struct connection_quotas *q)
{
	bool yes;

	lock_take(&q->lock);
	yes = exceeded(q);
	q->shedding += yes;
	lock_release(&q->lock);
	return yes;
}

void connection_quotas_shed(struct connection_quotas *q)
{
	lock_take(&q->lock);
	assert(q->shedding > 0);
	q->shedding--;
	lock_release(&q->lock);
}

size_t connection_quotas_count(const struct connection_quotas *q)
{
	return atomic_load(&q->connections);
}
