/* test_group_model.c - a group, its clients, its log and its failovers in one thread, for thousands of hours.
 *
 * Clients behave like Kafka's most of the time: join, sync, heartbeat, commit, rejoin when told. At random they change
 * what they offer, leave, fall silent, come back under the same instance id, send nonsense; appends are late, time out
 * although written, or fail; transactions end either way; offsets are deleted and expire; the partition is unloaded and
 * loaded again from the log. After every event:
 *	- the invariants hold, and nothing is due before the deadline that was armed;
 *	- every waiter is answered once;
 *	- within a generation no partition has two owners, and generations that were given out never come again;
 *	- committed offsets and what is unstable are what a few arrays say, and a batch base never goes back;
 *	- a load gives what a replay of the log by Kafka's rules gives, and what the living group had.
 * Now and then everybody behaves: then the group is Stable with all of them in bounded time, and a rebalance of it
 * takes no longer than one rebalance time-out.
 *
 * MODEL_SEED repeats a run, MODEL_HOURS sets how much time passes.
 */
#include "group_model.h"

#include <stdio.h>
#include <string.h>

#include "base/logger.h"
#include "coordinator/group_priv.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

/* --- clients --- */

static struct str instance_of(const struct client *c)
{
	return c->instance[0] ? str_of(c->instance) : STR_NULL;
}

static void forget(struct client *c)
{
	c->state = OUT;
	c->id[0] = '\0';
	c->attempt++;
}

static void soon(struct client *c, int64_t least, uint64_t spread)
{
	c->next_ms = m->now.mono_ms + least + (int64_t)model_below(spread);
}

static void again(struct client *c, int error)
{
	if (error == KERR_UNKNOWN_MEMBER_ID || error == KERR_FENCED_INSTANCE_ID || error == KERR_GROUP_MAX_SIZE_REACHED)
		forget(c);
	else
		c->state = c->id[0] ? HAVE_ID : OUT;
	soon(c, 50, 200);
}

void client_joined(struct client *c, const struct group_join_reply *r)
{
	ensure(c->state == JOINING);
	if (r->error == KERR_MEMBER_ID_REQUIRED) {
		ensure(!c->id[0] && !c->instance[0]);
		str_copy(r->member_id, c->id, sizeof(c->id));
		c->state = HAVE_ID;
		soon(c, 0, 50);
		return;
	}
	if (r->error != 0) {
		again(c, r->error);
		return;
	}
	str_copy(r->member_id, c->id, sizeof(c->id));
	c->generation = r->generation;
	ensure(r->generation > 0);
	c->leads = str_eq(r->leader, r->member_id) && !r->skip_assignment;
	ensure(!c->leads || r->members_n > 0);
	free(c->members);
	c->members = xcalloc((size_t)r->members_n, ID_MAX);
	c->members_n = r->members_n;
	for (int i = 0; i < r->members_n; i++)
		str_copy(r->members[i].member_id, c->members[i], ID_MAX);
	c->state = JOINED;
	soon(c, 0, 100);
}

/* The owners of a generation: the instance, or the member. */
static void note_assignment(const struct client *c, struct bytes assignment)
{
	const char *owner = c->instance[0] ? c->instance : c->id;

	ensure(c->generation >= m->given_generation);
	if (c->generation != m->given_generation) {
		m->given_generation = c->generation;
		memset(m->owner, 0, sizeof(m->owner));
		m->generations++;
	}
	for (int32_t i = 0; i < assignment.len; i++) {
		int p = assignment.p[i];

		ensure(p < PARTITIONS);
		ensure(!m->owner[p][0] || strcmp(m->owner[p], owner) == 0);
		str_copy(str_of(owner), m->owner[p], ID_MAX);
	}
}

void client_synced(struct client *c, const struct group_sync_reply *r)
{
	ensure(c->state == SYNCING);
	if (r->error != 0) {
		ensure(r->assignment.len == 0);
		again(c, r->error);
		return;
	}
	note_assignment(c, r->assignment);
	c->state = MEMBER;
	soon(c, 0, 3000);
}

