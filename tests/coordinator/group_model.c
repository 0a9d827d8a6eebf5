/* group_model.c - see the header. */
#include "group_model.h"

#include <string.h>

#include "base/writer.h"
#include "coordinator/group_load.h"
#include "coordinator/group_priv.h"
#include "coordinator/group_records.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

struct model *m;

uint64_t model_below(uint64_t n)
{
	return rng_below(&m->rng, n);
}

bool model_chance(unsigned per_mille)
{
	return model_below(1000) < per_mille;
}

/* --- the log --- */

static struct entry *entry_add(struct entry e)
{
	m->log = grow_array(m->log, &m->log_cap, m->log_n + 1, sizeof(*m->log));
	m->log[m->log_n] = e;
	return &m->log[m->log_n++];
}

static struct buf *copy_of(struct bytes b)
{
	struct buf *out = buf_new((size_t)b.len + 1);

	assert_non_null(out);
	memcpy(out->data, b.p, (size_t)b.len);
	out->len = (size_t)b.len;
	return out;
}

static struct bytes bytes_of(const struct buf *b)
{
	return b ? (struct bytes){ b->data, (int32_t)b->len } : BYTES_NULL;
}

static struct buf *taken(struct writer *w)
{
	struct buf *b;

	assert_int_equal(0, writer_take_buf(w, &b));
	writer_fini(w);
	return b;
}

static struct buf *offset_key(int tp)
{
	struct writer w;

	writer_init(&w, 64, 0);
	assert_int_equal(0, offset_record_put_key(&w, STR("g"), tp % 2 ? STR("t1") : STR("t0"), tp / 2));
	return taken(&w);
}

static struct buf *offset_value(int64_t offset)
{
	struct offset_commit_value v;
	struct writer w;

	CODEC_INIT(offset_commit_value, &v);
	v.offset = offset;
	v.commit_timestamp = m->now.wall_ms;
	writer_init(&w, 64, 0);
	assert_int_equal(0, offset_record_put_value(&w, 3, &v));
	return taken(&w);
}

static struct str topic_of(int tp)
{
	return tp % 2 ? STR("t1") : STR("t0");
}

static int tp_of(struct str topic, int32_t partition)
{
	return partition * 2 + (str_is(topic, "t1") ? 1 : 0);
}

static void group_tombstone(void)
{
	struct writer w;

	writer_init(&w, 64, 0);
	assert_int_equal(0, group_record_put_key(&w, STR("g")));
	entry_add((struct entry){ .kind = GROUP, .key = taken(&w), .base = m->log_end++ });
}

/* --- effects --- */

static struct due *due_add(int64_t delay)
{
	struct due *d = xcalloc(1, sizeof(*d));

	d->at_ms = m->now.mono_ms + delay;
	list_append(&m->dues, &d->link);
	return d;
}

static void append(const struct group_append *a)
{
	struct due *d;

	m->durable = false;
	m->durable_id = 0;
	if (!m->calm && model_chance(50)) { /* refused at once, not in the log */
		d = due_add(0);
		d->append_id = a->id;
		d->error = KERR_NOT_ENOUGH_REPLICAS;
		return;
	}
	entry_add((struct entry){ .kind = GROUP, .key = copy_of(a->key), .value = copy_of(a->value), .base = m->log_end++ });
	d = due_add((int64_t)model_below(m->calm ? 50 : 1500));
	d->append_id = a->id;
	d->error = !m->calm && model_chance(80) ? KERR_REQUEST_TIMED_OUT : 0;
	if (d->error == 0)
		m->durable_id = a->id;
}

static struct client *answered(void *waiter)
{
	struct waiter *w = waiter;
	struct client *c = &m->clients[w->client];
	bool current = c->attempt == w->attempt;

	/* a second answer would be a use after free: the sanitizer, or the list's links, tell */
	list_remove(&w->link);
	ensure(m->waiting > 0);
	m->waiting--;
	free(w);
	return current ? c : NULL;
}

