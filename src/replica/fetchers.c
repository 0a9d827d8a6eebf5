/* fetchers.c - which fetcher copies which partition; fetchers come with the first partition and go with the last. */
#include "replica/fetchers.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "base/str.h"
#include "metadata/image.h"
#include "replica/fetcher.h"
#include "replica/partitions.h"

#define LOG_CLASS "kafka.server.ReplicaFetcherManager"
#include "base/logger.h"

struct fetchers {
	struct fetchers_config config;
	char *listener;
	struct lock lock; /* RANK_TABLE: guards what follows */
	struct fetcher **v;
	size_t n, cap;
	bool stopped;
};

struct fetchers *fetchers_new(const struct fetchers_config *c)
{
	struct fetchers *fs = xcalloc(1, sizeof(*fs));

	fs->config = *c;
	fs->listener = xstrdup(c->listener);
	lock_init(&fs->lock, RANK_TABLE, "fetchers");
	return fs;
}

int32_t fetcher_id_of(const char *topic, int32_t partition, int32_t n)
{
	int32_t hash = (int32_t)(31u * (uint32_t)str_java_hash(str_of(topic)) + (uint32_t)partition);

	return hash == INT32_MIN ? 0 : (hash < 0 ? -hash : hash) % n;
}

/* --- the table; locks: fs->lock held --- */

static struct fetcher *make(struct fetchers *fs, int32_t leader, int32_t id, const struct image_endpoint *at)
{
	struct fetcher_config c = { .follower = fs->config.follower, .id = id, .host = at->host, .port = at->port,
		.connect_timeout_ms = fs->config.connect_timeout_ms,
		.request_timeout_ms = fs->config.request_timeout_ms,
		.receive_buffer_bytes = fs->config.receive_buffer_bytes };

	c.follower.leader_id = leader;
	fs->v = grow_array(fs->v, &fs->cap, fs->n + 1, sizeof(struct fetcher *));
	return fs->v[fs->n++] = fetcher_new(&c);
}

static struct fetcher *take_out(struct fetchers *fs, size_t i)
{
	struct fetcher *f = fs->v[i];

	fs->v[i] = fs->v[--fs->n];
	fetcher_stop(f);
	return f;
}

/* The fetcher for (leader, id) at this address. One at another address is taken out: *ret_old. */
static struct fetcher *get(struct fetchers *fs, int32_t leader, int32_t id, const struct image_endpoint *at,
    struct fetcher **ret_old)
{
	*ret_old = NULL;
	for (size_t i = 0; i < fs->n; i++) {
		if (!fetcher_is_for(fs->v[i], leader, id))
			continue;
		if (fetcher_is_at(fs->v[i], at->host, at->port))
			return fs->v[i];
		*ret_old = take_out(fs, i);
		break;
	}
	return make(fs, leader, id, at);
}

/* --- hooks --- */

static void follow(void *arg, struct partition *p, const struct image_broker *leader, int32_t leader_epoch,
    struct uuid topic_id)
{
	struct fetchers *fs = arg;
	const struct image_endpoint *at = image_broker_endpoint(leader, fs->listener);
	struct fetcher *f, *old = NULL;

	if (!at) {
		log_error("[ReplicaFetcherManager on broker %d] Broker %d has no listener %s: partition %s-%d cannot be "
			  "fetched from it", (int)fs->config.follower.broker_id, (int)leader->id, fs->listener,
		    partition_topic(p), (int)partition_index(p));
		return;
	}
	lock_take(&fs->lock);
	if (!fs->stopped) {
		f = get(fs, leader->id, fetcher_id_of(partition_topic(p), partition_index(p), fs->config.per_leader), at,
		    &old);
		follower_add(fetcher_follower(f), p, topic_id, leader_epoch);
		fetcher_wake(f);
	}
	lock_release(&fs->lock);
	fetcher_free(old);
}

static void unfollow(void *arg, struct partition *p)
{
	struct fetchers *fs = arg;

	lock_take(&fs->lock);
	for (size_t i = 0; i < fs->n; i++)
		(void)follower_remove(fetcher_follower(fs->v[i]), p);
	lock_release(&fs->lock);
}

static void set_topic_id(void *arg, struct partition *p, struct uuid topic_id)
{
	struct fetchers *fs = arg;

	lock_take(&fs->lock);
	for (size_t i = 0; i < fs->n; i++)
		follower_set_topic_id(fetcher_follower(fs->v[i]), p, topic_id);
	lock_release(&fs->lock);
}

/* Ends the fetchers that `ends` names. */
static void end_those(struct fetchers *fs, bool (*ends)(struct fetcher *f))
{
	struct fetcher **out;
	size_t n = 0;

	lock_take(&fs->lock);
	out = xcalloc(fs->n + 1, sizeof(struct fetcher *));
	for (size_t i = fs->n; i-- > 0;)
		if (ends(fs->v[i]))
			out[n++] = take_out(fs, i);
	lock_release(&fs->lock);
	for (size_t i = 0; i < n; i++)
		fetcher_free(out[i]);
	free(out);
}

static bool is_idle(struct fetcher *f)
{
	int32_t all, failed;

	follower_count(fetcher_follower(f), &all, &failed);
	return all == 0;
}

static bool is_any(struct fetcher *f)
{
	return f != NULL;
}

static void settle(void *arg)
{
	end_those(arg, is_idle);
}

void fetchers_hooks(struct fetchers *fs, struct partitions_fetching *ret)
{
	*ret = (struct partitions_fetching){ .follow = follow, .unfollow = unfollow, .set_topic_id = set_topic_id,
		.settle = settle, .arg = fs };
}

/* --- life --- */

void fetchers_resize(struct fetchers *fs, int32_t per_leader)
{
	lock_take(&fs->lock);
	fs->config.per_leader = per_leader;
	lock_release(&fs->lock);
	end_those(fs, is_any);
}

void fetchers_wake(struct fetchers *fs)
{
	lock_take(&fs->lock);
	for (size_t i = 0; i < fs->n; i++)
		fetcher_wake(fs->v[i]);
	lock_release(&fs->lock);
}

void fetchers_stop(struct fetchers *fs)
{
	lock_take(&fs->lock);
	fs->stopped = true;
	lock_release(&fs->lock);
	end_those(fs, is_any);
}

struct fetchers *fetchers_free(struct fetchers *fs)
{
	if (!fs)
		return NULL;
	fetchers_stop(fs);
	lock_fini(&fs->lock);
	free(fs->v);
	free(fs->listener);
	free(fs);
	return NULL;
}

void fetchers_view(struct fetchers *fs, struct fetchers_view *ret)
{
	int32_t all, failed;

	*ret = (struct fetchers_view){ 0 };
	lock_take(&fs->lock);
	for (size_t i = 0; i < fs->n; i++) {
		struct follower *f = fetcher_follower(fs->v[i]);
		int64_t lag = follower_max_lag(f);

		follower_count(f, &all, &failed);
		ret->partitions += all;
		ret->failed += failed;
		ret->max_lag = lag > ret->max_lag ? lag : ret->max_lag;
	}
	lock_release(&fs->lock);
}
