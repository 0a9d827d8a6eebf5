/* test_partitions.c - partitions over real logs: roles, fences, reads, deleting, failure of a directory; the controller's
 * requests with all their answers (replication.md 4.1 to 4.3). When a record is committed: test_commit.c. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partition_priv.h"
#include "replica/partition_quiet.h"
#include "replica_fixture.h"
#include "storage/log_config.h"
#include "storage/log_dirs.h"

static void a_lone_leader_appends_and_serves(void **state)
{
	struct partition *p = fixture_lead("t", 0);
	struct partition_read q = fixture_consumer(0);
	unsigned moved;
	int64_t last;
	size_t len;
	int16_t error;

	(void)state;
	assert_int_equal(0, fixture_append(p, 3, -1, &last, &moved));
	assert_int_equal(2, last);
	assert_int_equal(MOVED_END | MOVED_HIGH_WATERMARK, moved);
	assert_true(partition_check_acks(p, 3, &error));
	assert_int_equal(0, error);
	assert_false(partition_check_acks(p, 4, &error));
	assert_int_equal(0, fixture_read(p, &q, &len, NULL));
	assert_true(len > 61);
	q.offset = 3;
	assert_int_equal(0, fixture_read(p, &q, &len, NULL));
	assert_int_equal(0, len);
	q.offset = 4;
	assert_int_equal(KERR_OFFSET_OUT_OF_RANGE, fixture_read(p, &q, NULL, NULL));
	assert_int_equal(-1, partition_available(p, &q));
	q.offset = 0;
	assert_true(partition_available(p, &q) > 61);
	partition_unref(p);
}

static void epochs_fence_readers(void **state)
{
	struct partition *p = fixture_lead("t", 0);
	struct fixture_decision d = { .topic = "t", .leader_epoch = 5, .partition_epoch = 1, .replicas_n = 1,
				      .isr_n = 1 };
	struct partition_read q = fixture_consumer(0);

	(void)state;
	assert_int_equal(0, fixture_decide(&d, NULL));
	q.leader_epoch = 4;
	assert_int_equal(KERR_FENCED_LEADER_EPOCH, fixture_read(p, &q, NULL, NULL));
	q.leader_epoch = 6;
	assert_int_equal(KERR_UNKNOWN_LEADER_EPOCH, fixture_read(p, &q, NULL, NULL));
	q.leader_epoch = 5;
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL));
	q.topic_id = fixture_topic_id("other");
	assert_int_equal(KERR_INCONSISTENT_TOPIC_ID, fixture_read(p, &q, NULL, NULL));
	partition_unref(p);
}

static void divergence_is_told(void **state)
{
	struct partition *p = fixture_lead("t", 0);
	struct fixture_decision d = { .topic = "t", .leader_epoch = 3, .partition_epoch = 1, .replicas_n = 1,
				      .isr_n = 1 };
	struct partition_read q = fixture_consumer(5);
	struct partition_data data;
	unsigned moved;

	(void)state;
	assert_int_equal(0, fixture_append(p, 4, -1, NULL, NULL));
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(0, fixture_append(p, 4, -1, NULL, NULL));
	q.last_fetched_epoch = 2; /* we know 0 up to 4, then 3 */
	assert_int_equal(0, partition_read(p, &q, &rf.arena, &data, &moved));
	assert_true(data.diverging);
	assert_int_equal(0, data.diverging_epoch);
	assert_int_equal(4, data.diverging_end);
	assert_int_equal(-1, partition_available(p, &q));
	q.last_fetched_epoch = 3;
	assert_int_equal(0, partition_read(p, &q, &rf.arena, &data, &moved));
	assert_false(data.diverging);
	log_slice_fini(&data.slice);
	partition_unref(p);
}

static void a_follower_refuses(void **state)
{
	struct partition *p = fixture_lead_three("t", 3);
	struct fixture_decision d = { .topic = "t", .leader = 1, .leader_epoch = 1, .partition_epoch = 1,
				      .replicas_n = 3, .isr_n = 3 };
	struct partition_read q = fixture_consumer(0);
	int32_t leader, epoch;
	int16_t error;

	(void)state;
	assert_int_equal(0, fixture_append(p, 1, 1, NULL, NULL));
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, fixture_append(p, 1, 1, NULL, NULL));
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, fixture_read(p, &q, NULL, NULL));
	q.leader_only = false;
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL)); /* KIP-392 */
	assert_true(partition_check_acks(p, 1, &error));
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, error);
	partition_leader(p, &leader, &epoch);
	assert_int_equal(1, leader);
	assert_int_equal(1, epoch);
	partition_unref(p);
}