void model_perform(void)
{
	for (size_t i = 0; i < m->fx.n; i++) {
		const struct group_effect *e = &m->fx.v[i];
		struct client *c;

		if (e->type == GROUP_APPEND) {
			append(&e->append);
		} else if (e->type == GROUP_JOIN_REPLY) {
			c = answered(e->join.waiter);
			if (c)
				client_joined(c, &e->join);
		} else {
			c = answered(e->sync.waiter);
			if (c)
				client_synced(c, &e->sync);
		}
	}
	m->deadline = MIN(m->deadline, m->fx.deadline);
	group_effects_reset(&m->fx);
	if (m->g) {
		group_check(m->g);
		ensure(m->deadline <= group_deadline(m->g));
		ensure((group_state(m->g) != GROUP_STABLE && group_state(m->g) != GROUP_EMPTY) || m->waiting == 0 ||
		       m->g->awaiting_join_n > 0);
	} else {
		ensure(m->waiting == 0);
	}
}

struct waiter *model_waiter_new(struct client *c)
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	w->client = (int)(c - m->clients);
	w->attempt = ++c->attempt;
	list_append(&m->waiters, &w->link);
	m->waiting++;
	return w;
}

/* --- offsets --- */

void model_need_group(void)
{
	if (!m->g)
		m->g = group_new(m->pool, STR("g"), m->now);
}

static bool in_flight(int tp)
{
	struct due *d;

	list_foreach(d, &m->dues, link)
		for (int i = 0; d->commit && !d->stale && i < d->n; i++)
			if (d->tps[i] == tp && !d->dropped[i])
				return true;
	return false;
}

static bool txn_open(int tp)
{
	for (int p = 0; p < PRODUCERS; p++)
		if (m->txn[p][tp].set)
			return true;
	return false;
}

void model_check_offsets(void)
{
	for (int tp = 0; tp < TPS; tp++) {
		struct group_offset o = { .offset = -1 };
		int r = 0;

		if (m->g)
			r = group_offset_fetch(m->g, topic_of(tp), tp / 2, true, &o);
		ensure((r == KERR_UNSTABLE_OFFSET_COMMIT) == (in_flight(tp) || txn_open(tp)));
		if (m->g)
			(void)group_offset_fetch(m->g, topic_of(tp), tp / 2, false, &o);
		ensure(o.offset == (m->committed[tp].set ? m->committed[tp].offset : -1));
		if (o.offset < 0)
			continue;
		ensure(o.batch_base == m->committed[tp].base);
		ensure(o.batch_base >= m->last_base[tp]); /* it does not go back by itself */
		m->last_base[tp] = o.batch_base;
	}
}

static void install(struct value *v, int64_t offset, int64_t base)
{
	if (!v->set || v->base <= base)
		*v = (struct value){ true, offset, base };
}

static void commit_written(struct group_commit *c, const struct group_commit_item *items, int n, int64_t producer)
{
	struct due *d = due_add((int64_t)model_below(m->calm ? 50 : 3000));

	d->commit = c;
	d->base = m->log_end;
	d->error = !m->calm && model_chance(80) ? KERR_REQUEST_TIMED_OUT : 0;
	for (int i = 0; i < n; i++) {
		int tp = tp_of(items[i].topic, items[i].partition);

		entry_add((struct entry){ .kind = OFFSET, .key = offset_key(tp), .value = offset_value(items[i].offset),
		    .producer = producer, .base = d->base, .tp = tp, .offset = items[i].offset });
		if (producer >= 0)
			m->txn[producer][tp] = (struct value){ true, items[i].offset, d->base };
		else
			d->tps[d->n++] = tp;
		d->offset = items[i].offset;
	}
	m->log_end += n;
	group_commit_written(c, d->base);
}

void model_send_commit(const char *id, struct str instance, int32_t generation, int64_t producer)
{
	struct group_commit_item items[2];
	struct group_commit_request req = { .member_id = str_of(id), .instance_id = instance, .generation = generation,
		.producer_id = producer, .items = items, .items_n = 1 + model_below(2) };
	struct group_commit *c = NULL;
	int r, first = (int)model_below(TPS);
	int64_t offset = (int64_t)model_below(1000000);

	m->doing = "commit";
	model_need_group();
	for (size_t i = 0; i < req.items_n; i++) {
		int tp = (first + (int)i) % TPS;

		items[i] = (struct group_commit_item){ .topic = topic_of(tp), .partition = tp / 2, .offset = offset,
			.leader_epoch = -1, .metadata = model_chance(500) ? STR("note") : STR_NULL, .commit_timestamp = -1,
			.expire_timestamp = -1 };
	}
	r = group_commit_begin(m->g, m->now, &req, &c);
	if (r != 0)
		return;
	m->commits++;
	if (!m->calm && model_chance(80))
		ensure(group_commit_end(c, KERR_NOT_ENOUGH_REPLICAS) == KERR_COORDINATOR_NOT_AVAILABLE);
	else
		commit_written(c, items, (int)req.items_n, producer);
}