static void send_join(struct client *c)
{
	uint8_t meta[2] = { 'v', (uint8_t)('0' + c->variant) };
	struct join_group_request_join_group_request_protocol p[2] = {
		{ STR("range"), { meta, 2 } },
		{ STR("rr"), { meta, 2 } },
	};
	struct group_join in = {
		.member_id = str_of(c->id),
		.instance_id = instance_of(c),
		.client_id = STR("client"),
		.client_host = STR("/h"),
		.protocol_type = STR("consumer"),
		.reason = STR_NULL,
		.session_timeout_ms = c->session_ms,
		.rebalance_timeout_ms = c->rebalance_ms,
		.protocols = c->variant % 3 == 2 ? p + 1 : p,
		.protocols_n = c->variant % 3 == 2 ? 1 : 2,
		.require_known_member_id = !c->old && !c->instance[0] && !c->id[0],
		.skip_assignment = model_chance(500),
	};

	m->doing = "join";
	if (!c->id[0])
		model_need_group();
	if (!m->g) {
		forget(c);
		soon(c, 100, 100);
		return;
	}
	c->state = JOINING;
	in.waiter = model_waiter_new(c);
	group_join(m->g, m->now, &in, &m->fx);
	model_perform();
}

static void send_sync(struct client *c)
{
	struct sync_group_request_sync_group_request_assignment *v = xcalloc((size_t)c->members_n + 1, sizeof(*v));
	uint8_t parts[PARTITIONS][PARTITIONS];
	struct group_sync in = {
		.member_id = str_of(c->id),
		.instance_id = instance_of(c),
		.protocol_type = model_chance(500) ? STR_NULL : STR("consumer"),
		.protocol_name = STR_NULL,
		.generation = c->generation,
		.assignments = v,
	};

	m->doing = "sync";
	if (c->leads) {
		in.assignments_n = c->members_n;
		for (int i = 0; i < c->members_n; i++) {
			int32_t n = 0;

			for (int p = i; p < PARTITIONS && i < PARTITIONS; p += c->members_n)
				parts[i][n++] = (uint8_t)p;
			v[i].member_id = str_of(c->members[i]);
			v[i].assignment = (struct bytes){ parts[i % PARTITIONS], n };
		}
	}
	if (m->g) {
		c->state = SYNCING;
		in.waiter = model_waiter_new(c);
		group_sync(m->g, m->now, &in, &m->fx);
		model_perform();
	} else {
		forget(c);
	}
	free(v);
}

/* --- what happens --- */

static void be_difficult(struct client *c)
{
	switch (model_below(12)) {
	case 0:
		m->doing = "leave";
		if (m->g) {
			(void)group_leave(m->g, m->now, str_of(c->id), instance_of(c), STR("bye"), &m->fx);
			model_perform();
		}
		forget(c);
		soon(c, 1000, 60000);
		break;
	case 1:
	case 2: /* falls silent, and comes back as somebody else, or under its instance id */
		forget(c);
		soon(c, 0, c->instance[0] ? 30000 : 90000);
		break;
	case 3:
		c->variant = (int)model_below(9);
		send_join(c);
		break;
	case 4:
		send_join(c);
		break;
	case 5: /* twice the same, the first is given up */
		send_join(c);
		if (c->state == JOINING)
			send_join(c);
		break;
	case 6: /* a sync that nobody asked for */
		c->leads = false;
		send_sync(c);
		break;
	case 7:
		if (m->g)
			(void)group_heartbeat(m->g, m->now, str_of(c->id), instance_of(c), c->generation + 1 - (int)model_below(3));
		break;
	case 8: /* an administrator removes it */
		if (m->g && c->instance[0]) {
			(void)group_leave(m->g, m->now, STR(""), instance_of(c), STR_NULL, &m->fx);
			model_perform();
		}
		break;
	case 9:
		model_send_commit(c->id, instance_of(c), c->generation - 1, -1);
		break;
	default:
		model_send_commit(c->id, instance_of(c), c->generation, model_chance(300) ? (int64_t)model_below(PRODUCERS) : -1);
	}
}

static void heartbeat(struct client *c)
{
	int r = m->g ? group_heartbeat(m->g, m->now, str_of(c->id), instance_of(c), c->generation) : KERR_UNKNOWN_MEMBER_ID;

	m->doing = "heartbeat";
	soon(c, 3000, 1);
	if (r == 0)
		return;
	again(c, r);
}

/* By an administrator, while it waits. */
static void be_removed(struct client *c)
{
	m->doing = "removal of a waiting member";
	if (!m->g || (!c->id[0] && !c->instance[0]))
		return;
	(void)group_leave(m->g, m->now, model_chance(500) ? str_of(c->id) : STR(""), instance_of(c), STR_NULL, &m->fx);
	model_perform();
}

