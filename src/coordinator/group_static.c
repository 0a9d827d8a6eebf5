/* group_static.c - a static member that comes back without its member id takes over from itself (2.8).
 *
 * The member object stays: leadership, assignment and place go on under a new id, and whoever held the old one is
 * fenced. In a Stable group whose protocol stays the same nobody rebalances: the new id is written to the log and the
 * join answered then. Should anything move the group on before, that answer is no longer due: the join counts in the
 * rebalance and is answered by it, and the result of the append is ignored.
 */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "coordinator/group_priv.h"
#include "protocol/errors.h"

static struct str copy(struct str s)
{
	char *p = xmalloc((size_t)s.len + 1);

	memcpy(p, s.p, (size_t)s.len);
	return (struct str){ p, s.len };
}

static void replacement_bury(struct group *g, struct replacement *r)
{
	group_bury(g, (char *)r->old_id.p);
	group_bury(g, (char *)r->old_leader.p);
	offer_bury(g, r->old_offer);
	group_bury(g, r);
}

void replacement_drop(struct group *g, struct group_member *m)
{
	if (m->replacement)
		replacement_bury(g, TAKE(m->replacement));
}

/* Gives the member its new id and data; *ret is how it was before. */
static struct replacement *take_over(struct group *g, struct group_member *m, struct str new_id, struct offer *offer,
				     const struct group_join *in)
{
	struct replacement *r = xcalloc(1, sizeof(*r));

	r->old_leader = copy(g->leader->id);
	r->old_id = m->id;
	r->old_session_ms = m->session_timeout_ms;
	r->old_rebalance_ms = m->rebalance_timeout_ms;
	r->skip_assignment = in->skip_assignment;
	member_set_id(g, m, new_id);
	member_set_offer(g, m, offer, &r->old_offer);
	m->session_timeout_ms = in->session_timeout_ms;
	m->rebalance_timeout_ms = in->rebalance_timeout_ms;
	return r;
}

static void roll_back(struct group *g, struct group_member *m)
{
	struct replacement *r = m->replacement;
	struct str new_id = m->id;
	struct offer *new_offer;

	member_set_id(g, m, r->old_id);
	r->old_id = new_id; /* buried with it */
	member_set_offer(g, m, r->old_offer, &new_offer);
	r->old_offer = new_offer;
	m->session_timeout_ms = r->old_session_ms;
	m->rebalance_timeout_ms = r->old_rebalance_ms;
}

static void answer_failed(struct group *g, struct group_member *m, int error, struct group_effects *fx)
{
	struct group_join_reply *r = effects_join(fx, TAKE(m->join_waiter));

	m->awaiting_join = false;
	g->awaiting_join_n--;
	r->error = error;
	r->generation = g->generation;
	r->protocol_type = g->protocol_type;
	r->protocol_name = g->protocol->name;
	r->leader = m->replacement->old_leader;
	roll_back(g, m);
}

/* Below version 9 a leader must not know itself again, or it would compute an assignment that nobody waits for; from 9
 * on it is told so. */
static void answer_written(struct group *g, struct group_member *m, struct group_effects *fx)
{
	const struct replacement *r = m->replacement;
	bool leads = g->leader == m && r->skip_assignment;
	struct group_join_reply *reply;

	m->awaiting_join = false;
	g->awaiting_join_n--;
	member_reply_join(g, m, TAKE(m->join_waiter), leads, fx);
	reply = &fx->v[fx->n - 1].join;
	if (reply->error != 0)
		return;
	reply->skip_assignment = leads;
	if (!r->skip_assignment)
		reply->leader = r->old_leader;
}

static void decide(struct group *g, struct group_now now, struct group_member *m, int error, struct group_effects *fx)
{
	if (error == 0)
		answer_written(g, m, fx);
	else
		answer_failed(g, m, error, fx);
	replacement_drop(g, m);
	member_arm(m, now, fx);
}

void static_replace(struct group *g, struct group_now now, struct group_member *m, struct str new_id,
		    struct offer *offer, const struct group_join *in, struct group_effects *fx)
{
	struct cause why = { "Updating metadata for static member", new_id, in->reason };
	struct replacement *r;
	int error;

	assert(g->state != GROUP_EMPTY && g->state != GROUP_DEAD);
	member_fail_join(g, m, m->id, KERR_FENCED_INSTANCE_ID, fx);
	member_fail_sync(m, KERR_FENCED_INSTANCE_ID, fx);
	replacement_drop(g, m);
	r = take_over(g, m, new_id, offer, in);
	member_park_join(g, m, in->waiter, fx);
	member_arm(m, now, fx);
	if (g->state != GROUP_STABLE || group_elect_protocol(g) != g->protocol) {
		replacement_bury(g, r);
		if (group_can_rebalance(g))
			rebalance_start(g, now, why, fx);
		return;
	}
	m->replacement = r;
	error = group_store(g, false, fx, &r->append_id);
	if (error != 0)
		decide(g, now, m, append_error(error, false), fx);
}

bool static_appended(struct group *g, struct group_now now, int64_t id, int error, struct group_effects *fx)
{
	struct group_member *m;

	list_foreach(m, &g->members, link) {
		if (m->replacement && m->replacement->append_id == id) {
			decide(g, now, m, append_error(error, false), fx);
			return true;
		}
	}
	return false;
}
