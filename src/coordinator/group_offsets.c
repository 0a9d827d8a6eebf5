/* group_offsets.c - committed offsets, commits on their way, and what producers have pending.
 *
 * Where a commit is:
 *	plain		item of a commit (pending.plain)  -> installed at its end
 *	transactional	item of a commit (pending.txn)    -> written: entry of the producer's map (pending.txn)
 *							  -> marker: installed or forgotten
 * A transactional entry that stands in the log is the marker's, whether or not it was acknowledged in time: the log
 * is what the next coordinator reads. Apache Kafka forgets it at a time-out, and then answers an older offset than
 * after the next failover. Plain commits may end in any order; the larger batch base wins.
 */
#include "coordinator/group_offsets.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "coordinator/group_priv.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

#define NO_PRODUCER INT64_C(-1)

struct commit_item {
	struct topic_name *topic; /* NULL: dropped, nothing is to be done for it any more */
	int32_t partition;
	int32_t leader_epoch;
	int64_t offset;
	int64_t commit_timestamp;
	struct offset_extra *extra;
};

struct group_commit {
	struct list link;	  /* group_offsets.commits; alone when cut off */
	struct group_offsets *of; /* NULL: cut off, the group is gone */
	struct group_txn *txn;	  /* NULL: plain */
	int64_t base;		  /* -1: not yet written */
	size_t n;
	struct commit_item items[];
};

static_assert(offsetof(struct committed, partition) == offsetof(struct partition_key, partition), "a key in front");
static_assert(sizeof(struct committed) == 48, "what the header says an offset costs");

/* --- extras --- */

static size_t extra_size(const struct offset_extra *e)
{
	return e ? sizeof(*e) + (size_t)e->len : 0;
}

/* NULL in *ret without metadata and expiry. */
static int extra_new(struct str metadata, int64_t expire_timestamp, struct offset_extra **ret)
{
	int32_t len = MAX(metadata.len, 0);
	struct offset_extra *e;

	*ret = NULL;
	if (len == 0 && expire_timestamp == -1)
		return 0;
	e = try_array(sizeof(*e) + (size_t)len, 1, SIZE_MAX / 2);
	if (!e)
		return -ENOMEM;
	e->expire_timestamp = expire_timestamp;
	e->len = len;
	if (len)
		memcpy(e->metadata, metadata.p, (size_t)len);
	*ret = e;
	return 0;
}

/* --- the committed ones --- */

static void committed_clear(struct group_offsets *o, struct committed *e)
{
	o->pool->counts.memory -= extra_size(e->extra);
	if (e->extra && e->extra->expire_timestamp != -1)
		o->expiring--;
	free(TAKE(e->extra));
}

/* Takes over i's extra. The entry has a reference of its own to the name. */
static void install(struct group_offsets *o, struct commit_item *i, int64_t base)
{
	bool made;
	struct committed *e = partition_map_put(&o->committed, i->topic, i->partition, &made);

	if (made) {
		i->topic->refs++;
		o->pool->counts.offsets++;
	} else {
		committed_clear(o, e);
	}
	e->leader_epoch = i->leader_epoch;
	e->offset = i->offset;
	e->commit_timestamp = i->commit_timestamp;
	e->base = base;
	e->extra = TAKE(i->extra);
	o->pool->counts.memory += extra_size(e->extra);
	if (e->extra && e->extra->expire_timestamp != -1)
		o->expiring++;
}

/* A later batch has been installed already? Of one batch the last counts, as when it is loaded. */
static void install_if_newer(struct group_offsets *o, struct commit_item *i, int64_t base)
{
	const struct committed *e = partition_map_find(&o->committed, i->topic, i->partition);

	if (!e || e->base <= base)
		install(o, i, base);
}

void offsets_forget(struct group_offsets *o, struct committed *e)
{
	committed_clear(o, e);
	partition_map_remove(&o->committed, e);
	o->pool->counts.offsets--;
}

/* --- what is pending --- */

struct pending *offsets_pending(const struct group_offsets *o, const struct topic_name *t, int32_t partition)
{
	return partition_map_find(&o->pending, t, partition);
}

