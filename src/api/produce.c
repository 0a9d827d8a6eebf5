/* produce.c - Produce (key 0): record sets to partitions (protocol.md section 8).
 *
 * The steps, in Kafka's order: whole-request checks; per partition what needs no log (produce_check.c); the append,
 * on the loop when it is a short walk over bytes in memory, else on a worker; the answer, for acks=-1 when every
 * partition is replicated. The records stay in the received frame and are patched there, so the frame belongs to
 * this request alone until the appends are done.
 */
#include "api/produce_work.h"

#include <errno.h>

#include "api/api.h"
#include "api/current_leader.h"
#include "base/clock.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partitions.h"

enum {
	CURRENT_LEADER_SINCE = 10,
	LOOP_COST_MAX = 4 << 20, /* checking more bytes takes a loop milliseconds */
};

typedef struct produce_response_partition_produce_response answer_t;

static void release(struct request *req)
{
	struct produce_work *w = req->state;

	for (int32_t i = 0; i < w->n; i++)
		partition_unref(w->v[i].p);
	image_unref(w->image);
}

static void refuse(struct produce_target *t, int r)
{
	t->p = partition_unref(t->p);
	t->answer->error_code = kerr_of(r);
	t->answer->base_offset = -1;
}

/* --- the answer --- */

static void hint_leader(struct request *req, const struct produce_work *w, const struct produce_target *t)
{
	struct produce_response *out = req->out;
	struct current_leader leader;

	current_leader_of(req, w->image, t->topic, t->answer->index, &leader);
	t->answer->current_leader.leader_id = leader.id;
	t->answer->current_leader.leader_epoch = leader.epoch;
	for (int32_t i = 0; i < out->node_endpoints_n && leader.has_endpoint; i++)
		leader.has_endpoint = out->node_endpoints[i].node_id != leader.id;
	if (!leader.has_endpoint)
		return;
	/* Room for one per partition; taken only when the first one is needed. */
	if (!out->node_endpoints)
		out->node_endpoints = CODEC_NEW(&req->arena, produce_response_node_endpoint, (size_t)w->n);
	if (out->node_endpoints)
		out->node_endpoints[out->node_endpoints_n++] = (struct produce_response_node_endpoint){
			.node_id = leader.id, .host = leader.host, .port = leader.port, .rack = leader.rack };
}

static void answer(struct request *req)
{
	const struct produce_request *in = req->in;
	struct produce_work *w = req->state;
	bool failed = false;

	for (int32_t i = 0; i < w->n; i++) {
		struct produce_target *t = &w->v[i];

		failed |= t->answer->error_code != 0;
		if (t->answer->error_code == KERR_NOT_LEADER_OR_FOLLOWER && req->version >= CURRENT_LEADER_SINCE)
			hint_leader(req, w, t);
	}
	if (in->acks != 0)
		request_reply(req);
	else if (failed)
		request_close(req, "a record set with acks=0 was refused"); /* the only way to tell the producer */
	else
		request_done(req);
}

/* --- waiting for replication --- */

/* True when the partition is decided. */
static bool replicated(struct produce_target *t)
{
	int16_t error;

	if (!partition_check_acks(t->p, t->required, &error))
		return false;
	t->answer->error_code = error;
	if (error && error != KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND)
		t->answer->base_offset = -1;
	t->waiting = false;
	return true;
}

static bool try_waiting(void *arg, int32_t key)
{
	struct produce_work *w = arg;

	for (int32_t i = 0; i < w->n; i++) {
		if (w->v[i].waiting && (key < 0 || i == key) && replicated(&w->v[i]))
			w->waiting_n--;
	}
	return w->waiting_n == 0;
}

/* What still waits keeps REQUEST_TIMED_OUT, and its real offset: the records may well be replicated yet. */
static void end_waiting(void *arg, enum delayed_end end)
{
	struct produce_work *w = arg;
	struct partition *p;

	(void)end;
	for (int32_t i = 0; i < w->n; i++) {
		answer_t *a = w->v[i].answer;

		/* Deleted meanwhile? Then it is known by nobody (replication.md 10.2). */
		if (a->error_code == KERR_NOT_LEADER_OR_FOLLOWER && w->v[i].required > 0) {
			int r = partitions_find(w->req->ctx->partitions, w->image, w->v[i].topic, a->index, &p);

			if (r == 0)
				partition_unref(p);
			else
				a->error_code = kerr_of(r);
		}
	}
	answer(w->req);
}

static void wait_replicated(struct request *req)
{
	static const struct delayed_class cls = { try_waiting, end_waiting };
	const struct produce_request *in = req->in;
	struct produce_work *w = req->state;
	struct delayed_key *keys = arena_array(&req->arena, (size_t)w->n, sizeof(*keys));

	if (!keys)
		return request_close(req, "out of memory");
	for (int32_t i = 0; i < w->n; i++)
		keys[i] = (struct delayed_key){ DELAYED_PRODUCE, w->v[i].topic, w->v[i].answer->index };
	delayed_add(req->ctx->delayed, &cls, w, keys, (size_t)w->n,
		    clock_mono_ms(req->ctx->clock) + MAX(in->timeout_ms, 0));
}

