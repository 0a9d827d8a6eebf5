/* alter_partition.c - AlterPartition (key 56): a leader proposes another ISR to the controller (replication.md 6.6). */
#include "api/api.h"
#include "controller/controller.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

/* Thread: the controller's. */
static void answer(void *arg, int r)
{
	struct request *req = arg;
	struct alter_partition_response *out = req->out;

	if (r < 0)
		out->error_code = kerr_of(r);
	request_reply(req);
}

static void alter_partition(struct request *req)
{
	controller_alter_partition(req->ctx->controller, &req->arena, req->version, req->in, req->out, answer, req);
}

const struct api api_alter_partition = {
	.key = 56, .min_version = 0, .max_version = 3, .run_on = RUN_ON_LOOP, .run = alter_partition,
};