void model_end_commit(struct due *d)
{
	m->doing = "end of a commit";
	ensure(group_commit_end(d->commit, d->error) == d->error);
	for (int i = 0; i < d->n && d->error == 0 && !d->stale; i++)
		if (!d->dropped[i])
			install(&m->committed[d->tps[i]], d->offset, d->base);
	d->n = 0;
}

void model_end_transaction(void)
{
	int p = (int)model_below(PRODUCERS);
	bool commit = model_chance(600);

	m->doing = "marker";
	entry_add((struct entry){ .kind = MARKER, .producer = p, .base = m->log_end, .commit = commit });
	group_pool_marker(m->pool, p, m->log_end++, commit);
	for (int tp = 0; tp < TPS; tp++) {
		if (m->txn[p][tp].set && commit)
			install(&m->committed[tp], m->txn[p][tp].offset, m->txn[p][tp].base);
		m->txn[p][tp].set = false;
	}
}

/* What was taken away gets its tombstones; a group that died is freed. */
static void finish_removal(bool drop_pending)
{
	struct due *d;

	for (size_t i = 0; i < m->removal.n; i++) {
		int tp = tp_of(m->removal.v[i].topic, m->removal.v[i].partition);

		entry_add((struct entry){ .kind = OFFSET, .key = offset_key(tp), .producer = -1, .base = m->log_end++,
		    .tp = tp });
		m->committed[tp].set = false;
		m->last_base[tp] = 0;
		list_foreach(d, &m->dues, link)
			for (int k = 0; drop_pending && k < d->n; k++)
				d->dropped[k] |= d->tps[k] == tp;
	}
	if (m->removal.group_tombstone)
		group_tombstone();
	if (m->removal.dead) {
		ensure(group_state(m->g) == GROUP_DEAD);
		m->g = group_free(m->g);
		m->deadline = GROUP_NO_DEADLINE;
		m->given_generation = 0;
		m->durable = false;
		list_foreach(d, &m->dues, link)
			d->stale = true;
	}
	group_removal_reset(&m->removal);
}

void model_clean(void)
{
	struct group_view v;

	m->doing = "expiry";
	m->next_clean_ms = m->now.mono_ms + 60000;
	if (!m->g)
		return;
	group_view(m->g, &v);
	group_expire_offsets(m->g, m->now, &m->removal);
	ensure(m->removal.n == 0 || v.state == GROUP_EMPTY);
	ensure(m->removal.n == 0 || v.generation == 0 || m->now.wall_ms - v.state_timestamp_ms >= RETENTION);
	group_clean(m->g, &m->removal);
	finish_removal(false);
}

void model_delete_something(void)
{
	bool open = false;
	int tp = (int)model_below(TPS);

	m->doing = "delete";
	for (int i = 0; i < TPS; i++)
		open |= txn_open(i); /* a tombstone before the marker would be undone by a load, as in Kafka */
	if (!m->g || open)
		return;
	if (model_chance(100) && group_state(m->g) == GROUP_EMPTY) {
		ensure(group_delete(m->g, &m->removal) == 0);
	} else {
		group_offset_remove(m->g, topic_of(tp), tp / 2, &m->removal);
		group_clean(m->g, &m->removal);
	}
	finish_removal(true);
}

/* --- failover --- */

struct replay {
	struct value off[TPS], txn[PRODUCERS][TPS];
	const struct entry *group; /* the last record, or NULL */
};

/* Kafka's rules (coordinators.md 2.4, step 4). */
static void replay(struct replay *r)
{
	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < m->log_n; i++) {
		const struct entry *e = &m->log[i];

		if (e->kind == GROUP) {
			r->group = e->value ? e : NULL;
		} else if (e->kind == OFFSET) {
			struct value *v = e->producer < 0 ? &r->off[e->tp] : &r->txn[e->producer][e->tp];

			*v = (struct value){ e->value != NULL, e->offset, e->base };
		} else {
			for (int tp = 0; tp < TPS; tp++) {
				struct value *v = &r->txn[e->producer][tp];

				if (v->set && e->commit && (!r->off[tp].set || r->off[tp].base < v->base))
					r->off[tp] = *v;
				v->set = false;
			}
		}
	}
}

