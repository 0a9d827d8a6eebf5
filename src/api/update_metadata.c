/* update_metadata.c - UpdateMetadata (key 6): what the controller tells everybody about the cluster (replication.md 4.4). */
#include <errno.h>

#include "api/api.h"
#include "net/connection.h"
#include "replica/control_answer.h"

static void update_metadata(struct request *req)
{
	int r = control_answer_update_metadata(req->ctx->partitions, connection_serial(req->conn), req->in, req->out);

	if (r < 0)
		return request_close(req, r == -ESTALE ? "the controller has a later connection"
							 : "the answer to UpdateMetadata is too large");
	request_reply(req);
}

const struct api api_update_metadata = {
	.key = 6, .min_version = 0, .max_version = 8, .run_on = RUN_ON_WORKER, .run = update_metadata,
};
