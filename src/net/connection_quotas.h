/* connection_quotas.h - how many connections there may be, and how fast they may come: for the whole broker, for each
 * listener, for each address (ConnectionQuotas of SocketServer.scala 3.9; KIP-402, KIP-612).
 *
 * The broker-wide limits do not apply to the listener between brokers while there is another one: clients must not be
 * able to keep brokers out. Its connections count all the same, so clients give way to them.
 *
 * Owner: struct server. Thread: any. Locks: one of its own (RANK_LEAF), none held at a return.
 */
#ifndef NET_CONNECTION_QUOTAS_H
#define NET_CONNECTION_QUOTAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/list.h"
#include "base/sampled_rate.h"

struct connection_quotas;

struct connection_limits {
	int max_connections; /* max.connections */
	int creation_rate;   /* max.connection.creation.rate, per second */
};

/* A listener's share, embedded in the listener. Guarded by the lock of the quotas. */
struct quota_listener {
	struct list link;
	const char *name;
	struct connection_limits limits;
	struct sampled_rate rate;
	int connections;
};

/* quota.window.num and quota.window.size.seconds; a connection waits at most one window for its turn.
 * `inter_broker` is the name of the protected listener, NULL: none. */
struct connection_quotas *connection_quotas_new(int32_t samples, int64_t window_ms, const char *inter_broker);
struct connection_quotas *connection_quotas_free(struct connection_quotas *q); /* accepts NULL */

void connection_quotas_set_broker(struct connection_quotas *q, struct connection_limits limits);
/* max.connections.per.ip, and its overrides "host:n,host:n" (NULL: none). Looks names up: may wait. */
void connection_quotas_set_per_ip(struct connection_quotas *q, int max, const char *overrides);

/* `name` is borrowed until the listener is freed. */
void connection_quotas_add(struct connection_quotas *q, struct quota_listener *l, const char *name,
    struct connection_limits limits);
void connection_quotas_set_listener(struct connection_quotas *q, struct quota_listener *l, struct connection_limits limits);
/* The listener is closed; its connections are still counted until they are released. */
void connection_quotas_remove(struct connection_quotas *q, struct quota_listener *l);
void quota_listener_fini(struct quota_listener *l); /* after connection_quotas_remove and the last release */

/* A connection has come: counts it for the rates and returns how many ms it has to wait. */
int64_t connection_quotas_arrive(struct connection_quotas *q, struct quota_listener *l, int64_t now_ms);

enum quota_answer {
	QUOTA_TAKEN,
	QUOTA_NO_SLOT, /* too many on the listener or in all: wait until one is gone */
	QUOTA_REFUSED, /* too many from that address: close it */
};
/* Counts a connection in. QUOTA_REFUSED: *ret_max is the limit of the address. */
enum quota_answer connection_quotas_take(struct connection_quotas *q, struct quota_listener *l,
    const struct sockaddr_storage *peer, int *ret_max);
void connection_quotas_release(struct connection_quotas *q, struct quota_listener *l,
    const struct sockaddr_storage *peer);

bool connection_quotas_protects(struct connection_quotas *q, const struct quota_listener *l);
/* Are there more connections than max.connections allows? Then clients' ones have to go. */
bool connection_quotas_exceeded(struct connection_quotas *q);
/* The same, and a true is a claim to close one, which ends with connection_quotas_shed: after its release, or when there
 * was none to close. */
bool connection_quotas_claim(struct connection_quotas *q);
void connection_quotas_shed(struct connection_quotas *q);

size_t connection_quotas_count(const struct connection_quotas *q); /* takes no lock */

#endif
