/* fetchers.h - all fetchers of a broker: num.replica.fetchers per leader that it follows (replication.md 7.1).
 *
 * Told by control.c what is to be followed (struct partitions_fetching in partitions.h).
 *
 * Owner: broker/startup. Thread: any; changes come one at a time (RANK_STATE_CHANGE held by the caller).
 * Locks: RANK_TABLE inside.
 */
#ifndef REPLICA_FETCHERS_H
#define REPLICA_FETCHERS_H

#include <stdint.h>

#include "replica/follower.h"

struct fetchers;
struct partitions_fetching;

struct fetchers_config {
	struct follower_config follower; /* without the leader */
	const char *listener; /* the inter-broker listener; copied */
	int32_t per_leader; /* num.replica.fetchers */
	int32_t connect_timeout_ms, request_timeout_ms, receive_buffer_bytes; /* as in fetcher.h */
};

struct fetchers *fetchers_new(const struct fetchers_config *c);
/* Ends all fetchers; nothing is followed any more. */
void fetchers_stop(struct fetchers *fs);
struct fetchers *fetchers_free(struct fetchers *fs); /* stops first; accepts NULL, returns NULL */

/* What control.c calls. */
void fetchers_hooks(struct fetchers *fs, struct partitions_fetching *ret);

/* num.replica.fetchers has changed: from now on partitions are spread anew. The caller lets everything be followed
 * again (partitions_follow_again). */
void fetchers_resize(struct fetchers *fs, int32_t per_leader);

/* The bound on what followers fetch is another one: those that wait for it look again. */
void fetchers_wake(struct fetchers *fs);

struct fetchers_view {
	int32_t partitions, failed;
	int64_t max_lag;
};
void fetchers_view(struct fetchers *fs, struct fetchers_view *ret);

/* Which of `n` fetchers copies a partition; the same for every run (replication.md 7.1). */
int32_t fetcher_id_of(const char *topic, int32_t partition, int32_t n);

#endif
