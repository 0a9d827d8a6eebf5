/* sync_group.c - SyncGroup (key 14): the leader hands the assignment in, every member gets its own
 * (coordinators.md 2.10). */
#include "api/api.h"
#include "api/group_request.h"
#include "coordinator/groups.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { PROTOCOL_SINCE = 5 };

struct work {
	struct groups_waiter waiter;
	struct request *req;
	bool full; /* the arena */
};

static void fill(struct groups_waiter *waiter, const struct group_effect *e)
{
	struct work *w = CONTAINER_OF(waiter, struct work, waiter);
	struct sync_group_response *out = w->req->out;
	struct arena *a = &w->req->arena;

	out->error_code = kerr_of(e->sync.error);
	out->protocol_type = e->sync.protocol_type;
	out->protocol_name = e->sync.protocol_name;
	out->assignment = e->sync.assignment;
	w->full = !arena_keep(a, &out->protocol_type) || !arena_keep(a, &out->protocol_name) ||
		  !arena_keep_bytes(a, &out->assignment);
}

static void finish(struct groups_waiter *waiter)
{
	struct work *w = CONTAINER_OF(waiter, struct work, waiter);

	if (w->full)
		request_close(w->req, "the answer to SyncGroup is too large");
	else
		request_reply(w->req);
}

static void sync_member(struct request *req)
{
	const struct sync_group_request *in = req->in;
	struct work *w = arena_alloc(&req->arena, sizeof(*w));
	struct group_sync s = {
		.member_id = in->member_id,
		.instance_id = in->group_instance_id,
		.protocol_type = in->protocol_type,
		.protocol_name = in->protocol_name,
		.generation = in->generation_id,
		.assignments = in->assignments,
		.assignments_n = in->assignments_n,
	};

	if (!w)
		return request_close(req, "out of memory");
	*w = (struct work){ .waiter = { .answer = fill, .send = finish }, .req = req };
	groups_sync(req->ctx->groups, in->group_id, &s, &w->waiter);
}

static void sync_group(struct request *req)
{
	const struct sync_group_request *in = req->in;
	struct sync_group_response *out = req->out;

	if (group_refuses_instance(req, in->group_instance_id))
		out->error_code = KERR_UNSUPPORTED_VERSION;
	else if (req->version >= PROTOCOL_SINCE && (in->protocol_type.len < 0 || in->protocol_name.len < 0))
		out->error_code = KERR_INCONSISTENT_GROUP_PROTOCOL;
	else
		return group_run(req, in->group_id, sync_member);
	request_reply(req);
}

const struct api api_sync_group = {
	.key = 14, .min_version = 0, .max_version = 5, .run_on = RUN_ON_LOOP, .run = sync_group,
};