static void pending_count(struct group_offsets *o, struct topic_name *t, int32_t partition, bool txn)
{
	bool made;
	struct pending *p = partition_map_put(&o->pending, t, partition, &made);

	if (made)
		t->refs++;
	if (txn)
		p->txn++;
	else
		p->plain++;
}

static void pending_gone(struct group_offsets *o, struct pending *p)
{
	struct topic_name *t = p->topic;

	partition_map_remove(&o->pending, p);
	topic_name_unref(o->pool, t);
}

static void pending_uncount(struct group_offsets *o, struct topic_name *t, int32_t partition, bool txn)
{
	struct pending *p = offsets_pending(o, t, partition);

	assert(p && (txn ? p->txn : p->plain) > 0);
	if (txn)
		p->txn--;
	else
		p->plain--;
	if (p->txn == 0 && p->plain == 0)
		pending_gone(o, p);
}

/* --- producers --- */

static struct producer *producer_find(const struct group_pool *pool, int64_t id)
{
	struct producer *p = NULL;

	HASH_FIND(hh, pool->producers, &id, sizeof(id), p);
	return p;
}

/* A producer works for one group, as a rule. */
static struct group_txn *txn_find(const struct group_offsets *o, int64_t producer_id)
{
	struct producer *p = producer_find(o->pool, producer_id);
	struct group_txn *t;

	if (p)
		list_foreach(t, &p->txns, of_producer)
			if (t->offsets == o)
				return t;
	return NULL;
}

static struct group_txn *txn_of(struct group_offsets *o, int64_t producer_id)
{
	struct group_txn *t = txn_find(o, producer_id);
	struct group_pool *pool = o->pool;
	struct producer *p;

	if (t)
		return t;
	p = producer_find(pool, producer_id);
	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->id = producer_id;
		list_init(&p->txns);
		HASH_ADD(hh, pool->producers, id, sizeof(p->id), p);
	}
	t = xcalloc(1, sizeof(*t));
	t->offsets = o;
	t->producer = p;
	partition_map_init(&t->map, sizeof(struct txn_offset), &pool->counts.memory);
	list_append(&p->txns, &t->of_producer);
	list_append(&o->txns, &t->of_group);
	return t;
}

/* Nothing is left of it? Then it goes, and perhaps the producer with it. */
static void txn_release(struct group_txn *t)
{
	struct producer *p = t->producer;
	struct group_pool *pool = t->offsets->pool;

	if (t->map.n || t->in_flight)
		return;
	list_remove(&t->of_producer);
	list_remove(&t->of_group);
	partition_map_fini(&t->map);
	free(t);
	if (list_empty(&p->txns)) {
		HASH_DEL(pool->producers, p);
		free(p);
	}
}

/* The entry leaves the map and is no longer pending; commit: it is installed unless a later one was. */
static void txn_decide(struct group_txn *t, struct txn_offset *e, bool commit)
{
	struct group_offsets *o = t->offsets;
	struct commit_item i = { e->topic, e->partition, e->leader_epoch, e->offset, e->commit_timestamp, e->extra };
	int64_t base = e->base;

	partition_map_remove(&t->map, e);
	if (commit)
		install_if_newer(o, &i, base);
	free(i.extra);
	pending_uncount(o, i.topic, i.partition, true);
	topic_name_unref(o->pool, i.topic);
}

/* The item, pending already, becomes an entry. Takes over its reference and extra. */
static void txn_put(struct group_txn *t, struct commit_item *i, int64_t base)
{
	bool made;
	struct txn_offset *e = partition_map_put(&t->map, i->topic, i->partition, &made);

	if (!made) { /* one entry, so one count and one reference */
		pending_uncount(t->offsets, i->topic, i->partition, true);
		topic_name_unref(t->offsets->pool, i->topic);
		free(e->extra);
	}
	e->leader_epoch = i->leader_epoch;
	e->offset = i->offset;
	e->commit_timestamp = i->commit_timestamp;
	e->base = base;
	e->extra = TAKE(i->extra);
	i->topic = NULL;
}

