/* channel.h - how the controller's requests reach the brokers: a queue and a sending thread per broker.
 *
 * Requests of one broker go out one at a time in the order they were queued; one whose transport fails is sent again
 * every 100 ms until it is answered or the broker is removed (zookeeper.md 4.10), so receivers must be idempotent.
 * How a broker is reached is a struct control_transport: functions of this process for the own broker, a connection
 * for another one.
 *
 * Owner: struct controller. Thread: the controller's, except the transport, which is called on sending threads.
 */
#ifndef CONTROLLER_CHANNEL_H
#define CONTROLLER_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/list.h"

struct leader_and_isr_request;
struct leader_and_isr_response;
struct stop_replica_request;
struct stop_replica_response;
struct update_metadata_request;
struct update_metadata_response;
struct zk_endpoint;

/* Sends a request and waits for its answer; called by one thread at a time. The request is that of the newest
 * version, the answer's arrays and strings live in `a` or in the request.
 *   0        *ret is the answer (its error codes are the receiver's business)
 *   -errno   no answer: the same request will be sent again                                     */
struct control_transport {
	void *arg;
	int (*leader_and_isr)(void *arg, struct arena *a, const struct leader_and_isr_request *req,
	    struct leader_and_isr_response *ret);
	int (*update_metadata)(void *arg, struct arena *a, const struct update_metadata_request *req,
	    struct update_metadata_response *ret);
	int (*stop_replica)(void *arg, struct arena *a, const struct stop_replica_request *req,
	    struct stop_replica_response *ret);
	/* Makes a running call return soon; any thread. May be NULL: calls return by themselves. */
	void (*interrupt)(void *arg);
	/* After the last call. May be NULL. */
	void (*close)(void *arg);
};

/* Makes a transport to a broker. `endpoint` is its address on the controller's listener, NULL when it has none.
 *   0               *ret is used until its close
 *   -EHOSTUNREACH   there is no way to that broker (now); asked again, one WARN line
 *   -errno          as above                                                                    */
typedef int control_open_fn(void *arg, int32_t broker_id, const struct zk_endpoint *endpoint,
    struct control_transport *ret);

enum control_kind { CONTROL_LEADER_AND_ISR, CONTROL_UPDATE_METADATA, CONTROL_STOP_REPLICA };

/* A request on its way, in an arena of its own. Made by request_batch.c, owned by the channel once queued. */
struct control_request {
	struct list link;
	struct arena arena;
	enum control_kind kind;
	bool report; /* call on_answer */
	union {
		struct leader_and_isr_request *leader_and_isr;
		struct update_metadata_request *update_metadata;
		struct stop_replica_request *stop_replica;
	};
	/* The answer, when on_answer is called. */
	union {
		struct leader_and_isr_response *leader_and_isr_response;
		struct update_metadata_response *update_metadata_response;
		struct stop_replica_response *stop_replica_response;
	};
};
struct control_request *control_request_new(enum control_kind kind);
void control_request_free(struct control_request *r);

struct channel;

struct channel_config {
	int32_t controller_id;
	int32_t broker_id;
	const struct zk_endpoint *endpoint; /* copied; NULL: the broker lacks the listener */
	control_open_fn *open;
	void *open_arg;
	/* The sending thread hands over the request with its answer; the callee frees it. */
	void (*on_answer)(void *arg, int32_t broker_id, struct control_request *r);
	void *arg;
};

struct channel *channel_new(const struct channel_config *c);
void channel_queue(struct channel *c, struct control_request *r); /* takes r */
/* Drops what is queued, interrupts what is running, joins the thread. Accepts NULL, returns NULL. */
struct channel *channel_free(struct channel *c);

#endif
