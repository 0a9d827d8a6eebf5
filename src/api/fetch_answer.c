/* fetch_answer.c - the response of a fetch: slices of segment files, described (protocol.md 10.5 to 10.7, 11). */
#include "api/fetch_work.h"

#include "api/api.h"
#include "api/current_leader.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/throttle.h"

enum { STORAGE_ERROR_SINCE = 6, CURRENT_LEADER_SINCE = 16, BY_ID_SINCE = 13 };
enum { FRAME_SIZE_BYTES = 4 };

typedef struct fetch_response_partition_data answer_t;
typedef struct fetch_response_fetchable_topic_response topic_t;

/* Up to v5 clients do not know KAFKA_STORAGE_ERROR; the other code makes them look for the new leader as well. */
static int16_t error_for(const struct fetch_work *w, int16_t error)
{
	if (error == KERR_KAFKA_STORAGE_ERROR && w->req->version < STORAGE_ERROR_SINCE)
		return KERR_NOT_LEADER_OR_FOLLOWER;
	return error;
}

static struct records no_records(void)
{
	return (struct records){ .p = (const uint8_t *)"", .len = 0 };
}

static struct records records_of(const struct fetch_part *part)
{
	const struct log_slice *s = &part->data.slice;

	if (part->converted)
		return (struct records){ .p = part->converted->data, .len = (int32_t)part->converted->len,
					 .buf = part->converted };
	if (s->len == 0)
		return no_records();
	return (struct records){ .len = (int32_t)s->len, .file = s->file, .at = s->at };
}

static void hint_leader(struct fetch_work *w, const struct fetch_want *want, answer_t *a)
{
	struct fetch_response *out = w->req->out;
	struct current_leader leader;

	current_leader_of(w->req, w->image, want->topic, want->partition, &leader);
	a->current_leader.leader_id = leader.id;
	a->current_leader.leader_epoch = leader.epoch;
	for (int32_t i = 0; i < out->node_endpoints_n && leader.has_endpoint; i++)
		leader.has_endpoint = out->node_endpoints[i].node_id != leader.id;
	if (!leader.has_endpoint)
		return;
	if (!out->node_endpoints)
		out->node_endpoints = CODEC_NEW(&w->req->arena, fetch_response_node_endpoint, (size_t)w->n);
	if (out->node_endpoints)
		out->node_endpoints[out->node_endpoints_n++] = (struct fetch_response_node_endpoint){
			.node_id = leader.id, .host = leader.host, .port = leader.port, .rack = leader.rack };
}

static void fill_error(struct fetch_work *w, const struct fetch_want *want, const struct fetch_part *part, answer_t *a)
{
	a->error_code = error_for(w, part->error);
	a->high_watermark = a->last_stable_offset = a->log_start_offset = -1;
	/* As observed with 3.9.1: an empty list for what was not read, null records for what cannot be converted. */
	a->aborted_transactions_n = part->refused || part->not_understood ? 0 : -1;
	a->records = part->not_understood ? RECORDS_NULL : no_records();
	if (w->req->version >= CURRENT_LEADER_SINCE &&
	    (a->error_code == KERR_NOT_LEADER_OR_FOLLOWER || a->error_code == KERR_FENCED_LEADER_EPOCH))
		hint_leader(w, want, a);
}

/* False when the arena is full. */
static bool fill_aborted(struct fetch_work *w, const struct fetch_part *part, answer_t *a)
{
	const struct log_slice *s = &part->data.slice;

	a->aborted_transactions_n = -1; /* null: not asked for, or not looked up */
	if (part->query.isolation != FETCH_COMMITTED || part->held_back || part->data.elsewhere)
		return true;
	a->aborted_transactions =
		CODEC_NEW(&w->req->arena, fetch_response_aborted_transaction, (size_t)s->aborted_n);
	if (!a->aborted_transactions)
		return false;
	a->aborted_transactions_n = s->aborted_n;
	for (int32_t i = 0; i < s->aborted_n; i++) {
		a->aborted_transactions[i].producer_id = s->aborted[i].producer_id;
		a->aborted_transactions[i].first_offset = s->aborted[i].first_offset;
	}
	return true;
}

static bool fill_part(struct fetch_work *w, const struct fetch_want *want, const struct fetch_part *part, answer_t *a)
{
	const struct log_slice *s = &part->data.slice;

	a->partition_index = want->partition;
	if (part->error) {
		fill_error(w, want, part, a);
		return true;
	}
	a->preferred_read_replica = part->near;
	a->high_watermark = s->high_watermark;
	a->last_stable_offset = s->last_stable_offset;
	a->log_start_offset = s->log_start_offset;
	if (part->data.diverging) {
		a->diverging_epoch.epoch = part->data.diverging_epoch;
		a->diverging_epoch.end_offset = part->data.diverging_end;
	}
	a->records = records_of(part);
	return fill_aborted(w, part, a);
}

static bool same_topic(const struct fetch_work *w, int32_t a, int32_t b)
{
	const struct fetch_want *x = &w->context.v[a], *y = &w->context.v[b];

	return w->req->version >= BY_ID_SINCE ? uuid_eq(x->topic_id, y->topic_id) : str_eq(x->topic, y->topic);
}

