/* follower.c - the table of followed partitions, their states, and what errors do to them. */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"
#include "replica/follower_priv.h"
#include "replica/partitions.h"
#include "storage/log.h"
#include "storage/log_dirs.h"

#define LOG_CLASS "kafka.server.ReplicaFetcherThread"
#include "base/logger.h"

enum { FIRST_DELAY_MS = 10 };

struct follower *follower_new(const struct follower_config *c)
{
	struct follower *f = xcalloc(1, sizeof(*f));

	f->config = *c;
	lock_init(&f->lock, RANK_SESSION, "follower");
	list_init(&f->order);
	return f;
}

static void follow_free(struct follower *f, struct follow *w)
{
	HASH_DEL(f->table, w);
	if (!uuid_is_zero(w->id.topic))
		HASH_DELETE(hh_id, f->by_id, w);
	list_remove(&w->link);
	partition_unref(w->p);
	free(w);
}

struct follower *follower_free(struct follower *f)
{
	struct follow *w, *tmp;

	if (!f)
		return NULL;
	HASH_ITER(hh, f->table, w, tmp)
		follow_free(f, w);
	for (size_t i = 0; i < f->forgotten_n; i++)
		partition_unref(f->forgotten[i].p);
	free(f->forgotten);
	lock_fini(&f->lock);
	free(f);
	return NULL;
}

/* --- finding --- */

static struct follow *find(struct follower *f, const struct partition *p)
{
	struct follow *w;

	HASH_FIND_PTR(f->table, &p, w);
	return w;
}

struct follow *follower_named(struct follower *f, const struct partition *p, struct uuid id, int32_t index)
{
	struct follow_id key = { .topic = id, .index = index };
	struct follow *w = NULL;

	if (uuid_is_zero(id))
		return p ? find(f, p) : NULL;
	HASH_FIND(hh_id, f->by_id, &key, sizeof(key), w);
	return w;
}

struct applying follow_apply(const struct follow *w)
{
	return (struct applying){ .p = partition_ref(w->p), .serial = w->serial, .leader_epoch = w->leader_epoch,
		.offset = w->offset };
}

void applying_done(struct applying *a)
{
	a->p = partition_unref(a->p);
}

struct follow *follower_still(struct follower *f, const struct applying *a)
{
	struct follow *w = find(f, a->p);

	return w && w->serial == a->serial ? w : NULL;
}

/* --- states --- */

static bool delayed(const struct follower *f, const struct follow *w)
{
	return w->delayed_until != 0 && w->delayed_until > clock_mono_ms(f->config.clock);
}

bool follow_is(const struct follower *f, const struct follow *w, enum follow_state state)
{
	return w->state == state && !delayed(f, w);
}

/* One that waits already keeps its time. */
static void delay_for(struct follower *f, struct follow *w, int64_t ms)
{
	if (delayed(f, w))
		return;
	w->delayed_until = clock_mono_ms(f->config.clock) + ms;
	f->delays_end = MAX(f->delays_end, w->delayed_until);
}

void follow_delay(struct follower *f, struct follow *w)
{
	delay_for(f, w, f->config.backoff_ms);
}

/* The controller tells the leader and us at the same time: whoever hears it first should not wait long for the other. */
static void delay_shortly(struct follower *f, struct follow *w)
{
	w->delay_ms = MIN(w->delay_ms ? 2 * w->delay_ms : FIRST_DELAY_MS, f->config.backoff_ms);
	delay_for(f, w, w->delay_ms);
}

void follow_undelay(struct follow *w)
{
	w->delayed_until = w->delay_ms = 0;
}

/* Truncation is left to the fetch since 2.7-IV1: the leader compares the epoch of our last batch. */
static bool truncates_on_fetch(const struct follower *f)
{
	return f->config.metadata_version >= METADATA_VERSION_2_7_IV1;
}

static int32_t latest_epoch(struct partition *p)
{
	struct log *log = partition_log(p);
	int32_t epoch = log ? log_latest_epoch(log) : -1;

	log_unref(log);
	return epoch;
}

void follow_set_offset(struct follower *f, struct follow *w, int64_t offset, enum follow_state state)
{
	w->offset = offset;
	w->state = state;
	follow_undelay(w);
	w->leader_end = -1;
	w->last_epoch = truncates_on_fetch(f) ? latest_epoch(w->p) : -1;
}

