/* machine.h - what the state machines work with: the context, a way to the stored states, a batch for the brokers.
 *
 * The machines decide; the store reads and writes partition states (zk_store.c in the broker, memory in a test), and
 * refuses writes once another controller was elected.
 *
 * Thread: the controller's.
 */
#ifndef CONTROLLER_MACHINE_H
#define CONTROLLER_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "controller/context.h"
#include "controller/request_batch.h"
#include "zk/znode.h"

/* A partition's state as stored. */
struct stored_state {
	int rc; /* 0, ZK_NO_NODE, -EBADMSG */
	struct znode_state state;
};
void stored_states_free(struct stored_state *v, size_t n);

/* All return 0 | KERR_STALE_CONTROLLER_EPOCH: another controller was elected | -errno: ZooKeeper did not answer; then
 * the event is given up. Results are per partition, in order. */
struct ctl_store {
	void *arg;
	int (*read)(void *arg, struct ctl_partition *const *p, size_t n, struct stored_state *ret);
	/* Conditional on v[i].partition_epoch. rc[i]: 0 with ret_version[i], ZK_BAD_VERSION, ZK_NO_NODE. */
	int (*write)(void *arg, struct ctl_partition *const *p, const struct znode_state *v, size_t n, int *ret_rc,
	    int32_t *ret_version);
	/* rc[i]: 0 (version 0), ZK_NODE_EXISTS. */
	int (*create)(void *arg, struct ctl_partition *const *p, const struct znode_state *v, size_t n, int *ret_rc);
	/* The topic's effective unclean.leader.election.enable, read now. */
	int (*unclean_enabled)(void *arg, const char *topic, bool *ret);
};

struct machine {
	int32_t controller_id;
	struct context *ctx;
	const struct ctl_store *store;
	struct request_batch *batch;
	int metadata_version; /* inter.broker.protocol.version */
};

#endif
