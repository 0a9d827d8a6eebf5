/* isr.h - what a leader knows of its replicas: the in-sync set, and how far each follower has come.
 *
 * The pure heart of a partition: numbers and times in, decisions out. No log, lock, clock or I/O, so the rules of
 * replication.md 5.4, 5.5 and 6 are tested and simulated as they stand. A set belongs to one struct partition.
 *
 * Thread: the partition's lock is held by the caller. Layer: replica; knows nothing of storage.
 */
#ifndef REPLICA_ISR_H
#define REPLICA_ISR_H

#include <stdbool.h>
#include <stdint.h>

/* The state of another broker's replica, as its fetches tell it. */
struct remote_replica {
	int32_t broker_id;
	int64_t end_offset;   /* -1 before its first fetch */
	int64_t start_offset; /* its log start offset; -1 before its first fetch */
	int64_t last_fetch_leader_end; /* our end offset at its previous fetch */
	int64_t last_fetch_ms, previous_fetch_ms; /* 0 before; the previous one over the same connection */
	uint64_t connection;
	int32_t session; /* of fetches, in which it was quiet at the last one (partition_quiet.h); 0: it was read */
	int64_t last_caught_up_ms;
	int64_t broker_epoch; /* -1 unknown */
};

enum isr_state {
	ISR_COMMITTED,	    /* ZooKeeper, the controller and we agree */
	ISR_PENDING_EXPAND, /* an addition is on its way: the maximal set already has it */
	ISR_PENDING_SHRINK, /* a removal is on its way: the maximal set still has it */
};

struct isr {
	int32_t self;
	struct remote_replica *remotes; /* the assigned replicas but ourselves; owned */
	int32_t remotes_n;
	int32_t *committed;		/* owned; empty on a follower */
	int32_t committed_n;
	int32_t pending; /* the broker whose addition is on its way, -1 else */
	enum isr_state state;
	int32_t *proposed; /* the set on its way; owned */
	int32_t proposed_n;
	uint64_t change; /* counts the changes of state: an answer to an earlier one is not for this one */
};

void isr_init(struct isr *i, int32_t self);
void isr_fini(struct isr *i);

/* The controller's word: assigned replicas and in-sync set. Known remotes keep their state, new ones start unknown,
 * others go. Abandons a change on its way. */
void isr_set(struct isr *i, const int32_t *replicas, int32_t replicas_n, const int32_t *isr, int32_t isr_n);
/* Not the leader any more: forgets all. */
void isr_clear(struct isr *i);
/* A new leader epoch at `now_ms` with our end offset (replication.md 4.2.1 step 6). */
void isr_new_epoch(struct isr *i, bool was_leader, int64_t leader_end, int64_t now_ms);

bool isr_has(const struct isr *i, int32_t broker);	   /* in the committed set */
bool isr_has_maximal(const struct isr *i, int32_t broker); /* ... or about to be */
int32_t isr_size(const struct isr *i);
int32_t isr_maximal_size(const struct isr *i);
bool isr_knows(const struct isr *i, int32_t broker); /* a remote or ourselves */
/* min(min.insync.replicas, replicas) */
int32_t isr_effective_min(const struct isr *i, int32_t min_insync_replicas);

/* Is it certain that we led at `since_ms`? It is when enough replicas have fetched twice after it, over one connection: the
 * second time they had our answer, so they followed us then; what has waited in the sockets of connections that they gave
 * up comes over several. Enough are all in sync, since nobody else can be elected, or so many that those who are left are
 * fewer than min.insync.replicas, and a successor could not have acknowledged a write with acks=all. */
bool isr_proves_leadership(const struct isr *i, int64_t since_ms, int32_t min_insync_replicas);

/* A follower fetched at `offset` when our end was leader_end. False when it is no replica of ours. */
bool isr_fetched(struct isr *i, int32_t broker, int64_t offset, int64_t start_offset, int64_t leader_end,
		 int64_t broker_epoch, uint64_t connection, int64_t now_ms);
/* It fetched at our end `end`, as it did before, and was not read. False, and nothing noted, when it was elsewhere before. */
bool isr_fetched_again(struct isr *i, int32_t broker, int64_t end, int64_t broker_epoch, uint64_t connection,
		       int32_t session, int64_t now_ms);

/* --- changes of the set (replication.md 6): one on its way at a time --- */

/* May this broker join? It has everything below the high watermark and has reached the start of the epoch. */
bool isr_may_add(const struct isr *i, int32_t broker, int64_t high_watermark, int64_t epoch_start, bool alive);
void isr_propose_add(struct isr *i, int32_t broker);
/* Proposes to remove those that fell behind for longer than lag_max_ms, or are not assigned any more. False: none. */
bool isr_propose_remove(struct isr *i, int64_t leader_end, int64_t lag_max_ms, int64_t now_ms);
/* The set as the controller has it now. */
void isr_agree(struct isr *i, const int32_t *isr, int32_t isr_n);
/* The change will not be: back to what was committed last. Whoever was to be added (a broker that is stopping, say) holds the
 * mark back only if it fetches again. */
void isr_withdraw(struct isr *i);

/* What the high watermark may rise to: the smallest end offset of the maximal set and of every alive replica that
 * is caught up; never below what was, -1 when it must not move (fewer in sync than the minimum). */
int64_t isr_high_watermark(const struct isr *i, int64_t leader_end, int32_t min_insync_replicas,
			   int64_t lag_max_ms, int64_t now_ms, bool (*alive)(void *arg, int32_t broker), void *arg);
/* The smallest log start offset of ourselves and every alive remote. */
int64_t isr_low_watermark(const struct isr *i, int64_t leader_start, bool (*alive)(void *arg, int32_t broker),
			  void *arg);

#endif
