/* request_batch.h - what one decision tells the brokers: LeaderAndIsr, UpdateMetadata, StopReplica, per broker.
 *
 * Pure: collects entries, then builds requests from the context (zookeeper.md 4.10) and hands them to `send`, all
 * LeaderAndIsr first, then UpdateMetadata, then StopReplica. A LeaderAndIsr entry always adds UpdateMetadata of its
 * partition to all registered brokers. Requests are built in the form of their newest version (control_layout.h has the
 * older ones); what the brokers' version cannot say together comes in two.
 *
 * Owner: struct controller (or a test). Thread: the controller's.
 */
#ifndef CONTROLLER_REQUEST_BATCH_H
#define CONTROLLER_REQUEST_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/channel.h"
#include "controller/context.h"

struct batch_entry {
	struct ctl_partition *p;
	int32_t broker;
	bool flag; /* LeaderAndIsr: is new; StopReplica: delete */
};
struct batch_entries {
	struct batch_entry *v;
	size_t n, cap;
};

struct request_batch {
	int32_t controller_id;
	const struct context *ctx;
	const char *listener; /* whose addresses LiveLeaders carries; borrowed */
	int metadata_version; /* inter.broker.protocol.version */
	/* Takes the request. */
	void (*send)(void *arg, int32_t broker, struct control_request *r);
	void *arg;

	struct batch_entries leader_and_isr, stop_replica;
	struct partition_set update; /* for UpdateMetadata */
	bool update_all;	     /* to all registered brokers */
	struct int_list update_brokers;
};

void request_batch_init(struct request_batch *b, int32_t controller_id, const struct context *ctx,
    const char *listener, int metadata_version, void (*send)(void *arg, int32_t broker, struct control_request *r),
    void *arg);
void request_batch_fini(struct request_batch *b);
/* Drops what an earlier decision that failed left behind. */
void request_batch_begin(struct request_batch *b);
/* A second entry for the same partition and broker keeps is_new = true. Recipients that are not registered are dropped
 * when sending. */
void request_batch_leader_and_isr(struct request_batch *b, int32_t broker, struct ctl_partition *p, bool is_new);
void request_batch_leader_and_isr_all(struct request_batch *b, struct int_list brokers, struct ctl_partition *p,
    bool is_new);
/* keeps remove = true likewise */
void request_batch_stop_replica(struct request_batch *b, int32_t broker, struct ctl_partition *p, bool remove);
/* UpdateMetadata of a partition to all registered brokers. */
void request_batch_update(struct request_batch *b, struct ctl_partition *p);
/* UpdateMetadata, perhaps without partitions, to one or all. */
void request_batch_update_to(struct request_batch *b, int32_t broker);
void request_batch_update_to_all(struct request_batch *b);
void request_batch_send(struct request_batch *b);

#endif
