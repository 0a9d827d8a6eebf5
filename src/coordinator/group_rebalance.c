/* group_rebalance.c - a rebalance from its start to the new generation, parked requests, and everything that is due.
 *
 * Who waits for whom: a member whose join or sync is parked waits for the group and has no session timer, but for the
 * five minutes of its first join; every other member has one. Answering a parked request starts the timer again.
 */
#include <assert.h>
#include <errno.h>

#include "coordinator/group_priv.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

#define LOG_CLASS "kafka.coordinator.group.GroupCoordinator"
#include "base/logger.h"

#define log_group(g, fmt, ...)                                                                     \
	log_info("[GroupCoordinator %d]: " fmt, (g)->pool->settings.broker_id, __VA_ARGS__)

/* --- waiting members --- */

void member_arm(struct group_member *m, struct group_now now, struct group_effects *fx)
{
	if (m->is_new)
		m->deadline = now.mono_ms + GROUP_NEW_MEMBER_TIMEOUT_MS;
	else if (m->awaiting_join || m->awaiting_sync)
		m->deadline = GROUP_NO_DEADLINE;
	else
		m->deadline = now.mono_ms + m->session_timeout_ms;
	if (fx)
		effects_arm(fx, m->deadline);
}

/* A second request of the same member takes the place of the first, which its client has given up: Apache Kafka never
 * answers that one. */
void member_park_join(struct group *g, struct group_member *m, void *waiter, struct group_effects *fx)
{
	member_fail_join(g, m, m->id, KERR_REBALANCE_IN_PROGRESS, fx);
	m->join_waiter = waiter;
	m->awaiting_join = true;
	g->awaiting_join_n++;
	if (!m->is_new)
		m->deadline = GROUP_NO_DEADLINE;
}

void member_park_sync(struct group_member *m, void *waiter, struct group_effects *fx)
{
	member_fail_sync(m, KERR_REBALANCE_IN_PROGRESS, fx);
	m->sync_waiter = waiter;
	m->awaiting_sync = true;
	m->deadline = GROUP_NO_DEADLINE;
}

static void *take_join(struct group *g, struct group_member *m)
{
	assert(m->awaiting_join);
	m->awaiting_join = false;
	g->awaiting_join_n--;
	return TAKE(m->join_waiter);
}

void member_fail_join(struct group *g, struct group_member *m, struct str member_id, int error,
		      struct group_effects *fx)
{
	if (m->awaiting_join)
		effects_join_error(fx, take_join(g, m), member_id, error);
}

void member_fail_sync(struct group_member *m, int error, struct group_effects *fx)
{
	if (!m->awaiting_sync)
		return;
	m->awaiting_sync = false;
	(void)effects_sync(fx, TAKE(m->sync_waiter), error);
}

static bool list_members(struct group *g, struct group_join_reply *r, struct arena *a)
{
	struct join_group_response_join_group_response_member *v = arena_array(a, g->members_n, sizeof(*v));
	struct group_member *m;

	if (!v)
		return false;
	r->members = v;
	r->members_n = (int32_t)g->members_n;
	list_foreach(m, &g->members, link) {
		v->member_id = m->id;
		v->group_instance_id = m->instance_id;
		v->metadata = member_metadata(m, g->protocol);
		v++;
	}
	return true;
}

void member_reply_join(struct group *g, const struct group_member *m, void *waiter, bool all,
		       struct group_effects *fx)
{
	struct group_join_reply *r = effects_join(fx, waiter);

	r->member_id = m->id;
	if (all && !list_members(g, r, &fx->arena)) {
		r->error = -ENOMEM;
		return;
	}
	r->generation = g->generation;
	r->protocol_type = g->protocol_type;
	r->protocol_name = g->protocol->name;
	r->leader = g->leader->id;
}

/* --- starting --- */

static void log_start(const struct group *g, struct cause why)
{
	char id[GROUP_TEXT_MAX], member[GROUP_TEXT_MAX], reason[GROUP_TEXT_MAX];

	if (!log_wants(LOG_INFO))
		return;
	log_group(g, "Preparing to rebalance group %s in state %s with old generation %d (__consumer_offsets-%d) "
	    "(reason: %s%s%s; client reason: %s)", group_text(g->id, id), group_state_name(g->state), g->generation,
	    g->pool->partition, why.text, why.member.len > 0 ? " " : "", group_text(why.member, member),
	    why.reason.len >= 0 ? group_text(why.reason, reason) : "not provided");
}

static void stop_sync_timer(struct group *g)
{
	struct group_member *m;

	if (g->pending_sync_n)
		list_foreach(m, &g->members, link)
			m->pending_sync = false;
	g->pending_sync_n = 0;
	g->sync_deadline = GROUP_NO_DEADLINE;
}

static void drop_replacements(struct group *g)
{
	struct group_member *m;

	list_foreach(m, &g->members, link)
		replacement_drop(g, m);
}

