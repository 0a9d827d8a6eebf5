/* fetch_session_cache.c - which sessions are kept, and which gives way to a new one (Kafka 3.9, FetchSession.scala).
 *
 * Look-up, use and leaving are O(1); the choice of a victim walks the shard, which happens only when a session is
 * made while the shard is full.
 */
#include "replica/fetch_session.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "replica/fetch_session_priv.h"

struct fetch_sessions *fetch_sessions_new(const struct clock *clock, int32_t slots)
{
	struct fetch_sessions *fs = xcalloc(1, sizeof(*fs));

	fs->clock = clock;
	fs->slots_per_shard = slots / SESSION_SHARDS;
	for (int i = 0; i < SESSION_SHARDS; i++) {
		lock_init(&fs->shards[i].lock, RANK_TABLE, "fetch sessions");
		list_init(&fs->shards[i].lru);
	}
	return fs;
}

/* NULL for an id that no session can have. */
static struct session_shard *shard_of(struct fetch_sessions *fs, int32_t id)
{
	if (id < 1 || id / SESSION_ID_RANGE >= SESSION_SHARDS)
		return NULL;
	return &fs->shards[id / SESSION_ID_RANGE];
}

/* Locks: shard->lock held. The caller drops the cache's reference after releasing it. */
static void take_out(struct session_shard *shard, struct fetch_session *s)
{
	HASH_DEL(shard->by_id, s);
	list_remove(&s->lru);
	shard->partitions -= s->cached_size;
	s->cached = false;
}

struct fetch_sessions *fetch_sessions_free(struct fetch_sessions *fs)
{
	struct fetch_session *s, *tmp;

	if (!fs)
		return NULL;
	for (int i = 0; i < SESSION_SHARDS; i++) {
		HASH_ITER(hh, fs->shards[i].by_id, s, tmp) {
			take_out(&fs->shards[i], s);
			fetch_session_unref(s);
		}
		lock_fini(&fs->shards[i].lock);
	}
	free(fs);
	return NULL;
}

void fetch_sessions_stats(struct fetch_sessions *fs, struct fetch_sessions_stats *ret)
{
	*ret = (struct fetch_sessions_stats){ .evictions = atomic_load(&fs->evictions),
					      .bytes = atomic_load(&fs->bytes) };
	for (int i = 0; i < SESSION_SHARDS; i++) {
		lock_take(&fs->shards[i].lock);
		ret->sessions += HASH_COUNT(fs->shards[i].by_id);
		ret->partitions += fs->shards[i].partitions;
		lock_release(&fs->shards[i].lock);
	}
}

struct fetch_session *session_cache_get(struct fetch_sessions *fs, int32_t id)
{
	struct session_shard *shard = shard_of(fs, id);
	struct fetch_session *s = NULL;

	if (!shard)
		return NULL;
	lock_take(&shard->lock);
	HASH_FIND(hh, shard->by_id, &id, sizeof(id), s);
	if (s)
		atomic_fetch_add(&s->refs, 1);
	lock_release(&shard->lock);
	return s;
}

void session_cache_remove(struct fetch_sessions *fs, int32_t id)
{
	struct session_shard *shard = shard_of(fs, id);
	struct fetch_session *s = NULL;

	if (!shard)
		return;
	lock_take(&shard->lock);
	HASH_FIND(hh, shard->by_id, &id, sizeof(id), s);
	if (s)
		take_out(shard, s);
	lock_release(&shard->lock);
	fetch_session_unref(s);
}

/* Locks: shard->lock held. */
static void used(struct session_shard *shard, struct fetch_session *s, int32_t size, int64_t now_ms)
{
	s->used_ms = now_ms;
	shard->partitions += size - s->cached_size;
	s->cached_size = size;
	list_remove(&s->lru);
	list_append(&shard->lru, &s->lru);
}

void session_cache_touch(struct fetch_sessions *fs, struct fetch_session *s, int32_t size, int64_t now_ms)
{
	struct session_shard *shard = shard_of(fs, s->id);

	lock_take(&shard->lock);
	if (s->cached)
		used(shard, s, size, now_ms);
	lock_release(&shard->lock);
}

/* The order of value: (privileged, partitions, id). */
static int compare(bool privileged, int32_t size, int32_t id, const struct fetch_session *s)
{
	if (privileged != s->privileged)
		return privileged ? 1 : -1;
	if (size != s->cached_size)
		return size > s->cached_size ? 1 : -1;
	return (id > s->id) - (id < s->id);
}

/* May a newcomer of this privilege push it out at all? */
static bool evictable(const struct fetch_session *s, bool privileged)
{
	return s->used_ms - s->created_ms > SESSION_EVICTION_MS || (privileged && !s->privileged);
}

/* Who gives way to a newcomer; NULL: nobody. Locks: shard->lock held. */
static struct fetch_session *victim(struct session_shard *shard, bool privileged, int32_t size, int64_t now_ms)
{
	struct fetch_session *s, *least = list_first(&shard->lru, struct fetch_session, lru);

	if (!least || now_ms - least->used_ms > SESSION_EVICTION_MS)
		return least;
	least = NULL;
	list_foreach(s, &shard->lru, lru) {
		if (evictable(s, privileged) &&
		    (!least || compare(s->privileged, s->cached_size, s->id, least) < 0))
			least = s;
	}
	return least && compare(privileged, size, 0, least) >= 0 ? least : NULL;
}

/* Locks: shard->lock held. */
static int32_t new_id(struct session_shard *shard, int number)
{
	int32_t from = MAX(1, number * SESSION_ID_RANGE), to = (number + 1) * SESSION_ID_RANGE, id;
	struct fetch_session *taken;

	do {
		id = from + (int32_t)random_below((uint64_t)(to - from));
		HASH_FIND(hh, shard->by_id, &id, sizeof(id), taken);
	} while (taken);
	return id;
}

bool session_cache_add(struct fetch_sessions *fs, struct fetch_session *s, int32_t size, int64_t now_ms)
{
	int number = (int)(atomic_fetch_add(&fs->next_shard, 1) % SESSION_SHARDS);
	struct session_shard *shard = &fs->shards[number];
	struct fetch_session *old = NULL;
	bool room;

	lock_take(&shard->lock);
	room = (int32_t)HASH_COUNT(shard->by_id) < fs->slots_per_shard;
	if (!room) {
		old = victim(shard, s->privileged, size, now_ms);
		if (old)
			take_out(shard, old);
	}
	if (room || old) {
		s->id = new_id(shard, number);
		s->cached = true;
		atomic_fetch_add(&s->refs, 1);
		HASH_ADD(hh, shard->by_id, id, sizeof(s->id), s);
		used(shard, s, size, now_ms);
	}
	lock_release(&shard->lock);
	if (old) {
		atomic_fetch_add(&fs->evictions, 1);
		fetch_session_unref(old);
	}
	return room || old;
}
