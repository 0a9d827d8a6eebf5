/* group_fixture.c - see the header. */
#include "group_fixture.h"

#include <string.h>

#include "base/unit.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

#define PROTOCOLS_MAX 64
#define ASSIGNMENTS_MAX 8192

static void seeded(void *arg, void *p, size_t n)
{
	uint8_t *b = p;

	while (n-- > 0)
		*b++ = (uint8_t)rng_u64(arg);
}

struct world *world_with(const struct group_settings *s)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->settings = *s;
	w->now = (struct group_now){ 0, WORLD_WALL };
	rng_init(&w->rng, 1);
	w->pool = group_pool_new(s, 7, seeded, &w->rng);
	group_effects_init(&w->fx);
	group_removal_init(&w->removal);
	w->g = group_new(w->pool, STR("g1"), w->now);
	w->deadline = GROUP_NO_DEADLINE;
	return w;
}

struct world *world_new(void)
{
	struct group_settings s = GROUP_SETTINGS_INIT;

	return world_with(&s);
}

static void answer_free(struct answer *a)
{
	for (int i = 0; i < a->members_n; i++) {
		free(a->members[i]);
		free(a->metadata[i]);
	}
	free(a->members);
	free(a->metadata);
	free(a->type);
	free(a->protocol);
	free(a->leader);
	free(a->member);
	free(a->assignment);
	free(a);
}

void world_regroup(struct world *w)
{
	group_unload(w->g, &w->fx);
	world_perform(w);
	group_free(w->g);
	w->g = group_new(w->pool, STR("g1"), w->now);
}

void world_free(struct world *w)
{
	group_check(w->g);
	group_unload(w->g, &w->fx);
	world_perform(w);
	group_free(w->g);
	assert_int_equal(0, group_pool_counts(w->pool)->offsets);
	assert_int_equal(0, group_pool_counts(w->pool)->memory);
	group_pool_free(w->pool);
	for (size_t i = 0; i < w->answers_n; i++) {
		assert_int_equal(1, w->answers[i]->times); /* at the latest by the unload */
		answer_free(w->answers[i]);
	}
	for (size_t i = 0; i < w->log_n; i++) {
		free(w->log[i].key);
		free(w->log[i].value);
	}
	free(w->answers);
	free(w->log);
	group_effects_fini(&w->fx);
	group_removal_fini(&w->removal);
	free(w);
}

static char *text(struct bytes b)
{
	return xstrndup((const char *)b.p, (size_t)b.len);
}

static void note_join(struct answer *a, const struct group_join_reply *r)
{
	a->error = r->error;
	a->generation = r->generation;
	a->type = str_dup(r->protocol_type);
	a->protocol = str_dup(r->protocol_name);
	a->leader = str_dup(r->leader);
	a->member = str_dup(r->member_id);
	a->skip = r->skip_assignment;
	assert_non_null(a->leader);
	assert_non_null(a->member);
	a->members_n = r->members_n;
	a->members = xcalloc((size_t)r->members_n, sizeof(char *));
	a->metadata = xcalloc((size_t)r->members_n, sizeof(char *));
	for (int i = 0; i < r->members_n; i++) {
		struct str id = r->members[i].member_id, instance = r->members[i].group_instance_id;

		a->members[i] = instance.len < 0 ? xasprintf("%.*s", STR_ARG(id))
						 : xasprintf("%.*s/%.*s", STR_ARG(id), STR_ARG(instance));
		a->metadata[i] = text(r->members[i].metadata);
	}
}

static void note_sync(struct answer *a, const struct group_sync_reply *r)
{
	a->error = r->error;
	a->type = str_dup(r->protocol_type);
	a->protocol = str_dup(r->protocol_name);
	assert_true(r->assignment.len >= 0);
	a->assignment = text(r->assignment);
}

static void note_append(struct world *w, const struct group_append *in)
{
	struct appended *a;

	w->log = grow_array(w->log, &w->log_cap, w->log_n + 1, sizeof(*w->log));
	a = &w->log[w->log_n++];
	a->id = in->id;
	assert_true(w->log_n == 1 || a->id > w->log[w->log_n - 2].id);
	a->key_len = in->key.len;
	a->value_len = in->value.len;
	a->key = xmemdup(in->key.p, (size_t)in->key.len);
	a->value = xmemdup(in->value.p, (size_t)in->value.len);
}

