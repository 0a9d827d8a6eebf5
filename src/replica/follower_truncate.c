/* follower_truncate.c - finding the place from which a follower's log agrees with its leader's: by epochs
 * (replication.md 7.4), and by offsets when the leader's log does not reach that far (7.6). */
#include <assert.h>
#include <errno.h>

#include "base/error.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"
#include "replica/follower_priv.h"
#include "replica/partitions.h"
#include "storage/log.h"

#define LOG_CLASS "kafka.server.ReplicaFetcherThread"
#include "base/logger.h"

enum { TIMESTAMP_LATEST = -1, TIMESTAMP_EARLIEST = -2 };

/* --- truncating --- */

static void go_on_at(struct follower *f, const struct applying *a, int64_t offset, enum follow_state state)
{
	struct follow *w;

	lock_take(&f->lock);
	w = follower_still(f, a);
	if (w)
		follow_set_offset(f, w, offset, state);
	lock_release(&f->lock);
}

static void truncate_to(struct follower *f, const struct applying *a, int64_t offset, bool complete)
{
	bool asks_again = !complete && f->config.metadata_version < METADATA_VERSION_2_7_IV1;
	int r = partition_truncate(a->p, a->leader_epoch, offset);

	if (r)
		return follower_own_error(f, a, r);
	go_on_at(f, a, offset, asks_again ? FOLLOW_TRUNCATING : FOLLOW_FETCHING);
}

/* The table of 7.4: the first case that matches. */
static int64_t where_to_cut(const struct applying *a, struct log *log, int32_t leader_epoch, int64_t leader_end,
    bool *ret_complete)
{
	int64_t end = log_end_offset(log), own_end;
	int32_t own;

	*ret_complete = true;
	if (leader_end < 0)
		return a->offset;
	if (leader_epoch < 0) /* version 0 of the answer */
		return MIN(leader_end, end);
	log_end_offset_for_epoch(log, leader_epoch, &own, &own_end);
	if (own < 0 || own_end < 0)
		return MIN(leader_end, end);
	*ret_complete = own == leader_epoch;
	return *ret_complete ? MIN(MIN(own_end, leader_end), end) : MIN(own_end, end);
}

void follower_truncate_by_epoch(struct follower *f, const struct applying *a, int32_t leader_epoch, int64_t leader_end)
{
	struct log *log = partition_log(a->p);
	int64_t offset;
	bool complete;

	if (!log)
		return follower_own_error(f, a, KERR_KAFKA_STORAGE_ERROR);
	offset = where_to_cut(a, log, leader_epoch, leader_end, &complete);
	if (offset < log_high_watermark(log))
		log_warn("[ReplicaFetcher replicaId=%d, leaderId=%d] Truncating %s-%d to offset %lld below high watermark %lld",
		    (int)f->config.broker_id, (int)f->config.leader_id, partition_topic(a->p),
		    (int)partition_index(a->p), (long long)offset, (long long)log_high_watermark(log));
	log_unref(log);
	truncate_to(f, a, offset, complete);
}

/* --- asking for epochs --- */

static bool uses_epochs(const struct follower *f)
{
	return f->config.metadata_version >= METADATA_VERSION_0_11_0_IV2;
}

static int32_t epoch_to_ask(const struct follower *f, struct partition *p)
{
	struct log *log = uses_epochs(f) ? partition_log(p) : NULL;
	int32_t epoch = log ? log_latest_epoch(log) : -1;

	log_unref(log);
	return epoch;
}

/* Those in `state` that are not delayed, marked as asked in this turn; owned by the caller one by one. NULL: no memory. */
static struct applying *collect(struct follower *f, struct arena *a, enum follow_state state, size_t *ret_n)
{
	struct applying *v;
	struct follow *w, *tmp;
	size_t n = 0;

	lock_take(&f->lock);
	f->turn++;
	v = arena_array(a, HASH_COUNT(f->table) + 1, sizeof(*v));
	HASH_ITER(hh, f->table, w, tmp) {
		if (!v || !follow_is(f, w, state))
			continue;
		w->asked = f->turn;
		v[n++] = follow_apply(w);
	}
	lock_release(&f->lock);
	*ret_n = n;
	return v;
}

