/* context.h - what the controller knows: brokers, topics, partitions, their states (zookeeper.md 4.5).
 *
 * Pure memory: read from ZooKeeper at failover, kept up by events, cleared at resignation. Everything an event decides
 * is decided from here and from what is read again.
 *
 * Owner: struct controller. Thread: the controller's.
 */
#ifndef CONTROLLER_CONTEXT_H
#define CONTROLLER_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/table.h"
#include "base/uuid.h"
#include "zk/znode.h"

/* The numbers of zookeeper.md 4.7 and 4.6. */
enum partition_state { NEW_PARTITION, ONLINE_PARTITION, OFFLINE_PARTITION, NON_EXISTENT_PARTITION };
enum replica_state {
	NEW_REPLICA = 1,
	ONLINE_REPLICA,
	OFFLINE_REPLICA,
	REPLICA_DELETION_STARTED,
	REPLICA_DELETION_SUCCESSFUL,
	REPLICA_DELETION_INELIGIBLE,
	NON_EXISTENT_REPLICA,
};

struct ctl_broker {
	int32_t id;
	int64_t epoch; /* czxid of its registration */
	struct znode_broker info;
	bool shutting_down; /* registered, but leaves: no leader, no ISR member any more */
	UT_hash_handle hh;
};

struct ctl_replica {
	int32_t broker;
	enum replica_state state;
	bool offline_dir; /* its log directory failed */
};

struct ctl_partition {
	struct ctl_topic *topic;
	int32_t index;
	struct znode_assignment assignment;
	enum partition_state state;
	bool has_leader_info;	   /* `info` was read or written */
	struct znode_state info;   /* leadership, as last read or written */
	struct ctl_replica *replicas; /* those that have a state */
	size_t replicas_n;
	bool reassigning; /* a reassignment of it is running */
	struct topic_watch *watch; /* of its state while that is so, with old brokers; of reassignment.c */
	bool marked;	  /* scratch of request_batch.c */
};

struct ctl_topic {
	char *name;
	struct uuid id; /* zero: none */
	struct ctl_partition **partitions; /* ascending */
	size_t partitions_n, partitions_cap;
	bool to_delete;	       /* queued for deletion */
	bool deletion_started; /* its brokers have been told */
	bool ineligible;       /* deletion halted until something changes */
	struct topic_watch *watch; /* of events.c */
	UT_hash_handle hh;
};

struct context {
	int32_t epoch;	       /* of this term, 0: not the controller */
	int32_t epoch_version; /* data version of /controller_epoch, which fences our writes */
	struct ctl_broker *brokers; /* registered: live or shutting down */
	struct ctl_topic *topics;
};

/* Growable sets of borrowed pointers; no order is promised but that of adding. */
struct partition_set {
	struct ctl_partition **v;
	size_t n, cap;
};
struct replica_ref {
	struct ctl_partition *p;
	int32_t broker;
};
struct replica_set {
	struct replica_ref *v;
	size_t n, cap;
};
void partition_set_add(struct partition_set *s, struct ctl_partition *p);
void partition_set_add_topic(struct partition_set *s, struct ctl_topic *t);
void partition_set_fini(struct partition_set *s);
void replica_set_add(struct replica_set *s, struct ctl_partition *p, int32_t broker);
void replica_set_add_all(struct replica_set *s, struct ctl_partition *p); /* all assigned ones */
void replica_set_fini(struct replica_set *s);

void context_init(struct context *c);
void context_clear(struct context *c); /* everything forgotten; topics' watches must be gone */

/* Brokers. Adding one that is known replaces its data. `info` is taken over. */
struct ctl_broker *context_broker(const struct context *c, int32_t id);
struct ctl_broker *context_add_broker(struct context *c, int32_t id, int64_t epoch, struct znode_broker *info);
void context_remove_broker(struct context *c, int32_t id);
bool context_is_live(const struct context *c, int32_t id); /* registered and not shutting down */
void context_forget_offline_dirs(struct context *c, int32_t broker);

/* Topics and partitions. */
struct ctl_topic *context_topic(const struct context *c, const char *name);
struct ctl_topic *context_topic_of(const struct context *c, struct str name);
struct ctl_topic *context_topic_by_id(const struct context *c, struct uuid id);
struct ctl_topic *context_add_topic(struct context *c, const char *name);
void context_remove_topic(struct context *c, struct ctl_topic *t);
struct ctl_partition *topic_partition(const struct ctl_topic *t, int32_t index);
/* `a` is taken over; replaces the assignment of a partition that exists. */
struct ctl_partition *topic_add_partition(struct ctl_topic *t, struct znode_assignment *a);
void partition_set_assignment(struct ctl_partition *p, struct znode_assignment *a); /* taken over */
void partition_set_info(struct ctl_partition *p, const struct znode_state *info);   /* copied */

/* Replicas. */
enum replica_state replica_state_of(const struct ctl_partition *p, int32_t broker);
struct ctl_replica *replica_find(const struct ctl_partition *p, int32_t broker);
void replica_set_state(struct ctl_partition *p, int32_t broker, enum replica_state state);
/* Live (or with `shutting_down` registered), and its log directory works. */
bool replica_is_online(const struct context *c, const struct ctl_partition *p, int32_t broker, bool shutting_down);

/* All partitions with a replica assigned to the broker; all whose leader is it. */
void context_partitions_on(const struct context *c, int32_t broker, struct partition_set *ret);
void context_all_partitions(const struct context *c, struct partition_set *ret);
bool topic_any_replica_in(const struct ctl_topic *t, enum replica_state state);
bool topic_all_replicas_in(const struct ctl_topic *t, enum replica_state state);

/* origin = replicas - adding; target = replicas - removing (order kept). Owned by the caller. */
struct int_list assignment_origin(const struct znode_assignment *a);
struct int_list assignment_target(const struct znode_assignment *a);
/* replicas' = distinct(target ++ origin); adding' = replicas' - origin; removing' = replicas' - target. */
struct znode_assignment assignment_reassign_to(const struct znode_assignment *a, struct int_list target);
struct znode_assignment assignment_copy(const struct znode_assignment *a);
void assignment_fini(struct znode_assignment *a);
bool assignment_eq(const struct znode_assignment *a, const struct znode_assignment *b);
struct int_list int_list_minus(struct int_list a, struct int_list b); /* owned by the caller */

/* For log lines: "1,2,3"; returns buf. */
char *int_list_text(struct int_list l, char *buf, size_t size);

#endif
