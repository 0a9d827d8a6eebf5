/* dispatch.h - from a received frame to the handler of its request.
 *
 * Thread: dispatch_frame on the connection's loop; the rest any.
 */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include <stdint.h>

struct api;
struct buf;
struct connection;
struct request;

/* The on_frame of struct server_config; `ctx` is a const struct broker_context. Takes over the frame. Reads the header,
 * checks key and version, decodes the body and runs the handler where its row says. What cannot be parsed closes the
 * connection (protocol.md 4.2, 5.4). */
void dispatch_frame(void *ctx, struct connection *c, struct buf *frame);

/* The served api of a key, NULL when there is none. */
const struct api *api_find(int key);
/* All served apis in ascending key order; ends with NULL. */
extern const struct api *const apis[];

/* ApiVersions in a version that nobody serves is answered in version 0 (protocol.md 4.3). api_versions.c. */
void api_versions_unsupported(struct request *req);

#endif
