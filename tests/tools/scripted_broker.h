/* scripted_broker.h - a broker of a thread on loopback, for tests of what tools ask: answers ApiVersions and the brokers
 * of Metadata by itself, and the rest from a function of the test.
 *
 * Owner: the test. Thread: its own; `answer` runs in it.
 */
#ifndef TESTS_TOOLS_SCRIPTED_BROKER_H
#define TESTS_TOOLS_SCRIPTED_BROKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define SCRIPTED_KEYS 128
#define SCRIPTED_CONNECTIONS 8

struct scripted_broker {
	int32_t id;
	int port;
	/* Versions that are served; -1: the API is not. Set after the start and before the first connection. */
	int max_version[SCRIPTED_KEYS];
	/* Fills in the answer `out`, which has its defaults; false: the connection is closed instead. */
	bool (*answer)(struct scripted_broker *b, int key, int version, const void *in,
		struct arena *arena, void *out);
	struct scripted_broker *peers[2]; /* the brokers of the cluster, this one among them */
	size_t peers_n;
	atomic_int calls[SCRIPTED_KEYS];
	/* private */
	pthread_t thread;
	int listener, wake[2], connections[SCRIPTED_CONNECTIONS];
	size_t connections_n;
};

void scripted_broker_start(struct scripted_broker *b, int32_t id);
void scripted_broker_stop(struct scripted_broker *b);

#endif
