/* context.c - see context.h. */
#include "controller/context.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* ---- sets ---- */

void partition_set_add(struct partition_set *s, struct ctl_partition *p)
{
	s->v = grow_array(s->v, &s->cap, s->n + 1, sizeof(struct ctl_partition *));
	s->v[s->n++] = p;
}

void partition_set_add_topic(struct partition_set *s, struct ctl_topic *t)
{
	for (size_t i = 0; i < t->partitions_n; i++)
		partition_set_add(s, t->partitions[i]);
}

void partition_set_fini(struct partition_set *s)
{
	free(s->v);
	*s = (struct partition_set){ .v = NULL };
}

void replica_set_add(struct replica_set *s, struct ctl_partition *p, int32_t broker)
{
	s->v = grow_array(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct replica_ref){ p, broker };
}

void replica_set_add_all(struct replica_set *s, struct ctl_partition *p)
{
	for (size_t i = 0; i < p->assignment.replicas.n; i++)
		replica_set_add(s, p, p->assignment.replicas.v[i]);
}

void replica_set_fini(struct replica_set *s)
{
	free(s->v);
	*s = (struct replica_set){ .v = NULL };
}

/* ---- assignments ---- */

struct int_list int_list_minus(struct int_list a, struct int_list b)
{
	struct int_list r = int_list_of(NULL, 0);

	r.v = xrealloc(r.v, (a.n + 1) * sizeof(*r.v));
	for (size_t i = 0; i < a.n; i++)
		if (!int_list_has(b, a.v[i]))
			r.v[r.n++] = a.v[i];
	return r;
}

struct int_list assignment_origin(const struct znode_assignment *a)
{
	return int_list_minus(a->replicas, a->adding);
}

struct int_list assignment_target(const struct znode_assignment *a)
{
	return int_list_minus(a->replicas, a->removing);
}

struct znode_assignment assignment_reassign_to(const struct znode_assignment *a, struct int_list target)
{
	struct int_list origin = assignment_origin(a), all = { .v = NULL };
	struct znode_assignment r = { .partition = a->partition };

	all.v = xcalloc(target.n + origin.n + 1, sizeof(*all.v));
	for (size_t i = 0; i < target.n + origin.n; i++) {
		int32_t v = i < target.n ? target.v[i] : origin.v[i - target.n];

		if (!int_list_has(all, v))
			all.v[all.n++] = v;
	}
	r.replicas = all;
	r.adding = int_list_minus(all, origin);
	r.removing = int_list_minus(all, target);
	int_list_fini(&origin);
	return r;
}

struct znode_assignment assignment_copy(const struct znode_assignment *a)
{
	return (struct znode_assignment){ a->partition, int_list_copy(a->replicas), int_list_copy(a->adding),
		int_list_copy(a->removing) };
}

void assignment_fini(struct znode_assignment *a)
{
	int_list_fini(&a->replicas);
	int_list_fini(&a->adding);
	int_list_fini(&a->removing);
}

bool assignment_eq(const struct znode_assignment *a, const struct znode_assignment *b)
{
	return int_list_eq(a->replicas, b->replicas) && int_list_eq(a->adding, b->adding) &&
	    int_list_eq(a->removing, b->removing);
}

char *int_list_text(struct int_list l, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < l.n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%d", i ? "," : "", l.v[i]);
	return buf;
}

/* ---- brokers ---- */

void context_init(struct context *c)
{
	*c = (struct context){ .epoch = 0 };
}

struct ctl_broker *context_broker(const struct context *c, int32_t id)
{
	struct ctl_broker *b;

	HASH_FIND(hh, c->brokers, &id, sizeof(id), b);
	return b;
}

struct ctl_broker *context_add_broker(struct context *c, int32_t id, int64_t epoch, struct znode_broker *info)
{
	struct ctl_broker *b = context_broker(c, id);

	if (!b) {
		b = xcalloc(1, sizeof(*b));
		b->id = id;
		b->info = ZNODE_BROKER_INIT;
		HASH_ADD(hh, c->brokers, id, sizeof(b->id), b);
	}
	znode_broker_fini(&b->info);
	b->info = *info;
	*info = ZNODE_BROKER_INIT;
	b->epoch = epoch;
	return b;
}

static void broker_free(struct context *c, struct ctl_broker *b)
{
	HASH_DEL(c->brokers, b);
	znode_broker_fini(&b->info);
	free(b);
}

void context_remove_broker(struct context *c, int32_t id)
{
	struct ctl_broker *b = context_broker(c, id);

	if (b)
		broker_free(c, b);
}

bool context_is_live(const struct context *c, int32_t id)
{
	const struct ctl_broker *b = context_broker(c, id);

	return b && !b->shutting_down;
}

/* ---- topics and partitions ---- */

struct ctl_topic *context_topic_of(const struct context *c, struct str name)
{
	struct ctl_topic *t = NULL;

	if (name.len > 0)
		HASH_FIND(hh, c->topics, name.p, (size_t)name.len, t);
	return t;
}

struct ctl_topic *context_topic(const struct context *c, const char *name)
{
	return context_topic_of(c, str_of(name));
}

struct ctl_topic *context_topic_by_id(const struct context *c, struct uuid id)
{
	struct ctl_topic *t, *next;

	if (!uuid_is_zero(id))
		HASH_ITER(hh, c->topics, t, next)
			if (uuid_eq(t->id, id))
				return t;
	return NULL;
}

struct ctl_topic *context_add_topic(struct context *c, const char *name)
{
	struct ctl_topic *t = context_topic(c, name);

	if (t)
		return t;
	t = xcalloc(1, sizeof(*t));
	t->name = xstrdup(name);
	HASH_ADD_KEYPTR(hh, c->topics, t->name, strlen(t->name), t);
	return t;
}

