/* join_group.c - JoinGroup (key 11): a member joins, and is answered when the generation is complete
 * (coordinators.md 2.8). */
#include "api/api.h"
#include "api/group_request.h"
#include "coordinator/groups.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { REBALANCE_TIMEOUT_SINCE = 1, ID_FIRST_SINCE = 4, NULL_PROTOCOL_SINCE = 7, SKIP_ASSIGNMENT_SINCE = 9 };

struct work {
	struct groups_waiter waiter;
	struct request *req;
	bool full; /* the arena */
};

static bool keep_member(struct arena *a, struct join_group_response_join_group_response_member *m)
{
	return arena_keep(a, &m->member_id) && arena_keep(a, &m->group_instance_id) &&
	       arena_keep_bytes(a, &m->metadata);
}

static bool keep_members(struct request *req, const struct group_join_reply *r)
{
	struct join_group_response *out = req->out;
	int32_t i;

	out->members = CODEC_NEW(&req->arena, join_group_response_join_group_response_member, (size_t)r->members_n);
	for (i = 0; out->members && i < r->members_n; i++) {
		out->members[i] = r->members[i];
		if (!keep_member(&req->arena, &out->members[i]))
			return false;
		out->members_n++;
	}
	return out->members;
}

static void fill(struct groups_waiter *waiter, const struct group_effect *e)
{
	struct work *w = CONTAINER_OF(waiter, struct work, waiter);
	struct request *req = w->req;
	struct join_group_response *out = req->out;
	const struct group_join_reply *r = &e->join;

	out->error_code = kerr_of(r->error);
	out->generation_id = r->generation;
	out->protocol_type = r->protocol_type;
	out->protocol_name = r->protocol_name;
	if (out->protocol_name.len < 0 && req->version < NULL_PROTOCOL_SINCE)
		out->protocol_name = STR("");
	out->leader = r->leader;
	out->member_id = r->member_id;
	out->skip_assignment = r->skip_assignment;
	w->full = !arena_keep(&req->arena, &out->protocol_type) || !arena_keep(&req->arena, &out->protocol_name) ||
		  !arena_keep(&req->arena, &out->leader) || !arena_keep(&req->arena, &out->member_id) ||
		  !keep_members(req, r);
}

static void finish(struct groups_waiter *waiter)
{
	struct work *w = CONTAINER_OF(waiter, struct work, waiter);

	if (w->full)
		request_close(w->req, "the answer to JoinGroup is too large");
	else
		request_reply(w->req);
}

static void join(struct request *req)
{
	const struct join_group_request *in = req->in;
	struct work *w = arena_alloc(&req->arena, sizeof(*w));
	struct group_join j = {
		.member_id = in->member_id,
		.instance_id = in->group_instance_id,
		.client_id = req->client_id,
		.client_host = group_client_host(req),
		.protocol_type = in->protocol_type,
		.reason = in->reason,
		.session_timeout_ms = in->session_timeout_ms,
		.rebalance_timeout_ms =
		    req->version < REBALANCE_TIMEOUT_SINCE ? in->session_timeout_ms : in->rebalance_timeout_ms,
		.protocols = in->protocols,
		.protocols_n = in->protocols_n,
		.require_known_member_id =
		    req->version >= ID_FIRST_SINCE && in->group_instance_id.len < 0 && in->member_id.len == 0,
		.skip_assignment = req->version >= SKIP_ASSIGNMENT_SINCE,
	};

	if (!w || j.client_host.len < 0)
		return request_close(req, "out of memory");
	*w = (struct work){ .waiter = { .answer = fill, .send = finish }, .req = req };
	groups_join(req->ctx->groups, in->group_id, &j, &w->waiter);
}

static void join_group(struct request *req)
{
	const struct join_group_request *in = req->in;
	struct join_group_response *out = req->out;

	if (!group_refuses_instance(req, in->group_instance_id))
		return group_run(req, in->group_id, join);
	out->error_code = KERR_UNSUPPORTED_VERSION;
	out->protocol_name = req->version < NULL_PROTOCOL_SINCE ? STR("") : STR_NULL;
	request_reply(req);
}

const struct api api_join_group = {
	.key = 11, .min_version = 0, .max_version = 9, .run_on = RUN_ON_LOOP, .run = join_group,
};
