/* follower_fetch.c - Fetch requests of a follower, the session they belong to, and what their answers do to the logs
 * (replication.md 7.5). */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/rate_limit.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"
#include "replica/follower_priv.h"
#include "replica/partitions.h"
#include "replica/throttle.h"
#include "storage/log.h"

#define LOG_CLASS "kafka.server.ReplicaFetcherThread"
#include "base/logger.h"

enum {
	LAST_VERSION_BY_NAME = 12,
	REPLICA_STATE_SINCE = 15,
	SESSION_ERRORS_MAX = 3, /* in a row, before everything waits a little */
	TOO_LARGE_LOG_MS = 10000,
};

typedef struct fetch_request_fetch_topic topic_t;
typedef struct fetch_request_fetch_partition partition_t;
typedef struct fetch_request_forgotten_topic forget_t;
typedef struct fetch_response_partition_data answer_t;

/* --- the request --- */

struct building {
	struct follower *f;
	struct fetch_request *req;
	struct arena *a;
	size_t told, forgets; /* partitions at most */
	partition_t *next;    /* of the room for them */
	int32_t wanted;
	bool by_id;
};

/* In sync by our own view: such a partition is never throttled, so that throttling does not shrink the ISR. */
static bool is_throttled(const struct follower *f, const struct follow *w)
{
	return throttle_lists(f->config.throttle, THROTTLE_FOLLOWER, w->p) && w->lag != 0 &&
	       throttle_is_exceeded(f->config.throttle, THROTTLE_FOLLOWER);
}

static bool same(const struct follow_sent *a, const struct follow_sent *b)
{
	return a->offset == b->offset && a->log_start == b->log_start && a->leader_epoch == b->leader_epoch &&
	       a->last_epoch == b->last_epoch;
}

/* What the leader is to know of it now, and whether it does. */
static void survey_wanted(struct building *b, struct follow *w)
{
	w->now = (struct follow_sent){
		.in_session = true,
		.offset = w->offset,
		.log_start = partition_log_start(w->p),
		.leader_epoch = w->leader_epoch,
		.last_epoch = w->last_epoch,
	};
	w->untold = !w->sent.in_session || !same(&w->sent, &w->now);
	b->wanted++;
	b->told += w->untold;
	b->by_id = b->by_id && !uuid_is_zero(w->id.topic);
}

/* What is wanted (decided once: time goes on), room for what is told, and whether ids can be used. Locks: held. */
static void survey(struct building *b)
{
	struct follow *w;

	b->by_id = metadata_version_of_request(b->f->config.metadata_version, API_FETCH) > LAST_VERSION_BY_NAME;
	list_foreach(w, &b->f->order, link) {
		w->wanted = follow_is(b->f, w, FOLLOW_FETCHING);
		w->throttled = w->wanted && is_throttled(b->f, w);
		w->wanted = w->wanted && !w->throttled;
		if (w->wanted)
			survey_wanted(b, w);
		else
			b->forgets += w->sent.in_session;
	}
}

static bool make_room(struct building *b)
{
	size_t forgotten = b->forgets + b->f->forgotten_n;

	if (b->f->session_epoch <= 0)
		b->told = (size_t)b->wanted;
	b->next = CODEC_NEW(b->a, fetch_request_fetch_partition, b->told);
	b->req->topics = CODEC_NEW(b->a, fetch_request_fetch_topic, b->told);
	b->req->forgotten_topics_data = CODEC_NEW(b->a, fetch_request_forgotten_topic, forgotten);
	b->req->topics_n = b->req->forgotten_topics_data_n = 0;
	return b->next && b->req->topics && b->req->forgotten_topics_data;
}

/* The entry for one more partition of w's topic: in the last topic's when it is the same. */
static partition_t *next_partition(struct building *b, const struct follow *w)
{
	struct fetch_request *req = b->req;
	struct str name = str_of(partition_topic(w->p));
	topic_t *t = req->topics_n ? &req->topics[req->topics_n - 1] : NULL;

	if (!t || !str_eq(t->topic, name)) {
		t = &req->topics[req->topics_n];
		t->topic = name;
		t->topic_id = w->id.topic;
		t->partitions = b->next;
		t->partitions_n = 0;
		req->topics_n++;
	}
	t->partitions_n++;
	return b->next++;
}

