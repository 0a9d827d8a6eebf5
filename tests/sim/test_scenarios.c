/* test_scenarios.c - known ways to lose records or to end with different logs, each played step by step.
 *
 *	test_scenarios [NAME]
 *
 * A scenario runs once per seed of its row, in a process of its own; the steps are the same, the small delays between
 * them are not. The comment of each says which guard it is about: with that guard taken out it fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "clients.h"
#include "cluster.h"
#include "fiber.h"
#include "network.h"
#include "oracle.h"
#include "protocol/errors.h"
#include "zk/znode.h"
#include "zookeeper.h"

enum { A = 1, B = 2, C = 0 }; /* the leader, a follower, the controller */

#define PATIENCE_MS 60000

/* --- the stage --- */

static struct client *client;
static uint64_t next_value = 0x100;

#define EXPECT(what)                                                                                                  \
	do {                                                                                                          \
		if (!(what))                                                                                          \
			fail("%s:%d: not so: %s", __FILE__, __LINE__, #what);                                         \
	} while (0)

#define AWAIT(what)                                                                                                   \
	do {                                                                                                          \
		int64_t until_ = world_now_ms() + PATIENCE_MS;                                                        \
		while (!(what)) {                                                                                     \
			if (world_now_ms() > until_)                                                                  \
				fail("%s:%d: never: %s", __FILE__, __LINE__, #what);                                  \
			fiber_sleep_ms(10);                                                                           \
		}                                                                                                     \
	} while (0)

static int controller_now(void)
{
	struct znode *z = tree_find("/controller");
	struct znode_controller c = { .broker = -1 };

	if (!z || znode_controller_decode(z->data, z->len, &c) != 0)
		return -1;
	return c.broker;
}

static bool is_registered(int id)
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

static bool leads(int broker, const char *topic)
{
	struct replica_view v;

	return oracle_view(broker, topic, 0, &v) && v.is_leader;
}

static struct stored_view stored(const char *topic)
{
	struct stored_view s = { .leader = -1, .leader_epoch = -1 };

	(void)oracle_stored(topic, 0, &s);
	return s;
}

static bool in_sync(const char *topic, int broker)
{
	struct stored_view s = stored(topic);

	for (int i = 0; i < s.isr_n; i++)
		if (s.isr[i] == broker)
			return true;
	return false;
}

static int64_t end_of(int broker, const char *topic)
{
	struct replica_view v = { .end = -1 };

	(void)oracle_view(broker, topic, 0, &v);
	return v.end;
}

static int32_t epoch_of(int broker, const char *topic)
{
	struct replica_view v = { .leader_epoch = -1 };

	(void)oracle_view(broker, topic, 0, &v);
	return v.leader_epoch;
}

static int64_t mark_of(int broker, const char *topic)
{
	struct replica_view v = { .high_watermark = -1 };

	(void)oracle_view(broker, topic, 0, &v);
	return v.high_watermark;
}

/* One partition, led by the first of the replicas, all in sync. */
static void make_topic(const char *topic, const int32_t *replicas, int32_t n, const char *key, const char *value)
{
	struct leader_view l;

	EXPECT(client_create_topic(client, controller_now(), topic, 1, replicas, n, key, value) == 0);
	AWAIT(leads(replicas[0], topic) && stored(topic).isr_n == n);
	for (int i = 0; i < n; i++)
		AWAIT(end_of(replicas[i], topic) == 0);
	for (int i = 0; i < brokers_n; i++)
		AWAIT(!broker_is_up(i) || (client_find_leader(client, i, topic, 0, &l) && l.leader == replicas[0]));
}

/* Does it lead, or say who does, to clients too? */
static bool knows(int broker, const char *topic, int leader)
{
	struct leader_view l;

	return client_find_leader(client, broker, topic, 0, &l) && l.leader == leader && leads(leader, topic);
}

static int produce(int broker, const char *topic, int16_t acks)
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

static void part(int a, int b)
{
	network_cut(a, b, true);
	network_cut(b, a, true);
}

static void join(int a, int b)
{
	network_cut(a, b, false);
	network_cut(b, a, false);
}

/* Until everything is well again; then all logs are compared once more. */
static void end_well(void)
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

static void same_logs(const char *topic, int a, int b)
{
	EXPECT(end_of(a, topic) == end_of(b, topic));
	for (int64_t at = 0; at < end_of(a, topic); at++)
		EXPECT(oracle_value(a, topic, 0, at) == oracle_value(b, topic, 0, at));
}

static const int32_t ab[] = { A, B };

/* --- KIP-101: truncation to the high watermark --- */

/* The last record is acknowledged, and B does not know it yet; they cannot reach each other from then on. */
static void leave_the_mark_behind(void)
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

/* A follower has a record of which it does not know yet that it is committed, and a new leader epoch begins. Cut off to
 * its mark, and elected before it has fetched again, it would lose the record. Guard: a follower with epochs begins at
 * its log end (follower.c, begin). */
static void kip_101_a_follower_keeps_what_is_above_its_mark(void)
{
	leave_the_mark_behind();
	(void)client_reassign(client, C, "t", 0, ab, 2); /* to where it is: only a new epoch */
	AWAIT(stored("t").leader_epoch == 1 && epoch_of(B, "t") == 1);
	fiber_sleep_ms(500);
	broker_kill(A, ENDING_KILL);
	AWAIT(leads(B, "t"));
	end_well();
}

/* The leader goes with a record that nobody else has; the next one writes another at that offset. When the first comes
 * back both have the same end. Guard: the leader compares epochs (partition.c, check_divergence). */
static void kip_101_the_former_leader_gives_up_what_was_not_replicated(void)
{
	make_topic("t", ab, 2, "min.insync.replicas", "1");
	EXPECT(produce(A, "t", -1) == 0);
	AWAIT(mark_of(B, "t") == 1);
	part(A, B);
	EXPECT(produce(A, "t", 1) == 0);
	EXPECT(end_of(A, "t") == 2 && end_of(B, "t") == 1);
	broker_kill(A, ENDING_KILL);
	AWAIT(knows(B, "t", B));
	EXPECT(produce(B, "t", 1) == 0);
	end_well();
	same_logs("t", A, B);
	EXPECT(end_of(A, "t") == 2);
}

/* The same, and nothing is produced any more: the mark comes without new records. Guard: fetch_session.c, mark_told. */
static void a_former_leader_learns_the_mark_without_new_records(void)
{
	make_topic("t", ab, 2, "min.insync.replicas", "1");
	for (int i = 0; i < 3; i++)
		EXPECT(produce(A, "t", -1) == 0);
	part(A, B);
	EXPECT(produce(A, "t", 1) == 0);
	broker_kill(A, ENDING_KILL); /* its mark was not stored yet */
	AWAIT(knows(B, "t", B) && mark_of(B, "t") == 3);
	join(A, B);
	broker_boot(A);
	AWAIT(in_sync("t", A) && end_of(A, "t") == 3);
	AWAIT(mark_of(A, "t") == 3);
	end_well();
}

/* --- KIP-279: several changes of leaders --- */

/* Each of two brokers led alone, in epochs the other has never heard of, and the common part is shorter than the
 * leader's part of the common epoch. Guard: the follower looks up its own end of the epoch that the leader names
 * (follower_truncate.c, where_to_cut). */
static void kip_279_the_common_part_is_found_over_unknown_epochs(void)
{
	make_topic("t", ab, 2, "unclean.leader.election.enable", "true");
	for (int i = 0; i < 2; i++)
		EXPECT(produce(A, "t", 1) == 0);
	AWAIT(end_of(B, "t") == 2);
	part(A, B);
	for (int i = 0; i < 2; i++) /* epoch 0 at A alone: offsets 2, 3 */
		EXPECT(produce(A, "t", 1) == 0);
	broker_kill(A, ENDING_KILL);
	AWAIT(knows(B, "t", B));
	for (int i = 0; i < 4; i++) /* the next epoch at B alone: 2 to 5 */
		EXPECT(produce(B, "t", 1) == 0);
	broker_kill(B, ENDING_KILL);
	AWAIT(!is_registered(A) && !is_registered(B));
	oracle_forgive("t");
	broker_boot(A); /* not in sync: elected uncleanly */
	AWAIT(knows(A, "t", A));
	EXPECT(produce(A, "t", 1) == 0);
	join(A, B);
	end_well();
	same_logs("t", A, B);
	EXPECT(end_of(A, "t") == 5);
}

/* --- KIP-497, KAFKA-15583 and the like: who counts for the high watermark --- */

/* The controller has written the bigger set, its answer is lost: the new member may be elected already. Guard: the
 * maximal set holds the mark back (isr.c, isr_has_maximal). */
static void kip_497_a_member_counts_before_the_leader_knows(void)
{
	make_topic("t", ab, 2, "min.insync.replicas", "1");
	part(A, B);
	EXPECT(produce(A, "t", 1) == 0);
	AWAIT(!in_sync("t", B) && mark_of(A, "t") == 1);
	network_cut(C, A, true);
	join(A, B);
	AWAIT(in_sync("t", B));
	part(A, B);
	fiber_sleep_ms(6000); /* caught up no more, by time */
	EXPECT(produce(A, "t", -1) != 0);
	broker_kill(A, ENDING_KILL);
	AWAIT(leads(B, "t"));
	end_well();
}

/* The leader wants a smaller set and cannot reach the controller: the member that is cut off may be elected. Guard: a
 * smaller set counts when it is agreed on (isr.c, isr_propose_remove). */
static void kip_497_a_member_counts_until_the_controller_has_removed_it(void)
{
	make_topic("t", ab, 2, "min.insync.replicas", "1");
	EXPECT(produce(A, "t", -1) == 0);
	network_cut(A, C, true);
	part(A, B);
	EXPECT(produce(A, "t", 1) == 0);
	fiber_sleep_ms(8000);
	EXPECT(in_sync("t", B));
	EXPECT(produce(A, "t", -1) != 0);
	broker_kill(A, ENDING_KILL);
	AWAIT(leads(B, "t"));
	end_well();
}

/* Fewer in sync than min.insync.replicas: nothing is committed, whoever is left. Guard: isr.c, isr_high_watermark. */
static void kafka_15583_the_mark_waits_for_the_minimum(void)
{
	static const int32_t all[] = { A, B, 3 };

	make_topic("t", all, 3, NULL, NULL); /* min.insync.replicas=2 */
	EXPECT(produce(A, "t", -1) == 0);
	part(A, B);
	part(A, 3);
	EXPECT(produce(A, "t", 1) == 0);
	AWAIT(stored("t").isr_n == 1);
	EXPECT(produce(A, "t", 1) == 0);
	EXPECT(produce(A, "t", -1) == KERR_NOT_ENOUGH_REPLICAS);
	fiber_sleep_ms(2000);
	EXPECT(mark_of(A, "t") == 1 && end_of(A, "t") == 3);
	end_well();
	EXPECT(mark_of(A, "t") == end_of(A, "t"));
}

/* --- KAFKA-9672: a dead broker in the in-sync set --- */

/* The proposal to take a broker in is late; the broker has died meanwhile, and the controller has dealt with that.
 * Guard: alter_partition.c, all_live. */
static void kafka_9672_a_dead_broker_does_not_get_into_the_set(void)
{
	make_topic("t", ab, 2, "min.insync.replicas", "1");
	part(A, B);
	EXPECT(produce(A, "t", 1) == 0);
	AWAIT(!in_sync("t", B));
	network_cut(A, C, true);
	join(A, B);
	AWAIT(end_of(B, "t") == 1);
	fiber_sleep_ms(1000); /* it has fetched again, from the end: the leader proposes */
	broker_kill(B, ENDING_KILL);
	AWAIT(!is_registered(B));
	fiber_sleep_ms(1000);
	network_cut(A, C, false);
	for (int i = 0; i < 80; i++) {
		fiber_sleep_ms(50);
		EXPECT(!in_sync("t", B));
	}
	end_well();
}

/* --- KIP-841, KIP-903: a broker that comes back without its data --- */

/* One machine, leader and controller, loses power and is back at once. Guard: broker/rejoin.c. */
static void kip_903_a_leader_that_lost_its_data_does_not_lead_on(void)
{
	static const int32_t all[] = { C, A, B };

	make_topic("t", all, 3, NULL, NULL);
	for (int i = 0; i < 5; i++)
		EXPECT(produce(C, "t", -1) == 0);
	fiber_sleep_ms(1000);
	broker_kill(C, ENDING_POWER_ALL);
	broker_boot(C);
	AWAIT(stored("t").leader_epoch > 0);
	end_well();
	EXPECT(end_of(C, "t") == 5);
}

/* A follower loses power; before it has fetched all again the leader is gone too. It must be out of the set by then.
 * Guard: the same. */
static void kip_903_a_follower_that_lost_its_data_is_not_elected(void)
{
	static const int32_t all[] = { A, B, C };

	make_topic("t", all, 3, NULL, NULL);
	for (int i = 0; i < 5; i++)
		EXPECT(produce(A, "t", -1) == 0);
	AWAIT(end_of(B, "t") == 5 && end_of(C, "t") == 5);
	broker_kill(C, ENDING_POWER_ALL); /* the controller too: nobody in office has seen it go */
	broker_boot(C);
	AWAIT(is_registered(C) && controller_now() >= 0 && broker_is_up(C));
	EXPECT(!in_sync("t", C) || end_of(C, "t") == 5);
	broker_kill(A, ENDING_KILL);
	AWAIT(stored("t").leader >= 0 && stored("t").leader != A);
	end_well();
}

/* Then there is nobody to wait for: the first that is back decides. */
static void a_cluster_that_was_killed_as_a_whole_comes_back(void)
{
	static const int32_t all[] = { A, B, C };
	int64_t gone_ms;

	make_topic("t", all, 3, NULL, NULL);
	for (int i = 0; i < 5; i++)
		EXPECT(produce(A, "t", -1) == 0);
	for (int i = 0; i < brokers_n; i++)
		broker_kill(i, ENDING_KILL);
	for (int i = 0; i < brokers_n; i++)
		broker_boot(i);
	AWAIT(!is_registered(A) && !is_registered(B) && !is_registered(C));
	gone_ms = world_now_ms();
	AWAIT(broker_is_up(A) && broker_is_up(B) && broker_is_up(C));
	EXPECT(world_now_ms() - gone_ms < 1500);
	end_well();
	EXPECT(end_of(A, "t") == 5);
}

/* --- KIP-320, KIP-207: what a leader of the past answers --- */

/* The new leader's mark is behind what the old one showed: it says that it does not know yet, and never a smaller end.
 * Guard: partition.c, partition_end_for. */
static void kip_207_a_new_leader_does_not_show_a_smaller_end(void)
{
	int64_t end = -1, seen;

	leave_the_mark_behind();
	EXPECT(client_latest(client, A, "t", 0, -1, &seen) == 0 && seen == end_of(A, "t"));
	broker_kill(A, ENDING_KILL);
	AWAIT(knows(B, "t", B));
	EXPECT(client_latest(client, B, "t", 0, -1, &end) == KERR_OFFSET_NOT_AVAILABLE);
	join(A, B);
	broker_boot(A);
	AWAIT(client_latest(client, B, "t", 0, -1, &end) != KERR_OFFSET_NOT_AVAILABLE);
	EXPECT(end == seen);
	end_well();
}

/* Who names the leader epoch that he knows is told when it is not the broker's. Guard: partition.c, check. */
static void kip_320_other_epochs_are_refused(void)
{
	int64_t end;

	make_topic("t", ab, 2, "min.insync.replicas", "1");
	EXPECT(produce(A, "t", -1) == 0);
	zookeeper_cut(A, true);
	part(A, B);
	part(A, C);
	AWAIT(knows(B, "t", B));
	EXPECT(leads(A, "t") && epoch_of(A, "t") < epoch_of(B, "t"));
	EXPECT(client_latest(client, A, "t", 0, epoch_of(B, "t"), &end) == KERR_UNKNOWN_LEADER_EPOCH);
	EXPECT(client_latest(client, B, "t", 0, epoch_of(A, "t"), &end) == KERR_FENCED_LEADER_EPOCH);
	EXPECT(client_latest(client, A, "t", 0, epoch_of(A, "t"), &end) == 0 && end == 1);
	end_well();
	EXPECT(client_latest(client, A, "t", 0, epoch_of(A, "t"), &end) == KERR_NOT_LEADER_OR_FOLLOWER);
}

/* A leader that is cut off from everybody but a client acknowledges nothing with acks=all, and what it took otherwise is
 * given up. */
static void a_leader_cut_off_commits_nothing(void)
{
	make_topic("t", ab, 2, "min.insync.replicas", "1");
	EXPECT(produce(A, "t", -1) == 0);
	zookeeper_cut(A, true);
	part(A, B);
	part(A, C);
	AWAIT(knows(B, "t", B));
	EXPECT(leads(A, "t"));
	EXPECT(produce(A, "t", 1) == 0);
	EXPECT(produce(A, "t", -1) != 0);
	EXPECT(produce(B, "t", -1) == 0);
	end_well();
	same_logs("t", A, B);
	EXPECT(end_of(B, "t") == 2);
}

/* --- KAFKA-13407 and the like: a controller of the past --- */

/* An old controller has metadata on its way to a broker that it could not reach; the next one has told that broker the
 * truth when they arrive. Guard: control.c, check_epochs. */
static void a_former_controllers_metadata_are_not_taken(void)
{
	struct leader_view l;
	static const int32_t replicas[] = { A, 3 };

	make_topic("t", replicas, 2, "min.insync.replicas", "1");
	network_cut(C, B, true); /* its requests to B wait; answers do too */
	EXPECT(client_elect_preferred(client, C, "t", 0) >= 0);
	broker_kill(A, ENDING_KILL); /* C elects 3 and wants to tell B */
	AWAIT(leads(3, "t"));
	node_pause(C);
	AWAIT(controller_now() >= 0 && controller_now() != C);
	broker_boot(A);
	AWAIT(in_sync("t", A));
	fiber_sleep_ms(1000);
	EXPECT(client_elect_preferred(client, controller_now(), "t", 0) == 0);
	AWAIT(leads(A, "t"));
	AWAIT(client_find_leader(client, B, "t", 0, &l) && l.leader == A);
	zookeeper_cut(C, true); /* so that it does not learn of its end for a while */
	node_resume(C);
	network_cut(C, B, false);
	for (int i = 0; i < 100; i++) {
		fiber_sleep_ms(50);
		EXPECT(client_find_leader(client, B, "t", 0, &l) && l.leader == A && l.epoch == stored("t").leader_epoch);
	}
	end_well();
}

/* --- KAFKA-14190: a topic that is made again --- */

/* A topic is deleted while one of its replicas is down, and made again: nothing of the old one is left anywhere. */
static void a_topic_made_again_has_nothing_of_the_old_one(void)
{
	struct leader_view l;

	make_topic("t", ab, 2, "min.insync.replicas", "1");
	for (int i = 0; i < 3; i++)
		EXPECT(produce(A, "t", 1) == 0);
	AWAIT(end_of(B, "t") == 3);
	broker_kill(B, ENDING_KILL);
	AWAIT(!is_registered(B));
	(void)client_delete_topic(client, C, "t");
	fiber_sleep_ms(3000);
	broker_boot(B);
	AWAIT(!tree_find("/brokers/topics/t") && !tree_find("/admin/delete_topics/t"));
	AWAIT(!client_find_leader(client, A, "t", 0, &l));
	make_topic("t", ab, 2, "min.insync.replicas", "1");
	EXPECT(produce(A, "t", -1) == 0);
	end_well();
	same_logs("t", A, B);
	EXPECT(end_of(B, "t") == 1);
}

/* --- running --- */

static const struct scenario {
	const char *name;
	void (*play)(void);
	int brokers;
	uint64_t seeds;
} scenarios[] = {
#define SCENARIO(fn, brokers, seeds) { #fn, fn, brokers, seeds }
	SCENARIO(kip_101_a_follower_keeps_what_is_above_its_mark, 3, 3),
	SCENARIO(kip_101_the_former_leader_gives_up_what_was_not_replicated, 3, 3),
	SCENARIO(a_former_leader_learns_the_mark_without_new_records, 3, 3),
	SCENARIO(kip_279_the_common_part_is_found_over_unknown_epochs, 3, 3),
	SCENARIO(kip_497_a_member_counts_before_the_leader_knows, 3, 3),
	SCENARIO(kip_497_a_member_counts_until_the_controller_has_removed_it, 3, 3),
	SCENARIO(kafka_15583_the_mark_waits_for_the_minimum, 4, 3),
	SCENARIO(kafka_9672_a_dead_broker_does_not_get_into_the_set, 3, 3),
	SCENARIO(kip_903_a_leader_that_lost_its_data_does_not_lead_on, 3, 10),
	SCENARIO(kip_903_a_follower_that_lost_its_data_is_not_elected, 3, 10),
	SCENARIO(a_cluster_that_was_killed_as_a_whole_comes_back, 3, 3),
	SCENARIO(kip_207_a_new_leader_does_not_show_a_smaller_end, 3, 3),
	SCENARIO(kip_320_other_epochs_are_refused, 3, 3),
	SCENARIO(a_leader_cut_off_commits_nothing, 3, 3),
	SCENARIO(a_former_controllers_metadata_are_not_taken, 4, 3),
	SCENARIO(a_topic_made_again_has_nothing_of_the_old_one, 3, 3),
#undef SCENARIO
};

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
	struct cluster_config c = { .brokers = s->brokers, .seed = seed,
		.extra = "auto.leader.rebalance.enable=false\n" };

	playing = s;
	cluster_begin(&c);
	oracle_begin();
	(void)fiber_spawn(NODE_OUTSIDE, "conductor", conductor, NULL);
	if (!world_run(is_done, NULL, 1000000 + 600000))
		fail("no end");
	cluster_end();
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

int main(int argc, char **argv)
{
	int failed = 0;

	if (!FIBERS_WORK) {
		puts("skipped: the simulation does not run under ThreadSanitizer");
		return STATUS_SKIPPED;
	}
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		const struct scenario *s = &scenarios[i];
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
