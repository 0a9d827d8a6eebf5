/* stop_replica.c - StopReplica (key 5): stop following, and perhaps delete, replicas (replication.md 4.3). */
#include <errno.h>

#include "api/api.h"
#include "net/connection.h"
#include "replica/control_answer.h"

static void stop_replica(struct request *req)
{
	int r = control_answer_stop_replica(req->ctx->partitions, connection_serial(req->conn), req->in, &req->arena,
					    req->out);

	if (r < 0)
		return request_close(req, r == -ESTALE ? "the controller has a later connection"
							 : "the answer to StopReplica is too large");
	request_reply(req);
}

const struct api api_stop_replica = {
	.key = 5, .min_version = 0, .max_version = 4, .run_on = RUN_ON_WORKER, .run = stop_replica,
};