/* The partition of an answer, if it was asked about in this turn. */
static bool find_asked(struct follower *f, struct str topic, int32_t index, struct applying *ret)
{
	struct partition *p = partitions_get(f->config.partitions, topic, index);
	struct follow *w;
	bool ok;

	if (!p)
		return false;
	lock_take(&f->lock);
	w = follower_named(f, p, UUID_ZERO, index);
	ok = w && w->asked == f->turn && w->state != FOLLOW_FAILED;
	if (ok)
		*ret = follow_apply(w);
	lock_release(&f->lock);
	partition_unref(p);
	return ok;
}

/* No answer: those that were asked about wait. */
static void delay_asked(struct follower *f)
{
	struct follow *w, *tmp;

	lock_take(&f->lock);
	HASH_ITER(hh, f->table, w, tmp)
		if (w->asked == f->turn)
			follow_delay(f, w);
	lock_release(&f->lock);
}

/* An entry of the request for one partition, in a topic entry of its own. */
static bool ask_epoch(struct arena *a, struct applying *at, int32_t epoch,
    struct offset_for_leader_epoch_request_offset_for_leader_topic *to)
{
	to->topic = arena_str(a, partition_topic(at->p));
	to->partitions = CODEC_NEW(a, offset_for_leader_epoch_request_offset_for_leader_partition, 1);
	if (!to->partitions || to->topic.len < 0)
		return false;
	to->partitions_n = 1;
	to->partitions[0].partition = partition_index(at->p);
	to->partitions[0].current_leader_epoch = at->leader_epoch;
	to->partitions[0].leader_epoch = epoch;
	return true;
}

bool follower_ask_epochs(struct follower *f, struct arena *a, struct offset_for_leader_epoch_request *ret)
{
	size_t n;
	struct applying *v = collect(f, a, FOLLOW_TRUNCATING, &n);
	bool ok = v != NULL;

	CODEC_INIT(offset_for_leader_epoch_request, ret);
	ret->replica_id = f->config.broker_id;
	ret->topics = n ? CODEC_NEW(a, offset_for_leader_epoch_request_offset_for_leader_topic, n) : NULL;
	ok = ok && (n == 0 || ret->topics);
	for (size_t i = 0; i < n; i++) {
		int32_t epoch = epoch_to_ask(f, v[i].p);

		if (epoch < 0) /* no epochs here: the high watermark is where both agree */
			truncate_to(f, &v[i], v[i].offset, true);
		else if (ok && (ok = ask_epoch(a, &v[i], epoch, &ret->topics[ret->topics_n])))
			ret->topics_n++;
		applying_done(&v[i]);
	}
	return ok && ret->topics_n > 0;
}

void follower_epochs_answered(struct follower *f, int r, const struct offset_for_leader_epoch_response *answer)
{
	struct applying a;

	if (r < 0)
		return delay_asked(f);
	for (int32_t t = 0; t < answer->topics_n; t++) {
		const struct offset_for_leader_epoch_response_offset_for_leader_topic_result *topic = &answer->topics[t];

		for (int32_t i = 0; i < topic->partitions_n; i++) {
			const struct offset_for_leader_epoch_response_epoch_end_offset *in = &topic->partitions[i];

			if (!find_asked(f, topic->topic, in->partition, &a))
				continue;
			if (in->error_code)
				follower_error(f, &a, in->error_code);
			else
				follower_truncate_by_epoch(f, &a, in->leader_epoch, in->end_offset);
			applying_done(&a);
		}
	}
}

/* --- asking for offsets --- */

static bool ask_offset(struct arena *a, struct applying *at, int64_t timestamp,
    struct list_offsets_request_list_offsets_topic *to)
{
	to->name = arena_str(a, partition_topic(at->p));
	to->partitions = CODEC_NEW(a, list_offsets_request_list_offsets_partition, 1);
	if (!to->partitions || to->name.len < 0)
		return false;
	to->partitions_n = 1;
	to->partitions[0].partition_index = partition_index(at->p);
	to->partitions[0].current_leader_epoch = at->leader_epoch;
	to->partitions[0].timestamp = timestamp;
	return true;
}

