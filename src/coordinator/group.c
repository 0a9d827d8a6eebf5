/* group.c - life of a group, its one place that changes state, its views and its invariants. */
#include "coordinator/group.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "coordinator/group_priv.h"
#include "protocol/errors.h"

#define LOG_CLASS "kafka.coordinator.group.GroupCoordinator"
#include "base/logger.h"

#define BIT(s) (1u << (s))

static const struct {
	const char *name;
	unsigned from; /* the states that it may follow */
} states[] = {
	[GROUP_EMPTY] = { "Empty", BIT(GROUP_PREPARING) },
	[GROUP_PREPARING] = { "PreparingRebalance", BIT(GROUP_EMPTY) | BIT(GROUP_COMPLETING) | BIT(GROUP_STABLE) },
	[GROUP_COMPLETING] = { "CompletingRebalance", BIT(GROUP_PREPARING) },
	[GROUP_STABLE] = { "Stable", BIT(GROUP_COMPLETING) },
	[GROUP_DEAD] = { "Dead",
			 BIT(GROUP_EMPTY) | BIT(GROUP_PREPARING) | BIT(GROUP_COMPLETING) | BIT(GROUP_STABLE) },
};

static_assert(ARRAY_LEN(states) == ARRAY_LEN(((struct group_pool_counts *)0)->groups), "a count for each state");

const char *group_state_name(enum group_state s)
{
	return states[s].name;
}

bool group_can_rebalance(const struct group *g)
{
	return states[GROUP_PREPARING].from & BIT(g->state);
}

void group_move(struct group *g, struct group_now now, enum group_state to)
{
	char id[GROUP_TEXT_MAX];

	assert(states[to].from & BIT(g->state));
	log_debug("[GroupCoordinator %d]: group %s: %s -> %s generation=%d", g->pool->settings.broker_id,
	    group_text(g->id, id), states[g->state].name, states[to].name, g->generation);
	g->pool->counts.groups[g->state]--;
	g->pool->counts.groups[to]++;
	g->state = to;
	g->state_timestamp_ms = now.wall_ms;
}

void group_begin_stable(struct group *g)
{
	assert(g->state == GROUP_EMPTY && g->members_n > 0);
	g->pool->counts.groups[GROUP_EMPTY]--;
	g->pool->counts.groups[GROUP_STABLE]++;
	g->state = GROUP_STABLE;
}

const char *group_text(struct str s, char *buf)
{
	size_t len;

	str_quote(s, buf, GROUP_TEXT_MAX);
	len = strlen(buf);
	if (len < 2 || buf[0] != '"')
		return buf;
	if (buf[len - 1] == '"')
		buf[len - 1] = '\0';
	return buf + 1;
}

struct group *group_new(struct group_pool *pool, struct str id, struct group_now now)
{
	struct group *g = xcalloc(1, sizeof(*g));
	char *text = try_array((size_t)MAX(id.len, 0) + 1, 1, SIZE_MAX / 2);

	if (!text) {
		free(g);
		return NULL;
	}
	if (id.len > 0)
		memcpy(text, id.p, (size_t)id.len);
	g->pool = pool;
	g->id = (struct str){ text, MAX(id.len, 0) };
	g->state = GROUP_EMPTY;
	g->state_timestamp_ms = now.wall_ms;
	g->protocol_type = STR_NULL;
	g->join_deadline = g->sync_deadline = GROUP_NO_DEADLINE;
	list_init(&g->members);
	offsets_init(&g->offsets, pool);
	pool->counts.groups[GROUP_EMPTY]++;
	return g;
}

void group_bury(struct group *g, void *memory)
{
	if (!memory)
		return;
	g->graves = grow_array(g->graves, &g->graves_cap, g->graves_n + 1, sizeof(*g->graves));
	g->graves[g->graves_n++] = memory;
}

void group_settle(struct group *g, struct group_effects *fx)
{
	effects_bury(fx, g->graves, g->graves_n);
	g->graves_n = 0;
	group_check_counts(g);
}

struct group *group_free(struct group *g)
{
	struct pending_member *p, *next;

	if (!g)
		return NULL;
	while (!list_empty(&g->members)) {
		struct group_member *m = list_first(&g->members, struct group_member, link);

		assert(!m->awaiting_join && !m->awaiting_sync);
		member_remove(g, m);
	}
	HASH_ITER(hh, g->pending_members, p, next)
		pending_remove(g, p);
	group_set_protocol(g, NULL);
	assert(!g->protocols);
	offsets_fini(&g->offsets);
	topic_set_fini(&g->subscribed);
	while (g->graves_n)
		free(g->graves[--g->graves_n]);
	g->pool->counts.groups[g->state]--;
	free(g->graves);
	free((char *)g->protocol_type.p);
	free((char *)g->id.p);
	free(g);
	return NULL;
}

void group_unload(struct group *g, struct group_effects *fx)
{
	struct group_now then = { .wall_ms = g->state_timestamp_ms };
	struct group_member *m;

	if (g->state == GROUP_DEAD)
		return;
	group_move(g, then, GROUP_DEAD);
	list_foreach(m, &g->members, link) {
		replacement_drop(g, m);
		member_fail_join(g, m, m->id, KERR_NOT_COORDINATOR, fx);
		member_fail_sync(m, KERR_NOT_COORDINATOR, fx);
	}
	g->join_deadline = g->sync_deadline = GROUP_NO_DEADLINE;
	g->assignment_id = 0;
	group_settle(g, fx);
}

