/* faults.c - one fault after the other; each ends by itself after a while.
 *
 * Power is lost with care, since it is the one fault that takes acknowledged bytes: only when nothing else has gone wrong
 * for a while and every partition in whose in-sync set the broker is has another member of it; and until the broker is
 * out of those sets, nothing else happens to the others. More than that min.insync.replicas = 2 does not promise.
 */
#include "faults.h"

#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>

#include "base/attr.h"
#include "cluster.h"
#include "disk.h"
#include "fiber.h"
#include "network.h"
#include "oracle.h"
#include "zookeeper.h"

enum {
	DOWN_MAX_MS = 12000,
	OUTAGE_MAX_MS = 12000,
	GAP_MAX_MS = 4000, /* at most; a run draws its own */
	NOTICE_MAX_MS = 8000,
	SWITCH_OFF_MAX_MS = 20000,
	QUIET_MS = 8000,
	QUIET_MAX_MS = 40000,
};

static int64_t up_at_ms[BROKERS_MAX], awake_at_ms[BROKERS_MAX], reach_at_ms[BROKERS_MAX], quiet_at_ms;
static int64_t joined_at_ms, serving_at_ms;
static int torn = -1; /* lost power, and is in some in-sync set still */
static uint32_t torn_life;

static int any_broker(void)
{
	return (int)world_random((uint64_t)brokers_n);
}

/* --- in-sync sets --- */

typedef bool state_fn(const struct stored_view *s, int id);

static bool for_all_states(state_fn *fn, int id)
{
	bool ok = true;
	int n, m;
	char **topics = tree_children("/brokers/topics", &n);

	for (int i = 0; i < n; i++) {
		char path[160];
		char **parts;

		(void)snprintf(path, sizeof(path), "/brokers/topics/%s/partitions", topics[i]);
		parts = tree_children(path, &m);
		for (int j = 0; j < m; j++) {
			struct stored_view s;

			if (oracle_stored(topics[i], atoi(parts[j]), &s))
				ok = ok && fn(&s, id);
			free(parts[j]);
		}
		free(parts);
		free(topics[i]);
	}
	free(topics);
	return ok;
}

static bool has(const struct stored_view *s, int id)
{
	for (int i = 0; i < s->isr_n; i++)
		if (s->isr[i] == id)
			return true;
	return false;
}

static bool is_well(int id)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/brokers/ids/%d", id);
	return tree_find(path) && broker_is_up(id) && !node_is_paused(id) && !disk_is_broken(id) && up_at_ms[id] == 0 && reach_at_ms[id] == 0;
}

static bool others_have_it(const struct stored_view *s, int id)
{
	if (!has(s, id))
		return true;
	for (int i = 0; i < s->isr_n; i++)
		if (s->isr[i] != id && is_well(s->isr[i]))
			return true;
	return false;
}

static bool is_out(const struct stored_view *s, int id)
{
	return !has(s, id);
}

/* --- faults --- */

static void end_what_is_due(void);

static void go_down(int id, enum ending how)
{
	if (!broker_is_gone(id))
		broker_kill(id, how);
	up_at_ms[id] = world_now_ms() + 1 + (int64_t)world_random(DOWN_MAX_MS);
	awake_at_ms[id] = 0;
}

static bool all_is_well(void)
{
	for (int i = 0; i < brokers_n; i++)
		if (!is_well(i))
			return false;
	return joined_at_ms == 0 && quiet_at_ms == 0 && serving_at_ms == 0;
}

/* In which the controller has noticed all that went before. */
static void wait_for_quiet(void)
{
	int64_t since = world_now_ms(), until = since + QUIET_MAX_MS;

	while (world_now_ms() - since < QUIET_MS && world_now_ms() < until) {
		fiber_sleep_ms(100);
		end_what_is_due();
		if (!all_is_well())
			since = world_now_ms();
	}
}

static void lose_power(int id)
{
	wait_for_quiet();
	if (!all_is_well() || !for_all_states(others_have_it, id))
		return;
	go_down(id, ENDING_POWER);
	torn = id;
	torn_life = node_life(id);
}

static void stop_for_a_while(int id)
{
	if (!broker_is_up(id))
		return;
	trace("--- broker %d is suspended", id);
	node_pause(id);
	awake_at_ms[id] = world_now_ms() + 1 + (int64_t)world_random(OUTAGE_MAX_MS);
}

static void lose_zookeeper(int id)
{
	trace("--- broker %d cannot reach ZooKeeper", id);
	zookeeper_cut(id, true);
	reach_at_ms[id] = world_now_ms() + 1 + (int64_t)world_random(OUTAGE_MAX_MS);
}

static void stop_zookeeper(void)
{
	trace("--- ZooKeeper is away");
	zookeeper_stop(true);
	serving_at_ms = world_now_ms() + 1 + (int64_t)world_random(OUTAGE_MAX_MS);
}

static void expire(int id)
{
	int64_t notice_ms = (int64_t)world_random(NOTICE_MAX_MS);

	trace("--- ZooKeeper ends the session of broker %d, which learns it within %lld ms", id, (long long)notice_ms);
	zookeeper_expire(id, notice_ms);
}