static void feed(struct group_load *l)
{
	for (size_t i = 0; i < m->log_n; i++) {
		const struct entry *e = &m->log[i];

		if (e->kind == MARKER)
			group_load_marker(l, e->producer, e->base, e->commit);
		else
			ensure(group_load_record(l, e->base, e->kind == GROUP ? -1 : e->producer, bytes_of(e->key),
				   bytes_of(e->value)) == 0);
	}
	ensure(group_load_stats(l)->damaged == 0 && group_load_stats(l)->unknown_keys == 0);
}

/* A picture of the group in text, for comparison. */
static char *picture(const struct group *g)
{
	const struct group_member *mem = NULL;
	struct group_view v;
	char *s;

	group_view(g, &v);
	s = xasprintf("%s %d leader %.*s protocol %.*s", v.state_name, v.generation, STR_ARG(v.leader),
	    STR_ARG(v.protocol_name));
	while ((mem = group_member_next(g, mem))) {
		struct group_member_view mv;
		char *more;

		group_member_view(g, mem, &mv);
		more = xasprintf("%s\n%.*s/%.*s %d %d %.*s %d", s, STR_ARG(mv.id), STR_ARG(mv.instance_id),
		    mv.session_timeout_ms, mv.rebalance_timeout_ms, mv.metadata.len, (const char *)mv.metadata.p,
		    mv.assignment.len);
		free(s);
		s = more;
		for (int32_t i = 0; i < mv.assignment.len; i++) {
			more = xasprintf("%s,%d", s, mv.assignment.p[i]);
			free(s);
			s = more;
		}
	}
	return s;
}

static void check_loaded(const struct replay *r)
{
	struct group_metadata_value v;
	struct arena a;

	if (!r->group) {
		ensure(!m->g || (group_state(m->g) == GROUP_EMPTY && m->g->generation == 0));
		return;
	}
	ensure(m->g);
	arena_init(&a, 0);
	ensure(group_record_parse_value(bytes_of(r->group->value), &a, &v) == 0);
	ensure(m->g->generation == v.generation && (int32_t)m->g->members_n == v.members_n);
	ensure(group_state(m->g) == (v.members_n ? GROUP_STABLE : GROUP_EMPTY));
	for (int32_t i = 0; i < v.members_n; i++) {
		struct group_member *mem = member_find(m->g, v.members[i].member_id);

		ensure(mem && mem->assignment.len == v.members[i].assignment.len);
		ensure(memcmp(mem->assignment.p, v.members[i].assignment.p, (size_t)mem->assignment.len) == 0);
	}
	arena_fini(&a);
}

void model_failover(void)
{
	char *before = m->g && m->durable && group_state(m->g) == GROUP_STABLE ? picture(m->g) : NULL, *after;
	struct replay r;
	struct group_load *l;
	struct due *d;

	m->doing = "failover";
	if (m->g) {
		group_unload(m->g, &m->fx);
		ensure(group_state(m->g) == GROUP_DEAD);
		model_perform();
		m->g = group_free(m->g);
	}
	ensure(m->waiting == 0);
	ensure(group_pool_counts(m->pool)->offsets == 0);
	list_foreach(d, &m->dues, link)
		d->stale = true;
	l = group_load_new(m->pool);
	feed(l);
	m->deadline = GROUP_NO_DEADLINE;
	m->g = group_load_next(l, m->now, &m->fx);
	ensure(!m->g || !group_load_next(l, m->now, &m->fx));
	group_load_free(l);
	replay(&r);
	memcpy(m->committed, r.off, sizeof(r.off));
	memcpy(m->txn, r.txn, sizeof(r.txn));
	check_loaded(&r);
	if (before) {
		ensure(m->g);
		after = picture(m->g);
		if (strcmp(before, after) != 0)
			fail_msg("MODEL_SEED=%" PRIu64 "\n%s\n--- after the load:\n%s", m->seed, before, after);
		free(after);
	}
	free(before);
	m->durable = false;
	m->loads++;
	model_perform();
}
