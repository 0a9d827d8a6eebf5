/* follower.h - what a broker copies from one leader: a set of partitions, what to ask for them, what an answer means.
 *
 * One turn of the fetch loop, without the sending (replication.md 7): follower_ask_* build the next requests of the
 * partitions that are ready, follower_*_answered apply the answers: append, cut off what diverges, back off, give up.
 * The fetch session with the leader (KIP-227) is kept here too. So the loop runs in fetcher.c over a connection, and
 * in tests without one.
 *
 *   Fetching --diverging epoch--> (truncated) --> Fetching     inter-broker protocol 2.7-IV1 and newer
 *   Truncating --OffsetForLeaderEpoch--> Truncating or Fetching    older, and partitions without epochs
 *   Fetching --out of range--> Locating --ListOffsets--> Fetching
 *   any --error--> the same, delayed by replica.fetch.backoff.ms; when only the leader has not heard yet what the
 *                  controller told us, for moments at first
 *   any --cannot go on--> Failed: not fetched until the controller speaks of it again
 *
 * Owner: struct fetcher (or a test). Thread: adding, removing and questions from any; the turn on one thread at a time.
 * Locks: RANK_SESSION inside, for the table of partitions; never held while a log is written.
 */
#ifndef REPLICA_FOLLOWER_H
#define REPLICA_FOLLOWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/uuid.h"

struct clock;
struct fetch_request;
struct fetch_response;
struct follower;
struct list_offsets_request;
struct list_offsets_response;
struct offset_for_leader_epoch_request;
struct offset_for_leader_epoch_response;
struct partition;
struct partitions;
struct throttle;

struct follower_config {
	int32_t broker_id, leader_id;
	const struct clock *clock;
	struct partitions *partitions;
	int metadata_version;	    /* inter.broker.protocol.version */
	int64_t backoff_ms;	    /* replica.fetch.backoff.ms */
	int32_t wait_max_ms;	    /* replica.fetch.wait.max.ms */
	int32_t min_bytes;	    /* replica.fetch.min.bytes */
	int32_t response_max_bytes; /* replica.fetch.response.max.bytes */
	int32_t partition_max_bytes; /* replica.fetch.max.bytes */
	struct throttle *throttle;   /* may be NULL */
};

struct follower *follower_new(const struct follower_config *c);
struct follower *follower_free(struct follower *f); /* accepts NULL, returns NULL */

/* --- from any thread --- */

/* Follows `p` in `leader_epoch` from now on; a partition that is followed in that epoch already stays as it is. */
void follower_add(struct follower *f, struct partition *p, struct uuid topic_id, int32_t leader_epoch);
/* Does not wait for an answer that is being applied: the partition's gate refuses what comes after a change of role.
 * False when it was not followed. */
bool follower_remove(struct follower *f, const struct partition *p);
/* The topic id that the controller has told meanwhile, or took back (zero). */
void follower_set_topic_id(struct follower *f, const struct partition *p, struct uuid topic_id);
/* Partitions followed, failed ones included, and failed ones alone. */
void follower_count(struct follower *f, int32_t *ret_all, int32_t *ret_failed);
/* How far a partition is behind its leader's high watermark: records; -1 unknown or not followed. */
int64_t follower_lag(struct follower *f, const struct partition *p);
/* The largest of them, 0 when none is known. */
int64_t follower_max_lag(struct follower *f);

/* --- the turn: one thread at a time --- */

/* Each fills a request whose arrays are in `a`. False: nothing is to be asked (or memory is short: next turn). */
bool follower_ask_epochs(struct follower *f, struct arena *a, struct offset_for_leader_epoch_request *ret);
bool follower_ask_offsets(struct follower *f, struct arena *a, int64_t timestamp, struct list_offsets_request *ret);
bool follower_ask_records(struct follower *f, struct arena *a, struct fetch_request *ret, int *ret_version);

/* The answer to the request made last by the ask of the same name; r < 0: there is none, everything asked is delayed,
 * except after -ESTALE: the request for records was given up, to be made anew.
 * Offsets are asked twice, for timestamp -1 (latest) and -2 (earliest), and decided after the second. */
void follower_epochs_answered(struct follower *f, int r, const struct offset_for_leader_epoch_response *answer);
void follower_offsets_answered(struct follower *f, int64_t timestamp, int r, const struct list_offsets_response *answer);
void follower_records_answered(struct follower *f, int r, const struct fetch_response *answer);

/* When something may be ready again (monotonic ms); now or earlier: there is something; INT64_MAX: nothing is delayed.
 * What was throttled at the last asking does not count. */
int64_t follower_next_ms(struct follower *f);

#endif