static void leader_and_isr_answers(void **state)
{
	struct fixture_decision d = { .topic = "t", .leader_epoch = 3, .partition_epoch = 2, .replicas_n = 1,
				      .isr_n = 1, .is_new = true, .controller_epoch = 5 };
	int16_t top;

	(void)state;
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(KERR_STALE_CONTROLLER_EPOCH, fixture_decide(&d, &top)); /* a repeat: ignored */
	assert_int_equal(0, top);
	d.leader_epoch = 2;
	assert_int_equal(KERR_STALE_CONTROLLER_EPOCH, fixture_decide(&d, &top));
	d.leader_epoch = 4;
	d.controller_epoch = 4;
	assert_int_equal(KERR_STALE_CONTROLLER_EPOCH, fixture_decide(&d, &top));
	assert_int_equal(KERR_STALE_CONTROLLER_EPOCH, top);
	d.controller_epoch = 6;
	partitions_set_broker_epoch(rf.partitions, 100);
	d.broker_epoch = 99;
	assert_int_equal(KERR_STALE_BROKER_EPOCH, fixture_decide(&d, &top));
	assert_int_equal(KERR_STALE_BROKER_EPOCH, top);
	d.broker_epoch = 101; /* the controller may know of the registration first */
	d.topic_id = fixture_topic_id("recreated");
	assert_int_equal(KERR_INCONSISTENT_TOPIC_ID, fixture_decide(&d, &top));
	d.topic_id = UUID_ZERO;
	assert_int_equal(0, fixture_decide(&d, &top));
	d.topic = "u";
	d.replicas_n = d.isr_n = 0; /* we are no replica */
	assert_int_equal(KERR_UNKNOWN_TOPIC_OR_PARTITION, fixture_decide(&d, &top));
	d.topic = "../t";
	assert_int_equal(KERR_INVALID_TOPIC_EXCEPTION, fixture_decide(&d, &top));
	assert_int_equal(6, partitions_controller_epoch(rf.partitions));
}

static void an_old_partition_epoch_is_skipped(void **state)
{
	struct partition *p = fixture_lead("t", 0);
	struct fixture_decision d = { .topic = "t", .leader_epoch = 1, .partition_epoch = 7, .replicas_n = 1,
				      .isr_n = 1 };
	struct partition_view v;

	(void)state;
	assert_int_equal(0, fixture_decide(&d, NULL));
	d.leader_epoch = 2;
	d.partition_epoch = 6;
	assert_int_equal(0, fixture_decide(&d, NULL)); /* silently */
	partition_view(p, &v);
	assert_int_equal(1, v.leader_epoch);
	assert_int_equal(7, v.partition_epoch);
	partition_unref(p);
}

/* KAFKA-1647: the log is made, so that its mark stays in the checkpoint; role and epoch wait. */
static void no_living_leader_makes_only_the_log(void **state)
{
	struct fixture_decision d = { .topic = "t", .leader = -1, .leader_epoch = 4, .replicas_n = 2, .isr_n = 1,
				      .is_new = true };
	struct partition_view v;
	struct partition *p;
	struct log *log;

	(void)state;
	fixture_metadata("t", 0, -1, 4, 2);
	assert_int_equal(0, fixture_decide(&d, NULL));
	p = partitions_get(rf.partitions, STR("t"), 0);
	partition_view(p, &v);
	assert_int_equal(-1, v.leader_epoch);
	log = partition_log(p);
	assert_non_null(log);
	log_unref(log);
	partition_unref(p);
}

static void stop_replica_answers(void **state)
{
	struct partition *p = fixture_lead("t", 0);
	struct fixture_decision d = { .topic = "t", .leader_epoch = 3, .partition_epoch = 1, .replicas_n = 1,
				      .isr_n = 1 };
	struct log *log;

	(void)state;
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(KERR_FENCED_LEADER_EPOCH, fixture_stop("t", 0, 2, true));
	assert_int_equal(0, fixture_stop("t", 0, 3, false)); /* stays, with its epoch */
	assert_int_equal(KERR_STALE_CONTROLLER_EPOCH, fixture_decide(&d, NULL));
	assert_int_equal(0, fixture_stop("t", 0, -2, true));
	assert_null(partitions_get(rf.partitions, STR("t"), 0));
	log = log_dirs_get(rf.log_dirs, "t", 0);
	assert_null(log);
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, fixture_append(p, 1, 1, NULL, NULL));
	assert_int_equal(0, fixture_stop("nobody-knows", 3, -1, true));
	assert_int_equal(KERR_INVALID_TOPIC_EXCEPTION, fixture_stop("a/../../b", 0, -1, true));
	partition_unref(p);
}

