/* shard.c - the table of groups of one partition, and turns.
 *
 * A turn's order matters: effects are performed under the lock, in their order; appends go to the log there. After the
 * lock is released, requests that wait for the log are woken (they may be this coordinator's own, whose completion
 * takes a shard's lock again), unfinished appends are waited for, and only then answers leave, so that who is answered
 * finds everything in place.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "coordinator/groups_priv.h"
#include "coordinator/owner.h"
#include "protocol/errors.h"
#include "replica/partitions.h"

/* --- the table --- */

struct row *shard_find(const struct shard *s, struct str group_id)
{
	struct row *row = NULL;

	HASH_FIND(hh, s->rows, group_id.len > 0 ? group_id.p : "", (size_t)MAX(group_id.len, 0), row);
	return row;
}

struct row *shard_add(struct shard *s, struct group *g)
{
	struct row *row = xcalloc(1, sizeof(*row));
	struct str id = group_id(g);

	row->g = g;
	row->deadline = DEADLINE_INIT;
	list_append(&s->all, &row->link);
	HASH_ADD_KEYPTR(hh, s->rows, id.p, (size_t)id.len, row);
	return row;
}

void shard_remove(struct shard *s, struct row *row)
{
	deadlines_set(&s->deadlines, &row->deadline, NO_DEADLINE);
	list_remove(&row->link);
	HASH_DEL(s->rows, row);
	group_free(row->g);
	free(row);
}

struct shard *groups_shard(const struct groups *gs, struct str group_id)
{
	return &gs->shards[coordinator_partition(group_id, gs->config.partitions_n)];
}

const char *shard_text(struct str s, char *buf)
{
	size_t n;

	(void)str_quote(s, buf, SHARD_TEXT_MAX);
	n = strlen(buf);
	if (n >= 2 && buf[n - 1] == '"')
		buf[n - 1] = '\0';
	return n >= 1 && buf[0] == '"' ? buf + 1 : buf;
}

/* --- turns --- */

void turn_begin(struct turn *t, struct shard *s)
{
	*t = (struct turn){ .shard = s };
	group_effects_init(&t->fx);
	list_init(&t->answered);
	lock_take(&s->lock);
	t->now = groups_now(s->owner);
}

/* Locks: s->lock held. */
static int refusal(const struct shard *s)
{
	if (!atomic_load(&s->owner->active))
		return KERR_COORDINATOR_NOT_AVAILABLE;
	if (s->state == SHARD_OWNED)
		return 0;
	/* An election that was told and not yet acted upon: the client finds no other coordinator. */
	return s->state == SHARD_LOADING || atomic_load(&s->elections) > 0 ? KERR_COORDINATOR_LOAD_IN_PROGRESS
									    : KERR_NOT_COORDINATOR;
}

int turn_for(struct turn *t, struct groups *gs, struct str group_id, bool any_id)
{
	struct shard *s = groups_shard(gs, group_id);
	int r;

	if (group_id.len < 0 || (group_id.len == 0 && !any_id))
		return KERR_INVALID_GROUP_ID;
	turn_begin(t, s);
	r = refusal(s);
	if (r)
		turn_end(t);
	return r;
}

int turn_find_or_make(struct turn *t, struct str group_id, bool make, int absent, struct row **ret)
{
	struct group *g;

	*ret = shard_find(t->shard, group_id);
	if (*ret)
		return 0;
	if (!make)
		return absent;
	g = group_new(t->shard->pool, group_id, t->now);
	if (!g)
		return -ENOMEM;
	*ret = shard_add(t->shard, g);
	return 0;
}

void turn_answer(struct turn *t, struct groups_waiter *w)
{
	list_append(&t->answered, &w->link);
}

static void deliver(struct turn *t, const struct group_effect *e, struct groups_waiter *w)
{
	w->answer(w, e);
	turn_answer(t, w);
}

void turn_settle(struct turn *t, struct row *row)
{
	struct group_effect e;

	for (size_t i = 0; i < t->fx.n; i++) {
		e = t->fx.v[i]; /* more may come while this one is performed */
		switch (e.type) {
		case GROUP_JOIN_REPLY: deliver(t, &e, e.join.waiter); break;
		case GROUP_SYNC_REPLY: deliver(t, &e, e.sync.waiter); break;
		case GROUP_APPEND: turn_append_group(t, row, &e.append); break;
		}
	}
	if (row && t->fx.deadline < row->deadline.at)
		deadlines_set(&t->shard->deadlines, &row->deadline, t->fx.deadline);
	group_effects_reset(&t->fx);
}

static void send_all(struct turn *t)
{
	struct groups_waiter *w;

	while ((w = list_first(&t->answered, struct groups_waiter, link))) {
		list_remove(&w->link);
		w->send(w);
	}
}

void turn_end(struct turn *t)
{
	struct shard *s = t->shard;
	struct groups *gs = s->owner;
	int64_t next = deadlines_next(&s->deadlines);

	assert(t->fx.n == 0);
	if (next < s->alarm)
		groups_arm(gs, s, next);
	lock_release(&s->lock);
	group_effects_fini(&t->fx);
	if (t->moved)
		partitions_moved(gs->config.partitions, t->p, t->moved);
	if (t->failed)
		partitions_storage_failed(gs->config.partitions, t->p, t->failed);
	partition_unref(t->p);
	pending_appends_wait(gs, t->pending);
	send_all(t);
}
