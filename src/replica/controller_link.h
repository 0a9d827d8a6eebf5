/* controller_link.h - requests of this broker to the controller, whoever that is just now (replication.md 14.3).
 *
 * A queue and a thread with one connection. The controller is the one that the metadata image names; as long as there
 * is none, or it does not answer, or it says that it is not the controller, the request stays at the front of the queue
 * and is tried again. Versions are negotiated with ApiVersions.
 *
 * Owner: broker/startup. Thread: link_send from any; callbacks on the link's thread, no lock held.
 */
#ifndef REPLICA_CONTROLLER_LINK_H
#define REPLICA_CONTROLLER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"

struct clock;
struct controller_link;
struct metadata;

struct controller_link_config {
	int32_t broker_id;
	const struct clock *clock;
	struct metadata *metadata;
	const char *name;	 /* of the thread, at most 15 characters */
	const char *listener;	 /* control.plane.listener.name, else the inter-broker listener; copied */
	int32_t call_timeout_ms; /* controller.socket.timeout.ms: to connect, and for an answer */
};

struct controller_link *controller_link_new(const struct controller_link_config *c);
/* Ends a running call, completes everything with -ECANCELED, joins the thread. Later calls are completed at once. */
void controller_link_stop(struct controller_link *l);
struct controller_link *controller_link_free(struct controller_link *l); /* stops first; accepts NULL, returns NULL */

/* A request on its way, embedded in its maker's struct, which stays until `done`. */
struct link_call {
	struct list link;
	int key;
	int64_t deadline_ms; /* monotonic: not tried again after it; INT64_MAX: for ever */
	/* The newest version to use; the newest that the controller serves too is taken. Called before each try. */
	int (*max_version)(struct link_call *c);
	/* Makes the request struct for `version`, in `a` or elsewhere, valid until `done`; NULL: out of memory. Called
	 * before each try, so it may say the newest. */
	const void *(*build)(struct link_call *c, int version, struct arena *a);
	/* Does this answer say NOT_CONTROLLER, for itself or an entry? Then the call is tried again elsewhere. */
	bool (*not_controller)(const void *out);
	/* Exactly once. r 0: `out` is the answer, valid during the call;
	 *   -ENOTSUP    the controller serves no common version of the API
	 *   -ETIMEDOUT  the deadline passed
	 *   -ECANCELED  the link was stopped
	 *   -errno      the request cannot be made or sent: -ENOMEM, -EINVAL                        */
	void (*done)(struct link_call *c, int r, int version, const void *out);
};

void controller_link_send(struct controller_link *l, struct link_call *c);

#endif