void group_pool_marker(struct group_pool *pool, int64_t producer_id, int64_t marker_offset, bool commit)
{
	struct group_txn *t, *next;
	struct producer *p = producer_find(pool, producer_id);
	bool last;

	if (!p)
		return;
	list_foreach_safe(t, next, &p->txns, of_producer) {
		last = &next->of_producer == &p->txns; /* p goes with the last of them */
		for (uint32_t i = t->map.n; i-- > 0;) {
			struct txn_offset *e = partition_map_at(&t->map, i);

			if (e->base < marker_offset)
				txn_decide(t, e, commit);
		}
		txn_release(t);
		if (last)
			break;
	}
}

/* --- life --- */

void offsets_init(struct group_offsets *o, struct group_pool *pool)
{
	*o = (struct group_offsets){ .pool = pool };
	partition_map_init(&o->committed, sizeof(struct committed), &pool->counts.memory);
	partition_map_init(&o->pending, sizeof(struct pending), &pool->counts.memory);
	list_init(&o->txns);
	list_init(&o->commits);
}

static void item_drop(struct group_offsets *o, struct commit_item *i)
{
	free(TAKE(i->extra));
	if (i->topic)
		topic_name_unref(o->pool, TAKE(i->topic));
}

static void cut_off(struct group_commit *c)
{
	for (size_t i = 0; i < c->n; i++)
		item_drop(c->of, &c->items[i]);
	list_remove(&c->link);
	c->of = NULL;
	c->txn = NULL;
}

void offsets_fini(struct group_offsets *o)
{
	while (!list_empty(&o->commits))
		cut_off(list_first(&o->commits, struct group_commit, link));
	while (!list_empty(&o->txns)) {
		struct group_txn *t = list_first(&o->txns, struct group_txn, of_group);

		t->in_flight = 0;
		while (t->map.n)
			txn_decide(t, partition_map_at(&t->map, t->map.n - 1), false);
		txn_release(t);
	}
	while (o->pending.n)
		pending_gone(o, partition_map_at(&o->pending, o->pending.n - 1));
	while (o->committed.n) {
		struct committed *e = partition_map_at(&o->committed, o->committed.n - 1);
		struct topic_name *t = e->topic;

		offsets_forget(o, e);
		topic_name_unref(o->pool, t);
	}
	partition_map_fini(&o->pending);
	partition_map_fini(&o->committed);
}

bool offsets_any(const struct group_offsets *o)
{
	return o->committed.n > 0 || o->pending.n > 0;
}

void offsets_drop_pending(struct group_offsets *o, struct pending *p)
{
	struct topic_name *topic = p->topic;
	int32_t partition = p->partition;
	struct group_commit *c;
	struct group_txn *t, *next;

	list_foreach(c, &o->commits, link)
		for (size_t i = 0; i < c->n; i++)
			if (c->items[i].topic == topic && c->items[i].partition == partition)
				item_drop(o, &c->items[i]);
	list_foreach_safe(t, next, &o->txns, of_group) {
		struct txn_offset *e = partition_map_find(&t->map, topic, partition);

		if (!e)
			continue;
		free(e->extra);
		partition_map_remove(&t->map, e);
		topic_name_unref(o->pool, topic);
		txn_release(t);
	}
	pending_gone(o, offsets_pending(o, topic, partition));
}

/* --- commit --- */

/* Rows of 2.12 and 2.13. */
static int check_commit(const struct group *g, const struct group_commit_request *req)
{
	bool txn = req->producer_id != NO_PRODUCER;
	int r;

	if (g->state == GROUP_DEAD)
		return KERR_COORDINATOR_NOT_AVAILABLE;
	if (req->generation < 0 && g->state == GROUP_EMPTY)
		return 0; /* an administrator, or a consumer that assigns partitions itself */
	if (req->generation < 0 && req->member_id.len <= 0 && req->instance_id.len < 0)
		return txn ? 0 : KERR_UNKNOWN_MEMBER_ID; /* old producers cannot say who they are */
	r = member_check(g, req->member_id, req->instance_id);
	if (r != 0)
		return r;
	if (req->generation != g->generation)
		return KERR_ILLEGAL_GENERATION;
	return !txn && g->state == GROUP_COMPLETING ? KERR_REBALANCE_IN_PROGRESS : 0;
}

