/* describe_groups.c - DescribeGroups (key 15): state and members of groups (coordinators.md 2.17). */
#include "api/api.h"
#include "api/authorized_operations.h"
#include "coordinator/groups.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { OPERATIONS_SINCE = 3 };

static void describe_groups(struct request *req)
{
	const struct describe_groups_request *in = req->in;
	struct describe_groups_response *out = req->out;
	struct describe_groups_response_described_group *g;
	int32_t i;
	int r = 0;

	out->groups = CODEC_NEW(&req->arena, describe_groups_response_described_group, (size_t)in->groups_n);
	for (i = 0; out->groups && i < in->groups_n && r >= 0; i++) {
		g = &out->groups[out->groups_n++];
		r = groups_describe(req->ctx->groups, in->groups[i], &req->arena, g);
		g->group_id = in->groups[i];
		g->error_code = kerr_of(r);
		if (r == 0 && in->include_authorized_operations && req->version >= OPERATIONS_SINCE)
			g->authorized_operations = AUTHORIZED_GROUP_OPERATIONS;
	}
	if (!out->groups || r < 0)
		return request_close(req, "the answer to DescribeGroups is too large");
	request_reply(req);
}

const struct api api_describe_groups = {
	.key = 15, .min_version = 0, .max_version = 5, .run_on = RUN_ON_WORKER, .run = describe_groups,
};