static void hosted_or_not(void **state)
{
	struct partition *p = fixture_lead("t", 0), *found;
	struct image *image;

	(void)state;
	fixture_metadata("elsewhere", 0, 0, 0, 1);
	image = metadata_image(rf.metadata);
	assert_int_equal(0, partitions_find(rf.partitions, image, STR("t"), 0, &found));
	assert_ptr_equal(p, found);
	partition_unref(found);
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER,
			 partitions_find(rf.partitions, image, STR("elsewhere"), 0, &found));
	assert_int_equal(KERR_UNKNOWN_TOPIC_OR_PARTITION,
			 partitions_find(rf.partitions, image, STR("nowhere"), 0, &found));
	partitions_dir_offline(rf.partitions, rf.dir);
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, partitions_find(rf.partitions, image, STR("t"), 0, &found));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, fixture_append(p, 1, 1, NULL, NULL));
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, fixture_stop("t", 0, -1, true));
	image_unref(image);
	partition_unref(p);
}

static void records_are_deleted(void **state)
{
	struct partition *p = fixture_lead("t", 0);
	int64_t offset, low;
	unsigned moved;
	int16_t error;

	(void)state;
	assert_int_equal(0, fixture_append(p, 10, -1, NULL, NULL));
	assert_int_equal(KERR_OFFSET_OUT_OF_RANGE, partition_delete_records(p, 11, &offset, &low, &moved));
	assert_int_equal(KERR_OFFSET_OUT_OF_RANGE, partition_delete_records(p, -2, &offset, &low, &moved));
	assert_int_equal(0, partition_delete_records(p, 4, &offset, &low, &moved));
	assert_int_equal(4, low);
	assert_int_equal(MOVED_LOW_WATERMARK, moved);
	assert_int_equal(0, partition_delete_records(p, -1, &offset, &low, &moved));
	assert_int_equal(10, offset);
	assert_true(partition_check_low(p, 10, &low, &error));
	assert_int_equal(10, low);
	partition_unref(p);
	rf.compact = true;
	p = fixture_lead("compacted", 0);
	assert_int_equal(KERR_POLICY_VIOLATION, partition_delete_records(p, 0, &offset, &low, &moved));
	partition_unref(p);
}

static bool is_deleted(void *arg, int32_t which UNUSED)
{
	int64_t low;
	int16_t error;

	return partition_check_low(arg, 1, &low, &error);
}

static bool deletion_told;

static void tell_deletion(void *arg UNUSED, enum delayed_end end)
{
	deletion_told = end == DELAYED_DONE;
}

/* Replica 2 keeps its records, and the request waits for it as long as its broker lives. */
static void a_deletion_does_not_wait_for_who_left(void **state)
{
	static const struct delayed_class waiting = { is_deleted, tell_deletion };
	const struct delayed_key key = { DELAYED_DELETE_RECORDS, STR("t"), 0 };
	struct partition *p = fixture_lead_three("t", 3);
	struct partition_read q;
	int64_t offset, low;
	unsigned moved;

	(void)state;
	assert_int_equal(0, fixture_append(p, 1, -1, NULL, NULL));
	for (int32_t broker = 1; broker <= 2; broker++) {
		q = fixture_follower(broker, 1);
		assert_int_equal(0, fixture_read(p, &q, NULL, NULL));
	}
	assert_int_equal(0, partition_delete_records(p, 1, &offset, &low, &moved));
	deletion_told = false;
	delayed_add(rf.delayed, &waiting, p, &key, 1, clock_mono_ms(&clock_real) + 60000);
	q = fixture_follower(1, 1);
	q.follower_start = 1;
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL));
	fixture_brokers(3);
	assert_false(deletion_told);
	fixture_brokers(2);
	assert_true(deletion_told);
	partition_unref(p);
}

