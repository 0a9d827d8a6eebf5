/* test_random.c - whole clusters under random faults, one process per seed.
 *
 *	test_random [FIRST [LAST [SECONDS]]]
 *
 * runs the seeds from FIRST to LAST, each for SECONDS of virtual time with faults; without arguments a fixed few. The
 * same seed is the same run. SIM_TRACE=1 prints everything that happens, SIM_FORK=0 stays in one process (for a
 * debugger, one seed).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "clients.h"
#include "cluster.h"
#include "faults.h"
#include "fiber.h"
#include "groups.h"
#include "oracle.h"
#include "protocol/metadata_version.h"

enum { DEFAULT_FIRST = 1, DEFAULT_LAST = 32, DEFAULT_SECONDS = 60, SETTLE_MS = 180000, BOOT_MS = 60000, RUN_MS = 3600000 };

static struct {
	int64_t faults_ms;
	bool done;
} run;

static struct producer producers[] = {
	{ .topic = "strict", .partitions = 3, .acks = -1, .pause_ms = 120 },
	{ .topic = "strict", .partitions = 3, .acks = -1, .pause_ms = 400 },
	{ .topic = "loose", .partitions = 2, .acks = 1, .pause_ms = 100 },
	{ .topic = "mixed", .partitions = 2, .acks = -1, .pause_ms = 300 },
	{ .topic = "mixed", .partitions = 2, .acks = 1, .pause_ms = 300 },
	{ .topic = "thin", .partitions = 1, .acks = -1, .pause_ms = 150 },
	{ .topic = "thin", .partitions = 1, .acks = -1, .pause_ms = 250 },
	{ .topic = "churn", .partitions = 2, .acks = -1, .pause_ms = 300, .lenient = true },
};

static struct committer committers[] = { { .group = "one" }, { .group = "two" } };

/* --- inter.broker.protocol.version --- */

/* Of all brokers, and of each that was started again: an upgrade of the cluster one by one. */
struct protocol {
	const char *first, *then; /* NULL: the same */
};

static const struct protocol newest = { "3.9", NULL };

/* What they differ in: who writes in-sync sets (below 2.7-IV2 leaders into ZooKeeper, then the controller when asked), how a
 * replica finds out where its log parts from its leader's (below 0.11.0-IV2 by high watermark, then by
 * OffsetForLeaderEpoch, from 2.7-IV1 on by Fetch), topic ids, the format of records, the versions of requests and znodes. */
static const struct protocol others[] = {
	{ "0.9.0", NULL }, { "0.10.2", NULL }, { "0.11.0", NULL }, { "1.0", NULL }, { "2.0", NULL }, { "2.1", NULL },
	{ "2.4", NULL }, { "2.6", NULL }, { "2.7", NULL }, { "2.8", NULL }, { "3.0", NULL }, { "3.2", NULL },
	{ "1.0", "3.9" }, { "2.4", "2.8" }, { "2.6", "3.9" }, { "3.0", "3.9" },
};

static const struct protocol *protocol_of(uint64_t seed)
{
	return seed % 2 == 0 ? &newest : &others[seed / 2 % ARRAY_LEN(others)];
}

/* Are acknowledged records safe? Not in Apache Kafka either
 *   below 0.11.0-IV2: replicas cut their logs at their own high watermarks, which are late (KIP-101);
 *   below 2.0-IV0: the answer to OffsetForLeaderEpoch does not say which epoch the end is of, so that after two quick
 *     changes of leaders records of an epoch the leader never heard of stay (KIP-279);
 *   below 2.1-IV2: neither it nor Fetch names the leader epoch that the follower knows, so that a leader of the past takes
 *     the fetches of another epoch's followers for news of its own, and one that has not heard of its office yet makes
 *     them cut at the high watermark (KIP-320).
 * Logs that part in the middle of a batch never meet again then (the leader sends batches as they are), so batches have
 * one record each. A mixed cluster is as safe as its oldest broker. */
static bool is_safe(const struct protocol *p)
{
	return metadata_version(p->first) >= METADATA_VERSION_2_1_IV2;
}

