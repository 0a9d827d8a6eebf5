/* producer_id_request.c - a block of producer ids from the controller. */
#include "broker/producer_id_request.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "controller/controller.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "replica/controller_link.h"
#include "replica/partitions.h"

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

void producer_id_request_send(const struct producer_id_request *q)
{
	struct ids_call *call;

	if (controller_is_active(q->controller))
		return controller_allocate_producer_ids(q->controller, q->broker_id,
		    partitions_broker_epoch(q->partitions), q->done, q->arg);
	call = xcalloc(1, sizeof(*call));
	call->q = q;
	call->call = (struct link_call){ .key = API_ALLOCATE_PRODUCER_IDS, .deadline_ms = INT64_MAX,
		.max_version = max_version, .build = build, .not_controller = not_controller, .done = done };
	controller_link_send(q->link, &call->call);
}