void world_perform(struct world *w)
{
	for (size_t i = 0; i < w->fx.n; i++) {
		const struct group_effect *e = &w->fx.v[i];

		if (e->type == GROUP_APPEND) {
			note_append(w, &e->append);
		} else if (e->type == GROUP_JOIN_REPLY) {
			assert_int_equal(1, ++((struct answer *)e->join.waiter)->times);
			note_join(e->join.waiter, &e->join);
		} else {
			assert_int_equal(1, ++((struct answer *)e->sync.waiter)->times);
			note_sync(e->sync.waiter, &e->sync);
		}
	}
	w->deadline = MIN(w->deadline, w->fx.deadline);
	group_effects_reset(&w->fx);
	/* the promise that callers rely on: nothing is due before what was armed */
	assert_true(w->deadline <= group_deadline(w->g));
	if (!w->hold_appends && w->answered_n < w->log_n)
		world_appended(w, 0);
}

void world_appended(struct world *w, int error)
{
	assert_true(w->answered_n < w->log_n);
	group_appended(w->g, w->now, w->log[w->answered_n++].id, error, &w->fx);
	world_perform(w);
}

static void set_time(struct world *w, int64_t mono)
{
	w->now = (struct group_now){ mono, WORLD_WALL + mono };
}

void world_pass(struct world *w, int64_t ms)
{
	int64_t end = w->now.mono_ms + ms;

	while (w->deadline <= end) {
		set_time(w, MAX(w->deadline, w->now.mono_ms));
		group_expire(w->g, w->now, &w->fx);
		w->deadline = GROUP_NO_DEADLINE;
		w->deadline = group_deadline(w->g);
		world_perform(w);
	}
	set_time(w, end);
}

void world_wait(struct world *w, const struct answer *a)
{
	while (!a->times) {
		assert_true(w->deadline != GROUP_NO_DEADLINE);
		world_pass(w, MAX(w->deadline - w->now.mono_ms, 0));
	}
}

static struct answer *answer_new(struct world *w)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	w->answers = grow_array(w->answers, &w->answers_cap, w->answers_n + 1, sizeof(*w->answers));
	w->answers[w->answers_n++] = a;
	return a;
}

struct bytes text_bytes(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, (int32_t)strlen(s) };
}

/* "a=x,b=y" into pairs that point into it. */
static int split(const char *s, struct str *name, struct bytes *value, int max)
{
	int n = 0;

	while (*s) {
		const char *eq = strchr(s, '='), *end = strchr(s, ',');

		if (!end)
			end = s + strlen(s);
		assert_true(eq && eq < end && n < max);
		name[n] = (struct str){ s, (int32_t)(eq - s) };
		value[n] = (struct bytes){ (const uint8_t *)eq + 1, (int32_t)(end - eq - 1) };
		n++;
		s = *end ? end + 1 : end;
	}
	return n;
}

struct answer *world_join(struct world *w, struct join j)
{
	struct join_group_request_join_group_request_protocol p[PROTOCOLS_MAX];
	struct str names[PROTOCOLS_MAX];
	struct bytes values[PROTOCOLS_MAX];
	struct group_join in = {
		.member_id = str_of(j.member ? j.member : ""),
		.instance_id = str_of(j.instance),
		.client_id = str_of(j.client ? j.client : "c"),
		.client_host = STR("/10.0.0.7"),
		.protocol_type = str_of(j.type ? j.type : "consumer"),
		.reason = str_of(j.reason),
		.session_timeout_ms = j.session_ms ? j.session_ms : 10000,
		.rebalance_timeout_ms = j.rebalance_ms ? j.rebalance_ms : 60000,
		.require_known_member_id = !j.old && !j.instance && !j.member,
		.skip_assignment = j.skip,
		.protocols = p,
	};
	struct answer *a = answer_new(w);

	in.protocols_n = split(j.protocols ? j.protocols : "range=meta", names, values, PROTOCOLS_MAX);
	if (j.metadata.p)
		values[0] = j.metadata;
	for (int i = 0; i < in.protocols_n; i++)
		p[i] = (struct join_group_request_join_group_request_protocol){ names[i], values[i] };
	in.waiter = a;
	group_join(w->g, w->now, &in, &w->fx);
	world_perform(w);
	return a;
}

struct answer *world_rejoin(struct world *w, const char *member)
{
	return world_join(w, (struct join){ .member = member });
}