static void make_lenient(const struct protocol *p)
{
	bool plain = metadata_version_record_format(metadata_version(p->first)) < 2;

	oracle_expect_losses();
	for (size_t i = 0; i < ARRAY_LEN(producers); i++) {
		producers[i].lenient = producers[i].single = true;
		producers[i].plain = plain;
	}
	for (size_t i = 0; i < ARRAY_LEN(committers); i++)
		committers[i].lenient = true;
}

/* Lines of server.properties. */
static char *settings(uint64_t seed, const char *version)
{
	return xasprintf("num.replica.fetchers=%d\ninter.broker.protocol.version=%s\nlog.message.format.version=%s\n",
	    1 + (int)(seed / 3 % 2), version, version);
}

/* --- the beginning --- */

static void create(struct client *c, const char *topic, int32_t partitions, const int32_t *replicas, int32_t n,
    const char *key, const char *value)
{
	struct leader_view l;

	while (!client_find_leader(c, 0, topic, 0, &l)) {
		int controller = client_find_controller(c, 0);

		if (controller >= 0)
			(void)client_create_topic(c, controller, topic, partitions, replicas, n, key, value);
		fiber_sleep_ms(200);
	}
}

static void create_all(struct client *c)
{
	static const int32_t two[] = { 0, 1 };

	create(c, "strict", 3, NULL, 0, NULL, NULL);
	create(c, "loose", 2, NULL, 0, NULL, NULL);
	create(c, "mixed", 2, NULL, 0, NULL, NULL);
	/* Two replicas of which one is enough: every change of the in-sync set decides what is committed. */
	create(c, "thin", 1, two, 2, "min.insync.replicas", "1");
}

static void begin(struct client *c)
{
	for (int i = 0; i < brokers_n; i++)
		broker_boot(i);
	for (int i = 0; i < brokers_n; i++) {
		while (client_count_brokers(c, i) < brokers_n) {
			fiber_sleep_ms(200);
			if (world_now_ms() > 1000000 + BOOT_MS)
				fail("the cluster does not come up");
		}
	}
	create_all(c);
	for (size_t i = 0; i < ARRAY_LEN(producers); i++)
		producer_start(&producers[i]);
	for (size_t i = 0; i < ARRAY_LEN(committers); i++)
		committer_start(&committers[i]);
}

/* --- an administrator who cannot leave it alone --- */

static bool admin_stop, admin_stopped;

static void reassign(struct client *c, int controller)
{
	static const char *const topics[] = { "strict", "loose", "mixed" };
	int32_t all[BROKERS_MAX];
	int n = brokers_n;

	for (int i = 0; i < n; i++)
		all[i] = i;
	for (int i = n - 1; i > 0; i--) {
		int j = (int)world_random((uint64_t)i + 1);
		int32_t t = all[i];

		all[i] = all[j];
		all[j] = t;
	}
	(void)client_reassign(c, controller, topics[world_random(3)], (int32_t)world_random(2), all,
	    world_chance(200) ? -1 : 3);
}

static void *admin_main(void *arg)
{
	struct client *c = client_new();

	(void)arg;
	while (!admin_stop) {
		int broker;

		fiber_sleep_ms((int64_t)world_random(6000));
		broker = client_find_controller(c, (int)world_random((uint64_t)brokers_n));
		if (broker < 0)
			continue;
		switch (world_random(4)) {
		case 0:
			(void)client_create_topic(c, broker, "churn", 2, NULL, 0, NULL, NULL);
			break;
		case 1:
			(void)client_delete_topic(c, broker, "churn");
			break;
		case 2:
			reassign(c, broker);
			break;
		default:
			(void)client_elect_preferred(c, broker, "strict", (int32_t)world_random(3));
			break;
		}
	}
	admin_stopped = true;
	return NULL;
}

/* --- one run --- */

static bool all_stopped(void)
{
	bool r = admin_stopped;

	for (size_t i = 0; i < ARRAY_LEN(producers); i++)
		r = r && producers[i].stopped;
	for (size_t i = 0; i < ARRAY_LEN(committers); i++)
		r = r && committers[i].stopped;
	return r;
}