static void a_restart_keeps_the_high_watermark(void **state)
{
	struct fixture_decision d = { .topic = "t", .leader_epoch = 1, .partition_epoch = 0, .replicas_n = 1,
				      .isr_n = 1 };
	struct partition *p = fixture_lead("t", 0);

	(void)state;
	assert_int_equal(0, fixture_append(p, 10, -1, NULL, NULL));
	partition_unref(p);
	replica_fixture_restart();
	assert_null(partitions_get(rf.partitions, STR("t"), 0));
	assert_int_equal(0, fixture_decide(&d, NULL));
	p = partitions_get(rf.partitions, STR("t"), 0);
	assert_int_equal(10, fixture_high_watermark(p));
	partition_unref(p);
}

/* A fresh leader of several replicas does not know yet what was committed (KIP-207). */
static void latest_waits_for_the_epoch_start(void **state)
{
	struct partition *p = fixture_lead_three("t", 3);
	struct log *log = partition_log(p);
	struct fixture_decision d = { .topic = "t", .leader_epoch = 1, .partition_epoch = 1, .replicas_n = 3,
				      .isr_n = 3 };
	int64_t end;

	(void)state;
	assert_int_equal(0, fixture_append(p, 10, 1, NULL, NULL));
	assert_int_equal(0, partition_end_for(p, log, FETCH_HIGH_WATERMARK, &end));
	assert_int_equal(0, end);
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(KERR_OFFSET_NOT_AVAILABLE, partition_end_for(p, log, FETCH_HIGH_WATERMARK, &end));
	assert_int_equal(0, partition_end_for(p, log, FETCH_LOG_END, &end));
	assert_int_equal(10, end);
	log_unref(log);
	partition_unref(p);
}

static char told[512]; /* what the leadership listener heard, one after the other */

static void tell(const char *what, struct str topic, int32_t index, int32_t epoch)
{
	size_t n = strlen(told);

	(void)snprintf(told + n, sizeof(told) - n, "%s %.*s-%d %d; ", what, STR_ARG(topic), (int)index, (int)epoch);
}

static void on_elected(void *arg, struct str topic, int32_t index, int32_t epoch)
{
	(void)arg;
	tell("elected", topic, index, epoch);
}

static void on_resigned(void *arg, struct str topic, int32_t index, int32_t epoch)
{
	(void)arg;
	tell("resigned", topic, index, epoch);
}

static void on_deleted(void *arg, struct str topic, int32_t index)
{
	(void)arg;
	tell("deleted", topic, index, 0);
}

static const char *heard(void)
{
	static char copy[sizeof(told)];

	memcpy(copy, told, sizeof(told));
	told[0] = '\0';
	return copy;
}

static void coordinators_are_told_of_leadership(void **state)
{
	struct fixture_decision d = { .topic = "t", .index = 3, .replicas_n = 2, .isr_n = 1, .is_new = true };
	struct leadership_listener l = { .elected = on_elected, .resigned = on_resigned, .deleted = on_deleted };

	(void)state;
	rf.leadership = l;
	(void)heard();
	fixture_brokers(2);
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_string_equal("elected t-3 0; ", heard());
	assert_int_equal(KERR_STALE_CONTROLLER_EPOCH, fixture_decide(&d, NULL)); /* a repeat */
	d.leader_epoch = d.partition_epoch = 1; /* leader all along */
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_string_equal("", heard());
	d.leader_epoch = d.partition_epoch = 2;
	d.leader = 1;
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_string_equal("resigned t-3 2; ", heard());
	d.leader_epoch = d.partition_epoch = 3;
	d.leader = 7; /* not alive: nothing changes */
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_string_equal("", heard());
	d.leader_epoch = d.partition_epoch = 4;
	d.leader = 0;
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_string_equal("elected t-3 4; ", heard());
	assert_int_equal(0, fixture_stop("t", 3, 5, false));
	assert_string_equal("", heard());
	assert_int_equal(KERR_FENCED_LEADER_EPOCH, fixture_stop("t", 3, 3, true));
	assert_string_equal("", heard());
	assert_int_equal(0, fixture_stop("t", 3, -2, true));
	fixture_metadata("t", 3, -2, 5, 2);
	assert_string_equal("resigned t-3 -1; deleted t-3 0; ", heard());
	partition_unref(fixture_lead("u", 0));
	assert_string_equal("elected u-0 0; ", heard());
	partitions_dir_offline(rf.partitions, rf.dir);
	assert_string_equal("resigned u-0 -1; ", heard());
}

static atomic_bool appenders_stop;
static atomic_int appended;

