/* group_removal.c - offsets that expire or are deleted, and groups that end (coordinators.md 2.16, 2.17).
 *
 * What is forgotten here also goes into the list of tombstones, and nothing is forgotten that could not be listed. A
 * commit on its way counts as an offset: its record may stand in the log, so it gets a tombstone too, or the group
 * would be there again after the next load.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "coordinator/group_priv.h"
#include "protocol/errors.h"

void group_removal_init(struct group_removal *r)
{
	*r = (struct group_removal){ 0 };
	arena_init(&r->arena, 0);
}

void group_removal_reset(struct group_removal *r)
{
	arena_fini(&r->arena);
	arena_init(&r->arena, 0);
	r->n = 0;
	r->dead = r->group_tombstone = false;
}

void group_removal_fini(struct group_removal *r)
{
	group_removal_reset(r);
	free(r->v);
	group_removal_init(r);
}

/* False: memory is short. Partitions of one topic mostly come together and share the name. */
static bool note(struct group_removal *r, const struct topic_name *t, int32_t partition)
{
	struct str name = r->n ? r->v[r->n - 1].topic : STR_NULL;

	if (!str_eq(name, t->text)) {
		name = (struct str){ arena_strdup(&r->arena, t->text), t->text.len };
		if (!name.p)
			return false;
	}
	r->v = grow_array(r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n].topic = name;
	r->v[r->n].partition = partition;
	r->n++;
	return true;
}

static void forget(struct group_offsets *o, struct committed *e, struct group_removal *out)
{
	struct topic_name *t = e->topic;

	if (!note(out, t, e->partition))
		return;
	offsets_forget(o, e);
	topic_name_unref(o->pool, t);
}

void group_offset_remove(struct group *g, struct str topic, int32_t partition, struct group_removal *out)
{
	struct group_offsets *o = &g->offsets;
	struct topic_name *t = topic_name_find(g->pool, topic);
	struct pending *p = t ? offsets_pending(o, t, partition) : NULL;
	struct committed *e = t ? partition_map_find(&o->committed, t, partition) : NULL;

	if (e)
		t->refs++; /* over both */
	if (e)
		forget(o, e, out);
	else if (p && !note(out, t, partition))
		return;
	if (p)
		offsets_drop_pending(o, p);
	if (e)
		topic_name_unref(g->pool, t);
}

/* --- expiry --- */

static int64_t elapsed(int64_t now, int64_t since)
{
	int64_t d;

	if (__builtin_sub_overflow(now, since, &d))
		return since < 0 ? INT64_MAX : 0;
	return d;
}

enum expiry {
	EXPIRY_NEVER,
	EXPIRY_SINCE_EMPTY,  /* of the group; of the commit when that is not known */
	EXPIRY_SINCE_COMMIT,
	EXPIRY_UNSUBSCRIBED, /* since the commit, of topics that nobody consumes */
};

static enum expiry expiry_of(const struct group *g)
{
	if (g->protocol_type.len < 0)
		return EXPIRY_SINCE_COMMIT;
	if (g->state == GROUP_EMPTY)
		return EXPIRY_SINCE_EMPTY;
	if (g->state == GROUP_STABLE && g->subscribed_known)
		return EXPIRY_UNSUBSCRIBED;
	return EXPIRY_NEVER;
}

static bool expired(const struct group *g, const struct committed *e, enum expiry how, int64_t now)
{
	int64_t since = e->commit_timestamp;

	if (how == EXPIRY_UNSUBSCRIBED && topic_set_has(&g->subscribed, e->topic->text))
		return false;
	if (g->offsets.pending.n) {
		const struct pending *p = offsets_pending(&g->offsets, e->topic, e->partition);

		if (p && p->plain)
			return false;
	}
	if (e->extra && e->extra->expire_timestamp != -1)
		return now >= e->extra->expire_timestamp;
	if (how == EXPIRY_SINCE_EMPTY && g->state_timestamp_ms != -1)
		since = g->state_timestamp_ms;
	return elapsed(now, since) >= g->pool->settings.offsets_retention_ms;
}

void group_expire_offsets(struct group *g, struct group_now now, struct group_removal *out)
{
	struct partition_map *m = &g->offsets.committed;
	enum expiry how = expiry_of(g);

	if (how == EXPIRY_NEVER)
		return;
	if (how == EXPIRY_SINCE_EMPTY && g->state_timestamp_ms != -1 && g->offsets.expiring == 0 &&
	    elapsed(now.wall_ms, g->state_timestamp_ms) < g->pool->settings.offsets_retention_ms)
		return; /* one time for all */
	for (uint32_t i = m->n; i-- > 0;) {
		struct committed *e = partition_map_at(m, i);

		if (expired(g, e, how, now.wall_ms))
			forget(&g->offsets, e, out);
	}
}

/* --- groups --- */

static void die(struct group *g, struct group_removal *out)
{
	group_move(g, (struct group_now){ .wall_ms = g->state_timestamp_ms }, GROUP_DEAD);
	out->dead = true;
	out->group_tombstone = g->generation > 0;
}

int group_delete(struct group *g, struct group_removal *out)
{
	struct group_offsets *o = &g->offsets;

	if (g->state == GROUP_DEAD)
		return KERR_GROUP_ID_NOT_FOUND;
	if (g->state != GROUP_EMPTY)
		return KERR_NON_EMPTY_GROUP;
	while (o->pending.n) {
		const struct pending *p = partition_map_at(&o->pending, o->pending.n - 1);
		size_t before = o->pending.n;

		group_offset_remove(g, p->topic->text, p->partition, out);
		if (o->pending.n == before)
			break; /* no memory for the list: these stay in the log */
	}
	for (uint32_t i = o->committed.n; i-- > 0;)
		forget(o, partition_map_at(&o->committed, i), out);
	die(g, out);
	group_check_counts(g);
	return 0;
}

int group_check_offset_delete(const struct group *g)
{
	if (g->state == GROUP_DEAD)
		return KERR_GROUP_ID_NOT_FOUND;
	return g->state == GROUP_EMPTY || str_is(g->protocol_type, "consumer") ? 0 : KERR_NON_EMPTY_GROUP;
}

bool group_subscribed(const struct group *g, struct str topic)
{
	if (g->state == GROUP_EMPTY || g->state == GROUP_DEAD)
		return false;
	return !g->subscribed_known || topic_set_has(&g->subscribed, topic);
}

void group_clean(struct group *g, struct group_removal *out)
{
	if (g->state != GROUP_EMPTY || offsets_any(&g->offsets) || g->pending_members_n)
		return;
	die(g, out);
	group_check_counts(g);
}
