/* group_effects.c - an array that is reused, and the memory of what its entries borrow from here. */
#include "coordinator/group_effects.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "coordinator/group_priv.h"

void group_effects_init(struct group_effects *fx)
{
	*fx = (struct group_effects){ .deadline = GROUP_NO_DEADLINE };
	arena_init(&fx->arena, 0);
}

void group_effects_reset(struct group_effects *fx)
{
	for (size_t i = 0; i < fx->bufs_n; i++)
		buf_unref(fx->bufs[i]);
	fx->bufs_n = 0;
	while (fx->graves_n)
		free(fx->graves[--fx->graves_n]);
	arena_fini(&fx->arena);
	arena_init(&fx->arena, 0);
	fx->n = 0;
	fx->deadline = GROUP_NO_DEADLINE;
}

void group_effects_fini(struct group_effects *fx)
{
	group_effects_reset(fx);
	free(fx->bufs);
	free(fx->graves);
	free(fx->v);
	group_effects_init(fx);
}

static struct group_effect *effect_new(struct group_effects *fx, enum group_effect_type type)
{
	fx->v = grow_array(fx->v, &fx->cap, fx->n + 1, sizeof(*fx->v));
	fx->v[fx->n] = (struct group_effect){ .type = type };
	return &fx->v[fx->n++];
}

void effects_bury(struct group_effects *fx, void **memory, size_t n)
{
	if (n == 0)
		return;
	fx->graves = grow_array(fx->graves, &fx->graves_cap, fx->graves_n + n, sizeof(*fx->graves));
	memcpy(fx->graves + fx->graves_n, memory, n * sizeof(*memory));
	fx->graves_n += n;
}

void effects_arm(struct group_effects *fx, int64_t deadline)
{
	fx->deadline = MIN(fx->deadline, deadline);
}

struct group_join_reply *effects_join(struct group_effects *fx, void *waiter)
{
	struct group_join_reply *r = &effect_new(fx, GROUP_JOIN_REPLY)->join;

	r->waiter = waiter;
	r->leader = r->member_id = STR("");
	r->protocol_type = r->protocol_name = STR_NULL;
	r->generation = -1;
	return r;
}

void effects_join_error(struct group_effects *fx, void *waiter, struct str member_id, int error)
{
	struct group_join_reply *r = effects_join(fx, waiter);

	r->error = error;
	if (member_id.len > 0)
		r->member_id = member_id;
}

struct group_sync_reply *effects_sync(struct group_effects *fx, void *waiter, int error)
{
	struct group_sync_reply *r = &effect_new(fx, GROUP_SYNC_REPLY)->sync;

	r->waiter = waiter;
	r->error = error;
	r->protocol_type = r->protocol_name = STR_NULL;
	r->assignment = NO_BYTES;
	return r;
}

void effects_append(struct group_effects *fx, int64_t id, struct buf *record, size_t key_len)
{
	struct group_append *a = &effect_new(fx, GROUP_APPEND)->append;

	fx->bufs = grow_array(fx->bufs, &fx->bufs_cap, fx->bufs_n + 1, sizeof(struct buf *));
	fx->bufs[fx->bufs_n++] = record;
	a->id = id;
	a->key = (struct bytes){ record->data, (int32_t)key_len };
	a->value = (struct bytes){ record->data + key_len, (int32_t)(record->len - key_len) };
}