static void *appender(void *arg)
{
	struct partition *p = arg;
	struct arena arena;

	arena_init(&arena, 0);
	while (!atomic_load(&appenders_stop)) {
		struct buf *b = fixture_batch(2);
		struct log_append_info info;
		unsigned moved;
		int r = partition_append(p, b->data, b->len, 1, APPEND_CLIENT, 9, &arena, &info, &moved);

		if (r == 0)
			atomic_fetch_add(&appended, 2);
		else if (r != KERR_NOT_LEADER_OR_FOLLOWER)
			abort();
		buf_unref(b);
	}
	arena_fini(&arena);
	return NULL;
}

/* --- where nothing happens --- */

enum { BY_1 = 7, SESSION = 4711, LATER_MS = 1 }; /* broker 1's connection and fetch session */

/* Has broker 1 fetched all there is twice? Then it has everything, and was told that all of it is committed. */
static struct partition *followed_to_the_end(struct quiet_point *ret)
{
	struct partition *p = fixture_lead_three("t", 2);
	struct partition_read q = fixture_follower(1, 2);

	assert_int_equal(0, fixture_append(p, 2, 1, NULL, NULL));
	q.leader_epoch = 0;
	q.connection = BY_1;
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL));
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL));
	assert_int_equal(2, fixture_high_watermark(p));
	*ret = (struct quiet_point){ .leader_epoch = 0, .start = 0, .end = 2 };
	return p;
}

static bool fetched_quietly(struct partition *p, const struct quiet_point *q, int32_t broker)
{
	struct quiet_fetcher by = { broker, SESSION, -1, BY_1, clock_mono_ms(&clock_real) + LATER_MS };

	return partition_fetched_quietly(p, q, &by);
}

static void a_quiet_follower_is_heard_of(void **state)
{
	struct quiet_point at;
	struct partition *p = followed_to_the_end(&at);
	const struct remote_replica *x = &p->isr.remotes[0];
	struct partition_read q = fixture_follower(2, 2);
	struct remote_replica before = *x;

	(void)state;
	assert_int_equal(1, before.broker_id);
	assert_true(partition_is_quiet(p, &at));
	assert_true(partition_is_at(p, 0, 2));
	assert_true(fetched_quietly(p, &at, 1));
	assert_true(x->last_fetch_ms > before.last_fetch_ms);
	assert_true(x->last_caught_up_ms > before.last_caught_up_ms);
	assert_int_equal(before.last_fetch_ms, x->previous_fetch_ms);
	q.connection = BY_1 + 1;
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL));
	assert_false(fetched_quietly(p, &at, 2)); /* has everything and is out of sync: only reading lets it in again */
	partition_unref(p);
}

static void what_has_moved_is_not_quiet(void **state)
{
	struct quiet_point at, other;
	struct partition *p = followed_to_the_end(&at);
	struct partition_read q = fixture_follower(1, 0);

	(void)state;
	other = at;
	other.leader_epoch = 1;
	assert_false(fetched_quietly(p, &other, 1));
	assert_false(partition_is_at(p, 1, 2));
	other = at;
	other.start = 1;
	assert_false(fetched_quietly(p, &other, 1));
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL)); /* back at the beginning */
	assert_false(fetched_quietly(p, &at, 1));
	assert_int_equal(0, fixture_append(p, 1, 1, NULL, NULL));
	assert_false(fetched_quietly(p, &at, 1));
	assert_false(partition_is_at(p, 0, 2));
	at.end = 3; /* not committed yet */
	assert_true(partition_is_at(p, 0, 3));
	assert_false(partition_is_quiet(p, &at));
	partition_stop(p);
	assert_false(partition_is_at(p, 0, 3));
	partition_unref(p);
}

static void quiet_partitions_know_their_sessions(void **state)
{
	struct quiet_point at;
	struct partition *p = followed_to_the_end(&at);
	struct partition_read q = fixture_follower(1, 2);
	int32_t ids[2], from = 0;

	(void)state;
	assert_int_equal(0, partition_quiet_sessions(p, &from, ids, 2));
	assert_true(fetched_quietly(p, &at, 1));
	from = 0;
	assert_int_equal(1, partition_quiet_sessions(p, &from, ids, 1));
	assert_int_equal(SESSION, ids[0]);
	assert_int_equal(0, partition_quiet_sessions(p, &from, ids, 1));
	assert_int_equal(0, fixture_read(p, &q, NULL, NULL)); /* it watches the partition itself now */
	from = 0;
	assert_int_equal(0, partition_quiet_sessions(p, &from, ids, 2));
	partition_unref(p);
}

