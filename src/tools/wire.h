/* wire.h - one blocking connection to a broker for the tools: requests and responses of the codec.
 *
 * Every call ends by its deadline (monotonic milliseconds of clock_real). Plain text only: TLS and SASL are refused by
 * the caller before a connection is made.
 * Owner: the caller. Thread: the holder's. Layer: tools.
 */
#ifndef TOOLS_WIRE_H
#define TOOLS_WIRE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"

struct wire;

/* Connects, asks for the API versions, and keeps them.
 *   0        *ret is the connection
 *   -errno   -ETIMEDOUT at the deadline, -EHOSTUNREACH when the name does not resolve, -ECONNREFUSED ...  */
int wire_open(const char *host, int port, const char *client_id, int64_t deadline_ms,
	struct wire **ret) MUST_CHECK;
struct wire *wire_close(struct wire *w); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct wire *, wire_close)

/* The newest version of an API that both sides know; -1 when there is none. */
int wire_version(const struct wire *w, int key);

/* Sends the request struct of `key` (protocol/messages.h) in `version`, which must be one that wire_version allows, and
 * decodes the answer into `out`; its strings and arrays are in `a`.
 *   0
 *   -errno   -ETIMEDOUT at the deadline, -ECONNRESET, -EBADMSG, -EINVAL (the request cannot be encoded).
 *            The connection is of no use afterwards: close it.                                         */
int wire_call(struct wire *w, int key, int version, const void *in, struct arena *a, void *out,
	int64_t deadline_ms) MUST_CHECK;

/* The two halves of wire_call, for requests to several brokers at once: what was sent on a connection is received before
 * the next is sent. Return as wire_call. */
int wire_send(struct wire *w, int key, int version, const void *in, int64_t deadline_ms) MUST_CHECK;
int wire_receive(struct wire *w, int key, int version, struct arena *a, void *out, int64_t deadline_ms) MUST_CHECK;

#endif
