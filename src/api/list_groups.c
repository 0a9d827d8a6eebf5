/* list_groups.c - ListGroups (key 16): the groups that this broker coordinates (coordinators.md 2.17). */
#include "api/api.h"
#include "coordinator/groups.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

static void list_groups(struct request *req)
{
	const struct list_groups_request *in = req->in;
	struct list_groups_response *out = req->out;
	const struct groups_filter filter = { in->states_filter, in->types_filter, in->states_filter_n,
		in->types_filter_n };
	int r = groups_list(req->ctx->groups, &filter, &req->arena, &out->groups, &out->groups_n);

	if (r < 0)
		return request_close(req, "the answer to ListGroups is too large");
	out->error_code = kerr_of(r);
	request_reply(req);
}

const struct api api_list_groups = {
	.key = 16, .min_version = 0, .max_version = 5, .run_on = RUN_ON_WORKER, .run = list_groups,
};
