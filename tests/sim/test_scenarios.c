/* test_scenarios.c - known ways to lose records or to end with different logs, each played step by step.
 *
 *	test_scenarios [NAME]
 *
 * A scenario runs once per seed of its row, in a process of its own; the steps are the same, the small delays between
 * them are not. The comment of each says which guard it is about: with that guard taken out it fails.
 */
#include "base/attr.h"
#include "clients.h"
#include "cluster.h"
#include "fiber.h"
#include "network.h"
#include "oracle.h"
#include "protocol/errors.h"
#include "stage.h"
#include "zookeeper.h"

/* --- KIP-101: truncation to the high watermark --- */

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

static const struct scenario scenarios[] = {
#define SCENARIO(fn, brokers, seeds) { #fn, fn, brokers, seeds, NULL }
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

int main(int argc, char **argv)
{
	return stage_main(scenarios, ARRAY_LEN(scenarios), argc, argv);
}
