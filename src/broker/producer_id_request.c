/* producer_id_request.c - a block of producer ids from the controller. */
#include "broker/producer_id_request.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/worker.h"
#include "controller/controller.h"
#include "controller/producer_blocks.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "replica/controller_link.h"
#include "replica/partitions.h"

#define LOG_CLASS "kafka.coordinator.transaction.ZkProducerIdManager"
#include "base/logger.h"

struct ids_call {
	struct link_call call;
	const struct producer_id_request *q;
};

static int max_version(struct link_call *c UNUSED)
{
	return allocate_producer_ids_request_schema.last;
}

static const void *build(struct link_call *c, int version UNUSED, struct arena *a)
{
	const struct ids_call *call = CONTAINER_OF(c, struct ids_call, call);
	struct allocate_producer_ids_request *in = arena_alloc(a, sizeof(*in));

	if (!in)
		return NULL;
	codec_init(&allocate_producer_ids_request_schema, in);
	in->broker_id = call->q->broker_id;
	in->broker_epoch = partitions_broker_epoch(call->q->partitions);
	return in;
}

static bool not_controller(const void *out)
{
	return ((const struct allocate_producer_ids_response *)out)->error_code == KERR_NOT_CONTROLLER;
}

static void done(struct link_call *c, int r, int version UNUSED, const void *answer)
{
	struct ids_call *call = CONTAINER_OF(c, struct ids_call, call);
	const struct allocate_producer_ids_response *out = answer;
	const struct producer_id_request *q = call->q;

	free(call);
	if (!r && out->error_code)
		q->done(q->arg, out->error_code > 0 ? out->error_code : KERR_COORDINATOR_NOT_AVAILABLE, -1, 0);
	else
		q->done(q->arg, r, r ? -1 : out->producer_id_start, r ? 0 : out->producer_id_len);
}

/* --- from ZooKeeper --- */

struct ids_job {
	struct job job;
	const struct producer_id_request *q;
};

static void take_block(struct job *job)
{
	struct ids_job *j = CONTAINER_OF(job, struct ids_job, job);
	const struct producer_id_request *q = j->q;
	int64_t first = -1;
	int32_t count = 0;
	int r = producer_blocks_take(q->zk, q->broker_id, &first, &count);

	free(j);
	if (r == -ERANGE)
		log_error("[ZK ProducerId Manager %d]: Exhausted all producerIds", (int)q->broker_id);
	q->done(q->arg, r, first, count);
}

static void take_from_zookeeper(const struct producer_id_request *q)
{
	struct ids_job *j = xcalloc(1, sizeof(*j));

	j->q = q;
	j->job.run = take_block;
	worker_pool_submit(q->pool, &j->job);
}

void producer_id_request_send(const struct producer_id_request *q)
{
	struct ids_call *call;

	if (q->zk)
		return take_from_zookeeper(q);
	if (controller_is_active(q->controller))
		return controller_allocate_producer_ids(q->controller, q->broker_id,
		    partitions_broker_epoch(q->partitions), q->done, q->arg);
	call = xcalloc(1, sizeof(*call));
	call->q = q;
	call->call = (struct link_call){ .key = API_ALLOCATE_PRODUCER_IDS, .deadline_ms = INT64_MAX,
		.max_version = max_version, .build = build, .not_controller = not_controller, .done = done };
	controller_link_send(q->link, &call->call);
}