/* --- views --- */

enum group_state group_state(const struct group *g)
{
	return g->state;
}

struct str group_id(const struct group *g)
{
	return g->id;
}

void group_view(const struct group *g, struct group_view *ret)
{
	*ret = (struct group_view){
		.id = g->id,
		.state = g->state,
		.state_name = states[g->state].name,
		.protocol_type = g->protocol_type.len >= 0 ? g->protocol_type : STR(""),
		.protocol_name = g->protocol ? g->protocol->name : STR_NULL,
		.leader = g->leader ? g->leader->id : STR_NULL,
		.generation = g->generation,
		.state_timestamp_ms = g->state_timestamp_ms,
		.members_n = g->members_n,
		.pending_members_n = g->pending_members_n,
	};
}

const struct group_member *group_member_next(const struct group *g, const struct group_member *m)
{
	const struct list *next = m ? m->link.next : g->members.next;

	return next == &g->members ? NULL : list_entry(next, struct group_member, link);
}

void group_member_view(const struct group *g, const struct group_member *m, struct group_member_view *ret)
{
	bool stable = g->state == GROUP_STABLE;

	*ret = (struct group_member_view){
		.id = m->id,
		.instance_id = m->instance_id,
		.client_id = m->client_id,
		.client_host = m->client_host,
		.session_timeout_ms = m->session_timeout_ms,
		.rebalance_timeout_ms = m->rebalance_timeout_ms,
		.metadata = stable ? member_metadata(m, g->protocol) : NO_BYTES,
		.assignment = stable ? m->assignment : NO_BYTES,
	};
}

/* --- invariants --- */

static void check_generation(UNUSED const struct group *g)
{
	assert(g->members_n > 0);
	assert(g->protocol && g->protocol->members == g->members_n);
	assert((g->sync_deadline != GROUP_NO_DEADLINE) == (g->pending_sync_n > 0));
}

void group_check_counts(const struct group *g)
{
	assert((g->leader != NULL) == (g->members_n > 0));
	assert(g->members_n == HASH_CNT(by_id, g->ids));
	assert(g->statics_n == HASH_CNT(by_instance, g->instances));
	assert(g->awaiting_join_n <= g->members_n && g->pending_sync_n <= g->members_n);
	assert(g->pending_members_n == HASH_COUNT(g->pending_members));
	assert((g->join_deadline != GROUP_NO_DEADLINE) == (g->state == GROUP_PREPARING));
	assert(g->assignment_id == 0 || g->state == GROUP_COMPLETING);
	switch (g->state) {
	case GROUP_EMPTY:
		assert(g->members_n == 0);
		assert(!g->protocol);
		break;
	case GROUP_PREPARING:
		break;
	case GROUP_COMPLETING:
		assert(g->awaiting_join_n == 0);
		check_generation(g);
		break;
	case GROUP_STABLE:
		check_generation(g);
		break;
	case GROUP_DEAD:
		assert(g->awaiting_join_n == 0);
		break;
	}
}

static void check_member(const struct group *g, const struct group_member *m)
{
	bool UNUSED parked = m->awaiting_join || m->awaiting_sync;

	assert(member_find(g, m->id) == m);
	assert(m->instance_id.len < 0 || member_find_instance(g, m->instance_id) == m);
	assert(!pending_find(g, m->id));
	assert(m->offer->n > 0);
	assert(!m->awaiting_sync || g->state == GROUP_COMPLETING);
	assert(!m->awaiting_join || g->state == GROUP_PREPARING || (g->state == GROUP_STABLE && m->replacement));
	assert(!m->replacement || (g->state == GROUP_STABLE && m->awaiting_join));
	assert(!m->is_new || g->state == GROUP_PREPARING || g->state == GROUP_DEAD);
	assert(!m->is_new || m->awaiting_join || g->state == GROUP_DEAD);
	assert(!m->pending_sync || g->state == GROUP_COMPLETING || g->state == GROUP_STABLE || g->state == GROUP_DEAD);
	/* a member either waits for us or we wait for it */
	if (g->state != GROUP_DEAD)
		assert((m->deadline == GROUP_NO_DEADLINE) == (parked && !m->is_new));
}

void group_check(const struct group *g)
{
	size_t n = 0, joins = 0, syncs = 0;
	const struct group_member *m = NULL;
	const struct protocol *p;
	bool common = false;

	group_check_counts(g);
	while ((m = group_member_next(g, m))) {
		check_member(g, m);
		n++;
		joins += m->awaiting_join;
		syncs += m->pending_sync;
	}
	assert(n == g->members_n && joins == g->awaiting_join_n && syncs == g->pending_sync_n);
	assert(!g->leader || member_find(g, g->leader->id) == g->leader);
	for (p = g->protocols; p; p = p->hh.next) {
		assert(p->refs > 0 && p->members <= g->members_n);
		common |= p->members == g->members_n;
	}
	assert(common || g->members_n == 0); /* a rebalance can always elect */
	assert(g->protocol_type.len >= 0 || g->members_n == 0);
	assert(g->assignment_id == 0 || g->leader->awaiting_sync);
}
