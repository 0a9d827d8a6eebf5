/* elect_leaders.c - ElectLeaders (key 43): elect preferred, or any, leaders (KIP-460). Answered by the controller, when
 * its own metadata show the leaders or the time is over (replication.md 10.5). */
#include <errno.h>

#include "api/api.h"
#include "base/clock.h"
#include "controller/controller.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/delayed.h"

struct election {
	struct str topic;
	int32_t partition, leader;
	int16_t error; /* KERR_REQUEST_TIMED_OUT while it waits */
};

struct elections {
	struct request *req;
	struct election *v;
	int32_t n, waiting;
};

/* --- the answer --- */

static bool is_told(const struct request *req, const struct election *e)
{
	const struct elect_leaders_request *in = req->in;

	/* Of all partitions only those where something happened are told. */
	return in->topic_partitions_n >= 0 || e->error != KERR_ELECTION_NOT_NEEDED;
}

static struct str failed_text(struct request *req, const struct election *e)
{
	const struct elect_leaders_request *in = req->in;

	return arena_printf(&req->arena, "Failed to elect leader for partition %.*s-%d under strategy %s", STR_ARG(e->topic),
	    e->partition, in->election_type == ELECT_PREFERRED ? "PreferredReplicaPartitionLeaderElectionStrategy" :
								 "OfflinePartitionLeaderElectionStrategy(true)");
}

/* In Kafka's words, since tools print them; null: those that clients know for the code. */
static struct str message_of(struct request *req, const struct election *e)
{
	switch (e->error) {
	case KERR_PREFERRED_LEADER_NOT_AVAILABLE:
	case KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE:
		return failed_text(req, e);
	case KERR_ELECTION_NOT_NEEDED:
		return STR("Leader election not needed for topic partition.");
	case KERR_INVALID_TOPIC_EXCEPTION:
		return STR("The topic is being deleted");
	case KERR_UNKNOWN_TOPIC_OR_PARTITION:
		return STR("The partition does not exist.");
	default:
		return STR_NULL;
	}
}

static bool fill_answer(struct request *req, const struct elections *w)
{
	struct elect_leaders_response *out = req->out;
	struct elect_leaders_response_replica_election_result *t = NULL;

	out->replica_election_results = CODEC_NEW(&req->arena, elect_leaders_response_replica_election_result,
	    (size_t)w->n);
	if (!out->replica_election_results)
		return false;
	for (int32_t i = 0; i < w->n; i++) {
		if (!is_told(req, &w->v[i]))
			continue;
		if (!t || !str_eq(t->topic, w->v[i].topic)) {
			t = &out->replica_election_results[out->replica_election_results_n++];
			t->topic = w->v[i].topic;
			t->partition_result = CODEC_NEW(&req->arena, elect_leaders_response_partition_result,
			    (size_t)(w->n - i));
			if (!t->partition_result)
				return false;
			t->partition_result_n = 0;
		}
		t->partition_result[t->partition_result_n++] = (struct elect_leaders_response_partition_result){
			.partition_id = w->v[i].partition,
			.error_code = w->v[i].error,
			.error_message = message_of(req, &w->v[i]),
		};
	}
	return true;
}

static void answer(struct request *req, const struct elections *w)
{
	if (!fill_answer(req, w))
		return request_close(req, "the answer to ElectLeaders is too large");
	request_reply(req);
}

/* --- waiting until it shows --- */

static bool try_waiting(void *arg, int32_t key UNUSED)
{
	struct elections *w = arg;
	struct image *image = metadata_image(w->req->ctx->metadata);

	for (int32_t i = 0; i < w->n; i++) {
		struct election *e = &w->v[i];
		const struct image_partition *p;

		if (e->error != KERR_REQUEST_TIMED_OUT)
			continue;
		p = image_partition(image_topic(image, e->topic), e->partition);
		if (p && p->leader == e->leader) {
			e->error = 0;
			w->waiting--;
		}
	}
	image_unref(image);
	return w->waiting == 0;
}

static void end_waiting(void *arg, enum delayed_end end UNUSED)
{
	struct elections *w = arg;

	answer(w->req, w);
}

static void wait_for_leaders(struct request *req, struct elections *w)
{
	static const struct delayed_class cls = { try_waiting, end_waiting };
	const struct elect_leaders_request *in = req->in;
	struct delayed_key *keys = arena_array(&req->arena, (size_t)w->waiting, sizeof(*keys));
	size_t n = 0;

	if (!keys)
		return request_close(req, "out of memory");
	for (int32_t i = 0; i < w->n; i++)
		if (w->v[i].error == KERR_REQUEST_TIMED_OUT)
			keys[n++] = (struct delayed_key){ DELAYED_ELECT_LEADERS, w->v[i].topic, w->v[i].partition };
	delayed_add(req->ctx->delayed, &cls, w, keys, n, req->arrived_ms + MAX(in->timeout_ms, 0));
}

/* --- what the controller decided; its thread --- */