static void settle(void)
{
	int64_t until = world_now_ms() + SETTLE_MS;
	char why[256];

	for (size_t i = 0; i < ARRAY_LEN(producers); i++)
		producers[i].stop = true;
	for (size_t i = 0; i < ARRAY_LEN(committers); i++)
		committers[i].stop = true;
	admin_stop = true;
	while (!all_stopped() || !oracle_is_settled(why)) {
		fiber_sleep_ms(500);
		faults_supervise();
		if (world_now_ms() > until)
			fail("not settled %d s after the last fault: %s", SETTLE_MS / 1000, all_stopped() ? why : "clients hang");
	}
}

static void *conductor(void *arg)
{
	struct client *c = client_new();

	(void)arg;
	begin(c);
	(void)fiber_spawn(NODE_OUTSIDE, "admin", admin_main, NULL);
	faults_run(run.faults_ms);
	faults_heal();
	fiber_sleep_ms(5000);
	settle();
	oracle_check_all();
	for (size_t i = 0; i < ARRAY_LEN(committers); i++)
		while (!committer_check(&committers[i]))
			fiber_sleep_ms(100);
	run.done = true;
	return NULL;
}

static bool is_done(void *arg)
{
	(void)arg;
	return run.done;
}

static int run_seed(uint64_t seed, int64_t seconds)
{
	const struct protocol *p = protocol_of(seed);
	char *first = settings(seed, p->first), *then = settings(seed, p->then ? p->then : p->first);
	struct cluster_config c = { .brokers = 3 + (int)(seed % 3), .seed = seed, .extra = first, .later = then };
	uint64_t acknowledged = 0;

	run.faults_ms = seconds * 1000;
	cluster_begin(&c);
	oracle_begin();
	if (!is_safe(p))
		make_lenient(p);
	(void)fiber_spawn(NODE_OUTSIDE, "conductor", conductor, NULL);
	if (!world_run(is_done, NULL, RUN_MS))
		fail("no end");
	for (size_t i = 0; i < ARRAY_LEN(producers); i++)
		acknowledged += producers[i].acknowledged;
	(void)printf("seed %llu: %d brokers at %s%s%s, %llu steps, %lld s, %llu records committed, %llu acknowledged, "
		      "positions to %lld\n",
	    (unsigned long long)seed, brokers_n, p->first, p->then ? ", then " : "", p->then ? p->then : "",
	    (unsigned long long)world_steps(), (long long)world_now_ms() / 1000 - 1000,
	    (unsigned long long)oracle_committed_count(), (unsigned long long)acknowledged,
	    (long long)committers[0].acknowledged);
	if (acknowledged == 0)
		fail("nothing was acknowledged");
	cluster_end();
	free(first);
	free(then);
	return 0;
}

static int run_forked(uint64_t seed, int64_t seconds)
{
	int status;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid < 0)
		return 1;
	if (pid == 0) {
		int r = run_seed(seed, seconds);

		(void)fflush(NULL);
		_exit(r);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		(void)printf("seed %llu: FAILED; again: tests/sim/test_random %llu %llu %lld\n", (unsigned long long)seed,
		    (unsigned long long)seed, (unsigned long long)seed, (long long)seconds);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_FIRST;
	uint64_t last = argc > 2 ? strtoull(argv[2], NULL, 10) : argc > 1 ? first : DEFAULT_LAST;
	int64_t seconds = argc > 3 ? strtoll(argv[3], NULL, 10) : DEFAULT_SECONDS;
	int failed = 0;

	if (!FIBERS_WORK) {
		puts("skipped: the simulation does not run under ThreadSanitizer");
		return STATUS_SKIPPED;
	}
	if (getenv("SIM_FORK") && strcmp(getenv("SIM_FORK"), "0") == 0)
		return run_seed(first, seconds);
	for (uint64_t seed = first; seed <= last; seed++)
		failed += run_forked(seed, seconds);
	return failed ? 1 : 0;
}