static void cut_off(int id)
{
	uint64_t how = world_random(3); /* to it, from it, both */
	int other = any_broker();
	bool one = world_chance(700);

	trace("--- the network between broker %d and %s%d fails (%d)", id, one ? "" : "all, not only ", other, (int)how);
	for (int i = 0; i < brokers_n; i++) {
		if (i == id || (one && i != other))
			continue;
		if (how != 0)
			network_cut(id, i, true);
		if (how != 1)
			network_cut(i, id, true);
	}
	joined_at_ms = world_now_ms() + 1 + (int64_t)world_random(OUTAGE_MAX_MS);
}

static void disturb(void)
{
	trace("--- the network gets bad");
	network_faults = (struct network_faults){ .late_in_1000 = (uint32_t)world_random(100),
		.reset_in_1000 = (uint32_t)world_random(30), .late_max_ms = (int64_t)world_random(5000) };
	quiet_at_ms = world_now_ms() + 1 + (int64_t)world_random(OUTAGE_MAX_MS);
}

static void break_disk(int id)
{
	int dir = (int)world_random(2);

	if (!broker_is_up(id) || disk_is_broken(id))
		return;
	trace("--- disk %d of broker %d fails", dir, id);
	disk_break(id, dir);
}

static void stop_in_order(int id)
{
	if (!broker_is_up(id) || node_is_paused(id))
		return;
	broker_shut_down(id);
	up_at_ms[id] = world_now_ms() + 1 + (int64_t)world_random(SWITCH_OFF_MAX_MS);
}

static void something(void)
{
	int id = any_broker();

	switch (world_random(24)) {
	case 0:
	case 1:
	case 2:
	case 3:
		go_down(id, ENDING_KILL);
		break;
	case 4:
	case 5:
		lose_power(id);
		break;
	case 6:
	case 7:
	case 8:
		stop_for_a_while(id);
		break;
	case 9:
	case 10:
		lose_zookeeper(id);
		break;
	case 11:
	case 12:
	case 13:
		expire(id);
		break;
	case 14:
	case 15:
	case 20:
	case 21:
	case 22:
		cut_off(id);
		break;
	case 16:
		disturb();
		break;
	case 17:
		break_disk(id);
		break;
	case 23:
		stop_zookeeper();
		break;
	case 18:
	case 19:
		stop_in_order(id);
		break;
	}
}

/* --- their ends --- */

static void boot(int id)
{
	if (!broker_is_gone(id)) /* it does not come to an end: an impatient operator */
		broker_kill(id, ENDING_KILL);
	disk_repair(id);
	up_at_ms[id] = 0;
	broker_boot(id);
}

static bool is_due(int64_t *at_ms)
{
	if (*at_ms == 0 || *at_ms > world_now_ms())
		return false;
	*at_ms = 0;
	return true;
}

static void end_what_is_due(void)
{
	for (int id = 0; id < brokers_n; id++) {
		if (is_due(&up_at_ms[id]))
			boot(id);
		if (up_at_ms[id] == 0 && broker_is_gone(id)) /* it gave up, or could not start */
			up_at_ms[id] = world_now_ms() + 1 + (int64_t)world_random(DOWN_MAX_MS);
		if (is_due(&awake_at_ms[id])) {
			trace("--- broker %d goes on", id);
			node_resume(id);
		}
		if (is_due(&reach_at_ms[id])) {
			trace("--- broker %d can reach ZooKeeper again", id);
			zookeeper_cut(id, false);
		}
	}
	if (is_due(&serving_at_ms)) {
		trace("--- ZooKeeper is back");
		zookeeper_stop(false);
	}
	if (is_due(&joined_at_ms)) {
		trace("--- the network works again");
		network_heal();
	}
	if (is_due(&quiet_at_ms)) {
		trace("--- the network is good again");
		network_faults = (struct network_faults){ 0 };
	}
	if (torn >= 0 && for_all_states(is_out, torn))
		torn = -1;
}

void faults_run(int64_t ms)
{
	int64_t until = world_now_ms() + ms;
	uint64_t gap_max_ms = 300 + world_random(GAP_MAX_MS - 300);

	while (world_now_ms() < until) {
		int64_t next = world_now_ms() + 1 + (int64_t)world_random(gap_max_ms);

		while (world_now_ms() < next) {
			fiber_sleep_ms(MIN(100, next - world_now_ms()));
			end_what_is_due();
		}
		if (torn < 0)
			something();
	}
}

void faults_heal(void)
{
	trace("--- everything is set right");
	network_heal();
	network_faults = (struct network_faults){ 0 };
	zookeeper_heal();
	quiet_at_ms = joined_at_ms = serving_at_ms = 0;
	for (int id = 0; id < brokers_n; id++) {
		node_resume(id);
		awake_at_ms[id] = reach_at_ms[id] = 0;
		if (disk_is_broken(id) || broker_is_gone(id) || up_at_ms[id] || broker_is_stopping(id))
			boot(id);
	}
}

void faults_supervise(void)
{
	for (int id = 0; id < brokers_n; id++)
		if (broker_is_gone(id))
			boot(id);
}
