/* leader_and_isr.c - LeaderAndIsr (key 4): who leads which partition, from the controller (replication.md 4.2). */
#include <errno.h>

#include "api/api.h"
#include "net/connection.h"
#include "replica/control_answer.h"

static void leader_and_isr(struct request *req)
{
	int r = control_answer_leader_and_isr(req->ctx->partitions, connection_serial(req->conn), req->version,
					      req->in, &req->arena, req->out);

	if (r < 0)
		return request_close(req, r == -ESTALE ? "the controller has a later connection"
							 : "the answer to LeaderAndIsr is too large");
	request_reply(req);
}

const struct api api_leader_and_isr = {
	.key = 4, .min_version = 0, .max_version = 7, .run_on = RUN_ON_WORKER, .run = leader_and_isr,
};
