/* groups_members.c - JoinGroup, SyncGroup, Heartbeat, LeaveGroup: from the id to the group (coordinators.md 2.8 to 2.11). */
#include "coordinator/groups_priv.h"
#include "protocol/errors.h"

/* Answers without a group. */
static void refuse_join(struct groups_waiter *w, struct str member_id, int error)
{
	struct group_effect e = { .type = GROUP_JOIN_REPLY,
		.join = { .waiter = w,
		    .error = error,
		    .generation = -1,
		    .protocol_type = STR_NULL,
		    .protocol_name = STR_NULL,
		    .leader = STR(""),
		    .member_id = member_id.len >= 0 ? member_id : STR("") } };

	w->answer(w, &e);
	w->send(w);
}

static void refuse_sync(struct groups_waiter *w, int error)
{
	struct group_effect e = { .type = GROUP_SYNC_REPLY,
		.sync = { .waiter = w,
		    .error = error,
		    .protocol_type = STR_NULL,
		    .protocol_name = STR_NULL,
		    .assignment = { (const uint8_t *)"", 0 } } };

	w->answer(w, &e);
	w->send(w);
}

void groups_join(struct groups *gs, struct str group_id, struct group_join *in, struct groups_waiter *w)
{
	struct row *row;
	struct turn t;
	int r = turn_for(&t, gs, group_id, false);

	if (r)
		return refuse_join(w, in->member_id, r);
	in->waiter = w;
	r = group_check_session_timeout(&gs->config.group, in->session_timeout_ms);
	if (r == 0)
		r = turn_find_or_make(&t, group_id, in->member_id.len == 0, KERR_UNKNOWN_MEMBER_ID, &row);
	if (r == 0) {
		group_join(row->g, t.now, in, &t.fx);
		turn_settle(&t, row);
	}
	turn_end(&t);
	if (r) /* nobody else has the waiter */
		refuse_join(w, in->member_id, r);
}

void groups_sync(struct groups *gs, struct str group_id, struct group_sync *in, struct groups_waiter *w)
{
	struct row *row = NULL;
	struct turn t;
	int r = turn_for(&t, gs, group_id, false);

	if (r) /* a rebalance under way is lost with the old coordinator: the member joins again */
		return refuse_sync(w, r == KERR_COORDINATOR_LOAD_IN_PROGRESS ? KERR_REBALANCE_IN_PROGRESS : r);
	in->waiter = w;
	row = shard_find(t.shard, group_id);
	if (row) {
		group_sync(row->g, t.now, in, &t.fx);
		turn_settle(&t, row);
	}
	turn_end(&t);
	if (!row)
		refuse_sync(w, KERR_UNKNOWN_MEMBER_ID);
}

int groups_heartbeat(struct groups *gs, struct str group_id, struct str member_id, struct str instance_id,
    int32_t generation)
{
	struct row *row;
	struct turn t;
	int r = turn_for(&t, gs, group_id, false);

	if (r) /* while it is loaded everybody is taken for alive */
		return r == KERR_COORDINATOR_LOAD_IN_PROGRESS ? 0 : r;
	row = shard_find(t.shard, group_id);
	r = row ? group_heartbeat(row->g, t.now, member_id, instance_id, generation) : KERR_UNKNOWN_MEMBER_ID;
	turn_end(&t);
	return r;
}

int groups_leave(struct groups *gs, struct str group_id, struct groups_leaving *v, int32_t n)
{
	struct row *row;
	struct turn t;
	int r = turn_for(&t, gs, group_id, false);

	if (r)
		return r;
	row = shard_find(t.shard, group_id);
	for (int32_t i = 0; i < n; i++) {
		v[i].error = KERR_UNKNOWN_MEMBER_ID;
		if (row)
			v[i].error = group_leave(row->g, t.now, v[i].member_id, v[i].instance_id, v[i].reason, &t.fx);
	}
	if (row)
		turn_settle(&t, row);
	turn_end(&t);
	return 0;
}
