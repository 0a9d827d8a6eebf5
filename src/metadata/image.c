/* image.c - building, publishing and reading images of the cluster.
 *
 * A topic is one block of memory: the struct, its partitions, their broker lists, its name. It is never changed; an
 * update packs a new block from the old partitions and those of the request. An image holds two topic maps that
 * share almost all nodes with the image before, and its own small list of brokers.
 */
#include "metadata/image.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "metadata/image_priv.h"
#include "metadata/topic_map.h"
#include "protocol/messages.h"

typedef struct update_metadata_request_update_metadata_partition_state partition_state_t;
typedef struct update_metadata_request_update_metadata_broker broker_state_t;
typedef struct update_metadata_request_update_metadata_topic_state topic_state_t;

struct image {
	atomic_int refs;
	int32_t controller;
	struct image_broker **brokers; /* owned, ascending by id */
	int32_t brokers_n;
	struct topic_map by_name, by_id;
	/* Made by the first reader who wants it; published by compare-and-swap, so that all see one array. */
	_Atomic(const struct image_topic **) sorted;
};

struct metadata {
	struct lock writer; /* RANK_TABLE: one metadata_apply at a time */
	struct lock lock;   /* RANK_LEAF: guards `current` */
	struct image *current;
};

/* --- topics --- */

