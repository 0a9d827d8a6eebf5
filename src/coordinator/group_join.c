/* group_join.c - JoinGroup (coordinators.md 2.8, rows by number) and the members' other requests: heartbeat, leave. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "coordinator/group_priv.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

#define LOG_CLASS "kafka.coordinator.group.GroupCoordinator"
#include "base/logger.h"

int group_check_session_timeout(const struct group_settings *s, int32_t session_timeout_ms)
{
	return session_timeout_ms < s->min_session_timeout_ms || session_timeout_ms > s->max_session_timeout_ms
		   ? KERR_INVALID_SESSION_TIMEOUT
		   : 0;
}

/* Row 6. While members gather it is those who have joined that count: the members are perhaps more than allowed, and
 * the last ones to come again are those that have to go. */
static bool has_room(const struct group *g, struct str member_id)
{
	size_t max = (size_t)g->pool->settings.max_size;
	const struct group_member *m;

	switch (g->state) {
	case GROUP_EMPTY:
	case GROUP_DEAD:
		return true;
	case GROUP_PREPARING:
		m = member_find(g, member_id);
		return (m && m->awaiting_join) || g->awaiting_join_n < max;
	case GROUP_COMPLETING:
	case GROUP_STABLE:
		return member_find(g, member_id) || g->members_n < max;
	}
	return true;
}

static void refuse_full(struct group *g, const struct group_join *in, struct group_effects *fx)
{
	struct pending_member *p = pending_find(g, in->member_id);
	struct group_member *m = member_find(g, in->member_id);

	if (p)
		pending_remove(g, p);
	if (m)
		group_evict(g, m, fx);
	effects_join_error(fx, in->waiter, STR(""), KERR_GROUP_MAX_SIZE_REACHED);
}

/* --- new members --- */

/* A member id is given out; the client comes back with it. */
static void hand_out_id(struct group *g, struct group_now now, const struct group_join *in, struct str id,
			struct group_effects *fx)
{
	struct pending_member *p = pending_add(g, id, now.mono_ms + in->session_timeout_ms);
	char text[GROUP_TEXT_MAX], group[GROUP_TEXT_MAX];

	log_info("[GroupCoordinator %d]: Dynamic member with unknown member id joins group %s in %s state. Created a "
	    "new member id %s and request the member to rejoin with this id.", g->pool->settings.broker_id,
	    group_text(g->id, group), group_state_name(g->state), group_text(p->id, text));
	effects_arm(fx, p->deadline);
	effects_join_error(fx, in->waiter, p->id, KERR_MEMBER_ID_REQUIRED);
}

/* Takes over the id. */
static void add_member(struct group *g, struct group_now now, const struct group_join *in, struct str id,
		       struct offer *offer, struct group_effects *fx)
{
	struct member_spec spec = {
		.id = id,
		.instance_id = in->instance_id,
		.client_id = in->client_id,
		.client_host = in->client_host,
		.protocol_type = in->protocol_type,
		.session_timeout_ms = in->session_timeout_ms,
		.rebalance_timeout_ms = in->rebalance_timeout_ms,
		.offer = offer,
	};
	struct cause why = { "Adding new member", id, in->reason };
	struct group_member *m;

	if (g->state == GROUP_PREPARING && g->generation == 0)
		g->new_member_added = true;
	m = member_add(g, &spec);
	if (!m) {
		offer_bury(g, offer);
		free((char *)id.p);
		effects_join_error(fx, in->waiter, STR(""), -ENOMEM);
		return;
	}
	m->is_new = true;
	member_park_join(g, m, in->waiter, fx);
	member_arm(m, now, fx);
	if (group_can_rebalance(g))
		rebalance_start(g, now, why, fx);
}

/* Row 9a: no member id. */
static void join_new(struct group *g, struct group_now now, const struct group_join *in, struct offer *offer,
		     struct group_effects *fx)
{
	struct group_member *known = member_find_instance(g, in->instance_id);
	struct str id = member_id_make(g, in->client_id, in->instance_id);

	if (known) {
		static_replace(g, now, known, id, offer, in, fx);
	} else if (in->instance_id.len < 0 && in->require_known_member_id) {
		offer_bury(g, offer);
		hand_out_id(g, now, in, id, fx);
		free((char *)id.p);
	} else {
		add_member(g, now, in, id, offer, fx);
	}
}

/* Row 9b: it comes back with the id that it was given. */
static void join_pending(struct group *g, struct group_now now, const struct group_join *in, struct offer *offer,
			 struct group_effects *fx)
{
	struct pending_member *p = pending_find(g, in->member_id);
	struct str id = { str_dup(p->id), p->id.len };

	pending_remove(g, p);
	add_member(g, now, in, id, offer, fx);
}

/* --- known members --- */

static void update_and_park(struct group *g, struct group_now now, struct group_member *m, const struct group_join *in,
			    struct offer *offer, const char *text, struct group_effects *fx)
{
	struct cause why = { text, m->id, in->reason };
	struct offer *old;

