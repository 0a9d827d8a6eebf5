/* stage.c - see stage.h. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "clients.h"
#include "network.h"
#include "protocol/errors.h"
#include "zk/znode.h"
#include "zookeeper.h"

struct client *client;
const int32_t ab[2] = { A, B };

static uint64_t next_value = 0x100;

int controller_now(void)
{
	struct znode *z = tree_find("/controller");
	struct znode_controller c = { .broker = -1 };

	if (!z || znode_controller_decode(z->data, z->len, &c) != 0)
		return -1;
	return c.broker;
}

bool is_registered(int id)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/brokers/ids/%d", id);
	return tree_find(path) != NULL;
}

/* Broker 0 is the controller. */
static void boot_all(void)
{
	client = client_new();
	broker_boot(C);
	AWAIT(controller_now() == C);
	for (int i = 0; i < brokers_n; i++)
		if (i != C)
			broker_boot(i);
	for (int i = 0; i < brokers_n; i++)
		AWAIT(broker_is_up(i) && client_count_brokers(client, i) == brokers_n);
}

bool leads(int broker, const char *topic)
{
	struct replica_view v;

	return oracle_view(broker, topic, 0, &v) && v.is_leader;
}

struct stored_view stored(const char *topic)
{
	struct stored_view s = { .leader = -1, .leader_epoch = -1 };

	(void)oracle_stored(topic, 0, &s);
	return s;
}

bool in_sync(const char *topic, int broker)
{
	struct stored_view s = stored(topic);

	for (int i = 0; i < s.isr_n; i++)
		if (s.isr[i] == broker)
			return true;
	return false;
}

int64_t end_of(int broker, const char *topic)
{
	struct replica_view v = { .end = -1 };

	(void)oracle_view(broker, topic, 0, &v);
	return v.end;
}

int32_t epoch_of(int broker, const char *topic)
{
	struct replica_view v = { .leader_epoch = -1 };

	(void)oracle_view(broker, topic, 0, &v);
	return v.leader_epoch;
}

int64_t mark_of(int broker, const char *topic)
{
	struct replica_view v = { .high_watermark = -1 };

	(void)oracle_view(broker, topic, 0, &v);
	return v.high_watermark;
}

void make_topic(const char *topic, const int32_t *replicas, int32_t n, const char *key, const char *value)
{
	struct leader_view l;

	EXPECT(client_create_topic(client, controller_now(), topic, 1, replicas, n, key, value) == 0);
	AWAIT(leads(replicas[0], topic) && stored(topic).isr_n == n);
	for (int i = 0; i < n; i++)
		AWAIT(end_of(replicas[i], topic) == 0);
	for (int i = 0; i < brokers_n; i++)
		AWAIT(!broker_is_up(i) || (client_find_leader(client, i, topic, 0, &l) && l.leader == replicas[0]));
}

bool knows(int broker, const char *topic, int leader)
{
	struct leader_view l;

	return client_find_leader(client, broker, topic, 0, &l) && l.leader == leader && leads(leader, topic);
}

int produce(int broker, const char *topic, int16_t acks)
{
	uint64_t value = next_value++;
	struct batch_spec spec = { .producer_id = -1, .values = &value, .n = 1 };
	struct leader_view l;
	int64_t base = -1;
	int r = client_produce(client, broker, topic, 0, acks, &spec, &base);

	trace("--- %llx sent to broker %d with acks=%d: %s", (unsigned long long)value, broker, acks,
	    r > 0 ? kerr_name((int16_t)r) : r < 0 ? strerror(-r) : "acknowledged");
	if (r == 0 && acks == -1 && client_find_leader(client, broker, topic, 0, &l))
		oracle_acknowledged(l.topic_id, topic, 0, base, &value, 1);
	return r;
}

void part(int a, int b)
{
	network_cut(a, b, true);
	network_cut(b, a, true);
}

void join(int a, int b)
{
	network_cut(a, b, false);
	network_cut(b, a, false);
}

void leave_the_mark_behind(void)
{
	make_topic("t", ab, 2, NULL, NULL);
	for (int i = 0; i < 40; i++) {
		join(A, B);
		EXPECT(produce(A, "t", -1) == 0);
		part(A, B);
		if (mark_of(B, "t") < end_of(B, "t"))
			break;
	}
	EXPECT(mark_of(B, "t") < end_of(B, "t"));
}

void end_well(void)
{
	char why[256];
	int64_t until = world_now_ms() + PATIENCE_MS;

	network_heal();
	zookeeper_heal();
	for (int i = 0; i < brokers_n; i++) {
		node_resume(i);
		if (broker_is_gone(i))
			broker_boot(i);
	}
	while (!oracle_is_settled(why)) {
		fiber_sleep_ms(100);
		if (world_now_ms() > until)
			fail("does not settle: %s", why);
	}
	oracle_check_all();
}

void same_logs(const char *topic, int a, int b)
{
	EXPECT(end_of(a, topic) == end_of(b, topic));
	for (int64_t at = 0; at < end_of(a, topic); at++)
		EXPECT(oracle_value(a, topic, 0, at) == oracle_value(b, topic, 0, at));
}

/* --- running --- */

static const struct scenario *playing;
static bool done;

static void *conductor(void *arg)
{
	(void)arg;
	boot_all();
	playing->play();
	done = true;
	return NULL;
}

static bool is_done(void *arg)
{
	(void)arg;
	return done;
}

static void play(const struct scenario *s, uint64_t seed)
{
	char *lines = xasprintf("auto.leader.rebalance.enable=false\n%s", s->settings ? s->settings : "");
	struct cluster_config c = { .brokers = s->brokers, .seed = seed, .extra = lines };

	playing = s;
	cluster_begin(&c);
	oracle_begin();
	(void)fiber_spawn(NODE_OUTSIDE, "conductor", conductor, NULL);
	if (!world_run(is_done, NULL, 1000000 + 600000))
		fail("no end");
	cluster_end();
	free(lines);
}

static int play_forked(const struct scenario *s, uint64_t seed)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return 1;
	if (pid == 0) {
		play(s, seed);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) == pid && status == 0)
		return 0;
	(void)printf("FAILED: %s, seed %llu\n", s->name, (unsigned long long)seed);
	return 1;
}

int stage_main(const struct scenario *v, size_t n, int argc, char **argv)
{
	int failed = 0;

	if (!FIBERS_WORK) {
		puts("skipped: the simulation does not run under ThreadSanitizer");
		return STATUS_SKIPPED;
	}
	for (size_t i = 0; i < n; i++) {
		const struct scenario *s = &v[i];
		int bad = 0;

		if (argc > 1 && strcmp(argv[1], s->name) != 0)
			continue;
		for (uint64_t seed = 1; seed <= s->seeds && !bad; seed++)
			bad = play_forked(s, seed);
		(void)printf("%s %s\n", bad ? "not ok" : "ok", s->name);
		(void)fflush(NULL);
		failed += bad;
	}
	return failed ? 1 : 0;
}
