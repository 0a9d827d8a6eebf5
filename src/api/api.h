/* api.h - what a request handler is, and what it works with.
 *
 * One request = one file = one `const struct api`, listed in list.h. Handlers are safe on any thread and answer
 * from any thread; where one runs is the column `run_on`. A handler ends with exactly one of request_reply,
 * request_done or request_close, at once or later (a delayed operation).
 */
#ifndef API_API_H
#define API_API_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/worker.h"

struct broker_context;
struct connection;
struct api_version_row;
struct config_service;

enum run_on {
	RUN_ON_LOOP,   /* never waits; may move itself with request_to_worker */
	RUN_ON_WORKER, /* may wait for disk, ZooKeeper or another broker */
};

/* Life: made by dispatch when a frame arrives; owned by the handler until it ends. */
struct request {
	const struct api *api;
	const struct api_version_row *row; /* protocol/header.h: its schemas */
	const struct broker_context *ctx;
	struct connection *conn; /* counted */
	struct buf *frame;	 /* counted; decoded strings point into it */
	struct arena arena;	 /* decoded body, response, all scratch */
	int16_t version;
	bool unsupported; /* ApiVersions only: asked in a version that is not served */
	int32_t correlation_id;
	int32_t throttle_ms;  /* the connection is muted this long after the response */
	struct str client_id; /* "" when the client sent null */
	int64_t arrived_ms; /* monotonic */
	void *in;  /* decoded body: struct <name>_request */
	void *out; /* zeroed with defaults: struct <name>_response */
	void *state; /* the handler's own, in the arena */
	void (*release)(struct request *req); /* frees what `state` holds outside the arena; may be NULL */
	struct job job; /* for the worker pool */
	void (*resume)(struct request *req);
};

struct api {
	int16_t key;
	int16_t min_version, max_version; /* what we advertise: all of it works */
	enum run_on run_on;
	void (*run)(struct request *req);
};

/* Encodes req->out in the request's version, sends it, frees the request. On an encoding failure closes. */
void request_reply(struct request *req);
/* No answer (acks=0), frees the request. */
void request_done(struct request *req);
/* Closes the connection, frees the request. */
void request_close(struct request *req, const char *why);
/* Runs resume(req) on a worker. */
void request_to_worker(struct request *req, void (*resume)(struct request *req));

/* Everything handlers may use; filled once by broker/startup, immutable afterwards. */
struct broker_context {
	int32_t broker_id;
	char cluster_id[64];
	int metadata_version; /* inter.broker.protocol.version (protocol/metadata_version.h) */
	const struct clock *clock;
	int64_t started_ms; /* monotonic: when requests were first served */
	struct worker_pool *workers;
	struct scheduler *scheduler;
	struct metadata *metadata;     /* metadata/image.h */
	struct log_dirs *log_dirs;     /* storage/log_dirs.h */
	struct partitions *partitions; /* replica/partitions.h */
	struct fetch_sessions *fetch_sessions;
	struct delayed *delayed;       /* replica/delayed.h */
	struct throttle *throttle;     /* replica/throttle.h; NULL: nothing is throttled */
	struct producer_ids *producer_ids; /* coordinator/producer_ids.h */
	struct groups *groups;		   /* coordinator/groups.h */
	int32_t offsets_partitions, transactions_partitions; /* of the internal topics, as of the start */
	struct topic_admin *topic_admin;   /* controller/topic_admin.h: creates, deletes, grows topics in ZooKeeper */
	struct auto_creation *auto_creation; /* controller/auto_creation.h */
	struct controller *controller;	   /* controller/controller.h */
	struct zk_session *zk;
	const struct config_service *configs; /* api/config_service.h */
	const _Atomic int64_t *features_epoch; /* data version of /feature; -1 until it was read */
};

#endif
