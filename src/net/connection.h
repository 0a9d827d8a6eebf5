/* connection.h - one client connection: frames in, chains out.
 *
 * A connection stays on its loop for life. One request is in processing at a time: reading stops from the
 * delivery of a frame until its connection_reply, connection_done or connection_close, which is the
 * back-pressure; so responses leave in request order (protocol.md 5.1). Memory for a frame grows with the
 * bytes that arrive, not with the size that was announced.
 *
 * Owner: its loop; requests hold a counted reference. Thread: ref, unref, reply, done and close from any (they
 * post to the loop); accessors return values fixed at accept, or set before the first frame, from any.
 */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/writer.h"

struct connection;
struct loop;

struct connection *connection_ref(struct connection *c);
struct connection *connection_unref(struct connection *c);

/* Sends the response (frame size included in the chain, which is taken over) and reads on when it is written
 * and the throttle time is over. If the connection is gone the chain is dropped. */
void connection_reply(struct connection *c, struct chain *chain, int32_t throttle_ms);
/* No response (acks=0); reads on. */
void connection_done(struct connection *c, int32_t throttle_ms);
/* Closes without an answer. `why` is a constant text for the log line. */
void connection_close(struct connection *c, const char *why);
bool connection_is_open(const struct connection *c);

const char *connection_listener(const struct connection *c); /* listener name, e.g. "PLAINTEXT" */
const char *connection_peer(const struct connection *c);     /* "127.0.0.1:54321" */
const char *connection_peer_host(const struct connection *c);
uint64_t connection_serial(const struct connection *c);	      /* > 0, rises in the order in which they came */
struct loop *connection_loop(const struct connection *c);

/* Client software from ApiVersions v3+; "unknown" until set. Set by the handler in process. */
void connection_set_software(struct connection *c, struct str name, struct str version);
const char *connection_software_name(const struct connection *c);
const char *connection_software_version(const struct connection *c);

#endif