/* Adds partition i to `out`, at `a`. Consecutive partitions of one topic share an entry; the same topic may come again. */
static bool add_part(struct fetch_work *w, struct fetch_response *out, int32_t i, int32_t *last, answer_t *a)
{
	if (*last < 0 || !same_topic(w, *last, i)) {
		topic_t *t = &out->responses[out->responses_n++];

		t->topic = w->req->version >= BY_ID_SINCE ? STR("") : w->context.v[i].topic;
		t->topic_id = w->context.v[i].topic_id;
		t->partitions = a;
	}
	out->responses[out->responses_n - 1].partitions_n++;
	*last = i;
	return fill_part(w, &w->context.v[i], &w->v[i], a);
}

enum rank { RANK_READ, RANK_UNKNOWN_ID, RANK_REFUSED, RANKS_N };

static enum rank rank_of(const struct fetch_part *part)
{
	if (!part->refused)
		return RANK_READ;
	return part->error == KERR_UNKNOWN_TOPIC_ID ? RANK_UNKNOWN_ID : RANK_REFUSED;
}

/* First what was read, in the order asked for, then what was refused (KafkaApis.scala, handleFetchRequest). */
static bool fill_topics(struct fetch_work *w, const struct fetch_got *got)
{
	struct fetch_response *out = w->req->out;
	int32_t included = 0, last = -1;
	answer_t *a;

	for (int32_t i = 0; i < w->n; i++)
		included += got[i].include;
	a = CODEC_NEW(&w->req->arena, fetch_response_partition_data, (size_t)included);
	out->responses = CODEC_NEW(&w->req->arena, fetch_response_fetchable_topic_response, (size_t)included);
	if (!a || !out->responses)
		return false;
	for (enum rank rank = RANK_READ; rank < RANKS_N; rank++) {
		for (int32_t i = 0; i < w->n; i++) {
			if (got[i].include && rank_of(&w->v[i]) == rank && !add_part(w, out, i, &last, a++))
				return false;
		}
	}
	return true;
}

/* The answer with the throttled replicas alone counts, in sync or not, empty or not (KafkaApis.scala,
 * sizeOfThrottledPartitions). */
static void count_listed(struct fetch_work *w, const struct fetch_got *got)
{
	struct throttle *t = w->req->ctx->throttle;
	struct fetch_response some;
	int32_t last = -1;
	answer_t *a;

	CODEC_INIT(fetch_response, &some);
	some.responses = CODEC_NEW(&w->req->arena, fetch_response_fetchable_topic_response, (size_t)w->n);
	a = CODEC_NEW(&w->req->arena, fetch_response_partition_data, (size_t)w->n);
	if (!some.responses || !a)
		return;
	for (int32_t i = 0; i < w->n; i++) {
		if (got[i].include && w->v[i].p && throttle_lists(t, THROTTLE_LEADER, w->v[i].p) &&
			!add_part(w, &some, i, &last, a++))
			return;
	}
	throttle_record(t, THROTTLE_LEADER,
			FRAME_SIZE_BYTES + codec_size(&fetch_response_schema, w->req->version, &some));
}

/* Nothing to tell a follower, who has everything and knows that all of it is committed (older ones give no epoch, by which
 * a change would show). */
static bool is_quiet(const struct fetch_work *w, const struct fetch_part *part)
{
	const struct log_slice *s = &part->data.slice;

	return w->context.skips && part->p && s->len == 0 && !part->data.diverging && !part->held_back && part->near < 0 &&
	       part->query.leader_epoch >= 0 && s->log_end_offset == part->query.offset &&
	       s->high_watermark == part->query.offset;
}

static struct fetch_got got_of(const struct fetch_work *w, const struct fetch_part *part)
{
	const struct log_slice *s = &part->data.slice;

	if (part->error)
		return (struct fetch_got){ .error = part->error, .high_watermark = -1, .log_start = -1 };
	return (struct fetch_got){
		.has_records = s->len > 0 || part->converted,
		.has_preferred_replica = part->near >= 0,
		.diverging = part->data.diverging,
		.high_watermark = s->high_watermark,
		.log_start = s->log_start_offset,
		.quiet = is_quiet(w, part) ? part->p : NULL,
	};
}

void fetch_answer(struct fetch_work *w)
{
	struct request *req = w->req;
	struct fetch_response *out = req->out;
	struct fetch_got *got = arena_array(&req->arena, (size_t)w->n, sizeof(*got));

	if (!got)
		return request_close(req, "the answer to Fetch is too large");
	for (int32_t i = 0; i < w->n; i++)
		got[i] = got_of(w, &w->v[i]);
	out->error_code = (int16_t)fetch_context_end(&w->context, got, &out->session_id);
	if (out->error_code == 0 && !fill_topics(w, got))
		return request_close(req, "the answer to Fetch is too large");
	if (out->error_code == 0 && w->follower && throttle_is_used(req->ctx->throttle, THROTTLE_LEADER))
		count_listed(w, got);
	request_reply(req);
}