static int item_new(struct group *g, struct group_now now, struct group_commit_item *in, struct commit_item *ret)
{
	int r;

	if (in->commit_timestamp == -1)
		in->commit_timestamp = now.wall_ms;
	*ret = (struct commit_item){ NULL, in->partition, in->leader_epoch, in->offset, in->commit_timestamp, NULL };
	r = extra_new(in->metadata, in->expire_timestamp, &ret->extra);
	if (r != 0)
		return r;
	ret->topic = topic_name_ref(g->pool, in->topic);
	if (ret->topic)
		return 0;
	free(TAKE(ret->extra));
	return -ENOMEM;
}

/* Items of what may be written. */
static int fill(struct group *g, struct group_now now, struct group_commit_request *req, struct group_commit *c)
{
	int r;

	for (size_t i = 0; i < req->items_n; i++) {
		if (req->items[i].error != 0)
			continue;
		r = item_new(g, now, &req->items[i], &c->items[c->n]);
		if (r != 0)
			return r;
		c->n++;
	}
	return 0;
}

static size_t check_metadata(const struct group *g, struct group_commit_request *req)
{
	int32_t max = g->pool->settings.offset_metadata_max;
	size_t good = 0;

	for (size_t i = 0; i < req->items_n; i++) {
		struct group_commit_item *item = &req->items[i];

		item->error = str_utf16_longer(item->metadata.len < 0 ? STR("") : item->metadata, max)
				  ? KERR_OFFSET_METADATA_TOO_LARGE
				  : 0;
		good += item->error == 0;
	}
	return good;
}

static void stage(struct group *g, struct group_commit *c, int64_t producer_id)
{
	bool txn = producer_id != NO_PRODUCER;

	for (size_t i = 0; i < c->n; i++)
		pending_count(&g->offsets, c->items[i].topic, c->items[i].partition, txn);
	if (txn) {
		c->txn = txn_of(&g->offsets, producer_id);
		c->txn->in_flight++;
	}
	list_append(&g->offsets.commits, &c->link);
}

int group_commit_begin(struct group *g, struct group_now now, struct group_commit_request *req,
		       struct group_commit **ret)
{
	struct group_commit *c;
	size_t n;
	int r = check_commit(g, req);

	if (r != 0)
		return r;
	if (req->producer_id == NO_PRODUCER && g->state != GROUP_EMPTY)
		member_arm(member_find(g, req->member_id), now, NULL);
	*ret = NULL;
	n = check_metadata(g, req);
	if (n == 0)
		return 0;
	c = n <= (SIZE_MAX / 2 - sizeof(*c)) / sizeof(c->items[0])
		? try_array(sizeof(*c) + n * sizeof(c->items[0]), 1, SIZE_MAX / 2)
		: NULL;
	if (!c)
		return -ENOMEM;
	list_init(&c->link);
	c->of = &g->offsets;
	c->base = -1;
	r = fill(g, now, req, c);
	if (r != 0) {
		cut_off(c);
		free(c);
		return r;
	}
	stage(g, c, req->producer_id);
	*ret = c;
	return 0;
}

void group_commit_written(struct group_commit *c, int64_t base)
{
	assert(c->base == -1 && base >= 0);
	c->base = base;
	if (!c->txn)
		return;
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].topic)
			txn_put(c->txn, &c->items[i], base);
}

int group_commit_end(struct group_commit *c, int error)
{
	struct group_offsets *o = c->of;
	struct group_txn *txn = c->txn;

	assert(error != 0 || c->base >= 0);
	for (size_t i = 0; o && i < c->n; i++) {
		struct commit_item *item = &c->items[i];

		if (!item->topic)
			continue;
		if (!txn && error == 0)
			install_if_newer(o, item, c->base);
		pending_uncount(o, item->topic, item->partition, txn != NULL);
		item_drop(o, item);
	}
	if (txn) {
		txn->in_flight--;
		txn_release(txn);
	}
	list_remove(&c->link);
	free(c);
	return append_error(error, true);
}