static bool forget(struct building *b, const struct partition *p, struct uuid id)
{
	struct fetch_request *req = b->req;
	forget_t *t = &req->forgotten_topics_data[req->forgotten_topics_data_n];

	t->topic = arena_str(b->a, partition_topic(p));
	t->topic_id = id;
	t->partitions = arena_array(b->a, 1, sizeof(int32_t));
	if (!t->partitions || t->topic.len < 0)
		return false;
	t->partitions[0] = partition_index(p);
	t->partitions_n = 1;
	req->forgotten_topics_data_n++;
	return true;
}

static void add_wanted(struct building *b, struct follow *w)
{
	partition_t *to;

	if (b->f->session_epoch > 0 && !w->untold)
		return;
	to = next_partition(b, w);
	to->partition = partition_index(w->p);
	to->current_leader_epoch = w->now.leader_epoch;
	to->fetch_offset = w->now.offset;
	to->last_fetched_epoch = w->now.last_epoch;
	to->log_start_offset = w->now.log_start;
	to->partition_max_bytes = b->f->config.partition_max_bytes;
	w->sent = w->now;
}

/* A full request begins a session with what it names; in an incremental one what is not wanted now is forgotten. */
static bool add_partitions(struct building *b)
{
	struct follower *f = b->f;
	struct follow *w;
	bool ok = true;

	list_foreach(w, &f->order, link) {
		if (!ok)
			break;
		if (w->wanted)
			add_wanted(b, w);
		else if (w->sent.in_session && f->session_epoch > 0)
			ok = forget(b, w->p, w->id.topic);
		w->sent.in_session = w->wanted;
	}
	for (size_t i = 0; ok && i < f->forgotten_n && f->session_epoch > 0; i++)
		ok = forget(b, f->forgotten[i].p, f->forgotten[i].id.topic);
	return ok;
}

static void drop_forgotten(struct follower *f)
{
	for (size_t i = 0; i < f->forgotten_n; i++)
		partition_unref(f->forgotten[i].p);
	f->forgotten_n = 0;
}

/* Whatever is delayed is not to wait for the leader's patience with the others. */
static int32_t wait_ms(struct follower *f)
{
	int64_t now = clock_mono_ms(f->config.clock), wait = f->config.wait_max_ms;
	struct follow *w, *tmp;

	if (now >= f->delays_end)
		return f->config.wait_max_ms;
	HASH_ITER(hh, f->table, w, tmp)
		if (w->state != FOLLOW_FAILED && w->delayed_until > now)
			wait = MIN(wait, w->delayed_until - now);
	return (int32_t)wait;
}

static void fill_head(struct building *b, int version)
{
	const struct follower_config *c = &b->f->config;
	struct fetch_request *req = b->req;

	if (version >= REPLICA_STATE_SINCE) {
		req->replica_state.replica_id = c->broker_id;
		req->replica_state.replica_epoch = partitions_broker_epoch(c->partitions);
	} else {
		req->replica_id = c->broker_id;
	}
	req->max_wait_ms = wait_ms(b->f);
	req->min_bytes = c->min_bytes;
	req->max_bytes = c->response_max_bytes;
	req->session_id = b->f->session_id;
	req->session_epoch = b->f->session_epoch;
}

bool follower_ask_records(struct follower *f, struct arena *a, struct fetch_request *ret, int *ret_version)
{
	struct building b = { .f = f, .req = ret, .a = a };
	bool ok;

	CODEC_INIT(fetch_request, ret);
	lock_take(&f->lock);
	survey(&b);
	if (b.wanted == 0) {
		lock_release(&f->lock);
		return false;
	}
	/* A session is by id or by name: the leader would refuse the other (106), so a new one begins. */
	if (b.by_id != f->session_by_id)
		f->session_epoch = 0;
	f->session_by_id = b.by_id;
	*ret_version = metadata_version_of_request(f->config.metadata_version, API_FETCH);
	if (!b.by_id)
		*ret_version = MIN(*ret_version, LAST_VERSION_BY_NAME);
	fill_head(&b, *ret_version);
	ok = make_room(&b) && add_partitions(&b);
	f->session_n = b.wanted;
	if (ok)
		drop_forgotten(f);
	else
		f->session_epoch = 0; /* half told: begin anew */
	lock_release(&f->lock);
	return ok;
}

