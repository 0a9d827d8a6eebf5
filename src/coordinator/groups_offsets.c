/* groups_offsets.c - OffsetCommit, OffsetFetch, OffsetDelete: from the id to the group (coordinators.md 2.12, 2.14,
 * 2.17). */
#include <errno.h>
#include <stdlib.h>

#include "coordinator/groups_priv.h"
#include "protocol/errors.h"

/* --- commit --- */

void groups_commit(struct groups *gs, struct str group_id, struct groups_commit *c)
{
	struct group_commit *gc = NULL;
	struct row *row;
	struct turn t;

	c->error = turn_for(&t, gs, group_id, true);
	if (c->error)
		return c->waiter.send(&c->waiter);
	c->error = turn_find_or_make(&t, group_id, c->request.generation < 0 || c->request.producer_id >= 0,
	    KERR_ILLEGAL_GENERATION, &row);
	if (c->error == 0)
		c->error = group_commit_begin(row->g, t.now, &c->request, &gc);
	if (gc)
		turn_append_commit(&t, group_id, gc, c);
	else
		turn_answer(&t, &c->waiter);
	turn_end(&t);
}

/* --- fetch --- */

static bool keep(struct arena *a, struct group_offset *o)
{
	return arena_keep(a, &o->metadata);
}

static void fetch_none(struct group_offset *o)
{
	o->offset = o->leader_epoch = -1;
	o->metadata = STR("");
}

int groups_fetch(struct groups *gs, struct str group_id, bool require_stable, struct groups_fetched *v, size_t n,
    struct arena *a)
{
	struct row *row;
	struct turn t;
	int r = turn_for(&t, gs, group_id, true);

	if (r)
		return r;
	row = shard_find(t.shard, group_id);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct str topic = v[i].offset.topic;

		v[i].error = 0;
		fetch_none(&v[i].offset);
		if (!row)
			continue;
		v[i].error = group_offset_fetch(row->g, topic, v[i].offset.partition, require_stable, &v[i].offset);
		v[i].offset.topic = topic;
		if (!keep(a, &v[i].offset))
			r = -ENOMEM;
	}
	turn_end(&t);
	return r;
}

static int by_partition(const void *pa, const void *pb)
{
	const struct groups_fetched *a = pa, *b = pb;
	int r = str_cmp(a->offset.topic, b->offset.topic);

	return r ? r : a->offset.partition < b->offset.partition ? -1 : a->offset.partition > b->offset.partition;
}

/* Copies them; partitions of one topic share its name. Sorts first, while names are the group's. */
static int copy_all(const struct group *g, bool require_stable, struct groups_fetched *v, size_t n, struct arena *a)
{
	struct group_offset unused;
	struct str own = STR_NULL;

	for (size_t i = 0; i < n; i++)
		group_offset_at(g, i, &v[i].offset);
	qsort(v, n, sizeof(*v), by_partition);
	for (size_t i = 0; i < n; i++) {
		struct group_offset *o = &v[i].offset;

		v[i].error = require_stable ? group_offset_fetch(g, o->topic, o->partition, true, &unused) : 0;
		if (v[i].error)
			fetch_none(o);
		if (!str_eq(own, o->topic)) {
			own = o->topic;
			if (!arena_keep(a, &own))
				return -ENOMEM;
		}
		o->topic = own;
		if (!keep(a, o))
			return -ENOMEM;
	}
	return 0;
}

int groups_fetch_all(struct groups *gs, struct str group_id, bool require_stable, struct arena *a,
    struct groups_fetched **ret, size_t *ret_n)
{
	struct row *row;
	struct turn t;
	int r = turn_for(&t, gs, group_id, true);

	if (r)
		return r;
	row = shard_find(t.shard, group_id);
	*ret_n = row ? group_offsets_n(row->g) : 0;
	*ret = arena_array(a, *ret_n, sizeof(**ret));
	if (!*ret)
		r = -ENOMEM;
	else if (row)
		r = copy_all(row->g, require_stable, *ret, *ret_n, a);
	turn_end(&t);
	return r;
}

/* --- deletion --- */

static void delete_some(struct turn *t, struct row *row, struct groups_offset_deletion *v, size_t n)
{
	struct group_removal removal;

	group_removal_init(&removal);
	for (size_t i = 0; i < n; i++) {
		v[i].error = group_subscribed(row->g, v[i].topic) ? KERR_GROUP_SUBSCRIBED_TO_TOPIC : 0;
		if (v[i].error == 0)
			group_offset_remove(row->g, v[i].topic, v[i].partition, &removal);
	}
	group_clean(row->g, &removal);
	turn_append_removal(t, row, &removal);
	group_removal_fini(&removal);
}

int groups_delete_offsets(struct groups *gs, struct str group_id, struct groups_offset_deletion *v, size_t n)
{
	struct row *row;
	struct turn t;
	int r = turn_for(&t, gs, group_id, false);

	if (r)
		return r;
	row = shard_find(t.shard, group_id);
	r = row ? group_check_offset_delete(row->g) : KERR_GROUP_ID_NOT_FOUND;
	if (r == 0)
		delete_some(&t, row, v, n);
	turn_end(&t);
	return r;
}
