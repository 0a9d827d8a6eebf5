/* test_takeovers.c - what can go wrong between the end of one leadership and the next: epochs without records, in-sync sets
 * on their way, leaders that sleep, producers between two of them. Each is played step by step, as in test_scenarios.c.
 *
 *	test_takeovers [NAME]
 */
#include <string.h>

#include "base/attr.h"
#include "clients.h"
#include "cluster.h"
#include "disk.h"
#include "fiber.h"
#include "network.h"
#include "oracle.h"
#include "protocol/errors.h"
#include "stage.h"
#include "zookeeper.h"

/* How in-sync sets are written, and where to cut is found out: by the controller and on Fetch; by the leader in ZooKeeper
 * and by OffsetForLeaderEpoch. */
#define NEW NULL
#define OLD "inter.broker.protocol.version=2.6\n"

/* --- KAFKA-7415: a leader that has not written in its epoch yet --- */

/* A and B have led alone in turn and have different records at one offset; A leads again and writes nothing. Asked for B's
 * epoch, which is later than any that A has records of, it must say where its own begins. Guard: the new epoch is noted
 * before it has records (partition.c, partition_make_leader). Without it the follower asks for ever. */
static void kafka_7415_a_leader_knows_its_epoch_before_it_has_records(void)
{
	make_topic("t", ab, 2, "unclean.leader.election.enable", "true");
	EXPECT(produce(A, "t", 1) == 0);
	AWAIT(end_of(B, "t") == 1);
	part(A, B);
	EXPECT(produce(A, "t", 1) == 0);
	broker_kill(A, ENDING_KILL);
	AWAIT(knows(B, "t", B));
	EXPECT(produce(B, "t", 1) == 0);
	broker_kill(B, ENDING_KILL);
	AWAIT(!is_registered(A) && !is_registered(B));
	oracle_forgive("t");
	broker_boot(A);
	AWAIT(knows(A, "t", A));
	EXPECT(end_of(A, "t") == 2);
	end_well();
	same_logs("t", A, B);
	EXPECT(end_of(A, "t") == 2);
}

/* The leader is to be the first of these, which the controller has in its set. */
static void prefer(int first, int second)
{
	const int32_t order[] = { first, second };

	EXPECT(client_reassign(client, C, "t", 0, order, 2) == 0);
	EXPECT(client_elect_preferred(client, C, "t", 0) == 0);
	AWAIT(leads(first, "t") && stored("t").leader == first && epoch_of(first, "t") == stored("t").leader_epoch);
}

/* B led for a moment, in sync and cut off from A; its mark is behind what was acknowledged. It follows A again, cuts off
 * what it wrote alone, and is elected before it has fetched anything. Had it cut at its mark, since A had no answer for
 * B's epoch, the acknowledged record would be gone. Guard: the same. */
static void kafka_7415_a_former_leader_does_not_cut_at_its_mark(void)
{
	leave_the_mark_behind();
	prefer(B, A);
	EXPECT(produce(B, "t", 1) == 0);
	prefer(A, B);
	EXPECT(in_sync("t", B));
	join(A, B);
	AWAIT(end_of(B, "t") <= end_of(A, "t"));
	broker_kill(A, ENDING_KILL);
	AWAIT(leads(B, "t"));
	end_well();
}

/* --- KAFKA-7837: a directory that has failed --- */

/* A follower is cut off, and the leader's directory fails before the follower is late. The leader must not take it out of
 * the set any more, or nobody could be elected. Guard: whose directory has failed leads nothing from then on, before the
 * controller says so (partitions.c, set_offline_if_in). */
static void kafka_7837_a_failed_directory_takes_nobody_out_of_the_set(void)
{
	make_topic("t", ab, 2, "min.insync.replicas", "1");
	EXPECT(produce(A, "t", -1) == 0);
	zookeeper_cut(A, true); /* which would tell the controller */
	part(A, B);
	EXPECT(produce(A, "t", 1) == 0);
	fiber_sleep_ms(500);
	disk_break(A, 0); /* where the first log goes; the other goes on */
	EXPECT(produce(A, "t", 1) == KERR_KAFKA_STORAGE_ERROR);
	for (int64_t until = world_now_ms() + 10000; world_now_ms() < until && !leads(B, "t"); fiber_sleep_ms(20))
		EXPECT(in_sync("t", B));
	EXPECT(leads(B, "t"));
	disk_repair(A);
	if (!broker_is_gone(A))
		broker_kill(A, ENDING_KILL);
	end_well();
	same_logs("t", A, B);
}

/* --- an in-sync set that is late --- */

/* The leader wants to take a late follower out and cannot say so; meanwhile that follower is elected. The late word must not
 * count: nobody would be in the set but a leader of the past. Guards: alter_partition.c, check: epochs, and that it is the
 * leader who asks; and the state is written on condition of the proposal's partition epoch, there (new) and in isr_writer.c,
 * write_all (old). */
static void a_late_set_does_not_undo_an_election(void)
{
	make_topic("t", ab, 2, "min.insync.replicas", "1");
	EXPECT(produce(A, "t", -1) == 0);
	part(A, B);
	EXPECT(produce(A, "t", 1) == 0);
	fiber_sleep_ms(3500); /* replica.lag.time.max.ms is 4000, and is looked at each 2000 */
	zookeeper_cut(A, true);
	part(A, C);
	fiber_sleep_ms(2700);
	EXPECT(in_sync("t", B) && leads(A, "t"));
	prefer(B, A);
	EXPECT(leads(A, "t"));
	zookeeper_cut(A, false);
	join(A, C);
	for (int i = 0; i < 150; i++) {
		fiber_sleep_ms(20);
		EXPECT(stored("t").leader == B && stored("t").leader_epoch == epoch_of(B, "t") && in_sync("t", B));
	}
	EXPECT(epoch_of(A, "t") == epoch_of(B, "t"));
	EXPECT(produce(B, "t", 1) == 0);
	end_well();
	same_logs("t", A, B);
	EXPECT(end_of(B, "t") == 2);
}

