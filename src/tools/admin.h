/* admin.h - an administrator's view of the cluster: finds a broker, the controller or a certain broker, and calls it,
 * again if need be, until the API time-out (what Kafka's AdminClient does). Requests that go to many brokers, to each
 * what concerns it, are in admin_job.h.
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

/* Whom to call, besides the id of a broker (0 or more). */
#define ADMIN_ANY (-1) /* a broker that answers */
#define ADMIN_CONTROLLER (-2)

struct admin_node {
	int32_t id;
	int port;
	char *host;
	char *rack; /* NULL: none */
};

/* `config` are client properties (bootstrap.servers, default.api.timeout.ms, request.timeout.ms, ...). Does not connect.
 *   0
 *   -EINVAL  *ret_error says why, in Kafka's words where it has some; owned by the caller              */
int admin_open(const struct properties *config, struct admin **ret, char **ret_error) MUST_CHECK;
struct admin *admin_close(struct admin *a); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct admin *, admin_close)

/* Begins an operation called `name` ("createTopics"): the API time-out starts anew. */
void admin_begin(struct admin *a, const char *name);

/* The same with a time-out of its own, as the tools' --timeout. */
void admin_begin_within(struct admin *a, const char *name, int64_t timeout_ms);
/* Another name for what is being done, for the text of a time-out; the time goes on. */
void admin_rename(struct admin *a, const char *name);
const char *admin_name(const struct admin *a);

/* The version that calls of `key` will have: connects if necessary. To the controller when `controller`.
 *   0        *ret is it
 *   -ENOTSUP  the broker does not serve the API
 *   -ETIMEDOUT  no connection within the time-out                                                      */
int admin_version(struct admin *a, bool controller, int key, int *ret) MUST_CHECK;

/* Calls in the newest common version. Failures of the connection are tried again until the time-out.
 *   0, or -errno as admin_version and wire_call; `admin_error` has the text                            */
int admin_call(struct admin *a, bool controller, int key, const void *in, struct arena *arena,
	void *out) MUST_CHECK;

/* The brokers of the cluster in ascending order of id, as somebody knows them who answers now; at least one. `ret` and
 * its strings are in the arena.
 *   0, or -ETIMEDOUT, -ENOMEM; `admin_error` has the text                                              */
int admin_brokers(
	struct admin *a, struct arena *arena, struct admin_node **ret, size_t *ret_n) MUST_CHECK;
/* A broker as last heard of; NULL when it is not known. Valid until the next call. */
const struct admin_node *admin_node(const struct admin *a, int32_t id);

/* The same as admin_version and admin_call for the broker `id`, ADMIN_ANY or ADMIN_CONTROLLER. A broker that is not
 * there is waited for until the time-out. */
int admin_broker_version(struct admin *a, int32_t id, int key, int *ret) MUST_CHECK;
int admin_call_broker(struct admin *a, int32_t id, int key, const void *in, struct arena *arena,
	void *out) MUST_CHECK;
/* One attempt of admin_call_broker: failures of the connection are returned too, -ENOENT when there is no such broker.
 * For callers that then ask anew who is responsible. */
int admin_try(struct admin *a, int32_t id, int key, const void *in, struct arena *arena,
	void *out) MUST_CHECK;
int admin_try_version(struct admin *a, int32_t id, int key, int *ret) MUST_CHECK;

/* Waits before attempt number `attempt` + 1 as retry.backoff.ms says. False at the time-out. */
bool admin_pause(struct admin *a, unsigned attempt);

/* After an answer with error `code`: true when the caller is to build and send the request again, because the
 * controller has moved or is being elected. Waits a little. */
bool admin_again(struct admin *a, int code);

/* Milliseconds that a broker may take for a request: the request time-out, or what is left of the operation. */
int32_t admin_timeout_ms(const struct admin *a);

/* Why the last call failed; valid until the next call. */
const char *admin_error(const struct admin *a);
/* What is said when the time of the operation was up after so many attempts; becomes the last error. */
const char *admin_timeout_text(struct admin *a, unsigned tries);

#endif
