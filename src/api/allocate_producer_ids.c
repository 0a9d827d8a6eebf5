/* allocate_producer_ids.c - AllocateProducerIds (key 67): a block of producer ids for a broker, from the controller
 * (replication.md 14.7). */
#include "api/api.h"
#include "controller/controller.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

/* Thread: the controller's. */
static void answer(void *arg, int r, int64_t first, int32_t count)
{
	struct request *req = arg;
	struct allocate_producer_ids_response *out = req->out;

	out->error_code = kerr_of(r);
	if (!r) {
		out->producer_id_start = first;
		out->producer_id_len = count;
	}
	request_reply(req);
}

static void allocate_producer_ids(struct request *req)
{
	const struct allocate_producer_ids_request *in = req->in;

	controller_allocate_producer_ids(req->ctx->controller, in->broker_id, in->broker_epoch, answer, req);
}

const struct api api_allocate_producer_ids = {
	.key = 67, .min_version = 0, .max_version = 0, .run_on = RUN_ON_LOOP, .run = allocate_producer_ids,
};