/* The second question is about those whose end the first one told. */
static bool is_due(struct follower *f, const struct applying *at, int64_t timestamp)
{
	struct follow *w;
	bool due;

	lock_take(&f->lock);
	w = follower_still(f, at);
	due = w && (timestamp == TIMESTAMP_LATEST || w->leader_end >= 0);
	lock_release(&f->lock);
	return due;
}

bool follower_ask_offsets(struct follower *f, struct arena *a, int64_t timestamp, struct list_offsets_request *ret)
{
	size_t n;
	struct applying *v = collect(f, a, FOLLOW_LOCATING, &n);
	bool ok = v != NULL;

	CODEC_INIT(list_offsets_request, ret);
	ret->replica_id = f->config.broker_id;
	ret->topics = n ? CODEC_NEW(a, list_offsets_request_list_offsets_topic, n) : NULL;
	ok = ok && (n == 0 || ret->topics);
	for (size_t i = 0; i < n; i++) {
		if (ok && is_due(f, &v[i], timestamp) &&
		    (ok = ask_offset(a, &v[i], timestamp, &ret->topics[ret->topics_n])))
			ret->topics_n++;
		applying_done(&v[i]);
	}
	return ok && ret->topics_n > 0;
}

static void note_leader_end(struct follower *f, const struct applying *a, int64_t end)
{
	struct follow *w;

	lock_take(&f->lock);
	w = follower_still(f, a);
	if (w)
		w->leader_end = end;
	lock_release(&f->lock);
}

static int64_t leader_end_of(struct follower *f, const struct applying *a)
{
	struct follow *w;
	int64_t end;

	lock_take(&f->lock);
	w = follower_still(f, a);
	end = w ? w->leader_end : -1;
	lock_release(&f->lock);
	return end;
}

/* Both ends of the leader's log are known (replication.md 7.6). */
static void relocate(struct follower *f, const struct applying *a, int64_t leader_start)
{
	int64_t leader_end = leader_end_of(f, a), own_end;
	struct log *log = partition_log(a->p);
	int r;

	own_end = log ? log_end_offset(log) : -1;
	log_unref(log);
	if (leader_end < 0 || leader_start < 0 || own_end < 0)
		return follower_error(f, a, KERR_UNKNOWN_LEADER_EPOCH);
	log_warn("[ReplicaFetcher replicaId=%d, leaderId=%d] %s-%d ends at %lld and is out of range of the leader's offsets "
		 "%lld to %lld", (int)f->config.broker_id, (int)f->config.leader_id, partition_topic(a->p),
	    (int)partition_index(a->p), (long long)own_end, (long long)leader_start, (long long)leader_end);
	if (leader_end < own_end)
		return truncate_to(f, a, leader_end, true);
	if (leader_start <= own_end) {
		go_on_at(f, a, own_end, FOLLOW_FETCHING);
		if (own_end == a->offset) /* which the leader has just refused: not again at once */
			follower_error(f, a, KERR_UNKNOWN_LEADER_EPOCH);
		return;
	}
	r = partition_restart_at(a->p, a->leader_epoch, leader_start);
	if (r)
		return follower_own_error(f, a, r);
	go_on_at(f, a, leader_start, FOLLOW_FETCHING);
}

void follower_offsets_answered(struct follower *f, int64_t timestamp, int r, const struct list_offsets_response *answer)
{
	struct applying a;

	if (r < 0)
		return delay_asked(f);
	for (int32_t t = 0; t < answer->topics_n; t++) {
		const struct list_offsets_response_list_offsets_topic_response *topic = &answer->topics[t];

		for (int32_t i = 0; i < topic->partitions_n; i++) {
			const struct list_offsets_response_list_offsets_partition_response *in = &topic->partitions[i];
			int64_t offset = in->old_style_offsets_n > 0 ? in->old_style_offsets[0] : in->offset;

			if (!find_asked(f, topic->name, in->partition_index, &a))
				continue;
			if (in->error_code)
				follower_error(f, &a, in->error_code == KERR_OFFSET_OUT_OF_RANGE ?
							KERR_UNKNOWN_LEADER_EPOCH : in->error_code);
			else if (timestamp == TIMESTAMP_LATEST)
				note_leader_end(f, &a, offset);
			else
				relocate(f, &a, offset);
			applying_done(&a);
		}
	}
}
