/* list_partition_reassignments.c - ListPartitionReassignments (key 46): which partitions are being moved (KIP-455).
 * Answered by the controller only. */
#include "api/api.h"
#include "controller/controller.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

typedef struct list_partition_reassignments_response_ongoing_topic_reassignment topic_t;
typedef struct list_partition_reassignments_response_ongoing_partition_reassignment partition_t;

static void fill_partition(const struct reassignment_view *from, partition_t *to)
{
	*to = (partition_t){
		.partition_index = from->ref.partition,
		.replicas = (int32_t *)(uintptr_t)from->replicas, /* read only from here on */
		.replicas_n = from->replicas_n,
		.adding_replicas = (int32_t *)(uintptr_t)from->adding,
		.adding_replicas_n = from->adding_n,
		.removing_replicas = (int32_t *)(uintptr_t)from->removing,
		.removing_replicas_n = from->removing_n,
	};
}

/* Partitions of one topic are neighbours. */
static bool fill_answer(struct request *req, const struct reassignment_view *v, int32_t n)
{
	struct list_partition_reassignments_response *out = req->out;
	topic_t *t = NULL;

	out->topics = CODEC_NEW(&req->arena, list_partition_reassignments_response_ongoing_topic_reassignment, (size_t)n);
	if (!out->topics)
		return false;
	for (int32_t i = 0; i < n; i++) {
		if (!t || !str_eq(t->name, v[i].ref.topic)) {
			t = &out->topics[out->topics_n++];
			t->name = v[i].ref.topic;
			t->partitions = CODEC_NEW(&req->arena,
			    list_partition_reassignments_response_ongoing_partition_reassignment, (size_t)(n - i));
			if (!t->partitions)
				return false;
			t->partitions_n = 0;
		}
		fill_partition(&v[i], &t->partitions[t->partitions_n++]);
	}
	return true;
}

/* Thread: the controller's. */
static void answer(void *arg, int r, const struct reassignment_view *v, int32_t n)
{
	struct request *req = arg;
	struct list_partition_reassignments_response *out = req->out;

	out->error_code = kerr_of(r);
	out->error_message = r ? str_of(kerr_text(r)) : STR_NULL;
	if (r == 0 && !fill_answer(req, v, n))
		return request_close(req, "the answer to ListPartitionReassignments is too large");
	request_reply(req);
}

/* The partitions that were named; NULL: too large. */
static struct topic_partition_ref *named(struct request *req, int32_t *ret_n)
{
	const struct list_partition_reassignments_request *in = req->in;
	struct topic_partition_ref *refs;
	size_t n = 0;

	for (int32_t t = 0; t < in->topics_n; t++)
		n += (size_t)in->topics[t].partition_indexes_n;
	refs = arena_array(&req->arena, n, sizeof(*refs));
	*ret_n = 0;
	for (int32_t t = 0; refs && t < in->topics_n; t++)
		for (int32_t i = 0; i < in->topics[t].partition_indexes_n; i++)
			refs[(*ret_n)++] = (struct topic_partition_ref){ in->topics[t].name,
				in->topics[t].partition_indexes[i] };
	return refs;
}

static void list_partition_reassignments(struct request *req)
{
	const struct list_partition_reassignments_request *in = req->in;
	struct topic_partition_ref *refs = NULL;
	int32_t n = -1;

	if (in->topics_n >= 0) {
		refs = named(req, &n);
		if (!refs)
			return request_close(req, "ListPartitionReassignments is too large");
	}
	controller_reassignments(req->ctx->controller, &req->arena, refs, n, answer, req);
}

const struct api api_list_partition_reassignments = {
	.key = 46, .min_version = 0, .max_version = 0, .run_on = RUN_ON_LOOP, .run = list_partition_reassignments,
};