/* --- one partition of an answer --- */

/* The answer is for the offset that is to be fetched now; anything that was removed, added anew or truncated meanwhile
 * is not meant. */
static bool begin_applying(struct follower *f, struct str topic, struct uuid id, int32_t index, struct applying *ret)
{
	struct partition *p = uuid_is_zero(id) ? partitions_get(f->config.partitions, topic, index) : NULL;
	struct follow *w;
	bool ok;

	lock_take(&f->lock);
	w = follower_named(f, p, id, index);
	ok = w && w->sent.in_session && w->sent.offset == w->offset && w->sent.leader_epoch == w->leader_epoch &&
	    follow_is(f, w, FOLLOW_FETCHING);
	if (ok)
		*ret = follow_apply(w);
	lock_release(&f->lock);
	partition_unref(p);
	return ok;
}

static void note_progress(struct follower *f, const struct applying *a, const struct follower_append *done,
    int64_t leader_high_watermark)
{
	struct follow *w;

	lock_take(&f->lock);
	w = follower_still(f, a);
	if (w && w->state == FOLLOW_FETCHING) {
		w->offset = done->next_offset;
		w->lag = MAX(0, leader_high_watermark - done->next_offset);
		follow_undelay(w);
		if (done->last_epoch >= 0 && w->last_epoch != done->last_epoch &&
		    f->config.metadata_version >= METADATA_VERSION_2_7_IV1)
			w->last_epoch = done->last_epoch;
		if (done->bytes > 0) {
			list_remove(&w->link);
			list_append(&f->order, &w->link);
		}
	}
	lock_release(&f->lock);
}

/* Up to version 2 a record that is larger than what was asked for comes cut off, and so it will again. */
static void stuck(struct follower *f, const struct applying *a, unsigned moved)
{
	static struct rate_limit limit;
	struct follow *w;
	int64_t dropped;

	if (rate_limit_pass(&limit, clock_mono_ms(f->config.clock), TOO_LARGE_LOG_MS, &dropped))
		log_error("[ReplicaFetcher replicaId=%d, leaderId=%d] Replication is failing due to a message that is greater "
			  "than replica.fetch.max.bytes for partition %s-%d: raise it to at least the largest "
			  "max.message.bytes", (int)f->config.broker_id, (int)f->config.leader_id, partition_topic(a->p),
		    (int)partition_index(a->p));
	lock_take(&f->lock);
	w = follower_still(f, a);
	if (w)
		follow_delay(f, w);
	lock_release(&f->lock);
	partitions_moved(f->config.partitions, a->p, moved);
}

/* The records lie in the frame that was received, which nobody else has. */
static void append(struct follower *f, const struct applying *a, const answer_t *in)
{
	struct follower_append done;
	size_t len = in->records.len > 0 ? (size_t)in->records.len : 0;
	int r = partition_append_as_follower(a->p, a->leader_epoch, a->offset, (uint8_t *)(uintptr_t)in->records.p, len,
	    in->high_watermark, in->log_start_offset, &done);

	if (r == 0 && len > 0 && done.bytes == 0)
		return stuck(f, a, done.moved);
	if (r == 0) {
		note_progress(f, a, &done, in->high_watermark);
		if (done.bytes > 0 && throttle_lists(f->config.throttle, THROTTLE_FOLLOWER, a->p))
			throttle_record(f->config.throttle, THROTTLE_FOLLOWER, done.bytes);
	}
	partitions_moved(f->config.partitions, a->p, done.moved);
	if (r)
		follower_own_error(f, a, r);
}

static bool diverges(const struct follower *f, const answer_t *in)
{
	return in->diverging_epoch.epoch >= 0 && f->config.metadata_version >= METADATA_VERSION_2_7_IV1;
}

/* What the leader said counts as told in its session, and would not be said again: a high watermark without records, until
 * the next record. So the session ends, if the partition is followed still. */
static void dropped(struct follower *f, struct str topic, struct uuid id, int32_t index)
{
	struct partition *p = uuid_is_zero(id) ? partitions_get(f->config.partitions, topic, index) : NULL;

	lock_take(&f->lock);
	if (follower_named(f, p, id, index))
		f->session_epoch = 0;
	lock_release(&f->lock);
	partition_unref(p);
}