static void act(struct client *c)
{
	soon(c, 3000, 1);
	switch (c->state) {
	case OUT:
	case HAVE_ID:
		send_join(c);
		break;
	case JOINING:
	case SYNCING:
		if (!m->calm && model_chance(20)) {
			be_removed(c);
		} else if (!m->calm && model_chance(20)) {
			forget(c); /* it dies while it waits */
			soon(c, 1000, 120000);
		}
		break;
	case JOINED:
		if (!m->calm && model_chance(30))
			forget(c);
		else
			send_sync(c);
		break;
	case MEMBER:
		if (!m->calm && model_chance(100))
			be_difficult(c);
		else
			heartbeat(c);
		break;
	}
}

static void chore(void)
{
	m->next_chore_ms = m->now.mono_ms + 500 + (int64_t)model_below(5000);
	switch (model_below(16)) {
	case 0:
	case 1:
	case 2:
		model_end_transaction();
		break;
	case 3:
		model_delete_something();
		break;
	case 4:
	case 5:
		model_send_commit("", STR_NULL, -1, model_chance(500) ? (int64_t)model_below(PRODUCERS) : -1);
		break;
	case 6:
		if (model_chance(100))
			model_failover();
		break;
	default:
		break;
	}
}

static void run_dues(void)
{
	struct due *d, *next;

	list_foreach_safe(d, next, &m->dues, link) {
		if (d->at_ms > m->now.mono_ms)
			continue;
		list_remove(&d->link);
		if (d->commit) {
			model_end_commit(d);
		} else if (m->g) {
			m->doing = "answer of the log";
			group_appended(m->g, m->now, d->append_id, d->error, &m->fx);
			if (d->error == 0 && d->append_id == m->durable_id)
				m->durable = true;
			model_perform();
		}
		free(d);
		/* performing may have added or answered others: begin again */
		next = list_entry(m->dues.next, struct due, link);
	}
}

static int64_t next_event(void)
{
	int64_t at = MIN(m->deadline, MIN(m->next_chore_ms, m->next_clean_ms));
	struct due *d;

	list_foreach(d, &m->dues, link)
		at = MIN(at, d->at_ms);
	for (int i = 0; i < CLIENTS; i++)
		at = MIN(at, m->clients[i].next_ms);
	return MAX(at, m->now.mono_ms);
}

static void event(void)
{
	int64_t at = next_event();

	m->events++;
	m->now = (struct group_now){ at, WALL + at };
	run_dues();
	if (m->deadline <= at) {
		m->doing = "expire";
		m->deadline = GROUP_NO_DEADLINE;
		if (m->g) {
			group_expire(m->g, m->now, &m->fx);
			m->deadline = group_deadline(m->g);
			model_perform();
		}
	}
	for (int i = 0; i < CLIENTS; i++)
		if (m->clients[i].next_ms <= at)
			act(&m->clients[i]);
	if (m->next_chore_ms <= at && !m->calm)
		chore();
	else if (m->next_chore_ms <= at)
		m->next_chore_ms = at + 1000;
	if (m->next_clean_ms <= at)
		model_clean();
	if (m->g)
		group_check(m->g);
	model_check_offsets();
}

static void pass(int64_t ms)
{
	int64_t end = m->now.mono_ms + ms;

	while (next_event() < end)
		event();
	m->now = (struct group_now){ end, WALL + end };
}

/* --- calm --- */

static int expected_members(void)
{
	return MIN(CLIENTS, m->settings.max_size);
}

static void check_all_stable(void)
{
	int n = 0, owned = 0;

	m->doing = "calm";
	ensure(m->g && group_state(m->g) == GROUP_STABLE);
	ensure((int)m->g->members_n == expected_members());
	for (int i = 0; i < CLIENTS; i++)
		n += m->clients[i].state == MEMBER && m->clients[i].generation == m->g->generation;
	ensure(n == expected_members());
	for (int p = 0; p < PARTITIONS; p++)
		owned += m->owner[p][0] != 0;
	ensure(owned == PARTITIONS);
}

static void be_calm(void)
{
	int64_t start;

	m->calm = true;
	m->calms++;
	for (int i = 0; i < CLIENTS; i++) {
		m->clients[i].variant = i % 2;
		m->clients[i].next_ms = MIN(m->clients[i].next_ms, m->now.mono_ms + 3000);
	}
	/* who is only remembered by the group expires, is removed by a join, or does not sync: once each */
	pass(2 * REBALANCE + 2 * SESSION + 40000);
	check_all_stable();
	for (int i = 0; i < CLIENTS; i++)
		if (m->clients[i].state == MEMBER && str_eq(str_of(m->clients[i].id), m->g->leader->id))
			m->clients[i].state = HAVE_ID; /* the leader joins again */
	start = m->now.mono_ms;
	pass(3001);
	ensure(m->g->generation > 0);
	while (group_state(m->g) != GROUP_STABLE || m->waiting)
		event();
	ensure(m->now.mono_ms - start <= REBALANCE);
	pass(100);
	check_all_stable();
	m->calm = false;
}

