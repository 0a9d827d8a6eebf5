/* alter_partition_reassignments.c - AlterPartitionReassignments (key 45): moves partitions to other brokers, or cancels
 * that (KIP-455). Answered by the controller only. */
#include "api/api.h"
#include "controller/controller.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

typedef struct alter_partition_reassignments_response_reassignable_partition_response partition_answer_t;

/* Targets in the order of the request. NULL: too large. */
static struct reassignment_target *flatten(struct request *req, int32_t *ret_n)
{
	const struct alter_partition_reassignments_request *in = req->in;
	struct reassignment_target *v;
	size_t n = 0;

	for (int32_t t = 0; t < in->topics_n; t++)
		n += (size_t)in->topics[t].partitions_n;
	v = arena_array(&req->arena, n, sizeof(*v));
	*ret_n = 0;
	for (int32_t t = 0; v && t < in->topics_n; t++)
		for (int32_t i = 0; i < in->topics[t].partitions_n; i++)
			v[(*ret_n)++] = (struct reassignment_target){
				.ref = { in->topics[t].name, in->topics[t].partitions[i].partition_index },
				.replicas = in->topics[t].partitions[i].replicas,
				.replicas_n = in->topics[t].partitions[i].replicas_n,
			};
	return v;
}

static bool fill_answer(struct request *req, const struct reassignment_target *v)
{
	const struct alter_partition_reassignments_request *in = req->in;
	struct alter_partition_reassignments_response *out = req->out;

	out->responses = CODEC_NEW(&req->arena, alter_partition_reassignments_response_reassignable_topic_response,
	    (size_t)in->topics_n);
	if (!out->responses)
		return false;
	for (int32_t t = 0; t < in->topics_n; t++) {
		int32_t n = in->topics[t].partitions_n;
		partition_answer_t *p = CODEC_NEW(&req->arena,
		    alter_partition_reassignments_response_reassignable_partition_response, (size_t)n);

		if (!p)
			return false;
		for (int32_t i = 0; i < n; i++, v++) {
			p[i].partition_index = v->ref.partition;
			p[i].error_code = kerr_of(v->error);
			p[i].error_message = v->error && v->message.len < 0 ? str_of(kerr_text(v->error)) : v->message;
		}
		out->responses[t].name = in->topics[t].name;
		out->responses[t].partitions = p;
		out->responses[t].partitions_n = n;
		out->responses_n++;
	}
	return true;
}

/* Thread: the controller's. */
static void answer(void *arg, int r)
{
	struct request *req = arg;
	struct alter_partition_reassignments_response *out = req->out;

	out->error_code = kerr_of(r);
	out->error_message = r ? str_of(kerr_text(r)) : STR_NULL;
	if (r == 0 && !fill_answer(req, req->state))
		return request_close(req, "the answer to AlterPartitionReassignments is too large");
	request_reply(req);
}

static void alter_partition_reassignments(struct request *req)
{
	struct reassignment_target *v;
	int32_t n;

	v = flatten(req, &n);
	if (!v)
		return request_close(req, "AlterPartitionReassignments is too large");
	req->state = v;
	controller_reassign(req->ctx->controller, &req->arena, v, n, answer, req);
}

const struct api api_alter_partition_reassignments = {
	.key = 45, .min_version = 0, .max_version = 0, .run_on = RUN_ON_LOOP, .run = alter_partition_reassignments,
};
