/* isr_writer.h - leaders on this broker write their in-sync sets to ZooKeeper themselves, as with an
 * inter.broker.protocol.version below 2.7-IV2 (replication.md 6.7).
 *
 * A proposal is a conditional write of the partition's state: its data version is the partition epoch. Afterwards the
 * controller is told of the partition by a node under /isr_change_notification (isr_notices.h), and tells everybody.
 *
 * Owner: broker/startup. Thread: proposing on any, never waits; one thread of its own writes, and gives the answers to the
 * partitions. Locks: RANK_QUEUE inside. Layer: replica.
 */
#ifndef REPLICA_ISR_WRITER_H
#define REPLICA_ISR_WRITER_H

#include <stdint.h>

struct isr_writer;
struct partition;
struct partitions;
struct zk_session;

struct isr_writer_config {
	int32_t broker_id;
	struct partitions *partitions;
	struct zk_session *zk;
};

struct isr_writer *isr_writer_new(const struct isr_writer_config *c); /* and starts its thread */
/* ZooKeeper was aborted. Joins the thread; what has no answer gets none any more. Accepts NULL. */
void isr_writer_stop(struct isr_writer *w);
struct isr_writer *isr_writer_free(struct isr_writer *w); /* stopped; accepts NULL, returns NULL */

/* Writes what partition_proposal says; without one, nothing. No lock held. */
void isr_writer_propose(struct isr_writer *w, struct partition *p);

#endif