/* --- runs --- */

static void seeded(void *arg, void *p, size_t n)
{
	for (uint8_t *b = p; n-- > 0; b++)
		*b = (uint8_t)rng_u64(arg);
}

static void run_begin(uint64_t seed)
{
	static struct model zero;

	*m = zero;
	m->seed = seed;
	rng_init(&m->rng, seed);
	m->settings = (struct group_settings)GROUP_SETTINGS_INIT;
	m->settings.max_size = model_chance(300) ? 6 : INT32_MAX;
	m->settings.initial_rebalance_delay_ms = model_chance(300) ? 0 : 3000;
	m->settings.offsets_retention_ms = RETENTION;
	m->pool = group_pool_new(&m->settings, 0, seeded, &m->rng);
	m->now = (struct group_now){ 0, WALL };
	m->deadline = GROUP_NO_DEADLINE;
	m->doing = "begin";
	list_init(&m->waiters);
	list_init(&m->dues);
	group_effects_init(&m->fx);
	group_removal_init(&m->removal);
	for (int i = 0; i < CLIENTS; i++) {
		struct client *c = &m->clients[i];

		if (i < STATICS)
			(void)snprintf(c->instance, sizeof(c->instance), "s%d", i);
		c->session_ms = 6000 + (int32_t)model_below(SESSION - 6000);
		c->rebalance_ms = 10000 + (int32_t)model_below(REBALANCE - 10000);
		c->old = model_chance(200);
		c->next_ms = (int64_t)model_below(20000);
	}
}

static void run_end(void)
{
	struct due *d;

	m->doing = "end";
	if (m->g) {
		group_unload(m->g, &m->fx);
		model_perform();
		m->g = group_free(m->g);
	}
	ensure(m->waiting == 0 && list_empty(&m->waiters)); /* every waiter was answered */
	while ((d = list_first(&m->dues, struct due, link))) {
		list_remove(&d->link);
		if (d->commit)
			ensure(group_commit_end(d->commit, d->error) == d->error);
		free(d);
	}
	ensure(group_pool_counts(m->pool)->offsets == 0 && group_pool_counts(m->pool)->memory == 0);
	for (size_t i = 0; i < ARRAY_LEN(group_pool_counts(m->pool)->groups); i++)
		ensure(group_pool_counts(m->pool)->groups[i] == 0);
	group_pool_free(m->pool);
	for (size_t i = 0; i < m->log_n; i++) {
		buf_unref(m->log[i].key);
		buf_unref(m->log[i].value);
	}
	for (int i = 0; i < CLIENTS; i++)
		free(m->clients[i].members);
	free(m->log);
	group_effects_fini(&m->fx);
	group_removal_fini(&m->removal);
}

static void run(uint64_t seed)
{
	run_begin(seed);
	while (m->now.mono_ms < RUN_HOURS * INT64_C(3600000)) {
		pass((int64_t)model_below(20 * 60000));
		if (model_chance(200)) /* all of them stay away: offsets and the group expire */
			for (int i = 0; i < CLIENTS; i++) {
				forget(&m->clients[i]);
				soon(&m->clients[i], 18 * 60000, 20 * 60000);
			}
		else if (model_chance(500))
			be_calm();
	}
	run_end();
}

static void a_group_lives_through_everything(void **state)
{
	const char *given = getenv("MODEL_SEED"), *hours_given = getenv("MODEL_HOURS");
	int64_t hours = hours_given ? strtoll(hours_given, NULL, 10) : 60;
	uint64_t seed = given ? strtoull(given, NULL, 10) : random_u64();
	uint64_t events = 0, generations = 0, loads = 0, calms = 0, commits = 0;

	(void)state;
	m = xcalloc(1, sizeof(*m));
	print_message("seed %" PRIu64 "\n", seed);
	for (int64_t h = 0; h < hours; h += RUN_HOURS) {
		run(seed++);
		events += m->events;
		generations += m->generations;
		loads += m->loads;
		calms += m->calms;
		commits += m->commits;
		if (given)
			break;
	}
	print_message("%" PRIu64 " events, %" PRIu64 " generations, %" PRIu64 " commits, %" PRIu64 " loads, %" PRIu64
		      " calms\n", events, generations, commits, loads, calms);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_lives_through_everything),
	};

	logger_set_level(LOG_OFF); /* tens of thousands of rebalances */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