static void start_join(struct group *g, struct group_now now, bool initial, struct group_effects *fx)
{
	int64_t timeout = group_rebalance_timeout(g), delay = g->pool->settings.initial_rebalance_delay_ms;

	g->join_initial = initial;
	g->join_waited_ms = initial ? delay : timeout;
	g->join_remaining_ms = initial ? MAX(timeout - delay, 0) : 0;
	g->join_deadline = now.mono_ms + g->join_waited_ms;
	effects_arm(fx, g->join_deadline);
}

void rebalance_start(struct group *g, struct group_now now, struct cause why, struct group_effects *fx)
{
	bool initial = g->state == GROUP_EMPTY;

	if (g->state == GROUP_COMPLETING)
		group_reset_assignments(g, now, KERR_REBALANCE_IN_PROGRESS, fx);
	else if (g->state == GROUP_STABLE)
		drop_replacements(g);
	g->assignment_id = 0;
	members_drop_next_assignments(g);
	stop_sync_timer(g);
	start_join(g, now, initial, fx);
	group_move(g, now, GROUP_PREPARING);
	log_start(g, why);
	rebalance_try_complete(g, now, fx);
}

/* --- completing (2.9) --- */

static void remove_missing(struct group *g)
{
	struct group_member *m, *next;
	char id[GROUP_TEXT_MAX];
	size_t n = 0;

	list_foreach_safe(m, next, &g->members, link) {
		if (m->awaiting_join || m->instance_id.len >= 0)
			continue;
		member_remove(g, m);
		n++;
	}
	if (n)
		log_group(g, "Group %s removed dynamic members who haven't joined: %zu", group_text(g->id, id), n);
}

/* Somebody who has joined leads. False: there are members, but none of them has joined. */
static bool elect_leader(struct group *g)
{
	struct group_member *m;

	if (!g->leader || g->leader->awaiting_join)
		return true;
	list_foreach(m, &g->members, link) {
		if (m->awaiting_join) {
			g->leader = m;
			return true;
		}
	}
	return false;
}

static void become_empty(struct group *g, struct group_now now, struct group_effects *fx)
{
	char id[GROUP_TEXT_MAX];

	group_set_protocol(g, NULL);
	group_subscriptions_read(g);
	group_move(g, now, GROUP_EMPTY);
	log_group(g, "Group %s with generation %d is now empty (__consumer_offsets-%d)", group_text(g->id, id),
	    g->generation, g->pool->partition);
	if (group_store(g, false, fx, &g->empty_id) != 0)
		log_warn("[GroupCoordinator %d]: group %s: no memory for its empty record; its last one stays",
		    g->pool->settings.broker_id, group_text(g->id, id));
}

static void answer_joins(struct group *g, struct group_now now, struct group_effects *fx)
{
	struct group_member *m;

	list_foreach(m, &g->members, link) {
		m->is_new = false;
		if (m->awaiting_join) {
			void *waiter = take_join(g, m);

			member_reply_join(g, m, waiter, m == g->leader, fx);
		}
		member_arm(m, now, fx);
		m->pending_sync = true;
	}
	g->pending_sync_n = g->members_n;
	g->sync_deadline = now.mono_ms + group_rebalance_timeout(g);
	effects_arm(fx, g->sync_deadline);
}

static void next_generation(struct group *g, struct group_now now, struct group_effects *fx)
{
	char id[GROUP_TEXT_MAX];

	g->generation = g->generation == INT32_MAX ? 1 : g->generation + 1;
	g->join_deadline = GROUP_NO_DEADLINE;
	if (g->members_n == 0) {
		become_empty(g, now, fx);
		return;
	}
	group_set_protocol(g, group_elect_protocol(g));
	group_subscriptions_read(g);
	group_move(g, now, GROUP_COMPLETING);
	log_group(g, "Stabilized group %s generation %d (__consumer_offsets-%d) with %zu members",
	    group_text(g->id, id), g->generation, g->pool->partition, g->members_n);
	answer_joins(g, now, fx);
}

static void complete_join(struct group *g, struct group_now now, struct group_effects *fx)
{
	remove_missing(g);
	if (elect_leader(g)) {
		next_generation(g, now, fx);
		return;
	}
	/* Static members alone, none of which came: look again, until their sessions are over. */
	start_join(g, now, false, fx);
	g->join_deadline = MAX(g->join_deadline, now.mono_ms + GROUP_REPEAT_MS);
	effects_arm(fx, g->join_deadline);
}

void rebalance_try_complete(struct group *g, struct group_now now, struct group_effects *fx)
{
	if (g->state == GROUP_PREPARING && !g->join_initial && g->awaiting_join_n == g->members_n &&
	    g->pending_members_n == 0)
		complete_join(g, now, fx);
}

