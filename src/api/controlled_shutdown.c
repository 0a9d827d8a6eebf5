/* controlled_shutdown.c - ControlledShutdown (key 7): a broker that is going to stop gives its leaderships away
 * (replication.md 13.2). Answered by the controller only. */
#include "api/api.h"
#include "controller/controller.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

/* Thread: the controller's. */
static void answer(void *arg, int r, const struct topic_partition_ref *left, int32_t left_n)
{
	struct request *req = arg;
	struct controlled_shutdown_response *out = req->out;

	out->error_code = kerr_of(r);
	if (r) {
		request_reply(req);
		return;
	}
	out->remaining_partitions = CODEC_NEW(&req->arena, controlled_shutdown_response_remaining_partition,
	    (size_t)left_n);
	if (!out->remaining_partitions)
		return request_close(req, "the answer to ControlledShutdown is too large");
	out->remaining_partitions_n = left_n;
	for (int32_t i = 0; i < left_n; i++) {
		out->remaining_partitions[i].topic_name = left[i].topic;
		out->remaining_partitions[i].partition_index = left[i].partition;
	}
	request_reply(req);
}

static void controlled_shutdown(struct request *req)
{
	const struct controlled_shutdown_request *in = req->in;

	controller_controlled_shutdown(req->ctx->controller, in->broker_id, in->broker_epoch, answer, req);
}

const struct api api_controlled_shutdown = {
	.key = 7, .min_version = 0, .max_version = 3, .run_on = RUN_ON_LOOP, .run = controlled_shutdown,
};