/* --- loading --- */

static int item_load(struct group_offsets *o, struct str topic, int32_t partition, const struct offset_commit_value *v,
		     struct commit_item *ret)
{
	int r;

	*ret = (struct commit_item){ NULL, partition, v->leader_epoch, v->offset, v->commit_timestamp, NULL };
	r = extra_new(v->metadata, v->expire_timestamp, &ret->extra);
	if (r != 0)
		return r;
	ret->topic = topic_name_ref(o->pool, topic);
	if (ret->topic)
		return 0;
	free(TAKE(ret->extra));
	return -ENOMEM;
}

int offsets_load(struct group_offsets *o, struct str topic, int32_t partition, int64_t base,
		 const struct offset_commit_value *v)
{
	struct topic_name *t = topic_name_find(o->pool, topic);
	struct commit_item item;
	struct committed *e;
	int r;

	if (!v) {
		e = t ? partition_map_find(&o->committed, t, partition) : NULL;
		if (e) {
			offsets_forget(o, e);
			topic_name_unref(o->pool, t);
		}
		return 0;
	}
	r = item_load(o, topic, partition, v, &item);
	if (r != 0)
		return r;
	install(o, &item, base);
	item_drop(o, &item);
	return 0;
}

int offsets_load_txn(struct group_offsets *o, int64_t producer_id, struct str topic, int32_t partition, int64_t base,
		     const struct offset_commit_value *v)
{
	struct group_txn *t;
	struct commit_item item;
	struct topic_name *name;
	struct txn_offset *e;
	int r;

	if (!v) {
		t = txn_find(o, producer_id);
		name = topic_name_find(o->pool, topic);
		e = t && name ? partition_map_find(&t->map, name, partition) : NULL;
		if (e)
			txn_decide(t, e, false);
		if (t)
			txn_release(t);
		return 0;
	}
	r = item_load(o, topic, partition, v, &item);
	if (r != 0)
		return r;
	pending_count(o, item.topic, item.partition, true);
	txn_put(txn_of(o, producer_id), &item, base);
	return 0;
}

/* --- reading --- */

static const struct group_offset no_offset = { .offset = -1, .leader_epoch = -1, .expire_timestamp = -1 };

static void view(const struct committed *e, struct group_offset *ret)
{
	ret->topic = e->topic->text;
	ret->partition = e->partition;
	ret->offset = e->offset;
	ret->leader_epoch = e->leader_epoch;
	ret->metadata = e->extra ? (struct str){ e->extra->metadata, e->extra->len } : STR("");
	ret->commit_timestamp = e->commit_timestamp;
	ret->expire_timestamp = e->extra ? e->extra->expire_timestamp : -1;
	ret->batch_base = e->base;
}

int group_offset_fetch(const struct group *g, struct str topic, int32_t partition, bool require_stable,
		       struct group_offset *ret)
{
	const struct topic_name *t = topic_name_find(g->pool, topic);
	const struct committed *e;

	*ret = no_offset;
	ret->topic = topic;
	ret->partition = partition;
	ret->metadata = STR("");
	if (!t || g->state == GROUP_DEAD)
		return 0;
	if (require_stable && offsets_pending(&g->offsets, t, partition))
		return KERR_UNSTABLE_OFFSET_COMMIT;
	e = partition_map_find(&g->offsets.committed, t, partition);
	if (e)
		view(e, ret);
	return 0;
}

size_t group_offsets_n(const struct group *g)
{
	return g->offsets.committed.n;
}

void group_offset_at(const struct group *g, size_t i, struct group_offset *ret)
{
	assert(i < g->offsets.committed.n);
	view(partition_map_at(&g->offsets.committed, (uint32_t)i), ret);
}

bool group_has_offsets(const struct group *g)
{
	return offsets_any(&g->offsets);
}
