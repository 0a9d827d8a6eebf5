/* shard_cleanup.c - offsets that expired, offsets of deleted topics, groups with nothing left (coordinators.md 2.16).
 *
 * A walk goes over all groups of a shard without keeping the others from their work: it leaves a mark in the list where
 * it lets the lock go. Groups that come meanwhile are at the end and are visited; a mark is no group to anybody else.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "coordinator/groups_priv.h"

#define LOG_CLASS "kafka.coordinator.group.GroupMetadataManager"
#include "base/logger.h"

enum { ROWS_AT_ONCE = 64 };

/* Visits some from behind the mark on, and moves it. False when none is left. */
static bool walk_some(struct shard *s, struct row *mark, shard_visit_fn *visit, void *arg)
{
	struct list *at;
	struct turn t;
	bool more = true;

	turn_begin(&t, s);
	for (int n = 0; n < ROWS_AT_ONCE && more; n++) {
		at = mark->link.next;
		more = s->state == SHARD_OWNED && at != &s->all;
		if (!more)
			break;
		list_remove(&mark->link);
		list_insert(at, &mark->link);
		if (list_entry(at, struct row, link)->g)
			visit(&t, list_entry(at, struct row, link), arg);
	}
	if (!more)
		list_remove(&mark->link);
	turn_end(&t);
	return more;
}

void shard_walk(struct shard *s, shard_visit_fn *visit, void *arg)
{
	struct row mark = { .g = NULL };

	list_init(&mark.link);
	lock_take(&s->lock);
	list_insert(&s->all, &mark.link);
	lock_release(&s->lock);
	while (!groups_stopping(s->owner) && walk_some(s, &mark, visit, arg))
		;
	lock_take(&s->lock);
	list_remove(&mark.link);
	lock_release(&s->lock);
}

/* --- what is done on the way --- */

struct cleanup {
	struct group_removal removal;
	const struct deleted_partition *deleted;
	size_t deleted_n;
	size_t removed; /* offsets */
};

static void finish(struct turn *t, struct row *row, struct cleanup *c)
{
	struct group_view v;
	char id[SHARD_TEXT_MAX];

	group_clean(row->g, &c->removal);
	c->removed += c->removal.n;
	if (c->removal.dead) {
		group_view(row->g, &v);
		log_info("[GroupMetadataManager brokerId=%d] Group %s transitioned to Dead in generation %d",
		    (int)t->shard->owner->config.group.broker_id, shard_text(v.id, id), (int)v.generation);
	}
	turn_append_removal(t, row, &c->removal);
	group_removal_reset(&c->removal);
}

static void expire_one(struct turn *t, struct row *row, void *arg)
{
	struct cleanup *c = arg;

	group_expire_offsets(row->g, t->now, &c->removal);
	finish(t, row, c);
}

static void forget_one(struct turn *t, struct row *row, void *arg)
{
	struct cleanup *c = arg;

	for (size_t i = 0; i < c->deleted_n; i++)
		group_offset_remove(row->g, c->deleted[i].topic, c->deleted[i].partition, &c->removal);
	finish(t, row, c);
}

static size_t clean(struct shard *s, shard_visit_fn *visit, struct cleanup *c)
{
	group_removal_init(&c->removal);
	shard_walk(s, visit, c);
	group_removal_fini(&c->removal);
	return c->removed;
}

size_t shard_expire_offsets(struct shard *s)
{
	struct cleanup c = { .removed = 0 };

	return clean(s, expire_one, &c);
}

size_t shard_forget_partitions(struct shard *s, const struct deleted_partition *v, size_t n)
{
	struct cleanup c = { .deleted = v, .deleted_n = n };

	return clean(s, forget_one, &c);
}
