/* admin.h - an administrator's view of the cluster: finds a broker, or the controller, and calls it, again if need be,
 * until the API time-out (what Kafka's AdminClient does).
 *
 * Owner: the tool. Thread: main. Layer: tools.
 */
#ifndef TOOLS_ADMIN_H
#define TOOLS_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/properties.h"

struct admin;

/* `config` are client properties (bootstrap.servers, default.api.timeout.ms, request.timeout.ms, ...). Does not connect.
 *   0
 *   -EINVAL  *ret_error says why, in Kafka's words where it has some; owned by the caller              */
int admin_open(const struct properties *config, struct admin **ret, char **ret_error) MUST_CHECK;
struct admin *admin_close(struct admin *a); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct admin *, admin_close)

/* Begins an operation called `name` ("createTopics"): the API time-out starts anew. */
void admin_begin(struct admin *a, const char *name);

/* The version that calls of `key` will have: connects if necessary. To the controller when `controller`.
 *   0        *ret is it
 *   -ENOTSUP  the broker does not serve the API
 *   -ETIMEDOUT  no connection within the time-out                                                      */
int admin_version(struct admin *a, bool controller, int key, int *ret) MUST_CHECK;

/* Calls in the newest common version. Failures of the connection are tried again until the time-out.
 *   0, or -errno as admin_version and wire_call; `admin_error` has the text                            */
int admin_call(struct admin *a, bool controller, int key, const void *in, struct arena *arena,
	void *out) MUST_CHECK;

/* After an answer with error `code`: true when the caller is to build and send the request again, because the
 * controller has moved or is being elected. Waits a little. */
bool admin_again(struct admin *a, int code);

/* Milliseconds that a broker may take for a request: the request time-out, or what is left of the operation. */
int32_t admin_timeout_ms(const struct admin *a);

/* Why the last call failed; valid until the next call. */
const char *admin_error(const struct admin *a);

#endif
