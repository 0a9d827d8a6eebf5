/* rpc.h - an outgoing connection to a broker: requests and answers of the codec, one at a time, blocking.
 *
 * What the controller's channels, the fetchers and the other senders between brokers stand on (replication.md 14.2):
 * a thread of the user's owns the connection and waits in it; every call ends by its deadline (monotonic milliseconds
 * of clock_real), and any other thread can make it end at once. The object outlives its connections: after a failure
 * it is disconnected, and rpc_connect makes the next one.
 *
 * Owner: the user. Thread: one at a time, except rpc_interrupt. Layer: net; plain text.
 */
#ifndef NET_RPC_H
#define NET_RPC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"

struct rpc;

struct rpc_config {
	const char *host; /* name or literal address; copied */
	int port;
	const char *client_id;	  /* copied */
	int receive_buffer_bytes; /* SO_RCVBUF; 0 or less: the kernel's own sizing */
	int32_t response_max_bytes; /* a larger answer ends the connection; 0: 256 MiB */
	bool keep_frame; /* strings and record bytes of an answer are valid until the next call only: for large ones */
};

/* Does not connect. */
struct rpc *rpc_new(const struct rpc_config *c);
struct rpc *rpc_free(struct rpc *r); /* disconnects; accepts NULL, returns NULL */
DEFINE_CLEANUP(struct rpc *, rpc_free)

/* Connects, to the first address of the host that answers; nothing is sent. Looking up a host name may take the
 * resolver's own time. Connected already: 0.
 *   0
 *   -errno   -ETIMEDOUT at the deadline, -ECANCELED interrupted, -EHOSTUNREACH when the name does not resolve,
 *            -ECONNREFUSED ...                                                                      */
int rpc_connect(struct rpc *r, int64_t deadline_ms) MUST_CHECK;
bool rpc_is_connected(const struct rpc *r);
void rpc_disconnect(struct rpc *r);

/* Asks the broker which versions it serves (ApiVersions, with the fallback for old brokers). Errors as rpc_call,
 * -EPROTO when the broker refuses. */
int rpc_ask_versions(struct rpc *r, int64_t deadline_ms) MUST_CHECK;
/* The newest version of an API that both sides know; -1 when there is none, or before rpc_ask_versions. */
int rpc_version(const struct rpc *r, int key);
/* The range the broker announced; false when it does not serve the key. For tools that show it. */
bool rpc_served(const struct rpc *r, int key, int *ret_min, int *ret_max);

/* Sends the request struct of `key` (protocol/messages.h) in `version` and decodes the answer into `out`; its strings,
 * arrays and record bytes are in `a` (but see keep_frame). On failure the connection is closed.
 *   0
 *   -errno   -ETIMEDOUT at the deadline, -ECANCELED interrupted, -ENOTCONN, -ECONNRESET, -ESTALE (nudged), -EBADMSG
 *            (not an answer to this request), -EMSGSIZE (answer too large), -EINVAL (the request cannot be encoded in this version) */
int rpc_call(struct rpc *r, int key, int version, const void *in, struct arena *a, void *out,
    int64_t deadline_ms) MUST_CHECK;

/* For a request that the server may hold back (a Fetch), and that would say something else by now: rpc_nudge (any thread,
 * any time before rpc_free) has a call end with -ESTALE when its answer does not begin within a moment. It concerns the
 * next call after rpc_allow_nudge, which the user's thread calls before it makes up the request. */
void rpc_allow_nudge(struct rpc *r);
void rpc_nudge(struct rpc *r);

/* Makes a running call, and every later one, end with -ECANCELED. Any thread, any time before rpc_free. */
void rpc_interrupt(struct rpc *r);

#endif
