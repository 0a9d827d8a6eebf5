/* replica_fixture.h - the inside of a broker without network and ZooKeeper: log directories in a temporary place,
 * metadata, partitions, waiting requests, fetch sessions. The test plays the controller.
 */
#ifndef TESTS_REPLICA_FIXTURE_H
#define TESTS_REPLICA_FIXTURE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "replica/partitions.h"

struct buf;
struct fetch_sessions;
struct log_config;
struct scheduler;

struct replica_fixture {
	char dir[64];
	struct worker_pool *workers;
	struct scheduler *scheduler;
	struct log_dirs *log_dirs;
	struct metadata *metadata;
	struct delayed *delayed;
	struct partitions *partitions;
	struct fetch_sessions *sessions;
	struct arena arena; /* scratch, emptied at the end */
	struct leadership_listener leadership; /* set by a test that wants to be told */
	/* what the next log gets */
	int32_t min_insync_replicas;
	int32_t max_message_bytes;
	int compression_type;
	int8_t record_format;
	bool compact;
	bool log_append_time;
};

extern struct replica_fixture rf;

int replica_fixture_setup(void **state);
int replica_fixture_teardown(void **state);
/* Closes the log directories and opens them again, with an empty table of partitions. */
void replica_fixture_restart(void);

/* Brokers 0 (ourselves) to n-1 are alive; each has PLAINTEXT at host<id>:9092. */
void fixture_brokers(int32_t n);
struct uuid fixture_topic_id(const char *topic);
/* UpdateMetadata: the partition with this leader, replicas 0 .. replicas_n-1, all in sync. */
void fixture_metadata(const char *topic, int32_t index, int32_t leader, int32_t leader_epoch, int32_t replicas_n);

struct fixture_decision {
	const char *topic;
	struct uuid topic_id; /* zero: fixture_topic_id(topic) */
	int32_t index, leader, leader_epoch, partition_epoch, controller_epoch, replicas_n, isr_n;
	int64_t broker_epoch;
	bool is_new, no_topic_id;
};
/* LeaderAndIsr with one partition; returns the partition's error (*ret_top: the request's, may be NULL). */
int16_t fixture_decide(const struct fixture_decision *d, int16_t *ret_top);
/* Both, for a partition that we lead alone at epoch 0; asserts success. With a reference. */
struct partition *fixture_lead(const char *topic, int32_t index);
/* The same with replicas 0, 1, 2, of which the first isr_n are in sync. */
struct partition *fixture_lead_three(const char *topic, int32_t isr_n);
int16_t fixture_stop(const char *topic, int32_t index, int32_t leader_epoch, bool delete);

/* A batch of n records "v<i>" of magic 2; owned. */
struct buf *fixture_batch(int n);
/* Appends a fresh batch of n records with acks; returns partition_append's result. */
int fixture_append(struct partition *p, int n, int16_t acks, int64_t *ret_last, unsigned *ret_moved);

/* What a consumer and a follower ask for, from `offset` on. */
struct partition_read fixture_consumer(int64_t offset);
struct partition_read fixture_follower(int32_t id, int64_t offset);
/* Reads, and returns the result; *ret_len: the slice's length. */
int fixture_read(struct partition *p, const struct partition_read *q, size_t *ret_len, unsigned *ret_moved);
int64_t fixture_high_watermark(struct partition *p);

#endif