static void apply_one(struct follower *f, struct str topic, struct uuid id, const answer_t *in)
{
	struct applying a;

	if (!begin_applying(f, topic, id, in->partition_index, &a))
		return dropped(f, topic, id, in->partition_index);
	if (in->error_code)
		follower_error(f, &a, in->error_code);
	else if (diverges(f, in)) /* neither marks nor records are taken over (KAFKA-14704) */
		follower_truncate_by_epoch(f, &a, in->diverging_epoch.epoch, in->diverging_epoch.end_offset);
	else
		append(f, &a, in);
	applying_done(&a);
}

/* --- the whole answer --- */

static void delay_all(struct follower *f)
{
	struct follow *w, *tmp;

	lock_take(&f->lock);
	HASH_ITER(hh, f->table, w, tmp)
		if (w->state == FOLLOW_FETCHING)
			follow_delay(f, w);
	lock_release(&f->lock);
}

/* The next request is full; `keep_id`: it closes the session of that id. */
static void restart_session(struct follower *f, bool keep_id)
{
	lock_take(&f->lock);
	f->session_epoch = 0;
	if (!keep_id)
		f->session_id = 0;
	lock_release(&f->lock);
}

static void session_refused(struct follower *f, int code)
{
	restart_session(f, code != KERR_FETCH_SESSION_ID_NOT_FOUND);
	log_info("[ReplicaFetcher replicaId=%d, leaderId=%d] The leader refused the fetch session: %s",
	    (int)f->config.broker_id, (int)f->config.leader_id, kerr_name(code));
	/* A session that is unknown or out of step is replaced at once; anything else would only be refused again. */
	if ((code != KERR_FETCH_SESSION_ID_NOT_FOUND && code != KERR_INVALID_FETCH_SESSION_EPOCH) ||
	    ++f->session_errors >= SESSION_ERRORS_MAX)
		delay_all(f);
}

static int64_t count_partitions(const struct fetch_response *answer)
{
	int64_t n = 0;

	for (int32_t t = 0; t < answer->responses_n; t++)
		n += answer->responses[t].partitions_n;
	return n;
}

/* Moves the session on; false: the answer does not fit it and is not to be used (replication.md 7.5.1). */
static bool advance_session(struct follower *f, const struct fetch_response *answer)
{
	int64_t n = count_partitions(answer);
	bool full, fits;

	lock_take(&f->lock);
	full = f->session_epoch <= 0;
	fits = full ? n == f->session_n : n <= f->session_n;
	if (!fits) {
		f->session_epoch = 0;
		f->session_id = full ? 0 : f->session_id;
	} else if (answer->session_id == 0) { /* none, or closed by the leader */
		f->session_id = f->session_epoch = 0;
	} else if (full) {
		f->session_id = answer->session_id;
		f->session_epoch = 1;
	} else {
		f->session_epoch = f->session_epoch == INT32_MAX ? 1 : f->session_epoch + 1;
	}
	lock_release(&f->lock);
	if (!fits)
		log_warn("[ReplicaFetcher replicaId=%d, leaderId=%d] The leader answered for %lld partitions, which does "
			 "not fit the fetch session; it begins anew", (int)f->config.broker_id,
		    (int)f->config.leader_id, (long long)n);
	return fits;
}

void follower_records_answered(struct follower *f, int r, const struct fetch_response *answer)
{
	if (r < 0) {
		restart_session(f, true);
		return r == -ESTALE ? (void)0 : delay_all(f);
	}
	if (answer->error_code)
		return session_refused(f, answer->error_code);
	if (!advance_session(f, answer)) {
		if (++f->session_errors >= SESSION_ERRORS_MAX)
			delay_all(f);
		return;
	}
	f->session_errors = 0;
	for (int32_t t = 0; t < answer->responses_n; t++) {
		const struct fetch_response_fetchable_topic_response *topic = &answer->responses[t];

		for (int32_t i = 0; i < topic->partitions_n; i++)
			apply_one(f, topic->topic, topic->topic_id, &topic->partitions[i]);
	}
}