static struct elections *results(struct request *req, const struct topic_partition_ref *refs, const int *errors,
    const int32_t *leaders, int32_t n)
{
	struct elections *w = arena_alloc(&req->arena, sizeof(*w));

	if (!w)
		return NULL;
	*w = (struct elections){ .req = req, .v = arena_array(&req->arena, (size_t)n, sizeof(*w->v)), .n = n };
	for (int32_t i = 0; w->v && i < n; i++) {
		char *name = arena_strdup(&req->arena, refs[i].topic);

		if (!name)
			return NULL;
		w->v[i] = (struct election){ .topic = str_of(name), .partition = refs[i].partition,
			.leader = leaders[i],
			.error = errors[i] ? kerr_of(errors[i]) : KERR_REQUEST_TIMED_OUT };
		w->waiting += errors[i] == 0;
	}
	return w->v ? w : NULL;
}

static void refuse_named(struct elections *w, const struct elect_leaders_request *in, int16_t error)
{
	size_t n = 0;

	for (int32_t t = 0; t < in->topic_partitions_n; t++)
		n += (size_t)in->topic_partitions[t].partitions_n;
	w->v = arena_array(&w->req->arena, n, sizeof(*w->v));
	for (int32_t t = 0; w->v && t < in->topic_partitions_n; t++)
		for (int32_t i = 0; i < in->topic_partitions[t].partitions_n; i++)
			w->v[w->n++] = (struct election){ .topic = in->topic_partitions[t].topic,
				.partition = in->topic_partitions[t].partitions[i], .error = error };
}

static void refuse_all(struct elections *w, const struct image *image, int16_t error)
{
	const struct image_topic *const *topics;
	int32_t topics_n = image_topics(image, &topics);
	size_t n = 0;

	for (int32_t t = 0; t < topics_n; t++)
		n += (size_t)topics[t]->partitions_n;
	w->v = arena_array(&w->req->arena, n, sizeof(*w->v));
	for (int32_t t = 0; w->v && t < topics_n; t++) {
		char *name = arena_strdup(&w->req->arena, str_of(topics[t]->name));

		for (int32_t i = 0; name && i < topics[t]->partitions_n; i++)
			w->v[w->n++] = (struct election){ .topic = str_of(name),
				.partition = topics[t]->partitions[i].index, .error = error };
	}
}

/* The error on every partition that was asked for. */
static void refuse(struct request *req, int r)
{
	const struct elect_leaders_request *in = req->in;
	struct elections w = { .req = req };
	struct image *image;

	if (in->topic_partitions_n >= 0) {
		refuse_named(&w, in, kerr_of(r));
	} else {
		image = metadata_image(req->ctx->metadata);
		refuse_all(&w, image, kerr_of(r));
		image_unref(image);
	}
	if (!w.v)
		return request_close(req, "ElectLeaders is too large");
	answer(req, &w);
}

static void decided(void *arg, int r, const struct topic_partition_ref *refs, const int *errors, const int32_t *leaders,
    int32_t n)
{
	struct request *req = arg;
	struct elections *w;

	if (r)
		return refuse(req, r);
	w = results(req, refs, errors, leaders, n);
	if (!w)
		return request_close(req, "the answer to ElectLeaders is too large");
	if (w->waiting > 0)
		wait_for_leaders(req, w);
	else
		answer(req, w);
}

/* --- the request --- */

static struct topic_partition_ref *named(struct request *req, int32_t *ret_n)
{
	const struct elect_leaders_request *in = req->in;
	struct topic_partition_ref *refs;
	size_t n = 0;

	for (int32_t t = 0; t < in->topic_partitions_n; t++)
		n += (size_t)in->topic_partitions[t].partitions_n;
	refs = arena_array(&req->arena, n, sizeof(*refs));
	*ret_n = 0;
	for (int32_t t = 0; refs && t < in->topic_partitions_n; t++)
		for (int32_t i = 0; i < in->topic_partitions[t].partitions_n; i++)
			refs[(*ret_n)++] = (struct topic_partition_ref){ in->topic_partitions[t].topic,
				in->topic_partitions[t].partitions[i] };
	return refs;
}

static void elect_leaders(struct request *req)
{
	const struct elect_leaders_request *in = req->in;
	struct topic_partition_ref *refs = NULL;
	int32_t n = -1;

	if (in->election_type != ELECT_PREFERRED && in->election_type != ELECT_UNCLEAN) {
		((struct elect_leaders_response *)req->out)->error_code = KERR_INVALID_REQUEST;
		return refuse(req, KERR_INVALID_REQUEST);
	}
	if (in->topic_partitions_n >= 0) {
		refs = named(req, &n);
		if (!refs)
			return request_close(req, "ElectLeaders is too large");
	}
	controller_elect_leaders(req->ctx->controller, (enum election_type)in->election_type, refs, n, decided, req);
}

const struct api api_elect_leaders = {
	.key = 43, .min_version = 0, .max_version = 2, .run_on = RUN_ON_LOOP, .run = elect_leaders,
};
