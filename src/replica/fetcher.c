/* fetcher.c - the fetch loop: cut off, find the place, fetch, apply; wait when there is nothing to do. */
#include "replica/fetcher.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "net/rpc.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "protocol/metadata_version.h"

#define LOG_CLASS "kafka.server.ReplicaFetcherThread"
#include "base/logger.h"

enum { TIMESTAMP_LATEST = -1, TIMESTAMP_EARLIEST = -2 };

struct fetcher {
	struct fetcher_config config;
	char *host;
	struct follower *follower;
	struct rpc *rpc;
	pthread_t thread;
	atomic_bool stop;
	struct lock lock; /* RANK_QUEUE: guards woken */
	struct cond cond;
	bool woken;
	bool warned; /* the thread's own: of this outage */
};

static int64_t now_ms(const struct fetcher *f)
{
	return clock_mono_ms(f->config.follower.clock);
}

/* --- one request --- */

static void warn_once(struct fetcher *f, int r)
{
	char text[256];

	if (f->warned || r == -ESTALE || atomic_load(&f->stop))
		return;
	f->warned = true;
	log_warn("[ReplicaFetcher replicaId=%d, leaderId=%d, fetcherId=%d] Error in response for fetch request from %s:%d: "
		 "%s; trying again every %lld ms", (int)f->config.follower.broker_id, (int)f->config.follower.leader_id,
	    (int)f->config.id, f->host, (int)f->config.port, error_text(r, text, sizeof(text)),
	    (long long)f->config.follower.backoff_ms);
}

static int call(struct fetcher *f, int key, int version, const void *in, struct arena *a, void *out)
{
	int r = rpc_connect(f->rpc, clock_mono_ms(&clock_real) + f->config.connect_timeout_ms);

	if (!r)
		r = rpc_call(f->rpc, key, version, in, a, out, clock_mono_ms(&clock_real) + f->config.request_timeout_ms);
	if (r)
		warn_once(f, r);
	else
		f->warned = false;
	return r;
}

static int version_of(const struct fetcher *f, int key)
{
	return metadata_version_of_request(f->config.follower.metadata_version, key);
}

static void truncate(struct fetcher *f, struct arena *a)
{
	struct offset_for_leader_epoch_response out;
	struct offset_for_leader_epoch_request in;
	int r;

	if (!follower_ask_epochs(f->follower, a, &in))
		return;
	r = call(f, API_OFFSET_FOR_LEADER_EPOCH, version_of(f, API_OFFSET_FOR_LEADER_EPOCH), &in, a, &out);
	follower_epochs_answered(f->follower, r, &out);
}

static void locate(struct fetcher *f, struct arena *a, int64_t timestamp)
{
	struct list_offsets_response out;
	struct list_offsets_request in;
	int r;

	if (!follower_ask_offsets(f->follower, a, timestamp, &in))
		return;
	r = call(f, API_LIST_OFFSETS, version_of(f, API_LIST_OFFSETS), &in, a, &out);
	follower_offsets_answered(f->follower, timestamp, r, &out);
}

/* False when nothing is to be fetched. A leader without news keeps the request for up to replica.fetch.wait.max.ms; a
 * partition that is added meanwhile does not wait for that: the request is given up (-ESTALE) and made anew. */
static bool fetch(struct fetcher *f, struct arena *a)
{
	struct fetch_response out;
	struct fetch_request in;
	int version, r;

	rpc_allow_nudge(f->rpc);
	if (!follower_ask_records(f->follower, a, &in, &version))
		return false;
	r = call(f, API_FETCH, version, &in, a, &out);
	follower_records_answered(f->follower, r, &out);
	return true;
}

/* --- the loop --- */

static void wait_for_work(struct fetcher *f)
{
	int64_t until = MIN(follower_next_ms(f->follower), now_ms(f) + f->config.follower.backoff_ms);

	lock_take(&f->lock);
	while (!f->woken && !atomic_load(&f->stop) && lock_wait_until(&f->lock, &f->cond, until))
		;
	f->woken = false;
	lock_release(&f->lock);
}

static bool turn(struct fetcher *f)
{
	struct arena a;
	bool fetched;

	arena_init(&a, 0);
	truncate(f, &a);
	locate(f, &a, TIMESTAMP_LATEST);
	locate(f, &a, TIMESTAMP_EARLIEST);
	fetched = fetch(f, &a);
	arena_fini(&a);
	return fetched;
}

static void *run(void *arg)
{
	struct fetcher *f = arg;

	pthread_setname_np(pthread_self(), "fetcher");
	while (!atomic_load(&f->stop)) {
		if (!turn(f))
			wait_for_work(f);
	}
	return NULL;
}

/* --- life --- */

struct fetcher *fetcher_new(const struct fetcher_config *c)
{
	struct fetcher *f = xcalloc(1, sizeof(*f));
	char client_id[64];
	struct rpc_config rpc = { .host = c->host, .port = c->port, .client_id = client_id,
		.receive_buffer_bytes = c->receive_buffer_bytes, .keep_frame = true };
	int r;

	f->config = *c;
	f->host = xstrdup(c->host);
	f->config.host = f->host;
	snprintf(client_id, sizeof(client_id), "broker-%d-fetcher-%d", (int)c->follower.broker_id, (int)c->id);
	f->rpc = rpc_new(&rpc);
	f->follower = follower_new(&c->follower);
	atomic_init(&f->stop, false);
	lock_init(&f->lock, RANK_QUEUE, "fetcher");
	cond_init(&f->cond);
	r = pthread_create(&f->thread, NULL, run, f);
	assert(r == 0);
	log_info("[ReplicaFetcher replicaId=%d, leaderId=%d, fetcherId=%d] Starting", (int)c->follower.broker_id,
	    (int)c->follower.leader_id, (int)c->id);
	return f;
}

void fetcher_wake(struct fetcher *f)
{
	lock_take(&f->lock);
	f->woken = true;
	cond_signal(&f->cond);
	lock_release(&f->lock);
	rpc_nudge(f->rpc);
}

void fetcher_stop(struct fetcher *f)
{
	if (atomic_exchange(&f->stop, true))
		return;
	rpc_interrupt(f->rpc);
	fetcher_wake(f);
}

struct fetcher *fetcher_free(struct fetcher *f)
{
	if (!f)
		return NULL;
	fetcher_stop(f);
	pthread_join(f->thread, NULL);
	log_info("[ReplicaFetcher replicaId=%d, leaderId=%d, fetcherId=%d] Shutdown completed",
	    (int)f->config.follower.broker_id, (int)f->config.follower.leader_id, (int)f->config.id);
	rpc_free(f->rpc);
	follower_free(f->follower);
	cond_fini(&f->cond);
	lock_fini(&f->lock);
	free(f->host);
	free(f);
	return NULL;
}

/* --- questions --- */

struct follower *fetcher_follower(struct fetcher *f)
{
	return f->follower;
}

bool fetcher_is_for(const struct fetcher *f, int32_t leader_id, int32_t id)
{
	return f->config.follower.leader_id == leader_id && f->config.id == id;
}

bool fetcher_is_at(const struct fetcher *f, const char *host, int32_t port)
{
	return f->config.port == port && strcmp(f->host, host) == 0;
}
