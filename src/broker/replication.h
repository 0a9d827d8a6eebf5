/* replication.h - what follows other leaders, moves logs between directories, and proposes in-sync sets: made and wired up.
 *
 * Owner: struct broker. Thread: the main thread. Layer: wiring.
 */
#ifndef BROKER_REPLICATION_H
#define BROKER_REPLICATION_H

#include <stdint.h>

struct config;
struct controller_link;
struct fetchers;
struct isr_changes;
struct isr_writer;
struct log_dirs;
struct metadata;
struct mover;
struct partitions;
struct scheduler;
struct throttle;
struct timer;
struct zk_session;

struct replication {
	struct partitions *partitions;
	struct scheduler *scheduler;
	struct fetchers *fetchers;
	struct mover *mover;
	struct controller_link *isr_link; /* AlterPartition has one of its own: it waits for ever */
	struct isr_changes *isr_changes;
	struct isr_writer *isr_writer; /* instead, with an old inter.broker.protocol.version */
	struct timer *isr_timer;
};

struct replication_parts {
	const struct config *config;
	int32_t broker_id;
	int metadata_version;
	const char *listener; /* where controllers are reached */
	struct metadata *metadata;
	struct partitions *partitions;
	struct log_dirs *log_dirs;
	struct throttle *throttle;
	struct scheduler *scheduler;
	struct zk_session *zk;
};

/* Before the controller tells of any leadership. */
void replication_start(struct replication *r, const struct replication_parts *parts);
/* Both cope with one that was not started. */
void replication_stop(struct replication *r);
void replication_fini(struct replication *r); /* nobody uses the partitions any more */

#endif