struct followed {
	int calls;
	struct uuid topic_id;
};

static void note_followed(void *arg, struct partition *p UNUSED, const struct image_broker *leader UNUSED,
    int32_t leader_epoch UNUSED, struct uuid topic_id)
{
	struct followed *f = arg;

	f->calls++;
	f->topic_id = topic_id;
}

/* The next controller has an inter.broker.protocol.version without topic ids: it has told the leader none either, which
 * would answer UNKNOWN_TOPIC_ID to a fetch by the id that our log remembers. */
static void a_leader_is_asked_by_the_name_that_the_controller_uses(void **state)
{
	struct fixture_decision d = { .topic = "t", .leader = 1, .replicas_n = 2, .isr_n = 2, .is_new = true };
	struct followed f = { .calls = 0 };
	struct partitions_fetching fetching = { .follow = note_followed, .arg = &f };

	(void)state;
	partitions_set_fetching(rf.partitions, &fetching);
	fixture_brokers(2);
	fixture_metadata("t", 0, 1, 0, 2);
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(1, f.calls);
	assert_true(uuid_eq(fixture_topic_id("t"), f.topic_id));
	d.no_topic_id = true;
	d.leader_epoch = d.partition_epoch = 1;
	assert_int_equal(0, fixture_decide(&d, NULL));
	assert_int_equal(2, f.calls);
	assert_true(uuid_is_zero(f.topic_id));
	partitions_follow_again(rf.partitions); /* as the metadata have it */
	assert_int_equal(3, f.calls);
	assert_true(uuid_eq(fixture_topic_id("t"), f.topic_id));
}

static int told_over(uint64_t connection, int32_t controller_epoch)
{
	struct update_metadata_request req = { .controller_id = 1, .controller_epoch = controller_epoch, .broker_epoch = -1 };

	return partitions_update_metadata(rf.partitions, connection, &req);
}

/* It waited in a socket while we slept, and the controller has connected again since. */
static void what_came_over_an_earlier_connection_is_overtaken(void **state)
{
	(void)state;
	assert_int_equal(0, told_over(7, 5));
	assert_int_equal(0, told_over(9, 5));
	assert_int_equal(-ESTALE, told_over(7, 5));
	assert_int_equal(0, told_over(9, 5));
	assert_int_equal(0, told_over(8, 6)); /* another controller */
	assert_int_equal(0, told_over(9, 6));
	assert_int_equal(-ESTALE, told_over(8, 6));
}

/* Appends while the controller moves leadership away and back: every append is wholly under one epoch, none is lost,
 * nothing hangs. */
static void leadership_changes_under_load(void **state)
{
	struct partition *p = fixture_lead_three("t", 1);
	struct fixture_decision d = { .topic = "t", .replicas_n = 3, .isr_n = 1 };
	struct partition_view v;
	pthread_t t[3];

	(void)state;
	atomic_store(&appenders_stop, false);
	atomic_store(&appended, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, appender, p));
	for (int32_t epoch = 1; epoch <= 60; epoch++) {
		d.leader = epoch % 2;
		d.leader_epoch = d.partition_epoch = epoch;
		assert_int_equal(0, fixture_decide(&d, NULL));
		usleep(200);
	}
	atomic_store(&appenders_stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	partition_view(p, &v);
	assert_int_equal(atomic_load(&appended), v.end_offset);
	partition_unref(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, replica_fixture_setup, replica_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_lone_leader_appends_and_serves),
		T(epochs_fence_readers),
		T(divergence_is_told),
		T(a_follower_refuses),
		T(what_came_over_an_earlier_connection_is_overtaken),
		T(a_quiet_follower_is_heard_of),
		T(what_has_moved_is_not_quiet),
		T(quiet_partitions_know_their_sessions),
		T(a_leader_is_asked_by_the_name_that_the_controller_uses),
		T(leader_and_isr_answers),
		T(an_old_partition_epoch_is_skipped),
		T(no_living_leader_makes_only_the_log),
		T(stop_replica_answers),
		T(hosted_or_not),
		T(records_are_deleted),
		T(a_deletion_does_not_wait_for_who_left),
		T(a_restart_keeps_the_high_watermark),
		T(latest_waits_for_the_epoch_start),
		T(coordinators_are_told_of_leadership),
		T(leadership_changes_under_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