struct image_topic *image_topic_ref(struct image_topic *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

struct image_topic *image_topic_unref(struct image_topic *t)
{
	if (t && atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1)
		free(t);
	return NULL;
}

static int by_index(const void *a, const void *b)
{
	const struct image_partition *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static int32_t *pack_ids(int32_t **at, const int32_t *ids, int32_t n)
{
	int32_t *to = *at;

	if (n > 0)
		memcpy(to, ids, (size_t)n * sizeof(*to));
	*at += n;
	return to;
}

/* Packs the partitions (whose lists are borrowed) into one block. */
static struct image_topic *topic_pack(struct str name, struct uuid id, const struct image_partition *parts, int32_t n)
{
	size_t ids = 0, size;
	size_t name_len = name.len > 0 ? (size_t)name.len : 0;
	struct image_topic *t;
	int32_t *at;

	for (int32_t i = 0; i < n; i++)
		ids += (size_t)parts[i].replicas_n + (size_t)parts[i].isr_n + (size_t)parts[i].offline_n;
	size = sizeof(*t) + (size_t)n * sizeof(*parts) + ids * sizeof(int32_t) + name_len + 1;
	t = xcalloc(1, size);
	atomic_init(&t->refs, 1);
	t->id = id;
	t->partitions = (struct image_partition *)(void *)(t + 1);
	t->partitions_n = n;
	at = (int32_t *)(void *)(t->partitions + n);
	for (int32_t i = 0; i < n; i++) {
		struct image_partition *p = &t->partitions[i];

		*p = parts[i];
		p->replicas = pack_ids(&at, parts[i].replicas, p->replicas_n);
		p->isr = pack_ids(&at, parts[i].isr, p->isr_n);
		p->offline = pack_ids(&at, parts[i].offline, p->offline_n);
	}
	t->name = (char *)at;
	memcpy(t->name, name.p, name_len);
	return t;
}

static struct image_partition partition_of(const partition_state_t *s)
{
	return (struct image_partition){
		.index = s->partition_index,
		.controller_epoch = s->controller_epoch,
		.leader = s->leader,
		.leader_epoch = s->leader_epoch,
		.partition_epoch = s->zk_version,
		.replicas = s->replicas,
		.replicas_n = (int32_t)s->replicas_n,
		.isr = s->isr,
		.isr_n = (int32_t)s->isr_n,
		.offline = s->offline_replicas,
		.offline_n = (int32_t)s->offline_replicas_n,
	};
}

struct ordered {
	struct image_partition p; /* first: by_index works on it */
	int32_t order;
};

static int by_index_and_order(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	int c = by_index(a, b);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

/* The old partitions and the states of the request, sorted; per index the last one counts, and none when that has
 * leader -2 (LeaderDuringDelete). `out` has room for all; returns how many there are. */
static int32_t merge(const struct image_topic *old, const partition_state_t *states, int32_t states_n,
		     struct image_partition *out)
{
	int32_t n = old ? old->partitions_n : 0, kept = 0;
	struct ordered *v = xcalloc((size_t)n + (size_t)states_n + 1, sizeof(*v));

	for (int32_t i = 0; i < n; i++)
		v[i] = (struct ordered){ old->partitions[i], -1 };
	for (int32_t i = 0; i < states_n; i++)
		v[n++] = (struct ordered){ partition_of(&states[i]), i };
	qsort(v, (size_t)n, sizeof(*v), by_index_and_order);
	for (int32_t i = 0; i < n; i++) {
		bool last = i + 1 == n || v[i + 1].p.index != v[i].p.index;

		if (last && v[i].p.leader != -2)
			out[kept++] = v[i].p;
	}
	free(v);
	return kept;
}

/* --- brokers --- */

/* Before listeners had names a listener was named after its protocol (UpdateMetadata v0 to v2). */
static const char *protocol_name(int16_t security_protocol)
{
	static const char *const names[] = { "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL" };

	if (security_protocol < 0 || (size_t)security_protocol >= ARRAY_LEN(names))
		return "";
	return names[security_protocol];
}

static char *dup_or(struct str s, const char *other)
{
	return s.len > 0 ? str_dup(s) : xstrdup(other);
}

static struct image_broker *broker_new(const broker_state_t *s)
{
	struct image_broker *b = xcalloc(1, sizeof(*b));
	bool v0 = s->endpoints_n == 0 && s->v0_host.len > 0;
	int32_t n = v0 ? 1 : (int32_t)s->endpoints_n;

	b->id = s->id;
	b->rack = str_dup(s->rack);
	b->endpoints = xcalloc((size_t)n + 1, sizeof(*b->endpoints));
	b->endpoints_n = n;
	if (v0) {
		b->endpoints[0].listener = xstrdup("PLAINTEXT");
		b->endpoints[0].host = str_dup(s->v0_host);
		b->endpoints[0].port = s->v0_port;
		return b;
	}
	for (int32_t i = 0; i < n; i++) {
		struct image_endpoint *e = &b->endpoints[i];

		e->security_protocol = s->endpoints[i].security_protocol;
		e->listener = dup_or(s->endpoints[i].listener, protocol_name(e->security_protocol));
		e->host = dup_or(s->endpoints[i].host, "");
		e->port = s->endpoints[i].port;
	}
	return b;
}

static void broker_free(struct image_broker *b)
{
	for (int32_t i = 0; i < b->endpoints_n; i++) {
		free(b->endpoints[i].listener);
		free(b->endpoints[i].host);
	}
	free(b->endpoints);
	free(b->rack);
	free(b);
}

static int by_broker_id(const void *a, const void *b)
{
	const struct image_broker *x = *(struct image_broker *const *)a, *y = *(struct image_broker *const *)b;

	return (x->id > y->id) - (x->id < y->id);
}

static void put_brokers(struct image *i, const broker_state_t *states, int32_t n)
{
	i->brokers = xcalloc((size_t)n + 1, sizeof(struct image_broker *));
	i->brokers_n = n;
	for (int32_t b = 0; b < n; b++)
		i->brokers[b] = broker_new(&states[b]);
	qsort(i->brokers, (size_t)n, sizeof(struct image_broker *), by_broker_id);
}

/* --- images --- */

static struct image *image_new(void)
{
	struct image *i = xcalloc(1, sizeof(*i));

	atomic_init(&i->refs, 1);
	atomic_init(&i->sorted, NULL);
	i->controller = -1;
	return i;
}

struct image *image_ref(const struct image *i)
{
	struct image *counted = (struct image *)(uintptr_t)i; /* only the count changes */

	atomic_fetch_add_explicit(&counted->refs, 1, memory_order_relaxed);
	return counted;
}

struct image *image_unref(const struct image *i)
{
	struct image *counted = (struct image *)(uintptr_t)i;

	if (!i || atomic_fetch_sub_explicit(&counted->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	for (int32_t b = 0; b < counted->brokers_n; b++)
		broker_free(counted->brokers[b]);
	free(counted->brokers);
	topic_map_fini(&counted->by_name);
	topic_map_fini(&counted->by_id);
	free(atomic_load(&counted->sorted));
	free(counted);
	return NULL;
}

int32_t image_controller(const struct image *i)
{
	return i->controller;
}

int32_t image_brokers(const struct image *i, const struct image_broker *const **ret)
{
	*ret = (const struct image_broker *const *)i->brokers;
	return i->brokers_n;
}

const struct image_broker *image_broker(const struct image *i, int32_t id)
{
	struct image_broker key = { .id = id }, *kp = &key;
	struct image_broker **at;

	if (i->brokers_n == 0)
		return NULL;
	at = bsearch(&kp, i->brokers, (size_t)i->brokers_n, sizeof(struct image_broker *), by_broker_id);
	return at ? *at : NULL;
}

const struct image_endpoint *image_broker_endpoint(const struct image_broker *b, const char *listener)
{
	for (int32_t i = 0; b && i < b->endpoints_n; i++) {
		if (strcmp(b->endpoints[i].listener, listener) == 0)
			return &b->endpoints[i];
	}
	return NULL;
}

bool image_has_topics(const struct image *i)
{
	return i->by_name.n > 0;
}

const struct image_topic *image_topic(const struct image *i, struct str name)
{
	return topic_map_by_name(&i->by_name, name);
}

const struct image_topic *image_topic_by_id(const struct image *i, struct uuid id)
{
	return uuid_is_zero(id) ? NULL : topic_map_by_id(&i->by_id, id);
}

static int by_topic_name(const void *a, const void *b)
{
	const struct image_topic *x = *(const struct image_topic *const *)a, *y = *(const struct image_topic *const *)b;

	return strcmp(x->name, y->name);
}

int32_t image_topics(const struct image *i, const struct image_topic *const **ret)
{
	struct image *counted = (struct image *)(uintptr_t)i;
	const struct image_topic **sorted = atomic_load_explicit(&counted->sorted, memory_order_acquire);
	const struct image_topic **mine;

	if (!sorted) {
		mine = xcalloc(i->by_name.n + 1, sizeof(*mine));
		topic_map_list(&i->by_name, mine);
		qsort(mine, i->by_name.n, sizeof(*mine), by_topic_name);
		/* Release with the swap: who loads the pointer sees the array. The loser drops its own. */
		if (atomic_compare_exchange_strong(&counted->sorted, &sorted, mine))
			sorted = mine;
		else
			free(mine);
	}
	*ret = sorted;
	return (int32_t)i->by_name.n;
}

static bool has(const int32_t *ids, int32_t n, int32_t id)
{
	for (int32_t i = 0; i < n; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

static bool awaits_election(const struct image *i, const struct image_partition *p)
{
	if (p->leader != -1)
		return false;
	for (int32_t r = 0; r < p->isr_n; r++) {
		if (image_broker(i, p->isr[r]) && !has(p->offline, p->offline_n, p->isr[r]))
			return true;
	}
	return false;
}

bool image_awaits_election(const struct image *i)
{
	const struct image_topic *const *topics;
	int32_t n = image_topics(i, &topics);

	for (int32_t t = 0; t < n; t++) {
		for (int32_t p = 0; p < topics[t]->partitions_n; p++) {
			if (awaits_election(i, &topics[t]->partitions[p]))
				return true;
		}
	}
	return false;
}

const struct image_partition *image_partition(const struct image_topic *t, int32_t index)
{
	struct image_partition key = { .index = index };

	if (!t || t->partitions_n == 0)
		return NULL;
	/* Nearly always the indexes are 0 .. n-1. */
	if (index >= 0 && index < t->partitions_n && t->partitions[index].index == index)
		return &t->partitions[index];
	return bsearch(&key, t->partitions, (size_t)t->partitions_n, sizeof(key), by_index);
}

bool image_topic_is_internal(struct str name)
{
	return str_is(name, "__consumer_offsets") || str_is(name, "__transaction_state") ||
	       str_is(name, "__share_group_state");
}

/* --- the next image --- */

static void apply_topic(struct image *i, struct str name, struct uuid id, const partition_state_t *states,
			int32_t states_n)
{
	struct image_topic *old = topic_map_by_name(&i->by_name, name), *t;
	int32_t old_n = old ? old->partitions_n : 0, n;
	struct image_partition *v = xcalloc((size_t)old_n + (size_t)states_n + 1, sizeof(*v));

	n = merge(old, states, states_n, v);
	t = topic_pack(name, id, v, n); /* copies what v borrows from the old topic, which may go now */
	free(v);
	if (old && !uuid_is_zero(old->id))
		topic_map_remove(&i->by_id, old);
	if (n == 0) {
		topic_map_remove(&i->by_name, t);
	} else {
		topic_map_put(&i->by_name, t);
		if (!uuid_is_zero(id))
			topic_map_put(&i->by_id, t);
	}
	image_topic_unref(t);
}

/* Up to v4 the states come in one list; runs of the same topic are applied together. */
static void apply_ungrouped(struct image *i, const partition_state_t *states, int32_t n)
{
	for (int32_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && str_eq(states[to].topic_name, states[from].topic_name);)
			to++;
		apply_topic(i, states[from].topic_name, UUID_ZERO, &states[from], to - from);
	}
}

int metadata_apply(struct metadata *m, const struct update_metadata_request *req)
{
	struct image *old, *next = image_new();

	lock_take(&m->writer);
	old = m->current; /* only we replace it */
	next->controller = req->controller_id >= 0 ? req->controller_id : -1;
	put_brokers(next, req->live_brokers, (int32_t)req->live_brokers_n);
	topic_map_share(&next->by_name, &old->by_name);
	topic_map_share(&next->by_id, &old->by_id);
	apply_ungrouped(next, req->ungrouped_partition_states, (int32_t)req->ungrouped_partition_states_n);
	for (int32_t t = 0; t < (int32_t)req->topic_states_n; t++) {
		const topic_state_t *s = &req->topic_states[t];

		apply_topic(next, s->topic_name, s->topic_id, s->partition_states, (int32_t)s->partition_states_n);
	}
	lock_take(&m->lock);
	m->current = next;
	lock_release(&m->lock);
	lock_release(&m->writer);
	image_unref(old);
	return 0;
}

struct metadata *metadata_new(void)
{
	struct metadata *m = xcalloc(1, sizeof(*m));

	lock_init(&m->writer, RANK_TABLE, "metadata writer");
	lock_init(&m->lock, RANK_LEAF, "metadata");
	m->current = image_new();
	topic_map_init(&m->current->by_name, TOPIC_MAP_BY_NAME);
	topic_map_init(&m->current->by_id, TOPIC_MAP_BY_ID);
	return m;
}

struct metadata *metadata_free(struct metadata *m)
{
	if (!m)
		return NULL;
	image_unref(m->current);
	lock_fini(&m->writer);
	lock_fini(&m->lock);
	free(m);
	return NULL;
}

struct image *metadata_image(struct metadata *m)
{
	struct image *i;

	lock_take(&m->lock);
	i = image_ref(m->current);
	lock_release(&m->lock);
	return i;
}
