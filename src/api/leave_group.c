/* leave_group.c - LeaveGroup (key 13): members go, at their own wish or an administrator's (coordinators.md 2.11). */
#include "api/api.h"
#include "api/group_request.h"
#include "coordinator/groups.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { SEVERAL_SINCE = 3 };

/* Up to v2 a request is about one member. */
static struct groups_leaving *members_of(struct request *req, int32_t *ret_n)
{
	const struct leave_group_request *in = req->in;
	int32_t i, n = req->version < SEVERAL_SINCE ? 1 : in->members_n;
	struct groups_leaving *v = arena_array(&req->arena, (size_t)n, sizeof(*v));

	*ret_n = n;
	if (v && req->version < SEVERAL_SINCE)
		v[0] = (struct groups_leaving){ .member_id = in->member_id, .instance_id = STR_NULL, .reason = STR_NULL };
	for (i = 0; v && req->version >= SEVERAL_SINCE && i < n; i++)
		v[i] = (struct groups_leaving){ .member_id = in->members[i].member_id,
			.instance_id = in->members[i].group_instance_id,
			.reason = in->members[i].reason };
	return v;
}

static bool fill(struct request *req, const struct groups_leaving *v, int32_t n)
{
	struct leave_group_response *out = req->out;
	int32_t i;

	if (req->version < SEVERAL_SINCE) {
		out->error_code = kerr_of(v[0].error);
		return true;
	}
	out->members = CODEC_NEW(&req->arena, leave_group_response_member_response, (size_t)n);
	if (!out->members)
		return false;
	out->members_n = n;
	for (i = 0; i < n; i++) {
		out->members[i].member_id = v[i].member_id;
		out->members[i].group_instance_id = v[i].instance_id;
		out->members[i].error_code = kerr_of(v[i].error);
	}
	return true;
}

static void leave(struct request *req)
{
	const struct leave_group_request *in = req->in;
	struct leave_group_response *out = req->out;
	int32_t n;
	struct groups_leaving *v = members_of(req, &n);
	int r;

	if (!v)
		return request_close(req, "LeaveGroup is too large");
	r = groups_leave(req->ctx->groups, in->group_id, v, n);
	out->error_code = kerr_of(r);
	if (r == 0 && !fill(req, v, n))
		return request_close(req, "the answer to LeaveGroup is too large");
	request_reply(req);
}

static void leave_group(struct request *req)
{
	const struct leave_group_request *in = req->in;

	group_run(req, in->group_id, leave);
}

const struct api api_leave_group = {
	.key = 13, .min_version = 0, .max_version = 5, .run_on = RUN_ON_LOOP, .run = leave_group,
};