/* --- the append --- */

static void fill_record_errors(struct request *req, answer_t *a, const struct log_append_info *info)
{
	if (info->errors_n == 0)
		return;
	a->error_message = info->error_message;
	a->record_errors = CODEC_NEW(&req->arena, produce_response_batch_index_and_error_message,
				     (size_t)info->errors_n);
	if (!a->record_errors)
		return;
	a->record_errors_n = info->errors_n;
	for (int32_t i = 0; i < info->errors_n; i++) {
		a->record_errors[i].batch_index = info->errors[i].batch_index;
		a->record_errors[i].batch_index_error_message = info->errors[i].message;
	}
}

static void append(struct request *req, struct produce_target *t)
{
	const struct produce_request *in = req->in;
	struct log_append_info info;
	unsigned moved;
	int r;

	/* The bytes lie in the frame, which nobody else has: the one place where a received frame is written to. */
	r = partition_append(t->p, (uint8_t *)(uintptr_t)t->records->p, (size_t)t->records->len, in->acks,
			     APPEND_CLIENT, req->version, &req->arena, &info, &moved);
	if (r < 0 && kerr_of(r) == KERR_KAFKA_STORAGE_ERROR)
		partitions_storage_failed(req->ctx->partitions, t->p, r);
	t->answer->error_code = kerr_of(r);
	t->answer->base_offset = r ? -1 : info.first_offset;
	t->answer->log_append_time_ms = r ? -1 : info.log_append_time;
	t->answer->log_start_offset = info.log_start_offset;
	fill_record_errors(req, t->answer, &info);
	produce_log_refused(req->state, t, r, info.error_message);
	if (r == 0 && in->acks == -1 && info.last_offset >= 0) {
		t->required = info.last_offset + 1;
		t->waiting = true;
	}
	partitions_moved(req->ctx->partitions, t->p, moved);
}

static void append_all(struct request *req)
{
	struct produce_work *w = req->state;

	for (int32_t i = 0; i < w->n; i++) {
		struct produce_target *t = &w->v[i];

		if (t->p)
			append(req, t);
		if (t->waiting && !replicated(t)) {
			t->answer->error_code = KERR_REQUEST_TIMED_OUT; /* until decided */
			w->waiting_n++;
		}
	}
	if (w->waiting_n > 0)
		wait_replicated(req);
	else
		answer(req);
}

/* --- the request --- */

static int prepare_topic(struct request *req, struct produce_work *w, struct produce_request_topic_produce_data *topic,
			 struct produce_response_topic_produce_response *ret)
{
	ret->name = topic->name;
	ret->partition_responses_n = topic->partition_data_n;
	ret->partition_responses =
		CODEC_NEW(&req->arena, produce_response_partition_produce_response, (size_t)topic->partition_data_n);
	if (!ret->partition_responses)
		return -ENOMEM;
	for (int32_t i = 0; i < topic->partition_data_n; i++) {
		answer_t *a = &ret->partition_responses[i];

		a->index = topic->partition_data[i].index;
		w->v[w->n++] = (struct produce_target){ .topic = topic->name, .records = &topic->partition_data[i].records,
						.answer = a };
	}
	return 0;
}

/* Flattens the request, and makes the response's skeleton. */
static int prepare(struct request *req)
{
	const struct produce_request *in = req->in;
	struct produce_response *out = req->out;
	struct produce_work *w = arena_alloc(&req->arena, sizeof(*w));
	size_t n = 0;
	int r = 0;

	for (int32_t t = 0; t < in->topic_data_n; t++)
		n += (size_t)in->topic_data[t].partition_data_n;
	out->responses = CODEC_NEW(&req->arena, produce_response_topic_produce_response, (size_t)in->topic_data_n);
	if (!w || !out->responses || !(w->v = arena_array(&req->arena, n, sizeof(*w->v))))
		return -ENOMEM;
	w->req = req;
	w->image = metadata_image(req->ctx->metadata);
	req->state = w;
	req->release = release;
	for (int32_t t = 0; r == 0 && t < in->topic_data_n; t++) {
		if (in->topic_data[t].partition_data_n) /* the answer has partitions; a topic without any is left out */
			r = prepare_topic(req, w, &in->topic_data[t], &out->responses[out->responses_n++]);
	}
	return r;
}

static void produce(struct request *req)
{
	struct produce_work *w;
	size_t cost = 0;
	int whole, r;

	if (prepare(req))
		return request_close(req, "out of memory");
	w = req->state;
	whole = produce_check_transaction(w);
	for (int32_t i = 0; i < w->n; i++) {
		r = whole ? whole : produce_check_target(w, &w->v[i]);
		if (r) {
			refuse(&w->v[i], r);
			continue;
		}
		if (__builtin_add_overflow(cost, produce_cost(&w->v[i]), &cost))
			cost = SIZE_MAX;
	}
	if (cost > LOOP_COST_MAX)
		request_to_worker(req, append_all);
	else
		append_all(req);
}

const struct api api_produce = {
	.key = 0, .min_version = 0, .max_version = 11, .run_on = RUN_ON_LOOP, .run = produce,
};
