/* group_sync.c - SyncGroup (coordinators.md 2.10) and the group's record in the log.
 *
 * Persist before you announce: the leader's assignments are kept aside until the log has acknowledged the record that
 * holds them; only then they are the members', the group is Stable and the syncs are answered.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/writer.h"
#include "coordinator/group_priv.h"
#include "coordinator/group_records.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

#define LOG_CLASS "kafka.coordinator.group.GroupCoordinator"
#include "base/logger.h"

#define RECORD_MAX (1u << 30) /* no log takes a larger one */

/* --- the record --- */

static void fill_members(const struct group *g, bool next, struct group_metadata_value_member_metadata *v)
{
	const struct group_member *m = NULL;

	for (; (m = group_member_next(g, m)); v++) {
		v->member_id = m->id;
		v->group_instance_id = m->instance_id;
		v->client_id = m->client_id;
		v->client_host = m->client_host;
		v->rebalance_timeout = m->rebalance_timeout_ms;
		v->session_timeout = m->session_timeout_ms;
		v->subscription = member_metadata(m, g->protocol);
		v->assignment = next ? m->next_assignment : m->assignment;
	}
}

static int encode(const struct group *g, const struct group_metadata_value *v, struct buf **ret, size_t *ret_key_len)
{
	int16_t version = g->pool->settings.group_value_version;
	size_t size = codec_size(&group_metadata_value_schema, version, v) + (size_t)g->id.len + 8;
	struct writer w;
	int r;

	if (size > RECORD_MAX)
		return KERR_MESSAGE_TOO_LARGE;
	writer_init(&w, size, size);
	r = group_record_put_key(&w, g->id);
	*ret_key_len = writer_len(&w);
	if (r == 0)
		r = group_record_put_value(&w, version, v);
	if (r == 0)
		r = writer_take_buf(&w, ret);
	writer_fini(&w);
	return r;
}

int group_store(struct group *g, bool next, struct group_effects *fx, int64_t *ret_id)
{
	struct group_metadata_value v = {
		.protocol_type = g->protocol_type.len >= 0 ? g->protocol_type : STR(""),
		.generation = g->generation,
		.protocol = g->protocol ? g->protocol->name : STR_NULL,
		.leader = g->leader ? g->leader->id : STR_NULL,
		.current_state_timestamp = g->state_timestamp_ms,
		.members_n = (int32_t)g->members_n,
	};
	struct buf *record;
	size_t key_len;
	int r;

	v.members = arena_array(&fx->arena, g->members_n, sizeof(*v.members));
	if (!v.members)
		return -ENOMEM;
	fill_members(g, next, v.members);
	r = encode(g, &v, &record, &key_len);
	if (r != 0)
		return r;
	*ret_id = ++g->pool->append_ids;
	effects_append(fx, *ret_id, record, key_len);
	return 0;
}

/* --- assignments --- */

static int copy_assignment(struct group *g, const struct sync_group_request_sync_group_request_assignment *a)
{
	struct group_member *m = member_find(g, a->member_id);
	uint8_t *copy;

	if (!m)
		return 0; /* left, or never was one */
	if (m->next_assignment.len > 0)
		group_bury(g, (uint8_t *)m->next_assignment.p);
	m->next_assignment = NO_BYTES;
	if (a->assignment.len <= 0)
		return 0;
	copy = try_array((size_t)a->assignment.len, 1, SIZE_MAX / 2);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, a->assignment.p, (size_t)a->assignment.len);
	m->next_assignment = (struct bytes){ copy, a->assignment.len };
	return 0;
}

void group_reset_assignments(struct group *g, struct group_now now, int error, struct group_effects *fx)
{
	struct group_member *m;

	assert(g->state == GROUP_COMPLETING);
	list_foreach(m, &g->members, link) {
		member_set_assignment(g, m, NO_BYTES);
		if (m->awaiting_sync) {
			member_fail_sync(m, error, fx);
			member_arm(m, now, fx);
		}
	}
}

static void assignment_failed(struct group *g, struct group_now now, int error, struct group_effects *fx)
{
	struct cause why = { "Error when storing group assignment during SyncGroup", STR_NULL, STR_NULL };

	group_reset_assignments(g, now, append_error(error, false), fx);
	rebalance_start(g, now, why, fx);
}

static void reply_assignment(struct group *g, struct group_member *m, void *waiter, struct group_effects *fx)
{
	struct group_sync_reply *r = effects_sync(fx, waiter, 0);

	r->protocol_type = g->protocol_type;
	r->protocol_name = g->protocol->name;
	r->assignment = m->assignment;
}

static void assignment_written(struct group *g, struct group_now now, struct group_effects *fx)
{
	struct group_member *m;

	g->assignment_id = 0;
	list_foreach(m, &g->members, link) {
		member_set_assignment(g, m, m->next_assignment);
		m->next_assignment = NO_BYTES;
		if (m->awaiting_sync) {
			m->awaiting_sync = false;
			reply_assignment(g, m, TAKE(m->sync_waiter), fx);
			member_arm(m, now, fx);
		}
	}
	group_move(g, now, GROUP_STABLE);
}