/* --- producers with sequence numbers --- */

struct sender {
	int64_t id;
	int16_t epoch;
	int32_t sequence;
};

static void sender_begin(struct sender *s)
{
	*s = (struct sender){ .sequence = 0 };
	AWAIT(client_init_producer_id(client, C, &s->id, &s->epoch) == 0);
}

/* One record at `sequence`, which is also its number: 0, an error code, or -errno. */
static int send_at(const struct sender *s, int broker, int32_t sequence)
{
	uint64_t value = UINT64_C(1) << 32 | (uint64_t)(sequence + 1);
	struct batch_spec spec = { .producer_id = s->id, .producer_epoch = s->epoch, .sequence = sequence, .values = &value,
		.n = 1 };
	struct leader_view l;
	int64_t base = -1;
	int r = client_produce(client, broker, "t", 0, -1, &spec, &base);

	trace("--- sequence number %d sent to broker %d: %s", (int)sequence, broker,
	    r > 0 ? kerr_name((int16_t)r) : r < 0 ? strerror(-r) : "acknowledged");
	if (r == 0 && client_find_leader(client, broker, "t", 0, &l))
		oracle_acknowledged(l.topic_id, "t", 0, base, &value, 1);
	return r;
}

static int send_next(struct sender *s, int broker)
{
	int r = send_at(s, broker, s->sequence);

	s->sequence += r == 0;
	return r;
}

/* The leader sleeps past its session, with a write and fetches of its followers in its sockets. The producer goes on with the
 * next leader, and comes back to the first with old metadata when that is awake and has heard of nothing. It misses
 * records that the producer knows to be written: to say that the number is out of order would end the producer. Guard:
 * partition.c, may_be_replaced, and isr.c, isr_proves_leadership: what was in the sockets proves nothing. */
static void a_leader_that_slept_does_not_end_a_producer(void)
{
	static const int32_t all[] = { A, B, 3 };
	struct sender s;

	make_topic("t", all, 3, NULL, NULL); /* min.insync.replicas=2 */
	sender_begin(&s);
	for (int i = 0; i < 2; i++)
		EXPECT(send_next(&s, A) == 0);
	node_pause(A);
	EXPECT(send_next(&s, A) < 0);
	AWAIT(knows(B, "t", B));
	for (int i = 0; i < 3; i++)
		EXPECT(send_next(&s, B) == 0);
	zookeeper_cut(A, true);
	part(A, C);
	node_resume(A);
	for (int i = 0; i < 40; i++) {
		EXPECT(send_next(&s, A) == KERR_NOT_LEADER_OR_FOLLOWER);
		EXPECT(leads(A, "t"));
		fiber_sleep_ms((int64_t)world_random(100));
	}
	EXPECT(send_next(&s, B) == 0);
	end_well();
	same_logs("t", A, B);
	EXPECT(end_of(B, "t") == 6);
}

/* Only a moment passes until a leader in office is sure of it, and says what is wrong with the number. Guard: the same: who
 * always doubts himself fails here. */
static void a_skipped_sequence_number_is_named(void)
{
	static const int32_t all[] = { A, B, 3 };
	int64_t since;
	struct sender s;
	int r;

	make_topic("t", all, 3, NULL, NULL);
	sender_begin(&s);
	EXPECT(send_next(&s, A) == 0);
	since = world_now_ms();
	while ((r = send_at(&s, A, 5)) == KERR_NOT_LEADER_OR_FOLLOWER) {
		EXPECT(world_now_ms() - since < 3000);
		fiber_sleep_ms(100);
	}
	EXPECT(r == KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	EXPECT(send_next(&s, A) == 0);
	end_well();
	EXPECT(end_of(A, "t") == 2);
}

/* --- running --- */

static const struct scenario scenarios[] = {
#define SCENARIO(fn, brokers, seeds, settings) { #fn, fn, brokers, seeds, settings }
	SCENARIO(kafka_7415_a_leader_knows_its_epoch_before_it_has_records, 3, 3, NEW),
	SCENARIO(kafka_7415_a_former_leader_does_not_cut_at_its_mark, 3, 5, OLD),
	SCENARIO(kafka_7837_a_failed_directory_takes_nobody_out_of_the_set, 3, 3, NEW),
	SCENARIO(a_late_set_does_not_undo_an_election, 3, 3, NEW),
	SCENARIO(a_late_set_does_not_undo_an_election, 3, 3, OLD),
	SCENARIO(a_leader_that_slept_does_not_end_a_producer, 4, 10, "replica.socket.timeout.ms=1000\n"),
	SCENARIO(a_skipped_sequence_number_is_named, 4, 3, NEW),
	SCENARIO(a_skipped_sequence_number_is_named, 4, 3, "inter.broker.protocol.version=1.0\nlog.message.format.version=1.0\n"),
#undef SCENARIO
};

int main(int argc, char **argv)
{
	return stage_main(scenarios, ARRAY_LEN(scenarios), argc, argv);
}
