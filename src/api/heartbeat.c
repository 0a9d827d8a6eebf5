/* heartbeat.c - Heartbeat (key 12): a group member says that it is alive (coordinators.md 2.11). */
#include "api/api.h"
#include "api/group_request.h"
#include "coordinator/groups.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

static void beat(struct request *req)
{
	const struct heartbeat_request *in = req->in;
	struct heartbeat_response *out = req->out;

	out->error_code = kerr_of(groups_heartbeat(req->ctx->groups, in->group_id, in->member_id, in->group_instance_id,
	    in->generation_id));
	request_reply(req);
}

static void heartbeat(struct request *req)
{
	const struct heartbeat_request *in = req->in;
	struct heartbeat_response *out = req->out;

	if (group_refuses_instance(req, in->group_instance_id)) {
		out->error_code = KERR_UNSUPPORTED_VERSION;
		return request_reply(req);
	}
	group_run(req, in->group_id, beat);
}

const struct api api_heartbeat = {
	.key = 12, .min_version = 0, .max_version = 4, .run_on = RUN_ON_LOOP, .run = heartbeat,
};