struct answer *world_sync(struct world *w, const char *member, int32_t generation, const char *assignments)
{
	struct sync_group_request_sync_group_request_assignment *v;
	struct str *names = xcalloc(ASSIGNMENTS_MAX, sizeof(*names));
	struct bytes *values = xcalloc(ASSIGNMENTS_MAX, sizeof(*values));
	struct answer *a = answer_new(w);
	struct group_sync in = {
		.member_id = str_of(member),
		.instance_id = STR_NULL,
		.protocol_type = STR_NULL,
		.protocol_name = STR_NULL,
		.generation = generation,
		.waiter = a,
	};

	in.assignments_n = split(assignments, names, values, ASSIGNMENTS_MAX);
	v = xcalloc((size_t)in.assignments_n, sizeof(*v));
	for (int i = 0; i < in.assignments_n; i++)
		v[i] = (struct sync_group_request_sync_group_request_assignment){ names[i], values[i] };
	in.assignments = v;
	group_sync(w->g, w->now, &in, &w->fx);
	world_perform(w);
	free(v);
	free(names);
	free(values);
	return a;
}

int world_heartbeat(struct world *w, const char *member, int32_t generation)
{
	return group_heartbeat(w->g, w->now, str_of(member), STR_NULL, generation);
}

int world_leave(struct world *w, const char *member)
{
	int r = group_leave(w->g, w->now, str_of(member), STR_NULL, STR_NULL, &w->fx);

	world_perform(w);
	return r;
}

void world_settle_generation(struct world *w)
{
	const struct group_member *m = NULL;
	struct group_view v;
	char *all = xstrdup(""), *leader;

	group_view(w->g, &v);
	leader = str_dup(v.leader);
	while ((m = group_member_next(w->g, m))) {
		struct group_member_view mv;
		char *id, *more;

		group_member_view(w->g, m, &mv);
		id = str_dup(mv.id);
		more = xasprintf("%s%s%s=%s", all, *all ? "," : "", id, id);
		free(all);
		all = more;
		if (strcmp(id, leader) != 0)
			(void)world_sync(w, id, v.generation, "");
		free(id);
	}
	(void)world_sync(w, leader, v.generation, all);
	free(all);
	free(leader);
	assert_state("Stable", w);
}

char **world_stable(struct world *w, int n, struct join j)
{
	char **ids = xcalloc((size_t)n, sizeof(*ids));
	struct answer **a = xcalloc((size_t)n, sizeof(*a));

	j.old = true;
	for (int i = 0; i < n; i++)
		a[i] = world_join(w, j);
	for (int i = 0; i < n; i++) {
		world_wait(w, a[i]);
		assert_answered(0, a[i]);
		ids[i] = a[i]->member;
	}
	free(a);
	world_settle_generation(w);
	return ids;
}

int world_commit(struct world *w, const char *topic, int32_t partition, int64_t offset)
{
	struct group_commit_item item = { .topic = str_of(topic), .partition = partition, .offset = offset,
		.leader_epoch = -1, .metadata = STR("m"), .commit_timestamp = -1, .expire_timestamp = -1 };
	struct group_commit_request req = { .member_id = STR(""), .instance_id = STR_NULL, .generation = -1,
		.producer_id = -1, .items = &item, .items_n = 1 };
	struct group_commit *c = NULL;
	int r = group_commit_begin(w->g, w->now, &req, &c);

	if (r != 0)
		return r;
	group_commit_written(c, w->next_base++);
	return group_commit_end(c, 0);
}

int64_t world_offset(struct world *w, const char *topic, int32_t partition)
{
	struct group_offset o;

	assert_int_equal(0, group_offset_fetch(w->g, str_of(topic), partition, false, &o));
	return o.offset;
}

struct bytes subscription(const char *topic, const char *other)
{
	static uint8_t b[1024];
	const char *topics[2] = { topic, other };
	uint8_t *p = b;

	*p++ = 0;
	*p++ = 3; /* any version */
	memcpy(p, "\0\0\0", 3);
	p[3] = other ? 2 : 1;
	p += 4;
	for (int i = 0; i < 2 && topics[i]; i++) {
		size_t len = strlen(topics[i]);

		*p++ = 0;
		*p++ = (uint8_t)len;
		memcpy(p, topics[i], len);
		p += len;
	}
	memset(p, 0xFF, 4); /* no user data */
	return (struct bytes){ b, (int32_t)(p + 4 - b) };
}