/* Where a new follower begins (replication.md 4.2.2, 7.2). */
static void begin(struct follower *f, struct follow *w)
{
	struct log *log = partition_log(w->p);
	int64_t offset = 0;
	bool known;

	if (!log) { /* its directory failed meanwhile */
		w->state = FOLLOW_FAILED;
		return;
	}
	known = truncates_on_fetch(f) && log_latest_epoch(log) >= 0;
	offset = known ? log_end_offset(log) : log_high_watermark(log);
	log_unref(log);
	follow_set_offset(f, w, offset, known ? FOLLOW_FETCHING : FOLLOW_TRUNCATING);
}

/* --- adding and removing --- */

static void set_id(struct follower *f, struct follow *w, struct uuid topic_id)
{
	if (!uuid_is_zero(w->id.topic))
		HASH_DELETE(hh_id, f->by_id, w);
	w->id = (struct follow_id){ .topic = topic_id, .index = partition_index(w->p) };
	if (!uuid_is_zero(topic_id))
		HASH_ADD(hh_id, f->by_id, id, sizeof(w->id), w);
}

/* The session is to forget the partition, unless it is asked for again before. */
static void forget(struct follower *f, struct follow *w)
{
	if (!w->sent.in_session)
		return;
	w->sent.in_session = false;
	f->forgotten = grow_array(f->forgotten, &f->forgotten_cap, f->forgotten_n + 1, sizeof(*f->forgotten));
	f->forgotten[f->forgotten_n++] = (struct forgotten){ .p = partition_ref(w->p), .id = w->id };
}

/* The leader's session still has the partition: it is changed there instead of forgotten. */
static void remember(struct follower *f, struct follow *w)
{
	for (size_t i = 0; i < f->forgotten_n; i++) {
		struct forgotten *o = &f->forgotten[i];

		if (o->p != w->p || !uuid_eq(o->id.topic, w->id.topic))
			continue;
		partition_unref(o->p);
		*o = f->forgotten[--f->forgotten_n];
		w->sent = (struct follow_sent){ .in_session = true, .offset = -1 }; /* differs from any */
		return;
	}
}

void follower_add(struct follower *f, struct partition *p, struct uuid topic_id, int32_t leader_epoch)
{
	struct follow *w;

	lock_take(&f->lock);
	w = find(f, p);
	if (w && w->leader_epoch == leader_epoch && w->state != FOLLOW_FAILED) {
		lock_release(&f->lock);
		return;
	}
	if (w) {
		forget(f, w);
		follow_free(f, w);
	}
	w = xcalloc(1, sizeof(*w));
	w->p = partition_ref(p);
	w->serial = ++f->serials;
	w->leader_epoch = leader_epoch;
	w->lag = -1;
	list_append(&f->order, &w->link);
	HASH_ADD_PTR(f->table, p, w);
	set_id(f, w, topic_id);
	remember(f, w);
	begin(f, w);
	lock_release(&f->lock);
}

bool follower_remove(struct follower *f, const struct partition *p)
{
	struct follow *w;

	lock_take(&f->lock);
	w = find(f, p);
	if (w) {
		forget(f, w);
		follow_free(f, w);
	}
	lock_release(&f->lock);
	return w != NULL;
}

void follower_set_topic_id(struct follower *f, const struct partition *p, struct uuid topic_id)
{
	struct follow *w;

	lock_take(&f->lock);
	w = find(f, p);
	if (w && !uuid_eq(w->id.topic, topic_id)) {
		forget(f, w); /* under its old id */
		set_id(f, w, topic_id);
	}
	lock_release(&f->lock);
}

/* --- questions --- */

void follower_count(struct follower *f, int32_t *ret_all, int32_t *ret_failed)
{
	struct follow *w, *tmp;

	*ret_all = *ret_failed = 0;
	lock_take(&f->lock);
	HASH_ITER(hh, f->table, w, tmp) {
		++*ret_all;
		*ret_failed += w->state == FOLLOW_FAILED;
	}
	lock_release(&f->lock);
}