/* The leader's request. A second one while the first is being written only waits with it. */
static void take_assignments(struct group *g, struct group_now now, const struct group_sync *in,
			     struct group_effects *fx)
{
	char id[GROUP_TEXT_MAX], group[GROUP_TEXT_MAX];
	int r = 0;

	if (g->assignment_id)
		return;
	log_info("[GroupCoordinator %d]: Assignment received from leader %s for group %s for generation %d. The group "
	    "has %zu members, %zu of which are static.", g->pool->settings.broker_id, group_text(g->leader->id, id),
	    group_text(g->id, group), g->generation, g->members_n, g->statics_n);
	g->pool->counts.rebalances_completed++;
	for (int32_t i = 0; i < in->assignments_n && r == 0; i++)
		r = copy_assignment(g, &in->assignments[i]);
	if (r == 0)
		r = group_store(g, true, fx, &g->assignment_id);
	if (r != 0)
		assignment_failed(g, now, r, fx);
}

/* --- the request --- */

static int check_sync(const struct group *g, const struct group_sync *in)
{
	int r;

	if (g->state == GROUP_DEAD)
		return KERR_COORDINATOR_NOT_AVAILABLE;
	r = member_check(g, in->member_id, in->instance_id);
	if (r != 0)
		return r;
	if (in->generation != g->generation)
		return KERR_ILLEGAL_GENERATION;
	if (in->protocol_type.len >= 0 && !str_eq(in->protocol_type, g->protocol_type))
		return KERR_INCONSISTENT_GROUP_PROTOCOL;
	if (in->protocol_name.len >= 0 && (!g->protocol || !str_eq(in->protocol_name, g->protocol->name)))
		return KERR_INCONSISTENT_GROUP_PROTOCOL;
	return g->state == GROUP_PREPARING ? KERR_REBALANCE_IN_PROGRESS : 0;
}

static void mark_synced(struct group *g, struct group_member *m)
{
	g->pending_sync_n -= m->pending_sync;
	m->pending_sync = false;
	if (g->pending_sync_n == 0)
		g->sync_deadline = GROUP_NO_DEADLINE;
}

void group_sync(struct group *g, struct group_now now, const struct group_sync *in, struct group_effects *fx)
{
	struct group_member *m;
	int r;

	r = check_sync(g, in);
	if (r != 0) {
		(void)effects_sync(fx, in->waiter, r);
		return;
	}
	m = member_find(g, in->member_id);
	mark_synced(g, m);
	if (g->state == GROUP_STABLE) {
		reply_assignment(g, m, in->waiter, fx);
		member_arm(m, now, fx);
	} else {
		member_park_sync(m, in->waiter, fx);
		if (m == g->leader)
			take_assignments(g, now, in, fx);
	}
	group_settle(g, fx);
}

/* --- the log's answer --- */

int append_error(int error, bool commit)
{
	switch (error < 0 ? kerr_of(error) : error) {
	case KERR_UNKNOWN_TOPIC_OR_PARTITION:
	case KERR_NOT_ENOUGH_REPLICAS:
	case KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
		return KERR_COORDINATOR_NOT_AVAILABLE;
	case KERR_NOT_LEADER_OR_FOLLOWER:
	case KERR_KAFKA_STORAGE_ERROR:
		return KERR_NOT_COORDINATOR;
	case KERR_REQUEST_TIMED_OUT:
		return commit ? error : KERR_REBALANCE_IN_PROGRESS;
	case KERR_MESSAGE_TOO_LARGE:
	case KERR_RECORD_LIST_TOO_LARGE:
	case KERR_INVALID_FETCH_SIZE:
		return commit ? KERR_INVALID_COMMIT_OFFSET_SIZE : -EMSGSIZE; /* UNKNOWN_SERVER_ERROR */
	case KERR_NETWORK_EXCEPTION: /* from verification of a transaction */
		return commit ? KERR_COORDINATOR_LOAD_IN_PROGRESS : error;
	default:
		return error;
	}
}

void group_appended(struct group *g, struct group_now now, int64_t id, int error, struct group_effects *fx)
{
	char group[GROUP_TEXT_MAX];

	if (id == g->assignment_id) {
		if (error == 0)
			assignment_written(g, now, fx);
		else
			assignment_failed(g, now, error, fx);
	} else if (id == g->empty_id) {
		g->empty_id = 0;
		if (error != 0) /* after a failover the last generation would be there again, and expire */
			log_warn("[GroupCoordinator %d]: group %s: its record without members was not written: %s",
			    g->pool->settings.broker_id, group_text(g->id, group), kerr_name(kerr_of(error)));
	} else {
		(void)static_appended(g, now, id, error, fx);
	}
	group_settle(g, fx);
}