/* The first join of a group waits a little longer for each wave of members, as long as its generation is 0. */
static void expire_join(struct group *g, struct group_now now, struct group_effects *fx)
{
	int64_t delay;

	if (!g->join_initial || !g->new_member_added || g->join_remaining_ms == 0) {
		complete_join(g, now, fx);
		return;
	}
	g->new_member_added = false;
	delay = MIN(g->pool->settings.initial_rebalance_delay_ms, g->join_remaining_ms);
	g->join_remaining_ms = MAX(g->join_remaining_ms - g->join_waited_ms, 0);
	g->join_waited_ms = delay;
	g->join_deadline = now.mono_ms + delay;
	effects_arm(fx, g->join_deadline);
}

/* --- leaving and expiring --- */

void group_evict(struct group *g, struct group_member *m, struct group_effects *fx)
{
	member_fail_join(g, m, STR(""), KERR_UNKNOWN_MEMBER_ID, fx);
	member_fail_sync(m, KERR_UNKNOWN_MEMBER_ID, fx);
	member_remove(g, m);
	if (g->pending_sync_n == 0)
		g->sync_deadline = GROUP_NO_DEADLINE;
}

void group_after_removal(struct group *g, struct group_now now, struct cause why, struct group_effects *fx)
{
	if (g->state == GROUP_STABLE || g->state == GROUP_COMPLETING)
		rebalance_start(g, now, why, fx);
	else
		rebalance_try_complete(g, now, fx);
}

static void expire_pending(struct group *g, struct group_now now, struct group_effects *fx)
{
	struct pending_member *p, *next;
	char id[GROUP_TEXT_MAX], group[GROUP_TEXT_MAX];
	size_t before = g->pending_members_n;

	HASH_ITER(hh, g->pending_members, p, next) {
		if (p->deadline > now.mono_ms)
			continue;
		log_group(g, "Pending member %s in group %s has been removed after session timeout expiration.",
		    group_text(p->id, id), group_text(g->id, group));
		pending_remove(g, p);
	}
	if (g->pending_members_n != before)
		rebalance_try_complete(g, now, fx);
}

static void expire_members(struct group *g, struct group_now now, struct group_effects *fx)
{
	struct cause why = { "removing members on heartbeat expiration", STR_NULL, STR_NULL };
	char id[GROUP_TEXT_MAX], group[GROUP_TEXT_MAX];
	struct group_member *m, *next;
	bool removed = false;

	list_foreach_safe(m, next, &g->members, link) {
		if (m->deadline > now.mono_ms)
			continue;
		log_group(g, "Member %s in group %s has failed, removing it from the group", group_text(m->id, id),
		    group_text(g->id, group));
		group_evict(g, m, fx);
		removed = true;
	}
	if (removed)
		group_after_removal(g, now, why, fx);
}

static void expire_sync(struct group *g, struct group_now now, struct group_effects *fx)
{
	struct cause why = { "Removing members on pending sync request expiration", STR_NULL, STR_NULL };
	struct group_member *m, *next;

	list_foreach_safe(m, next, &g->members, link)
		if (m->pending_sync)
			group_evict(g, m, fx);
	rebalance_start(g, now, why, fx);
}

static void expire_once(struct group *g, struct group_now now, struct group_effects *fx)
{
	expire_pending(g, now, fx);
	expire_members(g, now, fx);
	if (g->join_deadline <= now.mono_ms)
		expire_join(g, now, fx);
	if (g->sync_deadline <= now.mono_ms)
		expire_sync(g, now, fx);
}

/* What one step arms for right now (a rebalance time-out of 0) the next one handles; more than a few are left to the
 * caller's timer. */
void group_expire(struct group *g, struct group_now now, struct group_effects *fx)
{
	for (int i = 0; i < 3 && g->state != GROUP_DEAD && group_deadline(g) <= now.mono_ms; i++)
		expire_once(g, now, fx);
	group_settle(g, fx);
}

int64_t group_deadline(const struct group *g)
{
	int64_t at = MIN(g->join_deadline, g->sync_deadline);
	const struct group_member *m = NULL;
	const struct pending_member *p;

	if (g->state == GROUP_DEAD)
		return GROUP_NO_DEADLINE;
	while ((m = group_member_next(g, m)))
		at = MIN(at, m->deadline);
	for (p = g->pending_members; p; p = p->hh.next)
		at = MIN(at, p->deadline);
	return at;
}

void group_start_timers(struct group *g, struct group_now now, struct group_effects *fx)
{
	struct cause why = { "Freshly-loaded group is over capacity", STR_NULL, STR_NULL };
	struct group_member *m;

	list_foreach(m, &g->members, link)
		member_arm(m, now, fx);
	if (g->members_n > (size_t)g->pool->settings.max_size)
		rebalance_start(g, now, why, fx);
	group_settle(g, fx);
}
