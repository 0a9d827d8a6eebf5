/* groups_admin.c - DescribeGroups, ListGroups, DeleteGroups (coordinators.md 2.17). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "coordinator/groups_priv.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

typedef struct describe_groups_response_described_group described_t;
typedef struct list_groups_response_listed_group listed_t;

/* --- describe --- */

static bool describe_member(const struct group *g, const struct group_member *m, struct arena *a,
    struct describe_groups_response_described_group_member *out)
{
	struct group_member_view v;

	group_member_view(g, m, &v);
	out->member_id = v.id;
	out->group_instance_id = v.instance_id;
	out->client_id = v.client_id;
	out->client_host = v.client_host;
	out->member_metadata = v.metadata;
	out->member_assignment = v.assignment;
	return arena_keep(a, &out->member_id) && arena_keep(a, &out->group_instance_id) &&
	       arena_keep(a, &out->client_id) && arena_keep(a, &out->client_host) &&
	       arena_keep_bytes(a, &out->member_metadata) && arena_keep_bytes(a, &out->member_assignment);
}

static int describe(const struct group *g, struct arena *a, described_t *out)
{
	const struct group_member *m = NULL;
	struct group_view v;

	group_view(g, &v);
	out->group_state = str_of(v.state_name);
	out->protocol_type = v.protocol_type;
	if (v.state == GROUP_STABLE && v.protocol_name.len >= 0)
		out->protocol_data = v.protocol_name;
	out->members = CODEC_NEW(a, describe_groups_response_described_group_member, v.members_n);
	if (!out->members || !arena_keep(a, &out->protocol_type) || !arena_keep(a, &out->protocol_data))
		return -ENOMEM;
	while ((m = group_member_next(g, m))) {
		if (!describe_member(g, m, a, &out->members[out->members_n++]))
			return -ENOMEM;
	}
	return 0;
}

int groups_describe(struct groups *gs, struct str group_id, struct arena *a, described_t *ret)
{
	struct row *row;
	struct turn t;
	int r = turn_for(&t, gs, group_id, true);

	if (r)
		return r;
	row = shard_find(t.shard, group_id);
	if (row)
		r = describe(row->g, a, ret);
	else
		ret->group_state = str_of(group_state_name(GROUP_DEAD));
	turn_end(&t);
	return r;
}

/* --- list --- */

static bool names(const struct str *v, int32_t n, const char *name)
{
	size_t len = strlen(name);

	for (int32_t i = 0; i < n; i++) {
		if (v[i].len == (int32_t)len && strncasecmp(v[i].p, name, len) == 0)
			return true;
	}
	return n <= 0;
}

struct listing {
	listed_t *v;
	size_t n, cap;
};

/* In the shard; false: the arena is full. */
static bool list_rows(const struct shard *s, const struct groups_filter *f, struct arena *a, struct listing *l)
{
	const struct row *row;
	struct group_view v;

	list_foreach(row, &s->all, link) {
		if (!row->g)
			continue;
		group_view(row->g, &v);
		if (!names(f->states, f->states_n, v.state_name))
			continue;
		l->v = grow_array(l->v, &l->cap, l->n + 1, sizeof(*l->v));
		l->v[l->n] = (listed_t){ .group_id = v.id, .protocol_type = v.protocol_type,
			.group_state = str_of(v.state_name), .group_type = STR("classic") };
		if (!arena_keep(a, &l->v[l->n].group_id) || !arena_keep(a, &l->v[l->n].protocol_type))
			return false;
		l->n++;
	}
	return true;
}

static int list_shard(struct shard *s, const struct groups_filter *f, struct arena *a, struct listing *l, int *ret_error)
{
	bool fits = true;

	lock_take(&s->lock);
	if (s->state == SHARD_OWNED)
		fits = list_rows(s, f, a, l);
	else if (s->state == SHARD_LOADING || atomic_load(&s->elections) > 0)
		*ret_error = KERR_COORDINATOR_LOAD_IN_PROGRESS;
	lock_release(&s->lock);
	return fits ? 0 : -ENOMEM;
}

int groups_list(struct groups *gs, const struct groups_filter *f, struct arena *a, listed_t **ret, int32_t *ret_n)
{
	struct listing l = { NULL, 0, 0 };
	int error = 0, r = 0;

	*ret = NULL;
	*ret_n = 0;
	if (!atomic_load(&gs->active))
		return KERR_COORDINATOR_NOT_AVAILABLE;
	for (int32_t i = 0; i < gs->config.partitions_n && r == 0; i++) {
		if (names(f->types, f->types_n, "classic"))
			r = list_shard(&gs->shards[i], f, a, &l, &error);
	}
	if (r == 0) {
		*ret = arena_array(a, l.n, sizeof(*l.v));
		if (*ret && l.n)
			memcpy(*ret, l.v, l.n * sizeof(*l.v));
		*ret_n = (int32_t)l.n;
	}
	free(l.v);
	return r == 0 && !*ret ? -ENOMEM : r ? r : error;
}

/* --- delete --- */

int groups_delete(struct groups *gs, struct str group_id)
{
	struct group_removal removal;
	struct row *row;
	struct turn t;
	int r = turn_for(&t, gs, group_id, true);

	if (r)
		return r;
	group_removal_init(&removal);
	row = shard_find(t.shard, group_id);
	r = row ? group_delete(row->g, &removal) : KERR_GROUP_ID_NOT_FOUND;
	if (r == 0)
		turn_append_removal(&t, row, &removal);
	group_removal_fini(&removal);
	turn_end(&t);
	return r;
}
