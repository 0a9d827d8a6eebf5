/* isr_changes.h - proposals of leaders on this broker, on their way to the controller by AlterPartition
 * (replication.md 6.4, KIP-497).
 *
 * One request is on its way at a time and takes all proposals that wait; one proposal per partition.
 *
 * Owner: broker/startup. Thread: any; answers on the thread of the link. Locks: RANK_QUEUE inside.
 */
#ifndef REPLICA_ISR_CHANGES_H
#define REPLICA_ISR_CHANGES_H

#include <stdint.h>

struct controller_link;
struct isr_changes;
struct partition;
struct partitions;

struct isr_changes_config {
	int32_t broker_id;
	struct partitions *partitions;
	struct controller_link *link; /* of their own: answers may wait a little on its thread */
	int metadata_version;	      /* inter.broker.protocol.version */
};

struct isr_changes *isr_changes_new(const struct isr_changes_config *c);
/* The link was stopped. Accepts NULL, returns NULL. */
struct isr_changes *isr_changes_free(struct isr_changes *c);

/* Sends what partition_proposal says; without one, nothing. No lock held. */
void isr_changes_propose(struct isr_changes *c, struct partition *p);

#endif