	member_set_offer(g, m, offer, &old);
	offer_bury(g, old);
	m->session_timeout_ms = in->session_timeout_ms;
	m->rebalance_timeout_ms = in->rebalance_timeout_ms;
	member_park_join(g, m, in->waiter, fx);
	if (group_can_rebalance(g))
		rebalance_start(g, now, why, fx);
}

/* Row 9d: has the member missed an answer, so that the present generation is what it wants to hear? */
static bool nothing_new(const struct group *g, const struct group_member *m, const struct group_join *in)
{
	if (g->state != GROUP_COMPLETING && (g->state != GROUP_STABLE || m == g->leader))
		return false;
	return offer_same(m->offer, in->protocols, in->protocols_n);
}

static void join_known(struct group *g, struct group_now now, const struct group_join *in, struct offer *offer,
		       struct group_effects *fx)
{
	struct group_member *m = member_find(g, in->member_id);

	assert(g->state == GROUP_PREPARING || g->state == GROUP_COMPLETING || g->state == GROUP_STABLE);
	if (nothing_new(g, m, in)) {
		offer_bury(g, offer);
		member_reply_join(g, m, in->waiter, g->state == GROUP_COMPLETING && m == g->leader, fx);
	} else if (g->state == GROUP_STABLE && m == g->leader) {
		update_and_park(g, now, m, in, offer, "Leader re-joining group", fx);
	} else {
		update_and_park(g, now, m, in, offer, "Updating metadata for member", fx);
	}
}

/* Rows 7 to 9c. 0: `*ret` is a copy of what is offered. */
static int check_join(struct group *g, const struct group_join *in, struct offer **ret)
{
	bool unknown = in->member_id.len <= 0;
	int r;

	if (g->state == GROUP_DEAD)
		return KERR_COORDINATOR_NOT_AVAILABLE;
	if (!group_supports(g, in->protocol_type, in->protocols, in->protocols_n))
		return KERR_INCONSISTENT_GROUP_PROTOCOL;
	if (!unknown && (!pending_find(g, in->member_id) || in->instance_id.len >= 0)) {
		r = member_check(g, in->member_id, in->instance_id);
		if (r != 0)
			return r;
	}
	return offer_new(g, in->protocols, in->protocols_n, ret);
}

void group_join(struct group *g, struct group_now now, const struct group_join *in, struct group_effects *fx)
{
	struct offer *offer;
	int r;

	if (!has_room(g, in->member_id)) {
		refuse_full(g, in, fx);
	} else if ((r = check_join(g, in, &offer)) != 0) {
		effects_join_error(fx, in->waiter, in->member_id, r);
	} else if (in->member_id.len <= 0) {
		join_new(g, now, in, offer, fx);
	} else if (pending_find(g, in->member_id)) {
		join_pending(g, now, in, offer, fx);
	} else {
		join_known(g, now, in, offer, fx);
	}
	rebalance_try_complete(g, now, fx);
	group_settle(g, fx);
}

/* --- heartbeat and leave (2.11) --- */

int group_heartbeat(struct group *g, struct group_now now, struct str member_id, struct str instance_id,
		    int32_t generation)
{
	int r;

	if (g->state == GROUP_DEAD)
		return KERR_COORDINATOR_NOT_AVAILABLE;
	r = member_check(g, member_id, instance_id);
	if (r != 0)
		return r;
	if (generation != g->generation)
		return KERR_ILLEGAL_GENERATION;
	member_arm(member_find(g, member_id), now, NULL);
	return g->state == GROUP_PREPARING ? KERR_REBALANCE_IN_PROGRESS : 0;
}

static void leave(struct group *g, struct group_now now, struct group_member *m, struct str reason,
		  struct group_effects *fx)
{
	struct cause why = { "Removing member on LeaveGroup:", m->id, reason };
	char id[GROUP_TEXT_MAX], group[GROUP_TEXT_MAX], text[GROUP_TEXT_MAX];

	log_info("[GroupCoordinator %d]: Member %s has left group %s through explicit `LeaveGroup`; client reason: %s",
	    g->pool->settings.broker_id, group_text(m->id, id), group_text(g->id, group),
	    reason.len >= 0 ? group_text(reason, text) : "not provided");
	group_evict(g, m, fx); /* its id is buried, not gone */
	group_after_removal(g, now, why, fx);
}

int group_leave(struct group *g, struct group_now now, struct str member_id, struct str instance_id,
		struct str reason, struct group_effects *fx)
{
	struct group_member *m;
	struct pending_member *p;
	int r;

	if (g->state == GROUP_DEAD)
		return KERR_COORDINATOR_NOT_AVAILABLE;
	if (member_id.len <= 0) {
		m = member_find_instance(g, instance_id);
		r = m ? 0 : KERR_UNKNOWN_MEMBER_ID;
	} else if ((p = pending_find(g, member_id))) {
		pending_remove(g, p);
		rebalance_try_complete(g, now, fx);
		group_settle(g, fx);
		return 0;
	} else {
		m = member_find(g, member_id);
		r = member_check(g, member_id, instance_id);
	}
	if (r == 0)
		leave(g, now, m, reason, fx);
	group_settle(g, fx);
	return r;
}