int64_t follower_lag(struct follower *f, const struct partition *p)
{
	struct follow *w;
	int64_t lag;

	lock_take(&f->lock);
	w = find(f, p);
	lag = w ? w->lag : -1;
	lock_release(&f->lock);
	return lag;
}

int64_t follower_max_lag(struct follower *f)
{
	struct follow *w, *tmp;
	int64_t max = 0;

	lock_take(&f->lock);
	HASH_ITER(hh, f->table, w, tmp)
		max = MAX(max, w->lag);
	lock_release(&f->lock);
	return max;
}

int64_t follower_next_ms(struct follower *f)
{
	int64_t next = INT64_MAX;
	struct follow *w, *tmp;

	lock_take(&f->lock);
	HASH_ITER(hh, f->table, w, tmp)
		if (w->state != FOLLOW_FAILED && !w->throttled)
			next = MIN(next, w->delayed_until);
	lock_release(&f->lock);
	return next;
}

/* --- failures --- */

void follower_fail(struct follower *f, const struct applying *a, int r)
{
	struct follow *w;
	char text[256];

	lock_take(&f->lock);
	w = follower_still(f, a);
	if (w)
		w->state = FOLLOW_FAILED;
	lock_release(&f->lock);
	if (!w)
		return;
	if (r == KERR_FENCED_LEADER_EPOCH) /* a change of leaders, seen early */
		log_info("[ReplicaFetcher replicaId=%d, leaderId=%d] Partition %s-%d waits for the controller: %s",
		    (int)f->config.broker_id, (int)f->config.leader_id, partition_topic(a->p),
		    (int)partition_index(a->p), kerr_name(r));
	else
		log_error("[ReplicaFetcher replicaId=%d, leaderId=%d] Partition %s-%d is not fetched any more until the "
			  "controller speaks of it again: %s", (int)f->config.broker_id, (int)f->config.leader_id,
		    partition_topic(a->p), (int)partition_index(a->p),
		    r > 0 ? kerr_name(r) : error_text(r, text, sizeof(text)));
}

/* The leader does not know (yet) that it leads this partition in this epoch. */
static bool is_early(int code)
{
	return code == KERR_UNKNOWN_LEADER_EPOCH || code == KERR_NOT_LEADER_OR_FOLLOWER ||
	       code == KERR_UNKNOWN_TOPIC_OR_PARTITION || code == KERR_UNKNOWN_TOPIC_ID;
}

static void delay(struct follower *f, const struct applying *a, int code, bool quietly)
{
	struct follow *w;
	bool first = false;

	lock_take(&f->lock);
	w = follower_still(f, a);
	if (w) {
		first = w->delayed_until == 0;
		(is_early(code) ? delay_shortly : follow_delay)(f, w);
	}
	lock_release(&f->lock);
	if (first && !quietly)
		log_info("[ReplicaFetcher replicaId=%d, leaderId=%d] Partition %s-%d waits up to %lld ms: %s",
		    (int)f->config.broker_id, (int)f->config.leader_id, partition_topic(a->p),
		    (int)partition_index(a->p), (long long)f->config.backoff_ms, kerr_name(code));
}

static void locate(struct follower *f, const struct applying *a)
{
	struct follow *w;

	lock_take(&f->lock);
	w = follower_still(f, a);
	if (w) {
		w->state = FOLLOW_LOCATING;
		w->leader_end = -1;
	}
	lock_release(&f->lock);
}

void follower_error(struct follower *f, const struct applying *a, int code)
{
	if (code == KERR_FENCED_LEADER_EPOCH) /* the leader is ahead of us: the controller will tell us too */
		follower_fail(f, a, code);
	else if (code == KERR_OFFSET_OUT_OF_RANGE)
		locate(f, a);
	else
		delay(f, a, code, false);
}

void follower_own_error(struct follower *f, const struct applying *a, int r)
{
	if (r < 0)
		partitions_storage_failed(f->config.partitions, a->p, r);
	if (r == KERR_FENCED_LEADER_EPOCH) /* our role has changed, and the table follows at once */
		delay(f, a, r, true);
	else if (r == KERR_CORRUPT_MESSAGE || r == KERR_INVALID_RECORD)
		delay(f, a, r, false);
	else
		follower_fail(f, a, r);
}
