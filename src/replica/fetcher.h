/* fetcher.h - a thread that copies a set of partitions from one leader, over one connection (replication.md 7.1, 7.3).
 *
 * Owner: struct fetchers. Thread: its own; the calls here from any.
 */
#ifndef REPLICA_FETCHER_H
#define REPLICA_FETCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "replica/follower.h"

struct fetcher;

struct fetcher_config {
	struct follower_config follower;
	int32_t id; /* among those for the same leader */
	const char *host; /* of the leader; copied */
	int32_t port;
	int32_t connect_timeout_ms; /* replica.socket.timeout.ms */
	int32_t request_timeout_ms; /* request.timeout.ms */
	int32_t receive_buffer_bytes; /* replica.socket.receive.buffer.bytes */
};

/* Starts the thread. */
struct fetcher *fetcher_new(const struct fetcher_config *c);
/* Asks the thread to end, and interrupts what it waits for; does not wait for it. */
void fetcher_stop(struct fetcher *f);
/* Stops, waits for the thread, frees. Accepts NULL, returns NULL. */
struct fetcher *fetcher_free(struct fetcher *f);

struct follower *fetcher_follower(struct fetcher *f);
bool fetcher_is_for(const struct fetcher *f, int32_t leader_id, int32_t id);
bool fetcher_is_at(const struct fetcher *f, const char *host, int32_t port);
/* Partitions were added, or the throttle changed: the thread looks at once. */
void fetcher_wake(struct fetcher *f);

#endif