static void partition_free(struct ctl_partition *p)
{
	assignment_fini(&p->assignment);
	znode_state_fini(&p->info);
	free(p->replicas);
	free(p);
}

void context_remove_topic(struct context *c, struct ctl_topic *t)
{
	assert(!t->watch);
	HASH_DEL(c->topics, t);
	for (size_t i = 0; i < t->partitions_n; i++)
		partition_free(t->partitions[i]);
	free(t->partitions);
	free(t->name);
	free(t);
}

void context_clear(struct context *c)
{
	struct ctl_broker *b, *next_b;
	struct ctl_topic *t, *next_t;

	HASH_ITER(hh, c->brokers, b, next_b)
		broker_free(c, b);
	HASH_ITER(hh, c->topics, t, next_t)
		context_remove_topic(c, t);
	context_init(c);
}

/* Position of `index`, or where it belongs. */
static size_t partition_position(const struct ctl_topic *t, int32_t index)
{
	size_t low = 0, high = t->partitions_n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (t->partitions[mid]->index < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct ctl_partition *topic_partition(const struct ctl_topic *t, int32_t index)
{
	size_t at = partition_position(t, index);

	return at < t->partitions_n && t->partitions[at]->index == index ? t->partitions[at] : NULL;
}

void partition_set_assignment(struct ctl_partition *p, struct znode_assignment *a)
{
	assignment_fini(&p->assignment);
	p->assignment = *a;
	*a = (struct znode_assignment){ .partition = p->index };
}

struct ctl_partition *topic_add_partition(struct ctl_topic *t, struct znode_assignment *a)
{
	size_t at = partition_position(t, a->partition);
	struct ctl_partition *p = topic_partition(t, a->partition);

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->topic = t;
		p->index = a->partition;
		p->state = NON_EXISTENT_PARTITION;
		p->info = ZNODE_STATE_INIT;
		t->partitions = grow_array(t->partitions, &t->partitions_cap, t->partitions_n + 1,
		    sizeof(struct ctl_partition *));
		memmove(t->partitions + at + 1, t->partitions + at, (t->partitions_n - at) * sizeof(struct ctl_partition *));
		t->partitions[at] = p;
		t->partitions_n++;
	}
	partition_set_assignment(p, a);
	return p;
}

void partition_set_info(struct ctl_partition *p, const struct znode_state *info)
{
	struct znode_state copy;

	znode_state_copy(info, &copy);
	znode_state_fini(&p->info);
	p->info = copy;
	p->has_leader_info = true;
}

/* ---- replicas ---- */

struct ctl_replica *replica_find(const struct ctl_partition *p, int32_t broker)
{
	for (size_t i = 0; i < p->replicas_n; i++)
		if (p->replicas[i].broker == broker)
			return &p->replicas[i];
	return NULL;
}

enum replica_state replica_state_of(const struct ctl_partition *p, int32_t broker)
{
	const struct ctl_replica *r = replica_find(p, broker);

	return r ? r->state : NON_EXISTENT_REPLICA;
}

void replica_set_state(struct ctl_partition *p, int32_t broker, enum replica_state state)
{
	struct ctl_replica *r = replica_find(p, broker);

	if (state == NON_EXISTENT_REPLICA) {
		if (r)
			*r = p->replicas[--p->replicas_n];
		return;
	}
	if (!r) {
		p->replicas = xrealloc(p->replicas, (p->replicas_n + 1) * sizeof(*p->replicas));
		r = &p->replicas[p->replicas_n++];
		*r = (struct ctl_replica){ .broker = broker };
	}
	r->state = state;
}

bool replica_is_online(const struct context *c, const struct ctl_partition *p, int32_t broker, bool shutting_down)
{
	const struct ctl_broker *b = context_broker(c, broker);
	const struct ctl_replica *r = replica_find(p, broker);

	return b && (shutting_down || !b->shutting_down) && !(r && r->offline_dir);
}

void context_all_partitions(const struct context *c, struct partition_set *ret)
{
	struct ctl_topic *t, *next;

	HASH_ITER(hh, c->topics, t, next)
		partition_set_add_topic(ret, t);
}

void context_partitions_on(const struct context *c, int32_t broker, struct partition_set *ret)
{
	struct ctl_topic *t, *next;

	HASH_ITER(hh, c->topics, t, next)
		for (size_t i = 0; i < t->partitions_n; i++)
			if (int_list_has(t->partitions[i]->assignment.replicas, broker))
				partition_set_add(ret, t->partitions[i]);
}

void context_forget_offline_dirs(struct context *c, int32_t broker)
{
	struct partition_set s = { .v = NULL };

	context_partitions_on(c, broker, &s);
	for (size_t i = 0; i < s.n; i++) {
		struct ctl_replica *r = replica_find(s.v[i], broker);

		if (r)
			r->offline_dir = false;
	}
	partition_set_fini(&s);
}

bool topic_any_replica_in(const struct ctl_topic *t, enum replica_state state)
{
	for (size_t i = 0; i < t->partitions_n; i++)
		for (size_t j = 0; j < t->partitions[i]->replicas_n; j++)
			if (t->partitions[i]->replicas[j].state == state)
				return true;
	return false;
}

bool topic_all_replicas_in(const struct ctl_topic *t, enum replica_state state)
{
	for (size_t i = 0; i < t->partitions_n; i++)
		for (size_t j = 0; j < t->partitions[i]->assignment.replicas.n; j++)
			if (replica_state_of(t->partitions[i], t->partitions[i]->assignment.replicas.v[j]) != state)
				return false;
	return true;
}
